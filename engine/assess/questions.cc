#include "assess/questions.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "assess/earlier.h"
#include "assess/kept_files.h"
#include "assess/recorded_run.h"
#include "base/text.h"
#include "config/load.h"

namespace assay::assess {
namespace {

using Files = std::map<std::string, std::string>;  // name -> digest

constexpr std::string_view kViews = "views.sql";

bool Asks(const std::string& plugin, const std::string& file) {
  return plugin == kOwnChecks || file == kViews || file.starts_with("checks/");
}

bool IsWordByte(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool HasWord(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
    const bool begins = at == 0 || !IsWordByte(text[at - 1]);
    const size_t end = at + word.size();
    if (begins && (end == text.size() || !IsWordByte(text[end]))) return true;
  }
  return false;
}

/// The statements of a views.sql by the names that they give.
std::map<std::string, std::string> Views(std::string_view sql) {
  constexpr std::string_view kCreate = "CREATE VIEW ";
  std::map<std::string, std::string> out;
  for (size_t at = sql.find(kCreate); at != sql.npos;) {
    const size_t next = sql.find(kCreate, at + 1);
    const std::string_view one = sql.substr(at, next == sql.npos ? next : next - at);
    const std::string_view rest = one.substr(kCreate.size());
    out.emplace(rest.substr(0, rest.find_first_of(" \n\t(")), one);
    at = next;
  }
  return out;
}

/// The views that a text uses, and those that these use.
std::string ViewsOf(const std::string& sql, std::string_view views_sql) {
  const auto views = Views(views_sql);
  std::set<std::string> used;
  std::string text = sql, out;
  for (bool more = true; more;) {
    more = false;
    for (const auto& [name, statement] : views)
      if (!used.contains(name) && HasWord(text, name)) {
        used.insert(name);
        text += statement;
        more = true;
      }
  }
  for (const std::string& name : used) out += views.at(name);
  return out;
}

/// What one run asked: its settings, and its files as far as they are looked at.
class Asked {
 public:
  static Result<Asked> Of(ledger::Ledger& ledger, const RunRow& run) {
    Asked out(ledger);
    RecordedRun recorded;
    recorded.run = run.run;
    recorded.first = run.first;
    ASSAY_ASSIGN(out.settings_, ReadSettings(ledger, recorded));
    ASSAY_ASSIGN(out.kept_, KeptFiles::Load(ledger, run.files));
    return out;
  }

  const RunSettings& settings() const { return settings_; }

  Files FilesOf(const std::string& plugin) const {
    Files out;
    for (const NamedPlugin& named : settings_.plugins)
      if (named.id == plugin)
        for (const auto& [name, digest] : named.files)
          if (Asks(plugin, name)) out.emplace(name, digest);
    return out;
  }

  /// Questions of a plugin's checks by id. kNotFound when a file of it is not there any more.
  Result<std::map<std::string, std::string>> Questions(const std::string& plugin) const {
    std::vector<CheckSpec> checks;
    std::string views;
    for (const auto& [name, digest] : FilesOf(plugin)) {
      ASSAY_ASSIGN(std::string text, Read(name, digest));
      if (name == kViews && plugin != kOwnChecks) {
        views = std::move(text);
        continue;
      }
      ASSAY_ASSIGN(auto some, config::ParseChecks(text, name, plugin));
      std::move(some.begin(), some.end(), std::back_inserter(checks));
    }
    std::map<std::string, std::string> out;
    for (CheckSpec& check : checks) {
      check.params.clear();  // those of the run count, and are compared apart
      out[check.id] = QuestionText(check, views);
    }
    return out;
  }

 private:
  explicit Asked(ledger::Ledger& ledger) : ledger_(ledger) {}

  Result<std::string> Read(const std::string& name, const std::string& digest) const {
    const auto entry = kept_.Find(digest);
    if (!entry) return Fail(Code::kNotFound, name + " was never kept");
    ASSAY_ASSIGN(const ledger::EntryBody body, ledger_.ReadEntryBody(*entry));
    if (!body.absent.empty() || !body.absent_segments.empty() || body.segments.empty())
      return Fail(Code::kNotFound, name + " is not there any more");
    return std::string(AsText(body.segments.front()));
  }

  ledger::Ledger& ledger_;
  RunSettings settings_;
  KeptFiles kept_;
};

/// "parameter days is 30, was 90": the first that differs.
std::string HowParametersDiffer(std::map<std::string, std::string> before,
                                std::map<std::string, std::string> now) {
  const std::string previous(kPreviousParameter);  // what it said before is no part of a question
  before.erase(previous);
  now.erase(previous);
  for (const auto& [name, value] : now) {
    const auto at = before.find(name);
    if (at == before.end()) return fmt::format("parameter {} is new", name);
    if (at->second != value)
      return fmt::format("parameter {} is {}, was {}", name, Quote(value, 60),
                         Quote(at->second, 60));
  }
  return before.size() == now.size() ? "" : "a parameter is gone";
}

Status CompareTexts(const std::string& plugin, const Asked& before, const Asked& now,
                    std::map<std::string, std::string>& out, std::vector<std::string>& notes) {
  const Files old_files = before.FilesOf(plugin), new_files = now.FilesOf(plugin);
  if (old_files == new_files || old_files.empty() || new_files.empty()) return {};
  const auto was = before.Questions(plugin), is = now.Questions(plugin);
  for (const auto* one : {&was, &is}) {
    if (one->has_value()) continue;
    if (one->error().code == Code::kCorrupt) return Fail(one->error());
    notes.push_back(fmt::format("whether checks of {} ask the same is known by version only: {}",
                                plugin, one->error().message));
    return {};
  }
  for (const auto& [check, text] : *is)
    if (const auto at = was->find(check); at != was->end() && at->second != text)
      out[check] = "its text changed";
  return {};
}

}  // namespace

std::string QuestionText(const CheckSpec& check, std::string_view views) {
  const auto list = [](std::vector<std::string> words) {
    std::sort(words.begin(), words.end());
    return Join(words, ",");
  };
  std::string out =
      fmt::format("subject {}\nreads {}\npartial_fail {}\noptional {}\nlicence {}\nempty {}\n",
                  check.subject, list(check.reads), list(check.partial_fail), list(check.optional),
                  list(check.licence), check.empty ? Name(*check.empty) : "");
  for (const auto& [name, value] : check.params) out += fmt::format("{} = {}\n", name, value);
  return out + check.sql + "\n" + ViewsOf(check.sql, views);
}

Result<std::map<std::string, std::string>> ChangedQuestions(ledger::Ledger& ledger,
                                                            const RunRow& before, const RunRow& now,
                                                            std::vector<std::string>& notes) {
  std::map<std::string, std::string> out;
  const auto was = Asked::Of(ledger, before), is = Asked::Of(ledger, now);
  for (const auto* one : {&was, &is}) {
    if (one->has_value()) continue;
    if (one->error().code != Code::kNotFound) return Fail(one->error());
    notes.push_back("whether checks ask the same is known by version only: " +
                    one->error().message);
    return out;
  }
  for (const NamedPlugin& plugin : is->settings().plugins)
    ASSAY_TRY(CompareTexts(plugin.id, *was, *is, out, notes));
  for (const auto& [check, setting] : is->settings().checks) {
    const auto at = was->settings().checks.find(check);
    if (at == was->settings().checks.end()) continue;
    const std::string how = HowParametersDiffer(at->second.params, setting.params);
    if (!how.empty()) out[check] = how;
  }
  return out;
}

}  // namespace assay::assess
