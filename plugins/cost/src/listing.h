// The listing of a container (List Blobs of Azure Storage): names, sizes, times, and where the
// marker of the next page stands. XML as that service writes it, and nothing more.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace assay::cost {

struct ListedFile {
  std::string name;
  uint64_t bytes = 0;
  int64_t modified = 0;  ///< seconds since 1970; 0: not said
};

struct Listing {
  std::vector<ListedFile> files;
  uint64_t marker_offset = 0, marker_length = 0;  ///< the whole NextMarker element; 0: last page
  std::string fault;                              ///< empty when all was understood
};

/// Never fails: what is not understood is in `fault`, and what was read before it stays.
Listing ReadListing(std::string_view xml);

}  // namespace assay::cost
