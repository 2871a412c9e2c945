// Whom TLS trusts: the system's anchors, more by file, and pinned keys of single hosts.
#pragma once

#include <Poco/Net/Context.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace assay::broker {

/// A client context and what its verification leans on. Lives as long as connections are opened
/// with it.
class TlsContext {
 public:
  /// VERIFY_STRICT, TLS 1.2 or newer, forward-secret AEAD suites, the system's trust anchors and
  /// those of `ca_files` (empty names are left out). With `pins` a chain must hold one of these
  /// keys besides. kInvalidInput names the file or pin that cannot be used. [any thread]
  static Result<std::unique_ptr<TlsContext>> Create(const std::vector<std::string>& ca_files,
                                                    const std::vector<std::string>& pins = {});
  Poco::Net::Context::Ptr get() const { return context_; }
  /// Why the last chain that this thread saw was not trusted.
  struct Failure {
    bool pin = false;  ///< it verifies, but holds no pinned key
    std::string why;   ///< "certificate has expired"; empty when no chain was refused
  };
  static const Failure& LastFailure();
  static void ForgetFailure();

 private:
  TlsContext() = default;
  Poco::Net::Context::Ptr context_;
  std::vector<std::string> pins_;  ///< digests as bytes
};

}  // namespace assay::broker
