#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "cli/explain_text.h"
#include "cli/explain_words.h"
#include "model/delta.h"
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

TEST_CASE("Explain: no page has an empty section", "[cli]") {
  std::set<std::string> names;
  for (const auto* list : {&cli::Explanations(), &cli::WordExplanations()})
    for (const cli::Explanation& one : *list) {
      INFO(one.name);
      CHECK(names.insert(std::string(one.name)).second);  // one name, one meaning
      CHECK(one.what.size() > 10);
      CHECK(one.what.ends_with('.'));
      if (one.name.starts_with("AS-")) CHECK_FALSE(one.remedy.empty());
    }
  REQUIRE(cli::GlossaryTerms().size() > 60);
  for (const cli::Term& term : cli::GlossaryTerms()) {
    INFO(term.name);
    CHECK_FALSE(term.name.empty());
    CHECK(term.meaning.size() > 3);
    CHECK(cli::FindTerm(term.name) != nullptr);
  }
}

TEST_CASE("Explain: knows every verdict, reason, state, bucket and exit code", "[cli]") {
  std::vector<std::string> words;
  for (int v = 1; v <= 5; ++v) words.emplace_back(Name(static_cast<Verdict>(v)));
  for (int r = 1; r <= 8; ++r) words.emplace_back(Name(static_cast<Reason>(r)));
  for (int s = 1; s <= 5; ++s) words.emplace_back(Name(static_cast<ControlState>(s)));
  for (const Delta delta : kDeltas) words.emplace_back(Name(delta));
  for (int code = 0; code <= 12; ++code) words.push_back("exit-" + std::to_string(code));
  for (const char* code : {"exit-130", "exit-143"}) words.emplace_back(code);
  for (const std::string& word : words) {
    INFO(word);
    CHECK(cli::FindExplanation(word) != nullptr);
  }
}

TEST_CASE("Explain: every installed check and control has a page without an empty section",
          "[cli]") {
  const auto catalogue =
      assess::Catalogue::Scan(ASSAY_BUILD_DIR "/lib/assay", assess::ReadManifestNote);
  std::vector<std::string> names = catalogue.CheckIds();
  for (const auto& framework : catalogue.frameworks())
    for (const ControlSpec& control : framework.spec.controls)
      names.push_back(framework.spec.id + ":" + control.id);
  if (names.empty()) return;  // no plugin is built beside this test
  const std::regex empty_section("(^|\n) +[a-z][a-z ]*  +(\n|$)");  // a label, then nothing
  for (const std::string& name : names) {
    std::string page;
    cli::Context context;
    context.out = context.err = [&](std::string_view text) { page += text; };
    INFO(name);
    REQUIRE(cli::ExplainInstalled(context, name, catalogue));
    CHECK(page.size() > 60);
    const std::string head = page.substr(0, page.find("decided by this query"));
    CHECK_FALSE(std::regex_search(head, empty_section));
  }
}
