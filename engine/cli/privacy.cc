// assay privacy find|erase|receipts|export: what is held about a person, and erasing it.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "backup/target.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/backup_common.h"
#include "cli/erasing.h"
#include "proof/body.h"

namespace assay::cli {
namespace {

constexpr size_t kShownOthers = 20;

/// "evidence-202611.db" -> "2026-11".
std::string MonthOf(const std::string& file) {
  return file.substr(9, 4) + "-" + file.substr(13, 2);
}

struct Found {
  OpenedLedger opened;
  assess::SubjectMatcher matcher;
  assess::SubjectFind found;
};

std::optional<Found> Search(Context& context, bool read_only, int& exit) {
  auto matcher = assess::SubjectMatcher::Make(context.options.subjects);
  if (!matcher) {
    matcher.error().hint = "--subject maria.k@contoso.example --subject OBJECT-ID";
    Report(context, matcher.error());
    exit = ToInt(ExitCode::kUsage);
    return std::nullopt;
  }
  auto opened = OpenSelected(context, read_only, exit);
  if (!opened) return std::nullopt;
  auto found = assess::FindSubject(*opened->ledger, *matcher);
  if (!found) {
    exit = Report(context, found.error());
    return std::nullopt;
  }
  return Found{std::move(*opened), std::move(*matcher), std::move(*found)};
}

std::string BodiesJson(const assess::SubjectFind& found) {
  std::string out;
  for (const assess::SubjectBody& body : found.bodies) {
    std::string segments;
    for (const uint64_t segment : body.segments)
      segments += fmt::format("{}{}", segments.empty() ? "" : ",", segment);
    out +=
        fmt::format("{}{{\"root\":\"{}\",\"month\":{},\"segments\":[{}]}}", out.empty() ? "" : ",",
                    EncodeBase64(body.root), JsonString(MonthOf(body.file)), segments);
  }
  return out;
}

std::string FoundJson(const assess::SubjectFind& found) {
  std::string others;
  for (const auto& [word, n] : found.others)
    others += fmt::format("{}{{\"identifier\":{},\"times\":{}}}", others.empty() ? "" : ",",
                          JsonString(word), n);
  return fmt::format(
      "{{\"bodies\":[{}],\"records\":{},\"searched_bodies\":{},\"searched_bytes\":{},\"others\":["
      "{}]}}",
      BodiesJson(found), found.segments(), found.searched, found.searched_bytes, others);
}

std::string OthersText(const assess::SubjectFind& found) {
  std::vector<std::pair<uint64_t, std::string>> ranked;
  for (const auto& [word, n] : found.others) ranked.emplace_back(n, word);
  std::sort(ranked.rbegin(), ranked.rend());
  if (ranked.empty()) return "";
  std::string out = "  other identifiers in the same records; add those that are the same person\n";
  for (size_t i = 0; i < std::min(ranked.size(), kShownOthers); ++i)
    out += fmt::format("    {:>6}  {}\n", ranked[i].first, ranked[i].second);
  if (ranked.size() > kShownOthers)
    out += fmt::format("    and {} more: --json\n", ranked.size() - kShownOthers);
  return out;
}

std::string FoundText(const assess::SubjectFind& found) {
  std::map<std::string, std::pair<uint64_t, uint64_t>> months;
  for (const assess::SubjectBody& body : found.bodies) {
    auto& [bodies, records] = months[MonthOf(body.file)];
    ++bodies;
    records += body.segments.size();
  }
  std::string out =
      fmt::format("  {} records in {} bodies ({} bodies searched, {} MB)\n", found.segments(),
                  found.bodies.size(), found.searched, found.searched_bytes >> 20);
  for (const auto& [month, count] : months)
    out += fmt::format("    {}  {:>6} records in {:>5} bodies\n", month, count.second, count.first);
  return out + OthersText(found);
}

/// What becomes of the bytes in backups, for people.
std::string BackupsText(const config::BackupConfig& backup, const assess::Receipt& receipt) {
  if (receipt.scope == "tenant" && !backup.target.empty())
    return "backups in " + backup.target.string() + " do not open any more";
  return "backups made before hold what they held until " +
         receipt.backups_until.value_or("they are removed: no window is configured");
}

/// Backups made before are taken away by the first one after the window.
Status DateBackups(const config::BackupConfig& backup, assess::Receipt& receipt) {
  constexpr size_t kDate = 10;
  if (backup.target.empty() || backup.window.count() == 0) return {};
  ASSAY_ASSIGN(const Timestamp time, ParseTime(receipt.time));
  receipt.backups_until = FormatTime(time + backup.window).substr(0, kDate);
  return {};
}

/// Writes the receipt beside the caller and says what was done.
int Finish(Context& context, const OpenedLedger& opened, assess::Receipt receipt) {
  const config::BackupConfig& backup = opened.workspace->config.backup;
  if (Status dated = DateBackups(backup, receipt); !dated) return Report(context, dated.error());
  auto document = assess::SignReceipt(*opened.ledger, receipt);
  if (!document) return Report(context, document.error());
  const std::string file = receipt.id + ".receipt.json";
  if (Status written = WriteFileDurably(file, AsBytes(*document), 0600); !written)
    return Report(context, written.error());
  document->pop_back();
  const std::string data =
      fmt::format("{{\"file\":{},\"document\":{}}}", JsonString(file), *document);
  const std::string what =
      receipt.scope == "tenant"
          ? "keys and bodies of the tenant destroyed"
          : fmt::format("{} records erased from {} bodies", receipt.records, receipt.bodies);
  return context.Finish(
      fmt::format("  {}, {} ({})\n  receipt {} (signed), verify it with: assay verify {}\n  {}\n",
                  what, receipt.reason, receipt.id, file, file, BackupsText(backup, receipt)),
      data);
}

/// The keys beside the backups go as well: without them no backup of any age opens.
Status DestroyKeysOfBackups(const OpenedLedger& opened) {
  const config::BackupConfig& backup = opened.workspace->config.backup;
  if (backup.target.empty()) return {};
  const backup::Source source = SourceOf(*opened.workspace, *opened.tenant);
  Status replaced = backup::ReplaceKeys(backup.target, source.name, source.ledger.directory);
  if (replaced) return {};
  Error error =
      std::move(replaced.error()).Context("keys and bodies are destroyed; keys of backups");
  error.hint = "make the target reachable, then: assay backup create -t " + opened.tenant->id;
  return Fail(std::move(error));
}

int Usage(Context& context, const std::string& message, const std::string& hint) {
  Report(context, Error{Code::kInvalidInput, message, {}, hint, {}, {}});
  return ToInt(ExitCode::kUsage);
}

/// "41:3" -> entry 41, segment 3.
std::optional<std::pair<uint64_t, uint64_t>> ParseRecord(const std::string& text) {
  uint64_t entry = 0, segment = 0;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, entry);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ':') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, segment);
  if (second.ec != std::errc() || second.ptr != end) return std::nullopt;
  return std::pair(entry, segment);
}

