// Changing keys: the ledger hands over, old heads go on verifying, a crash at any point is settled
// by the next opening, and nothing forged is taken for a handover.
#include "base/files.h"
#include "ledger/epoch.h"
#include "ledger/key_change.h"
#include "ledger/key_files.h"
#include "ledger/line.h"
#include "ledger/master_key.h"
#include "proof/key_history.h"
#include "support/matchers.h"
#include "support/sql.h"
#include "support/test_ledger.h"

namespace assay::ledger {
namespace {

namespace fs = std::filesystem;
using testing::Draft;
using testing::DropCheckpoints;
using testing::RunSql;
using testing::TestLedger;

std::string AppendAndSign(const TestLedger& home, int entries) {
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  for (int i = 0; i < entries; ++i) REQUIRE_OK(ledger->Append(Draft(i)).get());
  REQUIRE_OK_AND_ASSIGN(std::string note, ledger->SignCheckpoint());
  return note;
}

BodyRef PutBody(const TestLedger& home, const std::string& text) {
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  EntryDraft draft = Draft(1);
  REQUIRE_OK_AND_ASSIGN(draft.body, ledger->PutBody(AsBytes(text), {}));
  REQUIRE_OK(ledger->Append(draft).get());
  REQUIRE_OK(ledger->SignCheckpoint());
  return *draft.body;
}

void CheckReads(const OpenOptions& options, const BodyRef& body, const std::string& text) {
  REQUIRE_OK_AND_ASSIGN(auto ledger, Ledger::OpenReadOnly(options));
  REQUIRE_OK_AND_ASSIGN(const ByteVector back, ledger->ReadBody(body.root));
  CHECK(AsText(back) == text);
}

VerifyReport Verify(const OpenOptions& options) {
  REQUIRE_OK_AND_ASSIGN(auto ledger, Ledger::OpenReadOnly(options));
  REQUIRE_OK_AND_ASSIGN(VerifyReport report, ledger->Verify());
  return report;
}

void CheckVerifies(const OpenOptions& options) {
  const VerifyReport report = Verify(options);
  INFO(report.place << ": " << report.message);
  CHECK(report.ok);
}

// ---- the signing key

TEST_CASE("Key: RotationHandsOverAndOldHeadsGoOnVerifying [VE-11]") {
  TestLedger home;
  const std::string before = AppendAndSign(home, 2);
  const std::string old_key = (*home.OpenReadOnly())->Fingerprint();
  REQUIRE_OK_AND_ASSIGN(const LedgerRotation rotation, RotateLedgerKey(home.Options(), false));
  CHECK(rotation.from == old_key);
  CHECK(ToNumber(rotation.index) == 4);
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  CHECK(ledger->Fingerprint() == rotation.to);
  REQUIRE_OK_AND_ASSIGN(const std::string first, ledger->LatestCheckpoint());
  const auto keys = ledger->Keys();
  REQUIRE(keys.size() == 2);
  const proof::Verifier from = *proof::Verifier::Parse(keys[0].vkey);
  const proof::Verifier to = *proof::Verifier::Parse(keys[1].vkey);
  CHECK(proof::OpenCheckpoint(before, from));
  CHECK_FALSE(proof::OpenCheckpoint(before, to));
  CHECK(proof::OpenCheckpoint(first, from));  // the first head after it: both, the old key first
  CHECK(proof::OpenCheckpoint(first, to));
  REQUIRE_OK_AND_ASSIGN(const proof::Note note, proof::ParseNote(first));
  REQUIRE(note.signatures.size() == 2);
  CHECK(note.signatures[0].key_id == proof::KeyId(from.name, from.key));
  REQUIRE_OK(ledger->Append(Draft(9)).get());
  REQUIRE_OK_AND_ASSIGN(const std::string second, ledger->SignCheckpoint());
  CHECK_FALSE(proof::OpenCheckpoint(second, from));
  CHECK(proof::OpenCheckpoint(second, to));
  ledger.reset();
  CheckVerifies(home.Options(false));
  CHECK_FALSE(fs::exists(home.Options().ledger_key_file + ".next"));
  REQUIRE_OK_AND_ASSIGN(const auto key, LoadLedgerKey(home.Options().ledger_key_file, false));
  CHECK(key.public_key() == to.key);
  REQUIRE_OK(RotateLedgerKey(home.Options(), true));  // and once more, the old one kept
  CHECK(fs::exists(KeptKeyPath(home.Options().ledger_key_file, to.key)));
  CheckVerifies(home.Options(false));
}

TEST_CASE("Key: RotationCutShortIsSettledByTheNextOpening [VE-11]") {
  TestLedger home;
  AppendAndSign(home, 2);
  const fs::path key_file = home.Options().ledger_key_file;
  const fs::path next = NextKeyPath(key_file);
  fs::copy(home.root(), home.root().string() + "-before", fs::copy_options::recursive);
  const fs::path before = home.root().string() + "-before";
  REQUIRE_OK_AND_ASSIGN(const LedgerRotation rotation, RotateLedgerKey(home.Options(), false));
  const fs::path made = home.root() / "made";
  fs::copy_file(key_file, made);
  const auto put_back_key = [&] {  // old key in place, new one beside it
    fs::rename(made, next);
    fs::copy_file(before / "ledger.pem", key_file, fs::copy_options::overwrite_existing);
  };
  std::string expected = rotation.to;
  SECTION("before the entry: the new key never came into force") {
    fs::remove_all(home.directory());
    fs::copy(before / "contoso", home.directory(), fs::copy_options::recursive);
    put_back_key();
    expected = rotation.from;
  }
  SECTION("after the entry, before the head") {
    put_back_key();
    DropCheckpoints(home.directory() / "ledger.db", "size = 5");
    fs::copy_file(before / "contoso/checkpoints.log", home.directory() / "checkpoints.log",
                  fs::copy_options::overwrite_existing);
  }
  SECTION("after the head, before its log") {
    put_back_key();
    fs::copy_file(before / "contoso/checkpoints.log", home.directory() / "checkpoints.log",
                  fs::copy_options::overwrite_existing);
  }
  SECTION("after the log, before the key file") { put_back_key(); }
  {  // whoever only reads is not stopped by it
    REQUIRE_OK_AND_ASSIGN(auto reader, home.OpenReadOnly());
    CHECK_FALSE(reader->Fault());
    CHECK(reader->Fingerprint() == expected);
  }
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  CHECK(ledger->Fingerprint() == expected);
  REQUIRE_OK(ledger->Append(Draft(7)).get());
  REQUIRE_OK(ledger->SignCheckpoint());
  ledger.reset();
  CHECK_FALSE(fs::exists(next));
  REQUIRE_OK_AND_ASSIGN(const auto key, LoadLedgerKey(key_file, false));
  CHECK(proof::FingerprintOf(key.public_key()) == expected);
  CheckVerifies(home.Options(false));
  fs::remove_all(before);
}

TEST_CASE("Key: KeptKeyLetsARestoredLedgerGoOn [VE-11]") {
  TestLedger home;
  AppendAndSign(home, 2);
  fs::copy(home.directory(), home.root() / "older", fs::copy_options::recursive);
  SECTION("kept") {
    REQUIRE_OK(RotateLedgerKey(home.Options(), true));
    fs::remove_all(home.directory());
    fs::rename(home.root() / "older", home.directory());
    REQUIRE_OK(home.Open());
  }
  SECTION("gone") {
    REQUIRE_OK(RotateLedgerKey(home.Options(), false));
    fs::remove_all(home.directory());
    fs::rename(home.root() / "older", home.directory());
    CHECK_FAILS(home.Open(), Code::kInvalidInput, "not the key of this ledger");
  }
}

TEST_CASE("Key: LedgerThatLostItsRotationSaysTruncatedAndGoesOnWithTheKeptKey [VE-11] [CL-12]") {
  TestLedger home;
  AppendAndSign(home, 2);
  fs::copy_file(home.directory() / "ledger.db", home.root() / "older.db");
  REQUIRE_OK(RotateLedgerKey(home.Options(), true));
  AppendAndSign(home, 3);
  fs::copy_file(home.root() / "older.db", home.directory() / "ledger.db",
                fs::copy_options::overwrite_existing);
  CHECK_FAILS(home.Open(), Code::kCorrupt, "TRUNCATED");
  REQUIRE_OK_AND_ASSIGN(auto reader, home.OpenReadOnly());
  CHECK_FAILS(reader->Append(Draft(1)).get(), Code::kCorrupt, "TRUNCATED");
  CHECK_THAT(reader->Verify()->message, Catch::Matchers::Contains("TRUNCATED"));
  SECTION("kept") {
    REQUIRE_OK_AND_ASSIGN(const EpochOutcome outcome, StartEpoch(home.Options(), {}));
    CHECK(outcome.started);
    CHECK(outcome.lost == 4);
    CheckVerifies(home.Options(false));
    REQUIRE_OK(RotateLedgerKey(home.Options(), false));
    CheckVerifies(home.Options(false));
  }
  SECTION("gone") {
    for (const auto& file : fs::directory_iterator(home.root()))
      if (file.path().filename().string().find(".old-") != std::string::npos)
        fs::remove(file.path());
    CHECK_FAILS(StartEpoch(home.Options(), {}), Code::kInvalidInput, "not the key of this ledger");
    CHECK_FAILS(home.Open(), Code::kCorrupt, "TRUNCATED");
  }
}

TEST_CASE("Key: BusyLedgerIsNotRotated [VE-11]") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  CHECK_FAILS(RotateLedgerKey(home.Options(), false), Code::kUnavailable, "held by");
  CHECK_FAILS(RotateSealKey(home.Options()), Code::kUnavailable, "held by");
  CHECK_FAILS(RotateMasterKey({home.Options()}, false), Code::kUnavailable, "held by");
  CHECK_FALSE(fs::exists(home.Options().ledger_key_file + ".next"));
  CHECK_FALSE(fs::exists(home.Options().master_key_file + ".next"));
}

// A key.rotated as a forger might append it, with what `change` does to it.
VerifyReport AppendForged(const TestLedger& home,
                          const std::function<void(MemberMap&, const proof::Verifier& from,
                                                   const proof::SigningKey& thief)>& change) {
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  const LedgerKey newest = ledger->Keys().back();
  const proof::Verifier from = *proof::Verifier::Parse(newest.vkey);
  REQUIRE_OK_AND_ASSIGN(const auto own, LoadLedgerKey(home.Options().ledger_key_file, false));
  REQUIRE_OK_AND_ASSIGN(const auto thief, proof::SigningKey::Generate());
  const proof::Verifier to{from.name, thief.public_key()};
  const std::string statement = proof::RotationStatement(from, to);
  MemberMap members{{"algorithm", "ed25519"},
                    {"fingerprint", proof::FingerprintOf(to.key)},
                    {"previous", newest.fingerprint},
                    {"signature_new", EncodeBase64(*thief.Sign(AsBytes(statement)))},
                    {"signature_old", EncodeBase64(*own.Sign(AsBytes(statement)))},
                    {"vkey", to.Encode()}};
  change(members, from, thief);
  REQUIRE_OK(ledger->Append({"key.rotated", "engine", members, {}}).get());
  ledger.reset();
  return Verify(home.Options(false));
}

TEST_CASE("Key: ForgedHandoverIsFoundAtOpenAndByVerification [VE-11]") {
  TestLedger home;
  std::string words;
  VerifyReport report;
  SECTION("old key did not sign") {
    words = "not signed by the key before";
    report = AppendForged(home, [](MemberMap& m, auto&, const proof::SigningKey& thief) {
      m.at("signature_old") = EncodeBase64(*thief.Sign(AsBytes("other")));
    });
  }
  SECTION("new key did not sign") {
    words = "not signed by the new key";
    report = AppendForged(home, [](MemberMap& m, auto&, const proof::SigningKey& thief) {
      m.at("signature_new") = EncodeBase64(*thief.Sign(AsBytes("other")));
    });
  }
  SECTION("another previous key") {
    words = "previous is not the key in force";
    report = AppendForged(home, [](MemberMap& m, auto&, const proof::SigningKey& thief) {
      m.at("previous") = proof::FingerprintOf(thief.public_key());
    });
  }
  SECTION("another name") {
    words = "name";
    report = AppendForged(home, [](MemberMap& m, auto&, const proof::SigningKey& thief) {
      m.at("vkey") = proof::Verifier{"assay.example/other", thief.public_key()}.Encode();
    });
  }
  SECTION("another fingerprint") {
    words = "fingerprint";
    report = AppendForged(home, [](MemberMap& m, const proof::Verifier& from, auto&) {
      m.at("fingerprint") = proof::FingerprintOf(from.key);
    });
  }
  CHECK_FALSE(report.ok);
  CHECK(report.first_bad_index == 2);
  CHECK_THAT(report.message, Catch::Matchers::Contains(words));
  CHECK_FAILS(home.Open(), Code::kCorrupt, words);
}

TEST_CASE("Key: EpochEntryThatDoesNotFollowIsFound [CL-12]") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  const LedgerKey newest = ledger->Keys().back();
  REQUIRE_OK(ledger->Append({"epoch.started", "engine", {{"vkey", newest.vkey}}, {}}).get());
  ledger.reset();
  CHECK_FAILS(home.Open(), Code::kCorrupt, "epoch.started: vkey is not the key in force");
  CHECK(Verify(home.Options(false)).first_bad_index == 2);
}

