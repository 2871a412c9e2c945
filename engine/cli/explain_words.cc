#include "cli/explain_words.h"

#include "base/text.h"
#include "glossary_text.h"

namespace assay::cli {
namespace {

std::string Plain(std::string_view cell) {
  std::string out;
  for (const char c : Trim(cell))
    if (c != '`' && c != '*') out += c;
  return out;
}

/// "| **leaf hash, node hash** | meaning | not |".
void TakeRow(std::string_view line, std::vector<Term>& out) {
  if (!line.starts_with("| **")) return;
  const auto cells = Split(line, '|');
  if (cells.size() < 4) return;
  for (const std::string_view name : Split(cells[1], ','))
    out.push_back({Plain(name), Plain(cells[2]), Plain(cells[3])});
}

}  // namespace

const std::vector<Term>& GlossaryTerms() {
  static const std::vector<Term> terms = [] {
    std::vector<Term> out;
    for (const std::string_view line : Split(kGlossaryText, '\n')) TakeRow(line, out);
    return out;
  }();
  return terms;
}

const Term* FindTerm(std::string_view name) {
  for (const Term& term : GlossaryTerms())
    if (EqualsIgnoreCase(term.name, name)) return &term;
  return nullptr;
}

const std::vector<Explanation>& WordExplanations() {
  static const std::vector<Explanation> all = {
      {"pass", "Evidence shows that the check holds for this subject.",
       "Only data that were read can show it: what was not read is not_assessed, never pass.", ""},
      {"fail", "Evidence shows that the check does not hold for this subject.",
       "A failure stays fail under an exception too; excepted stands beside it.",
       "assay finding show says what was seen and how to mend it."},
      {"new_fail", "It fails now, and did not in the run before.",
       "Also a subject that is new and fails. The check asks the same in both runs.",
       "assay finding show says what was seen and how to mend it."},
      {"fixed", "It failed in the run before and passes now.",
       "Nothing but a pass counts: a failure whose subject is gone is not_assessed_now.", ""},
      {"new_pass", "It passes now, and the run before had neither a pass nor a failure of it.", "",
       ""},
      {"unchanged", "It stands where it stood in the run before.",
       "Also when nothing decided it, then and now; the words beside it say why.", ""},
      {"new_check", "The run before did not have the check, or what it said is erased or expired.",
       "There is nothing that it could be better or worse than.", ""},
      {"removed_check", "The later run does not have the check any more.",
       "Only a run that came to its end and was asked for everything can say so; a check that was "
       "not asked for is not_assessed_now.",
       ""},
      {"check_changed", "The check asks something else than in the run before.",
       "Its version, its SQL, the data that it reads or its parameters changed: a verdict that "
       "differs says nothing of the tenant. The words beside it say where the pair stands now.",
       ""},
      {"not_assessed_now", "It passed or failed in the run before, and now neither is known.",
       "It was not assessed, waits for a person, does not apply any more, was not asked for, or "
       "its subject is gone. That is never counted as fixed.",
       "The words beside it say which; for not_assessed the reason says what is missing."},
      {"errored", "A plugin or the evaluator failed on it; before, it did not.",
       "What a plugin gave before it failed proves nothing.",
       "assay runs show names the plugin and how it ended."},
      {"exit-0", "Done; the evidence is committed.",
       "Findings do not change it unless --fail-on asks for that.", ""},
      {"exit-1", "An error that should not exist: a bug of assay.", "",
       "Report it with the message and the version."},
      {"exit-2", "The command line does not fit.", "", "assay COMMAND --help shows its form."},
      {"exit-3", "The configuration is not valid.", "", "assay config check shows every mistake."},
      {"exit-4", "There are findings at or above the severity of --fail-on.",
       "Failures under an exception in force never cause it.", "assay finding list shows them."},
      {"exit-5", "Something that is wanted was not assessed.",
       "A gap must not look like a success to a script.",
       "The reasons say what is missing; a check that is not wanted is switched off in the "
       "configuration."},
      {"exit-6", "No token, no permission at all, or a power too many.",
       "assay does not read with a credential that is unfit or could write.",
       "assay tenant test says which of them it is."},
      {"exit-7", "Something does not verify: a ledger, a checkpoint, a file.",
       "Nothing was repaired, so that what happened can be found out.",
       "Keep the files as they are and compare with a checkpoint that was kept outside."},
      {"exit-8", "A plugin was refused before it ran.",
       "Its signature, its grant, its interface or the sandbox was not right.",
       "The message has a code; assay explain tells more of it."},
      {"exit-9", "Another process holds the ledger.", "One writer at a time.",
       "Wait for it; the message says who it is."},
      {"exit-10", "Store, network or service could not be reached.", "",
       "Try again when it is there; nothing was lost."},
      {"exit-11", "Your account may not do that.", "", "Ask somebody whose role may."},
      {"exit-12", "There is no such object.", "", "The list command of its kind shows all."},
      {"exit-130", "Interrupted; what was committed stays.", "", "assay run goes on anew."},
      {"exit-143", "Told to end; what was committed stays.", "", "assay run goes on anew."},
  };
  return all;
}

}  // namespace assay::cli
