#include "worker/host_read.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "base/utc_time.h"
#include "model/ids.h"

namespace assay::worker {
namespace {

/// Readable zero bytes behind a body, for simdjson.
constexpr size_t kPadding = 64;
constexpr char kNothing[kPadding + 1] = {};
/// Marks in one frame: 16 bytes each, well below ipc::kMaxPayload.
constexpr uint32_t kMarksPerFrame = 16'384;
constexpr size_t kMaxParamBytes = 2048;

constexpr assay_read_v1_t kTable{
    [](const assay_host_t* abi, assay_str_t endpoint, const assay_param_t* params, uint32_t count,
       uint64_t* ticket) {
      return Called(abi, ipc::HostCall::kRequest,
                    [&](Host& h) { return h.read->Request(endpoint, params, count, ticket); });
    },
    [](const assay_host_t* abi, assay_page_t* page) {
      return Called(abi, ipc::HostCall::kWait, [&](Host& h) { return h.read->Wait(page); });
    },
    [](const assay_host_t* abi, uint32_t page, const assay_range_t* records, uint32_t count) {
      return Called(abi, ipc::HostCall::kMark,
                    [&](Host& h) { return h.read->Mark(page, records, count); });
    },
    [](const assay_host_t* abi, uint32_t page, uint64_t offset, uint64_t length) {
      return Called(abi, ipc::HostCall::kNext,
                    [&](Host& h) { return h.read->Next(page, offset, length); });
    },
    [](const assay_host_t* abi, uint32_t page) {
      return Called(abi, ipc::HostCall::kDone, [&](Host& h) { return h.read->Finish(page); });
    },
};

/// Why `value` does not fit, empty when it does. The broker checks again: this is for the author's
/// sake.
std::string_view Misfit(ParamType type, std::string_view value) {
  if (type == ParamType::kGuid) return IsGuid(value) ? "" : "is not a GUID";
  if (type == ParamType::kTime) return IsUtcTime(value) ? "" : "is not a time in UTC";
  if (type == ParamType::kGuids) {
    const auto parts = Split(value, ',');
    return parts.size() <= kMaxGuids && std::all_of(parts.begin(), parts.end(), IsGuid)
               ? ""
               : "is not a list of GUIDs";
  }
  if (value.empty() || value.size() > kMaxParamBytes) return "is empty or too long";
  if (type == ParamType::kOffset)
    return value.find_first_not_of("0123456789") == value.npos ? "" : "is not a number";
  const bool file = type == ParamType::kBlob;
  if (value == "." || value == ".." || (!file && value.find('/') != std::string_view::npos) ||
      value.find('\\') != std::string_view::npos)
    return file ? "is not the name of a file" : "is not one path segment";
  if (!IsUtf8(value)) return "is not UTF-8";
  if (std::any_of(value.begin(), value.end(),
                  [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
    return "holds control characters";
  return "";
}

}  // namespace

MappedBody::MappedBody(MappedBody&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), mapped_(std::exchange(other.mapped_, 0)) {}

MappedBody& MappedBody::operator=(MappedBody&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(mapped_, other.mapped_);
  return *this;
}

MappedBody::~MappedBody() {
  if (mapped_ > 0) ::munmap(const_cast<char*>(data_), mapped_);
}

Result<MappedBody> MappedBody::Map(int fd, uint64_t length) {
  MappedBody body;
  body.data_ = kNothing;
  if (length == 0) return body;
  if (length > (uint64_t{1} << 40)) return Fail(Code::kLimitExceeded, "page body is too large");
  const size_t size = length + kPadding;
  void* at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (at == MAP_FAILED) {
    const Error error = ErrnoError("page body");
    return errno == ENOMEM ? Fail(Code::kLimitExceeded, error.message) : Fail(error);
  }
  body.data_ = static_cast<const char*>(at);
  body.mapped_ = size;
  return body;
}

const void* ReadExtension::table() const { return &kTable; }

const EndpointSpec* ReadExtension::Endpoint(std::string_view id) const {
  for (const EndpointSpec& e : session_.init().endpoints)
    if (e.id == id) return &e;
  return nullptr;
}

assay_status_t ReadExtension::TakeParams(const EndpointSpec& endpoint, const assay_param_t* params,
                                         uint32_t count, ipc::Request& request) {
  const auto bad = [&](std::string_view name, std::string_view why) {
    return session_.Refuse(ASSAY_E_INVALID, fmt::format("request {}: parameter {} {}", endpoint.id,
                                                        Quote(name, 64), why));
  };
  for (uint32_t i = 0; i < count; ++i) {
    const auto name = TextOf(params[i].name), value = TextOf(params[i].value);
    if (!name || !value) return bad("", "is a null slice");
    const auto spec = std::find_if(endpoint.params.begin(), endpoint.params.end(),
                                   [&](const ParamSpec& p) { return p.name == *name; });
    if (spec == endpoint.params.end()) return bad(*name, "is unknown");
    for (const auto& given : request.params)
      if (given.first == *name) return bad(*name, "stands twice");
    if (const auto why = Misfit(spec->type, *value); !why.empty()) return bad(*name, why);
    request.params.emplace_back(*name, *value);
  }
  for (const ParamSpec& p : endpoint.params)
    if (std::none_of(request.params.begin(), request.params.end(),
                     [&](const auto& given) { return given.first == p.name; }))
      return bad(p.name, "is missing");
  return ASSAY_OK;
}

/// Counts a request or continuation against the quotas.
assay_status_t ReadExtension::CountRead() {
  const WorkerLimits& limits = session_.init().limits;
  if (reads_ >= limits.reads)
    return session_.RefuseOverQuota(fmt::format("reads: quota of {} is used up", limits.reads));
  if (outstanding_ >= limits.outstanding)
    return session_.Refuse(ASSAY_E_LIMIT,
                           fmt::format("reads: {} are outstanding already", limits.outstanding));
  ++reads_;
  ++outstanding_;
  return ASSAY_OK;
}

assay_status_t ReadExtension::Request(assay_str_t endpoint, const assay_param_t* params,
                                      uint32_t count, uint64_t* ticket) {
  const auto id = TextOf(endpoint);
  if (!id || ticket == nullptr || (params == nullptr && count > 0))
    return session_.Refuse(ASSAY_E_INVALID, "request: an argument is null");
  if (session_.cancelled()) return ASSAY_E_CANCELLED;
  const EndpointSpec* spec = Endpoint(*id);
  if (spec == nullptr)
    return session_.Refuse(ASSAY_E_NOT_FOUND,
                           fmt::format("request: endpoint {} is not granted", Quote(*id, 64)));
  ipc::Request request;
  request.endpoint = spec->id;
  if (const auto s = TakeParams(*spec, params, count, request); s != ASSAY_OK) return s;
  // Pages that are not given back count too, as they do for the engine.
  if (const uint32_t most = session_.init().limits.outstanding;
      outstanding_ + pages_.size() >= most)
    return session_.Refuse(ASSAY_E_LIMIT,
                           fmt::format("reads: {} are outstanding or not given back", most));
  if (const auto s = CountRead(); s != ASSAY_OK) return s;
  request.ticket = ++last_ticket_;
  *ticket = request.ticket;
  return session_.Send(ipc::Type::kRequest, Encode(request));
}

assay_status_t ReadExtension::Wait(assay_page_t* page) {
  if (page == nullptr) return session_.Refuse(ASSAY_E_INVALID, "wait: page is null");
  if (session_.cancelled()) return ASSAY_E_CANCELLED;
  if (outstanding_ == 0) return ASSAY_END;
  ipc::Frame frame;
  if (const auto s = session_.TakePage(frame); s != ASSAY_OK) return s;
  return Show(std::move(frame), page);
}

assay_status_t ReadExtension::Show(ipc::Frame frame, assay_page_t* out) {
  auto message = ipc::ParsePage(frame.payload);
  if (!message || message->page <= last_page_ || (message->body_len > 0) != frame.fd.valid())
    return session_.Refuse(ASSAY_E_INTERNAL, "wait: engine sent a broken page");
  auto body = MappedBody::Map(frame.fd.get(), message->body_len);
  if (!body) return session_.Refuse(ASSAY_E_INTERNAL, "wait: " + body.error().message);
  --outstanding_;
  last_page_ = message->page;
  OpenPage& open = pages_[message->page];
  open.body = std::move(*body);
  open.body_len = message->body_len;
  open.reason = std::move(message->reason);
  *out = assay_page_t{};
  out->ticket = message->ticket;
  out->page = message->page;
  out->index = message->index;
  out->outcome = message->outcome;
  out->http_status = message->http_status;
  out->body = open.body.data();
  out->body_len = open.body_len;
  out->reason = {open.reason.data(), open.reason.size()};
  return ASSAY_OK;
}

ReadExtension::OpenPage* ReadExtension::Find(uint32_t page) {
  const auto it = pages_.find(page);
  if (it != pages_.end()) return &it->second;
  session_.SetError(fmt::format("page {} is not open", page));
  return nullptr;
}

assay_status_t ReadExtension::CheckMarks(const OpenPage& page, const assay_range_t* records,
                                         uint32_t count) {
  const uint64_t most = session_.init().limits.records_per_body;
  if (page.marks + count > most)
    return session_.Refuse(ASSAY_E_LIMIT,
                           fmt::format("mark: more than {} records in a body", most));
  uint64_t end = page.marked_to;
  for (uint32_t i = 0; i < count; ++i) {
    const assay_range_t& r = records[i];
    if (r.length == 0 || r.offset < end || r.offset > page.body_len ||
        r.length > page.body_len - r.offset)
      return session_.Refuse(
          ASSAY_E_INVALID, fmt::format("mark: record {} is empty, out of order or outside the body",
                                       page.marks + i));
    end = r.offset + r.length;
  }
  return ASSAY_OK;
}

/// The engine hears of it too, by a mark that never holds: it keeps the page whole and says so.
/// What was marked before counts no more, and neither does what is marked after it.
assay_status_t ReadExtension::TellWrongMarks(uint32_t page, OpenPage& open, assay_status_t status) {
  if (std::exchange(open.wrong, true)) return status;
  ipc::Marks marks;
  marks.page = page;
  marks.records.push_back({0, 0});
  const auto sent = session_.Send(ipc::Type::kMarks, Encode(marks));
  return sent == ASSAY_OK ? status : sent;
}

assay_status_t ReadExtension::Mark(uint32_t page, const assay_range_t* records, uint32_t count) {
  OpenPage* open = Find(page);
  if (open == nullptr || (records == nullptr && count > 0)) return ASSAY_E_INVALID;
  if (count == 0) return ASSAY_OK;
  if (const auto s = CheckMarks(*open, records, count); s != ASSAY_OK)
    return s == ASSAY_E_INVALID ? TellWrongMarks(page, *open, s) : s;
  for (uint32_t at = 0; at < count; at += kMarksPerFrame) {
    ipc::Marks marks;
    marks.page = page;
    for (uint32_t i = at; i < std::min(count, at + kMarksPerFrame); ++i)
      marks.records.push_back({records[i].offset, records[i].length});
    if (const auto s = session_.Send(ipc::Type::kMarks, Encode(marks)); s != ASSAY_OK) return s;
  }
  open->marks += count;
  open->marked_to = records[count - 1].offset + records[count - 1].length;
  return ASSAY_OK;
}

assay_status_t ReadExtension::Next(uint32_t page, uint64_t offset, uint64_t length) {
  OpenPage* open = Find(page);
  if (open == nullptr) return ASSAY_E_INVALID;
  if (open->continued)
    return session_.Refuse(ASSAY_E_INVALID,
                           fmt::format("next: page {} was continued already", page));
  if (length < 2 || offset > open->body_len || length > open->body_len - offset)
    return session_.Refuse(ASSAY_E_INVALID, "next: link is outside the body");
  if (session_.cancelled()) return ASSAY_E_CANCELLED;
  if (const auto s = CountRead(); s != ASSAY_OK) return s;
  open->continued = true;
  return session_.Send(ipc::Type::kNextPage, Encode(ipc::NextPage{page, {offset, length}}));
}

assay_status_t ReadExtension::Finish(uint32_t page) {
  if (Find(page) == nullptr) return ASSAY_E_INVALID;
  pages_.erase(page);
  return session_.Send(ipc::Type::kPageDone, ipc::EncodePageDone(page));
}

}  // namespace assay::worker
