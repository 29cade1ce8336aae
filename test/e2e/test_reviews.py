"""Pupils' "ask for a review": from what the form hands in to the answer that a code reads."""
import json
import os
import signal

from desk_test import DeskTest
from lachan_test import main

RULES = {"gambling": "||casino.example^\n||poker.example^\n", "games": "||chess.example^\n",
         "child_abuse": "||locked.example^\n", "adult": "||adult.example^\n"}
RECORDS = {name: "192.0.2.9" for name in
           ("www.example.vn", "casino.example", "poker.example", "chess.example")}


class ReviewTest(DeskTest):
    RULES = RULES
    RECORDS = RECORDS
    LEVELS = ["lower_secondary", "upper_secondary"]

    def send(self, name, reason="", tier="lower_secondary"):
        reply = self.forms("review-send", name=name, reason=reason, tier=tier)
        self.assertTrue(reply["ok"], reply)
        self.assertRegex(reply["code"], r"^[2-9A-Z]{5}-[2-9A-Z]{5}$")
        return reply["code"]

    def refused(self, why, **request):
        reply = self.forms("review-send", **request)
        self.assertEqual((reply["ok"], reply["why"]), (False, why), reply)

    def told(self, code):
        return self.forms("answer", code=code)

    def listed(self, *words):
        status, out, said = self.ctl("reviews", *words, "--json")
        self.assertEqual(status, 0, said)
        return json.loads(out)["reviews"]

    def answer(self, *words):
        status, out, said = self.ctl("reviews", "answer", *words, "--json")
        self.assertEqual(status, 0, out + said)
        return json.loads(out)

    def kill_desk(self):
        self.desk_program.signal(signal.SIGKILL)
        self.desk_program.process.wait(30)


class FromFormToAnswer(ReviewTest):
    def test_a_request_is_answered_and_the_code_tells(self):
        self.run_desk()
        code = self.send("Casino.Example", "bài tập xác suất")
        self.assertEqual(self.told(code), {"ok": True, "kind": "review", "state": "waiting"})
        self.assert_blocked(self.ask_filter("casino.example"))
        reply = self.desk("reviews-answer", id=1, answer="allow", for_ms=600000, note="chào em")
        self.assertEqual(reply["state"], "opened", reply)
        told = self.told(code.lower().replace("-", " "))
        self.assertEqual((told["state"], told["note"]), ("opened_until", "chào em"))
        self.assertEqual(told["until_s"], reply["until_s"])
        self.assert_passed(self.ask_filter("casino.example"), "192.0.2.9")
        self.stop_desk()


if __name__ == "__main__":
    main()
