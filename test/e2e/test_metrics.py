#!/usr/bin/env python3
"""Metrics: the text, the names that dashboards ask for, what is never told, and who may ask."""
import http.client
import json
import os
import pwd
import re
import socket
import stat
import subprocess
import sys
import unittest

from filter_test import FilterTest
from lachan_test import BIN, SOURCE_DIR, dns, main, wait_for
from prometheus import assert_monotonic, family_of, parse

# Names are for ever: a change here breaks dashboards and alarms at schools.
GOLDEN = {
    "lachan_answer_seconds": "histogram",
    "lachan_build_info": "gauge",
    "lachan_cache_bytes": "gauge",
    "lachan_cache_entries": "gauge",
    "lachan_cache_evictions_total": "counter",
    "lachan_cache_hits_total": "counter",
    "lachan_cache_limit_bytes": "gauge",
    "lachan_cache_misses_total": "counter",
    "lachan_cache_prefetches_total": "counter",
    "lachan_cache_stale_total": "counter",
    "lachan_clients_waiting": "gauge",
    "lachan_clock_trusted": "gauge",
    "lachan_day_partial": "gauge",
    "lachan_diagnosing": "gauge",
    "lachan_drops_total": "counter",
    "lachan_enforcing": "gauge",
    "lachan_events_total": "counter",
    "lachan_feed_age_seconds": "gauge",
    "lachan_feed_entries": "gauge",
    "lachan_feed_held": "gauge",
    "lachan_feed_ok": "gauge",
    "lachan_memory_bytes": "gauge",
    "lachan_paused": "gauge",
    "lachan_program_uptime_seconds": "gauge",
    "lachan_queries_total": "counter",
    "lachan_restarts_total": "counter",
    "lachan_rules_age_seconds": "gauge",
    "lachan_rules_empty_categories": "gauge",
    "lachan_rules_generation": "gauge",
    "lachan_rules_load_failures_total": "counter",
    "lachan_rules_names": "gauge",
    "lachan_share_delivered_age_seconds": "gauge",
    "lachan_share_delivered_total": "counter",
    "lachan_share_failures": "gauge",
    "lachan_share_stopped": "gauge",
    "lachan_share_waiting": "gauge",
    "lachan_tally_lost_total": "counter",
    "lachan_tcp_connections": "gauge",
    "lachan_up": "gauge",
    "lachan_upstream_failures": "gauge",
    "lachan_upstream_mismatches_total": "counter",
    "lachan_upstream_queries_total": "counter",
    "lachan_upstream_questions": "gauge",
    "lachan_upstream_rtt_seconds": "gauge",
    "lachan_upstream_timeouts_total": "counter",
    "lachan_upstream_up": "gauge",
    "lachan_uptime_seconds": "gauge",
    "lachan_verdicts_total": "counter",
}
CLIENT = "127.0.44.99"


def request(port, method="GET", path="/metrics", host="127.0.0.1"):
    """(status, headers, text)."""
    line = http.client.HTTPConnection(host, port, timeout=15)
    try:
        line.request(method, path)
        reply = line.getresponse()
        return reply.status, reply.headers, reply.read().decode()
    finally:
        line.close()


def words_of_rules(file):
    with open(os.path.join(SOURCE_DIR, "rules", file), encoding="utf-8") as opened:
        return re.findall(r"^  - name: (\w+)", opened.read(), flags=re.M)


class MetricsTest(FilterTest):
    RULES = {"gambling": "||casino.example^\n", "self_harm": "||sorrow.example^\n"}

    def setUp(self):
        super().setUp()
        self.need("lachand", "lachan-page")
        self.metrics_port = self.free_port()

    def run_gateway(self):
        self.publish(self.RULES)
        self.fake = self.upstream(self.RECORDS)
        names = "".join("filler%d.example.com\n" % i for i in range(2000))
        lists = [("our-list", "gambling", "casino.example\n"),
                 ("other-list", "self_harm", "sorrow.example\n")]
        config = self.config(
            upstream={"servers": ["udp://127.0.0.1:%d" % self.fake.port]},
            server={"metrics": "127.0.0.1:%d" % self.metrics_port},
            filter={"feeds": [{
                "name": name, "category": category, "format": "domains",
                "url": ["file://" + self.write(name + ".txt", names + listed)]}
                for name, category, listed in lists]})
        self.program = self.start("lachand", "-c", self.write_json(config))
        self.program.wait_log("lachan-filter is ready")
        self.program.wait_log("lachan-page is ready")
        self.wait_rules("casino.example")
        # The lists that the gateway pulls at its start are in force: no rule changes any more.
        self.scrape_until("both lists to be in force", lambda s: all(
            value(s, "lachan_feed_ok", feed=name) == 1 and
            value(s, "lachan_feed_entries", feed=name) == 2001 for name, _, _ in lists))

    def scrape(self, expected=None):
        status, headers, text = request(self.metrics_port)
        self.assertEqual(status, 200, text)
        self.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        types, samples = parse(text)
        if expected is not None:
            for name, kind in types.items():
                self.assertEqual(expected.get(name), kind, name)
        return text, types, samples

    def scrape_until(self, what, condition):
        """Until condition(samples); a text may be half a second old."""
        def there():
            _, _, samples = self.scrape()
            return samples if condition(samples) else None
        return wait_for(what, there)


