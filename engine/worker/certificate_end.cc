#include "worker/certificate_end.h"

#include <cstdint>

#include "worker/moment.h"

namespace assay::worker {
namespace {

constexpr size_t kMostBytes = 64u << 10;
constexpr uint8_t kSequence = 0x30, kVersion = 0xa0, kUtcTime = 0x17, kGeneralizedTime = 0x18;

/// DER values one after the other.
class Der {
 public:
  explicit Der(std::string_view bytes) : rest_(bytes) {}
  bool AtEnd() const { return rest_.empty(); }
  uint8_t Tag() const { return rest_.empty() ? uint8_t{0} : static_cast<uint8_t>(rest_[0]); }

  /// Content of the next value. Tags of one byte and lengths below 2^24 only: a certificate has no
  /// others.
  std::optional<std::string_view> Next() {
    if (rest_.size() < 2 || (Tag() & 0x1f) == 0x1f) return std::nullopt;
    size_t length = static_cast<uint8_t>(rest_[1]), head = 2;
    if (length >= 0x80) {
      const size_t bytes = length & 0x7f;
      if (bytes == 0 || bytes > 3 || rest_.size() < 2 + bytes) return std::nullopt;
      length = 0;
      for (size_t i = 0; i < bytes; ++i) length = length << 8 | static_cast<uint8_t>(rest_[2 + i]);
      head += bytes;
    }
    if (length > rest_.size() - head) return std::nullopt;
    const std::string_view content = rest_.substr(head, length);
    rest_.remove_prefix(head + length);
    return content;
  }
  std::optional<std::string_view> Next(uint8_t tag) { return Tag() == tag ? Next() : std::nullopt; }

 private:
  std::string_view rest_;
};

/// "260131120000Z" or "20260131120000Z" as RFC 3339.
std::optional<std::string> AsRfc3339(std::string_view text, bool four_digits) {
  std::string year;
  if (four_digits) {
    if (text.size() != 15) return std::nullopt;
    year = text.substr(0, 4);
    text.remove_prefix(4);
  } else {
    if (text.size() != 13) return std::nullopt;
    year = (text[0] >= '5' ? "19" : "20") + std::string(text.substr(0, 2));
    text.remove_prefix(2);
  }
  const auto two = [&](size_t at) { return std::string(text.substr(at, 2)); };
  const std::string out = year + "-" + two(0) + "-" + two(2) + "T" + two(4) + ":" + two(6) + ":" +
                          two(8) + std::string(text.substr(10));
  return out.back() == 'Z' && ParseMoment(out) ? std::optional(out) : std::nullopt;
}

/// The certificate's first value holds, in order: version (if any), serial number, algorithm,
/// issuer, validity.
std::optional<std::string> EndOf(std::string_view der) {
  Der file(der);
  const auto certificate = file.Next(kSequence);
  if (!certificate || !file.AtEnd()) return std::nullopt;
  const auto body = Der(*certificate).Next(kSequence);
  if (!body) return std::nullopt;
  Der fields(*body);
  if (fields.Tag() == kVersion && !fields.Next()) return std::nullopt;
  for (int i = 0; i < 3; ++i)
    if (!fields.Next()) return std::nullopt;
  const auto validity = fields.Next(kSequence);
  if (!validity) return std::nullopt;
  Der times(*validity);
  if (!times.Next()) return std::nullopt;
  const uint8_t tag = times.Tag();
  const auto end = times.Next();
  if (!end || (tag != kUtcTime && tag != kGeneralizedTime)) return std::nullopt;
  return AsRfc3339(*end, tag == kGeneralizedTime);
}

int Sextet(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

std::optional<std::string> Decode(std::string_view text) {
  std::string out;
  uint32_t bits = 0;
  int have = 0;
  size_t letters = 0, padding = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    if (c == '=' && ++padding <= 2) continue;
    const int sextet = Sextet(c);
    if (sextet < 0 || padding > 0) return std::nullopt;
    ++letters;
    bits = (bits << 6 | static_cast<uint32_t>(sextet)) & 0xffffff;
    if ((have += 6) < 8) continue;
    have -= 8;
    out.push_back(static_cast<char>(bits >> have & 0xff));
  }
  if (letters % 4 == 1) return std::nullopt;
  return out;
}

/// What stands between the lines of a PEM text; `text` itself when it has none.
std::string_view WithoutLines(std::string_view text) {
  constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----",
                             kEnd = "-----END CERTIFICATE-----";
  const size_t begin = text.find(kBegin), end = text.find(kEnd);
  if (begin == text.npos || end == text.npos || end < begin + kBegin.size()) return text;
  return text.substr(begin + kBegin.size(), end - begin - kBegin.size());
}

}  // namespace

std::optional<std::string> CertificateEnd(std::string_view text) {
  if (text.empty() || text.size() > kMostBytes) return std::nullopt;
  if (static_cast<uint8_t>(text[0]) == kSequence)  // '0': base64 of a sequence begins with 'M'
    return EndOf(text);
  const auto der = Decode(WithoutLines(text));
  return der ? EndOf(*der) : std::nullopt;
}

}  // namespace assay::worker
