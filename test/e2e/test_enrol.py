#!/usr/bin/env python3
"""lachanctl enrol: one file from the department, a school that is ready to share; again after
every failure and every crash."""
import base64
import json
import os
import signal
import stat
import subprocess
import time

import certificates
from lachan_test import BIN, main
from share_test import LAST as DAY
from share_test import UNIT, ShareTest, document


class Department:
    """The collector's side of POST /v1/enrolments: a token enrols one key, as often as it asks."""

    def __init__(self, receiver, tokens):
        self.receiver, self.tokens, self.keys, self.made = receiver, tokens, {}, 0
        self.bundle = None
        receiver.answer = self.answer

    def answer(self, handler, post):
        if post.path != "/v1/enrolments":
            handler.reply(201, b"{}")
            return
        wish = json.loads(post.body)
        token, key = wish["token"], wish["public-key"]
        assert len(base64.b64decode(key)) == 32
        if token not in self.tokens:
            handler.reply(401, b'{"error":"this token is not known","why":"token"}')
        elif self.keys.setdefault(token, key) != key:
            handler.reply(403, b'{"error":"another key","why":"token"}')
        else:
            self.made += 1
            answer = {"unit": UNIT, "name": "THCS Kim Đồng",
                      "recipient": {"name": "department", "role": "education",
                                    "url": self.receiver.url(),
                                    "token": "lcd-%064x" % self.made}}
            if self.bundle:
                answer["bundle"] = self.bundle
            handler.reply(201, json.dumps(answer).encode())


class EnrolTest(ShareTest):
    def setUp(self):
        super().setUp()
        self.need("lachanctl", "lachand")
        self.ca = certificates.make_ca(self.dir, "ca", subject="/CN=department")
        leaf = certificates.make_leaf(self.dir, "department", self.ca,
                                      "subjectAltName=IP:127.0.0.1")
        self.department = Department(self.receiver(leaf), {"one-time", "second"})
        os.unlink(self.path("state", "signing.key"))
        self.configure(unit="")

    def file(self, name="enrol.json", **changes):
        with open(self.ca[0], encoding="utf-8") as pem:
            made = {"format": "lachan-enrolment", "version": "1.0", "unit": UNIT,
                    "name": "THCS Kim Đồng", "token": "one-time", "expires": "2099-12-31",
                    "url": self.department.receiver.url().removesuffix("/v1/summaries"),
                    "ca": pem.read(), "bundle-key": ""}
        return self.write(name, json.dumps({**made, **changes}))

    def enrol(self, path, *options, status=0):
        got, out, err = self.run_program("lachanctl", "-c", self.path("lachan.yaml"), "enrol",
                                         path, *options)
        self.assertEqual(got, status, out + err)
        return out + err

    def check(self):
        status, out, err = self.run_program("lachand", "-c", self.path("lachan.yaml"), "--check")
        self.assertEqual(status, 0, out + err)

    def key(self):
        with open(self.path("state", "signing.key"), encoding="ascii") as file:
            return file.read()

    def overrides(self):
        with open(self.path("lachan.d", "overrides.yaml"), encoding="utf-8") as file:
            return file.read()

    def left_over(self):
        return [n for n in os.listdir(self.path("state")) if "new-" in n or ".tmp." in n]


class Enrol(EnrolTest):
    def test_one_file_makes_a_school_that_shares(self):
        self.put(document(DAY))
        said = self.enrol(self.file())
        self.assertIn("enrolled as thcs-01 (THCS Kim Đồng)", said)
        self.assertIn("lachanctl reload", said)
        self.check()
        for name in ("state/signing.key", "secrets/department.token"):
            mode = os.stat(self.path(*name.split("/"))).st_mode
            self.assertEqual(stat.S_IMODE(mode), 0o600, name)
        self.assertEqual(self.left_over(), [])
        with open(self.path("secrets", "department.token"), encoding="ascii") as file:
            self.assertEqual(file.read(), "lcd-%064x\n" % 1)
        # And what waited since before leaves, once an approver has said yes (approve: never here).
        self.share()
        sent = self.department.receiver.posts[-1]
        self.assertEqual(sent.document["organization"]["unit"], UNIT)
        self.assertEqual(sent.headers["authorization"], "Bearer lcd-%064x" % 1)

    def test_the_words_of_a_program(self):
        made = json.loads(self.enrol(self.file(), "--json"))
        self.assertEqual((made["unit"], made["recipient"], made["again"]),
                         (UNIT, "department", False))
        self.assertEqual(made["public_key"], self.department.keys["one-time"])
        self.assertNotIn("one-time", json.dumps(made))

    def test_overrides_that_stand_stay(self):
        self.write("lachan.d/overrides.yaml",
                   "# what the console wrote\nschool: {name: \"THCS A\"}\n"
                   "filter: {never_block: [truong.vn]}\nshare: {hold: 12h}\n")
        before = self.overrides()
        self.enrol(self.file())
        self.check()
        text = self.overrides()
        for words in ('name: "THCS A"', "truong.vn", "hold: 12h", "unit: \"%s\"" % UNIT):
            self.assertIn(words, text)
        with open(self.path("lachan.d", "overrides.yaml.prev"), encoding="utf-8") as file:
            self.assertEqual(file.read(), before)
        self.write("lachan.d/overrides.yaml", "# kept\nfilter: {enforce: off}\n")
        self.enrol(self.file(token="second"))
        self.assertTrue(self.overrides().startswith("# kept\nfilter: {enforce: off}\nschool:\n"))
        self.check()

    def test_overrides_that_are_broken_change_nothing(self):
        self.write("lachan.d/overrides.yaml", "filter: {enforce: perhaps}\n")
        status, out, err = self.run_program(
            "lachanctl", "-c", self.path("lachan.yaml"), "enrol", self.file())
        self.assertNotEqual(status, 0)
        self.assertIn("enforce", out + err)
        self.assertEqual(self.overrides(), "filter: {enforce: perhaps}\n")
        self.assertFalse(os.path.exists(self.path("state", "signing.key")))

    def test_again_with_the_same_file_and_with_a_new_one(self):
        first = self.file()
        self.enrol(first)
        key = self.key()
        # Who types it twice hears the same twice; another gateway that found it gets nothing.
        self.assertIn("is enrolled as", self.enrol(first))
        self.assertEqual(self.key(), key)
        os.unlink(self.path("state", "signing.key.by"))
        self.assertIn("has enrolled another gateway", self.enrol(first, status=1))
        self.assertEqual(self.key(), key)
        said = self.enrol(self.file("second.json", token="second"))
        self.assertIn("has a new key", said)
        self.assertNotEqual(self.key(), key)
        self.check()
        self.assertEqual(self.overrides().count("recipients"), 1)

    def test_the_department_publishes_rules(self):
        self.department.bundle = {"url": "https://thu.example/v1/bundles/", "public-key": "x" * 44}
        self.assertIn("https://thu.example/v1/bundles/", self.enrol(self.file()))


    def test_what_the_department_answers_is_text_and_no_configuration(self):
        key = base64.b64encode(bytes(range(32))).decode()
        place = "https://thu.example/v1/bundles/"
        self.department.bundle = {"url": place + '"\nshare:\n  approve: never\n# "', "public-key": key}
        self.assertIn("cannot be used", self.enrol(self.file(), status=1))
        self.department.bundle = {"url": place + '?a=" , "b', "public-key": key}
        got, out, err = self.run_program("lachanctl", "-c", self.path("lachan.yaml"), "enrol", self.file())
        self.assertIn(got, (0, 1), out + err)
        self.department.bundle = {"url": place, "public-key": key}
        self.enrol(self.file())
        self.check()
        self.assertIn('- "%s"\n' % place, self.overrides())
        self.assertNotIn("approve", self.overrides())


