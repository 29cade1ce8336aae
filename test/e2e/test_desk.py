"""lachan-desk: its sockets, and what it is when others are missing."""
import json
import os
import shutil
import signal
import stat
import struct
import subprocess
import sys

from desk_test import CLIENT, DeskTest
from lachan_test import BIN, Control, LachanTest, main, wait_for


class Sockets(DeskTest):
    def test_both_sockets_have_their_modes_and_commands(self):
        self.run_desk()
        for name, mode in (("forms.sock", 0o600), ("desk.sock", 0o660)):
            found = stat.S_IMODE(os.stat(os.path.join(self.run_dir, name)).st_mode)
            self.assertEqual(found, mode, name)
        self.assertEqual(self.forms("standing"),
                         {"ok": True, "review": False, "report": False, "teacher": False})
        self.assertEqual(self.forms("nonsense")["why"], "failed")
        self.stop_desk()

    def test_garbage_costs_its_own_line_alone(self):
        self.run_desk()
        for data in (b"\0" * 64, b"\xff" * 64, struct.pack("<I", 5) + b"hello",
                     struct.pack("<I", 2) + b"[]", struct.pack("<I", 1 << 30) + b"x",
                     struct.pack("<I", 10) + b"{"):
            with Control(os.path.join(self.run_dir, "forms.sock")) as line:
                line.sock.sendall(data)
        with Control(os.path.join(self.run_dir, "forms.sock")) as line:
            line.send({"command": "standing", "id": 7})
            self.assertEqual(line.receive()["id"], 7)
        self.stop_desk()

    def test_a_hundred_connections_do_not_hinder_the_next(self):
        self.run_desk()
        lines = []
        try:
            for _ in range(100):
                try:
                    lines.append(Control(os.path.join(self.run_dir, "forms.sock")))
                except OSError:
                    pass  # the queue of those who wait is full at this moment
        finally:
            for line in lines:
                line.close()
        self.wait_for("an answer", lambda: self.answers())
        self.stop_desk()

    def answers(self):
        try:
            return self.forms("standing")["ok"]
        except OSError:
            return False


class Rights(DeskTest):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0 and "user" in self._testMethodName:
            self.skipTest("needs root")

    def ask_as_user(self, name, mode, group):
        """What user 12345 hears who asks for the standing, or the error."""
        os.chmod(self.dir, 0o755)
        os.chmod(self.run_dir, 0o755)
        path = os.path.join(self.run_dir, name)
        os.chmod(path, mode)
        read_end, write_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.setgroups([])
                os.setgid(group)
                os.setuid(12345)
                with Control(path) as line:
                    try:
                        line.send({"command": "standing"})
                    except BrokenPipeError:
                        pass  # refused before it could ask
                    said = json.dumps(line.receive())
            except OSError as error:
                said = repr(error)
            os.write(write_end, said.encode())
            os._exit(0)
        os.close(write_end)
        with os.fdopen(read_end, "rb") as answer:
            said = answer.read().decode()
        os.waitpid(pid, 0)
        return said

    def ask_as_page(self, name, command, wait=True):
        """What a process hears that the kernel knows as lachan-page."""
        path = os.path.join(self.run_dir, name)
        code = ("import sys; sys.path.insert(0, sys.argv[1])\n"
                "open('/proc/self/comm', 'w').write('lachan-page')\n"
                "import json; from lachan_test import Control\n"
                "line = Control(sys.argv[2])\n"
                "try:\n line.send({'command': sys.argv[3]})\n"
                "except BrokenPipeError:\n pass\n"
                "if sys.argv[4] == 'True': print(json.dumps(line.receive()))\n")
        return subprocess.run([sys.executable, "-c", code,
                               os.path.dirname(os.path.abspath(__file__)), path, command,
                               str(wait)],
                              capture_output=True, check=True, timeout=60).stdout.decode()

    def hold(self, program):
        """Stops a program; what is returned lets it go on."""
        program.signal(signal.SIGSTOP)
        self.addCleanup(program.signal, signal.SIGCONT)
        return lambda: program.signal(signal.SIGCONT)

    def test_an_ordinary_user_can_open_neither_socket(self):
        self.run_desk()
        for name, mode in (("forms.sock", 0o600), ("desk.sock", 0o660)):
            # The mode is one fence, the kernel's word on who asks another.
            self.assertIn("PermissionError", self.ask_as_user(name, mode, 12345), name)
            self.assertIn("not permitted", self.ask_as_user(name, 0o666, 12345), name)

    def test_a_user_of_the_group_may_ask_on_desk_sock_alone(self):
        self.run_desk()
        self.assertIn('"ok": true', self.ask_as_user("desk.sock", 0o660, os.getegid()))
        self.assertIn("not permitted", self.ask_as_user("forms.sock", 0o666, os.getegid()))

    def test_the_page_can_run_no_command_of_the_staff(self):
        """A page that was taken over reads nothing and adds nobody."""
        self.run_desk()
        for command in ("reviews", "reviews-list", "reviews-answer", "reports", "reports-list",
                        "reports-open", "user", "user-add", "audit", "presence"):
            reply = self.forms(command)
            self.assertEqual((reply["ok"], reply["why"]), (False, "failed"), command)
            self.assertIn("not known here", reply["error"])

    def test_a_page_that_was_taken_over_is_let_in_at_its_own_sockets_alone(self):
        """It is the gateway's own user, as we are here: the kernel's name for it is what differs."""
        self.run_desk()
        self.assertIn('"ok": true', self.ask_as_page("forms.sock", "standing"))
        self.assertIn('"ok": true', self.ask_as_page("control.sock", "metrics"))
        for name, command in (("desk.sock", "standing"), ("desk.sock", "reviews"),
                              ("control.sock", "pause"), ("control.sock", "status"),
                              ("control.sock", "watch"), ("control.sock", "allow")):
            said = self.ask_as_page(name, command)
            self.assertIn('"ok": false', said, name)
            self.assertRegex(said, "not permitted|only root", name)
        status = self.control("status")
        self.assertEqual((status["ok"], status["paused"]), (True, []))

    def test_what_a_page_asked_before_it_died_is_not_done(self):
        self.run_desk()
        held = self.hold(self.desk_program)
        self.ask_as_page("desk.sock", "reviews", wait=False)
        held()
        wait_for("it was turned away",
                 lambda: "may not ask here" in self.desk_program.log())


