#!/usr/bin/env python3
"""RFC 8906 section 8, asked of a recursive server, and what else a client may rely on.

    python3 -B test/suites/rfc8906.py [--servers lachan,unbound] [--only WORDS]

The RFC's tests are written for an authority. Of a resolver they are asked with RD=1; RA=1 is
expected, AA is not; all else is as the RFC has it."""
import os
import socket
import struct
import time

from stage import DNSKEY, RRSIG, Stage, a, record, soa, txt
from suite import BADCOOKIE, BADVERS, Suite, ZONE, dns, main

SUITE = Suite("RFC 8906 section 8, and what else a client may rely on")
case = SUITE.case
AD, CD, Z, RD, AA, TC, RA, QR = 0x20, 0x10, 0x40, 0x100, 0x400, 0x200, 0x80, 0x8000
NSID, ECS, EXPIRE, COOKIE, KEEPALIVE, PADDING = 3, 8, 9, 10, 11, 12
REFUSALS = (dns.FORMERR, dns.NOTIMP, dns.REFUSED)


def query(name=ZONE, rtype=dns.SOA, *, flags=RD, edns=None, rclass=dns.IN, counts=None, tail=b"",
          ident=None, question=None):
    """A query as bytes; `edns`: the OPT record's, if any."""
    ident = int.from_bytes(os.urandom(2), "big") if ident is None else ident
    counts = counts or (1, 0, 0, 1 if edns else 0)
    question = dns.wire_name(name) + struct.pack("!2H", rtype, rclass) \
        if question is None else question
    return struct.pack("!6H", ident, flags, *counts) + question + (edns or b"") + tail


def opt(*, size=1232, version=0, flags=0, options=(), owner=b"\0", raw=None):
    data = b"".join(struct.pack("!2H", code, len(value)) + value for code, value in options) \
        if raw is None else raw
    return owner + struct.pack("!HHBBHH", dns.OPT, size, 0, version, flags, len(data)) + data


def asked(c, wire, *, tcp=False):
    """The parsed answer to these bytes, which must come; the rules of every answer hold."""
    got = c.send(wire, tcp=tcp)
    if got is None:
        raise TimeoutError
    reply = dns.Reply(got)
    reply.flags = struct.unpack_from("!H", got, 2)[0]
    c.expect(reply.qr, "QR is not set")
    c.expect(reply.id == struct.unpack_from("!H", wire)[0], "another ID")
    c.expect(not reply.flags & Z, "the reserved bit came back")
    c.expect(not reply.trailing, "octets behind the message")
    if b"\0\0\x29" not in wire[12:]:
        c.expect(reply.edns_size is None, "an OPT nobody asked for")
    return reply


def has_soa(c, reply):
    c.expect(reply.rcode == dns.NOERROR, "rcode %d" % reply.rcode)
    c.expect(any(r.type == dns.SOA for r in reply.answer), "no SOA in the answer")
    c.expect(reply.flags & RA, "RA is not set")
    c.expect(not reply.ad, "AD without validation")


def has_opt(c, reply):
    c.expect(reply.edns_size is not None, "no OPT")
    c.expect(opt_of(reply)[0] == 0, "an OPT of another version than 0")
    c.expect(not opt_of(reply)[1] & 0x7FFF, "flags of EDNS that are not defined came back")


def opt_of(reply):
    """(version, flags) of the answer's OPT, looked for from the end of its records."""
    at = 12
    for _ in reply.questions:
        at = dns.read_name(reply.wire, at)[1] + 4
    counts = sum(struct.unpack_from("!3H", reply.wire, 6))
    for _ in range(counts):
        at = dns.read_name(reply.wire, at)[1]
        rtype, _, _, version, flags, length = struct.unpack_from("!HHBBHH", reply.wire, at)
        if rtype == dns.OPT:
            return version, flags
        at += 10 + length
    return 0, 0


def is_bad_version(c, reply):
    c.expect(reply.rcode == BADVERS, "rcode %d, not BADVERS" % reply.rcode)
    c.expect(not reply.answer, "an answer beside BADVERS")
    has_opt(c, reply)


# ---- 8.1 basic DNS ----

@case("8.1.1", "SOA of a zone that exists: NOERROR, the SOA, RA, no AD, no OPT")
def soa_of_the_zone(c):
    reply = asked(c, query())
    has_soa(c, reply)
    c.expect(reply.rd, "RD is not copied")
    c.expect(reply.questions == [(ZONE, dns.SOA, dns.IN)], "another question in the answer")


@case("8.1.2", "a type nobody knows: NOERROR, nothing, no OPT")
def unknown_type(c):
    reply = asked(c, query(rtype=1000))
    c.expect(reply.rcode == dns.NOERROR and not reply.answer, "rcode %d" % reply.rcode)


@case("8.1.3.1", "CD=1: answered as without")
def cd_bit(c):
    has_soa(c, asked(c, query(flags=RD | CD)))


