#!/usr/bin/env python3
"""What rules, tiers and times make of an answer: a list's own data, addresses in answers, ech,
canaries, how long an answer holds, and the trial."""
import socket
import time

from filter_test import FilterTest
from lachan_test import dns, main
from scripted_upstream import ScriptedUpstream, a, aaaa, cname, https

PAGE, STAFF = "127.0.0.1", "127.0.0.9"
REAL4, REAL6 = "192.0.2.7", "2001:db8::7"
LISTED4 = "203.0.113.66"
STAFF_TIER = {"name": "staff", "clients": [STAFF], "block": [], "safe_search": "off"}


def everything(query):
    """Any name has these."""
    query.send(query.reply(answer={
        dns.A: [a(query.name, REAL4, 3600)], dns.AAAA: [aaaa(query.name, REAL6, 3600)],
    }.get(query.type, [])))


class AnswersTest(FilterTest):
    def serve(self, script=everything, **more):
        self.server = ScriptedUpstream(script)
        self.addCleanup(self.server.close)
        self.run_filter(upstreams=[self.server.port], **more)

    def assert_real(self, reply, address=REAL4):
        self.assertEqual((reply.rcode, reply.addresses()), (dns.NOERROR, [address]))
        self.assertIsNone(reply.ede)


class Feeds(FilterTest):
    """Lists read by lachan-feeds, the way that knows `rewrite`."""

    def serve_feeds(self, feeds, rewrite, script=everything, **more):
        """`feeds`: name: (category, format, text)."""
        self.need("lachan-feeds")
        self.server = ScriptedUpstream(script)
        self.addCleanup(self.server.close)
        items = [{"name": name, "category": category, "format": kind, "rewrite": rewrite,
                  "url": ["file://" + self.write("lists/%s.txt" % name, text)]}
                 for name, (category, kind, text) in feeds.items()]
        self.current = self.config(
            upstream={"servers": ["udp://127.0.0.1:%d" % self.server.port]},
            filter={"feeds": items, "tiers": [STAFF_TIER]}, **more)
        path = self.write_json(self.current)
        status, told, said = self.run_program("lachan-feeds", "-c", path)
        self.assertEqual(status, 0, (told, said))
        self.program = self.start("lachan-filter", "-c", path)
        self.program.wait_log("serving with")

    def assert_silence(self, name, **how):
        with self.assertRaises(TimeoutError):
            self.ask_filter(name, timeout=0.7, **how)


RPZ = """$TTL 60
@ SOA . . 1 1 1 1 1
@ NS localhost.
addr.bad.example A 192.0.2.80
addr.bad.example A 192.0.2.81
addr.bad.example TXT "moved"
to.bad.example CNAME garden.example.net.
wild.bad.example CNAME *.garden.example.net.
nx.bad.example CNAME .
empty.bad.example CNAME *.
drop.bad.example CNAME rpz-drop.
tcp.bad.example CNAME rpz-tcp-only.
pass.bad.example CNAME rpz-passthru.
32.66.113.0.203.rpz-ip CNAME .
"""
ADBLOCK = """[Adblock Plus]
||own.example^$dnsrewrite=192.0.2.90
||own.example^$dnsrewrite=NOERROR;AAAA;2001:db8::90
||alias.example^$dnsrewrite=garden.example.net
||gone.example^$dnsrewrite=NXDOMAIN
||refused.example^$dnsrewrite=REFUSED
||blocked.example^
"""
RPZ_NAMES = ("addr", "to", "wild", "nx", "empty", "drop", "tcp")


