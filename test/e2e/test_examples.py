"""docs/examples: each is right, short, and does what it says it does."""
import glob
import json
import os
import re
import shutil
import textwrap

from lachan_test import SOURCE_DIR, LachanTest, main

EXAMPLES = os.path.join(SOURCE_DIR, "docs", "examples")
FLAT, VLANS, ROOMS = (os.path.join(EXAMPLES, name) for name in (
    "thcs-mang-phang.yaml", "lien-cap-vlan.yaml", "thpt-phong-may.yaml"))
GAMES, SOCIAL = "games.thu.lachan.example", "social-network.thu.lachan.example"


class Examples(LachanTest):
    def setUp(self):
        super().setUp()
        self.need("lachand", "lachanctl")
        # Overrides keep a gateway that runs on this machine, and its rules, out of it.
        self.write("lachan.d/overrides.yaml", "server: {state_dir: %s, run_dir: %s}\n" % (
            self.path("state"), self.path("run")))

    def apart(self, example):
        """A copy of it in the test's folder."""
        return shutil.copy(example, self.dir)

    def ctl(self, example, *words):
        status, out, err = self.run_program("lachanctl", "-c", self.apart(example), *words,
                                            "--json")
        self.assertEqual((status, err), (0, ""), out)
        return json.loads(out)

    def explain(self, config, name, at, *words):
        return self.ctl(config, "explain", name, "--at", at, *words)

    def expect(self, config, name, at, verdict, reason, *words):
        found = self.explain(config, name, at, *words)
        self.assertEqual((found["verdict"], found["reason"]), (verdict, reason), (name, at))
        return found

    def test_each_is_accepted_without_a_word_and_has_less_than_40_lines(self):
        found = glob.glob(os.path.join(EXAMPLES, "*.yaml"))
        self.assertEqual(sorted(found), sorted([FLAT, VLANS, ROOMS]))
        for config in found:
            status, out, err = self.run_program("lachand", "--check", "-c", config)
            self.assertEqual((status, err), (0, ""), out)
            self.assertEqual(len(out.splitlines()), 1, out)
            with open(config, encoding="utf-8") as file:
                self.assertLess(len(file.readlines()), 40, config)

    def test_the_configurations_of_the_topologies_are_accepted(self):
        for page in ("topologies.md", "topologies.vi.md"):
            with open(os.path.join(SOURCE_DIR, "docs", page), encoding="utf-8") as file:
                blocks = re.findall(r"```yaml\n(.*?)```", file.read(), re.S)
            self.assertGreaterEqual(len(blocks), 4, page)
            for text in blocks:
                config = self.write("block.yaml", textwrap.dedent(text))
                status, out, err = self.run_program("lachand", "--check", "-c", config)
                self.assertEqual((status, err), (0, ""), page + "\n" + text + out)

    def test_their_policies_can_be_read_in_both_languages(self):
        for config in (FLAT, VLANS, ROOMS):
            for language, words in (("en", "Timetable"), ("vi", "")):
                status, out, err = self.run_program("lachanctl", "-c", self.apart(config),
                                                    "policy", "--language", language)
                self.assertEqual((status, err), (0, ""))
                self.assertIn(words, out)

    def test_the_break_opens_games_and_the_exam_closes_all_else(self):
        self.expect(FLAT, GAMES, "2026-12-07 09:24", "block", "category")
        found = self.expect(FLAT, GAMES, "2026-12-07 09:30", "allow", "category")
        self.assertEqual(found["window"]["name"], "gio-ra-choi")
        self.assertEqual(found["window"]["closes_at"], "2026-12-07T09:45:00+07:00")
        self.expect(FLAT, GAMES, "2026-12-06 09:30", "block", "category")  # a Sunday
        found = self.expect(FLAT, "vnexpress.net", "2026-12-22 08:00", "block", "allow-only")
        self.assertEqual(found["window"], {"name": "thi-hoc-ki", "closes_at": "",
                                           "opens_at": "2026-12-22T11:30:00+07:00"})
        # The exam ends at 11:30, and games stay closed then: the next break is on Monday.
        found = self.expect(FLAT, GAMES, "2026-12-22 08:00", "block", "allow-only")
        self.assertEqual(found["window"]["opens_at"], "2026-12-28T09:25:00+07:00")
        self.expect(FLAT, "olm.vn", "2026-12-22 08:00", "allow", "allow")
        self.expect(FLAT, "vnexpress.net", "2026-12-22 11:30", "allow", "nothing")
        self.expect(FLAT, "vnexpress.net", "2026-12-22 08:00", "allow", "nothing",
                    "--client", "3c:22:fb:01:02:03")

    def test_services_and_safe_search_hold_in_the_lower_secondary_school(self):
        found = self.explain(FLAT, "www.roblox.com", "2026-12-07 09:30")
        self.assertEqual((found["verdict"], found["reason"], found["service"]["name"]),
                         ("block", "service", "roblox"))
        # Games open at the break, Roblox does not: nobody is told to wait for it.
        found = self.explain(FLAT, "www.roblox.com", "2026-12-07 14:00")
        self.assertEqual((found["verdict"], found["reason"], found["window"]),
                         ("block", "category", None))
        found = self.explain(FLAT, "www.google.com.vn", "2026-12-07 15:00")
        self.assertEqual(found["safe_search"], {"leads_to": "forcesafesearch.google.com",
                                                "youtube": False})
        found = self.explain(FLAT, "www.youtube.com", "2026-12-07 15:00")
        self.assertEqual(found["safe_search"], {"leads_to": "restrictmoderate.youtube.com",
                                                "youtube": True})

    def test_a_night_in_the_boarding_house_crosses_midnight(self):
        house = ("--client", "10.10.60.7")
        self.expect(VLANS, SOCIAL, "2026-12-07 20:00", "allow", "category", *house)
        for at in ("2026-12-07 21:30", "2026-12-08 00:10", "2026-12-08 05:29"):
            found = self.expect(VLANS, SOCIAL, at, "block", "category", *house)
            self.assertEqual(found["tier"], "noi_tru")
        self.expect(VLANS, SOCIAL, "2026-12-08 20:00", "block", "category", "--client",
                    "10.10.21.7")
        self.assertEqual(self.explain(VLANS, GAMES, "20:00", "--client", "10.10.99.1")["tier"],
                         "primary")

    def test_the_trial_blocks_only_what_harms(self):
        found = self.expect(ROOMS, GAMES, "2026-12-07 08:00", "allow", "trial")
        self.assertEqual((found["trial"], found["category"]), (True, "games"))
        self.expect(ROOMS, "phishing-scam.thu.lachan.example", "2026-12-07 08:00", "block",
                    "category")
        self.expect(ROOMS, "child-abuse.thu.lachan.example", "2026-12-07 08:00", "block", "locked")


if __name__ == "__main__":
    main()
