#include "anchor/send.h"

#include <fmt/format.h>

#include <charconv>

#include "base/files.h"
#include "base/text.h"
#include "ledger/line.h"

namespace assay::anchor {
namespace {

constexpr size_t kMaxSentFile = 1u << 20;

/// "<seconds> <name of the place>", one a line.
using SentTimes = std::map<std::string, int64_t>;

SentTimes ReadSent(const std::filesystem::path& file) {
  SentTimes out;
  const auto bytes = ReadFile(file, kMaxSentFile);
  if (!bytes) return out;
  for (std::string_view line : Split(AsText(*bytes), '\n')) {
    const size_t space = line.find(' ');
    int64_t seconds = 0;
    if (space == std::string_view::npos ||
        std::from_chars(line.data(), line.data() + space, seconds).ec != std::errc())
      continue;
    out[std::string(line.substr(space + 1))] = seconds;
  }
  return out;
}

Status WriteSent(const std::filesystem::path& file, const SentTimes& sent) {
  if (file.empty()) return {};
  std::string text;
  for (const auto& [name, seconds] : sent) text += fmt::format("{} {}\n", seconds, name);
  return WriteFileDurably(file, AsBytes(text));
}

bool IsDue(const Place& place, const SentTimes& sent, int64_t now) {
  const auto last = sent.find(place.Name());
  return last == sent.end() || last->second > now || now - last->second >= place.every.count();
}

Status Keep(ledger::Ledger& ledger, const Place& place, uint64_t size,
            const proof::Cosignature& cosignature) {
  ledger::EntryDraft draft{"checkpoint.cosigned",
                           "engine",
                           {{"size", size}, {"line", cosignature.line}, {"vkey", place.vkey}},
                           {}};
  ASSAY_TRY(ledger.AppendDurably(std::move(draft)));
  return {};
}

}  // namespace

Result<uint64_t> NewestCosigned(ledger::Ledger& ledger, const std::string& vkey) {
  ASSAY_ASSIGN(const auto landmarks, ledger.ReadLandmarks("checkpoint.cosigned"));
  for (auto at = landmarks.rbegin(); at != landmarks.rend(); ++at) {
    ASSAY_ASSIGN(const std::string line, ledger.ReadLine(*at));
    ASSAY_ASSIGN(const ledger::LineFacts facts, ledger::ParseLine(line));
    const auto said = proof::TextAt(facts.members, "vkey");
    const auto size = proof::IntegerAt(facts.members, "size");
    if (said && size && *said == vkey) return static_cast<uint64_t>(*size);
  }
  return uint64_t{0};
}

Result<std::vector<Outcome>> SendCheckpoint(ledger::Ledger& ledger,
                                            const std::vector<Place>& places,
                                            const SendOptions& options) {
  std::vector<Outcome> out;
  if (places.empty()) return out;
  ASSAY_ASSIGN(const auto proofs, ledger.OpenProofs());
  SentTimes sent = ReadSent(options.sent_file);
  const int64_t now = ToUnixMs(options.clock->Now()) / 1000;
  for (const Place& place : places) {
    Outcome outcome{place.Name(), true, proofs->head().size, {}, {}, {}};
    if (options.only_due && !IsDue(place, sent, now)) {
      outcome.due = false;
      out.push_back(std::move(outcome));
      continue;
    }
    ASSAY_ASSIGN(const uint64_t known, NewestCosigned(ledger, place.vkey));
    auto answer = Send(place, *proofs, known);
    if (answer) {
      outcome.cosignatures = std::move(answer->cosignatures);
      outcome.remark = std::move(answer->remark);
      sent[place.Name()] = now;
      for (const proof::Cosignature& cosignature : outcome.cosignatures)
        if (proofs->note().find(cosignature.line + "\n") == std::string::npos)
          ASSAY_TRY(Keep(ledger, place, outcome.size, cosignature));
    } else {
      outcome.error = std::move(answer.error());
    }
    out.push_back(std::move(outcome));
  }
  // Not kept: the place is asked again too early, no more.
  if (Status written = WriteSent(options.sent_file, sent); !written)
    out.push_back({options.sent_file.string(), true, proofs->head().size, {}, written.error(), {}});
  return out;
}

}  // namespace assay::anchor
