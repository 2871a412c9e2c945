// A ledger with some evidence, a target beside it, and what most tests do with them.
#pragma once

#include <catch2/catch.hpp>
#include <fstream>

#include "backup/create.h"
#include "backup/restore.h"
#include "backup/target.h"
#include "backup/verify.h"
#include "base/files.h"
#include "support/matchers.h"
#include "support/test_ledger.h"

namespace assay::testing {

class TestBackup {
 public:
  TestBackup() { std::filesystem::create_directory(target()); }

  std::filesystem::path target() const { return ledger_.root() / "copies"; }
  std::filesystem::path path(const std::string& name) const { return ledger_.root() / name; }
  std::filesystem::path live() const { return ledger_.directory(); }
  HandClock& clock() { return ledger_.clock; }
  backup::Source source() const { return {"contoso", ledger_.Options(false)}; }

  /// Appends so many reads with a body of two records each, and signs.
  void Append(int count) {
    auto ledger = ledger_.Open();
    REQUIRE(ledger);
    for (int i = 0; i < count; ++i) {
      const std::string body = "{\"value\":[{\"id\":" + std::to_string(next_) + "},{\"id\":0}]}";
      auto ref = (*ledger)->PutBody(AsBytes(body), {{10, 8}, {19, 8}});
      REQUIRE(ref);
      ledger::EntryDraft draft = Draft(next_++);
      draft.body = *ref;
      REQUIRE((*ledger)->Append(std::move(draft)).get());
    }
    REQUIRE((*ledger)->SignCheckpoint());
  }

  /// A backup, a minute after whatever was before.
  backup::Made Create() {
    ledger_.clock.SleepFor(std::chrono::minutes(1));
    auto made = backup::CreateBackup(source(), target());
    if (!made) FAIL(made.error().ToString());
    return std::move(*made);
  }

  backup::Verified Verify(const std::filesystem::path& backup) const {
    return backup::VerifyBackup(backup, {{}, ledger_.Options().master_key_file, {}});
  }

  backup::RestoreRequest Request(const std::filesystem::path& backup) const {
    backup::RestoreRequest request(source());
    request.backup = backup;
    request.to = path("restored");
    return request;
  }
  /// The same when the live ledger is gone, with nothing of it but the two key files.
  backup::RestoreRequest RequestElsewhere(const std::filesystem::path& backup) const {
    backup::RestoreRequest request = Request(backup);
    request.in_place.ledger.directory = path("gone");
    return request;
  }

  ledger::Head HeadOf(const std::filesystem::path& directory) const {
    ledger::OpenOptions options = ledger_.Options(false);
    options.directory = directory;
    auto ledger = ledger::Ledger::OpenReadOnly(options);
    REQUIRE(ledger);
    auto head = (*ledger)->ReadHead();
    REQUIRE(head);
    return *head;
  }

  TestLedger& ledger() { return ledger_; }

 private:
  TestLedger ledger_;
  int next_ = 0;
};

}  // namespace assay::testing
