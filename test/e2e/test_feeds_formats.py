#!/usr/bin/env python3
"""lachan-feeds: every format on its way from a server into rules.db, with `match`, `rewrite`
and the way its rules are judged."""
import unittest

import feed_server as fs
from lachan_test import main
from test_feeds import HAVE_RULES_TOOL, FeedsTest, names

# {format: (text, names blocked, names open, entries)}
LISTS = {
    "domains": (b"a.bet\nb.bet\n", ["a.bet", "www.a.bet"], ["bet", "c.bet"], 2),
    "hosts": (b"127.0.0.1 localhost\n0.0.0.0 a.bet b.bet\n::1 c.bet\n", ["a.bet", "c.bet"],
              ["localhost", "d.bet"], 3),
    "wildcard": (b"*.a.bet\n", ["www.a.bet"], ["b.bet"], 1),
    "adblock": (b"||a.bet^\n@@||good.a.bet^\n||b.bet^$dnstype=AAAA\n/^poker[0-9]+[.]/\n"
                b"||b.bet^$badfilter\nexample.org##.ad\n",
                ["a.bet", "x.a.bet", "poker77.example.org"], ["good.a.bet", "poker.example.org"],
                None),
    "dnsmasq": (b"address=/a.bet/0.0.0.0\nserver=/b.bet/\nlocal=/c.bet/\ncache-size=10\n",
                ["a.bet", "b.bet", "c.bet"], ["d.bet"], 3),
    "unbound": (b'server:\nlocal-zone: "a.bet" always_nxdomain\n'
                b'local-zone: "good.a.bet" transparent\n', ["a.bet", "x.a.bet"],
                ["good.a.bet", "www.good.a.bet"], None),
    "rpz": (b"$TTL 300\n@ IN SOA localhost. root.localhost. 1 2 3 4 5\n  IN NS localhost.\n"
            b"a.bet CNAME .\n*.a.bet CNAME .\ngood.a.bet CNAME rpz-passthru.\n"
            b"*.b.bet CNAME *.\n", ["a.bet", "x.a.bet", "x.b.bet"],
            ["good.a.bet", "b.bet"], None),
    "regex": (b"^(.+\\.)?poker[0-9]*\\.\n(^|\\.)casino-[a-z]+\\.vn$\n",
              ["poker7.example", "casino-xyz.vn"], ["casino.vn"], 2),
    "squidguard": (b"a.bet\n.b.bet\nc.bet/page\n(poker|casino)-online\n",
                   ["a.bet", "x.b.bet", "my-poker-online.example"], ["c.bet"], 3),
}


