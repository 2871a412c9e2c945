// Statements in a ledger: rules, four eyes, who was first, and the state as of any moment.
#include "assess/statement_desk.h"

#include "assess/runs.h"
#include "support/matchers.h"
#include "support/test_ledger.h"

using namespace assay;
using namespace assay::testing;
using namespace std::chrono_literals;
using assess::ExceptionState;
using assess::StatementDesk;
using assess::Statements;
using assess::StatementTerms;

namespace {

constexpr auto kDay = std::chrono::hours(24);

class Desks {
 public:
  Desks() {
    auto opened = home.Open();
    if (!opened) FAIL(opened.error().ToString());
    ledger = std::move(*opened);
  }
  StatementDesk By(const std::string& account, StatementTerms terms = {}) {
    terms.actor = "account:" + account;
    terms.now = home.clock.Now();
    auto desk = StatementDesk::Open(*ledger, terms);
    if (!desk) FAIL(desk.error().ToString());
    return std::move(*desk);
  }
  assess::ExceptionRequest Request(std::chrono::milliseconds lasts = 10 * kDay) const {
    assess::ExceptionRequest out;
    out.check = "c";
    out.subject = "u";
    out.reason = "because";
    out.expires = home.clock.Now() + lasts;
    return out;
  }
  assess::AttestationRequest Attestation(std::chrono::milliseconds lasts = 10 * kDay) const {
    assess::AttestationRequest out;
    out.framework = "f";
    out.control = "A.1";
    out.role = "head";
    out.document = "policy.pdf";
    out.digest = std::string(64, '0');
    out.expires = home.clock.Now() + lasts;
    return out;
  }
  Statements Now() const {
    auto out = assess::LoadStatements(*ledger);
    if (!out) FAIL(out.error().ToString());
    return std::move(*out);
  }
  std::vector<std::string> Kinds() const {
    std::vector<std::string> out;
    const Status read =
        ledger->ReadLines(LeafIndex{0}, LeafIndex{1000}, [&](LeafIndex, std::string_view line) {
          const size_t at = line.find("\"kind\":\"") + 8;
          const std::string kind(line.substr(at, line.find('"', at) - at));
          if (assess::IsStatement(kind)) out.push_back(kind);
          return true;
        });
    REQUIRE_OK(read);
    return out;
  }

  TestLedger home;
  std::unique_ptr<ledger::Ledger> ledger;
};

}  // namespace

TEST_CASE("StatementDesk: somebody else approves, and an undo is an entry of its own",
          "[assess][CM-25]") {
  Desks desks;
  REQUIRE_OK_AND_ASSIGN(const uint64_t number, desks.By("1").Request(desks.Request()));
  CHECK(number == 1);
  CHECK_FAILS(desks.By("1").Approve(1, ""), Code::kDenied, "somebody else must approve it");
  CHECK(desks.Kinds() == std::vector<std::string>{"exception.requested"});
  REQUIRE_OK(desks.By("2").Approve(1, "agreed"));
  CHECK(desks.Now().Covering("c", "u", desks.home.clock.Now()) != nullptr);
  CHECK_FAILS(desks.By("3").Approve(1, ""), Code::kAlreadyExists, "approved by account:2");
  REQUIRE_OK(desks.By("2").Revoke(1, "a mistake"));
  CHECK(desks.Now().Covering("c", "u", desks.home.clock.Now()) == nullptr);
  CHECK(desks.Kinds() ==
        std::vector<std::string>{"exception.requested", "exception.approved", "exception.revoked"});
  CHECK_FAILS(desks.By("2").Approve(1, ""), Code::kAlreadyExists, "E-1 is revoked");
}

TEST_CASE("StatementDesk: of two who decide at once the second learns who was first",
          "[assess][CM-25]") {
  Desks desks;
  REQUIRE_OK(desks.By("1").Request(desks.Request()));
  StatementDesk first = desks.By("2"), second = desks.By("3");
  REQUIRE_OK(first.Approve(1, ""));
  CHECK_FAILS(second.Approve(1, ""), Code::kAlreadyExists,
              "account:2 decided meanwhile (exception.approved");
  CHECK_FAILS(second.Reject(1, ""), Code::kAlreadyExists, "nothing was written");
  CHECK(desks.Kinds().size() == 2);
  REQUIRE_OK(desks.By("3").Revoke(1, ""));  // having looked again
}

