#!/usr/bin/env python3
"""The department's administration on PostgreSQL: where a store matters, the tests of SQLite."""
import postgres
import test_district_admin
import test_district_notify
from lachan_test import main

SERVER = None


def setUpModule():
    global SERVER
    SERVER = postgres.start()


def tearDownModule():
    if SERVER is not None:
        SERVER.close()


class OnPostgreSQL:
    def prepare(self, extra=""):
        if SERVER is None:
            self.skipTest(postgres.WHY)
        self.store = SERVER.database()
        super().prepare(extra)

    def empty(self):
        self.store = SERVER.database()
        super().prepare()


# What needs no store, or the same of it as others, is tested once (None: not here).
class Units(OnPostgreSQL, test_district_admin.Units):
    test_every_mistake_has_its_place_and_nothing_is_changed = None
    test_wrong_usage_is_told_with_the_right_one = None


class Joining(OnPostgreSQL, test_district_admin.Joining):
    test_every_school_gets_a_file_and_nobody_twice = None
    test_without_an_address_there_is_nothing_to_hand_out = None


class ByHand(OnPostgreSQL, test_district_admin.ByHand):
    pass


class Notify(OnPostgreSQL, test_district_notify.Notify):
    test_a_password_that_others_may_read_is_not_used = None
    test_a_web_address_is_told_that_it_is_a_trial = None
    test_enrolments_are_told_by_mail_and_never_again = None
    test_in_the_holidays_nobody_is_late = None

    def test_a_second_collector_tells_nobody_again(self):
        self.prepare(self.by_command("cat >> %s\n" % self.path("told")))
        school, _ = self.two_schools()
        self.serve()
        self.run_district("notify")
        self.enrol(school)
        self.run_district("notify")
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        self.config = self.write("second.yaml", text.replace(self.path("state"), self.path("second")))
        self.assertEqual(self.run_district("notify"), "")
        self.assertEqual(self.told().count("1 school has enrolled"), 1)


if __name__ == "__main__":
    main()
