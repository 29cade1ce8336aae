#!/usr/bin/env python3
"""Timetables in the running filter: borders under load, jumps of the clock, no clock, a trial.

The clock of the calendar is moved with libfaketime, as in test_day.py; skipped without it."""
import datetime
import http.client
import json
import threading
import time

import scripted_upstream as scripted
from lachan_test import dns, main, wait_for
from test_day import FAKETIME, HANOI, DayTest, hanoi  # noqa: F401 (FAKETIME: skipped without)

HERE = "192.0.2.7"
LOWER, UPPER, STAFF = "127.0.1.1", "127.0.2.1", "127.0.3.1"
GAMES, SOCIAL, CASINO, EVIL, ABUSE, ADULT, OPEN, LESSON, HELP = (
    "games.example", "social.example", "casino.example", "evil.example", "abuse.example",
    "adult.example", "www.example.vn", "lesson.example", "help.example")
WEEK = ["mon", "tue", "wed", "thu", "fri"]


class TimetableTest(DayTest):
    LEVELS = ["lower_secondary", "upper_secondary"]
    RULES = {"games": "||games.example^\n", "social_network": "||social.example^\n",
             "gambling": "||casino.example^\n", "malware": "||evil.example^\n",
             "child_abuse": "||abuse.example^\n", "adult": "||adult.example^\n"}
    RECORDS = {name: HERE for name in (GAMES, SOCIAL, CASINO, EVIL, ABUSE, ADULT, OPEN, LESSON, HELP)}
    LOWER_WINDOWS = [
        {"name": "lunch", "days": WEEK, "from": "11:30", "to": "13:30", "unblock": ["games"]},
        {"name": "night", "from": "21:30", "to": "05:30", "allow_only": "on"},
        {"name": "exam", "dates": ["2030-11-21..2030-11-22"], "from": "07:00", "to": "17:00",
         "allow_only": "on"},
    ]
    UPPER_WINDOWS = [{"name": "lessons", "days": WEEK, "from": "07:00", "to": "11:30",
                      "block": ["social_network"]}]

    def run_school(self, *, rules=None, lower=None, upper=None, zone="Asia/Ho_Chi_Minh",
                   school=None, **more):
        made = {"never_block": [HELP], "tiers": [
            {"name": "lower_secondary", "clients": ["127.0.1.0/24"], "allow": [LESSON],
             "block": ["illegal_vn", "child_abuse", "malware", "adult", "gambling", "games",
                       "social_network"],
             "schedules": self.LOWER_WINDOWS if lower is None else lower},
            {"name": "upper_secondary", "clients": ["127.0.2.0/24"],
             "block": ["illegal_vn", "child_abuse", "malware", "adult", "gambling"],
             "schedules": self.UPPER_WINDOWS if upper is None else upper},
            {"name": "staff", "clients": ["127.0.3.0/24"]}]}
        made.update(more.pop("filter", {}))
        return self.run_filter(rules=rules, env=self.clock(), school={"time_zone": zone, **(school or {})},
                               filter=made, **more)

    def is_open(self, name, source=LOWER):
        reply = self.ask_filter(name, source=source)
        self.assertEqual(reply.rcode, dns.NOERROR)
        opened = reply.addresses() == [HERE]
        self.assertEqual(reply.ede is None, opened)
        return opened

    def wait_open(self, name, opened, source=LOWER):
        wait_for("%s to be %s for %s" % (name, "open" if opened else "blocked", source),
                 lambda: self.is_open(name, source) == opened)

    def tier(self, name="lower_secondary"):
        return next(t for t in self.control("status")["tiers"] if t["tier"] == name)

    def jump(self, text):
        """Sets the clock; whoever asks for the status makes the filter look at it."""
        self.set_clock(text)
        self.control("status")

    def explain(self, name, source=LOWER, **how):
        return self.control("explain", name=name, client=source, **how)


