"""lachand: what it starts, keeps running, reloads and ends.

The children are test/e2e/helpers/child.py under the programs' names, so that a test decides
how they behave; the supervisor is the real one.
"""
import json
import os
import re
import shutil
import signal
import socket
import stat
import struct
import time
import unittest

from lachan_test import (BIN, HELPERS, RUNS, SOURCE_DIR, Control, LachanTest, dns, is_alive,
                         main, wait_for)

PROGRAMS = ("lachan-filter", "lachan-page", "lachan-feeds")


class SupervisorTest(LachanTest):
    def setUp(self):
        super().setUp()
        self.need("lachand")
        self.bin = self.path("bin")
        os.mkdir(self.bin)
        shutil.copy(os.path.join(BIN, "lachand"), self.bin)
        for program in PROGRAMS:
            shutil.copy(os.path.join(HELPERS, "child.py"), os.path.join(self.bin, program))
            os.chmod(os.path.join(self.bin, program), 0o755)
        self.behave("lachan-feeds", exit=0)
        self.dns_port, self.page_port = self.free_port(), self.free_port()
        self.configure("one")

    def behave(self, program, **how):
        self.write(os.path.join("bin", program + ".json"), json.dumps(how))

    def configure(self, name, **more):
        ports = {"dns_port": self.dns_port, "page_port": self.page_port, **more}
        self.config = self.write_config(name=name, **ports)

    def notes(self, program):
        """What the helper wrote, a line an event."""
        try:
            with open(os.path.join(self.bin, program + ".log"), encoding="utf-8") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def wait_note(self, program, text, count=1):
        wait_for("%s: %r in %s" % (program, text, self.notes(program)),
                 lambda: sum(text in line for line in self.notes(program)) >= count)

    def lachand(self, ready=True, **how):
        gateway = self.start("lachand", "-c", self.config, folder=self.bin, **how)
        if ready:
            gateway.wait_log("lachan-filter is ready")
            gateway.wait_log("lachan-page is ready")
        return gateway

    def spoil(self):
        """A configuration with a mistake in line 2."""
        with open(self.config, encoding="utf-8") as file:
            lines = file.read().splitlines()
        lines[1] = "  levels: [nowhere]"
        self.write("lachan.yaml", "\n".join(lines) + "\n")

    def command(self, *words, **arguments):
        return self.control(*words, socket_name="lachand.sock", **arguments)


