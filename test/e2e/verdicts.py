"""What lachan-page asks: verdict.sock, as lib/control/verdict.h says.

    with Verdicts(path) as line:
        line.ask("game.example", "127.0.1.1").openable
"""
import ipaddress
import socket
import struct
import types

import lachan_dns as dns

VERSION = 5
REASONS = ("nothing locked required grant allow deny allow-only never-block category service answer "
           "no-rules pause trial portal safe-search bypass").split()
FLAGS = "blocked locked sensitive name_shown recorded by_default trial openable".split()
TIMES = "opens_at_s diagnosed_until_s staff_until_s paused_until_s grant_until_s".split()
TEXTS = "tier category group window rule".split()


class Verdicts:
    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(15)
        self.sock.connect(path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def ask(self, name, client):
        address = ipaddress.ip_address(client)
        wire = dns.wire_name(name)
        self.sock.send(struct.pack("<cBIB16sB", b"Q", VERSION, 7, address.version,
                                   address.packed, len(wire)) + wire)
        return self._read(self.sock.recv(1024))

    @staticmethod
    def _read(message):
        kind, version, number, reason, flags, *times = struct.unpack_from("<cBIBI5Q", message)
        assert (kind, version, number) == (b"A", VERSION, 7), message
        told = {word: bool(flags >> i & 1) for i, word in enumerate(FLAGS)}
        told.update(zip(TIMES, times), reason=REASONS[reason])
        at = struct.calcsize("<cBIBI5Q")
        for word in TEXTS:
            told[word] = message[at + 1:at + 1 + message[at]].decode()
            at += 1 + message[at]
        assert at == len(message), message
        return types.SimpleNamespace(**told)
