#!/usr/bin/env python3
"""What a quiet day writes to the disk (T48): at most 1 MB. Counted by the octet, by kind: a save
of the tally, a look at feeds that have nothing new, a day's end, an attempt; a day has so
many of each. Flash writes whole pages, so each save is weighed as whole pages of 4 KiB."""
import os
import time

from faulty import FaultTest
from lachan_test import Control, main, wait_for
import feed_server as fs

PAGE_BYTES = 4096
SAVES_A_DAY = 96  # monitor.save: 15m
FEED_LOOKS_A_DAY = 2  # refresh: 24h, and one try that fails
LIMIT_BYTES = 1_000_000
SAVES = 6


class Wear(FaultTest):
    RECORDS = {"www.example.vn": "192.0.2.7"}

    def test_a_quiet_day_writes_at_most_a_megabyte(self):
        self.need("lachand", "lachan-filter", "lachan-feeds")
        self.keep_run_dir_in_memory()
        self.lists = fs.FeedServer()
        self.addCleanup(self.lists.stop)
        self.lists.answers["/gambling.txt"] = fs.body(
            b"".join(b"filler%d.example.com\n" % i for i in range(2000)) + b"casino.example\n")
        self.fake = self.upstream(self.RECORDS)
        config = self.config(upstream={"servers": ["udp://127.0.0.1:%d" % self.fake.port]})
        config["monitor"] = {"save": "1s"}
        config["filter"]["feeds"] = [{"name": "casinos", "category": "gambling",
                                      "url": [self.lists.url("/gambling.txt")],
                                      "format": "domains"}]
        self.write_json(config)
        self.page.begin("", self.path("state"))
        program = self.start_faulty("lachand", "lachan-filter is ready", self.page.env)
        self.wait_rules("casino.example")
        for i in range(1, 41):
            self.ask_filter("casino.example", source="127.0.1.%d" % i)
            self.ask_filter("www.example.vn", source="127.0.1.%d" % i)
        today = self.path("state", "tally", "today")
        wait_for("a first save", lambda: os.path.exists(today))

        begin, first = self.page.written, os.stat(today).st_ino
        saves = 0
        while saves < SAVES:
            wait_for("a save", lambda: os.stat(today).st_ino != first, 60)
            first = os.stat(today).st_ino
            saves += 1
        save = (self.page.written - begin) / saves

        begin = self.page.written
        with Control(os.path.join(self.run_dir, "lachand.sock"), timeout=60) as line:
            self.assertEqual(line.ask("feeds-update")["exit_status"], 0)
        look = self.page.written - begin
        self.end_faulty(program)

        pages = -(-int(save) // PAGE_BYTES) * PAGE_BYTES
        day = SAVES_A_DAY * pages + FEED_LOOKS_A_DAY * look
        print("\na save %d octets, a look at a feed %d; a quiet day %d kB" % (
            save, look, day // 1000))
        self.assertGreater(save, 0)
        self.assertLessEqual(day, LIMIT_BYTES)


if __name__ == "__main__":
    main()
