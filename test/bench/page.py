#!/usr/bin/env python3
"""What the warning page costs, and whether DNS feels it.

    make && python3 page.py [--rounds 5] [--rate 1000] [--dns 2000] [--apart]

Starts lachan-filter (one worker) and lachan-page on loopback, both pinned to CPU 0 (--apart:
each where the system puts it) with the load on CPU 1, and prints:
- bytes of the page, gzip, for every tier and kind of category (mark: 30 KB);
- first byte of one request at a time (mark: 5 ms);
- rounds: quiet seconds of DNS alone, then the same with --rate pages a second; the ratio of
  the two p99 (mark: 1.3, median of the rounds);
- the same with 500 hostile connections held against the page, and how long others wait for
  their pages meanwhile (mark: 1 s);
- memory of lachan-page (resident) at the start, at its most, and at the end (mark: 10 MB).
Only loopback, bounded in time; ends only what it started. Environment: LACHAN_BIN (release
build), BENCH_BUILD."""
import argparse
import gzip
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
from lachan_test import free_port, plain_rules, wait_for  # noqa: E402

LACHAN = os.environ.get("LACHAN_BIN", os.path.join(HERE, "..", "..", "build", "bin"))
TOOLS = os.environ.get("BENCH_BUILD", os.path.join(HERE, "build"))
TIERS = ("preschool", "primary", "lower_secondary", "upper_secondary", "staff")
KINDS = ("gambling", "self-harm", "child-abuse", "phishing-scam", "proxy-vpn-doh")
TEST_NAME = "www.%s.thu.lachan.example"
SECONDS = 4


class House:
    """The two programs of the gateway that this is about, each tier at an address of its own."""

    def __init__(self, folder, apart):
        self.folder, self.apart, self.running = folder, apart, []
        self.dns, self.http = free_port(), free_port()
        self.config = os.path.join(folder, "lachan.yaml")
        tiers = "".join("    - {name: %s, clients: [127.9.%d.0/24]}\n" % (t, i) for i, t in enumerate(TIERS))
        with open(self.config, "w", encoding="utf-8") as file:
            file.write("""
school: {levels: [preschool, primary, lower_secondary, upper_secondary], languages: [vi, en], name: "THCS Nguyễn Du", contact: {room: "phòng 12"}}
server: {listen: ["127.0.0.1:%d"], threads: 1, user: "", data_dir: %s, state_dir: state, run_dir: run,
  allow: [local, 127.0.0.0/8], log: {level: error}}
pages: {listen: ["127.0.0.1:%d"]}
""" % (self.dns, plain_rules(), self.http))
            file.write("filter:\n  tiers:\n" + tiers)
        for name in ("state", "run"):
            os.mkdir(os.path.join(folder, name))
        subprocess.run([os.path.join(LACHAN, "lachan-feeds"), "-c", self.config], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self, name):
        pin = [] if self.apart else ["taskset", "-c", "0"]
        log = open(os.path.join(self.folder, name + ".log"), "wb")
        process = subprocess.Popen(pin + [os.path.join(LACHAN, name), "-c", self.config],
                                   stdout=log, stderr=log, start_new_session=True)
        self.running.append(process)
        return process

    def end(self):
        for process in self.running:
            process.send_signal(signal.SIGTERM)
        for process in self.running:
            process.wait(20)

    def get(self, host, source="127.9.1.1", packed=True):
        with socket.create_connection(("127.0.0.1", self.http), 10, (source, 0)) as sock:
            begin = time.perf_counter()
            sock.sendall(("GET / HTTP/1.1\r\nHost: %s\r\nAccept: text/html\r\n%s\r\n" % (
                host, "Accept-Encoding: gzip\r\n" if packed else "")).encode())
            data = sock.recv(65536)
            first = time.perf_counter() - begin
            while part := sock.recv(65536):
                data += part
        head, _, body = data.partition(b"\r\n\r\n")
        return int(head.split()[1]), body, first * 1000


