"""A browser without scripts and cookies, as far as a form needs one.

    form = self.open_form("bet.example", "/lachan/review")   # GET, and its first form read
    form["reason"] = "bài tập"
    reply = form.send()                                      # POST; a Reply of test_page
"""
import html
import re
import time
import urllib.parse
from html.parser import HTMLParser

from fake_desk import FakeDesk
from test_page import BROWSER, PORTAL, PageTest, Reply


PUPILS = ("/lachan/review", "/lachan/report", "/lachan/answer")
STAFFS = ("/lachan/open", "/lachan/staff", "/lachan/quick")


def evening():
    """A moment ahead of us, and of today if there is any left of it."""
    return int(time.time()) + 60


class Reader(HTMLParser):
    """Forms, visible words and headings of a page."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.forms, self.labels, self.words, self.tags = [], {}, [], []
        self.ids, self.current, self.area, self.select, self.quiet = [], None, None, None, 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        self.tags.append((tag, a))
        if "id" in a:
            self.ids.append(a["id"])
        if tag in ("style", "title"):
            self.quiet += 1
        if tag == "form":
            self.current = {"action": a["action"], "method": a["method"], "fields": {},
                            "visible": [], "elements": []}
            self.forms.append(self.current)
        if tag == "label" and "for" in a:
            self.labels[a["for"]] = a
        if self.current is None:
            return
        if tag == "input":
            self._input(a)
        elif tag == "textarea":
            self.area = (a["name"], [])
            self._visible(a)
        elif tag == "select":
            self.select = a["name"]
            self.current["fields"].setdefault(self.select, "")
            self._visible(a)
        elif tag == "option" and self.select and "selected" in a:
            self.current["fields"][self.select] = a["value"]

    def _visible(self, a):
        self.current["visible"].append(a["name"])
        self.current["elements"].append(a)

    def _input(self, a):
        fields = self.current["fields"]
        if a["type"] in ("radio", "checkbox"):
            if "checked" in a:
                fields[a["name"]] = a["value"]
        else:
            fields[a["name"]] = a.get("value", "")
        if a["type"] != "hidden":
            self._visible(a)

    def handle_endtag(self, tag):
        if tag in ("style", "title"):
            self.quiet -= 1
        if tag == "textarea":
            name, parts = self.area
            self.current["fields"][name] = "".join(parts)
            self.area = None
        if tag == "select":
            self.select = None
        if tag == "form":
            self.current = None

    def handle_data(self, data):
        if self.area is not None:
            # A reader of HTML drops the line end right behind <textarea>.
            self.area[1].append(data[1:] if not self.area[1] and data.startswith("\n") else data)
        if not self.quiet:
            self.words.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.words))


class Form(dict):
    def __init__(self, test, host, read):
        super().__init__(read["fields"])
        self.test, self.host = test, host
        self.action, self.visible = read["action"], read["visible"]

    def send(self, **headers):
        return self.test.post(self.host, self.action, dict(self), **headers)


class Filling:
    """What a test needs to fill in forms: it has raw(bytes) and get(host, path, ...)."""

    def post(self, host, path, fields, **headers):
        body = urllib.parse.urlencode(fields)
        lines = ["POST %s HTTP/1.1" % path, "Host: %s" % host, "Accept: %s" % BROWSER,
                 "Content-Type: application/x-www-form-urlencoded",
                 "Content-Length: %d" % len(body)]
        lines += ["%s: %s" % (k.replace("_", "-"), v) for k, v in headers.items()]
        return Reply(self.raw(("\r\n".join(lines) + "\r\n\r\n" + body).encode()))

    def form_in(self, host, reply):
        forms = Reader(reply.text).forms
        self.assertTrue(forms, html.unescape(reply.text)[-3000:])
        return Form(self, host, forms[0])

    def open_form(self, host, path, **headers):
        reply = self.get(host, path, **headers)
        self.assertEqual(reply.status, 200, path)
        return self.form_in(host, reply)


class FormsTest(Filling, PageTest):
    LEVELS = "[primary, lower_secondary, upper_secondary]"
    MORE = ""

    def setUp(self):
        super().setUp()
        self.desk = FakeDesk(self.path("run", "forms.sock"))
        self.addCleanup(self.desk.close)
        self.restart()
        self.filter.block("bet.example", "gambling")

    def restart(self):
        """The page polls when it starts: so it knows what holds, without a wait of seconds."""
        self.page.term()
        polls = self.desk.polls
        self.page = self.start("lachan-page", "-c", self.config())
        self.page.wait_log("serving the warning page")
        self.wait_for("the standing", lambda: self.desk.polls > polls)
        self.wait_for("the standing to be known", self.knows)

    def knows(self):
        return self.get(PORTAL, "/lachan/answer").status == 200 or \
            not self.desk.standing.get("ok")

    def config(self, **how):
        path = super().config(**how)
        with open(path, encoding="utf-8") as file:
            text = file.read().replace("levels: [primary]", "levels: " + self.LEVELS)
        return self.write("lachan.yaml", text + self.MORE)


class StaffTest(FormsTest):
    MORE = "\nfilter: {groups: [{name: phong-tin-1, clients: [10.1.0.0/24]}, " \
           "{name: phong-tin-2, clients: [10.2.0.0/24]}]}\n"

    def sign_in(self, path, host=PORTAL):
        form = self.open_form(host, path)
        form["user"], form["password"] = "hoa", "mật khẩu dài"
        return form.send()
