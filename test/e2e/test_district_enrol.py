#!/usr/bin/env python3
"""A school joins by the file that the department made: lachan-district and lachanctl, over TLS."""
import json
import os
import stat
import subprocess

from district_admin_kit import DistrictAdminTest
from lachan_test import free_port, main


class Enrol(DistrictAdminTest):
    def prepare(self, extra=""):
        self.need("lachan-district", "lachanctl", "lachan-share")
        super().prepare(extra)
        pair = (self.path("tls.pem"), self.path("tls.key"))
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
             "-out", pair[0], "-keyout", pair[1]], check=True, capture_output=True, timeout=60)
        self.tls_port = free_port()
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        text = text.replace("server:\n", "server:\n  listen_tls: [\"127.0.0.1:%d\"]\n"
                            "  certificate: {file: %s, key: %s}\n  public_ca: %s\n" % (
                                self.tls_port, pair[0], pair[1], pair[0]))
        text = text.replace("http://127.0.0.1:%d" % self.port, "https://127.0.0.1:%d" % self.tls_port)
        self.write("district.yaml", text)

    def school(self, name):
        """A school's configuration in a folder of its own; what runs lachanctl with it."""
        config = self.write_config(dns_port=free_port(), level="lower_secondary",
                                   file=os.path.join(name, "lachan.yaml"))
        with open(config, encoding="utf-8") as file:
            text = file.read()
        for folder in ("state", "run"):
            os.makedirs(self.path(name, folder), exist_ok=True)
            text = text.replace("%s_dir: %s" % (folder, self.path(folder)),
                                "%s_dir: %s" % (folder, self.path(name, folder)))
        with open(config, "w", encoding="utf-8") as file:
            file.write(text)
        return lambda *words: self.run_program("lachanctl", "-c", config, *words)

    def test_one_file_makes_a_school_of_the_department(self):
        self.prepare()
        self.two_schools()
        self.serve()
        file = self.path("q1.json")
        self.run_district("token", "create", "q1", "--out", file)
        school = self.school("a")
        status, said, error = school("--json", "enrol", file)
        self.assertEqual(status, 0, said + error)
        made = json.loads(said)
        self.assertEqual((made["unit"], made["name"]), ("q1", "THCS A"))
        self.assertTrue(made["url"].startswith("https://127.0.0.1:%d/" % self.tls_port))
        self.assertIn(made["public_key"], self.run_district("key", "list", "q1"))
        self.assertEqual(stat.S_IMODE(os.stat(self.path("a", "state", "signing.key")).st_mode), 0o600)
        self.assertIn("used", self.run_district("token", "list", "q1"))
        # A file works once: another machine does not get in by it; this one hears the same again.
        status, said, error = self.school("b")("--json", "enrol", file)
        self.assertEqual(status, 1, said + error)
        status, said, error = school("--json", "enrol", file)
        self.assertEqual(status, 0, said + error)
        self.assertEqual(json.loads(said), made)
        self.assertIn("1 keys", self.run_district("key", "list", "q1"))
        # A new file pins a new key beside the old one.
        again = self.path("again.json")
        self.run_district("token", "create", "q1", "--out", again)
        status, said, error = school("--json", "enrol", again)
        self.assertEqual(status, 0, said + error)
        listed = self.run_district("key", "list", "q1")
        for key in (made["public_key"], json.loads(said)["public_key"]):
            self.assertIn(key, listed)

    def test_the_departments_bundle_is_pulled_from_then_on(self):
        self.need("lachan-feeds")
        self.prepare()
        self.two_schools()
        self.serve()
        source = self.write("bundle.yaml", "name: tinh\nmandatory: [{tier: lower_secondary, "
                            "categories: [gambling]}]\nlists: [{name: a, category: gambling, "
                            "names: [nhacai.example]}]\n")
        self.run_district("bundle", "publish", source)
        file = self.path("q1.json")
        self.run_district("token", "create", "q1", "--out", file)
        school = self.school("a")
        status, said, error = school("enrol", file)
        self.assertEqual(status, 0, said + error)
        # By the token, and the anchor, of the recipient that lives at the same place.
        done = self.run_program("lachan-feeds", "-c", self.path("a", "lachan.yaml"))
        self.assertEqual(done[0], 0, done)
        feeds = {f["name"]: f for f in json.loads(school("feeds", "--json")[1])["feeds"]}
        bundle = feeds["department"]["bundle"]
        self.assertEqual((bundle["name"], bundle["serial"]), ("tinh", 1))
        self.assertGreater(len(feeds), 1)  # beside the recommended ones
        said = school("explain", "nhacai.example", "--tier", "lower_secondary")[1]
        self.assertIn("the education department requires", said)

    def test_a_revoked_file_lets_nobody_in(self):
        self.prepare()
        self.two_schools()
        self.serve()
        file = self.path("q1.json")
        self.run_district("token", "create", "q1", "--out", file)
        self.run_district("token", "revoke", "q1")
        status, said, error = self.school("a")("enrol", file)
        self.assertEqual(status, 1, said + error)
        self.assertIn("0 keys", self.run_district("key", "list", "q1"))


if __name__ == "__main__":
    main()
