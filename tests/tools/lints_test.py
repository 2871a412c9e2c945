"""The other lints, each on a tree with one planted violation and on one without."""
import hashlib

from lint_case import LintCase


class Terms(LintCase):
    def test_refuses_a_wrong_word_in_a_document(self):
        self.plant("docs/a.md", "One\nThe customer signs.\n")
        self.assert_finds("lint-terms.py", 'docs/a.md:2: "customer": say tenant')

    def test_refuses_a_wrong_word_in_a_comment_and_a_message(self):
        self.plant("engine/x.cc", '// A waiver.\nauto m = "the merkle root differs";\n')
        self.assert_finds("lint-terms.py", "x.cc:1", "x.cc:2", "say root hash")

    def test_leaves_names_and_lone_words_alone(self):
        self.plant("engine/x.cc", 'int customer = Scanner(); auto key = "customer"; auto url = "http://x/customers";\n')
        self.assert_clean("lint-terms.py")

    def test_honours_the_allow_file(self):
        self.plant("docs/a.md", "The customer signs.\n")
        self.plant("tools/terms-allow.txt", "docs/*: customer  # quoted\n")
        self.assert_clean("lint-terms.py")


class DocLinks(LintCase):
    def test_finds_a_dead_link(self):
        self.plant("README.md", "see [that](docs/no.md)\n")
        self.assert_finds("lint-doc-links.py", "README.md:1: link to docs/no.md")

    def test_finds_a_dead_heading(self):
        self.plant("README.md", "[x](a.md#two) [y](a.md#one-more)\n")
        self.plant("a.md", "# One more\n")
        self.assert_finds("lint-doc-links.py", "link to a.md#two", "1 problem.")

    def test_finds_a_missing_file_named_in_a_comment(self):
        self.plant("engine/x.h", "// docs/formats/{here,gone}.md are normative\n")
        self.plant("docs/formats/here.md", "")
        self.assert_finds("lint-doc-links.py", "engine/x.h:1: names docs/formats/gone.md", "1 problem.")

    def test_leaves_patterns_web_links_and_fences_alone(self):
        self.plant("README.md", "`docs/decisions/*.md` [w](https://x.example/docs/a.md)\n```\n[x](no.md)\n```\n")
        self.assert_clean("lint-doc-links.py")


class Sizes(LintCase):
    def test_refuses_a_file_over_the_hard_limit(self):
        self.plant("engine/x.cc", "int x;\n" * 801)
        self.plant("tests/x.cc", "int x;\n" * 899)
        self.assert_finds("size-report.py", "engine/x.cc: 801 lines, at most 800", "1 problem.")

    def test_counts_a_long_function_not_braces_in_text(self):
        self.plant("engine/x.cc", "namespace a {\nint F(int x) {\n" + '  g("{");  // {\n' * 70 + "}\n}\nint G() { return 1; }\n")
        status, out = self.lint("size-report.py")
        self.assertEqual(status, 0, out)
        self.assertIn("72 lines  engine/x.cc:2: F", out)


class House(LintCase):
    def test_finds_undone_work_and_hollow_tests_and_machine_paths(self):
        self.plant("engine/x.cc", "// TODO(now): later\n")
        self.plant("tests/x.cc", "REQUIRE(true);\n")
        self.plant("docs/x.md", "see /home/" + "somebody/notes\n")
        self.assert_finds("lint-house.py", "engine/x.cc:1: not done", "tests/x.cc:1: a test that proves nothing",
                          "docs/x.md:1: path of one machine")

    def test_finds_a_promised_name_and_a_library_missing(self):
        self.plant("engine/x.cc", "#include <openssl/evp.h>\n")
        self.plant("CMakeLists.txt", "OpenSSL::Crypto\n")
        status, out = self.lint("lint-house.py")
        self.assertEqual(status, 1)
        self.assertIn("plugins/graph: is not there", out)
        self.assertIn("Boost.DLL: no source includes it", out)
        self.assertNotIn("OpenSSL:", out)

    def test_wants_the_two_commands_first_in_the_readme(self):
        self.plant("README.md", "```\nmake\n```\n```\n./tools/demo ./tools/test\n```\n")
        self.assert_finds("lint-house.py", "does not show ./tools/demo", "does not show ./tools/test")


class Abi(LintCase):
    def test_accepts_plain_c(self):
        self.plant("plugin-api/include/assay/a.h", "#ifndef A_H\n#define A_H\ntypedef struct a { int x; } a_t;\n#endif\n")
        self.assert_clean("lint-abi")

    def test_refuses_a_change_of_a_frozen_header_and_of_its_layout(self):
        header = "#ifndef A_H\n#define A_H\ntypedef struct a { int x; } a_t;\n#endif\n"
        layout = '#include "assay/a.h"\ntypedef char a_holds[sizeof(a_t) == 4 ? 1 : -1];\n'
        self.plant("plugin-api/include/assay/a.h", header)
        self.plant("plugin-api/abi/layout_v1.inc", layout)
        digest = hashlib.sha256(header.encode()).hexdigest()
        self.plant("plugin-api/abi/headers_v1.sha256", f"{digest}  a.h\n")
        self.assert_clean("lint-abi")
        self.plant("plugin-api/include/assay/a.h", header.replace("int x;", "int x; int y;"))
        self.assert_finds("lint-abi", "a header is not the frozen one", "the frozen layout does not compile")

    def test_refuses_what_c99_does_not_know(self):
        self.plant("plugin-api/include/assay/a.h", "#ifndef A_H\n#define A_H\nenum a : int { X };\n#endif\n")
        self.assert_finds("lint-abi", "does not compile with gcc -std=c99")
