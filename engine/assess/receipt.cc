#include "assess/receipt.h"

#include "assess/line.h"
#include "proof/canonical_json.h"
#include "proof/note.h"
#include "proof/secret.h"

namespace assay::assess {
namespace {

constexpr std::string_view kType = "assay/erasure-receipt/1";

proof::Json Number(uint64_t value) { return {static_cast<int64_t>(value)}; }

proof::JsonObject ToJson(const Receipt& r) {
  proof::JsonArray entries;
  for (const uint64_t index : r.entries) entries.push_back(Number(index));
  proof::JsonObject out{{"type", {std::string(kType)}},
                        {"receipt", {r.id}},
                        {"scope", {r.scope}},
                        {"ledger", {r.origin}},
                        {"tenant", {r.tenant}},
                        {"reason", {r.reason}},
                        {"time", {r.time}},
                        {"entries", {std::move(entries)}},
                        {"bodies", Number(r.bodies)},
                        {"records", Number(r.records)},
                        {"size", Number(r.size)},
                        {"root", {EncodeBase64(r.root)}},
                        {"vkey", {r.vkey}}};
  if (!r.ticket.empty()) out["ticket"] = {r.ticket};
  if (r.backups_until) out["backups_until"] = {*r.backups_until};
  return out;
}

Receipt FromJson(const Line& line) {
  Receipt out;
  out.id = line.Text("receipt");
  out.scope = line.Text("scope");
  out.origin = line.Text("ledger");
  out.tenant = line.Text("tenant");
  out.reason = line.Text("reason");
  out.ticket = line.Text("ticket");
  out.time = line.Text("time");
  out.entries = line.Numbers("entries");
  out.bodies = static_cast<uint64_t>(line.Int("bodies"));
  out.records = static_cast<uint64_t>(line.Int("records"));
  out.size = static_cast<uint64_t>(line.Int("size"));
  if (line.Has("backups_until")) out.backups_until = line.Text("backups_until");
  out.vkey = line.Text("vkey");
  return out;
}

}  // namespace

Result<std::string> NewReceiptId() {
  std::array<uint8_t, 8> bytes{};
  ASSAY_TRY(proof::FillRandom(bytes));
  return "E-" + EncodeHex(bytes);
}

Result<std::string> SignReceipt(ledger::Ledger& ledger, Receipt receipt) {
  ASSAY_ASSIGN(receipt.vkey, ledger.VerifierKey());
  ASSAY_ASSIGN(const std::string statement, proof::WriteJson({ToJson(receipt)}));
  ASSAY_ASSIGN(const ByteVector signature, ledger.SignText(statement));
  return "{\"receipt\":" + statement + ",\"signature\":\"" + EncodeBase64(signature) + "\"}\n";
}

Result<Receipt> OpenReceipt(std::string_view document) {
  const auto no_receipt = [](const std::string& why) {
    return Fail(Code::kInvalidInput, "receipt: " + why);
  };
  if (document.ends_with('\n')) document.remove_suffix(1);
  auto json = proof::ReadJson(document);
  if (!json) return no_receipt(json.error().message);
  const proof::JsonObject* object = json->object();
  if (object == nullptr || object->size() != 2 || !object->contains("receipt"))
    return no_receipt("not an object with receipt and signature");
  auto signature = proof::TextAt(*object, "signature");
  if (!signature) return no_receipt(signature.error().message);
  ASSAY_ASSIGN(const std::string statement, proof::WriteJson(object->at("receipt")));
  auto line = Line::Decode(statement);
  if (!line || line->Text("type") != kType) return no_receipt("not of type " + std::string(kType));
  Receipt out = FromJson(*line);
  auto verifier = proof::Verifier::Parse(out.vkey);
  if (!verifier) return no_receipt(verifier.error().message);
  const auto bytes = ParseBase64(*signature);
  proof::Signature raw{};
  const bool sized = bytes && bytes->size() == raw.size();
  if (sized) std::copy(bytes->begin(), bytes->end(), raw.begin());
  if (!sized || !proof::VerifySignature(verifier->key, AsBytes(statement), raw))
    return Fail(Code::kCorrupt, "receipt " + out.id + ": signature is not by the key it names");
  const auto root = ParseBase64(line->Text("root"));
  const auto digest = root ? ToDigest(*root) : Result<Digest>(Fail(Code::kInvalidInput, ""));
  if (!digest) return no_receipt("member root: not a digest");
  out.root = *digest;
  return out;
}

}  // namespace assay::assess
