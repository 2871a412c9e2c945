// The engine's side of one collector worker: reads for it, journals what came, relays its rows.
//
// The worker is assumed hostile. Everything it can ask for stands in ipc/messages.h; every count
// has a quota; a message out of turn, a quota or a broken frame ends the worker and makes its
// datasets unavailable (plugin_fault). The evidence that was read stays committed whatever it does.
#pragma once

#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "assess/dataset_board.h"
#include "assess/evaluator_session.h"
#include "assess/inbox.h"
#include "assess/journal.h"
#include "assess/pages.h"
#include "assess/plugin_set.h"
#include "assess/progress.h"
#include "ipc/body_memory.h"
#include "ipc/row_memory.h"
#include "ledger/ledger.h"
#include "proof/sha256.h"
#include "sandbox/spawner.h"

namespace assay::assess {

/// Shared by all collectors of one run. Everything outlives the sessions.
struct CollectContext {
  std::string run;
  int64_t now_ms = 0;
  sandbox::Spawner* spawner = nullptr;
  sandbox::Tier tier = sandbox::Tier::kStrict;
  PageStore* pages = nullptr;
  RowSink* rows = nullptr;
  DatasetBoard* board = nullptr;
  Progress* progress = nullptr;
  const std::atomic<bool>* cancelled = nullptr;
  ledger::Keep raw = ledger::Keep::kFull;  ///< evidence.raw; redacted: where data are personal
  std::set<std::string> roles;             ///< Graph permissions that the token holds
  bool arm_available = true;               ///< an ARM token was issued
  ipc::Settings settings{};                ///< what collectors may ask for (assay/config.h)
  ipc::Drill drill{};                      ///< the kit's alone
  /// How long a worker may go on after it was told that the run is being cancelled.
  std::chrono::milliseconds cancel_grace{10'000};
};

/// What became of one collector.
struct CollectorReport {
  std::string plugin;
  bool ok = false;
  sandbox::WorkerOutcome outcome;
  std::string detail;                     ///< what happened, for people, when not ok
  std::map<uint32_t, LeafIndex> pages;    ///< page number -> its read entry
  std::map<uint32_t, Digest> rows;        ///< dataset -> SHA-256 over its rows as they were relayed
  std::set<std::string> asked, answered;  ///< endpoints
  std::vector<std::string> missing_permissions;
  std::map<std::string, uint64_t> wrong_marks;  ///< endpoint -> pages whose marks were refused
  std::optional<Error> ledger_failure;          ///< the ledger stopped: the run must stop
  uint64_t sent = 0;                            ///< first pages that the broker was asked for
  std::optional<ipc::Done> done;                ///< the worker's last message, when it sent one
  bool answered_any = false;  ///< some request got an HTTP answer, whatever it said
};

/// Runs one collector to its end on the calling thread.
class CollectorSession {
 public:
  /// `source` outlives the session.
  CollectorSession(CollectContext& context, const LoadedPlugin& plugin, Pages& source,
                   std::map<std::string, uint32_t> dataset_numbers);
  CollectorReport Run();

 private:
  struct Ticket {
    const EndpointSpec* endpoint = nullptr;
    uint64_t number = 0;  ///< of the request, from 1
    uint64_t read = 0;    ///< the source's handle
    uint32_t pages = 0;
    bool open = true;
  };
  struct OpenPage {
    JournalPage journal;
    uint64_t ticket = 0;
    bool continued = false;  ///< kNextPage came
  };
  struct Arrival {
    uint64_t ticket = 0;
    broker::ReadResult result;
  };

  /// A page on its way into the ledger, on a thread of its own.
  struct Storing {
    uint32_t page = 0;
    std::future<Result<ledger::PendingEntry>> entry;
  };

  Status Loop();
  Status TakeArrivals();
  Status HandleArrival(Arrival arrival);
  Status HandleFrame(const ipc::Frame& frame);
  Status OnRequest(ByteSpan payload);
  Status OnMarks(ByteSpan payload);
  Status OnNextPage(ByteSpan payload);
  Status OnPageDone(ByteSpan payload);
  Status OnDatasetState(ByteSpan payload);
  Status OnBatch(ByteSpan payload);
  Status LendRowMemory();
  Status OnCounts(ByteSpan payload);
  Status OnLog(ByteSpan payload);
  Status Refuse(uint64_t ticket, Reason reason, const std::string& why);
  broker::Completion ArriveFor(uint64_t ticket);
  OpenPage Number(Arrival arrival);
  Status Commit(OpenPage page);
  ledger::Keep KeepFor(const EndpointSpec& endpoint) const;
  Status FinishStoring();
  void NoteOutcome(const EndpointSpec& endpoint, const broker::ReadResult& result);
  Status SendPage(uint64_t ticket, uint32_t page, uint32_t index, const broker::ReadResult& result);
  const EndpointSpec* FindEndpoint(const std::string& id) const;
  std::string MissingPermission(const EndpointSpec& endpoint) const;
  void CommitLeftovers();
  void WaitForLedger();
  Status Quota(bool within, const char* name);

  CollectContext& context_;
  const LoadedPlugin& plugin_;
  Pages& source_;
  std::map<std::string, uint32_t> dataset_numbers_;
  std::set<uint32_t> own_datasets_;
  std::unique_ptr<sandbox::Worker> worker_;
  std::shared_ptr<Inbox<Arrival>> inbox_;
  std::map<uint64_t, Ticket> tickets_;
  std::map<uint32_t, OpenPage> pages_;
  ipc::RowMemory rows_memory_;
  ByteVector rows_frame_;   ///< of the last batch, as the evaluator gets it
  ipc::BodyMemory bodies_;  ///< of pages that the worker has not given back
  std::optional<Storing> storing_;
  std::map<uint32_t, ledger::PendingEntry> committed_;
  std::optional<ipc::Done> done_;
  CollectorReport report_;
  uint64_t last_ticket_ = 0, rows_ = 0, row_bytes_ = 0, frames_ = 0, reads_ = 0, log_bytes_ = 0;
  std::map<uint32_t, proof::Sha256Stream> row_digests_;
  uint64_t requests_ = 0;
  uint64_t pending_ = 0;  ///< pages that the source still owes
  uint64_t sent_ = 0;
  uint64_t answers_ = 0;  ///< pages with any HTTP status
};

}  // namespace assay::assess
