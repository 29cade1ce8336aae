/* The keys that users may rely on: every one of the contract is known to the parser, and its
 * default is one that the parser takes. */
#include "conf/internal.h"
#include "school.h"

static const char *const CONTRACT_KEYS[] = {
    "school",
    "school.levels",
    "school.unit",
    "school.name",
    "school.languages",
    "school.time_zone",
    "school.contact",
    "school.contact.room",
    "school.contact.phone",
    "school.contact.email",
    "school.contact.zalo",
    "school.contact.facebook",
    "school.hotline",
    "server",
    "server.listen",
    "server.listen_tls",
    "server.listen_https",
    "server.certificate",
    "server.certificate.file",
    "server.certificate.key",
    "server.threads",
    "server.user",
    "server.allow",
    "server.trusted_forwarders",
    "server.max_udp_size",
    "server.tcp",
    "server.tcp.connections",
    "server.tcp.per_client",
    "server.tcp.idle",
    "server.rate_limit",
    "server.rate_limit.per_second",
    "server.rate_limit.burst",
    "server.data_dir",
    "server.state_dir",
    "server.run_dir",
    "server.metrics",
    "server.log",
    "server.log.level",
    "server.log.target",
    "upstream",
    "upstream.servers",
    "upstream.fallback",
    "upstream.ca_file",
    "upstream.strategy",
    "upstream.timeout",
    "upstream.mode",
    "upstream.dnssec",
    "upstream.zones",
    "upstream.zones.zone",
    "upstream.zones.servers",
    "upstream.zones.private",
    "upstream.zones.records",
    "upstream.rebind_protection",
    "cache",
    "cache.size",
    "cache.max_ttl",
    "cache.negative_ttl",
    "cache.stale",
    "cache.stale.keep",
    "cache.stale.wait",
    "cache.prefetch",
    "filter",
    "filter.enforce",
    "filter.answer",
    "filter.answer.ipv4",
    "filter.answer.ipv6",
    "filter.answer.ttl",
    "filter.categories",
    "filter.categories.name",
    "filter.categories.answer",
    "filter.feeds",
    "filter.feeds.name",
    "filter.feeds.category",
    "filter.feeds.url",
    "filter.feeds.format",
    "filter.feeds.match",
    "filter.feeds.rewrite",
    "filter.feeds.refresh",
    "filter.feeds.max_size",
    "filter.feeds.min_entries",
    "filter.feeds.max_shrink",
    "filter.feeds.sha256",
    "filter.feeds.public_key",
    "filter.feeds.enabled",
    "filter.feed_proxy",
    "filter.ca_file",
    "filter.keep_sources",
    "filter.never_block",
    "filter.strip_ech",
    "filter.without_rules",
    "filter.groups",
    "filter.groups.name",
    "filter.groups.clients",
    "filter.default_tier",
    "filter.tiers",
    "filter.tiers.name",
    "filter.tiers.like",
    "filter.tiers.clients",
    "filter.tiers.block",
    "filter.tiers.block_services",
    "filter.tiers.allow",
    "filter.tiers.deny",
    "filter.tiers.allow_only",
    "filter.tiers.safe_search",
    "filter.tiers.youtube",
    "filter.tiers.schedules",
    "filter.tiers.schedules.name",
    "filter.tiers.schedules.days",
    "filter.tiers.schedules.from",
    "filter.tiers.schedules.to",
    "filter.tiers.schedules.unblock",
    "filter.tiers.schedules.dates",
    "filter.tiers.schedules.allow_only",
    "filter.tiers.schedules.block",
    "pages",
    "pages.listen",
    "pages.listen_tls",
    "pages.ca",
    "pages.ca.certificate",
    "pages.ca.key",
    "pages.portal",
    "pages.portal.name",
    "pages.portal.certificate",
    "pages.portal.certificate.file",
    "pages.portal.certificate.key",
    "pages.review",
    "pages.report",
    "pages.answer_within",
    "pages.teacher_open",
    "console",
    "console.listen",
    "console.listen_tls",
    "console.certificate",
    "console.certificate.file",
    "console.certificate.key",
    "console.users_file",
    "notify",
    "notify.to",
    "notify.address",
    "notify.events",
    "notify.password_file",
    "notify.ca_file",
    "monitor",
    "monitor.mode",
    "monitor.save",
    "monitor.keep",
    "monitor.keep.hourly",
    "monitor.keep.daily",
    "monitor.summary",
    "monitor.summary.tiers",
    "monitor.summary.min_devices",
    "monitor.summary.min_population",
    "monitor.summary.names",
    "monitor.summary.top_names",
    "share",
    "share.recipients",
    "share.recipients.name",
    "share.recipients.role",
    "share.recipients.url",
    "share.recipients.token_file",
    "share.recipients.ca_file",
    "share.recipients.client_certificate",
    "share.recipients.client_certificate.file",
    "share.recipients.client_certificate.key",
    "share.approve",
    "share.hold",
    "share.delay",
    "share.signing_key",
    "share.keep_unsent",
};

static const struct schema_row *find_row(const struct schema_row *rows, const char *path)
{
	size_t len = strcspn(path, ".");

	for (; rows != NULL && rows->name != NULL; rows++) {
		if (strlen(rows->name) != len || memcmp(rows->name, path, len) != 0)
			continue;
		return path[len] == 0 ? rows : find_row(rows->rows, path + len + 1);
	}
	return NULL;
}

static void every_key_of_the_contract_is_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(CONTRACT_KEYS); i++)
		if (find_row(CONFIG_ROWS, CONTRACT_KEYS[i]) == NULL)
			fail_msg("unknown key %s", CONTRACT_KEYS[i]);
}

static void check_row(const struct schema_row *row)
{
	if (row->help == NULL || row->help[0] == 0)
		fail_msg("%s has no help", row->name);
	if (row->type == &SCHEMA_MAP && row->rows == NULL)
		fail_msg("%s has no keys", row->name);
	if (row->type == &SCHEMA_LIST && row->item == NULL)
		fail_msg("%s has no items", row->name);
	if (row->type == &SCHEMA_ENUM && row->words == NULL)
		fail_msg("%s has no words", row->name);
	if ((row->flags & SCHEMA_NOT_BUILT) && row->otherwise == NULL)
		fail_msg("%s is not built and has no default", row->name);
}

static void check_rows(const struct schema_row *rows)
{
	for (; rows->name != NULL; rows++) {
		check_row(rows);
		if (rows->rows != NULL)
			check_rows(rows->rows);
	}
}

static void every_row_is_whole(void **state)
{
	(void)state;
	check_rows(CONFIG_ROWS);
	check_rows(CATEGORIES_FILE_ROWS);
	check_rows(TIERS_FILE_ROWS);
	check_rows(FEEDS_FILE_ROWS);
}

static void the_sample_file_is_a_configuration(void **state)
{
	struct buf text = BUF_INIT(1 << 20);

	(void)state;
	assert_int_equal(file_read(TEST_SOURCE_DIR "/docs/lachan.yaml.sample", &text), OK);
	struct config *sample = school_config(buf_cstr(&text), NULL);
	struct config *least = school_config("school: {levels: [lower_secondary]}\n", NULL);
	assert_null(config_needs_restart(least, sample));
	assert_int_equal(sample->cache.size_bytes, least->cache.size_bytes);
	assert_int_equal(sample->filter.feeds.count, least->filter.feeds.count);
	config_free(sample);
	config_free(least);
	buf_deinit(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_key_of_the_contract_is_known),
	    cmocka_unit_test(every_row_is_whole),
	    cmocka_unit_test(the_sample_file_is_a_configuration),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
