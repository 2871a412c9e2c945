"""Functions of the catalogue that know no endpoint: text, time, numbers, networks, certificates."""
import base64
import binascii
import datetime
import fractions
import ipaddress
import json
import re

import times
from values import UNKNOWN, AtLeast, Partial, TypeFault, equal, folded, is_number, together

SENSITIVE_READS = re.compile(
    r"DeviceLocalCredential\.Read\.All|BitlockerKey\.Read\.All|Mail\.Read(?!Basic)|Files\.Read|Sites\.Read\.All|Chat\.Read|"
    r"ChannelMessage\.Read\.All|Notes\.Read\.All|Calendars\.Read|Contacts\.Read|CustomSecAttributeAssignment\.Read\.All|"
    r"OnlineMeetingTranscript\.Read|OnlineMeetingRecording\.Read|eDiscovery\.Read\.All|ThreatHunting\.Read\.All|CallRecords\.Read\.All")
WIDE = {"*", "0.0.0.0/0", "::/0", "internet"}
DENIED_WIDE = {"*", "0.0.0.0/0", "internet"}


def null_through(function):
    """Null or unknown in the first argument comes out as it went in."""
    def run(evidence, first=None, *more):
        return first if first is None or first is UNKNOWN else function(evidence, first, *more)
    return run


def text(function):
    """A function of one text and whatever follows; no text is a fault."""
    def run(evidence, first, *more):
        if not isinstance(first, str):
            raise TypeFault(f"text expected: {first!r}")
        return function(first, *more)
    return null_through(run)


def has(_, value):
    return UNKNOWN if value is UNKNOWN else value is not None


def join(_, items, key, value):
    """First item whose property equals the value; over a partial list a missing hit is unknown."""
    if items is UNKNOWN or value is UNKNOWN:
        return UNKNOWN
    for item in items or []:
        if value is not None and equal(item.get(key), value) is True:
            return item
    return UNKNOWN if isinstance(items, Partial) else None


def first(_, items):
    if items is UNKNOWN or items is None:
        return items
    return items[0] if items else UNKNOWN if isinstance(items, Partial) else None


def matches(evidence, value, pattern):
    if value is None or value is UNKNOWN or pattern is None:
        return value
    if not isinstance(value, str):
        raise TypeFault(f"text expected: {value!r}")
    return re.search(pattern, value) is not None


def whole(value):
    if is_number(value):
        return int(value)
    return int(value) if isinstance(value, str) and re.fullmatch(r"\s*[-+]?\d+\s*", value) else None


def days_since(evidence, value):
    return times.days_between(times.parse_time(value), evidence.now)


def days_until(evidence, value):
    return times.days_between(evidence.now, times.parse_time(value))


def max_date(_, left, right):
    if left is UNKNOWN or right is UNKNOWN:
        return UNKNOWN
    known = [(times.parse_time(one), one) for one in (left, right) if times.parse_time(one)]
    return max(known)[1] if known else None


def ratio(_, part, total):
    if UNKNOWN in (part, total) or isinstance(part, AtLeast) or isinstance(total, AtLeast):
        return UNKNOWN
    if part is None or total is None or total == 0:
        return None
    return fractions.Fraction(str(part)) / fractions.Fraction(str(total))


def version_at_least(_, have, wanted):
    if have is UNKNOWN:
        return UNKNOWN
    try:
        have, wanted = ([int(part) for part in value.split(".")] for value in (have, wanted))
    except (ValueError, AttributeError):
        return None
    width = max(len(have), len(wanted))
    return have + [0] * (width - len(have)) >= wanted + [0] * (width - len(wanted))


def _json_walk(value, steps):
    if not steps or value is None:
        return value
    step, rest = steps[0], steps[1:]
    name = step.removesuffix("[]")
    value = value.get(name) if isinstance(value, dict) else None
    if not step.endswith("[]"):
        return _json_walk(value, rest)
    found = (_json_walk(one, rest) for one in value) if isinstance(value, list) else ()
    return next((one for one in found if one is not None), None)


def json_path(value, path):
    try:
        return _json_walk(json.loads(value), path.split("."))
    except json.JSONDecodeError:
        return None


def _der(data, at):
    """(tag, start, end) of the DER value at `at`."""
    length, start = data[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        length, start = int.from_bytes(data[start:start + count], "big"), start + count
    return data[at], start, start + length


def x509_not_after(value):
    """notAfter of a base64 DER certificate as RFC 3339 text."""
    try:
        data = base64.b64decode(re.sub(r"\s|-----[A-Z ]+-----", "", value), validate=True)
        at = _der(data, _der(data, 0)[1])[1]
        if data[at] == 0xA0:
            at = _der(data, at)[2]
        for _ in range(3):  # serial, algorithm, issuer
            at = _der(data, at)[2]
        not_before = _der(data, _der(data, at)[1])
        tag, start, end = _der(data, not_before[2])
        form = "%y%m%d%H%M%SZ" if tag == 0x17 else "%Y%m%d%H%M%SZ"
        return datetime.datetime.strptime(data[start:end].decode(), form).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, IndexError, binascii.Error):
        return None


