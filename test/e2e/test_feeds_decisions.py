#!/usr/bin/env python3
"""lachan-feeds: what waits for a person, what a person decides, and an upgrade's first run."""
import json
import os
import re
import threading
import unittest

import feed_server as fs
from lachan_test import SOURCE_DIR, main
from test_feeds import HAVE_RULES_TOOL, FeedsTest, names

BASE = names(40)
NEEDED = "truong-hoc.example"  # a name of never_block, set by setUp
POPULAR = "vnexpress.net"  # of rules/popular.txt


class DecisionsTest(FeedsTest):
    def setUp(self):
        super().setUp()
        self.school.filter["never_block"] = [NEEDED]
        self.school.feed("list", self.serve("/list", fs.body(BASE)))
        self.school.feed("other", self.serve("/other", fs.body(names(30, "other"))),
                         category="games")
        self.good()
        self.rules = self.school.rules()

    def held(self, body, *covers, feed="list", how=fs.body):
        """The next body of /list is held because of these names."""
        self.serve("/list", how(body))
        done = self.school.fetch()
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("%s: held: " % feed, done.stdout)
        self.assertIn("%s: held: " % feed, done.stderr)
        meta = self.school.meta(feed)
        self.assertEqual(meta["result"], "held")
        self.assertEqual(meta["held"]["covers"], list(covers))
        self.assertEqual(meta["held"]["covers_count"], len(covers))
        for name in covers:
            self.assertIn(name, meta["reason"])
        self.assertEqual(self.school.copy(feed), BASE)
        return meta

    def decide(self, option, name="list", status=0):
        done = self.school.fetch(option, name)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def is_blocked(self, name):
        return self.school.verdict(name)["verdict"] == "block"


