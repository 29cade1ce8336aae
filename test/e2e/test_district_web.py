#!/usr/bin/env python3
"""The department's web: who sees what, that numbers are those that schools posted, and that nothing a stranger wrote or
sent becomes part of a page or of somebody's will."""
import datetime
import json
import os
import re
import subprocess
from urllib.parse import quote

from certificates import run as openssl
from district_test import DistrictTest, close_server, quick_document, today, week_document, yesterday
from lachan_test import BIN, away_from_midnight, main
from web_test import PASSWORD, ROLES, Person, account, number

HOSTILE = "\"><script>alert('x')</script>&<!--"
SECTIONS = {"/": ROLES, "/coverage?list=all": ROLES, "/search": ROLES, "/units/tinh": ROLES, "/categories": ROLES,
            "/names": ("operator", "viewer", "education", "ict", "police"),
            "/failures": ("operator", "viewer", "education", "ict"),
            "/nominations": ("operator", "education", "ict", "police"),
            "/quick-reports": ("operator", "education", "police", "child_affairs")}


class WebTest(DistrictTest):
    def setUp(self):
        away_from_midnight(90)  # whoever says "yesterday" twice means the same day
        super().setUp()

    def write_users(self, people):
        """{name: roles}"""
        path = self.write("users", "lachan-district-users 1\n" + "".join(
            account(name, roles) + "\n" for name, roles in sorted(people.items())))
        os.chmod(path, 0o600)

    def begin_with_users(self, *roles, **how):
        """One account of each role, by the role's name with - for _."""
        self.write_users({role.replace("_", "-"): role for role in roles})
        self.begin(extra="users_file: users\n", **how)

    def person(self, role=None, language="en", **headers):
        someone = Person(self, language, **headers)
        if role is not None:
            answer = someone.sign_in(role.replace("_", "-"))
            self.assertEqual(answer.status, 303, answer.body)
        return someone

    def page(self, someone, path):
        answer = someone.get(path)
        self.assertEqual(answer.status, 200, answer.body)
        return answer

    def audit(self):
        with open(self.path("state", "audit.log"), encoding="utf-8") as file:
            return file.read()


def span(first, last):
    return "from=%s&to=%s" % (first.isoformat(), last.isoformat())


