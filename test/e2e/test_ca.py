"""lachanctl ca make and client-kit windows: what they make, and what they never overwrite."""
import codecs
import json
import os
import stat
import subprocess

import certificates
from desk_test import DeskTest
from lachan_test import BIN, main

NAME = "Trường THCS Nguyễn Du"


class Made(DeskTest):
    def setUp(self):
        super().setUp()
        self.write_json(self.config(school={"name": NAME}))

    def read(self, *names):
        with open(self.path(*names), "rb") as file:
            return file.read()


class CaMake(Made):
    def test_it_makes_a_ca_that_signs_leaves_and_no_further_ca(self):
        status, out, said = self.ctl("ca", "make")
        self.assertEqual(status, 0, said)
        text = certificates.text_of(self.read("secrets", "ca.pem").decode())
        self.assertIn("CA:TRUE, pathlen:0", text)
        self.assertIn("Certificate Sign", text)
        self.assertIn("prime256v1", text)
        subject = certificates.run("x509", "-in", self.path("secrets", "ca.pem"), "-noout",
                                   "-subject", "-nameopt", "utf8,sname,sep_multiline").decode()
        self.assertIn("O=" + NAME, subject)
        printed = certificates.run("x509", "-in", self.path("secrets", "ca.pem"), "-noout",
                                   "-fingerprint", "-sha256").decode().strip()
        self.assertIn(printed.split("=")[1], out)
        self.assertIn("secrets/ca.key", out)
        self.assertIn("listen_tls", out)

    def test_only_its_owner_reads_the_key(self):
        self.ctl("ca", "make")

        def mode(*names):
            return stat.S_IMODE(os.stat(self.path(*names)).st_mode)
        self.assertEqual((mode("secrets"), mode("secrets", "ca.key")), (0o700, 0o600))

    def test_it_never_overwrites(self):
        self.ctl("ca", "make")
        before = self.read("secrets", "ca.key"), self.read("secrets", "ca.pem")
        status, _, said = self.ctl("ca", "make")
        self.assertEqual(status, 1)
        self.assertIn("is there already", said)
        os.unlink(self.path("secrets", "ca.pem"))
        self.assertEqual(self.ctl("ca", "make")[0], 1)
        self.assertFalse(os.path.exists(self.path("secrets", "ca.pem")))
        self.assertEqual(self.read("secrets", "ca.key"), before[0])

    def test_another_folder_and_json(self):
        status, out, _ = self.ctl("ca", "make", self.path("elsewhere"), "--json")
        made = json.loads(out)
        self.assertEqual(status, 0)
        self.assertEqual(made["key"], self.path("elsewhere", "ca.key"))
        self.assertEqual(set(made), {"certificate", "key", "fingerprint", "until"})
        self.assertEqual(self.ctl("ca")[0], 2)
        self.assertEqual(self.ctl("ca", "make", "a", "b")[0], 2)
        self.assertEqual(self.ctl("ca", "make", self.path("no", "such", "place"))[0], 1)

    def test_a_long_name_is_cut_between_letters(self):
        self.write_json(self.config(school={"name": "ế" * 66}))
        self.assertEqual(self.ctl("ca", "make")[0], 0)
        subject = certificates.run("x509", "-in", self.path("secrets", "ca.pem"), "-noout",
                                   "-subject", "-nameopt", "utf8,sname,sep_multiline").decode()
        self.assertEqual(subject.count("ế"), 64)

    def test_the_gateway_takes_what_it_made(self):
        self.ctl("ca", "make")
        pages = {"listen_tls": ["127.0.0.1:%d" % self.free_port()],
                 "ca": {"certificate": "secrets/ca.pem", "key": "secrets/ca.key"}}
        self.write_json(self.config(pages=pages))
        done = subprocess.run([os.path.join(BIN, "lachand"), "-c", self.path("lachan.yaml"),
                               "--check"], capture_output=True, check=False, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.run_desk(pages=pages)
        answer = self.forms("leaf", name="casino.example", client="127.0.0.1",
                            public_key=certificates.make_public_key(self.dir))
        self.write("leaf.pem", answer["chain"])
        certificates.run("verify", "-x509_strict", "-CAfile", self.path("secrets", "ca.pem"),
                         self.path("leaf.pem"))


class ClientKit(Made):
    def text(self, name):
        data = self.read("kit", name)
        if name.endswith(".reg"):
            self.assertTrue(data.startswith(codecs.BOM_UTF16_LE))
            text = data[2:].decode("utf-16-le")
        elif name.endswith(".txt"):
            self.assertTrue(data.startswith(codecs.BOM_UTF8))
            text = data[3:].decode()
        else:
            self.assertFalse(data.startswith(codecs.BOM_UTF8))
            text = data.decode()
        self.assertEqual(text.count("\n"), text.count("\r\n"))
        self.assertNotIn("{ca}", text)
        self.assertTrue(text.endswith("\r\n"))
        return text

    def registry(self, name):
        """{key: {value: data}} as regedit reads it."""
        lines = self.text(name).split("\r\n")
        self.assertEqual(lines[0], "Windows Registry Editor Version 5.00")
        found, key = {}, None
        for line in lines[1:]:
            if line.startswith("["):
                key = found.setdefault(line.strip("[]").replace("HKEY_LOCAL_MACHINE\\", ""), {})
            elif line and not line.startswith(";"):
                value, data = line.split("=", 1)
                key[value.strip('"')] = data
        return found

    def make(self, *, ca=True):
        if ca:
            self.assertEqual(self.ctl("ca", "make")[0], 0)
        status, out, said = self.ctl("client-kit", "windows", self.path("kit"))
        self.assertEqual(status, 0, said)
        return out

    def test_private_dns_is_switched_off_by_policy(self):
        self.make()
        policies = "SOFTWARE\\Policies\\"
        registry = self.registry("lachan.reg")
        for browser in ("Microsoft\\Edge", "Google\\Chrome"):
            self.assertEqual(registry[policies + browser], {"DnsOverHttpsMode": '"off"'})
        self.assertEqual(registry[policies + "Mozilla\\Firefox\\DNSOverHTTPS"],
                         {"Enabled": "dword:00000000", "Locked": "dword:00000001"})
        self.assertEqual(registry[policies + "Mozilla\\Firefox\\Certificates"],
                         {"ImportEnterpriseRoots": "dword:00000001"})
        self.assertEqual(registry[policies + "Microsoft\\Windows NT\\DNSClient"],
                         {"DoHPolicy": "dword:00000001"})
        self.assertEqual(json.loads(self.text("firefox-policies.json")), {"policies": {
            "Certificates": {"ImportEnterpriseRoots": True},
            "DNSOverHTTPS": {"Enabled": False, "Locked": True}}})

    def test_what_is_set_can_be_taken_back(self):
        self.make()
        undo = self.registry("lachan-go-bo.reg")
        self.assertEqual({key: set(values) for key, values in undo.items()},
                         {key: set(values) for key, values in
                          self.registry("lachan.reg").items()})
        self.assertEqual({data for values in undo.values() for data in values.values()}, {"-"})
        thumbprint = certificates.run("x509", "-in", self.path("secrets", "ca.pem"), "-noout",
                                      "-fingerprint", "-sha1").decode().strip().split("=")[1]
        self.assertIn("-delstore Root %s >nul" % thumbprint.replace(":", "").lower(),
                      self.text("go-bo.cmd"))

    def test_the_certificate_goes_with_it_and_the_key_stays(self):
        self.make()
        self.assertEqual(self.read("kit", "lachan-ca.cer"), self.read("secrets", "ca.pem"))
        secret = self.read("secrets", "ca.key").split(b"\n")[1]
        for name in os.listdir(self.path("kit")):
            self.assertNotIn(secret, self.read("kit", name), name)
            self.assertNotIn(b"PRIVATE", self.read("kit", name), name)
        readme = self.text("README.txt")
        printed = certificates.run("x509", "-in", self.path("secrets", "ca.pem"), "-noout",
                                   "-fingerprint", "-sha256").decode().strip().split("=")[1]
        self.assertEqual(readme.count(printed), 2)
        self.assertEqual(readme.count(NAME), 2)
        for word in ("riêng của học sinh", "Never put it on a pupil's"):
            self.assertIn(word, readme)

    def test_scripts_call_what_is_in_the_folder(self):
        self.make()
        there = set(os.listdir(self.path("kit")))
        for script in ("cai-dat.cmd", "go-bo.cmd"):
            for word in self.text(script).split('"'):
                if word.startswith("%~dp0"):
                    self.assertIn(word[5:], there)

    def test_the_shortcut_leads_to_the_portal(self):
        self.make()
        self.assertEqual(self.text("La Chan.url"),
                         "[InternetShortcut]\r\nURL=http://lachan.internal/\r\n")

    def test_by_https_where_the_portal_has_it(self):
        self.ctl("ca", "make")
        self.write_json(self.config(pages={
            "listen_tls": ["127.0.0.1:%d" % self.free_port()],
            "ca": {"certificate": "secrets/ca.pem", "key": "secrets/ca.key"}}))
        self.make(ca=False)
        self.assertIn("URL=https://lachan.internal/\r\n", self.text("La Chan.url"))

    def test_without_a_ca_nothing_is_trusted(self):
        out = self.make(ca=False)
        self.assertIn("no CA", out)
        self.assertNotIn("lachan-ca.cer", os.listdir(self.path("kit")))
        for name in os.listdir(self.path("kit")):
            for word in ("certutil", "ImportEnterpriseRoots", "lachan-ca", "{"):
                if word != "{" or name != "firefox-policies.json":
                    self.assertNotIn(word, self.text(name), name)

    def test_it_never_overwrites(self):
        self.make()
        status, _, said = self.ctl("client-kit", "windows", self.path("kit"))
        self.assertEqual(status, 1)
        self.assertIn("is there already", said)
        self.assertEqual(self.ctl("client-kit", "linux", self.path("kit2"))[0], 2)
        self.assertEqual(self.ctl("client-kit")[0], 2)

    def test_a_name_that_would_be_more_than_a_name(self):
        self.write_json(self.config(school={"name": "A {ca} & %PATH% \" x"}))
        self.make()
        for script in ("cai-dat.cmd", "go-bo.cmd"):
            self.assertNotIn("PATH%", self.text(script))
        self.assertIn("A {ca} & %PATH%", self.read("kit", "README.txt").decode())


if __name__ == "__main__":
    main()
