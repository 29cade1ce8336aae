#!/usr/bin/env python3
"""Bundles, from a person's file to a name that is blocked at a school, and back."""
import gzip
import hashlib
import json
import os
import re
import urllib.parse

import lachan_dns as dns
import lachan_test as lt
from district_test import DistrictTest

PAGE = "127.0.0.1"
ELSEWHERE = "192.0.2.77"
BUNDLE = "/v1/bundles/lam-dong"
SOURCE = """
name: lam-dong
title: Sở Giáo dục và Đào tạo Lâm Đồng
expires: 90d
mandatory:
  - {tier: lower_secondary, categories: [gambling]}
never_block: [giu-lai.example]
lists:
  - {name: ca-cuoc, category: gambling, file: ca-cuoc.csv}
"""
TABLE = "tên miền;ghi chú\nNhaCai.example;công văn 12\n# bỏ qua;\nđánh-bài.example\n"


def hundredth(unit, serial, name="lam-dong"):
    text = "lachan-bundle-stage 1\n%s\n%d\n%s" % (name, serial, unit)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % 100


class Publishing(DistrictTest):
    def source(self, text=SOURCE, table=TABLE):
        self.write("source/bundle.yaml", text)
        self.write("source/ca-cuoc.csv", table)
        return self.path("source")

    def publish(self, *words, **how):
        return self.command("bundle", "publish", self.source(**how), *words)

    def fetch(self, school, tag=None, path=BUNDLE):
        """(status, ETag, text)."""
        headers = {"Authorization": "Bearer " + school.token} if school else {}
        if tag:
            headers["If-None-Match"] = tag
        status, answer, body = self.ask("GET", path, headers=headers)
        return status, answer.get("etag"), gzip.decompress(body).decode() if status == 200 else ""

    def serial(self, school):
        status, _, text = self.fetch(school)
        self.assertEqual(status, 200)
        return int(text.split("\nserial ")[1].split("\n")[0])

    def schools(self, count):
        units = ["68-%03d" % i for i in range(count)]
        self.add_tree(*units)
        return [self.school(unit, imported=True) for unit in units]

    def form(self, path, action, fields):
        """Sends the form of `path` that goes to `action`, as a browser does."""
        status, headers, body = self.ask("GET", path)
        self.assertEqual(status, 200)
        form = body.decode().split('action="%s"' % action)[1].split("</form>")[0]
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
        status, _, body = self.ask(
            "POST", action, urllib.parse.urlencode({**hidden, **fields}).encode(), {
                "Content-Type": "application/x-www-form-urlencoded",
                "Cookie": headers.get("set-cookie", "").split(";")[0]})
        self.assertEqual(status, 303, body.decode()[-2000:])


