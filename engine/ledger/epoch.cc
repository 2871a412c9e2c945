#include "ledger/epoch.h"

#include "ledger/given_up.h"
#include "ledger/high_water.h"
#include "ledger/opening.h"
#include "ledger/seal.h"

namespace assay::ledger {
namespace {

// The lost part may have brought a key: whatever lies beside this ledger as its key file counts.
std::vector<proof::PublicKey> KeysAtHand(const OpenOptions& options) {
  std::vector<proof::PublicKey> out;
  for (const auto& path :
       {std::filesystem::path(options.ledger_key_file), NextKeyPath(options.ledger_key_file)})
    if (const auto key = LoadLedgerKey(path, false)) out.push_back(key->public_key());
  return out;
}

EpochOutcome Describe(const Parts& parts, const Chain& chain, const std::vector<KnownHead>& lost) {
  EpochOutcome out;
  out.epoch = chain.epoch() + 1;
  out.name = proof::EpochName(parts.history.origin(), out.epoch);
  out.size = chain.size();
  out.notes = lost.size();
  if (lost.empty()) return out;
  out.known_size = lost.back().checkpoint.size;
  out.known_root = lost.back().checkpoint.root;
  out.lost = out.known_size > out.size ? out.known_size - out.size : 0;
  return out;
}

// The lost checkpoints, each a segment; none when there are none.
Result<std::optional<BodyRef>> PutNotes(Parts& parts, uint32_t epoch,
                                        const std::vector<KnownHead>& lost) {
  if (lost.empty()) return std::optional<BodyRef>();
  std::vector<ByteSpan> segments;
  for (const KnownHead& head : lost) segments.push_back(AsBytes(head.note));
  const Digest ident = IdentOfSegments(*parts.keys, segments);
  ASSAY_ASSIGN(const SealedBody body,
               SealSegments({parts.options.tenant, epoch, *parts.keys}, segments, ident));
  ASSAY_ASSIGN(std::vector<BodyRef> refs,
               parts.store->PutBodies(MonthOf(parts.options.clock->Now()), {&body}));
  return std::optional(std::move(refs.front()));
}

Status AppendStart(Parts& parts, Chain& chain, const EpochRequest& request,
                   const EpochOutcome& outcome, std::optional<BodyRef> body) {
  const proof::Verifier verifier{outcome.name, parts.history.Newest()->verifier.key};
  const EntryDraft draft{"epoch.started",
                         request.actor,
                         {{"reason", request.reason},
                          {"known_size", outcome.known_size},
                          {"known_root", EncodeBase64(outcome.known_root)},
                          {"lost", outcome.lost},
                          {"vkey", verifier.Encode()}},
                         std::move(body)};
  ASSAY_ASSIGN(const PreparedLine fragments, PrepareLine(draft));
  ASSAY_TRY(parts.store->TakeLease());
  Group group;
  group.first_index = chain.size();
  (void)chain.Append(fragments.text, fragments.shape, parts.options.clock->Now(), group);
  group.head = chain.ToStored();
  return parts.store->AppendGroup(group);
}

// The newest head of the log when it is of exactly this tree and the database lacks it: its last
// commit, which held no entry, is lost.
Status PutBackHead(Parts& parts, const Chain& chain) {
  ASSAY_ASSIGN(const CheckpointLog::Content end, parts.Log().ReadEnd());
  ASSAY_ASSIGN(const std::vector<StoredNote> newest, parts.store->NewestNotes(1));
  if (end.notes.empty()) return {};
  const uint64_t previous = newest.empty() ? 0 : newest[0].size;
  const auto mark = parts.history.OpenNote(end.notes.back(), previous);
  if (!mark || mark->size != chain.size() || previous == mark->size) return {};
  ASSAY_TRY(parts.store->TakeLease());
  return parts.store->AppendNote({mark->size, end.notes.back()});
}

// Every head that is known is contained: the log itself may be old, cut or gone.
Status PutLogRight(Parts& parts, const Chain& chain) {
  ASSAY_TRY(PutBackHead(parts, chain));
  CheckpointLog log = parts.Log();
  if (CompareWithLog(*parts.store, log, parts.history)) return {};
  return RewriteLog(*parts.store, log);
}

// A write-ahead log that lost commits stops every opening until somebody accepts that.
Result<WriteOpening> OpenAfterLoss(const OpenOptions& options, const EpochRequest& request,
                                   bool& gave_up) {
  auto opening = OpenUncompared(options);
  if (opening) {
    // One that was cut short before its epoch goes on.
    Status given_up = CheckGivenUp(options.directory, opening->chain.epoch());
    if (!given_up && request.dry_run) return Fail(std::move(given_up.error()));
    gave_up = !given_up.has_value();
    return opening;
  }
  if (request.dry_run || opening.error().id != "AS-LED-006") return opening;
  ASSAY_TRY(GiveUpMarks(options.directory));
  gave_up = true;
  return OpenUncompared(options);
}

Status CheckReason(const EpochRequest& request) {
  if (request.reason == "accepted_loss" || request.reason == "restored") return {};
  return Fail(Code::kInvalidInput, "epoch: reason " + Quote(request.reason) + " is not known");
}

}  // namespace

Result<EpochOutcome> StartEpoch(const OpenOptions& options, const EpochRequest& request) {
  ASSAY_TRY(CheckReason(request));
  EpochOutcome outcome;
  {
    bool gave_up = false;
    ASSAY_ASSIGN(WriteOpening opening, OpenAfterLoss(options, request, gave_up));
    auto& [parts, chain] = opening;
    if (parts.is_new())
      return Fail(Code::kNotFound, options.directory.string() + ": holds no entry yet");
    // An epoch that was cut short after its entry is finished, not followed by another one.
    CheckpointLog log = parts.Log();
    if (!request.dry_run) (void)CompareWithLog(*parts.store, log, parts.history);
    ASSAY_ASSIGN(const std::vector<KnownHead> lost,
                 FindLost(*parts.store, parts.Log(), parts.history, KeysAtHand(options),
                          request.known_notes));
    outcome = Describe(parts, chain, lost);
    const bool wanted = !lost.empty() || request.always || gave_up;
    if (!wanted) outcome.epoch = chain.epoch();
    if (request.dry_run) return outcome;
    if (wanted) {
      if (lost.empty()) {
        outcome.known_size = chain.size();
        outcome.known_root = chain.head().root;
      }
      ASSAY_ASSIGN(std::optional<BodyRef> body, PutNotes(parts, outcome.epoch, lost));
      ASSAY_TRY(AppendStart(parts, chain, request, outcome, std::move(body)));
      outcome.started = true;
    } else {
      ASSAY_TRY(PutLogRight(parts, chain));
    }
  }
  // Opening finishes it: the log, the first head, as after a crash at this point.
  ASSAY_TRY(Ledger::Open(options));
  return outcome;
}

}  // namespace assay::ledger
