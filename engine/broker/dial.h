// From a host name to a connected TCP socket: all its addresses, IPv6 and IPv4 in turn, without
// waiting out one that does not answer (RFC 8305).
#pragma once

#include <Poco/Net/IPAddress.h>
#include <Poco/Net/StreamSocket.h>

#include <vector>

#include "broker/connection.h"

namespace assay::broker {

/// Who may be dialled. Services are never link-local, and loopback only by a loopback name; a proxy
/// is wherever its administrator put it.
enum class Peer { kService, kProxy };

/// Connected, blocking, with the limits' timeout on each read and write. kUnavailable. [any thread]
Result<Poco::Net::StreamSocket> Dial(const Url& origin, Peer peer, const OpenLimits& limits);

/// Addresses in the order in which they are tried: the families alternate, the first stays first.
/// At most 6. [any thread]
std::vector<Poco::Net::IPAddress> DialOrder(std::vector<Poco::Net::IPAddress> resolved);

}  // namespace assay::broker
