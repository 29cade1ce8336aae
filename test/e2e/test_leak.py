#!/usr/bin/env python3
"""A blocked name by every spelling and route that leads to it: no real address comes out, from
upstream and from the cache, whoever filled it."""
import socket
import struct
import threading

from filter_test import FilterTest
from lachan_test import PATIENCE_S, dns, main, wait_for
from scripted_upstream import ScriptedUpstream, a, aaaa, cname, https, record

TYPES = ("A", "AAAA", "HTTPS", "SVCB", "TXT", "MX", "NS", "ANY")
PAGE, STAFF = "127.0.0.1", "127.0.0.9"
# What stands behind the blocked names; any of these octets in an answer is a leak.
BAD4, BAD6 = "203.0.113.66", "2001:db8:bad::66"
# What the clean names have of their own.
GOOD4, GOOD6 = "192.0.2.7", "2001:db8::7"
SECRETS = (socket.inet_aton(BAD4), socket.inet_pton(socket.AF_INET6, BAD6), BAD4.encode())
IDN = "sòng-bạc.example".encode("idna").decode()
IDN_LISTED_AS_A_LABEL = "cá-độ.example".encode("idna").decode()


def all_of(name, rtype, v4, v6):
    """A record of every type at `name` that tells the addresses in its own way."""
    return {
        dns.A: [a(name, v4)],
        dns.AAAA: [aaaa(name, v6)],
        dns.HTTPS: [https(name, v4=[v4], v6=[v6])],
        dns.SVCB: [https(name, rtype="SVCB", v4=[v4], v6=[v6])],
        dns.TXT: [record(name, "TXT", 300, bytes([len(v4)]) + v4.encode())],
        dns.MX: [record(name, "MX", 300, struct.pack("!H", 10) + dns.wire_name(name))],
        dns.NS: [record(name, "NS", 300, dns.wire_name("ns." + name))],
    }.get(rtype, [])


def bad(name, rtype):
    return all_of(name, rtype, BAD4, BAD6)


def good(name, rtype):
    return all_of(name, rtype, GOOD4, GOOD6)


# How clean names lead to the blocked one, by the type that is asked for.
def one_cname(name, rtype):
    return [cname(name, "www.casino.example")] + bad("www.casino.example", rtype)


def two_cnames(name, rtype):
    return [cname(name, "mid.example.net"), cname("mid.example.net", "Casino.Example")] + \
        bad("casino.example", rtype)


def svcb_target(name, rtype):
    if rtype in (dns.HTTPS, dns.SVCB):
        return [https(name, "cdn.example.net", rtype=rtype, v4=[GOOD4]),
                https(name, "svc.casino.example", rtype=rtype, priority=2, v4=[BAD4], v6=[BAD6])]
    return good(name, rtype)


def alias_mode(name, rtype):
    if rtype in (dns.HTTPS, dns.SVCB):
        return [https(name, "svc.casino.example", rtype=rtype, priority=0)]
    return good(name, rtype)


def hints(name, rtype):
    if rtype in (dns.HTTPS, dns.SVCB):
        return [https(name, rtype=rtype, v4=[GOOD4, BAD4], v6=[GOOD6, BAD6])]
    return good(name, rtype)


def by_a_quiet_name(name, rtype):
    return [cname(name, "quiet.example.net")] + good("quiet.example.net", rtype)


def address(name, rtype):
    """The clean name stands on an address that a list names (RPZ's rpz-ip)."""
    if rtype in (dns.A, dns.AAAA, dns.HTTPS, dns.SVCB):
        return bad(name, rtype)
    return good(name, rtype)


CLEAN = {"one.example.vn": one_cname, "two.example.vn": two_cnames,
         "target.example.vn": svcb_target, "alias.example.vn": alias_mode,
         "hints.example.vn": hints, "address.example.vn": address, "later.example.vn": good,
         "slow.example.vn": one_cname, "quiet.example.vn": by_a_quiet_name}

