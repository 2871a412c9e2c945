// The example in Rust is a plugin like any other: it loads under confinement, reads, marks, follows
// and emits.
#include "abi/scripted_engine.h"

namespace assay {
namespace {

const Result<std::unique_ptr<sandbox::Spawner>> g_spawner = sandbox::Spawner::Start(ASSAY_WORKER);

const std::string kFirst =
    R"({"@odata.nextLink":"https://h/next","value":[{"isDefault":true,"id":"a.example"},
        {"id":"b.example","supportedServices":["Email"]}]})";

}  // namespace

TEST_CASE("Rust example: reads, marks, follows and emits under confinement") {
  REQUIRE_OK(g_spawner);
  const testing::Heard heard =
      testing::RunScripted(**g_spawner, testing::LoadFile(ASSAY_RUST_EXAMPLE), 1,
                           {3, 1, kFirst, R"({"value":[{"id":"c.example"}]})", testing::kPageOk});
  CHECK(heard.outcome.fate == sandbox::Fate::kOk);
  REQUIRE(heard.rows.size() == 3);
  CHECK(heard.rows[0].values[0].text == "a.example");
  CHECK(heard.rows[2].values[0].text == "c.example");
  CHECK(heard.rows[2].page == 2);
  REQUIRE(heard.marks.size() == 3);
  CHECK(kFirst.substr(heard.marks[0].offset, heard.marks[0].length) ==
        R"({"isDefault":true,"id":"a.example"})");
  REQUIRE(heard.links.size() == 1);
  CHECK(kFirst.substr(heard.links[0].link.offset, heard.links[0].link.length) ==
        R"("https://h/next")");
  REQUIRE(heard.states.size() == 1);
  CHECK(heard.states[0].completeness == Completeness::kComplete);
}

TEST_CASE("Rust example: says that it did not understand a page, and goes on") {
  REQUIRE_OK(g_spawner);
  const testing::Heard heard = testing::RunScripted(
      **g_spawner, testing::LoadFile(ASSAY_RUST_EXAMPLE), 1, {3, 1, R"({"value":[{"id":)", "", 0});
  CHECK(heard.outcome.fate == sandbox::Fate::kOk);
  CHECK(heard.rows.empty());
  REQUIRE_FALSE(heard.states.empty());
  CHECK(heard.states[0].completeness == Completeness::kPartial);
}

}  // namespace assay
