#!/usr/bin/env python3
"""What one client may have of us: cookies, rates, shares of the pools, the pace of late answers
(THREATS 16, 24, 25, 28)."""
import collections
import heapq
import socket
import struct
import threading
import time

from filter_test import FilterTest
from lachan_test import PATIENCE_S, dns, free_port, main, wait_for
from scripted_upstream import Query

COOKIE, KEEPALIVE = 10, 11
BADCOOKIE = 23
MINE = b"8octets!"
TRUTH = "192.0.2.99"


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


class SlowUpstream:
    """Answers every question with TRUTH after `delay_s`, from one thread however many wait."""

    def __init__(self, delay_s):
        self.delay_s, self.port, self.asked, self.closing = delay_s, free_port(), [], False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind(("127.0.0.1", self.port))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        waiting = []
        while not self.closing:
            left = waiting[0][0] - time.monotonic() if waiting else 0.2
            if left <= 0:
                _, _, query = heapq.heappop(waiting)
                query.send(query.reply(answer=[query.a(TRUTH)]))
                continue
            self.socket.settimeout(min(left, 0.2))
            try:
                wire, client = self.socket.recvfrom(65535)
            except TimeoutError:
                continue
            query = Query(self, wire, client, None)
            self.asked.append(query.name)
            heapq.heappush(waiting, (time.monotonic() + self.delay_s, len(self.asked), query))

    @property
    def udp(self):
        return self.socket

    def close(self):
        self.closing = True
        self.thread.join()
        self.socket.close()


def busiest(times, window_s=0.01):
    """Most of these moments in any stretch of that length."""
    times, most, first = sorted(times), 0, 0
    for last, at in enumerate(times):
        while at - times[first] > window_s:
            first += 1
        most = max(most, last - first + 1)
    return most