class Numbers(WebTest):
    def begin_three_schools(self):
        """Two communes; each school sends three days, the second one twice as much of everything."""
        self.configure()
        self.add_units(("tinh", "", "province", "Tỉnh Thử"), ("xa-1", "tinh", "commune", "Xã Đông Hòa"),
                       ("xa-2", "tinh", "commune", "Xã Tây"), ("t1", "xa-1", "school", "Trường Một"),
                       ("t2", "xa-1", "school", "Trường Hai"), ("t3", "xa-2", "school", "Trường Ba"))
        self.begin()
        self.days = [yesterday() - datetime.timedelta(days=back) for back in (2, 1, 0)]
        for unit, scale in (("t1", 1), ("t2", 2), ("t3", 1)):
            school = self.school(unit, imported=True)
            for day in self.days:
                status, answer = school.send(school.day(day, scale=scale))
                self.assertEqual(status, 201, answer)
            monday = yesterday() - datetime.timedelta(days=yesterday().weekday() + 7)
            self.assertEqual(school.send(week_document(unit, monday))[0], 201)
            self.monday = monday

    def test_pages_say_what_was_posted(self):
        self.begin_three_schools()
        period = span(self.monday, yesterday())
        for language in ("en", "vi"):
            with self.subTest(language):
                self.look_at_categories(language, period)
        self.look_at_units(period)
        self.look_at_coverage()
        self.look_at_names_and_failures(period)

    def look_at_categories(self, language, period):
        words = {"en": ("Gambling and betting", "Games", "Video and music streaming", "Published total", "withheld", "at least"),
                 "vi": ("Cờ bạc, cá cược", "Trò chơi điện tử", "Xem phim, video, nghe nhạc trực tuyến",
                        "Tổng đã công bố", "ẩn", "ít nhất")}[language]
        level = {"en": "Lower secondary", "vi": "Trung học cơ sở"}[language]
        answer = self.page(Person(self, language), "/categories?" + period)
        table = answer.table("by-level")
        self.assertEqual(number(table[words[0]][level], language), 85 * 4 * 3)
        self.assertEqual(number(table[words[1]][level], language), 20 * 4 * 3)
        self.assertNotIn(words[5], table[words[0]][level])
        # Withheld everywhere: no number at all, and the sum over it is a lower bound.
        self.assertEqual(table[words[2]][level], words[4])
        self.assertEqual(number(table[words[3]][level], language), 105 * 4 * 3)
        self.assertTrue(table[words[3]][level].startswith(words[5] + " "), table)
        # Sensitive categories stand apart, without levels.
        sensitive = answer.table("sensitive")
        self.assertEqual(len(sensitive), 1)
        self.assertEqual([number(row[1], language) for row in answer.page.tables["sensitive"][1:]], [130 * 3])
        self.assertEqual(len(answer.page.tables["sensitive"][0]), 4)
        self.assertNotIn(list(sensitive)[0], table)
        # Each day alone, and the year before beside it: nothing.
        over_time = answer.page.tables["over-time"]
        shown = {row[0]: row[1] for row in over_time[1:]}
        for day in self.days:
            label = day.strftime("%d/%m/%Y") if language == "vi" else "%d %s" % (day.day, day.strftime("%b %Y"))
            self.assertEqual(number(shown[label], language), 105 * 4)
        self.assertEqual(len(over_time) - 1, (yesterday() - self.monday).days + 1)

    def look_at_units(self, period):
        someone = Person(self)
        # Down along the tree: each child's sum, then the child's own page.
        children = self.page(someone, "/categories?" + period).table("by-unit")
        self.assertEqual({name: number(row["Published total"]) for name, row in children.items()},
                         {"Xã Đông Hòa": 105 * 3 * 3, "Xã Tây": 105 * 3})
        below = self.page(someone, "/categories?unit=xa-1&" + period).table("by-unit")
        self.assertEqual({name: number(row["Published total"]) for name, row in below.items()},
                         {"Trường Một": 105 * 3, "Trường Hai": 210 * 3})
        one = self.page(someone, "/categories?unit=t2&category=games&" + period)
        self.assertEqual(number(one.table("by-level")["Games"]["Lower secondary"]), 40 * 3)
        self.assertIn("Lower secondary", one.page.tables["over-time"][0])
        unit = self.page(someone, "/units/t2")
        days = unit.table("days")
        last = "%d %s" % (yesterday().day, yesterday().strftime("%b %Y"))
        self.assertEqual((number(days[last]["Published total"]), number(days[last]["Queries"])), (210, 120000))
        self.assertEqual(days[last]["Uptime"], "24 h")
        self.assertIn("ut1-gambling", unit.text())
        self.assertIn("/units/xa-1", unit.page.links)
        self.assertEqual(set(self.page(someone, "/units/xa-1").table("schools")), {"Trường Một", "Trường Hai"})
        self.assertEqual(someone.get("/units/nobody").status, 404)
        self.assertEqual(someone.get("/categories?unit=nobody").status, 404)

    def look_at_coverage(self):
        someone = Person(self)
        first = self.page(someone, "/")
        self.assertEqual(first.table("units")["Xã Đông Hòa"]["Connected"], "2")
        self.assertIn("/coverage?list=connected", first.page.links)
        self.assertIn("/coverage?list=connected&unit=xa-1", first.page.links)
        listed = self.page(someone, "/coverage?list=connected&unit=xa-1")
        self.assertEqual(set(listed.table("schools")), {"Trường Một", "Trường Hai"})
        self.assertIn("Nothing to show", self.page(someone, "/coverage?list=never").text())

    def look_at_names_and_failures(self, period):
        someone = Person(self)
        names = self.page(someone, "/names?" + period).table("names")
        self.assertEqual(list(names), ["bet.example"])
        self.assertEqual((names["bet.example"]["Schools"], names["bet.example"]["School-days"]), ("3", "9"))
        self.assertNotIn("http://bet.example", self.page(someone, "/names?" + period).page.links)
        self.assertEqual(self.page(someone, "/names?category=games&" + period).table("names"), {})
        self.assertIn("No school reported a failure", self.page(someone, "/failures?" + period).text())

    def test_each_trouble_has_its_list(self):
        """Silent, stale, empty, in trial, unfiltered, failing: counted, and listed behind the count."""
        troubles = {
            "stale": lambda d: d["policy"]["feeds"][0].update({"age-hours": 200}),
            "empty": lambda d: d["policy"]["categories"][0].update(entries=0),
            "trial": lambda d: d["policy"].update(enforce=False),
            "unfiltered": lambda d: d["coverage"].update({"unfiltered-seconds": 600}),
            "shared": lambda d: d["coverage"].update({"shared-source": True}),
            "partial": lambda d: d["coverage"].update(partial=True),
            "errors": lambda d: d.update(failures=[{
                "type": "upstream-failed", "count": 3, "first": d["date-range"]["start-datetime"],
                "last": d["date-range"]["start-datetime"]}])}
        self.configure()
        units = list(troubles) + ["fine", "silent", "never"]
        self.add_tree(*units)
        self.begin()
        for unit in units[:-1]:
            day = today() - datetime.timedelta(days=60) if unit == "silent" else yesterday()
            school = self.school(unit, imported=True)
            document = school.day(day)
            troubles.get(unit, lambda d: None)(document)
            status, answer = school.send(document)
            self.assertEqual(status, 201, (unit, answer))
        someone = Person(self)
        for unit in units:
            if unit == "fine":
                continue
            with self.subTest(unit):
                page = self.page(someone, "/coverage?list=" + unit)
                self.assertEqual(list(page.table("schools")), ["Trường " + unit])
        self.assertIn("No answer from upstream servers: 3 times", self.page(someone, "/units/errors").text())
        self.assertIn("no list has a name for it", self.page(someone, "/units/empty").text())
        self.assertIn("has not sent anything", self.page(someone, "/units/never").text())
        failures = self.page(someone, "/failures?" + span(yesterday(), yesterday())).table("failures")
        self.assertEqual(failures["No answer from upstream servers"]["Times"], "3")

    def test_a_merged_unit_goes_on_with_its_successor(self):
        self.configure()
        self.add_tree("old", "new")
        self.begin()
        school = self.school("old", imported=True)
        self.assertEqual(school.send(school.day())[0], 201)
        self.command("units", "merge", "old", "new", "--on", today().isoformat())
        someone = Person(self)
        page = self.page(someone, "/units/old")
        self.assertIn("Trường new", page.text())
        self.assertIn("merged into", page.text())

    def test_long_lists_come_in_parts(self):
        self.configure()
        schools = ["s%03d" % i for i in range(230)]
        self.add_tree(*schools)
        self.begin()
        someone = Person(self)
        first = self.page(someone, "/coverage?list=never")
        self.assertEqual(len(first.table("schools")), 100)
        self.assertIn("1–100 of 230", first.text())
        last = self.page(someone, "/coverage?list=never&page=3")
        self.assertEqual(len(last.table("schools")), 30)
        seen = [name for page in (1, 2, 3) for name in self.page(
            someone, "/coverage?list=never&page=%d" % page).table("schools")]
        self.assertEqual(len(set(seen)), 230)
        for odd in ("0", "-1", "x", "99999999999999999999", "4"):
            self.assertIn(self.page(someone, "/coverage?list=never&page=" + odd).status, (200,))


