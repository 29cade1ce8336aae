#!/usr/bin/env python3
"""A day of counting: midnight, a restart, a power cut, a clock without a battery.

The clock of the calendar is moved with libfaketime (Debian's package `faketime`); timers run
on the monotonic clock, which stays as it is. Skipped without the library."""
import datetime
import glob
import gzip
import json
import os
import shutil
import time
import unittest

from filter_test import FilterTest
from lachan_test import is_alive, main, wait_for

FAKETIME = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)
HANOI = datetime.timezone(datetime.timedelta(hours=7))
DAY_MEMBERS = ["format", "version", "report-id", "revision", "organization", "contact-info",
               "generator", "date-range", "policy", "coverage", "records", "published-total",
               "names", "reviews", "failures"]
WEEK_MEMBERS = ["format", "version", "report-id", "revision", "cut", "organization",
                "contact-info", "generator", "date-range", "policy", "coverage", "records",
                "published-total", "failures"]
SENSITIVE = {"adult", "extremism", "drugs_alcohol_tobacco", "self_harm", "child_abuse", "dating"}


def hanoi(text):
    """"2030-11-20 23:59:50" in the school's zone, as seconds since the epoch."""
    return datetime.datetime.fromisoformat(text).replace(tzinfo=HANOI).timestamp()


@unittest.skipUnless(FAKETIME, "needs libfaketime (Debian package faketime)")
class DayTest(FilterTest):
    RULES = {"gambling": "||casino.example^\n||casino2.example^\n||casino3.example^\n",
             "adult": "||adult.example^\n", "malware": "||evil.example^\n",
             "phishing_scam": "||scam.example^\n", "ads_tracking": "||ads.example^\n",
             "games": "||games.example^\n"}
    DAY = "2030-11-20"  # a Wednesday

    def setUp(self):
        super().setUp()
        self.keep_run_dir_in_memory()
        self.set_clock(self.DAY + " 12:00:00")

    def set_clock(self, text):
        """From now on it is this time at the school."""
        self.write("clock.new", "%+d\n" % round(hanoi(text) - time.time()))
        os.rename(self.path("clock.new"), self.path("clock"))

    def clock(self):
        return {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": self.path("clock"),
                "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1",
                "FAKETIME_DONT_RESET": "1",
                # At its end it removes files of its own, which lachan-page may not.
                "LACHAN_SANDBOX_STRICT": "",
                # The sanitizer wants to be first; the library only wraps the clocks.
                "ASAN_OPTIONS": "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")}

    def run_school(self, **more):
        return self.run_filter(env=self.clock(), school={"name": "THCS Thử", "unit": "sgd-0001"}, **more)

    def start_again(self):
        self.program = self.start("lachan-filter", "-c", self.path("lachan.yaml"), env=self.clock())
        self.program.wait_log("serving with")

    def devices(self, count, *names, first=1):
        for i in range(first, first + count):
            for name in names:
                self.ask_filter(name, source="127.0.1.%d" % i)

    def wait_stats(self, **expected):
        """Until these categories have these (rounded) attempts."""
        def there():
            cells = {c["category"]: c["attempts"] for c in self.control("stats")["cells"]}
            return all(cells.get(name, 0) == value for name, value in expected.items())
        try:
            wait_for("%s" % expected, there, 8)
        except AssertionError as error:
            raise AssertionError("%s; stats: %s" % (error, self.control("stats"))) from None

    def date(self):
        return self.control("stats")["date"]

    def wait_date(self, date):
        wait_for("the day %s" % date, lambda: self.date() == date)

    def outbox(self):
        """{file name: document}, and that lachanctl's list says the same."""
        found = {}
        folder = self.path("state", "outbox")
        for name in sorted(os.listdir(folder)):
            if not name.endswith(".json.gz"):
                continue
            with gzip.open(os.path.join(folder, name)) as file:
                found[name] = json.loads(file.read().decode())
        return found

    def wait_document(self, begin, end, cut=None):
        """The document of the days `begin` to `end` (YYYYMMDD)."""
        def there():
            for name, document in self.outbox().items():
                unit, first, last, _ = name.split("!")
                if (first, last, document.get("cut")) == (begin, end, cut):
                    self.assertEqual(unit, "sgd-0001")
                    self.assertEqual(name.split("!")[3], document["report-id"] + ".json.gz")
                    return document
            return None
        return wait_for("a document of %s" % begin, there)

    @staticmethod
    def records(document):
        return {(r.get("tier"), r["category"]): (r["attempts"], r.get("devices"))
                for r in document["records"]}


