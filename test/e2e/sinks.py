"""Where notices arrive in tests: a mail server and a web address, on loopback."""
import base64
import email
import email.policy
import socketserver
import ssl
import threading


def _context(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class Sink:
    def __init__(self, handler):
        self.server = _Server(("127.0.0.1", 0), handler)
        self.server.sink = self
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Mail:
    def __init__(self, source, to, data, tls, sign_in):
        self.source, self.to, self.tls, self.sign_in = source, to, tls, sign_in
        self.message = email.message_from_bytes(data, policy=email.policy.default)
        self.subject = str(self.message["Subject"])
        self.text = self.message.get_content()


class _Smtp(socketserver.StreamRequestHandler):
    timeout = 60

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")
        self.wfile.flush()

    def hear(self):
        return self.rfile.readline(4096).decode("utf-8", "replace").rstrip("\r\n")

    def begin_tls(self):
        self.request = self.server.sink.context.wrap_socket(self.request, server_side=True)
        self.rfile = self.request.makefile("rb")
        self.wfile = self.request.makefile("wb")
        self.tls = True

    def greet(self, sink):
        lines = ["sink"]
        lines += ["STARTTLS"] if sink.context is not None and not self.tls else []
        lines += ["AUTH PLAIN"] if sink.password is not None else []
        for i, line in enumerate(lines):
            self.say("250%s%s" % ("-" if i + 1 < len(lines) else " ", line))

    def sign_in(self, words):
        if len(words) < 3:
            self.say("334 ")
            words = words + [self.hear()]
        self.signed_in = tuple(base64.b64decode(words[2]).decode().split("\0")[1:])
        self.say("235 ok" if self.signed_in[1] == self.server.sink.password else "535 no")

    def take(self, sink):
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline(4096)) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        if sink.refuse > 0:
            sink.refuse -= 1
            self.say("451 not now")
            return
        sink.mails.append(Mail(self.source, self.to, b"".join(lines), self.tls, self.signed_in))
        self.say("250 taken")

    def handle(self):
        sink = self.server.sink
        self.tls, self.source, self.to, self.signed_in = False, None, [], None
        sink.visits += 1
        try:
            if sink.at_once:
                self.begin_tls()
            self.say("220 sink")
            while (line := self.hear()) != "":
                words = line.split(" ")
                word = words[0].upper()
                sink.heard.append(line)
                if word in ("EHLO", "HELO"):
                    self.greet(sink)
                elif word == "STARTTLS":
                    self.say("220 go on")
                    self.begin_tls()
                elif word == "AUTH":
                    self.sign_in(words)
                elif word == "MAIL":
                    self.source = line.partition("<")[2].partition(">")[0]
                    self.say("250 ok")
                elif word == "RCPT":
                    self.to.append(line.partition("<")[2].partition(">")[0])
                    self.say("250 ok")
                elif word == "DATA":
                    self.take(sink)
                elif word == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("502 what")
        except OSError:
            pass
        finally:
            self.request.close()


class MailSink(Sink):
    """`certificate`: (file, key) for STARTTLS, or for TLS `at_once`."""

    def __init__(self, certificate=None, password=None, at_once=False):
        self.context = _context(certificate) if certificate else None
        self.password, self.at_once = password, at_once
        self.mails, self.heard, self.visits, self.refuse = [], [], 0, 0
        super().__init__(_Smtp)


class _Hook(socketserver.StreamRequestHandler):
    timeout = 60

    def handle(self):
        sink = self.server.sink
        try:
            self.request = sink.context.wrap_socket(self.request, server_side=True)
            rfile = self.request.makefile("rb")
            first = rfile.readline(4096).decode().split(" ")
            if len(first) < 3:
                return  # it did not like our certificate
            headers = {}
            while (line := rfile.readline(4096).decode().strip()):
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            body = rfile.read(int(headers.get("content-length", "0")))
            sink.posts.append((first[0], first[1], headers, body))
            self.request.sendall(b"HTTP/1.1 %d x\r\nContent-Length: 0\r\nLocation: /other\r\n"
                                 b"Connection: close\r\n\r\n" % sink.status)
        except OSError:
            pass
        finally:
            self.request.close()


class HookSink(Sink):
    def __init__(self, certificate, status=200):
        self.context, self.status, self.posts = _context(certificate), status, []
        super().__init__(_Hook)
