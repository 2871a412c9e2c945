#include "backup/instance_log.h"

#include "ledger/line.h"
#include "ledger/master_key.h"

namespace assay::backup {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);
constexpr auto kPause = std::chrono::milliseconds(100);

Result<std::unique_ptr<ledger::Ledger>> OpenPatiently(const ledger::OpenOptions& options) {
  for (auto waited = std::chrono::milliseconds(0);; waited += kPause) {
    auto opened = ledger::Ledger::Open(options);
    const bool busy = !opened && opened.error().code == Code::kUnavailable;
    if (!busy || waited >= kPatience) return opened;
    options.clock->SleepFor(kPause);
  }
}

ledger::MemberMap MembersOf(const Event& event) {
  ledger::MemberMap out{
      {"of", event.of},       {"size", event.size},   {"root", EncodeBase64(event.root)},
      {"files", event.files}, {"bytes", event.bytes}, {"outcome", event.outcome}};
  if (event.took_ms) out.emplace("took_ms", *event.took_ms);
  if (event.lost) out.emplace("lost", *event.lost);
  if (event.age_s) out.emplace("age_s", *event.age_s);
  return out;
}

std::optional<uint64_t> MaybeCount(const proof::JsonObject& members, std::string_view key) {
  const auto number = proof::IntegerAt(members, key);
  if (!number) return std::nullopt;
  return static_cast<uint64_t>(*number);
}

Recorded FromFacts(const ledger::LineFacts& facts) {
  Recorded out{facts.index, facts.time, {}};
  const auto text = [&](const char* key) {
    return proof::TextAt(facts.members, key).value_or(std::string());
  };
  out.event.kind = facts.kind;
  out.event.of = text("of");
  out.event.outcome = text("outcome");
  out.event.size = MaybeCount(facts.members, "size").value_or(0);
  out.event.files = MaybeCount(facts.members, "files").value_or(0);
  out.event.bytes = MaybeCount(facts.members, "bytes").value_or(0);
  out.event.took_ms = MaybeCount(facts.members, "took_ms");
  out.event.lost = MaybeCount(facts.members, "lost");
  out.event.age_s = MaybeCount(facts.members, "age_s");
  return out;
}

}  // namespace

const TenantId& InstanceTenant() {
  static const TenantId id = *TenantId::Parse("00000000-0000-0000-0000-000000000000");
  return id;
}

Status Record(const ledger::OpenOptions& options, const Event& event) {
  // The log is opened with the instance's master key; it never makes one.
  ASSAY_TRY(ledger::OpenMasterKey(options.master_key_file, false));
  return RecordEntry(options, {event.kind, "engine", MembersOf(event), {}}, event.notes);
}

Status RecordEntry(const ledger::OpenOptions& options, ledger::EntryDraft draft,
                   const std::vector<std::string>& notes) {
  ASSAY_ASSIGN(const auto log, OpenPatiently(options));
  if (!notes.empty()) {
    ASSAY_ASSIGN(draft.body, log->PutSegments(notes));
  }
  ASSAY_TRY(log->AppendDurably(std::move(draft)));
  ASSAY_TRY(log->SignCheckpoint());
  return {};
}

Result<std::optional<Recorded>> NewestEvent(const ledger::OpenOptions& options,
                                            std::string_view kind, const TenantId& of) {
  auto log = ledger::Ledger::OpenReadOnly(options);
  if (!log && log.error().code == Code::kNotFound) return std::optional<Recorded>();
  if (!log) return Fail(std::move(log.error()));
  ASSAY_ASSIGN(const ledger::Head head, (*log)->ReadHead());
  std::optional<Recorded> newest;
  Status broken;
  ASSAY_TRY((*log)->ReadLines(LeafIndex{0}, LeafIndex{ToNumber(head.size)},
                              [&](LeafIndex, std::string_view line) {
                                const auto facts = ledger::ParseLine(line);
                                if (!facts) return broken = Fail(facts.error()), false;
                                if (facts->kind != kind) return true;
                                Recorded one = FromFacts(*facts);
                                if (one.event.of == of.text() && one.event.outcome == "ok")
                                  newest = std::move(one);
                                return true;
                              }));
  ASSAY_TRY(broken);
  return newest;
}

}  // namespace assay::backup
