#include "verify/options.h"

#include <charconv>

namespace assay::verify {

const char kUsage[] =
    "usage: assay-verify DIR|FILE [--key SHA256:...] [--min-size N] [--min-time T]\n"
    "                             [--master-key FILE] [--tsa-ca FILE] [--json]\n"
    "       assay-verify --version\n"
    "Verifies offline: a ledger or a backup of one (DIR), a proof or consistency bundle (FILE).\n"
    "--key         fingerprint of a key that the ledger is or was signed with, known from outside\n"
    "--min-size    the signed head must cover N entries\n"
    "--min-time    the last entry must be of T or later\n"
    "--master-key  sealed bodies are opened and hashed too\n"
    "--tsa-ca      signatures of RFC 3161 tokens are verified against these certificates too\n"
    "exit: 0 verified, 7 not verified, 2 wrong usage\n";

namespace {

Status SetSize(Options& options, const std::string& text) {
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, options.min_size);
  if (parsed.ec == std::errc() && parsed.ptr == end) return {};
  return Fail(Code::kInvalidInput, "--min-size " + Quote(text) + ": expected a number");
}

Status SetValue(Options& options, const std::string& name, const std::string& value) {
  if (name == "--min-size") return SetSize(options, value);
  if (name == "--key") {
    options.key = value;
  } else if (name == "--master-key") {
    options.master_key = value;
  } else if (name == "--tsa-ca") {
    options.tsa_ca = value;
  } else if (name == "--min-time") {
    ASSAY_ASSIGN(options.min_time, ParseTime(value));
  } else {
    return Fail(Code::kInvalidInput, "unknown option " + Quote(name));
  }
  return {};
}

}  // namespace

Result<Options> ParseOptions(const std::vector<std::string>& arguments) {
  Options options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--json") {
      options.json = true;
    } else if (argument == "--help" || argument == "-h") {
      options.help = true;
    } else if (argument == "--version") {
      options.version = true;
    } else if (argument.starts_with("-")) {
      if (i + 1 == arguments.size())
        return Fail(Code::kInvalidInput,
                    "option " + Quote(argument) + ": unknown or without value");
      ASSAY_TRY(SetValue(options, argument, arguments[++i]));
    } else if (options.path.empty()) {
      options.path = argument;
    } else {
      return Fail(Code::kInvalidInput,
                  "one directory or file only, " + Quote(argument) + " is a second");
    }
  }
  if (options.path.empty() && !options.help && !options.version)
    return Fail(Code::kInvalidInput, "no directory or file given");
  return options;
}

}  // namespace assay::verify
