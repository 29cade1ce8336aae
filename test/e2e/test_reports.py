#!/usr/bin/env python3
"""Reports of harm: from what the form hands in to the counsellor's screen and back to the pupil
by code; nobody else reads a word."""
import glob
import json
import os
import signal
import stat

from desk_test import APPROVER, CLIENT, PASSWORD
from lachan_test import main, wait_for
from reports_test import DAY_S, REPLY, TELLING, WORDS, ReportTest


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


if __name__ == "__main__":
    main()
