#!/usr/bin/env python3
"""Whom lachan-share believes: certificates, redirects, proxies, answers without end. Where it
should not believe, not one octet of a document may arrive."""
import os
import socket

import certificates
from lachan_test import main
from share_test import ShareTest

PAST = ("20200101000000Z", "20210101000000Z")


class Tls(ShareTest):
    def setUp(self):
        super().setUp()
        self.ca = certificates.make_ca(self.dir, "ca", subject="/CN=test-ca")
        self.names = self.days(1)

    def leaf(self, name, *extensions, ca=None, **more):
        return certificates.make_leaf(self.dir, name, ca or self.ca, *(
            extensions or ("subjectAltName=IP:127.0.0.1,DNS:localhost",)), **more)

    def refused(self, receiver, *words, **more):
        """Nothing arrives, everything waits, and the reason is noted."""
        self.configure(self.recipient(receiver, **more))
        self.share(status=1)
        self.assertEqual(receiver.posts, [])
        self.assertEqual(self.waiting(), self.names)
        why = self.state()["why"]
        self.assertTrue(any(word in why for word in words), why)

    def test_the_recipients_own_anchor(self):
        receiver = self.receiver(self.leaf("good"))
        self.configure(self.recipient(receiver, ca_file=self.ca[0]))
        self.share()
        self.assertEqual(len(receiver.posts), 1)
        self.assertEqual(self.waiting(), [])

    def test_a_name_is_verified_and_localhost_is_this_machine(self):
        receiver = self.receiver(self.leaf("good"))
        self.configure(self.recipient(receiver, host="localhost", ca_file=self.ca[0]))
        self.share()
        self.assertEqual(len(receiver.posts), 1)

    def test_without_an_anchor_the_systems_count(self):
        self.refused(self.receiver(self.leaf("good")), "certificate")

    def test_another_ca(self):
        other = certificates.make_ca(self.dir, "other", subject="/CN=other-ca")
        self.refused(self.receiver(self.leaf("foreign", ca=other)), "certificate",
                     ca_file=self.ca[0])

    def test_a_certificate_that_ran_out(self):
        self.refused(self.receiver(self.leaf("old", start=PAST)), "expired",
                     ca_file=self.ca[0])

    def test_a_certificate_of_another_name(self):
        self.refused(self.receiver(self.leaf("named", "subjectAltName=DNS:other.example")),
                     "subject name", "alternative", ca_file=self.ca[0])

    def test_no_tls_at_all(self):
        plain = self.receiver()
        self.configure({**self.recipient(plain), "url": plain.url().replace("http:", "https:"),
                        "ca_file": self.ca[0]})
        self.share(status=1)
        self.assertEqual(plain.posts, [])

    def test_client_certificates(self):
        receiver = self.receiver(self.leaf("good"), client_ca=self.ca[0])
        self.refused(receiver, "", ca_file=self.ca[0])
        own = self.leaf("school", "extendedKeyUsage=clientAuth", subject="/CN=thcs-01")
        more = self.recipient(receiver, ca_file=self.ca[0],
                              client_certificate={"file": own[0], "key": own[1]})
        del more["token_file"]
        self.configure(more)
        self.share()
        self.assertEqual(len(receiver.posts), 1)
        self.assertNotIn("authorization", receiver.posts[0].headers)

    def test_a_client_key_that_others_may_read_is_a_mistake(self):
        receiver = self.receiver(self.leaf("good"))
        own = self.leaf("school")
        os.chmod(own[1], 0o644)
        path = self.configure(self.recipient(receiver, ca_file=self.ca[0],
                                             client_certificate={"file": own[0],
                                                                 "key": own[1]}))
        status, _, said = self.run_program("lachand", "-c", path, "--check")
        self.assertEqual(status, 2)
        self.assertIn("others may read the key", said)


class Hostile(ShareTest):
    def setUp(self):
        super().setUp()
        self.one = self.receiver()
        self.configure(self.recipient(self.one))
        self.names = self.days(1)

    def test_redirects_are_not_followed(self):
        other = self.receiver()
        for status in (301, 302, 303, 307, 308):
            self.one.always(status, Location=other.url())
            self.share(status=1)
            self.assertIn("sends us elsewhere", self.state()["why"])
        self.one.always(302, Location="file:///etc/passwd")
        self.share(status=1)
        self.assertEqual(other.posts, [])
        self.assertEqual(self.waiting(), self.names)

    def test_an_answer_without_end_is_cut(self):
        def endless(handler, _post):
            handler.send_response(201)
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            while True:
                handler.wfile.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        self.one.answer = endless
        self.share(status=1)
        self.assertIn("longer than 64 KiB", self.state()["why"])
        self.assertEqual(self.waiting(), self.names)

    def test_answers_that_are_no_json_or_deep(self):
        for body in (b"", b"<html>", b"[" * 60000, b'{"error":' + b"[" * 5000, b"\xff\xfe\x00",
                     b'{"error":"' + b"x" * 60000 + b'"}'):
            self.one.always(422, body)
            with open(self.path("state", "outbox", self.names[0]), "rb") as file:
                kept = file.read()
            self.share(status=1)
            refused = self.receipts()
            self.assertEqual([r["status"] for r in refused.values()], [422])
            self.assertLess(len(next(iter(refused.values())).get("error", "")), 256)
            # Once more, with another answer.
            for folder in ("sent/so-gddt", "sent"):
                for name in os.listdir(self.path("state", folder)):
                    if "!" in name:
                        os.unlink(self.path("state", folder, name))
            with open(self.path("state", "outbox", self.names[0]), "wb") as file:
                file.write(kept)

    def test_a_connection_that_dies(self):
        def die(handler, _post):
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
        self.one.answer = die
        self.share(status=1)
        self.assertEqual(self.state()["failures"], "1")
        self.assertEqual(self.waiting(), self.names)

    def test_no_proxy_is_taken_from_the_environment(self):
        proxy = self.receiver()
        env = {name: "http://127.0.0.1:%d" % proxy.port
               for name in ("http_proxy", "https_proxy", "all_proxy", "ALL_PROXY")}
        program = self.start("lachan-share", "-c", self.path("lachan.yaml"), env=env)
        self.assertEqual(program.wait(), 0)
        self.assertEqual((len(self.one.posts), proxy.posts), (1, []))

    def test_a_name_that_leads_to_a_private_address_leads_nowhere(self):
        upstream = self.upstream({"thu.so.example": "127.0.0.1"})
        path = self.configure({**self.recipient(self.one),
                               "url": "https://thu.so.example:%d/v1/summaries" % self.one.port})
        with open(path, encoding="utf-8") as file:
            text = file.read()
        start = text.index('  servers: ["udp://127.0.0.1:')
        end = text.index("\n", start)
        self.write("lachan.yaml", text[:start] + '  servers: ["udp://127.0.0.1:%d"]'
                   % upstream.port + text[end:])
        self.share(status=1)
        self.assertIn("leads to a loopback address: not connected", self.state()["why"])
        self.assertEqual(self.one.clients, 0)

if __name__ == "__main__":
    main()
