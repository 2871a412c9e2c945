#include "worker/evaluator_judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "worker/evaluator_licence.h"
#include "worker/numbering.h"

namespace assay::worker {
namespace {

/// One row of a check's answer, 16 or 20 bytes, so that a million subjects fit. A subject of
/// several parts is kept as its first part, most often a resource's id, and the rest, which many
/// share.
struct Found {
  uint32_t subject;  ///< code in the evidence's texts: up to the first bar
  uint32_t rest;     ///< the same, of what follows the bar; kNullCode without one
  uint32_t detail;   ///< code in the check's own texts
  Verdict verdict;
  Reason reason;
};

/// Which of two verdicts on one subject stays.
int Badness(Verdict v) {
  switch (v) {
    case Verdict::kFail:
      return 5;
    case Verdict::kNotAssessed:
      return 4;
    case Verdict::kManual:
      return 3;
    case Verdict::kPass:
      return 2;
    case Verdict::kNotApplicable:
      return 1;
  }
  return 0;
}

Status Malformed(std::string why) { return Fail(Code::kInvalidInput, "result: " + std::move(why)); }

std::string_view ColumnText(sqlite3_stmt* s, int column) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(s, column));
  if (text == nullptr) return {};
  return {text, static_cast<size_t>(sqlite3_column_bytes(s, column))};
}

class CheckRun {
 public:
  CheckRun(Database& database, Evidence& evidence, const CheckSpec& check, const Standing& standing)
      : database_(database), evidence_(evidence), check_(check), standing_(standing) {
    const auto it = evidence.stores.find(check.subject);
    if (it != evidence.stores.end()) store_ = it->second.get();
  }

  Status Ask(const Budget& budget) {
    ASSAY_ASSIGN(const Statement statement, database_.Prepare(check_.sql, standing_.reads));
    ASSAY_TRY(CheckColumns(statement.get()));
    ASSAY_TRY(Bind(statement.get()));
    ASSAY_TRY(database_.Run(statement.get(), budget, [&] { return TakeRow(statement.get()); }));
    if (check_.subject == "tenant" && found_.size() > 1)
      return Malformed("more than one row for subject tenant");
    Arrange();
    return {};
  }

  Result<CheckResult> Tell(const std::function<Status(Observation)>& sink) {
    RollUp roll_up(check_, standing_);
    for (const Found& f : found_) {
      Observation o = Observe(f);
      roll_up.Adjust(o);
      roll_up.Count(o);
      ASSAY_TRY(sink(std::move(o)));
    }
    return roll_up.Conclude();
  }

 private:
  static Status CheckColumns(sqlite3_stmt* s) {
    constexpr const char* kNames[] = {"subject", "verdict", "detail"};
    bool fits = sqlite3_column_count(s) == 3;
    for (int i = 0; fits && i < 3; ++i)
      fits = EqualsIgnoreCase(sqlite3_column_name(s, i), kNames[i]);
    if (!fits) return Malformed("columns must be subject, verdict, detail");
    return {};
  }

  Status Bind(sqlite3_stmt* s) {
    for (int i = 1; i <= sqlite3_bind_parameter_count(s); ++i) {
      const std::string name = sqlite3_bind_parameter_name(s, i) + 1;
      const auto it = check_.params.find(name);
      if (it == check_.params.end())
        return Fail(Code::kInvalidInput, "sql: parameter :" + name + " has no value");
      ASSAY_TRY(BindOne(s, i, it->second));
    }
    return {};
  }

  /// Integers and true/false become INTEGER, JSON strings plain TEXT, anything else TEXT as it
  /// stands.
  Status BindOne(sqlite3_stmt* s, int index, const std::string& value) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    int rc = SQLITE_OK;
    if (error == std::errc() && end == value.data() + value.size()) {
      rc = sqlite3_bind_int64(s, index, number);
    } else if (value == "true" || value == "false") {
      rc = sqlite3_bind_int64(s, index, value == "true" ? 1 : 0);
    } else {
      const std::string text = value.starts_with('"') ? Unquote(value) : value;
      rc = sqlite3_bind_text64(s, index, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    }
    if (rc != SQLITE_OK) return Fail(Code::kInvalidInput, "sql: parameter does not fit");
    return {};
  }

