"""lachanctl: against a gateway that is played here, one that is stopped, and the real one."""
import json
import os
import shutil
import socket
import struct
import threading
import time
import unicodedata

from lachan_test import BIN, SOURCE_DIR, LachanTest, control, main, plain_rules

STATUS = {"ok": True, "version": "0.1.0", "uptime_s": 93784,
          "rules": {"generation": 4, "names": 1234567, "age_s": 7200, "source": "state",
                    "empty_categories": ["dating"]},
          "upstreams": [{"address": "192.0.2.1", "state": "up", "rtt_ms": 12, "queries": 9,
                         "timeouts": 0},
                        {"address": "192.0.2.2", "state": "down", "rtt_ms": 0, "queries": 1,
                         "timeouts": 1}],
          "cache": {"entries": 5, "bytes": 2048, "limit_bytes": 4194304, "hits": 3, "misses": 2},
          "queries": {"udp": 1000, "tcp": 1, "blocked": 77, "cached": 500, "forwarded": 424,
                      "refused": 0, "dropped": 0},
          "clock_trusted": True, "paused": [], "enforce": True, "partial": False}


class FakeGateway:
    """A control socket: answers by a table command -> list of frames, keeps what was asked."""

    def __init__(self, path, answers):
        self.answers, self.asked = answers, []
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.bind(path)
        self.sock.listen(8)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                peer, _ = self.sock.accept()
            except OSError:
                return
            with peer:
                header = peer.recv(4, socket.MSG_WAITALL)
                if len(header) < 4:
                    continue
                request = json.loads(peer.recv(struct.unpack("<I", header)[0],
                                               socket.MSG_WAITALL))
                self.asked.append(request)
                frames = self.answers.get(request["command"],
                                          {"ok": False, "error": "unknown command"})
                for frame in frames if isinstance(frames, list) else [frames]:
                    data = json.dumps(frame, ensure_ascii=False).encode()
                    peer.sendall(struct.pack("<I", len(data)) + data)

    def close(self):
        self.sock.close()


class CtlTest(LachanTest):
    languages = "[vi, en]"

    def setUp(self):
        super().setUp()
        self.need("lachanctl")
        os.mkdir(self.path("run"))
        os.mkdir(self.path("state"))
        self.config = self.write("lachan.yaml", """
school: {levels: [lower_secondary], languages: %s}
server: {listen: ["127.0.0.1:%d"], user: "", data_dir: %s, state_dir: state, run_dir: run}
""" % (self.languages, self.free_port(), plain_rules()))

    def gateway(self, answers, name="control.sock"):
        made = FakeGateway(self.path("run", name), answers)
        self.addCleanup(made.close)
        return made

    def ctl(self, *words, config=True):
        return self.run_program("lachanctl", *(["-c", self.config] if config else []), *words)

    def ctl_json(self, *words, status=0):
        found, out, err = self.ctl(*words, "--json")
        self.assertEqual((found, err), (status, ""), out)
        return json.loads(out)


class English(CtlTest):
    languages = "[en]"


class Usage(English):
    def test_without_a_command_it_shows_the_six(self):
        status, out, _ = self.ctl()
        self.assertEqual(status, 0)
        shown = [line.split()[0] for line in out.splitlines() if line.startswith("  ")]
        self.assertEqual(shown, ["status", "doctor", "explain", "allow", "pause", "summary"])

    def test_wrong_usage_ends_with_2_and_says_what_was_meant(self):
        status, _, err = self.ctl("stauts")
        self.assertEqual(status, 2)
        self.assertIn("did you mean status?", err)
        for words in (["--what"], ["explain"], ["explain", "a.vn", "--type"], ["summary"],
                      ["flush", "a", "b"], ["pause", "--for", "soon"], ["allow"], ["deny", "a", "b"],
                      ["allow", "vn"], ["allow", "a.vn", "--for", "soon"], ["revoke", "twelve"],
                      ["allow", "a.vn", "--tier", "staff", "--client", "10.0.0.0/8"],
                      ["allow", "a.vn", "--client", "10.0.0.1/8"], ["policy", "now"],
                      ["allow", "a.vn", "--tier", "nobody"], ["allow", "a.vn", "--group", "attic"],
                      ["explain", "a.vn", "--type", "FOO"], ["explain", "a.vn", "--client", "x"],
                      ["explain", "a..vn"], ["flush", "a..vn"],
                      ["policy", "--language", "fr"], ["explain", "a.vn", "--at", "soon"],
                      ["firewall"], ["firewall", "--nft", "--uci"], ["doctor", "now"], ["selftest", "now"],
                      ["firewall", "--nft", "--tier", "staff"]):
            self.assertEqual(self.ctl(*words)[0], 2, words)

    def test_what_is_not_built_says_so(self):
        for words in (["backup", "f"], ["restore", "f"]):
            status, out, err = self.ctl(*words)
            self.assertEqual((status, out), (1, ""), words)
            self.assertIn("not built yet", err)

    def test_a_stopped_gateway_is_told_with_what_to_do(self):
        status, _, err = self.ctl("status")
        self.assertEqual(status, 1)
        self.assertIn("not running", err)
        self.assertIn("systemctl start lachan", err)
        self.assertIn("not running", self.ctl_json("stats", status=1)["error"])

    def test_every_mistake_of_the_configuration_is_told(self):
        self.write("lachan.yaml", "school: {levels: [lower_secundary]}\nserver:\n"
                   "  data_dir: %s\n  lisen: []\n" % plain_rules())
        status, _, err = self.ctl("status")
        self.assertEqual(status, 2)
        self.assertIn("lachan.yaml:1:", err)
        self.assertIn("lachan.yaml:4:", err)
        found = self.ctl_json("reload", status=2)
        self.assertRegex(found["mistakes"][0], r"lachan\.yaml:1:\d+: error: .")


