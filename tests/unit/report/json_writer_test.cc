// The JSON writer.
#include "report/json_writer.h"

#include "support/matchers.h"

namespace assay::report {
namespace {

TEST_CASE("JsonWriter: places commas, quotes and brackets") {
  JsonWriter json;
  json.BeginObject().Member("a", 1).Member("b", "x\"y\n").Member("c", true).Key("d").BeginArray();
  json.Int(-1)
      .Uint(18446744073709551615ull)
      .Null()
      .String("\xff")
      .BeginObject()
      .EndObject()
      .EndArray();
  json.Key("e").Strings({"p", "q"}).Key("f").Raw("{\"r\":0}").EndObject();
  CHECK(json.Take() ==
        "{\"a\":1,\"b\":\"x\\\"y\\n\",\"c\":true,\"d\":[-1,18446744073709551615,null,"
        "\"\xef\xbf\xbd\",{}],"
        "\"e\":[\"p\",\"q\"],\"f\":{\"r\":0}}");
}

TEST_CASE("JsonWriter: indents on request, empty containers stay short") {
  JsonWriter json(2);
  json.BeginObject().Key("a").BeginArray().EndArray().Member("b", 1).EndObject();
  CHECK(json.Take() == "{\n  \"a\": [],\n  \"b\": 1\n}");
}

}  // namespace
}  // namespace assay::report
