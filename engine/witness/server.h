// The HTTP side of a witness: POST <prefix>/add-checkpoint, GET <prefix>/checkpoint/<origin>.
#pragma once

#include <memory>

#include "witness/state.h"

namespace assay::witness {

struct Address {
  std::string host = "127.0.0.1";
  uint16_t port = 0;  ///< 0: any free one
};

/// Serves until it is destroyed. At most 16 connections, each request within 30 seconds.
class Server {
 public:
  /// kIo when the address cannot be listened on.
  static Result<std::unique_ptr<Server>> Start(Witness& witness, const Address& address);
  ~Server();
  uint16_t port() const;

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace assay::witness
