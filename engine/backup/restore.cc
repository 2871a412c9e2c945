#include "backup/restore.h"

#include <fmt/format.h>

#include "backup/replay.h"
#include "backup/signer.h"
#include "backup/staging.h"
#include "backup/target.h"
#include "backup/verify.h"
#include "ledger/chain.h"
#include "ledger/copy.h"
#include "ledger/epoch.h"
#include "ledger/key_files.h"
#include "ledger/rebuild.h"
#include "ledger/sqlite_store.h"
#include "ledger/verify.h"

namespace assay::backup {
namespace {

namespace fs = std::filesystem;

Error KeyRefusal(const std::string& what, const std::string& why) {
  return Error{Code::kDenied,
               "restoring needs the " + what + ": " + why,
               {},
               "only the owner of the ledger restores it: put the key where the configuration says",
               {},
               {}}
      .Id("AS-BAK-001");
}

fs::path KeysFileFor(const RestoreRequest& request) {
  // The state in place is the newest: a key that was destroyed there stays destroyed.
  const fs::path in_place = request.in_place.ledger.directory / "keys.db";
  std::error_code ignored;
  return fs::exists(in_place, ignored) ? in_place : KeysFileBeside(request.backup);
}

class Restoring {
 public:
  explicit Restoring(const RestoreRequest& request)
      : in_(request), keys_file_(KeysFileFor(request)) {}

  Result<Restored> Run() {
    const auto start = std::chrono::steady_clock::now();
    const std::string own_key = fs::path(in_.in_place.ledger.ledger_key_file).filename();
    if (!in_.scratch) ASSAY_TRY(Staging::CheckFree(in_.to, own_key));
    ASSAY_TRY(CheckKeyFiles());
    ASSAY_TRY(VerifySource());
    ASSAY_TRY(CheckTenantKeys());
    ASSAY_ASSIGN(Staging staging, Staging::Make(fs::absolute(in_.to)));
    folder_ = staging.path();
    ASSAY_TRY(Rebuild());
    if (!in_.scratch) {
      ASSAY_TRY(Compare());
      if (out_.loss) ASSAY_TRY(GoOn());
    }
    ASSAY_TRY(VerifyResult());
    if (!in_.scratch) ASSAY_TRY(staging.Publish(own_key));
    out_.took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - start);
    return std::move(out_);
  }

 private:
  Status CheckKeyFiles() const {
    const auto key = ledger::LoadLedgerKey(in_.in_place.ledger.ledger_key_file, false);
    if (!key) return Fail(KeyRefusal("ledger key", key.error().message));
    const auto master = ledger::OpenMasterKey(in_.in_place.ledger.master_key_file, false);
    if (!master) return Fail(KeyRefusal("master key", master.error().message));
    return {};
  }

  Status VerifySource() {
    Verified verified =
        VerifyBackup(in_.backup, {{}, in_.in_place.ledger.master_key_file, keys_file_});
    if (!verified.ok && verified.place == "keys.db")
      return Fail(KeyRefusal("master key", verified.message));
    if (!verified.ok)
      return Fail(Code::kCorrupt, in_.backup.string() + ": backup does not verify: " +
                                      verified.place + ": " + verified.message);
    out_.manifest = std::move(*verified.manifest);
    if (out_.manifest.tenant != in_.in_place.ledger.tenant.text())
      return Fail(Code::kInvalidInput,
                  in_.backup.string() + ": is of tenant " + Quote(out_.manifest.tenant));
    const auto key =
        ledger::FindLedgerKey(in_.in_place.ledger.ledger_key_file, out_.manifest.signer.key);
    return key ? Status{} : Fail(KeyRefusal("ledger key", key.error().message));
  }

  // Without them no body opens and none can be added: there is nothing to go on with.
  Status CheckTenantKeys() const {
    ASSAY_ASSIGN(const auto store,
                 ledger::OpenSqliteStore(in_.backup, ledger::StoreMode::kRead, keys_file_));
    ASSAY_ASSIGN(const auto keys, store->ReadKeys());
    if (keys.contains("seal")) return {};
    Error refusal = KeyRefusal("tenant keys", keys_file_.string() +
                                                  " holds none: they were "
                                                  "destroyed, and no backup of any age opens");
    refusal.hint = "assay verify still checks lines, tree and signatures of the backup";
    return Fail(std::move(refusal));
  }

