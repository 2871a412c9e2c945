// assay-verify: offline verification of what assay hands out, for people who trust nobody here.
#include <fmt/format.h>
#include <malloc.h>

#include <cstdio>

#include "base/text.h"
#include "verify/verify.h"

namespace assay::verify {
namespace {

constexpr int kKeptBytes = 32 << 20;
constexpr int kVerified = 0, kUsageError = 2, kNotVerified = 7;

std::string ToJson(const Report& report) {
  return fmt::format(
      "{{\"ok\":{},\"kind\":{},\"entries\":{},\"checkpoints\":{},\"bodies\":{},\"bodies_opened\":{}"
      ","
      "\"root\":{},\"fingerprint\":{},\"first_bad_index\":{},\"place\":{},\"message\":{}}}",
      report.ok, JsonString(report.kind), report.entries, report.checkpoints, report.bodies,
      report.opened, JsonString(report.root), JsonString(report.fingerprint),
      report.first_bad ? std::to_string(*report.first_bad) : "null", JsonString(report.place),
      JsonString(report.message));
}

std::string ToText(const Report& report) {
  if (!report.ok)
    return fmt::format(
        "NOT VERIFIED: {}: {}{}", report.place, report.message,
        report.first_bad ? fmt::format(" (first bad entry: {})", *report.first_bad) : "");
  const std::string key = fmt::format("root: {}\nkey: {}", report.root, report.fingerprint);
  if (report.kind == "proof" || report.kind == "consistency")
    return fmt::format("verified: {} against a signed head of {} entries\n{}", report.kind,
                       report.entries, key);
  return fmt::format(
      "verified: {} of {} entries, {} checkpoints, {} of {} bodies opened ({} not opened)\n{}",
      report.kind, report.entries, report.checkpoints, report.opened, report.bodies,
      report.bodies - report.opened, key);
}

Report Verify(const Options& options) {
  std::error_code ignored;
  const auto there = [&](const char* name) {
    return std::filesystem::exists(options.path / name, ignored);
  };
  if (!std::filesystem::is_directory(options.path, ignored)) return VerifyBundle(options);
  const bool is_backup =
      options.path.extension() == ".abk" || there("manifest.json") || there("manifest.sig");
  return is_backup ? VerifyBackup(options) : VerifyLedger(options, false);
}

int Run(const std::vector<std::string>& arguments) {
  const auto options = ParseOptions(arguments);
  std::error_code ignored;
  const bool usable = options && (options->help || options->version ||
                                  std::filesystem::exists(options->path, ignored));
  if (!usable) {
    const std::string why = options ? options->path.string() + ": no such file or directory"
                                    : options.error().ToString();
    fmt::print(stderr, "assay-verify: {}\n{}", why, kUsage);
    return kUsageError;
  }
  if (options->help) {
    fmt::print("{}", kUsage);
    return kVerified;
  }
  if (options->version) {
    fmt::print("assay-verify {}\n", ASSAY_VERSION);
    return kVerified;
  }
  const Report report = Verify(*options);
  fmt::print("{}\n", options->json ? ToJson(report) : ToText(report));
  return report.ok ? kVerified : kNotVerified;
}

}  // namespace
}  // namespace assay::verify

int main(int argc, char** argv) {
  // Buffers of bodies are taken and given back all the time: by default each is mapped anew.
  ::mallopt(M_MMAP_THRESHOLD, assay::verify::kKeptBytes);
  ::mallopt(M_TRIM_THRESHOLD, assay::verify::kKeptBytes);
  try {
    return assay::verify::Run({argv + 1, argv + argc});
  } catch (const std::exception& error) {  // out of memory: no verdict is not a good one
    std::fprintf(stderr, "assay-verify: %s\n", error.what());
    return assay::verify::kNotVerified;
  }
}
