"""The upstream servers of a suite: right by default, and as wrong as a case says for names of
its own.

    stage.play("liar.suite.example.vn", lambda query: ...)   # what that name and all below get
    stage.records[("www.suite.example.vn", dns.A)] = [a("www.suite.example.vn", "9.8.7.1")]

Names nobody speaks of have an A record below ZONE, and do not exist elsewhere.
"""
import os
import socket
import struct
import sys
import threading
import time
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))

import lachan_dns as dns  # noqa: E402
from scripted_upstream import ScriptedUpstream, a, aaaa, cname, record, soa  # noqa: E402,F401

ZONE = "suite.example.vn"
TC = 0x0200
RRSIG, DNSKEY = 46, 48


def opt(size=1232, *, do=False, rcode=0, version=0, options=b""):
    """An OPT record for a reply's additional section."""
    return b"\0" + struct.pack("!HHBBHH", dns.OPT, size, rcode >> 4, version,
                               0x8000 if do else 0, len(options)) + options


def txt(name, text, ttl=300):
    data = text.encode() if isinstance(text, str) else text
    return record(name, dns.TXT, ttl, b"".join(
        bytes([len(data[i:i + 255])]) + data[i:i + 255] for i in range(0, len(data), 255)))


def rrsig(name, covered, zone, ttl=300):
    """A signature that signs nothing, in the right form."""
    labels = len([label for label in name.split(".") if label])
    return record(name, RRSIG, ttl, struct.pack("!HBBIIIH", covered, 13, labels, ttl, 2 ** 31 - 1,
                                                1600000000, 4711) + dns.wire_name(zone) + b"S" * 64)


def address_of(name):
    """The address a name has that nobody speaks of: the same at every ask."""
    return "9.8.%d.%d" % divmod(zlib.crc32(name.lower().encode()) % 65000 + 256, 256)


class Forgiving(ScriptedUpstream):
    """One that tells FORMERR to who passes nonsense on, as any server would."""

    def _play(self, wire, client, stream=None):
        try:
            super()._play(wire, client, stream)
        except (ValueError, IndexError, struct.error, UnicodeError):
            answer = wire[:2] + b"\x81\x81" + bytes(8)
            try:
                if stream is not None:
                    stream.sendall(struct.pack("!H", len(answer)) + answer)
                elif len(wire) >= 12:
                    self.udp.sendto(answer, client)
            except OSError:
                pass


class Stage:
    """`count` servers. Scripts and records are those of all; `asked(name)` counts over all."""

    def __init__(self, count=1):
        self.records, self.scripts, self.lock = {}, {}, threading.Lock()
        self.servers = [Forgiving(self._script(i)) for i in range(count)]
        self.zones = [ZONE]
        self.every = None  # script(query, index of the server), for names without their own
        self._zone()

    @property
    def ports(self):
        return [server.port for server in self.servers]

    def close(self):
        for server in self.servers:
            server.close()

    def kill(self, index):
        """No socket at all: what is sent there is told so by the kernel."""
        self.servers[index].close()

    def revive(self, index):
        dead = self.servers[index]
        fresh = Forgiving(self._script(index), dead.port)
        fresh.queries = dead.queries
        self.servers[index] = fresh

    @staticmethod
    def settle(c):
        """Until the server answers again, so that one case does not fail another's."""
        for _ in range(int(60 * c.patience)):
            name = "settle-%s.%s" % (os.urandom(4).hex(), ZONE)
            try:
                if dns.ask(c.address, name, timeout=1.0).rcode == dns.NOERROR:
                    return
            except (OSError, ValueError):
                pass
            time.sleep(0.1)

    def play(self, name, script):
        """`script(query)` is what any of the servers does when it is asked for `name`."""
        with self.lock:
            self.scripts[name.lower()] = script

    def put(self, name, *records, rtype=dns.A):
        with self.lock:
            self.records[(name.lower(), rtype)] = list(records)

    def asked(self, name=None, **how):
        return [q for server in self.servers for q in server.asked(name, **how)]

    def _script(self, index):
        def script(query):
            found = self._find(query.name)
            if found is not None:
                found(query)
            elif self.every is not None:
                self.every(query, index)
            else:
                self.tell(query)
        return script

    def _find(self, name):
        with self.lock:
            while name:
                if name in self.scripts:
                    return self.scripts[name]
                name = name.partition(".")[2]
        return None

    def _zone(self):
        self.put(ZONE, soa(ZONE), rtype=dns.SOA)
        self.put(ZONE, record(ZONE, dns.NS, 300, dns.wire_name("ns." + ZONE)), rtype=dns.NS)
        self.put(ZONE, *[record(ZONE, DNSKEY, 300, struct.pack("!HBB", 257, 3, 8) + bytes([i]) * 260)
                         for i in range(6)], rtype=DNSKEY)
        self.put(ZONE, a(ZONE, address_of(ZONE)))

    def lookup(self, query):
        """(rcode, answer, authority) of the records, or of names nobody speaks of."""
        with self.lock:
            found = self.records.get((query.name, query.type))
            known = any(name == query.name for name, _ in self.records)
        if found is not None:
            return dns.NOERROR, found, []
        below = any(query.name == zone or query.name.endswith("." + zone)
                    for zone in self.zones)
        if below and not known and query.type == dns.A:
            # By a pointer to the question: a label may hold any octet.
            return dns.NOERROR, [b"\xc0\x0c" + a("", address_of(query.name))[1:]], []
        if query.name.startswith("nx.") or ".nx." in query.name or not below:
            return dns.NXDOMAIN, [], [soa(ZONE if below else "", minimum=60)]
        return dns.NOERROR, [], [soa(ZONE, minimum=60)]

    def tell(self, query):
        """The truth, as a good resolver tells it."""
        rcode, answer, authority = self.lookup(query)
        if query.do and answer:
            answer = [*answer, rrsig(query.name, query.type, ZONE)]
        self.send(query, answer=answer, authority=authority, rcode=rcode)

    @staticmethod
    def send(query, **how):
        """query.reply() with an OPT where the query had one, truncated where it is too long."""
        extra = list(how.pop("additional", ()))
        if query.edns:
            extra.append(opt(do=query.do))
        wire = query.reply(additional=extra, **how)
        limit = 65535 if query.tcp else max(512, query.edns_size or 512)
        if len(wire) > limit:
            wire = query.reply(additional=[opt(do=query.do)] if query.edns else [],
                               flags=0x8180 | TC)
        query.send(wire)


def other_socket(host="127.0.0.1", port=0):
    """A socket that a reply should not come from."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((host, port))
    return sock