  /// Text of a JSON string literal, by SQLite's own reader.
  std::string Unquote(const std::string& json) {
    sqlite3_stmt* raw = nullptr;
    sqlite3_prepare_v2(database_.handle(), "SELECT json_extract(?1, '$')", -1, &raw, nullptr);
    const Statement statement(raw);
    if (raw == nullptr) return json;
    sqlite3_bind_text64(raw, 1, json.data(), json.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    return sqlite3_step(raw) == SQLITE_ROW ? std::string(ColumnText(raw, 0)) : json;
  }

  Status TakeRow(sqlite3_stmt* s) {
    Found f{};
    const std::string_view subject = ColumnText(s, 0);
    if (subject.empty()) return Malformed("subject is null or empty");
    if (subject.size() > ipc::kMaxSubject) return Malformed("subject is too long");
    if (check_.subject == "tenant" && subject != "tenant")
      return Malformed("subject of a tenant check must be 'tenant'");
    ASSAY_TRY(TakeSubject(subject, f));
    const std::string_view word = ColumnText(s, 1);
    const auto verdict = ParseVerdict(word);
    if (!verdict) return Malformed("verdict " + Quote(word, 32) + " is unknown");
    f.verdict = *verdict;
    std::string detail = ipc::OneLine(ColumnText(s, 2));
    if (f.verdict == Verdict::kNotAssessed) ASSAY_TRY(TakeReason(detail, f.reason));
    f.detail = details_.Intern(detail).value_or(0);
    found_.push_back(f);
    return {};
  }

  Status TakeSubject(std::string_view subject, Found& f) {
    const size_t bar = subject.find('|');
    const auto first = evidence_.pools.texts.Intern(subject.substr(0, bar));
    f.rest = kNullCode;
    std::optional<uint32_t> rest = kNullCode;
    if (bar != std::string_view::npos) rest = evidence_.pools.texts.Intern(subject.substr(bar + 1));
    if (!first || !rest) return Malformed("subject is not UTF-8");
    f.subject = *first;
    f.rest = *rest;
    return {};
  }

  std::string SubjectOf(const Found& f) const {
    std::string subject(evidence_.pools.texts.At(f.subject));
    if (f.rest != kNullCode) subject.append("|").append(evidence_.pools.texts.At(f.rest));
    return subject;
  }

  /// "permission: Policy.Read.All is missing" gives the reason and leaves the rest.
  static Status TakeReason(std::string& detail, Reason& reason) {
    const size_t colon = std::min(detail.find(':'), detail.size());
    const auto word = ParseReason(std::string_view(detail).substr(0, colon));
    if (!word || *word == Reason::kNone)
      return Malformed("detail of not_assessed must begin with its reason and ': '");
    reason = *word;
    detail = std::string(Trim(std::string_view(detail).substr(std::min(colon + 1, detail.size()))));
    return {};
  }

  /// A first part and whether a bar follows it.
  static uint64_t FirstOf(const Found& f) {
    return uint64_t{f.subject} << 1 | (f.rest == kNullCode ? 0 : 1);
  }

  /// By the bytes of first parts with their bars. None holds a bar before its end, so that this is
  /// the order of the subjects that begin with them.
  bool FirstPrecedes(uint64_t a, uint64_t b) const {
    const std::string_view x = evidence_.pools.texts.At(static_cast<uint32_t>(a >> 1));
    const std::string_view y = evidence_.pools.texts.At(static_cast<uint32_t>(b >> 1));
    const size_t common = std::min(x.size(), y.size());
    if (const int order = x.substr(0, common).compare(y.substr(0, common)); order != 0)
      return order < 0;
    const auto next = [&](std::string_view text, uint64_t key) {
      if (common < text.size()) return static_cast<int>(static_cast<unsigned char>(text[common]));
      return (key & 1) != 0 ? static_cast<int>('|') : -1;
    };
    return next(x, a) < next(y, b);
  }

  Numbering NumberFirsts() const {
    std::vector<uint64_t> values;
    values.reserve(found_.size());
    for (const Found& f : found_) values.push_back(FirstOf(f));
    return {std::move(values), [&](uint64_t a, uint64_t b) { return FirstPrecedes(a, b); }};
  }

  Numbering NumberRests() const {
    std::vector<uint64_t> values;
    for (const Found& f : found_)
      if (values.empty() || values.back() != f.rest) values.push_back(f.rest);
    const auto text = [&](uint64_t code) {
      return code == kNullCode ? "" : evidence_.pools.texts.At(static_cast<uint32_t>(code));
    };
    return {std::move(values), [&](uint64_t a, uint64_t b) {
              return (a == kNullCode) != (b == kNullCode) ? a == kNullCode : text(a) < text(b);
            }};
  }

  /// Sorts by the bytes of whole subjects; of several rows on one subject the worst stays, then the
  /// least detail. Different texts are compared once; rows are sorted by the numbers of theirs.
  void Arrange() {
    const Numbering firsts = NumberFirsts(), rests = NumberRests();
    for (Found& f : found_) {
      f.subject = firsts.NumberOf(FirstOf(f));
      f.rest = rests.NumberOf(f.rest);
    }
    std::sort(found_.begin(), found_.end(), [&](const Found& a, const Found& b) {
      if (a.subject != b.subject) return a.subject < b.subject;
      if (a.rest != b.rest) return a.rest < b.rest;
      if (a.verdict != b.verdict) return Badness(a.verdict) > Badness(b.verdict);
      if (a.reason != b.reason) return a.reason < b.reason;
      return a.detail != b.detail && details_.At(a.detail) < details_.At(b.detail);
    });
    const auto same = [](const Found& a, const Found& b) {
      return a.subject == b.subject && a.rest == b.rest;
    };
    found_.erase(std::unique(found_.begin(), found_.end(), same), found_.end());
    for (Found& f : found_) {
      f.subject = static_cast<uint32_t>(firsts.ValueAt(f.subject) >> 1);
      f.rest = static_cast<uint32_t>(rests.ValueAt(f.rest));
    }
  }

  Observation Observe(const Found& f) {
    Observation o;
    o.subject = SubjectOf(f);
    o.label = o.subject;
    o.verdict = f.verdict;
    o.reason = f.reason;
    o.detail = details_.At(f.detail);
    if (check_.subject == "tenant") {
      o.subject_type = "tenant";
      return o;
    }
    if (store_ == nullptr) return o;
    const DatasetSpec& spec = store_->spec();
    o.subject_type = spec.subject_type;
    const Condition& condition = evidence_.conditions.at(spec.id);
    if (spec.subject.empty() || condition.completeness == Completeness::kUnavailable) return o;
    const size_t column = store_->ColumnOf(spec.subject);
    AddRecords(o, RowsOf(f, o.subject, column));
    return o;
  }

  /// A subject of several parts, such as a resource and what it violates, stands on the rows that
  /// hold all of its parts; where no row does, on those of its first part.
  std::span<const uint64_t> RowsOf(const Found& f, const std::string& subject, size_t column) {
    std::optional<uint32_t> code = f.subject;
    if (IsInteger(store_->spec().columns[column].type)) {
      code = IntegerCode(subject);
    } else if (f.rest != kNullCode) {
      code = evidence_.pools.texts.Find(subject);
    }
    std::span<const uint64_t> rows;
    if (code && *code != kNullCode) rows = store_->Find(column, *code);
    if (!rows.empty() || f.rest == kNullCode) return rows;
    rows = store_->Find(column, f.subject);
    return rows.size() > 1 ? WithAllParts(f, rows) : rows;
  }

  /// Those of `rows` that hold each further part of the subject in some column; all when none does.
  std::span<const uint64_t> WithAllParts(const Found& f, std::span<const uint64_t> rows) {
    parts_.clear();
    for (const std::string_view part : Split(evidence_.pools.texts.At(f.rest), '|')) {
      const auto code = evidence_.pools.texts.Find(part);
      if (!code) return rows;
      parts_.push_back(*code);
    }
    matching_.clear();
    for (const uint64_t row : rows)
      if (HoldsParts(RowStore::Position(row))) matching_.push_back(row);
    return matching_.empty() ? rows : std::span<const uint64_t>(matching_);
  }

  bool HoldsParts(uint32_t position) const {
    return std::all_of(parts_.begin(), parts_.end(), [&](uint32_t part) {
      for (size_t column = 0; column < store_->columns(); ++column)
        if (store_->Code(position, column) == part && IsText(column)) return true;
      return false;
    });
  }

  bool IsText(size_t column) const { return !IsInteger(store_->spec().columns[column].type); }

  uint32_t IntegerCode(const std::string& text) const {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return kNullCode;
    return evidence_.pools.integers.Find(number).value_or(kNullCode);
  }

  void AddRecords(Observation& o, std::span<const uint64_t> rows) {
    const auto before = [](const RecordRef& a, const RecordRef& b) {
      return std::pair(a.page, a.record) < std::pair(b.page, b.record);
    };
    const auto same = [](const RecordRef& a, const RecordRef& b) {
      return a.page == b.page && a.record == b.record;
    };
    bool labelled = false;
    for (const uint64_t row : rows) {
      const uint32_t position = RowStore::Position(row);
      o.records.push_back(store_->Record(position));
      if (!labelled) labelled = TakeLabel(o, position);
    }
    if (o.records.size() > kMaxRecordsOfSubject)
      for (RecordRef& r : o.records) r.record = kNoRecord;
    std::sort(o.records.begin(), o.records.end(), before);
    o.records.erase(std::unique(o.records.begin(), o.records.end(), same), o.records.end());
    if (o.records.size() > kMaxRecordsOfSubject) o.records.resize(kMaxRecordsOfSubject);
  }

  bool TakeLabel(Observation& o, uint32_t position) {
    const DatasetSpec& spec = store_->spec();
    if (spec.label.empty()) return true;
    const size_t column = store_->ColumnOf(spec.label);
    const uint32_t code = store_->Code(position, column);
    if (code == kNullCode) return false;
    o.label = IsInteger(spec.columns[column].type)
                  ? std::to_string(evidence_.pools.integers.At(code))
                  : ipc::OneLine(evidence_.pools.texts.At(code), ipc::kMaxSubject);
    return true;
  }

  Database& database_;
  Evidence& evidence_;
  const CheckSpec& check_;
  const Standing& standing_;
  RowStore* store_ = nullptr;
  TextPool details_;
  std::vector<Found> found_;
  std::vector<uint32_t> parts_;     ///< of the subject that is being looked at
  std::vector<uint64_t> matching_;  ///< its rows
};

}  // namespace

Result<CheckResult> DecideCheck(Database& database, Evidence& evidence, const CheckSpec& check,
                                const Budget& budget,
                                const std::function<Status(Observation)>& sink) {
  const Standing standing = Stand(check, evidence.conditions);
  if (standing.refused) return *standing.refused;
  if (const auto fault = evidence.faults.find(check.plugin); fault != evidence.faults.end())
    return NotAssessed(check, Reason::kPluginFault,
                       "views of " + check.plugin + ": " + fault->second);
  if (auto refused = RefuseLicence(database, evidence, check, standing, budget)) return *refused;
  CheckRun run(database, evidence, check, standing);
  if (const Status asked = run.Ask(budget); !asked)
    return NotAssessed(check, Reason::kPluginFault, asked.error().ToString());
  return run.Tell(sink);
}

}  // namespace assay::worker
