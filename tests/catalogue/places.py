"""Where values of an item stand, and what is put there."""
import copy

DROP = object()
IDENTITY = ("id", "subscriptionId", "eventDataId", "resourceId", "policyAssignmentId", "policyDefinitionReferenceId", "policyId", "groupId", "tenantId")

DATE = "2031-01-01T00:00:00Z"
SAMPLES = {  # what a property holds where it is only asked whether there is one
    "authenticationStrength": {"id": "s"}, "includeGuestsOrExternalUsers": {"guestOrExternalUserTypes": "internalGuest"},
    "excludeGuestsOrExternalUsers": {"guestOrExternalUserTypes": "internalGuest"}, "linuxConfiguration": {}, "inboundTrust": {}, "users": {},
    "networkSecurityGroup": {"id": "/subscriptions/x/n"}, "claimsMatchingExpression": {"value": "claims['sub'] matches 'x'"},
    "systemCredentialPreferences": {}, "reportSuspiciousActivitySettings": {}, "permissions": [], "permissionGrantPoliciesAssigned": [],
    "passwordCredentials": [], "keyCredentials": [], "assignedLicenses": [], "securityRules": [], "subnets": [], "actions": [], "exp": 1900000000,
    "expiresOn": DATE, "expirationDateUtc": DATE, "key1": DATE, "key2": DATE, "androidSecurityPatchLevel": "2026-10-01", "osMinimumVersion": "10.0",
    "jailBroken": "False", "passwordValidityPeriodInDays": 90, "storageAccountId": "/subscriptions/x/resourceGroups/g/providers/m/s/n",
    "errorCode": 50126, "androidForWorkRestriction": {}, "principalId": "00000000-0000-4000-8000-00000000f001"}
MEMBERS = {  # what stands in a list that has to be longer
    "passwordCredentials": "keyId", "keyCredentials": "keyId", "owners": "id", "ipRanges": "id", "assignments": "id", "reviewers": "id",
    "includeTargets": "id", "subnets": "id", "networkInterfaces": "id", "primaryApprovers": "id", "controlScores": "id"}
TEXTS = ("subject", "emails", "comment", "description", "scope")  # asked for their length, and no lists


def sample_of(key):
    if key in SAMPLES:
        return copy.deepcopy(SAMPLES[key])
    return DATE if key.endswith(("DateTime", "Date", "Time")) else True if key.startswith("is") else "something"


class CannotSteer(Exception):
    """The condition rests on something that this module cannot bring about."""


BROKEN = (CannotSteer, KeyError, IndexError, TypeError, AttributeError)  # the item is not what the condition expects


class Place:
    """Where a value stands: a key of a dict or list."""

    def __init__(self, holder, key):
        self.holder, self.key = holder, key

    def get(self):
        if isinstance(self.holder, dict):
            return self.holder.get(self.key)
        return self.holder[self.key] if isinstance(self.holder, list) and self.key < len(self.holder) else None

    def set(self, value):
        if value is DROP:
            if isinstance(self.holder, dict):
                self.holder.pop(self.key, None)
        elif isinstance(self.holder, dict):
            self.holder[self.key] = value
        elif isinstance(self.holder, list):
            self.holder[self.key:self.key + 1] = [value]


class NamePlace(Place):
    """The name of an item: it may be another one, and is never gone."""

    def set(self, value):
        if isinstance(value, str) and value:
            super().set(value)
