#!/usr/bin/env python3
"""Grants: names opened or closed for a while, for everybody, a tier, a room or addresses."""
import json
import os
import time

from filter_test import FilterTest
from lachan_test import dns, main, wait_for

HERE = "192.0.2.7"
# Who asks, by source address.
LOWER, LAB, LAB_SEAT, UPPER = "127.0.1.1", "127.0.2.1", "127.0.2.9", "127.0.3.1"


class GrantsTest(FilterTest):
    LEVELS = ["lower_secondary", "upper_secondary"]
    RULES = {"gambling": "||casino.example^\n||bets.example^\n",
             "child_abuse": "||locked.example^\n||deep.mixed.example^\n",
             "adult": "||mixed.example^\n"}
    RECORDS = {name: HERE for name in ("www.example.vn", "casino.example", "www.casino.example",
                                       "bets.example", "locked.example", "mixed.example",
                                       "deep.mixed.example")}

    def run_school(self, **more):
        return self.run_filter(filter={
            "groups": [{"name": "lab", "clients": ["127.0.2.0/24"]},
                       {"name": "one-pc", "clients": ["127.0.1.77"]}],
            "tiers": [{"name": "lower_secondary", "schedules": [],
                       "clients": ["127.0.1.0/24", "lab", "one-pc"]},
                      {"name": "upper_secondary", "schedules": [],
                       "clients": ["127.0.3.0/24"]},
                      {"name": "staff", "clients": ["127.0.5.55", "2001:db8:55::1"]}]}, **more)

    def start_again(self):
        self.program = self.start("lachan-filter", "-c", self.path("lachan.yaml"))
        self.program.wait_log("serving with")

    def grant(self, command, name, **how):
        """The id; `how` are the keys of the command."""
        reply = self.control(command, name=name, **how)
        self.assertTrue(reply["ok"], reply)
        return reply["id"]

    def refused(self, command, words, **how):
        reply = self.control(command, **how)
        self.assertFalse(reply["ok"], reply)
        self.assertIn(words, reply["error"])

    def is_open(self, name, source=LOWER):
        reply = self.ask_filter(name, source=source)
        self.assertEqual(reply.rcode, dns.NOERROR)
        opened = reply.addresses() == [HERE]
        # Nothing in between: the address, or the page with a word of why.
        self.assertEqual(reply.ede is None, opened)
        return opened

    def wait_open(self, name, opened, source=LOWER):
        wait_for("%s to be %s" % (name, "open" if opened else "blocked"),
                 lambda: self.is_open(name, source) == opened)

    def grants(self):
        return self.control("grants")["grants"]

    def grants_file(self):
        with open(self.path("state", "grants"), encoding="utf-8") as file:
            return file.read()

    def audit(self):
        with open(self.path("state", "audit.log"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]


class Life(GrantsTest):
    def test_a_name_is_open_for_a_while_and_then_blocked_again(self):
        self.run_school()
        self.assertFalse(self.is_open("casino.example"))
        begun = time.monotonic()
        self.grant("allow", "casino.example", for_ms=4000)
        replies = [self.ask_filter(name, source=LOWER)
                   for name in ("casino.example", "www.casino.example")]
        if time.monotonic() - begun < 3.5:
            for reply in replies:
                self.assert_passed(reply)
                # No answer outlives the grant, which ends with a second of the calendar.
                self.assertLessEqual(reply.answer[0].ttl, 5)
        self.wait_open("casino.example", False)
        self.assertGreaterEqual(time.monotonic() - begun, 3.9)
        self.assertFalse(self.is_open("www.casino.example"))
        wait_for("the list to forget it", lambda: self.grants() == [])
        self.assertNotIn("casino", self.grants_file())
        self.stop_clean()

    def test_a_name_is_closed_for_a_while(self):
        self.run_school()
        # Asked before, so that the cache and what is remembered beside it know the name.
        for _ in range(3):
            self.assertTrue(self.is_open("www.example.vn"))
        begun = time.monotonic()
        self.grant("deny", "example.vn", for_ms=4000)
        reply = self.ask_filter("www.example.vn", source=LOWER)
        if time.monotonic() - begun < 3.5:
            self.assert_blocked(reply)
            self.assertLessEqual(reply.answer[0].ttl, 5)
        self.wait_open("www.example.vn", True)
        self.assertGreaterEqual(time.monotonic() - begun, 3.9)
        self.stop_clean()

    def test_always_is_until_it_is_revoked(self):
        self.run_school()
        reply = self.control("allow", name="casino.example", **{"for": "always"})
        self.assertEqual(reply["until"], "always")
        self.assertTrue(self.is_open("casino.example"))
        self.assertEqual(self.grants()[0]["until"], "always")
        self.assertEqual(self.control("revoke", id=reply["id"]),
                         {"ok": True, "name": "casino.example"})
        self.assertFalse(self.is_open("casino.example"))
        self.refused("revoke", "no such grant", id=reply["id"])
        self.refused("revoke", "no such grant", id="1")
        self.stop_clean()

    def test_the_default_is_45_minutes(self):
        self.run_school()
        self.grant("allow", "casino.example")
        line = self.grants_file().splitlines()[1]
        grant = json.loads(line.split(" ", 1)[1])
        self.assertIn(grant["until"] - grant["made"], (45 * 60, 45 * 60 + 1))
        # Far from its end the lifetime is cut to what may still move.
        self.assertLessEqual(self.ask_filter("casino.example", source=LOWER).answer[0].ttl, 300)
        self.stop_clean()

    def test_the_later_word_counts(self):
        self.run_school()
        first = self.grant("allow", "casino.example")
        second = self.grant("deny", "casino.example")
        self.assertFalse(self.is_open("casino.example"))
        self.assertEqual([g["id"] for g in self.grants()], [second])
        self.assertGreater(second, first)
        third = self.grant("allow", "casino.example", **{"for": "always"})
        self.assertTrue(self.is_open("casino.example"))
        self.assertEqual([g["id"] for g in self.grants()], [third])
        self.stop_clean()


class Scope(GrantsTest):
    def test_a_grant_is_for_those_it_names(self):
        self.run_school()
        everybody = (LOWER, LAB, LAB_SEAT, UPPER)
        for how, open_for in (({"tier": "lower_secondary"}, (LOWER, LAB, LAB_SEAT)),
                              ({"group": "lab"}, (LAB, LAB_SEAT)),
                              ({"client": "127.0.2.9"}, (LAB_SEAT,)),
                              ({"client": "127.0.0.0/22"}, everybody),
                              ({}, everybody)):
            with self.subTest(scope=how):
                made = self.grant("allow", "casino.example", **how)
                self.assertEqual([self.is_open("casino.example", source) for source in everybody],
                                 [source in open_for for source in everybody])
                self.assertTrue(self.control("revoke", id=made)["ok"])
        self.stop_clean()

    def test_the_narrower_scope_wins_whatever_it_says(self):
        self.run_school()
        self.grant("deny", "www.example.vn", **{"for": "always"})
        self.assertFalse(self.is_open("www.example.vn", UPPER))
        self.grant("allow", "www.example.vn", tier="lower_secondary", **{"for": "always"})
        self.assertEqual([self.is_open("www.example.vn", who) for who in (LOWER, UPPER)],
                         [True, False])
        self.grant("deny", "www.example.vn", group="lab", **{"for": "always"})
        self.assertEqual([self.is_open("www.example.vn", who) for who in (LOWER, LAB)],
                         [True, False])
        self.grant("allow", "www.example.vn", client="127.0.2.8/30", **{"for": "always"})
        self.assertEqual([self.is_open("www.example.vn", who) for who in (LAB, LAB_SEAT)],
                         [False, True])
        self.grant("deny", "www.example.vn", client="127.0.2.9", **{"for": "always"})
        self.assertFalse(self.is_open("www.example.vn", LAB_SEAT))
        self.assertTrue(self.is_open("www.example.vn", "127.0.2.10"))
        # Within one scope the longer name.
        self.grant("deny", "casino.example", tier="upper_secondary")
        self.grant("allow", "www.casino.example", tier="upper_secondary")
        self.assertEqual([self.is_open(name, UPPER)
                          for name in ("casino.example", "www.casino.example")], [False, True])
        self.stop_clean()

    def test_a_locked_category_never_opens(self):
        self.run_school()
        self.refused("allow", "locked category", name="locked.example")
        self.refused("allow", "locked category", name="www.locked.example", client=LOWER)
        # Nor by a grant of what stands above it.
        self.grant("allow", "mixed.example", **{"for": "always"})
        self.assertTrue(self.is_open("mixed.example"))
        reply = self.ask_filter("deep.mixed.example", source=LOWER)
        self.assert_blocked(reply, ede=16)
        # To close it is anybody's right.
        self.grant("deny", "locked.example")
        self.assert_blocked(self.ask_filter("locked.example", source=LOWER), ede=16)
        self.stop_clean()

    def test_what_cannot_be_granted_is_said_clearly(self):
        self.run_school()
        for name in ("vn", "com.vn", "edu.vn", "co.uk", "."):
            for command in ("allow", "deny"):
                self.refused(command, "public suffix", name=name)
        self.refused("deny", "portal", name="lachan.internal")
        self.refused("allow", "domain name", name="a..example")
        self.refused("allow", "domain name")
        self.refused("allow", "no such tier", name="casino.example", tier="university")
        self.refused("allow", "no such group", name="casino.example", group="attic")
        self.refused("allow", "not an address", name="casino.example", client="10.0.0.1/8")
        self.refused("allow", "one tier, one group or one prefix", name="casino.example",
                     tier="lower_secondary", group="lab")
        for how in ({"for_ms": 999}, {"for_ms": 0}, {"for_ms": -5}, {"for_ms": 1 << 62},
                    {"for_ms": "45m"}, {"for": "ever"}):
            self.refused("allow", "366 days", name="casino.example", **how)
        self.refused("allow", "one line", name="casino.example", reason="a\nb")
        self.refused("allow", "one line", name="casino.example", reason="x" * 256)
        self.assertEqual(self.grants(), [])
        self.assertFalse(os.path.exists(self.path("state", "grants")))
        self.stop_clean()

    def test_explain_tells_the_grant(self):
        self.run_school()
        made = self.grant("allow", "casino.example", tier="lower_secondary", reason="toán 8A")
        told = self.control("explain", name="www.casino.example", client=LOWER)
        self.assertEqual((told["verdict"], told["reason"]), ("allow", "grant"))
        self.assertEqual((told["grant"]["id"], told["grant"]["scope"], told["grant"]["who"],
                          told["grant"]["reason"], told["grant"]["deny"]),
                         (made, "tier", "lower_secondary", "toán 8A", False))
        self.assertEqual((told["advice"], [r["grant"] for r in told["rules"] if r["kind"] == "grant"]),
                         ("revoke", [made]))
        self.assertEqual(self.control("explain", name="casino.example", client=UPPER)["grant"], None)
        # When it is over.
        then = self.control("explain", name="casino.example", client=LOWER,
                            at=int(time.time()) + 46 * 60)
        self.assertEqual((then["verdict"], then["grant"]), ("block", None))
        self.stop_clean()


class Restart(GrantsTest):
    def test_grants_survive_a_restart_and_kill_9(self):
        self.run_school()
        first = self.grant("allow", "casino.example", client="127.0.1.1", reason="thử")
        self.grant("deny", "www.example.vn", group="lab", **{"for": "always"})
        before = self.grants()
        for end in ("term", "kill", "kill"):
            getattr(self.program, end)()
            self.start_again()
            self.assertEqual(self.grants(), before)
            self.assertEqual(self.control("status")["grants"], {"count": 2, "damaged": 0})
            self.assertEqual([self.is_open("casino.example", who) for who in (LOWER, LAB)],
                             [True, False])
            self.assertEqual([self.is_open("www.example.vn", who) for who in (LOWER, LAB)],
                             [True, False])
        # An id is not given twice, though the grant is gone.
        self.control("revoke", id=before[-1]["id"])
        self.program.kill()
        self.start_again()
        self.assertGreater(self.grant("allow", "bets.example"), before[-1]["id"])
        self.assertGreater(before[-1]["id"], first)
        self.assertEqual(os.stat(self.path("state", "grants")).st_mode & 0o777, 0o600)
        self.stop_clean()

    def test_what_ended_while_nobody_ran_has_ended(self):
        self.run_school()
        self.grant("allow", "casino.example", for_ms=1000)
        self.grant("allow", "bets.example")
        self.program.kill()
        time.sleep(2.1)  # what is waited for is the calendar itself
        self.start_again()
        self.assertFalse(self.is_open("casino.example"))
        self.assertTrue(self.is_open("bets.example"))
        self.assertEqual([g["name"] for g in self.grants()], ["bets.example"])
        self.stop_clean()

    def test_a_torn_file_costs_its_last_line_and_is_told(self):
        self.run_school()
        self.grant("allow", "casino.example", **{"for": "always"})
        self.grant("allow", "bets.example", **{"for": "always"})
        self.program.kill()
        path = self.path("state", "grants")
        with open(path, "r+b") as file:
            file.truncate(os.path.getsize(path) - 20)
        self.start_again()
        self.program.wait_log("1 damaged lines were left out")
        self.assertEqual(self.control("status")["grants"], {"count": 1, "damaged": 1})
        self.assertTrue(self.is_open("casino.example"))
        self.assertFalse(self.is_open("bets.example"))
        # The next change heals the file.
        self.grant("allow", "bets.example", **{"for": "always"})
        self.program.kill()
        self.start_again()
        self.assertEqual(self.control("status")["grants"], {"count": 2, "damaged": 0})
        self.stop_clean()

    def test_a_file_that_cannot_be_read_is_told_and_not_overwritten(self):
        self.run_school()
        self.stop_clean()
        os.mkdir(self.path("state", "grants"))
        self.start_again()
        self.program.wait_log("none is in force and none can be made")
        self.refused("allow", "cannot be read", name="casino.example")
        self.refused("grants", "cannot be read")
        self.assertIsNone(self.control("status")["grants"])
        self.assertFalse(self.is_open("casino.example"))
        self.stop_clean()

    def test_a_grant_follows_its_tier_through_reloads(self):
        self.run_school()
        self.grant("allow", "casino.example", group="lab", **{"for": "always"})
        changed = json.loads(json.dumps(self.current))
        changed["filter"]["groups"][0]["name"] = "attic"
        changed["filter"]["tiers"][0]["clients"][1] = "attic"
        self.reload(changed)
        self.assertFalse(self.is_open("casino.example", LAB))
        self.assertEqual([g["applies"] for g in self.grants()], [False])
        self.reload(self.current)
        self.assertTrue(self.is_open("casino.example", LAB))
        self.assertEqual([g["applies"] for g in self.grants()], [True])
        # New rules have another key: the index is made anew with them.
        self.publish({"gambling": "||casino.example^\n||fresh.example^\n"})
        self.wait_rules("fresh.example", source=LAB)
        self.assertTrue(self.is_open("casino.example", LAB))
        self.stop_clean()


class Record(GrantsTest):
    def test_the_record_ties_no_name_to_a_device(self):
        self.run_school()
        for how in ({}, {"tier": "lower_secondary"}, {"group": "lab"}, {"client": "127.0.2.0/28"},
                    {"client": "127.0.1.9"}, {"client": "2001:db8::7"},
                    {"client": "2001:db8:1:2::/64"}, {"group": "one-pc"},
                    {"tier": "staff"},
                    {"tier": "lower_secondary", "reason": "may 10.20.0.7 can"},
                    {"tier": "upper_secondary", "reason": "máy 3c:22:fb:01:02:03"}):
            self.grant("allow", "casino.example", **how)
        for grant in self.grants():
            self.assertTrue(self.control("revoke", id=grant["id"])["ok"])
        entries = self.audit()
        made = [e for e in entries if e["action"] == "allow"]
        self.assertEqual([e["scope"] for e in made],
                         ["all", "lower_secondary", "lab", "127.0.2.0/28", "one device",
                          "one device", "one device", "one device", "one device",
                          "lower_secondary", "upper_secondary"])
        self.assertEqual({e["name"] for e in entries}, {"casino.example"})
        self.assertEqual({e["actor"] for e in entries}, {"uid:%d" % os.getuid()})
        text = json.dumps(entries)
        for device in ("127.0.1.9", "2001:db8", "10.20.0.7", "3c:22", "one-pc", "127.0.1.77",
                       "staff"):
            self.assertNotIn(device, text)
        self.assertEqual(len([e for e in entries if e["action"] == "revoke"]), 10)
        status, out, said = self.run_program(
            "lachanctl", "-c", self.path("lachan.yaml"), "audit", "verify")
        self.assertEqual(status, 0, out + said)
        # Revoked grants leave nothing behind that ties one to the other, either.
        for device in ("127.0.1.9", "2001:db8", "10.20.0.7", "casino"):
            self.assertNotIn(device, self.grants_file())
        self.assertNotIn("127.0.1.9", self.program.log())
        self.stop_clean()


if __name__ == "__main__":
    main()