def value(samples, name, **labels):
    return samples.get((name, tuple(sorted(labels.items()))), 0.0)


class Gateway(MetricsTest):
    def ask_all_sorts(self):
        for i in range(3):
            self.ask_filter("www.example.vn", source=CLIENT)
            self.ask_filter("www.casino.example", source=CLIENT)
            self.ask_filter("www.sorrow.example", source=CLIENT)
        self.ask_filter("absent.example.vn", source=CLIENT)
        self.ask_filter("www.example.vn", tcp=True)
        self.ask_filter("www.example.vn", rd=False)
        dns.ask_bytes(("127.0.0.1", self.port), b"\x12\x34\x01\x00\x00\x01" + bytes(6),
                      timeout=15)

    def test_names_are_those_of_the_golden_list_and_counters_never_go_back(self):
        self.run_gateway()
        self.ask_all_sorts()
        first = self.scrape_until("all queries to be told", lambda s: value(
            s, "lachan_verdicts_total", verdict="malformed") >= 1)
        self.ask_all_sorts()
        second = self.scrape_until("the second round to be told", lambda s: value(
            s, "lachan_verdicts_total", verdict="malformed") >= 2)
        _, types, _ = self.scrape(GOLDEN)
        # Of recipients there are none here (test_share_gateway.py has one).
        here = [name for name in GOLDEN if not name.startswith("lachan_share_")]
        self.assertEqual(sorted(types), sorted(here), "a name is missing, or is new")
        assert_monotonic(types, first, second)

    def test_the_numbers_are_what_happened(self):
        self.run_gateway()
        before = self.scrape()[2]
        self.ask_all_sorts()
        after = self.scrape_until("all queries to be told", lambda s: value(
            s, "lachan_verdicts_total", verdict="malformed") -
            value(before, "lachan_verdicts_total", verdict="malformed") == 1)

        def grown(name, **labels):
            return value(after, name, **labels) - value(before, name, **labels)
        self.assertEqual(grown("lachan_queries_total", transport="tcp"), 1)
        self.assertEqual(grown("lachan_queries_total", transport="udp"), 12)
        self.assertEqual(grown("lachan_verdicts_total", verdict="blocked"), 6)
        self.assertEqual(grown("lachan_verdicts_total", verdict="refused"), 1)
        self.assertEqual(grown("lachan_verdicts_total", verdict="forwarded"), 2)
        self.assertEqual(grown("lachan_verdicts_total", verdict="cached"), 3)
        self.assertEqual(grown("lachan_answer_seconds_count"), 13)
        for program in ("lachan-filter", "lachan-page", "lachand"):
            self.assertEqual(value(after, "lachan_up", program=program), 1, program)
        self.assertEqual(value(after, "lachan_restarts_total", program="lachan-page"), 0)
        self.assertGreater(value(after, "lachan_memory_bytes", program="lachan-filter"), 1e6)
        server = "127.0.0.1:%d" % self.fake.port
        self.assertEqual(value(after, "lachan_upstream_up", server=server), 1)
        self.assertGreaterEqual(value(after, "lachan_upstream_queries_total", server=server), 2)
        self.assertEqual(value(after, "lachan_clock_trusted"), 1)
        self.assertEqual(value(after, "lachan_enforcing"), 1)

    def test_no_name_no_client_no_tier_and_no_category_is_told(self):
        self.run_gateway()
        self.ask_all_sorts()
        text, _, samples = self.scrape()
        for secret in ("casino", "sorrow", "example.vn", "absent", CLIENT, "127.0.44"):
            self.assertNotIn(secret, text)
        shown = {word for (_, labels) in samples for pair in labels for word in pair}
        for word in words_of_rules("categories.yaml") + words_of_rules("tiers.yaml"):
            self.assertNotIn(word, shown)
        names = {label for (_, labels) in samples for label, _ in labels}
        self.assertEqual(names - {"transport", "verdict", "reason", "event", "le", "server",
                                  "zone", "feed", "program", "version"}, set())

    def test_other_paths_and_methods_find_nothing(self):
        self.run_gateway()
        for path in ("/", "/metrics/", "/metrics2", "/lachan/status", "//metrics"):
            self.assertEqual(request(self.metrics_port, path=path)[0], 404, path)
        self.assertEqual(request(self.metrics_port, method="POST")[0], 405)
        status, headers, text = request(self.metrics_port, method="HEAD")
        self.assertEqual((status, text), (200, ""))
        self.assertGreater(int(headers["Content-Length"]), 1000)
        with open(self.path("lachan.yaml"), encoding="utf-8") as file:
            page = json.load(file)["pages"]["listen"][0]
        self.assertNotIn("lachan_up", request(int(page.rsplit(":", 1)[1]))[2])

    def test_a_filter_that_is_gone_is_told_and_asking_goes_on(self):
        self.run_gateway()
        self.assertEqual(value(self.scrape()[2], "lachan_up", program="lachan-filter"), 1)
        os.kill(self.program.children()["lachan-filter"], 9)
        self.scrape_until("the restart to be told", lambda s: value(
            s, "lachan_restarts_total", program="lachan-filter") >= 1 and value(
                s, "lachan_up", program="lachan-filter") == 1)


