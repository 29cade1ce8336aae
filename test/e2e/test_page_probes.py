"""What the page answers to hostile requests: the table of page_probes.py, one by one."""
import html.parser
import socket

import forms_test
import page_probes as probes
import test_page
from lachan_test import main


class Structure(html.parser.HTMLParser):
    """The elements of a page with the names of their attributes, and where links lead."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.links = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.links += [value for name, value in attrs if name in ("href", "action", "src")]

    def handle_endtag(self, tag):
        self.elements.append(("/" + tag, ()))

    def handle_comment(self, data):
        self.elements.append(("comment", ()))

    def handle_decl(self, decl):
        self.elements.append(("declaration", ()))


class AllBlocked(test_page.FakeFilter):
    """Says of every name that it is blocked, to a reader who is shown names."""

    def __init__(self, path):
        super().__init__(path)
        self.tier = "upper_secondary"

    def _answer(self, number, name):
        if name != test_page.PORTAL:
            self.block(name, "gambling")
        return super()._answer(number, name)


class Asker:
    """Sends a probe and holds what comes against a plain page of its kind."""

    FILTER = AllBlocked
    sent = 0

    def ask(self, request):
        """The octets of the answer and their reading. Each probe comes from an address of its
        own, so that none meets the limit that another one filled."""
        self.sent += 1
        source = ("127.1.%d.%d" % divmod(self.sent, 250), 0)
        sock = socket.create_connection(("127.0.0.1", self.port), 10, source)
        answer = []
        with sock:
            try:
                sock.sendall(request)
                while part := sock.recv(65536):
                    answer.append(part)
            except (ConnectionResetError, BrokenPipeError):
                pass  # what came before counts
        data = b"".join(answer)
        return data, test_page.Reply(data)

    def check_all(self, table):
        for what, request, status, kind in table:
            with self.subTest(what, request=request[:200]):
                self.check(request, status, kind)
        self.assertIsNone(self.page.process.poll())

    def plain_page(self, request):
        """Its structure, as it is when the filter has answered in time: a busy machine may
        need more than the 50 ms that the page waits, and the page is another one then."""
        def page():
            text = self.ask(request)[1].text
            return text if '<body class="older"' in text else None
        return Structure(self.wait_for("a page for older pupils", page))

    def check(self, request, status, kind):
        for _ in range(10):  # likewise
            data, reply = self.ask(request)
            self.check_always(data, reply)
            if reply.status == status and self.has_become_nothing_else(reply, kind):
                return
        self.assertEqual(reply.status, status)
        self.fail("something sent has become markup: %s" % reply.text[-2000:])

    def check_always(self, data, reply):
        self.assertEqual(reply.count, 1, "more than one answer")
        self.assertEqual(reply.headers["connection"], "close")
        self.assertEqual(int(reply.headers["content-length"]), len(reply.body))
        for name in ("set-cookie", "location", "refresh", "x-injected",
                     "access-control-allow-origin"):
            self.assertNotIn(name, reply.headers)
        self.assertNotIn(b"root:x:", data)
        self.assertNotIn(b"<script", data.lower())
        if reply.body:
            self.assertIn("default-src 'none'", reply.headers["content-security-policy"])

    def has_become_nothing_else(self, reply, kind):
        if kind == probes.EMPTY:
            return reply.body == b""
        got, plain = Structure(reply.text), self.plain[kind]
        return got.elements == plain.elements and got.links == plain.links


class Probes(Asker, test_page.PageTest):
    def setUp(self):
        super().setUp()
        self.plain = {
            probes.WARNING: self.plain_page(probes.get()),
            probes.FIRST: self.plain_page(probes.get("/", probes.PORTAL)),
            probes.MISSING: self.plain_page(probes.get("/lachan/nothing-here")),
        }

    def test_each_probe_gets_its_one_answer(self):
        self.assertGreater(len(probes.PROBES), 200)
        self.check_all(probes.PROBES)

    def test_the_filter_is_asked_for_the_address_that_came(self):
        self.ask(probes.get("/", probes.NAME, "X-Forwarded-For: 10.0.0.1", "Forwarded: for=10.0.0.1"))
        self.assertEqual(self.filter.asked[-1][2][:2], b"\x7f\x01")


class FormProbes(Asker, forms_test.FormsTest):
    def test_each_form_that_lies_gets_its_one_answer(self):
        self.plain = {probes.FRESH: self.plain_page(probes.get(probes.FORM, probes.PORTAL)),
                      probes.AGAIN: self.plain_page(probes.post())}
        self.check_all(probes.FORM_PROBES)
        self.assertEqual(self.desk.asked, [], "the desk was asked")

    def test_no_form_is_packed(self):
        """Its token must not be told by the length of what is packed beside it (BREACH)."""
        for name in ("", "?name=bet.example"):
            _, reply = self.ask(probes.get(probes.FORM + name, probes.PORTAL, "Accept-Encoding: gzip"))
            self.assertEqual(reply.status, 200)
            self.assertNotIn("content-encoding", reply.headers)


if __name__ == "__main__":
    main()
