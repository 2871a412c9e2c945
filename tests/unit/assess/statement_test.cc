// The fold of exceptions and attestations: entries and a moment in, states out.
#include "assess/statement.h"

#include <catch2/catch.hpp>
#include <set>

#include "unit/assess/statement_entries.h"

using namespace assay;
using namespace assay::testing;
using assess::AttestationState;
using assess::Exception;
using assess::ExceptionState;
using assess::StatementEntry;
using assess::Statements;

namespace {

using namespace std::chrono_literals;

/// A request for the subject "u" of check "c" that ends at `kEnd`.
const Timestamp kEnd = At(1000);

Statements Fold(std::initializer_list<StatementEntry> entries) {
  Statements out;
  uint64_t index = 10;
  for (StatementEntry entry : entries) {
    entry.index = LeafIndex{index++};
    out.Take(std::move(entry));
  }
  return out;
}

ExceptionState StateOf(const Statements& statements, Timestamp now) {
  return statements.FindException(1)->At(now);
}

}  // namespace

TEST_CASE("Statements: an exception is asked for, approved and revoked, and is as before",
          "[assess][CM-25]") {
  const Statements asked = Fold({Requested(1, At(1), kEnd)});
  CHECK(StateOf(asked, At(2)) == ExceptionState::kRequested);
  CHECK(asked.Covering("c", "u", At(2)) == nullptr);
  const Statements active =
      Fold({Requested(1, At(1), kEnd), Entry("exception.approved", 1, At(3))});
  CHECK(StateOf(active, At(3)) == ExceptionState::kActive);
  REQUIRE(active.Covering("c", "u", At(3)) != nullptr);
  CHECK(active.Covering("c", "other", At(3)) == nullptr);
  CHECK(active.Covering("d", "u", At(3)) == nullptr);
  const Statements revoked = Fold({Requested(1, At(1), kEnd), Entry("exception.approved", 1, At(3)),
                                   Entry("exception.revoked", 1, At(5))});
  CHECK(StateOf(revoked, At(5)) == ExceptionState::kRevoked);
  CHECK(revoked.Covering("c", "u", At(5)) == nullptr);
  CHECK(revoked.FindException(1)->history.size() == 3);
}

TEST_CASE("Statements: every transition that the table does not have changes nothing", "[assess]") {
  const std::vector<std::string> verbs = {"approved", "rejected", "renewed", "suspended",
                                          "resumed",  "revoked",  "closed",  "expired"};
  // What brings an exception to each state, and which verbs are taken there.
  const std::vector<std::pair<std::vector<std::string>, std::set<std::string>>> table = {
      {{}, {"approved", "rejected", "revoked", "closed"}},
      {{"approved"}, {"renewed", "suspended", "revoked", "closed"}},
      {{"approved", "renewed"},
       {"approved", "rejected", "renewed", "suspended", "revoked", "closed"}},
      {{"approved", "suspended"}, {"renewed", "resumed", "revoked", "closed"}},
      {{"rejected"}, {}},
      {{"approved", "revoked"}, {}},
      {{"approved", "closed"}, {}},
  };
  for (const auto& [before, taken] : table)
    for (const std::string& verb : verbs) {
      Statements statements;
      statements.Take(Requested(1, At(1), kEnd));
      int64_t time = 2;
      for (const std::string& one : before)
        REQUIRE(statements.Take(Entry("exception." + one, 1, At(time++), kEnd + 10ms)));
      const ExceptionState state = StateOf(statements, At(time));
      INFO((before.empty() ? "requested" : before.back()) << " then " << verb);
      const bool took = statements.Take(Entry("exception." + verb, 1, At(time), kEnd + 20ms));
      CHECK(took == taken.contains(verb));
      CHECK(statements.FindException(1)->history.back().counted == took);
      if (!took) CHECK(StateOf(statements, At(time)) == state);
    }
}

TEST_CASE("Statements: an exception holds to its last millisecond and not one longer",
          "[assess][CM-25]") {
  for (const bool suspended : {false, true}) {
    Statements statements =
        Fold({Requested(1, At(1), kEnd), Entry("exception.approved", 1, At(2))});
    if (suspended) statements.Take(Entry("exception.suspended", 1, At(3)));
    const ExceptionState before = suspended ? ExceptionState::kSuspended : ExceptionState::kActive;
    CHECK(StateOf(statements, kEnd - 1ms) == before);
    CHECK((statements.Covering("c", "u", kEnd - 1ms) != nullptr) == !suspended);
    CHECK(StateOf(statements, kEnd) == ExceptionState::kExpired);
    CHECK(StateOf(statements, kEnd + 1ms) == ExceptionState::kExpired);
    CHECK(statements.Covering("c", "u", kEnd) == nullptr);
  }
  CHECK(StateOf(Fold({Requested(1, At(1), kEnd)}), kEnd) == ExceptionState::kExpired);
}

