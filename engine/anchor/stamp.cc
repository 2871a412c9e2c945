#include "anchor/stamp.h"

#include <fmt/format.h>

#include "anchor/monitor.h"
#include "base/text.h"
#include "ledger/line.h"

namespace assay::anchor {
namespace {

// Nobody can have seen the note before its newest entry was made.
Status CheckTime(ledger::Ledger& ledger, uint64_t size, Timestamp stamped) {
  ASSAY_ASSIGN(const std::string line, ledger.ReadLine(LeafIndex{size - 1}));
  ASSAY_ASSIGN(const ledger::LineFacts facts, ledger::ParseLine(line));
  if (stamped + kClockTolerance >= facts.time) return {};
  return Fail(Code::kCorrupt, fmt::format("time stamp: of {}, before entry {} of {} that it covers",
                                          FormatTime(stamped), size - 1, FormatTime(facts.time)));
}

struct SizedNote {
  uint64_t size = 0;
  std::string note;
};
// The stored note that the imprint is of.
Result<SizedNote> FindNote(ledger::Ledger& ledger, const Digest& imprint) {
  std::optional<SizedNote> found;
  ASSAY_TRY(ledger.VisitCheckpoints([&](TreeSize size, const std::string& note) -> Status {
    if (proof::Sha256(AsBytes(note)) == imprint) found = {ToNumber(size), note};
    return {};
  }));
  if (found) return std::move(*found);
  return Fail(Code::kCorrupt, "time stamp: imprint is of no checkpoint of this ledger");
}

struct Stamp {
  uint64_t size = 0;
  Digest digest{};
};
Result<Stamp> ReadStamp(ledger::Ledger& ledger, LeafIndex index) {
  ASSAY_ASSIGN(const std::string line, ledger.ReadLine(index));
  ASSAY_ASSIGN(const ledger::LineFacts facts, ledger::ParseLine(line));
  ASSAY_ASSIGN(const int64_t size, proof::IntegerAt(facts.members, "size"));
  ASSAY_ASSIGN(const std::string digest, proof::TextAt(facts.members, "digest"));
  ASSAY_ASSIGN(const ByteVector bytes, ParseBase64(digest));
  ASSAY_ASSIGN(const Digest value, ToDigest(bytes));
  return Stamp{static_cast<uint64_t>(size), value};
}

Result<proof::TimestampFacts> VerifyStamp(ledger::Ledger& ledger, const Authority& authority,
                                          const Stamp& stamp) {
  ASSAY_ASSIGN(const ByteVector token, ledger.ReadToken(stamp.digest));
  if (proof::Sha256(token) != stamp.digest)
    return Fail(Code::kCorrupt, "time stamp: the token is not the one that the entry names");
  ASSAY_ASSIGN(const proof::TimestampFacts said, proof::ReadTimestamp(token));
  ASSAY_ASSIGN(const SizedNote stamped, FindNote(ledger, said.imprint));
  if (stamped.size != stamp.size)
    return Fail(Code::kCorrupt, "time stamp: of another checkpoint than the entry says");
  ASSAY_ASSIGN(proof::TimestampFacts facts,
               proof::VerifyTimestamp(token, stamped.note, authority.ca_pem, authority.crl_pem));
  ASSAY_TRY(CheckTime(ledger, stamp.size, facts.time));
  return facts;
}

}  // namespace

Result<ByteVector> AskAuthority(const Authority& authority, ByteSpan query) {
  if (authority.url.empty())
    return Fail(Error{Code::kInvalidInput,
                      "time stamp: no authority in the configuration",
                      {},
                      "set [ledger.timestamp] url, or use --query and --reply",
                      {},
                      {}});
  ASSAY_ASSIGN(const auto client,
               MakeClient(authority.tls_ca_file, authority.network, authority.timeout));
  ASSAY_ASSIGN(
      const broker::HttpAnswer answer,
      SendTo(*client, "POST", authority.url, "application/timestamp-query", AsText(query)));
  if (answer.head.status != 200) return Fail(Refusal(authority.url, answer));
  const std::string type = AsciiLower(answer.head.Find("Content-Type").value_or(""));
  if (Trim(type.substr(0, type.find(';'))) != "application/timestamp-reply")
    return Fail(Code::kUnavailable, fmt::format("{}: answered 200 with {}, which is no time stamp",
                                                authority.url, Quote(type)));
  return answer.body;
}

Result<Stamped> KeepReply(ledger::Ledger& ledger, const Authority& authority, ByteSpan reply,
                          ByteSpan query) {
  ASSAY_ASSIGN(ByteVector token,
               query.empty() ? proof::TokenOfReply(reply) : proof::TokenOfReply(reply, query));
  ASSAY_ASSIGN(const proof::TimestampFacts said, proof::ReadTimestamp(token));
  ASSAY_ASSIGN(const SizedNote head, FindNote(ledger, said.imprint));
  Stamped out{head.size, {}};
  ASSAY_ASSIGN(out.facts,
               proof::VerifyTimestamp(token, head.note, authority.ca_pem, authority.crl_pem));
  ASSAY_TRY(CheckTime(ledger, head.size, out.facts.time));
  ledger::EntryDraft draft{"checkpoint.timestamped",
                           "engine",
                           {{"size", head.size},
                            {"digest", EncodeBase64(proof::Sha256(token))},
                            {"gen_time", FormatTime(out.facts.time)},
                            {"policy", out.facts.policy}},
                           {}};
  ASSAY_TRY(ledger.AppendTimestamp(std::move(draft), std::move(token)).get());
  return out;
}

Result<std::vector<StampCheck>> VerifyStamps(ledger::Ledger& ledger, const Authority& authority) {
  ASSAY_ASSIGN(const auto landmarks, ledger.ReadLandmarks("checkpoint.timestamped"));
  std::vector<StampCheck> out;
  for (const LeafIndex index : landmarks) {
    ASSAY_ASSIGN(const Stamp stamp, ReadStamp(ledger, index));
    out.push_back({ToNumber(index), stamp.size, VerifyStamp(ledger, authority, stamp)});
  }
  return out;
}

}  // namespace assay::anchor
