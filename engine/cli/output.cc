#include "cli/output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "base/text.h"
#include "base/width.h"
#include "report/json_writer.h"

namespace assay::cli {
namespace {

std::string Get(const Environment& env, const char* name) {
  const auto it = env.find(name);
  return it == env.end() ? "" : it->second;
}

bool SpeaksUtf8(const Environment& env) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string value = AsciiLower(Get(env, name));
    if (value.empty()) continue;
    return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return true;  // nothing said: services and containers, whose readers are UTF-8 today
}

bool WantsColor(const std::string& color, bool tty, const Environment& env) {
  if (color == "always") return true;
  if (color == "never" || !Get(env, "NO_COLOR").empty()) return false;
  const std::string force = Get(env, "CLICOLOR_FORCE");
  if (!force.empty() && force != "0") return true;
  return tty && Get(env, "TERM") != "dumb";
}

std::string Cell(const std::string& text) {
  std::string out;
  for (char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return out;
}

std::string Line(const std::vector<std::string>& cells, const std::vector<size_t>& widths) {
  std::string out;
  for (size_t i = 0; i < cells.size(); ++i) {
    out += cells[i];
    if (i + 1 < cells.size()) out += std::string(widths[i] - DisplayWidth(cells[i]) + 2, ' ');
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out + "\n";
}

}  // namespace

Terminal DetectTerminal(const std::string& color, bool ascii, bool local, bool tty,
                        const Environment& env) {
  Terminal terminal;
  terminal.color = WantsColor(color, tty, env);
  terminal.ascii = ascii || !SpeaksUtf8(env);
  terminal.utc = !local;
  terminal.tty = tty;
  const int columns = std::atoi(Get(env, "COLUMNS").c_str());
  if (columns >= 20 && columns <= 1000) terminal.columns = columns;
  return terminal;
}

std::string VerdictMark(Verdict verdict, const Terminal& terminal) {
  switch (verdict) {
    case Verdict::kPass:
      return terminal.ascii ? "[ok]" : "✓";
    case Verdict::kFail:
      return terminal.ascii ? "[FAIL]" : "✗";
    case Verdict::kManual:
      return terminal.ascii ? "[man]" : "◐";
    case Verdict::kNotAssessed:
      return terminal.ascii ? "[?]" : "○";
    case Verdict::kNotApplicable:
      return terminal.ascii ? "[n/a]" : "–";
  }
  return "?";
}

std::string PlainSigns(std::string_view text) {
  struct Sign {
    std::string_view sign, plain;
  };
  constexpr Sign kSigns[] = {{"·", "-"}, {"…", "..."}, {"–", "-"}, {"→", "->"}};
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto* at = std::find_if(std::begin(kSigns), std::end(kSigns),
                                  [&](const Sign& s) { return text.starts_with(s.sign); });
    const bool found = at != std::end(kSigns);
    out += found ? at->plain : text.substr(0, 1);
    text.remove_prefix(found ? at->sign.size() : 1);
  }
  return out;
}

std::string Paint(std::string_view text, std::string_view colour, const Terminal& terminal) {
  if (!terminal.color) return std::string(text);
  constexpr std::pair<std::string_view, const char*> kCodes[] = {
      {"red", "31"}, {"yellow", "33"}, {"green", "32"}, {"dim", "2"}, {"bold", "1"}};
  for (const auto& [name, code] : kCodes)
    if (name == colour) return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
  return std::string(text);
}

std::string ShowTime(Timestamp time, const Terminal& terminal) {
  const std::time_t seconds =
      std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  std::tm parts{};
  if (terminal.utc ? gmtime_r(&seconds, &parts) == nullptr
                   : localtime_r(&seconds, &parts) == nullptr)
    return "?";
  char text[64];
  std::strftime(text, sizeof text, terminal.utc ? "%Y-%m-%dT%H:%M:%SZ" : "%Y-%m-%dT%H:%M:%S%z",
                &parts);
  return text;
}

std::string Table::Format(const Terminal& terminal) const {
  std::vector<std::vector<std::string>> lines;
  if (terminal.tty && !header_.empty()) lines.push_back(header_);
  lines.insert(lines.end(), rows_.begin(), rows_.end());
  std::vector<size_t> widths;
  for (auto& line : lines)
    for (size_t i = 0; i < line.size(); ++i) {
      line[i] = Cell(line[i]);
      if (i >= widths.size()) widths.push_back(0);
      widths[i] = std::max(widths[i], DisplayWidth(line[i]));
    }
  std::string out;
  for (const auto& line : lines) out += Line(line, widths);
  return out;
}

std::string FormatError(const Error& error, const Terminal& terminal) {
  const std::string head = error.id.empty() ? "error" : fmt::format("error[{}]", error.id);
  std::string out = fmt::format("{}: {}\n", Paint(head, "red", terminal), error.message);
  for (const std::string& line : error.context) out += fmt::format("      = {}\n", line);
  if (!error.hint.empty()) out += fmt::format("      = help: {}\n", error.hint);
  return out;
}

std::string FormatEnvelope(const Envelope& envelope) {
  report::JsonWriter json;
  json.BeginObject().Member("schema", "assay.cli/1").Member("command", envelope.command);
  json.Member("ok", envelope.ok).Member("as_of", FormatTime(envelope.as_of));
  json.Key("data").Raw(envelope.data);
  json.Key("warnings").Strings(envelope.warnings);
  json.Key("errors");
  if (!envelope.errors_json.empty())
    return json.Raw(envelope.errors_json).EndObject().Take() + "\n";
  json.BeginArray();
  for (const Error& error : envelope.errors) {
    json.BeginObject().Member("code", error.id).Member("message", error.ToString());
    json.Member("kind", CodeName(error.code)).Member("hint", error.hint);
    json.Member("help", error.id.empty() ? "" : "assay explain " + error.id).EndObject();
  }
  return json.EndArray().EndObject().Take() + "\n";
}

std::pair<std::string, std::string> EnvelopeFrame(Envelope envelope) {
  envelope.data = "\x1f";  // stands nowhere else: JSON escapes it in texts
  const std::string text = FormatEnvelope(envelope);
  const size_t at = text.find('\x1f');
  return {text.substr(0, at), text.substr(at + 1)};
}

}  // namespace assay::cli
