// What an answer that is no success means: permission, licence, throttling or something else, from
// the status and the service's error code. Error messages are read, never repeated: they may name
// people.
#pragma once

#include <simdjson.h>

#include <array>
#include <string>
#include <string_view>

#include "assay/page.h"
#include "assay/problem.h"

namespace assay {

namespace detail {

inline bool HasWord(std::string_view text, std::string_view word) {
  const auto same = [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
  };
  return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

template <size_t n>
bool HasAny(std::string_view text, const std::array<std::string_view, n>& words) {
  for (const std::string_view word : words) {
    if (HasWord(text, word)) return true;
  }
  return false;
}

inline constexpr std::array<std::string_view, 7> kLicenceWords = {
    "nonpremiumtenant",
    "premium",
    "license",
    "licence",
    "subscription does not have",
    "sku is not",
    "not applicable to target tenant"};
inline constexpr std::array<std::string_view, 6> kUnsupportedWords = {
    "not onboarded",
    "disallowedprovider",
    "subscription not registered",
    "notregistered",
    "missingsubscriptionregistration",
    "not been provisioned"};

struct ServiceError {
  std::string code;
  std::string message;
};

/// {"error":{"code","message"}} or {"code","message"}; empty when the body is neither.
inline ServiceError ReadServiceError(const Page& page) {
  ServiceError out;
  if (page.body().empty()) return out;
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (page.body().size() > (1u << 20)) return out;
  if (parser.parse(page.body().data(), page.body().size(), true).get(root) != simdjson::SUCCESS) {
    return out;
  }
  simdjson::dom::element error;
  if (root["error"].get(error) != simdjson::SUCCESS) error = root;
  std::string_view text;
  if (error["code"].get(text) == simdjson::SUCCESS) out.code = text.substr(0, 120);
  if (error["message"].get(text) == simdjson::SUCCESS) out.message = text.substr(0, 2000);
  return out;
}

/// A code is shown only when it looks like one: letters, digits, '_', '.', '-', ' '.
inline std::string Shown(const std::string& code) {
  for (const char c : code) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '.' || c == '-' || c == ' ';
    if (!plain) return {};
  }
  return code.substr(0, 80);
}

inline Why WhyOf(uint32_t status, const ServiceError& error) {
  if (status == 429) return Why::kThrottled;
  if (HasAny(error.code, kUnsupportedWords) || HasAny(error.message, kUnsupportedWords)) {
    return Why::kUnsupported;
  }
  const bool about_licence =
      HasAny(error.code, kLicenceWords) || HasAny(error.message, kLicenceWords);
  if (about_licence && status >= 400 && status < 500) return Why::kLicence;
  if (status == 401 || status == 403) return Why::kPermission;
  if (status == 503) return Why::kThrottled;
  if (status == 501 || status == 405) return Why::kUnsupported;
  return Why::kUnavailable;
}

}  // namespace detail

/// Why `page`, which is not ok(), holds no data.
inline Problem Explain(const Page& page, std::string_view endpoint) {
  Problem problem;
  problem.detail = std::string(endpoint) + ": ";
  if (page.outcome() == ASSAY_PAGE_HTTP_ERROR) {
    const detail::ServiceError error = detail::ReadServiceError(page);
    problem.why = detail::WhyOf(page.http_status(), error);
    problem.detail += "the service answered " + std::to_string(page.http_status());
    const std::string code = detail::Shown(error.code);
    if (!code.empty()) problem.detail += " " + code;
    return problem;
  }
  problem.why = page.outcome() == ASSAY_PAGE_REFUSED ? Why::kPartial : Why::kUnavailable;
  problem.detail += page.outcome() == ASSAY_PAGE_REFUSED ? "refused: " : "no answer: ";
  problem.detail += page.reason().empty() ? std::string_view("no reason given") : page.reason();
  return problem;
}

}  // namespace assay
