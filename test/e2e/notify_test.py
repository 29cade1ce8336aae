"""Somebody to be told, and the files of what there is to tell. Time is moved by dates in
state_dir's files, never waited for."""
import os
import subprocess

import certificates
from desk_test import DeskTest
from lachan_test import BIN

KINDS = ("review", "report", "feed_stale", "disk_full", "unfiltered", "not_shared")
STRICT = {"LACHAN_SANDBOX_STRICT": "1"}


class NotifyTest(DeskTest):
    def setUp(self):
        super().setUp()
        self.need("lachan-notify")

    def certificate(self, name="sink", subject_name="IP:127.0.0.1,DNS:localhost"):
        return certificates.make(self.dir, name, "subjectAltName=" + subject_name)

    def sink(self, sink):
        self.addCleanup(sink.close)
        return sink

    def secret(self, text, name="secret"):
        path = self.write(name, text)
        os.chmod(path, 0o600)
        return path

    def script(self, lines, name="told.sh"):
        path = self.write(name, "#!/bin/sh\n" + lines + "\n")
        os.chmod(path, 0o755)
        return path

    def told(self, name="told"):
        try:
            with open(self.path(name), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def text_of(self, name):
        with open(self.path("state", name), encoding="ascii") as file:
            return file.read()

    def prepare(self, *targets, **more):
        """The configuration, and the desk's file as it is while nothing has happened."""
        self.current = self.config(notify=list(targets), **more)
        self.write_json(self.current)
        self.run_desk(filter_too=False)
        self.assertTrue(self.text_of("notices").endswith("end\n"))
        self.stop_desk()

    def happen(self, **steps):
        """As if the desk had counted so many steps."""
        lines = self.text_of("notices").splitlines()
        for kind, count in steps.items():
            at = KINDS.index(kind) + 1
            self.assertTrue(lines[at].startswith(kind + " "), lines[at])
            lines[at] = "%s %d 0 0" % (kind, count)
        self.write("state/notices", "\n".join(lines) + "\n")

    def notify(self, status=0):
        """One run; what it said."""
        done = subprocess.run([os.path.join(BIN, "lachan-notify"), "-c",
                               self.path("lachan.yaml")], capture_output=True, check=False,
                              timeout=120, env={**os.environ, **STRICT, "LC_ALL": "C.UTF-8"})
        said = done.stderr.decode("utf-8", "replace") + done.stdout.decode("utf-8", "replace")
        self.assertEqual(done.returncode, status, said)
        return said

    def sent(self):
        """The numbers of each target's line in notices.sent."""
        return [line.split()[1:] for line in self.text_of("notices.sent").splitlines()
                if line.startswith("target ")]

    def let_time_pass(self):
        """No pause and no wait for another try holds any more."""
        lines = []
        for line in self.text_of("notices.sent").splitlines():
            words = line.split()
            if words[0] == "target":
                words[4] = "0"
                words[5 + len(KINDS):] = ["0"] * len(KINDS)
            lines.append(" ".join(words))
        self.write("state/notices.sent", "\n".join(lines) + "\n")
