#!/usr/bin/env python3
"""The school's own names: zones with servers and records, names that never leave, and private
addresses that are kept out of public names' answers."""
import socket
import struct

from filter_test import FilterTest
from lachan_test import dns, main, wait_for
from scripted_upstream import ScriptedUpstream, a, aaaa, cname, https, soa

PTR, SRV, CNAME = 12, 33, dns.CNAME
PUBLIC = "192.0.2.1"
RECORDS = ["@ A 10.0.0.1", "may-chu 300 A 10.0.0.5", "may-chu AAAA fd00::5",
           "www CNAME may-chu", "ngoai CNAME www.example.vn.", "sau CNAME ngoai",
           "thu MX 10 may-chu", "_sip._udp 60 SRV 0 5 5060 may-chu", "ghi TXT \"a b\" c",
           "*.phong A 10.0.1.1", "tim CNAME www.google.com.", "xau CNAME www.casino.example.",
           "hong HTTPS 1 . alpn=h2 ipv4hint=10.0.0.5"]


def truth(query):
    query.send(query.reply(answer=[query.a(PUBLIC)] if query.type == dns.A else [],
                           authority=[] if query.type == dns.A else [soa("vn")]))


def silence(_query):
    pass


class LocalTest(FilterTest):
    def run_zones(self, zones, *, default=truth, **more):
        """`zones`: (name, script or None, other keys); `default`: what the upstream plays."""
        self.default = ScriptedUpstream(default)
        self.addCleanup(self.default.close)
        self.zone_servers, made = {}, []
        for name, script, keys in zones:
            zone = {"zone": name, **keys}
            if script is not None:
                server = self.zone_servers[name] = ScriptedUpstream(script)
                self.addCleanup(server.close)
                zone["servers"] = ["udp://127.0.0.1:%d" % server.port]
            made.append(zone)
        upstream = more.pop("upstream", {})
        self.run_filter(upstreams=[self.default.port],
                        upstream={"zones": made, "timeout": "500ms", **upstream}, **more)

    def assert_never_left(self, *suffixes):
        """The default upstream has seen no name at or below these."""
        for query in self.default.asked():
            for suffix in suffixes:
                self.assertFalse(("." + query.name).endswith("." + suffix), query.name)

    def texts(self, name, rtype):
        reply = self.ask_filter(name, rtype)
        self.assertEqual(reply.rcode, dns.NOERROR, name)
        return [r.text for r in reply.answer if r.type == dns.TYPES.get(rtype, rtype)]


