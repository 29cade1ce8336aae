"""The forms of the page as pupils, slips and troublemakers fill them in; forms.sock is played
by fake_desk.py. test_desk_forms.py has the real desk, test_forms_staff.py the forms of staff."""
import time
from concurrent.futures import ThreadPoolExecutor

from fake_desk import FakeDesk
from forms_test import PORTAL, PUPILS, STAFFS, Form, FormsTest, Reader
from lachan_test import main


class Pupils(FormsTest):
    def test_a_review_goes_to_the_desk_and_a_code_comes_back(self):
        form = self.open_form("bet.example", "/lachan/review")
        self.assertEqual(form.visible, ["reason"])  # primary: the name stays out of sight
        form["reason"] = "Em cần <làm bài> & học"
        reply = form.send()
        self.assertEqual(reply.status, 200)
        self.assertIn("ABCDE-FGHJK", reply.text)
        self.assertEqual(self.desk.last("review-send"), {
            "command": "review-send", "name": "bet.example", "tier": "primary",
            "reason": "Em cần <làm bài> & học"})
        self.assertEqual(reply.headers["cache-control"], "no-store")
        self.assertNotIn("set-cookie", reply.headers)

    def test_older_pupils_see_and_change_the_name(self):
        self.filter.tier = "upper_secondary"
        form = self.open_form("bet.example", "/lachan/review")
        self.assertEqual((form.visible, form["name"]), (["name", "reason"], "bet.example"))
        form["name"] = " https://www.Học-Tập.example:8443/bài?x=1 "
        self.assertEqual(form.send().status, 200)
        self.assertEqual(self.desk.last("review-send")["name"],
                         "www.xn--hc-tp-6w5a12d.example".replace(
                             "xn--hc-tp-6w5a12d",
                             "học-tập".encode("idna").decode()))

    def test_at_the_portal_the_name_is_asked_for(self):
        form = self.open_form(PORTAL, "/lachan/review")
        self.assertEqual((form.visible, form["name"]), (["name", "reason"], ""))
        for name in ("", "nothing", "a b.example", "10.0.0.1", "\\065.example", "a..b", "..",
                     "x" * 64 + ".example", '"><script>alert(1)</script>.example'):
            form["name"] = name
            reply = form.send()
            self.assertEqual(reply.status, 422, name)
            self.assertNotIn("<script", reply.text)
            again = self.form_in(PORTAL, reply)
            self.assertEqual(again["name"].strip(), name.strip())
            self.assertIn("e-name", Reader(reply.text).ids)
            if name == "a..b":  # six forms a minute
                self.restart()
                form = self.open_form(PORTAL, "/lachan/review")
        self.assertIsNone(self.desk.last("review-send"))

    def test_what_the_desk_finds_of_a_name_is_told_beside_it(self):
        form = self.open_form("bet.example", "/lachan/review")
        self.desk.answers["review-send"] = {"ok": False, "error": "x", "why": "name"}
        reply = form.send()
        self.assertEqual((reply.status, "e-name" in Reader(reply.text).ids), (422, True))
        self.desk.answers["review-send"] = {"ok": False, "error": "x", "why": "open"}
        self.assertIn("trang đang mở", Reader(form.send().text).text)

    def test_a_report_needs_something_and_no_name(self):
        form = self.open_form("bet.example", "/lachan/report")
        reply = form.send()
        self.assertEqual(reply.status, 422)
        self.assertIn("e-kind", Reader(reply.text).ids)
        form["kind"], form["what"] = "bullied", "dòng một\r\ndòng hai"
        reply = form.send()
        self.assertIn("MNPQR-STUVW", reply.text)
        self.assertEqual(self.desk.last("report-send"), {
            "command": "report-send", "kind": "bullied", "where": "", "contact": "",
            "what": "dòng một\ndòng hai", "tier": "primary"})

    def test_a_report_of_a_wrong_block_becomes_a_review(self):
        form = self.open_form(PORTAL, "/lachan/report")
        form["kind"], form["where"], form["what"] = "wrong_block", "hoc.example/bai", "để học"
        reply = form.send()
        self.assertIsNone(self.desk.last("report-send"))
        review = self.form_in(PORTAL, reply)
        self.assertEqual((review.action, review["name"], review["reason"]),
                         ("/lachan/review", "hoc.example", "để học"))
        self.assertIn("ABCDE-FGHJK", review.send().text)

    def test_answers_are_read_by_code(self):
        form = self.open_form(PORTAL, "/lachan/answer")
        form["code"] = "abcde fghjk"
        for answer, words in (
                ({"kind": "review", "state": "waiting"}, "Chưa có trả lời"),
                ({"kind": "review", "state": "opened", "note": "Học <tốt> nhé"},
                 "Học &lt;tốt&gt; nhé"),
                ({"kind": "review", "state": "not_opened"}, "chưa mở trang"),
                ({"kind": "report", "state": "replied", "note": "Gặp cô ở phòng 12"},
                 "Tổ tư vấn"),
                ({"kind": "review", "state": "opened_until", "until_s": 1}, "đã được mở")):
            self.desk.answers["answer"] = {"ok": True, **answer}
            self.assertIn(words, form.send().text, answer)
        self.assertEqual(self.desk.last("answer")["code"], "abcde fghjk")
        self.desk.answers["answer"] = {"ok": True, "kind": "unknown"}
        reply = form.send()
        self.assertEqual(reply.status, 422)
        self.assertEqual(self.form_in(PORTAL, reply)["code"], "abcde fghjk")

    def test_without_tls_a_person_and_111_come_before_the_first_field(self):
        for path in PUPILS:
            text = self.get(PORTAL, path).text
            first = text.index('<form method="post"')
            self.assertLess(text.index("tel:111"), first)
            self.assertLess(text.index("Người khác dùng chung Wi-Fi"), first)
        for path in STAFFS:
            text = self.get(PORTAL, path).text
            self.assertLess(text.index("chưa được mã hóa"), text.index("<form"))

    def test_the_youngest_have_no_forms_and_their_teachers_have(self):
        self.filter.tier = "preschool"
        for path in PUPILS:
            reply = self.get(PORTAL, path)
            self.assertEqual((reply.status, "<form" in reply.text), (404, False))
            self.assertIn("tel:111", reply.text)
        for path in STAFFS:
            self.assertEqual(self.get(PORTAL, path).status, 200)

    def test_a_name_in_the_address_is_checked_and_kept(self):
        form = self.open_form(PORTAL, "/lachan/review?name=hoc.example")
        self.assertEqual((form["about"], form.visible), ("hoc.example", ["reason"]))
        for odd in ("%22%3E%3Cscript", "\"'<x>.example", "a", "..", "hoc.example%00"):
            reply = self.get(PORTAL, "/lachan/review?name=" + odd)
            if reply.status == 200:
                self.assertNotIn("about", self.form_in(PORTAL, reply))