int EraseOneRecord(Context& context) {
  const auto place = ParseRecord(context.options.segment);
  if (!place)
    return Usage(context, "--segment " + Quote(context.options.segment) + ": not ENTRY:SEGMENT",
                 "--segment 41:3 is segment 3 of the body of entry 41");
  int exit = 0;
  auto opened = OpenSelected(context, context.options.dry_run, exit);
  if (!opened) return exit;
  if (context.options.dry_run) {
    auto body = opened->ledger->ReadEntryBody(LeafIndex{place->first});
    if (!body) return Report(context, body.error());
    const bool there =
        place->second < body->segments.size() && !body->absent_segments.contains(place->second);
    return context.Finish(fmt::format("  would erase {} record\n", there ? 1 : 0),
                          fmt::format("{{\"records\":{}}}", there ? 1 : 0));
  }
  if (!Confirm(context,
               fmt::format("Erase segment {} of entry {} for good?", place->second, place->first),
               "yes"))
    return ToInt(ExitCode::kUsage);
  auto receipt = assess::EraseRecord(*opened->ledger, LeafIndex{place->first}, place->second,
                                     RequestFrom(context));
  return receipt ? Finish(context, *opened, *receipt) : Report(context, receipt.error());
}

/// The receipt under which the tenant was erased by an earlier call, if it was.
std::optional<std::string> ErasedBefore(ledger::Ledger& ledger) {
  const auto book = ledger.ReadAbsences();
  return book && book->tenant() ? std::optional(book->tenant()->receipt) : std::nullopt;
}

