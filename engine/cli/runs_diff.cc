// assay runs diff: what changed between two runs, in a table, JSON, JSON lines or CSV: the same
// rows in each. Pairs are visited twice, once to count and once to show: what is in memory does not
// grow with their number.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "cli/changes.h"
#include "cli/csv.h"
#include "cli/runs.h"
#include "report/json_writer.h"

namespace assay::cli {
namespace {

/// The later one is the second argument, else the newest that ended; the earlier one the first
/// argument, else what the later is compared with anyway.
struct Chosen {
  const assess::RunRow *before = nullptr, *now = nullptr;
};

std::optional<Chosen> Choose(Context& context, const OpenedRuns& opened, int& exit) {
  const Options& options = context.options;
  Chosen out;
  const auto refuse = [&](Code code, std::string message) {
    exit = Report(context, Error{code,
                                 "tenant " + opened.tenant->id + ": " + std::move(message),
                                 {},
                                 "assay runs list",
                                 {},
                                 code == Code::kInvalidInput ? "AS-CLI-003" : ""});
    return std::nullopt;
  };
  out.now = options.second.empty() ? assess::NewestEnded(opened.runs)
                                   : RunArgument(context, opened, options.second, exit);
  if (out.now == nullptr && !options.second.empty()) return std::nullopt;
  if (out.now == nullptr) return refuse(Code::kNotFound, "no finished run yet");
  out.before = options.argument.empty() ? assess::BaseOf(opened.runs, *out.now)
                                        : RunArgument(context, opened, options.argument, exit);
  if (out.before == nullptr && !options.argument.empty()) return std::nullopt;
  if (out.before == nullptr)
    return refuse(Code::kNotFound, out.now->run +
                                       " is the first run that ended: nothing to "
                                       "compare it with");
  if (out.before->first >= out.now->first)
    return refuse(Code::kInvalidInput, fmt::format("{} is not earlier than {}: name the earlier "
                                                   "run first",
                                                   out.before->run, out.now->run));
  return out;
}

/// Which rows are shown.
struct Filter {
  std::set<Delta> buckets;
  std::set<std::string> checks;  ///< empty: all
};

Filter FilterOf(const Options& options) {
  Filter out;
  out.checks.insert(options.only_checks.begin(), options.only_checks.end());
  for (const Delta delta : kDeltas) {
    const auto has = [&](std::string_view word) {
      return std::find(options.buckets.begin(), options.buckets.end(), word) !=
             options.buckets.end();
    };
    const bool asked =
        options.buckets.empty() ? delta != Delta::kUnchanged : has("all") || has(Name(delta));
    if (asked) out.buckets.insert(delta);
  }
  return out;
}

std::string StateWord(const std::optional<ControlState>& state) {
  return state ? std::string(Name(*state)) : "not_mapped";
}

std::string ControlsText(const assess::RunDiff& diff) {
  std::string out;
  for (const assess::ControlChange& change : diff.controls)
    out += fmt::format("  control        {}  {} -> {}\n", change.control, StateWord(change.before),
                       StateWord(change.now));
  for (const auto& [framework, n] : diff.controls_unchanged)
    out += fmt::format("  {}: {} controls in the same state\n", framework, n);
  return out;
}

void WriteControls(report::JsonWriter& json, const assess::RunDiff& diff) {
  json.Key("controls").BeginArray();
  for (const assess::ControlChange& change : diff.controls)
    json.BeginObject()
        .Member("control", change.control)
        .Member("before", StateWord(change.before))
        .Member("now", StateWord(change.now))
        .EndObject();
  json.EndArray().Key("controls_unchanged").BeginObject();
  for (const auto& [framework, n] : diff.controls_unchanged) json.Member(framework, n);
  json.EndObject();
}

/// Shows one comparison in the form that was asked for.
class DiffOutput {
 public:
  DiffOutput(Context& context, const OpenedRuns& opened, const assess::RunDiff& diff)
      : context_(context),
        opened_(opened),
        diff_(diff),
        checks_(ReadCatalogue(context, opened.workspace->config)) {}

  int Go() {
    if (const auto unknown = UnknownCheck(); !unknown.empty())
      return Report(context_, Error{Code::kNotFound,
                                    "check " + Quote(unknown, 60) + ": neither run decided it",
                                    {},
                                    "assay check list",
                                    {},
                                    {}});
    const auto counted = CountChanges(*opened_.ledger, diff_, checks_);
    if (!counted) return Report(context_, counted.error());
    const Options& options = context_.options;
    const Status shown = options.json    ? ShowJson(*counted)
                         : options.jsonl ? ShowLines(*counted)
                         : options.csv   ? ShowCsv()
                                         : ShowTable(*counted);
    return shown ? 0 : Report(context_, shown.error());
  }

