#include "proof/sha256_lanes.h"

#include <algorithm>
#include <cstring>

#include "proof/secret.h"
#include "proof/sha256_rounds.h"

namespace assay::proof {
namespace {

constexpr size_t kBlock = 64, kLengthBytes = 8;

/// A message under way: runs of blocks, of the message itself where it lies in one piece, otherwise
/// put together.
class Lane {
 public:
  ~Lane() { Wipe(built_); }

  void Begin(const Message& message, Digest* out) {
    message_ = &message;
    out_ = out;
    size_ = message.head.size() + message.body.size();
    end_ = (size_ + 1 + kLengthBytes + kBlock - 1) / kBlock * kBlock;
    at_ = 0;
    state = kFirstState;
    FindRun();
  }
  bool IsBusy() const { return out_ != nullptr; }
  const uint8_t* run() const { return run_; }
  size_t blocks() const { return blocks_; }  ///< of the run

  /// After the first blocks of the run: gives the digest out when they were the last ones.
  void Pass(size_t blocks) {
    at_ += blocks * kBlock;
    run_ += blocks * kBlock;
    blocks_ -= blocks;
    if (at_ < end_) return blocks_ > 0 ? void() : FindRun();
    *out_ = ToDigest(state);
    out_ = nullptr;
  }

  RoundState state;

 private:
  void FindRun() {
    const size_t head = message_->head.size();
    const bool is_whole = at_ >= head && at_ + kBlock <= size_;
    run_ = is_whole ? message_->body.data() + (at_ - head) : Build();
    blocks_ = is_whole ? (size_ - at_) / kBlock : 1;
  }

  const uint8_t* Build() {
    size_t filled = Copy(message_->head, at_, 0);
    filled += Copy(message_->body, at_ + filled - message_->head.size(), filled);
    std::memset(&built_[filled], 0, kBlock - filled);
    if (at_ <= size_ && size_ < at_ + kBlock) built_[filled] = 0x80;
    if (at_ + kBlock == end_) {
      const uint64_t bits = __builtin_bswap64(uint64_t{size_} * 8);
      std::memcpy(&built_[kBlock - kLengthBytes], &bits, kLengthBytes);
    }
    return built_.data();
  }

  // What `piece` has from `from` on, as far as there is room behind `filled`.
  size_t Copy(ByteSpan piece, size_t from, size_t filled) {
    if (from >= piece.size()) return 0;
    const size_t count = std::min(piece.size() - from, kBlock - filled);
    std::memcpy(&built_[filled], piece.data() + from, count);
    return count;
  }

  const Message* message_ = nullptr;
  Digest* out_ = nullptr;
  size_t size_ = 0, end_ = 0, at_ = 0, blocks_ = 0;
  const uint8_t* run_ = nullptr;
  std::array<uint8_t, kBlock> built_;
};

void HashInLanes(std::span<const Message> messages, std::span<Digest> out) {
  Lane one, two;
  size_t next = 0;
  const auto refill = [&](Lane& lane) {
    if (lane.IsBusy() || next == messages.size()) return lane.IsBusy();
    lane.Begin(messages[next], &out[next]);
    ++next;
    return true;
  };
  for (;;) {
    const bool has_one = refill(one), has_two = refill(two);
    if (has_one && has_two) {
      const size_t blocks = std::min(one.blocks(), two.blocks());
      AddBlocks(one.state, one.run(), two.state, two.run(), blocks);
      one.Pass(blocks);
      two.Pass(blocks);
    } else if (has_one || has_two) {
      Lane& last = has_one ? one : two;
      const size_t blocks = last.blocks();
      AddBlocks(last.state, last.run(), blocks);
      last.Pass(blocks);
    } else {
      return;
    }
  }
}

}  // namespace

void Sha256EachPortably(std::span<const Message> messages, std::span<Digest> out) {
  for (size_t i = 0; i < messages.size(); ++i)
    out[i] = Sha256({messages[i].head, messages[i].body});
}

void Sha256Each(std::span<const Message> messages, std::span<Digest> out) {
  ASSAY_ASSERT(messages.size() == out.size(), "a digest for each message");
  static const bool has_extensions = HasShaExtensions();
  has_extensions ? HashInLanes(messages, out) : Sha256EachPortably(messages, out);
}

LineHashes HashLine(std::string_view line) {
  constexpr auto kPrefix = static_cast<uint8_t>(TreeKind::kEntry);
  const Message messages[] = {{ByteSpan(&kPrefix, 1), AsBytes(line)}, {{}, AsBytes(line)}};
  Digest out[2];
  Sha256Each(messages, out);
  return {out[0], out[1]};
}

std::vector<Digest> HashLevel(TreeKind kind, std::span<const Digest> below) {
  const uint8_t prefix = static_cast<uint8_t>(kind) + 1;
  std::vector<Message> messages;
  messages.reserve(below.size() / 2);
  for (size_t i = 0; i + 1 < below.size(); i += 2)
    messages.push_back({ByteSpan(&prefix, 1), ByteSpan(below[i].data(), 2 * sizeof(Digest))});
  std::vector<Digest> out(messages.size());
  Sha256Each(messages, out);
  if (below.size() % 2 != 0) out.push_back(below.back());
  return out;
}

}  // namespace assay::proof