class Strangers(ClientTest):
    """Whoever is outside server.allow, or is said to be: what we send him is never more than
    what came in his name (THREATS 23, 24)."""
    STRANGER = "127.0.0.9"

    def queries(self):
        for name in ("casino.example", "www.example.vn", "x" * 60 + ".example.vn", "."):
            for rtype in ("A", "ANY", "TXT", "HTTPS"):
                for how in ({"edns": False}, {}, {"do": True}, {"size": 4096}, {"rd": False},
                            {"options": [(COOKIE, MINE)]}, {"options": [(3, b""), (8, b"\0\1\0\0")]},
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


class Shares(ClientTest):
    def serve(self, delay_s, **more):
        self.slow = SlowUpstream(delay_s)
        self.addCleanup(self.slow.close)
        more.setdefault("server", {}).setdefault("threads", 1)
        more.setdefault("upstream", {})["strategy"] = "ordered"
        self.run_filter(upstreams=[self.slow.port], **more)

    def ask_many(self, sock, names):
        """All at once, but not faster than the filter reads them."""
        seen = self.counters()["udp"]
        for i, name in enumerate(names):
            sock.send(dns.make_query(name, ident=i))
            if i % 100 == 99 or i == len(names) - 1:
                wait_for("all to be read", lambda n=i: self.counters()["udp"] > seen + n)

    def receive(self, sock, count, timeout=PATIENCE_S):
        """So many replies with the moments at which the kernel had them."""
        sock.settimeout(timeout)
        got, at = [], []
        while len(got) < count:
            wire, extra, _, _ = sock.recvmsg(65535, 256)
            got.append(dns.Reply(wire))
            at += [struct.unpack("=qq", data) for _, kind, data in extra if kind == 35]
        return got, [s + ns / 1e9 for s, ns in at]

    def test_one_client_with_hanging_names_takes_no_more_than_his_share(self):
        self.serve(60)
        greedy, begin = self.socket_of("127.0.0.5"), time.monotonic()
        self.ask_many(greedy, ["h%d.example.vn" % i for i in range(1000)])
        # A place is free again when its name has failed: 2.8 s later.
        rounds = int((time.monotonic() - begin) / 2.8) + 1
        counters = self.counters()
        self.assertLessEqual(counters["forwarded"], 200 * rounds)
        self.assertEqual(counters["capped_questions"], 1000 - counters["forwarded"])
        self.assertLessEqual(len(set(self.slow.asked)), counters["forwarded"])
        # All others have theirs.
        for client in range(6, 12):
            self.ask_many(self.socket_of("127.0.0.%d" % client),
                          ["o%d.c%d.example.vn" % (i, client) for i in range(100)])
        after = self.counters()
        self.assertEqual(after["forwarded"], counters["forwarded"] + 600)
        self.assertEqual(after["capped_questions"], counters["capped_questions"])
        # Blocked names do not wait, and who is over his share hears so.
        self.assert_blocked(self.ask_filter("casino.example", source="127.0.0.5"))
        got = self.drain(greedy, 1)
        self.assertEqual({r.rcode for r in got}, {dns.SERVFAIL})
        self.assertGreaterEqual(sum(r.ede[0] == 0 for r in got), counters["capped_questions"])
        self.stop_clean()

    def test_places_come_back(self):
        self.serve(0.3)
        sock = self.socket_of("127.0.0.5")
        for round_ in range(3):
            names = ["r%d.n%d.example.vn" % (round_, i) for i in range(200)]
            self.ask_many(sock, names)
            got, _ = self.receive(sock, 200)
            self.assertEqual([r.rcode for r in got], [dns.NOERROR] * 200)
        self.assertEqual(self.counters()["capped_questions"], 0)

    def test_two_thousand_askers_of_one_name_from_one_address_are_all_answered(self):
        self.serve(1.5)
        sock = self.socket_of("127.0.0.5")
        self.ask_many(sock, ["www.example.vn"] * 2000)
        got, _ = self.receive(sock, 2000)
        self.assertEqual({r.id for r in got}, set(range(2000)))
        self.assertEqual({tuple(r.addresses()) for r in got}, {(TRUTH,)})
        self.assertEqual(self.counters()["forwarded"], 1)
        self.stop_clean()

    def test_when_half_of_the_places_are_taken_nobody_takes_the_rest(self):
        self.serve(2.2)
        greedy = self.socket_of("127.0.0.5")
        self.ask_many(greedy, ["www.example.vn"] * 4000)
        counters = self.counters()
        self.assertGreater(counters["capped_askers"], 1000)
        # There is room for a class of others, and they hear the truth.
        others = [self.socket_of("127.0.0.%d" % (10 + i)) for i in range(30)]
        for sock in others:
            for name in ("www.example.vn", "other.example.vn"):
                sock.send(dns.make_query(name))
        for sock in others:
            got, _ = self.receive(sock, 2)
            self.assertEqual([r.addresses() for r in got], [[TRUTH]] * 2)

    def test_answers_that_have_piled_up_leave_evenly(self):
        """DNSBomb: 5,000 questions, an upstream that answers after 1.8 s."""
        for threads, names in ((1, ["n%d.example.vn" % (i % 40) for i in range(5000)]),
                               (2, ["n%d.example.vn" % i for i in range(5000)])):
            with self.subTest(threads=threads):
                self.serve(1.8, server={"threads": threads})
                socks = [self.socket_of("127.0.0.5", 1 << 24) for _ in range(threads * 2)]
                at = []
                for sock in socks:
                    sock.setsockopt(socket.SOL_SOCKET, 35, 1)  # SO_TIMESTAMPNS
                self.spread(socks, names)
                time.sleep(4)  # the upstream's 1.8 s, and the queue: the kernel notes when
                for sock in socks:
                    at += self.receive_all(sock)
                counters = self.counters()
                self.assertGreater(counters["paced"], 500)
                self.assertGreater(len(at), 1000)
                self.assertLessEqual(busiest(at), 200, len(at))
                self.stop_clean()

    def spread(self, socks, names):
        seen = self.counters()["udp"]
        for i, name in enumerate(names):
            socks[i % len(socks)].send(dns.make_query(name, ident=i))
            if i % 200 == 199:
                wait_for("all to be read", lambda n=i: self.counters()["udp"] > seen + n)

    def receive_all(self, sock):
        at = []
        try:
            while True:
                at += self.receive(sock, 1, 0.5)[1]
        except TimeoutError:
            return at


if __name__ == "__main__":
    main()
