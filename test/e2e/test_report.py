"""`lachanctl report`: a school's own year, out of what it published; every number checked by an
oracle that reads the same documents."""
import csv
import datetime
import io
import json
import os
import random
import shutil
import time
import unittest

import spreadsheet
import summaries
from lachan_test import LachanTest, main

BROWSERS = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome",
            "/usr/bin/google-chrome-stable", "/snap/bin/chromium")
PERIOD = "2025-09-01..2026-05-31"
BEGIN, END = datetime.date(2025, 9, 1), datetime.date(2026, 5, 31)
NAME = "Trường Tiểu học Đinh Tiên Hoàng"


class Report(LachanTest):
    def setUp(self):
        super().setUp()
        self.config = self.write_config(dns_port=53, level="primary, lower_secondary", name=NAME)
        self.documents = []

    def put(self, folder, unit, day, records, **how):
        made = summaries.document(unit, day, records, name=NAME,
                                  kinds=("primary", "lower_secondary"), **how)
        summaries.write(self.path("state", folder), made)
        self.documents.append(made)
        return made

    def day(self, folder, unit, day, rng):
        records = []
        for tier in ("primary", "lower_secondary"):
            for category in ("gambling", "games", "ads_tracking"):
                attempts = rng.choice([None, 0, 10, 85, 1200])
                records.append(summaries.record(category, attempts, tier=tier))
        if rng.random() < 0.3:
            records.append(summaries.record("other", 35, tier="all"))
        self.put(folder, unit, day, records, uptime=rng.randrange(0, 86400),
                 unfiltered=rng.choice([0, 0, 0, 1800]), feed_hours=rng.choice([5, 200]),
                 partial=rng.random() < 0.1, reviews=rng.choice([("0-9", 100), ("20-49", 50)]),
                 failures=rng.choice([(), (("feed-refused", 3),)]))

    def fill(self, seed):
        """Two school years with holes; half sent, half waiting; the first without a unit."""
        rng = random.Random(seed)
        day = datetime.date(2024, 9, 2)
        while day <= END + datetime.timedelta(days=3):
            if day.weekday() < 5 and rng.random() < 0.4:
                unit = "" if day < datetime.date(2025, 12, 1) else "dth-01"
                self.day(rng.choice(["outbox", "sent"]), unit, day, rng)
            if day.weekday() == 0 and rng.random() < 0.6:
                self.put("sent", "dth-01", day, [
                    summaries.record("adult", rng.choice([None, 40]), "10-19"),
                    summaries.record("sensitive_other", None)], days=7)
            day += datetime.timedelta(days=1)

    def report(self, *words, expect=0):
        status, out, said = self.run_program("lachanctl", "-c", self.config, "report", *words)
        self.assertEqual(status, expect, said)
        return out if expect == 0 else said

    def tables(self):
        made = json.loads(self.report("--period", PERIOD, "--json"))
        self.assertEqual((made["format"], made["from"], made["to"]),
                         ("lachan-report", "2025-09-01", "2026-05-31"))
        return made, {table["id"]: {row["key"]: row["cells"] for row in table["rows"]}
                      for table in made["tables"]}

    def test_every_number_is_the_sum_of_what_was_published(self):
        for seed in range(3):
            shutil.rmtree(self.path("state"), ignore_errors=True)
            self.documents = []
            self.fill(seed)
            now = summaries.Sums(self.documents, BEGIN, END)
            before = summaries.Sums(self.documents, datetime.date(2024, 9, 1),
                                    datetime.date(2025, 5, 31))
            _, tables = self.tables()
            self.check_blocked(tables["B3"], now, before)
            self.check_operation(tables["B2"], now)
            self.check_reviews(tables["B6"], now)

    def check_blocked(self, table, now, before):
        for category in ("gambling", "games", "ads_tracking", "adult", "other",
                         "sensitive_other"):
            for tier in ("primary", "lower_secondary"):
                self.assertEqual(table[category][tier], now.cell(tier, category),
                                 (category, tier))
            self.assertEqual(table[category]["total"], now.cell(None, category), category)
        self.assertNotIn("malware", table)
        self.assertEqual(table["published_total"]["total"], {"at-least": now.total})
        self.assertEqual(table["year_before"]["total"], {"at-least": before.total})
        change = 100 * (now.total - before.total) / before.total
        self.assertAlmostEqual(table["change"]["total"], change, delta=0.0501)

    def check_operation(self, table, now):
        days = len(now.days)
        self.assertEqual(table["days_reported"]["value"], days)
        for key, member in (("uptime_hours", "uptime-seconds"),
                            ("unfiltered_hours", "unfiltered-seconds")):
            self.assertAlmostEqual(table[key]["value"], now.coverage(member) / 3600, delta=0.0501)
        fresh = sum(made["policy"]["feeds"][0]["age-hours"] <= 168 for made in now.days)
        self.assertAlmostEqual(table["fresh_percent"]["value"], 100 * fresh / days, delta=0.0501)
        self.assertEqual(table["partial_days"]["value"], now.coverage("partial"))
        refused = sum(one["count"] for made in now.days for one in made["failures"])
        self.assertEqual(table["feed-refused"]["value"], refused)

    def check_reviews(self, table, now):
        many = sum(made["reviews"]["requested"] == "20-49" for made in now.days)
        few = len(now.days) - many
        self.assertEqual(table["requests"]["value"], {"from": 20 * many, "to": 49 * many + 9 * few})
        self.assertEqual(table["answered_percent"]["value"], 50.0)
        self.assertIsNone(table["median_hours"]["value"])

    def test_the_newest_revision_counts_once_wherever_it_lies(self):
        monday = datetime.date(2026, 3, 2)
        for folder, revision, attempts in (("sent", 1, 10), ("outbox", 2, 85), ("sent", 2, 85)):
            self.put(folder, "dth-01", monday,
                     [summaries.record("games", attempts, tier="primary")], revision=revision)
        # Made before enrolment, and once more after it: one day of one school.
        self.put("outbox", "", monday, [summaries.record("games", 10, tier="primary")])
        made, tables = self.tables()
        self.assertEqual(tables["B3"]["games"]["primary"], 85)
        self.assertEqual(tables["B2"]["days_reported"]["value"], 1)
        self.assertEqual(made["units"], 1)
        self.assertFalse([t for t in made["tables"] if t["id"] == "B3"][0]["lower-bound"])

    def test_what_cannot_be_read_is_left_out_and_said(self):
        monday = datetime.date(2026, 3, 2)
        made = self.put("outbox", "dth-01", monday,
                        [summaries.record("games", 10, tier="primary")])
        torn = self.put("sent", "dth-01", monday + datetime.timedelta(days=1), [])
        with open(self.path("state", "sent", summaries.file_name(torn)), "r+b") as file:
            file.truncate(40)
        self.write("state/outbox/readme.txt", "not ours")
        report, tables = self.tables()
        self.assertEqual(tables["B2"]["days_reported"]["value"], 1)
        self.assertEqual(report["units"], 1)
        self.assertTrue(any("1 documents could not be read" in note for note in report["notes"]))
        self.assertEqual(made["revision"], 1)

    def test_a_school_that_published_nothing_gets_a_form_to_fill_in(self):
        page = self.report("--period", PERIOD, "--html", "-", "--language", "vi")
        for text in ("<html lang=\"vi\">", "Cộng hòa".upper(), NAME, "B12. Đánh giá chung",
                     "HIỆU TRƯỞNG", "class=\"write\"", "01/09/2025 – 31/05/2026"):
            self.assertIn(text, page)
        self.assertNotIn("<script", page)

    def test_both_languages_say_where_numbers_are_lower_bounds(self):
        self.fill(1)
        for language, bound in (("vi", "số liệu là cận dưới do ẩn số nhỏ"),
                                ("en", "a lower bound, because small numbers are withheld")):
            page = self.report("--period", PERIOD, "--html", "-", "--language", language)
            self.assertEqual(page.count(bound), 1, "B3 alone hides something here")
            self.assertIn("≥ ", page)
        path = self.path("report.html")
        self.assertIn(path, self.report("--period", PERIOD, "--html", path))
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), page)

    def test_the_policy_is_that_of_the_newest_document(self):
        self.put("sent", "dth-01", datetime.date(2025, 9, 3), [])
        _, tables = self.tables()
        self.assertEqual(tables["P"]["primary"], {
            "blocked": "Adult and pornographic content; Gambling and betting", "empty": "Games",
            "youtube": "restricted mode, strict"})

    def test_csv_has_a_mark_and_the_words(self):
        self.fill(2)
        text = self.report("--period", PERIOD, "--csv", "-", "--language", "vi")
        self.assertTrue(text.startswith("\ufeff"))
        rows = list(csv.reader(io.StringIO(text[1:], newline="")))
        now = summaries.Sums(self.documents, BEGIN, END)
        self.assertIn(["B3", "Lượt truy cập bị chặn theo cấp học và nhóm nội dung"], rows)
        games = [row for row in rows if row and row[0] == "Trò chơi điện tử"][0]
        attempts, withheld = now.of("primary", "games")
        self.assertEqual(games[1], str(attempts))
        self.assertEqual(games[-1], "có" if withheld else "")

    @unittest.skipUnless(spreadsheet.OFFICE, "LibreOffice is not installed "
                         "(apt install --no-install-recommends libreoffice-calc)")
    def test_libreoffice_opens_the_csv_with_vietnamese_intact(self):
        self.fill(3)
        path = self.path("report.csv")
        self.report("--period", PERIOD, "--csv", path, "--language", "vi")
        rows = spreadsheet.open_csv(path, "vi")
        now = summaries.Sums(self.documents, BEGIN, END)
        self.assertIn(["B3", "Lượt truy cập bị chặn theo cấp học và nhóm nội dung"], rows)
        self.assertIn(NAME, [cell for row in rows for cell in row])
        hours = [row for row in rows if row and row[0] == "Số giờ hoạt động"][0]
        self.assertAlmostEqual(hours[1], now.coverage("uptime-seconds") / 3600, delta=0.0501)
        games = [row for row in rows if row and row[0] == "Trò chơi điện tử"][0]
        self.assertEqual(games[1], float(now.of("primary", "games")[0]))

    @unittest.skipUnless(any(os.access(path, os.X_OK) for path in BROWSERS),
                         "no Chromium is installed (apt install chromium)")
    def test_the_browser_makes_a_pdf_and_leaves_nothing_behind(self):
        self.fill(4)
        os.mkdir(self.path("tmp"))
        os.chmod(self.path("tmp"), 0o777)
        os.chmod(self.dir, 0o755)
        os.environ["TMPDIR"] = self.path("tmp")
        self.addCleanup(os.environ.pop, "TMPDIR")
        path = self.path("report.pdf")
        status, _, said = self.run_program("lachanctl", "-c", self.config, "report", "--period",
                                           PERIOD, "--pdf", path, timeout=200)
        self.assertEqual(status, 0, said)
        with open(path, "rb") as file:
            pdf = file.read()
        self.assertTrue(pdf.startswith(b"%PDF-") and len(pdf) > 10000)
        self.assertEqual(os.listdir(self.path("tmp")), [])

    def test_wrong_words_are_usage_mistakes(self):
        for words in ((), ("--html", "a", "--csv", "b"), ("--html", "-", "x"),
                      ("--period", "weekly", "--html", "-"),
                      ("--period", "2026-02-30..2026-03-01", "--html", "-"),
                      ("--year", "26", "--html", "-")):
            self.report(*words, expect=2)
        self.report("--html", self.path("no", "such", "folder"), expect=1)
        year = time.localtime().tm_year
        made = json.loads(self.report("--period", "annual", "--year", str(year), "--json"))
        self.assertEqual((made["kind"], made["to"]), ("annual", "%d-12-15" % year))


if __name__ == "__main__":
    main()
