// Files and descriptors: whole reads with a bound, durable writes, owned descriptors.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"

namespace assay {

/// Owns one descriptor and closes it. -1 is "none". Moves, never copies. [any thread]
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) Reset(other.Release());
    return *this;
  }
  ~UniqueFd() { Reset(); }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int Release() { return std::exchange(fd_, -1); }
  void Reset(int fd = -1);

 private:
  int fd_ = -1;
};

/// Whole content of a regular file of at most `max_bytes`. kNotFound, kLimitExceeded (names the
/// bound), kIo. [any thread]
Result<ByteVector> ReadFile(const std::filesystem::path& path, size_t max_bytes = 64u << 20);
/// What is left to read of an open regular file, as ReadFile; messages name it `what`. [any thread]
Result<ByteVector> ReadAll(int fd, const std::string& what, size_t max_bytes);
/// Writes beside the target, fsyncs, renames over it, fsyncs the folder: after kOk the content
/// survives power loss; after an error the old content stands. `mode` as in open(2). [any thread]
Status WriteFileDurably(const std::filesystem::path& path, ByteSpan content, unsigned mode = 0600);
/// fsync of a folder, so that names created in it survive power loss.
Status SyncDirectory(const std::filesystem::path& path);
/// Syncs the folder that holds this name, so that the name is safe too. A folder that this user
/// cannot write is somebody else's, and so is its durability: then nothing is done.
Status SyncNameOf(const std::filesystem::path& path);
/// write(2) until all is out; EINTR is retried, any other error is kIo naming `what`.
Status WriteAll(int fd, ByteSpan bytes, std::string_view what);

/// An anonymous file in memory that holds `content` and `padding` zero bytes after it, sealed
/// against writing, growing and shrinking (memfd_create(2), F_ADD_SEALS). kIo. [any thread]
Result<UniqueFd> SealedMemfd(const char* name, ByteSpan content, size_t padding = 0);

}  // namespace assay
