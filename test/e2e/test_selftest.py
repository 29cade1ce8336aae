"""lachanctl selftest: a name of every tier and category, asked of the running gateway."""
import json
import os
import socket
import struct

from filter_test import FilterTest
from lachan_test import LachanTest, dns, main

SELFTEST_OPTION = 65253


class SelfTest(LachanTest):
    def begin(self, extra="", languages="en"):
        self.need("lachand", "lachan-filter", "lachan-page", "lachan-feeds", "lachanctl")
        self.dns_port, self.page_port = self.free_port(), self.free_port()
        self.up = self.upstream({})
        self.config = self.write_config(dns_port=self.dns_port, page_port=self.page_port,
                                        upstream=self.up.port, extra=extra)
        if languages != "en":
            with open(self.config, encoding="utf-8") as file:
                text = file.read().replace("languages: [en]", "languages: [%s]" % languages)
            self.write("lachan.yaml", text)
        self.start("lachand", "-c", self.config)

        def ready():
            try:
                return self.control("status")["rules"]["source"] == "state"
            except OSError:
                return False
        self.wait_for("rules", ready)
        self.wait_for("the page", lambda: self.is_open(self.page_port))

    @staticmethod
    def is_open(port):
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", port)) == 0

    def selftest(self, *words, config=None):
        status, out, err = self.run_program("lachanctl", "-c", config or self.config, "selftest",
                                            "--json", *words)
        self.assertEqual(err, "")
        made = json.loads(out)
        return status, made, {(c["tier"], c["category"]): c for c in made.get("cells", [])}

    def test_all_tiers_and_categories_answer_as_they_should(self):
        self.begin()
        status, made, cells = self.selftest()
        self.assertEqual(
            (status, made["passed"]), (0, True),
            [c for c in made["cells"] if c["got"] not in ("blocked", "open")] + made["checks"])
        self.assertEqual({c["id"] for c in made["checks"]}, {"dns-udp", "dns-tcp", "page", "allowed"})
        for cell in made["cells"]:
            self.assertEqual(cell["got"], "blocked" if cell["expected"] == "block" else "open", cell)
        self.assertGreater(sum(c["got"] == "blocked" for c in made["cells"]), 50)
        self.assertEqual(cells["lower_secondary", "games"]["answer"], "warning")
        self.assertEqual(cells["staff", "games"]["got"], "open")
        self.assertEqual(cells["staff", "malware"]["got"], "blocked")

        # Nobody outside heard of a listed name, and nothing was counted.
        self.assertNotIn("thu.lachan.example", json.dumps([repr(one) for one in self.up.asked]))

        def games():
            return {c["tier"]: c.get("attempts", 0) for c in self.control("stats")["cells"]
                    if c["category"] == "games"}
        # What is not sensitive is 0 until somebody tries, and "below" (the floor) then.
        self.assertNotIn("below", games().values())
        self.ask(self.dns_port, "games.thu.lachan.example")
        self.wait_for("one attempt", lambda: "below" in games().values())
        status, made, cells = self.selftest("--tier", "staff")
        self.assertEqual({tier for tier, _ in cells}, {"staff"})

    def test_what_is_open_on_purpose_is_told_from_what_is_wrong(self):
        self.begin(extra="filter: {tiers: [{name: lower_secondary, allow: [thu.lachan.example]}]}\n")
        status, made, cells = self.selftest("--tier", "lower_secondary")
        self.assertEqual(status, 0, made)
        self.assertEqual((cells["lower_secondary", "games"]["got"],
                          cells["lower_secondary", "games"]["why"]), ("open-now", "allow"))
        self.assertEqual(cells["lower_secondary", "child_abuse"]["got"], "blocked")  # locked
        # A configuration that was never taken into use: the filter does not block what it says.
        stricter = self.write_config(
            dns_port=self.dns_port, page_port=self.page_port, upstream=self.up.port,
            file="stricter.yaml", extra="filter: {tiers: [{name: staff, block: [games, malware]}]}\n")
        status, made, cells = self.selftest("--tier", "staff", config=stricter)
        self.assertEqual(cells["staff", "games"]["expected"], "block")
        self.assertNotEqual(cells["staff", "games"]["got"], "blocked")

    def test_a_list_of_the_schools_own_and_one_that_nothing_fills(self):
        """Names are taken from the lists where the ones for trying are not pulled."""
        listed = self.write("games.txt", "# mine\nplay.example.org\nfun.example.net\n")
        self.begin(extra="""filter:
  feeds: [{name: mine, category: games, url: ["file://%s"], min_entries: 1}]
""" % listed)
        status, made, cells = self.selftest("--tier", "lower_secondary")
        self.assertEqual(status, 1)
        self.assertEqual((cells["lower_secondary", "games"]["got"],
                          cells["lower_secondary", "games"]["name"]), ("blocked", "play.example.org"))
        self.assertEqual(cells["lower_secondary", "gambling"]["got"], "unfilled")
        status, out, _ = self.run_program("lachanctl", "-c", self.config, "selftest")
        self.assertEqual(status, 1)
        self.assertIn("NOT BLOCKED", out)

    def test_a_dead_page_is_told(self):
        self.begin(languages="vi")
        other = self.free_port()
        elsewhere = self.write_config(dns_port=self.dns_port, page_port=other,
                                      upstream=self.up.port, file="elsewhere.yaml")
        status, made, _ = self.selftest(config=elsewhere)
        self.assertEqual((status, made["passed"]), (1, False))
        self.assertEqual([c["id"] for c in made["checks"] if not c["ok"]], ["page"])

    def test_the_word_of_a_test_is_needed_and_ends(self):
        self.begin()
        query = dns.make_query("games.thu.lachan.example", "A", options=(
            (SELFTEST_OPTION, struct.pack("<QB", 1, 0)),))

        def rcode():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.settimeout(5)
                sock.sendto(query, ("127.0.0.1", self.dns_port))
                return sock.recv(4096)[3] & 15
        made = self.control("selftest", names=[])
        self.assertEqual(rcode(), dns.NOERROR)  # a guess is a plain question: of our own tier
        staff = next(c for c in self.control(
            "selftest", names=[{"category": "games", "name": "games.thu.lachan.example"}])["cells"]
                     if c["tier"] == "staff")
        query = dns.make_query("games.thu.lachan.example", "A", options=(
            (SELFTEST_OPTION, struct.pack("<QB", int(made["token"], 16), staff["index"])),))
        self.assertEqual(rcode(), dns.SERVFAIL)  # open for staff, and not asked of anybody
        # A cookie without a question is no name's, whatever was asked before.
        word = query[query.index(struct.pack("!HH", SELFTEST_OPTION, 9)):]
        options = struct.pack("!HH8s", 10, 8, b"a client") + word
        query = struct.pack("!6H", 7, 0x100, 0, 0, 0, 1) + struct.pack(
            "!BHHIH", 0, 41, 1232, 0, len(options)) + options
        self.assertEqual(rcode(), dns.NOERROR)
        for name in ("x" * 70, "", 7, None):
            self.assertTrue(self.control("selftest", names=[{"category": "games", "name": name}])["ok"])

    def test_it_needs_a_running_gateway(self):
        self.need("lachanctl")
        config = self.write_config(dns_port=5399)
        os.makedirs(self.path("run"), exist_ok=True)
        status, made, _ = self.selftest(config=config)
        self.assertEqual(status, 1)
        self.assertIn("not running", made["error"])


class OfRules(FilterTest):
    RULES = {"gambling": "||alias.example^$dnsrewrite=garden.example.vn\n"}
    RECORDS = {"garden.example.vn": "192.0.2.7"}

    def test_what_a_rule_leads_to_is_not_asked_of_upstream(self):
        self.run_filter()
        made = self.control("selftest", names=[{"category": "gambling", "name": "alias.example"}])
        tried = made["cells"][0]
        self.assertEqual((tried["verdict"], tried["answer"]), ("block", "warning"))
        self.assert_blocked(self.ask_filter("alias.example", options=(
            (SELFTEST_OPTION, struct.pack("<QB", int(made["token"], 16), tried["index"])),)))
        self.assertEqual(self.control("status")["queries"]["forwarded"], 0)
        self.assertEqual(self.ask_filter("alias.example").addresses(), ["192.0.2.7"])


if __name__ == "__main__":
    main()
