"""Networks of our own, for tests that run as root: namespaces, and wires between them.

    gateway = netns.Space(self)              # ends with the test; skips it where that is not allowed
    pupil = netns.Space(self)
    netns.wire(pupil, gateway, mac="02:aa:00:00:00:11", addresses=["10.10.1.2/24"],
               near="lan0", near_addresses=["10.10.1.1/24"])
    with gateway:                            # programs started and sockets opened here are inside
        self.run_filter(...)
    with pupil:
        dns.ask(("10.10.1.1", 53), ...)

A socket stays in the namespace in which it was made, a thread in that in which it was begun."""
import ctypes
import itertools
import os
import shutil
import subprocess
import unittest

CLONE_NEWNET = 0x40000000
NUMBERS = itertools.count(1)
LIBC = ctypes.CDLL(None, use_errno=True)


def run(test, *argv):
    """Output of a program; what the machine does not allow skips the test."""
    try:
        done = subprocess.run(argv, check=False, capture_output=True, timeout=60)
    except FileNotFoundError:
        raise unittest.SkipTest("%s is not installed" % argv[0]) from None
    if done.returncode != 0:
        raise unittest.SkipTest("%s: %s" % (" ".join(argv), done.stderr.decode().strip()))
    return done.stdout.decode()


class Space:
    """A network namespace. `with space:` puts the calling thread into it."""

    def __init__(self, test):
        if os.geteuid() != 0:
            raise unittest.SkipTest("only root can make network namespaces")
        if shutil.which("ip") is None:
            raise unittest.SkipTest("ip (iproute2) is not installed")
        self.test = test
        self.name = "lct_%d_%d" % (os.getpid(), next(NUMBERS))
        self.before = []
        run(test, "ip", "netns", "add", self.name)
        test.addCleanup(subprocess.run, ["ip", "netns", "del", self.name], check=False,
                        capture_output=True)
        # An IPv6 address can be used at once, not after its duplicates have been looked for.
        for family in ("all", "default"):
            self.sysctl("net/ipv6/conf/%s/accept_dad" % family, 0)
        self.ip("link", "set", "lo", "up")

    def sysctl(self, name, value):
        """/proc/sys shows each thread the settings of the namespace it is in."""
        try:
            with self, open("/proc/sys/" + name, "w", encoding="utf-8") as file:
                file.write(str(value))
        except OSError as error:  # a kernel without IPv6, a container that may not
            raise unittest.SkipTest("%s: %s" % (name, error)) from None

    def ip(self, *argv):
        """`ip ARGV` inside."""
        return run(self.test, "ip", "-n", self.name, *argv)

    def __enter__(self):
        self.before.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY))
        fd = os.open("/var/run/netns/" + self.name, os.O_RDONLY)
        try:
            enter(fd)
        finally:
            os.close(fd)
        return self

    def __exit__(self, *_):
        fd = self.before.pop()
        try:
            enter(fd)
        finally:
            os.close(fd)


def enter(fd):
    if LIBC.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def wire(far, near_space, *, near, near_addresses, addresses=(), mac=None, name="eth0"):
    """A cable: `name` in `far`, `near` in `near_space`."""
    run(far.test, "ip", "link", "add", name, "netns", far.name, *(["address", mac] if mac else []),
        "type", "veth", "peer", "name", near, "netns", near_space.name)
    for space, interface, all_of_it in ((far, name, addresses), (near_space, near, near_addresses)):
        space.ip("link", "set", interface, "up")
        for address in all_of_it:
            space.ip("address", "add", address, "dev", interface)