class Midnight(DayTest):
    def test_a_day_is_closed_at_local_midnight(self):
        self.run_school()
        self.devices(30, "www.example.vn")
        self.devices(12, "casino.example", "casino2.example")
        self.devices(11, "adult.example", "ads.example")
        self.devices(3, "evil.example")
        self.devices(8, "scam.example", first=4)
        self.wait_stats(gambling=25, ads_tracking=10, malware="below")
        self.set_clock(self.DAY + " 23:59:57")
        self.assertEqual(self.date(), self.DAY)
        self.assertEqual(self.outbox(), {})
        self.wait_date("2030-11-21")
        document = self.wait_document("20301120", "20301121")
        self.assertEqual(list(document), DAY_MEMBERS)
        self.assertEqual((document["format"], document["version"], document["revision"]),
                         ("lachan-summary", "1.0", 1))
        self.assertEqual(document["organization"], {"unit": "sgd-0001", "name": "THCS Thử",
                                                    "kind": ["lower_secondary"]})
        self.assertEqual(document["date-range"], {
            "start-datetime": "2030-11-20T00:00:00+07:00", "end-datetime": "2030-11-21T00:00:00+07:00"})
        self.assertEqual(document["policy"]["privacy"]["min-devices"], 10)
        coverage = document["coverage"]
        self.assertGreater(coverage["uptime-seconds"], 0)
        self.assertEqual((coverage["unfiltered-seconds"], coverage["partial"]), (0, False))
        self.assertEqual(coverage["tiers"], [
            {"tier": "lower_secondary", "devices": "20-49", "by-default-percent": 100}])
        records = self.records(document)
        self.assertEqual(records["lower_secondary", "gambling"], (25, "10-19"))
        self.assertEqual(records["lower_secondary", "ads_tracking"], (10, "10-19"))
        self.assertEqual(records["lower_secondary", "games"][0], 0)
        for few in ("malware", "phishing_scam"):
            self.assertEqual(records["lower_secondary", few], ("below", None))
        # Two withheld cells of eleven devices together are published once.
        self.assertEqual(records["all", "other"], (10, "10-19"))
        self.assertFalse(SENSITIVE & {category for _, category in records})
        # What is answered `null` is in no total.
        self.assertEqual(document["published-total"], 35)
        text = json.dumps(document)
        self.assertNotIn("127.0", text)
        listed = self.control("summary-list")["files"]
        self.assertEqual([f["name"] for f in listed], list(self.outbox()))
        # The new day begins at nothing, with every device new.
        self.wait_stats(gambling=0)
        self.devices(12, "casino.example")
        self.wait_stats(gambling=10)
        self.stop_clean()

    def test_what_is_asked_across_midnight_is_counted_once_somewhere(self):
        self.run_school()
        self.devices(20, "www.example.vn")
        self.set_clock(self.DAY + " 23:59:58")
        end, asked = time.monotonic() + 4, 0
        while time.monotonic() < end:
            asked += 1
            self.ask_filter("casino.example", source="127.0.1.%d" % (1 + asked % 20))
        self.wait_date("2030-11-21")
        before = self.records(self.wait_document("20301120", "20301121"))
        self.assertEqual(before["lower_secondary", "gambling"], (20, "20-49"))
        self.wait_stats(gambling=20)
        self.stop_clean()

    def test_the_week_tells_of_sensitive_categories_without_tiers(self):
        self.set_clock("2030-11-24 23:00:00")  # a Sunday
        self.run_school()
        self.devices(30, "www.example.vn")
        self.devices(12, "adult.example", "casino.example")
        self.wait_stats(gambling=10)
        self.set_clock("2030-11-24 23:59:58")
        self.wait_date("2030-11-25")
        day = self.wait_document("20301124", "20301125")
        self.assertNotIn("adult", {r["category"] for r in day["records"]})
        week = self.wait_document("20301118", "20301125", "week-sensitive")
        self.assertEqual(list(week), WEEK_MEMBERS)
        self.assertEqual(week["date-range"], {
            "start-datetime": "2030-11-18T00:00:00+07:00", "end-datetime": "2030-11-25T00:00:00+07:00"})
        records = {r["category"]: r for r in week["records"]}
        self.assertEqual(records["adult"], {"category": "adult", "attempts": 10, "devices": "10-19"})
        # None and few are told apart by nobody.
        for none in SENSITIVE - {"adult"}:
            self.assertEqual(records[none], {"category": none, "attempts": "below"})
        self.assertNotIn("gambling", records)
        self.assertNotEqual(week["report-id"], day["report-id"])
        self.stop_clean()

    def test_a_small_school_says_nothing_of_its_few(self):
        self.run_school()
        self.devices(9, "casino.example", "www.example.vn")
        self.set_clock(self.DAY + " 23:59:58")
        self.wait_date("2030-11-21")
        document = self.wait_document("20301120", "20301121")
        self.assertEqual((document["coverage"]["tiers"], document["published-total"]), ([], 0))
        self.assertEqual([r for r in document["records"] if r["attempts"] not in (0, "below")], [])
        self.stop_clean()


