#include "ledger/wal_mark.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cstdio>
#include <cstring>
#include <optional>

namespace assay::ledger {
namespace {

// The log's form: https://www.sqlite.org/fileformat2.html, "The Write-Ahead Log".
constexpr size_t kLogHeader = 32, kFrameHeader = 24;
constexpr uint32_t kMagic = 0x377f0682;  // the lowest bit: sums over big-endian words
constexpr uint32_t kMaxPage = 65536;
constexpr std::string_view kForm = "assay-wal-mark/1 frames=";
constexpr size_t kLength = 78;

struct Mark {
  uint32_t frames = 0;
  std::array<uint32_t, 2> salt{}, sum{};
  bool operator==(const Mark&) const = default;
};

uint32_t Big32(const uint8_t* at) {
  return uint32_t{at[0]} << 24 | uint32_t{at[1]} << 16 | uint32_t{at[2]} << 8 | at[3];
}

std::string LogOf(const std::filesystem::path& database) { return database.string() + "-wal"; }
std::string MarkOf(const std::filesystem::path& database) { return database.string() + "-mark"; }

std::string ToText(const Mark& mark) {
  return fmt::format("{}{:010} salt={:08x}{:08x} sum={:08x}{:08x}\n", kForm, mark.frames,
                     mark.salt[0], mark.salt[1], mark.sum[0], mark.sum[1]);
}

// Anything but a whole mark is none: a power loss may have left any part of it.
std::optional<Mark> FromText(std::string_view text) {
  Mark mark;
  const std::string copy(text);
  if (text.size() != kLength || !text.starts_with(kForm) ||
      std::sscanf(copy.c_str() + kForm.size(), "%10u salt=%8x%8x sum=%8x%8x", &mark.frames,
                  &mark.salt[0], &mark.salt[1], &mark.sum[0], &mark.sum[1]) != 5)
    return {};
  return mark.frames > 0 && ToText(mark) == text ? std::optional(mark) : std::nullopt;
}

// Zero bytes when the file is absent or ends before `offset`.
Result<ByteVector> ReadAt(const UniqueFd& fd, uint64_t offset, size_t size, std::string_view what) {
  ByteVector out(size);
  const ssize_t n = ::pread(fd.get(), out.data(), size, static_cast<off_t>(offset));
  if (n < 0) return Fail(ErrnoError(what));
  out.resize(static_cast<size_t>(n));
  return out;
}

class LogReader {
 public:
  explicit LogReader(const std::filesystem::path& database)
      : name_(LogOf(database)), fd_(::open(name_.c_str(), O_RDONLY | O_CLOEXEC)) {}

  /// False when there is no whole header.
  Result<bool> ReadHeader() {
    if (!fd_.valid() && errno == ENOENT) return false;
    if (!fd_.valid()) return Fail(ErrnoError(name_));
    ASSAY_ASSIGN(const ByteVector header, ReadAt(fd_, 0, kLogHeader, name_));
    if (header.size() < kLogHeader || (Big32(&header[0]) & ~1u) != kMagic) return false;
    page_size_ = Big32(&header[8]);
    salt_ = {Big32(&header[16]), Big32(&header[20])};
    swaps_ = (std::endian::native == std::endian::big) != ((Big32(&header[0]) & 1) != 0);
    Add({header.data(), 24});
    return page_size_ > 0 && page_size_ <= kMaxPage && IsSum(&header[24]);
  }

  /// False when the next frame is not there or not whole.
  Result<bool> ReadFrame() {
    const size_t size = kFrameHeader + page_size_;
    ASSAY_ASSIGN(const ByteVector frame, ReadAt(fd_, offset_, size, name_));
    if (frame.size() < size) return false;
    offset_ += size;
    Add({frame.data(), 8});
    Add({frame.data() + kFrameHeader, page_size_});
    return Big32(&frame[8]) == salt_[0] && Big32(&frame[12]) == salt_[1] && IsSum(&frame[16]);
  }

  const std::array<uint32_t, 2>& salt() const { return salt_; }
  const std::array<uint32_t, 2>& sum() const { return sum_; }

 private:
  void Add(ByteSpan bytes) {
    for (size_t i = 0; i + 8 <= bytes.size(); i += 8) {
      sum_[0] += Word(&bytes[i]) + sum_[1];
      sum_[1] += Word(&bytes[i + 4]) + sum_[0];
    }
  }
  uint32_t Word(const uint8_t* at) const {
    uint32_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return swaps_ ? __builtin_bswap32(word) : word;
  }
  bool IsSum(const uint8_t* at) const { return Big32(at) == sum_[0] && Big32(at + 4) == sum_[1]; }

