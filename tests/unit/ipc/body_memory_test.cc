// Memory for bodies: what the worker's descriptor allows, and what it shows when it is used again.
#include "ipc/body_memory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <vector>

#include "support/matchers.h"

using namespace assay;
using namespace assay::ipc;

namespace {

constexpr size_t kMiB = 1u << 20;

std::string Content(int fd, size_t bytes) {
  std::string out(bytes, '?');
  REQUIRE(::pread(fd, out.data(), bytes, 0) == static_cast<ssize_t>(bytes));
  return out;
}

ino_t FileOf(int fd) {
  struct stat info {};
  REQUIRE(::fstat(fd, &info) == 0);
  return info.st_ino;
}

/// Bytes of memory that stand behind the file.
uint64_t MemoryOf(int fd) {
  struct stat info {};
  REQUIRE(::fstat(fd, &info) == 0);
  return static_cast<uint64_t>(info.st_blocks) * 512;
}

int LendOrFail(BodyMemory& memory, uint32_t page, std::string_view body) {
  auto file = memory.Lend(page, AsBytes(body));
  if (!file) FAIL(file.error().ToString());
  return *file;
}

}  // namespace

TEST_CASE("BodyMemory: whoever holds the descriptor can read and nothing else", "[ipc][CL-5]") {
  BodyMemory memory;
  const int file = LendOrFail(memory, 1, "trusted by the plugin");
  const UniqueFd opened(::open(fmt::format("/proc/self/fd/{}", file).c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(opened.valid());  // a new description brings no new right
  for (int fd : {file, opened.get()}) {
    CHECK(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
    CHECK(errno == EPERM);
    void* shared = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0);
    REQUIRE(shared != MAP_FAILED);
    CHECK(::mprotect(shared, 4096, PROT_READ | PROT_WRITE) == -1);
    ::munmap(shared, 4096);
    CHECK(::pwrite(fd, "x", 1, 0) == -1);
    CHECK(::ftruncate(fd, 0) == -1);
    CHECK(::ftruncate(fd, kMiB) == -1);
    CHECK(::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) == -1);
    CHECK(::fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == -1);
  }
  // A private mapping is the holder's own copy.
  auto* own = static_cast<char*>(
      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, opened.get(), 0));
  REQUIRE(own != MAP_FAILED);
  own[0] = 'X';
  CHECK(Content(file, 21) == "trusted by the plugin");
  ::munmap(own, 4096);
}

TEST_CASE("BodyMemory: a page's memory serves the next one and shows nothing of it", "[ipc]") {
  BodyMemory memory;
  const std::string longer(3 * 4096, 'a'), shorter(4000, 'b');
  const int first = LendOrFail(memory, 1, longer);
  const ino_t inode = FileOf(first);
  CHECK(Content(first, longer.size() + BodyMemory::kPadding) ==
        longer + std::string(BodyMemory::kPadding, '\0'));
  memory.Release(1);
  const int second = LendOrFail(memory, 2, shorter);
  CHECK(FileOf(second) == inode);
  CHECK(Content(second, 4096) == shorter + std::string(96, '\0'));  // to the page's end
}

TEST_CASE("BodyMemory: a page that is lent keeps its bytes", "[ipc]") {
  BodyMemory memory;
  const std::string one(200'000, '1'), two(200'000, '2');
  const int first = LendOrFail(memory, 1, one);
  const int second = LendOrFail(memory, 2, two);
  CHECK(FileOf(first) != FileOf(second));
  memory.Release(7);  // had no body
  CHECK(Content(first, one.size()) == one);
  CHECK(Content(second, two.size()) == two);
}

TEST_CASE("BodyMemory: a body that fills its block has its zeros too", "[ipc]") {
  BodyMemory memory;
  for (size_t size :
       std::vector<size_t>{1, 4096 - 64, 4096 - 63, 4096, 65'536 - 64, 65'536 - 63, 65'536, kMiB}) {
    CAPTURE(size);
    const int file = LendOrFail(memory, 1, std::string(size, 'z'));
    CHECK(Content(file, size + 64) == std::string(size, 'z') + std::string(64, '\0'));
    memory.Release(1);
  }
}

TEST_CASE("BodyMemory: lends any number of pages from few files", "[ipc]") {
  BodyMemory memory;
  std::vector<UniqueFd> files;  // as the worker holds them
  std::set<int> own;
  constexpr uint32_t kPages = 3 * BodyMemory::kFiles;
  const auto body = [](uint32_t page) { return std::string(1000 * page, static_cast<char>(page)); };
  for (uint32_t page = 1; page <= kPages; ++page) {
    const int file = LendOrFail(memory, page, body(page));
    own.insert(file);
    files.emplace_back(::fcntl(file, F_DUPFD_CLOEXEC, 500));
  }
  CHECK(own.size() <= BodyMemory::kFiles + 2);  // one that is replaced, one that replaces it
  for (uint32_t page = 1; page <= kPages; ++page) {
    CAPTURE(page);
    CHECK(Content(files[page - 1].get(), 1000 * page + 64) == body(page) + std::string(64, '\0'));
    CHECK(::mmap(nullptr, 4096, PROT_WRITE, MAP_SHARED, files[page - 1].get(), 0) == MAP_FAILED);
    memory.Release(page);
  }
  // Sizes that grow and never fit what is kept.
  own.clear();
  for (uint32_t page = 1; page <= kPages; ++page) {
    own.insert(LendOrFail(memory, 100 + page, std::string(page * 70'000, 'g')));
    if (page % 2 == 0) memory.Release(100 + page);
  }
  CHECK(own.size() <= BodyMemory::kFiles + 2);
}

TEST_CASE("BodyMemory: a body that is longer than what is kept gets memory of its own", "[ipc]") {
  BodyMemory memory;
  const std::string body(BodyMemory::kKept, 'l');
  const int file = LendOrFail(memory, 1, body);
  CHECK(Content(file, body.size() + 64) == body + std::string(64, '\0'));
  CHECK(::mmap(nullptr, 4096, PROT_WRITE, MAP_SHARED, file, 0) == MAP_FAILED);
  const ino_t inode = FileOf(file);
  memory.Release(1);
  CHECK(FileOf(LendOrFail(memory, 2, body)) != inode);
}

TEST_CASE("BodyMemory: keeps no more than its bound", "[ipc]") {
  BodyMemory memory;
  const std::string body(6 * kMiB, 'x');
  std::vector<UniqueFd> files;
  for (uint32_t page = 1; page <= 4; ++page)
    files.emplace_back(::dup(LendOrFail(memory, page, body)));
  CHECK(MemoryOf(files[0].get()) < 7 * kMiB);  // no more than was put there
  std::set<ino_t> known;
  for (const UniqueFd& file : files) known.insert(FileOf(file.get()));
  for (uint32_t page = 1; page <= 4; ++page) memory.Release(page);
  size_t again = 0;
  for (uint32_t page = 5; page <= 8; ++page)
    again += known.count(FileOf(LendOrFail(memory, page, body)));
  CHECK(again == BodyMemory::kKept / (6 * kMiB));
}
