// One plain HTTP server on 127.0.0.1 that hands requests to a function. Poco stays behind it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "demo/http.h"

namespace assay::demo {

/// Bound at once, answering after Start, stopped by the destructor.
class HttpHost {
 public:
  /// Called on server threads, several at a time.
  using Handler = std::function<Answer(Request)>;

  /// Binds 127.0.0.1; port 0 takes a free one. kIo when the port is taken.
  static Result<std::unique_ptr<HttpHost>> Bind(Host host, uint16_t port);
  ~HttpHost();
  /// Begins to answer. Call once. kIo.
  Status Start(Handler handler);
  /// "http://127.0.0.1:PORT"
  std::string base() const;

 private:
  struct Impl;
  explicit HttpHost(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// gzip (RFC 1952) of `body`, for answers to clients that accept it. [any thread]
std::string Gzip(std::string_view body);

}  // namespace assay::demo
