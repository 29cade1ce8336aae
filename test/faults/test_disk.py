#!/usr/bin/env python3
"""A full, failing or read-only disk under the whole gateway (T47): the n-th call that changes
a file fails, or every one from it on. Names are answered and filtered all the time; when the
disk is well again, everything is, within a minute.

Every n up to 200 takes half an hour; the check takes a few. All of them:
    FAULTS_STRIDE=1 BUILD_DIR=build python3 -B test/faults/test_disk.py"""
import os

from faulty import FOREVER, FaultTest
from lachan_test import Control, main, wait_for
import feed_server as fs

STRIDE = int(os.environ.get("FAULTS_STRIDE", "67"))
FIRST = int(os.environ.get("FAULTS_FIRST", "3"))
LAST = int(os.environ.get("FAULTS_LAST", "200"))
FILLER = "".join("filler%d.example.com\n" % i for i in range(300))
HEALED_S = 60.0


class Disk(FaultTest):
    RECORDS = {"www.example.vn": "192.0.2.7"}

    def setUp(self):
        super().setUp()
        self.need("lachand", "lachan-filter", "lachan-page", "lachan-feeds", "lachanctl")
        self.lists = fs.FeedServer()
        self.addCleanup(self.lists.stop)
        self.fake = self.upstream(self.RECORDS)
        self.turn = 0
        self.serve()

    def serve(self):
        """Another list each time, so that there is something to write."""
        self.turn += 1
        text = FILLER + "casino.example\nturn%d.example.com\n" % self.turn
        self.lists.answers["/gambling.txt"] = fs.body(text.encode())

    def prepare(self):
        config = self.config(upstream={"servers": ["udp://127.0.0.1:%d" % self.fake.port]})
        config["monitor"] = {"save": "1s"}
        config["filter"]["feeds"] = [{"name": "casinos", "category": "gambling",
                                      "url": [self.lists.url("/gambling.txt")],
                                      "format": "domains"}]
        self.write_json(config)

    def start_gateway(self, env):
        return self.start_faulty("lachand", "lachan-filter is ready", env)

    def command(self, command, /, socket_name="control.sock", **arguments):
        try:
            with Control(os.path.join(self.run_dir, socket_name), timeout=15.0) as line:
                return line.ask(command, **arguments)
        except (OSError, ConnectionError, ValueError):
            return {"ok": False, "error": "no connection"}

    def assert_answers(self):
        for how in ({}, {"tcp": True}):
            self.assert_blocked(self.ask_filter("casino.example", **how))
            self.assert_passed(self.ask_filter("www.example.vn", **how))

    def use(self):
        """What writes: an attempt, a grant, a list, the record, a save of the tally."""
        self.assert_answers()
        made = self.command("allow", name="other.example", for_ms=3600000)
        self.serve()
        self.command("feeds-update", socket_name="lachand.sock")
        self.assert_answers()
        if made.get("ok"):
            self.command("revoke", id=made["id"])
        self.assert_answers()

    def assert_well(self, program):
        """Everything works again, and is still there after a restart."""
        def updated():
            self.serve()
            answer = self.command("feeds-update", socket_name="lachand.sock")
            return answer.get("ok") and answer.get("exit_status") == 0
        wait_for("a list to be taken", updated, HEALED_S)
        wait_for("the fresh list to be in force", lambda: self.ask_filter(
            "turn%d.example.com" % self.turn).addresses() == ["127.0.0.1"], HEALED_S)

        def granted():
            answer = self.command("allow", name="kept.example", for_ms=3600000)
            return answer.get("ok")
        wait_for("a grant to be made", granted, HEALED_S)
        self.assert_answers()
        ends = [child["last_exit"] for child in self.command(
            "children", socket_name="lachand.sock")["children"]]
        self.assertNotIn("signal", " ".join(ends), program.log())
        self.end_faulty(program)
        status, out, said = self.run_program("lachanctl", "-c", self.path("lachan.yaml"),
                                             "audit", "verify")
        self.assertEqual(status, 0, out + said + program.log())
        again = self.start_gateway({})
        self.assertIsNotNone(again, "it does not start again")
        try:
            self.assert_answers()
            names = [g["name"] for g in self.command("grants")["grants"]]
            self.assertIn("kept.example", names, again.log())
            for grant in self.command("grants")["grants"]:
                self.assertTrue(self.command("revoke", id=grant["id"])["ok"])
            self.assertNotIn("damaged", again.log())
        finally:
            self.end_faulty(again)

    def one(self, how, at, count):
        self.page.begin("", self.dir)
        self.page.fail_disk(at, count, how)
        program = self.start_gateway(self.page.env)
        if program is None:
            self.page.heal()
            program = self.start_gateway(self.page.env)
            self.assertIsNotNone(program, "the next start does not serve either")
        try:
            self.use()
            hits = self.page.hits
            self.page.heal()
            self.assert_well(program)
        finally:
            program.kill()
        return hits

    def fail_each(self, how):
        self.prepare()
        first = self.start_gateway({})
        wait_for("the list to be in force", lambda: self.ask_filter(
            "casino.example").addresses() == ["127.0.0.1"])
        self.end_faulty(first)
        hits = 0
        for n in range(FIRST, LAST + 1, STRIDE):
            for count in (1, FOREVER):
                if how == "short" and count == FOREVER:
                    continue  # halves of halves arrive in the end: nothing fails
                with self.subTest(call=n, count="one" if count == 1 else "all from there"):
                    hits += self.one(how, n, count)
        print("\n%s: %d calls failed" % (how, hits))
        self.assertGreater(hits, 0)

    def test_a_full_disk(self):
        self.fail_each("ENOSPC")

    def test_a_failing_disk(self):
        self.fail_each("EIO")

    def test_a_disk_that_became_read_only(self):
        self.fail_each("EROFS")

    def test_writes_that_are_cut_short(self):
        self.fail_each("short")


if __name__ == "__main__":
    main()
