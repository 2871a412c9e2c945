"""Serves a World on loopback as the services would: routed by the catalogue's own list of endpoints, not by a manifest."""
import json
import pathlib
import re
import sys
import urllib.parse

from times import parse_time
from values import folded

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from scenario import FakeCloud  # noqa: E402

TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
QUOTED_TYPE = re.compile(r"'(microsoft\.[a-z./]+)'", re.I)
REFUSED = {403: {"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges to complete the operation."}},
           404: {"error": {"code": "ResourceNotFound", "message": "There is no such thing."}}}
SKIP = "$skiptoken"


def graph_query_key(text):
    """Table and types that a query of Resource Graph is about."""
    return text.split("|")[0].strip().lower(), frozenset(one.lower() for one in QUOTED_TYPE.findall(text)), "summarize" in text


class Route:
    """One endpoint of the catalogue: which requests are for it, and for which parent."""

    def __init__(self, spec):
        self.spec, self.id, self.method = spec, spec["id"], spec["method"]
        path = (f"/{spec['version']}" if "version" in spec else "") + spec["path"]
        open_ended = ("resourceId", "costScope")
        pattern = re.sub(r"\\{(\w+)\\}", lambda m: f"(?P<{m[1]}>{'.+?' if m[1] in open_ended else '[^/]+'})", re.escape(path))
        self.pattern = re.compile(pattern, re.I)
        self.query = dict(pair.split("=", 1) for pair in spec.get("query", []))
        self.body = graph_query_key(json.loads(spec["body"])["query"]) if "ResourceGraph" in spec["path"] else None

    def fits(self, method, path, body):
        match = self.pattern.fullmatch(path) if method == self.method else None
        if match and self.body:
            return match if body and graph_query_key(body.get("query", "")) == self.body else None
        return match

    def likeness(self, query):
        """How many of the catalogue's query options a request has as they stand there."""
        return sum(query.get(key) == value for key, value in self.query.items())

    def parent(self, match):
        """The parent that a request is for, as World knows it."""
        given, scope = match.groupdict(), self.spec["scope"]
        if scope == "tenant":
            return ""
        if "costScope" in given:
            return given["costScope"].split("/")[-1]
        if scope == "subscription":
            return given["subscriptionId"]
        if "resourceId" in given:
            return "/" + given["resourceId"].lstrip("/")
        if "standard" in given:
            return f"{given['subscriptionId']}/{given['standard']}"
        if "subscriptionId" in given:
            last = "account" if "account" in given else "vault"
            return match.string[:match.end(last)]
        return next(iter(given.values()))


class TenantCloud(FakeCloud):
    """A FakeCloud that answers with what a World holds. `unknown` collects requests that fit no endpoint."""

    def __init__(self, world, claims):
        self.world, self.unknown, self.asked, self.slices = world, [], {}, {}
        self.routes = [Route(spec) for spec in world.catalogue.endpoints.values() if spec["host"] in ("graph", "arm")]
        super().__init__(claims)

    def answer(self, method, target, data):
        path, _, text = target.partition("?")
        path, query = urllib.parse.unquote(path), dict(urllib.parse.parse_qsl(text, keep_blank_values=True))
        body = json.loads(data) if data else None
        fitting = [(route, match) for route in self.routes if (match := route.fits(method, path, body))]
        if not fitting:
            self.unknown.append((method, target))
            return 403, REFUSED[403]
        route, match = max(fitting, key=lambda pair: pair[0].likeness(query))
        if any(part in query.get("$filter", "") for part in ("assignedTo", "principalId eq", "appId eq", "clientId eq")):
            return 403, REFUSED[403]  # the guard's questions about the identity itself
        return self.page(route, self.known_parent(route, match), target, query, body)

    @property
    def windows(self):
        """Days that were asked for of each log, without what was asked twice."""
        found = {}
        for endpoint, slices in self.slices.items():
            days, end = 0.0, None
            for since, until in sorted(slices):
                begin = since if end is None else max(since, end)
                days += max(0.0, (until - begin).total_seconds() / 86400)
                end = until if end is None else max(until, end)
            found[endpoint] = days
        return found

    def known_parent(self, route, match):
        parent = route.parent(match)
        parents = {folded(one).lower(): one for one in self.world.parents_with_items(route.id)}
        return parents.get(parent.lower(), parent)

    def page(self, route, parent, target, query, body):
        token = (body or {}).get("options", {}).get("$skipToken") if route.body else query.get(SKIP)
        pages, at = self.world.pages(route.id, parent), int(token or 0)
        self.asked.setdefault(route.id, set()).add(parent)
        if len(times := [parse_time(one) for one in TIME.findall(query.get("$filter", ""))]) == 2:
            self.slices.setdefault(route.id, set()).add(tuple(sorted(times)))
        if at >= len(pages) or pages[at] is None:
            status = 404 if self.world.refusal(route.id, parent) == "not_found" else 403
            return status, REFUSED[status]
        if route.spec["paging"] == "single":
            return (200, pages[at][0]) if pages[at] else (404, REFUSED[404])
        key = {"skiptoken-body": "data"}.get(route.spec["paging"], "value")
        answer = {key: pages[at]}
        if route.body:
            answer = {"totalRecords": sum(len(page or []) for page in pages), "count": len(pages[at]), "resultTruncated": "false", **answer}
        if at + 1 < len(pages):
            answer.update(self.link(route, target, at + 1))
        return 200, answer

    def link(self, route, target, number):
        if route.body:
            return {"$skipToken": str(number)}
        base = target.split(f"&{SKIP}=")[0]
        joint = "&" if "?" in base else "?"
        name = "nextLink" if route.spec["paging"] == "arm" else "@odata.nextLink"
        return {name: f"{self.access['graph']}{base}{joint}{SKIP}={number}"}