class RuleData(Feeds):
    FEEDS = {"zone": ("gambling", "rpz", RPZ), "filters": ("gambling", "adblock", ADBLOCK)}

    def test_with_rewrite_off_data_are_plain_blocks(self):
        self.serve_feeds(self.FEEDS, "off")
        for name in RPZ_NAMES:
            for tcp in (False, True):
                self.assert_blocked(self.ask_filter(name + ".bad.example", tcp=tcp))
        for name in ("own.example", "alias.example", "gone.example", "refused.example"):
            self.assert_blocked(self.ask_filter(name))
        self.assertEqual(self.ask_filter("pass.bad.example").addresses(), [REAL4])

    def test_records_answer_their_own_type_and_no_other(self):
        self.serve_feeds(self.FEEDS, "on")
        reply = self.ask_filter("addr.bad.example")
        self.assertEqual(sorted(reply.addresses()), ["192.0.2.80", "192.0.2.81"])
        self.assertEqual([rr.ttl for rr in reply.answer], [30, 30])
        self.assertEqual(reply.ede, (15, ""))
        reply = self.ask_filter("addr.bad.example", "TXT")
        self.assertEqual([rr.data for rr in reply.answer], [b"\5moved"])
        for rtype in ("AAAA", "HTTPS", "MX", "ANY"):
            reply = self.ask_filter("addr.bad.example", rtype)
            self.assertEqual((reply.rcode, reply.answer, len(reply.authority)), (0, [], 1))
        self.assertEqual(self.ask_filter("own.example").addresses(), ["192.0.2.90"])
        self.assertEqual(self.ask_filter("own.example", "AAAA").addresses(dns.AAAA),
                         ["2001:db8::90"])
        self.assertEqual(self.server.asked(), [])

    def test_cnames_lead_to_their_target_with_its_addresses(self):
        self.serve_feeds(self.FEEDS, "on")
        for name, target in (("to.bad.example", "garden.example.net"),
                             ("alias.example", "garden.example.net"),
                             ("wild.bad.example", "wild.bad.example.garden.example.net")):
            for _ in range(2):
                reply = self.ask_filter(name)
                self.assertEqual([(rr.name, rr.text) for rr in reply.answer],
                                 [(name, target), (target, REAL4)])
        self.assertEqual({q.name for q in self.server.asked()},
                         {"garden.example.net", "wild.bad.example.garden.example.net"})

    def test_rcodes_and_plain_rules(self):
        self.serve_feeds(self.FEEDS, "on")
        self.assertEqual(self.ask_filter("gone.example").rcode, dns.NXDOMAIN)
        self.assertEqual(self.ask_filter("refused.example").rcode, dns.REFUSED)
        for name in ("nx.bad.example", "empty.bad.example", "blocked.example"):
            self.assert_blocked(self.ask_filter(name))

    def test_drop_is_silence_and_tcp_only_is_tc(self):
        self.serve_feeds(self.FEEDS, "on")
        self.assert_silence("drop.bad.example")
        self.assert_silence("drop.bad.example", tcp=True)
        reply = self.ask_filter("tcp.bad.example")
        self.assertEqual((reply.tc, reply.answer), (True, []))
        for _ in range(2):
            self.assertEqual(self.ask_filter("tcp.bad.example", tcp=True).addresses(), [REAL4])
            self.assertTrue(self.ask_filter("tcp.bad.example").tc)
        self.assertEqual(self.ask_filter("pass.bad.example").addresses(), [REAL4])

    def test_data_that_let_pass_speak_for_their_own_category_alone(self):
        """Over TCP a name that is "TCP only" passes: not what else blocks it, nor its answers."""
        def lead(query):
            to = "bad.malware.example"
            query.send(query.reply(answer=[cname(query.name, to), a(to, REAL4)]))

        self.serve_feeds({"zone": ("gambling", "rpz", RPZ + "both.example CNAME rpz-tcp-only.\n"),
                          "security": ("malware", "domains", "both.example\nbad.malware.example\n")},
                         "on", lead)
        for name in ("both.example", "tcp.bad.example"):
            for _ in range(2):
                self.assertEqual(self.ask_filter(name, tcp=True).addresses().count(REAL4), 0, name)

    def test_a_rule_leads_to_no_name_that_is_blocked(self):
        self.serve_feeds({"zone": ("gambling", "rpz", RPZ + "led.example CNAME bad.malware.example.\n"),
                          "security": ("malware", "domains", "bad.malware.example\n")}, "on")
        self.assertEqual(self.ask_filter("led.example").addresses().count(REAL4), 0)
        self.assertEqual(self.server.asked(), [])

    def test_whose_tier_blocks_nothing_gets_the_real_answers(self):
        self.serve_feeds(self.FEEDS, "on")
        for name in ("addr.bad.example", "to.bad.example", "drop.bad.example", "own.example"):
            self.assertEqual(self.ask_filter(name, source=STAFF).addresses(), [REAL4])
        self.assertFalse(self.ask_filter("tcp.bad.example", source=STAFF).tc)

    def test_data_are_for_the_name_they_stand_at_and_no_clean_one(self):
        def lead(query):
            to = "addr.bad.example"
            query.send(query.reply(answer=[cname(query.name, to), a(to, LISTED4)]))

        self.serve_feeds(self.FEEDS, "on", lead)
        for _ in range(2):
            reply = self.ask_filter("www.example.vn")
            self.assert_blocked(reply)
            self.assertNotIn(socket.inet_aton(LISTED4), reply.wire)

    def test_addresses_in_answers(self):
        def listed(query):
            query.send(query.reply(answer={
                dns.A: [a(query.name, REAL4), a(query.name, LISTED4)],
                dns.AAAA: [aaaa(query.name, "::ffff:" + LISTED4)],
                dns.HTTPS: [https(query.name, v4=[LISTED4])]}.get(query.type, [])))

        self.serve_feeds(self.FEEDS, "on", listed)
        for _ in range(2):
            self.assertEqual(self.ask_filter("clean.example.vn", source=STAFF).addresses(),
                             [REAL4, LISTED4])
            self.assert_blocked(self.ask_filter("clean.example.vn"))
            for rtype in ("AAAA", "HTTPS"):
                reply = self.ask_filter("clean.example.vn", rtype)
                self.assertEqual((reply.rcode, reply.answer), (dns.NOERROR, []))


