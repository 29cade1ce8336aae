#!/usr/bin/env python3
"""The test vectors of docs/protocol.md, by other tools than ours: Python, the openssl command
line, and the JSON Schema."""
import base64
import copy
import datetime
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import schema
from lachan_test import SOURCE_DIR, main

GOLDEN = os.path.join(SOURCE_DIR, "test", "unit", "report", "golden")
SIGNED = ("day", "week", "quick")
TAIL = re.compile(rb',"signature":\{"key":"([A-Za-z0-9+/]{43}=)","value":"([A-Za-z0-9+/]{86}==)"\}\}$')
SPKI = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: what stands before a public key


def golden(name):
    with open(os.path.join(GOLDEN, name), "rb") as file:
        return file.read()


def protocol():
    with open(os.path.join(SOURCE_DIR, "docs", "protocol.md"), encoding="utf-8") as file:
        return file.read()


class Vectors(unittest.TestCase):
    def test_a_signed_document_is_the_unsigned_one_with_its_tail(self):
        for name in SIGNED:
            plain, signed = golden(name + ".json"), golden(name + ".signed.json")
            self.assertEqual(len(signed), len(plain) + 166)
            tail = TAIL.search(signed)
            self.assertEqual(signed[:tail.start()] + b"}", plain)
            self.assertEqual(json.loads(plain), {k: v for k, v in json.loads(signed).items()
                                                 if k != "signature"})

    @unittest.skipUnless(shutil.which("openssl"), "needs the openssl command line")
    def test_the_openssl_command_line_makes_and_verifies_the_same_signatures(self):
        with tempfile.TemporaryDirectory() as folder:
            def at(name):
                return os.path.join(folder, name)
            for name in SIGNED:
                signed = golden(name + ".signed.json")
                tail = TAIL.search(signed)
                key, value = (base64.b64decode(part, validate=True) for part in tail.groups())
                for file, content in (("message", signed[:tail.start()] + b"}"),
                                      ("signature", value), ("public.der", SPKI + key)):
                    with open(at(file), "wb") as out:
                        out.write(content)
                done = subprocess.run(
                    ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey",
                     at("public.der"), "-rawin", "-in", at("message"), "-sigfile",
                     at("signature")], capture_output=True, check=False)
                self.assertEqual(done.returncode, 0, done)
                done = subprocess.run(
                    ["openssl", "pkeyutl", "-sign", "-inkey", os.path.join(GOLDEN, "test.key"),
                     "-rawin", "-in", at("message")], capture_output=True, check=True)
                self.assertEqual(done.stdout, value)
                with open(at("message"), "ab") as out:
                    out.write(b" ")
                done = subprocess.run(
                    ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey",
                     at("public.der"), "-rawin", "-in", at("message"), "-sigfile",
                     at("signature")], capture_output=True, check=False)
                self.assertNotEqual(done.returncode, 0)

    def test_the_report_id_follows_from_the_document(self):
        for name in ("day", "week", "small-school"):
            d = json.loads(golden(name + ".json"))
            ends = [datetime.datetime.fromisoformat(d["date-range"][k + "-datetime"])
                    for k in ("start", "end")]
            text = "lachan-summary|%s|%s|%d|%d|%s|%d" % (
                d["organization"]["unit"], ends[0].strftime("%Y%m%d"), ends[0].timestamp(),
                ends[1].timestamp(), d.get("cut", "day"), d["revision"])
            digest = bytearray(hashlib.sha256(text.encode()).digest()[:16])
            digest[6] = digest[6] & 0x0f | 0x80
            digest[8] = digest[8] & 0x3f | 0x80
            x = digest.hex()
            self.assertEqual(d["report-id"], "-".join(
                (x[:8], x[8:12], x[12:16], x[16:20], x[20:])), name)

    def test_the_page_shows_the_vectors_as_they_are(self):
        page = protocol()
        self.assertIn("    " + golden("quick.json").decode() + "\n", page)
        self.assertIn(hashlib.sha256(golden("quick.json")).hexdigest(), page)
        self.assertIn(TAIL.search(golden("quick.signed.json")).group(0).decode(), page)
        for line in golden("test.key").decode().splitlines():
            self.assertIn("    " + line, page)
        self.assertIn("%d octets, one line" % len(golden("quick.json")), page)


@unittest.skipUnless(schema.jsonschema, "needs python3-jsonschema")
class Schema(unittest.TestCase):
    def test_every_golden_document_is_of_the_schema(self):
        for name in ("day", "week", "small-school", "day.signed", "week.signed"):
            self.assertEqual(schema.faults(json.loads(golden(name + ".json"))), [], name)
        self.assertNotEqual(schema.faults(json.loads(golden("quick.json"))), [])

    def test_what_must_not_leave_is_not_of_the_schema(self):
        day, week = json.loads(golden("day.json")), json.loads(golden("week.json"))

        def broken(document, change):
            document = copy.deepcopy(document)
            change(document)
            return document
        for document, change in (
                (day, lambda d: d["records"][0].update(devices=87)),
                (day, lambda d: d["records"][0].update(devices="1-4")),
                (day, lambda d: d["records"][0].update(attempts=1234)),
                (day, lambda d: d["records"][1].update(devices="5-9")),
                (day, lambda d: d["records"][0].pop("devices")),
                (day, lambda d: d["records"][0].pop("tier")),
                (day, lambda d: d["names"][0].update(name="192.168.1.7 (em Lan)")),
                (day, lambda d: d["policy"]["privacy"].update({"min-devices": 4})),
                (day, lambda d: d["coverage"]["tiers"][0].update(devices=31)),
                (day, lambda d: d["reviews"].update(requested=3)),
                (day, lambda d: d.update(revision=0)),
                (day, lambda d: d.pop("names")),
                (day, lambda d: d.update(signature={"key": "x", "value": "y"})),
                (week, lambda d: d["records"][0].update(tier="primary")),
                (week, lambda d: d["records"][1].update(attempts=0)),
                (week, lambda d: d.update(names=[])),
                (week, lambda d: d["coverage"].update(queries=120))):
            self.assertNotEqual(schema.faults(broken(document, change)), [])


if __name__ == "__main__":
    main()
