// The parser against the public TOML vectors, when they lie beside the checkout
// (../shared/samples/toml-test).
#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "config/document.h"
#include "support/matchers.h"

namespace assay::config {
namespace {

namespace fs = std::filesystem;

// Vectors that the parser (toml++ 3.3, TOML 1.0) decides otherwise. A name here that parses
// as the vectors want is a failure too, so that the list stays true.
const std::set<std::string>& AcceptedThoughInvalid() {
  static const std::set<std::string> names = {};
  return names;
}
const std::set<std::string>& RefusedThoughValid() {
  static const std::set<std::string> names = {
      // TOML 1.1: no seconds, newlines and a last comma in inline tables, \\e, \\x.
      "datetime__no-seconds", "inline-table__newline", "key__empty-05",
      "string__escape-esc",   "string__hex-escape",
  };
  return names;
}

std::set<std::string> NamesThat(const std::string& folder, bool parse) {
  std::set<std::string> out;
  for (const auto& entry : fs::directory_iterator(fs::path(ASSAY_SOURCE_DIR) /
                                                  "../shared/samples/toml-test" / folder)) {
    if (entry.path().extension() != ".toml") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    SyntaxError error;
    if (ParseDocument(text, "x", error).valid == parse) out.insert(entry.path().stem().string());
  }
  return out;
}

TEST_CASE("TOML vectors: invalid ones are refused, valid ones are read, deviations are listed") {
  if (!fs::exists(fs::path(ASSAY_SOURCE_DIR) / "../shared/samples/toml-test/valid")) {
    WARN("no vectors beside this checkout");
    return;
  }
  CHECK(NamesThat("invalid", true) == AcceptedThoughInvalid());
  CHECK(NamesThat("valid", false) == RefusedThoughValid());
}

}  // namespace
}  // namespace assay::config
