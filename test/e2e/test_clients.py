#!/usr/bin/env python3
"""What one client may ask of us, and prove: cookies and rates; what strangers get (THREATS 23 to
25, 28). Who waits is in test_shares.py."""
import collections
import socket
import struct
import threading
import time

import netns
from filter_test import FilterTest
from lachan_test import PATIENCE_S, dns, main, wait_for
from test_day import DayTest

COOKIE, KEEPALIVE = 10, 11
BADCOOKIE = 23
MINE = b"8octets!"


def cookie_of(reply):
    return reply.options.get(COOKIE)


class ClientTest(FilterTest):
    def counters(self):
        return self.control("status")["queries"]

    def socket_of(self, source="127.0.0.1", receive_bytes=1 << 22):
        """A UDP socket of one client, connected to the filter, that takes what comes."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sock.close)
        try:
            sock.setsockopt(socket.SOL_SOCKET, 33, receive_bytes)  # SO_RCVBUFFORCE
        except OSError:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        sock.bind((source, 0))
        sock.connect(("127.0.0.1", self.port))
        sock.settimeout(PATIENCE_S)
        return sock

    @staticmethod
    def drain(sock, quiet_s=0.5):
        """Replies until nothing comes for so long."""
        got = []
        sock.settimeout(quiet_s)
        try:
            while True:
                got.append(dns.Reply(sock.recv(65535)))
        except TimeoutError:
            return got


class Cookies(ClientTest):
    RECORDS = {"www.example.vn": "192.0.2.7", "late.example.vn": "192.0.2.8"}

    def learn(self, **how):
        reply = self.ask_filter("casino.example", options=[(COOKIE, MINE)], **how)
        self.assertEqual((len(cookie_of(reply)), cookie_of(reply)[:9]), (24, MINE + b"\1"))
        return cookie_of(reply)

    def ask_nothing(self, *options, version=0, tcp=False):
        data = b"".join(struct.pack("!2H", code, len(value)) + value for code, value in options)
        wire = struct.pack("!6H", 0x1234, 0x0100, 0, 0, 0, 1) + b"\0" + \
            struct.pack("!HHIH", dns.OPT, 1232, version << 16, len(data)) + data
        return dns.Reply(dns.ask_bytes(("127.0.0.1", self.port), wire, tcp=tcp,
                                       timeout=PATIENCE_S))

    def test_every_answer_to_a_cookie_carries_one(self):
        self.run_filter()
        for tcp in (False, True):
            for name, rcode in (("casino.example", 0), ("www.example.vn", 0),
                                ("www.example.vn", 0), ("nx.example.vn", dns.NXDOMAIN)):
                reply = self.ask_filter(name, options=[(COOKIE, MINE)], tcp=tcp)
                self.assertEqual((reply.rcode, len(cookie_of(reply))), (rcode, 24), name)
                self.assertEqual(cookie_of(reply)[:8], MINE)
            self.assertIsNone(cookie_of(self.ask_filter("www.example.vn", tcp=tcp)))
            self.assertIsNone(cookie_of(self.ask_filter("casino.example", edns=False, tcp=tcp)))
        reply = self.ask_filter("www.example.vn", rd=False, options=[(COOKIE, MINE)])
        self.assertEqual((reply.rcode, len(cookie_of(reply))), (dns.REFUSED, 24))
        # A server cookie is nobody else's business.
        self.assertEqual([name for name, _ in self.fake.asked if "example.vn" not in name], [])

    def test_a_good_cookie_comes_back_and_a_bad_one_is_replaced(self):
        self.run_filter()
        good = self.learn()
        for name in ("casino.example", "www.example.vn"):
            reply = self.ask_filter(name, options=[(COOKIE, good)])
            self.assertEqual((reply.rcode, cookie_of(reply)), (dns.NOERROR, good))
        for bad in (MINE + bytes(8), MINE + bytes(16), MINE + bytes(32),
                    good[:-1] + bytes([good[-1] ^ 1]), b"another!" + good[8:]):
            reply = self.ask_filter("www.example.vn", options=[(COOKIE, bad)])
            self.assertEqual(reply.addresses(), ["192.0.2.7"])
            self.assertEqual(len(cookie_of(reply)), 24)
            self.assertEqual(cookie_of(reply)[:8], bad[:8])
            self.assertNotEqual(cookie_of(reply), bad)
        # What was given to one address proves nothing of another.
        reply = self.ask_filter("www.example.vn", options=[(COOKIE, good)], source="127.0.0.2")
        self.assertNotEqual(cookie_of(reply), good)

    def test_lengths_that_no_cookie_has_are_a_formerr(self):
        self.run_filter()
        for length in (0, 1, 7, 9, 15, 41, 100):
            reply = self.ask_filter("www.example.vn", options=[(COOKIE, b"c" * length)])
            self.assertEqual((reply.rcode, reply.options), (dns.FORMERR, {}), length)

    def test_a_cookie_may_be_asked_for_without_a_question(self):
        self.run_filter()
        reply = self.ask_nothing((COOKIE, MINE))
        self.assertEqual((reply.rcode, reply.questions, reply.answer), (0, [], []))
        good = cookie_of(reply)
        self.assertEqual((len(good), good[:8]), (24, MINE))
        reply = self.ask_nothing((COOKIE, good), tcp=True)
        self.assertEqual((reply.rcode, cookie_of(reply)), (0, good))
        reply = self.ask_nothing((COOKIE, MINE + bytes(16)))
        self.assertEqual((reply.rcode, len(cookie_of(reply))), (BADCOOKIE, 24))
        self.assertEqual(self.ask_nothing((COOKIE, MINE), version=1).rcode, 16)
        for options in ([], [(3, b"")], [(COOKIE, b"short")]):
            self.assertEqual(self.ask_nothing(*options).rcode, dns.FORMERR)

    def test_a_late_answer_has_its_askers_cookie(self):
        self.run_filter()
        self.fake.silent = True
        got = {}

        def ask(mine):
            got[mine] = self.ask_filter("late.example.vn", options=[(COOKIE, mine)])
        threads = [threading.Thread(target=ask, args=(b"client%02d" % i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        wait_for("all to wait", lambda: self.counters()["joined"] >= 7)
        self.fake.silent = False
        for thread in threads:
            thread.join()
        for mine, reply in got.items():
            self.assertEqual((len(cookie_of(reply)), cookie_of(reply)[:8]), (24, mine))

    def test_a_cookie_of_another_process_is_replaced(self):
        self.run_filter()
        good = self.learn()
        self.stop_clean()
        self.program = self.start("lachan-filter", "-c", self.path("lachan.yaml"))
        self.program.wait_log("serving with")
        self.assertNotEqual(cookie_of(self.ask_filter("casino.example",
                                                      options=[(COOKIE, good)])), good)

    def test_keepalive_is_told_over_tcp_alone(self):
        self.run_filter(server={"tcp": {"idle": "7s"}})
        for name in ("casino.example", "www.example.vn"):
            reply = self.ask_filter(name, options=[(KEEPALIVE, b""), (COOKIE, MINE)], tcp=True)
            self.assertEqual(reply.options[KEEPALIVE], struct.pack("!H", 70))
            self.assertEqual(len(cookie_of(reply)), 24)
            reply = self.ask_filter(name, options=[(KEEPALIVE, b""), (12, bytes(30))])
            self.assertNotIn(KEEPALIVE, reply.options)
            self.assertEqual(self.ask_filter(name, tcp=True).options.get(KEEPALIVE), None)


class CookieClock(DayTest):
    def test_a_clock_that_is_set_makes_no_cookie_invalid(self):
        self.run_school()
        good = cookie_of(self.ask_filter("casino.example", options=[(COOKIE, MINE)]))
        for when in ("2031-01-01 12:00:00", "2030-11-20 12:00:00", "2030-11-20 03:00:00"):
            self.set_clock(when)
            self.control("status")
            reply = self.ask_filter("casino.example", options=[(COOKIE, good)])
            self.assertEqual(cookie_of(reply), good, when)


class Rates(ClientTest):
    """A limit so low that no machine's speed matters: one query in ten seconds or so."""
    BURST = 20

    def limited(self, per_second=1, burst=BURST):
        self.run_filter(server={"threads": 1,
                                "rate_limit": {"per_second": per_second, "burst": burst}})

    def flood(self, sock, count, **how):
        """What comes back, once all was read."""
        seen = self.counters()["udp"]
        for i in range(count):
            sock.send(dns.make_query("casino.example", ident=i, **how))
            if i % 50 == 49 or i == count - 1:
                wait_for("all to be read", lambda n=i: self.counters()["udp"] > seen + n)
        return self.drain(sock)

    def test_beyond_the_rate_every_second_query_is_told_and_the_rest_dropped(self):
        self.limited()
        got = self.flood(self.socket_of("127.0.0.5"), 200)
        whole = [r for r in got if r.answer]
        cut = [r for r in got if r.tc]
        # A slow machine lets tokens come in meanwhile: at most one a second.
        self.assertGreaterEqual(len(whole), self.BURST)
        self.assertLessEqual(len(whole), self.BURST + 40)
        self.assertEqual(len(whole) + len(cut), len(got))
        over = 200 - len(whole)
        self.assertIn(len(cut), (over // 2, over // 2 + 1))
        counters = self.counters()
        self.assertEqual(counters["slipped_rate"], len(cut))
        self.assertEqual(counters["slipped_rate"] + counters["dropped_rate"], over)
        # Nobody else pays for it, and TCP has a bucket of its own.
        self.assert_blocked(self.ask_filter("casino.example", source="127.0.0.6"))
        self.assert_blocked(self.ask_filter("casino.example", source="127.0.0.5", tcp=True))

    def test_cached_answers_and_refusals_count_as_well(self):
        self.limited(burst=4)
        for _ in range(4):
            self.assert_passed(self.ask_filter("www.example.vn", source="127.0.0.5"))
        sock = self.socket_of("127.0.0.5")
        for i in range(20):
            sock.send(dns.make_query("www.example.vn", ident=i, rd=i % 2 == 0))
        got = self.drain(sock)
        self.assertGreater(sum(r.tc for r in got), 5)
        self.assertLess(len(got), 18)

    def test_malformed_messages_count_as_well_and_beyond_the_rate_get_nothing(self):
        self.limited(burst=5)
        sock, seen = self.socket_of("127.0.0.5"), self.counters()["udp"]
        for i in range(100):
            sock.send(struct.pack("!6H", i, 0x0100, 2 * (i % 2), 0, 0, 0))
        wait_for("all to be read", lambda: self.counters()["udp"] >= seen + 100)
        got = self.drain(sock)
        self.assertGreaterEqual(len(got), 5)
        self.assertLess(len(got), 60)
        self.assertEqual({(r.rcode, r.tc) for r in got}, {(dns.FORMERR, False)})

    def test_over_tcp_what_is_beyond_the_rate_is_refused(self):
        self.limited(burst=5)
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S) as sock:
            wire = b"".join(struct.pack("!H", len(q)) + q for q in (
                dns.make_query("casino.example", ident=i) for i in range(40)))
            sock.sendall(wire)
            got = [dns.Reply(dns.receive_tcp(sock)) for _ in range(40)]
        rcodes = collections.Counter(r.rcode for r in got)
        self.assertEqual(set(rcodes), {dns.NOERROR, dns.REFUSED})
        self.assertGreaterEqual(rcodes[dns.NOERROR], 5)
        self.assertEqual(self.counters()["refused_rate"], rcodes[dns.REFUSED])

    def test_a_good_cookie_lifts_the_limit(self):
        self.limited(burst=3)
        sock = self.socket_of("127.0.0.5")
        mine = [(COOKIE, MINE)]
        got = self.flood(sock, 60, options=mine)
        told = [r for r in got if r.rcode == BADCOOKIE]
        self.assertGreater(len(told), 10)
        self.assertEqual([r for r in got if r.tc], [])
        good = cookie_of(told[0])
        self.assertEqual((len(good), told[0].answer), (24, []))
        got = self.flood(sock, 100, options=[(COOKIE, good)])
        self.assertEqual([len(r.answer) for r in got], [1] * 100)
        # A made-up one does not.
        got = self.flood(sock, 60, options=[(COOKIE, MINE + b"\1" + bytes(15))])
        self.assertLess(sum(bool(r.answer) for r in got), 40)

    def test_trusted_forwarders_have_no_limit(self):
        self.run_filter(server={"threads": 1, "rate_limit": {"per_second": 1, "burst": 3},
                                "trusted_forwarders": ["127.0.0.5"]})
        got = self.flood(self.socket_of("127.0.0.5"), 200)
        self.assertEqual([len(r.answer) for r in got], [1] * 200)
        self.assertLess(sum(bool(r.answer) for r in self.flood(self.socket_of("127.0.0.6"), 200)),
                        100)

    def test_without_a_limit_nobody_is_limited(self):
        self.run_filter(server={"threads": 1})
        self.assertEqual(len(self.flood(self.socket_of("127.0.0.5"), 400)), 400)

    def test_a_reload_sets_and_lifts_the_limit(self):
        self.run_filter(server={"threads": 1})
        sock = self.socket_of("127.0.0.5")
        self.current["server"]["rate_limit"] = {"per_second": 1, "burst": 10}
        self.reload(self.current)
        self.assertLess(sum(bool(r.answer) for r in self.flood(sock, 100)), 60)
        self.current["server"]["rate_limit"] = {"per_second": 0}
        self.reload(self.current)
        self.assertEqual(sum(bool(r.answer) for r in self.flood(sock, 100)), 100)


class Networks(ClientTest):
    """Who is one client over IPv6: a device by its MAC on our link, a /64 behind a router."""

    def setUp(self):
        super().setUp()
        self.gateway = netns.Space(self)
        self.near = netns.Space(self)
        self.far = netns.Space(self)
        netns.wire(self.near, self.gateway, near="lan0", near_addresses=["fd10::1/64"],
                   mac="02:aa:00:00:00:11", addresses=["fd10::11/64", "fd10::12/64"])
        netns.wire(self.far, self.gateway, near="lan1", near_addresses=["fd11::1/64"],
                   addresses=["fd11::2/64", "fd20::1/128", "fd20::2/128", "fd21::1/128"])
        for network in ("fd20::/64", "fd21::/64"):
            self.gateway.ip("route", "add", network, "via", "fd11::2")

    def served(self, space, source, count=140):
        """How many of so many queries get their answer, from one address."""
        host = "fd10::1" if space is self.near else "fd11::1"
        with space, socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind((source, 0))
            sock.connect((host, self.port))
            sock.settimeout(PATIENCE_S)
            seen = self.counters()["udp"]
            for i in range(count):
                sock.send(dns.make_query("casino.example", "TXT", ident=i))
            wait_for("all to be read", lambda: self.counters()["udp"] >= seen + count)
            return sum(not reply.tc for reply in self.drain(sock))

    def test_addresses_of_one_device_or_one_64_are_one_client(self):
        with self.gateway:
            self.run_filter(server={"threads": 1, "listen": ["[::]:%d" % self.port],
                                    "rate_limit": {"per_second": 1, "burst": 100}})
        with self.near:  # neighbours are known once they have spoken
            self.ask_filter("casino.example", host="fd10::1", source="fd10::11")
            self.ask_filter("casino.example", host="fd10::1", source="fd10::12")
        for space, first, second in ((self.near, "fd10::11", "fd10::12"),
                                     (self.far, "fd20::1", "fd20::2")):
            self.assertGreaterEqual(self.served(space, first), 90)
            self.assertLess(self.served(space, second), 90)
        self.assertGreaterEqual(self.served(self.far, "fd21::1"), 90)
        self.assertGreaterEqual(self.served(self.far, "fd11::2"), 90)


class Strangers(ClientTest):
    """Whoever is outside server.allow, or is said to be: what we send him is never more than
    what came in his name (THREATS 23, 24)."""
    STRANGER = "127.0.0.9"

    def queries(self):
        for name in ("casino.example", "www.example.vn", "x" * 60 + ".example.vn", "."):
            for rtype in ("A", "ANY", "TXT", "HTTPS"):
                for how in ({"edns": False}, {}, {"do": True}, {"size": 4096}, {"rd": False},
                            {"options": [(COOKIE, MINE)]},
                            {"options": [(3, b""), (8, b"\0\1\0\0")]},
                            {"options": [(COOKIE, b"short")]}, {"version": 1}, {"opcode": 4},
                            {"rclass": dns.CH}):
                    yield dns.make_query(name, rtype, ident=7, **how)
        yield struct.pack("!6H", 7, 0x0100, 0, 0, 0, 0)
        yield struct.pack("!6H", 7, 0x0100, 0, 0, 0, 1) + b"\0" + \
            struct.pack("!HHIH", dns.OPT, 1232, 0, 12) + struct.pack("!2H", COOKIE, 8) + MINE

    def test_no_answer_to_a_stranger_is_larger_than_his_query(self):
        self.run_filter(server={"allow": ["127.0.0.1/32"], "threads": 1})
        for wire in self.queries():
            answer = dns.ask_bytes(("127.0.0.1", self.port), wire, tcp=True,
                                   source=self.STRANGER, timeout=PATIENCE_S)
            self.assertLessEqual(len(answer), len(wire), (wire, answer))
            reply = dns.Reply(answer)
            self.assertIn(reply.rcode, (dns.REFUSED, dns.FORMERR, dns.NOTIMP, 16))
            self.assertEqual((reply.answer, reply.authority, reply.options), ([], [], {}))
        self.assertEqual(self.fake.asked, [])

    def test_a_flood_in_a_strangers_name_brings_him_next_to_nothing(self):
        self.run_filter(server={"allow": ["127.0.0.1/32"], "threads": 1})
        sock = self.socket_of(self.STRANGER)
        sent, seen = 0, self.counters()["udp"]
        for i in range(1000):
            sent += sock.send(dns.make_query("casino.example", "ANY", size=4096))
            if i % 50 == 49:
                wait_for("all to be read", lambda n=i: self.counters()["udp"] > seen + n)
        self.assertLess(sum(len(reply.wire) for reply in self.drain(sock)), sent / 2)


class Flood(ClientTest):
    """One client asks as much as the filter can read, and another as people do."""

    def flood(self, stop, sent):
        """Never more than fit into a socket's queue, so that what is lost the filter lost."""
        sock = self.socket_of("127.0.0.5")
        queries = [dns.make_query(name, ident=i) for i, name in
                   enumerate(["casino.example", "www.example.vn"] * 64)]
        seen = self.counters()["udp"]
        while not stop.is_set():
            for query in queries:
                sock.send(query)
            sent.append(len(queries))
            wait_for("the queue to be read",
                     lambda: stop.is_set() or self.counters()["udp"] >= seen + sum(sent) - 64)

    def test_while_one_floods_another_is_served_and_loses_nothing(self):
        self.run_filter(server={"threads": 1, "rate_limit": {"per_second": 20, "burst": 1000}})
        stop, sent, took = threading.Event(), [], []
        thread = threading.Thread(target=self.flood, args=(stop, sent))
        thread.start()
        start = time.monotonic()
        try:
            sock = self.socket_of("127.0.0.6")
            wait_for("the limit to be met", lambda: self.counters()["dropped_rate"] > 0)
            for i in range(400):
                name, answers = (("casino.example", 1), ("www.example.vn", 1),
                                 ("n%d.example.vn" % i, 0))[i % 3]
                begin = time.monotonic()
                sock.send(dns.make_query(name, ident=i))
                reply = dns.Reply(sock.recv(2000))  # asked once: nothing may be lost
                took.append(time.monotonic() - begin)
                self.assertEqual((reply.id, len(reply.answer)), (i, answers))
        finally:
            stop.set()
            thread.join()
        counters = self.counters()
        within = 1000 + 20 * (time.monotonic() - start + 1)
        self.assertGreaterEqual(counters["dropped_rate"] + counters["slipped_rate"],
                                sum(sent) - within - 128)
        took.sort()
        print("  the other client: p50 %.2f ms, p99 %.2f ms beside %d queries" % (
            took[len(took) // 2] * 1e3, took[len(took) * 99 // 100] * 1e3, sum(sent)))


if __name__ == "__main__":
    main()
