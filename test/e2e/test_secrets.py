"""Secrets stay where they belong (T55): in files of mode 0600 and in memory that nobody reads,
never in an argument, a variable of the environment, or the log."""
import json
import os
import pwd
import shutil
import stat
import subprocess
import sys
import unittest

from lachan_test import RUNS, LachanTest, main, wait_for

PLANTED = "planted-key-5f1c9e7720"
READER = "import sys; open('/proc/%s/mem' % sys.argv[1], 'rb').close()"


class Secrets(LachanTest):
    def start_gateway(self, user=""):
        self.need("lachand", "lachan-filter", "lachan-page", "lachan-desk", "lachan-feeds")
        self.dns_port, self.nobody_listens = self.free_port(), self.free_port()
        names = self.upstream({"www.example.vn": "192.0.2.7"})
        # Some lists are paid for, and their key stands in the URL.
        urls = ", ".join('"http://127.0.0.1:%d/%d?key=%s"' % (self.nobody_listens, n, PLANTED)
                         for n in (1, 2))
        config = self.write_config(
            dns_port=self.dns_port, upstream=names.port,
            extra="filter:\n  feeds:\n    - {name: paid-list, category: games, url: [%s]}\n" % urls)
        with open(config, encoding="utf-8") as file:
            text = file.read().replace('user: ""', 'user: "%s"' % user)
        self.write("lachan.yaml", text)
        os.chmod(self.dir, 0o755)
        self.gateway = self.start("lachand", "-c", config, env={"TMPDIR": "/tmp"})
        self.gateway.wait_log("lachan-filter is ready")
        self.gateway.wait_log("lachan-page is ready")

    def processes(self):
        return {"lachand": self.gateway.pid, **self.gateway.children()}

    def kept(self):
        """(path, mode) of everything in run_dir and state_dir."""
        for top in "run", "state":
            for folder, folders, files in os.walk(self.path(top)):
                for name in folders + files:
                    path = os.path.join(folder, name)
                    yield path, os.lstat(path).st_mode

    def test_nothing_secret_is_in_arguments_environment_or_log(self):
        self.start_gateway()

        meta = self.path("state", "feeds", "paid-list.meta")

        def looked_at_until_fetched():
            for pid in self.processes().values():
                for name in "cmdline", "environ":
                    try:
                        with open("/proc/%d/%s" % (pid, name), "rb") as file:
                            self.assertNotIn(PLANTED.encode(), file.read(), (pid, name))
                    except (FileNotFoundError, ProcessLookupError):
                        continue  # lachan-feeds has finished
            return os.path.exists(meta)
        wait_for("the first run of the feeds", looked_at_until_fetched)
        with open(meta, encoding="utf-8") as file:
            reason = json.load(file)["reason"]
        self.assertIn("http://127.0.0.1:%d/2: " % self.nobody_listens, reason)
        self.assertNotIn(PLANTED, reason)
        self.gateway.hup()
        self.gateway.wait_log("the new configuration is in force")
        self.assertEqual(self.ask(self.dns_port, "www.example.vn").addresses(), ["192.0.2.7"])
        self.gateway.term()
        self.assertNotIn(PLANTED, self.gateway.log())

    def test_files_are_closed_to_others_and_keys_to_all_but_us(self):
        self.start_gateway()
        self.control("allow", name="example.vn", tier="lower_secondary", for_ms=60000)
        wait_for("the first run of the feeds",
                 lambda: os.path.exists(self.path("state", "feeds", "paid-list.meta")))
        seen = dict(self.kept())
        for path, mode in seen.items():
            self.assertEqual(stat.S_IMODE(mode) & 0o007, 0, path)
        # Today's key of devices (there is one where run_dir is memory), and who may open what.
        for path in self.path("run", "tally"), self.path("state", "grants"):
            if path in seen:
                self.assertEqual(stat.S_IMODE(seen[path]), 0o600, path)
        for top in "run", "state":
            self.assertEqual(stat.S_IMODE(os.stat(self.path(top)).st_mode) & 0o027, 0, top)

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    @unittest.skipUnless(shutil.which("setpriv"), "needs setpriv")
    def test_no_program_of_our_own_user_reads_our_memory(self):
        try:
            nobody = pwd.getpwnam("nobody")
        except KeyError:
            self.skipTest("there is no user \"nobody\"")
        self.start_gateway("nobody")
        for name, pid in self.processes().items():
            if name in RUNS:
                continue
            with open("/proc/%d/limits" % pid, encoding="utf-8") as file:
                core = next(line for line in file if line.startswith("Max core file size"))
            self.assertEqual(core.split()[4:6], ["0", "0"], name)
            done = subprocess.run(
                ["setpriv", "--reuid", str(nobody.pw_uid), "--regid", str(nobody.pw_gid),
                 "--clear-groups", sys.executable, "-c", READER, str(pid)],
                capture_output=True, text=True, check=False)
            self.assertIn("PermissionError", done.stderr, name)


if __name__ == "__main__":
    main()
