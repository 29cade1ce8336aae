"""A department's collector with schools around it: units, tokens, keys, signed documents.

    class Something(DistrictTest):
        def test_x(self):
            self.begin()                          # district.yaml, lachan-district, ready
            school = self.school("thcs-01")       # imported, enrolled; has a key and a token
            status, answer = school.send(school.day())

With STORE=postgresql in the environment the store is a PostgreSQL of the test's own; without
one installed the test is skipped.
"""
import datetime
import gzip
import hashlib
import http.client
import json
import os
import re
import ssl
import uuid

import postgres
from certificates import run as openssl
from lachan_test import PATIENCE_S, LachanTest, free_port, wait_for

ZONE = datetime.timezone(datetime.timedelta(hours=7))
SUMMARY = "application/vnd.lachan.summary+json"
QUICK = "application/vnd.lachan.quick-report+json"
STORE = os.environ.get("STORE", "sqlite")


def today():
    """The department's day."""
    return datetime.datetime.now(ZONE).date()


def yesterday():
    return today() - datetime.timedelta(days=1)


def midnight(day):
    return int(datetime.datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp())


def report_id(unit, first, end, cut="day", revision=1):
    """As docs/protocol.md has it."""
    text = "lachan-summary|%s|%s|%d|%d|%s|%d" % (
        unit, first.strftime("%Y%m%d"), midnight(first), midnight(end), cut, revision)
    octets = bytearray(hashlib.sha256(text.encode()).digest()[:16])
    octets[6] = octets[6] & 0x0f | 0x80
    octets[8] = octets[8] & 0x3f | 0x80
    return str(uuid.UUID(bytes=bytes(octets)))