class Starting(SupervisorTest):
    def test_children_get_their_sockets_in_worker_order_and_the_configuration(self):
        self.configure("one", server="threads: 2")
        self.lachand()
        start = self.notes("lachan-filter")[0]
        self.assertIn("mine=True", start)
        self.assertIn("names=link,dns-udp,dns-tcp,dns-udp,dns-tcp ", start)
        self.assertIn("config=one", start)
        self.assertIn("names=link,page-http ", self.notes("lachan-page")[0])

    def test_feeds_run_once_the_filter_is_ready(self):
        self.lachand()
        self.wait_note("lachan-feeds", "args=--due")
        wait_for("the run noted",
                 lambda: "last_exit" in self.command("children")["feeds"])

    def test_children_are_listed(self):
        gateway = self.lachand()
        answer = self.command("children")
        self.assertTrue(answer["ok"])
        running = gateway.children()
        for child in answer["children"]:
            self.assertEqual(child["state"], "ready")
            self.assertEqual(child["pid"], running[child["name"]])
            self.assertEqual(child["restarts"], 0)

    def test_folders_and_socket_are_closed_to_others(self):
        self.lachand()
        for folder in ("state", "run"):
            self.assertEqual(stat.S_IMODE(os.stat(self.path(folder)).st_mode), 0o750)
        mode = os.stat(self.path("run", "lachand.sock")).st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(stat.S_IMODE(mode), 0o660)

    def test_the_service_manager_hears_ready_and_stopping(self):
        path = self.path("notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(15)
            gateway = self.lachand(env={"NOTIFY_SOCKET": path})
            self.assertIn(b"READY=1", manager.recv(1024))
            gateway.hup()
            self.assertIn(b"RELOADING=1\nMONOTONIC_USEC=", manager.recv(1024))
            self.assertIn(b"READY=1", manager.recv(1024))
            gateway.term()
            self.assertIn(b"STOPPING=1", manager.recv(1024))

    def test_a_helper_that_is_missing_is_named(self):
        os.remove(os.path.join(self.bin, "lachan-filter"))
        gateway = self.lachand(ready=False)
        self.assertEqual(gateway.wait(), 1)
        self.assertIn("lachan-filter is not in " + self.bin, gateway.log())


class Configuration(SupervisorTest):
    def test_check_reports_every_mistake_with_its_place(self):
        self.spoil()
        with open(self.config, "a", encoding="utf-8") as file:
            file.write("sharing: {}\n")
        status, _, errors = self.run_program("lachand", "-c", self.config, "--check",
                                             folder=self.bin)
        self.assertEqual(status, 2)
        self.assertIn("%s:2:" % self.config, errors)
        self.assertRegex(errors, r"lachan\.yaml:\d+:1: error: unknown key 'sharing'")

    def test_check_of_a_right_file_says_so(self):
        status, output, _ = self.run_program("lachand", "-c", self.config, "--check",
                                             folder=self.bin)
        self.assertEqual(status, 0)
        self.assertIn("is right", output)

    def test_wrong_usage_ends_with_2_and_version_with_0(self):
        self.assertEqual(self.run_program("lachand", folder=self.bin)[0], 2)
        self.assertEqual(self.run_program("lachand", "--wat", folder=self.bin)[0], 2)
        self.assertEqual(self.run_program("lachand", "-c", self.path("none"),
                                          folder=self.bin)[0], 2)
        status, output, _ = self.run_program("lachand", "--version", folder=self.bin)
        self.assertEqual(status, 0)
        self.assertRegex(output, r"^lachand \d+\.\d+\.\d+$")

    def test_a_taken_port_is_reported_with_its_holder(self):
        other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(other.close)
        other.bind(("127.0.0.1", self.dns_port))
        gateway = self.lachand(ready=False)
        self.assertEqual(gateway.wait(), 1)
        self.assertRegex(gateway.log(), r"UDP 127\.0\.0\.1:%d is taken by python[0-9.]*, "
                         r"process %d \(" % (self.dns_port, os.getpid()))

    def test_a_second_gateway_is_told_about_the_first(self):
        self.lachand()
        second = self.start("lachand", "-c", self.config, folder=self.bin)
        self.assertEqual(second.wait(), 1)
        self.assertIn("UDP 127.0.0.1:%d is taken by " % self.dns_port, second.log())
        self.assertIn("TCP 127.0.0.1:%d is taken by " % self.page_port, second.log())


class Restarting(SupervisorTest):
    def test_a_killed_child_comes_back_with_the_same_sockets(self):
        gateway = self.lachand()
        first = gateway.children()["lachan-filter"]
        os.kill(first, signal.SIGKILL)
        gateway.wait_log("lachan-filter ended by itself: signal 9 (Killed)")
        gateway.wait_log("lachan-filter is ready", count=2)
        self.assertNotEqual(gateway.children()["lachan-filter"], first)
        starts = self.notes("lachan-filter")
        self.assertEqual(starts[0].split("names=")[1], starts[1].split("names=")[1])
        child = self.command("children")["children"][0]
        self.assertEqual((child["restarts"], child["last_exit"]), (1, "signal 9 (Killed)"))

    def test_a_query_waits_while_its_child_is_away(self):
        gateway = self.lachand()
        os.kill(gateway.children()["lachan-filter"], signal.SIGKILL)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.1", self.dns_port))
            for _ in range(3):
                client.send(dns.make_query("example.vn"))
                time.sleep(0.05)
            # A closed port would have answered with an ICMP error by now.
            self.assertEqual(client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), 0)
        gateway.wait_log("lachan-filter is ready", count=2)

    def test_restarts_come_slower_and_slower(self):
        self.behave("lachan-page", die_at=0.05)
        gateway = self.lachand(ready=False)
        gateway.wait_log("starting it again in 800 ms")
        for delay in (100, 200, 400):
            self.assertIn("lachan-page ended by itself: status 3; starting it again in %d ms"
                          % delay, gateway.log())
        self.assertEqual(gateway.log().count("lachan-filter started"), 1)

    def test_children_die_with_the_supervisor(self):
        gateway = self.lachand()
        children = gateway.children()
        gateway.kill()
        # They hear it by the end of the link and by the death signal, whichever is first.
        wait_for("word of it", lambda: {"supervisor gone", "term"} & set(
            self.notes("lachan-filter")))
        wait_for("all children gone", lambda: not any(map(is_alive, children.values())))


