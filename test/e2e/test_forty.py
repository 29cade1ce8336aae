#!/usr/bin/env python3
"""A whole day of forty pupils' devices through the real filter: every number of its documents
against an independent count of what was asked, and no trace of a device or of a visited name in
any byte that is left.

The oracle below knows the rules from docs/protocol.md and nothing of the program. Skipped without
libfaketime, as test_day.py, whose clock it moves."""
import collections
import json
import os
import random
import stat

import schema
import test_day
from lachan_test import main

MIN_DEVICES, MIN_POPULATION, CAP = 10, 20, 20
SENSITIVE = {"adult", "drugs_alcohol_tobacco", "self_harm", "extremism", "dating", "child_abuse"}
SILENT = {"ads_tracking"}
# Devices of each tier: 20 alone, 12 and 8 only together, and staff, who are in no summary.
TIERS = {"lower_secondary": ("127.0.1.%d", 20), "primary": ("127.0.2.%d", 12),
         "upper_secondary": ("127.0.3.%d", 8), "staff": ("127.0.4.%d", 6)}
# Domains of each category, and of a hundred devices how many meet it.
KINDS = {"gambling": (24, 60), "social_network": (6, 90), "games": (8, 30), "piracy": (3, 12),
         "malware": (2, 15), "phishing_scam": (3, 15), "ads_tracking": (5, 70),
         "violence_weapons": (2, 0), "adult": (6, 55), "drugs_alcohol_tobacco": (2, 20),
         "self_harm": (2, 15), "dating": (2, 0)}
BANDS = [(500, "500+"), (250, "250-499"), (100, "100-249"), (50, "50-99"), (20, "20-49"),
         (10, "10-19"), (5, "5-9")]


def band(devices):
    return next((text for least, text in BANDS if devices >= least), None)


