#!/usr/bin/env python3
"""Pupils' "ask for a review": from what the form hands in to the answer that a code reads.

What is old is looked for with libfaketime, and skipped without it; what a full disk does, on a
small file system of our own, needs root."""
import glob
import json
import os
import signal
import socketserver
import struct
import subprocess
import threading
import time
import unittest

from desk_test import PASSWORD, DeskTest
from lachan_test import BIN, Control, away_from_midnight, dns, main, small_disk, wait_for

FAKETIME = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)
HERE = "192.0.2.9"
LOWER, UPPER, LAB = "127.0.1.1", "127.0.3.1", "127.0.2.1"
DAY_S = 24 * 60 * 60


class PlayedFilter:
    """Answers at control.sock as it is told, one (command, reply) after the other."""

    def __init__(self, run_dir, said):
        self.heard, self.left = [], list(said)
        os.makedirs(run_dir, exist_ok=True)
        played = self

        class Line(socketserver.BaseRequestHandler):
            def handle(self):
                played.answer(self.request)

        self.server = socketserver.UnixStreamServer(os.path.join(run_dir, "control.sock"), Line)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def answer(self, line):
        length = struct.unpack("<I", dns.receive_exactly(line, 4))[0]
        asked = json.loads(dns.receive_exactly(line, length))
        reply = {"ok": False, "error": "not in the play"}
        if self.left and self.left[0][0] == asked["command"]:
            self.heard.append(asked)
            reply = {"ok": True, **self.left.pop(0)[1]}
        data = json.dumps(reply).encode()
        line.sendall(struct.pack("<I", len(data)) + data)

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class ReviewTest(DeskTest):
    RULES = {"gambling": "||casino.example^\n||poker.example^\n||bets.example^\n",
             "adult": "||adult.example^\n", "malware": "||evil.example^\n",
             "child_abuse": "||locked.example^\n"}
    RECORDS = {name: HERE for name in ("www.example.vn", "casino.example", "poker.example",
                                       "bets.example", "adult.example", "evil.example")}
    LEVELS = ["lower_secondary", "upper_secondary"]

    def run_school(self, **more):
        """Somebody who may answer has just looked in, so the form holds."""
        self.run_desk(filter={
            "groups": [{"name": "lab", "clients": ["127.0.2.0/24"]}],
            "tiers": [{"name": "lower_secondary", "schedules": [],
                       "clients": ["127.0.1.0/24", "lab"]},
                      {"name": "upper_secondary", "schedules": [],
                       "clients": ["127.0.3.0/24"]},
                      {"name": "staff", "clients": ["127.0.5.55"]}]}, **more)
        self.look_in()

    def look_in(self):
        self.assertTrue(self.desk("reviews", person=True)["ok"])

    def start_desk_again(self, env=None):
        self.desk_program = self.start("lachan-desk", "-c", self.path("lachan.yaml"), env=env)
        self.desk_program.wait_log("desk: open")

    def send(self, name, reason="", tier="lower_secondary"):
        reply = self.forms("review-send", name=name, reason=reason, tier=tier)
        self.assertTrue(reply["ok"], reply)
        self.assertRegex(reply["code"], r"^[2-9A-Z]{5}-[2-9A-Z]{5}$")
        return reply["code"]

    def refused(self, why, name, reason="", tier="lower_secondary"):
        reply = self.forms("review-send", name=name, reason=reason, tier=tier)
        self.assertEqual((reply["ok"], reply.get("why")), (False, why), reply)

    def told(self, code):
        reply = self.forms("answer", code=code)
        self.assertTrue(reply.pop("ok"), reply)
        return reply

    def listed(self, *words):
        status, out, said = self.ctl("reviews", *words, "--json")
        self.assertEqual((status, said), (0, ""), out)
        return json.loads(out)["reviews"]

    def answer(self, *words):
        status, out, said = self.ctl("reviews", "answer", *words, "--json")
        self.assertEqual((status, said), (0, ""), out)
        return json.loads(out)

    def is_open(self, name, source):
        reply = self.ask_filter(name, source=source)
        self.assertEqual(reply.ede is None, reply.addresses() == [HERE])
        return reply.ede is None

    def records(self):
        with open(self.path("state", "audit.log"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def review_records(self):
        return [r for r in self.records() if r["action"] == "review-answer"]

    def summary_reviews(self):
        status, out, said = self.ctl("summary", "preview")
        self.assertEqual(status, 0, said)
        return json.loads(out)["reviews"]


class FromFormToAnswer(ReviewTest):
    def test_a_name_is_opened_for_the_tier_that_asked_and_the_code_tells(self):
        self.run_school()
        code = self.send("Casino.Example.", "bài tập xác suất\ncho ngày mai")
        self.assertEqual(self.told(code), {"kind": "review", "state": "waiting"})
        one, = self.listed()
        self.assertEqual((one["id"], one["name"], one["category"], one["now"], one["state"]),
                         (1, "casino.example", "gambling", "blocked", "waiting"))
        self.assertEqual(one["tiers"], [{"tier": "lower_secondary", "asked": 1}])
        self.assertEqual(one["reasons"], [{"tier": "lower_secondary",
                                           "text": "bài tập xác suất\ncho ngày mai"}])
        self.assertRegex(one["first"], r"^20\d\d-\d\d-\d\d$")
        self.assertFalse(self.is_open("casino.example", LOWER))

        reply = self.answer("1", "allow", "--for", "20m", "--note", "Chúc em làm bài tốt")
        self.assertEqual(reply["state"], "opened")
        self.assertEqual([g["tier"] for g in reply["grants"]], ["lower_secondary"])
        self.assertTrue(self.is_open("casino.example", LOWER))
        self.assertFalse(self.is_open("casino.example", UPPER))
        told = self.told(code.lower().replace("-", " "))
        self.assertEqual(told, {"kind": "review", "state": "opened_until",
                                "until_s": reply["until_s"], "note": "Chúc em làm bài tốt"})
        self.assertEqual(self.listed(), [])
        self.assertEqual(len(self.listed("--all")), 1)
        self.assertEqual(self.told("ABCDE-FGHJK"), {"kind": "unknown"})
        self.stop_desk()

    def test_a_kind_no_and_a_second_thought(self):
        self.run_school()
        code = self.send("casino.example")
        self.assertEqual(self.answer("1", "keep", "--note", "Hỏi cô Hoa nhé")["state"], "kept")
        self.assertEqual(self.told(code), {"kind": "review", "state": "not_opened",
                                           "note": "Hỏi cô Hoa nhé"})
        self.assertFalse(self.is_open("casino.example", LOWER))
        self.assertEqual(self.ctl("reviews", "answer", "1", "keep")[0], 1)
        self.assertEqual(self.answer("1", "allow", "--for", "always")["until_s"], 0)
        self.assertEqual(self.told(code), {"kind": "review", "state": "opened"})
        self.assertTrue(self.is_open("casino.example", LOWER))
        self.assertEqual(self.ctl("reviews", "answer", "1", "allow")[0], 1)
        self.assertEqual([g["until"] for g in self.control("grants")["grants"]], ["always"])
        self.stop_desk()

    def test_requests_for_a_name_join_and_one_answer_is_for_all(self):
        self.run_school()
        codes = [self.send("casino.example", "một"), self.send("CASINO.example", "hai"),
                 self.send("casino.example", "ba", "upper_secondary")]
        other = self.send("poker.example")
        self.assertEqual([(r["id"], r["asked"], len(r["reasons"])) for r in self.listed()],
                         [(1, 3, 3), (2, 1, 0)])
        grants = self.answer("1", "allow")["grants"]
        self.assertEqual([g["tier"] for g in grants], ["lower_secondary", "upper_secondary"])
        self.assertTrue(self.is_open("casino.example", LOWER))
        self.assertTrue(self.is_open("casino.example", UPPER))
        self.assertEqual({self.told(code)["state"] for code in codes}, {"opened_until"})
        self.assertEqual(self.told(other)["state"], "waiting")
        # Answered: who asks where it is blocked begins a new one.
        self.refused("open", "casino.example")
        self.send("casino.example", tier="staff")
        self.assertEqual([r["id"] for r in self.listed()], [2, 3])
        self.stop_desk()

    def test_what_was_open_for_a_while_is_told_and_may_be_asked_for_again(self):
        self.run_school()
        code = self.send("casino.example")
        until_s = self.answer("1", "allow", "--for", "1s", "--note", "một phút thôi")["until_s"]
        wait_for("the end", lambda: time.time() > until_s + 1)
        self.assertEqual(self.told(code), {"kind": "review", "state": "ended",
                                           "note": "một phút thôi"})
        wait_for("it to be blocked", lambda: not self.is_open("casino.example", LOWER))
        self.send("casino.example")
        self.assertEqual([r["id"] for r in self.listed()], [2])
        self.stop_desk()

    def test_it_may_be_opened_for_one_room(self):
        self.run_school()
        self.send("casino.example")
        self.send("poker.example", tier="upper_secondary")
        self.assertEqual(self.answer("1", "allow", "--group", "lab")["grants"][0]["group"], "lab")
        self.assertTrue(self.is_open("casino.example", LAB))
        self.assertFalse(self.is_open("casino.example", LOWER))
        self.answer("2", "allow", "--tier", "lower_secondary")
        self.assertTrue(self.is_open("poker.example", LOWER))
        self.assertFalse(self.is_open("poker.example", UPPER))
        self.stop_desk()

    def test_what_is_no_request_is_refused_with_its_word(self):
        self.run_school()
        self.refused("refused", "locked.example")
        self.refused("open", "www.example.vn")
        self.refused("open", "lachan.internal")
        for name in ("", "vn", "http://casino.example/", "a..b", "x" * 300, "a b.vn", None):
            self.refused("name", name)
        self.refused("too_long", "casino.example", "ề" * 501)
        self.refused("failed", "casino.example", "\x1b[2J")
        self.refused("failed", "casino.example", tier="Nguyễn Văn A")
        self.refused("failed", "casino.example", tier=None)
        self.assertEqual(self.listed(), [])
        self.send("casino.example", "ề" * 500)
        self.assertEqual(len(self.listed()[0]["reasons"][0]["text"]), 500)
        self.stop_desk()

    def test_the_page_can_neither_list_nor_answer(self):
        self.run_school()
        self.send("casino.example")
        for command in ("reviews", "reviews-answer"):
            self.assertEqual(self.forms(command, id=1, answer="allow")["ok"], False)
        self.assertEqual(len(self.listed()), 1)
        self.stop_desk()

    def test_a_closed_form_takes_nothing_and_old_codes_still_read(self):
        self.run_school()
        code = self.send("casino.example")
        self.current["pages"]["review"] = "off"
        self.write_json(self.current)
        self.desk_program.hup()
        self.desk_program.wait_log("configuration read again")
        self.refused("closed", "poker.example")
        self.assertEqual(self.told(code)["state"], "waiting")
        self.stop_desk()

    def test_a_crowd_is_slowed_down(self):
        self.run_school()
        whys = set()

        def slowed():
            reply = self.forms("review-send", name="casino.example", reason="", tier="staff")
            whys.add(reply.get("why"))
            return "too_many" in whys
        wait_for("too_many", slowed)
        self.assertEqual(whys, {None, "too_many"})
        self.stop_desk()


    def test_who_buries_the_others_is_answered_by_one_command(self):
        self.run_school()
        kept = self.send("poker.example", "câu lạc bộ")
        for i in range(30):
            self.send("x%d.casino.example" % i)
        out = self.answer("2-400", "keep", "--note", "thôi nhé")
        self.assertEqual(len(out["answered"]), 30)
        self.assertEqual([r["id"] for r in self.listed()], [1])
        self.assertEqual(self.told(kept)["state"], "waiting")
        self.assertIn("None of these waits", self.ctl("reviews", "answer", "2-400", "keep")[1])
        for words in (("1-2", "allow"), ("2-1", "keep"), ("1-", "keep"), ("-2", "keep"),
                      ("1-2-3", "keep"), ("0-3", "keep")):
            self.assertEqual(self.ctl("reviews", "answer", *words)[0], 2, words)
        self.assertEqual(len(self.listed()), 1)
        self.stop_desk()


class WhatIsKept(ReviewTest):
    def test_the_file_holds_no_time_and_no_device(self):
        self.run_school()
        code = self.send("casino.example", "lý do", "upper_secondary")
        self.answer("1", "keep")
        path = self.path("state", "reviews")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        with open(path, encoding="utf-8") as file:
            head, asked, answered = [line.split() for line in file]
        self.assertEqual(head[1:], ["lachan-reviews", "1", "1"])
        self.assertEqual(asked[1:3] + [asked[4]] + asked[6:],
                         ["asked", "1", "upper_secondary", "casino.example", "lý", "do"])
        self.assertRegex(asked[3], r"^20\d{6}$")
        self.assertRegex(answered[3], r"^20\d{6}$")
        with open(path, encoding="utf-8") as file:
            self.assertNotIn(code.replace("-", ""), file.read().upper())
        self.stop_desk()

    def test_the_record_tells_who_answered_and_no_reason(self):
        self.run_school()
        self.send("casino.example", "vì bạn Minh")
        self.send("poker.example", tier="staff")
        self.answer("1", "allow", "--note", "riêng cho em")
        self.answer("2", "keep")
        wait_for("both records", lambda: len(self.review_records()) == 2)
        first, second = self.review_records()
        self.assertEqual((first["name"], first["scope"], first["detail"]),
                         ("casino.example", "lower_secondary", "review 1: allow"))
        self.assertEqual(first["actor"], "uid:%d" % os.getuid())
        # `staff` is one device here: its name does not stand beside a domain.
        self.assertEqual((second["name"], second["scope"]), ("poker.example", "one device"))
        text = json.dumps(self.records(), ensure_ascii=False)
        self.assertNotIn("Minh", text)
        self.assertNotIn("riêng", text)
        self.stop_desk()

    def test_words_cannot_steer_the_terminal(self):
        self.run_school()
        self.send("casino.example", "dòng\nhai \u202egnol\u202c \\x1b [31m")
        status, out, said = self.ctl("reviews")
        self.assertEqual((status, said), (0, ""))
        self.assertIn("“dòng hai gnol \\x1b [31m”", out)
        self.assertIn("casino.example", out)
        self.assertNotIn("\u202e", out)
        self.assertNotIn("\x1b", out)
        self.assertEqual(self.ctl("reviews", "answer", "1", "keep")[:1], (0,))
        self.assertIn("Nobody waits", self.ctl("reviews")[1])
        self.assertIn("not opened", self.ctl("reviews", "--all")[1])
        self.stop_desk()

    def test_wrong_words_on_the_line_change_nothing(self):
        self.run_school()
        self.send("casino.example")
        for words in (("x", "allow"), ("0", "allow"), ("1", "yes"), ("1", "keep", "--for", "5m"),
                      ("1", "allow", "--for", "5"), ("1", "allow", "--tier", "none"),
                      ("1", "allow", "--tier", "staff", "--group", "lab"), ("1",)):
            self.assertEqual(self.ctl("reviews", "answer", *words)[0], 2, words)
        self.assertEqual(self.ctl("reviews", "answer", "9", "allow")[0], 1)
        self.assertEqual(self.ctl("reviews", "answer", "1", "keep", "--note", "x" * 501)[0], 1)
        self.assertEqual(self.listed()[0]["state"], "waiting")
        self.assertEqual(self.control("grants")["grants"], [])
        self.stop_desk()


class WhoAnswers(ReviewTest):
    @unittest.skipUnless(os.getuid() == 0, "needs root, to be somebody else")
    def test_a_guest_of_the_group_does_not_open_what_weighs_more(self):
        self.run_school()
        self.send("adult.example")
        self.send("evil.example")
        self.send("casino.example")
        for folder in (self.dir, self.run_dir):
            os.chmod(folder, 0o755)

        def as_guest(number, *words, typed=""):
            done = subprocess.run(
                [os.path.join(BIN, "lachanctl"), "-s", os.path.join(self.run_dir, "control.sock"),
                 "reviews", "answer", number, "allow", "--json", *words], user=65534,
                group=os.getgid(), extra_groups=[], capture_output=True, timeout=60, check=False,
                input=typed.encode())
            return json.loads(done.stdout)
        self.assertEqual(as_guest("1")["why"], "refused")
        self.assertEqual(as_guest("2")["why"], "refused")
        self.assertEqual(as_guest("3")["state"], "opened")
        self.assertEqual([r["id"] for r in self.listed()], [1, 2])
        self.assertEqual(self.answer("1", "allow")["state"], "opened")
        self.add_user("hoa", "teacher")
        self.add_user("vy", "admin")
        typed = PASSWORD + "\n"
        self.assertEqual(as_guest("2", "--user", "hoa", typed=typed)["why"], "refused")
        self.assertEqual(as_guest("2", "--user", "vy", typed=typed)["state"], "opened")
        self.stop_desk()

    def as_somebody(self, user, *words):
        return self.ctl("reviews", "answer", *words, "--user", user, typed=PASSWORD + "\n")

    def test_an_account_answers_by_its_own_name(self):
        self.run_school()
        self.add_user("hoa", "teacher")
        self.add_user("nam", "viewer")
        self.send("casino.example")
        self.send("poker.example")
        self.assertEqual(self.as_somebody("nam", "1", "keep")[0], 1)
        self.assertEqual(self.ctl("reviews", "answer", "1", "keep", "--user", "hoa",
                                  typed="sai\n")[0], 1)
        self.assertEqual(len(self.listed()), 2)
        self.assertEqual(self.as_somebody("hoa", "1", "keep")[0], 0)
        self.assertEqual(self.as_somebody("hoa", "2", "allow")[0], 0)
        self.assertEqual(self.listed(), [])
        wait_for("both records", lambda: len(self.review_records()) == 2)
        self.assertEqual({r["actor"] for r in self.review_records()}, {"teacher:hoa"})
        self.assertEqual(self.control("grants")["grants"][0]["reason"],
                         "review 2, by teacher:hoa")
        self.stop_desk()


class WhoIsHere(ReviewTest):
    def test_a_person_who_looks_in_opens_the_form_and_a_script_does_not(self):
        self.run_desk()
        self.assertEqual(self.listed(), [])
        self.assertFalse(self.forms("standing")["review"])
        self.refused("closed", "casino.example")
        ours, theirs = os.openpty()
        try:
            subprocess.run([os.path.join(BIN, "lachanctl"), "-c", self.path("lachan.yaml"),
                            "reviews"], stdin=theirs, capture_output=True, timeout=60, check=True)
        finally:
            os.close(ours)
            os.close(theirs)
        self.assertTrue(self.forms("standing")["review"])
        self.send("casino.example")
        self.stop_desk()


class WhatFails(ReviewTest):
    def test_without_the_filter_the_review_goes_on_waiting(self):
        self.run_school()
        code = self.send("casino.example")
        self.program.kill()
        self.refused("failed", "poker.example")
        self.assertEqual(self.ctl("reviews", "answer", "1", "allow")[0], 1)
        self.assertEqual(self.told(code)["state"], "waiting")
        self.assertEqual(self.listed()[0]["now"], "unknown")
        self.answer("1", "keep")  # a no needs no filter
        self.assertEqual(self.told(code)["state"], "not_opened")
        self.stop_desk()

    def test_a_grant_that_fails_takes_the_others_back(self):
        said = [("explain", {"verdict": "block", "reason": "category", "category": "gambling"}),
                ("explain", {"verdict": "block", "reason": "category", "category": "gambling"}),
                ("explain", {"verdict": "block", "reason": "category", "category": "gambling"}),
                ("allow", {"id": 7, "until": "2030-11-20T11:30:00+07:00"}),
                ("allow", {"ok": False, "error": "there are 1000 grants already"}),
                ("revoke", {"name": "casino.example"}),
                ("explain", {"verdict": "block", "reason": "category", "category": "gambling"}),
                ("allow", {"id": 8, "until": "noon"}),
                ("revoke", {})]
        filter_ = PlayedFilter(self.run_dir, said)
        self.addCleanup(filter_.close)
        self.run_desk(filter_too=False)
        self.look_in()
        code = self.send("casino.example")
        self.send("casino.example", tier="upper_secondary")
        for why in ("1000 grants already", "cannot be read"):
            reply = self.desk("reviews-answer", id=1, answer="allow", for_ms=60000)
            self.assertEqual((reply["ok"], reply["why"]), (False, "failed"))
            self.assertIn(why, reply["error"])
            self.assertEqual(self.told(code), {"kind": "review", "state": "waiting"})
        self.assertEqual([r["tier"] for r in filter_.heard if r["command"] == "allow"],
                         ["lower_secondary", "upper_secondary", "lower_secondary"])
        self.assertEqual([r["id"] for r in filter_.heard if r["command"] == "revoke"], [7, 8])
        self.assertEqual(filter_.left, [])
        self.stop_desk()

    def test_a_page_that_asks_too_much_does_not_keep_lachanctl_out(self):
        self.run_school()
        self.program.signal(signal.SIGSTOP)
        try:
            with Control(os.path.join(self.run_dir, "forms.sock")) as line:
                for i in range(64):
                    line.send({"command": "review-send", "name": "casino.example", "reason": "",
                               "tier": "staff", "id": i})
                refused = [line.receive() for _ in range(40)]
                self.assertTrue(self.desk("reviews")["ok"])
                self.program.signal(signal.SIGCONT)
                others = [line.receive() for _ in range(24)]
        finally:
            self.program.signal(signal.SIGCONT)
        self.assertEqual({(r["ok"], r.get("why")) for r in refused}, {(False, "failed")})
        self.assertEqual({r["id"] for r in refused + others}, set(range(64)))
        self.stop_desk()

    def test_kill_9_loses_nothing_that_was_confirmed(self):
        self.run_school()
        codes = []
        for i in range(6):
            codes.append(self.send("casino.example" if i % 2 else "poker.example", "lần %d" % i,
                                   "lower_secondary" if i < 4 else "upper_secondary"))
            if i == 3:
                self.answer("1", "allow")
            self.desk_program.kill()
            self.start_desk_again()
            self.assertEqual([c for c in codes if self.told(c)["kind"] != "review"], [])
        self.assertEqual(self.told(codes[0])["state"], "opened_until")
        self.assertEqual(self.told(codes[1])["state"], "waiting")
        self.stop_desk()

    def test_a_torn_end_is_cut_off(self):
        self.run_school()
        code = self.send("casino.example")
        self.stop_desk()
        with open(self.path("state", "reviews"), "ab") as file:
            file.write(b"0123456789abcdef asked 2 2026")
        self.start_desk_again()
        self.desk_program.wait_log("29 bytes of a torn end are cut off")
        self.assertEqual(self.told(code)["state"], "waiting")
        self.send("poker.example")
        self.assertEqual([r["id"] for r in self.listed()], [1, 2])
        self.stop_desk()

    def test_a_strange_file_closes_the_form_and_stays(self):
        self.run_school()
        self.stop_desk()
        path = self.write("state/reviews", "ghi chú của tôi\n")
        self.start_desk_again()
        self.refused("failed", "casino.example")
        self.assertEqual(self.ctl("reviews")[0], 1)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), "ghi chú của tôi\n")
        self.stop_desk()

    @unittest.skipUnless(os.getuid() == 0, "needs root, to mount a small file system")
    def test_a_full_disk_changes_nothing_and_is_told(self):
        state = self.path("state")
        small_disk(self, state)
        self.run_school()
        code = self.send("casino.example")
        filler = os.path.join(state, "filler")

        def fill():
            with open(filler, "ab", buffering=0) as file:
                try:
                    while file.write(b"x" * 4096) == 4096:
                        pass
                except OSError:
                    pass
        fill()
        refused = False
        for i in range(8):  # what is left of the file's last page may still take one
            fill()
            reply = self.forms("review-send", name="casino.example", reason="x" * 500,
                               tier="staff")
            refused = refused or reply.get("why") == "failed"
        self.assertTrue(refused)
        asked = self.listed()[0]["asked"]
        self.assertEqual(self.ctl("reviews", "answer", "1", "allow")[0], 1)
        self.assertEqual(self.told(code)["state"], "waiting")
        self.assertEqual(self.control("grants")["grants"], [])
        os.unlink(filler)
        self.assertEqual(self.answer("1", "allow")["state"], "opened")
        self.desk_program.kill()
        self.start_desk_again()
        self.assertNotIn("torn", self.desk_program.log())
        self.assertEqual(self.listed("--all")[0]["asked"], asked)
        self.assertEqual(self.told(code)["state"], "opened_until")
        self.stop_desk()
        self.stop_clean()


