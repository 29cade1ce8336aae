"""A small DNS client and server, built with struct so that it shares no code with ours."""
import os
import socket
import struct
import threading

A, NS, CNAME, SOA, MX, TXT, AAAA, OPT, SVCB, HTTPS, ANY = 1, 2, 5, 6, 15, 16, 28, 41, 64, 65, 255
IN, CH = 1, 3
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = range(6)
EDE = 15  # option code, RFC 8914
TYPES = {"A": A, "NS": NS, "CNAME": CNAME, "SOA": SOA, "MX": MX, "TXT": TXT, "AAAA": AAAA,
         "SVCB": SVCB, "HTTPS": HTTPS, "ANY": ANY}


def wire_name(name):
    """"www.example.vn" or "." in wire form."""
    labels = [label.encode("latin-1") for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def read_name(message, at):
    """Follows pointers; (text without the last dot, place behind it)."""
    labels, end, hops = [], None, 0
    while True:
        length = message[at]
        if length >= 0xC0:
            end = at + 2 if end is None else end
            at = struct.unpack_from("!H", message, at)[0] & 0x3FFF
            hops += 1
            if hops > 64:
                raise ValueError("compression loop")
        elif length == 0:
            return ".".join(labels), (at + 1 if end is None else end)
        else:
            labels.append(message[at + 1:at + 1 + length].decode("latin-1"))
            at += 1 + length


def make_query(name, rtype=A, *, edns=True, do=False, size=1232, options=(), rd=True, rclass=IN,
               ident=None, opcode=0, version=0):
    """The bytes of one query. `options`: (code, bytes) pairs for the OPT record."""
    rtype = TYPES.get(rtype, rtype)
    ident = int.from_bytes(os.urandom(2), "big") if ident is None else ident
    flags = (0x0100 if rd else 0) | opcode << 11
    out = struct.pack("!6H", ident, flags, 1, 0, 0, 1 if edns else 0)
    out += wire_name(name) + struct.pack("!2H", rtype, rclass)
    if edns:
        data = b"".join(struct.pack("!2H", code, len(value)) + value for code, value in options)
        ttl = version << 16 | (0x8000 if do else 0)
        out += b"\0" + struct.pack("!HHIH", OPT, size, ttl, len(data)) + data
    return out


class Record:
    def __init__(self, name, rtype, rclass, ttl, data, text):
        self.name, self.type, self.rclass = name, rtype, rclass
        self.ttl, self.data, self.text = ttl, data, text

    def __repr__(self):
        return "%s %d %d %s" % (self.name, self.ttl, self.type, self.text)


class Reply:
    """A parsed answer: rcode, aa, tc, ra, rd, answer, authority, additional, and of EDNS
    edns_size (None: no OPT), do, options {code: bytes}, ede [(code, text)]."""

    def __init__(self, message):
        self.wire = message
        self.id, flags, qd, an, ns, ar = struct.unpack_from("!6H", message)
        self.qr, self.aa, self.tc = bool(flags & 0x8000), bool(flags & 0x400), bool(flags & 0x200)
        self.rd, self.ra = bool(flags & 0x100), bool(flags & 0x80)
        self.ad, self.cd = bool(flags & 0x20), bool(flags & 0x10)
        self.opcode, self.rcode = flags >> 11 & 15, flags & 15
        self.questions, at = [], 12
        for _ in range(qd):
            name, at = read_name(message, at)
            self.questions.append((name,) + struct.unpack_from("!2H", message, at))
            at += 4
        self.edns_size, self.do, self.options = None, False, {}
        self.answer, at = self._section(at, an)
        self.authority, at = self._section(at, ns)
        self.additional, at = self._section(at, ar)
        self.trailing = message[at:]

    def _section(self, at, count):
        records = []
        for _ in range(count):
            name, at = read_name(self.wire, at)
            rtype, rclass, ttl, length = struct.unpack_from("!HHIH", self.wire, at)
            at += 10
            data = self.wire[at:at + length]
            if len(data) != length:
                raise ValueError("record runs past the message")
            if rtype == OPT:
                self._opt(rclass, ttl, data)
            else:
                records.append(Record(name, rtype, rclass, ttl, data, self._text(rtype, at, data)))
            at += length
        return records, at

    def _opt(self, size, ttl, data):
        self.edns_size, self.do = size, bool(ttl & 0x8000)
        self.rcode |= ttl >> 24 << 4
        while data:
            code, length = struct.unpack_from("!2H", data)
            self.options[code] = data[4:4 + length]
            data = data[4 + length:]

    def _text(self, rtype, at, data):
        if rtype == A:
            return socket.inet_ntop(socket.AF_INET, data)
        if rtype == AAAA:
            return socket.inet_ntop(socket.AF_INET6, data)
        if rtype in (CNAME, NS, SOA):
            return read_name(self.wire, at)[0]
        return data.hex()

    @property
    def ede(self):
        """(info-code, extra text), or None."""
        value = self.options.get(EDE)
        return None if value is None else (int.from_bytes(value[:2], "big"), value[2:].decode())

    def addresses(self, rtype=A):
        return [record.text for record in self.answer if record.type == rtype]


def ask_bytes(server, query, *, tcp=False, timeout=3.0, source=None):
    """Sends raw bytes, returns the raw answer; `source` binds the asking address."""
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as sock:
        sock.settimeout(timeout)
        if source is not None:
            sock.bind((source, 0))
        sock.connect(server)
        if not tcp:
            sock.send(query)
            return sock.recv(65535)
        sock.sendall(struct.pack("!H", len(query)) + query)
        return receive_tcp(sock)


def receive_exactly(sock, count):
    data = b""
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            raise ConnectionError("closed after %d of %d bytes" % (len(data), count))
        data += piece
    return data


def receive_tcp(sock):
    """One message with its length before it (RFC 1035 section 4.2.2)."""
    return receive_exactly(sock, struct.unpack("!H", receive_exactly(sock, 2))[0])


def ask(server, name, rtype=A, *, tcp=False, timeout=3.0, source=None, **how):
    """Asks and parses; keywords of make_query(). Raises on silence and on a wrong ID."""
    query = make_query(name, rtype, **how)
    reply = Reply(ask_bytes(server, query, tcp=tcp, timeout=timeout, source=source))
    if reply.id != struct.unpack_from("!H", query)[0] or not reply.qr:
        raise ValueError("not an answer to this query")
    return reply


def is_probe(name, rtype):
    """A question that a filter asks for itself: does this server lead back to it, is it back?"""
    return name.lower().endswith(".loop.lachan.internal") or (name in ("", ".") and rtype == NS)


class Upstream:
    """A fake upstream on 127.0.0.1 (UDP and TCP, one port). `records` maps a name to an
    IPv4 address, or (name, type) to a list of (type, ttl, bytes of data); others are
    NXDOMAIN. Set `silent` to answer nothing, `rcode` to answer only that. `asked` lists
    (name, type) as they came."""

    def __init__(self, records, port):
        self.records = {self._key(k): v for k, v in records.items()}
        self.port, self.silent, self.rcode, self.asked = port, False, None, []
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", port))
        self._tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._tcp.bind(("127.0.0.1", port))
        self._tcp.listen(64)
        self._closing = False
        for run in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=run, daemon=True).start()

    @staticmethod
    def _key(key):
        return key.lower() if isinstance(key, str) else (key[0].lower(), TYPES.get(key[1], key[1]))

    def close(self):
        self._closing = True
        for sock in (self._udp, self._tcp):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()

    def _serve_udp(self):
        while not self._closing:
            try:
                query, client = self._udp.recvfrom(65535)
                answer = self._answer(query) if query else None  # empty: shut down
                if answer is not None:
                    self._udp.sendto(answer, client)
            except OSError:
                return

    def _serve_tcp(self):
        while not self._closing:
            try:
                sock, _ = self._tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._serve_stream, args=(sock,), daemon=True).start()

    def _serve_stream(self, sock):
        with sock:
            try:
                while True:
                    answer = self._answer(receive_tcp(sock))
                    if answer is not None:
                        sock.sendall(struct.pack("!H", len(answer)) + answer)
            except (OSError, ConnectionError):
                return

    def _find(self, name, rtype):
        """(rcode, records)"""
        found = self.records.get((name, rtype))
        if found is not None:
            return NOERROR, found
        address = self.records.get(name)
        if address is not None:
            data = socket.inet_aton(address)
            return NOERROR, [(A, 300, data)] if rtype == A else []
        known = any(k == name or k[0] == name for k in self.records)
        return (NOERROR if known else NXDOMAIN), []

    def _answer(self, query):
        name, at = read_name(query, 12)
        rtype, _rclass = struct.unpack_from("!2H", query, at)
        if not is_probe(name, rtype):
            self.asked.append((name.lower(), rtype))
        if self.silent:
            return None
        rcode, records = (self.rcode, []) if self.rcode is not None else \
            self._find(name.lower(), rtype)
        head = struct.pack("!2s5H", query[:2], 0x8180 | rcode, 1, len(records), 0, 0)
        body = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", t, IN, ttl, len(data)) + data
                        for t, ttl, data in records)
        return head + query[12:at + 4] + body
