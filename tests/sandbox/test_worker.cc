// A worker of the tests' own: full confinement by the same calls as assay-worker, then one plugin
// function. Init.plugin names the attack; the plugin finds it in host.impl and its constructors in
// argv[1].
#include <dlfcn.h>

#include <cstdint>
#include <new>

#include "assay/plugin.h"
#include "ipc/channel.h"
#include "ipc/messages.h"
#include "sandbox/confine.h"

namespace assay::sandbox {
namespace {

Error Plain(std::string text) {
  return Error{Code::kInvalidInput, std::move(text), {}, {}, {}, {}};
}

void CallConstructors(const ipc::Init& init, const assay_plugin_v1_t* plugin) {
  Dl_info where{};
  if (init.init_array_bytes == 0 || ::dladdr(plugin, &where) == 0) return;
  char* argv[] = {const_cast<char*>("worker"), const_cast<char*>(init.plugin.c_str()), nullptr};
  char* environment[] = {nullptr};
  using Constructor = void (*)(int, char**, char**);
  auto* list =
      reinterpret_cast<Constructor*>(static_cast<char*>(where.dli_fbase) + init.init_array_offset);
  for (uint64_t i = 0; i < init.init_array_bytes / sizeof(Constructor); ++i)
    if (list[i] != nullptr) list[i](2, argv, environment);
}

int32_t RunPlugin(const ipc::Init& init, const assay_plugin_v1_t* plugin) {
  assay_host_t host{};
  host.size = sizeof host;
  host.abi_major = ASSAY_ABI_MAJOR;
  host.impl = const_cast<char*>(init.plugin.c_str());
  void* state = nullptr;
  if (plugin->create(&host, &state) != ASSAY_OK) return -1;
  const int32_t status = plugin->run(state);
  plugin->destroy(state);
  return status;
}

void Say(ipc::Channel& channel, ipc::Type type, const ByteVector& payload) {
  if (!channel.Send(static_cast<uint16_t>(type), payload))
    ExitReporting(kExitProtocol, Plain("send"));
}

int Main(int argc, char** argv) {
  auto tier = TierFromArguments(argc, argv);
  if (!tier) return 2;
  if (auto work = AwaitWork(*tier); !work) ExitReporting(kExitSetupFailed, work.error());
  ipc::Channel channel{UniqueFd(kChannelFd)};
  auto frame = channel.Receive();
  if (!frame) ExitReporting(kExitProtocol, frame.error());
  auto init = ipc::ParseInit(frame->payload);
  if (!init) ExitReporting(kExitProtocol, init.error());
  const StageOptions options{*tier, init->role, init->limits};
  auto path = EnterStageA(options);
  if (!path) ExitReporting(kExitSetupFailed, path.error());
  const assay_plugin_v1_t* plugin = nullptr;
  if (!path->empty()) {
    void* library = ::dlopen(path->c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) ExitReporting(kExitLoadFailed, Plain(::dlerror()));
    plugin = static_cast<const assay_plugin_v1_t*>(::dlsym(library, ASSAY_PLUGIN_SYMBOL));
    if (plugin == nullptr) ExitReporting(kExitLoadFailed, Plain("no symbol"));
  }
  if (Status b = EnterStageB(options); !b) ExitReporting(kExitSetupFailed, b.error());
  if (plugin != nullptr && init->plugin != "no-constructors") CallConstructors(*init, plugin);
  ipc::Hello hello;
  if (init->role == ipc::Role::kCanary) hello.engine_detail = RunCanaryAttempts();
  Say(channel, ipc::Type::kHello, Encode(hello));
  ipc::Done done;
  if (plugin != nullptr) done.status = RunPlugin(*init, plugin);
  Say(channel, ipc::Type::kDone, Encode(done));
  return 0;
}

}  // namespace
}  // namespace assay::sandbox

int main(int argc, char** argv) { return assay::sandbox::Main(argc, argv); }
