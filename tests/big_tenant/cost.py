"""Costs of the big tenant: an export in the FOCUS format and what Azure says of budgets, exports and recommendations, in
closed form like all of it (shape.py), with the verdicts that follow. Amounts are whole numbers of 10^-12; a limit is never
met to the digit. Charges are laid over 28 days that end yesterday, account by account in turn."""
import datetime
import gzip
import json

from shape import subscription

DAYS = 28
PART_ROWS = 500_000
ADVICE = 40  # recommendations of a subscription
STRANGERS = 2  # accounts on the bill that are no subscription that can be seen
REGIONS = {0: "eastus", 1: "", 2: "Global", 3: "brazilsouth"}
PUBLISHERS = {1: "Strange Software Inc.", 2: "microsoft"}
CATEGORIES = {5: "Purchase", 6: "Tax", 7: "Credit"}
HEADER = ("BilledCost,BillingAccountId,BillingAccountName,BillingCurrency,BillingPeriodEnd,BillingPeriodStart,ChargeCategory,ChargeClass,"
          "ChargeDescription,ChargePeriodEnd,ChargePeriodStart,CommitmentDiscountStatus,ContractedCost,EffectiveCost,InvoiceIssuerName,"
          "ListCost,PricingQuantity,PricingUnit,ProviderName,PublisherName,RegionId,ResourceId,ServiceCategory,ServiceName,SubAccountId,Tags\r\n")
ACCOUNT = "/providers/Microsoft.Billing/billingAccounts/1"
EXPORTS = "/providers/Microsoft.CostManagement/exports/daily"


class Costs:
    """One line each: what is true of charge number n, or of subscription number k."""

    def __init__(self, shape):
        self.shape, self.rows = shape, shape.rows
        self.accounts = shape.subscriptions + STRANGERS
        self.first = shape.now.date() - datetime.timedelta(days=DAYS)

    def account(self, n):
        return n % self.accounts

    def day(self, n):
        """Charges stand in order of their days."""
        return n * DAYS // self.rows

    def date(self, day):
        return self.first + datetime.timedelta(days=day)

    @staticmethod
    def has_spike(account, day):
        return account % 5 == 1 and day == 20

    def effective(self, n):
        """About one; sixty times as much on a day that stands out."""
        return (900_000_000_000 + n * 2654435761 % 200_000_000_000) * (60 if self.has_spike(self.account(n), self.day(n)) else 1)

    @staticmethod
    def is_billed(n):
        return n % 9 != 0

    @staticmethod
    def category(n):
        return CATEGORIES.get(n % 100, "Usage")

    @staticmethod
    def provider(n):
        return "Other Cloud" if n % 7 == 0 else "Microsoft"

    @staticmethod
    def publisher(n):
        return PUBLISHERS.get(n % 500, "Microsoft")

    @staticmethod
    def region(n):
        return REGIONS.get(n % 250, "westeurope")

    @staticmethod
    def is_tagged(n):
        return n % 16 != 3

    @staticmethod
    def is_unused(n):
        return n % 6 == 5

    def account_id(self, account):
        k = account if account < self.shape.subscriptions else 0xF00 + account
        return ("/subscriptions/" if account % 2 else "/SUBSCRIPTIONS/") + subscription(k)

    @staticmethod
    def is_exported(k):
        return k % 3 != 2

    @staticmethod
    def is_paused(k):
        return k % 3 == 1

    @staticmethod
    def last_run(k):
        return {0: "Completed", 3: "Failed", 6: "NewDataNotAvailable"}.get(k % 9, "Queued")

    @staticmethod
    def ends_in(k):
        return 20.5 if k % 2 else 300.5

    @staticmethod
    def has_budget(k):
        return k % 2 == 0

    @staticmethod
    def tells_somebody(k):
        return k % 4 == 0

    @staticmethod
    def is_overspent(k):
        return k % 6 == 0

    @staticmethod
    def has_alert(k):
        return k % 5 != 4

    @staticmethod
    def advice(r):
        """(category, impact, postponed) of a recommendation."""
        return ("Security", "HighAvailability", "Cost")[r % 3], "High" if r % 4 < 2 else "Low", r % 5 == 0


# The export.

def text_of(amount):
    """An amount in 10^-12 as a decimal."""
    return f"{amount // 10 ** 12}.{amount % 10 ** 12:012d}"


