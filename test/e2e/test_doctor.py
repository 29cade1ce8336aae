"""lachanctl doctor: a network that is well, and networks broken in each way it looks for."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from lachan_test import BIN, LachanTest, Program, control, main, plain_rules


# ---- who else is on the network; each says "ready" and goes on until it is ended -----------

# A server outside: does not know any name, but for "lie", which it gives an address.
UPSTREAM = """
import socket, sys
mode = sys.argv[1]
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("10.99.0.1", 53))
print("ready", flush=True)
while True:
    query, peer = udp.recvfrom(4096)
    end = 12
    while query[end]:
        end += 1 + query[end]
    question = query[12:end + 5]
    if mode == "lie":
        record = bytes.fromhex("c00c00010001000000200004c0000201")
        udp.sendto(query[:2] + b"\\x81\\x80\\0\\1\\0\\1\\0\\0\\0\\0" + question + record, peer)
    else:
        udp.sendto(query[:2] + b"\\x81\\x83\\0\\1\\0\\0\\0\\0\\0\\0" + question, peer)
"""

# A router that advertises itself (lifetime 1800 s), an RDNSS and a search domain.
ROUTER = """
import socket, struct, sys, time
raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
index = socket.if_nametoindex("eth0")
raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
body = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
for server in sys.argv[1:]:
    body += struct.pack("!BBHI", 25, 3, 0, 600) + socket.inet_pton(socket.AF_INET6, server)
body += struct.pack("!BBHI", 31, 3, 0, 600) + b"\\5rogue\\3lan\\0" + bytes(5)
print("ready", flush=True)
while True:
    try:
        raw.sendto(body, ("ff02::1", 0, 0, index))
    except OSError:
        pass  # its own address is not ready yet
    time.sleep(0.2)
"""

# A DHCP server that offers argv[1] as the DNS server; argv[2]: its own address.
DHCP = """
import socket, struct, sys
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
udp.setsockopt(socket.SOL_SOCKET, 25, b"eth0\\0")
udp.bind(("0.0.0.0", 67))
print("ready", flush=True)
while True:
    ask, _ = udp.recvfrom(4096)
    if ask[240:243] != b"\\x35\\1\\1":
        continue
    own = socket.inet_aton(sys.argv[2])
    reply = b"\\2\\1\\6\\0" + ask[4:8] + ask[8:12] + bytes(4) + bytes([10, 77, 1, 77]) + own + bytes(4)
    reply += ask[28:44] + bytes(192) + ask[236:240] + b"\\x35\\1\\2\\x36\\4" + own
    reply += b"\\6\\4" + socket.inet_aton(sys.argv[1]) + b"\\xff"
    udp.sendto(reply, ("255.255.255.255", 68))
"""

# A DHCPv6 server that gives argv[1].
DHCP6 = """
import socket, struct, sys
udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
udp.setsockopt(socket.SOL_SOCKET, 25, b"eth0\\0")
udp.bind(("::", 547))
group = socket.inet_pton(socket.AF_INET6, "ff02::1:2")
udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
               group + struct.pack("@I", socket.if_nametoindex("eth0")))
print("ready", flush=True)
while True:
    ask, peer = udp.recvfrom(4096)
    if ask[0] != 11:
        continue
    server = socket.inet_pton(socket.AF_INET6, sys.argv[1])
    try:
        udp.sendto(b"\\7" + ask[1:4] + struct.pack("!HH", 23, 16) + server, peer)
    except OSError:
        pass
"""

# Asks argv[1] for each of the names behind, from each address of argv[2], again and again.
ASK = """
import os, socket, struct, sys, time
print("ready", flush=True)
while True:
    for name in sys.argv[3:]:
        for source in sys.argv[2].split(","):
            wire = b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\\0"
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            udp.settimeout(0.5)
            udp.bind((source, 0))
            try:
                udp.sendto(os.urandom(2) + b"\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0" + wire + b"\\0\\1\\0\\1",
                           (sys.argv[1], 53))
                udp.recv(4096)
            except OSError:
                pass
            udp.close()
            time.sleep(0.012)