TEST_CASE("StatementDesk: the rules of the house", "[assess]") {
  Desks desks;
  auto request = desks.Request(200 * kDay);
  CHECK_FAILS(desks.By("1").Request(request), Code::kInvalidInput, "the maximum here, 180 days");
  request.expires = desks.home.clock.Now();
  CHECK_FAILS(desks.By("1").Request(request), Code::kInvalidInput, "over already");
  request = desks.Request();
  request.reason = "  ";
  CHECK_FAILS(desks.By("1").Request(request), Code::kInvalidInput, "reason is empty");
  request = desks.Request();
  request.compensating_check = "c";
  CHECK_FAILS(desks.By("1").Request(request), Code::kInvalidInput, "compensate for itself");
  request = desks.Request();
  request.wildcard = true;
  CHECK_FAILS(desks.By("1").Request(request), Code::kInvalidInput, "every subject");
  StatementTerms open;
  open.allow_wildcard = true;
  REQUIRE_OK(desks.By("1", open).Request(request));
  CHECK_FAILS(desks.By("2").Approve(1, ""), Code::kInvalidInput, "not allowed here");
  REQUIRE_OK(desks.By("1").Request(desks.Request()));
  CHECK_FAILS(desks.By("1").Request(desks.Request()), Code::kAlreadyExists, "E-2 is requested");
  StatementTerms nobody;
  nobody.approver = false;
  CHECK_FAILS(desks.By("2", nobody).Approve(2, ""), Code::kDenied, "no role");
  CHECK_FAILS(desks.By("2", nobody).Reject(2, ""), Code::kDenied, "no role");
  CHECK_FAILS(desks.By("2").Approve(9, ""), Code::kNotFound, "E-9");
  StatementTerms alone;
  alone.four_eyes = false;
  REQUIRE_OK(desks.By("1", alone).Approve(2, ""));
}

TEST_CASE("StatementDesk: a renewal needs somebody else than who asks for it", "[assess]") {
  Desks desks;
  REQUIRE_OK(desks.By("1").Request(desks.Request()));
  const Timestamp longer = desks.home.clock.Now() + 20 * kDay;
  CHECK_FAILS(desks.By("1").Renew(1, longer, "late"), Code::kAlreadyExists, "waits for approval");
  REQUIRE_OK(desks.By("2").Approve(1, ""));
  REQUIRE_OK(desks.By("2").Renew(1, longer, "late"));
  CHECK_FAILS(desks.By("2").Approve(1, ""), Code::kDenied, "asked for by account:2");
  REQUIRE_OK(desks.By("1").Approve(1, ""));
  CHECK(desks.Now().FindException(1)->expires == longer);
  CHECK_FAILS(desks.By("1").Renew(1, longer - 1ms, "x"), Code::kInvalidInput, "ends later");
}

TEST_CASE("StatementDesk: what the clock ended is written at the next writing", "[assess]") {
  Desks desks;
  REQUIRE_OK(desks.By("1").Request(desks.Request(kDay)));
  REQUIRE_OK(desks.By("2").Approve(1, ""));
  REQUIRE_OK(desks.By("1").Attest(desks.Attestation(kDay)));
  const Timestamp end = desks.Now().FindException(1)->expires;
  desks.home.clock.Set(end - 1ms);
  CHECK(desks.Now().Covering("c", "u", end - 1ms) != nullptr);
  (void)desks.By("1");
  CHECK(desks.Kinds().size() == 3);
  desks.home.clock.Set(end);
  CHECK(desks.Now().FindException(1)->At(end) == ExceptionState::kExpired);  // no entry yet
  StatementTerms dry;
  dry.dry_run = true;
  (void)desks.By("1", dry);
  CHECK(desks.Kinds().size() == 3);
  CHECK_FAILS(desks.By("2").Revoke(1, ""), Code::kAlreadyExists, "E-1 is expired");
  CHECK(desks.Kinds() == std::vector<std::string>{"exception.requested", "exception.approved",
                                                  "attestation.added", "exception.expired",
                                                  "attestation.expired"});
  (void)desks.By("1");
  CHECK(desks.Kinds().size() == 5);
  REQUIRE_OK(desks.By("1").Request(desks.Request()));  // anew
  CHECK(desks.Now().next_exception() == 3);
}

