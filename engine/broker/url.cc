// Parsing, encoding and printing of strict URLs.
#include "broker/url.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace assay::broker {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The byte of "%XX" at `at`, -1 when it is not one.
int EncodedByte(std::string_view text, size_t at) {
  if (text.size() < at + 3) return -1;
  const int high = HexValue(text[at + 1]), low = HexValue(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/// Dotted decimal without leading zeros, first octet 127.
bool IsLoopbackV4(std::string_view host) {
  const auto parts = Split(host, '.');
  if (parts.size() != 4 || parts[0] != "127") return false;
  return std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
    if (part.empty() || part.size() > 3 || (part.size() > 1 && part[0] == '0')) return false;
    unsigned value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    return error == std::errc() && end == part.data() + part.size() && value <= 255;
  });
}

/// Lower-case DNS name of at least two labels; the last one begins with a letter, so that no
/// spelling of an IP address (decimal, octal, hex) fits.
bool IsDnsName(std::string_view host) {
  if (host.size() > 253) return false;
  const auto labels = Split(host, '.');
  if (labels.size() < 2 || !labels.back().size() || !IsLower(labels.back()[0])) return false;
  return std::all_of(labels.begin(), labels.end(), [](std::string_view label) {
    return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
           std::all_of(label.begin(), label.end(),
                       [](char c) { return IsLower(c) || IsDigit(c) || c == '-'; });
  });
}

tl::unexpected<Error> Refuse(std::string why) {
  return Fail(Code::kDenied, "url: " + std::move(why));
}

Status CheckHost(std::string_view host) {
  if (host.empty()) return Refuse("no host");
  for (const char c : host) {
    if (static_cast<unsigned char>(c) >= 0x80) return Refuse("host is not ASCII");
    if (IsUpper(c)) return Refuse("host has upper-case letters");
    if (c == '%') return Refuse("host is percent-encoded");
  }
  if (host.back() == '.') return Refuse("host ends with a dot");
  if (IsLoopbackHost(host)) return {};
  if (host.front() == '[' || IsDigit(host.back())) return Refuse("host is an IP literal");
  if (!IsDnsName(host)) return Refuse("host is not a DNS name");
  return {};
}

Status ParsePort(std::string_view text, Url& url) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || text.size() > 5 || text[0] == '0' || error != std::errc() ||
      end != text.data() + text.size() || value > 65535)
    return Refuse("port is not a number from 1 to 65535");
  url.port = static_cast<uint16_t>(value);
  return {};
}

Status ParseAuthority(std::string_view text, Url& url) {
  if (text.find('@') != text.npos) return Refuse("userinfo before the host");
  const size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == text.npos) return Refuse("host is an IP literal");
  const size_t colon = text.find(':', bracket);
  ASSAY_TRY(CheckHost(text.substr(0, colon)));
  url.host = text.substr(0, colon);
  if (colon == text.npos) return {};
  return ParsePort(text.substr(colon + 1), url);
}

/// Scheme and authority; the rest of the text comes back.
Result<std::string_view> ParseOrigin(std::string_view text, Url& url) {
  if (text.starts_with("https://")) {
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    text.remove_prefix(7);
    url.tls = false;
    url.port = 80;
  } else {
    return Refuse("scheme is neither https nor http, or there is none");
  }
  const size_t end = std::min(text.find_first_of("/?"), text.size());
  ASSAY_TRY(ParseAuthority(text.substr(0, end), url));
  if (!url.tls && !IsLoopbackHost(url.host))
    return Refuse("plain http is for loopback addresses only");
  return text.substr(end);
}

Status CheckBytes(std::string_view text) {
  if (text.size() > kMaxUrlBytes) return Fail(Code::kLimitExceeded, "url: longer than 16384 bytes");
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return Refuse("control character");
    if (c == '\\') return Refuse("backslash");
    if (c == '#') return Refuse("fragment");
  }
  return {};
}

Status CheckEncodedPathByte(int byte) {
  if (byte < 0) return Refuse("a '%' in the path is not an encoded byte");
  if (byte < 0x20 || byte == 0x7f) return Refuse("encoded control character in the path");
  if (byte == '.') return Refuse("encoded dot in the path");
  if (byte == '/' || byte == '\\') return Refuse("encoded slash in the path");
  if (byte == '%') return Refuse("double encoding in the path");
  if (byte == ';' || byte == '?' || byte == '#') return Refuse("encoded delimiter in the path");
  return {};
}

