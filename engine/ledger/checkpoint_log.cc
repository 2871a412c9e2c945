#include "ledger/checkpoint_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace assay::ledger {
namespace {

constexpr size_t kMaxLog = size_t{1} << 30;
constexpr size_t kEnd = 16384;  // many times a note

// text, empty line, signatures, empty line: every second empty line ends a note.
CheckpointLog::Content SplitNotes(std::string_view bytes) {
  CheckpointLog::Content out;
  for (;;) {
    const size_t middle = bytes.find("\n\n");
    const size_t end = middle == std::string_view::npos ? middle : bytes.find("\n\n", middle + 2);
    if (end == std::string_view::npos) break;
    out.notes.emplace_back(bytes.substr(0, end + 1));
    bytes.remove_prefix(end + 2);
  }
  out.rest = bytes;
  return out;
}

}  // namespace

std::string LogForm(std::string_view note) { return std::string(note) + '\n'; }

Result<CheckpointLog::Content> CheckpointLog::Read() const {
  auto bytes = ReadFile(path_, kMaxLog);
  if (!bytes && bytes.error().code == Code::kNotFound) return Content{};
  if (!bytes) return Fail(std::move(bytes.error()));
  return SplitNotes(AsText(*bytes));
}

Result<CheckpointLog::Content> CheckpointLog::ReadEnd() const {
  UniqueFd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid() && errno == ENOENT) return Content{};
  struct stat info {};
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0) return Fail(ErrnoError(path_.string()));
  const auto size = static_cast<size_t>(info.st_size);
  if (size <= kEnd) return Read();
  std::string bytes(kEnd, '\0');
  const ssize_t n = ::pread(fd.get(), bytes.data(), kEnd, static_cast<off_t>(size - kEnd));
  if (n != static_cast<ssize_t>(kEnd)) return Fail(ErrnoError(path_.string()));
  // A note is found again by its signature line, the only one that begins with a dash.
  const size_t dash = bytes.find("\n\xe2\x80\x94 ");
  const size_t start = dash == std::string::npos ? dash : bytes.find("\n\n", dash);
  if (start == std::string::npos)
    return Fail(Code::kCorrupt, path_.filename().string() + ": no note at its end");
  return SplitNotes(std::string_view(bytes).substr(start + 2));
}

Result<std::optional<size_t>> CheckpointLog::PartOf(std::string_view before,
                                                    std::string_view note) const {
  const std::string last = LogForm(note), previous = before.empty() ? "" : LogForm(before);
  UniqueFd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!fd.valid() && errno != ENOENT) return Fail(ErrnoError(path_.string()));
  if (fd.valid() && ::fstat(fd.get(), &info) != 0) return Fail(ErrnoError(path_.string()));
  const auto size = static_cast<size_t>(info.st_size);
  std::string end(std::min(size, previous.size() + last.size()), '\0');
  const auto from = static_cast<off_t>(size - end.size());
  if (!end.empty() &&
      ::pread(fd.get(), end.data(), end.size(), from) != static_cast<ssize_t>(end.size()))
    return Fail(ErrnoError(path_.string()));
  const auto zero_or_same = [](char there, char wanted) {
    return there == '\0' || there == wanted;
  };
  for (size_t part = std::min(end.size(), last.size());; --part) {
    const std::string_view head = std::string_view(end).substr(0, end.size() - part);
    const std::string_view tail = std::string_view(end).substr(head.size());
    const bool follows = previous.empty() ? part == size : head.ends_with(previous);
    if (follows && std::equal(tail.begin(), tail.end(), last.begin(), zero_or_same))
      return std::optional(part);
    if (part == 0) return std::optional<size_t>();
  }
}

Status CheckpointLog::Append(std::string_view note, size_t present) {
  const bool is_new = ::access(path_.c_str(), F_OK) != 0;
  UniqueFd fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid() || ::lseek(fd.get(), -static_cast<off_t>(present), SEEK_END) < 0)
    return Fail(ErrnoError(path_.string()));
  ASSAY_TRY(WriteAll(fd.get(), AsBytes(LogForm(note)), path_.string()));
  if (::fdatasync(fd.get()) != 0) return Fail(ErrnoError(path_.string()));
  return is_new ? SyncDirectory(path_.parent_path()) : Status{};
}

Status CheckpointLog::Replace(const std::vector<std::string>& notes) {
  std::string content;
  for (const std::string& note : notes) content += LogForm(note);
  return WriteFileDurably(path_, AsBytes(content), 0600);
}

}  // namespace assay::ledger
