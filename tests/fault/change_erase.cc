// Bytes taken out: of records, of a person, of a tenant, by age.
#include <fmt/format.h>

#include <algorithm>

#include "assess/privacy.h"
#include "backup/target.h"
#include "base/files.h"
#include "fault/change.h"
#include "ledger/absent.h"
#include "ledger/sqlite_store.h"

namespace assay::fault {
namespace {

namespace fs = std::filesystem;
using ledger::Ledger;

/// What some bodies were sealed as, and that it is nowhere any more.
class Erasing : public Change {
 protected:
  Status MakeLedgerToEraseFrom(Place& place, size_t bodies) {
    ASSAY_TRY(MakeLedger(place));
    for (size_t i = 0; i < bodies; ++i) roots_.push_back(story_.bodies[i].root);
    ASSAY_ASSIGN(sealed_, SealedBytes(place, roots_));
    return sealed_.empty() ? Status(Fail(Code::kNotFound, "no sealed bytes")) : Status();
  }
  std::string FindSealed(const Place& place) const {
    const std::string file = FindBytes(place.home().directory(), sealed_);
    return file.empty() ? file : "erased bytes lie in " + file;
  }

  std::vector<Digest> roots_;
  std::vector<std::string> sealed_;
};

/// Erasures that leave the ledger open: each body reads as it was, or an entry says that it is not.
class ErasingSome : public Erasing {
 public:
  std::string AtOnce(Place& place) override {
    std::string wrong = CheckLedger(place, roots_);
    if (!wrong.empty()) return wrong;
    const auto ledger = Ledger::OpenReadOnly(place.Options());
    if (!ledger) return ledger.error().ToString();
    const auto book = (*ledger)->ReadAbsences();
    if (!book) return book.error().ToString();
    for (const Story::Body& body : story_.bodies) {
      const bool said = book->NewestOf(body.root) != nullptr;
      const auto bytes = (*ledger)->ReadBody(body.root);
      const bool whole = bytes && AsText(*bytes) == body.bytes;
      if (said == whole) return said ? "said to be erased and is not" : "gone without an entry";
    }
    return {};
  }
  std::string InEffect(Place& place) override {
    std::string wrong = FindSealed(place);
    if (!wrong.empty()) return wrong;
    const auto ledger = Ledger::OpenReadOnly(place.Options());
    if (!ledger) return ledger.error().ToString();
    const auto book = (*ledger)->ReadAbsences();
    if (!book) return book.error().ToString();
    for (const Digest& root : roots_)
      if (book->NewestOf(root) == nullptr) return "no entry tells of the erasure";
    return {};
  }
};

class RecordErasing : public ErasingSome {
 public:
  const char* name() const override { return "erase records"; }
  Status Prepare(Place& place) override { return MakeLedgerToEraseFrom(place, 2); }
  Status Run(Place& place) override {
    ASSAY_ASSIGN(const auto ledger, Ledger::Open(place.Options()));
    ASSAY_TRY(ledger->Erase({"privacy", "E-0123456789abcdef", "engine"},
                            {{roots_[0], {1, 2}}, {roots_[1], {0, 1}}}));
    return {};
  }
};

// In one process: what it put lies in the write-ahead log, not in the file, when it is erased.
class FreshErasing : public ErasingSome {
 public:
  const char* name() const override { return "erase, just put"; }
  Status Prepare(Place& place) override { return MakeLedger(place); }
  Status Run(Place& place) override {
    ASSAY_ASSIGN(const auto ledger, Ledger::Open(place.Options()));
    ASSAY_ASSIGN(const auto ref, ledger->PutSegments({"a person's line", "another one's line"}));
    ASSAY_TRY(ledger->Append({"read", "engine", {}, ref}).get());
    latest_.root = ref.root;
    ASSAY_ASSIGN(latest_.sealed, SealedBytes(place, {ref.root}));
    Gather();
    ASSAY_TRY(ledger->Erase({"mistake", "E-0123456789abcdef", "engine"}, {{ref.root, {0, 1}}}));
    return {};
  }
  std::string InEffect(Place& place) override {
    std::string wrong = FindSealed(place);
    if (!wrong.empty()) return wrong;
    const auto ledger = Ledger::OpenReadOnly(place.Options());
    if (!ledger) return ledger.error().ToString();
    const auto book = (*ledger)->ReadAbsences();
    if (!book) return book.error().ToString();
    const bool said = std::any_of(roots_.begin(), roots_.end(), [&](const Digest& root) {
      return book->NewestOf(root) != nullptr;
    });
    return said ? "" : "no entry tells of the erasure";
  }

  void KeepFacts() override { (first_.sealed.empty() ? first_ : kept_) = latest_; }

 private:
  struct Facts {
    Digest root{};
    std::vector<std::string> sealed;
  };
  // Each run seals anew what an earlier one erased.
  void Gather() {
    roots_.clear();
    sealed_.clear();
    for (const Facts* one : {&first_, &kept_, &latest_}) {
      roots_.push_back(one->root);
      sealed_.insert(sealed_.end(), one->sealed.begin(), one->sealed.end());
    }
  }