  Result<uint64_t> SizeWanted() const {
    const uint64_t size = in_.to_size.value_or(out_.manifest.size);
    if (size >= 2 && size <= out_.manifest.size) return size;
    return Fail(Code::kInvalidInput, fmt::format("--to-size {}: this backup has any from 2 to {}",
                                                 size, out_.manifest.size));
  }

  Status Rebuild() {
    ASSAY_ASSIGN(const uint64_t size, SizeWanted());
    ASSAY_TRY(ledger::RebuildEntries(in_.backup, folder_, size));
    ASSAY_TRY(ledger::RebuildBodies(in_.backup, folder_));
    std::error_code ignored;
    if (fs::exists(keys_file_, ignored)) {
      ASSAY_TRY(ledger::CopyDatabase(keys_file_, folder_ / "keys.db"));
      ASSAY_TRY(ledger::MakeLive(folder_ / "keys.db"));
    }
    ASSAY_ASSIGN(const auto store, ledger::OpenSqliteStore(folder_, ledger::StoreMode::kRead));
    ASSAY_ASSIGN(const ledger::Chain chain,
                 ledger::Chain::Load(*store, in_.in_place.ledger.tenant));
    out_.head = chain.head();
    if (size == out_.manifest.size && out_.head.root != out_.manifest.root)
      return Fail(Code::kCorrupt, in_.backup.string() + ": rebuilt entries have another root");
    ASSAY_ASSIGN(const std::string line, ledger::ReadOneLine(*store, size - 1));
    ASSAY_ASSIGN(const ledger::LineFacts facts, ledger::ParseLine(line));
    out_.newest = facts.time;
    return {};
  }

  // The keys of the backup, of the ledger in place and of the key file: a note of the lost part may
  // be signed by a later key.
  Result<Signer> WhoSigns() const {
    Signer out{out_.manifest.origin, {}};
    for (const fs::path& folder : {in_.backup, in_.in_place.ledger.directory}) {
      const auto store = ledger::OpenSqliteStore(folder, ledger::StoreMode::kRead);
      if (!store) {
        ASSAY_TRY(UnlessAbsent(folder, store.error()));
        continue;
      }
      const auto history = HistoryOf(**store);
      if (!history) ASSAY_TRY(UnlessUnread(history.error()));
      if (!history || history->origin() != out.origin) continue;
      for (const proof::KeyStep& step : history->steps()) out.keys.push_back(step.verifier.key);
    }
    ASSAY_ASSIGN(const auto key, ledger::LoadLedgerKey(in_.in_place.ledger.ledger_key_file, false));
    out.keys.push_back(key.public_key());
    return out;
  }

  // Everything that is known outside, and the rest of the backup itself.
  Status Compare() {
    ASSAY_ASSIGN(const Signer signer, WhoSigns());
    for (const fs::path& folder : {in_.in_place.ledger.directory, in_.backup}) {
      ASSAY_ASSIGN(const std::vector<KnownHead> heads, ReadKnownInPlace(folder, signer));
      known_.insert(known_.end(), heads.begin(), heads.end());
    }
    for (const fs::path& file : in_.known) {
      ASSAY_ASSIGN(const std::vector<KnownHead> heads, ReadKnownFile(file, signer));
      known_.insert(known_.end(), heads.begin(), heads.end());
    }
    ASSAY_ASSIGN(const auto store, ledger::OpenSqliteStore(folder_, ledger::StoreMode::kRead));
    const uint64_t size = ToNumber(out_.head.size);
    ASSAY_ASSIGN(std::optional<KnownHead> lost, FindLostHead(*store, size, known_));
    if (lost) out_.loss = Loss{size, std::move(*lost)};
    ASSAY_TRY(TakeUnsignedTail(size));
    if (!out_.loss || (in_.accept_loss && in_.accept_loss(*out_.loss))) return {};
    return Fail(Error{
        Code::kDenied,
        fmt::format("{} entries are missing: restored {}, known {} ({})", out_.loss->Entries(),
                    size, out_.loss->known.size, out_.loss->known.where),
        {},
        "--accept-loss goes on as a new epoch that says so",
        {},
        {}}.Id("AS-BAK-002"));
  }

