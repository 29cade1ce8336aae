#!/usr/bin/env python3
"""An upstream that says the same for ever: zones made from a seed, told as a good resolver would.

    python3 -B test/suites/recorded.py --port 5355 [--seed 1]    # UDP and TCP on 127.0.0.1

Two servers that forward to it have heard the same, whatever they asked and whenever. `Zones` has
the data, `Zones.resolve()` the answer, `Zones.questions()` names and types that are worth asking."""
import argparse
import random
import selectors
import socket
import struct
import sys

A, NS, CNAME, SOA, PTR, HINFO, MX, TXT, RP, AFSDB, AAAA, LOC, SRV, NAPTR, KX, CERT, DNAME, DS, SSHFP, \
    RRSIG, NSEC, DNSKEY, TLSA, OPENPGPKEY, SVCB, HTTPS, SPF, URI, CAA, OPAQUE = \
    1, 2, 5, 6, 12, 13, 15, 16, 17, 18, 28, 29, 33, 35, 36, 37, 39, 43, 44, 46, 47, 48, 52, 61, 64, \
    65, 99, 256, 257, 65280
OPT, ANY = 41, 255
MODES = ["edns"] * 11 + ["do"] * 6 + ["plain"] * 2 + ["cd"]
NOERROR, NXDOMAIN = 0, 3
TTLS = [300] * 6 + [30, 60, 120, 600, 3600, 14400, 43200, 86400]
EXTREME_TTLS = [0, 1, 604800, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]


def wire_name(name):
    return b"".join(bytes([len(label)]) + label.encode("latin-1")
                    for label in name.split(".") if label) + b"\0"


class Part(str):
    """A name within record data; those of RFC 1035's types are compressed."""
    compressed = False


class Old(Part):
    compressed = True


class Writer:
    """A message with compressed names."""

    def __init__(self):
        self.out, self.places = bytearray(12), {}

    def name(self, name, compress=True):
        labels = [label for label in name.split(".") if label]
        for at in range(len(labels)):
            rest = ".".join(labels[at:]).lower()
            if compress and rest in self.places:
                self.out += struct.pack("!H", 0xC000 | self.places[rest])
                return
            if len(self.out) < 0x3FFF:
                self.places.setdefault(rest, len(self.out))
            label = labels[at].encode("latin-1")
            self.out += bytes([len(label)]) + label
        self.out += b"\0"

    def record(self, record):
        owner, rtype, ttl, parts = record
        self.name(owner)
        self.out += struct.pack("!HHIH", rtype, 1, ttl, 0)
        begin = len(self.out)
        for part in parts:
            if isinstance(part, Part):
                self.name(part, part.compressed)
            else:
                self.out += part
        struct.pack_into("!H", self.out, begin - 2, len(self.out) - begin)


