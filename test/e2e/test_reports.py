#!/usr/bin/env python3
"""Reports of harm: from what the form hands in to the counsellor's screen and back to the pupil
by code; nobody else reads a word.

A full disk, on a small file system of our own, needs root; what is old is looked for with
libfaketime. Both are skipped without."""
import glob
import gzip
import json
import os
import signal
import stat
import subprocess
import unittest

from desk_test import APPROVER, CLIENT, PASSWORD, DeskTest
from lachan_test import main, wait_for

FAKETIME = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)
DAY_S = 24 * 60 * 60
# Words that must stand nowhere but on the counsellor's screen.
WORDS = {"kind": "threatened", "where": "http://trang-xau-kia.example/phong",
         "what": "Có người lạ đòi em gửi ảnh.\nEm sợ lắm <b>&\"'",
         "contact": "Phòng thư viện, giờ ra chơi thứ tư"}
TELLING = ["trang-xau-kia", "người lạ", "Em sợ lắm", "thư viện", "threatened",
           "ng\\u01b0\\u1eddi l\\u1ea1"]
REPLY = "Cô đã đọc. Em gặp cô ở phòng tư vấn nhé. Em không có lỗi."


class ReportTest(DeskTest):
    # Passwords cost time: the accounts are made once, and each test has a copy of the file.
    ACCOUNTS = {APPROVER: "approver", "mai": "counsellor", "lan": "counsellor",
                "quan": "admin,approver,teacher,viewer"}
    made = {}

    def run_school(self, *names):
        """Filter and desk, with these accounts and the approver."""
        names = (APPROVER, *names)
        os.makedirs(self.path("state"), mode=0o755, exist_ok=True)
        if names not in ReportTest.made:
            self.current = self.config()
            self.write_json(self.current)
            for name in names:
                self.add_user(name, self.ACCOUNTS[name])
            del self.current
            with open(self.path("state", "users"), "rb") as f:
                ReportTest.made[names] = f.read()
        path = self.path("state", "users")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as f:
            f.write(ReportTest.made[names])
        self.run_desk()

    def send(self, **more):
        return self.forms("report-send", **{**WORDS, "tier": "lower_secondary", **more})

    def sent(self, **more):
        reply = self.send(**more)
        self.assertTrue(reply["ok"], reply)
        self.assertRegex(reply["code"], r"^[2-9A-Z]{5}-[2-9A-Z]{5}$")
        return reply["code"]

    def as_counsellor(self, name, *words, more="", password=PASSWORD):
        return self.ctl("reports", *words, typed=f"{name}\n{password}\n{more}")

    def done(self, name, *words, more=""):
        status, out, err = self.as_counsellor(name, *words, more=more)
        self.assertEqual((status, err), (0, ""), out)
        return out

    def cases(self, name, *words):
        return json.loads(self.done(name, "list", *words, "--json"))["cases"]

    def read(self, name, case):
        return json.loads(self.done(name, "read", str(case), "--json"))

    def refused(self, name, *words, why):
        status, out, err = self.as_counsellor(name, *words)
        self.assertEqual(status, 1, out)
        self.assertRegex(err, why)

    def folder(self):
        return os.path.join(self.path("state"), "reports")

    def every_byte(self):
        """(path, bytes) of all that the gateway keeps, and what it has logged."""
        for top in (self.path("state"), self.run_dir):
            for folder, _, files in os.walk(top):
                for name in files:
                    path = os.path.join(folder, name)
                    if stat.S_ISREG(os.stat(path).st_mode):
                        with open(path, "rb") as f:
                            yield path, f.read()
        yield "log of the desk", self.desk_program.log().encode()
        yield "log of the filter", self.program.log().encode()

    def assert_nowhere(self, words):
        for path, data in self.every_byte():
            if path.endswith(".gz"):
                data += gzip.decompress(data)
            for word in words:
                self.assertNotIn(word.encode(), data, f"{word} stands in {path}")

    def audit(self, action):
        def found():
            with open(os.path.join(self.path("state"), "audit.log"), encoding="utf-8") as f:
                return [e for e in map(json.loads, f) if e["action"] == action]
        return wait_for(f"{action} in the record", found)[-1]