class OtherUser(MetricsTest):
    """As it is installed: the supervisor is root, its children are not."""

    def test_the_page_may_ask_the_supervisor_how_the_others_are_and_nothing_else(self):
        if os.geteuid() != 0:
            self.skipTest("needs root: the children become another user")
        user = pwd.getpwnam("nobody")
        os.chmod(self.dir, 0o755)
        self.publish(self.RULES)
        os.chown(self.path("state"), user.pw_uid, user.pw_gid)
        config = self.config(server={"metrics": "127.0.0.1:%d" % self.metrics_port,
                                     "user": "nobody"}, upstream={"servers": ["udp://127.0.0.2:9"]})
        self.program = self.start("lachand", "-c", self.write_json(config))
        self.program.wait_log("lachan-page is ready")
        samples = self.scrape_until("all programs to be up", lambda s: all(
            value(s, "lachan_up", program=p) == 1
            for p in ("lachand", "lachan-filter", "lachan-page")))
        self.assertEqual(value(samples, "lachan_restarts_total", program="lachan-filter"), 0)
        path = os.path.join(self.run_dir, "lachand.sock")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o660)
        self.assertEqual(os.stat(path).st_gid, user.pw_gid)
        ask = "import os, socket, struct, sys\n" \
            "os.setgroups([]); os.setgid(%d); os.setuid(%d)\n" \
            "for word in ('children', 'reload', 'feeds-update'):\n" \
            "  line = socket.socket(socket.AF_UNIX); line.settimeout(30)\n" \
            "  line.connect(sys.argv[1]); data = b'{\"command\":\"' + word.encode() + b'\"}'\n" \
            "  line.sendall(struct.pack('<I', len(data)) + data)\n" \
            "  line.recv(4, socket.MSG_WAITALL); print(line.recv(14))\n" % (
                user.pw_gid, user.pw_uid)
        said = subprocess.run([sys.executable, "-c", ask, path], capture_output=True, check=True,
                              timeout=60, text=True).stdout.splitlines()
        self.assertEqual([line[:12] for line in said],
                         ["b'{\"ok\":true", "b'{\"ok\":fals", "b'{\"ok\":fals"])


