"""Certificates that will not do, and where the school's key is not."""
import os
import re
import ssl
import stat

import certificates
from lachan_test import main, wait_for
from tls_test import TlsTest


class Files(TlsTest):
    """Every mistake in the files is told at its line, by --check and at the start."""

    def check(self, pages):
        self.write_json(self.config(pages={"listen_tls": ["127.0.0.1:%d" % self.tls_port],
                                           **pages}))
        status, out, said = self.run_program("lachan-page", "-c", self.path("lachan.yaml"),
                                             "--check")
        return status, out + said

    def assert_told(self, pages, *words):
        status, said = self.check(pages)
        self.assertEqual(status, 2, said)
        self.assertRegex(said, r"lachan\.yaml:\d+:\d+: error: ")
        for word in words:
            self.assertIn(word, said)

    def test_a_right_one_is_right(self):
        status, said = self.check({"ca": {"certificate": self.ca, "key": self.ca_key}})
        self.assertEqual(status, 0, said)
        self.assertNotIn("warning", said)

    def test_a_missing_file(self):
        self.assert_told({"ca": {"certificate": self.path("no.pem"), "key": self.ca_key}},
                         "no.pem: No such file", "name a file that is there")
        self.assert_told({"ca": {"certificate": self.ca, "key": self.path("no.key")}}, "no.key")

    def test_a_file_that_is_no_certificate(self):
        other = self.write("other.pem", "hello\n")
        self.assert_told({"ca": {"certificate": other, "key": self.ca_key}},
                         "no certificate in PEM form")
        self.assert_told({"ca": {"certificate": self.ca, "key": self.ca}},
                         "no private key in PEM form")

    def test_a_key_of_another_certificate(self):
        other = certificates.make_ca(self.dir, "other")
        self.assert_told({"ca": {"certificate": self.ca, "key": other[1]}}, "is not the key of")

    def test_a_key_with_a_passphrase(self):
        locked = self.path("locked.key")
        certificates.run("pkey", "-in", self.ca_key, "-aes256", "-passout", "pass:xyzw", "-out",
                         locked)
        os.chmod(locked, 0o600)
        self.assert_told({"ca": {"certificate": self.ca, "key": locked}}, "no passphrase")

    def test_a_key_that_others_may_read(self):
        os.chmod(self.ca_key, 0o640)
        self.assertEqual(stat.S_IMODE(os.stat(self.ca_key).st_mode), 0o640)
        self.assert_told({"ca": {"certificate": self.ca, "key": self.ca_key}}, "chmod 600")

    def test_a_certificate_that_is_no_ca(self):
        leaf = certificates.make(self.dir, "leaf", "basicConstraints=critical,CA:FALSE",
                                 "subjectAltName=DNS:a.vn")
        self.assert_told({"ca": dict(zip(("certificate", "key"), leaf))}, "is not a CA's")

    def test_a_portal_certificate_of_another_name(self):
        other = certificates.make(self.dir, "portal", "subjectAltName=DNS:other.vn")
        self.assert_told({"portal": {"certificate": dict(zip(("file", "key"), other))}},
                         "is not for the name lachan.internal")

    def test_one_that_has_run_out_is_a_warning(self):
        old = certificates.make_old_ca(self.dir)
        status, said = self.check({"ca": dict(zip(("certificate", "key"), old))})
        self.assertEqual(status, 0, said)
        self.assertRegex(said, r"lachan\.yaml:\d+:\d+: warning: .* has run out")

    def test_all_are_told_in_one_run(self):
        status, said = self.check({
            "ca": {"certificate": self.path("a"), "key": self.path("b")},
            "portal": {"certificate": {"file": self.path("c"), "key": self.path("d")}}})
        self.assertEqual((status, said.count("error:")), (2, 2), said)


class Gateway(TlsTest):
    """With the supervisor: sockets handed over, the key read by who may."""

    def test_the_supervisor_hands_the_socket_over(self):
        self.need("lachand")
        self.publish(self.RULES)
        self.fake = self.upstream(self.RECORDS)
        blocked = "www.casino.example"
        more = {"upstream": {"servers": ["udp://127.0.0.1:%d" % self.fake.port]},
                # what is pulled at the start says the same as what is there
                "filter": {"feeds": [{"name": "ours", "category": "gambling", "format": "domains",
                                      "url": ["file://" + self.write("list", "casino.example\n")]}]}}
        self.write_json(self.config(**more, pages={
            "listen": ["127.0.0.1:%d" % self.page_port],
            "listen_tls": ["127.0.0.1:%d" % self.tls_port],
            "ca": {"certificate": self.ca, "key": self.ca_key}}))
        gateway = self.start("lachand", "-c", self.path("lachan.yaml"))
        for program in ("lachan-filter", "lachan-page", "lachan-desk"):
            gateway.wait_log("%s is ready" % program)

        def shown():
            try:
                return self.get(blocked)[0] == 403
            except (ssl.SSLError, OSError):
                return False
        wait_for("the page over https", shown)
        children = gateway.children()  # lachan-feeds comes and goes
        for program in ("lachan-filter", "lachan-page", "lachan-desk"):
            self.assert_knows_no_key(children[program], but_number=program == "lachan-desk")
        self.assert_knows_no_key(gateway.pid)
        self.write_json(self.config(**more, pages={
            "listen": ["127.0.0.1:%d" % self.page_port]}))
        gateway.hup()
        gateway.wait_log("pages.listen_tls has changed, and that needs a restart")
        wait_for("the page over https after the reload", shown)

    def assert_knows_no_key(self, pid, *, but_number=False):
        """The CA's key is in nothing of that program; of the desk, which signs, not as the
        file has it."""
        with open(self.ca_key, encoding="ascii") as file:
            text = file.read().split("\n")[1][8:56].encode()
        folder = "/proc/%d" % pid
        try:
            with open(folder + "/environ", "rb") as file:
                self.assertNotIn(text, file.read())
            for fd in os.listdir(folder + "/fd"):
                self.assertNotIn("ca.key", os.readlink(os.path.join(folder, "fd", fd)))
            with open(folder + "/limits", encoding="ascii") as file:
                self.assertRegex(file.read(), r"Max core file size +0 +0")
            memory = self.memory_of(pid)
        except PermissionError:
            self.skipTest("only root may look into the program")
        self.assertEqual((self.secret_number() in memory, text in memory), (but_number, False))

    def secret_number(self):
        """The private number itself, as OpenSSL keeps it in memory."""
        text = certificates.run("pkey", "-in", self.ca_key, "-noout", "-text").decode()
        digits = re.search(r"priv:\s*((?:[0-9a-f:]+\s*)+?)pub:", text).group(1)
        return bytes.fromhex(re.sub(r"[^0-9a-f]", "", digits))[-32:][::-1]

    @staticmethod
    def memory_of(pid):
        """What it has written to: without a sanitizer's shadow, terabytes of nothing."""
        data, place = [], None
        with open("/proc/%d/smaps" % pid, encoding="ascii") as maps, \
                open("/proc/%d/mem" % pid, "rb", 0) as memory:
            for line in maps:
                words = line.split()
                if re.fullmatch("[0-9a-f]+-[0-9a-f]+", words[0]):
                    place = [int(part, 16) for part in words[0].split("-")]
                elif words[0] == "Anonymous:" and words[1] != "0" and \
                        place[1] - place[0] <= 1 << 26:
                    try:
                        memory.seek(place[0])
                        data.append(memory.read(place[1] - place[0]))
                    except (OSError, OverflowError, ValueError):
                        continue
        return b"".join(data)


if __name__ == "__main__":
    main()
