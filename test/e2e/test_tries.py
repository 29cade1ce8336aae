#!/usr/bin/env python3
"""lachan-filter and its tries: what is lost, asked again, renewed, looped, and wanted by many."""
import json
import socket
import struct
import threading
import time

from lachan_test import dns, main, wait_for
from scripted_upstream import ScriptedUpstream, cname
from test_forward import TRUTH, silence, truth
from test_outage import OutageTest, short


class Tries(OutageTest):
    def test_a_lost_datagram_is_sent_again_with_everything_fresh(self):
        seen = {}

        def lossy(query):
            seen.setdefault(query.name, []).append(query)
            if len(seen[query.name]) > 1:
                truth(query)
        self.begin(lossy)
        reply, took = self.timed("www.some-long-name.example.vn")
        self.assertEqual(reply.addresses(), [TRUTH])
        self.assertLess(took, 2.5)  # not only at the deadline
        first, second = seen["www.some-long-name.example.vn"][:2]
        self.assertNotEqual((first.id, first.port, first.asked),
                            (second.id, second.port, second.asked))
        self.stop_clean()

    def test_a_third_of_all_datagrams_lost_costs_no_answer(self):
        seen = {}

        def lossy(query):
            nth = seen[query.name] = seen.get(query.name, 0) + 1
            if nth > (1 if sum(query.name.encode()) % 3 == 0 else 0):
                truth(query)
        self.begin(lossy)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(10)
            sock.connect(("127.0.0.1", self.port))
            for i in range(60):
                sock.send(dns.make_query("n%d.example.vn" % i, ident=i))
            got = [dns.Reply(sock.recv(2000)) for _ in range(60)]
        self.assertEqual({r.id for r in got}, set(range(60)))
        self.assertEqual({tuple(r.addresses()) for r in got}, {(TRUTH,)})
        self.stop_clean()

    def test_no_server_is_asked_more_than_three_times(self):
        self.run_with(silence, silence, server={"threads": 1})
        self.assertEqual(self.ask_filter("www.example.vn").rcode, dns.SERVFAIL)
        counts = [len(s.asked("www.example.vn")) for s in self.servers]
        self.assertLessEqual(max(counts), 3)
        self.assertGreaterEqual(min(counts), 2)
        self.stop_clean()

    def test_the_second_of_two_is_asked_beside_a_silent_first(self):
        self.run_with(silence, truth, upstream={"strategy": "ordered"}, server={"threads": 1})
        for i in range(3):
            reply, took = self.timed("n%d.example.vn" % i)
            self.assertEqual(reply.addresses(), [TRUTH])
            self.assertLess(took, 1.5)
        self.stop_clean()

    def test_servers_that_come_and_go_lose_no_known_name(self):
        alive = [threading.Event(), threading.Event()]

        def script(index):
            return lambda q: short(q) if alive[index].is_set() else None
        for event in alive:
            event.set()
        self.run_with(script(0), script(1), server={"threads": 1})
        names = ["n%d.example.vn" % i for i in range(4)]
        for name in names:
            self.assertEqual(self.ask_filter(name).addresses(), [TRUTH])
        for turn in range(6):
            (alive[turn % 2].clear if turn % 3 else alive[turn % 2].set)()
            for name in names:
                self.assertEqual(self.ask_filter(name).addresses(), [TRUTH])
            time.sleep(0.4)
        self.stop_clean()

    def test_a_bare_header_is_a_failure_like_any_other(self):
        for rcode in (dns.SERVFAIL, dns.REFUSED):
            bare = lambda q, rcode=rcode: q.send(
                struct.pack("!6H", q.id, 0x8180 | rcode, 0, 0, 0, 0))
            with self.subTest(rcode=rcode):
                self.run_with(bare, truth, upstream={"strategy": "ordered"})
                reply, took = self.timed("www.example.vn")
                self.assertEqual(reply.addresses(), [TRUTH])
                self.assertLess(took, 1.5)
                self.stop_clean()

    def test_nonsense_inside_a_matching_reply_holds_nobody_for_long(self):
        def circle(query):
            query.send(query.reply(answer=[cname(query.name, "b.vn"), cname("b.vn", query.name)]))
        self.begin(circle)
        reply, took = self.timed("loop.example.vn")
        self.assertEqual((reply.rcode, reply.answer), (dns.SERVFAIL, []))
        self.assertIsNotNone(reply.ede)
        self.assertLess(took, 2.5)
        self.assertLessEqual(self.asked("loop.example.vn"), 3)
        self.assertTrue(self.servers[0].asked("loop.example.vn", tcp=True))
        self.stop_clean()
        # Where another server knows better, its word counts.
        self.run_with(circle, truth, upstream={"strategy": "ordered"})
        self.assertEqual(self.ask_filter("loop.example.vn").addresses(), [TRUTH])
        self.stop_clean()


