#!/usr/bin/env python3
"""lachand with all its children: kill -9 under load, lists that go bad, new lists under load."""
import json
import os
import signal
import socket
import threading
import time

import feed_server as fs
from filter_test import FilterTest
from lachan_test import dns, is_alive, main, wait_for

OPEN, BLOCKED = "192.0.2.7", "127.0.0.1"
# Two in three names of a list are made of these, so that it is no handful.
FILLER = "".join("filler%d.example.com\n" % i for i in range(3000))


class Load:
    """Clients that ask one after the other without a pause, each from a socket of its own.
    `questions`: (name, address expected). `lost` and `wrong` say what went amiss."""

    def __init__(self, port, questions, threads=4, patience_s=8.0):
        self.port, self.questions, self.patience_s = port, questions, patience_s
        self.lost, self.wrong, self.answered, self.longest_s = [], [], 0, 0.0
        self.stopping, self.lock = threading.Event(), threading.Lock()
        self.threads = [threading.Thread(target=self._ask, args=(i,)) for i in range(threads)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def _ask(self, number):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.9.%d" % (number + 1), 0))
            sock.connect(("127.0.0.1", self.port))
            sock.settimeout(self.patience_s)
            turn = number
            while not self.stopping.is_set():
                name, address = self.questions[turn % len(self.questions)]
                turn += 1
                query = dns.make_query(name)
                begin = time.monotonic()
                sock.send(query)
                try:
                    while (reply := dns.Reply(sock.recv(2000))).wire[:2] != query[:2]:
                        pass
                except OSError:
                    with self.lock:
                        self.lost.append(name)
                    continue
                with self.lock:
                    self.answered += 1
                    self.longest_s = max(self.longest_s, time.monotonic() - begin)
                    if reply.addresses() != [address]:
                        self.wrong.append((name, reply.rcode, reply.addresses()))


class GatewayTest(FilterTest):
    RECORDS = {"www.example.vn": OPEN, **{"n%d.example.vn" % i: OPEN for i in range(200)}}

    def setUp(self):
        super().setUp()
        self.need("lachand", "lachan-filter", "lachan-page", "lachan-feeds")
        self.keep_run_dir_in_memory()
        self.lists = fs.FeedServer()
        self.addCleanup(self.lists.stop)
        self.fake = self.upstream(self.RECORDS)
        self.serve("casino.example\ncasino2.example\n")

    def serve(self, names, path="/gambling.txt"):
        self.text = FILLER + names
        self.lists.answers[path] = fs.body(self.text.encode())

    def run_gateway(self, **more):
        config = self.config(
            upstream={"servers": ["udp://127.0.0.1:%d" % self.fake.port]}, **more)
        config["filter"]["feeds"] = [
            {"name": "casinos", "category": "gambling", "url": [self.lists.url("/gambling.txt")],
             "format": "domains"}]
        self.current = config
        self.program = self.start("lachand", "-c", self.write_json(config))
        self.program.wait_log("lachan-filter is ready")
        self.wait_rules("casino.example")

    def update_feeds(self):
        """Fetches everything now; the exit status of lachan-feeds."""
        def run():
            answer = self.control("feeds-update", socket_name="lachand.sock")
            return answer if answer["ok"] else None
        return wait_for("a run of lachan-feeds", run)["exit_status"]

    def wait_counts(self, category, attempts):
        def counted():
            cells = self.control("stats")["cells"]
            return {c["category"]: c["attempts"] for c in cells}.get(category) == attempts
        wait_for("%s attempts of %s" % (attempts, category), counted)


class Kill(GatewayTest):
    def test_killed_under_load_with_the_upstream_gone_it_filters_again_and_has_lost_no_count(self):
        self.run_gateway()
        for i in range(1, 21):
            self.ask_filter("casino.example", source="127.0.1.%d" % i)
        self.wait_counts("gambling", 20)
        before = json.loads(self.control("summary-preview")["document"])
        self.fake.close()
        pid = self.program.children()["lachan-filter"]
        with Load(self.port, [("www.casino.example", BLOCKED)], patience_s=0.3) as load:
            time.sleep(0.5)
            self.assertGreater(load.answered, 0)
            killed = time.monotonic()
            os.kill(pid, signal.SIGKILL)
            # A question that is asked after the death; the socket keeps it.
            self.assert_blocked(self.ask_filter("casino.example", timeout=10))
            gap_s = time.monotonic() - killed
            time.sleep(0.5)
        print("\nfiltered again %.2f s after kill -9" % gap_s)
        self.assertLess(gap_s, 3.0)
        self.assertEqual(load.wrong, [])
        self.program.wait_log("lachan-filter is ready", count=2)
        # The same devices again, by another name: attempts of theirs, and no device twice.
        for i in range(1, 21):
            self.ask_filter("casino2.example", source="127.0.1.%d" % i)
        # Four load clients and this test's own, before and after: 20 + 20 + 4 x 2 + 1 or 2.
        self.wait_counts("gambling", 50)
        after = json.loads(self.control("summary-preview")["document"])
        cell = [r for r in after["records"] if r["category"] == "gambling"]
        self.assertEqual([(r["attempts"], r["devices"]) for r in cell], [(50, "20-49")])
        self.assertEqual(before["coverage"]["tiers"][0]["devices"], "20-49")
        self.assertEqual(after["coverage"]["tiers"][0]["devices"], "20-49")
        self.assertFalse(after["coverage"]["partial"])
        self.assertEqual(self.program.term(), 0)

    def test_a_killed_filter_keeps_its_grants_and_a_reload_does(self):
        self.fake.records.update({"casino.example": OPEN, "casino2.example": OPEN})
        self.run_gateway()
        self.assertTrue(self.control("allow", name="casino.example")["ok"])
        self.assertTrue(self.control("deny", name="www.example.vn", **{"for": "always"})["ok"])

        def as_granted():
            self.assert_passed(self.ask_filter("casino.example"), OPEN)
            self.assert_blocked(self.ask_filter("www.example.vn"))
            self.assert_blocked(self.ask_filter("casino2.example"))
        as_granted()
        os.kill(self.program.children()["lachan-filter"], signal.SIGKILL)
        # The first answer of the next one is by the grants already.
        as_granted()
        self.program.wait_log("lachan-filter is ready", count=2)
        self.assertTrue(self.control("reload", socket_name="lachand.sock")["ok"])
        as_granted()
        self.assertEqual(self.update_feeds(), 0)
        as_granted()
        self.assertEqual(len(self.control("grants")["grants"]), 2)
        self.assertEqual(self.program.term(), 0)

    def test_killed_again_and_again_it_always_comes_back_filtered(self):
        self.run_gateway()
        self.fake.close()
        for round_number in range(3):
            os.kill(self.program.children()["lachan-filter"], signal.SIGKILL)
            self.program.wait_log("lachan-filter is ready", count=round_number + 2, timeout=30)
            self.assert_blocked(self.ask_filter("casino.example"))
        self.assertEqual(self.program.term(), 0)

    def test_a_restart_of_everything_without_the_network_is_filtered_at_once(self):
        self.run_gateway()
        self.assertEqual(self.program.term(), 0)
        self.fake.close()
        self.lists.answers.clear()
        begin = time.monotonic()
        self.program = self.start("lachand", "-c", self.path("lachan.yaml"))
        reply = self.ask_until(self.port, "casino.example")
        print("\nfirst blocked answer %.2f s after the start" % (time.monotonic() - begin))
        self.assert_blocked(reply)
        # The feed that fails meanwhile costs nothing.
        self.update_feeds()
        self.assert_blocked(self.ask_filter("casino.example"))
        self.assertEqual(self.program.term(), 0)

    def test_a_killed_supervisor_takes_its_children_along(self):
        self.run_gateway()
        children = self.program.children()
        self.program.kill()
        for name, pid in children.items():
            wait_for("%s to end" % name, lambda pid=pid: not is_alive(pid))
        self.program = self.start("lachand", "-c", self.path("lachan.yaml"))
        self.program.wait_log("lachan-filter is ready")
        self.assert_blocked(self.ask_filter("casino.example"))


class Lists(GatewayTest):
    LOAD = [("casino.example", BLOCKED), ("www.example.vn", OPEN), ("x.casino2.example", BLOCKED),
            *[("n%d.example.vn" % i, OPEN) for i in range(20)]]

    def meta(self):
        with open(self.path("state", "feeds", "casinos.meta"), encoding="utf-8") as file:
            return json.load(file)

    def test_a_feed_server_that_goes_bad_and_comes_back(self):
        self.run_gateway()
        good = self.text.encode()
        html = b"<!DOCTYPE html><html><head><title>Log in</title></head><body>" + b"<p>x</p>" * 500
        bad = {
            "html": fs.body(html),
            "html as text": fs.body(html, Content_Type="text/plain"),
            "cut short": fs.cut_short(good, 50),
            "cut chunks": fs.chunked(good, last=False),
            "500": fs.body(b"error", status=500),
            "404": fs.body(b"gone", status=404),
            "empty": fs.body(b""),
            "nothing but comments": fs.body(b"# come back later\n" * 100),
            "shrunken": fs.body(good[:300]),
            "hang up": fs.hang_up,
            "reset": fs.reset,
        }
        with Load(self.port, self.LOAD) as load:
            for what, answer in bad.items():
                with self.subTest(what):
                    self.lists.answers["/gambling.txt"] = answer
                    self.assertEqual(self.update_feeds(), 1)
                    self.assertNotIn(self.meta()["result"], ("ok", "not-modified"))
                    self.assertEqual(self.meta()["entries"], 3002)
                    self.assert_blocked(self.ask_filter("casino2.example"))
            self.serve("casino.example\ncasino2.example\nback.example\n")
            self.assertEqual(self.update_feeds(), 0)
            self.wait_rules("back.example")
        print("\n%d answers while %d bodies were refused, the longest took %.0f ms" % (
            load.answered, len(bad), 1000 * load.longest_s))
        self.assertEqual((load.lost, load.wrong), ([], []))
        self.assertGreater(load.answered, 500)
        self.assertEqual(self.program.term(), 0)

    def test_new_lists_and_reloads_under_load_lose_nothing_and_let_nothing_through(self):
        self.run_gateway()
        with Load(self.port, self.LOAD) as load:
            for i in range(6):
                self.serve("casino.example\ncasino2.example\nnew%d.example\n" % i)
                self.assertEqual(self.update_feeds(), 0)
                self.wait_rules("new%d.example" % i)
                if i:
                    self.assertEqual(self.ask_filter("new%d.example" % (i - 1)).rcode, dns.NXDOMAIN)
                self.program.hup()
            self.assertTrue(self.control("rollback")["ok"])
            self.wait_rules("new4.example")
            self.assertTrue(self.control("rollback")["ok"])
            self.wait_rules("new5.example")
        print("\n%d answers while 6 lists were published, the longest took %.0f ms" % (
            load.answered, 1000 * load.longest_s))
        self.assertEqual((load.lost, load.wrong), ([], []))
        self.assertGreater(load.answered, 500)
        self.assertEqual(self.program.term(), 0)

    def test_killed_while_lists_are_published_the_last_whole_one_stands(self):
        self.run_gateway()
        for i in range(4):
            self.serve("casino.example\ncasino2.example\nnew%d.example\n" % i)
            updating = threading.Thread(target=self.update_feeds)
            updating.start()
            time.sleep(0.05 * i)
            pids = self.program.children()
            os.kill(pids["lachan-filter"], signal.SIGKILL)
            if "lachan-feeds" in pids:
                try:
                    os.kill(pids["lachan-feeds"], signal.SIGKILL)
                except ProcessLookupError:
                    pass
            updating.join()
            self.program.wait_log("lachan-filter is ready", count=i + 2, timeout=30)
            self.assert_blocked(self.ask_filter("casino.example"))
        self.assertEqual(self.update_feeds(), 0)
        self.wait_rules("new3.example")
        self.assertEqual(self.program.term(), 0)


class Names(GatewayTest):
    def test_top_names_are_the_lists_and_never_the_questions(self):
        self.serve("casino.example\ndeep.casino2.example\nfew.example\n")
        self.run_gateway()
        for i in range(1, 25):
            self.ask_filter("www.example.vn", source="127.0.1.%d" % i)
            if i <= 12:
                self.ask_filter("pupil%d.casino.example" % i, source="127.0.1.%d" % i)
                self.ask_filter("x.deep.casino2.example", "AAAA", source="127.0.1.%d" % i)
            if i <= 4:
                self.ask_filter("few.example", source="127.0.1.%d" % i)
        self.wait_counts("gambling", 30)
        names = sorted((n["name"], n["category"], n["devices"]) for n in self.control("top")["names"])
        self.assertEqual(names, [("casino.example", "gambling", "10-19"),
                                 ("casino2.example", "gambling", "10-19")])
        document = self.control("summary-preview")["document"]
        shown = sorted((n["name"], n["category"], n["devices"]) for n in json.loads(document)["names"])
        self.assertEqual(shown, names)
        for secret in ("pupil", "few.example", "deep", "127.0.1", "www.example.vn"):
            self.assertNotIn(secret, document)
        # Nor on the disk, nor in the log.
        self.assertEqual(self.program.term(), 0)
        for folder in ("state/tally", "state/outbox"):
            for name in os.listdir(self.path(folder)):
                with open(self.path(folder, name), "rb") as file:
                    kept = file.read()
                for secret in (b"pupil", b"few.example", b"127.0.1", b"www.example.vn"):
                    self.assertNotIn(secret, kept, name)
        for secret in ("pupil", "127.0.1", "www.example.vn"):
            self.assertNotIn(secret, self.program.log())


class Page(GatewayTest):
    def test_the_page_tells_the_asking_devices_tier_and_category(self):
        page_port = self.free_port()
        self.run_gateway(pages={"listen": ["127.0.0.1:%d" % page_port]})
        with socket.create_connection(("127.0.0.1", page_port), timeout=10) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: casino.example\r\nAccept: text/html\r\n\r\n")
            answer = b""
            while piece := sock.recv(65536):
                answer += piece
        self.assertTrue(answer.startswith(b"HTTP/1.1 403"), answer[:200])
        self.assertIn(b"111", answer)
        self.assertEqual(self.program.term(), 0)


if __name__ == "__main__":
    main()
