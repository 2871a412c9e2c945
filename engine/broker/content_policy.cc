// Names of content endpoints, in lower case, and where they are looked for.
#include "broker/content_policy.h"

#include <algorithm>

#include "base/text.h"

namespace assay::broker {
namespace {

constexpr std::string_view kGraphContent[] = {
    "$value",         "allmessages", "attachments", "calendar",       "calendars",
    "calendarview",   "chats",       "contacts",    "contactfolders", "content",
    "contentstream",  "drive",       "drives",      "events",         "getallmessages",
    "hostedcontents", "mailfolders", "messages",    "onenote",        "onlinemeetings",
    "outlook",        "photo",       "photos",      "recordings",     "replies",
    "thumbnails",     "todo",        "transcripts",
};
// Nothing that answers to GET here is metadata of a resource: keys, secrets, or code of a tenant.
constexpr std::string_view kArmContent[] = {
    "hostruntime", "listaccountsas", "listcredentials", "listkeys", "listsecrets", "publishxml",
};

template <size_t N>
bool Holds(const std::string_view (&list)[N], std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

tl::unexpected<Error> Refuse(std::string_view what) {
  return Fail(Error{Code::kDenied,
                    "content endpoint refused: " + Quote(what),
                    {},
                    "assay reads metadata only; remove the endpoint from the plugin",
                    {},
                    "AS-SBX-004"});
}

/// Words of an OData option value: "messages($select=body)" gives messages, $select, body.
std::vector<std::string> Words(std::string_view value) {
  std::vector<std::string> out(1);
  for (const char c : AsciiLower(value)) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$')
      out.back() += c;
    else if (!out.back().empty())
      out.emplace_back();
  }
  return out;
}

bool Names(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Recovery keys and local administrator passwords come only when asked for by name.
bool SelectsSecret(const std::vector<std::string>& segments,
                   const std::vector<std::string>& words) {
  const auto under = [&](std::string_view collection) {
    return std::any_of(segments.begin(), segments.end(), [&](const std::string& segment) {
      return EqualsIgnoreCase(segment, collection);
    });
  };
  return (under("recoveryKeys") && Names(words, "key")) ||
         (under("deviceLocalCredentials") && Names(words, "credentials"));
}

Status CheckGraphQuery(const std::vector<std::string>& segments,
                       const std::vector<std::pair<std::string, std::string>>& query) {
  for (const auto& [name, value] : query) {
    const std::string option = AsciiLower(name);
    const bool expand = option == "$expand" || option == "expand";
    const bool select = option == "$select" || option == "select";
    if (!expand && !select) continue;
    const auto words = Words(value);
    if (SelectsSecret(segments, words)) return Refuse(segments.back() + "?" + name);
    if (!expand) continue;
    for (const std::string& word : words)
      if (Holds(kGraphContent, word)) return Refuse("$expand=" + word);
  }
  return {};
}

}  // namespace

Status CheckContent(ServiceHost host, const std::vector<std::string>& segments,
                    const std::vector<std::pair<std::string, std::string>>& query) {
  // Below the container that the configuration names there are cost exports; names say nothing.
  if (host == ServiceHost::kBlob) return {};
  for (const std::string& segment : segments) {
    const std::string lower = AsciiLower(segment);
    if (host == ServiceHost::kArm) {
      if (Holds(kArmContent, lower)) return Refuse(segment);
      continue;
    }
    // "root:/a.docx:/content" and "messages('id')" are the same endpoints in other spellings.
    for (const std::string_view piece : Split(lower, ':'))
      if (Holds(kGraphContent, piece.substr(0, piece.find('(')))) return Refuse(segment);
  }
  return host == ServiceHost::kGraph ? CheckGraphQuery(segments, query) : Status{};
}

}  // namespace assay::broker
