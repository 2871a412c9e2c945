"""tools/lint-layers.py: each kind of forbidden include is found and told."""
import json

from lint_case import LintCase

RULE = {
    "layers": {"base": [], "ledger": ["base"], "worker": ["base"], "cli": ["base", "ledger"]},
    "plugin_api": {"allowed_in": ["worker"]},
    "libraries": {"sqlite3.h": ["engine/ledger/store"], "Poco/": ["engine/cli/"], "simdjson.h": ["plugins/"]},
}


class Layers(LintCase):
    def setUp(self):
        super().setUp()
        self.rule(RULE)

    def rule(self, data):
        self.plant("tools/layers.json", json.dumps(data))

    def test_accepts_a_tree_that_keeps_the_rule(self):
        self.plant("engine/ledger/store.cc", '#include <sqlite3.h>\n#include <vector>\n#include "base/x.h"\n#include "ledger/y.h"\n')
        self.plant("engine/worker/load.cc", '#include "assay/plugin.h"\n#include <sys/mman.h>\n')
        self.plant("plugins/graph/users.cc", '#include <assay/plugin.h>\n#include <simdjson.h>\n#include "users.h"\n')
        self.assert_clean("lint-layers.py")

    def test_names_an_include_that_points_up(self):
        self.plant("engine/base/x.cc", '\n#include "ledger/y.h"\n')
        self.assert_finds("lint-layers.py", 'engine/base/x.cc:2: #include "ledger/y.h"', "layer base may include: base")

    def test_names_a_plugin_that_reaches_into_the_engine(self):
        self.plant("plugins/graph/users.cc", '#include "base/x.h"\n')
        self.assert_finds("lint-layers.py", "plugins/graph/users.cc:1", "no layer of the engine")

    def test_names_the_files_that_may_use_a_library(self):
        self.plant("engine/ledger/other.cc", "#include <sqlite3.h>\n")
        self.plant("engine/base/http.cc", "#include <Poco/Net/Socket.h>\n")
        self.assert_finds("lint-layers.py", "other.cc:1", "engine/ledger/store", "http.cc:1", "engine/cli/")

    def test_names_a_library_that_nobody_decided_on(self):
        self.plant("engine/base/x.cc", "#include <nlohmann/json.hpp>\n")
        self.assert_finds("lint-layers.py", "nlohmann/json.hpp belongs to no library")

    def test_keeps_plugin_headers_to_the_worker(self):
        self.plant("engine/cli/x.cc", "#include <assay/plugin.h>\n")
        self.assert_finds("lint-layers.py", "plugin-api headers are allowed only in: worker")

    def test_sees_through_spaces_in_a_directive(self):
        self.plant("engine/base/x.cc", '#  include   "cli/y.h"\n')
        self.assert_finds("lint-layers.py", "engine/base/x.cc:1")

    def test_finds_a_folder_without_a_rule(self):
        self.plant("engine/extra/x.cc", "int x;\n")
        self.assert_finds("lint-layers.py", "engine/extra: layer is not in tools/layers.json")

    def test_finds_a_cycle_in_the_rule(self):
        self.rule({**RULE, "layers": {"base": ["cli"], "cli": ["base"]}})
        self.assert_finds("lint-layers.py", "cycle: base -> cli -> base")
