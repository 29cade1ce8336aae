#!/usr/bin/env python3
"""A school without a line to the department: its documents go on a USB stick, receipts come back.
Both sides are the real programs."""
import json
import os
import shutil
import subprocess

import share_test
from desk_test import PASSWORD, DeskTest
from district_test import DistrictTest, yesterday
from lachan_test import BIN, main

UNIT = "thcs-01"


def new_department():
    """The other side, in a folder of its own; not a test by itself."""
    class Department(DistrictTest):
        def runTest(self):
            """Nothing."""
    return Department()


class Stick(DeskTest):
    def setUp(self):
        super().setUp()
        self.need("lachan-share", "lachan-district")
        self.department = new_department()
        self.addCleanup(self.department.doCleanups)
        self.department.setUp()
        self.addCleanup(self.department.tearDown)

    def enrol(self):
        """By hand: the key into state_dir, the token into a file."""
        self.department.begin()
        school = self.department.school(UNIT)
        os.makedirs(self.path("state"), exist_ok=True)
        shutil.copyfile(school.key.path, self.path("state", "signing.key"))
        self.write("token", school.token + "\n")
        for path in (self.path("state", "signing.key"), self.path("token")):
            os.chmod(path, 0o600)

    def run_school(self):
        self.run_desk(school={"unit": UNIT, "name": "Trường thcs-01"}, share={"recipients": [
            {"name": "department", "role": "education", "url": "http://127.0.0.1:1/v1/summaries",
             "token_file": self.path("token")}]})
        self.add_user("hieu-truong", "approver")
        os.makedirs(self.path("state", "outbox"), exist_ok=True)

    def put(self, name, document):
        with open(self.path("state", "outbox", name), "wb") as file:
            file.write(share_test.gzip.compress(document, mtime=0))

    def share(self):
        """One run by hand; nobody answers at its address."""
        return subprocess.run([os.path.join(BIN, "lachan-share"), "-c", self.path("lachan.yaml")],
                              capture_output=True, check=False, timeout=60)

    def summary(self, *words):
        status, out, said = self.ctl("summary", *words, "--json", "--user", "hieu-truong",
                                     typed=PASSWORD + "\n")
        self.assertEqual(status, 0, out + said)
        return json.loads(out)

    def state(self):
        return [(f["unit_in_name"], f["state"], f["sent"]) for f in (
            {**f, "unit_in_name": f["name"].split("!")[0]}
            for f in self.summary("list", "--all")["files"])]

    def test_a_day_goes_to_the_department_and_comes_back_as_a_receipt(self):
        self.enrol()
        self.run_school()
        name, document = share_test.document(yesterday())
        # The vector's "dating" is sensitive for every department.
        self.put(name, document.replace(b'"dating"', b'"piracy"'))
        self.assertEqual(self.state(), [("unenrolled", "approval", [])])
        # It gets unit and signature; the address is dead, and nobody said yes.
        done = self.share()
        self.assertEqual(self.state(), [(UNIT, "approval", [])], done)
        self.summary("approve", "all")
        stick = self.path("stick")
        os.mkdir(stick)
        self.assertEqual(self.summary("export", stick)["left"], 0)
        name, = os.listdir(stick)

        said = self.department.command("import", stick)
        self.assertGreater(len(self.department.stored(UNIT)), 0, said)
        rows = self.department.stored(UNIT)
        self.department.command("import", stick)  # carried there twice: known
        self.assertEqual(self.department.stored(UNIT), rows)
        self.assertEqual(sorted(os.listdir(stick)),
                         sorted([name, name[:-len(".json.gz")] + ".receipt.json"]))

        reply = self.summary("import", stick)
        self.assertEqual((len(reply["taken"]), reply["refused"]), (1, []))
        self.share()
        self.assertEqual(self.state(), [(UNIT, "sent", ["department"])])
        self.assertEqual(os.listdir(self.path("state", "outbox")), [])
        self.stop_desk()


if __name__ == "__main__":
    main()
