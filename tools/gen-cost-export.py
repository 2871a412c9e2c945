#!/usr/bin/env python3
"""Writes a cost export as Cost Management lays it out, of any size, with what its rows come to.

Usage: gen-cost-export.py FOLDER [--rows N] [--part-rows N] [--plain] [--seed N] [--day YYYY-MM-DD]

FOLDER/daily/PERIOD/RUN TIME/RUN/part_0_0001.csv.gz ... and manifest.json; FOLDER/truth.json holds the
sums (of decimals, exact) by sub-account and day, and by tag."""
import argparse
import calendar
import csv
import datetime
import gzip
import io
import json
import pathlib
import random
from decimal import Decimal, getcontext

getcontext().prec = 60

HEADER = """BilledCost BillingAccountId BillingAccountName BillingAccountType BillingCurrency
BillingPeriodEnd BillingPeriodStart ChargeCategory ChargeClass ChargeDescription ChargeFrequency
ChargePeriodEnd ChargePeriodStart CommitmentDiscountId CommitmentDiscountStatus ConsumedQuantity
ConsumedUnit ContractedCost ContractedUnitPrice EffectiveCost InvoiceIssuerName ListCost
ListUnitPrice PricingCategory PricingQuantity PricingUnit ProviderName PublisherName RegionId
RegionName ResourceId ResourceName ResourceType ServiceCategory ServiceName SkuId SkuPriceId
SubAccountId SubAccountName SubAccountType Tags x_ResourceGroupName x_SkuMeterName""".split()

SERVICES = [("Compute", "Virtual Machines", "microsoft.compute/virtualmachines"),
            ("Storage", "Storage Accounts", "microsoft.storage/storageaccounts"),
            ("Networking", "Virtual Network", "microsoft.network/virtualnetworks"),
            ("Databases", "Azure SQL Database", "microsoft.sql/servers"),
            ("Security", "Microsoft Defender for Cloud", "microsoft.security/pricings"),
            ("Web", "Azure App Service", "microsoft.web/sites")]
REGIONS = ["westeurope", "northeurope", "germanywestcentral", "swedencentral"]
TEAMS = ["finance", "identity", "shop, web", 'lab "7"', ""]


class Sums:
    """What the rows come to; each value is exact."""

    def __init__(self):
        self.rows, self.billed, self.effective = 0, Decimal(0), Decimal(0)
        self.days, self.tags = {}, {}

    def add(self, account, day, team, billed, effective):
        self.rows += 1
        self.billed += billed
        self.effective += effective
        key = account + "|" + day
        self.days[key] = self.days.get(key, Decimal(0)) + effective
        if team:
            self.tags["costcenter"] = self.tags.get("costcenter", Decimal(0)) + effective

    def as_json(self):
        def texts(values):
            return {key: format(value, "f") for key, value in sorted(values.items())}
        return {"rows": self.rows, "billed": format(self.billed, "f"),
                "effective": format(self.effective, "f"), "currency": "EUR",
                "days": texts(self.days), "tags": texts(self.tags)}


def month_of(day):
    last = calendar.monthrange(day.year, day.month)[1]
    return day.replace(day=1), day.replace(day=last)


