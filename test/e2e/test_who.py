"""Who asks: devices by MAC address, in networks of their own."""
import os

import netns
from filter_test import FilterTest
from lachan_test import dns, main, wait_for

TEACHER = "02:aa:00:00:00:11"
PUPIL = "02:aa:00:00:00:22"
BLOCKED, OPEN = "game.example", "www.example.vn"


class WhoTest(FilterTest):
    """Three devices on a bridge with the gateway: 10.10.1.1, fd10::1."""
    RULES = {"gambling": "||casino.example^\n", "games": "||game.example^\n"}
    RECORDS = {"www.example.vn": "192.0.2.7", "casino.example": "192.0.2.8",
               "game.example": "192.0.2.9"}

    def setUp(self):
        super().setUp()
        self.gateway = netns.Space(self)
        self.gateway.ip("link", "add", "lan0", "type", "bridge")
        self.gateway.ip("link", "set", "lan0", "up")
        for address in ("10.10.1.1/24", "fd10::1/64"):
            self.gateway.ip("address", "add", address, "dev", "lan0")
        self.ports = 0

    def device(self, mac, *addresses):
        space = netns.Space(self)
        self.ports += 1
        port = "port%d" % self.ports
        netns.wire(space, self.gateway, near=port, near_addresses=(), mac=mac, addresses=addresses)
        self.gateway.ip("link", "set", port, "master", "lan0")
        return space

    def serve(self, clients, groups=(), **server):
        """Staff is `clients`; everybody else is a pupil."""
        with self.gateway:
            self.run_filter(
                server={"listen": ["0.0.0.0:%d" % self.port, "[::]:%d" % self.port], **server},
                filter={"without_rules": "refuse", "groups": list(groups),
                        "tiers": [{"name": "staff", "clients": list(clients)}]})

    def ask_from(self, space, name=BLOCKED, rtype="A", host="10.10.1.1", **how):
        with space:
            return self.ask_filter(name, rtype, host=host, **how)

    def is_staff(self, space, **how):
        """The tier by which the gateway judges it: games are open to staff."""
        return self.ask_from(space, **how).ede is None


class ByMac(WhoTest):
    def test_the_first_query_of_a_device_is_judged_by_its_mac_in_both_families(self):
        teacher = self.device(TEACHER, "10.10.1.11/24", "fd10::11/64")
        pupil = self.device(PUPIL, "10.10.1.22/24", "fd10::22/64")
        self.serve([TEACHER])
        self.assertTrue(self.is_staff(teacher))
        self.assertTrue(self.is_staff(teacher, host="fd10::1"))
        self.assertFalse(self.is_staff(pupil))
        self.assertFalse(self.is_staff(pupil, host="fd10::1"))
        self.assertTrue(self.is_staff(teacher, tcp=True))
        self.assertFalse(self.is_staff(pupil, tcp=True))


if __name__ == "__main__":
    main()
