"""Forms from a pupil's hand to the answer, with the real desk, filter and page. Rooms are told
apart by source addresses on loopback."""
import json
import os
import re
import socket
import ssl
import time

import certificates
from desk_test import PASSWORD, DeskTest
from forms_test import BROWSER, PORTAL, Filling, Reader, Reply
from lachan_test import main, wait_for

HERE = "192.0.2.9"
LAB, LAB_SEAT, MUSIC = "127.0.1.1", "127.0.1.9", "127.0.2.1"
STANDING_S = 30  # the page asks every 5 s; generous for a busy machine


class DeskFormsTest(Filling, DeskTest):
    RULES = {"games": "||game.example^\n", "gambling": "||casino.example^\n",
             "child_abuse": "||locked.example^\n", "adult": "||adult.example^\n"}
    RECORDS = {"game.example": HERE, "casino.example": HERE}

    def run_school(self, **pages):
        self.need("lachan-page")
        self.page_port, self.source, self.secure = self.free_port(), LAB, False
        self.run_filter(
            school={"levels": ["lower_secondary"], "languages": ["vi", "en"]},
            pages={"listen": ["127.0.0.1:%d" % self.page_port], **pages},
            filter={"groups": [{"name": "lab", "clients": ["127.0.1.0/24"]},
                               {"name": "music", "clients": ["127.0.2.0/24"]}],
                    "tiers": [{"name": "lower_secondary", "clients": ["lab", "music"]}]})
        self.run_desk()

    def look_in(self):
        """Somebody who answers reviews has just been here."""
        self.assertTrue(self.desk("reviews", person=True)["ok"])

    def run_page(self, word):
        """Begins once the desk stands as it shall: so the page's first question hears it."""
        wait_for("the desk: " + word, lambda: self.forms("standing")[word])
        self.page = self.start("lachan-page", "-c", self.path("lachan.yaml"))
        self.page.wait_log("serving the warning page")
        path = {"review": "/lachan/review", "report": "/lachan/report",
                "teacher": "/lachan/open"}[word]
        wait_for("the page: " + word, lambda: self.get(PORTAL, path).status == 200, STANDING_S)

    def connect(self):
        port = self.tls_port if self.secure else self.page_port
        sock = socket.create_connection(("127.0.0.1", port), timeout=20,
                                        source_address=(self.source, 0))
        return self.context.wrap_socket(sock, server_hostname=PORTAL) if self.secure else sock

    def raw(self, data):
        with self.connect() as sock:
            sock.sendall(data)
            parts = []
            while True:
                part = sock.recv(65536)
                if not part:
                    return b"".join(parts)
                parts.append(part)

    def get(self, host, path="/"):
        return Reply(self.raw(("GET %s HTTP/1.1\r\nHost: %s\r\nAccept: %s\r\n\r\n" % (
            path, host, BROWSER)).encode()))

    def is_open(self, name, source):
        return self.ask_filter(name, source=source).addresses() == [HERE]

    def nowhere(self, *words):
        """None of these words stands in a log, nor anywhere on disk."""
        for program in self.programs:
            for word in words:
                self.assertNotIn(word, program.log())
        for folder, _, files in os.walk(self.path("state")):
            for file in files:
                with open(os.path.join(folder, file), "rb") as stream:
                    data = stream.read()
                for word in words:
                    self.assertNotIn(word.encode(), data, file)


class Reviews(DeskFormsTest):
    def test_from_the_form_to_the_answer_by_code(self):
        self.run_school()
        self.look_in()
        self.run_page("review")
        self.assertIn('href="/lachan/review"', self.get("game.example").text)
        form = self.open_form("game.example", "/lachan/review")
        self.assertEqual(form.visible, ["reason"])
        form["reason"] = "bài về xác suất"
        reply = form.send()
        self.assertEqual(reply.status, 200, Reader(reply.text).text)
        code = re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", Reader(reply.text).text).group()

        answer = self.open_form(PORTAL, "/lachan/answer")
        answer["code"] = code.replace("-", " ").lower()
        self.assertIn("Chưa có trả lời", Reader(answer.send().text).text)
        waiting = json.loads(self.ctl("reviews", "--json")[1])["reviews"]
        self.assertEqual([r["name"] for r in waiting], ["game.example"])
        self.assertFalse(self.is_open("game.example", LAB))
        status, _, said = self.ctl("reviews", "answer", str(waiting[0]["id"]), "allow",
                                   "--note", "Em dùng <30 phút> nhé")
        self.assertEqual(status, 0, said)
        text = answer.send().text
        self.assertIn("Em dùng &lt;30 phút&gt; nhé", text)
        self.assertTrue(self.is_open("game.example", LAB))
        self.nowhere(LAB, code)

        form = self.open_form(PORTAL, "/lachan/review")
        form["name"] = "locked.example"
        reply = form.send()
        self.assertEqual(reply.status, 403)
        self.assertIn("hỏi trực tiếp thầy cô", Reader(reply.text).text)

    def test_without_anybody_who_answers_there_is_no_form(self):
        self.run_school()
        self.add_user("hoa", "teacher")
        self.run_page("teacher")
        self.assertNotIn("/lachan/review", self.get("game.example").text)
        self.assertEqual(self.get(PORTAL, "/lachan/review").status, 404)
        self.assertIn("gọi 111", Reader(self.get(PORTAL, "/lachan/report").text).text)