class Alone(MetricsTest):
    def run_page(self, listen, prefix=(), **server):
        config = self.config(server={"metrics": listen, **server}, pages={"listen": []})
        path = self.write_json(config)
        if prefix:
            started = self.start(prefix[0], *prefix[1:], os.path.join(
                BIN, "lachan-page"), "-c", path, folder="/usr/bin")
        else:
            started = self.start("lachan-page", "-c", path)
        started.wait_log("serving the warning page")
        return started

    def test_without_a_filter_it_is_said_to_be_down(self):
        self.run_page("127.0.0.1:%d" % self.metrics_port)
        _, types, samples = self.scrape(GOLDEN)
        self.assertEqual(value(samples, "lachan_up", program="lachan-filter"), 0)
        self.assertEqual(value(samples, "lachan_up", program="lachand"), 0)
        self.assertNotIn("lachan_queries_total", types)

    def test_many_who_ask_at_once_are_all_answered(self):
        self.run_page("127.0.0.1:%d" % self.metrics_port)
        lines = []
        for i in range(12):
            line = socket.create_connection(("127.0.0.1", self.metrics_port), timeout=15,
                                            source_address=("127.0.50.%d" % (i + 1), 0))
            self.addCleanup(line.close)
            line.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            lines.append(line)
        for line in lines:
            text = b""
            while chunk := line.recv(65536):
                text += chunk
            self.assertIn(b" 200 OK\r\n", text[:30])
            parse(text.split(b"\r\n\r\n", 1)[1].decode())

    def test_an_address_that_others_reach_is_open_to_server_allow_alone(self):
        if os.geteuid() != 0 or not os.access("/usr/bin/unshare", os.X_OK):
            self.skipTest("needs root and unshare: a network of its own")
        tool = "ip link set lo up && ip addr add 10.77.0.1/32 dev lo && " \
            "ip addr add 10.77.0.2/32 dev lo && exec \"$@\""
        page = self.run_page("0.0.0.0:%d" % self.metrics_port,
                             ("unshare", "-n", "sh", "-c", tool, "sh"),
                             allow=["10.77.0.1/32"])
        ask = "import socket, sys\n" \
            "line = socket.create_connection((sys.argv[1], %d), 15, (sys.argv[1], 0))\n" \
            "line.sendall(b'GET /metrics HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')\n" \
            "try:\n  print(line.recv(100)[:15])\n" \
            "except ConnectionError:\n  print(b'')\n" % self.metrics_port
        for address, heard in (("10.77.0.1", b"HTTP/1.1 200 OK"), ("10.77.0.2", b""),
                               ("127.0.0.1", b"HTTP/1.1 200 OK")):
            said = subprocess.run(["nsenter", "-t", str(page.pid), "-n", sys.executable, "-c",
                                   ask, address], capture_output=True, check=True, timeout=60)
            self.assertEqual(said.stdout.decode().strip(), repr(heard), address)


class Written(unittest.TestCase):
    def test_the_manual_lists_each_name_with_its_type(self):
        with open(os.path.join(SOURCE_DIR, "docs", "metrics.md"), encoding="utf-8") as file:
            rows = re.findall(r"^\| `(lachan_(?!district_)\w+)` \| (\w+) \|", file.read(), flags=re.M)
        self.assertEqual(dict(rows), GOLDEN)
        self.assertEqual(len(rows), len(GOLDEN), "a name stands there twice")

    def test_the_dashboard_asks_for_names_that_exist(self):
        path = os.path.join(SOURCE_DIR, "docs", "grafana", "lachan.json")
        with open(path, encoding="utf-8") as file:
            dashboard = json.load(file)
        asked, ids = set(), []
        for panel in dashboard["panels"]:
            ids.append(panel["id"])
            self.assertEqual(panel.get("datasource", {"uid": "${datasource}"})["uid"],
                             "${datasource}", panel["title"])
            for target in panel.get("targets", []):
                found = re.findall(r"\blachan_\w+", target["expr"])
                self.assertTrue(found, target["expr"])
                for name in found:
                    self.assertIsNotNone(family_of(name, GOLDEN), name)
                    asked.add(family_of(name, GOLDEN))
        self.assertEqual(len(ids), len(set(ids)), "two panels of one id")
        self.assertEqual([v["type"] for v in dashboard["templating"]["list"]], ["datasource"])
        self.assertGreater(len(asked), len(GOLDEN) // 2)

    def test_the_reader_refuses_what_prometheus_would(self):
        good = "# HELP a_total x\n# TYPE a_total counter\na_total{l=\"v\"} 1\n"
        parse(good)
        for wrong in (good[:-1], good + good, good + "a_total{l=\"v\"} 2\n", "a 1\n",
                      good.replace("a_total", "a"), good.replace("\"v\"", "v"),
                      good.replace(" 1", " one"), good.replace(" 1", " -1"),
                      "# HELP h x\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\n"
                      "h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n"):
            with self.assertRaises(ValueError, msg=wrong):
                parse(wrong)


if __name__ == "__main__":
    main()
