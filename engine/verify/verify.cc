#include "verify/verify.h"

#include <fmt/format.h>

#include <future>

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
  Database ledger, for_check;
  Facts::Notes notes;
  std::unique_ptr<BodyStore> bodies;
};

// What may only grow is looked at before that which it must be part of: the log of notes, the
// entries, their bodies. What makes things less waits.
Result<Moment> HoldAll(const Options& options, bool still) {
  std::optional<Quiet> quiet;
  if (!still) quiet.emplace(options.path);
  Moment out{NoteLog::Begin(options.path), {}, {}, {}, {}};
  if (!still) ASSAY_TRY(CheckLogMark(options.path / "ledger.db"));
  ASSAY_ASSIGN(out.ledger, Database::Open(options.path / "ledger.db", still));
  // Lines are read once, from end to end: pages stay in the processor's cache.
  ASSAY_TRY(out.ledger.Visit("PRAGMA cache_size=-256", [](const Row&) { return true; }));
  ASSAY_TRY(out.ledger.Hold());
  ASSAY_ASSIGN(out.for_check, Database::Open(options.path / "ledger.db", still));
  ASSAY_TRY(out.for_check.Hold());
  ASSAY_TRY(ReadNotes(out.ledger, out.notes));
  out.bodies = std::make_unique<BodyStore>(options, still, out.ledger);
  out.log.End(options.path);
  return out;
}

/// What is wrong with the files as such.
struct FileFaults {
  Status ledger;
  std::map<std::string, std::string> evidence;
};

// Everything but the table of entries, which is read from end to end anyway: order, number and
// bytes of its rows are then known better than the pragma knows them.
FileFaults CheckFiles(const Database& ledger, const BodyStore& bodies) {
  const Status status =
      ledger.Check(kLedgerFile, {"tile", "landmark", "timestamp", "checkpoint", "head"});
  return {status, status ? bodies.CheckFiles() : FileFaults().evidence};
}

Report VerifyEntries(const Options& options, const Moment& moment, std::optional<Entries>& out) {
  Report report;
  const Entries& entries =
      out.emplace(CheckEntries(moment.ledger, moment.notes, options, *moment.bodies, report));
  report.fingerprint = entries.facts.keys.Fingerprint();
  if (const Status trust = entries.facts.keys.CheckTrust(options.key); !trust)
    report.Find("entry 1", trust.error().message, 1);
  if (report.ok) CheckTables(moment.ledger, entries, report);
  if (report.ok) CheckNotes(moment.notes, entries, report);
  if (report.ok) CheckLog(moment.log, moment.notes, entries, report);
  if (report.ok) CheckTokens(moment.ledger, entries, options, report);
  return report;
}

// The files' pages are looked at beside the lines: on their own they would keep one processor
// waiting for a tenth of the time.
Result<Report> VerifyMoment(const Options& options, Moment& moment, std::optional<Entries>& out) {
  auto files =
      std::async(std::launch::async, [&] { return CheckFiles(moment.for_check, *moment.bodies); });
  Report report = VerifyEntries(options, moment, out);
  const FileFaults faults = files.get();
  ASSAY_TRY(faults.ledger);
  moment.bodies->faults.insert(faults.evidence.begin(), faults.evidence.end());
  if (report.ok) CheckBodies(*out, *moment.bodies, report);
  if (report.ok) CheckExpectations(options, *out, moment.notes, report);
  return report;
}

}  // namespace

Report VerifyLedger(const Options& options, bool still, std::optional<Entries>* out) {
  std::optional<Entries> entries;
  auto moment = HoldAll(options, still);
  Result<Report> report = moment ? VerifyMoment(options, *moment, entries) : Fail(moment.error());
  if (report) {
    if (out != nullptr) out->emplace(std::move(*entries));
    return std::move(*report);
  }
  Report failed;
  failed.Find("ledger.db", report.error().message);
  return failed;
}

}  // namespace assay::verify
