// What must be true of a ledger after any crash.
#include "fault/recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "proof/tree.h"

namespace assay::fault {
namespace {

using ledger::Ledger;

constexpr uint64_t kGenesis = 2;

// The member "page" of a line, UINT64_MAX when it has none.
uint64_t PageOf(std::string_view line) {
  const size_t at = line.find("\"page\":");
  return at == std::string_view::npos ? UINT64_MAX
                                      : std::strtoull(line.data() + at + 7, nullptr, 10);
}

// Each session's part is a prefix of what was submitted in it: pages follow one another, and where
// they do not a session begins.
bool MayFollow(const Story& story, uint64_t last, uint64_t page) {
  if (page >= story.submitted.size()) return false;
  if (page == last + 1) return true;
  const auto& starts = story.sessions;
  return page > last + 1 && std::find(starts.begin(), starts.end(), page) != starts.end();
}

std::string CheckLines(Ledger& ledger, const Story& story, uint64_t at,
                       std::vector<Digest>& leaves) {
  std::string wrong;
  uint64_t last = UINT64_MAX;
  const Status read =
      ledger.ReadLines(LeafIndex{0}, LeafIndex{1u << 20}, [&](LeafIndex index, auto line) {
        leaves.push_back(proof::HashEntry(line));
        if (ToNumber(index) < kGenesis) return true;
        const uint64_t page = PageOf(line);
        if (!MayFollow(story, last, page) || story.submitted[page] > at)
          wrong = fmt::format("entry {} is not what was submitted: {}", ToNumber(index), line);
        last = page;
        return wrong.empty();
      });
  return read ? wrong : read.error().ToString();
}

}  // namespace

std::string Verified(Ledger& ledger, const char* when) {
  const auto report = ledger.Verify();
  if (!report) return fmt::format("{}: verify: {}", when, report.error().ToString());
  if (report->ok) return {};
  return fmt::format("{}: verify finds {}: {}", when, report->place, report->message);
}

std::string CheckEntries(const Story& story, uint64_t at, const std::vector<Digest>& leaves) {
  for (const Story::Entry& entry : story.entries) {
    if (entry.at > at) break;
    const uint64_t i = ToNumber(entry.index);
    if (i >= leaves.size())
      return fmt::format("acknowledged entry {} is lost, {} are there", i, leaves.size());
    if (leaves[i] != entry.leaf) return fmt::format("acknowledged entry {} was changed", i);
  }
  return {};
}

std::string CheckBodies(Ledger& ledger, const Story& story, uint64_t at) {
  for (const Story::Body& body : story.bodies) {
    if (body.at > at) break;
    const auto bytes = ledger.ReadBody(body.root);
    if (!bytes) return "acknowledged body: " + bytes.error().ToString();
    if (AsText(*bytes) != body.bytes) return "acknowledged body was changed";
  }
  return {};
}

std::string CheckNotes(const Home& home, Ledger& ledger, const Story& story, uint64_t at) {
  const std::string log = ReadAll(home.directory() / "checkpoints.log");
  const auto head = ledger.ReadHead();
  if (!head) return head.error().ToString();
  for (const Story::Note& note : story.notes) {
    if (note.at > at) break;
    if (log.find(note.text) == std::string::npos)
      return fmt::format("checkpoint of {} entries is not in checkpoints.log", note.size);
    if (ToNumber(head->size) < note.size)
      return fmt::format("silent truncation: signed {}, there {}", note.size, ToNumber(head->size));
  }
  return {};
}

std::string CheckGoingOn(Ledger& ledger) {
  const auto body = ledger.PutBody(AsBytes(std::string_view("after the crash")), {});
  if (!body) return "put afterwards: " + body.error().ToString();
  const auto done = ledger.Append({"read", "engine", {{"page", "next"}}, *body}).get();
  if (!done) return "append afterwards: " + done.error().ToString();
  const auto note = ledger.SignCheckpoint();
  if (!note) return "sign afterwards: " + note.error().ToString();
  return Verified(ledger, "afterwards");
}

std::string FindViolation(const Home& home, const Story& story, uint64_t at) {
  GateClock clock;
  clock.Set(*ParseTime("2026-12-02T08:00:00.000Z"));
  auto opened = Ledger::Open(OptionsFor(home, clock));
  if (!opened) return "open: " + opened.error().ToString();
  Ledger& ledger = **opened;
  std::string wrong = Verified(ledger, "at once");
  std::vector<Digest> leaves;
  if (wrong.empty()) wrong = CheckLines(ledger, story, at, leaves);
  if (wrong.empty()) wrong = CheckEntries(story, at, leaves);
  if (wrong.empty()) wrong = CheckBodies(ledger, story, at);
  if (wrong.empty()) wrong = CheckNotes(home, ledger, story, at);
  if (wrong.empty()) wrong = CheckGoingOn(ledger);
  return wrong;
}

}  // namespace assay::fault