TEST_CASE("Key: HeadAfterARotationNeedsBothSignatures [VE-11]") {
  TestLedger home;
  AppendAndSign(home, 1);
  REQUIRE_OK(RotateLedgerKey(home.Options(), false));
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.OpenReadOnly());
  REQUIRE_OK_AND_ASSIGN(const std::string note, ledger->LatestCheckpoint());
  proof::KeyHistory history;
  for (uint64_t index : {1u, 3u}) {
    REQUIRE_OK_AND_ASSIGN(const std::string line, ledger->ReadLine(LeafIndex{index}));
    REQUIRE_OK(history.Take(index, ParseLine(line)->members));
  }
  REQUIRE_OK(history.OpenNote(note, 3));
  const size_t first = note.find("\n\n") + 2;
  const size_t second = note.find('\n', first) + 1;
  CHECK_FAILS(history.OpenNote(note.substr(0, second), 3), Code::kCorrupt, "not signed");
  const std::string without_old = note.substr(0, first) + note.substr(second);
  CHECK_FAILS(history.OpenNote(without_old, 3), Code::kCorrupt, "first head after a rotation");
  REQUIRE_OK(history.OpenNote(without_old, 4));  // only the first one needs it
}

// ---- tenant keys and the master key

TEST_CASE("Key: NewSealKeySealsNewBodiesAndOldOnesStayReadable [VE-11] [VE-10]") {
  TestLedger home;
  const BodyRef first = PutBody(home, "first body");
  REQUIRE_OK_AND_ASSIGN(const std::string name, RotateSealKey(home.Options()));
  CHECK(name == "seal.1");
  const BodyRef second = PutBody(home, "second body");
  REQUIRE_OK(RotateSealKey(home.Options()));
  CheckReads(home.Options(false), first, "first body");
  CheckReads(home.Options(false), second, "second body");
  CheckVerifies(home.Options(false));
  // The new key is really another one: without it the second body does not open, the first does.
  RunSql(home.directory() / "keys.db", "DELETE FROM tenant_key WHERE purpose > 'seal'");
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.OpenReadOnly());
  CHECK_FAILS(ledger->ReadBody(second.root), Code::kCorrupt, "");
  REQUIRE_OK(ledger->ReadBody(first.root));
  CHECK(ledger->Verify()->place == "keys.db");
  ledger.reset();
  CHECK_FAILS(home.Open(), Code::kCorrupt, "lacks the \"seal.2\" key");
}

