"""Which subjects fail, which are open and how many pass, worked out from the numbers alone."""
import cost
from logs import of_logs
from shape import DIRECTORY, MANAGED, STATES_PER_RESOURCE, TENANT_MEMBERS, guid


class Expected:
    """Of one check: subjects that fail, subjects that are not assessed, and how many pass."""

    def __init__(self):
        self.failing, self.open, self.passing = set(), set(), 0

    @property
    def subjects(self):
        return len(self.failing) + len(self.open) + self.passing

    def add(self, subject, passed):
        """`passed` None: not assessed."""
        if passed is None:
            self.open.add(subject)
        elif passed:
            self.passing += 1
        else:
            self.failing.add(subject)


def of_users(shape, found):
    for i in range(shape.users):
        name, guest, enabled = guid(TENANT_MEMBERS, i), shape.is_guest(i), shape.is_enabled(i)
        if guest:
            found["graph-guests-pending-invitations"].add(name, not (shape.is_pending(i) and shape.invited(i) > 30))
        if not enabled:
            continue
        found["graph-users-no-legacy-password-policy"].add(name, not shape.has_weak_password(i))
        seen = shape.signed_in(i)
        if guest:
            found["graph-users-stale-guests"].add(name, (shape.CREATED if seen is None else seen) <= 90)
        else:
            ages = [age for age in (seen, shape.signed_in_silently(i)) if age is not None]
            found["graph-users-stale-members"].add(name, min(ages, default=shape.CREATED) <= 90)
            found["graph-users-mfa-capable"].add(name, shape.is_registered(i) and shape.is_capable(i))


def of_devices(shape, found):
    for j in range(shape.devices):
        name, system = guid(MANAGED, j), shape.system(j)
        if shape.compliance(j) != "configManager":
            found["intune-device-compliant"].add(name, shape.compliance(j) in ("compliant", "inGracePeriod"))
        found["intune-device-encrypted"].add(name, shape.encrypted(j))
        if system in ("iOS", "Android"):
            found["intune-device-not-jailbroken"].add(name, {"True": False, "False": True}.get(shape.jail_broken(j)))
        found["intune-device-recent-sync"].add(name, shape.synced(j) <= 30)
        found["intune-device-os-supported"].add(name, shape.is_supported(j))
        if system == "Android":
            found["intune-device-android-patch-level"].add(name, shape.patched(j) <= 120)
        found["intune-device-threat-state"].add(name, shape.threat(j) == "secured")


def of_directory_devices(shape, found):
    for j in range(shape.devices):
        name = guid(DIRECTORY, j)
        if not shape.joined_enabled(j):
            continue
        found["graph-devices-stale"].add(name, shape.seen(j) <= 180)
        if shape.seen(j) <= 30:
            found["intune-unmanaged-but-registered"].add(name, shape.managed_flag(j) or shape.is_joined(j))


def of_states(shape, found):
    for s in range(shape.states):
        resource = shape.resource_id(s // STATES_PER_RESOURCE)
        found["azure-policy-deny-violations"].add(f"{resource}|{shape.assignment_id(s)}|{shape.reference(s)}".lower(),
                                                  shape.action(s).lower() != "deny")


def of_resources(shape, found):
    for r in range(shape.resources):
        name, region = shape.resource_id(r).lower(), shape.region(r).lower()
        found["azure-policy-tag-coverage"].add(name, shape.is_tagged(r))
        if region != "global":
            found["azure-policy-resource-regions"].add(name, region == "westeurope")


class Truth(dict):
    def __missing__(self, check):
        self[check] = Expected()
        return self[check]


def truth_of(shape):
    """Check -> Expected."""
    found = Truth()
    for part in (of_users, of_devices, of_directory_devices, of_states, of_resources, of_logs, *cost.PARTS):
        part(shape, found)
    return found
