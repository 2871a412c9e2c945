// A framework: controls in our own words and the checks mapped to them. TOML:
// docs/formats/framework.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/verdict.h"

namespace assay {

/// `[[control]]` of controls.toml joined with `[[map]]` of mapping.toml.
struct ControlSpec {
  std::string id;                           ///< "A.8.5"
  std::string title;                        ///< own words
  std::string group;                        ///< "technological"
  std::string automation;                   ///< "automated" | "partial" | "manual" | "n/a"
  bool needs_attestation = false;           ///< a person must attest the procedural part
  std::vector<std::string> responsibility;  ///< "customer", "provider", "microsoft"; or "none"
  std::string level;      ///< of the technical part: "high" | "medium" | "low" | "none"; may be ""
  std::string reason;     ///< why automation and level are what they are; may be ""
  std::string not_shown;  ///< what the mapped checks do not show; may be ""
  std::vector<std::string> checks;
  bool attested = false;  ///< a valid attestation exists; the engine fills it in for each run
};

struct FrameworkSpec {
  std::string id;       ///< "iso27001-2022"
  std::string version;  ///< of the package: "1"
  std::string title;
  std::string kind;    ///< "law" | "standard" | "benchmark" | "own"; may be ""
  std::string notice;  ///< shown wherever the framework is, such as "mapped, not attested"
  std::vector<ControlSpec> controls;
};

/// True when an exclusion of `excluded` covers control `id`: the control itself, or the article or
/// section that it is part of ("Art. 26" covers "Art. 26(1)"). Spaces do not count. [any thread]
bool ExclusionCovers(std::string_view excluded, std::string_view id);

/// State of one control and why.
struct ControlResult {
  std::string framework;
  std::string control;
  ControlState state = ControlState::kUncovered;
  std::string why;  ///< one line for people, no personal data
};

}  // namespace assay
