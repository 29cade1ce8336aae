"""A teacher signs in at the page: a name for a room, a device until evening, a quick report; with
the real desk, filter and page."""
import json
import os
import time

from desk_forms_test import LAB, LAB_SEAT, MUSIC, DeskFormsTest
from desk_test import PASSWORD
from forms_test import PORTAL, Reader
from lachan_test import away_from_midnight, main, wait_for


class Teachers(DeskFormsTest):
    def signed_in(self, path, host, user="hoa", password=PASSWORD):
        form = self.open_form(host, path)
        form["user"], form["password"] = user, password
        return form.send()

    def test_a_teacher_opens_a_name_for_one_room(self):
        self.run_school()
        self.add_user("hoa", "teacher")
        self.run_page("teacher")
        wrong = self.signed_in("/lachan/open", "game.example", password="không phải")
        self.assertEqual(wrong.status, 403)
        form = self.form_in("game.example", self.signed_in("/lachan/open", "game.example"))
        self.assertEqual((form["name"], form["group"]), ("game.example", "lab"))
        form["reason"] = "tiết 3"
        reply = form.send()
        self.assertEqual(reply.status, 200, Reader(reply.text).text)
        self.assertIn("Đã mở game.example cho lab đến ", Reader(reply.text).text)
        self.assertTrue(self.is_open("game.example", LAB_SEAT))
        self.assertFalse(self.is_open("game.example", MUSIC))
        # Now the name is open in this room: there is no form below it any more.
        self.assertEqual(self.get("game.example", "/lachan/open").status, 404)
        with open(self.path("state", "audit.log"), encoding="utf-8") as file:
            entry = next(e for e in map(json.loads, file) if e["action"] == "open")
        self.assertEqual((entry["actor"], entry["name"]), ("teacher:hoa", "game.example"))
        self.nowhere(LAB, "không phải", PASSWORD)

    def test_what_nobody_opens_no_teacher_opens(self):
        self.run_school()
        self.add_user("hoa", "teacher")
        self.run_page("teacher")
        form = self.form_in(PORTAL, self.signed_in("/lachan/open", PORTAL))
        for name in ("locked.example", "adult.example"):
            form["name"], form["group"] = name, "lab"
            reply = form.send()
            self.assertEqual(reply.status, 403, name)
            self.assertIn("không mở tạm thời được", Reader(reply.text).text)
        form["name"] = "com.vn"
        self.assertEqual(form.send().status, 422)
        # The same sign-in writes a quick report, which waits for the department.
        quick = self.form_in(PORTAL, self.get(PORTAL, "/lachan/quick"))
        reply = self.post(PORTAL, "/lachan/quick", {
            "token": quick["token"], "step": "2", "session": form["session"], "kind": "bullying",
            "tier": "lower_secondary", "date": time.strftime("%Y-%m-%d"), "confirm": "yes",
            "measures": "Đã gặp gia đình", "referred_to": "", "decided_by": "Hiệu trưởng"})
        self.assertEqual(reply.status, 200, Reader(reply.text).text)
        self.assertTrue([f for _, _, files in os.walk(self.path("state", "outbox"))
                         for f in files])
        # A token belongs to the device that signed in.
        self.source = LAB_SEAT
        other = self.form_in(PORTAL, self.get(PORTAL, "/lachan/open"))
        self.assertEqual(other.visible, ["user", "password"])
        stolen = dict(form, token=other["token"], name="game.example")
        again = self.form_in(PORTAL, self.post(PORTAL, "/lachan/open", stolen))
        self.assertIn("password", again.visible)
        self.assertFalse(self.is_open("game.example", LAB))

    def test_a_teachers_device_is_staffs_until_it_is_ended(self):
        self.run_school()
        self.add_user("hoa", "teacher")
        self.run_page("teacher")
        self.assertFalse(self.is_open("game.example", LAB))
        form = self.form_in(PORTAL, self.signed_in("/lachan/staff", PORTAL))
        away_from_midnight(60)
        reply = form.send()
        self.assertEqual(reply.status, 200, Reader(reply.text).text)
        self.assertRegex(Reader(reply.text).text, "Đến [0-9]{2}:00, thiết bị trở về")
        wait_for("staff's rules", lambda: self.is_open("game.example", LAB))
        self.assertFalse(self.is_open("game.example", LAB_SEAT))
        # Who comes back reads that it is on, and may end it.
        again = Reader(self.signed_in("/lachan/staff", PORTAL).text)
        self.assertEqual(["end" in form["fields"] for form in again.forms], [False, True])
        reply = self.form_in(PORTAL, reply).send()
        self.assertIn("mức lọc thông thường", Reader(reply.text).text)
        wait_for("pupils' rules", lambda: not self.is_open("game.example", LAB))

    def test_without_an_account_nothing_is_promised(self):
        self.run_school()
        self.look_in()
        self.run_page("review")
        text = self.get("game.example").text + self.get(PORTAL).text
        for words in ("/lachan/open", "/lachan/staff", "Thầy cô đăng nhập", "mở tạm thời"):
            self.assertNotIn(words, text)
        self.assertEqual(self.get(PORTAL, "/lachan/open").status, 404)

    def test_when_the_desk_is_gone_forms_fail_at_once_and_close_soon(self):
        self.run_school()
        self.add_user("hoa", "teacher")
        self.run_page("teacher")
        form = self.open_form(PORTAL, "/lachan/open")
        form["user"], form["password"] = "hoa", PASSWORD
        self.desk_program.kill()
        reply = form.send()
        self.assertEqual((reply.status, "Chưa gửi được" in reply.text), (503, True))
        self.assertNotIn(PASSWORD, reply.text)
        wait_for("the forms to close",
                 lambda: self.get(PORTAL, "/lachan/open").status == 404, 60)


if __name__ == "__main__":
    main()