@case("8.1.3.2", "AD=1: answered; AD comes back only where something was validated")
def ad_bit(c):
    has_soa(c, asked(c, query(flags=RD | AD)))


@case("8.1.3.3", "the reserved bit is ignored and does not come back")
def reserved_bit(c):
    has_soa(c, asked(c, query(flags=RD | Z)))


@case("8.1.3.4", "a recursive query: RD is copied")
def recursive_query(c):
    reply = asked(c, query())
    has_soa(c, reply)
    c.expect(reply.rd, "RD is not copied")


@case("8.1.3.4", "RD=0 is answered: from what is known, or REFUSED, never with RD=1")
def not_recursive_query(c):
    reply = asked(c, query(name="norec." + ZONE, rtype=dns.A, flags=0))
    c.expect(not reply.rd, "RD came from nowhere")
    c.expect(reply.rcode in (dns.NOERROR, dns.REFUSED), "rcode %d" % reply.rcode)


@case("8.1.4", "opcode 15, header alone: NOTIMP, no AA, no OPT")
def unknown_opcode(c):
    reply = asked(c, query(flags=15 << 11, counts=(0, 0, 0, 0), question=b""))
    c.expect(reply.rcode == dns.NOTIMP, "rcode %d, not NOTIMP" % reply.rcode)
    c.expect(not reply.aa and reply.opcode == 15, "AA, or another opcode")


for number, name in ((1, "iquery"), (2, "status"), (3, "unassigned"), (6, "dso"), (7, "7"),
                     (14, "14")):
    @case("8.1.4", "opcode %d with a question: NOTIMP (or FORMERR, REFUSED)" % number,
          ident="opcode-" + name)
    def opcode(c, number=number):
        reply = asked(c, query(flags=number << 11))
        c.expect(reply.rcode in REFUSALS, "rcode %d" % reply.rcode)
        c.expect(not reply.answer, "an answer")

for number, name in ((4, "notify"), (5, "update")):
    @case("8.1.4", "opcode %d from a stranger: told no, not silence" % number,
          ident="opcode-" + name)
    def opcode_of_zones(c, number=number):
        reply = asked(c, query(flags=number << 11))
        c.expect(reply.rcode in (*REFUSALS, 9), "rcode %d" % reply.rcode)


@case("8.1.5", "TCP: as UDP")
def over_tcp(c):
    has_soa(c, asked(c, query(), tcp=True))


# ---- 8.2 EDNS ----

@case("8.2.1", "minimal EDNS: NOERROR, the SOA, an OPT of version 0")
def minimal_edns(c):
    reply = asked(c, query(edns=opt()))
    has_soa(c, reply)
    has_opt(c, reply)


@case("8.2.2", "EDNS version 1: BADVERS, no answer, an OPT of version 0")
def edns_version(c):
    is_bad_version(c, asked(c, query(edns=opt(version=1))))


@case("8.2.2", "EDNS version 255: likewise")
def edns_version_255(c):
    is_bad_version(c, asked(c, query(edns=opt(version=255))))


@case("8.2.3", "an option nobody knows: ignored, and does not come back")
def unknown_option(c):
    reply = asked(c, query(edns=opt(options=[(100, b"")])))
    has_soa(c, reply)
    has_opt(c, reply)
    c.expect(100 not in reply.options, "option 100 came back")


@case("8.2.4", "a flag nobody knows: ignored, and does not come back")
def unknown_flag(c):
    reply = asked(c, query(edns=opt(flags=0x40)))
    has_soa(c, reply)
    has_opt(c, reply)


@case("8.2.5", "version 1 and an unknown flag: BADVERS, the flag does not come back")
def version_and_flag(c):
    is_bad_version(c, asked(c, query(edns=opt(version=1, flags=0x40))))


@case("8.2.6", "version 1 and an unknown option: BADVERS, the option does not come back")
def version_and_option(c):
    reply = asked(c, query(edns=opt(version=1, options=[(100, b"")])))
    is_bad_version(c, reply)
    c.expect(100 not in reply.options, "option 100 came back")


@case("8.2.7", "what does not fit into 512 octets: at most 512, TC, an OPT")
def truncated(c):
    wire = query(rtype=DNSKEY, edns=opt(size=512, flags=0x8000))
    reply = asked(c, wire)
    has_opt(c, reply)
    c.expect(len(reply.wire) <= 512, "%d octets" % len(reply.wire))
    c.expect(reply.tc and reply.rcode == dns.NOERROR, "TC is not set")


@case("8.2.8", "DO=1: the SOA with its RRSIG, DO comes back")
def dnssec_ok(c):
    reply = asked(c, query(edns=opt(flags=0x8000)))
    has_soa(c, reply)
    has_opt(c, reply)
    c.expect(any(r.type == RRSIG for r in reply.answer), "the RRSIG is missing")
    c.expect(reply.do, "DO is not copied")


@case("8.2.9", "version 1 and DO: BADVERS, DO comes back as in 8.2.8")
def version_and_dnssec_ok(c):
    is_bad_version(c, asked(c, query(edns=opt(version=1, flags=0x8000))))


