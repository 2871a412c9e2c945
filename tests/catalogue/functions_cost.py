"""Functions of the catalogue over FOCUS rows, exact: amounts are fractions, empty fields null."""
import datetime
import fractions
import json

import times
from functions_text import distinct, ratio
from values import UNKNOWN, Partial, together

SOURCES = ("cost-blob-get", "cost-local-folder")


def amount(value):
    """Exact number of a decimal text; None when it is none."""
    try:
        return None if value is None else fractions.Fraction(str(value))
    except ValueError:
        return None


def total(rows, column):
    return sum((amount(row.get(column)) or 0 for row in rows), fractions.Fraction(0))


def rows_of(evidence):
    found = [evidence.dataset(name) for name in SOURCES]
    return together(found[0] + found[1], *found)


def whole_only(function):
    """Over an incomplete export nothing about sums and shares is known."""
    def run(evidence, *arguments):
        rows = rows_of(evidence)
        return UNKNOWN if isinstance(rows, Partial) else function(rows, *arguments)
    return run


def row_count(evidence):
    rows = rows_of(evidence)
    return UNKNOWN if isinstance(rows, Partial) else len(rows)


def focus_group(evidence, column):
    rows, groups = rows_of(evidence), {}
    for row in rows:
        if row.get(column):
            groups.setdefault(row[column], []).append(row)
    return together([{"id": key, "rows": together(found, rows)} for key, found in groups.items()], rows)


def focus_distinct(evidence, *columns):
    rows = rows_of(evidence)
    return distinct(together([row[column] for row in rows for column in columns if row.get(column)], rows))


def distinct_rows(evidence, columns):
    rows = rows_of(evidence)
    return distinct(together([{column: row.get(column) for column in columns} for row in rows], rows))


def share_by(rows, column):
    whole, parts = total(rows, "EffectiveCost"), {}
    for row in rows:
        parts.setdefault(row.get(column), []).append(row)
    return [{"value": value, "share": ratio(None, total(found, "EffectiveCost"), whole)} for value, found in parts.items()]


def share_where(rows, column, value, cost):
    return ratio(None, total([row for row in rows if row.get(column) == value], cost), total(rows, cost))


def _tagged(row, tag):
    try:
        tags = json.loads(row.get("Tags") or "{}")
    except json.JSONDecodeError:
        return False
    return isinstance(tags, dict) and any(name.lower() == tag.lower() and value for name, value in tags.items())


def tagged_share(rows, tag):
    usage = [row for row in rows if row.get("ChargeCategory") == "Usage"]
    return ratio(None, total([row for row in usage if _tagged(row, tag)], "EffectiveCost"), total(usage, "EffectiveCost"))


def daily_cost(_, group):
    if isinstance(group["rows"], Partial):
        return UNKNOWN
    days = {}
    for row in group["rows"]:
        start = times.parse_time(row.get("ChargePeriodStart"))
        if start:
            days.setdefault(start.date(), []).append(row)
    return [{"day": day, "value": total(rows, "EffectiveCost")} for day, rows in sorted(days.items())]


def moving_average(_, series, day, count):
    """Mean over the days before `day`, from the first day of the series on; null with fewer than seven."""
    if series is UNKNOWN:
        return UNKNOWN
    by_day, first = {one["day"]: one["value"] for one in series}, min(one["day"] for one in series)
    before = [day - datetime.timedelta(days=back) for back in range(1, count + 1)]
    known = [by_day.get(one, fractions.Fraction(0)) for one in before if one >= first]
    return sum(known) / len(known) if len(known) >= 7 else None


def max_over(_, rows, column):
    if isinstance(rows, Partial):
        return UNKNOWN
    known = [row[column] for row in rows if row.get(column)]
    return max(known, key=lambda value: (times.parse_time(value) is not None, times.parse_time(value) or value)) if known else None


FUNCTIONS = {
    "focus": rows_of, "focusRows": rows_of, "focusRowCount": row_count, "filesRead": lambda e: e.files_read,
    "manifest": lambda e: e.manifest, "focusHasColumn": lambda e, name: name in e.focus_columns(rows_of(e)),
    "focusGroup": focus_group, "focusDistinct": focus_distinct, "focusDistinctRows": distinct_rows,
    "focusShare": whole_only(share_by), "focusShareWhere": whole_only(share_where), "focusTaggedShare": whole_only(tagged_share),
    "dailyCost": daily_cost, "movingAverage": moving_average, "maxOver": max_over,
}
