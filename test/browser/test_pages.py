#!/usr/bin/env python3
"""Every page of every tier, as Chromium shows it: pictures, an accessibility audit, and what a
page for children must never do."""
import os
from datetime import datetime, timedelta, timezone

from browser_test import PASSWORD, PICTURES, BrowserTest, main

TIERS = ("preschool", "primary", "lower_secondary", "upper_secondary", "continuing_education",
         "guest", "staff")
# Variant: the category whose name is opened.
VARIANTS = {"default": "gambling", "sensitive": "adult", "self_harm": "self_harm",
            "child_abuse": "child_abuse", "scam": "phishing_scam", "bypass": "proxy_vpn_doh",
            "time_limited": "games", "illegal": "illegal_vn"}
PORTAL = ("", "lachan/why", "lachan/status", "lachan/help", "lachan/sites", "lachan/review",
          "lachan/report", "lachan/answer", "lachan/open", "lachan/staff", "lachan/quick", "lachan/poster")
# What is pressed and typed, and the status of what comes.
PRESS = "main form button, main form [type=submit]"
SIGN_IN = {"fill": {"[name=user]": "lan", "[name=password]": PASSWORD}, "press": PRESS}
AFTERWARDS = {
    "review-sent": ("review", 200, [{"fill": {"[name=reason]": "Bài tập môn Tin học"}, "press": PRESS}]),
    "report-sent": ("report", 200, [{"fill": {"[name=what]": "Có bạn bị bắt nạt"},
                                     "check": "[name=kind][value=bullied]", "press": PRESS}]),
    "answer-unknown": ("answer", 422, [{"fill": {"[name=code]": "ABCDE-23456"}, "press": PRESS}]),
    "sign-in-wrong": ("open", 403, [{"fill": {"[name=user]": "lan", "[name=password]": "sai rồi"},
                                     "press": PRESS}]),
    "open-signed-in": ("open", 200, [SIGN_IN]),
    "opened": ("open", 200, [SIGN_IN, {"choose": {"[name=group]": "phong-tin-1"},
                                       "press": PRESS}]),
    "staff-signed-in": ("staff", 200, [SIGN_IN]),
    "quick-signed-in": ("quick", 200, [SIGN_IN]),
}
GROUPS = "  groups:\n    - {name: phong-tin-1, clients: [10.1.1.0/24]}\n    - {name: phong-tin-2, clients: [10.1.2.0/24]}\n"
SIZES = ((360, 740), (1280, 900))


FORMS = ("portal-review", "portal-report", "portal-answer")


def soon():
    """A window that opens games later today, Vietnam's time; None near midnight."""
    now = datetime.now(timezone(timedelta(hours=7)))
    begin, end = now + timedelta(minutes=20), now + timedelta(minutes=40)
    return (begin, end) if begin.date() == now.date() == end.date() else None


def tiers_yaml(tier):
    blocked = sorted(set(VARIANTS.values()) | {"malware"})
    text = ("filter:\n  default_tier: %s\n  answer: {ipv4: auto, ipv6: none}\n  tiers:\n"
            "    - name: %s\n      block: [%s]\n" % (tier, tier, ", ".join(blocked)))
    window = soon()
    if window is not None:
        text += ("      schedules:\n        - {name: later, days: [mon, tue, wed, thu, fri, sat, sun]"
                 ", from: %s, to: %s, unblock: [games]}\n" % tuple(f"{at:%H:%M}" for at in window))
    return text


class Pages(BrowserTest):
    def jobs(self, tier):
        addresses = {v: "http://%s.thu.lachan.example/" % c.replace("_", "-")
                     for v, c in VARIANTS.items()}
        addresses.update({"portal-" + (p.rpartition("/")[2] or "first"):
                          "http://lachan.internal/" + p for p in PORTAL})
        addresses["open-now"] = "http://open.example/"
        addresses["hand-over"] = addresses["default"] + "#hand-over"
        for variant, url in addresses.items():
            for width, height in SIZES:
                for scheme in ("light", "dark"):
                    for language in ("vi", "en"):
                        name = "-".join((tier, variant, str(width), scheme, language))
                        yield {"url": url, "width": width, "height": height, "scheme": scheme,
                               "language": language, "audit": True, "variant": variant,
                               "picture": os.path.join(PICTURES, name + ".png")}

    def check(self, job, seen):
        where = "%s (%s)" % (os.path.basename(job["picture"]), job["url"])
        self.assertNotIn("error", seen, where)
        if os.path.basename(job["picture"]).startswith("preschool-") and job["variant"] in FORMS:
            job["status"] = 404  # no forms for the smallest
        expected = {"child_abuse": 451, "illegal": 451, "open-now": 503}.get(
            job["variant"], job["status"] if "status" in job else 200 if "lachan.internal" in job["url"] else 403)
        self.assertEqual(seen["status"], expected, where)
        self.assertEqual(seen["language"], job["language"], where)
        self.assertGreater(len(seen["text"]), 40, where)
        self.assertFalse(seen["wide"], "%s is wider than its window" % where)
        self.assertEqual((seen["scripts"], seen["cookies"]), (0, ""), where)
        host = job["url"].split("/")[2]
        self.assertEqual([u for u in seen["asked"] if not u.startswith("data:") and u.split("/")[2:3] != [host]], [], where)
        self.assertEqual(seen["audit"]["violations"], [], where)
        self.assertGreater(seen["audit"]["passes"], 5, where)

    def look_at(self, tier):
        self.begin_school("primary" if tier in ("guest", "staff") else tier, tiers_yaml(tier))
        self.people()
        self.judge(list(self.jobs(tier)))

    def judge(self, jobs):
        wanted = os.environ.get("VARIANT")
        jobs = [job for job in jobs if wanted in (None, job["variant"])]
        for job, seen in zip(jobs, self.visit(jobs, *self.here())):
            with self.subTest(os.path.basename(job["picture"])):
                self.check(job, seen)

    def look_afterwards(self, scheme, language):
        self.begin_school("upper_secondary", tiers_yaml("upper_secondary") + GROUPS)
        self.people()
        self.judge([{
            "url": "http://lachan.internal/lachan/" + path + "?name=gambling.thu.lachan.example",
            "width": 360, "height": 740, "scheme": scheme, "language": language, "audit": True,
            "variant": variant, "steps": steps, "status": status,
            "picture": os.path.join(PICTURES, "-".join(("form", variant, scheme, language)) + ".png")}
            for variant, (path, status, steps) in AFTERWARDS.items()])

    def test_what_forms_say_afterwards_by_day_in_vietnamese(self):
        self.look_afterwards("light", "vi")

    def test_what_forms_say_afterwards_by_night_in_english(self):
        self.look_afterwards("dark", "en")

    def test_a_school_where_nobody_answers(self):
        self.begin_school("lower_secondary", tiers_yaml("lower_secondary"))
        self.judge([{
            "url": "http://lachan.internal/lachan/" + path, "width": 360, "height": 740,
            "scheme": "light", "language": "vi", "audit": True, "variant": "closed-" + path,
            "status": 404,
            "picture": os.path.join(PICTURES, "closed-%s.png" % path)}
            for path in ("review", "report", "open", "staff")])


def add(tier):
    def test(self):
        self.look_at(tier)
    setattr(Pages, "test_every_page_of_" + tier, test)


for each in TIERS:
    add(each)

if __name__ == "__main__":
    main()
