"""Forms from a pupil's hand to the answer, with the real desk, filter and page."""
import json
import re
import ssl

import certificates
from desk_forms_test import LAB, STANDING_S, DeskFormsTest
from desk_test import PASSWORD
from forms_test import PORTAL, Reader
from lachan_test import main, wait_for


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