"""

# Asks 10.77.1.1 as a forwarding server would: with the MAC of whom it asks for (EDNS 65001).
FORWARD = """
import os, socket, time
print("ready", flush=True)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    udp.sendto(os.urandom(2) + b"\\1\\0\\0\\1\\0\\0\\0\\0\\0\\1\\3www\\4moet\\3gov\\2vn\\0\\0\\1\\0\\1"
               b"\\0\\0\\x29\\4\\xd0\\0\\0\\0\\0\\0\\x0a\\xfd\\xe9\\0\\6\\2\\xaa\\0\\0\\0\\x11", ("10.77.1.1", 53))
    time.sleep(0.05)
"""

HOLD = """
import socket, time
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("10.77.1.1", 53))
print("ready", flush=True)
time.sleep(3600)
"""


@unittest.skipUnless(os.geteuid() == 0, "only root can make network namespaces")
class Network(LachanTest):
    """pupil 10.77.1.2, other 10.77.1.66 - switch - 10.77.1.1 gateway 10.99.0.2 - 10.99.0.1 outside
    All spaces begin with the number of this process; only they are removed."""

    def run_quietly(self, *argv):
        done = subprocess.run(argv, check=False, capture_output=True, timeout=60)
        if done.returncode != 0:
            self.skipTest("%s: %s" % (" ".join(argv), done.stderr.decode().strip()))
        return done.stdout.decode()

    def inside(self, space, *argv):
        return self.run_quietly("ip", "netns", "exec", self.tag + space, *argv)

    def space(self, name):
        self.run_quietly("ip", "netns", "add", self.tag + name)
        self.addCleanup(subprocess.run, ["ip", "netns", "del", self.tag + name], check=False)
        for key in ("default.accept_dad", "all.accept_dad"):
            self.inside(name, "sysctl", "-q", "-w", "net.ipv6.conf.%s=0" % key)
        self.inside(name, "ip", "link", "set", "lo", "up")

    def wire(self, far, far_name, near, near_name):
        self.run_quietly("ip", "link", "add", far_name, "netns", self.tag + far, "type", "veth",
                         "peer", "name", near_name, "netns", self.tag + near)
        for space, name in ((far, far_name), (near, near_name)):
            self.inside(space, "ip", "link", "set", name, "up")

    def plug(self, name, interface, address):
        """Into the switch."""
        self.wire(name, interface, "switch", "to-" + name)
        self.inside("switch", "ip", "link", "set", "to-" + name, "master", "br0")
        self.inside(name, "ip", "addr", "add", address, "dev", interface)

    def setUp(self):
        super().setUp()
        self.need("lachanctl", "lachand", "lachan-filter", "lachan-page", "lachan-feeds")
        if shutil.which("ip") is None or shutil.which("nft") is None:
            self.skipTest("ip or nft is not installed")
        self.tag = "lct_%d_" % os.getpid()
        for name in ("switch", "gateway", "outside", "pupil", "other"):
            self.space(name)
        self.inside("switch", "ip", "link", "add", "br0", "type", "bridge")
        self.inside("switch", "ip", "link", "set", "br0", "up")
        self.plug("gateway", "lan0", "10.77.1.1/24")
        self.plug("pupil", "eth0", "10.77.1.2/24")
        self.plug("other", "eth0", "10.77.1.66/24")
        self.wire("outside", "eth0", "gateway", "wan0")
        self.inside("outside", "ip", "addr", "add", "10.99.0.1/24", "dev", "eth0")
        self.inside("gateway", "ip", "addr", "add", "10.99.0.2/24", "dev", "wan0")
        self.inside("gateway", "ip", "route", "add", "default", "via", "10.99.0.1")
        self.inside("gateway", "sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
        memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
        self.run_dir = tempfile.mkdtemp(prefix="lct-", dir=memory)
        self.addCleanup(shutil.rmtree, self.run_dir, ignore_errors=True)

    def act(self, space, script, *arguments):
        """Somebody on the network, until the test or the returned function ends it."""
        actor = subprocess.Popen(["ip", "netns", "exec", self.tag + space, sys.executable, "-c",
                                  script, *arguments], stdout=subprocess.PIPE,
                                 start_new_session=True)

        def end():
            if actor.poll() is None:
                os.killpg(actor.pid, signal.SIGKILL)
            actor.wait()
            actor.stdout.close()
        self.addCleanup(end)
        self.assertEqual(actor.stdout.readline(), b"ready\n")
        return end

    def configure(self, *, listen='"0.0.0.0:53", "[::]:53"', servers='"udp://10.99.0.1:53"',
                  extra="", language="en"):
        return self.write("lachan.yaml", """
