// What an appender is told, by entries that share one record of it.
#include <sqlite3.h>

#include <thread>

#include "proof/sha256.h"
#include "support/matchers.h"
#include "support/test_ledger.h"

namespace assay::ledger {
namespace {

using std::chrono::milliseconds;
using testing::TestLedger;

const Error kBroken{Code::kIo, "planted", {}, {}, {}, {}};

TEST_CASE("Pending: what was durable stays so when the rest fails [CL-12]") {
  auto shared = std::make_shared<Acknowledgements>();
  const PendingEntry first(shared, 0), second(shared, 1), copy = second;
  CHECK_FALSE(first.WaitFor(milliseconds(1)));
  const Appended done{LeafIndex{41}, {7}};
  shared->Add({&done, 1});
  CHECK(first.WaitFor(milliseconds(0)));
  CHECK_FALSE(second.WaitFor(milliseconds(1)));
  shared->Fail(kBroken);
  REQUIRE_OK_AND_ASSIGN(const Appended told, first.get());
  CHECK(told.index == LeafIndex{41});
  CHECK(told.leaf == done.leaf);
  for (const PendingEntry& late : {second, copy}) {
    const auto result = late.get();
    REQUIRE_FALSE(result);
    CHECK(result.error().message == "planted");
  }
  CHECK(PendingEntry::Failed(kBroken).get().error().code == Code::kIo);
  CHECK_FALSE(PendingEntry().valid());
}

TEST_CASE("Pending: wakes whoever waits, by durability or by failure [CL-12]") {
  const bool fails = GENERATE(false, true);
  auto shared = std::make_shared<Acknowledgements>();
  Result<Appended> told = Fail(Code::kCancelled, "not told");
  std::thread waiter([&] { told = PendingEntry(shared, 0).get(); });
  std::this_thread::sleep_for(milliseconds(20));
  const Appended done{LeafIndex{3}, {}};
  fails ? shared->Fail(kBroken) : shared->Add({&done, 1});
  waiter.join();
  CHECK(told.has_value() == !fails);
}

// More than fit into one intake, one round or one record, from several threads at once.
TEST_CASE("Pending: every appender is told its own entry [CL-12]") {
  constexpr int kThreads = 4, kEach = 6000;
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  std::vector<std::vector<PendingEntry>> entries(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i)
        entries[t].push_back(ledger->Append({"read", "engine", {{"page", t * kEach + i}}, {}}));
    });
  for (std::thread& thread : threads) thread.join();
  REQUIRE_OK(ledger->Sync());
  bool all_told = true, all_own = true, in_order = true;
  for (int t = 0; t < kThreads; ++t) {
    uint64_t last = 0;
    for (int i = 0; i < kEach; ++i) {
      all_told = all_told && entries[t][i].WaitFor(milliseconds(0));
      REQUIRE_OK_AND_ASSIGN(const Appended told, entries[t][i].get());
      in_order = in_order && ToNumber(told.index) > last;
      last = ToNumber(told.index);
      if (i % 97 != 0) continue;
      REQUIRE_OK_AND_ASSIGN(const std::string line, ledger->ReadLine(told.index));
      const std::string page = "\"page\":" + std::to_string(t * kEach + i) + ",";
      all_own =
          all_own && proof::HashEntry(line) == told.leaf && line.find(page) != std::string::npos;
    }
  }
  CHECK(all_told);
  CHECK(all_own);
  CHECK(in_order);
  CHECK(ledger->Verify()->ok);
}

// Callers who work alone beside the writer's own threads: one order, one chain, each its own entry.
TEST_CASE("Durably: alone and beside others every appender is told its own entry [CL-12]") {
  constexpr int kEach = 300;
  const int threads_in_turn = GENERATE(1, 4);
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  std::vector<std::vector<Result<Appended>>> told(static_cast<size_t>(threads_in_turn));
  std::vector<std::thread> threads;
  for (int t = 0; t < threads_in_turn; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        EntryDraft draft{"read", "engine", {{"page", t * kEach + i}}, {}};
        if (i % 7 == 3)
          draft.body =
              *ledger->PutSegments({"page " + std::to_string(t) + ":" + std::to_string(i)});
        if (i % 5 == 1) (void)ledger->Append({"read", "engine", {{"page", -1}}, {}});
        told[static_cast<size_t>(t)].push_back(ledger->AppendDurably(std::move(draft)));
      }
    });
  for (std::thread& thread : threads) thread.join();
  bool all_own = true;
  for (size_t t = 0; t < told.size(); ++t)
    for (size_t i = 0; i < told[t].size(); ++i) {
      REQUIRE_OK_AND_ASSIGN(const Appended entry, told[t][i]);
      REQUIRE_OK_AND_ASSIGN(const std::string line, ledger->ReadLine(entry.index));
      const std::string page = "\"page\":" + std::to_string(t * kEach + i) + ",";
      all_own = all_own && proof::HashEntry(line) == entry.leaf && line.find(page) != line.npos;
    }
  CHECK(all_own);
  CHECK(ledger->Verify()->ok);
}

TEST_CASE("Durably: the entry is there for other processes when it returns [CL-12]") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  for (int i = 0; i < 20; ++i) {
    REQUIRE_OK_AND_ASSIGN(const Appended done,
                          ledger->AppendDurably({"read", "engine", {{"page", i}}, {}}));
    REQUIRE_OK_AND_ASSIGN(auto reader, home.OpenReadOnly());
    REQUIRE_OK_AND_ASSIGN(const Head head, reader->ReadHead());
    CHECK(ToNumber(head.size) == ToNumber(done.index) + 1);
  }
}

TEST_CASE("Durably: a draft that is refused stops nothing, a commit that fails stops all [CL-12]") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  REQUIRE_OK(ledger->Sync());
  CHECK(ledger->AppendDurably({"NO", "engine", {}, {}}).error().code == Code::kInvalidInput);
  REQUIRE_OK(ledger->AppendDurably({"read", "engine", {{"page", 1}}, {}}));
  REQUIRE_OK_AND_ASSIGN(const Head before, ledger->ReadHead());
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open((home.directory() / "ledger.db").c_str(), &other) == SQLITE_OK);
  CHECK(sqlite3_exec(other, "UPDATE lease SET writer = writer + 1", nullptr, nullptr, nullptr) ==
        SQLITE_OK);
  sqlite3_close(other);
  const auto lost = ledger->AppendDurably({"read", "engine", {{"page", 2}}, {}});
  REQUIRE_FALSE(lost);
  CHECK(lost.error().message.find("another writer took the lease") != std::string::npos);
  for (const auto& later : {ledger->AppendDurably({"read", "engine", {{"page", 3}}, {}}),
                            ledger->Append({"read", "engine", {{"page", 4}}, {}}).get()})
    CHECK(later.error().message == lost.error().message);
  CHECK(ledger->Sync().error().message == lost.error().message);
  REQUIRE_OK_AND_ASSIGN(const Head after, ledger->ReadHead());
  CHECK(after.size == before.size);
}

}  // namespace
}  // namespace assay::ledger
