#include "worker/run_plugin.h"

#include <fmt/format.h>

#include "worker/host.h"
#include "worker/host_counts.h"
#include "worker/host_emit.h"
#include "worker/host_framework.h"
#include "worker/host_log.h"
#include "worker/host_read.h"

namespace assay::worker {
namespace {

/// A status that run() and create() may return; anything else is the plugin's mistake.
bool IsKnown(assay_status_t status) { return status <= ASSAY_OK && status >= ASSAY_E_INTERNAL; }

ipc::Done Conclude(const char* call, assay_status_t status, const Session& session) {
  if (status == ASSAY_OK) return {};
  if (!IsKnown(status))
    return {ASSAY_E_INVALID, fmt::format("plugin misbehaved: {} returned {}", call, status)};
  if (!session.error().empty()) return {status, session.error()};
  return {status, fmt::format("{} returned {} without a reason", call, status)};
}

/// create, run, destroy in the order that plugin.h promises.
ipc::Done Drive(Host& host, const assay_plugin_v1_t& plugin) {
  void* state = nullptr;
  const assay_status_t created = plugin.create(host.abi(), &state);
  if (created != ASSAY_OK) return Conclude("create", created, host.session);
  const assay_status_t ran = plugin.run(state);
  ipc::Done done = Conclude("run", ran, host.session);
  plugin.destroy(state);
  if (host.called_elsewhere())  // whatever it returned: such a call may have been cut in two
    return {ASSAY_E_INVALID,
            "plugin misbehaved: called the host on another thread than the one that entered run()"};
  if (done.status == ASSAY_OK && host.framework && !host.framework->FirstOpen().empty())
    done = {ASSAY_E_INVALID, "plugin misbehaved: control " +
                                 Quote(host.framework->FirstOpen(), 64) + " has no conclusion"};
  return done;
}

}  // namespace

Status CheckDescriptor(const assay_plugin_v1_t* p) {
  const auto differs = [](const char* field, uint64_t has, uint64_t want) {
    return Fail(Code::kUnsupported,
                fmt::format("assay_plugin_v1.{}: is {:#x}, expected {:#x}", field, has, want));
  };
  if (p == nullptr) return Fail(Code::kInvalidInput, "assay_plugin_v1: is not exported");
  if (p->magic != ASSAY_ABI_MAGIC) return differs("magic", p->magic, ASSAY_ABI_MAGIC);
  if (p->size != sizeof(assay_plugin_v1_t)) return differs("size", p->size, sizeof *p);
  if (p->abi_major != ASSAY_ABI_MAJOR) return differs("abi_major", p->abi_major, ASSAY_ABI_MAJOR);
  if (p->abi_minor > ASSAY_ABI_MINOR) return differs("abi_minor", p->abi_minor, ASSAY_ABI_MINOR);
  if (p->reserved != 0) return differs("reserved", p->reserved, 0);
  for (const auto& [name, missing] :
       {std::pair("create", p->create == nullptr), std::pair("run", p->run == nullptr),
        std::pair("destroy", p->destroy == nullptr)})
    if (missing) return Fail(Code::kInvalidInput, fmt::format("assay_plugin_v1.{}: is null", name));
  return {};
}

Status RunPlugin(ipc::Channel& channel, const ipc::Init& init, const assay_plugin_v1_t& plugin) {
  ipc::Hello hello;
  hello.abi_major = plugin.abi_major;
  hello.abi_minor = plugin.abi_minor;
  ASSAY_TRY(channel.Send(static_cast<uint16_t>(ipc::Type::kHello), Encode(hello)));
  Session session(channel, init);
  Host host(session);
  ipc::Done done;
  Status loaded;
  if (host.framework) loaded = host.framework->Load(channel);
  if (loaded) {
    done = Drive(host, plugin);
    const assay_status_t flushed = host.Flush();
    if (done.status == ASSAY_OK && !session.over_quota().empty())
      done = {ASSAY_E_LIMIT, session.over_quota()};
    if (done.status == ASSAY_OK && flushed != ASSAY_OK) done = Conclude("emit", flushed, session);
  } else if (loaded.error().code == Code::kCancelled) {
    done = {ASSAY_E_CANCELLED, loaded.error().message};
  } else {
    return loaded;
  }
  if (session.out_of_memory()) return Fail(Code::kLimitExceeded, init.plugin + ": out of memory");
  if (session.broken()) return Fail(session.broken_error());
  done.calls = session.calls();
  return channel.Send(static_cast<uint16_t>(ipc::Type::kDone), Encode(done));
}

}  // namespace assay::worker
