// Bounded gunzip over zlib.
#include "broker/body_sink.h"

#include <openssl/crypto.h>
#include <zlib.h>

#include <algorithm>
#include <array>

namespace assay::broker {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;
// What is smaller may be a token: no copy of it is left behind when it grows.
constexpr size_t kMayBeToken = 512 * 1024;
// A size that is announced is not yet sent.
constexpr uint64_t kMostReserved = 256 * 1024;

}  // namespace

struct BodySink::Inflate {
  z_stream stream{};
  bool ready = false;
  bool ended = false;
  Inflate() { ready = inflateInit2(&stream, kGzipOnly) == Z_OK; }
  ~Inflate() {
    if (ready) inflateEnd(&stream);
  }
};

BodySink::BodySink(const std::string& coding, uint64_t max_bytes, uint64_t expected)
    : max_bytes_(max_bytes) {
  body_.reserve(std::min(expected, kMostReserved));
  if (coding == "gzip") inflate_ = std::make_unique<Inflate>();
}

BodySink::~BodySink() = default;

Status BodySink::Append(ByteSpan bytes) {
  if (bytes.empty()) return {};
  any_ = true;
  return inflate_ ? AppendGzip(bytes) : AppendPlain(bytes);
}

Status BodySink::AppendPlain(ByteSpan bytes) {
  if (bytes.size() > max_bytes_ - body_.size())
    return Fail(Code::kLimitExceeded, "answer body: larger than " + std::to_string(max_bytes_) +
                                          " bytes (max_body_bytes)");
  if (body_.size() + bytes.size() > body_.capacity() && body_.size() < kMayBeToken) {
    ByteVector larger;
    larger.reserve(2 * (body_.size() + bytes.size()));
    AppendBytes(larger, body_);
    OPENSSL_cleanse(body_.data(), body_.size());
    body_ = std::move(larger);
  }
  AppendBytes(body_, bytes);
  return {};
}

Status BodySink::AppendGzip(ByteSpan bytes) {
  if (!inflate_->ready) return Fail(Code::kLimitExceeded, "answer body: no memory for gzip");
  z_stream& stream = inflate_->stream;
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::array<uint8_t, 64 * 1024> out;
  while (stream.avail_in > 0 || stream.avail_out == 0) {
    if (inflate_->ended) return Fail(Code::kCorrupt, "answer body: bytes after the gzip stream");
    stream.next_out = out.data();
    stream.avail_out = out.size();
    const int got = inflate(&stream, Z_NO_FLUSH);
    if (got != Z_OK && got != Z_STREAM_END && got != Z_BUF_ERROR)
      return Fail(Code::kCorrupt, "answer body: not valid gzip");
    const size_t made = out.size() - stream.avail_out;
    Status appended = AppendPlain({out.data(), made});
    if (body_.size() < kMayBeToken) OPENSSL_cleanse(out.data(), made);
    if (!appended) return appended;
    if (got == Z_STREAM_END) {
      inflate_->ended = true;
      if (stream.avail_in == 0) break;
    } else if (got == Z_BUF_ERROR) {
      break;
    }
  }
  return {};
}

Result<ByteVector> BodySink::Finish() {
  if (inflate_ && any_ && !inflate_->ended)
    return Fail(Code::kCorrupt, "answer body: the gzip stream is cut");
  return std::move(body_);
}

}  // namespace assay::broker
