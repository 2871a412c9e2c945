#include "worker/host.h"

#include <fmt/format.h>
#include <poll.h>

#include "assay/cancel.h"
#include "assay/clock.h"
#include "worker/host_config.h"
#include "worker/host_counts.h"
#include "worker/host_emit.h"
#include "worker/host_framework.h"
#include "worker/host_log.h"
#include "worker/host_read.h"

namespace assay::worker {
namespace {

/// A page arrives as one piece; an engine that takes longer to finish a frame it began is broken.
constexpr std::chrono::milliseconds kFrameTime{10'000};

int64_t NowMs(const assay_host_t* abi) {
  Host* host = HostOf(abi);
  return host == nullptr || !host->OnOwnThread() ? 0 : host->session.init().now_ms;
}

uint32_t IsCancelled(const assay_host_t* abi) {
  uint32_t answer = 1;  // a host that lost its channel wants the run to end too
  const assay_status_t status = Guarded(abi, [&](Host& host) {
    answer = host.session.IsCancelled() ? 1 : 0;
    return ASSAY_OK;
  });
  return status == ASSAY_OK ? answer : 1;
}

constexpr assay_clock_v1_t kClock{NowMs};
constexpr assay_cancel_v1_t kCancel{IsCancelled};

/// An extension that is only a table.
class Plain : public Extension {
 public:
  Plain(std::string_view id, const void* table) : id_(id), table_(table) {}
  std::string_view id() const override { return id_; }
  const void* table() const override { return table_; }

 private:
  std::string_view id_;
  const void* table_;
};

}  // namespace

assay_status_t Session::Send(ipc::Type type, ByteSpan payload) {
  if (broken_) return ASSAY_E_INTERNAL;
  if (auto sent = channel_.Send(static_cast<uint16_t>(type), payload); !sent)
    return Break(std::move(sent.error()));
  return ASSAY_OK;
}

Status Session::TakeFrame(std::optional<std::chrono::milliseconds> timeout) {
  ASSAY_ASSIGN(ipc::Frame frame, channel_.Receive(timeout));
  switch (static_cast<ipc::Type>(frame.type)) {
    case ipc::Type::kCancel:
      cancelled_ = true;
      return {};
    case ipc::Type::kPage:
      if (init_.role != ipc::Role::kCollector) break;
      pages_.push_back(std::move(frame));
      return {};
    case ipc::Type::kRowMemory: {
      if (init_.role != ipc::Role::kCollector || slots_ || !frame.fd.valid()) break;
      ASSAY_ASSIGN(slots_, ipc::RowSlots::Open(std::move(frame.fd)));
      return {};
    }
    default:
      break;
  }
  return Fail(Code::kCorrupt, fmt::format("engine sent message {} out of turn", frame.type));
}

assay_status_t Session::TakePage(ipc::Frame& page) {
  while (pages_.empty() && !cancelled_) {
    if (broken_) return ASSAY_E_INTERNAL;
    if (auto taken = TakeFrame(std::nullopt); !taken) return Break(std::move(taken.error()));
  }
  if (cancelled_) return Refuse(ASSAY_E_CANCELLED, "wait: the run is being cancelled");
  page = std::move(pages_.front());
  pages_.pop_front();
  return ASSAY_OK;
}

ipc::RowSlots* Session::Slots() {
  while (!slots_ && !broken_)
    if (auto taken = TakeFrame(std::nullopt); !taken) Break(std::move(taken.error()));
  return broken_ ? nullptr : &*slots_;
}

bool Session::EngineIsGone() const {
  pollfd p{channel_.fd(), 0, 0};
  return ::poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR)) != 0;
}

bool Session::IsCancelled() {
  pollfd p{channel_.fd(), POLLIN, 0};
  while (!cancelled_ && !broken_ && ::poll(&p, 1, 0) > 0)
    if (auto taken = TakeFrame(kFrameTime); !taken) Break(std::move(taken.error()));
  return cancelled_ || broken_;
}

