"""A small fixed department that schools have sent to: units with a merge, signed documents of two
years, quick reports. Days lie in the past, so that a report of them never changes."""
import base64
import concurrent.futures
import datetime
import gzip
import hashlib
import http.client
import json
import os
import random
import subprocess

import summaries
from lachan_test import LachanTest

DAY = datetime.date
PERIOD = (DAY(2025, 9, 1), DAY(2025, 12, 31))
BEFORE = (DAY(2024, 9, 1), DAY(2024, 12, 31))
HOLIDAYS = [DAY(2025, 9, 1), DAY(2025, 9, 2)]
MERGED_ON = DAY(2025, 11, 3)
# unit, parent, level, name, kinds, pupils, sends
UNITS = [
    ("so", "", "province", "Tỉnh Thử", "", 0, "no"),
    ("xa-a", "so", "commune", "Xã Đồng Tâm", "", 0, "no"),
    ("xa-b", "so", "commune", "Phường Bình Minh", "", 0, "no"),
    ("th-1", "xa-a", "school", "Trường Tiểu học Một", "primary", 300, "yes"),
    ("lc-1", "xa-a", "school", "Trường TH-THCS Hai", "primary;lower_secondary", 450, "yes"),
    ("th-2", "xa-b", "school", "Trường Tiểu học Ba", "primary", "", "yes"),
    ("th-old", "xa-b", "school", "Trường Tiểu học Cũ", "primary", 120, "yes"),
    ("pt-1", "xa-b", "school", "Trường THPT Bốn", "upper_secondary", 900, "yes"),
    ("nc-1", "xa-b", "school", "Trường =Chưa+ nối", "lower_secondary", 200, "yes"),
]
KINDS = {row[0]: row[4].split(";") for row in UNITS if row[6] == "yes"}
SCHOOLS = [unit for unit in KINDS if unit != "nc-1"]
COMMUNE = {row[0]: row[1] for row in UNITS}


def sign(key, public, text):
    """The signed document (docs/protocol.md), by the openssl program."""
    folder = os.path.dirname(key)
    stem = os.path.join(folder, hashlib.sha256(text).hexdigest())
    with open(stem, "wb") as file:
        file.write(text)
    subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", stem, "-out",
                    stem + ".sig"], check=True, stderr=subprocess.DEVNULL)
    with open(stem + ".sig", "rb") as file:
        value = base64.b64encode(file.read())
    return text[:-1] + b',"signature":{"key":"' + public + b'","value":"' + value + b'"}}'


def public_of(key):
    der = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True,
                         capture_output=True).stdout
    return base64.b64encode(der[-32:])


def due(day):
    return day.weekday() < 5 and day not in HOLIDAYS


