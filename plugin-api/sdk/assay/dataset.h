// What the SDK knows of a manifest at run time: datasets with their columns in order, endpoints
// with their paging. Values of these types are generated from manifest.toml
// (tools/gen-datasets.py).
#pragma once

#include <cstdint>
#include <string_view>

namespace assay {

/// Type of a column, as the manifest names it.
enum class CellType : uint8_t { kText, kInt, kBool, kTime, kJson, kDecimal };

/// One column of a dataset.
struct ColumnInfo {
  std::string_view name;
  CellType type;
};

/// One dataset of the manifest. `key_mask` has bit n set when column n belongs to the key.
struct DatasetInfo {
  std::string_view id;
  const ColumnInfo* columns;
  uint32_t column_count;
  uint64_t key_mask;
  /// Members that the item column keeps of a record, as dotted paths; none: it has no such column.
  const std::string_view* item_fields = nullptr;
  uint32_t item_field_count = 0;
  uint32_t item_column = 0;
};

/// Which member of an answer holds the link to the next page.
enum class Link : uint8_t {
  kSingle,  ///< none: the answer is one object, not a list
  kNone,    ///< none: a list on one page
  kOdata,   ///< "@odata.nextLink"
  kArm,     ///< "nextLink"
  kToken,   ///< "$skipToken", the records in "data" (Resource Graph)
};

/// One endpoint of the manifest.
struct EndpointInfo {
  std::string_view id;
  Link link;
  bool absent = false;  ///< 404 says that there is none: no rows, and nothing is missing
};

/// The name of the member that continues a list; empty when nothing does.
constexpr std::string_view LinkKey(Link link) {
  switch (link) {
    case Link::kOdata:
      return "@odata.nextLink";
    case Link::kArm:
      return "nextLink";
    case Link::kToken:
      return "$skipToken";
    case Link::kSingle:
    case Link::kNone:
      break;
  }
  return {};
}

/// The name of the member that holds the records.
constexpr std::string_view ListKey(Link link) { return link == Link::kToken ? "data" : "value"; }

}  // namespace assay
