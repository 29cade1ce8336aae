#!/usr/bin/env python3
"""Reports of harm: what the desk refuses, and a counsellor's work with a case until it is closed
and erased.

A full disk, on a small file system of our own, needs root; what is old is looked for with
libfaketime. Both are skipped without."""
import glob
import json
import os
import stat
import unittest

from lachan_test import main, small_disk
from reports_test import DAY_S, WORDS, ReportTest

FAKETIME = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)


class Limits(ReportTest):
    def test_what_is_too_long_or_no_text_is_refused_and_nothing_kept(self):
        self.run_school("mai")
        for why, more in (("too_long", {"what": "x" * 6001}), ("too_long", {"where": "x" * 1001}),
                          ("too_long", {"contact": "ơ" * 1000}), ("failed", {"what": "a\x1b[2Jb"}),
                          ("failed", {"what": "a\u009bb"}), ("failed", {"kind": "../x"}),
                          ("failed", {"tier": ""}), ("too_long", {"what": "\n" * 6001})):
            reply = self.send(**more)
            self.assertEqual((reply["ok"], reply.get("why")), (False, why), more)
        self.assertEqual(glob.glob(self.folder() + "/*.case"), [])
        self.sent(what="ơ" * 2000)
        self.stop_desk()

    def test_a_flood_is_held_off_and_says_how_long(self):
        self.run_school("mai")
        replies = [self.send() for _ in range(32)]
        self.assertEqual(sum(r["ok"] for r in replies[:30]), 30)
        self.assertEqual((replies[-1]["why"], replies[-1]["minutes"] > 0), ("too_many", True))
        self.assertEqual(len(glob.glob(self.folder() + "/*.case")),
                         sum(r["ok"] for r in replies))
        self.stop_desk()

    def test_a_terminal_obeys_no_word_of_a_report(self):
        self.run_school("mai")
        self.sent(what="một \u202ehai\u202c \u2066ba", where="", contact="")
        out = self.done("mai", "read", "1")
        self.assertNotRegex(out, "[\u202a-\u202e\u2066-\u2069\x1b]")
        self.assertIn("một hai ba", out)
        self.stop_desk()

    @unittest.skipIf(os.geteuid() != 0, "a small file system of our own needs root")
    def test_a_full_disk_keeps_nothing_half(self):
        small_disk(self, self.path("state"))
        self.run_school("mai")
        self.sent()
        filler = os.path.join(self.path("state"), "filler")
        with open(filler, "wb", buffering=0) as f:
            try:
                while f.write(b"x" * 512):
                    pass
            except OSError:
                pass
        before = sorted(os.listdir(self.folder()))
        reply = self.send()
        self.assertEqual((reply["ok"], reply["why"]), (False, "failed"))
        self.assertEqual(sorted(os.listdir(self.folder())), before)
        os.unlink(filler)
        self.sent()
        self.assertEqual(len(self.cases("mai")), 2)
        self.stop_desk()


class Work(ReportTest):
    def test_a_case_is_taken_from_nobody_without_a_reason(self):
        self.run_school("mai", "lan")
        self.sent()
        self.done("mai", "take", "1")
        self.refused("lan", "take", "1", why="looks after")
        self.done("lan", "take", "1", "--reason", "cô Mai nghỉ ốm")
        self.assertEqual(self.cases("mai")[0]["owner"], "lan")
        self.refused("mai", "read", "9", why="no case")
        self.refused("mai", "state", "1", "lost", why="new, taken, referred or closed")
        self.stop_desk()

    def test_a_case_is_erased_when_closed_and_with_a_reason(self):
        self.run_school("mai")
        code = self.sent()
        self.refused("mai", "erase", "1", "--reason", "x", why="closed")
        self.done("mai", "close", "1")
        self.refused("mai", "erase", "1", why="reason")
        self.done("mai", "erase", "1", "--reason", "gia đình yêu cầu")
        self.assertEqual(glob.glob(self.folder() + "/*.case"), [])
        self.assertEqual(self.forms("answer", code=code)["kind"], "unknown")
        self.sent()
        self.assertEqual(self.cases("mai")[0]["id"], 2)
        self.stop_desk()

    def test_the_sheet_for_111_is_whole_and_harmless(self):
        self.run_school("mai")
        self.sent()
        path = self.path("phieu.html")
        self.done("mai", "sheet", "1", path)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        with open(path, encoding="utf-8") as f:
            page = f.read()
        self.assertIn("Em sợ lắm &lt;b&gt;&amp;&quot;&#39;", page)
        for part in ("Tổng đài 111", "What to say", "default-src 'none'", "Có người đe dọa"):
            self.assertIn(part, page)
        self.assertNotRegex(page, r"<script|src=|href=|url\(|@import|<b>")
        self.refused("mai", "sheet", "1", path, why="is there already")
        self.assertEqual(self.audit("report-sheet")["detail"], "case 1")
        self.stop_desk()

    def test_an_export_takes_a_reason_and_stands_in_the_record(self):
        self.run_school("mai")
        self.sent()
        path = self.path("case.json")
        self.refused("mai", "export", "1", path, why="reason")
        self.assertFalse(os.path.exists(path))
        self.done("mai", "export", "1", path, "--reason", "công an phường yêu cầu")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        with open(path, encoding="utf-8") as f:
            whole = json.load(f)
        self.assertEqual((whole["format"], whole["case"], whole["report"]["what"]),
                         ("lachan-case", 1, WORDS["what"]))
        entry = self.audit("report-export")
        self.assertEqual((entry["actor"], entry["detail"]),
                         ("counsellor:mai", "case 1: công an phường yêu cầu"))
        self.stop_desk()

    @unittest.skipIf(FAKETIME is None, "libfaketime is not here")
    def test_closed_cases_are_erased_after_two_years_and_open_ones_never(self):
        self.run_school("mai")
        self.sent()
        self.sent()
        self.done("mai", "close", "1")
        self.stop_desk()
        self.run_desk(env={
            "LD_PRELOAD": FAKETIME, "FAKETIME": "%+d" % (732 * DAY_S), "NO_FAKE_STAT": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1",
            "LACHAN_SANDBOX_STRICT": "",
            "ASAN_OPTIONS": "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")})
        self.desk_program.wait_log("1 cases closed long ago are erased")
        self.assertEqual([os.path.basename(p) for p in glob.glob(self.folder() + "/*.case")],
                         ["2.case"])


if __name__ == "__main__":
    main()
