#!/usr/bin/env python3
"""The department's administration: units, tokens and keys, accounts, USB sticks, exports, backups."""
import hashlib
import json
import os
import stat

from district_admin_kit import DistrictAdminTest, School, days_ago
from lachan_test import main


class Units(DistrictAdminTest):
    def setUp(self):
        super().setUp()
        self.prepare()

    def test_every_mistake_has_its_place_and_nothing_is_changed(self):
        said = self.run_district("units", "import", self.units(
            "unit,parent,name,kinds,valid-to", "q1,xa9,THCS A,THCS,", "q 2,,B,THCX,",
            "q3,,C,,31/02/2026", "q1,,again,,"), status=1)
        for place in ("units.csv:3:1: error: 'q 2'", "units.csv:3:8: error: 'THCX'",
                      "units.csv:4:8: error: '31/02/2026'", "3 mistakes; nothing was changed"):
            self.assertIn(place, said)
        said = self.run_district("units", "import", self.units(
            "unit,parent,name", "q1,xa9,THCS A", "q1,,again"), status=1)
        self.assertIn("units.csv:3:1: error: q1 stands in line 2 already", said)
        self.assertIn("units.csv:2:4: error: xa9 is above q1", said)
        self.assertIn("0 units", self.run_district("units", "list"))

    def test_a_table_of_excel_in_vietnam_is_imported_once(self):
        table = self.path("units.csv")
        with open(table, "wb") as file:
            file.write("\ufeffMã đơn vị;Trực thuộc;Tên;Cấp học;Số học sinh;Liên hệ;Từ ngày\r\n"
                       "so;;Sở GD&ĐT;;;;\r\nq1;so;\"THCS \"\"Đinh Tiên Hoàng\"\"\";THCS;640;'+84 262 1;01/09/2025\r\n"
                       .encode())
        said = self.run_district("units", "import", table, "--dry-run")
        self.assertIn("2 lines: 2 new", said)
        self.assertIn("Nothing was changed", said)
        self.assertIn("0 units", self.run_district("units", "list"))
        self.run_district("units", "import", table)
        self.assertIn("nothing that is not known already", self.run_district("units", "import", table))
        shown = self.run_district("units", "show", "q1")
        self.assertIn('2025-09-01 -             THCS "Đinh Tiên Hoàng"', shown)
        self.assertIn("contact +84 262 1", shown)
        self.assertIn("pupils 640", shown)

    def test_what_is_exported_is_imported_without_a_change(self):
        self.two_schools()
        self.run_district("units", "merge", "xa2", "xa1", "--on", "2026-07-01")
        self.run_district("units", "import", self.units("unit,name,valid-from", "q1,=cmd(),2026-03-01"))
        table = self.path("all.csv")
        self.run_district("units", "export", table)
        with open(table, "rb") as file:
            text = file.read()
        self.assertTrue(text.startswith(b"\xef\xbb\xbfunit,parent,"))
        self.assertIn(b",'=cmd(),", text)
        self.assertIn("nothing that is not known already", self.run_district("units", "import", table))

    def test_a_merge_moves_what_stood_below_and_the_past_stays(self):
        self.two_schools()
        said = self.run_district("units", "merge", "xa2", "xa1", "--on", "2026-07-01", "--dry-run")
        self.assertIn("q2  from 2026-07-01: below xa1, was below xa2", said)
        self.assertIn("xa2  from 2026-07-01: xa1 goes on with it", said)
        self.run_district("units", "merge", "xa2", "xa1", "--on", "2026-07-01")
        before = self.run_district("units", "list", "--on", "2026-06-30")
        after = self.run_district("units", "list", "--on", "2026-07-01")
        self.assertIn("  xa2  Xã 2\n    q2", before)
        self.assertNotIn("xa2", after)
        self.assertIn("    q2  lower_secondary,upper_secondary  900  THCS B", after)
        # It has ended: a second time is a mistake, and so is its return.
        self.run_district("units", "import", self.units("unit,name", "xa2,again"), status=1)
        self.assertIn("merged into xa1", self.run_district("units", "show", "xa2"))

    def test_wrong_usage_is_told_with_the_right_one(self):
        for words in (["units"], ["units", "merge", "a"], ["units", "import", "x", "--what"],
                      ["token", "create"], ["token", "create", "a", "--all", "b"], ["user", "add", "x"],
                      ["backup"], ["key", "revoke"], ["export", "--format", "xml"]):
            self.assertIn(words[0], self.run_district(*words, status=2))


