// A ledger that lost entries goes on as a new epoch.
#include "base/files.h"
#include "fault/change.h"
#include "ledger/epoch.h"

namespace assay::fault {
namespace {

namespace fs = std::filesystem;
using ledger::Ledger;

class Recovering : public Change {
 public:
  Status Run(Place& place) override {
    ASSAY_TRY(ledger::StartEpoch(place.Options(), {}));
    return {};
  }
  std::string AtOnce(Place& place) override {
    const auto opened = Ledger::Open(place.Options()).map([](const auto& ledger) {
      const auto head = ledger->ReadHead();
      return head ? head->epoch : 0;
    });
    if (!opened && opened.error().id == alarm_) return {};
    if (!opened) return "open: " + opened.error().ToString();
    if (*opened != 2) return "silent truncation: it opens, and no entry says what is lost";
    return CheckLedger(place);
  }
  std::string InEffect(Place& place) override {
    const auto ledger = Ledger::OpenReadOnly(place.Options());
    if (!ledger) return ledger.error().ToString();
    if ((*ledger)->Fault()) return (*ledger)->Fault()->ToString();
    const auto head = (*ledger)->ReadHead();
    return head && head->epoch == 2 ? "" : "not one epoch further";
  }

 protected:
  explicit Recovering(std::string alarm) : alarm_(std::move(alarm)) {}

 private:
  const std::string alarm_;
};

class Truncated : public Recovering {
 public:
  Truncated() : Recovering("AS-LED-003") {}
  const char* name() const override { return "recover, truncated"; }
  Status Prepare(Place& place) override {
    ASSAY_TRY(MakeLedger(place));
    const fs::path database = place.home().directory() / "ledger.db";
    const std::string older = ReadAll(database);
    World world(place.home());
    ASSAY_TRY(world.Open());
    ASSAY_TRY(world.Append(3));
    ASSAY_TRY(world.Sign());
    world.Close();
    WriteAllTo(database, older);
    return {};
  }
};

/// Killed before its log was copied back, and the log cut.
class LostLog : public Recovering {
 public:
  LostLog() : Recovering("AS-LED-006") {}
  const char* name() const override { return "recover, lost log"; }
  Status Prepare(Place& place) override {
    ASSAY_TRY(MakeLedger(place));
    Image killed;
    {
      World world(place.home());
      ASSAY_TRY(world.Open());
      ASSAY_TRY(world.AppendGroup(5));
      ASSAY_TRY(world.Append(2));
      killed = place.home().Snapshot();
    }
    std::string& log = killed[(place.home().directory() / "ledger.db-wal").string()];
    if (log.size() < 9000) return Fail(Code::kNotFound, "the log is too short to cut");
    log.resize(log.size() - 5000);
    for (const auto& [path, bytes] : killed)
      if (!path.ends_with('/')) WriteAllTo(path, bytes);
    return {};
  }
};

}  // namespace

std::unique_ptr<Change> RecoveringTruncated() { return std::make_unique<Truncated>(); }
std::unique_ptr<Change> RecoveringLostLog() { return std::make_unique<LostLog>(); }

}  // namespace assay::fault
