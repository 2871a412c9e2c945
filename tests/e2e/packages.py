"""Packages for the trust scenarios: compiled from guest.c with any manifest, signed, installed, and broken."""
import hashlib
import pathlib
import re
import shutil
import subprocess

from scenario import Scenario

SOURCE = pathlib.Path(__file__).resolve().parents[2]
ID = "guest-review"
ORGANIZATION = ("guest-organization", "/organization", "Organization.Read.All")
SIGN_INS = ("guest-sign-ins", "/auditLogs/signIns", "AuditLog.Read.All")
FLAGS = ["-shared", "-fPIC", "-fvisibility=hidden", "-O1", "-Wl,-z,noexecstack", "-Wl,-z,relro", "-Wl,-z,now",
         f"-Wl,--version-script={SOURCE}/plugin-api/plugin.version", f"-I{SOURCE}/plugin-api/include"]
CHECK = """[[check]]
id = "{0}-exists"
version = 1
title = "There is a thing"
severity = "low"
subject = "guest_thing"
reads = ["guest_thing"]
rationale = "Shows that a plugin of somebody else ran."
remediation = "None: this is a test."
sql = "SELECT id AS subject, 'pass' AS verdict, '' AS detail FROM guest_thing"
"""


def manifest_text(version, endpoints, plugin=ID, kind="collector", abi="1.0", needs='"assay.read/1", "assay.emit/1"', extra=""):
    tables = "".join(f'[[endpoint]]\nid = "{name}"\nhost = "graph"\nversion = "v1.0"\npath = "{path}"\npaging = "odata"\n'
                     f'permission = "{permission}"\ndatasets = ["guest_thing"]\n' for name, path, permission in endpoints)
    dataset = ('[[dataset]]\nid = "guest_thing"\nkey = ["id"]\nsubject = "id"\nsubject_type = "thing"\ndata_class = "directory"\n'
               'columns = [{ name = "id", type = "text" }]\n')
    return (f'id = "{plugin}"\nversion = "{version}"\nkind = "{kind}"\nabi = "{abi}"\ntitle = "Guests, looked at"\n'
            f'needs = [{needs}]\n{tables}{dataset}{extra}')


def compile_plugin(target, manifest, *defines):
    """One shared object with this text as its manifest note."""
    (target.parent / "m.toml").write_text(manifest)
    note = (SOURCE / "cmake/manifest_note.S.in").read_text().replace("@manifest@", str(target.parent / "m.toml"))
    (target.parent / "note.S").write_text(note)
    subprocess.run(["cc", *FLAGS, '-DGREETING="x"', *defines, SOURCE / "tests/e2e/guest.c", target.parent / "note.S", "-o", target],
                   check=True)
    for name in ("m.toml", "note.S"):
        (target.parent / name).unlink()


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def framework_that_satisfies(folder):
    """One control, satisfied whatever its check says."""
    folder.mkdir(parents=True)
    compile_plugin(folder / f"{folder.name}.so", f'id = "{folder.name}"\nversion = "1.0"\nkind = "framework"\nabi = "1.0"\n'
                   'title = "Rules"\nneeds = ["assay.framework/1"]\n', "-DFRAMEWORK")
    (folder / "controls.toml").write_text(f'id = "{folder.name}"\nversion = "1"\ntitle = "Rules of the house"\n[[control]]\n'
                                          'id = "R.1"\ntitle = "Guests"\ngroup = "People"\nautomation = "partial"\n')
    (folder / "mapping.toml").write_text(f'[[map]]\ncontrol = "R.1"\nchecks = ["{ID}-exists"]\n')
    return folder


class WithPackages(Scenario):
    """`assay` with an author's key, and packages made on demand."""

    def keygen(self, name="maria@example", out="author"):
        done = self.assay("plugin", "keygen", "--name", name, "--out", out, "--json")
        self.assertEqual(done.code, 0, done.text)
        return done.json()["data"]

    def package(self, version="0.1.0", endpoints=(ORGANIZATION,), plugin=ID, where="made", sign="author", **manifest):
        folder = self.home / where / version / plugin
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "checks").mkdir(parents=True)
        compile_plugin(folder / f"{plugin}.so", manifest_text(version, endpoints, plugin, **manifest))
        (folder / "checks" / "guests.toml").write_text(CHECK.format(plugin))
        return self.finish(folder, sign)

    def framework(self, plugin="guest-rules", sign="author"):
        return self.finish(framework_that_satisfies(self.home / "frameworks" / plugin), sign)

    def finish(self, folder, sign):
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        if sign:
            self.ok("plugin", "sign", str(folder), "--key", sign)
        return folder

    def ok(self, *words, **options):
        done = self.assay(*words, **options)
        self.assertEqual(done.code, 0, done.text)
        return done

    def refused(self, code, *words, told=(), exit=8, **options):
        """The command is refused with this code and these words, and nothing asked the tenant."""
        done = self.assay(*words, **options)
        self.assertEqual(done.code, exit, done.text)
        for word in (f"error[{code}]" if code else "error", *told):
            self.assertIn(word, done.err)
        return done

    def installed(self, *versions, grant=True, **package):
        """Configured, installed and, unless told otherwise, granted; gives the folder in use."""
        self.author = self.keygen()
        self.configure(self.access, [])
        for version in versions or ("0.1.0",):
            done = self.ok("plugin", "install", str(self.package(version, **package)), "--json").json()["data"]
        self.block = done["config"]
        self.add(self.block)
        if grant:
            self.ok("plugin", "grant", package.get("plugin", ID), "--yes")
        return pathlib.Path(done["folder"])

    def add(self, text):
        path = self.home / "assay.toml"
        path.write_text(path.read_text().replace("[sandbox]", text + "\n[sandbox]", 1))

    def lock(self):
        return self.home / "assay-plugins.lock"

    def change_lock(self, pattern, new):
        text = self.lock().read_text()
        changed = re.sub(pattern, new, text, count=1)
        self.assertNotEqual(changed, text, pattern)
        self.lock().write_text(changed)

    def started(self, number=-1):
        return [line for line in self.lines() if line["kind"] == "run.started"][number]
