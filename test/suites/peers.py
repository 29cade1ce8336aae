"""The servers of the suites: how each is started as a forwarder on loopback, unprivileged, in a
folder of its own, with the defences it has switched on and DNSSEC validation off.

    server = peers.KINDS["unbound"](folder, [port of upstream, ...])
    server.start("a name the upstream knows")
    ... server.port ...
    server.stop()
"""
import json
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))

import lachan_dns as dns  # noqa: E402
from lachan_test import BIN, free_port, plain_rules  # noqa: E402

SBIN = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/sbin"
PRIVATE4 = ["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
            "172.16.0.0/12", "192.168.0.0/16"]
PRIVATE6 = ["::/127", "::ffff:0:0/96", "fc00::/7", "fe80::/10"]


def output_of(*argv):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=30,
                          check=False)
    return (done.stdout + done.stderr).decode("utf-8", "replace")


class Server:
    """One server. `plain`: without what changes answers (rebinding protection, limits, stale
    answers), for comparing answers."""
    PROGRAM = ""

    def __init__(self, folder, upstreams, plain=False):
        self.folder, self.upstreams, self.plain = folder, upstreams, plain
        self.port = free_port()
        self.log_path = os.path.join(folder, "log")
        self.process = None

    @classmethod
    def path(cls):
        return shutil.which(cls.PROGRAM, path=SBIN)

    @classmethod
    def missing(cls):
        """Why it cannot run, or nothing."""
        return "" if cls.path() else "%s is not installed" % cls.PROGRAM

    @classmethod
    def version(cls):
        return ""

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def command(self):
        raise NotImplementedError

    def start(self, name, patience_s=60):
        argv = self.command()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, cwd=self.folder, start_new_session=True)
        end = time.monotonic() + patience_s
        while True:
            try:
                if dns.ask(("127.0.0.1", self.port), name, timeout=1.0).rcode == dns.NOERROR:
                    return
            except (OSError, ValueError):
                pass
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("%s does not serve:\n%s" % (argv[0], self.log()))
            time.sleep(0.1)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def stop(self):
        """Ends it; what it has said."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.log() if os.path.exists(self.log_path) else ""


class Lachan(Server):
    PROGRAM = "lachan-filter"
    MORE = {}  # sections of the configuration that a suite needs

    @classmethod
    def path(cls):
        found = os.path.join(BIN, cls.PROGRAM)
        return found if os.access(found, os.X_OK) else None

    @classmethod
    def missing(cls):
        return "" if cls.path() else "lachan-filter is not built in %s" % BIN

    @classmethod
    def version(cls):
        return output_of(cls.path(), "--version").split()[-1]

    def command(self):
        config = {
            "school": {"levels": ["upper_secondary"], "languages": ["en"]},
            "server": {"listen": ["127.0.0.1:%d" % self.port], "user": "", "threads": 2,
                       "data_dir": plain_rules(),
                       "state_dir": os.path.join(self.folder, "state"),
                       "run_dir": os.path.join(self.folder, "run")},
            "pages": {"listen": ["127.0.0.1:%d" % free_port()]},
            "filter": {"without_rules": "open"},
            "upstream": {"servers": ["udp://127.0.0.1:%d" % port for port in self.upstreams]},
        }
        if self.plain:
            config["upstream"]["rebind_protection"] = "off"
            config["filter"]["strip_ech"] = "off"
        return [self.path(), "-c", self.write("lachan.yaml", json.dumps(config, indent=1))]


class Unbound(Server):
    PROGRAM = "unbound"

    @classmethod
    def version(cls):
        return output_of(cls.path(), "-V").splitlines()[0].split()[-1]

    def command(self):
        defences = "" if self.plain else """
 use-caps-for-id: yes
 serve-expired: yes
 serve-expired-client-timeout: 1800
 serve-expired-ttl: 86400
""" + "".join(" private-address: %s\n" % p for p in PRIVATE4 + PRIVATE6)
        return [self.path(), "-d", "-c", self.write("unbound.conf", """server:
 module-config: "iterator"
 interface: 127.0.0.1@%d
 username: ""
 chroot: ""
 directory: "%s"
 pidfile: ""
 use-syslog: no
 verbosity: 0
 num-threads: 2
 outgoing-range: 4096
 num-queries-per-thread: 4096
 so-reuseport: yes
 do-ip6: no
 do-not-query-localhost: no
 hide-version: yes
 hide-identity: yes
 minimal-responses: yes
 max-udp-size: 1232
 local-zone: "suite.example.vn." transparent