@unittest.skipUnless(HAVE_RULES_TOOL, "lachan-rules is not built")
class Holding(DecisionsTest):
    def test_a_feed_that_newly_covers_a_needed_name_waits_and_the_others_go_on(self):
        self.serve("/other", fs.body(names(31, "other")))
        meta = self.held(BASE + b"www.%s\n%s\n" % (NEEDED.encode(), NEEDED.encode()), NEEDED)
        self.assertEqual((meta["entries"], meta["failures"]), (40, 0))
        self.assertEqual(self.school.meta("other")["entries"], 31)
        self.assertNotEqual(self.school.rules(), self.rules)
        self.assertFalse(self.is_blocked(NEEDED))
        self.assertTrue(self.is_blocked("name1.example.com"))

    def test_a_popular_name_is_such_a_name_in_any_category(self):
        for category in "malware", "illegal_vn", "allow":
            self.school.feed("list", self.server.url("/list"), category=category)
            self.serve("/list", fs.body(BASE))
            self.good()
            self.held(BASE + POPULAR.encode() + b"\n", POPULAR)

    def test_the_name_above_and_an_exact_entry_count_and_one_below_does_not(self):
        self.serve("/list", fs.body(BASE + b"news.%s\n" % POPULAR.encode()))
        self.good()
        self.serve("/list", fs.body(BASE))
        self.school.feed("list", self.server.url("/list"), match="exact")
        self.good()
        self.held(BASE + POPULAR.encode(), POPULAR)

    def test_what_it_excepts_itself_it_does_not_cover(self):
        self.school.feed("list", self.server.url("/list"), format="adblock")
        rules = b"".join(b"||x%d.example.com^\n" % i for i in range(30))
        self.serve("/list", fs.body(rules))
        self.good()
        self.serve("/list", fs.body(rules + b"||%s^\n@@||%s^\n" % ((POPULAR.encode(),) * 2)))
        self.good()
        self.serve("/list", fs.body(rules + b"||%s^$important\n@@||%s^\n" % (
            (POPULAR.encode(),) * 2)))
        done = self.school.fetch()
        self.assertIn("list: held", done.stdout)

    def test_a_new_feed_may_cover_what_it_likes(self):
        self.school.feed("social", self.serve("/social", fs.body(
            names(5, "s") + b"facebook.com\n" + POPULAR.encode())), category="social_network")
        self.good()
        # And keeps on covering it.
        self.serve("/social", fs.body(names(6, "s") + b"facebook.com\n" + POPULAR.encode()))
        self.good()
        self.assertTrue(self.is_blocked("facebook.com"))

    def test_accepting_needs_no_network_and_is_remembered(self):
        body = BASE + POPULAR.encode() + b"\n"
        digest = self.held(body, POPULAR)["held"]["sha256"]
        before = len(self.server.seen)
        done = self.decide("--accept")
        self.assertIn("list: in the rules, 41 names", done.stdout)
        self.assertEqual(len(self.server.seen), before)
        meta = self.school.meta("list")
        self.assertEqual((meta["result"], meta["held"], meta["accepted"], meta["entries"]),
                         ("ok", None, digest, 41))
        self.assertEqual(self.school.copy("list"), body)
        self.assertTrue(self.is_blocked(POPULAR))
        self.good()
        # Gone and back again: the same body was accepted once.
        self.serve("/list", fs.body(BASE))
        self.good()
        self.serve("/list", fs.body(body))
        self.good()
        self.assertTrue(self.is_blocked(POPULAR))
        self.held_again()

    def held_again(self):
        """Another body with one more such name waits anew."""
        self.serve("/list", fs.body(BASE + ("%s\n%s\n" % (POPULAR, NEEDED)).encode()))
        self.assertEqual(self.school.fetch().returncode, 1)
        self.assertEqual(self.school.meta("list")["held"]["covers"], [NEEDED])

    def test_a_better_body_ends_the_waiting(self):
        self.held(BASE + POPULAR.encode(), POPULAR)
        self.serve("/list", fs.body(BASE + b"fine.example.com\n"))
        self.good()
        meta = self.school.meta("list")
        self.assertEqual((meta["held"], meta["result"], meta["reason"]), (None, "ok", ""))
        self.assertFalse([n for n in os.listdir(os.path.join(self.school.state, "feeds"))
                          if "held" in n])
        self.assertIn("nothing of it is held back", self.decide("--accept", status=1).stderr)

    def test_the_body_that_waits_is_not_fetched_twice(self):
        body = BASE + POPULAR.encode() + b"\n"
        first = self.held(body, POPULAR, how=lambda b: fs.with_etag(b, '"v2"'))
        self.assertEqual(self.school.fetch().returncode, 1)
        self.assertEqual(self.server.headers("/list")["if-none-match"], '"v2"')
        again = self.school.meta("list")
        self.assertEqual((again["result"], again["held"]), ("held", first["held"]))
        self.assertIn(POPULAR, again["reason"])

    def test_the_same_body_again_is_no_new_one(self):
        body = BASE + POPULAR.encode() + b"\n"
        since = self.held(body, POPULAR)["held"]["since"]
        path = os.path.join(self.school.state, "feeds", "list.held.gz")
        written = os.stat(path).st_ino
        self.assertEqual(self.held(body, POPULAR)["held"]["since"], since)
        self.assertEqual(os.stat(path).st_ino, written)

    def test_killed_while_accepting_the_next_run_ends_it(self):
        body = BASE + POPULAR.encode() + b"\n"
        for step in "decided", "renamed":
            meta = self.held(body, POPULAR)
            # What a run leaves that was killed after its first write, and after its rename.
            with open(self.school.meta_path("list"), encoding="utf-8") as file:
                text = file.read()
            with open(self.school.meta_path("list"), "w", encoding="utf-8") as file:
                file.write(text.replace('"accepted": ""',
                                        '"accepted": "%s"' % meta["held"]["sha256"]))
            feeds = os.path.join(self.school.state, "feeds")
            if step == "renamed":
                os.rename(feeds + "/list.held.gz", feeds + "/list.gz")
            self.good("--offline")
            self.assertEqual(self.school.copy("list"), body, step)
            self.assertTrue(self.is_blocked(POPULAR), step)
            self.assertIsNone(self.school.meta("list")["held"])
            self.begin_anew()

    def begin_anew(self):
        feeds = os.path.join(self.school.state, "feeds")
        os.unlink(feeds + "/list.gz")
        os.unlink(feeds + "/list.meta")
        self.serve("/list", fs.body(BASE))
        self.good()

    def test_without_kept_sources_the_rules_say_what_was_covered(self):
        self.school.filter["keep_sources"] = "no"
        self.good()
        self.serve("/list", fs.body(BASE + POPULAR.encode()))
        self.assertEqual(self.school.fetch().returncode, 1)
        self.assertEqual(self.school.meta("list")["held"]["covers"], [POPULAR])
        self.assertFalse(self.is_blocked(POPULAR))
        self.decide("--accept")
        self.assertTrue(self.is_blocked(POPULAR))

    def test_patterns_cover_names_too(self):
        self.school.feed("list", self.server.url("/list"), format="regex")
        patterns = b"".join(b"^x%d\\.example\\.com$\n" % i for i in range(30))
        self.serve("/list", fs.body(patterns))
        if self.school.fetch().returncode != 0:
            self.skipTest("patterns are not read")
        self.serve("/list", fs.body(patterns + b"vnexpr[aeiou]ss\n"))
        self.assertEqual(self.school.fetch().returncode, 1)
        self.assertEqual(self.school.meta("list")["held"]["covers"], [POPULAR])


