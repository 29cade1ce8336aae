#!/usr/bin/env python3
"""diagnose: two persons, a while, memory alone, told to everybody, and then nothing is left."""
import http.client
import json
import os
import stat
import subprocess
import sys

from filter_test import FilterTest
from lachan_test import main, wait_for

CLIENT = "127.0.44.99"
ASKER, THIRD = 54321, 54322  # nobody's; of the filter's group here
ASK_AS = """
import json, os, socket, struct, sys
os.setgroups([])
os.setgid(0)
os.setuid(int(sys.argv[4]))
sock = socket.socket(socket.AF_UNIX)
sock.settimeout(30)
sock.connect(sys.argv[1])
data = sys.argv[2].encode()
sock.sendall(struct.pack("<I", len(data)) + data)
def receive(n):
    got = b""
    while len(got) < n:
        more = sock.recv(n - len(got))
        if not more:
            sys.exit(0)
        got += more
    return got
for _ in range(int(sys.argv[3])):
    print(receive(struct.unpack("<I", receive(4))[0]).decode(), flush=True)
"""


class DiagnoseTest(FilterTest):
    RULES = {"gambling": "||casino.example^\n", "self_harm": "||sorrow.example^\n"}
    RECORDS = {"www.example.vn": "192.0.2.7", "after.example.vn": "192.0.2.8"}

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("needs root: to be two persons")
        self.keep_run_dir_in_memory()
        os.chmod(os.path.dirname(self.run_dir), 0o755)
        self.record = os.path.join(self.run_dir, "diagnose")

    def begin_as(self, uid, command, frames=1, **arguments):
        """A client of that user, in root's group, as members of the filter's group are."""
        return subprocess.Popen(
            [sys.executable, "-c", ASK_AS, os.path.join(self.run_dir, "control.sock"),
             json.dumps({"command": command, **arguments}), str(frames), str(uid)],
            stdout=subprocess.PIPE, text=True)

    def ask_as(self, uid, command, **arguments):
        with self.begin_as(uid, command, **arguments) as process:
            return json.loads(process.communicate(timeout=60)[0])

    def begin(self, for_ms=1800 * 1000):
        """Asked by ASKER, agreed by root."""
        asked = self.ask_as(ASKER, "diagnose", reason="no page opens", for_ms=for_ms)
        self.assertTrue(asked["ok"], asked)
        agreed = self.control("diagnose-approve", id=asked["id"])
        self.assertTrue(agreed["ok"], agreed)
        return asked["id"]

    def entries(self, uid=0):
        told = self.ask_as(uid, "diagnose-show") if uid else self.control("diagnose-show")
        self.assertTrue(told["ok"], told)
        return told["entries"]

    def wait_entries(self, count):
        return wait_for("%d entries" % count, lambda: (
            lambda e: e if len(e) >= count else None)(self.entries()))

    def all_files(self):
        """What stands in every file of state and run folders, together."""
        text = b""
        for top in (self.path("state"), self.run_dir):
            for folder, _, files in os.walk(top):
                for path in (os.path.join(folder, name) for name in files):
                    if os.path.isfile(path):
                        with open(path, "rb") as file:
                            text += file.read()
        return text

    def audit(self):
        with open(self.path("state", "audit.log"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]


class Persons(DiagnoseTest):
    def test_it_takes_two_persons_and_a_third_sees_nothing(self):
        self.run_filter()
        self.assertIsNone(self.control("status")["diagnose"])
        asked = self.ask_as(ASKER, "diagnose", reason="no page opens")
        self.assertTrue(asked["ok"], asked)
        for answer in (self.ask_as(ASKER, "diagnose-approve", id=asked["id"]),
                       self.ask_as(ASKER, "diagnose-show"),
                       self.control("diagnose-approve", id=asked["id"] + 1),
                       self.control("diagnose", reason="another")):
            self.assertFalse(answer["ok"], answer)
        self.assertFalse(os.path.exists(self.record))
        self.assertEqual(self.control("status")["diagnose"]["state"], "asked")
        self.assertTrue(self.control("diagnose-approve", id=asked["id"])["ok"])
        self.ask_filter("www.example.vn", source=CLIENT)
        self.wait_entries(1)
        self.assertEqual(len(self.entries(ASKER)), 1)
        for command in ("diagnose-show", "diagnose-watch", "diagnose-end", "diagnose-erase"):
            answer = self.ask_as(THIRD, command)
            self.assertFalse(answer["ok"], command)
        self.assertEqual(len(self.entries(ASKER)), 1)
        status = self.control("status")["diagnose"]
        self.assertEqual((status["state"], status["asked_by"], status["approved_by"]),
                         ("running", ASKER, 0))

    def test_who_runs_alone_is_one_person(self):
        self.run_filter()
        asked = self.control("diagnose", reason="x")
        self.assertTrue(asked["ok"])
        self.assertFalse(self.control("diagnose-approve", id=asked["id"])["ok"])

    def test_reasons_and_times_have_bounds(self):
        self.run_filter()
        for wrong in ({}, {"reason": ""}, {"reason": "a" * 201},
                      {"reason": "x", "for_ms": 3600001}, {"reason": "x", "for_ms": 0},
                      {"reason": "x", "for_ms": -5}, {"reason": "x", "for_ms": "1"}):
            self.assertFalse(self.control("diagnose", **wrong)["ok"], wrong)
        self.assertIsNone(self.control("status")["diagnose"])

    def test_a_run_dir_on_a_disk_is_refused(self):
        self.run_dir = self.path("run")
        kind = subprocess.run(["stat", "-f", "-c", "%T", self.dir], capture_output=True,
                              check=True, text=True).stdout.strip()
        if kind in ("tmpfs", "ramfs"):
            self.skipTest("the test's folder is memory here")
        self.run_filter()
        answer = self.control("diagnose", reason="x")
        self.assertFalse(answer["ok"])
        self.assertIn("no memory", answer["error"])


class Record(DiagnoseTest):
    def test_entries_say_who_asked_what_and_what_became_of_it(self):
        self.run_filter(server={"threads": 1})  # several come in the order of their rings
        self.ask_filter("www.example.vn", source=CLIENT)
        self.begin()
        self.assertEqual(stat.S_IMODE(os.stat(self.record).st_mode), 0o600)
        self.ask_filter("www.example.vn", source=CLIENT)
        self.ask_filter("after.example.vn", source=CLIENT, rtype="AAAA", tcp=True)
        self.ask_filter("www.casino.example", source=CLIENT)
        self.ask_filter("www.sorrow.example", source=CLIENT)
        self.ask_filter("refused.example.vn", source=CLIENT, rd=False)
        entries = self.wait_entries(5)
        self.assertEqual([(e["client"], e["type"], e["name"], e["verdict"], e["category"],
                           e["withheld"]) for e in entries], [
            (CLIENT, "A", "www.example.vn", "allowed", "", False),
            (CLIENT, "AAAA", "after.example.vn", "allowed", "", False),
            (CLIENT, "A", "www.casino.example", "blocked", "gambling", False),
            (CLIENT, "A", "", "blocked", "", True),
            (CLIENT, "A", "refused.example.vn", "none", "", False)])
        self.assertEqual(entries[4]["rcode"], 5)
        self.assertEqual(entries[2]["reason"], "category")

    def test_what_a_name_of_the_school_leads_to_is_judged_and_withheld(self):
        self.run_filter(server={"threads": 1}, upstream={"zones": [
            {"zone": "truong.lan", "private": True, "records": [
                "choi CNAME www.casino.example.", "buon CNAME www.sorrow.example."]}]})
        self.begin()
        self.assert_blocked(self.ask_filter("choi.truong.lan", source=CLIENT))
        self.ask_filter("buon.truong.lan", source=CLIENT)
        self.assertEqual([(e["name"], e["verdict"], e["category"], e["withheld"])
                          for e in self.wait_entries(2)], [
            ("choi.truong.lan", "blocked", "gambling", False), ("", "blocked", "", True)])

    def test_watching_shows_queries_as_they_come_and_ends_with_it(self):
        self.run_filter()
        self.begin()
        with self.begin_as(ASKER, "diagnose-watch", frames=100) as watcher:
            self.assertEqual(json.loads(watcher.stdout.readline()), {"ok": True})
            self.ask_filter("www.casino.example", source=CLIENT)
            entry = json.loads(watcher.stdout.readline())
            self.assertEqual((entry["client"], entry["name"]), (CLIENT, "www.casino.example"))
            self.assertTrue(self.control("diagnose-end")["ok"])
            self.assertEqual(watcher.wait(60), 0)

    def test_it_ends_by_itself(self):
        self.run_filter()
        self.begin(for_ms=1500)
        wait_for("its end", lambda: self.control("status")["diagnose"]["state"] == "kept")
        before = len(self.entries())
        self.ask_filter("www.casino.example", source=CLIENT)
        self.ask_filter("www.example.vn", source=CLIENT)
        self.assertEqual(len(self.entries()), before)
        self.assertFalse(self.control("diagnose-watch")["ok"])
        self.program.wait_log("has ended")

    def test_nothing_is_left_after_it_and_nothing_was_there_before(self):
        self.run_filter()
        self.ask_filter("www.casino.example", source=CLIENT)
        self.assertFalse(os.path.exists(self.record))
        self.assertNotIn(CLIENT.encode(), self.all_files())
        self.begin()
        self.ask_filter("www.casino.example", source=CLIENT)
        self.ask_filter("www.example.vn", source=CLIENT)
        self.wait_entries(2)
        self.assertIn(CLIENT.encode(), self.all_files())
        preview = json.dumps(self.control("summary-preview"))
        self.assertTrue(self.ask_as(ASKER, "diagnose-erase")["ok"])
        self.assertFalse(os.path.exists(self.record))
        left = self.all_files()
        for secret in (CLIENT, "example.vn", "casino"):
            self.assertNotIn(secret.encode(), left)
            self.assertNotIn(secret, preview)
        self.assertNotIn(CLIENT, self.program.log())
        self.assertNotIn("casino", self.program.log())
        self.assertIsNone(self.control("status")["diagnose"])
        self.assertFalse(self.control("diagnose-show")["ok"])
        # A second one begins with an empty record.
        self.begin()
        self.assertEqual(self.entries(), [])

    def test_every_step_is_recorded_without_names(self):
        self.run_filter()
        self.begin()
        self.ask_filter("www.casino.example", source=CLIENT)
        self.wait_entries(1)
        self.entries(ASKER)
        self.assertTrue(self.control("diagnose-end")["ok"])
        self.assertTrue(self.ask_as(ASKER, "diagnose-erase")["ok"])
        steps = [(line["action"], line["actor"]) for line in self.audit()]
        for step in (("diagnose-ask", "uid:%d" % ASKER), ("diagnose-approve", "uid:0"),
                     ("diagnose-look", "uid:0"), ("diagnose-look", "uid:%d" % ASKER),
                     ("diagnose-end", "uid:0"), ("diagnose-erase", "uid:%d" % ASKER)):
            self.assertIn(step, steps)
        text = json.dumps(self.audit())
        self.assertNotIn(CLIENT, text)
        self.assertNotIn("casino", text)
        self.assertIn("no page opens", text)

    def test_no_look_is_left_out_of_the_audit_trail(self):
        self.run_filter()
        self.begin()
        for _ in range(3):
            self.ask_filter("www.casino.example", source=CLIENT)
        self.wait_entries(3)

        def looks():
            return [line["action"] for line in self.audit()].count("diagnose-look")
        for offset in (0, -1, 1, 10, "1"):
            before = looks()
            self.assertTrue(self.control("diagnose-show", offset=offset)["ok"])
            self.assertEqual(looks(), before + 1, offset)

    def test_a_restart_ends_and_erases_it(self):
        self.run_filter()
        self.begin()
        self.ask_filter("www.casino.example", source=CLIENT)
        self.wait_entries(1)
        self.program.kill()
        self.assertTrue(os.path.exists(self.record))
        self.program = self.start("lachan-filter", "-c", self.path("lachan.yaml"))
        self.program.wait_log("serving with")
        self.assertFalse(os.path.exists(self.record))
        self.assertIsNone(self.control("status")["diagnose"])
        self.begin()
        self.stop_clean()
        self.assertFalse(os.path.exists(self.record))

    def test_each_query_is_written_down_or_counted(self):
        self.run_filter()
        self.begin()
        for _ in range(300):
            self.ask_filter("www.casino.example", source=CLIENT)
        told = self.control("diagnose-show")
        self.assertEqual(len(told["entries"]) + told["left_out"], 300)


class Told(DiagnoseTest):
    def page(self, language):
        line = http.client.HTTPConnection("127.0.0.1", self.page_port, timeout=30)
        try:
            line.request("GET", "/", headers={"Host": "www.casino.example", "Accept": "text/html",
                                              "Accept-Language": language})
            return line.getresponse().read().decode()
        finally:
            line.close()

    def test_the_page_tells_it_in_both_languages_while_it_runs(self):
        self.need("lachan-page")
        self.page_port = self.free_port()
        self.run_filter(pages={"listen": ["127.0.0.1:%d" % self.page_port]},
                        school={"languages": ["en", "vi"]})
        page = self.start("lachan-page", "-c", self.path("lachan.yaml"))
        page.wait_log("serving the warning page")

        def until(what, language, words):
            # A page that had to wait too long for its verdict is the neutral one.
            wait_for(what, lambda: words in self.page(language))
        until("the usual page", "en", "Gambling")
        self.assertNotIn("network check", self.page("en"))
        self.begin()
        until("the notice", "en", "The school is running a network check until")
        until("the notice", "vi", "Nhà trường đang kiểm tra lỗi mạng đến")
        self.assertTrue(self.control("diagnose-end")["ok"])
        wait_for("the notice to go", lambda: "network check until" not in self.page("en"))
        until("the record still to be told", "en", "They are deleted within 24 hours")
        self.assertTrue(self.control("diagnose-erase")["ok"])
        until("all to be as usual", "en", "The school only sees totals")

    def run_ctl(self, *words):
        return self.run_program("lachanctl", "-c", self.path("lachan.yaml"), *words)

    def test_lachanctl_in_words(self):
        self.need("lachanctl")
        self.run_filter()
        self.assertEqual(self.run_ctl("diagnose"),
                         (0, "No diagnosis runs, and no record is kept.\n", ""))
        self.assertEqual(self.run_ctl("diagnose", "show")[0], 1)
        self.assertEqual(self.run_ctl("diagnose", "--reason", "x", "--for", "2h")[0], 1)
        self.assertEqual(self.run_ctl("diagnose", "--reason", "x", "--for", "soon")[0], 2)
        self.assertEqual(self.run_ctl("diagnose", "approve")[0], 2)
        asked = self.ask_as(ASKER, "diagnose", reason="no page opens")
        status, out, _ = self.run_ctl("diagnose")
        self.assertEqual(status, 0)
        self.assertIn("asked for by %d, waits for a second person" % ASKER, out)
        status, out, err = self.run_ctl("diagnose", "approve", str(asked["id"]))
        self.assertEqual((status, err), (0, ""))
        self.assertIn("It runs until", out)
        self.ask_filter("www.casino.example", source=CLIENT)
        self.wait_entries(1)
        status, out, _ = self.run_ctl("diagnose", "show")
        self.assertEqual(status, 0)
        self.assertRegex(out, r"^\d\d:\d\d:\d\d  127\.0\.44\.99 +A +blocked +"
                              r"www\.casino\.example  \(category: ")
        status, out, _ = self.run_ctl("diagnose", "show", "--json")
        self.assertEqual(json.loads(out.splitlines()[0])["client"], CLIENT)
        self.assertIn("DIAGNOSIS %d RUNS" % asked["id"], self.run_ctl("status")[1])
        self.assertEqual(self.run_ctl("diagnose", "erase")[0], 0)
        self.assertEqual(self.run_ctl("diagnose")[1],
                         "No diagnosis runs, and no record is kept.\n")


class WithoutRoot(FilterTest):
    def test_the_gateways_own_user_is_no_person(self):
        if os.geteuid() == 0:
            self.skipTest("root is a person; this is about a gateway of another user")
        self.keep_run_dir_in_memory()
        self.run_filter()
        answer = self.control("diagnose", reason="x")
        self.assertFalse(answer["ok"])
        self.assertIn("no person", answer["error"])


if __name__ == "__main__":
    main()
