// A place outside that keeps our checkpoints, and what carries them there.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "broker/http_client.h"
#include "ledger/proofs.h"

namespace assay::anchor {

/// Longest silence of a peer: connecting, sending, waiting for the head, and the whole body have as
/// much each.
constexpr std::chrono::milliseconds kTimeout{20'000};

/// [[ledger.witness]] of the configuration.
struct Place {
  enum class Kind { kFile, kHttp, kPut };
  Kind kind = Kind::kFile;
  std::filesystem::path folder;  ///< kFile
  std::string url;               ///< kHttp: submission prefix; kPut: prefix of the notes' addresses
  std::string vkey;              ///< kHttp: of the witness
  std::string ca_file;           ///< further trust anchor for TLS
  broker::NetworkSettings network;
  std::chrono::seconds every{0};
  std::chrono::milliseconds timeout = kTimeout;
  /// "file /mnt/worm" or "http https://witness.example/w1": for messages and for what was sent
  /// when.
  std::string Name() const;
};

/// A client for one place: no token, no tenant, PUT allowed.
Result<std::unique_ptr<broker::HttpClient>> MakeClient(
    const std::string& ca_file, const broker::NetworkSettings& network = {},
    std::chrono::milliseconds timeout = kTimeout);
/// One request with a body; the answer whatever its status. kUnavailable and the codes of
/// broker::HttpClient::Send.
Result<broker::HttpAnswer> SendTo(broker::HttpClient& client, const std::string& method,
                                  const std::string& url, const std::string& type,
                                  std::string_view body);
/// kUnavailable: an answer of `name` that says no, or elsewhere.
Error Refusal(const std::string& name, const broker::HttpAnswer& answer);

/// Name of an origin as a folder, and of a note in it: told apart and in order of size.
std::string FolderOf(std::string_view origin);
std::string NoteFileOf(uint64_t size);

/// What a place said to the newest checkpoint.
struct Sent {
  std::vector<proof::Cosignature> cosignatures;  ///< kHttp
  std::string remark;  ///< what the place cannot do, in words; mostly empty
};
/// Carries the newest checkpoint to the place. kCorrupt when the place knows a head that this
/// ledger did not grow to or from (ROLLED BACK, FORKED); kUnavailable, kIo when it was not reached.
Result<Sent> Send(const Place& place, ledger::Proofs& proofs, uint64_t known_size);

/// The newest note that a folder has of this ledger, whichever epoch; none when it has none.
Result<std::optional<std::string>> NewestInFolder(const std::filesystem::path& folder,
                                                  const std::string& origin);

}  // namespace assay::anchor
