#include "cli/outside.h"

#include "assess/prepare.h"
#include "assess/tenant_broker.h"
#include "base/files.h"

namespace assay::cli {

std::vector<anchor::Place> PlacesOf(const config::Config& config) {
  using Kind = anchor::Place::Kind;
  std::vector<anchor::Place> out;
  for (const config::WitnessConfig& witness : config.witnesses) {
    anchor::Place place;
    place.kind = witness.kind == "http"  ? Kind::kHttp
                 : witness.kind == "put" ? Kind::kPut
                                         : Kind::kFile;
    place.folder = witness.path;
    place.url = witness.url;
    while (place.url.ends_with('/')) place.url.pop_back();
    place.vkey = witness.vkey;
    place.ca_file = witness.ca_file.string();
    place.network = assess::NetworkOf(config);
    place.every = witness.every;
    out.push_back(std::move(place));
  }
  return out;
}

Result<anchor::Authority> AuthorityOf(const config::Config& config) {
  const config::TimestampConfig& timestamp = config.timestamp;
  if (timestamp.ca_file.empty())
    return Fail(Error{Code::kNotFound,
                      "no time-stamping authority is configured",
                      {},
                      "add [ledger.timestamp] with ca, and url unless replies come as files",
                      {},
                      {}});
  ASSAY_ASSIGN(const ByteVector pem, ReadFile(timestamp.ca_file, 1u << 20));
  anchor::Authority out;
  out.url = timestamp.url;
  out.ca_pem = AsText(pem);
  out.tls_ca_file = timestamp.tls_ca_file.string();
  out.network = assess::NetworkOf(config);
  if (timestamp.crl_file.empty()) return out;
  ASSAY_ASSIGN(const ByteVector lists, ReadFile(timestamp.crl_file, 8u << 20));
  if (lists.empty()) return Fail(Code::kInvalidInput, timestamp.crl_file.string() + ": is empty");
  out.crl_pem = AsText(lists);
  return out;
}

std::filesystem::path SentFile(const config::Config& config, const config::TenantConfig& tenant) {
  return assess::LedgerOptions(config, tenant, false).directory / "witness.sent";
}

void SendOutside(const config::Config& config, const config::TenantConfig& tenant,
                 ledger::Ledger& ledger, std::vector<std::string>& warnings) {
  anchor::SendOptions options;
  options.only_due = true;
  options.sent_file = SentFile(config, tenant);
  const auto sent = anchor::SendCheckpoint(ledger, PlacesOf(config), options);
  if (!sent) return warnings.push_back("witnesses: " + sent.error().ToString());
  for (const anchor::Outcome& outcome : *sent)
    if (outcome.error) warnings.push_back("witness " + outcome.error->ToString());
}

}  // namespace assay::cli
