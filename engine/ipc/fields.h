// Field helpers that the message files share: bounded text, enums held to their range, lists.
// Private to engine/ipc.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "ipc/messages.h"
#include "ipc/wire.h"

namespace assay::ipc {

/// A Reader that also remembers range and UTF-8 errors; Finish turns the whole into a Result.
class FieldReader {
 public:
  explicit FieldReader(ByteSpan payload) : in_(payload) {}

  uint8_t U8() { return in_.U8(); }
  uint16_t U16() { return in_.U16(); }
  uint32_t U32() { return in_.U32(); }
  uint64_t U64() { return in_.U64(); }
  int64_t I64() { return in_.I64(); }
  ByteSpan Rest() { return in_.Raw(in_.rest().size()); }
  bool Bool() { return Within(in_.U8(), 0, 1) != 0; }

  std::string Text(size_t max) {
    const std::string_view text = in_.Text(max);
    if (!IsUtf8(text)) sound_ = false;
    return ok() ? std::string(text) : std::string();
  }
  std::string Id() { return Text(kMaxId); }
  std::string Line() { return Text(kMaxLine); }

  template <typename Enum>
  Enum OneOf(Enum low, Enum high) {
    return static_cast<Enum>(
        Within(in_.U8(), static_cast<uint8_t>(low), static_cast<uint8_t>(high)));
  }

  /// Reads a list with `element(FieldReader&)`; grows as elements arrive, so that a lying count
  /// costs nothing.
  template <typename F>
  auto List(size_t min_bytes, F element) {
    std::vector<decltype(element(*this))> out;
    const uint32_t n = in_.Count(min_bytes);
    for (uint32_t i = 0; i < n && ok(); ++i) out.push_back(element(*this));
    return out;
  }

  bool ok() const { return sound_ && in_.ok(); }

  template <typename T>
  Result<T> Finish(T value, const char* what) const {
    if (!ok())
      return Fail(Code::kCorrupt,
                  fmt::format("{} message: field is missing or out of range", what));
    if (!in_.Done())
      return Fail(Code::kCorrupt, fmt::format("{} message: bytes are left over", what));
    return value;
  }

 private:
  uint8_t Within(uint8_t v, uint8_t low, uint8_t high) {
    if (v >= low && v <= high) return v;
    sound_ = false;
    return low;
  }

  Reader in_;
  bool sound_ = true;
};

template <typename T, typename F>
void PutList(Writer& out, const std::vector<T>& list, F put) {
  out.U32(static_cast<uint32_t>(list.size()));
  for (const T& element : list) put(element);
}

inline void PutTexts(Writer& out, const std::vector<std::string>& list) {
  PutList(out, list, [&](const std::string& text) { out.Text(text); });
}

/// DatasetSpec stands in Init and in kSchema alike.
void PutDataset(Writer& out, const DatasetSpec& m);
DatasetSpec GetDataset(FieldReader& in);

}  // namespace assay::ipc
