#!/usr/bin/env python3
"""lachan-notify: who is told what by mail, web address and command, and what never."""
import json
import os
import stat

from lachan_test import main
from notify_test import NotifyTest
from sinks import HookSink, MailSink


class ByMail(NotifyTest):
    def mail(self, sink, **more):
        return {"to": "smtp://127.0.0.1:%d" % sink.port, "address": "it@truong.vn", **more}

    def test_mail_goes_by_starttls_with_a_password_and_holds_a_number(self):
        pair = self.certificate()
        sink = self.sink(MailSink(pair, password="mật khẩu 1"))
        target = self.mail(sink, ca_file=pair[0], password_file=self.secret("mật khẩu 1\n"))
        target["to"] = "smtp://gui@truong.vn@localhost:%d" % sink.port
        self.prepare(target)
        self.assertEqual(self.notify(), "")
        self.happen(review=2, report=1)
        said = self.notify()
        self.assertEqual(len(sink.mails), 1, said)
        mail = sink.mails[0]
        self.assertEqual((mail.source, mail.to), ("gui@truong.vn", ["it@truong.vn"]))
        self.assertEqual(mail.sign_in, ("gui@truong.vn", "mật khẩu 1"))
        self.assertTrue(mail.tls)
        self.assertEqual(mail.subject, "Lá Chắn: 3 new messages")
        self.assertEqual(mail.text.strip(), "3 new messages")
        self.assertEqual(mail.message["Auto-Submitted"], "auto-generated")
        # Nothing was said before the line was safe, and the password is nowhere.
        self.assertLess(sink.heard.index("STARTTLS"),
                        min(i for i, line in enumerate(sink.heard) if line.startswith("AUTH")))
        self.assertNotIn("mật khẩu", said + self.text_of("notices") + self.text_of("notices.sent"))
        # Once is enough.
        self.assertEqual(self.notify(), "")
        self.assertEqual(len(sink.mails), 1)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("state", "notices.sent")).st_mode), 0o600)

    def test_smtps_is_tls_from_the_first_octet(self):
        pair = self.certificate()
        sink = self.sink(MailSink(pair, at_once=True))
        self.prepare({"to": "smtps://localhost:%d" % sink.port, "address": "it@truong.vn",
                      "ca_file": pair[0]})
        self.happen(disk_full=1)
        self.notify()
        self.assertTrue(sink.mails[0].tls)
        self.assertIn("nearly full", sink.mails[0].text)

    def test_a_server_nearby_without_tls_is_told_and_never_given_a_password(self):
        sink = self.sink(MailSink(password="x"))
        self.prepare(self.mail(sink))
        self.happen(review=1)
        self.notify()
        self.assertEqual([mail.text.strip() for mail in sink.mails], ["1 new message"])
        self.assertFalse(sink.mails[0].tls)
        target = self.mail(sink, password_file=self.secret("x\n"))
        target["to"] = "smtp://hoa@127.0.0.1:%d" % sink.port
        self.prepare(target)
        self.happen(review=2)
        said = self.notify(status=1)
        self.assertIn("smtp://127.0.0.1 could not be told", said)
        self.assertEqual(len(sink.mails), 1)
        self.assertFalse([line for line in sink.heard if line.startswith("AUTH")])

    def test_a_certificate_that_nobody_vouches_for_is_refused(self):
        sink = self.sink(MailSink(self.certificate()))
        self.prepare(self.mail(sink))
        self.happen(review=1)
        self.assertIn("could not be told", self.notify(status=1))
        self.assertEqual(sink.mails, [])

    def test_what_failed_waits_longer_and_becomes_one_notice_in_the_end(self):
        sink = self.sink(MailSink())
        sink.refuse = 2
        self.prepare(self.mail(sink))
        self.happen(review=1)
        self.notify(status=1)
        self.assertEqual((sink.visits, self.sent()[0][2]), (1, "1"))
        self.notify()  # not yet
        self.assertEqual(sink.visits, 1)
        self.let_time_pass()
        self.happen(review=1, report=3)
        self.notify(status=1)
        self.assertEqual((sink.visits, self.sent()[0][2]), (2, "2"))
        self.let_time_pass()
        self.notify()
        self.assertEqual([mail.text.strip() for mail in sink.mails], ["4 new messages"])
        self.assertEqual(self.sent()[0][2:4], ["0", "0"])
        # What comes next waits for its quarter of an hour.
        self.happen(review=2, report=3)
        self.notify()
        self.assertEqual(len(sink.mails), 1)
        self.let_time_pass()
        self.notify()
        self.assertEqual(sink.mails[1].text.strip(), "1 new message")

    def test_nobody_is_told_when_that_cannot_be_noted(self):
        sink = self.sink(MailSink())
        self.prepare(self.mail(sink))
        self.happen(review=1)
        for folder in ("state", "run"):
            os.makedirs(self.path(folder, "notices.sent"))
        self.notify(status=1)
        self.assertEqual(sink.visits, 0)


