#include "config/secrets.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/bytes.h"
#include "base/text.h"
#include "config/comments.h"
#include "config/schema.h"
#include "config/values.h"
#include "model/ids.h"

namespace assay::config {
namespace {

bool IsAlnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

double BitsPerCharacter(std::string_view text) {
  std::array<size_t, 256> counts{};
  for (char c : text) ++counts[static_cast<unsigned char>(c)];
  double bits = 0;
  for (size_t count : counts)
    if (count > 0) {
      const double share = static_cast<double>(count) / static_cast<double>(text.size());
      bits -= share * std::log2(share);
    }
  return bits;
}

// Shapes that issuers of secrets use: an Entra client secret ("abc8Q~..."), a private key, a JWT,
// common prefixes.
bool HasKnownShape(std::string_view text) {
  if (text.find("-----BEGIN") != std::string_view::npos) return true;
  for (std::string_view prefix :
       {"ghp_", "gho_", "github_pat_", "xoxb-", "xoxp-", "AKIA", "sk_live_", "eyJ"})
    if (text.size() >= 20 && text.substr(0, prefix.size()) == prefix) return true;
  if (text.find("AccountKey=") != std::string_view::npos) return true;
  const size_t mark = text.find("Q~");
  return mark != std::string_view::npos && mark >= 2 && text.size() >= 34 && text.size() <= 44;
}

// Letters of both cases and digits, mixed without words: base64 and generated passwords.
bool LooksRandom(std::string_view text) {
  if (text.size() < 24 || text.size() > 4096) return false;
  bool lower = false, upper = false, digit = false;
  for (char c : text) {
    if (!IsAlnum(c) && std::string_view("+/=_-~.!@#$%^&*").find(c) == std::string_view::npos)
      return false;
    lower = lower || (c >= 'a' && c <= 'z');
    upper = upper || (c >= 'A' && c <= 'Z');
    digit = digit || (c >= '0' && c <= '9');
  }
  return lower && upper && digit && BitsPerCharacter(text) >= 4.0;
}

// The public key of a ledger or a witness: name, 8 hexadecimal digits, 33 bytes in base64.
bool IsVerifierKey(std::string_view text) {
  const size_t first = text.find('+');
  if (first == 0 || first == std::string_view::npos || text.size() != first + 1 + 8 + 1 + 44)
    return false;
  const std::string_view id = text.substr(first + 1, 8), key = text.substr(first + 10);
  return text[first + 9] == '+' && std::all_of(id.begin(), id.end(), IsHex) &&
         (key.starts_with("A") || key.starts_with("B")) && ParseBase64(key).has_value();
}

/// The digest of a public key: "sha256/" and 44 characters of base64.
bool IsPin(std::string_view text) {
  return text.size() == 51 && text.starts_with("sha256/") &&
         ParseBase64(text.substr(7)).has_value();
}

bool IsHarmless(std::string_view text) {
  if (IsVerifierKey(text) || IsPin(text)) return true;
  if (IsGuid(text) || text.empty()) return true;
  if (text.find("://") != std::string_view::npos || text[0] == '/' ||
      text.find(' ') != std::string_view::npos)
    return true;
  if (kReference.check(text).empty()) return true;
  // A digest says nothing about a secret; written in one case, it also fails the mix that
  // LooksRandom wants.
  if (text.size() == 64 && std::all_of(text.begin(), text.end(), IsHex)) return true;
  return text.rfind("SHA256:", 0) == 0;
}

// The place of a string's text: one character inside its opening quote, so that only the value is
// hidden.
Place Inside(Place place) {
  ++place.column;
  return place;
}

class Scanner {
 public:
  Scanner(const Document& document, Report& report) : document_(document), report_(report) {}

  void Table(const toml::table& table) {
    for (const auto& [key, node] : table) Value(&key, node);
  }

 private:
  void Value(const toml::key* key, const toml::node& node) {
    if (const auto* table = node.as_table()) return Table(*table);
    if (const auto* list = node.as_array()) {
      for (const toml::node& item : *list) Value(key, item);
      return;
    }
    const auto* text = node.as_string();
    if (text == nullptr) return;
    const bool named = key != nullptr && IsSecretName(key->str()) && !text->get().empty();
    const bool literal = named && !kReference.check(text->get()).empty();
    if (!literal && !LooksLikeSecret(text->get())) return;
    report_.HideFrom(Inside(PlaceOf(document_, node)));
    report_.HideText(text->get());
    // Under the key when its name says what the value is; under the value's opening quote
    // otherwise.
    Place place = PlaceOf(document_, node);
    place.end_line = place.line;
    place.end_column = place.column + 1;
    if (literal) place = PlaceOf(document_, *key);
    Diagnostic& d =
        report_.Error("AS-CFG-012", place, "a secret is written into the configuration");
    d.caret_note = "literals are refused (value not shown)";
    d.notes.push_back(
        "help: put it in a file and write  ref = \"file:/run/keys/NAME\"  ; then rotate it, it has "
        "been on disk");
  }

  const Document& document_;
  Report& report_;
};

}  // namespace

bool IsSecretName(std::string_view name) {
  const std::string lower = AsciiLower(name);
  for (std::string_view exact : {"ref", "value", "dsn", "secret", "token", "pwd", "pass", "key"})
    if (lower == exact) return true;
  for (std::string_view part :
       {"password", "passwd", "client_secret", "clientsecret", "api_key", "apikey", "access_key",
        "account_key", "private_key", "passphrase", "_secret", "_token"})
    if (lower.find(part) != std::string::npos) return true;
  return false;
}

bool LooksLikeSecret(std::string_view text) {
  if (IsHarmless(text)) return text.find("-----BEGIN") != std::string_view::npos;
  return HasKnownShape(text) || LooksRandom(text);
}

void ScanSecrets(const Document& document, Report& report) {
  Scanner(document, report).Table(document.root);
  for (const Comment& comment : FindComments(document)) {
    for (const CommentWord& word : WordsOf(comment)) {
      if (!LooksLikeSecret(word.text)) continue;
      report.HideFrom(word.place);
      Place place = word.place;
      place.end_column = place.column + 1;
      Diagnostic& d =
          report.Warning("AS-CFG-014", comment.place, "a comment holds what looks like a secret");
      d.caret_note = "not shown; remove it and rotate it, it has been on disk";
      break;
    }
  }
}

bool HideSecretsOfLine(const Document& document, uint32_t line, Report& report) {
  const std::string_view text = LineOf(document, line);
  const size_t equals = text.find('=');
  bool sensitive = false;
  // A broken line has no tree: every word, and whatever follows a "=" after a secret's name, may be
  // one.
  for (const CommentWord& word : WordsOf({std::string(text), {document.file, line, 1, line, 1}})) {
    if (!LooksLikeSecret(word.text) &&
        !(IsSecretName(word.text) && equals != std::string_view::npos))
      continue;
    report.HideFrom({document.file, line, word.place.column, line, word.place.column});
    sensitive = true;
  }
  return sensitive;
}

}  // namespace assay::config
