#include "verify/log_mark.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <optional>

#include "base/files.h"

namespace assay::verify {
namespace {

// SQLite file format, "The Write-Ahead Log".
constexpr size_t kHeaderBytes = 32, kSummedHeader = 24, kFrameHeader = 24, kSummedFrame = 8;
constexpr size_t kSalts = 16, kHeaderSums = 24, kFrameSalts = 8, kFrameSums = 16, kPairBytes = 8;
constexpr uint32_t kMagic = 0x377f0682, kMaxPage = 65536;
constexpr std::string_view kMarkForm = "assay-wal-mark/1 frames=0000000000 salt= sum=\n";
constexpr int kTries = 100;

uint32_t BigEndian(ByteSpan bytes, size_t at) {
  return uint32_t{bytes[at]} << 24 | uint32_t{bytes[at + 1]} << 16 | uint32_t{bytes[at + 2]} << 8 |
         uint32_t{bytes[at + 3]};
}

uint32_t LittleEndian(ByteSpan bytes, size_t at) {
  return uint32_t{bytes[at + 3]} << 24 | uint32_t{bytes[at + 2]} << 16 |
         uint32_t{bytes[at + 1]} << 8 | uint32_t{bytes[at]};
}

/// Two numbers as the log holds them.
struct Pair {
  uint32_t first = 0, second = 0;
  static Pair At(ByteSpan bytes, size_t at) {
    return {BigEndian(bytes, at), BigEndian(bytes, at + 4)};
  }
  bool operator==(const Pair&) const = default;
};

struct Mark {
  uint64_t frames = 0;
  Pair salts, sums;
};

std::optional<Pair> ReadPair(std::string_view hex) {
  const auto bytes = ParseHex(hex);
  if (!bytes || bytes->size() != kPairBytes || EncodeHex(*bytes) != hex) return {};
  return Pair::At(*bytes, 0);
}

// Anything else than one whole line that counts frames is no mark.
std::optional<Mark> ReadMark(std::string_view text) {
  constexpr size_t kFrames = 24, kDigits = 10, kSalt = 40, kSum = 61, kHex = 16;
  if (text.size() != kMarkForm.size() + 2 * kHex) return {};
  std::string frame(text);
  frame.replace(kSum, kHex, "").replace(kSalt, kHex, "").replace(kFrames, kDigits, kDigits, '0');
  Mark mark;
  const char* end = text.data() + kFrames + kDigits;
  const auto number = std::from_chars(text.data() + kFrames, end, mark.frames);
  const auto salts = ReadPair(text.substr(kSalt, kHex)), sums = ReadPair(text.substr(kSum, kHex));
  if (frame != kMarkForm || number.ptr != end || mark.frames == 0 || !salts || !sums) return {};
  mark.salts = *salts;
  mark.sums = *sums;
  return mark;
}

/// The beginning of a file; empty when there is none.
ByteVector ReadStart(const std::string& name, size_t most) {
  ByteVector out(most);
  const UniqueFd file(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  const ssize_t n = file.valid() ? ::pread(file.get(), out.data(), most, 0) : 0;
  out.resize(n > 0 ? static_cast<size_t>(n) : 0);
  return out;
}

/// Reads a write-ahead log from its beginning.
class LogWalk {
 public:
  explicit LogWalk(const std::string& name)
      : file_(::open(name.c_str(), O_RDONLY | O_CLOEXEC)), piece_(kHeaderBytes) {}

  bool TakeHeader() {
    if (!Read()) return false;
    const uint32_t magic = BigEndian(piece_, 0), page = BigEndian(piece_, 8);
    if ((magic | 1) != (kMagic | 1) || page == 0 || page > kMaxPage) return false;
    word_ = (magic & 1) != 0 ? BigEndian : LittleEndian;
    salts_ = Pair::At(piece_, kSalts);
    Sum(ByteSpan(piece_).first(kSummedHeader));
    const bool good = sums_ == Pair::At(piece_, kHeaderSums);
    piece_.resize(kFrameHeader + page);
    return good;
  }
  /// False when there is no more, or SQLite would stop here.
  bool TakeFrame() {
    if (!Read()) return false;
    Sum(ByteSpan(piece_).first(kSummedFrame));
    Sum(ByteSpan(piece_).subspan(kFrameHeader));
    return Pair::At(piece_, kFrameSalts) == salts_ && Pair::At(piece_, kFrameSums) == sums_;
  }
  Pair salts() const { return salts_; }
  Pair sums() const { return sums_; }

 private:
  bool Read() {
    const ssize_t n = file_.valid() ? ::pread(file_.get(), piece_.data(), piece_.size(), at_) : 0;
    at_ += n;
    return n == static_cast<ssize_t>(piece_.size());
  }
  void Sum(ByteSpan bytes) {
    for (size_t i = 0; i + kPairBytes <= bytes.size(); i += kPairBytes) {
      sums_.first += word_(bytes, i) + sums_.second;
      sums_.second += word_(bytes, i + 4) + sums_.first;
    }
  }

  UniqueFd file_;
  ByteVector piece_;
  off_t at_ = 0;
  uint32_t (*word_)(ByteSpan, size_t) = BigEndian;
  Pair salts_, sums_;
};

Status Compare(const Mark& mark, const std::string& log) {
  LogWalk walk(log);
  uint64_t whole = 0;
  if (walk.TakeHeader()) {
    // Begun anew by SQLite, which it does only when all of the log is in the database.
    if (walk.salts().first == mark.salts.first + 1) return {};
    while (walk.salts() == mark.salts && whole < mark.frames && walk.TakeFrame()) ++whole;
    if (whole == mark.frames && walk.sums() == mark.sums) return {};
  }
  return Fail(Code::kCorrupt,
              fmt::format("{}: TRUNCATED, {} frames were committed, {} are whole",
                          std::filesystem::path(log).filename().string(), mark.frames, whole));
}

}  // namespace

Status CheckLogMark(const std::filesystem::path& database) {
  const std::string name = database.string(), log = name + "-wal";
  Status status;
  for (int i = 0; i < kTries; ++i) {
    const auto look = [&] {
      return std::pair(ReadStart(name + "-mark", kMarkForm.size() * 2),
                       ReadStart(log, kHeaderBytes));
    };
    const auto seen = look();
    const auto mark = ReadMark(AsText(seen.first));
    status = mark ? Compare(*mark, log) : Status{};
    // A mark or a log that changed meanwhile was looked at half before and half after.
    if (status || look() == seen) return status;
  }
  return status;
}

}  // namespace assay::verify
