#!/usr/bin/env python3
"""Asks us and unbound the same names and types through one recorded upstream, and explains every
difference.

    python3 -B test/suites/compare.py [--count 20000] [--seed 1] [--markdown FILE]

Answers are compared after what may differ is taken away: order, letter case of names within
data, compression, and seconds that have passed. Both forward, validate nothing, block nothing.
Status 1 if one difference stays unexplained. Skipped where unbound is not installed."""
import argparse
import collections
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

import peers
import recorded
from suite import dns, more_descriptors
from lachan_test import SKIPPED, free_port

HERE = os.path.dirname(os.path.abspath(__file__))
DAY_S, HOUR_S = 86400, 3600
WINDOW = 64  # questions in flight at one server
# The names within data: n a name, digits octets, s a string; then the rest as it is.
SHAPES = {recorded.NS: "n", recorded.CNAME: "n", recorded.PTR: "n", recorded.DNAME: "n",
          recorded.MX: "2n", recorded.SOA: "nn", recorded.SRV: "6n", recorded.RP: "nn",
          recorded.AFSDB: "2n", recorded.KX: "2n", recorded.NAPTR: "4sssn", recorded.RRSIG: "*n",
          recorded.NSEC: "n", recorded.SVCB: "2n", recorded.HTTPS: "2n"}
SIGNATURE_HEAD = 18
NAMES = {getattr(recorded, name): name for name in dir(recorded)
         if name.isupper() and isinstance(getattr(recorded, name), int)}


def type_name(rtype):
    return NAMES.get(rtype, "TYPE%d" % rtype)


def canonical(wire, at, length, rtype):
    """The data with names in lower case and uncompressed."""
    end, out = at + length, b""
    for piece in SHAPES.get(rtype, ""):
        size = 0
        if piece == "n":
            name, at = dns.read_name(wire, at)
            out += dns.wire_name(name.lower())
        elif piece == "s":
            size = wire[at] + 1
        elif piece == "*":
            size = SIGNATURE_HEAD
        else:
            size = int(piece)
        out += wire[at:at + size]
        at += size
    return out + wire[at:end]


class Answer:
    """What is compared: rcode, flags, and of each section {(owner, type, data): TTL}."""

    def __init__(self, wire):
        self.wire = wire
        _, self.flags, questions, *counts = struct.unpack_from("!6H", wire)
        self.rcode, self.tc = self.flags & 15, bool(self.flags & 0x200)
        at = 12
        for _ in range(questions):
            at = dns.read_name(wire, at)[1] + 4
        self.sections, self.repeated, self.opt = [], 0, None
        for count in counts:
            section = {}
            for _ in range(count):
                owner, at = dns.read_name(wire, at)
                rtype, _, ttl, length = struct.unpack_from("!HHIH", wire, at)
                key = (owner.lower(), rtype, canonical(wire, at + 10, length, rtype))
                if rtype == dns.OPT:
                    self.opt = ttl
                else:
                    self.repeated += key in section
                    section[key] = ttl
                at += 10 + length
            self.sections.append(section)
        self.answer, self.authority, self.additional = self.sections


class Truth:
    """What the upstream says, in the same form."""

    def __init__(self, zones, name, rtype, do):
        self.rcode, answer, authority = zones.resolve(name, rtype, do)
        self.answer, self.authority = (
            {(owner.lower(), kind, self._data(parts)): ttl for owner, kind, ttl, parts in records}
            for records in (answer, authority))
        self.links = sum(kind == recorded.CNAME for _, kind, _ in self.answer)

    @staticmethod
    def _data(parts):
        return b"".join(dns.wire_name(part.lower()) if isinstance(part, recorded.Part) else part
                        for part in parts)


# ---- asking ----

def size_of(question):
    """How much the asker takes over UDP: as small as can be at every third name."""
    name, _, mode = question
    return 512 if mode == "plain" else [1232, 512 + 7 * len(name) % 700, 4096][len(name) % 3]


def make_query(question, ident):
    name, rtype, mode = question
    query = dns.make_query(name, rtype, do=mode == "do", edns=mode != "plain", ident=ident,
                           size=size_of(question))
    return query[:3] + b"\x10" + query[4:] if mode == "cd" else query