/// An earlier call may have been cut short after its entry: what it left is taken away as well.
int FinishTenantErasure(Context& context, const OpenedLedger& reader, const std::string& receipt) {
  const ledger::OpenOptions options =
      assess::LedgerOptions(reader.workspace->config, *reader.tenant, false);
  // Opening carries out what the entry says, then refuses.
  const auto opened = ledger::Ledger::Open(options);
  if (!opened && opened.error().code != Code::kDenied) return Report(context, opened.error());
  if (Status gone = DestroyKeysOfBackups(reader); !gone) return Report(context, gone.error());
  return context.Finish("  tenant " + reader.tenant->id + " was erased before, receipt " + receipt +
                            "; its keys are destroyed, those beside its backups too\n",
                        fmt::format("{{\"tenant\":{},\"erased_before\":{}}}",
                                    JsonString(reader.tenant->id), JsonString(receipt)));
}

int EraseTenantKeys(Context& context) {
  int exit = 0;
  auto opened = OpenSelected(context, true, exit);
  if (!opened) return exit;
  const std::optional<std::string> earlier = ErasedBefore(*opened->ledger);
  if (earlier && !context.options.dry_run) return FinishTenantErasure(context, *opened, *earlier);
  if (!context.options.dry_run) {
    opened.reset();
    opened = OpenSelected(context, false, exit);
    if (!opened) return exit;
  }
  const std::string id = opened->tenant->id;
  if (context.options.dry_run)
    return context.Finish("  would destroy the keys and every body of tenant " + id + "\n",
                          fmt::format("{{\"tenant\":{}}}", JsonString(id)));
  if (!Confirm(context,
               "This destroys the keys of tenant " + id +
                   ": no body and no backup of it opens any more. Lines stay and verify.",
               id))
    return ToInt(ExitCode::kUsage);
  auto receipt = assess::EraseTenant(*opened->ledger, RequestFrom(context));
  if (!receipt) return Report(context, receipt.error());
  if (Status gone = DestroyKeysOfBackups(*opened); !gone) {
    (void)Finish(context, *opened, *receipt);
    return Report(context, gone.error());
  }
  return Finish(context, *opened, *receipt);
}

int EraseOneSubject(Context& context) {
  int exit = 0;
  auto search = Search(context, context.options.dry_run, exit);
  if (!search) return exit;
  const assess::SubjectFind& found = search->found;
  if (found.bodies.empty() || context.options.dry_run)
    return context.Finish(FoundText(found) + "  Nothing was erased.\n", FoundJson(found));
  if (!context.options.json) Tell(context, FoundText(found));
  if (!Confirm(context, fmt::format("Erase {} records for good?", found.segments()), "yes"))
    return ToInt(ExitCode::kUsage);
  auto receipt =
      assess::EraseSubject(*search->opened.ledger, search->matcher, found, RequestFrom(context));
  return receipt ? Finish(context, search->opened, *receipt) : Report(context, receipt.error());
}

}  // namespace

int RunPrivacyFind(Context& context) {
  int exit = 0;
  const auto search = Search(context, true, exit);
  if (!search) return exit;
  return context.Finish(FoundText(search->found), FoundJson(search->found));
}

