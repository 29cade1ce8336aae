#!/usr/bin/env python3
"""lachan-share against a scripted receiver: every answer, several recipients, documents made
before enrolment, approval, hold and delay."""
import datetime
import email.utils
import json
import os
import pwd
import time
import unittest

from lachan_test import main, wait_for
from share_test import LAST as DAY
from share_test import UNIT, ShareTest, document, quick_report, report_id


class Answers(ShareTest):
    def setUp(self):
        super().setUp()
        self.receiver_one = self.receiver()
        self.configure(self.recipient(self.receiver_one))

    def test_documents_are_signed_sent_and_put_away(self):
        names = self.days(3)
        self.share()
        posts = self.receiver_one.posts
        self.assertEqual([p.document["date-range"]["start-datetime"][:10] for p in posts],
                         [(DAY - datetime.timedelta(days=i)).isoformat() for i in (2, 1, 0)])
        self.assertTrue(all(self.signed_by_us(p) for p in posts))
        self.assertEqual(posts[0].path, "/v1/summaries")
        self.assertEqual(posts[0].headers["content-type"],
                         "application/vnd.lachan.summary+json")
        self.assertEqual(posts[0].headers["content-encoding"], "gzip")
        self.assertEqual(posts[0].headers["authorization"], "Bearer s3cret-token")
        self.assertEqual(self.waiting(), [])
        self.assertEqual(self.sent(), names)
        with open(self.path("state", "sent", names[0]), "rb") as file:
            self.assertEqual(file.read(), posts[0].body)
        receipt = self.receipts()[names[0][:-len(".json.gz")]]
        self.assertEqual((receipt["status"], receipt["bytes"]), (201, len(posts[0].body)))
        self.share()
        self.assertEqual(len(posts), 3)  # never again

    def test_each_of_200_201_202_is_done(self):
        for status in (200, 201, 202):
            self.receiver_one.always(status)
            self.put(document(DAY - datetime.timedelta(days=status), UNIT))
            self.share()
            self.assertEqual(self.waiting(), [])
        self.assertEqual(sorted(r["status"] for r in self.receipts().values()),
                         [200, 201, 202])

    def test_each_of_400_409_413_422_is_set_aside_and_told(self):
        for status in (400, 409, 413, 422):
            self.receiver_one.always(
                status, b'{"error":"cells below \\"10\\"\\u001b[2J","why":"floor"}')
            name = self.put(document(DAY - datetime.timedelta(days=status), UNIT))
            said = self.share(status=1)
            self.assertIn("refuses %s for good: it answered %d: cells below" % (name, status),
                          said)
            self.assertNotIn("\x1b", said)
            self.assertEqual(self.waiting(), [])
            receipt = self.receipts()[name[:-len(".json.gz")] + ".refused"]
            self.assertEqual(receipt["status"], status)
            self.assertIn('cells below "10"', receipt["error"])
        self.assertEqual(len(self.receiver_one.posts), 4)
        self.receiver_one.always(201)
        self.put(document(DAY, UNIT))
        self.share()  # it goes on
        self.assertEqual(len(self.receiver_one.posts), 5)

    def test_each_of_401_403_stops_until_the_configuration_changes(self):
        for number, status in enumerate((401, 403)):
            self.receiver_one.always(status, b'{"error":"unknown token"}')
            names = self.days(2, DAY - datetime.timedelta(days=status))
            before = len(self.receiver_one.posts)
            said = self.share("--due", status=1)
            self.assertIn("nothing is sent until the configuration changes", said)
            self.assertEqual(len(self.receiver_one.posts), before + 1)
            self.assertEqual(self.state()["stopped"].split()[1], str(status))
            self.receiver_one.always(201)
            self.share("--due", status=1)
            self.assertEqual(len(self.receiver_one.posts), before + 1)
            self.assertEqual(self.waiting(), names)
            self.token(text="another-%d" % number)
            self.share("--due")
            self.assertEqual(self.waiting(), [])
            self.assertEqual(self.state()["stopped"], "0 0")

    def test_everything_else_is_tried_again_later(self):
        name = self.days(1)
        for number, status in enumerate((429, 500, 502, 503, 404, 204, 418)):
            self.receiver_one.always(status)
            self.share(status=1)
            state = self.state()
            # By hand a person wants to know now: back-off begins anew.
            self.assertEqual(state["failures"], "1")
            self.assertIn(str(status), state["why"])
            self.assertEqual(len(self.receiver_one.posts), number + 1)
            self.assertEqual(self.waiting(), name)
            self.assertGreater(int(state["next"]), int(state["tried"]))
        # The supervisor's runs keep to the moment that was noted.
        self.set_next(int(time.time()) + 7200)
        self.receiver_one.always(201)
        self.share("--due")
        self.assertEqual(self.waiting(), name)
        self.share()
        self.assertEqual(self.waiting(), [])

    def set_next(self, moment):
        path = self.path("state", "sharing", "so-gddt.state")
        with open(path, encoding="utf-8") as file:
            lines = ["next %d\n" % moment if line.startswith("next ") else line
                     for line in file]
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(lines)

    def test_back_off_grows_and_a_run_waits_for_what_is_near(self):
        self.days(1)
        self.receiver_one.always(503)
        self.share(status=1)
        self.set_next(int(time.time()) + 1)
        # It stays, tries once more after a second, fails, and goes on waiting.
        program = self.start("lachan-share", "-c", self.path("lachan.yaml"), "--due")
        wait_for("a second try", lambda: len(self.receiver_one.posts) >= 2)
        wait_for("it is noted", lambda: int(self.state()["failures"]) >= 2)
        self.receiver_one.always(201)
        program.term()
        self.share()
        self.assertEqual(self.waiting(), [])

    def test_retry_after_in_seconds_and_as_a_date(self):
        self.days(1)
        later = email.utils.formatdate(time.time() + 5000, usegmt=True)
        for value, least in (("3000", 3000), (later, 4900), ("999999999", 86400)):
            self.receiver_one.always(429, Retry_After=value)
            now = int(time.time())
            self.share(status=1)
            waits = int(self.state()["next"]) - now
            self.assertGreaterEqual(waits, least)
            self.assertLessEqual(waits, 86400 + 3600)

    def test_nobody_there(self):
        self.days(1)
        self.receiver_one.close()
        said = self.share(status=1)
        self.assertIn("again in", said)
        self.assertEqual(len(self.waiting()), 1)
        self.assertEqual(self.state()["failures"], "1")

    def test_quick_reports_go_first_and_to_their_own_address(self):
        self.days(2)
        name = self.put(quick_report(DAY, UNIT))
        self.share()
        posts = self.receiver_one.posts
        self.assertEqual([p.path for p in posts],
                         ["/v1/quick-reports", "/v1/summaries", "/v1/summaries"])
        self.assertEqual(posts[0].headers["content-type"],
                         "application/vnd.lachan.quick-report+json")
        self.assertTrue(self.signed_by_us(posts[0]))
        self.assertIn(name, self.sent())

    def test_a_damaged_document_costs_itself_alone(self):
        self.days(2)
        with open(self.path("state", "outbox", document(
                DAY - datetime.timedelta(days=9), UNIT)[0]), "wb") as file:
            file.write(b"\x1f\x8b\x08 torn")
        self.assertIn("cannot be signed and stays", self.share())
        self.assertEqual(len(self.receiver_one.posts), 2)
        self.assertEqual(len(self.waiting()), 1)

    def test_a_lost_state_costs_nothing(self):
        self.receiver_one.always(500)
        self.days(1)
        self.share(status=1)
        path = self.path("state", "sharing", "so-gddt.state")
        with open(path, "r+b") as file:
            file.truncate(40)
        self.receiver_one.always(201)
        self.assertIn("cannot be read", self.share("--due"))
        self.assertEqual(self.waiting(), [])

    def test_old_receipts_and_documents_go_after_two_years(self):
        name = self.put(document(datetime.date(2020, 1, 2), UNIT))
        quick = self.put(quick_report(datetime.date(2020, 1, 2), UNIT))
        self.days(1)
        # A quick report that nobody took for share.keep_unsent goes before it is sent.
        self.share()
        self.assertEqual(len(self.receiver_one.posts), 2)
        self.assertNotIn(quick, self.sent())
        self.assertIn(name, self.sent())
        self.share()
        self.assertNotIn(name, self.sent())
        self.assertEqual(len(self.receipts()), 1)


