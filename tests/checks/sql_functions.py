"""SQL functions of the evaluator once more, in Python: docs/formats/check-sql.md. Shares no code with
engine/worker, so that each of the two checks the other. functions.tsv holds examples for both."""
import base64
import binascii
import datetime
import decimal
import ipaddress
import re
import sqlite3

UTC = datetime.timezone.utc
NOW = datetime.datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
DAY = datetime.timedelta(days=1)
MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)?)?",
                    re.ASCII)
DURATION = re.compile(r"P(?:(?P<Y>N)Y)?(?:(?P<M>N)M)?(?:(?P<W>N)W)?(?:(?P<D>N)D)?"
                      r"(?P<T>T(?:(?P<h>N)H)?(?:(?P<m>N)M)?(?:(?P<s>N)S)?)?"
                      .replace("N", r"\d{1,12}(?:[.,]\d+)?"), re.ASCII)
SECONDS = {"Y": 365 * 86400, "M": 30 * 86400, "W": 7 * 86400, "D": 86400, "h": 3600, "m": 60, "s": 1}
TIMESPAN = re.compile(r"(?:(\d{1,9})\.)?(\d{1,2}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?", re.ASCII)
# Addresses that no public route leads to.
SPECIAL = [ipaddress.ip_network(text) for text in (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/3", "::/127", "100::/64", "2001:db8::/32", "fc00::/7", "fe80::/10",
    "ff00::/8")]


def parse_time(text):
    found = MOMENT.fullmatch(text) if isinstance(text, str) else None
    if not found:
        return None
    day, clock, fraction, zone = found.groups()
    try:
        time = datetime.datetime.fromisoformat(f"{day}T{clock or '00:00:00'}+00:00")
        if zone and zone not in "Zz":
            hours, minutes = int(zone[1:3]), int(zone[4:6])
            if hours > 23 or minutes > 59:
                return None
            ahead = datetime.timedelta(hours=hours, minutes=minutes)
            time = time - ahead if zone[0] == "+" else time + ahead
    except (ValueError, OverflowError):
        return None
    return time.replace(microsecond=int((fraction or "0").ljust(6, "0")[:6]))


def days(text, sign):
    time = parse_time(text)
    return None if time is None else (sign * (NOW - time)) // DAY


def days_since_exact(text):
    time = parse_time(text)
    return None if time is None else (NOW - time) / DAY


def days_between(first, second):
    first, second = parse_time(first), parse_time(second)
    return None if first is None or second is None else (second - first) / DAY


def unixepoch(text):
    """SQLite's own, but 'now' is the evidence's time, as in the evaluator."""
    time = NOW if text == "now" else parse_time(text)
    return None if time is None else int(time.timestamp())


def duration(text, unit):
    found = DURATION.fullmatch(text) if isinstance(text, str) else None
    parts = found.groupdict() if found else {}
    clock = parts.pop("T", None)
    given = [(name, value) for name, value in parts.items() if value]
    if not given or clock == "T" or any(not value.isdigit() for _, value in given[:-1]):
        return None
    total = sum(float(value.replace(",", ".")) * SECONDS[name] for name, value in given)
    return total / unit if total < 1e9 * 86400 else None


def timespan_minutes(text):
    found = TIMESPAN.fullmatch(text) if isinstance(text, str) else None
    if not found or int(found[2]) > 23:
        return None
    return (int(found[1] or 0) * 24 + int(found[2])) * 60 + int(found[3]) + float(found[4] or 0) / 60


def version_cmp(left, right):
    if left is None or right is None:
        return None
    versions = []
    for text in (str(left).strip(), str(right).strip()):
        parts = text.split(".")
        if any(not re.fullmatch("[0-9]+", part) for part in parts):
            return None
        versions.append([int(part) for part in parts])
    size = max(map(len, versions))
    left, right = ([*version, *[0] * (size - len(version))] for version in versions)
    return (left > right) - (left < right)


def network(text):
    """Network and whether a length was written; (None, False) for what is none."""
    if not isinstance(text, str) or not re.fullmatch(r"[^/%]+(/\d{1,3})?", text, re.ASCII):
        return None, False
    try:
        net = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None, False
    if net.version == 6 and net.prefixlen >= 96 and net.network_address.ipv4_mapped:
        net = ipaddress.ip_network(f"{net.network_address.ipv4_mapped}/{net.prefixlen - 96}", strict=False)
    return net, "/" in text