class Status(English):
    def test_people_read_the_state_and_what_needs_them(self):
        self.gateway({"status": STATUS})
        self.gateway({"children": {"ok": True, "children": [
            {"name": "lachan-filter", "state": "running", "pid": 1, "restarts": 0,
             "uptime_s": 60}]}}, "lachand.sock")
        status, out, _ = self.ctl("status")
        self.assertEqual(status, 0)
        for words in ("1,234,567 names", "2 h 0 min", "192.0.2.2 DOES NOT ANSWER", "lachan-filter",
                      "0 names is not protection", "1 d 2 h"):
            self.assertIn(words, out)

    def test_programs_read_the_keys_of_the_contract(self):
        self.gateway({"status": STATUS})
        found = self.ctl_json("status")
        sharing = found.pop("sharing")  # of the disk: this school is not enrolled
        self.assertIs(sharing["enrolled"], False)
        self.assertEqual((sharing["waiting"], sharing["recipients"]), (0, []))
        self.assertEqual(found, {**{k: v for k, v in STATUS.items() if k != "ok"},
                                 "held_feeds": []})

    def test_windows_grants_trial_held_lists_and_cut_patterns_are_told(self):
        os.mkdir(self.path("state", "feeds"))
        self.write("state/feeds/lachan-games.meta", json.dumps({
            "result": "held", "held": {"since": "2026-11-20T13:30:00+07:00", "covers": ["a.vn"],
                                       "covers_count": 1}}))
        self.gateway({"status": {
            **STATUS, "enforce": False, "grants": {"count": 3, "damaged": 0},
            "tiers": [{"tier": "lower_secondary", "window": "lunch", "windows": ["lunch"],
                       "changes_at": "2026-11-20T13:30:00+07:00"},
                      {"tier": "staff", "window": "", "windows": [], "changes_at": ""}],
            "patterns": {"count": 9, "cut": 40, "worst": [
                {"feed": "regex", "pattern": "(a+)+$", "cut": 40}]}}})
        _, out, _ = self.ctl("status")
        for words in ("THIS IS A TRIAL", "Timetable of Lower secondary: lunch in force",
                      "13:30", "blocked for a while: 3", "regex costs too much", "(a+)+$",
                      "lachan-games waits for a yes"):
            self.assertIn(words, out)
        self.assertEqual(self.ctl_json("status")["held_feeds"], ["lachan-games"])

    def test_a_socket_may_be_named(self):
        self.gateway({"status": STATUS})
        status, _, _ = self.ctl("-s", self.path("run", "control.sock"), "status", config=False)
        self.assertEqual(status, 0)


class Orders(English):
    def test_each_sends_its_command_and_says_what_happened(self):
        control = self.gateway({
            "flush": {"ok": True, "flushed": 1200}, "rollback": {"ok": True},
            "pause": {"ok": True, "until": "2026-11-20T13:30:00+07:00"}, "resume": {"ok": True}})
        lachand = self.gateway({"reload": {"ok": True}}, "lachand.sock")
        for words, request, said in (
                (["flush", "a.vn"], {"command": "flush", "name": "a.vn"}, "1,200"),
                (["rollback"], {"command": "rollback"}, "in force again"),
                (["pause", "--tier", "staff", "--for", "45m"],
                 {"command": "pause", "tier": "staff", "for_ms": 2700000}, "13:30"),
                (["pause"], {"command": "pause", "for_ms": 1800000}, "all tiers"),
                (["resume"], {"command": "resume"}, "goes on")):
            status, out, err = self.ctl(*words)
            self.assertEqual((status, err), (0, ""), words)
            self.assertEqual(control.asked[-1], request)
            self.assertIn(said, out)
        self.assertEqual(self.ctl("reload")[0], 0)
        self.assertEqual(lachand.asked, [{"command": "reload"}])

    def test_a_refusal_is_told_and_ends_with_1(self):
        self.gateway({"rollback": {"ok": False, "error": "there are no earlier rules"}})
        status, out, err = self.ctl("rollback")
        self.assertEqual((status, out), (1, ""))
        self.assertIn("there are no earlier rules", err)


