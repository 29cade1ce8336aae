#!/usr/bin/env python3
"""Real lists, as some forty feeds over local HTTP, in force for tiers.

Needs the folder ../shared/feeds beside the project; skipped without it. What a list says is
read here once more, by other code, so that the two readings check each other. None of the
names is ever resolved: the upstream is a fake on loopback.
"""
import os
import random
import re
import socket
import struct
import unittest

import feed_server as fs
from filter_test import FilterTest
from lachan_test import SOURCE_DIR, dns, main
from scripted_upstream import ScriptedUpstream
from test_feeds import REAL as ALL, SHARED

# Patterns cannot be read again by a few lines of other code.
REAL = [row for row in ALL if row[2] != "regex"]
RESOLVED = "192.0.2.7"
PUPIL, TEACHER = "127.0.2.5", "127.0.3.5"
TIERS = [{"name": "primary", "clients": ["127.0.2.0/24"]},
         {"name": "staff", "clients": ["127.0.3.0/24"]}]
STAFF_MAY = {"dating", "social_network", "games", "streaming"}
SECURITY = {"malware", "phishing_scam"}
LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
NAME = re.compile(r"(?:%s\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?" % LABEL)
ADDRESS = re.compile(r"[0-9.]+|[0-9a-f:]*:[0-9a-f:]*(?:%\w+)?")
SAMPLE = 1000


# One line a name: what these formats mean by it is what each says of the name itself.
ONE_NAME = {
    "dnsmasq": re.compile(r"(?:address|server|local)=/([^/]+)/.*"),
    "unbound": re.compile(r'local-zone: "([^"]+?)\.?" always_(?:null|nxdomain|refuse)'),
    "rpz": re.compile(r"(?!\*)(\S+)\s+cname\s+\."),
    "wildcard": re.compile(r"\*\.(\S+)"),
}


def read_list(path, form):
    """(names, exceptions) that a list surely means; odd lines are left out."""
    names, exceptions = set(), set()
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            line = line.strip().lower()
            if form == "adblock":
                found = re.fullmatch(r"(@@)?\|\|([^/^$*|]+)\^?(?:\$(?:all|important))?", line)
                words = [found.group(2)] if found else []
                into = exceptions if found and found.group(1) else names
            elif form in ONE_NAME:
                found = ONE_NAME[form].fullmatch(line)
                words, into = [found.group(1)] if found else [], names
            else:
                words, into = line.split("#")[0].split(), names
                if words and ADDRESS.fullmatch(words[0]):
                    words = words[1:]
                elif form == "hosts":
                    words = []
            into.update(w for w in words if len(w) <= 253 and NAME.fullmatch(w))
    return names, exceptions


def suffixes(name):
    labels = name.split(".")
    return [".".join(labels[i:]) for i in range(len(labels))]


class Lists:
    """{category: names}, as exact entries, and with all that stands below them."""

    def __init__(self):
        self.feeds = [(category, *read_list(os.path.join(SHARED, path), form))
                      for path, category, form in REAL
                      if os.path.exists(os.path.join(SHARED, path))]
        with open(os.path.join(SOURCE_DIR, "rules", "never-block.txt"), encoding="utf-8") as file:
            lines = [line.split("#")[0].strip() for line in file]
        self.never_block = sorted({line for line in lines if line})
        # Search engines, YouTube and canaries have rules of their own (test_answers_judged.py).
        self.special = set()
        for name in "safe_search.yaml", "bypass.yaml":
            with open(os.path.join(SOURCE_DIR, "rules", name), encoding="utf-8") as file:
                text = re.sub(r"#.*", "", file.read())
            self.special.update(word for word in re.findall(r"[a-z0-9.-]+", text)
                                if "." in word and NAME.fullmatch(word))

    def surely(self, name):
        """Categories with an entry of exactly this name and no exception near it."""
        return {category for category, names, exceptions in self.feeds
                if name in names and not exceptions.intersection(suffixes(name))}

    def perhaps(self, name):
        """Categories with an entry of this name or one above it."""
        return {category for category, names, _ in self.feeds
                if names.intersection(suffixes(name))}

    def is_protected(self, name):
        return bool(self.special.union(self.never_block).intersection(suffixes(name)))

    def sample(self, count, suitable):
        """So many random names of all lists for which suitable(name)."""
        every = sorted(set().union(*(names for _, names, _ in self.feeds)))
        random.shuffle(every)
        found = []
        for name in every:
            if len(found) == count:
                break
            # A public suffix may stand in a list and is ignored there: three labels are none
            # of the two-lettered kind.
            if not self.is_protected(name) and len(name.split(".")[-2]) > 3 and suitable(name):
                found.append(name)
        return found


