// Every message of the table: round trip, and damage in every small way.
#include "ipc/messages.h"

#include <sys/resource.h>

#include "ipc/row.h"
#include "ipc/wire.h"
#include "support/matchers.h"
#include "support/mutate.h"

using namespace assay;
using namespace assay::ipc;

namespace {

DatasetSpec UserDataset() {
  DatasetSpec d;
  d.id = "entra_user";
  d.columns = {{"id", ColumnType::kText, false},
               {"name", ColumnType::kText, true},
               {"enabled", ColumnType::kBool, false},
               {"amount", ColumnType::kDecimal, false}};
  d.key = {"id"};
  d.subject = "id";
  d.label = "name";
  d.subject_type = "user";
  d.data_class = "directory";
  return d;
}

Init FullInit() {
  Init m;
  m.role = Role::kFramework;
  m.plugin = "graph";
  m.now_ms = -5;
  m.limits.rows = 7;
  m.limits.records_per_body = 9;
  m.datasets = {{3, UserDataset()}};
  EndpointSpec e;
  e.id = "graph-users";
  e.params = {{"userId", ParamType::kGuid}};
  m.endpoints = {e};
  m.init_array_offset = 0x1000;
  m.init_array_bytes = 16;
  m.fini_array_offset = 0x2000;
  m.fini_array_bytes = 8;
  m.init_function = 0x300;
  m.fini_function = 0x400;
  m.drill = {HostCall::kRow, 7, -5};
  return m;
}

CheckSpec FullCheck() {
  CheckSpec m;
  m.id = "graph-x";
  m.version = 4;
  m.title = "x";
  m.severity = Severity::kHigh;
  m.plugin = "graph";
  m.subject = "entra_user";
  m.reads = {"entra_user", "b"};
  m.partial_fail = {"entra_user"};
  m.optional = {"b"};
  m.licence = {"AAD_PREMIUM"};
  m.elsewhere = {{"c", "azure-policy"}};
  m.params = {{"ids", "[\"a\"]"}, {"max_days", "90"}};
  m.rationale = "why";
  m.remediation = "how";
  m.references = {{"cis-m365", {"5.2.2.2", "1.1"}}};
  m.sql = "SELECT 1";
  return m;
}

Observation FullObservation() {
  Observation o;
  o.subject = "u-1";
  o.subject_type = "user";
  o.label = "Zo\xc3\xab";
  o.verdict = Verdict::kFail;
  o.detail = "no method";
  o.records = {{1, 2}, {3, kNoRecord}};
  return o;
}

struct Sample {
  const char* name;
  ByteVector bytes;
  /// Parses and encodes again; nothing when refused.
  std::function<std::optional<ByteVector>(ByteSpan)> again;
};

template <typename Parse, typename Put>
Sample Make(const char* name, ByteVector bytes, Parse parse, Put put) {
  return {name, std::move(bytes), [=](ByteSpan in) -> std::optional<ByteVector> {
            auto m = parse(in);
            if (m) return put(*m);
            CHECK(m.error().code == Code::kCorrupt);
            CHECK_THAT(m.error().message, Catch::Matchers::Contains("message: "));
            return std::nullopt;
          }};
}

template <typename M, typename Parse>
Sample Make(const char* name, const M& m, Parse parse) {
  return Make(name, Encode(m), parse, [](const auto& v) { return Encode(v); });
}

std::vector<Sample> Samples() {
  std::vector<Sample> out;
  out.push_back(Make("init", FullInit(), ParseInit));
  out.push_back(Make("hello", Hello{1, 0, "3.40.1"}, ParseHello));
  out.push_back(Make("done", Done{-5, "quota", {0, 1, 2}}, ParseDone));
  out.push_back(Make("request", Request{1, "graph-users", {{"id", "a/b"}}}, ParseRequest));
  out.push_back(Make("page", Page{1, 2, 3, 1, 404, 1ull << 40, "gone"}, ParsePage));
  out.push_back(Make("dataset state",
                     DatasetState{2, Completeness::kPartial, Reason::kThrottled, "429"},
                     ParseDatasetState));
  out.push_back(Make("log", Log{2, "line"}, ParseLog));
  out.push_back(Make("marks", Marks{4, {{0, 10}, {11, 5}}}, ParseMarks));
  out.push_back(Make("next page", NextPage{4, {100, 20}}, ParseNextPage));
  out.push_back(Make("page done", EncodePageDone(9), ParsePageDone, EncodePageDone));
  out.push_back(Make("views", Views{"graph", "CREATE VIEW a AS SELECT 1;"}, ParseViews));
  CheckResult result;
  result.check = "graph-x";
  result.verdict = Verdict::kFail;
  result.fail = 3;
  result.excepted = 1;
  out.push_back(Make("check result", result, ParseCheckResult));
  out.push_back(Make("control result", ControlResult{"iso", "A.8.5", ControlState::kUnknown, "why"},
                     ParseControlResult));
  out.push_back(Make("schema", EncodeDataset(7, UserDataset()), ParseDataset,
                     [](const auto& p) { return EncodeDataset(p.first, p.second); }));
  out.push_back(Make("check", EncodeCheck(FullCheck()), ParseCheck, EncodeCheck));
  out.push_back(Make(
      "controls",
      EncodeControls(
          "iso", {{"A.8.5", "t", "technological", "partial", true, {}, "", "", "", {"graph-x"}}}),
      ParseControls, [](const auto& p) { return EncodeControls(p.first, p.second); }));
  out.push_back(Make("observations", EncodeObservations("graph-x", {FullObservation()}),
                     ParseObservations,
                     [](const auto& p) { return EncodeObservations(p.first, p.second); }));
  return out;
}

long PeakKilobytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

}  // namespace

