#!/usr/bin/env python3
"""Safe search and YouTube's restricted mode: each name of rules/safe_search.yaml leads to its
engine's safe name and nowhere else, for those who have it on."""
import os
import re
import socket

from filter_test import FilterTest
from lachan_test import SOURCE_DIR, dns, main
from scripted_upstream import ScriptedUpstream, a, aaaa, cname, https, record, soa

PUPIL, STRICT, STAFF = "127.0.0.1", "127.0.0.8", "127.0.0.9"
# What the engines themselves answer with, and what their safe names do.
OPEN4, OPEN6 = "203.0.113.66", "2001:db8:bad::66"
SAFE4, SAFE6 = "192.0.2.53", "2001:db8::53"
SECRETS = (socket.inet_aton(OPEN4), socket.inet_pton(socket.AF_INET6, OPEN6))
TTL_MAX_S = 300


class Data:
    """rules/safe_search.yaml, as far as its shape goes, read without our own parser."""

    def __init__(self):
        with open(os.path.join(SOURCE_DIR, "rules", "safe_search.yaml"), encoding="utf-8") as file:
            text = re.sub(r"(?m)(^|\s)#.*$", "", file.read())
        engines, youtube = re.split(r"(?m)^youtube:", text)
        self.safe, self.blocked = {}, []  # name: safe name; names without one
        for engine in re.split(r"(?m)^  - name:", engines)[1:]:
            safe = re.search(r"(?m)^    safe:\s*(\S+)", engine)
            for name in self._names(engine):
                if safe is None:
                    self.blocked.append(name)
                else:
                    self.safe[name] = safe.group(1)
        self.youtube = self._names(youtube)
        self.moderate = re.search(r"(?m)^  moderate:\s*(\S+)", youtube).group(1)
        self.strict = re.search(r"(?m)^  strict:\s*(\S+)", youtube).group(1)

    @staticmethod
    def _names(part):
        return [name.strip() for name in
                re.search(r"\bnames:\s*\[(.*?)\]", part, re.S).group(1).split(",") if name.strip()]


DATA = Data()
SAFE_NAMES = set(DATA.safe.values()) | {DATA.moderate, DATA.strict}


def engine_answers(query):
    v4, v6 = (SAFE4, SAFE6) if query.name in SAFE_NAMES else (OPEN4, OPEN6)
    return {dns.A: [a(query.name, v4, 3600)], dns.AAAA: [aaaa(query.name, v6, 3600)],
            dns.HTTPS: [https(query.name, v4=[v4], v6=[v6])],
            dns.TXT: [record(query.name, "TXT", 300, b"\4open")]}.get(query.type, [])


class SafeSearchTest(FilterTest):
    LEVELS = ["lower_secondary", "primary"]
    RULES = {"gambling": "||casino.example^\n"}
    TIERS = [{"name": "lower_secondary", "clients": [PUPIL], "safe_search": "on",
              "youtube": "moderate"},
             {"name": "primary", "clients": [STRICT], "safe_search": "on", "youtube": "strict"},
             {"name": "staff", "clients": [STAFF], "safe_search": "off", "youtube": "off",
              "block": []}]

    def run_engines(self, script=None, tiers=(), **more):
        """`script` may answer a query itself and say so; else the engines do."""
        def play(query):
            if script is None or not script(query):
                query.send(query.reply(answer=engine_answers(query)))

        self.server = ScriptedUpstream(play)
        self.addCleanup(self.server.close)
        changed = [dict(tier, **next((t for t in tiers if t["name"] == tier["name"]), {}))
                   for tier in self.TIERS]
        self.run_filter(upstreams=[self.server.port], filter={"tiers": changed}, **more)

    def assert_nothing_open(self, reply):
        for secret in SECRETS:
            self.assertNotIn(secret, reply.wire)

    def assert_led_to(self, reply, name, safe, rtype, address):
        """`name` CNAME `safe`, with the safe address and no other."""
        self.assert_nothing_open(reply)
        self.assertEqual(reply.rcode, dns.NOERROR)
        self.assertIsNone(reply.ede)
        self.assertEqual((reply.answer[0].name, reply.answer[0].type, reply.answer[0].text),
                         (name, dns.CNAME, safe))
        self.assertEqual(reply.addresses(rtype), [address])
        self.assertEqual(reply.answer[1].name, safe)
        for rr in reply.answer:
            self.assertLessEqual(rr.ttl, TTL_MAX_S)

    def assert_led_to_nothing(self, reply, name, safe):
        self.assert_nothing_open(reply)
        self.assertEqual((reply.rcode, [(rr.name, rr.type, rr.text) for rr in reply.answer]),
                         (dns.NOERROR, [(name, dns.CNAME, safe)]))
        self.assertEqual([(rr.name, rr.type) for rr in reply.authority], [(safe, dns.SOA)])


