// assay evidence list|show|get: bodies of entries, their segments, their bytes.
#include <fmt/format.h>

#include "base/text.h"
#include "cli/as_of.h"
#include "cli/command.h"
#include "cli/workspace.h"
#include "ledger/line.h"
#include "proof/bundle.h"

namespace assay::cli {
namespace {

constexpr size_t kPreview = 60;

/// What an entry is about, in one word or two.
std::string Subject(const ledger::LineFacts& facts) {
  for (const char* key : {"endpoint", "check", "dataset", "control", "plugin"})
    if (const auto text = proof::TextAt(facts.members, key)) return *text;
  return "";
}

bool IsOfRun(const ledger::LineFacts& facts, const std::string& run) {
  const auto said = proof::TextAt(facts.members, "run");
  return run.empty() || (said && *said == run);
}

std::string ItemJson(const ledger::LineFacts& facts) {
  return fmt::format(
      "{{\"index\":{},\"kind\":{},\"subject\":{},\"time\":\"{}\",\"records\":{},\"bytes\":{},"
      "\"scheme\":{},\"root\":\"{}\"}}",
      facts.index, JsonString(facts.kind), JsonString(Subject(facts)), FormatTime(facts.time),
      facts.body->records, facts.body->len, JsonString(facts.body->scheme),
      EncodeBase64(facts.body->root));
}

struct OpenedEntry {
  OpenedLedger ledger;
  ledger::LineFacts facts;
};

/// The entry that the argument names, which must have a body.
std::optional<OpenedEntry> OpenEntry(Context& context, int& exit) {
  const auto index = EntryArgument(context, exit);
  if (!index) return std::nullopt;
  auto opened = OpenOneForReading(context, exit);
  if (!opened) return std::nullopt;
  const auto size = SizeShown(context, *opened->ledger);
  if (!size) return exit = Report(context, size.error()), std::nullopt;
  const auto line = opened->ledger->ReadLine(*index);
  auto facts = line ? ledger::ParseLine(*line) : Fail(line.error());
  if (facts && ToNumber(*index) >= ToNumber(*size))
    facts = Fail(Code::kNotFound, fmt::format("entry {}: was not there then", ToNumber(*index)));
  if (facts && !facts->body)
    facts = Fail(Code::kNotFound, fmt::format("entry {}: has no body", ToNumber(*index)));
  if (!facts) return exit = Report(context, facts.error()), std::nullopt;
  return OpenedEntry{std::move(*opened), std::move(*facts)};
}

std::string Preview(ByteSpan segment) {
  const std::string_view text = AsText(segment);
  return Quote(text.substr(0, kPreview), kPreview * 4) + (text.size() > kPreview ? " ..." : "");
}

}  // namespace

int RunEvidenceList(Context& context) {
  int exit = 0;
  auto opened = OpenOneForReading(context, exit);
  if (!opened) return exit;
  const auto size = SizeShown(context, *opened->ledger);
  if (!size) return Report(context, size.error());
  Table table({"ENTRY", "KIND", "SUBJECT", "RECORDS", "BYTES", "TIME"});
  std::string items;
  Status bad;
  const Status read = opened->ledger->ReadLines(
      LeafIndex{0}, LeafIndex{ToNumber(*size)}, [&](LeafIndex, std::string_view line) {
        const auto facts = ledger::ParseLine(line);
        if (!facts) return bad = Fail(facts.error()), false;
        if (!facts->body || !IsOfRun(*facts, context.options.run)) return true;
        items += (items.empty() ? "" : ",") + ItemJson(*facts);
        table.Row({std::to_string(facts->index), facts->kind, Subject(*facts),
                   std::to_string(facts->body->records), std::to_string(facts->body->len),
                   ShowTime(facts->time, context.terminal)});
        return true;
      });
  if (!read || !bad) return Report(context, read ? bad.error() : read.error());
  return context.Finish(table.Format(context.terminal), "{\"items\":[" + items + "]}");
}

int RunEvidenceShow(Context& context) {
  int exit = 0;
  const auto entry = OpenEntry(context, exit);
  if (!entry) return exit;
  const auto segments = entry->ledger.ledger->ReadSegments(entry->facts.body->root);
  if (!segments) return Report(context, segments.error());
  Table table({"SEGMENT", "BYTES", "ALONE", "BEGINS"});
  std::string items;
  for (size_t i = 0; i < segments->size(); ++i) {
    const ByteVector& segment = (*segments)[i];
    const bool alone = proof::CheckShownAsRecord(entry->facts.body->scheme, i, segment).has_value();
    table.Row({std::to_string(i), std::to_string(segment.size()), alone ? "yes" : "no",
               Preview(segment)});
    items += fmt::format("{}{{\"segment\":{},\"bytes\":{},\"alone\":{}}}", items.empty() ? "" : ",",
                         i, segment.size(), alone);
  }
  return context.Finish(table.Format(context.terminal), "{\"items\":[" + items + "]}");
}

int RunEvidenceGet(Context& context) {
  int exit = 0;
  const auto entry = OpenEntry(context, exit);
  if (!entry) return exit;
  const ledger::BodyRef& body = *entry->facts.body;
  if (!context.options.record) {
    const auto bytes = entry->ledger.ledger->ReadBody(body.root);
    if (!bytes) return Report(context, bytes.error());
    Say(context, AsText(*bytes));
    return 0;
  }
  const uint64_t wanted = *context.options.record;
  const auto segments = entry->ledger.ledger->ReadSegments(body.root);
  if (!segments) return Report(context, segments.error());
  Status shown = wanted < segments->size()
                     ? proof::CheckShownAsRecord(body.scheme, wanted, (*segments)[wanted])
                     : Fail(Code::kNotFound, fmt::format("entry {}: its body has segments 0 to {}",
                                                         entry->facts.index, segments->size() - 1));
  if (!shown) return Report(context, shown.error());
  Say(context, AsText((*segments)[wanted]));
  return 0;
}

}  // namespace assay::cli
