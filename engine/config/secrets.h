// Literal secrets in configuration files: in values they are refused (AS-CFG-012), in comments
// warned of (AS-CFG-014). What was found is never shown.
#pragma once

#include <string_view>

#include "config/document.h"
#include "config/report.h"

namespace assay::config {

/// True for names whose value is a secret or a reference to one: "password", "client_secret",
/// "ref". [any thread]
bool IsSecretName(std::string_view name);
/// True for text that looks like a key, token or generated password; GUIDs, digests, paths and
/// references do not.
bool LooksLikeSecret(std::string_view text);

/// Reports every literal of `document` and hides it from all messages. Works on lines when the text
/// is not valid TOML.
void ScanSecrets(const Document& document, Report& report);
/// Hides what may be a secret on a line that could not be parsed; true when there is something.
bool HideSecretsOfLine(const Document& document, uint32_t line, Report& report);

}  // namespace assay::config
