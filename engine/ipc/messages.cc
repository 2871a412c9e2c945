// Encode and Parse of the messages that every worker and the collector exchange with the engine.
#include "ipc/messages.h"

#include "ipc/fields.h"

namespace assay::ipc {
namespace {

void PutLimits(Writer& out, const WorkerLimits& m) {
  out.U64(m.memory_bytes).U32(m.cpu_seconds).U32(m.wall_seconds).U64(m.rows).U64(m.row_bytes);
  out.U64(m.frames).U64(m.reads).U32(m.outstanding).U64(m.log_bytes).U32(m.denied_calls);
  out.U32(m.records_per_body).U32(m.threads).U32(m.threads_at_most);
}

WorkerLimits GetLimits(FieldReader& in) {
  WorkerLimits m;
  m.memory_bytes = in.U64();
  m.cpu_seconds = in.U32();
  m.wall_seconds = in.U32();
  m.rows = in.U64();
  m.row_bytes = in.U64();
  m.frames = in.U64();
  m.reads = in.U64();
  m.outstanding = in.U32();
  m.log_bytes = in.U64();
  m.denied_calls = in.U32();
  m.records_per_body = in.U32();
  m.threads = in.U32();
  m.threads_at_most = in.U32();
  return m;
}

EndpointSpec GetEndpoint(FieldReader& in) {
  EndpointSpec m;
  m.id = in.Id();
  m.params = in.List(5, [](FieldReader& r) {
    ParamSpec p;
    p.name = r.Id();
    p.type = r.OneOf(ParamType::kGuid, ParamType::kOffset);
    return p;
  });
  return m;
}

std::pair<std::string, std::vector<std::string>> GetSetting(FieldReader& in) {
  std::string key = in.Id();
  return {std::move(key), in.List(4, [](FieldReader& r) { return r.Text(kMaxLine); })};
}

void PutRange(Writer& out, const Range& m) { out.U64(m.offset).U64(m.length); }

Range GetRange(FieldReader& in) {
  Range m;
  m.offset = in.U64();
  m.length = in.U64();
  return m;
}

}  // namespace

ByteVector Encode(const Init& m) {
  Writer out;
  out.U8(static_cast<uint8_t>(m.role)).Text(m.plugin).I64(m.now_ms);
  PutLimits(out, m.limits);
  PutList(out, m.datasets, [&](const auto& d) {
    out.U32(d.first);
    PutDataset(out, d.second);
  });
  PutList(out, m.endpoints, [&](const EndpointSpec& e) {
    out.Text(e.id);
    PutList(out, e.params,
            [&](const ParamSpec& p) { out.Text(p.name).U8(static_cast<uint8_t>(p.type)); });
  });
  out.U64(m.init_array_offset).U64(m.init_array_bytes).U64(m.fini_array_offset);
  out.U64(m.fini_array_bytes).U64(m.init_function).U64(m.fini_function);
  out.U8(static_cast<uint8_t>(m.drill.call)).U32(m.drill.nth);
  out.U32(static_cast<uint32_t>(m.drill.status));
  const std::vector<Settings::value_type> settings(m.settings.begin(), m.settings.end());
  PutList(out, settings, [&](const auto& setting) {
    out.Text(setting.first);
    PutList(out, setting.second, [&](const std::string& value) { out.Text(value); });
  });
  return out.Take();
}

Result<Init> ParseInit(ByteSpan payload) {
  FieldReader in(payload);
  Init m;
  m.role = in.OneOf(Role::kCollector, Role::kCanary);
  m.plugin = in.Id();
  m.now_ms = in.I64();
  m.limits = GetLimits(in);
  m.datasets = in.List(32, [](FieldReader& r) {
    const uint32_t number = r.U32();
    return std::pair<uint32_t, DatasetSpec>(number, GetDataset(r));
  });
  m.endpoints = in.List(8, GetEndpoint);
  m.init_array_offset = in.U64();
  m.init_array_bytes = in.U64();
  m.fini_array_offset = in.U64();
  m.fini_array_bytes = in.U64();
  m.init_function = in.U64();
  m.fini_function = in.U64();
  m.drill.call = in.OneOf(HostCall::kNone, HostCall::kConclude);
  m.drill.nth = in.U32();
  m.drill.status = static_cast<int32_t>(in.U32());
  for (auto& [key, values] : in.List(8, GetSetting))
    m.settings.emplace(std::move(key), std::move(values));
  return in.Finish(std::move(m), "init");
}

ByteVector Encode(const Hello& m) {
  Writer out;
  out.U16(m.abi_major).U16(m.abi_minor).Text(m.engine_detail);
  return out.Take();
}

Result<Hello> ParseHello(ByteSpan payload) {
  FieldReader in(payload);
  Hello m;
  m.abi_major = in.U16();
  m.abi_minor = in.U16();
  m.engine_detail = in.Text(16u << 10);  // the canary lists every attempt
  return in.Finish(std::move(m), "hello");
}

ByteVector Encode(const Done& m) {
  Writer out;
  out.U32(static_cast<uint32_t>(m.status)).Text(OneLine(m.message));
  PutList(out, m.calls, [&](uint64_t count) { out.U64(count); });
  return out.Take();
}

Result<Done> ParseDone(ByteSpan payload) {
  FieldReader in(payload);
  Done m;
  m.status = static_cast<int32_t>(in.U32());
  m.message = in.Line();
  m.calls = in.List(8, [](FieldReader& r) { return r.U64(); });
  if (m.calls.size() > kHostCalls)
    return Fail(Code::kCorrupt, "done message: counts calls that do not exist");
  return in.Finish(std::move(m), "done");
}

ByteVector Encode(const Request& m) {
  Writer out;
  out.U64(m.ticket).Text(m.endpoint);
  PutList(out, m.params, [&](const auto& p) { out.Text(p.first).Text(p.second); });
  return out.Take();
}

Result<Request> ParseRequest(ByteSpan payload) {
  FieldReader in(payload);
  Request m;
  m.ticket = in.U64();
  m.endpoint = in.Id();
  m.params = in.List(8, [](FieldReader& r) {
    std::string name = r.Id();
    return std::pair<std::string, std::string>(std::move(name), r.Text(kMaxParam));
  });
  return in.Finish(std::move(m), "request");
}

ByteVector Encode(const Page& m) {
  Writer out;
  out.U64(m.ticket).U32(m.page).U32(m.index).U32(m.outcome).U32(m.http_status).U64(m.body_len);
  out.Text(OneLine(m.reason));
  return out.Take();
}

Result<Page> ParsePage(ByteSpan payload) {
  FieldReader in(payload);
  Page m;
  m.ticket = in.U64();
  m.page = in.U32();
  m.index = in.U32();
  m.outcome = in.U32();
  m.http_status = in.U32();
  m.body_len = in.U64();
  m.reason = in.Line();
  if (m.outcome > 3) return Fail(Code::kCorrupt, "page message: outcome is out of range");
  return in.Finish(std::move(m), "page");
}

ByteVector Encode(const DatasetState& m) {
  Writer out;
  out.U32(m.dataset).U8(static_cast<uint8_t>(m.completeness)).U8(static_cast<uint8_t>(m.reason));
  out.Text(OneLine(m.detail));
  return out.Take();
}

Result<DatasetState> ParseDatasetState(ByteSpan payload) {
  FieldReader in(payload);
  DatasetState m;
  m.dataset = in.U32();
  m.completeness = in.OneOf(Completeness::kComplete, Completeness::kUnavailable);
  m.reason = in.OneOf(Reason::kNone, Reason::kUnsupported);
  m.detail = in.Line();
  return in.Finish(std::move(m), "dataset state");
}

ByteVector Encode(const Log& m) {
  Writer out;
  out.U8(m.severity).Text(OneLine(m.line));
  return out.Take();
}

Result<Log> ParseLog(ByteSpan payload) {
  FieldReader in(payload);
  Log m;
  m.severity = in.OneOf<uint8_t>(0, 3);
  m.line = in.Line();
  return in.Finish(std::move(m), "log");
}

ByteVector Encode(const Marks& m) {
  Writer out;
  out.U32(m.page);
  PutList(out, m.records, [&](const Range& r) { PutRange(out, r); });
  return out.Take();
}

Result<Marks> ParseMarks(ByteSpan payload) {
  FieldReader in(payload);
  Marks m;
  m.page = in.U32();
  m.records = in.List(16, GetRange);
  return in.Finish(std::move(m), "marks");
}

ByteVector Encode(const NextPage& m) {
  Writer out;
  out.U32(m.page);
  PutRange(out, m.link);
  return out.Take();
}

Result<NextPage> ParseNextPage(ByteSpan payload) {
  FieldReader in(payload);
  NextPage m;
  m.page = in.U32();
  m.link = GetRange(in);
  return in.Finish(m, "next page");
}

ByteVector EncodePageDone(uint32_t page) { return Writer().U32(page).Take(); }

Result<uint32_t> ParsePageDone(ByteSpan payload) {
  FieldReader in(payload);
  const uint32_t page = in.U32();
  return in.Finish(page, "page done");
}

ByteVector Encode(const Rows& m) {
  Writer out;
  out.U32(m.dataset).U32(m.count).Raw(m.rows);
  return out.Take();
}

Result<Rows> ParseRows(ByteSpan payload) {
  FieldReader in(payload);
  Rows m;
  m.dataset = in.U32();
  m.count = in.U32();
  m.rows = in.Rest();
  return in.Finish(m, "rows");
}

ByteVector Encode(const Batch& m) {
  Writer out;
  out.U32(m.dataset).U32(m.count).U32(m.slot).U32(m.bytes);
  return out.Take();
}

Result<Batch> ParseBatch(ByteSpan payload) {
  FieldReader in(payload);
  Batch m;
  m.dataset = in.U32();
  m.count = in.U32();
  m.slot = in.U32();
  m.bytes = in.U32();
  return in.Finish(m, "batch");
}

ByteVector Encode(const Counts& m) {
  Writer out;
  out.U32(m.dataset).U64(m.dropped).U64(m.records).U64(m.expected);
  return out.Take();
}

Result<Counts> ParseCounts(ByteSpan payload) {
  FieldReader in(payload);
  Counts m;
  m.dataset = in.U32();
  m.dropped = in.U64();
  m.records = in.U64();
  m.expected = in.U64();
  return in.Finish(m, "counts");
}

ByteVector EncodeSealed(const std::vector<Kept>& m) {
  Writer out;
  PutList(out, m, [&](const Kept& k) { out.U32(k.dataset).U64(k.rows).U64(k.duplicates); });
  return out.Take();
}

Result<std::vector<Kept>> ParseSealed(ByteSpan payload) {
  FieldReader in(payload);
  auto m = in.List(20, [](FieldReader& r) {
    Kept k;
    k.dataset = r.U32();
    k.rows = r.U64();
    k.duplicates = r.U64();
    return k;
  });
  return in.Finish(std::move(m), "sealed");
}

}  // namespace assay::ipc