@case("8.2.10", "COOKIE, NSID, EXPIRE and ECS together: NOERROR, the SOA")
def many_options(c):
    reply = asked(c, query(edns=opt(options=[(COOKIE, os.urandom(8)), (NSID, b""), (EXPIRE, b""),
                                             (ECS, bytes([0, 1, 0, 0]))])))
    has_soa(c, reply)
    has_opt(c, reply)


for ident, how in (("version", {"version": 1}), ("option", {"options": [(100, b"x")]}),
                   ("flag", {"flags": 0x40}), ("dnssec-ok", {"flags": 0x8000})):
    @case("8.2", "the same over TCP", ident="edns-over-tcp-" + ident)
    def edns_over_tcp(c, how=how):
        reply = asked(c, query(edns=opt(**how)), tcp=True)
        c.expect(reply.rcode == (BADVERS if "version" in how else dns.NOERROR),
                 "rcode %d" % reply.rcode)
        has_opt(c, reply)


@case("8.3", "every query with EDNS is answered with something")
def edns_is_never_silence(c):
    for version in (0, 1, 2):
        for flags in (0, 0x8000, 0x40):
            for options in ([], [(100, b"")], [(NSID, b"")]):
                asked(c, query(edns=opt(version=version, flags=flags, options=options)))


# ---- more of EDNS ----

@case("RFC 6891 6.1.1", "two OPT records: FORMERR")
def two_opt(c):
    reply = asked(c, query(edns=opt(), tail=opt(), counts=(1, 0, 0, 2)))
    c.expect(reply.rcode == dns.FORMERR, "rcode %d" % reply.rcode)


@case("RFC 6891 6.1.2", "an OPT whose owner is not the root: FORMERR, or as if it were not there")
def opt_with_a_name(c):
    reply = asked(c, query(edns=opt(owner=dns.wire_name("a"))))
    c.expect(reply.rcode in (dns.FORMERR, dns.NOERROR), "rcode %d" % reply.rcode)


@case("RFC 6891 6.1.1", "an OPT in the answer section: answered")
def opt_in_the_answer_section(c):
    reply = asked(c, query(tail=opt(), counts=(1, 1, 0, 0)))
    c.expect(reply.rcode in (dns.FORMERR, dns.NOERROR), "rcode %d" % reply.rcode)


@case("RFC 6891 6.2.5", "a payload size of 0 is taken for 512")
def payload_size_zero(c):
    reply = asked(c, query(edns=opt(size=0)))
    has_soa(c, reply)
    reply = asked(c, query(rtype=DNSKEY, edns=opt(size=0)))
    c.expect(len(reply.wire) <= 512 and reply.tc, "%d octets" % len(reply.wire))


@case("RFC 1035 2.3.4", "without EDNS at most 512 octets, and TC")
def plain_limit(c):
    reply = asked(c, query(rtype=DNSKEY))
    c.expect(len(reply.wire) <= 512 and reply.tc, "%d octets" % len(reply.wire))


@case("RFC 9715", "at most 1232 octets over UDP, whatever size the client offers")
def flag_day_limit(c):
    reply = asked(c, query(rtype=DNSKEY, edns=opt(size=4096)))
    c.expect(len(reply.wire) <= 1232, "%d octets" % len(reply.wire))
    c.expect(reply.edns_size >= 512, "offers %s itself" % reply.edns_size)


@case("RFC 7766", "what was truncated comes whole over TCP")
def whole_over_tcp(c):
    reply = asked(c, query(rtype=DNSKEY, edns=opt()), tcp=True)
    c.expect(not reply.tc and len(reply.answer) == 6, "%d of 6 records" % len(reply.answer))


@case("RFC 6891 6.1.2", "an option longer than the OPT: FORMERR")
def option_past_the_end(c):
    reply = asked(c, query(edns=opt(raw=struct.pack("!2H", 100, 40) + b"short")))
    c.expect(reply.rcode == dns.FORMERR, "rcode %d" % reply.rcode)


@case("RFC 6891 6.1.2", "half an option: FORMERR")
def half_an_option(c):
    reply = asked(c, query(edns=opt(raw=b"\0\3\0")))
    c.expect(reply.rcode == dns.FORMERR, "rcode %d" % reply.rcode)


@case("CVE-2026-42944", "an option that is known, fifty times: answered, a short answer, serves on")
def repeated_options(c):
    for code in (NSID, COOKIE, PADDING):
        options = [(code, b"" if code == NSID else bytes(8))] * 50
        reply = asked(c, query(edns=opt(options=options)))
        c.expect(reply.rcode in (dns.FORMERR, dns.NOERROR, BADCOOKIE), "rcode %d" % reply.rcode)
        c.expect(len(reply.wire) <= 512, "%d octets" % len(reply.wire))
    c.alive()


@case("CVE-2026-41292", "250 options: answered, serves on")
def very_many_options(c):
    reply = asked(c, query(edns=opt(options=[(1000 + i, b"") for i in range(250)])))
    c.expect(reply.rcode in (dns.FORMERR, dns.NOERROR), "rcode %d" % reply.rcode)
    c.alive()


