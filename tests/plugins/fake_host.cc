// The calls of the fake host. What a plugin may not do is noted as a breach with words.
#include "plugins/fake_host.h"

#include <dlfcn.h>
#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "assay/clock.h"
#include "assay/error.h"

namespace assay::testing {

namespace {
std::string Text(assay_str_t slice) { return std::string(FromSlice(slice)); }
}  // namespace

FakeHost::FakeHost(const std::string& plugin, Schema schema)
    : path_(std::string(ASSAY_BUILD_DIR) + "/lib/assay/plugins/" + plugin + "/" + plugin + ".so"),
      schema_(schema) {
  host_.size = sizeof(host_);
  host_.abi_major = ASSAY_ABI_MAJOR;
  host_.abi_minor = ASSAY_ABI_MINOR;
  host_.impl = this;
  host_.set_error = [](const assay_host_t* host, assay_str_t text) {
    Self(host).error_ = Text(text);
  };
  host_.extension = [](const assay_host_t*, assay_str_t id) -> const void* {
    static const assay_read_v1_t read = {
        [](const assay_host_t* host, assay_str_t endpoint, const assay_param_t* params,
           uint32_t count,
           uint64_t* ticket) { return Self(host).Request(endpoint, params, count, ticket); },
        [](const assay_host_t* host, assay_page_t* page) { return Self(host).Wait(page); },
        [](const assay_host_t* host, uint32_t page, const assay_range_t* ranges, uint32_t count) {
          return Self(host).Mark(page, ranges, count);
        },
        [](const assay_host_t* host, uint32_t page, uint64_t offset, uint64_t length) {
          return Self(host).Next(page, offset, length);
        },
        [](const assay_host_t* host, uint32_t page) { return Self(host).Done(page); }};
    static const assay_emit_v1_t emit = {
        [](const assay_host_t* host, assay_str_t name, uint32_t* number) -> assay_status_t {
          FakeHost& self = Self(host);
          if (self.Falter()) return ASSAY_E_INTERNAL;
          for (uint32_t i = 0; i < self.schema_.size(); ++i) {
            if (self.schema_[i]->id == FromSlice(name)) {
              *number = i;
              return ASSAY_OK;
            }
          }
          return ASSAY_E_NOT_FOUND;
        },
        [](const assay_host_t* host, uint32_t dataset, uint32_t page, uint32_t record,
           const assay_value_t* values,
           uint32_t count) { return Self(host).EmitRow(dataset, page, record, values, count); },
        [](const assay_host_t* host, uint32_t dataset, uint32_t completeness, uint32_t reason,
           assay_str_t detail) { return Self(host).State(dataset, completeness, reason, detail); }};
    static const assay_clock_v1_t fixed_time = {
        [](const assay_host_t*) -> int64_t { return 1'781'524'800'000; }};  // 2026-06-15T12:00:00Z
    if (FromSlice(id) == ASSAY_EXT_CLOCK) return &fixed_time;
    if (FromSlice(id) == ASSAY_EXT_READ) return &read;
    if (FromSlice(id) == ASSAY_EXT_EMIT) return &emit;
    return nullptr;
  };
}

void FakeHost::Serve(const std::string& endpoint, std::vector<Answer> answers,
                     const std::string& parameter) {
  served_[endpoint + "|" + parameter] = std::move(answers);
}

assay_status_t FakeHost::Run() {
  void* library = dlopen(path_.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    error_ = dlerror();
    return ASSAY_E_NOT_FOUND;
  }
  const auto* plugin = static_cast<const assay_plugin_v1_t*>(dlsym(library, ASSAY_PLUGIN_SYMBOL));
  if (plugin == nullptr || plugin->magic != ASSAY_ABI_MAGIC) return ASSAY_E_UNSUPPORTED;
  return Run(*plugin);
}

assay_status_t FakeHost::Run(const assay_plugin_v1_t& plugin) {
  void* state = nullptr;
  assay_status_t status = plugin.create(&host_, &state);
  if (status != ASSAY_OK) return status;
  status = plugin.run(state);
  plugin.destroy(state);
  return status;
}

assay_status_t FakeHost::Request(assay_str_t endpoint, const assay_param_t* params, uint32_t count,
                                 uint64_t* ticket) {
  if (Falter()) return ASSAY_E_INTERNAL;
  const std::string id = Text(endpoint);
  if (const auto refused = refused_.find(id); refused != refused_.end()) return refused->second;
  if (open_.size() >= limit_) return ASSAY_E_LIMIT;
  const std::string value = count == 0 ? "" : Text(params[0].value);
  requests_.push_back(id + (value.empty() ? "" : " " + value));
  auto found = served_.find(id + "|" + value);
  if (found == served_.end()) found = served_.find(id + "|");
  const std::vector<Answer> answers =
      found == served_.end() ? std::vector<Answer>{otherwise_} : found->second;
  *ticket = tickets_.size() + 100;
  tickets_[*ticket] = {id, {answers.begin(), answers.end()}, 0};
  ready_.push_back(*ticket);
  open_.insert(*ticket);
  return ASSAY_OK;
}

assay_status_t FakeHost::Wait(assay_page_t* out) {
  if (Falter()) return ASSAY_E_INTERNAL;
  if (ready_.empty()) return ASSAY_END;
  const uint64_t number = ready_.back();  // not the order asked for: a plugin may not rely on it
  ready_.pop_back();
  Ticket& ticket = tickets_[number];
  const Answer answer = ticket.answers.empty() ? Answer{"", ASSAY_PAGE_REFUSED, 0, "no such page"}
                                               : ticket.answers.front();
  if (!ticket.answers.empty()) ticket.answers.pop_front();
  Page& page = pages_.emplace_back();
  page.ticket = number;
  page.length = answer.body.size();
  page.buffer = std::make_unique<char[]>(page.length + 64);  // zeroed: the padding
  std::memcpy(page.buffer.get(), answer.body.data(), page.length);
  page.reason = answer.reason;
  *out = {number,         static_cast<uint32_t>(pages_.size() - 1),
          ticket.index++, answer.outcome,
          answer.status,  page.buffer.get(),
          page.length,    ToSlice(page.reason)};
  return ASSAY_OK;
}

assay_status_t FakeHost::Mark(uint32_t number, const assay_range_t* ranges, uint32_t count) {
  if (Falter()) return ASSAY_E_INTERNAL;
  if (number >= pages_.size() || pages_[number].done) return ASSAY_E_INVALID;
  Page& page = pages_[number];
  const Ticket& ticket = tickets_[page.ticket];
  for (uint32_t i = 0; i < count; ++i) {
    const assay_range_t& range = ranges[i];
    if (range.offset < page.marked_to || range.offset + range.length > page.length ||
        range.length < 2 || page.buffer[range.offset] != '{' ||
        page.buffer[range.offset + range.length - 1] != '}') {
      Breach("a mark that is no object, or out of order");
      return ASSAY_E_INVALID;
    }
    page.marked_to = range.offset + range.length;
    ++page.marks;
    if (ticket.index == 1) {
      records_[ticket.endpoint].emplace_back(page.buffer.get() + range.offset, range.length);
    }
  }
  return ASSAY_OK;
}

assay_status_t FakeHost::Next(uint32_t number, uint64_t offset, uint64_t length) {
  if (Falter()) return ASSAY_E_INTERNAL;
  if (number >= pages_.size()) return ASSAY_E_INVALID;
  Page& page = pages_[number];
  const auto stands = [&](char first, char last) {
    return page.buffer[offset] == first && page.buffer[offset + length - 1] == last;
  };
  // A string token of JSON, or an element of a listing.
  if (page.next_asked || offset + length > page.length || length < 2 ||
      (!stands('"', '"') && !stands('<', '>'))) {
    Breach("next does not point at a string token or an element, or was asked twice");
    return ASSAY_E_INVALID;
  }
  page.next_asked = true;
  ready_.push_back(page.ticket);
  return ASSAY_OK;
}

assay_status_t FakeHost::Done(uint32_t number) {
  if (Falter()) return ASSAY_E_INTERNAL;
  if (number >= pages_.size() || pages_[number].done) {
    Breach("done twice, or of no page");
    return ASSAY_E_INVALID;
  }
  Page& page = pages_[number];
  for (const uint32_t record : page.rows) {
    if (record != ASSAY_NO_RECORD && record >= page.marks) Breach("a row of an unmarked record");
  }
  page.done = true;
  std::memset(page.buffer.get(), 'X', page.length);  // who reads it later reads nonsense
  if (!page.next_asked) open_.erase(page.ticket);
  return ASSAY_OK;
}

void FakeHost::CheckValue(const DatasetInfo& dataset, uint32_t column, const assay_value_t& value) {
  const CellType type = dataset.columns[column].type;
  const std::string name =
      std::string(dataset.id) + "." + std::string(dataset.columns[column].name);
  if (value.kind == ASSAY_NULL) {
    if ((dataset.key_mask >> column & 1u) != 0) Breach(name + " is a key and null");
    return;
  }
  const bool number = type == CellType::kInt || type == CellType::kBool;
  if ((value.kind == ASSAY_INT) != number) Breach(name + " has a value of the wrong kind");
  if (type == CellType::kBool && (value.integer < 0 || value.integer > 1))
    Breach(name + " is no bool");
  if (number) return;
  if (!simdjson::validate_utf8(value.text.ptr, value.text.len)) Breach(name + " is no UTF-8");
  if (type == CellType::kJson) {
    simdjson::dom::parser parser;
    if (parser.parse(value.text.ptr, value.text.len, true).error() != simdjson::SUCCESS) {
      Breach(name + " is no JSON");
    }
  }
}

assay_status_t FakeHost::EmitRow(uint32_t number, uint32_t page, uint32_t record,
                                 const assay_value_t* values, uint32_t count) {
  if (Falter()) return ASSAY_E_INTERNAL;
  if (number >= schema_.size() || page >= pages_.size() ||
      (pages_[page].done && record != ASSAY_NO_RECORD) || schema_[number]->column_count != count) {
    Breach("a row that fits no dataset or no open page");
    return ASSAY_E_INVALID;
  }
  const DatasetInfo& dataset = *schema_[number];
  Row row;
  for (uint32_t i = 0; i < count; ++i) {
    CheckValue(dataset, i, values[i]);
    Cell& cell = row[std::string(dataset.columns[i].name)];
    cell.null = values[i].kind == ASSAY_NULL;
    cell.is_text = values[i].kind == ASSAY_TEXT;
    if (cell.is_text) cell.text = Text(values[i].text);
    cell.number = values[i].integer;
  }
  pages_[page].rows.push_back(record);
  datasets_[std::string(dataset.id)].rows.push_back(std::move(row));
  return ASSAY_OK;
}

assay_status_t FakeHost::State(uint32_t number, uint32_t completeness, uint32_t reason,
                               assay_str_t detail) {
  if (Falter()) return ASSAY_E_INTERNAL;
  if (number >= schema_.size() || completeness > ASSAY_UNAVAILABLE ||
      (completeness == ASSAY_COMPLETE) != (reason == ASSAY_REASON_NONE)) {
    Breach("a state that makes no sense");
    return ASSAY_E_INVALID;
  }
  DatasetSeen& seen = datasets_[std::string(schema_[number]->id)];
  seen.stated = true;
  if (completeness >= seen.completeness) {
    seen.completeness = completeness;
    seen.reason = reason;
    seen.detail = Text(detail);
  }
  return ASSAY_OK;
}

Schema SchemaOf(const std::string& plugin) {
  if (plugin == "graph") return Schema_graph();
  if (plugin == "azure-policy") return Schema_azure_policy();
  if (plugin == "intune") return Schema_intune();
  if (plugin == "activity-log") return Schema_activity_log();
  if (plugin == "cost") return Schema_cost();
  return Schema_defender();
}

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string Fixture(const std::string& plugin, const std::string& name) {
  return ReadText(std::string(ASSAY_SOURCE_DIR) + "/plugins/" + plugin + "/fixtures/" + name +
                  ".json");
}

void ServeFixtures(FakeHost& host, const std::string& plugin) {
  const std::filesystem::path folder =
      std::filesystem::path(ASSAY_SOURCE_DIR) / "plugins" / plugin / "fixtures";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().stem().string();
    if (name.ends_with(".2")) continue;
    std::vector<Answer> answers = {{Fixture(plugin, name)}};
    const std::string second = Fixture(plugin, name + ".2");
    if (!second.empty()) answers.push_back({second});
    host.Serve(name, answers);
  }
}

}  // namespace assay::testing
