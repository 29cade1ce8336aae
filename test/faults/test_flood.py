#!/usr/bin/env python3
"""Random subdomains by the hundred thousand (T19): names that everybody asks stay in the cache, and
memory within its limit. The load comes from test/bench; without it the test is skipped. A million:

    make -C test/bench
    FLOOD=1000000 BUILD_DIR=build python3 -B test/faults/test_flood.py"""
import json
import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from filter_test import FilterTest  # noqa: E402
from lachan_test import SOURCE_DIR, main  # noqa: E402

FLOOD = int(os.environ.get("FLOOD", "60000"))
RATE = int(os.environ.get("RATE", "5000"))
HOT = 1000
CACHE = 2 << 20  # the smallest there is: the flood is many times that
BENCH = os.path.join(SOURCE_DIR, "test", "bench")


class Flood(FilterTest):
    def setUp(self):
        super().setUp()
        if shutil.which("make") is None:
            self.skipTest("make is not installed")
        self.tools = self.path("tools")
        made = subprocess.run(["make", "-s", "-C", BENCH, "BUILD=" + self.tools], check=False,
                              capture_output=True)
        if made.returncode != 0 or not os.access(os.path.join(self.tools, "load"), os.X_OK):
            self.skipTest("test/bench cannot be built: " + made.stderr.decode()[-200:])

    def load(self, name, lines, *more):
        """Asks them all once; what the generator counted."""
        path = self.write(name, "".join("%s A\n" % line for line in lines))
        done = subprocess.run(
            [os.path.join(self.tools, "load"), "-f", path, "-p", str(self.port), "-c", "8", "-n",
             str(len(lines)), "-l", "1000", "-w", "5000", *more], check=True,
            capture_output=True, text=True)
        return json.loads(done.stdout)

    def cache(self):
        return self.control("status")["cache"]

    def rss_kb(self):
        with open("/proc/%d/status" % self.program.pid, encoding="ascii") as file:
            return int(next(line for line in file if line.startswith("VmRSS")).split()[1])

    def test_a_flood_leaves_the_names_that_everybody_asks(self):
        port = self.free_port()
        upstream = subprocess.Popen([os.path.join(self.tools, "upstream"), "-p", str(port), "-T",
                                     "3600"], stdout=subprocess.DEVNULL)
        self.addCleanup(upstream.wait)
        self.addCleanup(upstream.send_signal, signal.SIGKILL)
        # A share of questions upstream is meant for one client; this flood comes from one.
        self.run_filter(upstreams=[port], cache={"size": "%dMiB" % (CACHE >> 20), "prefetch": "off"})
        hot = ["h%d.hot.example" % i for i in range(HOT)]
        for _ in range(3):
            self.load("hot", hot, "-r", "2000")
        before_kb = self.rss_kb()
        flooded = 0
        parts = 4
        for part in range(parts):
            names = ["x%d.%d.victim.example" % (i * 2654435761 % (1 << 32), part)
                     for i in range(FLOOD // parts)]
            result = self.load("flood", names, "-r", str(RATE))
            flooded += result["answered"]
            self.load("hot", hot[part::parts], "-r", "2000")  # school goes on meanwhile
        hits = self.cache()["hits"]
        asked = self.load("hot", hot, "-r", "2000")["answered"]
        kept = (self.cache()["hits"] - hits) / asked
        grown_kb = self.rss_kb() - before_kb
        print("\n%d random names; of the names asked before %.1f %% still answered from the "
              "cache; %d kB more resident" % (flooded, 100 * kept, grown_kb))
        self.assertGreater(flooded, 0.9 * FLOOD)
        self.assertGreaterEqual(kept, 0.9)
        # The cache's own pages, and the pools that the flood touched for the first time.
        self.assertLess(grown_kb, (CACHE >> 10) + 16 * 1024)
        self.stop_clean()


if __name__ == "__main__":
    main()
