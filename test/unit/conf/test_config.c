#include "conf/config.h"

#include "school.h"

static const char TWO_LINES[] = "school:\n  levels: [lower_secondary]\n";

static const struct rules_tier *tier_of(const struct config *config, const char *name)
{
	size_t i;
	assert_true(config_find_tier(config, name, &i));
	return &config->tiers.items[i];
}

static void two_lines_run_a_school(void **state)
{
	struct config *c = school_config(TWO_LINES, NULL);

	(void)state;
	assert_string_equal(c->tiers.items[c->default_tier].name.text, "lower_secondary");
	assert_int_equal(c->server.listen.count, 2);
	assert_int_equal(c->server.listen.items[0].addr.port, 53);
	assert_int_equal(c->server.listen.items[1].addr.family, AF_INET6);
	assert_int_equal(c->server.allow.count, 8);
	assert_int_equal(c->server.allow.items[0].kind, CLIENT_LOCAL);
	assert_int_equal(c->server.allow.items[2].length, 8);
	assert_int_equal(c->server.threads, 0);
	assert_int_equal(c->upstream.servers.count, 0);
	assert_int_equal(c->upstream.fallback.items[0].transport, UPSTREAM_GATEWAY);
	assert_int_equal(c->upstream.fallback.items[1].addr.port, 53);
	assert_int_equal(c->upstream.timeout_ms, 2000);
	assert_int_equal(c->cache.size_bytes, 0);
	assert_int_equal(c->cache.max_ttl_ms, 86400000);
	assert_int_equal(c->filter.answer.ipv4.kind, ANSWER_AUTO);
	assert_int_equal(c->filter.answer.ipv6.kind, ANSWER_NONE);
	assert_int_equal(c->filter.without_rules, WITHOUT_RULES_PACKAGED);
	assert_string_equal(c->pages.portal.name.text, "lachan.internal");
	assert_int_equal(c->pages.portal.name.name.len, 17);
	assert_int_equal(c->monitor.save_ms, 900000);
	assert_int_equal(c->monitor.summary.min_devices, 10);
	assert_true(c->monitor.summary.names);
	assert_string_equal(c->school.hotline.text, "111");
	assert_string_equal(c->school.time_zone.text, "Asia/Ho_Chi_Minh");
	assert_int_equal(c->school.languages.items[0], LANGUAGE_VI);
	assert_true(c->filter.feeds.count > 0);
	assert_true(c->never_block.count > 50);
	config_free(c);
}

static void json_is_a_configuration_too(void **state)
{
	struct config *c = school_config(
	    "{\n\t\"school\": {\"levels\": [\"primary\"], \"name\": \"Tiểu học A\"},\n"
	    "\t\"server\": {\"threads\": 2, \"tcp\": {\"idle\": \"3s\"}},\n"
	    "\t\"monitor\": {\"summary\": {\"names\": false}}\n}\n",
	    NULL);

	(void)state;
	assert_string_equal(c->school.name.text, "Tiểu học A");
	assert_int_equal(c->server.threads, 2);
	assert_int_equal(c->server.tcp.idle_ms, 3000);
	assert_false(c->monitor.summary.names);
	config_free(c);
}

static void overrides_are_merged_last(void **state)
{
	struct config *c =
	    school_config("school: {levels: [primary], hotline: '111'}\n"
	                  "server: {threads: 2, user: a}\n"
	                  "filter:\n"
	                  "  tiers:\n"
	                  "    - {name: primary, clients: [10.1.0.0/16], allow: [a.vn]}\n",
	        "server: {user: b}\n"
	        "filter:\n"
	        "  tiers:\n"
	        "    - {name: primary, allow: [b.vn, c.vn]}\n"
	        "    - {name: staff, clients: [10.2.0.0/16]}\n");

	(void)state;
	assert_int_equal(c->server.threads, 2);
	assert_string_equal(c->server.user.text, "b");
	assert_non_null(strstr(c->server.user.mark.file, "lachan.d/overrides.yaml"));
	const struct rules_tier *primary = tier_of(c, "primary");
	assert_int_equal(primary->clients.count, 1);
	assert_int_equal(primary->allow.count, 2);
	assert_string_equal(primary->allow.items[0].text, "b.vn");
	assert_int_equal(tier_of(c, "staff")->clients.count, 1);
	config_free(c);
}

