#!/usr/bin/env python3
"""lachan-filter towards upstream servers: slow, lying, broken and dead ones."""
import json
import os
import signal
import socket
import struct
import subprocess
import threading
import time

from filter_test import FilterTest
from lachan_test import PATIENCE_S, dns, main, wait_for
from scripted_upstream import ScriptedUpstream, a, cname, record, soa

TRUTH, LIE = "192.0.2.1", "203.0.113.66"
DS = 43


class ForwardTest(FilterTest):
    def run_with(self, *scripts, **more):
        """A filter whose upstream servers play these scripts, in this order."""
        self.servers = []
        for script in scripts:
            server = ScriptedUpstream(script)
            self.addCleanup(server.close)
            self.servers.append(server)
        self.run_filter(upstreams=[server.port for server in self.servers], **more)

    def timed(self, name, rtype="A", **how):
        begin = time.monotonic()
        reply = self.ask_filter(name, rtype, **how)
        return reply, time.monotonic() - begin

    def queries(self):
        return self.control("status")["queries"]


def truth(query):
    query.send(query.reply(answer=[query.a(TRUTH)]))


def silence(_query):
    pass


def cpu_s(pid):
    """Seconds of processor time that it has taken."""
    with open("/proc/%d/stat" % pid, encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Lies(ForwardTest):
    """Packets that are not the answer; the truth comes after them and is served."""

    def test_no_wrong_reply_ends_the_wait(self):
        other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        elsewhere = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for sock, host in ((other, "127.0.0.1"), (elsewhere, "127.0.0.2")):
            sock.bind((host, 0))
            self.addCleanup(sock.close)

        def lie(q, **how):
            return q.reply(answer=[q.a(LIE)], **how)

        def asked_as(q, name=None, rtype=None, rclass=dns.IN):
            return dns.wire_name(name or q.asked) + struct.pack("!2H", rtype or q.type, rclass)

        lies = {
            "id": lambda q: q.send(lie(q, ident=q.id ^ 0x0101)),
            "port": lambda q: q.send(lie(q), other),
            "address": lambda q: q.send(lie(q), elsewhere),
            "name": lambda q: q.send(lie(q, question=asked_as(q, "other.example.vn"))),
            "type": lambda q: q.send(lie(q, question=asked_as(q, rtype=dns.AAAA))),
            "class": lambda q: q.send(lie(q, question=asked_as(q, rclass=dns.CH))),
            "case": lambda q: q.send(lie(q, question=asked_as(q, q.asked.swapcase()))),
            "query": lambda q: q.send(lie(q, flags=0x0100)),
            "opcode": lambda q: q.send(lie(q, flags=0x8980)),
            "noquestion": lambda q: q.send(lie(q, counts=(0, 1, 0, 0), question=b"")),
            "twoquestions": lambda q: q.send(lie(q, counts=(2, 1, 0, 0), question=q.question * 2)),
            "short": lambda q: q.send(q.reply()[:11]),
            "empty": lambda q: q.send(b""),
            "header": lambda q: q.send(struct.pack("!6H", q.id, 0x8180, 0, 0, 0, 0)),
            "garbage": lambda q: q.send(os.urandom(200)),
            "pointerloop": lambda q: q.send(q.reply(counts=(1, 1, 0, 0), tail=b"\xc0\x50" * 40)),
            "rdlength": lambda q: q.send(q.reply(
                counts=(1, 1, 0, 0), tail=b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 9, 400) + b"abcd")),
            "shortrdata": lambda q: q.send(q.reply(
                counts=(1, 1, 0, 0), tail=b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 9, 3) + b"abc")),
            "missing": lambda q: q.send(q.reply(counts=(1, 3, 0, 0), answer=[q.a(LIE)])),
            "cut": lambda q: q.send(lie(q)[:-2]),
        }

        def script(q):
            lies[q.name.split(".")[0]](q)
            time.sleep(0.05)
            truth(q)
        self.run_with(script)
        for what in lies:
            with self.subTest(what):
                reply, took = self.timed("%s.example.vn" % what)
                self.assertEqual((reply.rcode, reply.addresses()), (dns.NOERROR, [TRUTH]))
                self.assertLess(took, 1.5)
                self.assertEqual(self.ask_filter("%s.example.vn" % what).addresses(), [TRUTH])
        self.stop_clean()

    def test_a_flood_of_guesses_moves_the_question_to_tcp(self):
        def script(q):
            if q.tcp:
                truth(q)
                return
            for i in range(200):
                q.send(q.reply(ident=(q.id + 1 + i) & 0xffff, answer=[q.a(LIE)]))
            time.sleep(1)
            truth(q)
        self.run_with(script)
        reply, took = self.timed("www.example.vn")
        self.assertEqual(reply.addresses(), [TRUTH])
        self.assertLess(took, 1.0)
        self.assertTrue(self.servers[0].asked(tcp=True))
        self.assertGreaterEqual(self.queries()["upstream_mismatches"], 8)

    def test_late_and_doubled_answers_harm_nobody(self):
        def script(q):
            for _ in range(20):
                truth(q)
        self.run_with(script)
        for i in range(50):
            self.assertEqual(self.ask_filter("n%d.example.vn" % i).addresses(), [TRUTH])
        self.assertEqual(self.queries()["failed"], 0)
        self.stop_clean()

    def test_many_doubled_answers_at_once_leave_it_idle(self):
        held = []
        self.run_with(held.append, server={"threads": 1})

        def ask_all(turn):
            """Eight clients, since one may have two hundred questions upstream."""
            for client in range(8):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                    sock.bind(("127.0.0.%d" % (10 + client), 0))
                    sock.connect(("127.0.0.1", self.port))
                    for i in range(100):
                        sock.send(dns.make_query("n%d.c%d.t%d.example.vn" % (i, client, turn)))
                        if i % 50 == 0:
                            time.sleep(0.01)
            end = time.monotonic() + 2  # before the first of them is given up
            while time.monotonic() < end:
                if len({q.name for q in held}) == 800:
                    return True
                time.sleep(0.02)
            return False
        for turn in range(4):
            if ask_all(turn):
                break
            time.sleep(3)
            held.clear()
        else:
            self.skipTest("eight hundred at once are too many for this machine")
        # All their sockets are readable at one glance, and again after the first answer.
        self.program.signal(signal.SIGSTOP)
        for q in list(held):
            truth(q)
            truth(q)
        self.program.signal(signal.SIGCONT)
        wait_for("most to be answered", lambda: self.control("status")["cache"]["entries"] > 600)
        time.sleep(0.5)
        before = cpu_s(self.program.pid)
        time.sleep(1)
        self.assertLess(cpu_s(self.program.pid) - before, 0.2)
        self.stop_clean()

    def test_a_stream_that_lies_or_breaks_is_given_up(self):
        def script(q):
            if not q.tcp:
                q.send(q.reply(flags=0x8380))
            elif q.name.startswith("lie"):
                q.send(q.reply(ident=q.id ^ 1, answer=[q.a(LIE)]))
            elif q.name.startswith("cut"):
                q.stream.sendall(b"\x01\x00" + b"abc")
                q.stream.shutdown(socket.SHUT_RDWR)
            elif q.name.startswith("zero"):
                q.stream.sendall(b"\0\0")
        self.run_with(script, truth, upstream={"strategy": "ordered"})
        for name in ("lie", "cut", "zero"):
            reply, took = self.timed("%s.example.vn" % name)
            self.assertEqual(reply.addresses(), [TRUTH], name)
            self.assertLess(took, 2.8)
        self.stop_clean()


