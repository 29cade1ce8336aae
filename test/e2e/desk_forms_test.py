"""A school whose forms are real: filter, desk and page, started by hand. Rooms are told apart by
source addresses on loopback.

    class Reviews(DeskFormsTest):
        def test_something(self):
            self.run_school()
            self.look_in()                  # somebody who answers reviews is here
            self.run_page("review")         # the page shows that form when this returns
            form = self.open_form("game.example", "/lachan/review")
"""
import os
import socket

from desk_test import DeskTest
from forms_test import BROWSER, PORTAL, Filling, Reply
from lachan_test import wait_for

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
