#!/usr/bin/env python3
"""A school and its department, both real: enrolment by the file, a backlog from before it, a
network between them that loses, doubles and reorders, and counts that are exact at the end."""
import csv
import datetime
import io
import json
import os

import certificates
from district_test import DistrictTest, close_server, day_document, encode, yesterday
from lachan_test import main
from share_test import UNIT, ShareTest
from test_share_faults import LossyProxy

DAYS = 25


def tearDownModule():
    close_server()


class Joined(DistrictTest):
    def setUp(self):
        super().setUp()
        self.need("lachan-share", "lachanctl")
        self.side = ShareTest()  # the school's: a folder and programs of its own
        self.side.setUp()
        self.addCleanup(self.side.doCleanups)
        os.unlink(self.side.path("state", "signing.key"))

    def put_one(self, days_ago, unit=UNIT):
        day = yesterday() - datetime.timedelta(days=days_ago)
        made = day_document(unit, day, name="")
        name = "%s!%s!%s!%s.json.gz" % (
            unit or "unenrolled", day.strftime("%Y%m%d"),
            (day + datetime.timedelta(days=1)).strftime("%Y%m%d"), made["report-id"])
        self.side.put((name, encode(made)))

    def documents(self):
        """DAYS summaries up to yesterday, as a filter leaves them before enrolment."""
        for i in range(DAYS):
            self.put_one(i, "")

    def join_department(self):
        """`lachan-district token create`, `lachanctl enrol`."""
        self.add_tree(UNIT)
        path = self.path("enrol.json")
        self.command("token", "create", UNIT, "--out", path)
        status, out, err = self.side.run_program(
            "lachanctl", "-c", self.side.path("lachan.yaml"), "enrol", path)
        self.assertEqual(status, 0, out + err)

    def total(self, category):
        """Attempts of all tiers and days, as the department exports them."""
        text = self.command("export", "--from", "2020-01-01", "--to",
                            datetime.date.today().isoformat()).lstrip("\ufeff")
        return sum(int(row["attempts"]) for row in csv.DictReader(io.StringIO(text))
                   if row["category"] == category and row["attempts"].isdigit())

    def test_a_backlog_from_before_enrolment_over_a_network_that_loses_half(self):
        self.side.configure(unit="")
        self.documents()
        self.begin(extra="limits: {per_unit: {per_hour: 6000}}\n")
        self.join_department()
        proxy = LossyProxy(self.port, seed=6)
        self.addCleanup(proxy.close)
        overrides = self.side.path("lachan.d", "overrides.yaml")
        with open(overrides, encoding="utf-8") as file:
            text = file.read()
        with open(overrides, "w", encoding="utf-8") as file:
            file.write(text.replace(":%d/" % self.port, ":%d/" % proxy.port))
        for _ in range(300):
            self.side.run_program("lachan-share", "-c", self.side.path("lachan.yaml"))
            if not self.side.waiting():
                break
        proxy.settle()
        self.assertEqual(self.side.waiting(), [])
        self.assertEqual(len(self.side.sent()), DAYS)
        self.assertEqual(self.total("gambling"), 85 * DAYS)
        self.assertEqual(self.total("games"), 20 * DAYS)
        found = [r["status"] for r in self.side.receipts("department").values()]
        self.assertEqual(len(found), DAYS)
        self.assertLessEqual(set(found), {200, 201})

    def test_a_new_key_and_a_revoked_one(self):
        self.side.configure(unit="")
        self.documents()
        self.begin(extra="limits: {per_unit: {per_hour: 6000}}\n")
        self.join_department()
        self.side.share()
        self.assertEqual(self.total("gambling"), 85 * DAYS)
        second = self.path("again.json")
        self.command("token", "create", UNIT, "--out", second)
        status, out, err = self.side.run_program(
            "lachanctl", "-c", self.side.path("lachan.yaml"), "enrol", second, "--json")
        self.assertEqual(status, 0, out + err)
        self.assertTrue(json.loads(out)["again"])
        self.put_one(DAYS)
        self.side.share()
        self.assertEqual(self.total("gambling"), 85 * (DAYS + 1))
        self.command("token", "revoke", UNIT)
        self.put_one(DAYS + 1)
        self.assertIn("does not know us", self.side.share(status=1))

    def test_by_tls_with_the_departments_own_ca(self):
        self.side.configure(unit="")
        self.documents()
        ca = certificates.make_ca(self.dir, "ca", subject="/CN=department")
        leaf = certificates.make_leaf(self.dir, "leaf", ca, "subjectAltName=IP:127.0.0.1")
        self.configure(tls=leaf)
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        text = text.replace('public_url: "http://127.0.0.1:%d"' % self.port,
                            'public_url: "https://127.0.0.1:%d"\n  public_ca: %s' % (
                                self.tls_port, ca[0]))
        self.write("district.yaml", text)
        self.collector = self.start("lachan-district", "-c", self.config)
        self.collector.wait_log("collecting")
        self.join_department()
        self.side.share()
        self.assertEqual(self.total("gambling"), 85 * DAYS)


if __name__ == "__main__":
    main()
