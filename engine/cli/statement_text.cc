#include "cli/statement_text.h"

#include <fmt/format.h>

#include "base/text.h"
#include "cli/statement_common.h"

namespace assay::cli {
namespace {

using assess::Attestation;
using assess::Exception;
using assess::StatementEntry;

std::string OrNull(const std::string& text) { return text.empty() ? "null" : JsonString(text); }

std::string TimeOrNull(const std::optional<Timestamp>& time) {
  return time ? JsonString(FormatTime(*time)) : "null";
}

std::string HistoryJson(const std::vector<StatementEntry>& history) {
  std::string out;
  for (const StatementEntry& one : history)
    out += fmt::format(
        "{}{{\"entry\":{},\"time\":{},\"kind\":{},\"actor\":{},\"run\":{},\"expires\":{},"
        "\"note\":{},\"absent\":{},\"counted\":{}}}",
        out.empty() ? "" : ",", ToNumber(one.index), JsonString(FormatTime(one.time)),
        JsonString(one.kind), JsonString(one.actor), OrNull(one.run), TimeOrNull(one.expires),
        OrNull(one.Said("note")), OrNull(one.absent), one.counted);
  return "[" + out + "]";
}

/// "requested", of "exception.requested".
std::string Verb(const StatementEntry& entry) {
  return entry.kind.substr(entry.kind.find('.') + 1);
}

std::string HistoryText(const std::vector<StatementEntry>& history) {
  std::string out = "    history\n";
  for (const StatementEntry& one : history) {
    out += fmt::format("      {}  {:<10} {}, entry {}", FormatTime(one.time), Verb(one),
                       one.run.empty() ? one.actor : "run " + one.run, ToNumber(one.index));
    if (one.expires) out += ", until " + EndText(*one.expires);
    if (!one.absent.empty()) out += ", " + one.absent;
    if (!one.counted) out += ", changed nothing";
    if (const std::string note = one.Said("note"); !note.empty()) out += ": " + note;
    out += "\n";
  }
  return out;
}

std::string SubjectText(const Exception& one) {
  if (one.wildcard) return "every subject";
  if (!one.absent.empty()) return one.absent;
  return one.label.empty() ? one.subject : fmt::format("{} ({})", one.label, one.subject);
}

std::string Field(std::string_view name, const std::string& text) {
  return text.empty() ? "" : fmt::format("    {:<13} {}\n", name, text);
}

}  // namespace

std::string ExceptionJson(const Exception& one, Timestamp now) {
  return fmt::format(
      "{{\"id\":\"E-{}\",\"state\":\"{}\",\"in_force\":{},\"check\":{},\"wildcard\":{},"
      "\"subject\":{{\"id\":{},\"label\":{}}},\"finding\":{},\"reason\":{},\"compensating\":{},"
      "\"compensating_check\":{},\"requested_by\":{},\"approved_by\":{},\"requested\":{},"
      "\"expires\":{},\"renewal\":{},\"absent\":{},\"history\":{}}}",
      one.number, Name(one.At(now)), one.InForce(now), JsonString(one.check), one.wildcard,
      OrNull(one.subject), OrNull(one.label),
      one.finding == 0 ? "null" : fmt::format("\"F-{}\"", one.finding), OrNull(one.reason),
      OrNull(one.compensating), OrNull(one.compensating_check), OrNull(one.requested_by),
      OrNull(one.approved_by), JsonString(FormatTime(one.requested)),
      JsonString(FormatTime(one.expires)), TimeOrNull(one.renewal), OrNull(one.absent),
      HistoryJson(one.history));
}

std::string AttestationJson(const Attestation& one, Timestamp now) {
  return fmt::format(
      "{{\"id\":\"AT-{}\",\"state\":\"{}\",\"framework\":{},\"control\":{},\"check\":{},\"by\":{},"
      "\"role\":{},\"document\":{},\"sha256\":{},\"note\":{},\"added\":{},\"expires\":{},"
      "\"absent\":{},\"history\":{}}}",
      one.number, Name(one.At(now)), OrNull(one.framework), OrNull(one.control), OrNull(one.check),
      OrNull(one.by), OrNull(one.role), OrNull(one.document), OrNull(one.digest), OrNull(one.note),
      JsonString(FormatTime(one.added)), JsonString(FormatTime(one.expires)), OrNull(one.absent),
      HistoryJson(one.history));
}

std::string ExceptionTable(const assess::Statements& statements, Timestamp now,
                           const Terminal& terminal) {
  Table table({"ID", "STATE", "UNTIL", "CHECK", "SUBJECT"});
  for (const bool open : {true, false})
    for (const auto& [number, one] : statements.exceptions())
      if (one.IsOpen(now) == open)
        table.Row({fmt::format("E-{}", number),
                   std::string(Name(one.At(now))) + (one.renewal && open ? ", renewal waits" : ""),
                   EndText(one.expires), one.check, SubjectText(one)});
  return table.Format(terminal);
}

std::string AttestationTable(const assess::Statements& statements, Timestamp now,
                             const Terminal& terminal) {
  Table table({"ID", "STATE", "UNTIL", "ABOUT", "BY"});
  for (const auto& [number, one] : statements.attestations())
    table.Row({fmt::format("AT-{}", number), std::string(Name(one.At(now))), EndText(one.expires),
               one.About(),
               one.absent.empty() ? fmt::format("{} ({})", one.role, one.by) : one.absent});
  return table.Format(terminal);
}

std::string ExceptionText(const Exception& one, Timestamp now) {
  std::string out = fmt::format("  E-{}  {}\n", one.number, Name(one.At(now)));
  out += Field("check", one.check);
  out += Field("subject", SubjectText(one));
  if (one.finding != 0) out += Field("finding", fmt::format("F-{}", one.finding));
  out += Field("reason", one.reason);
  out += Field("compensating", one.compensating);
  out +=
      Field("suspended by",
            one.compensating_check.empty() ? "" : "a failure of check " + one.compensating_check);
  out += Field("until", fmt::format("{} ({})", EndText(one.expires), Away(one.expires, now)));
  if (one.renewal)
    out += Field("renewal", fmt::format("until {}, asked for by {}; waits for approval",
                                        EndText(*one.renewal), one.renewal_by));
  out += Field("requested by", one.requested_by);
  out += Field("approved by", one.approved_by);
  return out + HistoryText(one.history);
}

std::string AttestationText(const Attestation& one, Timestamp now) {
  std::string out = fmt::format("  AT-{}  {}\n", one.number, Name(one.At(now)));
  out += Field("about", one.About());
  out += Field("by", one.absent.empty() ? fmt::format("{} ({})", one.role, one.by) : one.by);
  out += Field("document", one.document);
  out += Field("SHA-256", one.digest);
  out += Field("note", one.note);
  out += Field("not shown", one.absent);
  out += Field("until", fmt::format("{} ({})", EndText(one.expires), Away(one.expires, now)));
  return out + HistoryText(one.history);
}

std::string ExceptedText(const Exception* covering) {
  if (covering == nullptr) return "";
  return fmt::format(" · excepted until {} (E-{})", EndText(covering->expires), covering->number);
}

}  // namespace assay::cli
