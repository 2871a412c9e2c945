"""What the big tenant is, in closed form: every property is a function of the item's number. Ages are in days and end on a
half, so that no limit is met to the minute while a run takes place. Nothing here knows how assay reads or judges it."""
import datetime

TENANT_MEMBERS, MANAGED, JOINED, DIRECTORY, STRANGE, EVENT = range(1, 7)
STATES_PER_RESOURCE = 20
SYSTEMS = ("Windows", "macOS", "iOS", "Android", "Windows")
SUPPORTED = {"Windows": "10.0.26100.1", "macOS": "15.1", "iOS": "18.1", "Android": "15.0"}
OLD = {"Windows": "10.0.19045.9", "macOS": "13.6", "iOS": "16.7", "Android": "12"}
COMPLIANCE = {0: "noncompliant", 1: "inGracePeriod", 2: "configManager", 3: "error"}
REGIONS = {0: "eastus", 1: "global", 2: "WestEurope"}


def guid(kind, number):
    return f"{kind:08x}-0000-4000-8000-{number:012x}"


def subscription(number):
    return f"5b0{number:05x}-0000-4000-8000-00000000b161"


class Shape:
    """Sizes of a tenant, and `now`, from which ages count."""

    def __init__(self, users, devices, states, events, rows, subscriptions=10, now=None):
        self.users, self.devices, self.states, self.events, self.rows = users, devices, states, events, rows
        self.subscriptions = subscriptions
        self.now = now or datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        self.resources = (states + STATES_PER_RESOURCE - 1) // STATES_PER_RESOURCE

    def ago(self, days):
        return (self.now - datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def day_ago(self, days):
        return (self.now - datetime.timedelta(days=days)).strftime("%Y-%m-%d")

    # One line each: what is true of number i.

    @staticmethod
    def is_guest(i):
        return i % 8 == 7

    @staticmethod
    def is_enabled(i):
        return i % 10 != 3

    @staticmethod
    def has_weak_password(i):
        return i % 50 == 5

    @staticmethod
    def is_pending(i):
        return i % 16 == 7

    @staticmethod
    def invited(i):
        return i % 61 + 0.5

    @staticmethod
    def signed_in(i):
        """Age of the last sign-in; None: never."""
        return None if i % 97 == 0 else i % 181 + 0.5

    @staticmethod
    def signed_in_silently(i):
        return None if i % 5 == 0 else i % 211 + 0.5

    CREATED = 1000.5

    @staticmethod
    def is_registered(i):
        return i % 101 != 100

    @staticmethod
    def is_capable(i):
        return i % 13 != 0

    @staticmethod
    def system(j):
        return SYSTEMS[j % 5]

    @staticmethod
    def compliance(j):
        return COMPLIANCE.get(j % 17, "compliant")

    @staticmethod
    def encrypted(j):
        """True, False, or None: the service does not say."""
        return False if j % 19 == 0 else None if j % 23 == 0 else True

    @staticmethod
    def jail_broken(j):
        return "True" if j % 29 == 0 else "Unknown" if j % 31 == 0 else "False"

    @staticmethod
    def synced(j):
        return j % 45 + 0.5

    @staticmethod
    def is_supported(j):
        return j % 7 != 0

    @staticmethod
    def patched(j):
        """Days since the patch level; Android only."""
        return 100 if j % 4 else 140

    @staticmethod
    def threat(j):
        return "highSeverity" if j % 37 == 0 else "secured"

    @staticmethod
    def is_joined(j):
        """Whether the directory's device is the managed one of the same number."""
        return j % 9 != 0

    @staticmethod
    def joined_enabled(j):
        return j % 12 != 0

    @staticmethod
    def seen(j):
        return j % 200 + 0.5

    def managed_flag(self, j):
        return self.is_joined(j) and j % 2 == 0

    # A resource has twenty states; resources go round the subscriptions.

    def home(self, resource):
        return resource % self.subscriptions

    def resource_id(self, resource):
        group = "resourceGroups" if resource % 3 else "RESOURCEGROUPS"
        return (f"/subscriptions/{subscription(self.home(resource))}/{group}/rg-{resource % 300:03}/providers/Microsoft.Storage/"
                f"storageAccounts/st{resource * 2654435761 % 4294967296:08x}")

    @staticmethod
    def action(state):
        return ("Deny" if state % 2 else "deny") if state % 17 == 0 else "audit"

    def assignment_id(self, state):
        home = subscription(self.home(state // STATES_PER_RESOURCE))
        return f"/subscriptions/{home}/providers/Microsoft.Authorization/policyAssignments/baseline-{state % 4}"

    @staticmethod
    def reference(state):
        return f"storageRule{state % STATES_PER_RESOURCE:02}Monitoring"

    @staticmethod
    def is_tagged(resource):
        return resource % 6 != 0

    @staticmethod
    def region(resource):
        return REGIONS.get(resource % 40, "westeurope")