GRANT = {"id": 12, "name": "example.vn", "deny": False, "scope": "tier", "who": "lower_secondary",
         "until": "2026-11-20T13:30:00+07:00", "by": "uid:0", "reason": "lesson 3",
         "made": "2026-11-20T12:45:00+07:00"}


class Grants(English):
    def setUp(self):
        super().setUp()
        with open(self.config, "a", encoding="utf-8") as file:
            file.write("filter: {groups: [{name: phong-1, clients: [10.2.0.0/24]}],\n"
                       "         tiers: [{name: exam, like: lower_secondary}]}\n")
        self.control = self.gateway({
            "allow": {"ok": True, **GRANT}, "deny": {"ok": True, **GRANT, "until": "always"},
            "grants": {"ok": True, "grants": [GRANT, {**GRANT, "id": 13, "deny": True,
                                                      "scope": "all", "who": "",
                                                      "until": "always"}]},
            "revoke": {"ok": True}})

    def test_a_name_is_opened_for_45_minutes_unless_told_otherwise(self):
        status, out, err = self.ctl("allow", "example.vn", "--tier", "lower_secondary",
                                    "--reason", "lesson 3")
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(self.control.asked[-1], {
            "command": "allow", "name": "example.vn", "tier": "lower_secondary",
            "for_ms": 2700000, "reason": "lesson 3"})
        self.assertIn("example.vn is open for Lower secondary until 13:30", out)
        self.assertIn("revoke 12", out)

    def test_a_name_in_letters_of_any_language_is_sent_as_dns_writes_it(self):
        self.assertEqual(self.ctl("allow", "báo.vn")[0], 0)
        self.assertEqual(self.control.asked[-1]["name"], "xn--bo-mia.vn")
        self.ctl("explain", "Báo.vn")
        self.assertEqual((self.control.asked[-1]["command"], self.control.asked[-1]["name"]),
                         ("explain", "xn--bo-mia.vn"))

    def test_a_tier_like_another_is_told_apart_from_it(self):
        out = self.ctl("allow", "example.vn", "--tier", "exam")[1]
        self.assertIn("example.vn is open for exam until 13:30", out)

    def test_rooms_addresses_and_always_reach_the_filter(self):
        self.assertEqual(self.ctl("allow", "a.vn", "--group", "phong-1", "--for", "2h")[0], 0)
        self.assertEqual((self.control.asked[-1]["group"], self.control.asked[-1]["for_ms"]),
                         ("phong-1", 7200000))
        status, out, _ = self.ctl("deny", "a.vn", "--client", "10.1.0.0/16", "--for", "always")
        self.assertEqual(status, 0)
        asked = self.control.asked[-1]
        self.assertEqual((asked["command"], asked["client"], asked["for"]),
                         ("deny", "10.1.0.0/16", "always"))
        self.assertNotIn("for_ms", asked)
        self.assertIn("blocked for 10.1.0.0/16 until somebody revokes it", out)

    def test_what_was_granted_is_listed_and_ended(self):
        _, out, _ = self.ctl("grants")
        for words in ("example.vn", "Lower secondary", "lesson 3", "everybody", "revoked"):
            self.assertIn(words, out)
        self.assertEqual(self.ctl_json("grants")["grants"][0], GRANT)
        self.assertEqual(self.ctl("revoke", "12")[0], 0)
        self.assertEqual(self.control.asked[-1], {"command": "revoke", "id": 12})


