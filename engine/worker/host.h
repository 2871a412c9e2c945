// The host's side of the plugin ABI: hands out extension tables, keeps the channel, remembers the
// plugin's last error. One host for one plugin and one run.
#pragma once

#include <pthread.h>

#include <atomic>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "assay/types.h"
#include "ipc/channel.h"
#include "ipc/messages.h"
#include "ipc/row_memory.h"

namespace assay::worker {

/// What every extension of one host shares: the channel, cancellation, the error slice. Whatever
/// goes wrong with the channel is remembered; every later call of the plugin then gets
/// ASSAY_E_INTERNAL. [plugin thread]
class Session {
 public:
  Session(ipc::Channel& channel, const ipc::Init& init) : channel_(channel), init_(init) {}

  /// Sends a frame; ASSAY_E_INTERNAL when the engine is gone.
  assay_status_t Send(ipc::Type type, ByteSpan payload);
  /// Waits for the next page. ASSAY_E_CANCELLED, ASSAY_E_INTERNAL.
  assay_status_t TakePage(ipc::Frame& page);
  /// Where rows are written; waits for it the first time. Null when the engine is gone.
  ipc::RowSlots* Slots();
  /// True when the engine closed its end. Reads nothing.
  bool EngineIsGone() const;
  /// Looks, without waiting, whether the engine cancelled.
  bool IsCancelled();
  bool cancelled() const { return cancelled_; }

  /// Counts a call; the status that it must give at once when the engine asked for a drill of it.
  std::optional<assay_status_t> Count(ipc::HostCall call);
  const std::vector<uint64_t>& calls() const { return calls_; }

  /// `status`, with its reason kept for the end of the run.
  assay_status_t Refuse(assay_status_t status, std::string why);
  void SetError(std::string why);
  /// Refuses with ASSAY_E_LIMIT for a quota whose end means lost evidence: a run that goes on as if
  /// nothing had happened does not end well all the same.
  assay_status_t RefuseOverQuota(std::string why);
  const std::string& over_quota() const { return over_quota_; }
  const std::string& error() const { return error_; }
  const ipc::Init& init() const { return init_; }

  bool broken() const { return broken_; }
  const Error& broken_error() const { return broken_error_; }
  void NoteOutOfMemory() { out_of_memory_ = true; }
  bool out_of_memory() const { return out_of_memory_; }

 private:
  Status TakeFrame(std::optional<std::chrono::milliseconds> timeout);
  assay_status_t Break(Error error);

  ipc::Channel& channel_;
  const ipc::Init& init_;
  std::deque<ipc::Frame> pages_;
  std::optional<ipc::RowSlots> slots_;
  std::string error_, over_quota_;
  std::vector<uint64_t> calls_ = std::vector<uint64_t>(ipc::kHostCalls);
  bool cancelled_ = false, broken_ = false, out_of_memory_ = false;
  Error broken_error_;
};

/// One extension of the host: its id and the C table behind it.
class Extension {
 public:
  virtual ~Extension() = default;
  virtual std::string_view id() const = 0;
  virtual const void* table() const = 0;
  /// Called after destroy(), to send what is still held back.
  virtual assay_status_t Flush() { return ASSAY_OK; }
};

class ReadExtension;
class EmitExtension;
class CountsExtension;
class LogExtension;
class FrameworkExtension;

/// The assay_host_t of one run and the extensions behind it.
class Host {
 public:
  explicit Host(Session& session);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  const assay_host_t* abi() const { return &abi_; }
  /// False on any thread but the one that made the host and runs the plugin; then it is remembered,
  /// and nothing else of the host may be touched. [any thread]
  bool OnOwnThread() {
    if (::pthread_equal(owner_, ::pthread_self()) != 0) return true;
    called_elsewhere_.store(true, std::memory_order_relaxed);
    return false;
  }
  bool called_elsewhere() const { return called_elsewhere_.load(std::memory_order_relaxed); }
  /// Sends what extensions hold back.
  assay_status_t Flush();

  Session& session;
  std::unique_ptr<ReadExtension> read;            ///< collector only
  std::unique_ptr<EmitExtension> emit;            ///< collector only
  std::unique_ptr<CountsExtension> counts;        ///< collector only
  std::unique_ptr<FrameworkExtension> framework;  ///< framework only
  std::unique_ptr<LogExtension> log;

 private:
  const void* Find(std::string_view id) const;
  assay_host_t abi_{};
  const pthread_t owner_ = ::pthread_self();
  std::atomic<bool> called_elsewhere_ = false;
  std::vector<const Extension*> offered_;
  std::unique_ptr<Extension> clock_, cancel_, config_;
};

/// The host behind the pointer that a plugin handed back; null when it is not one of ours.
Host* HostOf(const assay_host_t* host);

/// Text of a slice; nothing for a null pointer with a length.
std::optional<std::string_view> TextOf(assay_str_t text);

/// Runs `body(host)` for a call of the plugin: INVALID for a host that is not ours or is null and
/// on a thread that is not the plugin's, INTERNAL when the channel is gone, and no exception passes
/// into C.
template <typename Body>
assay_status_t Guarded(const assay_host_t* abi, Body body) noexcept {
  Host* host = HostOf(abi);
  if (host == nullptr || !host->OnOwnThread()) return ASSAY_E_INVALID;
  if (host->session.broken()) return ASSAY_E_INTERNAL;
  try {
    return body(*host);
  } catch (const std::bad_alloc&) {
    host->session.NoteOutOfMemory();
  } catch (const std::exception&) {
  }
  return ASSAY_E_INTERNAL;
}

/// Guarded, for a call that is counted and may be drilled.
template <typename Body>
assay_status_t Called(const assay_host_t* abi, ipc::HostCall call, Body body) noexcept {
  return Guarded(abi, [&](Host& host) -> assay_status_t {
    const auto drilled = host.session.Count(call);
    return drilled ? *drilled : body(host);
  });
}

}  // namespace assay::worker