class Readers(FormsTest):
    """What a screen reader, a small screen and a browser without scripts need."""

    def check(self, text, path):
        reader = Reader(text)
        self.assertEqual(len(reader.ids), len(set(reader.ids)), path)
        tags = [tag for tag, _ in reader.tags]
        self.assertEqual(tags.count("h1"), 1, path)
        self.assertEqual(tags.count("fieldset"), tags.count("legend"), path)
        for form in reader.forms:
            self.assertEqual(form["method"], "post", path)
            for element in form["elements"]:
                self.assertNotIn("placeholder", element, path)
                if element.get("type") not in ("radio", "checkbox"):  # those stand in a label
                    self.assertIn(element["id"], reader.labels, path)
                    self.assertIn("f-" + element["name"], element["id"], path)
                if "aria-describedby" in element:
                    self.assertIn(element["aria-describedby"], reader.ids, path)
                if element.get("type") == "password":
                    self.assertEqual(element["autocomplete"], "current-password")
                elif element["name"] == "user":
                    self.assertEqual(element["autocomplete"], "username")

    def test_every_field_has_its_label_and_every_mistake_its_field(self):
        for tier in ("primary", "upper_secondary"):
            self.filter.tier = tier
            self.restart()  # few forms a minute
            for path in PUPILS + STAFFS:
                for language in ("vi", "en"):
                    reply = self.get(PORTAL, path + "?lang=" + language)
                    self.check(reply.text, path)
                    self.assertEqual(reply.headers["content-language"], language)
                self.check(self.form_in(PORTAL, reply).send().text, path)

    def test_the_language_goes_with_the_form(self):
        form = self.open_form("bet.example", "/lachan/review?lang=en")
        self.assertIn("The request has been sent", form.send().text)

    def test_forms_may_be_sent_to_ourselves_alone(self):
        headers = self.get(PORTAL, "/lachan/report").headers
        self.assertIn("form-action 'self'", headers["content-security-policy"])
        self.assertIn("default-src 'none'", headers["content-security-policy"])
        self.assertEqual(headers["referrer-policy"], "same-origin")
        self.assertEqual(headers["cache-control"], "no-store")
        self.assertIn("form-action 'none'", self.get(PORTAL).headers["content-security-policy"])


