"""The forms of the page as people, slips and troublemakers fill them in; forms.sock is played
by fake_desk.py. test_desk_forms.py has the real desk."""
import time

from fake_desk import FakeDesk
from forms_test import PORTAL, FormsTest, Reader
from lachan_test import main

PUPILS = ("/lachan/review", "/lachan/report", "/lachan/answer")
STAFFS = ("/lachan/open", "/lachan/staff", "/lachan/quick")


def evening():
    """A moment ahead of us, and of today if there is any left of it."""
    return int(time.time()) + 60


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

    def test_a_silent_desk_costs_two_seconds_and_a_dead_one_none(self):
        for answer in (FakeDesk.SILENT, FakeDesk.TORN):
            self.desk.answers["report-send"] = answer
            start = time.monotonic()
            self.check_kept(self.fill().send(), 503, "Chưa gửi được")
            self.assertGreater(time.monotonic() - start, 1.5)
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
        for token in ("", "x", form["token"][:-2] + "AA", "A" * 43):
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


class StaffTest(FormsTest):
    MORE = "\nfilter: {groups: [{name: phong-tin-1, clients: [10.1.0.0/24]}, " \
           "{name: phong-tin-2, clients: [10.2.0.0/24]}]}\n"

    def sign_in(self, path, host=PORTAL):
        form = self.open_form(host, path)
        form["user"], form["password"] = "hoa", "mật khẩu dài"
        return form.send()


class Staff(StaffTest):
    def test_a_teacher_signs_in_and_opens_a_name_for_a_room(self):
        self.desk.answers["open"] = {"ok": True, "until_s": evening()}
        first = self.open_form("bet.example", "/lachan/open")
        self.assertEqual(first.visible, ["user", "password"])
        form = self.form_in("bet.example", self.sign_in("/lachan/open", "bet.example"))
        self.assertEqual(self.desk.last("sign-in"), {
            "command": "sign-in", "user": "hoa", "password": "mật khẩu dài",
            "client": "127.0.0.1"})
        self.assertEqual((form.visible, form["name"], form["session"]),
                         (["name", "group", "reason"], "bet.example", "t0ken"))
        form["group"], form["reason"] = "phong-tin-1", "bài về <xác suất>"
        reply = form.send()
        self.assertEqual(reply.status, 200)
        self.assertEqual(self.desk.last("open"), {
            "command": "open", "token": "t0ken", "client": "127.0.0.1",
            "name": "bet.example", "group": "phong-tin-1", "reason": "bài về <xác suất>"})
        self.assertNotIn("mật khẩu dài", self.page.log())

    def test_a_wrong_password_is_not_shown_again(self):
        self.desk.answers["sign-in"] = {"ok": False, "error": "x", "why": "wrong"}
        reply = self.sign_in("/lachan/open")
        self.assertEqual(reply.status, 403)
        self.assertNotIn("mật khẩu dài", reply.text)
        form = self.form_in(PORTAL, reply)
        self.assertEqual((form["user"], form["password"]), ("hoa", ""))
        self.desk.answers["sign-in"] = {"ok": False, "error": "x", "why": "locked", "minutes": 15}
        self.assertIn("sau 15 phút", Reader(self.sign_in("/lachan/open").text).text)

    def test_a_group_that_is_not_there_is_not_asked_for(self):
        form = self.form_in(PORTAL, self.sign_in("/lachan/open"))
        form["name"], form["group"] = "bet.example", "khong-co"
        reply = form.send()
        self.assertEqual(reply.status, 422)
        self.assertIn("e-group", Reader(reply.text).ids)
        self.assertIsNone(self.desk.last("open"))

    def test_what_may_not_be_opened_is_said(self):
        form = self.form_in(PORTAL, self.sign_in("/lachan/open"))
        form["name"], form["group"] = "bad.example", "phong-tin-1"
        self.desk.answers["open"] = {"ok": False, "error": "x", "why": "refused"}
        reply = form.send()
        self.assertEqual(reply.status, 403)
        self.assertIn("không mở tạm thời được", Reader(reply.text).text)

    def test_a_sign_in_that_has_ended_is_asked_for_beside_what_was_typed(self):
        form = self.form_in(PORTAL, self.sign_in("/lachan/open"))
        form["name"], form["group"], form["reason"] = "bet.example", "phong-tin-2", "học"
        self.desk.answers["open"] = {"ok": False, "error": "x", "why": "expired"}
        again = self.form_in(PORTAL, form.send())
        self.assertEqual((again["name"], again["group"], again["reason"]),
                         ("bet.example", "phong-tin-2", "học"))
        self.assertIn("password", again.visible)
        self.assertNotIn("session", again)
        self.desk.answers["open"] = {"ok": True, "until_s": evening()}
        again["user"], again["password"] = "hoa", "mật khẩu dài"
        self.assertEqual(again.send().status, 200)

    def test_this_device_is_staffs_until_the_evening_and_no_longer(self):
        self.desk.answers["staff"] = {"ok": True, "until_s": evening()}
        form = self.form_in(PORTAL, self.sign_in("/lachan/staff"))
        self.assertEqual(form.visible, [])
        end = self.form_in(PORTAL, form.send())
        self.assertEqual(self.desk.last("staff"), {
            "command": "staff", "token": "t0ken", "client": "127.0.0.1", "end": False})
        self.assertEqual(end.send().status, 200)
        self.assertTrue(self.desk.last("staff")["end"])
        self.desk.answers["staff"] = {"ok": False, "error": "x", "why": "shared"}
        reply = self.form_in(PORTAL, self.sign_in("/lachan/staff")).send()
        self.assertIn("dùng chung địa chỉ", Reader(reply.text).text)

    def test_a_quick_report_is_read_again_before_it_is_sent(self):
        form = self.form_in(PORTAL, self.sign_in("/lachan/quick"))
        day = time.strftime("%d/%m/%Y")
        form.update(kind="bullying", tier="primary", date=day, measures="Đã gặp gia đình",
                    referred_to="111", decided_by="Hiệu trưởng")
        reply = form.send()
        self.assertEqual(reply.status, 422)
        self.assertIn("e-confirm", Reader(reply.text).ids)
        form = self.form_in(PORTAL, reply)
        form["confirm"] = "yes"
        self.assertEqual(form.send().status, 200)
        self.assertEqual(self.desk.last("quick"), {
            "command": "quick", "token": "t0ken", "client": "127.0.0.1", "kind": "bullying",
            "tier": "primary", "date": time.strftime("%Y-%m-%d"),
            "measures": "Đã gặp gia đình", "referred_to": "111", "decided_by": "Hiệu trưởng"})

    def test_the_page_speaks_of_the_account_where_one_is_used(self):
        for path in STAFFS:
            text = Reader(self.get(PORTAL, path).text).text
            self.assertIn("nhật ký quản trị", text)
            self.assertNotIn("không hỏi tên", text)