# Spelling or route: what is asked for, and how.
ROUTES = {
    "plain": ("casino.example", {}),
    "upper case": ("CASINO.EXAMPLE", {}),
    "mixed case": ("cAsInO.eXaMpLe", {}),
    "trailing dot": ("casino.example.", {}),
    "subdomain": ("a.b.c.d.casino.example", {}),
    "listed as U-label": (IDN, {}),
    "listed as A-label": (IDN_LISTED_AS_A_LABEL.upper(), {}),
    "by a CNAME": ("one.example.vn", {}),
    "by a CNAME, mixed case": ("oNe.ExAmPlE.vN", {}),
    "by two CNAMEs": ("two.example.vn", {}),
    "by TargetName": ("target.example.vn", {}),
    "by AliasMode": ("alias.example.vn", {}),
    "by hints": ("hints.example.vn", {}),
    "by address": ("address.example.vn", {}),
    "over TCP": ("casino.example", {"tcp": True}),
    "by a CNAME over TCP": ("one.example.vn", {"tcp": True}),
    "without EDNS": ("one.example.vn", {"edns": False}),
    "with DO": ("one.example.vn", {"do": True}),
    "large EDNS": ("two.example.vn", {"size": 4096}),
    "unknown option": ("one.example.vn", {"options": [(65432, b"anything at all")]}),
}
# Types for which the route leads to the blocked name; elsewhere the answer is the clean one's.
ADDRESS_TYPES = {"by TargetName": ("HTTPS", "SVCB"), "by AliasMode": ("HTTPS", "SVCB"),
                 "by hints": ("HTTPS", "SVCB"), "by address": ("A", "AAAA", "HTTPS", "SVCB")}