  static Status UnlessAbsent(const fs::path& folder, const Error& error) {
    std::error_code ignored;
    return fs::exists(folder / "ledger.db", ignored) ? UnlessUnread(error) : Status{};
  }

  /// Entries of the ledger in place; none when there is no ledger, or a broken one.
  Result<std::optional<ledger::StoredHead>> HeadInPlace() const {
    const fs::path folder = in_.in_place.ledger.directory;
    const auto store = ledger::OpenSqliteStore(folder, ledger::StoreMode::kRead);
    if (!store) {
      ASSAY_TRY(UnlessAbsent(folder, store.error()));
      return std::optional<ledger::StoredHead>();
    }
    auto head = (*store)->ReadHead();
    if (head) return head;
    ASSAY_TRY(UnlessUnread(head.error()));
    return std::optional<ledger::StoredHead>();
  }

  // Entries in place after the newest signed head: nobody outside has seen them, but an erasure may
  // be among them.
  Status TakeUnsignedTail(uint64_t size) {
    ASSAY_ASSIGN(const std::optional<ledger::StoredHead> head, HeadInPlace());
    const uint64_t seen = out_.loss ? out_.loss->known.size : size;
    if (head && head->size > seen)
      out_.loss = Loss{size, {head->size, head->root, {}, "ledger in place, not signed"}};
    return {};
  }

  /// Where entries after the restored ones can be read: in place, or in the rest of the backup.
  Result<fs::path> LongerLedger() const {
    ASSAY_ASSIGN(const std::optional<ledger::StoredHead> head, HeadInPlace());
    const bool longer = head && head->size >= out_.manifest.size;
    return longer ? in_.in_place.ledger.directory : in_.backup;
  }

  Status GoOn() {
    const uint64_t size = ToNumber(out_.head.size);
    ASSAY_ASSIGN(const fs::path longer, LongerLedger());
    ASSAY_ASSIGN(const Replay replay, ReplayErasures(longer, folder_, size));
    std::vector<std::string> notes;
    for (const KnownHead& head : known_)
      if (head.size > size) notes.push_back(head.note);
    ledger::OpenOptions options = in_.in_place.ledger;
    options.directory = folder_;
    options.create = false;
    options.run_lease_holder = "assay backup restore";
    ASSAY_TRY(
        ledger::StartEpoch(options, {.reason = "restored", .known_notes = notes, .always = true}));
    out_.replayed = replay.entries.size();
    if (replay.entries.empty()) return {};
    {
      ASSAY_ASSIGN(const auto ledger, ledger::Ledger::Open(options));
      ASSAY_TRY(RecordReplay(*ledger, replay));
    }
    // The ledger in place may have stopped between an entry and what it orders.
    options.carry_out_all_erasures = true;
    ASSAY_TRY(ledger::Ledger::Open(options));
    return {};
  }

  Status VerifyResult() {
    ledger::OpenOptions options = in_.in_place.ledger;
    options.directory = folder_;
    options.create = false;
    ASSAY_ASSIGN(const auto ledger, ledger::Ledger::OpenReadOnly(options));
    ASSAY_ASSIGN(out_.report, ledger->Verify());
    if (out_.report.ok) return {};
    return Fail(Code::kCorrupt, "the restored ledger does not verify: " + out_.report.place + ": " +
                                    out_.report.message);
  }

  const RestoreRequest& in_;
  const fs::path keys_file_;
  fs::path folder_;
  std::vector<KnownHead> known_;
  Restored out_;
};

}  // namespace

Result<Restored> Restore(const RestoreRequest& request) { return Restoring(request).Run(); }

}  // namespace assay::backup
