// Every flag and argument of the command line as plain values. Filled by parse.cc, read by the
// commands.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace assay::cli {

struct Options {
  std::vector<std::string> command;  ///< "finding", "list"

  // Global: accepted before and after the command.
  std::string config;          ///< -C; empty: FindConfigFile decides
  std::string tenant;          ///< -t
  std::string output_file;     ///< -o: results go there instead of stdout
  std::string color = "auto";  ///< "auto" | "always" | "never"
  bool jsonl = false;          ///< run, demo: events, one JSON line each
  bool json = false, quiet = false, ascii = false, no_input = false, yes = false;
  bool utc = false, local = false;
  int verbose = 0;

  // Of single commands; others leave them empty.
  std::string argument;                             ///< the one positional: id, path, code, shell
  bool all = false, dry_run = false;                ///< run; dry_run: ledger checkpoint too
  bool show = false;                                ///< ledger checkpoint --show
  std::vector<std::string> only_checks;             ///< run --only
  std::vector<std::string> frameworks;              ///< run --framework
  std::string fail_on;                              ///< run --fail-on: a severity
  std::string directory;                            ///< demo, init --dir
  std::optional<uint64_t> random_state;             ///< demo --random-state
  std::string directory_id, client_id, secret_ref;  ///< init: the first tenant
  std::vector<std::string> subjects;                ///< privacy --subject
  std::string ticket, reason, segment;              ///< privacy erase, hold
  bool tenant_keys = false;                         ///< privacy erase --tenant-keys
  std::optional<uint64_t> first, last;              ///< hold place: leaf indexes
  std::string purpose;                              ///< key rotate --purpose
  std::string format;                               ///< key export-public --format
  bool keep_old = false;                            ///< key rotate --keep-old
  bool accept_loss = false;               ///< ledger recover, backup restore --accept-loss
  std::vector<std::string> checkpoints;   ///< ledger recover --checkpoint
  bool origin = false;                    ///< config show --origin
  bool no_secrets = false;                ///< config check --no-secrets
  std::string to;                         ///< backup create, restore --to
  std::optional<uint64_t> to_size;        ///< backup restore --to-size
  std::vector<std::string> known;         ///< backup restore --known
  std::string verdict, framework;         ///< finding list --verdict, check list --framework
  bool uncovered = false;                 ///< framework coverage --uncovered
  std::string claims;                     ///< framework lint --claims
  std::optional<uint64_t> record;         ///< ledger prove, evidence get --record
  std::vector<std::string> notes;         ///< ledger monitor --note
  std::string since_checkpoint;           ///< ledger verify --since-checkpoint
  bool once = false;                      ///< ledger monitor --once
  std::string every = "15m";              ///< ledger monitor --every
  std::string query, reply;               ///< ledger timestamp --query, --reply
  bool check = false;                     ///< ledger timestamp --check
  std::string run;                        ///< evidence list --run
  std::string out, key_name;              ///< plugin keygen --out, --name
  std::string key_file, trust;            ///< plugin sign --key, plugin verify --trust
  bool accept_older = false;              ///< plugin install --accept-older
  bool review = false;                    ///< plugin grant --review
  std::string kind, lang;                 ///< plugin new
  std::string fixture, cases, junit;      ///< plugin test, check, fuzz; check test --junit
  std::string reads;                      ///< check new --reads
  bool redact = false;                    ///< plugin record --redact
  std::string reproduce;                  ///< plugin fuzz --reproduce
  std::optional<uint64_t> runs, seconds;  ///< plugin fuzz
  bool wait = false;                      ///< tenant test --wait
  bool compare = false;                   ///< evidence access-log --compare
  std::string shell;                      ///< tenant script --shell
  std::string as_of;                      ///< --as-of of what answers from a ledger
  std::string second;                     ///< the second of two arguments
  std::vector<std::string> buckets;       ///< runs diff --bucket
  bool csv = false;                       ///< runs diff --csv
  std::string owner, note;                ///< finding assign
  bool clear = false;                     ///< finding assign --clear
  std::string check_id, subject, from;    ///< exception request
  std::string why, expires;               ///< exception --reason; attest --expires too
  std::string compensating;               ///< exception request --compensating
  std::string compensating_check;         ///< exception request --compensating-check
  std::string person_role, document;      ///< attest --role, --file
};

}  // namespace assay::cli
