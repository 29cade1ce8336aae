"""lachan-desk: its sockets, and what it is when others are missing."""
import os
import stat
import struct

from desk_test import CLIENT, DeskTest
from lachan_test import Control, main


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


class SigningIn(DeskTest):
    def test_a_teacher_signs_in_and_opens_a_name_for_a_room(self):
        self.run_desk(filter={"groups": [{"name": "phong-12", "clients": ["192.0.2.0/24"]}]})
        self.assertFalse(self.forms("standing")["teacher"])
        self.add_user("hoa", "teacher")
        self.assertTrue(self.forms("standing")["teacher"])
        token = self.sign_in("Hoa ")
        reply = self.forms("open", token=token, client=CLIENT, name="www.casino.example",
                           group="phong-12", reason="bài 5")
        self.assertGreater(reply["until_s"], 0, reply)
        self.stop_desk()


if __name__ == "__main__":
    main()
