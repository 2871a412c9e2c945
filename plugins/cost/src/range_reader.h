// A file of the export from its first byte to its last, in ranges: some are asked for ahead, so
// that reading and parsing go on at once; they are taken in order, however they come.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "assay/context.h"
#include "assay/problem.h"

namespace assay::cost {

/// Bytes of one range; the host's rule for offsets (docs/formats/manifest.md).
inline constexpr uint64_t kRangeBytes = 8u << 20;

class RangeReader {
 public:
  /// Takes the bytes of one range; false: no more is wanted.
  using OnBytes = std::function<bool(const Page& page)>;

  RangeReader(Context& context, std::string_view endpoint)
      : context_(context), endpoint_(endpoint) {}

  /// Reads `bytes` bytes of the file. What stands against it, or nothing.
  Problem Read(const std::string& name, uint64_t bytes, const OnBytes& take);

 private:
  static constexpr size_t kAhead = 3;

  Problem Ask(const std::string& name, uint64_t offset);
  Problem TakeInOrder(const std::string& name, uint64_t bytes, const OnBytes& take);
  void GiveBackRest();

  Context& context_;
  const std::string_view endpoint_;
  std::map<uint64_t, uint64_t> asked_;  ///< ticket -> offset
  std::map<uint64_t, Page> came_;       ///< offset -> page that was not taken yet
};

}  // namespace assay::cost
