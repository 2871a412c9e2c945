#include "cli/exit_code.h"

#include <algorithm>
#include <iterator>

namespace assay::cli {

ExitCode ExitFor(Code code) {
  switch (code) {
    case Code::kInvalidInput:
      return ExitCode::kConfig;
    case Code::kNotFound:
      return ExitCode::kNoSuchObject;
    case Code::kAlreadyExists:
      return ExitCode::kUsage;
    case Code::kDenied:
      return ExitCode::kNotAllowed;
    case Code::kUnavailable:
      return ExitCode::kUnavailable;
    case Code::kLimitExceeded:
      return ExitCode::kUnavailable;
    case Code::kCorrupt:
      return ExitCode::kVerification;
    case Code::kUnsupported:
      return ExitCode::kConfig;
    case Code::kIo:
      return ExitCode::kUnavailable;
    case Code::kCancelled:
      return ExitCode::kInterrupted;
  }
  return ExitCode::kBug;
}

ExitCode ExitFor(const Error& error) {
  // Corruption is never anything less, whatever layer met it.
  if (error.code == Code::kCorrupt) return ExitCode::kVerification;
  struct Family {
    std::string_view prefix;
    ExitCode code;
  };
  constexpr Family kFamilies[] = {
      {"AS-CON-", ExitCode::kCredential},    {"AS-PLG-", ExitCode::kPluginRefused},
      {"AS-SBX-", ExitCode::kPluginRefused}, {"AS-CFG-", ExitCode::kConfig},
      {"AS-CLI-", ExitCode::kUsage},         {"AS-LED-001", ExitCode::kBusy}};
  for (const Family& family : kFamilies)
    if (error.id.rfind(family.prefix, 0) == 0) return family.code;
  return ExitFor(error.code);
}

ExitCode Worst(const std::vector<ExitCode>& codes) {
  constexpr ExitCode kLastFirst[] = {ExitCode::kFindings,      ExitCode::kIncomplete,
                                     ExitCode::kUnavailable,   ExitCode::kCredential,
                                     ExitCode::kPluginRefused, ExitCode::kVerification};
  const auto rank = [&](ExitCode code) -> size_t {
    if (code == ExitCode::kOk) return 0;
    const auto* at = std::find(std::begin(kLastFirst), std::end(kLastFirst), code);
    // What is not in the list ended the command before any of these could apply.
    return at == std::end(kLastFirst) ? 100 : 1 + static_cast<size_t>(at - std::begin(kLastFirst));
  };
  ExitCode worst = ExitCode::kOk;
  for (ExitCode code : codes)
    if (rank(code) > rank(worst)) worst = code;
  return worst;
}

}  // namespace assay::cli
