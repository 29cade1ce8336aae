"""PostgreSQL for tests: Debian's, as an ordinary user, in a folder of its own, on a socket there.

    server = postgres.start()          # None where it is not installed; postgres.WHY says so
    url = server.database()            # an empty one: "postgresql://…", for the key `store`
    server.stop(); server.start()      # restart(): as an upgrade does
    server.kill()                      # SIGQUIT to all of it: as a crash does
    server.close()                     # ends it, and removes the folder
"""
import ctypes
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

WHY = "no PostgreSQL server is installed here (Debian: postgresql-15)"
ROOM_BYTES = 1 << 30


def _folder_of_programs():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    return os.path.dirname(found[-1]) if found else None


def _ordinary_user():
    """(name, uid, gid) of who runs the server: PostgreSQL refuses root."""
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid()).pw_name, os.getuid(), os.getgid()
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
            return name, user.pw_uid, user.pw_gid
        except KeyError:
            pass
    return None


# Tests keep it in memory. What measures names a folder on a disk: then each commit waits for it.
ON_DISK = os.environ.get("POSTGRES_ON_DISK")


def _folder():
    """A short one, not that of the test: a socket's path has 107 octets at most. In memory where
    that holds a few servers (a container's /dev/shm often has 64 MiB)."""
    memory = "/dev/shm"
    if ON_DISK:
        return tempfile.mkdtemp(prefix="lachan-pg-", dir=ON_DISK)
    if os.access(memory, os.W_OK):
        room = os.statvfs(memory)
        if room.f_bavail * room.f_frsize >= ROOM_BYTES:
            return tempfile.mkdtemp(prefix="lachan-pg-", dir=memory)
    return tempfile.mkdtemp(prefix="lachan-pg-", dir="/tmp")


def _remove_when_we_end(folder):
    """A process outside of ours that waits until nobody holds the pipe's other end: when ctest
    ends a test at its timeout, nothing in it can tidy up."""
    ours, held = os.pipe()
    waits = ('exec 3<&0; (cat <&3; for try in 1 2 3 4 5; do sleep 1; rm -rf "$0" && break; done)'
             " >/dev/null 2>&1 &")
    subprocess.run(["/bin/sh", "-c", waits, folder], stdin=ours, start_new_session=True, check=True)
    os.close(ours)
    return held


class Server:
    def __init__(self, programs, user):
        self._programs = programs
        self.user, self._uid, self._gid = user
        self.folder = _folder()
        self._held = _remove_when_we_end(self.folder)
        os.chown(self.folder, self._uid, self._gid)
        os.chmod(self.folder, 0o711)  # programs that gave up root's rights find the socket
        self._databases = 0
        self._process = None
        made = self._run("initdb", "-D", "data", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        if made.wait() != 0:
            raise RuntimeError("initdb failed:\n" + self.log())
        self.start()

    def _become(self):
        if os.getuid() == 0:
            os.setgroups([])
            os.setgid(self._gid)
            os.setuid(self._uid)
        # PR_SET_PDEATHSIG, behind setuid, which forgets it: it ends when the test is killed.
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)

    def _run(self, program, *args):
        with open(os.path.join(self.folder, "server.log"), "a") as log:
            return subprocess.Popen(
                [os.path.join(self._programs, program), *args], cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, preexec_fn=self._become)

    def log(self):
        with open(os.path.join(self.folder, "server.log"), errors="replace") as log:
            return log.read()

    def psql(self, text, database="postgres"):
        """What psql prints, without frames; raises when it fails."""
        return subprocess.run(
            [os.path.join(self._programs, "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
             "-h", self.folder, "-U", self.user, "-d", database, "-c", text],
            check=True, capture_output=True, text=True, timeout=120).stdout

    def start(self, seconds=90):
        self._process = self._run(
            "postgres", "-D", "data", "-k", self.folder, "-c", "listen_addresses=",
            "-c", "fsync=on" if ON_DISK else "fsync=off",
            "-c", "max_connections=60", "-c", "shared_buffers=32MB", "-c", "dynamic_shared_memory_type=mmap")
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.psql("SELECT 1")
                return
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise RuntimeError("PostgreSQL did not start:\n" + self.log())
                time.sleep(0.1)

    def stop(self):
        self._end(signal.SIGINT)

    def kill(self):
        self._end(signal.SIGQUIT)

    def restart(self):
        self.stop()
        self.start()

    def _end(self, how):
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=90)
            self._process = None

    def database(self):
        self._databases += 1
        name = "t%d" % self._databases
        self.psql("CREATE DATABASE " + name)
        return "postgresql://%s@/%s?host=%s" % (self.user, name, self.folder)

    def close(self):
        self._end(signal.SIGINT)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._held)


def start():
    programs, user = _folder_of_programs(), _ordinary_user()
    if programs is None or user is None:
        return None
    return Server(programs, user)
