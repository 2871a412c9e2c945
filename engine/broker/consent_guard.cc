#include "broker/consent_guard.h"

#include "broker/consent_azure.h"
#include "broker/consent_directory.h"

namespace assay::broker {
namespace {

tl::unexpected<Error> Denied(const char* id, std::string message, std::string hint) {
  return Fail(Error{Code::kDenied, std::move(message), {}, std::move(hint), {}, id});
}

/// Claims made of what the directory says, for a token that says nothing.
TokenClaims ClaimsOf(const DirectoryAnswer& answer, const BrokerOptions& options) {
  TokenClaims claims;
  claims.tenant = answer.tenant;
  claims.app_id = options.credential.client_id;
  claims.roles = answer.granted;
  return claims;
}

}  // namespace

Status ConsentGuard::Vet(ServiceHost host, std::string_view token) {
  if (host != ServiceHost::kGraph) return VetResource(host, token);
  Result<TokenClaims> claims = ReadClaims(token);
  if (!claims) {
    if (!options_.ask_directory) return Fail(std::move(claims.error()));
    const std::lock_guard lock(mutex_);
    claims_.reset();
    unreadable_ = claims.error().message;
    unjudged_ = graph_passed_.load();
    return {};
  }
  Status judged = CheckIdentity(*claims, options_, host);
  if (judged) {
    if (const auto consent = JudgeGraphToken(*claims, options_); !consent)
      judged = Fail(consent.error());
  }
  if (!judged) {
    graph_passed_ = false;
    return judged;
  }
  const std::lock_guard lock(mutex_);
  claims_ = std::move(*claims);
  unreadable_.clear();
  return {};
}

Status ConsentGuard::Admit(ServiceHost host) {
  if (host != ServiceHost::kGraph || !unjudged_) return {};
  if (asker_ == std::this_thread::get_id()) return {};
  const std::lock_guard admission(admission_);
  if (!unjudged_) return {};
  asker_ = std::this_thread::get_id();
  GuardReads reads(options_, fetcher_, client_);
  Result<Consent> consent = JudgeGraph(reads);
  asker_ = std::thread::id();
  std::vector<ReadResult> asked = reads.Take();
  const std::lock_guard lock(mutex_);
  std::move(asked.begin(), asked.end(), std::back_inserter(reads_));
  if (!consent) {
    graph_passed_ = false;
    return Fail(std::move(consent.error()));
  }
  unjudged_ = false;
  return {};
}

/// A token for ARM or storage never names Azure roles: what it may do, only Azure could say.
Status ConsentGuard::VetResource(ServiceHost host, std::string_view token) {
  if (const auto claims = ReadClaims(token))
    if (Status identity = CheckIdentity(*claims, options_, host); !identity) {
      if (host == ServiceHost::kArm) arm_passed_ = false;
      return identity;
    }
  return {};
}

Result<Consent> ConsentGuard::JudgeGraph(GuardReads& reads) {
  std::optional<TokenClaims> claims;
  std::string unreadable;
  {
    const std::lock_guard lock(mutex_);
    claims = claims_;
    unreadable = unreadable_;
  }
  if (!options_.ask_directory) {
    ASSAY_ASSERT(claims.has_value(), "without the directory every token was readable");
    return JudgeGraphToken(*claims, options_);
  }
  const std::string app = claims ? claims->app_id : options_.credential.client_id;
  ASSAY_ASSIGN(const DirectoryAnswer answer,
               AskDirectory(reads, app, !claims, claims ? &claims->roles : nullptr));
  if (!claims) {
    if (!answer.complete)
      return Denied("AS-CON-005",
                    unreadable + ", and the directory does not tell what it may do: " + answer.note,
                    "grant Application.Read.All, Directory.Read.All, Organization.Read.All and "
                    "RoleManagement.Read.Directory, so that the directory can be asked");
    if (answer.tenant != options_.tenant.text())
      return Denied("AS-CON-006",
                    "the directory that answers is " + Quote(answer.tenant, 60) + ", not " +
                        options_.tenant.text(),
                    "check the tenant's directory_id");
    claims = ClaimsOf(answer, options_);
  }
  claims->granted = answer.granted;
  claims->others = answer.others;
  claims->directory_roles.insert(claims->directory_roles.end(), answer.roles.begin(),
                                 answer.roles.end());
  if (!answer.principal_id.empty()) claims->principal = answer.principal_id;
  ASSAY_ASSIGN(Consent consent, JudgeGraphToken(*claims, options_));
  consent.graph_checked = unreadable.empty();
  consent.directory_checked = answer.complete;
  consent.directory_note = answer.note;
  return consent;
}

Status ConsentGuard::JudgeAzure(GuardReads& reads, Consent& consent) {
  consent.arm_token = true;
  if (!options_.ask_azure) {
    consent.arm_note = "not checked: Azure role assignments are not named in the token";
    return {};
  }
  ASSAY_ASSIGN(AzureAnswer answer, AskAzure(reads, options_, consent.principal_id));
  consent.arm_checked = answer.complete;
  consent.arm_note = answer.note;
  consent.azure = std::move(answer.access);
  consent.scope = std::move(answer.scope);
  scope_ = {consent.scope.subscriptions.begin(), consent.scope.subscriptions.end()};
  std::vector<std::string> refused;
  for (const AzureAnswer::Writer& writer : answer.writers)
    (IsTolerated(options_, writer.id) ? consent.excess : refused).push_back(writer.what);
  if (refused.empty()) return {};
  return Denied("AS-CON-004", "the identity may write in Azure: " + ListNames(refused),
                "assign Reader instead, or tolerate the role with reason and expiry: "
                "assay explain AS-CON-004");
}

Result<Consent> ConsentGuard::Check(bool needs_arm) {
  graph_passed_ = arm_passed_ = false;
  GuardReads reads(options_, fetcher_, client_);
  const auto kept = [&](auto result) {
    reads_ = reads.Take();
    return result;
  };
  ASSAY_ASSIGN(const Token graph, tokens_.Get(ServiceHost::kGraph));
  if (needs_arm) {
    ASSAY_ASSIGN(const Token arm, tokens_.Get(ServiceHost::kArm));
  }
  Result<Consent> consent = JudgeGraph(reads);
  if (!consent) return kept(std::move(consent));
  if (!needs_arm)
    consent->arm_note = "not checked: no endpoint of Azure Resource Manager is read";
  else if (Status azure = JudgeAzure(reads, *consent); !azure)
    return kept(Result<Consent>(Fail(std::move(azure.error()))));
  consent->clock_offset_ms = tokens_.clock_offset_ms();
  consent->reads = reads.Take();
  graph_passed_ = true;
  arm_passed_ = needs_arm;
  return consent;
}

}  // namespace assay::broker
