// Copies of a ledger: made, taken away, and a ledger made of one again.
#include <algorithm>

#include "backup/restore.h"
#include "backup/target.h"
#include "backup/verify.h"
#include "base/files.h"
#include "fault/change.h"

namespace assay::fault {
namespace {

namespace fs = std::filesystem;
using ledger::Ledger;

// Whatever is listed is whole, verifies, and opens with the keys beside it.
std::string CheckListed(const Place& place) {
  const auto all = backup::ListBackups(place.target(), {});
  if (!all) return all.error().ToString();
  for (const backup::Listed& one : *all) {
    if (!one.fault.empty()) return one.path.filename().string() + " is listed: " + one.fault;
    const backup::Verified verified =
        backup::VerifyBackup(one.path, {{}, place.Options().master_key_file, {}});
    if (!verified.ok) return "backup: " + verified.place + ": " + verified.message;
    if (verified.ledger.bodies_opened != verified.ledger.bodies) return "a body does not open";
  }
  return {};
}

std::string FindHalfMade(const fs::path& folder) {
  std::error_code ignored;
  for (const auto& item : fs::recursive_directory_iterator(folder, ignored))
    if (item.path().filename().string().find(".part") != std::string::npos)
      return "left behind: " + item.path().filename().string();
  return {};
}

uint64_t SizeOf(const Place& place, const fs::path& directory) {
  ledger::OpenOptions options = place.Options();
  options.directory = directory;
  const auto ledger = Ledger::OpenReadOnly(options);
  const auto head = ledger ? (*ledger)->ReadHead() : Result<ledger::Head>(Fail(ledger.error()));
  return head ? ToNumber(head->size) : 0;
}

Status AppendMore(Place& place) {
  place.clock().SleepFor(std::chrono::minutes(1));
  ASSAY_ASSIGN(const auto ledger, Ledger::Open(place.Options()));
  ASSAY_ASSIGN(const auto ref, ledger->PutSegments({"later"}));
  ASSAY_TRY(ledger->Append({"read", "engine", {}, ref}).get());
  ASSAY_TRY(ledger->SignCheckpoint());
  return {};
}

/// Over an earlier copy: some files become links to its own.
class BackupCreation : public Change {
 public:
  const char* name() const override { return "backup create"; }
  Status Prepare(Place& place) override {
    ASSAY_TRY(MakeLedger(place));
    ASSAY_TRY(backup::CreateBackup(place.Source(), place.target()));
    ASSAY_TRY(AppendMore(place));
    size_ = SizeOf(place, place.home().directory());
    return {};
  }
  Status Run(Place& place) override {
    place.clock().SleepFor(std::chrono::minutes(1));
    ASSAY_TRY(backup::CreateBackup(place.Source(), place.target()));
    return {};
  }
  std::string AtOnce(Place& place) override {
    std::string wrong = CheckLedger(place);
    if (!wrong.empty()) return wrong;
    if (!backup::NewestBackup(place.target(), "contoso")) return "the earlier backup is gone";
    return CheckListed(place);
  }
  std::string InEffect(Place& place) override {
    const auto newest = backup::NewestBackup(place.target(), "contoso");
    if (!newest) return newest.error().ToString();
    if (newest->manifest->size < size_) return "the newest backup is an older one";
    const std::string wrong = CheckListed(place);
    return wrong.empty() ? FindHalfMade(place.target()) : wrong;
  }

 private:
  uint64_t size_ = 0;
};

class BackupRemoval : public Change {
 public:
  const char* name() const override { return "backup remove"; }
  Status Prepare(Place& place) override {
    ASSAY_TRY(MakeLedger(place));
    ASSAY_ASSIGN(const auto older, backup::CreateBackup(place.Source(), place.target()));
    older_ = older.path.filename().string();
    ASSAY_TRY(AppendMore(place));
    ASSAY_TRY(backup::CreateBackup(place.Source(), place.target()));
    return {};
  }
  Status Run(Place& place) override {
    const fs::path path = place.target() / older_;
    std::error_code ignored;
    return fs::exists(path, ignored) ? backup::RemoveBackup(path) : Status();
  }
  std::string AtOnce(Place& place) override { return CheckListed(place); }
  std::string InEffect(Place& place) override {
    const auto all = backup::ListBackups(place.target(), "contoso");
    if (!all) return all.error().ToString();
    return all->size() == 1 ? CheckListed(place) : "it is still listed";
  }