@unittest.skipUnless(HAVE_RULES_TOOL, "lachan-rules is not built")
class Switching(DecisionsTest):
    def test_off_takes_it_out_at_once_and_for_good(self):
        before = len(self.server.seen)
        self.assertIn("list: off", self.decide("--off").stdout)
        self.assertFalse(self.is_blocked("name1.example.com"))
        self.assertTrue(self.is_blocked("other1.example.com"))
        self.assertEqual(len(self.server.seen), before)
        self.assertTrue(self.school.meta("list")["off"])
        self.serve("/other", fs.body(names(31, "other")))
        self.good()
        self.assertFalse(self.is_blocked("name1.example.com"))
        self.assertIn("switched off", self.decide("--only", status=1).stderr)
        self.assertEqual(self.server.count("/list"), 1)
        self.assertEqual(self.school.copy("list"), BASE)
        self.assertIn("list: in the rules, 40 names", self.decide("--on").stdout)
        self.assertTrue(self.is_blocked("name1.example.com"))
        self.assertEqual(self.server.count("/list"), 1)
        self.good()
        self.assertEqual(self.server.count("/list"), 2)

    def test_a_category_left_empty_is_said_loudly(self):
        done = self.decide("--off")
        said = [line for line in done.stderr.splitlines() if "filled by no feed" in line]
        self.assertEqual(len(said), 1, done.stderr)
        self.assertIn("gambling", said[0])

    def test_all_may_be_switched_off(self):
        self.decide("--off")
        self.decide("--off", "other")
        self.assertFalse(self.is_blocked("other1.example.com"))
        self.assertEqual(self.school.fetch().stdout, "")

    def test_before_the_first_fetch_it_is_kept_as_well(self):
        self.school.feed("later", self.serve("/later", fs.body(names(5, "later"))))
        self.decide("--off", "later")
        self.good()
        self.assertEqual(self.server.count("/later"), 0)
        self.decide("--on", "later")
        self.good()
        self.assertTrue(self.is_blocked("later1.example.com"))

    def test_without_kept_sources_the_others_are_fetched(self):
        self.school.filter["keep_sources"] = "no"
        self.good()
        self.decide("--off")
        self.assertFalse(self.is_blocked("name1.example.com"))
        self.assertTrue(self.is_blocked("other1.example.com"))
        self.assertEqual(self.server.count("/list"), 2)

    def test_wrong_words_are_status_2(self):
        self.decide("--off", "nobody", status=2)
        self.assertEqual(self.school.fetch("--off", "list", "--on", "list").returncode, 2)
        self.assertEqual(self.school.fetch("--accept", "list", "--due").returncode, 2)


