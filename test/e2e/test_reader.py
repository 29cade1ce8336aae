"""What people read: the page in front of a real filter, as text in the order it is read."""
import html
import http.client
import re

from filter_test import FilterTest
from lachan_test import main, wait_for

BROWSER = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "Accept-Language": "vi"}
STAFF, OLDER, PUPIL, STRANGER, GUEST = ("127.0.0.5", "127.0.0.6", "127.0.0.7", "127.0.0.8",
                                        "127.0.0.9")


def plain(page):
    """The text of a page as a text browser has it: one line for each element that ends one."""
    body = re.sub(r"(?s).*?<body[^>]*>", "", page, count=1)
    body = re.sub(r"(?s)<(svg|style)\b.*?</\1>", "", body)
    body = re.sub(r"</(p|h1|h2|h3|li|a|div|section|header|footer)>|<br>", "\n", body)
    lines = html.unescape(re.sub(r"<[^>]*>", "", body)).split("\n")
    return [line for line in (" ".join(line.split()) for line in lines) if line]


class Reader(FilterTest):
    RULES = {
        "gambling": "||casino.example^\n||target.example^\n||hidden-target.example^\n",
        "self_harm": "||sad.example^\n",
        "child_abuse": "||abuse.example^\n",
        "malware": "||virus.example^\n",
        "games": "||play.example^\n",
    }
    LEVELS = ["lower_secondary"]

    def setUp(self):
        super().setUp()
        self.need("lachan-page")
        self.run_filter(
            school={"languages": ["vi", "en"], "name": "THCS Nguyễn Du",
                    "contact": {"room": "phòng 12", "phone": "0234 567 890"}},
            filter={"without_rules": "refuse",
                    "groups": [{"name": "phong-tin-1", "clients": [STAFF]}],
                    "tiers": [
                        {"name": "staff", "clients": ["phong-tin-1"], "block": ["gambling"],
                         "deny": ["denied.example"]},
                        {"name": "upper_secondary", "clients": [OLDER],
                         "deny": ["denied.example"]},
                        {"name": "lower_secondary", "clients": [PUPIL],
                         "deny": ["denied.example"]},
                        {"name": "guest", "clients": [GUEST]}]})
        self.page_port = int(self.current["pages"]["listen"][0].rsplit(":", 1)[1])
        self.page = self.start("lachan-page", "-c", self.path("lachan.yaml"))
        self.page.wait_log("serving the warning page")

    def read(self, source, host, path="/", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.page_port, timeout=20,
                                                source_address=(source, 0))
        connection.request("GET", path, headers=dict(BROWSER, Host=host, **headers))
        reply = connection.getresponse()
        self.status = reply.status
        text = reply.read().decode("utf-8")
        connection.close()
        return plain(text)

    def assert_in_order(self, lines, *wanted):
        at = 0
        for words in wanted:
            while at < len(lines) and words not in lines[at]:
                at += 1
            self.assertLess(at, len(lines), "%r is missing, or too late, in %r" % (words, lines))
            at += 1

    def test_staff_learn_which_list_it_was_and_which_policy(self):
        lines = self.read(STAFF, "www.casino.example")
        self.assertEqual(self.status, 403)
        self.assert_in_order(lines, "Tên miền www.casino.example đang bị chặn",
                             "Nhóm: Cờ bạc, cá cược", "gambling", "Chính sách: ",
                             "Phòng hoặc nhóm máy: phong-tin-1", "Thời điểm: ", "Mã tham chiếu: ",
                             "Thầy cô có thể làm gì", "111")
        version = [line for line in lines if line.startswith("Chính sách: ")][0].split()[-1]
        status, said, _ = self.run_program("lachanctl", "-c", self.path("lachan.yaml"), "policy",
                                           "--json")
        self.assertEqual(status, 0)
        self.assertIn('"version":"%s"' % version, said.replace(" ", ""))

    def test_staff_read_the_schools_own_list_by_its_name(self):
        self.assertIn("Danh sách: deny", self.read(STAFF, "denied.example"))

    def test_no_pupil_reads_the_list_or_the_room(self):
        for source in (OLDER, PUPIL, STRANGER):
            lines = "\n".join(self.read(source, "casino.example"))
            for words in ("Danh sách: ", "Chính sách: ", "phong-tin-1"):
                self.assertNotIn(words, lines)

    def test_the_schools_own_word_is_told_as_such(self):
        for source in (OLDER, PUPIL):
            lines = self.read(source, "denied.example")
            self.assertIn("Nhà trường chưa cho phép mở trang này.", lines)
            self.assertNotIn("Trang nhà trường chưa cho phép mở", "\n".join(lines))

    def test_what_is_locked_promises_nobody_a_way_round_it(self):
        for source in (STAFF, OLDER, PUPIL, GUEST):
            lines = "\n".join(self.read(source, "abuse.example"))
            self.assertEqual(self.status, 451)
            for words in ("Đề nghị mở lại", "Mở tạm thời", "xâm hại trẻ em, "):
                self.assertNotIn(words, lines)

    def test_self_harm_is_support_with_help_at_hand(self):
        lines = self.read(PUPIL, "sad.example")
        self.assert_in_order(lines, "Em không đơn độc", "Nói ra sẽ nhẹ lòng hơn",
                             "Gọi 111 – miễn phí, bất cứ lúc nào.", "phòng 12", "0234 567 890",
                             "Kể với thầy cô", "Khi cần giúp đỡ", "Gọi 111",
                             "Đưa máy cho thầy cô", "Dành cho thầy cô")
        self.assertNotIn("bị chặn trên mạng", "\n".join(lines))

    def test_guests_are_spoken_to_as_guests(self):
        lines = self.read(GUEST, "casino.example")
        self.assert_in_order(lines, "Mạng dành cho khách của trường",
                             "Trang này không mở được tại trường", "văn phòng nhà trường", "111")
        self.assertNotIn("casino.example", "\n".join(lines))

    def test_this_device_is_told_what_it_is(self):
        lines = self.read(STRANGER, "lachan.internal", "/lachan/status")
        self.assertEqual(self.status, 200)
        self.assert_in_order(lines, "Thiết bị này: Trung học cơ sở, được bảo vệ",
                             "Thiết bị chưa được khai báo nên dùng mức lọc chặt nhất.")
        self.assertNotIn("chưa được khai báo",
                         "\n".join(self.read(PUPIL, "lachan.internal", "/lachan/status")))

    def test_a_pause_is_told_as_half_a_protection(self):
        half = "Thiết bị này: Trung học cơ sở, được bảo vệ một phần"
        self.assertNotIn(half, self.read(PUPIL, "lachan.internal", "/lachan/status"))
        self.assertTrue(self.control("pause", for_ms=60000)["ok"])
        wait_for("the page to tell the pause",
                 lambda: half in self.read(PUPIL, "lachan.internal", "/lachan/status"))

    def test_a_trial_is_told(self):
        self.reload(dict(self.current, filter=dict(self.current["filter"], enforce=False)))
        words = "Bộ lọc đang chạy thử, mới chỉ chặn các trang nguy hiểm."
        wait_for("the page to tell the trial",
                 lambda: words in self.read(PUPIL, "lachan.internal", "/lachan/status"))

    def test_sites_are_for_the_readers_tier(self):
        pupil = "\n".join(self.read(PUPIL, "lachan.internal", "/lachan/sites"))
        older = "\n".join(self.read(OLDER, "lachan.internal", "/lachan/sites"))
        self.assertIn("Scratch", pupil)
        self.assertNotIn("Scratch", older)
        self.assertIn("Thi tốt nghiệp THPT", older)
        self.assertNotIn("Công việc của thầy cô", pupil + older)
        self.assertIn("Công việc của thầy cô",
                      self.read(STAFF, "lachan.internal", "/lachan/sites"))

    def test_the_poster_speaks_both_languages_and_names_the_portal(self):
        lines = self.read(STAFF, "lachan.internal", "/lachan/poster")
        self.assertEqual(self.status, 200)
        self.assert_in_order(lines, "Trang không mở được ở trường?", "gõ lachan.internal",
                             "http://lachan.internal/", "A page will not open at school?", "111",
                             "Gọi 111", "Call 111")


if __name__ == "__main__":
    main()