TEST_CASE("Key: SealRotationCutShortBeforeItsEntryIsRecordedAtTheNextOpening [VE-11]") {
  TestLedger home;
  const BodyRef first = PutBody(home, "first body");
  for (const char* name : {"ledger.db", "checkpoints.log"})
    fs::copy_file(home.directory() / name, home.root() / name);
  REQUIRE_OK(RotateSealKey(home.Options()));
  for (const char* name : {"ledger.db", "checkpoints.log"})
    fs::copy_file(home.root() / name, home.directory() / name,
                  fs::copy_options::overwrite_existing);
  const BodyRef second = PutBody(home, "second body");
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.OpenReadOnly());
  REQUIRE_OK_AND_ASSIGN(const std::string line, ledger->ReadLine(LeafIndex{3}));
  CHECK_THAT(line, Catch::Matchers::Contains(R"("purpose":"seal")"));
  CHECK_THAT(line, Catch::Matchers::Contains(R"("which":"seal.1")"));
  CheckReads(home.Options(false), first, "first body");
  CheckReads(home.Options(false), second, "second body");
  CheckVerifies(home.Options(false));
  REQUIRE_OK(home.Open());
  CHECK(ToNumber(ledger->ReadHead()->size) == 5);  // recorded once
}

TEST_CASE("Key: TenantWithoutItsKeysOpensNoBodyOfAnyGeneration [VE-10]") {
  TestLedger home;
  const BodyRef first = PutBody(home, "first body");
  REQUIRE_OK(RotateSealKey(home.Options()));
  const BodyRef second = PutBody(home, "second body");
  RunSql(home.directory() / "keys.db", "DELETE FROM tenant_key");
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.OpenReadOnly());
  CHECK_FAILS(ledger->ReadBody(first.root), Code::kDenied, "no master key");
  CHECK_FAILS(ledger->ReadBody(second.root), Code::kDenied, "no master key");
}