class DistrictBundles(Publishing):
    def test_a_stage_reaches_exactly_those_that_the_hash_names(self):
        self.begin()
        schools = self.schools(40)
        said = self.publish()
        self.assertIn("serial 1", said)
        self.assertEqual({self.serial(s) for s in schools}, {1})
        self.publish("--stage", "percent=10", text=SOURCE.replace("[gambling]", "[adult]"))
        for school in schools:
            self.assertEqual(self.serial(school),
                             2 if hundredth(school.unit, 2) < 10 else 1, school.unit)
        # It grows, and never shrinks.
        self.command("bundle", "stage", "lam-dong", "2", "percent=50")
        reached = [s for s in schools if hundredth(s.unit, 2) < 50]
        self.assertEqual([s for s in schools if self.serial(s) == 2], reached)
        self.assertIn("a stage only grows",
                      self.command("bundle", "stage", "lam-dong", "2", "percent=10", status=1))
        # Chosen units.
        self.publish("--stage", "units=68-007,68-011")
        self.assertEqual([s.unit for s in schools if self.serial(s) == 3], ["68-007", "68-011"])
        # Withdrawn: nobody new gets it, and who has it is sent nothing older.
        tag = self.fetch(schools[7])[1]
        self.command("bundle", "expire", "lam-dong", "3")
        self.assertLess(self.serial(schools[7]), 3)
        self.assertEqual(self.fetch(schools[7], tag)[0], 304)
        # The way back is a new serial.
        self.assertIn("serial 4", self.command("bundle", "rollback", "lam-dong", "1"))
        texts = {self.fetch(s)[2].split("\nmandatory ")[1].split("\n")[0] for s in schools}
        self.assertEqual(texts, {"lower_secondary gambling"})
        shown = self.command("bundle", "list", "lam-dong")
        self.assertEqual(shown.count("serial"), 4)
        self.assertIn("withdrawn", shown)

    def test_only_schools_are_answered_and_what_they_have_is_not_sent_again(self):
        self.begin()
        first, second = self.schools(2)
        self.assertEqual(self.fetch(first)[0], 404)
        self.publish("--stage", "units=68-000")
        self.assertEqual(self.fetch(None)[0], 401)
        status, tag, text = self.fetch(first)
        self.assertEqual((status, tag), (200, '"lam-dong.1"'))
        self.assertIn("never-block giu-lai.example\n", text)
        self.assertIn("# công văn 12\nnhacai.example\nxn--nh-bi-rta5f3a.example\n"
                      .replace("xn--nh-bi-rta5f3a", "đánh-bài".encode("idna").decode()), text)
        self.assertEqual(self.fetch(first, tag)[:2], (304, tag))
        self.assertEqual(self.fetch(first, path="/v1/bundles/")[1], tag)
        self.assertEqual(self.fetch(second)[0], 404)
        self.assertEqual(self.fetch(first, path="/v1/bundles/khac")[0], 404)
        self.command("token", "revoke", "68-000")
        self.assertEqual(self.fetch(first)[0], 403)
        key = self.path("state/bundle.key")
        self.assertEqual(os.stat(key).st_mode & 0o777, 0o600)
        self.assertEqual(len(self.command("bundle", "key").strip()), 44)

    def test_an_enrolling_school_is_told_key_and_address(self):
        self.begin()
        self.add_tree("68-001", "68-002")
        self.assertEqual(self.enrolment("68-001")["bundle-key"], "")
        self.publish()
        file = self.enrolment("68-002")
        key = self.command("bundle", "key").strip()
        self.assertEqual(file["bundle-key"], key)
        _, answer = self.enrol(file["token"], self.make_key("68-002"))
        self.assertEqual(answer["bundle"], {
            "url": "http://127.0.0.1:%d/v1/bundles/lam-dong" % self.port, "public-key": key})

    def test_mistakes_are_told_with_their_places(self):
        self.configure()
        said = self.command("bundle", "publish", self.source(
            SOURCE.replace("gambling]}", "gamblin]}").replace("expires: 90d", "expires: 5s")
            .replace("[giu-lai.example]", "[vn]") + "  - {name: a_b, category: adult, names: [x]}\n",
            TABLE + "không phải tên miền.example\nvn.\n"), status=1)
        place = self.path("source/bundle.yaml")
        for sentence in (place + ":4:", "is out of range", place + ":6:", "did you mean 'gambling'",
                         place + ":7:", "a whole top-level domain", place + ":10:",
                         "'a_b' is not a name of a-z, 0-9 and -", "'x' is no domain name",
                         self.path("source/ca-cuoc.csv") + ":5:1:", "is no domain name for a list"):
            self.assertIn(sentence, said)
        self.assertIn("nothing has been published", self.command("bundle", "list"))
        self.assertIn("no key yet", self.command("bundle", "key", status=1))

    def test_accepted_nominations_go_into_it_with_their_origin(self):
        self.begin()
        self.add_tree("68-001")
        partner = self.command("token", "create", "--partner", "vnpt")
        token = next(word for word in partner.split() if len(word) > 30)
        for name in ("de-cu.example", "khong.example"):
            status, _, answer = self.post("/v1/nominations", json.dumps(
                {"name": name, "category": "gambling", "evidence": ["https://x.example/1"],
                 "note": "thấy trên mạng"}).encode(),
                {"Content-Type": "application/json", "Authorization": "Bearer " + token})
            self.assertIn(status, (201, 202), answer)
        self.decide("de-cu.example", "accepted")
        said = self.publish()
        self.assertIn("NOT in it: 1", said)
        said = self.publish("--with-nominations")
        self.assertIn("nominations in it: 1", said)
        text = self.command("bundle", "show", "lam-dong")
        self.assertIn("list nominations-gambling gambling 1\n", text)
        self.assertRegex(text, r"# nomination \S+, decided 20\d\d-\d\d-\d\d\nde-cu\.example\n")
        self.assertNotIn("khong.example", text)
        # Published ones stay in the next one.
        self.assertIn("nominations in it: 1", self.publish("--with-nominations"))

    def decide(self, name, state):
        """As the operator of the demo does on the page."""
        page = self.ask("GET", "/nominations")[2].decode()
        at = page.split(">%s<" % name)[0].rsplit('href="', 1)[1].split('"')[0]
        self.form(at, at, {"decision": state, "note": "đã xem"})

    def test_the_page_shows_what_is_published_and_who_runs_it(self):
        self.begin()
        school, other = self.schools(2)
        self.publish()
        document = school.day()
        document["policy"]["feeds"].insert(0, {"name": "bundle:lam-dong.1", "entries": 2,
                                               "age-hours": 0, "sha256": "00"})
        self.assertEqual(school.send(document)[0], 201)
        self.assertEqual(other.send(other.day())[0], 201)
        self.publish("--stage", "percent=10")
        status, _, body = self.ask("GET", "/bundles")
        page = body.decode()
        self.assertEqual(status, 200)
        self.assertIn("10 % of schools", page)
        rows = page.split("<tr>")
        self.assertIn(">1<", [row for row in rows if "all schools" in row][0])
        self.form("/bundles", "/bundles/lam-dong.2", {"stage": "all"})
        self.assertNotIn("10 % of schools", self.ask("GET", "/bundles")[2].decode())
        self.assertIn("all schools", self.command("bundle", "list").split("\n")[0])


