#!/usr/bin/env python3
"""A report of harm through the real page, desk and filter: from the form in a pupil's browser to
the counsellor's screen, and the reply back to the browser by code; a teacher's quick report."""
import glob
import gzip
import html
import http.client
import json
import os
import re
import time
import unittest
import urllib.parse

from desk_test import PASSWORD
from forms_test import Form, Reader
from lachan_test import main, wait_for
from reports_test import ReportTest

PORTAL = "lachan.internal"
TALE = {"where": "http://xau.example/nhom", "what": "Bạn em bị đe dọa <script>&", "contact": ""}


class Page:
    def __init__(self, test, status, text):
        self.test, self.status, self.text = test, status, text
        self.words = Reader(text).text

    def form(self):
        forms = Reader(self.text).forms
        self.test.assertTrue(forms, html.unescape(self.text)[-2000:])
        return Form(self.test, PORTAL, forms[0])


class ThroughThePage(ReportTest):
    def setUp(self):
        super().setUp()
        self.need("lachan-page")

    def run_page(self):
        self.page = self.start("lachan-page", "-c", self.path("lachan.yaml"))
        self.page.wait_log("serving the warning page")

    def ask_page(self, method, path, body=None, **headers):
        host, port = self.current["pages"]["listen"][0].split(":")
        line = http.client.HTTPConnection(host, int(port), timeout=30)
        headers = {"Host": PORTAL, "Accept": "text/html", **headers}
        line.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
        reply = line.getresponse()
        data = reply.read()
        if reply.getheader("Content-Encoding") == "gzip":
            data = gzip.decompress(data)
        line.close()
        return Page(self, reply.status, data.decode())

    def get(self, path):
        return self.ask_page("GET", path)

    def post(self, _host, path, fields, **headers):
        return self.ask_page("POST", path, urllib.parse.urlencode(fields), **{
            "Content_Type": "application/x-www-form-urlencoded", **headers})

    def shown(self, path):
        """The form, once the page has heard from the desk that it holds."""
        return wait_for("the form " + path, lambda: next(
            (p.form() for p in [self.get(path)] if p.status == 200 and Reader(p.text).forms),
            None))

    def every_byte(self):
        yield from super().every_byte()
        yield "log of the page", self.page.log().encode()

    def in_memory(self, program, words):
        """Those of `words` that stand somewhere in a program's memory."""
        found = set()
        try:
            with open("/proc/%d/maps" % program.pid, encoding="utf-8") as file:
                maps = [line.split() for line in file]
            memory = open("/proc/%d/mem" % program.pid, "rb", 0)
        except PermissionError:  # root of a container
            self.skipTest("this machine lets nobody read another program's memory")
        with memory:
            for where, rights, *more in maps:
                begin, end = (int(x, 16) for x in where.split("-"))
                # What a sanitizer keeps is large; what a stack still shows is the compiler's.
                if not rights.startswith("rw") or end - begin > 1 << 26 or "[stack]" in more:
                    continue
                try:
                    memory.seek(begin)
                    data = memory.read(end - begin)
                except (OSError, ValueError, OverflowError):
                    continue
                found |= {word for word in words if word.encode() in data}
        return found

    @unittest.skipUnless(os.geteuid() == 0, "reading another program's memory needs root")
    def test_nothing_of_what_was_typed_stays_in_memory(self):
        self.run_school("mai")
        self.done("mai", "list")
        self.run_page()
        form = self.shown("/lachan/report")
        what = "mèo tím ăn 7391 quả"
        form.update(kind="threatened", where="xyzzyland.example", what=what,
                    contact="Trần Văn Xyzzy")
        done = form.send()
        self.assertEqual(done.status, 200)
        code = re.search(r"[2-9A-Z]{5}-[2-9A-Z]{5}", done.text).group()
        words = (what, urllib.parse.quote_plus(what), "xyzzyland", "Xyzzy", code,
                 PASSWORD, json.dumps(what)[1:-1])
        for program in (self.page, self.desk_program):
            wait_for("%s has forgotten it" % program.argv[0],
                     lambda p=program: not self.in_memory(p, words))
        self.stop_desk()

    def test_from_the_form_to_the_counsellor_and_back(self):
        self.run_school("mai")
        self.done("mai", "list")  # who answers was here
        self.run_page()
        form = self.shown("/lachan/report")
        form.update(kind="bullied", **TALE)
        reply = form.send()
        self.assertEqual(reply.status, 200, reply.words)
        code = re.search(r"\b[2-9A-Z]{5}-[2-9A-Z]{5}\b", reply.words).group()
        case = self.read("mai", 1)
        self.assertEqual({key: case[key] for key in TALE}, TALE)
        self.assertEqual((case["kind"], case["tier"]), ("bullied", "lower_secondary"))
        self.done("mai", "reply", "1", more="Gặp cô ở phòng 12 <nhé>")
        form = self.shown("/lachan/answer")
        form["code"] = code.lower()
        answer = form.send()
        self.assertIn("Gặp cô ở phòng 12 &lt;nhé&gt;", answer.text)
        self.assert_nowhere(["xau.example", "bị đe dọa", "phòng 12", code,
                             code.replace("-", "")])
        self.stop_desk()

    def test_without_a_counsellor_the_page_offers_a_person_and_111(self):
        self.run_school()
        self.run_page()
        page = self.get("/lachan/report")
        self.assertEqual(Reader(page.text).forms, [])
        self.assertIn("111", page.words)
        self.stop_desk()

    def test_a_quick_report_is_sent_back_while_it_looks_personal(self):
        self.run_school("hoa")
        self.run_page()
        form = self.shown("/lachan/quick")
        form["user"], form["password"] = "hoa", PASSWORD
        form = form.send().form()
        form.update(kind="bullying", tier="lower_secondary", date=time.strftime("%Y-%m-%d"),
                    measures="Gọi cho gia đình em lớp 8A3", referred_to="111",
                    decided_by="Hiệu trưởng", confirm="yes")
        sent_back = form.send()
        self.assertEqual(sent_back.status, 422)
        self.assertIn("names nobody", sent_back.words)
        form = sent_back.form()
        self.assertEqual(form["measures"], "Gọi cho gia đình em lớp 8A3")
        form.update(measures="Đã gọi cho gia đình", confirm="yes")
        self.assertEqual(form.send().status, 200)
        path, = glob.glob(self.path("state", "outbox", "*!quick!*"))
        with gzip.open(path) as f:
            self.assertEqual(json.load(f)["incident"]["measures"], "Đã gọi cho gia đình")
        self.assert_nowhere(["em lớp 8A3"])  # three letters alone stand in some digest by chance
        self.stop_desk()


if __name__ == "__main__":
    main()