class Leak(FilterTest):
    RULES = {
        "gambling": "||casino.example^\n||sòng-bạc.example^\n||%s^\n" % IDN_LISTED_AS_A_LABEL,
        "malware": "$TTL 300\n@ SOA . . 1 1 1 1 1\n@ NS localhost.\n"
                   "32.66.113.0.203.rpz-ip CNAME .\n"
                   "128.66.zz.bad.db8.2001.rpz-ip CNAME .\n",
    }

    def script(self, query):
        if query.name == "slow.example.vn":
            self.may_answer.wait(PATIENCE_S)
        make = CLEAN.get(query.name, bad)
        query.send(query.reply(answer=make(query.name, query.type)))

    def setUp(self):
        super().setUp()
        self.may_answer = threading.Event()
        self.server = ScriptedUpstream(self.script)
        self.addCleanup(self.server.close)
        self.addCleanup(self.may_answer.set)
        self.run_filter(upstreams=[self.server.port], filter={
            "strip_ech": "off", "tiers": [{"name": "staff", "clients": [STAFF], "block": []}]})

    def assert_nothing_leaks(self, reply, blocked, rtype):
        for secret in SECRETS:
            self.assertNotIn(secret, reply.wire)
        if not blocked:
            self.assertEqual(reply.rcode, dns.NOERROR)
            self.assertTrue(reply.answer)
            return
        self.assertEqual(reply.rcode, dns.NOERROR)
        self.assertFalse(reply.aa)
        self.assertEqual(reply.addresses(), [PAGE] if rtype == "A" else [])
        self.assertEqual(len(reply.answer), 1 if rtype == "A" else 0)

    def is_blocked(self, route, rtype):
        own = ROUTES[route][0].lower() not in CLEAN
        if rtype == "ANY":  # a clean name's is answered small, whatever it leads to
            return own
        return own or rtype in ADDRESS_TYPES.get(route, TYPES)

    def ask_pupil(self, route, rtype):
        name, how = ROUTES[route]
        with self.subTest(route=route, type=rtype):
            reply = self.ask_filter(name, rtype, **how)
            self.assert_nothing_leaks(reply, self.is_blocked(route, rtype), rtype)

    def test_no_route_leaks_from_upstream_nor_from_the_cache(self):
        for route in ROUTES:
            for rtype in TYPES:
                for _ in range(2):
                    self.ask_pupil(route, rtype)

    def test_no_route_leaks_what_another_tier_has_brought_into_the_cache(self):
        for route, (name, how) in ROUTES.items():
            for rtype in TYPES:
                reply = self.ask_filter(name, rtype, source=STAFF, **how)
                # So the route is real, and the cache holds it. Malware is nobody's.
                if rtype == "A" and route != "by address":
                    self.assertIn(SECRETS[0] if self.is_blocked(route, rtype)
                                  else socket.inet_aton(GOOD4), reply.wire, route)
                for _ in range(2):
                    self.ask_pupil(route, rtype)

    def test_each_tier_gets_its_own_verdict_of_one_cached_answer(self):
        for _ in range(3):
            self.assert_blocked(self.ask_filter("one.example.vn"))
            reply = self.ask_filter("one.example.vn", source=STAFF)
            self.assertEqual((reply.addresses(), reply.ede), ([BAD4], None))
        self.assertEqual(len(self.server.asked("one.example.vn")), 1)

    def test_two_tiers_that_wait_for_one_answer_get_each_their_own(self):
        replies = {}

        def ask(client):
            replies[client] = self.ask_filter("slow.example.vn", source=client)

        askers = [threading.Thread(target=ask, args=(client,)) for client in (PAGE, STAFF)]
        for asker in askers:
            asker.start()
        wait_for("both questions", lambda: self.control("status")["queries"]["udp"] >= 2)
        self.may_answer.set()
        for asker in askers:
            asker.join()
        self.assert_blocked(replies[PAGE])
        self.assertEqual(replies[STAFF].addresses(), [BAD4])

    def test_the_soa_of_a_withheld_answer_names_what_matched(self):
        for name in ("one.example.vn", "two.example.vn", "target.example.vn"):
            self.assert_negative(self.ask_filter(name, "HTTPS"), "casino.example", 30)

    def test_an_answer_is_counted_as_what_it_leads_to(self):
        for i in range(1, 13):
            self.ask_filter("one.example.vn", source="127.0.1.%d" % i)
        cells = {c["category"]: c["attempts"] for c in self.control("stats")["cells"]}
        self.assertEqual(cells["gambling"], 10)
        self.assertEqual(self.control("status")["queries"]["blocked"], 12)

    def test_rules_that_come_later_judge_what_is_cached(self):
        self.assertEqual(self.ask_filter("later.example.vn").addresses(), [GOOD4])
        self.publish(dict(self.RULES, games="||later.example.vn^\n"))
        self.assertTrue(self.control("feeds-changed")["ok"])
        self.assert_blocked(self.ask_filter("later.example.vn"))

    def test_rules_that_come_later_judge_what_a_cached_answer_leads_to(self):
        for _ in range(3):  # so that "nobody speaks of it" is remembered
            self.assertEqual(self.ask_filter("quiet.example.vn").addresses(), [GOOD4])
        self.publish(dict(self.RULES, games="||quiet.example.net^\n"))
        self.assertTrue(self.control("feeds-changed")["ok"])
        for _ in range(2):
            self.assert_blocked(self.ask_filter("quiet.example.vn"))
            self.assertEqual(self.ask_filter("quiet.example.vn", source=STAFF).addresses(),
                             [GOOD4])
        self.assertEqual(len(self.server.asked("quiet.example.vn")), 1)


class ByAllow(FilterTest):
    """Whose `allow` opens a name opens its answers, locked categories excepted."""
    RULES = {"gambling": "||casino.example^\n", "illegal_vn": "||banned.example^\n"}

    def test_an_allowed_name_keeps_its_answers_but_locked_ones(self):
        def script(query):
            to = "casino.example" if query.name == "open.example.vn" else "banned.example"
            query.send(query.reply(answer=[cname(query.name, to), a(to, BAD4)]))

        server = ScriptedUpstream(script)
        self.addCleanup(server.close)
        self.run_filter(upstreams=[server.port], filter={"tiers": [{
            "name": "lower_secondary", "allow": ["open.example.vn", "shut.example.vn"]}]})
        for _ in range(2):
            self.assertEqual(self.ask_filter("open.example.vn").addresses(), [BAD4])
            self.assert_blocked(self.ask_filter("shut.example.vn"), ede=16)


if __name__ == "__main__":
    main()
