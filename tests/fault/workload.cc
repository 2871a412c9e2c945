#include "fault/workload.h"

#include <algorithm>
#include <random>

#include "fault/watch.h"
#include "proof/note.h"

namespace assay::fault {
namespace {

using ledger::BodyRef;
using ledger::RecordRange;

uint64_t Now() { return Watch::Get().count(); }

// Bytes that do not compress: several pages of the evidence file.
std::string Noise(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

std::string Answer(int records) {
  std::string out = R"({"value":[)";
  for (int i = 0; i < records; ++i)
    out += (i > 0 ? "," : "") + std::string(R"({"mail":"user)") + std::to_string(100 + i) +
           R"(@contoso.example"})";
  return out + "]}";
}

std::vector<RecordRange> MarksOf(const std::string& answer) {
  std::vector<RecordRange> out;
  for (size_t at = answer.find("{\"mail"); at != std::string::npos;
       at = answer.find("{\"mail", at + 1))
    out.push_back({at, answer.find('}', at) + 1 - at});
  return out;
}

Status LaterMonth(World& world) {
  world.SetTime("2026-12-01T00:00:01.000Z");
  const std::string answer = Answer(30);
  ASSAY_TRY(world.Put(answer, MarksOf(answer)));
  ASSAY_TRY(world.PutSegments({"subject one", "subject two", Noise(3000, 5)}));
  return world.Append(2);
}

Status Reopen(World& world) {
  world.Close();
  return world.Open();
}

Status Bodies(World& world) {
  const std::string answer = Answer(12);
  ASSAY_TRY(world.Put(answer, MarksOf(answer)));
  ASSAY_TRY(world.Put(Noise(20'000, 1), {}));
  return world.Put(answer, MarksOf(answer));  // bytes seen before
}

}  // namespace

Status World::Open() {
  story_.sessions.push_back(story_.submitted.size());
  ASSAY_ASSIGN(ledger_, ledger::Ledger::Open(OptionsFor(home_, clock_)));
  return {};
}

ledger::EntryDraft World::NextDraft(std::optional<BodyRef> body) {
  const auto page = static_cast<uint64_t>(story_.submitted.size());
  story_.submitted.push_back(Now());
  Tell();
  return {"read", "engine", {{"endpoint", "graph-users"}, {"page", page}}, std::move(body)};
}

Status World::Await(const Result<ledger::Appended>& appended) {
  ASSAY_ASSIGN(const ledger::Appended done, appended);
  story_.entries.push_back({Now(), done.index, done.leaf});
  Tell();
  return {};
}

// The writer's own threads, then this one: two ways to the same commit.
Status World::Append(int count, std::optional<BodyRef> body) {
  for (int i = 0; i < count; ++i) {
    ledger::EntryDraft draft = NextDraft(body);
    ASSAY_TRY(Await(i % 2 == 0 ? ledger_->AppendDurably(std::move(draft))
                               : ledger_->Append(std::move(draft)).get()));
  }
  return {};
}

// The first entry holds the writer at the gate while the others queue up behind it.
Status World::AppendGroup(int count) {
  std::vector<ledger::PendingEntry> entries;
  clock_.Shut();
  entries.push_back(ledger_->Append(NextDraft({})));
  while (!clock_.IsHolding() && !entries[0].WaitFor(std::chrono::milliseconds(1))) {
  }
  for (int i = 0; i < count; ++i) entries.push_back(ledger_->Append(NextDraft({})));
  clock_.Open();
  Status all;
  for (const auto& entry : entries)
    if (Status one = Await(entry.get()); !one && all) all = std::move(one);
  return all;
}

Status World::Put(const std::string& bytes, const std::vector<RecordRange>& marks) {
  ASSAY_ASSIGN(const BodyRef ref, ledger_->PutBody(AsBytes(bytes), marks));
  story_.bodies.push_back({Now(), ref.root, bytes});
  Tell();
  return Append(1, ref);
}

Status World::PutSegments(const std::vector<std::string>& segments) {
  ASSAY_ASSIGN(const BodyRef ref, ledger_->PutSegments(segments));
  std::string bytes;
  for (const std::string& segment : segments) bytes += segment;
  story_.bodies.push_back({Now(), ref.root, bytes});
  Tell();
  return Append(1, ref);
}

Status World::Sign() {
  ASSAY_ASSIGN(const std::string note, ledger_->SignCheckpoint());
  ASSAY_ASSIGN(const ledger::Head head, ledger_->ReadHead());
  story_.notes.push_back({Now(), ToNumber(head.size), note});
  Tell();
  return {};
}

const std::vector<Step>& Steps() {
  static const std::vector<Step> steps = {
      {"genesis", [](World& w) { return w.Open(); }},
      {"one by one", [](World& w) { return w.Append(3); }},
      {"bodies", Bodies},
      {"checkpoint", [](World& w) { return w.Sign(); }},
      {"group", [](World& w) { return w.AppendGroup(40); }},
      {"full tile", [](World& w) { return w.AppendGroup(220); }},
      {"checkpoint of a tile", [](World& w) { return w.Sign(); }},
      {"later month", LaterMonth},
      {"checkpoint of a month", [](World& w) { return w.Sign(); }},
      {"reopen", Reopen},
      {"after reopening", Bodies},
      {"clock behind",
       [](World& w) {
         w.SetTime("2026-12-01T00:00:00.500Z");
         return w.Append(2);
       }},
      {"last checkpoint", [](World& w) { return w.Sign(); }},
      {"unsigned rest", [](World& w) { return w.Append(2); }},
  };
  return steps;
}

Status RunSteps(World& world, std::string* failed) {
  Status status;
  for (const Step& step : Steps()) {
    status = step.run(world);
    if (status) continue;
    if (failed != nullptr) *failed = step.name;
    break;
  }
  world.Close();
  return status;
}

namespace {

template <typename Item>
std::vector<Item> ItemsBefore(const std::vector<Item>& items, uint64_t at) {
  std::vector<Item> out;
  for (const Item& item : items)
    if (item.at <= at) out.push_back(item);
  for (Item& item : out) item.at = 0;
  return out;
}

}  // namespace

Story Before(const Story& story, uint64_t at) {
  Story out;
  for (const uint64_t submitted : story.submitted)
    if (submitted <= at) out.submitted.push_back(0);
  for (const uint64_t start : story.sessions)
    if (start <= out.submitted.size()) out.sessions.push_back(start);
  out.entries = ItemsBefore(story.entries, at);
  out.bodies = ItemsBefore(story.bodies, at);
  out.notes = ItemsBefore(story.notes, at);
  return out;
}

uint64_t ProgressAt(const Story& story, uint64_t at) {
  const auto count = [&](const auto& items) {
    return static_cast<uint64_t>(
        std::count_if(items.begin(), items.end(), [&](const auto& item) { return item.at <= at; }));
  };
  const auto submitted = std::count_if(story.submitted.begin(), story.submitted.end(),
                                       [&](uint64_t one) { return one <= at; });
  return static_cast<uint64_t>(submitted) + count(story.entries) + count(story.bodies) +
         count(story.notes);
}

}  // namespace assay::fault
