#include "kit/scrub.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/bytes.h"
#include "base/text.h"
#include "base/time.h"
#include "proof/json_value.h"

namespace assay::kit {
namespace {

/// Members that hold what people are called and where they are, whatever the answer is.
constexpr std::string_view kPersonalNames[] = {
    "displayname", "givenname", "surname",   "mail",        "principalname", "phone",
    "address",     "city",      "street",    "postal",      "jobtitle",      "department",
    "employee",    "nickname",  "alias",     "serial",      "imei",          "devicename",
    "manager",     "homepage",  "publisher", "description", "latitude",      "longitude",
    "secret",      "token",     "thumbprint"};

/// Personal values are looked for inside longer texts from this length on.
constexpr size_t kInside = 4;
/// Longest text that may be a word of the service ("principalLifecycleState").
constexpr size_t kWord = 40;
/// Numbers of so many digits name somebody or something: telephones, accounts, serial numbers.
constexpr size_t kNaming = 9;
/// Fractions of so many digits are places on earth, in answers about people.
constexpr size_t kFine = 4;
/// Runs of base64 letters from this length on are keys or tokens.
constexpr size_t kToken = 40;

bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

size_t GuidAt(std::string_view text, size_t at) {
  constexpr size_t kLength = 36;
  if (at + kLength > text.size()) return 0;
  for (size_t i = 0; i < kLength; ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[at + i] != '-' : !IsHex(text[at + i])) return 0;
  }
  return kLength;
}

bool IsAddressByte(char c) {
  return IsLetter(c) || IsDigit(c) || c == '.' || c == '-' || c == '_' || c == '+' || c == '#';
}

/// An IPv4 address in dotted form.
size_t IpAt(std::string_view text, size_t at) {
  if (at > 0 && (IsDigit(text[at - 1]) || text[at - 1] == '.')) return 0;
  size_t i = at;
  for (int part = 0; part < 4; ++part) {
    size_t digits = 0;
    while (i < text.size() && IsDigit(text[i]) && digits < 3) ++i, ++digits;
    if (digits == 0) return 0;
    if (part < 3 && (i >= text.size() || text[i++] != '.')) return 0;
  }
  return i < text.size() && (IsDigit(text[i]) || text[i] == '.') ? 0 : i - at;
}

size_t TokenAt(std::string_view text, size_t at) {
  size_t i = at;
  while (i < text.size() && (IsLetter(text[i]) || IsDigit(text[i]) || text[i] == '+' ||
                             text[i] == '_' || text[i] == '=' || text[i] == '-'))
    ++i;
  return i - at >= kToken ? i - at : 0;
}

bool HasNamingDigits(std::string_view text) {
  size_t run = 0;
  for (const char c : text)
    if ((run = IsDigit(c) ? run + 1 : 0) == kNaming) return true;
  return false;
}

bool IsPersonalName(std::string_view key) {
  const std::string lower = AsciiLower(key);
  return std::any_of(std::begin(kPersonalNames), std::end(kPersonalNames),
                     [&](std::string_view part) { return lower.find(part) != lower.npos; });
}

/// "enabledForReportingButNotEnforced", "#microsoft.graph.namedLocation", "AAD_PREMIUM_P2", "1.0".
bool LooksLikeWord(std::string_view text) {
  if (text.empty()) return true;
  if (text.size() > kWord && !text.starts_with("#microsoft.")) return false;
  if (HasNamingDigits(text)) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return IsLetter(c) || IsDigit(c) || c == '.' || c == '_' || c == '-' || c == '#' || c == '$';
  });
}

/// Text of a raw JSON string (without quotes); what is damaged stays as it is.
std::string Unescaped(std::string_view raw) {
  std::string out;
  for (size_t at = 0; at < raw.size(); ++at) {
    if (raw[at] != '\\' || at + 1 >= raw.size()) {
      out += raw[at];
      continue;
    }
    const char c = raw[++at];
    constexpr std::string_view kFrom = "bfnrt", kTo = "\b\f\n\r\t";
    if (const size_t simple = kFrom.find(c); simple != kFrom.npos) {
      out += kTo[simple];
    } else if (c == 'u' && at + 4 < raw.size()) {
      const unsigned long code =
          std::strtoul(std::string(raw.substr(at + 1, 4)).c_str(), nullptr, 16);
      if (code < 0x80)
        out += static_cast<char>(code);
      else
        out += "?";  // beyond ASCII it is text for people, and is replaced anyway
      at += 4;
    } else {
      out += c;
    }
  }
  return out;
}

size_t AfterString(std::string_view text, size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at)
    if (text[at] == '\\') ++at;
  return std::min(text.size(), at + 1);
}

}  // namespace

void Scrubber::AddPersonal(std::string_view value) {
  if (value.empty()) return;
  if (ParseTime(value))
    times_.insert(std::string(value));
  else
    personal_.insert(AsciiLower(value));
}

void Scrubber::AddPlain(std::string_view value) { plain_.insert(AsciiLower(value)); }