class Enrolment(ShareTest):
    def test_documents_made_before_enrolment_get_unit_and_signature(self):
        one = self.receiver()
        old = self.put(document(DAY))
        quick = self.put(quick_report(DAY))
        self.configure(unit="")
        self.assertIn("not enrolled" if not os.path.exists(self.path("state", "signing.key"))
                      else "", self.share())
        self.assertEqual(self.waiting(), sorted([old, quick]))  # no unit yet: nothing changes
        self.configure(self.recipient(one))
        self.share()
        expected = report_id(UNIT, DAY, DAY + datetime.timedelta(days=1))
        sent = one.posts[1].document
        self.assertEqual(sent["report-id"], expected)
        self.assertEqual(sent["organization"]["unit"], UNIT)
        self.assertTrue(all(self.signed_by_us(p) for p in one.posts))
        self.assertEqual(self.sent(), sorted([
            "%s!%s!%s!%s.json.gz" % (UNIT, DAY.strftime("%Y%m%d"), (
                DAY + datetime.timedelta(days=1)).strftime("%Y%m%d"), expected),
            quick.replace("unenrolled", UNIT)]))
        # The filter, killed at the wrong moment, makes it once more: it is not sent twice.
        self.put(document(DAY))
        self.put(document(DAY, UNIT))
        self.share()
        self.assertEqual(len(one.posts), 2)
        self.assertEqual(self.waiting(), [])

    def test_without_a_key_nothing_leaves(self):
        one = self.receiver()
        os.unlink(self.path("state", "signing.key"))
        self.configure(self.recipient(one))
        names = self.days(1)
        self.assertIn("not enrolled", self.share())
        self.assertEqual((one.posts, self.waiting()), ([], names))

    def test_a_new_key_signs_what_nobody_has_answered_for(self):
        one, two = self.receiver(), self.receiver()
        self.configure(self.recipient(one, "one"), self.recipient(two, "two"))
        two.always(500)
        first = self.days(1)
        self.share(status=1)
        one.always(500)
        self.put(document(DAY - datetime.timedelta(days=5), UNIT))
        self.share(status=1)
        old_public = self.public
        self.make_key()
        one.always(201)
        two.always(201)
        self.share()
        self.assertNotEqual(self.public, old_public)
        # What one recipient had stays, octet for octet, for the other.
        by_id = {}
        for post in two.posts:
            by_id[post.document["report-id"]] = post
        again = by_id[first[0].split("!")[3][:36]]
        self.assertEqual(again.body, one.posts[0].body)
        fresh = [p for p in by_id.values() if p is not again]
        self.assertTrue(all(self.signed_by_us(p) for p in fresh))