class Sections(ForwardTest):
    """Of a reply only the chain from the question and what stands at its end is used."""

    def test_extra_records_are_neither_served_nor_kept(self):
        def script(q):
            if q.name != "www.example.vn":
                truth(q)
                return
            q.send(q.reply(
                answer=[a("bank.example.com", LIE), q.a(TRUTH), a("vn", LIE)],
                authority=[record("example.vn", dns.NS, 300, dns.wire_name("ns.evil.example")),
                           record("com", dns.NS, 300, dns.wire_name("ns.evil.example"))],
                additional=[a("ns.evil.example", LIE), a("mail.example.vn", LIE)]))
        self.run_with(script)
        for _ in range(2):
            reply = self.ask_filter("www.example.vn")
            self.assertEqual([(r.name, r.text) for r in reply.answer], [("www.example.vn", TRUTH)])
            self.assertEqual((reply.authority, reply.additional), ([], []))
        for name in ("bank.example.com", "ns.evil.example", "mail.example.vn", "vn"):
            self.assertEqual(self.ask_filter(name).addresses(), [TRUTH])
            self.assertEqual(len(self.servers[0].asked(name)), 1)

    def test_a_chain_is_followed_and_strangers_on_it_are_left_out(self):
        def script(q):
            q.send(q.reply(answer=[a("b.example.net", TRUTH), cname("a.example.net", "b.example.net"),
                                   cname(q.name, "a.example.net"), a("a.example.net", LIE),
                                   a(q.name, LIE) if q.name.startswith("x") else cname("z.vn", "y.vn")]))
        self.run_with(script)
        reply = self.ask_filter("www.example.vn")
        self.assertEqual([(r.name, r.type) for r in reply.answer[:1]], [("www.example.vn", dns.CNAME)])
        self.assertNotIn("z.vn", [r.name for r in reply.answer])
        self.assertNotIn(LIE, reply.addresses()[1:])

    def test_a_plain_chain_is_served_whole_in_order(self):
        def script(q):
            q.send(q.reply(answer=[cname(q.name, "a.example.net", 50), cname("a.example.net", "b.example.org"),
                                   a("b.example.org", TRUTH), a("b.example.org", "192.0.2.2", 10)]))
        self.run_with(script)
        for _ in range(2):
            reply = self.ask_filter("WWW.example.vn")
            self.assertEqual([(r.name.lower(), r.text) for r in reply.answer],
                             [("www.example.vn", "a.example.net"), ("a.example.net", "b.example.org"),
                              ("b.example.org", TRUTH), ("b.example.org", "192.0.2.2")])
            self.assertEqual(len({r.ttl for r in reply.answer[2:]}), 1)

    def test_loops_and_endless_chains_fail(self):
        def script(q):
            if q.name.startswith("self"):
                q.send(q.reply(answer=[cname(q.name, q.name)]))
            elif q.name.startswith("two"):
                q.send(q.reply(answer=[cname(q.name, "b.vn"), cname("b.vn", q.name)]))
            else:
                q.send(q.reply(answer=[cname(q.name, "c0.vn")] +
                               [cname("c%d.vn" % i, "c%d.vn" % (i + 1)) for i in range(40)]))
        self.run_with(script)
        for name in ("self.vn", "two.vn", "long.vn"):
            reply, took = self.timed(name)
            self.assertEqual((reply.rcode, reply.answer), (dns.SERVFAIL, []), name)
            self.assertLess(took, 3.5)
            self.assertLessEqual(len(self.servers[0].asked(name)), 3)

    def test_data_under_an_error_is_no_data(self):
        def script(q):
            q.send(q.reply(rcode=dns.NXDOMAIN, answer=[q.a(LIE)], authority=[soa("example.vn")]))
        self.run_with(script)
        for _ in range(2):
            reply = self.ask_filter("www.example.vn")
            self.assertEqual((reply.rcode, reply.answer), (dns.NXDOMAIN, []))

    def test_negative_answers_are_kept_as_long_as_their_soa_says(self):
        def script(q):
            where = q.name.split(".")[0]
            authority = {"short": [soa("example.vn", 300, 1)], "ttl": [soa("example.vn", 1, 300)],
                         "none": [], "foreign": [soa("example.com")],
                         "long": [soa("example.vn", 86400, 86400)]}[where]
            q.send(q.reply(rcode=dns.NXDOMAIN if where != "long" else 0, authority=authority))
        self.run_with(script)
        for _ in range(2):
            for where in ("short", "ttl", "none", "foreign", "long"):
                reply = self.ask_filter("%s.example.vn" % where)
                self.assertEqual(reply.answer, [])
                self.assertEqual(len(reply.authority), 0 if where in ("none", "foreign") else 1, where)
                for r in reply.authority:
                    self.assertLessEqual(r.ttl, {"long": 3600}.get(where, 1))
            time.sleep(1.2)
        count = {w: len(self.servers[0].asked("%s.example.vn" % w))
                 for w in ("short", "ttl", "none", "foreign", "long")}
        self.assertEqual(count, {"short": 2, "ttl": 2, "none": 2, "foreign": 2, "long": 1})

    def test_a_large_reply_over_udp_and_an_enormous_one_over_tcp(self):
        def script(q):
            many = {"large": 100, "huge": 3500}[q.name.split(".")[0]]
            data = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 300, 4) + bytes((198, 18, i >> 8, i & 255))
                            for i in range(many))
            if many > 100 and not q.tcp:
                q.send(q.reply(flags=0x8380))
            else:
                q.send(q.reply(counts=(1, many, 0, 0), tail=data))
        self.run_with(script)
        self.assertTrue(self.ask_filter("large.example.vn").tc)
        self.assertEqual(len(self.ask_filter("large.example.vn", tcp=True).answer), 100)
        reply, took = self.timed("huge.example.vn", tcp=True)
        self.assertIn((reply.rcode, len(reply.answer)), ((dns.SERVFAIL, 0), (dns.NOERROR, 3500)))
        self.assertLess(took, 3.5)
        self.stop_clean()

    def test_do_and_cd_have_answers_of_their_own(self):
        def script(q):
            q.send(q.reply(answer=[q.a("192.0.2.%d" % (10 + q.do + 2 * q.cd))], flags=0x81a0))
        self.run_with(script)

        def ask(do, cd):
            wire = bytearray(dns.make_query("www.example.vn", do=do))
            wire[3] |= 0x10 if cd else 0
            return dns.Reply(dns.ask_bytes(("127.0.0.1", self.port), bytes(wire), timeout=15))
        for _ in range(2):
            for do in (False, True):
                for cd in (False, True):
                    reply = ask(do, cd)
                    self.assertEqual(reply.addresses(), ["192.0.2.%d" % (10 + do + 2 * cd)])
                    self.assertEqual((reply.do, reply.cd), (do, cd))
                    # Nobody has validated on the way to this upstream.
                    self.assertFalse(reply.ad)
        self.assertEqual(len(self.servers[0].queries), 4)


