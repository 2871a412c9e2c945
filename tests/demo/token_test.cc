// The demo's token service: the claims that the consent guard reads, and the errors it must
// understand.
#include "base/bytes.h"
#include "base/text.h"
#include "demo_client.h"
#include "support/matchers.h"

using namespace assay;
using namespace assay::demo;
using Catch::Matchers::Contains;

namespace {

std::string Claims(const std::string& bearer) {
  auto parts = Split(bearer, '.');
  REQUIRE(parts.size() == 3);
  REQUIRE_OK_AND_ASSIGN(ByteVector bytes, ParseBase64Url(parts[1]));
  return std::string(AsText(bytes));
}

Answer TokenRequest(const DemoTenant& tenant, const std::string& tenant_id,
                    const std::string& body) {
  Request request;
  request.host = Host::kLogin;
  request.method = "POST";
  request.path = "/" + tenant_id + "/oauth2/v2.0/token";
  request.body = body;
  return tenant.Handle(request);
}

}  // namespace

TEST_CASE("Token: Graph's names tenant, app, audience and read roles only") {
  DemoTenant tenant = MakeTenant();
  std::string claims = Claims(Bearer(tenant, Host::kGraph));
  CHECK(At(claims, "/aud") == tenant.urls().graph_audience);
  CHECK(At(claims, "/tid") == tenant.world().tenant_id());
  CHECK(At(claims, "/appid") == tenant.world().client_id());
  CHECK(At(claims, "/idtyp") == "app");
  std::string roles = At(claims, "/roles");
  CHECK_THAT(roles, Contains("User.Read.All"));
  CHECK_THAT(roles, !Contains("DeviceManagementConfiguration"));
  CHECK_THAT(roles, !Contains("Write"));
  CHECK(std::stoll(At(claims, "/exp")) == 1793606400 + 3600);
}

TEST_CASE("Token: ARM's names no roles") {
  DemoTenant tenant = MakeTenant();
  std::string claims = Claims(Bearer(tenant, Host::kArm));
  CHECK(At(claims, "/aud") == tenant.urls().arm_audience);
  CHECK(At(claims, "/roles").empty());
}

TEST_CASE("Token: Wrong secret, app, tenant and scope fail with the service's own codes") {
  DemoTenant tenant = MakeTenant();
  const std::string& id = tenant.world().tenant_id();
  std::string client = "grant_type=client_credentials&client_id=" + tenant.world().client_id();
  Answer secret = TokenRequest(tenant, id, client + "&client_secret=wrong");
  CHECK(secret.status == 401);
  CHECK(At(secret.body, "/error") == "invalid_client");
  CHECK(At(secret.body, "/error_codes/0") == "7000215");
  CHECK_THAT(At(secret.body, "/error_description"), Contains("AADSTS7000215: "));
  CHECK(At(TokenRequest(tenant, id, "client_id=else").body, "/error_codes/0") == "700016");
  CHECK(At(TokenRequest(tenant, "00000000-0000-0000-0000-000000000000", client).body,
           "/error_codes/0") == "90002");
  std::string good = client + "&client_secret=" + PercentEncode(tenant.client_secret());
  CHECK(At(TokenRequest(tenant, id, good + "&scope=other").body, "/error_codes/0") == "70011");
}
