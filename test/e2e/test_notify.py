#!/usr/bin/env python3
"""Who is told what, and what never: mail, web addresses and commands, the desk that notices
and the gateway that runs it all. Time is moved by dates in state_dir's files, never waited
for."""
import json
import os
import shutil
import signal
import stat
import subprocess
import time
import unittest

import certificates
from desk_test import DeskTest
from filter_test import merge
from lachan_test import BIN, control, main, wait_for
from sinks import HookSink, MailSink

KINDS = ("review", "report", "feed_stale", "disk_full", "unfiltered", "not_shared")
OLD_S = 1_600_000_000
STRICT = {"LACHAN_SANDBOX_STRICT": "1"}


class NotifyTest(DeskTest):
    def setUp(self):
        super().setUp()
        self.need("lachan-notify")

    def certificate(self, name="sink", subject_name="IP:127.0.0.1,DNS:localhost"):
        return certificates.make(self.dir, name, "subjectAltName=" + subject_name)

    def sink(self, sink):
        self.addCleanup(sink.close)
        return sink

    def secret(self, text, name="secret"):
        path = self.write(name, text)
        os.chmod(path, 0o600)
        return path

    def script(self, lines, name="told.sh"):
        path = self.write(name, "#!/bin/sh\n" + lines + "\n")
        os.chmod(path, 0o755)
        return path

    def told(self, name="told"):
        try:
            with open(self.path(name), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def text_of(self, name):
        with open(self.path("state", name), encoding="ascii") as file:
            return file.read()

    def prepare(self, *targets, **more):
        """The configuration, and the desk's file as it is while nothing has happened."""
        self.current = self.config(notify=list(targets), **more)
        self.write_json(self.current)
        self.run_desk(filter_too=False)
        self.assertTrue(self.text_of("notices").endswith("end\n"))
        self.stop_desk()

    def happen(self, **steps):
        """As if the desk had counted so many steps."""
        lines = self.text_of("notices").splitlines()
        for kind, count in steps.items():
            at = KINDS.index(kind) + 1
            self.assertTrue(lines[at].startswith(kind + " "), lines[at])
            lines[at] = "%s %d 0 0" % (kind, count)
        self.write("state/notices", "\n".join(lines) + "\n")

    def notify(self, status=0):
        """One run; what it said."""
        done = subprocess.run([os.path.join(BIN, "lachan-notify"), "-c",
                               self.path("lachan.yaml")], capture_output=True, check=False,
                              timeout=120, env={**os.environ, **STRICT, "LC_ALL": "C.UTF-8"})
        said = done.stderr.decode("utf-8", "replace") + done.stdout.decode("utf-8", "replace")
        self.assertEqual(done.returncode, status, said)
        return said

    def sent(self):
        """The numbers of each target's line in notices.sent."""
        return [line.split()[1:] for line in self.text_of("notices.sent").splitlines()
                if line.startswith("target ")]

    def let_time_pass(self):
        """No pause and no wait for another try holds any more."""
        lines = []
        for line in self.text_of("notices.sent").splitlines():
            words = line.split()
            if words[0] == "target":
                words[4] = "0"
                words[5 + len(KINDS):] = ["0"] * len(KINDS)
            lines.append(" ".join(words))
        self.write("state/notices.sent", "\n".join(lines) + "\n")


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

    def test_what_is_not_shared_yet_is_said(self):
        status, said = self.check({"to": self.script("true"), "events": ["not_shared"]})
        self.assertEqual(status, 0, said)
        self.assertIn("'not_shared' tells nothing yet", said)


class TheDesk(NotifyTest):
    """What the desk notices; lachan-notify does not run."""

    def steps(self, kind):
        for line in self.text_of("notices").splitlines():
            if line.startswith(kind + " "):
                return int(line.split()[1])
        raise AssertionError("no line for " + kind)

    def since_long(self, kind):
        """As if what is otherwise than told had been so for long."""
        lines = self.text_of("notices").splitlines()
        words = lines[KINDS.index(kind) + 1].split()
        lines[KINDS.index(kind) + 1] = "%s %s %s %d" % (*words[:3], OLD_S)
        self.write("state/notices", "\n".join(lines) + "\n")

    def test_unfiltered_time_has_a_begin_and_an_end(self):
        target = {"to": self.script("true")}
        self.prepare(target)
        self.since_long("unfiltered")
        # No filter at all.
        self.run_desk(filter_too=False)
        self.desk_program.wait_log("unfiltered: begins")
        self.wait_for("it to be kept", lambda: self.steps("unfiltered") == 1)
        self.stop_desk()
        # The same still holds after a restart, and is no news.
        del self.current
        self.run_filter(notify=[target], filter={"enforce": False})
        self.run_desk()
        time.sleep(2)
        self.assertEqual(self.steps("unfiltered"), 1)
        self.stop_desk()
        self.since_long("unfiltered")
        self.current["filter"]["enforce"] = True
        self.reload(self.current)
        self.run_desk()
        self.desk_program.wait_log("unfiltered: ends")
        self.wait_for("its end to be kept", lambda: self.steps("unfiltered") == 2)
        self.stop_desk()

    def test_a_list_that_fails_for_long_is_noticed_and_one_that_is_fine_is_not(self):
        feeds = [{"name": name, "category": "gambling", "url": ["file:/nowhere"]}
                 for name in ("sai", "cu", "tot")]
        self.prepare({"to": self.script("true")})
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        for name, meta in (("sai", {"result": "refused", "failures": 30, "checked": now}),
                           ("cu", {"result": "unchanged", "checked": "2025-01-01T00:00:00Z"}),
                           ("tot", {"result": "ok", "checked": now})):
            self.write("state/feeds/%s.meta" % name, json.dumps(meta))
        lines = self.text_of("notices").splitlines()
        lines.insert(len(KINDS) + 1, "feed sai %d" % OLD_S)
        self.write("state/notices", "\n".join(lines) + "\n")
        del self.current
        self.run_filter(notify=[{"to": self.path("told.sh")}], filter={"feeds": feeds})
        self.run_desk()
        self.desk_program.wait_log("feed_stale: 2")
        self.wait_for("it to be kept", lambda: "\nfeed_stale 1 2 0\n" in self.text_of("notices"))
        self.stop_desk()

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("unshare"),
                         "a small file system of our own needs root and unshare")
    def test_a_full_disk_is_noticed_and_does_not_keep_it_secret(self):
        self.current = self.config(notify=[{"to": self.script("true")}])
        self.write_json(self.current)
        os.makedirs(self.path("state"))
        os.makedirs(self.path("run"), mode=0o750)
        shell = ("mount --make-rprivate / && mount -t tmpfs -o size=64k tmpfs %s && "
                 "chmod 750 %s && { dd if=/dev/zero of=%s/fill bs=1k count=64 2>/dev/null; "
                 "exec %s -c %s; }" % (self.path("state"), self.path("state"), self.path("state"),
                                     os.path.join(BIN, "lachan-desk"), self.path("lachan.yaml")))
        if subprocess.run(["unshare", "-m", "sh", "-c", "mount --make-rprivate /"],
                          check=False, capture_output=True).returncode != 0:
            self.skipTest("this machine gives us no mount namespace")
        program = self.start("unshare", "-m", "sh", "-c", shell, folder=os.path.dirname(
            shutil.which("unshare")))
        program.wait_log("disk_full: begins")
        # state_dir takes nothing: what is to be told stands in run_dir.
        self.wait_for("it to be kept", lambda: "\ndisk_full 1 " in self.read_run())
        self.assertEqual(program.term(), 0, program.log())

    def read_run(self):
        try:
            with open(self.path("run", "notices"), encoding="ascii") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def test_without_anybody_to_tell_nothing_is_kept(self):
        self.run_desk(filter_too=False)
        time.sleep(2)
        self.stop_desk()
        self.assertFalse(os.path.exists(self.path("state", "notices")))