def ask_all(port, questions):
    """The raw answers of one server, in the order of the questions; None where it is silent."""
    answers = [None] * len(questions)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        sock.connect(("127.0.0.1", port))
        waiting, tries, following = collections.OrderedDict(), collections.Counter(), 0
        while following < len(questions) or waiting:
            while following < len(questions) and len(waiting) < WINDOW:
                waiting[following] = 0.0
                following += 1
            now = time.monotonic()
            for at, asked in list(waiting.items()):
                if now - asked < 4.0:
                    continue
                if tries[at] == 4:
                    del waiting[at]
                    continue
                tries[at] += 1
                waiting[at] = now
                sock.send(make_query(questions[at], at % 65536))
            while select.select([sock], [], [], 0.0 if len(waiting) < WINDOW else 0.5)[0]:
                wire = sock.recv(65535)
                at = struct.unpack_from("!H", wire)[0]
                at += (following - 1 - at) // 65536 * 65536
                if at in waiting:
                    answers[at] = wire
                    del waiting[at]
                    break
            else:
                if waiting and following == len(questions):
                    select.select([sock], [], [], 0.1)
    for at, wire in enumerate(answers):
        if wire is not None and len(wire) > min(1232, size_of(questions[at])):
            answers[at] = None  # such a datagram is as good as lost
        elif wire is not None and wire[2] & 2:
            answers[at] = ask_over_tcp(port, questions[at]) or wire
    return answers


def ask_over_tcp(port, question):
    try:
        return dns.ask_bytes(("127.0.0.1", port), make_query(question, 1), tcp=True, timeout=10.0)
    except OSError:
        return None


# ---- explaining ----

def cap(ttl, limit=DAY_S):
    """What RFC 2181 section 8 and a cap make of a TTL."""
    return 0 if ttl > 2 ** 31 - 1 else min(ttl, limit)


def lifetimes(rtype, ours, theirs, truth, run_s):
    """Why the TTLs of the same records differ, or "" where they do not."""
    reasons = set()
    for section, told in ((0, truth.answer), (1, truth.authority)):
        for key, ttl in ours.sections[section].items():
            other = theirs.sections[section].get(key, ttl)
            said = told.get(key)
            if said is not None and ttl > cap(said):
                reasons.add("ttl-ours-too-long")
            if abs(ttl - other) <= run_s:
                continue
            if said is None:
                reasons.add("ttl-of-what-was-not-said")
            elif rtype == recorded.RRSIG:
                reasons.add("ttl-of-signatures")
            elif key[1] == recorded.CNAME and any(k[1] == recorded.DNAME for k in told):
                reasons.add("ttl-of-a-made-cname")
            elif said > 2 ** 31 - 1:
                reasons.add("ttl-above-31-bits")
            elif said >= DAY_S:
                reasons.add("ttl-cap")
            elif section == 1:
                reasons.add("ttl-of-a-denial")
            else:
                reasons.add("ttl")
    return reasons


def explain(question, ours, theirs, truth, run_s):
    """The classes of the differences between two answers to one question; () for none."""
    if ours is None or theirs is None:
        return ("silence-ours",) if ours is None else ("silence-unbound",)
    ours, theirs = Answer(ours), Answer(theirs)
    found = set()
    if ours.repeated or theirs.repeated:
        found.add("repeated-ours" if ours.repeated else "repeated-unbound")
    if (ours.rcode, set(ours.answer)) != (theirs.rcode, set(theirs.answer)):
        found.add(differing_answer(question[1], ours, theirs, truth))
    elif set(ours.authority) != set(theirs.authority):
        found.add(differing_authority(question[2] == "do", ours, theirs, truth))
    else:
        found |= lifetimes(question[1], ours, theirs, truth, run_s)
    if ours.flags & 0x0420 or (ours.flags ^ theirs.flags) & 0x85F0 & ~0x0430:
        found.add("flags")
    if ours.opt != {"plain": None, "do": 0x8000}.get(question[2], 0):
        found.add("opt-ours")
    if ours.additional:
        found.add("additional-ours")
    elif theirs.additional:
        found.add("additional-unbound")
    return tuple(sorted(found))


