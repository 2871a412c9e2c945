#include "config/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "model/ids.h"

namespace assay::config {
namespace {

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlnum(char c) { return IsLower(c) || (c >= 'A' && c <= 'Z') || IsDigit(c); }

template <typename Predicate>
bool All(std::string_view text, Predicate accepted) {
  return std::all_of(text.begin(), text.end(), accepted);
}

std::string CheckName(std::string_view t) {
  const bool ok = !t.empty() && t.size() <= 64 && t.front() != '-' && t.back() != '-' &&
                  All(t, [](char c) { return IsLower(c) || IsDigit(c) || c == '-'; });
  return ok ? "" : "a name has 1 to 64 characters of a-z, 0-9 and \"-\"";
}

std::string CheckNameOrStar(std::string_view t) { return t == "*" ? "" : CheckName(t); }

std::string CheckSqlName(std::string_view t) {
  const bool ok = !t.empty() && t.size() <= 63 && IsLower(t[0]) &&
                  All(t, [](char c) { return IsLower(c) || IsDigit(c) || c == '_'; });
  return ok ? "" : "a name here begins with a-z and has a-z, 0-9 and \"_\" (at most 63)";
}

std::string CheckGroup(std::string_view t) {
  const bool ok =
      !t.empty() && t.size() <= 90 && IsAlnum(t[0]) && t.back() != '.' && All(t, [](char c) {
        return IsAlnum(c) || std::string_view("-_.()").find(c) != std::string_view::npos;
      });
  return ok ? ""
            : "a management group is named by its id (the last part of its resource id), not by "
              "its display name: letters, digits and \"-_.()\", at most 90";
}

std::string CheckId(std::string_view t) {
  const bool ok = !t.empty() && t.size() <= 128 && IsAlnum(t[0]) &&
                  All(t, [](char c) { return IsAlnum(c) || c == '.' || c == '_' || c == '-'; });
  return ok ? ""
            : "an id begins with a letter or digit and has letters, digits, \".\", \"_\", \"-\"";
}

std::string CheckGuid(std::string_view t) {
  return IsGuid(t) ? "" : "a GUID has the form 8-4-4-4-12 hexadecimal digits";
}

std::string CheckDuration(std::string_view t) {
  return ParseDuration(t) ? ""
                          : "write a number and a unit, for example \"90d\" (units: s m h d w y)";
}

std::string CheckKeepFor(std::string_view t) {
  return t == "forever" ? "" : CheckDuration(t) + (ParseDuration(t) ? "" : ", or \"forever\"");
}

std::string CheckSize(std::string_view t) {
  return ParseSize(t) ? ""
                      : "write a number and a unit, for example \"128MiB\" (units: B KiB MiB GiB)";
}

std::string CheckDate(std::string_view t) {
  return ParseDate(t) ? "" : "write a date as 2027-01-31";
}

std::string CheckUrl(std::string_view t) {
  return ParseBaseUrl(t)
             ? ""
             : "write a base address such as \"https://graph.example.com\", without a path";
}

std::string CheckPlaceUrl(std::string_view t) {
  const size_t scheme = t.find("://");
  const size_t path = scheme == std::string_view::npos ? scheme : t.find('/', scheme + 3);
  const bool ok = ParseBaseUrl(t.substr(0, path)) &&
                  (path == std::string_view::npos || All(t.substr(path), [](char c) {
                     return IsAlnum(c) || std::string_view("/-._~%").find(c) != std::string::npos;
                   }));
  return ok ? "" : "write an address such as \"https://witness.example.com/w1\", without a query";
}

std::string CheckProxyUrl(std::string_view t) {
  if (t.find('@') != std::string_view::npos)
    return "its credential belongs into proxy_credential, as a reference";
  const auto url = ParseBaseUrl(t);
  const bool has_port =
      t.rfind(':') != std::string_view::npos && t.rfind(':') > t.rfind(']') + 1 && t.rfind(':') > 5;
  return url && url->scheme == "http" && has_port
             ? ""
             : "write \"http://HOST:PORT\"; what goes through it is encrypted to the far end";
}

std::string CheckSha256(std::string_view t) {
  const bool ok =
      t.size() == 64 && All(t, [](char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); });
  return ok ? "" : "a SHA-256 has 64 lower-case hexadecimal digits";
}

std::string CheckOrigin(std::string_view t) {
  const bool ok =
      !t.empty() && t.size() <= 200 && t.front() != '/' && t.back() != '/' &&
      All(t, [](char c) { return IsAlnum(c) || c == '.' || c == '-' || c == '/' || c == '_'; });
  return ok ? "" : "write a name without scheme and spaces, such as \"assay.contoso.example\"";
}

std::string CheckVersion(std::string_view t) {
  const bool ok = !t.empty() && t.size() <= 32 && IsDigit(t[0]) &&
                  All(t, [](char c) { return IsAlnum(c) || c == '.' || c == '-' || c == '*'; });
  return ok ? "" : "write a version such as \"1\", \"1.2.0\" or \"1.*\"";
}

std::string CheckReference(std::string_view t) {
  for (std::string_view scheme : {"env:", "file:", "cred:", "keyvault:", "pkcs11:"})
    if (t.substr(0, scheme.size()) == scheme && t.size() > scheme.size()) return "";
  return "write a reference: \"env:NAME\", \"file:/path\" or \"cred:NAME\"";
}

std::string CheckTrust(std::string_view t) {
  if (t == "builtin") return "";
  const bool whole = t.size() == 50 && t.starts_with("SHA256:") &&
                     All(t.substr(7), [](char c) { return IsAlnum(c) || c == '+' || c == '/'; });
  return whole ? "" : "write \"builtin\", or the whole fingerprint: \"SHA256:\" and 43 characters";
}

std::string QuotedFix(std::string_view literal) { return fmt::format("write \"{}\"", literal); }
std::string DurationFix(std::string_view literal) {
  return All(literal, IsDigit) ? fmt::format("write \"{}d\" (units: s m h d w y)", literal)
                               : "write for example \"90d\" (units: s m h d w y)";
}
std::string SizeFix(std::string_view literal) {
  return All(literal, IsDigit) ? fmt::format("write \"{}MiB\" (units: B KiB MiB GiB)", literal)
                               : "write for example \"128MiB\" (units: B KiB MiB GiB)";
}
std::string BareFix(std::string_view literal) {
  return fmt::format("write {} without quotes", literal);
}
std::string BoolFix(std::string_view literal) {
  if (literal == "1" || EqualsIgnoreCase(literal, "yes") || EqualsIgnoreCase(literal, "true"))
    return "write true";
  if (literal == "0" || EqualsIgnoreCase(literal, "no") || EqualsIgnoreCase(literal, "false"))
    return "write false";
  return "write true or false";
}
std::string ListFix(std::string_view literal) { return fmt::format("write [\"{}\"]", literal); }

}  // namespace

