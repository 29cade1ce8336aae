#!/usr/bin/env python3
"""The log: whoever stops reading it stops nothing else, and no name can forge a line of it."""
import fcntl
import os
import struct
import subprocess
import termios

from filter_test import FilterTest
from lachan_test import BIN, PATIENCE_S, dns, main

FORGED = b"x\n2026-11-20 09:05:11 lachan-filter error main: \x1b[31mforged"


class Logs(FilterTest):
    """A filter whose standard error is a pipe of ours."""

    RECORDS = {"www.example.vn": "192.0.2.7"}

    def run_into_pipe(self, **server):
        self.publish(self.RULES)
        self.fake = self.upstream(self.RECORDS)
        config = self.config(upstream={"servers": ["udp://127.0.0.1:%d" % self.fake.port]},
                             server={"log": {"level": "debug", "target": "stderr"}, **server})
        process = subprocess.Popen([os.path.join(BIN, "lachan-filter"), "-c",
                                    self.write_json(config)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.ask_until(self.port, "www.example.vn")
        return process

    def test_a_reader_that_stopped_costs_no_answer(self):
        self.RECORDS = {**self.RECORDS, **{"n%d.inside.vn" % i: "10.0.0.1" for i in range(1500)}}
        process = self.run_into_pipe()
        # Each makes a line of the debug log, which nobody reads: the pipe is full soon.
        for i in range(1500):
            self.ask_filter("n%d.inside.vn" % i)
        waiting = struct.unpack("i", fcntl.ioctl(process.stderr, termios.FIONREAD, b"    "))[0]
        size = fcntl.fcntl(process.stderr, 1032)  # F_GETPIPE_SZ
        self.assertGreater(waiting, size / 2)
        for _ in range(100):
            self.assert_passed(self.ask_filter("www.example.vn"))
            self.assert_blocked(self.ask_filter("www.casino.example"))
        self.assertIsNone(process.poll())

    def test_a_name_cannot_forge_a_line(self):
        process = self.run_into_pipe()
        name = bytes([len(FORGED)]) + FORGED + b"\x07example\x02vn\x00"
        # Answered with private addresses: what the debug log tells by name.
        self.fake.records[(FORGED + b".example.vn").decode()] = "10.0.0.1"
        query = b"\x12\x34\x01\x00\x00\x01" + bytes(6) + name + b"\x00\x01\x00\x01"
        dns.ask_bytes(("127.0.0.1", self.port), query, timeout=PATIENCE_S)
        process.terminate()
        log = process.stderr.read()
        self.assertIn(b"forged", log)
        self.assertNotIn(b"\x1b", log)
        for line in log.split(b"\n")[:-1]:
            self.assertNotIn(b" error main: ", line[:60], line)


if __name__ == "__main__":
    main()