class Borders(TimetableTest):
    def watch_border(self, before, border, opened):
        """Asks without a pause around a border; nobody gets the other side's answer, and no
        answer outlives it."""
        self.run_school()
        self.jump(before)
        offset = hanoi(before) - time.time()
        at = hanoi(border)
        changed = None
        while changed is None:
            begun = time.time() + offset
            reply = self.ask_filter(GAMES, source=LOWER)
            ended = time.time() + offset
            is_open = reply.addresses() == [HERE]
            # set_clock() rounds to whole seconds.
            if ended < at - 1:
                self.assertEqual(is_open, not opened, "%.3f s early" % (at - ended))
                self.assertLessEqual(reply.answer[0].ttl, at + 1 - begun)
            if is_open == opened:
                changed = ended
            self.assertLess(begun, at + 15, "the border has passed and nothing changed")
        self.assertGreater(changed, at - 1)
        # From now on all of them, over every worker.
        for _ in range(20):
            self.assertEqual(self.is_open(GAMES), opened)
        self.stop_clean()

    def test_a_window_opens_at_its_second(self):
        self.watch_border("2030-11-20 11:29:56", "2030-11-20 11:30:00", True)

    def test_a_window_closes_at_its_second(self):
        self.watch_border("2030-11-20 13:29:56", "2030-11-20 13:30:00", False)

    def test_lifetimes_are_short_where_the_timetable_could_move_them(self):
        self.set_clock("2030-11-20 11:29:00")
        self.run_school()
        # The page's own lifetime, and the cached answer's: five minutes at most.
        self.assertLessEqual(self.ask_filter(GAMES, source=LOWER).answer[0].ttl, 30)
        self.jump("2030-11-20 11:31:00")
        self.wait_open(GAMES, True)
        for _ in range(2):
            self.assertLessEqual(self.ask_filter(GAMES, source=LOWER).answer[0].ttl, 300)
        self.jump("2030-11-20 13:29:30")
        for _ in range(2):
            reply = self.ask_filter(GAMES, source=LOWER)
            if reply.addresses() == [HERE]:
                self.assertLessEqual(reply.answer[0].ttl, 31)
        self.stop_clean()

    def test_borders_cost_no_query(self):
        self.run_school(lower=[{"name": "noon", "from": "12:00", "to": "12:01", "unblock": ["games"]}])
        self.jump("2030-11-20 11:59:59")
        failed = []

        def ask():
            for _ in range(300):
                try:
                    self.ask_filter(GAMES, source=LOWER)
                    self.ask_filter(OPEN, source=LOWER)
                except OSError as error:
                    failed.append(error)
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])
        self.stop_clean()


class Clock(TimetableTest):
    def test_a_clock_that_jumps_moves_the_timetable(self):
        self.set_clock("2030-11-20 10:00:00")
        self.run_school()
        self.assertEqual(self.tier()["window"], "")
        self.assertEqual(self.tier()["changes_at"], "2030-11-20T11:30:00+07:00")
        self.assertFalse(self.is_open(GAMES))
        for text, opened, window in (("2030-11-20 12:00:00", True, "lunch"),
                                     ("2030-11-20 09:00:00", False, ""),
                                     ("2031-06-04 12:00:00", True, "lunch"),
                                     ("2086-11-20 12:00:00", True, "lunch"),
                                     ("2086-11-20 14:00:00", False, ""),
                                     ("1970-01-02 12:00:00", False, None),
                                     ("2030-11-19 12:00:00", True, "lunch"),
                                     ("2030-11-24 12:00:00", False, "")):
            self.set_clock(text)
            self.wait_open(GAMES, opened)
            wait_for("the window %r at %s" % (window, text),
                     lambda want=window: want is None or self.tier()["window"] == want)
        self.stop_clean()

    def test_an_hour_that_does_not_exist_is_passed_over(self):
        # In Berlin, 31 March 2030, 02:00 is followed by 03:00.
        berlin = datetime.timezone(datetime.timedelta(hours=1))
        self.write("clock", "%+d\n" % round(
            datetime.datetime(2030, 3, 31, 1, 59, 57, tzinfo=berlin).timestamp() - time.time()))
        self.run_school(zone="Europe/Berlin", lower=[
            {"name": "early", "from": "03:00", "to": "04:00", "unblock": ["games"]}])
        self.assertEqual(self.tier()["changes_at"], "2030-03-31T03:00:00+02:00")
        self.wait_open(GAMES, True)
        wait_for("the next border", lambda: self.tier()["changes_at"] == "2030-03-31T04:00:00+02:00")
        self.stop_clean()

    def test_without_a_clock_nothing_opens_and_weekday_windows_block_all_day(self):
        self.set_clock("2030-11-20 12:00:00")
        self.run_school(upper=[{"name": "lessons", "days": WEEK, "from": "07:00", "to": "11:30",
                                "block": ["social_network"]}])
        self.assertTrue(self.is_open(GAMES))
        self.assertTrue(self.is_open(SOCIAL, UPPER))
        made = self.control("allow", name=CASINO, **{"for": "always"})
        self.assertTrue(made["ok"], made)
        self.assertTrue(self.is_open(CASINO, UPPER))
        # The battery is empty: it is 2001, a Sunday.
        self.program.kill()
        self.set_clock("2001-01-07 12:00:00")
        self.start_again()
        self.assertFalse(self.control("status")["clock_trusted"])
        self.assertFalse(self.is_open(GAMES))          # no window opens
        self.assertFalse(self.is_open(SOCIAL, UPPER))  # a weekday window blocks
        self.assertFalse(self.is_open(CASINO, UPPER))  # no allow grant counts
        self.assertEqual([g["applies"] for g in self.control("grants")["grants"]], [False])
        for how in ({"for_ms": 60000}, {"for": "always"}, {}):
            refused = self.control("allow", name=ADULT, **how)
            self.assertFalse(refused["ok"])
            self.assertIn("clock is not trusted", refused["error"])
        self.assertTrue(self.control("deny", name=OPEN, **{"for": "always"})["ok"])
        self.assertFalse(self.is_open(OPEN))
        # The time is set: all of it at once, without a restart.
        self.set_clock("2030-11-20 12:30:00")
        self.wait_open(GAMES, True)
        self.wait_open(CASINO, True, UPPER)
        self.assertTrue(self.is_open(SOCIAL, UPPER))
        self.assertFalse(self.is_open(OPEN))
        # And put back while it runs.
        self.set_clock("2001-01-07 12:00:00")
        self.wait_open(GAMES, False)
        self.wait_open(CASINO, False, UPPER)
        self.program.wait_log("not trusted")
        self.stop_clean()

    def test_a_clock_put_back_makes_no_grant_longer(self):
        self.set_clock("2030-11-20 12:00:00")
        self.run_school()
        begun = time.monotonic()
        self.assertTrue(self.control("allow", name=CASINO, for_ms=5000)["ok"])
        self.set_clock("2030-11-20 11:00:00")
        self.wait_open(CASINO, False)
        self.assertGreater(time.monotonic() - begun, 3)
        wait_for("its end", lambda: self.control("grants")["grants"] == [])
        self.stop_clean()


