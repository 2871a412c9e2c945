// A place that takes notes by HTTP PUT, played by a TLS server of our own. [CL-12]
#include "anchor/put.h"

#include <map>

#include "base/text.h"
#include "support/scripted_http.h"
#include "unit/anchor/outside.h"

namespace assay::anchor {
namespace {

using test::Answer;
using test::Identity;
using test::MakeIdentity;
using test::PemFile;
using test::Reply;
using test::ScriptedServer;
using testing::Found;
using testing::GrowingLedger;

const Identity& TestCa() {
  static const Identity ca = MakeIdentity(nullptr, "");
  return ca;
}
const std::string& TestCaFile() {
  static const PemFile file(TestCa());
  return file.path();
}
const Identity& Leaf() {
  static const Identity leaf = MakeIdentity(&TestCa(), "DNS:localhost");
  return leaf;
}

// Short enough for a test that waits for it, long enough for a busy machine where none does.
constexpr std::chrono::milliseconds kShort{400}, kAmple{10'000};
constexpr std::chrono::seconds kBounded{20};  // far below what the peers below would take

Place PlaceAt(const ScriptedServer& server, const std::string& ca_file = TestCaFile(),
              std::chrono::milliseconds timeout = kAmple) {
  Place place;
  place.kind = Place::Kind::kPut;
  place.url = server.Base("localhost") + "/kept";
  place.ca_file = ca_file;
  place.timeout = timeout;
  return place;
}

/// Keeps what is put, gives it back, and refuses as it is told.
class NoteStore {
 public:
  std::map<std::string, std::string> files;  // read by tests between requests only
  int put_status = 201, get_status = 200;
  bool once = false;  ///< a numbered note is never replaced
  ScriptedServer server{[this](const std::string& request) { return Serve(request); }, &Leaf()};

  Place place() const { return PlaceAt(server); }
  std::string& Newest() { return File("newest.note"); }
  std::string& File(const std::string& name) {
    for (auto& [path, content] : files)
      if (path.ends_with("/" + name)) return content;
    FAIL("no file " << name);
    return files.begin()->second;
  }

 private:
  Reply Serve(const std::string& request) {
    const auto words = Split(std::string_view(request).substr(0, request.find('\r')), ' ');
    const std::string path(words.at(1));
    if (words[0] == "GET") {
      if (get_status != 200) return Answer(get_status, "GET says no");
      return files.count(path) == 0 ? Answer(404, "") : Answer(200, files[path]);
    }
    if (put_status >= 300) return Answer(put_status, "PUT says no", "Location: /elsewhere\r\n");
    if (once && files.count(path) != 0 && !path.ends_with("newest.note")) return Answer(412, "");
    files[path] = request.substr(request.find("\r\n\r\n") + 4);
    return {"HTTP/1.1 " + std::to_string(put_status) + " X\r\n" +
            (put_status == 204 ? "" : "Content-Length: 0\r\n") + "\r\n"};
  }
};

std::string Unreached(const MonitorReport& report) {
  std::string out;
  for (const auto& [place, error] : report.unreached) out += error.ToString() + "\n";
  return out;
}

bool Says(const std::optional<Error>& error, Code code, const std::string& words) {
  UNSCOPED_INFO((error ? error->ToString() : "no error"));
  return error && error->code == code && error->ToString().find(words) != std::string::npos;
}

TEST_CASE("Put: ANoteIsKeptOverTlsAndComparedWith [CL-12]") {
  for (const int status : {200, 201, 204}) {
    INFO(status);
    GrowingLedger ledger;
    NoteStore store;
    store.put_status = status;
    const std::string note = ledger.Grow(5);
    REQUIRE_FALSE(ledger.Send({store.place()})[0].error);
    CHECK(store.files.size() == 2);
    CHECK(store.Newest() == note);
    CHECK(store.File("0000000000000007.note") == note);
    const std::string request = store.server.Requests()[1];
    CHECK_THAT(request, Catch::Matchers::StartsWith("PUT /kept/assay.example_contoso-"));
    CHECK_THAT(request, !Catch::Matchers::Contains("Authorization"));
    const MonitorReport report = ledger.Watch({store.place()});
    CHECK(report.findings.empty());
    CHECK(report.unreached.empty());
    CHECK(report.compared.back() == store.place().Name());
    // Sent again it is the same, and nothing is written.
    const size_t before = store.server.Requests().size();
    REQUIRE_FALSE(ledger.Send({store.place()})[0].error);
    CHECK(store.server.Requests().size() == before + 1);
    ledger.Grow(3, 5);
    REQUIRE_FALSE(ledger.Send({store.place()})[0].error);
    CHECK(store.files.size() == 3);
  }
}

TEST_CASE("Put: TheMonitorSeesARollbackAndTheSenderDoesNotHideIt [CL-12]") {
  GrowingLedger ledger;
  NoteStore store;
  ledger.Grow(30);
  ledger.Send({store.place()});
  const auto older = ledger.Snapshot("older");
  const std::string newest = ledger.Grow(5, 30);
  ledger.Send({store.place()});
  ledger.Restore(older);
  CHECK(ledger.Watch({}).findings.empty());
  CHECK(Found(ledger.Watch({store.place()}), "ROLLED BACK", "put "));
  const auto kept = store.files;
  CHECK(Says(ledger.Send({store.place()})[0].error, Code::kCorrupt, "ROLLED BACK: put https"));
  // Nor when it has grown beyond what was lost.
  ledger.Grow(2, 100);
  CHECK(Says(ledger.Send({store.place()})[0].error, Code::kCorrupt, "ROLLED BACK"));
  ledger.Grow(70, 200);
  CHECK(Says(ledger.Send({store.place()})[0].error, Code::kCorrupt, "FORKED: put https"));
  CHECK(Found(ledger.Watch({store.place()}), "FORKED", "put "));
  CHECK(store.files == kept);
  CHECK(store.Newest() == newest);
}

TEST_CASE("Put: TheMonitorSeesWhatIsOfATimeThatHasNotCome [CL-12]") {
  GrowingLedger ledger;
  testing::ServedWitness witness(ledger);
  NoteStore store;
  ledger.Grow(3);
  witness.Serve(ledger.Vkey());
  witness.clock.Set(ledger.home.clock.Now() + std::chrono::hours(2));
  REQUIRE_FALSE(ledger.Send({witness.place()})[0].error);
  REQUIRE_FALSE(ledger.Send({store.place()})[0].error);
  Place known = witness.place();  // its key is known, and it does not answer
  known.url = "http://127.0.0.1:1";
  CHECK(Found(ledger.Watch({known, store.place()}), "FUTURE", "put "));
}

TEST_CASE("Put: WhatIsNoNoteOfThisLedgerIsAFindingAndIsNotReplaced [CL-12]") {
  GrowingLedger ledger, other;
  NoteStore store;
  ledger.Grow(3);
  ledger.Send({store.place()});
  store.Newest() = "<html>log in first</html>";
  CHECK(Found(ledger.Watch({store.place()}), "DAMAGED", "put "));
  CHECK(Says(ledger.Send({store.place()})[0].error, Code::kCorrupt, "is no checkpoint"));
  const std::string strange = other.Grow(2);
  store.Newest() = strange;
  CHECK(Found(ledger.Watch({store.place()}), "UNKNOWN KEY", "put "));
  CHECK(Says(ledger.Send({store.place()})[0].error, Code::kCorrupt, "not signed by this ledger"));
  CHECK(store.Newest() == strange);
}

TEST_CASE("Put: AWriteOnlyPlaceIsNeverSaidToBeRight [CL-12]") {
  for (const int status : {401, 403, 405, 501}) {
    INFO(status);
    GrowingLedger ledger;
    NoteStore store;
    store.get_status = status;
    ledger.Grow(3);
    const auto sent = ledger.Send({store.place()});
    REQUIRE_FALSE(sent[0].error);
    CHECK_THAT(sent[0].remark, Catch::Matchers::Contains("write-only"));
    CHECK(store.files.size() == 1);  // never newest.note over one that it cannot see
    const MonitorReport report = ledger.Watch({store.place()});
    CHECK(report.compared == std::vector<std::string>{"checkpoints.log"});
    CHECK_THAT(Unreached(report), Catch::Matchers::Contains("write-only"));
    CHECK_THAT(report.unreached[0].second.hint, Catch::Matchers::Contains("--note FILE"));
  }
}

TEST_CASE("Put: APlaceWithoutANoteIsNotCompared [CL-12]") {
  GrowingLedger ledger;
  NoteStore store;
  ledger.Grow(3);
  const Place folder = testing::FolderPlace(ledger);
  const MonitorReport report = ledger.Watch({store.place(), folder});
  CHECK(report.findings.empty());
  CHECK(report.compared == std::vector<std::string>{"checkpoints.log"});
  REQUIRE(report.unreached.size() == 2);
  for (const auto& [place, error] : report.unreached)
    CHECK_THAT(error.message, Catch::Matchers::Contains("has no note of this ledger"));
}

TEST_CASE("Put: ARefusalIsSaidAndARedirectIsNotFollowed") {
  GrowingLedger ledger;
  ledger.Grow(3);
  for (const int status : {202, 206, 301, 307, 400, 403, 409, 413, 500, 503}) {
    INFO(status);
    NoteStore store;
    store.put_status = status < 300 ? 201 : status;
    store.get_status = status < 300 ? status : 200;
    const auto sent = ledger.Send({store.place()});
    CHECK(Says(sent[0].error, Code::kUnavailable, "answered " + std::to_string(status)));
    CHECK(store.files.empty());
    if (status / 100 == 3) CHECK(Says(sent[0].error, Code::kUnavailable, "redirect, which is not"));
    for (const std::string& request : store.server.Requests())
      CHECK(request.find("elsewhere") == std::string::npos);
    store.get_status = status;
    if (status != 403) {
      CHECK_THAT(Unreached(ledger.Watch({store.place()})), Catch::Matchers::Contains("answered"));
    }
  }
}

TEST_CASE("Put: AStoreThatWritesOnceIsServed [CL-12]") {
  GrowingLedger ledger;
  NoteStore store;
  store.once = true;
  ledger.Grow(3);
  ledger.Send({store.place()});
  // newest.note is lost, the numbered one is there and the same.
  store.files.erase(std::prev(store.files.end()));
  REQUIRE(store.files.size() == 1);
  CHECK_FALSE(ledger.Send({store.place()})[0].error);
  CHECK(store.files.size() == 2);
  store.files.erase(std::prev(store.files.end()));
  store.files.begin()->second = GrowingLedger().Grow(3);
  CHECK(Says(ledger.Send({store.place()})[0].error, Code::kCorrupt, "FORKED: put https"));
}

TEST_CASE("Put: NothingIsSentToACertificateThatIsNotRight [CM-5]") {
  GrowingLedger ledger;
  ledger.Grow(3);
  const Identity stranger = MakeIdentity(nullptr, "");
  const Identity untrusted = MakeIdentity(&stranger, "DNS:localhost");
  const Identity misnamed = MakeIdentity(&TestCa(), "DNS:elsewhere.example");
  const Identity expired = MakeIdentity(&TestCa(), "DNS:localhost", -9, -1);
  for (const Identity* leaf : {&untrusted, &misnamed, &expired}) {
    ScriptedServer server([](const std::string&) { return Answer(201, ""); }, leaf);
    const auto sent = ledger.Send({PlaceAt(server)});
    REQUIRE(Says(sent[0].error, Code::kUnavailable, ""));
    CHECK(sent[0].error->id == "AS-NET-001");
    CHECK(server.Requests().empty());
    CHECK(ledger.Watch({PlaceAt(server)}).unreached.size() == 1);
  }
  ScriptedServer right([](const std::string&) { return Answer(201, ""); }, &Leaf());
  CHECK(ledger.Send({PlaceAt(right, "")})[0].error);  // a private authority that nobody named
  CHECK(right.Requests().empty());
  Place plain;
  plain.kind = Place::Kind::kPut;
  plain.url = "http://store.example.com/kept";
  CHECK(Says(ledger.Send({plain})[0].error, Code::kDenied, "plain http is for loopback"));
}

TEST_CASE("Put: APeerThatHangsOrTalksWithoutEndIsLeft") {
  GrowingLedger ledger;
  ledger.Grow(3);
  const Reply late{Answer(201, "").bytes, false, 0, 60'000};
  const Reply dripping{Answer(200, std::string(4000, 'x')).bytes, false, 100, 0};
  const Reply cut{"HTTP/1.1 200 X\r\nContent-Length: 4000\r\n\r\n"};
  for (const Reply& reply : {late, dripping, cut}) {
    ScriptedServer server([&](const std::string&) { return reply; }, &Leaf());
    const auto start = std::chrono::steady_clock::now();
    CHECK(Says(ledger.Send({PlaceAt(server, TestCaFile(), kShort)})[0].error, Code::kUnavailable,
               "timed out"));
    CHECK(std::chrono::steady_clock::now() - start < kBounded);
  }
  ScriptedServer mute([](const std::string&) { return Answer(201, ""); }, &Leaf(), 0, 60'000);
  const auto start = std::chrono::steady_clock::now();
  CHECK(Says(ledger.Send({PlaceAt(mute, TestCaFile(), kShort)})[0].error, Code::kUnavailable,
             "timed out"));
  CHECK(std::chrono::steady_clock::now() - start < kBounded);
  ScriptedServer large([](const std::string&) { return Answer(200, std::string(70'000, 'x')); },
                       &Leaf());
  CHECK(Says(ledger.Send({PlaceAt(large)})[0].error, Code::kLimitExceeded, "65536"));
  CHECK(ledger.Watch({PlaceAt(large)}).unreached.size() == 1);
}

}  // namespace
}  // namespace assay::anchor
