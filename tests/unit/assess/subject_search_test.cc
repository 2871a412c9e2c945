// What counts as the subject in a text, and that marks of a collector hide nothing.
#include "assess/subject_search.h"

#include "assess/privacy.h"
#include "support/matchers.h"
#include "support/test_ledger.h"

namespace assay::assess {
namespace {

using testing::TestLedger;

bool Holds(const std::string& identifier, std::string_view text) {
  auto matcher = SubjectMatcher::Make({identifier});
  REQUIRE(matcher);
  return !matcher->Find(text).empty();
}

TEST_CASE("SubjectMatcher: WholeValuesAndWholeWordsOnly [CM-6]") {
  const std::string mail = "maria.k@contoso.example";
  for (const char* text :
       {R"({"mail":"maria.k@contoso.example"})", "Maria.K@CONTOSO.example",
        "maria.k@contoso.example", "ask maria.k@contoso.example.", "'maria.k@contoso.example'",
        "SMTP:maria.k@contoso.example", "/users/maria.k@contoso.example/manager",
        R"(["maria.k@contoso.example"])", R"(maria.k\u0040contoso.example)",
        R"(\u006d\u0061ria.k@contoso.example)", R"({"a":"x\nmaria.k@contoso.example"})",
        "id=maria.k%40contoso.example&x", R"(\"maria.k@contoso.example\")",
        R"(a\/maria.k@contoso.example\/b)"}) {
    INFO(text);
    CHECK(Holds(mail, text));
  }
  for (const char* text :
       {"anna-maria.k@contoso.example", "xmaria.k@contoso.example", "maria.k@contoso.example.org",
        "maria.k@contoso.examples", "maria.k@contoso.example-old",
        "\xc3\xa9maria.k@contoso.example", "maria.k+x@contoso.example",
        R"(\u00e9maria.k@contoso.example)", "", "maria"}) {
    INFO(text);
    CHECK_FALSE(Holds(mail, text));
  }
  CHECK_FALSE(Holds("maria.k", mail));
  CHECK_FALSE(Holds("contoso.example", mail));
  CHECK(
      Holds("Maria Kov\xc3\xa1"
            "cs",
            R"({"displayName":"maria Kov\u00e1cs"})"));
  CHECK(Holds("\xf0\x9f\x98\x80 Joe", R"("\ud83d\ude00 joe")"));
  CHECK_FALSE(Holds("123", R"({"n":91234})"));
  CHECK_FAILS(SubjectMatcher::Make({"ab"}), Code::kInvalidInput, "shorter than 3 bytes");
  CHECK_FAILS(SubjectMatcher::Make({}), Code::kInvalidInput, "no subject");
}

TEST_CASE("SubjectMatcher: GivesPlacesOfTheTextAsItStands") {
  auto matcher = SubjectMatcher::Make({"maria.k@contoso.example"});
  REQUIRE(matcher);
  const std::string escaped = R"(["x","maria.k\u0040contoso.example","maria.k@contoso.example"])";
  const auto places = matcher->Find(escaped);
  REQUIRE(places.size() == 2);
  CHECK(escaped.substr(places[0].first, places[0].second - places[0].first) ==
        R"(maria.k\u0040contoso.example)");
  CHECK(escaped.substr(places[1].first, places[1].second - places[1].first) ==
        "maria.k@contoso.example");
}

const std::string kRequest = "{\"method\":\"GET\",\"url\":\"https://graph.example/users\"}\n";
const std::string kMaria = R"({"id":"1","mail":"maria.k@contoso.example","phone":"555-0101"})";
const std::string kBert = R"({"id":"2","mail":"bert@contoso.example","phone":"555-0102"})";

/// Puts a response with these marks and refers to it.
void PutRead(ledger::Ledger& ledger, const std::string& bytes,
             const std::vector<ledger::RecordRange>& marks) {
  auto body = ledger.PutBody(AsBytes(bytes), marks);
  REQUIRE(body);
  ledger::EntryDraft draft = testing::Draft(0);
  draft.body = *body;
  REQUIRE_OK(ledger.Append(draft).get());
}

/// Every plain byte that is still stored.
std::string AllPlain(ledger::Ledger& ledger) {
  std::string out;
  REQUIRE_OK(ledger.VisitBodies([&](const ledger::StoredBody& body) {
    for (const ByteSpan segment : body.segments) out.append(AsText(segment)) += '\n';
    return true;
  }));
  return out;
}

TEST_CASE("Privacy: ErasesASubjectFromEveryKindOfBody [CM-6][KS-6]") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  const std::string bytes = kRequest + "[" + kMaria + "," + kBert + "]";
  PutRead(
      *ledger, bytes,
      {{kRequest.size() + 1, kMaria.size()}, {kRequest.size() + 2 + kMaria.size(), kBert.size()}});
  ledger::EntryDraft check = testing::Draft(1);
  check.kind = "check";
  REQUIRE_OK_AND_ASSIGN(check.body,
                        ledger->PutSegments({R"({"subject":"1","label":"Maria.K@contoso.example"})",
                                             R"({"subject":"2","label":"bert"})"}));
  REQUIRE_OK(ledger->Append(check).get());
  REQUIRE_OK_AND_ASSIGN(const auto matcher, SubjectMatcher::Make({"maria.k@contoso.example"}));
  REQUIRE_OK_AND_ASSIGN(const SubjectFind found, FindSubject(*ledger, matcher));
  REQUIRE(found.bodies.size() == 2);
  CHECK(found.segments() == 2);
  CHECK(found.searched == 2);
  CHECK_FALSE(found.others.contains("bert@contoso.example"));
  REQUIRE_OK_AND_ASSIGN(const Receipt receipt,
                        EraseSubject(*ledger, matcher, found, {"privacy", "DSR-1", "account:1"}));
  CHECK(receipt.records == 2);
  CHECK(receipt.entries.size() == 3);
  const std::string left = AllPlain(*ledger);
  CHECK(left.find("maria.k") == std::string::npos);
  CHECK(left.find("Maria.K") == std::string::npos);
  CHECK(left.find("555-0101") == std::string::npos);
  CHECK(left.find(kBert) != std::string::npos);
  REQUIRE_OK_AND_ASSIGN(const auto report, ledger->Verify());
  INFO(report.place << ": " << report.message);
  CHECK(report.ok);
  CHECK(report.absent.at("erased (privacy)") == 2);
  // The ticket stands in a body, never in a line.
  REQUIRE_OK(ledger->ReadLines(LeafIndex{0}, LeafIndex{100}, [&](LeafIndex, std::string_view line) {
    CHECK(line.find("DSR-1") == std::string_view::npos);
    CHECK(line.find("maria") == std::string_view::npos);
    return true;
  }));
}

// Marks decide what can be erased alone, never what is found.
TEST_CASE("Privacy: ACollectorThatMarksWronglyHidesNothing [CM-6]") {
  const std::string bytes = kRequest + "[" + kMaria + "," + kBert + "]";
  const uint64_t base = kRequest.size() + 1;
  const uint64_t in_mail = bytes.find("ria.k@");
  struct Case {
    const char* name;
    std::vector<ledger::RecordRange> marks;
  };
  for (const Case& c :
       {Case{"none", {}}, Case{"two people in one", {{base, kMaria.size() + 1 + kBert.size()}}},
        Case{"a mark that ends within the address", {{base, in_mail - base}}},
        Case{"an address cut in three", {{base, in_mail - base}, {in_mail, 1}, {in_mail + 1, 30}}},
        Case{"the other person only", {{base + kMaria.size() + 1, kBert.size()}}}}) {
    DYNAMIC_SECTION(c.name) {
      TestLedger home;
      REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
      PutRead(*ledger, bytes, c.marks);
      REQUIRE_OK_AND_ASSIGN(const auto matcher, SubjectMatcher::Make({"maria.k@contoso.example"}));
      REQUIRE_OK_AND_ASSIGN(const SubjectFind found, FindSubject(*ledger, matcher));
      REQUIRE(found.bodies.size() == 1);
      REQUIRE_OK(EraseSubject(*ledger, matcher, found, {"privacy", "T", "account:1"}));
      const std::string left = AllPlain(*ledger);
      CHECK(left.find("maria.k") == std::string::npos);
      CHECK(left.find("contoso.example\",\"phone\":\"555-0101") == std::string::npos);
      CHECK(ledger->Verify()->ok);
    }
  }
}

TEST_CASE("Privacy: AnAnswerToAQuestionAboutThePersonGoesAsAWhole") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  const std::string request =
      "{\"method\":\"GET\",\"url\":\"https://graph.example/users/maria.k%40contoso.example/x\"}\n";
  const std::string record = R"({"phoneNumber":"555-0101","id":"9"})";
  PutRead(*ledger, request + "[" + record + "]", {{request.size() + 1, record.size()}});
  REQUIRE_OK_AND_ASSIGN(const auto matcher, SubjectMatcher::Make({"maria.k@contoso.example"}));
  REQUIRE_OK_AND_ASSIGN(const SubjectFind found, FindSubject(*ledger, matcher));
  REQUIRE(found.bodies.size() == 1);
  CHECK(found.segments() == 2);
  REQUIRE_OK(EraseSubject(*ledger, matcher, found, {"privacy", "T", "account:1"}));
  CHECK(AllPlain(*ledger).find("555-0101") == std::string::npos);
}

