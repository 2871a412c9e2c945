// The small JSON object of token services, and what reads the text under it.
#include "broker/json_object.h"

#include "broker/json_scan.h"
#include "support/matchers.h"

using namespace assay;
using namespace assay::broker;

TEST_CASE("JsonObject: takes texts, whole numbers and their lists", "[broker][json]") {
  REQUIRE_OK_AND_ASSIGN(
      const JsonObject json,
      ParseJsonObject(
          " {\"a\" : \"x\\u00e9\\ud83d\\ude00\\n\\/\" , \"n\":-42, \"l\":[\"p\",\"q\"],"
          "\"m\":[1,2],\"e\":[],\"f\":1.5,\"big\":99999999999999999999,\"o\":{\"a\":[]},"
          "\"t\":true,\"z\":null,\"mixed\":[1,\"x\"]}\n"));
  CHECK(json.Text("a") == "x\xc3\xa9\xf0\x9f\x98\x80\n/");
  CHECK(json.numbers.at("n") == -42);
  CHECK(json.lists.at("l") == std::vector<std::string>{"p", "q"});
  CHECK(json.number_lists.at("m") == std::vector<int64_t>{1, 2});
  CHECK(json.lists.at("e").empty());
  for (const char* other : {"f", "big", "o", "t", "z", "mixed"}) CHECK_FALSE(json.Has(other));
}

TEST_CASE("JsonObject: takes nothing but one whole object", "[broker][json]") {
  const std::string deep = std::string(16, '[') + std::string(16, ']');
  for (const std::string& bad : {std::string(),
                                 std::string("[]"),
                                 std::string("\"x\""),
                                 std::string("{"),
                                 std::string("{}x"),
                                 std::string("{} {}"),
                                 std::string("{\"a\":1,}"),
                                 std::string("{\"a\":01}"),
                                 std::string("{\"a\":1.}"),
                                 std::string("{\"a\":+1}"),
                                 std::string("{\"a\":1e}"),
                                 std::string("{\"a\":nul}"),
                                 std::string("{a:1}"),
                                 std::string("{\"a\" 1}"),
                                 std::string("{\"a\":\"\\x\"}"),
                                 std::string("{\"a\":\"\\u12\"}"),
                                 std::string("{\"a\":\"\\ud800\"}"),
                                 std::string("{\"a\":\"\\ud800\\u0041\"}"),
                                 std::string("{\"a\":\"\\udc00\"}"),
                                 std::string("{\"a\":\"\n\"}"),
                                 std::string("{\"a\":1,\"a\":2}"),
                                 std::string("{\"a\":1,\"\\u0061\":2}"),
                                 std::string("{\"a\":\"\xff\"}"),
                                 std::string("{\"a\":// x\n1}"),
                                 "{\"a\":" + deep + "}",
                                 "{\"a\":\"" + std::string(256 * 1024, 'x') + "\"}",
                                 std::string("{\"a\":1}\0", 8)}) {
    INFO(bad.substr(0, 60));
    const auto json = ParseJsonObject(bad);
    REQUIRE_FALSE(json);
    CHECK(json.error().code == Code::kInvalidInput);
  }
  REQUIRE_OK(ParseJsonObject("{\"a\":" + deep.substr(1, 30) + "}"));
}

TEST_CASE("JsonScan: a value is found as it stands", "[broker][json]") {
  JsonScan scan(" [ {\"a\":[1, 2]} ,\"x\"]", 3);
  std::vector<std::string> seen;
  CHECK(scan.Array([&] {
    const auto value = scan.Value();
    if (value) seen.emplace_back(*value);
    return value.has_value();
  }));
  CHECK(seen == std::vector<std::string>{"{\"a\":[1, 2]}", "\"x\""});
  CHECK(scan.AtEnd());
  CHECK_FALSE(JsonScan("[[[1]]]", 2).Value());
  CHECK_FALSE(JsonScan("1.0", 1).Whole());
  CHECK_FALSE(JsonScan("\"1\"", 1).Whole());
  CHECK(JsonScan("-7", 1).Whole() == -7);
}