def two_digits(n):
    unit = 1
    while n // unit >= 100:
        unit *= 10
    return (n + unit // 2) // unit * unit


def rounded(attempts):
    return two_digits(attempts) if attempts >= 1000 else (attempts + 2) // 5 * 5


class Oracle:
    """What was asked, and what may be told of it."""

    def __init__(self, blocks):
        self.blocks = blocks  # tier -> categories, as the document's policy has them
        self.met = collections.defaultdict(set)  # (device, tier, category) -> domains
        self.seen = collections.defaultdict(set)  # tier -> devices
        self.queries = 0

    def cell(self, tiers, categories):
        """(attempts, devices) over these tiers and categories together."""
        attempts, devices = 0, set()
        for (device, tier, category), domains in self.met.items():
            if tier in tiers and category in categories:
                attempts += min(len(domains), CAP)
                devices.add(device)
        return attempts, len(devices)

    def rows(self):
        pupils = [t for t in self.seen if t != "staff"]
        rows = {t: [t] for t in pupils if len(self.seen[t]) >= MIN_POPULATION}
        small = [t for t in pupils if t not in rows]
        if len(set().union(*(self.seen[t] for t in small))) >= MIN_POPULATION:
            rows["merged"] = small
        return rows

    def daily(self):
        """{(tier, category): (attempts, band)} and the total."""
        records, other = {}, []
        for category in sorted(set().union(*self.blocks.values()) - SENSITIVE):
            hidden = []
            for row, tiers in self.rows().items():
                attempts, devices = self.cell(tiers, {category})
                if attempts == 0:
                    if any(category in self.blocks[t] for t in tiers):
                        records[row, category] = (0, None)
                elif devices >= MIN_DEVICES:
                    records[row, category] = (rounded(attempts), band(devices))
                else:
                    records[row, category] = ("below", None)
                    hidden.append((tiers, category))
            attempts, devices = self.cell(sum((t for t, _ in hidden), []), {category})
            if len(hidden) >= 2 and devices >= MIN_DEVICES:
                records["all", category] = (rounded(attempts), band(devices))
            elif category not in SILENT:
                other += hidden
        attempts, devices = self.union(other)
        if len(other) >= 2 and devices >= MIN_DEVICES:
            records["all", "other"] = (rounded(attempts), band(devices))
        total = sum(n for (_, category), (n, _) in records.items()
                    if n != "below" and category not in SILENT)
        return records, total

    def union(self, cells):
        attempts, devices = 0, set()
        for tiers, category in cells:
            attempts += self.cell(tiers, {category})[0]
            devices |= {d for (d, t, c) in self.met if t in tiers and c == category}
        return attempts, len(devices)

    def weekly(self):
        pupils = [t for t in self.seen if t != "staff"]
        records, hidden = {}, []
        for category in SENSITIVE:
            attempts, devices = self.cell(pupils, {category})
            if devices >= MIN_DEVICES:
                records[category] = (rounded(attempts), band(devices))
            else:
                records[category] = ("below", None)
                hidden += [(pupils, category)] if attempts else []
        attempts, devices = self.union(hidden)
        fine = len(hidden) >= 2 and devices >= MIN_DEVICES
        records["sensitive_other"] = (rounded(attempts), band(devices)) if fine else ("below", None)
        return records


class Forty(test_day.DayTest):
    RULES = {category: "".join("||%s\n" % ("%s%d.example^" % (category.replace("_", "-"), i))
                               for i in range(count)) for category, (count, _) in KINDS.items()}
    LEVELS = ["lower_secondary", "primary", "upper_secondary"]
    maxDiff = None
    DAY = "2030-11-24"  # a Sunday: the week's document is made, too

    def setUp(self):
        super().setUp()
        self.chance = random.Random(20301124)

    def run_forty(self):
        self.run_school(filter={"without_rules": "refuse", "tiers": [
            {"name": tier, "clients": [net % 0 + "/24"]} for tier, (net, _) in TIERS.items()
            if tier != "primary"]})  # whom nobody claims gets the strictest
        preview = json.loads(self.control("summary-preview")["document"])
        return {t["tier"]: set(t["block"]) for t in preview["policy"]["tiers"]}

    def ask_many_ways(self, device, domain):
        """One attempt, however it looks on the wire: labels that name a child, types, repeats."""
        names = ["em-lan-8a3.%s" % domain, "www.%s" % domain, domain]
        asked = self.chance.sample(names, self.chance.randint(1, 3)) + [domain]
        for name in asked[:self.chance.randint(1, 4)] or [domain]:
            self.ask_filter(name, self.chance.choice(["A", "A", "AAAA"]), source=device)
            self.oracle.queries += 1

    def live(self):
        for tier, (net, count) in TIERS.items():
            for i in range(1, count + 1):
                device = net % i
                self.ask_filter("www.example.vn", source=device)
                self.oracle.queries += 1
                self.oracle.seen[tier].add(device)
                for category, (domains, reach) in KINDS.items():
                    if self.chance.randrange(100) < reach:
                        self.meet(device, tier, category, self.chance.randint(1, domains))
        # One who never stops: more domains than a device counts for.
        self.meet("127.0.1.1", "lower_secondary", "gambling", KINDS["gambling"][0])

    def meet(self, device, tier, category, count):
        every = range(KINDS[category][0])
        for i in sorted(self.chance.sample(every, count)):
            domain = "%s%d.example" % (category.replace("_", "-"), i)
            if domain in self.oracle.met[device, tier, category]:
                continue
            self.ask_many_ways(device, domain)
            if category in self.oracle.blocks.get(tier, set()):
                self.oracle.met[device, tier, category].add(domain)

    def traces(self):
        """What must stand nowhere: devices as text, names as text and on the wire."""
        texts = [net % i for net, count in TIERS.values() for i in range(1, count + 1)]
        names = ["em-lan-8a3"]
        for category, (count, _) in KINDS.items():
            names += ["%s%d.example" % (category.replace("_", "-"), i) for i in range(count)]
        wire = ["".join(chr(len(label)) + label for label in name.split(".")) for name in names]
        return [t.encode() for t in texts + names + wire]

    def left_bytes(self):
        """{path: bytes} of everything that the programs keep, and their log."""
        found = {"log": self.program.log().encode()}
        for top in (self.path("state"), self.run_dir):
            for folder, _, names in os.walk(top):
                for name in names:
                    path = os.path.join(folder, name)
                    if not stat.S_ISREG(os.lstat(path).st_mode):
                        continue
                    with open(path, "rb") as file:
                        found[path] = file.read()
        return found

    def assert_no_trace(self, where, content):
        for trace in self.traces():
            # An address must not be part of a longer number: 127.0.1.1 and 127.0.1.10 both are.
            self.assertNotIn(trace, content, "%s holds %r" % (where, trace))
        # Four octets may stand anywhere by chance; a list of devices would have many of them.
        binary = [bytes(map(int, (net % i).split("."))) for net, count in TIERS.values()
                  for i in range(1, count + 1)]
        there = [b for b in binary if b in content or b[::-1] in content]
        self.assertLess(len(there), 5, "%s holds addresses: %s" % (where, there))

    def test_the_search_finds_what_it_searches_for(self):
        self.program = None
        for leak in (b'{"client":"127.0.3.8"}', b"\x0aem-lan-8a3\x07casino0", b"..gambling7.example..",
                     b"\x09gambling3\x07example\x00", bytes(n for i in range(1, 9) for n in (127, 0, 1, i))):
            with self.assertRaises(AssertionError):
                self.assert_no_trace("a leak", leak)
        self.assert_no_trace("nothing", b"127.0.0.1 games below")

    def test_every_number_is_what_was_asked_and_no_byte_tells_who(self):
        self.oracle = Oracle({})
        self.oracle.blocks = self.run_forty()
        self.live()
        self.set_clock(self.DAY + " 23:59:58")
        self.wait_date("2030-11-25")
        day = self.wait_document("20301124", "20301125")
        week = self.wait_document("20301118", "20301125", "week-sensitive")

        records, total = self.oracle.daily()
        self.assertEqual(self.records(day), records)
        self.assertEqual(len(day["records"]), len(records))
        self.assertEqual(day["published-total"], total)
        self.assertEqual({t["tier"]: (t["devices"], t["by-default-percent"])
                          for t in day["coverage"]["tiers"]},
                         {"lower_secondary": ("20-49", 0), "merged": ("20-49", 60)})
        self.assertEqual(day["coverage"]["queries"], two_digits(self.oracle.queries))
        self.assertFalse(day["coverage"]["partial"])
        self.assertEqual((day["names"], day["reviews"]),
                         ([], {"requested": "0-9", "answered-percent": 100}))
        self.assertEqual({r["category"]: (r["attempts"], r.get("devices"))
                          for r in week["records"]}, self.oracle.weekly())
        # The script is worth it: each way of publishing happens.
        shown = {key: value for key, value in records.items() if value[0] not in (0, "below")}
        self.assertIn(("lower_secondary", "gambling"), shown)
        self.assertTrue([k for k in shown if k[0] == "merged"])
        self.assertTrue([k for k in shown if k[0] == "all"])
        self.assertTrue([v for v in records.values() if v[0] == "below"])
        self.assertEqual(records["lower_secondary", "violence_weapons"], (0, None))
        for document in (day, week):
            self.assertEqual(schema.faults(document), [])

        self.look_for_traces(day, week)
        self.stop_clean()
        for where, content in self.left_bytes().items():
            self.assert_no_trace(where, content)

    def look_for_traces(self, day, week):
        found = self.left_bytes()
        self.assertIn(self.path("state", "tally", "20301124.day"), found)
        self.assertTrue([p for p in found if p.startswith(self.run_dir)])
        for where, content in found.items():
            self.assert_no_trace(where, content)
        for document in (day, week):
            text = json.dumps(document, ensure_ascii=False)
            self.assert_no_trace("the document", text.encode())
            self.assertNotIn("127.0.", text)


if __name__ == "__main__":
    main()
