"""lachan-rules as an operator uses it; and on real lists, where ../shared/feeds is."""
import csv
import gzip
import json
import os
import re
import subprocess
import tarfile
import tempfile
import unittest

from lachan_test import BIN, SOURCE_DIR, main

PROGRAM = os.path.join(BIN, "lachan-rules")
FEEDS = os.path.join(os.path.dirname(SOURCE_DIR), "shared", "feeds")
KEYS = ["name", "type", "verdict", "categories", "match", "rule", "feed", "line", "rewrite"]


def rules(*argv, stdin=None):
    done = subprocess.run([PROGRAM, *argv], input=stdin, capture_output=True, text=True,
                          timeout=250, env={**os.environ, "LC_ALL": "C.UTF-8"}, check=False)
    return done.returncode, done.stdout, done.stderr


class RulesCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="lachan-rules-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.db = os.path.join(self.folder, "rules.db")

    def path(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)
        return path

    def compile(self, *argv, db=None):
        code, out, err = rules("compile", "-o", db or self.db, "--json", *argv)
        self.assertEqual(code, 0, err)
        return json.loads(out)

    def explain(self, *names):
        code, out, err = rules("explain", "-d", self.db, "-", stdin="\n".join(names) + "\n")
        self.assertEqual(code, 0, err)
        return [json.loads(line) for line in out.splitlines()]


class Compile(RulesCase):
    def test_counts_names_rules_and_refused_lines(self):
        a = self.path("a.txt", "a.vn\nA.VN.\nbad name\n1.2.3.4\nvn\nedu.vn\nb.vn\n")
        b = self.path("b.txt", "||a.vn^\n@@||ok.a.vn^\n||x.vn^$nonsense\na.vn##.ad\n")
        told = self.compile("adult=" + a, "games=" + b)
        self.assertEqual((told["names"], told["rules"], told["refused"]), (3, 4, 5))
        self.assertEqual([f["format"] for f in told["feeds"]], ["domains", "adblock"])
        self.assertEqual(told["feeds"][0]["reasons"]["a protected name or public suffix"], 1)

    def test_bad_lines_never_make_it_fail(self):
        bad = self.path("bad.txt", "? !\n" * 1000 + "a.vn\n")
        told = self.compile("x=" + bad, "--format", "domains")
        self.assertEqual((told["names"], told["refused"]), (1, 1000))

    def test_a_web_page_is_left_out_and_the_rest_published(self):
        page = self.path("page.txt", "<!DOCTYPE html><html>\na.vn\n")
        good = self.path("good.txt", "b.vn\n")
        code, out, err = rules("compile", "-o", self.db, "x=" + page, "y=" + good)
        self.assertEqual(code, 1)
        self.assertIn("page.txt: left out", err)
        self.assertIn("1 names", out)
        self.assertEqual([q["verdict"] for q in self.explain("a.vn", "b.vn")],
                         ["none", "block"])

    def test_the_database_before_is_kept(self):
        one = self.path("one.txt", "a.vn\n")
        self.compile("x=" + one)
        with open(self.db, "rb") as file:
            before = file.read()
        self.compile("x=" + one)
        with open(self.db + ".prev", "rb") as file:
            self.assertEqual(file.read(), before)

    def test_a_missing_list_publishes_nothing(self):
        code, _, err = rules("compile", "-o", self.db, "x=" + self.folder + "/none")
        self.assertEqual(code, 1)
        self.assertIn("No such file", err)
        self.assertFalse(os.path.exists(self.db))

    def test_gzip_is_read_as_its_text(self):
        packed = self.path("a.gz", gzip.compress(b"a.vn\nb.vn\n"))
        self.assertEqual(self.compile("x=" + packed)["names"], 2)

    def test_wrong_usage_exits_with_2(self):
        for argv in ([], ["nonsense"], ["compile"], ["compile", "-o", self.db],
                     ["compile", "-o", self.db, "x"], ["compile", "-o", self.db, "=x"],
                     ["compile", "-o", self.db, "--format", "nonsense", "x=y"],
                     ["explain", "a.vn"], ["explain", "-d", self.db], ["stat"],
                     ["diff", self.db], ["stat", "--nonsense"]):
            code, out, err = rules(*argv)
            self.assertEqual((code, out), (2, ""), argv)
            self.assertIn("usage:", err)
        self.assertEqual(rules("replay", "-d", self.db, "x")[0], 1)


