"""A person at the department's web: a browser of a few lines, with cookies and forms."""
import hashlib
import http.client
import os
import re
import urllib.parse
from html.parser import HTMLParser

from district_test import PATIENCE_S

PASSWORD = "con đường đến trường"
ROLES = ("operator", "viewer", "education", "ict", "police", "child_affairs", "youth_union")


def account(name, roles, password=PASSWORD):
    """A line of users_file, with a password that costs little."""
    salt = os.urandom(16)
    made = hashlib.scrypt(password.encode(), salt=salt, n=1 << 10, r=8, p=1, dklen=32)
    return "name=%s roles=%s made=2026-11-22 password=10:8:1:%s:%s" % (name, roles, salt.hex(), made.hex())


class Reader(HTMLParser):
    """What a reader (or a screen reader) finds on a page."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.links, self.forms, self.tables, self.tags, self.attributes = [], [], {}, [], []
        self.words = []
        self.table, self.row, self.cell, self.unheard = None, None, None, 0
        self.skipping = 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        held = dict(attrs)
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag == "a":
            self.links.append(held.get("href", ""))
        elif tag == "form":
            self.forms.append({"method": held.get("method", "get"), "action": held["action"], "fields": {}})
        elif tag == "input" and self.forms and held.get("type") == "hidden":
            self.forms[-1]["fields"][held["name"]] = held.get("value", "")
        elif tag == "table":
            self.table = []
            self.tables[held.get("id", str(len(self.tables)))] = self.table
        elif tag == "tr":
            self.row = []
        elif tag in ("td", "th"):
            self.cell = ""
        elif tag in ("script", "style"):
            self.skipping += 1
        if held.get("aria-hidden") == "true":
            self.unheard += 1

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self.row is not None:
            self.row.append(" ".join(self.cell.split()))
            self.cell = None
        elif tag == "tr" and self.table is not None:
            self.table.append(self.row)
        elif tag == "table":
            self.table = None
        elif tag in ("script", "style"):
            self.skipping -= 1
        elif tag == "span" and self.unheard:
            self.unheard -= 1

    def handle_data(self, data):
        if self.skipping or self.unheard:
            return
        self.words.append(data)
        if self.cell is not None:
            self.cell += data

    def text(self):
        return " ".join(" ".join(self.words).split())


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.page = Reader(body) if "text/html" in headers.get("content-type", "") else None

    def text(self):
        return self.page.text()

    def table(self, name):
        """{first cell of a row: {column: cell}}."""
        rows = self.page.tables[name]
        return {row[0]: dict(zip(rows[0], row)) for row in rows[1:]}


class Person:
    """Somebody with a browser. `host` is what the address bar says."""

    def __init__(self, test, language="en", **headers):
        self.test, self.cookies = test, {}
        self.headers = {"Accept-Language": language, **headers}

    def ask(self, method, path, body=None, headers=None):
        line = http.client.HTTPConnection("127.0.0.1", self.test.port, timeout=PATIENCE_S)
        sent = {**self.headers, **(headers or {})}
        if self.cookies:
            sent["Cookie"] = "; ".join("%s=%s" % pair for pair in self.cookies.items())
        try:
            line.request(method, path, body, sent)
            got = line.getresponse()
            for value in got.headers.get_all("Set-Cookie") or []:
                name, _, rest = value.partition("=")
                self.cookies[name] = rest.partition(";")[0]
                if not self.cookies[name]:
                    del self.cookies[name]
            return Answer(got.status, {k.lower(): v for k, v in got.getheaders()},
                          got.read().decode("utf-8"))
        finally:
            line.close()

    def get(self, path, **headers):
        return self.ask("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def post(self, path, fields, **headers):
        body = urllib.parse.urlencode(fields).encode()
        return self.ask("POST", path, body, {
            "Content-Type": "application/x-www-form-urlencoded",
            **{k.replace("_", "-"): v for k, v in headers.items()}})

    def form(self, path, action=None):
        """The hidden fields of a form of this page."""
        answer = self.get(path)
        for form in answer.page.forms:
            if form["method"] == "post" and form["action"] == (action or form["action"]):
                return dict(form["fields"])
        raise AssertionError("no form on %s: %s" % (path, answer.text()))

    def submit(self, page, action, **fields):
        return self.post(action, {**self.form(page, action), **fields})

    def sign_in(self, user, password=PASSWORD, page="/login"):
        return self.submit(page, "/login", user=user, password=password)


def number(text, language="en"):
    """1,234 or 1.234, with or without "at least" before it."""
    digits = re.search(r"[\d.,]+$", text).group()
    return int(digits.replace("," if language == "en" else ".", ""))