class Zones:
    def __init__(self, seed, zones=150):
        self.random = random.Random(seed)
        self.zones = {}    # apex: {name: {type: (ttl, [data])}}
        self.between = {}  # apex: names that exist only because something is below them
        self.signed = set()
        for i in range(zones):
            self._make_zone(self._zone_name(i))
        self.order = {apex: sorted(nodes) for apex, nodes in self.zones.items()}

    # ---- making ----

    def _zone_name(self, i):
        top = self.random.choice(["example.vn", "edu.vn", "gov.vn", "com", "net", "info", "co.uk"])
        return "z%d.%s" % (i, "khu-%d.%s" % (i, top) if i % 9 == 0 else top)

    def _address(self):
        return bytes([self.random.choice([9, 45, 103, 185]), *self.random.randbytes(3)])

    def _data(self, rtype, apex):
        """One record's data of this type, in parts."""
        rnd = self.random
        host = "h%d.%s" % (rnd.randrange(40), apex)
        if rnd.random() < 0.2:
            host = host.title()
        raw = rnd.randbytes
        return {
            A: lambda: [self._address()],
            AAAA: lambda: [b"\x24\x02\x08\x00" + raw(12)],
            NS: lambda: [Old(host)], PTR: lambda: [Old(host)],
            HINFO: lambda: [b"\3ARM\5Linux"],
            MX: lambda: [struct.pack("!H", rnd.randrange(100)), Old(host)],
            TXT: lambda: [b"".join(bytes([n]) + raw(n) for n in
                                   (rnd.randrange(0, 60), rnd.choice([0, 1, 255, 30])))],
            RP: lambda: [Part("admin." + apex), Part("txt." + apex)],
            AFSDB: lambda: [b"\0\1", Part(host)],
            LOC: lambda: [b"\0\x12\x16\x13" + raw(12)],
            SRV: lambda: [struct.pack("!3H", rnd.randrange(9), rnd.randrange(99), 443), Part(host)],
            NAPTR: lambda: [b"\0\1\0\2\1s\7SIP+D2U\0", Part("_sip._udp." + apex)],
            KX: lambda: [b"\0\5", Part(host)],
            CERT: lambda: [b"\0\1\0\2\5" + raw(80)],
            DS: lambda: [struct.pack("!HBB", rnd.randrange(65536), 13, 2) + raw(32)],
            SSHFP: lambda: [b"\1\2" + raw(32)],
            DNSKEY: lambda: [struct.pack("!HBB", rnd.choice([256, 257]), 3, 13) + raw(64)],
            TLSA: lambda: [b"\3\1\1" + raw(32)],
            OPENPGPKEY: lambda: [raw(300)],
            SVCB: lambda: [b"\0\1", Part(host), b"\0\1\0\3\2h2\0\3\0\2\x01\xbb"],
            HTTPS: lambda: rnd.choice([
                [b"\0\1", Part(""), b"\0\1\0\6\2h3\2h2\0\4\0\4" + self._address()],
                [b"\0\0", Part(host)],
                [b"\0\1", Part(""), b"\0\1\0\3\2h2\0\5\0\x10" + raw(16)]]),
            SPF: lambda: [b"\x0bv=spf1 -all"],
            URI: lambda: [b"\0\1\0\2https://" + apex.encode()],
            CAA: lambda: [b"\0\5issue" + b"letsencrypt.org"],
            OPAQUE: lambda: [raw(rnd.randrange(0, 120))],
        }[rtype]()

    def _put(self, apex, name, rtype, count=1, ttl=None):
        rnd = self.random
        ttl = rnd.choice(EXTREME_TTLS if rnd.random() < 0.03 else TTLS) if ttl is None else ttl
        data = []
        for _ in range(count):
            made = self._data(rtype, apex)
            if lowered(made) not in map(lowered, data):
                data.append(made)
        if rnd.random() < 0.01:
            data.append(data[0])  # told twice: not right, and seen
        self.zones[apex].setdefault(name, {})[rtype] = (ttl, data)

    def _alias(self, apex, name, target):
        self.zones[apex][name] = {CNAME: (self.random.choice(TTLS), [[Old(target)]])}

    def _make_zone(self, apex):
        rnd = self.random
        self.zones[apex] = {}
        if rnd.random() < 0.6:
            self.signed.add(apex)
        minimum = rnd.choice([30, 60, 300, 3600, 86400, 1])
        self.zones[apex][apex] = {SOA: (rnd.choice([300, 3600, 60]), [[
            Old("ns1." + apex), Old("root." + apex),
            struct.pack("!5I", rnd.randrange(2 ** 32), 7200, 900, 86400, minimum)]])}
        self._put(apex, apex, NS, 2)
        for rtype in (A, AAAA, MX, TXT, CAA, HTTPS, DNSKEY, DS):
            if rnd.random() < 0.6:
                self._put(apex, apex, rtype, rnd.randrange(1, 4))
        for i in range(rnd.randrange(8, 30)):
            name = "h%d.%s" % (i, apex)
            self._put(apex, name, A, rnd.choice([1, 1, 1, 2, 4, 8]))
            if rnd.random() < 0.5:
                self._put(apex, name, AAAA, rnd.choice([1, 2]))
            if rnd.random() < 0.2:
                self._put(apex, name, rnd.choice([TXT, HTTPS, SVCB, MX, LOC, SSHFP, HINFO, RP, AFSDB, KX,
                                                  CERT, NAPTR, SPF, URI, OPENPGPKEY, OPAQUE]),
                          rnd.choice([1, 2, 3]))
        self._make_odd_names(apex)
        self._make_aliases(apex)
        self._make_large(apex)
        nodes = self.zones[apex]
        self.between[apex] = {
            ".".join(labels[at:]) for name in nodes for labels in [name.split(".")]
            for at in range(1, len(labels) - len(apex.split(".")))} - set(nodes)

    def _make_odd_names(self, apex):
        rnd = self.random
        for name, rtype in (("_dmarc", TXT), ("_sip._tcp", SRV), ("_443._tcp.www", TLSA),
                            ("_25._tcp.mail", TLSA), ("1.2.3.4.in-addr", PTR), ("a.b.c.d.e.deep", A),
                            ("xn--trng-mza", A), ("under_score", A), ("-dash-", A)):
            if rnd.random() < 0.4:
                self._put(apex, "%s.%s" % (name, apex), rtype, rnd.choice([1, 2]))
        if rnd.random() < 0.5:
            self._put(apex, "*.%s" % apex if rnd.random() < 0.3 else "*.wild.%s" % apex, A, 2)
        if rnd.random() < 0.3:
            self._put(apex, "*.txt.%s" % apex, TXT)
            self._alias(apex, "*.alias.%s" % apex, "h1." + apex)
        if rnd.random() < 0.3:  # as long as a name can be
            room, labels = 253 - len(apex) - 1, []
            while room > 0:
                labels.append("n" * min(63, room))
                room -= len(labels[-1]) + 1
            name = ".".join(label for label in labels if label) + "." + apex
            if len(wire_name(name)) <= 255:
                self._put(apex, name, A)

    def _make_aliases(self, apex):
        rnd = self.random
        others = list(self.zones)
        for i in range(rnd.randrange(3)):
            links = rnd.choice([1, 1, 1, 2, 2, 3, 4, 5, 6, 8, 10])
            names = ["c%d-%d.%s" % (i, at, apex) for at in range(links)]
            end = rnd.choice(["h%d.%s" % (rnd.randrange(40), apex),
                              "h1." + rnd.choice(others), "gone.%s" % apex, "nowhere.invalid-tld"])
            for at, name in enumerate(names):
                self._alias(apex, name, names[at + 1] if at + 1 < links else end)
        if rnd.random() < 0.05:
            links = rnd.choice([11, 12, 13, 20])
            for at in range(links):
                self._alias(apex, "long-%d.%s" % (at, apex),
                            "long-%d.%s" % (at + 1, apex) if at + 1 < links else "h1." + apex)
        if rnd.random() < 0.1:
            self._alias(apex, "loop-a.%s" % apex, "loop-b.%s" % apex)
            self._alias(apex, "loop-b.%s" % apex, "loop-a.%s" % apex)
        if rnd.random() < 0.2:
            target = rnd.choice(others)
            self.zones[apex]["moved.%s" % apex] = {DNAME: (rnd.choice(TTLS), [[Part(target)]])}

    def _make_large(self, apex):
        rnd = self.random
        if rnd.random() < 0.3:
            self._put(apex, "big-a.%s" % apex, A, rnd.choice([40, 60, 90, 100]))
        if rnd.random() < 0.3:
            self._put(apex, "big-txt.%s" % apex, TXT, rnd.choice([8, 15, 30]))
        if rnd.random() < 0.05:
            self._put(apex, "huge-a.%s" % apex, A, rnd.choice([101, 150, 400]))

    # ---- telling ----

    def apex_of(self, name):
        while name:
            if name in self.zones:
                return name
            name = name.partition(".")[2]
        return None

    def _node(self, apex, name):
        """(records by type, the wildcard they come from) or None where there is no such name."""
        nodes = self.zones[apex]
        if name in nodes:
            return nodes[name], None
        if name in self.between[apex]:
            return {}, None
        parent = name.partition(".")[2]
        while parent not in nodes and parent not in self.between[apex]:
            parent = parent.partition(".")[2]
        star = "*." + parent
        return (nodes[star], star) if star in nodes else (None, None)

    def _dname(self, apex, name):
        above = name.partition(".")[2]
        while above != apex and above:
            if DNAME in self.zones[apex].get(above, ()):
                return above
            above = above.partition(".")[2]
        return None

    def resolve(self, name, rtype, do):
        """(rcode, answer, authority): records are (owner, type, ttl, parts)."""
        answer, name = [], name.lower()
        for _ in range(40):
            apex = self.apex_of(name)
            if apex is None:
                soa = ("", SOA, 900, [Old("a.root"), Old("b.root"), struct.pack("!5I", 1, 2, 3, 4, 900)])
                return NXDOMAIN, answer, [soa]
            above = self._dname(apex, name)
            if above is not None:
                ttl, data = self.zones[apex][above][DNAME]
                self._tell(answer, apex, above, DNAME, ttl, data, do)
                target = name[:-len(above)] + data[0][0]
                if len(wire_name(target)) > 255:
                    return 6, answer, []
                answer.append((name, CNAME, ttl, [Old(target)]))
                if rtype == CNAME:
                    return NOERROR, answer, []
                name = target
                continue
            node, star = self._node(apex, name)
            if node is None:
                return NXDOMAIN, answer, self._denial(apex, name, do)
            if CNAME in node and rtype not in (CNAME, ANY, RRSIG):
                ttl, data = node[CNAME]
                self._tell(answer, apex, name, CNAME, ttl, data, do, star)
                name = data[0][0].lower()
                continue
            if rtype in (ANY, RRSIG) and node:
                found = []
                for kind, (ttl, data) in sorted(node.items()):
                    self._tell(found, apex, name, kind, ttl, data, do or rtype == RRSIG, star)
                found = [record for record in found if record[1] == RRSIG or rtype == ANY]
                return NOERROR, answer + found, [] if found else self._denial(apex, name, do)
            if rtype not in node:
                return NOERROR, answer, self._denial(apex, name, do)
            ttl, data = node[rtype]
            self._tell(answer, apex, name, rtype, ttl, data, do, star)
            proof = self._nsec(apex, name) if do and star and apex in self.signed else []
            return NOERROR, answer, proof
        return NOERROR, answer, []  # a loop, told as far as it was followed

    def _signature(self, apex, owner, rtype, ttl, star=None):
        labels = len((star[2:] if star else owner).split("."))
        return (owner, RRSIG, ttl, [struct.pack(
            "!HBBIIIH", rtype, 13, labels, ttl & 0x7FFFFFFF, 1900000000, 1700000000, 4711),
            Part(apex), struct.pack("!Q", hash_of(owner, rtype)) * 8])

    def _tell(self, out, apex, owner, rtype, ttl, data, do, star=None):
        out += [(owner, rtype, ttl, parts) for parts in data]
        if do and apex in self.signed:
            out.append(self._signature(apex, owner, rtype, ttl, star))

    def _nsec(self, apex, name):
        order = self.order[apex]
        before = max([n for n in order if n <= name], default=order[-1])
        after = order[(order.index(before) + 1) % len(order)]
        out = [(before, NSEC, 300, [Part(after), b"\0\6\x40\x01\0\0\0\3"])]
        return out + [self._signature(apex, before, NSEC, 300)]

    def _denial(self, apex, name, do):
        ttl, data = self.zones[apex][apex][SOA]
        ttl = min(ttl, struct.unpack("!I", data[0][-1][-4:])[0])
        out = []
        self._tell(out, apex, apex, SOA, ttl, data, do)
        return out + (self._nsec(apex, name) if do and apex in self.signed else [])

    def reply(self, query, limit):
        """The bytes of the answer to these; None where they are no query."""
        asked = parse_query(query)
        if asked is None:
            return None
        name, question, rtype, size, do = asked
        rcode, answer, authority = self.resolve(name, rtype, do)
        extra = struct.pack("!BHHIH", 0, OPT, 1232, 0x8000 if do else 0, 0) if size else b""
        limit = min(limit, size or 512) if limit else 65535
        for cut in (False, True):
            out = Writer()
            out.places[name.lower()] = 12
            out.out += question
            kept = ([], []) if cut else (answer, authority)
            for record in kept[0] + kept[1]:
                out.record(record)
            flags = 0x8180 | rcode | (0x0200 if cut else 0) | struct.unpack_from("!H", query, 2)[0] & 0x10
            struct.pack_into("!2s5H", out.out, 0, query[:2], flags, 1, len(kept[0]), len(kept[1]),
                             1 if size else 0)
            if len(out.out) + len(extra) <= limit:
                break
        return bytes(out.out) + extra

    # ---- asking ----

    def questions(self, count, seed):
        """(name, type, mode): existing, missing, wild, between, aliases, odd types; asked
        "plain" (no EDNS), with "edns", with "do", with "cd"."""
        rnd = random.Random(seed)
        there = [(name, rtype) for nodes in self.zones.values() for name, node in nodes.items()
                 for rtype in node]
        names = sorted({name for name, _ in there})
        stars = [name for name in names if name.startswith("*.")]
        between = sorted(n for group in self.between.values() for n in group)
        aliases = [name for name, rtype in there if rtype in (CNAME, DNAME)]
        types = [A, AAAA, MX, TXT, NS, SOA, SRV, HTTPS, SVCB, CAA, PTR, DS, DNSKEY, NAPTR, TLSA, CNAME,
                 DNAME, LOC, SPF, OPAQUE, 1000, 65534, 7, 11, 257, 62]
        apexes = sorted(self.zones)
        made = {}
        while len(made) < count:
            kind = rnd.random()
            if kind < 0.45:
                name, rtype = rnd.choice(there)
            elif kind < 0.60:
                name, rtype = rnd.choice(names), rnd.choice(types)
            elif kind < 0.72:
                name = "%s.%s" % (rnd.choice(["no", "n%d" % rnd.randrange(10 ** 6), "a.b", "www"]),
                                  rnd.choice(apexes + names[::7]))
                rtype = rnd.choice(types[:8])
            elif kind < 0.80:
                name = "w%d%s" % (rnd.randrange(200), rnd.choice(stars)[1:])
                rtype = rnd.choice([A, AAAA, TXT])
            elif kind < 0.85:
                name, rtype = rnd.choice(between), rnd.choice(types[:6])
            elif kind < 0.95:
                name, rtype = rnd.choice(aliases), rnd.choice([A, AAAA, HTTPS, MX, TXT, CNAME])
                if DNAME in self.zones[self.apex_of(name)].get(name, ()):
                    name = "%s.%s" % (rnd.choice(["h1", "h2", "no", "x.y"]), name)
            elif kind < 0.98:
                name, rtype = "m%d.unregistered-tld" % rnd.randrange(10 ** 6), rnd.choice([A, AAAA])
            else:
                name, rtype = rnd.choice(names).upper(), rnd.choice([A, AAAA, TXT, MX])
            if len(wire_name(name)) <= 255:
                if rnd.random() < 0.01:
                    rtype = rnd.choice([ANY, RRSIG])
                made.setdefault((name, rtype, rnd.choice(MODES)))
        return list(made)


