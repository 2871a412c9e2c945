// The broker itself: threads, the queue, reads and their links, the consent guard in front.
#include "broker/broker.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "assay/read.h"
#include "broker/consent_guard.h"
#include "broker/page_fetch.h"

namespace assay::broker {
namespace {

constexpr size_t kMaxOutstanding = 4096;
constexpr unsigned kMaxThreads = 64;

struct Job {
  std::shared_ptr<ReadState> read;
  Url url;
  Completion done;
  std::optional<ReadResult> ready;  ///< a refusal: only to be delivered
};

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
            [this](ServiceHost host, std::string_view token) { return guard_.Vet(host, token); }),
        pacer_(!IsLoopbackCloud(options_.cloud)),
        fetcher_(options_, *client_, tokens_, pacer_),
        guard_(options_, tokens_, fetcher_) {
    for (unsigned i = 0; i < std::clamp(options_.concurrency, 1u, kMaxThreads); ++i)
      threads_.emplace_back([this] { Work(); });
  }

  ~TenantBroker() override {
    Cancel();
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
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
    wake_.notify_all();
  }
  Timestamp Now() const override { return options_.clock->Now(); }
  std::map<std::string, uint64_t> RequestCounts() const override {
    return client_->RequestCounts();
  }

 private:
  Result<Url> NextUrl(ReadState& read, ByteSpan body, uint64_t offset, uint64_t length);
  void Enqueue(Job job);
  void Work();
  void Run(Job job);

  const BrokerOptions options_;
  const std::unique_ptr<HttpClient> client_;
  TokenSource tokens_;
  Pacer pacer_;
  PageFetcher fetcher_;
  ConsentGuard guard_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> queue_;
  std::map<uint64_t, std::shared_ptr<ReadState>> reads_;
  uint64_t next_read_ = 1;
  size_t outstanding_ = 0;  ///< first pages asked for and not delivered
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

Result<uint64_t> TenantBroker::Start(const EndpointSpec& spec, const Params& params,
                                     Completion done) {
  if (client_->cancelled()) return Fail(Code::kCancelled, "cancelled");
  if (!guard_.passed(spec.host))
    return Fail(Code::kDenied, "endpoint " + Quote(spec.id) + ": the consent guard was not passed");
  auto read = std::make_shared<ReadState>();
  ASSAY_ASSIGN(read->plan, BuildPlan(options_.cloud, spec, params));
  read->spec = spec;
  read->pages = 1;
  const Url url = read->plan.url;
  read->seen.insert(url.ToString());
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
  queue_.push_back({std::move(read), url, counted, std::nullopt});
  wake_.notify_one();
  return id;
}

Result<Url> TenantBroker::NextUrl(ReadState& read, ByteSpan body, uint64_t offset,
                                  uint64_t length) {
  ASSAY_ASSIGN(Url url, ReadLink(read, body, offset, length));
  const std::lock_guard lock(mutex_);
  ASSAY_TRY(CountLink(read, url, options_.max_pages));
  return url;
}

void TenantBroker::StartNext(uint64_t read_id, ByteSpan body, uint64_t offset, uint64_t length,
                             Completion done) {
  std::shared_ptr<ReadState> read;
  {
    const std::lock_guard lock(mutex_);
    const auto at = reads_.find(read_id);
    if (at != reads_.end()) read = at->second;
  }
  Job job{read, {}, std::move(done), std::nullopt};
  if (!read) {
    job.read = std::make_shared<ReadState>();
    job.ready = broker::Refusal(*job.read, {}, Reason::kPartial, "the read is not open");
  } else if (Result<Url> url = NextUrl(*read, body, offset, length); url) {
    job.url = std::move(*url);
  } else {
    // The refused link is tenant data: the record names the endpoint's own first URL instead.
    job.ready = broker::Refusal(*read, read->plan.url, Reason::kPartial, url.error().ToString());
  }
  Enqueue(std::move(job));
}

void TenantBroker::Enqueue(Job job) {
  const std::lock_guard lock(mutex_);
  queue_.push_back(std::move(job));
  wake_.notify_one();
}

void TenantBroker::Work() {
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    Run(std::move(job));
  }
}

void TenantBroker::Run(Job job) {
  ReadResult result;
  try {
    result = job.ready ? std::move(*job.ready) : fetcher_.Fetch(*job.read, job.url);
  } catch (const std::exception&) {
    // Memory is what can run out here (a page may hold 64 MiB); the page fails, not the engine.
    result =
        broker::Refusal(*job.read, job.url, Reason::kUnavailable, "the engine ran out of memory");
  }
  job.done(std::move(result));
}

Status CheckOptions(const BrokerOptions& options) {
  for (const std::string* base : {&options.cloud.login, &options.cloud.graph, &options.cloud.arm})
    if (const auto url = ParseBaseUrl(*base); !url)
      return Fail(Error(url.error()).Context("cloud " + Quote(options.cloud.name)));
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
  return std::unique_ptr<Broker>(new TenantBroker(std::move(options), std::move(client)));
}

}  // namespace assay::broker
