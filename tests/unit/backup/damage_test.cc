// Every flipped bit and every cut of a small backup is found, at the right place.
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "backup/manifest.h"
#include "unit/backup/fixture.h"

namespace assay::backup {
namespace {

namespace fs = std::filesystem;
using testing::TestBackup;

// A file that is damaged in many ways and put back each time.
class Damaged {
 public:
  explicit Damaged(const fs::path& path)
      : fd_(::open(path.c_str(), O_RDWR | O_CLOEXEC)), bytes_(*ReadFile(path)) {
    REQUIRE(fd_.valid());
  }
  size_t size() const { return bytes_.size(); }
  void Flip(size_t at, int bit) { Put(at, static_cast<uint8_t>(bytes_[at] ^ (1u << bit))); }
  void Heal(size_t at) { Put(at, bytes_[at]); }
  void Cut(size_t length) { REQUIRE(::ftruncate(fd_.get(), static_cast<off_t>(length)) == 0); }
  void HealAll() {
    REQUIRE(::pwrite(fd_.get(), bytes_.data(), bytes_.size(), 0) ==
            static_cast<ssize_t>(bytes_.size()));
  }

 private:
  void Put(size_t at, uint8_t byte) {
    REQUIRE(::pwrite(fd_.get(), &byte, 1, static_cast<off_t>(at)) == 1);
  }
  UniqueFd fd_;
  ByteVector bytes_;
};

// One bit of each byte of the database files, every one of the rest; with ASSAY_EVERY_BIT=1 every
// one of all (minutes).
bool EveryBitOf(const std::string& name) {
  return !name.ends_with(".db") || std::getenv("ASSAY_EVERY_BIT") != nullptr;
}

// An instrumented build takes every 31st byte only: it looks for bad reads, not for a missed bit.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t kByteStep = 31;
#else
constexpr size_t kByteStep = 1;
#endif

// Of manifest.json either itself or its signature is what does not hold.
bool IsRightPlace(const std::string& name, const std::string& place) {
  return place == name || (name == kManifestName && place == kSignatureName);
}

void FlipAll(TestBackup& home, const fs::path& backup, const std::string& name) {
  Damaged file(backup / name);
  size_t missed = 0;
  for (size_t at = 0; at < file.size(); at += kByteStep) {
    const int first = EveryBitOf(name) ? 0 : static_cast<int>(at % 8);
    for (int bit = first; bit < (EveryBitOf(name) ? 8 : first + 1); ++bit) {
      file.Flip(at, bit);
      const Verified verified = home.Verify(backup);
      const bool found = !verified.ok && IsRightPlace(name, verified.place);
      if (!found) UNSCOPED_INFO(name << " byte " << at << " bit " << bit << ": " << verified.place);
      missed += found ? 0 : 1;
    }
    file.Heal(at);
  }
  CHECK(missed == 0);
}

void CutAll(TestBackup& home, const fs::path& backup, const std::string& name) {
  Damaged file(backup / name);
  const size_t step = (EveryBitOf(name) ? 1 : 61) * kByteStep;
  for (size_t cut = 1; cut <= file.size(); cut += step) {
    file.Cut(file.size() - cut);
    const Verified verified = home.Verify(backup);
    INFO(name << " without its last " << cut << " bytes: " << verified.place);
    CHECK((!verified.ok && IsRightPlace(name, verified.place)));
  }
  file.HealAll();
}

TEST_CASE("Damage: EveryFlippedBitIsFoundAndNamed") {
  TestBackup home;
  home.Append(2);
  const Made made = home.Create();
  for (const char* name :
       {"manifest.json", "manifest.sig", "checkpoints.log", "evidence-202611.db", "ledger.db"})
    FlipAll(home, made.path, name);
  CHECK(home.Verify(made.path).ok);
}

TEST_CASE("Damage: EveryCutIsFoundAndNamed") {
  TestBackup home;
  home.Append(2);
  const Made made = home.Create();
  for (const char* name :
       {"manifest.json", "manifest.sig", "checkpoints.log", "evidence-202611.db", "ledger.db"})
    CutAll(home, made.path, name);
  CHECK(home.Verify(made.path).ok);
}

TEST_CASE("Damage: MissingExtraAndExchangedFilesAreNamed") {
  TestBackup home;
  home.Append(2);
  const Made first = home.Create();
  home.Append(2);
  const Made second = home.Create();
  const auto finds = [&](const char* place, const char* words) {
    const Verified verified = home.Verify(second.path);
    CHECK_FALSE(verified.ok);
    CHECK(verified.place == place);
    CHECK_THAT(verified.message, Catch::Matchers::Contains(words));
  };
  REQUIRE_OK(WriteFileDurably(second.path / "ledger.db-wal", AsBytes("frames")));
  finds("\"ledger.db-wal\"", "the manifest does not name");
  fs::remove(second.path / "ledger.db-wal");
  fs::rename(second.path / "evidence-202611.db", home.path("kept"));
  finds("evidence-202611.db", "missing");
  fs::create_symlink(home.path("kept"), second.path / "evidence-202611.db");
  finds("evidence-202611.db", "not a file");
  fs::remove(second.path / "evidence-202611.db");
  fs::copy_file(first.path / "evidence-202611.db", second.path / "evidence-202611.db");
  finds("evidence-202611.db", "manifest");
  fs::remove(second.path / "evidence-202611.db");
  fs::rename(home.path("kept"), second.path / "evidence-202611.db");
  CHECK(home.Verify(second.path).ok);
}

TEST_CASE("Damage: AManifestOfAnotherKeyIsNotTheLedgers") {
  TestBackup home;
  home.Append(2);
  const Made made = home.Create();
  REQUIRE_OK_AND_ASSIGN(const auto other, proof::SigningKey::Generate());
  Manifest manifest = made.manifest;
  manifest.signer.key = other.public_key();
  fs::remove(made.path / kManifestName);
  fs::remove(made.path / kSignatureName);
  REQUIRE_OK(WriteManifest(made.path, manifest, other));
  const Verified verified = home.Verify(made.path);
  CHECK_FALSE(verified.ok);  // the ledger inside is signed by its own
  const Verified asked =
      VerifyBackup(made.path, {{proof::FingerprintOf(made.manifest.signer.key)}, "", {}});
  CHECK(asked.place == kManifestName);
  CHECK_THAT(asked.message, Catch::Matchers::Contains("the ledger's key is SHA256:"));
}

TEST_CASE("Manifest: IsThatOfTheGoldenVector") {
  const auto page = ReadFile(std::string(ASSAY_SOURCE_DIR) + "/docs/formats/backup.md");
  REQUIRE_OK(page);
  const std::string text(AsText(*page));
  const auto between = [&](const char* before, const char* after) {
    const size_t from = text.find(before, text.find("## Golden vector")) + std::strlen(before);
    return text.substr(from, text.find(after, from) - from);
  };
  REQUIRE_OK_AND_ASSIGN(const Manifest manifest, ParseManifest(between("```\n", "\n```")));
  CHECK(manifest.size == 2);
  CHECK(manifest.files.size() == 2);
  REQUIRE_OK_AND_ASSIGN(const auto key,
                        proof::SigningKey::FromPem(
                            "-----BEGIN PRIVATE KEY-----\n"
                            "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                            "-----END PRIVATE KEY-----\n"));
  TestBackup home;
  REQUIRE_OK(WriteManifest(home.target(), manifest, key));
  CHECK(EncodeBase64(*ReadFile(home.target() / kSignatureName)) == between("in base64: `", "`"));
  REQUIRE_OK(ReadManifest(home.target()));
}

TEST_CASE("Manifest: HasOneForm") {
  const Digest zero{};
  Manifest manifest;
  manifest.tenant = "7f0c1d2e-3b4a-4c5d-8e9f-0a1b2c3d4e5f";
  manifest.origin = "assay.example/contoso";
  manifest.created = *ParseTime("2026-11-21T03:00:00.000Z");
  manifest.size = 2;
  manifest.signer = {"assay.example/contoso", {}};
  manifest.files = {{"checkpoints.log", 178, zero}, {"ledger.db", 40960, zero}};
  REQUIRE_OK_AND_ASSIGN(const std::string text, EncodeManifest(manifest));
  CHECK_THAT(text,
             Catch::Matchers::StartsWith(
                 "{\"created\":\"2026-11-21T03:00:00.000Z\",\"epoch\":1,\"files\":[{\"bytes\":"
                 "178,\"path\":\"checkpoints.log\",\"sha256\":\"0000"));
  REQUIRE_OK_AND_ASSIGN(const Manifest again, ParseManifest(text));
  CHECK(again.files == manifest.files);
  const auto refused = [&](const std::string& from, const std::string& to, const char* words) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    CHECK_FAILS(ParseManifest(changed), Code::kCorrupt, words);
  };
  refused("ledger.db", "../../x.db", "is none of a ledger");
  refused("ledger.db", "a.db", "is none of a ledger");
  refused("assay.backup/1", "assay.backup/2", "format");
  refused("00.000Z", "00Z", "one form");
  refused("\"size\":2", "\"size\":2,\"sizf\":2", "one form");
  refused("checkpoints.log", "ledger.db", "order");
}

}  // namespace
}  // namespace assay::backup
