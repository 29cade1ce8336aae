#!/usr/bin/env python3
"""lachan-filter while its upstream servers fail: stale answers, remembered failures, probes."""
import copy
import socket
import time

from filter_test import merge
from lachan_test import PATIENCE_S, dns, main, wait_for
from scripted_upstream import ScriptedUpstream, a, cname, soa
from test_forward import TRUTH, ForwardTest, silence, truth

STALE, STALE_NXDOMAIN = 3, 19
SHORT_S = 1  # a TTL


class Switched:
    """An upstream script that can be changed while it plays."""

    def __init__(self, script):
        self.script = script

    def __call__(self, query):
        self.script(query)


def short(query):
    """The truth, for a second."""
    query.send(query.reply(answer=[query.a(TRUTH, SHORT_S)]))


def servfail(query):
    query.send(query.reply(rcode=dns.SERVFAIL))


def nxdomain(query):
    query.send(query.reply(rcode=dns.NXDOMAIN, authority=[soa("example.vn", SHORT_S, SHORT_S)]))


class OutageTest(ForwardTest):
    def begin(self, script=short, **more):
        """A filter of one worker with one upstream that can be switched."""
        self.switched = Switched(script)
        more.setdefault("server", {"threads": 1})
        more.setdefault("cache", {"stale": {"wait": "600ms"}})
        self.run_with(self.switched, **more)

    def know(self, *names):
        """Asks for each and lets the answers expire."""
        for name in names:
            self.assertIn(self.ask_filter(name).rcode, (dns.NOERROR, dns.NXDOMAIN))
        time.sleep(SHORT_S + 0.3)

    def wait_state(self, state, server=0):
        wait_for("the server to be %s" % state,
                 lambda: self.control("status")["upstreams"][server]["state"] == state)

    def assert_stale(self, reply, ede=STALE, address=TRUTH):
        self.assertEqual((reply.rcode, reply.addresses()), (dns.NOERROR, [address]))
        self.assertEqual([r.ttl for r in reply.answer], [30])
        self.assertEqual(reply.ede and reply.ede[0], ede)

    def asked(self, name):
        return len(self.servers[0].asked(name))


class OtherServers(ForwardTest):
    def test_what_old_servers_fail_is_not_held_against_new_ones(self):
        self.run_with(silence, silence, truth, truth, server={"threads": 1},
                      upstream={"strategy": "ordered"})
        everybody = copy.deepcopy(self.current)
        servers = everybody["upstream"]["servers"]
        self.reload(merge(copy.deepcopy(everybody), {"upstream": {"servers": servers[:2]}}))
        names = ["n%d.example.vn" % i for i in range(6)]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for name in names:
                sock.sendto(dns.make_query(name, "A"), ("127.0.0.1", self.port))
            wait_for("both to be asked", lambda: all(
                server.asked(name) for server in self.servers[:2] for name in names))
        self.reload(merge(copy.deepcopy(everybody), {"upstream": {"servers": servers[2:]}}))
        for name in names:
            wait_for("the truth", lambda: self.ask_filter(name).addresses() == [TRUTH])
        for server in self.control("status")["upstreams"]:
            self.assertLessEqual(server["timeouts"], server["queries"], server)