def memory_kb(pid):
    """Resident now, and at its most."""
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        fields = dict(line.split(":", 1) for line in file)
    return int(fields["VmRSS"].split()[0]), int(fields["VmHWM"].split()[0])


def tool(name, *arguments):
    """`pages` gives way to `load`: what is measured is DNS, not two generators on one core."""
    return subprocess.Popen(["taskset", "-c", "1", "nice", "-n", "10" if name == "pages" else "0",
                             os.path.join(TOOLS, name), *map(str, arguments)],
                            stdout=subprocess.PIPE, text=True)


def result(process):
    out, _ = process.communicate(timeout=60)
    return json.loads(out)


def sizes(house):
    rows = []
    for number, tier in enumerate(TIERS):
        for kind in KINDS:
            status, body, _ = house.get(TEST_NAME % kind, "127.9.%d.1" % number)
            rows.append((len(body), len(gzip.decompress(body)), tier, kind, status))
    packed, plain, tier, kind, _ = max(rows)
    print("page, gzip: %d to %d bytes (the largest, %s %s: %d unpacked); mark 30720" % (
        min(rows)[0], packed, tier, kind, plain))


def first_byte(house):
    times = sorted(house.get(TEST_NAME % "gambling", "127.8.0.%d" % (n % 250 + 1))[2]
                   for n in range(500))
    print("first byte, one at a time: p50 %.2f ms, p99 %.2f ms, max %.2f ms; mark 5" % (
        times[250], times[495], times[-1]))


def dns_load(house, options, seconds):
    return tool("load", "-f", options.queries, "-p", house.dns, "-r", options.dns, "-l", seconds, "-c", 8)


def one_round(house, options, hostile):
    quiet = result(dns_load(house, options, SECONDS))
    pages = tool("pages", "-p", house.http, "-r", 100 if hostile else options.rate, "-l", SECONDS + 2,
                 "-n", TEST_NAME % "gambling", "-g", *(["-s", hostile] if hostile else []))
    time.sleep(1)
    busy = result(dns_load(house, options, SECONDS))
    return quiet, busy, result(pages)


def rounds(house, options, hostile, what):
    ratios = []
    for number in range(options.rounds):
        quiet, busy, pages = one_round(house, options, hostile)
        before, during = quiet["lat_us"]["p99"], busy["lat_us"]["p99"]
        ratios.append(during / before)
        print("  round %d: DNS p99 %.0f -> %.0f us (x %.2f); pages: %s of %d, first byte p50 %.2f p99 %.2f "
              "max %.1f ms, whole max %.1f ms, failed %d, came back %d" % (
                  number + 1, before, during, ratios[-1], json.dumps(pages["status"]), pages["asked"],
                  *(pages["first_ms"][k] for k in ("p50", "p99", "max")), pages["whole_ms"]["max"],
                  pages["failed"], pages["reopened"]))
    print("%s: DNS p99 x %.2f (%.2f to %.2f); mark 1.3" % (
        what, statistics.median(ratios), min(ratios), max(ratios)))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--dns", type=int, default=2000)
    parser.add_argument("--apart", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lachan-page-bench-") as folder:
        options.queries = os.path.join(folder, "queries")
        with open(options.queries, "w", encoding="ascii") as file:
            file.writelines("%s A\n" % (TEST_NAME % kind) for kind in KINDS)
        house = House(folder, options.apart)
        try:
            house.start("lachan-filter")
            page = house.start("lachan-page")
            wait_for("the page", lambda: answers(house))
            at_start = memory_kb(page.pid)[0]
            sizes(house)
            first_byte(house)
            rounds(house, options, 0, "%d pages a second" % options.rate)
            rounds(house, options, 500, "500 hostile connections")
            now, most = memory_kb(page.pid)
            print("lachan-page: %d KB resident at the start, %d at its most, %d at the end; mark 10240"
                  % (at_start, most, now))
        finally:
            house.end()


def answers(house):
    try:
        return house.get(TEST_NAME % "gambling")[0] == 403
    except (OSError, IndexError):
        return False


if __name__ == "__main__":
    main()
