// Filters, projections and percent-encoding of the demo services.
#include "demo/odata.h"

#include "demo/http.h"
#include "support/matchers.h"

using namespace assay;
using namespace assay::demo;

namespace {

const Json kItem = Json::Object({{"state", "enabled"},
                                 {"count", 7},
                                 {"created", "2026-05-01T00:00:00Z"},
                                 {"properties", Json::Object({{"policyType", "Custom"}})}});

bool Fits(std::string_view filter) {
  auto result = Matches(kItem, filter);
  REQUIRE(result);
  return *result;
}

}  // namespace

TEST_CASE("OData: Filters compare members and those of properties") {
  CHECK(Fits(""));
  CHECK(Fits("atScope()"));
  CHECK(Fits("state eq 'ENABLED'"));
  CHECK_FALSE(Fits("state ne 'enabled'"));
  CHECK(Fits("policyType eq 'Custom'"));
  CHECK(Fits("count eq 7"));
  CHECK(Fits("created ge 2026-01-01T00:00:00Z"));
  CHECK_FALSE(Fits("created le 2026-01-01T00:00:00Z"));
  CHECK(Fits("missing eq null"));
}

TEST_CASE("OData: And binds tighter than or") {
  CHECK(Fits("state eq 'x' and count eq 7 or policyType eq 'Custom'"));
  CHECK(Fits("state eq 'enabled' or count eq 1 and count eq 2"));
  CHECK_FALSE(Fits("state eq 'x' or count eq 7 and count eq 8"));
}

TEST_CASE("OData: Refuses filters that it does not understand") {
  CHECK_FAILS(Matches(kItem, "state startswith 'e'"), Code::kInvalidInput,
              "operator is not understood: \"startswith\"");
  CHECK_FAILS(Matches(kItem, "nonsense"), Code::kInvalidInput,
              "clause is not understood: \"nonsense\"");
}

TEST_CASE("OData: Projection keeps annotations and drops what was not asked for") {
  Resource resource;
  resource.expand = {"owners"};
  Json item =
      Json::Object({{"@odata.type", "#x"}, {"id", "1"}, {"name", "n"}, {"owners", Json::Array()}});
  CHECK(Project(item, resource, "", "").Dump() == R"({"@odata.type":"#x","id":"1","name":"n"})");
  CHECK(Project(item, resource, "id", "").Dump() == R"({"@odata.type":"#x","id":"1"})");
  CHECK(Project(item, resource, "id", "owners($select=id)").Dump() ==
        R"({"@odata.type":"#x","id":"1","owners":[]})");
}

TEST_CASE("Http: Percent-encoding goes there and back, broken escapes stay") {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  CHECK(PercentDecode(PercentEncode(all), true) == all);
  CHECK(PercentDecode("a%2", false) == "a%2");
  CHECK(PercentDecode("a%zz+", false) == "a%zz+");
  CHECK(QueryValue("A=1&%24select=x%2Cy+z", "$SELECT") == "x,y z");
  CHECK(QueryValue("", "a").empty());
}
