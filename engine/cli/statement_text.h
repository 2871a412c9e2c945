// Exceptions and attestations for people and for scripts. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "assess/statement.h"
#include "cli/output.h"

namespace assay::cli {

std::string ExceptionJson(const assess::Exception& exception, Timestamp now);
std::string AttestationJson(const assess::Attestation& attestation, Timestamp now);
std::string ExceptionTable(const assess::Statements& statements, Timestamp now,
                           const Terminal& terminal);
std::string AttestationTable(const assess::Statements& statements, Timestamp now,
                             const Terminal& terminal);
/// Everything about one, with its history.
std::string ExceptionText(const assess::Exception& exception, Timestamp now);
std::string AttestationText(const assess::Attestation& attestation, Timestamp now);

/// " · excepted until 2027-02-28 (E-77)", empty when nothing covers it.
std::string ExceptedText(const assess::Exception* covering);

}  // namespace assay::cli
