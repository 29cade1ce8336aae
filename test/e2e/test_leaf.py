"""The desk signs certificates for blocked names, and for nothing else."""
import os
import re
import stat
import time

import certificates
from desk_test import DeskTest
from lachan_test import main


class Leaf(DeskTest):
    RULES = {"gambling": "||casino.example^\n"}

    def setUp(self):
        super().setUp()
        self.ca, self.ca_key = certificates.make_ca(self.dir)
        self.key = certificates.make_public_key(self.dir)

    def with_ca(self, **more):
        self.run_desk(pages={"listen_tls": ["127.0.0.1:%d" % self.free_port()],
                             "ca": {"certificate": self.ca, "key": self.ca_key}}, **more)

    def ask(self, name, client="127.0.0.1", key=None):
        return self.forms("leaf", name=name, client=client,
                          public_key=self.key if key is None else key)

    def test_a_blocked_name_gets_a_leaf_for_that_name_alone(self):
        self.with_ca()
        answer = self.ask("WWW.casino.example")
        self.assertTrue(answer["ok"], answer)
        text = certificates.text_of(answer["chain"])
        self.assertEqual(re.findall(r"DNS:[^,\s]*", text), ["DNS:www.casino.example"])
        self.assertIn("CA:FALSE", text)
        self.assertIn("TLS Web Server Authentication", text)
        self.assertIn("prime256v1", text)
        leaf = self.path("leaf.pem")
        self.write("leaf.pem", answer["chain"])
        self.assertIn(b"OK", certificates.run("verify", "-CAfile", self.ca, "-verify_hostname",
                                              "www.casino.example", leaf))
        # A device whose clock is a day behind takes it, one a month ahead does not.
        now = int(time.time())
        certificates.run("verify", "-CAfile", self.ca, "-attime", str(now + 3600), leaf)
        with self.assertRaises(RuntimeError):
            certificates.run("verify", "-CAfile", self.ca, "-attime", str(now + 31 * 86400), leaf)
        self.stop_desk()

    def test_serial_numbers_are_not_repeated(self):
        self.with_ca()
        serials = {certificates.run("x509", "-noout", "-serial",
                                    stdin=self.ask("casino.example")["chain"].encode())
                   for _ in range(5)}
        self.assertEqual(len(serials), 5)

    def test_a_name_that_works_gets_none(self):
        self.with_ca()
        for name in ("www.example.vn", "example", "vn"):
            answer = self.ask(name)
            self.assertEqual((answer["ok"], answer["why"]), (False, "not_blocked"), name)

    def test_the_portal_gets_one(self):
        self.with_ca()
        self.assertTrue(self.ask("lachan.internal")["ok"])
        self.assertEqual(self.ask("x.lachan.internal")["why"], "not_blocked")

    def test_nonsense_gets_none(self):
        self.with_ca()
        for arguments in ({"name": ""}, {"name": "."}, {"name": "a..b"}, {"client": "nobody"},
                          {"name": "x\\.casino.example"}, {"name": "casino.example,DNS:a.vn"},
                          {"name": "*.casino.example"}, {"name": 7}, {"public_key": 7},
                          {"public_key": ""}, {"public_key": "-----BEGIN PUBLIC KEY-----"},
                          {"public_key": self.key[:60]}, {"public_key": "x" * 5000}):
            whole = {"name": "casino.example", "client": "127.0.0.1", "public_key": self.key}
            answer = self.forms("leaf", **{**whole, **arguments})
            self.assertEqual((answer["ok"], answer["why"]), (False, "failed"), arguments)

    def test_only_keys_of_the_form_the_page_makes(self):
        self.with_ca()
        certificates.run("genpkey", "-algorithm", "ed25519", "-out", self.path("ed.key"))
        other = certificates.run("pkey", "-in", self.path("ed.key"), "-pubout").decode()
        self.assertEqual(self.ask("casino.example", key=other)["why"], "failed")

    def test_one_client_gets_so_many_a_minute(self):
        self.with_ca()
        count = 0
        while (answer := self.ask("casino.example"))["ok"] and count < 2000:
            count += 1
        self.assertEqual(answer.get("why"), "too_many")
        self.assertGreaterEqual(count, 120)
        self.assertTrue(self.ask("casino.example", client="127.0.0.2")["ok"])

    def test_without_a_ca_there_is_none(self):
        self.run_desk()
        self.assertEqual(self.ask("casino.example")["why"], "no_ca")

    def test_a_ca_whose_time_is_over_signs_nothing(self):
        self.ca, self.ca_key = certificates.make_old_ca(self.dir)
        self.with_ca()
        self.assertEqual(self.ask("casino.example")["why"], "no_ca")
        self.assertIn("has run out", self.desk_program.log())

    def test_without_the_filter_there_is_none(self):
        self.with_ca()
        self.program.kill()
        self.assertEqual(self.ask("casino.example")["why"], "failed")

    def test_the_key_is_in_no_environment_and_no_descriptor(self):
        self.with_ca()
        self.ask("casino.example")
        folder = "/proc/%d" % self.desk_program.process.pid
        with open(self.ca_key, encoding="ascii") as file:
            secret = "".join(file.read().split("\n")[1:-2])
        if os.access(folder + "/environ", os.R_OK):
            with open(folder + "/environ", "rb") as file:
                self.assertNotIn(secret.encode(), file.read())
        if os.access(folder + "/fd", os.R_OK | os.X_OK):
            for name in os.listdir(folder + "/fd"):
                self.assertNotEqual(os.readlink(os.path.join(folder, "fd", name)), self.ca_key)
        self.assertNotIn(secret, self.desk_program.log())
        self.assertEqual(stat.S_IMODE(os.stat(self.ca_key).st_mode), 0o600)


if __name__ == "__main__":
    main()