class Explain(RulesCase):
    def test_says_verdict_rule_and_line_in_the_contracts_form(self):
        a = self.path("a.txt", "# x\n0.0.0.0 a.vn\n")
        b = self.path("b.txt", "||a.vn^\n@@||ok.a.vn^\n")
        c = self.path("c.txt", "free.a.vn\n")
        self.compile("adult=" + a, "games=" + b, "allow=" + c)
        answers = self.explain("WWW.a.vn", "ok.a.vn AAAA 10.0.0.7", "free.a.vn", "n.vn HTTPS")
        self.assertEqual(list(answers[0]), KEYS)
        self.assertEqual(answers[0], {
            "name": "www.a.vn", "type": "A", "verdict": "block",
            "categories": ["adult", "games"], "match": "a.vn", "rule": "0.0.0.0 a.vn",
            "feed": a, "line": 2, "rewrite": None})
        self.assertEqual((answers[1]["verdict"], answers[1]["categories"], answers[1]["type"]),
                         ("block", ["adult"], "AAAA"))
        self.assertEqual((answers[2]["verdict"], answers[2]["feed"], answers[2]["line"]),
                         ("allow", c, 1))
        self.assertEqual((answers[3]["verdict"], answers[3]["categories"]), ("none", []))

    def test_an_exception_of_the_only_feed_allows(self):
        a = self.path("a.txt", "||a.vn^\n@@||ok.a.vn^\n")
        self.compile("adult=" + a)
        answer = self.explain("x.ok.a.vn")[0]
        self.assertEqual((answer["verdict"], answer["match"], answer["rule"], answer["line"]),
                         ("allow", "ok.a.vn", "@@||ok.a.vn^", 2))

    def test_an_allow_list_opens_content_alone(self):
        with open(os.path.join(SOURCE_DIR, "rules", "categories.yaml"), encoding="utf-8") as file:
            entries = file.read().split("\n  - name: ")[1:]
        firm = [e.split("\n")[0] for e in entries
                if re.search(r"^ +(locked|security): (yes|on|true)", e, re.M)]
        self.assertGreaterEqual(len(firm), 4)
        content = self.path("content.txt", "a.vn\n||b.vn^$dnsrewrite=10.0.0.1\n")
        allow = self.path("allow.txt", "www.a.vn\nb.vn\n")
        for category in firm:
            listed = self.path(category + ".txt", "||a.vn^\n||b.vn^$dnsrewrite=10.0.0.2\n")
            self.compile("games=" + content, category + "=" + listed, "allow=" + allow)
            told = self.explain("www.a.vn", "a.vn", "b.vn")
            self.assertEqual([(q["verdict"], q["categories"]) for q in told],
                             [("block", [category]), ("block", ["games", category]),
                              ("rewrite", [category])])
            self.assertEqual((told[0]["feed"], told[2]["feed"]), (listed, listed))
            self.assertEqual(told[2]["rewrite"]["data"], "10.0.0.2")
        opens_all = self.path("all.txt", "@@||*^\n@@*\n@@/.*/\n@@||vn^\n||z.vn^\n")
        told = self.compile("games=" + content, "allow=" + opens_all)
        self.assertEqual(told["feeds"][1]["refused"], 4)
        self.assertEqual([q["verdict"] for q in self.explain("a.vn")], ["block"])
        self.compile("games=" + content, "allow=" + allow)
        self.assertEqual([q["verdict"] for q in self.explain("www.a.vn", "b.vn")],
                         ["allow", "allow"])

    def test_line_is_0_where_the_list_is_gone(self):
        a = self.path("a.txt", "a.vn\n")
        self.compile("adult=" + a)
        os.unlink(a)
        answer = self.explain("a.vn")[0]
        self.assertEqual((answer["verdict"], answer["line"], answer["rule"]), ("block", 0, ""))

    def test_a_name_in_letters_of_any_language_is_asked_as_dns_writes_it(self):
        self.compile("x=" + self.path("a.txt", "báo.vn\n||bücher.de^\n"))
        told = self.explain("báo.vn", "BÜCHER.de HTTPS", "ba\u0301o.vn", "xn--bo-mia.vn")
        self.assertEqual([q["verdict"] for q in told], ["block"] * 4)
        self.assertEqual(told[0]["name"], "xn--bo-mia.vn")

    def test_what_is_no_question_keeps_its_place(self):
        self.compile("x=" + self.path("a.txt", "a.vn\n"))
        code, out, err = rules("explain", "-d", self.db, "-", stdin="b..vn\n\na.vn\n")
        lines = [json.loads(line) for line in out.splitlines()]
        self.assertEqual((code, [q["verdict"] for q in lines]), (1, ["none", "block"]))
        self.assertEqual(lines[0]["name"], "b..vn")
        self.assertIn("-:1:", err)

    def test_a_damaged_database_is_refused(self):
        self.compile("x=" + self.path("a.txt", "a.vn\n"))
        with open(self.db, "r+b") as file:
            file.seek(300)
            file.write(b"\xff")
        code, out, err = rules("explain", "-d", self.db, "a.vn")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("checksum", err)


