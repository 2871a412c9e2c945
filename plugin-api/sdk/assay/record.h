// One record of an answer while it is being read: its row, its kept slices, and the walk that fills
// both from a JSON object.
#pragma once

#include <simdjson.h>

#include <array>
#include <bitset>
#include <string>
#include <string_view>

#include "assay/item.h"
#include "assay/json_cell.h"
#include "assay/mapping.h"
#include "assay/notes.h"
#include "assay/row.h"

namespace assay {

/// Fills one row from one JSON object after a mapping.
class RecordFiller {
 public:
  static constexpr size_t kMaxNodes = 128;

  explicit RecordFiller(const Mapping& mapping)
      : mapping_(&mapping), item_(ItemTree(mapping.dataset())), row_(mapping.dataset()) {
    if (mapping.node_count() > kMaxNodes) {
      throw PluginError(ASSAY_E_INVALID, "a mapping has too many members");
    }
  }

  /// Reads the object; `where` is its JSON pointer, `body` the start of the answer (for offsets).
  /// False when the JSON is malformed: the row must not be emitted and the document is over.
  bool Fill(simdjson::ondemand::object& object, std::string_view where, const char* body,
            Notes& notes) {
    row_.Clear();
    raw_.fill({});
    seen_.reset();
    where_ = where;
    body_ = body;
    if (!item_.children.empty() && !FillItem(object)) return false;
    const ItemNode* item = item_.children.empty() ? nullptr : &item_;
    return Walk(object, mapping_->root(), item, notes);
  }
  /// Members met so far, of all records, that neither a column nor the item column takes.
  uint64_t dropped() const { return dropped_; }

  Row& row() { return row_; }
  /// JSON pointer of the record within its answer.
  const std::string& where() const { return where_; }
  /// The bytes of an array or object that a Form::kRaw rule kept; empty when absent or null.
  std::string_view raw(uint32_t number) const { return raw_.at(number); }

 private:
  bool FillItem(simdjson::ondemand::object& object) {
    std::string& text = item_text_;
    text.clear();
    if (!writer_.Object(object, item_, text)) return false;
    // SQLite will read it again; a malformed part of what is kept makes the record malformed.
    if (!IsWholeJson(text)) return false;
    row_.Text(mapping_->dataset().item_column, text);
    return object.reset().error() == simdjson::SUCCESS;
  }

  /// `item`: where the item column stands in the same object; nullptr below members it keeps whole
  /// or does not keep.
  bool Walk(simdjson::ondemand::object& object, const Mapping::Node& node, const ItemNode* item,
            Notes& notes) {
    std::string scratch;
    for (auto entry : object) {
      simdjson::ondemand::field field;
      if (std::move(entry).get(field) != simdjson::SUCCESS) return false;
      const auto byte = static_cast<uint64_t>(field.key().raw() - body_) - 1;
      std::string_view key;
      if (!NameOf(field, scratch, key)) return false;
      const Mapping::Node* child = node.Find(key);
      const ItemNode* kept = item == nullptr ? nullptr : item->Find(key);
      if (child == nullptr) {
        if (kept == nullptr) ++dropped_;
        continue;
      }
      if (seen_.test(child->index)) {
        notes.Add("duplicate member", where_ + child->path, byte);
        continue;  // the first one stays
      }
      seen_.set(child->index);
      if (!Take(field.value(), *child, kept, byte, notes)) return false;
    }
    return true;
  }

  bool Take(simdjson::ondemand::value& value, const Mapping::Node& node, const ItemNode* item,
            uint64_t byte, Notes& notes) {
    simdjson::ondemand::json_type type;
    if (value.type().get(type) != simdjson::SUCCESS) return false;
    if (type == simdjson::ondemand::json_type::null) {
      bool null = false;
      return value.is_null().get(null) == simdjson::SUCCESS && null;
    }
    if (node.rule == Mapping::kNoRule) {
      simdjson::ondemand::object inner;
      if (type == simdjson::ondemand::json_type::object) {
        return value.get_object().get(inner) == simdjson::SUCCESS && Walk(inner, node, item, notes);
      }
      notes.Add("unexpected type", where_ + node.path, byte);
      return true;
    }
    const Rule& rule = mapping_->rule(node.rule);
    const CellFault fault = rule.form == Form::kRaw
                                ? Keep(value, type, rule.column)
                                : FillCell(row_, rule.column, value, rule.form == Form::kFold);
    if (fault == CellFault::kWrongType) notes.Add("unexpected type", where_ + node.path, byte);
    if (fault == CellFault::kMalformed) notes.Add("malformed value", where_ + node.path, byte);
    return true;
  }

  CellFault Keep(simdjson::ondemand::value& value, simdjson::ondemand::json_type type,
                 uint32_t number) {
    using simdjson::ondemand::json_type;
    if (type != json_type::array && type != json_type::object) return CellFault::kWrongType;
    raw_.at(number) = RawOf(value, type);
    return raw_.at(number).empty() ? CellFault::kMalformed : CellFault::kNone;
  }

  const Mapping* mapping_;
  const ItemNode item_;
  ItemWriter writer_;
  std::string item_text_;
  uint64_t dropped_ = 0;
  Row row_;
  std::array<std::string_view, Mapping::kMaxRaw> raw_{};
  std::bitset<kMaxNodes> seen_;
  std::string where_;
  const char* body_ = nullptr;
};

}  // namespace assay
