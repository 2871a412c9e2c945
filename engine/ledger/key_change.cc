#include "ledger/key_change.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/files.h"
#include "ledger/opening.h"
#include "proof/body.h"

namespace assay::ledger {
namespace {

namespace fs = std::filesystem;

// A second name for the file, made before anything else so that no crash loses it.
Status KeepFile(const fs::path& path, const fs::path& kept) {
  if (::link(path.c_str(), kept.c_str()) != 0 && errno != EEXIST)
    return Fail(ErrnoError(kept.string()));
  return SyncDirectory(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

// A ledger that lost a rotation is signed by a kept key. The one in the file's place is of the lost
// part: whoever finds that again will need it.
Status KeepForeignKey(const fs::path& path, const proof::PublicKey& in_force) {
  const auto main = LoadLedgerKey(path, false);
  if (!main || main->public_key() == in_force) return {};
  return KeepFile(path, KeptKeyPath(path, main->public_key()));
}

Result<EntryDraft> DraftRotation(const proof::Verifier& from, const proof::SigningKey& old_key,
                                 const proof::SigningKey& new_key, const std::string& actor) {
  const proof::Verifier to{from.name, new_key.public_key()};
  const std::string statement = proof::RotationStatement(from, to);
  ASSAY_ASSIGN(const proof::Signature by_old, old_key.Sign(AsBytes(statement)));
  ASSAY_ASSIGN(const proof::Signature by_new, new_key.Sign(AsBytes(statement)));
  return EntryDraft{"key.rotated",
                    actor,
                    {{"algorithm", "ed25519"},
                     {"fingerprint", proof::FingerprintOf(to.key)},
                     {"previous", proof::FingerprintOf(from.key)},
                     {"signature_new", EncodeBase64(by_new)},
                     {"signature_old", EncodeBase64(by_old)},
                     {"vkey", to.Encode()}},
                    {}};
}

// Opening finishes what was begun. Another process that took the lease in between does it as well.
Status FinishByOpening(const OpenOptions& options) {
  const auto opened = Ledger::Open(options);
  if (opened || opened.error().id == "AS-LED-001") return {};
  return Fail(opened.error());
}

// Tenant keys under another master key, in the form of keys.db.
Result<std::map<std::string, ByteVector>> WrapAll(const TenantKeys& keys, const MasterKey& master,
                                                  const TenantId& tenant) {
  std::map<std::string, ByteVector> out;
  const auto wrap = [&](const std::string& name, const proof::SecretKey& key) -> Status {
    ASSAY_ASSIGN(out[name], master.Wrap(proof::TenantKeyAad(tenant.text(), name), key.bytes()));
    return {};
  };
  ASSAY_TRY(wrap("index", keys.index));
  ASSAY_TRY(wrap(keys.seal_name, keys.seal));
  for (size_t age = 0; age < keys.older.size(); ++age)
    ASSAY_TRY(
        wrap(SealKeyName(static_cast<uint32_t>(keys.older.size() - 1 - age)), keys.older[age]));
  return out;
}

// The master key to come: the one that an earlier call made, else a new one, durable before use.
Result<std::unique_ptr<MasterKey>> MakeNextMaster(const std::string& path) {
  auto made = OpenMasterKey(path, false);
  if (made || made.error().code != Code::kNotFound) return made;
  proof::SecretBytes raw;
  ASSAY_ASSIGN(auto key, MakeMasterKey(raw));
  ASSAY_TRY(RemoveHalfMade(path));
  if (Status written = WriteFileDurably(path, raw.span(), 0600); !written)
    return Fail(std::move(written.error())
                    .Hint("a new key is made beside the old one: the folder "
                          "must be writable; credentials of a service "
                          "manager are changed there, not here"));
  return key;
}

Status CheckOneFile(const std::vector<OpenOptions>& ledgers) {
  if (ledgers.empty()) return Fail(Code::kInvalidInput, "master key: no ledger to rewrap");
  for (const OpenOptions& one : ledgers)
    if (one.master_key_file != ledgers.front().master_key_file)
      return Fail(Code::kInvalidInput, "master key: the ledgers name different files, " +
                                           ledgers.front().master_key_file + " and " +
                                           one.master_key_file);
  return {};
}

Result<bool> Rewrap(WriteOpening opening, const MasterKey& next) {
  Parts& parts = opening.parts;
  if (parts.new_master == next.id()) return false;  // by a call that was cut short
  ASSAY_ASSIGN(const auto wrapped, WrapAll(*parts.keys, next, parts.options.tenant));
  ASSAY_TRY(parts.store->WriteKeys(wrapped));
  return true;
}

}  // namespace

Result<LedgerRotation> RotateLedgerKey(const OpenOptions& options, bool keep_old,
                                       const std::string& actor) {
  const fs::path path = options.ledger_key_file;
  ASSAY_ASSIGN(auto ledger, Ledger::Open(options));
  const LedgerKey newest = ledger->Keys().back();
  ASSAY_ASSIGN(const proof::Verifier from, proof::Verifier::Parse(newest.vkey));
  ASSAY_ASSIGN(const LedgerKeyFiles files, FindLedgerKey(path, from.key));
  LedgerRotation out{newest.fingerprint, {}, {}, {}};
  ASSAY_TRY(KeepForeignKey(path, from.key));
  if (keep_old) {
    out.kept = KeptKeyPath(path, from.key).string();
    ASSAY_TRY(KeepFile(path, out.kept));
  }
  ASSAY_ASSIGN(const proof::SigningKey next, proof::SigningKey::Generate());
  out.to = proof::FingerprintOf(next.public_key());
  ASSAY_TRY(RemoveHalfMade(NextKeyPath(path)));
  ASSAY_TRY(StoreLedgerKey(NextKeyPath(path), next));
  ASSAY_ASSIGN(const EntryDraft draft, DraftRotation(from, files.current, next, actor));
  ASSAY_ASSIGN(const Appended appended, ledger->AppendDurably(draft));
  out.index = appended.index;
  ledger.reset();
  ASSAY_TRY(FinishByOpening(options));
  return out;
}

Result<std::string> RotateSealKey(const OpenOptions& options) {
  std::string name;
  {
    ASSAY_ASSIGN(const WriteOpening opening, OpenSound(options));
    const Parts& parts = opening.parts;
    ASSAY_ASSIGN(const OpenedKeys opened, OpenTenantKeys(*parts.store, options));
    name = SealKeyName(static_cast<uint32_t>(opened.keys.older.size() + 1));
    ASSAY_ASSIGN(const proof::SecretKey key, proof::SecretKey::Random());
    ASSAY_ASSIGN(
        const ByteVector wrapped,
        opened.master->Wrap(proof::TenantKeyAad(options.tenant.text(), name), key.bytes()));
    ASSAY_TRY(parts.store->WriteKeys({{name, wrapped}}));
  }
  ASSAY_TRY(FinishByOpening(options));
  return name;
}

Result<MasterRotation> RotateMasterKey(const std::vector<OpenOptions>& ledgers, bool keep_old) {
  ASSAY_TRY(CheckOneFile(ledgers));
  const std::string& reference = ledgers.front().master_key_file;
  ASSAY_ASSIGN(const fs::path path, PathOfKeyReference(reference));
  ASSAY_ASSIGN(const auto old_key, OpenMasterKey(reference, false));
  std::vector<WriteOpening> openings;  // all leases before the first change
  for (const OpenOptions& one : ledgers) {
    ASSAY_ASSIGN(WriteOpening opening, OpenSound(one));
    openings.push_back(std::move(opening));
  }
  ASSAY_ASSIGN(const std::string next_path, NextMasterKey(reference));
  ASSAY_ASSIGN(const auto next, MakeNextMaster(next_path));
  MasterRotation out{old_key->id(), next->id(), 0, {}};
  for (size_t i = 0; i < ledgers.size(); ++i) {
    ASSAY_ASSIGN(const bool changed, Rewrap(std::move(openings[i]), *next));
    out.rewrapped += changed ? 1 : 0;
    ASSAY_TRY(FinishByOpening(ledgers[i]));
  }
  if (keep_old) {
    out.kept = path.string() + ".old-" + out.from.substr(0, 8);
    ASSAY_TRY(KeepFile(path, out.kept));
  }
  if (::rename(next_path.c_str(), path.c_str()) != 0) return Fail(ErrnoError(next_path));
  ASSAY_TRY(SyncDirectory(path.has_parent_path() ? path.parent_path() : fs::path(".")));
  return out;
}

Result<KeyOverview> DescribeKeys(const OpenOptions& options) {
  ASSAY_ASSIGN(const auto ledger, Ledger::OpenReadOnly(options));
  KeyOverview out;
  out.ledger = ledger->Keys();
  if (!out.ledger.empty())
    out.ledger_key_at_hand =
        FindLedgerKey(options.ledger_key_file, out.ledger.back().public_key).has_value();
  ASSAY_ASSIGN(const Parts parts, OpenPartsForReading(options));
  auto opened = OpenTenantKeys(*parts.store, options);
  if (opened) {
    out.seal = opened->keys.seal_name;
    out.seal_keys = opened->keys.older.size() + 1;
    out.master = opened->master->id();
  } else {
    out.fault = opened.error().message;
  }
  if (const auto next = NextMasterKey(options.master_key_file)) {
    std::error_code ignored;
    out.master_change_open = fs::exists(*next, ignored);
  }
  return out;
}

}  // namespace assay::ledger