def make_row(pick, accounts, first, days, sums):
    """One charge as a list in the order of HEADER."""
    account = accounts[int(pick() * len(accounts))]
    start = first + datetime.timedelta(days=int(pick() * days))
    category, service, kind = SERVICES[int(pick() * len(SERVICES))]
    region = REGIONS[int(pick() * len(REGIONS))]
    team = TEAMS[int(pick() * len(TEAMS))]
    number = int(pick() * 5000)
    effective = f"{pick() * 3:.14f}" if pick() < 0.98 else f"{pick():.3e}"
    billed = effective if pick() < 0.9 else "0"
    sums.add(account, start.isoformat(), team, Decimal(billed), Decimal(effective))
    tags = json.dumps({"CostCenter": team, "env": "prod"}) if team else "{}"
    end = start + datetime.timedelta(days=1)
    return [billed, "/providers/Microsoft.Billing/billingAccounts/4711", "Example", "Billing Profile",
            "EUR", "2026-12-01T00:00:00Z", f"{first.isoformat()}T00:00:00Z", "Usage", "",
            f"{service} {number % 50} hours", "Usage-Based", f"{end.isoformat()}T00:00:00Z",
            f"{start.isoformat()}T00:00:00Z", "", "", f"{number / 10}", "Hours", effective, "0.0123",
            effective, "Microsoft", effective, "0.0150", "Standard", f"{number / 10}", "1 Hour",
            "Microsoft", "Microsoft", region, region, f"{account}/resourcegroups/rg-{number % 90}/"
            f"providers/{kind}/r{number}", f"r{number}", kind, category, service,
            f"SKU{number % 300}", f"SKU{number % 300}P1", account, account[-12:], "Subscription", tags,
            f"rg-{number % 90}", f"Meter {number % 70}"]


def write_part(path, plain, rows):
    """Writes rows under the header; gives the file's size."""
    opened = open(path, "wb") if plain else gzip.open(path, "wb", compresslevel=6)
    with opened as file:
        file.write(b"\xef\xbb\xbf")
        with io.TextIOWrapper(file, encoding="utf-8", newline="") as text:
            writer = csv.writer(text, lineterminator="\r\n")
            writer.writerow(HEADER)
            writer.writerows(rows)
    return path.stat().st_size


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--part-rows", type=int, default=500_000)
    parser.add_argument("--plain", action="store_true", help="CSV without gzip")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--day", default="2026-11-20", help="of the run; the month up to it is charged")
    args = parser.parse_args()
    dice = random.Random(args.seed)
    day = datetime.date.fromisoformat(args.day)
    first, last = month_of(day)
    accounts = [f"/subscriptions/0f1c5000-0000-4000-8000-{number:012x}" for number in range(1, 41)]
    period = f"{first:%Y%m%d}-{last:%Y%m%d}"
    run = f"{dice.getrandbits(32):08x}-0000-4000-8000-{dice.getrandbits(48):012x}"
    folder = args.folder / "daily" / period / f"{day:%Y%m%d}0610" / run
    folder.mkdir(parents=True, exist_ok=True)
    sums, blobs, left = Sums(), [], args.rows
    while left > 0 or not blobs:
        count = min(left, args.part_rows)
        left -= count
        name = f"part_0_{len(blobs) + 1:04d}.csv" + ("" if args.plain else ".gz")
        rows = (make_row(dice.random, accounts, first, day.day, sums) for _ in range(count))
        size = write_part(folder / name, args.plain, rows)
        blobs.append({"blobName": f"exports/daily/{period}/{folder.parent.name}/{run}/{name}",
                      "byteCount": size, "dataRowCount": count})
    manifest = {
        "manifestVersion": "2024-04-01", "byteCount": sum(blob["byteCount"] for blob in blobs),
        "blobCount": len(blobs), "dataRowCount": args.rows,
        "exportConfig": {"exportName": "daily", "dataVersion": "1.2", "type": "FocusCost",
                         "timeFrame": "MonthToDate", "granularity": "Daily",
                         "resourceId": "/providers/Microsoft.Billing/billingAccounts/4711/providers/"
                                       "Microsoft.CostManagement/exports/daily"},
        "deliveryConfig": {"partitionData": True, "fileFormat": "Csv",
                           "dataOverwriteBehavior": "CreateNewReport",
                           "compressionMode": "None" if args.plain else "gzip"},
        "runInfo": {"executionType": "Scheduled", "submittedTime": f"{day}T06:10:00Z", "runId": run,
                    "startDate": f"{first}T00:00:00", "endDate": f"{last}T00:00:00"},
        "blobs": blobs}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1))
    (args.folder / "truth.json").write_text(json.dumps(sums.as_json(), indent=1))


if __name__ == "__main__":
    main()
