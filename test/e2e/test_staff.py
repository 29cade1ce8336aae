#!/usr/bin/env python3
"""A device that is staff's until evening, since somebody of the staff has signed in at it."""
import os
import socket
import time

from lachan_test import Control, main, wait_for
from test_day import DayTest, hanoi
from test_teacher import LAB, LAB_SEAT, MUSIC, TeacherTest
from test_who import OPEN, OTHER, PUPIL, TEACHER, WhoTest, ecs

EVENING_S = 3600


class StaffTest(TeacherTest):
    """Games are closed to pupils and open to staff; gambling is closed to both."""

    def setUp(self):
        super().setUp()
        self.keep_run_dir_in_memory()

    def staff(self, client, for_s=EVENING_S, **how):
        reply = self.control("staff", client=client, **(how or {"until_s": int(time.time()) + for_s}))
        self.assertTrue(reply["ok"], reply)
        return reply

    def leases(self):
        return self.control("status")["leases"]

    def lease_file(self):
        return os.path.join(self.run_dir, "leases")


class Life(StaffTest):
    def test_one_device_is_staff_until_it_ends(self):
        self.run_school()
        self.assertFalse(self.is_open("game.example"))
        until = self.staff(LAB)["until_s"]
        self.assertTrue(self.is_open("game.example"))
        # Its neighbour is not; and what staff may not have stays closed.
        for other in (LAB_SEAT, MUSIC):
            self.assertFalse(self.is_open("game.example", other))
        self.assertFalse(self.is_open("casino.example"))
        self.assert_blocked(self.ask_filter("locked.example", source=LAB), ede=16)
        # What can end early is not kept for long.
        self.assertLessEqual(self.ask_filter("game.example", source=LAB).answer[0].ttl, 300)
        told = self.verdict("game.example")
        self.assertEqual((told.tier, told.blocked, told.by_default), ("staff", False, False))
        self.assertAlmostEqual(told.staff_until_s, until, delta=2)
        self.assertEqual(self.verdict("game.example", LAB_SEAT).staff_until_s, 0)
        # Its room is what it was.
        self.assertEqual(told.group, "lab")
        explained = self.control("explain", name="game.example", client=LAB)
        self.assertEqual((explained["tier"], explained["verdict"]), ("staff", "allow"))
        self.assertTrue(explained["staff_until"])
        later = self.control("explain", name="game.example", client=LAB, at=until + 60)
        self.assertEqual((later["tier"], later["staff_until"]), ("lower_secondary", ""))
        self.assertEqual(self.control("explain", name="game.example", client=MUSIC)["staff_until"], "")
        self.assertEqual(self.leases(), {"count": 1, "kept": True})
        status, out, said = self.run_program("lachanctl", "-c", self.path("lachan.yaml"), "status")
        self.assertIn("Devices that are staff's by a sign-in: 1", out, said)
        # The end, by its own wish; once more is no mistake.
        for _ in range(2):
            self.staff(LAB, end=True)
            self.assertFalse(self.is_open("game.example"))
        self.assertEqual(self.leases(), {"count": 0, "kept": True})
        self.assertFalse(os.path.exists(self.lease_file()))
        self.stop_clean()

    def test_it_ends_with_its_time(self):
        self.run_school()
        begun = time.monotonic()
        self.staff(LAB, for_s=4)
        reply = self.ask_filter("game.example", source=LAB)
        if time.monotonic() - begun < 2.5:
            self.assert_passed(reply)
            self.assertLessEqual(reply.answer[0].ttl, 4)
        wait_for("its end", lambda: not self.is_open("game.example"))
        self.assertGreater(time.monotonic() - begun, 2.9)  # of 3 to 4: whole seconds
        wait_for("the list to forget it", lambda: self.leases()["count"] == 0)
        self.assertFalse(os.path.exists(self.lease_file()))
        self.stop_clean()

    def test_a_restart_keeps_it_and_a_damaged_file_keeps_nothing(self):
        self.run_school()
        self.staff(LAB)
        self.assertEqual(os.stat(self.lease_file()).st_mode & 0o777, 0o600)
        for end in ("term", "kill"):
            getattr(self.program, end)()
            self.start_again()
            self.assertTrue(self.is_open("game.example"))
            self.assertEqual(self.leases(), {"count": 1, "kept": True})
        self.reload(self.current)
        self.assertTrue(self.is_open("game.example"))
        self.program.kill()
        with open(self.lease_file(), "r+b") as file:
            file.truncate(os.path.getsize(self.lease_file()) - 3)
        self.start_again()
        self.program.wait_log("no device is staff's by it")
        self.assertFalse(self.is_open("game.example"))
        self.assertEqual(self.leases()["count"], 0)
        # Nothing of it on the disk, nor in the log.
        for folder, _, names in os.walk(self.path("state")):
            for name in names:
                if name.startswith("rules.db"):
                    continue  # of hashes, in which four octets may stand by chance
                with open(os.path.join(folder, name), "rb") as file:
                    found = file.read()
                self.assertNotIn(LAB.encode(), found)
                self.assertNotIn(socket.inet_aton(LAB), found, name)
        self.assertNotIn(LAB, self.program.log())
        self.stop_clean()

    def test_what_ended_while_nobody_ran_has_ended(self):
        self.run_school()
        until_s = self.staff(LAB, for_s=4)["until_s"]
        self.program.kill()
        wait_for("the calendar", lambda: time.time() > until_s)
        self.start_again()
        self.assertFalse(self.is_open("game.example"))
        self.assertEqual(self.leases()["count"], 0)
        self.stop_clean()

    def test_without_memory_for_it_a_restart_ends_it(self):
        self.run_dir = self.path("run")
        if os.stat(self.dir).st_dev == os.stat("/dev/shm").st_dev:
            self.skipTest("/tmp is memory here")
        self.run_school()
        self.staff(LAB)
        kept = self.leases()["kept"]
        self.assertEqual(kept, os.path.exists(self.lease_file()))
        self.assertTrue(self.is_open("game.example"))
        self.program.kill()
        self.start_again()
        self.assertEqual(self.is_open("game.example"), kept)
        self.stop_clean()


