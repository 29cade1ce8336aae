#!/usr/bin/env python3
"""What an update costs: memory of lachan-feeds at its peak, and of the filter that takes the
new list while it serves by the old one. The bounds are wide, wider with sanitizers; the exact
figures stand in docs/performance.md."""
import os
import subprocess
import sys

import feed_server as fs
from filter_test import FilterTest
from lachan_test import BIN, main

NAMES = 200_000
MIB = 1 << 20
# At the peak, for each name and for the program itself (docs/architecture.md, goals).
COMPILE_NAME_BYTES, COMPILE_BASE = 24, 24 * MIB


# A process of its own, and small: a child's peak begins with what its parent held.
MEASURE = """import os, sys
pid = os.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
_, status, used = os.wait4(pid, 0)
print(used.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def is_sanitized(program):
    with open(os.path.join(BIN, program), "rb") as file:
        data = file.read()
    return b"__asan_init" in data or b"__tsan_init" in data


def a_list(seed):
    return b"".join(b"%08x.list%d.example\n" % (i * 2654435761 % (1 << 32), seed)
                    for i in range(NAMES))


class Memory(FilterTest):
    def setUp(self):
        super().setUp()
        self.need("lachan-feeds", "lachan-filter")
        self.slack = 6 if is_sanitized("lachan-feeds") else 1
        self.server = fs.FeedServer()
        self.addCleanup(self.server.stop)
        self.file = self.write_json(self.config(filter={"feeds": [
            {"name": "big", "category": "gambling", "url": [self.server.url("/big")],
             "format": "domains", "max_shrink": 100}]}))
        for folder in "state", "run":
            os.makedirs(self.path(folder))

    def update(self, seed):
        """Fetches and publishes another list; the peak of lachan-feeds in bytes."""
        self.server.answers["/big"] = fs.body(a_list(seed))
        done = subprocess.run([sys.executable, "-c", MEASURE, os.path.join(BIN, "lachan-feeds"),
                               "-c", self.file], capture_output=True, text=True, timeout=200,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return int(done.stdout.splitlines()[-1]) * 1024

    def high_water(self):
        with open("/proc/%d/status" % self.program.pid, encoding="utf-8") as file:
            line = next(line for line in file if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024

    def test_an_update_costs_the_filter_one_further_list(self):
        peak = self.update(1)
        size = os.path.getsize(self.path("state", "rules.db"))
        print("\n%d names, rules.db %.1f bytes a name, lachan-feeds %.1f MiB at its peak" % (
            NAMES, size / NAMES, peak / MIB))
        self.assertLess(peak, (COMPILE_BASE + NAMES * COMPILE_NAME_BYTES) * self.slack)
        self.assertLess(size, 12 * NAMES)
        self.program = self.start("lachan-filter", "-c", self.file)
        self.program.wait_log("serving with")
        self.wait_rules("00000000.list1.example")
        before = self.high_water()
        for seed in range(2, 6):
            self.update(seed)
            self.wait_rules("00000000.list%d.example" % seed)
            if seed == 2:
                once = self.high_water()
        last = self.high_water()
        print("filter: %.1f MiB, %.1f after one update, %.1f after four" % (
            before / MIB, once / MIB, last / MIB))
        self.assertLess(once - before, (size * 1.25 + 4 * MIB) * self.slack)
        # And no more with every further one.
        self.assertLess(last - before, (size * 1.25 + 5 * MIB) * self.slack)
        self.stop_clean()


if __name__ == "__main__":
    main()
