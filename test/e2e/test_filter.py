#!/usr/bin/env python3
"""lachan-filter on the wire: every row of "Answers on the wire", one process, its own rules."""
import os
import shutil
import socket
import struct
import threading
import time

from filter_test import PORTAL, FilterTest
from lachan_test import BIN, Control, dns, main, wait_for

ALL_TYPES = ("HTTPS", "TXT", "NS", 1000)
SVCB = 64


class Blocked(FilterTest):
    RULES = {"gambling": "||casino.example^\n", "ads_tracking": "||ads.example^\n",
             "illegal_vn": "||banned.example^\n", "adult": "||adult.example^\n",
             "games": "||games.example^\n", "streaming": "||films.example^\n",
             "piracy": "||copies.example^\n"}

    def test_warning_gives_the_address_that_was_asked_and_nothing_else(self):
        self.run_filter(filter={"answer": {"ttl": "45s"}},
                        server={"listen": ["0.0.0.0:%d" % self.port, "[::]:%d" % self.port]})
        for host in ("127.0.0.1", "127.0.0.2", "127.7.7.7"):
            for tcp in (False, True):
                with self.subTest(host=host, tcp=tcp):
                    reply = self.ask_filter("www.casino.example", host=host, tcp=tcp)
                    self.assert_blocked(reply, host)
                    self.assertEqual(reply.answer[0].ttl, 45)
                    self.assertEqual((reply.aa, reply.ra, reply.rd, reply.ad, reply.tc),
                                     (False, True, True, False, False))
                    self.assertEqual(reply.trailing, b"")
        for rtype in ("AAAA",) + ALL_TYPES:
            with self.subTest(rtype=rtype):
                reply = self.ask_filter("a.b.www.casino.example", rtype)
                self.assert_negative(reply, "casino.example", 45)
                self.assertEqual(reply.ede, (15, ""))
        self.stop_clean()

    def test_names_below_are_blocked_and_neighbours_are_not(self):
        self.run_filter()
        for name in ("casino.example", "x.casino.example", "a.b.c.d.casino.example",
                     "CaSiNo.eXaMpLe", "_443._tcp.casino.example", "%s.casino.example" % ("x" * 63)):
            self.assert_blocked(self.ask_filter(name))
        for name in ("notcasino.example", "example", "casino.example.org", "casino.examples"):
            self.assertEqual(self.ask_filter(name).rcode, dns.NXDOMAIN)

    def test_ipv6_as_transport_and_as_answer(self):
        self.run_filter(server={"listen": ["[::1]:%d" % self.port, "0.0.0.0:%d" % self.port]},
                        filter={"answer": {"ipv6": "auto"}})
        for tcp in (False, True):
            reply = self.ask_filter("casino.example", "AAAA", host="::1", tcp=tcp)
            self.assertEqual(reply.addresses(dns.AAAA), ["::1"])
            # The other family: the LAN's address, never a loopback one; none: NODATA.
            reply = self.ask_filter("casino.example", "A", host="::1", tcp=tcp)
            self.assertFalse(any(a.startswith("127.") for a in reply.addresses()))
            if not reply.answer:
                self.assert_negative(reply, "casino.example", 30)
        reply = self.ask_filter("www.example.vn", host="::1")
        self.assert_passed(reply)

    def test_a_fixed_address_and_none(self):
        self.run_filter(filter={"answer": {"ipv4": "192.0.2.99", "ipv6": "2001:db8::99"}})
        self.assert_blocked(self.ask_filter("casino.example"), "192.0.2.99")
        reply = self.ask_filter("casino.example", "AAAA")
        self.assertEqual(reply.addresses(dns.AAAA), ["2001:db8::99"])
        self.current["filter"]["answer"] = {"ipv4": "none", "ipv6": "none"}
        self.reload(self.current)
        self.assert_negative(self.ask_filter("casino.example"), "casino.example", 30)

    def test_null_is_for_advertising_unless_the_school_says_otherwise(self):
        self.run_filter()
        reply = self.ask_filter("x.ads.example")
        self.assert_blocked(reply, "0.0.0.0")
        reply = self.ask_filter("x.ads.example", "AAAA")
        self.assertEqual(reply.addresses(dns.AAAA), ["::"])
        for rtype in ALL_TYPES:
            self.assert_negative(self.ask_filter("x.ads.example", rtype), "ads.example", 30)

    def test_the_other_answers_as_they_are_named(self):
        self.run_filter(filter={"categories": [{"name": "games", "answer": "nodata"},
                                               {"name": "streaming", "answer": "nxdomain"},
                                               {"name": "piracy", "answer": "refused"}]})
        for rtype in ("A", "AAAA") + ALL_TYPES:
            with self.subTest(rtype=rtype):
                self.assert_negative(self.ask_filter("x.games.example", rtype),
                                     "games.example", 30)
                self.assert_negative(self.ask_filter("x.films.example", rtype),
                                     "films.example", 30, dns.NXDOMAIN)
                reply = self.ask_filter("x.copies.example", rtype)
                self.assertEqual((reply.rcode, reply.answer, reply.authority),
                                 (dns.REFUSED, [], []))
                self.assertEqual(reply.ede, (15, ""))

    def test_errors_are_explained_only_to_those_who_speak_edns(self):
        self.run_filter()
        self.assertEqual(self.ask_filter("casino.example").ede, (15, ""))
        reply = self.ask_filter("casino.example", edns=False)
        self.assertEqual((reply.edns_size, reply.addresses()), (None, ["127.0.0.1"]))
        for rtype in ("A", "AAAA", "HTTPS"):
            self.assertEqual(self.ask_filter("banned.example", rtype).ede, (16, ""))
        self.assertEqual(self.ask_filter("adult.example").ede, (15, ""))
        self.assertIsNone(self.ask_filter("www.example.vn").ede)

    def test_the_portal_is_answered_and_not_called_blocked(self):
        self.run_filter(upstreams=[self.free_port()])
        reply = self.ask_filter(PORTAL)
        self.assertEqual(reply.addresses(), ["127.0.0.1"])
        self.assertIsNone(reply.ede)
        self.assert_negative(self.ask_filter(PORTAL, "AAAA"), PORTAL, 30)
        # Sensitive cells say `below` whatever is in them; others are shown when not empty.
        cells = self.control("stats")["cells"]
        self.assertNotIn("gambling", [cell["category"] for cell in cells])
        self.assertEqual({cell["attempts"] for cell in cells}, {"below"})

    def test_another_portal_name(self):
        self.run_filter(pages={"portal": {"name": "truong.internal"}})
        self.assertEqual(self.ask_filter("truong.internal").addresses(), ["127.0.0.1"])
        self.assertEqual(self.ask_filter(PORTAL).rcode, dns.NXDOMAIN)

    def test_ddr_is_denied(self):
        self.run_filter()
        reply = self.ask_filter("_dns.resolver.arpa", SVCB)
        self.assertEqual((reply.rcode, reply.answer), (dns.NOERROR, []))
        self.assertEqual(self.fake.asked, [])

    def test_any_is_answered_small(self):
        self.run_filter()
        reply = self.ask_filter("www.example.vn", "ANY")
        self.assertEqual([r.type for r in reply.answer], [13])
        self.assertLess(len(reply.wire), 100)
        reply = self.ask_filter("casino.example", "ANY")
        self.assertEqual((reply.rcode, reply.addresses(), reply.ede[0]), (dns.NOERROR, [], 15))
        self.assertEqual(self.fake.asked, [])

    def test_without_rules_refuse_refuses(self):
        self.run_filter(rules={"games": "! nothing yet\n"})
        reply = self.ask_filter("www.example.vn")
        # Rules without a name are rules: they list nothing, and say so.
        self.assert_passed(reply)
        self.assertIn("gambling", self.control("status")["rules"]["empty_categories"])
        self.stop_clean()
        with open(self.path("state", "rules.db"), "wb") as file:
            file.write(b"not a database")
        self.program = self.start("lachan-filter", "-c", self.path("lachan.yaml"))
        self.program.wait_log("serving with")
        self.assertEqual(self.ask_filter("www.example.vn").rcode, dns.REFUSED)
        self.assertEqual(self.ask_filter(PORTAL).rcode, dns.REFUSED)


