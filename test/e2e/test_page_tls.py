"""https on the page: who gets which certificate, and that everybody else fails at once."""
import os
import re
import socket
import ssl
import subprocess

import certificates
from lachan_test import PATIENCE_S, main
from tls_test import TlsTest

UNRECOGNIZED_NAME = "TLSV1_UNRECOGNIZED_NAME"


class Leaves(TlsTest):
    def test_a_blocked_name_shows_the_page_over_https(self):
        self.run_page()
        status, head, body = self.get("www.casino.example")
        self.assertEqual(status, 403)
        self.assertIn("<!doctype html>", body.lower())
        self.assertNotIn("strict-transport-security", head.lower())
        self.assertEqual(self.version, "TLSv1.3")
        self.assertEqual(self.page.term(), 0, self.page.log())
        self.stop_desk()

    def test_it_is_the_page_of_plain_http(self):
        self.run_page()
        secure = self.get("casino.example")[2]
        with socket.create_connection(("127.0.0.1", self.page_port), PATIENCE_S) as line:
            line.sendall(b"GET / HTTP/1.1\r\nHost: casino.example\r\nAccept: text/html\r\n\r\n")
            data = b""
            while more := line.recv(65536):
                data += more
        plain = data.split(b"\r\n\r\n", 1)[1].decode()
        # the short code of a page is random
        code = re.compile(r"\b[A-Z0-9]{3,5}-[A-Z0-9]{3,5}\b|\b[A-Z0-9]{6}\b")
        self.assertEqual(code.sub("", secure), code.sub("", plain))

    def test_other_names_get_an_alert_at_once(self):
        self.run_page()
        self.get("casino.example")
        for name in ("www.example.vn", "example.vn", None, "127.0.0.1"):
            # at the deadline there would be an end without a word
            self.assertEqual(self.refused(name), UNRECOGNIZED_NAME, name)

    def test_a_leaf_is_kept_and_only_shown_to_whom_it_is_blocked(self):
        self.run_page(filter={"tiers": [{"name": "staff", "clients": ["127.0.0.9"],
                                         "block": []}]})
        first = self.leaf("casino.example")
        self.assertEqual(self.leaf("casino.example"), first)
        self.assertNotEqual(self.leaf("www.casino.example"), first)
        self.desk_program.kill()
        self.assertEqual(self.leaf("casino.example"), first)  # without the desk
        self.assertEqual(self.refused("new.casino.example"), UNRECOGNIZED_NAME)
        context = self.trusting()
        with socket.create_connection(("127.0.0.1", self.tls_port), PATIENCE_S,
                                      source_address=("127.0.0.9", 0)) as plain:
            with self.assertRaises(ssl.SSLError) as caught:
                context.wrap_socket(plain, server_hostname="casino.example")
        self.assertEqual(caught.exception.reason, UNRECOGNIZED_NAME)

    def test_every_page_has_a_key_of_its_own(self):
        self.run_page()
        public = certificates.run("x509", "-noout", "-pubkey",
                                  stdin=self.leaf("casino.example").encode())
        self.assertEqual(self.page.term(), 0)
        self.page = self.start("lachan-page", "-c", self.path("lachan.yaml"))
        self.page.wait_log("serving the warning page", 1)
        again = certificates.run("x509", "-noout", "-pubkey",
                                 stdin=self.leaf("casino.example").encode())
        self.assertNotEqual(again, public)

    def test_a_browser_that_does_not_trust_us_is_not_shown_anything(self):
        self.run_page()
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.get("casino.example", context=ssl.create_default_context())

    def test_without_the_filter_there_is_an_alert(self):
        self.run_page()
        self.get("casino.example")
        self.program.kill()
        self.assertEqual(self.refused("casino.example"), UNRECOGNIZED_NAME)

    def test_without_the_desk_there_is_an_alert(self):
        self.run_page(desk=False)
        self.assertEqual(self.refused("casino.example"), UNRECOGNIZED_NAME)

    def test_many_at_once_get_their_page(self):
        self.run_page()
        context = self.trusting()
        lines = []
        for i in range(24):
            name = "n%d.casino.example" % (i % 12)
            plain = self.connect()
            self.addCleanup(plain.close)
            line = context.wrap_socket(plain, server_hostname=name,
                                       do_handshake_on_connect=False)
            line.setblocking(False)
            lines.append((line, name))
        for line, _ in lines:  # all hellos first
            with self.assertRaises(ssl.SSLWantReadError):
                line.do_handshake()
        for line, name in lines:
            line.settimeout(PATIENCE_S)
            line.do_handshake()
            self.assertIn(("DNS", name), line.getpeercert()["subjectAltName"])
            line.close()


class Portal(TlsTest):
    def setUp(self):
        super().setUp()
        self.portal = certificates.make(self.dir, "portal",
                                        "subjectAltName=DNS:lachan.internal")

    def test_its_own_certificate_is_shown(self):
        self.run_page(portal=self.portal, ca=False, desk=False)
        status, _, _ = self.get("lachan.internal", context=self.trusting(self.portal[0]))
        self.assertEqual(status, 200)
        self.assertEqual(self.refused("casino.example"), UNRECOGNIZED_NAME)
        with open(self.portal[0], encoding="ascii") as file:
            self.assertEqual(self.leaf("lachan.internal"), file.read())

    def test_it_goes_before_the_ca(self):
        self.run_page(portal=self.portal)
        self.get("lachan.internal", context=self.trusting(self.portal[0]))
        self.get("casino.example")

    def test_without_one_the_ca_signs(self):
        self.run_page()
        self.assertEqual(self.get("lachan.internal")[0], 200)

    def test_a_chain_is_sent_whole(self):
        key = self.path("leaf.key")
        certificates.run("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
        os.chmod(key, 0o600)
        certificates.run("req", "-new", "-key", key, "-subj", "/CN=x", "-out",
                         self.path("leaf.csr"))
        self.write("ext", "subjectAltName=DNS:lachan.internal\n")
        certificates.run("x509", "-req", "-in", self.path("leaf.csr"), "-CA", self.ca, "-CAkey",
                         self.ca_key, "-extfile", self.path("ext"), "-days", "90", "-out",
                         self.path("leaf.pem"))
        with open(self.path("leaf.pem"), encoding="ascii") as one, \
                open(self.ca, encoding="ascii") as two:
            chain = self.write("chain.pem", one.read() + two.read())
        self.run_page(portal=(chain, key), ca=False, desk=False)
        done = subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:%d" % self.tls_port,
                               "-servername", "lachan.internal", "-showcerts"],
                              stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              timeout=PATIENCE_S)
        self.assertEqual(done.stdout.count(b"BEGIN CERTIFICATE"), 2, done.stdout)

    def test_a_new_one_is_taken_at_a_reload(self):
        self.run_page(portal=self.portal, ca=False, desk=False)
        before = self.leaf("lachan.internal")
        certificates.make(self.dir, "portal", "subjectAltName=DNS:lachan.internal")
        self.page.hup()
        self.page.wait_log("configuration and texts read again")
        self.assertNotEqual(self.leaf("lachan.internal"), before)
        self.write("portal.pem", "nonsense")
        self.page.hup()
        self.page.wait_log("not taken, the old configuration stays")
        self.assertNotEqual(self.leaf("lachan.internal"), before)


if __name__ == "__main__":
    main()
