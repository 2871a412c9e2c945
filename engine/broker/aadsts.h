// What the token service's error codes mean for an operator.
#pragma once

#include "base/result.h"
#include "broker/http_client.h"

namespace assay::broker {

/// The error of a token answer that holds no token. kDenied with id AS-CON-001 and one hint for
/// each known AADSTS code; kUnavailable when the service is busy (worth a retry). Prints the number
/// of the code and nothing else of the answer. [any thread]
Error TokenError(const HttpAnswer& answer);

}  // namespace assay::broker
