"""A lachan-desk beside a lachan-filter, both by hand, for tests of what people hand in.

    class Reviews(DeskTest):
        def test_something(self):
            self.run_desk()                       # filter first, unless run_filter() ran
            self.forms("standing")                # one request to forms.sock, as the page asks
            self.desk("standing")                 # one to desk.sock, as lachanctl asks
            self.ctl("user", "list")              # lachanctl with our configuration
"""
import os
import subprocess

from filter_test import FilterTest
from lachan_test import BIN, FORBIDDEN, PATIENCE_S, Control

PASSWORD = "mua xuân ở quê"  # of every account that add_user() makes


class DeskTest(FilterTest):
    def setUp(self):
        super().setUp()
        self.need("lachan-desk", "lachanctl")
        self.desk_program = None

    def run_desk(self, *, filter_too=True, env=None, **more):
        """Starts it and waits until it serves. Keywords are sections of the configuration, for
        the filter, too."""
        if filter_too and not hasattr(self, "current"):
            self.run_filter(**more)
        if not hasattr(self, "current"):
            self.current = self.config(**more)
            self.write_json(self.current)
        self.desk_program = self.start("lachan-desk", "-c", self.path("lachan.yaml"), env=env)
        self.desk_program.wait_log("desk: open")
        return self.desk_program

    def forms(self, command, /, **arguments):
        with Control(os.path.join(self.run_dir, "forms.sock")) as line:
            return line.ask(command, **arguments)

    def desk(self, command, /, **arguments):
        with Control(os.path.join(self.run_dir, "desk.sock")) as line:
            return line.ask(command, **arguments)

    def ctl(self, *words, typed="", timeout=60):
        """lachanctl with our configuration; `typed` is its standard input. (status, stdout,
        stderr)"""
        done = subprocess.run([os.path.join(BIN, "lachanctl"), "-c", self.path("lachan.yaml"),
                               *words], input=typed.encode(), timeout=timeout,
                              capture_output=True, check=False,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
        self.assertNotIn(FORBIDDEN.encode(), done.stderr)
        return (done.returncode, done.stdout.decode("utf-8", "replace"),
                done.stderr.decode("utf-8", "replace"))

    def stop_desk(self):
        """Ends with TERM and status 0: a sanitizer's finding is another status."""
        self.assertEqual(self.desk_program.term(PATIENCE_S), 0, self.desk_program.log())
