#!/usr/bin/env python3
"""How a department's collector keeps up: N schools, one signed document each, within one hour.

    cmake --preset release && cmake --build --preset release
    python3 test/bench/schools.py --schools 5000                         # SQLite
    python3 test/bench/schools.py --schools 30000 --store postgresql     # PostgreSQL of its own

PostgreSQL keeps its data below TMPDIR, else /var/tmp, and waits for the disk at each commit.

`--seconds` is how long the hour lasts. The default compresses it so that 28 documents come a second:
20 times for 5,000 schools, 3.4 times for 30,000. A collector that keeps up with the compressed hour
keeps up with the real one; its times there are not longer. `--tls` makes every document a new TLS
connection. Prints one JSON object; exit status 1 when a document was refused or not answered, or
when p99 is 250 ms or more. On SQLite a document costs one fsync, so the disk beneath TMPDIR is part of what is
measured.

Starts the real lachan-district of BUILD_DIR (build) on loopback, and ends what it started.
"""
import argparse
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
os.environ.setdefault("BUILD_DIR", os.path.join(ROOT, "build"))
os.environ.setdefault("POSTGRES_ON_DISK", os.environ.get("TMPDIR", "/var/tmp"))
sys.path.insert(0, os.path.join(ROOT, "test", "e2e"))
import certificates  # noqa: E402
import district_test  # noqa: E402
from lachan_test import BUILD_DIR  # noqa: E402

LIMIT_MS = 250


class Department(district_test.DistrictTest):
    def runTest(self):
        """Never run as a test: unittest wants the name."""


def cpu_seconds(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as file:
        words = file.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM"))


def driver(*words):
    done = subprocess.run([os.path.join(BUILD_DIR, "bench", "district_schools"), *map(str, words)],
                          stdout=subprocess.PIPE, check=False, text=True)
    if not done.stdout:
        sys.exit("district_schools %s failed" % words[0])
    return json.loads(done.stdout)


def measure(department, wish):
    tls = None
    if wish.tls:
        os.makedirs(department.path("keys"))
        tls = certificates.make(department.path("keys"), "server", "subjectAltName=IP:127.0.0.1")
    department.configure(tls=tls)
    os.makedirs(department.path("state"), exist_ok=True)
    where = department.store if wish.store == "postgresql" else \
        "sqlite:" + department.path("state", "district.db")
    documents = department.path("documents")
    driver("prepare", where, wish.schools, documents)
    collector = department.begin()
    before = cpu_seconds(collector.pid)
    got = driver("send", documents, department.tls_port if tls else department.port, wish.seconds,
                 *([tls[0]] if tls else []))
    got["store"] = wish.store
    got["compressed"] = round(3600 / wish.seconds, 1)
    got["collector_cpu_ms_per_document"] = round(
        1000 * (cpu_seconds(collector.pid) - before) / wish.schools, 3)
    got["collector_memory_mib"] = round(memory_mib(collector.pid), 1)
    return got


def main():
    wishes = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    wishes.add_argument("--schools", type=int, default=5000)
    wishes.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    wishes.add_argument("--seconds", type=int, help="how long the hour lasts")
    wishes.add_argument("--tls", action="store_true")
    wish = wishes.parse_args()
    wish.seconds = wish.seconds or max(1, wish.schools // 28)
    os.environ.pop("LACHAN_SANDBOX_STRICT", None)  # measured as it runs
    Department.STORE = wish.store
    department = Department()
    department.setUp()
    try:
        got = measure(department, wish)
    finally:
        department.doCleanups()
        district_test.close_server()
    print(json.dumps(got))
    sound = got["refused"] + got["no_answer"] == 0 and got["p99_ms"] < LIMIT_MS
    sys.exit(0 if sound else 1)


if __name__ == "__main__":
    main()
