"""lachanctl firewall: three kinds of rule sets, and one of them at work between namespaces."""
import ipaddress
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import unittest

from lachan_test import BIN, SOURCE_DIR, LachanTest, main, plain_rules

DOH = os.path.join(SOURCE_DIR, "rules", "doh-addresses.txt")


def doh_addresses():
    with open(DOH, encoding="utf-8") as file:
        words = [line.split("#")[0].strip() for line in file]
    return [ipaddress.ip_network(word) for word in words if word]


class FirewallTest(LachanTest):
    def setUp(self):
        super().setUp()
        self.need("lachanctl")

    def configure(self, listen):
        return self.write("lachan.yaml", """
school: {levels: [lower_secondary], languages: [en]}
server: {listen: [%s], user: "", data_dir: %s, state_dir: state, run_dir: run}
""" % (listen, plain_rules()))

    def rules(self, kind, listen='"192.168.1.2:53"', *words):
        status, out, err = self.run_program("lachanctl", "-c", self.configure(listen), "firewall",
                                            kind, *words)
        self.assertEqual((status, err), (0, ""), out)
        return out


class Words(FirewallTest):
    def test_known_addresses_hold_the_great_resolvers_once_each(self):
        known = doh_addresses()
        self.assertEqual(len(known), len(set(known)))
        for address in ("8.8.8.8", "1.1.1.1", "9.9.9.9", "94.140.14.14", "208.67.222.222",
                        "185.228.168.168", "2001:4860:4860::8888", "2606:4700:4700::1111",
                        "2620:fe::fe"):
            self.assertIn(ipaddress.ip_network(address), known)
        for network in known:
            self.assertTrue(network.is_global, network)
            self.assertGreaterEqual(network.prefixlen, 24)

    def test_a_gateway_that_nobody_can_reach_is_refused(self):
        for kind in ("--nft", "--uci", "--routeros"):
            status, out, err = self.run_program(
                "lachanctl", "-c", self.configure('"127.0.0.1:53"'), "firewall", kind)
            self.assertEqual((status, out), (1, ""))
            self.assertIn("server.listen", err)

    def test_json_carries_the_same_text(self):
        found = json.loads(self.rules("--nft", '"192.168.1.2:53"', "--json"))
        self.assertEqual(found["kind"], "nft")
        self.assertIn("table inet lachan", found["rules"])

    def test_every_kind_says_that_it_knows_no_tiers(self):
        for kind in ("--nft", "--uci", "--routeros"):
            comments = [line.lstrip("# ") for line in self.rules(kind).splitlines()
                        if line.startswith("#")]
            self.assertIn("a firewall knows no tiers", " ".join(comments))


