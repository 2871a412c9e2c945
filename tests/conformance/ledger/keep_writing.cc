// A writer at work, for verifiers that look at the same time: DIR, most rounds. Appends, signs,
// erases, lets bodies expire and opens the ledger anew, until its input ends or the rounds are
// over.
#include <poll.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "ledger/absent.h"
#include "ledger/ledger.h"

namespace assay::ledger {
namespace {

constexpr std::chrono::milliseconds kPause{25};
constexpr int kSign = 3, kErase = 8, kReopen = 20, kExpire = 50;  ///< each so many rounds

OpenOptions OptionsOf(const std::string& folder) {
  OpenOptions options{.directory = folder + "/ledger",
                      .tenant = *TenantId::Parse("7f0c1d2e-3b4a-4c5d-8e9f-0a1b2c3d4e5f"),
                      .origin = "assay.example/contoso",
                      .master_key_file = folder + "/master.key",
                      .ledger_key_file = folder + "/ledger.pem",
                      .run_lease_holder = "keep_writing"};
  options.create = true;
  return options;
}

// A verifier that is inside keeps old pages of a log: the next opening empties it.
Status UnlessRead(Status status) {
  return !status && status.error().code == Code::kUnavailable ? Status{} : status;
}

Result<BodyRef> Write(Ledger& ledger, int round) {
  BodyRef last;
  for (int i = 0; i < 10; ++i) {
    const std::string bytes = "{\"value\":[{\"id\":\"canary-" + std::to_string(round * 100 + i) +
                              "\"},{\"id\":\"another\"}]}";
    EntryDraft draft{
        "read", "engine", {{"endpoint", "graph-users"}, {"page", i}, {"status", 200}}, {}};
    ASSAY_ASSIGN(last, ledger.PutBody(AsBytes(bytes), {{10, 16}}));
    draft.body = last;
    (void)ledger.Append(std::move(draft));
  }
  ASSAY_TRY(ledger.Sync());
  return last;
}

Status Erase(Ledger& ledger, const BodyRef& body, int round) {
  const std::string receipt = "E-" + std::to_string(round);
  const auto done = ledger.Erase({"privacy", receipt}, {{body.root, {1}}});
  ASSAY_TRY(UnlessRead(done ? Status{} : Fail(done.error())));
  EntryDraft subject{"erasure.subject",
                     "engine",
                     {{"reason", "privacy"}, {"receipt", receipt}, {"bodies", 1}, {"records", 1}},
                     {}};
  ASSAY_TRY(ledger.Append(std::move(subject)).get());
  return {};
}

Status DoRound(Ledger& ledger, int round) {
  ASSAY_ASSIGN(const BodyRef body, Write(ledger, round));
  if (round % kErase == 0) ASSAY_TRY(Erase(ledger, body, round));
  if (round % kExpire == 0) {
    const auto expired = ledger.Expire({{"raw", std::chrono::seconds(0)}}, "engine", false);
    ASSAY_TRY(UnlessRead(expired ? Status{} : Fail(expired.error())));
  }
  if (round % kSign == 0) ASSAY_TRY(ledger.SignCheckpoint());
  return {};
}

bool InputEnded() {
  pollfd input{0, POLLIN, 0};
  return ::poll(&input, 1, 0) > 0;
}

Status Work(const std::string& folder, int rounds) {
  std::unique_ptr<Ledger> ledger;
  for (int round = 1; round <= rounds && !InputEnded(); ++round) {
    if (!ledger || round % kReopen == 0) {
      ledger.reset();
      ASSAY_ASSIGN(ledger, Ledger::Open(OptionsOf(folder)));
      ASSAY_TRY(ledger->SignCheckpoint());
    }
    ASSAY_TRY(DoRound(*ledger, round));
    if (round == 1) std::puts("ready");
    std::fflush(stdout);
    std::this_thread::sleep_for(kPause);
  }
  ASSAY_TRY(ledger->SignCheckpoint());
  return {};
}

}  // namespace
}  // namespace assay::ledger

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const assay::Status done = assay::ledger::Work(argv[1], std::atoi(argv[2]));
  if (!done) std::fprintf(stderr, "%s\n", done.error().ToString().c_str());
  return done ? 0 : 1;
}
