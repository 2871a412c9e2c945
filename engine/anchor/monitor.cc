#include "anchor/monitor.h"

#include <fmt/format.h>

#include "anchor/put.h"
#include "anchor/send.h"
#include "ledger/checkpoint_log.h"
#include "ledger/line.h"

namespace assay::anchor {
namespace {

// The word that a message of kCorrupt begins with ("FORKED: ...", "ledger.db: TRUNCATED, ...").
std::string WordOf(const std::string& message) {
  for (const char* word : {"TRUNCATED", "ROLLED BACK", "FORKED"})
    if (message.find(word) != std::string::npos) return word;
  return "DAMAGED";
}

class Round {
 public:
  explicit Round(const MonitorInput& input) : in_(input) {}

  MonitorReport Run() {
    auto opened = ledger::Ledger::OpenReadOnly(in_.ledger);
    if (!opened) return Damaged("ledger.db", opened.error());
    ledger_ = std::move(*opened);
    auto proofs = ledger_->OpenProofs();
    if (!proofs) return Damaged("ledger.db", proofs.error());
    proofs_ = std::move(*proofs);
    report_.size = proofs_->head().size;
    CheckClock();
    CheckLog();
    for (const Place& place : in_.places) CheckPlace(place);
    for (const auto& [name, note] : in_.notes) {
      Compare(name, note, "ROLLED BACK");
      report_.compared.push_back(name);
    }
    return std::move(report_);
  }

 private:
  MonitorReport Damaged(const std::string& place, const Error& error) {
    if (error.code == Code::kCorrupt)
      Find(WordOf(error.message), place, error.ToString());
    else
      report_.unreached.emplace_back(place, error);
    return std::move(report_);
  }
  void Find(std::string word, std::string place, std::string message) {
    report_.findings.push_back({std::move(word), std::move(place), std::move(message)});
  }
  int64_t Now() const { return ToUnixMs(in_.clock->Now()) / 1000; }

  // The newest entry must not be of a time that has not come.
  void CheckClock() {
    const auto line = ledger_->ReadLine(LeafIndex{report_.size - 1});
    const auto facts = line ? ledger::ParseLine(*line) : Fail(line.error());
    if (!facts) return Find("DAMAGED", "ledger.db", facts.error().ToString());
    const int64_t ahead = ToUnixMs(facts->time) / 1000 - Now();
    if (ahead > kClockTolerance.count())
      Find("FUTURE", fmt::format("entry {}", facts->index),
           fmt::format("its time {} is {} s ahead of this clock", FormatTime(facts->time), ahead));
  }

  void CheckLog() {
    const ledger::CheckpointLog log(in_.ledger.directory / "checkpoints.log");
    const auto content = log.Read();
    if (!content) {
      report_.unreached.emplace_back("checkpoints.log", content.error());
      return;
    }
    if (content->notes.empty())
      Find("TRUNCATED", "checkpoints.log", "the log is empty or missing and the ledger is not");
    for (const std::string& note : content->notes) Compare("checkpoints.log", note, "TRUNCATED");
    report_.compared.emplace_back("checkpoints.log");
  }

  void CheckPlace(const Place& place) {
    const size_t before = report_.findings.size();
    Status asked;
    if (place.kind == Place::Kind::kFile)
      asked = CheckFolder(place);
    else if (place.kind == Place::Kind::kHttp)
      asked = CheckWitness(place);
    else
      asked = CheckPut(place);
    if (!asked && asked.error().code == Code::kCorrupt)
      Find(WordOf(asked.error().message), place.Name(), asked.error().ToString());
    else if (!asked)
      report_.unreached.emplace_back(place.Name(), asked.error());
    if (asked || report_.findings.size() != before) report_.compared.push_back(place.Name());
  }

  Status CheckFolder(const Place& place) {
    ASSAY_ASSIGN(const auto note, NewestInFolder(place.folder, proofs_->head().origin));
    if (!note) return NothingThere(place);
    Compare(place.Name(), *note, "ROLLED BACK");
    return {};
  }

