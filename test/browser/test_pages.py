#!/usr/bin/env python3
"""Every page of every tier, as Chromium shows it: pictures, an accessibility audit, and what a
page for children must never do."""
import os
from datetime import datetime, timedelta, timezone

from browser_test import PICTURES, BrowserTest, main

TIERS = ("preschool", "primary", "lower_secondary", "upper_secondary", "continuing_education",
         "guest", "staff")
# Variant: the category whose name is opened.
VARIANTS = {"default": "gambling", "sensitive": "adult", "self_harm": "self_harm",
            "child_abuse": "child_abuse", "scam": "phishing_scam", "bypass": "proxy_vpn_doh",
            "time_limited": "games", "illegal": "illegal_vn"}
PORTAL = ("", "lachan/why", "lachan/status", "lachan/help", "lachan/sites", "lachan/review",
          "lachan/report", "lachan/answer", "lachan/open", "lachan/staff", "lachan/poster")
SIZES = ((360, 740), (1280, 900))


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
        expected = {"child_abuse": 451, "illegal": 451, "open-now": 503}.get(
            job["variant"], 200 if "lachan.internal" in job["url"] else 403)
        self.assertEqual(seen["status"], expected, where)
        self.assertEqual(seen["language"], job["language"], where)
        self.assertGreater(len(seen["text"]), 40, where)
        self.assertFalse(seen["wide"], "%s is wider than its window" % where)
        self.assertEqual((seen["scripts"], seen["cookies"]), (0, ""), where)
        host = job["url"].split("/")[2]
        self.assertEqual([u for u in seen["asked"] if u.split("/")[2:3] != [host]], [], where)
        self.assertEqual(seen["audit"]["violations"], [], where)
        self.assertGreater(seen["audit"]["passes"], 5, where)

    def look_at(self, tier):
        self.begin_school("primary" if tier in ("guest", "staff") else tier, tiers_yaml(tier))
        jobs = list(self.jobs(tier))
        wanted = os.environ.get("VARIANT")
        jobs = [job for job in jobs if wanted in (None, job["variant"])]
        for job, seen in zip(jobs, self.visit(jobs, *self.here())):
            with self.subTest(os.path.basename(job["picture"])):
                self.check(job, seen)


def add(tier):
    def test(self):
        self.look_at(tier)
    setattr(Pages, "test_every_page_of_" + tier, test)


for each in TIERS:
    add(each)

if __name__ == "__main__":
    main()
