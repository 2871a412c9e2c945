// Makes a ledger with sealed bodies of which one lost two segments, as the formats say and without
// the engine's own erasure: DIR. Prints the index of the entry that refers to it.
#include <sqlite3.h>
#include <zstd.h>

#include <algorithm>
#include <cstdio>

#include "ledger/ledger.h"
#include "ledger/sqlite_store.h"
#include "ledger/tenant_keys.h"
#include "proof/body.h"

namespace assay::ledger {
namespace {

constexpr uint8_t kGone[] = {0, 2};  // the skeleton and one record

OpenOptions OptionsOf(const std::string& folder) {
  OpenOptions options{.directory = folder + "/ledger",
                      .tenant = *TenantId::Parse("7f0c1d2e-3b4a-4c5d-8e9f-0a1b2c3d4e5f"),
                      .origin = "assay.example/contoso",
                      .master_key_file = folder + "/master.key",
                      .ledger_key_file = folder + "/ledger.pem",
                      .run_lease_holder = "make_erased"};
  options.create = true;
  return options;
}

/// A body as it is stored anew: what is left, sealed under a new key.
struct Rewritten {
  ByteVector key, part, erased;
};

bool IsGone(size_t segment) {
  return std::find(std::begin(kGone), std::end(kGone), segment) != std::end(kGone);
}

ByteVector Compress(ByteSpan plain) {
  ByteVector out(ZSTD_compressBound(plain.size()));
  out.resize(ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), 1));
  return out;
}

Result<proof::SecretBytes> OpenEnvelope(const SealedBody& body, const TenantKeys& keys,
                                        const proof::BodyId& id) {
  ASSAY_ASSIGN(const proof::SecretBytes raw,
               proof::Unseal(keys.seal, proof::BodyKeyAad(id.tenant, id.root), body.wrapped_key));
  ASSAY_ASSIGN(const proof::SecretKey key, proof::SecretKey::From(raw.span()));
  ASSAY_ASSIGN(const proof::SecretBytes packed,
               proof::Unseal(key, proof::PartAad(id, 0, 1), body.parts.at(0)));
  const ByteSpan in = packed.span();
  ByteVector plain(ZSTD_getFrameContentSize(in.data(), in.size()));
  ZSTD_decompress(plain.data(), plain.size(), in.data(), in.size());
  return proof::SecretBytes(std::move(plain));
}

Result<Rewritten> TakeOut(const SealedBody& body, const TenantKeys& keys, const TenantId& tenant) {
  const proof::BodyId id{tenant.text(), body.epoch, body.ref.root, body.ref.scheme};
  ASSAY_ASSIGN(const proof::SecretBytes envelope, OpenEnvelope(body, keys, id));
  ASSAY_ASSIGN(const proof::EnvelopeView view, proof::ReadEnvelope(envelope.span()));
  Rewritten out;
  ByteVector salts;
  std::vector<ByteSpan> kept;
  for (size_t i = 0; i < view.segments.size(); ++i) {
    const ByteSpan salt = ByteSpan(view.salts).subspan(i * proof::kSaltBytes, proof::kSaltBytes);
    if (IsGone(i)) {
      AppendBytes(out.erased, std::array<uint8_t, 4>{0, 0, 0, static_cast<uint8_t>(i)});
      AppendBytes(out.erased, proof::HashRecord(salt, view.segments[i]));
    } else {
      AppendBytes(salts, salt);
      kept.push_back(view.segments[i]);
    }
  }
  ASSAY_ASSIGN(const proof::SecretKey key, proof::SecretKey::Random());
  const ByteVector packed = Compress(proof::MakeEnvelope(salts, kept));
  ASSAY_ASSIGN(out.part, proof::Seal(key, proof::PartAad(id, 0, 1), packed));
  ASSAY_ASSIGN(out.key, proof::Seal(keys.seal, proof::BodyKeyAad(id.tenant, id.root), key.bytes()));
  return out;
}

Status Store(const std::string& file, const Digest& root, const Rewritten& body) {
  sqlite3* db = nullptr;
  sqlite3_open(file.c_str(), &db);
  bool done = true;
  for (const char* sql : {"UPDATE body SET key=?2, erased=?3, ident=NULL WHERE root=?1",
                          "UPDATE part SET sealed=?4 WHERE body=(SELECT id FROM body WHERE "
                          "root=?1)"}) {
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(db, sql, -1, &statement, nullptr);
    const ByteSpan values[] = {root, body.key, body.erased, body.part};
    for (int i = 0; i < 4; ++i)
      sqlite3_bind_blob(statement, i + 1, values[i].data(), static_cast<int>(values[i].size()),
                        SQLITE_STATIC);
    done = sqlite3_step(statement) == SQLITE_DONE && done;
    sqlite3_finalize(statement);
  }
  sqlite3_close(db);
  return done ? Status{} : Fail(Code::kIo, file + ": cannot be rewritten");
}

Status Rewrite(const std::string& folder, const TenantId& tenant, const Digest& root,
               Digest& column) {
  ASSAY_ASSIGN(const auto store, OpenSqliteStore(folder + "/ledger", StoreMode::kRead));
  ASSAY_ASSIGN(const auto master, OpenMasterKey(folder + "/master.key", false));
  ASSAY_ASSIGN(const TenantKeys keys, LoadTenantKeys(*store, *master, tenant));
  ASSAY_ASSIGN(const std::optional<SealedBody> body, store->FindBody(root));
  if (!body) return Fail(Code::kNotFound, "body is not there");
  ASSAY_ASSIGN(const Rewritten rewritten, TakeOut(*body, keys, tenant));
  column = proof::Sha256(rewritten.erased);
  return Store(folder + "/ledger/" + body->place.substr(0, body->place.find(' ')), root, rewritten);
}

Status Make(const std::string& folder) {
  const OpenOptions options = OptionsOf(folder);
  ASSAY_ASSIGN(const auto ledger, Ledger::Open(options));
  const std::string text =
      "{\"value\":[{\"id\":\"first-canary\"},{\"id\":\"second-canary\"},{\"id\":\"third-canary\"}]"
      "}";
  ASSAY_ASSIGN(const BodyRef body, ledger->PutBody(AsBytes(text), {{10, 21}, {32, 22}, {55, 21}}));
  ASSAY_ASSIGN(const Appended read, ledger->Append({"read", "engine", {}, body}).get());
  Digest column{};
  ASSAY_TRY(Rewrite(folder, options.tenant, body.root, column));
  EntryDraft erasure{"erasure.record",
                     "engine",
                     {{"erased", EncodeBase64(column)},
                      {"reason", "privacy"},
                      {"receipt", "E-1"},
                      {"root", EncodeBase64(body.root)},
                      {"segments", MemberList{0, 2}}},
                     {}};
  ASSAY_TRY(ledger->Append(std::move(erasure)).get());
  ASSAY_TRY(ledger->SignCheckpoint());
  std::printf("%llu\n", static_cast<unsigned long long>(ToNumber(read.index)));
  return {};
}

}  // namespace
}  // namespace assay::ledger

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const assay::Status made = assay::ledger::Make(argv[1]);
  if (!made) std::fprintf(stderr, "%s\n", made.error().ToString().c_str());
  return made ? 0 : 1;
}