static void mistakes_in_overrides_name_that_file(void **state)
{
	struct school s = school_open(TWO_LINES, "server:\n  thread: 2\n");
	struct diags all = DIAGS_NONE;
	struct config *c;

	(void)state;
	assert_int_equal(config_load(&c, s.file, &all), ERR_CONFIG);
	assert_int_equal(all.count, 1);
	assert_string_equal(all.items[0].file, s.overrides);
	assert_int_equal(all.items[0].line, 2);
	assert_int_equal(all.items[0].column, 3);
	assert_string_equal(
	    all.items[0].text, "unknown key 'thread'; did you mean 'threads'?");
	diags_deinit(&all);
	school_close(&s);
}

static void relative_paths_begin_at_the_file(void **state)
{
	struct school s =
	    school_open("school: {levels: [primary]}\n"
	                "server: {state_dir: state, run_dir: /run/x}\n"
	                "filter:\n"
	                "  feeds:\n"
	                "    - {name: a, category: adult, url: [\"file:a.txt\", "
	                "\"file:///srv/b.txt\", \"https://h/c\"]}\n",
	        NULL);
	struct diags all = DIAGS_NONE;
	struct config *c;
	char wanted[256];

	(void)state;
	assert_int_equal(config_load(&c, s.file, &all), OK);
	(void)snprintf(wanted, sizeof wanted, "%s/state", s.folder);
	assert_string_equal(c->server.state_dir.text, wanted);
	assert_string_equal(c->server.run_dir.text, "/run/x");
	const struct config_feed *feed = &c->filter.feeds.items[0];
	assert_int_equal(feed->url.count, 3);
	(void)snprintf(wanted, sizeof wanted, "file://%s/a.txt", s.folder);
	assert_string_equal(feed->url.items[0].text, wanted);
	assert_string_equal(feed->url.items[1].text, "file:///srv/b.txt");
	assert_string_equal(feed->url.items[2].text, "https://h/c");
	assert_int_equal(feed->max_shrink_percent, 50);
	assert_true(feed->enabled);
	config_free(c);
	diags_deinit(&all);
	school_close(&s);
}

static void clients_are_prefixes_ranges_and_groups(void **state)
{
	struct config *c =
	    school_config("school: {levels: [primary]}\n"
	                  "filter:\n"
	                  "  groups:\n"
	                  "    - {name: lab, clients: [10.3.0.1-10.3.0.9, 10.4.0.0/24]}\n"
	                  "  tiers:\n"
	                  "    - {name: staff, clients: [10.2.0.0/16, lab, 'fd00::/8']}\n",
	        NULL);

	(void)state;
	const struct config_clients *clients = &tier_of(c, "staff")->clients;
	assert_int_equal(clients->count, 4);
	assert_int_equal(clients->items[0].kind, CLIENT_PREFIX);
	assert_int_equal(clients->items[0].length, 16);
	assert_int_equal(clients->items[0].last.bytes[3], 255);
	assert_string_equal(clients->items[0].group, "");
	assert_int_equal(clients->items[1].kind, CLIENT_RANGE);
	assert_int_equal(clients->items[1].first.bytes[3], 1);
	assert_int_equal(clients->items[1].last.bytes[3], 9);
	assert_string_equal(clients->items[1].group, "lab");
	assert_int_equal(clients->items[1].mark.line, 6);
	assert_string_equal(clients->items[2].group, "lab");
	assert_int_equal(clients->items[3].first.family, AF_INET6);
	config_free(c);
}