class EveryName(SafeSearchTest):
    def test_the_data_is_whole(self):
        self.assertGreaterEqual(len(DATA.safe), 300)
        self.assertEqual(DATA.safe["www.google.com.vn"], "forcesafesearch.google.com")
        self.assertEqual(DATA.safe["google.com.vn"], "forcesafesearch.google.com")
        self.assertFalse(SAFE_NAMES & (set(DATA.safe) | set(DATA.youtube) | set(DATA.blocked)))

    def check(self, client, name, safe):
        ask = lambda rtype: self.ask_filter(name, rtype, source=client)
        self.assert_led_to(ask("A"), name, safe, dns.A, SAFE4)
        self.assert_led_to(ask("AAAA"), name, safe, dns.AAAA, SAFE6)
        self.assert_led_to_nothing(ask("HTTPS"), name, safe)

    def test_every_engine_leads_to_its_safe_name(self):
        self.run_engines()
        for name, safe in DATA.safe.items():
            with self.subTest(name=name):
                self.check(PUPIL, name, safe)
        # One question a safe name and type, whatever the engine's own name was.
        for safe in set(DATA.safe.values()):
            self.assertEqual(len(self.server.asked(safe, type=dns.A)), 1)
        self.assertEqual({q.name for q in self.server.asked()}, set(DATA.safe.values()))

    def test_youtube_leads_to_the_mode_of_the_tier(self):
        self.run_engines()
        for name in DATA.youtube:
            with self.subTest(name=name):
                self.check(PUPIL, name, DATA.moderate)
                self.check(STRICT, name, DATA.strict)

    def test_engines_without_a_safe_address_are_blocked(self):
        self.run_engines()
        for name in DATA.blocked:
            with self.subTest(name=name):
                self.assert_blocked(self.ask_filter(name))
                reply = self.ask_filter(name, "HTTPS")
                self.assertEqual((reply.rcode, reply.answer), (dns.NOERROR, []))
        self.assertEqual(self.server.asked(), [])

    def test_who_has_it_off_gets_the_engines_themselves(self):
        self.run_engines()
        for name in [*DATA.safe, *DATA.youtube, *DATA.blocked]:
            with self.subTest(name=name):
                reply = self.ask_filter(name, source=STAFF)
                self.assertEqual((reply.rcode, reply.addresses()), (dns.NOERROR, [OPEN4]))
                # What staff brought into the cache stays theirs.
                self.assert_nothing_open(self.ask_filter(name))
                self.assert_nothing_open(self.ask_filter(name, "HTTPS"))


GOOGLE, SAFE_GOOGLE = "www.google.com", "forcesafesearch.google.com"


class Ways(SafeSearchTest):
    def test_by_every_transport_and_spelling(self):
        self.run_engines()
        for how in ({"tcp": True}, {"edns": False}, {"do": True}, {"size": 4096}):
            for _ in range(2):
                self.assert_led_to(self.ask_filter(GOOGLE, **how), GOOGLE, SAFE_GOOGLE, dns.A,
                                   SAFE4)
        reply = self.ask_filter("wWw.GoOgLe.CoM")
        self.assert_led_to(reply, "wWw.GoOgLe.CoM", SAFE_GOOGLE, dns.A, SAFE4)

    def test_every_other_type_has_no_data(self):
        self.run_engines()
        for rtype in ("TXT", "MX", "NS", "SVCB", "SOA"):
            with self.subTest(type=rtype):
                self.assert_led_to_nothing(self.ask_filter(GOOGLE, rtype), GOOGLE, SAFE_GOOGLE)
        reply = self.ask_filter(GOOGLE, "CNAME")
        self.assertEqual([(rr.type, rr.text) for rr in reply.answer], [(dns.CNAME, SAFE_GOOGLE)])
        reply = self.ask_filter(GOOGLE, "ANY")
        self.assert_nothing_open(reply)
        self.assertEqual(self.server.asked(), [])

    def test_a_chain_behind_the_safe_name_is_kept(self):
        def chain(query):
            if query.name != SAFE_GOOGLE:
                return False
            query.send(query.reply(answer=[cname(SAFE_GOOGLE, "pool.example.net"),
                                           a("pool.example.net", SAFE4)]))
            return True

        self.run_engines(chain)
        for _ in range(2):
            reply = self.ask_filter(GOOGLE)
            self.assertEqual([(rr.name, rr.text) for rr in reply.answer],
                             [(GOOGLE, SAFE_GOOGLE), (SAFE_GOOGLE, "pool.example.net"),
                              ("pool.example.net", SAFE4)])

    def test_no_data_of_the_safe_name_is_passed_on(self):
        def nodata(query):
            if query.type != dns.AAAA:
                return False
            query.send(query.reply(authority=[soa("google.com")]))
            return True

        self.run_engines(nodata)
        for _ in range(2):
            reply = self.ask_filter(GOOGLE, "AAAA")
            self.assertEqual((reply.rcode, [rr.text for rr in reply.answer]),
                             (dns.NOERROR, [SAFE_GOOGLE]))
            self.assertEqual([rr.name for rr in reply.authority], ["google.com"])

    def test_other_names_of_an_engine_stay_as_they_are(self):
        self.run_engines()
        for name in ("mail.google.com", "maps.google.com", "a.www.google.com", "google.com.example"):
            self.assertEqual(self.ask_filter(name).addresses(), [OPEN4])


