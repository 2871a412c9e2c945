// Entries about statements as tests write them.
#pragma once

#include "assess/statement.h"

namespace assay::testing {

/// Milliseconds after a fixed moment.
inline Timestamp At(int64_t ms) {
  return Timestamp(std::chrono::milliseconds(1'800'000'000'000 + ms));
}

inline assess::StatementEntry Entry(std::string kind, uint64_t number, Timestamp time,
                                    std::optional<Timestamp> expires = std::nullopt) {
  assess::StatementEntry out;
  out.kind = std::move(kind);
  out.actor = "account:2";
  out.number = number;
  out.time = time;
  if (out.kind == "exception.renewed" || out.kind == "attestation.renewed") out.expires = expires;
  return out;
}

/// For the subject "u" of check "c".
inline assess::StatementEntry Requested(uint64_t number, Timestamp time, Timestamp expires) {
  assess::StatementEntry out = Entry("exception.requested", number, time);
  out.actor = "account:1";
  out.expires = expires;
  out.check = "c";
  out.said = {{"reason", "r"}, {"subject", "u"}};
  return out;
}

/// Of control "A.1" of framework "f".
inline assess::StatementEntry Attested(uint64_t number, Timestamp time, Timestamp expires) {
  assess::StatementEntry out = Entry("attestation.added", number, time);
  out.expires = expires;
  out.framework = "f";
  out.control = "A.1";
  out.said = {{"role", "r"}, {"document", "d"}, {"digest", "00"}};
  return out;
}

}  // namespace assay::testing