class StatAndDiff(RulesCase):
    def test_stat_tells_feeds_and_categories(self):
        self.compile("x=" + self.path("a.txt", "a.vn\nb.vn\n"), "y=" + self.path("b.txt", "a.vn\n"))
        code, out, _ = rules("stat", self.db, "--json")
        told = json.loads(out)
        self.assertEqual((code, told["names"], told["rules"]), (0, 2, 3))
        self.assertEqual(told["categories"], [{"name": "x", "names": 2}, {"name": "y", "names": 1}])
        self.assertEqual([f["names"] for f in told["feeds"]], [2, 1])

    def test_diff_names_what_is_new_and_gone(self):
        before = self.path("a.txt", "a.vn\nb.vn\n")
        after = self.path("b.txt", "b.vn\nc.vn\nd.vn\nd.vn\n")
        new = os.path.join(self.folder, "new.db")
        self.compile("x=" + before)
        self.compile("x=" + after, db=new)
        code, out, _ = rules("diff", self.db, new, "--json")
        told = json.loads(out)
        self.assertEqual((code, told["names"]), (0, {"before": 2, "after": 3}))
        self.assertEqual(told["added"], {"names": 2, "whole": True, "examples": ["c.vn", "d.vn"]})
        self.assertEqual(told["removed"], {"names": 1, "whole": True, "examples": ["a.vn"]})
        self.assertIn({"kind": "category", "name": "x", "before": 2, "after": 3},
                      told["changes"])


class Table:
    """One list of a table file, and what is asked of it."""

    def __init__(self, title):
        self.title, self.lines, self.cases = title, [], []

    @classmethod
    def read(cls, name):
        tables = []
        with open(os.path.join(SOURCE_DIR, "test", "e2e", "rules", name),
                  encoding="utf-8") as file:
            for line in file.read().split("\n"):
                if line.startswith("== "):
                    tables.append(cls(line[3:]))
                elif line.startswith("    "):
                    tables[-1].lines.append(line[4:])
                elif line.startswith("? "):
                    question, verdict = line[2:].split(" => ")
                    tables[-1].cases.append((question, verdict))
                elif line and not line.startswith("#"):
                    raise ValueError(line)
        return tables


def told(answer):
    rewrite = answer["rewrite"]
    if rewrite is None:
        return answer["verdict"]
    return " ".join(filter(None, (answer["verdict"], rewrite["type"], rewrite["data"])))


