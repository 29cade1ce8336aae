#!/usr/bin/env python3
"""The texts of rules/ as text: NFC, plain lines, no name twice, every list explained.

What they mean is tested by test_rules_files.c; what a person reads and edits is tested here.
"""
import os
import sys
import unicodedata
import unittest

RULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "rules")


def files(*ends):
    for folder, _, names in os.walk(RULES):
        for name in sorted(names):
            if name.endswith(ends) and name != "CMakeLists.txt":
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8", newline="") as file:
                    yield os.path.relpath(path, RULES), file.read()


def lists():
    """Files of names; what is handed to a school's PCs is prose."""
    return (found for found in files(".txt") if not found[0].startswith("client-kit"))


def names_of(text):
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


class Texts(unittest.TestCase):
    def test_letters_are_composed(self):
        for name, text in files(".yaml", ".txt", ".md"):
            self.assertEqual(text, unicodedata.normalize("NFC", text), name)

    def test_lines_end_plainly(self):
        for name, text in files(".yaml", ".txt", ".md"):
            with self.subTest(name):
                self.assertTrue(text.endswith("\n") and not text.endswith("\n\n"))
                self.assertNotIn("\r", text)
                self.assertNotIn("\t", text)
                self.assertEqual([line for line in text.splitlines() if line != line.rstrip()], [])

    def test_no_name_stands_in_a_file_twice(self):
        for name, text in lists():
            found = names_of(text)
            self.assertEqual(sorted(found), sorted(set(found)), name)

    def test_names_are_in_lower_case_and_ascii(self):
        for name, text in lists():
            for found in names_of(text):
                self.assertTrue(found.isascii() and found == found.lower(), (name, found))

    def test_lists_are_sorted_and_begin_with_the_name_to_try(self):
        for name, text in files(".txt"):
            if os.path.dirname(name) != "lists":
                continue
            first, *rest = names_of(text)
            category = os.path.basename(name)[:-len(".txt")].replace("_", "-")
            self.assertEqual(first, category + ".thu.lachan.example", name)
            self.assertEqual(rest, sorted(rest), name)

    def test_every_file_is_explained(self):
        with open(os.path.join(RULES, "README.md"), encoding="utf-8") as file:
            told = file.read()
        for name, _ in files(".yaml", ".txt"):
            if os.path.dirname(name) == "":
                self.assertIn("`%s`" % name, told)


if __name__ == "__main__":
    sys.exit(unittest.main())
