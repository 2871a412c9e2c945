// The broker itself: threads, the queue, reads and their links, the consent guard in front.
#include "broker/broker.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <thread>

#include "assay/read.h"
#include "base/text.h"
#include "broker/access_log.h"
#include "broker/consent_guard.h"
#include "broker/export_source.h"
#include "broker/folder_client.h"
#include "broker/job_queue.h"
#include "broker/page_fetch.h"

namespace assay::broker {
namespace {

constexpr size_t kMaxOutstanding = 4096;
constexpr unsigned kMaxThreads = 64;

/// The second lock on subscriptions that nobody wants read; the first is the collector, which knows
/// names too.
Status CheckScope(const BrokerOptions& options, const std::set<std::string>* below_groups,
                  const Plan& plan) {
  const std::vector<std::string>& path = plan.segments;
  std::vector<std::string> asked = plan.subscriptions;
  if (plan.host == ServiceHost::kArm && path.size() >= 2 &&
      EqualsIgnoreCase(path[0], "subscriptions"))
    asked.push_back(AsciiLower(path[1]));
  if (asked.empty()) return {};
  const auto folded = [](const std::vector<std::string>& list) {
    std::set<std::string> out;
    for (const std::string& id : list) out.insert(AsciiLower(id));
    return out;
  };
  const bool narrowed = !options.management_groups.empty();
  auto wanted = folded(options.subscriptions);
  const auto excluded = folded(options.exclude_subscriptions);
  if (narrowed) wanted = below_groups == nullptr ? std::set<std::string>() : *below_groups;
  const bool ids =
      narrowed || (!wanted.empty() && std::all_of(wanted.begin(), wanted.end(), IsGuid));
  const bool fine = std::all_of(asked.begin(), asked.end(), [&](const std::string& id) {
    return !excluded.contains(id) && (!ids || wanted.contains(id));
  });
  if (fine) return {};
  return Fail(Code::kDenied, "endpoint " + Quote(plan.endpoint) +
                                 ": the configuration does not want this subscription read");
}

bool IsLoopbackCloud(const Cloud& cloud) {
  const auto loopback = [](const std::string& base) {
    const auto url = ParseBaseUrl(base);
    return url && IsLoopbackHost(url->host);
  };
  return loopback(cloud.graph) && loopback(cloud.arm);
}

class TenantBroker final : public Broker {
 public:
  TenantBroker(BrokerOptions options, std::unique_ptr<HttpClient> client)
      : options_(std::move(options)),
        client_(std::move(client)),
        tokens_(
            options_, *client_,
            [this](ServiceHost host, std::string_view token) { return guard_.Vet(host, token); },
            [this](ServiceHost host) { return guard_.Admit(host); }),
        pacer_(options_.enforce_budgets.value_or(!IsLoopbackCloud(options_.cloud)), Threads()),
        fetcher_(options_, *client_, tokens_, pacer_),
        guard_(options_, tokens_, fetcher_, *client_),
        queue_(*options_.clock) {
    for (unsigned i = 0; i < Threads(); ++i) threads_.emplace_back([this] { Work(); });
  }

  ~TenantBroker() override {
    Cancel();
    queue_.Stop();
    for (std::thread& thread : threads_) thread.join();
  }

  Result<Consent> CheckConsent(bool needs_arm) override { return guard_.Check(needs_arm); }
  std::vector<ReadResult> TakeGuardReads() override { return guard_.TakeReads(); }
  std::optional<Error> Refusal() const override { return tokens_.refusal(); }
  Result<uint64_t> Start(const EndpointSpec& spec, const Params& params, Completion done) override;
  void StartNext(uint64_t read, ByteSpan body, uint64_t offset, uint64_t length,
                 Completion done) override;
  void Finish(uint64_t read) override {
    const std::lock_guard lock(mutex_);
    reads_.erase(read);
  }
  void Cancel() override {
    client_->Cancel();
    queue_.Hasten();
  }
  Timestamp Now() const override { return options_.clock->Now(); }
  std::map<std::string, uint64_t> RequestCounts() const override {
    return client_->RequestCounts();
  }
  PaceReport Pace() const override {
    PaceReport report = fetcher_.Report();
    report.idle = queue_.idle();
    return report;
  }

