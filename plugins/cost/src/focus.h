// Rows of FOCUS to sums: what a month of charges comes to by day, by service and by tag. Rows
// themselves are not kept: a tenant has millions, and no check looks at one.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "csv.h"
#include "exact_sum.h"

namespace assay::cost {

/// Columns that are read, by their names in the header. FOCUS 1.0 to 1.2 agree on them.
enum class Column : uint8_t {
  kBilledCost,
  kEffectiveCost,
  kListCost,
  kContractedCost,
  kBillingAccountId,
  kBillingCurrency,
  kBillingPeriodStart,
  kChargePeriodStart,
  kChargePeriodEnd,
  kChargeCategory,
  kCommitmentDiscountStatus,
  kProviderName,
  kPublisherName,
  kRegionId,
  kServiceCategory,
  kServiceName,
  kSubAccountId,
  kTags,
};
inline constexpr size_t kColumns = 18;
inline constexpr size_t kAmounts = 4;  ///< the first columns are amounts

/// What rows have in common that are added up. Texts are those of the key's columns, in order.
template <size_t keys, size_t sums>
struct Group {
  std::array<std::string, keys> key;
  std::array<ExactSum, sums> sum;
  uint64_t rows = 0;
  uint32_t page = 0;  ///< where its first row was read
};

/// What one file holds, beside its sums.
struct FileFacts {
  std::vector<std::string> header;
  uint64_t rows = 0;
  uint64_t without_billed_cost = 0, without_currency = 0, other_category = 0;
  uint64_t unreadable = 0;  ///< cells that should hold an amount, a time or tags and do not
  std::string first_unreadable;
  std::string last_period_end;  ///< RFC 3339, "" when no row has one
};

/// Sums of all files together.
class Focus {
 public:
  /// More groups than this are no table of a person's tenant; rows of others are counted in lost().
  static constexpr size_t kMaxGroups = 150'000, kMaxDays = 200'000, kMaxTags = 20'000;

  /// By billing period, currency, billing account, sub-account, provider, publisher, service
  /// category, service, region, charge category, commitment discount status: billed, effective,
  /// list, contracted cost.
  using CostGroup = Group<11, kAmounts>;
  /// By sub-account, day and currency: billed and effective cost.
  using DayGroup = Group<3, 2>;
  /// By tag (in lower case) and currency: effective cost of usage that has it, not empty.
  using TagGroup = Group<2, 1>;

  const std::vector<CostGroup>& groups() const { return groups_; }
  const std::vector<DayGroup>& days() const { return days_; }
  const std::vector<TagGroup>& tags() const { return tags_; }
  uint64_t lost() const { return lost_; }

 private:
  friend class FocusFile;
  template <typename G, size_t n>
  G* Find(std::unordered_map<std::string, uint32_t>& index, std::vector<G>& groups, size_t most,
          const std::array<std::string_view, n>& key, uint32_t page);
  const std::vector<std::string>* TagsOf(std::string_view text);

  std::unordered_map<std::string, uint32_t> group_index_, day_index_, tag_index_;
  std::vector<CostGroup> groups_;
  std::vector<DayGroup> days_;
  std::vector<TagGroup> tags_;
  /// Names in tag cells met before; the same few come again and again.
  std::unordered_map<std::string, std::vector<std::string>> tag_cells_;
  std::string wanted_;  ///< key under construction
  uint64_t lost_ = 0;
};

/// Takes the records of one file into `focus`. The first one is the header.
class FocusFile {
 public:
  explicit FocusFile(Focus& focus) : focus_(focus) {}
  void Take(const CsvRecord& record, uint32_t page);
  const FileFacts& facts() const { return facts_; }
  /// Why the file is no table of FOCUS; empty while it may be one.
  const std::string& fault() const { return fault_; }

 private:
  void TakeHeader(const CsvRecord& record);
  std::string_view Cell(const CsvRecord& record, Column column);
  void ReadAmounts(const CsvRecord& record, std::array<Amount, kAmounts>& amounts);
  void Judge(const CsvRecord& record);
  void AddToGroup(const CsvRecord& record, const std::array<Amount, kAmounts>& amounts,
                  uint32_t page);
  void AddToDay(const CsvRecord& record, const std::array<Amount, kAmounts>& amounts,
                uint32_t page);
  void AddToTags(const CsvRecord& record, const Amount& effective, uint32_t page);
  std::string_view TimeOf(const CsvRecord& record, Column column);
  void Unreadable(Column column);

  static constexpr size_t kAbsent = SIZE_MAX;
  Focus& focus_;
  FileFacts facts_;
  std::string fault_;
  bool headed_ = false;
  std::array<size_t, kColumns> at_{};
  std::array<std::string, kColumns> scratch_;
  std::unordered_map<std::string, std::string> times_;  ///< as written to RFC 3339, met before
  std::string sub_account_;                             ///< of the row, in lower case
};

/// "2026-11-01 00:00", "2026-11-01T00:00:00.000Z", "2026-11-01" as RFC 3339 in UTC; "" when it is
/// none of these.
std::string NormalTime(std::string_view text);

}  // namespace assay::cost