std::optional<assay_status_t> Session::Count(ipc::HostCall call) {
  const uint64_t number = ++calls_[static_cast<size_t>(call)];
  const ipc::Drill& drill = init_.drill;
  if (drill.call != call || drill.nth != number) return std::nullopt;
  if (drill.status == ASSAY_E_CANCELLED) {
    cancelled_ = true;  // the call itself then says what it says in a run that is being cancelled
    return std::nullopt;
  }
  return Refuse(drill.status, fmt::format("drill: {} {} fails", ipc::Name(call), number));
}

assay_status_t Session::Refuse(assay_status_t status, std::string why) {
  SetError(std::move(why));
  return status;
}

assay_status_t Session::RefuseOverQuota(std::string why) {
  if (over_quota_.empty()) over_quota_ = why;
  return Refuse(ASSAY_E_LIMIT, std::move(why));
}

void Session::SetError(std::string why) { error_ = ipc::OneLine(why); }

assay_status_t Session::Break(Error error) {
  broken_ = true;
  broken_error_ = std::move(error);
  return ASSAY_E_INTERNAL;
}

Host* HostOf(const assay_host_t* host) {
  if (host == nullptr || host->size != sizeof(assay_host_t) || host->impl == nullptr)
    return nullptr;
  auto* self = static_cast<Host*>(host->impl);
  return self->abi() == host ? self : nullptr;  // a copy of the struct is not the host
}

std::optional<std::string_view> TextOf(assay_str_t text) {
  if (text.len == 0) return std::string_view();
  if (text.ptr == nullptr || text.len > (1u << 30)) return std::nullopt;
  return std::string_view(text.ptr, text.len);
}

Host::Host(Session& s)
    : session(s),
      log(std::make_unique<LogExtension>(s)),
      clock_(std::make_unique<Plain>(ASSAY_EXT_CLOCK, &kClock)),
      cancel_(std::make_unique<Plain>(ASSAY_EXT_CANCEL, &kCancel)) {
  offered_ = {log.get(), clock_.get(), cancel_.get()};
  if (s.init().role == ipc::Role::kCollector) {
    read = std::make_unique<ReadExtension>(s);
    emit = std::make_unique<EmitExtension>(s, *read);
    counts = std::make_unique<CountsExtension>(s);
    config_ = std::make_unique<ConfigExtension>();
    offered_.insert(offered_.end(), {read.get(), emit.get(), counts.get(), config_.get()});
  } else if (s.init().role == ipc::Role::kFramework) {
    framework = std::make_unique<FrameworkExtension>(s);
    offered_.push_back(framework.get());
  }
  abi_.size = sizeof abi_;
  abi_.abi_major = ASSAY_ABI_MAJOR;
  abi_.abi_minor = ASSAY_ABI_MINOR;
  abi_.impl = this;
  abi_.extension = [](const assay_host_t* abi, assay_str_t id) -> const void* {
    Host* host = HostOf(abi);
    const auto text = TextOf(id);
    if (host == nullptr || !text || !host->OnOwnThread()) return nullptr;
    if (host->session.Count(ipc::HostCall::kExtension)) return nullptr;
    return host->Find(*text);
  };
  abi_.set_error = [](const assay_host_t* abi, assay_str_t message) {
    Guarded(abi, [&](Host& host) {
      host.session.SetError(std::string(TextOf(message).value_or("").substr(0, ipc::kMaxLine)));
      return ASSAY_OK;
    });
  };
}

Host::~Host() = default;

const void* Host::Find(std::string_view id) const {
  for (const Extension* e : offered_)
    if (e->id() == id) return e->table();
  return nullptr;
}

assay_status_t Host::Flush() {
  if (!emit) return ASSAY_OK;
  const assay_status_t rows = emit->Flush();
  return rows == ASSAY_OK ? counts->Flush() : rows;
}

}  // namespace assay::worker
