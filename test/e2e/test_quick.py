#!/usr/bin/env python3
"""Quick reports of incidents: what a teacher tells the department names nobody, and waits in the
outbox."""
import glob
import gzip
import json
import os

from desk_test import CLIENT, DeskTest
from lachan_test import main, wait_for


class Quick(DeskTest):
    TOLD = {"kind": "bullied", "tier": "lower_secondary", "date": "2026-11-20",
            "measures": "Đã gặp phụ huynh, báo tổ tư vấn, gọi 111.",
            "referred_to": "Tổng đài 111", "decided_by": "Hiệu trưởng"}

    def audit(self, action):
        """(actor, detail) of the last such entry."""
        def found():
            with open(self.path("state", "audit.log"), encoding="utf-8") as f:
                return [e for e in map(json.loads, f) if e["action"] == action]
        entry = wait_for(f"{action} in the record", found)[-1]
        return entry["actor"], entry["detail"]

    def quick(self, token, **more):
        return self.forms("quick", token=token, client=CLIENT, **{**self.TOLD, **more})

    def test_it_waits_in_the_outbox_without_anybodys_identity(self):
        self.run_desk()
        self.add_user("hoa", "teacher")
        token = self.sign_in("hoa")
        reply = self.quick(token)
        self.assertTrue(reply["ok"], reply)
        path, = glob.glob(os.path.join(self.path("state"), "outbox", "*!quick!*.json.gz"))
        with gzip.open(path) as f:
            document = json.load(f)
        self.assertEqual(list(document), ["format", "version", "report-id", "organization",
                                          "generator", "created", "incident"])
        self.assertEqual((document["format"], document["version"], document["report-id"]),
                         ("lachan-quick-report", "1.0", reply["id"]))
        self.assertEqual(document["incident"],
                         {key.replace("_", "-"): value for key, value in self.TOLD.items()})
        self.assertNotIn("hoa", json.dumps(document))
        self.assertEqual(self.audit("quick-report"), ("teacher:hoa", reply["id"]))
        # Summaries pass it over; people see that it waits.
        files = self.control("summary-list")["files"]
        self.assertEqual(files, [])
        self.assertIn(reply["id"], self.ctl("summary", "list")[1])
        shown = json.loads(self.ctl("reports", "quick", reply["id"], "--json")[1])
        self.assertEqual(json.loads(shown["document"]), document)
        self.stop_desk()

    def test_what_looks_like_somebody_is_sent_back(self):
        self.run_desk()
        self.add_user("hoa", "teacher")
        token = self.sign_in("hoa")
        for more in ({"measures": "gọi cho mẹ em 0912 345 678"}, {"referred_to": "a@b.vn"},
                     {"measures": "em học lớp 8A3"}, {"decided_by": "CCCD 079123456789"}):
            reply = self.quick(token, **more)
            self.assertEqual((reply["ok"], reply["why"]), (False, "identity"), more)
            self.assertIn("please", reply["error"])
        for more in ({"measures": ""}, {"date": "hôm qua"}, {"kind": ""}, {"tier": "nobody"}):
            self.assertFalse(self.quick(token, **more)["ok"], more)
        self.assertEqual(glob.glob(os.path.join(self.path("state"), "outbox", "*quick*")), [])
        self.stop_desk()

    def test_it_takes_somebody_who_may_write_one(self):
        self.run_desk()
        self.add_user("xem", "viewer")
        self.assertEqual(self.quick("x" * 64)["why"], "expired")
        self.assertEqual(self.quick(self.sign_in("xem"))["why"], "refused")
        self.stop_desk()


if __name__ == "__main__":
    main()