class Reloading(SupervisorTest):
    def reload(self, gateway, name, **more):
        self.configure(name, **more)
        gateway.hup()

    def test_every_child_takes_a_new_configuration(self):
        gateway = self.lachand()
        self.reload(gateway, "two")
        gateway.wait_log("the new configuration is in force")
        self.assertIn("took two", self.notes("lachan-filter"))
        self.assertIn("took two", self.notes("lachan-page"))
        os.kill(gateway.children()["lachan-page"], signal.SIGKILL)
        self.wait_note("lachan-page", "config=two")

    def test_a_file_with_mistakes_changes_nothing(self):
        gateway = self.lachand()
        self.spoil()
        gateway.hup()
        gateway.wait_log("is not taken, the old configuration stays")
        self.assertIn("%s:2:" % self.config, gateway.log())
        os.kill(gateway.children()["lachan-filter"], signal.SIGKILL)
        self.wait_note("lachan-filter", "config=one", count=2)
        self.assertNotIn("took", "\n".join(self.notes("lachan-filter")))

    def test_a_key_that_needs_a_restart_is_refused_by_name(self):
        gateway = self.lachand()
        self.reload(gateway, "two", dns_port=self.free_port())
        gateway.wait_log("is not taken, the old configuration stays")
        self.assertIn("server.listen has changed, and that needs a restart", gateway.log())

    def test_when_one_refuses_all_keep_the_old_one(self):
        self.behave("lachan-page", refuse='"two"')
        gateway = self.lachand()
        self.reload(gateway, "two")
        gateway.wait_log("lachan-page: the helper does not like it; every program keeps the "
                         "old configuration")
        self.wait_note("lachan-filter", "took one")
        self.assertEqual([line for line in self.notes("lachan-filter") if "took" in line],
                         ["took two", "took one"])
        os.kill(gateway.children()["lachan-filter"], signal.SIGKILL)
        self.wait_note("lachan-filter", "config=one", count=2)
        self.reload(gateway, "three")
        gateway.wait_log("the new configuration is in force")

    def test_a_child_that_ends_over_it_refuses(self):
        self.behave("lachan-page", silent='"two"')
        gateway = self.lachand()
        self.reload(gateway, "two")
        self.wait_note("lachan-page", "silent two")
        os.kill(gateway.children()["lachan-page"], signal.SIGKILL)
        gateway.wait_log("lachan-page: ended while it took the new configuration")
        self.wait_note("lachan-filter", "took one")
        self.wait_note("lachan-page", "config=one", count=2)

    def test_one_that_we_can_do_without_ends_over_it_and_the_others_go_on(self):
        shutil.copy(os.path.join(self.bin, "lachan-page"), os.path.join(self.bin, "lachan-desk"))
        self.behave("lachan-desk", silent='"two"')
        gateway = self.lachand()
        gateway.wait_log("lachan-desk is ready")
        self.reload(gateway, "two")
        self.wait_note("lachan-desk", "silent two")
        os.kill(gateway.children()["lachan-desk"], signal.SIGKILL)
        gateway.wait_log("the new configuration is in force")
        self.wait_note("lachan-desk", "config=two")
        self.assertNotIn("took one", self.notes("lachan-filter"))

    def test_the_socket_tells_how_it_went(self):
        self.lachand()
        self.assertEqual(self.command("reload"), {"ok": True})
        self.spoil()
        answer = self.command("reload")
        self.assertFalse(answer["ok"])
        self.assertRegex(answer["mistakes"][0], r"^%s:2:\d+: error: ." % re.escape(self.config))
        self.assertNotIn("needs_restart", answer)

    def test_the_socket_names_the_key_that_needs_a_restart(self):
        self.lachand()
        self.configure("two", dns_port=self.free_port())
        answer = self.command("reload")
        self.assertEqual((answer["ok"], answer["needs_restart"]), (False, "server.listen"))
        self.assertIn("needs a restart", answer["error"])

    def test_a_reload_that_cannot_be_recorded_is_told(self):
        gateway = self.lachand()  # the helpers keep no record
        self.reload(gateway, "two")
        gateway.wait_log("reload by signal could not be recorded: the filter is not there")


