#include "gunzip.h"

#include <zlib.h>

#include <vector>

namespace assay::cost {

struct Gunzip::Stream {
  z_stream z{};
  bool open = false;
  std::vector<char> out = std::vector<char>(256u << 10);
  ~Stream() {
    if (open) inflateEnd(&z);
  }
};

Gunzip::Gunzip(OnBytes on_bytes)
    : on_bytes_(std::move(on_bytes)), stream_(std::make_unique<Stream>()) {
  constexpr int kGzipOnly = 15 + 16;
  stream_->open = inflateInit2(&stream_->z, kGzipOnly) == Z_OK;
  if (!stream_->open) fault_ = "gzip: out of memory";
}

Gunzip::~Gunzip() = default;

bool Gunzip::Fault(const char* what) {
  fault_ = std::string("gzip: ") + what;
  return false;
}

bool Gunzip::Inflate(std::string_view& piece) {
  z_stream& z = stream_->z;
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
  z.avail_in = static_cast<uInt>(piece.size());
  z.next_out = reinterpret_cast<Bytef*>(stream_->out.data());
  z.avail_out = static_cast<uInt>(stream_->out.size());
  const int status = inflate(&z, Z_NO_FLUSH);
  const bool damaged = status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR;
  const size_t made = stream_->out.size() - z.avail_out;
  const size_t taken = piece.size() - z.avail_in;
  // What came before the damage counts, in whatever pieces it came.
  if (damaged)
    return (made == 0 || on_bytes_({stream_->out.data(), made})) && Fault("the data is damaged");
  if (made == 0 && taken == 0) return true;  // nothing was left inside
  in_ += taken;
  out_ += made;
  piece.remove_prefix(taken);
  whole_ = status == Z_STREAM_END;
  if (whole_ && inflateReset(&z) != Z_OK) return Fault("out of memory");
  if (out_ > kMaxBytes) return Fault("it unpacks to more than 64 GiB");
  if (out_ > kRatioCountsFrom && out_ / kMaxRatio > in_)
    return Fault("it unpacks to more than 400 times its size");
  return made == 0 || on_bytes_({stream_->out.data(), made});
}

bool Gunzip::Feed(std::string_view piece) {
  constexpr size_t kAtOnce = 1u << 20;
  if (!fault_.empty()) return false;
  while (!piece.empty()) {
    std::string_view some = piece.substr(0, kAtOnce);
    piece.remove_prefix(some.size());
    // Some of the output may still be inside when all input is taken.
    do {
      if (!Inflate(some)) return false;
    } while (!some.empty() || stream_->z.avail_out == 0);
  }
  return true;
}

bool Gunzip::End() {
  if (!fault_.empty()) return false;
  return whole_ || Fault("the file ends too early");
}

}  // namespace assay::cost
