#!/usr/bin/env python3
"""What leaves the school, and whose yes it takes: lachanctl summary, the desk, the record."""
import gzip
import hashlib
import json
import os
import stat
import subprocess

from desk_test import PASSWORD, DeskTest
from lachan_test import BIN, SOURCE_DIR, main, wait_for

GOLDEN = os.path.join(SOURCE_DIR, "test", "unit", "report", "golden")
DAY = "41b1dd6f-a271-8d35-a716-9afdce45029a"
WEEK = "48175226-caa1-88d2-aefd-257c81480fca"
QUICK = "7c4ee8d0-3a71-4f0b-9c1e-5a50a0c0ffee"
DAY_NAME = "0d9e!20261120!20261121!%s" % DAY
WEEK_NAME = "0d9e!20261116!20261123!%s" % WEEK
QUICK_NAME = "0d9e!quick!20261122!%s" % QUICK


def golden(name):
    with open(os.path.join(GOLDEN, name), "rb") as file:
        return file.read()


class Summary(DeskTest):
    SHARE = {"recipients": [{"name": "so-gddt", "role": "education",
                             "url": "http://127.0.0.1:1/v1/summaries"}]}

    def run_school(self, **share):
        self.need("lachan-share")
        self.write("so-gddt.token", "lcd-0123456789abcdef0123456789abcdef\n")
        os.chmod(self.path("so-gddt.token"), 0o600)
        self.SHARE["recipients"][0]["token_file"] = self.path("so-gddt.token")
        self.run_desk(school={"unit": "0d9e", "name": "THCS Thử"}, share={**self.SHARE, **share})
        self.add_user("hieu-truong", "approver")

    def put(self, name, document, folder="outbox"):
        path = self.path("state", folder)
        os.makedirs(path, exist_ok=True)
        with open(os.path.join(path, name + ".json.gz"), "wb") as file:
            file.write(gzip.compress(document, mtime=0))

    def put_three(self):
        self.put(DAY_NAME, golden("day.signed.json"))
        self.put(WEEK_NAME, golden("week.json"))
        self.put(QUICK_NAME, golden("quick.signed.json"))

    def summary(self, *words, status=0, user="hieu-truong", password=PASSWORD):
        said = self.ctl("summary", *words, "--json", "--user", user, typed=password + "\n")
        self.assertEqual(said[0], status, said)
        return json.loads(said[1])

    def share(self):
        """One run of lachan-share by hand."""
        return subprocess.run([os.path.join(BIN, "lachan-share"), "-c", self.path("lachan.yaml")],
                              capture_output=True, check=False, timeout=60)

    def states(self, *words):
        return {f["id"]: f["state"] for f in self.summary("list", *words)["files"]}

    def audit(self):
        with open(self.path("state", "audit.log"), encoding="utf-8") as file:
            return [(e["actor"], e["action"], e["detail"]) for e in map(json.loads, file)
                    if e["action"].startswith("summary")]

    def test_nothing_may_leave_before_the_first_yes(self):
        self.run_school()
        self.put_three()
        self.assertEqual(self.states(), {DAY: "approval", WEEK: "approval", QUICK: "approval"})
        self.assertIn("approver", self.ctl("summary", "list", "--language", "en")[1])
        self.assertEqual(self.desk("summary-file", id=DAY)["why"], "stays")
        self.assertEqual(os.listdir(self.path("state", "outbox")).__len__(), 3)
        # The exact bytes, before anybody says yes.
        self.assertEqual(self.summary("show", DAY)["document"].encode(), golden("day.signed.json"))
        self.assertEqual(self.ctl("summary", "show", DAY[:8])[1].encode(),
                         golden("day.signed.json") + b"\n")
        self.assertEqual(self.summary("approve", DAY),
                         {"approved": [DAY], "first": True, "id": DAY})
        self.assertEqual(self.states(), {DAY: "waiting", WEEK: "unsigned", QUICK: "waiting"})
        path = self.path("state", "sharing", "approvals")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        wait_for("the record", lambda: self.audit() == [
            ("approver:hieu-truong", "summary-approve", DAY)])
        self.stop_desk()

    def test_each_document_asks_for_its_own_yes_where_that_is_wanted(self):
        self.run_school(approve="each")
        self.put_three()
        self.summary("approve", DAY[:6])
        self.assertEqual(self.states(), {DAY: "waiting", WEEK: "approval", QUICK: "waiting"})
        reply = self.summary("approve", "all")
        self.assertEqual((sorted(reply["approved"]), reply["first"]),
                         (sorted([DAY, WEEK, QUICK]), False))
        self.assertEqual(self.states()[WEEK], "unsigned")
        self.stop_desk()

    def test_a_hold_is_above_every_yes_and_ends_by_release(self):
        self.run_school(approve="never")
        self.put_three()
        self.assertEqual(self.states()[DAY], "waiting")
        self.assertEqual(self.summary("hold", DAY), {"id": DAY})
        self.summary("approve", "all")
        self.assertEqual(self.states()[DAY], "held")
        self.assertEqual(self.desk("summary-file", id=DAY)["why"], "stays")
        self.assertEqual(self.summary("release", DAY), {"id": DAY})
        self.assertEqual(self.states()[DAY], "waiting")
        self.summary("release", DAY, status=1)
        self.summary("hold", "00000000-0000-8000-8000-000000000000", status=1)
        self.summary("hold", "ffff", status=1)
        wait_for("the record", lambda: [a for _, a, _ in self.audit()] == [
            "summary-hold", "summary-approve", "summary-release"])
        self.stop_desk()

    def test_it_takes_an_approver_and_the_right_password(self):
        self.run_school()
        self.put_three()
        self.add_user("hoa", "teacher,admin")
        for user, password in (("hoa", PASSWORD), ("hieu-truong", "sai mật khẩu"), ("ai", "x")):
            said = self.ctl("summary", "approve", "all", "--user", user, typed=password + "\n")
            self.assertEqual(said[0], 1, said)
        self.assertEqual(self.desk("summary-approve", id="all")["why"], "expired")
        self.assertFalse(os.path.exists(self.path("state", "sharing", "approvals")))
        self.assertEqual(self.audit(), [])
        self.stop_desk()

    def test_a_damaged_record_lets_nothing_leave(self):
        self.run_school()
        self.put_three()
        self.summary("approve", "all")
        path = self.path("state", "sharing", "approvals")
        os.truncate(path, os.path.getsize(path) - 7)
        listed = self.summary("list")
        self.assertEqual((listed["damaged"], listed["first"]), (True, False))
        self.assertEqual(self.states()[DAY], "approval")
        self.assertEqual(self.desk("summary-file", id=DAY)["why"], "stays")
        self.summary("hold", DAY, status=1)
        # A crash in the middle of a write leaves the record before it.
        os.unlink(path)
        self.summary("approve", "all")
        with open(path + ".tmp.1", "wb") as torn:
            torn.write(b"lachan-approvals 1\nfir")
        self.stop_desk()
        self.desk_program = None
        self.run_desk()
        self.assertEqual(os.listdir(self.path("state", "sharing")), ["approvals"])
        self.assertEqual(self.states()[DAY], "waiting")
        self.stop_desk()

    def test_a_stick_carries_what_may_leave_and_brings_receipts_back(self):
        self.run_school()
        self.put_three()
        stick = self.path("stick")
        os.mkdir(stick)
        self.assertEqual(self.summary("export", stick), {"folder": stick, "files": [], "left": 3})
        self.summary("approve", "all")
        self.summary("hold", QUICK)
        reply = self.summary("export", stick)
        self.assertEqual(([f["name"] for f in reply["files"]], reply["left"]),
                         ([DAY_NAME + ".json.gz"], 2))
        with open(os.path.join(stick, DAY_NAME + ".json.gz"), "rb") as file:
            packed = file.read()
        with open(self.path("state", "outbox", DAY_NAME + ".json.gz"), "rb") as file:
            self.assertEqual(packed, file.read())
        self.summary("export", os.path.join(stick, "none"), status=1)
        receipt = {"format": "lachan-receipt", "report-id": DAY,
                   "sha256": reply["files"][0]["sha256"], "status": 201,
                   "time": "2026-11-22T08:00:00+07:00", "department": "Sở GDĐT"}
        for name, changes in ((DAY_NAME, {}), (WEEK_NAME, {}), (QUICK_NAME, {"status": 503}),
                              ("0d9e!20261119!20261120!" + DAY, {})):
            with open(os.path.join(stick, name + ".receipt.json"), "w", encoding="utf-8") as file:
                json.dump({**receipt, **changes}, file)
        with open(os.path.join(stick, "x.receipt.json"), "w", encoding="utf-8") as file:
            file.write("không phải")
        reply = self.summary("import", stick)
        self.assertEqual(reply["taken"], [DAY_NAME])
        self.assertEqual(len(reply["refused"]), 4)
        arrived = self.path("state", "sharing", "arrived", DAY + "!so-gddt.json")
        with open(arrived, encoding="utf-8") as file:
            kept = json.load(file)
        self.assertEqual((kept["name"], kept["recipient"], kept["sha256"], kept["status"]),
                         (DAY_NAME, "so-gddt", receipt["sha256"], 201))
        self.assertEqual(len(os.listdir(os.path.dirname(arrived))), 1)
        self.summary("import", stick, "nobody", status=1)
        # lachan-share makes of it what an answer by the network would have made.
        done = self.share()
        receipt = self.path("state", "sent", "so-gddt", DAY_NAME + ".json")
        self.assertTrue(os.path.exists(receipt), done)
        with open(receipt, encoding="utf-8") as file:
            self.assertEqual(json.load(file)["sha256"], kept["sha256"])
        self.assertFalse(os.path.exists(arrived))
        files = {f["id"]: f for f in self.summary("list", "--all")["files"]}
        self.assertEqual(files[DAY]["sent"], ["so-gddt"])
        self.stop_desk()

    def test_nothing_on_a_stick_speaks_to_the_terminal(self):
        self.run_school(approve="never")
        self.put_three()
        stick = self.path("stick")
        os.mkdir(stick)
        exported = {f["name"]: f["sha256"] for f in self.summary("export", stick)["files"]}
        receipt = {"format": "lachan-receipt", "report-id": DAY, "status": 422,
                   "sha256": exported[DAY_NAME + ".json.gz"], "error": "clear \x1b[2J \u009b2J"}
        with open(os.path.join(stick, DAY_NAME + ".receipt.json"), "w", encoding="utf-8") as file:
            json.dump(receipt, file)
        with open(os.path.join(stick, "x\x1b[2J.receipt.json"), "w", encoding="utf-8") as file:
            file.write("none")
        _, out, said = self.ctl("summary", "import", stick, typed=PASSWORD + "\n")
        self.assertIn("clear", out + said)
        self.assertNotIn("\x1b", out + said)
        self.assertNotIn("\u009b", out + said)
        self.stop_desk()

    def test_a_refusal_that_comes_by_stick_is_told_with_the_departments_words(self):
        self.run_school(approve="never")
        self.put_three()
        stick = self.path("stick")
        os.mkdir(stick)
        sha256, = (f["sha256"] for f in self.summary("export", stick)["files"]
                   if f["name"].startswith(DAY_NAME))
        with open(os.path.join(stick, DAY_NAME + ".receipt.json"), "w", encoding="utf-8") as file:
            json.dump({"format": "lachan-receipt", "report-id": DAY, "sha256": sha256, "status": 422,
                       "time": "", "department": "Sở", "error": "it shows too few devices"}, file)
        with open(os.path.join(stick, DAY_NAME + ".json.gz"), "rb") as file:
            self.assertEqual(hashlib.sha256(file.read()).hexdigest(), sha256)
        reply = self.summary("import", stick)
        self.assertEqual((reply["taken"], reply["refused"]),
                         ([], [{"name": DAY_NAME, "error": "it shows too few devices"}]))
        self.share()
        file, = (f for f in self.summary("list", "--all")["files"] if f["id"] == DAY)
        self.assertEqual((file["state"], file["refused"]), ("refused", [
            {"recipient": "so-gddt", "status": 422, "error": "it shows too few devices"}]))
        self.stop_desk()


if __name__ == "__main__":
    main()
