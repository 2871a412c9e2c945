// Pages of the journal come in the order in which they came then, whatever order they are asked in.
#include "assess/stored_pages.h"

#include "assay/read.h"
#include "assess/journal.h"
#include "support/matchers.h"
#include "support/test_ledger.h"

namespace assay::assess {
namespace {

using testing::TestLedger;

EndpointSpec Users() {
  EndpointSpec spec;
  spec.id = "graph-users";
  spec.version = "v1.0";
  spec.path = "/users";
  return spec;
}

/// A ledger with the reads of one plugin, and pages out of it.
struct Journal {
  Journal() {
    broker.cloud = *broker::BuiltInCloud("global");
    auto opened = home.Open();
    REQUIRE(opened);
    ledger = std::move(*opened);
  }
  void Add(uint32_t page, uint64_t ticket, const std::string& answer, ledger::Keep keep) {
    JournalPage read{"graph", page, 0, ticket, {}, {}};
    read.result.record.endpoint = "graph-users";
    read.result.record.method = "GET";
    read.result.record.url = "https://graph.microsoft.com/v1.0/users";
    read.result.record.http_status = 200;
    read.result.body.assign(answer.begin(), answer.end());
    auto appended = CommitPage(*ledger, "R-1", read, 100, keep);
    REQUIRE(appended);
    auto entry = appended->get();
    REQUIRE(entry);
    reads.push_back({ticket, page, 0, 200, entry->index});
  }
  StoredPages Pages() { return StoredPages(*ledger, "graph", reads, broker, state); }
  void Ask(StoredPages& pages, uint64_t ticket) {
    REQUIRE(pages.Start(ticket, Users(), {}, [this, &pages, ticket](broker::ReadResult result) {
      came.push_back(
          {pages.TakeNumber(), ticket, result.outcome, std::string(AsText(result.body))});
    }));
  }

  struct Came {
    uint32_t number;
    uint64_t ticket;
    uint32_t outcome;
    std::string body;
    bool operator==(const Came&) const = default;
  };

  TestLedger home;
  std::unique_ptr<ledger::Ledger> ledger;
  broker::BrokerOptions broker{*TenantId::Parse("7f0c1d2e-3b4a-4c5d-8e9f-0a1b2c3d4e5f")};
  std::vector<RecordedRead> reads;
  ReplayState state;
  std::vector<Came> came;
};

TEST_CASE("Journal: TheRequestIsThatOfTheDocuments") {
  broker::ReadResult result;
  result.detail = "HTTP 403";
  result.record.method = "GET";
  result.record.url = "https://graph.microsoft.com/v1.0/users";
  const std::string line = RequestLine(result);
  CHECK(line ==
        R"({"detail":"HTTP 403","method":"GET","url":"https://graph.microsoft.com/v1.0/users"})"
        "\n");
  CHECK(line.size() == 84);
}

TEST_CASE("StoredPages: HoldsAPageBackUntilThoseBeforeItWereAskedFor [VE-24]") {
  Journal journal;
  journal.Add(3, 2, "second asked, first come", ledger::Keep::kFull);
  journal.Add(5, 1, "first asked", ledger::Keep::kFull);
  StoredPages pages = journal.Pages();
  journal.Ask(pages, 1);
  CHECK(journal.came.empty());
  journal.Ask(pages, 2);
  REQUIRE(journal.came.size() == 2);
  CHECK(journal.came[0] == Journal::Came{3, 2, ASSAY_PAGE_OK, "second asked, first come"});
  CHECK(journal.came[1] == Journal::Came{5, 1, ASSAY_PAGE_OK, "first asked"});
}

TEST_CASE("StoredPages: APluginThatWaitsForAnotherOrderGetsItAfterAMinute") {
  Journal journal;
  journal.Add(3, 2, "never asked for", ledger::Keep::kFull);
  journal.Add(5, 1, "asked for", ledger::Keep::kFull);
  StoredPages pages = journal.Pages();
  journal.Ask(pages, 1);
  pages.WorkerIsSilent(std::chrono::seconds(59));
  CHECK(journal.came.empty());
  pages.WorkerIsSilent(std::chrono::seconds(60));
  REQUIRE(journal.came.size() == 1);
  CHECK(journal.came[0] == Journal::Came{5, 1, ASSAY_PAGE_OK, "asked for"});
}

TEST_CASE("StoredPages: WhatTheJournalLacksIsAnOutageAfterAllThatItHas") {
  Journal journal;
  journal.Add(3, 2, "there", ledger::Keep::kFull);
  StoredPages pages = journal.Pages();
  journal.Ask(pages, 1);
  CHECK(journal.came.empty());
  journal.Ask(pages, 2);
  REQUIRE(journal.came.size() == 2);
  CHECK(journal.came[0].ticket == 2);
  CHECK(journal.came[1] == Journal::Came{4, 1, ASSAY_PAGE_UNAVAILABLE, ""});
}

TEST_CASE("StoredPages: AnAnswerThatWasNotKeptIsAnOutageWithItsReason [CM-1]") {
  Journal journal;
  journal.Add(1, 1, "secret", ledger::Keep::kNone);
  StoredPages pages = journal.Pages();
  journal.Ask(pages, 1);
  REQUIRE(journal.came.size() == 1);
  CHECK(journal.came[0] == Journal::Came{1, 1, ASSAY_PAGE_UNAVAILABLE, ""});
  CHECK_THAT(journal.state.WhyPage(1).value_or(""),
             Catch::Matchers::Contains("never kept (evidence.raw)"));
  CHECK(journal.state.WhyPlugin("graph"));
  CHECK_FALSE(journal.state.broken());
}

TEST_CASE("StoredPages: AReadThatHoldsNoAnswerBreaksTheReplay") {
  Journal journal;
  ledger::EntryDraft draft{"read", "engine", {{"run", "R-1"}, {"page", 1}, {"request_len", 9}}, {}};
  const bool with_body = GENERATE(false, true);
  if (with_body) {
    REQUIRE_OK_AND_ASSIGN(draft.body, journal.ledger->PutSegments({"no skeleton"}));
  }
  REQUIRE_OK_AND_ASSIGN(const ledger::Appended entry, journal.ledger->Append(draft).get());
  journal.reads.push_back({1, 1, 0, 200, entry.index});
  StoredPages pages = journal.Pages();
  journal.Ask(pages, 1);
  REQUIRE(journal.state.broken());
  CHECK_THAT(journal.state.broken()->message, Catch::Matchers::Contains("without an answer"));
}

}  // namespace
}  // namespace assay::assess