TEST_CASE("Privacy: SuggestsOtherNamesOfTheSameRecords") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  REQUIRE_OK(ledger->PutSegments({R"({"id":"28c10230-0000-4000-8000-0000000000aa",)"
                                  R"("upn":"maria.k@contoso.example","mail":"mk@contoso.example"})",
                                  R"({"mail":"bert@contoso.example"})"}));
  REQUIRE_OK_AND_ASSIGN(const auto matcher, SubjectMatcher::Make({"maria.k@contoso.example"}));
  REQUIRE_OK_AND_ASSIGN(const SubjectFind found, FindSubject(*ledger, matcher));
  CHECK(found.others == std::map<std::string, uint64_t>{{"28c10230-0000-4000-8000-0000000000aa", 1},
                                                        {"mk@contoso.example", 1}});
}

TEST_CASE("Receipt: AChangedReceiptDoesNotVerify") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  PutRead(*ledger, kRequest + kMaria, {{kRequest.size(), kMaria.size()}});
  REQUIRE_OK_AND_ASSIGN(const Receipt receipt,
                        EraseRecord(*ledger, LeafIndex{2}, 1, {"mistake", "T-1", "account:1"}));
  REQUIRE_OK_AND_ASSIGN(const std::string document, SignReceipt(*ledger, receipt));
  REQUIRE_OK_AND_ASSIGN(const Receipt back, OpenReceipt(document));
  CHECK(back.id == receipt.id);
  CHECK(back.entries == std::vector<uint64_t>{3});
  CHECK(back.origin == "assay.example/contoso");
  CHECK(back.reason == "mistake");
  CHECK_FALSE(back.backups_until);
  int found = 0;
  for (size_t bit = 0; bit < document.size() * 8 - 8; ++bit) {
    std::string bad = document;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    found += OpenReceipt(bad) ? 0 : 1;
  }
  CHECK(found == static_cast<int>(document.size() * 8 - 8));
  CHECK_FAILS(EraseRecord(*ledger, LeafIndex{2}, 1, {"mistake", "T-1", "account:1"}),
              Code::kAlreadyExists, "erased already");
}