class Alone(DeskTest):
    def test_without_a_filter_people_sign_in_and_nothing_is_opened(self):
        self.run_desk(filter_too=False, filter={"groups": [{"name": "phong-12", "clients": ["192.0.2.0/24"]}]})
        self.add_user("hoa", "teacher")
        reply = self.forms("open", token=self.sign_in("hoa"), client=CLIENT,
                           name="www.casino.example", group="phong-12", reason="")
        self.assertEqual(reply["why"], "failed")
        self.stop_desk()

    def test_a_second_desk_does_not_take_the_first_ones_place(self):
        self.run_desk(filter_too=False)
        second = self.start("lachan-desk", "-c", self.path("lachan.yaml"))
        self.assertEqual(second.wait(), 1)
        self.assertIn("another one of us is running there", second.log())
        self.assertTrue(self.forms("standing")["ok"])

    def test_a_configuration_is_read_again(self):
        self.run_desk(filter_too=False)
        self.add_user("an", "admin")
        self.sign_in("an")
        self.assertTrue(self.forms("standing")["review"])
        self.current["pages"]["review"] = "off"
        self.write_json(self.current)
        self.desk_program.hup()
        self.wait_for("the form to close", lambda: not self.forms("standing")["review"])


class UnderLachand(LachanTest):
    """The gateway does its work with a desk that dies, and without one."""

    def setUp(self):
        super().setUp()
        self.need("lachand", "lachan-filter", "lachan-page", "lachan-desk", "lachan-feeds")
        self.bin = self.path("bin")
        os.mkdir(self.bin)
        for program in ("lachand", "lachan-filter", "lachan-page", "lachan-desk"):
            shutil.copy(os.path.join(BIN, program), self.bin)
        self.port = self.free_port()
        self.fake = self.upstream({"www.example.vn": "192.0.2.7"})
        self.config = self.write_config(dns_port=self.port, upstream=self.fake.port)

    def run_gateway(self):
        gateway = self.start("lachand", "-c", self.config, folder=self.bin)
        gateway.wait_log("lachan-page is ready")
        return gateway

    def assert_answers(self):
        self.assertEqual(self.ask(self.port, "www.example.vn", timeout=15).addresses(),
                         ["192.0.2.7"])

    def children(self):
        return {c["name"]: c for c in self.control(
            "children", socket_name="lachand.sock")["children"]}

    def test_a_desk_that_dies_comes_back_and_nobody_else_notices(self):
        gateway = self.run_gateway()
        gateway.wait_log("lachan-desk is ready")
        for i in range(2):
            others = {name: c["pid"] for name, c in self.children().items()
                      if name != "lachan-desk"}
            os.kill(self.children()["lachan-desk"]["pid"], signal.SIGKILL)
            self.assert_answers()
            gateway.wait_log("lachan-desk is ready", 2 + i)
            self.assertEqual(others, {name: c["pid"] for name, c in self.children().items()
                                      if name != "lachan-desk"})
        self.assertTrue(self.control("standing", socket_name="forms.sock")["ok"])
        self.assertTrue(self.children()["lachan-desk"]["limited"] in (True, False))
        status, out, _ = self.run_program("lachanctl", "-c", self.config, "status")
        self.assertIn("lachan-desk", out, status)

    def test_without_it_names_are_answered_and_no_form_is_there(self):
        os.remove(os.path.join(self.bin, "lachan-desk"))
        self.run_gateway()
        self.assert_answers()
        self.assertNotIn("lachan-desk", self.children())
        self.assertFalse(os.path.exists(self.path("run", "forms.sock")))

    def test_it_leaves_dns_the_machine(self):
        gateway = self.run_gateway()
        gateway.wait_log("lachan-desk is ready")
        with open("/proc/%d/stat" % self.children()["lachan-desk"]["pid"], encoding="ascii") as f:
            nice = int(f.read().rsplit(")", 1)[1].split()[16])
        self.assertGreaterEqual(nice, 10)


if __name__ == "__main__":
    main()
