// The SDK as an author meets it: a whole small collector, the page loop, what a throw becomes.
#include <catch2/catch.hpp>

#include "assay/collector.h"
#include "assay/window.h"
#include "plugins/fake_host.h"

using namespace assay;
using namespace assay::testing;

namespace {

namespace toy {
enum Column : uint32_t { kId, kName, kCount, kRatio, kTags };
constexpr ColumnInfo kColumns[] = {{"id", CellType::kText},
                                   {"name", CellType::kText},
                                   {"count", CellType::kInt},
                                   {"ratio", CellType::kDecimal},
                                   {"tags", CellType::kJson}};
constexpr DatasetInfo kDataset{"toy", kColumns, 5, 0x1};
constexpr EndpointInfo kToys{"toys", Link::kArm};
constexpr const DatasetInfo* kAll[] = {&kDataset};
}  // namespace toy

namespace kept {
enum Column : uint32_t { kId, kItem };
constexpr ColumnInfo kColumns[] = {{"id", CellType::kText}, {"item", CellType::kJson}};
constexpr std::string_view kFields[] = {"id", "@odata.type", "a.b", "rules.name", "whole"};
constexpr DatasetInfo kDataset{"kept", kColumns, 2, 0x1, kFields, 5, kItem};
constexpr EndpointInfo kThings{"things", Link::kNone, true};
constexpr const DatasetInfo* kAll[] = {&kDataset};
}  // namespace kept

class ItemCollector : public Collector {
 public:
  void Collect(Context& context) override {
    Reader reader(context);
    reader.Add({.endpoint = &kept::kThings, .mapping = &things_});
    reader.Drain();
  }

 private:
  const Mapping things_{kept::kDataset, {{kept::kId, "id", Form::kFold}}};
};

/// What an author writes for a new dataset.
class ToyCollector : public Collector {
 public:
  void Collect(Context& context) override {
    Reader reader(context);
    reader.Add({.endpoint = &toy::kToys, .mapping = &toys_});
    reader.Drain();
  }

 private:
  const Mapping toys_{toy::kDataset,
                      {{toy::kId, "id", Form::kFold},
                       {toy::kName, "properties/name"},
                       {toy::kCount, "properties/count"},
                       {toy::kRatio, "properties/ratio"},
                       {toy::kTags, "tags"}}};
};

/// Runs `Work` on a context.
template <void (*Work)(Context&)>
class Inline : public Collector {
 public:
  void Collect(Context& context) override { Work(context); }
};

template <typename Plugin>
assay_plugin_v1_t Table() {
  return {ASSAY_ABI_MAGIC,
          sizeof(assay_plugin_v1_t),
          ASSAY_ABI_MAJOR,
          ASSAY_ABI_MINOR,
          0,
          &Trampolines<Plugin>::Create,
          &Trampolines<Plugin>::Run,
          &Trampolines<Plugin>::Destroy,
          nullptr};
}

/// The item that is kept of one record; "none" when there is no row.
std::string ItemOf(const std::string& record) {
  FakeHost host("toy", Schema(kept::kAll));
  host.Serve("things", {{R"({"value":[)" + record + "]}"}});
  CHECK(host.Run(Table<ItemCollector>()) == ASSAY_OK);
  CHECK(host.breaches().empty());
  const auto& rows = host.dataset("kept").rows;
  return rows.size() == 1 ? rows[0].at("item").text : "none";
}

size_t pages_seen = 0;

void CountPages(Context& context) {
  context.Request("toys");
  const Param param[] = {{"id", "7"}};
  context.Request("toys", param);
  pages_seen = 0;
  for (const Page& page : context.Pages()) {
    CHECK(page.ok());
    CHECK(page.body() == "{}");
    ++pages_seen;
  }
}

void ThrowOdd(Context&) { throw 5; }
void ThrowNamed(Context&) { throw std::runtime_error("the moon is full"); }
void ThrowMemory(Context&) { throw std::bad_alloc(); }
void WrongKind(Context&) {
  assay::Row row(toy::kDataset);
  row.Int(toy::kName, 3);
}
void UnknownEndpoint(Context& context) { context.Request("nothing"); }

std::string Decimal(std::string_view token) {
  std::string out;
  return PlainDecimal(token, out) ? out : "refused";
}

}  // namespace

