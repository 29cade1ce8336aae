"""A lachan-page that serves https, with filter and desk, all by hand.

    class Https(TlsTest):
        def test_something(self):
            self.run_page()                            # with the CA of self.ca
            status, head, body = self.get("casino.example")
"""
import socket
import ssl

import certificates
from desk_test import DeskTest
from lachan_test import PATIENCE_S


class TlsTest(DeskTest):
    RULES = {"gambling": "||casino.example^\n"}

    def setUp(self):
        super().setUp()
        self.need("lachan-page")
        self.tls_port = self.free_port()
        self.page_port = self.free_port()
        self.ca, self.ca_key = certificates.make_ca(self.dir)
        self.page = None

    def run_page(self, *, ca=True, portal=None, tls=True, desk=True, **more):
        pages = {"listen": ["127.0.0.1:%d" % self.page_port]}
        if tls:
            pages["listen_tls"] = ["127.0.0.1:%d" % self.tls_port]
        if ca:
            pages["ca"] = {"certificate": self.ca, "key": self.ca_key}
        if portal is not None:
            pages["portal"] = {"certificate": dict(zip(("file", "key"), portal))}
        if desk:
            self.run_desk(pages=pages, **more)
        else:
            self.run_filter(pages=pages, **more)
        self.page = self.start("lachan-page", "-c", self.path("lachan.yaml"))
        self.page.wait_log("serving the warning page")
        return self.page

    def connect(self, timeout=PATIENCE_S):
        return socket.create_connection(("127.0.0.1", self.tls_port), timeout=timeout)

    def trusting(self, ca=None):
        context = ssl.create_default_context(cafile=ca or self.ca)
        return context

    def get(self, name, *, context=None, path="/", host=None, accept="text/html"):
        """(status, head, body) of one https request, the certificate checked for `name`."""
        context = context or self.trusting()
        with self.connect() as plain, context.wrap_socket(plain, server_hostname=name) as line:
            line.sendall(("GET %s HTTP/1.1\r\nHost: %s\r\nAccept: %s\r\n\r\n"
                          % (path, host or name, accept)).encode())
            data = b""
            while more := line.recv(65536):
                data += more
            self.version, self.cipher = line.version(), line.cipher()
        head, body = data.split(b"\r\n\r\n", 1)
        return int(head.split()[1]), head.decode(), body.decode()

    def leaf(self, name):
        """The certificate as it is sent, PEM."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with self.connect() as plain, context.wrap_socket(plain, server_hostname=name) as line:
            return ssl.DER_cert_to_PEM_cert(line.getpeercert(True))

    def refused(self, name):
        """The reason of the alert."""
        with self.assertRaises(ssl.SSLError) as caught, self.connect() as plain:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            context.wrap_socket(plain, server_hostname=name)
        return caught.exception.reason

    def raw(self, octets, *, end=False):
        """What comes back until the other side ends; b"" also for a reset."""
        with self.connect() as line:
            data = b""
            try:
                line.sendall(octets)
                if end:
                    line.shutdown(socket.SHUT_WR)
                while more := line.recv(4096):
                    data += more
            except ConnectionError:
                pass
            return data
