// Two threads over one row of items: order, end and stop are those of one thread.
#include "ledger/two_threads.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

namespace assay::ledger {
namespace {

struct Item {
  int number = 0;
  int square = 0;
};

/// Gives 0 to count-1; every 97th takes long.
struct Row {
  int count, given = 0, stop_at = -1;
  std::atomic<int> working{0}, most{0};
  std::vector<int> taken;

  explicit Row(int n) : count(n) {}
  void Run() {
    TwoThreads<Item>({[this](Item& item) {
                        item.number = given;
                        return given < count && ++given > 0;
                      },
                      [this](Item& item) {
                        const int now = ++working;
                        if (now > most) most = now;
                        if (item.number % 97 == 0)
                          std::this_thread::sleep_for(std::chrono::milliseconds(2));
                        item.square = item.number * item.number;
                        --working;
                      },
                      [this](Item& item) {
                        CHECK(item.square == item.number * item.number);
                        taken.push_back(item.number);
                        return item.number != stop_at;
                      }})
        .Run();
  }
};

TEST_CASE("TwoThreads: TakesEveryItemOnceAndInOrder") {
  for (const int count : {0, 1, 2, 3, 2000}) {
    Row row(count);
    row.Run();
    REQUIRE(row.taken.size() == static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) REQUIRE(row.taken[static_cast<size_t>(i)] == i);
    CHECK(row.most <= 2);
    if (count == 2000) CHECK(row.most == 2);
  }
}

TEST_CASE("TwoThreads: EndsWhenItHasEnoughAndLeavesNoThread") {
  for (const int stop : {0, 1, 96, 97, 98, 1500}) {
    Row row(100'000);
    row.stop_at = stop;
    row.Run();
    CHECK(row.taken.size() == static_cast<size_t>(stop) + 1);
    CHECK(row.working == 0);
    CHECK(row.given <= stop + 3);  // no further than one item for each thread
  }
}

}  // namespace
}  // namespace assay::ledger