class Stale(OutageTest):
    def test_an_expired_answer_is_given_while_upstreams_are_silent(self):
        self.begin(cache={})
        self.know("www.example.vn", "mail.example.vn")
        self.switched.script = silence
        reply, took = self.timed("www.example.vn")
        self.assert_stale(reply)
        self.assertGreater(took, 1.0)  # upstreams have their time first
        self.assertLess(took, 3.5)
        # Without EDNS there is no word of it.
        reply = self.ask_filter("mail.example.vn", edns=False)
        self.assertEqual((reply.addresses(), reply.edns_size), ([TRUTH], None))
        # What was never known is SERVFAIL.
        reply = self.ask_filter("new.example.vn")
        self.assertEqual((reply.rcode, reply.answer), (dns.SERVFAIL, []))
        self.assertIn(reply.ede[0], (22, 23))
        # Given once, it is no fresher: only the wait is spared.
        self.assert_stale(self.ask_filter("www.example.vn"))
        self.assertGreaterEqual(self.queries()["stale"], 3)
        self.stop_clean()

    def test_while_all_are_known_to_be_down_nobody_waits(self):
        names = ["n%d.example.vn" % i for i in range(10)]
        self.begin()
        self.know(*names)
        self.switched.script = silence
        self.ask_filter("one.example.vn")
        self.wait_state("down")
        took_in_all = 0
        for name in names:
            reply, took = self.timed(name)
            self.assert_stale(reply)
            took_in_all += took
        self.assertLess(took_in_all, 10 * 0.6)  # what waiting would have taken
        # Nobody asks for each of them all the time meanwhile.
        before = len(self.servers[0].queries)
        for _ in range(3):
            for name in names:
                self.assert_stale(self.ask_filter(name))
        self.assertLessEqual(len(self.servers[0].queries) - before, 3 * len(names))
        self.stop_clean()

    def test_a_fresh_answer_takes_its_place_when_upstreams_are_back(self):
        self.begin()
        self.know("www.example.vn")
        self.switched.script = silence
        self.assert_stale(self.ask_filter("www.example.vn"))
        self.wait_state("down")
        self.switched.script = lambda q: q.send(q.reply(answer=[q.a("192.0.2.9")]))
        self.wait_state("up")
        wait_for("the fresh answer",
                 lambda: self.ask_filter("www.example.vn").addresses() == ["192.0.2.9"])
        reply = self.ask_filter("www.example.vn")
        self.assertIsNone(reply.ede)
        self.assertGreater(reply.answer[0].ttl, 30)
        self.stop_clean()

    def test_servers_that_refuse_lead_to_it_at_once(self):
        self.begin()
        self.know("www.example.vn")
        self.switched.script = servfail
        reply, took = self.timed("www.example.vn")
        self.assert_stale(reply)
        self.assertLess(took, 1.5)
        self.switched.script = truth
        wait_for("the fresh answer",
                 lambda: self.ask_filter("www.example.vn").answer[0].ttl > 30)
        self.stop_clean()

    def test_a_stale_denial_says_so(self):
        self.begin(nxdomain)
        self.know("no.example.vn")
        self.switched.script = silence
        reply = self.ask_filter("no.example.vn")
        self.assertEqual((reply.rcode, reply.answer, reply.ede[0]),
                         (dns.NXDOMAIN, [], STALE_NXDOMAIN))
        self.stop_clean()

    def test_a_fresh_denial_replaces_an_expired_answer(self):
        self.begin()
        self.know("www.example.vn", "gone.example.vn")
        self.switched.script = nxdomain
        self.assertEqual(self.ask_filter("www.example.vn").rcode, dns.NXDOMAIN)
        # One that may not be kept leaves nothing of what was before.
        self.switched.script = lambda q: q.send(q.reply(rcode=dns.NXDOMAIN))
        self.assertEqual(self.ask_filter("gone.example.vn").rcode, dns.NXDOMAIN)
        time.sleep(SHORT_S + 0.3)
        self.switched.script = silence
        self.assertEqual(self.ask_filter("www.example.vn").rcode, dns.NXDOMAIN)
        self.assertEqual(self.ask_filter("gone.example.vn").rcode, dns.SERVFAIL)
        self.stop_clean()

    def test_nothing_outlives_its_time_however_often_it_is_given(self):
        self.begin(cache={"stale": {"keep": "4s", "wait": "200ms"}})
        self.know("ghost.example.vn")
        self.switched.script = silence
        self.assert_stale(self.ask_filter("ghost.example.vn"))
        end = time.monotonic() + PATIENCE_S
        while self.ask_filter("ghost.example.vn").rcode == dns.NOERROR:
            self.assertLess(time.monotonic(), end, "a ghost")
            time.sleep(0.2)
        self.assertEqual(self.ask_filter("ghost.example.vn").rcode, dns.SERVFAIL)
        self.stop_clean()

    def test_it_can_be_switched_off(self):
        self.begin(cache={"stale": {"keep": "0s"}})
        self.know("www.example.vn")
        self.switched.script = silence
        self.assertEqual(self.ask_filter("www.example.vn").rcode, dns.SERVFAIL)
        self.stop_clean()

    def test_it_is_judged_like_any_other_answer(self):
        def led(query):
            query.send(query.reply(answer=[cname(query.name, "cdn.example.net", SHORT_S),
                                           a("cdn.example.net", TRUTH, SHORT_S)]))
        self.begin(led)
        self.know("cloak.example.vn", "shop.example.vn", "late.example.vn")
        self.switched.script = silence
        self.assertEqual(self.ask_filter("cloak.example.vn").ede[0], STALE)
        # Now lists name what it leads to, and another name itself.
        self.publish({"gambling": "||cdn.example.net^\n||shop.example.vn^\n"})
        self.control("feeds-changed")
        self.wait_rules("shop.example.vn")
        for name in ("cloak.example.vn", "shop.example.vn", "late.example.vn"):
            self.assert_blocked(self.ask_filter(name))
        self.stop_clean()

    def test_five_hundred_who_wait_all_get_it(self):
        self.begin(server={"threads": 3})
        self.know("www.example.vn")
        self.switched.script = silence
        before = self.asked("www.example.vn")
        socks = []
        for i in range(50):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.addCleanup(sock.close)
            sock.bind(("127.0.0.%d" % (1 + i), 0))
            sock.connect(("127.0.0.1", self.port))
            sock.settimeout(10)
            socks.append(sock)
            for ident in range(10):
                sock.send(dns.make_query("www.example.vn", ident=ident))
        for sock in socks:
            got = [dns.Reply(sock.recv(2000)) for _ in range(10)]
            self.assertEqual({reply.id for reply in got}, set(range(10)))
            for reply in got:
                self.assert_stale(reply)
        self.assertLessEqual(self.asked("www.example.vn") - before, 6)
        self.stop_clean()


