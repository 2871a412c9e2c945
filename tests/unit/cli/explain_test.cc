#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "cli/explain_text.h"
#include "support/matchers.h"

using namespace assay;

TEST_CASE("Explain: knows every code that a message can carry", "[cli]") {
  std::set<std::string> codes;
  const std::regex form("\"(AS-[A-Z]{3}-[0-9]{3})\"");
  for (const auto& file :
       std::filesystem::recursive_directory_iterator(ASSAY_SOURCE_DIR "/engine")) {
    if (file.path().extension() != ".cc") continue;
    std::ifstream in(file.path());
    std::stringstream text;
    text << in.rdbuf();
    const std::string all = text.str();
    for (std::sregex_iterator at(all.begin(), all.end(), form), end; at != end; ++at)
      codes.insert((*at)[1]);
  }
  REQUIRE(codes.size() > 20);
  for (const std::string& code : codes) {
    INFO(code);
    CHECK(cli::FindExplanation(code) != nullptr);
  }
}
