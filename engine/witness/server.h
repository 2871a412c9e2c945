// The HTTP side of a witness: POST <prefix>/add-checkpoint, GET <prefix>/checkpoint/<origin>.
#pragma once

#include <memory>

#include "witness/state.h"

namespace assay::witness {

struct Address {
  std::string host = "127.0.0.1";
  uint16_t port = 0;  ///< 0: any free one
  /// What is said here is plain HTTP: only with this on an address that others can reach.
  bool beyond_loopback = false;
};

/// Serves plain HTTP until it is destroyed; TLS stands before it. At most 16 connections at a time,
/// none silent for longer than 30 seconds.
class Server {
 public:
  /// kDenied for an address beyond loopback that was not allowed, kIo when it cannot be listened
  /// on.
  static Result<std::unique_ptr<Server>> Start(Witness& witness, const Address& address);
  ~Server();
  uint16_t port() const;

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace assay::witness
