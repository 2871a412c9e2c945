// Poco's client session, used once for each request.
#include "fetch.h"

#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/StreamCopier.h>
#include <Poco/URI.h>

#include "demo_client.h"

namespace assay::demo {

using Poco::Net::HTTPRequest;

void Fetch(const std::string& url, const std::string& bearer, bool gzip, Reply& reply,
           const std::string& form) {
  Poco::URI uri(url);
  Poco::Net::HTTPClientSession session(uri.getHost(), uri.getPort());
  session.setTimeout(Poco::Timespan(10, 0));
  HTTPRequest request(form.empty() ? HTTPRequest::HTTP_GET : HTTPRequest::HTTP_POST,
                      uri.getPathAndQuery(), HTTPRequest::HTTP_1_1);
  if (!bearer.empty()) request.set("Authorization", bearer);
  if (gzip) request.set("Accept-Encoding", "gzip");
  request.setContentLength(static_cast<std::streamsize>(form.size()));
  session.sendRequest(request) << form;
  std::istream& in = session.receiveResponse(reply.head);
  Poco::StreamCopier::copyToString(in, reply.body);
  reply.status = reply.head.getStatus();
}

std::string FetchToken(const CloudUrls& urls, const DemoTenant& identity,
                       const std::string& scope) {
  Reply reply;
  Fetch(urls.login + "/" + identity.world().tenant_id() + "/oauth2/v2.0/token", "", false, reply,
        "grant_type=client_credentials&client_id=" + identity.world().client_id() +
            "&client_secret=" + PercentEncode(identity.client_secret()) +
            "&scope=" + PercentEncode(scope));
  return "Bearer " + At(reply.body, "/access_token");
}

}  // namespace assay::demo
