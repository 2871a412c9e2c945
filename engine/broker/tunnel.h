// A way through an HTTP proxy: CONNECT, and nothing else of HTTP.
#pragma once

#include "broker/connection.h"
#include "broker/network.h"

namespace assay::broker {

/// Asks the proxy at the other end of `connection` for a tunnel to `target`. Whatever is written
/// afterwards reaches the target. kUnavailable: id AS-NET-003 when the proxy wants a credential or
/// refuses it, AS-NET-004 when it refuses the host; neither is worth a retry. kNotFound, kDenied
/// (its credential's reference). [any thread]
Status OpenTunnel(Connection& connection, const ProxySettings& proxy, const Url& target);

}  // namespace assay::broker