class Servers(ForwardTest):
    """Which server is asked, and what is said when none helps."""

    def test_truncated_over_udp_is_asked_again_over_tcp(self):
        def script(q):
            if q.tcp:
                q.send(q.reply(answer=[q.a("192.0.2.%d" % i) for i in range(1, 41)]))
            else:
                q.send(q.reply(answer=[q.a(LIE)], flags=0x8380))
        self.run_with(script)
        reply = self.ask_filter("www.example.vn")
        self.assertEqual((len(reply.answer), reply.tc), (40, False))
        self.assertNotIn(LIE, reply.addresses())

    def test_a_server_that_fails_sends_us_to_the_next(self):
        for rcode in (dns.SERVFAIL, dns.REFUSED, dns.NOTIMP, 11):
            with self.subTest(rcode=rcode):
                bad = lambda q, rcode=rcode: q.send(q.reply(rcode=rcode))
                self.run_with(bad, truth, upstream={"strategy": "ordered"})
                reply, took = self.timed("www.example.vn")
                self.assertEqual(reply.addresses(), [TRUTH])
                self.assertLess(took, 1.0)
                self.assertEqual(len(self.servers[0].queries), 1)
                self.stop_clean()

    def test_when_all_fail_the_client_hears_so_at_once(self):
        bad = lambda q: q.send(q.reply(rcode=dns.SERVFAIL))
        self.run_with(bad, bad)
        reply, took = self.timed("www.example.vn")
        self.assertEqual((reply.rcode, reply.answer), (dns.SERVFAIL, []))
        self.assertIn(reply.ede[0], (22, 23))
        self.assertLess(took, 1.0)
        self.assertLessEqual(sum(len(s.queries) for s in self.servers), 6)

    def test_a_dead_server_costs_less_than_a_second(self):
        self.run_with(silence, truth, upstream={"strategy": "ordered"})
        for i in range(4):
            reply, took = self.timed("n%d.example.vn" % i)
            self.assertEqual(reply.addresses(), [TRUTH])
            self.assertLess(took, 1.0)
        self.stop_clean()

    def test_a_silent_server_is_waited_for_a_few_times_only(self):
        for strategy in ("ordered", "fastest"):
            with self.subTest(strategy):
                self.run_with(silence, truth, upstream={"strategy": strategy},
                              server={"threads": 1})
                took = [self.timed("n%d.example.vn" % i)[1] for i in range(12)]
                self.assertLessEqual(len([t for t in took if t > 0.4]), 5, took)
                server = self.control("status")["upstreams"][0]
                self.assertEqual(server["state"], "down")
                self.assertGreaterEqual(server["timeouts"], 3)
                self.stop_clean()

    def test_a_closed_port_costs_nothing(self):
        server = ScriptedUpstream(truth)
        self.addCleanup(server.close)
        self.run_filter(upstreams=[self.free_port(), server.port], upstream={"strategy": "ordered"})
        for i in range(10):
            reply, took = self.timed("n%d.example.vn" % i)
            self.assertEqual(reply.addresses(), [TRUTH])
            self.assertLess(took, 0.9)
        self.stop_clean()

    def test_all_dead_is_said_within_three_seconds(self):
        self.run_with(silence, silence, silence)
        for edns in (True, False):
            reply, took = self.timed("www.example.vn" if edns else "w2.example.vn", edns=edns)
            self.assertEqual((reply.rcode, reply.answer), (dns.SERVFAIL, []))
            self.assertLess(took, 3.2)
            if edns:
                self.assertIn(reply.ede[0], (22, 23))
            else:
                self.assertIsNone(reply.edns_size)
        self.assertLessEqual(len([q for s in self.servers for q in s.asked("www.example.vn")]), 6)
        # Blocked names and the portal do not wait for anybody.
        self.assertLess(self.timed("casino.example")[1], 0.5)
        self.stop_clean()

    def test_dead_servers_are_asked_again_when_they_come_back(self):
        alive = threading.Event()

        def script(q):
            if alive.is_set():
                truth(q)
        self.run_with(script)
        for i in range(4):
            self.assertEqual(self.ask_filter("a%d.example.vn" % i).rcode, dns.SERVFAIL)
        wait_for("the server to be down",
                 lambda: self.control("status")["upstreams"][0]["state"] == "down", 3)
        alive.set()
        self.assertEqual(self.ask_filter("b.example.vn").addresses(), [TRUTH])
        self.assertEqual(self.ask_filter("c.example.vn").addresses(), [TRUTH])

    def test_a_server_from_before_edns_is_asked_without(self):
        refusals = {
            "formerr.example.vn": lambda q: q.reply(rcode=dns.FORMERR),
            "notimp.example.vn": lambda q: q.reply(rcode=dns.NOTIMP),
            # Nothing behind the header: it stopped reading at the OPT record.
            "header.example.vn": lambda q: struct.pack("!6H", q.id, 0x8181, 0, 0, 0, 0),
        }

        def script(q):
            if q.edns:
                q.send(refusals[q.name](q))
            else:
                truth(q)
        self.run_with(script)
        for name in refusals:
            reply, took = self.timed(name)
            self.assertEqual((reply.addresses(), reply.edns_size is not None), ([TRUTH], True))
            self.assertLess(took, 1.0)

    def test_a_tcp_server(self):
        server = ScriptedUpstream(truth)
        self.addCleanup(server.close)
        self.run_filter(upstream={"servers": ["tcp://127.0.0.1:%d" % server.port]})
        self.assertEqual(self.ask_filter("www.example.vn").addresses(), [TRUTH])
        self.assertTrue(server.queries[0].tcp)

    def test_ourselves_is_no_upstream(self):
        self.run_filter(upstreams=[self.port])
        self.program.wait_log("this gateway itself")
        reply, took = self.timed("www.example.vn")
        self.assertEqual(reply.rcode, dns.SERVFAIL)
        self.assertLess(took, 3.2)
        self.assertEqual(self.queries()["udp"], 1)

    def test_two_gateways_at_each_other_end_soon(self):
        other_port = self.free_port()
        self.run_filter(upstreams=[other_port])
        first, config = self.program, self.config(
            upstream={"servers": ["udp://127.0.0.1:%d" % self.port]},
            server={"listen": ["127.0.0.1:%d" % other_port], "run_dir": self.path("run2"),
                    "state_dir": self.path("state2")}, filter={"without_rules": "open"})
        second = self.start("lachan-filter", "-c", self.write("other.yaml", json.dumps(config)))
        second.wait_log("serving with")
        reply, took = self.timed("www.example.vn")
        self.assertEqual(reply.rcode, dns.SERVFAIL)
        self.assertLess(took, 3.5)
        self.assertLess(self.queries()["udp"], 8)
        self.assertEqual((first.term(), second.term()), (0, 0))

    def test_a_connection_that_fails_at_once_is_not_waited_for(self):
        self.run_with(truth, server={"threads": 1})
        servers = ["tcp://[fe80::1]:53", *self.current["upstream"]["servers"]]
        self.reload({**self.current, "upstream": {"servers": servers, "strategy": "ordered"}})
        self.assertEqual(self.ask_filter("www.example.vn").addresses(), [TRUTH])
        self.reload({**self.current, "upstream": {"servers": servers[:1]}})
        reply = self.ask_filter("mail.example.vn")
        self.assertEqual((reply.rcode, reply.ede[0]), (dns.SERVFAIL, 23))  # network error
        self.assertEqual(self.control("status")["upstreams"][0]["timeouts"], 0)