class Feeds(English):
    """What lachan-feeds wrote, and a person's word about it."""

    def setUp(self):
        super().setUp()
        with open(self.config, "a", encoding="utf-8") as file:
            file.write("filter: {feeds: [{name: games, category: games, url: "
                       "[\"https://lists.example/games.txt\"]}]}\n")
        os.mkdir(self.path("state", "feeds"))

    def meta(self, **members):
        self.write("state/feeds/games.meta", json.dumps({
            "kind": "lachan-feed", "version": 1, "result": "ok", "reason": "", "off": False,
            "held": None, "entries": 1200, "patterns": 7, "refused": {}, **members}))

    held = {"since": "2026-11-20T13:30:00+07:00", "sha256": "00", "bytes": 9, "rules": 2,
            "url": "https://lists.example/games.txt", "covers": ["google.com", "moet.gov.vn"],
            "covers_count": 12}

    def test_a_held_list_is_shown_with_the_names_that_made_it_held(self):
        self.meta(result="held", reason="it newly covers google.com", held=self.held)
        _, out, _ = self.ctl("feeds")
        for words in ("WAITS for a yes", "1,200", "names that people need (12): google.com, "
                      "moet.gov.vn, …", "feeds accept games", "feeds off games"):
            self.assertIn(words, out)
        feed = self.ctl_json("feeds")["feeds"][0]
        self.assertEqual((feed["held"], feed["patterns"], feed["off"]), (self.held, 7, False))

    def test_accept_off_and_on_are_told_to_the_supervisor(self):
        lachand = self.gateway({"feeds-" + word: {"ok": True, "exit_status": 0}
                                for word in ("accept", "off", "on")}, "lachand.sock")
        self.meta(held=self.held)
        for word in ("accept", "off", "on"):
            status, out, err = self.ctl("feeds", word, "games")
            self.assertEqual((status, err), (0, ""))
            self.assertIn("games", out)
            self.assertEqual(lachand.asked[-1], {"command": "feeds-" + word, "name": "games"})
        self.meta(off=True)
        self.assertIn("feeds on games takes it in again", self.ctl("feeds")[1])

    def test_what_cannot_be_accepted_is_told(self):
        self.meta()
        status, _, err = self.ctl("feeds", "accept", "games")
        self.assertEqual(status, 1)
        self.assertIn("games holds nothing back", err)
        self.assertEqual(self.ctl("feeds", "accept", "other")[0], 2)
        self.assertEqual(self.ctl("feeds", "accept")[0], 2)
        self.gateway({"feeds-off": {"ok": False, "error": "a run is under way"}}, "lachand.sock")
        self.assertIn("a run is under way", self.ctl("feeds", "off", "games")[2])


class Policy(CtlTest):
    """The policy in plain words, from the configuration alone and with a filter beside it."""

    def setUp(self):
        super().setUp()
        with open(self.config, "a", encoding="utf-8") as file:
            file.write("""filter:
  groups: [{name: phong-1, clients: [192.168.1.100-192.168.1.149]}]
  tiers:
    - {name: lower_secondary, allow: [a.vn, b.vn], deny: [c.vn]}
    - {name: staff, clients: [192.168.1.10-192.168.1.39, phong-1]}
""")

    def tiers(self, *words):
        return {tier["tier"]: tier for tier in self.ctl_json("policy", *words)["tiers"]}

    def test_it_says_who_and_what_without_a_gateway(self):
        found = self.ctl_json("policy")
        self.assertEqual((found["running"], found["default_tier"], found["trial"]),
                         (False, "lower_secondary", False))
        self.assertEqual(found["locked"], ["child_abuse", "illegal_vn"])
        tiers = self.tiers()
        self.assertTrue(tiers["lower_secondary"]["default"])
        self.assertEqual((tiers["lower_secondary"]["allow"], tiers["lower_secondary"]["deny"]),
                         (2, 1))
        self.assertEqual(tiers["staff"]["members"], ["192.168.1.10-192.168.1.39", "phong-1"])
        self.assertFalse(tiers["primary"]["used"])
        self.assertIn("gambling", tiers["lower_secondary"]["block"])
        self.assertEqual(list(self.tiers("--tier", "staff")), ["staff"])

    def test_it_can_be_published_in_both_languages(self):
        _, out, err = self.ctl("policy", "--language", "en")
        self.assertEqual(err, "")
        for words in ("What is filtered at this school", "Lower secondary (lower_secondary)",
                      "Gambling and betting", "every device that nobody has claimed",
                      "phong-1", "Tiers without members here: "):
            self.assertIn(words, out)
        _, out, err = self.ctl("policy")
        self.assertEqual(err, "")
        for words in ("Trung học cơ sở (lower_secondary)", "Cờ bạc, cá cược"):
            self.assertIn(words, out)
        self.assertTrue(unicodedata.is_normalized("NFC", out))
        self.assertLessEqual(max(len(line) for line in out.splitlines()), 100)

    def test_what_runs_adds_pauses_grants_and_empty_categories(self):
        self.gateway({
            "status": {**STATUS, "paused": [{"tier": "staff",
                                             "until": "2026-11-20T13:30:00+07:00"}],
                       "rules": {**STATUS["rules"], "empty_categories": ["gambling"]},
                       "tiers": [{"tier": "staff", "windows": []}]},
            "grants": {"ok": True, "grants": [GRANT]}})
        tiers = self.tiers()
        self.assertEqual(tiers["staff"]["empty"], ["gambling"])
        self.assertEqual(tiers["staff"]["paused_until"], "2026-11-20T13:30:00+07:00")
        self.assertEqual(tiers["lower_secondary"]["grants"], 1)
        out = self.ctl("policy", "--language", "en")[1]
        self.assertIn("PAUSED until 13:30 20/11/2026", out)
        self.assertIn("no list fills it", out)


