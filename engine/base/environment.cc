#include "base/environment.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <map>

extern char** environ;

namespace assay {
namespace {

/// Where a taken value lies: a mapping of its own.
struct Taken {
  const char* bytes = nullptr;
  size_t size = 0;
};

std::map<std::string, Taken>& Store() {
  static std::map<std::string, Taken> store;
  return store;
}

/// A copy in memory that children and core dumps do not get. Lives as long as the process.
Taken Keep(const char* value, size_t size) {
  void* memory =
      ::mmap(nullptr, size + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return {};
  // Refusals cost only a second line of defence: the environment itself is overwritten all the
  // same.
  (void)::madvise(memory, size + 1, MADV_DONTFORK);
  (void)::madvise(memory, size + 1, MADV_DONTDUMP);
  (void)::mlock(memory, size + 1);
  std::memcpy(memory, value, size);
  return {static_cast<const char*>(memory), size};
}

}  // namespace

void TakeFromEnvironment(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) continue;
    const size_t size = std::strlen(value);
    const Taken taken = Keep(value, size);
    if (taken.bytes == nullptr) continue;
    Store()[name] = taken;
    // The entry itself, "NAME=value", as the kernel put it there; volatile, so that it is done.
    auto* entry = const_cast<volatile char*>(value - name.size() - 1);
    ::unsetenv(name.c_str());
    for (size_t i = 0; i < name.size() + 1 + size; ++i) entry[i] = 0;
  }
}

std::optional<std::string> FindEnvironment(const std::string& name) {
  const auto at = Store().find(name);
  if (at != Store().end()) return std::string(at->second.bytes, at->second.size);
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace assay
