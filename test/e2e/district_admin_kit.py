"""What the tests of the department's administration share: lachan-district by its commands and,
where needed, its service; schools that sign and send."""
import base64
import datetime
import gzip
import hashlib
import http.client
import json
import os
import re
import subprocess

from lachan_test import BIN, SOURCE_DIR, LachanTest, free_port

GOLDEN = os.path.join(SOURCE_DIR, "test", "unit", "report", "golden", "day.json")
ZONE = datetime.timezone(datetime.timedelta(hours=7))
SUMMARY = "application/vnd.lachan.summary+json"


TODAY = datetime.datetime.now(ZONE).date()  # once: midnight may come while tests run


def days_ago(days):
    """A local day of the department, which is at +07:00."""
    return TODAY - datetime.timedelta(days=days)


class School:
    """A unit with an Ed25519 key of its own, by the openssl program."""

    def __init__(self, test, unit):
        self.test, self.unit, self.token = test, unit, None
        self.new_key()

    def new_key(self):
        folder = self.test.path("keys")
        os.makedirs(folder, exist_ok=True)
        self.key = os.path.join(folder, "%s-%d.pem" % (self.unit, len(os.listdir(folder))))
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.key], check=True,
                       capture_output=True, timeout=60)
        der = subprocess.run(["openssl", "pkey", "-in", self.key, "-pubout", "-outform", "DER"],
                             check=True, capture_output=True, timeout=60).stdout
        self.public = base64.b64encode(der[-32:]).decode()

    def sign(self, text):
        with open(self.key + ".data", "wb") as file:
            file.write(text)
        value = subprocess.run(
            ["openssl", "pkeyutl", "-sign", "-inkey", self.key, "-rawin", "-in", self.key + ".data"],
            check=True, capture_output=True, timeout=60).stdout
        return text[:-1] + (',"signature":{"key":"%s","value":"%s"}}' % (
            self.public, base64.b64encode(value).decode())).encode()

    def document(self, day, unit=None, uptime=None):
        """(file name, gzip) of a day, signed: the golden document with another unit and day."""
        unit = unit or self.unit
        start = datetime.datetime(day.year, day.month, day.day, tzinfo=ZONE)
        end = start + datetime.timedelta(days=1)
        digest = bytearray(hashlib.sha256(b"lachan-summary|%s|%s|%d|%d|day|1" % (
            unit.encode(), day.strftime("%Y%m%d").encode(), start.timestamp(), end.timestamp()))
            .digest()[:16])
        digest[6] = digest[6] & 0x0F | 0x80
        digest[8] = digest[8] & 0x3F | 0x80
        made = digest.hex()
        report_id = "-".join((made[:8], made[8:12], made[12:16], made[16:20], made[20:]))
        with open(GOLDEN, encoding="utf-8", errors="surrogateescape") as file:
            text = file.read()
        text = re.sub(r'"report-id":"[^"]*"', '"report-id":"%s"' % report_id, text)
        text = re.sub(r'"unit":"[^"]*","name":"(?:[^"\\]|\\.)*"', '"unit":"%s","name":"Trường"' % unit, text)
        text = re.sub(r'"start-datetime":"[^"]*"', '"start-datetime":"%s"' % start.isoformat(), text)
        text = re.sub(r'"end-datetime":"[^"]*"', '"end-datetime":"%s"' % end.isoformat(), text)
        text = text.replace('"dating"', '"piracy"')  # here it is sensitive, there it is not
        if uptime is not None:
            text = text.replace('"uptime-seconds":31200', '"uptime-seconds":%d' % uptime)
        packed = gzip.compress(self.sign(text.encode("utf-8", "surrogateescape")), mtime=0)
        return "%s!%s!%s!%s.json.gz" % (unit, day.strftime("%Y%m%d"), day.strftime("%Y%m%d"), report_id), packed

    def enrol(self, file):
        """What `lachanctl enrol` does: (status, answer). Keeps the token."""
        status, answer = self.test.request(
            "POST", "/v1/enrolments",
            json.dumps({"token": file["token"], "public-key": self.public}).encode(),
            {"Content-Type": "application/json"})
        if status == 201:
            self.token = answer["recipient"]["token"]
        return status, answer

    def send(self, packed, token=None):
        return self.test.request(
            "POST", "/v1/summaries", packed,
            {"Content-Type": SUMMARY, "Authorization": "Bearer " + (token or self.token)})


class DistrictAdminTest(LachanTest):
    """`store`: the key of that name; another store's tests set it before prepare()."""

    store = "sqlite"

    def prepare(self, extra=""):
        self.need("lachan-district")
        self.port = free_port()
        self.config = self.write("district.yaml", "\n".join([
            "department: {name: 'Sở GD&ĐT', languages: [en]}",
            "server:", '  listen: ["127.0.0.1:%d"]' % self.port, '  user: ""',
            "  state_dir: %s" % self.path("state"),
            "  public_url: http://127.0.0.1:%d" % self.port,
            "store: '%s'" % self.store, extra, ""]))

    def units(self, *rows):
        """A table of units, its first row the headings."""
        return self.write("units.csv", "\n".join(rows) + "\n")

    def run_district(self, *words, answers="", status=0):
        """One command; its standard output (and error, when it is to fail)."""
        done = subprocess.run([os.path.join(BIN, "lachan-district"), "-c", self.config, *words],
                              input=answers.encode(), capture_output=True, timeout=120, check=False,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
        out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        self.assertEqual(done.returncode, status, out + err)
        self.assertNotIn("Sanitizer", err)
        return out if status == 0 else out + err

    def serve(self):
        service = self.start("lachan-district", "-c", self.config)

        def answers():
            try:
                return self.request("GET", "/healthz")[0] == 200
            except OSError:
                return False
        try:
            self.wait_for("the service", answers)
        except AssertionError as error:
            raise AssertionError("%s\n%s" % (error, service.log())) from None
        return service

    def request(self, method, path, body=None, headers=None):
        """(status, answer): JSON as it is meant, all else as bytes."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            line.request(method, path, body=body, headers=headers or {})
            answer = line.getresponse()
            data = answer.read()
            if answer.headers.get("Content-Type", "").startswith("application/json"):
                data = json.loads(data)
            return answer.status, data
        finally:
            line.close()

    def two_schools(self):
        self.run_district("units", "import", self.units(
            "unit,parent,name,kinds,pupils", "so,,Sở,,", "xa1,so,Xã 1,,", "xa2,so,Xã 2,,",
            "q1,xa1,THCS A,THCS,640", "q2,xa2,THCS B,THCS;THPT,900"))
        return School(self, "q1"), School(self, "q2")

    def enrolment(self, unit):
        return json.loads(self.run_district("token", "create", unit))
