#!/usr/bin/env python3
"""Ledgers with one lie each, everything else linked and signed."""
from forge import A, B, C, ORIGIN, OPEN_END, Key, b64, cosignature, handover, sha256
from stories import Case, Story, body_of, entry, main, read, sql


class Lies(Case):
    """[CL-12] [VE-11] [CM-1] What is wrong is refused by both, at the same place."""

    def test_keys(self):
        other = Key("intruder")
        wrong = b64(bytes(64))
        self.each([
            ("forged old signature", lambda s: s.change(s.rotated, signature_old=wrong),
             entry("rotated")),
            ("forged new signature", lambda s: s.change(s.rotated, signature_new=wrong),
             entry("rotated")),
            ("old signature of another key",
             lambda s: s.change(s.rotated, signature_old=handover(other, B)["signature_old"]),
             entry("rotated")),
            ("signatures exchanged", lambda s: s.change(
                s.rotated, signature_old=handover(A, B)["signature_new"],
                signature_new=handover(A, B)["signature_old"]), entry("rotated")),
            ("rotation to a key with another name",
             lambda s: s.change(s.rotated, **handover(A, B, "assay.example/fabrikam")),
             entry("rotated")),
            ("fingerprint of another key",
             lambda s: s.change(s.rotated, fingerprint=C.fingerprint()), entry("rotated")),
            ("previous is another key", lambda s: s.change(s.rotated, previous=C.fingerprint()),
             entry("rotated")),
            ("no previous", lambda s: s.drafts[s.rotated].pop("previous"), entry("rotated")),
            ("another algorithm", lambda s: s.change(s.rotated, algorithm="rsa"), entry("rotated")),
            ("no vkey", lambda s: s.drafts[s.rotated].pop("vkey"), entry("rotated")),
            ("rotation of a key that is no more in force",
             lambda s: s.add("key.rotated", **handover(A, C, s.name)),
             lambda s: f"entry {len(s.drafts) - 1}"),
            ("rotation under the name of an epoch before",
             lambda s: s.add("key.rotated", **handover(B, C, ORIGIN)),
             lambda s: f"entry {len(s.drafts) - 1}"),
            ("a second first key", lambda s: s.add(
                "key.created", algorithm="ed25519", vkey=C.vkey(), fingerprint=C.fingerprint()),
             lambda s: f"entry {len(s.drafts) - 1}"),
            ("first key of another origin", lambda s: s.change(0, origin="assay.example/other"),
             "entry 1"),
            ("ledger begins twice", lambda s: s.add("tenant.created", origin=ORIGIN),
             lambda s: f"entry {len(s.drafts) - 1}"),
        ])

    def test_checkpoints(self):
        def signers(story, size, *keys):
            story.signed = [(at, keys if at == size else old) for at, old in story.signed]

        def at(size):
            return lambda s: f"checkpoint {getattr(s, size)}"

        epoch = ORIGIN + "/epoch-2"
        self.each([
            ("after rotation signed by the old key only",
             lambda s: signers(s, s.rotated_size, (ORIGIN, A)), at("rotated_size")),
            ("after rotation signed by the new key only",
             lambda s: signers(s, s.rotated_size, (ORIGIN, B)), at("rotated_size")),
            ("after rotation signed in the wrong order",
             lambda s: signers(s, s.rotated_size, (ORIGIN, B), (ORIGIN, A)), at("rotated_size")),
            ("after rotation with another old key",
             lambda s: signers(s, s.rotated_size, (ORIGIN, C), (ORIGIN, B)), at("rotated_size")),
            ("before rotation signed by the new key",
             lambda s: signers(s, s.size, (ORIGIN, B)), at("size")),
            ("much later signed by the old key",
             lambda s: signers(s, s.started, (ORIGIN, A)), at("started")),
            ("of the new epoch under the old name",
             lambda s: signers(s, s.started + 1, (ORIGIN, B)), lambda s: f"checkpoint {s.started + 1}"),
            ("of the new epoch by the old key",
             lambda s: signers(s, s.started + 1, (epoch, A)), lambda s: f"checkpoint {s.started + 1}"),
            ("of the old epoch under the new name",
             lambda s: signers(s, s.started, (epoch, B)), at("started")),
            ("by a key that the ledger never had",
             lambda s: signers(s, s.size, (ORIGIN, C)), at("size")),
        ])

    def test_epochs(self):
        def late(story, **members):
            story.change(story.last, **members)

        self.each([
            ("raised without an entry", lambda s: late(s, epoch=3), entry("last")),
            ("lowered", lambda s: late(s, epoch=1), entry("last")),
            ("skipped", lambda s: [s.change(s.started, epoch=3), late(s, epoch=3)],
             entry("started")),
            ("not raised by its entry", lambda s: s.change(s.started, epoch=1), entry("started")),
            ("zero at the beginning", lambda s: s.change(0, epoch=0), "entry 0"),
            ("name of another number",
             lambda s: s.change(s.started, vkey=B.vkey(ORIGIN + "/epoch-3")), entry("started")),
            ("name of the epoch before", lambda s: s.change(s.started, vkey=B.vkey()),
             entry("started")),
            ("another key", lambda s: s.change(s.started, vkey=C.vkey(ORIGIN + "/epoch-2")),
             entry("started")),
            ("loss made small", lambda s: s.change(s.started, lost=0), entry("started")),
            ("loss unknown", lambda s: s.drafts[s.started].pop("known_root"), entry("started")),
            ("reason of its own", lambda s: s.change(s.started, reason="tidying"),
             entry("started")),
            ("head says another", lambda s: s.lies.update(epoch=1), "ledger.db table head"),
        ])

    def test_landmarks(self):
        def marks(story, change):
            true = [(i, d["kind"]) for i, d in enumerate(story.drafts)
                    if d["kind"].startswith(("key.", "epoch.", "checkpoint.", "erasure.",
                                             "retention.", "hold."))]
            story.lies["landmarks"] = change(true)

        place = "ledger.db table landmark"
        self.each([
            ("first missing", lambda s: marks(s, lambda t: t[1:]), place),
            ("last missing", lambda s: marks(s, lambda t: t[:-1]), place),
            ("none", lambda s: marks(s, lambda t: []), place),
            ("extra", lambda s: marks(s, lambda t: t + [(s.last, "hold.placed")]), place),
            ("beyond the end", lambda s: marks(s, lambda t: t + [(999, "hold.placed")]), place),
            ("wrong kind", lambda s: marks(s, lambda t: [(i, "key.rotated") for i, _ in t]), place),
            ("moved", lambda s: marks(s, lambda t: t[:-1] + [(s.last, t[-1][1])]), place),
        ])

    def test_witnesses_and_time(self):
        self.each([
            ("cosignature over another text", lambda s: s.change(
                s.cosigned, line=cosignature(s.text(2))), entry("cosigned")),
            ("cosignature by another key", lambda s: s.change(
                s.cosigned, line=cosignature(s.text(s.size), key=C)), entry("cosigned")),
            ("cosignature of another name", lambda s: s.change(
                s.cosigned, line=cosignature(s.text(s.size), name="witness.example/x")),
             entry("cosigned")),
            ("cosignature cut", lambda s: s.change(
                s.cosigned, line=s.drafts[s.cosigned]["line"][:-8]), entry("cosigned")),
            ("witness key of the type of a ledger",
             lambda s: s.change(s.cosigned, vkey=A.vkey("witness.example/w")), entry("cosigned")),
            ("cosigned size that has no checkpoint", lambda s: s.change(s.cosigned, size=3),
             entry("cosigned")),
            ("cosigned size of later", lambda s: s.change(s.cosigned, size=s.rotated_size),
             entry("cosigned")),
            ("time stamp of no token", lambda s: s.add(
                "checkpoint.timestamped", size=s.size, digest=b64(bytes(32)), policy="1.2",
                gen_time="2026-11-20T02:16:09.000Z"), "ledger.db table timestamp"),
            ("time stamp of no checkpoint", lambda s: s.add(
                "checkpoint.timestamped", size=4, digest=b64(bytes(32)), policy="1.2",
                gen_time="2026-11-20T02:16:09.000Z"), lambda s: f"entry {len(s.drafts) - 1}"),
            ("token that no entry names", lambda s: s.tokens.append((sha256(b"t"), b"t")),
             "ledger.db table timestamp"),
        ])

    def test_tokens(self):
        place = "ledger.db table timestamp"
        for lie, statement in (
                ("changed", "UPDATE timestamp SET token = CAST(substr(token, 1, 60) || x'00' || "
                            "substr(token, 62) AS BLOB)"), ("missing", "DELETE FROM timestamp"),
                ("digest changed", "UPDATE timestamp SET digest = zeroblob(32)")):
            with self.subTest(lie):
                folder = self.written(Story(stamp=True))
                sql(folder, statement)
                self.refuse(folder, place)
        story = Story(stamp=True)
        story.change(story.stamped, size=2)  # the token is of another note
        self.refuse(self.written(story), place)

    def test_erasure(self):
        def carried(story, *gone):
            story.late.gone = list(gone)

        def under_hold(story):
            story.add("hold.placed", hold="H-2", first=0, last=OPEN_END)
            story.erase(story.late, 2, receipt="E-2")

        def tenant(story):
            story.add("erasure.tenant", reason="contract", receipt="E-2")

        self.each([
            ("digest of the column is wrong",
             lambda s: s.change(s.erasure, erased=b64(sha256(b"x"))), body_of("late_at")),
            ("without an entry", lambda s: setattr(s.plain, "gone", [1]), body_of("plain_at")),
            ("not carried out", lambda s: carried(s), body_of("late_at")),
            ("of another segment", lambda s: carried(s, 2), body_of("late_at")),
            ("of more than the entry says", lambda s: carried(s, 1, 2), body_of("late_at")),
            ("names another segment than the column", lambda s: s.change(s.erasure, segments=[2]),
             body_of("late_at")),
            ("segments not ascending", lambda s: s.change(s.erasure, segments=[2, 1]),
             entry("erasure")),
            ("no segments", lambda s: s.change(s.erasure, segments=[]), entry("erasure")),
            ("reason of its own", lambda s: s.change(s.erasure, reason="because"),
             entry("erasure")),
            ("under a hold", under_hold, lambda s: f"entry {len(s.drafts) - 1}"),
            ("reason of a subject's own", lambda s: s.change(s.subject, reason="x"),
             entry("subject")),
            ("subject of more bodies", lambda s: s.change(s.subject, bodies=2), entry("subject")),
            ("subject of more records", lambda s: s.change(s.subject, records=2), entry("subject")),
            ("subject of none", lambda s: s.change(s.subject, bodies=0, records=0),
             entry("subject")),
            ("subject of another receipt", lambda s: s.change(s.subject, receipt="E-9"),
             entry("subject")),
            ("subject without a receipt", lambda s: s.drafts[s.subject].pop("receipt"),
             entry("subject")),
            ("subject without a count", lambda s: s.drafts[s.subject].pop("records"),
             entry("subject")),
            ("record without a receipt", lambda s: s.drafts[s.erasure].pop("receipt"),
             entry("erasure")),
            ("subject that counts what comes later", lambda s: [
                s.change(s.subject, records=2), s.erase(s.late, 2)], entry("subject")),
            ("redacted otherwise than the read says",
             lambda s: setattr(s.redacted, "gone", [1]), body_of("redacted_at")),
            ("redacted says, and all is there", lambda s: setattr(s.redacted, "gone", []),
             body_of("redacted_at")),
            ("body after erasure.tenant", lambda s: [tenant(s), s.read(b"x")],
             lambda s: f"entry {len(s.drafts) - 1}"),
            ("tenant under a hold", lambda s: [
                s.add("hold.placed", hold="H-2", first=0, last=OPEN_END), tenant(s)],
             lambda s: f"entry {len(s.drafts) - 1}"),
        ])

    def test_erased_column_is_a_list(self):
        for change in ("CAST(erased || erased AS BLOB)", "substr(erased, 1, 35)",
                       "CAST(x'7fffffff' || substr(erased, 5) AS BLOB)"):
            with self.subTest(change):
                story = Story()
                folder = self.written(story)
                sql(folder, f"UPDATE body SET erased = {change} WHERE length(erased) > 0",
                    file="evidence-202611.db")
                self.refuse(folder, f"body of entry {story.late_at}")

    def test_retention(self):
        def gone(body):
            return lambda s: setattr(getattr(s, body), "stored", False)

        def held(story):
            index = story.raw_gone
            story.drafts[story.hold].update(first=story.old_at, last=story.old_at)
            self.assertGreater(index, story.hold)

        def file_gone(word):
            def lie(story):
                file = story.body("seg/1", b"a library")
                story.file_at = story.add("plugin.file", file, plugin="graph", sha256="00" * 32)
                file.stored = False
                story.add("retention.expired", **{"class": word}, through=story.file_at, bodies=1)
            return lie

        def reference_after(story):
            story.add("read", story.old, page=2)

        self.each([
            ("body missing that nothing explains", gone("plain"), body_of("plain_at")),
            ("expired, but not so far", lambda s: s.change(s.raw_gone, through=s.old_at - 1),
             body_of("old_at")),
            ("expired in the other class",
             lambda s: s.change(s.raw_gone, **{"class": "facts"}), body_of("old_at")),
            ("file of a plugin, which never expires", file_gone("facts"), body_of("file_at")),
            ("file of a plugin, as an answer", file_gone("raw"), body_of("file_at")),
            ("referred to after what expired", reference_after, body_of("old_at")),
            ("more expired than the entry says", lambda s: [
                gone("late")(s), s.change(s.raw_gone, bodies=1)], "retention"),
            ("none expired, one missing", lambda s: s.change(s.fact_gone, bodies=0), "retention"),
            ("body under a hold missing with others that expired", lambda s: [
                gone("plain")(s), s.change(s.raw_gone, bodies=9)], body_of("plain_at")),
            ("through the entry itself", lambda s: s.change(s.raw_gone, through=s.raw_gone),
             entry("raw_gone")),
            ("class of its own", lambda s: s.change(s.raw_gone, **{"class": "all"}),
             entry("raw_gone")),
            ("under a hold", held, body_of("old_at")),
            ("hold released that was never placed", lambda s: s.change(s.released, hold="H-9"),
             entry("released")),
            ("hold placed twice", lambda s: s.add("hold.placed", hold="H-1", first=0, last=1),
             lambda s: f"entry {len(s.drafts) - 1}"),
            ("hold of nothing", lambda s: s.change(s.hold, first=5, last=4), entry("hold")),
            ("raw none, and the body is there", lambda s: setattr(s.never, "stored", True),
             body_of("never_at")),
        ])

    def test_body_rows(self):
        for change in ("len = len + 1", "records = records + 1", "scheme = 'seg/1'", "parts = 2",
                       "root = zeroblob(32)"):
            with self.subTest(change):
                story = Story()
                folder = self.written(story)
                sql(folder, f"UPDATE body SET {change} WHERE id = 0", file="evidence-202611.db")
                self.refuse(folder, f"body of entry {story.plain_at}")


if __name__ == "__main__":
    main()
