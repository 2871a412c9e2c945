// assay explain CODE|CHECK|CONTROL|TERM.
#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/explain_text.h"
#include "cli/explain_words.h"
#include "cli/installed.h"

namespace assay::cli {
namespace {

bool ExplainCheck(Context& context, const std::string& name, const assess::Catalogue& catalogue) {
  for (const CheckSpec* spec : catalogue.Checks()) {
    const CheckSpec& check = *spec;
    if (!EqualsIgnoreCase(check.id, name)) continue;
    Say(context, fmt::format("  {}  (version {}, {})\n  {}\n\n", check.id, check.version,
                             Name(check.severity), check.title));
    if (!check.rationale.empty()) Say(context, fmt::format("  why        {}\n", check.rationale));
    Say(context, fmt::format("  to fix     {}\n  looks at   {}\n", check.remediation,
                             Join(check.reads, ", ")));
    for (const auto& [name_, value] : check.params)
      Say(context, fmt::format("  parameter  {} = {}\n", name_, value));
    for (const auto& [source, ids] : check.references)
      Say(context, fmt::format("  see also   {} {}\n", source, Join(ids, ", ")));
    for (const std::string& control : catalogue.ControlsOf(check.id))
      Say(context, fmt::format("  speaks to  {}\n", control));
    Say(context, fmt::format("\n  decided by this query:\n{}\n", check.sql));
    return true;
  }
  return false;
}

bool ExplainControl(Context& context, const std::string& name, const assess::Catalogue& catalogue) {
  bool found = false;
  for (const assess::InstalledFramework& installed : catalogue.frameworks()) {
    const FrameworkSpec& framework = installed.spec;
    for (const ControlSpec& control : framework.controls) {
      if (!EqualsIgnoreCase(control.id, name) &&
          !EqualsIgnoreCase(framework.id + ":" + control.id, name))
        continue;
      found = true;
      Say(context, fmt::format("  {}:{}  {}\n", framework.id, control.id, control.title));
      Say(context, fmt::format("  automation  {}\n", control.automation));
      if (control.needs_attestation) Say(context, "  a person must attest the procedural part\n");
      if (control.checks.empty()) Say(context, "  uncovered: no check speaks to it\n");
      for (const std::string& check : control.checks)
        Say(context, fmt::format("  check       {}\n", check));
    }
  }
  return found;
}

}  // namespace

bool ExplainInstalled(Context& context, const std::string& name,
                      const assess::Catalogue& catalogue) {
  return ExplainCheck(context, name, catalogue) || ExplainControl(context, name, catalogue);
}

namespace {

int Explain(Context& context) {
  const std::string& name = context.options.argument;
  if (const Explanation* text = FindExplanation(name)) {
    Say(context, fmt::format("  {}\n  {}\n", text->name, text->what));
    if (!text->why.empty()) Say(context, fmt::format("\n  why     {}\n", text->why));
    if (!text->remedy.empty()) Say(context, fmt::format("  to fix  {}\n", text->remedy));
    return 0;
  }
  if (const Term* term = FindTerm(name)) {
    Say(context, fmt::format("  {}\n  {}\n", term->name, term->meaning));
    if (!term->not_this.empty()) Say(context, fmt::format("\n  not     {}\n", term->not_this));
    return 0;
  }
  auto catalogue = OpenFullCatalogue(context);
  if (!catalogue) return Report(context, catalogue.error());
  if (ExplainInstalled(context, name, *catalogue)) return 0;
  std::vector<std::string> known;
  for (const Explanation& one : Explanations()) known.emplace_back(one.name);
  for (const Explanation& one : WordExplanations()) known.emplace_back(one.name);
  for (const Term& term : GlossaryTerms()) known.push_back(term.name);
  for (const std::string& id : catalogue->CheckIds()) known.push_back(id);
  const std::string near = NearestWord(name, known);
  return Report(context, Error{Code::kNotFound,
                               "nothing is called " + Quote(name),
                               {},
                               near.empty() ? "assay check list, assay framework list"
                                            : "did you mean " + near + "?",
                               {},
                               {}});
}

}  // namespace

int RunExplain(Context& context) {
  if (!context.options.json) return Explain(context);
  std::string page;
  const Sink out = context.out;
  context.out = [&](std::string_view text) { page += text; };
  const int code = Explain(context);
  context.out = out;
  if (code != 0) return Say(context, page), code;  // the document of the error
  return context.Finish("", fmt::format("{{\"name\":{},\"text\":{}}}",
                                        JsonString(context.options.argument), JsonString(page)));
}

}  // namespace assay::cli