TEST_CASE("Hold: IsPlacedOnceAndReleasedOnce") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  const ErasureRequest why{"", "CASE-7", "account:1"};
  REQUIRE_OK(PlaceHold(*ledger, "LH-3", LeafIndex{0}, std::nullopt, why));
  CHECK_FAILS(PlaceHold(*ledger, "LH-3", LeafIndex{0}, std::nullopt, why), Code::kAlreadyExists,
              "placed before");
  CHECK_FAILS(PlaceHold(*ledger, "L H", LeafIndex{0}, std::nullopt, why), Code::kInvalidInput,
              "letters");
  CHECK_FAILS(PlaceHold(*ledger, "LH-4", LeafIndex{5}, LeafIndex{4}, why), Code::kInvalidInput,
              "before its first");
  REQUIRE_OK(ReleaseHold(*ledger, "LH-3", why));
  CHECK_FAILS(ReleaseHold(*ledger, "LH-3", why), Code::kNotFound, "not in force");
  CHECK(ledger->Verify()->ok);
}

TEST_CASE("FindSubject: PassesOverFilesOfPluginsButNotOverOwnChecks [CM-6]") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  const auto add = [&](const char* plugin, const std::string& bytes) {
    ledger::EntryDraft draft{"plugin.file", "cli", {{"plugin", plugin}, {"sha256", "00"}}, {}};
    REQUIRE_OK_AND_ASSIGN(draft.body, ledger->PutSegments({bytes}));
    REQUIRE_OK(ledger->Append(draft).get());
  };
  add("graph", "SELECT displayName FROM user");
  add("checks.d", "-- ask maria.k@contoso.example for the displayName");
  REQUIRE_OK_AND_ASSIGN(const SubjectMatcher matcher, SubjectMatcher::Make({"displayName"}));
  REQUIRE_OK_AND_ASSIGN(const SubjectFind found, FindSubject(*ledger, matcher));
  REQUIRE(found.bodies.size() == 1);
  CHECK(found.others == std::map<std::string, uint64_t>{{"maria.k@contoso.example", 1}});
  CHECK(found.searched == 1);
}

}  // namespace
}  // namespace assay::assess
