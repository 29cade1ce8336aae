#!/usr/bin/env python3
"""How long clients wait while upstream servers fail and come back.

    BUILD_DIR=build python3 -B test/bench/outage_times.py [seconds a phase]

A filter of one worker with two upstream servers of 5 ms on loopback. Forty questions a second,
half of them for names known before (their answers live a second), half for new ones; phases:

    both up · first silent · both silent · both up again · first SERVFAIL · a third lost

Prints for each phase how many were answered with data, stale or SERVFAIL, and how long it took at
the median, for nine in ten, and for ninety-nine in a hundred; then how long after their return
the first fresh answer came. Times of one machine and one run: compare ratios."""
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from filter_test import FilterTest  # noqa: E402
from lachan_test import dns  # noqa: E402
from scripted_upstream import ScriptedUpstream  # noqa: E402

PHASE_S = float(sys.argv[1]) if len(sys.argv) > 1 else 8.0
PER_SECOND = 40
KNOWN = ["known%d.example.vn" % i for i in range(40)]
RANDOM = random.Random(int(os.environ.get("SEED", "1")))


class Server:
    def __init__(self):
        self.mode = "up"

    def __call__(self, query):
        mode = self.mode
        if mode == "silent" or (mode == "lossy" and RANDOM.random() < 0.33):
            return
        time.sleep(0.005)
        if mode == "servfail":
            query.send(query.reply(rcode=dns.SERVFAIL))
        else:
            query.send(query.reply(answer=[query.a("192.0.2.1", 1)]))


class Times(FilterTest):
    def runTest(self):
        servers = [Server(), Server()]
        made = [ScriptedUpstream(server) for server in servers]
        for upstream in made:
            self.addCleanup(upstream.close)
        self.run_filter(upstreams=[u.port for u in made], server={"threads": 1},
                        upstream={"strategy": "ordered"})
        for name in KNOWN:
            self.ask_filter(name)
        time.sleep(1.5)
        for title, first, second in (
                ("both up", "up", "up"), ("first silent", "silent", "up"),
                ("both silent", "silent", "silent"), ("both up again", "up", "up"),
                ("first SERVFAIL", "servfail", "up"), ("a third lost", "lossy", "lossy")):
            servers[0].mode, servers[1].mode = first, second
            self.phase(title)
        for server in servers:
            server.mode = "silent"
        time.sleep(3)
        self.ask_filter(KNOWN[0])
        for server in servers:
            server.mode = "up"
        begin = time.monotonic()
        while self.ask_filter(KNOWN[0]).ede is not None:
            time.sleep(0.01)
        print("fresh again %.2f s after the servers were back" % (time.monotonic() - begin))
        begin = time.monotonic()
        while not self.ask_filter("after%d.example.vn" % RANDOM.getrandbits(30)).addresses():
            time.sleep(0.01)
        print("new names %.2f s after that" % (time.monotonic() - begin))

    def phase(self, title):
        done, threads = [], []
        begin = time.monotonic()
        for i in range(int(PHASE_S * PER_SECOND)):
            time.sleep(max(0, begin + i / PER_SECOND - time.monotonic()))
            known = i % 2 == 0
            name = RANDOM.choice(KNOWN) if known else "n%d.example.vn" % RANDOM.getrandbits(40)
            thread = threading.Thread(target=self.one, args=(name, known, done))
            thread.start()
            threads.append(thread)
        for thread in threads:
            thread.join()
        for what, is_known in (("known", True), ("new", False)):
            some = [(took, reply) for took, reply, known in done if known == is_known]
            took = sorted(t for t, _ in some)
            replies = [r for _, r in some]
            print("%-15s %-6s %4d: %4d fresh %4d stale %4d SERVFAIL   p50 %4.0f  p90 %4.0f  p99 %4.0f ms" % (
                title, what, len(some), sum(1 for r in replies if r.addresses() and r.ede is None),
                sum(1 for r in replies if r.addresses() and r.ede is not None),
                sum(1 for r in replies if r.rcode == dns.SERVFAIL),
                *(1000 * took[min(len(took) - 1, int(len(took) * q))] for q in (0.5, 0.9, 0.99))))

    def one(self, name, known, done):
        begin = time.monotonic()
        reply = self.ask_filter(name)
        done.append((time.monotonic() - begin, reply, known))


if __name__ == "__main__":
    import unittest
    sys.exit(not unittest.TextTestRunner(verbosity=0).run(Times()).wasSuccessful())
