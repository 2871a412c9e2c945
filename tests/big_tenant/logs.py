"""The logs of the big tenant: what is true of event number n, the pages that a log gives for a span of time, and the verdicts
that follow. Ages are tenths of a day and a half tenth, so that no event stands where one span ends and the next begins."""
import bisect
import datetime
import itertools
import json
import re

from shape import EVENT, guid, subscription

AUDIT, SIGN_IN, TENANT_EVENT = range(21, 24)
AGES = 60  # event n of a log is n % 60 tenths of a day old, and a half: six days in all
SPAN = re.compile(r"(?:ge|le|lt) '?(\d{4}-\d\d-\d\dT[\d:.]+Z)")
CHANGES = {0: "Add conditional access policy", 1: "Update conditional access policy", 2: "Delete conditional access policy"}
CLIENTS = {0: "IMAP4", 1: "Exchange ActiveSync", 2: "Mobile Apps and Desktop clients"}


def age(number):
    return number % AGES / 10 + 0.05


def sizes(shape):
    """Entries of each log besides the activity log of subscriptions."""
    return {"audits": shape.events // 10, "sign-ins": shape.events // 5, "tenant events": shape.events // 1000}


# What is true of number n.

def is_deletion(event):
    """Of a diagnostic setting; it fails the check when it succeeded."""
    return event % 503 == 0


def succeeded(event):
    return event % 7 != 0


def operation(event):
    """None: the service left it out."""
    return None if event % 997 == 1 else "Microsoft.Insights/DiagnosticSettings/DELETE" if is_deletion(event) else "Microsoft.Storage/storageAccounts/write"


def activity(audit):
    if audit % 11 == 0:
        return "Add member to role"
    if audit % 13 == 0:
        return "Update application – Certificates and secrets management"
    return CHANGES[audit // 17 % 3] if audit % 17 == 0 else "Update user"


def by_pim(audit):
    return audit % 5 != 0


def client(sign_in):
    return CLIENTS.get(sign_in % 31, "Browser")


def error(sign_in):
    return 50126 if sign_in % 3 == 0 else 0


def is_single_factor(sign_in):
    return sign_in % 19 == 0


def is_compliant(sign_in):
    """Of the device; None: the service does not say."""
    return (True, False, None)[sign_in % 3]


def is_elevation(event):
    return event % 41 == 0


# Answers.

class Slice:
    """Those of the numbers 0 ... count - 1 whose age lies in the span that a request names, by position."""

    def __init__(self, shape, count, target):
        times = [datetime.datetime.fromisoformat(one.replace("Z", "+00:00")) for one in SPAN.findall(target)]
        since, until = min(times), max(times)
        self.first = [a for a in range(AGES) if a < count and since <= shape.now - datetime.timedelta(days=age(a)) <= until]
        self.ends = list(itertools.accumulate((count - a + AGES - 1) // AGES for a in self.first))

    def __len__(self):
        return self.ends[-1] if self.ends else 0

    def __getitem__(self, position):
        part = bisect.bisect_right(self.ends, position)
        return self.first[part] + AGES * (position - (self.ends[part - 1] if part else 0))


def _stamp(shape, number):
    return shape.ago(age(number))


def subscription_events(pages, target, home):
    """Events go round the subscriptions."""
    k, shape = int(home[3:8], 16), pages.shape
    mine = Slice(shape, len(range(k, shape.events, shape.subscriptions)), target)

    def text(position):
        number = mine[position]
        event = k + number * shape.subscriptions
        name = operation(event)
        return json.dumps({"eventDataId": guid(EVENT, event), "eventTimestamp": _stamp(shape, number), "level": "Informational",
                           **({"operationName": {"value": name}} if name else {}),
                           "status": {"value": "Succeeded" if succeeded(event) else "Failed"}, "caller": f"p{event % 500}@big.example",
                           "resourceId": f"/subscriptions/{subscription(k)}/resourceGroups/rg-{event % 300:03}", "correlationId": guid(EVENT, event)})
    return len(mine), 200, text


def tenant_events(pages, target):
    shape, mine = pages.shape, Slice(pages.shape, sizes(pages.shape)["tenant events"], target)

    def text(position):
        event = mine[position]
        name = "Microsoft.Authorization/elevateAccess/action" if is_elevation(event) else "Microsoft.Authorization/roleAssignments/write"
        return json.dumps({"eventDataId": guid(TENANT_EVENT, event), "eventTimestamp": _stamp(shape, event), "operationName": {"value": name},
                           "status": {"value": "Succeeded"}, "caller": "p1@big.example", "correlationId": guid(TENANT_EVENT, event)})
    return len(mine), 200, text


def audits(pages, target):
    shape, mine = pages.shape, Slice(pages.shape, sizes(pages.shape)["audits"], target)

    def text(position):
        audit = mine[position]
        name = activity(audit)
        return json.dumps({"id": f"Directory_{guid(AUDIT, audit)}", "activityDateTime": _stamp(shape, audit), "activityDisplayName": name,
                           "category": "RoleManagement" if name == "Add member to role" else "Policy", "operationType": "Update", "result": "success",
                           "loggedByService": "PIM" if by_pim(audit) else "Core Directory", "initiatedBy": {"user": {"id": guid(1, audit % 500)}, "app": None},
                           "targetResources": [{"id": guid(AUDIT, audit % 90), "type": "Application"}]})
    return len(mine), 999, text


def sign_ins(pages, target):
    shape, mine = pages.shape, Slice(pages.shape, sizes(pages.shape)["sign-ins"], target)

    def text(position):
        n = mine[position]
        return json.dumps({"id": guid(SIGN_IN, n), "createdDateTime": _stamp(shape, n), "userId": guid(1, n % 500), "appDisplayName": "Wiki",
                           "clientAppUsed": client(n), "status": {"errorCode": error(n)}, "deviceDetail": {"isCompliant": is_compliant(n)},
                           "authenticationRequirement": "singleFactorAuthentication" if is_single_factor(n) else "multiFactorAuthentication"})
    return len(mine), 1000, text


LISTS = [("/subscriptions/([^/]+)/providers/Microsoft.Insights/eventtypes/management/values", subscription_events),
         ("/providers/Microsoft.Insights/eventtypes/management/values", tenant_events),
         ("/v1.0/auditLogs/directoryAudits", audits), ("/v1.0/auditLogs/signIns", sign_ins)]


# What follows.

def of_logs(shape, found):
    count = sizes(shape)
    for event in range(shape.events):
        name = operation(event)
        found["activity-log-diagnostic-setting-deleted"].add(guid(EVENT, event), name is not None and not (is_deletion(event) and succeeded(event)))
    for event in range(count["tenant events"]):
        found["activity-log-elevate-access-used"].add(guid(TENANT_EVENT, event), not is_elevation(event))
    for audit in range(count["audits"]):
        name, subject = activity(audit), f"directory_{guid(AUDIT, audit)}"
        found["activity-log-role-assignments-outside-pim"].add(subject, name != "Add member to role" or by_pim(audit))
        found["activity-log-app-credential-changes"].add(subject, "secrets management" not in name)
        found["activity-log-ca-policy-changes"].add(subject, "conditional access" not in name)
    for n in range(count["sign-ins"]):
        found["activity-log-legacy-auth-signins"].add(guid(SIGN_IN, n), error(n) != 0 or client(n) in ("Browser", "Mobile Apps and Desktop clients"))
        found["activity-log-single-factor-signins"].add(guid(SIGN_IN, n), not (error(n) == 0 and is_single_factor(n) and is_compliant(n) is not True))
    found["activity-log-evidence-window"].add("tenant", True)