class Tables(RulesCase):
    def play(self, form):
        count = 0
        for table in Table.read(form + ".txt"):
            path = self.path("list.txt", "\n".join(table.lines) + "\n")
            self.compile("c=" + path, "--format", form)
            answers = self.explain(*(question for question, _ in table.cases))
            self.assertEqual(len(answers), len(table.cases))
            for answer, (question, verdict) in zip(answers, table.cases):
                with self.subTest(table.title, question=question):
                    self.assertEqual(told(answer), verdict)
                    self.check_line(table, answer)
            count += len(table.cases)
        self.assertGreaterEqual(count, 100)

    def check_line(self, table, answer):
        if answer["verdict"] == "none":
            self.assertEqual((answer["line"], answer["rule"]), (0, ""))
            return
        self.assertGreater(answer["line"], 0)
        self.assertEqual(answer["rule"], table.lines[answer["line"] - 1])
        blocks = answer["verdict"] in ("block", "rewrite")
        self.assertEqual(answer["categories"], ["c"] if blocks else [])

    def test_adblock_lists_say_what_adguard_means(self):
        self.play("adblock")

    def test_response_policy_zones_say_what_their_draft_means(self):
        self.play("rpz")


class FoldersAndArchives(RulesCase):
    """UT1 and squidGuard keep a folder a category: names, pages and expressions apart."""

    def setUp(self):
        super().setUp()
        self.ut1 = os.path.join(self.folder, "ut1")
        self.put("games/domains", "a.vn\n10.0.0.1\n")
        self.put("games/domains.2", "b.vn\n")
        self.put("games/urls", "c.vn/play/\nd.vn/\n")
        self.put("games/expressions", "^casino[0-9]\n")
        self.put("games/usage", "nothing.vn\n")
        self.put("adult/domains", "z.vn\n")

    def put(self, name, text):
        path = os.path.join(self.ut1, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def check_games(self, source):
        told = self.compile("games=" + source)
        self.assertEqual(told["feeds"][0]["format"], "squidguard")
        answers = self.explain("www.a.vn", "b.vn", "c.vn", "d.vn", "casino7.vn", "nothing.vn",
                               "z.vn")
        self.assertEqual([q["verdict"] for q in answers],
                         ["block", "block", "none", "block", "block", "none", "none"])
        self.assertEqual([q["rule"] for q in answers],
                         ["a.vn", "b.vn", "", "d.vn/", "^casino[0-9]", "", ""])
        self.assertTrue(all(q["feed"] == source and q["line"] > 0 for q in answers
                            if q["verdict"] == "block"))

    def test_a_folder_is_one_list(self):
        self.check_games(os.path.join(self.ut1, "games"))
        self.check_games(os.path.join(self.ut1, "games") + "/")
        self.check_games(self.ut1 + "#games")
        self.check_games(self.ut1 + "#games/")
        code, _, err = rules("compile", "-o", self.db, "x=" + self.ut1 + "#nothing")
        self.assertEqual(code, 1, err)

    def test_an_archive_holds_several_and_a_name_says_which(self):
        for mode in ("w:gz", "w:xz", "w"):
            path = os.path.join(self.folder, "ut1.tar")
            with tarfile.open(path, mode) as tar:
                tar.add(self.ut1, "blacklists")
            self.check_games(path + "#games")
            self.check_games(path + "#blacklists/games")
            code, _, err = rules("compile", "-o", self.db, "games=" + path)
            self.assertEqual(code, 1)
            self.assertIn("several lists", err)

    def test_a_damaged_archive_publishes_what_else_there_is(self):
        path = os.path.join(self.folder, "ut1.tar")
        with tarfile.open(path, "w") as tar:
            tar.add(os.path.join(self.ut1, "games"), "games")
        with open(path, "r+b") as file:
            file.truncate(700)
        code, out, err = rules("compile", "-o", self.db, "x=" + path,
                               "y=" + self.path("b.txt", "b.vn\n"))
        self.assertEqual(code, 1)
        self.assertIn("ut1.tar: left out", err)
        self.assertIn("1 names", out)


class Replay(RulesCase):
    def setUp(self):
        super().setUp()
        self.old = os.path.join(self.folder, "old.db")
        self.list = self.path("new.txt", "||games.vn^\n/^casino/\n||rewrite.vn^$dnsrewrite=192.0.2.1\n")
        self.compile("games=" + self.path("old.txt", "chess.vn\n"), db=self.old)
        self.compile("games=" + self.list)

    def replay(self, text, *argv):
        code, out, err = rules("replay", "-d", self.db, "--json", *argv,
                               self.path("queries", text))
        self.assertEqual(code, 0, err)
        return json.loads(out)

    def test_names_what_would_become_blocked_and_what_would_open(self):
        said = self.replay("www.games.vn\n5 casino1.vn\nchess.vn\nolm.vn\nwww.games.vn\n",
                           "-o", self.old)
        self.assertEqual((said["names"], said["queries"], said["skipped"]), (4, 9, 0))
        self.assertEqual([(q["name"], q["count"], q["categories"], q["rule"], q["line"], q["feed"])
                          for q in said["blocked"]],
                         [("casino1.vn", 5, ["games"], "/^casino/", 2, self.list),
                          ("www.games.vn", 2, ["games"], "||games.vn^", 1, self.list)])
        self.assertEqual([(q["name"], q["rule"]) for q in said["opened"]],
                         [("chess.vn", "chess.vn")])

    def test_without_old_rules_all_that_is_blocked_is_new(self):
        said = self.replay("games.vn\nrewrite.vn\nchess.vn\n")
        self.assertEqual([q["name"] for q in said["blocked"]], ["games.vn", "rewrite.vn"])
        self.assertEqual(said["opened"], [])

    def test_reads_the_logs_of_dnsmasq_and_unbound_and_counts_the_rest(self):
        said = self.replay(
            "# comment\n"
            "Nov 22 10:00:00 dnsmasq[12]: query[A] a.games.vn from 10.0.0.1\n"
            "Nov 22 10:00:00 dnsmasq[12]: forwarded a.games.vn to 9.9.9.9\n"
            "Nov 22 10:00:00 dnsmasq[12]: reply a.games.vn is 192.0.2.1\n"
            "Nov 22 10:00:00 dnsmasq[12]: 77 10.0.0.1/5353 query[type=65] b.games.vn from 10.0.0.1\n"
            "[1700000000] unbound[9:0] info: 10.0.0.7 c.games.vn. A IN\n"
            "[1700000000] unbound[9:0] info: resolving c.games.vn. A IN\n"
            "      7 d.games.vn\n"
            "e.games.vn 3\n"
            "three words here\n"
            "not..a.name\n")
        self.assertEqual(sorted((q["name"], q["count"]) for q in said["blocked"]),
                         [("a.games.vn", 1), ("b.games.vn", 1), ("c.games.vn", 1),
                          ("d.games.vn", 7), ("e.games.vn", 3)])
        self.assertEqual(said["skipped"], 2)

    def test_says_it_in_words_too(self):
        code, out, _ = rules("replay", "-d", self.db, "-o", self.old,
                             self.path("q", "games.vn\nchess.vn\nx y z\n"))
        self.assertEqual(code, 0)
        self.assertIn("2 names in use, 2 queries", out)
        self.assertIn("1 lines skipped, the first is line 3", out)
        self.assertIn("names in use that would become blocked: 1", out)
        self.assertIn("names in use that would open: 1", out)
        self.assertIn("||games.vn^", out)

    def test_wrong_usage_exits_with_2(self):
        for argv in (["replay"], ["replay", "-d", self.db], ["replay", self.list],
                     ["replay", "-d", self.db, "a", "b"]):
            self.assertEqual(rules(*argv)[0], 2, argv)
        self.assertEqual(rules("replay", "-d", self.db, self.folder + "/none")[0], 1)


class Specials(RulesCase):
    def test_stat_and_compile_count_special_rules(self):
        path = self.path("a.txt", "||a.vn^\n||b.vn^$dnstype=AAAA\n/casino/\n/(/\n")
        told = self.compile("x=" + path)
        feed = told["feeds"][0]
        self.assertEqual((feed["specials"], feed["patterns"], feed["networks"]), (2, 1, 0))
        self.assertEqual((told["names"], told["refused"]), (2, 1))
        self.assertEqual(told["categories"], [{"name": "x", "names": 2, "others": 1}])
        code, out, _ = rules("stat", self.db)
        self.assertEqual(code, 0)
        self.assertIn("2 rules with conditions, data or a pattern: 1 patterns, 0 networks", out)

    def test_diff_tells_special_rules_too(self):
        new = os.path.join(self.folder, "new.db")
        path = self.path("a.txt", "||a.vn^\n||b.vn^$dnstype=A\n")
        self.compile("x=" + path)
        self.path("a.txt", "||a.vn^\n||b.vn^$dnstype=A\n/casino/\n")
        self.compile("x=" + path, db=new)
        told = json.loads(rules("diff", self.db, new, "--json")[1])
        self.assertEqual(told["changes"], [
            {"kind": "category", "name": "x", "before": 2, "after": 2,
             "others": {"before": 0, "after": 1}},
            {"kind": "feed", "name": path, "before": 2, "after": 2,
             "others": {"before": 1, "after": 2}}])
        self.assertIn("2 rules that are more than a name, was 1", rules("diff", self.db, new)[1])

    def test_a_database_of_the_format_before_is_refused_in_words(self):
        self.compile("x=" + self.path("a.txt", "a.vn\n"))
        with open(self.db, "r+b") as file:
            file.seek(8)
            file.write(b"\1\0\0\0")
        code, out, err = rules("explain", "-d", self.db, "a.vn")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("format 1", err)
        self.assertIn("compiled again", err)

    def test_a_batch_with_patterns_is_answered_in_the_order_asked(self):
        self.compile("x=" + self.path("a.txt", "/^a[0-9]+\\./\n||b.vn^\n"))
        names = [f"a{i}.vn" if i % 2 else f"n{i}.b.vn" for i in range(200)]
        answers = self.explain(*names)
        self.assertEqual([q["name"] for q in answers], names)
        self.assertEqual([q["line"] for q in answers], [1 if i % 2 else 2 for i in range(200)])

    def test_a_client_that_is_none_is_no_question(self):
        self.compile("x=" + self.path("a.txt", "a.vn\n"))
        code, out, err = rules("explain", "-d", self.db, "-",
                               stdin="a.vn A nonsense\na.vn A 10.0.0.1\n"
                                     "a.vn A 10.0.0.1 nonsense\n")
        answers = [json.loads(line) for line in out.splitlines()]
        self.assertEqual((code, [q["verdict"] for q in answers]), (1, ["none", "block", "none"]))
        self.assertIn("-:1:", err)


@unittest.skipUnless(os.path.isdir(FEEDS), "no ../shared/feeds here")
class RealLists(RulesCase):
    """What may differ from the manifest's counts: public suffixes and garbage are left out,
    "||word." is a pattern, "||*.name^" and "|name^" do count."""

    def rows(self):
        with open(os.path.join(FEEDS, "MANIFEST.tsv"), encoding="utf-8") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                form = row["file"].split("/")[0]
                if form in ("hosts", "domains", "wildcard", "adblock"):
                    yield form, os.path.join(FEEDS, row["file"]), int(row["distinct_domains"])

    def test_each_list_gives_the_names_that_were_counted(self):
        for form, path, names in self.rows():
            if names == 0:
                continue  # addresses of pages: no list of names at all
            if path.endswith("most-abused-tlds.txt"):
                form = "adblock"  # whatever its folder says
            with self.subTest(path):
                got = self.compile("x=" + path, "--format", form)["names"]
                # exceptions are names of the database, but were not counted
                self.assertGreaterEqual(got, names - max(5, names // 1000))

    def test_no_plain_adblock_rule_is_lost(self):
        plain = re.compile(r"^\|\|([a-z0-9_.-]+\.[a-z][a-z0-9-]*)\^\r?$", re.M)
        for form, path, _ in self.rows():
            if form != "adblock":
                continue
            with open(path, encoding="utf-8", errors="replace") as file:
                names = sorted(set(plain.findall(file.read())))[:3000]
            if not names:
                continue
            self.compile("x=" + path)
            lost = [q["name"] for q in self.explain(*names) if q["verdict"] == "none"]
            self.assertLessEqual(len(lost), 3, lost)  # public suffixes


if __name__ == "__main__":
    main()
