#include "cli/command_tree.h"

#include <algorithm>

#include "base/result.h"
#include "base/text.h"

namespace assay::cli {

const std::vector<Flag>& GlobalFlags() {
  static const std::vector<Flag> flags = {
      {"-C,--config", "FILE", "configuration (else ASSAY_CONFIG, ./assay.toml, user, system)",
       &Options::config},
      {"-t,--tenant", "TENANT", "one tenant by its id", &Options::tenant},
      {"--json", "", "one JSON document on stdout", &Options::json},
      {"-o,--output", "PATH", "write results to a file", &Options::output_file},
      {"-q,--quiet", "", "no narration on stderr", &Options::quiet},
      {"-v,--verbose", "", "more narration; twice for more still", &Options::verbose},
      {"--color", "WHEN", "auto, always or never", &Options::color, "auto|always|never"},
      {"--ascii", "", "marks as letters", &Options::ascii},
      {"--no-input", "", "never ask", &Options::no_input},
      {"--yes", "", "answer yes to every question", &Options::yes},
      {"--utc", "", "times in UTC (the default)", &Options::utc},
      {"--local", "", "times in the zone of this machine", &Options::local},
  };
  return flags;
}

const std::vector<Flag>& CommandFlags() {
  static const std::vector<Flag> flags = {
      {"--all", "", "every tenant", &Options::all},
      {"--only", "CHECK", "only this check; may be repeated", &Options::only_checks},
      {"--framework", "FRAMEWORK", "only this framework; may be repeated", &Options::frameworks},
      {"--fail-on", "LEVEL", "exit 4 when a finding is at or above this severity",
       &Options::fail_on, "critical|high|medium|low|info"},
      {"--dry-run", "", "plan and check, read and write nothing", &Options::dry_run},
      {"--jsonl", "", "events as they happen, one JSON line each on stdout", &Options::jsonl},
      {"--dir", "DIR", "work in this folder", &Options::directory},
      {"--random-state", "N", "make the output repeatable", &Options::random_state},
      {"--directory-id", "GUID", "directory of the first tenant", &Options::directory_id},
      {"--client-id", "GUID", "application of the first tenant", &Options::client_id},
      {"--secret-ref", "REF", "env:NAME, file:/path or cred:NAME: where its secret is",
       &Options::secret_ref},
      {"--origin", "", "with the place that each value comes from", &Options::origin},
      {"--no-secrets", "", "do not follow references to secrets", &Options::no_secrets},
      {"--verdict", "VERDICT", "this verdict, fail when not given", &Options::verdict,
       "pass|fail|manual|not_applicable|not_assessed|all"},
      {"--mapped-by", "FRAMEWORK", "only checks that this framework maps", &Options::framework},
      {"--subject", "IDENTIFIER", "a name, address or id of the person; may be repeated",
       &Options::subjects},
      {"--ticket", "TICKET", "the request that this answers", &Options::ticket},
      {"--reason", "REASON", "why it is erased, privacy when not given", &Options::reason,
       "privacy|mistake|contract|court"},
      {"--record", "ENTRY:SEGMENT", "one segment of the body of one entry", &Options::record},
      {"--tenant-keys", "", "destroy the keys and every body of the tenant", &Options::tenant_keys},
      {"--first", "INDEX", "first entry that the hold covers, 0 when not given", &Options::first},
      {"--last", "INDEX", "last one, all that come when not given", &Options::last},
      {"CODE|CHECK|CONTROL|TERM", "", "what to explain", &Options::argument, {}, true},
      {"PATH", "", "what to verify", &Options::argument, {}, true},
      {"ID", "", "its id", &Options::argument, {}, true},
      {"INDEX", "", "leaf index of the entry; without it all", &Options::argument},
      {"SHELL", "", "bash, zsh or fish", &Options::argument, "bash|zsh|fish", true},
  };
  return flags;
}

const std::vector<Command>& Commands() {
  static const std::vector<Command> commands = {
      {"demo",
       "a fictional tenant from beginning to end, without network",
       false,
       {"--dir", "--random-state"},
       {"assay demo", "assay demo --dir /tmp/try --random-state 7"}},
      {"demo tamper",
       "change one byte of the demo ledger, then see it found",
       false,
       {"--dir"},
       {"assay demo && assay demo tamper"}},
      {"init",
       "write a first configuration",
       false,
       {"--directory-id", "--client-id", "--secret-ref"},
       {"assay init",
        "assay init -C /etc/assay/assay.toml -t contoso --directory-id "
        "7f0c1b2e-0000-4000-8000-00000000e21a"}},
      {"run",
       "collect, check and commit evidence",
       false,
       {"--all", "--only", "--framework", "--fail-on", "--dry-run", "--jsonl"},
       {"assay run -t contoso", "assay run --all --fail-on high",
        "assay run -t contoso --only graph-ca-mfa-all-users"}},
      {"status",
       "what is known now, and how old it is",
       false,
       {},
       {"assay status", "assay status -t contoso --json"}},
      {"explain",
       "what a code, check, control or word means",
       false,
       {"CODE|CHECK|CONTROL|TERM"},
       {"assay explain AS-CFG-012", "assay explain iso27001-2022:A.8.5",
        "assay explain not_assessed"}},
      {"verify",
       "verify evidence with nothing but the file",
       false,
       {"PATH"},
       {"assay verify /var/lib/assay/contoso"}},
      {"finding", "one check on one subject, followed over runs", true, {}, {}},
      {"finding list",
       "findings of the newest run",
       false,
       {"--verdict"},
       {"assay finding list -t contoso", "assay finding list --verdict fail --json"}},
      {"finding show",
       "one finding with its history",
       false,
       {"ID"},
       {"assay finding show F-1043"}},
      {"framework", "sets of controls and what is mapped to them", true, {}, {}},
      {"framework list", "installed frameworks", false, {}, {"assay framework list"}},
      {"framework show",
       "controls of a framework and their checks",
       false,
       {"ID"},
       {"assay framework show iso27001-2022"}},
      {"check", "predicates over evidence", true, {}, {}},
      {"check list",
       "installed checks",
       false,
       {"--mapped-by"},
       {"assay check list", "assay check list --mapped-by dora"}},
      {"check show",
       "one check: question, reads, parameters, SQL",
       false,
       {"ID"},
       {"assay check show graph-ca-mfa-all-users"}},
      {"plugin", "collectors and frameworks as they are installed", true, {}, {}},
      {"plugin list", "installed plugins", false, {}, {"assay plugin list"}},
      {"plugin info",
       "what a plugin reads and gives, from its manifest",
       false,
       {"ID"},
       {"assay plugin info graph"}},
      {"config", "the configuration", true, {}, {}},
      {"config check",
       "every mistake of every file in one pass",
       false,
       {"--no-secrets"},
       {"assay config check", "assay config check -C assay.toml --no-secrets --json"}},
      {"config show", "the effective values", false, {"--origin"}, {"assay config show --origin"}},
      {"ledger", "the evidence ledger of a tenant", true, {}, {}},
      {"ledger verify",
       "recompute everything and compare",
       false,
       {"--all"},
       {"assay ledger verify -t contoso", "assay ledger verify --all"}},
      {"ledger status",
       "size, head and newest checkpoint",
       false,
       {},
       {"assay ledger status -t contoso"}},
      {"ledger show",
       "one entry by its leaf index",
       false,
       {"INDEX"},
       {"assay ledger show -t contoso 41"}},
      {"ledger checkpoint", "sign the head now", false, {}, {"assay ledger checkpoint -t contoso"}},
      {"privacy", "what is held about a person, and erasing it", true, {}, {}},
      {"privacy find",
       "search every body for a person",
       false,
       {"--subject"},
       {"assay privacy find -t contoso --subject maria.k@contoso.example"}},
      {"privacy erase",
       "erase a person, a record or a tenant for good",
       false,
       {"--subject", "--record", "--tenant-keys", "--ticket", "--reason", "--dry-run"},
       {"assay privacy erase -t contoso --subject maria.k@contoso.example --ticket DSR-204 "
        "--dry-run",
        "assay privacy erase -t contoso --record 41:3 --ticket DSR-204 --reason mistake"}},
      {"privacy receipts",
       "erasures that the ledger tells of",
       false,
       {},
       {"assay privacy receipts -t contoso"}},
      {"privacy export",
       "every record about a person, as JSON lines",
       false,
       {"--subject"},
       {"assay privacy export -t contoso --subject maria.k@contoso.example -o maria.jsonl"}},
      {"hold", "legal holds: what they cover is neither erased nor expires", true, {}, {}},
      {"hold place",
       "keep the bodies of a range of entries",
       false,
       {"ID", "--first", "--last", "--ticket"},
       {"assay hold place LH-3 -t contoso --ticket CASE-7"}},
      {"hold release",
       "end a hold",
       false,
       {"ID", "--ticket"},
       {"assay hold release LH-3 -t contoso --ticket CASE-7"}},
      {"hold list", "holds of a tenant", false, {}, {"assay hold list -t contoso"}},
      {"evidence", "stored bodies", true, {}, {}},
      {"evidence expire",
       "remove what [retention] no longer keeps",
       false,
       {"--dry-run"},
       {"assay evidence expire -t contoso --dry-run"}},
      {"doctor", "what this machine offers and what is missing", false, {}, {"assay doctor"}},
      {"version", "version of assay and of its formats", false, {}, {"assay version --json"}},
      {"completion",
       "a completion script for your shell",
       false,
       {"SHELL"},
       {"assay completion bash > ~/.local/share/bash-completion/completions/assay"}},
  };
  return commands;
}

const Command* FindCommand(std::string_view path) {
  const auto& all = Commands();
  const auto it =
      std::find_if(all.begin(), all.end(), [&](const Command& c) { return c.path == path; });
  return it == all.end() ? nullptr : &*it;
}

const Flag& FindCommandFlag(std::string_view name) {
  const auto& all = CommandFlags();
  const auto it =
      std::find_if(all.begin(), all.end(), [&](const Flag& f) { return f.names == name; });
  ASSAY_ASSERT(it != all.end(), "a command names flags that exist");
  return *it;
}

std::vector<std::string> ChildrenOf(std::string_view path) {
  std::vector<std::string> out;
  const std::string prefix = path.empty() ? "" : std::string(path) + " ";
  for (const Command& command : Commands()) {
    if (command.path.size() <= prefix.size() || command.path.substr(0, prefix.size()) != prefix)
      continue;
    const std::string_view rest = command.path.substr(prefix.size());
    if (rest.find(' ') == std::string_view::npos) out.emplace_back(rest);
  }
  return out;
}

}  // namespace assay::cli
