#include "exact_sum.h"

#include <algorithm>
#include <utility>

namespace assay::cost {
namespace {

constexpr uint64_t kBase = 1'000'000'000'000'000'000;  // 10^18
constexpr int kDigits = 18;
constexpr int kMostDigits = 90;  // of one number as it is written
constexpr int kBefore = kDigits * static_cast<int>(Amount::kPointAfter);
constexpr int kBehind = kDigits * static_cast<int>(Amount::kLimbs) - kBefore;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// "E-05" to -5; false when it is none, or beyond any number that fits.
bool ParseExponent(std::string_view text, int& out) {
  if (text.empty() || (text[0] != 'e' && text[0] != 'E')) return false;
  text.remove_prefix(1);
  const bool down = text.starts_with('-');
  if (down || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.size() > 3 || !std::all_of(text.begin(), text.end(), IsDigit))
    return false;
  out = 0;
  for (const char c : text) out = out * 10 + (c - '0');
  if (down) out = -out;
  return true;
}

/// Digits of a number and where its point stands: value = 0.DIGITS * 10^point.
struct Written {
  char digits[kMostDigits];
  int count = 0, point = 0;
};

/// Any place of 10^`place` is one digit of one limb.
void Put(Amount& amount, int place, uint64_t digit) {
  static constexpr auto kPowers = [] {
    std::array<uint64_t, kDigits> powers{};
    uint64_t power = 1;
    for (uint64_t& p : powers) p = std::exchange(power, power * 10);
    return powers;
  }();
  const int up = place + kBehind;
  const int limb = static_cast<int>(Amount::kLimbs) - 1 - up / kDigits;
  amount.limbs[static_cast<size_t>(limb)] += digit * kPowers[static_cast<size_t>(up % kDigits)];
}

/// The common form, "12.345": few digits on both sides, no exponent. False for all others.
bool ParseShort(std::string_view text, Amount& out) {
  size_t at = 0;
  uint64_t whole = 0, part = 0;
  const size_t most = std::min<size_t>(text.size(), kDigits);
  while (at < most && IsDigit(text[at]))
    whole = whole * 10 + static_cast<uint64_t>(text[at++] - '0');
  if (at == 0) return false;
  int places = 0;
  if (at < text.size()) {
    if (text[at] != '.' || text.size() - at - 1 > kDigits) return false;
    for (++at; at < text.size() && IsDigit(text[at]); ++at, ++places)
      part = part * 10 + static_cast<uint64_t>(text[at] - '0');
    if (at < text.size()) return false;
  }
  for (; places < kDigits; ++places) part *= 10;
  out.limbs[Amount::kPointAfter - 1] = whole;
  out.limbs[Amount::kPointAfter] = part;
  return true;
}

bool ReadDigits(std::string_view text, Written& out) {
  size_t at = 0;
  int point = -1;
  bool any = false;
  for (; at < text.size() && (text[at] == '.' || IsDigit(text[at])); ++at) {
    if (text[at] == '.') {
      if (point >= 0) return false;
      point = out.count;
      continue;
    }
    any = true;
    if (out.count == kMostDigits) return false;
    out.digits[out.count++] = text[at];
  }
  int exponent = 0;
  if (!any || (at < text.size() && !ParseExponent(text.substr(at), exponent))) return false;
  out.point = (point < 0 ? out.count : point) + exponent;
  return true;
}

}  // namespace

bool Amount::Parse(std::string_view text, Amount& out) {
  out = Amount();
  if (text.empty()) return false;
  out.negative = text[0] == '-';
  if (out.negative || text[0] == '+') text.remove_prefix(1);
  if (ParseShort(text, out)) return true;
  Written written;
  if (!ReadDigits(text, written)) return false;
  for (int i = 0; i < written.count; ++i) {
    const int place = written.point - 1 - i;
    if (written.digits[i] == '0') continue;
    if (place >= kBefore || place < -kBehind) return false;
    Put(out, place, static_cast<uint64_t>(written.digits[i] - '0'));
  }
  return true;
}

std::string ExactSum::Text() const {
  std::array<Wide, Amount::kLimbs> limbs = limbs_;
  const auto carry = [&] {
    for (size_t i = Amount::kLimbs; i-- > 1;) {
      Wide over = limbs[i] / static_cast<Wide>(kBase);
      limbs[i] -= over * static_cast<Wide>(kBase);
      if (limbs[i] < 0) {
        limbs[i] += static_cast<Wide>(kBase);
        --over;
      }
      limbs[i - 1] += over;
    }
  };
  carry();
  const bool negative = limbs[0] < 0;
  if (negative) {
    for (Wide& limb : limbs) limb = -limb;
    carry();
  }
  // The first limb may hold more than 18 digits: that many amounts may be added.
  std::string digits;
  for (Wide first = limbs[0]; first > 0; first /= 10)
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(first % 10)));
  const size_t lead = digits.size();
  for (size_t i = 1; i < Amount::kLimbs; ++i) {
    std::string limb = std::to_string(static_cast<uint64_t>(limbs[i]));
    digits.append(static_cast<size_t>(kDigits) - limb.size(), '0').append(limb);
  }
  const size_t point = lead + static_cast<size_t>(kBefore - kDigits);
  std::string whole = digits.substr(0, point), part = digits.substr(point);
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
  part.erase(part.find_last_not_of('0') + 1);
  if (whole.empty()) whole = "0";
  if (whole == "0" && part.empty()) return "0";
  return (negative ? "-" : "") + whole + (part.empty() ? "" : "." + part);
}

}  // namespace assay::cost
