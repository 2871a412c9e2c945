#include "config/schema.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace assay::config {
namespace {

std::string Join2(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : path + "." + std::string(name);
}

std::vector<std::string> Words(std::string_view words) {
  std::vector<std::string> out;
  if (words.empty()) return out;
  for (std::string_view word : Split(words, '|')) out.emplace_back(word);
  return out;
}

std::string WordList(std::string_view words) {
  std::string out;
  for (const std::string& word : Words(words)) out += (out.empty() ? "\"" : ", \"") + word + "\"";
  return out;
}

bool Contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool IsFreeValue(const toml::node& node) {
  if (node.is_integer() || node.is_boolean() || node.is_string()) return true;
  const toml::array* list = node.as_array();
  return list != nullptr && std::all_of(list->begin(), list->end(), [](const toml::node& item) {
           return item.is_integer() || item.is_string();
         });
}

bool HasForm(const toml::node& node, Form form) {
  switch (form) {
    case Form::kText:
      return node.is_string();
    case Form::kInteger:
      return node.is_integer();
    case Form::kBool:
      return node.is_boolean();
    case Form::kDate:
      return node.is_date() || node.is_string();
    case Form::kTextList:
      return node.is_array();
    case Form::kTable:
    case Form::kFreeTable:
    case Form::kNamedTables:
      return node.is_table();
    case Form::kTables:
      return node.is_array() && std::all_of(node.as_array()->begin(), node.as_array()->end(),
                                            [](const toml::node& n) { return n.is_table(); });
    case Form::kFree:
      return IsFreeValue(node);
  }
  return false;
}

// The literal as written, for a fix that can be pasted; only for scalars.
std::string Literal(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (const auto* real = node.as_floating_point()) return fmt::format("{}", real->get());
  return {};
}

}  // namespace

const Key* Schema::Find(std::string_view name) const {
  const auto it =
      std::find_if(keys.begin(), keys.end(), [&](const Key& k) { return k.name == name; });
  return it == keys.end() ? nullptr : &*it;
}

void Walker::Walk(const Document& document, const Schema& schema, bool complete) {
  document_ = &document;
  WalkTable(document.root, schema, "", complete);
}

void Walker::WalkTable(const toml::table& table, const Schema& schema, const std::string& path,
                       bool complete) {
  for (const auto& [key, node] : table) {
    const Key* spec = schema.Find(key.str());
    if (spec == nullptr && schema.others != nullptr && node.is_table()) {
      WalkNamedItem(key, node, schema.others(), path);
    } else if (spec == nullptr) {
      UnknownKey(key, schema);
    } else if (spec->later && report_.HasAt(PlaceOf(*document_, key))) {
      continue;  // a literal secret: said already
    } else if (spec->later) {
      report_
          .Error("AS-CFG-030", PlaceOf(*document_, key),
                 fmt::format("{} in {} is not available in this version", Quote(key.str()),
                             schema.title))
          .caret_note = "remove it: a setting that nothing obeys would mislead";
    } else {
      WalkValue(key, node, *spec, Join2(path, key.str()), complete);
    }
  }
  if (complete) Complete(Fields(schema, {{document_, &table}}), schema, path);
}

void Walker::WalkValue(const toml::key& key, const toml::node& node, const Key& spec,
                       const std::string& path, bool complete) {
  if (!CheckForm(node, spec)) return;
  switch (spec.type->form) {
    case Form::kTable:
      return WalkTable(*node.as_table(), spec.table(), path, complete);
    case Form::kTables:
      return WalkItems(*node.as_array(), spec, path);
    case Form::kNamedTables:
      return WalkNamed(*node.as_table(), spec, path);
    case Form::kTextList:
      CheckList(*node.as_array(), spec);
      break;
    case Form::kText:
    case Form::kDate:
      CheckText(node, *TextOf(node), spec);
      break;
    default:
      break;
  }
  if (spec.type == &kCount && node.as_integer()->get() < 0)
    report_.Error("AS-CFG-004", PlaceOf(*document_, node),
                  fmt::format("{} may not be negative", Quote(key.str())));
  const Place place = PlaceOf(*document_, key);
  if (Define(path, place, fmt::format("key {}", Quote(path))))
    origins_.push_back({path, FormatNode(node), PlaceOf(*document_, node)});
}

void Walker::WalkItems(const toml::array& items, const Key& spec, const std::string& path) {
  const Schema& schema = spec.table();
  size_t number = 0;
  for (const toml::node& item : items) {
    const toml::table& table = *item.as_table();
    std::string name = fmt::format("{}", number++);
    const toml::node* identity = schema.identity.empty() ? nullptr : table.get(schema.identity);
    if (identity != nullptr && identity->is_string()) {
      name = identity->as_string()->get();
      if (!Define(Join2(path, name), PlaceOf(*document_, *identity),
                  fmt::format("{} {}", schema.noun, Quote(name))))
        name += fmt::format("#{}", number);
    }
    WalkTable(table, schema, Join2(path, name), true);
  }
}

void Walker::WalkNamed(const toml::table& named, const Key& spec, const std::string& path) {
  for (const auto& [key, node] : named) WalkNamedItem(key, node, spec.table(), path);
}

void Walker::WalkNamedItem(const toml::key& key, const toml::node& node, const Schema& schema,
                           const std::string& path) {
  std::string name(key.str());
  const toml::table* table = node.as_table();
  if (table == nullptr) {
    report_.Error("AS-CFG-004", PlaceOf(*document_, key),
                  fmt::format("expected a table {}, found {}", schema.title, Found(node)));
    return;
  }
  if (const std::string wrong = schema.names->check(name); !wrong.empty())
    report_
        .Error("AS-CFG-004", PlaceOf(*document_, key),
               fmt::format("{} is not {}", Quote(name, 60), schema.names->noun))
        .caret_note = wrong;
  if (!Define(Join2(path, name), PlaceOf(*document_, key),
              fmt::format("{} {}", schema.noun, Quote(name))))
    name += "#again";  // its keys are not each defined twice
  WalkTable(*table, schema, Join2(path, name), true);
}