class Week(TimetableTest):
    # When, which window of lower_secondary, and what is open then: for lower_secondary, and
    # for upper_secondary.
    ROWS = [
        ("2030-11-18 06:00:00", "", {OPEN, LESSON, HELP}, {OPEN, LESSON, HELP, GAMES, SOCIAL}),
        ("2030-11-18 08:00:00", "", {OPEN, LESSON, HELP}, {OPEN, LESSON, HELP, GAMES}),
        ("2030-11-18 12:00:00", "lunch", {OPEN, LESSON, HELP, GAMES},
         {OPEN, LESSON, HELP, GAMES, SOCIAL}),
        ("2030-11-18 13:30:00", "", {OPEN, LESSON, HELP}, {OPEN, LESSON, HELP, GAMES, SOCIAL}),
        ("2030-11-18 22:00:00", "night", {LESSON, HELP}, {OPEN, LESSON, HELP, GAMES, SOCIAL}),
        ("2030-11-19 05:29:50", "night", {LESSON, HELP}, {OPEN, LESSON, HELP, GAMES, SOCIAL}),
        ("2030-11-19 05:30:00", "", {OPEN, LESSON, HELP}, {OPEN, LESSON, HELP, GAMES, SOCIAL}),
        ("2030-11-19 11:30:00", "lunch", {OPEN, LESSON, HELP, GAMES},
         {OPEN, LESSON, HELP, GAMES, SOCIAL}),
        ("2030-11-20 10:00:00", "", {OPEN, LESSON, HELP}, {OPEN, LESSON, HELP, GAMES}),
        ("2030-11-21 06:59:00", "", {OPEN, LESSON, HELP}, {OPEN, LESSON, HELP, GAMES, SOCIAL}),
        ("2030-11-21 07:00:00", "exam", {LESSON, HELP}, {OPEN, LESSON, HELP, GAMES}),
        ("2030-11-21 12:00:00", "exam", {LESSON, HELP}, {OPEN, LESSON, HELP, GAMES, SOCIAL}),
        ("2030-11-21 17:00:00", "", {OPEN, LESSON, HELP}, {OPEN, LESSON, HELP, GAMES, SOCIAL}),
        ("2030-11-22 16:59:50", "exam", {LESSON, HELP}, {OPEN, LESSON, HELP, GAMES, SOCIAL}),
        ("2030-11-23 09:00:00", "", {OPEN, LESSON, HELP}, {OPEN, LESSON, HELP, GAMES, SOCIAL}),
        ("2030-11-23 12:00:00", "", {OPEN, LESSON, HELP}, {OPEN, LESSON, HELP, GAMES, SOCIAL}),
        ("2030-11-24 23:59:50", "night", {LESSON, HELP}, {OPEN, LESSON, HELP, GAMES, SOCIAL}),
        ("2030-11-25 08:00:00", "", {OPEN, LESSON, HELP}, {OPEN, LESSON, HELP, GAMES}),
    ]
    # What a teacher grants in that week: when, what, and for how long.
    GRANTS = {"2030-11-20 10:00:00": ("allow", GAMES, 3600 * 1000),
              "2030-11-21 07:00:00": ("allow", OPEN, 3600 * 1000)}

    def test_a_week_of_a_school(self):
        self.set_clock("2030-11-18 05:50:00")
        self.run_school()
        every = (OPEN, LESSON, HELP, GAMES, SOCIAL, CASINO, EVIL, ABUSE)
        for when, window, lower, upper in self.ROWS:
            with self.subTest(when=when):
                self.jump(when)
                wait_for("the window " + window, lambda want=window: self.tier()["window"] == want)
                found = [{n for n in every if self.is_open(n, who)} for who in (LOWER, UPPER)]
                self.assertEqual(found, [lower, upper])
                # What is said of that moment beforehand and afterwards is what was so.
                at = when.replace(" ", "T")
                for source, expected in ((LOWER, lower), (UPPER, upper)):
                    told = {n for n in every
                            if self.explain(n, source, at=at)["verdict"] == "allow"}
                    self.assertEqual(told, expected)
                if when not in self.GRANTS:
                    continue
                command, name, for_ms = self.GRANTS[when]
                self.assertTrue(self.control(command, name=name, tier="lower_secondary",
                                             for_ms=for_ms)["ok"])
                self.assertTrue(self.is_open(name))
                self.assertFalse(self.is_open(CASINO))
        self.assertEqual(self.control("grants")["grants"], [])
        self.stop_clean()


