// Files of a cost export as an attacker would write them: plain or packed, whole or in pieces, and
// listings. Sums never depend on the pieces, and nothing grows beyond its bounds.
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "csv.h"
#include "export_manifest.h"
#include "focus.h"
#include "gunzip.h"
#include "listing.h"

using namespace assay;
using namespace assay::cost;

namespace {

/// What a file came to, as text.
std::string ReadTable(std::string_view bytes, size_t piece) {
  Focus focus;
  FocusFile table(focus);
  CsvReader csv([&](const CsvRecord& record) { table.Take(record, 1); });
  Gunzip gunzip([&](std::string_view some) { return csv.Feed(some); });
  const bool packed = IsGzip(bytes);
  bool good = true;
  for (size_t at = 0; good && at < bytes.size(); at += piece) {
    const std::string_view some = bytes.substr(at, piece);
    good = packed ? gunzip.Feed(some) : csv.Feed(some);
  }
  if (good && packed) good = gunzip.End();
  if (good) csv.End();
  std::string out = csv.fault() + "|" + gunzip.fault() + "|" + table.fault();
  out += "|" + std::to_string(table.facts().rows) + "|" + std::to_string(table.facts().unreadable);
  uint64_t rows = 0;
  for (const auto& group : focus.groups()) {
    rows += group.rows;
    for (const ExactSum& sum : group.sum) out += "|" + sum.Text();
  }
  ASSAY_ASSERT(rows == table.facts().rows, "each row is in one group");
  for (const auto& tag : focus.tags()) out += "|" + tag.key[0] + tag.sum[0].Text();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = ReadTable(bytes, std::max<size_t>(size, 1));
  ASSAY_ASSERT(ReadTable(bytes, 1 + size % 13) == whole, "pieces make no difference");
  const Listing listing = ReadListing(bytes);
  ASSAY_ASSERT(listing.marker_offset + listing.marker_length <= size, "the marker is in the body");
  NewestManifests(listing.files, 3);
  std::string padded(bytes);
  padded.append(64, '\0');
  ParseExportManifest(std::string_view(padded).substr(0, size));
  return 0;
}
