// Reads a batch, hands out its requests, puts the answers together.
#include "demo/batch.h"

#include <Poco/Exception.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include <set>

#include "base/text.h"
#include "demo/json.h"

namespace assay::demo {
namespace {

constexpr std::string_view kTail = "/$batch";
constexpr size_t kMost = 20;

struct Part {
  std::string id;
  Request request;
};

Part ReadPart(const Poco::JSON::Object& from, const Request& whole) {
  Part part{from.getValue<std::string>("id"), whole};
  Request& request = part.request;
  request.body.clear();
  request.method = from.getValue<std::string>("method");
  const std::string url = from.getValue<std::string>("url");
  const size_t mark = url.find('?');
  request.path = whole.path.substr(0, whole.path.size() - kTail.size()) +
                 (url.starts_with('/') ? "" : "/") + url.substr(0, mark);
  request.query = mark == url.npos ? "" : url.substr(mark + 1);
  const auto headers = from.getObject("headers");
  request.client_request_id =
      headers.isNull() ? "" : headers->optValue<std::string>("client-request-id", "");
  return part;
}

/// None when it is no batch.
std::vector<Part> ReadParts(const Request& whole) {
  std::vector<Part> parts;
  std::set<std::string> ids;
  try {
    Poco::JSON::Parser parser;
    const auto root = parser.parse(whole.body).extract<Poco::JSON::Object::Ptr>();
    const auto list = root->getArray("requests");
    if (list.isNull() || list->size() > kMost) return {};
    for (unsigned i = 0; i < list->size(); ++i) {
      parts.push_back(ReadPart(*list->getObject(i), whole));
      if (!ids.insert(AsciiLower(parts.back().id)).second) return {};
    }
  } catch (const Poco::Exception&) {
    return {};
  }
  return parts;
}

Json AnswerPart(const Part& part, const Answer& answer) {
  Json headers = Json::Object({});
  for (const auto& [name, value] : answer.headers) headers.Set(name, value);
  Json out =
      Json::Object({{"id", part.id}, {"status", answer.status}, {"headers", std::move(headers)}});
  if (!answer.body.empty()) out.Set("body", Json::Raw(answer.body));
  return out;
}

}  // namespace

bool IsBatch(const Request& request) {
  return request.host == Host::kGraph && request.method == "POST" &&
         (request.path == "/v1.0/$batch" || request.path == "/beta/$batch");
}

Answer AnswerBatch(const Request& request, const std::function<Answer(Request)>& one) {
  const std::vector<Part> parts = ReadParts(request);
  if (parts.empty()) return {400, {{"Content-Type", "application/json"}}, R"({"error":{}})"};
  std::vector<Json> answers;
  for (const Part& part : parts) {
    const Answer answer = one(part.request);
    if (answer.status == 401) return answer;
    answers.insert(answers.begin(), AnswerPart(part, answer));
  }
  return {200,
          {{"Content-Type", "application/json"}},
          Json::Object({{"responses", Json::Array(std::move(answers))}}).Dump()};
}

}  // namespace assay::demo