def ip_prefix_length(text):
    net, written = network(text)
    return net.prefixlen if net and written else None


def is_private(net):
    return any(one.version == net.version and net.subnet_of(one) for one in SPECIAL)


def ip_is_private(text):
    net, _ = network(text)
    return None if net is None else int(is_private(net))


def ip_covers_public(text, bits):
    if text is None or bits is None:
        return None
    if text.lower() in ("*", "internet", "any"):
        return 1
    net, _ = network(text)
    return int(net is not None and net.prefixlen <= bits and not is_private(net))


def der_values(data):
    """(tag, content) of all values of a DER sequence; ValueError when they do not fill it."""
    out = []
    while data:
        length, head = data[1], 2
        if length & 0x80:
            head += length & 0x7F
            length = int.from_bytes(data[2:head], "big")
        if head + length > len(data):
            raise ValueError("cut off")
        out.append((data[0], data[head:head + length]))
        data = data[head + length:]
    return out


def x509_not_after(text):
    if not isinstance(text, str):
        return None
    body = "".join(re.sub("-----(BEGIN|END) CERTIFICATE-----", "", text).split())
    try:
        (tag, certificate), = der_values(base64.b64decode(body, validate=True))
        fields = der_values(der_values(certificate)[0][1])
        validity = fields[4 if fields[0][0] == 0xA0 else 3][1]
        kind, end = der_values(validity)[1]
        form = "%Y%m%d%H%M%SZ" if kind == 0x18 else "%y%m%d%H%M%SZ"
        time = datetime.datetime.strptime(end.decode("ascii"), form)
    except (ValueError, IndexError, binascii.Error):
        return None
    if kind == 0x17 and time.year >= 2050:
        time = time.replace(year=time.year - 100)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ") if tag == 0x30 else None


def matches(text, expression):
    if text is None or expression is None:
        return None
    try:
        found = re.search(expression, text)
    except re.error as error:
        raise sqlite3.OperationalError(str(error)) from error
    return int(found is not None)


def ascii_fold(text):
    return None if text is None else "".join(c.lower() if c.isascii() else c for c in str(text))


class DecimalSum:
    def __init__(self):
        self.total = None

    def step(self, value):
        if value is not None:
            self.total = (self.total or decimal.Decimal(0)) + decimal.Decimal(value)

    def finalize(self):
        return None if self.total is None else str(self.total)


def decimal_cmp(left, right):
    if left is None or right is None:
        return None
    left, right = decimal.Decimal(str(left)), decimal.Decimal(str(right))
    return (left > right) - (left < right)


FUNCTIONS = {
    "ascii_fold": (1, ascii_fold),
    "days_between": (2, days_between),
    "days_since": (1, lambda text: days(text, 1)),
    "days_since_exact": (1, days_since_exact),
    "days_until": (1, lambda text: days(text, -1)),
    "decimal_cmp": (2, decimal_cmp),
    "ip_covers_public": (2, ip_covers_public),
    "ip_is_private": (1, ip_is_private),
    "ip_prefix_length": (1, ip_prefix_length),
    "iso_duration_days": (1, lambda text: duration(text, 86400)),
    "iso_duration_hours": (1, lambda text: duration(text, 3600)),
    "matches": (2, matches),
    "timespan_minutes": (1, timespan_minutes),
    "unixepoch": (1, unixepoch),
    "version_cmp": (2, version_cmp),
    "x509_not_after": (1, x509_not_after),
}


def register(db):
    """Makes the functions known to one connection."""
    for name, (arguments, function) in FUNCTIONS.items():
        db.create_function(name, arguments, function, deterministic=True)
    db.create_aggregate("decimal_sum", 1, DecimalSum)


def check_examples(path):
    """Failures of the examples in functions.tsv."""
    db = sqlite3.connect(":memory:")
    register(db)
    failures = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if not line or line.startswith("#"):
            continue
        expression, expected = line.split("\t")
        try:
            got, = db.execute(f"SELECT quote({expression})").fetchone()
        except sqlite3.Error:
            got = "ERROR"
        if got != expected:
            failures.append(f"{path.name}:{number}: {expression[:60]} is {got}, not {expected}")
    return failures
