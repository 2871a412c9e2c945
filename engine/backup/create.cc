#include "backup/create.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "backup/signer.h"
#include "backup/staging.h"
#include "backup/target.h"
#include "base/log.h"
#include "ledger/chain.h"
#include "ledger/checkpoint_log.h"
#include "ledger/copy.h"
#include "ledger/key_files.h"
#include "ledger/maintenance_lock.h"
#include "ledger/sqlite_store.h"

namespace assay::backup {
namespace {

namespace fs = std::filesystem;

// ledger.db first: bodies are committed before the entries that refer to them, so whatever the copy
// of the entries needs is there when the bodies are copied.
Status CopyFiles(const fs::path& from, const fs::path& to) {
  ASSAY_TRY(ledger::CopyDatabase(from / "ledger.db", to / "ledger.db"));
  ASSAY_ASSIGN(const std::vector<std::string> names, ledger::EvidenceFiles(from));
  for (const std::string& name : names)
    if (ledger::IsEvidenceFile(name)) ASSAY_TRY(ledger::CopyDatabase(from / name, to / name));
  return {};
}

// The log is what the copied database says, since the live one may be some notes further on. What
// both have must be the same: a ledger that is at odds with its log is not copied over good ones.
Status WriteLog(ledger::LedgerStore& store, const fs::path& live, const fs::path& copy) {
  ASSAY_ASSIGN(const ledger::CheckpointLog::Content content,
               ledger::CheckpointLog(live / "checkpoints.log").Read());
  std::string text;
  size_t at = 0;
  ASSAY_TRY(store.VisitNotes([&](const ledger::StoredNote& note) -> Status {
    if (at < content.notes.size() && content.notes[at] != note.note)
      return Fail(Code::kCorrupt,
                  fmt::format("checkpoints.log: note {} is not the stored checkpoint", at));
    ++at;
    text += ledger::LogForm(note.note);
    return {};
  }));
  if (content.notes.size() + 1 < at)
    return Fail(Code::kCorrupt,
                fmt::format("checkpoints.log: {} notes, {} are stored", content.notes.size(), at));
  const fs::path path = copy / "checkpoints.log";
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) return Fail(ErrnoError(path.string()));
  ASSAY_TRY(WriteAll(fd.get(), AsBytes(text), path.string()));
  return ::fsync(fd.get()) == 0 ? Status{} : Status(Fail(ErrnoError(path.string())));
}

Status Describe(const fs::path& folder, ledger::LedgerStore& store, const Source& source,
                Manifest& out) {
  ASSAY_ASSIGN(const ledger::Chain chain, ledger::Chain::Load(store, source.ledger.tenant));
  if (chain.size() < 2)
    return Fail(Code::kNotFound, source.ledger.directory.string() + ": holds no ledger yet");
  out.tenant = source.ledger.tenant.text();
  ASSAY_ASSIGN(const proof::KeyHistory history, HistoryOf(store));
  out.origin = history.origin();
  out.signer = history.Newest()->verifier;
  out.epoch = chain.epoch();
  out.size = chain.size();
  out.root = chain.head().root;
  ASSAY_ASSIGN(const std::vector<std::string> names, ledger::EvidenceFiles(folder));
  for (const std::string& name : names) {
    ASSAY_ASSIGN(BackupFile file, DescribeFile(folder / name));
    out.files.push_back(std::move(file));
  }
  for (const char* name : {"ledger.db", "checkpoints.log"}) {
    ASSAY_ASSIGN(BackupFile file, DescribeFile(folder / name));
    out.files.push_back(std::move(file));
  }
  std::sort(out.files.begin(), out.files.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return {};
}

// Takes the file of the backup before in the place of an equal one, if that is still what its
// manifest says. Where links are not possible the copy stays.
bool LinkToPrevious(const fs::path& folder, const BackupFile& file, const fs::path& previous) {
  const auto earlier = DescribeFile(previous / file.path);
  if (!earlier || *earlier != file) return false;
  const fs::path beside = folder / (file.path + ".link");
  std::error_code error;
  fs::create_hard_link(previous / file.path, beside, error);
  if (!error) fs::rename(beside, folder / file.path, error);
  if (error) Log(LogLevel::kDebug, beside.string() + ": no hard link: " + error.message());
  return !error;
}

uint64_t LinkEqualFiles(const fs::path& folder, const fs::path& target, const std::string& tenant,
                        Manifest& manifest) {
  const auto newest = NewestBackup(target, tenant);
  if (!newest) return 0;
  manifest.previous = newest->path.filename().string();
  const auto& before = newest->manifest->files;
  uint64_t linked = 0;
  for (const BackupFile& file : manifest.files)
    if (std::find(before.begin(), before.end(), file) != before.end())
      linked += LinkToPrevious(folder, file, newest->path) ? 1 : 0;
  return linked;
}

Status Sign(const fs::path& folder, const Manifest& manifest, const Source& source) {
  auto keys = ledger::FindLedgerKey(source.ledger.ledger_key_file, manifest.signer.key);
  if (!keys) return Fail(std::move(keys.error()).Context("a backup is signed with the ledger key"));
  return WriteManifest(folder, manifest, keys->current);
}

// What an error of the disk kept from being removed would have the backup refused later.
Status CheckAlone(const fs::path& folder, const Manifest& manifest) {
  ASSAY_ASSIGN(const std::optional<std::string> stranger, FindStranger(folder, manifest));
  if (!stranger) return {};
  return Fail(Code::kIo, (folder / *stranger).string() + ": could not be removed");
}

Status PrepareTarget(const fs::path& target) {
  std::error_code error;
  if (fs::is_directory(target, error)) return {};
  fs::create_directory(target, error);
  if (error)
    return Fail(Error{Code::kIo,
                      target.string() + ": " + error.message(),
                      {},
                      "mount or make the folder that backups go to",
                      {},
                      {}});
  fs::permissions(target, fs::perms::owner_all, error);
  return {};
}

// A second backup within a second gets the next one's name.
fs::path FreeName(const fs::path& target, const Source& source, Timestamp& created) {
  std::error_code ignored;
  for (;; created += std::chrono::seconds(1)) {
    fs::path path = target / NameOf(source.name, created);
    if (!fs::exists(path, ignored)) return path;
  }
}

}  // namespace

Result<Made> CreateBackup(const Source& source, const fs::path& target) {
  const auto start = std::chrono::steady_clock::now();
  std::error_code ignored;
  if (!fs::exists(source.ledger.directory / "ledger.db", ignored))
    return Fail(Code::kNotFound, source.ledger.directory.string() + ": holds no ledger");
  ASSAY_TRY(PrepareTarget(target));
  Staging::Sweep(target);
  Made out;
  out.manifest.created = source.ledger.clock->Now();
  out.path = FreeName(target, source, out.manifest.created);
  ASSAY_ASSIGN(Staging staging, Staging::Make(out.path));
  {
    ASSAY_ASSIGN(const auto lock, ledger::MaintenanceLock::Take(
                                      source.ledger.directory, ledger::MaintenanceLock::Use::kCopy,
                                      std::chrono::seconds(30), *source.ledger.clock));
    ASSAY_TRY(CopyFiles(source.ledger.directory, staging.path()));
    ASSAY_TRY(ReplaceKeys(target, source.name, source.ledger.directory));
  }
  {
    ASSAY_ASSIGN(const auto store, ledger::OpenSqliteStore(staging.path(), ledger::StoreMode::kRead,
                                                           KeysFileOf(target, source.name)));
    ASSAY_TRY(WriteLog(*store, source.ledger.directory, staging.path()));
    ASSAY_TRY(Describe(staging.path(), *store, source, out.manifest));
  }
  out.linked = LinkEqualFiles(staging.path(), target, source.name, out.manifest);
  ASSAY_TRY(CheckAlone(staging.path(), out.manifest));
  ASSAY_TRY(Sign(staging.path(), out.manifest, source));
  ASSAY_TRY(staging.Publish());
  out.took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  return out;
}

}  // namespace assay::backup
