#!/usr/bin/env python3
"""A soak: the whole gateway under a steady load, with reloads, new lists, grants, an upstream that
stops and comes back, and clients that drip. Memory and descriptors must stay flat, and no question
may stay without an answer (T56). Not a ctest, since it lasts:

    make -C test/bench
    SECONDS=3600 RATE=2000 BUILD_DIR=build python3 -B test/faults/soak.py

Ends with a table and status 0, or with what was wrong and 1."""
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import feed_server as fs  # noqa: E402
from filter_test import FilterTest  # noqa: E402
from lachan_test import Control, SOURCE_DIR, main, wait_for  # noqa: E402

SECONDS = int(os.environ.get("SECONDS", "120"))
RATE = int(os.environ.get("RATE", "2000"))
SEED = int(os.environ.get("SEED", "1"))
LISTED, HOT, RARE = 100_000, 2_000, 400_000
SAMPLE_S, EVENT_S = 5, 20
PAUSE_S = 6  # of the upstream
BENCH = os.path.join(SOURCE_DIR, "test", "bench", "build")
GROWTH_MAX = 1.05  # of memory, last quarter over second quarter
DESCRIPTORS_MAX = 40  # of a program, above its median at the beginning


def pss_kb(pid):
    with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as file:
        return int(next(line for line in file if line.startswith("Pss:")).split()[1])