/* YAML 1.1 would read 14:34:56:12:34:56 as a number in base sixty. */
static void devices_are_known_by_mac_quoted_or_not(void **state)
{
	struct config *c = school_config(
	    "school: {levels: [primary]}\n"
	    "filter:\n"
	    "  groups: [{name: lab, clients: [14:34:56:12:34:56, 10.3.0.0/24]}]\n"
	    "  tiers:\n"
	    "    - name: staff\n"
	    "      clients: [3c:22:fb:01:02:03, \"3C-22-FB-01-02-04\", lab,\n"
	    "        \"192.168.1.5+3c:22:fb:01:02:05\", fd00::5+3c:22:fb:01:02:05]\n"
	    "    - {name: primary, clients: [10:20:30:40:50:58]}\n",
	    NULL);

	(void)state;
	const struct config_clients *clients = &tier_of(c, "staff")->clients;
	assert_int_equal(clients->count, 6);
	assert_int_equal(clients->items[0].kind, CLIENT_MAC);
	assert_true(clients->items[0].mac.bits == 0x3c22fb010203u);
	assert_int_equal(clients->items[0].first.family, 0);
	assert_true(clients->items[1].mac.bits == 0x3c22fb010204u);
	assert_true(clients->items[2].mac.bits == 0x143456123456u);
	assert_string_equal(clients->items[2].group, "lab");
	assert_int_equal(clients->items[4].kind, CLIENT_PAIR);
	assert_int_equal(clients->items[4].first.bytes[3], 5);
	assert_true(clients->items[4].mac.bits == 0x3c22fb010205u);
	assert_int_equal(clients->items[5].first.family, AF_INET6);
	assert_true(tier_of(c, "primary")->clients.items[0].mac.bits == 0x102030405058u);
	config_free(c);
}

static struct diags warnings_of(const char *text)
{
	struct school s = school_open(text, NULL);
	struct config *c = NULL;
	struct diags all = DIAGS_NONE;

	assert_int_equal(config_load(&c, s.file, &all), OK);
	config_free(c);
	school_close(&s);
	return all;
}

/* A telephone may change it; the school may be wise enough to know that it does not. */
static void a_made_up_mac_and_a_wide_forwarder_are_warned_of_and_taken(void **state)
{
	struct diags all = warnings_of(
	    "school: {levels: [primary]}\n"
	    "server: {trusted_forwarders: [10.0.0.1, 10.0.0.0/8, 'fd00::/64', 10.0.1.0/24]}\n"
	    "filter: {tiers: [{name: staff, clients: [3c:22:fb:01:02:03, "
	    "3e:22:fb:01:02:03]}]}\n");

	(void)state;
	assert_int_equal(all.errors, 0);
	assert_int_equal(all.count, 3);
	for (size_t i = 0; i < all.count; i++)
		assert_int_equal(all.items[i].level, DIAG_WARNING);
	assert_int_equal(all.items[0].column, 41);
	assert_non_null(strstr(all.items[1].text, "fd00::/64"));
	assert_null(strstr(all.items[2].text, "3e:22"));
	assert_int_equal(all.items[2].line, 3);
	diags_deinit(&all);
}

static void upstreams_have_a_transport_and_a_port(void **state)
{
	struct config *c = school_config(
	    "school: {levels: [primary]}\n"
	    "upstream: {strategy: ordered, servers: [9.9.9.9, 'udp://[2620:fe::fe]:5353', "
	    "tcp://10.0.0.1]}\n",
	    NULL);

	(void)state;
	const struct config_upstream_servers *servers = &c->upstream.servers;
	assert_int_equal(c->upstream.strategy, STRATEGY_ORDERED);
	assert_int_equal(servers->count, 3);
	assert_int_equal(servers->items[0].transport, UPSTREAM_UDP);
	assert_int_equal(servers->items[0].addr.port, 53);
	assert_int_equal(servers->items[1].addr.port, 5353);
	assert_int_equal(servers->items[2].transport, UPSTREAM_TCP);
	config_free(c);
}

