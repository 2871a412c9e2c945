// Encode and Parse of the messages of evaluation and mapping: schema, checks, observations,
// controls.
#include "ipc/fields.h"
#include "ipc/messages.h"

namespace assay::ipc {
namespace {

std::vector<std::string> GetIds(FieldReader& in) {
  return in.List(4, [](FieldReader& r) { return r.Id(); });
}

void PutObservation(Writer& out, const Observation& m) {
  out.Text(m.subject).Text(m.subject_type).Text(m.label);
  out.U8(static_cast<uint8_t>(m.verdict))
      .U8(static_cast<uint8_t>(m.reason))
      .Text(OneLine(m.detail));
  PutList(out, m.records, [&](const RecordRef& r) { out.U32(r.page).U32(r.record); });
}

Observation GetObservation(FieldReader& in) {
  Observation m;
  m.subject = in.Text(kMaxSubject);
  m.subject_type = in.Id();
  m.label = in.Text(kMaxSubject);
  m.verdict = in.OneOf(Verdict::kPass, Verdict::kNotAssessed);
  m.reason = in.OneOf(Reason::kNone, Reason::kUnsupported);
  m.detail = in.Line();
  m.records = in.List(8, [](FieldReader& r) {
    RecordRef ref;
    ref.page = r.U32();
    ref.record = r.U32();
    return ref;
  });
  return m;
}

ControlSpec GetControl(FieldReader& in) {
  ControlSpec m;
  m.id = in.Id();
  m.title = in.Line();
  m.group = in.Id();
  m.automation = in.Id();
  m.needs_attestation = in.Bool();
  m.checks = GetIds(in);
  m.attested = in.Bool();
  return m;
}

}  // namespace

void PutDataset(Writer& out, const DatasetSpec& m) {
  out.Text(m.id);
  PutList(out, m.columns, [&](const ColumnSpec& c) {
    out.Text(c.name).U8(static_cast<uint8_t>(c.type)).U8(c.personal ? 1 : 0);
  });
  PutTexts(out, m.key);
  out.Text(m.subject).Text(m.label).Text(m.subject_type).Text(m.data_class);
}

DatasetSpec GetDataset(FieldReader& in) {
  DatasetSpec m;
  m.id = in.Id();
  m.columns = in.List(6, [](FieldReader& r) {
    ColumnSpec c;
    c.name = r.Id();
    c.type = r.OneOf(ColumnType::kText, ColumnType::kDecimal);
    c.personal = r.Bool();
    return c;
  });
  m.key = GetIds(in);
  m.subject = in.Id();
  m.label = in.Id();
  m.subject_type = in.Id();
  m.data_class = in.Id();
  return m;
}

ByteVector EncodeDataset(uint32_t number, const DatasetSpec& m) {
  Writer out;
  out.U32(number);
  PutDataset(out, m);
  return out.Take();
}

Result<std::pair<uint32_t, DatasetSpec>> ParseDataset(ByteSpan payload) {
  FieldReader in(payload);
  const uint32_t number = in.U32();
  return in.Finish(std::pair<uint32_t, DatasetSpec>(number, GetDataset(in)), "schema");
}

ByteVector Encode(const Views& m) {
  Writer out;
  out.Text(m.plugin).Text(m.sql);
  return out.Take();
}

Result<Views> ParseViews(ByteSpan payload) {
  FieldReader in(payload);
  Views m;
  m.plugin = in.Id();
  m.sql = in.Text(kMaxSql);
  return in.Finish(std::move(m), "views");
}

ByteVector EncodeCheck(const CheckSpec& m) {
  Writer out;
  out.Text(m.id).U32(m.version).Text(m.title).U8(static_cast<uint8_t>(m.severity)).Text(m.plugin);
  out.Text(m.subject);
  PutTexts(out, m.reads);
  PutTexts(out, m.partial_fail);
  PutTexts(out, m.optional);
  PutTexts(out, m.licence);
  out.U32(static_cast<uint32_t>(m.elsewhere.size()));
  for (const auto& [dataset, plugin] : m.elsewhere) out.Text(dataset).Text(plugin);
  out.U32(static_cast<uint32_t>(m.params.size()));
  for (const auto& [name, value] : m.params) out.Text(name).Text(value);
  out.Text(m.rationale).Text(m.remediation);
  out.U32(static_cast<uint32_t>(m.references.size()));
  for (const auto& [name, list] : m.references) {
    out.Text(name);
    PutTexts(out, list);
  }
  out.Text(m.sql);
  return out.Take();
}

Result<CheckSpec> ParseCheck(ByteSpan payload) {
  FieldReader in(payload);
  CheckSpec m;
  m.id = in.Id();
  m.version = in.U32();
  m.title = in.Line();
  m.severity = in.OneOf(Severity::kCritical, Severity::kInfo);
  m.plugin = in.Id();
  m.subject = in.Id();
  m.reads = GetIds(in);
  m.partial_fail = GetIds(in);
  m.optional = GetIds(in);
  m.licence = GetIds(in);
  bool unique = true;
  in.List(8, [&](FieldReader& r) {
    std::string dataset = r.Id();
    return unique &= m.elsewhere.emplace(std::move(dataset), r.Id()).second;
  });
  in.List(8, [&](FieldReader& r) {
    std::string name = r.Id();
    return unique &= m.params.emplace(std::move(name), r.Text(kMaxSql)).second;
  });
  m.rationale = in.Text(kMaxSql);
  m.remediation = in.Text(kMaxSql);
  in.List(8, [&](FieldReader& r) {
    std::string name = r.Id();
    return unique &= m.references.emplace(std::move(name), GetIds(r)).second;
  });
  m.sql = in.Text(kMaxSql);
  if (!unique) return Fail(Code::kCorrupt, "check message: a name stands twice");
  return in.Finish(std::move(m), "check");
}

ByteVector EncodeControls(const std::string& framework, const std::vector<ControlSpec>& controls) {
  Writer out;
  out.Text(framework);
  PutList(out, controls, [&](const ControlSpec& c) {
    out.Text(c.id).Text(c.title).Text(c.group).Text(c.automation).U8(c.needs_attestation ? 1 : 0);
    PutTexts(out, c.checks);
    out.U8(c.attested ? 1 : 0);
  });
  return out.Take();
}

Result<std::pair<std::string, std::vector<ControlSpec>>> ParseControls(ByteSpan payload) {
  FieldReader in(payload);
  std::string framework = in.Id();
  auto controls = in.List(22, GetControl);
  return in.Finish(std::pair(std::move(framework), std::move(controls)), "controls");
}

ByteVector EncodeObservations(const std::string& check, const std::vector<Observation>& m) {
  Writer out;
  out.Text(check);
  PutList(out, m, [&](const Observation& o) { PutObservation(out, o); });
  return out.Take();
}

Result<std::pair<std::string, std::vector<Observation>>> ParseObservations(ByteSpan payload) {
  FieldReader in(payload);
  std::string check = in.Id();
  auto list = in.List(22, GetObservation);
  return in.Finish(std::pair(std::move(check), std::move(list)), "observations");
}

ByteVector Encode(const CheckResult& m) {
  Writer out;
  out.Text(m.check).U32(m.version).U8(static_cast<uint8_t>(m.verdict));
  out.U8(static_cast<uint8_t>(m.reason)).Text(OneLine(m.detail));
  out.U64(m.pass).U64(m.fail).U64(m.manual).U64(m.not_applicable).U64(m.not_assessed);
  out.U64(m.excepted);
  return out.Take();
}

Result<CheckResult> ParseCheckResult(ByteSpan payload) {
  FieldReader in(payload);
  CheckResult m;
  m.check = in.Id();
  m.version = in.U32();
  m.verdict = in.OneOf(Verdict::kPass, Verdict::kNotAssessed);
  m.reason = in.OneOf(Reason::kNone, Reason::kUnsupported);
  m.detail = in.Line();
  m.pass = in.U64();
  m.fail = in.U64();
  m.manual = in.U64();
  m.not_applicable = in.U64();
  m.not_assessed = in.U64();
  m.excepted = in.U64();
  return in.Finish(std::move(m), "check result");
}

ByteVector Encode(const ControlResult& m) {
  Writer out;
  out.Text(m.framework).Text(m.control).U8(static_cast<uint8_t>(m.state)).Text(OneLine(m.why));
  return out.Take();
}

Result<ControlResult> ParseControlResult(ByteSpan payload) {
  FieldReader in(payload);
  ControlResult m;
  m.framework = in.Id();
  m.control = in.Id();
  m.state = in.OneOf(ControlState::kSatisfied, ControlState::kUncovered);
  m.why = in.Line();
  return in.Finish(std::move(m), "control result");
}

}  // namespace assay::ipc