REFUSED = {"ok": False, "error": "the configuration has mistakes, the old one stays", "mistakes": [
    '/etc/lachan/lachan.yaml:3:9: error: unknown key \'lisen\'; did you mean \'listen\'?',
    '/etc/lachan/lachan.yaml:7:3: warning: blocked categories that no feed fills: dating']}
RESTART = {"ok": False, "error": "what has changed needs a restart, the old configuration stays",
           "needs_restart": "server.listen", "mistakes": [
               "/etc/lachan/lachan.yaml: error: server.listen has changed, and that needs a "
               "restart (systemctl restart lachan)"]}


class Refused(English):
    """A reload that the supervisor refuses is told with every reason."""

    def reload(self, answer, *words):
        self.gateway({"reload": answer}, "lachand.sock")
        return self.ctl("reload", *words)

    def test_every_mistake_is_a_line_of_the_contract(self):
        status, out, err = self.reload(REFUSED)
        self.assertEqual((status, out), (1, ""))
        self.assertEqual(err.splitlines(),
                         ["lachanctl: " + REFUSED["error"], *REFUSED["mistakes"]])

    def test_a_key_that_needs_a_restart_is_named(self):
        status, _, err = self.reload(RESTART)
        self.assertEqual(status, 1)
        self.assertIn("server.listen has changed, and that needs a restart", err)

    def test_programs_get_the_same_as_one_object(self):
        status, out, err = self.reload(RESTART, "--json")
        self.assertEqual((status, err), (1, ""))
        self.assertEqual(json.loads(out), {k: v for k, v in RESTART.items() if k != "ok"})


class Counts(English):
    def setUp(self):
        super().setUp()
        self.stats = {"ok": True, "date": "2026-11-20", "cells": [
            {"tier": "lower_secondary", "category": "gambling", "attempts": 1285},
            {"tier": "staff", "category": "games", "attempts": "below"}]}
        self.gateway({
            "stats": self.stats,
            "top": {"ok": True, "names": [
                {"category": "gambling", "name": "bet.example", "devices": "10-19"}]},
            "watch": [{"ok": True}, {"time": "2026-11-20T13:30:05+07:00", "tier": "staff",
                                     "category": "games", "name": "play.example"}],
            "summary-preview": {"ok": True, "document": '{"format":"lachan-summary"}'},
            "summary-list": {"ok": True, "files": [
                {"name": "u!20261120!20261120!x.json.gz", "bytes": 900, "state": "waiting"}]}})

    def test_small_counts_are_shown_as_withheld(self):
        _, out, _ = self.ctl("stats")
        self.assertIn("1,285", out)
        self.assertIn("withheld", out)
        self.assertEqual(self.ctl_json("stats")["cells"], self.stats["cells"])

    def test_top_watch_and_summaries_are_readable(self):
        self.assertIn("bet.example", self.ctl("top")[1])
        self.assertIn("13:30:05", self.ctl("watch")[1])
        self.assertEqual(self.ctl("summary", "preview")[1], '{"format":"lachan-summary"}\n')
        self.assertIn("waiting", self.ctl("summary", "list")[1])


