#include "listing.h"

#include <array>
#include <charconv>
#include <cstdio>

#include "civil_time.h"

namespace assay::cost {
namespace {

constexpr size_t kDeepest = 16, kMaxFiles = 1'000'000;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

void AppendUtf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += {static_cast<char>(0xc0 | c >> 6), static_cast<char>(0x80 | (c & 0x3f))};
  } else if (c < 0x10000) {
    out += {static_cast<char>(0xe0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3f)),
            static_cast<char>(0x80 | (c & 0x3f))};
  } else {
    out += {static_cast<char>(0xf0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 0x3f)),
            static_cast<char>(0x80 | (c >> 6 & 0x3f)), static_cast<char>(0x80 | (c & 0x3f))};
  }
}

/// "amp", "#38", "#x26". False for all others.
bool AppendEntity(std::string_view name, std::string& out) {
  constexpr std::pair<std::string_view, char> kNamed[] = {
      {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
  for (const auto& [known, c] : kNamed)
    if (name == known) return out += c, true;
  if (!name.starts_with('#')) return false;
  const bool hex = name.starts_with("#x");
  name.remove_prefix(hex ? 2 : 1);
  uint32_t value = 0;
  const auto read = std::from_chars(name.data(), name.data() + name.size(), value, hex ? 16 : 10);
  if (name.empty() || read.ec != std::errc() || read.ptr != name.data() + name.size() ||
      value == 0 || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
    return false;
  AppendUtf8(out, value);
  return true;
}

bool Unescape(std::string_view text, std::string& out) {
  out.clear();
  while (!text.empty()) {
    const size_t amp = std::min(text.find('&'), text.size());
    out.append(text.substr(0, amp));
    text.remove_prefix(amp);
    if (text.empty()) break;
    const size_t semicolon = text.find(';');
    if (semicolon == text.npos || !AppendEntity(text.substr(1, semicolon - 1), out)) return false;
    text.remove_prefix(semicolon + 1);
  }
  return true;
}

/// "Sun, 06 Nov 1994 08:49:37 GMT" in seconds; 0 when it is none.
int64_t ParseDate(const std::string& text) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char name[4] = {};
  int day = 0, year = 0, hour = 0, minute = 0, second = 0;
  if (std::sscanf(text.c_str(), "%*3s, %2d %3s %4d %2d:%2d:%2d", &day, name, &year, &hour, &minute,
                  &second) != 6)
    return 0;
  int64_t month = 0;
  for (size_t i = 0; i < kMonths.size(); ++i)
    if (kMonths[i] == name) month = static_cast<int64_t>(i) + 1;
  if (month == 0) return 0;
  return ((DaysOf(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
}

class ListingReader {
 public:
  explicit ListingReader(std::string_view xml) : xml_(xml) {}

  Listing Read() {
    if (xml_.starts_with("\xef\xbb\xbf")) at_ = 3;
    while (out_.fault.empty() && Next()) {
    }
    if (out_.fault.empty() && (!path_.empty() || !root_seen_))
      out_.fault = "the listing ends too early";
    return std::move(out_);
  }

 private:
  bool Fault(const char* what) {
    out_.fault = std::string(what) + " at byte " + std::to_string(at_);
    return false;
  }

  /// One tag with the text before it.
  bool Next() {
    const size_t open = xml_.find('<', at_);
    const std::string_view before = xml_.substr(at_, std::min(open, xml_.size()) - at_);
    if (open == xml_.npos) {
      for (const char c : before)
        if (!IsSpace(c)) return Fault("text outside of all elements");
      at_ = xml_.size();
      return false;
    }
    const size_t close = xml_.find('>', open);
    if (close == xml_.npos) return Fault("a tag is not closed");
    std::string_view tag = xml_.substr(open + 1, close - open - 1);
    at_ = open;
    if (tag.starts_with('?')) {
      at_ = close + 1;
      return true;
    }
    if (tag.starts_with('!')) return Fault("a declaration or comment, which listings do not have");
    const bool ok =
        tag.starts_with('/') ? EndTag(tag.substr(1), before, close + 1) : StartTag(tag, open);
    at_ = close + 1;
    return ok;
  }

  bool StartTag(std::string_view tag, size_t open) {
    const bool empty = tag.ends_with('/');
    if (empty) tag.remove_suffix(1);
    size_t length = 0;
    while (length < tag.size() && !IsSpace(tag[length])) ++length;
    if (length == 0) return Fault("a tag without a name");
    if (path_.empty() && root_seen_) return Fault("a second root element");
    if (path_.size() == kDeepest) return Fault("elements nest too deep");
    root_seen_ = true;
    encoded_ = tag.substr(length).find("Encoded=\"true\"") != tag.npos;
    if (empty) return true;
    path_.push_back(tag.substr(0, length));
    opened_at_ = open;
    leaf_ = true;
    if (path_.back() == "Blob") file_ = ListedFile();
    return true;
  }

  bool EndTag(std::string_view name, std::string_view text, size_t behind) {
    while (!name.empty() && IsSpace(name.back())) name.remove_suffix(1);
    if (path_.empty() || path_.back() != name) return Fault("tags do not match");
    const bool good = !leaf_ || Leaf(name, text, behind);
    path_.pop_back();
    leaf_ = false;
    if (good && name == "Blob") {
      if (file_.name.empty()) return Fault("a file without a name");
      if (out_.files.size() == kMaxFiles) return Fault("more than 1,000,000 files");
      out_.files.push_back(std::move(file_));
    }
    return good;
  }

  bool Leaf(std::string_view name, std::string_view raw, size_t behind) {
    std::string text;
    if (!Unescape(raw, text)) return Fault("an unknown entity");
    const std::string_view above = path_.size() > 1 ? path_[path_.size() - 2] : "";
    if (name == "NextMarker" && path_.size() == 2 && !text.empty()) {
      out_.marker_offset = opened_at_;
      out_.marker_length = behind - opened_at_;
    }
    if (name == "Name" && above == "Blob") {
      if (encoded_) return Fault("a name that XML cannot hold");
      file_.name = text;
    }
    if (above != "Properties") return true;
    if (name == "Last-Modified") file_.modified = ParseDate(text);
    if (name != "Content-Length") return true;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), file_.bytes);
    return (read.ec == std::errc() && read.ptr == text.data() + text.size()) ||
           Fault("a size that is no number");
  }

  std::string_view xml_;
  size_t at_ = 0, opened_at_ = 0;
  std::vector<std::string_view> path_;
  bool root_seen_ = false, leaf_ = false, encoded_ = false;
  ListedFile file_;
  Listing out_;
};

}  // namespace

Listing ReadListing(std::string_view xml) { return ListingReader(xml).Read(); }

}  // namespace assay::cost