class Accounts(DistrictAdminTest):
    def setUp(self):
        super().setUp()
        self.prepare("users_file: %s" % self.path("state", "users"))

    def test_accounts_have_the_departments_roles_and_one_operator_is_left(self):
        password = "bốn chữ rất riêng\n"
        said = self.run_district("user", "add", "hoa", "approver", answers=password, status=1)
        self.assertIn("viewer,operator,education,ict,police,child_affairs,youth_union", said)
        self.assertIn("too short", self.run_district("user", "add", "hoa", "operator", answers="ngan\n", status=1))
        self.run_district("user", "add", "hoa", "operator", answers=password)
        self.run_district("user", "add", "an", "police,child_affairs", answers=password)
        self.assertIn("already", self.run_district("user", "add", "an", "ict", answers=password, status=1))
        self.assertIn("last operator", self.run_district("user", "role", "hoa", "viewer", status=1))
        self.run_district("user", "role", "an", "operator,ict")
        self.run_district("user", "remove", "hoa")
        listed = self.run_district("user", "list")
        self.assertIn("operator,ict", listed)
        self.assertNotIn("hoa", listed)
        path = self.path("state", "users")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertTrue(text.startswith("lachan-district-users 1\nname=an "))
        self.assertNotIn(password.strip(), text)
        with open(self.path("state", "audit.log"), encoding="utf-8") as file:
            self.assertEqual([json.loads(line)["action"] for line in file],
                             ["user-add", "user-add", "user-role", "user-remove"])

    def test_a_schools_accounts_open_no_door_here(self):
        self.run_district("user", "add", "hoa", "operator", answers="bốn chữ rất riêng\n")
        with open(self.path("state", "users"), encoding="utf-8") as file:
            line = file.read().splitlines()[1]
        with open(self.path("state", "users"), "w", encoding="utf-8") as file:
            file.write("lachan-users 1\n" + line.replace("operator", "viewer") + "\n")
        self.assertIn("no file of users", self.run_district("user", "list", status=1))


