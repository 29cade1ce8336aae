#!/usr/bin/env python3
"""Twelve poisoned feeds, while the school goes on asking (T36 to T41, T43).

Twelve lists are in force. Then each of them goes bad in its own way, and lachan-feeds fetches
them all: nothing that is needed may be blocked for a moment, nothing that was blocked may
open, no answer may be lost, and each feed's meta and the log say what became of it.
"""
import json
import os
import threading
import time
import zlib

import feed_server as fs
from filter_test import FilterTest
from lachan_test import dns, main, plain_rules

NEEDED = {"docs.google.com": "192.0.2.1", "moet.gov.vn": "192.0.2.2", "vnexpress.net": "192.0.2.3",
          "truong.edu.vn": "192.0.2.4", "shop.example.vn": "192.0.2.5", "www.gov.vn": "192.0.2.6",
          "a-site.com": "192.0.2.7"}
ASKERS = 2


def good(name):
    """The list that feed `name` had until today: forty names."""
    return "".join("bad%d.%s.example\n" % (i, name) for i in range(40)).encode()


def gzip_bomb(octets, encoding, total=10 << 30):
    """Ten gigabytes as gzip, made of one piece again and again."""
    piece_bytes = 16 << 20
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(octets * (piece_bytes // len(octets)))
    piece += packer.flush(zlib.Z_FULL_FLUSH)
    head = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"

    def answer(h):
        h.send_response(200)
        for name, value in encoding.items():
            h.send_header(name, value)
        h.send_header("Content-Length", str(len(head) + len(piece) * (total // piece_bytes)))
        h.end_headers()
        h.wfile.write(head)
        for _ in range(total // piece_bytes):
            h.wfile.write(piece)
    return answer


def one_long_line(total=1 << 30):
    """One line of a gigabyte."""
    def answer(h):
        h.send_response(200)
        h.send_header("Content-Length", str(total))
        h.end_headers()
        block = b"a" * (1 << 20)
        for _ in range(total // len(block)):
            h.wfile.write(block)
    return answer


def poisons():
    """{feed: (what it serves now, result, words of its reason, words of a refused line)}"""
    def more(name, lines, result="ok", reason="", line=""):
        return fs.body(good(name) + lines), result, reason, line
    return {
        "root": more("root", b".\n*\n*.\n", line="the root"),
        "vn": more("vn", b"vn\n.vn\nVN.\n", line="a top-level domain"),
        "com": more("com", b"com\n*.com\n", line="a top-level domain"),
        "edu-vn": more("edu-vn", b"edu.vn\ngov.vn\n", line="public suffix"),
        # time.google.com is where devices ask for the time: the line is ignored.
        "google": more("google", b"google.com\n", line="a protected name"),
        "moet": more("moet", b"moet.gov.vn\nvnexpress.net\n", "held", "moet.gov.vn"),
        "html": (fs.body(b"<!DOCTYPE html><html><body>Please log in</body></html>"), "refused",
                 "web page", ""),
        "empty": (fs.body(b""), "refused", "empty", ""),
        "bomb": (gzip_bomb(b"a.example.vn\n", {"Content-Encoding": "gzip"}), "refused",
                 "100 times its size", ""),
        # And once more as a file, which is unpacked only when it is here.
        "zeros": (gzip_bomb(b"\0", {}), "refused", "", ""),
        "line": (one_long_line(), "refused", "max_size", ""),
        "shrunk": (fs.body(b"bad1.shrunk.example\n"), "refused", "max_shrink", ""),
        "redirect": (fs.redirect("file:///etc/passwd"), "refused", "redirect", ""),
    }


class Asker(threading.Thread):
    """Asks for all names in turn until told to stop, and notes every answer that is not as it
    must be."""

    def __init__(self, port, names):
        super().__init__(daemon=True)
        self.port, self.names = port, names  # {name: address}
        self.stopping = threading.Event()
        self.asked, self.wrong = 0, []

    def run(self):
        while not self.stopping.is_set():
            for name, address in self.names.items():
                try:
                    # Once, with patience: no answer at all is an answer lost.
                    found = dns.ask(("127.0.0.1", self.port), name, timeout=20).addresses()
                except OSError as error:
                    found = error
                self.asked += 1
                if found != [address]:
                    self.wrong.append((name, found))
                    if len(self.wrong) > 20:
                        return


class Poisoned(FilterTest):
    def setUp(self):
        super().setUp()
        self.need("lachan-feeds")
        self.server = fs.FeedServer()
        self.addCleanup(self.server.stop)
        self.poisons = poisons()
        feeds = []
        for name in self.poisons:
            self.server.answers["/" + name] = fs.body(good(name))
            feeds.append({"name": name, "category": "gambling", "format": "domains",
                          "url": [self.server.url("/" + name)]})
        upstream = self.upstream(NEEDED)
        self.settings = self.config(
            upstream={"servers": ["udp://127.0.0.1:%d" % upstream.port]}, filter={"feeds": feeds})
        self.file = self.write_json(self.settings)
        for folder in "state", "run":
            os.makedirs(self.path(folder))
        status, told, said = self.run_program("lachan-feeds", "-c", self.file)
        self.assertEqual(status, 0, told + said)
        self.program = self.start("lachan-filter", "-c", self.file)
        self.program.wait_log("serving with")

    def meta(self, name):
        with open(self.path("state", "feeds", name + ".meta"), encoding="utf-8") as file:
            return json.load(file)

    def ask_while(self, work):
        """Runs `work` while the school asks; its value."""
        names = dict(NEEDED)
        names.update({"bad%d.%s.example" % (i, feed): "127.0.0.1"
                      for feed in self.poisons for i in (1, 39)})
        askers = [Asker(self.port, names) for _ in range(ASKERS)]
        for asker in askers:
            asker.start()
        try:
            value = work()
            # What was published meanwhile is in force, and a whole round has seen it.
            generation = self.generation()
            rounds = [asker.asked + 2 * len(names) for asker in askers]
            self.wait_for("two more rounds of questions", lambda: all(
                a.asked >= r or a.wrong for a, r in zip(askers, rounds)), timeout=60)
            self.assertEqual(self.generation(), generation)
        finally:
            for asker in askers:
                asker.stopping.set()
            for asker in askers:
                asker.join(30)
        self.assertEqual([wrong for asker in askers for wrong in asker.wrong], [])
        print("%d questions, none lost, none wrong" % sum(asker.asked for asker in askers))
        return value

    def test_twelve_poisoned_feeds_block_nothing_needed_and_lose_nothing(self):
        before = self.generation()
        for name, (answer, _, _, _) in self.poisons.items():
            self.server.answers["/" + name] = answer
        begun = time.monotonic()
        status, told, said = self.ask_while(
            lambda: self.run_program("lachan-feeds", "-c", self.file, timeout=200))
        print("fetched and compiled in %.1f s" % (time.monotonic() - begun))
        self.assertEqual(status, 1, told + said)
        self.assertNotEqual(self.generation(), before)
        for name, (_, result, reason, line) in self.poisons.items():
            meta = self.meta(name)
            print("%-9s %-8s %s%s" % (name, meta["result"], meta["reason"],
                                      "; ".join(meta["refused"])))
            self.assertEqual(meta["result"], result, meta)
            self.assertEqual(meta["entries"], 40)
            self.assertIn(reason, meta["reason"])
            if result == "ok":
                self.assertTrue(any(line in why for why in meta["refused"]), meta["refused"])
                self.assertIn("%s: rules ignored" % name, said)
            else:
                self.assertIn("%s: %s: " % (name, result), said)
                self.assertIn(reason, said)
        told = json.loads(self.control("summary-preview")["document"])
        failures = {one["type"]: one["count"] for one in told["failures"]}
        results = [result for _, result, _, _ in self.poisons.values()]
        for word in "refused", "held":
            self.assertEqual(failures["feed-" + word], results.count(word), failures)
        left = os.listdir(self.path("state", "feeds"))
        self.assertFalse([n for n in left if ".tmp." in n], left)
        # What is on the disk serves a new start as well.
        self.stop_clean()
        self.program = self.start("lachan-filter", "-c", self.file)
        self.program.wait_log("serving with")
        self.ask_while(lambda: None)
        self.stop_clean()

    def test_poison_from_the_first_day_is_no_better(self):
        """Feeds that never had a good body: what they must not cover they do not."""
        feeds = [{"name": name, "category": "gambling", "format": form,
                  "url": [self.server.url("/" + name)]} for name, form in
                 (("all", "adblock"), ("every", "regex"), ("above", "hosts"), ("net", "rpz"))]
        self.server.answers.update({
            "/all": fs.body(b"||com^\n||vn^\n*\n||*^\n/.*/\n||edu.vn^$important\n|*.com^\n" +
                            b"".join(b"||ad%d.example^\n" % i for i in range(40))),
            "/every": fs.body(b".\n.*\n^[a-z0-9.-]+$\n\\.vn$\n(\\.|^)com$\n.+\\.(com|net)$\n" +
                              b"".join(b"^bets?%d\\.example$\n" % i for i in range(40))),
            "/above": fs.body(b"0.0.0.0 com\n0.0.0.0 gov.vn\n0.0.0.0 google.com\n" +
                              b"".join(b"0.0.0.0 host%d.example\n" % i for i in range(40))),
            "/net": fs.body(b"$TTL 60\n@ SOA . . 1 1 1 1 1\n* CNAME .\n*.vn CNAME .\n"
                            b"*.edu.vn CNAME .\n0.0.0.0.0.rpz-ip CNAME .\n" +
                            b"".join(b"zone%d.example CNAME .\n" % i for i in range(40)))})
        self.settings["filter"]["feeds"] += feeds
        self.write_json(self.settings)
        status, told, said = self.ask_while(
            lambda: self.run_program("lachan-feeds", "-c", self.file, timeout=200))
        self.assertEqual(status, 0, told + said)
        for feed in feeds:
            meta = self.meta(feed["name"])
            print("%-9s %-8s %d entries, %s" % (feed["name"], meta["result"], meta["entries"],
                                                meta["refused"]))
            self.assertEqual((meta["result"], meta["entries"]), ("ok", 40), meta)
        for name in "ad7.example", "bet7.example", "host7.example", "zone7.example":
            self.wait_rules(name)
        self.stop_clean()


class WithoutRules(FilterTest):
    """Every list is poisoned on the first day, or what is on the disk is no database: the key
    without_rules says what then."""

    def start_with(self, choice):
        data = self.path("data")
        os.makedirs(data, exist_ok=True)
        rules = plain_rules()
        for name in os.listdir(rules):
            if not os.path.exists(os.path.join(data, name)):
                os.symlink(os.path.join(rules, name), os.path.join(data, name))
        packed = os.path.join(data, "packaged.db")
        status, _, said = self.run_program(
            "lachan-rules", "compile", "-o", packed, "gambling=" + self.write(
                "packed.txt", "packed.example\n"))
        self.assertEqual(status, 0, said)
        self.fake = self.fake or self.upstream({"www.example.vn": "192.0.2.7"})
        for folder in "state", "run":
            os.makedirs(self.path(folder), exist_ok=True)
        self.file = self.write_json(self.config(
            server={"data_dir": data}, filter={"without_rules": choice, "feeds": [
                {"name": "gone", "category": "gambling", "url": ["file:///nowhere/list"]}]},
            upstream={"servers": ["udp://127.0.0.1:%d" % self.fake.port]}))
        status, told, said = self.run_program("lachan-feeds", "-c", self.file)
        self.assertEqual(status, 1, told + said)
        self.program = self.start("lachan-filter", "-c", self.file)
        self.program.wait_log("serving with")

    def ask_both(self):
        """What becomes of an honest name, and of one that the packaged rules block."""
        return [(reply.rcode, reply.addresses()) for reply in (
            self.ask_filter("www.example.vn"), self.ask_filter("packed.example"))]

    def test_packaged_refuse_and_open_do_what_they_say(self):
        passed, blocked = (dns.NOERROR, ["192.0.2.7"]), (dns.NOERROR, ["127.0.0.1"])
        refused, unknown = (dns.REFUSED, []), (dns.NXDOMAIN, [])
        for choice, expected in (("packaged", [passed, blocked]), ("refuse", [refused, refused]),
                                 ("open", [passed, unknown])):
            self.start_with(choice)
            self.assertEqual(self.ask_both(), expected, choice)
            # A file that is no database is no better than none.
            self.stop_clean()
            self.write("state/rules.db", "not a database")
            self.start_with(choice)
            self.assertEqual(self.ask_both(), expected, choice)
            # The first good list ends it.
            self.publish({"gambling": "first.example\n"})
            self.wait_rules("first.example")
            self.assertEqual(self.ask_both(), [passed, unknown], choice)
            self.stop_clean()
            for name in os.listdir(self.path("state")):
                if name.startswith("rules.db"):
                    os.unlink(self.path("state", name))


if __name__ == "__main__":
    main()