def lowered(parts):
    return [part.lower() if isinstance(part, Part) else part for part in parts]


def hash_of(owner, rtype):
    value = 14695981039346656037
    for octet in owner.encode("latin-1") + struct.pack("!H", rtype):
        value = (value ^ octet) * 1099511628211 & 0xFFFFFFFFFFFFFFFF
    return value


def parse_query(query):
    """(name, octets of the question, type, EDNS size or 0, DO)"""
    try:
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1"))
            at += query[at] + 1
        rtype = struct.unpack_from("!H", query, at + 1)[0]
        end, size, do = at + 5, 0, False
        if struct.unpack_from("!H", query, 10)[0] and query[end] == 0:
            kind, size, flags = struct.unpack_from("!HHI", query, end + 1)
            size, do = (max(512, size), bool(flags & 0x8000)) if kind == OPT else (0, False)
        return ".".join(labels), query[12:end], rtype, size, do
    except (IndexError, struct.error):
        return None


def serve(zones, port):
    """For ever, on one thread."""
    choose = selectors.DefaultSelector()
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    udp.bind(("127.0.0.1", port))
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tcp.bind(("127.0.0.1", port))
    tcp.listen(128)
    for sock, what in ((udp, "udp"), (tcp, "listener")):
        sock.setblocking(False)
        choose.register(sock, selectors.EVENT_READ, what)
    waiting = {}
    print("serving", flush=True)
    while True:
        for key, _ in choose.select():
            if key.data == "udp":
                serve_udp(zones, udp)
            elif key.data == "listener":
                stream, _ = tcp.accept()
                waiting[stream] = b""
                choose.register(stream, selectors.EVENT_READ, "stream")
            elif not serve_stream(zones, key.fileobj, waiting):
                choose.unregister(key.fileobj)
                del waiting[key.fileobj]
                key.fileobj.close()


def serve_udp(zones, sock):
    for _ in range(64):
        try:
            query, client = sock.recvfrom(65535)
            answer = zones.reply(query, 1232)
            if answer is not None:
                sock.sendto(answer, client)
        except OSError:
            return


def serve_stream(zones, stream, waiting):
    """False: at its end."""
    try:
        got = stream.recv(65535)
        waiting[stream] += got
        while len(waiting[stream]) >= 2:
            need = 2 + struct.unpack_from("!H", waiting[stream])[0]
            if len(waiting[stream]) < need:
                break
            answer = zones.reply(waiting[stream][2:need], 0)
            waiting[stream] = waiting[stream][need:]
            if answer is not None:
                stream.sendall(struct.pack("!H", len(answer)) + answer)
        return bool(got)
    except OSError:
        return False


if __name__ == "__main__":
    PARSER = argparse.ArgumentParser(description="a recorded upstream")
    PARSER.add_argument("--port", type=int, required=True)
    PARSER.add_argument("--seed", type=int, default=1)
    OPTIONS = PARSER.parse_args()
    try:
        serve(Zones(OPTIONS.seed), OPTIONS.port)
    except KeyboardInterrupt:
        sys.exit(0)
