#!/usr/bin/env python3
"""Extended errors as JSON, for the programs that signal that they read it."""
import json

from filter_test import FilterTest
from lachan_test import dns, main

SIGNALS = [(15, b"\0\0")], [(26, b"")]
HERE = "192.0.2.7"


class StructuredErrors(FilterTest):
    RULES = {"games": "||game.example^\n", "adult": "||adult.example^\n",
             "child_abuse": "||locked.example^\n", "ads_tracking": "||ads.example^\n",
             "malware": "||virus.example^\n"}

    def run_school(self, **school):
        return self.run_filter(
            school={"languages": ["vi"], "name": "THCS Thử", **school},
            filter={"tiers": [{"name": "lower_secondary", "allow": ["www.example.vn"],
                               "clients": ["127.0.1.0/24"]}]})

    def ask_as(self, name, options=SIGNALS[0], **how):
        return self.ask_filter(name, options=options, source="127.0.1.1", **how)

    def said(self, name, code=15, **how):
        found, text = self.ask_as(name, **how).ede
        self.assertEqual(found, code)
        self.assertLessEqual(len(text.encode()), 480)
        return json.loads(text)

    def test_who_signals_is_told_why_and_whom_to_ask(self):
        self.run_school()
        for signal in SIGNALS:
            self.assertEqual(self.said("www.game.example", options=signal), {
                "c": ["http://lachan.internal/lachan/why"],
                "j": "Bị chặn theo chính sách mạng của trường: Trò chơi điện tử. Cần giúp đỡ: 111",
                "s": 5, "o": "THCS Thử", "l": "vi"})
        self.assertEqual(self.said("virus.example")["s"], 1)
        # Whatever the kind of answer, over UDP and TCP.
        for how in ({"rtype": "AAAA"}, {"rtype": "TXT"}, {"tcp": True}):
            self.assertIn("Trò chơi", self.said("www.game.example", **how)["j"])
        self.assertIn("Quảng cáo", self.said("ads.example")["j"])

    def test_who_does_not_signal_is_told_the_code_alone(self):
        self.run_school()
        for options in ((), [(15, b"\0\x0f")], [(15, b"\0\0x")], [(15, b"")], [(26, b"x")]):
            self.assertEqual(self.ask_as("www.game.example", options=options).ede, (15, ""))
        self.assertIsNone(self.ask_filter("www.game.example", edns=False, source="127.0.1.1").ede)
        # What is open, and what is no block, says nothing.
        for name in ("www.example.vn", "lachan.internal", "use-application-dns.net"):
            self.assertIsNone(self.ask_as(name).ede, name)

    def test_what_is_sensitive_or_locked_is_not_named(self):
        self.run_school(languages=["en", "vi"])
        for name, code in (("adult.example", 15), ("locked.example", 16)):
            said = self.said(name, code)
            self.assertEqual((said["j"], said["l"]),
                             ("Blocked by school network policy. Help: 111", "en"))
            text = json.dumps(said)
            for word in ("adult", "porn", "abuse", "example", "child"):
                self.assertNotIn(word, text)
        self.assertNotIn("s", self.said("locked.example", 16))

    def test_no_answer_grows_beyond_what_its_asker_takes(self):
        self.run_school(name="T" * 200)
        long_name = ".".join(["x" * 60] * 3 + ["game.example"])
        for size in (512, 600, 1232, 4096):
            reply = self.ask_as(long_name, size=size)
            self.assertEqual((reply.rcode, reply.addresses()), (dns.NOERROR, ["127.0.0.1"]))
            self.assertEqual((reply.tc, len(reply.wire) <= size), (False, True))
            code, text = reply.ede
            self.assertEqual(code, 15)
            if text:  # it is whole, or not there
                self.assertEqual(json.loads(text)["l"], "vi")
        self.assertTrue(text)


if __name__ == "__main__":
    main()
