// The program assay-witness as a process of its own, over loopback. [CL-12]
#include <spawn.h>
#include <sys/wait.h>

#include <csignal>

#include "base/text.h"
#include "unit/anchor/outside.h"

extern char** environ;

namespace assay::anchor {
namespace {

/// Starts, says where it listens, is ended by SIGTERM or SIGKILL; never lives longer than the test.
class WitnessProcess {
 public:
  explicit WitnessProcess(const std::filesystem::path& folder) {
    int out[2];
    REQUIRE(::pipe(out) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_addclose(&actions, out[0]);
    const std::string program = ASSAY_BUILD_DIR "/bin/assay-witness", home = folder.string();
    const char* arguments[] = {program.c_str(), "serve", home.c_str(), "127.0.0.1:0", nullptr};
    REQUIRE(::posix_spawn(&pid_, program.c_str(), &actions, nullptr,
                          const_cast<char* const*>(arguments), environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(out[1]);
    output_.Reset(out[0]);
    std::string text;
    char chunk[512];
    for (ssize_t n = 0; text.find("listening") == std::string::npos || !text.ends_with('\n');) {
      n = ::read(output_.get(), chunk, sizeof chunk);
      REQUIRE(n > 0);
      text.append(chunk, static_cast<size_t>(n));
    }
    vkey_ = text.substr(0, text.find('\n'));
    port_ = std::string(Trim(text.substr(text.rfind(':') + 1)));
  }
  ~WitnessProcess() { End(SIGKILL); }
  int End(int signal) {
    if (pid_ <= 0) return 0;
    ::kill(pid_, signal);
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return status;
  }
  Place place() const {
    Place out;
    out.kind = Place::Kind::kHttp;
    out.url = "http://127.0.0.1:" + port_;
    out.vkey = vkey_;
    return out;
  }

 private:
  pid_t pid_ = -1;
  UniqueFd output_;
  std::string vkey_, port_;
};

TEST_CASE("WitnessProcess: KeepsWhatItSaidWhenItIsKilled [CL-12]") {
  testing::GrowingLedger ledger;
  const auto folder = ledger.home.root() / "witness";
  REQUIRE_OK(witness::Witness::Create(folder, "witness.example/w1"));
  ledger.Grow(12);
  REQUIRE_OK(WriteFileDurably(folder / "ledgers", AsBytes(ledger.Vkey() + "\n")));
  const auto older = ledger.Snapshot("older");
  for (int round = 0; round < 4; ++round) {
    WitnessProcess process(folder);
    ledger.Grow(3, round * 10);
    const auto sent = ledger.Send({process.place()});
    if (sent[0].error) FAIL(sent[0].error->ToString());
    CHECK(sent[0].cosignatures.size() == 1);
    process.End(SIGKILL);
  }
  // Killed each time right after its word, it still knows the newest head.
  ledger.Restore(older);
  WitnessProcess process(folder);
  CHECK(testing::Found(ledger.Watch({process.place()}), "ROLLED BACK", "http "));
  const int status = process.End(SIGTERM);
  CHECK(WIFEXITED(status));
}

TEST_CASE("WitnessProcess: EveryRequestGetsAnAnswer") {
  testing::GrowingLedger ledger;
  const auto folder = ledger.home.root() / "witness";
  REQUIRE_OK(witness::Witness::Create(folder, "witness.example/w1"));
  WitnessProcess process(folder);
  REQUIRE_OK_AND_ASSIGN(const auto client, MakeClient(""));
  const std::string base = process.place().url;
  const auto status = [&](const std::string& method, const std::string& path,
                          const std::string& body) {
    auto answer = SendTo(*client, method, base + path, "text/plain", body);
    if (!answer) FAIL(answer.error().ToString());
    return answer->head.status;
  };
  CHECK(status("POST", "/add-checkpoint", "x") == 400);
  CHECK(status("GET", "/add-checkpoint", "") == 405);
  CHECK(status("POST", "/add-checkpoint", std::string(70'000, 'x')) == 413);
  CHECK(status("POST", "/elsewhere", "x") == 404);
  CHECK(status("GET", "/checkpoint/assay.example/contoso", "") == 404);
}

TEST_CASE("Witness: ListensBeyondLoopbackOnlyWhenToldSo [CM-5]") {
  testing::GrowingLedger ledger;
  const auto folder = ledger.home.root() / "witness";
  REQUIRE_OK(witness::Witness::Create(folder, "witness.example/w1"));
  REQUIRE_OK_AND_ASSIGN(const auto kept, witness::Witness::Open(folder));
  for (const char* host : {"0.0.0.0", "::", "192.0.2.1"}) {
    const auto server = witness::Server::Start(*kept, {host, 0});
    CHECK_FAILS(server, Code::kDenied, "plain HTTP is spoken");
    CHECK_THAT(server.error().hint, Catch::Matchers::Contains("--plain-http"));
  }
  for (const char* host : {"127.0.0.1", "127.0.0.2", "localhost"})
    CHECK(witness::Server::Start(*kept, {host, 0}));
  // TEST-NET-1 belongs to no machine: let through, and then nothing to listen on.
  CHECK_FAILS(witness::Server::Start(*kept, {"192.0.2.1", 0, true}), Code::kIo, "cannot listen");
}

TEST_CASE("Anchor: TheClientThatCarriesOutHasNoToken") {
  REQUIRE_OK_AND_ASSIGN(const auto client, MakeClient(""));
  broker::HttpRequest request;
  request.method = "PUT";
  request.url = *broker::ParseForeignUrl("http://127.0.0.1:1/x");
  request.bearer = "token";
  CHECK_FAILS(client->Send(request), Code::kDenied, "no business outside");
  REQUIRE_OK_AND_ASSIGN(const auto reader, broker::HttpClient::Create({}));
  request.bearer = {};
  CHECK_FAILS(reader->Send(request), Code::kDenied, "is not a read");
}

}  // namespace
}  // namespace assay::anchor
