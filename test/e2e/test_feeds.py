#!/usr/bin/env python3
"""lachan-feeds against a hostile feed server on loopback.

The test over real feeds needs the folder ../shared/feeds beside the project and is skipped
without it.
"""
import gzip
import hashlib
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import feed_server as fs
from lachan_test import BIN, SKIPPED, SOURCE_DIR, free_port, plain_rules

SHARED = os.path.join(os.path.dirname(SOURCE_DIR), "shared", "feeds")
WAIT_S = 120


def names(count, label="name"):
    return "".join("%s%d.example.com\n" % (label, i) for i in range(count)).encode()


class School:
    """A configuration with a state of its own."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="lachan-feeds-")
        self.state = os.path.join(self.folder, "state")
        self.run_dir = os.path.join(self.folder, "run")
        self.config = os.path.join(self.folder, "lachan.yaml")
        os.mkdir(self.state)
        os.mkdir(self.run_dir)
        self.data_dir = plain_rules()
        self.filter = {}
        self.upstream = {}
        self.feeds = []

    def remove(self):
        shutil.rmtree(self.folder)

    def feed(self, name, *urls, category="gambling", **keys):
        """Adds a feed, or changes the one of this name in its place."""
        feed = dict({"name": name, "category": category, "url": list(urls)}, **keys)
        known = [f["name"] for f in self.feeds]
        if name in known:
            self.feeds[known.index(name)] = feed
        else:
            self.feeds.append(feed)

    def write(self):
        # JSON is YAML.
        with open(self.config, "w", encoding="utf-8") as file:
            json.dump({
                "school": {"levels": ["lower_secondary"], "languages": ["en"]},
                "server": {"data_dir": self.data_dir, "user": "",
                           "state_dir": self.state, "run_dir": self.run_dir,
                           "listen": ["127.0.0.1:5353"], "log": {"target": "stderr"}},
                "upstream": self.upstream,
                "filter": dict({"feeds": self.feeds}, **self.filter),
            }, file)

    def command(self, *arguments):
        self.write()
        return [os.path.join(BIN, "lachan-feeds"), "-c", self.config, *arguments]

    def environment(self):
        # A proxy from the environment must never be used.
        return dict(os.environ, http_proxy="http://127.0.0.1:1", https_proxy="http://127.0.0.1:1",
                    all_proxy="http://127.0.0.1:1")

    def start(self, *arguments):
        return subprocess.Popen(self.command(*arguments), env=self.environment(),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def fetch(self, *arguments):
        done = subprocess.run(self.command(*arguments), env=self.environment(), timeout=WAIT_S,
                              capture_output=True, text=True, check=False)
        if "Sanitizer" in done.stderr or done.returncode < 0:
            raise AssertionError("lachan-feeds: %d\n%s" % (done.returncode, done.stderr))
        return done

    def meta_path(self, name):
        return os.path.join(self.state, "feeds", name + ".meta")

    def meta(self, name):
        with open(self.meta_path(name), encoding="utf-8") as file:
            return json.load(file)

    def make_due(self, name):
        meta = self.meta(name)
        meta["next_try"] = "2001-01-01T00:00:00Z"
        with open(self.meta_path(name), "w", encoding="utf-8") as file:
            json.dump(meta, file)

    def rules(self):
        """The identity of rules.db, or None."""
        try:
            with open(os.path.join(self.state, "rules.db"), "rb") as file:
                return hashlib.sha256(file.read()).hexdigest()
        except FileNotFoundError:
            return None

    def copy(self, name):
        with gzip.open(os.path.join(self.state, "feeds", name + ".gz")) as file:
            return file.read()

    def verdict(self, name):
        done = subprocess.run(
            [os.path.join(BIN, "lachan-rules"), "explain", "-d",
             os.path.join(self.state, "rules.db"), "--json", name],
            capture_output=True, text=True, timeout=WAIT_S, check=False)
        if done.returncode > 1 or not done.stdout:
            raise AssertionError(done.stderr)
        return json.loads(done.stdout.splitlines()[0])


HAVE_RULES_TOOL = os.path.exists(os.path.join(BIN, "lachan-rules"))


class FeedsTest(unittest.TestCase):
    def setUp(self):
        self.school = School()
        self.server = fs.FeedServer()
        self.addCleanup(self.school.remove)
        self.addCleanup(self.server.stop)

    def serve(self, path, answer):
        self.server.answers[path] = answer
        return self.server.url(path)

    def good(self, *arguments):
        done = self.school.fetch(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def refused(self, name, reason, *arguments):
        """The feed is refused, named with its reason on stdout, in the log and in its meta."""
        done = self.school.fetch(*arguments)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("%s: refused: " % name, done.stdout)
        self.assertIn(reason, done.stdout)
        self.assertIn("%s: refused: " % name, done.stderr)
        meta = self.school.meta(name)
        self.assertEqual(meta["result"], "refused")
        self.assertIn(reason, meta["reason"])
        return done


class Fetching(FeedsTest):
    def test_several_formats_become_one_database(self):
        self.school.feed("plain", self.serve("/plain", fs.body(names(20, "plain"))))
        self.school.feed("hosts", self.serve("/hosts", fs.body(
            b"# hosts\n127.0.0.1 localhost\n0.0.0.0 a.bet b.bet\n" +
            b"".join(b"0.0.0.0 h%d.bet\n" % i for i in range(20)))), format="hosts")
        self.school.feed("star", self.serve("/star", fs.body(
            b"".join(b"*.w%d.game\n" % i for i in range(20)))), category="games",
            format="wildcard")
        self.school.feed("ads", self.serve("/ads", fs.body(
            b"! ads\n" + b"".join(b"||ad%d.net^\n" % i for i in range(20)) +
            b"@@||good.ad1.net^\nexample.org##.banner\n")), category="ads_tracking",
            format="adblock")
        self.good()
        meta = self.school.meta("hosts")
        self.assertEqual((meta["entries"], meta["format"], meta["category"]),
                         (22, "hosts", "gambling"))
        self.assertEqual(self.school.meta("plain")["entries"], 20)
        self.assertEqual(self.school.meta("star")["entries"], 20)
        self.assertEqual(self.school.meta("ads")["entries"], 20)
        self.assertIsNotNone(self.school.rules())
        self.assertEqual(self.school.copy("plain"), names(20, "plain"))

    @unittest.skipUnless(HAVE_RULES_TOOL, "lachan-rules is not built")
    def test_the_database_says_what_the_feeds_say(self):
        self.school.feed("bets", self.serve("/bets", fs.body(names(5) + b"casino.bet\n")))
        self.school.feed("ads", self.serve("/ads", fs.body(
            b"||ads.net^\n@@||good.ads.net^\n")), category="ads_tracking", format="adblock")
        self.good()
        found = self.school.verdict("www.casino.bet")
        self.assertEqual((found["verdict"], found["categories"]), ("block", ["gambling"]))
        self.assertEqual(self.school.verdict("x.ads.net")["verdict"], "block")
        self.assertNotEqual(self.school.verdict("good.ads.net")["verdict"], "block")
        self.assertEqual(self.school.verdict("example.com")["verdict"], "none")

    def test_etag_and_date_spare_the_body_in_a_later_run(self):
        date = "Sat, 21 Nov 2026 07:28:00 GMT"
        self.school.feed("tagged", self.serve("/tag", fs.with_etag(names(30), 'W/"v1"')))
        self.school.feed("dated", self.serve("/date", fs.with_date(names(30), date)))
        self.good()
        rules = self.school.rules()
        fetched = self.school.meta("tagged")["fetched"]
        done = self.good()
        self.assertIn("tagged: unchanged", done.stdout)
        self.assertEqual(self.server.headers("/tag")["if-none-match"], 'W/"v1"')
        self.assertEqual(self.server.headers("/date")["if-modified-since"], date)
        for name in "tagged", "dated":
            self.assertEqual(self.school.meta(name)["result"], "unchanged")
        self.assertEqual(self.school.meta("tagged")["fetched"], fetched)
        self.assertEqual(self.school.rules(), rules, "published again without need")
        # A copy that has gone must come whole: 304 would leave us with nothing.
        os.unlink(os.path.join(self.school.state, "feeds", "tagged.gz"))
        self.good()
        self.assertNotIn("if-none-match", self.server.headers("/tag"))
        self.assertEqual(self.school.copy("tagged"), names(30))

    def test_unchanged_bodies_publish_nothing_and_changed_ones_do(self):
        self.school.feed("list", self.serve("/list", fs.body(names(30))))
        self.good()
        first = self.school.rules()
        self.good()
        self.assertEqual(self.school.rules(), first)
        self.serve("/list", fs.body(names(31)))
        self.good()
        self.assertNotEqual(self.school.rules(), first)
        with open(os.path.join(self.school.state, "rules.db.prev"), "rb") as file:
            self.assertEqual(hashlib.sha256(file.read()).hexdigest(), first)

    def test_compressed_and_chunked_bodies_are_undone(self):
        data = names(2500)
        self.school.feed("gzip", self.serve("/gzip", fs.compressed(data)))
        self.school.feed("chunked", self.serve("/chunked", fs.chunked(data)))
        self.school.feed("brotli", self.serve(
            "/brotli", fs.packed_as(fs.brotli_stored(data), "br")))
        if shutil.which("zstd"):
            packed = subprocess.run(["zstd", "-c"], input=data, capture_output=True,
                                    check=True).stdout
            self.school.feed("zstd", self.serve("/zstd", fs.packed_as(packed, "zstd")))
        self.good()
        for feed in self.school.feeds:
            self.assertEqual(self.school.meta(feed["name"])["entries"], 2500)
            self.assertEqual(self.school.copy(feed["name"]), data)

    def test_one_bad_line_costs_that_line_and_is_counted(self):
        self.school.feed("list", self.serve("/list", fs.body(
            names(200) + b"not a name at all!\n" + b"com\n" + b"edu.vn\n" + b"bad\x01byte.com\n" +
            b"x" * 200000 + b"\nlast.example.com")))
        self.good()
        meta = self.school.meta("list")
        self.assertEqual(meta["entries"], 201)
        self.assertEqual(sum(meta["refused"].values()), 5, meta["refused"])
        self.assertEqual(meta["protected"], 1)
        self.assertGreaterEqual(len(meta["refused"]), 4)

    def test_names_the_filter_needs_are_never_covered(self):
        self.school.feed("list", self.serve("/list", fs.body(
            names(50) + b"com.vn\ngov.vn\nntp.org\ntime.windows.com\nlachan.internal\n"
            b"mirror.test-feeds.example\ntest-feeds.example\nother.test-feeds.example\n")))
        self.school.feed("far", "http://mirror.test-feeds.example:1/x")
        self.school.feed("patterns", self.serve("/patterns", fs.body(
            b"/mirror[.]test/\n/(^|[.])windows[.]com$/\n||*.lachan.internal^\n" +
            b"@@/mirror[.]test/\n" + b"".join(b"||p%d.example^\n" % i for i in range(30)))),
                         format="adblock")
        self.school.upstream = {"servers": ["udp://127.0.0.1:1"], "timeout": "200ms"}
        self.school.fetch()
        meta = self.school.meta("list")
        self.assertEqual((meta["entries"], meta["protected"]), (51, 7))
        self.assertEqual(self.school.meta("patterns")["protected"], 2)

    def test_the_second_address_is_used_when_the_first_fails(self):
        good = self.serve("/good", fs.body(names(30)))
        bad = self.serve("/bad", fs.body(b"<html><body>login</body></html>"))
        self.school.feed("list", "http://127.0.0.1:1/x", bad, good)
        self.good()
        self.assertEqual(self.school.meta("list")["url"], good)
        self.serve("/good", fs.body(b"", status=500))
        done = self.refused("list", "the server answered 500")
        self.assertIn(bad, done.stdout)

    def test_a_file_is_read_and_a_device_is_not(self):
        path = os.path.join(self.school.folder, "own list.txt")
        with open(path, "wb") as file:
            file.write(names(40))
        pipe = os.path.join(self.school.folder, "pipe")
        os.mkfifo(pipe)
        self.school.feed("own", "file://" + path.replace(" ", "%20"))
        self.school.feed("none", "file:///nonexistent/list")
        self.school.feed("zero", "file:///dev/zero")
        self.school.feed("pipe", "file://" + pipe)
        done = self.school.fetch()
        self.assertEqual(done.returncode, 1)
        self.assertEqual(self.school.meta("own")["entries"], 40)
        for name in "none", "zero", "pipe":
            self.assertEqual(self.school.meta(name)["result"], "refused")

    def test_packaged_lists_are_pulled_without_any_network(self):
        self.school.feeds = []
        self.good()
        self.assertEqual(self.school.meta("lachan-adult")["result"], "ok")
        self.assertIsNotNone(self.school.rules())


class Refusing(FeedsTest):
    def setUp(self):
        super().setUp()
        self.list = names(100)
        self.url = self.serve("/list", fs.body(self.list))
        self.school.feed("list", self.url)
        self.school.feed("other", self.serve("/other", fs.body(names(50, "other"))))
        self.good()
        self.rules = self.school.rules()

    def broken(self, answer, reason):
        self.serve("/list", answer)
        self.refused("list", reason)
        self.assertEqual(self.school.copy("list"), self.list, "the last good copy was lost")
        self.assertEqual(self.school.meta("list")["entries"], 100)
        self.assertEqual(self.school.rules(), self.rules)
        leftovers = [n for n in os.listdir(os.path.join(self.school.state, "feeds"))
                     if ".tmp." in n]
        self.assertEqual(leftovers, [])

    def test_html_instead_of_a_list(self):
        self.broken(fs.body(b"<!DOCTYPE html><html><body>Please log in</body></html>",
                            Content_Type="text/plain"), "web page")

    def test_an_error_page_in_plain_words(self):
        self.broken(fs.body(b"The list has moved, sorry.\nPlease ask the owner!\n" * 30), "")

    def test_an_empty_body(self):
        self.broken(fs.body(b""), "empty")

    def test_only_comments(self):
        self.broken(fs.body(b"# nothing here\n" * 50), "")

    def test_a_body_cut_at_any_place(self):
        for percent in 0, 10, 50, 99:
            self.broken(fs.cut_short(self.list, percent), "cut short")

    def test_a_chunked_body_without_its_end(self):
        self.broken(fs.chunked(self.list, last=False), "cut short")

    def test_a_body_whose_end_nobody_can_tell(self):
        self.broken(fs.until_close(self.list), "where the body ends")

    def test_a_reset_and_a_closed_connection(self):
        self.broken(fs.reset, "")
        self.broken(fs.hang_up, "")

    def test_damaged_compression(self):
        packed = bytearray(gzip.compress(self.list))
        packed[len(packed) // 2] ^= 0xff
        self.broken(fs.packed_as(bytes(packed), "gzip"), "")
        self.broken(fs.packed_as(self.list, "gzip"), "")
        self.broken(fs.packed_as(self.list, "bzip2"), "")

    def test_binary_data(self):
        self.broken(fs.body(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 10), "")
        self.broken(fs.body(self.list.decode().encode("utf-16")), "")

    def test_a_server_error_and_its_recovery(self):
        self.broken(fs.body(b"oops", status=500), "the server answered 500")
        first = self.school.meta("list")
        self.assertEqual(first["failures"], 1)
        self.broken(fs.body(b"", status=503, Retry_After="3600"), "503")
        second = self.school.meta("list")
        self.assertEqual(second["failures"], 2)
        asked = time.strptime(second["next_try"], "%Y-%m-%dT%H:%M:%SZ")
        checked = time.strptime(second["checked"], "%Y-%m-%dT%H:%M:%SZ")
        self.assertEqual(time.mktime(asked) - time.mktime(checked), 3600)
        self.serve("/list", fs.body(names(101)))
        self.good()
        meta = self.school.meta("list")
        self.assertEqual((meta["result"], meta["failures"], meta["entries"]), ("ok", 0, 101))

    def test_other_answers_that_are_no_list(self):
        for status in 204, 206, 304, 401, 404:
            self.broken(fs.body(self.list, status=status), "the server answered %d" % status)

    def test_a_shrunken_list(self):
        self.broken(fs.body(names(49)), "max_shrink")
        self.serve("/list", fs.body(names(50)))
        self.good()
        self.assertEqual(self.school.meta("list")["entries"], 50)

    def test_too_few_entries(self):
        self.school.feed("list", self.url, min_entries=80, max_shrink=100)
        self.broken(fs.body(names(79)), "min_entries")

    def test_a_body_larger_than_max_size(self):
        self.school.feed("list", self.url, max_size="64KiB")
        self.broken(fs.body(names(20000)), "max_size")
        self.broken(fs.endless(), "max_size")
        self.broken(fs.compressed(names(20000)), "max_size")

    def test_a_gzip_bomb(self):
        self.broken(fs.compressed(b"0" * 200_000_000), "")
        self.broken(fs.compressed(b"a.example.com\n" * 10_000_000), "100 times its size")

    def test_a_pinned_digest(self):
        digest = hashlib.sha256(self.list).hexdigest()
        self.school.feed("list", self.url, sha256=digest.upper())
        self.good()
        self.broken(fs.body(names(101)), "pinned")

    def test_the_others_are_published(self):
        self.serve("/list", fs.body(b"oops", status=500))
        self.serve("/other", fs.body(names(60, "other")))
        self.refused("list", "500")
        self.assertNotEqual(self.school.rules(), self.rules)
        self.assertEqual(self.school.meta("other")["entries"], 60)
        self.assertEqual(self.school.meta("list")["entries"], 100)


class Redirects(FeedsTest):
    def lead(self, location, **keys):
        self.school.feed("list", self.serve("/list", fs.redirect(location, **keys)))

    def test_a_redirect_to_the_same_network_is_followed(self):
        self.serve("/there", fs.body(names(30)))
        for status in 301, 302, 303, 307, 308:
            self.lead("/there", status=status)
            self.good()
        self.assertEqual(self.school.meta("list")["url"], self.server.url("/list"))

    def test_five_redirects_are_followed_and_no_more(self):
        for i in range(6):
            self.serve("/%d" % i, fs.redirect("/%d" % (i + 1)))
        self.serve("/6", fs.body(names(30)))
        self.school.feed("list", self.server.url("/1"))
        self.good()
        self.school.feed("list", self.server.url("/0"))
        self.refused("list", "more than 5 redirects")

    def test_a_loop_ends(self):
        self.lead("/list")
        self.refused("list", "more than 5 redirects")
        self.assertEqual(self.server.count("/list"), 6)

    def test_other_schemes_are_refused(self):
        for location in ("file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/x",
                         "http://user:pw@127.0.0.1/"):
            self.lead(location)
            self.refused("list", "a redirect leads to")

    def test_other_networks_are_refused(self):
        for location in ("http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/x",
                         "http://[fe80::1]/x", "http://0.0.0.0/x", "http://192.168.1.1/",
                         "http://[::ffff:169.254.169.254]/", "http://2852039166/"):
            self.lead(location)
            self.refused("list", "address")

    def test_a_redirect_without_a_place(self):
        self.school.feed("list", self.serve("/list", fs.body(b"x", status=302)))
        self.refused("list", "Location")


class StubServer(threading.Thread):
    """A DNS server with a few addresses, over UDP; truncates names that begin with "tc"."""

    def __init__(self, addresses):
        super().__init__(daemon=True)
        self.addresses = addresses
        self.asked = []
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # Below the range that clients get: one of them could hold the port over TCP.
        self.port = free_port()
        self.udp.bind(("127.0.0.1", self.port))
        self.tcp = socket.create_server(("127.0.0.1", self.port))
        self.start()
        threading.Thread(target=self.serve_tcp, daemon=True).start()

    def answer(self, query, over_tcp):
        end = query.index(b"\0", 12)
        name, at = [], 12
        while at < end:
            name.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        name = ".".join(name)
        qtype = struct.unpack(">H", query[end + 1:end + 3])[0]
        self.asked.append((name, qtype, over_tcp))
        question = query[12:end + 5]
        found = self.addresses.get(name) if qtype == 1 else None
        if name.startswith("tc") and not over_tcp:
            return query[:2] + struct.pack(">HHHHH", 0x8380, 1, 0, 0, 0) + question
        rcode = 0 if name in self.addresses else 3
        head = query[:2] + struct.pack(">HHHHH", 0x8180 | rcode, 1, 1 if found else 0, 0, 0)
        record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton(found) \
            if found else b""
        return head + question + record

    def run(self):
        while True:
            try:
                query, peer = self.udp.recvfrom(2048)
            except OSError:
                return
            if not query:
                return
            # Noise first: a wrong ID, and a packet too short.
            reply = self.answer(query, False)
            self.udp.sendto(bytes([reply[0] ^ 1]) + reply[1:], peer)
            self.udp.sendto(b"x", peer)
            self.udp.sendto(reply, peer)

    def serve_tcp(self):
        while True:
            try:
                peer, _ = self.tcp.accept()
            except OSError:
                return
            with peer:
                size = struct.unpack(">H", peer.recv(2, socket.MSG_WAITALL))[0]
                reply = self.answer(peer.recv(size, socket.MSG_WAITALL), True)
                peer.sendall(struct.pack(">H", len(reply)))
                peer.sendall(reply)

    def stop(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"", ("127.0.0.1", self.port))
        self.join()
        self.udp.close()
        self.tcp.shutdown(socket.SHUT_RDWR)
        self.tcp.close()


class ControlSocket(threading.Thread):
    """The filter's control.sock, as far as lachan-feeds talks to it."""

    def __init__(self, path, addresses):
        super().__init__(daemon=True)
        self.addresses = addresses
        self.asked = []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        self.socket.listen(16)
        self.start()

    def run(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            with peer:
                head = peer.recv(4, socket.MSG_WAITALL)
                if len(head) < 4:
                    continue
                request = json.loads(peer.recv(struct.unpack("<I", head)[0], socket.MSG_WAITALL))
                self.asked.append(request)
                reply = {"ok": True}
                if request["command"] == "resolve":
                    found = self.addresses.get(request["name"])
                    reply = {"ok": True, "addresses": found} if found is not None else \
                        {"ok": False, "error": "unknown command"}
                text = json.dumps(reply).encode()
                peer.sendall(struct.pack("<I", len(text)) + text)

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.join()


class Resolving(FeedsTest):
    def dns(self, addresses):
        stub = StubServer(addresses)
        self.addCleanup(stub.stop)
        self.school.upstream = {"servers": ["udp://127.0.0.1:%d" % stub.port], "timeout": "1s"}
        return stub

    def test_alone_the_plain_upstreams_are_asked(self):
        stub = self.dns({"feeds.lachan-test.example": "127.0.0.1"})
        self.serve("/list", fs.body(names(30)))
        self.school.feed("list", self.server.url("/list", "feeds.lachan-test.example"))
        self.good()
        self.assertEqual({t for n, t, _ in stub.asked}, {1, 28})
        self.assertEqual(self.server.headers("/list")["host"],
                         "feeds.lachan-test.example:%d" % self.server.port)

    def test_a_truncated_answer_is_asked_over_tcp(self):
        stub = self.dns({"tc.lachan-test.example": "127.0.0.1"})
        self.serve("/list", fs.body(names(30)))
        self.school.feed("list", self.server.url("/list", "tc.lachan-test.example"))
        self.good()
        self.assertIn(("tc.lachan-test.example", 1, True), stub.asked)

    def test_a_dead_server_is_passed_over(self):
        stub = self.dns({"feeds.lachan-test.example": "127.0.0.1"})
        dead = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        dead.bind(("127.0.0.1", 0))
        self.addCleanup(dead.close)
        self.school.upstream["servers"].insert(0, "udp://127.0.0.1:%d" % dead.getsockname()[1])
        self.school.upstream["timeout"] = "300ms"
        self.serve("/list", fs.body(names(30)))
        self.school.feed("list", self.server.url("/list", "feeds.lachan-test.example"))
        self.good()
        self.assertTrue(stub.asked)

    def test_a_name_without_an_address_is_named(self):
        self.dns({})
        self.school.feed("list", self.server.url("/list", "gone.lachan-test.example"))
        self.refused("list", "gone.lachan-test.example: has no address")

    def test_a_redirect_is_judged_by_where_its_name_leads(self):
        self.dns({"feeds.lachan-test.example": "127.0.0.1", "router.example": "192.168.1.1",
                  "cloud.example": "169.254.169.254"})
        self.school.feed("list", self.server.url("/list", "feeds.lachan-test.example"))
        for host in "router.example", "cloud.example":
            self.serve("/list", fs.redirect("http://%s/x" % host))
            self.refused("list", "%s leads to a " % host)
        self.school.feed("list", "http://cloud.example/latest")
        self.refused("list", "link-local")

    def test_the_filter_is_asked_and_told(self):
        control = ControlSocket(os.path.join(self.school.run_dir, "control.sock"),
                                {"feeds.lachan-test.example": ["127.0.0.1"]})
        self.addCleanup(control.stop)
        self.school.upstream = {"servers": ["udp://127.0.0.1:1"]}
        self.serve("/list", fs.body(names(30)))
        self.school.feed("list", self.server.url("/list", "feeds.lachan-test.example"))
        self.good()
        self.assertEqual([r["command"] for r in control.asked], ["resolve", "feeds-changed"])
        self.good()
        self.assertEqual(control.asked[-1]["command"], "resolve", "told without a change")

    def test_a_filter_that_cannot_resolve_is_no_obstacle(self):
        control = ControlSocket(os.path.join(self.school.run_dir, "control.sock"), {})
        self.addCleanup(control.stop)
        self.dns({"feeds.lachan-test.example": "127.0.0.1"})
        self.serve("/list", fs.body(names(30)))
        self.school.feed("list", self.server.url("/list", "feeds.lachan-test.example"))
        self.good()

    def test_a_proxy_is_used_and_needs_no_name_of_ours(self):
        self.school.filter["feed_proxy"] = "http://127.0.0.1:%d" % self.server.port
        self.school.upstream = {"servers": ["udp://127.0.0.1:1"]}
        self.server.answers["http://far.lachan-test.example/list"] = fs.body(names(30))
        self.school.feed("list", "http://far.lachan-test.example/list")
        self.good()
        self.assertEqual(self.school.meta("list")["entries"], 30)


@unittest.skipUnless(shutil.which("openssl"), "needs the openssl program")
class Trust(FeedsTest):
    def certificate(self, folder):
        key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out",
                        certificate, "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True,
                       capture_output=True)
        return certificate, key

    def test_only_a_trusted_server_is_believed(self):
        certificate, key = self.certificate(self.school.folder)
        secure = fs.FeedServer((certificate, key))
        self.addCleanup(secure.stop)
        secure.answers["/list"] = fs.body(names(30))
        self.school.feed("list", secure.url("/list", "localhost"))
        self.refused("list", "certificate")
        self.school.filter["ca_file"] = certificate
        self.good()
        # Another name than the certificate's.
        self.school.feed("list", secure.url("/list", "other.localhost"))
        self.refused("list", "")

    def test_https_does_not_lead_to_http(self):
        certificate, key = self.certificate(self.school.folder)
        secure = fs.FeedServer((certificate, key))
        self.addCleanup(secure.stop)
        self.school.filter["ca_file"] = certificate
        self.serve("/there", fs.body(names(30)))
        secure.answers["/list"] = fs.redirect(self.server.url("/there"))
        self.school.feed("list", secure.url("/list"))
        self.refused("list", "from https to http")
        secure.answers["/list"] = fs.redirect("/here")
        secure.answers["/here"] = fs.body(names(30))
        self.good()

    def test_a_ca_file_without_a_certificate_is_said(self):
        empty = os.path.join(self.school.folder, "empty.pem")
        with open(empty, "w", encoding="utf-8"):
            pass
        self.school.filter["ca_file"] = empty
        self.school.feed("list", self.serve("/list", fs.body(names(30))))
        done = self.school.fetch()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("ca_file", done.stderr)