class Joining(DistrictAdminTest):
    def setUp(self):
        super().setUp()
        self.prepare()

    def test_an_enrolment_file_lets_a_school_in_and_revoking_shuts_the_door_at_once(self):
        school, _ = self.two_schools()
        self.serve()
        file = self.enrolment("q1")
        self.assertEqual((file["format"], file["unit"], file["name"], file["url"]),
                         ("lachan-enrolment", "q1", "THCS A", "http://127.0.0.1:%d" % self.port))
        self.assertEqual(school.enrol(file)[0], 201)
        self.assertEqual(school.send(school.document(days_ago(3))[1])[0], 201)
        # The token was for once, and for this key.
        thief = School(self, "q1")
        self.assertEqual(thief.enrol(file)[0], 403)
        # A new file pins a new key beside the old one, whose documents may still be on their way.
        first_token, first_key, old = school.token, school.key, school.public
        late = school.document(days_ago(4))[1]
        school.new_key()
        self.assertEqual(school.enrol(self.enrolment("q1"))[0], 201)
        self.assertEqual(school.send(school.document(days_ago(2))[1])[0], 201)
        self.assertEqual(school.send(late)[0], 201)
        listed = self.run_district("key", "list", "q1")
        self.assertIn("2 keys", listed)
        self.assertIn(old, listed)
        self.run_district("key", "revoke", "q1", old[:8])
        status, answer = school.send(School.document(self.old(school, first_key, old), days_ago(5))[1])
        self.assertEqual((status, answer["why"]), (403, "revoked"))
        self.assertEqual(school.send(school.document(days_ago(5))[1])[0], 201)
        # And without its tokens it is nobody.
        self.run_district("token", "revoke", "q1")
        for token in (school.token, first_token):
            status, answer = school.send(school.document(days_ago(6))[1], token)
            self.assertEqual((status, answer["why"]), (403, "revoked"))
        self.assertEqual(school.enrol(self.enrolment("q1"))[0], 201)
        self.assertEqual(school.send(school.document(days_ago(6))[1])[0], 201)

    def old(self, school, key, public):
        made = School.__new__(School)
        made.test, made.unit, made.key, made.public = self, school.unit, key, public
        return made

    def test_no_token_stands_where_others_could_read_it(self):
        self.two_schools()
        out = self.path("q1.json")
        self.run_district("token", "create", "q1", "--out", out, "--expires", "7d")
        self.assertEqual(stat.S_IMODE(os.stat(out).st_mode), 0o600)
        with open(out, encoding="utf-8") as file:
            token = json.load(file)["token"]
        partner = self.run_district("token", "create", "--partner", "vnpt").strip()
        self.assertEqual((len(token), len(partner)), (43, 43))
        for name in os.listdir(self.path("state")):
            with open(self.path("state", name), "rb") as file:
                held = file.read()
            for secret in (token, partner):
                self.assertNotIn(secret.encode(), held, name)
        listed = self.run_district("token", "list")
        self.assertIn("enrol", listed)
        self.assertIn("vnpt", listed)
        self.assertIn(hashlib.sha256(token.encode()).hexdigest()[:12], listed)

    def test_every_school_gets_a_file_and_nobody_twice(self):
        rows = ["unit,parent,name,kinds", "so,,Sở,"]
        rows += ["t%03d,so,Trường %d,TH" % (i, i) for i in range(230)]
        self.run_district("units", "import", self.units(*rows))
        folder = self.path("files")
        said = self.run_district("token", "create", "--all", folder)
        self.assertIn("230 files", said)
        names = sorted(os.listdir(folder))
        self.assertEqual(len(names), 230)
        tokens = set()
        for name in names:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                made = json.load(file)
            self.assertEqual(name, made["unit"] + ".enrolment.json")
            tokens.add(made["token"])
        self.assertEqual(len(tokens), 230)
        # One has joined: it needs no other file.
        self.serve()
        school = School(self, "t007")
        with open(os.path.join(folder, "t007.enrolment.json"), encoding="utf-8") as file:
            self.assertEqual(school.enrol(json.load(file))[0], 201)
        again = self.path("again")
        self.assertIn("229 files", self.run_district("token", "create", "--all", again))
        self.assertNotIn("t007.enrolment.json", os.listdir(again))

    def test_the_address_that_is_listened_on_will_do(self):
        self.two_schools()
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        self.write("district.yaml", text.replace("public_url", "# public_url"))
        made = json.loads(self.run_district("token", "create", "q1"))
        self.assertEqual(made["url"], "http://127.0.0.1:%d" % self.port)

    def test_without_an_address_there_is_nothing_to_hand_out(self):
        self.two_schools()
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        self.write("district.yaml", text.replace("public_url", "trusted_proxies: [192.0.2.1]\n  # public_url"))
        self.assertIn("server.public_url", self.run_district("token", "create", "q1", status=1))
        self.assertIn("0 tokens", self.run_district("token", "list"))


