#include "config/lock_file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "config/values.h"

namespace assay::config {
namespace {

tl::unexpected<Error> At(const std::string& name, const toml::source_region& where,
                         const std::string& what) {
  return Fail(Code::kInvalidInput,
              fmt::format("{}:{}:{}: {}", name, where.begin.line, where.begin.column, what));
}

bool IsDigest(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

bool IsReadCharacter(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

class LockReader {
 public:
  explicit LockReader(std::string name) : name_(std::move(name)) {}

  Result<std::vector<LockEntry>> Read(const toml::table& root) {
    ASSAY_TRY(OnlyKeys(root, {"schema", "plugin"}));
    if (root["schema"].value_or(int64_t{0}) != 1)
      return At(name_, root.source(), "expected schema = 1");
    std::vector<LockEntry> out;
    if (!root.contains("plugin")) return out;
    const toml::array* plugins = root["plugin"].as_array();
    if (plugins == nullptr) return At(name_, root.source(), "expected [[plugin]]");
    for (const toml::node& node : *plugins) {
      ASSAY_ASSIGN(LockEntry entry, ReadEntry(node));
      if (!ids_.insert(entry.id).second)
        return At(name_, node.source(), "plugin " + Quote(entry.id) + " is locked twice");
      out.push_back(std::move(entry));
    }
    return out;
  }

 private:
  Status OnlyKeys(const toml::table& table, std::initializer_list<std::string_view> known) {
    for (const auto& [key, node] : table)
      if (std::find(known.begin(), known.end(), key.str()) == known.end())
        return At(name_, key.source(), "unknown key " + Quote(key.str()));
    return {};
  }

  Result<std::string> Text(const toml::table& table, std::string_view key, bool digest) {
    const auto value = table[key].value<std::string>();
    if (!value || value->empty())
      return At(name_, table.source(), fmt::format("{} is missing or no text", key));
    if (digest && !IsDigest(*value))
      return At(name_, table[key].node()->source(),
                fmt::format("{}: expected 64 hexadecimal digits", key));
    return *value;
  }

  Result<LockEntry> ReadEntry(const toml::node& node) {
    const toml::table* table = node.as_table();
    if (table == nullptr) return At(name_, node.source(), "expected a table");
    ASSAY_TRY(OnlyKeys(*table, {"id", "version", "key", "manifest", "grant", "reads", "files"}));
    LockEntry entry;
    ASSAY_ASSIGN(entry.id, Text(*table, "id", false));
    if (const std::string wrong = kName.check(entry.id); !wrong.empty())
      return At(name_, (*table)["id"].node()->source(), "id " + Quote(entry.id) + ": " + wrong);
    ASSAY_ASSIGN(entry.version, Text(*table, "version", false));
    if (table->contains("key")) {
      ASSAY_ASSIGN(entry.key, Text(*table, "key", false));
    }
    ASSAY_ASSIGN(entry.manifest_sha256, Text(*table, "manifest", true));
    ASSAY_TRY(ReadGrant(*table, entry));
    ASSAY_TRY(ReadFiles(*table, entry));
    return entry;
  }

  /// Both keys, or none of them: a grant that does not say what it is for could not be shown.
  Status ReadGrant(const toml::table& table, LockEntry& entry) {
    if (!table.contains("grant") && !table.contains("reads")) return {};
    ASSAY_ASSIGN(entry.grant_sha256, Text(table, "grant", true));
    const toml::array* reads = table["reads"].as_array();
    if (reads == nullptr) return At(name_, table.source(), "reads is missing");
    for (const toml::node& read : *reads) {
      const auto line = read.value<std::string>();
      if (!line || line->empty() || !std::all_of(line->begin(), line->end(), IsReadCharacter))
        return At(name_, read.source(), "expected a line of a read set");
      if (!entry.reads.empty() && !(entry.reads.back() < *line))
        return At(name_, read.source(), "reads are not in order");
      entry.reads.push_back(*line);
    }
    return {};
  }

  Status ReadFiles(const toml::table& table, LockEntry& entry) {
    const toml::array* files = table["files"].as_array();
    if (files == nullptr) return At(name_, table.source(), "files is missing");
    for (const toml::node& file : *files) {
      const toml::table* one = file.as_table();
      if (one == nullptr) return At(name_, file.source(), "expected { name, sha256 }");
      ASSAY_TRY(OnlyKeys(*one, {"name", "sha256"}));
      ASSAY_ASSIGN(const std::string file_name, Text(*one, "name", false));
      ASSAY_ASSIGN(const std::string digest, Text(*one, "sha256", true));
      if (!entry.files.emplace(file_name, digest).second)
        return At(name_, one->source(), "file " + Quote(file_name) + " is listed twice");
    }
    return {};
  }

  std::string name_;
  std::set<std::string> ids_;
};

}  // namespace

Result<std::vector<LockEntry>> ParseLock(std::string_view toml, const std::string& name) {
  try {
    return LockReader(name).Read(toml::parse(toml));
  } catch (const toml::parse_error& e) {
    return At(name, e.source(), std::string(e.description()));
  }
}

std::string FormatLock(const std::vector<LockEntry>& entries) {
  std::string out =
      "# Made by assay. Pins every file of every plugin and what it may read.\nschema = 1\n";
  for (const LockEntry& entry : entries) {
    // What JSON escapes in a string, TOML reads back the same.
    out += fmt::format("\n[[plugin]]\nid = {}\nversion = {}\n", JsonString(entry.id),
                       JsonString(entry.version));
    if (!entry.key.empty()) out += fmt::format("key = {}\n", JsonString(entry.key));
    out += fmt::format("manifest = {}\n", JsonString(entry.manifest_sha256));
    if (!entry.grant_sha256.empty()) {
      out += fmt::format("grant = {}\nreads = [\n", JsonString(entry.grant_sha256));
      for (const std::string& line : entry.reads) out += fmt::format("  {},\n", JsonString(line));
      out += "]\n";
    }
    out += "files = [\n";
    for (const auto& [name, digest] : entry.files)
      out += fmt::format("  {{ name = {}, sha256 = {} }},\n", JsonString(name), JsonString(digest));
    out += "]\n";
  }
  return out;
}

}  // namespace assay::config
