// The exported struct and its trampolines: an exception becomes a status and a named plugin error.
#pragma once

#include <exception>
#include <new>
#include <string_view>

#include "assay/error.h"
#include "assay/plugin.h"

namespace assay {

/// State of one loaded plugin: the author's object and the host that it was made with.
template <typename Plugin>
struct Loaded {
  const assay_host_t* host = nullptr;
  Plugin plugin;
};

/// Runs `work`; whatever it throws is told to the host. Returns the status for the border.
template <typename Work>
assay_status_t Guarded(const assay_host_t* host, Work&& work) noexcept {
  try {
    work();
    return ASSAY_OK;
  } catch (const PluginError& error) {
    host->set_error(host, ToSlice(error.what()));
    return error.status() < 0 ? error.status() : ASSAY_E_INTERNAL;
  } catch (const std::bad_alloc&) {
    host->set_error(host, ToSlice("the plugin ran out of memory"));
    return ASSAY_E_LIMIT;
  } catch (const std::exception& error) {
    host->set_error(host, ToSlice(error.what()));
    return ASSAY_E_INTERNAL;
  } catch (...) {
    host->set_error(host, ToSlice("the plugin threw something that is no std::exception"));
    return ASSAY_E_INTERNAL;
  }
}

/// The three functions of assay_plugin_v1_t for a class with `void Run(const assay_host_t*)`.
template <typename Plugin>
struct Trampolines {
  static assay_status_t Create(const assay_host_t* host, void** state) noexcept {
    return Guarded(host, [&] {
      auto* loaded = new Loaded<Plugin>;
      loaded->host = host;
      *state = loaded;
    });
  }
  static assay_status_t Run(void* state) noexcept {
    auto* loaded = static_cast<Loaded<Plugin>*>(state);
    return Guarded(loaded->host, [&] { loaded->plugin.Run(loaded->host); });
  }
  static void Destroy(void* state) noexcept { delete static_cast<Loaded<Plugin>*>(state); }
};

}  // namespace assay

/// Defines the one exported symbol for a class derived from assay::Collector or assay::Framework.
#define ASSAY_PLUGIN(Type)                                            \
  extern "C" ASSAY_EXPORT const assay_plugin_v1_t assay_plugin_v1 = { \
      ASSAY_ABI_MAGIC,                                                \
      sizeof(assay_plugin_v1_t),                                      \
      ASSAY_ABI_MAJOR,                                                \
      ASSAY_ABI_MINOR,                                                \
      0,                                                              \
      &::assay::Trampolines<Type>::Create,                            \
      &::assay::Trampolines<Type>::Run,                               \
      &::assay::Trampolines<Type>::Destroy,                           \
      nullptr}
