"""What the fault tests share: the page that steers fault.c (its drawing stands there)."""
import errno
import mmap
import os
import shutil
import struct
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from filter_test import FilterTest  # noqa: E402
from lachan_test import BIN, BUILD_DIR, Program, wait_for  # noqa: E402

LIBRARY = os.path.join(BUILD_DIR, "test", "libfault.so")
ERRORS = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO, "EROFS": errno.EROFS, "short": 0}
FOREVER = 1 << 40
BYTES = 4096


class Page:
    """Which calls fail. `env` is what a program needs to obey it."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.write(bytes(BYTES))
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), BYTES)
        self.env = {"LD_PRELOAD": LIBRARY, "LACHAN_FAULT_PAGE": path}

    def _put(self, form, at, value):
        struct.pack_into(form, self.memory, at, value)

    def _get(self, at):
        return struct.unpack_from("=Q", self.memory, at)[0]

    def begin(self, program, folder=""):
        """Forgets all; from now on the calls of `program` ("" for any) are counted."""
        self.memory[:BYTES] = bytes(BYTES)
        self._put("=64s", 64, program.encode())
        self._put("=256s", 128, folder.encode())

    def fail_disk(self, at, count=1, how="ENOSPC"):
        self._put("=I", 56, ERRORS[how])
        self._put("=I", 60, how == "short")
        self._put("=Q", 16, count)
        self._put("=Q", 8, at)

    def fail_memory(self, at, count=1):
        self._put("=Q", 40, count)
        self._put("=Q", 32, at)

    def heal(self):
        self._put("=Q", 8, 0)
        self._put("=Q", 32, 0)

    @property
    def written(self):
        """Octets written into the folder since begin()."""
        return self._get(384)

    @property
    def disk_seen(self):
        return self._get(0)

    @property
    def memory_seen(self):
        return self._get(24)

    @property
    def hits(self):
        return self._get(48)


class FaultTest(FilterTest):
    def setUp(self):
        super().setUp()
        if not os.path.exists(LIBRARY):
            self.skipTest("%s is not built: faults need a build without sanitizers" % LIBRARY)
        # Outside of the folder that fails: what the programs say, and the page.
        self.aside = tempfile.mkdtemp(prefix="lachan-faults-")
        self.addCleanup(shutil.rmtree, self.aside, ignore_errors=True)
        self.page = Page(os.path.join(self.aside, "page"))
        self.started = 0

    def start_faulty(self, name, ready, env):
        """One that says `ready`, or None when it said why not and ended with 1. The caller ends
        it (end_faulty)."""
        self.started += 1
        program = Program([os.path.join(BIN, name), "-c", self.path("lachan.yaml")],
                          os.path.join(self.aside, "%s-%d.log" % (name, self.started)),
                          {**os.environ, "LC_ALL": "C.UTF-8", **env})
        self.addCleanup(program.kill)

        def settled():
            return ready in program.log() or program.process.poll() is not None
        wait_for("%s to serve or to say why not" % name, settled, 30)
        if program.process.poll() is None:
            return program
        self.assertEqual(program.process.returncode, 1, program.log())
        self.assertIn(name, program.log())
        return None

    def end_faulty(self, program):
        try:
            self.assertIsNone(program.process.poll(), program.log())
            self.assertEqual(program.term(), 0, program.log())
        finally:
            program.kill()
