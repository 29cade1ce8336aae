#!/usr/bin/env python3
"""A teacher's way out: a name opened for a room, as lachan-desk asks the filter for it."""
import json
import os
import time

import scripted_upstream as scripted
from filter_test import FilterTest
from lachan_test import dns, main, wait_for
from verdicts import Verdicts

HERE = "192.0.2.7"
# Who asks, by source address: two rooms, and a seat of nobody's.
LAB, LAB_SEAT, MUSIC, NOBODY = "127.0.1.1", "127.0.1.9", "127.0.2.1", "127.0.9.1"


class TeacherTest(FilterTest):
    RULES = {"games": "||game.example^\n||wide.example^\n||leads.example^\n",
             "gambling": "||casino.example^\n||bets.example^\n",
             "adult": "||adult.example^\n||porn.wide.example^\n||adult-cdn.example^\n",
             "child_abuse": "||locked.example^\n||worst.wide.example^\n",
             "malware": "||virus.example^\n", "proxy_vpn_doh": "||vpn.example^\n"}
    RECORDS = {name: HERE for name in (
        "game.example", "www.game.example", "wide.example", "a.wide.example",
        "porn.wide.example", "worst.wide.example", "casino.example", "fine.example")}
    ACTOR = "teacher:lan"

    def run_school(self, **more):
        return self.run_filter(filter={
            "groups": [{"name": "lab", "clients": ["127.0.1.0/24"]},
                       {"name": "music", "clients": ["127.0.2.0/24"]}],
            "tiers": [{"name": "lower_secondary", "clients": ["lab", "music"]},
                      {"name": "staff", "clients": ["127.0.5.0/24"]}], **more.pop("filter", {})},
            **more)

    def start_again(self):
        self.program = self.start("lachan-filter", "-c", self.path("lachan.yaml"))
        self.program.wait_log("serving with")

    def open(self, name, group="lab", **how):
        reply = self.control("open", name=name, group=group, **{"actor": self.ACTOR, **how})
        self.assertTrue(reply["ok"], reply)
        return reply

    def refused(self, why, command="open", **how):
        reply = self.control(command, **how)
        self.assertEqual((reply["ok"], reply.get("why")), (False, why), reply)
        return reply["error"]

    def is_open(self, name, source=LAB):
        reply = self.ask_filter(name, source=source)
        self.assertEqual(reply.rcode, dns.NOERROR)
        self.assertEqual(reply.ede is None, reply.addresses()[-1:] == [HERE], reply)
        return reply.ede is None

    def audit(self):
        with open(self.path("state", "audit.log"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def verdict(self, name, source=LAB):
        with Verdicts(os.path.join(self.run_dir, "verdict.sock")) as line:
            return line.ask(name, source)


class Opening(TeacherTest):
    def test_a_name_opens_for_one_room_within_the_life_of_the_answer_before(self):
        self.run_school(filter={"answer": {"ttl": "30s"}})
        before = self.ask_filter("www.game.example", source=LAB)
        self.assert_blocked(before)
        self.assertLessEqual(before.answer[0].ttl, 30)
        reply = self.open("game.example")
        # At once: nothing of ours stands between, and the answer before lives 30 s.
        self.assertTrue(self.is_open("www.game.example"))
        self.assertTrue(self.is_open("game.example", LAB_SEAT))
        for other in (MUSIC, NOBODY):
            self.assertFalse(self.is_open("www.game.example", other))
        # 45 minutes, which is what pages.teacher_open says unless it is set.
        self.assertAlmostEqual(reply["until_s"], time.time() + 45 * 60, delta=60)
        self.assertLessEqual(self.ask_filter("game.example", source=LAB).answer[0].ttl, 300)
        self.stop_clean()

    def test_it_ends_with_its_time(self):
        self.run_school()
        begun = time.monotonic()
        self.open("game.example", for_ms=3000)
        wait_for("it to be blocked again", lambda: not self.is_open("game.example"))
        self.assertGreaterEqual(time.monotonic() - begun, 2.9)
        self.stop_clean()

    def test_it_is_of_content_alone(self):
        self.run_school()
        self.open("wide.example")
        self.assertTrue(self.is_open("a.wide.example"))
        self.assert_blocked(self.ask_filter("porn.wide.example", source=LAB))
        self.assert_blocked(self.ask_filter("worst.wide.example", source=LAB), ede=16)
        # A feed that lists the name only now: the opening does not hold against it.
        self.assertTrue(self.is_open("wide.example"))
        self.publish({**self.RULES, "self_harm": "||wide.example^\n||fresh.example^\n"})
        self.wait_rules("fresh.example", source=LAB)
        self.assertFalse(self.is_open("wide.example"))
        self.stop_clean()

    def test_what_no_teacher_opens_is_refused_each_with_its_word(self):
        self.run_school(pages={"teacher_open": "10m"})
        said = [self.refused(why, name=name, group="lab", actor=self.ACTOR) for why, name in (
            ("locked", "www.locked.example"), ("sensitive", "adult.example"),
            ("security", "virus.example"), ("bypass", "vpn.example"),
            ("public_suffix", "com.vn"), ("portal", "lachan.internal"),
            ("safe_search", "baidu.com"), ("wrong", "a..example"))]
        self.assertEqual(len(set(said)), len(said))
        self.refused("bypass", name="use-application-dns.net", group="lab", actor=self.ACTOR)
        # Other people's sites, as much as a registry's names.
        self.refused("public_suffix", name="blogspot.com", group="lab", actor=self.ACTOR)
        for group in ("attic", "", None, 7, "lab\n"):
            self.refused("unknown_group", name="game.example", group=group, actor=self.ACTOR)
        self.refused("unknown_group", name="game.example", actor=self.ACTOR)
        self.refused("too_long", name="game.example", group="lab", actor=self.ACTOR,
                     for_ms=10 * 60 * 1000 + 1)
        for for_ms in (0, -1, 999, "1h"):
            self.refused("wrong", name="game.example", group="lab", actor=self.ACTOR,
                         for_ms=for_ms)
        for actor in (None, "", "a\nb", "x" * 48):
            self.refused("wrong", name="game.example", group="lab", actor=actor)
        self.assertEqual(self.control("grants")["grants"], [])
        self.stop_clean()

    def test_what_a_name_is_known_to_lead_to_counts(self):
        def script(query):
            query.send(query.reply(answer=[scripted.cname(query.name, "adult-cdn.example"),
                                           scripted.a("adult-cdn.example", HERE)]))
        upstream = scripted.ScriptedUpstream(script)
        self.addCleanup(upstream.close)
        self.run_school(upstreams=[upstream.port])
        self.assert_blocked(self.ask_filter("way.example", source=LAB))
        told = self.verdict("way.example")
        self.assertEqual((told.reason, told.blocked, told.openable), ("answer", True, False))
        self.refused("sensitive", name="way.example", group="lab", actor=self.ACTOR)
        # Not known yet; the opening is of content alone, so its answer is judged all the same.
        self.open("leads.example")
        self.assert_blocked(self.ask_filter("leads.example", source=LAB))
        self.stop_clean()

    def test_what_the_gateway_has_closed_for_a_while_stays_closed(self):
        self.run_school()
        for how in ({}, {"tier": "lower_secondary"}, {"group": "lab"}):
            made = self.control("deny", name="fine.example", **how)["id"]
            self.refused("denied", name="www.fine.example", group="lab", actor=self.ACTOR)
            self.control("revoke", id=made)
        self.control("deny", name="fine.example", group="music")
        self.open("fine.example")
        self.stop_clean()

    def test_a_longer_one_stays(self):
        self.run_school()
        first = self.open("game.example")
        self.assertEqual(self.open("game.example", for_ms=60000), first)
        self.assertEqual(len(self.control("grants")["grants"]), 1)
        # A shorter one grows, and another room has its own.
        self.open("fine.example", for_ms=60000)
        longer = self.open("fine.example", for_ms=600000)
        self.open("game.example", group="music")
        self.assertEqual(sorted((g["name"], g["who"]) for g in self.control("grants")["grants"]),
                         [("fine.example", "lab"), ("game.example", "lab"),
                          ("game.example", "music")])
        self.assertAlmostEqual(longer["until_s"], time.time() + 600, delta=60)
        self.stop_clean()

    def test_it_survives_kill_9_and_stands_in_the_record(self):
        self.run_school()
        made = self.open("game.example", reason="bài 12")
        self.program.kill()
        self.start_again()
        self.assertTrue(self.is_open("game.example"))
        # Still of content alone.
        self.open("wide.example")
        self.program.kill()
        self.start_again()
        self.assert_blocked(self.ask_filter("porn.wide.example", source=LAB))
        entry = self.audit()[0]
        self.assertEqual([entry[key] for key in ("actor", "action", "name", "scope")],
                         [self.ACTOR, "open", "game.example", "lab"])
        self.assertIn("bài 12", entry["detail"])
        shown = self.control("grants")["grants"][0]
        self.assertEqual((shown["id"], shown["content_only"], shown["by"], shown["who"]),
                         (made["id"], True, self.ACTOR, "lab"))
        status, out, said = self.run_program("lachanctl", "-c", self.path("lachan.yaml"), "grants")
        self.assertEqual((status, "open (teacher)" in out, self.ACTOR in out),
                         (0, True, True), out + said)
        self.stop_clean()

    def test_the_page_is_told(self):
        self.run_school()
        told = self.verdict("game.example")
        self.assertEqual((told.blocked, told.openable, told.by_default, told.grant_until_s),
                         (True, True, False, 0))
        self.assertTrue(self.verdict("game.example", NOBODY).by_default)
        for name in ("adult.example", "locked.example", "virus.example", "vpn.example"):
            self.assertEqual((self.verdict(name).blocked, self.verdict(name).openable),
                             (True, False), name)
        made = self.open("game.example")
        told = self.verdict("game.example")
        self.assertEqual((told.blocked, told.reason, told.openable, told.grant_until_s),
                         (False, "grant", False, made["until_s"]))
        self.assertEqual((told.trial, told.paused_until_s), (False, 0))
        until = self.control("pause", tier="lower_secondary", for_ms=600000)["until"]
        self.assertTrue(until)
        self.assertAlmostEqual(self.verdict("game.example").paused_until_s, time.time() + 600,
                               delta=60)
        self.assertEqual(self.verdict("game.example", "127.0.5.1").paused_until_s, 0)
        self.stop_clean()


class Speaking(TeacherTest):
    """What the desk says in other people's names."""

    def test_the_record_takes_what_the_desk_tells(self):
        self.run_school()
        self.assertTrue(self.control("audit", actor="teacher:lan", action="staff",
                                     scope="lab", detail="until evening")["ok"])
        self.assertTrue(self.control("audit", actor="approver:minh", action="review-answer",
                                     name="game.example", scope="lower_secondary")["ok"])
        for device in ("192.168.1.7", "3c:22:fb:01:02:03", "2001:db8::1"):
            reply = self.control("audit", actor="x", action="y", name="game.example",
                                 detail="on " + device)
            self.assertFalse(reply["ok"], reply)
        self.assertFalse(self.control("audit", actor="", action="y")["ok"])
        self.assertEqual([(e["actor"], e["action"], e["name"], e["scope"]) for e in self.audit()],
                         [("teacher:lan", "staff", "", "lab"),
                          ("approver:minh", "review-answer", "game.example", "lower_secondary")])
        self.stop_clean()

    def test_a_grant_may_be_for_somebody(self):
        self.run_school()
        reply = self.control("allow", name="casino.example", tier="lower_secondary",
                             actor="review:7", reason="đúng là trang học")
        self.assertTrue(reply["ok"], reply)
        self.assertEqual(self.control("grants")["grants"][0]["by"], "review:7")
        self.assertEqual(self.audit()[0]["actor"], "review:7")
        self.refused("wrong", "allow", name="casino.example", actor="a\tb")
        self.stop_clean()


if __name__ == "__main__":
    main()