@unittest.skipUnless(HAVE_RULES_TOOL, "lachan-rules is not built")
class Upgrading(DecisionsTest):
    def test_rules_of_another_form_are_compiled_anew_before_any_fetch(self):
        path = os.path.join(self.school.state, "rules.db")
        with open(path, "r+b") as file:
            file.seek(8)  # the format's version
            file.write(b"\x77")
        # No server answers, and the first run of a new program must not wait for one.
        self.serve("/list", fs.hang_up)
        self.serve("/other", fs.hang_up)
        self.school.make_due("list")
        self.school.fetch("--due")
        self.assertTrue(self.is_blocked("name1.example.com"))
        self.assertTrue(self.is_blocked("other1.example.com"))

    def test_the_copies_are_published_before_a_slow_server_has_answered(self):
        go_on, started = threading.Event(), threading.Event()
        self.addCleanup(go_on.set)
        os.unlink(os.path.join(self.school.state, "rules.db"))
        self.serve("/list", fs.held(names(41), go_on, started))
        run = self.school.start()
        self.assertTrue(started.wait(60))
        self.assertTrue(self.is_blocked("name1.example.com"))
        go_on.set()
        run.communicate(timeout=60)
        self.assertEqual(run.returncode, 0)
        self.assertEqual(self.school.meta("list")["entries"], 41)


class Planning(DecisionsTest):
    def plan(self):
        done = self.school.fetch("--plan")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def test_what_is_known_of_each_feed_is_added_up(self):
        self.school.feed("off", self.serve("/off", fs.body(names(10, "off"))))
        self.school.feed("unknown", self.server.url("/unknown"))
        self.school.data_dir = os.path.join(SOURCE_DIR, "rules")
        with open(os.path.join(self.school.data_dir, "feeds.yaml"), encoding="utf-8") as file:
            known = re.search(r"- name: ([a-z0-9-]+)\n(?:(?!  - name).*\n)*? +entries: (\d+)",
                              file.read())
        self.school.feed(known.group(1), self.server.url("/known"))
        self.decide("--off", "off")
        before = len(self.server.seen)
        plan = self.plan()
        self.assertEqual(len(self.server.seen), before)
        feeds = {feed["name"]: feed for feed in plan["feeds"]}
        self.assertEqual((feeds["list"]["known_from"], feeds["list"]["entries"]), ("copy", 40))
        self.assertEqual(feeds["list"]["text_bytes"], len(BASE))
        self.assertGreater(feeds["list"]["copy_bytes"], 0)
        self.assertEqual((feeds["off"]["off"], feeds["off"]["entries"]), (True, 0))
        self.assertEqual(feeds["unknown"]["known_from"], "unknown")
        self.assertEqual(feeds[known.group(1)]["known_from"], "catalogue")
        self.assertEqual(feeds[known.group(1)]["entries"], int(known.group(2)))
        self.assertEqual(plan["entries"], sum(feed["entries"] for feed in plan["feeds"]))
        self.assertEqual(plan["flash"]["rules_bytes"], 9 * plan["entries"])
        self.assertEqual(plan["short_of"], [])
        self.assertGreater(plan["memory"]["machine_bytes"], plan["memory"]["available_bytes"])

    def test_it_says_what_is_short(self):
        self.school.feed("vast", self.server.url("/vast"))
        self.good("--only", "list")
        with open(self.school.meta_path("list"), encoding="utf-8") as file:
            meta = json.load(file)
        meta.update(entries=10 ** 12, rules=10 ** 12, bytes=10 ** 14)
        with open(self.school.meta_path("vast"), "w", encoding="utf-8") as file:
            json.dump(meta, file)
        self.assertEqual(self.plan()["short_of"], ["memory", "flash"])

    def test_a_machine_without_any_state_can_be_asked(self):
        self.school.state = os.path.join(self.school.folder, "not", "yet", "there")
        self.assertEqual(self.plan()["feeds"][0]["entries"], 0)
        self.assertFalse(os.path.exists(self.school.state))


if __name__ == "__main__":
    main()
