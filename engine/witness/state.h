// What a witness knows: its key, the ledgers that it serves, and of each the newest checkpoint that
// it cosigned. The rules are those of C2SP tlog-witness, add-checkpoint.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/files.h"
#include "base/time.h"
#include "proof/cosignature.h"

namespace assay::witness {

constexpr size_t kMaxRequestBytes = 64 * 1024;
constexpr size_t kMaxProofLines = 63;

/// An answer as HTTP has it.
struct Answer {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
};

/// Folder of a witness: `witness.key` (Ed25519, PEM, 0600), `name`, `ledgers` (one verifier key a
/// line, # begins a remark; several keys may bear one name), `heads/` (the newest note of each
/// origin). One process at a time.
class Witness {
 public:
  /// Makes the folder and a key. kAlreadyExists, kInvalidInput (name), kIo.
  static Status Create(const std::filesystem::path& folder, const std::string& name);
  /// kNotFound, kUnavailable (another process has it), kInvalidInput, kIo.
  static Result<std::unique_ptr<Witness>> Open(const std::filesystem::path& folder,
                                               const Clock& clock = SystemClock());

  /// The key that verifies what this witness signs.
  proof::Cosigner cosigner() const { return {name_, key_.public_key()}; }
  /// Answers a request body. The new head is on disk before the answer is made. [any thread]
  Answer AddCheckpoint(std::string_view body);
  /// The newest note of an origin with this witness's cosignature; 404 when there is none.
  Answer NewestNote(std::string_view origin);

 private:
  Witness(std::filesystem::path folder, std::string name, proof::SigningKey key, UniqueFd lock,
          const Clock& clock)
      : folder_(std::move(folder)),
        name_(std::move(name)),
        key_(std::move(key)),
        lock_(std::move(lock)),
        clock_(clock) {}
  Result<std::vector<proof::Verifier>> KeysOf(std::string_view origin) const;
  Result<std::optional<std::string>> ReadHead(std::string_view origin) const;
  std::filesystem::path HeadFile(std::string_view origin) const;
  Result<Answer> Decide(std::string_view body);

  std::filesystem::path folder_;
  std::string name_;
  proof::SigningKey key_;
  UniqueFd lock_;
  const Clock& clock_;
  std::mutex mutex_;  ///< one comparison and one write at a time
};

}  // namespace assay::witness
