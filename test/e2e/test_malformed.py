#!/usr/bin/env python3
"""Thousands of malformed messages, each met as RFC 8906 wants, and good queries answered between
them (THREATS 11, 26, 27, 29). Which messages is a matter of the seed alone:

    SEEDS=20 python3 -B test/e2e/test_malformed.py      twenty seeds instead of two
    FIRST_SEED=7 SEEDS=1 …                              that one
"""
import os
import random
import socket
import struct

from filter_test import FilterTest
from lachan_test import PATIENCE_S, dns, main

FIRST_SEED = int(os.environ.get("FIRST_SEED", "1"))
SEEDS = int(os.environ.get("SEEDS", "2"))
MESSAGES = 3500
AT_ONCE = 50
KNOWN_OPTIONS = (3, 8, 10, 11, 12, 15)
GOOD = 0xfff0  # and above: IDs of the good queries between
DONE, SILENCE = "done", "silence"


# ---- what a message deserves: a second reading, made of the RFCs and not of our code ----

class Bad(Exception):
    pass


def skip_name(wire, at, pointers):
    """Behind the name at `at`; a pointer must lead to before where it stands."""
    start, octets, end, hops = at, 0, None, 0
    while True:
        if at >= len(wire):
            raise Bad
        length = wire[at]
        if length >= 0xc0 and pointers:
            if at + 1 >= len(wire):
                raise Bad
            end = at + 2 if end is None else end
            target = (length & 0x3f) << 8 | wire[at + 1]
            hops += 1
            if target >= start or hops > 127:
                raise Bad
            at = start = target
        elif length > 63:
            raise Bad
        else:
            octets += length + 1
            if octets > 255:
                raise Bad
            at += length + 1
            if length == 0:
                return at if end is None else end


def read_options(data):
    seen, count, cookie = set(), 0, False
    while data:
        if len(data) < 4:
            raise Bad
        code, length = struct.unpack_from("!2H", data)
        value = data[4:4 + length]
        if len(value) < length:
            raise Bad
        data = data[4 + length:]
        count += 1
        if count > 32 or (code in KNOWN_OPTIONS and code in seen):
            raise Bad
        seen.add(code)
        if code == 10:
            cookie = True
            if length != 8 and not 16 <= length <= 40:
                raise Bad
        if code == 8:
            if length < 4:
                raise Bad
            family, source, scope = struct.unpack_from("!HBB", value)
            if source > {1: 32, 2: 128}.get(family, 0) or scope or \
                    length - 4 != (source + 7) // 8:
                raise Bad
    return cookie


def read_tail(wire, at, ordinary, additional):
    opt = None
    for i in range(ordinary + additional):
        owner = at
        at = skip_name(wire, at, True)
        if len(wire) - at < 10:
            raise Bad
        rtype, _, ttl, length = struct.unpack_from("!HHIH", wire, at)
        at += 10
        if len(wire) - at < length:
            raise Bad
        if rtype == dns.OPT:
            root = wire[owner] == 0 or wire[owner] >= 0xc0 and \
                wire[(wire[owner] & 0x3f) << 8 | wire[owner + 1]] == 0
            if i < ordinary or opt is not None or not root:
                raise Bad
            opt = (ttl >> 16 & 0xff, wire[at:at + length])
        at += length
    if at != len(wire):
        raise Bad
    return opt


def deserves(wire):
    """SILENCE, an rcode, or DONE: any answer that a well-formed query may get."""
    if len(wire) < 12:
        return SILENCE
    _, flags, qd, an, ns, ar = struct.unpack_from("!6H", wire)
    if flags & 0x8000:
        return SILENCE
    if flags & 0x7800:
        return dns.NOTIMP
    try:
        if qd > 1:
            raise Bad
        at = 12
        if qd == 1:
            at = skip_name(wire, at, False)
            if len(wire) - at < 4:
                raise Bad
            at += 4
        opt = read_tail(wire, at, an + ns, ar)
        if opt is not None and opt[0] > 0:
            return 16
        cookie = opt is not None and read_options(opt[1])
        if qd == 0 and not cookie:
            raise Bad
    except Bad:
        return dns.FORMERR
    return DONE


# ---- making them ----