class Records(LocalTest):
    def test_records_are_answered_here(self):
        self.run_zones([("truong.lan", None, {"records": RECORDS})])
        reply = self.ask_filter("May-Chu.truong.lan")
        self.assertEqual([(r.name, r.type, r.ttl, r.text) for r in reply.answer],
                         [("May-Chu.truong.lan", dns.A, 300, "10.0.0.5")])
        self.assertEqual((reply.aa, reply.ra, reply.ad), (False, True, False))
        self.assertEqual(self.texts("may-chu.truong.lan", "AAAA"), ["fd00::5"])
        self.assertEqual(self.texts("truong.lan", "A"), ["10.0.0.1"])
        self.assertEqual(self.texts("ghi.truong.lan", "TXT"), [b"\3a b\1c".hex()])
        self.assertEqual(self.texts("thu.truong.lan", "MX"),
                         [(b"\0\x0a" + dns.wire_name("may-chu.truong.lan")).hex()])
        reply = self.ask_filter("_sip._udp.truong.lan", SRV)
        self.assertEqual((reply.answer[0].ttl, reply.answer[0].data), (
            60, struct.pack("!3H", 0, 5, 5060) + dns.wire_name("may-chu.truong.lan")))
        self.assertEqual(len(self.ask_filter("hong.truong.lan", "HTTPS").answer), 1)
        self.assertEqual(self.default.asked(), [])
        self.stop_clean()

    def test_what_a_zone_does_not_have_does_not_exist(self):
        self.run_zones([("truong.lan", None, {"records": RECORDS})])
        for name, rtype, rcode in (("khong.truong.lan", "A", dns.NXDOMAIN),
                                   ("x.may-chu.truong.lan", "AAAA", dns.NXDOMAIN),
                                   ("may-chu.truong.lan", "TXT", dns.NOERROR),
                                   ("_udp.truong.lan", "A", dns.NOERROR),
                                   ("truong.lan", "MX", dns.NOERROR)):
            self.assert_negative(self.ask_filter(name, rtype), "truong.lan", 30, rcode)
        self.assertEqual(self.default.asked(), [])

    def test_wildcards_cover_what_is_not_there(self):
        self.run_zones([("truong.lan", None, {"records": RECORDS})])
        self.assertEqual(self.texts("1.phong.truong.lan", "A"), ["10.0.1.1"])
        self.assertEqual(self.texts("a.b.phong.truong.lan", "A"), ["10.0.1.1"])
        self.assert_negative(self.ask_filter("1.phong.truong.lan", "AAAA"), "truong.lan", 30)
        self.assert_negative(self.ask_filter("phong.truong.lan"), "truong.lan", 30)

    def test_a_cname_of_ours_is_followed_inside_and_out(self):
        self.run_zones([("truong.lan", None, {"records": RECORDS})])
        reply = self.ask_filter("www.truong.lan")
        self.assertEqual([(r.name, r.type, r.text) for r in reply.answer], [
            ("www.truong.lan", CNAME, "may-chu.truong.lan"),
            ("may-chu.truong.lan", dns.A, "10.0.0.5")])
        for _ in range(2):  # from upstream, from the cache
            reply = self.ask_filter("sau.truong.lan")
            self.assertEqual([(r.name, r.text) for r in reply.answer], [
                ("sau.truong.lan", "ngoai.truong.lan"), ("ngoai.truong.lan", "www.example.vn"),
                ("www.example.vn", PUBLIC)])
        self.assertEqual(len(self.default.asked("www.example.vn")), 1)
        reply = self.ask_filter("sau.truong.lan", "CNAME")
        self.assertEqual([r.text for r in reply.answer], ["ngoai.truong.lan"])
        self.assert_never_left("truong.lan")

    def test_what_a_cname_of_ours_leads_to_is_judged(self):
        self.run_zones([("truong.lan", None, {"records": RECORDS})])
        self.assert_blocked(self.ask_filter("xau.truong.lan"))
        self.assert_blocked(self.ask_filter("xau.truong.lan"))
        self.assertEqual(self.default.asked(), [])
        reply = self.ask_filter("tim.truong.lan")
        names = [r.text for r in reply.answer if r.type == CNAME]
        self.assertEqual(names, ["www.google.com", "forcesafesearch.google.com"])
        self.assertEqual(self.default.asked("www.google.com"), [])

    def test_a_circle_of_wildcards_ends(self):
        self.run_zones([("truong.lan", None, {"records": ["* CNAME vong", "*.a CNAME b.a"]})])
        for name in ("x.truong.lan", "x.a.truong.lan"):
            reply = self.ask_filter(name)
            self.assertEqual((reply.rcode, reply.answer), (dns.SERVFAIL, []))
        self.assertEqual(self.texts("x.truong.lan", "CNAME"), ["vong.truong.lan"])
        self.stop_clean()

    def test_pointers_follow_from_addresses(self):
        self.run_zones([("truong.lan", None, {"records": RECORDS})])
        reply = self.ask_filter("5.0.0.10.in-addr.arpa", PTR)
        self.assertEqual(reply.answer[0].data, dns.wire_name("may-chu.truong.lan"))
        name = ".".join(reversed("%032x" % int.from_bytes(
            socket.inet_pton(socket.AF_INET6, "fd00::5"), "big"))) + ".ip6.arpa"
        reply = self.ask_filter(name, PTR)
        self.assertEqual(reply.answer[0].data, dns.wire_name("may-chu.truong.lan"))
        reply = self.ask_filter("6.0.0.10.in-addr.arpa", PTR)
        self.assert_negative(reply, "10.in-addr.arpa", 30, dns.NXDOMAIN)
        self.assertEqual(self.default.asked(), [])

    def test_a_large_rrset_comes_by_tcp(self):
        many = ["nhieu A 10.1.%d.%d" % (i // 200, i % 200) for i in range(300)]
        self.run_zones([("truong.lan", None, {"records": many})])
        self.assertTrue(self.ask_filter("nhieu.truong.lan").tc)
        self.assertEqual(len(self.ask_filter("nhieu.truong.lan", tcp=True).answer), 300)


class Precedence(LocalTest):
    RULES = {"gambling": "||casino.example^\n||game.truong.lan^\n",
             "illegal_vn": "||cam.truong.lan^\n"}

    def test_content_feeds_do_not_take_own_names_but_locked_and_deny_do(self):
        records = ["game A 10.0.0.5", "cam A 10.0.0.5", "cua-toi A 10.0.0.5"]
        self.run_zones([("truong.lan", None, {"records": records})],
                       filter={"tiers": [{"name": "lower_secondary",
                                          "deny": ["cua-toi.truong.lan"]}]})
        self.assertEqual(self.ask_filter("game.truong.lan").addresses(), ["10.0.0.5"])
        self.assert_blocked(self.ask_filter("cam.truong.lan"), ede=16)
        self.assert_blocked(self.ask_filter("cua-toi.truong.lan"))

    def test_the_portal_stays_what_it_is(self):
        self.run_zones([("internal", None, {"records": ["may A 10.0.0.5"]})])
        self.assertEqual(self.ask_filter("lachan.internal").addresses(), ["127.0.0.1"])
        self.assertEqual(self.ask_filter("may.internal").addresses(), ["10.0.0.5"])

    def test_explain_says_who_answers(self):
        self.run_zones([("truong.lan", truth, {"records": ["may A 10.0.0.5"]}),
                        ("mo.vn", None, {})])

        def local(name, **how):
            return self.control("explain", name=name, **how)["local"]
        self.assertEqual(local("may.truong.lan"), {
            "zone": "truong.lan", "of": "school", "answer": "records", "wildcard": False,
            "synthesised": False, "private": True, "servers": ["127.0.0.1:%d" % (
                self.zone_servers["truong.lan"].port)]})
        self.assertEqual(local("may.truong.lan", type="TXT")["answer"], "nodata")
        self.assertEqual(local("khac.truong.lan")["answer"], "servers")
        self.assertEqual(local("x.mo.vn")["answer"], "upstream")
        self.assertEqual(local("in.local")["answer"], "nxdomain")
        self.assertEqual(local("in.local")["of"], "special")
        self.assertEqual(local("1.0.0.10.in-addr.arpa")["of"], "reverse")
        self.assertIsNone(local("www.example.vn"))

    def test_lachanctl_says_it_in_words(self):
        self.need("lachanctl")
        self.run_zones([("truong.lan", truth, {"records": ["may A 10.0.0.5", "* TXT x"]})],
                       default=lambda q: q.send(q.reply(answer=[q.a("10.0.0.9")])))
        self.ask_filter("rieng.vn")

        def explain(*arguments):
            status, said, wrong = self.run_program("lachanctl", "-c", self.path("lachan.yaml"),
                                                   "explain", *arguments)
            self.assertEqual(status, 0, wrong)
            return said
        told = {("may.truong.lan",): "Answered here, by a record of the zone: truong.lan",
                ("x.truong.lan", "--type", "TXT"): "all names that are not written",
                ("x.local",): "reserved and never leaves, with all of: local",
                ("5.0.0.10.in-addr.arpa", "--type", "PTR"): "follows from the address"}
        for question, words in told.items():
            self.assertIn(words, explain(*question))
        self.assertIn("zones: [{zone: rieng.vn}]", explain("rieng.vn"))
        self.stop_clean()
        for question, words in told.items():  # from the disk
            self.assertIn(words, explain(*question))


class Servers(LocalTest):
    def test_the_longest_zone_is_asked_and_nobody_else(self):
        def answers(address):
            return lambda q: q.send(q.reply(answer=[q.a(address)]))
        self.run_zones([("truong.lan", answers("10.0.0.9"), {"records": ["may A 10.0.0.5"]}),
                        ("lop.truong.lan", answers("10.0.0.8"), {}),
                        ("10.in-addr.arpa", truth, {})])
        self.assertEqual(self.ask_filter("x.truong.lan").addresses(), ["10.0.0.9"])
        self.assertEqual(self.ask_filter("x.lop.truong.lan").addresses(), ["10.0.0.8"])
        self.assertEqual(self.ask_filter("may.truong.lan").addresses(), ["10.0.0.5"])
        self.assertEqual(self.ask_filter("may.truong.lan", "AAAA").answer, [])
        self.assertEqual(self.ask_filter("truong.lan.vn").addresses(), [PUBLIC])
        self.ask_filter("1.0.0.10.in-addr.arpa", PTR)
        self.assertEqual(len(self.zone_servers["10.in-addr.arpa"].asked()), 1)
        self.assertEqual([q.name for q in self.zone_servers["truong.lan"].asked()],
                         ["x.truong.lan"])
        self.assertEqual([q.name for q in self.default.asked()], ["truong.lan.vn"])
        # Warm: nobody is asked again.
        self.assertEqual(self.ask_filter("x.truong.lan").addresses(), ["10.0.0.9"])
        self.assertEqual(len(self.zone_servers["truong.lan"].asked("x.truong.lan")), 1)
        self.stop_clean()

    def test_a_zone_whose_server_is_down_fails_and_stays_inside(self):
        self.run_zones([("truong.lan", silence, {}), ("khac.lan", truth, {})])
        self.zone_servers["khac.lan"].close()
        for name in ("a.truong.lan", "a.khac.lan", "a.truong.lan"):
            self.assertEqual(self.ask_filter(name).rcode, dns.SERVFAIL)
        self.assertEqual(self.ask_filter("www.example.vn").addresses(), [PUBLIC])
        self.assert_never_left("lan")

    def test_a_reload_that_moves_a_zone_forgets_its_answers(self):
        self.run_zones([("truong.vn", lambda q: q.send(q.reply(answer=[q.a("10.0.0.9")])), {})])
        self.assertEqual(self.ask_filter("x.truong.vn").addresses(), ["10.0.0.9"])
        zones = self.current["upstream"]["zones"]
        self.current["upstream"]["zones"] = []
        self.reload(self.current)
        self.assertEqual(self.ask_filter("x.truong.vn").addresses(), [PUBLIC])
        self.current["upstream"]["zones"] = zones
        self.reload(self.current)
        self.assertEqual(self.ask_filter("x.truong.vn").addresses(), ["10.0.0.9"])
        # Rules that change leave it alone.
        asked = len(self.zone_servers["truong.vn"].asked())
        self.publish({"gambling": "||casino.example^\n||moi.example^\n"})
        self.wait_rules("moi.example")
        self.assertEqual(self.ask_filter("x.truong.vn").addresses(), ["10.0.0.9"])
        self.assertEqual(len(self.zone_servers["truong.vn"].asked()), asked)

    def test_a_question_on_its_way_is_told_to_no_other_server(self):
        """The zone goes while its server is silent: no retry may go to another one."""
        self.run_zones([("truong.vn", silence, {}), ("khac.vn", truth, {})])
        query = dns.make_query("mat.truong.vn")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(15)
            sock.connect(("127.0.0.1", self.port))
            sock.send(query)
            wait_for("the zone's server to be asked",
                     lambda: self.zone_servers["truong.vn"].asked("mat.truong.vn"))
            self.current["upstream"]["zones"] = self.current["upstream"]["zones"][1:]
            self.reload(self.current)
            self.assertEqual(dns.Reply(sock.recv(65535)).rcode, dns.SERVFAIL)
        self.assertEqual(self.zone_servers["khac.vn"].asked("mat.truong.vn"), [])
        self.assertEqual(self.default.asked("mat.truong.vn"), [])

    def test_a_gateway_does_not_ask_itself_for_a_zone(self):
        self.write_json(self.config(upstream={"zones": [
            {"zone": "truong.lan", "servers": ["udp://127.0.0.1:%d" % self.port]}]}))
        status, _, said = self.run_program("lachan-filter", "-c", self.path("lachan.yaml"))
        self.assertEqual(status, 2, said)
        self.assertIn("this gateway itself", said)


class NamesThatStay(LocalTest):
    def test_special_names_and_private_reverse_zones_never_leave(self):
        self.run_zones([])
        gone = ["may.local", "_http._tcp.local", "x.onion", "x.alt", "x.internal", "x.invalid",
                "tv.home.arpa", "default.service.arpa", "1.0.0.10.in-addr.arpa",
                "1.1.16.172.in-addr.arpa", "1.1.31.172.in-addr.arpa",
                "1.1.168.192.in-addr.arpa", "1.1.254.169.in-addr.arpa",
                "9.0.0.127.in-addr.arpa", "1.1.64.100.in-addr.arpa", "1.2.0.192.in-addr.arpa",
                "1.100.51.198.in-addr.arpa", "1.113.0.203.in-addr.arpa", "1.0.0.0.in-addr.arpa",
                "1.d.f.ip6.arpa", "1.8.e.f.ip6.arpa", "1.b.e.f.ip6.arpa",
                "1.8.b.d.0.1.0.0.2.ip6.arpa"]
        for name in gone:
            for rtype in ("A", PTR):
                reply = self.ask_filter(name, rtype)
                self.assertEqual((reply.rcode, reply.answer), (dns.NXDOMAIN, []), name)
                self.assertEqual([r.type for r in reply.authority], [dns.SOA], name)
        self.assertEqual(self.ask_filter("localhost").addresses(), ["127.0.0.1"])
        self.assertEqual(self.ask_filter("x.localhost", "AAAA").addresses(dns.AAAA), ["::1"])
        reply = self.ask_filter("1.0.0.127.in-addr.arpa", PTR)
        self.assertEqual(reply.answer[0].data, dns.wire_name("localhost"))
        self.assertEqual(self.default.asked(), [])
        # What looks alike is forwarded.
        for name in ("www.test", "www.example", "ipv4only.arpa", "local.vn", "8.8.8.8.in-addr.arpa"):
            self.assertEqual(self.ask_filter(name).addresses(), [PUBLIC], name)
        self.assertGreater(self.control("status")["queries"]["local"], 40)

    def test_a_zone_of_the_school_takes_a_special_names_place(self):
        self.run_zones([("truong.local", truth, {}), ("168.192.in-addr.arpa", truth, {})])
        self.assertEqual(self.ask_filter("dc.truong.local").addresses(), [PUBLIC])
        self.assertEqual(self.ask_filter("khac.local").rcode, dns.NXDOMAIN)
        self.ask_filter("1.1.168.192.in-addr.arpa", PTR)
        self.assertEqual(len(self.zone_servers["168.192.in-addr.arpa"].asked()), 1)
        self.assertEqual(self.ask_filter("1.0.0.10.in-addr.arpa", PTR).rcode, dns.NXDOMAIN)
        self.assertEqual(self.default.asked(), [])


PRIVATE_4 = ["10.0.0.1", "172.16.5.5", "192.168.1.1", "127.0.0.1", "169.254.1.1", "0.0.0.0",
             "0.1.2.3", "100.64.0.1", "224.0.0.251", "255.255.255.255"]
PRIVATE_6 = ["::1", "::", "fd00::1", "fe80::1", "ff02::1", "::ffff:192.168.1.1",
             "64:ff9b::10.0.0.1", "2002:a00:1::1", "fec0::1", "::127.0.0.1"]


class Rebinding(LocalTest):
    @staticmethod
    def attack(query):
        """aN.evil.vn has the N-th private address; mixed.evil.vn a public one as well."""
        label = query.name.split(".")[0]
        if query.type == dns.A:
            answer = {"mixed": [a(query.name, "10.0.0.1"), a(query.name, PUBLIC)],
                      "alias": [cname(query.name, "may.truong.vn"), a("may.truong.vn", "10.0.0.1")],
                      "clean": [a(query.name, PUBLIC)]}.get(label)
            if answer is None:
                answer = [a(query.name, PRIVATE_4[int(label[1:])])]
        elif query.type == dns.AAAA:
            answer = [aaaa(query.name, PRIVATE_6[int(label[1:])])]
        elif query.type == dns.HTTPS:
            i = int(label[1:])
            answer = [https(query.name, v4=[PRIVATE_4[i]], v6=["2001:db8::1"]),
                      https(query.name, priority=2, v6=[PRIVATE_6[i]])]
        else:
            answer = []
        query.send(query.reply(answer=answer))

    def assert_nothing(self, name, rtype, **how):
        reply = self.ask_filter(name, rtype, **how)
        self.assertEqual((reply.rcode, reply.answer), (dns.NOERROR, []), (name, rtype))
        self.assertEqual([r.type for r in reply.authority], [dns.SOA])
        self.assertEqual(reply.ede, (0, ""))

    def test_private_addresses_of_public_names_are_withheld(self):
        self.run_zones([], default=self.attack)
        for i in range(10):
            for _ in range(2):  # cold, warm
                self.assert_nothing("a%d.evil.vn" % i, "A")
                self.assert_nothing("a%d.evil.vn" % i, "AAAA")
                reply = self.ask_filter("a%d.evil.vn" % i, "HTTPS")
                self.assertEqual(len(reply.answer), 2)
                wire = b"".join(r.data for r in reply.answer)
                self.assertNotIn(b"\0\4\0\4", wire)
                self.assertNotIn(socket.inet_pton(socket.AF_INET6, PRIVATE_6[i]),
                                 reply.answer[1].data)
                self.assert_nothing("a%d.evil.vn" % i, "A", do=True)
                self.assert_nothing("a%d.evil.vn" % i, "HTTPS", do=True)
        self.assertEqual(len(self.default.asked("a1.evil.vn", type=dns.A, do=False)), 1)
        # 0.0.0.0 and :: are how a server says that it blocks a name: no attempt.
        self.assertGreaterEqual(self.control("status")["queries"]["rebound"], 60)
        self.assertIn("were withheld", self.program.log())
        self.assertNotIn("evil.vn", self.program.log())
        self.stop_clean()

    def test_what_is_public_in_an_answer_stays(self):
        self.run_zones([], default=self.attack)
        for _ in range(2):
            self.assertEqual(self.ask_filter("mixed.evil.vn").addresses(), [PUBLIC])
            self.assertEqual(self.ask_filter("clean.evil.vn").addresses(), [PUBLIC])
            self.assert_nothing("mixed.evil.vn", "A", do=True)

    def test_the_questions_own_zone_decides(self):
        self.run_zones([("truong.vn", None, {}), ("dong.vn", None, {"private": False}),
                        ("rieng.vn", self.attack, {}),
                        ("chung.vn", self.attack, {"private": False})], default=self.attack)
        for _ in range(2):
            self.assertEqual(self.ask_filter("a0.truong.vn").addresses(), ["10.0.0.1"])
            self.assertEqual(self.ask_filter("alias.truong.vn").addresses(), ["10.0.0.1"])
            self.assertEqual(self.ask_filter("a3.rieng.vn").addresses(), ["127.0.0.1"])
            self.assertEqual(len(self.ask_filter("a0.truong.vn", "HTTPS", do=True).answer), 2)
            self.assert_nothing("a0.dong.vn", "A")
            self.assert_nothing("a0.chung.vn", "A")
            # A public name that leads to a name of ours.
            self.assert_nothing("alias.evil.vn", "A")

    def test_protection_may_be_off_and_a_reload_decides_anew(self):
        self.run_zones([], default=self.attack, upstream={"rebind_protection": False})
        self.assertEqual(self.ask_filter("a0.evil.vn").addresses(), ["10.0.0.1"])
        self.current["upstream"]["rebind_protection"] = True
        self.reload(self.current)
        self.assert_nothing("a0.evil.vn", "A")
        self.current["upstream"]["zones"] = [{"zone": "evil.vn"}]
        self.reload(self.current)
        self.assertEqual(self.ask_filter("a0.evil.vn").addresses(), ["10.0.0.1"])
        self.assertEqual(len(self.default.asked("a0.evil.vn")), 1)

    def test_stale_answers_are_looked_at_too(self):
        """The server answers once and is gone: what is served on is no more than before."""
        dead = []

        def once(query):
            if not dead:
                query.send(query.reply(answer=[a(query.name, "10.0.0.1", ttl=1),
                                               a(query.name, PUBLIC, ttl=1)]))
        self.run_zones([("truong.vn", once, {})], default=once)
        self.assertEqual(self.ask_filter("x.evil.vn").addresses(), [PUBLIC])
        self.assertEqual(len(self.ask_filter("x.truong.vn").addresses()), 2)
        dead.append(True)

        def stale(name):
            reply = self.ask_filter(name)
            return reply if reply.answer and reply.answer[0].ttl == 30 else None
        reply = wait_for("a stale answer", lambda: stale("x.evil.vn"))
        self.assertEqual(reply.addresses(), [PUBLIC])
        reply = wait_for("a stale answer of the zone", lambda: stale("x.truong.vn"))
        self.assertEqual(sorted(reply.addresses()), ["10.0.0.1", PUBLIC])
        self.assertEqual(self.default.asked("x.truong.vn"), [])

    def test_a_safe_name_with_a_private_address_is_withheld(self):
        def lies(query):
            query.send(query.reply(answer=[query.a("192.168.1.1")]))
        self.run_zones([], default=lies)
        for _ in range(2):
            self.assert_nothing("www.google.com", "A")

    def test_explain_shows_the_line_that_lets_it_pass(self):
        self.run_zones([], default=self.attack)
        self.assertFalse(self.control("explain", name="a0.evil.vn")["rebound"])
        self.assert_nothing("a0.evil.vn", "A")
        self.assertTrue(self.control("explain", name="a0.evil.vn")["rebound"])


if __name__ == "__main__":
    main()
