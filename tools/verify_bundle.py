#!/usr/bin/env python3
"""The part of verify.py for what is handed out of a ledger: bundles (proof-bundle.md: an entry or a
record alone, a signed head grown from another) and backups (backup.md).
usage: verify.py DIR|FILE runs it; python3 verify_bundle.py --help says so
"""
import contextlib
import re

from verify import (Finding, Keys, Ledger, at, b64, check_signature, fold, frontier, need,
                    parse_line, parse_object, parse_vkey, sha256, unb64)


def follow(node, last, path, old, prefix=b"\1"):
    "Both hashes that a path leads to (RFC 9162 2.1.3.2, 2.1.4.2): of the left nodes, and of all."
    new = old
    for other in path:
        need(last, "path is too long")
        if node & 1 or node == last:
            old, new = sha256(prefix, other, old), sha256(prefix, other, new)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            new = sha256(prefix, new, other)
        node, last = node >> 1, last >> 1
    need(not last, "path is too short")
    return old, new


def walk(steps, args):
    "Member `keys`: the first key, then handovers: with signatures a rotation, without an epoch."
    keys = Keys(steps[0].partition("+")[0])
    for number, step in enumerate(steps):
        vkey, *signatures = step.split(" ")
        need(not signatures or number and len(signatures) == 2, "keys hold something else")
        kind = "key.rotated" if signatures else "epoch.started" if number else "key.created"
        says = dict(zip(("vkey", "signature_old", "signature_new"), (vkey, *signatures)))
        keys.take(number, kind, says)
    keys.check_trust(args.key)
    return keys


def check_record(record, body):
    leaves = body["records"] + (body["scheme"] == "rec/1")
    need(len(record) == 5 and record["segments"] == leaves > record["segment"], "no such segment")
    leaf = sha256(b"\2", unb64(record["salt"], 16), unb64(record["bytes"]))
    path = [unb64(text, 32) for text in record["path"]]
    need(follow(record["segment"], leaves - 1, path, leaf, b"\3")[1] == unb64(body["root"]),
         "path leads to another root")


def verify_proof(data, args):
    with at("bundle"):
        head, blank, note = data.partition(b"\n\n")
        magic, extra, index, *path = head.decode().split("\n")
        need(magic == "c2sp.org/tlog-proof@v1" and blank and extra[:6] == "extra " and
             re.fullmatch("index (0|[1-9][0-9]{0,15})", index, re.ASCII), "no tlog-proof@v1")
        index, path = int(index[6:]), [unb64(text, 32) for text in path]
        says = parse_object(unb64(extra[6:]))
        need(says["format"] == "assay.proof/1" and
             says.keys() - {"record"} == {"format", "keys", "line"}, "no disclosure of version 1")
    with at("keys"):
        keys = walk(says["keys"], args)
    with at("checkpoint"):
        size, root = keys.open_note(note, keys.steps[-1:])
    with at(f"entry {index}", index):
        line = says["line"].encode()
        entry, leaf = parse_line(line), sha256(b"\0", line)
        need(entry["index"] == index < size, "is another, or beyond the checkpoint")
        need(follow(index, size - 1, path, leaf)[1] == root, "path leads to another root")
    with at("record"):
        if "record" in says:
            check_record(says["record"], entry["body"])
    return keys, size


def verify_consistency(data, args):
    with at("bundle"):
        says = parse_object(data)
        need(says["format"] == "assay.consistency/1" and
             says.keys() == {"format", "from", "keys", "path", "to"}, "no bundle of version 1")
    with at("keys"):
        keys = walk(says["keys"], args)
    with at("checkpoint"):
        size, root = keys.open_note(says["to"].encode(), keys.steps[-1:])
    with at("old checkpoint"):
        for step in keys.steps[::-1]:
            with contextlib.suppress(Exception):
                old_size, old_root = keys.open_note(says["from"].encode(), [step])
                break
        else:
            raise Finding("signed by none of the keys")
    with at("path"):
        path = [unb64(text, 32) for text in says["path"]]
        need(0 < old_size <= size, "sizes do not grow")
        node, last = old_size - 1, size - 1
        while node & 1:
            node, last = node >> 1, last >> 1
        first = path.pop(0) if node else old_root
        need(follow(node, last, path, first) == (old_root, root), "leads to other roots")
    return keys, size


def verify_backup(directory, args):
    "backup.md: the signed list of files, the files, the ledger, and that the list is of it."
    with at("manifest.json"):
        data = (directory / "manifest.json").read_bytes()
        says = parse_object(data)
        need(says["format"] == "assay.backup/1", "no backup of version 1")
        files = {file["path"]: [file["bytes"], file["sha256"]] for file in says["files"]}
        need(len(files) == len(says["files"]), "a file is named twice")
    with at("manifest.sig"):
        signature = (directory / "manifest.sig").read_bytes()
        check_signature(parse_vkey(says["vkey"])[1], data, signature)
    there = {path.name for path in directory.iterdir()} - {"manifest.json", "manifest.sig"}
    for name in sorted(there | files.keys()):
        with at(name):
            content = (directory / name).read_bytes()
            need([len(content), sha256(content).hex()] == files[name], "not what is listed")
    ledger = Ledger(directory, still=True)
    keys, size = ledger.verify(args)
    root = b64(fold(frontier(ledger.leaves)))
    wanted = {"epoch": keys.epoch, "origin": keys.steps[-1][2], "root": root,
              "size": size, "tenant": ledger.tenant, "vkey": keys.steps[-1][4]}
    need(says | wanted == says, "not of this ledger, or signed by another key", "manifest.json")
    return keys, size


def verify(path, args):
    if path.is_dir():
        return verify_backup(path, args)
    check = verify_consistency if path.suffix == ".tlog-consistency" else verify_proof
    return check(path.read_bytes(), args)