const ValueType kText{"a string", Form::kText, nullptr, QuotedFix};
const ValueType kInteger{"an integer", Form::kInteger, nullptr, BareFix};
const ValueType kBool{"true or false", Form::kBool, nullptr, BoolFix};
const ValueType kTextList{"a list of strings", Form::kTextList, nullptr, ListFix};
const ValueType kTable{"a table", Form::kTable, nullptr, nullptr};
const ValueType kTables{"an array of tables", Form::kTables, nullptr, nullptr};
const ValueType kNamedTables{"a table of tables", Form::kNamedTables, nullptr, nullptr};
const ValueType kFree{"a value", Form::kFree, nullptr, nullptr};
const ValueType kFreeTable{"a table", Form::kFreeTable, nullptr, nullptr};
const ValueType kName{"a name", Form::kText, CheckName, QuotedFix};
const ValueType kGroupList{"a list of management group ids", Form::kTextList, CheckGroup, ListFix};
const ValueType kSqlName{"a name", Form::kText, CheckSqlName, QuotedFix};
const ValueType kSqlNameList{"a list of names", Form::kTextList, CheckSqlName, ListFix};
const ValueType kIdList{"a list of ids", Form::kTextList, CheckId, ListFix};
const ValueType kNameOrStarList{"a list of names", Form::kTextList, CheckNameOrStar, ListFix};
const ValueType kDurationList{"a list of durations", Form::kTextList, CheckDuration, ListFix};
const ValueType kId{"an id", Form::kText, CheckId, QuotedFix};
const ValueType kGuid{"a GUID", Form::kText, CheckGuid, QuotedFix};
const ValueType kDuration{"a duration", Form::kText, CheckDuration, DurationFix};
const ValueType kKeepFor{"a duration or \"forever\"", Form::kText, CheckKeepFor, DurationFix};
const ValueType kSize{"a size", Form::kText, CheckSize, SizeFix};
const ValueType kDate{"a date", Form::kDate, CheckDate, nullptr};
const ValueType kUrl{"a base address", Form::kText, CheckUrl, QuotedFix};
const ValueType kPlaceUrl{"an address", Form::kText, CheckPlaceUrl, QuotedFix};
const ValueType kSha256{"a SHA-256", Form::kText, CheckSha256, QuotedFix};
const ValueType kReference{"a reference", Form::kText, CheckReference, nullptr};
const ValueType kOrigin{"an origin", Form::kText, CheckOrigin, QuotedFix};
const ValueType kVersion{"a version", Form::kText, CheckVersion, QuotedFix};
const ValueType kProxyUrl{"the address of a proxy", Form::kText, CheckProxyUrl, nullptr};
const ValueType kTrust{"a fingerprint", Form::kText, CheckTrust, nullptr};
const ValueType kCount{"a count", Form::kInteger, nullptr, BareFix};