Status CheckPath(std::string_view path) {
  if (path.empty()) return Refuse("no path");
  for (size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    if (c == ' ') return Refuse("space in the path");
    if (static_cast<unsigned char>(c) >= 0x80) return Refuse("path is not ASCII");
    if (c == ';') return Refuse("path parameter (';')");
    if (std::string_view("\"<>^`{|}[]").find(c) != std::string_view::npos)
      return Refuse("character that a path cannot hold");
    if (c == '%') ASSAY_TRY(CheckEncodedPathByte(EncodedByte(path, i)));
  }
  for (const std::string_view segment : Split(path.substr(1), '/')) {
    if (segment.empty()) return Refuse("empty path segment");
    if (segment == "." || segment == "..") return Refuse("dot segment in the path");
  }
  return {};
}

/// The query with every byte that RFC 3986 does not allow there percent-encoded: services write raw
/// spaces into $filter and raw '|' into skip tokens.
Result<std::string> CleanQuery(std::string_view query) {
  constexpr std::string_view kAllowed = "-._~!$&'()*+,;=:@/?";
  std::string out;
  for (size_t i = 0; i < query.size(); ++i) {
    if (query[i] != '%') {
      out += PercentEncode(query.substr(i, 1), kAllowed);
      continue;
    }
    const int byte = EncodedByte(query, i);
    if (byte < 0) return Refuse("a '%' in the query is not an encoded byte");
    if (byte < 0x20 || byte == 0x7f) return Refuse("encoded control character in the query");
    out += query.substr(i, 3);
    i += 2;
  }
  if (out.size() > kMaxUrlBytes)
    return Fail(Code::kLimitExceeded, "url: query is longer than 16384 bytes");
  return out;
}

}  // namespace

std::string Url::Authority() const {
  return port == (tls ? 443 : 80) ? host : host + ":" + std::to_string(port);
}

std::string Url::ToString() const {
  return (tls ? "https://" : "http://") + Authority() + path + (query.empty() ? "" : "?" + query);
}

bool IsLoopbackHost(std::string_view host) {
  return host == "localhost" || host == "[::1]" || IsLoopbackV4(host);
}

Result<Url> ParseBaseUrl(std::string_view text) {
  Url url;
  const auto fail = [&](const Error& error) {
    return Fail(Code::kInvalidInput, "base " + error.message + ": " + Quote(text));
  };
  if (const Status bytes = CheckBytes(text); !bytes) return fail(bytes.error());
  const Result<std::string_view> rest = ParseOrigin(text, url);
  if (!rest) return fail(rest.error());
  if (!rest->empty() && *rest != "/")
    return fail(Error{Code::kDenied, "url: more than scheme, host and port", {}, {}, {}, {}});
  return url;
}

Result<Url> ParseForeignUrl(std::string_view text) {
  ASSAY_TRY(CheckBytes(text));
  Url url;
  ASSAY_ASSIGN(const std::string_view rest, ParseOrigin(text, url));
  const size_t mark = std::min(rest.find('?'), rest.size());
  ASSAY_TRY(CheckPath(rest.substr(0, mark)));
  url.path = rest.substr(0, mark);
  if (mark < rest.size()) {
    ASSAY_ASSIGN(url.query, CleanQuery(rest.substr(mark + 1)));
  }
  return url;
}

std::string PercentEncode(std::string_view text, std::string_view keep) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(3 * text.size());  // a secret may be encoded here: no shorter copy stays behind
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (IsDigit(c) || IsLower(c) || IsUpper(c) || c == '-' || c == '.' || c == '_' || c == '~' ||
        keep.find(c) != keep.npos) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

Result<std::string> PercentDecode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int byte = EncodedByte(text, i);
    if (byte < 0) return Refuse("a '%' is not an encoded byte");
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

Result<std::vector<std::pair<std::string, std::string>>> ParseQuery(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> out;
  if (query.empty()) return out;
  for (const std::string_view piece : Split(query, '&')) {
    const size_t equals = std::min(piece.find('='), piece.size());
    ASSAY_ASSIGN(std::string name, PercentDecode(piece.substr(0, equals)));
    ASSAY_ASSIGN(std::string value,
                 PercentDecode(piece.substr(std::min(equals + 1, piece.size()))));
    out.emplace_back(std::move(name), std::move(value));
  }
  return out;
}

}  // namespace assay::broker