%sremote-control:
 control-enable: no
forward-zone:
 name: "."
%s""" % (self.port, self.folder, defences,
            "".join(" forward-addr: 127.0.0.1@%d\n" % p for p in self.upstreams)))]


class Bind(Server):
    PROGRAM = "named"

    @classmethod
    def version(cls):
        return output_of(cls.path(), "-v").split()[1]

    def command(self):
        defences = "" if self.plain else """
 stale-cache-enable yes;
 stale-answer-enable yes;
 stale-answer-client-timeout 1800;
 stale-answer-ttl 30;
 deny-answer-addresses { %s };
""" % " ".join("%s;" % p for p in PRIVATE4 + PRIVATE6)
        return [self.path(), "-f", "-n", "2", "-c", self.write("named.conf", """
options {
 directory "%s";
 pid-file none;
 session-keyfile none;
 listen-on port %d { 127.0.0.1; };
 listen-on-v6 { none; };
 recursion yes;
 allow-recursion { 127.0.0.0/8; };
 allow-query { 127.0.0.0/8; };
 forwarders { %s };
 forward only;
 dnssec-validation no;
 empty-zones-enable no;
 minimal-responses yes;
 minimal-any yes;
 max-cache-ttl 86400;
 max-udp-size 1232;
 recursive-clients 20000;
 clients-per-query 0;
 max-clients-per-query 0;
 version none;
 hostname none;
 server-id none;
 notify no;
 trust-anchor-telemetry no;
%s};
controls { };
logging { category default { null; }; category unmatched { null; }; };
""" % (self.folder, self.port,
       " ".join("127.0.0.1 port %d;" % p for p in self.upstreams), defences))]


class Dnsmasq(Server):
    PROGRAM = "dnsmasq"

    @classmethod
    def version(cls):
        return output_of(cls.path(), "-v").split()[2]

    def command(self):
        defences = [] if self.plain else [
            "--stop-dns-rebind", "--use-stale-cache=86400", "--fast-dns-retry=1000,3000"]
        return [self.path(), "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv",
                "--no-hosts", "--no-poll", "--pid-file=", "--user=root", "--log-facility=-",
                "--listen-address=127.0.0.1", "--bind-interfaces", "--port=%d" % self.port,
                "--cache-size=10000", "--dns-forward-max=10000", "--max-cache-ttl=86400",
                "--edns-packet-max=1232", "--no-ident", *defences,
                *("--server=127.0.0.1#%d" % p for p in self.upstreams)]


class PowerDns(Server):
    PROGRAM = "pdns_recursor"

    @classmethod
    def version(cls):
        return next((word for word in output_of(cls.path(), "--version").split()
                     if word[:1].isdigit() and word.count(".") == 2), "")

    def command(self):
        defences = "" if self.plain else "serve-stale-extensions=2880\n"
        self.write("recursor.conf", """config-dir=%s
socket-dir=%s
local-address=127.0.0.1
local-port=%d
allow-from=127.0.0.0/8
daemon=no
disable-syslog=yes
write-pid=no
setuid=
threads=2
max-mthreads=8192
dnssec=process-no-validate
dont-query=
export-etc-hosts=no
serve-rfc1918=no
hint-file=no
security-poll-suffix=
loglevel=3
quiet=yes
max-cache-ttl=86400
max-negative-ttl=3600
minimum-ttl-override=0
udp-truncation-threshold=1232
edns-outgoing-bufsize=1232
any-to-tcp=yes
version-string=
server-id=disabled
forward-zones-recurse=.=%s
%s""" % (self.folder, self.folder, self.port,
            ";".join("127.0.0.1:%d" % p for p in self.upstreams), defences))
        return [self.path(), "--config-dir=" + self.folder]


KINDS = {"lachan": Lachan, "unbound": Unbound, "bind": Bind, "dnsmasq": Dnsmasq,
         "powerdns": PowerDns}
