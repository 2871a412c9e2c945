"""Numbers, times, durations and shares that lie just below or above a limit."""
import datetime

from times import parse_time


class Measures:
    """What Steer does with a comparison by size; `rng`, `now` and place() are Steer's."""

    def measure(self, node, limit, low, env):
        """Brings what `node` measures to just below or above `limit`."""
        name = node[1] if node[0] == "call" else None
        if node[0] == "*":
            return self.measure(node[1], limit / node[2][1], low, env)
        if name in ("daysSince", "daysUntil"):
            step = self.rng.choice([1, 1 / 24, 1 / 1440, 200])
            days = limit + (-step if low else step)
            return self.place(node[2][0], env).set(self.moment(-days if name == "daysSince" else days))
        if name == "daysBetween":
            start = self.place(node[2][0], env)
            if parse_time(start.get()) is None:
                start.set("2026-01-01T00:00:00Z")
            end = parse_time(start.get()) + datetime.timedelta(days=limit + (-1 if low else 1))
            return self.place(node[2][1], env).set(self.stamp(end))
        number = limit + self.rng.choice([1, 0.01, limit or 1] if isinstance(limit, float) else [1, 30]) * (-1 if low else 1)
        if name == "ratio":
            return self.share(node[2], limit, low, env)
        if name in ("isoDurationDays", "isoDurationHours"):
            unit = "P{}D" if name == "isoDurationDays" else "PT{}H"
            return self.place(node[2][0], env).set(unit.format(max(int(number), 0)))
        if name == "int":
            return self.place(node[2][0], env).set(str(int(number)))
        if name == "ipPrefixLength":
            six = f"2001:db8::/{self.rng.choice([16, 31, 32, 48])}"
            return self.place(node[2][0], env).set(self.rng.choice([f"203.0.113.0/{min(max(int(number), 0), 32)}"] * 3 + [six]))
        return self.place(node, env).set(number)

    def share(self, parts, limit, low, env):
        """Two numbers, or a number and a sum that it is part of, whose ratio is just below or above `limit`."""
        part = round(100 * limit) + (-1 if low else self.rng.choice([0, 1]))
        self.place(parts[0], env).set(part)
        whole = parts[1]
        if whole[0] != "+":
            return self.place(whole, env).set(100)
        rest = []
        while whole[0] == "+":
            rest.append(whole[2])
            whole = whole[1]
        for number, one in enumerate(rest):
            self.place(one, env).set(100 - part if number == 0 else 0)
        return None

    def moment(self, days):
        return self.stamp(self.now + datetime.timedelta(days=days))

    def stamp(self, time):
        form = self.rng.choice(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.1234567Z", "%Y-%m-%dT%H:%M:%SZ"])
        return time.strftime(form)