class Privacy(ForwardTest):
    def test_nothing_of_the_client_goes_upstream(self):
        self.run_with(truth)
        self.ask_filter("www.example.vn", options=[
            (8, b"\0\1\x20\0\x0a\1\2\3"), (10, b"8octets!"), (65001, b"\2\0\0\0\0\1"), (100, b"x"),
            (3, b""), (12, bytes(64))], size=4096)
        query = self.servers[0].queries[0]
        self.assertEqual((query.options, query.edns_size, query.rd, query.cd, query.do),
                         ({}, 1232, True, False, False))

    def test_the_case_of_letters_is_scrambled_and_given_back(self):
        self.run_with(truth)
        name = "a-rather-long-name-with-many-letters.example.vn"
        seen = set()
        for i in range(8):
            reply = self.ask_filter("x%d.%s" % (i, name))
            self.assertEqual(reply.questions[0][0], "x%d.%s" % (i, name))
            seen.add(self.servers[0].queries[-1].asked.split(".", 1)[1])
        self.assertGreater(len(seen), 6)
        self.assertNotIn(name, seen)

    def test_a_server_that_lower_cases_questions_is_asked_in_lower_case(self):
        def forgetful(q):
            lower = dns.wire_name(q.asked.lower()) + q.question[-4:]
            q.send(q.reply(question=lower, answer=[q.a(TRUTH)]))
        self.run_with(forgetful)
        for i in range(3):
            reply, took = self.timed("y%d.with-many-letters.example.vn" % i)
            self.assertEqual((reply.rcode, reply.addresses()), (dns.NOERROR, [TRUTH]))
            self.assertLess(took, 1.0)
        last = self.servers[0].queries[-1].asked
        self.assertEqual(last, last.lower())

    def test_ports_and_numbers_are_fresh_for_every_query(self):
        self.run_with(truth)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(15)
            sock.connect(("127.0.0.1", self.port))
            for first in range(0, 500, 10):
                for i in range(first, first + 10):
                    sock.send(dns.make_query("p%d.example.vn" % i))
                for _ in range(10):
                    sock.recv(2000)
        pairs = [(q.port, q.id) for q in self.servers[0].queries if not q.tcp]
        self.assertGreaterEqual(len(pairs), 500)
        self.assertEqual(len(set(pairs)), len(pairs))
        self.assertGreater(len({port for port, _ in pairs}), 400)
        self.assertGreater(len({ident for _, ident in pairs}), 480)
        # Neither counts up: neighbours are not each other's successors.
        for values in ([p for p, _ in pairs], [i for _, i in pairs]):
            near = sum(1 for x, y in zip(values, values[1:]) if abs(x - y) <= 2)
            self.assertLess(near, 25)


