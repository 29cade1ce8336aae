"""What the end-to-end tests share; README.md shows a whole test."""
import atexit
import functools
import json
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

import lachan_dns as dns  # noqa: F401 (tests take it from here)

SOURCE_DIR = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD_DIR = os.path.abspath(os.environ.get("BUILD_DIR", os.path.join(SOURCE_DIR, "build-dev")))
BIN = os.path.join(BUILD_DIR, "bin")
HELPERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "helpers")
SKIPPED = 77
PATIENCE_S = 30.0  # sanitizers and two busy cores
# A system call that a program's list does not name ends it, instead of failing quietly:
# so every test proves the lists (daemon/kit/syscall_lists.c).
os.environ["LACHAN_SANDBOX_STRICT"] = "1"
FORBIDDEN = "forbidden system call"
# What lachand runs now and then, and what may have ended a moment after it was seen.
RUNS = ("lachan-feeds", "lachan-share", "lachan-notify")


@functools.lru_cache(maxsize=None)
def plain_rules():
    """A copy of rules/ that is the same at every hour and needs no network: its tiers have no
    windows of time, and of its feeds only our own lists are left. Ends with the program."""
    source = os.path.join(SOURCE_DIR, "rules")
    folder = tempfile.mkdtemp(prefix="lachan-rules-")
    os.chmod(folder, 0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)

    def read(name):
        with open(os.path.join(source, name), encoding="utf-8") as file:
            return file.read()
    head, *feeds = read("feeds.yaml").split("\n  - name: ")
    made = {
        "tiers.yaml": re.sub(r"^ +schedules:\n(?: +- .*\n)+", "", read("tiers.yaml"), flags=re.M),
        "feeds.yaml": "\n  - name: ".join([head, *(f for f in feeds if '"file:' in f)]) + "\n",
    }
    for name in os.listdir(source):
        path = os.path.join(folder, name)
        if name in made:
            with open(path, "w", encoding="utf-8") as file:
                file.write(made[name])
        else:
            os.symlink(os.path.join(source, name), path)
    return folder


def wait_for(what, condition, timeout=PATIENCE_S):
    """Calls `condition` until it returns something true, and returns that."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited %.0f s in vain: %s" % (timeout, what))
        time.sleep(0.02)


HANDED_OUT = []


def reserve(port):
    """Ours until this program ends, whoever else tests on this machine; False: somebody's."""
    sign = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        sign.bind("\0lachan-test-port-%d" % port)
    except OSError:
        sign.close()
        return False
    HANDED_OUT.append(sign)
    return True


def free_port():
    """A port nobody holds for UDP or TCP, below the range that clients are given. Never the
    same one twice: who asked first may not have bound it yet, or not again."""
    for _ in range(200):
        port = random.randint(20000, 32000)
        if not reserve(port):
            continue
        try:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                with socket.socket(socket.AF_INET, kind) as sock:
                    sock.bind(("0.0.0.0", port))
            return port
        except OSError:
            continue
    raise AssertionError("no free port found")


def small_disk(test, folder):
    """Mounts a file system of 1 MiB at `folder` until the test ends; skips it where that cannot
    be done."""
    os.makedirs(folder, exist_ok=True)
    try:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=0755", "none", folder],
                              capture_output=True, timeout=60, check=False)
    except FileNotFoundError:
        test.skipTest("mount is not installed")
    if done.returncode != 0:
        test.skipTest("no file system can be mounted here")
    test.addCleanup(subprocess.run, ["umount", "-l", folder], check=False)


def away_from_midnight(margin_s=20):
    """Waits until the school's day (UTC+7) does not end within `margin_s`: for who does something
    twice and means the same day or evening."""
    left = 86400 - (time.time() + 7 * 3600) % 86400
    if left < margin_s:
        time.sleep(left + 0.1)


def is_alive(pid):
    """Runs and is no zombie."""
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


class Program:
    """One running program; its output goes to a file that log() reads."""

    def __init__(self, argv, log_path, env=None):
        self.argv, self.log_path = argv, log_path
        with open(log_path, "ab") as out:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=out, env=env, start_new_session=True)
        self.pid = self.process.pid

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_log(self, text, count=1, timeout=PATIENCE_S):
        """Until `text` stands in the log `count` times."""
        def there():
            if self.log().count(text) >= count:
                return True
            if self.process.poll() is not None:
                time.sleep(0.05)
                if self.log().count(text) >= count:
                    return True
                raise AssertionError("%s ended with %s before it said %r:\n%s" % (
                    self.argv[0], self.process.returncode, text, self.log()))
            return False
        try:
            wait_for("%r in the log" % text, there, timeout)
        except AssertionError as error:
            raise AssertionError("%s\n--- log ---\n%s" % (error, self.log())) from None

    def signal(self, number):
        os.kill(self.pid, number)

    def hup(self):
        self.signal(signal.SIGHUP)

    def wait(self, timeout=PATIENCE_S):
        """Its exit status (negative: a signal)."""
        return self.process.wait(timeout)

    def term(self, timeout=PATIENCE_S):
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def kill(self):
        if self.process.poll() is None:
            self.signal(signal.SIGKILL)
        return self.wait()

    def forget_clock(self):
        """Removes what libfaketime leaves behind of a program that may remove nothing."""
        for name in ("faketime_shm_%d", "sem.faketime_sem_%d"):
            try:
                os.unlink("/dev/shm/" + name % self.pid)
            except OSError:
                pass

    def children(self):
        """{name: pid} of its living child processes."""
        found = {}
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                with open("/proc/%s/stat" % entry, encoding="utf-8", errors="replace") as file:
                    head, tail = file.read().rsplit(")", 1)
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(tail.split()[1]) == self.pid and tail.split()[0] != "Z":
                try:
                    with open("/proc/%s/cmdline" % entry, "rb") as file:
                        words = file.read().decode("utf-8", "replace").split("\0")
                except (FileNotFoundError, ProcessLookupError):
                    continue
                name = next((os.path.basename(w) for w in words
                             if os.path.basename(w).startswith("lachan")),
                            head.partition("(")[2])  # no words: it is being executed
                if name != os.path.basename(self.argv[0]):  # else: forked, not yet itself
                    found[name] = int(entry)
        return found