class Soak(FilterTest):
    def setUp(self):
        super().setUp()
        if not os.access(os.path.join(BENCH, "load"), os.X_OK):
            self.skipTest("make -C test/bench first")
        self.keep_run_dir_in_memory()
        self.random = random.Random(SEED)
        self.lists = fs.FeedServer()
        self.addCleanup(self.lists.stop)
        self.samples = {}  # program: [(seconds, kB, descriptors)]
        self.events = {}

    def start_upstream(self):
        self.up_port = self.free_port()
        self.up = subprocess.Popen([os.path.join(BENCH, "upstream"), "-p", str(self.up_port),
                                    "-T", "120"], stdout=subprocess.DEVNULL)
        self.addCleanup(self.up.wait)
        self.addCleanup(self.up.kill)
        self.addCleanup(self.up.send_signal, signal.SIGCONT)

    def serve(self):
        extra = self.random.randrange(1000)
        self.lists.answers["/list.txt"] = fs.body("".join(
            "l%d.blocked%d.example\n" % (i, i % 977) for i in range(LISTED + extra)).encode())

    def write_queries(self):
        def line(_):
            kind = self.random.random()
            if kind < 0.70:
                return "w%d.hot.example A" % int(self.random.paretovariate(0.9) % HOT)
            if kind < 0.85:
                i = self.random.randrange(LISTED)
                return "l%d.blocked%d.example A" % (i, i % 977)
            return "r%d.rare.example %s" % (self.random.randrange(RARE),
                                            self.random.choice(["A", "AAAA", "TXT", "MX"]))
        return self.write("queries.txt", "\n".join(map(line, range(300_000))) + "\n")

    def sample(self, since):
        pids = {**self.program.children(), "lachand": self.program.pid}
        for name, pid in pids.items():
            if name in ("lachan-feeds", "lachan-share"):
                continue
            try:
                row = (time.monotonic() - since, pss_kb(pid),
                       len(os.listdir("/proc/%d/fd" % pid)))
            except (FileNotFoundError, ProcessLookupError, StopIteration):
                continue
            self.samples.setdefault(name, []).append(row)

    # ---- what happens to it ----

    def reload(self):
        ttl = self.random.choice(["30s", "45s"])
        self.current["filter"]["answer"] = {"ttl": ttl}
        self.write_json(self.current)
        with Control(os.path.join(self.run_dir, "lachand.sock"), timeout=60) as line:
            self.assertTrue(line.ask("reload")["ok"])

    def new_list(self):
        self.serve()
        with Control(os.path.join(self.run_dir, "lachand.sock"), timeout=120) as line:
            self.assertEqual(line.ask("feeds-update").get("exit_status"), 0)

    def grant(self):
        made = self.control("allow", name="l1.blocked1.example", for_ms=5000)
        self.assertTrue(made["ok"])

    def stop_upstream(self):
        self.up.send_signal(signal.SIGSTOP)
        time.sleep(PAUSE_S)
        self.up.send_signal(signal.SIGCONT)

    def drip(self):
        socks = []
        for i in range(30):
            sock = socket.socket()
            sock.settimeout(2)
            sock.bind(("127.0.7.%d" % (i + 1), 0))
            sock.connect(("127.0.0.1", self.port))
            sock.send(b"\0")
            socks.append(sock)
        time.sleep(2)
        for sock in socks:
            sock.close()

    def page(self):
        port = int(self.current["pages"]["listen"][0].rsplit(":", 1)[1])
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
                sock.sendall(b"GET / HTTP/1.1\r\nHost: l1.blocked1.example\r\n"
                             b"Accept: text/html\r\n\r\n")
                while sock.recv(65536):
                    pass

    def stir(self, stop):
        kinds = [self.reload, self.new_list, self.grant, self.stop_upstream, self.drip, self.page]
        turn = 0
        while not stop.wait(EVENT_S):
            kind = kinds[turn % len(kinds)]
            turn += 1
            try:
                kind()
                self.events[kind.__name__] = self.events.get(kind.__name__, 0) + 1
            except Exception as error:  # shown in the end: the soak goes on
                self.failures.append("%s: %r" % (kind.__name__, error))

    def test_soak(self):
        self.failures = []
        self.start_upstream()
        self.serve()
        self.current = self.config(
            upstream={"servers": ["udp://127.0.0.1:%d" % self.up_port]},
            cache={"size": "4MiB"},  # full before the first quarter is over
            filter={"feeds": [{"name": "list", "category": "gambling", "format": "domains",
                               "url": [self.lists.url("/list.txt")]}]})
        self.write_json(self.current)
        self.program = self.start("lachand", "-c", self.path("lachan.yaml"))
        self.program.wait_log("lachan-filter is ready")
        self.wait_rules("l5.blocked5.example")
        load = subprocess.Popen(
            [os.path.join(BENCH, "load"), "-f", self.write_queries(), "-p", str(self.port),
             "-c", "16", "-l", str(SECONDS), "-r", str(RATE), "-w", "5000"],
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(load.wait)
        self.addCleanup(load.kill)
        stop = threading.Event()
        stirring = threading.Thread(target=self.stir, args=(stop,))
        since = time.monotonic()
        stirring.start()
        while load.poll() is None:
            self.sample(since)
            time.sleep(SAMPLE_S)
        stop.set()
        stirring.join()
        result = json.loads(load.stdout.read())
        self.judge(result)
        self.assertEqual(self.program.term(60), 0)

    def judge(self, result):
        print("\n%d s at %d questions a second; what happened: %s" % (
            SECONDS, RATE, ", ".join("%s %d" % e for e in sorted(self.events.items()))))
        print(json.dumps(result))
        for name, rows in sorted(self.samples.items()):
            quarter = max(1, len(rows) // 4)
            early = statistics.median(r[1] for r in rows[quarter:2 * quarter] or rows)
            late = statistics.median(r[1] for r in rows[-quarter:])
            usual = statistics.median(r[2] for r in rows[:quarter])
            most = max(r[2] for r in rows[-quarter:])
            # The filter opens a socket a question while upstream is silent.
            allowed = usual + DESCRIPTORS_MAX if name != "lachan-filter" else \
                max(r[2] for r in rows[:2 * quarter]) + 300
            print("%-14s %6d kB, then %6d kB (%+.1f %%); descriptors %d, then %d at most" % (
                name, early, late, 100 * (late / early - 1), usual, most))
            if late > early * GROWTH_MAX:
                self.failures.append("%s grew" % name)
            if most > allowed:
                self.failures.append("%s keeps descriptors" % name)
        lost = result.get("lost", result.get("timeouts", 0))
        if lost:
            self.failures.append("%d questions without an answer" % lost)
        self.assertEqual(self.failures, [])


if __name__ == "__main__":
    main()
