// Chunked and fixed-length bodies without tolerance: whatever two parsers could read differently
// ends the answer.
#include "broker/body_reader.h"

#include "broker/body_sink.h"

namespace assay::broker {
namespace {

constexpr int kMaxInterim = 8;
constexpr size_t kMaxChunkLine = 16;  // 2^52 bytes in hex; no extensions

tl::unexpected<Error> Corrupt(std::string why) {
  return Fail(Code::kCorrupt, "answer body: " + std::move(why));
}

/// More bytes, or the error that the stream ended in `what`.
Status FillOrCut(Connection& connection, std::string_view what,
                 std::string_view phase = kReadingBody) {
  ASSAY_ASSIGN(const bool more, connection.Fill(phase));
  if (!more)
    return Fail(Code::kUnavailable, "answer is cut: the connection ended in " + std::string(what));
  return {};
}

Result<HttpHead> ReadOneHead(Connection& connection) {
  for (;;) {
    const std::string_view text = connection.buffered();
    const size_t end = text.find("\r\n\r\n");
    if (std::min(end, text.size()) > kMaxHeadBytes)
      return Fail(Code::kLimitExceeded, "answer head: larger than 64 KiB");
    if (end != text.npos) {
      Result<HttpHead> head = ParseHead(text.substr(0, end + 4));
      connection.Consume(end + 4);
      return head;
    }
    if (text.size() > 5 && !text.starts_with("HTTP/"))
      return Fail(Code::kCorrupt, "answer head: does not begin with a status line");
    ASSAY_TRY(FillOrCut(connection, "the head", kAwaitingHead));
  }
}

Status ReadExactly(Connection& connection, uint64_t count, BodySink& sink) {
  while (count > 0) {
    if (connection.buffered().empty()) ASSAY_TRY(FillOrCut(connection, "the body"));
    const std::string_view ready = connection.buffered();
    const size_t take = static_cast<size_t>(std::min<uint64_t>(count, ready.size()));
    ASSAY_TRY(sink.Append(AsBytes(ready.substr(0, take))));
    connection.Consume(take);
    count -= take;
  }
  return {};
}

/// A line that ends with CRLF, without it.
Result<std::string> ReadChunkLine(Connection& connection) {
  for (;;) {
    const std::string_view text = connection.buffered();
    const size_t end = text.find('\n');
    if (std::min(end, text.size()) > kMaxChunkLine + 1)
      return Corrupt("chunk size line is too long or has an extension");
    if (end != text.npos) {
      if (end == 0 || text[end - 1] != '\r') return Corrupt("chunk line ends with a bare LF");
      std::string line(text.substr(0, end - 1));
      connection.Consume(end + 1);
      return line;
    }
    ASSAY_TRY(FillOrCut(connection, "a chunk size"));
  }
}

Result<uint64_t> ParseChunkSize(std::string_view line) {
  if (line.empty()) return Corrupt("chunk size is empty");
  uint64_t size = 0;
  for (const char c : line) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return Corrupt("chunk size is not a hexadecimal number");
    if (size >> 48) return Corrupt("chunk size is too large");
    size = size << 4 | static_cast<uint64_t>(digit);
  }
  return size;
}

Status ReadChunks(Connection& connection, BodySink& sink) {
  for (;;) {
    ASSAY_ASSIGN(const std::string line, ReadChunkLine(connection));
    ASSAY_ASSIGN(const uint64_t size, ParseChunkSize(line));
    if (size > 0) ASSAY_TRY(ReadExactly(connection, size, sink));
    ASSAY_ASSIGN(const std::string after, ReadChunkLine(connection));
    if (after.empty() && size > 0) continue;
    if (after.empty()) return {};
    return size > 0 ? Corrupt("chunk is longer than its size says")
                    : Corrupt("trailer fields after the last chunk");
  }
}

}  // namespace

Result<HttpHead> ReadHead(Connection& connection) {
  for (int interim = 0; interim <= kMaxInterim; ++interim) {
    ASSAY_ASSIGN(HttpHead head, ReadOneHead(connection));
    if (head.status >= 200) return head;
    if (head.status == 101) return Fail(Code::kCorrupt, "answer head: 101 switches protocols");
    if (head.Count("Content-Length") || head.Count("Transfer-Encoding"))
      return Fail(Code::kCorrupt, "answer head: an interim answer announces a body");
  }
  return Fail(Code::kLimitExceeded, "answer head: more than 8 interim (1xx) answers");
}

Result<ByteVector> ReadBody(Connection& connection, const BodyFraming& framing,
                            uint64_t max_bytes) {
  if (framing.length > max_bytes)
    return Fail(Code::kLimitExceeded, "answer body: announced larger than " +
                                          std::to_string(max_bytes) + " bytes (max_body_bytes)");
  BodySink sink(framing.coding, max_bytes, framing.length);
  if (framing.chunked)
    ASSAY_TRY(ReadChunks(connection, sink));
  else
    ASSAY_TRY(ReadExactly(connection, framing.length, sink));
  if (!connection.buffered().empty()) return Corrupt("bytes after its end");
  return sink.Finish();
}

}  // namespace assay::broker