ECH = b"\0\x08 ech key"
V6_IN_PARAMS = "2001:db8::7"


class Bypass(AnswersTest):
    RULES = {"gambling": "||casino.example^\n"}

    def records(self, query):
        if query.type in (dns.HTTPS, dns.SVCB):
            answer = [https(query.name, rtype=query.type, v4=[REAL4], ech=ECH, v6=[V6_IN_PARAMS],
                            mandatory=[4, 5]),
                      https(query.name, "other.example.vn", rtype=query.type, priority=2, ech=ECH),
                      https(query.name, rtype=query.type, priority=3)]
            query.send(query.reply(answer=answer))
        else:
            everything(query)

    def data_of(self, reply):
        return [rr.data for rr in reply.answer]

    def test_ech_is_taken_out_for_tiers_that_block_ways_round(self):
        self.serve(self.records, filter={"tiers": [STAFF_TIER]})
        name = "www.example.vn"
        for rtype in ("HTTPS", "SVCB"):
            for _ in range(2):
                reply = self.ask_filter(name, rtype)
                self.assertNotIn(ECH, reply.wire)
                self.assertEqual(self.data_of(reply), [
                    https(name, v4=[REAL4], v6=[V6_IN_PARAMS], mandatory=[4])[-len(data):]
                    if i == 0 else data for i, data in enumerate(self.data_of(reply))])
                self.assertEqual(len(reply.answer), 3)
                # The same cached answer, whole, for those who may.
                whole = self.ask_filter(name, rtype, source=STAFF)
                self.assertEqual(whole.wire.count(ECH), 2)
            # Signed data cannot be changed, so they are withheld.
            reply = self.ask_filter(name, rtype, do=True)
            self.assertEqual((reply.rcode, reply.answer, len(reply.authority)), (0, [], 1))
            self.assertEqual(self.ask_filter(name, rtype, source=STAFF, do=True).wire.count(ECH), 2)
        self.assert_real(self.ask_filter(name))

    def test_ech_stays_where_the_school_says_so(self):
        self.serve(self.records, filter={"strip_ech": "off"})
        for _ in range(2):
            self.assertEqual(self.ask_filter("www.example.vn", "HTTPS").wire.count(ECH), 2)

    def test_canaries_by_tier(self):
        self.serve(filter={"tiers": [STAFF_TIER]})
        for name in ("use-application-dns.net", "mask.icloud.com", "mask-h2.icloud.com"):
            for rtype in ("A", "AAAA", "HTTPS"):
                reply = self.ask_filter(name, rtype)
                self.assertEqual((reply.rcode, reply.answer, reply.ede), (dns.NXDOMAIN, [], None))
            self.assertEqual(self.ask_filter(name, source=STAFF).addresses(), [REAL4])
        self.assert_real(self.ask_filter("www.use-application-dns.net"))
        self.assertEqual(self.control("status")["queries"]["forwarded"] > 0, True)

    def test_no_resolver_is_designated(self):
        self.serve(filter={"tiers": [STAFF_TIER]})
        for client in (PAGE, STAFF):
            for name in ("_dns.resolver.arpa", "resolver.arpa", "a.b.resolver.arpa"):
                for rtype in ("SVCB", "A", "AAAA", "HTTPS"):
                    reply = self.ask_filter(name, rtype, source=client)
                    self.assertEqual((reply.rcode, reply.answer, reply.ede), (0, [], None))
                    self.assertEqual(len(reply.authority), 1)
        self.assertEqual(self.server.asked(), [])