class Prefetch(OutageTest):
    def test_popular_answers_are_renewed_before_they_expire(self):
        life_s = 10
        self.begin(lambda q: q.send(q.reply(answer=[q.a(TRUTH, life_s)])))
        begin = time.monotonic()
        for _ in range(3):
            self.ask_filter("popular.example.vn")
        self.ask_filter("once.example.vn")
        # In the last tenth of both lives.
        time.sleep(life_s * 0.93)
        for name in ("popular.example.vn", "once.example.vn"):
            self.assertEqual(self.ask_filter(name).addresses(), [TRUTH])
        if time.monotonic() - begin > life_s:
            self.skipTest("this machine slept through the moment")
        wait_for("the second question", lambda: self.asked("popular.example.vn") == 2)
        self.assertEqual(self.asked("once.example.vn"), 1)
        wait_for("the fresh one",
                 lambda: self.ask_filter("popular.example.vn").answer[0].ttl > life_s / 2)
        self.assertEqual(self.asked("popular.example.vn"), 2)
        self.assertEqual(self.queries()["prefetched"], 1)
        self.stop_clean()


class Loops(OutageTest):
    def start_other(self, port, upstream):
        """Another gateway, on `port`, that forwards to `upstream`."""
        config = self.config(
            upstream={"servers": ["udp://127.0.0.1:%d" % upstream]},
            server={"listen": ["127.0.0.1:%d" % port], "run_dir": self.path("run2"),
                    "state_dir": self.path("state2")}, filter={"without_rules": "open"})
        other = self.start("lachan-filter", "-c", self.write("other.yaml", json.dumps(config)))
        other.wait_log("serving with")
        return other

    def test_two_gateways_at_each_other_find_out(self):
        other_port = self.free_port()
        self.run_filter(upstreams=[other_port])
        other = self.start_other(other_port, self.port)
        # Whoever asks first finds it, and is then the end of the way.
        wait_for("one of them to find out", lambda: any(
            "a loop: left out" in program.log() for program in (self.program, other)))
        before = self.queries()["udp"]
        reply, took = self.timed("www.example.vn")
        self.assertEqual((reply.rcode, reply.answer), (dns.SERVFAIL, []))
        self.assertLess(took, 3.5)
        self.assertLessEqual(self.queries()["udp"] - before, 3)
        self.assertEqual((other.term(), self.program.term()), (0, 0))

    def test_a_loop_by_way_of_another_server_is_left_out(self):
        # A plain forwarder in between, which knows nothing of us.
        relay = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        relay.bind(("127.0.0.1", 0))
        self.addCleanup(relay.close)
        back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(back.close)
        passed = []

        def forward():
            while True:
                try:
                    wire, _client = relay.recvfrom(2000)
                except OSError:
                    return
                passed.append(wire)
                back.sendto(wire, ("127.0.0.1", self.port))
        threading.Thread(target=forward, daemon=True).start()
        good = ScriptedUpstream(truth)
        self.addCleanup(good.close)
        self.run_filter(upstreams=[relay.getsockname()[1], good.port],
                        upstream={"strategy": "ordered"}, server={"threads": 1})
        self.wait_state("loop")
        self.assertEqual(self.control("status")["upstreams"][1]["state"], "up")
        before = len(passed)
        for i in range(5):
            self.assertEqual(self.ask_filter("n%d.example.vn" % i).addresses(), [TRUTH])
        self.assertEqual(len(passed), before)
        self.stop_clean()


class Crowd(OutageTest):
    def ask_many(self, count, sockets, addresses):
        made = []
        for i in range(sockets):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.addCleanup(sock.close)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            sock.bind(("127.0.0.%d" % (1 + i % addresses), 0))
            sock.connect(("127.0.0.1", self.port))
            sock.settimeout(20)
            made.append(sock)
        for i in range(count):
            made[i % sockets].send(dns.make_query("www.example.vn", ident=i))
            if i % 200 == 199:
                time.sleep(0.01)  # a socket's queue holds some hundreds
        for at, sock in enumerate(made):
            want = {i for i in range(count) if i % sockets == at}
            got = [dns.Reply(sock.recv(2000)) for _ in want]
            self.assertEqual({reply.id for reply in got}, want)
            self.assertEqual({tuple(r.addresses()) for r in got}, {(TRUTH,)})

    def crowd(self, count, sockets, addresses):
        held = []

        def script(query):
            held.append(query)
            time.sleep(0.6)
            truth(query)
        self.run_with(script, server={"threads": 1})
        self.ask_many(count, sockets, addresses)
        # A machine that takes longer than a server is given asks twice.
        self.assertLessEqual(len(self.servers[0].asked("www.example.vn")), 2)
        self.assertEqual(self.queries()["forwarded"], 1)
        self.stop_clean()

    def test_two_thousand_askers_are_one_question_and_all_are_answered(self):
        self.crowd(2000, 50, 50)

    def test_behind_one_address_as_well(self):
        self.crowd(2000, 20, 1)


if __name__ == "__main__":
    main()
