"""What the tests of the kit share: an assay installed into a temporary prefix, and commands run against it."""
import os
import pathlib
import subprocess
import tempfile

BUILD = pathlib.Path(os.environ["ASSAY_BUILD"])
SOURCE = pathlib.Path(os.environ["ASSAY_SOURCE"])


def run(*command, cwd=None, expect=0):
    """The output of a command; an AssertionError with that output when it ends otherwise than expected."""
    done = subprocess.run([str(c) for c in command], cwd=cwd, capture_output=True, text=True, check=False, timeout=300,
                          stdin=subprocess.DEVNULL)
    if done.returncode != expect:
        raise AssertionError(f"{' '.join(map(str, command))}: exit {done.returncode}, not {expect}\n"
                             f"{done.stdout[-6000:]}{done.stderr[-6000:]}")
    return done.stdout + done.stderr


class Installed:
    """`with Installed() as assay`: assay.prefix, assay.work (an empty folder), assay("plugin", ...)."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.work = pathlib.Path(self.folder.name) / "work"
        self.prefix = pathlib.Path(self.folder.name) / "prefix"
        self.work.mkdir()
        run("cmake", "--install", BUILD, "--prefix", self.prefix)
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def __call__(self, *words, cwd=None, expect=0):
        return run(self.prefix / "bin/assay", *words, cwd=cwd or self.work, expect=expect)

    def build(self, source):
        """Configures and builds a project against the installed assay; its build folder."""
        folder = self.work / f"build-{source.name}"
        run("cmake", "-S", source, "-B", folder, f"-DCMAKE_PREFIX_PATH={self.prefix}", "-DCMAKE_BUILD_TYPE=Debug")
        run("cmake", "--build", folder)
        return folder
