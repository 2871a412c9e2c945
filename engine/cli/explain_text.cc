#include "cli/explain_text.h"

#include "base/text.h"
#include "cli/explain_words.h"

namespace assay::cli {

const std::vector<Explanation>& Explanations() {
  static const std::vector<Explanation> all = {
      {"AS-CFG-001", "A key is not known here.",
       "A misspelt key that is ignored is a setting that silently does nothing.",
       "Use the key that the message suggests, or one of the keys it lists."},
      {"AS-CFG-002", "A key that must be there is missing.",
       "assay does not guess identities, places or credentials.",
       "Add the key that the message names."},
      {"AS-CFG-003", "The file is not valid TOML.", "Nothing after the place can be trusted.",
       "Mend the text at the caret."},
      {"AS-CFG-004", "A value has the wrong type or form.",
       "Numbers with units are text with the unit in it, so that 90 can never mean two things.",
       "Write the value as the message shows it."},
      {"AS-CFG-005", "A number is outside its range.",
       "A limit outside its range would be no limit, or none that works.",
       "Use a value within the range that the message gives."},
      {"AS-CFG-006", "There is no configuration, or it cannot be read.",
       "Without it assay knows no tenant and no place for evidence.",
       "assay init writes one; -C FILE names one."},
      {"AS-CFG-007", "An include does not work.",
       "An include may only name files below the folder of the main file, so that nobody else's "
       "file becomes configuration.",
       "Move the file below that folder or mend the pattern."},
      {"AS-CFG-008", "The same id is defined twice.",
       "Two definitions would make it unclear which one a verdict came from.",
       "Remove or rename one; the message gives both places."},
      {"AS-CFG-009", "A name is used but not defined.",
       "A tenant in a store or cloud that does not exist could not be read or kept.",
       "Define it, or use one of the names that the message lists."},
      {"AS-CFG-010", "The file is written for a newer assay.",
       "Its keys may mean something that this version does not do.",
       "Use the version that the message names."},
      {"AS-CFG-011", "A service is named with plain http.",
       "Tokens and evidence travel only under TLS; plain http is for a server on this very "
       "machine.",
       "Write https://."},
      {"AS-CFG-012", "A secret is written into the configuration.",
       "Configuration is copied, mailed and committed; secrets must not travel with it.",
       "Put it into a file of mode 0600 and write ref = \"file:/path\"; then rotate it, it has "
       "been on disk."},
      {"AS-CFG-013", "A secret comes from the environment in production mode.",
       "The environment of a process is visible to more than the process.",
       "Use cred: (systemd credentials) or file: with mode 0600."},
      {"AS-CFG-014", "A text looks like a secret.",
       "High-entropy text in comments is often an old secret.",
       "Remove it and rotate what it was."},
      {"AS-CFG-015", "A reference to a secret does not resolve.",
       "A run would fail for it later, in the night.",
       "Set the variable or make the file; --no-secrets checks a configuration on a machine "
       "without its secrets."},
      {"AS-CFG-016", "A file with a secret is open to others.", "Whoever can read it can be assay.",
       "chmod 600 and give it to the account that runs assay."},
      {"AS-CFG-017", "A framework, plugin or check is not installed.",
       "A framework that is silently skipped would look like one that has nothing to say.",
       "assay framework list and assay plugin list show what is installed."},
      {"AS-CFG-018", "An exclusion or a tolerated permission is not complete.",
       "An exclusion or a tolerated permission needs a reason, an approver and an end within a "
       "year.",
       "Add what the message names."},
      {"AS-CFG-019", "A plugin that is not built in is given every tenant.",
       "A foreign plugin is granted tenant by tenant.", "Name the tenants."},
      {"AS-CFG-020", "Where a plugin comes from and why it may run do not fit.",
       "A plugin with a path needs its author's fingerprint as trust or a developer's pin, one of "
       "the two; a built-in one needs neither.",
       "Do what stands at the caret."},
      {"AS-CFG-021", "A tenant's region and its store's region differ.",
       "Evidence of a tenant may lie only in stores of its region.",
       "Bind the tenant to a store of its region."},
      {"AS-CFG-022", "Reading one credential would need itself.",
       "A secret in a key vault is read with another credential; a circle of them could never "
       "begin.",
       "Let one of them be a managed identity, a certificate, or a secret in a file."},
      {"AS-CFG-023", "A key does not fit the kind of the credential.",
       "A key that nothing obeys would promise something untrue.",
       "docs/formats/config.md lists the keys of each kind."},
      {"AS-CFG-030", "The key is not available in this version.",
       "It is part of the design but not built yet; ignoring it would promise something untrue.",
       "Remove it until a version that lists it in its changelog."},
      {"AS-CLI-001", "There is no such command.", "",
       "The message names the nearest ones; assay --help lists all."},
      {"AS-CLI-002", "There is no such flag.", "",
       "assay COMMAND --help lists the command's flags."},
      {"AS-CLI-003", "The arguments do not fit the command.", "",
       "assay COMMAND --help shows its form with examples."},
      {"AS-CON-001", "No token was issued.",
       "The token service refused the credential, the application or the tenant.",
       "The message holds Microsoft's own code and what it means; at most two attempts are made. "
       "assay tenant test tries again after a change."},
      {"AS-CON-002", "The application holds no permission at all.",
       "A run that can read nothing would produce only gaps.",
       "Grant the read permissions that docs/admin/permissions.md lists and give admin consent."},
      {"AS-CON-003", "The token may do more than read.",
       "assay collects nothing with write powers in hand: whoever stole its credential would hold "
       "them too.",
       "Remove the permission from the application, or tolerate it under allow_excess with "
       "permission, reason, approver and expiry."},
      {"AS-CON-004", "The identity holds an Azure role that can write.",
       "Reader is enough for everything that assay reads in Azure. Roles are judged by their id, "
       "else by their actions: whatever does not end in /read counts as a write.",
       "Assign Reader instead, or tolerate the role under allow_excess: permission is its GUID."},
      {"AS-CON-005", "Neither token nor directory tell what the identity may do.",
       "A token that is not a readable JWT proves nothing. The directory is asked in its place, "
       "and "
       "has to answer everything.",
       "Grant what the message names, so that the directory can be asked; report the case if the "
       "token should be readable."},
      {"AS-CON-006", "The token is for another tenant, application or service than was asked for.",
       "Evidence of the wrong tenant is worse than none.",
       "Check directory_id, client_id and cloud of the tenant."},
      {"AS-CON-007", "The token may read secrets or content: recovery keys, mail, files, chats.",
       "assay reads settings, never content; a permission that is not needed can only be stolen.",
       "Remove the permission from the application, or tolerate it under allow_excess with "
       "permission, reason, approver and expiry."},
      {"AS-CON-008", "The certificate or token file of the tenant's credential cannot be used.",
       "It would be refused anyway, and the message here says why: expired, not RSA, another key, "
       "or open to others.",
       "assay tenant add makes a fitting certificate; assay tenant show says when one expires."},
      {"AS-CON-009", "The key vault did not give the secret.",
       "The identity that reads it may not, the name is wrong, or the host is no vault of the "
       "cloud.",
       "Give that identity the role Key Vault Secrets User on the vault, and check the name."},
      {"AS-NET-001", "The server's certificate is not trusted.",
       "assay never talks past a certificate that does not verify; it does not ask again either.",
       "Install the missing root on this machine, or name it with ca_file in [network]."},
      {"AS-NET-002", "The token service answered something that is no token answer.",
       "A proxy or a wrong login URL answers in its place.", "Check the login URL of the cloud."},
      {"AS-NET-003", "The HTTP proxy wants a credential, or refused the one that it got.",
       "It answered 407 to CONNECT. No token was sent: the tunnel was never open.",
       "proxy_credential in [network]: a reference to \"user:password\", as the proxy knows it."},
      {"AS-NET-004", "The HTTP proxy refuses a host of the tenant's cloud.",
       "It answered CONNECT with a refusal of its own rules.",
       "Allow the login, Graph and Azure hosts of the cloud on port 443 in the proxy, or name them "
       "in no_proxy when they are reached directly."},
      {"AS-NET-005", "A server's certificate verifies, but holds none of its pinned keys.",
       "pins in [network] take trust away from authorities that could vouch for anybody.",
       "Find out who answers. When the service has changed its keys, put the new digest beside the "
       "old one."},
      {"AS-CHK-001", "A check has the id of another one.",
       "Verdicts, findings and exceptions go by that id, for ever.",
       "Give the new check an id of its own, such as our-guests-named."},
      {"AS-CHK-002", "A check reads a dataset that no installed collector has.",
       "It could never be assessed.",
       "Use the name that the message suggests; docs/datasets lists all with their columns."},
      {"AS-CHK-003", "The SQL of a check is not accepted.",
       "It is one SELECT of subject, verdict and detail, over the datasets in reads, with "
       "functions "
       "that give the same on every machine.",
       "Mend it at the caret; docs/formats/check-sql.md says what it sees and may do."},
      {"AS-CHK-004", "A check lacks something that others rely on.",
       "Without cases nobody knows what it says of missing values; without words nobody can act.",
       "Add what the message names; assay check new shows the form."},
      {"AS-PLG-001", "A plugin's file was refused.",
       "The file breaks a rule of the plugin package; nothing of it was loaded or run.",
       "The message names the rule; docs/formats/plugin-package.md lists them all."},
      {"AS-PLG-002", "A plugin was built for another ABI.",
       "The message names the field that differs.",
       "Use a build of the plugin for this host, or a newer assay."},
      {"AS-PLG-003", "A plugin is neither locked nor pinned.",
       "What runs must be what somebody decided to run.",
       "A signed package: assay plugin install PACKAGE, then assay plugin grant ID. One that you "
       "make yourself: dev_pin in its [[plugins]] table; the message names the pin of its files."},
      {"AS-PLG-004", "A plugin is not the one that was locked or pinned.",
       "A file that changed since somebody decided on it may be somebody else's.",
       "Install the package again after looking at what changed; a pin is of all files of the "
       "plugin: write the one that the message names."},
      {"AS-PLG-005", "A plugin asks for more than it was granted.",
       "A grant is for exactly the reads and limits that an administrator saw; grants in "
       "assay.toml "
       "may bound them further.",
       "assay plugin grant ID --review shows the difference, without --review grants it. Where the "
       "message points into assay.toml, add what it names to that list if you agree."},
      {"AS-PLG-006", "A plugin marked the records of a page wrongly.",
       "The page is kept byte for byte, as one record: it counts as evidence and verifies, but no "
       "record of it can be disclosed or erased alone. Exit codes do not change.",
       "Tell the plugin's author: marks must be in order, within the body, apart, and at most one "
       "for each 16 bytes. 'assay ledger show' has \"marks\":\"refused\" on each such read."},
      {"AS-PLG-007",
       "A plugin's signature is missing, wrong, or of another key than the trusted one.",
       "Only the author's key says that a package is the author's; nothing of it was run.",
       "Get the package again. If the author has a new key, hear it from them by another way and "
       "write its fingerprint as trust in the [[plugins]] table."},
      {"AS-PLG-008", "Nothing was granted to a plugin.",
       "An installed plugin reads nothing until an administrator saw what it asks for and agreed.",
       "assay plugin grant ID --review shows what it asks for; assay plugin grant ID grants it."},
      {"AS-PLG-009", "assay-plugins.lock or a plugin's files cannot be relied on.",
       "Others can write to them, or the lock was edited into something that does not hold "
       "together; who writes there decides what runs.",
       "Take the right away as the message says, look at what the lock says, and grant again."},
      {"AS-PLG-010",
       "A plugin has another version than is accepted, or an older one than is installed.",
       "An older version may have a defect that was mended; going back is a decision.",
       "Install the version that is wanted, or change version in its [[plugins]] table; assay "
       "plugin install --accept-older goes back."},
      {"AS-SBX-001", "This machine cannot confine plugins as the configuration demands.",
       "Untrusted code runs only behind the layers that were asked for; containers often forbid "
       "user namespaces.",
       "Run where user namespaces are allowed, or accept a lower tier: [sandbox] accept = "
       "\"reduced\"."},
      {"AS-SBX-002", "The canary got something that confinement must forbid.",
       "If the built-in canary can do it, a plugin can.",
       "Do not run plugins here; report kernel and machine."},
      {"AS-SBX-004", "An endpoint would return content, not metadata.",
       "Mail, files and chats are refused even where consent exists.",
       "There is no way to allow it."},
      {"AS-LED-001", "Another process holds the ledger.",
       "One writer at a time; the message says who.", "Wait for the other run to end."},
      {"AS-LED-002", "The ledger does not verify.",
       "Something changed after it was written. Nothing was repaired and nothing is appended.",
       "Keep the files as they are, and compare with an outside copy of a checkpoint."},
      {"erased", "Bytes that were taken out for good, on somebody's order; an entry says so.",
       "Salt and bytes are gone; the hash of the record stays, so that the ledger verifies.",
       "assay privacy receipts lists the orders."},
      {"expired", "A body whose retention is over; an entry says so.", "",
       "[retention] in the configuration says how long bodies are kept."},
      {"never_kept", "Bytes that were read and decided on, hashed, and not stored.",
       "evidence.raw is \"none\", or \"redacted\" and the data are personal: nothing can be shown.",
       ""},
      {"AS-BAK-001", "A backup is restored by the owner of the ledger only.",
       "Whoever has a copy must not be able to bring a ledger to life elsewhere.",
       "Put the ledger key and the master key where [keys] says; without the tenant keys no backup "
       "opens."},
      {"AS-BAK-002", "The backup is older than what is known of the ledger.",
       "Going on under the same name would make two ledgers of one; an outsider would see a "
       "rollback.",
       "Look for a newer backup, or accept the loss: a new epoch says what is missing."},
      {"AS-LED-003", "The ledger is TRUNCATED: a signed head is known that it does not reach.",
       "Its database is older than checkpoints.log: a disk lost writes, or an older copy was put "
       "back. It is read on, but nothing is appended, so that the loss cannot be covered up.",
       "Put the newer database back if there is one. Else: assay ledger recover --dry-run says "
       "what is missing, and --accept-loss goes on as a new epoch that names it."},
      {"AS-LED-004", "The ledger is FORKED: a signed head is known that is of another history.",
       "Database and checkpoints.log went on from one state in two ways, or one was replaced. It "
       "is "
       "read on, but nothing is appended.",
       "Find out which of the two is true before anything else, with a checkpoint that was kept "
       "elsewhere. assay ledger recover --accept-loss goes on with the database as a new epoch."},
      {"AS-LED-005", "checkpoints.log does not end with the newest checkpoint of the ledger.",
       "The log is old, cut or gone, or the database lost the checkpoint that it signed last. "
       "Without "
       "the log nobody would see that the database was put back.",
       "Put the newer log back if there is one. Else: assay ledger recover --dry-run says whether "
       "entries are missing, and --accept-loss makes the log anew from what is stored."},
      {"epoch", "The life of a ledger between recoveries.",
       "A tree that lost entries and goes on is another tree than the one that witnesses know, so "
       "it bears another name: the origin and /epoch-2.",
       ""},
      {"handover", "The entry by which a ledger key gives way to the next one, signed by both.",
       "Who trusts the fingerprint of any of the keys reaches the others by these entries.", ""},
      {"AS-LED-006", "A write-ahead log of the ledger lost commits that were acknowledged.",
       "The file was cut or damaged, or another program copied it back. SQLite alone would go on "
       "with fewer rows. No file was touched.",
       "Bring back the newest backup. Without one: assay ledger recover --accept-loss goes on with "
       "what is left, as a new epoch that says so."},
      {"not_assessed", "A check could not be decided on this subject or in this run.",
       "A missing permission or licence, throttling, a partial read or a failed plugin is neither "
       "pass nor fail.",
       ""},
      {"not_applicable", "There was complete data and nothing in it that the check is about.", "",
       ""},
      {"manual", "A person must look; assay only says what it saw.", "", ""},
      {"excepted",
       "A failing subject under an approved, dated, expiring exception; it stays `fail`.", "", ""},
      {"exception",
       "Permission for one subject to fail for a while: asked for, approved by somebody else, with "
       "an end.",
       "It stands beside the verdict and never replaces it. It ends by the clock, when it is "
       "revoked, and when the subject passes; it is suspended while its compensating check fails.",
       "assay exception list shows all; docs/admin/exceptions.md says how they are decided."},
      {"attestation",
       "A person's word, with the digest of a document and an end, on what no check sees.", "",
       "assay attest list shows all."},
      {"satisfied", "Every check mapped to the control passed, and no attestation is missing.", "",
       ""},
      {"not_satisfied", "At least one check mapped to the control fails.", "", ""},
      {"unknown",
       "A check that the control needs was not assessed, is stale, or waits for a person.", "", ""},
      {"iso-2013", "Control numbers of ISO/IEC 27001:2013, which the edition of 2022 replaced.",
       "A.9.2.3 became A.8.2; A.16 became A.5.24 to A.5.28 and A.6.8. A number of 2013 names "
       "nothing, or something else, in the list of 93 controls of 2022.",
       "Write the number of 2022: assay explain A.9.2.3 says it for each of the 114 old ones."},
      {"mapped, not attested",
       "Checks give evidence for the control; nobody independent has examined it.",
       "A mapping is our reading of a list. An attestation by an accountant, an auditor's "
       "certificate and an authority's view are other things.",
       ""},
      {"responsibility",
       "Who has to do what a control asks for: customer, provider, microsoft, or several.",
       "The customer owns the tenant; a provider operates it or sells a service around it; "
       "Microsoft runs the cloud under it. Where no provider is, that part is the customer's.",
       ""},
      {"uncovered",
       "No check speaks to the control: it is outside what assay can see, and said so.", "", ""},
      {"not_reached",
       "Settings that services show to a signed-in administrator or to PowerShell, and to no "
       "application that can only read: Exchange, Teams, Purview, Power Platform, most of "
       "SharePoint.",
       "No check speaks to them; a control that needs them is uncovered or unknown, never "
       "satisfied.",
       "Keep evidence of your own for such controls: docs/admin/not-reached.md says how it can be "
       "had."},
      {"partial", "Part of a dataset could not be read: it can prove some failures and no pass.",
       "", ""},
      {"plugin_fault",
       "A plugin crashed, looped, flooded or broke a rule; what it gave proves nothing.", "", ""},
  };
  return all;
}

const Explanation* FindExplanation(std::string_view name) {
  for (const Explanation& one : Explanations())
    if (EqualsIgnoreCase(one.name, name)) return &one;
  for (const Explanation& one : WordExplanations())
    if (EqualsIgnoreCase(one.name, name)) return &one;
  return nullptr;
}

}  // namespace assay::cli
