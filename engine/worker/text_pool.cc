#include "worker/text_pool.h"

#include <cstring>

#include "base/text.h"

namespace assay::worker {
namespace {

constexpr size_t kChunkBytes = 256u << 10;
constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15ull;

uint64_t Mix(uint64_t h, uint64_t word) {
  h = (h ^ word) * kMultiplier;
  return h ^ (h >> 29);
}

}  // namespace

// The seed differs from process to process (address layout), so that nobody can prepare texts that
// all fall into one slot; it decides nothing that leaves the process.
TextPool::TextPool() : slots_(1024), seed_(reinterpret_cast<uintptr_t>(this) * kMultiplier) {}

uint32_t TextPool::Hash(std::string_view text) const {
  uint64_t h = seed_ ^ text.size();
  while (text.size() >= 8) {
    uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    h = Mix(h, word);
    text.remove_prefix(8);
  }
  uint64_t word = 0;
  std::memcpy(&word, text.data(), text.size());
  h = Mix(Mix(h, word), seed_);
  return static_cast<uint32_t>(h ^ (h >> 32));
}

size_t TextPool::Slot(std::string_view text, uint32_t hash) const {
  const size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    if (slots_[i] == 0) return i;
    const Entry& e = entries_[slots_[i] - 1];
    if (e.hash == hash && e.size == text.size() && std::memcmp(e.data, text.data(), e.size) == 0)
      return i;
  }
}

const char* TextPool::Keep(std::string_view text) {
  if (text.empty()) return "";
  if (text.size() > kChunkBytes / 4) {  // a chunk of its own: the open one stays open
    chunks_.push_back(std::make_unique<char[]>(text.size()));
    chunk_bytes_ += text.size();
    std::memcpy(chunks_.back().get(), text.data(), text.size());
    return chunks_.back().get();
  }
  if (text.size() > chunk_left_) {
    chunks_.push_back(std::unique_ptr<char[]>(new char[kChunkBytes]));
    chunk_at_ = chunks_.back().get();
    chunk_left_ = kChunkBytes;
    chunk_bytes_ += kChunkBytes;
  }
  char* at = chunk_at_;
  std::memcpy(at, text.data(), text.size());
  chunk_at_ += text.size();
  chunk_left_ -= text.size();
  return at;
}

void TextPool::Grow() {
  std::vector<uint32_t> bigger(slots_.size() * 2);
  const size_t mask = bigger.size() - 1;
  for (uint32_t code = 0; code < entries_.size(); ++code) {
    size_t i = entries_[code].hash & mask;
    while (bigger[i] != 0) i = (i + 1) & mask;
    bigger[i] = code + 1;
  }
  slots_ = std::move(bigger);
}

std::optional<uint32_t> TextPool::Intern(std::string_view text) {
  const uint32_t hash = Hash(text);
  size_t slot = Slot(text, hash);
  if (slots_[slot] != 0) return slots_[slot] - 1;
  if (!IsUtf8(text)) return std::nullopt;
  if (entries_.size() * 4 >= slots_.size() * 3) {
    Grow();
    slot = Slot(text, hash);
  }
  entries_.push_back({Keep(text), static_cast<uint32_t>(text.size()), hash});
  slots_[slot] = size();
  return size() - 1;
}

std::optional<uint32_t> TextPool::Find(std::string_view text) const {
  const size_t slot = Slot(text, Hash(text));
  if (slots_[slot] == 0) return std::nullopt;
  return slots_[slot] - 1;
}

size_t TextPool::MemoryBytes() const {
  return chunk_bytes_ + entries_.capacity() * sizeof(Entry) + slots_.capacity() * sizeof(uint32_t);
}

uint32_t IntPool::Intern(int64_t value) {
  const auto [it, added] = codes_.try_emplace(value, static_cast<uint32_t>(values_.size()));
  if (added) values_.push_back(value);
  return it->second;
}

std::optional<uint32_t> IntPool::Find(int64_t value) const {
  const auto it = codes_.find(value);
  if (it == codes_.end()) return std::nullopt;
  return it->second;
}

}  // namespace assay::worker
