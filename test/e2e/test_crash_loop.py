"""No file of state keeps the gateway from serving, and no series of ends does (T57)."""
import os
import random
import signal

from lachan_test import SOURCE_DIR, LachanTest, is_alive, main, wait_for

SEED = int(os.environ.get("SEED", "20261122"))
PATIENCE_S = 60
STATE = ("rules.db", "rules.db.prev", "grants", "audit.log", "tally/today", "tally/20261121.day",
         "tally/20261121.hours", "feeds/lachan-games.gz", "feeds/lachan-games.meta",
         "feeds/.inputs", "feeds/.lock", "outbox/rubbish.json.gz")


class CrashLoop(LachanTest):
    def setUp(self):
        super().setUp()
        self.need("lachand", "lachan-filter", "lachan-page", "lachan-feeds")
        self.dns_port = self.free_port()
        names = self.upstream({"www.example.vn": "192.0.2.7"})
        self.config = self.write_config(
            dns_port=self.dns_port, upstream=names.port,
            extra="filter:\n  feeds:\n    - {name: lachan-games, category: games, "
                  "url: [\"file://%s/rules/lists/games.txt\"]}\n"
                  "  tiers:\n    - {name: lower_secondary, deny: [denied.example]}\n" % SOURCE_DIR)

    def serves(self):
        answer = self.ask_until(self.dns_port, "www.example.vn", timeout=PATIENCE_S)
        self.assertEqual(answer.addresses(), ["192.0.2.7"])
        self.assertEqual(self.ask(self.dns_port, "denied.example").addresses(), ["127.0.0.1"])

    def start_gateway(self):
        return self.start("lachand", "-c", self.config)

    def plant(self, put):
        """Calls put(path) for every file of state there is."""
        for top, names in ("state", STATE), ("run", ("tally",)):
            os.makedirs(self.path(top), mode=0o750, exist_ok=True)
            for name in names:
                path = self.path(top, name)
                if top == "state" and "/" in name:
                    os.makedirs(os.path.dirname(path), mode=0o750, exist_ok=True)
                put(path)

    def serves_over(self, put):
        self.plant(put)
        gateway = self.start_gateway()
        self.serves()
        gateway.wait_log("lachan-page is ready")
        self.assertNotIn("ended by itself", gateway.log())
        self.assertEqual(gateway.term(), 0)

    def write_bytes(self, data):
        def put(path):
            with open(path, "wb") as file:
                file.write(data() if callable(data) else data)
        return put

    def test_empty_files(self):
        self.serves_over(self.write_bytes(b""))

    def test_files_of_random_octets(self):
        source = random.Random(SEED)
        self.serves_over(self.write_bytes(lambda: source.randbytes(source.randint(1, 70000))))

    def test_files_of_one_long_line(self):
        self.serves_over(self.write_bytes(b"9" * 3_000_000))

    def test_folders_where_files_should_be(self):
        self.serves_over(os.mkdir)

    def test_links_that_lead_in_a_circle(self):
        self.serves_over(lambda path: os.symlink(os.path.basename(path), path))

    def test_links_to_a_file_without_an_end(self):
        self.serves_over(lambda path: os.symlink("/dev/zero", path))

    def test_pipes_that_nobody_writes(self):
        self.serves_over(os.mkfifo)

    def test_a_filter_that_ends_again_and_again_serves_in_the_end(self):
        gateway = self.start_gateway()
        self.serves()
        for _ in range(5):
            pid = wait_for("a filter", lambda: gateway.children().get("lachan-filter"),
                           PATIENCE_S)
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            wait_for("its end", lambda pid=pid: not is_alive(pid), PATIENCE_S)
        self.serves()
        self.assertIn("starting it again in 1600 ms", gateway.log())


if __name__ == "__main__":
    main()