class TheWhole(NotifyTest):
    RULES = {"gambling": "||casino.example^\n"}

    def test_a_pupils_request_reaches_who_answers_as_a_number(self):
        programs = ("lachand", "lachan-filter", "lachan-page", "lachan-desk", "lachan-notify")
        self.need(*programs)
        os.mkdir(self.path("bin"))
        for program in programs:
            shutil.copy(os.path.join(BIN, program), self.path("bin"))
        self.publish(self.RULES)
        target = {"to": self.script("cat >> " + self.path("told")), "events": ["review", "report"]}
        self.current = merge(self.config(), {
            "notify": [target], "upstream": {"servers": [
                "udp://127.0.0.1:%d" % self.upstream(self.RECORDS).port]}})
        self.write_json(self.current)
        gateway = self.start("lachand", "-c", self.path("lachan.yaml"), env=STRICT,
                             folder=self.path("bin"))
        gateway.wait_log("lachan-desk is ready")
        gateway.wait_log("lachan-filter is ready")
        self.add_user("an", "admin")
        # The desk reads who is there within a moment.
        def signs_in():
            return self.forms("sign-in", user="an", password="mua xuân ở quê",
                              client="192.0.2.33")["ok"]
        wait_for("an to be known", signs_in)
        sent = wait_for("the form to be open", lambda: (
            lambda reply: reply if reply["ok"] else None)(self.forms(
                "review-send", name="casino.example", reason="bài tập", tier="lower_secondary")))
        self.assertTrue(sent["code"])
        self.wait_for("the command to have run", lambda: self.told() == "1 new message\n")
        gateway.wait_log("was told")
        for name in ("notices", "notices.sent"):
            self.assertNotIn("casino", self.text_of(name))
        # A supervisor's run ends; the next word of the desk starts another, in a while.
        self.assertTrue(control(self.path("run", "lachand.sock"), "notify")["ok"])
        self.assertEqual(gateway.term(), 0, gateway.log())
        self.assertEqual(self.told(), "1 new message\n")
        self.assertNotIn("Sanitizer", gateway.log())


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    main()
