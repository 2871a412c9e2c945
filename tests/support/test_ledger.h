// A ledger in a folder of its own that is removed at the end, and a clock to tick by hand.
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "ledger/ledger.h"

namespace assay::testing {

class HandClock : public Clock {
 public:
  Timestamp Now() const override { return now_; }
  void SleepFor(std::chrono::milliseconds duration) const override { now_ += duration; }
  void Set(Timestamp now) { now_ = now; }

 private:
  mutable Timestamp now_ = *ParseTime("2026-11-20T02:16:09.123Z");
};

inline std::string MakeTempFolder(
    const std::filesystem::path& parent = std::filesystem::temp_directory_path()) {
  std::string pattern = (parent / "assay-ledger-XXXXXX").string();
  return ::mkdtemp(pattern.data()) != nullptr ? pattern : std::string();
}

/// Where a test ledger lives; its keys lie beside the ledger's own directory.
class TestLedger {
 public:
  TestLedger() : root_(MakeTempFolder()) {}
  explicit TestLedger(const std::filesystem::path& parent) : root_(MakeTempFolder(parent)) {}
  ~TestLedger() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  std::filesystem::path directory() const { return root_ / "contoso"; }
  std::filesystem::path root() const { return root_; }
  ledger::OpenOptions Options(bool create = true) const {
    ledger::OpenOptions options{.directory = directory(),
                                .tenant = *TenantId::Parse("7f0c1d2e-3b4a-4c5d-8e9f-0a1b2c3d4e5f"),
                                .origin = "assay.example/contoso",
                                .master_key_file = (root_ / "master.key").string(),
                                .ledger_key_file = (root_ / "ledger.pem").string(),
                                .run_lease_holder = "test, pid " + std::to_string(::getpid())};
    options.create = create;
    options.clock = &clock;
    return options;
  }
  Result<std::unique_ptr<ledger::Ledger>> Open() const { return ledger::Ledger::Open(Options()); }
  Result<std::unique_ptr<ledger::Ledger>> OpenReadOnly() const {
    return ledger::Ledger::OpenReadOnly(Options(false));
  }

  HandClock clock;

 private:
  std::filesystem::path root_;
};

inline ledger::EntryDraft Draft(int n) {
  return {"read", "engine", {{"endpoint", "graph-users"}, {"page", n}, {"status", 200}}, {}};
}

}  // namespace assay::testing
