"""An upstream that does what a test's script says, however wrong that is.

    def script(query):
        query.send(query.reply(rcode=dns.SERVFAIL))
        query.send(query.reply(answer=[query.a("192.0.2.1")]))

    upstream = ScriptedUpstream(script)

Each query runs the script in a thread of its own, so that it may sleep. UDP and TCP share
one port of 127.0.0.1. `queries` lists what came, in order; what a filter asks for itself
(is the server back, does it lead to ourselves) is played too, but listed in `probes`.
"""
import socket
import struct
import threading

import lachan_dns as dns
from lachan_test import free_port


def record(name, rtype, ttl, data):
    """One uncompressed record."""
    return dns.wire_name(name) + struct.pack("!HHIH", dns.TYPES.get(rtype, rtype), dns.IN,
                                             ttl, len(data)) + data


def a(name, address, ttl=300):
    return record(name, dns.A, ttl, socket.inet_aton(address))


def cname(name, target, ttl=300):
    return record(name, dns.CNAME, ttl, dns.wire_name(target))


def aaaa(name, address, ttl=300):
    return record(name, dns.AAAA, ttl, socket.inet_pton(socket.AF_INET6, address))


def svcb_params(*, v4=(), v6=(), ech=None, mandatory=()):
    """SvcParams in the order of their keys (RFC 9460 section 2.2); alpn=h2 always."""
    params = [(1, b"\2h2")]
    if mandatory:
        params.insert(0, (0, struct.pack("!%dH" % len(mandatory), *mandatory)))
    if v4:
        params.append((4, b"".join(socket.inet_aton(address) for address in v4)))
    if ech is not None:
        params.append((5, ech))
    if v6:
        params.append((6, b"".join(socket.inet_pton(socket.AF_INET6, a) for a in v6)))
    return b"".join(struct.pack("!2H", key, len(value)) + value for key, value in params)


def https(name, target=".", *, rtype="HTTPS", ttl=300, priority=1, **params):
    return record(name, rtype, ttl, struct.pack("!H", priority) + dns.wire_name(target) +
                  (svcb_params(**params) if priority else b""))


def soa(zone, ttl=300, minimum=300):
    return record(zone, dns.SOA, ttl, dns.wire_name("ns." + zone) + dns.wire_name("root." + zone) +
                  struct.pack("!5I", 1, 3600, 600, 86400, minimum))


class Query:
    """One query as it came. `name` in lower case, `asked` in the case it was asked in;
    `options` [(code, bytes)] and `edns` of its OPT; `port` it came from; `tcp`."""

    def __init__(self, upstream, wire, client, stream):
        self.upstream, self.wire, self.client, self.stream = upstream, wire, client, stream
        self.tcp, self.port = stream is not None, client[1]
        parsed = dns.Reply(wire)
        self.id, self.cd, self.rd = parsed.id, parsed.cd, parsed.rd
        self.asked, self.type, self.rclass = parsed.questions[0]
        self.name = self.asked.lower()
        self.edns, self.do = parsed.edns_size is not None, parsed.do
        self.edns_size, self.options = parsed.edns_size, parsed.options
        _, end = dns.read_name(wire, 12)
        self.question = wire[12:end + 4]

    def a(self, address, ttl=300):
        return a(self.name, address, ttl)

    def reply(self, *, answer=(), authority=(), additional=(), rcode=0, flags=0x8180,
              ident=None, question=None, counts=None, tail=b""):
        """The bytes of a reply; each argument beyond the sections is a way to be wrong."""
        counts = counts or (1, len(answer), len(authority), len(additional))
        head = struct.pack("!6H", self.id if ident is None else ident, flags | rcode, *counts)
        return head + (self.question if question is None else question) + \
            b"".join([*answer, *authority, *additional]) + tail

    def send(self, wire, sock=None):
        """Back by the way it came; `sock`: from another socket instead."""
        if self.tcp:
            self.stream.sendall(struct.pack("!H", len(wire)) + wire)
        else:
            (sock or self.upstream.udp).sendto(wire, self.client)


class ScriptedUpstream:
    def __init__(self, script, port=None):
        self.script, self.port = script, port or free_port()
        self.queries, self.probes, self.lock = [], [], threading.Lock()
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.udp.bind(("127.0.0.1", self.port))
        self.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))
        self.listener.listen(256)
        self.closing = False
        for run in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=run, daemon=True).start()

    def asked(self, name=None, **how):
        """Queries for `name` with these attributes."""
        with self.lock:
            return [q for q in self.queries if (name is None or q.name == name) and
                    all(getattr(q, key) == value for key, value in how.items())]

    def close(self):
        self.closing = True
        for sock in (self.udp, self.listener):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()

    def _play(self, wire, client, stream=None):
        query = Query(self, wire, client, stream)
        probe = dns.is_probe(query.name, query.type)
        with self.lock:
            (self.probes if probe else self.queries).append(query)
        try:
            self.script(query)
        except OSError:
            pass  # the asker has gone, or the test is over
        except (KeyError, ValueError, IndexError):
            if not probe:  # most scripts know the names of their test alone
                raise

    def _serve_udp(self):
        while not self.closing:
            try:
                wire, client = self.udp.recvfrom(65535)
            except OSError:
                if self.closing:
                    return
                continue
            if wire:  # empty: shut down
                threading.Thread(target=self._play, args=(wire, client), daemon=True).start()

    def _serve_tcp(self):
        while not self.closing:
            try:
                stream, client = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve_stream, args=(stream, client),
                             daemon=True).start()

    def _serve_stream(self, stream, client):
        with stream:
            try:
                while True:
                    self._play(dns.receive_tcp(stream), client, stream)
            except (OSError, ConnectionError):
                return
