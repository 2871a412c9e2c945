// Rollback, truncation, fork and the future, seen from outside. [CL-12]
#include "unit/anchor/outside.h"

namespace assay::anchor {
namespace {

using testing::FolderPlace;
using testing::Found;
using testing::GrowingLedger;
using testing::ServedWitness;

TEST_CASE("Anchor: ACheckpointIsCosignedAndTheWordBecomesAnEntry [CL-12]") {
  GrowingLedger ledger;
  ServedWitness witness(ledger);
  const std::string note = ledger.Grow(10);
  // Before the witness knows the ledger: said, and nothing is appended.
  auto sent = ledger.Send({witness.place()});
  REQUIRE(sent[0].error);
  CHECK_THAT(sent[0].error->message, Catch::Matchers::Contains("answered 404"));
  witness.Serve(ledger.Vkey());
  sent = ledger.Send({witness.place()});
  REQUIRE(sent[0].cosignatures.size() == 1);
  REQUIRE_OK_AND_ASSIGN(const auto opened, ledger.home.OpenReadOnly());
  REQUIRE_OK_AND_ASSIGN(const auto proofs, opened->OpenProofs());
  CHECK(proofs->note() == note + sent[0].cosignatures[0].line + "\n");
  CHECK(opened->Verify()->ok);
  // Growth over many heads, each with a proof from the one before.
  for (int i = 0; i < 5; ++i) {
    ledger.Grow(40 * i + 1);
    REQUIRE_FALSE(ledger.Send({witness.place()})[0].error);
  }
  CHECK(ledger.Watch({witness.place()}).findings.empty());
}

TEST_CASE("Anchor: APlaceIsAskedWhenItIsDue") {
  GrowingLedger ledger;
  Place place = FolderPlace(ledger);
  place.every = std::chrono::hours(1);
  SendOptions options{true, ledger.home.root() / "sent", &ledger.home.clock};
  ledger.Grow(1);
  CHECK(ledger.Send({place}, options)[0].due);
  CHECK_FALSE(ledger.Send({place}, options)[0].due);
  ledger.home.clock.SleepFor(std::chrono::minutes(61));
  CHECK(ledger.Send({place}, options)[0].due);
}

TEST_CASE("Monitor: SeesARollbackOfDatabaseAndLogTogether [CL-12]") {
  GrowingLedger ledger;
  ServedWitness witness(ledger);
  const Place folder = FolderPlace(ledger);
  ledger.Grow(300);
  witness.Serve(ledger.Vkey());
  ledger.Send({folder, witness.place()});
  const auto older = ledger.Snapshot("older");
  ledger.Grow(50, 300);
  ledger.Send({folder, witness.place()});
  CHECK(ledger.Watch({folder, witness.place()}).findings.empty());
  ledger.Restore(older);
  // The ledger by itself has nothing to say against this, only what is outside has.
  CHECK(ledger.home.OpenReadOnly().value()->Verify()->ok);
  CHECK(ledger.Watch({}).findings.empty());
  const MonitorReport report = ledger.Watch({folder, witness.place()});
  CHECK(Found(report, "ROLLED BACK", "file "));
  CHECK(Found(report, "ROLLED BACK", "http "));
  CHECK(report.findings.size() == 2);
}

TEST_CASE("Monitor: SeesADatabaseBehindItsLog [CL-12]") {
  GrowingLedger ledger;
  ledger.Grow(20);
  const auto older = ledger.Snapshot("older");
  ledger.Grow(5);
  ledger.Restore(older, false);
  CHECK(Found(ledger.Watch({}), "TRUNCATED", "checkpoints.log"));
  std::filesystem::remove(ledger.home.directory() / "checkpoints.log");
  CHECK(Found(ledger.Watch({}), "TRUNCATED", "checkpoints.log"));
}

TEST_CASE("Monitor: SeesAForkBeforeAndAfterItGrew [CL-12]") {
  GrowingLedger ledger;
  ServedWitness witness(ledger);
  const Place folder = FolderPlace(ledger);
  ledger.Grow(30);
  const auto older = ledger.Snapshot("older");
  const std::string first = ledger.Grow(3, 100);
  witness.Serve(ledger.Vkey());
  ledger.Send({folder, witness.place()});
  ledger.Restore(older);
  ledger.Grow(3, 200);
  for (int round = 0; round < 2; ++round) {
    const MonitorReport report = ledger.Watch({folder, witness.place()}, {{"letter.note", first}});
    CHECK(Found(report, "FORKED", "file "));
    CHECK(Found(report, "FORKED", "http "));
    CHECK(Found(report, "FORKED", "letter.note"));
    ledger.Grow(70, 300);
  }
  // Nor does the witness cosign it.
  const auto sent = ledger.Send({witness.place()});
  REQUIRE(sent[0].error);
  CHECK(sent[0].error->code == Code::kCorrupt);
  CHECK_THAT(sent[0].error->message, Catch::Matchers::Contains("FORKED"));
}

TEST_CASE("Monitor: SeesWhatIsOfATimeThatHasNotCome [CL-12]") {
  GrowingLedger ledger;
  ServedWitness witness(ledger);
  ledger.Grow(3);
  witness.Serve(ledger.Vkey());
  witness.clock.Set(ledger.home.clock.Now() + std::chrono::hours(2));
  CHECK(Found(ledger.Watch({witness.place()}), "FUTURE", "http "));
  witness.clock.Set(ledger.home.clock.Now() + std::chrono::minutes(4));
  CHECK(ledger.Watch({witness.place()}).findings.empty());
  const Timestamp before = ledger.home.clock.Now();
  ledger.home.clock.SleepFor(std::chrono::hours(24 * 365));
  ledger.Grow(1);
  ledger.home.clock.Set(before);
  CHECK(Found(ledger.Watch({}), "FUTURE", "entry "));
}

TEST_CASE("Monitor: SaysWhatItCouldNotAsk [CL-12]") {
  GrowingLedger ledger;
  ledger.Grow(3);
  Place dead;
  dead.kind = Place::Kind::kHttp;
  dead.url = "http://127.0.0.1:1/w";
  dead.vkey = proof::Cosigner{"w.example/1", {}}.Encode();
  Place gone;
  gone.folder = ledger.home.root() / "not-mounted";
  const MonitorReport report = ledger.Watch({dead, gone});
  CHECK(report.findings.empty());
  CHECK(report.unreached.size() == 2);
  CHECK(Found(ledger.Watch({}, {{"x.note", "no note\n"}}), "DAMAGED", "x.note"));
  GrowingLedger other;
  const std::string strange = other.Grow(2);
  CHECK(Found(ledger.Watch({}, {{"x.note", strange}}), "UNKNOWN KEY", "x.note"));
}

TEST_CASE("Anchor: AFolderKeepsEveryNoteAndReplacesNone [CL-12]") {
  GrowingLedger ledger;
  const Place folder = FolderPlace(ledger);
  ledger.Grow(2);
  ledger.Send({folder});
  const auto older = ledger.Snapshot("older");
  ledger.Grow(2, 10);
  ledger.Send({folder});
  ledger.Restore(older);
  ledger.Grow(2, 20);
  const auto sent = ledger.Send({folder});
  REQUIRE(sent[0].error);
  CHECK(sent[0].error->code == Code::kCorrupt);
  int notes = 0;
  for (const auto& item : std::filesystem::recursive_directory_iterator(folder.folder))
    notes += item.path().extension() == ".note" ? 1 : 0;
  CHECK(notes == 2);
}

}  // namespace
}  // namespace assay::anchor