class Mistakes(EnrolTest):
    def refused(self, words, path):
        said = self.enrol(path, status=1)
        self.assertIn(words, said)
        self.assertFalse(os.path.exists(self.path("state", "signing.key")))
        self.assertFalse(os.path.exists(self.path("lachan.d", "overrides.yaml")))
        self.check()
        return said

    def test_files_that_will_not_do(self):
        self.refused("nowhere.json: not found", self.path("nowhere.json"))
        self.refused("ran out on 2020-01-02", self.file(expires="2020-01-02"))
        self.refused("no enrolment file", self.write("x.json", '{"format":"lachan-summary"}'))
        self.refused("no enrolment file", self.write("y.json", "not JSON"))
        self.refused("version 2.0", self.file(version="2.0"))
        self.refused("damaged", self.file(unit="../../etc"))
        self.refused("damaged", self.file(token=""))
        self.refused("not of https", self.file(url="http://10.1.1.1"))
        self.assertEqual(self.department.receiver.posts, [])

    def test_an_unknown_token(self):
        self.refused("does not know this enrolment file", self.file(token="stolen"))

    def test_no_network_and_then_again(self):
        path = self.file()
        port = self.department.receiver.port
        self.department.receiver.close()
        said = self.refused("could not be reached", path)
        self.assertIn("run the same command again", said)
        self.assertNotIn("one-time", said)
        self.assertEqual(len(self.left_over()), 1)  # the key that the next try enrols
        context = self.department.receiver.context
        again = self.receiver(port=port)
        again.context = context
        self.department.receiver = again
        again.answer = self.department.answer
        self.enrol(path)
        self.assertEqual(self.left_over(), [])

    def test_a_department_that_is_busy(self):
        self.department.receiver.always(503)
        self.refused("is busy just now (503)", self.file())

    def test_somebody_elses_certificate(self):
        other = certificates.make_ca(self.dir, "other", subject="/CN=other")
        with open(other[0], encoding="utf-8") as pem:
            self.refused("could not be reached", self.file(ca=pem.read()))
        self.assertEqual(self.department.receiver.posts, [])

    def test_a_token_never_goes_out_in_plain_text(self):
        self.refused("not of https", self.file(url="http://192.0.2.1:8090", ca=""))

    def test_the_file_of_another_school(self):
        self.enrol(self.file())
        before = self.overrides()
        said = self.enrol(self.file("other.json", unit="thcs-99", token="second"), status=1)
        self.assertIn("enrolled as thcs-01 already, and this file is for thcs-99", said)
        self.assertEqual(self.overrides(), before)

    def test_an_answer_for_another_school(self):
        path = self.file(unit="thcs-07")
        self.refused("answer cannot be used", path)


class Crashes(EnrolTest):
    def test_killed_at_any_moment_the_same_command_ends_it(self):
        path = self.file()
        argv = [os.path.join(BIN, "lachanctl"), "-c", self.path("lachan.yaml"), "enrol", path]
        for i in range(12):
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, start_new_session=True)
            time.sleep(0.03 + 0.04 * i)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self.check()
            if not os.path.exists(self.path("state", "signing.key")):
                continue
            break
        else:
            self.enrol(path)
        self.assertEqual(len(self.department.keys), 1)
        self.check()
        self.put(document(DAY, UNIT))
        self.share()
        self.assertEqual(base64.b64decode(self.department.keys["one-time"]), self.our_public())

    def our_public(self):
        der = certificates.run("pkey", "-in", self.path("state", "signing.key"), "-pubout",
                               "-outform", "DER")
        return der[-32:]


if __name__ == "__main__":
    main()
