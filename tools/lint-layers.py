#!/usr/bin/env python3
"""usage: tools/lint-layers.py [--root FOLDER]

Checks every #include of engine/, plugin-api/, plugins/, frameworks/ and demo/ against tools/layers.json: who may
include which layer, who may use which library; that the rule has no cycle; that every folder of engine/ is in it.
On failure: move the code to the layer where it belongs. Widening tools/layers.json needs a decision record.
"""
import json
import pathlib
import re
import sys

import lint_common as common

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)')
FOLDERS = ("engine", "plugin-api", "plugins", "frameworks", "demo")
SYSTEM = re.compile(r"^(sys|linux|net|netinet|arpa|asm|bits)/|^[^/]+$")


def cycles(layers):
    """Every cycle of the rule itself, as 'a -> b -> a'."""
    found, state = [], {}

    def visit(name, path):
        if state.get(name) == "done":
            return
        if name in path:
            found.append(" -> ".join(path[path.index(name):] + [name]))
            return
        for target in layers.get(name, []):
            visit(target, path + [name])
        state[name] = "done"

    for name in layers:
        visit(name, [])
    return found


class Rule:
    def __init__(self, data):
        self.layers = data["layers"]
        self.api = set(data.get("plugin_api", {}).get("allowed_in", []))
        self.libraries = data.get("libraries", {})
        self.anywhere = tuple(data.get("anywhere", ["fmt/", "tl/expected.hpp"]))
        self.outside = data.get("outside", {})

    def allowed_layers(self, path):
        """Layers that `path` may include, and the name to call it by in a message."""
        top = path.split("/")[0]
        if top == "engine":
            layer = path.split("/")[1]
            return {layer, *self.layers.get(layer, [])}, f"layer {layer}"
        return set(self.outside.get(top, [])), top

    def check_library(self, path, target):
        for prefix, homes in self.libraries.items():
            if target.startswith(prefix):
                if any(path.startswith(home) for home in homes):
                    return None
                return f"library {prefix} is allowed only in: {', '.join(homes)}"
        if target.startswith(self.anywhere) or SYSTEM.match(target):
            return None
        return f"{target} belongs to no library of tools/layers.json"

    def check(self, path, target, quoted):
        """What is wrong with this include, or None."""
        top, first = path.split("/")[0], target.split("/")[0]
        if first == "assay" and "/" in target:
            if top == "engine" and path.split("/")[1] not in self.api:
                return f"plugin-api headers are allowed only in: {', '.join(sorted(self.api))}"
            return None
        if "/" in target and (first in self.layers or first in self.outside):
            allowed, who = self.allowed_layers(path)
            if first in allowed or first == top:
                return None
            return f"{who} may include: {', '.join(sorted(allowed)) or 'no layer of the engine'}"
        if quoted and not any(target.startswith(prefix) for prefix in self.libraries):
            return None  # a file of its own folder
        return self.check_library(path, target)


def unknown_layers(root, rule):
    engine = root / "engine"
    names = [p.name for p in engine.iterdir() if p.is_dir()] if engine.is_dir() else []
    for name in sorted(names):
        if name not in rule.layers and any(engine.joinpath(name).rglob("*.[hc]*")):
            yield f"engine/{name}: layer is not in tools/layers.json (known: {', '.join(sorted(rule.layers))})"
    for name, targets in rule.layers.items():
        for target in targets:
            if target not in rule.layers and target not in rule.outside:
                yield f"tools/layers.json: layer {name} names {target}, which is none"


def main(argv):
    common.help_or_go_on(__doc__, argv)
    root = common.tree_root(argv)
    rule = Rule(json.loads((root / "tools/layers.json").read_text()))
    problems = list(unknown_layers(root, rule))
    problems += [f"tools/layers.json: cycle: {cycle}" for cycle in cycles(rule.layers)]
    paths = common.files(root, common.CODE, FOLDERS)
    for path in paths:
        if len(pathlib.PurePosixPath(path).parts) < 3 and path.startswith("engine/"):
            continue
        for number, line in enumerate(common.read(root, path).split("\n"), 1):
            match = INCLUDE.match(line)
            wrong = match and rule.check(path, match.group(1) or match.group(2), bool(match.group(1)))
            if wrong:
                problems.append(f"{path}:{number}: {line.strip()}\n    {wrong}")
    return common.finish("lint-layers", problems, f"{len(paths)} files", "tools/lint-layers.py --help says what to do.")


if __name__ == "__main__":
    sys.exit(main(sys.argv))
