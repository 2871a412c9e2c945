// Makes the ledger that the negative vectors are cut from: DIR, number of entries.
#include <cstdio>
#include <cstdlib>

#include "ledger/ledger.h"

namespace assay::ledger {
namespace {

Status Fill(Ledger& ledger, int entries) {
  for (int i = 0; i < entries; ++i) {
    EntryDraft draft{
        "read", "engine", {{"endpoint", "graph-users"}, {"page", i}, {"status", 200}}, {}};
    if (i % 20 == 0) {
      const std::string bytes = "{\"value\":[{\"id\":\"canary-" + std::to_string(i) + "\"},{}]}";
      ASSAY_ASSIGN(draft.body, ledger.PutBody(AsBytes(bytes), {{10, 16}}));
    }
    auto done = ledger.Append(std::move(draft));
    if (i % 100 == 50) ASSAY_TRY(ledger.SignCheckpoint());
  }
  ASSAY_TRY(ledger.SignCheckpoint());
  EntryDraft finished{"run.finished", "engine", {{"run", "R-1"}}, {}};
  ASSAY_ASSIGN(finished.body, ledger.PutSegments({"a note", "another"}));
  ASSAY_TRY(ledger.Append(std::move(finished)).get());
  return {};
}

Status Make(const std::string& folder, int entries) {
  OpenOptions options{.directory = folder + "/ledger",
                      .tenant = *TenantId::Parse("7f0c1d2e-3b4a-4c5d-8e9f-0a1b2c3d4e5f"),
                      .origin = "assay.example/contoso",
                      .master_key_file = folder + "/master.key",
                      .ledger_key_file = folder + "/ledger.pem",
                      .run_lease_holder = "make_ledger"};
  options.create = true;
  ASSAY_ASSIGN(auto ledger, Ledger::Open(options));
  return Fill(*ledger, entries);
}

}  // namespace
}  // namespace assay::ledger

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const assay::Status made = assay::ledger::Make(argv[1], std::atoi(argv[2]));
  if (!made) std::fprintf(stderr, "%s\n", made.error().ToString().c_str());
  return made ? 0 : 1;
}
