// Reads one answer: finds the records of a list, their byte ranges and the continuation link, and
// survives whatever a service may send instead.
#pragma once

#include <simdjson.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "assay/dataset.h"
#include "assay/notes.h"
#include "assay/record.h"
#include "assay/types.h"

namespace assay {

/// What a scan learned besides the records themselves.
struct ScanResult {
  std::vector<assay_range_t> records;  ///< byte ranges in the body, ascending
  assay_range_t link{0, 0};            ///< raw token of the continuation link; length 0: none
  uint64_t total = 0;                  ///< records of all pages together, where the service says it
  bool truncated = false;              ///< the service says that it left something out
  Notes notes;                         ///< empty when the answer was read without loss
  bool understood = false;             ///< the answer had the shape of a list (or of one object)
};

/// Called for each record in order, with its number in `records`.
using RecordHook = std::function<void(RecordFiller& record, uint32_t number, uint64_t offset)>;

/// Reads answers one after the other; keeps its buffers.
class Scanner {
 public:
  /// Scans `body` (64 readable bytes follow it). Never throws for what the body holds.
  ScanResult Scan(std::string_view body, Link link, RecordFiller& filler, const RecordHook& hook) {
    ScanResult result;
    size_t skip = 0;
    if (!Presentable(body, skip, result.notes)) return result;
    const simdjson::padded_string_view view(body.data() + skip, body.size() - skip,
                                            body.size() - skip + simdjson::SIMDJSON_PADDING);
    simdjson::ondemand::document document;
    simdjson::ondemand::object root;
    simdjson::error_code error = parser_.iterate(view).get(document);
    if (error == simdjson::SUCCESS) error = document.get_object().get(root);
    if (error != simdjson::SUCCESS) {
      result.notes.Add(Explain(error), "", skip);
      return result;
    }
    body_ = body.data();
    filler_ = &filler;
    hook_ = &hook;
    const bool whole = link == Link::kSingle ? One(root, result) : List(root, link, result);
    if (whole) CheckTail(document, result.notes);
    return result;
  }

  /// Scans an array that a record kept (Form::kRaw): each element an object, or a note.
  void ScanArray(std::string_view raw, const char* body, std::string_view where,
                 RecordFiller& filler, Notes& notes, const std::function<void()>& each) {
    if (raw.empty()) return;
    const auto offset = static_cast<uint64_t>(raw.data() - body);
    const simdjson::padded_string_view view(raw.data(), raw.size(),
                                            raw.size() + simdjson::SIMDJSON_PADDING);
    simdjson::ondemand::document document;
    simdjson::ondemand::array array;
    if (inner_.iterate(view).get(document) != simdjson::SUCCESS ||
        document.get_array().get(array) != simdjson::SUCCESS) {
      notes.Add("no readable list", where, offset);
      return;
    }
    size_t index = 0;
    for (auto element : array) {
      simdjson::ondemand::object object;
      const std::string pointer = std::string(where) + "/" + std::to_string(index++);
      const simdjson::error_code error = element.get_object().get(object);
      if (error == simdjson::INCORRECT_TYPE) {
        notes.Add("unexpected type", pointer, offset);
        continue;
      }
      if (error != simdjson::SUCCESS || !filler.Fill(object, pointer, body, notes)) {
        notes.Add("malformed JSON", pointer, offset);
        return;
      }
      each();
    }
  }

 private:
  static bool Presentable(std::string_view body, size_t& skip, Notes& notes) {
    if (body.substr(0, 3) == "\xEF\xBB\xBF") skip = 3;
    if (body.substr(0, 2) == "\xFF\xFE" || body.substr(0, 2) == "\xFE\xFF") {
      notes.Add("UTF-16 text instead of UTF-8 JSON", "", 0);
      return false;
    }
    const size_t first = body.find_first_not_of(" \t\r\n", skip);
    if (first == std::string_view::npos) {
      notes.Add("an empty answer", "", body.size());
      return false;
    }
    if (body[first] == '<') {
      notes.Add("HTML or XML instead of JSON", "", first);
      return false;
    }
    return true;
  }

  static std::string_view Explain(simdjson::error_code error) {
    switch (error) {
      case simdjson::UTF8_ERROR:
        return "invalid UTF-8";
      case simdjson::MEMALLOC:
      case simdjson::CAPACITY:
        return "an answer too large for this worker's memory";
      case simdjson::UNCLOSED_STRING:
      case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
        return "a cut answer";
      case simdjson::INCORRECT_TYPE:
        return "no JSON object";
      default:
        return "malformed JSON";
    }
  }

  bool One(simdjson::ondemand::object& root, ScanResult& result) {
    assay_range_t range{};
    if (!RangeOf(root, range) || !filler_->Fill(root, "", body_, result.notes)) {
      result.notes.Add("malformed JSON", "", range.offset);
      return false;
    }
    result.understood = true;
    result.records.push_back(range);
    (*hook_)(*filler_, 0, range.offset);
    return true;
  }

