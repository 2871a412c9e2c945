#include "anchor/put.h"

#include <fmt/format.h>

#include "base/text.h"

namespace assay::anchor {
namespace {

constexpr char kNewest[] = "newest.note";

std::string UrlOf(const Place& place, const std::string& origin, const std::string& file) {
  return place.url + "/" + FolderOf(origin) + "/" + file;
}

Result<ReadBack> ReadAt(broker::HttpClient& client, const Place& place, const std::string& url) {
  ASSAY_ASSIGN(const broker::HttpAnswer answer, SendTo(client, "GET", url, {}, {}));
  ReadBack out;
  out.status = answer.head.status;
  switch (out.status) {
    case 200:
      out.state = ReadBack::State::kThere;
      out.note = AsText(answer.body);
      return out;
    case 404:
    case 410:
      return out;
    case 401:
    case 403:
    case 405:
    case 501:
      out.state = ReadBack::State::kUnreadable;
      return out;
  }
  return Fail(Refusal(place.Name(), answer));
}

bool IsTaken(const broker::HttpAnswer& answer) {
  const uint32_t status = answer.head.status;
  return status == 200 || status == 201 || status == 204;
}

Result<broker::HttpAnswer> PutAt(broker::HttpClient& client, const std::string& url,
                                 const std::string& note) {
  return SendTo(client, "PUT", url, "text/plain; charset=utf-8", note);
}

// What is there must be a head that this ledger grew from.
Status CheckGrownFrom(const Place& place, const std::string& note, ledger::Proofs& proofs) {
  const auto parsed = proof::ParseNote(note);
  const auto said = parsed ? proof::Checkpoint::Parse(parsed->text)
                           : Result<proof::Checkpoint>(Fail(parsed.error()));
  if (!said)
    return Fail(Code::kCorrupt, fmt::format("{}: what it has as {} is no checkpoint: {}",
                                            place.Name(), kNewest, said.error().message));
  if (said->size > proofs.head().size)
    return Fail(Code::kCorrupt,
                fmt::format("ROLLED BACK: {} has a head of {} entries, the newest one here has {}",
                            place.Name(), said->size, proofs.head().size));
  const auto opened = proofs.keys().Open(note);
  if (!opened)
    return Fail(Code::kCorrupt, fmt::format("{}: what it has as {} is not signed by this ledger",
                                            place.Name(), kNewest));
  ASSAY_ASSIGN(const Digest root, proofs.RootAt(TreeSize{opened->size}));
  if (root == opened->root) return {};
  return Fail(Code::kCorrupt,
              fmt::format("FORKED: {} has a signed head of {} entries of another history",
                          place.Name(), opened->size));
}

// A store that writes once refuses what is there already: right when that is the same.
Status CheckSame(broker::HttpClient& client, const Place& place, const std::string& url,
                 const std::string& note, const broker::HttpAnswer& refusal) {
  ASSAY_ASSIGN(const ReadBack there, ReadAt(client, place, url));
  if (there.state != ReadBack::State::kThere) return Fail(Refusal(place.Name(), refusal));
  const auto kept = proof::ParseNote(there.note);
  const auto ours = proof::ParseNote(note);
  if (kept && ours && kept->text == ours->text) return {};
  return Fail(Code::kCorrupt,
              fmt::format("FORKED: {} has another note under {} and does not replace it",
                          place.Name(), url.substr(place.url.size())));
}

Status PutNumbered(broker::HttpClient& client, const Place& place, const ledger::Proofs& proofs) {
  const std::string url = UrlOf(place, proofs.head().origin, NoteFileOf(proofs.head().size));
  ASSAY_ASSIGN(const broker::HttpAnswer answer, PutAt(client, url, proofs.note()));
  if (IsTaken(answer)) return {};
  if (answer.head.status == 409 || answer.head.status == 412)
    return CheckSame(client, place, url, proofs.note(), answer);
  return Fail(Refusal(place.Name(), answer));
}

Status PutNewest(broker::HttpClient& client, const Place& place, const ledger::Proofs& proofs) {
  ASSAY_ASSIGN(const broker::HttpAnswer answer,
               PutAt(client, UrlOf(place, proofs.head().origin, kNewest), proofs.note()));
  if (IsTaken(answer)) return {};
  Error refusal = Refusal(place.Name(), answer);
  refusal.message += fmt::format(" (to {}; the numbered note is there)", kNewest);
  refusal.hint = "let it be replaced there, with old versions kept: a monitor reads it";
  return Fail(std::move(refusal));
}

}  // namespace

Result<ReadBack> ReadNewest(const Place& place, const std::string& origin) {
  ASSAY_ASSIGN(const auto client, MakeClient(place.ca_file, place.network, place.timeout));
  return ReadAt(*client, place, UrlOf(place, origin, kNewest));
}

Result<Sent> PutNote(const Place& place, ledger::Proofs& proofs) {
  ASSAY_ASSIGN(const auto client, MakeClient(place.ca_file, place.network, place.timeout));
  ASSAY_ASSIGN(const ReadBack there,
               ReadAt(*client, place, UrlOf(place, proofs.head().origin, kNewest)));
  if (there.state == ReadBack::State::kThere) {
    ASSAY_TRY(CheckGrownFrom(place, there.note, proofs));
    if (there.note == proofs.note()) return Sent{};
  }
  ASSAY_TRY(PutNumbered(*client, place, proofs));
  if (there.state != ReadBack::State::kUnreadable) {
    ASSAY_TRY(PutNewest(*client, place, proofs));
    return Sent{};
  }
  return Sent{{},
              fmt::format("write-only (GET is answered {}): no monitor can compare with it, "
                          "and {} is not kept there",
                          there.status, kNewest)};
}

}  // namespace assay::anchor