TEST_CASE("Messages: keep every field over a round trip", "[ipc]") {
  for (const Sample& sample : Samples()) {
    INFO(sample.name);
    const auto again = sample.again(sample.bytes);
    REQUIRE(again.has_value());
    CHECK(*again == sample.bytes);
  }
  REQUIRE_OK_AND_ASSIGN(auto init, ParseInit(Encode(FullInit())));
  CHECK(init.now_ms == -5);
  CHECK(init.datasets.at(0).second.columns.at(1).personal);
  CHECK(init.endpoints.at(0).params.at(0).type == ParamType::kGuid);
  CHECK(init.fini_function == 0x400);
  REQUIRE_OK_AND_ASSIGN(auto check, ParseCheck(EncodeCheck(FullCheck())));
  CHECK(check.params.at("max_days") == "90");
  CHECK(check.references.at("cis-m365").at(1) == "1.1");
  REQUIRE_OK_AND_ASSIGN(auto seen, ParseObservations(EncodeObservations("c", {FullObservation()})));
  CHECK(seen.second.at(0).records.at(1).record == kNoRecord);
}

TEST_CASE("Messages: survive every small damage without crash or excess memory", "[ipc]") {
  for (const Sample& sample : Samples()) {
    DYNAMIC_SECTION(sample.name) {
      const long before = PeakKilobytes();
      test::ForEachMutation(sample.bytes, [&](const ByteVector& bytes, const std::string& how) {
        INFO(how);
        // What is accepted is a value of the table: it encodes and parses again.
        const auto again = sample.again(bytes);
        if (again) CHECK(sample.again(*again) == again);
      });
      CHECK(PeakKilobytes() - before < 32 * 1024);
    }
  }
}

TEST_CASE("Messages: refuse truncation and leftovers", "[ipc]") {
  for (const Sample& sample : Samples()) {
    INFO(sample.name);
    for (size_t n = 0; n < sample.bytes.size(); ++n) {
      INFO(n);
      CHECK_FALSE(sample.again(ByteSpan(sample.bytes).first(n)).has_value());
    }
    ByteVector longer = sample.bytes;
    longer.push_back(0);
    CHECK_FALSE(sample.again(longer).has_value());
  }
  ByteVector longer = Encode(Hello{1, 0, ""});
  longer.push_back(0);
  CHECK_FAILS(ParseHello(longer), Code::kCorrupt, "hello message: bytes are left over");
}

