#!/usr/bin/env python3
"""What the desk notices, and the gateway that tells it."""
import json
import os
import shutil
import subprocess
import time
import unittest

from filter_test import merge
from lachan_test import BIN, control, main, wait_for
from notify_test import KINDS, STRICT, NotifyTest

OLD_S = 1_600_000_000


class TheDesk(NotifyTest):
    """What the desk notices; lachan-notify does not run."""

    def steps(self, kind):
        for line in self.text_of("notices").splitlines():
            if line.startswith(kind + " "):
                return int(line.split()[1])
        raise AssertionError("no line for " + kind)

    def since_long(self, kind):
        """As if what is otherwise than told had been so for long."""
        lines = self.text_of("notices").splitlines()
        words = lines[KINDS.index(kind) + 1].split()
        lines[KINDS.index(kind) + 1] = "%s %s %s %d" % (*words[:3], OLD_S)
        self.write("state/notices", "\n".join(lines) + "\n")

    def test_unfiltered_time_has_a_begin_and_an_end(self):
        target = {"to": self.script("true")}
        self.prepare(target)
        self.since_long("unfiltered")
        # No filter at all.
        self.run_desk(filter_too=False)
        self.desk_program.wait_log("unfiltered: begins")
        self.wait_for("it to be kept", lambda: self.steps("unfiltered") == 1)
        self.stop_desk()
        # The same still holds after a restart, and is no news.
        del self.current
        self.run_filter(notify=[target], filter={"enforce": False})
        self.run_desk()
        time.sleep(2)
        self.assertEqual(self.steps("unfiltered"), 1)
        self.stop_desk()
        self.since_long("unfiltered")
        self.current["filter"]["enforce"] = True
        self.reload(self.current)
        self.run_desk()
        self.desk_program.wait_log("unfiltered: ends")
        self.wait_for("its end to be kept", lambda: self.steps("unfiltered") == 2)
        self.stop_desk()

    def test_a_list_that_fails_for_long_is_noticed_and_one_that_is_fine_is_not(self):
        feeds = [{"name": name, "category": "gambling", "url": ["file:/nowhere"]}
                 for name in ("sai", "cu", "tot")]
        self.prepare({"to": self.script("true")})
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        for name, meta in (("sai", {"result": "refused", "failures": 30, "checked": now}),
                           ("cu", {"result": "unchanged", "checked": "2025-01-01T00:00:00Z"}),
                           ("tot", {"result": "ok", "checked": now})):
            self.write("state/feeds/%s.meta" % name, json.dumps(meta))
        lines = self.text_of("notices").splitlines()
        lines.insert(len(KINDS) + 1, "feed sai %d" % OLD_S)
        self.write("state/notices", "\n".join(lines) + "\n")
        del self.current
        self.run_filter(notify=[{"to": self.path("told.sh")}], filter={"feeds": feeds})
        self.run_desk()
        self.desk_program.wait_log("feed_stale: 2")
        self.wait_for("it to be kept", lambda: "\nfeed_stale 1 2 0\n" in self.text_of("notices"))
        self.stop_desk()

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("unshare"),
                         "a small file system of our own needs root and unshare")
    def test_a_full_disk_is_noticed_and_does_not_keep_it_secret(self):
        self.current = self.config(notify=[{"to": self.script("true")}])
        self.write_json(self.current)
        os.makedirs(self.path("state"))
        os.makedirs(self.path("run"), mode=0o750)
        shell = ("mount --make-rprivate / && mount -t tmpfs -o size=64k tmpfs %s && "
                 "chmod 750 %s && { dd if=/dev/zero of=%s/fill bs=1k count=64 2>/dev/null; "
                 "exec %s -c %s; }" % (self.path("state"), self.path("state"), self.path("state"),
                                     os.path.join(BIN, "lachan-desk"), self.path("lachan.yaml")))
        if subprocess.run(["unshare", "-m", "sh", "-c", "mount --make-rprivate /"],
                          check=False, capture_output=True).returncode != 0:
            self.skipTest("this machine gives us no mount namespace")
        program = self.start("unshare", "-m", "sh", "-c", shell, folder=os.path.dirname(
            shutil.which("unshare")))
        program.wait_log("disk_full: begins")
        # state_dir takes nothing: what is to be told stands in run_dir.
        self.wait_for("it to be kept", lambda: "\ndisk_full 1 " in self.read_run())
        self.assertEqual(program.term(), 0, program.log())

    def read_run(self):
        try:
            with open(self.path("run", "notices"), encoding="ascii") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def test_without_anybody_to_tell_nothing_is_kept(self):
        self.run_desk(filter_too=False)
        time.sleep(2)
        self.stop_desk()
        self.assertFalse(os.path.exists(self.path("state", "notices")))


class TheWhole(NotifyTest):
    RULES = {"gambling": "||casino.example^\n"}

    def reach_who_answers(self, **server):
        programs = ("lachand", "lachan-filter", "lachan-page", "lachan-desk", "lachan-notify")
        self.need(*programs)
        os.mkdir(self.path("bin"))
        for program in programs:
            shutil.copy(os.path.join(BIN, program), self.path("bin"))
        self.publish(self.RULES)
        target = {"to": self.script("cat >> " + self.path("told")), "events": ["review", "report"]}
        self.current = merge(self.config(server=server), {
            "notify": [target], "upstream": {"servers": [
                "udp://127.0.0.1:%d" % self.upstream(self.RECORDS).port]}})
        self.write_json(self.current)
        gateway = self.start("lachand", "-c", self.path("lachan.yaml"), env=STRICT,
                             folder=self.path("bin"))
        gateway.wait_log("lachan-desk is ready")
        gateway.wait_log("lachan-filter is ready")
        self.add_user("an", "admin")
        # The desk reads who is there within a moment.
        def signs_in():
            return self.forms("sign-in", user="an", password="mua xuân ở quê",
                              client="192.0.2.33")["ok"]
        wait_for("an to be known", signs_in)
        sent = wait_for("the form to be open", lambda: (
            lambda reply: reply if reply["ok"] else None)(self.forms(
                "review-send", name="casino.example", reason="bài tập", tier="lower_secondary")))
        self.assertTrue(sent["code"])
        self.wait_for("the command to have run", lambda: self.told() == "1 new message\n")
        gateway.wait_log("was told")
        for name in ("notices", "notices.sent"):
            self.assertNotIn("casino", self.text_of(name))
        # A supervisor's run ends; the next word of the desk starts another, in a while.
        self.assertTrue(control(self.path("run", "lachand.sock"), "notify")["ok"])
        self.assertEqual(gateway.term(), 0, gateway.log())
        self.assertEqual(self.told(), "1 new message\n")
        self.assertNotIn("Sanitizer", gateway.log())

    def test_a_pupils_request_reaches_who_answers_as_a_number(self):
        self.reach_who_answers()

    @unittest.skipUnless(os.geteuid() == 0, "becoming another user needs root")
    def test_it_does_so_from_a_desk_that_is_another_user(self):
        os.chmod(self.dir, 0o755)
        shutil.chown(self.dir, "nobody")
        os.makedirs(self.path("state"))
        shutil.chown(self.path("state"), "nobody")
        self.reach_who_answers(user="nobody")
        self.assertEqual(os.stat(self.path("told")).st_uid, os.stat(self.path("state")).st_uid)


if __name__ == "__main__":
    main()
