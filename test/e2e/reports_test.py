"""A school with counsellors, for tests of reports of harm."""
import gzip
import json
import os
import stat

from desk_test import APPROVER, PASSWORD, DeskTest
from lachan_test import wait_for

DAY_S = 24 * 60 * 60
# Words that must stand nowhere but on the counsellor's screen.
WORDS = {"kind": "threatened", "where": "http://trang-xau-kia.example/phong",
         "what": "Có người lạ đòi em gửi ảnh.\nEm sợ lắm <b>&\"'",
         "contact": "Phòng thư viện, giờ ra chơi thứ tư"}
TELLING = ["trang-xau-kia", "người lạ", "Em sợ lắm", "thư viện", "threatened",
           "ng\\u01b0\\u1eddi l\\u1ea1"]
REPLY = "Cô đã đọc. Em gặp cô ở phòng tư vấn nhé. Em không có lỗi."


class ReportTest(DeskTest):
    # Passwords cost time: the accounts are made once, and each test has a copy of the file.
    ACCOUNTS = {APPROVER: "approver", "mai": "counsellor", "lan": "counsellor",
                "quan": "admin,approver,teacher,viewer", "hoa": "teacher"}
    made = {}

    def run_school(self, *names):
        """Filter and desk, with these accounts and the approver."""
        names = (APPROVER, *names)
        os.makedirs(self.path("state"), mode=0o755, exist_ok=True)
        if names not in ReportTest.made:
            self.current = self.config()
            self.write_json(self.current)
            for name in names:
                self.add_user(name, self.ACCOUNTS[name])
            del self.current
            with open(self.path("state", "users"), "rb") as f:
                ReportTest.made[names] = f.read()
        path = self.path("state", "users")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as f:
            f.write(ReportTest.made[names])
        self.run_desk()

    def send(self, **more):
        return self.forms("report-send", **{**WORDS, "tier": "lower_secondary", **more})

    def sent(self, **more):
        reply = self.send(**more)
        self.assertTrue(reply["ok"], reply)
        self.assertRegex(reply["code"], r"^[2-9A-Z]{5}-[2-9A-Z]{5}$")
        return reply["code"]

    def as_counsellor(self, name, *words, more="", password=PASSWORD):
        return self.ctl("reports", *words, typed=f"{name}\n{password}\n{more}")

    def done(self, name, *words, more=""):
        status, out, err = self.as_counsellor(name, *words, more=more)
        self.assertEqual((status, err), (0, ""), out)
        return out

    def cases(self, name, *words):
        return json.loads(self.done(name, "list", *words, "--json"))["cases"]

    def read(self, name, case):
        return json.loads(self.done(name, "read", str(case), "--json"))

    def refused(self, name, *words, why):
        status, out, err = self.as_counsellor(name, *words)
        self.assertEqual(status, 1, out)
        self.assertRegex(err, why)

    def folder(self):
        return os.path.join(self.path("state"), "reports")

    def every_byte(self):
        """(path, bytes) of all that the gateway keeps, and what it has logged."""
        for top in (self.path("state"), self.run_dir):
            for folder, _, files in os.walk(top):
                for name in files:
                    path = os.path.join(folder, name)
                    if stat.S_ISREG(os.stat(path).st_mode):
                        with open(path, "rb") as f:
                            yield path, f.read()
        yield "log of the desk", self.desk_program.log().encode()
        yield "log of the filter", self.program.log().encode()

    def assert_nowhere(self, words):
        for path, data in self.every_byte():
            if path.endswith(".gz"):
                data += gzip.decompress(data)
            for word in words:
                self.assertNotIn(word.encode(), data, f"{word} stands in {path}")

    def audit(self, action):
        def found():
            with open(os.path.join(self.path("state"), "audit.log"), encoding="utf-8") as f:
                return [e for e in map(json.loads, f) if e["action"] == action]
        return wait_for(f"{action} in the record", found)[-1]
