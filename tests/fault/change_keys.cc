// New keys: the ledger's, the one that seals, the master key of two ledgers.
#include "fault/change.h"
#include "fault/recovery.h"
#include "ledger/key_change.h"
#include "ledger/key_files.h"
#include "proof/note.h"

namespace assay::fault {
namespace {

namespace fs = std::filesystem;
using ledger::Ledger;

// A private key under a name that nobody looks for would lie there for ever.
std::string FindStray(const Place& place, const std::string& stem) {
  for (const auto& item : fs::directory_iterator(place.home().root())) {
    const std::string name = item.path().filename().string();
    if (name.starts_with(stem) && name != stem && !name.starts_with(stem + ".old-"))
      return "left behind: " + name;
  }
  return {};
}

Result<ledger::KeyOverview> Overview(const Place& place) {
  return ledger::DescribeKeys(place.Options());
}

class LedgerKeyChange : public Change {
 public:
  explicit LedgerKeyChange(bool keep_old) : keep_old_(keep_old) {}
  const char* name() const override { return keep_old_ ? "ledger key, old kept" : "ledger key"; }
  Status Prepare(Place& place) override { return MakeLedger(place); }
  Status Run(Place& place) override {
    ASSAY_TRY(ledger::RotateLedgerKey(place.Options(), keep_old_));
    return {};
  }
  std::string AtOnce(Place& place) override { return CheckLedger(place); }
  std::string InEffect(Place& place) override {
    const auto keys = Overview(place);
    if (!keys) return keys.error().ToString();
    if (keys->ledger.size() < 2) return "key.rotated is not there";
    if (!keys->ledger_key_at_hand) return "the key in force is not at hand";
    if (std::string stray = FindStray(place, "ledger.pem"); !stray.empty()) return stray;
    for (size_t i = 0; keep_old_ && i + 1 < keys->ledger.size(); ++i) {
      const auto& old = keys->ledger[i].public_key;
      const auto kept =
          ledger::LoadLedgerKey(ledger::KeptKeyPath(place.Options().ledger_key_file, old), false);
      if (!kept || kept->public_key() != old) return "an old key was not kept";
    }
    return {};
  }

 private:
  const bool keep_old_;
};

class SealKeyChange : public Change {
 public:
  const char* name() const override { return "seal key"; }
  Status Prepare(Place& place) override { return MakeLedger(place); }
  Status Run(Place& place) override {
    ASSAY_TRY(ledger::RotateSealKey(place.Options()));
    return {};
  }
  std::string AtOnce(Place& place) override { return CheckLedger(place); }
  std::string InEffect(Place& place) override {
    const auto keys = Overview(place);
    if (!keys) return keys.error().ToString();
    if (!keys->fault.empty()) return keys->fault;
    return keys->seal_keys >= 2 ? "" : "the new seal key is not there";
  }
};

class MasterKeyChange : public Change {
 public:
  const char* name() const override { return "master key"; }
  Status Prepare(Place& place) override {
    ASSAY_TRY(MakeLedger(place));
    ledger::OpenOptions log = place.InstanceOptions();
    log.create = true;
    ASSAY_ASSIGN(const auto instance, Ledger::Open(log));
    ASSAY_TRY(instance->PutSegments({"of the instance"}));
    return {};
  }
  Status Run(Place& place) override {
    ASSAY_TRY(ledger::RotateMasterKey({place.Options(), place.InstanceOptions()}, true));
    return {};
  }
  std::string AtOnce(Place& place) override {
    std::string wrong = CheckLedger(place);
    return wrong.empty() ? CheckInstance(place) : wrong;
  }
  std::string InEffect(Place& place) override {
    std::error_code ignored;
    if (std::string stray = FindStray(place, "master.key"); !stray.empty()) return stray;
    for (const ledger::OpenOptions& one : {place.Options(), place.InstanceOptions()}) {
      const auto keys = ledger::DescribeKeys(one);
      if (!keys) return keys.error().ToString();
      if (!keys->fault.empty()) return keys->fault;
    }
    for (const auto& item : fs::directory_iterator(place.home().root(), ignored))
      if (item.path().filename().string().starts_with("master.key.old-")) return {};
    return "the old master key was not kept";
  }

 private:
  static std::string CheckInstance(Place& place) {
    const auto opened = Ledger::Open(place.InstanceOptions());
    if (!opened) return "open instance: " + opened.error().ToString();
    return Verified(**opened, "instance");
  }
};

}  // namespace

std::unique_ptr<Change> RotatingLedgerKey(bool keep_old) {
  return std::make_unique<LedgerKeyChange>(keep_old);
}
std::unique_ptr<Change> RotatingSealKey() { return std::make_unique<SealKeyChange>(); }
std::unique_ptr<Change> RotatingMasterKey() { return std::make_unique<MasterKeyChange>(); }

}  // namespace assay::fault