class Vietnamese(CtlTest):
    def test_columns_line_up_by_what_the_eye_sees(self):
        self.gateway({"stats": {"ok": True, "date": "2026-11-20", "cells": [
            {"tier": tier, "category": category, "attempts": 50} for tier, category in
            (("lower_secondary", "gambling"), ("staff", "adult"), ("primary", "malware"))]}})
        _, out, _ = self.ctl("stats")
        rows = [unicodedata.normalize("NFC", line) for line in out.splitlines()[1:]]
        self.assertIn("Cờ bạc, cá cược", out)
        self.assertEqual(len({len(row) for row in rows}), 1, rows)

    def test_json_stays_english(self):
        self.gateway({"flush": {"ok": True, "flushed": 3},
                      "rollback": {"ok": False, "error": "there are no earlier rules to go back to"}})
        self.assertEqual(self.ctl_json("flush"), {"flushed": 3})
        self.assertEqual(self.ctl_json("rollback", status=1),
                         {"error": "there are no earlier rules to go back to"})

    def test_what_the_gateway_refuses_in_english_is_translated(self):
        self.gateway({"rollback": {"ok": False,
                                   "error": "there are no earlier rules to go back to"}})
        self.gateway({"reload": REFUSED}, "lachand.sock")
        _, _, err = self.ctl("rollback")
        self.assertIn("không có bộ quy tắc nào trước đó", err)
        _, _, err = self.ctl("reload")
        lines = err.splitlines()
        self.assertTrue(lines[1].startswith("/etc/lachan/lachan.yaml:3:9: lỗi: "), err)
        self.assertIn("'lisen'", lines[1])
        self.assertNotIn("unknown key", lines[1])

    def said_by(self, *words):
        """By a daemon whose standard error is no terminal, for a Vietnamese terminal."""
        ended = self.start(*words, "-c", self.config, env={"LC_ALL": "vi_VN.UTF-8"})
        return ended.wait(), ended.log()

    def test_a_check_speaks_to_a_person_and_a_start_to_the_log(self):
        status, out, _ = self.run_program("lachan-feeds", "--check", "-c", self.config)
        self.assertEqual(status, 0)
        self.assertIn("cấu hình đúng", out)
        self.write("lachan.yaml", "school: {levels: [lower_secundary]}\n")
        status, said = self.said_by("lachan-feeds", "--check")
        self.assertEqual(status, 2)
        self.assertIn(": lỗi: ", said)
        status, said = self.said_by("lachan-feeds")
        self.assertEqual(status, 2)
        self.assertIn(": error: ", said)
        self.assertNotIn("lỗi", said)

    def test_reasons_of_lists_are_kept_in_english_and_shown_in_vietnamese(self):
        self.need("lachan-feeds")
        with open(self.config, "a", encoding="utf-8") as file:
            file.write("filter: {feeds: [{name: lost, category: games, format: domains, "
                       "url: [\"file://%s\"]}]}\n" % self.path("not-there.txt"))
        status, out, log = self.run_program("lachan-feeds", "-c", self.config)
        self.assertEqual(status, 1)
        self.assertIn("lost: bị từ chối: không có tệp như vậy", out)
        self.assertIn("lost: refused: there is no such file", log)
        with open(self.path("state", "feeds", "lost.meta"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["reason"], "there is no such file")
        self.assertIn("lost: không có tệp như vậy", self.ctl("feeds")[1])
        self.assertIn("there is no such file", self.ctl("feeds", "--json")[1])


class Stopped(English):
    """explain and feeds, from the disk alone."""

    def setUp(self):
        super().setUp()
        self.need("lachan-feeds")
        status, _, err = self.run_program("lachan-feeds", "-c", self.config)
        self.assertEqual(status, 0, err)

    def explain(self, name, *words):
        return self.ctl_json("explain", name, *words)

    def test_a_blocked_name_is_explained_with_feed_line_and_text(self):
        found = self.explain("www.gambling.thu.lachan.example")
        self.assertEqual((found["verdict"], found["reason"], found["category"], found["answer"]),
                         ("block", "category", "gambling", "warning"))
        rule = found["rules"][0]
        self.assertEqual((rule["match"], rule["text"], rule["wins"]),
                         ("gambling.thu.lachan.example", "gambling.thu.lachan.example", True))
        path = os.path.join(SOURCE_DIR, "rules", "lists", "gambling.txt")
        with open(path, encoding="utf-8") as file:
            lines = [line.strip() for line in file]
        self.assertEqual(lines[rule["line"] - 1], "gambling.thu.lachan.example")
        status, out, _ = self.ctl("explain", "www.gambling.thu.lachan.example")
        self.assertEqual(status, 0)
        self.assertIn("is BLOCKED", out)
        self.assertIn("To open it:", out)

    def test_a_never_block_and_an_unlisted_name_are_open(self):
        found = self.explain("www.moet.gov.vn")
        self.assertEqual((found["verdict"], found["reason"]), ("allow", "never-block"))
        self.assertTrue(any(r["kind"] == "never-block" and r["wins"] and r["line"] > 0
                            for r in found["rules"]))
        found = self.explain("unlisted.example")
        self.assertEqual((found["verdict"], found["reason"], found["rules"]),
                         ("allow", "nothing", []))
        self.assertIn("is OPEN", self.ctl("explain", "unlisted.example")[1])

    def test_tier_client_and_type_are_heard(self):
        found = self.explain("games.thu.lachan.example", "--tier", "staff", "--type", "AAAA")
        self.assertEqual((found["tier"], found["type"]), ("staff", "AAAA"))
        self.assertEqual(self.explain("a.example", "--client", "192.168.1.9")["tier"],
                         "lower_secondary")
        self.assertEqual(self.ctl("explain", "a.example", "--tier", "nobody")[0], 2)
        self.assertEqual(self.ctl("explain", "a..example")[0], 2)

    def test_feeds_tell_names_age_and_result(self):
        feeds = {feed["name"]: feed for feed in self.ctl_json("feeds")["feeds"]}
        gambling = feeds["lachan-gambling"]
        self.assertEqual((gambling["category"], gambling["result"]), ("gambling", "ok"))
        self.assertGreater(gambling["entries"], 10)
        self.assertGreaterEqual(gambling["age"], 0)
        self.assertIsInstance(gambling["refused"], dict)
        self.assertIn("lachan-gambling", self.ctl("feeds")[1])

    def test_the_plan_says_what_the_lists_need(self):
        plan = self.ctl_json("plan")
        self.assertEqual({feed["name"] for feed in plan["feeds"]},
                         {feed["name"] for feed in self.ctl_json("feeds")["feeds"]})
        self.assertEqual({feed["known_from"] for feed in plan["feeds"]}, {"copy"})
        self.assertGreater(plan["memory"]["peak_bytes"], plan["memory"]["filter_bytes"])
        _, out, err = self.ctl("plan")
        self.assertEqual(err, "")
        for words in ("lachan-gambling", "as pulled", "for the filter, all day", "Flash",
                      "to compile"):
            self.assertIn(words, out)

    def test_update_without_a_gateway_pulls_the_list_itself(self):
        status, _, err = self.ctl("feeds", "update", "lachan-games")
        self.assertEqual(status, 0, err)
        self.assertEqual(self.ctl("feeds", "update", "no-such-list")[0], 2)


class Decided(English):
    """A person's word about a list, carried out by the real lachan-feeds without a supervisor."""

    def setUp(self):
        super().setUp()
        self.need("lachan-feeds")
        self.names = ["n%d.example.org" % i for i in range(60)]
        with open(self.config, "a", encoding="utf-8") as file:
            file.write("filter: {feeds: [{name: mine, category: gambling, format: domains, url: "
                       "[\"file://%s\"]}]}\n" % self.path("mine.txt"))
        self.publish()

    def publish(self, *more):
        self.write("mine.txt", "\n".join([*self.names, *more]) + "\n")
        return self.ctl("feeds", "update", "mine")

    def verdict(self, name):
        return self.ctl_json("explain", name)["verdict"]

    def test_a_list_that_covers_what_people_need_waits_until_accepted(self):
        status, out, err = self.publish("vnexpress.net", "n60.example.org")
        self.assertEqual(status, 1)
        self.assertIn("WAITS for a yes", out)
        self.assertIn("vnexpress.net", out)
        self.assertIn("not every list was taken", err)
        self.assertEqual(self.ctl_json("feeds")["feeds"][0]["held"]["covers"], ["vnexpress.net"])
        self.assertEqual((self.verdict("n60.example.org"), self.verdict("n1.example.org")),
                         ("allow", "block"))
        status, out, err = self.ctl("feeds", "accept", "mine")
        self.assertEqual(status, 0, out + err)
        self.assertEqual((self.verdict("n60.example.org"), self.verdict("vnexpress.net")),
                         ("block", "block"))
        self.assertEqual(self.ctl("feeds", "accept", "mine")[0], 1)

    def test_a_list_is_switched_off_and_on_without_a_configuration(self):
        self.assertEqual(self.ctl("feeds", "off", "mine")[0], 0)
        self.assertEqual(self.verdict("n1.example.org"), "allow")
        self.assertIn("feeds on mine takes it in again", self.ctl("feeds")[1])
        self.assertTrue(self.ctl_json("feeds")["feeds"][0]["off"])
        self.assertEqual(self.ctl("feeds", "on", "mine")[0], 0)
        self.assertEqual(self.verdict("n1.example.org"), "block")


class Installed(English):
    """As `cmake --install` lays it out: lachanctl in bin, the daemons in sbin."""

    def install(self, program, folder):
        os.makedirs(self.path("usr", folder), exist_ok=True)
        shutil.copy(os.path.join(BIN, program), self.path("usr", folder))

    def update(self):
        return self.run_program("lachanctl", "-c", self.config, "feeds", "update",
                                "lachan-games", folder=self.path("usr", "bin"))

    def test_update_finds_lachan_feeds_in_sbin(self):
        self.need("lachan-feeds")
        self.install("lachanctl", "bin")
        status, _, err = self.update()
        self.assertEqual(status, 1)
        self.assertIn("lachan-feeds is not installed", err)
        self.install("lachan-feeds", "sbin")
        status, out, err = self.update()
        self.assertEqual(status, 0, err)
        self.assertIn("new copy", out)


class Running(Stopped):
    """The same words from the real filter."""

    def setUp(self):
        super().setUp()
        self.need("lachan-filter")
        self.start("lachan-filter", "-c", self.config)
        self.wait_for("the control socket",
                      lambda: os.path.exists(self.path("run", "control.sock")))

    def test_status_of_the_real_filter(self):
        found = self.ctl_json("status")
        self.assertGreater(found["rules"]["names"], 100)
        self.assertEqual(self.ctl("status")[0], 0)

    def test_top_by_tier_is_refused_with_the_reason(self):
        status, out, err = self.ctl("top", "--tier", "lower_secondary")
        self.assertEqual((status, out), (1, ""))
        self.assertIn("names are counted over all pupils together", err)
        self.assertEqual(self.ctl_json("top"), {"names": []})

    def test_only_the_gateway_itself_adds_to_the_record(self):
        path = self.path("run", "control.sock")
        added = {"action": "reload", "detail": "x.yaml", "actor": "uid:7"}
        self.assertEqual(control(path, "record", **added), {"ok": True})
        self.assertIn("action", control(path, "record", action="", actor="a")["error"])
        entry = self.entries()[-1]
        self.assertEqual((entry["actor"], entry["action"], entry["detail"]),
                         ("uid:7", "reload", "x.yaml"))
        self.assertEqual(self.ctl_json("audit", "verify"), {"intact": True})
        if os.geteuid() != 0:
            self.skipTest("only root can ask as somebody else of the socket's group")
        os.chmod(self.dir, 0o755)
        reply = self.ask_as(65534, os.stat(path).st_gid, path, "record", **added)
        self.assertIn("only the gateway itself", reply["error"])
        self.assertEqual(self.entries()[-1], entry)

    def ask_as(self, uid, gid, path, command, **arguments):
        """A request from a process of another user and group."""
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.setgroups([])
                os.setgid(gid)
                os.setuid(uid)
                os.write(write, json.dumps(control(path, command, **arguments)).encode())
            finally:
                os._exit(0)
        os.close(write)
        with os.fdopen(read, "rb") as answer:
            text = answer.read()
        os.waitpid(pid, 0)
        return json.loads(text)

    def entries(self):
        with open(self.path("state", "audit.log"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def test_a_file_that_was_changed_but_not_reloaded_is_told(self):
        self.assertNotIn("newer than what runs", self.ctl("status")[1])
        self.assertFalse(self.ctl_json("policy")["not_in_force"])
        later = time.time() + 3600
        os.utime(self.config, (later, later))
        self.assertIn("newer than what runs", self.ctl("status")[1])
        self.assertIn("NOT IN FORCE YET", self.ctl("policy")[1])
        self.assertTrue(self.ctl_json("policy")["not_in_force"])

    def test_a_grant_from_its_making_to_its_end(self):
        name = "www.gambling.thu.lachan.example"
        status, out, err = self.ctl("allow", "gambling.thu.lachan.example", "--tier",
                                    "lower_secondary", "--for", "2h", "--reason", "a lesson")
        self.assertEqual((status, err), (0, ""))
        grant = self.ctl_json("grants")["grants"][0]
        self.assertEqual((grant["name"], grant["scope"], grant["who"], grant["reason"],
                          grant["deny"], grant["applies"]),
                         ("gambling.thu.lachan.example", "tier", "lower_secondary", "a lesson",
                          False, True))
        found = self.explain(name)
        self.assertEqual((found["verdict"], found["reason"], found["grant"]["id"],
                          found["advice"]), ("allow", "grant", grant["id"], "revoke"))
        self.assertIn("until %s" % grant["until"][11:16], out)
        self.assertIn("a lesson", self.ctl("explain", name)[1])
        policy = {tier["tier"]: tier for tier in self.ctl_json("policy")["tiers"]}
        self.assertEqual(policy["lower_secondary"]["grants"], 1)
        self.assertEqual(self.ctl("revoke", str(grant["id"]))[0], 0)
        self.assertEqual((self.ctl_json("grants"), self.explain(name)["verdict"]),
                         ({"grants": []}, "block"))
        status, _, err = self.ctl("allow", "child-abuse.thu.lachan.example")
        self.assertEqual(status, 1)
        self.assertIn("a locked category lists that name", err)

    def test_a_pause_and_its_end(self):
        name = "gambling.thu.lachan.example"
        self.assertEqual(self.explain(name)["verdict"], "block")
        self.assertIn("until", self.ctl_json("pause", "--for", "1m"))
        self.assertEqual(self.explain(name)["reason"], "pause")
        self.assertEqual(self.ctl("resume")[0], 0)
        self.assertEqual(self.explain(name)["verdict"], "block")


if __name__ == "__main__":
    main()
