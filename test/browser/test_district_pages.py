#!/usr/bin/env python3
"""The department's web as Chromium shows it: phone to wall screen, by day and by night, in both languages, with script and
without; an accessibility audit of each page, and pictures for people to look at."""
import datetime
import os
import re

from browser_test import PICTURES, BrowserTest, main
from district_test import DistrictTest, close_server, quick_document, week_document, yesterday
from web_test import PASSWORD, account

WIDTHS = ((360, 740), (1280, 900), (2560, 1440))
TIERS = ("primary", "lower_secondary", "upper_secondary")
CATEGORIES = {"gambling": 85, "games": 900, "social_network": 620, "streaming": 340, "malware": 25, "proxy_vpn_doh": 60}
HOSTILE = "Trường \"><script>alert('x')</script> & một cái tên rất dài không có chỗ nào để xuống dòng_" + "x" * 60


def rounded(number):
    """As schools round what they publish."""
    if number < 1000:
        return (number + 2) // 5 * 5
    unit = 10 ** (len(str(number)) - 2)
    return (number + unit // 2) // unit * unit


class DistrictPages(BrowserTest, DistrictTest):
    def document(self, school, at, day):
        """A day with several levels and categories, and with this school's trouble."""
        made = school.day(day)
        made["organization"]["kind"] = list(TIERS)
        made["policy"]["tiers"] = [{"tier": tier, "block": sorted(CATEGORIES), "youtube": "moderate"} for tier in TIERS]
        made["policy"]["categories"] = [{"category": name, "entries": 0 if at == 3 and name == "malware" else 900}
                                        for name in sorted(CATEGORIES)]
        made["policy"]["enforce"] = at != 4
        made["policy"]["feeds"][0]["age-hours"] = 260 if at == 2 else 9
        made["coverage"]["unfiltered-seconds"] = 1500 if at == 5 else 0
        made["coverage"]["tiers"] = [{"tier": tier, "devices": "100-249", "by-default-percent": 10} for tier in TIERS]
        made["records"] = [
            {"tier": tier, "category": name, "attempts": rounded(base * (10 + (day.day * 7 + at * 3 + place * 5) % 11) // 10),
             "devices": "20-49"} if (place + at) % 5 else {"tier": tier, "category": name, "attempts": "below"}
            for place, (tier, name, base) in enumerate((t, n, CATEGORIES[n]) for t in TIERS for n in CATEGORIES)]
        made["published-total"] = sum(r["attempts"] for r in made["records"] if r["attempts"] != "below")
        if at == 1:
            start = made["date-range"]["start-datetime"]
            made["failures"] = [{"type": "upstream-failed", "count": 4, "first": start, "last": start}]
        return made

    def begin_department(self, extra=""):
        self.configure(extra=extra)
        units = [("tinh", "", "province", "Tỉnh Thử Nghiệm")]
        units += [("xa-%d" % i, "tinh", "commune", "Xã Đông Hòa %d" % i) for i in range(4)]
        units += [("t%d" % i, "xa-%d" % (i % 4), "school", HOSTILE if i == 6 else "Trường THCS Nguyễn Bỉnh Khiêm %d" % i)
                  for i in range(9)]
        self.add_units(*units)
        self.begin()
        monday = yesterday() - datetime.timedelta(days=yesterday().weekday() + 7)
        for at in range(8):
            school = self.school("t%d" % at, imported=True)
            for back in range(9 if at != 7 else 0, -1, -1):
                day = yesterday() - datetime.timedelta(days=back + (40 if at == 7 else 0))
                status, answer = school.send(self.document(school, at, day))
                self.assertEqual(status, 201, answer)
            self.assertEqual(school.send(week_document(school.unit, monday))[0], 201)
        self.assertEqual(school.send_quick(quick_document(school.unit))[0], 201)
        self.nominate()

    def nominate(self):
        token = re.search(r"[A-Za-z0-9_-]{30,}", self.command("token", "create", "--partner", "nha-mang")).group()
        status, _, answer = self.post(
            "/v1/nominations", b'{"name":"casino.example","category":"gambling","evidence":["https://evidence.example/1"],'
            b'"note":"Trang ca cuoc"}', {"Content-Type": "application/json", "Authorization": "Bearer " + token})
        self.assertEqual(status, 201, answer)
        self.nomination = "/nominations/" + answer["id"]

    def jobs(self, pages, widths=WIDTHS, **more):
        for name, path in pages.items():
            for width, height in widths:
                for scheme in ("light", "dark"):
                    for language in ("vi", "en"):
                        picture = "-".join(("district", name, str(width), scheme, language)) + ".png"
                        yield {"url": "http://127.0.0.1:%d%s" % (self.port, path), "width": width, "height": height,
                               "scheme": scheme, "language": language, "audit": True,
                               "picture": os.path.join(PICTURES, picture), **more}

    def judge(self, jobs):
        jobs = list(jobs)
        seen = self.visit(jobs)
        for job, page in zip(jobs, seen):
            with self.subTest(os.path.basename(job["picture"])):
                self.check(job, page)
        return seen

    def check(self, job, seen):
        self.assertNotIn("error", seen)
        self.assertEqual(seen["status"], job.get("status", 200))
        self.assertEqual(seen["language"], job["language"])
        self.assertFalse(seen["wide"], "wider than its window")
        self.assertEqual((seen["scripts"], seen["cookies"]), (2, ""))
        host = job["url"].split("/")[2]
        self.assertEqual([u for u in seen["asked"] if not u.startswith("data:") and u.split("/")[2:3] != [host]], [])
        if job["audit"]:
            self.assertEqual(seen["audit"]["violations"], [])
            self.assertGreater(seen["audit"]["passes"], 10)

    def test_the_first_page_and_its_lists(self):
        self.begin_department()
        seen = self.judge(self.jobs({"first": "/", "list": "/coverage?list=all", "empty-list": "/coverage?list=partial"}))
        self.assertTrue(all(page["charts"] == 1 for page in seen if page["url"].endswith("/")))

    def test_categories(self):
        self.begin_department()
        seen = self.judge(self.jobs({"categories": "/categories", "category": "/categories?category=games&unit=t1",
                                     "categories-year": "/categories?period=year"}))
        self.assertTrue(all(page["charts"] >= 1 for page in seen), [page["charts"] for page in seen])

    def test_units_and_search(self):
        self.begin_department()
        self.judge(self.jobs({"school": "/units/t2", "hostile": "/units/t6", "commune": "/units/xa-1", "never": "/units/t8",
                              "search": "/search?q=binh+khiem"}))

    def test_names_failures_and_papers(self):
        self.begin_department()
        self.judge(self.jobs({"names": "/names", "failures": "/failures", "nominations": "/nominations",
                              "nomination": self.nomination, "quick-reports": "/quick-reports"}))

    def test_reports_and_bundles(self):
        self.begin_department()
        self.judge(self.jobs({"reports": "/reports", "bundles": "/bundles"}, widths=WIDTHS[:2]))

    def test_signing_in_by_the_keyboard(self):
        self.write("users", "lachan-district-users 1\n")
        os.chmod(self.path("users"), 0o600)
        self.begin_with_people()
        self.judge(self.jobs({"login": "/login"}, widths=WIDTHS[:2]))
        wrong = {"steps": [{"fill": {"[name=user]": "lan", "[name=password]": "sai rồi"}, "press": "main button"}]}
        self.judge(list(self.jobs({"login-wrong": "/login"}, widths=WIDTHS[:1], status=403, **wrong))[:1])
        right = {"steps": [{"fill": {"[name=user]": "lan", "[name=password]": PASSWORD}, "press": "main button"}]}
        self.judge(list(self.jobs({"signed-in": "/login?next=/search"}, widths=WIDTHS[:2], **right))[:4])

    def begin_with_people(self):
        with open(self.path("users"), "a", encoding="utf-8") as file:
            file.write(account("lan", "operator") + "\n")
        self.begin(extra="users_file: users\n")

    def test_without_script_the_numbers_are_all_there(self):
        self.begin_department()
        pages = {"first-plain": "/", "categories-plain": "/categories", "school-plain": "/units/t2"}
        # axe-core is a script, too.
        plain = self.judge(self.jobs(pages, widths=WIDTHS[1:2], script=False, audit=False))
        full = self.visit([{**job, "picture": None} for job in self.jobs(pages, widths=WIDTHS[1:2])])
        for without, with_script in zip(plain, full):
            self.assertEqual(without["charts"], 0)
            # Charts add their own labels, and nothing that is not in the tables as well.
            numbers = set(re.findall(r"\d[\d.,]*", without["text"]))
            for word in without["text"].split():
                self.assertIn(word, with_script["text"])
            self.assertGreater(len(numbers), 10)

    def test_the_keyboard_meets_the_way_past_the_menu_first(self):
        self.begin_department()
        job = list(self.jobs({"keyboard": "/"}, widths=WIDTHS[1:2], keys=["Tab"]))[1]
        self.assertEqual(self.judge([job])[0]["focus"], "Skip to the content")

    def test_on_paper(self):
        self.begin_department()
        self.judge(list(self.jobs({"categories-paper": "/categories"}, widths=((1030, 700),),  # A4, landscape, less its margins
                             media="print"))[:2])


if __name__ == "__main__":
    try:
        main()
    finally:
        close_server()