class Commands(SupervisorTest):
    FEEDS = ("filter:\n  feeds:\n"
             "    - {name: some-games, category: games, url: [\"file:///nowhere/list\"]}\n"
             "    - {name: not-now, category: games, url: [\"file:///nowhere/x\"], enabled: off}\n")

    def configure(self, name, **more):
        super().configure(name, extra=self.FEEDS, **more)

    def wait_first_run(self):
        self.wait_note("lachan-feeds", "args=--due")
        wait_for("the first run's end",
                 lambda: self.command("children")["feeds"]["state"] == "waiting")

    def test_feeds_are_fetched_on_demand(self):
        self.behave("lachan-feeds", exit=1)
        self.lachand()
        self.wait_first_run()
        self.assertEqual(self.command("feeds-update", name="some-games"),
                         {"ok": True, "exit_status": 1})
        self.assertIn("args=--only,some-games", self.notes("lachan-feeds")[-1])

    def test_a_feed_is_accepted_switched_off_and_on(self):
        self.lachand()
        self.wait_first_run()
        for word in "accept", "off", "on":
            self.assertEqual(self.command("feeds-" + word, name="some-games"),
                             {"ok": True, "exit_status": 0})
            self.assertIn("args=--%s,some-games " % word, self.notes("lachan-feeds")[-1])

    def test_a_feed_that_is_not_there_is_refused_with_words(self):
        self.lachand()
        self.wait_first_run()
        runs = len(self.notes("lachan-feeds"))
        for command in "feeds-accept", "feeds-off", "feeds-on", "feeds-update":
            for name in "nobody-knows-it", "not-now", "", "x" * 3000, 7:
                answer = self.command(command, name=name)
                self.assertFalse(answer["ok"], answer)
        self.assertIn("name of a feed is missing", self.command("feeds-off")["error"])
        self.assertEqual(len(self.notes("lachan-feeds")), runs)

    def test_a_decision_breaks_off_a_run_by_the_clock(self):
        self.behave("lachan-feeds", linger="--due")
        gateway = self.lachand()
        self.wait_note("lachan-feeds", "args=--due")
        self.assertEqual(self.command("feeds-off", name="some-games"),
                         {"ok": True, "exit_status": 0})
        self.assertIn("args=--off,some-games ", self.notes("lachan-feeds")[1])
        # What was broken off is made up for.
        self.wait_note("lachan-feeds", "args=--due", count=2)
        self.assertNotIn("lachan-feeds ended", gateway.log())

    def test_one_order_waits_for_a_run_and_a_second_is_refused(self):
        self.behave("lachan-feeds", linger="--only")
        self.lachand()
        self.wait_first_run()
        path = self.path("run", "lachand.sock")
        with Control(path) as first, Control(path) as second, Control(path) as third:
            first.send({"command": "feeds-update", "name": "some-games"})
            self.wait_note("lachan-feeds", "args=--only")
            second.send({"command": "feeds-off", "name": "some-games"})
            # Requests of one peer are read in order: this answer says that the other waits.
            self.assertTrue(second.ask("children")["ok"])
            self.assertIn("already", third.ask("feeds-on", name="some-games")["error"])
            os.kill(int(self.notes("lachan-feeds")[1].split()[1]), signal.SIGTERM)
            self.assertEqual(first.receive(), {"ok": True, "exit_status": -1})
            self.assertTrue(second.receive()["ok"])
        self.assertIn("args=--off,some-games ", self.notes("lachan-feeds")[2])

    def test_nonsense_is_answered_or_closed_and_harms_nobody(self):
        self.lachand()
        path = self.path("run", "lachand.sock")
        with Control(path) as line:
            self.assertIn("unknown command", line.ask("fly")["error"])
            self.assertEqual(line.ask("children")["ok"], True)
        for data in (b"\xff\xff\xff\xff", struct.pack("<I", 5) + b"hello", b"\0\0\0\0"):
            with Control(path) as line:
                line.sock.sendall(data)
                try:
                    self.assertFalse(line.receive()["ok"])
                except ConnectionError:
                    pass
        self.assertTrue(self.command("children")["ok"])