 private:
  /// A name after --only that no check of the two has.
  std::string UnknownCheck() const {
    for (const std::string& name : context_.options.only_checks)
      if (std::none_of(diff_.checks.begin(), diff_.checks.end(),
                       [&](const assess::CheckPair& check) { return check.check == name; }))
        return name;
    return "";
  }

  Status Rows(const std::function<void(const assess::DiffRow&)>& show) {
    const Filter filter = FilterOf(context_.options);
    const auto wanted = [&](const assess::CheckPair& check) {
      return filter.checks.empty() || filter.checks.contains(check.check);
    };
    assess::PairVisitor visitor;
    visitor.pair = [&](const assess::DiffRow& row) {
      if (filter.buckets.contains(row.delta)) show(row);
    };
    return assess::VisitPairs(*opened_.ledger, diff_, wanted, visitor);
  }

  Status ShowJson(const Changes& changes) {
    report::JsonWriter head;
    head.BeginObject().Key("before").String(diff_.before->run).Key("now").String(diff_.now.run);
    head.Key("changes").Raw(ChangesJson(changes));
    WriteControls(head, diff_);
    std::string data = head.EndObject().Take();
    data.pop_back();  // the rows come one by one
    const auto [before, after] =
        EnvelopeFrame({context_.CommandName(), true, context_.Moment(), "", diff_.notes, {}, ""});
    context_.Print(before + data + ",\"items\":[");
    const char* comma = "";
    ASSAY_TRY(Rows([&](const assess::DiffRow& row) {
      context_.Print(comma + PairJson(row, opened_.tenant->id, checks_));
      comma = ",";
    }));
    context_.Print("]}" + after);
    return {};
  }

  Status ShowLines(const Changes& changes) {
    ASSAY_TRY(Rows([&](const assess::DiffRow& row) {
      context_.Print("{\"event\":\"pair\",\"data\":" + PairJson(row, opened_.tenant->id, checks_) +
                     "}\n");
    }));
    report::JsonWriter controls;
    controls.BeginObject();
    WriteControls(controls, diff_);
    context_.Print("{\"event\":\"controls\",\"data\":" + controls.EndObject().Take() + "}\n");
    context_.Print("{\"event\":\"changes\",\"data\":" + ChangesJson(changes) + "}\n");
    return {};
  }

  Status ShowCsv() {
    context_.Print(CsvRecord(PairHeader()));
    return Rows(
        [&](const assess::DiffRow& row) { context_.Print(CsvRecord(PairCells(row, checks_))); });
  }

  Status ShowTable(const Changes& changes) {
    context_.Print(fmt::format("  {} ({})  ->  {} ({})\n", diff_.before->run, diff_.before->started,
                               diff_.now.run, diff_.now.started));
    context_.Print(ChangesText(changes, StyleOf(context_)));
    context_.Print("\n");
    ASSAY_TRY(Rows([&](const assess::DiffRow& row) {
      const std::vector<std::string> c = PairCells(row, checks_);
      // Widths are those of the longest words: a table would have to hold every row first.
      context_.Print(PlainLine(fmt::format(
          "  {:<16} {:<8} {:<9} {:<44} {} -> {}  {} {}{}", c[0], c[1], c[2], c[3], c[4], c[5], c[7],
          c[8].empty() ? "" : "(" + c[8] + ") ", c[11].empty() ? c[10] : c[11])));
    }));
    context_.Print(ControlsText(diff_));
    return {};
  }

  static std::string PlainLine(std::string line) {
    for (char& c : line)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    while (!line.empty() && line.back() == ' ') line.pop_back();
    return line + "\n";
  }

  Context& context_;
  const OpenedRuns& opened_;
  const assess::RunDiff& diff_;
  const CheckCatalogue checks_;
};

}  // namespace

int RunRunsDiff(Context& context) {
  int exit = 0;
  const auto opened = OpenRuns(context, exit);
  if (!opened) return exit;
  const auto chosen = Choose(context, *opened, exit);
  if (!chosen) return exit;
  const auto diff = assess::CompareRuns(*opened->ledger, chosen->before, *chosen->now);
  if (!diff) return Report(context, diff.error());
  return DiffOutput(context, *opened, *diff).Go();
}

}  // namespace assay::cli