OpenOptions OtherTenant(const TestLedger& home) {
  OpenOptions options = home.Options();
  options.directory = home.root() / "fabrikam";
  options.tenant = *TenantId::Parse("8f0c1d2e-3b4a-4c5d-8e9f-0a1b2c3d4e5f");
  options.origin = "assay.example/fabrikam";
  options.ledger_key_file = (home.root() / "fabrikam.pem").string();
  return options;
}

std::vector<uint8_t> FileBytes(const std::string& path) { return *ReadFile(path); }

// The first wrapped key of a keys.db, as it lies there.
std::string AnyWrappedKey(const fs::path& keys_db) {
  sqlite3* connection = nullptr;
  REQUIRE(sqlite3_open_v2(keys_db.c_str(), &connection, SQLITE_OPEN_READONLY, nullptr) == 0);
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(connection, "SELECT wrapped FROM tenant_key", -1, &statement, nullptr);
  REQUIRE(sqlite3_step(statement) == SQLITE_ROW);
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, 0));
  std::string out(bytes, static_cast<size_t>(sqlite3_column_bytes(statement, 0)));
  sqlite3_finalize(statement);
  sqlite3_close_v2(connection);
  return out;
}

TEST_CASE("Key: NewMasterKeyWrapsTheKeysOfEveryTenant [VE-11] [VE-10]") {
  TestLedger home;
  const BodyRef body = PutBody(home, "of contoso");
  REQUIRE_OK(Ledger::Open(OtherTenant(home)));
  const auto old_master = FileBytes(home.Options().master_key_file);
  const fs::path keys_db = home.directory() / "keys.db";
  const std::string wrapped_before = AnyWrappedKey(keys_db);
  REQUIRE_OK_AND_ASSIGN(const MasterRotation rotation,
                        RotateMasterKey({home.Options(), OtherTenant(home)}, false));
  CHECK(rotation.rewrapped == 2);
  CHECK(rotation.from != rotation.to);
  CHECK(FileBytes(home.Options().master_key_file) != old_master);
  CHECK_FALSE(fs::exists(home.Options().master_key_file + ".next"));
  CheckReads(home.Options(false), body, "of contoso");
  CHECK(AnyWrappedKey(keys_db) != wrapped_before);
  for (const auto& file : fs::directory_iterator(home.directory())) {  // not in a free page either
    const auto bytes = FileBytes(file.path());
    CHECK(AsText(bytes).find(wrapped_before) == std::string_view::npos);
  }
  REQUIRE_OK(Ledger::Open(OtherTenant(home)));
  CheckVerifies(home.Options(false));
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.OpenReadOnly());
  REQUIRE_OK_AND_ASSIGN(const std::string line, ledger->ReadLine(LeafIndex{3}));
  CHECK_THAT(line, Catch::Matchers::Contains(R"("kind":"key.rewrapped")"));
  CHECK_THAT(line, Catch::Matchers::Contains(R"("purpose":"master")"));
  CHECK_THAT(line, Catch::Matchers::Contains(rotation.to));
  // The old key opens nothing any more.
  REQUIRE_OK(WriteFileDurably(home.Options().master_key_file, old_master, 0600));
  CHECK_FAILS(home.Open(), Code::kCorrupt, "master key does not open");
}

