#!/usr/bin/env python3
"""Ledgers that are in order, in every way that a ledger can be."""
from forge import A, B, C, Authority, Key
from stories import ARGS, Case, Story, authority, main, verdict


class Good(Case):
    """[CL-12] [VE-11] What is right is accepted, from every key that was ever in force."""

    def test_story(self):
        folder = self.written(Story(stamp=True))
        self.accept(folder)
        for key in (A, B):
            self.accept(folder, "--key", key.fingerprint())
        self.refuse(folder, "entry 1", "--key", C.fingerprint())

    def test_time_stamp_against_its_authority(self):
        folder = self.written(Story(stamp=True))
        command = [ARGS.verifier]
        self.assertEqual(0, verdict(command, folder, "--tsa-ca", authority().ca)[0])
        other = Authority()
        code, report = verdict(command, folder, "--tsa-ca", other.ca)
        self.assertEqual((7, "ledger.db table timestamp"), (code, report["place"]))

    def test_two_rotations_and_two_epochs(self):
        story = Story()
        _, both = story.rotate(C)
        story.sign(*both)
        story.start_epoch(reason="accepted_loss")
        story.sign()
        folder = self.written(story)
        for key in (A, B, C):
            self.accept(folder, "--key", key.fingerprint())

    def test_two_rotations_between_checkpoints(self):
        story = Story()
        story.rotate(C)
        story.rotate(Key("fourth"))
        story.sign((story.name, B), (story.name, C), (story.name, story.key))
        self.accept(self.written(story))

    def test_tenant_erased(self):
        story = Story()
        story.add("erasure.tenant", reason="contract", receipt="E-2")
        for body in story.bodies:
            body.stored = False
        story.sign()
        self.accept(self.written(story))

    def test_subject_in_several_bodies_and_entries(self):
        story = Story()
        for body, *numbers in ((story.late, 2), (story.plain, 1), (story.plain, 2)):
            story.erase(body, *numbers, receipt="E-2")
        story.add("erasure.subject", reason="privacy", receipt="E-2", bodies=2, records=3)
        story.add("erasure.subject", reason="privacy", receipt="E-3", bodies=0, records=0)
        story.sign()
        self.accept(self.written(story))

    def test_body_erased_as_a_whole(self):
        story = Story()
        story.erase(story.late, 0, 1, 2)
        story.sign()
        self.accept(self.written(story))

    def test_erased_again_and_then_expired(self):
        story = Story()
        story.erase(story.late, 2)
        story.late.stored = story.plain.stored = False
        story.add("retention.expired", **{"class": "raw"}, through=story.late_at, bodies=2)
        story.sign()
        self.accept(self.written(story))

    def test_tiles(self):
        story = Story()
        for page in range(600):
            story.add("read", page=page)
        story.sign()
        self.accept(self.written(story))


if __name__ == "__main__":
    main()
