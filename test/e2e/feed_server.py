#!/usr/bin/env python3
"""A feed server that can misbehave in every way the fetcher must survive.

It listens on an ephemeral port of 127.0.0.1. Each path has a function that answers it with
the raw handler; what was asked is kept in `seen`. For tests; by hand:

    feed_server.py FOLDER      serves the files below FOLDER until it is ended
"""
import gzip
import http.server
import os
import ssl
import struct
import sys
import threading
import time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args):
        pass

    def do_GET(self):
        self.server.note(self.path, dict(self.headers))
        answer = self.server.answers.get(self.path)
        self.close_connection = True
        try:
            if answer is None:
                send(self, 404, b"no such list")
            else:
                answer(self)
        except OSError:
            pass  # the fetcher has hung up, as it should on a bad body


class FeedServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, certificate=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = {}
        self.seen = []
        self.lock = threading.Lock()
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
            self.scheme = "https"
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def handle_error(self, request, client_address):
        pass  # broken handshakes are what some tests are about

    def note(self, path, headers):
        with self.lock:
            self.seen.append((path, headers))

    def count(self, path):
        with self.lock:
            return sum(1 for p, _ in self.seen if p == path)

    def headers(self, path):
        """Of the last request for `path`, by lower-case name."""
        with self.lock:
            found = [h for p, h in self.seen if p == path]
        return {k.lower(): v for k, v in found[-1].items()} if found else {}

    @property
    def port(self):
        return self.server_address[1]

    def url(self, path, host="127.0.0.1"):
        return "%s://%s:%d%s" % (self.scheme, host, self.port, path)

    def stop(self):
        self.shutdown()
        self.server_close()
        self.thread.join()


def send(handler, status, body, **headers):
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    if status != 304:
        handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    if status != 304:
        handler.wfile.write(body)


# ---- answers ----

def body(data, status=200, **headers):
    """A plain, honest answer."""
    return lambda h: send(h, status, data, **headers)


def with_etag(data, etag):
    def answer(h):
        if h.headers.get("If-None-Match") == etag:
            send(h, 304, b"", ETag=etag)
        else:
            send(h, 200, data, ETag=etag)
    return answer


def with_date(data, date):
    def answer(h):
        if h.headers.get("If-Modified-Since") == date:
            send(h, 304, b"")
        else:
            send(h, 200, data, Last_Modified=date)
    return answer


def compressed(data):
    packed = gzip.compress(data)

    def answer(h):
        if "gzip" in h.headers.get("Accept-Encoding", ""):
            send(h, 200, packed, Content_Encoding="gzip")
        else:
            send(h, 406, b"")
    return answer


def brotli_stored(data):
    """Up to 64 KiB as one uncompressed meta-block (RFC 7932 section 9.2)."""
    bits = (len(data) - 1) << 4 | 1 << 20
    return bits.to_bytes(3, "little") + data + b"\x03"


def packed_as(packed, encoding):
    return lambda h: send(h, 200, packed, Content_Encoding=encoding)


def chunked(data, last=True, piece=997):
    """Without the final chunk when `last` is false: a body cut short."""
    def answer(h):
        h.send_response(200)
        h.send_header("Transfer-Encoding", "chunked")
        h.end_headers()
        for at in range(0, len(data), piece):
            part = data[at:at + piece]
            h.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        if last:
            h.wfile.write(b"0\r\n\r\n")
    return answer


def cut_short(data, percent):
    """Announces all of `data` and sends a part of it."""
    def answer(h):
        h.send_response(200)
        h.send_header("Content-Length", str(len(data)))
        h.end_headers()
        h.wfile.write(data[:len(data) * percent // 100])
    return answer


def until_close(data):
    """Neither length nor chunks: the body ends where the connection does."""
    def answer(h):
        h.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + data)
    return answer


def redirect(location, status=302):
    return lambda h: send(h, status, b"moved", Location=location)


def endless(line=b"name.example\n"):
    """A chunked body without an end."""
    def answer(h):
        h.send_response(200)
        h.send_header("Transfer-Encoding", "chunked")
        h.end_headers()
        block = line * 4096
        while True:
            h.wfile.write(b"%x\r\n%s\r\n" % (len(block), block))
    return answer


def trickle(data):
    """One octet a second."""
    def answer(h):
        h.send_response(200)
        h.send_header("Content-Length", str(len(data)))
        h.end_headers()
        for at in range(len(data)):
            h.wfile.write(data[at:at + 1])
            h.wfile.flush()
            time.sleep(1)
    return answer


def held(data, go_on, started=None):
    """Sends one half, says `started`, and the other half after the event `go_on`."""
    def answer(h):
        h.send_response(200)
        h.send_header("Content-Length", str(len(data)))
        h.end_headers()
        h.wfile.write(data[:len(data) // 2])
        h.wfile.flush()
        if started:
            started.set()
        go_on.wait(30)
        h.wfile.write(data[len(data) // 2:])
    return answer


def hang_up(h):
    h.connection.close()


def reset(h):
    """Half an answer, then RST."""
    h.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\na.example\n")
    h.wfile.flush()
    h.connection.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SOL_SOCKET, SO_LINGER
    h.connection.close()


def file_answer(path):
    def answer(h):
        with open(path, "rb") as file:
            send(h, 200, file.read())
    return answer


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    server = FeedServer()
    for folder, _, names in os.walk(sys.argv[1]):
        for name in names:
            path = os.path.join(folder, name)
            where = "/" + os.path.relpath(path, sys.argv[1])
            server.answers[where] = file_answer(path)
    print(server.url("/"), flush=True)
    try:
        server.thread.join()
    except KeyboardInterrupt:
        server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