TEST_CASE("Key: MasterRotationCutShortGoesOnWhereItStopped [VE-11]") {
  TestLedger home;
  const BodyRef body = PutBody(home, "of contoso");
  const OpenOptions other = OtherTenant(home);
  REQUIRE_OK(Ledger::Open(other));
  const fs::path master = home.Options().master_key_file;
  const fs::path old_copy = home.root() / "old-master";
  fs::copy_file(master, old_copy);
  // Only the first tenant was rewrapped when the process died: its file is not yet in place.
  REQUIRE_OK(RotateMasterKey({home.Options()}, false));
  fs::rename(master, master.string() + ".next");
  fs::rename(old_copy, master);
  CheckReads(home.Options(false), body, "of contoso");
  REQUIRE_OK(home.Open());
  REQUIRE_OK(Ledger::Open(other));
  REQUIRE_OK_AND_ASSIGN(const MasterRotation rotation,
                        RotateMasterKey({home.Options(), other}, true));
  CHECK(rotation.rewrapped == 1);
  CHECK(fs::exists(rotation.kept));
  CheckReads(home.Options(false), body, "of contoso");
  REQUIRE_OK(Ledger::Open(other));
  CheckVerifies(home.Options(false));
  CheckVerifies(other);
}

TEST_CASE("Key: WrongMasterKeyAndTamperedKeysAreNamed [VE-10]") {
  TestLedger home;
  const BodyRef body = PutBody(home, "x");
  SECTION("another master key") {
    REQUIRE_OK(WriteFileDurably(home.Options().master_key_file, ByteVector(32, 7), 0600));
    CHECK_FAILS(home.Open(), Code::kCorrupt, "master key does not open the seal key");
    CHECK(Verify(home.Options(false)).place == "keys.db");
  }
  SECTION("one bit of a wrapped key") {
    RunSql(home.directory() / "keys.db",
           "UPDATE tenant_key SET wrapped = CAST(substr(wrapped, 1, 44) || "
           "x'0123456789abcdef0123456789abcdef' AS BLOB) "
           "WHERE purpose = 'index'");
    CHECK_FAILS(home.Open(), Code::kCorrupt, "does not open the index key");
  }
  SECTION("keys swapped") {
    RunSql(home.directory() / "keys.db",
           "UPDATE tenant_key SET wrapped = (SELECT wrapped FROM tenant_key t WHERE t.purpose <> "
           "tenant_key.purpose)");
    CHECK_FAILS(home.Open(), Code::kCorrupt, "does not open");
  }
  SECTION("a name that nobody gave") {
    RunSql(
        home.directory() / "keys.db",
        "INSERT INTO tenant_key SELECT 'seal.7', wrapped FROM tenant_key WHERE purpose = 'seal'");
    CHECK_FAILS(home.Open(), Code::kCorrupt, "strange name");
  }
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.OpenReadOnly());
  CHECK_FAILS(ledger->ReadBody(body.root), Code::kDenied, "no master key");
}

