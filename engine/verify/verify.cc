#include "verify/verify.h"

#include <fmt/format.h>

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
  if (!bodies.fault_place.empty()) return report.Find(bodies.fault_place, bodies.fault);
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

Report VerifyLedger(const Options& options, bool still, std::optional<Entries>* out) {
  Report report;
  const auto database = Database::Open(options.path / "ledger.db", still);
  Facts::Notes notes;
  Status ready = database ? CheckFile(*database) : Fail(database.error());
  if (ready) ready = database->Visit("BEGIN", [](const Row&) { return false; });
  if (ready) ready = ReadNotes(*database, notes);
  if (!ready) {
    report.Find("ledger.db", ready.error().message);
    return report;
  }
  const BodyStore bodies(options, still, *database);
  Entries entries = CheckEntries(*database, notes, options, bodies, report);
  report.fingerprint = entries.facts.keys.Fingerprint();
  if (const Status trust = entries.facts.keys.CheckTrust(options.key); !trust)
    report.Find("entry 1", trust.error().message, 1);
  if (report.ok) CheckTables(*database, entries, report);
  if (report.ok) CheckNotes(notes, entries, report);
  if (report.ok) CheckLog(options.path / "checkpoints.log", notes, entries, report);
  if (report.ok) CheckTokens(*database, entries, options, report);
  if (report.ok) CheckBodies(entries, bodies, report);
  if (report.ok) CheckExpectations(options, entries, notes, report);
  if (out != nullptr) out->emplace(std::move(entries));
  return report;
}

}  // namespace assay::verify
