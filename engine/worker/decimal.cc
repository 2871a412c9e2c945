#include "worker/decimal.h"

#include <algorithm>

namespace assay::worker {
namespace {

constexpr size_t kMaxBytes = 4096;

bool AllDigits(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void PadTo(std::string& digits, size_t size) {
  if (digits.size() < size) digits.insert(0, size - digits.size(), '0');
}

/// a + b for equally long digit strings.
std::string AddDigits(const std::string& a, const std::string& b) {
  std::string out(a.size(), '0');
  int carry = 0;
  for (size_t i = a.size(); i-- > 0;) {
    const int sum = (a[i] - '0') + (b[i] - '0') + carry;
    out[i] = static_cast<char>('0' + sum % 10);
    carry = sum / 10;
  }
  if (carry != 0) out.insert(out.begin(), '1');
  return out;
}

/// a - b for equally long digit strings with a >= b.
std::string SubtractDigits(const std::string& a, const std::string& b) {
  std::string out(a.size(), '0');
  int borrow = 0;
  for (size_t i = a.size(); i-- > 0;) {
    int difference = a[i] - b[i] - borrow;
    borrow = difference < 0 ? 1 : 0;
    if (difference < 0) difference += 10;
    out[i] = static_cast<char>('0' + difference);
  }
  return out;
}

}  // namespace

std::optional<Decimal> Decimal::Parse(std::string_view text) {
  if (text.size() > kMaxBytes) return std::nullopt;
  Decimal d;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    d.negative_ = text[0] == '-';
    text.remove_prefix(1);
  }
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  if (!AllDigits(whole)) return std::nullopt;
  d.digits_ = whole;
  if (point != std::string_view::npos) {
    const std::string_view fraction = text.substr(point + 1);
    if (!AllDigits(fraction)) return std::nullopt;
    d.digits_ += fraction;
    d.fraction_ = fraction.size();
  }
  return d;
}

void Decimal::Align(size_t fraction) {
  if (fraction <= fraction_) return;
  digits_.append(fraction - fraction_, '0');
  fraction_ = fraction;
}

Decimal& Decimal::operator+=(const Decimal& other) {
  Decimal b = other;
  Align(b.fraction_);
  b.Align(fraction_);
  PadTo(digits_, b.digits_.size());
  PadTo(b.digits_, digits_.size());
  if (negative_ == b.negative_) {
    digits_ = AddDigits(digits_, b.digits_);
  } else if (digits_ >= b.digits_) {
    digits_ = SubtractDigits(digits_, b.digits_);
  } else {
    digits_ = SubtractDigits(b.digits_, digits_);
    negative_ = b.negative_;
  }
  const size_t zeros = std::min(digits_.find_first_not_of('0'), digits_.size() - 1);
  digits_.erase(0, std::min(zeros, digits_.size() - std::min(fraction_ + 1, digits_.size())));
  return *this;
}

std::strong_ordering Decimal::operator<=>(const Decimal& other) const {
  Decimal a = *this, b = other;
  a.Align(b.fraction_);
  b.Align(a.fraction_);
  PadTo(a.digits_, b.digits_.size());
  PadTo(b.digits_, a.digits_.size());
  const auto zero = [](const std::string& s) {
    return s.find_first_not_of('0') == std::string::npos;
  };
  const bool a_negative = a.negative_ && !zero(a.digits_);
  const bool b_negative = b.negative_ && !zero(b.digits_);
  if (a_negative != b_negative)
    return a_negative ? std::strong_ordering::less : std::strong_ordering::greater;
  return a_negative ? b.digits_ <=> a.digits_ : a.digits_ <=> b.digits_;
}

std::string Decimal::ToString() const {
  std::string digits = digits_;
  PadTo(digits, fraction_ + 1);
  std::string whole = digits.substr(0, digits.size() - fraction_);
  std::string fraction = digits.substr(digits.size() - fraction_);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size() - 1));
  std::string out = fraction.empty() ? whole : whole + "." + fraction;
  return negative_ && out.find_first_not_of("0.") != std::string::npos ? "-" + out : out;
}

}  // namespace assay::worker
