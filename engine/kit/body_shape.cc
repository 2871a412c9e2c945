#include "kit/body_shape.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace assay::kit {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

/// Index after the string that begins at `at`, or the end of the text.
size_t AfterString(std::string_view text, size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at)
    if (text[at] == '\\') ++at;
  return std::min(text.size(), at + 1);
}

struct Span {
  size_t begin = 0, end = 0;
};

/// What stands between the brackets of the top member "value" or "data"; empty span when there is
/// no such list.
Span ValueElements(std::string_view body) {
  int depth = 0;
  size_t begin = 0;
  for (size_t at = 0; at < body.size();) {
    const char c = body[at];
    if (c == '"') {
      const size_t after = AfterString(body, at);
      const std::string_view name = body.substr(at, after - at);
      if (depth == 1 && begin == 0 && (name == "\"value\"" || name == "\"data\"")) {
        const size_t open = body.find_first_not_of(": \t\r\n", after);
        if (open != body.npos && body[open] == '[') begin = open + 1;
      }
      at = after;
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (begin != 0 && depth == 1 && c == ']' && at >= begin) return {begin, at};
    ++at;
  }
  return {};
}

}  // namespace

std::string Padded(std::string_view body, size_t bytes) {
  const size_t open = body.find('{');
  if (open == body.npos) return std::string(body);
  const size_t next = body.find_first_not_of(kSpace, open + 1);
  std::string out;
  out.reserve(bytes + body.size() + 64);
  out.append(body.substr(0, open + 1)).append("\"filler\":\"");
  out.append(bytes, 'x').append("\"");
  if (next != body.npos && body[next] != '}') out.append(",");
  return out.append(body.substr(open + 1));
}

std::string Grown(std::string_view body, size_t bytes) {
  const Span inside = ValueElements(body);
  const std::string_view elements = body.substr(inside.begin, inside.end - inside.begin);
  if (elements.find_first_not_of(kSpace) == elements.npos) return std::string(body);
  std::string out;
  out.reserve(bytes + body.size());
  out.append(body.substr(0, inside.begin)).append(elements);
  while (out.size() < bytes) out.append(",").append(elements);
  return out.append(body.substr(inside.end));
}

std::string CutInText(std::string_view body, uint32_t per_mille) {
  const size_t from = body.size() * per_mille / 1000;
  char before = 0;
  for (size_t at = 0; at < body.size();) {
    if (body[at] == '"') {
      const size_t after = AfterString(body, at);
      if (before == ':' && after > at + 2 && after > from)
        return std::string(body.substr(0, std::max(at + 2, std::min(from, after - 2))));
      at = after;
      before = '"';
      continue;
    }
    if (kSpace.find(body[at]) == kSpace.npos) before = body[at];
    ++at;
  }
  return std::string(body.substr(0, from));
}

std::string Continued(std::string_view body, std::string_view key, std::string_view link) {
  const std::string quoted = "\"" + std::string(key) + "\"";
  const std::string member = quoted + ":" + JsonString(link);
  if (const size_t at = body.find(quoted); at != body.npos) {
    const size_t value = body.find_first_not_of(": \t\r\n", at + quoted.size());
    if (value != body.npos && body[value] == '"')
      return std::string(body.substr(0, at)) + member +
             std::string(body.substr(AfterString(body, value)));
  }
  const size_t open = body.find('{');
  if (open == body.npos) return std::string(body);
  const size_t next = body.find_first_not_of(kSpace, open + 1);
  const bool empty = next == body.npos || body[next] == '}';
  return std::string(body.substr(0, open + 1)) + member + (empty ? "" : ",") +
         std::string(body.substr(open + 1));
}

uint64_t Dice::Next() {
  uint64_t z = state_ += 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

namespace {

constexpr std::array<std::string_view, 18> kOdd = {"null",        "{}",
                                                   "[]",          "-0",
                                                   "1e999",       "18446744073709551616",
                                                   "\"\\ud800\"", "\"\\u0000\"",
                                                   "\xff",        "\"",
                                                   "\\",          "\xef\xbb\xbf",
                                                   "true",        "\"\\x\"",
                                                   "0.1e-400",    "[[[[[[[[[[[[[[[[",
                                                   "{\"a\":",     "\"\xc3\x28\""};

/// Begin of some JSON token, so that changes hit structure as often as text.
size_t SomeToken(std::string_view body, Dice& dice) {
  const size_t from = dice.Below(body.size());
  const size_t at = body.find_first_of("\"[]{}:,0123456789tfn", from);
  return at == body.npos ? from : at;
}

void Change(std::string& body, Dice& dice) {
  if (body.empty()) {
    body = kOdd[dice.Below(kOdd.size())];
    return;
  }
  const size_t at = SomeToken(body, dice);
  switch (dice.Below(9)) {
    case 0:
      body[at] = static_cast<char>(body[at] ^ (1 << dice.Below(8)));
      break;
    case 1:
      body.resize(dice.Below(body.size()));
      break;
    case 2:
      body.erase(at, dice.Below(40) + 1);
      break;
    case 3:
      body.insert(dice.Below(body.size()), body.substr(at, dice.Below(200) + 1));
      break;
    case 4: {  // a value of another type in the place of a text or a literal
      const size_t end = body[at] == '"' ? AfterString(body, at) : at + 1;
      body.replace(at, end - at, kOdd[dice.Below(kOdd.size())]);
      break;
    }
    case 5:
      body.insert(at, kOdd[dice.Below(kOdd.size())]);
      break;
    case 6:
      body.insert(at, std::string(dice.Below(5000), "[{\"9 "[dice.Below(5)]));
      break;
    case 7:
      body += body.substr(0, dice.Below(body.size()));
      break;
    default:
      std::swap(body[at], body[dice.Below(body.size())]);
  }
}

}  // namespace

std::string Mutated(std::string_view body, Dice& dice, size_t max_bytes) {
  std::string out(body);
  for (size_t left = 1 + dice.Below(4); left > 0; --left) Change(out, dice);
  if (out.size() > max_bytes) out.resize(max_bytes);
  return out;
}

}  // namespace assay::kit
