#!/usr/bin/env python3
"""Five hundred clients over TCP that say nothing, drip or do not read, and a process that has
no descriptors left: everybody else is served (THREATS 30 to 33)."""
import os
import select
import socket
import struct
import time

from filter_test import FilterTest
from lachan_test import BIN, PATIENCE_S, dns, main, wait_for

BIG = [(dns.TXT, 300, (bytes([250]) + b"x" * 250) * 4)]


def framed(wire):
    return struct.pack("!H", len(wire)) + wire


def cpu_s(pid):
    with open("/proc/%d/stat" % pid, encoding="utf-8") as file:
        return sum(map(int, file.read().rsplit(")", 1)[1].split()[11:13])) / \
            os.sysconf("SC_CLK_TCK")


class AbuseTest(FilterTest):
    RECORDS = {"www.example.vn": "192.0.2.7", ("big.example.vn", "TXT"): BIG}

    def client(self, number, receive_bytes=None):
        """A connection; each twenty of them are one address's."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.addCleanup(sock.close)
        if receive_bytes:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        sock.settimeout(PATIENCE_S)
        sock.bind(("127.0.%d.%d" % (1 + number // 20 // 200, 1 + number // 20 % 200), 0))
        sock.connect(("127.0.0.1", self.port))
        sock.setblocking(False)
        return sock

    def assert_others_are_served(self, times):
        for i in range(times):
            self.assert_blocked(self.ask_filter("casino.example"))
            self.assert_passed(self.ask_filter("www.example.vn"))
            self.assert_blocked(self.ask_filter("casino.example", tcp=True,
                                                source="127.0.9.%d" % (1 + i % 50)))

    @staticmethod
    def still_open(socks):
        """Those that the other side has not closed."""
        left = []
        for sock in socks:
            try:
                while True:
                    if not sock.recv(65536):
                        break
            except BlockingIOError:
                left.append(sock)
            except OSError:
                pass
        return left


class Slow(AbuseTest):
    def test_five_hundred_silent_dripping_and_deaf_clients_and_others_are_served(self):
        self.run_filter()
        silent = [self.client(i) for i in range(170)]
        dripping = [self.client(i) for i in range(200, 370)]
        deaf = [self.client(i, 4096) for i in range(400, 560)]
        drip = framed(dns.make_query("casino.example"))
        much = framed(dns.make_query("big.example.vn", "TXT")) * 100
        at, begin = 0, time.monotonic()
        while time.monotonic() - begin < 9:
            for sock in dripping:
                self.push(sock, drip[at % len(drip):][:1])
            for sock in deaf:
                self.push(sock, much)
            at += 1
            self.assert_others_are_served(2)
        # A message has five seconds however it drips, and each drip began one at the first.
        wait_for("the dripping to be closed", lambda: not self.still_open(dripping))
        # Idle ones end at idle, those who do not read ten seconds after they stopped.
        wait_for("the silent to be closed", lambda: not self.still_open(silent))
        wait_for("the deaf to be closed", lambda: self.gone(deaf), timeout=4 * PATIENCE_S)
        self.assert_others_are_served(10)
        self.stop_clean()

    @staticmethod
    def push(sock, data):
        try:
            sock.send(data)
        except (BlockingIOError, ConnectionError):
            pass

    @staticmethod
    def gone(socks):
        """All were reset or ended, seen without reading from them."""
        poll = select.poll()
        for sock in socks:
            poll.register(sock, select.POLLRDHUP)
        return len(poll.poll(0)) == len(socks)

    def test_so_many_connections_that_nobody_else_would_have_a_place(self):
        self.run_filter(server={"threads": 1, "tcp": {"idle": "5m"}})
        held = [self.client(i) for i in range(600)]
        self.assert_others_are_served(20)
        self.assertGreater(len(self.still_open(held)), 400)
        self.stop_clean()


class Descriptors(AbuseTest):
    def run_with_descriptors(self, count, **more):
        self.run_filter(**more)
        self.stop_clean()
        if not os.access("/usr/bin/prlimit", os.X_OK):
            self.skipTest("no prlimit")
        self.program = self.start("prlimit", "--nofile=%d:%d" % (count, count),
                                  os.path.join(BIN, "lachan-filter"),
                                  "-c", self.path("lachan.yaml"), folder="/usr/bin")
        self.program.wait_log("serving with")

    def ask_at_once(self, count):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(PATIENCE_S)
            sock.connect(("127.0.0.1", self.port))
            for i in range(count):
                sock.send(dns.make_query("n%d.example.vn" % i, ident=i))
            got = [dns.Reply(sock.recv(2000)) for _ in range(count)]
        self.assertEqual({r.id for r in got}, set(range(count)))
        return got

    def test_more_questions_than_sockets_wait_their_turn(self):
        self.run_with_descriptors(64, server={"threads": 1})
        self.fake.records.update({"n%d.example.vn" % i: "192.0.2.7" for i in range(40)})
        self.assertEqual({r.rcode for r in self.ask_at_once(40)}, {dns.NOERROR})
        self.stop_clean()

    def test_with_64_descriptors_udp_and_tcp_are_served_and_nothing_spins(self):
        self.run_with_descriptors(64)
        self.assertIn("files may be open (RLIMIT_NOFILE)", self.program.log())
        held = [self.client(20 * i) for i in range(150)]
        used, begin = cpu_s(self.program.pid), time.monotonic()
        while time.monotonic() - begin < 2:
            self.assert_blocked(self.ask_filter("casino.example"))
            time.sleep(0.1)
        share = (cpu_s(self.program.pid) - used) / (time.monotonic() - begin)
        self.assertLess(share, 0.4)
        for sock in held:
            sock.close()
        wait_for("TCP again", self.tcp_answers)
        self.stop_clean()

    def test_questions_upstream_fail_cleanly_and_come_back(self):
        self.run_with_descriptors(64, server={"threads": 1})  # none that had no part in it
        self.fake.silent = True
        self.assertEqual({r.rcode for r in self.ask_at_once(150)}, {dns.SERVFAIL})
        self.fake.silent = False
        wait_for("answers again", lambda: self.ask_filter("www.example.vn").addresses())
        self.assertEqual(self.ask_filter("casino.example", tcp=True).addresses(), ["127.0.0.1"])
        self.assertTrue(self.control("status")["ok"])
        self.stop_clean()

    def test_when_the_limit_sinks_under_it_accepting_pauses(self):
        """Less than what it was told at its start: every descriptor is taken."""
        if not os.access("/usr/bin/prlimit", os.X_OK):
            self.skipTest("no prlimit")
        self.run_filter(server={"threads": 2})
        held = [self.client(20 * i) for i in range(40)]
        wait_for("a good start", self.tcp_answers)
        most = max(int(fd) for fd in os.listdir("/proc/%d/fd" % self.program.pid))
        os.system("/usr/bin/prlimit --pid %d --nofile=%d:%d" % (self.program.pid, most, most))
        held += [self.client(20 * i) for i in range(50, 150)]
        used, begin = cpu_s(self.program.pid), time.monotonic()
        while time.monotonic() - begin < 2:
            self.assert_blocked(self.ask_filter("casino.example"))
            time.sleep(0.1)
        self.assertLess((cpu_s(self.program.pid) - used) / (time.monotonic() - begin), 0.4)
        for sock in held:
            sock.close()
        wait_for("TCP again", self.tcp_answers)
        self.stop_clean()

    def tcp_answers(self):
        try:
            return self.ask_filter("casino.example", tcp=True, timeout=2).addresses()
        except OSError:
            return None


if __name__ == "__main__":
    main()