class Counts(ReviewTest):
    def test_the_summary_tells_bands_whoever_is_killed(self):
        away_from_midnight(60)
        self.run_school()
        day = self.control("stats")["date"]
        self.assertEqual(self.summary_reviews(), {"requested": "0-9", "answered-percent": 100})
        for i in range(8):
            self.send("casino.example")
        self.desk_program.kill()
        self.start_desk_again()
        for i in range(4):
            self.send("poker.example")
        before = self.summary_reviews()
        self.answer("1", "keep")
        self.desk_program.kill()
        if self.control("stats")["date"] != day:
            self.skipTest("midnight came in between")
        # 8 of 12: to the nearest 5, and without the desk.
        self.assertEqual(before, {"requested": "10-19", "answered-percent": 0})
        expected = {"requested": "10-19", "answered-percent": 65}
        self.assertEqual(self.summary_reviews(), expected)
        self.program.kill()
        self.program = self.start("lachan-filter", "-c", self.path("lachan.yaml"))
        self.program.wait_log("serving with")
        self.assertEqual(self.summary_reviews(), expected)
        self.start_desk_again()
        self.assertEqual(self.summary_reviews(), expected)
        self.stop_desk()


@unittest.skipUnless(FAKETIME, "needs libfaketime (Debian package faketime)")
class Old(ReviewTest):
    def later(self, days):
        """The environment of a desk whose calendar is so far ahead."""
        return {"LD_PRELOAD": FAKETIME, "FAKETIME": "%+d" % (days * DAY_S),
                "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1",
                "FAKETIME_DONT_RESET": "1", "LACHAN_SANDBOX_STRICT": "",
                "ASAN_OPTIONS": "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")}

    def test_answers_are_read_for_a_month_and_questions_wait_for_two(self):
        self.run_school()
        answered, waiting = self.send("casino.example", "bí mật"), self.send("poker.example")
        self.answer("1", "keep")
        for days, left in ((29, {1, 2}), (32, {2}), (59, {2}), (62, set())):
            self.stop_desk()
            self.start_desk_again(env=self.later(days))
            self.assertEqual({r["id"] for r in self.listed("--all")}, left, days)
            self.assertEqual(self.told(answered)["kind"] == "review", 1 in left)
            self.assertEqual(self.told(waiting)["kind"] == "review", 2 in left)
            with open(self.path("state", "reviews"), encoding="utf-8") as file:
                self.assertEqual("bí mật" in file.read(), 1 in left)
        self.stop_desk()


if __name__ == "__main__":
    main()
