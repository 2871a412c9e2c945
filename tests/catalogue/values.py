"""Values of the expression language over data that may be incomplete: null is None, what cannot be known is UNKNOWN,
a list of which more may exist is Partial, a number that is known from below is AtLeast."""
import fractions
import re


class _Unknown:
    """The one value that stands for "more data would tell"."""

    def __repr__(self):
        return "unknown"

    def __bool__(self):
        raise TypeError("unknown is neither true nor false: use truth()")


UNKNOWN = _Unknown()


class Partial(list):
    """A list of which an unknown number of items is missing."""


class AtLeast:
    """A number that is `low` or more."""

    def __init__(self, low):
        self.low = low

    def __repr__(self):
        return f"{self.low} or more"


class TypeFault(Exception):
    """A value where the language demands another kind of value: result error."""


GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)


def is_number(value):
    return isinstance(value, (int, float, fractions.Fraction)) and not isinstance(value, bool)


def exact(value):
    """A number as its decimal text says it, so that 19/20 is 0.95."""
    return fractions.Fraction(repr(value)) if isinstance(value, float) else value


def like(items, other):
    """`items` as a list that is as complete as `other`."""
    return Partial(items) if isinstance(other, Partial) else items


def together(items, *sources):
    """`items` as a list that is as complete as the least complete of `sources`."""
    return Partial(items) if any(isinstance(source, Partial) for source in sources) else items


def folded(text):
    """Text as it compares: GUIDs and ids of Azure resources in lower case, all else as it is."""
    if GUID.fullmatch(text):
        return text.lower()
    low = text.lower()
    return low if low.startswith(("/subscriptions/", "/providers/")) else text


def truth(value):
    """Value in boolean position: null is false, UNKNOWN stays, anything else that is no boolean is a fault."""
    if value is None:
        return False
    if value is True or value is False or value is UNKNOWN:
        return value
    raise TypeFault(f"{value!r} is no boolean")


def negate(value):
    return UNKNOWN if value is UNKNOWN else not value


def equal(left, right):
    """==, total; UNKNOWN where more data could decide."""
    if left is UNKNOWN or right is UNKNOWN:
        return UNKNOWN
    if isinstance(left, AtLeast) or isinstance(right, AtLeast):
        return _equal_bound(left, right)
    if isinstance(left, str) and isinstance(right, str):
        return left == right or folded(left) == folded(right)
    if is_number(left) and is_number(right):
        return exact(left) == exact(right)
    if isinstance(left, list) and isinstance(right, list):
        return _equal_lists(left, right)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[k], right[k]) is True for k in left)
    return type(left) is type(right) and left == right


def _equal_lists(left, right):
    if isinstance(left, Partial) or isinstance(right, Partial):
        return UNKNOWN
    return len(left) == len(right) and all(equal(a, b) is True for a, b in zip(left, right))


def _equal_bound(left, right):
    if isinstance(right, AtLeast):
        left, right = right, left
    if isinstance(right, AtLeast):
        return UNKNOWN
    return UNKNOWN if is_number(right) and right >= left.low else False


def ordered(left, right, sign):
    """left `sign` right, sign one of < <= > >=; null is false."""
    if left is None or right is None:
        return False
    if left is UNKNOWN or right is UNKNOWN:
        return UNKNOWN
    if isinstance(left, AtLeast) or isinstance(right, AtLeast):
        return _ordered_bound(left, right, sign)
    if not (is_number(left) and is_number(right) or isinstance(left, str) and isinstance(right, str)):
        raise TypeFault(f"{left!r} {sign} {right!r}")
    left, right = exact(left), exact(right)
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[sign]


def _ordered_bound(left, right, sign):
    if isinstance(left, AtLeast) and isinstance(right, AtLeast):
        return UNKNOWN
    if isinstance(right, AtLeast):
        return _ordered_bound(right, left, {"<": ">", "<=": ">=", ">": "<", ">=": "<="}[sign])
    if not is_number(right):
        raise TypeFault(f"{left!r} {sign} {right!r}")
    if sign in (">", ">="):
        return True if (left.low > right if sign == ">" else left.low >= right) else UNKNOWN
    return False if (left.low >= right if sign == "<" else left.low > right) else UNKNOWN


def contained(item, container):
    """item in list; x in null is false."""
    if container is None:
        return False
    if container is UNKNOWN or item is UNKNOWN:
        return UNKNOWN
    if not isinstance(container, list):
        raise TypeFault(f"in {container!r}")
    seen = [equal(item, one) for one in container]
    if any(one is True for one in seen):
        return True
    return UNKNOWN if isinstance(container, Partial) or any(one is UNKNOWN for one in seen) else False


def added(left, right):
    """+: numbers, text, lists; null counts as an empty list beside a list, else it makes null."""
    if left is UNKNOWN or right is UNKNOWN:
        return UNKNOWN
    if isinstance(left, list) or isinstance(right, list):
        left, right = left if left is not None else [], right if right is not None else []
        if not (isinstance(left, list) and isinstance(right, list)):
            raise TypeFault(f"{left!r} + {right!r}")
        return together(list(left) + list(right), left, right)
    if left is None or right is None:
        return None
    if isinstance(left, AtLeast) or isinstance(right, AtLeast):
        low = [one.low if isinstance(one, AtLeast) else one for one in (left, right)]
        return AtLeast(low[0] + low[1])
    if isinstance(left, str) and isinstance(right, str) or is_number(left) and is_number(right):
        return exact(left) + exact(right)
    raise TypeFault(f"{left!r} + {right!r}")


def reckoned(left, right, sign):
    """- and *, of numbers."""
    if left is None or right is None:
        return None
    if left is UNKNOWN or right is UNKNOWN:
        return UNKNOWN
    if isinstance(left, AtLeast) or isinstance(right, AtLeast):
        return UNKNOWN
    if not (is_number(left) and is_number(right)):
        raise TypeFault(f"{left!r} {sign} {right!r}")
    left, right = exact(left), exact(right)
    return left - right if sign == "-" else left * right


def any_true(verdicts, partial):
    """exists(): one true is enough; a missing item could be one."""
    unknown = partial
    for verdict in verdicts:
        if verdict is True:
            return True
        unknown = unknown or verdict is UNKNOWN
    return UNKNOWN if unknown else False


def all_true(verdicts, partial):
    """all(): one false is enough; a missing item could be one."""
    unknown = partial
    for verdict in verdicts:
        if verdict is False:
            return False
        unknown = unknown or verdict is UNKNOWN
    return UNKNOWN if unknown else True