 private:
  std::string older_;
};

/// Restoring into a folder: there is a whole ledger in it, or none.
class Restoring : public Change {
 public:
  std::string AtOnce(Place& place) override {
    std::error_code ignored;
    if (!fs::exists(To(place), ignored)) return {};
    return CheckRestored(place);
  }
  std::string InEffect(Place& place) override {
    const std::string wrong = CheckRestored(place);
    return wrong.empty() ? FindHalfMade(place.home().root()) : wrong;
  }
  Status Run(Place& place) override {
    std::error_code ignored;
    backup::RestoreRequest request(place.Source());
    ASSAY_ASSIGN(const auto newest, backup::NewestBackup(place.target(), "contoso"));
    request.backup = newest.path;
    request.to = To(place);
    request.accept_loss = [](const backup::Loss&) { return true; };
    const auto restored = backup::Restore(request);
    // A crash after all of it was done.
    if (!restored && restored.error().code == Code::kAlreadyExists) return {};
    return restored ? Status() : Fail(Error(restored.error()));
  }

 protected:
  virtual fs::path To(const Place& place) const = 0;
  virtual std::string CheckEpoch(Ledger& ledger) const = 0;

  std::string CheckRestored(Place& place) const {
    ledger::OpenOptions options = place.Options();
    options.directory = To(place);
    const auto opened = Ledger::Open(options);
    if (!opened) return "open restored: " + opened.error().ToString();
    const auto report = (*opened)->Verify();
    if (!report) return report.error().ToString();
    if (!report->ok) return "restored: " + report->place + ": " + report->message;
    return CheckEpoch(**opened);
  }
};

class LostLedger : public Restoring {
 public:
  const char* name() const override { return "restore, ledger lost"; }
  Status Prepare(Place& place) override {
    ASSAY_TRY(MakeLedger(place));
    ASSAY_TRY(backup::CreateBackup(place.Source(), place.target()));
    fs::remove_all(place.home().directory());
    return {};
  }

 private:
  fs::path To(const Place& place) const override { return place.home().directory(); }
  std::string CheckEpoch(Ledger& ledger) const override {
    for (const Story::Body& body : story_.bodies)
      if (!ledger.ReadBody(body.root)) return "a body was not restored";
    const auto head = ledger.ReadHead();
    return head && head->epoch == 1 ? "" : "a whole copy goes on in its epoch";
  }
};

/// Beside a ledger in place that went on, and erased a record meanwhile.
class OlderLedger : public Restoring {
 public:
  const char* name() const override { return "restore, older"; }
  Status Prepare(Place& place) override {
    ASSAY_TRY(MakeLedger(place));
    erased_ = story_.bodies[0].root;
    ASSAY_TRY(backup::CreateBackup(place.Source(), place.target()));
    ASSAY_TRY(AppendMore(place));
    ASSAY_ASSIGN(sealed_, SealedBytes(place, {erased_}));
    ASSAY_ASSIGN(const auto ledger, Ledger::Open(place.Options()));
    ASSAY_TRY(ledger->Erase({"privacy", "E-0123456789abcdef", "engine"}, {{erased_, {1}}}));
    ASSAY_TRY(ledger->SignCheckpoint());
    return {};
  }
  std::string InEffect(Place& place) override {
    const std::string file = FindBytes(To(place), sealed_);
    return file.empty() ? Restoring::InEffect(place) : "erased bytes came back in " + file;
  }

 private:
  fs::path To(const Place& place) const override { return place.path("store/restored"); }
  std::string CheckEpoch(Ledger& ledger) const override {
    if (ledger.ReadBody(erased_)) return "an erased record came back";
    const auto head = ledger.ReadHead();
    return head && head->epoch == 2 ? "" : "it does not say that it is older";
  }

  Digest erased_{};
  std::vector<std::string> sealed_;
};

}  // namespace

std::unique_ptr<Change> CreatingBackup() { return std::make_unique<BackupCreation>(); }
std::unique_ptr<Change> RemovingBackup() { return std::make_unique<BackupRemoval>(); }
std::unique_ptr<Change> RestoringLostLedger() { return std::make_unique<LostLedger>(); }
std::unique_ptr<Change> RestoringOlderLedger() { return std::make_unique<OlderLedger>(); }

}  // namespace assay::fault
