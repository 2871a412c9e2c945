#!/usr/bin/env python3
"""Gallery of broken plugins, one sin each: `assay plugin check` must refuse every one with the telling words, and pass the
same plugin without the sin. Built here with the compiler of the machine, as an author would build them."""
import concurrent.futures
import os
import pathlib
import struct
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[2]
BUILD = pathlib.Path(os.environ["ASSAY_BUILD"])
ASSAY = BUILD / "bin/assay"

MANIFEST = '''
id = "gallery"
version = "1.0.0"
kind = "collector"
abi = "1.0"
title = "Things of the gallery"
needs = ["assay.read/1", "assay.emit/1"]
[[endpoint]]
id = "gallery-things"
host = "graph"
version = "v1.0"
path = "/things"
paging = "odata"
permission = "Organization.Read.All"
datasets = ["gallery_thing"]
[[dataset]]
id = "gallery_thing"
key = ["id"]
subject = "id"
subject_type = "thing"
data_class = "directory"
columns = [
  { name = "id", type = "text" },
  { name = "since", type = "time" },
  { name = "note", type = "text" },
]
'''
FRAMEWORK = '''
id = "gallery"
version = "1.0.0"
kind = "framework"
abi = "1.0"
title = "Rules of the gallery"
needs = ["assay.framework/1"]
'''
CONTROLS = '''
id = "gallery"
version = "1"
title = "Rules of the gallery"
[[control]]
id = "G.1"
title = "One"
group = "g"
automation = "partial"
[[control]]
id = "G.2"
title = "Two"
group = "g"
automation = "partial"
[[control]]
id = "G.3"
title = "Three"
group = "g"
automation = "manual"
'''
MAPPING = '[[map]]\ncontrol = "G.1"\nchecks = ["a", "b"]\n[[map]]\ncontrol = "G.2"\nchecks = ["b"]\n'
BODY = '{"value":[{"id":"one"},{"id":"two"},{"id":"three"}]}'


def note(manifest):
    """The assembler text of the manifest note, from the file that every plugin is built with."""
    return (SOURCE / "cmake/manifest_note.S.in").read_text().replace("@manifest@", str(manifest))


class Elf:
    """Just enough of ELF64 to break it."""

    def __init__(self, data):
        self.data = bytearray(data)

    def headers(self):
        offset, = struct.unpack_from("<Q", self.data, 32)
        size, count = struct.unpack_from("<HH", self.data, 54)
        return [offset + size * i for i in range(count)]

    def segment(self, kind, flags=None):
        for at in self.headers():
            found, has = struct.unpack_from("<II", self.data, at)
            if found == kind and (flags is None or has & flags):
                return at
        raise KeyError(kind)

    def put(self, form, at, value):
        struct.pack_into(form, self.data, at, value)

    def dynamic(self, tag):
        at, = struct.unpack_from("<Q", self.data, self.segment(2) + 8)
        while True:
            found, = struct.unpack_from("<q", self.data, at)
            if found == tag:
                return at
            if found == 0:
                raise KeyError(tag)
            at += 16


LOAD, DYNAMIC, INTERP, STACK, EH_FRAME = 1, 2, 3, 0x6474E551, 0x6474E550
SPARE = 0x6FFFFFF9  # DT_RELACOUNT: its place takes the tag that is tried


def header(at, form, value):
    return lambda elf: elf.put(form, at, value)


def segment(kind, offset, form, value, flags=None):
    return lambda elf: elf.put(form, elf.segment(kind, flags) + offset, value)


def tag(value):
    return lambda elf: elf.put("<q", elf.dynamic(SPARE), value)


def text(old, new):
    def change(elf):
        at = elf.data.find(old)
        elf.data[at:at + len(old)] = new
    return change