class Ending(SupervisorTest):
    def test_term_ends_everything_cleanly(self):
        gateway = self.lachand()
        children = gateway.children()
        self.assertLessEqual({"lachan-filter", "lachan-page"}, set(children))
        self.assertEqual(gateway.term(), 0)
        self.assertFalse(any(map(is_alive, children.values())))
        self.assertIn("term", self.notes("lachan-filter"))
        self.assertFalse(os.path.exists(self.path("run", "lachand.sock")))

    def test_a_child_that_does_not_end_is_killed(self):
        self.behave("lachan-page", stubborn=True)
        gateway = self.lachand()
        children = gateway.children()
        self.assertEqual(gateway.term(), 0)
        self.assertIn("lachan-page does not end, killing it", gateway.log())
        self.assertFalse(any(map(is_alive, children.values())))


class Rights(SupervisorTest):
    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    def test_a_user_that_does_not_exist_is_refused_with_words(self):
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        self.write("lachan.yaml", text.replace('user: ""', "user: no-such-user-here"))
        gateway = self.lachand(ready=False)
        self.assertEqual(gateway.wait(), 1)
        self.assertIn('there is no user "no-such-user-here"', gateway.log())

    def test_a_folder_that_everybody_may_write_in_is_refused(self):
        os.mkdir(self.path("run"))
        os.chmod(self.path("run"), 0o777)
        gateway = self.lachand(ready=False)
        self.assertEqual(gateway.wait(), 1)
        self.assertIn("everybody may write there", gateway.log())

    def test_the_supervisor_gains_no_rights_and_leaves_no_core(self):
        gateway = self.lachand()
        with open("/proc/%d/status" % gateway.pid, encoding="utf-8") as file:
            self.assertIn("NoNewPrivs:\t1", file.read())
        with open("/proc/%d/limits" % gateway.pid, encoding="utf-8") as file:
            line = next(line for line in file if line.startswith("Max core file size"))
        self.assertEqual(line.split()[4:6], ["0", "0"])