@case("RFC 5001", "NSID: answered; a name of the server only where one was given")
def nsid(c):
    reply = asked(c, query(edns=opt(options=[(NSID, b"")])))
    has_soa(c, reply)
    c.expect(not reply.options.get(NSID), "tells %r" % reply.options.get(NSID))


@case("RFC 7828", "keepalive over UDP is ignored")
def keepalive_over_udp(c):
    reply = asked(c, query(edns=opt(options=[(KEEPALIVE, b"")])))
    has_soa(c, reply)
    c.expect(KEEPALIVE not in reply.options, "came back over UDP")


@case("RFC 7828", "keepalive over TCP: answered")
def keepalive_over_tcp(c):
    has_soa(c, asked(c, query(edns=opt(options=[(KEEPALIVE, b"")])), tcp=True))


@case("RFC 7830", "padding: answered")
def padding(c):
    has_soa(c, asked(c, query(edns=opt(options=[(PADDING, bytes(40))]))))


# ---- cookies ----

@case("RFC 7873", "a client's cookie: answered; what comes back begins with it and is 16 to 40 long")
def client_cookie(c):
    cookie = os.urandom(8)
    reply = asked(c, query(edns=opt(options=[(COOKIE, cookie)])))
    has_soa(c, reply)
    got = reply.options.get(COOKIE)
    c.expect(got is None or (got[:8] == cookie and 16 <= len(got) <= 40), "answers %r" % got)


@case("RFC 9018", "a server's cookie that is its own is taken")
def own_cookie(c):
    cookie = os.urandom(8)
    got = asked(c, query(edns=opt(options=[(COOKIE, cookie)]))).options.get(COOKIE)
    if got is None:
        return  # no cookies here: 7873 allows that
    has_soa(c, asked(c, query(edns=opt(options=[(COOKIE, got)]))))


@case("RFC 7873 5.2.3", "a server's cookie that is not its own: answered, or BADCOOKIE")
def foreign_cookie(c):
    reply = asked(c, query(edns=opt(options=[(COOKIE, os.urandom(24))])))
    c.expect(reply.rcode in (dns.NOERROR, BADCOOKIE), "rcode %d" % reply.rcode)


for length in (0, 1, 7, 9, 15, 41):
    @case("RFC 7873 5.2.2", "a cookie of %d octets: FORMERR, or no cookies are spoken" % length,
          ident="cookie-of-%d" % length)
    def cookie_length(c, length=length):
        reply = asked(c, query(edns=opt(options=[(COOKIE, bytes(length))])))
        c.expect(reply.rcode == dns.FORMERR or
                 (reply.rcode == dns.NOERROR and COOKIE not in reply.options),
                 "rcode %d" % reply.rcode)


# ---- client subnet ----

@case("RFC 7871 7.1.2", "a client's subnet: answered, and not told upstream")
def client_subnet(c):
    name = "ecs.%s" % ZONE
    reply = asked(c, query(name, dns.A, edns=opt(options=[(ECS, bytes([0, 1, 24, 0, 9, 9, 9]))])))
    c.expect(reply.rcode == dns.NOERROR and reply.answer, "rcode %d" % reply.rcode)
    told = [q for q in c.stage.asked(name) if ECS in q.options]
    c.expect(not told, "the subnet went upstream")


@case("RFC 7871 7.1.2", "a subnet of 0 bits: answered")
def client_subnet_of_nothing(c):
    has_soa(c, asked(c, query(edns=opt(options=[(ECS, bytes([0, 1, 0, 0]))]))))


for ident, data in (("short", b"\0\1"), ("scope", bytes([0, 1, 24, 24, 9, 9, 9])),
                    ("length", bytes([0, 1, 64, 0]) + bytes(8))):
    @case("RFC 7871 6", "a subnet that is not well formed (%s): FORMERR, or ignored" % ident,
          ident="client-subnet-bad-" + ident)
    def bad_subnet(c, data=data):
        reply = asked(c, query(edns=opt(options=[(ECS, data)])))
        c.expect(reply.rcode in (dns.FORMERR, dns.NOERROR, dns.REFUSED), "rcode %d" % reply.rcode)


# ---- names and letters ----

@case("RFC 5452", "the question comes back in the client's letters; each client gets his own")
def letter_case(c):
    for name in ("CaSe." + ZONE, "case." + ZONE, "CASE.SuItE.example.VN"):
        reply = asked(c, query(name, dns.A))
        c.expect(reply.questions and reply.questions[0][0] == name,
                 "%s came back as %s" % (name, reply.questions and reply.questions[0][0]))
        c.expect(len(reply.answer) == 1, "no answer for %s" % name)


