"""The warning page as browsers, programs and troublemakers on the network meet it."""
import gzip
import os
import re
import socket
import struct
import threading
import time

from lachan_test import SOURCE_DIR, LachanTest, main, plain_rules

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
BY_NOTHING, BY_LOCKED, BY_CATEGORY, BY_PORTAL = 0, 1, 8, 14
PORTAL = "lachan.internal"


def wire_to_text(wire):
    labels, at = [], 0
    while wire[at]:
        labels.append(wire[at + 1:at + 1 + wire[at]].decode("ascii", "replace"))
        at += 1 + wire[at]
    return ".".join(labels)


class FakeFilter:
    """verdict.sock: answers as lib/control/verdict.h says, from a table of names."""

    def __init__(self, path):
        self.tier, self.verdicts, self.silent, self.asked = "primary", {}, False, []
        self.window, self.opens_at = "", 0
        self.by_default, self.trial, self.openable = False, False, set()  # names of the last
        self.staff_until, self.paused_until, self.grant_until = 0, 0, 0
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.bind(path)
        self.sock.listen(8)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                peer, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        while True:
            question = peer.recv(512)
            if not question:
                return
            kind, version, number, family = struct.unpack_from("<BBIB", question)
            assert (kind, version) == (ord("Q"), 5), question
            length = question[23]
            name = wire_to_text(question[24:24 + length])
            self.asked.append((name, family, question[7:7 + 4]))
            if not self.silent:
                peer.send(self._answer(number, name))

    def _answer(self, number, name):
        reason, category, blocked, locked, sensitive = self.verdicts.get(
            name, (BY_PORTAL if name == PORTAL else BY_NOTHING, "", False, False, False))
        shown = self.tier in ("upper_secondary", "continuing_education", "staff")
        flags = (blocked | locked << 1 | sensitive << 2 | shown << 3 | self.by_default << 5 |
                 self.trial << 6 | (name in self.openable) << 7)
        strings = b"".join(bytes([len(s)]) + s.encode()
                           for s in (self.tier, category, "", self.window, "test-list"))
        return struct.pack("<BBIBI5Q", ord("A"), 5, number, reason, flags, self.opens_at, 0,
                           self.staff_until, self.paused_until, self.grant_until) + strings

    def block(self, name, category, locked=False, sensitive=False):
        self.verdicts[name] = (BY_LOCKED if locked else BY_CATEGORY, category, True, locked,
                               sensitive)

    def close(self):
        self.sock.close()


class Reply:
    def __init__(self, data):
        head, _, self.body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1]) if lines[0] else 0
        self.headers = {k.lower(): v.strip() for k, _, v in
                        (line.partition(":") for line in lines[1:])}
        self.count = data.count(b"HTTP/1.1 ")

    @property
    def text(self):
        body = gzip.decompress(self.body) if self.headers.get("content-encoding") else self.body
        return body.decode("utf-8")


class PageTest(LachanTest):
    FILTER = FakeFilter

    def setUp(self):
        super().setUp()
        self.need("lachan-page")
        self.port = self.free_port()
        os.mkdir(self.path("run"))
        os.mkdir(self.path("state"))
        self.filter = self.FILTER(self.path("run", "verdict.sock"))
        self.addCleanup(self.filter.close)
        self.page = self.start("lachan-page", "-c", self.config())
        self.page.wait_log("serving the warning page")

    def config(self, allow="[local, 127.0.0.0/8]", rules=plain_rules()):
        return self.write("lachan.yaml", """
school: {levels: [primary], languages: [vi, en], name: "THCS Nguyễn Du", contact: {room: "phòng 12"}}
server: {listen: ["127.0.0.1:%d"], user: "", data_dir: %s, state_dir: state, run_dir: run, allow: %s}
pages: {listen: ["127.0.0.1:%d"]}
""" % (self.free_port(), rules, allow, self.port))

    def connect(self):
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        self.addCleanup(sock.close)
        return sock

    def raw(self, data, timeout=30):
        """Sends bytes, returns all that comes back."""
        sock = self.connect()
        sock.settimeout(timeout)
        parts = []
        try:
            sock.sendall(data)
            while True:
                part = sock.recv(65536)
                if not part:
                    break
                parts.append(part)
        except (ConnectionResetError, BrokenPipeError):
            pass
        sock.close()
        return b"".join(parts)

    def get(self, host, path="/", accept=BROWSER, method="GET", **headers):
        lines = ["%s %s HTTP/1.1" % (method, path), "Host: %s" % host]
        lines += ["Accept: %s" % accept] if accept is not None else []
        lines += ["%s: %s" % (k.replace("_", "-"), v) for k, v in headers.items()]
        return Reply(self.raw(("\r\n".join(lines) + "\r\n\r\n").encode()))


