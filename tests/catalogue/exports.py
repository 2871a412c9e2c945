"""An invented cost export: charges that meet the limits of the checks by a little or miss them, as files below a folder and
as the rows that the oracle reads."""
import csv
import datetime
import gzip
import io
import json
import uuid

MANDATORY = ("BilledCost BillingAccountId BillingAccountName BillingCurrency BillingPeriodEnd BillingPeriodStart ChargeCategory ChargeClass "
             "ChargeDescription ChargePeriodEnd ChargePeriodStart ContractedCost EffectiveCost InvoiceIssuerName ListCost PricingQuantity "
             "PricingUnit ProviderName PublisherName ServiceCategory ServiceName").split()
FURTHER = ["CommitmentDiscountStatus", "RegionId", "SubAccountId", "Tags", "x_Anything"]
AMOUNTS = ("BilledCost", "EffectiveCost")  # without these a file is no table of charges
REGIONS = ["westeurope", "NorthEurope", "global", "swedencentral"], ["eastus", "UKSouth", None]
SPIKE = 10  # times an ordinary day


class Export:
    """`files`: rows of each; `lost`: how many files are named and not there; `exists`: whether anything is configured."""

    def __init__(self, rng, now, subscriptions):
        self.rng, self.now = rng, now
        self.exists, self.has_manifest = rng.random() < 0.9, rng.random() < 0.85
        self.last = now.date() - datetime.timedelta(days=rng.choice([1, 1, 2, 3, 6]))
        self.accounts = [self.account(one) for one in subscriptions] + [self.account(str(uuid.UUID(int=rng.getrandbits(128))))
                                                                        for _ in range(rng.choice([0, 0, 1]))]
        self.columns = [name for name in MANDATORY if name in AMOUNTS or rng.random() < 0.995] + FURTHER
        self.share = {"provider": rng.choice([0, 0.1, 0.19, 0.21, 0.5]), "tagged": rng.choice([0.85, 0.89, 0.91, 1]),
                      "unused": rng.choice([0, 0.09, 0.11, 0.4]), "strange": rng.choice([0, 0, 0.02])}
        rows = [self.row(account, day) for account in self.accounts for day in range(rng.choice([5, 12, 20])) for _ in range(rng.randint(0, 6))]
        cut = rng.randint(0, len(rows))
        self.files = [rows[:cut], rows[cut:]]
        self.lost = 1 if self.has_manifest and rng.random() < 0.15 else 0
        self.said = len(rows) + (rng.choice([1, -1]) if rng.random() < 0.1 else 0)

    def account(self, subscription):
        return self.rng.choice(["/subscriptions/", "/SUBSCRIPTIONS/", ""]) + self.rng.choice([subscription, subscription.upper()])

    def row(self, account, back):
        """A charge as a dict of text; None where the cell is empty."""
        rng = self.rng
        day = self.last - datetime.timedelta(days=back)
        approved, others = REGIONS
        cost = f"{rng.uniform(5, 15):.{rng.randint(2, 17)}f}"
        if back == 3 and account.encode()[-1] % 3 == 0:
            cost = str(SPIKE * 100)
        values = {
            "BilledCost": None if rng.random() < 0.0005 else cost, "EffectiveCost": cost, "BillingCurrency": "EUR", "BillingAccountId": "1",
            "ChargeCategory": rng.choice(["Usage"] * 9 + ["Purchase", "Tax"]) if rng.random() > 0.001 else "Other",
            "ChargePeriodStart": f"{day}T00:00:00Z", "ChargePeriodEnd": f"{day + datetime.timedelta(days=1)}T00:00:00Z",
            "BillingPeriodStart": f"{day.replace(day=1)}T00:00:00Z", "BillingPeriodEnd": f"{day.replace(day=1) + datetime.timedelta(days=31)}T00:00:00Z",
            "ProviderName": "Other" if rng.random() < self.share["provider"] else "Microsoft",
            "PublisherName": rng.choice(["Microsoft", "microsoft", None]) if rng.random() >= self.share["strange"] else "Strange Ltd.",
            "RegionId": rng.choice(approved) if rng.random() >= self.share["strange"] else rng.choice(others),
            "SubAccountId": account, "CommitmentDiscountStatus": "Unused" if rng.random() < self.share["unused"] else rng.choice(["Used", None]),
            "Tags": self.tags(rng.random() < self.share["tagged"])}
        return {name: values.get(name) for name in self.columns}

    def tags(self, tagged):
        if tagged:
            return self.rng.choice(['{"costCenter":"a, b"}', '{"COSTCENTER":"1","x":"y"}'])
        return self.rng.choice([None, "{}", '{"costCenter":""}', '{"env":"prod"}'])

    def there(self):
        """Files that can be read."""
        return self.files[:len(self.files) - self.lost]

    def write(self, folder):
        """The files, and the line of assay.toml that names them; "" when nothing is configured."""
        if not self.exists:
            return ""
        place = folder / "costs/daily/20260101-20260131/202601310600/1"
        place.mkdir(parents=True, exist_ok=True)
        names = [f"part_{number}.csv" + (".gz" if number else "") for number in range(len(self.files))]
        for name, rows in zip(names, self.there()):
            text = io.StringIO()
            writer = csv.DictWriter(text, self.columns, lineterminator="\r\n")
            writer.writeheader()
            writer.writerows({key: value or "" for key, value in row.items()} for row in rows)
            data = text.getvalue().encode()
            (place / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        if self.has_manifest:
            (place / "manifest.json").write_text(json.dumps({
                **self.manifest(), "exportConfig": {"exportName": "daily", "type": "FocusCost", "resourceId": "/x/providers/Microsoft.CostManagement/exports/d"},
                "runInfo": {"submittedTime": "2026-01-31T06:00:00Z", "runId": "1", "startDate": "2026-01-01T00:00:00", "endDate": "2026-01-31T00:00:00"},
                "blobs": [{"blobName": f"{place.relative_to(folder / 'costs')}/{name}"} for name in names]}))
        return f'cost = {{ path = "{folder / "costs"}" }}'

    def manifest(self):
        return {"blobCount": len(self.files), "dataRowCount": self.said}

    def tell(self, document):
        """Puts what may be known of the export into what the oracle reads."""
        for name in ("cost-blob-list", "cost-blob-get", "cost-local-folder"):
            document["endpoints"][name] = {"status": "skipped", "items": []}
        if self.exists:
            rows = [row for file in self.there() for row in file]
            document["endpoints"]["cost-local-folder"] = {"status": "partial" if self.lost else "ok", "items": rows}
            document.update(manifest=self.manifest() if self.has_manifest else None, files_read=len(self.there()))