  bool List(simdjson::ondemand::object& root, Link link, ScanResult& result) {
    uint64_t byte = 0;
    for (auto entry : root) {
      simdjson::ondemand::field field;
      std::string_view key;
      const simdjson::error_code error = std::move(entry).get(field);
      if (error == simdjson::SUCCESS) byte = static_cast<uint64_t>(field.key().raw() - body_) - 1;
      if (error != simdjson::SUCCESS || field.unescaped_key().get(key) != simdjson::SUCCESS) {
        result.notes.Add(error == simdjson::SUCCESS ? "malformed JSON" : Explain(error), "", byte);
        return false;
      }
      if (key == ListKey(link)) {
        list_ = "/" + std::string(key);
        if (!Records(field.value(), byte, result)) return false;
      } else if (key == "@odata.nextLink" || key == "nextLink" || key == LinkKey(link)) {
        TakeLink(field.value(), key == LinkKey(link), key, byte, result);
      } else if (link == Link::kToken) {
        TakeCounts(field.value(), key, result);
      }
    }
    if (!result.understood) result.notes.Add("no list", "/" + std::string(ListKey(link)), byte);
    return true;
  }

  /// What Resource Graph says of its own answer: how many records there are in all, and whether it
  /// stopped early (the text "true", whatever page it stands on).
  static void TakeCounts(simdjson::ondemand::value& value, std::string_view key,
                         ScanResult& result) {
    if (key == "totalRecords") {
      uint64_t total = 0;
      if (value.get_uint64().get(total) == simdjson::SUCCESS) result.total = total;
    } else if (key == "resultTruncated") {
      std::string_view text;
      bool flag = false;
      if (value.get_string().get(text) == simdjson::SUCCESS)
        result.truncated = text == "true";
      else if (value.get_bool().get(flag) == simdjson::SUCCESS)
        result.truncated = flag;
    }
  }

  bool Records(simdjson::ondemand::value& value, uint64_t byte, ScanResult& result) {
    if (result.understood) {
      result.notes.Add("duplicate member", list_, byte);
      return true;
    }
    simdjson::ondemand::array array;
    const simdjson::error_code error = value.get_array().get(array);
    if (error == simdjson::INCORRECT_TYPE) return true;  // reported as "no list" at the end
    result.understood = error == simdjson::SUCCESS;
    size_t index = 0;
    uint64_t last = byte;
    if (result.understood) {
      for (auto element : array) {
        if (!Element(std::move(element), index++, last, result)) return false;
      }
      return true;
    }
    result.notes.Add(Explain(error), list_, byte);
    return false;
  }

  bool Element(simdjson::simdjson_result<simdjson::ondemand::value> element, size_t index,
               uint64_t& last, ScanResult& result) {
    const std::string pointer = list_ + "/" + std::to_string(index);
    simdjson::ondemand::value value;
    simdjson::ondemand::object object;
    simdjson::error_code error = std::move(element).get(value);
    if (error == simdjson::SUCCESS) error = value.get_object().get(object);
    if (error == simdjson::INCORRECT_TYPE) {
      result.notes.Add("unexpected type", pointer, last);
      return true;
    }
    assay_range_t range{};
    if (error != simdjson::SUCCESS || !RangeOf(object, range)) {
      result.notes.Add(error == simdjson::SUCCESS ? "malformed JSON" : Explain(error), pointer,
                       last);
      return false;
    }
    last = range.offset;
    if (!filler_->Fill(object, pointer, body_, result.notes)) {
      result.notes.Add("malformed JSON", pointer, last);
      return false;
    }
    result.records.push_back(range);
    (*hook_)(*filler_, static_cast<uint32_t>(result.records.size() - 1), range.offset);
    return true;
  }

  /// Bytes of an object, which is then ready to be read from its start.
  bool RangeOf(simdjson::ondemand::object& object, assay_range_t& range) const {
    std::string_view raw;
    if (object.raw_json().get(raw) != simdjson::SUCCESS) return false;
    raw = TrimRight(raw);
    range = {static_cast<uint64_t>(raw.data() - body_), raw.size()};
    return object.reset().error() == simdjson::SUCCESS && raw.size() >= 2 && raw.back() == '}';
  }

  void TakeLink(simdjson::ondemand::value& value, bool declared, std::string_view key,
                uint64_t byte, ScanResult& result) {
    simdjson::ondemand::json_type type;
    const std::string pointer = "/" + std::string(key);
    if (value.type().get(type) != simdjson::SUCCESS) return;
    if (type == simdjson::ondemand::json_type::null) return;
    if (type != simdjson::ondemand::json_type::string) {
      result.notes.Add("unexpected type", pointer, byte);
      return;
    }
    const std::string_view token = TrimRight(value.raw_json_token());
    if (token.size() <= 2) return;  // an empty string: some services end their lists so
    if (!declared) {
      result.notes.Add("a continuation that this endpoint does not declare", pointer, byte);
    } else if (result.link.length != 0) {
      result.notes.Add("duplicate member", pointer, byte);
    } else {
      result.link = {static_cast<uint64_t>(token.data() - body_), token.size()};
    }
  }

  void CheckTail(simdjson::ondemand::document& document, Notes& notes) const {
    const char* rest = nullptr;
    if (document.current_location().get(rest) == simdjson::SUCCESS && rest != nullptr) {
      notes.Add("text after the end of the JSON", "", static_cast<uint64_t>(rest - body_));
    }
  }

  simdjson::ondemand::parser parser_;
  simdjson::ondemand::parser inner_;
  const char* body_ = nullptr;
  std::string list_;  // pointer of the list that is being read
  RecordFiller* filler_ = nullptr;
  const RecordHook* hook_ = nullptr;
};

}  // namespace assay
