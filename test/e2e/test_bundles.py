#!/usr/bin/env python3
"""A department's bundle at a school: pulled, believed or not, kept whatever the school says."""
import http.server
import json
import os
import shutil
import threading

import bundles
import lachan_test as lt

PAGE = "127.0.0.1"
ELSEWHERE = "192.0.2.77"
LISTS = (("tinh-ca-cuoc", "gambling", ["# đề cử 17, 2026-11-20", "nhacai.example"]),
         ("tinh-game", "games", ["tro-choi.example"]))
LOCKED = ("title Sở Giáo dục và Đào tạo",
          "mandatory lower_secondary gambling social_network",
          "block upper_secondary games",
          "never-block giu-lai.example")


@lt.unittest.skipUnless(shutil.which("openssl"), "the openssl program is not installed")
class BundleTest(lt.LachanTest):
    def setUp(self):
        super().setUp()
        self.need("lachan-feeds", "lachan-filter", "lachanctl")
        self.key = bundles.Key(bytes(range(32)))
        self.port = lt.free_port()
        names = ["nhacai.example", "tro-choi.example", "mxh.example", "giu-lai.example",
                 "mo.example", "facebook.com", "khac.example"]
        self.fake = self.upstream({name: ELSEWHERE for name in names})
        self.feeds("")

    def feeds(self, extra, feed=""):
        self.config = self.write_config(
            dns_port=self.port, upstream=self.fake.port, extra="""
filter:
  answer: {ipv4: "%s"}
  feeds:
    - {name: so-gddt, format: bundle, url: ["file:%s"], public_key: "%s"%s}
%s""" % (PAGE, self.path("bundle.gz"), self.key.text, feed, extra))

    def publish(self, *arguments, **keywords):
        keywords.setdefault("lists", LISTS)
        keywords.setdefault("lines", LOCKED)
        with open(self.path("bundle.gz"), "wb") as file:
            file.write(bundles.packed(self.key, *arguments, **keywords))

    def pull(self, status=0):
        done = self.run_program("lachan-feeds", "-c", self.config)
        self.assertEqual(done[0], status, done)
        return done[1] + done[2]

    def listed(self):
        done = self.run_program("lachanctl", "-c", self.config, "feeds", "--json")
        return {feed["name"]: feed for feed in json.loads(done[1])["feeds"]}

    def start_filter(self):
        started = self.start("lachan-filter", "-c", self.config)
        self.ask_until(self.port, "khac.example")
        self.wait_for("the control socket", lambda: os.path.exists(self.path("run/control.sock")))
        return started

    def address(self, name):
        return self.ask(self.port, name).addresses()

    def explain(self, name, tier="lower_secondary"):
        return self.control("explain", name=name, tier=tier)

    def refused(self, sentence, serial=None):
        """One more pull is refused, with this sentence in `lachanctl feeds`."""
        self.pull(status=1)
        feed = self.listed()["so-gddt"]
        self.assertEqual(feed["result"], "refused")
        self.assertIn(sentence, feed["reason"])
        said = self.run_program("lachanctl", "-c", self.config, "feeds")[1]
        self.assertIn(sentence, said)
        if serial is not None:
            self.assertEqual(feed["bundle"]["serial"], serial)

    # ---- what it does ----

    def test_its_lists_block_and_say_where_they_stand(self):
        self.publish()
        self.pull()
        self.start_filter()
        said = self.explain("www.nhacai.example")
        self.assertEqual((said["verdict"], said["reason"], said["category"]),
                         ("block", "required", "gambling"))
        rules = {(r["kind"], r["feed"], r["line"]) for r in said["rules"] if r["wins"]}
        self.assertIn(("block", "so-gddt/tinh-ca-cuoc", 16), rules)
        self.assertIn("department", {kind for kind, _, _ in rules})
        self.assertEqual(said["advice"], "department")
        words = self.run_program("lachanctl", "-c", self.config, "explain",
                                 "nhacai.example", "--tier", "lower_secondary")[1]
        self.assertIn("the education department requires", words)
        self.assertIn("so-gddt/tinh-ca-cuoc:16", words)
        # The table: where the school's file says nothing of the tier.
        self.assertEqual(self.explain("tro-choi.example", "upper_secondary")["reason"],
                         "category")
        feed = self.listed()["so-gddt"]
        self.assertEqual((feed["entries"], feed["bundle"]["serial"]), (2, 1))
        status = self.control("status")
        self.assertEqual(status["bundles"][0]["name"], "lam-dong")
        policy = self.run_program("lachanctl", "-c", self.config, "policy")[1]
        self.assertIn("by the education department", policy)

    def test_a_school_cannot_loosen_it(self):
        self.publish()
        self.feeds("""  never_block: [nhacai.example]
  enforce: off
  tiers:
    - name: lower_secondary
      allow: [nhacai.example]
      block: [malware]
      schedules: [{name: all-day, from: "00:00", to: "24:00", unblock: [gambling]}]
""")
        self.pull()
        self.start_filter()
        self.assertEqual(self.explain("nhacai.example")["reason"], "required")
        paused = self.control("pause", for_ms=600000)
        self.assertTrue(paused["ok"], paused)
        self.assertEqual(self.explain("nhacai.example")["reason"], "required")
        for scope in ({}, {"client": "127.0.0.1/32"}):
            granted = self.control("allow", name="nhacai.example", for_ms=600000, **scope)
            self.assertTrue(granted["ok"], granted)
        refused = self.control("allow", name="nhacai.example", tier="lower_secondary")
        self.assertFalse(refused["ok"])
        self.assertIn("the education department requires", refused["error"])
        self.assertEqual(self.explain("nhacai.example")["reason"], "required")
        self.assertEqual(self.address("nhacai.example"), [PAGE])
        self.assertEqual(self.address("mo.example"), [ELSEWHERE])
        # Staff are not asked for anything: there the school's own word counts.
        self.assertEqual(self.explain("nhacai.example", "staff")["verdict"], "allow")

    def test_off_is_refused(self):
        self.publish()
        self.pull()
        done = self.run_program("lachanctl", "-c", self.config, "feeds", "off", "so-gddt")
        self.assertEqual(done[0], 1)
        self.assertIn("required by the education department", done[2])
        done = self.run_program("lachan-feeds", "-c", self.config, "--off", "so-gddt")
        self.assertEqual(done[0], 1)
        self.assertEqual(self.listed()["so-gddt"]["off"], False)

    def test_a_required_list_is_pulled_too(self):
        served = self.write("game.txt", "game-a.example\ngame-b.example\n")
        digest = bundles.hashlib.sha256(open(served, "rb").read()).hexdigest()
        server = lt.free_port()
        self.serve(server)
        self.publish(lines=(*LOCKED, "feed required tinh-game games domains subtree %s "
                            "http://127.0.0.1:%d/game.txt" % (digest, server),
                            "feed offered tinh-khac adult domains subtree - "
                            "https://so.example/x"))
        self.pull()
        feeds = self.listed()
        self.assertEqual(feeds["so-gddt+tinh-game"]["entries"], 2)
        self.assertEqual(feeds["so-gddt+tinh-game"]["required_by"], "so-gddt")
        self.assertNotIn("so-gddt+tinh-khac", feeds)
        said = self.run_program("lachanctl", "-c", self.config, "feeds")[1]
        self.assertIn("so-gddt offers the list tinh-khac", said)
        self.start_filter()
        self.assertEqual(self.explain("game-a.example", "upper_secondary")["verdict"], "block")
        # A newer bundle without it: its names go.
        self.publish(serial=2)
        self.pull()
        self.assertNotIn("so-gddt+tinh-game", self.listed())
        self.assertFalse(os.path.exists(self.path("state/feeds/so-gddt+tinh-game.gz")))

    def serve(self, port):
        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(handler, *arguments):
                super().__init__(*arguments, directory=self.dir)

            def log_message(handler, *_):
                pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)

    # ---- what is not believed ----

    def test_a_forged_one_is_refused(self):
        self.publish()
        self.pull()
        thief = bundles.Key(bytes(reversed(range(32))))
        with open(self.path("bundle.gz"), "wb") as file:
            file.write(bundles.packed(thief, serial=2))
        self.refused("signed by another key", serial=1)
        altered = bundles.text(self.key, serial=2, lists=LISTS, lines=LOCKED)
        for old, new, sentence in (
                (b"gambling social_network\n", b"gambling\n", "its signature does not fit"),
                (b"nhacai.example", b"khac12.example", "lists were cut short or altered"),
                (b"lachan-bundle 1", b"lachan-bundle 2", "it is no bundle"),
                (b"title S", b"titel S", "not a line of a manifest")):
            with open(self.path("bundle.gz"), "wb") as file:
                file.write(altered.replace(old, new, 1))
            self.refused(sentence, serial=1)
        self.assertEqual(self.listed()["so-gddt"]["entries"], 2)

    def test_an_expired_one_is_refused(self):
        self.publish()
        self.pull()
        self.publish(serial=2, made=-100, expires=60)
        self.refused("it has expired", serial=1)

    def test_an_older_one_is_refused_whatever_is_torn(self):
        self.publish(serial=7)
        self.pull()
        self.publish(serial=6)
        self.refused("its serial is 6, older than 7", serial=7)
        # The note of what was seen is torn, then gone: the copy in force tells it.
        seen = self.path("state/feeds/so-gddt.seen")
        whole = open(seen, "rb").read()
        for part in (whole[:30], b"", whole.replace(b" 7 ", b" 1 ")):
            with open(seen, "wb") as file:
                file.write(part)
            self.refused("older than 7", serial=7)
        os.unlink(seen)
        os.unlink(self.path("state/feeds/so-gddt.meta"))
        self.refused("older than 7", serial=7)
        # The same serial with other content.
        self.publish(serial=7, lines=())
        self.refused("serial 7 was here already", serial=7)
        # A rollback is a new serial.
        self.publish(serial=8, lines=())
        self.pull()
        self.assertEqual(self.listed()["so-gddt"]["bundle"]["serial"], 8)

    def test_another_departments_is_refused(self):
        self.publish()
        self.pull()
        self.publish(name="ha-noi", serial=9)
        self.refused("it is the bundle ha-noi, and lam-dong is pulled here", serial=1)

    def test_one_that_blocks_what_people_need_waits(self):
        self.publish()
        self.pull()
        self.publish(serial=2, lists=(("tinh-ca-cuoc", "gambling", ["facebook.com"]),))
        self.pull(status=1)
        feed = self.listed()["so-gddt"]
        self.assertEqual(feed["result"], "held")
        self.assertEqual(feed["held"]["covers"], ["facebook.com"])
        self.assertEqual(feed["bundle"]["serial"], 1)
        done = self.run_program("lachanctl", "-c", self.config, "feeds", "accept", "so-gddt")
        self.assertEqual(done[0], 0, done)
        self.assertEqual(self.listed()["so-gddt"]["bundle"]["serial"], 2)

    # ---- what lasts ----

    def test_it_stays_in_force_when_it_expires_and_says_so(self):
        self.publish(expires=4)
        self.pull()
        self.wait_for("the end of its time",
                      lambda: self.listed()["so-gddt"]["bundle"]["expired"])
        os.unlink(self.path("bundle.gz"))
        self.pull(status=1)
        self.start_filter()
        self.assertEqual(self.explain("nhacai.example")["reason"], "required")
        self.assertIn("EXPIRED since",
                      self.run_program("lachanctl", "-c", self.config, "feeds")[1])
        self.assertIn("HAS EXPIRED",
                      self.run_program("lachanctl", "-c", self.config, "status")[1])

    def test_a_damaged_copy_opens_nothing(self):
        self.publish()
        self.feeds("  keep_sources: no\n")
        self.pull()
        copy = self.path("state/feeds/so-gddt.gz")
        with open(copy, "r+b") as file:
            file.write(b"\0" * 64)
        self.start_filter()  # by the manifest beside it
        self.assertEqual(self.explain("nhacai.example")["reason"], "required")
        self.pull()  # fetched anew
        with open(copy, "rb") as file:
            self.assertEqual(file.read(2), b"\x1f\x8b")

    def test_another_key_in_the_file_ends_it(self):
        self.publish()
        self.pull()
        self.key = bundles.Key(bytes([9] * 32))
        self.feeds("")
        self.start_filter()
        self.assertNotEqual(self.explain("nhacai.example")["reason"], "required")
        self.assertFalse(self.control("status")["bundles"][0]["in_force"])
        self.publish(serial=1)
        self.pull()
        self.wait_for("the new department's", lambda:
                      self.explain("nhacai.example")["reason"] == "required")


if __name__ == "__main__":
    lt.main()