class Closed(FormsTest):
    def test_forms_show_while_somebody_answers(self):
        self.desk.standing = {"ok": True, "review": False, "report": False, "teacher": False}
        self.restart()
        self.wait_for("the standing", lambda: super(Closed, self).knows())
        for path in PUPILS[:2] + STAFFS:
            reply = self.get(PORTAL, path)
            self.assertEqual((reply.status, "<form" in reply.text), (404, False), path)
        self.assertIn("gọi 111", self.get(PORTAL, "/lachan/report").text)
        # Codes outlive the visit of who answers.
        self.wait_for("the answers", lambda: self.get(PORTAL, "/lachan/answer").status == 200)

    def test_who_was_still_writing_may_send(self):
        self.wait_for("the standing", lambda: super(Closed, self).knows())
        form = self.open_form(PORTAL, "/lachan/report")
        form["kind"] = "other"
        self.desk.standing = {"ok": True, "review": False, "report": False, "teacher": False}
        self.wait_for("the form to close",
                      lambda: self.get(PORTAL, "/lachan/report").status == 404)
        self.assertIn("MNPQR-STUVW", form.send().text)
        forged = dict(form, token="A" * 43)
        self.assertEqual(self.post(PORTAL, "/lachan/report", forged).status, 404)

    def test_a_desk_that_says_no_or_nothing_shows_none(self):
        for standing in ({"ok": False, "error": "x"}, {"ok": True}, FakeDesk.LIST,
                         FakeDesk.RUBBISH, FakeDesk.HUGE, FakeDesk.NO_JSON, FakeDesk.CLOSE,
                         {"ok": True, "review": 1, "report": "true", "teacher": None}):
            self.desk.standing = standing
            self.page.term()
            polls = self.desk.polls
            self.page = self.start("lachan-page", "-c", self.config())
            self.page.wait_log("serving the warning page")
            self.wait_for("a poll", lambda before=polls: self.desk.polls > before)
            for path in PUPILS[:2] + STAFFS:
                self.assertEqual(self.get(PORTAL, path).status, 404, (path, standing))

    def knows(self):
        return True