class Control:
    """A control socket: frames of JSON."""

    def __init__(self, path, timeout=PATIENCE_S):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(timeout)
        try:
            self.sock.connect(path)
        except OSError:
            self.sock.close()
            raise

    def send(self, request):
        data = json.dumps(request).encode()
        self.sock.sendall(struct.pack("<I", len(data)) + data)

    def receive(self):
        length = struct.unpack("<I", dns.receive_exactly(self.sock, 4))[0]
        return json.loads(dns.receive_exactly(self.sock, length))

    def ask(self, command, /, **arguments):
        self.send({"command": command, **arguments})
        return self.receive()

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def control(path, command, /, **arguments):
    """One request, one answer."""
    with Control(path) as line:
        return line.ask(command, **arguments)


class LachanTest(unittest.TestCase):
    """A folder, and programs that end with the test whatever happens."""

    def setUp(self):
        # Short, since a socket's path has 107 bytes at most.
        self.dir = tempfile.mkdtemp(prefix="lachan-", dir="/tmp")
        self.programs = []
        self.addCleanup(self._clean)

    def _clean(self):
        for program in reversed(self.programs):
            try:
                program.term(7)
            except subprocess.TimeoutExpired:
                program.kill()
            program.forget_clock()
        found = [program.log() for program in self.programs
                 if "Sanitizer" in program.log() or FORBIDDEN in program.log()]
        if os.environ.get("KEEP"):
            print("kept:", self.dir, file=sys.stderr)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)
        self.assertEqual(found, [])

    free_port = staticmethod(free_port)
    wait_for = staticmethod(wait_for)

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def write(self, name, text):
        """A file in the test's folder; its path."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def need(self, *programs):
        """Skips the test unless these programs are built."""
        for program in programs:
            if not os.access(os.path.join(BIN, program), os.X_OK):
                self.skipTest("%s is not built in %s" % (program, BIN))

    def start(self, program, *arguments, env=None, folder=BIN):
        """Starts build/bin/PROGRAM (or one of `folder`) and ends it with the test."""
        if folder == BIN:
            self.need(program)
        log = self.path("%s-%d.log" % (program, len(self.programs)))
        started = Program([os.path.join(folder, program), *arguments], log,
                          {**os.environ, "LC_ALL": "C.UTF-8", **(env or {})})
        self.programs.append(started)
        return started

    def run_program(self, program, *arguments, folder=BIN, timeout=60):
        """Runs to the end; (status, stdout, stderr)."""
        if folder == BIN:
            self.need(program)
        done = subprocess.run([os.path.join(folder, program), *arguments], timeout=timeout,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
        self.assertNotIn(FORBIDDEN.encode(), done.stderr)
        return (done.returncode, done.stdout.decode("utf-8", "replace"),
                done.stderr.decode("utf-8", "replace"))

    def write_config(self, *, dns_port, page_port=None, upstream=None, level="lower_secondary",
                     name="", server="", extra="", file="lachan.yaml"):
        """lachan.yaml on loopback ports. `upstream`: port of a fake one on 127.0.0.1.
        `server`: more keys of server, each "key: value"; `extra`: more YAML at the end."""
        lines = ["school:", "  levels: [%s]" % level, "  languages: [en]"]
        lines += ['  name: "%s"' % name] if name else []
        lines += ["server:", '  listen: ["127.0.0.1:%d"]' % dns_port, '  user: ""',
                  "  data_dir: %s" % plain_rules(),
                  "  state_dir: %s" % self.path("state"), "  run_dir: %s" % self.path("run")]
        lines += ["  " + line for line in server.splitlines()]
        lines += ["pages:", '  listen: ["127.0.0.1:%d"]' % (page_port or free_port())]
        if upstream is not None:
            lines += ["upstream:", '  servers: ["udp://127.0.0.1:%d"]' % upstream]
        return self.write(file, "\n".join(lines) + "\n" + extra)

    def upstream(self, records):
        """A fake upstream (lachan_dns.Upstream) that ends with the test."""
        made = dns.Upstream(records, free_port())
        self.addCleanup(made.close)
        return made

    def ask(self, port, name, rtype="A", host="127.0.0.1", **how):
        """One query to a port on loopback; keywords of lachan_dns.ask()."""
        return dns.ask((host, port), name, rtype, **how)

    def ask_until(self, port, name, rtype="A", timeout=PATIENCE_S, **how):
        """The first answer of a server that is still starting."""
        def answered():
            try:
                return self.ask(port, name, rtype, timeout=1.0, **how)
            except (OSError, ConnectionError):
                return None
        return wait_for("an answer for %s" % name, answered, timeout)

    def control(self, command, /, *, socket_name="control.sock", **arguments):
        """One request to a socket in run_dir."""
        return control(self.path("run", socket_name), command, **arguments)


def main():
    """unittest.main(), but a run in which everything was skipped ends with status 77."""
    result = unittest.main(exit=False, verbosity=2).result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(SKIPPED if result.testsRun and len(result.skipped) == result.testsRun else 0)