def is_same(first, second):
    """The same but for TTLs, which have sunk."""
    if first is None or second is None:
        return first is second
    first, second = Answer(first), Answer(second)
    sinks = all(second.answer.get(key, ttl) <= ttl for key, ttl in first.answer.items())
    return sinks and (first.flags, [set(s) for s in first.sections]) == \
        (second.flags, [set(s) for s in second.sections])


def is_truth(answer, truth):
    return answer.rcode == truth.rcode and set(answer.answer) == set(truth.answer)


def differing_answer(rtype, ours, theirs, truth):
    kinds = {kind for _, kind, _ in truth.answer}
    sets = collections.Counter((owner, kind) for owner, kind, _ in truth.answer)
    if ours.rcode == dns.SERVFAIL and max(sets.values(), default=0) > 100:
        return "rrset-above-100"
    if truth.links > 11:
        return "chain-of-12" if is_truth(ours, truth) else "chain-above-12"
    if rtype == recorded.ANY:
        return "any" if {kind for _, kind, _ in ours.answer} == {recorded.HINFO} else "any-ours"
    if is_truth(ours, truth) and theirs.rcode == dns.SERVFAIL and truth.links:
        return "chain-unbound-fails"
    if is_truth(ours, truth) and recorded.DNAME in kinds:
        return "dname"
    if is_truth(ours, truth) and rtype == recorded.RRSIG:
        return "rrsig-asked"
    if is_truth(ours, truth):
        return "unbound-is-not-as-told"
    if is_truth(theirs, truth):
        return "ours-is-not-as-told"
    return "neither-is-as-told"


def differing_authority(do, ours, theirs, truth):
    told = set(truth.authority)
    if set(ours.authority) == told:
        missing = told - set(theirs.authority)
        extra = set(theirs.authority) - told
        if extra and not missing:
            return "authority-unbound-adds"
        return "authority-unbound-leaves-out" if do else "authority-unbound-differs"
    if set(ours.authority) < told and set(theirs.authority) == told:
        return "authority-ours-leaves-out"
    return "authority"


# Class -> why it is right, or at least meant. What is not here is unexplained.
REASONS = {
    "any": "We answer ANY with one HINFO record (RFC 8482), so that nobody is flooded with our help "
           "(T24); unbound passes the upstream's answer on.",
    "repeated-unbound": "The upstream told a record twice. We keep it once (RFC 2181 section 5); "
                        "unbound passes both on.",
    "chain-of-12": "We follow 12 CNAMEs within one answer (T10); unbound gives up after 11 and says "
                   "SERVFAIL.",
    "chain-above-12": "More than 12 CNAMEs: SERVFAIL from us (T10). Unbound says SERVFAIL too, "
                      "unless the end of the chain is in its cache by then.",
    "chain-unbound-fails": "Unbound counts CNAMEs over all its cache has led it through.",
    "rrset-above-100": "More than 100 records in one RRset: we say SERVFAIL (T12), unbound passes "
                       "them on.",
    "rrsig-asked": "A question for RRSIG at an alias without signatures: there are none, as the "
                   "upstream says (RFC 4035 section 3.2.1); unbound follows the alias.",
    "ttl-of-a-made-cname": "Unbound makes the CNAME anew from a DNAME that it has kept, with a TTL of "
                           "0; we keep the CNAME as the upstream made it (RFC 6672 section 3.1).",
    "ttl-of-signatures": "Asked for RRSIG alone, we give all signatures the smallest of their TTLs, "
                         "as one RRset; unbound keeps each its own. Nothing lives longer.",
}


def is_explained(classes):
    return all(name in REASONS for name in classes)


# ---- the whole ----