class ByWebAddress(NotifyTest):
    def test_a_post_holds_the_words_and_the_token(self):
        pair = self.certificate()
        sink = self.sink(HookSink(pair))
        self.prepare({"to": "https://localhost:%d/hook/a?b=c" % sink.port, "ca_file": pair[0],
                      "password_file": self.secret("the-token\n"), "events": ["report"]})
        self.happen(review=7)
        self.notify()  # not asked for
        self.assertEqual(sink.posts, [])
        self.happen(review=7, report=1)
        said = self.notify()
        method, path, headers, body = sink.posts[0]
        self.assertEqual((method, path), ("POST", "/hook/a?b=c"))
        self.assertEqual(headers["authorization"], "Bearer the-token")
        self.assertEqual(json.loads(body), {"text": "1 new message\n"})
        self.assertNotIn("hook", said)
        self.assertNotIn("the-token", said)

    def test_a_redirect_is_not_followed_and_counts_as_a_failure(self):
        pair = self.certificate()
        sink = self.sink(HookSink(pair, status=302))
        self.prepare({"to": "https://localhost:%d/a" % sink.port, "ca_file": pair[0]})
        self.happen(review=1)
        self.assertIn("the server answered 302", self.notify(status=1))
        self.assertEqual(len(sink.posts), 1)

    def test_another_ones_certificate_is_refused(self):
        pair = self.certificate(subject_name="DNS:other.example")
        sink = self.sink(HookSink(pair))
        self.prepare({"to": "https://localhost:%d/a" % sink.port, "ca_file": pair[0]})
        self.happen(review=1)
        self.notify(status=1)
        self.assertEqual(sink.posts, [])


class ByCommand(NotifyTest):
    def test_a_command_reads_the_words_and_knows_nothing_else(self):
        told = self.path("told")
        self.prepare({"to": self.script("cat > %s; echo $# >> %s; tr '\\0' '\\n' "
                                        "< /proc/$$/environ >> %s" % (told, told, told))})
        self.happen(review=1, feed_stale=1, unfiltered=1)
        self.notify()
        self.assertEqual(self.told().splitlines(), [
            "1 new message",
            "the gateway does not filter, or not for everybody (lachanctl status)",
            "1 list is out of date (lachanctl feeds)",
            "0", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"])

    def test_one_that_fails_does_not_hold_up_another(self):
        sink = self.sink(MailSink())
        self.prepare({"to": self.script("exit 3", "bad.sh")},
                     {"to": "smtp://127.0.0.1:%d" % sink.port, "address": "it@truong.vn"},
                     {"to": self.script("cat > " + self.path("told"))})
        self.happen(review=1)
        self.assertIn("bad.sh could not be told: it ended with status 3", self.notify(status=1))
        self.assertEqual(len(sink.mails), 1)
        self.assertEqual(self.told(), "1 new message\n")

    def test_a_trial_tells_everybody_and_notes_nothing(self):
        sink = self.sink(MailSink())
        self.prepare({"to": self.script("cat >> " + self.path("told"))},
                     {"to": "smtp://127.0.0.1:%d" % sink.port, "address": "it@truong.vn"},
                     {"to": self.script("exit 1", "bad.sh")})
        self.happen(review=1)
        status, said, _ = self.run_program("lachan-notify", "-c", self.path("lachan.yaml"), "--try")
        self.assertEqual(status, 1)
        self.assertEqual(said.splitlines(), [
            self.path("told.sh") + ": told",
            self.path("bad.sh") + ": could not be told: it ended with status 1",
            "smtp://127.0.0.1: told"])
        words = "a trial: notices of the gateway arrive here"
        self.assertEqual(self.told(), words + "\n")
        self.assertEqual(sink.mails[0].subject, "Lá Chắn: " + words)
        self.assertFalse(os.path.exists(self.path("state", "notices.sent")))

    def test_two_at_once_tell_once(self):
        told = self.path("told")
        self.prepare({"to": self.script("cat >> %s; sleep 1" % told)})
        self.happen(review=1)
        runs = [self.start("lachan-notify", "-c", self.path("lachan.yaml")) for _ in range(3)]
        for run in runs:
            self.assertEqual(run.wait(), 0, run.log())
        self.assertEqual(self.told(), "1 new message\n")

    def test_a_damaged_file_is_not_believed_in_half(self):
        self.prepare({"to": self.script("cat >> " + self.path("told"))})
        self.happen(review=1)
        whole = self.text_of("notices")
        self.write("state/notices", whole[:whole.index("target") + 30])
        self.assertIn("malformed", self.notify(status=1))
        self.assertEqual(self.told(), "")
        self.write("state/notices", whole)
        self.write("state/notices.sent", "lachan-notices-sent 1\n")
        self.assertIn("some may be told again", self.notify())
        self.assertEqual(self.told(), "1 new message\n")


class Checked(NotifyTest):
    def check(self, *targets):
        self.write_json(self.config(notify=list(targets)))
        status, _, said = self.run_program("lachand", "-c", self.path("lachan.yaml"), "--check")
        return status, said

    def test_files_beside_the_configuration_are_judged_at_their_lines(self):
        mail = {"to": "smtp://hoa@mail.truong.lan", "address": "it@truong.vn"}
        open_to_all = self.write("open", "x\n")
        os.chmod(open_to_all, 0o644)
        for target, words in (
                ({**mail, "password_file": open_to_all}, "others may read the password in"),
                ({**mail, "password_file": self.path("nowhere")}, "No such file"),
                ({**mail, "password_file": self.secret("two\nlines\n")}, "does not hold one line"),
                ({"to": open_to_all}, "is no program (chmod +x"),
                ({"to": self.path("nowhere")}, "No such file"),
                ({"to": "https://a.example/x", "ca_file": self.path("nowhere")}, "No such file")):
            status, said = self.check(target)
            self.assertEqual(status, 2, said)
            self.assertIn(words, said)
            self.assertRegex(said, r"lachan\.yaml:\d+:\d+: ")
        status, said = self.check({**mail, "password_file": self.secret("x\n")})
        self.assertEqual(status, 0, said)

    def test_not_shared_may_be_told(self):
        status, said = self.check({"to": self.script("true"), "events": ["not_shared"]})
        self.assertEqual(status, 0, said)
        self.assertNotIn("not_shared", said)


if __name__ == "__main__":
    main()
