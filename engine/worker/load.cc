#include "worker/load.h"

#define BOOST_DLL_USE_STD_FS
#include <dlfcn.h>
#include <fmt/format.h>

#include <boost/dll/shared_library.hpp>
#include <cstring>
#include <deque>
#include <exception>

#include "worker/run_plugin.h"

namespace assay::worker {
namespace {

using Constructor = void (*)(int, char**, char**);

/// Far more constructors than a library has; a larger number is a damaged one.
constexpr uint64_t kMaxConstructors = 100'000;

std::string LoaderWords(const std::string& otherwise) {
  const char* words = ::dlerror();
  return words != nullptr ? words : otherwise;
}

void Call(uintptr_t address) {
  char* nothing[] = {nullptr};
  Constructor constructor = nullptr;
  std::memcpy(&constructor, &address, sizeof constructor);
  constructor(0, nothing, nothing);
}

}  // namespace

Result<LoadedPlugin> LoadPlugin(const std::string& path) {
  LoadedPlugin loaded;
  try {
    // Never destroyed, on purpose: the library stays mapped until the process ends.
    static auto& kept = *new std::deque<boost::dll::shared_library>;
    boost::dll::shared_library* library = &kept.emplace_back();
    std::error_code error;
    library->load(path, error, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    if (error) return Fail(Code::kInvalidInput, "plugin: loader: " + LoaderWords(error.message()));
    if (!library->has(ASSAY_PLUGIN_SYMBOL))
      return Fail(Code::kInvalidInput, "plugin: symbol " ASSAY_PLUGIN_SYMBOL " is not exported");
    loaded.descriptor = &library->get<const assay_plugin_v1_t>(ASSAY_PLUGIN_SYMBOL);
  } catch (const std::exception& e) {
    return Fail(Code::kInvalidInput, std::string("plugin: loader: ") + e.what());
  }
  Dl_info info{};
  if (::dladdr(loaded.descriptor, &info) == 0 || info.dli_fbase == nullptr)
    return Fail(Code::kInvalidInput, "plugin: load address is unknown");
  loaded.base = reinterpret_cast<uintptr_t>(info.dli_fbase);
  ASSAY_TRY(CheckDescriptor(loaded.descriptor));
  return loaded;
}

Status RunConstructors(const LoadedPlugin& plugin, const ipc::Init& init) {
  if (init.init_array_bytes % sizeof(uintptr_t) != 0 ||
      init.init_array_offset % sizeof(uintptr_t) != 0 ||
      init.init_array_bytes / sizeof(uintptr_t) > kMaxConstructors)
    return Fail(Code::kInvalidInput, "plugin: constructor array is damaged");
  if (init.init_function != 0) Call(plugin.base + init.init_function);
  // Relocated by the loader like any data, so that the entries are addresses.
  const uintptr_t array = plugin.base + init.init_array_offset;
  for (uint64_t i = 0; i < init.init_array_bytes; i += sizeof(uintptr_t)) {
    uintptr_t entry = 0;
    std::memcpy(&entry, reinterpret_cast<const void*>(array + i), sizeof entry);
    if (entry != 0 && entry != UINTPTR_MAX) Call(entry);
  }
  return {};
}

}  // namespace assay::worker
