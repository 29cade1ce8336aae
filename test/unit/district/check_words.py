#!/usr/bin/env python3
"""The department's words as text: NFC, Vietnamese with its marks, no "huyện" for the department; the terms are those of
rules/; and the files of others in daemon/district/static are theirs, unchanged."""
import hashlib
import os
import re
import unicodedata
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
DISTRICT = os.path.join(SOURCE, "daemon", "district")
STRING = r'"((?:[^"\\]|\\.)*)"'


def read(*path):
    with open(os.path.join(SOURCE, *path), encoding="utf-8") as file:
        return file.read()


def rows():
    text = read("daemon", "district", "words.def")
    return re.findall(r"^W\((\w+),\s*%s,\s*%s\)$" % (STRING, STRING), text, flags=re.M)


class Words(unittest.TestCase):
    def test_texts_are_nfc(self):
        for name in ("words.def", "terms.def"):
            text = read("daemon", "district", name)
            self.assertEqual(text, unicodedata.normalize("NFC", text), name)

    def test_every_row_is_one_line(self):
        text = read("daemon", "district", "words.def")
        self.assertEqual(len(rows()), len(re.findall(r"^W\(", text, flags=re.M)))
        self.assertGreater(len(rows()), 50)

    def test_english_has_no_vietnamese_letters_and_the_other_way_round(self):
        for name, en, vi in rows():
            marks = [c for c in en if "LATIN" in unicodedata.name(c, "") and ord(c) > 0x7f]
            self.assertTrue(not marks or name == "PRODUCT", "%s: %s" % (name, en))
            if len(vi.split()) > 6:
                self.assertTrue(any(ord(c) > 0x7f for c in vi), "%s: %s" % (name, vi))

    def test_the_department_is_never_a_district(self):
        for name, _, vi in rows():
            self.assertNotIn("huyện", vi.lower(), name)

    def test_tone_marks_stand_as_official_documents_write_them(self):
        for name, _, vi in rows():
            self.assertIsNone(re.search(r"o[àáảãạ]\b|u[ỳýỷỹỵ]\b(?<!qu[ỳýỷỹỵ])", vi), "%s: %s" % (name, vi))


class Terms(unittest.TestCase):
    def terms(self, kind):
        text = read("daemon", "district", "terms.def")
        return {a: (b, c) for a, b, c in re.findall(
            r'^T\(%s, %s, %s, %s\)$' % (kind, STRING, STRING, STRING), text, flags=re.M)}

    def test_categories_are_those_of_the_rules(self):
        text = read("rules", "categories.yaml")
        ours = self.terms("CATEGORY")
        for name, vi in re.findall(r'- name: (\w+)\n    names: \{vi: "([^"]*)"', text):
            self.assertIn(name, ours)
            self.assertTrue(vi.startswith(ours[name][1].split(" (")[0]), name)

    def test_what_is_sensitive_in_the_rules_is_so_here(self):
        text = read("rules", "categories.yaml")
        code = read("daemon", "district", "terms.c")
        for row in text.split("\n  - name: ")[1:]:
            name = row.split("\n", 1)[0]
            self.assertEqual("sensitive: yes" in row, '"%s"' % name in code.split("category_is_silent")[0], name)

    def test_kinds_of_incidents_are_those_of_the_form(self):
        text = read("rules", "pages.yaml")
        kinds = re.findall(r"- \{id: (\w+),", text.split("quick_report_form:")[1].split("submit:")[0])
        self.assertEqual(sorted(kinds), sorted(self.terms("INCIDENT")))


class Static(unittest.TestCase):
    def test_files_of_others_are_unchanged(self):
        said = re.findall(r"^ {4}([0-9a-f]{64})  (\S+)$", read("daemon", "district", "static", "README.md"), flags=re.M)
        self.assertEqual([name for _, name in said], ["uplot.js", "uplot.css"])
        for digest, name in said:
            with open(os.path.join(DISTRICT, "static", name), "rb") as file:
                self.assertEqual(hashlib.sha256(file.read()).hexdigest(), digest, name)


if __name__ == "__main__":
    unittest.main()
