"""What the browser tests share: a school, and Chromium looking at it."""
import json
import os
import shutil
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))

from lachan_test import BIN, BUILD_DIR, LachanTest, main, plain_rules  # noqa: E402,F401

MODULES = os.environ.get("BROWSER_MODULES", os.path.join(BUILD_DIR, "browser"))
PICTURES = os.environ.get("PICTURES", os.path.join(BUILD_DIR, "pictures"))
PASSWORD = "con đường đến trường"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


class BrowserTest(LachanTest):
    def setUp(self):
        if CHROMIUM is None or shutil.which("node") is None:
            raise unittest.SkipTest("chromium and node are wanted")
        if not os.path.isdir(os.path.join(MODULES, "node_modules", "axe-core")):
            raise unittest.SkipTest("test/browser/run installs axe-core and puppeteer-core first")
        super().setUp()
        os.makedirs(PICTURES, exist_ok=True)

    def begin_school(self, level="lower_secondary", extra="", languages="vi, en", **more):
        """lachand with our own lists alone; waits for its rules and its page."""
        self.need("lachand", "lachan-filter", "lachan-page", "lachan-feeds", "lachanctl")
        self.dns_port, self.page_port = self.free_port(), self.free_port()
        self.up = self.upstream(more.pop("records", {}))
        self.config = self.write_config(dns_port=self.dns_port, page_port=self.page_port,
                                        upstream=self.up.port, level=level,
                                        name="Trường Thử", extra=extra, **more)
        with open(self.config, encoding="utf-8") as file:
            text = file.read().replace("languages: [en]", "languages: [%s]\n"
                                       '  contact: {room: "Phòng 12, tầng 1"}' % languages)
        self.write("lachan.yaml", text)
        self.lachand = self.start("lachand", "-c", self.config)

        def ready():
            try:
                return self.control("status")["rules"]["source"] == "state"
            except OSError:
                return False
        self.wait_for("rules", ready, 60)

    def people(self):
        """Who answers, all with PASSWORD, and here lately: forms are open when this returns."""
        self.ctl("user", "add", "hieu-truong", "approver", given=PASSWORD + "\n")
        yes = "hieu-truong\n%s\n" % PASSWORD
        for name, role in (("lan", "teacher"), ("hoa", "counsellor"), ("mai", "counsellor")):
            self.ctl("user", "add", name, role,
                     given=PASSWORD + "\n" + (yes if role == "counsellor" else ""))
        self.ctl("reports", "--user", "hoa", given=PASSWORD + "\n")

        def ready():
            self.control("sign-in", socket_name="forms.sock", user="lan", password=PASSWORD,
                         client="127.0.0.1")
            held = self.control("standing", socket_name="forms.sock")
            return held["review"] and held["report"] and held["teacher"]
        self.wait_for("forms to open", ready)
        self.wait_for("the page to know", lambda: b"/lachan/open" in subprocess.run(
            ["curl", "-s", "-H", "Host: lachan.internal", "-H", "Accept: text/html",
             "http://127.0.0.1:%d/lachan/open" % self.page_port], check=False,
            capture_output=True).stdout)

    def ctl(self, *words, given=""):
        done = subprocess.run([os.path.join(BIN, "lachanctl"), "-c", self.config, *words],
                              input=given.encode(), check=False, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode()

    def visit(self, jobs, *flags, argv=(), env=None, timeout=900):
        """What Chromium saw of each job (visit.mjs)."""
        done = subprocess.run(
            [*argv, "node", os.path.join(HERE, "visit.mjs"), MODULES, CHROMIUM,
             "--user-data-dir=" + self.path("browser"), *flags],
            input=json.dumps(jobs).encode(), capture_output=True, timeout=timeout, check=False,
            env={**os.environ, "HOME": self.dir, **(env or {})})
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return json.loads(done.stdout)

    def here(self):
        """Every name leads to this school's page, and no https is tried first."""
        return ("--host-resolver-rules=MAP * 127.0.0.1:%d" % self.page_port,
                "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable")
