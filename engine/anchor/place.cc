#include "anchor/place.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>

#include "anchor/put.h"
#include "base/files.h"
#include "base/text.h"
#include "broker/url.h"

namespace assay::anchor {
namespace {

constexpr size_t kMaxAnswer = 64 * 1024;

// Written once and never again: a note of the same size with other bytes is not replaced.
Status CopyToFolder(const Place& place, const ledger::Proofs& proofs) {
  std::error_code error;
  if (!std::filesystem::is_directory(place.folder, error))
    return Fail(Error{Code::kIo,
                      place.Name() + ": no such folder",
                      {},
                      "make it, or mount what belongs there",
                      {},
                      {}});
  const auto folder = place.folder / FolderOf(proofs.head().origin);
  std::filesystem::create_directory(folder, error);
  if (error) return Fail(Code::kIo, folder.string() + ": cannot be made: " + error.message());
  const auto file = folder / NoteFileOf(proofs.head().size);
  const auto there = ReadFile(file, kMaxAnswer);
  if (!there && there.error().code == Code::kNotFound) {
    ASSAY_TRY(WriteFileDurably(file, AsBytes(proofs.note()), 0444));
    return SyncDirectory(place.folder);
  }
  if (!there) return Fail(there.error());
  const auto kept = proof::ParseNote(AsText(*there));
  const auto ours = proof::ParseNote(proofs.note());
  if (kept && ours && kept->text == ours->text) return {};
  return Fail(Code::kCorrupt,
              fmt::format("FORKED: {} has another note of {} entries than the ledger", place.Name(),
                          proofs.head().size));
}

Result<std::string> SubmissionFor(ledger::Proofs& proofs, uint64_t known_size) {
  std::string out = fmt::format("old {}\n", known_size);
  if (known_size > 0) {
    ASSAY_ASSIGN(const auto path, proofs.ConsistencyPath(TreeSize{known_size}));
    for (const Digest& hash : path) out += EncodeBase64(hash) + "\n";
  }
  return out + "\n" + proofs.note();
}

// The size in the body of a 409.
Result<uint64_t> SizeOf(const Place& place, const broker::HttpAnswer& answer) {
  const std::string_view text = Trim(AsText(answer.body));
  uint64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end != text.data() + text.size())
    return Fail(Refusal(place.Name(), answer));
  return size;
}

Result<broker::HttpAnswer> Submit(broker::HttpClient& client, const Place& place,
                                  ledger::Proofs& proofs, uint64_t known_size) {
  ASSAY_ASSIGN(const std::string body, SubmissionFor(proofs, known_size));
  return SendTo(client, "POST", place.url + "/add-checkpoint", "text/plain", body);
}

tl::unexpected<Error> Forked(const Place& place, const broker::HttpAnswer& answer) {
  return Fail(Code::kCorrupt, fmt::format("FORKED: {} knows another history than this ledger's: {}",
                                          place.Name(), Quote(Trim(AsText(answer.body)))));
}

Result<Sent> AskWitness(const Place& place, ledger::Proofs& proofs, uint64_t known_size) {
  ASSAY_ASSIGN(const proof::Cosigner witness, proof::Cosigner::Parse(place.vkey));
  ASSAY_ASSIGN(const auto client, MakeClient(place.ca_file, place.network, place.timeout));
  ASSAY_ASSIGN(broker::HttpAnswer answer,
               Submit(*client, place, proofs, std::min(known_size, proofs.head().size)));
  if (answer.head.status == 409) {
    ASSAY_ASSIGN(const uint64_t size, SizeOf(place, answer));
    if (size > proofs.head().size)
      return Fail(Code::kCorrupt,
                  fmt::format("ROLLED BACK: {} knows a signed head of {} entries, the newest one "
                              "here has {}",
                              place.Name(), size, proofs.head().size));
    ASSAY_ASSIGN(answer, Submit(*client, place, proofs, size));
    if (answer.head.status == 409) return Forked(place, answer);
  }
  if (answer.head.status == 422) return Forked(place, answer);
  if (answer.head.status != 200) return Fail(Refusal(place.Name(), answer));
  Sent out;
  ASSAY_ASSIGN(out.cosignatures,
               proof::ReadCosignatureLines(proofs.note(), AsText(answer.body), witness));
  // Earlier lines of this witness stand in our note already; the last one is its answer.
  if (out.cosignatures.empty())
    return Fail(Code::kCorrupt, place.Name() + ": answered without its cosignature");
  out.cosignatures.erase(out.cosignatures.begin(), out.cosignatures.end() - 1);
  return out;
}

}  // namespace

std::string Place::Name() const {
  switch (kind) {
    case Kind::kFile:
      return "file " + folder.string();
    case Kind::kHttp:
      return "http " + url;
    case Kind::kPut:
      break;
  }
  return "put " + url;
}

Result<std::unique_ptr<broker::HttpClient>> MakeClient(const std::string& ca_file,
                                                       const broker::NetworkSettings& network,
                                                       std::chrono::milliseconds timeout) {
  broker::HttpOptions options;
  options.ca_file = ca_file;
  options.network = network;
  options.user_agent = "assay/" ASSAY_VERSION;
  options.max_body_bytes = kMaxAnswer;
  options.timeout = timeout;
  options.carries_out = true;
  return broker::HttpClient::Create(std::move(options));
}

Result<broker::HttpAnswer> SendTo(broker::HttpClient& client, const std::string& method,
                                  const std::string& url, const std::string& type,
                                  std::string_view body) {
  broker::HttpRequest request;
  request.method = method;
  ASSAY_ASSIGN(request.url, broker::ParseForeignUrl(url));
  request.body = body;
  request.content_type = type;
  request.accept = "*/*";
  return client.Send(request);
}

Error Refusal(const std::string& name, const broker::HttpAnswer& answer) {
  const uint32_t status = answer.head.status;
  const bool redirects = status >= 300 && status < 400;
  return {Code::kUnavailable,
          fmt::format("{}: answered {}{}: {}", name, status,
                      redirects ? ", a redirect, which is not followed" : "",
                      Quote(Trim(AsText(answer.body)))),
          {},
          {},
          {},
          {}};
}

std::string FolderOf(std::string_view origin) {
  std::string out;
  for (const char c : origin) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-';
    out += plain ? c : '_';
  }
  return out + "-" + EncodeHex(proof::Sha256(AsBytes(origin))).substr(0, 8);
}

std::string NoteFileOf(uint64_t size) { return fmt::format("{:016}.note", size); }

Result<Sent> Send(const Place& place, ledger::Proofs& proofs, uint64_t known_size) {
  if (place.kind == Place::Kind::kHttp) return AskWitness(place, proofs, known_size);
  if (place.kind == Place::Kind::kPut) return PutNote(place, proofs);
  ASSAY_TRY(CopyToFolder(place, proofs));
  return Sent{};
}

Result<std::optional<std::string>> NewestInFolder(const std::filesystem::path& folder,
                                                  const std::string& origin) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error))
    return Fail(Code::kIo, folder.string() + ": no such folder");
  std::string newest;
  const auto ours = folder / FolderOf(origin);
  for (const auto& item : std::filesystem::directory_iterator(ours, error)) {
    const std::string name = item.path().filename().string();
    if (name.size() == NoteFileOf(0).size() && name.ends_with(".note"))
      newest = std::max(newest, name);
  }
  if (newest.empty()) return std::optional<std::string>();
  ASSAY_ASSIGN(const ByteVector bytes, ReadFile(ours / newest, kMaxAnswer));
  return std::optional(std::string(AsText(bytes)));
}

}  // namespace assay::anchor