 private:
  unsigned Threads() const { return std::clamp(options_.concurrency, 1u, kMaxThreads); }
  Result<Ask> NextAsk(ReadState& read, ByteSpan body, uint64_t offset, uint64_t length);
  void Work();
  void Run(JobQueue::Taken taken);
  void RunTogether(JobQueue::Taken taken);
  void Settle(Job job, const PageStep& step, uint64_t epoch);
  void Deliver(Job job, ReadResult result);

  const BrokerOptions options_;
  const std::unique_ptr<HttpClient> client_;
  TokenSource tokens_;
  Pacer pacer_;
  PageFetcher fetcher_;
  ConsentGuard guard_;
  JobQueue queue_;

  std::mutex mutex_;
  std::map<uint64_t, std::shared_ptr<ReadState>> reads_;
  uint64_t next_read_ = 1;
  size_t outstanding_ = 0;  ///< first pages asked for and not delivered
  std::vector<std::thread> threads_;
};

Result<uint64_t> TenantBroker::Start(const EndpointSpec& spec, const Params& params,
                                     Completion done) {
  if (client_->cancelled()) return Fail(Code::kCancelled, "cancelled");
  if (!guard_.passed(spec.host))
    return Fail(Code::kDenied, "endpoint " + Quote(spec.id) + ": the consent guard was not passed");
  auto read = std::make_shared<ReadState>();
  ASSAY_ASSIGN(read->plan, BuildPlan(options_.cloud, spec, params));
  ASSAY_TRY(CheckScope(options_, guard_.scope(), read->plan));
  read->spec = spec;
  const Ask first{read->plan.url};
  ASSAY_TRY(CountLink(*read, first, options_.max_pages));
  const std::lock_guard lock(mutex_);
  if (outstanding_ >= kMaxOutstanding)
    return Fail(Code::kLimitExceeded, "more than 4096 reads are waiting for their first page");
  ++outstanding_;
  const uint64_t id = next_read_++;
  reads_.emplace(id, read);
  const auto counted = [this, done = std::move(done)](ReadResult result) {
    {
      const std::lock_guard inner(mutex_);
      --outstanding_;
    }
    done(std::move(result));
  };
  queue_.Push({fetcher_.Begin(std::move(read), first), std::nullopt, counted});
  return id;
}

Result<Ask> TenantBroker::NextAsk(ReadState& read, ByteSpan body, uint64_t offset,
                                  uint64_t length) {
  ASSAY_ASSIGN(Ask ask, ReadLink(read, body, offset, length));
  const std::lock_guard lock(mutex_);
  ASSAY_TRY(CountLink(read, ask, options_.max_pages));
  return ask;
}

void TenantBroker::StartNext(uint64_t read_id, ByteSpan body, uint64_t offset, uint64_t length,
                             Completion done) {
  std::shared_ptr<ReadState> read;
  {
    const std::lock_guard lock(mutex_);
    const auto at = reads_.find(read_id);
    if (at != reads_.end()) read = at->second;
  }
  Job job{nullptr, std::nullopt, std::move(done)};
  if (!read) {
    job.ready = broker::Refusal(ReadState{}, {}, Reason::kPartial, "the read is not open");
  } else if (Result<Ask> ask = NextAsk(*read, body, offset, length); ask) {
    job.task = fetcher_.Begin(std::move(read), *ask);
  } else {
    // The refused link is tenant data: the record names the endpoint's own first URL instead.
    job.ready = broker::Refusal(*read, read->plan.url, Reason::kPartial, ask.error().ToString());
  }
  queue_.Push(std::move(job));
}

void TenantBroker::Work() {
  while (auto taken = queue_.Take()) Run(std::move(*taken));
}

void TenantBroker::Deliver(Job job, ReadResult result) {
  job.done(std::move(result));
  queue_.Ended();
}

void TenantBroker::Run(JobQueue::Taken taken) {
  Job& job = taken.job;
  if (job.ready) {
    ReadResult result = std::move(*job.ready);
    return Deliver(std::move(job), std::move(result));
  }
  if (!taken.mates.empty()) return RunTogether(std::move(taken));
  const PageStep step = fetcher_.Step(*job.task);
  if (step.sent) queue_.Unpark();
  Settle(std::move(job), step, taken.epoch);
}

void TenantBroker::RunTogether(JobQueue::Taken taken) {
  std::vector<Job> jobs = std::move(taken.mates);
  jobs.insert(jobs.begin(), std::move(taken.job));
  std::vector<PageTask*> tasks;
  for (const Job& job : jobs) tasks.push_back(job.task.get());
  const std::vector<PageStep> steps = fetcher_.StepTogether(tasks);
  if (std::any_of(steps.begin(), steps.end(), [](const PageStep& step) { return step.sent; }))
    queue_.Unpark();
  for (size_t i = 0; i < jobs.size(); ++i) Settle(std::move(jobs[i]), steps[i], taken.epoch);
}

void TenantBroker::Settle(Job job, const PageStep& step, uint64_t epoch) {
  if (step.kind == PageStep::Kind::kWait) return queue_.PutOff(std::move(job), step.at);
  if (step.kind == PageStep::Kind::kCrowd) return queue_.Park(std::move(job), epoch);
  ReadResult result = std::move(job.task->result);
  Deliver(std::move(job), std::move(result));
}

Status CheckOptions(const BrokerOptions& options) {
  for (const std::string* base : {&options.cloud.login, &options.cloud.graph, &options.cloud.arm})
    if (const auto url = ParseBaseUrl(*base); !url)
      return Fail(Error(url.error()).Context("cloud " + Quote(options.cloud.name)));
  if (const ExportSource& exports = options.cloud.exports;
      !exports.container.empty() || !exports.folder.empty())
    if (const auto url = ContainerUrl(options.cloud); !url) return Fail(url.error());
  if (options.credential.client_id.empty() &&
      options.credential.kind != CredentialKind::kManagedIdentity)
    return Fail(Code::kInvalidInput, "credential: client_id is empty");
  if (options.cloud.graph_scope.empty() || options.cloud.arm_scope.empty())
    return Fail(Code::kInvalidInput, "cloud " + Quote(options.cloud.name) + ": no token scope");
  if (!options.clock || options.max_attempts == 0 || options.timeout.count() <= 0)
    return Fail(Code::kInvalidInput, "broker: clock, max_attempts and timeout must be set");
  return {};
}

}  // namespace

Result<std::unique_ptr<Broker>> Broker::Create(BrokerOptions options) {
  ASSAY_TRY(CheckOptions(options));
  HttpOptions http;
  http.ca_file = options.cloud.ca_file;
  http.network = options.network;
  http.user_agent = options.user_agent;
  http.max_body_bytes = options.max_body_bytes;
  http.timeout = options.timeout;
  http.clock = options.clock;
  ASSAY_ASSIGN(auto client, HttpClient::Create(std::move(http)));
  return Create(std::move(options), std::move(client));
}

Result<std::unique_ptr<Broker>> Broker::Create(BrokerOptions options,
                                               std::unique_ptr<HttpClient> client) {
  ASSAY_TRY(CheckOptions(options));
  if (options.on_access) {
    options.on_access = Numbered(std::move(options.on_access));
    client = std::make_unique<LoggedClient>(std::move(client), *options.clock, options.on_access);
  }
  // In front of the log of requests: what is read on this machine leaves it not.
  if (IsFolder(options.cloud.exports))
    client = std::make_unique<FolderClient>(std::move(client), options.cloud.exports.folder,
                                            *options.clock);
  return std::unique_ptr<Broker>(new TenantBroker(std::move(options), std::move(client)));
}

}  // namespace assay::broker