class Department(LachanTest):
    """The program runs, units are there, schools are enrolled; send() posts."""

    languages = "vi, en"

    def setUp(self):
        super().setUp()
        self.port = self.free_port()
        os.makedirs(self.path("state"))
        self.config = self.write("district.yaml", "\n".join((
            'department: {name: "Sở GD&ĐT <thử>", languages: [%s]}' % self.languages,
            "server:", '  listen: ["127.0.0.1:%d"]' % self.port, '  user: ""',
            "  state_dir: %s" % self.path("state"),
            "  public_url: http://127.0.0.1:%d" % self.port,
            "limits: {per_unit: {per_hour: 100000}, oldest: 3650d}",
            "retention: {daily: 240M}",
            "calendar:",
            "  holidays: [2025-09-01..2025-09-02]",
            "reports:",
            '  legal: ["Quyết định số 830/QĐ-TTg ngày 01/06/2021"]',
            '  recipients: ["Bộ Giáo dục và Đào tạo"]', "  place: Buôn Hồ")) + "\n")
        self.need("lachan-district")
        self.district("units", "import", self.write("units.csv", self.units_csv()))
        self.service = self.start("lachan-district", "-c", self.config)
        self.wait_for("the department", self.is_there)
        self.sent, self.keys, self.tokens = [], {}, {}

    def units_csv(self):
        lines = ["unit,parent,level,name,kinds,pupils,sends,valid-from"]
        lines += [",".join([*map(str, row), "2020-01-01"]) for row in UNITS]
        return "\ufeff" + "\n".join(lines) + "\n"

    def district(self, *words, expect=0, timeout=120):
        status, out, said = self.run_program("lachan-district", "-c", self.config, *words,
                                             timeout=timeout)
        self.assertEqual(status, expect, out + said)
        return out if expect == 0 else said

    def is_there(self):
        try:
            return self.http("GET", "/healthz")[0] == 200
        except OSError:
            return False

    def http(self, method, path, body=None, **headers):
        """(status, headers, text)"""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            link.request(method, path, body,
                         {name.replace("_", "-"): value for name, value in headers.items()})
            answer = link.getresponse()
            return answer.status, answer.headers, answer.read().decode("utf-8")
        finally:
            link.close()

    def enrol(self, unit):
        file = self.path(unit + ".enrolment")
        self.district("token", "create", unit, "--out", file)
        with open(file, encoding="utf-8") as opened:
            token = json.load(opened)["token"]
        key = self.path(unit + ".pem")
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True,
                       stderr=subprocess.DEVNULL)
        public = public_of(key)
        status, _, text = self.http("POST", "/v1/enrolments", json.dumps(
            {"token": token, "public-key": public.decode()}),
            Content_Type="application/json")
        self.assertEqual(status, 201, text)
        self.keys[unit] = (key, public)
        self.tokens[unit] = json.loads(text)["recipient"]["token"]

    def post(self, unit, kind, path, text):
        status, _, said = self.http(
            "POST", path, gzip.compress(sign(*self.keys[unit], text), mtime=0),
            Content_Type="application/vnd.lachan.%s+json" % kind, Content_Encoding="gzip",
            Authorization="Bearer " + self.tokens[unit])
        self.assertEqual(status, 201, said)

    def send_all(self, documents):
        """In any order, four at a time, as schools do."""
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda made: self.post(
                made["organization"]["unit"], "summary", "/v1/summaries",
                summaries.encode(made)), documents))
        self.sent += documents

    def quick_report(self, unit, day, created, number):
        made = {"format": "lachan-quick-report", "version": "1.0",
                "report-id": "00000000-0000-4000-8000-%012d" % number,
                "organization": {"unit": unit, "name": "Trường"}, "generator": "lachan 0.1.0",
                "created": created.isoformat(),
                "incident": {"kind": "bullying", "tier": KINDS[unit][0], "date": day.isoformat(),
                             "measures": "đã gặp phụ huynh", "referred-to": "",
                             "decided-by": "Hiệu trưởng"}}
        self.post(unit, "quick-report", "/v1/quick-reports", summaries.encode(made))

    # ---- the fixed department ----

    def made_by(self, unit, day, rng):
        records = []
        for tier in KINDS[unit]:
            for category in ("gambling", "games", "social_network", "ads_tracking"):
                records.append(summaries.record(
                    category, rng.choice([None, None, 0, 15, 240, 3100]), tier=tier))
        hidden = [one for one in records
                  if one["attempts"] == "below" and one["category"] != "ads_tracking"]
        if len(hidden) >= 2 and rng.random() < 0.7:  # a pool has two cells at least
            records.append(summaries.record("other", 45, tier="all"))
        return summaries.document(
            unit, day, records, kinds=KINDS[unit], uptime=rng.randrange(20000, 86400),
            unfiltered=rng.choice([0, 0, 3600]), feed_hours=rng.choice([3, 3, 200]),
            reviews=rng.choice([("0-9", 100), ("10-19", 50)]),
            failures=rng.choice([(), (("upstream-failed", 7),), (("feed-refused", 1),)]))

    def documents(self):
        """Each school's own habits: th-1 sends every due day, the others leave some out, lc-1
        falls silent in December, th-old goes on as th-2 when it is merged."""
        rng = random.Random(20251231)
        made = []
        for begin, end in (BEFORE, PERIOD):
            day = begin
            while day <= end:
                for unit in SCHOOLS:
                    if unit == "lc-1" and day >= DAY(2025, 12, 1):
                        continue
                    if unit == "th-old" and day >= MERGED_ON:
                        continue
                    often = 1.0 if unit == "th-1" and begin == PERIOD[0] else 0.15
                    if due(day) and day.day <= 15 and rng.random() < often:
                        made.append(self.made_by(unit, day, rng))
                    if unit == "th-1" and begin == PERIOD[0] and due(day) and day.day > 15:
                        made.append(self.made_by(unit, day, rng))
                    if day.weekday() == 0 and rng.random() < 0.2:
                        made.append(summaries.document(unit, day, [
                            summaries.record("adult", rng.choice([None, 30]), "10-19"),
                            summaries.record("sensitive_other", None)], days=7,
                            kinds=KINDS[unit]))
                day += datetime.timedelta(days=1)
        again = self.corrected(next(
            one for one in made if "cut" not in one and
            any(record["attempts"] == 3100 for record in one["records"])))
        rng.shuffle(made)
        return made + [again]

    @staticmethod
    def corrected(made):
        """The second revision: a number is smaller."""
        records = [summaries.record(one["category"], 240, tier=one.get("tier"))
                   if one["attempts"] == 3100 else one for one in made["records"]]
        unit = made["organization"]["unit"]
        return summaries.document(unit, summaries.begin_of(made), records, revision=2,
                                  kinds=KINDS[unit], uptime=made["coverage"]["uptime-seconds"])

    def fill(self):
        for unit in SCHOOLS:
            self.enrol(unit)
        self.send_all(self.documents())
        self.district("units", "merge", "th-old", "th-2", "--on", str(MERGED_ON))
        for number, (unit, day, late) in enumerate((
                ("th-1", DAY(2025, 10, 1), 0), ("th-1", DAY(2025, 10, 2), 1),
                ("lc-1", DAY(2025, 10, 3), 4), ("lc-1", DAY(2025, 11, 3), 0),
                ("th-1", DAY(2025, 11, 4), 2), ("th-1", DAY(2025, 11, 5), 0),
                ("pt-1", DAY(2025, 11, 6), 0), ("pt-1", DAY(2024, 11, 6), 0))):
            self.quick_report(unit, day, day + datetime.timedelta(days=late), number)
