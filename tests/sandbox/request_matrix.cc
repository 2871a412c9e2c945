// The tables of request and cancel tricks as the document that people read.
#include <fmt/format.h>

#include <algorithm>

#include "sandbox/request_table.h"

namespace assay::sandbox {
namespace {

constexpr const char* kHead = R"(# What becomes of tricks with requests and of being told to stop

Written by `tools/sandbox-matrix` from the table that the tests assert (`tests/sandbox/request_table.cc`); a test fails when the two
differ. What stops the plugin's other tries stands in [the sandbox matrix](sandbox-matrix.md).

* **Requests**: the broker refuses each before a socket is opened. *parameter*: a value that a plugin gives; *template*: a path in a manifest;
  *link*: a continuation that a service sent and a plugin points at, for a read of `/v1.0/groups/g1/members`; *method*: at the last gate;
  *list*, *token*, *body*: the subscriptions, the continuation token and the whole body of a query of Resource Graph.
* **Without the policy**: the text put into the URL as it is and read by a common URL library (Poco). *leads elsewhere*: another scheme, host,
  port, path, query or fragment than was granted, asserted; *depends*: it refuses too, or it is the server or a proxy that would fall for it.
* **Cancelling**: the real session of a run with a confined worker, in all tiers the machine offers, cancelled at the plugin's first word. A worker
  has ten seconds to end (half a second in the test). No dataset counts as complete. *goes on*: the same program without the engine, asserted.
)";

std::string_view Name(Place place) {
  switch (place) {
    case Place::kParameter:
      return "parameter";
    case Place::kTemplate:
      return "template";
    case Place::kLink:
      return "link";
    case Place::kMethod:
      return "method";
    case Place::kList:
      return "list";
    case Place::kToken:
      return "token";
    case Place::kBody:
      return "body";
  }
  return "";
}

/// As text that is safe in a table: bytes that cannot be seen by their number, long ones cut.
std::string Shown(const std::string& input) {
  std::string out;
  for (const char c : input.substr(0, 80)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f || c == '|' || c == '`')
      out += fmt::format("\\x{:02x}", byte);
    else
      out += c;
  }
  return out + (input.size() > 80 ? "..." : "");
}

}  // namespace

std::string RequestMatrixDocument() {
  const auto& tricks = EveryRequestTrick();
  const auto shown = std::count_if(tricks.begin(), tricks.end(), [](const RequestTrick& t) {
    return t.believed == Believed::kElsewhere;
  });
  std::string text = kHead;
  text += fmt::format(
      "\n## requests\n\n{} tricks; {} of them are asserted to lead elsewhere without the "
      "policy.\n\n"
      "| trick | put into | text | refused with | without the policy |\n|---|---|---|---|---|\n",
      tricks.size(), shown);
  for (const RequestTrick& t : tricks)
    text +=
        fmt::format("| `{}` | {} | `{}` | {} | {} |\n", t.name, Name(t.place), Shown(t.input),
                    t.words, t.believed == Believed::kElsewhere ? "leads elsewhere" : "depends");
  text +=
      "\n## cancelling\n\n| attack | ended by | fate | without the engine |\n|---|---|---|---|\n";
  for (const CancelTrick& t : EveryCancelTrick())
    text += fmt::format("| `{}` | {} | {} | {} |\n", t.name, t.by, sandbox::Name(t.fate),
                        t.goes_on ? "goes on" : "nothing to show");
  return text;
}

}  // namespace assay::sandbox