class Runs(FeedsTest):
    def test_offline_compiles_the_copies_alone(self):
        self.school.feed("list", self.serve("/list", fs.body(names(30))))
        self.assertEqual(self.school.fetch("--offline").returncode, 1)
        self.good()
        before = len(self.server.seen)
        os.unlink(os.path.join(self.school.state, "rules.db"))
        self.good("--offline")
        self.assertEqual(len(self.server.seen), before)
        self.assertIsNotNone(self.school.rules())

    def test_only_fetches_one_and_compiles_all(self):
        self.school.feed("one", self.serve("/one", fs.body(names(30, "one"))))
        self.school.feed("two", self.serve("/two", fs.body(names(30, "two"))))
        self.good()
        rules = self.school.rules()
        self.serve("/one", fs.body(names(40, "one")))
        self.serve("/two", fs.body(names(40, "two")))
        self.good("--only", "two")
        self.assertEqual(self.server.count("/one"), 1)
        self.assertNotEqual(self.school.rules(), rules)
        done = self.school.fetch("--only", "on")
        self.assertEqual(done.returncode, 2)
        self.assertIn("one", done.stderr)

    def test_wrong_usage_and_configuration_are_status_2(self):
        self.school.feed("list", self.serve("/list", fs.body(names(30))))
        self.assertEqual(self.school.fetch("--due", "--offline").returncode, 2)
        self.assertEqual(self.school.fetch("--sometimes").returncode, 2)
        self.school.feed("list", "gopher://x/y")
        self.assertEqual(self.school.fetch().returncode, 2)

    def test_due_leaves_alone_what_is_fresh_or_backing_off(self):
        self.school.feed("fresh", self.serve("/fresh", fs.body(names(30))))
        self.school.feed("bad", self.serve("/bad", fs.body(b"", status=500)))
        self.assertEqual(self.school.fetch("--due").returncode, 1)
        done = self.good("--due")
        self.assertEqual((done.stdout, done.stderr), ("", ""))
        self.assertEqual((self.server.count("/fresh"), self.server.count("/bad")), (1, 1))
        self.school.make_due("bad")
        self.assertEqual(self.school.fetch("--due").returncode, 1)
        self.assertEqual((self.server.count("/fresh"), self.server.count("/bad")), (1, 2))

    def test_due_notices_a_changed_configuration(self):
        self.school.feed("list", self.serve("/list", fs.body(names(30))))
        self.school.feed("gone", self.serve("/gone", fs.body(names(30, "gone"))))
        self.good()
        rules = self.school.rules()
        self.school.feeds = self.school.feeds[:1]
        self.good("--due")
        self.assertNotEqual(self.school.rules(), rules)
        left = os.listdir(os.path.join(self.school.state, "feeds"))
        self.assertFalse([n for n in left if n.startswith("gone")], left)

    def test_a_category_that_nothing_fills_is_said(self):
        self.school.feed("list", self.serve("/list", fs.body(names(30))))
        done = self.good()
        self.assertIn("filled by no feed", done.stderr)
        self.assertIn("adult", done.stderr)
        self.assertNotIn("gambling,", done.stderr)

    def test_a_torn_meta_file_costs_one_fetch(self):
        self.school.feed("list", self.serve("/list", fs.with_etag(names(30), '"v"')))
        self.good()
        with open(self.school.meta_path("list"), "r+b") as file:
            file.truncate(57)
        self.good()
        self.assertNotIn("if-none-match", self.server.headers("/list"))
        self.assertEqual(self.school.meta("list")["entries"], 30)

    def test_a_damaged_copy_is_fetched_again_before_anything_is_published(self):
        self.school.feed("list", self.serve("/list", fs.with_etag(names(3000), '"v"')))
        self.school.feed("other", self.serve("/other", fs.body(names(30, "other"))))
        self.good()
        copy = os.path.join(self.school.state, "feeds", "list.gz")
        with open(copy, "r+b") as file:
            file.truncate(2000)
        self.serve("/other", fs.body(names(31, "other")))
        self.good()
        self.assertEqual(self.school.copy("list"), names(3000))
        self.assertEqual(self.school.meta("list")["entries"], 3000)
        # And when it cannot be had again, what is in force stays.
        with open(copy, "r+b") as file:
            file.truncate(2000)
        rules = self.school.rules()
        self.serve("/list", fs.body(b"", status=500))
        self.serve("/other", fs.body(names(32, "other")))
        done = self.school.fetch()
        self.assertEqual(done.returncode, 1)
        self.assertEqual(self.school.rules(), rules)
        self.assertIn("the rules stay as they are", done.stderr)

    def test_without_kept_sources_all_are_fetched_once_one_has_changed(self):
        self.school.filter["keep_sources"] = "no"
        self.school.feed("list", self.serve("/list", fs.with_etag(names(30), '"v"')))
        self.school.feed("other", self.serve("/other", fs.body(names(30, "other"))))
        self.good()
        folder = os.path.join(self.school.state, "feeds")
        self.assertFalse([n for n in os.listdir(folder) if n.endswith(".gz")])
        first = self.school.rules()
        self.good()
        self.assertEqual(self.school.rules(), first)
        self.serve("/other", fs.body(names(31, "other")))
        self.good()
        self.assertNotEqual(self.school.rules(), first)
        self.assertEqual(self.school.meta("list")["entries"], 30)
        self.assertFalse([n for n in os.listdir(folder) if n.endswith(".gz")])
        second = self.school.rules()
        self.serve("/list", fs.body(b"", status=500))
        self.serve("/other", fs.body(names(32, "other")))
        self.assertEqual(self.school.fetch().returncode, 1)
        self.assertEqual(self.school.rules(), second, "names of a dead feed were lost")

    def test_killed_at_any_moment_the_old_rules_stay_usable(self):
        go_on, started = threading.Event(), threading.Event()
        self.addCleanup(go_on.set)
        self.school.feed("list", self.serve("/list", fs.body(names(100))))
        self.good()
        rules = self.school.rules()
        self.serve("/list", fs.held(names(30000), go_on, started))
        run = self.school.start()
        self.assertTrue(started.wait(WAIT_S))
        run.send_signal(signal.SIGKILL)
        run.communicate(timeout=WAIT_S)
        go_on.set()
        self.assertEqual(self.school.rules(), rules)
        self.assertEqual(self.school.copy("list"), names(100))
        # At random moments of whole runs: every state is one that the next run can use.
        self.serve("/list", fs.body(names(30000)))
        for round_ in range(12):
            os.path.exists(self.school.meta_path("list")) and self.school.make_due("list")
            self.serve("/list", fs.body(names(30000 + round_)))
            run = self.school.start()
            time.sleep(0.02 * round_)
            run.send_signal(signal.SIGKILL)
            run.communicate(timeout=WAIT_S)
            self.assertIn(len(self.school.copy("list").splitlines()),
                          [100] + list(range(30000, 30000 + round_ + 1)))
            self.good("--offline")
        self.good()
        self.assertEqual(self.school.meta("list")["entries"], 30011)
        left = os.listdir(self.school.state) + os.listdir(
            os.path.join(self.school.state, "feeds"))
        self.assertFalse([n for n in left if ".tmp." in n], left)

    def test_two_runs_do_not_meet(self):
        go_on, started = threading.Event(), threading.Event()
        self.addCleanup(go_on.set)
        self.school.feed("list", self.serve("/list", fs.held(names(100), go_on, started)))
        first = self.school.start()
        self.assertTrue(started.wait(WAIT_S))
        done = self.good("--due")
        self.assertEqual(done.stdout, "")
        go_on.set()
        first.communicate(timeout=WAIT_S)
        self.assertEqual(first.returncode, 0)
        self.assertEqual(self.server.count("/list"), 1)


