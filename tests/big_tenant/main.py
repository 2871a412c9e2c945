#!/usr/bin/env python3
"""A big tenant whose verdicts are known before anything is read.

  make-big-tenant check [SIZES] [--bin DIR] [--memory MIB]   a whole run of assay on it: every verdict compared, memory too
  make-big-tenant serve [SIZES]                              serves it on loopback until standard input closes
  make-big-tenant truth [SIZES]                              how many subjects pass, fail and are open, for each check

SIZES: --users N --devices N --states N --events N --rows N (charges: none, or a thousand and more); --small (2,000 users,
1,000 devices, 20,000 states, 2,000 events, 20,000 charges, the default) or --full (100,000, 50,000, 1,000,000, 500,000,
5,000,000). Every property is a function of an item's number (tests/big_tenant/shape.py, cost.py), so that the truth is
arithmetic and not another evaluation. Pages are made when they are asked for: nothing is kept on disk or in memory but the
cost export, which is a folder. Checks of the truth that are not built are named and left out.

exit: 0 held, 1 not, 2 wrong usage, 77 skipped
"""
import argparse
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]
SMALL = {"users": 2_000, "devices": 1_000, "states": 20_000, "events": 2_000, "rows": 20_000}
FULL = {"users": 100_000, "devices": 50_000, "states": 1_000_000, "events": 500_000, "rows": 5_000_000}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["check", "serve", "truth"])
    parser.add_argument("--bin", type=pathlib.Path, default=SOURCE / "build/dev/bin")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--small", action="store_true")
    for name in SMALL:
        parser.add_argument(f"--{name}", type=int)
    parser.add_argument("--subscriptions", type=int, default=10)
    parser.add_argument("--memory", type=int, default=512, metavar="MIB", help="what all processes of the run may hold together")
    parser.add_argument("--keep", type=pathlib.Path, help="work in this folder and leave it")
    args = parser.parse_args()
    sizes = FULL if args.full else SMALL
    args.sizes = {name: size if getattr(args, name) is None else getattr(args, name) for name, size in sizes.items()}
    return args


def make(args):
    from shape import Shape
    return Shape(subscriptions=args.subscriptions, **args.sizes)


def cloud_of(shape):
    from pages import Pages
    from scenario import FakeCloud

    class BigCloud(FakeCloud):
        """Every permission is a read; the pages are those of the shape."""

        def answer(self, method, target, body):
            return self.pages.answer(method, target, body)

    roles = ["Directory.Read.All", "AuditLog.Read.All", "Policy.Read.All", "User.Read.All", "Device.Read.All", "Application.Read.All",
             "DeviceManagementManagedDevices.Read.All", "DeviceManagementConfiguration.Read.All", "RoleManagement.Read.Directory"]
    cloud = BigCloud({"roles": roles})
    cloud.pages = Pages(shape, lambda: cloud.access["graph"])
    return cloud


def serve(args):
    cloud = cloud_of(make(args))
    print(json.dumps(cloud.access), flush=True)
    sys.stdin.read()
    cloud.stop()
    return 0


def tell_truth(args):
    from truth import truth_of
    for check, expected in sorted(truth_of(make(args)).items()):
        print(f"{check}: {expected.passing} pass, {len(expected.failing)} fail, {len(expected.open)} are open")
    return 0


def check(args):
    if not (args.bin / "assay").exists():
        print(f"SKIPPED: {args.bin}/assay is not built")
        return 77
    from cost import write_export
    from measure import Run
    from truth import truth_of
    shape = make(args)
    started = time.monotonic()
    truth = truth_of(shape)
    print(f"{args.sizes}: truth worked out in {time.monotonic() - started:.1f} s", flush=True)
    folder = args.keep or pathlib.Path(tempfile.mkdtemp(prefix="assay-big-"))
    folder.mkdir(parents=True, exist_ok=True)
    place = write_export(shape, folder / "costs") if shape.rows else ""
    cloud = cloud_of(shape)
    try:
        run = Run(args.bin, folder, cloud, place)
    finally:
        cloud.stop()
        if not args.keep:
            shutil.rmtree(folder, ignore_errors=True)
    wrong = run.differences(truth)
    for line in wrong:
        print(f"FAILED: {line}")
    print(f"{run.seconds:.1f} s, {len(cloud.log)} requests, {run.peak >> 20} MiB at the peak ({run.at_peak}), ledger {run.disk >> 20} MiB")
    if run.peak > args.memory << 20:
        wrong.append("memory")
        print(f"FAILED: more than {args.memory} MiB of memory")
    compared = [name for name in truth if name in run.verdicts]
    print(f"{len(compared)} checks compared, {sum(truth[one].subjects for one in compared)} verdicts; "
          f"not built: {', '.join(sorted(set(truth) - set(compared))) or 'none'}")
    print("held" if not wrong else f"{len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    chosen = arguments()
    os.environ["ASSAY_BIN"] = str(chosen.bin.resolve())
    chosen.bin = chosen.bin.resolve()
    sys.exit({"check": check, "serve": serve, "truth": tell_truth}[chosen.what](chosen))
