#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "district/config.h"

static char path[64];

static int begin(void **state)
{
	(void)state;
	(void)snprintf(path, sizeof path, "/tmp/lachan-district-XXXXXX");
	int fd = mkstemp(path);
	return fd >= 0 ? close(fd) : -1;
}

static int end(void **state)
{
	(void)state;
	return unlink(path);
}

static enum err load(
    const struct district_config **out, const char *text, struct diags *all)
{
	*all = DIAGS_NONE;
	assert_int_equal(file_write_atomic(path, slice_of(text), 0600), OK);
	return district_config_load(out, path, all);
}

static const struct district_config *load_good(const char *text)
{
	const struct district_config *config = NULL;
	struct diags all;

	enum err rc = load(&config, text, &all);
	if (rc != OK)
		fail_msg(
		    "%u:%u: %s", all.items[0].line, all.items[0].column, all.items[0].text);
	diags_deinit(&all);
	return config;
}

/* One mistake, there, that says this. */
static void expect_mistake(
    const char *text, unsigned line, unsigned column, const char *part)
{
	const struct district_config *config = NULL;
	struct diags all;

	assert_int_equal(load(&config, text, &all), ERR_CONFIG);
	assert_null(config);
	assert_int_equal(all.errors, 1);
	if (all.items[0].line != line || all.items[0].column != column ||
	    strstr(all.items[0].text, part) == NULL)
		fail_msg(
		    "%u:%u: %s", all.items[0].line, all.items[0].column, all.items[0].text);
	diags_deinit(&all);
}

static void an_empty_file_is_a_collector_for_this_machine(void **state)
{
	const struct district_config *c = load_good("");

	(void)state;
	assert_int_equal(c->server.listen.count, 1);
	assert_true(addr_is_loopback(&c->server.listen.items[0].addr));
	assert_int_equal(c->store_kind, DISTRICT_SQLITE);
	assert_int_equal(c->limits.document_bytes, 256 * 1024);
	assert_int_equal(c->privacy.min_devices, 10);
	assert_int_equal(c->retention.daily_months, 24);
	assert_int_equal(c->retention.yearly_months, 0);
	assert_int_equal(c->reports.annual.due.month, 12);
	assert_int_equal(c->reports.annual.due.day, 15);
	district_config_release(c);
}

static void every_key_is_read(void **state)
{
	const struct district_config *c = load_good(
	    "department: {name: Sở, languages: [en], time_zone: Asia/Ho_Chi_Minh}\n"
	    "server: {listen: [\"127.0.0.1:1\"], trusted_proxies: [10.0.0.0/8], user: x,\n"
	    "  state_dir: s, metrics: \"127.0.0.1:2\", log: {level: debug, target: stderr}}\n"
	    "users_file: users\n"
	    "limits: {document: 1MiB, per_unit: {per_hour: 7}, oldest: 30d}\n"
	    "privacy: {min_devices: 5, min_population: 50}\n"
	    "retention: {daily: 12M, yearly: 10Y}\n"
	    "calendar: {terms: [2026-09-05..2027-05-31], holidays: [2027-02-04]}\n"
	    "reports: {annual: {due: 11-30, from: 12-01, to: 11-30}, legal: [a, b], recipients: [c], place: Huế}\n"
	    "notify: [{to: \"smtp://m.example\", address: a@b.example, events: [silent]}]\n");

	(void)state;
	assert_int_equal(c->department.languages.items[0], LANGUAGE_EN);
	assert_int_equal(c->server.log.level, LOG_LEVEL_DEBUG);
	assert_int_equal(c->server.log.target, LOG_TARGET_STDERR);
	assert_int_equal(c->server.state_dir.text[0], '/');
	assert_int_equal(c->users_file.text[0], '/');
	assert_int_equal(c->retention.yearly_months, 120);
	assert_int_equal(c->calendar.terms.count, 1);
	assert_int_equal(c->calendar.terms.items[0].first, 20701);
	assert_int_equal(c->reports.legal.count, 2);
	assert_int_equal(c->reports.recipients.count, 1);
	assert_string_equal(c->reports.place.text, "Huế");
	assert_string_equal(c->reports.signer.text, "");
	assert_int_equal(c->notify.items[0].events.items[0], DISTRICT_EVENT_SILENT);
	district_config_release(c);
}

static void mistakes_are_told_at_their_place(void **state)
{
	(void)state;
	expect_mistake("servr: {}\n", 1, 1, "server");
	expect_mistake("server:\n  listen: [\"0.0.0.0:80\"]\n", 2, 12, "trusted_proxies");
	expect_mistake("server:\n  listen_tls: [\"0.0.0.0:443\"]\n", 2, 15, "certificate");
	expect_mistake("server:\n  listen: []\n", 2, 11, "nobody is listened to");
	expect_mistake("server: {client_ca: x}\n", 1, 21, "listen_tls");
	expect_mistake("store: mysql\n", 1, 8, "sqlite");
	expect_mistake("limits: {document: 8MiB}\n", 1, 20, "4MiB");
	expect_mistake("privacy: {min_devices: 4}\n", 1, 24, "5");
	expect_mistake("reports: {annual: {due: 02-30}}\n", 1, 25, "12-15");
	expect_mistake("retention: {daily: 2w}\n", 1, 20, "24M");
	expect_mistake("notify: [{to: \"smtp://m.example\"}]\n", 1, 15, "address");
	expect_mistake("department: {languages: [fr]}\n", 1, 26, "fr");
}

static void several_mistakes_are_told_in_one_run(void **state)
{
	const struct district_config *config = NULL;
	struct diags all;

	(void)state;
	assert_int_equal(
	    load(&config, "store: x\nlimits: {oldest: 1h}\nprivacy: {min_devices: 1}\n",
	        &all),
	    ERR_CONFIG);
	assert_int_equal(all.errors, 3);
	diags_deinit(&all);
}

static void it_lives_until_the_last_holder(void **state)
{
	const struct district_config *c = load_good("department: {name: a}\n");

	(void)state;
	assert_ptr_equal(district_config_hold(c), c);
	district_config_release(c);
	assert_string_equal(c->department.name.text, "a");
	district_config_release(c);
	district_config_release(NULL);
}

static void what_needs_a_restart_is_named(void **state)
{
	const struct district_config *now = load_good("");
	static const struct {
		const char *text, *key;
	} cases[] = {{"privacy: {min_devices: 7}\n", NULL},
	    {"server: {listen: [\"127.0.0.1:9\"]}\n", "server.listen"},
	    {"server: {user: x}\n", "server.user"},
	    {"server: {state_dir: /x}\n", "server.state_dir"},
	    {"server: {metrics: \"127.0.0.1:9\"}\n", "server.metrics"},
	    {"department: {time_zone: UTC}\n", "department.time_zone"}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct district_config *next = load_good(cases[i].text);
		const char *key = district_config_needs_restart(now, next);
		if (cases[i].key == NULL)
			assert_null(key);
		else
			assert_string_equal(key, cases[i].key);
		district_config_release(next);
	}
	district_config_release(now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
	        an_empty_file_is_a_collector_for_this_machine, begin, end),
	    cmocka_unit_test_setup_teardown(every_key_is_read, begin, end),
	    cmocka_unit_test_setup_teardown(mistakes_are_told_at_their_place, begin, end),
	    cmocka_unit_test_setup_teardown(
	        several_mistakes_are_told_in_one_run, begin, end),
	    cmocka_unit_test_setup_teardown(it_lives_until_the_last_holder, begin, end),
	    cmocka_unit_test_setup_teardown(what_needs_a_restart_is_named, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