class Words(TimetableTest):
    def test_explain_says_when_it_opens_and_why(self):
        self.set_clock("2030-11-20 10:00:00")
        self.run_school()
        told = self.explain(GAMES)
        self.assertEqual((told["verdict"], told["reason"], told["category"]),
                         ("block", "category", "games"))
        self.assertEqual(told["window"]["opens_at"], "2030-11-20T11:30:00+07:00")
        told = self.explain(GAMES, at="2030-11-20T12:00:00+07:00")
        self.assertEqual((told["verdict"], told["at"]), ("allow", "2030-11-20T12:00:00+07:00"))
        self.assertEqual(told["window"], {"name": "lunch", "opens_at": "",
                                          "closes_at": "2030-11-20T13:30:00+07:00"})
        self.assertIn("window", {r["kind"] for r in told["rules"]})
        self.assertIn("lunch", {r["window"] for r in told["rules"]})
        told = self.explain(OPEN, at="2030-11-21T05:00:00Z")
        self.assertEqual((told["verdict"], told["reason"], told["window"]["name"],
                          told["window"]["opens_at"]),
                         ("block", "allow-only", "exam", "2030-11-21T17:00:00+07:00"))
        self.assertEqual(self.explain(LESSON, at="2030-11-21 12:00")["verdict"], "allow")
        self.assertEqual(self.explain(SOCIAL, UPPER)["window"]["name"], "lessons")
        for bad in ("soon", "2030-13-01T00:00", "2030-02-31T00:00", "2040-01-01T00:00", 1.5, True):
            reply = self.explain(GAMES, at=bad)
            self.assertFalse(reply["ok"], bad)
        self.stop_clean()

    def fetch(self, port, host, source, language="en"):
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=15,
                                          source_address=(source, 0))
        line.request("GET", "/", headers={"Host": host, "Accept": "text/html",
                                          "Accept-Language": language})
        reply = line.getresponse()
        body = reply.read().decode()
        line.close()
        return reply.status, body

    def test_the_page_says_when_it_opens(self):
        self.need("lachan-page")
        self.set_clock("2030-11-20 10:00:00")
        self.run_school(lower=[
            {"name": "lunch", "from": "11:30", "to": "13:30", "unblock": ["games"]},
            {"name": "exam", "dates": ["2030-11-21"], "from": "07:00", "to": "17:00",
             "allow_only": "on"}], school={"languages": ["vi", "en"]})
        port = int(self.current["pages"]["listen"][0].rsplit(":", 1)[1])
        page = self.start("lachan-page", "-c", self.path("lachan.yaml"), env=self.clock())

        def up():
            try:
                return self.fetch(port, GAMES, LOWER)
            except OSError:
                return None
        wait_for("the page", up)
        status, body = self.fetch(port, GAMES, LOWER)
        self.assertEqual(status, 403)
        self.assertIn("opens again at 11:30", body)
        self.assertIn("mở lại lúc 11:30", self.fetch(port, GAMES, LOWER, "vi")[1])
        # What no window opens has no time.
        self.assertNotIn("opens again", self.fetch(port, CASINO, LOWER)[1])
        # What is open now: try again.
        self.set_clock("2030-11-20 12:00:00")
        self.wait_open(GAMES, True)
        self.assertEqual(self.fetch(port, GAMES, LOWER)[0], 503)
        # In an exam all but the chosen ones.
        self.set_clock("2030-11-21 09:00:00")
        self.wait_open(OPEN, False)
        status, body = self.fetch(port, OPEN, LOWER)
        self.assertEqual(status, 403)
        self.assertIn("opens only the sites chosen beforehand", body)
        self.assertIn("open again at 17:00", body)
        # A grant that closes a name says when it ends.
        self.set_clock("2030-11-20 14:00:00")
        self.wait_open(OPEN, True)
        self.assertTrue(self.control("deny", name=OPEN, for_ms=30 * 60 * 1000)["ok"])
        self.assertIn("again at 14:30", self.fetch(port, OPEN, LOWER)[1])
        self.assertEqual(page.term(), 0)
        self.stop_clean()

    def test_the_page_knows_who_was_led_there_by_a_cname(self):
        self.need("lachan-page")
        self.set_clock("2030-11-20 10:00:00")

        def script(query):
            query.send(query.reply(answer=[scripted.cname(query.name, GAMES), scripted.a(GAMES, HERE)]))
        fake = scripted.ScriptedUpstream(script)
        self.addCleanup(fake.close)
        self.run_school(upstreams=[fake.port])
        port = int(self.current["pages"]["listen"][0].rsplit(":", 1)[1])
        self.start("lachan-page", "-c", self.path("lachan.yaml"), env=self.clock())
        self.assert_blocked(self.ask_filter("clean.example.vn", source=LOWER))

        def up():
            try:
                return self.fetch(port, "clean.example.vn", LOWER)
            except OSError:
                return None
        status, body = wait_for("the page", up)
        self.assertEqual(status, 403)
        self.assertIn("opens again at 11:30", body)
        # For somebody who may have it the same name is open.
        self.assertEqual(self.fetch(port, "clean.example.vn", UPPER)[0], 503)
        self.stop_clean()


