"""Reads the expression language of the catalogue into a tree of tuples (kind, ...)."""
import re

TOKEN = re.compile(r"""\s*(?:
  (?P<number>\d+(?:\.\d+)?) | (?P<name>\$?[A-Za-z_]\w*) | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<sign>\?\?|==|!=|<=|>=|&&|\|\||[-+*!<>?:.,;()\[\]=]) )""", re.X | re.S)
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "in")
LOOPS = ("exists", "all", "filter", "map")
WORDS = {"true": True, "false": False, "null": None}


class SyntaxFault(Exception):
    """The text is no expression; the message says where."""


def tokens_of(text):
    at, found = 0, []
    text = text.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise SyntaxFault(f"at {at}: {text[at:at + 20]!r}")
        found.append((match.lastgroup, match.group(match.lastgroup)))
        at = match.end()
    return [*found, ("end", "")]


def unquoted(text):
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.S)


class _Parser:
    def __init__(self, text):
        self.text, self.tokens, self.at = text, tokens_of(text), 0

    def peek(self):
        return self.tokens[self.at]

    def take(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def found(self, *values):
        """Takes the next token when it is one of these signs or words."""
        kind, value = self.peek()
        if kind in ("sign", "name") and value in values:
            self.at += 1
            return value
        return None

    def need(self, value):
        if not self.found(value):
            raise SyntaxFault(f"expected {value!r}, found {self.peek()[1]!r} in {self.text!r}")

    def expression(self):
        if self.found("let"):
            name = self.take()[1]
            self.need("=")
            value = self.expression()
            self.need(";")
            return ("let", name, value, self.expression())
        condition = self.either()
        if not self.found("?"):
            return condition
        yes = self.expression()
        self.need(":")
        return ("if", condition, yes, self.expression())

    def chain(self, part, *signs):
        left = part()
        while sign := self.found(*signs):
            left = (sign, left, part())
        return left

    def either(self):
        return self.chain(self.both, "||")

    def both(self):
        return self.chain(self.comparison, "&&")

    def comparison(self):
        left = self.fallback()
        if sign := self.found(*COMPARISONS):
            left = (sign, left, self.fallback())
            if self.peek()[1] in COMPARISONS:
                raise SyntaxFault(f"comparisons do not chain: {self.text!r}")
        return left

    def fallback(self):
        return self.chain(self.total, "??")

    def total(self):
        return self.chain(self.product, "+", "-")

    def product(self):
        return self.chain(self.unary, "*")

    def unary(self):
        if self.found("!"):
            return ("!", self.unary())
        if self.found("-"):
            return ("neg", self.unary())
        return self.postfix(self.primary())

    def postfix(self, node):
        while True:
            if self.found("."):
                name = self.take()[1]
                node = self.method(node, name) if self.found("(") else ("get", node, ("value", name))
            elif self.found("["):
                node = ("get", node, self.expression())
                self.need("]")
            else:
                return node

    def method(self, node, name):
        if name not in LOOPS:
            return ("method", name, node, self.rest(")"))
        kind, variable = self.take()
        if kind != "name":
            raise SyntaxFault(f"{name}() needs a name first: {self.text!r}")
        self.need(",")
        body = self.expression()
        self.need(")")
        return ("loop", name, node, variable, body)

    def rest(self, end):
        """Expressions between commas up to `end`."""
        found = []
        while not self.found(end):
            if found:
                self.need(",")
            found.append(self.expression())
        return found

    def primary(self):
        kind, value = self.take()
        if kind == "number":
            return ("value", float(value) if "." in value else int(value))
        if kind == "text":
            return ("value", unquoted(value))
        if kind == "name":
            if value in WORDS:
                return ("value", WORDS[value])
            if self.found("("):
                return ("call", value, self.rest(")"))
            return ("param", value[1:]) if value[0] == "$" else ("name", value)
        if value == "(":
            node = self.expression()
            self.need(")")
            return node
        if value == "[":
            return ("list", self.rest("]"))
        raise SyntaxFault(f"unexpected {value!r} in {self.text!r}")


def parse(text):
    """The tree of `text`. SyntaxFault."""
    parser = _Parser(text)
    node = parser.expression()
    if parser.peek()[0] != "end":
        raise SyntaxFault(f"{parser.peek()[1]!r} is left over in {text!r}")
    return node


def walk(node):
    """`node` and every tree below it."""
    yield node
    for part in node[1:]:
        if isinstance(part, tuple):
            yield from walk(part)
        elif isinstance(part, list):
            for one in part:
                if isinstance(one, tuple):
                    yield from walk(one)


def names_in(node):
    """Variables that the tree mentions."""
    return {part[1] for part in walk(node) if part[0] == "name"}