  Facts first_, kept_, latest_;
};

// As assay privacy erase --subject does it, to the receipt in a file.
class SubjectErasing : public ErasingSome {
 public:
  const char* name() const override { return "erase subject"; }
  Status Prepare(Place& place) override { return MakeLedgerToEraseFrom(place, 1); }
  Status Run(Place& place) override {
    ASSAY_ASSIGN(const auto ledger, Ledger::Open(place.Options()));
    ASSAY_ASSIGN(const auto matcher, assess::SubjectMatcher::Make({"person1@contoso.example"}));
    ASSAY_ASSIGN(const auto found, assess::FindSubject(*ledger, matcher));
    if (found.bodies.empty()) return {};
    ASSAY_ASSIGN(const assess::Receipt receipt,
                 assess::EraseSubject(*ledger, matcher, found, {"privacy", "DSR-1", "engine"}));
    ASSAY_ASSIGN(const std::string document, assess::SignReceipt(*ledger, receipt));
    return WriteFileDurably(place.path(receipt.id + ".receipt.json"), AsBytes(document));
  }
};

bool IsErasedTenant(const Error& error) {
  return error.code == Code::kDenied && error.message.find("destroyed") != std::string::npos;
}

class TenantErasing : public Erasing {
 public:
  const char* name() const override { return "erase tenant"; }
  Status Prepare(Place& place) override {
    ASSAY_TRY(MakeLedgerToEraseFrom(place, 3));
    ASSAY_TRY(backup::CreateBackup(place.Source(), place.target()));
    ASSAY_ASSIGN(const auto store,
                 ledger::OpenSqliteStore(place.home().directory(), ledger::StoreMode::kRead));
    ASSAY_ASSIGN(const auto keys, store->ReadKeys());
    for (const auto& [name, wrapped] : keys) keys_.emplace_back(AsText(wrapped));
    return {};
  }
  Status Run(Place& place) override {
    const auto opened = Ledger::Open(place.Options());
    if (opened) ASSAY_TRY(assess::EraseTenant(**opened, {"contract", "T-1", "engine"}));
    if (!opened && !IsErasedTenant(opened.error())) return Fail(Error(opened.error()));
    return backup::ReplaceKeys(place.target(), "contoso", place.home().directory());
  }
  std::string AtOnce(Place& place) override {
    const auto opened = Ledger::Open(place.Options()).map([](const auto&) { return true; });
    if (opened) return CheckLedger(place);
    if (!IsErasedTenant(opened.error())) return "open: " + opened.error().ToString();
    std::string wrong = FindSealed(place);
    if (wrong.empty()) wrong = FindBytes(place.home().directory(), keys_);
    return wrong.empty() ? CheckLines(place) : wrong;
  }
  std::string InEffect(Place& place) override {
    std::string wrong = FindSealed(place);
    if (!wrong.empty()) return wrong;
    wrong = FindBytes(place.home().root(), keys_);
    return wrong.empty() ? wrong : "destroyed keys lie in " + wrong;
  }
  std::string GoingOn(Place& place) override { return CheckLines(place); }

 private:
  // Lines stay and verify.
  std::string CheckLines(Place& place) const {
    const auto ledger = Ledger::OpenReadOnly(place.Options());
    if (!ledger) return ledger.error().ToString();
    const auto report = (*ledger)->Verify();
    if (!report) return report.error().ToString();
    return report->ok ? "" : "erased ledger: " + report->place + ": " + report->message;
  }

  std::vector<std::string> keys_;
};

class Expiry : public Erasing {
 public:
  const char* name() const override { return "expire"; }
  Status Prepare(Place& place) override {
    ASSAY_TRY(MakeLedgerToEraseFrom(place, 3));
    ASSAY_ASSIGN(const auto ledger, Ledger::Open(place.Options()));  // bodies that stay
    ASSAY_ASSIGN(const auto ref, ledger->PutSegments({"of the next month"}));
    ASSAY_TRY(ledger->Append({"read", "engine", {}, ref}).get());
    return {};
  }
  Status Run(Place& place) override {
    ASSAY_ASSIGN(const auto ledger, Ledger::Open(place.Options()));
    ASSAY_TRY(ledger->Expire({{"raw", std::chrono::hours(24)}}, "engine", false));
    return {};
  }
  std::string AtOnce(Place& place) override { return CheckLedger(place, roots_); }
  std::string InEffect(Place& place) override {
    std::string wrong = FindSealed(place);
    if (!wrong.empty()) return wrong;
    const auto ledger = Ledger::OpenReadOnly(place.Options());
    if (!ledger) return ledger.error().ToString();
    const auto book = (*ledger)->ReadAbsences();
    if (!book) return book.error().ToString();
    if (book->expiries().size() != 1)
      return fmt::format("{} entries tell of it", book->expiries().size());
    return {};
  }
};

}  // namespace

std::unique_ptr<Change> ErasingRecords() { return std::make_unique<RecordErasing>(); }
std::unique_ptr<Change> ErasingWhatWasJustPut() { return std::make_unique<FreshErasing>(); }
std::unique_ptr<Change> ErasingSubject() { return std::make_unique<SubjectErasing>(); }
std::unique_ptr<Change> ErasingTenant() { return std::make_unique<TenantErasing>(); }
std::unique_ptr<Change> Expiring() { return std::make_unique<Expiry>(); }

}  // namespace assay::fault
