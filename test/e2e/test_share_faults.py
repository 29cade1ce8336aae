#!/usr/bin/env python3
"""What must not lose or double a document: a year of backlog, kill -9 at any moment, a full disk,
a network that loses, doubles and reorders, a collector that is away for a month."""
import datetime
import glob
import http.client
import os
import random
import signal
import subprocess
import threading
import time
import unittest

from lachan_test import BIN, main, small_disk, wait_for
from share_test import LAST as DAY
from share_test import UNIT, Receiver, ShareTest, document

FAKETIME = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)


class Store:
    """What a department keeps: a report-id once, and only with the same octets."""

    def __init__(self, receiver):
        self.kept, self.answers, self.order = {}, {200: 0, 201: 0, 409: 0}, []
        self.lock = threading.Lock()
        receiver.answer = self.answer

    def answer(self, handler, post):
        name = post.document["report-id"]
        with self.lock:
            known = self.kept.setdefault(name, post.body)
            status = 409 if known != post.body else 200 if name in self.order else 201
            self.answers[status] += 1
            if status == 201:
                self.order.append(name)
        handler.reply(status, b"{}")


class LossyProxy(Receiver):
    """Between the school and the department: `lose` of the answers never come back, `double` of
    the requests arrive twice, and the second one may arrive after later ones."""

    def __init__(self, upstream, seed, lose=0.5, double=0.2):
        self.random, self.upstream = random.Random(seed), upstream
        self.lose, self.double, self.late, self.lost, self.doubled = lose, double, [], 0, 0
        super().__init__()
        self.answer = self.pass_on

    def forward(self, post):
        line = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=60)
        try:
            line.request("POST", post.path, post.body, {
                k: v for k, v in post.headers.items() if k in (
                    "content-type", "content-encoding", "authorization")})
            answer = line.getresponse()
            return answer.status, answer.read()
        finally:
            line.close()

    def pass_on(self, handler, post):
        with self.lock:
            if self.late and self.random.random() < 0.5:
                self.forward(self.late.pop(self.random.randrange(len(self.late))))
            status, body = self.forward(post)
            if self.random.random() < self.double:
                self.doubled += 1
                self.late.append(post)
            if self.random.random() < self.lose:
                self.lost += 1
                handler.close_connection = True
                return
        handler.reply(status, body)

    def settle(self):
        for post in self.late:
            self.forward(post)


