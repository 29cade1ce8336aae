"""The forms of staff, and markup in every field of every form; forms.sock is played by
fake_desk.py. test_desk_teachers.py has the real desk."""
import time

from forms_test import PORTAL, STAFFS, Reader, StaffTest, evening
from lachan_test import main


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

    def test_an_account_without_the_role_is_told_so(self):
        for roles in (["viewer"], [], "teacher", None, [1, {}]):
            self.desk.answers["sign-in"] = {"ok": True, "token": "t", "name": "x", "roles": roles}
            reply = self.sign_in("/lachan/open")
            self.assertEqual(reply.status, 403)
            self.assertIn("Tài khoản này chưa được phép", Reader(reply.text).text)

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
