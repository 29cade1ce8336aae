#!/usr/bin/env python3
"""The n-th allocation of a program fails (T49). Once it serves it goes on, and at most one
question is answered with SERVFAIL; before that it may end with a sentence, and the next
start serves.

Every n up to 5,000 takes a while; the check takes a few. All of them:
    FAULTS_STRIDE=1 BUILD_DIR=build python3 -B test/faults/test_memory.py"""
import os
import socket
import time

from faulty import FaultTest
from lachan_test import Control, control, dns, main, wait_for

STRIDE = int(os.environ.get("FAULTS_STRIDE", "173"))
FIRST = int(os.environ.get("FAULTS_FIRST", "1"))
LAST = int(os.environ.get("FAULTS_LAST", "5000"))
TRIES = 4


class Memory(FaultTest):
    RULES = {"gambling": "||casino.example^\n/^spiel[0-9]+\\./\n"}

    def start_filter(self):
        return self.start_faulty("lachan-filter", "serving with", self.page.env)

    def asked(self, name, **how):
        """The first answer that is no SERVFAIL, of a few tries."""
        for _ in range(TRIES):
            try:
                reply = self.ask_filter(name, timeout=3.0, **how)
            except (OSError, ConnectionError):
                continue
            if reply.rcode != dns.SERVFAIL:
                return reply
            time.sleep(1.1)  # a failure may be remembered that long
        raise AssertionError("no answer for %s" % name)

    def command(self, command, /, **arguments):
        """Its answer, or None when there was no memory for it: then the connection ends, or
        (libevent could not wait for it to be written) it stays without an answer."""
        try:
            with Control(os.path.join(self.run_dir, "control.sock"), timeout=3.0) as line:
                return line.ask(command, **arguments)
        except (OSError, ConnectionError, ValueError):
            return None

    def revoke_all(self):
        """With memory again: without, the list of grants may have come back cut short."""
        self.page.heal()

        def gone():
            left = (self.command("grants") or {"grants": [None]})["grants"]
            for grant in left:
                if grant is not None:
                    self.command("revoke", id=grant["id"])
            return not left
        wait_for("the grants to be revoked", gone)

    def use(self, turn):
        """Questions by UDP and TCP, then commands, one of which may fail."""
        self.assert_blocked(self.asked("www.casino.example"))
        self.assert_blocked(self.asked("spiel%d.example.vn" % turn, tcp=True))
        self.assert_passed(self.asked("n%d.example.vn" % (turn % 2000)))
        for command, arguments in (("status", {}), ("allow", {"name": "casino.example",
                                   "for_ms": 60000}), ("explain", {"name": "casino.example"})):
            self.command(command, **arguments)
        self.revoke_all()

    def use_and_end(self, program, turn):
        try:
            self.use(turn)
        finally:
            self.end_faulty(program)

    def prepare(self):
        self.publish(self.RULES)
        self.fake = self.upstream({"n%d.example.vn" % i: "192.0.2.7" for i in range(2000)})
        self.write_json(self.config(
            upstream={"servers": ["udp://127.0.0.1:%d" % self.fake.port]},
            server={"threads": 1}))

    def test_any_allocation_may_fail(self):
        self.prepare()
        reached = survived = 0
        for n in range(FIRST, LAST + 1, STRIDE):
            with self.subTest(allocation=n):
                self.page.begin("lachan-filter")
                self.page.fail_memory(n)
                program = self.start_filter()
                same = program is not None
                if not same:
                    program = self.start_filter()
                    self.assertIsNotNone(program, "the next start does not serve either")
                self.use_and_end(program, n)
                reached += self.page.hits
                survived += same
                if self.page.hits == 0:
                    break
        print("\n%d allocations failed; %d were survived by the same process" % (
            reached, survived))
        self.assertGreater(reached, 10)

    def test_any_allocation_of_one_that_serves_may_fail(self):
        self.prepare()
        self.page.begin("lachan-filter")
        program = self.start_filter()
        self.use(0)
        before = self.page.memory_seen
        self.use(1)
        usual = self.page.memory_seen - before
        failed = 0
        for n in range(1, usual + 1, max(1, STRIDE // 10)):
            with self.subTest(allocation=n):
                hits = self.page.hits
                self.page.fail_memory(self.page.memory_seen + n)
                self.use(n + 1)
                self.page.heal()
                failed += self.page.hits - hits
                self.assertIsNone(program.process.poll(), program.log())
        self.use_and_end(program, 0)
        print("\n%d allocations of %d failed, all survived" % (failed, usual))
        self.assertGreater(failed, 0)


class Others(FaultTest):
    """The programs beside the filter: whatever they lack, they end with a sentence or go on, and
    the next one serves."""

    def fail_each(self, name, ready, use):
        page_port = self.free_port()
        self.publish(self.RULES)
        config = self.config()
        config["pages"] = {"listen": ["127.0.0.1:%d" % page_port]}
        self.write_json(config)
        reached = 0
        for n in range(FIRST, LAST + 1, STRIDE):
            with self.subTest(allocation=n):
                self.page.begin(name)
                self.page.fail_memory(n)
                program = self.start_faulty(name, ready, self.page.env)
                if program is None:
                    program = self.start_faulty(name, ready, self.page.env)
                    self.assertIsNotNone(program, "the next start does not serve either")
                try:
                    use(page_port)
                finally:
                    self.end_faulty(program)
                reached += self.page.hits
                if self.page.hits == 0:
                    break
        print("\n%s: %d allocations failed" % (name, reached))
        self.assertGreater(reached, 1)

    def test_any_allocation_of_the_page_may_fail(self):
        def use(port):
            def shown():
                try:
                    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
                        sock.sendall(b"GET / HTTP/1.1\r\nHost: casino.example\r\n"
                                     b"Accept: text/html\r\n\r\n")
                        return b"</html>" in b"".join(iter(lambda: sock.recv(65536), b""))
                except OSError:
                    return False
            wait_for("the warning page", shown)
        self.fail_each("lachan-page", "serving the warning page", use)

    def test_any_allocation_of_the_desk_may_fail(self):
        path = os.path.join(self.run_dir, "forms.sock")

        def use(_):
            def answered():
                try:
                    control(path, "sign-in", user="nobody", password="x", client="192.0.2.1")
                    return control(path, "standing")["ok"]
                except (OSError, ConnectionError):
                    return False
            wait_for("the standing", answered)
        self.fail_each("lachan-desk", "desk: open", use)


if __name__ == "__main__":
    main()