# name: (words, patch of the finished file). The rules of docs/formats/plugin-package.md, one each.
FILES = {
    "not-elf": ("not an ELF object", header(1, "<B", 0x65)),
    "32-bit": ("not 64 bit", header(4, "<B", 1)),
    "big-endian": ("not little endian", header(5, "<B", 2)),
    "os-abi": ("OS ABI", header(7, "<B", 9)),
    "program": ("not a shared object", header(16, "<H", 2)),
    "machine": ("neither x86-64 nor AArch64", header(18, "<H", 3)),
    "no-segments": ("0 segments", header(56, "<H", 0)),
    "writable-code": ("is writable and executable", segment(LOAD, 4, "<I", 7, flags=1)),
    "no-stack": ("exactly one PT_GNU_STACK", segment(STACK, 0, "<I", 0)),
    "executable-stack": ("stack is executable", segment(STACK, 4, "<I", 5)),
    "interpreter": ("names an interpreter", segment(EH_FRAME, 0, "<I", INTERP)),
    "unknown-segment": ("unknown type", segment(EH_FRAME, 0, "<I", 0x12345678)),
    "too-much-memory": ("bytes of memory", segment(LOAD, 40, "<Q", 1 << 40, flags=2)),
    "outside-the-file": ("beyond the end of the file", segment(LOAD, 32, "<Q", 2**64 - 1, flags=1)),
    "no-dynamic": ("exactly one PT_DYNAMIC", segment(DYNAMIC, 0, "<I", 0)),
    "rpath": ("DT_RPATH", tag(15)),
    "runpath": ("DT_RUNPATH", tag(29)),
    "audit": ("DT_AUDIT", tag(0x6FFFFEFC)),
    "depaudit": ("DT_DEPAUDIT", tag(0x6FFFFEFB)),
    "config": ("DT_CONFIG", tag(0x6FFFFEFA)),
    "filter": ("DT_FILTER", tag(0x7FFFFFFF)),
    "auxiliary": ("DT_AUXILIARY", tag(0x7FFFFFFD)),
    "textrel": ("DT_TEXTREL", tag(22)),
    "preinit": ("DT_PREINIT_ARRAY", tag(32)),
    "unknown-tag": ("is not known", tag(0x60000A55)),
    "tag-twice": ("comes twice", tag(5)),
    "foreign-library": ('needs the library "libz.so.6"', text(b"libc.so.6\0", b"libz.so.6\0")),
    "other-symbol": ("only assay_plugin_v1 may be exported", text(b"\0assay_plugin_v1\0", b"\0assay_plugin_v2\0")),
    "no-note": ("0 manifest notes", text(b"\1\0\0\0assay\0", b"\1\0\0\0Assay\0")),
    "cut": ("", lambda elf: elf.data.__delitem__(slice(len(elf.data) // 2, None))),
}

# name: (words, change of the manifest).
MANIFESTS = {
    "abi-2": ("abi", ('abi = "1.0"', 'abi = "2.0"')),
    "abi-minor": ("needs minor 7", ('abi = "1.0"', 'abi = "1.7"')),
    "other-id": ("its manifest says id", ('id = "gallery"\n', 'id = "painting"\n')),
    "unknown-key": ("colour", ('title =', 'colour = "red"\ntitle =')),
    "no-toml": ("manifest", ('id = "gallery"\n', 'id = \n')),
    "unknown-extension": ('this host has no extension "assay.write/1"', ("assay.emit/1", "assay.write/1")),
    "framework-extension": ("this host offers no assay.framework/1 to a collector", ("assay.emit/1", "assay.framework/1")),
    "dots-in-path": ("path", ('path = "/things"', 'path = "/things/../users"')),
    "write-permission": ("Organization.ReadWrite.All", ("Organization.Read.All", "Organization.ReadWrite.All")),
    "content": ("was refused", ('path = "/things"', 'path = "/users/messages"')),
    "key-no-column": ("key", ('key = ["id"]', 'key = ["number"]')),
    "feeds-nothing-known": ("gallery_other", ('datasets = ["gallery_thing"]', 'datasets = ["gallery_other"]')),
    "post": ("was refused", ('paging = "odata"', 'paging = "odata"\nread_post = "delete-everything"')),
}

# name: (words, compiler definitions). Descriptor and contract.
COLLECTORS = {
    "magic": ("assay_plugin_v1.magic", ["-DMAGIC=1"]),
    "size": ("assay_plugin_v1.size", ["-DSIZE=40"]),
    "major": ("assay_plugin_v1.abi_major", ["-DMAJOR=2"]),
    "minor": ("assay_plugin_v1.abi_minor", ["-DMINOR=9"]),
    "reserved": ("assay_plugin_v1.reserved", ["-DRESERVED=5"]),
    "no-create": ("assay_plugin_v1.create: is null", ["-DCREATE=NULL"]),
    "no-run": ("assay_plugin_v1.run: is null", ["-DRUN=NULL"]),
    "no-destroy": ("assay_plugin_v1.destroy: is null", ["-DDESTROY=NULL"]),
    "no-symbol": ("exports assay_plugin_v1 0 times", ["-DSIN_NO_SYMBOL"]),
    "two-symbols": ("only assay_plugin_v1 may be exported", ["-DSIN_TWO_SYMBOLS", "-DKEEP_ALL"]),
    "indirect-function": ("IFUNC|indirect function|IRELATIVE", ["-DSIN_IFUNC"]),
    "bad-time": ("since is no RFC 3339 time", ["-DSIN_BAD_TIME"]),
    "clock": ("two runs differ", ["-DSIN_CLOCK"]),
    "address": ("two runs differ", ["-DSIN_ADDRESS"]),
    "unmarked": ("rests on record 1000", ["-DSIN_UNMARKED"]),
    "crash-on-cut": ("crashed", ["-DSIN_CRASH_ON_CUT"]),
    "trusts-a-cut-body": ("says complete with", ["-DSIN_TRUST_CUT"]),
    "crash-on-429": ("429: crashed", ["-DSIN_CRASH_ON_429"]),
    "no-null-check": ("SIGSEGV", ["-DSIN_NO_NULL_CHECK"]),
    "no-malloc-check": ("SIGSEGV", ["-DSIN_MALLOC"]),
    "copy-to-the-stack": ("SIG", ["-DSIN_COPY_TO_STACK"]),
    "ignores-a-refused-request": ("says complete with 0 rows", ["-DSIN_IGNORE_REQUEST", "-DSIN_SILENT_ERROR"]),
    "ignores-cancel": ("cpu_limit|timed_out", ["-DSIN_IGNORE_CANCEL"]),
    "returns-a-number": ("run returned 77", ["-DSIN_RETURN_NUMBER"]),
}
# Threads: asked for, and used wrongly.
THREADED = {
    "calls-the-host": ("called the host on another thread", ["-DSIN_THREAD_CALLS"]),
    "tells-how-many": ("two runs differ", ["-DSIN_THREAD_COUNT"]),
    "needs-all-of-them": ("SIGABRT|SIGSEGV", ["-DSIN_NEEDS_THREADS"]),
}
FRAMEWORKS = {
    "crash": ("crashed", ["-DSIN_CRASH"]),
    "leaves-one": ("has no conclusion", ["-DSIN_LEAVES_ONE"]),
    "twice": ("was concluded already", ["-DSIN_TWICE"]),
    "unknown-state": ("state 99 is unknown", ["-DSIN_UNKNOWN_STATE"]),
    "always-satisfied": ("although no check is mapped", ["-DSIN_ALWAYS_SATISFIED"]),
    "absence-passes": ("although no mapped check passed", ["-DSIN_ABSENCE_PASSES"]),
    "no-status-check": ("crashed", ["-DSIN_NO_STATUS_CHECK"]),
}
# Built with the project, for whole runs too: words of the kit for the same sins.
BUILT = {
    "crash": "crashed", "loop": "cpu_limit", "flood-rows": "rows: quota of 100000 is used up",
    "flood-requests": "reads: quota of 200 is used up", "bad-marks": "do not hold", "bad-link": "was refused", "exit": "exited",
    "memory": "memory_limit|crashed", "constructor": "SIGSEGV", "error": "this plugin always fails",
    "null-key": "key is null", "hang": "flooded: denied_calls", "raw-frame": "protocol_error",
}


class Gallery(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.fixture = cls.folder / "fixture"
        cls.fixture.mkdir()
        (cls.fixture / "gallery-things.json").write_text(BODY)
        cls.good = cls.build("good", MANIFEST, []).read_bytes()

    @classmethod
    def build(cls, name, manifest, flags, source="gallery.c"):
        """The package <folder>/<name>/gallery with its library."""
        home = cls.folder / name / "gallery"
        home.mkdir(parents=True)
        (home.parent / "manifest.toml").write_text(manifest)
        (home.parent / "note.S").write_text(note(home.parent / "manifest.toml"))
        script = [] if "-DKEEP_ALL" in flags else [f"-Wl,--version-script={SOURCE}/plugin-api/plugin.version"]
        library = home / "gallery.so"
        done = subprocess.run(
            ["gcc", "-std=gnu11", "-O1", "-shared", "-fPIC", "-fvisibility=hidden", "-Wl,-z,noexecstack", "-Wl,-z,relro",
             "-Wl,-z,now", *script, "-I", str(SOURCE / "plugin-api/include"), *flags, str(HERE / "gallery" / source),
             str(home.parent / "note.S"), "-o", str(library)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        if source == "framework.c":
            (home / "controls.toml").write_text(CONTROLS)
            (home / "mapping.toml").write_text(MAPPING)
        return library

    def check(self, package, *more):
        return subprocess.run([str(ASSAY), "plugin", "check", str(package), *map(str, more)], capture_output=True,
                              text=True, check=False, timeout=280, stdin=subprocess.DEVNULL)

    def refused(self, name, package, words, *more):
        done = self.check(package, *more)
        said = done.stdout + done.stderr
        if done.returncode != 8:
            return f"{name}: exit {done.returncode}, not 8\n{said[-1500:]}"
        if not any(word in said for word in words.split("|")):
            return f"{name}: does not say {words!r}\n{said[-1500:]}"
        return ""

    def all_refused(self, jobs):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            problems = [p for p in pool.map(lambda job: self.refused(*job), jobs) if p]
        self.assertEqual("\n".join(problems), "")

    def test_the_same_plugins_without_a_sin_pass(self):
        for package, more in [(self.folder / "good/gallery", ["--fixture", self.fixture]),
                              (self.build("good-framework", FRAMEWORK, [], "framework.c"), [])]:
            done = self.check(package, *more)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn(" 0 failed", done.stdout)

    def test_every_rule_for_the_file_is_kept(self):
        jobs = []
        for name, (words, patch) in FILES.items():
            elf = Elf(self.good)
            patch(elf)
            home = self.folder / f"file-{name}" / "gallery"
            home.mkdir(parents=True)
            (home / "gallery.so").write_bytes(elf.data)
            jobs.append((name, home, words))
        self.all_refused(jobs)

    def test_every_rule_for_the_manifest_is_kept(self):
        jobs = []
        for name, (words, (old, new)) in MANIFESTS.items():
            self.assertIn(old, MANIFEST, name)
            library = self.build(f"manifest-{name}", MANIFEST.replace(old, new, 1), [])
            jobs.append((name, library, words, "--fixture", self.fixture))
        self.all_refused(jobs)

    def test_descriptor_and_contract_of_a_collector_are_kept(self):
        self.all_refused([(name, self.build(f"collector-{name}", MANIFEST, flags), words, "--fixture", self.fixture)
                          for name, (words, flags) in COLLECTORS.items()])

    def test_threads_are_given_and_change_nothing_that_is_emitted(self):
        """[CL-5]"""
        wanted = MANIFEST + "[limits]\nthreads = 4\n"
        cases = self.folder / "threads.xml"
        done = self.check(self.build("threads", wanted, [], "threads.c"), "--fixture", self.fixture, "--junit", cases)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        if "gives one thread" in cases.read_text():
            self.skipTest("SKIPPED: this machine's tier gives no threads")
        for count in (1, 2):
            self.assertIn(f"{count} instead of 4 threads", cases.read_text())
        self.all_refused([(name, self.build(f"threads-{name}", wanted, flags, "threads.c"), words, "--fixture", self.fixture)
                          for name, (words, flags) in THREADED.items()])

    def test_a_plugin_that_did_not_ask_for_threads_gets_none(self):
        library = self.build("threads-unasked", MANIFEST, [], "threads.c")
        done = subprocess.run([str(ASSAY), "plugin", "test", str(library), "--fixture", str(self.fixture)],
                              capture_output=True, text=True, check=False, timeout=280, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 8, done.stdout + done.stderr)
        self.assertIn("no refused system call", done.stdout)
        self.assertIn("clone (3 times)", done.stdout)

    def test_the_contract_of_a_framework_is_kept(self):
        self.all_refused([(name, self.build(f"framework-{name}", FRAMEWORK, flags, "framework.c"), words)
                          for name, (words, flags) in FRAMEWORKS.items()])

    def test_what_whole_runs_survive_is_named_here_too(self):
        fixture = self.folder / "organization"
        fixture.mkdir()
        (fixture / "graph-organization.json").write_text('{"value":[{"id":"0f1c5000-0000-4000-8000-000000000001"}]}')
        self.all_refused([(name, BUILD / "lib/assay-broken" / f"broken-{name}", words, "--fixture", fixture)
                          for name, words in BUILT.items()])


if __name__ == "__main__":
    unittest.main()