class Faults(ShareTest):
    def setUp(self):
        super().setUp()
        self.one = self.receiver()
        self.store = Store(self.one)

    def ids(self, names):
        return [name.split("!")[3][:36] for name in names]

    def assert_all_once(self, names):
        """Everything arrived, nothing arrived in two forms, and we know it."""
        self.assertEqual(sorted(self.store.kept), sorted(self.ids(names)))
        self.assertEqual(self.store.answers[409], 0)
        self.assertEqual(self.waiting(), [])
        self.assertEqual(self.sent(), sorted(names))
        self.assertEqual(len(self.receipts()), len(names))
        for name in names:
            with open(self.path("state", "sent", name), "rb") as file:
                self.assertEqual(file.read(), self.store.kept[self.ids([name])[0]])

    def test_a_year_of_backlog_drains_oldest_first(self):
        self.configure(self.recipient(self.one))
        names = self.days(400)
        self.share()
        self.assert_all_once(names)
        self.assertEqual(self.store.order, self.ids(names))
        self.assertLessEqual(self.one.clients, 20)  # connections are kept

    def test_killed_at_any_moment_nothing_is_lost_or_doubled(self):
        self.configure(self.recipient(self.one))
        names = self.days(30)
        chance = random.Random(9)
        for _ in range(25):
            process = subprocess.Popen(
                [os.path.join(BIN, "lachan-share"), "-c", self.path("lachan.yaml")],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, start_new_session=True)
            time.sleep(chance.uniform(0.02, 0.3))
            process.send_signal(signal.SIGKILL)
            process.wait()
            if not self.waiting():
                break
        self.share()
        self.assert_all_once(names)
        # What a kill leaves half-written goes with the next run; in outbox/, which others
        # write to as well, after an hour.
        self.share()
        left = [os.path.join(folder, name) for folder, _, files in os.walk(self.path("state"))
                for name in files if ".tmp." in name]
        for path in left:
            self.assertEqual(os.path.dirname(path), self.path("state", "outbox"))
            os.utime(path, (time.time() - 7200, time.time() - 7200))
        self.share()
        self.assertEqual(os.listdir(self.path("state", "outbox")), [])

    def test_killed_while_documents_get_their_unit(self):
        self.configure(self.recipient(self.one))
        for i in range(30):
            self.put(document(DAY - datetime.timedelta(days=i)))
        names = [document(DAY - datetime.timedelta(days=i), UNIT)[0] for i in range(30)]
        chance = random.Random(11)
        for _ in range(25):
            process = subprocess.Popen(
                [os.path.join(BIN, "lachan-share"), "-c", self.path("lachan.yaml")],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, start_new_session=True)
            time.sleep(chance.uniform(0.02, 0.2))
            process.kill()
            process.wait()
        self.share()
        self.assert_all_once(names)

    def test_half_of_the_answers_lost_a_fifth_doubled_and_reordered(self):
        proxy = LossyProxy(self.one.port, seed=65)
        self.addCleanup(proxy.close)
        self.configure(self.recipient(proxy))
        names = self.days(40)
        for _ in range(400):
            self.run_program("lachan-share", "-c", self.path("lachan.yaml"))
            if not self.waiting():
                break
        proxy.settle()
        self.assert_all_once(names)
        self.assertGreater(proxy.lost, 5)
        self.assertGreater(proxy.doubled, 2)
        self.assertEqual(self.store.answers[201], 40)

    def test_a_full_disk_keeps_what_waits_and_sends_nothing(self):
        if os.geteuid() != 0:
            self.skipTest("a small file system of our own needs root")
        small_disk(self, self.path("state", "sharing"))
        self.configure(self.recipient(self.one))
        names = self.days(3)
        with open(self.path("state", "sharing", "filler"), "wb", buffering=0) as file:
            try:
                for _ in range(1 << 12):
                    file.write(b"x" * 4096)
            except OSError:
                pass
        said = self.share(status=1)
        self.assertIn("nothing leaves that could not be noted", said)
        self.assertEqual(self.one.posts, [])
        self.assertEqual(self.waiting(), names)
        os.unlink(self.path("state", "sharing", "filler"))
        self.share()
        self.assert_all_once(names)


@unittest.skipUnless(FAKETIME, "needs libfaketime (Debian package faketime)")
class Calendar(ShareTest):
    def at(self, moment, *options, status=0):
        """Runs lachan-share as if it were `moment` (UTC+7)."""
        program = self.start("lachan-share", "-c", self.path("lachan.yaml"), *options, env={
            "LD_PRELOAD": FAKETIME, "FAKETIME": "%+d" % (moment.timestamp() - time.time()),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1",
            "FAKETIME_DONT_RESET": "1", "LACHAN_SANDBOX_STRICT": "",
            "ASAN_OPTIONS": "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")})
        self.assertEqual(program.wait(), status, program.log())
        said = program.log()
        program.forget_clock()
        return said

    def test_a_collector_away_for_thirty_days_gets_everything_once(self):
        first = datetime.datetime(2030, 11, 1, 0, 10,
                                  tzinfo=datetime.timezone(datetime.timedelta(hours=7)))
        one = self.receiver()
        store = Store(one)
        port = one.port
        self.configure(self.recipient(one))
        one.close()
        names = []
        for i in range(30):
            day = (first + datetime.timedelta(days=i - 1)).date()
            names.append(self.put(document(day, UNIT)))
            self.at(first + datetime.timedelta(days=i), status=1)
        self.assertEqual(self.waiting(), names)
        back = Receiver(port=port)
        self.addCleanup(back.close)
        back.answer = store.answer
        # Back-off is at its longest, the run stays away until its moment has come.
        self.at(first + datetime.timedelta(days=31), "--due")
        self.assertEqual(store.order, [name.split("!")[3][:36] for name in names])
        self.assertEqual(len(back.posts), 30)
        self.assertEqual(self.waiting(), [])

    def test_under_a_clock_without_battery_nothing_is_sent(self):
        one = self.receiver()
        self.configure(self.recipient(one))
        names = self.days(2)
        said = self.at(datetime.datetime(2001, 1, 1, tzinfo=datetime.timezone.utc), "--due")
        self.assertIn("the clock is not trusted: nothing is sent", said)
        self.assertEqual((one.posts, self.waiting()), ([], names))
        self.share()
        self.assertEqual(len(one.posts), 2)


if __name__ == "__main__":
    main()