int RunPrivacyErase(Context& context) {
  const Options& options = context.options;
  const int ways = (options.subjects.empty() ? 0 : 1) + (options.segment.empty() ? 0 : 1) +
                   (options.tenant_keys ? 1 : 0);
  if (ways != 1)
    return Usage(context, "say what to erase: --subject, --segment or --tenant-keys",
                 "assay privacy find --subject X shows what is held");
  if (options.ticket.empty() && !options.dry_run)
    return Usage(context, "--ticket is missing: the request that this answers", "--ticket DSR-204");
  if (!options.segment.empty()) return EraseOneRecord(context);
  return options.tenant_keys ? EraseTenantKeys(context) : EraseOneSubject(context);
}

int RunPrivacyReceipts(Context& context) {
  int exit = 0;
  auto opened = OpenSelected(context, true, exit);
  if (!opened) return exit;
  auto book = opened->ledger->ReadAbsences();
  if (!book) return Report(context, book.error());
  struct Row {
    std::string time, reason;
    std::set<Digest> bodies;
    uint64_t records = 0, entry = 0;
    bool tenant = false;
  };
  std::map<std::string, Row> rows;
  for (const ledger::RecordErasure& erasure : book->records()) {
    Row& row = rows[erasure.receipt];
    row.time = FormatTime(erasure.time);
    row.reason = erasure.reason;
    row.bodies.insert(erasure.root);
    row.records += erasure.segments.size();
    row.entry = erasure.index;
  }
  if (const auto& tenant = book->tenant())
    rows[tenant->receipt] = {FormatTime(tenant->time), tenant->reason, {}, 0, tenant->index, true};
  Table table({"RECEIPT", "TIME", "REASON", "ERASED"});
  std::string items;
  for (const auto& [id, row] : rows) {
    table.Row({id, row.time, row.reason,
               row.tenant
                   ? "the tenant"
                   : fmt::format("{} records in {} bodies", row.records, row.bodies.size())});
    items += fmt::format(
        "{}{{\"receipt\":{},\"time\":{},\"reason\":{},\"bodies\":{},\"records\":{},\"entry\":{},"
        "\"tenant\":{}}}",
        items.empty() ? "" : ",", JsonString(id), JsonString(row.time), JsonString(row.reason),
        row.bodies.size(), row.records, row.entry, row.tenant);
  }
  return context.Finish(table.Format(context.terminal), "{\"items\":[" + items + "]}");
}

int RunPrivacyExport(Context& context) {
  auto matcher = assess::SubjectMatcher::Make(context.options.subjects);
  if (!matcher) return Usage(context, matcher.error().message, "--subject maria.k@contoso.example");
  int exit = 0;
  auto opened = OpenSelected(context, true, exit);
  if (!opened) return exit;
  std::vector<std::pair<Digest, std::string>> records;
  auto found = assess::FindSubject(
      *opened->ledger, *matcher,
      [&](const assess::SubjectBody& body, const ledger::StoredBody& stored) {
        for (const uint64_t segment : body.segments) {
          // The skeleton begins with its table; what is hers in it is the request and the rest.
          const bool skeleton = segment == 0 && stored.scheme == proof::kRecordScheme;
          records.emplace_back(
              body.root,
              fmt::format("\"segment\":{},\"{}\":{}", segment, skeleton ? "rest" : "record",
                          JsonString(AsText(stored.segments[segment]))));
        }
      });
  if (!found) return Report(context, found.error());
  auto entries = assess::EntriesOf(*opened->ledger, found->bodies);
  if (!entries) return Report(context, entries.error());
  for (const auto& [root, text] : records) {
    const auto& uses = (*entries)[root];
    if (uses.empty()) continue;  // a body that a crash left without an entry
    Say(context,
        fmt::format("{{\"entry\":{},\"kind\":{},\"time\":{},{}}}\n", ToNumber(uses.front().index),
                    JsonString(uses.front().kind), JsonString(uses.front().time), text));
  }
  Tell(context, fmt::format("{} records in {} bodies\n", found->segments(), found->bodies.size()));
  return 0;
}

}  // namespace assay::cli
