#!/usr/bin/env python3
"""lachan-district notify: silent schools once a week, all else once a day, nobody twice."""
import datetime
import json
import os
import signal
import stat
import subprocess

from district_admin_kit import DistrictAdminTest, ZONE, days_ago
from lachan_test import BIN, away_from_midnight, main
from sinks import HookSink, MailSink

EVENTS = "events: [silent, refused, enrolled, nomination]"


def is_school_day():
    return datetime.datetime.now(ZONE).weekday() < 5


class Notify(DistrictAdminTest):
    def sink(self, sink):
        self.addCleanup(sink.close)
        return sink

    def by_mail(self, sink):
        return "notify: [{to: 'smtp://127.0.0.1:%d', address: vp@so.vn, %s}]" % (sink.port, EVENTS)

    def by_command(self, text, events=EVENTS):
        path = self.write("tell.sh", "#!/bin/sh\n" + text)
        os.chmod(path, 0o755)
        return "notify: [{to: %s, %s}]" % (path, events)

    def told(self):
        try:
            with open(self.path("told"), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def enrol(self, school):
        self.assertEqual(school.enrol(self.enrolment(school.unit))[0], 201)

    def test_enrolments_are_told_by_mail_and_never_again(self):
        sink = self.sink(MailSink())
        self.prepare(self.by_mail(sink))
        school, other = self.two_schools()
        self.serve()
        # Who is new as a receiver hears of what comes, not of what was.
        self.assertEqual(self.run_district("notify"), "")
        self.enrol(school)
        self.enrol(other)
        self.assertIn("smtp://127.0.0.1: told", self.run_district("notify"))
        self.assertEqual([mail.subject for mail in sink.mails], ["Lá Chắn: 2 schools have enrolled"])
        self.assertIn("http://127.0.0.1:%d/" % self.port, sink.mails[0].text)
        self.assertIn("Sở GD&ĐT", sink.mails[0].text)
        for _ in range(3):
            self.assertEqual(self.run_district("notify"), "")
        self.assertEqual(len(sink.mails), 1)

    def test_a_web_address_is_told_that_it_is_a_trial(self):
        pair = self.certificate()
        hook = self.sink(HookSink(pair))
        self.prepare("notify: [{to: 'https://localhost:%d/x', ca_file: %s, %s}]" % (hook.port, pair[0], EVENTS))
        self.assertIn("https://localhost: told", self.run_district("notify", "--try"))
        self.assertIn("a trial", json.loads(hook.posts[0][3])["text"])

    def certificate(self):
        pair = (self.path("sink.pem"), self.path("sink.key"))
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
             "-out", pair[0], "-keyout", pair[1]], check=True, capture_output=True, timeout=60)
        return pair

    def test_silent_schools_are_told_on_a_school_day_once_a_week(self):
        away_from_midnight()
        self.prepare(self.by_command("cat >> %s\n" % self.path("told"), "events: [silent]"))
        school, other = self.two_schools()
        self.serve()
        self.enrol(school)
        self.enrol(other)
        self.assertEqual(school.send(school.document(days_ago(30))[1])[0], 201)
        self.assertEqual(other.send(other.document(days_ago(1))[1])[0], 201)
        said = self.run_district("notify")
        if not is_school_day():
            self.assertEqual((said, self.told()), ("", ""))
            return
        text = self.told()
        self.assertTrue(text.startswith("1 school has sent nothing for more than a week\n"), text)
        self.assertIn("  THCS A (q1), last day %s\n" % days_ago(30), text)
        self.assertNotIn("q2", text)
        for _ in range(3):
            self.assertEqual(self.run_district("notify"), "")
        self.assertEqual(self.told(), text)

    def test_in_the_holidays_nobody_is_late(self):
        holidays = "calendar: {holidays: [%s..%s]}\n" % (days_ago(29), days_ago(-1))
        self.prepare(holidays + self.by_command("cat >> %s\n" % self.path("told"), "events: [silent]"))
        school, _ = self.two_schools()
        self.serve()
        self.enrol(school)
        self.assertEqual(school.send(school.document(days_ago(30))[1])[0], 201)
        self.run_district("notify")
        self.assertEqual(self.told(), "")

    def test_killed_while_it_tells_it_tells_nobody_twice(self):
        begun = self.path("begun")
        self.prepare(self.by_command("cat >> %s; echo $$ > %s; sleep 25\n" % (self.path("told"), begun)))
        school, _ = self.two_schools()
        self.serve()
        self.run_district("notify")
        self.enrol(school)
        telling = subprocess.Popen([os.path.join(BIN, "lachan-district"), "-c", self.config, "notify"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.wait_for("the command", lambda: os.path.exists(begun) and os.path.getsize(begun))
        # Two at once: the second has nothing to do.
        self.assertEqual(self.run_district("notify"), "")
        telling.send_signal(signal.SIGKILL)
        telling.wait()
        self.assertEqual(self.told().count("1 school has enrolled"), 1)
        self.assertEqual(self.run_district("notify"), "")
        self.assertEqual(self.told().count("1 school has enrolled"), 1)

    def test_what_failed_is_told_later(self):
        self.prepare(self.by_command("cat >> %s; exit 3\n" % self.path("told")))
        school, _ = self.two_schools()
        self.serve()
        self.run_district("notify")
        self.enrol(school)
        self.assertIn("ended with status 3", self.run_district("notify", status=1))
        # Not at once: the first wait is a quarter of an hour.
        self.assertEqual(self.run_district("notify"), "")

    def test_a_password_that_others_may_read_is_not_used(self):
        sink = self.sink(MailSink())
        path = self.write("password", "x\n")
        os.chmod(path, stat.S_IRUSR | stat.S_IROTH)
        self.prepare("notify: [{to: 'smtp://a@127.0.0.1:%d', address: vp@so.vn, password_file: %s, %s}]" % (
            sink.port, path, EVENTS))
        self.assertIn(path, self.run_district("notify", "--try", status=1))
        self.assertEqual(sink.mails, [])


if __name__ == "__main__":
    main()