class Tiers(FilterTest):
    LEVELS = ["primary", "upper_secondary"]
    RULES = {"gambling": "||casino.example^\n", "social_network": "||chat.example^\n",
             "dating": "||dates.example^\n", "illegal_vn": "||banned.example^\n",
             "malware": "||evil.example^\n||exact.safe.example^\n",
             "ads_tracking": "||ads.example^\n||t.safe.example^\n||example.org^\n",
             "adult": "||mixed.example^\n||casino2.example^\n",
             "games": "||mixed.example^\n||safe.example^\n||excepted.example^\n"}
    RECORDS = {name: "192.0.2.7" for name in (
        "www.example.vn", "chat.example", "dates.example", "learn.casino.example",
        "ok.safe.example", "safe.example", "excepted.example", "evil.example",
        "x.exact.safe.example", "a.safe.example", "good.example.org", "example.org",
        "a.learn.casino.example", "casino.example")}

    def as_tier(self, client, name, rtype="A", **how):
        return self.ask_filter(name, rtype, source=client, **how)

    def tier_of(self, client):
        """By what social networks and dating are for them."""
        return self.control("explain", name="casino.example", client=client)["tier"]

    def test_a_client_is_known_by_address_prefix_range_or_group(self):
        self.run_filter(filter={
            "groups": [{"name": "lab", "clients": ["127.0.5.1", "127.0.6.0/24"]}],
            "tiers": [{"name": "staff", "clients": ["127.0.0.50", "127.0.2.0/24", "127.0.3.10-127.0.3.20",
                                                    "127.0.4.0/24"]},
                      {"name": "upper_secondary", "clients": ["127.0.4.128/25", "lab"]},
                      {"name": "primary", "clients": ["127.0.4.200"]}]})
        expected = {"127.0.0.50": "staff", "127.0.0.51": "primary", "127.0.2.1": "staff",
                    "127.0.2.254": "staff", "127.0.3.9": "primary", "127.0.3.10": "staff",
                    "127.0.3.20": "staff", "127.0.3.21": "primary", "127.0.4.7": "staff",
                    "127.0.4.129": "upper_secondary", "127.0.4.200": "primary",
                    "127.0.5.1": "upper_secondary", "127.0.5.2": "primary",
                    "127.0.6.200": "upper_secondary"}
        for client, tier in expected.items():
            with self.subTest(client=client):
                self.assertEqual(self.tier_of(client), tier)
                reply = self.as_tier(client, "chat.example")
                if tier == "staff":
                    self.assert_passed(reply)
                else:
                    self.assert_blocked(reply)
                self.assert_blocked(self.as_tier(client, "casino.example"))

    def test_the_longest_name_of_allow_and_deny_wins(self):
        self.run_filter(filter={"tiers": [{
            "name": "primary", "clients": ["127.0.0.1"],
            "allow": ["learn.casino.example", "banned.example"],
            "deny": ["www.example.vn", "a.learn.casino.example"]}]})
        self.assert_blocked(self.ask_filter("casino.example"))
        self.assert_passed(self.ask_filter("learn.casino.example"))
        self.assert_blocked(self.ask_filter("a.learn.casino.example"))
        self.assert_blocked(self.ask_filter("www.example.vn"))
        self.assert_negative(self.ask_filter("x.www.example.vn", "AAAA"), "www.example.vn", 30)
        # A locked category stands above the tier's own list.
        self.assert_blocked(self.ask_filter("banned.example"), ede=16)

    def test_names_that_no_content_feed_blocks(self):
        self.run_filter(filter={"never_block": ["safe.example", "example.org"]})
        self.assert_passed(self.ask_filter("safe.example"))
        self.assert_passed(self.ask_filter("a.safe.example"))
        # An exact entry of a security feed still blocks that name, and only that.
        self.assert_blocked(self.ask_filter("exact.safe.example"))
        self.assert_passed(self.ask_filter("x.exact.safe.example"))
        # For advertising the more specific name wins.
        self.assert_blocked(self.ask_filter("t.safe.example"), "0.0.0.0")
        self.assert_passed(self.ask_filter("good.example.org"))

    def test_a_feed_of_exceptions_opens_content_and_not_security(self):
        rules = dict(self.RULES, allow="||excepted.example^\n||evil.example^\n||banned.example^\n")
        self.run_filter(rules=rules)
        self.assert_passed(self.ask_filter("excepted.example"))
        self.assert_blocked(self.ask_filter("evil.example"))
        self.assert_blocked(self.ask_filter("banned.example"), ede=16)

    def test_the_sensitive_category_decides_before_the_others(self):
        self.run_filter(filter={"categories": [{"name": "adult", "answer": "nxdomain"}]})
        self.assertEqual(self.control("explain", name="mixed.example")["category"], "adult")
        self.assertEqual(self.ask_filter("mixed.example").rcode, dns.NXDOMAIN)

    def test_a_mapped_address_is_the_ipv4_client(self):
        self.run_filter(filter={"tiers": [{"name": "staff", "clients": ["127.0.0.1"]}]})
        explained = self.control("explain", name="chat.example", client="::ffff:127.0.0.1")
        self.assertEqual(explained["tier"], "staff")