school: {levels: [lower_secondary], languages: [%s]}
server: {listen: [%s], user: "", data_dir: %s, state_dir: %s, run_dir: %s, threads: 1}
pages: {listen: ["0.0.0.0:80"]}
upstream: {servers: [%s]}
%s""" % (language, listen, plain_rules(), self.path("state"), self.run_dir, servers, extra))

    def begin(self, config):
        """The gateway, with the lists that ship."""
        started = Program(["ip", "netns", "exec", self.tag + "gateway", os.path.join(BIN, "lachand"),
                           "-c", config], self.path("lachand.log"),
                          {**os.environ, "LC_ALL": "C.UTF-8"})
        self.programs.append(started)
        path = os.path.join(self.run_dir, "control.sock")

        def status():
            try:
                return control(path, "status")
            except OSError:
                return None
        self.wait_for("rules", lambda: (status() or {}).get("rules", {}).get("source") == "state")
        return started

    def doctor(self, config, *words, before=()):
        """(exit status, {id: [findings]}, {id: [skipped]}, the object)"""
        done = subprocess.run(["ip", "netns", "exec", self.tag + "gateway", *before,
                               os.path.join(BIN, "lachanctl"), "-c", config, "doctor", "--json",
                               *words], check=False, capture_output=True, timeout=60,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
        self.assertEqual(done.stderr, b"")
        made = json.loads(done.stdout)
        found, skipped = {}, {}
        for one in made["findings"]:
            self.assertEqual(set(one), {"id", "severity", "interface", "detail", "fix"})
            self.assertIn(one["severity"], ("hint", "warning", "error"))
            self.assertTrue(one["detail"] and one["fix"])
            found.setdefault(one["id"], []).append(one)
        for one in made["skipped"]:
            skipped.setdefault(one["id"], []).append(one)
        return done.returncode, found, skipped, made

    def mac(self, space, interface="eth0"):
        return self.inside(space, "cat", "/sys/class/net/%s/address" % interface).strip()


class Well(Network):
    def test_a_healthy_network_gives_no_finding(self):
        config = self.configure()
        self.act("outside", UPSTREAM, "honest")
        self.act("other", DHCP, "10.77.1.1", "10.77.1.66")
        self.inside("gateway", "ip", "addr", "add", "fd77::1/64", "dev", "lan0")
        self.act("other", ROUTER, "fd77::1")
        self.begin(config)
        rules = self.inside("gateway", os.path.join(BIN, "lachanctl"), "-c", config, "firewall",
                            "--nft")
        self.inside("gateway", "nft", "-f", self.write("rules.nft", rules))
        for space, address in (("pupil", "10.77.1.2"), ("other", "10.77.1.66")):
            self.act(space, ASK, "10.77.1.1", address, "www.moet.gov.vn")

        def well():
            status, found, skipped, made = self.doctor(config)
            return (status, found, made["checked"], skipped) if not found else None
        # Who has asked is told to the counting a tenth of a second later.
        status, _, checked, skipped = self.wait_for("nothing to be found", well, 60)
        self.assertEqual(status, 0)
        self.assertEqual(skipped, {})
        self.assertEqual(set(checked), {
            "running", "feeds", "rules", "clock", "filtering", "ports", "folders", "accounts", "own-address", "bare-tiers",
            "resolv-conf", "stray-dns", "upstream", "ra-dns", "dhcp-dns", "dhcp-servers",
            "duplicate-address", "ipv6-unserved", "silent-devices", "shared-source"})
        words = self.inside("gateway", os.path.join(BIN, "lachanctl"), "-c", config, "doctor")
        self.assertIn("Nothing wrong was found in 20 checks.", words)


class Broken(Network):
    def test_who_leads_devices_past_the_filter_is_named(self):
        config = self.configure(extra="""
