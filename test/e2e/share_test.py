"""A school that shares, and a receiver that answers whatever a test wants."""
import base64
import datetime
import gzip
import hashlib
import http.server
import json
import os
import ssl
import threading
import uuid

from certificates import run as openssl
from lachan_test import SOURCE_DIR, LachanTest, free_port

UNIT = "thcs-01"
GOLDEN = os.path.join(SOURCE_DIR, "test", "unit", "report", "golden")
ZONE = datetime.timezone(datetime.timedelta(hours=7))
# A day that is over everywhere, and never so old that it is removed.
LAST = datetime.date.today() - datetime.timedelta(days=2)


def report_id(unit, day, end, cut="day", revision=1):
    """As docs/protocol.md has it."""
    text = "lachan-summary|%s|%s|%d|%d|%s|%d" % (
        unit, day.strftime("%Y%m%d"), midnight(day), midnight(end), cut, revision)
    octets = bytearray(hashlib.sha256(text.encode()).digest()[:16])
    octets[6] = octets[6] & 0x0f | 0x80
    octets[8] = octets[8] & 0x3f | 0x80
    return str(uuid.UUID(bytes=bytes(octets)))


def midnight(day):
    return int(datetime.datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp())


def document(day, unit=""):
    """(name, bytes) of the unsigned summary of `day`, as the filter puts it into the outbox."""
    end = day + datetime.timedelta(days=1)
    with open(os.path.join(GOLDEN, "day.json"), encoding="utf-8") as file:
        text = file.read()
    made = report_id(unit, day, end)
    for old, new in (('"unit":"0d9e"', '"unit":"%s"' % unit),
                     ('"start-datetime":"2026-11-20T', '"start-datetime":"%sT' % day.isoformat()),
                     ('"end-datetime":"2026-11-21T', '"end-datetime":"%sT' % end.isoformat()),
                     ("41b1dd6f-a271-8d35-a716-9afdce45029a", made)):
        assert old in text, old
        text = text.replace(old, new)
    name = "%s!%s!%s!%s.json.gz" % (unit or "unenrolled", day.strftime("%Y%m%d"),
                                    end.strftime("%Y%m%d"), made)
    return name, text.encode()


def quick_report(day, unit=""):
    made = str(uuid.uuid5(uuid.NAMESPACE_OID, day.isoformat() + unit))
    made = made[:14] + "4" + made[15:]
    text = json.dumps({
        "format": "lachan-quick-report", "version": "1.0", "report-id": made,
        "organization": {"unit": unit, "name": "THCS"}, "generator": "lachan 0.1.0",
        "created": day.isoformat(), "incident": {
            "kind": "gambling", "tier": "lower_secondary", "date": day.isoformat(),
            "measures": "x", "referred-to": "", "decided-by": "HT"}}, separators=(",", ":"))
    return "%s!quick!%s!%s.json.gz" % (unit or "unenrolled", day.strftime("%Y%m%d"), made), \
        text.encode()


class Post:
    def __init__(self, path, headers, body):
        self.path, self.body = path, body
        self.headers = {k.lower(): v for k, v in headers.items()}

    @property
    def document(self):
        return json.loads(gzip.decompress(self.body))


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True

    def log_message(self, *_args):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        post = Post(self.path, self.headers, body)
        with self.server.lock:
            self.server.posts.append(post)
            answer = self.server.answer
        try:
            answer(self, post)
        except OSError:
            pass  # who asked has hung up

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Receiver(http.server.ThreadingHTTPServer):
    """Posts in `posts`; `answer(handler, post)` answers each. `certificate`: (file, key);
    `client_ca`: whose client certificates it wants."""
    daemon_threads = True

    def __init__(self, certificate=None, client_ca=None, port=0):
        super().__init__(("127.0.0.1", port), _Handler)
        self.posts, self.lock, self.clients = [], threading.Lock(), 0
        self.answer = lambda handler, post: handler.reply(201, b"{}")
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
            if client_ca:
                self.context.verify_mode = ssl.CERT_REQUIRED
                self.context.load_verify_locations(client_ca)
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def finish_request(self, request, client_address):
        self.clients += 1
        if self.context:
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)
        if self.context:
            request.close()

    def handle_error(self, request, client_address):
        pass  # handshakes that fail are what some tests are about

    @property
    def port(self):
        return self.server_address[1]

    def url(self, host="127.0.0.1"):
        return "%s://%s:%d/v1/summaries" % ("https" if self.context else "http", host, self.port)

    def always(self, status, body=b"{}", **headers):
        self.answer = lambda handler, post: handler.reply(status, body, **headers)

    def names(self):
        """Report-ids in the order they came."""
        with self.lock:
            return [post.document["report-id"] for post in self.posts]

    def close(self):
        self.shutdown()
        self.server_close()