class Access(FilterTest):
    def test_strangers_hear_no_a_few_times_a_second(self):
        self.run_filter(server={"allow": ["127.0.0.1/32"], "threads": 1})
        reply = self.ask_filter("casino.example", source="127.0.0.9", tcp=True)
        self.assertEqual((reply.rcode, reply.answer), (dns.REFUSED, []))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.9", 0))
            sock.connect(("127.0.0.1", self.port))
            sent = 400
            for _ in range(sent):
                sock.send(dns.make_query("casino.example"))
            sock.settimeout(1.5)
            refused = 0
            try:
                while True:
                    self.assertEqual(dns.Reply(sock.recv(2000)).rcode, dns.REFUSED)
                    refused += 1
            except TimeoutError:
                pass
        self.assertGreater(refused, 0)
        self.assertLessEqual(refused, 20)
        self.assert_blocked(self.ask_filter("casino.example"))
        self.assertEqual(self.fake.asked, [])

    def test_strangers_who_write_nonsense_hear_no_more(self):
        self.run_filter(server={"allow": ["127.0.0.1/32"], "threads": 1})
        notimp, formerr = (struct.pack("!6H", 1, flags, 0, 0, 0, 0) for flags in (0x2800, 0x0100))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.9", 0))
            sock.connect(("127.0.0.1", self.port))
            for _ in range(100):
                sock.send(notimp)
                sock.send(formerr)
            sock.settimeout(1)
            heard = 0
            try:
                while True:
                    sock.recv(2000)
                    heard += 1
            except TimeoutError:
                pass
        self.assertGreater(heard, 0)
        self.assertLessEqual(heard, 20)


