// A ledger that passes everything on to a real one, until the planted call: that one fails, and
// after it all others when the fault stays. Keeps what was acknowledged.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "ledger/absent.h"
#include "ledger/ledger.h"
#include "ledger/proofs.h"

namespace assay::testing {

enum class Call { kNone, kPutBody, kPutSegments, kAppend };

struct PlantedFault {
  Call call = Call::kNone;
  int at = 0;          ///< the how-manieth such call fails, from 1
  bool stays = false;  ///< nothing works any more after it
};

class BreakingLedger : public ledger::Ledger {
 public:
  BreakingLedger(ledger::Ledger& real, PlantedFault fault) : real_(real), fault_(fault) {}

  Result<ledger::BodyRef> PutBody(ByteSpan bytes,
                                  const std::vector<ledger::RecordRange>& records) override {
    if (Breaks(Call::kPutBody)) return Fail(Broken());
    return real_.PutBody(bytes, records);
  }
  Result<ledger::KeptBody> PutBody(ByteSpan bytes, const std::vector<ledger::RecordRange>& records,
                                   ledger::Keep keep) override {
    if (Breaks(Call::kPutBody)) return Fail(Broken());
    return real_.PutBody(bytes, records, keep);
  }
  Result<ledger::BodyRef> PutSegments(const std::vector<std::string>& segments) override {
    if (Breaks(Call::kPutSegments)) return Fail(Broken());
    return real_.PutSegments(segments);
  }
  ledger::PendingEntry Append(ledger::EntryDraft draft) override {
    if (Breaks(Call::kAppend)) return ledger::PendingEntry::Failed(Broken());
    const std::lock_guard lock(mutex_);
    const std::string kind = draft.kind;
    appended_.emplace_back(kind, real_.Append(std::move(draft)));
    return appended_.back().second;
  }
  Result<ledger::Head> Sync() override {
    if (Breaks(Call::kNone)) return Fail(Broken());
    return real_.Sync();
  }
  Result<std::string> SignCheckpoint() override {
    if (Breaks(Call::kNone)) return Fail(Broken());
    return real_.SignCheckpoint();
  }
  Result<ledger::Head> ReadHead() override { return real_.ReadHead(); }
  Result<std::string> ReadLine(LeafIndex index) override { return real_.ReadLine(index); }
  Status ReadLines(LeafIndex from, LeafIndex to,
                   const std::function<bool(LeafIndex, std::string_view)>& visit) override {
    return real_.ReadLines(from, to, visit);
  }
  Result<ByteVector> ReadBody(const Digest& root) override { return real_.ReadBody(root); }
  Result<std::vector<ByteVector>> ReadSegments(const Digest& root) override {
    return real_.ReadSegments(root);
  }
  Result<ledger::EntryBody> ReadEntryBody(LeafIndex index) override {
    return real_.ReadEntryBody(index);
  }
  Result<ledger::ErasureDone> Erase(const ledger::ErasureOrder& order,
                                    const std::vector<ledger::BodySegments>& bodies) override {
    return real_.Erase(order, bodies);
  }
  Result<LeafIndex> EraseTenant(const ledger::ErasureOrder& order,
                                const std::vector<std::string>& note) override {
    return real_.EraseTenant(order, note);
  }
  Result<std::vector<ledger::ExpiryDone>> Expire(const std::vector<ledger::RetentionRule>& rules,
                                                 const std::string& actor, bool dry_run) override {
    return real_.Expire(rules, actor, dry_run);
  }
  Status VisitBodies(const std::function<bool(const ledger::StoredBody&)>& visit) override {
    return real_.VisitBodies(visit);
  }
  Result<ledger::AbsenceBook> ReadAbsences() override { return real_.ReadAbsences(); }
  Result<ByteVector> SignText(std::string_view text) override { return real_.SignText(text); }
  Result<std::string> VerifierKey() override { return real_.VerifierKey(); }
  Result<std::string> LatestCheckpoint() override { return real_.LatestCheckpoint(); }
  Result<ledger::VerifyReport> Verify() override { return real_.Verify(); }
  Result<ledger::VerifyReport> VerifySince(const std::string& note) override {
    return real_.VerifySince(note);
  }
  std::string Fingerprint() const override { return real_.Fingerprint(); }
  std::vector<ledger::LedgerKey> Keys() const override { return real_.Keys(); }
  std::optional<Error> Fault() const override { return real_.Fault(); }
  ledger::PendingEntry AppendTimestamp(ledger::EntryDraft draft, ByteVector token) override {
    return real_.AppendTimestamp(std::move(draft), std::move(token));
  }
  Result<std::unique_ptr<ledger::Proofs>> OpenProofs() override { return real_.OpenProofs(); }
  Status VisitCheckpoints(
      const std::function<Status(TreeSize, const std::string&)>& visit) override {
    return real_.VisitCheckpoints(visit);
  }
  Result<std::vector<LeafIndex>> ReadLandmarks(std::string_view prefix) override {
    return real_.ReadLandmarks(prefix);
  }
  Result<ByteVector> ReadToken(const Digest& digest) override { return real_.ReadToken(digest); }

  int calls(Call call) const { return calls_[static_cast<size_t>(call)]; }
  /// Kind and fate of each entry that reached the real ledger, in order.
  std::vector<std::pair<std::string, ledger::PendingEntry>> appended() const {
    const std::lock_guard lock(mutex_);
    return appended_;
  }

 private:
  static Error Broken() { return Error{Code::kIo, "store: planted failure", {}, {}, {}, {}}; }
  bool Breaks(Call call) {
    const std::lock_guard lock(mutex_);
    const int number = ++calls_[static_cast<size_t>(call)];
    if (call == fault_.call && number == fault_.at && call != Call::kNone) {
      broken_ = fault_.stays;
      return true;
    }
    return broken_;
  }

  ledger::Ledger& real_;
  const PlantedFault fault_;
  mutable std::mutex mutex_;
  bool broken_ = false;
  int calls_[4] = {};
  std::vector<std::pair<std::string, ledger::PendingEntry>> appended_;
};

}  // namespace assay::testing
