#!/usr/bin/env python3
"""How long the department's pages take on a store as it is after years.

    cmake --preset release && cmake --build --preset release
    build/bench/district_dataset sqlite:FOLDER/district.db 5000 730 2026-11-21    # two years of 5,000 schools: 10 GB
    python3 test/bench/district_pages.py FOLDER

Starts lachan-district of BUILD_DIR (build) on loopback with that folder as state_dir, asks each page five times, and
prints the first and the median time in ms. Ends what it started.
"""
import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PAGES = ("/", "/coverage?list=stale", "/units/xa-001", "/units/truong-00001", "/categories", "/categories?period=school-year",
         "/categories?period=last-year", "/categories?category=games", "/names", "/failures", "/search?q=truong", "/reports",
         "/reports/annual", "/reports/annual.csv", "/reports/school-year", "/bundles", "/nominations", "/quick-reports")


def ask(port, path):
    began = time.perf_counter()
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    link.request("GET", path)
    reply = link.getresponse()
    size = len(reply.read())
    link.close()
    return reply.status, size, (time.perf_counter() - began) * 1000


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: district_pages.py FOLDER (with district.db)")
    sys.path.insert(0, os.path.join(ROOT, "test", "e2e"))
    from lachan_test import free_port
    port = free_port()
    program = os.path.join(os.environ.get("BUILD_DIR", os.path.join(ROOT, "build")), "bin", "lachan-district")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "district.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write('department: {name: Sở}\nserver: {listen: ["127.0.0.1:%d"], user: "", state_dir: "%s"}\n'
                       % (port, os.path.abspath(sys.argv[1])))
        running = subprocess.Popen([program, "-c", path], stderr=subprocess.DEVNULL)
        try:
            for _ in range(100):
                try:
                    ask(port, "/healthz")
                    break
                except OSError:
                    time.sleep(0.1)
            print("%-34s %6s %9s %9s %9s" % ("page", "status", "bytes", "first ms", "median ms"))
            for page in PAGES:
                times = [ask(port, page) for _ in range(5)]
                print("%-34s %6d %9d %9.0f %9.0f" % (page, times[0][0], times[0][1], times[0][2],
                                                     statistics.median(one[2] for one in times)))
        finally:
            running.terminate()
            running.wait()


main()
