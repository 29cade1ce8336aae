#!/usr/bin/env python3
"""Sharing as part of a gateway: lachand starts it, the record knows of it, status, metrics and
notices tell how it stands."""
import datetime
import json
import os
import urllib.request

from lachan_test import control, main, wait_for
from share_test import UNIT, ShareTest, document

TODAY = datetime.date.today()


class Gateway(ShareTest):
    def setUp(self):
        super().setUp()
        self.need("lachand", "lachan-filter", "lachan-page", "lachanctl")
        self.one = self.receiver()

    def gateway(self, **more):
        self.configure(self.recipient(self.one), **more)
        program = self.start("lachand", "-c", self.path("lachan.yaml"))
        program.wait_log("lachan-filter is ready")
        return program

    def lachand(self, command):
        return control(self.path("run", "lachand.sock"), command)

    def ctl(self, *words):
        status, out, err = self.run_program("lachanctl", "-c", self.path("lachan.yaml"), *words)
        self.assertEqual(status, 0, out + err)
        return out

    def audit(self):
        with open(self.path("state", "audit.log"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def test_lachand_starts_it_and_the_record_knows(self):
        names = self.days(3)
        program = self.gateway()
        wait_for("the first run", lambda: len(self.one.posts) == 3 and not self.waiting())
        self.assertEqual(self.sent(), names)
        entries = wait_for("the record", lambda: [
            e for e in self.audit() if e["action"] == "share"][2:] and [
                e for e in self.audit() if e["action"] == "share"])
        self.assertEqual(entries[0]["actor"], "lachan-share")
        receipt = self.receipts()[names[0][:-len(".json.gz")]]
        self.assertEqual(entries[0]["detail"], "%s sha256:%s so-gddt 201" % (
            names[0].split("!")[3][:36], receipt["sha256"]))
        self.ctl("audit", "verify")
        # What comes later leaves when somebody asks, without waiting five minutes.
        self.put(document(TODAY - datetime.timedelta(days=1), UNIT))
        self.assertTrue(self.lachand("share-now")["ok"])
        wait_for("the fourth", lambda: len(self.one.posts) == 4)
        self.assertIn("share", self.lachand("children"))
        program.term()

    def test_never_two_at_once(self):
        gate = {"open": False}

        def slow(handler, _post):
            wait_for("the gate", lambda: gate["open"])
            handler.reply(201, b"{}")
        self.one.answer = slow
        self.days(1)
        program = self.gateway()
        wait_for("a post", lambda: self.one.posts)
        for _ in range(5):
            self.lachand("share-now")
        self.assertLessEqual(list(program.children()).count("lachan-share"), 1)
        # The run that was broken off is made up for, octet for octet.
        wait_for("another run", lambda: len(self.one.posts) >= 2)
        gate["open"] = True
        wait_for("it is done", lambda: not self.waiting())
        self.assertEqual({p.body for p in self.one.posts}, {self.one.posts[0].body})

    def test_status_and_metrics_tell_how_it_stands(self):
        self.days(2)
        self.one.always(403, b'{"error":"unit withdrawn"}')
        port = self.free_port()
        self.configure(self.recipient(self.one))
        with open(self.path("lachan.yaml"), encoding="utf-8") as file:
            text = file.read()
        self.write("lachan.yaml", text.replace(
            "server:\n", 'server:\n  metrics: "127.0.0.1:%d"\n' % port, 1))
        self.start("lachand", "-c", self.path("lachan.yaml")).wait_log("lachan-page is ready")
        wait_for("it is stopped", lambda: os.path.exists(
            self.path("state", "sharing", "so-gddt.state")) and self.state()["stopped"] != "0 0")
        found = json.loads(self.ctl("status", "--json"))["sharing"]
        one = found["recipients"][0]
        self.assertEqual((found["enrolled"], one["name"], one["waiting"], one["stopped"]),
                         (True, "so-gddt", 2, True))
        self.assertIn("unit withdrawn", one["why"])
        said = self.ctl("status")
        self.assertIn("so-gddt IS STOPPED", said)
        self.assertIn("nothing was sent yet, 2 wait", said)
        with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % port, timeout=30) as got:
            numbers = got.read().decode()
        self.assertIn('lachan_share_stopped{recipient="so-gddt"} 1', numbers)
        self.assertIn('lachan_share_waiting{recipient="so-gddt"} 2', numbers)

    def test_not_shared_is_noticed(self):
        self.need("lachan-desk")
        notes = self.path("notes")
        script = self.write("tell", "#!/bin/sh\ncat >> %s\n" % notes)
        os.chmod(script, 0o755)
        self.put(document(TODAY - datetime.timedelta(days=30), UNIT))
        self.one.always(503)
        self.gateway(extra="notify: %s\n" % json.dumps([{"to": script,
                                                         "events": ["not_shared"]}]))
        wait_for("it is noticed", lambda: "not_shared 1 " in self.notices(), 60)

    def notices(self):
        if not os.path.exists(self.path("state", "notices")):
            return ""
        with open(self.path("state", "notices"), encoding="utf-8") as file:
            return file.read()


if __name__ == "__main__":
    main()