class Counting(StaffTest):
    def test_what_it_tries_is_what_staff_try(self):
        self.run_school()
        devices = ["127.0.1.%d" % i for i in range(1, 13)]
        with Control(os.path.join(self.run_dir, "control.sock")) as line:
            self.assertTrue(line.ask("watch")["ok"])
            for device in devices:
                self.staff(device)
                self.assertFalse(self.is_open("casino.example", device))
            told = line.receive()  # from the tenth on: of fewer nothing is shown
            self.assertEqual((told["tier"], told["name"]), ("staff", "casino.example"))
        self.stop_clean()


class Refusals(StaffTest):
    def test_the_gateway_itself_and_forwarders_are_many(self):
        self.run_school(server={"trusted_forwarders": [MUSIC]})
        until_s = int(time.time()) + EVENING_S
        for client in ("127.0.0.1", "::1", "0.0.0.0", "::", MUSIC, "224.0.0.1"):
            self.refused("shared", "staff", client=client, until_s=until_s)
        for client in ("lan", "", None, 7, "10.1.0.0/24"):
            self.refused("wrong", "staff", client=client, until_s=until_s)
        for until_s in (0, -1, int(time.time()) - 5, int(time.time()) + 25 * 3600, "evening", None):
            self.refused("wrong", "staff", client=LAB, until_s=until_s)
        self.assertEqual(self.leases()["count"], 0)
        self.assertFalse(os.path.exists(self.lease_file()))
        self.stop_clean()

    def test_there_are_256_at_most(self):
        self.run_school()
        for i in range(256):
            self.staff("10.1.%d.%d" % (i // 200, i % 200))
        self.refused("too_many", "staff", client=LAB, until_s=int(time.time()) + 60)
        self.staff("10.1.0.7")
        self.staff("10.1.0.7", end=True)
        self.staff(LAB)
        self.assertTrue(self.is_open("game.example"))
        self.stop_clean()


class Clock(DayTest):
    RULES = {"games": "||games.example^\n"}
    RECORDS = {"games.example": "192.0.2.7"}

    def setUp(self):
        super().setUp()
        self.run_filter(env=self.clock(), filter={"tiers": [
            {"name": "lower_secondary", "clients": ["127.0.1.0/24"]}]})
        self.assertTrue(self.control("staff", client=LAB,
                                     until_s=int(hanoi(self.DAY + " 17:00:00")))["ok"])
        self.wait_staff(True)

    def wait_staff(self, staff):
        wait_for("it to be staff: %s" % staff, lambda: (self.ask_filter(
            "games.example", source=LAB).ede is None) == staff)

    def test_a_clock_put_forward_ends_it(self):
        self.set_clock(self.DAY + " 16:59:00")
        self.wait_staff(True)
        self.set_clock(self.DAY + " 17:00:05")
        self.wait_staff(False)
        # And it does not come back.
        wait_for("it to be forgotten", lambda: self.control("status")["leases"]["count"] == 0)
        self.set_clock(self.DAY + " 12:00:00")
        self.wait_staff(False)
        self.stop_clean()

    def test_a_clock_that_is_not_trusted_makes_nobody_staff(self):
        self.set_clock("1970-01-02 00:00:00")
        self.wait_staff(False)
        reply = self.control("staff", client=LAB, until_s=5 * 24 * 3600)
        self.assertEqual((reply["ok"], reply["why"]), (False, "clock"))
        self.set_clock(self.DAY + " 12:01:00")
        self.wait_staff(True)
        self.stop_clean()


class Devices(WhoTest):
    """In networks of their own, where the kernel knows MAC addresses."""

    def staff(self, client, **how):
        return self.control("staff", client=client, **(how or {
            "until_s": int(time.time()) + EVENING_S}))

    def test_it_is_the_device_by_its_mac_and_no_other_behind_it(self):
        teacher = self.device(TEACHER, "10.10.1.11/24", "fd10::11/64")
        pupil = self.device(PUPIL, "10.10.1.22/24", "fd10::22/64")
        self.serve([])
        six = {"host": "fd10::1"}
        for space in (teacher, pupil):
            for how in ({}, six):
                self.assertFalse(self.is_staff(space, **how))
        self.assertTrue(self.staff("10.10.1.11")["ok"])
        wait_for("the teacher to be staff",
                 lambda: self.is_staff(teacher) and self.is_staff(teacher, **six))
        # Another address of the other family is the same device; another IPv4 address is not.
        teacher.ip("address", "add", "fd10::111/64", "dev", "eth0", "nodad")
        wait_for("its other address to be staff",
                 lambda: self.is_staff(teacher, source="fd10::111", **six))
        teacher.ip("address", "add", "10.10.1.111/24", "dev", "eth0")
        self.assertFalse(self.is_staff(teacher, source="10.10.1.111"))
        for how in ({}, six):
            self.assertFalse(self.is_staff(pupil, **how))
        # The pupil takes the address over: with another MAC it is another device.
        teacher.ip("address", "flush", "dev", "eth0")
        pupil.ip("address", "add", "10.10.1.11/24", "dev", "eth0")
        with pupil:
            pupil.ip("neigh", "flush", "dev", "eth0")
        self.gateway.ip("neigh", "flush", "dev", "lan0")
        wait_for("the pupil not to be staff", lambda: not self.is_staff(pupil, source="10.10.1.11"))
        self.stop_clean()

    def test_the_gateway_and_those_who_forward_are_not_one_device(self):
        forwarder = self.device(OTHER, "10.10.1.50/24")
        named = self.device(PUPIL, "10.10.1.51/24")
        self.serve([], trusted_forwarders=["10.10.1.51"], allow=["10.0.0.0/8"])
        for client in ("10.10.1.1", "fd10::1", "10.10.1.51"):
            self.assertEqual(self.staff(client)["why"], "shared")
        # One that forwards and is not named shows itself after a while.

        def refused():
            for i in range(8):
                self.ask_from(forwarder, OPEN, options=[(8, ecs("10.99.0.%d" % i))])
                time.sleep(0.02)  # a sample is taken each 10 ms at most
            reply = self.staff("10.10.1.50")
            return not reply["ok"] and reply["why"] == "shared"
        wait_for("the forwarder to be refused", refused)
        # A device that a trusted forwarder names by its address is one.
        self.assertTrue(self.staff("10.99.7.7")["ok"])
        for address, staff in (("10.99.7.7", True), ("10.99.7.8", False)):
            self.assertEqual(self.is_staff(named, options=[(8, ecs(address))]), staff)
        self.assertFalse(self.is_staff(named, options=[(8, ecs("10.99.7.0", 24))]))
        self.stop_clean()


if __name__ == "__main__":
    main()