class Maker:
    NAMES = ("casino.example", "www.example.vn", "a.b.c.d.e.example.vn", ".", "x" * 63 + ".vn",
             ".".join(["y" * 60] * 4))

    def __init__(self, seed):
        self.random = random.Random(seed)

    def options(self):
        r = self.random
        return [(r.choice(KNOWN_OPTIONS + (0, 5, 100, 65001)), r.randbytes(r.choice(
            (0, 1, 2, 4, 7, 8, 16, 24, 40, 41)))) for _ in range(r.choice((0, 1, 1, 2, 5, 33)))]

    def query(self):
        r = self.random
        return dns.make_query(r.choice(self.NAMES), r.choice((1, 28, 15, 16, 65, 255, 1000)),
                              edns=r.random() < 0.7, do=r.random() < 0.3, rd=r.random() < 0.9,
                              size=r.choice((0, 511, 512, 1232, 65535)), options=self.options(),
                              version=r.choice((0, 0, 0, 1, 255)),
                              opcode=r.choice((0, 0, 0, 0, 0, 2, 5, 15)))

    def cut(self, wire):
        return wire[:self.random.randrange(len(wire) + 1)]

    def flip(self, wire):
        changed = bytearray(wire)
        for _ in range(self.random.choice((1, 1, 2, 8))):
            changed[self.random.randrange(len(changed))] ^= 1 << self.random.randrange(8)
        return bytes(changed)

    def counts(self, wire):
        changed = bytearray(wire)
        at = self.random.choice((4, 6, 8, 10))
        struct.pack_into("!H", changed, at, self.random.choice((0, 1, 2, 3, 255, 65535)))
        return bytes(changed)

    def point(self, wire):
        """A pointer somewhere, mostly into the wild."""
        if len(wire) < 16:
            return wire
        at = self.random.randrange(12, len(wire) - 1)
        to = self.random.choice((0, 12, at, at + 2, at - 2, 0x3fff))
        return wire[:at] + struct.pack("!H", 0xc000 | to & 0x3fff) + wire[at + 2:]

    def lengthen(self, wire):
        return wire + self.random.randbytes(self.random.choice((1, 4, 11, 200, 1000)))

    def splice(self, wire):
        other = self.query()
        return wire[:self.random.randrange(12, len(wire))] + \
            other[self.random.randrange(12, len(other)):]

    def noise(self, _wire):
        return self.random.randbytes(self.random.randrange(0, 600))

    def noise_behind_a_header(self, _wire):
        return struct.pack("!6H", 0, 0x0100, 1, 0, 0, self.random.choice((0, 1))) + \
            self.random.randbytes(self.random.randrange(0, 300))

    def repeat(self, wire):
        return wire[:12] + wire[12:] * self.random.choice((2, 3, 20))

    def answer(self, wire):
        return wire[:2] + bytes([wire[2] | 0x80]) + wire[3:]

    def make(self, number):
        """One message with this ID, of at most a datagram's usual size."""
        wire = self.query()
        for _ in range(self.random.choice((1, 1, 1, 2, 3))):
            if len(wire) > 13:
                wire = self.random.choice((
                    self.cut, self.flip, self.counts, self.point, self.lengthen, self.splice,
                    self.noise, self.noise_behind_a_header, self.repeat, self.answer))(wire)
        wire = wire[:1400]
        return struct.pack("!H", number) + wire[2:] if len(wire) >= 2 else wire


class Malformed(FilterTest):
    RECORDS = {"www.example.vn": "192.0.2.7"}

    def check(self, sent, reply):
        what = deserves(sent)
        told = (sent.hex(), reply.wire.hex(), what)
        self.assertNotEqual(what, SILENCE, told)
        self.assertTrue(reply.qr, told)
        self.assertEqual(reply.trailing, b"", told)
        self.assertLessEqual(len(reply.wire), 1232, told)
        if what == DONE:
            self.assertNotIn(reply.rcode, (dns.FORMERR, dns.NOTIMP, 16), told)
            return
        self.assertEqual(reply.rcode, what, told)
        self.assertEqual((reply.answer, reply.authority), ([], []), told)
        self.assertLessEqual(len(reply.wire), len(sent), told)

    def ask_between(self, sock, number):
        """A good query; what comes before its answer answers others."""
        ident = GOOD + number % 16
        sock.send(dns.make_query("www.casino.example", ident=ident))
        replies = []
        while True:
            reply = dns.Reply(sock.recv(65535))
            if reply.id == ident:
                self.assert_blocked(reply)
                return replies
            replies.append(reply)

    def play_udp(self, seed):
        maker, heard = Maker(seed), set()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(PATIENCE_S)
            sock.connect(("127.0.0.1", self.port))
            sent = {}
            for number in range(MESSAGES):
                sent[number] = maker.make(number)
                sock.send(sent[number])
                if number % AT_ONCE == AT_ONCE - 1 or number == MESSAGES - 1:
                    for reply in self.ask_between(sock, number // AT_ONCE):
                        self.check(sent[reply.id], reply)
                        heard.add(reply.id)
            # Those that went upstream come late; nothing else may still be owed.
            owed = {n for n, wire in sent.items()
                    if len(wire) >= 2 and deserves(wire) not in (SILENCE, DONE)}
            self.assertEqual(owed - heard, set())
        self.assertGreater(len(owed), MESSAGES // 4)

    def play_tcp(self, seed):
        """The same in frames; each connection ends as the filter or the test likes."""
        maker = Maker(seed + 1000)
        for number in range(0, MESSAGES // 10, 10):
            sent = {n: maker.make(n) for n in range(number, number + 10)}
            with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S) as sock:
                try:
                    for wire in sent.values():
                        sock.sendall(struct.pack("!H", len(wire)) + wire)
                    sock.sendall(maker.random.randbytes(maker.random.randrange(20)))
                    sock.shutdown(socket.SHUT_WR)
                    while True:
                        reply = dns.Reply(dns.receive_tcp(sock))
                        if len(reply.wire) > 1232:
                            self.assertEqual(deserves(sent[reply.id]), DONE)
                        else:
                            self.check(sent[reply.id], reply)
                except TimeoutError:
                    raise
                except OSError:
                    pass  # closed: a frame too short for a header, or ours that ran out

    def test_malformed_messages_get_what_they_deserve_and_good_ones_their_answer(self):
        self.run_filter()
        for seed in range(FIRST_SEED, FIRST_SEED + SEEDS):
            with self.subTest(seed=seed):
                self.play_udp(seed)
                self.play_tcp(seed)
                self.assert_passed(self.ask_filter("www.example.vn"))
        self.assertTrue(self.control("status")["ok"])
        self.stop_clean()


if __name__ == "__main__":
    main()