TEST_CASE("Row: ids are folded letter by letter, at any length, and only ASCII", "[plugins]") {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  for (size_t from = 0; from < 16; ++from) {
    for (size_t length = 0; from + length <= all.size(); length += 7) {
      const std::string text = all.substr(from, length);
      std::string wanted = text;
      for (char& letter : wanted)
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter + 32);
      assay::Row row(toy::kDataset);
      row.Folded(toy::kName, text);
      if (row.TextOf(toy::kName) != wanted) FAIL("from " << from << ", " << length << " bytes");
    }
  }
}

TEST_CASE("IsTime: takes RFC 3339 times of days that exist, and nothing else", "[plugins]") {
  for (const char* good :
       {"2026-06-15T12:00:00Z", "2026-06-15T12:00:00.1234567Z", "2024-02-29T23:59:59Z",
        "0001-01-01T00:00:00Z", "2026-06-15T12:00:00+02:00", "2026-06-15T12:00:00.5-11:30"}) {
    INFO(good);
    CHECK(IsTime(good));
  }
  for (const char* bad :
       {"", "2026-06-15", "2026-06-15T12:00:00", "2026-06-15 12:00:00Z", "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-06-31T00:00:00Z", "2026-06-15T24:00:00Z",
        "2026-06-15T12:60:00Z", "2026-06-05T08n00:00Z", "2026-06-15T12:00:00.Z",
        "2026-06-15T12:00:00+2:00", "2026-06-15T12:00:00Zx", "P30D", "yesterday at noon...."}) {
    INFO(bad);
    CHECK_FALSE(IsTime(bad));
  }
}

TEST_CASE("Sdk: a collector of thirty lines reads, marks and emits", "[sdk]") {
  FakeHost host("toy", Schema(toy::kAll));
  host.Serve("toys", {{R"({"value":[{"id":"A1","properties":{"name":"x","count":2,"ratio":1.5e1},)"
                       R"("tags":{"a":[1]}},{"id":"b2","properties":null}],)"
                       R"("nextLink":"https:\/\/example\/2"})"},
                      {R"({"value":[{"id":"c3"}]})"}});
  REQUIRE(host.Run(Table<ToyCollector>()) == ASSAY_OK);
  CHECK(host.breaches().empty());
  const auto& rows = host.dataset("toy").rows;
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].at("id").text == "a1");
  CHECK(rows[0].at("count").number == 2);
  CHECK(rows[0].at("ratio").text == "15");
  CHECK(rows[0].at("tags").text == R"({"a":[1]})");
  CHECK(rows[1].at("name").null);
  CHECK(host.dataset("toy").completeness == ASSAY_COMPLETE);
  CHECK(host.records("toys")[1] == R"({"id":"b2","properties":null})");
}