class Restart(DayTest):
    def test_a_day_goes_on_after_a_restart_and_is_closed_at_the_next_start(self):
        self.run_school()
        self.devices(25, "www.example.vn")
        self.devices(15, "casino.example")
        self.wait_stats(gambling=15)
        time.sleep(1.5)  # a day without a second of uptime has no document
        self.stop_clean()
        self.start_again()
        self.wait_stats(gambling=15)
        self.devices(15, "casino2.example")
        self.wait_stats(gambling=30)
        self.stop_clean()
        # Off over midnight: the day is closed by the start that finds it.
        self.set_clock("2030-11-21 06:30:00")
        self.start_again()
        document = self.wait_document("20301120", "20301121")
        self.assertEqual(self.records(document)["lower_secondary", "gambling"], (30, "10-19"))
        self.assertEqual(document["coverage"]["tiers"][0]["devices"], "20-49")
        self.assertEqual(self.date(), "2030-11-21")
        self.wait_stats(gambling=0)
        self.stop_clean()
        self.start_again()
        self.assertEqual(len(self.outbox()), 1)
        self.stop_clean()

    def test_kill_9_over_midnight_closes_the_day_whole(self):
        self.run_school()
        self.devices(25, "casino.example")
        self.wait_stats(gambling=25)
        time.sleep(1.5)  # a day without a second of uptime has no document
        self.program.kill()
        self.set_clock("2030-11-22 08:00:00")  # two midnights
        self.start_again()
        document = self.wait_document("20301120", "20301121")
        self.assertEqual(self.records(document)["lower_secondary", "gambling"], (25, "20-49"))
        self.assertEqual(len(self.outbox()), 1)  # nothing of the day that was off
        self.stop_clean()

    def test_a_power_cut_costs_what_was_counted_since_the_last_save(self):
        self.run_school(monitor={"save": "1s"})
        self.devices(30, "www.example.vn")
        self.devices(15, "casino.example")
        self.wait_stats(gambling=15)
        saved = self.path("state", "tally", "today")
        first = os.stat(saved).st_mtime_ns if os.path.exists(saved) else 0
        # Two saves later what was counted is in one of them.
        for _ in range(2):
            wait_for("a save", lambda: os.path.exists(saved) and os.stat(saved).st_mtime_ns != first)
            first = os.stat(saved).st_mtime_ns
        shutil.copytree(self.path("state"), self.path("disk"))
        self.devices(10, "casino.example", first=16)
        self.devices(15, "casino2.example")
        self.wait_stats(gambling=40)
        self.program.kill()
        # What the disk had, and nothing of what memory had.
        shutil.rmtree(self.path("state"))
        os.rename(self.path("disk"), self.path("state"))
        shutil.rmtree(self.run_dir)
        self.start_again()
        self.wait_stats(gambling=15)
        # The same devices again: attempts add up, devices are the largest segment.
        self.devices(15, "casino3.example")
        self.wait_stats(gambling=30)
        self.set_clock(self.DAY + " 23:59:58")
        self.wait_date("2030-11-21")
        document = self.wait_document("20301120", "20301121")
        self.assertEqual(self.records(document)["lower_secondary", "gambling"], (30, "10-19"))
        self.assertEqual(document["coverage"]["tiers"][0]["devices"], "20-49")
        self.stop_clean()

    def test_a_torn_save_costs_its_counts_and_not_the_start(self):
        self.run_school()
        self.devices(25, "casino.example")
        self.wait_stats(gambling=25)
        self.stop_clean()
        shutil.rmtree(self.run_dir)
        for name in os.listdir(self.path("state", "tally")):
            path = self.path("state", "tally", name)
            with open(path, "r+b") as file:
                file.truncate(os.path.getsize(path) // 2)
        self.start_again()
        self.devices(25, "casino.example")
        self.wait_stats(gambling=25)
        self.assertTrue(self.control("status")["partial"])
        self.stop_clean()


class Clock(DayTest):
    def test_without_a_clock_counts_wait_until_the_day_is_known(self):
        self.set_clock("2001-01-01 08:00:00")
        self.run_school()
        self.assertFalse(self.control("status")["clock_trusted"])
        self.assert_blocked(self.ask_filter("casino.example", source="127.0.1.1"))
        self.devices(25, "casino.example")
        time.sleep(1.2)
        self.assertEqual(self.outbox(), {})
        self.set_clock(self.DAY + " 10:00:00")
        wait_for("the clock", lambda: self.control("status")["clock_trusted"])
        self.wait_date(self.DAY)
        self.wait_stats(gambling=25)
        self.set_clock(self.DAY + " 23:59:58")
        self.wait_date("2030-11-21")
        document = self.wait_document("20301120", "20301121")
        self.assertEqual(self.records(document)["lower_secondary", "gambling"], (25, "20-49"))
        self.stop_clean()

    def test_a_clock_that_jumps_moves_no_lifetime(self):
        self.run_school()
        self.assertEqual(self.ask_filter("www.example.vn").answer[0].ttl, 300)
        asked = time.monotonic()
        # An hour, a day, half a year, 56 years, the year of no battery; to and fro.
        for jump in ("2030-11-20 13:00:00", "2030-11-20 12:00:00", "2030-11-21 12:00:00",
                     "2030-11-20 12:00:00", "2031-06-01 12:00:00", "2086-11-20 12:00:00",
                     "1970-01-01 08:00:00", self.DAY + " 12:00:10"):
            self.set_clock(jump)
            time.sleep(0.6)
            left = 300 - (time.monotonic() - asked)
            ttl = self.ask_filter("www.example.vn").answer[0].ttl
            self.assertLess(abs(ttl - left), 3, jump)
            self.assert_blocked(self.ask_filter("casino.example"))
        self.assertEqual(len(self.fake.asked), 1)
        # What was counted before the jumps is not old by them.
        self.wait_document("20301120", "20301121")
        self.assertTrue(is_alive(self.program.pid))
        self.stop_clean()


if __name__ == "__main__":
    main()