static void an_empty_section_changes_nothing(void **state)
{
	struct config *c = school_config(
	    "school:\n  levels: [primary]\nserver:\n  # threads: 2\ncache:\n", NULL);

	(void)state;
	assert_int_equal(c->server.tcp.connections, 512);
	config_free(c);
}

static void what_a_reload_cannot_change_is_named(void **state)
{
	static const struct {
		const char *text;
		const char *key;
	} CASES[] = {
	    {"server: {listen: ['127.0.0.1:5300']}\n", "server.listen"},
	    {"pages: {listen: []}\n", "pages.listen"},
	    {"pages: {listen_tls: [\"127.0.0.1:443\"], ca: {certificate: a, key: b}}\n",
	        "pages.listen_tls"},
	    {"pages: {ca: {certificate: a, key: b}}\n", "pages.ca.certificate"},
	    {"pages: {portal: {certificate: {file: a, key: b}}}\n",
	        "pages.portal.certificate.file"},
	    {"server: {metrics: '127.0.0.1:9153'}\n", "server.metrics"},
	    {"server: {threads: 3}\n", "server.threads"},
	    {"server: {user: ''}\n", "server.user"},
	    {"server: {state_dir: /srv}\n", "server.state_dir"},
	    {"server: {run_dir: /srv}\n", "server.run_dir"},
	    {"cache: {size: 8MiB}\nfilter: {never_block: [a.vn]}\n", NULL},
	    {"filter: {enforce: off, strip_ech: off, tiers: [{name: primary, schedules: [], "
	     "youtube: off, safe_search: off, block_services: [zalo], allow_only: on}]}\n",
	        NULL},
	};
	struct config *now = school_config(TWO_LINES, NULL);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(CASES); i++) {
		struct config *next = school_config(TWO_LINES, CASES[i].text);
		const char *key = config_needs_restart(now, next);
		if (CASES[i].key == NULL)
			assert_null(key);
		else
			assert_string_equal(key, CASES[i].key);
		config_free(next);
	}
	config_free(now);
}

static void a_missing_file_is_told(void **state)
{
	struct diags all = DIAGS_NONE;
	struct config *c;

	(void)state;
	assert_int_equal(config_load(&c, "/nowhere/lachan.yaml", &all), ERR_NOT_FOUND);
	assert_null(c);
	assert_int_equal(all.count, 1);
	assert_string_equal(all.items[0].file, "/nowhere/lachan.yaml");
	diags_deinit(&all);
}

static void missing_rules_data_are_told(void **state)
{
	struct school s = school_open(
	    "school: {levels: [primary]}\nserver: {data_dir: nothing-here}\n", NULL);
	struct diags all = DIAGS_NONE;
	struct config *c;
	char wanted[256];

	(void)state;
	assert_int_equal(config_load(&c, s.file, &all), ERR_NOT_FOUND);
	(void)snprintf(wanted, sizeof wanted, "%s/nothing-here/categories.yaml", s.folder);
	assert_int_equal(all.count, 1);
	assert_string_equal(all.items[0].file, wanted);
	diags_deinit(&all);
	school_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(two_lines_run_a_school),
	    cmocka_unit_test(json_is_a_configuration_too),
	    cmocka_unit_test(overrides_are_merged_last),
	    cmocka_unit_test(mistakes_in_overrides_name_that_file),
	    cmocka_unit_test(relative_paths_begin_at_the_file),
	    cmocka_unit_test(clients_are_prefixes_ranges_and_groups),
	    cmocka_unit_test(devices_are_known_by_mac_quoted_or_not),
	    cmocka_unit_test(a_made_up_mac_and_a_wide_forwarder_are_warned_of_and_taken),
	    cmocka_unit_test(upstreams_have_a_transport_and_a_port),
	    cmocka_unit_test(an_empty_section_changes_nothing),
	    cmocka_unit_test(what_a_reload_cannot_change_is_named),
	    cmocka_unit_test(a_missing_file_is_told),
	    cmocka_unit_test(missing_rules_data_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