TEST_CASE("Statements: what comes after the end is not taken, but for the word that it ended",
          "[assess]") {
  const auto start = [] {
    return Fold({Requested(1, At(1), kEnd), Entry("exception.approved", 1, At(2))});
  };
  for (const char* verb : {"approved", "renewed", "suspended", "revoked", "closed"}) {
    Statements statements = start();
    INFO(verb);
    CHECK_FALSE(statements.Take(Entry(std::string("exception.") + verb, 1, kEnd, kEnd + 500ms)));
    CHECK(StateOf(statements, kEnd) == ExceptionState::kExpired);
  }
  Statements early = start();
  CHECK_FALSE(early.Take(Entry("exception.expired", 1, kEnd - 1ms)));
  Statements due = start();
  CHECK(due.Take(Entry("exception.expired", 1, kEnd)));
  CHECK_FALSE(due.Take(Entry("exception.expired", 1, kEnd + 1ms)));
}

TEST_CASE("Statements: a renewal counts when it is approved, and not when it is declined",
          "[assess]") {
  const Timestamp later = kEnd + 500ms;
  const auto waiting = [&] {
    return Fold({Requested(1, At(1), kEnd), Entry("exception.approved", 1, At(2)),
                 Entry("exception.renewed", 1, At(3), later)});
  };
  CHECK(StateOf(waiting(), kEnd) == ExceptionState::kExpired);
  Statements approved = waiting();
  CHECK(approved.Take(Entry("exception.approved", 1, At(4))));
  CHECK(StateOf(approved, later - 1ms) == ExceptionState::kActive);
  CHECK(StateOf(approved, later) == ExceptionState::kExpired);
  Statements declined = waiting();
  CHECK(declined.Take(Entry("exception.rejected", 1, At(4))));
  CHECK_FALSE(declined.Take(Entry("exception.approved", 1, At(5))));
  CHECK(StateOf(declined, kEnd - 1ms) == ExceptionState::kActive);
  CHECK(StateOf(declined, kEnd) == ExceptionState::kExpired);
  Statements shorter = Fold({Requested(1, At(1), kEnd), Entry("exception.approved", 1, At(2))});
  CHECK_FALSE(shorter.Take(Entry("exception.renewed", 1, At(3), kEnd)));
}

TEST_CASE("Statements: an erased subject is covered by nothing, a wildcard covers every other",
          "[assess]") {
  StatementEntry erased = Requested(1, At(1), kEnd);
  erased.said.clear();
  erased.absent = "erased (privacy, 2026-11-21)";
  const Statements gone = Fold({erased, Entry("exception.approved", 1, At(2))});
  CHECK(StateOf(gone, At(3)) == ExceptionState::kActive);
  CHECK_FALSE(gone.FindException(1)->InForce(At(3)));
  CHECK(gone.Covering("c", "u", At(3)) == nullptr);
  CHECK(gone.Covering("c", "", At(3)) == nullptr);
  StatementEntry nameless = Requested(1, At(1), kEnd);
  nameless.said.erase("subject");
  CHECK(Fold({nameless, Entry("exception.approved", 1, At(2))}).Covering("c", "", At(3)) ==
        nullptr);
  StatementEntry wildcard = Requested(1, At(1), kEnd);
  wildcard.wildcard = true;
  const Statements all = Fold({wildcard, Entry("exception.approved", 1, At(2))});
  CHECK(all.Covering("c", "anybody", At(3)) != nullptr);
  CHECK(all.Covering("d", "anybody", At(3)) == nullptr);
}

TEST_CASE("Statements: numbers go up by one, and others are no statement", "[assess]") {
  Statements statements;
  CHECK_FALSE(statements.Take(Requested(2, At(1), kEnd)));
  CHECK(statements.Take(Requested(1, At(1), kEnd)));
  CHECK_FALSE(statements.Take(Requested(1, At(1), kEnd)));
  CHECK_FALSE(statements.Take(Entry("exception.approved", 7, At(2))));
  CHECK(statements.exceptions().size() == 1);
  CHECK(statements.next_exception() == 2);
}

TEST_CASE("Statements: an attestation holds to its last millisecond, and again when renewed",
          "[assess]") {
  Statements statements = Fold({Attested(1, At(1), kEnd)});
  CHECK(statements.Attesting("f", "A.1", kEnd - 1ms) != nullptr);
  CHECK(statements.Attesting("f", "A.1", kEnd) == nullptr);
  CHECK(statements.Attesting("f", "A.2", At(2)) == nullptr);
  CHECK(statements.Attesting("", "A.1", At(2)) == nullptr);
  CHECK(statements.Take(Entry("attestation.expired", 1, kEnd + 5ms)));
  CHECK(statements.FindAttestation(1)->At(kEnd) == AttestationState::kExpired);
  StatementEntry renewal = Attested(1, kEnd + 10ms, kEnd + 100ms);
  renewal.kind = "attestation.renewed";
  CHECK(statements.Take(renewal));
  CHECK(statements.Attesting("f", "A.1", kEnd + 99ms) != nullptr);
  CHECK(statements.Attesting("f", "A.1", kEnd + 100ms) == nullptr);
  CHECK(statements.Take(Entry("attestation.revoked", 1, kEnd + 50ms)));
  CHECK(statements.Attesting("f", "A.1", kEnd + 51ms) == nullptr);
  CHECK_FALSE(statements.Take(renewal));
}

TEST_CASE("Statements: an attestation whose document was erased vouches for nothing", "[assess]") {
  StatementEntry erased = Attested(1, At(1), kEnd);
  erased.said.clear();
  erased.absent = "expired (2026-11-21)";
  CHECK(Fold({erased}).Attesting("f", "A.1", At(2)) == nullptr);
}
