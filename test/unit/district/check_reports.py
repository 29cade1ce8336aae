#!/usr/bin/env python3
"""The kinds of incidents of B7 are those of the form that schools fill in, and the words of
reports are NFC, each in both languages."""
import os
import re
import unicodedata
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
STRING = r'"((?:[^"\\]|\\.)*)"'


def read(*path):
    with open(os.path.join(SOURCE, *path), encoding="utf-8") as file:
        return file.read()


class Reports(unittest.TestCase):
    def test_incidents_are_those_of_the_form(self):
        form = read("rules", "pages.yaml").split("\nquick_report_form:")[1].split("\n  kinds:")[1]
        form = re.split(r"\n  \w", form)[0]
        kinds = re.findall(r"\bid: (\w+)", form)
        fields = read("daemon", "district", "reports_fields.c")
        listed = re.search(r"incidents\[MANUAL_INCIDENTS\] = \{(.*?)\}", fields, re.S).group(1)
        self.assertEqual(re.findall(r'"(\w+)"', listed), kinds)
        self.assertEqual(re.findall(r'INCIDENT\("(\w+)"\)', fields), kinds)

    def test_words_of_reports_are_whole(self):
        text = read("lib", "yearbook", "words.def")
        self.assertEqual(text, unicodedata.normalize("NFC", text))
        rows = re.findall(r"^X\((\w+), %s, %s\)$" % (STRING, STRING), text, flags=re.M)
        self.assertEqual(len(rows), len(re.findall(r"^X\(", text, flags=re.M)))
        for name, english, vietnamese in rows:
            self.assertTrue(english.strip() and vietnamese.strip(), name)
            self.assertNotIn("huyện", vietnamese.lower(), name)


if __name__ == "__main__":
    unittest.main()
