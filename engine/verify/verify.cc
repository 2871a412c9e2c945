#include "verify/verify.h"

#include <fmt/format.h>

#include "verify/log_mark.h"

namespace assay::verify {
namespace {

Status ReadNotes(const Database& database, Facts::Notes& notes) {
  return database.Visit("SELECT size, note FROM checkpoint ORDER BY size", [&](const Row& row) {
    notes[row.Number(0)] = AsText(row.Bytes(1));
    return true;
  });
}

void CheckExpectations(const Options& options, const Entries& entries, const Facts::Notes& notes,
                       Report& report) {
  const uint64_t signed_size = notes.empty() ? 0 : notes.rbegin()->first;
  if (signed_size < options.min_size)
    report.Find("checkpoint", fmt::format("signed head of {} entries, expected at least {}",
                                          signed_size, options.min_size));
  const auto last = ParseTime(entries.facts.last_time);
  if (options.min_time && (!last || *last < *options.min_time))
    report.Find("entry", fmt::format("the last one is of {}, expected {} or later",
                                     entries.facts.last_time, FormatTime(*options.min_time)));
}

// Everything but the table of entries, which is read from end to end anyway: order, number and
// bytes of its rows are then known better than the pragma knows them.
Status CheckFile(const Database& database) {
  return database.Check(kLedgerFile, {"tile", "landmark", "timestamp", "checkpoint", "head"});
}

}  // namespace

void Report::Find(const std::string& where, const std::string& what,
                  std::optional<uint64_t> index) {
  if (!ok) return;
  ok = false;
  place = where;
  message = what;
  first_bad = index;
}

void CheckBodies(const Entries& entries, const BodyStore& bodies, Report& report) {
  report.bodies = entries.bodies.bodies;
  report.opened = entries.bodies.opened;
  if (!bodies.faults.empty())
    return report.Find(bodies.faults.begin()->first, bodies.faults.begin()->second);
  const Facts& facts = entries.facts;
  std::map<uint64_t, std::string> bad = entries.bodies.bad;
  uint64_t missing[2] = {}, expired[2] = {};
  for (const auto& [root, yes] : entries.bodies.missing) {
    if (facts.gone) continue;
    const std::vector<Reference>& references = facts.references().at(root);
    const Reference newest = references.back();
    bool explained = false;
    for (const Expiry& expiry : facts.expired)
      explained =
          explained || (!newest.stays && expiry.raw == newest.is_read &&
                        expiry.through >= newest.index && !facts.IsHeld(root, expiry.index));
    if (!explained) bad.emplace(references.front().index, "body is missing");
    ++missing[newest.is_read ? 1 : 0];
  }
  if (!bad.empty())
    report.Find(fmt::format("body of entry {}", bad.begin()->first), bad.begin()->second);
  for (const Expiry& expiry : facts.expired) expired[expiry.raw ? 1 : 0] += expiry.bodies;
  if (missing[0] > expired[0] || missing[1] > expired[1])
    report.Find("retention", "more bodies are missing than expired");
}

namespace {

/// The files as they are at one moment, though somebody may write to them.
struct Moment {
  NoteLog log;
  Database ledger;
  Facts::Notes notes;
  std::unique_ptr<BodyStore> bodies;
};

// What may only grow is looked at before that which it must be part of: the log of notes, the
// entries, their bodies. What makes things less waits.
Result<Moment> HoldAll(const Options& options, bool still) {
  std::optional<Quiet> quiet;
  if (!still) quiet.emplace(options.path);
  Moment out{NoteLog::Begin(options.path), {}, {}, {}};
  if (!still) ASSAY_TRY(CheckLogMark(options.path / "ledger.db"));
  ASSAY_ASSIGN(out.ledger, Database::Open(options.path / "ledger.db", still));
  // Lines are read once, from end to end: pages stay in the processor's cache.
  ASSAY_TRY(out.ledger.Visit("PRAGMA cache_size=-256", [](const Row&) { return true; }));
  ASSAY_TRY(out.ledger.Hold());
  ASSAY_TRY(ReadNotes(out.ledger, out.notes));
  out.bodies = std::make_unique<BodyStore>(options, still, out.ledger);
  out.log.End(options.path);
  return out;
}

Report VerifyMoment(const Options& options, Moment& moment, std::optional<Entries>* out) {
  Report report;
  const auto& [log, ledger, notes, held] = moment;
  held->CheckFiles();
  const BodyStore& bodies = *held;
  Entries entries = CheckEntries(ledger, notes, options, bodies, report);
  report.fingerprint = entries.facts.keys.Fingerprint();
  if (const Status trust = entries.facts.keys.CheckTrust(options.key); !trust)
    report.Find("entry 1", trust.error().message, 1);
  if (report.ok) CheckTables(ledger, entries, report);
  if (report.ok) CheckNotes(notes, entries, report);
  if (report.ok) CheckLog(log, notes, entries, report);
  if (report.ok) CheckTokens(ledger, entries, options, report);
  if (report.ok) CheckBodies(entries, bodies, report);
  if (report.ok) CheckExpectations(options, entries, notes, report);
  if (out != nullptr) out->emplace(std::move(entries));
  return report;
}

}  // namespace

Report VerifyLedger(const Options& options, bool still, std::optional<Entries>* out) {
  auto moment = HoldAll(options, still);
  const Status ready = moment ? CheckFile(moment->ledger) : Fail(moment.error());
  if (ready) return VerifyMoment(options, *moment, out);
  Report report;
  report.Find("ledger.db", ready.error().message);
  return report;
}

}  // namespace assay::verify
