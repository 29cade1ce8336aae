#!/usr/bin/env python3
"""A school of three networks behind one gateway, and devices that ask elsewhere: the rules that
`lachanctl firewall --nft` writes lead port 53 back. Tiers by prefix, by MAC address and by room;
every answer comes from the address that was asked; IPv4 and IPv6."""
import shutil
import socket
import subprocess

import netns
from filter_test import FilterTest
from lachan_test import BIN, dns, main, wait_for

GAME, VIDEO, BET, OPEN = "game.example", "video.example", "bet.example", "www.example.vn"
TEACHER, PUPIL = "3c:22:fb:01:02:03", "3c:22:fb:01:02:04"
# A server outside that somebody typed into a device. Nobody has it here.
STRAY4, STRAY6 = "198.51.100.53", "2001:db8:53::53"
NETS = {"lower": ("10.10.1", "fd10:1"), "upper": ("10.20.1", "fd20:1"), "staff": ("10.30.1", "fd30:1")}


class Networks(FilterTest):
    LEVELS = ["lower_secondary", "upper_secondary"]
    RULES = {"games": "||game.example^\n", "streaming": "||video.example^\n",
             "gambling": "||bet.example^\n"}
    RECORDS = {name: "192.0.2.7" for name in (GAME, VIDEO, BET, OPEN)}

    def setUp(self):
        super().setUp()
        self.need("lachanctl")
        if shutil.which("nft") is None:
            self.skipTest("nft is not installed")
        self.gateway = netns.Space(self)
        self.count = 0

    def device(self, net, host, mac=None):
        """One in a network of the school, which the gateway routes for."""
        four, six = NETS[net]
        self.count += 1
        space = netns.Space(self)
        netns.wire(space, self.gateway, near="port%d" % self.count, near_addresses=(), mac=mac,
                   addresses=["%s.%d/24" % (four, host), "%s::%d/64" % (six, host)])
        self.gateway.ip("link", "set", "port%d" % self.count, "master", net)
        space.ip("route", "add", "default", "via", four + ".1")
        space.ip("-6", "route", "add", "default", "via", six + "::1")
        return space

    def build(self):
        for net, (four, six) in NETS.items():
            self.gateway.ip("link", "add", net, "type", "bridge")
            self.gateway.ip("link", "set", net, "up")
            self.gateway.ip("address", "add", four + ".1/24", "dev", net)
            self.gateway.ip("address", "add", six + "::1/64", "dev", net)
            # A second address, which devices may have been given as well.
            self.gateway.ip("address", "add", four + ".2/24", "dev", net)

    def serve(self):
        tiers = [
            {"name": "lower_secondary", "clients": [NETS["lower"][0] + ".0/24", "fd10:1::/64"],
             "block": ["games", "streaming", "gambling"]},
            {"name": "upper_secondary", "clients": [NETS["upper"][0] + ".0/24", "fd20:1::/64", "phong-tin"],
             "block": ["streaming", "gambling"]},
            {"name": "staff", "clients": [NETS["staff"][0] + ".0/24", "fd30:1::/64", TEACHER],
             "block": ["gambling"]},
        ]
        self.port = 53
        with self.gateway:
            self.run_filter(
                server={"listen": ["0.0.0.0:53", "[::]:53"]},
                filter={"tiers": tiers, "groups": [
                    {"name": "phong-tin", "clients": [NETS["lower"][0] + ".100-10.10.1.149"]}]})
            rules = subprocess.run(
                [BIN + "/lachanctl", "-c", self.path("lachan.yaml"), "firewall", "--nft"],
                check=True, capture_output=True, timeout=60).stdout
            made = subprocess.run(["nft", "-f", "-"], input=rules, capture_output=True,
                                  check=False, timeout=60)
        if made.returncode != 0:
            self.skipTest("nft: " + made.stderr.decode()[:200])

    def ask_at(self, space, server, name, **how):
        """The answer, which a connected socket takes from `server` alone."""
        with space:
            return dns.ask((server, 53), name, timeout=15.0, **how)

    def judged(self, space, server, **how):
        """Which of the three lists are blocked there."""
        found = ""
        for letter, name in zip("gvb", (GAME, VIDEO, BET)):
            if self.ask_at(space, server, name, **how).ede is not None:
                found += letter
        return found

    def test_tiers_and_stray_queries_of_three_networks(self):
        self.build()
        devices = [
            ("lower", 22, PUPIL, "gvb"),    # by its prefix
            ("lower", 23, TEACHER, "b"),    # by its MAC address, in the pupils' network
            ("lower", 101, None, "vb"),     # by its room
            ("upper", 22, None, "vb"),
            ("staff", 22, None, "b"),
        ]
        spaces = [(net, self.device(net, host, mac), expected)
                  for net, host, mac, expected in devices]
        self.serve()
        for (net, space, expected), (_, host, _, _) in zip(spaces, devices):
            four, six = NETS[net]
            room_by_six = host == 101  # a room of IPv4 addresses: by IPv6 it is its network's
            for server in (four + ".1", four + ".2", STRAY4, six + "::1", STRAY6):
                want = "gvb" if room_by_six and ":" in server else expected
                for how in ({}, {"tcp": True}):
                    self.assertEqual(self.judged(space, server, **how), want,
                                     (net, host, server, how))
            # The warning page is where the device can reach it: in its own network.
            page = self.ask_at(space, STRAY4, BET).addresses()
            self.assertEqual(page, [four + ".1"])
            self.assertEqual(self.ask_at(space, four + ".2", BET).addresses(), [four + ".2"])
            self.assertEqual(self.ask_at(space, STRAY4, OPEN).addresses(), ["192.0.2.7"])
        self.stop_clean()

    def test_encrypted_dns_to_the_outside_is_closed(self):
        self.build()
        pupil = self.device("lower", 22, PUPIL)
        outside = netns.Space(self)
        netns.wire(outside, self.gateway, near="wan", near_addresses=["203.0.113.1/24"],
                   addresses=["203.0.113.9/24"])
        outside.ip("route", "add", "default", "via", "203.0.113.1")
        self.gateway.sysctl("net/ipv4/ip_forward", 1)
        with outside:
            listeners = []
            for port in (853, 8853):
                sock = socket.socket()
                sock.bind(("203.0.113.9", port))
                sock.listen(8)
                listeners.append(sock)
                self.addCleanup(sock.close)

        def connects(port):
            with pupil:
                try:
                    socket.create_connection(("203.0.113.9", port), timeout=3).close()
                    return True
                except OSError:
                    return False
        self.assertTrue(wait_for("the way out", lambda: connects(853)))
        self.serve()
        self.assertFalse(connects(853))
        self.assertTrue(connects(8853))
        self.stop_clean()


if __name__ == "__main__":
    main()
