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
    Envelope envelope{CommandName(), false, Moment(), "{}", {}, {error}, ""};
    out(FormatEnvelope(envelope));
  } else {
    err(FormatError(error, terminal));
  }
  return ToInt(ExitFor(error));
}

int Context::Finish(const std::string& text, const std::string& data_json, ExitCode code) const {
  if (options.json)
    out(FormatEnvelope({CommandName(), code == ExitCode::kOk, Moment(), data_json, {}, {}, ""}));
  else
    out(text);
  return ToInt(code);
}

void PrintJson(const Context& context, std::string_view command, bool ok, std::string data) {
  context.out(
      FormatEnvelope({std::string(command), ok, context.Moment(), std::move(data), {}, {}, ""}));
}

bool ShowDiagnostics(const Context& context, const std::vector<config::Diagnostic>& diagnostics) {
  bool ok = true;
  for (const config::Diagnostic& d : diagnostics) ok = ok && !d.is_error;
  if (!ok && context.options.json) {
    Envelope envelope{context.CommandName(), false, context.Moment(), "{}", {}, {}, ""};
    envelope.errors_json = config::DiagnosticsJson(diagnostics);
    context.out(FormatEnvelope(envelope));
  } else if (!diagnostics.empty() && (!ok || !context.options.quiet)) {
    context.err(config::FormatDiagnostics(diagnostics, context.terminal.color));
  }
  return ok;
}

Result<std::string> FindConfigFile(const Context& context) {
  if (!context.options.config.empty()) return context.options.config;
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