@case("RFC 1035 2.3.4", "a name of 255 octets is answered")
def longest_name(c):
    room = 255 - len(dns.wire_name(ZONE))
    labels = []
    while room > 1:
        labels.append("l" * min(63, room - 1))
        room -= len(labels[-1]) + 1
    name = ".".join(labels) + "." + ZONE
    reply = asked(c, query(name, dns.A))
    c.expect(reply.rcode == dns.NOERROR and reply.answer, "rcode %d" % reply.rcode)


@case("RFC 1035 3.1", "a name of 127 labels is answered")
def most_labels(c):
    labels = (255 - len(dns.wire_name(ZONE))) // 2
    reply = asked(c, query("a." * labels + ZONE, dns.A))
    c.expect(reply.rcode == dns.NOERROR and reply.answer, "rcode %d" % reply.rcode)


@case("RFC 1035 2.3.4", "a name of 256 octets: FORMERR")
def name_too_long(c):
    question = (b"\x3f" + b"a" * 63) * 3 + b"\x3e" + b"b" * 62 + b"\1c\0" + struct.pack("!2H", 1, 1)
    reply = asked_header(c, query(question=question))
    c.expect(reply == dns.FORMERR, "rcode %s" % reply)


def asked_header(c, wire):
    """The rcode alone: of an answer whose question need not be readable."""
    got = c.send(wire)
    if got is None:
        raise TimeoutError
    c.expect(got[:2] == wire[:2] and got[2] & 0x80, "not an answer to this query")
    return got[3] & 15


for ident, label in (("dot", b"a.b"), ("nul", b"a\0b"), ("space", b"a b"), ("high", b"\xc3\xa9"),
                     ("underscore", b"_dmarc"), ("star", b"*"), ("slash", b"1/2"),
                     ("backslash", b"a\\b"), ("quote", b"a\"b"), ("high-bytes", b"\xff\xfe")):
    @case("RFC 2181 11", "any octet in a label (%s): answered, and the question comes back" % ident,
          ident="label-with-" + ident)
    def odd_label(c, label=label):
        question = bytes([len(label)]) + label + dns.wire_name(ZONE) + struct.pack("!2H", 1, 1)
        wire = query(question=question)
        got = c.send(wire)
        if got is None:
            raise TimeoutError
        c.expect(got[12:12 + len(question)] == question, "another question in the answer")
        c.expect(got[3] & 15 == 0 and got[7] == 1, "rcode %d, %d records" % (got[3] & 15, got[7]))


@case("RFC 1034", "the root can be asked for")
def root_name(c):
    c.stage.put("", record("", dns.NS, 3600, dns.wire_name("ns." + ZONE)), rtype=dns.NS)
    reply = asked(c, query("", dns.NS))
    c.expect(reply.rcode == dns.NOERROR, "rcode %d" % reply.rcode)


# ---- queries that are no good ----

@case("RFC 9619", "QDCOUNT=0: FORMERR, or NOERROR without data")
def no_question(c):
    reply = asked(c, query(counts=(0, 0, 0, 0), question=b""))
    c.expect(reply.rcode in (*REFUSALS, dns.NOERROR), "rcode %d" % reply.rcode)
    c.expect(not reply.answer, "an answer to nothing")


@case("RFC 9619", "QDCOUNT=2: FORMERR")
def two_questions(c):
    question = (dns.wire_name(ZONE) + struct.pack("!2H", dns.SOA, 1)) * 2
    reply = asked_header(c, query(question=question, counts=(2, 0, 0, 0)))
    c.expect(reply == dns.FORMERR, "rcode %s" % reply)


for ident, wire in (
        ("half-a-question", query(question=dns.wire_name(ZONE) + b"\0")),
        ("a-label-past-the-end", query(question=b"\x3fabc")),
        ("a-label-of-another-kind", query(question=b"\x41" + b"a" * 65 + b"\0\0\1\0\1")),
        ("a-pointer-to-itself", query(question=b"\xc0\x0c\0\1\0\1")),
        ("a-pointer-forward", query(question=b"\xc0\x20\0\1\0\1" + bytes(30))),
        ("a-record-that-is-missing", query(counts=(1, 0, 0, 1))),
        ("a-record-past-the-end", query(tail=b"\0\0\1\0\1\0\0\0\0\xff\xff", counts=(1, 0, 0, 1)))):
    @case("RFC 5625 / 9267", "malformed (%s): FORMERR or silence, and serves on" % ident,
          ident="malformed-" + ident)
    def malformed(c, wire=wire):
        got = dns_or_none(c, wire)
        c.expect(got is None or got[3] & 15 == dns.FORMERR, "rcode %d" % (got[3] & 15 if got else 0))
        c.alive()


def dns_or_none(c, wire, patient=True):
    try:
        return dns.ask_bytes(c.address, wire, timeout=0.7 * (c.patience if patient else 1))
    except OSError:
        return None


@case("RFC 8906 3", "malformed: the asker is told so (FORMERR) where the header could be read")
def malformed_is_told(c):
    for wire in (query(question=dns.wire_name(ZONE) + b"\0"), query(counts=(1, 0, 0, 1))):
        got = dns_or_none(c, wire)
        c.expect(got is not None and got[3] & 15 == dns.FORMERR, "silence")