std::string Scrubber::Guid(std::string_view guid) {
  const std::string key = AsciiLower(guid);
  // Well-known ones (role templates, first-party applications) say nothing of the tenant, but
  // most cannot be told by looking: all are replaced but those that can, which are the one that
  // means nobody and Microsoft's oldest applications (no version of a GUID is made like these).
  if (key == "00000000-0000-0000-0000-000000000000") return key;
  if (key.starts_with("0000000") && (key.ends_with("-0000-0000-c000-000000000000") ||
                                     key.ends_with("-0000-0ff1-ce00-000000000000")))
    return key;
  const auto [at, fresh] = guids_.emplace(key, "");
  if (fresh) at->second = fmt::format("0f1c5000-0000-4000-8000-{:012x}", guids_.size());
  return at->second;
}

std::string Scrubber::Invented(std::string_view value) {
  const auto [at, fresh] = invented_.emplace(AsciiLower(value), "");
  if (fresh) {
    const size_t number = invented_.size();
    at->second = value.find('@') != value.npos ? fmt::format("person{}@redacted.example", number)
                                               : fmt::format("redacted-{}", number);
  }
  return at->second;
}

/// What has a form of its own is replaced wherever it stands.
std::string Scrubber::Patterns(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (const size_t length = GuidAt(text, at); length != 0) {
      out += Guid(text.substr(at, length));
      at += length;
    } else if (const size_t ip = IpAt(text, at); ip >= 7) {
      out += "192.0.2.1";
      at += ip;
    } else if (const size_t token = TokenAt(text, at); token != 0) {
      out += Invented(text.substr(at, token));
      at += token;
    } else if (text[at] == '@' && !out.empty() && IsAddressByte(out.back())) {
      size_t begin = out.size(), end = at + 1;
      while (begin > 0 && IsAddressByte(out[begin - 1])) --begin;
      while (end < text.size() && IsAddressByte(text[end])) ++end;
      const std::string whole = out.substr(begin) + std::string(text.substr(at, end - at));
      out.resize(begin);
      out += Invented(whole);
      at = end;
    } else {
      out += text[at++];
    }
  }
  for (const std::string& secret : personal_) {
    if (secret.size() < kInside) continue;
    for (size_t at = AsciiLower(out).find(secret); at != out.npos;
         at = AsciiLower(out).find(secret, at)) {
      const std::string invented = Invented(secret);
      out.replace(at, secret.size(), invented);
      at += invented.size();
    }
  }
  return out;
}

std::string Scrubber::Text(std::string_view value) {
  if (personal_.contains(AsciiLower(value))) return Invented(value);
  return Patterns(value);
}

std::string Scrubber::Value(std::string_view key, std::string_view raw, bool strict) {
  const std::string text = Unescaped(raw);
  const std::string lower = AsciiLower(text);
  if (text.empty()) return text;
  if (personal_.contains(lower)) return Invented(text);
  if (GuidAt(text, 0) == text.size()) return Guid(text);
  if (const auto time = ParseTime(text))  // of a personal one the day stays, for checks of age
    return times_.contains(text) ? FormatTime(*time).substr(0, 10) + "T00:00:00Z" : text;
  if (strict && IsPersonalName(key)) return Invented(text);
  if (plain_.contains(lower)) return Patterns(text);
  if (strict && !LooksLikeWord(text)) return Invented(text);
  return Patterns(text);
}

/// As long as it was, so that it still fits where it goes.
std::string Scrubber::InventedNumber(std::string_view number) {
  const auto [at, fresh] = numbers_.emplace(number, "");
  if (fresh) {
    const std::string count = std::to_string(numbers_.size());
    const size_t digits = static_cast<size_t>(std::count_if(number.begin(), number.end(), IsDigit));
    at->second =
        digits > count.size() ? "1" + std::string(digits - count.size() - 1, '0') + count : count;
  }
  return at->second;
}

std::string Scrubber::Number(std::string_view key, std::string_view number, bool strict) {
  const std::string text(number);
  if (personal_.contains(text) || IsPersonalName(key)) return InventedNumber(number);
  if (plain_.contains(text)) return text;
  const size_t point = number.find('.');
  if (strict && point != number.npos && number.size() - point > kFine) return "0.0";
  return HasNamingDigits(number.substr(0, point)) ? InventedNumber(number) : text;
}

std::string Scrubber::Body(std::string_view body, bool strict) {
  if (body.starts_with("\xef\xbb\xbf")) body.remove_prefix(3);
  if (!proof::CheckOneJsonValue(AsBytes(Trim(body)))) return "{}";
  std::string out, key;
  for (size_t at = 0; at < body.size();) {
    if (IsDigit(body[at]) || body[at] == '-') {
      const size_t end = std::min(body.find_first_not_of("0123456789+-.eE", at), body.size());
      out += Number(key, body.substr(at, end - at), strict);
      at = end;
      continue;
    }
    if (body[at] != '"') {
      out += body[at++];
      continue;
    }
    const size_t after = AfterString(body, at);
    const std::string_view raw = body.substr(at + 1, after - at - 2);
    const size_t next = body.find_first_not_of(" \t\r\n", after);
    if (next != body.npos && body[next] == ':') {
      key = raw;
      out += JsonString(raw.find('@') == 0 ? std::string(raw) : Text(Unescaped(raw)));
    } else {
      out += JsonString(Value(key, raw, strict));
    }
    at = after;
  }
  return out;
}

}  // namespace assay::kit