class Slow(FeedsTest):
    def test_a_trickling_body_is_broken_off(self):
        """Takes half a minute: the limit is FETCH_SLOW_S."""
        self.school.feed("slow", self.serve("/slow", fs.trickle(names(100))))
        self.school.feed("fast", self.serve("/fast", fs.body(names(100))))
        begun = time.monotonic()
        self.refused("slow", "too slow")
        self.assertLess(time.monotonic() - begun, 60)
        self.assertEqual(self.school.meta("fast")["result"], "ok")


# About forty real feeds, with the category each is pulled for.
REAL = [
    ("hosts/sinfonietta-pornography.hosts", "adult", "hosts"),
    ("hosts/sinfonietta-gambling.hosts", "gambling", "hosts"),
    ("hosts/sinfonietta-snuff.hosts", "violence_weapons", "hosts"),
    ("hosts/sinfonietta-social.hosts", "social_network", "hosts"),
    ("hosts/hostsvn-main.hosts", "ads_tracking", "hosts"),
    ("hosts/hostsvn-gambling.hosts", "gambling", "hosts"),
    ("hosts/hostsvn-adult-vn.hosts", "adult", "hosts"),
    ("hosts/hostsvn-threat-vn.hosts", "phishing_scam", "hosts"),
    ("hosts/blp-drugs.hosts", "drugs_alcohol_tobacco", "hosts"),
    ("hosts/blp-torrent.hosts", "piracy", "hosts"),
    ("hosts/blp-vaping.hosts", "drugs_alcohol_tobacco", "hosts"),
    ("hosts/hagezi-doh-compressed.hosts", "proxy_vpn_doh", "hosts"),
    ("hosts/fademind-add-risk.hosts", "phishing_scam", "hosts"),
    ("hosts/dandelion-antimalware.hosts", "malware", "hosts"),
    ("domains/blp-piracy.txt", "piracy", "domains"),
    ("domains/chongluadao-pihole.txt", "phishing_scam", "domains"),
    ("domains/blackrabbitz-social-networks.txt", "social_network", "domains"),
    ("domains/accomplist-adult-idn.txt", "adult", "domains"),
    ("adblock/hostsvn-adult.txt", "adult", "adblock"),
    ("adblock/hostsvn-gambling-vn.txt", "gambling", "adblock"),
    ("adblock/chongluadao-all.txt", "phishing_scam", "adblock"),
    ("adblock/abpvn-adguard.txt", "ads_tracking", "adblock"),
    ("adblock/spam404-adblock.txt", "phishing_scam", "adblock"),
    ("adblock/agh-service-tiktok.txt", "social_network", "adblock"),
    ("wildcard/hagezi-fake.wildcard.txt", "phishing_scam", "wildcard"),
    ("dnsmasq/blp-scam.conf", "phishing_scam", "dnsmasq"),
    ("dnsmasq/hagezi-doh-vpn-proxy-bypass.conf", "proxy_vpn_doh", "dnsmasq"),
    ("unbound/hagezi-fake.conf", "phishing_scam", "unbound"),
    ("rpz/oisd-nsfw-small.rpz", "adult", "rpz"),
    ("rpz/hagezi-anti-piracy.rpz", "piracy", "rpz"),
    ("regex/blackrabbitz-gaming.txt", "games", "regex"),
    ("ut1/gambling/domains", "gambling", "domains"),
    ("ut1/games/domains", "games", "domains"),
    ("ut1/dating/domains", "dating", "domains"),
    ("ut1/drogue/domains", "drugs_alcohol_tobacco", "domains"),
    ("ut1/agressif/domains", "extremism", "domains"),
    ("ut1/vpn/domains", "proxy_vpn_doh", "domains"),
    ("ut1/warez/domains", "piracy", "domains"),
    ("ut1/audio-video/domains", "streaming", "domains"),
]


