#include "fault/change.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "backup/instance_log.h"
#include "fault/recovery.h"
#include "ledger/sqlite_store.h"
#include "proof/tree.h"

namespace assay::fault {
namespace {

namespace fs = std::filesystem;
using ledger::Ledger;

constexpr size_t kShortestNeedle = 24;

std::vector<MakeChange> Asked(std::vector<MakeChange> all) {
  const char* only = std::getenv("ASSAY_FAULT_ONLY");
  if (only != nullptr)
    std::erase_if(all, [&](MakeChange make) {
      return std::string_view(make()->name()).find(only) == std::string_view::npos;
    });
  return all;
}

std::string PersonRecord(int n) {
  return fmt::format(R"({{"mail":"person{}@contoso.example","id":"{:032}"}})", n, n);
}

}  // namespace

ledger::OpenOptions Place::Options() const {
  ledger::OpenOptions options = OptionsFor(home_, clock_);
  options.create = false;
  return options;
}

ledger::OpenOptions Place::InstanceOptions() const {
  ledger::OpenOptions options = Options();
  options.directory = home_.directory().parent_path() / backup::kInstanceName;
  options.tenant = backup::InstanceTenant();
  options.origin = "assay.example/instance";
  options.ledger_key_file = home_.root() + "/instance.pem";
  return options;
}

Status Change::MakeLedger(Place& place) {
  World world(place.home());
  ASSAY_TRY(world.Open());
  ASSAY_TRY(world.Append(1));
  for (int n = 1; n <= 3; ++n) {
    const std::string first = PersonRecord(n), second = PersonRecord(n + 100);
    const std::string answer = "{\"value\":[" + first + "," + second + "]}";
    const uint64_t at = answer.find(first), next = answer.find(second);
    ASSAY_TRY(world.Put(answer, {{at, first.size()}, {next, second.size()}}));
    if (n == 2) ASSAY_TRY(world.Sign());
  }
  ASSAY_TRY(world.Append(1));
  ASSAY_TRY(world.Sign());
  world.Close();
  story_ = world.story();
  for (Story::Entry& entry : story_.entries) entry.at = 0;
  for (Story::Body& body : story_.bodies) body.at = 0;
  for (Story::Note& note : story_.notes) note.at = 0;
  return {};
}

std::string Change::CheckLedger(Place& place, const std::vector<Digest>& gone) const {
  const auto opened = Ledger::Open(place.Options());
  if (!opened) return "open: " + opened.error().ToString();
  Ledger& ledger = **opened;
  std::string wrong = Verified(ledger, "at once");
  std::vector<Digest> leaves;
  const Status read =
      ledger.ReadLines(LeafIndex{0}, LeafIndex{1u << 20}, [&](LeafIndex, std::string_view line) {
        leaves.push_back(proof::HashEntry(line));
        return true;
      });
  if (!read) return read.error().ToString();
  Story story = story_;
  std::erase_if(story.bodies, [&](const Story::Body& body) {
    return std::find(gone.begin(), gone.end(), body.root) != gone.end();
  });
  if (wrong.empty()) wrong = CheckEntries(story, 0, leaves);
  if (wrong.empty()) wrong = CheckBodies(ledger, story, 0);
  if (wrong.empty()) wrong = CheckNotes(place.home(), ledger, story, 0);
  return wrong;
}

std::string Change::GoingOn(Place& place) {
  const auto opened = Ledger::Open(place.Options());
  return opened ? CheckGoingOn(**opened) : "open afterwards: " + opened.error().ToString();
}

std::string FindHalfDone(Change& change, Place& place, bool acknowledged) {
  std::string wrong = acknowledged ? change.InEffect(place) : std::string();
  if (!wrong.empty()) return "acknowledged: " + wrong;
  wrong = change.AtOnce(place);
  if (!wrong.empty()) return wrong;
  if (const Status again = change.Run(place); !again)
    return "given again: " + again.error().ToString();
  wrong = change.InEffect(place);
  if (!wrong.empty()) return "given again: " + wrong;
  wrong = change.GoingOn(place);
  if (wrong.empty()) wrong = change.InEffect(place);
  return wrong.empty() ? wrong : "going on: " + wrong;
}

std::string FindBytes(const fs::path& folder, const std::vector<std::string>& needles) {
  std::error_code ignored;
  for (const auto& item : fs::recursive_directory_iterator(folder, ignored)) {
    if (!item.is_regular_file()) continue;
    const std::string bytes = ReadAll(item.path());
    for (const std::string& needle : needles)
      if (bytes.find(needle) != std::string::npos) return item.path().filename().string();
  }
  return {};
}

Result<std::vector<std::string>> SealedBytes(const Place& place, const std::vector<Digest>& roots) {
  ASSAY_ASSIGN(const auto store,
               ledger::OpenSqliteStore(place.home().directory(), ledger::StoreMode::kRead));
  std::vector<std::string> out;
  for (const Digest& root : roots) {
    ASSAY_ASSIGN(const auto body, store->FindBody(root));
    if (!body) continue;
    out.emplace_back(AsText(body->wrapped_key));
    for (const ByteVector& part : body->parts) out.emplace_back(AsText(part));
  }
  std::erase_if(out, [](const std::string& one) { return one.size() < kShortestNeedle; });
  // A part that is longer than what fits on a page lies in pieces: its beginning is enough.
  for (std::string& one : out) one.resize(std::min<size_t>(one.size(), 48));
  return out;
}

const std::vector<MakeChange>& Changes() {
  static const std::vector<MakeChange> all =
      Asked({[] { return RotatingLedgerKey(true); }, [] { return RotatingLedgerKey(false); },
             RotatingSealKey, RotatingMasterKey, ErasingRecords, ErasingWhatWasJustPut,
             ErasingSubject, ErasingTenant, Expiring, CreatingBackup, RemovingBackup,
             RestoringLostLedger, RestoringOlderLedger, RecoveringTruncated, RecoveringLostLog});
  return all;
}

}  // namespace assay::fault
