"""What schools send to the department: taken once, refused each with its own answer."""
import datetime
import glob
import gzip
import json
import os
import re
import unittest

import district_test
from district_test import (DistrictTest, QUICK, SUMMARY, day_document, encode, quick_document,
                           today, week_document, yesterday)
from lachan_test import BIN, SOURCE_DIR, main

FAKETIME = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)


class Intake(DistrictTest):
    def setUp(self):
        super().setUp()
        self.begin()
        self.s = self.school("thcs-01")

    def refused(self, status, why, answer):
        self.assertEqual((answer[0], answer[1].get("why")), (status, why), answer)

    def sent_refused(self, status, why, document, **how):
        """Refused, and nothing of it is stored."""
        self.refused(status, why, self.s.send(document, **how))
        self.assertEqual(self.stored(), [])

    # ---- taken ----

    def test_a_document_is_stored_once_however_often_it_comes(self):
        body = self.s.pack(self.s.day())
        status, answer = self.s.send(body)
        self.assertEqual((status, answer["result"]), (201, "stored"))
        self.assertEqual(answer["report-id"], self.s.day()["report-id"])
        rows = self.stored()
        self.assertTrue(rows)
        for _ in range(3):
            status, answer = self.s.send(body)
            self.assertEqual((status, answer["result"]), (200, "same"))
        self.assertEqual(self.stored(), rows)

    def contract(self, day, identity):
        """The contract's example, as somebody writes it who knows nothing else."""
        path = os.path.join(SOURCE_DIR, "test", "unit", "report", "golden", "contract.json")
        with open(path, encoding="utf-8") as file:
            made = json.load(file)
        made["report-id"] = identity
        made["organization"]["unit"] = self.s.unit
        made["date-range"] = self.s.day(day=day)["date-range"]
        return made

    def test_the_contracts_example_is_taken_by_ids_of_its_own(self):
        before = yesterday() - datetime.timedelta(days=1)
        first = self.contract(yesterday(), "r-1")
        self.assertEqual(self.s.send(first)[0], 201)
        self.assertEqual(self.s.send(first)[0], 200)
        # Another day by the same id, the same day by another one.
        self.refused(409, "conflict", self.s.send(self.contract(before, "r-1")))
        self.refused(409, "conflict", self.s.send(self.contract(yesterday(), "r-2")))
        self.assertEqual(self.s.send(self.contract(before, "r-2"))[0], 201)
        self.assertEqual(len(self.stored()), 6)

    def test_the_packed_media_type_is_taken_too(self):
        body = self.s.pack(self.s.day())
        status, answer = self.s.send_to("/v1/summaries", SUMMARY.replace("+json", "+gzip"), body)
        self.assertEqual(status, 201, answer)

    def test_a_week_by_tiers_or_with_names_is_refused(self):
        monday = today() - datetime.timedelta(days=today().weekday() + 7)
        tier = week_document("thcs-01", monday)
        tier["records"][0]["tier"] = "lower_secondary"
        names = week_document("thcs-01", monday)
        names["names"] = [{"category": "adult", "name": "a.example", "devices": "10-19"}]
        for document in (tier, names):
            self.sent_refused(422, "floor", document)

    def test_much_too_long_is_told_and_not_cut_off(self):
        for size in (300 << 10, 5 << 20):
            self.refused(413, "size", self.s.send(os.urandom(size)))
        self.assertEqual(self.stored(), [])

    def test_packing_it_anew_is_the_same_document(self):
        signed = self.s.key.sign(encode(self.s.day()))
        self.assertEqual(self.s.send(gzip.compress(signed, 1, mtime=0))[0], 201)
        self.assertEqual(self.s.send(gzip.compress(signed, 9, mtime=7))[0], 200)

    def test_the_same_id_with_other_bytes_is_a_conflict(self):
        self.assertEqual(self.s.send(self.s.day())[0], 201)
        rows = self.stored()
        other = self.s.day()
        other["contact-info"] = "somebody else"
        self.refused(409, "conflict", self.s.send(other))
        self.assertEqual(self.stored(), rows)

    def test_a_later_revision_replaces_what_the_first_counted(self):
        self.assertEqual(self.s.send(self.s.day())[0], 201)
        later = self.s.day(revision=2, scale=2)
        later["names"] = []
        status, answer = self.s.send(later)
        self.assertEqual((status, answer.get("result")), (201, "superseded"), answer)
        first = self.s.day(day=yesterday() - datetime.timedelta(days=1), revision=2)
        first["names"] = []
        self.assertEqual(self.s.send(first)[0], 201)
        status, answer = self.s.send(self.s.day(day=yesterday() - datetime.timedelta(days=1)))
        self.assertEqual((status, answer.get("result")), (201, "older"), answer)

    def test_a_week_of_sensitive_categories_is_stored(self):
        monday = today() - datetime.timedelta(days=today().weekday() + 7)
        self.assertEqual(self.s.send(week_document("thcs-01", monday))[0], 201)

    def test_names_that_look_like_code_are_text(self):
        for name in ("'); DROP TABLE document; --", '=cmd()|"/C calc"', "<script>alert(1)</script>",
                     "Trường\u0009\u202eTHCS"):
            day = yesterday() - datetime.timedelta(days=len(name))
            with self.subTest(name):
                self.assertEqual(self.s.send(self.s.day(day=day, name=name))[0], 201)
        self.healthy()
        for row in self.stored():
            self.assertNotRegex(row, r'(^|,)"?[=@]')

    # ---- refused ----

    def test_a_changed_octet_breaks_the_signature(self):
        signed = self.s.key.sign(encode(self.s.day()))
        self.sent_refused(422, "signature", gzip.compress(
            signed.replace(b'"attempts":85', b'"attempts":95'), mtime=0))

    def test_an_unsigned_document_is_refused(self):
        self.sent_refused(422, "unsigned", gzip.compress(encode(self.s.day()), mtime=0))

    def test_a_key_that_nobody_enrolled_is_refused(self):
        other = self.make_key("other")
        self.sent_refused(403, "key", self.s.pack(self.s.day(), other))

    def test_a_key_that_lies_about_its_name_is_refused(self):
        other = self.make_key("other")
        signed = other.sign(encode(self.s.day()))
        self.sent_refused(422, "signature", gzip.compress(
            signed.replace(other.public.encode(), self.s.key.public.encode()), mtime=0))

    def test_a_revoked_key_is_refused_and_so_is_a_revoked_token(self):
        body = self.s.pack(self.s.day())
        self.command("key", "revoke", "thcs-01")
        self.sent_refused(403, "revoked", body)
        self.command("token", "revoke", "thcs-01")
        self.sent_refused(403, "revoked", body)

    def test_without_credentials_nobody_is_heard(self):
        body = self.s.pack(self.s.day())
        for header in ("", "Bearer", "Bearer wrong", "Basic " + self.s.token):
            with self.subTest(header):
                self.sent_refused(401, "credentials", body, Authorization=header)

    def test_an_enrolment_token_sends_nothing(self):
        token = self.enrolment("thcs-01")["token"]
        self.sent_refused(401, "credentials", self.s.day(), Authorization="Bearer " + token)

    def test_a_document_of_another_unit_is_refused(self):
        self.sent_refused(403, "unit", day_document("thcs-02", yesterday()))

    def test_a_day_that_is_not_over_is_refused(self):
        self.sent_refused(422, "future", self.s.day(day=today()))
        self.sent_refused(422, "future", self.s.day(day=today() + datetime.timedelta(days=30)))

    def test_a_day_of_long_ago_is_refused(self):
        self.sent_refused(422, "too-old", self.s.day(day=today() - datetime.timedelta(days=402)))

    def test_what_shows_too_much_is_refused(self):
        few = self.s.day()
        few["records"][1].update(devices="5-9")
        sensitive = self.s.day()
        sensitive["records"].append({"tier": "lower_secondary", "category": "self_harm",
                                     "attempts": "below"})
        low = self.s.day()
        low["policy"]["privacy"]["min-devices"] = 5
        for document in (few, sensitive, low):
            self.sent_refused(422, "floor", document)

    def test_numbers_that_do_not_fit_are_refused(self):
        odd = self.s.day()
        odd["records"][0]["attempts"], odd["published-total"] = 86, 106
        self.sent_refused(422, "rounding", odd)
        total = self.s.day()
        total["published-total"] += 5
        self.sent_refused(422, "total", total)
        other = self.s.day()
        other["report-id"] = "00000000/8000"
        self.sent_refused(400, "json", other)

    def test_what_is_no_document_is_refused(self):
        text = encode(self.s.day())
        twice = text[:-1] + b',"revision":1}'
        deep = text[:-1] + b',"x":' + b"[" * 100 + b"]" * 100 + b"}"
        for unsigned in (twice, deep, b'{"a":1}', b'{"format":"lachan-quick-report"}',
                         text.replace(b'"revision":1', b'"revision":1.5'),
                         text[:-40] + b"\xff\xfe" + text[-38:]):
            with self.subTest(unsigned[-40:]):
                self.sent_refused(400, "json", gzip.compress(self.s.key.sign(unsigned), mtime=0))

    def test_what_is_not_one_gzip_member_is_refused(self):
        body = self.s.pack(self.s.day())
        for bad in (b"", b"x", body[:-9], body + b"\0", body + body,
                    self.s.key.sign(encode(self.s.day()))):
            with self.subTest(len(bad)):
                self.sent_refused(400, "gzip", bad)

    def test_a_bomb_is_refused(self):
        self.sent_refused(413, "expanded", gzip.compress(b"{" + b" " * 50000000, mtime=0))

    def test_other_media_types_are_refused(self):
        self.sent_refused(415, "type", self.s.day(), **{"Content-Type": "application/json"})

    def test_too_many_documents_wait(self):
        # Each try takes one of the hour's sixty, the refused ones, too.
        body = self.s.pack(self.s.day())
        for _ in range(200):
            status, headers, answer = self.post("/v1/summaries", body, {
                "Content-Type": SUMMARY, "Authorization": "Bearer " + self.s.token})
            if status == 429:
                break
        self.assertEqual((status, answer["why"]), (429, "rate"))
        self.assertGreaterEqual(int(headers["retry-after"]), 1)

    def test_every_answer_is_counted(self):
        body = self.s.pack(self.s.day())
        self.s.send(body)
        self.s.send(body)
        self.s.send(b"x")
        name = 'lachan_district_answers_total{endpoint="summaries",result="%s"}'
        got = self.metrics()
        self.assertEqual([got.get(name % word) for word in ("stored", "same", "gzip")], [1, 1, 1])
        with open(os.path.join(SOURCE_DIR, "docs", "metrics.md"), encoding="utf-8") as file:
            told = re.findall(r"^\| `(lachan_district_\w+)` \|", file.read(), flags=re.M)
        served = {re.sub(r"_(bucket|sum|count)$", "", row.partition("{")[0]) for row in got}
        self.assertEqual(served - set(told), set())


    def test_this_machine_reads_the_numbers_on_the_common_port(self):
        status, _, text = self.get("/metrics")
        self.assertEqual(status, 200)
        self.assertIn(b"lachan_district_info", text)
        status, _, _ = self.get("/metrics", X_Forwarded_For="192.0.2.7")
        self.assertEqual(status, 404)