Result<std::chrono::seconds> ParseDuration(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  constexpr std::pair<std::string_view, int64_t> kUnits[] = {
      {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"w", 604800}, {"y", 31557600}};
  for (const auto& [name, seconds] : kUnits)
    if (error == std::errc() && unit == name && number >= 0 && number <= 1'000'000'000)
      return std::chrono::seconds(number * seconds);
  return Fail(Code::kInvalidInput, Quote(text) + " is not a duration");
}

Result<int64_t> ParseSize(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  constexpr std::pair<std::string_view, int> kUnits[] = {
      {"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}};
  for (const auto& [name, shift] : kUnits)
    if (error == std::errc() && unit == name && number > 0 && number <= (int64_t{1} << 50 >> shift))
      return number << shift;
  return Fail(Code::kInvalidInput, Quote(text) + " is not a size");
}

Result<std::chrono::sys_days> ParseDate(std::string_view text) {
  const auto bad = [&] { return Fail(Code::kInvalidInput, Quote(text) + " is not a date"); };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return bad();
  for (size_t i = 0; i < 10; ++i)
    if (i != 4 && i != 7 && !IsDigit(text[i])) return bad();
  const auto number = [&](size_t from, size_t n) {
    int value = 0;
    for (size_t i = from; i < from + n; ++i) value = value * 10 + (text[i] - '0');
    return value;
  };
  const std::chrono::year_month_day day{std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  if (!day.ok()) return bad();
  return std::chrono::sys_days(day);
}

std::optional<BaseUrl> ParseBaseUrl(std::string_view text) {
  BaseUrl url;
  for (std::string_view scheme : {"https", "http"})
    if (text.substr(0, scheme.size() + 3) == std::string(scheme) + "://") url.scheme = scheme;
  if (url.scheme.empty()) return std::nullopt;
  std::string_view rest = text.substr(url.scheme.size() + 3);
  if (rest.empty() || rest.size() > 255) return std::nullopt;
  size_t host_end = rest.find(':');
  if (rest[0] == '[') {
    const size_t close = rest.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    host_end = close + 1;
  }
  url.host = AsciiLower(rest.substr(0, host_end));
  const bool host_ok = !url.host.empty() && All(url.host, [](char c) {
    return IsAlnum(c) || c == '.' || c == '-' || c == '[' || c == ']' || c == ':';
  });
  if (!host_ok) return std::nullopt;
  if (host_end != std::string_view::npos && host_end < rest.size()) {
    const std::string_view port = rest.substr(host_end + 1);
    if (rest[host_end] != ':' || port.empty() || port.size() > 5 || !All(port, IsDigit))
      return std::nullopt;
  }
  return url;
}

bool IsLoopbackHost(std::string_view host) {
  if (host == "localhost" || host == "[::1]") return true;
  const auto parts = Split(host, '.');
  return parts.size() == 4 && parts[0] == "127" &&
         std::all_of(parts.begin(), parts.end(),
                     [](auto p) { return !p.empty() && p.size() <= 3 && All(p, IsDigit); });
}

}  // namespace assay::config
