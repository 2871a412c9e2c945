#include "assess/subject_search.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <set>

#include "assess/line.h"
#include "assess/run.h"
#include "base/text.h"
#include "proof/body.h"

namespace assay::assess {
namespace {

constexpr size_t kMinIdentifier = 3;
constexpr uint64_t kSkeleton = 0;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsWord(char c) {
  return IsLetter(c) || IsDigit(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool Joins(char c) { return c == '.' || c == '-' || c == '\'' || c == '+' || c == '@'; }

char LowerByte(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = LowerByte(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Value of `count` hexadecimal digits; -1 when they are none.
int64_t HexAt(std::string_view text, size_t at, size_t count) {
  if (at + count > text.size()) return -1;
  int64_t value = 0;
  for (size_t i = 0; i < count; ++i) {
    const int digit = HexDigit(text[at + i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

void AppendUtf8(std::string& out, uint32_t c) {
  const auto put = [&](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) return put(c);
  if (c < 0x800) return put(0xc0 | c >> 6), put(0x80 | (c & 0x3f));
  if (c < 0x10000) return put(0xe0 | c >> 12), put(0x80 | (c >> 6 & 0x3f)), put(0x80 | (c & 0x3f));
  put(0xf0 | c >> 18), put(0x80 | (c >> 12 & 0x3f)), put(0x80 | (c >> 6 & 0x3f));
  put(0x80 | (c & 0x3f));
}

/// Takes one escape at `at` into `out`; bytes taken, 0 when there is none.
size_t TakeJsonEscape(std::string_view text, size_t at, std::string& out) {
  if (text[at] != '\\' || at + 1 >= text.size()) return 0;
  static constexpr std::string_view kShort = "\"\\/bfnrt", kMeans = "\"\\/\b\f\n\r\t";
  const char next = text[at + 1];
  if (const size_t i = kShort.find(next); i != std::string_view::npos)
    return out.push_back(kMeans[i]), 2;
  const int64_t high = next == 'u' ? HexAt(text, at + 2, 4) : -1;
  if (high < 0) return 0;
  const bool pair = high >= 0xd800 && high < 0xdc00 && text.substr(at + 6, 2) == "\\u";
  const int64_t low = pair ? HexAt(text, at + 8, 4) : -1;
  if (low >= 0xdc00 && low < 0xe000) {
    AppendUtf8(out, static_cast<uint32_t>(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)));
    return 12;
  }
  AppendUtf8(out, static_cast<uint32_t>(high));
  return 6;
}

size_t TakePercentEscape(std::string_view text, size_t at, std::string& out) {
  if (text[at] != '%') return 0;
  const int64_t value = HexAt(text, at + 1, 2);
  if (value < 0) return 0;
  out.push_back(static_cast<char>(value));
  return 3;
}

using TakeEscape = size_t (*)(std::string_view, size_t, std::string&);
struct Escape {
  char mark;
  TakeEscape take;
};
constexpr Escape kEscapes[] = {{'\\', TakeJsonEscape}, {'%', TakePercentEscape}};

/// Undoes the escapes of one kind. Places are kept only where `in` has them: most texts are
/// searched once and hold nothing.
Decoded Decode(const Decoded& in, const Escape& escape) {
  const bool places = !in.from.empty();
  Decoded out;
  out.text.reserve(in.text.size());
  for (size_t at = 0; at < in.text.size();) {
    const size_t next = std::min(in.text.find(escape.mark, at), in.text.size());
    out.text.append(in.text, at, next - at);
    if (places) out.from.insert(out.from.end(), in.from.begin() + at, in.from.begin() + next);
    if ((at = next) == in.text.size()) break;
    size_t taken = escape.take(in.text, at, out.text);
    if (taken == 0) out.text.push_back(in.text[at]), taken = 1;
    if (places) out.from.resize(out.text.size(), in.from[at]);
    at += taken;
  }
  return out;
}

std::string Lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = LowerByte(c);
  return out;
}

bool BeginsFree(std::string_view text, size_t at) {
  if (at == 0 || !IsWord(text[at])) return true;
  if (IsWord(text[at - 1])) return false;
  return !(Joins(text[at - 1]) && at >= 2 && IsWord(text[at - 2]));
}

bool EndsFree(std::string_view text, size_t end) {
  if (end >= text.size() || !IsWord(text[end - 1])) return true;
  if (IsWord(text[end])) return false;
  return !(Joins(text[end]) && end + 1 < text.size() && IsWord(text[end + 1]));
}

void FindIn(std::string_view text, const std::string& wanted, SubjectMatcher::Ranges& out) {
  for (size_t at = 0; at + wanted.size() <= text.size();) {
    const void* found = ::memmem(text.data() + at, text.size() - at, wanted.data(), wanted.size());
    if (found == nullptr) return;
    at = static_cast<size_t>(static_cast<const char*>(found) - text.data());
    if (BeginsFree(text, at) && EndsFree(text, at + wanted.size()))
      out.emplace_back(at, at + wanted.size());
    ++at;
  }
}

SubjectMatcher::Ranges Merged(SubjectMatcher::Ranges ranges) {
  std::sort(ranges.begin(), ranges.end());
  SubjectMatcher::Ranges out;
  for (const auto& range : ranges) {
    if (!out.empty() && range.first < out.back().second)
      out.back().second = std::max(out.back().second, range.second);
    else
      out.push_back(range);
  }
  return out;
}

/// A body put together again as far as it is there, and which segment each piece of it is.
struct Assembled {
  std::string text;
  std::vector<std::pair<uint64_t, uint64_t>> pieces;  ///< first byte, segment
  void Add(uint64_t segment, ByteSpan bytes) {
    pieces.emplace_back(text.size(), segment);
    text.append(AsText(bytes));
  }
};

bool IsErased(const ledger::StoredBody& body, uint64_t segment) {
  return std::binary_search(body.erased.begin(), body.erased.end(), segment);
}

/// Segments one after another, apart: nothing matches across two of them.
Assembled Separately(const ledger::StoredBody& body) {
  Assembled out;
  for (size_t i = 0; i < body.segments.size(); ++i) {
    if (i > 0) out.text.push_back('\n');
    out.Add(i, body.segments[i]);
  }
  return out;
}

/// A response in its own order: a value that wrong marks cut in two is whole again.
Result<Assembled> InOrder(const ledger::StoredBody& body) {
  ByteSpan rest = body.segments.front();
  ASSAY_ASSIGN(const uint64_t count, proof::TakeVarint(rest));
  std::vector<uint64_t> gaps;
  for (uint64_t i = 0; i < count; ++i) {
    ASSAY_ASSIGN(const uint64_t gap, proof::TakeVarint(rest));
    ASSAY_TRY(proof::TakeVarint(rest));
    gaps.push_back(gap);
  }
  Assembled out;
  for (uint64_t i = 0; i < count && i + 1 < body.segments.size(); ++i) {
    if (gaps[i] > rest.size()) return Fail(Code::kCorrupt, "body: skeleton is cut short");
    out.Add(kSkeleton, rest.first(gaps[i]));
    rest = rest.subspan(gaps[i]);
    out.Add(i + 1, body.segments[i + 1]);
    if (IsErased(body, i + 1)) out.text.push_back('\0');
  }
  out.Add(kSkeleton, rest);
  return out;
}

Result<Assembled> Assemble(const ledger::StoredBody& body) {
  if (body.scheme == proof::kRecordScheme && !IsErased(body, kSkeleton)) return InOrder(body);
  return Separately(body);
}

std::vector<uint64_t> SegmentsAt(const Assembled& body, const SubjectMatcher::Ranges& places) {
  std::set<uint64_t> out;
  for (const auto& [first, end] : places) {
    auto piece = std::upper_bound(body.pieces.begin(), body.pieces.end(),
                                  std::pair<uint64_t, uint64_t>(first, UINT64_MAX));
    if (piece != body.pieces.begin()) --piece;
    for (; piece != body.pieces.end() && piece->first < end; ++piece) {
      const auto next = std::next(piece);
      const uint64_t piece_end = next == body.pieces.end() ? body.text.size() : next->first;
      if (piece_end > first) out.insert(piece->second);
    }
  }
  return {out.begin(), out.end()};
}

/// True when the subject stands in the request: then the whole answer is about the subject.
bool RequestNames(const ledger::StoredBody& body, const Assembled& text,
                  const SubjectMatcher::Ranges& places) {
  if (body.scheme != proof::kRecordScheme || IsErased(body, kSkeleton)) return false;
  return text.text.starts_with('{') && places.front().first < text.text.find('\n');
}

bool IsIdentifier(std::string_view word) {
  const size_t at = word.find('@');
  if (at != std::string_view::npos)
    return at > 0 && word.find('.', at) != std::string_view::npos && word.size() < 255;
  return word.size() == 36 && word[8] == '-' && word[13] == '-' && word[18] == '-' &&
         word[23] == '-' &&
         std::all_of(word.begin(), word.end(), [](char c) { return c == '-' || HexDigit(c) >= 0; });
}

/// Addresses and object ids of a record, for the administrator to look at.
void CollectOthers(std::string_view text, const SubjectMatcher& matcher,
                   std::map<std::string, uint64_t>& out) {
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && (IsWord(text[end]) || Joins(text[end]))) ++end;
    const std::string word = Lowered(text.substr(at, end - at));
    if (IsIdentifier(word) && matcher.Find(word).empty()) ++out[word];
    at = end + 1;
  }
}

std::vector<uint64_t> AllLeft(const ledger::StoredBody& body) {
  std::vector<uint64_t> out;
  for (uint64_t i = 0; i < body.segments.size(); ++i)
    if (!IsErased(body, i)) out.push_back(i);
  return out;
}

}  // namespace

Result<SubjectMatcher> SubjectMatcher::Make(const std::vector<std::string>& identifiers) {
  SubjectMatcher out;
  for (const std::string& identifier : identifiers) {
    if (identifier.size() < kMinIdentifier)
      return Fail(Code::kInvalidInput, "subject " + Quote(identifier) + ": shorter than 3 bytes");
    out.identifiers_.push_back(Lowered(identifier));
  }
  if (identifiers.empty()) return Fail(Code::kInvalidInput, "no subject given");
  return out;
}

void SubjectMatcher::FindPlain(std::string_view text, Ranges& out) const {
  const std::string folded = Lowered(text);
  for (const std::string& wanted : identifiers_) FindIn(folded, wanted, out);
}

SubjectMatcher::Ranges SubjectMatcher::Find(std::string_view text) const {
  Ranges out;
  FindPlain(text, out);
  if (FindDecoded({std::string(text), {}}).empty()) return Merged(std::move(out));
  Decoded with_places{std::string(text), std::vector<uint64_t>(text.size())};
  std::iota(with_places.from.begin(), with_places.from.end(), uint64_t{0});
  for (const auto& range : FindDecoded(std::move(with_places))) out.push_back(range);
  return Merged(std::move(out));
}

SubjectMatcher::Ranges SubjectMatcher::FindDecoded(Decoded text) const {
  Ranges out;
  const uint64_t size = text.text.size();
  for (const Escape& escape : kEscapes) {
    if (text.text.find(escape.mark) == std::string::npos) continue;
    text = Decode(text, escape);
    Ranges found;
    FindPlain(text.text, found);
    const auto place = [&](uint64_t at) { return at < text.from.size() ? text.from[at] : size; };
    for (const auto& [first, end] : found) out.emplace_back(place(first), place(end));
  }
  return out;
}

uint64_t SubjectFind::segments() const {
  uint64_t out = 0;
  for (const SubjectBody& body : bodies) out += body.segments.size();
  return out;
}

namespace {

/// Bodies that hold a file of a plugin: software, the same for every tenant. Not those of the
/// admin's own checks, which may name people.
Result<std::set<Digest>> SoftwareBodies(ledger::Ledger& ledger) {
  std::set<Digest> out;
  Status fault;
  ASSAY_ASSIGN(const ledger::Head head, ledger.ReadHead());
  ASSAY_TRY(ledger.ReadLines(
      LeafIndex{0}, LeafIndex{ToNumber(head.size)}, [&](LeafIndex, std::string_view text) {
        if (text.find("\"kind\":\"plugin.file\"") == std::string_view::npos) return true;
        const auto line = Line::Decode(text);
        const auto bytes = line ? ParseBase64(line->BodyRoot()) : Fail(line.error());
        const auto root = bytes ? ToDigest(*bytes) : Result<Digest>(Fail(bytes.error()));
        if (!root) return fault = Fail(root.error()), false;
        if (line->Text("kind") == "plugin.file" && line->Text("plugin") != kOwnChecks)
          out.insert(*root);
        return true;
      }));
  ASSAY_TRY(fault);
  return out;
}

}  // namespace

Result<SubjectFind> FindSubject(
    ledger::Ledger& ledger, const SubjectMatcher& matcher,
    const std::function<void(const SubjectBody&, const ledger::StoredBody&)>& visit) {
  SubjectFind out;
  Status fault;
  ASSAY_ASSIGN(const std::set<Digest> software, SoftwareBodies(ledger));
  ASSAY_TRY(ledger.VisitBodies([&](const ledger::StoredBody& stored) {
    if (software.contains(stored.root)) return true;
    const Result<Assembled> text = Assemble(stored);
    if (!text) fault = Fail(text.error());
    if (!text) return false;
    ++out.searched;
    out.searched_bytes += text->text.size();
    const SubjectMatcher::Ranges places = matcher.Find(text->text);
    if (places.empty()) return true;
    SubjectBody body{stored.root, stored.file, stored.scheme, {}};
    body.segments =
        RequestNames(stored, *text, places) ? AllLeft(stored) : SegmentsAt(*text, places);
    for (const uint64_t segment : body.segments)
      if (segment != kSkeleton || stored.scheme != proof::kRecordScheme)
        CollectOthers(AsText(stored.segments[segment]), matcher, out.others);
    if (visit) visit(body, stored);
    out.bodies.push_back(std::move(body));
    return true;
  }));
  ASSAY_TRY(fault);
  return out;
}

Result<std::map<Digest, std::vector<BodyEntry>>> EntriesOf(ledger::Ledger& ledger,
                                                           const std::vector<SubjectBody>& bodies) {
  std::map<std::string, Digest> wanted;
  for (const SubjectBody& body : bodies) wanted.emplace(EncodeBase64(body.root), body.root);
  std::map<Digest, std::vector<BodyEntry>> out;
  ASSAY_ASSIGN(const ledger::Head head, ledger.ReadHead());
  Status fault;
  ASSAY_TRY(ledger.ReadLines(
      LeafIndex{0}, LeafIndex{ToNumber(head.size)}, [&](LeafIndex index, std::string_view text) {
        if (text.find("\"body\":{") == std::string_view::npos) return true;
        const auto line = Line::Decode(text);
        if (!line) fault = Fail(line.error());
        if (!line) return false;
        const auto it = wanted.find(line->BodyRoot());
        if (it != wanted.end())
          out[it->second].push_back({index, line->Text("kind"), line->Text("time")});
        return true;
      }));
  ASSAY_TRY(fault);
  return out;
}

}  // namespace assay::assess