@case("RFC 1035 4.1.1", "answers, and less than a header: silence")
def no_query_no_answer(c):
    for wire in (query(flags=QR | RD), query()[:11], b"\0", b""):
        c.expect(dns_or_none(c, wire, patient=False) is None, "an answer to %r" % wire[:12])


@case("RFC 1035", "octets behind the message: answered or FORMERR")
def octets_behind(c):
    reply = asked(c, query(tail=b"more"))
    c.expect(reply.rcode in (dns.NOERROR, dns.FORMERR), "rcode %d" % reply.rcode)


for ident, flags in (("aa", AA), ("tc", TC), ("ra", RA), ("rcode", 3)):
    @case("RFC 8906 3.1", "%s set in a query: ignored" % ident.upper(), ident="query-with-" + ident)
    def odd_flags(c, flags=flags):
        reply = asked(c, query(flags=RD | flags))
        c.expect(reply.rcode in (dns.NOERROR, dns.FORMERR), "rcode %d" % reply.rcode)
        c.expect(not reply.tc and not reply.aa, "the bit came back")


@case("RFC 1035", "a record in the answer section of a query: answered")
def record_in_a_query(c):
    reply = asked(c, query(tail=a("x.example", "9.8.7.1"), counts=(1, 1, 0, 0)))
    c.expect(reply.rcode in (dns.NOERROR, dns.FORMERR), "rcode %d" % reply.rcode)


# ---- kinds of questions ----

@case("RFC 8482", "ANY: answered in at most 1232 octets over UDP")
def any_type(c):
    name = "any." + ZONE
    c.stage.put(name, *[txt(name, "%02d" % i + "x" * 200) for i in range(15)], rtype=dns.ANY)
    reply = asked(c, query(name, dns.ANY, edns=opt(size=4096)))
    c.expect(len(reply.wire) <= 1232, "%d octets" % len(reply.wire))
    c.expect(reply.rcode in (dns.NOERROR, *REFUSALS), "rcode %d" % reply.rcode)


@case("T24", "ANY is answered small: at most ten times what was asked")
def any_is_small(c):
    name = "any2." + ZONE
    c.stage.put(name, *[txt(name, "%02d" % i + "x" * 200) for i in range(5)], rtype=dns.ANY)
    wire = query(name, dns.ANY, edns=opt(size=4096))
    reply = asked(c, wire)
    c.expect(len(reply.wire) <= 10 * len(wire), "%d octets for %d" % (len(reply.wire), len(wire)))


for rtype, name in ((251, "ixfr"), (252, "axfr"), (253, "mailb"), (254, "maila"), (249, "tkey"),
                    (250, "tsig"), (41, "opt"), (0, "0"), (65535, "65535"), (46, "rrsig"),
                    (128, "128")):
    @case("RFC 8906 3.1.2", "type %s: answered, by whatever code" % name.upper(),
          ident="type-" + name)
    def odd_type(c, rtype=rtype):
        asked(c, query(rtype=rtype))


@case("RFC 5936", "AXFR over TCP: refused, not forwarded")
def transfer_over_tcp(c):
    reply = asked(c, query(rtype=252), tcp=True)
    c.expect(reply.rcode in (*REFUSALS, 9) or not reply.answer, "rcode %d" % reply.rcode)


for rclass, name in ((3, "ch"), (4, "hs"), (2, "cs"), (254, "none"), (255, "any"), (0, "0"),
                     (300, "300")):
    @case("RFC 8906 3.1.5", "class %s: answered, by whatever code" % name.upper(),
          ident="class-" + name)
    def odd_class(c, rclass=rclass):
        asked(c, query(rclass=rclass))


@case("T29", "version.bind tells no version")
def no_version(c):
    reply = asked(c, query("version.bind", dns.TXT, rclass=dns.CH))
    told = b"".join(r.data for r in reply.answer).lower()
    c.expect(not any(ch.isdigit() for ch in told.decode("latin-1")), "tells %r" % told)


@case("RFC 3597", "a record of a type nobody knows comes through unchanged")
def unknown_rdata(c):
    name, data = "opaque." + ZONE, bytes(range(256))
    c.stage.put(name, record(name, 65280, 300, data), rtype=65280)
    reply = asked(c, query(name, 65280, edns=opt()))
    c.expect([r.data for r in reply.answer] == [data], "other octets came")


@case("RFC 9460", "HTTPS and SVCB come through")
def https_type(c):
    name = "svc." + ZONE
    for rtype in (64, 65):
        c.stage.put(name, record(name, rtype, 300, b"\0\1\0\0\1\0\3\2h2"), rtype=rtype)
        reply = asked(c, query(name, rtype))
        c.expect(len(reply.answer) == 1, "%d records of type %d" % (len(reply.answer), rtype))


