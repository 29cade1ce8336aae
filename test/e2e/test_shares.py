#!/usr/bin/env python3
"""What one client may have under way: questions upstream, places to wait, and the pace at which
late answers leave (THREATS 16)."""
import heapq
import socket
import struct
import threading
import time

from lachan_test import PATIENCE_S, dns, free_port, main, wait_for
from scripted_upstream import Query
from test_clients import ClientTest

TRUTH = "192.0.2.99"


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


class Shares(ClientTest):
    def serve(self, delay_s, **more):
        self.slow = SlowUpstream(delay_s)
        self.addCleanup(self.slow.close)
        more.setdefault("server", {}).setdefault("threads", 1)
        more.setdefault("upstream", {})["strategy"] = "ordered"
        self.run_filter(upstreams=[self.slow.port], **more)

    def ask_many(self, sock, names, **how):
        """All at once, but not faster than the filter reads them."""
        seen = self.counters()["udp"]
        for i, name in enumerate(names):
            sock.send(dns.make_query(name, ident=i, **how))
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
        # The filter asks on its own whether a server that fails is back.
        asked = {name for name in self.slow.asked if name.startswith("h")}
        self.assertLessEqual(len(asked), counters["forwarded"])
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

    def test_a_forwarder_that_names_nobody_has_eight_times_the_share(self):
        self.serve(60, server={"threads": 1, "trusted_forwarders": ["127.0.0.5"]})
        self.ask_many(self.socket_of("127.0.0.5"), ["h%d.example.vn" % i for i in range(1000)])
        self.assertEqual(self.counters()["forwarded"], 1000)
        self.assertEqual(self.counters()["capped_questions"], 0)

    def test_devices_that_a_forwarder_names_by_mac_have_a_share_each(self):
        self.serve(60, server={"threads": 1, "trusted_forwarders": ["127.0.0.5"]})
        sock = self.socket_of("127.0.0.5")
        for device in range(5):
            self.ask_many(sock, ["h%d.d%d.example.vn" % (i, device) for i in range(100)],
                          options=[(65001, bytes((0, 0, 0x5e, 0, 0x53, device)))])
        self.assertEqual(self.counters()["forwarded"], 500)
        self.assertEqual(self.counters()["capped_questions"], 0)

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
