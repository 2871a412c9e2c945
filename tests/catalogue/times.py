"""Times and durations as the catalogue reads them. What is not such a text gives None."""
import datetime
import re

UTC = datetime.timezone.utc
STAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?\s*([Zz]|[+-]\d\d:\d\d)?)?")
DURATION = re.compile(r"P(?:(\d+(?:\.\d+)?)Y)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?"
                      r"(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?")
SPAN = re.compile(r"(?:(\d+)\.)?(\d+):(\d\d)(?::(\d\d)(?:\.\d+)?)?")
DAY = 86400


def parse_time(text):
    """RFC 3339 date or date-time; fractions are cut to microseconds, no zone means UTC."""
    match = STAMP.fullmatch(text) if isinstance(text, str) else None
    if not match:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    micro = int((fraction or "0")[:6].ljust(6, "0"))
    try:
        time = datetime.datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), micro, UTC)
        if zone and zone not in "Zz":
            sign = 1 if zone[0] == "+" else -1
            time -= sign * datetime.timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
    except (ValueError, OverflowError):
        return None
    return time


def days_between(start, end):
    """Fractional days from start to end."""
    if start is None or end is None:
        return None
    return (end - start).total_seconds() / DAY


def _duration_days(text):
    match = DURATION.fullmatch(text) if isinstance(text, str) else None
    if not match or not any(match.groups()):
        return None
    years, months, weeks, days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return years * 365 + months * 30 + weeks * 7 + days + (hours + minutes / 60 + seconds / 3600) / 24


def iso_days(text):
    return _duration_days(text)


def iso_hours(text):
    days = _duration_days(text)
    return None if days is None else days * 24


def span_minutes(text):
    """[d.]hh:mm[:ss]"""
    match = SPAN.fullmatch(text) if isinstance(text, str) else None
    if not match:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return days * 1440 + hours * 60 + minutes + seconds / 60