class Nft(FirewallTest):
    def check(self, rules):
        nft = shutil.which("nft", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if nft is None:
            self.skipTest("nft is not installed")
        done = subprocess.run([nft, "-c", "-f", "-"], input=rules.encode(), check=False,
                              capture_output=True, timeout=60)
        # The kernel's word, not the parser's: no right, or a kernel without nf_tables or fib.
        for word in (b"Operation not permitted", b"Could not process rule", b"cache init"):
            if word in done.stderr and b"syntax error" not in done.stderr:
                self.skipTest("the kernel takes no rules here: %s" % done.stderr.decode())
        self.assertEqual((done.returncode, done.stderr), (0, b""), rules)

    def test_nft_accepts_it_for_every_way_of_listening(self):
        for listen in ('"192.168.1.2:53"', '"0.0.0.0:53", "[::]:53"', '"0.0.0.0:5353"',
                       '"[fd00::2]:53"', '"192.168.1.2:53", "[fd00::2]:53"'):
            with self.subTest(listen):
                self.check(self.rules("--nft", listen))

    def test_a_family_without_a_gateway_is_refused_not_let_out(self):
        rules = self.rules("--nft", '"192.168.1.2:53"')
        self.assertIn("dnat ip to 192.168.1.2:53", rules)
        self.assertIn("meta nfproto ipv6 udp dport 53 counter reject", rules)
        self.assertNotIn("meta nfproto ipv4 udp dport 53", rules)

    def test_all_known_addresses_stand_in_the_sets(self):
        found = set(re.findall(r"[0-9a-f:.]+(?:/\d+)?", "\n".join(
            block for block in re.findall(r"set doh\d \{.*?\n\t\}", self.rules("--nft"), re.S))))
        for network in doh_addresses():
            self.assertTrue(str(network) in found or str(network.network_address) in found, network)


class Uci(FirewallTest):
    def sections(self):
        """{section: {option: value or list}} of the batch, as uci would read it."""
        script = self.rules("--uci")
        batch = script.split("<<'END'\n")[1].split("END\n")[0].splitlines()
        self.assertEqual(batch[-1], "commit firewall")
        found = {}
        for line in batch[:-1]:
            words = shlex.split(line)
            self.assertEqual(len(words), 2, line)
            match = re.fullmatch(r"firewall\.(\w+)(?:\.(\w+))?=(.+)", words[1])
            self.assertIsNotNone(match, line)
            section, option, value = match.groups()
            if option is None:
                self.assertEqual(words[0], "set")
                found[section] = {"type": value}
            elif words[0] == "add_list":
                found[section].setdefault(option, []).append(value)
            else:
                self.assertEqual(words[0], "set")
                found[section][option] = value
        return script, found

    def test_it_reads_as_sections_that_name_what_exists(self):
        script, found = self.sections()
        self.assertEqual({section["type"] for section in found.values()},
                         {"ipset", "redirect", "nat", "rule"})
        redirect = found["lachan_dns"]
        self.assertEqual((redirect["target"], redirect["dest_ip"], redirect["src_dport"],
                          redirect["src_ip"]), ("DNAT", "192.168.1.2", "53", "!192.168.1.2"))
        for section in found.values():
            if "ipset" in section:
                self.assertIn(section["ipset"], found)
        listed = found["lachan_doh4"]["entry"] + found["lachan_doh6"]["entry"]
        self.assertEqual({ipaddress.ip_network(word) for word in listed}, set(doh_addresses()))
        # What it makes it takes away first: it can be run twice.
        removed = re.search(r"for section in (.*); do", script).group(1).split()
        self.assertLessEqual(set(found), set(removed))
        done = subprocess.run(["sh", "-n"], input=script.encode(), check=False, timeout=60)
        self.assertEqual(done.returncode, 0)


class RouterOs(FirewallTest):
    def test_each_line_is_a_menu_or_a_command_with_its_parameters(self):
        menu, added = None, {}
        for line in self.rules("--routeros").splitlines():
            if not line or line.startswith("#"):
                continue
            if line.startswith("/"):
                self.assertRegex(line, r"^/(ip|ipv6) firewall (address-list|nat|filter)$")
                menu = line
            elif line.startswith("remove "):
                self.assertEqual(line, 'remove [find comment~"^Lachan"]')
            else:
                words = shlex.split(line)
                self.assertEqual(words[0], "add")
                values = dict(word.split("=", 1) for word in words[1:])
                self.assertTrue(values["comment"].startswith("Lachan"))
                added.setdefault(menu, []).append(values)
        self.assertEqual({rule["action"] for rule in added["/ip firewall nat"]},
                         {"dst-nat", "masquerade"})
        self.assertEqual({rule["dst-port"] for rule in added["/ip firewall filter"]},
                         {"853", "443"})
        self.assertEqual({rule["dst-port"] for rule in added["/ipv6 firewall filter"]},
                         {"53", "853", "443"})
        listed = [values["address"] for menu in ("/ip", "/ipv6")
                  for values in added[menu + " firewall address-list"]]
        self.assertEqual({ipaddress.ip_network(word) for word in listed}, set(doh_addresses()))


# ---- a router between a pupil and the outside -------------------------------------------

# Runs in the namespace of its argument: answers UDP and TCP on a port with a fixed word.
ECHO = """
import socket, sys, threading
host, port, word = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind((host, port))
tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
tcp.bind((host, port))
tcp.listen(8)
def streams():
    while True:
        peer, _ = tcp.accept()
        with peer:
            peer.sendall(word)
threading.Thread(target=streams, daemon=True).start()
print("ready", flush=True)
while True:
    _, peer = udp.recvfrom(512)
    udp.sendto(word, peer)
"""

# Prints who answered, or "nobody".
ASK = """
import socket, sys
kind, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
sock.settimeout(float(sys.argv[4]))
try:
    sock.connect((host, port))
    if kind == "udp":
        sock.send(b"who")
    print(sock.recv(64).decode() or "nobody")
except OSError:
    print("nobody")
"""


@unittest.skipUnless(os.geteuid() == 0, "only root can make network namespaces")
class AtWork(FirewallTest):
    """pupil 10.77.1.2 - router 10.77.1.1 | 203.0.113.1 - outside 203.0.113.9 and 8.8.8.8"""

    def run_quietly(self, *argv):
        done = subprocess.run(argv, check=False, capture_output=True, timeout=60)
        if done.returncode != 0:
            self.skipTest("%s: %s" % (" ".join(argv), done.stderr.decode().strip()))
        return done.stdout.decode()

    def setUp(self):
        super().setUp()
        if shutil.which("ip") is None or shutil.which("nft") is None:
            self.skipTest("ip or nft is not installed")
        tag = "lc%d" % os.getpid()
        self.pupil, self.router, self.outside = tag + "p", tag + "r", tag + "o"
        for name in (self.pupil, self.router, self.outside):
            self.run_quietly("ip", "netns", "add", name)
            self.addCleanup(subprocess.run, ["ip", "netns", "del", name], check=False)
            self.inside(name, "ip", "link", "set", "lo", "up")
        self.wire(self.pupil, "10.77.1.2/24", self.router, "lan0", "10.77.1.1/24")
        self.wire(self.outside, "203.0.113.9/24", self.router, "wan0", "203.0.113.1/24")
        self.inside(self.pupil, "ip", "route", "add", "default", "via", "10.77.1.1")
        self.inside(self.outside, "ip", "route", "add", "default", "via", "203.0.113.1")
        self.inside(self.outside, "ip", "addr", "add", "8.8.8.8/32", "dev", "lo")
        self.inside(self.router, "ip", "route", "add", "default", "via", "203.0.113.9")
        self.inside(self.router, "sysctl", "-q", "-w", "net.ipv4.ip_forward=1")

    def inside(self, space, *argv):
        return self.run_quietly("ip", "netns", "exec", space, *argv)

    def wire(self, far, far_address, near, near_name, near_address):
        self.run_quietly("ip", "link", "add", "eth0", "netns", far, "type", "veth", "peer",
                         "name", near_name, "netns", near)
        for space, name, address in ((far, "eth0", far_address), (near, near_name, near_address)):
            self.inside(space, "ip", "addr", "add", address, "dev", name)
            self.inside(space, "ip", "link", "set", name, "up")

    def serve(self, space, host, port, word):
        server = subprocess.Popen(["ip", "netns", "exec", space, sys.executable, "-c", ECHO, host,
                                   str(port), word], stdout=subprocess.PIPE, start_new_session=True)

        def end():
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
            server.stdout.close()
        self.addCleanup(end)
        self.assertEqual(server.stdout.readline(), b"ready\n")

    def who_answers(self, kind, host, port, patience_s=15):
        return self.inside(self.pupil, sys.executable, "-c", ASK, kind, host, str(port),
                           str(patience_s)).strip()

    def test_stray_dns_is_led_home_and_encrypted_dns_is_closed(self):
        for host in ("8.8.8.8", "203.0.113.9"):
            for port in (53, 853, 443, 80):
                self.serve(self.outside, host, port, "outside")
        self.serve(self.router, "0.0.0.0", 53, "gateway")
        self.assertEqual(self.who_answers("udp", "8.8.8.8", 53), "outside")  # the wires work
        config = self.configure('"0.0.0.0:53"')
        rules = self.inside(self.router, os.path.join(BIN, "lachanctl"), "-c", config, "firewall",
                            "--nft")
        self.assertIn('iifname != { "lan0" } return', rules)
        path = self.write("rules.nft", rules)
        for _ in range(2):  # it can be put in force twice
            self.inside(self.router, "nft", "-f", path)
        for kind in ("udp", "tcp"):
            for host in ("8.8.8.8", "203.0.113.9", "10.77.1.1"):
                self.assertEqual(self.who_answers(kind, host, 53), "gateway", (kind, host))
            self.assertEqual(self.who_answers(kind, "203.0.113.9", 853), "nobody")
            self.assertEqual(self.who_answers(kind, "8.8.8.8", 443), "nobody")
            # All else passes: a page that is no resolver's, and another port of a resolver.
            self.assertEqual(self.who_answers(kind, "203.0.113.9", 443), "outside")
            self.assertEqual(self.who_answers(kind, "8.8.8.8", 80), "outside")


if __name__ == "__main__":
    main()
