// Answers requests of the real broker from a fixture, with the weather that a trial asks for. Opens
// no socket. Everything in front of it (URL policy, consent guard, retries, continuation links) is
// the broker's own.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "broker/broker.h"
#include "broker/http_client.h"
#include "model/fixture.h"
#include "model/manifest.h"

namespace assay::kit {

/// A clock that only waiting moves: back-off and pacing cost no time. [any thread]
class TrialClock : public Clock {
 public:
  explicit TrialClock(int64_t start_ms) : now_ms_(start_ms) {}
  Timestamp Now() const override { return FromUnixMs(now_ms_); }
  void SleepFor(std::chrono::milliseconds duration) const override { now_ms_ += duration.count(); }

 private:
  mutable std::atomic<int64_t> now_ms_;
};

/// What goes wrong with the answers of one endpoint (of all when it is empty).
struct Weather {
  enum class Kind {
    kFair,
    kStatus,     ///< every page answers with `status` and an error body
    kLost,       ///< no answer at all
    kCut,        ///< 200, and the body ends after `per_mille` of its bytes
    kCutInText,  ///< the same, within a text value
    kEmpty,      ///< 200 and no byte
    kHtml,       ///< 200 and a page for people
    kHuge,       ///< `bytes` longer
    kMany,       ///< its records again and again, about `bytes`
    kSlow,       ///< comes after `bytes` milliseconds of real time
    kEndless,    ///< every page has a next one
    kLaterLost,  ///< the second page does not come
    kMutated,    ///< as `seed` says
  };
  Kind kind = Kind::kFair;
  std::string endpoint;
  uint32_t status = 500;
  uint32_t per_mille = 500;
  uint64_t bytes = 0;
  uint64_t seed = 0;
};

/// What was asked, for the report. Filled while the client lives.
struct Asked {
  std::mutex mutex;
  std::vector<std::string> requests;  ///< "GET https://..." in order, tokens apart
  std::set<std::string> unanswered;   ///< endpoints for which the fixture has nothing
};

class FixtureClient : public broker::HttpClient {
 public:
  /// Everything is kept by reference and must outlive it.
  FixtureClient(const Manifest& manifest, const broker::BrokerOptions& options,
                const Fixture& fixture, const Weather& weather, Asked& asked);
  Result<broker::HttpAnswer> Send(const broker::HttpRequest& request) override;
  void Cancel() override { cancelled_ = true; }
  bool cancelled() const override { return cancelled_; }
  std::map<std::string, uint64_t> RequestCounts() const override { return {}; }

 private:
  struct Read {
    const EndpointSpec* endpoint = nullptr;
    broker::Params params;
    const FixtureAnswer* answer = nullptr;
    std::map<std::string, size_t> pages;  ///< URL and body -> its page
    std::string first_url, last_body;
    std::string range;  ///< of a file that is read in parts, else empty
  };
  broker::HttpAnswer Token(const broker::HttpRequest& request) const;
  Read* FindRead(const broker::HttpRequest& request);
  Read* NewRead(const broker::HttpRequest& request);
  const FixtureAnswer* AnswerFor(const EndpointSpec& endpoint, const broker::Params& params) const;
  bool Hit(const Read& read) const {
    return weather_.endpoint.empty() || weather_.endpoint == read.endpoint->id;
  }
  Result<broker::HttpAnswer> Answer(Read& read, size_t page);
  std::string Body(Read& read, size_t page) const;
  broker::HttpAnswer Part(const Read& read, broker::HttpAnswer whole) const;
  broker::HttpAnswer Plain(uint32_t status, std::string body) const;

  const Manifest& manifest_;
  const broker::BrokerOptions& options_;
  const Fixture& fixture_;
  const Weather& weather_;
  Asked& asked_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Read>> reads_;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace assay::kit
