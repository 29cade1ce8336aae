#!/usr/bin/env python3
"""explain and status through control.sock: special rules, patterns, services, safe search."""
import gzip
import json
import os

import scripted_upstream as scripted
from filter_test import FilterTest
from lachan_test import main

RULES = r"""! a list
||casino.example^
@@||fair.casino.example^
/^bet[0-9]+\.example$/
||typed.example^$dnstype=A
*slot*machine*
/^(a+a+)+\.bad\.example7$/
"""


class Explain(FilterTest):
    RULES = {"gambling": RULES, "games": "||games.example^\n"}
    RECORDS = {"www.example.vn": "192.0.2.7"}

    def run_school(self, **more):
        return self.run_filter(filter={"tiers": [{
            "name": "lower_secondary", "schedules": [], "clients": ["127.0.1.0/24"],
            "block_services": ["tiktok"], "youtube": "moderate", "safe_search": "on"}]}, **more)

    def explain(self, name, rtype="A", **how):
        told = self.control("explain", name=name, type=rtype, client="127.0.1.1", **how)
        self.assertTrue(told["ok"], told)
        return told

    def deciding(self, told):
        return [rule for rule in told["rules"] if rule["wins"]]

    def test_every_kind_of_rule_is_quoted_with_its_line(self):
        self.run_school()
        for name, line, text, match, pattern in (
                ("www.casino.example", 2, "||casino.example^", "casino.example", ""),
                ("bet7.example", 4, r"/^bet[0-9]+\.example$/", "", r"^bet[0-9]+\.example$"),
                ("typed.example", 5, "||typed.example^$dnstype=A", "typed.example", ""),
                ("my-slot-of-machines.vn", 6, "*slot*machine*", "", None)):
            with self.subTest(name=name):
                told = self.explain(name)
                self.assertEqual((told["verdict"], told["reason"], told["category"]),
                                 ("block", "category", "gambling"))
                rule, = self.deciding(told)
                self.assertEqual((rule["line"], rule["text"], rule["match"], rule["kind"]),
                                 (line, text, match, "block"))
                if pattern is not None:
                    self.assertEqual(rule["pattern"], pattern)
                self.assertGreater(rule["fetched_s"], 1700000000)
        self.assertEqual(self.explain("typed.example", "AAAA")["verdict"], "allow")
        # Losers are told, too.
        told = self.explain("fair.casino.example")
        self.assertEqual(told["verdict"], "allow")
        self.assertEqual({r["text"]: (r["kind"], r["line"]) for r in told["rules"]},
                         {"||casino.example^": ("block", 2),
                          "@@||fair.casino.example^": ("exception", 3)})
        self.stop_clean()

    def test_without_the_lists_copy_the_rule_is_told_without_its_line(self):
        self.run_school()
        for name in os.listdir(self.path("lists")):
            os.unlink(self.path("lists", name))
        rule, = self.deciding(self.explain("bet7.example"))
        self.assertEqual((rule["line"], rule["text"], rule["pattern"]),
                         (0, "", r"^bet[0-9]+\.example$"))
        rule, = self.deciding(self.explain("casino.example"))
        self.assertEqual((rule["line"], rule["match"], rule["category"]),
                         (0, "casino.example", "gambling"))
        self.stop_clean()

    def test_a_gzip_copy_that_is_torn_costs_its_lines_alone(self):
        self.run_school()
        whole = gzip.compress(RULES.encode() * 500)
        with open(self.path("lists", "gambling.txt"), "wb") as file:
            file.write(whole[:len(whole) // 2])
        told = self.explain("no-such-rule.casino.example")
        self.assertEqual((told["verdict"], told["category"]), ("block", "gambling"))
        self.stop_clean()

    def test_what_the_answer_leads_to_is_told(self):
        def script(query):
            query.send(query.reply(answer=[
                scripted.cname(query.name, "cdn.casino.example"),
                scripted.a("cdn.casino.example", "192.0.2.7")]))
        upstream = scripted.ScriptedUpstream(script)
        self.addCleanup(upstream.close)
        self.run_school(upstreams=[upstream.port])
        told = self.explain("clean.example.vn")
        self.assertEqual((told["verdict"], told["reason"], told["through"]),
                         ("allow", "nothing", None))
        self.assert_blocked(self.ask_filter("clean.example.vn", source="127.0.1.1"))
        told = self.explain("clean.example.vn")
        self.assertEqual((told["verdict"], told["reason"], told["category"], told["answer"]),
                         ("block", "answer", "gambling", "warning"))
        self.assertEqual(told["through"], {"name": "cdn.casino.example", "reason": "category"})
        self.assertEqual([(r["text"], r["line"], r["wins"]) for r in told["rules"]],
                         [("||casino.example^", 2, True)])
        self.assertEqual((told["advice"], told["advice_name"]), ("allow", "clean.example.vn"))
        # For whom it may lead there, nothing is told.
        told = self.control("explain", name="clean.example.vn", tier="staff")
        self.assertEqual(told["category"], "gambling")  # staff do not gamble, either
        self.assertTrue(self.control("allow", name="clean.example.vn")["ok"])
        told = self.explain("clean.example.vn")
        self.assertEqual((told["verdict"], told["reason"], told["through"]),
                         ("allow", "grant", None))
        status, out, _ = self.run_program(
            "lachanctl", "-s", os.path.join(self.run_dir, "control.sock"), "explain",
            "clean.example.vn", "--client", "127.0.1.1")
        self.assertEqual(status, 0, out)
        self.stop_clean()

    def test_services_and_safe_search_are_told(self):
        self.run_school()
        told = self.explain("www.tiktok.com")
        self.assertEqual((told["verdict"], told["reason"]), ("block", "service"))
        self.assertEqual(told["service"], {"name": "tiktok", "title": "TikTok"})
        self.assertEqual(told["advice"], "drop-service")
        told = self.explain("www.google.com")
        self.assertEqual((told["verdict"], told["safe_search"]),
                         ("allow", {"leads_to": "forcesafesearch.google.com", "youtube": False}))
        told = self.explain("www.youtube.com")
        self.assertEqual((told["verdict"], told["safe_search"]),
                         ("allow", {"leads_to": "restrictmoderate.youtube.com", "youtube": True}))
        told = self.control("explain", name="www.google.com", tier="staff")
        self.assertIsNone(told["safe_search"])
        status = {t["tier"]: t for t in self.control("status")["tiers"]}
        self.assertEqual((status["lower_secondary"]["safe_search"],
                          status["lower_secondary"]["youtube"]), (True, "moderate"))
        self.assertFalse(status["staff"]["safe_search"])
        self.stop_clean()

    def test_a_pattern_that_costs_too_much_is_cut_and_named(self):
        self.run_school()
        self.assertEqual(self.control("status")["patterns"]["cut"], 0)
        name = "a" * 60 + ".bad.example7.vn"  # has the letters, does not match
        self.assertEqual(self.ask_filter(name, source="127.0.1.1").rcode, 3)
        patterns = self.control("status")["patterns"]
        self.assertGreater(patterns["cut"], 0)
        self.assertEqual(patterns["count"], 3)
        worst = patterns["worst"][0]
        self.assertEqual(worst["pattern"], r"^(a+a+)+\.bad\.example7$")
        self.assertIn("gambling", worst["feed"])
        self.assertEqual(worst["cut"], patterns["cut"])
        json.dumps(worst)
        self.stop_clean()


if __name__ == "__main__":
    main()
