// Bytes that must not outlive their use: a fixed-size key that wipes itself, and random bytes.
#pragma once

#include <array>
#include <span>

#include "base/bytes.h"

namespace assay::proof {

/// Overwrites with zeros in a way that the compiler keeps. [any thread]
void Wipe(std::span<uint8_t> bytes);
inline void Wipe(std::string& text) {
  Wipe(std::span(reinterpret_cast<uint8_t*>(text.data()), text.size()));
}

/// Fills with bytes of the system's random generator. kIo when there are none. [any thread]
Status FillRandom(std::span<uint8_t> out);

/// A 256-bit key. Moves, never copies; wiped at the end and when moved from.
class SecretKey {
 public:
  SecretKey() = default;
  SecretKey(SecretKey&& other) noexcept : bytes_(other.bytes_) { Wipe(other.bytes_); }
  SecretKey& operator=(SecretKey&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      Wipe(other.bytes_);
    }
    return *this;
  }
  ~SecretKey() { Wipe(bytes_); }
  /// kIo when the system has no random bytes.
  static Result<SecretKey> Random();
  /// kInvalidInput unless exactly 32 bytes. The caller wipes its own copy.
  static Result<SecretKey> From(ByteSpan bytes);
  ByteSpan bytes() const { return bytes_; }

 private:
  std::array<uint8_t, 32> bytes_{};
};

/// Bytes that are wiped when they go: opened bodies, unwrapped keys on their way.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(ByteVector bytes) : bytes_(std::move(bytes)) {}
  SecretBytes(SecretBytes&&) = default;
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    if (this != &other) {
      Wipe(bytes_);
      bytes_ = std::move(other.bytes_);
    }
    return *this;
  }
  ~SecretBytes() { Wipe(bytes_); }
  ByteVector& get() { return bytes_; }
  ByteSpan span() const { return bytes_; }

 private:
  ByteVector bytes_;
};

}  // namespace assay::proof