  std::string name_;
  UniqueFd fd_;
  uint64_t offset_ = kLogHeader;
  uint32_t page_size_ = 0;
  bool swaps_ = false;
  std::array<uint32_t, 2> salt_{}, sum_{};
};

Status Damaged(const std::filesystem::path& database, const Mark& mark, uint32_t whole) {
  const std::string name = std::filesystem::path(LogOf(database)).filename().string();
  return Fail(Error{Code::kCorrupt,
                    fmt::format("{}: TRUNCATED, {} frames were committed and acknowledged, the "
                                "first {} are whole",
                                name, mark.frames, whole),
                    {},
                    "bring back the newest backup; without one, assay ledger recover --accept-loss "
                    "goes on with what is left",
                    {},
                    "AS-LED-006"});
}

Result<std::optional<Mark>> ReadMark(const std::filesystem::path& database) {
  UniqueFd fd(::open(MarkOf(database).c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid() && errno == ENOENT) return std::optional<Mark>();
  if (!fd.valid()) return Fail(ErrnoError(MarkOf(database)));
  ASSAY_ASSIGN(const ByteVector text, ReadAt(fd, 0, kLength + 1, MarkOf(database)));
  return FromText(AsText(text));
}

Status CompareWith(const Mark& mark, const std::filesystem::path& database) {
  LogReader log(database);
  ASSAY_ASSIGN(const bool has_header, log.ReadHeader());
  if (!has_header) return Damaged(database, mark, 0);
  // Begun anew after all of it was copied back: SQLite then counts the first salt up by one.
  if (log.salt()[0] == mark.salt[0] + 1) return {};
  if (log.salt() != mark.salt) return Damaged(database, mark, 0);
  for (uint32_t i = 0; i < mark.frames; ++i) {
    ASSAY_ASSIGN(const bool whole, log.ReadFrame());
    if (!whole) return Damaged(database, mark, i);
  }
  return log.sum() == mark.sum ? Status{} : Damaged(database, mark, 0);
}

// A mark and the header of the log it stands beside, read in this order.
struct LiveState {
  std::optional<Mark> mark;
  ByteVector header;

  static Result<LiveState> Read(const std::filesystem::path& database) {
    LiveState out;
    ASSAY_ASSIGN(out.mark, ReadMark(database));
    const UniqueFd log(::open(LogOf(database).c_str(), O_RDONLY | O_CLOEXEC));
    if (!log.valid() && errno == ENOENT) return out;
    if (!log.valid()) return Fail(ErrnoError(LogOf(database)));
    ASSAY_ASSIGN(out.header, ReadAt(log, 0, kLogHeader, LogOf(database)));
    return out;
  }

  /// Whether both are of one log. The mark may count more frames by then: those it counted before
  /// are never written again. The header alone does not tell: a log that is begun anew gets its
  /// header and its first frames before the mark follows.
  bool IsSameLog(const LiveState& o) const {
    return header == o.header && mark.has_value() == o.mark.has_value() &&
           (!mark || mark->salt == o.mark->salt);
  }
};

}  // namespace

Status WalMark::Check(const std::filesystem::path& path) {
  ASSAY_ASSIGN(const std::optional<Mark> mark, ReadMark(path));
  return mark ? CompareWith(*mark, path) : Status{};
}

Status WalMark::CheckLive(const std::filesystem::path& path) {
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    ASSAY_ASSIGN(const LiveState before, LiveState::Read(path));
    const Status status = before.mark ? CompareWith(*before.mark, path) : Status{};
    if (status) return status;
    ASSAY_ASSIGN(const LiveState after, LiveState::Read(path));
    if (after.IsSameLog(before)) return status;
  }
  // Begun anew under every look: all that was acknowledged was copied back each time.
  return {};
}

Result<std::unique_ptr<WalMark>> WalMark::Open(const std::filesystem::path& path) {
  std::unique_ptr<WalMark> out(new WalMark(path));
  const std::string name = MarkOf(path);
  out->mark_.Reset(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!out->mark_.valid()) return Fail(ErrnoError(name));
  return out;
}

Status WalMark::Note(int frames) {
  frames_ = frames;
  if (frames <= 0) return {};
  const std::string name = LogOf(database_);
  if (!log_.valid()) log_.Reset(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!log_.valid()) return Fail(ErrnoError(name));
  if (frame_bytes_ == 0) {
    ASSAY_ASSIGN(const ByteVector header, ReadAt(log_, 0, kLogHeader, name));
    if (header.size() < kLogHeader) return Fail(Code::kIo, name + ": has no header");
    frame_bytes_ = kFrameHeader + uint64_t{Big32(&header[8])};
  }
  const uint64_t last = kLogHeader + (static_cast<uint64_t>(frames) - 1) * frame_bytes_;
  ASSAY_ASSIGN(const ByteVector frame, ReadAt(log_, last, kFrameHeader, name));
  if (frame.size() < kFrameHeader) return Fail(Code::kIo, name + ": its last frame is not there");
  is_set_ = true;
  return Write(ToText({static_cast<uint32_t>(frames),
                       {Big32(&frame[8]), Big32(&frame[12])},
                       {Big32(&frame[16]), Big32(&frame[20])}}));
}

Status WalMark::Clear() {
  if (!is_set_) return {};
  ASSAY_TRY(Write(ToText({})));
  if (::fdatasync(mark_.get()) != 0) return Fail(ErrnoError(MarkOf(database_)));
  is_set_ = false;
  return {};
}

Status WalMark::Write(std::string_view text) {
  const ssize_t n = ::pwrite(mark_.get(), text.data(), text.size(), 0);
  if (n == static_cast<ssize_t>(text.size())) return {};
  if (n >= 0) errno = ENOSPC;
  return Fail(ErrnoError(MarkOf(database_)));
}

}  // namespace assay::ledger