MARKUP = ('"><script>alert(1)</script>', "'><img src=x onerror=alert(1)>", "</textarea><iframe>x",
          "<!--", "&lt;script&gt;", "{code}", "javascript:alert(1)//", "x\u2028</script>",
          "+ADw-script+AD4-", "\"autofocus onfocus=alert(1) x=\"")


class Markup(StaffTest):
    """Every field, with what must never be markup."""

    def check(self, reply, text):
        reader = Reader(reply.text)
        for tag, attributes in reader.tags:
            self.assertNotIn(tag, ("script", "img", "iframe"), text)
            self.assertFalse([a for a in attributes if a.startswith("on")], text)
        return reader

    def try_all(self, path, names, sign_in=False):
        for count, text in enumerate(MARKUP):
            if count % (3 if sign_in else 6) == 0:
                self.restart()  # six forms a minute
            reply = self.sign_in(path) if sign_in else self.get(PORTAL, path)
            form = self.form_in(PORTAL, reply)
            for name in names:
                form[name] = text
            form["token"] = "x"  # the form comes back
            reply = form.send()
            self.assertEqual(reply.status, 403)
            reader = self.check(reply, text)
            fields = reader.forms[0]["fields"]
            for name in names:
                if name in fields and name not in ("kind", "group", "tier", "confirm"):
                    self.assertEqual(fields[name], text.strip(), name)

    def test_in_a_review(self):
        self.try_all("/lachan/review", ("name", "reason"))

    def test_in_a_report(self):
        self.try_all("/lachan/report", ("kind", "where", "what", "contact"))

    def test_in_a_code(self):
        self.try_all("/lachan/answer", ("code",))

    def test_in_a_sign_in(self):
        self.try_all("/lachan/staff", ("user",))

    def test_in_what_a_teacher_opens(self):
        self.try_all("/lachan/open", ("name", "group", "reason", "session"), sign_in=True)

    def test_in_a_quick_report(self):
        self.try_all("/lachan/quick", ("kind", "tier", "date", "measures", "referred_to",
                                       "decided_by", "confirm"), sign_in=True)


if __name__ == "__main__":
    main()
