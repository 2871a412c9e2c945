// Text that is wiped when it goes: client secrets and tokens.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace assay::broker {

/// Overwrites `text` in a way that is not optimised out, then empties it. [any thread]
void Wipe(std::string& text);

/// Owns secret text and wipes it at the end. Copies are deliberate, by view() only.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string&& text) : text_(std::move(text)) { Wipe(text); }
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { Wipe(other.text_); }
  Secret& operator=(Secret&& other) noexcept {
    if (this == &other) return *this;
    Wipe(text_);
    text_ = std::move(other.text_);
    Wipe(other.text_);
    return *this;
  }
  ~Secret() { Wipe(text_); }
  std::string_view view() const { return text_; }
  bool empty() const { return text_.empty(); }

 private:
  std::string text_;
};

}  // namespace assay::broker
