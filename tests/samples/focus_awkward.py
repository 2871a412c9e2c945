"""Makes an export of tools/gen-cost-export.py awkward: amounts in every form that a decimal can be written in, up to 36 digits
before the point and 54 behind it, times and tags as different exporters write them, four kinds of nothing."""
import csv
import gzip
import json
import random
import re

# {n} stands for n digits.
FORMS = ["-{9}.{30}", "{3}E-{1}", ".{20}", "+{18}.", "000{2}.{3}000000", "{30}", "-0.0000000000000000000000000000000000000000{14}",
         "{1}.{4}e+1{1}", "0E+5", "-.{1}", "{17}.{18}", "-{18}.{19}", "{36}.{54}", "{12}E-42"]
AMOUNTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
NOTHING = ("", "NULL", "null", "0")


def amount(dice):
    form = dice.choice(FORMS)
    return re.sub(r"{(\d+)}", lambda match: "".join(dice.choices("0123456789", k=int(match[1]))), form)


def change(row, dice):
    row.update({name: amount(dice) if dice.random() < 0.95 else dice.choice(NOTHING) for name in AMOUNTS})
    row["BillingCurrency"] = dice.choice(["EUR", "USD", "", "JPY"])
    row["ChargeCategory"] = dice.choice(["Usage", "Usage", "Purchase", "Credit", "Adjustment", "Tax"])
    row["CommitmentDiscountStatus"] = dice.choice(["", "Used", "Unused", "NULL"])
    row["ProviderName"] = dice.choice(["Microsoft", "Contoso \u00e4\u00f6\n& Sons", "NULL"])
    start = row["ChargePeriodStart"]
    row["ChargePeriodStart"] = dice.choice([start, start[:10], start[:10] + " 00:00:00", start[:10] + "T00:30:00+02:00"])
    row["Tags"] = dice.choice(['{"CostCenter":"a","costcenter":"b","x":""}', '"costCenter":"a","y":null', row["Tags"], "NULL"])
    if dice.random() < 0.5:
        row["SubAccountId"] = row["SubAccountId"].upper()
    return row


def make_awkward(folder, seed):
    """Rewrites every part (.csv.gz) of the export below `folder`; its manifest says the new lengths."""
    dice = random.Random(seed)
    for manifest in folder.rglob("manifest.json"):
        told = json.loads(manifest.read_text())
        for blob in told["blobs"]:
            part = manifest.parent / blob["blobName"].rsplit("/", 1)[1]
            with gzip.open(part, "rt", encoding="utf-8-sig", newline="") as file:
                rows = list(csv.DictReader(file))
            with gzip.open(part, "wt", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, rows[0], lineterminator="\n")
                writer.writeheader()
                writer.writerows(change(row, dice) for row in rows)
            blob["byteCount"] = part.stat().st_size
        manifest.write_text(json.dumps(told))