class NeverUnsafe(SafeSearchTest):
    def test_when_the_safe_name_cannot_be_had_there_is_no_answer(self):
        def refuse(query):
            if query.name != SAFE_GOOGLE:
                return False
            query.send(query.reply(rcode=dns.REFUSED))
            return True

        self.run_engines(refuse)
        self.assertEqual(self.ask_filter(GOOGLE, source=STAFF).addresses(), [OPEN4])
        for _ in range(2):
            reply = self.ask_filter(GOOGLE)
            self.assertEqual((reply.rcode, reply.answer), (dns.SERVFAIL, []))

    def test_an_answer_that_leads_back_is_withheld(self):
        for back in (GOOGLE, "www.bing.com"):
            def lead_back(query, back=back):
                if query.name != SAFE_GOOGLE:
                    return False
                query.send(query.reply(answer=[cname(SAFE_GOOGLE, back), a(back, OPEN4)]))
                return True

            self.run_engines(lead_back)
            for _ in range(2):
                reply = self.ask_filter(GOOGLE)
                self.assertEqual((reply.rcode, reply.answer), (dns.SERVFAIL, []))
            self.stop_clean()

    def test_the_safe_names_answer_is_judged_too(self):
        def lead_to_casino(query):
            if query.name != SAFE_GOOGLE:
                return False
            query.send(query.reply(answer=[cname(SAFE_GOOGLE, "casino.example"),
                                           a("casino.example", OPEN4)]))
            return True

        self.run_engines(lead_to_casino)
        for _ in range(2):
            self.assert_blocked(self.ask_filter(GOOGLE))

    def test_allow_of_exactly_this_name_lifts_it(self):
        self.run_engines(tiers=[{"name": "lower_secondary", "allow": [GOOGLE, "bing.com"]}])
        self.assertEqual(self.ask_filter(GOOGLE).addresses(), [OPEN4])
        self.assertEqual(self.ask_filter("bing.com").addresses(), [OPEN4])
        self.assert_led_to(self.ask_filter("www.bing.com"), "www.bing.com", DATA.safe["www.bing.com"],
                           dns.A, SAFE4)
        self.assert_led_to(self.ask_filter("google.com"), "google.com", SAFE_GOOGLE, dns.A, SAFE4)

    def test_a_reload_that_turns_it_on_rewrites_what_is_cached(self):
        self.run_engines(tiers=[{"name": "lower_secondary", "safe_search": "off"}])
        self.assertEqual(self.ask_filter(GOOGLE).addresses(), [OPEN4])
        self.current["filter"]["tiers"] = self.TIERS
        self.reload(self.current)
        self.assert_led_to(self.ask_filter(GOOGLE), GOOGLE, SAFE_GOOGLE, dns.A, SAFE4)


class YouTube(SafeSearchTest):
    def test_it_is_streaming_only_where_its_own_mode_is_off(self):
        block = ["streaming"]
        self.run_engines(tiers=[{"name": "lower_secondary", "block": block, "youtube": "moderate"},
                                {"name": "primary", "block": block, "youtube": "off"},
                                {"name": "staff", "block": [], "youtube": "off"}])
        for name in ("www.youtube.com", "r1.googlevideo.com", "youtu.be"):
            with self.subTest(name=name):
                self.assert_blocked(self.ask_filter(name, source=STRICT))
                self.assertEqual(self.ask_filter(name, source=STAFF).addresses(), [OPEN4])
        self.assertEqual(self.ask_filter("r1.googlevideo.com").addresses(), [OPEN4])
        self.assert_led_to(self.ask_filter("www.youtube.com"), "www.youtube.com", DATA.moderate,
                           dns.A, SAFE4)


if __name__ == "__main__":
    main()