@case("RFC 1034 3.7", "a name that is not there: NXDOMAIN and the zone's SOA")
def no_such_name(c):
    reply = asked(c, query("nx.%s" % ZONE, dns.AAAA))
    c.expect(reply.rcode == dns.NXDOMAIN, "rcode %d" % reply.rcode)
    c.expect([r.type for r in reply.authority] == [dns.SOA], "no SOA")


@case("RFC 2308 2.2", "a type that is not there: NOERROR and the zone's SOA")
def no_such_type(c):
    reply = asked(c, query("nodata.%s" % ZONE, dns.AAAA))
    c.expect(reply.rcode == dns.NOERROR and not reply.answer, "rcode %d" % reply.rcode)
    c.expect([r.type for r in reply.authority] == [dns.SOA], "no SOA")


@case("RFC 1034 6.2.7", "AA is not set: the data is others', from the cache too")
def not_authoritative(c):
    for _ in range(2):
        reply = asked(c, query("aa." + ZONE, dns.A))
        c.expect(not reply.aa, "AA is set")


# ---- DNSSEC's bits ----

@case("RFC 3225", "without DO no RRSIG comes, though another client has asked for them")
def signatures_only_on_demand(c):
    name = "do." + ZONE
    with_do = asked(c, query(name, dns.A, edns=opt(flags=0x8000)))
    c.expect(any(r.type == RRSIG for r in with_do.answer), "no RRSIG with DO")
    for edns in (None, opt()):
        reply = asked(c, query(name, dns.A, edns=edns))
        c.expect(reply.answer and all(r.type == dns.A for r in reply.answer), "RRSIG without DO")
    c.expect(any(r.type == RRSIG for r in
                 asked(c, query(name, dns.A, edns=opt(flags=0x8000))).answer),
             "no RRSIG with DO after an ask without")


@case("RFC 4035 3.2.2", "CD is copied into the answer")
def cd_is_copied(c):
    for _ in range(2):
        reply = asked(c, query("cd." + ZONE, dns.A, flags=RD | CD))
        c.expect(reply.cd, "CD is not copied")


@case("RFC 4035 3.2.3", "AD of an upstream that is not trusted is not passed on")
def ad_is_not_believed(c):
    name = "ad." + ZONE
    c.stage.play(name, lambda q: c.stage.send(q, answer=[q.a("9.8.7.9")], flags=0x81A0))
    for _ in range(2):
        reply = asked(c, query(name, dns.A, flags=RD | AD, edns=opt(flags=0x8000)))
        c.expect(not reply.ad and reply.answer, "AD passed on")


# ---- lifetimes ----

def ttl_twice(c, name, rtype=dns.A, section="answer"):
    """TTLs at the first ask and 2 s later, and how often upstream was asked."""
    first = getattr(asked(c, query(name, rtype)), section)[0].ttl
    time.sleep(2.1)
    second = getattr(asked(c, query(name, rtype)), section)[0].ttl
    return first, second, len(c.stage.asked(name))


@case("RFC 1035 7.4", "a TTL sinks while the answer is kept")
def ttl_sinks(c):
    name = "ttl." + ZONE
    c.stage.put(name, a(name, "9.8.7.1", 300))
    first, second, count = ttl_twice(c, name)
    c.expect(count == 1 and second < first <= 300, "%d, then %d, asked %d" % (first, second, count))


@case("RFC 1035 3.2.1", "a TTL of 0 is not kept")
def ttl_zero(c):
    name = "ttl0." + ZONE
    c.stage.put(name, a(name, "9.8.7.1", 0))
    first, second, count = ttl_twice(c, name)
    c.expect(count == 2 and first == second == 0, "%d, %d, asked %d" % (first, second, count))


@case("RFC 2181 8", "a TTL above 31 bits is 0, or at most a week")
def ttl_above_31_bits(c):
    for ident, ttl in (("2g", 2 ** 31), ("4g", 2 ** 32 - 1)):
        name = "ttl-%s.%s" % (ident, ZONE)
        c.stage.put(name, a(name, "9.8.7.1", ttl))
        got = asked(c, query(name, dns.A)).answer[0].ttl
        c.expect(got <= 604800, "%d" % got)


@case("RFC 8767 4", "a TTL of 68 years is capped at a week or less")
def ttl_capped(c):
    name = "ttl-long." + ZONE
    c.stage.put(name, a(name, "9.8.7.1", 2 ** 31 - 1))
    for _ in range(2):
        got = asked(c, query(name, dns.A)).answer[0].ttl
        c.expect(got <= 604800, "%d" % got)


@case("RFC 2181 5.2", "one RRset, one TTL: the smallest")
def ttls_of_one_rrset(c):
    name = "ttls." + ZONE
    c.stage.put(name, a(name, "9.8.7.1", 300), a(name, "9.8.7.2", 60), a(name, "9.8.7.3", 900))
    asked(c, query(name, dns.A))
    got = sorted(r.ttl for r in asked(c, query(name, dns.A)).answer)
    c.expect(len(got) == 3 and got[0] == got[2] <= 60, "%s" % got)