class Trial(TimetableTest):
    def test_a_trial_blocks_what_is_dangerous_and_counts_the_rest(self):
        self.set_clock("2030-11-20 12:00:00")
        self.run_school(filter={"enforce": "off"})
        self.assertFalse(self.control("status")["enforce"])
        self.program.wait_log("trial")
        for name in (GAMES, SOCIAL, CASINO, ADULT, OPEN):
            self.assertTrue(self.is_open(name), name)
        self.assert_blocked(self.ask_filter(EVIL, source=LOWER))
        self.assert_blocked(self.ask_filter(ABUSE, source=LOWER), ede=16)
        told = self.explain(CASINO)
        self.assertEqual((told["verdict"], told["reason"], told["category"], told["trial"],
                          told["advice"]), ("allow", "trial", "gambling", True, "enforce"))
        # Counted as it would be.
        self.devices(12, CASINO)
        self.wait_stats(gambling=10)
        preview = json.loads(self.control("summary-preview")["document"])
        self.assertIs(preview["policy"]["enforce"], False)
        # In earnest.
        changed = json.loads(json.dumps(self.current))
        changed["filter"]["enforce"] = "on"
        self.reload(changed)
        self.assertTrue(self.control("status")["enforce"])
        self.assertFalse(self.is_open(CASINO))
        self.stop_clean()

    def test_a_pause_outlives_the_border_of_a_window(self):
        self.set_clock("2030-11-20 11:29:57")
        self.run_school()
        self.assertTrue(self.control("pause", tier="lower_secondary", for_ms=600000)["ok"])
        self.assertTrue(self.is_open(CASINO))
        wait_for("the window", lambda: self.tier()["window"] == "lunch")
        self.assertTrue(self.is_open(CASINO))
        self.assertEqual([p["tier"] for p in self.control("status")["paused"]],
                         ["lower_secondary"])
        self.assertTrue(self.control("resume")["ok"])
        self.assertFalse(self.is_open(CASINO))
        self.assertTrue(self.is_open(GAMES))
        self.stop_clean()


if __name__ == "__main__":
    main()