def lines_of(costs, numbers):
    """CSV of charges. What few of them have in common is written once."""
    ids = [costs.account_id(account) for account in range(costs.accounts)]
    dates = [costs.date(day) for day in range(DAYS + 1)]
    for n in numbers:
        day, effective = costs.day(n), text_of(costs.effective(n))
        start = dates[day]
        month = start.replace(day=1)
        tags = '"{""CostCenter"":""a"",""env"":""prod""}"' if costs.is_tagged(n) else '"{""costcenter"":"""",""env"":""prod""}"'
        yield (f"{effective if costs.is_billed(n) else '0'},{ACCOUNT},Big,EUR,{next_month(month)}T00:00:00Z,{month}T00:00:00Z,{costs.category(n)},,"
               f"\"A charge, number {n}\",{dates[day + 1]}T00:00:00Z,{start}T00:00:00Z,{'Unused' if costs.is_unused(n) else ''},{effective},{effective},"
               f"Microsoft,{effective},1,Hours,{costs.provider(n)},{costs.publisher(n)},{costs.region(n)},,Compute,Virtual Machines,"
               f"{ids[costs.account(n)]},{tags}\r\n")


def next_month(first):
    return (first.replace(day=28) + datetime.timedelta(days=4)).replace(day=1)


def months_of(costs):
    """Month -> range of charges."""
    found = {}
    for day in range(DAYS):
        begin, end = -(-day * costs.rows // DAYS), -(-(day + 1) * costs.rows // DAYS)
        month = costs.date(day).replace(day=1)
        found[month] = range(found[month].start if month in found else begin, end)
    return found


def write_export(shape, folder):
    """The files of the export below `folder`, a run for each month; gives the line of assay.toml that names it."""
    costs = Costs(shape)
    for month, numbers in months_of(costs).items():
        last = next_month(month) - datetime.timedelta(days=1)
        period, run = f"{month:%Y%m%d}-{last:%Y%m%d}", "00000000-0000-4000-8000-00000000b161"
        place = folder / "daily" / period / f"{last:%Y%m%d}0600" / run
        place.mkdir(parents=True)
        blobs = []
        for begin in range(numbers.start, numbers.stop, PART_ROWS):
            part = range(begin, min(begin + PART_ROWS, numbers.stop))
            name = f"part_0_{len(blobs) + 1:04}.csv.gz"
            with gzip.open(place / name, "wt", compresslevel=1, encoding="utf-8", newline="") as file:
                file.write(HEADER)
                file.writelines(lines_of(costs, part))
            blobs.append({"blobName": f"costs/daily/{period}/{place.parent.name}/{run}/{name}", "byteCount": (place / name).stat().st_size,
                          "dataRowCount": len(part)})
        (place / "manifest.json").write_text(json.dumps({
            "byteCount": sum(blob["byteCount"] for blob in blobs), "blobCount": len(blobs), "dataRowCount": len(numbers),
            "exportConfig": {"exportName": "daily", "resourceId": ACCOUNT + EXPORTS, "dataVersion": "1.0", "type": "FocusCost"},
            "runInfo": {"submittedTime": f"{last}T06:00:00Z", "runId": run, "startDate": f"{month}T00:00:00", "endDate": f"{last}T00:00:00"},
            "blobs": blobs}))
    return f'cost = {{ path = "{folder}" }}'


# What Azure Resource Manager answers: (count, size of a page, number -> text), as in pages.py.

def _of(home):
    return int(home[3:8], 16)


def exports(pages, _, home):
    k, shape = _of(home), pages.shape
    costs = Costs(shape)

    def text(_):
        place = f"/subscriptions/{home}/resourceGroups/rg-cost/providers/Microsoft.Storage/storageAccounts/unseen"
        return json.dumps({"id": f"subscriptions/{home}{EXPORTS}", "name": "daily", "properties": {
            "definition": {"type": "FocusCost", "timeframe": "MonthToDate"}, "deliveryInfo": {"destination": {"resourceId": place, "container": "c"}},
            "schedule": {"status": "Inactive" if costs.is_paused(k) else "Active", "recurrence": "Daily",
                         "recurrencePeriod": {"to": shape.ago(-costs.ends_in(k))}},
            "runHistory": {"value": [{"properties": {"status": costs.last_run(k)}}, {"properties": {"status": "Completed"}}]}}})
    return int(costs.is_exported(k)), 100, text


def budgets(pages, _, home):
    k, costs = _of(home), Costs(pages.shape)

    def text(_):
        notice = {"enabled": costs.tells_somebody(k), "operator": "GreaterThan", "threshold": 80, "contactEmails": ["finance@big.example"]}
        spent = 1000.01 if costs.is_overspent(k) else 999.99
        return json.dumps({"id": f"/subscriptions/{home}/providers/Microsoft.Consumption/budgets/all", "name": "all", "properties": {
            "amount": 1000, "timeGrain": "Monthly", "currentSpend": {"amount": spent, "unit": "EUR"}, "notifications": {"a": notice}}})
    return int(costs.has_budget(k)), 100, text


def actions(pages, _, home):
    k, costs = _of(home), Costs(pages.shape)
    return 1, 100, lambda _: json.dumps({"id": f"/subscriptions/{home}/providers/Microsoft.CostManagement/scheduledActions/odd", "name": "odd",
                                         "kind": "InsightAlert", "properties": {"status": "Enabled" if costs.has_alert(k) else "Disabled"}})


def advice_id(home, r):
    return f"/subscriptions/{home}/providers/Microsoft.Advisor/recommendations/{r:08x}"


def advice(pages, _, home):
    def text(r):
        category, impact, postponed = Costs.advice(r)
        return json.dumps({"id": advice_id(home, r), "name": f"{r:08x}", "properties": {
            "category": category, "impact": impact, "shortDescription": {"problem": "A thing"}, "suppressionIds": ["1"] if postponed else None}})
    return ADVICE, 100, text


def lists(listed):
    """Rows for the table of pages.py."""
    base = "/subscriptions/([^/]+)/providers/Microsoft."
    return [listed(base + path, make) for path, make in (("CostManagement/exports", exports), ("Consumption/budgets", budgets),
                                                         ("CostManagement/scheduledActions", actions), ("Advisor/recommendations", advice))]


# The truth.

def of_cost_settings(shape, found):
    costs = Costs(shape)
    active = 0
    for k in range(shape.subscriptions):
        home = subscription(k)
        found["cost-budget-exists"].add(f"/subscriptions/{home}", costs.has_budget(k) and costs.tells_somebody(k))
        found["cost-anomaly-alert"].add(f"/subscriptions/{home}", costs.has_alert(k))
        if costs.has_budget(k):
            found["cost-budget-not-exceeded"].add(f"/subscriptions/{home}/providers/microsoft.consumption/budgets/all", not costs.is_overspent(k))
        if costs.is_exported(k):
            name = f"subscriptions/{home}{EXPORTS}".lower()
            found["cost-export-storage-protected"].add(name, None)
            if not costs.is_paused(k):
                active += 1
                found["cost-export-healthy"].add(name, costs.last_run(k) in ("Completed", "NewDataNotAvailable"))
                found["cost-export-not-expiring"].add(name, costs.ends_in(k) > 30)
        for r in range(ADVICE):
            category, impact, postponed = costs.advice(r)
            name = advice_id(home, r).lower()
            found["cost-advisor-security"].add(name, postponed or category != "Security" or impact != "High")
            found["cost-advisor-availability"].add(name, category != "HighAvailability" or impact != "High")
    found["cost-export-exists"].add("tenant", active > 0)


def of_charges(shape, found):
    """One pass over the numbers for what is a share; the rest follows from how many there are."""
    if not shape.rows:
        return
    costs = Costs(shape)
    total = usage = tagged = unused = other = 0
    for n in range(shape.rows):
        amount = costs.effective(n)
        total += amount
        if costs.category(n) == "Usage":
            usage += amount
            tagged += amount if costs.is_tagged(n) else 0
        unused += amount if costs.is_unused(n) else 0
        other += amount if n % 7 == 0 else 0
    found["cost-tag-coverage"].add("tenant", 10 * tagged >= 9 * usage)
    found["cost-unused-commitments"].add("tenant", 10 * unused <= total)
    found["cost-provider-concentration"].add("tenant", 10 * max(other, total - other) <= 8 * total)
    for check in ("cost-data-fresh", "cost-focus-conformance", "cost-manifest-reconciles"):
        found[check].add("tenant", True)
    for account in range(costs.accounts):
        name = costs.account_id(account).lower()
        found["cost-unknown-subscriptions"].add(name, account < shape.subscriptions)
        found["cost-daily-spike"].add(name, not any(costs.has_spike(account, day) for day in range(DAYS)))
    for name in {costs.region(n) for n in range(min(shape.rows, 250))}:
        found["cost-region-approved"].add(name.lower() or "-", name.lower() in ("", "global", "westeurope"))
    for name in {costs.publisher(n) for n in range(min(shape.rows, 500))} | {"Other Cloud", "Microsoft"}:
        found["cost-provider-register"].add(name.lower(), name.lower() == "microsoft")


PARTS = (of_cost_settings, of_charges)