TEST_CASE("Messages: refuse values outside their words and bounds", "[ipc]") {
  ByteVector state = Encode(DatasetState{1, Completeness::kComplete, Reason::kNone, ""});
  state[4] = 3;
  CHECK_FAILS(ParseDatasetState(state), Code::kCorrupt, "dataset state message: field");
  CHECK_FAILS(ParsePage(Encode(Page{1, 1, 0, 4, 0, 0, ""})), Code::kCorrupt, "outcome");
  CHECK_FAILS(ParseHello(Writer().U16(1).U16(0).Text("\xff\xfe").Take()), Code::kCorrupt, "field");
  CHECK_FAILS(ParseLog(Writer().U8(0).Text(std::string(1025, 'x')).Take()), Code::kCorrupt, "log");
  CHECK_FAILS(ParseLog(Writer().U8(4).Text("x").Take()), Code::kCorrupt, "log");
  CHECK_FAILS(ParseMarks(Writer().U32(1).U32(0xffffffff).Take()), Code::kCorrupt, "marks");
  CHECK_FAILS(ParseInit(ByteVector(4000, 0xff)), Code::kCorrupt, "init");
  CheckSpec check = FullCheck();
  check.sql = std::string(kMaxSql + 1, ' ');
  CHECK_FAILS(ParseCheck(EncodeCheck(check)), Code::kCorrupt, "check");
}

TEST_CASE("Messages: refuse a parameter that stands twice", "[ipc]") {
  CheckSpec check = FullCheck();
  check.params = {{"a", "1"}, {"b", "2"}};
  ByteVector bytes = EncodeCheck(check);
  const ByteVector b{1, 0, 0, 0, 'b', 1, 0, 0, 0, '2'};
  auto at = std::search(bytes.begin(), bytes.end(), b.begin(), b.end());
  REQUIRE(at != bytes.end());
  at[4] = 'a';
  CHECK_FAILS(ParseCheck(bytes), Code::kCorrupt, "stands twice");
}

TEST_CASE("OneLine: makes any bytes fit for a bounded line", "[ipc]") {
  CHECK(OneLine("a\nb\xff\x00", 100) == "a b\xef\xbf\xbd");
  CHECK(OneLine("\xe2\x82\xac\xe2\x82\xac", 5) == "\xe2\x82\xac");
  CHECK(OneLine(std::string(2000, 'x')).size() == kMaxLine);
  REQUIRE_OK(ParseDone(Encode(Done{0, std::string(5000, '\xff')})));
}

TEST_CASE("Protocol: gives each role its own words only", "[ipc]") {
  const auto type = [](Type t) { return static_cast<uint16_t>(t); };
  CHECK(WorkerMaySend(Role::kCollector, type(Type::kBatch)));
  CHECK_FALSE(WorkerMaySend(Role::kCollector, type(Type::kRows)));
  CHECK(WorkerMayReceive(Role::kCollector, type(Type::kRowMemory)));
  CHECK_FALSE(WorkerMayReceive(Role::kEvaluator, type(Type::kRowMemory)));
  CHECK_FALSE(WorkerMaySend(Role::kCollector, type(Type::kObservations)));
  CHECK_FALSE(WorkerMaySend(Role::kEvaluator, type(Type::kRequest)));
  CHECK_FALSE(WorkerMaySend(Role::kEvaluator, type(Type::kLog)));
  CHECK_FALSE(WorkerMaySend(Role::kFramework, type(Type::kRequest)));
  CHECK_FALSE(WorkerMaySend(Role::kCanary, type(Type::kLog)));
  CHECK(WorkerMayReceive(Role::kEvaluator, type(Type::kRows)));
  CHECK_FALSE(WorkerMayReceive(Role::kCollector, type(Type::kRows)));
  for (uint32_t t = 0; t <= 0xffff; ++t) {
    if (!Name(static_cast<Type>(t)).empty()) continue;
    for (Role role : {Role::kCollector, Role::kEvaluator, Role::kFramework, Role::kCanary}) {
      if (WorkerMaySend(role, static_cast<uint16_t>(t))) FAIL("unknown type may be sent");
      if (WorkerMayReceive(role, static_cast<uint16_t>(t))) FAIL("unknown type may be received");
    }
  }
}

TEST_CASE("Row: keeps nulls, text and integers", "[ipc]") {
  Row row;
  row.page = 1;
  row.record = kNoRecord;
  row.values = {{0, 0, {}}, {1, 0, "text"}, {2, -7, {}}};
  Writer out;
  EncodeRow(out, row);
  Reader in(out.bytes());
  Row again;
  REQUIRE(ParseRow(in, 3, again));
  CHECK(in.Done());
  CHECK(again.values[1].text == "text");
  CHECK(again.values[2].integer == -7);
  test::ForEachMutation(out.bytes(), [](const ByteVector& bytes, const std::string&) {
    Reader damaged(bytes);
    Row any;
    while (damaged.ok() && !damaged.rest().empty()) ParseRow(damaged, 3, any);
  });
}