class Odd(FilterTest):
    """What is not an ordinary query (THREATS 26, 27, 29)."""

    def setUp(self):
        super().setUp()
        self.run_filter()

    def raw(self, wire, tcp=False):
        """The reply, or None for silence (told from slowness by a query that follows)."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(15)
            sock.connect(("127.0.0.1", self.port))
            sock.send(wire)
            mark = dns.make_query(PORTAL, ident=0x7e57)
            sock.send(mark)
            first = dns.Reply(sock.recv(65535))
            if first.id == 0x7e57 and first.questions and first.questions[0][0] == PORTAL:
                return None
            self.assertEqual(dns.Reply(sock.recv(65535)).id, 0x7e57)
            return first

    def head(self, flags=0x0100, counts=(1, 0, 0, 0)):
        return struct.pack("!6H", 0x1234, flags, *counts)

    QUESTION = dns.wire_name("www.example.vn") + struct.pack("!2H", dns.A, dns.IN)

    @staticmethod
    def opt(options=b"", *, version=0, owner=b"\0", size=1232, rdlength=None, flags=0):
        return owner + struct.pack("!HHIH", dns.OPT, size, version << 16 | flags,
                                   len(options) if rdlength is None else rdlength) + options

    def assert_rcode(self, wire, rcode):
        reply = self.raw(wire)
        self.assertIsNotNone(reply, wire)
        self.assertEqual((reply.id, reply.rcode, reply.qr, reply.answer), (0x1234, rcode, True, []))
        self.assertLessEqual(len(reply.wire), max(len(wire) + 11, 23))
        return reply

    def test_what_is_no_question_is_met_with_silence(self):
        whole = self.head() + self.QUESTION
        for length in range(12):
            self.assertIsNone(self.raw(whole[:length]), length)
        self.assertIsNone(self.raw(self.head(0x8180) + self.QUESTION))
        self.assertIsNone(self.raw(self.head(0x8000, (0, 0, 0, 0))))
        self.assertIsNone(self.raw(b"\xff" * 600))

    def test_formerr_where_the_header_could_be_read(self):
        q = self.QUESTION
        long_name = b"".join(b"\x3f" + b"a" * 63 for _ in range(4)) + b"\0"
        cases = {
            "only a header": self.head(),
            "no question": self.head(counts=(0, 0, 0, 0)),
            "two questions": self.head(counts=(2, 0, 0, 0)) + q + q,
            "65535 questions": self.head(counts=(65535, 0, 0, 0)) + q,
            "a name that runs out": self.head() + b"\x3fabc",
            "no type": self.head() + dns.wire_name("www.example.vn"),
            "half a class": self.head() + q[:-1],
            "a pointer to itself": self.head() + b"\xc0\x0c" + b"\0\1\0\1",
            "a pointer forward": self.head() + b"\xc0\x20" + b"\0\1\0\1" + b"\0" * 30,
            "an extended label": self.head() + b"\x41ab\0" + b"\0\1\0\1",
            "a name of 257 octets": self.head() + long_name + b"\0\1\0\1",
            "octets behind the end": self.head() + q + b"\0",
            "a record that is not there": self.head(counts=(1, 0, 0, 1)) + q,
            "an answer that is not there": self.head(counts=(1, 1, 0, 0)) + q,
            "two OPT": self.head(counts=(1, 0, 0, 2)) + q + self.opt() + self.opt(),
            "an OPT with a name": self.head(counts=(1, 0, 0, 1)) + q + self.opt(owner=b"\1a\0"),
            "an OPT among the answers": self.head(counts=(1, 1, 0, 0)) + q + self.opt(),
            "an OPT longer than the packet": self.head(counts=(1, 0, 0, 1)) + q +
                                             self.opt(rdlength=9),
            "an option longer than its OPT": self.head(counts=(1, 0, 0, 1)) + q +
                                             self.opt(struct.pack("!2H", 100, 9)),
            "half an option": self.head(counts=(1, 0, 0, 1)) + q + self.opt(b"\0\x64\0"),
            "33 options": self.head(counts=(1, 0, 0, 1)) + q +
                          self.opt(struct.pack("!2H", 65001, 0) * 33),
            "two cookies": self.head(counts=(1, 0, 0, 1)) + q +
                           self.opt((struct.pack("!2H", 10, 8) + b"c" * 8) * 2),
            "many NSID": self.head(counts=(1, 0, 0, 1)) + q + self.opt(struct.pack("!2H", 3, 0) * 5),
            "many PADDING": self.head(counts=(1, 0, 0, 1)) + q +
                            self.opt((struct.pack("!2H", 12, 4) + bytes(4)) * 5),
            "a cookie of 7 octets": self.head(counts=(1, 0, 0, 1)) + q +
                                    self.opt(struct.pack("!2H", 10, 7) + b"c" * 7),
            "a client subnet of nonsense": self.head(counts=(1, 0, 0, 1)) + q +
                                           self.opt(struct.pack("!2HHBB", 8, 4, 1, 33, 0)),
        }
        for what, wire in cases.items():
            with self.subTest(what):
                self.assert_rcode(wire, dns.FORMERR)
        self.assertEqual(self.fake.asked, [])

    def test_every_prefix_and_flipped_octet_of_a_query_is_survived(self):
        whole = dns.make_query("www.casino.example", "A", ident=0x1234,
                               options=[(10, b"12345678"), (8, b"\0\1\x18\0\1\2\3"), (12, b"")])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(("127.0.0.1", self.port))
            for length in range(len(whole)):
                sock.send(whole[:length])
            for at in range(len(whole)):
                for bit in (1, 0x40, 0x80, 0xff):
                    changed = bytearray(whole)
                    changed[at] ^= bit
                    sock.send(bytes(changed))
                if at % 16 == 0:
                    time.sleep(0.02)
        self.assert_blocked(self.ask_filter("casino.example"))
        self.stop_clean()

    def test_the_same_over_tcp_closes_nothing_else(self):
        for wire in (self.head() + b"\x3fabc", self.head(counts=(0, 0, 0, 0))):
            reply = dns.Reply(dns.ask_bytes(("127.0.0.1", self.port), wire, tcp=True, timeout=15))
            self.assertEqual((reply.id, reply.rcode), (0x1234, dns.FORMERR))
        for wire in (b"short", b""):
            with self.assertRaises((ConnectionError, OSError)):
                dns.ask_bytes(("127.0.0.1", self.port), wire, tcp=True, timeout=15)

    def test_opcodes_and_classes_we_do_not_serve(self):
        for opcode in (1, 2, 3, 4, 5, 6, 15):
            with self.subTest(opcode=opcode):
                self.assert_rcode(self.head(0x0100 | opcode << 11) + self.QUESTION, dns.NOTIMP)
                self.assert_rcode(self.head(0x0100 | opcode << 11, (0, 0, 0, 0)), dns.NOTIMP)
        for name in ("version.bind", "id.server", "hostname.bind"):
            reply = self.ask_filter(name, "TXT", rclass=dns.CH)
            self.assertEqual((reply.rcode, reply.answer), (dns.REFUSED, []))
        self.assertEqual(self.ask_filter("casino.example", rclass=255).rcode, dns.REFUSED)
        for rtype in (251, 252, 253, 254, dns.OPT):
            self.assertEqual(self.ask_filter("www.example.vn", rtype).rcode, dns.REFUSED)
        self.assertEqual(self.fake.asked, [])

    def test_without_rd_nothing_is_resolved(self):
        for name in ("www.example.vn", "casino.example", PORTAL):
            reply = self.ask_filter(name, rd=False)
            self.assertEqual((reply.rcode, reply.answer, reply.rd), (dns.REFUSED, [], False))
        self.assertEqual(self.fake.asked, [])

    def test_edns_rules(self):
        wire = dns.make_query("www.example.vn", ident=0x1234, version=1)
        reply = self.assert_rcode(wire, 16)
        self.assertEqual((reply.edns_size is not None, reply.options), (True, {}))
        # Unknown options and flags are ignored and never echoed; a small size counts as 512.
        reply = self.ask_filter("www.example.vn", options=[(100, b"x"), (65001, b"123456")])
        self.assertEqual((reply.addresses(), reply.options), (["192.0.2.7"], {}))
        wire = self.head(counts=(1, 0, 0, 1)) + self.QUESTION + self.opt(flags=0x4040)
        reply = self.raw(wire)
        self.assertEqual(reply.addresses(), ["192.0.2.7"])
        opt_flags = struct.unpack("!I", reply.wire[-6:-2])[0] & 0xffff
        self.assertEqual(opt_flags, 0)
        for do in (False, True):
            self.assertEqual(self.ask_filter("casino.example", do=do).do, do)
        self.assertIsNone(self.ask_filter("www.example.vn", edns=False).edns_size)
        self.assertLessEqual(self.ask_filter("www.example.vn", size=0).edns_size, 1232)

    def test_cookies_and_subnets_of_clients_are_tolerated(self):
        for options in ([(10, b"8octets!")], [(8, b"\0\1\0\0")], [(8, b"\0\1\x18\0\1\2\3")],
                        [(3, b"")], [(12, bytes(40))]):
            reply = self.ask_filter("www.example.vn", options=options)
            self.assertEqual(reply.addresses(), ["192.0.2.7"], options)

    def test_case_and_id_come_back_and_reserved_bits_do_not(self):
        for name in ("wWw.ExAmPlE.vN", "CaSiNo.eXaMpLe"):
            for ident in (0, 1, 65535):
                reply = self.ask_filter(name, ident=ident)
                self.assertEqual(reply.questions[0][0], name)
                self.assertTrue(reply.answer)
        reply = self.raw(self.head(0x0140) + self.QUESTION)  # Z
        self.assertEqual(struct.unpack_from("!H", reply.wire, 2)[0] & 0x0040, 0)
        reply = self.raw(self.head(0x0700) + self.QUESTION)  # AA and TC in a query
        self.assertEqual((reply.aa, reply.tc, reply.rcode), (False, False, dns.NOERROR))
        reply = self.raw(self.head(0x0120) + self.QUESTION)  # AD: nobody has validated
        self.assertFalse(reply.ad)

    def test_rfc_8906_unknown_type(self):
        reply = self.ask_filter("www.example.vn", 1000, edns=False)
        self.assertEqual((reply.rcode, reply.answer, reply.edns_size), (dns.NOERROR, [], None))


class Tcp(FilterTest):
    RECORDS = {"www.example.vn": "192.0.2.7", **{"n%d.example.vn" % i: "192.0.2.8" for i in range(120)}}

    def connect(self, source=None):
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.addCleanup(sock.close)
        sock.settimeout(20)
        if source:
            sock.bind((source, 0))
        sock.connect(("127.0.0.1", self.port))
        return sock

    @staticmethod
    def framed(wire):
        return struct.pack("!H", len(wire)) + wire

    def assert_closed(self, sock, within):
        """The other side closes, by FIN or RST, within so many seconds."""
        sock.settimeout(within)
        try:
            self.assertEqual(sock.recv(1), b"")
        except ConnectionResetError:
            pass

    def test_pipelined_queries_are_all_answered(self):
        self.run_filter()
        sock = self.connect()
        names = ["casino.example", "www.example.vn", PORTAL] * 40
        sock.sendall(b"".join(self.framed(dns.make_query(name, ident=i))
                              for i, name in enumerate(names)))
        got = {}
        for _ in names:
            reply = dns.Reply(dns.receive_tcp(sock))
            got[reply.id] = reply.questions[0][0]
        self.assertEqual(got, dict(enumerate(names)))

    def test_a_slow_answer_holds_up_no_other(self):
        self.run_filter()
        self.fake.silent = True
        sock = self.connect()
        sock.sendall(self.framed(dns.make_query("www.example.vn", ident=1)) +
                     self.framed(dns.make_query("casino.example", ident=2)))
        self.assertEqual(dns.Reply(dns.receive_tcp(sock)).id, 2)
        late = dns.Reply(dns.receive_tcp(sock))
        self.assertEqual((late.id, late.rcode), (1, dns.SERVFAIL))

    def test_a_hundred_in_flight_and_the_rest_waits(self):
        self.run_filter()
        self.fake.silent = True
        sock = self.connect()
        sock.sendall(b"".join(self.framed(dns.make_query("n%d.example.vn" % i, ident=i))
                              for i in range(120)))
        wait_for("a hundred upstream", lambda: self.control("status")["queries"]["forwarded"] >= 100)
        time.sleep(0.3)
        self.assertLessEqual(self.control("status")["queries"]["forwarded"], 100)
        self.fake.silent = False
        got = {dns.Reply(dns.receive_tcp(sock)).id for _ in range(120)}
        self.assertEqual(got, set(range(120)))

    def test_a_half_closed_connection_still_hears_its_answers(self):
        self.run_filter()
        sock = self.connect()
        sock.sendall(self.framed(dns.make_query("casino.example", ident=7)) +
                     self.framed(dns.make_query("www.example.vn", ident=8)))
        sock.shutdown(socket.SHUT_WR)
        got = {dns.Reply(dns.receive_tcp(sock)).id for _ in range(2)}
        self.assertEqual(got, {7, 8})
        self.assert_closed(sock, 10)

    def test_trickled_octets_do_not_put_off_the_deadline(self):
        self.run_filter()
        wire = self.framed(dns.make_query("casino.example", ident=1))
        sock = self.connect()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        begin = time.monotonic()
        with self.assertRaises(OSError):
            while time.monotonic() - begin < 15:
                sock.sendall(wire[:1])
                time.sleep(0.2)
                wire = wire[1:] or b"\0"
                sock.setblocking(False)
                try:
                    if sock.recv(1) == b"":
                        raise ConnectionResetError
                except BlockingIOError:
                    pass
                sock.settimeout(20)
        self.assertLess(time.monotonic() - begin, 8)

    def test_a_query_in_pieces_is_answered(self):
        self.run_filter()
        sock = self.connect()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in self.framed(dns.make_query("casino.example", ident=1)):
            sock.sendall(bytes([byte]))
        self.assertEqual(dns.Reply(dns.receive_tcp(sock)).addresses(), ["127.0.0.1"])

    def test_one_client_has_so_many_connections_and_others_theirs(self):
        self.run_filter(server={"tcp": {"per_client": 5}})
        ours = [self.connect("127.0.0.20") for _ in range(5)]
        for sock in ours:
            sock.sendall(self.framed(dns.make_query(PORTAL, ident=1)))
            dns.receive_tcp(sock)
        self.assert_closed(self.connect("127.0.0.20"), 5)
        other = self.connect("127.0.0.21")
        other.sendall(self.framed(dns.make_query(PORTAL, ident=1)))
        dns.receive_tcp(other)
        ours[0].close()

        def taken():
            sock = self.connect("127.0.0.20")
            try:
                sock.sendall(self.framed(dns.make_query(PORTAL, ident=1)))
                dns.receive_tcp(sock)
                return True
            except OSError:
                sock.close()
                return False
        wait_for("a place for the sixth", taken)

    def test_idle_connections_end(self):
        self.run_filter(server={"tcp": {"idle": "1s"}})
        silent, used = self.connect(), self.connect()
        used.sendall(self.framed(dns.make_query(PORTAL, ident=1)))
        dns.receive_tcp(used)
        self.assert_closed(silent, 5)
        self.assert_closed(used, 5)

    def test_when_all_places_are_taken_an_idle_one_makes_room(self):
        self.run_filter(server={"threads": 1, "tcp": {"connections": 10, "per_client": 20}})
        first = [self.connect("127.0.0.%d" % (30 + i)) for i in range(10)]
        for sock in first:
            sock.sendall(self.framed(dns.make_query(PORTAL, ident=1)))
            dns.receive_tcp(sock)
        late = self.connect("127.0.0.99")
        late.sendall(self.framed(dns.make_query(PORTAL, ident=1)))
        self.assertEqual(dns.Reply(dns.receive_tcp(late)).id, 1)
        self.assert_closed(first[0], 5)

    def test_a_client_that_does_not_read_is_left(self):
        self.run_filter()
        sock = self.connect()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        query = self.framed(dns.make_query("casino.example", "TXT", ident=1)) * 64
        sock.settimeout(0.5)
        sent, begin, closed = 0, time.monotonic(), False
        while time.monotonic() - begin < 25 and not closed:
            try:
                sent += sock.send(query)
            except TimeoutError:
                pass
            except OSError:
                closed = True
        self.assertTrue(closed, "still open after %d octets" % sent)
        self.assertLess(sent, 16 << 20)
        self.assert_blocked(self.ask_filter("casino.example"))


class Descriptors(FilterTest):
    def test_out_of_descriptors_it_serves_on_and_does_not_spin(self):
        self.run_filter()
        self.stop_clean()
        if not os.access("/usr/bin/prlimit", os.X_OK):
            self.skipTest("no prlimit")
        self.program = self.start("prlimit", "--nofile=64:64", os.path.join(BIN, "lachan-filter"),
                                  "-c", self.path("lachan.yaml"), folder="/usr/bin")
        self.program.wait_log("serving with")
        held = []
        for i in range(120):
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self.addCleanup(sock.close)
            sock.bind(("127.0.0.%d" % (1 + i), 0))
            sock.connect(("127.0.0.1", self.port))
            held.append(sock)

        def cpu_ticks():
            with open("/proc/%d/stat" % self.program.pid, encoding="utf-8") as file:
                return sum(map(int, file.read().rsplit(")", 1)[1].split()[11:13]))
        before, begin = cpu_ticks(), time.monotonic()
        while time.monotonic() - begin < 2:
            self.assert_blocked(self.ask_filter("casino.example"))
            time.sleep(0.1)
        used_s = (cpu_ticks() - before) / os.sysconf("SC_CLK_TCK")
        self.assertLess(used_s, 0.8)
        for sock in held:
            sock.close()
        wait_for("TCP again", lambda: self.tcp_answers())
        self.stop_clean()

    def tcp_answers(self):
        try:
            return self.ask_filter("casino.example", tcp=True, timeout=2).addresses()
        except OSError:
            return None


class Truncation(FilterTest):
    def setUp(self):
        super().setUp()
        self.records = [(dns.A, 300, bytes((192, 0, 2, i))) for i in range(60)]
        self.run_filter(upstreams=[self.big().port])

    def big(self):
        text = [(dns.TXT, 300, bytes([200]) + letter * 200) for letter in (b"x", b"y", b"z")]
        self.fake = self.upstream({("a.example.vn", "A"): self.records,
                                   ("t.example.vn", "TXT"): text})
        return self.fake

    def test_what_does_not_fit_is_cut_whole_and_had_over_tcp(self):
        for size, edns in ((512, True), (0, True), (700, True), (1232, False)):
            with self.subTest(size=size, edns=edns):
                reply = self.ask_filter("a.example.vn", size=size, edns=edns)
                self.assertEqual((reply.tc, reply.answer), (True, []))
                self.assertLessEqual(len(reply.wire), max(512, size if edns else 512))
                self.assertEqual(reply.edns_size is not None, edns)
        reply = self.ask_filter("a.example.vn", tcp=True)
        self.assertEqual((reply.tc, len(reply.answer)), (False, 60))

    def test_no_udp_answer_is_larger_than_1232_whatever_the_client_says(self):
        for size in (1232, 1400, 4096, 65535):
            reply = self.ask_filter("a.example.vn", size=size)
            self.assertLessEqual(len(reply.wire), 1232)
            self.assertEqual((reply.tc, len(reply.answer)), (False, 60))
        self.records += [(dns.A, 300, bytes((198, 51, 100, i))) for i in range(20)]
        self.control("flush")
        reply = self.ask_filter("a.example.vn", size=4096)
        self.assertEqual((reply.tc, reply.answer), (True, []))
        self.assertEqual(len(self.ask_filter("a.example.vn", tcp=True).answer), 80)

    def test_a_smaller_ceiling_of_the_school(self):
        self.current["server"]["max_udp_size"] = 600
        self.reload(self.current)
        reply = self.ask_filter("t.example.vn", "TXT", size=1232)
        self.assertEqual((reply.tc, reply.edns_size), (True, 600))


class Cache(FilterTest):
    RECORDS = {("long.example.vn", "A"): [(dns.A, 100, b"\xc0\0\2\1")],
               ("short.example.vn", "A"): [(dns.A, 2, b"\xc0\0\2\1")],
               ("zero.example.vn", "A"): [(dns.A, 0, b"\xc0\0\2\1")],
               ("huge.example.vn", "A"): [(dns.A, 1 << 31, b"\xc0\0\2\1")],
               ("week.example.vn", "A"): [(dns.A, 604800, b"\xc0\0\2\1")],
               ("long.example.vn", "TXT"): [(dns.TXT, 100, b"\1x")],
               "casino.example": "192.0.2.9"}

    def count(self, name):
        return sum(1 for asked, _ in self.fake.asked if asked == name)

    def test_a_cached_answer_counts_down_and_ends(self):
        self.run_filter()
        self.assertEqual(self.ask_filter("long.example.vn").answer[0].ttl, 100)
        self.assertEqual(self.ask_filter("short.example.vn").answer[0].ttl, 2)
        time.sleep(2.2)
        self.assertIn(self.ask_filter("LONG.example.vn").answer[0].ttl, (97, 98))
        self.assertEqual(self.ask_filter("short.example.vn").answer[0].ttl, 2)
        self.assertEqual((self.count("long.example.vn"), self.count("short.example.vn")), (1, 2))
        # The same for another worker's clients and over TCP.
        for _ in range(8):
            self.assertLess(self.ask_filter("long.example.vn", tcp=True).answer[0].ttl, 99)
        self.assertEqual(self.count("long.example.vn"), 1)

    def test_lifetimes_have_bounds(self):
        self.run_filter()
        self.assertEqual(self.ask_filter("zero.example.vn").answer[0].ttl, 0)
        self.ask_filter("zero.example.vn")
        self.assertEqual(self.count("zero.example.vn"), 2)
        self.assertEqual(self.ask_filter("huge.example.vn").answer[0].ttl, 0)
        self.assertLessEqual(self.ask_filter("week.example.vn").answer[0].ttl, 86400)

    def test_flush_of_a_name_and_all_below_or_of_everything(self):
        self.run_filter()
        for name in ("long.example.vn", "week.example.vn"):
            self.ask_filter(name)
        self.ask_filter("long.example.vn", "TXT")
        self.assertEqual(self.control("flush", name="long.example.vn")["flushed"], 2)
        self.ask_filter("long.example.vn")
        self.ask_filter("week.example.vn")
        self.assertEqual((self.count("long.example.vn"), self.count("week.example.vn")), (3, 1))
        self.assertEqual(self.control("flush", name="vn")["flushed"], 2)
        self.ask_filter("week.example.vn")
        self.assertEqual(self.control("flush")["flushed"], 1)
        self.assertEqual(self.control("status")["cache"]["entries"], 0)

    def test_a_cached_name_is_blocked_the_moment_the_rules_say_so(self):
        self.run_filter()
        self.assert_passed(self.ask_filter("long.example.vn"), "192.0.2.1")
        self.publish({"gambling": "||long.example.vn^\n"})
        self.wait_rules("long.example.vn")
        self.assert_blocked(self.ask_filter("long.example.vn"))

    def test_what_is_kept_beside_an_answer_holds_for_one_set_of_rules(self):
        self.run_filter(filter={"tiers": [{"name": "staff", "clients": ["127.0.0.9"],
                                           "allow": ["casino.example"]}]})
        self.publish({"gambling": "||casino.example^\n||short.example.vn^\n"})
        self.wait_rules("short.example.vn")
        # Listed and open to one tier: the answer in the cache opens nothing to another.
        self.assert_passed(self.ask_filter("casino.example", source="127.0.0.9"), "192.0.2.9")
        self.assert_blocked(self.ask_filter("casino.example"))
        # Listed by the rules after the next.
        self.assert_passed(self.ask_filter("long.example.vn"), "192.0.2.1")
        self.publish({"gambling": "||long.example.vn^\n||week.example.vn^\n"})
        self.wait_rules("week.example.vn")
        self.assert_blocked(self.ask_filter("long.example.vn"))

    def test_memory_is_bounded(self):
        self.run_filter(cache={"size": "2MiB"})
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(10)
            sock.connect(("127.0.0.1", self.port))
            for first in range(0, 3000, 50):
                for i in range(first, first + 50):
                    sock.send(dns.make_query("r%d.example.vn" % i))
                for _ in range(50):
                    sock.recv(2000)
        cache = self.control("status")["cache"]
        self.assertLessEqual(cache["bytes"], cache["limit_bytes"])
        self.assertEqual(cache["limit_bytes"], 2 << 20)


class Reload(FilterTest):
    RECORDS = {"www.example.vn": "192.0.2.7", "casino.example": "192.0.2.9"}

    def test_a_reload_is_all_or_nothing(self):
        self.run_filter()
        self.assert_blocked(self.ask_filter("casino.example"))
        good = dict(self.current)
        bad = dict(good, filter={"answer": {"ipv4": "192.0.2.99"}, "groups": [{"name": "x", "clients": ["nonsense"]}]})
        self.reload(bad, "the configuration was not taken")
        self.assert_blocked(self.ask_filter("casino.example"))
        for text in ("", "{", "school: [", "\0", "school: {levels: [primary]}\nschool: {}\n"):
            self.write("lachan.yaml", text)
            seen = self.program.log().count("was not taken")
            self.program.hup()
            self.program.wait_log("was not taken", seen + 1)
        self.assert_blocked(self.ask_filter("casino.example"))
        good["filter"] = dict(good["filter"])
        good["filter"]["tiers"] = [{"name": "lower_secondary", "allow": ["casino.example"]}]
        self.reload(good)
        self.assert_passed(self.ask_filter("casino.example"), "192.0.2.9")
        self.stop_clean()

    def test_what_needs_a_restart_says_so(self):
        self.run_filter()
        for key, value in (("listen", ["127.0.0.1:%d" % self.free_port()]), ("threads", 3),
                           ("state_dir", self.path("other")), ("run_dir", self.path("other")),
                           ("user", "nobody")):
            with self.subTest(key):
                changed = dict(self.current, server=dict(self.current["server"], **{key: value}))
                self.reload(changed, "server.%s was changed, which needs a restart" % key)
        self.assert_blocked(self.ask_filter("casino.example"))

    def test_reloads_and_new_rules_under_questions_lose_nothing(self):
        self.run_filter()
        stop, wrong, asked = threading.Event(), [], [0]

        def keep_asking():
            while not stop.is_set():
                try:
                    for name, address in (("casino.example", "127.0.0.1"),
                                          ("www.example.vn", "192.0.2.7")):
                        reply = self.ask_filter(name)
                        asked[0] += 1
                        if reply.addresses() != [address]:
                            wrong.append(repr(reply.answer))
                except (OSError, ValueError) as error:
                    wrong.append(repr(error))
        askers = [threading.Thread(target=keep_asking) for _ in range(4)]
        for asker in askers:
            asker.start()
        for i in range(10):
            self.publish({"gambling": "||casino.example^\n||n%d.example^\n" % i})
            self.reload(self.current)
            self.wait_rules("n%d.example" % i)
        stop.set()
        for asker in askers:
            asker.join()
        self.assertEqual(wrong, [])
        self.assertGreater(asked[0], 100)
        self.stop_clean()


class ControlSocket(FilterTest):
    RULES = {"gambling": "||casino.example^\n", "malware": "||evil.example^\n",
             "illegal_vn": "||banned.example^\n"}
    RECORDS = {"www.example.vn": "192.0.2.7", "casino.example": "192.0.2.9",
               "evil.example": "192.0.2.9", "banned.example": "192.0.2.9"}

    def test_status(self):
        self.run_filter()
        self.ask_filter("www.example.vn")
        self.ask_filter("www.example.vn", tcp=True)
        self.ask_filter("casino.example")
        status = self.control("status")
        self.assertEqual((status["ok"], status["enforce"], status["paused"]), (True, True, []))
        self.assertEqual((status["rules"]["names"], status["rules"]["source"]), (3, "state"))
        self.assertIn("adult", status["rules"]["empty_categories"])
        self.assertNotIn("gambling", status["rules"]["empty_categories"])
        self.assertEqual(status["upstreams"][0]["address"], "127.0.0.1:%d" % self.fake.port)
        self.assertEqual((status["upstreams"][0]["state"], status["upstreams"][0]["queries"]),
                         ("up", 1))
        queries = status["queries"]
        self.assertEqual((queries["udp"], queries["tcp"], queries["blocked"], queries["cached"],
                          queries["forwarded"]), (2, 1, 1, 1, 1))
        self.assertEqual((status["cache"]["entries"], status["cache"]["hits"]), (1, 1))
        self.assertTrue(status["clock_trusted"])

    def test_explain(self):
        self.run_filter(filter={"never_block": ["www.example.vn"],
                                "tiers": [{"name": "lower_secondary", "allow": ["open.example"]}]})
        blocked = self.control("explain", name="x.casino.example", type="AAAA")
        self.assertEqual((blocked["verdict"], blocked["category"], blocked["tier"],
                          blocked["reason"], blocked["type"]),
                         ("block", "gambling", "lower_secondary", "category", "AAAA"))
        self.assertTrue(any(r["wins"] and r["match"] == "casino.example" for r in blocked["rules"]))
        for name, reason in (("open.example", "allow"), ("a.www.example.vn", "never-block"),
                             ("unlisted.example", "nothing")):
            allowed = self.control("explain", name=name)
            self.assertEqual((allowed["verdict"], allowed["reason"]), ("allow", reason))
        self.assertEqual(self.control("explain", name="banned.example", tier="staff")["reason"],
                         "locked")
        for wrong in ({"name": "a..b"}, {"name": "x.vn", "tier": "nobody"}, {},
                      {"name": "x.vn", "client": "nowhere"}, {"name": "x.vn", "type": "NONSENSE"}):
            self.assertFalse(self.control("explain", **wrong)["ok"])
        self.stop_clean()

    def test_nonsense_on_the_socket(self):
        self.run_filter()
        for payload in (b"", b"{", b"[]", b"null", b"{}", b'{"command":5}', b'{"command":"x"}',
                        b'{"command":"status","command":"flush"}', b"\xff\xfe", b"[" * 60000):
            with Control(self.path("run", "control.sock")) as line:
                line.sock.sendall(struct.pack("<I", len(payload)) + payload)
                self.assertFalse(line.receive()["ok"], payload[:40])
        with Control(self.path("run", "control.sock")) as line:
            line.sock.sendall(struct.pack("<I", 0xffffffff))
            self.assertEqual(line.sock.recv(10), b"")
        with Control(self.path("run", "control.sock")) as line:
            line.sock.sendall(struct.pack("<I", (64 << 10) + 1))
            self.assertEqual(line.sock.recv(10), b"")
        for half in (b"\1", struct.pack("<I", 100) + b"{"):
            with Control(self.path("run", "control.sock")) as line:
                line.sock.sendall(half)
        self.assertTrue(self.control("status")["ok"])
        self.stop_clean()

    def test_a_pause_keeps_what_protects_everybody(self):
        self.run_filter(filter={"tiers": [{"name": "staff", "clients": ["127.0.0.5"]}]})
        self.assert_blocked(self.ask_filter("casino.example"))
        self.assertTrue(self.control("pause", tier="lower_secondary", for_ms=60000)["until"])
        reply = self.ask_filter("casino.example")
        self.assert_passed(reply, "192.0.2.9")
        self.assertLessEqual(reply.answer[0].ttl, 60)
        self.assert_blocked(self.ask_filter("evil.example"))
        self.assert_blocked(self.ask_filter("banned.example"), ede=16)
        self.assert_blocked(self.ask_filter("casino.example", source="127.0.0.5"))
        self.assertEqual([p["tier"] for p in self.control("status")["paused"]], ["lower_secondary"])
        self.assertEqual(self.control("explain", name="casino.example")["reason"], "pause")
        # It outlives a reload and new rules.
        self.reload(self.current)
        self.assert_passed(self.ask_filter("casino.example"), "192.0.2.9")
        self.assertTrue(self.control("resume")["ok"])
        self.assert_blocked(self.ask_filter("casino.example"))
        self.assertTrue(self.control("pause", for_ms=700)["ok"])
        self.assert_passed(self.ask_filter("casino.example", source="127.0.0.5"), "192.0.2.9")
        wait_for("the pause to end by itself",
                 lambda: self.ask_filter("casino.example").ede is not None)
        for wrong in ({"for_ms": 0}, {"for_ms": -5}, {"for_ms": 10 ** 12}, {"tier": "nobody"}):
            self.assertFalse(self.control("pause", **wrong)["ok"])
        with open(self.path("state", "audit.log"), encoding="utf-8") as file:
            audit = file.read()
        self.assertEqual((audit.count("pause"), audit.count("resume")), (2, 1))
        self.assertNotIn("127.0.0", audit)

    def test_rollback_and_back(self):
        self.run_filter()
        self.assertFalse(self.control("rollback")["ok"])
        self.publish(self.RULES)

        shutil.copy(self.path("state", "rules.db"), self.path("state", "rules.db.prev"))
        self.publish({"gambling": "||www.example.vn^\n"})
        self.wait_rules("www.example.vn")
        self.assertTrue(self.control("rollback")["ok"])
        self.assert_passed(self.ask_filter("www.example.vn"))
        self.assert_blocked(self.ask_filter("casino.example"))
        self.assertTrue(self.control("rollback")["ok"])
        self.assert_blocked(self.ask_filter("www.example.vn"))

    def test_a_damaged_rules_file_changes_nothing(self):
        self.run_filter()
        with open(self.path("state", "rules.db"), "rb") as file:
            good = file.read()
        for damage in (b"", good[:len(good) // 2], good[:-1], bytes(len(good)),
                       good[:100] + bytes([good[100] ^ 1]) + good[101:]):
            with open(self.path("state", "rules.db.new"), "wb") as file:
                file.write(damage)

            os.rename(self.path("state", "rules.db.new"), self.path("state", "rules.db"))
            self.control("feeds-changed")
            self.assert_blocked(self.ask_filter("casino.example"))
        self.assertEqual(self.control("status")["rules"]["names"], 3)

    def test_feeds_changed_reads_new_rules_at_once(self):
        self.run_filter()
        self.publish({"gambling": "||www.example.vn^\n"})
        self.assertTrue(self.control("feeds-changed")["ok"])
        self.assert_blocked(self.ask_filter("www.example.vn"))

    def test_watch_shows_attempts_of_many_and_no_client(self):
        self.run_filter(filter={"tiers": [{"name": "staff", "clients": ["127.0.2.0/24"]}]},
                        rules=dict(self.RULES, adult="||adult.example^\n"))
        with Control(self.path("run", "control.sock")) as everything, \
                Control(self.path("run", "control.sock")) as staff:
            self.assertTrue(everything.ask("watch")["ok"])
            self.assertTrue(staff.ask("watch", tier="staff")["ok"])
            for i in range(1, 13):
                source = "127.0.1.%d" % i
                self.ask_filter("adult.example", source=source)  # sensitive: never shown
                self.ask_filter("deep.www.casino.example", source=source)
                self.ask_filter("www.casino.example", "AAAA", source=source)  # the same attempt
                self.ask_filter("casino.example", source=source)
            self.ask_filter("casino.example", source="127.0.2.1")  # one of few
            frames = []
            everything.sock.settimeout(2)
            with self.assertRaises(TimeoutError):
                while True:
                    frames.append(everything.receive())
            # Below the tenth device nothing is shown, and each attempt once.
            self.assertIn(len(frames), (2, 3))
            for frame in frames:
                self.assertEqual(set(frame), {"time", "tier", "category", "name"})
                self.assertEqual((frame["tier"], frame["category"], frame["name"]),
                                 ("lower_secondary", "gambling", "casino.example"))
            staff.sock.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                staff.receive()

    def test_stats_top_and_preview_keep_the_floor(self):
        self.run_filter()
        clients = ["127.0.1.%d" % i for i in range(1, 31)]
        for i, client in enumerate(clients):
            self.ask_filter(PORTAL, source=client)
            if i < 12:
                self.ask_filter("casino.example", source=client)
            if i < 9:
                self.ask_filter("evil.example", source=client)
        cells = {c["category"]: c["attempts"] for c in self.control("stats")["cells"]}
        self.assertEqual(cells["gambling"], 10)
        self.assertEqual(cells["malware"], "below")
        self.assertEqual(self.control("top")["names"], [])  # no public feed listed them
        document = self.control("summary-preview")["document"]
        self.assertNotIn("127.0", document)
        self.assertEqual(self.control("summary-list")["files"], [])


if __name__ == "__main__":
    main()
