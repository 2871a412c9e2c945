// Context: finishing a command in text or JSON, and finding the configuration.
#include <filesystem>

#include "base/text.h"
#include "cli/command.h"

namespace assay::cli {
namespace {

std::string Get(const Environment& env, const char* name) {
  const auto it = env.find(name);
  return it == env.end() ? "" : it->second;
}

}  // namespace

std::string Context::CommandName() const { return Join(options.command, " "); }

int Context::Fail(const Error& error) const {
  if (options.json) {
    Envelope envelope{CommandName(), false, clock->Now(), "{}", {}, {error}, ""};
    out(FormatEnvelope(envelope));
  } else {
    err(FormatError(error, terminal));
  }
  return ToInt(ExitFor(error));
}

int Context::Finish(const std::string& text, const std::string& data_json, ExitCode code) const {
  if (options.json)
    out(FormatEnvelope(
        {CommandName(), code == ExitCode::kDone, clock->Now(), data_json, {}, {}, ""}));
  else
    out(text);
  return ToInt(code);
}

Result<std::string> FindConfigFile(const Context& context) {
  if (!context.options.config_file.empty()) return context.options.config_file;
  const std::string named = Get(context.environment, "ASSAY_CONFIG");
  if (!named.empty()) return named;
  std::string user = Get(context.environment, "XDG_CONFIG_HOME");
  const std::string home = Get(context.environment, "HOME");
  if (user.empty() && !home.empty()) user = home + "/.config";
  std::vector<std::string> places{"assay.toml"};
  if (!user.empty()) places.push_back(user + "/assay/assay.toml");
  places.push_back("/etc/assay/assay.toml");
  std::error_code error;
  for (const std::string& place : places)
    if (std::filesystem::exists(place, error)) return place;
  return assay::Fail(
      Error{Code::kNotFound, "no configuration: looked for " + Join(places, ", "), {}, {}, {}, {}}
          .Id("AS-CFG-006")
          .Hint("assay init writes one, -C FILE names one"));
}

}  // namespace assay::cli
