"""Turns trees of expression.py into functions of a scope: {name: value} with the evidence under "@"."""
import re

import values
from values import UNKNOWN, AtLeast, Partial, TypeFault, negate, truth


class NoSuch(Exception):
    """A function or method that the language does not have."""


def build(node, functions):
    """A function of the scope that gives the tree's value. `functions`: name -> callable(evidence, *arguments)."""
    kind = node[0]
    if kind == "value":
        return lambda scope, value=node[1]: value
    if kind == "name":
        return lambda scope, name=node[1]: scope[name]
    if kind == "param":
        return lambda scope, name=node[1]: scope["$"][name]
    if kind in SIMPLE:
        return _simple(kind, [build(part, functions) for part in node[1:]])
    return BUILDERS[kind](node, functions)


def _simple(kind, parts):
    operation = SIMPLE[kind]
    if len(parts) == 1:
        return lambda scope, one=parts[0]: operation(one(scope))
    left, right = parts
    return lambda scope: operation(left(scope), right(scope))


def _minus(value):
    return values.reckoned(0, value, "-")


def get(holder, key):
    """x.key and x[key]; null when there is none, unknown when a missing item could be it."""
    if holder is UNKNOWN or key is UNKNOWN:
        return UNKNOWN
    if isinstance(holder, dict):
        return holder.get(key) if isinstance(key, str) else None
    if isinstance(holder, list) and values.is_number(key):
        if 0 <= key < len(holder):
            return holder[key]
        return UNKNOWN if isinstance(holder, Partial) else None
    return None


SIMPLE = {
    "==": values.equal, "!=": lambda a, b: negate(values.equal(a, b)), "in": values.contained,
    "<": lambda a, b: values.ordered(a, b, "<"), "<=": lambda a, b: values.ordered(a, b, "<="),
    ">": lambda a, b: values.ordered(a, b, ">"), ">=": lambda a, b: values.ordered(a, b, ">="),
    "+": values.added, "-": lambda a, b: values.reckoned(a, b, "-"), "*": lambda a, b: values.reckoned(a, b, "*"),
    "!": lambda a: negate(truth(a)), "neg": _minus, "get": get,
}


def _and(node, functions):
    left, right = (build(part, functions) for part in node[1:])

    def run(scope):
        first = truth(left(scope))
        return False if first is False else values.all_true([first, truth(right(scope))], False)
    return run


def _or(node, functions):
    left, right = (build(part, functions) for part in node[1:])

    def run(scope):
        first = truth(left(scope))
        return True if first is True else values.any_true([first, truth(right(scope))], False)
    return run


def _if(node, functions):
    condition, yes, no = (build(part, functions) for part in node[1:])

    def run(scope):
        chosen = truth(condition(scope))
        if chosen is not UNKNOWN:
            return yes(scope) if chosen else no(scope)
        a, b = yes(scope), no(scope)
        return a if a is b or values.equal(a, b) is True else UNKNOWN
    return run


def _let(node, functions):
    _, name, value, body = node
    value, body = build(value, functions), build(body, functions)
    return lambda scope: body({**scope, name: value(scope)})


def _fallback(node, functions):
    left, right = (build(part, functions) for part in node[1:])

    def run(scope):
        value = left(scope)
        return right(scope) if value is None else value
    return run


def _list(node, functions):
    parts = [build(part, functions) for part in node[1]]
    return lambda scope: [part(scope) for part in parts]


def _call(node, functions):
    _, name, arguments = node
    if name not in functions:
        raise NoSuch(f"function {name}")
    function, arguments = functions[name], [build(part, functions) for part in arguments]
    return lambda scope: function(scope["@"], *(part(scope) for part in arguments))


def _loop(node, functions):
    _, name, holder, variable, body = node
    holder, body = build(holder, functions), build(body, functions)

    def run(scope):
        items = holder(scope)
        if items is UNKNOWN or items is None:
            return UNKNOWN if items is UNKNOWN else {"all": True, "exists": False}.get(name)
        if not isinstance(items, list):
            raise TypeFault(f"{name}() of {items!r}")
        return LOOPS[name](items, lambda item: body({**scope, variable: item}))
    return run


def _filter(items, test):
    kept, unsure = [], isinstance(items, Partial)
    for item in items:
        verdict = truth(test(item))
        if verdict is True:
            kept.append(item)
        unsure = unsure or verdict is UNKNOWN
    return Partial(kept) if unsure else kept


LOOPS = {
    "exists": lambda items, test: values.any_true((truth(test(i)) for i in items), isinstance(items, Partial)),
    "all": lambda items, test: values.all_true((truth(test(i)) for i in items), isinstance(items, Partial)),
    "filter": _filter,
    "map": lambda items, test: values.like([test(i) for i in items], items),
}


def _method(node, functions):
    _, name, holder, arguments = node
    if name not in METHODS:
        raise NoSuch(f"method {name}")
    method, holder = METHODS[name], build(holder, functions)
    arguments = [build(part, functions) for part in arguments]

    def run(scope):
        value, given = holder(scope), [part(scope) for part in arguments]
        if value is UNKNOWN or any(one is UNKNOWN for one in given):
            return UNKNOWN
        if value is None:
            return 0 if name == "size" else None
        return method(value, *given)
    return run


def _size(value):
    if not isinstance(value, (list, str, dict)):
        raise TypeFault(f"size of {value!r}")
    return AtLeast(len(value)) if isinstance(value, Partial) else len(value)


def subset_of(value, other):
    if other is None:
        return not value
    return values.all_true((values.contained(one, other) for one in value), isinstance(value, Partial))


def intersects(value, other):
    if other is None:
        return False
    return values.any_true((values.contained(one, other) for one in value), isinstance(value, Partial))


def _contains(value, part):
    if isinstance(value, list):
        return values.contained(part, value)
    return _text(lambda a, b: b in a)(value, part)


def _text(operation):
    """A method of text; null arguments give null."""
    def run(value, *given):
        if any(one is None for one in given):
            return None
        if not all(isinstance(one, str) for one in (value, *given)):
            raise TypeFault(f"text expected: {value!r}")
        return operation(value, *given)
    return run


METHODS = {
    "size": _size, "subsetOf": subset_of, "intersects": intersects, "contains": _contains,
    "startsWith": _text(str.startswith), "endsWith": _text(str.endswith), "split": _text(str.split), "trim": _text(str.strip),
}
BUILDERS = {"&&": _and, "||": _or, "if": _if, "let": _let, "??": _fallback, "list": _list, "call": _call, "loop": _loop,
            "method": _method}


def matches(text, pattern):
    """RE2-like search, not anchored."""
    return re.search(pattern, text) is not None
