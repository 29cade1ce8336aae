"""Signing in at the desk: tokens, locks, the queue, and what a teacher may do then."""
import json
import os
import struct
import time

from desk_test import CLIENT, PASSWORD, DeskTest
from lachan_test import Control, away_from_midnight, main


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

    def test_a_teachers_device_is_staffs_until_evening_and_the_record_tells_no_device(self):
        self.run_desk()
        self.add_user("hoa", "teacher")
        token = self.sign_in("hoa")
        away_from_midnight()
        before = time.time()
        reply = self.forms("staff", token=token, client=CLIENT)
        self.assertTrue(reply["ok"], reply)
        self.assertTrue(before < reply["until_s"] < before + 18 * 3600 + 60, reply)
        self.assertEqual(self.forms("staff", token=token, client=CLIENT, end=True)["until_s"], 0)
        entries = self.wait_for("both in the record", lambda: [
            e for e in self.audit() if e["action"].startswith("staff")][1:] and self.audit())
        self.assertEqual([(e["actor"], e["action"]) for e in entries
                          if e["action"].startswith("staff")],
                         [("teacher:hoa", "staff"), ("teacher:hoa", "staff-end")])
        self.assertNotIn(CLIENT, json.dumps(entries))

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


if __name__ == "__main__":
    main()
