"""The collector's door: strict requests, limits before reading, slow and many clients, TLS."""
import os
import pwd
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
import unittest
import unittest.mock

import certificates
import district_test
from district_test import DistrictTest, SUMMARY
from lachan_test import PATIENCE_S, main, wait_for


class Raw(DistrictTest):
    def raw(self, octets, finish=False):
        """What the collector answers to these octets, until it closes."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE_S) as line:
            line.sendall(octets)
            if finish:
                line.shutdown(socket.SHUT_WR)
            got = b""
            while True:
                try:
                    more = line.recv(65536)
                except ConnectionResetError:
                    return got
                if not more:
                    return got
                got += more

    def status(self, octets):
        """One status alone: whatever stands behind a request is never another request."""
        got = self.raw(octets)
        found = re.findall(rb"HTTP/1\.1 (\d+)", got)
        self.assertEqual(len(found), 1, got)
        self.assertIn(b"connection: close", got.lower())
        return int(found[0])


class Strictness(Raw):
    def setUp(self):
        super().setUp()
        self.begin()

    def test_what_two_readers_could_read_differently_is_refused(self):
        head = b"POST /v1/enrolments HTTP/1.1\r\nHost: a\r\n"
        behind = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
        for lines in (b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
                      b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
                      b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: xchunked\r\n",
                      b"Content-Length: 4\r\nContent-Length: 4\r\n",
                      b"Content-Length: 4\r\nContent-Length: 5\r\n", b"Content-Length: 4, 4\r\n",
                      b"Content-Length: +4\r\n", b"Content-Length: 0x4\r\n",
                      b"Content-Length: 04\r\n", b"Content-Length : 4\r\n",
                      b"X: a\r\n folded\r\nContent-Length: 4\r\n", b"Host: b\r\n",
                      b"X: a\nContent-Length: 4\r\n", b"X: a\rb\r\n", b"X\0: a\r\n"):
            with self.subTest(lines):
                self.assertEqual(self.status(head + lines + b"\r\n0\r\n\r\n" + behind), 400)

    def test_methods_paths_and_versions_are_strict(self):
        for status, octets in (
                (405, b"PUT /healthz HTTP/1.1\r\nHost: a\r\n\r\n"),
                (405, b"POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"),
                (405, b"GET /v1/summaries HTTP/1.1\r\nHost: a\r\n\r\n"),
                (405, b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"),
                (505, b"GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n"),
                (400, b"GET healthz HTTP/1.1\r\nHost: a\r\n\r\n"),
                (400, b"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"),
                (400, b"GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n"),
                (400, b"GET /%c0%af HTTP/1.1\r\nHost: a\r\n\r\n"),
                (400, b"GET /healthz HTTP/1.1\r\n\r\n"),
                (400, b"GET /healthz?a=%ff HTTP/1.1\r\nHost: a\r\n\r\n"),
                (411, b"POST /v1/summaries HTTP/1.1\r\nHost: a\r\n\r\n"),
                (413, b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n123456789"),
                (431, b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 9000 + b"\r\n\r\n")):
            with self.subTest(octets[:60]):
                self.assertEqual(self.status(octets), status)

    def test_a_second_request_behind_the_first_is_never_read(self):
        one = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
        self.assertEqual(self.status(one * 20), 200)

    def test_a_long_body_is_refused_before_it_comes(self):
        head = (b"POST /v1/%s HTTP/1.1\r\nHost: a\r\nContent-Type: x\r\nContent-Length: %d\r\n"
                b"Expect: 100-continue\r\n\r\n")
        for path, length in ((b"summaries", 262145), (b"enrolments", 4097),
                             (b"nominations", 16385), (b"quick-reports", 4 << 30)):
            got = self.raw(head % (path, length))
            self.assertRegex(got, rb"^HTTP/1.1 4(13|00) ", path)
            self.assertNotIn(b"100 Continue", got)

    def test_every_answer_has_its_headers(self):
        for path in ("/healthz", "/v1/summaries", "/nothing/here"):
            _, headers, _ = self.get(path)
            self.assertEqual(headers["x-content-type-options"], "nosniff", path)
            self.assertEqual(headers["x-frame-options"], "DENY", path)
            self.assertIn("default-src 'none'", headers["content-security-policy"])
            self.assertNotIn("server", headers)

    def test_an_answer_to_head_has_no_body(self):
        got = self.raw(b"HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertTrue(got.startswith(b"HTTP/1.1 200 "))
        self.assertTrue(got.endswith(b"\r\n\r\n"))


class Crowds(Raw):
    def test_slow_and_silent_clients_keep_nobody_out(self):
        self.begin()
        lines = []
        self.addCleanup(lambda: [line.close() for line in lines])
        for i in range(700):  # more than there are places
            line = socket.create_connection(("127.0.0.1", self.port), PATIENCE_S)
            lines.append(line)
            try:
                line.sendall(b"POST /v1/summaries HTTP/1.1\r\nHost: a\r\nX: "[:i % 40])
            except OSError:
                pass  # its place went to another
        for _ in range(5):
            self.assertEqual(self.get("/healthz")[0], 200)

    def test_who_asks_for_its_health_without_end_writes_little(self):
        self.begin()
        log, page = self.path("state", "district.db-wal"), 8192
        before, began = os.stat(log).st_size, time.monotonic()
        for _ in range(200):
            self.assertEqual(self.get("/healthz")[0], 200)
        pages = (os.stat(log).st_size - before) / page
        # One commit a second at most; a chore or two beside them.
        self.assertLess(pages, 60 + 3 * (time.monotonic() - began))

    def test_a_client_that_goes_away_harms_nobody(self):
        self.begin()
        s = self.school("thcs-01")
        body = s.pack(s.day())
        request = (b"POST /v1/summaries HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\n"
                   b"Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n" % (
                       SUMMARY.encode(), s.token.encode(), len(body)))
        for cut in (len(request) - 5, len(request) + 7, len(request) + len(body)):
            for _ in range(8):
                with socket.create_connection(("127.0.0.1", self.port), PATIENCE_S) as line:
                    line.sendall((request + body)[:cut])
        self.assertIn(s.send(body)[0], (200, 201))
        self.healthy()

    def test_it_ends_and_reloads_while_documents_come(self):
        collector = self.begin()
        s = self.school("thcs-01")
        body = s.pack(s.day())
        stop = threading.Event()
        seen = []

        def send():
            while not stop.is_set():
                try:
                    seen.append(s.send(body)[0])
                except OSError:
                    return
        senders = [threading.Thread(target=send) for _ in range(4)]
        for sender in senders:
            sender.start()
        try:
            for _ in range(5):
                collector.hup()
                time.sleep(0.02)
            collector.wait_log("read again")
            wait_for("documents", lambda: len(seen) > 30)
        finally:
            status = collector.term()
            stop.set()
            for sender in senders:
                sender.join()
        self.assertEqual(status, 0, collector.log())
        self.assertIn("ended", collector.log())
        self.assertLessEqual(set(seen), {200, 201, 429, 503})

    def test_a_reload_that_needs_a_restart_is_refused(self):
        collector = self.begin()
        self.write("district.yaml", "server: {listen: [\"127.0.0.1:1\"]}\n")
        collector.hup()
        collector.wait_log("needs a restart")
        self.write("district.yaml", "nonsense: 1\n")
        collector.hup()
        collector.wait_log("not taken")
        self.healthy()

    def test_a_taken_port_is_told_with_its_holder(self):
        self.begin()
        status, _, error = self.run_program("lachan-district", "-c", self.config)
        self.assertEqual(status, 1)
        self.assertIn("lachan-district", error)
        self.assertIn(str(self.port), error)


class Proxies(Raw):
    def ask_as(self, *lines):
        head = "".join("%s\r\n" % line for line in lines)
        return self.raw(("GET /healthz HTTP/1.1\r\nHost: a\r\n%s\r\n" % head).encode())

    def test_only_trusted_proxies_say_that_it_was_https(self):
        self.begin()
        self.assertNotIn(b"Strict-Transport", self.ask_as("X-Forwarded-Proto: https"))
        self.configure(server="trusted_proxies: [127.0.0.1]")
        self.collector.hup()
        wait_for("the proxy is believed", lambda: b"Strict-Transport" in self.ask_as(
            "X-Forwarded-Proto: https"))

    def test_plain_http_that_others_reach_is_refused(self):
        self.configure()
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        self.write("open.yaml", text.replace("127.0.0.1:%d" % self.port, "0.0.0.0:%d" % self.port,
                                             1))
        status, _, error = self.run_program("lachan-district", "-c", self.path("open.yaml"),
                                            "--check")
        self.assertEqual(status, 2)
        self.assertIn("open.yaml:3:", error)
        self.assertIn("trusted_proxies", error)


class Tls(Raw):
    def setUp(self):
        super().setUp()
        os.makedirs(self.path("keys"))
        self.pair = certificates.make(self.path("keys"), "server",
                                      "subjectAltName=IP:127.0.0.1")
        self.ca = certificates.make_ca(self.path("keys"), "clients")

    def client(self, name, unit):
        """A certificate of the clients' CA for `unit`."""
        folder = self.path("keys")
        key, request, made = (os.path.join(folder, name + end) for end in (
            ".key", ".csr", ".pem"))
        certificates.run("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                         "-nodes", "-keyout", key, "-out", request, "-subj", "/CN=" + unit)
        certificates.run("x509", "-req", "-in", request, "-CA", self.ca[0], "-CAkey", self.ca[1],
                         "-CAcreateserial", "-out", made, "-days", "30")
        return made, key

    def test_a_document_comes_by_https(self):
        self.begin(tls=self.pair)
        s = self.school("thcs-01")
        status, headers, answer = self.post("/v1/summaries", s.pack(s.day()), {
            "Content-Type": SUMMARY, "Authorization": "Bearer " + s.token},
            tls=self.trust(self.pair[0]))
        self.assertEqual(status, 201, answer)
        self.assertIn("strict-transport-security", headers)

    def test_a_client_certificate_stands_for_a_token(self):
        self.begin(tls=self.pair, server="client_ca: %s" % self.ca[0])
        s = self.school("thcs-01")
        body, head = s.pack(s.day()), {"Content-Type": SUMMARY}
        other = self.post("/v1/summaries", body, head,
                          tls=self.trust(self.pair[0], self.client("b", "thcs-02")))
        self.assertEqual((other[0], other[2]["why"]), (403, "key"))
        none = self.post("/v1/summaries", body, head, tls=self.trust(self.pair[0]))
        self.assertEqual(none[0], 401)
        own = self.post("/v1/summaries", body, head,
                        tls=self.trust(self.pair[0], self.client("a", "thcs-01")))
        self.assertEqual(own[0], 201, own)

    def test_a_certificate_of_somebody_else_is_not_let_in(self):
        self.begin(tls=self.pair, server="client_ca: %s" % self.ca[0])
        stranger = certificates.make(self.path("keys"), "stranger", subject="/CN=thcs-01")
        with self.assertRaises((ssl.SSLError, OSError)):
            self.ask("GET", "/healthz", tls=self.trust(self.pair[0], stranger))

    def test_old_versions_are_refused(self):
        self.begin(tls=self.pair)
        context = self.trust(self.pair[0])
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.assertEqual(self.ask("GET", "/healthz", tls=context)[0], 200)
        done = subprocess.run(
            ["openssl", "s_client", "-connect", "127.0.0.1:%d" % self.tls_port, "-tls1_1",
             "-cipher", "ALL:@SECLEVEL=0"], stdin=subprocess.DEVNULL, capture_output=True,
            timeout=60, check=False)
        self.assertNotEqual(done.returncode, 0)

    def test_plain_http_on_the_tls_port_gets_nothing(self):
        self.begin(tls=self.pair)
        with socket.create_connection(("127.0.0.1", self.tls_port), PATIENCE_S) as line:
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            try:
                got = line.recv(100)
            except ConnectionResetError:
                got = b""
        self.assertNotIn(b"HTTP/1.1 2", got)

    def test_a_renewed_certificate_is_taken_by_hup(self):
        collector = self.begin(tls=self.pair)
        before = ssl.get_server_certificate(("127.0.0.1", self.tls_port))
        certificates.make(self.path("keys"), "server", "subjectAltName=IP:127.0.0.1")
        collector.hup()
        wait_for("the new certificate", lambda: ssl.get_server_certificate(
            ("127.0.0.1", self.tls_port)) != before)
        with open(self.pair[0], "w", encoding="ascii") as file:
            file.write("nonsense")
        collector.hup()
        collector.wait_log("serves on")
        self.assertEqual(self.get("/healthz")[0], 200)

    def test_a_bad_pair_is_told_at_its_line(self):
        self.configure(tls=(self.pair[0], self.ca[1]))
        status, _, error = self.run_program("lachan-district", "-c", self.config, "--check")
        self.assertEqual(status, 2)
        self.assertRegex(error, r"district\.yaml:\d+:\d+: error: ")


class Life(DistrictTest):
    def status_of(self, pid):
        with open("/proc/%d/status" % pid, encoding="utf-8") as file:
            return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)

    def test_it_keeps_no_right_that_it_does_not_need(self):
        status = self.status_of(self.begin().pid)
        self.assertEqual({status[cap] for cap in ("CapPrm", "CapEff", "CapInh", "CapAmb")},
                         {"0000000000000000"})
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertIn(status["Seccomp"], "02")  # 0: built without libseccomp

    def test_started_by_root_it_becomes_its_user_and_so_do_its_commands(self):
        if os.getuid() != 0:
            self.skipTest("only root can become somebody else")
        try:
            nobody = pwd.getpwnam("nobody").pw_uid
        except KeyError:
            self.skipTest("there is no user nobody here")
        if self.STORE != "sqlite":
            self.skipTest("whoever it becomes has no database of its own")
        # LSan cannot trace a process that changed who it is.
        with unittest.mock.patch.dict(os.environ, {"ASAN_OPTIONS": "detect_leaks=0"}):
            self.become_nobody(nobody)

    def become_nobody(self, nobody):
        os.chmod(self.dir, 0o755)
        self.configure()
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        self.write("district.yaml", text.replace('user: ""', "user: nobody"))
        self.add_tree("thcs-01")
        collector = self.begin()
        self.assertEqual(self.status_of(collector.pid)["Uid"].split(), [str(nobody)] * 4)
        self.enrolment("thcs-01")  # its file is root's, who asked for it
        self.assertEqual(os.stat(self.path("thcs-01.enrol.json")).st_uid, 0)
        owners = {os.stat(self.path("state", name)).st_uid for name in os.listdir(
            self.path("state"))}
        self.assertEqual(owners, {nobody})

    def test_a_killed_collector_keeps_what_it_said_was_stored(self):
        collector = self.begin()
        s = self.school("thcs-01")
        self.assertEqual(s.send(s.day())[0], 201)
        rows = self.stored()
        collector.signal(signal.SIGKILL)
        collector.wait()
        self.begin()
        self.assertEqual(self.stored(), rows)
        self.assertEqual(s.send(s.day())[0], 200)

    def test_the_sample_is_a_configuration(self):
        sample = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(
            os.path.abspath(__file__)))), "docs", "district.yaml.sample")
        status, out, error = self.run_program("lachan-district", "-c", sample, "--check")
        self.assertEqual(status, 0, out + error)


def tearDownModule():
    district_test.close_server()


if __name__ == "__main__":
    unittest.TestCase.maxDiff = None
    main()