@unittest.skipUnless(os.path.isdir(SHARED), "needs the folder ../shared/feeds")
class Folder(FilterTest):
    LEVELS = ["primary"]

    @classmethod
    def setUpClass(cls):
        seed = int(os.environ.get("SEED", 20261122))
        print("\nSEED=%d" % seed)
        random.seed(seed)
        cls.lists = Lists()

    def setUp(self):
        super().setUp()
        self.need("lachan-feeds")
        server = fs.FeedServer()
        self.addCleanup(server.stop)

        def resolve(query):
            query.send(query.reply(answer=[query.a(RESOLVED)] if query.type == dns.A else []))
        upstream = ScriptedUpstream(resolve)
        self.addCleanup(upstream.close)
        feeds = []
        for path, category, form in REAL:
            where = os.path.join(SHARED, path)
            if os.path.exists(where):
                server.answers["/" + path] = fs.file_answer(where)
                feeds.append({"name": re.sub(r"[^a-z0-9]+", "-", path.lower()), "category": category,
                              "url": [server.url("/" + path)], "format": form})
        # Lists that cover what no content list may block, and a security list that names three.
        protected = self.lists.never_block
        above = {".".join(name.split(".")[-2:]) for name in protected if name.count(".") > 1}
        # Time servers and public suffixes are shielded from every feed, of security too: no
        # feed can accuse them, or a name above them.
        clocks = {name for name in protected if "time." in name or "ntp." in name}
        shielded = {name for name in protected if clocks.intersection(suffixes(name)) or
                    any(clock.endswith("." + name) for clock in clocks) or
                    re.fullmatch("(ac|com|edu|gov|health|int|net|org)[.]vn", name)}
        self.accused = random.sample(sorted(set(protected) - shielded), 3)
        for name, category, names in (("greedy", "games", sorted({*protected, *above})),
                                      ("accuser", "malware", self.accused)):
            server.answers["/" + name] = fs.body("\n".join(names).encode())
            feeds.append({"name": name, "category": category, "url": [server.url("/" + name)],
                          "format": "domains"})
        config = self.config(upstream={"servers": ["udp://127.0.0.1:%d" % upstream.port]},
                             filter={"feeds": feeds, "tiers": TIERS})
        path = self.write_json(config)
        os.makedirs(self.path("state"))
        os.makedirs(self.path("run"))
        status, told, said = self.run_program("lachan-feeds", "-c", path, timeout=200)
        self.assertEqual(status, 0, told + said)
        self.program = self.start("lachan-filter", "-c", path)
        self.program.wait_log("serving with")

    def ask_all(self, source, questions):
        """{(name, type): reply} of many questions, a few at a time over one socket."""
        replies = {}
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((source, 0))
            sock.connect(("127.0.0.1", self.port))
            sock.settimeout(15)
            for first in range(0, len(questions), 40):
                some = questions[first:first + 40]
                for i, (name, rtype) in enumerate(some):
                    sock.send(dns.make_query(name, rtype, ident=i))
                for _ in some:
                    wire = sock.recv(2000)
                    replies[some[struct.unpack_from("!H", wire)[0]]] = dns.Reply(wire)
        return replies

    def check_blocked_for_pupils(self):
        types = ("A", "AAAA", "HTTPS", "TXT")
        names = self.lists.sample(SAMPLE, self.lists.surely)
        self.assertEqual(len(names), SAMPLE)
        replies = self.ask_all(PUPIL, [(name, rtype) for name in names for rtype in types])
        for (name, rtype), reply in replies.items():
            categories = self.lists.surely(name)
            # `null` where advertising alone lists it; then AAAA has an address too.
            silent = categories == {"ads_tracking"} and "0.0.0.0" in \
                replies[name, "A"].addresses()
            self.assertEqual((reply.rcode, reply.ede), (dns.NOERROR, (15, "")), (name, rtype))
            if rtype == "A":
                self.assertEqual(reply.addresses(), ["0.0.0.0" if silent else "127.0.0.1"], name)
            elif rtype == "AAAA" and silent:
                self.assertEqual(reply.addresses(dns.AAAA), ["::"], name)
            else:
                self.assertEqual(reply.answer, [], (name, rtype))
                owner = reply.authority[0].name
                self.assertIn(owner, suffixes(name))
                self.assertEqual(reply.authority[0].type, dns.SOA)
        print("%d names blocked for primary, %d of them `null`" % (
            len(names), sum(r.addresses() == ["0.0.0.0"] for r in replies.values())))

    def check_open_for_staff(self):
        names = self.lists.sample(SAMPLE // 2, lambda name: self.lists.surely(name) and
                                  self.lists.perhaps(name) <= STAFF_MAY)
        self.assertGreater(len(names), 100)
        for (name, _), reply in self.ask_all(TEACHER, [(name, "A") for name in names]).items():
            self.assertEqual((reply.rcode, reply.addresses(), reply.ede),
                             (dns.NOERROR, [RESOLVED], None), name)
        blocked = self.ask_all(PUPIL, [(name, "A") for name in names])
        self.assertEqual({reply.ede for reply in blocked.values()}, {(15, "")})
        shared = self.lists.sample(100, lambda name: self.lists.surely(name) - STAFF_MAY)
        for (name, _), reply in self.ask_all(TEACHER, [(name, "A") for name in shared]).items():
            self.assertEqual(reply.ede, (15, ""), name)
        print("%d names open for staff, and blocked for primary" % len(names))

    def check_never_block(self):
        names = self.lists.never_block + ["www." + name for name in self.lists.never_block]
        opened = 0
        for (name, _), reply in self.ask_all(PUPIL, [(name, "A") for name in names]).items():
            exact = self.lists.surely(name)
            if name in self.accused:
                self.assertEqual(reply.ede, (15, ""), name)
            elif not exact & SECURITY and "ads_tracking" not in exact:
                self.assertEqual((reply.addresses(), reply.ede), ([RESOLVED], None), name)
                opened += 1
        print("%d never-block names open, all of them in a list of games" % opened)

    def check_explain(self):
        listed = next(n for n in self.lists.sample(50, lambda n: len(self.lists.surely(n)) == 1)
                      if self.lists.perhaps(n) == self.lists.surely(n))
        open_name = self.lists.sample(1, lambda n: self.lists.perhaps(n) <= STAFF_MAY and
                                      self.lists.surely(n))[0]
        protected = next(n for n in self.lists.never_block
                         if not self.lists.perhaps(n) & SECURITY and n not in self.accused)
        for what, name, tier, verdict, reason in (
                ("blocked", listed, "primary", "block", "category"),
                ("allowed", open_name, "staff", "allow", "nothing"),
                ("never-block", protected, "primary", "allow", "never-block"),
                ("unlisted", "khong-co-trong-danh-sach.example", "primary", "allow", "nothing")):
            told = self.control("explain", name=name, tier=tier)
            print("%s: %s %s for %s: %s (%s)" % (what, name, told["verdict"], tier, told["reason"],
                                                 [(r["feed"], r["line"], r["text"]) for r in told["rules"]]))
            self.assertEqual((told["verdict"], told["reason"]), (verdict, reason), what)
            if what == "blocked":
                wins = [r for r in told["rules"] if r["wins"] and r["feed"]]
                self.assertEqual({r["category"] for r in wins}, self.lists.surely(name))
                self.assertTrue(all(r["match"] in r["text"].lower() and r["line"] > 0 for r in wins), told)
                self.assertTrue(all(("." + name).endswith("." + r["match"]) for r in wins), told)

    def test_a_thousand_listed_names_for_pupils_and_staff(self):
        status = self.control("status")["rules"]
        print("%d names of %d feeds" % (status["names"], len(self.lists.feeds)))
        for category, names, exceptions in self.lists.feeds:
            print("  %-22s %7d names, %d exceptions" % (category, len(names), len(exceptions)))
        self.check_blocked_for_pupils()
        self.check_open_for_staff()
        self.check_never_block()
        self.check_explain()
        self.assertEqual(self.program.term(), 0, self.program.log())


if __name__ == "__main__":
    main()
