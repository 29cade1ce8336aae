#!/usr/bin/env python3
"""What testssl says of https on the page (T63): protocols, ciphers and known holes; nothing
above LOW. Certificates are not judged: that ours live days and name no list of revoked ones is
meant so."""
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from lachan_test import main  # noqa: E402
from tls_test import TlsTest  # noqa: E402

LONGEST_S = 400  # it takes half a minute alone
BAD = ("MEDIUM", "HIGH", "CRITICAL", "FATAL")


class Testssl(TlsTest):
    def test_testssl_finds_nothing_above_low(self):
        program = shutil.which("testssl") or shutil.which("testssl.sh")
        if program is None:
            self.skipTest("testssl is not installed (apt install testssl.sh)")
        self.run_page()
        self.get("casino.example")
        report = self.path("report.json")
        done = subprocess.run(
            [program, "--quiet", "--color", "0", "--warnings", "batch", "--nodns", "none", "--ip",
             "127.0.0.1", "--add-ca", self.ca, "--jsonfile", report, "-p", "-s", "-U",
             "https://casino.example:%d" % self.tls_port],
            stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=LONGEST_S,
            cwd=self.dir, env={**os.environ, "HOME": self.dir})
        with open(report, encoding="utf-8") as file:
            findings = {one["id"]: (one["severity"], one["finding"]) for one in json.load(file)}
        bad = {name: found for name, found in findings.items() if found[0] in BAD}
        self.assertEqual(bad, {}, done.stdout.decode("utf-8", "replace")[-4000:])
        # It has looked, and found us.
        for name, said in (("TLS1_3", "OK"), ("TLS1_2", "OK"), ("TLS1_1", "INFO"), ("TLS1", "INFO"),
                           ("SSLv3", "OK"), ("heartbleed", "OK"), ("secure_client_renego", "OK"),
                           ("CRIME_TLS", "OK")):
            self.assertEqual(findings[name][0], said, (name, findings[name]))
        self.get("casino.example")


if __name__ == "__main__":
    main()