def behind_tsan(library):
    """What to preload: where the collector is built with TSan, that comes first. Otherwise
    libfaketime waits for a condition behind its back, and it sees a mutex locked twice."""
    with open(os.path.join(BIN, "lachan-district"), "rb") as file:
        found = re.search(rb"libtsan\.so\.\d+", file.read())
    return (found[0].decode() + " " if found else "") + library


@unittest.skipIf(FAKETIME is None, "libfaketime is not here")
class WrongClock(DistrictTest):
    def test_without_a_true_clock_nothing_is_refused_for_good(self):
        self.begin()
        school = self.school("thcs-01")
        self.assertEqual(self.collector.term(), 0)
        self.collector = self.start("lachan-district", "-c", self.config, env={
            "LD_PRELOAD": behind_tsan(FAKETIME), "FAKETIME": "@1970-01-02 00:00:00", "NO_FAKE_STAT": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "LACHAN_SANDBOX_STRICT": "",
            "ASAN_OPTIONS": "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")})
        self.collector.wait_log("collecting")
        status, headers, answer = self.post(
            "/v1/summaries", school.pack(school.day()),
            {"Content-Type": SUMMARY, "Authorization": "Bearer " + school.token})
        self.assertEqual((status, answer["why"]), (503, "clock"))
        self.assertGreaterEqual(int(headers["retry-after"]), 60)
        self.assertEqual(school.send(b"x")[0], 503)