@unittest.skipUnless(os.geteuid() == 0, "becoming another user needs root")
class OtherUser(ShareTest):
    def test_secrets_are_read_by_root_and_the_rest_is_done_as_the_user(self):
        nobody = pwd.getpwnam("nobody")
        one = self.receiver()
        path = self.configure(self.recipient(one))
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.write("lachan.yaml", text.replace('  user: ""', "  user: nobody"))
        names = self.days(2)
        os.chmod(self.dir, 0o755)
        for folder, _, files in os.walk(self.path("state")):
            for name in [folder] + [os.path.join(folder, f) for f in files]:
                os.chown(name, nobody.pw_uid, nobody.pw_gid)
        os.chown(self.path("run"), nobody.pw_uid, nobody.pw_gid)
        os.chmod(self.path("secrets"), 0o700)
        self.share()
        self.assertEqual(len(one.posts), 2)
        self.assertEqual(self.sent(), names)
        for folder in ("sent", "sharing", "sent/so-gddt"):
            self.assertEqual(os.stat(self.path("state", folder)).st_uid, nobody.pw_uid)


class Recipients(ShareTest):
    def test_each_has_its_own_state_and_the_same_bytes(self):
        one, two = self.receiver(), self.receiver()
        first = self.recipient(one, "so-gddt")
        second = {**self.recipient(two, "ca-tinh"), "token_file": self.token("other", "t2"),
                  "role": "police"}
        self.configure(first, second)
        two.always(401)
        names = self.days(3)
        self.share(status=1)
        self.assertEqual((len(one.posts), len(two.posts)), (3, 1))
        self.assertEqual(self.waiting(), names)  # until both are done
        self.assertEqual(len(self.receipts("so-gddt")), 3)
        self.assertEqual(self.receipts("ca-tinh"), {})
        two.always(201)
        self.token("other", "t3")
        self.share("--due")
        self.assertEqual(len(one.posts), 3)
        self.assertEqual([p.body for p in one.posts], [p.body for p in two.posts[1:]])
        self.assertEqual(two.posts[-1].headers["authorization"], "Bearer t3")
        self.assertEqual(self.waiting(), [])

    def test_a_slow_one_does_not_hold_up_another(self):
        slow, quick = self.receiver(), self.receiver()
        slow.answer = lambda handler, post: (time.sleep(20), handler.reply(201, b"{}"))
        self.configure(self.recipient(slow, "slow"), self.recipient(quick, "quick"))
        self.days(5)
        program = self.start("lachan-share", "-c", self.path("lachan.yaml"))
        wait_for("five posts", lambda: len(quick.posts) == 5)
        self.assertEqual(len(slow.posts), 1)
        program.kill()

    def test_a_broken_token_file_stops_its_own_recipient_alone(self):
        one, two = self.receiver(), self.receiver()
        path = self.configure(self.recipient(one, "one"), {
            **self.recipient(two, "two"), "token_file": self.token("other", "x")})
        os.chmod(self.path("secrets", "other"), 0o644)
        self.days(1)
        status, _, said = self.run_program("lachan-share", "-c", path)
        self.assertEqual(status, 1)
        self.assertRegex(said, r"lachan\.yaml:\d+:\d+: others may read the password in")
        self.assertEqual((len(one.posts), len(two.posts)), (1, 0))
        # It keeps no gateway from its work either.
        self.assertEqual(self.run_program("lachand", "-c", path, "--check")[0], 0)


