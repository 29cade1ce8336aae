"""Who asks: devices by MAC address and by what a forwarder says, in networks of their own."""
import base64
import glob
import json
import os
import shutil
import socket
import struct
import subprocess
import time

import netns
from filter_test import FilterTest
from lachan_test import PATIENCE_S, dns, main, wait_for
from scripted_upstream import ScriptedUpstream

TEACHER, PUPIL, OTHER = "02:aa:00:00:00:11", "02:aa:00:00:00:22", "02:aa:00:00:00:33"
GATEWAY = "02:aa:00:00:00:01"
GAME, OPEN = "game.example", "www.example.vn"  # games are open to staff alone
MAC, MAC_TEXT, ECS = 65001, 65073, 8


def raw(mac):
    return bytes.fromhex(mac.replace(":", ""))


def ecs(address, bits=None):
    """The option's data: all of an address, or its first bits."""
    four = "." in address
    octets = socket.inet_pton(socket.AF_INET if four else socket.AF_INET6, address)
    bits = len(octets) * 8 if bits is None else bits
    return struct.pack("!HBB", 1 if four else 2, bits, 0) + octets[:(bits + 7) // 8]


class WhoTest(FilterTest):
    """Devices on a bridge with the gateway: 10.10.1.1, fd10::1."""
    RULES = {"games": "||game.example^\n"}
    RECORDS = {"www.example.vn": "192.0.2.7", "game.example": "192.0.2.9"}

    def setUp(self):
        super().setUp()
        self.gateway = netns.Space(self)
        self.gateway.ip("link", "add", "lan0", "address", GATEWAY, "type", "bridge")
        self.gateway.ip("link", "set", "lan0", "up")
        for address in ("10.10.1.1/24", "fd10::1/64"):
            self.gateway.ip("address", "add", address, "dev", "lan0")
        self.ports = 0

    def device(self, mac, *addresses):
        space = netns.Space(self)
        self.ports += 1
        port = "port%d" % self.ports
        netns.wire(space, self.gateway, near=port, near_addresses=(), mac=mac, addresses=addresses)
        self.gateway.ip("link", "set", port, "master", "lan0")
        return space

    def serve(self, clients, *, groups=(), upstreams=None, monitor=None, **server):
        """Staff is `clients`; everybody else is a pupil."""
        with self.gateway:
            self.run_filter(
                upstreams=upstreams, monitor=monitor or {},
                server={"listen": ["0.0.0.0:%d" % self.port, "[::]:%d" % self.port], **server},
                filter={"groups": list(groups),
                        "tiers": [{"name": "staff", "clients": list(clients)}]})

    def ask_from(self, space, name=GAME, rtype="A", host="10.10.1.1", **how):
        with space:
            return self.ask_filter(name, rtype, host=host, **how)

    def is_staff(self, space, **how):
        """The tier by which the gateway judges who asks."""
        reply = self.ask_from(space, **how)
        self.assertEqual(reply.rcode, dns.NOERROR)
        return reply.ede is None

    def tier_of(self, client):
        """What `explain` says of it."""
        told = self.control("explain", name=GAME, client=client)
        self.assertTrue(told["ok"], told)
        return told["tier"]

    def run_page(self):
        """The warning page beside the filter, with its configuration."""
        self.need("lachan-page")
        with self.gateway:
            page = self.start("lachan-page", "-c", self.path("lachan.yaml"))
        page.wait_log("serving the warning page")

    def page_is_open(self, space, source, host):
        """Whether the page tells this device that the name is open to it."""
        port = int(self.current["pages"]["listen"][0].rsplit(":", 1)[1])
        with space, socket.create_connection((host, port), PATIENCE_S, (source, 0)) as line:
            line.sendall(b"GET / HTTP/1.1\r\nHost: %s\r\nAccept: text/html\r\n\r\n" % GAME.encode())
            text = b""
            while True:
                piece = line.recv(65536)
                text += piece
                if not piece:
                    break
        is_open = b"This page is open now" in text
        self.assertNotEqual(is_open, b"blocked on the school network" in text, text)
        return is_open


class ByMac(WhoTest):
    def test_the_first_query_of_a_device_is_judged_by_its_mac_in_both_families(self):
        teacher = self.device(TEACHER, "10.10.1.11/24", "fd10::11/64")
        pupil = self.device(PUPIL, "10.10.1.22/24", "fd10::22/64")
        self.serve([TEACHER])
        self.assertTrue(self.is_staff(teacher))
        self.assertTrue(self.is_staff(teacher, host="fd10::1"))
        self.assertFalse(self.is_staff(pupil))
        self.assertFalse(self.is_staff(pupil, host="fd10::1"))
        self.assertTrue(self.is_staff(teacher, tcp=True))
        self.assertFalse(self.is_staff(pupil, tcp=True))
        # Link-local too, whose address says on which link it is.
        local = next(word for word in teacher.ip("-6", "addr", "show", "dev", "eth0").split()
                     if word.startswith("fe80"))
        with teacher:
            gateway = next(word for word in self.gateway.ip("-6", "addr", "show", "dev",
                                                            "lan0").split()
                           if word.startswith("fe80")).split("/")[0]
            scope = socket.if_nametoindex("eth0")
            with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
                sock.settimeout(PATIENCE_S)
                sock.bind((local.split("/")[0], 0, 0, scope))
                sock.sendto(dns.make_query(GAME), (gateway, self.port, 0, scope))
                self.assertIsNone(dns.Reply(sock.recv(4096)).ede)
        self.stop_clean()

    def test_a_device_keeps_its_tier_at_any_address_and_leaves_none_behind(self):
        teacher = self.device(TEACHER, "10.10.1.11/24")
        pupil = self.device(PUPIL, "10.10.1.22/24")
        self.serve([TEACHER])
        self.assertTrue(self.is_staff(teacher))
        self.assertFalse(self.is_staff(pupil))
        # It moves; what it had is taken by a pupil, who says so as every machine does (ARP).
        teacher.ip("address", "del", "10.10.1.11/24", "dev", "eth0")
        teacher.ip("address", "add", "10.10.1.77/24", "dev", "eth0")
        pupil.ip("address", "add", "10.10.1.11/24", "dev", "eth0")
        pupil.ip("neigh", "flush", "dev", "eth0")
        self.assertTrue(self.is_staff(teacher))
        # The gateway may hold the address for the teacher's until ARP has told: at most as long
        # as an ordinary probe takes. From then on never again.
        wait_for("the pupil to be one",
                 lambda: not self.is_staff(pupil, source="10.10.1.11"))
        for _ in range(20):
            self.assertFalse(self.is_staff(pupil, source="10.10.1.11"))
            self.assertTrue(self.is_staff(teacher))

    def test_a_device_the_kernel_has_forgotten_is_guessed_for_a_moment(self):
        """It knows the way to us, so it asks without ARP; the kernel learns who it is when our
        answer looks for the way back."""
        teacher = self.device(TEACHER, "10.10.1.11/24")
        teacher.ip("neigh", "add", "10.10.1.1", "lladdr", GATEWAY, "dev", "eth0")
        self.serve([TEACHER])
        reply = self.ask_from(teacher)
        self.assertIsNotNone(reply.ede)
        self.assertLessEqual(reply.answer[0].ttl, 2)
        wait_for("the kernel to know it", lambda: self.is_staff(teacher))
        self.assertGreater(self.ask_from(teacher).answer[0].ttl, 2)

    def test_address_and_mac_together_beat_the_mac_which_beats_the_address(self):
        teacher = self.device(TEACHER, "10.10.1.11/24", "10.10.1.12/24", "fd10::11/64")
        pupil = self.device(PUPIL, "10.10.1.13/24", "10.10.1.22/24")
        other = self.device(OTHER, "10.10.1.50/24")
        page = self.free_port()
        with self.gateway:
            self.run_filter(
                server={"listen": ["0.0.0.0:%d" % self.port, "[::]:%d" % self.port]},
                pages={"listen": [at % page for at in ("0.0.0.0:%d", "[::]:%d")]},
                filter={"tiers": [
                    {"name": "staff", "clients": ["10.10.1.12+" + TEACHER, PUPIL,
                                                  "fd10::11+" + TEACHER, "10.10.1.50"]},
                    {"name": "lower_secondary", "clients": [TEACHER, "10.10.1.22+" + PUPIL,
                                                            "10.10.1.12"]},
                ]})
        self.run_page()
        rows = ((teacher, "10.10.1.12", True), (teacher, "10.10.1.11", False),
                (pupil, "10.10.1.13", True), (pupil, "10.10.1.22", False),
                (other, "10.10.1.50", True))
        for space, source, staff in rows:
            self.assertEqual(self.is_staff(space, source=source), staff, source)
            self.assertEqual(self.tier_of(source), "staff" if staff else "lower_secondary", source)
            self.assertEqual(self.page_is_open(space, source, "10.10.1.1"), staff, source)
        self.assertTrue(self.is_staff(teacher, host="fd10::1"))
        self.assertTrue(self.page_is_open(teacher, "fd10::11", "fd10::1"))
        # People may name it by the MAC alone, or both.
        self.assertEqual(self.tier_of(PUPIL.upper().replace(":", "-")), "staff")
        self.assertEqual(self.tier_of("10.10.1.22+" + PUPIL), "lower_secondary")
        self.assertFalse(self.control("explain", name=GAME, client="10.10.1.22+x")["ok"])
        # The policy in words is to be published: who is staff by MAC is not.
        status, out, said = self.run_program("lachanctl", "-c", self.path("lachan.yaml"), "policy")
        self.assertEqual((status, said), (0, ""))
        self.assertIn("10.10.1.50, 3 devices by their MAC addresses", " ".join(out.split()))
        for mac in (TEACHER, PUPIL):
            self.assertNotIn(mac, out)
        status, out, said = self.run_program("lachanctl", "-c", self.path("lachan.yaml"), "explain",
                                             GAME, "--client", PUPIL, "--json")
        self.assertEqual((status, json.loads(out)["tier"]), (0, "staff"), said)

    def test_a_room_is_known_by_its_devices(self):
        pupil = self.device(PUPIL, "10.10.1.22/24")
        other = self.device(OTHER, "10.10.1.33/24")
        self.serve([], groups=[{"name": "lab", "clients": [PUPIL]}])
        self.assertFalse(self.is_staff(pupil))
        self.assertTrue(self.control("allow", name=GAME, group="lab", for_ms=60000)["ok"])
        wait_for("the room's grant", lambda: self.is_staff(pupil))
        self.assertFalse(self.is_staff(other))

    def test_a_device_behind_a_router_is_its_address(self):
        """The router's MAC is no device's: what is routed has none here."""
        router = self.device(TEACHER, "10.10.1.11/24")
        far = netns.Space(self)
        netns.wire(far, router, near="eth1", addresses=["10.20.1.9/24"],
                   near_addresses=["10.20.1.1/24"], mac=PUPIL)
        far.ip("route", "add", "default", "via", "10.20.1.1")
        router.sysctl("net/ipv4/ip_forward", 1)
        self.gateway.ip("route", "add", "10.20.1.0/24", "via", "10.10.1.11")
        self.serve([TEACHER, PUPIL])
        self.assertTrue(self.is_staff(router))
        for _ in range(3):
            self.assertFalse(self.is_staff(far))


class Claims(WhoTest):
    """What a query says of itself."""

    def test_nobody_is_believed_who_is_not_a_trusted_forwarder(self):
        pupil = self.device(PUPIL, "10.10.1.22/24")
        forwarder = self.device(OTHER, "10.10.1.50/24")
        self.serve([TEACHER, "10.10.1.11"], trusted_forwarders=["10.10.1.50"])
        claims = ([(MAC, raw(TEACHER))], [(MAC_TEXT, TEACHER.encode())], [(ECS, ecs("10.10.1.11"))],
                  [(MAC_TEXT, base64.b64encode(raw(TEACHER)))],
                  [(MAC, raw(TEACHER)), (ECS, ecs("10.10.1.11"))])
        for options in claims:
            for how in ({}, {"tcp": True}):
                self.assertFalse(self.is_staff(pupil, options=options, **how), options)
                self.assertTrue(self.is_staff(forwarder, options=options, **how), options)
        self.assertFalse(self.is_staff(forwarder))

        # Once most have come by the forwarder the summary says so; and the pupil's claims look
        # like a forwarder that nobody named.
        def placed():
            for asker in (forwarder, pupil, forwarder, forwarder):
                self.is_staff(asker, options=claims[0])
                time.sleep(0.02)  # a sample is taken each 10 ms at most
            coverage = json.loads(self.control("summary-preview")["document"])["coverage"]
            return (coverage["placement"], coverage["shared-source"]) == ("forwarded", True)
        wait_for("a summary that says so", placed)

    def test_a_forwarder_names_a_device_a_network_or_itself(self):
        forwarder = self.device(OTHER, "10.10.1.50/24")
        teacher = self.device(TEACHER, "10.10.1.11/24")
        self.serve([TEACHER, "10.99.0.0/16", "10.99.200.1+" + PUPIL, "2001:db8:5::/48"],
                   trusted_forwarders=["10.10.1.50"],
                   allow=["10.10.1.0/24", "10.99.0.0/16", "2001:db8::/32"])
        rows = (
            ([(MAC, raw(TEACHER)), (ECS, ecs("10.99.7.7"))], True),
            ([(MAC, raw(PUPIL)), (ECS, ecs("10.99.7.7"))], True),  # by its address
            ([(MAC, raw(PUPIL))], False),
            ([(MAC, raw(PUPIL)), (ECS, ecs("10.99.200.1"))], True),
            ([(ECS, ecs("10.99.7.0", 24))], True),
            ([(ECS, ecs("10.99.0.0", 16))], True),
            ([(ECS, ecs("2001:db8:5::9"))], True),
            ([(ECS, ecs("2001:db8:5::", 56))], True),
            ([(ECS, ecs("2001:db8:6::9"))], False),
            ([(ECS, b"\0\1\0\0")], False),  # "I do not say"
            ([(MAC, raw(TEACHER)), (MAC_TEXT, PUPIL.encode())], False),  # which?
            ([(MAC, b"\xff" * 6)], False),
            ([(MAC, raw(TEACHER)[:5])], False),
            ([], False),
        )
        for options, staff in rows:
            self.assertEqual(self.is_staff(forwarder, options=options), staff, options)
        # A device on our own link, named by its address alone: its MAC is looked for.
        self.assertTrue(self.is_staff(teacher))
        self.assertTrue(self.is_staff(forwarder, options=[(ECS, ecs("10.10.1.11"))]))
        # Who may ask is the client's matter; a network must be allowed as a whole.
        for options in ([(ECS, ecs("192.0.2.1"))], [(ECS, ecs("10.98.0.0", 15))]):
            reply = self.ask_from(forwarder, OPEN, options=options, tcp=True)
            self.assertEqual(reply.rcode, dns.REFUSED)
        # Out of shape is FORMERR, from whomever.
        bad = [(ECS, b"\0\1\x20\0\x0a\x63")]
        self.assertEqual(self.ask_from(forwarder, options=bad).rcode, dns.FORMERR)
        self.stop_clean()

    def test_options_reach_no_upstream_and_share_one_cached_answer(self):
        forwarder = self.device(OTHER, "10.10.1.50/24")
        with self.gateway:
            upstream = ScriptedUpstream(lambda q: q.send(q.reply(answer=[q.a("192.0.2.7")])))
        self.addCleanup(upstream.close)
        self.serve([TEACHER], upstreams=[upstream.port], trusted_forwarders=["10.10.1.50"],
                   allow=["10.0.0.0/8"])
        for options in ([(MAC, raw(TEACHER)), (ECS, ecs("10.99.7.7"))], [(ECS, ecs("10.99.0.0", 16))],
                        [(MAC_TEXT, PUPIL.encode())], []):
            reply = self.ask_from(forwarder, OPEN, options=options)
            self.assertEqual(reply.addresses(), ["192.0.2.7"])
        asked = upstream.asked(OPEN)
        self.assertEqual(len(asked), 1)
        for query in asked:
            codes = {code for code, _ in query.options}
            self.assertFalse(codes & {MAC, MAC_TEXT, ECS}, codes)
            for secret in (raw(TEACHER), b"\x0a\x63\x07"):
                self.assertNotIn(secret, query.wire)


class Dnsmasq(WhoTest):
    """A real one in front: pupils 10.20.1.0/24 ask 10.20.1.1, which asks us from 10.10.1.50."""

    def setUp(self):
        super().setUp()
        if shutil.which("dnsmasq") is None:
            self.skipTest("dnsmasq (dnsmasq-base) is not installed")
        self.front = self.device(OTHER, "10.10.1.50/24", "fd10::50/64")
        self.teacher, self.pupil = (
            self.behind(mac, number) for mac, number in ((TEACHER, 11), (PUPIL, 22)))
        self.serve([TEACHER, "10.20.1.33"], trusted_forwarders=["10.10.1.50", "127.0.0.1"])

    def behind(self, mac, number):
        space = netns.Space(self)
        netns.wire(space, self.front, near="lan%d" % number, near_addresses=(), mac=mac,
                   addresses=["10.20.1.%d/24" % number, "fd20::%d/64" % number])
        if number == 11:
            self.front.ip("link", "add", "lan0", "type", "bridge")
            self.front.ip("link", "set", "lan0", "up")
            self.front.ip("address", "add", "10.20.1.1/24", "dev", "lan0")
            self.front.ip("address", "add", "fd20::1/64", "dev", "lan0")
        self.front.ip("link", "set", "lan%d" % number, "master", "lan0")
        return space

    def run_dnsmasq(self, space, server, *words, port=53):
        with space:
            started = self.start("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null",
                                 "--user=root", "--group=root", "--pid-file=", "--no-resolv",
                                 "--no-hosts", "--log-facility=-", "--port=%d" % port,
                                 "--server=%s#%d" % (server, self.port), *words,
                                 folder=os.path.dirname(shutil.which("dnsmasq")))
        started.wait_log("using nameserver")
        return started

    def through(self, space, host="10.20.1.1", port=53, **how):
        with space:
            return dns.ask((host, port), GAME, timeout=PATIENCE_S, **how)

    def check(self, *words):
        server = self.run_dnsmasq(self.front, "10.10.1.1", *words)
        for host in ("10.20.1.1", "fd20::1"):
            self.assertIsNone(self.through(self.teacher, host).ede)
            self.assertIsNotNone(self.through(self.pupil, host).ede)
            # One who adds an option of his own has it taken away (--strip-…).
            lie = [(MAC, raw(TEACHER)), (MAC_TEXT, TEACHER.encode()), (ECS, ecs("10.20.1.33"))]
            self.assertIsNotNone(self.through(self.pupil, host, options=lie).ede)
            self.assertIsNone(self.through(self.teacher, host).ede)
        server.term()

    def test_add_mac(self):
        self.check("--add-mac", "--strip-mac", "--add-subnet=32,128", "--strip-subnet")

    def test_add_mac_as_text_and_base64(self):
        for form in ("text", "base64"):
            self.check("--add-mac=" + form, "--strip-mac", "--add-subnet=32,128", "--strip-subnet")

    def test_one_on_the_gateway_itself_gets_the_page_address_of_the_lan(self):
        neighbour = self.device("02:aa:00:00:00:66", "10.10.1.66/24")
        port = self.free_port()
        self.run_dnsmasq(self.gateway, "127.0.0.1", "--add-subnet=32,128", "--strip-subnet",
                         "--cache-size=0", port=port)
        reply = self.through(neighbour, "10.10.1.1", port)
        self.assertEqual(reply.addresses(), ["10.10.1.1"])
        # And without a forwarder in between, loopback is right.
        with self.gateway:
            self.assertEqual(self.ask_filter(GAME).addresses(), ["127.0.0.1"])


class Counting(WhoTest):
    @staticmethod
    def lasting(reply):
        """Blocked for longer than a guess is: the record's TTL, or that of a denial."""
        return (reply.answer or reply.authority)[0].ttl > 2

    def test_a_device_counts_once_whatever_its_addresses_and_leaves_no_trace(self):
        """Five devices with two IPv4 and two IPv6 addresses each: five attempts at one name, not
        ten and more."""
        self.keep_run_dir_in_memory()
        macs = ["02:aa:00:00:01:%02x" % i for i in range(1, 6)]
        spaces = [self.device(mac, "10.10.1.%d/24" % (10 + i), "10.10.1.%d/24" % (100 + i),
                              "fd10::%d/64" % (10 + i), "fd10::%d/64" % (100 + i))
                  for i, mac in enumerate(macs)]
        self.serve([TEACHER], monitor={"summary": {"min_devices": 5, "min_population": 5},
                                       "save": "1m"})
        for i, space in enumerate(spaces):
            for source in ("10.10.1.%d" % (10 + i), "10.10.1.%d" % (100 + i),
                           "fd10::%d" % (10 + i), "fd10::%d" % (100 + i)):
                host = "10.10.1.1" if "." in source else "fd10::1"
                # Guessed (and not counted) until the kernel knows this address too.
                wait_for("%s to be known" % source, lambda space=space, source=source, host=host:
                         self.lasting(self.ask_from(space, source=source, host=host)))

        def cells():
            return [(c["category"], c.get("attempts")) for c in self.control("stats")["cells"]]
        wait_for("the counts", lambda: ("games", 5) in cells())
        document = json.loads(self.control("summary-preview")["document"])
        self.assertEqual([(r["attempts"], r["devices"]) for r in document["records"]
                          if r["category"] == "games" and "devices" in r], [(5, "5-9")])
        self.assertEqual([t["devices"] for t in document["coverage"]["tiers"]], ["5-9"])
        self.assertEqual(("games", 5), next(c for c in cells() if c[0] == "games"))
        self.stop_clean()
        self.look_for_traces([*macs, TEACHER])

    def look_for_traces(self, macs):
        """In everything that was written but the configuration itself."""
        files = [path for folder in (self.run_dir, self.path("state"))
                 for path in glob.glob(folder + "/**", recursive=True) if os.path.isfile(path)]
        files += glob.glob(self.path("*.log"))
        self.assertGreaterEqual(len(files), 3)
        for path in files:
            with open(path, "rb") as file:
                written = file.read()
            for mac in macs:
                for form in (raw(mac), raw(mac)[::-1], mac.encode(), mac.upper().encode(),
                             mac.replace(":", "-").encode(), mac.replace(":", "").encode(),
                             base64.b64encode(raw(mac))):
                    self.assertNotIn(form, written, path)


if __name__ == "__main__":
    main()
