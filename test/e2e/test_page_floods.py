"""Slow and many connections against the page: each one ends, and others are served meanwhile.

How fast they are served is measured by test/bench (page.py); here it only counts that they
are, since a test must hold on a busy machine."""
import itertools
import os
import select
import shutil
import socket
import subprocess
import time

import forms_test
import test_page
from lachan_test import main, wait_for

REQUEST = b"GET / HTTP/1.1\r\nHost: bet.example\r\nAccept: text/html\r\n\r\n"
HEAD = b"GET / HTTP/1.1\r\nHost: bet.example\r\nX-a: "
HOSTILE = 500
SECONDS = 10  # of slowhttptest


class FloodTest(test_page.PageTest):
    def setUp(self):
        super().setUp()
        self.filter.block("bet.example", "gambling")
        self.held = []
        self.addCleanup(lambda: [sock.close() for sock in self.held])
        self.assert_served("127.0.0.9")  # opens what the page itself keeps open
        self.quiet_descriptors = self.descriptors()

    def descriptors(self):
        try:
            return len(os.listdir("/proc/%d/fd" % self.page.pid))
        except PermissionError:
            self.skipTest("only root may count the descriptors of the page")

    def open_from(self, address, receive_bytes=0):
        sock = socket.socket()
        if receive_bytes:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        sock.settimeout(30)
        sock.bind((address, 0))
        sock.connect(("127.0.0.1", self.port))
        self.held.append(sock)
        return sock

    def ask_from(self, address, request=REQUEST):
        with socket.socket() as sock:
            sock.settimeout(30)
            sock.bind((address, 0))
            sock.connect(("127.0.0.1", self.port))
            try:
                sock.sendall(request)
                return test_page.Reply(b"".join(iter(lambda: sock.recv(65536), b"")))
            except (ConnectionResetError, BrokenPipeError):
                return None

    def assert_served(self, address):
        reply = self.ask_from(address)
        self.assertIsNotNone(reply, "the connection was reset")
        self.assertEqual(reply.status, 403)
        self.assertIn("Mình dừng lại ở đây nhé!", reply.text)

    def feed(self, socks, data):
        for sock in socks:
            try:
                sock.send(data)
            except OSError:
                pass  # sent away: that is the point

    def wait_all_gone(self):
        wait_for("every connection to end", lambda: self.descriptors() <= self.quiet_descriptors,
                 timeout=60)