class QuickReports(DistrictTest):
    def test_a_quick_report_is_stored_once(self):
        self.begin()
        s = self.school("thcs-01")
        report = quick_document("thcs-01")
        self.assertEqual(s.send_quick(report)[0], 201)
        self.assertEqual(s.send_quick(report)[0], 200)
        report["incident"]["measures"] = "Khác."
        status, answer = s.send_quick(report)
        self.assertEqual((status, answer["why"]), (409, "conflict"))
        status, answer = s.send_quick(quick_document("thcs-02"))
        self.assertEqual((status, answer["why"]), (403, "unit"))
        status, answer = s.send_quick(quick_document("thcs-01", date="2026-13-40"))
        self.assertEqual((status, answer["why"]), (400, "json"))
        status, answer = s.send_to("/v1/quick-reports", QUICK, s.pack(s.day()))
        self.assertEqual((status, answer["why"]), (400, "json"))


class Enrolments(DistrictTest):
    def test_the_same_key_may_ask_again_another_may_not(self):
        self.begin()
        self.add_tree("thcs-01")
        token = self.enrolment("thcs-01")["token"]
        key = self.make_key("one")
        status, first = self.enrol(token, key)
        self.assertEqual(status, 201)
        self.assertEqual((first["unit"], first["name"]), ("thcs-01", "Trường thcs-01"))
        self.assertTrue(first["recipient"]["url"].endswith("/v1/summaries"))
        status, again = self.enrol(token, key)
        self.assertEqual(status, 201)
        for answer in (first, again):  # the first answer may have arrived after all
            school = district_test.School(self, "thcs-01", key, answer["recipient"]["token"])
            self.assertIn(school.send(school.day())[0], (200, 201))
        status, answer = self.enrol(token, self.make_key("two"))
        self.assertEqual((status, answer["why"]), (403, "token"))
        status, answer = self.enrol("x" * 40, key)
        self.assertEqual((status, answer["why"]), (401, "token"))
        for _ in range(200):  # a token that somebody found fills no record
            status, answer = self.enrol("y" * 40, key)
            if status != 401:
                break
        self.assertEqual((status, answer["why"]), (429, "rate"))
        with open(self.path("state", "audit.log"), encoding="utf-8") as file:
            record = [json.loads(line)["action"] for line in file]
        self.assertEqual(record.count("enrol"), 2)
        self.assertEqual(record.count("enrol-refused"), 1)

    def test_what_is_no_wish_is_refused(self):
        self.begin()
        key = self.make_key("one")
        for body in (b"", b"{}", b"[]", b'{"token":"x"}', b'{"token":7,"public-key":"x"}',
                     json.dumps({"token": "x", "public-key": key.public[:-1]}).encode(),
                     b'{"token":"x","public-key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}'):
            status, _, answer = self.post("/v1/enrolments", body,
                                          {"Content-Type": "application/json"})
            self.assertEqual((status, answer["why"]), (400, "json"), body)


