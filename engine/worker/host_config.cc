#include "worker/host_config.h"

#include "assay/config.h"

namespace assay::worker {
namespace {

constexpr assay_config_v1_t kTable{
    [](const assay_host_t* abi, assay_str_t key, uint32_t index, assay_str_t* value) {
      return Guarded(abi, [&](Host& host) -> assay_status_t {
        const auto name = TextOf(key);
        if (!name || value == nullptr)
          return host.session.Refuse(ASSAY_E_INVALID, "setting: a null pointer was given");
        const ipc::Settings& settings = host.session.init().settings;
        const auto at = settings.find(std::string(*name));
        if (at == settings.end() || index >= at->second.size()) return ASSAY_END;
        *value = {at->second[index].data(), at->second[index].size()};
        return ASSAY_OK;
      });
    },
};

}  // namespace

std::string_view ConfigExtension::id() const { return ASSAY_EXT_CONFIG; }
const void* ConfigExtension::table() const { return &kTable; }

}  // namespace assay::worker
