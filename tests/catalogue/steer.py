"""Changes items of a World until a condition of the catalogue holds of them, or just fails to: driven by the conditions
themselves, so that every comparison is met from both sides."""
import uuid

from measures import Measures
from places import BROKEN, DROP, IDENTITY, MEMBERS, TEXTS, CannotSteer, NamePlace, Place, sample_of


class Steer(Measures):
    def __init__(self, world, rng, now, make):
        """`make(endpoint)` puts one more item of an endpoint into the world and gives it."""
        self.world, self.rng, self.now, self.make = world, rng, now, make

    # Where things are.

    def value(self, node, env):
        """What a node is, as far as it stands in the world; None otherwise."""
        kind = node[0]
        if kind == "value":
            return node[1]
        if kind == "param":
            return env["$"][node[1]]
        if kind == "list":
            return [self.value(part, env) for part in node[1]]
        if kind == "name":
            bound = env[node[1]]
            return self.value(*bound[1:]) if isinstance(bound, tuple) else bound
        if kind == "get":
            holder, key = self.value(node[1], env), self.value(node[2], env)
            return holder.get(key) if isinstance(holder, dict) else None
        if kind == "if":
            return self.value(node[3], env)
        if kind == "call" and node[1] == "lower":
            inner = self.value(node[2][0], env)
            return inner.lower() if isinstance(inner, str) else None
        return None

    def place(self, node, env):
        if node[0] == "get":
            key = self.value(node[2], env)
            holder = self.target(node[1], env)
            top = id(holder) in self.world.tops
            if key is None or key in IDENTITY and top:
                raise CannotSteer
            return NamePlace(holder, key) if key == "name" and top else Place(holder, key)
        if node[0] == "name" and isinstance(env[node[1]], tuple):
            return self.place(*env[node[1]][1:])
        if node[0] == "name" and "@place" in env and node[1] in env["@place"]:
            return env["@place"][node[1]]
        if node[0] == "??":
            return self.either_place(node, env)
        if node[0] == "call" and node[1] in ("lower", "date", "int", "lastSegment"):
            return self.place(node[2][0], env)
        if node[0] == "method" and node[1] == "trim":
            return self.place(node[2], env)
        if node[0] == "call" and node[1] == "maxDate":
            first, second = self.rng.sample(node[2], 2)
            self.place(second, env).set(self.rng.choice([None, DROP, "2020-02-03T04:05:06Z"]))
            return self.place(first, env)
        if node[0] == "call" and node[1] in PLACES:
            return PLACES[node[1]](self, env, *node[2])
        raise CannotSteer

    def either_place(self, node, env):
        if self.rng.random() < 0.6:
            return self.place(node[1], env)
        self.place(node[1], env).set(self.rng.choice([None, DROP]))
        return self.place(node[2], env)

    def target(self, node, env):
        """The dict that a node stands for; made where there is none."""
        if node[0] == "name":
            bound = env[node[1]]
            return self.target(*bound[1:]) if isinstance(bound, tuple) else bound
        if node[0] == "call":
            if node[1] == "One":
                return self.world.one(node[2][0][1])
            if node[1] == "first":
                found = self.elements(node[2][0], env)
                return found[0] if found else self.element(node[2][0], env)
            if node[1] in TARGETS:
                return TARGETS[node[1]](self, env, *node[2])
            raise CannotSteer
        place = self.place(node, env)
        if not isinstance(place.get(), (dict, list)):
            place.set({} if node[0] == "get" else [])
        return place.get()

    def elements(self, node, env):
        """The list that a loop runs over, as it stands."""
        if node[0] == "name" and isinstance(env[node[1]], tuple):
            return self.elements(*env[node[1]][1:])
        if node[0] == "call" and node[1] == "D":
            return self.world.all(node[2][0][1])
        if node[0] == "loop" and node[1] == "filter":
            return self.elements(node[2], env)
        if node[0] == "+":
            return self.elements(node[1], env) + self.elements(node[2], env)
        found = self.place(node, env).get()
        return found if isinstance(found, list) else []

    def element(self, node, env):
        """One element of it; made where there is none."""
        if node[0] == "name" and isinstance(env[node[1]], tuple):
            return self.element(*env[node[1]][1:])
        if node[0] == "call" and node[1] == "D":
            return self.item_beside(node[2][0][1], env.get("r"))
        if node[0] == "loop" and node[1] == "filter":
            found = self.element(node[2], env)
            self.attempt(node[4], True, {**env, node[3]: found})
            return found
        if node[0] == "+":
            return self.element(self.rng.choice(node[1:]), env)
        place = self.place(node, env)
        if not isinstance(place.get(), list):
            place.set([])
        if not place.get() or self.rng.random() < 0.2:
            place.get().append(self.member(place.key) if place.key in MEMBERS else {})
        return self.rng.choice(place.get())

    def member(self, key):
        """A new element of the list that is called `key`."""
        return {MEMBERS[key]: self.guid()} if key in MEMBERS else self.guid()

    def item_beside(self, endpoint, item):
        """An item of an endpoint, of the same subscription when it has one; made now and then."""
        subscription = item.get("subscriptionId") if isinstance(item, dict) else None
        found, parents = self.world.all(endpoint), self.world.items.get(endpoint, {})
        if subscription and self.world.catalogue.endpoints[endpoint]["scope"] == "subscription":
            found = parents.get(subscription, [])
            return self.rng.choice(found) if found and self.rng.random() < 0.7 else self.make(endpoint, subscription)
        found = [one for one in found if not subscription or one.get("subscriptionId", subscription) == subscription]
        made = self.rng.choice(found) if found and self.rng.random() < (0.7 if item else 0.3) else self.make(endpoint)
        if subscription and "subscriptionId" in made and made is not item:
            made["subscriptionId"] = subscription
        return made

    # Making a condition true or false.

    def assign(self, node, want, env):
        kind = node[0]
        if kind in ("&&", "||"):
            return self.connect(node, want, env)
        if kind == "!":
            return self.assign(node[1], not want, env)
        if kind == "let":
            return self.assign(node[3], want, {**env, node[1]: ("node", node[2], env)})
        if kind == "if":
            yes = self.rng.random() < 0.5
            self.assign(node[1], yes, env)
            return self.assign(node[2] if yes else node[3], want, env)
        if kind in ("==", "!="):
            return self.equate(node[1], node[2], want == (kind == "=="), env)
        if kind in ("<", "<=", ">", ">="):
            return self.order(kind, node[1], node[2], want, env)
        if kind == "in":
            return self.include(node[1], node[2], want, env)
        if kind == "loop":
            return self.loop(node, want, env)
        if kind == "method":
            return self.method(node, want, env)
        if kind == "call":
            return self.call(node, want, env)
        return self.place(node, env).set(want if want else self.rng.choice([False, None, DROP]))

    def connect(self, node, want, env):
        sides = list(node[1:])
        self.rng.shuffle(sides)
        if (node[0] == "&&") == want:
            for side in sides:
                self.attempt(side, want, env)
            return
        self.attempt(sides[0], want, env)
        if self.rng.random() < 0.7:
            self.attempt(sides[1], not want, env)

    def attempt(self, node, want, env):
        try:
            self.assign(node, want, env)
        except BROKEN:
            pass

    def other_than(self, value, key):
        """A value of `key` that is near `value` and is not it."""
        if value is None:
            return sample_of(key)
        choices = [None, DROP]
        if isinstance(value, bool):
            choices += [not value] * 3
        elif isinstance(value, str):
            choices += [self.recased(value), value + "x", "other", ""]
        else:
            choices += [value + 1, value - 1]
        return self.rng.choice(choices)

    def recased(self, text):
        return self.rng.choice([text.lower(), text.upper(), text.swapcase()])

    def equate(self, left, right, want, env):
        if left[0] in ("value", "param", "list"):
            left, right = right, left
        wanted = self.value(right, env)
        if left[0] == "method" and left[1] == "size" and isinstance(wanted, int):
            return self.resize(left[2], wanted if want else wanted + 1, env)
        place = self.place(left, env)
        if not want:
            return place.set(self.other_than(wanted, place.key))
        if wanted is None:
            if right != ("value", None):
                raise CannotSteer
            return place.set(self.rng.choice([None, DROP]))
        if left[0] == "call" and left[1] == "lower" and isinstance(wanted, str) and self.rng.random() < 0.5:
            wanted = self.recased(wanted)
        return place.set(wanted)

    def include(self, left, right, want, env):
        held = self.value(left, env)
        if left[0] in ("value", "param", "name") and isinstance(held, (str, type(None))) and right[0] not in ("list", "param"):
            return self.put_into(held, right, want, env)
        members = self.value(right, env) if right[0] in ("list", "param") else None
        if not isinstance(members, list):
            raise CannotSteer
        members = [one for one in members if one is not None]
        if not members:
            if want:
                raise CannotSteer
            return None
        chosen = self.rng.choice(members)
        place = self.place(left, env)
        if want and left[0] == "call" and left[1] == "lower":
            chosen = self.recased(chosen)
        return place.set(chosen if want else self.other_than(chosen, place.key))

    def put_into(self, held, right, want, env):
        """`held` in the list at `right`; text that is split counts as a list."""
        if right[0] == "method" and right[1] == "split":
            joint = right[3][0][1]
            texts = [held, joint.join([held, "other"])] if want else [None, DROP, "other", self.recased(held), held + "x"]
            return self.place(right[2], env).set(self.rng.choice(texts))
        if held is None:
            raise CannotSteer
        place = self.place(right, env)
        return place.set(self.rng.choice([[held], ["other", held]] if want else [None, DROP, [], ["other"], [self.recased(held)]]))

    def resize(self, node, count, env):
        """Makes a list or text that long."""
        if node[0] == "loop" and node[1] == "filter":
            for element in self.elements(node, env):
                self.attempt(node[4], count > 0, {**env, node[3]: element})
            return
        if node[0] == "call" and node[1] not in PLACES:
            raise CannotSteer
        place = self.place(node[1] if node[0] == "??" and node[2][0] == "list" else node, env)
        held = place.get()
        if isinstance(held, str) or place.key in TEXTS or node[0] == "call" and node[1] == "groupSetting" or node[0] == "??" and node[2] == ("value", ""):
            return place.set("x" * count if count else self.rng.choice(["", None, DROP]))
        if count <= 0:
            return place.set(self.rng.choice([[], None, DROP]))
        filled = list(held) if isinstance(held, list) else []
        while len(filled) < count:
            filled.append(self.member(place.key))
        return place.set(filled[:count])

    def order(self, sign, left, right, want, env):
        if left[0] == "+" and right == ("value", 0):
            for side in left[1:] if not want else [self.rng.choice(left[1:])]:
                self.order(sign, side, right, want, env)
            return None
        if self.value(right, env) is None and right[0] == "get":
            self.place(right, env).set(100)
        limit = self.value(right, env)
        if limit is None and left[0] in ("value", "param"):
            flipped = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}[sign]
            return self.order(flipped, right, left, want, env)
        if not isinstance(limit, (int, float)):
            raise CannotSteer
        low = (sign in ("<", "<=")) == want  # the left side shall be the smaller one
        if left[0] == "method" and left[1] == "size":
            inside = sign in ("<=", ">=") if want else sign in ("<", ">")
            return self.resize(left[2], int(limit) + (0 if inside else -1 if low else 1), env)
        if not want and self.rng.random() < 0.15:
            return self.place(self.innermost(left), env).set(self.rng.choice([None, DROP]))
        return self.measure(left, limit, low, env)

    @staticmethod
    def innermost(node):
        while node[0] in ("*", "call") and not (node[0] == "call" and node[1] in PLACES):
            node = node[1] if node[0] == "*" else node[2][0]
        return node

    def guid(self):
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def loop(self, node, want, env):
        _, name, holder, variable, body = node
        if holder[:2] == ("call", "settings"):
            return LISTS["settings"](self, want, env, holder[2], variable, body)
        if name == "exists" and not want or name == "all" and want:
            if holder[0] not in ("call", "loop", "list", "param", "method") and self.rng.random() < 0.15:
                return self.place(holder, env).set(self.rng.choice([[], None, DROP]))
            for element in self.all_of(holder, env):
                self.attempt(body, name == "all", self.bound(env, variable, element))
            return None
        return self.one_of(holder, name == "exists", variable, body, env)

    def all_of(self, holder, env):
        if holder[0] in ("list", "param"):
            return self.value(holder, env)
        return self.elements(holder, env)

    @staticmethod
    def bound(env, variable, element):
        return {**env, variable: element}

    def one_of(self, holder, want, variable, body, env):
        if holder[0] in ("list", "param"):
            element = self.rng.choice(self.value(holder, env) or [None])
        elif holder[0] in ("get", "+", "??") and self.plain(body, variable):
            return self.plain_element(holder, want, variable, body, env)
        else:
            element = self.element(holder, env)
        return self.assign(body, want, self.bound(env, variable, element))

    @staticmethod
    def plain(body, variable):
        """Whether the elements are text: nothing is looked up in the variable."""
        from expression import walk
        return not any(part[0] == "get" and part[1] == ("name", variable)
                       or part[0] == "call" and part[1] not in ("matches", "lower") and ("name", variable) in part[2] for part in walk(body))

    def plain_element(self, holder, want, variable, body, env):
        place = self.place(self.rng.choice(holder[1:]) if holder[0] == "+" else holder, env)
        held = list(place.get()) if isinstance(place.get(), list) else []
        held.append("other")
        place.set(held)
        inner = {**env, variable: "other", "@place": {**env.get("@place", {}), variable: Place(held, len(held) - 1)}}
        return self.assign(body, want, inner)

    def method(self, node, want, env):
        _, name, holder, arguments = node
        if name in ("startsWith", "endsWith", "contains"):
            part = self.value(arguments[0], env)
            if not isinstance(part, str):
                raise CannotSteer
            start = "/providers/x" if part.startswith("/") else "x"  # an id of a resource begins with a slash: its case means nothing
            texts = {"startsWith": part + "x", "endsWith": "/x/" + part, "contains": f"{start}{part}x"}
            return self.place(holder, env).set(texts[name] if want else self.rng.choice([None, DROP, "other", self.recased(texts[name])]))
        if name in ("subsetOf", "intersects") and holder[0] in ("list", "param"):
            members = list(self.value(holder, env))
            if name == "subsetOf":
                lists = [members, [*members, "other"]] if want else [members[1:], [], None, DROP]
            else:
                lists = [members[:1], ["other", members[-1]]] if want else [[], None, DROP, ["other"]]
            return self.place(arguments[0], env).set(self.rng.choice(lists))
        raise CannotSteer

    def call(self, node, want, env):
        _, name, arguments = node
        if name == "has":
            place = self.place(arguments[0], env)
            if not want:
                return place.set(self.rng.choice([None, DROP]))
            return place.set(sample_of(place.key)) if place.get() is None else None
        if name in CALLS:
            return CALLS[name](self, want, env, *arguments)
        if name == "matches":
            pattern = self.value(arguments[1], env)
            return self.place(arguments[0], env).set(self.rng.choice(MATCHES.get(pattern, ([], ["other"]))[0 if want else 1] or ["other"]))
        raise CannotSteer


PLACES, TARGETS, CALLS, LISTS, MATCHES = {}, {}, {}, {}, {}  # filled by steer_functions.py
