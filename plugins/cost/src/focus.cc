#include "focus.h"

#include <simdjson.h>

#include <algorithm>

#include "civil_time.h"

namespace assay::cost {
namespace {

constexpr std::array<std::string_view, kColumns> kNames = {"BilledCost",
                                                           "EffectiveCost",
                                                           "ListCost",
                                                           "ContractedCost",
                                                           "BillingAccountId",
                                                           "BillingCurrency",
                                                           "BillingPeriodStart",
                                                           "ChargePeriodStart",
                                                           "ChargePeriodEnd",
                                                           "ChargeCategory",
                                                           "CommitmentDiscountStatus",
                                                           "ProviderName",
                                                           "PublisherName",
                                                           "RegionId",
                                                           "ServiceCategory",
                                                           "ServiceName",
                                                           "SubAccountId",
                                                           "Tags"};
constexpr size_t kMaxCellBytes = 512;  // of a name in a group: longer ones are cut
constexpr size_t kMaxKnownTagCells = 50'000, kMaxTagCellBytes = 64u << 10;
constexpr size_t kMaxKnownTimes = 20'000;
constexpr char kSeparator = '\x1f';

size_t IndexOf(Column column) { return static_cast<size_t>(column); }

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// `text` cut to at most kMaxCellBytes, not within a character.
std::string_view Cut(std::string_view text) {
  if (text.size() <= kMaxCellBytes) return text;
  size_t end = kMaxCellBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

/// Two digits at `at`, or -1.
int Two(std::string_view text, size_t at) {
  if (text.size() < at + 2) return -1;
  const char a = text[at], b = text[at + 1];
  return a < '0' || a > '9' || b < '0' || b > '9' ? -1 : (a - '0') * 10 + (b - '0');
}

struct Moment {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  int offset = 0;  ///< minutes east of UTC
};

/// ":SS", then ".fff", then "Z", "+hh:mm" or nothing.
bool ParseTail(std::string_view rest, Moment& out) {
  if (rest.starts_with(':')) {
    out.second = Two(rest, 1);
    if (out.second < 0 || out.second > 60) return false;
    rest.remove_prefix(3);
    if (rest.starts_with('.')) {
      const size_t end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
      if (end == 1) return false;
      rest.remove_prefix(end);
    }
  }
  if (rest.empty() || rest == "Z" || rest == "z") return true;
  if ((rest[0] != '+' && rest[0] != '-') || rest.size() != 6 || rest[3] != ':') return false;
  const int hours = Two(rest, 1), minutes = Two(rest, 4);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return false;
  out.offset = (hours * 60 + minutes) * (rest[0] == '-' ? -1 : 1);
  return true;
}

bool ParseMoment(std::string_view text, Moment& out) {
  const int century = Two(text, 0), years = Two(text, 2);
  if (text.size() < 10 || text[4] != '-' || text[7] != '-' || century < 0 || years < 0)
    return false;
  out.year = century * 100 + years;
  out.month = Two(text, 5);
  out.day = Two(text, 8);
  if (out.year < 1900 || out.month < 1 || out.month > 12 || out.day < 1 || out.day > 31)
    return false;
  if (text.size() == 10) return true;
  if ((text[10] != 'T' && text[10] != ' ') || text.size() < 16 || text[13] != ':') return false;
  out.hour = Two(text, 11);
  out.minute = Two(text, 14);
  if (out.hour < 0 || out.hour > 23 || out.minute < 0 || out.minute > 59) return false;
  return ParseTail(text.substr(16), out);
}

/// Names of a tag cell, in lower case, each once, whose values are not empty. False when the cell
/// is no object of JSON.
bool ReadTags(std::string_view text, std::vector<std::string>& out) {
  static thread_local simdjson::dom::parser parser;
  // Old exports leave the braces out.
  std::string braced;
  if (text.starts_with('"')) text = braced = "{" + std::string(text) + "}";
  simdjson::dom::object object;
  if (text.size() > kMaxTagCellBytes ||
      parser.parse(text.data(), text.size(), true).get(object) != simdjson::SUCCESS)
    return false;
  for (const auto [key, value] : object) {
    std::string_view content;
    const bool empty =
        value.is_null() || (value.get(content) == simdjson::SUCCESS && content.empty());
    std::string name = Lower(Cut(key));
    if (!empty && !name.empty() && std::find(out.begin(), out.end(), name) == out.end())
      out.push_back(std::move(name));
  }
  return true;
}

bool IsCategory(std::string_view text) {
  for (const std::string_view known : {"Usage", "Purchase", "Tax", "Credit", "Adjustment"})
    if (text == known) return true;
  return false;
}

}  // namespace

std::string NormalTime(std::string_view text) {
  Moment m;
  if (!ParseMoment(text, m)) return {};
  const int64_t day = DaysOf(m.year, m.month, m.day);
  if (CivilOf(day).day != m.day) return {};  // 31 February becomes March: that is no date
  const int64_t at = ((day * 24 + m.hour) * 60 + m.minute - m.offset) * 60 + m.second;
  constexpr int64_t kDay = 86'400;
  const int64_t days = (at >= 0 ? at : at - kDay + 1) / kDay, rest = at - days * kDay;
  const Civil date = CivilOf(days);
  std::string out = "0000-00-00T00:00:00Z";
  const auto put = [&](size_t place, int64_t value, size_t digits) {
    for (size_t n = digits; n-- > 0; value /= 10)
      out[place + n] = static_cast<char>('0' + value % 10);
  };
  put(0, date.year, 4);
  put(5, date.month, 2);
  put(8, date.day, 2);
  put(11, rest / 3600, 2);
  put(14, rest / 60 % 60, 2);
  put(17, rest % 60, 2);
  return out;
}

template <typename G, size_t n>
G* Focus::Find(std::unordered_map<std::string, uint32_t>& index, std::vector<G>& groups,
               size_t most, const std::array<std::string_view, n>& key, uint32_t page) {
  wanted_.clear();
  for (const std::string_view text : key) (wanted_ += text) += kSeparator;
  const auto known = index.find(wanted_);
  if (known != index.end()) return &groups[known->second];
  if (groups.size() == most) return nullptr;
  index.emplace(wanted_, static_cast<uint32_t>(groups.size()));
  G& group = groups.emplace_back();
  for (size_t i = 0; i < n; ++i) group.key[i] = key[i];
  group.page = page;
  return &group;
}

const std::vector<std::string>* Focus::TagsOf(std::string_view text) {
  std::string cell(text);
  const auto known = tag_cells_.find(cell);
  if (known != tag_cells_.end()) return &known->second;
  std::vector<std::string> names;
  if (!ReadTags(text, names)) return nullptr;
  if (tag_cells_.size() >= kMaxKnownTagCells) tag_cells_.clear();
  return &tag_cells_.emplace(std::move(cell), std::move(names)).first->second;
}

void FocusFile::TakeHeader(const CsvRecord& record) {
  at_.fill(kAbsent);
  std::string scratch;
  for (size_t cell = 0; cell < record.size(); ++cell) {
    const std::string_view name = record.Text(cell, scratch);
    facts_.header.emplace_back(Cut(name));
    for (size_t i = 0; i < kColumns; ++i)
      if (kNames[i] == name && at_[i] == kAbsent) at_[i] = cell;
  }
  headed_ = true;
  for (const Column needed : {Column::kBilledCost, Column::kEffectiveCost})
    if (fault_.empty() && at_[IndexOf(needed)] == kAbsent)
      fault_ = "its header has no column " + std::string(kNames[IndexOf(needed)]);
}

/// Empty cells are null, and so is the bare word that databases write for it.
std::string_view FocusFile::Cell(const CsvRecord& record, Column column) {
  const size_t i = IndexOf(column);
  if (at_[i] == kAbsent) return {};
  const std::string_view text = record.Text(at_[i], scratch_[i]);
  if ((text == "NULL" || text == "null") && !record.quoted(at_[i])) return {};
  return text;
}

void FocusFile::Unreadable(Column column) {
  if (facts_.unreadable++ == 0)
    facts_.first_unreadable = std::string(kNames[IndexOf(column)]) + " of row " +
                              std::to_string(facts_.rows) + " cannot be read";
}

void FocusFile::ReadAmounts(const CsvRecord& record, std::array<Amount, kAmounts>& amounts) {
  for (size_t i = 0; i < kAmounts; ++i) {
    const std::string_view text = Cell(record, static_cast<Column>(i));
    if (text.empty() || Amount::Parse(text, amounts[i])) continue;
    Unreadable(static_cast<Column>(i));
    amounts[i] = Amount();
  }
}

std::string_view FocusFile::TimeOf(const CsvRecord& record, Column column) {
  const std::string_view text = Cell(record, column);
  if (text.empty()) return {};
  const auto known = times_.find(std::string(text));
  if (known == times_.end() && times_.size() >= kMaxKnownTimes) times_.clear();
  const std::string& time = known != times_.end()
                                ? known->second
                                : times_.emplace(std::string(text), NormalTime(text)).first->second;
  if (time.empty()) Unreadable(column);
  return time;
}

/// What the conformance check asks of each row.
void FocusFile::Judge(const CsvRecord& record) {
  if (Cell(record, Column::kBilledCost).empty()) ++facts_.without_billed_cost;
  if (Cell(record, Column::kBillingCurrency).empty()) ++facts_.without_currency;
  if (!IsCategory(Cell(record, Column::kChargeCategory))) ++facts_.other_category;
  const std::string_view end = TimeOf(record, Column::kChargePeriodEnd);
  if (end > facts_.last_period_end) facts_.last_period_end = end;
}

void FocusFile::AddToGroup(const CsvRecord& record, const std::array<Amount, kAmounts>& amounts,
                           uint32_t page) {
  const std::string_view period = TimeOf(record, Column::kBillingPeriodStart).substr(0, 10);
  const auto cell = [&](Column column) { return Cut(Cell(record, column)); };
  auto* group = focus_.Find(
      focus_.group_index_, focus_.groups_, Focus::kMaxGroups,
      std::array<std::string_view, 11>{
          period, cell(Column::kBillingCurrency), cell(Column::kBillingAccountId), sub_account_,
          cell(Column::kProviderName), cell(Column::kPublisherName), cell(Column::kServiceCategory),
          cell(Column::kServiceName), cell(Column::kRegionId), cell(Column::kChargeCategory),
          cell(Column::kCommitmentDiscountStatus)},
      page);
  if (group == nullptr) {
    ++focus_.lost_;
    return;
  }
  ++group->rows;
  for (size_t i = 0; i < kAmounts; ++i) group->sum[i].Add(amounts[i]);
}

void FocusFile::AddToDay(const CsvRecord& record, const std::array<Amount, kAmounts>& amounts,
                         uint32_t page) {
  const std::string_view day = TimeOf(record, Column::kChargePeriodStart).substr(0, 10);
  auto* group = focus_.Find(focus_.day_index_, focus_.days_, Focus::kMaxDays,
                            std::array<std::string_view, 3>{
                                sub_account_, day, Cut(Cell(record, Column::kBillingCurrency))},
                            page);
  if (group == nullptr) {
    ++focus_.lost_;
    return;
  }
  ++group->rows;
  for (size_t i = 0; i < 2; ++i) group->sum[i].Add(amounts[i]);
}

void FocusFile::AddToTags(const CsvRecord& record, const Amount& effective, uint32_t page) {
  const std::string_view text = Cell(record, Column::kTags);
  if (text.empty() || Cell(record, Column::kChargeCategory) != "Usage") return;
  const std::vector<std::string>* names = focus_.TagsOf(text);
  if (names == nullptr) return Unreadable(Column::kTags);
  const std::string currency(Cut(Cell(record, Column::kBillingCurrency)));
  for (const std::string& name : *names) {
    auto* group = focus_.Find(focus_.tag_index_, focus_.tags_, Focus::kMaxTags,
                              std::array<std::string_view, 2>{name, currency}, page);
    if (group == nullptr) {
      ++focus_.lost_;
      return;
    }
    ++group->rows;
    group->sum[0].Add(effective);
  }
}

void FocusFile::Take(const CsvRecord& record, uint32_t page) {
  if (!fault_.empty()) return;
  if (!headed_) return TakeHeader(record);
  if (record.size() != facts_.header.size()) {
    fault_ = "row " + std::to_string(facts_.rows + 1) + " has " + std::to_string(record.size()) +
             " cells, the header " + std::to_string(facts_.header.size());
    return;
  }
  ++facts_.rows;
  Judge(record);
  std::array<Amount, kAmounts> amounts;
  ReadAmounts(record, amounts);
  // Ids of subscriptions come in any case.
  sub_account_ = Lower(Cut(Cell(record, Column::kSubAccountId)));
  AddToGroup(record, amounts, page);
  AddToDay(record, amounts, page);
  AddToTags(record, amounts[IndexOf(Column::kEffectiveCost)], page);
}

}  // namespace assay::cost