@unittest.skipUnless(os.path.isdir(SHARED), "needs the folder ../shared/feeds")
class RealFeeds(FeedsTest):
    def test_forty_real_feeds_yield_names(self):
        for path, category, form in REAL:
            where = os.path.join(SHARED, path)
            if not os.path.exists(where):
                continue
            name = path.replace("/", "-").replace(".", "-").replace("_", "-").lower()
            self.school.feed(name, self.serve("/" + path, fs.file_answer(where)),
                             category=category, format=form)
        begun = time.monotonic()
        done = self.school.fetch()
        print("\n%d real feeds in %.1f s, rules.db %d bytes" % (
            len(self.school.feeds), time.monotonic() - begun,
            os.path.getsize(os.path.join(self.school.state, "rules.db"))))
        self.assertEqual(done.returncode, 0, done.stdout)
        for feed in self.school.feeds:
            meta = self.school.meta(feed["name"])
            print("%-44s %-22s %7d names  refused %s" % (
                feed["name"], feed["category"], meta["entries"], meta["refused"] or "none"))
            self.assertGreater(meta["entries"], 0)
            self.assertGreaterEqual(meta["rules"], meta["entries"] - meta["patterns"])


if __name__ == "__main__":
    if not os.path.exists(os.path.join(BIN, "lachan-feeds")):
        print("skipped: %s/lachan-feeds is not built" % BIN)
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
