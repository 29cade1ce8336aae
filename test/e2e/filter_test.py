"""A lachan-filter with rules and a configuration of the test's own.

    class Blocking(FilterTest):
        RULES = {"gambling": "||casino.example^"}

        def test_something(self):
            self.run_filter(filter={"answer": {"ttl": "45s"}})
            self.assertEqual(self.ask_filter("www.casino.example").addresses(), ["127.0.0.1"])
"""
import copy
import json
import os
import shutil
import signal
import subprocess
import tempfile

from lachan_test import BIN, PATIENCE_S, LachanTest, control, dns, plain_rules, wait_for

PORTAL = "lachan.internal"


def merge(into, more):
    """`more` over `into`, mapping by mapping."""
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value
    return into


class FilterTest(LachanTest):
    # {category: rules}; the feed behind each is named as its category.
    RULES = {"gambling": "||casino.example^\n"}
    RECORDS = {"www.example.vn": "192.0.2.7"}
    LEVELS = ["lower_secondary"]

    def setUp(self):
        super().setUp()
        self.need("lachan-filter", "lachan-rules")
        self.port = self.free_port()
        self.fake = None
        self.run_dir = self.path("run")

    def keep_run_dir_in_memory(self):
        """run_dir below /dev/shm, so that what is counted outlives kill -9."""
        if not os.path.isdir("/dev/shm"):
            self.skipTest("no /dev/shm")
        folder = tempfile.mkdtemp(prefix="lachan-", dir="/dev/shm")
        self.run_dir = os.path.join(folder, "run")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)

    def control(self, command, /, *, socket_name="control.sock", **arguments):
        return control(os.path.join(self.run_dir, socket_name), command, **arguments)

    def publish(self, rules):
        """Compiles and publishes as lachan-feeds does: one rename."""
        files = []
        for category, text in rules.items():
            files.append("%s=%s" % (category, self.write("lists/%s.txt" % category, text)))
        os.makedirs(self.path("state"), exist_ok=True)
        fresh = self.path("state", "rules.db.new")
        status, _, said = self.run_program("lachan-rules", "compile", "-o", fresh, *files)
        self.assertEqual(status, 0, said)
        os.rename(fresh, self.path("state", "rules.db"))

    def config(self, **more):
        """The base configuration with `more` merged over it; JSON is YAML."""
        made = {
            "school": {"levels": self.LEVELS, "languages": ["en"]},
            "server": {"listen": ["127.0.0.1:%d" % self.port], "user": "",
                       "data_dir": plain_rules(),
                       "state_dir": self.path("state"), "run_dir": self.run_dir},
            "pages": {"listen": ["127.0.0.1:%d" % self.free_port()]},
            "filter": {"without_rules": "refuse"},
        }
        return merge(made, copy.deepcopy(more))

    def write_json(self, config):
        return self.write("lachan.yaml", json.dumps(config, indent=1))

    def run_filter(self, *, rules=None, upstreams=None, env=None, **more):
        """Starts it and waits until it serves. `upstreams`: ports; else a fake one with
        RECORDS. Keywords are sections of the configuration."""
        self.publish(self.RULES if rules is None else rules)
        if upstreams is None:
            self.fake = self.upstream(self.RECORDS)
            upstreams = [self.fake.port]
        servers = ["udp://127.0.0.1:%d" % port for port in upstreams]
        self.current = merge(self.config(upstream={"servers": servers}), copy.deepcopy(more))
        self.program = self.start("lachan-filter", "-c", self.write_json(self.current), env=env)
        self.program.wait_log("serving with")
        return self.program

    def reload(self, config, words="the new configuration is in force"):
        """Writes a configuration, sends HUP, and waits for the word of success or refusal."""
        seen = self.program.log().count(words)
        self.write_json(config)
        self.program.signal(signal.SIGHUP)
        self.program.wait_log(words, seen + 1)

    def stop_clean(self):
        """Ends with TERM and status 0: a sanitizer's finding is another status."""
        self.assertEqual(self.program.term(), 0, self.program.log())

    def ask_filter(self, name, rtype="A", *, host="127.0.0.1", **how):
        how.setdefault("timeout", PATIENCE_S)
        return dns.ask((host, self.port), name, rtype, **how)

    def generation(self):
        return self.control("status")["rules"]["generation"]

    def wait_rules(self, name, blocked=True, **how):
        """Until the published rules are in force, as seen by a query."""
        def there():
            reply = self.ask_filter(name, **how)
            # REFUSED is what everything gets before there are rules.
            return reply.rcode != dns.REFUSED and (reply.ede is not None) == blocked
        wait_for("%s to be %s" % (name, "blocked" if blocked else "open"), there)

    def assert_blocked(self, reply, address="127.0.0.1", ede=15):
        self.assertEqual(reply.rcode, dns.NOERROR)
        self.assertEqual(reply.addresses(), [address])
        if reply.edns_size is not None:
            self.assertEqual(reply.ede, (ede, ""))

    def assert_passed(self, reply, address="192.0.2.7"):
        self.assertEqual((reply.rcode, reply.addresses()), (dns.NOERROR, [address]))
        self.assertIsNone(reply.ede)

    def assert_negative(self, reply, owner, ttl, rcode=dns.NOERROR):
        """No data, and an SOA whose TTL and MINIMUM are `ttl`."""
        self.assertEqual((reply.rcode, reply.answer), (rcode, []))
        self.assertEqual(len(reply.authority), 1)
        record = reply.authority[0]
        self.assertEqual((record.type, record.name.lower()), (dns.SOA, owner))
        self.assertEqual((record.ttl, int.from_bytes(record.data[-4:], "big")), (ttl, ttl))


def rules_explain(database, name):
    """lachan-rules' view of one name."""
    done = subprocess.run([os.path.join(BIN, "lachan-rules"), "explain", "-d", database, "--json",
                           name], capture_output=True, timeout=60, check=False)
    return json.loads(done.stdout.decode().splitlines()[0])