class RealPrograms(LachanTest):
    """The whole gateway as it is installed, against a fake upstream."""

    def setUp(self):
        super().setUp()
        self.need("lachand", "lachan-filter", "lachan-page")
        self.names = self.upstream({"www.example.vn": "192.0.2.7", "other.example.vn": "192.0.2.8"})
        self.dns_port, self.page_port = self.free_port(), self.free_port()
        self.configure()
        self.gateway = self.start("lachand", "-c", self.config)
        self.gateway.wait_log("lachan-filter is ready")
        self.gateway.wait_log("lachan-page is ready")

    def configure(self, deny=""):
        # One small feed: what runs at the start needs no network.
        self.config = self.write_config(
            dns_port=self.dns_port, page_port=self.page_port, upstream=self.names.port,
            extra="filter:\n  feeds:\n    - {name: lachan-games, category: games, "
                  "url: [\"file://%s/rules/lists/games.txt\"]}\n"
                  "  tiers:\n    - {name: lower_secondary, deny: [%s]}\n" % (SOURCE_DIR, deny))

    def resolved(self, name="www.example.vn", **how):
        return self.ask(self.dns_port, name, **how).addresses()

    def test_a_killed_filter_answers_what_was_asked_meanwhile(self):
        self.assertEqual(self.resolved(), ["192.0.2.7"])
        os.kill(self.gateway.children()["lachan-filter"], signal.SIGKILL)
        # One query, sent while nobody reads; the socket keeps it.
        self.assertEqual(self.resolved(timeout=10), ["192.0.2.7"])
        self.gateway.wait_log("lachan-filter is ready", count=2)

    def test_a_killed_page_costs_no_answer(self):
        os.kill(self.gateway.children()["lachan-page"], signal.SIGKILL)
        self.assertEqual(self.resolved(), ["192.0.2.7"])
        with socket.create_connection(("127.0.0.1", self.page_port), timeout=10) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: lachan.internal\r\n\r\n")
            self.assertTrue(client.recv(64).startswith(b"HTTP/1.1 "))

    def test_a_reload_changes_answers_and_loses_none(self):
        self.assertEqual(self.resolved(), ["192.0.2.7"])
        self.configure(deny="www.example.vn")
        self.gateway.hup()
        wait_for("the name to be blocked", lambda: self.resolved() == ["127.0.0.1"])
        self.assertEqual(self.resolved("other.example.vn"), ["192.0.2.8"])
        with open(self.config, "a", encoding="utf-8") as file:
            file.write("nonsense: 1\n")
        self.gateway.hup()
        self.gateway.wait_log("is not taken, the old configuration stays")
        self.assertEqual(self.resolved(), ["127.0.0.1"])

    def recorded(self, count):
        """The last entry of the record, once there are `count`."""
        def entries():
            try:
                with open(self.path("state", "audit.log"), encoding="utf-8") as file:
                    found = [json.loads(line) for line in file]
            except FileNotFoundError:
                return None
            return found if len(found) >= count else None
        entry = wait_for("%d entries in the record" % count, entries)[-1]
        return entry["actor"], entry["action"], entry["detail"]

    def test_reloads_and_updates_by_a_person_stand_in_the_record(self):
        def ask(command, **arguments):
            return self.control(command, socket_name="lachand.sock", **arguments)
        me = "uid:%d" % os.getuid()
        self.gateway.hup()
        self.assertEqual(self.recorded(1), ("signal", "reload", self.config))
        self.assertTrue(ask("reload")["ok"])
        self.assertEqual(self.recorded(2), (me, "reload", self.config))
        wait_for("the end of the first run of the feeds",
                 lambda: ask("children")["feeds"]["state"] == "waiting")
        ask("feeds-update", name="lachan-games")
        self.assertEqual(self.recorded(3), (me, "feeds-update", "lachan-games"))
        self.assertEqual(ask("feeds-off", name="lachan-games"), {"ok": True, "exit_status": 0})
        self.assertEqual(self.recorded(4), (me, "feeds-off", "lachan-games"))
        self.assertEqual(ask("feeds-accept", name="lachan-games")["exit_status"], 1)
        self.assertEqual(self.recorded(5), (me, "feeds-accept", "lachan-games (failed)"))
        with open(self.config, "a", encoding="utf-8") as file:
            file.write("nonsense: 1\n")
        self.assertFalse(ask("reload")["ok"])
        self.assertEqual(self.recorded(5)[1], "feeds-accept")

    def test_children_hold_no_rights(self):
        for name, pid in self.gateway.children().items():
            if name in RUNS:
                continue
            with open("/proc/%d/status" % pid, encoding="utf-8") as file:
                status = file.read()
            self.assertIn("CapEff:\t0000000000000000", status, name)
            self.assertIn("CapPrm:\t0000000000000000", status, name)
            self.assertIn("NoNewPrivs:\t1", status, name)
            self.assertIn("Seccomp:\t2", status, name)
        listed = self.control("children", socket_name="lachand.sock")["children"]
        self.assertEqual([child["limited"] for child in listed], [True] * len(listed))

    def test_term_leaves_no_process_and_no_socket(self):
        children = self.gateway.children()
        self.assertEqual(self.gateway.term(), 0)
        self.assertFalse(any(map(is_alive, children.values())))
        self.assertEqual([name for name in os.listdir(self.path("run"))
                          if name.endswith(".sock")], [])


if __name__ == "__main__":
    main()
