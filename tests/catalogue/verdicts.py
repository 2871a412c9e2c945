"""Puts what assay decided beside what the catalogue says, and prints where they differ."""
import collections
import json
import pathlib
import re
import tomllib

from catalogue import find_catalogue
from expression import walk

MAPPED = {"indeterminate": "not_assessed", "error": "not_assessed"}
SUBSCRIPTION = re.compile(r"/subscriptions/([0-9a-f-]{36})")
INCOMPLETE = re.compile(r"\w+ is (partial|unavailable) \(")
EXPECTED = pathlib.Path(__file__).resolve().parent / "expected_differences.toml"


def one_form(subject):
    """A subject as it compares: lower case, a subscription by its GUID alone."""
    low = subject.lower()
    match = SUBSCRIPTION.fullmatch(low)
    return match.group(1) if match else low


def compare_check(spec, said, mine, found, incomplete):
    """Differences of one check on one tenant. `found`: subject -> (verdict, detail). That the check as a whole differs is
    told only where no subject explains it."""
    wanted = MAPPED.get(said["verdict"], said["verdict"])
    differences = list(compare_subjects(spec, said, found, incomplete, mine)) if said["findings"] or found else []
    if mine["verdict"] != wanted and not any(one["kind"] != "form" for one in differences):
        kind = "weaker" if incomplete and mine["verdict"] == "not_assessed" else "check"
        differences.append({"kind": kind, "subject": "(the check)", "wanted": wanted, "got": mine["verdict"],
                            "detail": f"{mine['reason'] or ''} {mine['detail']}; catalogue: {said['reason']}", "item": None})
    return differences


def compare_subjects(spec, said, found, incomplete, mine):
    theirs = {one_form(subject): MAPPED.get(verdict, verdict) for subject, verdict in said["findings"].items()}
    ours = {one_form(subject): value for subject, value in found.items()}
    forms = {one_form(subject): subject for subject in said["findings"]}
    if not said["findings"] and wholly_open(said) or mine["verdict"] == "not_assessed" and not ours:
        return []
    for subject in sorted((theirs.keys() | ours.keys()) - {""}):  # nobody can be told of a subject without a name
        wanted, (got, detail) = theirs.get(subject, "(none)"), ours.get(subject, ("(none)", ""))
        if wanted == got or {wanted, got} == {"not_applicable", "(none)"}:
            continue
        open_data = incomplete or INCOMPLETE.match(detail)  # the check may read more than the catalogue does
        kind = "weaker" if open_data and got == "not_assessed" and wanted != "(none)" else "subject"
        yield {"kind": kind, "subject": subject, "wanted": wanted, "got": got, "detail": detail,
               "item": trimmed(spec, said["items"].get(forms.get(subject)))}
    written = {subject.lower() for subject in found} ^ {subject.lower() for subject in said["findings"]}
    if written and ours.keys() == theirs.keys():
        yield {"kind": "form", "subject": sorted(found)[0], "wanted": sorted(said["findings"])[0], "got": sorted(found)[0], "detail": "", "item": None}


def wholly_open(said):
    return said["verdict"] in ("indeterminate", "not_applicable", "error")


def trimmed(spec, items):
    """The items of a subject with only the members that the check looks at, and its id."""
    names = {part[2][1] for tree in spec.trees.values() for part in walk(tree) if part[0] == "get" and part[2][0] == "value"}

    def cut(value):
        if isinstance(value, dict):
            return {key: cut(one) for key, one in value.items() if key in names or key in ("id", "name", "subscriptionId") or not names}
        return [cut(one) for one in value[:6]] if isinstance(value, list) else value
    return [cut(item) for item in items] if items else None


class Expected:
    """Differences that are meant: [[difference]] check (a pattern), wanted, got (either may be "*"), detail (a pattern), why."""

    def __init__(self):
        self.rows = tomllib.loads(EXPECTED.read_text()).get("difference", []) if EXPECTED.exists() else []
        self.used = [0] * len(self.rows)

    def covers(self, difference):
        for number, row in enumerate(self.rows):
            if (re.fullmatch(row["check"], difference["check"]) and row.get("kind", difference["kind"]) == difference["kind"]
                    and row["wanted"] in ("*", difference["wanted"]) and (row["got"] == "*" or difference["got"] in row["got"].split("|"))
                    and re.search(row.get("detail", ""), difference["detail"])):
                self.used[number] += 1
                return "expected"
        return None


def size(difference):
    return len(json.dumps(difference["item"], default=str)) if difference["item"] else 0


def report(results, args, built):
    """Prints all of it; the exit code."""
    expected, open_ones = Expected(), collections.defaultdict(list)
    counts = collections.Counter()
    for difference in (one for result in results for one in result["differences"]):
        kind = difference["kind"]
        if kind in ("check", "subject"):
            kind = expected.covers(difference) or kind
        counts[kind] += 1
        if kind in ("check", "subject"):
            open_ones[difference["check"]].append(difference)
        elif kind == "form":
            open_ones["subjects written otherwise than the catalogue has them"].append(difference)
    for check, differences in sorted(open_ones.items()):
        show(check, differences, args)
    show_coverage(results, args, built)
    for result in results:
        for line in [*(f"seed {result['seed']}: fits no endpoint of the catalogue: {one}" for one in result["unknown"]),
                     *(f"seed {result['seed']}: plugin fault: {one}" for one in result["faults"])]:
            print(line)
    for row, used in zip(expected.rows, expected.used):
        if not used and len(results) > 20 and not args.checks:
            print(f"expected difference that was not met: {row['check']}: {row['why']}")
    wrong = counts["check"] + counts["subject"] + sum(len(result["faults"]) for result in results)
    print(f"{wrong} differences, {counts['expected']} that are meant, {counts['weaker']} weaker over incomplete data, "
          f"{counts['form']} subjects in another form")
    return 1 if wrong else 0


def show(check, differences, args):
    print(f"{check}: {len(differences)}")
    shown = sorted(differences, key=lambda one: (one["kind"] != "subject", size(one)))[:args.show]
    for one in shown:
        print(f"  seed {one['seed']} ({one['mode']}): {one['subject']}: catalogue {one['wanted']}, assay {one['got']}  [{one['detail'].strip()}]")
        for item in (one["item"] or [])[:3]:
            print(f"      {json.dumps(item, default=str)[:1500]}")


def show_coverage(results, args, built):
    """How many checks were met, and in how many of the four ways."""
    import catalogue
    known = catalogue.Catalogue(find_catalogue()).checks
    seen = collections.defaultdict(set)
    for result in results:
        for check, verdict in result["decided"].items():
            seen[check].add(verdict)
    missing = [one for one in known if one not in built]
    both = sum({"pass", "fail"} <= verdicts for verdicts in seen.values())
    subjects = sum(result["subjects"] for result in results)
    print(f"{len(results)} tenants, {len(seen)} checks compared, {subjects} verdicts on subjects; {both} checks passed and failed; "
          f"{len(missing)} checks of the catalogue are not built; {len(set(built) - set(known))} built ones are not in it")
    one_sided = sorted(check for check, verdicts in seen.items() if not {"pass", "fail"} <= verdicts)
    if one_sided and args.checks:
        print("  not seen to pass and to fail: " + ", ".join(f"{one} ({'/'.join(sorted(seen[one]))})" for one in one_sided))