TEST_CASE("Sdk: an item column keeps the members that are named, and no other", "[sdk][CM-16]") {
  CHECK(
      ItemOf(
          R"({"secretNote":"x","id":"A","@odata.type":"#t","a":{"c":1,"b":1.50},"whole":{"x":[1, 2]}})") ==
      R"({"id":"A","@odata.type":"#t","a":{"b":1.50},"whole":{"x":[1, 2]}})");
  CHECK(ItemOf(R"({"id":"A","rules":[{"name":"n","secret":1},{"secret":2},null,7]})") ==
        R"({"id":"A","rules":[{"name":"n"},{},null,7]})");
  CHECK(ItemOf(R"({"id":"A","a":null,"rules":"none","whole":false})") ==
        R"({"id":"A","a":null,"rules":"none","whole":false})");
  CHECK(ItemOf(R"({"id":"A","whole":1,"whole":2,"\u0061":{"b":"\"\u00e9"}})") ==
        R"({"id":"A","whole":1,"a":{"b":"\"\u00e9"}})");
  CHECK(ItemOf(R"({"id":"A","whole":{"x":01}})") == "none");
  CHECK(ItemOf(R"({"a":{"b":1}})") == "none");  // without its key
  // Names alone fill more of the parser's memory than it has for a document, when read twice.
  std::string names = R"({"id":"A")";
  for (int i = 0; i < 400; ++i) names += ",\"" + std::string(200, 'n') + std::to_string(i) + "\":1";
  CHECK(ItemOf(names + "}") == R"({"id":"A"})");
  CHECK(ItemOf(R"({"id":"A","\ud800":1})") == "none");
}

TEST_CASE("Sdk: long names and short values do not outgrow the parser's buffer", "[sdk][CM-16]") {
  // Names are most of such an answer, and an item is read beside the columns.
  std::string record = R"({"id":"a")";
  for (int i = 0; i < 400; ++i)
    record += ",\"" + std::string(200, 'n') + std::to_string(i) + "\":0";
  record += "}";
  CHECK(ItemOf(record) == R"({"id":"a"})");
}

TEST_CASE("Sdk: 404 of an endpoint that may be absent leaves nothing missing", "[sdk]") {
  FakeHost host("toy", Schema(kept::kAll));
  host.Serve("things", {{"{}", ASSAY_PAGE_HTTP_ERROR, 404}});
  REQUIRE(host.Run(Table<ItemCollector>()) == ASSAY_OK);
  CHECK(host.dataset("kept").completeness == ASSAY_COMPLETE);
  FakeHost forbidden("toy", Schema(kept::kAll));
  forbidden.Serve("things", {{"{}", ASSAY_PAGE_HTTP_ERROR, 403}});
  REQUIRE(forbidden.Run(Table<ItemCollector>()) == ASSAY_OK);
  CHECK(forbidden.dataset("kept").completeness == ASSAY_UNAVAILABLE);
}

