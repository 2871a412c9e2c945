// The access log's source: one place sees every request of the broker, because every socket is
// opened behind one client.
#pragma once

#include <memory>

#include "broker/broker.h"
#include "broker/http_client.h"

namespace assay::broker {

/// A client whose every request is told to `on_access` (BrokerOptions::on_access). What was refused
/// before a socket was opened is none. [any thread]
class LoggedClient final : public HttpClient {
 public:
  using OnAccess = std::function<void(const AccessRecord&)>;
  /// `clock` must outlive it.
  LoggedClient(std::unique_ptr<HttpClient> inner, const Clock& clock, OnAccess on_access)
      : inner_(std::move(inner)), clock_(clock), on_access_(std::move(on_access)) {}

  Result<HttpAnswer> Send(const HttpRequest& request) override;
  void Cancel() override { inner_->Cancel(); }
  bool cancelled() const override { return inner_->cancelled(); }
  std::map<std::string, uint64_t> RequestCounts() const override { return inner_->RequestCounts(); }

 private:
  const std::unique_ptr<HttpClient> inner_;
  const Clock& clock_;
  const OnAccess on_access_;
};

/// `on_access` behind a counter: each record gets its number when it is told. [any thread]
LoggedClient::OnAccess Numbered(LoggedClient::OnAccess on_access);

/// The service's name for an answer: `request-id` or `x-ms-request-id`; "" when there is none or
/// when it is not the short identifier that it should be. [any thread]
std::string RequestIdOf(const HttpHead& head);

}  // namespace assay::broker