class Trouble(FormsTest):
    def fill(self):
        form = self.open_form(PORTAL, "/lachan/report")
        form["kind"], form["what"] = "threatened", 'Có người "xin ảnh" & <dọa>'
        return form

    def check_kept(self, reply, status, words):
        self.assertEqual(reply.status, status)
        again = self.form_in(PORTAL, reply)
        self.assertEqual((again["kind"], again["what"]),
                         ("threatened", 'Có người "xin ảnh" & <dọa>'))
        self.assertIn(words, Reader(reply.text).text)
        self.assertIn('role="alert"', reply.text)
        self.assertIn("tel:111", reply.text)

    def test_whatever_goes_wrong_is_told_and_what_was_typed_is_kept(self):
        for answer in (FakeDesk.RUBBISH, FakeDesk.HUGE, FakeDesk.NO_JSON, FakeDesk.LIST,
                       FakeDesk.CLOSE):
            self.desk.answers["report-send"] = answer
            self.check_kept(self.fill().send(), 503, "Chưa gửi được")
        self.assertNotIn("xin ảnh", self.page.log())

    def test_a_silent_desk_costs_seconds_and_a_dead_one_none(self):
        answers = [FakeDesk.SILENT, FakeDesk.TORN]
        self.desk.answers["report-send"] = lambda _: answers.pop()
        filled = [self.fill(), self.fill()]
        start = time.monotonic()
        with ThreadPoolExecutor() as both:
            for reply in both.map(Form.send, filled):
                self.check_kept(reply, 503, "Chưa gửi được")
        self.assertEqual(answers, [])
        self.assertGreater(time.monotonic() - start, 1.5)  # 2 s; of a sanitizer's build 6
        form = self.fill()
        self.desk.close()
        self.check_kept(form.send(), 503, "Chưa gửi được")

    def test_refusals_of_the_desk_have_their_words(self):
        for why, minutes, status, words in (
                ("too_many", 7, 429, "chờ 7 phút"), ("too_long", None, 422, "Tin hơi dài"),
                ("failed", None, 503, "Chưa gửi được"), ("refused", None, 403, "gọi 111"),
                ("nonsense", None, 503, "Chưa gửi được")):
            refusal = {"ok": False, "error": "x", "why": why}
            self.desk.answers["report-send"] = \
                refusal if minutes is None else {**refusal, "minutes": minutes}
            self.check_kept(self.fill().send(), status, words)
        # Nobody answers any more: the words stay, to be told to somebody else.
        self.desk.answers["report-send"] = {"ok": False, "error": "x", "why": "closed"}
        self.check_kept(self.fill().send(), 503, "chưa có thầy cô nhận tin")

    def test_an_answer_without_a_code_is_none(self):
        self.desk.answers["report-send"] = {"ok": True}
        self.check_kept(self.fill().send(), 503, "Chưa gửi được")

    def test_a_form_that_we_did_not_show_is_shown_again(self):
        form = self.fill()
        other = "AB"[form["token"][0] == "A"] + form["token"][1:]
        for token in ("", "x", other, "A" * 43):
            forged = self.fill()
            forged["token"] = token
            self.check_kept(forged.send(), 403, "gửi lại")
        other = self.fill()
        other["token"] = self.open_form(PORTAL, "/lachan/review")["token"]
        self.check_kept(other.send(), 403, "gửi lại")
        self.assertIsNone(self.desk.last("report-send"))

    def test_below_a_name_that_is_open_there_is_no_form(self):
        """Somebody else could point his name at us, and his script would fill it in."""
        self.assertEqual(self.get("open.example", "/lachan/report").status, 404)
        form = self.fill()
        self.assertEqual(self.post("open.example", "/lachan/report", dict(form)).status, 404)
        self.assertIsNone(self.desk.last("report-send"))

    def test_another_site_cannot_send_a_form(self):
        for headers in ({"Sec_Fetch_Site": "cross-site"}, {"Origin": "http://evil.example"},
                        {"Origin": "null"}):
            self.assertEqual(self.fill().send(**headers).status, 403)
        self.assertIsNone(self.desk.last("report-send"))
        self.assertEqual(self.fill().send(Origin="http://" + PORTAL).status, 200)


if __name__ == "__main__":
    main()
