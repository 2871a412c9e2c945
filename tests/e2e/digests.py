"""Digests of what a run came to, the same for every run that found the same on each subject."""
import hashlib
import json
import re


def documents(text):
    """JSON values, one after the other."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        yield value
        while at < len(text) and text[at].isspace():
            at += 1


def placed(value, page):
    if isinstance(value, dict) and "records" in value:
        records = sorted([*page[entry], record] for entry, record in value["records"])
        return {**value, "records": records}
    return value


def digests(scenario, folder=None):
    """Of what each check and control of a folder's run came to; the place of a record by its address, which does not depend on
    the order in which answers came. Two runs may have a midnight between them: days are left out."""
    lines = scenario.lines(folder)
    page = {line["index"]: [line["endpoint"], line["page_index"]] for line in lines if line["kind"] == "read"}
    out = {}
    for line in lines:
        name = next((f"{kind} {line[kind]}" for kind in ("check", "control") if line["kind"] == kind), None)
        if not name:
            continue
        text = re.sub(r"\b\d+ days", "some days", scenario.assay("evidence", "get", str(line["index"]), folder=folder).out)
        told = [placed(one, page) for one in documents(text)]
        same = {k: line[k] for k in ("verdict", "counts", "reason", "state") if k in line}
        out[name] = hashlib.sha256(json.dumps([same, told], sort_keys=True).encode()).hexdigest()
    return out