class ByHand(DistrictAdminTest):
    def setUp(self):
        super().setUp()
        self.prepare()

    def stick(self, *documents):
        for name, packed in documents:
            path = self.path("stick", "lachan", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(packed)
        return self.path("stick")

    def receipt(self, document):
        path = self.path("stick", "lachan", document[0].replace(".json.gz", ".receipt.json"))
        with open(path, encoding="utf-8") as file:
            return json.load(file)

    def test_a_stick_is_read_once_and_takes_receipts_home(self):
        school, other = self.two_schools()
        self.serve()
        self.assertEqual(school.enrol(self.enrolment("q1"))[0], 201)
        good = [school.document(days_ago(n)) for n in (3, 4)]
        stranger = other.document(days_ago(3))
        forged = other.document(days_ago(5), unit="q1")
        torn = (school.document(days_ago(6))[0], school.document(days_ago(6))[1][:-20])
        no_unit = ("report.json.gz", good[0][1])
        said = self.run_district(
            "import", self.stick(*good, stranger, forged, torn, no_unit), status=1)
        self.assertIn("6 documents: 2 taken, 0 known already, 4 refused", said)
        for document in good:
            receipt = self.receipt(document)
            self.assertEqual((receipt["format"], receipt["status"]), ("lachan-receipt", 201))
            self.assertEqual(receipt["sha256"], hashlib.sha256(document[1]).hexdigest())
            self.assertIn(receipt["report-id"], document[0])
        for document, status in ((stranger, 403), (forged, 403), (torn, 400)):
            receipt = self.receipt(document)
            self.assertEqual(receipt["status"], status)
            self.assertTrue(receipt["error"])
        os.unlink(self.path("stick", "lachan", no_unit[0]))
        said = self.run_district("import", self.stick(), status=1)
        self.assertIn("5 documents: 0 taken, 2 known already, 3 refused", said)
        # By either way it is the same document.
        self.assertEqual(school.send(good[0][1])[0], 200)
        changed = school.document(days_ago(3), uptime=31201)
        self.assertEqual(school.send(changed[1])[0], 409)
        self.assertIn("409", self.run_district("import", *[
            os.path.join(self.stick(changed), "lachan", changed[0])], status=1))

    def test_what_was_published_leaves_as_a_table(self):
        school, other = self.two_schools()
        self.serve()
        for one in (school, other):
            self.assertEqual(one.enrol(self.enrolment(one.unit))[0], 201)
        for n in (2, 3):
            self.assertEqual(school.send(school.document(days_ago(n))[1])[0], 201)
        self.assertEqual(other.send(other.document(days_ago(2))[1])[0], 201)
        said = self.run_district("export", "--unit", "xa1")
        rows = said.lstrip("\ufeff").splitlines()
        self.assertTrue(said.startswith("\ufeffday,days,unit,cut,"))
        self.assertEqual({row.split(",")[2] for row in rows[1:]}, {"q1"})
        self.assertIn("%s,1,q1,day,1,lower_secondary,gambling,1200,50" % days_ago(3), rows)
        self.assertIn("%s,1,q1,day,1,upper_secondary,gambling,below,0" % days_ago(3), rows)
        path = self.path("out.json")
        self.run_district("export", "--format", "json", "--out", path, "--from", str(days_ago(2)))
        with open(path, encoding="utf-8") as file:
            objects = json.load(file)
        self.assertEqual({row["unit"] for row in objects}, {"q1", "q2"})
        self.assertEqual({row["day"] for row in objects}, {str(days_ago(2))})
        # The same by the web, for whoever may see the figures there.
        address = "/v1/export.csv?from=%s&to=%s" % (days_ago(3), days_ago(2))
        status, data = self.request("GET", address + "&unit=xa1")
        self.assertEqual(status, 200)
        self.assertEqual(data.decode("utf-8").lstrip("\ufeff").splitlines(), rows)
        self.assertTrue(data.startswith(b"\xef\xbb\xbf"))
        self.assertEqual(self.request("GET", address + "&unit=nobody")[0], 404)
        self.assertEqual(self.request("GET", "/v1/export.csv?from=2026-01-02&to=2026-01-01")[0], 400)
        self.assertEqual(self.request("GET", "/v1/export.csv")[0], 400)
        # Through a proxy nobody knows who it is.
        self.assertNotEqual(self.request("GET", address, headers={"X-Forwarded-For": "10.0.0.9"})[0], 200)

    def test_a_backup_is_taken_while_it_goes_on_and_fills_an_empty_store(self):
        school, _ = self.two_schools()
        service = self.serve()
        self.assertEqual(school.enrol(self.enrolment("q1"))[0], 201)
        self.assertEqual(school.send(school.document(days_ago(3))[1])[0], 201)
        copy = self.path("backup")
        self.run_district("backup", copy)
        self.assertEqual(stat.S_IMODE(os.stat(copy).st_mode), 0o600)
        self.assertIn("already", self.run_district("backup", copy, status=1))
        self.assertEqual([name for name in os.listdir(self.path("state")) if name.startswith("backup")], [])
        before = self.run_district("export")
        self.assertIn("fits its documents", self.run_district("check"))
        self.run_district("restore", copy, status=1)  # not empty
        self.assertEqual(service.term(), 0)
        self.empty()
        self.assertEqual(len(self.run_district("export").splitlines()), 1)
        self.run_district("restore", copy)
        self.assertEqual(self.run_district("export"), before)
        self.assertIn("fits its documents", self.run_district("check"))
        self.assertIn("THCS A", self.run_district("units", "list"))
        self.serve()
        self.assertEqual(school.send(school.document(days_ago(3))[1])[0], 200)

    def empty(self):
        """A store as on the first day."""
        for name in os.listdir(self.path("state")):
            if name.startswith("district.db"):
                os.unlink(self.path("state", name))


if __name__ == "__main__":
    main()