filter: {tiers: [{name: staff, clients: ["10.77.1.200", "10.77.9.0/24"]}]}
""")
        self.act("outside", UPSTREAM, "lie")
        self.begin(config)
        self.act("other", ROUTER, "2001:db8::53", "fd00::1")
        self.act("other", DHCP, "8.8.8.8", "10.77.1.66")
        self.act("pupil", DHCP, "10.77.1.1", "10.77.1.2")
        self.act("other", DHCP6, "2001:db8::53")
        self.inside("other", "ip", "addr", "add", "10.77.1.1/24", "dev", "eth0")
        self.inside("gateway", "ip", "addr", "add", "10.77.1.9/24", "dev", "lan0", "valid_lft",
                    "3600", "preferred_lft", "3600")
        status, found, _, _ = self.doctor(config)
        self.assertEqual(status, 1)
        rogue = self.mac("other")

        with self.subTest("router advertisement"):
            self.assertEqual(len(found["ra-dns"]), 1)
            one = found["ra-dns"][0]
            self.assertEqual((one["severity"], one["interface"]), ("error", "lan0"))
            for word in (rogue, "2001:db8::53, fd00::1", "rogue.lan"):
                self.assertIn(word, one["detail"])
            self.assertIn("ra_dns=0", one["fix"])
        with self.subTest("DHCP"):
            detail = {word: one for one in found["dhcp-dns"]
                      for word in ("8.8.8.8", "2001:db8::53") if word in one["detail"]}
            self.assertEqual(len(found["dhcp-dns"]), 2)  # and nothing against the right one
            self.assertIn(rogue, detail["8.8.8.8"]["detail"])
            self.assertIn("dns-server=10.77.1.1", detail["8.8.8.8"]["fix"])
            self.assertIn("DHCPv6", detail["2001:db8::53"]["detail"])
            self.assertIn("10.77.1.66", found["dhcp-servers"][0]["detail"])
        with self.subTest("address"):
            one = found["duplicate-address"][0]
            self.assertEqual((one["severity"], one["interface"]), ("error", "lan0"))
            self.assertIn("10.77.1.1", one["detail"])
            self.assertIn(rogue, one["detail"])
        with self.subTest("upstream"):
            self.assertIn("10.99.0.1:53", found["upstream"][0]["detail"])
            self.assertIn("does not exist", found["upstream"][0]["detail"])
        with self.subTest("claims"):
            self.assertEqual(len(found["bare-tiers"]), 1)
            self.assertIn("10.77.1.200", found["bare-tiers"][0]["detail"])
            self.assertNotIn("10.77.9.0", found["bare-tiers"][0]["detail"])
        with self.subTest("lease"):
            self.assertEqual([one["severity"] for one in found["own-address"]], ["hint"])
            self.assertIn("10.77.1.9", found["own-address"][0]["detail"])
        with self.subTest("firewall"):
            self.assertEqual(found["stray-dns"][0]["severity"], "hint")

    def test_a_server_as_schools_have_it_is_heard_and_lends_nothing(self):
        """dnsmasq, which pings an address for three seconds before it offers it."""
        program = shutil.which("dnsmasq", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if program is None:
            self.skipTest("dnsmasq is not installed")
        self.inside("other", "ip", "addr", "add", "fd66::1/64", "dev", "eth0")
        config, leases = self.configure(), self.path("leases")
        self.programs.append(Program(
            ["ip", "netns", "exec", self.tag + "other", program, "-d", "-C", self.write(
                "dnsmasq.conf", """
port=0
interface=eth0
bind-interfaces
user=root
enable-ra
dhcp-range=10.77.1.100,10.77.1.150,1h
dhcp-range=fd66::,ra-stateless,64,1h
dhcp-option=option:dns-server,9.9.9.9
dhcp-option=option6:dns-server,[2620:fe::fe]
dhcp-leasefile=%s
pid-file=%s
""" % (leases, self.path("dnsmasq.pid")))], self.path("dnsmasq.log")))
        self.wait_for("dnsmasq", lambda: os.path.exists(leases))

        def heard():
            _, found, _, _ = self.doctor(config)
            return found if len(found.get("dhcp-dns", ())) == 2 and "ra-dns" in found else None
        found = self.wait_for("all three", heard, 60)
        told = " ".join(one["detail"] for one in found["dhcp-dns"] + found["ra-dns"])
        self.assertIn("9.9.9.9", told)
        self.assertIn("2620:fe::fe", told)
        with open(leases, encoding="utf-8") as file:
            self.assertNotIn("10.77.1.", file.read())

    def test_a_router_that_hides_its_devices_is_found_and_who_never_asks(self):
        config = self.configure()
        self.act("outside", UPSTREAM, "honest")
        self.begin(config)
        for name in ("nat", "hidden"):
            self.space(name)
        self.plug("nat", "eth0", "10.77.1.50/24")
        self.wire("hidden", "eth0", "nat", "in0")
        self.inside("nat", "ip", "addr", "add", "10.88.0.1/24", "dev", "in0")
        self.inside("nat", "sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
        self.inside("nat", "nft", "-f", self.write("nat.nft", """