def encode(document):
    """The canonical bytes of a document (a dict in the order of docs/protocol.md)."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    text = re.sub("[\x7f]", lambda m: "\\u%04x" % ord(m.group()), text)
    for short, long in (("\\n", "\\u000a"), ("\\t", "\\u0009"), ("\\r", "\\u000d"),
                        ("\\b", "\\u0008"), ("\\f", "\\u000c")):
        text = re.sub(r"(?<!\\)((?:\\\\)*)" + re.escape(short),
                      lambda m, long=long: m.group(1) + long, text)
    return text.encode()


def day_document(unit, day, name="THCS", revision=1, scale=1):
    """A daily summary that passes every check."""
    end = day + datetime.timedelta(days=1)
    gambling, games = 85 * scale, 20 * scale
    return {
        "format": "lachan-summary", "version": "1.0",
        "report-id": report_id(unit, day, end, "day", revision), "revision": revision,
        "organization": {"unit": unit, "name": name, "kind": ["lower_secondary"]},
        "contact-info": "", "generator": "lachan 0.1.0",
        "date-range": {"start-datetime": day.strftime("%Y-%m-%dT00:00:00+07:00"),
                       "end-datetime": end.strftime("%Y-%m-%dT00:00:00+07:00")},
        "policy": {"sha256": "00ff", "enforce": True,
                   "tiers": [{"tier": "lower_secondary", "block": ["gambling", "games"],
                              "youtube": "moderate"}],
                   "categories": [{"category": "gambling", "entries": 52000},
                                  {"category": "games", "entries": 900}],
                   "feeds": [{"name": "ut1-gambling", "entries": 52000, "age-hours": 7,
                              "sha256": "ab12"}],
                   "privacy": {"min-devices": 10, "min-population": 20, "round": 5, "cap": 20,
                               "sensitive": ["adult"], "silent": ["ads_tracking"]}},
        "coverage": {"uptime-seconds": 86400, "unfiltered-seconds": 0, "partial": False,
                     "placement": "gateway", "shared-source": False, "queries": 120000,
                     "tiers": [{"tier": "lower_secondary", "devices": "100-249",
                                "by-default-percent": 40}]},
        "records": [{"tier": "lower_secondary", "category": "gambling", "attempts": gambling,
                     "devices": "20-49"},
                    {"tier": "lower_secondary", "category": "games", "attempts": games,
                     "devices": "10-19"},
                    {"tier": "lower_secondary", "category": "streaming", "attempts": "below"}],
        "published-total": gambling + games,
        "names": [{"category": "gambling", "name": "bet.example", "devices": "10-19"}],
        "reviews": {"requested": "0-9", "answered-percent": 100},
        "failures": []}


def week_document(unit, monday, name="THCS", revision=1):
    """A weekly summary of sensitive categories."""
    end = monday + datetime.timedelta(days=7)
    made = day_document(unit, monday, name)
    head = {key: made[key] for key in ("format", "version")}
    head["report-id"] = report_id(unit, monday, end, "week-sensitive", revision)
    head["revision"] = revision
    head["cut"] = "week-sensitive"
    for key in ("organization", "contact-info", "generator"):
        head[key] = made[key]
    head["date-range"] = {"start-datetime": monday.strftime("%Y-%m-%dT00:00:00+07:00"),
                          "end-datetime": end.strftime("%Y-%m-%dT00:00:00+07:00")}
    head["policy"] = made["policy"]
    head["coverage"] = {key: made["coverage"][key] for key in (
        "uptime-seconds", "unfiltered-seconds", "partial", "placement", "shared-source")}
    head["records"] = [{"category": "adult", "attempts": 130, "devices": "20-49"}]
    head["published-total"] = 130
    head["failures"] = []
    return head


def quick_document(unit, day=None, identity=None, **incident):
    day = (day or yesterday()).isoformat()
    return {
        "format": "lachan-quick-report", "version": "1.0",
        "report-id": identity or str(uuid.uuid4()),
        "organization": {"unit": unit, "name": "THCS"}, "generator": "lachan 0.1.0",
        "created": day, "incident": {
            "kind": "harmful_content", "tier": "lower_secondary", "date": day,
            "measures": "Đã nói chuyện.", "referred-to": "", "decided-by": "Hiệu trưởng",
            **incident}}


class Key:
    """An Ed25519 key in `folder`; signs by the openssl program."""

    def __init__(self, folder, name="signing"):
        self.path = os.path.join(folder, name + ".key")
        self.folder = folder
        openssl("genpkey", "-algorithm", "ed25519", "-out", self.path)
        public = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")[-32:]
        self.public = openssl("base64", "-A", stdin=public).decode()

    def sign(self, unsigned):
        """The signed form of canonical bytes."""
        work = os.path.join(self.folder, "to-sign")
        with open(work, "wb") as file:
            file.write(unsigned)
        value = openssl("pkeyutl", "-sign", "-inkey", self.path, "-rawin", "-in", work)
        text = openssl("base64", "-A", stdin=value).decode()
        return unsigned[:-1] + (',"signature":{"key":"%s","value":"%s"}}' % (
            self.public, text)).encode()


class School:
    """A unit that has enrolled."""

    def __init__(self, test, unit, key, token):
        self.test, self.unit, self.key, self.token = test, unit, key, token

    def day(self, day=None, **how):
        return day_document(self.unit, day or yesterday(), **how)

    def pack(self, document, key=None):
        """Signed and packed bytes."""
        return gzip.compress((key or self.key).sign(encode(document)), mtime=0)

    def send(self, document, **how):
        """A document or packed bytes; (status, answer)."""
        body = document if isinstance(document, bytes) else self.pack(document)
        return self.send_to("/v1/summaries", SUMMARY, body, **how)

    def send_quick(self, document, **how):
        body = document if isinstance(document, bytes) else self.pack(document)
        return self.send_to("/v1/quick-reports", QUICK, body, **how)

    def send_to(self, path, media_type, body, **how):
        headers = {"Content-Type": media_type, "Content-Encoding": "gzip",
                   "Authorization": "Bearer " + self.token, **how}
        status, _, answer = self.test.post(path, body, headers)
        return status, answer


class DistrictTest(LachanTest):
    """One collector, in a folder of its own."""

    STORE = STORE
    server = None  # the PostgreSQL of this process, for all its tests

    def setUp(self):
        super().setUp()
        self.need("lachan-district")
        self.port, self.tls_port, self.metrics_port = None, None, None
        self.collector = None
        self.config = None

    def store_word(self):
        """The key `store`: made anew for this test."""
        if self.STORE == "sqlite":
            return "sqlite"
        if DistrictTest.server is None:
            DistrictTest.server = postgres.start() or False
        if not DistrictTest.server:
            self.skipTest(postgres.WHY)
        return DistrictTest.server.database()

    def configure(self, server="", extra="", tls=None, store=None):
        """district.yaml. `server`: more keys of server, each "key: value"; `extra`: more YAML
        at the end; `tls`: (certificate, key) for https beside http."""
        self.port = self.port or free_port()
        self.metrics_port = self.metrics_port or free_port()
        self.store = store or getattr(self, "store", None) or self.store_word()
        lines = ["department: {name: \"Sở GDĐT\", languages: [en, vi]}", "server:",
                 '  listen: ["127.0.0.1:%d"]' % self.port, '  user: ""',
                 '  public_url: "http://127.0.0.1:%d"' % self.port,
                 "  state_dir: state", '  metrics: "127.0.0.1:%d"' % self.metrics_port]
        if tls:
            self.tls_port = self.tls_port or free_port()
            lines += ['  listen_tls: ["127.0.0.1:%d"]' % self.tls_port,
                      "  certificate: {file: %s, key: %s}" % tls]
        lines += ["  " + line for line in server.splitlines()]
        lines += ["store: %s" % self.store]
        self.config = self.write("district.yaml", "\n".join(lines) + "\n" + extra)
        return self.config

    def begin(self, **how):
        """Configured, started, answering."""
        if self.config is None or how:
            self.configure(**how)
        self.collector = self.start("lachan-district", "-c", self.config)
        self.collector.wait_log("collecting")
        return self.collector

    def command(self, *words, status=0):
        """`lachan-district -c FILE WORDS`; its stdout."""
        code, out, err = self.run_program("lachan-district", "-c", self.config, *words)
        self.assertEqual(code, status, "%s\n%s" % (out, err))
        return out if status == 0 else err

    # ---- units and schools ----

    def add_units(self, *rows):
        """Rows of (unit, parent, level, name)."""
        text = "unit,parent,level,name,kinds,pupils,sends,valid-from\n"
        for unit, parent, level, name in rows:
            text += "%s,%s,%s,\"%s\",%s,%s,%s,2020-01-01\n" % (
                unit, parent, level, name.replace('"', '""'),
                "lower_secondary" if level == "school" else "",
                "500" if level == "school" else "", "yes" if level == "school" else "no")
        self.command("units", "import", self.write("units.csv", text))

    def add_tree(self, *schools):
        """A province, a commune, and these schools in it."""
        rows = [("tinh", "", "province", "Tỉnh Thử"), ("xa", "tinh", "commune", "Xã Thử")]
        rows += [(unit, "xa", "school", "Trường %s" % unit) for unit in schools]
        self.add_units(*rows)

    def enrolment(self, unit):
        """The content of an enrolment file."""
        path = self.path("%s.enrol.json" % unit)
        if os.path.exists(path):
            os.unlink(path)
        self.command("token", "create", unit, "--out", path)
        with open(path, encoding="utf-8") as file:
            return json.load(file)

    def enrol(self, token, key):
        """(status, answer) of POST /v1/enrolments."""
        status, _, answer = self.post(
            "/v1/enrolments", json.dumps({"token": token, "public-key": key.public}).encode(),
            {"Content-Type": "application/json"})
        return status, answer

    def make_key(self, name="signing"):
        folder = self.path("keys")
        os.makedirs(folder, exist_ok=True)
        return Key(folder, name)

    def school(self, unit, imported=False):
        """A school that has enrolled; `imported`: its unit is there already."""
        if not imported:
            self.add_tree(unit)
        key = self.make_key(unit)
        status, answer = self.enrol(self.enrolment(unit)["token"], key)
        self.assertEqual(status, 201, answer)
        return School(self, unit, key, answer["recipient"]["token"])

    # ---- HTTP ----

    def connection(self, tls=None, timeout=PATIENCE_S):
        """`tls`: an ssl.SSLContext."""
        if tls:
            return http.client.HTTPSConnection("127.0.0.1", self.tls_port, timeout=timeout,
                                               context=tls)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def ask(self, method, path, body=None, headers=None, tls=None):
        """(status, headers in lower case, body)."""
        line = self.connection(tls)
        try:
            line.request(method, path, body, headers or {})
            answer = line.getresponse()
            return (answer.status, {k.lower(): v for k, v in answer.getheaders()},
                    answer.read())
        finally:
            line.close()

    def get(self, path, **headers):
        """(status, headers, body)."""
        return self.ask("GET", path, headers={k.replace("_", "-"): v
                                              for k, v in headers.items()})

    def post(self, path, body, headers=None, tls=None):
        """(status, headers, answer read as JSON)."""
        status, got, answer = self.ask("POST", path, body, headers, tls)
        return status, got, json.loads(answer) if answer else None

    def metrics(self):
        """{'name{labels}': number}."""
        line = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=PATIENCE_S)
        try:
            line.request("GET", "/metrics")
            text = line.getresponse().read().decode()
        finally:
            line.close()
        return {row.rpartition(" ")[0]: float(row.rpartition(" ")[2])
                for row in text.splitlines() if row and not row.startswith("#")}

    def stored(self, unit=None):
        """What the department would export: a list of rows of the CSV, without its head."""
        words = ["export", "--from", "2020-01-01", "--to", today().isoformat()]
        out = self.command(*words, *(["--unit", unit] if unit else []))
        return out.lstrip("\ufeff").splitlines()[1:]

    @staticmethod
    def trust(certificate, client=None):
        """A client's context that trusts `certificate`; `client`: (certificate, key)."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(certificate)
        if client:
            context.load_cert_chain(*client)
        return context

    def healthy(self):
        return wait_for("/healthz", lambda: self.get("/healthz")[0] == 200)


def close_server():
    if DistrictTest.server:
        DistrictTest.server.close()
        DistrictTest.server = None
