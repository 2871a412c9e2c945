"""FOCUS tables read a second time, with nothing but Python's csv, gzip, json and decimal. What the cost collector makes of
them is compared with this; the two share no code."""
import csv
import datetime
import decimal
import gzip
import json

GROUP = ("BillingCurrency", "BillingAccountId", "SubAccountId", "ProviderName", "PublisherName", "ServiceCategory", "ServiceName",
         "RegionId", "ChargeCategory", "CommitmentDiscountStatus")
AMOUNTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
# No sum of a test has as many digits: nothing is rounded.
EXACT = decimal.Context(prec=400, traps=[decimal.Inexact, decimal.InvalidOperation, decimal.Overflow])


class Tables:
    """`groups`, `days`, `tags`: key -> [sums..., rows]. `rows`: how many there are; `odd`: cells that hold nothing that
    belongs there."""

    def __init__(self):
        self.groups, self.days, self.tags = {}, {}, {}
        self.rows = self.odd = 0

    def read(self, path):
        """Adds a file; False when it is no table of FOCUS."""
        opened = gzip.open if path.name.endswith(".gz") else open
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, strict=True)
            header = next(rows, [])
            if not {"BilledCost", "EffectiveCost"} <= set(header):
                return False
            at = {name: header.index(name) for name in header}
            for row in rows:
                if not row:
                    continue
                if len(row) != len(header):
                    self.odd += 1
                    break  # what follows cannot be trusted
                self.add(Charge(row, at))
        return True

    def add(self, charge):
        self.rows += 1
        account, currency = charge.text("SubAccountId").lower(), charge.text("BillingCurrency")
        amounts = [charge.amount(name) for name in AMOUNTS]
        period, day, _ = (charge.day(name) for name in ("BillingPeriodStart", "ChargePeriodStart", "ChargePeriodEnd"))
        names = [account if name == "SubAccountId" else charge.text(name) for name in GROUP]
        put(self.groups, (period, *names), amounts)
        put(self.days, (account, day, currency), amounts[:2])
        if charge.text("ChargeCategory") == "Usage":
            for tag in charge.tags():
                put(self.tags, (tag, currency), amounts[1:2])
        self.odd += charge.odd

    def as_rows(self):
        """Dataset -> key -> [sums as decimals, rows]."""
        return {"cost_group": self.groups, "cost_day": self.days, "cost_tag": self.tags}


class Charge:
    """One row by the names of its columns; a cell that is empty or says NULL is null."""

    def __init__(self, row, at):
        self.row, self.at, self.odd = row, at, 0

    def text(self, name):
        value = self.row[self.at[name]] if name in self.at else ""
        return "" if value in ("NULL", "null") else value

    def amount(self, name):
        try:
            value = EXACT.create_decimal(self.text(name) or "0")
        except decimal.InvalidOperation:
            value = decimal.Decimal("NaN")
        if value.is_finite():
            return value
        self.odd += 1
        return decimal.Decimal(0)

    def day(self, name):
        """The day in UTC; "" when there is none."""
        text = self.text(name)
        try:
            moment = datetime.datetime.fromisoformat(text) if text else None
        except ValueError:
            self.odd += 1
            return ""
        if moment and moment.tzinfo:
            moment = moment.astimezone(datetime.timezone.utc)
        return moment.date().isoformat() if moment else ""

    def tags(self):
        """Names of tags that have a value, in lower case, each once."""
        text = self.text("Tags")
        if not text:
            return []
        try:
            value = json.loads("{" + text + "}" if text.startswith('"') else text)
        except json.JSONDecodeError:
            value = None
        if not isinstance(value, dict):
            self.odd += 1
            return []
        return list(dict.fromkeys(name.lower() for name, content in value.items() if name and content is not None and content != ""))


def put(table, key, amounts):
    known = table.get(key)
    if known is None:
        table[key] = [*amounts, 1]
        return
    for i, amount in enumerate(amounts):
        known[i] = EXACT.add(known[i], amount)
    known[-1] += 1


# A check for each dataset: its findings are the rows.
KEYS = {"cost_group": "billing_period currency billing_account_id sub_account_id provider publisher service_category service region "
                      "charge_category commitment_status", "cost_day": "sub_account_id day currency", "cost_tag": "tag currency"}
SUMS = {"cost_group": "billed_cost effective_cost list_cost contracted_cost rows", "cost_day": "billed_cost effective_cost rows",
        "cost_tag": "effective_cost rows"}
CHECK = '''[[check]]
id = "row-of-{name}"
version = 1
title = "Shows each row"
severity = "info"
subject = "{dataset}"
reads = ["{dataset}"]
partial_fail = ["{dataset}"]
empty = "not_applicable"
rationale = "The test compares what was read with a second reader."
remediation = "None."
sql = """
SELECT json_array({key}) AS subject, 'fail' AS verdict, json_array({sums}) AS detail FROM {dataset}
"""

'''


def checks_that_show_rows():
    """Checks whose findings are the sums, as TOML."""
    return "".join(CHECK.format(name=dataset.replace("_", "-"), dataset=dataset, key=", ".join(KEYS[dataset].split()),
                                sums=", ".join(SUMS[dataset].split())) for dataset in KEYS)


def differences(tables, findings):
    """What assay's rows (findings of the checks above) and these tables do not agree on, one line each; decimals are
    compared as numbers, digit by digit."""
    wrong = []
    for dataset, wanted in tables.as_rows().items():
        got = {tuple(json.loads(one["subject"]["id"])): json.loads(one["detail"]) for one in findings
               if one["check"] == "row-of-" + dataset.replace("_", "-") and one["verdict"] == "fail"}
        wrong += [f"{dataset}: {key} is {'missing' if key in wanted else 'invented'}" for key in sorted(got.keys() ^ wanted.keys())]
        for key in got.keys() & wanted.keys():
            mine = [*(EXACT.create_decimal(text) for text in got[key][:-1]), got[key][-1]]
            if mine != wanted[key]:
                wrong.append(f"{dataset}: {key} is {got[key]}, should be {[str(value) for value in wanted[key]]}")
    return wrong