TEST_CASE("Key: KeysOfOneTenantOpenNothingOfAnother [CM-14] [VE-10]") {
  TestLedger home;
  const BodyRef body = PutBody(home, "of contoso, sealed for contoso");
  const OpenOptions other = OtherTenant(home);
  REQUIRE_OK(Ledger::Open(other));
  SECTION("the other tenant's keys in this tenant's place") {
    fs::copy_file(other.directory / "keys.db", home.directory() / "keys.db",
                  fs::copy_options::overwrite_existing);
    CHECK_FAILS(home.Open(), Code::kCorrupt, "does not open the seal key");
  }
  SECTION("this tenant's sealed bodies in the other's folder") {
    for (const auto& file : fs::directory_iterator(home.directory()))
      if (file.path().filename().string().starts_with("evidence-"))
        fs::copy_file(file.path(), other.directory / file.path().filename());
    REQUIRE_OK_AND_ASSIGN(auto ledger, Ledger::OpenReadOnly(other));
    CHECK_FAILS(ledger->ReadBody(body.root), Code::kCorrupt, "");
  }
  SECTION("even with this tenant's keys as well, which are bound to its id") {
    for (const auto& file : fs::directory_iterator(home.directory()))
      if (file.path().filename() != "ledger.db" && file.path().extension() == ".db")
        fs::copy_file(file.path(), other.directory / file.path().filename(),
                      fs::copy_options::overwrite_existing);
    CHECK_FAILS(Ledger::Open(other), Code::kCorrupt, "does not open the seal key");
  }
}

TEST_CASE("Key: MasterKeyReferencesOfLaterVersionsAreNamed [VE-10]") {
  for (const char* reference : {"keyvault:https://vault.example/keys/kek", "pkcs11:token=assay"})
    CHECK_FAILS(OpenMasterKey(reference, false), Code::kUnsupported, reference);
  TestLedger home;
  const std::string path = home.Options().master_key_file;
  REQUIRE_OK_AND_ASSIGN(const auto plain, OpenMasterKey(path, true));
  REQUIRE_OK_AND_ASSIGN(const auto named, OpenMasterKey("file:" + path, false));
  CHECK(plain->id() == named->id());
  ::setenv("CREDENTIALS_DIRECTORY", home.root().c_str(), 1);
  REQUIRE_OK_AND_ASSIGN(const auto credential, OpenMasterKey("cred:master.key", false));
  CHECK(credential->id() == plain->id());
  ::unsetenv("CREDENTIALS_DIRECTORY");
  CHECK_FAILS(OpenMasterKey("cred:master.key", false), Code::kNotFound, "CREDENTIALS_DIRECTORY");
}

}  // namespace
}  // namespace assay::ledger