def luminance(colour):
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


class Colours(LachanTest):
    def test_words_stand_out_by_light_and_in_the_dark(self):
        """WCAG 2 level AA: 4.5 to 1 for every text on every ground it stands on."""
        path = os.path.join(SOURCE_DIR, "daemon", "page", "look", "page.css")
        with open(path, encoding="utf-8") as file:
            themes = re.findall(r":root\{([^}]*)\}", file.read())
        self.assertEqual(len(themes), 2)
        for theme in themes:
            colour = {name: value if len(value) == 7 else "#" + "".join(c * 2 for c in value[1:])
                      for name, value in re.findall(r"--([a-z-]+):(#[0-9a-f]{3,6})", theme)}
            for words, ground in (("ink", "paper"), ("ink", "card"), ("ink", "mist"),
                                  ("soft", "paper"), ("soft", "card"), ("soft", "mist"),
                                  ("leaf", "card"), ("leaf", "mist"), ("leaf", "paper"),
                                  ("leaf-ink", "leaf")):
                light, dark = sorted((luminance(colour[words]), luminance(colour[ground])))[::-1]
                self.assertGreaterEqual((light + 0.05) / (dark + 0.05), 4.5, (words, ground))


class Pages(PageTest):
    def test_a_blocked_name_gets_the_page_of_its_tier_and_category(self):
        self.filter.block("bet.example", "gambling")
        reply = self.get("bet.example:8080", "/any/path?x=1")
        self.assertEqual(reply.status, 403)
        self.assertIn("Mình dừng lại ở đây nhé!", reply.text)
        self.assertIn("THCS Nguyễn Du", reply.text)
        self.assertNotIn("bet.example", reply.text)
        self.assertEqual(self.filter.asked[-1], ("bet.example", 4, b"\x7f\0\0\1"))
        self.filter.tier = "upper_secondary"
        self.assertIn("bet.example thuộc nhóm", self.get("BET.example.").text)

    def test_a_locked_category_is_451_and_is_not_named(self):
        self.filter.block("bad.example", "child_abuse", locked=True, sensitive=True)
        reply = self.get("bad.example")
        self.assertEqual(reply.status, 451)
        self.assertIn("blocked-by", reply.headers["link"])
        self.assertNotIn("Xâm hại trẻ em", reply.text)

    def test_what_is_open_now_says_try_again(self):
        reply = self.get("open.example")
        self.assertEqual(reply.status, 503)
        self.assertIn("Em thử lại nhé", reply.text)

    def test_without_the_filter_the_page_is_neutral(self):
        self.filter.silent = True
        reply = self.get("bet.example")  # soon, or nothing comes
        self.assertEqual(reply.status, 403)
        self.assertIn("Mình dừng lại ở đây nhé!", reply.text)

    def test_the_browser_chooses_the_language_and_a_link_changes_it(self):
        self.filter.block("bet.example", "gambling")
        english = self.get("bet.example", Accept_Language="en-GB,en;q=0.9")
        self.assertIn('<html lang="en"', english.text)
        self.assertEqual(english.headers["content-language"], "en")
        self.assertIn('<html lang="vi"', self.get("bet.example", Accept_Language="fr").text)
        switched = self.get("bet.example", "/?lang=en", Accept_Language="vi")
        self.assertIn("/lachan/?lang=en", switched.text)

    def test_what_is_no_page_gets_an_empty_403(self):
        self.filter.block("bet.example", "gambling")
        self.filter.block("ads.example", "ads_tracking")
        for reply in (self.get("bet.example", "/app.js", accept="*/*"),
                      self.get("bet.example", "/a.png", accept="image/avif,image/*"),
                      self.get("bet.example", Sec_Fetch_Dest="script"),
                      self.get("ads.example")):
            self.assertEqual((reply.status, reply.body), (403, b""))

    def test_pages_hold_nothing_from_outside_and_may_not(self):
        self.filter.block("bet.example", "gambling")
        reply = self.get("bet.example")
        policy = reply.headers["content-security-policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)
        self.assertEqual(reply.headers["x-content-type-options"], "nosniff")
        self.assertEqual(reply.headers["cache-control"], "no-store")
        self.assertEqual(reply.headers["referrer-policy"], "no-referrer")
        self.assertEqual(reply.headers["connection"], "close")
        self.assertNotIn("set-cookie", reply.headers)
        self.assertFalse(re.search(r"<script|<link|<form| src=| style=|https?://(?!www.w3)",
                                   reply.text))

    def test_gzip_when_it_is_accepted(self):
        self.filter.block("bet.example", "gambling")
        packed = self.get("bet.example", Accept_Encoding="gzip, deflate")
        self.assertEqual(packed.headers["content-encoding"], "gzip")
        self.assertEqual(int(packed.headers["content-length"]), len(packed.body))
        self.assertLess(len(packed.body), 30 * 1024)
        plain = self.get("bet.example", Accept_Encoding="gzip;q=0")
        self.assertNotIn("content-encoding", plain.headers)
        strip = lambda text: re.sub(r"[A-Z]{3}-[2-9A-Z]{4}", "", text)  # the page's own code
        self.assertEqual(strip(packed.text), strip(plain.text))

    def test_head_tells_the_length_alone(self):
        self.filter.block("bet.example", "gambling")
        reply = self.get("bet.example", method="HEAD")
        self.assertEqual((reply.status, reply.body), (403, b""))
        self.assertGreater(int(reply.headers["content-length"]), 1000)


class Portal(PageTest):
    def test_it_stands_at_its_name_and_at_our_address(self):
        for host in (PORTAL, "127.0.0.1:%d" % self.port, "[::1]"):
            reply = self.get(host)
            self.assertEqual(reply.status, 200, host)
            self.assertIn("Lá Chắn của THCS Nguyễn Du", reply.text)
        self.assertEqual(self.get(PORTAL, "/nothing").status, 404)

    def test_its_paths_exist_below_every_name(self):
        self.filter.block("bet.example", "gambling")
        for path, words in (("/lachan/", "Lá Chắn của"), ("/lachan/why", "Vì sao một trang"),
                            ("/lachan/status", "Tiểu học"), ("/lachan/help", "tel:111"),
                            ("/lachan/sites", "Khan Academy")):
            reply = self.get("bet.example", path)
            self.assertEqual(reply.status, 200, path)
            self.assertIn(words, reply.text, path)
        self.assertEqual(self.get("bet.example", "/lachan/review").status, 404)

    def test_status_says_protected_only_where_our_dns_was_asked(self):
        self.assertIn("được bảo vệ", self.get(PORTAL, "/lachan/status").text)
        self.assertIn("chưa rõ", self.get("127.0.0.1", "/lachan/status").text)

    def test_every_link_of_a_page_leads_somewhere(self):
        seen, waiting = set(), ["/"]
        while waiting:
            path = waiting.pop()
            seen.add(path)
            reply = self.get(PORTAL, path)
            self.assertEqual(reply.status, 200, path)
            for link in re.findall(r'href="(/[^"]*)"', reply.text):
                if link not in seen:
                    waiting.append(link)
        self.assertGreater(len(seen), 4)


class Troublemakers(PageTest):
    def test_a_host_of_markup_is_never_markup_again(self):
        for host, status in (('"><script>alert(1)</script>', 400), ("a'b\"c<d>.example", 400),
                             ("x" * 300, 403), ("+ADw-script+AD4-", 403),
                             ("\\060.example", 400)):
            for tier in ("primary", "upper_secondary", "staff"):
                self.filter.tier = tier
                reply = self.get(host)
                self.assertEqual(reply.status, status, host)
                self.assertNotIn("<script", reply.text)
                self.assertNotIn("alert(1)", reply.text)

    def test_odd_paths_reach_no_file(self):
        self.filter.block("bet.example", "gambling")
        for path in ("/../../etc/passwd", "/..%2f..%2fetc/passwd", "//etc/passwd", "/%00",
                     "/lachan/../../etc/passwd", "/lachan/%2e%2e/x", "http://bet.example/x"):
            reply = self.get("bet.example", path)
            self.assertIn(reply.status, (403, 404), path)
            self.assertNotIn("root:", reply.text)

    def test_other_methods_and_bodies_are_refused(self):
        self.assertEqual(self.get("a.example", method="POST").status, 411)
        self.assertEqual(self.get("a.example", method="POST", Content_Length="5").status, 405)
        self.assertEqual(self.get("a.example", method="CONNECT").status, 405)
        self.assertEqual(self.get("a.example", Content_Length="5").status, 413)

    def test_one_connection_answers_one_request(self):
        one = b"GET / HTTP/1.1\r\nHost: a.example\r\nAccept: text/html\r\n\r\n"
        self.assertEqual(Reply(self.raw(one * 5)).count, 1)

    def test_what_two_readers_could_read_differently_is_400(self):
        start = b"GET / HTTP/1.1\r\nHost: a.example\r\n"
        for rest in (b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
                     b"Content-Length: 0\r\nContent-Length: 5\r\n\r\n", b" folded: yes\r\n\r\n",
                     b"Host: b.example\r\n\r\n", b"A: b\n\r\n", b"A : b\r\n\r\n",
                     b"A: b\0c\r\n\r\n", b"A: b\rc\r\n\r\n", b"nothing\r\n\r\n"):
            reply = Reply(self.raw(start + rest))
            self.assertEqual((reply.status, reply.count), (400, 1), rest)

    def test_a_long_head_is_431(self):
        data = b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: %s\r\n" % (b"y" * 9000)
        self.assertEqual(Reply(self.raw(data)).status, 431)

    def test_a_head_that_trickles_in_ends_at_the_deadline(self):
        sock = self.connect()
        start = time.monotonic()
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        try:
            while time.monotonic() - start < 60:
                sock.sendall(b"X-a: b\r\n")
                time.sleep(0.3)
        except (BrokenPipeError, ConnectionResetError):
            pass
        self.assertLess(time.monotonic() - start, 40)  # 5 s, however often there is more

    def test_one_client_cannot_take_all_connections(self):
        held = []
        for _ in range(60):
            sock = self.connect()
            sock.sendall(b"GET / HT")
            held.append(sock)
            sock.setblocking(False)

        def is_open(sock):
            try:
                return sock.recv(1, socket.MSG_PEEK) != b""
            except BlockingIOError:
                return True
            except ConnectionResetError:
                return False
        self.wait_for("half of all to be left", lambda: sum(map(is_open, held)) == 32)
        for sock in held:
            sock.close()
        self.filter.block("bet.example", "gambling")
        self.wait_for("room again", lambda: self.raw(
            b"GET / HTTP/1.1\r\nHost: bet.example\r\n\r\n").startswith(b"HTTP/1.1 403"))

    def test_a_client_outside_allow_is_closed_at_once(self):
        self.page.term()
        self.page = self.start("lachan-page", "-c", self.config(allow="[10.99.0.0/16]"))
        self.page.wait_log("serving the warning page")
        self.assertEqual(self.raw(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), b"")


class Reload(PageTest):
    def test_hup_reads_the_texts_again_and_keeps_the_old_ones_when_they_are_wrong(self):
        os.mkdir(self.path("rules"))
        for name in os.listdir(os.path.join(SOURCE_DIR, "rules")):
            if name != "pages.yaml":
                os.symlink(os.path.join(SOURCE_DIR, "rules", name), self.path("rules", name))
        with open(os.path.join(SOURCE_DIR, "rules", "pages.yaml"), encoding="utf-8") as file:
            text = file.read()
        self.write("rules/pages.yaml", text)
        self.page.term()
        self.page = self.start("lachan-page", "-c", self.config(rules="rules"))
        self.page.wait_log("serving the warning page")
        self.write("rules/pages.yaml", text.replace("Vì sao một trang bị chặn?", "Tại sao vậy?"))
        self.page.hup()
        self.page.wait_log("read again")
        self.assertIn("Tại sao vậy?", self.get(PORTAL, "/lachan/why").text)
        self.write("rules/pages.yaml", text.replace('en: "Go back"', 'en: "Go {back}"'))
        self.page.hup()
        self.page.wait_log("kept the old configuration")
        self.assertIn("Tại sao vậy?", self.get(PORTAL, "/lachan/why").text)


class WithTheFilter(PageTest):
    """The real filter on verdict.sock, with the small lists that ship."""

    def setUp(self):
        self.need("lachan-filter")
        self.need("lachan-feeds")
        super().setUp()
        self.filter.close()
        os.unlink(self.path("run", "verdict.sock"))
        config = self.path("lachan.yaml")
        self.assertEqual(self.run_program("lachan-feeds", "-c", config)[0], 0)
        self.start("lachan-filter", "-c", config)
        self.wait_for("verdict.sock", lambda: os.path.exists(self.path("run", "verdict.sock")))

    def test_each_category_gets_its_page(self):
        for category, status, words in (
                ("gambling", 403, "Mình dừng lại ở đây nhé!"),
                ("self-harm", 403, "Em không phải chịu đựng một mình"),
                ("child-abuse", 451, "Không ai được bắt em"),
                ("phishing-scam", 403, "Em đừng bấm tiếp nhé!"),
                ("proxy-vpn-doh", 403, "Mình dùng mạng của trường nhé!"),
                ("illegal-vn", 451, "Mình dừng lại ở đây nhé!")):
            host = "www.%s.thu.lachan.example" % category

            def answered():
                reply = self.get(host)
                return reply if reply.status == status and words in reply.text else None
            self.wait_for("%s for %s" % (status, host), answered)
        self.assertEqual(self.get("www.moet.gov.vn").status, 503)
        self.assertIn("Tiểu học, được bảo vệ", self.get(PORTAL, "/lachan/status").text)


if __name__ == "__main__":
    main()
