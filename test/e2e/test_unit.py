"""The systemd unit: how well it is fenced, and that the gateway works inside the fence."""
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import unittest

from lachan_test import (BIN, BUILD_DIR, HELPERS, RUNS, SOURCE_DIR, Control, LachanTest, is_alive,
                         main, plain_rules, wait_for)

UNIT = os.path.join(BUILD_DIR, "packaging", "lachan.service")
PROGRAMS = ("lachand", "lachan-filter", "lachan-page", "lachan-desk", "lachan-feeds")
EXPOSURE = 2.0  # at most; 10 is unprotected
NOBODY = 65534


def low_port():
    """A port below 1024 that nobody holds: opening it takes the unit's one capability."""
    for port in random.sample(range(600, 1000), 100):
        try:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                with socket.socket(socket.AF_INET, kind) as sock:
                    sock.bind(("127.0.0.1", port))
            return port
        except OSError:
            continue
    raise unittest.SkipTest("no port below 1024 is free")


@unittest.skipUnless(os.path.exists(UNIT), "built without the systemd unit")
@unittest.skipUnless(shutil.which("systemd-analyze"), "needs systemd-analyze")
class Unit(LachanTest):
    def test_the_unit_is_exposed_no_more_than_it_must_be(self):
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--no-pager", UNIT],
            capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})
        if "Overall exposure level" not in done.stdout:
            self.skipTest("this systemd-analyze cannot rate a file: " + done.stderr.strip())
        level = float(done.stdout.split("Overall exposure level for lachan.service: ")[1].split()[0])
        self.assertLessEqual(level, EXPOSURE, done.stdout)


@unittest.skipUnless(os.path.exists(UNIT), "built without the systemd unit")
@unittest.skipUnless(os.geteuid() == 0, "only root can build the fence")
@unittest.skipUnless(all(map(shutil.which, ("systemd-analyze", "setpriv", "unshare", "mount"))),
                     "needs systemd-analyze, setpriv, unshare and mount")
class Inside(LachanTest):
    def setUp(self):
        super().setUp()
        self.need(*PROGRAMS)
        # What nobody may read, wherever this tree stands.
        os.chmod(self.dir, 0o755)
        self.bin = self.path("bin")
        os.mkdir(self.bin)
        for program in PROGRAMS:
            shutil.copy(os.path.join(BIN, program), self.bin)
        shutil.copy(os.path.join(HELPERS, "fence.py"), self.bin)
        shutil.copytree(plain_rules(), self.path("rules"))
        packaged = os.path.join(plain_rules(), "packaged.db")
        self.assertEqual(os.path.exists(packaged), os.path.exists(self.path("rules", "packaged.db")))
        for folder in "state", "run":
            os.mkdir(self.path(folder), 0o750)
            os.chown(self.path(folder), NOBODY, NOBODY)
        self.dns_port, self.page_port = low_port(), self.free_port()
        names = self.upstream({"www.example.vn": "192.0.2.7"})
        self.configure(names.port)

    def configure(self, upstream):
        self.config = self.write_config(
            dns_port=self.dns_port, page_port=self.page_port, upstream=upstream,
            extra="filter:\n  feeds:\n    - {name: lachan-games, category: games, "
                  "url: [\"file://%s/lists/games.txt\"]}\n" % self.path("rules"))
        with open(self.config, encoding="utf-8") as file:
            text = file.read().replace("data_dir: " + plain_rules(),
                                       "data_dir: " + self.path("rules"))
        self.write("lachan.yaml", text)
        os.chmod(self.config, 0o644)

    def start_fenced(self):
        # LSan would trace its own process, which the unit forbids everybody.
        gateway = self.start(
            "unshare", "-m", sys.executable, os.path.join(self.bin, "fence.py"), UNIT, self.dir,
            os.path.join(self.bin, "lachand"), "-c", self.config,
            folder=os.path.dirname(shutil.which("unshare")), env={"ASAN_OPTIONS": "detect_leaks=0"})

        def ready():
            if gateway.process.poll() == 77:
                self.skipTest(gateway.log())
            return gateway.process.poll() is not None or "lachan-filter is ready" in gateway.log()
        wait_for("the gateway", ready, 60)
        gateway.wait_log("lachan-filter is ready")
        gateway.wait_log("lachan-page is ready")
        gateway.wait_log("lachan-desk is ready")
        return gateway

    def status_of(self, pid):
        with open("/proc/%d/status" % pid, encoding="utf-8") as file:
            return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)

    def resolved(self, name, **how):
        return self.ask(self.dns_port, name, timeout=10, **how).addresses()

    def command(self, name):
        # As the service's own user: root is not asked.
        with Control(self.path("run", "control.sock")) as line:
            return line.ask(name)

    def test_the_gateway_lives_its_whole_life_inside_the_fence(self):
        gateway = self.start_fenced()
        self.assertEqual(self.resolved("www.example.vn"), ["192.0.2.7"])
        self.assertEqual(self.resolved("www.example.vn", tcp=True), ["192.0.2.7"])
        wait_for("the first run of the feeds", lambda: os.path.exists(
            self.path("state", "rules.db")), 60)
        self.assertTrue(self.command("status")["ok"])
        with socket.create_connection(("127.0.0.1", self.page_port), timeout=10) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: lachan.internal\r\n\r\n")
            self.assertTrue(client.recv(64).startswith(b"HTTP/1.1 "))
        with Control(self.path("run", "desk.sock")) as line:
            self.assertTrue(line.ask("standing")["ok"])
        gateway.hup()
        gateway.wait_log("the new configuration is in force")
        children = {name: pid for name, pid in gateway.children().items() if name not in RUNS}
        for name, pid in {"lachand": gateway.pid, **children}.items():
            status = self.status_of(pid)
            self.assertEqual(status["Uid"].split(), [str(NOBODY)] * 4, name)
            for caps in "CapInh", "CapPrm", "CapEff", "CapAmb":
                self.assertEqual(int(status[caps], 16), 0, (name, caps))
            self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"), name)
            # The unit's list, the supervisor's, and below it the child's own.
            self.assertEqual(status.get("Seccomp_filters", "3" if pid != gateway.pid else "2"),
                             "3" if pid != gateway.pid else "2", name)
        # Non-dumpable: not even this user's other programs may look into them.
        for name, pid in children.items():
            self.assertEqual(os.stat("/proc/%d/environ" % pid).st_uid, 0, name)
        os.kill(children["lachan-filter"], signal.SIGKILL)
        gateway.wait_log("lachan-filter is ready", count=2)
        self.assertEqual(self.resolved("www.example.vn"), ["192.0.2.7"])
        self.assertNotIn("not permitted", gateway.log())
        self.assertEqual(gateway.term(), 0)
        self.assertFalse(any(map(is_alive, children.values())))


if __name__ == "__main__":
    main()
