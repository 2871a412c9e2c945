#include "ledger/opening.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/files.h"
#include "ledger/erase.h"
#include "ledger/given_up.h"
#include "ledger/high_water.h"
#include "ledger/key_walk.h"
#include "ledger/sqlite_store.h"

namespace assay::ledger {
namespace {

Status CheckOptions(const OpenOptions& options) {
  if (proof::IsKeyName(options.origin)) return {};
  return Fail(Code::kInvalidInput, "checkpoint origin " + Quote(options.origin) +
                                       ": empty, or with a space or plus sign");
}

// Makes a folder and those above it, each with its name synced: a ledger must not vanish with them.
Status MakeFolder(const std::filesystem::path& folder) {
  std::error_code error;
  if (folder.empty() || std::filesystem::is_directory(folder, error)) return {};
  const std::filesystem::path parent = folder.parent_path();
  ASSAY_TRY(MakeFolder(parent));
  std::filesystem::create_directory(folder, error);
  if (error) return Fail(Code::kIo, folder.string() + ": cannot be made: " + error.message());
  return SyncNameOf(folder);
}

// Makes the directory when a ledger is to be created. Without a ledger in it the name may have come
// from a making that a crash cut short, so it is synced again.
Status PrepareDirectory(const OpenOptions& options) {
  std::error_code ignored;
  if (std::filesystem::exists(options.directory / "ledger.db", ignored)) return {};
  if (!options.create)
    return Fail(Code::kNotFound, options.directory.string() + ": holds no ledger");
  const std::filesystem::path folder = std::filesystem::absolute(options.directory, ignored);
  ASSAY_TRY(MakeFolder(folder));
  if (::chmod(folder.c_str(), 0700) != 0) return Fail(ErrnoError(folder.string()));
  return SyncNameOf(folder);
}

Status LoadNewKeys(Parts& parts) {
  const OpenOptions& options = parts.options;
  ASSAY_ASSIGN(const auto master, OpenMasterKey(options.master_key_file, options.create));
  ASSAY_ASSIGN(proof::SigningKey key, LoadLedgerKey(options.ledger_key_file, options.create));
  parts.signer = LedgerKeyFiles{std::move(key), std::nullopt, false};
  auto keys = LoadTenantKeys(*parts.store, *master, options.tenant);
  if (!keys && keys.error().code == Code::kNotFound)
    keys = CreateTenantKeys(*parts.store, *master, options.tenant);
  if (!keys) return Fail(std::move(keys.error()));
  parts.keys = std::move(*keys);
  return {};
}

Status LoadOldKeys(Parts& parts) {
  const OpenOptions& options = parts.options;
  ASSAY_ASSIGN(OpenedKeys opened, OpenTenantKeys(*parts.store, options));
  parts.keys = std::move(opened.keys);
  if (opened.by_next) parts.new_master = opened.master->id();
  if (parts.history.origin() != options.origin)
    return Fail(Code::kInvalidInput, "ledger: its origin is " + Quote(parts.history.origin()) +
                                         ", not " + Quote(options.origin));
  ASSAY_ASSIGN(parts.signer,
               FindLedgerKey(options.ledger_key_file, parts.history.Newest()->verifier.key));
  return {};
}

Status ReadHistory(Parts& parts) {
  ASSAY_ASSIGN(const std::optional<StoredHead> head, parts.store->ReadHead());
  if (!head) return {};
  ASSAY_ASSIGN(KeyWalk walk, WalkKeys(*parts.store, *head));
  parts.history = std::move(walk.history);
  parts.named_seal = std::move(walk.seal);
  parts.named_master = std::move(walk.master);
  return {};
}

Result<WriteOpening> OpenForWriting(const OpenOptions& options, bool compare) {
  ASSAY_TRY(CheckOptions(options));
  ASSAY_TRY(PrepareDirectory(options));
  ASSAY_TRY(CheckFileSystem(options.directory, options.production));
  Parts parts(options);
  ASSAY_ASSIGN(parts.lease, Lease::Take(options.directory, options.run_lease_holder));
  ASSAY_ASSIGN(parts.store, OpenSqliteStore(options.directory, StoreMode::kWrite));
  ASSAY_ASSIGN(Chain chain, Chain::Load(*parts.store, options.tenant));
  ASSAY_TRY(ReadHistory(parts));
  if (compare) {
    ASSAY_TRY(CheckGivenUp(options.directory, chain.epoch()));
    ASSAY_TRY(ForgetGivenUp(options.directory));
  }
  if (compare && !parts.is_new()) {
    CheckpointLog log = parts.Log();
    ASSAY_TRY(CompareWithLog(*parts.store, log, parts.history));
  }
  // Its keys are gone for good; new ones must not be made, and what a crash left is taken away.
  ASSAY_TRY(RefuseErasedTenant(*parts.store, options.tenant));
  ASSAY_TRY(parts.is_new() ? LoadNewKeys(parts) : LoadOldKeys(parts));
  return WriteOpening{std::move(parts), std::move(chain)};
}

// A writer may be at work beside: what it adds between two of these reads is no fault, so a fault
// must be there twice.
std::optional<Error> FindFault(Parts& parts) {
  Status status;
  for (int attempt = 0; attempt < 2; ++attempt) {
    status = ReadHistory(parts);
    const proof::KeyStep* newest = parts.history.Newest();
    if (status && newest != nullptr) status = CheckGivenUp(parts.options.directory, newest->epoch);
    if (status && newest != nullptr) status = CheckMark(*parts.store, parts.Log(), parts.history);
    if (status) return std::nullopt;
  }
  return status.error();
}

}  // namespace

Result<std::string> NextMasterKey(const std::string& reference) {
  ASSAY_ASSIGN(const std::filesystem::path path, PathOfKeyReference(reference));
  return path.string() + ".next";
}

Result<OpenedKeys> OpenTenantKeys(LedgerStore& store, const OpenOptions& options) {
  ASSAY_ASSIGN(auto master, OpenMasterKey(options.master_key_file, false));
  auto keys = LoadTenantKeys(store, *master, options.tenant);
  if (keys) return OpenedKeys{std::move(*keys), std::move(master), false};
  ASSAY_ASSIGN(const std::string next_path, NextMasterKey(options.master_key_file));
  auto next = OpenMasterKey(next_path, false);
  if (!next) return Fail(next.error().code == Code::kIo ? next.error() : keys.error());
  auto under_next = LoadTenantKeys(store, **next, options.tenant);
  if (under_next) return OpenedKeys{std::move(*under_next), std::move(*next), true};
  return Fail(under_next.error().code == Code::kIo ? under_next.error() : keys.error());
}

Result<WriteOpening> OpenSound(const OpenOptions& options) { return OpenForWriting(options, true); }

Result<WriteOpening> OpenUncompared(const OpenOptions& options) {
  return OpenForWriting(options, false);
}

Result<Parts> OpenPartsForReading(const OpenOptions& options) {
  Parts parts(options);
  std::error_code ignored;
  if (!std::filesystem::exists(options.directory / "ledger.db", ignored))
    return Fail(Code::kNotFound, options.directory.string() + ": holds no ledger");
  ASSAY_ASSIGN(parts.store, OpenSqliteStore(options.directory, StoreMode::kRead));
  parts.fault = FindFault(parts);
  // Keys are not needed for reading lines: without them bodies stay closed.
  if (auto opened = OpenTenantKeys(*parts.store, options)) parts.keys = std::move(opened->keys);
  if (parts.history.Newest() != nullptr) {
    if (auto found = FindLedgerKey(options.ledger_key_file, parts.history.Newest()->verifier.key)) {
      parts.signer = std::move(*found);
      return parts;
    }
  }
  if (auto key = LoadLedgerKey(options.ledger_key_file, false))
    parts.signer = LedgerKeyFiles{std::move(*key), std::nullopt, false};
  return parts;
}

Result<const proof::SigningKey*> HandoverKey(Parts& parts, uint64_t size) {
  ASSAY_ASSIGN(const std::vector<StoredNote> newest, parts.store->NewestNotes(1));
  const uint64_t last = newest.empty() ? 0 : newest[0].size;
  const proof::Verifier* old = parts.history.HandoverAt(size, last);
  if (old == nullptr) return nullptr;
  const std::string& path = parts.options.ledger_key_file;
  auto& previous = parts.signer->previous;
  if (!previous || previous->public_key() != old->key) {
    if (auto kept = LoadLedgerKey(KeptKeyPath(path, old->key), false)) previous = std::move(*kept);
  }
  if (previous && previous->public_key() == old->key) return &*previous;
  return Fail(Code::kNotFound, path +
                                   ": the key before the rotation must sign the first head after "
                                   "it and is gone, " +
                                   proof::FingerprintOf(old->key));
}

}  // namespace assay::ledger
