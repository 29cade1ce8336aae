"""https on the page: what is not spoken, and that half handshakes keep nobody out."""
import socket
import ssl

from lachan_test import PATIENCE_S, main
from tls_test import TlsTest

HALF = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"  # the beginning of a hello


class Strictness(TlsTest):
    def test_the_port_is_closed_without_listen_tls(self):
        self.run_page(tls=False)
        with self.assertRaises(ConnectionRefusedError):
            self.connect()

    def test_old_versions_are_refused(self):
        self.run_page()
        context = self.trusting()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.assertEqual(self.get("casino.example", context=context)[0], 403)
        self.assertEqual(self.version, "TLSv1.2")
        self.assertRegex(self.cipher[0], "^ECDHE-.*(GCM|CHACHA20)")
        with self.assertWarns(DeprecationWarning):
            context.minimum_version = ssl.TLSVersion.TLSv1_1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.get("casino.example", context=context)

    def test_no_session_is_given_away(self):
        self.run_page()
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.trusting()
            context.minimum_version = context.maximum_version = version
            with self.connect() as plain, \
                    context.wrap_socket(plain, server_hostname="casino.example") as line:
                line.sendall(b"GET / HTTP/1.1\r\nHost: casino.example\r\n\r\n")
                while line.recv(65536):
                    pass
                session = line.session
            self.assertFalse(session is not None and session.has_ticket)
            with self.connect() as plain, \
                    context.wrap_socket(plain, server_hostname="casino.example",
                                        session=session) as line:
                self.assertFalse(line.session_reused)

    def test_only_http_1_is_spoken(self):
        self.run_page()
        context = self.trusting()
        context.set_alpn_protocols(["h2", "http/1.1"])
        with self.connect() as plain, \
                context.wrap_socket(plain, server_hostname="casino.example") as line:
            self.assertEqual(line.selected_alpn_protocol(), "http/1.1")
        context.set_alpn_protocols(["h2"])
        with self.connect() as plain, self.assertRaises(ssl.SSLError):
            context.wrap_socket(plain, server_hostname="casino.example")

    def test_what_is_no_hello_is_closed(self):
        self.run_page()
        for octets in (b"GET / HTTP/1.1\r\nHost: casino.example\r\n\r\n", b"\0" * 300,
                       b"\x16\x03\x01\x00\x00", b"\x80\x2e\x01\x00\x02" + b"\0" * 60):
            self.assertEqual(self.raw(octets), b"", octets)
        self.assertEqual(self.raw(HALF, end=True), b"")
        self.get("casino.example")

    def test_a_hello_in_single_octets_is_read(self):
        self.run_page()
        context = self.trusting()
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_hostname="casino.example")
        with self.assertRaises(ssl.SSLWantReadError):
            tls.do_handshake()
        hello = outgoing.read()
        with self.connect() as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for octet in hello:
                line.sendall(bytes((octet,)))
            incoming.write(line.recv(65536))
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    incoming.write(line.recv(65536))
        self.assertIn(("DNS", "casino.example"), tls.getpeercert()["subjectAltName"])

    def test_octets_are_not_looked_at_again_and_again(self):
        """A half hello must not keep the program busy."""
        self.run_page()
        with open("/proc/%d/stat" % self.page.pid, encoding="ascii") as file:
            before = sum(map(int, file.read().rsplit(")", 1)[1].split()[11:13]))
        self.assertEqual(self.raw(HALF), b"")  # until the deadline
        with open("/proc/%d/stat" % self.page.pid, encoding="ascii") as file:
            after = sum(map(int, file.read().rsplit(")", 1)[1].split()[11:13]))
        # five seconds of spinning would be 500 ticks
        self.assertLess(after - before, 200)

    def test_half_handshakes_do_not_keep_others_out(self):
        self.run_page()
        held = []
        for i in range(500):
            line = socket.socket()
            self.addCleanup(line.close)
            line.bind(("127.0.0.%d" % (10 + i % 50), 0))
            line.settimeout(PATIENCE_S)
            line.connect(("127.0.0.1", self.tls_port))
            try:
                line.sendall(HALF)
            except ConnectionError:
                pass  # evicted already
            held.append(line)
        self.assertEqual(self.get("casino.example")[0], 403)
        for line in held:
            line.close()
        self.assertEqual(self.get("casino.example")[0], 403)

    def test_handshakes_that_stop_half_way_do_not_keep_others_out(self):
        """The hello is whole, the rest never comes."""
        self.run_page()
        self.get("casino.example")
        context = self.trusting()
        for i in range(120):
            line = socket.socket()
            self.addCleanup(line.close)
            line.bind(("127.0.0.%d" % (10 + i % 50), 0))
            line.settimeout(PATIENCE_S)
            line.connect(("127.0.0.1", self.tls_port))
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = context.wrap_bio(incoming, outgoing, server_hostname="casino.example")
            with self.assertRaises(ssl.SSLWantReadError):
                tls.do_handshake()
            line.sendall(outgoing.read())
        self.assertEqual(self.get("casino.example")[0], 403)


if __name__ == "__main__":
    main()