TEST_CASE("StatementDesk: a dry run looks at every rule and writes nothing", "[assess]") {
  Desks desks;
  StatementTerms dry;
  dry.dry_run = true;
  REQUIRE_OK(desks.By("1", dry).Request(desks.Request()));
  REQUIRE_OK(desks.By("1", dry).Attest(desks.Attestation()));
  CHECK(desks.Kinds().empty());
  REQUIRE_OK(desks.By("1").Request(desks.Request()));
  CHECK_FAILS(desks.By("1", dry).Approve(1, ""), Code::kDenied, "somebody else");
  REQUIRE_OK(desks.By("2", dry).Approve(1, ""));
  CHECK(desks.Kinds().size() == 1);
}

TEST_CASE("StatementDesk: attestations are added, renewed, revoked", "[assess]") {
  Desks desks;
  auto request = desks.Attestation();
  request.role = "";
  CHECK_FAILS(desks.By("1").Attest(request), Code::kInvalidInput, "role is empty");
  CHECK_FAILS(desks.By("1").Attest(desks.Attestation(400 * kDay)), Code::kInvalidInput,
              "the maximum here, 366 days");
  REQUIRE_OK(desks.By("1").Attest(desks.Attestation()));
  CHECK_FAILS(desks.By("1").Attest(desks.Attestation()), Code::kAlreadyExists, "AT-1 is valid");
  REQUIRE_OK(desks.By("2").RenewAttestation(1, desks.Attestation(30 * kDay)));
  CHECK(desks.Now().FindAttestation(1)->by == "account:2");
  REQUIRE_OK(desks.By("1").RevokeAttestation(1, "withdrawn"));
  CHECK_FAILS(desks.By("1").RenewAttestation(1, desks.Attestation(60 * kDay)), Code::kAlreadyExists,
              "revoked");
  CHECK_FAILS(desks.By("1").RevokeAttestation(4, ""), Code::kNotFound, "AT-4");
}

TEST_CASE("StatementDesk: nothing that a person wrote stands in a line", "[assess][KS-6]") {
  Desks desks;
  auto request = desks.Request();
  request.subject = "maria@contoso.example";
  request.label = "Maria";
  request.reason = "canary-reason";
  request.compensating = "canary-compensating";
  REQUIRE_OK(desks.By("1").Request(request));
  REQUIRE_OK(desks.By("2").Approve(1, "canary-note"));
  REQUIRE_OK(desks.By("1").Attest(desks.Attestation()));
  std::string lines;
  REQUIRE_OK(desks.ledger->ReadLines(LeafIndex{0}, LeafIndex{100}, [&](LeafIndex, auto line) {
    lines += line;
    return true;
  }));
  for (const char* word : {"maria", "Maria", "canary", "policy.pdf", "head\""})
    CHECK_THAT(lines, !Catch::Matchers::Contains(word));
  const Statements now = desks.Now();
  CHECK(now.FindException(1)->label == "Maria");
  CHECK(now.FindException(1)->history.at(1).Said("note") == "canary-note");
}

TEST_CASE("StatementDesk: the state as of a moment is that of the ledger as it was then",
          "[assess][KS-15]") {
  Desks desks;
  std::vector<std::pair<Timestamp, TreeSize>> moments;
  const auto mark = [&] {
    REQUIRE_OK_AND_ASSIGN(const ledger::Head head, desks.ledger->ReadHead());
    moments.emplace_back(desks.home.clock.Now(), head.size);
    desks.home.clock.Set(desks.home.clock.Now() + 1h);
  };
  mark();
  REQUIRE_OK(desks.By("1").Request(desks.Request(5h)));
  mark();
  REQUIRE_OK(desks.By("2").Approve(1, ""));
  mark();
  REQUIRE_OK(desks.By("1").Attest(desks.Attestation()));
  mark();
  REQUIRE_OK(desks.By("2").Revoke(1, ""));
  mark();
  const ExceptionState want[] = {ExceptionState::kRequested, ExceptionState::kRequested,
                                 ExceptionState::kActive, ExceptionState::kActive,
                                 ExceptionState::kRevoked};
  for (size_t i = 0; i < moments.size(); ++i) {
    REQUIRE_OK_AND_ASSIGN(const TreeSize size, assess::SizeAt(*desks.ledger, moments[i].first));
    CHECK(ToNumber(size) == ToNumber(moments[i].second));
    REQUIRE_OK_AND_ASSIGN(const Statements then, assess::LoadStatements(*desks.ledger, size));
    CHECK(then.exceptions().size() == (i == 0 ? 0 : 1));
    if (i > 0) CHECK(then.FindException(1)->At(moments[i].first) == want[i]);
  }
}
