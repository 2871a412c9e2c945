// A framework: controls in our own words and the checks mapped to them. TOML:
// docs/formats/framework.md.
#pragma once

#include <string>
#include <vector>

#include "model/verdict.h"

namespace assay {

/// `[[control]]` of controls.toml joined with `[[map]]` of mapping.toml.
struct ControlSpec {
  std::string id;                  ///< "A.8.5"
  std::string title;               ///< own words
  std::string group;               ///< "technological"
  std::string automation;          ///< "automated" | "partial" | "manual" | "n/a"
  bool needs_attestation = false;  ///< a person must attest the procedural part
  std::vector<std::string> checks;
  bool attested = false;  ///< a valid attestation exists; the engine fills it in for each run
};

struct FrameworkSpec {
  std::string id;       ///< "iso27001-2022"
  std::string version;  ///< of the package: "1"
  std::string title;
  std::vector<ControlSpec> controls;
};

/// State of one control and why.
struct ControlResult {
  std::string framework;
  std::string control;
  ControlState state = ControlState::kUncovered;
  std::string why;  ///< one line for people, no personal data
};

}  // namespace assay