TEST_CASE("Sdk: windows end at the evidence's time, newest first, and meet", "[sdk]") {
  constexpr int64_t kNow = 1'781'524'800'123;  // 2026-06-15T12:00:00.123Z
  CHECK(TimeText(kNow) == "2026-06-15T12:00:00Z");
  CHECK(TimeText(951'782'400'000) == "2000-02-29T00:00:00Z");
  const std::vector<TimeWindow> windows = WindowsBack(kNow, 7, 3);
  REQUIRE(windows.size() == 3);
  CHECK(windows[0].until == "2026-06-15T12:00:00Z");
  CHECK(windows[0].since == "2026-06-12T12:00:00Z");
  CHECK(windows[1].until == windows[0].since);
  CHECK(windows[2].since == "2026-06-08T12:00:00Z");
}

/// Reads toys with a budget; what is left and how many records ended the read.
struct Budgeted {
  static inline uint64_t left = 0;
  static inline int ended = 0;
  static void Work(Context& context) {
    const Mapping ids{toy::kDataset, {{toy::kId, "id"}}};
    Reader reader(context);
    reader.Add({.endpoint = &toy::kToys,
                .mapping = &ids,
                .budget = &left,
                .ended = [](const Page&, uint64_t n) { ended = static_cast<int>(n); }});
    reader.Drain();
  }
};

TEST_CASE("Sdk: a budget of records ends a read that goes on, and only that", "[sdk]") {
  const std::string two =
      R"({"value":[{"id":"a"},{"id":"b"}],"nextLink":"https://management.azure.com/x"})";
  const std::string one = R"({"value":[{"id":"c"}]})";
  const auto run = [](uint64_t budget, const std::vector<Answer>& answers) {
    Budgeted::left = budget;
    Budgeted::ended = 0;
    FakeHost host("toy", Schema(toy::kAll));
    host.Serve("toys", answers);
    REQUIRE(host.Run(Table<Inline<&Budgeted::Work>>()) == ASSAY_OK);
    return host.dataset("toy");
  };
  CHECK(run(3, {{two}, {one}}).completeness == ASSAY_COMPLETE);
  CHECK(Budgeted::ended == 3);
  const DatasetSeen cut = run(2, {{two}, {one}});
  CHECK(cut.rows.size() == 2);
  CHECK(cut.completeness == ASSAY_PARTIAL);
  CHECK(cut.reason == ASSAY_REASON_PARTIAL);
  CHECK(Budgeted::ended == 0);
  CHECK(run(1, {{one}}).completeness == ASSAY_COMPLETE);
}

TEST_CASE("Sdk: pages come as a range and are given back", "[sdk]") {
  FakeHost host("toy", Schema(toy::kAll));
  host.ServeElse({"{}"});
  CHECK(host.Run(Table<Inline<CountPages>>()) == ASSAY_OK);
  CHECK(pages_seen == 2);
  CHECK(host.breaches().empty());
}

TEST_CASE("Sdk: whatever is thrown becomes a status and words", "[sdk]") {
  FakeHost host("toy", Schema(toy::kAll));
  CHECK(host.Run(Table<Inline<ThrowNamed>>()) == ASSAY_E_INTERNAL);
  CHECK(host.error() == "the moon is full");
  CHECK(host.Run(Table<Inline<ThrowOdd>>()) == ASSAY_E_INTERNAL);
  CHECK_THAT(host.error(), Catch::Matchers::Contains("no std::exception"));
  CHECK(host.Run(Table<Inline<ThrowMemory>>()) == ASSAY_E_LIMIT);
  CHECK(host.error() == "the plugin ran out of memory");
  CHECK(host.Run(Table<Inline<WrongKind>>()) == ASSAY_E_INVALID);
  CHECK(host.error() == "toy.name does not take a number");
  host.RefuseRequest("nothing", ASSAY_E_NOT_FOUND);
  CHECK(host.Run(Table<Inline<UnknownEndpoint>>()) == ASSAY_E_NOT_FOUND);
  CHECK(host.error() == "request nothing: not found");
}

TEST_CASE("Sdk: decimals become plain digits without rounding", "[sdk]") {
  CHECK(Decimal("0") == "0");
  CHECK(Decimal("-12.50") == "-12.50");
  CHECK(Decimal("7.019e-1") == "0.7019");
  CHECK(Decimal("3.65E1") == "36.5");
  CHECK(Decimal("1e3") == "1000");
  CHECK(Decimal("-5e-3") == "-0.005");
  CHECK(Decimal("123456789012345678901234567890.1") == "123456789012345678901234567890.1");
  CHECK(Decimal("1e400") == "refused");
  CHECK(Decimal("1e-41") == "refused");
  CHECK(Decimal("e5") == "refused");
  CHECK(Decimal("1.2.3") == "refused");
  CHECK(Decimal("NaN") == "refused");
}

TEST_CASE("Sdk: a mapping that cannot be is refused when it is made", "[sdk]") {
  const auto make = [](std::initializer_list<Rule> rules) { Mapping(toy::kDataset, rules); };
  CHECK_THROWS_WITH(make({{9, "x"}}), Catch::Matchers::Contains("names no column"));
  CHECK_THROWS_WITH(make({{0, "x"}, {1, "x"}}), Catch::Matchers::Contains("stands twice"));
  CHECK_THROWS_WITH(make({{0, "x"}, {1, "x/y"}}), Catch::Matchers::Contains("another rule takes"));
  CHECK_THROWS_WITH(make({{0, "x/y"}, {1, "x"}}), Catch::Matchers::Contains("stands twice"));
  CHECK_THROWS_WITH(make({{0, ""}}), Catch::Matchers::Contains("has no path"));
}