class Together(ForwardTest):
    def askers(self, count, sockets, name="www.example.vn"):
        """Asks `count` times at once from many sockets; {id: reply} and how long it took."""
        made, want = [], {}
        for i in range(sockets):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.addCleanup(sock.close)
            sock.bind(("127.0.0.%d" % (1 + i % 50), 0))
            sock.connect(("127.0.0.1", self.port))
            sock.settimeout(10)
            made.append(sock)
        for i in range(count):
            made[i % sockets].send(dns.make_query(name, ident=i))
            want.setdefault(i % sockets, set()).add(i)
        for at, ids in want.items():
            got = []
            for _ in ids:
                got.append(dns.Reply(made[at].recv(2000)))
            self.assertEqual({reply.id for reply in got}, ids)
            yield from got

    def test_five_hundred_askers_are_one_question_and_all_are_answered(self):
        def script(q):
            time.sleep(0.5)
            truth(q)
        self.run_with(script, server={"threads": 3})
        for reply in self.askers(500, 50):
            self.assertEqual(reply.addresses(), [TRUTH])
        self.assertEqual(len(self.servers[0].asked("www.example.vn")), 1)
        self.assertEqual(self.queries()["forwarded"], 1)
        self.stop_clean()

    def test_a_slow_server_is_asked_once_for_all(self):
        """Nothing says that the question was lost; asking again would add nothing."""
        took = {}

        def script(q):
            begin = time.monotonic()
            time.sleep(1)
            truth(q)
            took[q.name] = time.monotonic() - begin
        self.run_with(script, server={"threads": 1})
        for name in ("n%d.example.vn" % i for i in range(5)):
            for reply in self.askers(50, 5, name):
                self.assertEqual(reply.addresses(), [TRUTH])
            wait_for("the end of the script", lambda name=name: name in took)
            if took[name] < 1.2:  # else the machine was too slow to tell
                self.assertEqual(len(self.servers[0].asked(name)), 1)
                return

    def test_a_lost_question_is_asked_again_soon_where_others_were_answered(self):
        lost = []

        def script(q):
            if q.name == "lost.example.vn" and not lost:
                lost.append(time.monotonic())
                return
            truth(q)
        self.run_with(script, server={"threads": 1})
        answers = []
        waits = threading.Thread(
            target=lambda: answers.append(self.ask_filter("lost.example.vn")))
        waits.start()
        wait_for("the first", lambda: lost)
        self.ask_filter("other.example.vn")
        waits.join()
        self.assertEqual(answers[0].addresses(), [TRUTH])
        self.assertEqual(len(self.servers[0].asked("lost.example.vn")), 2)

    def test_five_hundred_askers_of_a_dead_name_all_hear_it(self):
        self.run_with(silence, server={"threads": 3})
        begin = time.monotonic()
        for reply in self.askers(500, 50):
            self.assertEqual(reply.rcode, dns.SERVFAIL)
            self.assertIn(reply.ede[0], (22, 23))
        self.assertLess(time.monotonic() - begin, 3.5)
        self.assertLessEqual(len(self.servers[0].queries), 3)
        self.stop_clean()

    def test_many_questions_at_once_over_a_slow_upstream(self):
        def script(q):
            time.sleep(0.2)
            truth(q)
        self.run_with(script)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(10)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
            sock.connect(("127.0.0.1", self.port))
            for i in range(200):
                sock.send(dns.make_query("m%d.example.vn" % i, ident=i))
            got = {}
            for _ in range(200):
                reply = dns.Reply(sock.recv(2000))
                got[reply.id] = (reply.questions[0][0], reply.addresses())
        self.assertEqual(got, {i: ("m%d.example.vn" % i, [TRUTH]) for i in range(200)})
        self.stop_clean()

    def test_a_burst_keeps_no_descriptors_from_the_others(self):
        if not os.access("/usr/bin/prlimit", os.X_OK):
            self.skipTest("no prlimit")

        def script(q):
            time.sleep(0.3)
            truth(q)
        self.run_with(script, server={"threads": 2})
        subprocess.run(["/usr/bin/prlimit", "--pid", str(self.program.pid), "--nofile=60:60"],
                       timeout=PATIENCE_S, check=True)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(PATIENCE_S)
            sock.connect(("127.0.0.1", self.port))
            for i in range(200):
                sock.send(dns.make_query("n%d.example.vn" % i))
            for _ in range(200):  # an answer, or SERVFAIL
                sock.recv(2000)
        self.assertTrue(self.control("status")["ok"])
        self.assertEqual(self.ask_filter("after.example.vn", tcp=True).addresses(), [TRUTH])
        self.stop_clean()

    def test_ending_while_questions_wait_is_clean(self):
        self.run_with(silence)
        sock = socket.create_connection(("127.0.0.1", self.port))
        self.addCleanup(sock.close)
        wire = dns.make_query("tcp.example.vn")
        sock.sendall(struct.pack("!H", len(wire)) + wire)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            for i in range(200):
                udp.sendto(dns.make_query("w%d.example.vn" % (i % 50)), ("127.0.0.1", self.port))
        time.sleep(0.2)
        self.stop_clean()

    def test_new_upstreams_take_over_while_questions_wait(self):
        self.run_with(silence)
        fresh = ScriptedUpstream(truth)
        self.addCleanup(fresh.close)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            for i in range(100):
                udp.sendto(dns.make_query("w%d.example.vn" % i), ("127.0.0.1", self.port))
            self.current["upstream"]["servers"] = ["udp://127.0.0.1:%d" % fresh.port]
            self.reload(self.current)
            self.assertEqual(self.ask_filter("after.example.vn").addresses(), [TRUTH])
            udp.settimeout(5)
            self.assertEqual(len([udp.recv(2000) for _ in range(100)]), 100)
        self.stop_clean()


if __name__ == "__main__":
    main()
