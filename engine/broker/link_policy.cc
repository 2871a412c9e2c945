// JSON string unescaping, the key before it, and the comparison with the first request.
#include "broker/link_policy.h"

#include "base/text.h"
#include "broker/content_policy.h"
#include "broker/select_set.h"

namespace assay::broker {
namespace {

tl::unexpected<Error> Refuse(std::string why) {
  return Fail(Code::kDenied, "continuation link: " + std::move(why));
}

std::string_view SkipSpaceBackwards(std::string_view text) {
  const size_t last = text.find_last_not_of(" \t\r\n");
  return text.substr(0, last == text.npos ? 0 : last + 1);
}

/// `before` must end with: '{' or ',', the key as a literal, ':'; white space between them. A quote
/// inside a string value would carry a backslash, so no value can imitate it.
bool KeyStandsBefore(std::string_view before, std::string_view key) {
  before = SkipSpaceBackwards(before);
  if (!before.ends_with(':')) return false;
  before.remove_suffix(1);
  before = SkipSpaceBackwards(before);
  if (!before.ends_with(key)) return false;
  before.remove_suffix(key.size());
  before = SkipSpaceBackwards(before);
  return before.ends_with('{') || before.ends_with(',');
}

int ParseHex4(std::string_view text) {
  if (text.size() < 4) return -1;
  int value = 0;
  for (const char c : text.substr(0, 4)) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

void AppendUtf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += {static_cast<char>(0xc0 | c >> 6), static_cast<char>(0x80 | (c & 0x3f))};
  } else {
    out += {static_cast<char>(0xe0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3f)),
            static_cast<char>(0x80 | (c & 0x3f))};
  }
}

/// One escape after its backslash; returns how many bytes it took, 0 when it is not one. Surrogate
/// pairs are refused: nothing outside the basic plane belongs into a link.
size_t Unescape(std::string_view text, std::string& out) {
  if (text.empty()) return 0;
  constexpr std::string_view kNames = "\"\\/bfnrt", kValues = "\"\\/\b\f\n\r\t";
  if (const size_t at = kNames.find(text[0]); at != kNames.npos) {
    out += kValues[at];
    return 1;
  }
  const int unit = text[0] == 'u' ? ParseHex4(text.substr(1)) : -1;
  if (unit < 0 || (unit >= 0xd800 && unit <= 0xdfff)) return 0;
  AppendUtf8(out, static_cast<uint32_t>(unit));
  return 5;
}

Result<std::string> UnescapeLiteral(std::string_view inside) {
  std::string out;
  for (size_t i = 0; i < inside.size(); ++i) {
    const char c = inside[i];
    if (c == '"') return Refuse("range is more than one string literal");
    if (static_cast<unsigned char>(c) < 0x20) return Refuse("control character in the literal");
    if (c != '\\') {
      out += c;
      continue;
    }
    const size_t taken = Unescape(inside.substr(i + 1), out);
    if (taken == 0) return Refuse("bad escape in the literal");
    i += taken;
  }
  if (!IsUtf8(out)) return Refuse("literal is not UTF-8");
  return out;
}

Result<std::string_view> KeyOf(Paging paging) {
  switch (paging) {
    case Paging::kOdata:
    case Paging::kOdataPost:
      return std::string_view("\"@odata.nextLink\"");
    case Paging::kArm:
      return std::string_view("\"nextLink\"");
    case Paging::kSkipToken:
      return std::string_view("\"$skipToken\"");
    default:
      return Refuse("the endpoint has one page only");
  }
}

/// Path segments without the percent-encoding. ParseForeignUrl has refused encoded delimiters.
Result<std::vector<std::string>> DecodeSegments(std::string_view path) {
  std::vector<std::string> out;
  for (const std::string_view segment : Split(path.substr(1), '/')) {
    ASSAY_ASSIGN(std::string decoded, PercentDecode(segment));
    out.push_back(std::move(decoded));
  }
  return out;
}

bool SamePath(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::equal(
      a.begin(), a.end(), b.begin(), b.end(),
      [](const std::string& x, const std::string& y) { return EqualsIgnoreCase(x, y); });
}

}  // namespace

Result<std::string> ExtractLink(ByteSpan body, uint64_t offset, uint64_t length, Paging paging) {
  ASSAY_ASSIGN(const std::string_view key, KeyOf(paging));
  if (offset > body.size() || length > body.size() - offset)
    return Refuse("range is outside the body");
  // Every byte may be written as \uXXXX: six times the longest URL, and the quotes.
  if (length < 2 || length > 6 * kMaxUrlBytes + 2) return Refuse("range is too short or too long");
  const std::string_view text = AsText(body);
  const std::string_view literal = text.substr(offset, length);
  if (literal.front() != '"' || literal.back() != '"')
    return Refuse("range is not a string literal");
  if (!KeyStandsBefore(text.substr(0, offset), key))
    return Refuse("the paging key does not stand directly before it");
  ASSAY_ASSIGN(std::string link, UnescapeLiteral(literal.substr(1, length - 2)));
  return link;
}

Result<Url> CheckLink(const Plan& plan, std::string_view link) {
  Result<Url> url = ParseForeignUrl(link);
  if (!url) return Fail(std::move(url.error()).Context("continuation link"));
  if (url->tls != plan.url.tls) return Refuse("scheme differs from the first request");
  if (url->host != plan.url.host) return Refuse("points at another host");
  if (url->port != plan.url.port) return Refuse("points at another port");
  ASSAY_ASSIGN(const auto segments, DecodeSegments(url->path));
  if (!SamePath(segments, plan.segments)) return Refuse("path differs from the first request");
  ASSAY_ASSIGN(const auto query, ParseQuery(url->query));
  ASSAY_TRY(CheckNotWidened(plan.first_query, query));
  ASSAY_TRY(CheckContent(plan.host, segments, query));
  return url;
}

}  // namespace assay::broker
