// The rule and its word lists (Microsoft Graph permission names).
#include "broker/permission_words.h"

#include <algorithm>

#include "base/text.h"

namespace assay::broker {
namespace {

constexpr std::string_view kNeutral[] = {"offline_access", "openid", "profile", "email"};

// Words of power. Looked for in every part after the first: the first one names the thing, and
// things may be called RoleManagement.
constexpr std::string_view kWriteWords[] = {
    "Write",       "Manage",
    "FullControl", "Create",
    "Delete",      "Remove",
    "Send",        "Upload",
    "Invite",      "Activate",
    "Start",       "Export",
    "Import",      "PrivilegedOperations",
    "Enable",      "Disable",
    "Update",      "Migrate",
    "Archive",     "AccessAsUser",
    "Selected",    "Impersonat",
    "Restore",     "Revoke",
    "Initiate",    "Operation",
    "Assign",
};

constexpr std::string_view kSecretReads[] = {"DeviceLocalCredential.Read.All",
                                             "BitlockerKey.Read.All",
                                             "CustomSecAttributeAssignment.Read.All"};

// First parts whose Read (not ReadBasic) shows content of people rather than settings.
constexpr std::string_view kContentThings[] = {
    "Mail",
    "MailboxFolder",
    "MailboxItem",
    "Files",
    "Sites",
    "Lists",
    "Chat",
    "ChatMessage",
    "ChannelMessage",
    "Notes",
    "Calendars",
    "Contacts",
    "OnlineMeetingTranscript",
    "OnlineMeetingRecording",
    "OnlineMeetingArtifact",
    "OnlineMeetingAiInsight",
    "OnlineMeetings",
    "eDiscovery",
    "ThreatHunting",
    "CallRecords",
    "CallRecording",
    "CallTranscripts",
    "Tasks",
    "ExternalItem",
    "PrintJob",
    "UserNotification",
    "AiEnterpriseInteraction",
};

constexpr std::string_view kReadOnlyRoles[] = {
    "b79fbf4d-3ef9-4689-8143-76b194e85509",  // every user
    "0997a1d0-0d1d-4acb-b408-d5ca73121e90",  // marker of app-only tokens
    "f2ef992c-3afb-46b9-b7cf-a126ee74c451",  // Global Reader
    "5d6b6bb7-de71-4623-b4af-96380a352509",  // Security Reader
    "4a5d8f65-41da-4de4-8968-e035b65339cf",  // Reports Reader
    "88d8e3e3-8f55-4a1e-953a-9b9898b8876b",  // Directory Readers
    "790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b",  // Message Center Reader
    "75934031-6c7e-415a-99d7-48dbd49e875e",  // Usage Summary Reports Reader
};

template <size_t N>
bool Holds(const std::string_view (&list)[N], std::string_view word) {
  return std::any_of(std::begin(list), std::end(list),
                     [&](std::string_view item) { return EqualsIgnoreCase(item, word); });
}

bool HasWriteWord(std::string_view part) {
  const std::string lower = AsciiLower(part);
  return std::any_of(std::begin(kWriteWords), std::end(kWriteWords), [&](std::string_view word) {
    return lower.find(AsciiLower(word)) != lower.npos;
  });
}

bool IsName(std::string_view part) {
  return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_';
  });
}

}  // namespace

Power JudgePermission(std::string_view name) {
  if (Holds(kNeutral, name)) return Power::kNeutral;
  const auto parts = Split(name, '.');
  if (parts.size() < 2 || parts.size() > 4 || !std::all_of(parts.begin(), parts.end(), IsName))
    return Power::kWrite;
  // Exact case: Microsoft writes it so, and an unknown spelling is an unknown permission.
  if (parts[1] != "Read" && parts[1] != "ReadBasic") return Power::kWrite;
  if (std::any_of(parts.begin() + 1, parts.end(), HasWriteWord)) return Power::kWrite;
  if (parts[1] == "ReadBasic") return Power::kRead;
  if (Holds(kSecretReads, name)) return Power::kSecret;
  return Holds(kContentThings, parts[0]) ? Power::kContent : Power::kRead;
}

bool IsReadOnlyDirectoryRole(std::string_view guid) { return Holds(kReadOnlyRoles, guid); }

}  // namespace assay::broker
