// What a grant is of, what a signature is over, and which version is older: the pure parts.
#include "assess/package_note.h"
#include "assess/read_set.h"
#include "assess/versions.h"
#include "proof/sha256.h"
#include "support/matchers.h"

namespace assay::assess {
namespace {

EndpointSpec Read(const std::string& path) {
  EndpointSpec out;
  out.id = "e";
  out.version = "v1.0";
  out.path = path;
  out.permission = "User.Read.All";
  return out;
}

TEST_CASE("Read set: one line for each power, in canonical order") {
  Manifest manifest;
  manifest.id = "guest-review";
  DatasetSpec users;
  users.id = "users";
  users.data_class = "directory";
  users.columns = {{"name", ColumnType::kText, true}};
  manifest.datasets = {users};
  EndpointSpec guests = Read("/users");
  guests.query = {{"$top", "5"}, {"$filter", "userType eq 'Guest'&x=1"}};
  guests.datasets = {"users"};
  EndpointSpec arm;
  arm.id = "a";
  arm.host = ServiceHost::kArm;
  arm.api_version = "2019-10-01";
  arm.path = "/subscriptions/{id}/x/{name}";
  arm.params = {{"id", ParamType::kGuid}, {"name", ParamType::kSegment}};
  arm.read_post = "query";
  EndpointSpec again = guests;
  again.id = "another-handle";  // a handle gives no power
  manifest.endpoints = {guests, arm, again};
  CHECK(ReadLines(manifest) ==
        std::vector<std::string>{
            "GET graph:/v1.0/users?$filter=userType%20eq%20'Guest'%26x%3D1&$top=5 "
            "permission=User.Read.All data=directory personal",
            "POST:query arm:/subscriptions/{id:guid}/x/{name:segment}?api-version=2019-10-01"});
  CHECK(CanonicalReadSet("guest-review", {"a", "b"}) == "assay grant v1\nguest-review\na\nb\n");
}

TEST_CASE("Read set: names the parameters of a query with their types") {
  EndpointSpec log = Read("/auditLogs/signIns");
  log.params = {{"since", ParamType::kTime}};
  log.query = {{"$filter", "createdDateTime ge {since}"}, {"$top", "{other}"}};
  Manifest manifest;
  manifest.endpoints = {log};
  CHECK(ReadLines(manifest) ==
        std::vector<std::string>{"GET graph:/v1.0/auditLogs/signIns?$filter=createdDateTime%20ge%20"
                                 "{since:time}&$top=%7Bother%7D permission=User.Read.All"});
}

TEST_CASE("Read set: whatever widens a read changes its line") {
  const auto line = [](const EndpointSpec& endpoint) {
    Manifest manifest;
    manifest.endpoints = {endpoint};
    return ReadLines(manifest).front();
  };
  const EndpointSpec plain = Read("/users");
  EndpointSpec beta = plain, other = plain, query = plain, post = plain, personal = plain;
  beta.version = "beta";
  other.permission = "Directory.Read.All";
  query.query = {{"$expand", "manager"}};
  post.read_post = "batch";
  personal.personal = true;
  for (const EndpointSpec& wider : {beta, other, query, post, personal})
    CHECK(line(wider) != line(plain));
  // No value can imitate what follows it in the line.
  EndpointSpec imitation = Read("/users");
  imitation.permission = "User.Read.All personal";
  CHECK(line(imitation) != line(personal));
}

TEST_CASE("Read set: limits above the usual, and data that no read gives") {
  Manifest manifest;
  manifest.limits.memory_bytes *= 2;
  manifest.limits.outstanding += 1;
  manifest.limits.cpu_seconds = 1;  // less is never a question
  DatasetSpec fed, derived;
  fed.id = "fed";
  fed.data_class = "directory";
  derived.id = "derived";
  derived.data_class = "people data";
  derived.columns = {{"name", ColumnType::kText, true}};
  manifest.datasets = {fed, derived};
  manifest.endpoints = {Read("/users")};
  manifest.endpoints[0].datasets = {"fed"};
  CHECK(ReadLines(manifest) ==
        std::vector<std::string>{"DATA people%20data personal",
                                 "GET graph:/v1.0/users permission=User.Read.All data=directory",
                                 "LIMIT memory_bytes=1073741824", "LIMIT outstanding=65"});
}

TEST_CASE("Read set: a limit is within the grant of a larger one, and of no other") {
  const std::vector<std::string> granted = {"GET x", "LIMIT reads=70",
                                            "LIMIT rows=", "LIMIT rows=9x"};
  CHECK(CompareReads(granted, {"LIMIT reads=70"}).added.empty());
  const ReadDifference less = CompareReads(granted, {"LIMIT reads=9"});
  CHECK(less.kept == std::vector<std::string>{"LIMIT reads=9"});
  CHECK(less.removed.size() == 4);
  for (const char* more : {"LIMIT reads=71", "LIMIT rows=1", "LIMIT frames=1",
                           "LIMIT reads=", "LIMIT reads=18446744073709551616", "LIMIT =1"}) {
    INFO(more);
    CHECK(CompareReads(granted, {more}).added == std::vector<std::string>{more});
  }
}

TEST_CASE("Read set: the difference is what was not granted") {
  const ReadDifference d = CompareReads({"a", "b"}, {"b", "c"});
  CHECK(d.added == std::vector<std::string>{"c"});
  CHECK(d.kept == std::vector<std::string>{"b"});
  CHECK(d.removed == std::vector<std::string>{"a"});
}

TEST_CASE("Versions: numbers count as numbers, and a candidate is older than its release") {
  const char* in_order[] = {"0.9",        "0.10-alpha", "0.10-rc.1", "0.10-rc.2",
                            "0.10-rc.10", "0.10",       "0.10.1",    "1",
                            "1.0.1",      "1.1",        "10",        "99999999999999999999999"};
  for (size_t i = 0; i < std::size(in_order); ++i)
    for (size_t j = 0; j < std::size(in_order); ++j) {
      INFO(in_order[i] << " and " << in_order[j]);
      const int order = CompareVersions(in_order[i], in_order[j]);
      CHECK((order < 0) == (i < j));
      CHECK((order > 0) == (i > j));
    }
  CHECK(CompareVersions("1.0.0", "1") == 0);
  CHECK(AcceptsVersion("", "7"));
  CHECK(AcceptsVersion("1", "1.2.0"));
  CHECK(AcceptsVersion("1.*", "1.2.0"));
  CHECK(AcceptsVersion("1.2", "1.2.0"));
  CHECK_FALSE(AcceptsVersion("1.2", "1.20"));
  CHECK_FALSE(AcceptsVersion("1.2", "1"));
}

/// A package without an ELF file: what the note is over are digests and names.
LoadedPlugin Package() {
  LoadedPlugin plugin;
  plugin.manifest.id = "guest-review";
  plugin.manifest.version = "0.1.0";
  plugin.files = {{"guest-review.so", proof::Sha256(AsBytes("so")), {}},
                  {"checks/a.toml", proof::Sha256(AsBytes("check")), {}}};
  plugin.image.manifest_digest = proof::Sha256(AsBytes("manifest"));
  return plugin;
}

TEST_CASE("Package note: says every file in order, and gives back who signed") {
  const auto key = proof::SigningKey::Generate();
  REQUIRE(key);
  const auto note = SignPackage(Package(), "maria@example", *key);
  REQUIRE(note);
  const proof::Verifier author{"maria@example", key->public_key()};
  const std::string text = "assay plugin package v1\nguest-review 0.1.0\nkey " + author.Encode() +
                           "\nmanifest " + EncodeHex(proof::Sha256(AsBytes("manifest"))) +
                           "\nfile " + EncodeHex(proof::Sha256(AsBytes("check"))) +
                           " checks/a.toml\nfile " + EncodeHex(proof::Sha256(AsBytes("so"))) +
                           " guest-review.so\n\n";
  CHECK(note->starts_with(text));
  const auto signer = VerifyPackage(Package(), *note);
  REQUIRE(signer);
  CHECK(signer->Encode() == author.Encode());
}

TEST_CASE("Pin: is of every file, by its name and bytes") {
  const std::vector<PluginFile> files = Package().files;
  const std::string text = "assay plugin pin v1\nfile " + EncodeHex(files[1].digest) +
                           " checks/a.toml\nfile " + EncodeHex(files[0].digest) +
                           " guest-review.so\n";
  CHECK(PinOf(files) == EncodeHex(proof::Sha256(AsBytes(text))));
  std::vector<PluginFile> changed = files, renamed = files, fewer = files;
  changed[1].digest[0] ^= 1;
  renamed[1].name = "checks/b.toml";
  fewer.pop_back();
  for (const auto& other : {changed, renamed, fewer}) CHECK(PinOf(other) != PinOf(files));
}

TEST_CASE("Package note: refuses another package, and a note of two signatures") {
  const auto key = proof::SigningKey::Generate();
  REQUIRE(key);
  const auto note = SignPackage(Package(), "maria", *key);
  REQUIRE(note);
  LoadedPlugin version = Package(), file = Package(), more = Package(), less = Package(),
               manifest = Package(), id = Package();
  version.manifest.version = "0.1.1";
  file.files[1].digest[0] ^= 1;
  more.files.push_back({"views.sql", {}, {}});
  less.files.pop_back();
  manifest.image.manifest_digest[31] ^= 1;
  id.manifest.id = "guest-revieW";
  struct Case {
    const LoadedPlugin* plugin;
    const char* words;
  };
  for (const Case& one : {Case{&version, "is for \"guest-review\" \"0.1.0\""},
                          Case{&file, "checks/a.toml has digest"},
                          Case{&more, "views.sql is not among the signed files"},
                          Case{&less, "\"checks/a.toml\" was signed but is missing"},
                          Case{&manifest, "another manifest"}, Case{&id, "is for"}})
    CHECK_FAILS(VerifyPackage(*one.plugin, *note), Code::kDenied, one.words);
  const auto twice = proof::CountersignNote(*note, "other", *key);
  REQUIRE(twice);
  CHECK_FAILS(VerifyPackage(Package(), *twice), Code::kDenied, "2 signatures");
  const std::string other = "assay plugin package v2" + note->substr(23);
  CHECK_FAILS(VerifyPackage(Package(), other), Code::kDenied, "expected");
}

TEST_CASE("Package note: refuses a key name that could pretend to be something else") {
  const auto key = proof::SigningKey::Generate();
  REQUIRE(key);
  for (const char* name : {"a\"b", "a\\b", "a#b",
                           "\xc2\x9b"
                           "31m",
                           "\xe2\x80\xae"
                           "x",
                           "a=b"}) {
    INFO(name);
    CHECK_FAILS(SignPackage(Package(), name, *key), Code::kInvalidInput, "key name");
    const auto good = SignPackage(Package(), "maria", *key);
    REQUIRE(good);
    std::string text = good->substr(0, good->find("\n\n") + 1);
    const std::string vkey = proof::Verifier{"maria", key->public_key()}.Encode();
    text.replace(text.find(vkey), vkey.size(), proof::Verifier{name, key->public_key()}.Encode());
    const auto note = proof::SignNote(text, name, *key);
    REQUIRE(note);
    CHECK_FAILS(VerifyPackage(Package(), *note), Code::kDenied, "key name");
  }
}

TEST_CASE("Package note: the statement has one form only") {
  const auto key = proof::SigningKey::Generate();
  REQUIRE(key);
  const auto note = SignPackage(Package(), "maria", *key);
  REQUIRE(note);
  const std::string text = note->substr(0, note->find("\n\n") + 1);
  REQUIRE(PackageStatement::Parse(text));
  const size_t files = text.find("file ");
  const size_t second = text.find("file ", files + 1);
  const std::string swapped =
      text.substr(0, files) + text.substr(second) + text.substr(files, second - files);
  const std::string cases[] = {swapped,
                               text + text.substr(files),
                               text.substr(0, files),
                               text.substr(0, text.size() - 1),
                               text + "file \n",
                               text.substr(0, second) + "file AB\n"};
  for (const std::string& one : cases) {
    INFO(one);
    CHECK_FAILS(PackageStatement::Parse(one), Code::kInvalidInput, "");
  }
}

}  // namespace
}  // namespace assay::assess
