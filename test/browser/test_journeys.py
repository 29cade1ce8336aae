#!/usr/bin/env python3
"""Chromium in rooms of a school: namespaces with wires, our resolver in resolv.conf."""
import http.server
import os
import shutil
import subprocess
import threading

from browser_test import PASSWORD, PICTURES, BrowserTest, main, plain_rules
import netns

GATEWAY = "10.10.%d.1"
DEVICE = "10.10.%d.2"
SITE = "192.0.2.80"
GAME = "games.thu.lachan.example"
CASINO = "gambling.thu.lachan.example"
# What the site itself would say; no page of ours does.
WELCOME = b"<!DOCTYPE html><html lang=en><title>The site itself</title><p>Welcome to the site itself."


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(WELCOME)

    def log_message(self, *_):
        pass


class Journeys(BrowserTest):
    """Room 1 has a pupil (1) and a teacher (3), room 2 another pupil (2)."""

    def setUp(self):
        super().setUp()
        self.gateway = netns.Space(self)
        self.devices = {}
        for number in (1, 2, 3):
            space = self.devices[number] = netns.Space(self)
            netns.wire(space, self.gateway, near="lan%d" % number,
                       addresses=[DEVICE % number + "/24"],
                       near_addresses=[GATEWAY % number + "/24"])
            space.ip("route", "add", "default", "via", GATEWAY % number)
            self.lead(space, GATEWAY % number)
        self.gateway.ip("address", "add", SITE + "/32", "dev", "lo")
        self.serve_site()

    def lead(self, space, resolver):
        """`ip netns exec` shows this as /etc/resolv.conf."""
        folder = "/etc/netns/" + space.name
        os.makedirs(folder)
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        with open(folder + "/resolv.conf", "w", encoding="ascii") as file:
            file.write("nameserver %s\noptions timeout:2 attempts:2\n" % resolver)

    def serve_site(self):
        with self.gateway:
            server = http.server.ThreadingHTTPServer((SITE, 80), Site)
        thread = threading.Thread(target=self.inside, args=(server.serve_forever,), daemon=True)
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)

    def inside(self, call):
        with self.gateway:
            call()

    def write_config(self, *, extra="", **_):
        """The school's own addresses in place of loopback's."""
        lans = [GATEWAY % n for n in self.devices]
        listen = ", ".join('"%s:53"' % at for at in [*lans, "127.0.0.1"])
        pages = ", ".join('"%s:80"' % at for at in lans)
        text = ("school:\n  levels: [lower_secondary]\n  languages: [en]\n  name: Trường Thử\n"
                "server:\n  listen: [%s]\n  user: \"\"\n  data_dir: %s\n  state_dir: %s\n  run_dir: %s\n"
                "upstream:\n  servers: [\"udp://127.0.0.1:%d\"]\n"
                "filter:\n  groups:\n    - {name: phong-1, clients: [10.10.1.0/24, 10.10.3.0/24]}\n"
                "    - {name: phong-2, clients: [10.10.2.0/24]}\n"
                "  tiers:\n    - {name: lower_secondary, clients: [phong-1, phong-2]}\n"
                "pages:\n  listen: [%s]\n" % (listen, plain_rules(), self.path("state"),
                                               self.path("run"), self.up.port, pages))
        return self.write("lachan.yaml", text + extra)

    def open_school(self, tls=""):
        """`tls`: more keys of pages, which stand last in the file."""
        with self.gateway:
            self.begin_school(extra=tls, records={name: SITE for name in
                                                    (GAME, CASINO, "open.example.vn")})

    def browse(self, device, *jobs, env=None):
        return self.visit(list(jobs), argv=("ip", "netns", "exec", self.devices[device].name),
                          env=env)

    def test_a_blocked_http_name_shows_the_page_and_an_open_one_itself(self):
        self.open_school()
        blocked, fine, portal = self.browse(
            1, {"url": "http://%s/" % CASINO, "picture": os.path.join(PICTURES, "journey-http.png")},
            {"url": "http://open.example.vn/"}, {"url": "http://lachan.internal/"})
        self.assertEqual(blocked.get("error"), None, blocked)
        self.assertEqual(blocked["status"], 403)
        self.assertIn("111", blocked["text"])
        self.assertEqual(fine["title"], "The site itself")
        self.assertEqual(portal["status"], 200)

    def test_https_without_the_schools_certificate_fails_at_once(self):
        self.open_school()
        seen, = self.browse(1, {"url": "https://%s/" % CASINO})
        self.assertIn("ERR_CONNECTION_REFUSED", seen["error"])
        self.assertLess(seen["took_ms"], 8000)

    def test_https_with_the_schools_certificate_shows_the_page(self):
        self.config = self.write("first.yaml", "school: {levels: [lower_secondary]}\n"
                                               "server: {user: \"\"}\n")
        self.ctl("ca", "make", self.path("secrets"))
        certificate, key = self.path("secrets", "ca.pem"), self.path("secrets", "ca.key")
        self.open_school(tls="  listen_tls: [%s]\n  ca: {certificate: %s, key: %s}\n" % (
            ", ".join('"%s:443"' % (GATEWAY % n) for n in self.devices), certificate, key))
        stranger, = self.browse(2, {"url": "https://%s/" % CASINO})
        self.assertIn("ERR_CERT_AUTHORITY_INVALID", stranger["error"])
        self.assertLess(stranger["took_ms"], 8000)
        self.trust(certificate)
        blocked, portal, fine = self.browse(
            1, {"url": "https://%s/" % CASINO, "picture": os.path.join(PICTURES, "journey-https.png")},
            {"url": "https://lachan.internal/"}, {"url": "https://open.example.vn/"})
        self.assertEqual((blocked.get("error"), blocked.get("status")), (None, 403), blocked)
        self.assertIn("111", blocked["text"])
        self.assertEqual((portal.get("error"), portal.get("status")), (None, 200), portal)
        self.assertIn("ERR_CONNECTION_REFUSED", fine.get("error", ""))  # the site has no https

    def trust(self, certificate):
        """As an administrator does on a PC of the school: Chromium reads HOME's NSS store."""
        store = self.path(".pki", "nssdb")
        os.makedirs(store)
        for words in (["-N", "--empty-password"],
                      ["-A", "-n", "school", "-t", "C,,", "-i", certificate]):
            done = subprocess.run(["certutil", "-d", "sql:" + store, *words], check=False,
                                  capture_output=True)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_teacher_opens_a_name_for_the_own_room_alone(self):
        self.open_school()
        self.ctl("user", "add", "lan", "teacher", given=PASSWORD + "\n")
        before, other = self.browse(1, {"url": "http://%s/" % GAME}), \
            self.browse(2, {"url": "http://%s/" % GAME})
        self.assertEqual([seen["status"] for seen in (*before, *other)], [403, 403])
        self.wait_for("the account to be known", lambda: "/lachan/open" in str(
            self.browse(3, {"url": "http://%s/" % GAME})[0]["links"]))
        opened, = self.browse(3, {
            "url": "http://%s/" % GAME, "picture": os.path.join(PICTURES, "journey-opened.png"),
            "steps": [{"press": "a[href='#hand-over']"}, {"press": "a[href*='/lachan/open']"},
                      {"fill": {"[name=user]": "lan", "[name=password]": PASSWORD},
                       "press": "form [type=submit], form button"},
                      {"choose": {"[name=group]": "phong-1"}, "fill": {"[name=reason]": "bài 7"},
                       "press": "form [type=submit], form button"}]})
        self.assertNotIn("error", opened, opened)
        self.assertIn("phong-1", opened["text"])
        def plays(device):
            seen, = self.browse(device, {"url": "http://%s/" % GAME})
            return seen.get("title") == "The site itself"
        self.wait_for("the name to open in room 1", lambda: plays(1), 60)
        self.assertFalse(plays(2), "room 2 was not meant")
        self.assertIn(GAME, self.ctl("grants"))


if __name__ == "__main__":
    main()
