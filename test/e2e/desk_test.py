"""A lachan-desk beside a lachan-filter, both by hand, for tests of what people hand in.

    class Reviews(DeskTest):
        def test_something(self):
            self.run_desk()                       # filter first, unless run_filter() ran
            self.forms("standing")                # one request to forms.sock, as the page asks
            self.desk("standing")                 # one to desk.sock, as lachanctl asks
            self.ctl("user", "list")              # lachanctl with our configuration
            self.add_user("hoa", "teacher")       # an account with PASSWORD
            token = self.sign_in("hoa")           # by forms.sock, from CLIENT
"""
import json
import os
import subprocess

from filter_test import FilterTest
from lachan_test import BIN, FORBIDDEN, PATIENCE_S, Control

PASSWORD = "mua xuân ở quê"  # of every account that add_user() makes
CLIENT = "192.0.2.33"
APPROVER = "truong"  # made by add_user() when a yes is wanted


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

    def add_user(self, name, roles):
        """An account with PASSWORD; the desk knows it when this returns (if it runs)."""
        agree = ""
        if {"approver", "counsellor"} & set(roles.split(",")):
            if roles != "approver" and not self.has_approver():
                self.add_user(APPROVER, "approver")
            agree = "%s\n%s\n" % (APPROVER, PASSWORD)
        status, _, said = self.ctl("user", "add", name, roles,
                                   typed=PASSWORD + "\n" + agree)
        self.assertEqual(status, 0, said)
        if self.desk_program is not None:
            self.desk_program.wait_log("users: %d accounts" % len(self.users()))

    def users(self):
        return json.loads(self.ctl("user", "list", "--json")[1])["users"]

    def has_approver(self):
        return any("approver" in user["roles"] for user in self.users())

    def sign_in(self, name, password=PASSWORD, client=CLIENT):
        reply = self.forms("sign-in", user=name, password=password, client=client)
        self.assertTrue(reply["ok"], reply)
        return reply["token"]

    def stop_desk(self):
        """Ends with TERM and status 0: a sanitizer's finding is another status."""
        self.assertEqual(self.desk_program.term(PATIENCE_S), 0, self.desk_program.log())