class Nominations(DistrictTest):
    def setUp(self):
        super().setUp()
        self.begin()
        out = self.command("token", "create", "--partner", "viettel")
        self.token = next(word for word in out.split() if len(word) > 30)

    def nominate(self, body, token=None):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        status, _, answer = self.post("/v1/nominations", body, {
            "Content-Type": "application/json",
            "Authorization": "Bearer " + (token or self.token)})
        return status, answer

    def test_a_name_is_proposed_once(self):
        one = {"name": "Cờ-Bạc.Example.", "category": "gambling",
               "evidence": ["https://bao.example/bai-1"], "note": "'); DROP TABLE paper; --"}
        status, answer = self.nominate(one)
        self.assertEqual(status, 201, answer)
        self.assertTrue(answer["name"].startswith("xn--"), answer)
        status, again = self.nominate(one)
        self.assertEqual((status, again["id"]), (200, answer["id"]))

    def test_what_nobody_could_judge_is_refused(self):
        good = {"name": "bad.example", "category": "gambling", "evidence": ["https://x.example/"]}
        for why, change in (("name", {"name": "192.0.2.1"}), ("name", {"name": "localhost"}),
                            ("name", {"name": "a..b"}), ("name", {"name": "x y.example"}),
                            ("name", {"name": ""}), ("form", {"name": 7}),
                            ("category", {"category": "other"}),
                            ("category", {"category": "nonsense"}),
                            ("url", {"evidence": []}), ("url", {"evidence": "https://x.example"}),
                            ("url", {"evidence": ["javascript:alert(1)"]}),
                            ("url", {"evidence": ["https://"]}),
                            ("url", {"evidence": ["https://x.example/\"><script>"]}),
                            ("url", {"evidence": ["https://x.example/"] * 6}),
                            ("form", {"note": "x" * 2001})):
            status, answer = self.nominate({**good, **change})
            self.assertEqual((status, answer["why"]), (422, why), change)
        for body in (b"", b"{", b'{"name":"a.b","name":"c.d"}', b"[" * 3000):
            status, answer = self.nominate(body)
            self.assertEqual((status, answer["why"]), (400, "json"), body[:20])

    def test_only_partners_propose(self):
        s = self.school("thcs-01")
        one = {"name": "bad.example", "category": "gambling", "evidence": ["https://x.example/"]}
        self.assertEqual(self.nominate(one, s.token)[0], 401)
        self.assertEqual(s.send(s.day(), Authorization="Bearer " + self.token)[0], 401)


def tearDownModule():
    district_test.close_server()


if __name__ == "__main__":
    unittest.TestCase.maxDiff = None
    main()