class FromFormToAnswer(ReportTest):
    def test_only_counsellors_read_it_and_the_pupil_gets_the_answer(self):
        self.run_school("mai", "lan")
        code = self.sent()
        self.assert_nowhere(TELLING + [code, code.replace("-", "")])
        self.assertEqual(self.forms("answer", code=code),
                         {"ok": True, "kind": "report", "state": "waiting"})
        case = self.cases("mai")[0]
        self.assertEqual((case["kind"], case["tier"], case["state"], case["owner"]),
                         ("threatened", "lower_secondary", "new", ""))
        for name in ("mai", "lan"):
            whole = self.read(name, case["id"])
            self.assertEqual({key: whole[key] for key in WORDS}, WORDS)
            self.assertEqual(sorted(whole["readers"]), ["lan", "mai"])
        self.done("mai", "take", "1")
        self.done("mai", "reply", "1", more=REPLY)
        self.assertEqual(self.forms("answer", code=code.lower().replace("-", " ")),
                         {"ok": True, "kind": "report", "state": "replied", "note": REPLY})
        self.assertEqual(self.read("lan", 1)["reply"], REPLY)
        self.assertEqual(self.forms("answer", code="22222-22222")["kind"], "unknown")
        self.done("mai", "state", "1", "referred", "--reason", "111, hồ sơ 4711")
        self.done("mai", "close", "1")
        self.assertEqual(self.cases("mai"), [])
        self.assertEqual(self.cases("mai", "--all")[0]["state"], "closed")
        self.assert_nowhere(TELLING + [code, "phòng tư vấn", "không có lỗi"])
        self.stop_desk()

    def test_the_record_tells_who_and_which_case_and_no_word(self):
        self.run_school("mai")
        self.sent()
        self.done("mai", "read", "1")
        self.done("mai", "take", "1")
        self.done("mai", "reply", "1", REPLY)
        for action in ("report-read", "report-taken", "report-reply"):
            entry = self.audit(action)
            self.assertEqual((entry["actor"], entry["detail"], entry["name"]),
                             ("counsellor:mai", "case 1", ""))
        self.assertEqual(self.ctl("audit", "verify")[0], 0)
        self.assert_nowhere(TELLING + ["không có lỗi"])
        self.stop_desk()

    def test_it_survives_kill_and_start(self):
        self.run_school("mai")
        codes = [self.sent(what=f"lời số {i}") for i in range(3)]
        self.done("mai", "reply", "2", REPLY)
        self.desk_program.signal(signal.SIGKILL)
        self.desk_program.wait()
        self.run_desk()
        self.assertEqual([self.read("mai", i + 1)["what"] for i in range(3)],
                         [f"lời số {i}" for i in range(3)])
        self.assertEqual(self.forms("answer", code=codes[1])["note"], REPLY)
        self.assertEqual(self.forms("answer", code=codes[2])["state"], "waiting")
        self.stop_desk()

    def test_files_are_private_and_tell_no_time_of_day(self):
        self.run_school("mai")
        self.sent()
        self.assertEqual(stat.S_IMODE(os.stat(self.folder()).st_mode), 0o700)
        for name in os.listdir(self.folder()):
            s = os.stat(os.path.join(self.folder(), name))
            self.assertEqual(stat.S_IMODE(s.st_mode), 0o600, name)
            self.assertEqual(s.st_mtime % DAY_S, 0, name)
        self.assertEqual(os.stat(self.folder()).st_mtime % DAY_S, 0)
        # Its size tells nothing of a short report and a longer one.
        self.sent(what="x", where="", contact="")
        self.sent(what="ngày hôm qua " * 100)
        sizes = {os.path.getsize(path) for path in glob.glob(self.folder() + "/*.case")}
        self.assertEqual(len(sizes), 1, sizes)
        self.stop_desk()