@case("RFC 2308 5", "a denial is kept as long as its SOA, and sinks")
def negative_ttl(c):
    name, zone = "neg.own." + ZONE, "own." + ZONE
    c.stage.play(name, lambda q: c.stage.send(q, rcode=dns.NXDOMAIN,
                                              authority=[soa(zone, ttl=40, minimum=40)]))
    first, second, count = ttl_twice(c, name, section="authority")
    c.expect(count == 1 and second < first <= 40, "%d, then %d, asked %d" % (first, second, count))


@case("RFC 2308 5", "a denial that would live for years is kept for a day at most")
def negative_ttl_capped(c):
    name, zone = "neg.long." + ZONE, "long." + ZONE
    c.stage.play(name, lambda q: c.stage.send(
        q, rcode=dns.NXDOMAIN, authority=[soa(zone, ttl=2 ** 31 - 1, minimum=2 ** 31 - 1)]))
    for _ in range(2):
        got = asked(c, query(name, dns.A)).authority[0].ttl
        c.expect(got <= 86400, "%d" % got)


# ---- TCP ----

def stream(c):
    sock = socket.create_connection(c.address, timeout=6.0 * c.patience)
    sock.settimeout(6.0 * c.patience)
    return sock


def framed(wire):
    return struct.pack("!H", len(wire)) + wire


@case("RFC 7766 6.2.1", "one connection, three questions one after the other")
def tcp_one_after_the_other(c):
    with stream(c) as sock:
        for i in range(3):
            sock.sendall(framed(query("tcp%d.%s" % (i, ZONE), dns.A)))
            c.expect(dns.Reply(dns.receive_tcp(sock)).answer, "no answer")


@case("RFC 7766 6.2.1.1", "one connection, twenty questions at once: all are answered")
def tcp_pipelined(c):
    wires = [query("pipe%d.%s" % (i, ZONE), dns.A, ident=i + 1) for i in range(20)]
    with stream(c) as sock:
        sock.sendall(b"".join(framed(w) for w in wires))
        got = {dns.Reply(dns.receive_tcp(sock)).id for _ in wires}
    c.expect(got == set(range(1, 21)), "%d of 20" % len(got))


@case("RFC 7766 7", "a slow answer does not hold up the next one on its connection")
def tcp_out_of_order(c):
    def slow(q):
        time.sleep(1.0)
        c.stage.tell(q)
    c.stage.play("slow." + ZONE, slow)
    with stream(c) as sock:
        sock.sendall(framed(query("slow." + ZONE, dns.A, ident=1)) +
                     framed(query("fast." + ZONE, dns.A, ident=2)))
        first = dns.Reply(dns.receive_tcp(sock)).id
        second = dns.Reply(dns.receive_tcp(sock)).id
    c.expect((first, second) == (2, 1), "came as %d, %d" % (first, second))


@case("RFC 7766 8", "a question that comes in two pieces is answered")
def tcp_in_pieces(c):
    wire = framed(query())
    with stream(c) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(wire), 7):
            sock.sendall(wire[at:at + 7])
            time.sleep(0.02)
        c.expect(dns.Reply(dns.receive_tcp(sock)).answer, "no answer")


@case("RFC 7766 6.2.4", "who closes his side for writing is still answered")
def tcp_half_closed(c):
    with stream(c) as sock:
        sock.sendall(framed(query("half." + ZONE, dns.A)))
        sock.shutdown(socket.SHUT_WR)
        c.expect(dns.Reply(dns.receive_tcp(sock)).answer, "no answer")


@case("RFC 7766", "a length of 0, nonsense, and 64 KiB of nonsense: serves on")
def tcp_nonsense(c):
    for wire in (b"\0\0", b"\0\5abcde", b"\xff\xff" + bytes(65535), framed(query()[:20])):
        with stream(c) as sock:
            sock.sendall(wire)
            sock.settimeout(0.3)
            try:
                sock.recv(4096)
            except OSError:
                pass
    reply = asked(c, query(), tcp=True)
    has_soa(c, reply)


@case("RFC 7766 6.1.3", "a hundred connections that say nothing: the next question is answered", alone=True)
def tcp_idle_ones(c):
    idle = []
    try:
        for i in range(100):
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            idle.append(sock)
            sock.bind(("127.0.9.%d" % (i % 10 + 1), 0))
            sock.settimeout(2.0)
            sock.connect(c.address)
        has_soa(c, asked(c, query(), tcp=True))
        has_soa(c, asked(c, query()))
    finally:
        for sock in idle:
            sock.close()


@case("RFC 1035 4.2.1", "the same question twice with one ID: two answers")
def same_question_twice(c):
    wire = query("twice." + ZONE, dns.A, ident=77)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(6.0 * c.patience)
        sock.connect(c.address)
        asked(c, wire)  # into the cache
        sock.send(wire)
        sock.send(wire)
        got = [sock.recv(4096)[:2] for _ in range(2)]
    c.expect(got == [wire[:2]] * 2, "%r" % got)


GROUPS = {"plain": Stage}

if __name__ == "__main__":
    main(SUITE, GROUPS)