@unittest.skipUnless(HAVE_RULES_TOOL, "lachan-rules is not built")
class Formats(FeedsTest):
    def verdicts(self, names_):
        return {name: self.school.verdict(name)["verdict"] for name in names_}

    def test_every_format_is_read_compiled_and_explained(self):
        for form, (text, blocked, opened, entries) in LISTS.items():
            with self.subTest(form):
                self.school.feed("list", self.serve("/" + form, fs.body(text)), format=form,
                                 max_shrink=100)
                self.good()
                self.assertEqual(set(self.verdicts(blocked).values()), {"block"},
                                 self.verdicts(blocked))
                self.assertNotIn("block", self.verdicts(opened).values())
                meta = self.school.meta("list")
                self.assertEqual(meta["format"], form)
                if entries is not None:
                    self.assertEqual(meta["entries"], entries, meta)
                found = self.school.verdict(blocked[0])
                self.assertEqual(found["feed"], "list")
                lines = self.school.copy("list").decode().split("\n")
                self.assertEqual(lines[found["line"] - 1], found["rule"])

    def test_patterns_count_as_entries_and_fill_a_category(self):
        self.school.feed("list", self.serve("/list", fs.body(LISTS["regex"][0])), format="regex")
        done = self.good()
        meta = self.school.meta("list")
        self.assertEqual((meta["entries"], meta["patterns"], meta["rules"]), (2, 2, 2))
        said = [line for line in done.stderr.splitlines() if "filled by no feed" in line][0]
        self.assertNotIn("gambling", said)

    def test_a_shrunken_list_of_patterns_is_refused(self):
        rows = [b"^poker%d\\.\n" % i for i in range(40)]
        self.school.feed("list", self.serve("/list", fs.body(b"".join(rows))), format="regex")
        self.good()
        self.serve("/list", fs.body(b"".join(rows[:10])))
        self.refused("list", "max_shrink")
        self.assertEqual(self.school.verdict("poker39.example")["verdict"], "block")

    def test_match_says_what_a_bare_name_means(self):
        self.school.feed("list", self.serve("/list", fs.body(names(20))), match="exact")
        self.good()
        self.assertEqual(self.verdicts(["name1.example.com", "www.name1.example.com"]),
                         {"name1.example.com": "block", "www.name1.example.com": "none"})
        rules = self.school.rules()
        self.school.feed("list", self.server.url("/list"), match="subtree")
        self.good("--offline")
        self.assertNotEqual(self.school.rules(), rules)
        self.assertEqual(self.school.verdict("www.name1.example.com")["verdict"], "block")

    def test_rewrite_is_compiled_anew_without_a_fetch(self):
        self.school.feed("list", self.serve("/list", fs.body(
            b"$TTL 300\n@ IN SOA localhost. root.localhost. 1 2 3 4 5\n"
            b"a.bet A 192.0.2.1\nb.bet CNAME .\n")), format="rpz")
        self.good()
        first = self.school.rules()
        self.school.feed("list", self.server.url("/list"), format="rpz", rewrite=True)
        self.good("--offline")
        second = self.school.rules()
        self.assertNotEqual(second, first)
        self.good("--offline")
        self.assertEqual(self.school.rules(), second)
        self.assertEqual(self.server.count("/list"), 1)

    def test_one_feed_is_judged_by_rank_and_another_by_length(self):
        """An exception below a block: the same lines, as two formats mean them."""
        self.school.feed("rank", self.serve("/rank", fs.body(
            b"||a.bet^\n@@||good.a.bet^\n||bad.good.a.bet^\n")), format="adblock")
        self.school.feed("length", self.serve("/length", fs.body(
            b"$TTL 300\n@ IN SOA localhost. root.localhost. 1 2 3 4 5\n"
            b"b.bet CNAME .\n*.b.bet CNAME .\n*.good.b.bet CNAME rpz-passthru.\n"
            b"good.b.bet CNAME rpz-passthru.\nbad.good.b.bet CNAME .\n")), format="rpz")
        self.good()
        self.assertEqual(self.school.verdict("x.a.bet")["verdict"], "block")
        self.assertNotEqual(self.school.verdict("bad.good.a.bet")["verdict"], "block")
        self.assertEqual(self.school.verdict("x.b.bet")["verdict"], "block")
        self.assertNotEqual(self.school.verdict("good.b.bet")["verdict"], "block")
        self.assertEqual(self.school.verdict("bad.good.b.bet")["verdict"], "block")

    def test_the_format_is_recognised(self):
        rows = {"adblock": b"".join(b"||a%d.bet^\n" % i for i in range(30)),
                "hosts": b"".join(b"0.0.0.0 a%d.bet\n" % i for i in range(30)),
                "dnsmasq": b"".join(b"address=/a%d.bet/#\n" % i for i in range(30)),
                "rpz": b"$TTL 300\n@ IN SOA localhost. root.localhost. 1 2 3 4 5\n" +
                       b"".join(b"a%d.bet CNAME .\n" % i for i in range(30)),
                "unbound": b"".join(b'local-zone: "a%d.bet" always_null\n' % i for i in range(30))}
        for form, text in rows.items():
            with self.subTest(form):
                self.school.feed("list", self.serve("/" + form, fs.body(text)), max_shrink=100)
                self.good()
                meta = self.school.meta("list")
                self.assertEqual((meta["format"], meta["entries"]), (form, 30))


if __name__ == "__main__":
    main()