class Words(WebTest):
    def test_hostile_names_are_text_on_every_page(self):
        self.configure()
        self.add_units(("tinh", "", "province", HOSTILE + "tinh"), ("t1", "tinh", "school", "'); DROP TABLE units;--" + HOSTILE))
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        self.write("district.yaml", text.replace("Sở GDĐT", "Sở " + HOSTILE.replace('"', '\\"')))
        self.begin()
        school = self.school("t1", imported=True)
        document = school.day(name=HOSTILE)
        document["generator"] = HOSTILE
        document["contact-info"] = HOSTILE
        self.assertEqual(school.send(document)[0], 201)
        self.assertEqual(school.send_quick(quick_document("t1", **{"measures": HOSTILE, "decided-by": HOSTILE}))[0], 201)
        someone = Person(self)
        quick = [link for link in self.page(someone, "/quick-reports").page.links if link.startswith("/quick-reports/")]
        escaped = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"
        for path in ("/", "/coverage?list=all", "/units/tinh", "/units/t1", "/categories", "/categories?unit=t1", "/search",
                     "/search?q=" + "%22%3E%3Cscript%3Ealert(%27x%27)%3C/script%3E", "/names?unit=t1&category=%3Cscript%3E",
                     "/failures?unit=t1", "/quick-reports", quick[0], "/search?q=x&lang=en&page=%22%3E%3Cscript%3E"):
            with self.subTest(path):
                body = self.page(someone, path)
                self.assertIn(escaped, body.body)
                self.assertNotIn("<script>", body.body)
                self.assertEqual(body.page.tags.count("script"), 2)
                self.assertFalse([a for a in body.page.attributes if a.startswith("on") or a == "style"])
        self.assertEqual(self.page(someone, "/units/t1").status, 200)

    def test_search_finds_names_without_their_marks_and_codes(self):
        self.configure()
        self.add_units(("tinh", "", "province", "Tỉnh Đắk Lắk"), ("t1", "tinh", "school", "Trường THCS Nguyễn Bỉnh Khiêm"),
                       ("t2", "tinh", "school", "Trường THPT Đức Trọng"))
        self.begin()
        someone = Person(self)
        for text, found in (("binh khiem", {"Trường THCS Nguyễn Bỉnh Khiêm"}), ("BỈNH", {"Trường THCS Nguyễn Bỉnh Khiêm"}),
                            ("duc trong", {"Trường THPT Đức Trọng"}), ("đức", {"Trường THPT Đức Trọng"}),
                            ("dak lak", {"Tỉnh Đắk Lắk"}), ("t2", {"Trường THPT Đức Trọng"})):
            with self.subTest(text):
                self.assertEqual(set(self.page(someone, "/search?q=" + quote(text)).table("found")), found)
        self.assertIn("Nothing found", self.page(someone, "/search?q=zzz").text())

    def test_the_language_is_the_readers(self):
        self.begin()
        someone = Person(self, "vi-VN,vi;q=0.9,en;q=0.5")
        self.assertIn('<html lang="vi">', self.page(someone, "/").body)
        self.assertIn('<html lang="en">', self.page(Person(self, "en"), "/").body)
        self.assertIn('<html lang="en">', self.page(Person(self, "fr"), "/").body)  # languages[0]
        # A choice stays.
        self.assertIn('<html lang="en">', self.page(someone, "/search?lang=en&q=a%26b").body)
        self.assertIn('<html lang="en">', self.page(someone, "/categories").body)
        self.assertIn("/search?lang=vi&q=a%26b", self.page(someone, "/search?q=a%26b").page.links)
        self.assertIn('<html lang="en">', self.page(someone, "/?lang=%3Cx%3E").body)

    def test_periods_that_are_none_are_said_to_be(self):
        self.begin()
        someone = Person(self)
        for odd in ("from=x&to=y", "from=2026-02-30&to=2026-03-01", "from=2026-03-01&to=2026-02-01", "period=never",
                    "from=1000-01-01&to=2026-01-01", "from=2020-01-01&to=2026-01-01"):
            with self.subTest(odd):
                self.assertIn("The period is not understood", self.page(someone, "/categories?" + odd).text())

    def test_what_browsers_load_may_be_kept(self):
        self.begin()
        page = self.page(Person(self), "/")
        addresses = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.body)
        self.assertEqual(len(addresses), 5)
        for address in addresses:
            status, headers, body = self.get(address)
            self.assertEqual((status, len(body) > 100), (200, True), address)
            self.assertIn("immutable", headers["cache-control"])
            self.assertEqual(headers["x-content-type-options"], "nosniff")
            status, _, body = self.get(address, If_None_Match=headers["etag"])
            self.assertEqual((status, body), (304, b""))
        for odd in ("/static/", "/static/words.def", "/static/..%2Fwords.def", "/static/district.css/x"):
            self.assertEqual(self.get(odd)[0], 404, odd)
        self.assertEqual(page.headers["cache-control"], "no-store")
        policy = page.headers["content-security-policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertIn("frame-ancestors 'none'", policy)
        self.assertNotIn("unsafe", policy)


class People(WebTest):
    def test_each_role_opens_its_pages_and_no_other(self):
        self.configure()
        self.add_tree("t1")
        self.begin_with_users(*ROLES)
        for role in ROLES:
            someone = self.person(role)
            links = set(self.page(someone, "/").page.links)
            for path, may in SECTIONS.items():
                with self.subTest(role=role, path=path):
                    answer = someone.get(path)
                    self.assertEqual(answer.status, 200 if role in may else 403)
                    if "?" not in path and not path.startswith("/units"):
                        self.assertEqual(path in links, role in may)
                    if role not in may:
                        self.assertNotIn("<table", answer.body)
        stranger = Person(self)
        for path in SECTIONS:
            answer = stranger.get(path)
            self.assertEqual((answer.status, answer.headers["location"].split("?")[0]), (303, "/login"), path)

    def test_accounts_of_the_command_sign_in(self):
        self.configure(extra="users_file: users\n")
        done = subprocess.run([os.path.join(BIN, "lachan-district"), "-c", self.config, "user", "add", "lan", "viewer"],
                              input=(PASSWORD + "\n").encode(), capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.begin()
        someone = Person(self)
        self.assertEqual(someone.sign_in("lan", "wrong password").status, 403)
        self.assertEqual(someone.sign_in(" LAN ").status, 303)
        self.assertEqual(someone.get("/").status, 200)

    def test_a_session_is_bound_to_its_account(self):
        self.begin_with_users("viewer", "operator")
        someone = self.person("viewer")
        self.assertEqual(someone.get("/").status, 200)
        # Another role: at once. Another password, or gone: out.
        self.write_users({"viewer": "education", "operator": "operator"})
        self.assertEqual(someone.get("/").status, 303)
        someone.sign_in("viewer")
        self.assertEqual(someone.get("/quick-reports").status, 200)
        self.write_users({"operator": "operator"})
        self.assertEqual(someone.get("/").status, 303)
        self.assertEqual(someone.sign_in("viewer").status, 403)
        # A damaged file opens no door.
        with open(self.path("users"), "a", encoding="utf-8") as file:
            file.write("nonsense\n")
        self.assertEqual(Person(self).sign_in("operator").status, 403)

    def test_signing_out_ends_the_session_for_whoever_has_the_cookie(self):
        self.begin_with_users("viewer")
        someone = self.person("viewer")
        thief = Person(self)
        thief.cookies = dict(someone.cookies)
        self.assertEqual(thief.get("/").status, 200)
        self.assertEqual(someone.submit("/", "/logout").status, 303)
        self.assertEqual((someone.get("/").status, thief.get("/").status), (303, 303))

    def test_signing_in_gives_a_new_cookie_with_all_its_guards(self):
        self.begin_with_users("viewer")
        someone = Person(self)
        before = someone.get("/login").headers["set-cookie"]
        answer = someone.sign_in("viewer")
        cookie = answer.headers["set-cookie"]
        self.assertNotEqual(before.split(";")[0], cookie.split(";")[0])
        for line in (before, cookie):
            self.assertRegex(line, r"^lachan=[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Strict$")

    def test_where_to_go_on_is_never_another_host(self):
        self.begin_with_users("viewer")
        someone = Person(self)
        self.assertEqual(someone.get("/names?unit=x").headers["location"], "/login?next=%2Fnames%3Funit%3Dx")
        for given, taken in (("/names?unit=x", "/names?unit=x"), ("//evil.example/", "/"), ("https://evil.example/", "/"),
                             ("/\\evil.example", "/"), ("/a\r\nSet-Cookie: x=y", "/"), ("", "/")):
            with self.subTest(given):
                someone.cookies.clear()
                fields = {**someone.form("/login"), "next": given}
                answer = someone.post("/login", {**fields, "user": "viewer", "password": PASSWORD})
                self.assertEqual((answer.status, answer.headers["location"]), (303, taken))

    def test_wrong_passwords_lock_and_tell_nothing(self):
        self.begin_with_users("viewer")
        someone = Person(self)
        form = someone.form("/login")
        said = {}
        for name in ("viewer", "nobody"):
            said[name] = [someone.post("/login", {**form, "user": name, "password": "wrong %d" % i}) for i in range(6)]
            self.assertEqual([a.status for a in said[name]], [403] * 4 + [429] * 2)
        # Whether there is such an account cannot be read off.
        self.assertEqual([a.text().replace("nobody", "viewer") for a in said["nobody"]], [a.text() for a in said["viewer"]])
        locked = someone.post("/login", {**form, "user": "viewer", "password": PASSWORD})
        self.assertEqual(locked.status, 429)
        self.assertIn("minutes", locked.text())
        self.assertNotIn("wrong 1", self.collector.log())
        self.assertEqual(self.audit().count("sign-in-locked"), 2)
        self.assertNotIn("nobody", self.audit())

    def test_tries_of_one_client_are_bounded(self):
        self.begin_with_users("viewer")
        someone = Person(self)
        form = someone.form("/login")
        statuses = [someone.post("/login", {**form, "user": "name%d" % i, "password": "wrong"}).status for i in range(100)]
        self.assertIn(429, statuses)
        self.assertEqual(set(statuses), {403, 429})

    def test_forms_of_elsewhere_change_nothing(self):
        self.begin_with_users("operator", "viewer")
        someone, other = self.person("operator"), self.person("viewer")
        token = someone.form("/", "/logout")["csrf"]
        theirs = other.form("/", "/logout")["csrf"]
        self.assertNotEqual(token, theirs)
        for fields, headers in (({}, {}), ({"csrf": ""}, {}), ({"csrf": "0" * 32}, {}), ({"csrf": theirs}, {}),
                                ({"csrf": token}, {"Sec-Fetch-Site": "cross-site"}),
                                ({"csrf": token}, {"Sec-Fetch-Site": "same-site"})):
            with self.subTest(fields=fields, headers=headers):
                self.assertEqual(someone.post("/logout", fields, **headers).status, 403)
                self.assertEqual(someone.get("/").status, 200)
        # The token in the address, or in a body of another kind, is none.
        self.assertEqual(someone.post("/logout?csrf=" + token, {}).status, 403)
        self.assertEqual(someone.ask("POST", "/logout", json.dumps({"csrf": token}),
                                     {"Content-Type": "application/json"}).status, 403)
        stranger = Person(self)
        self.assertEqual(stranger.post("/login", {"user": "viewer", "password": PASSWORD}).status, 403)
        self.assertEqual(someone.get("/logout").status, 405)
        self.assertEqual(someone.post("/logout", {"csrf": token}, Sec_Fetch_Site="same-origin").status, 303)

    def test_under_tls_the_cookie_is_bound_to_this_host(self):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                "-keyout", self.path("key.pem"), "-out", self.path("cert.pem"),
                "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        self.begin_with_users("viewer", tls=(self.path("cert.pem"), self.path("key.pem")))
        status, headers, _ = self.ask("GET", "/login", tls=self.trust(self.path("cert.pem")))
        self.assertEqual(status, 200)
        self.assertRegex(headers["set-cookie"], r"^__Host-lachan=[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Strict; Secure$")

    def test_without_accounts_only_this_machine_sees_pages(self):
        self.begin()
        page = self.page(Person(self), "/")
        self.assertIn("Demo", page.text())
        for headers in ({"Host": "evil.example"}, {"Host": "127.0.0.1.evil.example"}, {"X-Forwarded-For": "127.0.0.1"},
                        {"Forwarded": "for=127.0.0.1"}):
            with self.subTest(headers):
                answer = Person(self, **headers).get("/")
                self.assertEqual(answer.status, 403)
                self.assertNotIn("<table", answer.body)
        self.assertEqual(Person(self).get("/login").status, 403)


class Papers(WebTest):
    def nominate(self, token, name="casino.example"):
        status, _, answer = self.post(
            "/v1/nominations", json.dumps({"name": name, "category": "gambling", "evidence": ["https://evidence.example/1"],
                                           "note": HOSTILE}).encode(),
            {"Content-Type": "application/json", "Authorization": "Bearer " + token})
        self.assertEqual(status, 201, answer)
        return "/nominations/" + answer["id"]

    def partner(self):
        out = self.command("token", "create", "--partner", "nha-mang")
        return re.search(r"[A-Za-z0-9_-]{30,}", out).group()

    def test_a_person_decides_about_a_name(self):
        self.begin_with_users("operator", "police", "viewer")
        token = self.partner()
        path, second = self.nominate(token), self.nominate(token, "second.example")
        operator, police = self.person("operator"), self.person("police")
        listed = self.page(police, "/nominations").table("nominations")
        self.assertEqual(set(listed), {"casino.example", "second.example"})
        page = self.page(operator, path)
        self.assertIn("https://evidence.example/1", page.text())
        self.assertFalse([link for link in page.page.links if "evidence" in link])
        self.assertNotIn("<script>alert", page.body)
        # Who only looks has no form, and no way past it.
        self.assertNotIn("<textarea", self.page(police, path).body)
        fields = operator.form(path, path)
        decide = {**fields, "decision": "accepted", "note": "Đã xem xét"}
        token = police.form(path, "/logout")["csrf"]
        self.assertEqual(police.post(path, {**decide, "csrf": token}).status, 403)
        self.assertEqual(operator.post(path, {**decide, "csrf": token}).status, 403)
        self.assertEqual(operator.post(path, {**decide, "note": " "}).status, 422)
        self.assertEqual(operator.post(path, {**decide, "decision": "delete"}).status, 422)
        self.assertEqual(operator.post(path, {**decide, "note": "x" * 5000}).status, 422)
        self.assertEqual(set(self.page(police, "/nominations").table("nominations")), set(listed))
        self.assertEqual(operator.post(path, decide).status, 303)
        page = self.page(police, path)
        self.assertIn("Đã xem xét", page.text())
        self.assertIn("Accepted", page.text())
        self.assertEqual(list(self.page(police, "/nominations").table("nominations")), ["second.example"])
        self.assertEqual(list(self.page(police, "/nominations?state=accepted").table("nominations")), ["casino.example"])
        self.assertIn("nomination-accepted", self.audit())
        # What somebody saw before that is out of date.
        self.assertEqual(operator.post(path, {**decide, "decision": "rejected"}).status, 409)
        self.assertEqual(operator.submit(second, second, decision="rejected", note="không đúng").status, 303)
        self.assertEqual(list(self.page(police, "/nominations?state=rejected").table("nominations")), ["second.example"])
        self.assertEqual(operator.get("/nominations/nothing").status, 404)

    def test_quick_reports_are_read_by_few_and_counted_nowhere(self):
        self.configure()
        self.add_tree("t1")
        self.begin_with_users(*ROLES)
        school = self.school("t1", imported=True)
        self.assertEqual(school.send_quick(quick_document("t1", kind="self_harm", measures="Đã gặp gia đình."))[0], 201)
        child_affairs = self.person("child_affairs")
        listed = self.page(child_affairs, "/quick-reports")
        path = next(link for link in listed.page.links if link.startswith("/quick-reports/"))
        page = self.page(child_affairs, path)
        self.assertIn("Đã gặp gia đình.", page.text())
        self.assertIn("Risk of self-harm", page.text())
        self.assertNotIn("<textarea", page.body)
        for role in ("viewer", "ict", "youth_union"):
            with self.subTest(role):
                someone = self.person(role)
                self.assertEqual(someone.get(path).status, 403)
                for other in ("/", "/categories", "/units/t1", "/coverage?list=all"):
                    text = self.page(someone, other).text()
                    self.assertNotIn("Quick report", text)
                    self.assertNotIn("self-harm", text)
        operator = self.person("operator")
        self.assertEqual(operator.submit(path, path, note="").status, 422)
        self.assertEqual(operator.submit(path, path, note="Đã chuyển 111").status, 303)
        self.assertIn("Taken up", self.page(child_affairs, path).text())
        self.assertIn("quick-report-handled", self.audit())
        self.assertNotIn("self_harm", self.audit())


if __name__ == "__main__":
    try:
        main()
    finally:
        close_server()
