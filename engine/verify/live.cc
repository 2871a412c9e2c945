#include "verify/live.h"

#include <fcntl.h>

#include <chrono>
#include <thread>

namespace assay::verify {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPause{20}, kPatience{60'000};
constexpr size_t kMaxNotes = size_t{1} << 30;

Result<std::string> ReadNotes(const std::filesystem::path& directory) {
  const auto content = ReadFile(directory / "checkpoints.log", kMaxNotes);
  if (content) return std::string(AsText(*content));
  if (content.error().code == Code::kNotFound) return std::string();
  return Fail(content.error());
}

}  // namespace

Quiet::Quiet(const std::filesystem::path& directory)
    : lock_(::open((directory / "maintenance.lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) {
  struct flock shared {};
  shared.l_type = F_RDLCK;
  shared.l_whence = SEEK_SET;
  for (milliseconds waited{0}; lock_.valid() && waited < kPatience; waited += kPause) {
    if (::fcntl(lock_.get(), F_OFD_SETLK, &shared) == 0) return;
    if (errno != EAGAIN && errno != EACCES && errno != EINTR) return;
    std::this_thread::sleep_for(kPause);
  }
}

NoteLog NoteLog::Begin(const std::filesystem::path& directory) {
  NoteLog out;
  auto notes = ReadNotes(directory);
  if (notes)
    out.before = std::move(*notes);
  else
    out.read = Fail(notes.error());
  return out;
}

void NoteLog::End(const std::filesystem::path& directory) {
  auto notes = ReadNotes(directory);
  if (notes)
    after = std::move(*notes);
  else
    read = Fail(notes.error());
}

std::string NoteLog::At(size_t size) const {
  return after.substr(0, std::max(before.size(), size));
}

}  // namespace assay::verify