class WhoMayRead(ReportTest):
    def test_an_admin_an_approver_and_a_wrong_password_read_nothing(self):
        self.run_school("mai", "quan")
        self.sent()
        for words in (("list",), ("read", "1"), ("take", "1"), ("close", "1")):
            self.refused("quan", *words, why="counsellor|role|may")
        status, _, err = self.as_counsellor("mai", "read", "1", password="not the password")
        self.assertEqual((status, bool(err)), (1, True))
        self.assertNotIn("người lạ", err)
        # Numbers are for everybody who looks after the gateway.
        status, out, _ = self.ctl("reports", "count", "--json")
        self.assertEqual((status, json.loads(out)["new"]), (0, 1))
        for command in ("reports", "report-get", "report-key", "report-state"):
            self.assertFalse(self.desk(command, token="x" * 64, id=1, state="closed")["ok"])
            self.assertFalse(self.forms(command, token="x" * 64, id=1, state="closed")["ok"])
        self.stop_desk()

    def test_the_page_cannot_ask_for_cases_even_with_a_counsellors_token(self):
        self.run_school("mai")
        self.sent()
        token = self.sign_in("mai")
        for command in ("reports", "report-get", "report-key", "reports-count"):
            reply = self.forms(command, token=token, client=CLIENT, id=1)
            self.assertFalse(reply["ok"], command)
        # A token of the page's is none of lachanctl's.
        self.assertFalse(self.desk("report-get", token=token, id=1)["ok"])
        self.stop_desk()

    def test_who_came_later_reads_what_is_shared_and_who_left_reads_nothing(self):
        self.run_school("mai")
        self.sent()
        self.add_user("lan", "counsellor")
        self.sent(what="sau khi cô Lan đến")
        self.refused("lan", "read", "1", why="does not open with your key")
        self.assertEqual(self.read("lan", 2)["what"], "sau khi cô Lan đến")
        self.assertEqual([c["readable"] for c in self.cases("lan")], [False, True])
        self.done("mai", "share", "1")
        self.assertEqual(self.read("lan", 1)["what"], WORDS["what"])
        status, _, err = self.ctl("user", "remove", "mai",
                                  typed=f"{APPROVER}\n{PASSWORD}\n")
        self.assertEqual(status, 0, err)
        self.desk_program.wait_log("keys of people who left were taken out")
        self.refused("mai", "read", "1", why="do not fit")
        self.assertEqual(self.read("lan", 1)["readers"], ["lan"])
        # The same name with a new key is somebody else.
        self.add_user("mai", "counsellor")
        wait_for("the new account of the old name",
                 lambda: self.as_counsellor("mai", "list")[0] == 0)
        self.refused("mai", "read", "1", why="does not open with your key")
        self.stop_desk()

    def test_a_changed_password_opens_what_the_old_one_opened(self):
        self.run_school("mai")
        self.sent()
        status, _, err = self.ctl("user", "password", "mai",
                                  typed=f"{PASSWORD}\nhoa sữa tháng mười\n")
        self.assertEqual(status, 0, err)
        wait_for("the new password", lambda: self.as_counsellor(
            "mai", "list", password="hoa sữa tháng mười")[0] == 0)
        out = self.as_counsellor("mai", "read", "1", password="hoa sữa tháng mười")[1]
        self.assertIn("Có người lạ", out)
        self.stop_desk()

    def test_without_a_counsellor_there_is_no_form(self):
        self.run_desk()
        self.add_user("hoa", "teacher")
        self.assertFalse(self.forms("standing")["report"])
        reply = self.send()
        self.assertEqual((reply["ok"], reply["why"]), (False, "closed"))
        self.assertEqual(glob.glob(self.folder() + "/*.case"), [])
        self.assertIn("counsellor", self.ctl("reports", "count")[1])
        self.stop_desk()

    def test_a_counsellor_who_never_came_shows_no_form(self):
        self.run_school("mai")
        self.assertFalse(self.forms("standing")["report"])
        self.assertEqual(self.as_counsellor("mai", "list")[0], 0)
        self.assertTrue(self.forms("standing")["report"])
        self.stop_desk()


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
        state = self.path("state")
        os.makedirs(state, exist_ok=True)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=0755", "none",
                                  state], capture_output=True, timeout=60, check=False)
        if mounted.returncode != 0:
            self.skipTest("no file system can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", state], check=False)
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
