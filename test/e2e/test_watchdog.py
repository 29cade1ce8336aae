"""What stands still is started again, and what only looks so is not (T34)."""
import ctypes
import os
import signal
import time
import unittest

from lachan_test import SOURCE_DIR, LachanTest, is_alive, main, wait_for

LONG_S = 90  # ten seconds of standing still, a restart, and a slow machine
SLEEP_S = 11  # longer than a child may be silent
PTRACE_SEIZE, PTRACE_INTERRUPT, WALL = 0x4206, 0x4207, 0x40000000


class HeldThread:
    """Stops exactly one thread, which no signal can do: as its tracer."""

    def __init__(self, tid):
        self.tid, self.libc = tid, ctypes.CDLL(None, use_errno=True)
        self.libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p,
                                     ctypes.c_void_p]
        self.request(PTRACE_SEIZE)
        self.request(PTRACE_INTERRUPT)
        os.waitpid(tid, WALL)

    def request(self, what):
        if self.libc.ptrace(what, self.tid, None, None) != 0:
            raise unittest.SkipTest("no thread may be traced here: %s"
                                    % os.strerror(ctypes.get_errno()))

    def bury(self):
        """A thread that was killed stays until its tracer has seen it."""
        def gone():
            try:
                return os.waitpid(self.tid, WALL | os.WNOHANG)[0] != 0 and not os.path.exists(
                    "/proc/%d" % self.tid)
            except ChildProcessError:
                return True
        wait_for("the end of the held thread", gone, LONG_S)


class WatchdogTest(LachanTest):
    def setUp(self):
        super().setUp()
        self.need("lachand", "lachan-filter", "lachan-page")
        self.dns_port = self.free_port()
        names = self.upstream({"www.example.vn": "192.0.2.7"})
        config = self.write_config(
            dns_port=self.dns_port, upstream=names.port, server="threads: 2",
            extra="filter:\n  feeds:\n    - {name: lachan-games, category: games, "
                  "url: [\"file://%s/rules/lists/games.txt\"]}\n" % SOURCE_DIR)
        self.gateway = self.start("lachand", "-c", config)
        self.gateway.wait_log("lachan-filter is ready")
        self.gateway.wait_log("lachan-page is ready")
        self.children = self.gateway.children()

    def answered(self):
        answer = self.ask_until(self.dns_port, "www.example.vn", timeout=LONG_S)
        self.assertEqual(answer.addresses(), ["192.0.2.7"])

    def worker_of(self, pid, name):
        for tid in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/comm" % (pid, tid), encoding="utf-8") as file:
                if file.read().strip() == name:
                    return int(tid)
        self.fail("the filter has no thread called " + name)

    def test_one_worker_that_stands_still_costs_the_program_a_restart(self):
        filter_pid = self.children["lachan-filter"]
        held = HeldThread(self.worker_of(filter_pid, "worker 1"))
        self.gateway.wait_log("worker 1 has not turned for 10 s", timeout=LONG_S)
        held.bury()
        self.gateway.wait_log("lachan-filter ended by itself: signal 6", timeout=LONG_S)
        self.gateway.wait_log("lachan-filter is ready", count=2, timeout=LONG_S)
        self.answered()

    def test_a_filter_and_a_page_that_stand_still_are_started_again(self):
        os.kill(self.children["lachan-filter"], signal.SIGSTOP)
        os.kill(self.children["lachan-page"], signal.SIGSTOP)
        for name in "lachan-filter", "lachan-page":
            self.gateway.wait_log("%s has said nothing for 10 s (stopped)" % name, timeout=LONG_S)
            self.gateway.wait_log(name + " is ready", count=2, timeout=LONG_S)
        self.answered()

    def test_a_machine_that_slept_restarts_nothing(self):
        everybody = [self.gateway.pid, *self.children.values()]
        for pid in everybody:
            if is_alive(pid):
                os.kill(pid, signal.SIGSTOP)
        time.sleep(SLEEP_S)
        for pid in everybody:
            if is_alive(pid):
                os.kill(pid, signal.SIGCONT)
        time.sleep(4)
        self.answered()
        self.assertNotIn("watchdog", self.gateway.log())
        self.assertNotIn("ended by itself", self.gateway.log())


if __name__ == "__main__":
    main()
