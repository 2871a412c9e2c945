// Status line, fields, and what they say of the body. Every tolerance of RFC 9112 that has served
// response splitting is left out.
#include "broker/http_head.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace assay::broker {
namespace {

tl::unexpected<Error> Bad(std::string why) {
  return Fail(Code::kCorrupt, "answer head: " + std::move(why));
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsTokenChar(char c) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         kMarks.find(c) != kMarks.npos;
}

Result<uint32_t> ParseStatusLine(std::string_view line) {
  if (!line.starts_with("HTTP/")) return Bad("does not begin with a status line");
  if (!line.starts_with("HTTP/1.1 ")) return Bad("is not HTTP/1.1");
  line.remove_prefix(9);
  if (line.size() < 3 || !std::all_of(line.begin(), line.begin() + 3, IsDigit) ||
      (line.size() > 3 && line[3] != ' '))
    return Bad("status is not three digits");
  const uint32_t status =
      static_cast<uint32_t>((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
  if (status < 100 || status > 599) return Bad("status is outside 100 to 599");
  return status;
}

Status ParseField(std::string_view line, HttpHead& head) {
  if (line.size() > kMaxFieldBytes)
    return Fail(Code::kLimitExceeded, "answer head: a field is longer than 8 KiB");
  if (head.fields.size() == kMaxFields)
    return Fail(Code::kLimitExceeded, "answer head: more than 100 fields");
  if (line.front() == ' ' || line.front() == '\t') return Bad("folded field");
  const size_t colon = line.find(':');
  if (colon == line.npos) return Bad("field without a colon");
  const std::string_view name = line.substr(0, colon);
  if (name.empty() || !std::all_of(name.begin(), name.end(), IsTokenChar))
    return Bad("field name is not a token");
  const std::string_view value = Trim(line.substr(colon + 1));
  for (const char c : value)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f)
      return Bad("control character in a field");
  head.fields.emplace_back(name, value);
  return {};
}

Result<uint64_t> ParseLength(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || !std::all_of(text.begin(), text.end(), IsDigit) || error != std::errc() ||
      end != text.data() + text.size())
    return Bad("Content-Length is not a number");
  return value;
}

Result<std::string> CodingOf(const HttpHead& head) {
  if (head.Count("Content-Encoding") > 1) return Bad("two Content-Encoding fields");
  const std::string coding = AsciiLower(head.Find("Content-Encoding").value_or(""));
  if (coding.empty() || coding == "identity") return std::string();
  if (coding == "gzip" || coding == "x-gzip") return std::string("gzip");
  return Fail(Code::kUnsupported, "answer head: content coding " + Quote(coding, 40));
}

}  // namespace

std::optional<std::string> HttpHead::Find(std::string_view name) const {
  for (const auto& [key, value] : fields)
    if (EqualsIgnoreCase(key, name)) return value;
  return std::nullopt;
}

size_t HttpHead::Count(std::string_view name) const {
  return static_cast<size_t>(std::count_if(fields.begin(), fields.end(), [&](const auto& field) {
    return EqualsIgnoreCase(field.first, name);
  }));
}

Result<HttpHead> ParseHead(std::string_view text) {
  HttpHead head;
  bool first = true;
  for (;;) {
    const size_t end = text.find('\n');
    if (end == text.npos) return Bad("is cut");
    if (end == 0 || text[end - 1] != '\r') return Bad("line ends with a bare LF");
    const std::string_view line = text.substr(0, end - 1);
    text.remove_prefix(end + 1);
    if (line.find('\r') != line.npos) return Bad("bare CR in a line");
    if (first) {
      ASSAY_ASSIGN(head.status, ParseStatusLine(line));
      first = false;
    } else if (line.empty()) {
      return head;
    } else {
      ASSAY_TRY(ParseField(line, head));
    }
  }
}

Result<BodyFraming> FramingOf(const HttpHead& head) {
  BodyFraming framing;
  const size_t lengths = head.Count("Content-Length");
  const size_t codings = head.Count("Transfer-Encoding");
  if (lengths > 1) return Bad("two Content-Length fields");
  if (codings > 1) return Bad("two Transfer-Encoding fields");
  if (lengths && codings) return Bad("Content-Length beside Transfer-Encoding");
  ASSAY_ASSIGN(framing.coding, CodingOf(head));
  if (codings) {
    if (!EqualsIgnoreCase(*head.Find("Transfer-Encoding"), "chunked"))
      return Bad("Transfer-Encoding is not exactly chunked");
    framing.chunked = true;
  }
  if (lengths) {
    ASSAY_ASSIGN(framing.length, ParseLength(*head.Find("Content-Length")));
  }
  if (head.status == 204 || head.status == 304) {
    if (codings || framing.length) return Bad("a body is announced where none may be");
    framing.coding.clear();
  } else if (!lengths && !codings) {
    return Bad("neither Content-Length nor chunked: a cut could not be seen");
  }
  return framing;
}

}  // namespace assay::broker
