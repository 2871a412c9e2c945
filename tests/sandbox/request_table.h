// Tricks with URLs, links and the moment of cancelling: what must come of each.
#pragma once

#include <string>
#include <vector>

#include "sandbox/spawner.h"

namespace assay::sandbox {

/// Where a trick is put.
enum class Place {
  kParameter,  ///< value of a path parameter, from a plugin
  kTemplate,   ///< path of an endpoint, from a manifest
  kLink,       ///< continuation link, from a service, pointed at by a plugin
  kMethod,     ///< method of a request at the last gate before a socket
  kList,       ///< subscriptions of a Resource Graph query, from a plugin
  kToken,      ///< continuation token of such a query, from a service, pointed at by a plugin
  kBody,       ///< text of such a query's body at the last gate before a socket
};
/// What a common URL library makes of it.
enum class Believed {
  kElsewhere,  ///< takes it for another host, path or request: the test demands it
  kNotShown,   ///< refuses it too, or reads it as harmless; servers differ
};
struct RequestTrick {
  const char* name;
  Place place;
  std::string input;
  const char* words;  ///< of the refusal
  Believed believed;
};
const std::vector<RequestTrick>& EveryRequestTrick();

struct CancelTrick {
  const char* name;
  Fate fate;
  const char* by;  ///< what ends it
  bool goes_on;    ///< without anybody who ends it, it goes on: the test demands it
};
const std::vector<CancelTrick>& EveryCancelTrick();

/// docs/request-matrix.md as it ought to be.
std::string RequestMatrixDocument();

}  // namespace assay::sandbox
