#include "ledger/tenant_keys.h"

#include <fmt/format.h>

#include "proof/aead.h"
#include "proof/body.h"

namespace assay::ledger {
namespace {

using Wrapped = std::map<std::string, ByteVector>;

Result<proof::SecretKey> Unwrap(const Wrapped& wrapped, const std::string& name,
                                const MasterKey& master, const TenantId& tenant) {
  const auto it = wrapped.find(name);
  if (it == wrapped.end()) return Fail(Code::kNotFound, "keys.db: no " + name + " key");
  auto opened = master.Unwrap(proof::TenantKeyAad(tenant.text(), name), it->second);
  if (!opened && opened.error().code != Code::kCorrupt) return Fail(std::move(opened.error()));
  if (!opened)
    return Fail(Code::kCorrupt, "keys.db: the master key does not open the " + name + " key");
  return proof::SecretKey::From(opened->span());
}

}  // namespace

std::string SealKeyName(uint32_t generation) {
  return generation == 0 ? "seal" : fmt::format("seal.{}", generation);
}

bool HasSealKey(const TenantKeys& keys, std::string_view name) {
  for (uint32_t generation = 0; generation <= keys.older.size(); ++generation)
    if (SealKeyName(generation) == name) return true;
  return false;
}

Result<TenantKeys> LoadTenantKeys(LedgerStore& store, const MasterKey& master,
                                  const TenantId& tenant) {
  ASSAY_ASSIGN(const Wrapped wrapped, store.ReadKeys());
  TenantKeys out;
  ASSAY_ASSIGN(out.seal, Unwrap(wrapped, SealKeyName(0), master, tenant));
  ASSAY_ASSIGN(out.index, Unwrap(wrapped, "index", master, tenant));
  for (uint32_t generation = 1; generation + 1 < wrapped.size(); ++generation) {
    auto newer = Unwrap(wrapped, SealKeyName(generation), master, tenant);
    if (!newer)
      return Fail(Code::kCorrupt,
                  newer.error().code == Code::kNotFound
                      ? "keys.db: a key is missing or has a strange name, expected " +
                            SealKeyName(generation)
                      : newer.error().message);
    out.older.insert(out.older.begin(), std::exchange(out.seal, std::move(*newer)));
    out.seal_name = SealKeyName(generation);
  }
  return out;
}

Result<TenantKeys> CreateTenantKeys(LedgerStore& store, const MasterKey& master,
                                    const TenantId& tenant) {
  TenantKeys out;
  Wrapped wrapped;
  for (auto [name, key] : {std::pair{"seal", &out.seal}, std::pair{"index", &out.index}}) {
    ASSAY_ASSIGN(*key, proof::SecretKey::Random());
    ASSAY_ASSIGN(wrapped[name],
                 master.Wrap(proof::TenantKeyAad(tenant.text(), name), key->bytes()));
  }
  ASSAY_TRY(store.WriteKeys(wrapped));
  return out;
}

Result<proof::SecretKey> UnwrapBodyKey(const TenantKeys& keys, ByteSpan aad, ByteSpan wrapped) {
  auto opened = proof::Unseal(keys.seal, aad, wrapped);
  for (size_t i = 0; !opened && i < keys.older.size(); ++i)
    opened = proof::Unseal(keys.older[i], aad, wrapped);
  if (!opened) return Fail(std::move(opened.error()));
  return proof::SecretKey::From(opened->span());
}

}  // namespace assay::ledger