def start_upstream(seed):
    port = free_port()
    program = subprocess.Popen([sys.executable, "-B", os.path.join(HERE, "recorded.py"),
                                "--port", str(port), "--seed", str(seed)],
                               stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    program.stdout.readline()
    return program, port


def compare_once(ports, zones, questions):
    """[(question, classes, our answer, unbound's, truth)]"""
    begin, raw = time.monotonic(), {}
    for name, port in ports.items():
        asked_at = time.monotonic()
        raw[name] = [ask_all(port, questions)]
        if name == "lachan":  # once more: most come from the cache now
            raw[name].append(ask_all(port, questions))
        print("%s: %d questions in %.0f s" % (name, len(questions), time.monotonic() - asked_at),
              file=sys.stderr)
    run_s = time.monotonic() - begin + 2
    result = []
    for question, ours, again, theirs in zip(questions, *raw["lachan"], *raw["unbound"]):
        truth = Truth(zones, *question[:2], question[2] == "do")
        found = explain(question, ours, theirs, truth, run_s)
        if not is_same(ours, again):
            found = tuple(sorted({*found, "ours-changes"}))
        result.append((question, found, ours, theirs, truth))
    return result


def compare(ports, zones, questions):
    """As compare_once(); what stays unexplained is asked up to twice more, later: a machine that
    stands still for three seconds makes failures, which are kept for some."""
    result = compare_once(ports, zones, questions)
    for _ in range(2):
        again = [at for at, row in enumerate(result) if not is_explained(row[1])]
        if not again:
            break
        print("%d questions once more: %s" % (len(again), [questions[at] for at in again[:5]]),
              file=sys.stderr)
        time.sleep(8)
        fresh = compare_once(ports, zones, [questions[at] for at in again])
        for at, row in zip(again, fresh):
            result[at] = row
    return result


def run(options):
    """compare() with servers of its own."""
    zones = recorded.Zones(options.seed)
    upstream, port = start_upstream(options.seed)
    folder = tempfile.mkdtemp(prefix="lachan-suite-", dir="/tmp")
    servers, wrong = {}, []
    try:
        for name in ("lachan", "unbound"):
            os.mkdir(os.path.join(folder, name))
            servers[name] = peers.KINDS[name](os.path.join(folder, name), [port], plain=True)
            servers[name].start(sorted(zones.zones)[0])
        result = compare({name: server.port for name, server in servers.items()}, zones,
                         zones.questions(options.count, options.seed))
    finally:
        for server in servers.values():
            log = server.stop()
            if "Sanitizer" in log:
                print(log, file=sys.stderr)
                wrong.append(server.PROGRAM)
        upstream.send_signal(signal.SIGTERM)
        upstream.wait(10)
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    if wrong:
        sys.exit(1)
    return result


def show(section):
    return sorted("%s %s %s" % (owner, type_name(kind), data.hex()[:60])
                  for owner, kind, data in section)


def print_examples(result, classes, count=2):
    for question, found, ours, theirs, truth in result:
        if found == classes and count:
            count -= 1
            print("    %s %s%s" % (question[0], type_name(question[1]), " " + question[2]))
            for who, wire in (("ours", ours), ("unbound", theirs)):
                if wire is None:
                    print("      %s: silence" % who)
                    continue
                got = Answer(wire)
                print("      %s: rcode %d flags %04x\n        %s\n        %s" % (
                    who, got.rcode, got.flags, [x + (" %d" % got.answer[k]) for x, k in zip(
                        show(got.answer), sorted(got.answer))][:8],
                    show(got.authority)[:6]))
            print("      told: rcode %d %s %s" % (truth.rcode, show(truth.answer)[:8],
                                                  show(truth.authority)[:6]))


def table(result):
    """Lines of Markdown."""
    counts = collections.Counter(classes for _, classes, *_ in result)
    same = counts.pop((), 0)
    lines = ["| what differs | questions | why |", "|---|---|---|",
             "| nothing | %d | |" % same]
    for classes, count in counts.most_common():
        lines.append("| %s | %d | %s |" % (", ".join(classes), count, " ".join(
            REASONS.get(name, "**unexplained**") for name in classes)))
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED", "1")))
    parser.add_argument("--markdown", default="")
    parser.add_argument("--examples", action="store_true", help="of each class, explained or not")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    more_descriptors()
    for name in ("lachan", "unbound"):
        missing = peers.KINDS[name].missing()
        if missing:
            print("skipped: %s" % missing)
            sys.exit(SKIPPED)
    result = run(options)
    lines = table(result)
    print("\n".join(lines))
    wrong = [r for r in result if not is_explained(r[1])]
    for classes in sorted({r[1] for r in result if r[1] and (options.examples or
                                                             not is_explained(r[1]))}):
        print("  " + ", ".join(classes))
        print_examples(result, classes)
    if options.markdown:
        with open(options.markdown, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    print("%d questions, %d differences, %d unexplained" % (
        len(result), sum(bool(r[1]) for r in result), len(wrong)))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