def minutes_of_day(offset_h):
    """Of the clock of Etc/GMT zones: `offset_h` hours ahead of UTC."""
    return int(time.time()) // 60 % 1440 + 60 * offset_h


class Lifetimes(AnswersTest):
    """The contract's TTL row: never past the moment in which a window, grant or pause changes
    this asker's verdict; at most five minutes where one could."""
    RULES = {"games": "||play.example^\n", "gambling": "||casino.example^\n",
             "illegal_vn": "||banned.example^\n"}

    def ttl(self, name, rtype="A", **how):
        reply = self.ask_filter(name, rtype, **how)
        return min(rr.ttl for rr in reply.answer + reply.authority)

    def window(self, **keys):
        """A zone in whose day it is about noon, and a schedule of it that ends in three to four
        minutes: (zone, schedule, seconds on the clock at its end)."""
        ahead = 12 - int(time.time()) // 3600 % 24
        now = minutes_of_day(ahead) % 1440
        end = now + 4
        zone = "Etc/GMT%+d" % -ahead if ahead else "Etc/GMT"
        return zone, dict({"name": "now", "from": "00:00",
                           "to": "%02d:%02d" % (end // 60, end % 60)}, **keys), \
            (int(time.time()) // 60 + end - now) * 60

    def check_border(self, end, names):
        for name in names:
            for _ in range(2):
                ttl, left = self.ttl(name), end - time.time()
                self.assertGreater(ttl, 0)
                self.assertLessEqual(ttl, left + 1)

    def test_no_answer_outlives_the_window_that_opened_it(self):
        zone, schedule, end = self.window(unblock=["games"])
        self.serve(filter={"tiers": [{"name": "lower_secondary", "schedules": [schedule]}]},
                   school={"time_zone": zone})
        self.assertEqual(self.ask_filter("play.example").addresses(), [REAL4])
        self.check_border(end, ["play.example"])

    def test_no_answer_outlives_the_window_that_closed_it(self):
        zone, schedule, end = self.window(allow_only="on")
        self.serve(filter={"answer": {"ttl": "5m"},
                           "tiers": [{"name": "lower_secondary", "schedules": [schedule]}]},
                   school={"time_zone": zone})
        self.assert_blocked(self.ask_filter("www.example.vn"))
        self.check_border(end, ["www.example.vn"])

    def test_an_answer_that_leads_through_an_open_name_ends_with_its_window(self):
        def lead(query):
            query.send(query.reply(answer=[cname(query.name, "play.example", 3600),
                                           a("play.example", REAL4, 3600)]))

        zone, schedule, end = self.window(unblock=["games"])
        self.serve(lead, filter={"tiers": [{"name": "lower_secondary", "schedules": [schedule]}]},
                   school={"time_zone": zone})
        self.assertEqual(self.ask_filter("clean.example.vn").addresses(), [REAL4])
        self.check_border(end, ["clean.example.vn"])

    def test_five_minutes_where_a_window_could_change_it(self):
        ahead = 12 - int(time.time()) // 3600 % 24
        self.serve(school={"time_zone": "Etc/GMT%+d" % -ahead if ahead else "Etc/GMT"},
                   filter={"tiers": [
                       {"name": "lower_secondary", "block": ["gambling"],
                        "schedules": [{"name": "night", "from": "22:00", "to": "23:00",
                                       "block": ["games"]}]}, STAFF_TIER]})
        for _ in range(2):
            self.assertLessEqual(self.ttl("play.example"), 300)
        # Nobody's window touches staff.
        self.assertGreater(self.ttl("www.example.vn", source=STAFF), 300)

    def test_a_grant_bounds_what_it_opened(self):
        self.serve(filter={"tiers": [STAFF_TIER]})
        self.assert_blocked(self.ask_filter("casino.example"))
        reply = self.control("allow", name="casino.example", tier="lower_secondary", for_ms=90000)
        self.assertTrue(reply["ok"], reply)
        for _ in range(2):
            self.assert_real(self.ask_filter("casino.example"))
            self.assertLessEqual(self.ttl("casino.example"), 90)
            self.assertGreater(self.ttl("casino.example"), 0)

    def test_a_deny_grant_shuts_what_is_cached_and_what_leads_there(self):
        def lead(query):
            if query.name != "clean.example.vn":
                return everything(query)
            return query.send(query.reply(answer=[cname(query.name, "shut.example"),
                                                  a("shut.example", REAL4)]))

        self.serve(lead, filter={"tiers": [STAFF_TIER]})
        for _ in range(2):
            self.assert_real(self.ask_filter("clean.example.vn"))
            self.assert_real(self.ask_filter("shut.example"))
        reply = self.control("deny", name="shut.example", tier="lower_secondary", for_ms=90000)
        self.assertTrue(reply["ok"], reply)
        for _ in range(2):
            self.assert_blocked(self.ask_filter("clean.example.vn"))
            self.assert_blocked(self.ask_filter("shut.example"))
            self.assert_real(self.ask_filter("clean.example.vn", source=STAFF))
        self.assertLessEqual(self.ttl("shut.example"), 90)

    def test_a_pause_bounds_what_it_lets_through(self):
        self.serve()
        self.assertTrue(self.control("pause", for_ms=90000)["ok"])
        for _ in range(2):
            self.assert_real(self.ask_filter("casino.example"))
            self.assertLessEqual(self.ttl("casino.example"), 90)
        self.assert_blocked(self.ask_filter("banned.example"), ede=16)


class Trial(AnswersTest):
    RULES = {"gambling": "||casino.example^\n", "malware": "||evil.example^\n",
             "illegal_vn": "||banned.example^\n"}

    def lead(self, query):
        if query.name != "clean.example.vn":
            return everything(query)
        return query.send(query.reply(answer=[cname(query.name, "casino.example"),
                                              a("casino.example", REAL4)]))

    def test_a_trial_blocks_what_harms_and_counts_the_rest(self):
        self.serve(self.lead, filter={"enforce": "off"})
        for i in range(1, 13):
            client = "127.0.1.%d" % i
            self.assert_real(self.ask_filter("casino.example", source=client))
            self.assert_real(self.ask_filter("clean.example.vn", source=client))
            self.assert_blocked(self.ask_filter("evil.example", source=client))
        self.assert_blocked(self.ask_filter("banned.example"), ede=16)
        cells = {c["category"]: c["attempts"] for c in self.control("stats")["cells"]}
        self.assertEqual((cells["gambling"], cells["malware"]), (10, 10))
        self.assertEqual(self.control("status")["queries"]["blocked"], 13)


if __name__ == "__main__":
    main()