class SchoolAndDepartment(Publishing):
    """A real school, a real department."""

    def gateway(self, school, key):
        self.dns_port = lt.free_port()
        names = ["nhacai.example", "khac.example", "moi.example"]
        fake = self.upstream({name: ELSEWHERE for name in names})
        token = self.write("secrets/token", school.token + "\n")
        os.chmod(token, 0o600)
        self.school_config = self.write_config(
            dns_port=self.dns_port, upstream=fake.port, file="school/lachan.yaml", extra="""
filter:
  answer: {ipv4: "%s"}
  feeds:
    - name: so-gddt
      format: bundle
      url: ["http://127.0.0.1:%d%s"]
      public_key: "%s"
  tiers: [{name: lower_secondary, allow: [nhacai.example], block: [malware]}]
share:
  recipients:
    - {name: so-gddt, url: "http://127.0.0.1:%d/v1/summaries", token_file: %s}
""" % (PAGE, self.port, BUNDLE, key, self.port, token))
        text = open(self.school_config, encoding="utf-8").read()
        text = text.replace("school:\n", "school:\n  unit: %s\n" % school.unit, 1)
        text = text.replace(self.path("state"), self.path("school-state"))
        self.write("school/lachan.yaml", text)

    def pull(self, status=0):
        done = self.run_program("lachan-feeds", "-c", self.school_config)
        self.assertEqual(done[0], status, done)
        return done

    def school_bundle(self):
        done = self.run_program("lachanctl", "-c", self.school_config, "feeds", "--json")
        return next(f for f in json.loads(done[1])["feeds"] if f["name"] == "so-gddt")

    def addresses(self, name):
        return dns.ask(("127.0.0.1", self.dns_port), name).addresses()

    def test_published_pulled_enforced_and_rolled_back(self):
        self.need("lachan-feeds", "lachan-filter", "lachanctl")
        self.begin()
        school = self.schools(1)[0]
        self.publish()
        self.gateway(school, self.command("bundle", "key").strip())
        self.pull()
        self.start("lachan-filter", "-c", self.school_config)
        self.wait_for("the filter", lambda: os.path.exists(self.path("run/control.sock")))
        self.wait_for("the page's address", lambda: self.try_dns("nhacai.example") == [PAGE])
        self.assertEqual(self.addresses("moi.example"), [ELSEWHERE])
        # The next one: another list, and nothing mandatory.
        self.publish(text=SOURCE.replace("mandatory:\n  - {tier: lower_secondary, categories: "
                                         "[gambling]}\n", ""),
                     table="moi.example\n")
        self.pull()
        self.assertEqual(self.school_bundle()["bundle"]["serial"], 2)
        self.wait_for("the newer rules",
                      lambda: self.try_dns("nhacai.example") == [ELSEWHERE])
        # And back.
        self.command("bundle", "rollback", "lam-dong", "1")
        self.pull()
        self.assertEqual(self.school_bundle()["bundle"]["serial"], 3)
        self.wait_for("the older rules", lambda: self.try_dns("nhacai.example") == [PAGE])
        # Nothing new: asked for, not sent.
        self.pull()
        self.assertEqual(self.school_bundle()["result"], "unchanged")
        # A department that lies about its past is not believed.
        self.command("bundle", "expire", "lam-dong", "3")
        self.forget_tag()
        self.pull(status=1)
        self.assertIn("older than 3", self.school_bundle()["reason"])
        # Revoked: told why, and what was in force stays.
        self.command("token", "revoke", school.unit)
        self.pull(status=1)
        self.assertIn("the server answered 403", self.school_bundle()["reason"])
        self.assertEqual(self.addresses("nhacai.example"), [PAGE])

    @lt.unittest.skipUnless(os.geteuid() == 0, "only root has rights to give up")
    def test_the_token_may_be_roots_alone(self):
        self.need("lachan-feeds")
        self.begin()
        school = self.schools(1)[0]
        self.publish()
        self.gateway(school, self.command("bundle", "key").strip())
        os.chmod(self.dir, 0o755)
        os.chmod(self.path("secrets"), 0o700)
        text = open(self.school_config, encoding="utf-8").read()
        self.write("school/lachan.yaml", text.replace('user: ""', "user: nobody"))
        self.pull()
        self.assertEqual(os.stat(self.path("school-state/feeds/so-gddt.gz")).st_uid,
                         os.stat(self.path("school-state")).st_uid)
        self.assertNotEqual(os.stat(self.path("school-state")).st_uid, 0)

    def forget_tag(self):
        path = self.path("school-state/feeds/so-gddt.meta")
        meta = json.load(open(path, encoding="utf-8"))
        meta["etag"] = ""
        with open(path, "w", encoding="utf-8") as file:
            json.dump(meta, file)

    def try_dns(self, name):
        try:
            return self.addresses(name)
        except (OSError, ConnectionError):
            return None


if __name__ == "__main__":
    lt.main()