class Moments(ShareTest):
    def test_nothing_leaves_before_the_first_yes(self):
        one = self.receiver()
        for approve in ("first", "each"):
            self.configure(self.recipient(one), approve=approve)
            self.days(2)
            self.share()
        self.assertEqual(one.posts, [])
        self.assertEqual(len(self.waiting()), 2)

    def test_a_damaged_record_of_approvals_lets_nothing_leave(self):
        one = self.receiver()
        self.configure(self.recipient(one))
        names = self.days(1)
        self.write("state/sharing/approvals", "lachan-approvals 1\nfirst 17\n")
        self.assertIn("nothing leaves", self.share())
        self.assertEqual((one.posts, self.waiting()), ([], names))

    def test_the_hold_is_kept_whoever_asks(self):
        one = self.receiver()
        self.configure(self.recipient(one), hold="31d")
        yesterday = datetime.date.today() - datetime.timedelta(days=1)
        self.put(document(yesterday, UNIT))
        self.share()
        self.share("--due")
        self.assertEqual(one.posts, [])

    def test_the_delay_is_drawn_once(self):
        one = self.receiver()
        self.configure(self.recipient(one), delay="24h")
        yesterday = datetime.date.today() - datetime.timedelta(days=1)
        self.put(document(yesterday, UNIT))
        self.start("lachan-share", "-c", self.path("lachan.yaml"), "--due")
        path = self.path("state", "sharing", "leaving")
        wait_for("it is drawn", lambda: os.path.exists(path))
        self.programs[-1].kill()
        with open(path, encoding="utf-8") as file:
            drawn = file.read()
        for _ in range(3):
            self.start("lachan-share", "-c", self.path("lachan.yaml"), "--due")
            self.programs[-1].term()
            with open(path, encoding="utf-8") as file:
                self.assertEqual(file.read(), drawn)
        # A person who wants it now passes over the delay.
        self.share()
        self.assertEqual(len(one.posts), 1)

    def test_a_moment_that_is_near_is_waited_for(self):
        one = self.receiver()
        day = datetime.date.today() - datetime.timedelta(days=2)
        ended = datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time(),
                                          datetime.timezone(datetime.timedelta(hours=7)))
        hold = int(time.time() - ended.timestamp()) + 3
        self.configure(self.recipient(one), hold="%ds" % hold)
        self.put(document(day, UNIT))
        begun = time.time()
        self.share("--due")
        self.assertEqual(len(one.posts), 1)
        self.assertGreaterEqual(time.time() - begun, 1)

    def test_two_at_once_are_one(self):
        one = self.receiver()
        one.answer = lambda handler, post: (time.sleep(15), handler.reply(201, b"{}"))
        self.configure(self.recipient(one))
        self.days(1)
        self.start("lachan-share", "-c", self.path("lachan.yaml"), "--due")
        wait_for("a post", lambda: one.posts)
        self.assertIn("at work already", self.share(status=1))
        self.share("--due")
        self.assertEqual(len(one.posts), 1)
        self.programs[-1].kill()

    def test_the_settings_hold_no_token(self):
        one = self.receiver()
        self.configure(self.recipient(one))
        self.days(1)
        self.share()
        for folder, _, names in os.walk(self.path("state")):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    self.assertNotIn(b"s3cret-token", file.read())
        self.assertEqual(json.loads(json.dumps(self.state()["delivered"]))[0], "1")


if __name__ == "__main__":
    main()
