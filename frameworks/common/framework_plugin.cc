// The plugin of every framework package: walks the controls that the host offers and concludes on
// each. Controls and mapping are data beside it; this file is the same for all packages.
#include <exception>
#include <string_view>

#include "assay/framework.h"
#include "assay/plugin.h"
#include "rollup.h"

namespace assay::frameworks {
namespace {

assay_str_t Slice(std::string_view text) { return {text.data(), text.size()}; }

assay_status_t ConcludeAll(const assay_host_t* host) {
  const auto* table =
      static_cast<const assay_framework_v1_t*>(host->extension(host, Slice(ASSAY_EXT_FRAMEWORK)));
  if (table == nullptr) {
    host->set_error(host, Slice("this host offers no assay.framework/1"));
    return ASSAY_E_UNSUPPORTED;
  }
  const uint32_t count = table->control_count(host);
  for (uint32_t index = 0; index < count; ++index) {
    const assay_control_t* control = nullptr;
    assay_status_t status = table->control(host, index, &control);
    if (status == ASSAY_OK) {
      const Conclusion conclusion = Conclude(*control);
      status = table->conclude(host, index, conclusion.state, Slice(conclusion.why));
    }
    if (status != ASSAY_OK) {
      host->set_error(host,
                      Slice("control " + std::to_string(index) + " was not taken by the host"));
      return status;
    }
  }
  return ASSAY_OK;
}

assay_status_t Create(const assay_host_t* host, void** state) {
  *state = const_cast<assay_host_t*>(host);  // all the state there is; only ever read
  return ASSAY_OK;
}

assay_status_t Run(void* state) {
  const auto* host = static_cast<const assay_host_t*>(state);
  try {
    return ConcludeAll(host);
  } catch (const std::exception& error) {
    host->set_error(host, Slice(error.what()));
  } catch (...) {
    host->set_error(host, Slice("the framework plugin failed"));
  }
  return ASSAY_E_INTERNAL;
}

void Destroy(void*) {}

}  // namespace
}  // namespace assay::frameworks

extern "C" ASSAY_EXPORT const assay_plugin_v1_t assay_plugin_v1 = {ASSAY_ABI_MAGIC,
                                                                   sizeof(assay_plugin_v1_t),
                                                                   ASSAY_ABI_MAJOR,
                                                                   ASSAY_ABI_MINOR,
                                                                   0,
                                                                   &assay::frameworks::Create,
                                                                   &assay::frameworks::Run,
                                                                   &assay::frameworks::Destroy,
                                                                   nullptr};