class Zones(OutageTest):
    def test_a_zone_whose_server_is_gone_is_an_outage_of_its_own(self):
        zone = Switched(short)
        server = ScriptedUpstream(zone)
        self.addCleanup(server.close)
        self.begin(truth, upstream={"zones": [
            {"zone": "truong.lan", "servers": ["udp://127.0.0.1:%d" % server.port]}]})
        self.know("may-chu.truong.lan")
        zone.script = silence
        self.assert_stale(self.ask_filter("may-chu.truong.lan"))
        self.wait_state("down", server=1)
        self.assertEqual(self.ask_filter("www.example.vn").addresses(), [TRUTH])
        self.assertEqual(self.control("status")["upstreams"][0]["state"], "up")
        # It may refuse all names but those of its zone: that is what it is asked for.
        zone.script = lambda q: q.send(q.reply(rcode=5)) if q.name == "" else truth(q)
        self.wait_state("up", server=1)
        self.assertTrue(server.asked("truong.lan", type=dns.SOA))
        wait_for("the fresh answer",
                 lambda: self.ask_filter("may-chu.truong.lan").answer[0].ttl > 30)
        self.assertEqual([q for q in self.servers[0].queries if q.name.endswith("lan")], [])
        self.stop_clean()


class Failures(OutageTest):
    def test_a_failure_is_remembered_for_a_moment(self):
        self.begin(servfail)
        begin = time.monotonic()
        for _ in range(20):
            reply = self.ask_filter("www.example.vn")
            self.assertEqual(reply.rcode, dns.SERVFAIL)
            self.assertIn(reply.ede[0], (22, 23))
        took = time.monotonic() - begin
        self.assertLessEqual(self.asked("www.example.vn"), 1 + took)
        self.assertGreater(self.queries()["remembered"], 0)
        self.stop_clean()

    def test_it_is_forgotten_when_upstreams_recover(self):
        names = ["n%d.example.vn" % i for i in range(5)]
        self.begin(servfail)
        for _ in range(3):
            for name in names:
                self.assertEqual(self.ask_filter(name).rcode, dns.SERVFAIL)
        self.switched.script = truth
        begin = time.monotonic()
        for name in names:
            wait_for("an answer for %s" % name,
                     lambda name=name: self.ask_filter(name).addresses() == [TRUTH])
        self.assertLess(time.monotonic() - begin, 10)  # two seconds, on a machine of its own
        self.stop_clean()

    def test_silent_servers_are_found_alive_again(self):
        self.begin(silence)
        self.assertEqual(self.ask_filter("www.example.vn").rcode, dns.SERVFAIL)
        self.wait_state("down")
        self.switched.script = truth
        begin = time.monotonic()
        wait_for("an answer", lambda: self.ask_filter("www.example.vn").addresses() == [TRUTH])
        self.assertLess(time.monotonic() - begin, 10)
        self.wait_state("up")
        self.assertTrue(self.servers[0].probes)
        self.stop_clean()

    def test_a_name_that_alone_fails_leaves_the_server_up(self):
        self.begin(lambda q: (servfail if q.name == "bad.example.vn" else truth)(q))
        for i in range(8):
            self.assertEqual(self.ask_filter("bad.example.vn").rcode, dns.SERVFAIL)
            self.assertEqual(self.ask_filter("n%d.example.vn" % i).addresses(), [TRUTH])
        self.assertEqual(self.control("status")["upstreams"][0]["state"], "up")
        self.stop_clean()


if __name__ == "__main__":
    main()
