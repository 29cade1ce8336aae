"""lachan-desk: its sockets, and what it is when others are missing."""
import json
import os
import shutil
import signal
import stat
import struct
import time

from desk_test import CLIENT, PASSWORD, DeskTest
from lachan_test import BIN, Control, LachanTest, main


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


class SigningIn(DeskTest):
    GROUPS = {"groups": [{"name": "phong-12", "clients": ["192.0.2.0/24"]}]}

    def fail_to_sign_in(self, name, client=CLIENT, password="falsch falsch"):
        reply = self.forms("sign-in", user=name, password=password, client=client)
        self.assertFalse(reply["ok"], reply)
        return reply

    def audit(self):
        with open(self.path("state", "audit.log"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def test_a_teacher_signs_in_and_opens_a_name_for_a_room(self):
        self.run_desk(filter=self.GROUPS)
        self.assertFalse(self.forms("standing")["teacher"])
        self.add_user("hoa", "teacher")
        self.assertTrue(self.forms("standing")["teacher"])
        token = self.sign_in(" Hoa ")
        opened = {"token": token, "client": CLIENT, "name": "www.casino.example",
                  "group": "phong-12", "reason": "bài 5"}
        before = time.time()
        reply = self.forms("open", **opened)
        self.assertTrue(reply["ok"], reply)
        self.assertGreater(reply["until_s"], before + 44 * 60)
        self.assertEqual(self.forms("open", **{**opened, "group": "nowhere"})["why"], "wrong")
        self.assertEqual(self.forms("open", **{**opened, "name": "com"})["why"], "wrong")
        # The token is this device's, and nobody can use what he does not have.
        for wrong in ({"client": "192.0.2.34"}, {"token": "0" * 32}, {"token": ""}, {"token": 7}):
            self.assertEqual(self.forms("open", **{**opened, **wrong})["why"], "expired", wrong)
        entry = next(e for e in self.audit() if e["action"] == "open")
        self.assertEqual((entry["actor"], entry["name"]), ("teacher:hoa", "www.casino.example"))
        self.assertNotIn(CLIENT, json.dumps(self.audit()))
        self.stop_desk()

    def test_what_is_locked_is_refused_in_the_filters_words(self):
        self.run_desk(filter=self.GROUPS, rules={"child_abuse": "||abuse.example^\n"})
        self.add_user("hoa", "teacher")
        reply = self.forms("open", token=self.sign_in("hoa"), client=CLIENT,
                           name="abuse.example", group="phong-12", reason="")
        self.assertEqual((reply["ok"], reply["why"]), (False, "refused"))
        self.assertIn("locked", reply["error"])

    def test_an_account_without_the_role_may_not_and_one_that_is_gone_neither(self):
        self.run_desk(filter=self.GROUPS)
        self.add_user("xem", "viewer")
        self.add_user("hoa", "teacher")
        opened = {"client": CLIENT, "name": "www.casino.example", "group": "phong-12"}
        viewer = self.forms("open", token=self.sign_in("xem"), **opened)
        self.assertEqual(viewer["why"], "refused")
        token = self.sign_in("hoa")
        self.assertEqual(self.ctl("user", "remove", "hoa")[0], 0)
        self.desk_program.wait_log("users: 1 accounts", 2)
        self.assertEqual(self.forms("open", token=token, **opened)["why"], "expired")
        self.assertEqual(self.fail_to_sign_in("hoa", password=PASSWORD)["why"], "wrong")

    def test_five_wrong_passwords_lock_the_account_at_that_place(self):
        self.run_desk()
        self.add_user("hoa", "teacher")
        for _ in range(4):
            self.assertEqual(self.fail_to_sign_in("hoa")["why"], "wrong")
        reply = self.fail_to_sign_in("hoa")
        self.assertEqual((reply["why"], reply["minutes"]), ("locked", 15))
        # Even with the right one; and elsewhere she signs in.
        self.assertEqual(self.fail_to_sign_in("hoa", password=PASSWORD)["why"], "locked")
        self.sign_in("hoa", client="192.0.2.99")
        # A name that nobody has behaves the same, and is not written down.
        for _ in range(4):
            self.assertEqual(self.fail_to_sign_in("mat.khau.cua.toi")["why"], "wrong")
        self.assertEqual(self.fail_to_sign_in("mat.khau.cua.toi")["why"], "locked")
        locks = self.wait_for("both locks in the record", lambda: [
            e["detail"] for e in self.audit() if e["action"] == "sign-in-locked"][1:] and self.audit())
        locks = [e["detail"] for e in locks if e["action"] == "sign-in-locked"]
        self.assertEqual(locks, ["hoa: 5 wrong passwords from one place; 15 minutes",
                                 "a name that nobody has: 5 wrong passwords from one place; "
                                 "15 minutes"])
        self.assertNotIn("192.0.2", json.dumps(self.audit()))
        self.assertNotIn("mat.khau", self.desk_program.log())

    def test_what_can_be_no_name_is_wrong_at_once(self):
        self.run_desk()
        for request in ({"user": "Cô Hoa", "password": "x"}, {"user": "hoa", "password": ""},
                        {"user": "hoa", "password": "x" * 300}):
            self.assertEqual(self.forms("sign-in", client=CLIENT, **request)["why"], "wrong")
        for request in ({"user": "hoa", "password": "x", "client": "nowhere"},
                        {"user": "hoa", "password": "x"}, {"user": 1, "password": 2}):
            self.assertEqual(self.forms("sign-in", **request)["why"], "failed")

    def test_a_flood_of_passwords_waits_in_a_short_queue(self):
        self.run_desk()
        self.add_user("hoa", "teacher")
        with Control(os.path.join(self.run_dir, "forms.sock")) as line:
            # In one piece, so that all of them are there before the first is looked at.
            line.sock.sendall(b"".join(struct.pack("<I", len(data)) + data for data in (
                json.dumps({"command": "sign-in", "user": "u%d" % i, "password": "x" * 12,
                            "client": "10.0.0.%d" % i, "id": i}).encode() for i in range(24))))
            # Whoever asks for something else is not behind them.
            self.assertTrue(self.forms("standing")["teacher"])
            answers = {answer["id"]: answer for answer in (line.receive() for _ in range(24))}
        self.assertEqual([answers[i]["why"] for i in range(24)], ["wrong"] * 8 + ["locked"] * 16)
        self.assertEqual({answers[i]["minutes"] for i in range(8, 24)}, {1})
        self.sign_in("hoa")

    def test_a_device_that_several_share_never_becomes_staffs(self):
        self.run_desk()
        self.add_user("hoa", "teacher")
        for client in ("127.0.0.1", "::1"):
            token = self.sign_in("hoa", client=client)
            self.assertEqual(self.forms("staff", token=token, client=client)["why"], "shared")

    def test_who_answers_was_here_outlives_a_kill(self):
        self.run_desk()
        self.add_user("an", "admin")
        self.assertFalse(self.forms("standing")["review"])
        self.sign_in("an")
        self.assertTrue(self.forms("standing")["review"])
        for _ in range(3):
            self.desk_program.kill()
            self.run_desk()
            self.assertTrue(self.forms("standing")["review"])
        with open(self.path("state", "presence"), encoding="ascii") as file:
            self.assertRegex(file.read(), r"\Alachan-presence 1\nadmin \d{4}-\d\d-\d\dT\d\dZ\n\Z")


class Alone(DeskTest):
    def test_without_a_filter_people_sign_in_and_nothing_is_opened(self):
        self.run_desk(filter_too=False, filter=SigningIn.GROUPS)
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
        with open("/proc/self/stat", encoding="ascii") as f:
            ours = int(f.read().rsplit(")", 1)[1].split()[16])
        self.assertEqual(nice, min(19, ours + 10))


if __name__ == "__main__":
    main()