class SlowClients(FloodTest):
    def test_slow_heads_bodies_and_readers_all_end(self):
        slow = [self.open_from("127.0.1.1") for _ in range(4)]
        slow += [self.open_from("127.0.1.2", receive_bytes=2048) for _ in range(4)]
        silent = [self.open_from("127.0.1.3") for _ in range(4)]
        for sock in slow[:2]:
            sock.sendall(HEAD)
        for sock in slow[2:4]:
            sock.sendall(b"POST /lachan/review HTTP/1.1\r\nHost: lachan.internal\r\n"
                         b"Content-Type: application/x-www-form-urlencoded\r\n"
                         b"Content-Length: 8000\r\n\r\na=")
        for sock in slow[4:]:
            sock.sendall(REQUEST)  # and never read
        wait_for("all to be there", lambda: self.descriptors() > self.quiet_descriptors + len(silent))
        end = time.monotonic() + 60
        while self.descriptors() > self.quiet_descriptors and time.monotonic() < end:
            self.feed(slow[:4], b"a")
            time.sleep(0.1)
        self.assertLessEqual(self.descriptors(), self.quiet_descriptors)
        self.assert_served("127.0.0.9")

    def test_others_are_served_while_hundreds_hold_on(self):
        sources = ["127.0.2.%d" % n for n in range(1, 26)]
        for number, source in zip(range(HOSTILE), itertools.cycle(sources)):
            sock = self.open_from(source, receive_bytes=2048)
            kind = number % 4
            if kind:
                self.feed([sock], (HEAD, REQUEST, b"G")[kind - 1])
            if number % 50 == 49:
                self.assert_served("127.0.3.%d" % (number // 50 + 1))
        for round_number in range(10):
            self.feed(self.held, b"a")
            self.assert_served("127.0.4.%d" % (round_number + 1))
        self.assert_served(sources[0])  # a hostile one's own address is served, too
        self.wait_all_gone()

    def test_connections_without_end_cannot_take_every_descriptor(self):
        for number in range(1200):
            self.open_from("127.0.%d.%d" % (5 + number // 250, number % 250 + 1))
            if number > 600:
                self.held.pop(0).close()
        self.assertLess(self.descriptors(), 320)
        self.assert_served("127.0.9.9")


class TooOften(FloodTest):
    def test_who_asks_too_often_reads_so_and_others_do_not(self):
        seen = []

        def too_many():
            socks = [self.open_from("127.0.1.1") for _ in range(25)]
            self.feed(socks, REQUEST)
            for sock in socks:
                reply = test_page.Reply(b"".join(iter(lambda: sock.recv(65536), b"")))
                self.assertIn(reply.status, (403, 429))
                seen.extend([reply] if reply.status == 429 else [])
                sock.close()
            self.held.clear()
            return seen
        wait_for("429", too_many, timeout=60)
        reply = seen[0]
        self.assertGreaterEqual(int(reply.headers["retry-after"]), 1)
        self.assertIn("quá nhiều yêu cầu", reply.text)
        self.assertIn("tel:111", reply.text)
        self.assertIn("default-src 'none'", reply.headers["content-security-policy"])
        self.assert_served("127.0.1.2")
        wait_for("room again", lambda: self.ask_from("127.0.1.1").status == 403)


class FormsTooOften(forms_test.FormsTest):
    def test_who_sends_forms_too_often_waits_and_loses_no_word(self):
        form = self.open_form("bet.example", "/lachan/review")
        form["reason"] = "bài tập về nhà"
        replies = []
        wait_for("429", lambda: replies.append(form.send()) or replies[-1].status == 429, timeout=60)
        # 503: a busy machine's desk took longer than the page waits
        self.assertLessEqual({reply.status for reply in replies[:-1]}, {200, 503})
        self.assertEqual(replies[-1].headers["retry-after"], "60")
        self.assertIn("bài tập về nhà", replies[-1].text)
        self.assertLess(len(self.desk.asked), len(replies))
        self.assertEqual(self.get("bet.example").status, 403)  # pages are not forms


class SlowHttpTest(FloodTest):
    """The tool of that name in its three modes at once, each with 500 connections."""

    MODES = {
        "slow heads": ["-H", "-i", "1", "-x", "24"],
        "slow bodies": ["-B", "-i", "1", "-s", "8000", "-x", "10", "-t", "POST",
                        "-f", "application/x-www-form-urlencoded"],
        "slow readers": ["-X", "-w", "64", "-y", "128", "-n", "1", "-z", "32", "-k", "3"],
    }

    def setUp(self):
        if not shutil.which("slowhttptest"):
            self.skipTest("slowhttptest is not installed")
        super().setUp()

    def test_its_three_modes_together_keep_nobody_away(self):
        attacks, said = [], {}
        for name, options in self.MODES.items():
            path = "/lachan/review" if "-B" in options else "/"
            process = subprocess.Popen(
                ["slowhttptest", *options, "-c", str(HOSTILE), "-r", "250", "-l", str(SECONDS), "-p", "5",
                 "-u", "http://127.0.0.1:%d%s" % (self.port, path)],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.addCleanup(process.stdout.close)
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            attacks.append((name, process))
        served = 0
        for name, process in attacks:
            said[name] = b""
            while process.poll() is None:
                said[name] += self.heard(process)
                self.assert_served("127.0.8.%d" % (served % 250 + 1))
                served += 1
                time.sleep(0.1)
            said[name] += process.stdout.read()
        for name, text in said.items():
            self.assertIn(b"Exit status", text, name)
        self.assertGreater(served, 0)
        self.wait_all_gone()
        self.assertIsNone(self.page.process.poll())

    def heard(self, process):
        """Its report so far: read away, or a full pipe would stop it."""
        if select.select([process.stdout], [], [], 0)[0]:
            return os.read(process.stdout.fileno(), 65536)
        return b""


if __name__ == "__main__":
    main()