class ShareTest(LachanTest):
    """lachan.yaml for an enrolled school, its key, and documents."""

    def setUp(self):
        super().setUp()
        self.need("lachan-share")
        for folder in ("state", "state/outbox", "run", "secrets"):
            os.makedirs(self.path(folder))
        os.chmod(self.path("state"), 0o750)
        os.chmod(self.path("run"), 0o750)
        self.make_key()

    def make_key(self):
        key = self.path("state", "signing.key")
        if os.path.exists(key):
            os.unlink(key)
        openssl("genpkey", "-algorithm", "ed25519", "-out", key)
        os.chmod(key, 0o600)
        der = openssl("pkey", "-in", key, "-pubout", "-outform", "DER")
        self.public = der[-32:]

    def token(self, name="token", text="s3cret-token"):
        path = self.write("secrets/" + name, text + "\n")
        os.chmod(path, 0o600)
        return path

    def receiver(self, *arguments, **more):
        made = Receiver(*arguments, **more)
        self.addCleanup(made.close)
        return made

    def recipient(self, receiver, name="so-gddt", host="127.0.0.1", **more):
        return {"name": name, "url": receiver.url(host), "token_file": self.token(), **more}

    def configure(self, *recipients, unit=UNIT, approve="never", hold="0s", delay="0s",
                  extra="", **more):
        share = {"recipients": list(recipients), "approve": approve, "hold": hold,
                 "delay": delay, **more}
        path = self.write_config(dns_port=free_port(), upstream=free_port(),
                                 extra="share: %s\n%s" % (json.dumps(share), extra))
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if unit:
            text = text.replace("school:\n", "school:\n  unit: %s\n" % unit, 1)
        self.write("lachan.yaml", text)
        return path

    def put(self, made):
        name, text = made
        path = self.path("state", "outbox", name)
        with open(path, "wb") as file:
            file.write(gzip.compress(text, mtime=0))
        return name

    def days(self, count, last=LAST, unit=UNIT):
        """`count` summaries up to `last`; their names, oldest first."""
        return [self.put(document(last - datetime.timedelta(days=count - 1 - i), unit))
                for i in range(count)]

    def share(self, *options, status=0, timeout=120):
        """Runs lachan-share to its end; what it printed and logged."""
        got, out, err = self.run_program("lachan-share", "-c", self.path("lachan.yaml"),
                                         *options, timeout=timeout)
        self.assertEqual(got, status, out + err)
        return out + err

    def waiting(self):
        return sorted(n for n in os.listdir(self.path("state", "outbox")) if n.endswith(".json.gz"))

    def sent(self):
        folder = self.path("state", "sent")
        return sorted(n for n in os.listdir(folder) if "!" in n)

    def receipts(self, name="so-gddt"):
        """{document without suffix: receipt}, refusals end in .refused"""
        folder = self.path("state", "sent", name)
        found = {}
        for one in os.listdir(folder):
            with open(os.path.join(folder, one), encoding="utf-8") as file:
                found[one[:-len(".json")]] = json.load(file)
        return found

    def state(self, name="so-gddt"):
        """The lines of RECIPIENT.state, by their first word."""
        with open(self.path("state", "sharing", name + ".state"), encoding="utf-8") as file:
            return dict(line.rstrip("\n").partition(" ")[::2] for line in file)

    def signed_by_us(self, post):
        """Whether the body is a document whose signature is our key's."""
        text = gzip.decompress(post.body)
        head, _, tail = text.rpartition(b',"signature":')
        signature = json.loads(tail[:-1])
        if base64.b64decode(signature["key"]) != self.public:
            return False
        message = self.path("message")
        with open(message, "wb") as file:
            file.write(head + b"}")
        with open(self.path("value"), "wb") as file:
            file.write(base64.b64decode(signature["value"]))
        openssl("pkeyutl", "-verify", "-inkey", self.path("state", "signing.key"), "-rawin",
                "-in", message, "-sigfile", self.path("value"))
        return True
