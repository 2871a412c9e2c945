// An ordinary C++ plugin: standard library, static objects, thread-local state, exceptions inside.
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "assay/plugin.h"

namespace {

std::vector<std::string> g_words = {"one", "two"};
thread_local int g_calls = 0;

assay_status_t Create(const assay_host_t*, void** state) {
  *state = nullptr;
  return g_words.size() == 2 ? ASSAY_OK : ASSAY_E_INTERNAL;
}

assay_status_t Run(void*) {
  try {
    ++g_calls;
    std::cout << "lost on /dev/null\n";
    throw std::runtime_error(g_words.at(static_cast<size_t>(g_calls)));
  } catch (const std::exception& e) {
    return std::string(e.what()) == "two" ? ASSAY_OK : ASSAY_E_INTERNAL;
  }
}

void Destroy(void*) {}

}  // namespace

extern "C" ASSAY_EXPORT const assay_plugin_v1_t assay_plugin_v1 = {ASSAY_ABI_MAGIC,
                                                                   sizeof(assay_plugin_v1_t),
                                                                   ASSAY_ABI_MAJOR,
                                                                   ASSAY_ABI_MINOR,
                                                                   0,
                                                                   Create,
                                                                   Run,
                                                                   Destroy,
                                                                   nullptr};
