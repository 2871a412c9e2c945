// What an appender is told, by entries that share one record of it.
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

}  // namespace
}  // namespace assay::ledger