class Reports(DeskFormsTest):
    WORDS = "Có người lạ đòi em gửi ảnh.\nEm sợ <lắm> & \"buồn\""
    REPLY = "Em gặp cô ở phòng tư vấn nhé. Em không có lỗi."

    def counsellor(self, *words, more=""):
        status, out, said = self.ctl("reports", *words, typed="mai\n%s\n%s" % (PASSWORD, more))
        self.assertEqual((status, said), (0, ""), out)
        return out

    def test_from_the_form_to_the_counsellors_answer(self):
        self.run_school()
        self.add_user("mai", "counsellor")
        self.sign_in("mai")  # a counsellor is here
        self.run_page("report")
        form = self.open_form("casino.example", "/lachan/report")
        form.update(kind="threatened", where="trang-xau.example/phong", contact="thư viện",
                    what=self.WORDS.replace("\n", "\r\n"))
        reply = form.send()
        self.assertEqual(reply.status, 200, Reader(reply.text).text)
        code = re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", Reader(reply.text).text).group()
        answer = self.open_form(PORTAL, "/lachan/answer")
        answer["code"] = code
        self.assertIn("Chưa có trả lời", Reader(answer.send().text).text)
        case = json.loads(self.counsellor("read", "1", "--json"))
        self.assertEqual((case["kind"], case["where"], case["what"], case["contact"]),
                         ("threatened", "trang-xau.example/phong", self.WORDS, "thư viện"))
        self.counsellor("reply", "1", more=self.REPLY)
        text = Reader(answer.send().text).text
        self.assertIn("Lời nhắn của tổ tư vấn: " + self.REPLY, text)
        self.nowhere(LAB, code, "người lạ", "trang-xau", "thư viện", self.REPLY)


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
        # Loopback is an address that many share: it cannot become one person's.
        staff = self.open_form(PORTAL, "/lachan/staff")
        reply = self.post(PORTAL, "/lachan/staff", dict(staff, step="2", session=form["session"]))
        self.assertEqual(reply.status, 403)
        self.assertIn("dùng chung địa chỉ", Reader(reply.text).text)
        # A token belongs to the device that signed in.
        self.source = LAB_SEAT
        other = self.form_in(PORTAL, self.get(PORTAL, "/lachan/open"))
        self.assertEqual(other.visible, ["user", "password"])
        stolen = dict(form, token=other["token"], name="game.example")
        again = self.form_in(PORTAL, self.post(PORTAL, "/lachan/open", stolen))
        self.assertIn("password", again.visible)
        self.assertFalse(self.is_open("game.example", LAB))

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


class OverTls(DeskFormsTest):
    """With a certificate of the portal: forms move there, and nobody on the Wi-Fi reads along."""

    def test_forms_move_to_the_portal_over_tls_and_warn_no_more(self):
        self.need("lachan-page")
        self.tls_port = self.free_port()
        portal = certificates.make(self.dir, "portal", "subjectAltName=DNS:" + PORTAL)
        self.context = ssl.create_default_context(cafile=portal[0])
        self.run_school(listen_tls=["127.0.0.1:%d" % self.tls_port],
                        portal={"certificate": dict(zip(("file", "key"), portal))})
        self.look_in()
        self.add_user("hoa", "teacher")
        wait_for("the desk", lambda: self.forms("standing")["review"])
        self.page = self.start("lachan-page", "-c", self.path("lachan.yaml"))
        self.page.wait_log("serving the warning page")
        wait_for("the redirect",
                 lambda: self.get("game.example", "/lachan/review").status == 303, STANDING_S)
        moved = self.get("game.example", "/lachan/review?lang=en")
        self.assertEqual(moved.headers["location"], "https://%s:%d/lachan/review?lang=en&"
                         "name=game.example" % (PORTAL, self.tls_port))
        # Who came by address has perhaps another DNS, and would not find the portal.
        self.assertEqual(self.get("127.0.0.1", "/lachan/review").status, 200)
        self.assertIn("Wi-Fi", self.get("127.0.0.1", "/lachan/review").text)

        self.secure = True
        host = "%s:%d" % (PORTAL, self.tls_port)
        form = self.open_form(host, moved.headers["location"].partition(str(self.tls_port))[2])
        self.assertEqual((form["about"], form.visible), ("game.example", ["reason"]))
        text = self.get(host, "/lachan/review").text
        self.assertNotIn("Wi-Fi", text)
        self.assertIn("tel:111", text)
        self.assertNotIn("mã hóa", self.get(host, "/lachan/open").text)
        reply = form.send(Origin="https://" + host)
        self.assertRegex(Reader(reply.text).text, "[0-9A-Z]{5}-[0-9A-Z]{5}")
        self.assertEqual(form.send(Origin="http://" + host).status, 403)


if __name__ == "__main__":
    main()