table ip hide {
    chain out {
        type nat hook postrouting priority srcnat
        oifname "eth0" masquerade
    }
}
"""))
        hidden = ["10.88.0.%d" % i for i in (11, 12, 13)]
        for address in hidden:
            self.inside("hidden", "ip", "addr", "add", address + "/24", "dev", "eth0")
        self.inside("hidden", "ip", "route", "add", "default", "via", "10.88.0.1")
        self.act("hidden", ASK, "10.77.1.1", ",".join(hidden), "www.msftconnecttest.com",
                 "captive.apple.com", "connectivitycheck.gstatic.com")
        self.act("other", FORWARD)
        # A device that is there, and asks somebody else.
        self.inside("pupil", sys.executable, "-c",
                    "from socket import *; socket(AF_INET, SOCK_DGRAM).sendto(b'x', "
                    "('10.77.1.1', 9))")

        def found():
            _, findings, _, _ = self.doctor(config)
            return findings if len(findings.get("shared-source", ())) == 2 else None
        findings = self.wait_for("the hidden devices", found, 60)
        for address, sign in (("10.77.1.50", "three or more makes"), ("10.77.1.66", "forwarding")):
            self.assertTrue([one for one in findings["shared-source"]
                             if address in one["detail"] and sign in one["detail"]], findings)
        for address in hidden:
            self.assertNotIn(address, json.dumps(findings))
        silent = findings["silent-devices"][0]
        self.assertIn("10.77.1.2 (%s)" % self.mac("pupil"), silent["detail"])
        self.assertNotIn("10.77.1.50", silent["detail"])
        self.assertEqual(silent["severity"], "hint")  # it has run for seconds
        coverage = json.loads(control(os.path.join(self.run_dir, "control.sock"),
                                      "summary-preview")["document"])["coverage"]
        self.assertEqual((coverage["shared-source"], coverage["placement"]), (True, "gateway"))

    def test_a_stopped_gateway_without_servers_and_without_its_port(self):
        """A resolv.conf that points at ourselves, IPv6 that nobody serves, a port that is taken."""
        config = self.configure(listen='"10.77.1.1:53"', servers="", language="vi")
        resolv = self.write("resolv.conf", "nameserver 10.77.1.1\n")
        self.act("gateway", HOLD)
        self.act("other", ROUTER, "fd00::53")
        status, found, skipped, _ = self.doctor(
            config, before=("unshare", "-m", "sh", "-c",
                            'mount --bind "$0" /etc/resolv.conf && exec "$@"', resolv))
        self.assertEqual(status, 1)
        self.assertIn("/etc/resolv.conf", found["resolv-conf"][0]["detail"])
        self.assertIn("10.77.1.1", found["resolv-conf"][0]["detail"])
        self.assertIn("ipv6-unserved", found)
        self.assertIn("python3", found["ports"][0]["detail"])
        self.assertEqual(found["running"][0]["severity"], "error")
        for name in ("rules", "silent-devices", "shared-source", "upstream"):
            self.assertIn(name, skipped)

    def test_who_is_not_root_hears_what_was_left_out(self):
        if shutil.which("setpriv") is None:
            self.skipTest("setpriv is not installed")
        config = self.configure()
        os.chmod(self.dir, 0o755)
        os.chmod(self.run_dir, 0o750)
        self.act("outside", UPSTREAM, "honest")
        self.begin(config)
        # A stranger may not ask the filter; a member of its group may, but not about devices.
        for group, may_ask in (("65534", False), ("0", True)):
            status, found, skipped, made = self.doctor(
                config, before=("setpriv", "--reuid", "65534", "--regid", group, "--clear-groups"))
            self.assertIn(status, (0, 1))
            self.assertIn("bare-tiers", made["checked"])
            self.assertEqual("rules" in made["checked"], may_ask, made)
            for name in ("ra-dns", "dhcp-dns", "silent-devices", "shared-source"):
                self.assertIn("root", skipped[name][0]["reason"])
                self.assertNotIn(name, made["checked"])


class Usage(LachanTest):
    def test_it_needs_a_configuration_and_no_words(self):
        config = self.write_config(dns_port=5399)
        status, _, err = self.run_program("lachanctl", "-c", config, "doctor", "please")
        self.assertEqual(status, 2)
        self.assertIn("usage", err)


if __name__ == "__main__":
    main()
