#!/usr/bin/env python3
"""rules/feeds.yaml against real copies of the feeds: each is read in the format that the
catalogue names, gives about as many names as it says, and the recommended ones together leave
schools alone. Needs ../shared/feeds beside the project; skipped without it.
"""
import csv
import json
import os
import re
import subprocess
import unittest

from lachan_test import BIN, SOURCE_DIR, main
from test_feeds import HAVE_RULES_TOOL, SHARED, FeedsTest

RAW = "https://raw.githubusercontent.com/%s/HEAD/%s"
# What the recommended lists may call by name: our measure of advertising is not a school.
MEANT = {"ads_tracking"}


def read_catalogue():
    """The feeds of others, as dictionaries of texts: rules/feeds.yaml is written plainly."""
    with open(os.path.join(SOURCE_DIR, "rules", "feeds.yaml"), encoding="utf-8") as file:
        _, *items = file.read().split("\n  - name: ")
    for item in items:
        feed = dict(re.findall(r'^    (\w+): \[?"?(.*?)"?\]?$', item, re.M))
        feed["name"] = item.split("\n", 1)[0]
        if not feed["url"].startswith("file:"):
            yield feed


def read_samples():
    """{address: path} of the copies that lie beside the project."""
    with open(os.path.join(SHARED, "MANIFEST.tsv"), encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            path = row["source_path"].replace(" ", "%20").replace("'", "%27")
            yield RAW % (row["source_repo"], path), os.path.join(SHARED, row["file"])


@unittest.skipUnless(os.path.isfile(os.path.join(SHARED, "MANIFEST.tsv")), "no ../shared/feeds")
class Catalogue(FeedsTest):
    def feeds_with_samples(self, wanted):
        samples = dict(read_samples())
        found = [feed for feed in read_catalogue() if wanted(feed) and feed["url"] in samples]
        for feed in found:
            keys = {key: feed[key] for key in ("format", "match") if key in feed}
            keys["min_entries"] = int(feed.get("min_entries", 1))
            self.school.feed(feed["name"], "file:" + samples[feed["url"]],
                             category=feed["category"], **keys)
        done = self.school.fetch()
        self.assertEqual(done.returncode, 0, done.stderr)
        return found

    def test_each_feed_is_read_as_the_catalogue_says(self):
        found = self.feeds_with_samples(lambda feed: True)
        self.assertGreater(len(found), 60)
        for feed in found:
            with self.subTest(feed["name"]):
                said, entries = int(feed["entries"]), self.school.meta(feed["name"])["entries"]
                self.assertGreaterEqual(entries, int(feed.get("min_entries", 1)))
                self.assertLessEqual(abs(entries - said), max(3, said // 20))
        print("%d of the catalogue's feeds read" % len(found))

    @unittest.skipUnless(HAVE_RULES_TOOL, "no lachan-rules in this build")
    def test_the_recommended_feeds_leave_schools_alone(self):
        self.feeds_with_samples(lambda feed: feed.get("recommended") == "yes")
        with open(os.path.join(SHARED, "popular", "vn-education.tsv"), encoding="utf-8") as file:
            names = [row["domain"] for row in csv.DictReader(file, delimiter="\t")]
        with open(os.path.join(SOURCE_DIR, "rules", "never-block.txt"), encoding="utf-8") as file:
            names += [name for name in (line.split("#")[0].strip() for line in file) if name]
        told = subprocess.run(
            [os.path.join(BIN, "lachan-rules"), "explain", "-d",
             os.path.join(self.school.state, "rules.db"), "-"],
            input="\n".join(names) + "\n", capture_output=True, text=True, check=True, timeout=60)
        answers = [json.loads(line) for line in told.stdout.splitlines()]
        self.assertEqual(len(answers), len(names))
        struck = [(a["name"], a["feed"]) for a in answers if set(a["categories"]) - MEANT]
        self.assertEqual(struck, [])
        print("%d names of schools and lessons, none listed" % len(names))


if __name__ == "__main__":
    main()