bool Walker::CheckForm(const toml::node& node, const Key& spec) {
  if (HasForm(node, spec.type->form)) return true;
  Diagnostic& d = report_.Error("AS-CFG-004", PlaceOf(*document_, node),
                                fmt::format("expected {}, found {}", spec.type->noun, Found(node)));
  const std::string literal = Literal(node);
  if (spec.type->fix != nullptr && !literal.empty()) d.caret_note = spec.type->fix(literal);
  if (d.caret_note.empty() && spec.table != nullptr)
    d.caret_note = fmt::format("write it as {}", spec.table().title);
  return false;
}

void Walker::CheckList(const toml::array& list, const Key& spec) {
  std::map<std::string, int> seen;
  for (const toml::node& item : list) {
    if (!item.is_string()) {
      report_
          .Error("AS-CFG-004", PlaceOf(*document_, item),
                 fmt::format("expected a string, found {}", Found(item)))
          .caret_note = fmt::format("write \"{}\"", Literal(item));
      continue;
    }
    const std::string& text = item.as_string()->get();
    CheckText(item, text, spec);
    if (seen[text]++ > 0)
      report_.Error("AS-CFG-008", PlaceOf(*document_, item),
                    fmt::format("{} stands twice in the list", Quote(text)));
  }
}

void Walker::CheckText(const toml::node& node, const std::string& text, const Key& spec) {
  const Place place = PlaceOf(*document_, node);
  const std::vector<std::string> later = Words(spec.later_words);
  if (Contains(later, text)) {
    report_
        .Error("AS-CFG-030", place, fmt::format("{} is not available in this version", Quote(text)))
        .caret_note = "available: " + WordList(spec.words);
    return;
  }
  if (const std::vector<std::string> words = Words(spec.words);
      !words.empty() && !Contains(words, text)) {
    Diagnostic& d = report_.Error("AS-CFG-004", place,
                                  fmt::format("{} is not a word for {}", Quote(text), spec.name));
    const std::string nearest = NearestWord(text, words);
    d.caret_note = nearest.empty() ? "write one of " + WordList(spec.words)
                                   : fmt::format("did you mean \"{}\"?", nearest);
  }
  if (spec.type->check == nullptr || spec.type == &kReference) return;
  const std::string wrong = spec.type->check(text);
  if (wrong.empty()) return;
  std::string_view noun = spec.type->noun;
  if (spec.type->form == Form::kTextList) noun = "allowed here";
  report_.Error("AS-CFG-004", place, fmt::format("{} is not {}", Quote(text, 60), noun))
      .caret_note = wrong;
}

void Walker::UnknownKey(const toml::key& key, const Schema& schema) {
  if (report_.HasAt(PlaceOf(*document_, key))) return;  // a literal secret: said already
  Diagnostic& d =
      report_.Error("AS-CFG-001", PlaceOf(*document_, key),
                    fmt::format("unknown key {} in {}", Quote(key.str(), 60), schema.title));
  std::vector<std::string> names, later;
  for (const Key& k : schema.keys) (k.later ? later : names).emplace_back(k.name);
  const std::string nearest = NearestWord(key.str(), names);
  if (!nearest.empty())
    d.caret_note = fmt::format("did you mean \"{}\"?", nearest);
  else if (const std::string planned = NearestWord(key.str(), later); !planned.empty())
    d.caret_note = fmt::format("did you mean \"{}\"? It is not available in this version", planned);
  d.notes.push_back("keys here: " + Join(names, ", "));
}

bool Walker::Define(const std::string& path, const Place& place, const std::string& what) {
  const auto [it, fresh] = defined_.try_emplace(path, place);
  if (fresh) return true;
  report_.Error("AS-CFG-008", place, what + " is defined twice")
      .notes.push_back(fmt::format("first defined at {}:{}:{}", it->second.file, it->second.line,
                                   it->second.column));
  return false;
}

void Walker::Complete(const Fields& fields, const Schema& schema, const std::string& path) {
  for (const Key& key : schema.keys) {
    const bool has = fields.Has(key.name);
    if (key.required && !has && !fields.parts().empty()) {
      Place place = fields.Where();
      if (LineOf(*fields.parts().front().document, place.line).substr(0, 1) != "[") {
        place.end_line = place.line;  // an inline table: its brace is enough
        place.end_column = place.column + 1;
      }
      Diagnostic& d = report_.Error(
          "AS-CFG-002", place, fmt::format("key \"{}\" is missing in {}", key.name, schema.title));
      if (key.type->form == Form::kText)
        d.notes.push_back(fmt::format("help: add  {} = \"...\"  ({})", key.name, key.type->noun));
      if (key.type->form == Form::kTable)
        d.notes.push_back(fmt::format("help: add  {} = {{ ... }}  ({})", key.name, key.type->noun));
    }
    if (!key.fallback.empty() && !has)
      origins_.push_back({Join2(path, key.name), std::string(key.fallback), std::nullopt});
  }
}

void Walker::CompleteTables(const Fields& fields, const Schema& schema) {
  Complete(fields, schema, "");
  for (const Key& key : schema.keys)
    if (key.type == &kTable && !key.later)
      Complete(fields.Sub(key.name), key.table(), std::string(key.name));
}

}  // namespace assay::config