def is_read_permission(name):
    parts = name.split(".")
    return len(parts) > 1 and parts[1] in ("Read", "ReadBasic") and not SENSITIVE_READS.match(name)


def ip_prefix_length(cidr):
    match = re.search(r"/(\d+)$", cidr)
    return int(match.group(1)) if match else None


def _wide_source(prefix):
    if prefix.lower() in WIDE:
        return True
    try:
        network = ipaddress.ip_network(prefix, strict=False)
    except ValueError:
        return False
    private = ("10.0.0.0/8", "127.0.0.0/8", "0.0.0.0/8", "224.0.0.0/3", "fc00::/7", "fe80::/10", "ff00::/8")
    inside = (ipaddress.ip_network(one) for one in private)
    return network.prefixlen <= 8 and not any(network.version == one.version and network.subnet_of(one) for one in inside)


def _both(properties, name):
    """Values of `name` and of its plural."""
    one, many = properties.get(name), properties.get({"destinationPortRange": "destinationPortRanges"}.get(name, name + "es"))
    return [value for value in [one, *(many or [])] if isinstance(value, str)]


def _covers_port(properties, port):
    for value in _both(properties, "destinationPortRange"):
        low, _, high = value.partition("-")
        if value == "*" or low.strip().isdigit() and int(low) <= port <= int(high or low):
            return True
    return False


def _inbound(properties, access, protocol):
    return (properties.get("direction") == "Inbound" and properties.get("access") == access
            and str(properties.get("protocol")).lower() in ("*", protocol.lower()))


def nsg_allows_internet(_, rule, rules, protocol, port):
    allow = rule.get("properties") or {}
    if not (_inbound(allow, "Allow", protocol) and _covers_port(allow, port)
            and any(_wide_source(one) for one in _both(allow, "sourceAddressPrefix"))):
        return False
    for other in rules:
        deny = other.get("properties") or {}
        if (_inbound(deny, "Deny", protocol) and _covers_port(deny, port)
                and is_number(deny.get("priority")) and is_number(allow.get("priority")) and deny["priority"] < allow["priority"]
                and any(one.lower() in DENIED_WIDE for one in _both(deny, "sourceAddressPrefix"))
                and "*" in _both(deny, "destinationAddressPrefix")):
            return False
    return True


def distinct(items):
    """Items without those that compare equal to an earlier one."""
    seen, found = set(), []
    for item in items:
        key = folded(item) if isinstance(item, str) else json.dumps(item, sort_keys=True, default=str)
        if key not in seen:
            seen.add(key)
            found.append(item)
    return together(found, items)


def distinct_of(_, items, name):
    if items is None or items is UNKNOWN:
        return items
    return distinct(together([item[name] for item in items if isinstance(item, dict) and item.get(name) is not None], items))


def group_by(_, items, name):
    groups = {}
    for item in items or []:
        if item.get(name) is not None:
            groups.setdefault(item[name], []).append(item)
    return together([{"key": key, "owners": owners} for key, owners in groups.items()], items)


def tag_key(_, tags, key):
    if tags is None or tags is UNKNOWN:
        return tags
    return any(name.lower() == key.lower() for name in tags)


def under_scope(value, scope):
    value, scope = value.lower(), (scope or "").lower()
    return bool(scope) and (value == scope or value.startswith(scope + "/"))


FUNCTIONS = {
    "has": has, "join": join, "first": first, "matches": matches, "lower": text(str.lower), "maxDate": max_date,
    "int": null_through(lambda _, value: whole(value)), "daysSince": null_through(days_since), "daysUntil": null_through(days_until),
    "daysBetween": null_through(lambda _, a, b=None: times.days_between(times.parse_time(a), times.parse_time(b))),
    "date": null_through(lambda _, value: value if times.parse_time(value) else None),
    "isoDurationDays": null_through(lambda _, value: times.iso_days(value)),
    "isoDurationHours": null_through(lambda _, value: times.iso_hours(value)),
    "timespanMinutes": null_through(lambda _, value: times.span_minutes(value)),
    "ratio": ratio, "versionAtLeast": version_at_least, "jsonPath": text(json_path), "x509NotAfter": text(x509_not_after),
    "isReadPermission": text(is_read_permission), "isReadAction": text(lambda value: value.lower().endswith("/read")),
    "ipPrefixLength": text(ip_prefix_length), "isIpv6": text(lambda value: ":" in value), "nsgAllowsInternet": nsg_allows_internet,
    "distinct": distinct_of, "groupBy": group_by, "hasKeyIgnoreCase": tag_key, "lastSegment": text(lambda value: value.split("/")[-1]),
    "underScope": text(under_scope), "values": null_through(lambda _, value: list(value.values())),
}
