// Where body bytes go: undoes gzip while they arrive and stops at a bound.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"

namespace assay::broker {

/// Collects one body. Not thread-safe.
class BodySink {
 public:
  /// `coding` is "gzip" or "". `max_bytes` bounds the decoded body.
  /// `expected`: what is announced, 0 when nothing is.
  BodySink(const std::string& coding, uint64_t max_bytes, uint64_t expected = 0);
  ~BodySink();
  BodySink(const BodySink&) = delete;
  BodySink& operator=(const BodySink&) = delete;

  /// kLimitExceeded (decoded body too large: names the bound), kCorrupt (not gzip, bytes after it).
  Status Append(ByteSpan bytes);
  /// The decoded body; kCorrupt when the gzip stream is not at its end.
  Result<ByteVector> Finish();

 private:
  struct Inflate;
  Status AppendPlain(ByteSpan bytes);
  Status AppendGzip(ByteSpan bytes);

  uint64_t max_bytes_;
  bool any_ = false;
  std::unique_ptr<Inflate> inflate_;
  ByteVector body_;
};

}  // namespace assay::broker
