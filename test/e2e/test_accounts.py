"""`lachanctl user`: who may answer at this school, with the gateway running and stopped."""
import json
import os
import random
import signal
import stat
import subprocess

from desk_test import APPROVER, PASSWORD, DeskTest
from lachan_test import BIN, main

ROLES = {"hoa": "teacher", "mai": "counsellor", "an": "admin"}


class Accounts(DeskTest):
    """With everything stopped."""

    def setUp(self):
        super().setUp()
        os.makedirs(self.path("state"))
        self.write_json(self.config())
        self.file = self.path("state", "users")

    def read_file(self):
        with open(self.file, encoding="ascii") as file:
            return file.read()

    def audit(self):
        with open(self.path("state", "audit.log"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def refuse(self, *words, typed="", because):
        before = self.read_file() if os.path.exists(self.file) else None
        status, out, said = self.ctl(*words, typed=typed)
        self.assertEqual((status, out), (1, ""), said)
        self.assertIn(because, said)
        self.assertEqual(self.read_file() if before is not None else None, before)

    def test_accounts_are_made_changed_listed_and_removed(self):
        for name, roles in ROLES.items():
            self.add_user(name, roles)
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o600)
        self.assertEqual({u["name"]: u["roles"] for u in self.users()},
                         {"hoa": ["teacher"], "mai": ["counsellor"], "an": ["admin"],
                          APPROVER: ["approver"]})
        self.assertNotIn(PASSWORD, self.read_file())
        self.assertEqual(self.ctl("user", "role", "hoa", "teacher,viewer")[0], 0)
        self.assertEqual(self.ctl("user", "password", "hoa", typed="mua thu o que\n")[0], 0)
        self.assertEqual(self.ctl("user", "remove", "hoa")[0], 0)
        self.assertNotIn("hoa", self.read_file())
        entries = [(e["action"], e["detail"]) for e in self.audit()]
        self.assertEqual(entries, [
            ("user-add", "hoa: teacher"), ("user-add", APPROVER + ": approver"),
            ("user-add", "mai: counsellor; approved by " + APPROVER), ("user-add", "an: admin"),
            ("user-role", "hoa: teacher,viewer, was teacher"), ("user-password", "hoa"),
            ("user-remove", "hoa: teacher,viewer")])
        self.assertEqual(self.ctl("audit", "verify")[0], 0)

    def test_weak_passwords_are_refused_with_a_kind_sentence(self):
        for password, because in (("ngan", "too short"), ("nguyenhoa1", "user's name"),
                                  ("abcdefghijk", "pattern"), ("matkhau123", "many people")):
            self.refuse("user", "add", "nguyenhoa", "teacher", typed=password + "\n",
                        because=because)
        self.refuse("user", "add", "hoa", "teacher", typed="", because="no answer")

    def test_what_is_no_name_or_role_is_wrong_usage(self):
        for words in (["add", "Cô Hoa", "teacher"], ["add", "hoa", "boss"], ["add", "hoa"],
                      ["add", "../x", "teacher"], ["add", "hoa", "teacher,teacher"], ["frobnicate"],
                      [], ["remove"]):
            self.assertEqual(self.ctl("user", *words, typed=PASSWORD + "\n")[0], 2, words)

    def test_power_over_others_wants_an_approvers_yes(self):
        typed = PASSWORD + "\n"
        self.refuse("user", "add", "mai", "counsellor", typed=typed, because="no approver yet")
        self.add_user(APPROVER, "approver")
        self.refuse("user", "add", "an", "approver", typed=typed, because="no answer")
        self.refuse("user", "add", "an", "approver", typed=typed + APPROVER + "\nfalsch falsch\n",
                    because="do not fit")
        self.add_user("hoa", "teacher")
        self.refuse("user", "add", "an", "approver", typed=typed + "hoa\n" + PASSWORD + "\n",
                    because="is an approver")
        self.refuse("user", "role", "hoa", "teacher,approver", typed="hoa\n" + typed,
                    because="is an approver")
        self.assertEqual(self.ctl("user", "role", "hoa", "teacher,approver",
                                  typed=APPROVER + "\n" + typed)[0], 0)

    def test_an_approvers_password_is_the_approvers_to_change(self):
        self.add_user(APPROVER, "approver")
        new = "mua thu o que\n"
        self.refuse("user", "password", APPROVER, typed="falsch falsch\n" + new,
                    because="do not fit")
        self.assertEqual(self.ctl("user", "password", APPROVER,
                                  typed=PASSWORD + "\n" + new)[0], 0)
        self.refuse("user", "password", APPROVER, typed=PASSWORD + "\n" + new,
                    because="do not fit")

    def test_the_last_of_a_kind_goes_only_when_it_is_meant(self):
        for name, roles in ROLES.items():
            self.add_user(name, roles)
        for name in (APPROVER, "mai", "an"):
            self.refuse("user", "remove", name, because="--last")
            self.refuse("user", "role", name, "viewer", because="--last")
        self.assertEqual(self.ctl("user", "remove", "hoa")[0], 0)
        self.assertEqual(self.ctl("user", "remove", "an", "--last")[0], 0)

    def test_a_counsellor_has_a_key_that_comes_and_goes_with_the_role(self):
        self.add_user("mai", "counsellor")
        self.add_user("hoa", "teacher")
        self.assertEqual(self.read_file().count(" key="), 1)
        key = self.read_file().split(" key=")[1].split(":")[0]
        self.assertEqual(self.ctl("user", "password", "mai",
                                  typed=PASSWORD + "\nmua thu o que\n")[0], 0)
        self.assertIn(" key=%s:" % key, self.read_file())
        self.assertEqual(self.ctl("user", "role", "hoa", "teacher,counsellor", typed="\n".join(
            [PASSWORD, APPROVER, PASSWORD, ""]))[0], 0)
        self.assertEqual(self.read_file().count(" key="), 2)
        self.assertEqual(self.ctl("user", "role", "mai", "viewer")[0], 0)
        self.assertEqual(self.read_file().count(" key="), 1)

    def test_a_broken_file_is_told_with_its_place_and_never_written_over(self):
        self.add_user("hoa", "teacher")
        with open(self.file, "a", encoding="ascii") as file:
            file.write("name=mai roles=")
        for words in (["list"], ["add", "an", "admin"], ["remove", "hoa"]):
            status, _, said = self.ctl("user", *words, typed=PASSWORD + "\n")
            self.assertEqual(status, 1)
            self.assertIn("users:3:", said)
            self.assertIn("lachanctl user add", said)
        os.chmod(self.file, 0o644)
        self.assertIn("chmod 600", self.ctl("user", "list")[2])

    def test_whoever_is_killed_leaves_a_whole_file(self):
        """kill -9 at any moment of a change: the file is the one before or the one after."""
        self.add_user("hoa", "teacher")
        seed = random.Random(5)
        made = 0
        for i in range(8):
            process = subprocess.Popen(
                [os.path.join(BIN, "lachanctl"), "-c", self.path("lachan.yaml"), "user", "add",
                 "u%d" % i, "teacher"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
            process.stdin.write((PASSWORD + "\n").encode())
            process.stdin.flush()
            try:
                process.wait(seed.random() * 0.5)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
            made += process.wait() == 0
            process.stdin.close()
            self.assertGreaterEqual(len(self.users()), 1 + made)
        self.assertEqual(self.ctl("user", "remove", "hoa")[0], 0)

    def test_the_file_may_stand_beside_the_configuration(self):
        self.write_json(self.config(console={"users_file": "people"}))
        self.add_user("hoa", "teacher")
        self.assertTrue(os.path.exists(self.path("people")))
        self.assertFalse(os.path.exists(self.file))

    def test_root_leaves_the_file_to_the_owner_of_the_folder(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        os.chown(self.path("state"), 12345, 12345)
        self.add_user("hoa", "teacher")
        for name in ("users", "audit.log"):
            self.assertEqual(os.stat(self.path("state", name)).st_uid, 12345, name)


class Running(DeskTest):
    def test_the_desk_knows_of_a_change_and_of_a_broken_file(self):
        self.run_desk()
        self.add_user("hoa", "teacher")
        token = self.sign_in("hoa")
        self.assertTrue(self.forms("standing")["teacher"])
        with open(self.path("state", "users"), "a", encoding="ascii") as file:
            file.write("name=")
        self.desk_program.wait_log("state/users:3:")
        self.assertFalse(self.forms("standing")["teacher"])
        self.assertEqual(self.forms("sign-in", user="hoa", password=PASSWORD,
                                    client="192.0.2.1")["why"], "wrong")
        self.assertEqual(self.forms("staff", token=token, client="192.0.2.33")["why"], "expired")
        self.stop_desk()

    def findings(self):
        found = json.loads(self.ctl("doctor", "--json")[1])
        self.assertIn("accounts", found["checked"])
        return [f["detail"] for f in found["findings"] if f["id"] == "accounts"]

    def test_doctor_looks_at_those_who_answer(self):
        self.run_filter()
        self.add_user("mai", "counsellor")
        missing, alone = self.findings()
        self.assertIn("lachan-desk does not answer", missing)
        self.assertIn("There is one counsellor", alone)
        self.run_desk()
        self.assertEqual(self.findings(), [alone])
        os.chmod(self.path("state", "users"), 0o644)
        broken, = self.findings()
        self.assertIn("Nobody can sign in", broken)

    def test_the_filter_keeps_the_record(self):
        self.run_filter()
        self.add_user("hoa", "teacher")
        self.program.term()
        with open(self.path("state", "audit.log"), encoding="utf-8") as file:
            entry = json.loads(file.readlines()[-1])
        self.assertEqual((entry["actor"], entry["action"], entry["detail"]),
                         ("uid:%d" % os.getuid(), "user-add", "hoa: teacher"))


if __name__ == "__main__":
    main()
