"""The department's reports: every number of a small fixed department against an oracle over the
documents that were posted; the web, the commands, entries by hand, both languages."""
import csv
import datetime
import io
import json
import os
import re
import urllib.parse

import reporting_department as fixed
import spreadsheet
import summaries
from lachan_test import main
from test_district_web import WebTest
from test_report import BROWSERS

SPAN = "%s..%s" % fixed.PERIOD
QUERY = "from=%s&to=%s" % fixed.PERIOD


class Reports(fixed.Department):
    def report(self, *words, form="--json", period=SPAN):
        return self.district("report", period, *words, form, "-")

    def tables(self, *words):
        made = json.loads(self.report(*words, "--lang", "en"))
        return made, {table["id"]: {row["key"]: row["cells"] for row in table["rows"]}
                      for table in made["tables"]}

    def documents_of(self, units):
        """Of these schools as the tree of the period's end has it: th-old's are th-2's."""
        wanted = set(units) | ({"th-old"} if "th-2" in units else set())
        return [made for made in self.sent if made["organization"]["unit"] in wanted]

    def sums(self, units, span):
        return summaries.Sums(self.documents_of(units), *span)

    def days_of(self, unit):
        """Days on which a school, or who it goes on for, sent."""
        return {summaries.begin_of(made) for made in self.sums([unit], fixed.PERIOD).days}

    def test_what_schools_published_stands_in_every_form_of_the_report(self):
        """One department for all of it, since filling it takes the time."""
        self.fill()
        self.check_numbers()
        self.check_web()
        self.check_csv()
        self.check_pdf()

    def check_numbers(self):
        report, tables = self.tables()
        self.assertEqual(report["units"], 5)
        self.check_deployment(tables["B1"])
        self.check_operation(tables["B2"], tables["B2b"])
        self.check_blocked(tables["B3"])
        self.check_trend(tables["B4"])
        self.check_leading(tables["B5"])
        self.check_people(tables)
        bounds = {table["id"]: table["lower-bound"] for table in report["tables"]}
        self.assertEqual([key for key in bounds if bounds[key]], ["B3", "B4", "B5", "B6"])
        self.check_part()

    def check_deployment(self, table):
        due = [day for day in self.all_days() if fixed.due(day)]
        regular = [unit for unit in ("th-1", "lc-1", "th-2", "pt-1")
                   if sum(day in self.days_of(unit) for day in due) >= 0.9 * len(due)]
        self.assertEqual(regular, ["th-1"])
        # nc-1 never sent; th-old is th-2 at the period's end; th-2's pupils are not known.
        rows = {"total": (5, 4, 80.0, 1, 20.0, 1650), "primary": (3, 3, 100.0, 1, 33.3, 750),
                "lower_secondary": (2, 1, 50.0, 0, 0.0, 450),
                "upper_secondary": (1, 1, 100.0, 0, 0.0, 900),
                "xa-a": (2, 2, 100.0, 1, 50.0, 750), "xa-b": (3, 2, 66.7, 0, 0.0, 900)}
        self.assertEqual(set(table), set(rows))
        for key, row in rows.items():
            self.assertEqual(tuple(table[key].values()), row, key)

    @staticmethod
    def all_days():
        begin, end = fixed.PERIOD
        return [begin + datetime.timedelta(days=i) for i in range((end - begin).days + 1)]

    def check_operation(self, table, failures):
        for key, units in (("total", fixed.SCHOOLS), ("xa-a", ["th-1", "lc-1"]),
                           ("xa-b", ["th-2", "pt-1"])):
            now = self.sums(units, fixed.PERIOD)
            days, row = len(now.days), table[key]
            self.assertEqual(row["school_days"], days)
            uptime = now.coverage("uptime-seconds")
            self.assertAlmostEqual(row["uptime_percent"], uptime / days / 864, delta=0.0501)
            self.assertAlmostEqual(row["uptime_hours_day"], uptime / days / 3600, delta=0.0501)
            self.assertAlmostEqual(row["unfiltered_hours"],
                                   now.coverage("unfiltered-seconds") / 3600, delta=0.0501)
            fresh = sum(made["policy"]["feeds"][0]["age-hours"] <= 168 for made in now.days)
            self.assertAlmostEqual(row["fresh_percent"], 100 * fresh / days, delta=0.0501)
            silent = [unit for unit in units if unit != "th-old" and
                      (fixed.PERIOD[1] - max(self.days_of(unit))).days > 7]
            self.assertEqual(row["silent"], len(silent), key)
        now = self.sums(fixed.SCHOOLS, fixed.PERIOD)
        for kind in ("upstream-failed", "feed-refused"):
            counts = [one["count"] for made in now.days for one in made["failures"]
                      if one["type"] == kind]
            self.assertEqual(failures[kind], {"count": sum(counts), "days": len(counts)})

    def check_blocked(self, table):
        now = self.sums(fixed.SCHOOLS, fixed.PERIOD)
        before = self.sums(fixed.SCHOOLS, fixed.BEFORE)
        for category in ("gambling", "games", "social_network", "ads_tracking", "other", "adult",
                         "sensitive_other", "malware"):
            for tier in ("primary", "lower_secondary", "upper_secondary", "preschool"):
                self.assertEqual(table[category][tier], now.cell(tier, category),
                                 (category, tier))
            self.assertEqual(table[category]["total"], now.cell(None, category), category)
        self.assertEqual(table["published_total"]["total"], {"at-least": now.total})
        self.assertEqual(table["year_before"]["total"], {"at-least": before.total})
        self.assertAlmostEqual(table["change"]["total"],
                               100 * (now.total - before.total) / before.total, delta=0.0501)
        self.assertIsNone(table["adult"]["primary"], "sensitive in the total column alone")

    def check_trend(self, table):
        for month in range(9, 13):
            begin = datetime.date(2025, month, 1)
            end = (begin + datetime.timedelta(days=31)).replace(day=1) - \
                datetime.timedelta(days=1)
            now = self.sums(fixed.SCHOOLS, (begin, end))
            row = table["2025-%02d" % month]
            for category in ("gambling", "games", "social_network", "ads_tracking", "other"):
                self.assertEqual(row[category], now.cell(None, category), (month, category))
            self.assertEqual(row["school_days"], len(now.days))
            self.assertNotIn("adult", row)
        self.assertEqual(table["total"]["games"],
                         self.sums(fixed.SCHOOLS, fixed.PERIOD).cell(None, "games"))
        self.assertEqual(table["year_before"]["games"],
                         self.sums(fixed.SCHOOLS, fixed.BEFORE).cell(None, "games"))

    def check_leading(self, table):
        now = self.sums(fixed.SCHOOLS, fixed.PERIOD)
        for tier in ("primary", "lower_secondary", "upper_secondary"):
            sums = {category: now.of(tier, category)[0]
                    for category in ("gambling", "games", "social_network")}
            order = sorted((name for name in sums if sums[name]), key=lambda name: -sums[name])
            for rank, category in enumerate(order, 1):
                row = table["%s.%d" % (tier, rank)]
                self.assertEqual(row["attempts"], now.cell(tier, category))
                self.assertAlmostEqual(row["share_percent"],
                                       100 * sums[category] / sum(sums.values()), delta=0.0501)

    def check_people(self, tables):
        now = self.sums(fixed.SCHOOLS, fixed.PERIOD)
        many = sum(made["reviews"]["requested"] == "10-19" for made in now.days)
        self.assertEqual(tables["B6"]["requests"]["value"], {"at-least": 10 * many})
        self.assertEqual(tables["B6"]["answered_percent"]["value"], 50.0)
        self.assertEqual(tables["B8"]["received"]["value"], 7)
        self.assertAlmostEqual(tables["B8"]["in_time_percent"]["value"], 71.4)
        self.assertIsNone(tables["B7"]["bullying"]["received"])
        annex = {unit: cells["state"] for unit, cells in tables["PL"].items()}
        self.assertEqual(annex["nc-1"], "not connected")
        self.assertEqual(annex["lc-1"], "silent")
        self.assertNotIn("th-1", annex)

    def check_part(self):
        """A commune: its schools alone; cases in steps of five."""
        report, tables = self.tables("--unit", "xa-a")
        self.assertEqual((report["scope"], report["units"]), ("Xã Đồng Tâm", 2))
        now = self.sums(["th-1", "lc-1"], fixed.PERIOD)
        self.assertEqual(tables["B3"]["games"]["total"], now.cell(None, "games"))
        self.assertEqual(tables["B8"]["received"]["value"], {"at-least": 5})
        self.assertIsNone(tables["B8"]["in_time_percent"]["value"])
        self.assertIn("nobody", self.report("--unit", "xa-a", "--lang", "en", form="--html"))
        self.assertIn("no unit", self.district("report", SPAN, "--unit", "nowhere", "--json", "-",
                                               expect=1))

    def test_entries_are_kept_added_up_and_never_lost(self):
        self.district("report", "entry", "set", SPAN, "--unit", "xa-a", "b9.events=12",
                      "b7.bullying.received=7", "b7.bullying.supported=6", "b7.scam.received=4")
        self.district("report", "entry", "set", SPAN, "--unit", "xa-b", "b9.events=5",
                      "b9.schools_held=2")
        self.district("report", "entry", "set", SPAN, "--unit", "xa-b", "b9.events=6")
        _, tables = self.tables()
        self.assertEqual(tables["B9"]["events"]["value"], 18)
        self.assertEqual(tables["B9"]["held_percent"]["value"], 33.3)
        self.assertEqual(tables["B7"]["bullying"]["received"], 7)
        self.assertEqual(tables["B7"]["bullying"]["supported_percent"], 85.7)
        self.assertEqual(tables["B7"]["total"]["received"], 11)
        _, part = self.tables("--unit", "xa-a")
        self.assertEqual(part["B7"]["bullying"]["received"], {"at-least": 5})
        self.assertEqual(part["B7"]["scam"]["received"], {"withheld": True})
        self.assertEqual(part["B7"]["total"]["received"], {"at-least": 5})
        self.assertIsNone(part["B7"]["bullying"]["supported_percent"])
        # The department's own word stands for all below it.
        self.district("report", "entry", "set", SPAN, "b9.events=100",
                      "b12.results=Tốt\n<b>lắm</b>")
        _, tables = self.tables()
        self.assertEqual(tables["B9"]["events"]["value"], 100)
        self.assertIn("Tốt\n&lt;b&gt;lắm&lt;/b&gt;", self.report(form="--html"))
        history = self.district("report", "entry", "list", "--unit", "xa-b").splitlines()
        self.assertEqual(len(history), 2)
        shown = self.district("report", "entry", "show", SPAN, "--unit", "xa-b")
        self.assertIn("b9.events=6\n", shown)
        self.assertIn("b9.schools_held=2\n", shown)
        # Another period is another entry.
        self.assertIn("b9.events=\n", self.district("report", "entry", "show", "annual",
                                                    "--unit", "xa-b"))
        for words in (("b9.events=many",), ("b99=1",), ("b9.events",)):
            self.district("report", "entry", "set", SPAN, *words, expect=1)
        self.check_form()

    def check_form(self):
        """The same on the web: a token, the version one has seen, and a mistake that is said."""
        path = "/reports/entries?kind=period&unit=xa-b&lang=vi&" + QUERY
        status, headers, page = self.http("GET", path)
        self.assertEqual(status, 200, page)
        cookie = "; ".join(one.split(";")[0] for one in headers.get_all("Set-Cookie", []))
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))
        self.assertEqual(re.search(r'name="b9.events"[^>]* value="(\d+)"', page).group(1), "6")

        def save(**change):
            body = urllib.parse.urlencode({**fields, **change})
            return self.http("POST", "/reports/entries", body, Cookie=cookie,
                             Content_Type="application/x-www-form-urlencoded",
                             Origin="http://127.0.0.1:%d" % self.port)
        self.assertEqual(save(csrf="x", **{"b9.events": "9"})[0], 403)
        self.assertEqual(save(**{"b9.events": "-9"})[0], 422)
        status, headers, page = save(**{"b9.events": "9", "b12.results": "đã <xong>\r\nhai dòng"})
        self.assertEqual(status, 303, page)
        self.assertEqual(save(**{"b9.events": "10"})[0], 409)
        status, _, page = self.http("GET", headers["Location"], Cookie=cookie)
        self.assertEqual(status, 200)
        self.assertIn("Đã lưu.", page)
        self.assertIn(">đã &lt;xong&gt;\nhai dòng</textarea>", page)
        self.assertEqual(len(re.findall(r"<tr>", page.split('id="history"')[1])), 4)

    def check_web(self):
        status, headers, page = self.http("GET", "/reports?lang=vi")
        self.assertEqual(status, 200)
        self.assertRegex(page, r"Báo cáo năm \d{4}")
        self.assertRegex(page, r"phải gửi (vào ngày|hôm nay)")
        for language, words in (("vi", ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
                                        "số liệu là cận dưới do ẩn số nhỏ", "Nơi nhận:",
                                        "Quyết định số 830/QĐ-TTg", "Phường Bình Minh", "- Bộ Giáo dục và Đào tạo;",
                                        "Buôn Hồ, ngày")),
                                ("en", ("a lower bound, because small numbers are withheld",
                                        "Recipients:", "Blocked attempts by level"))):
            status, headers, page = self.http(
                "GET", "/reports/period?%s&lang=%s" % (QUERY, language))
            self.assertEqual(status, 200)
            for text in words:
                self.assertIn(text, page)
            self.assertIn("Sở GD&amp;ĐT &lt;thử&gt;", page)
            self.assertNotIn("<script", page)
            self.assertNotIn("<style", page)
            self.assertIn("style-src 'self'", headers["Content-Security-Policy"])
        self.assertEqual(self.http("GET", "/reports/report.css")[1]["Content-Type"],
                         "text/css; charset=utf-8")
        status, headers, text = self.http("GET", "/reports/period.csv?lang=vi&" + QUERY)
        self.assertEqual(text, self.report("--lang", "vi", form="--csv"))
        self.assertIn("report-period-20250901-20251231.csv", headers["Content-Disposition"])
        rows = list(csv.reader(io.StringIO(text[1:], newline="")))
        self.assertIn(["Trường =Chưa+ nối", "nc-1", "chưa kết nối", "0"],
                      [row[:4] for row in rows])
        status, _, text = self.http("GET", "/reports/period.json?lang=en&" + QUERY)
        self.assertEqual(json.loads(text), json.loads(self.report("--lang", "en")))
        for path, wanted in (("/reports/annual?year=x", 400), ("/reports/period", 400),
                             ("/reports/half-year?half=3", 400), ("/reports/weekly", 404),
                             ("/reports/annual?unit=nowhere", 404),
                             ("/reports/choose?kind=annual&year=2025&half=&unit=xa-a", 200),
                             ("/reports/annual.json?year=2025", 200),
                             ("/reports/entries?kind=annual&unit=nowhere", 404)):
            self.assertEqual(self.http("GET", path)[0], wanted, path)

    def check_csv(self):
        if not spreadsheet.OFFICE:
            print("not tried: LibreOffice is not installed "
                  "(apt install --no-install-recommends libreoffice-calc)")
            return
        path = self.path("report.csv")
        self.district("report", SPAN, "--lang", "vi", "--csv", path)
        rows = spreadsheet.open_csv(path, "vi")
        now = self.sums(fixed.SCHOOLS, fixed.PERIOD)
        games = [row for row in rows if row and row[0] == "Trò chơi điện tử"][0]
        self.assertEqual(games[2], float(now.of("primary", "games")[0]))
        total = [row for row in rows if row and row[0] == "Tổng số"][0]
        self.assertEqual(total[1:7], [5.0, 4.0, 80.0, 1.0, 20.0, 1650.0])
        self.assertIn("Trường =Chưa+ nối", [cell for row in rows for cell in row])

    def check_pdf(self):
        path = self.path("report.pdf")
        if any(os.access(browser, os.X_OK) for browser in BROWSERS):
            self.district("report", SPAN, "--pdf", path, timeout=200)
            with open(path, "rb") as file:
                self.assertEqual(file.read(5), b"%PDF-")
        else:
            said = self.district("report", SPAN, "--pdf", path, expect=1)
            self.assertIn("print it as PDF", said)

    def test_wrong_words_are_usage_mistakes(self):
        for words in ((), ("annual",), ("annual", "--html", "a", "--csv", "b"),
                      ("annual", "x", "--html", "-"), ("entry",), ("entry", "show"),
                      ("annual", "--lang", "fr", "--html", "-")):
            self.district("report", *words, expect=2)
        for words in (("weekly", "--html", "-"), ("annual", "--year", "26", "--html", "-"),
                      ("half-year", "--half", "3", "--html", "-"),
                      ("2025-01-01..2024-01-01", "--html", "-")):
            self.district("report", *words, expect=1)
        self.assertIn("is due on", self.district("report", "due"))


class Readers(WebTest):
    def test_reports_are_for_every_role_and_entries_for_operators(self):
        self.configure()
        self.add_tree("t1")
        self.begin_with_users("operator", "police")
        path = "/reports/entries?kind=annual&year=2026"
        for role, may in (("police", False), ("operator", True)):
            someone = self.person(role)
            self.assertEqual(someone.get("/reports/annual?year=2026").status, 200)
            self.assertEqual("/reports/entries" in someone.get("/reports").body, may)
            self.assertEqual("/reports/entries" in someone.get("/reports/annual?year=2026").body,
                             may)
            self.assertEqual(someone.get(path).status, 200 if may else 403)
            fields = {"kind": "annual", "year": "2026", "unit": "", "seen": "",
                      "csrf": someone.form("/", "/logout")["csrf"], "b9.events": "3"}
            self.assertEqual(someone.post("/reports/entries", fields).status,
                             303 if may else 403)
        self.assertIn('"actor":"operator","action":"report-entry"', self.audit())
        stranger = self.person()
        for path in ("/reports", "/reports/annual", "/reports/annual.csv", path):
            self.assertEqual(stranger.get(path).status, 303, path)


if __name__ == "__main__":
    main()
