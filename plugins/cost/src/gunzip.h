// gzip, piece by piece: several members one behind the other are one file. Bounded in ratio and
// size, so that a small hostile file stays small.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace assay::cost {

class Gunzip {
 public:
  /// The most that a file may unpack to, and the ratio above which it is no honest table. Deflate
  /// itself ends at 1032; rows of cost reach 30.
  static constexpr uint64_t kMaxBytes = 64ull << 30, kMaxRatio = 400, kRatioCountsFrom = 16u << 20;
  /// Takes unpacked bytes; false ends it.
  using OnBytes = std::function<bool(std::string_view)>;

  explicit Gunzip(OnBytes on_bytes);
  ~Gunzip();

  /// False on damage, on a bound, or when the receiver wants no more (then fault() is empty).
  bool Feed(std::string_view piece);
  /// False when the file ended inside a member.
  bool End();
  const std::string& fault() const { return fault_; }

 private:
  struct Stream;
  bool Fault(const char* what);
  bool Inflate(std::string_view& piece);

  OnBytes on_bytes_;
  std::unique_ptr<Stream> stream_;
  std::string fault_;
  uint64_t in_ = 0, out_ = 0;
  bool whole_ = false;  ///< the last member ended, and nothing of the next was seen
};

/// Whether a file with these first bytes is gzip.
inline bool IsGzip(std::string_view begin) { return begin.starts_with("\x1f\x8b"); }

}  // namespace assay::cost