  Status CheckPut(const Place& place) {
    ASSAY_ASSIGN(const ReadBack there, ReadNewest(place, proofs_->head().origin));
    if (there.state == ReadBack::State::kNothing) return NothingThere(place);
    if (there.state == ReadBack::State::kUnreadable)
      return Fail(Error{Code::kUnavailable,
                        fmt::format("{}: write-only (GET is answered {}): it cannot be told "
                                    "whether it knows a later head",
                                    place.Name(), there.status),
                        {},
                        "let this machine read there, or compare a note from there by hand: "
                        "assay ledger monitor --note FILE",
                        {},
                        {}});
    Compare(place.Name(), there.note, "ROLLED BACK");
    return {};
  }

  static tl::unexpected<Error> NothingThere(const Place& place) {
    return Fail(Error{Code::kUnavailable,
                      place.Name() + ": has no note of this ledger: never sent, or removed there",
                      {},
                      "send the newest checkpoint: assay ledger witness",
                      {},
                      {}});
  }

  Status CheckWitness(const Place& place) {
    ASSAY_ASSIGN(const uint64_t known, NewestCosigned(*ledger_, place.vkey));
    ASSAY_ASSIGN(const Sent sent, Send(place, *proofs_, known));
    for (const proof::Cosignature& cosignature : sent.cosignatures)
      CheckTime(place.Name(), cosignature);
    return {};
  }

  void CheckTime(const std::string& place, const proof::Cosignature& cosignature) {
    const int64_t ahead = static_cast<int64_t>(cosignature.time) - Now();
    if (ahead > kClockTolerance.count())
      Find("FUTURE", place,
           fmt::format("the cosignature of {} is of a time {} s ahead of this clock",
                       Quote(cosignature.name), ahead));
  }

  // A note from elsewhere against the tree that is here. `word` says what it means that the note
  // knows more entries than the ledger.
  void Compare(const std::string& place, const std::string& note, const char* word) {
    const auto parsed = proof::ParseNote(note);
    const auto said = parsed ? proof::Checkpoint::Parse(parsed->text) : Fail(parsed.error());
    if (!said) return Find("DAMAGED", place, said.error().ToString());
    if (said->size > report_.size) return Beyond(place, note, *said, word);
    const auto opened = proofs_->keys().Open(note);
    if (!opened) return Find("UNKNOWN KEY", place, opened.error().ToString());
    const auto root = proofs_->RootAt(TreeSize{opened->size});
    if (!root) return Find("DAMAGED", "ledger.db", root.error().ToString());
    if (*root != opened->root)
      Find("FORKED", place,
           fmt::format("has a signed head of {} entries of another history", opened->size));
    CheckTimes(place, *parsed);
  }

  void Beyond(const std::string& place, const std::string& note, const proof::Checkpoint& said,
              const char* word) {
    // A later key is known to the lost entries only; a note under it is believed as little or as
    // much as one under ours, and is said either way.
    const bool ours = proofs_->keys().Open(note).has_value();
    Find(word, place,
         fmt::format("has a head of {} entries{}, the newest one here has {}", said.size,
                     ours ? "" : ", under a key that this ledger does not know", report_.size));
  }

  void CheckTimes(const std::string& place, const proof::Note& note) {
    for (const Place& witness : in_.places) {
      const auto cosigner = proof::Cosigner::Parse(witness.vkey);
      if (!cosigner) continue;
      const auto found = proof::FindCosignatures(note, *cosigner);
      if (!found) Find("DAMAGED", place, found.error().ToString());
      for (const auto& cosignature : found.value_or(std::vector<proof::Cosignature>{}))
        CheckTime(place, cosignature);
    }
  }

  const MonitorInput& in_;
  std::unique_ptr<ledger::Ledger> ledger_;
  std::unique_ptr<ledger::Proofs> proofs_;
  MonitorReport report_;
};

}  // namespace

MonitorReport Monitor(const MonitorInput& input) { return Round(input).Run(); }

}  // namespace assay::anchor
