/* What the administration does by itself: replaced keys and tokens, counted refusals. */
#include "district/chores_admin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "district/config.h"
#include "district/metrics.h"
#include "district/papers.h"
#include "district/store.h"

enum {
	NOW = 1763800000,
	DAY_S = 24 * 60 * 60,
	OLDEST_DAYS = 400
};

struct scene {
	char folder[64];
	struct store *store;
	struct district district;
	struct district_config config;
	struct admin_part part;
	atomic_bool stopping;
	struct chore_call call;
};

static int set_up(void **state)
{
	struct scene *it = calloc(1, sizeof *it);
	char where[128];
	struct diag why = {.text = ""};

	(void)snprintf(it->folder, sizeof it->folder, "/tmp/lachan-chores-XXXXXX");
	if (mkdtemp(it->folder) == NULL)
		return -1;
	(void)snprintf(where, sizeof where, "sqlite:%s/district.db", it->folder);
	if (store_open(&it->store, where, &why) != OK ||
	    metrics_open(&it->district.metrics) != OK)
		return -1;
	it->district.admin = &it->part;
	it->config.limits.oldest_ms = OLDEST_DAYS * (uint64_t)DAY_S * 1000;
	it->call = (struct chore_call){.district = &it->district,
	    .config = &it->config,
	    .store = it->store,
	    .now = {.wall_s = NOW, .wall_trusted = true},
	    .stopping = &it->stopping};
	*state = it;
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = {
	    "district.db", "district.db-wal", "district.db-shm"};
	struct scene *it = *state;
	char path[128];

	store_close(it->store);
	metrics_close(it->district.metrics);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		(void)snprintf(path, sizeof path, "%s/%s", it->folder, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(it->folder);
	free(it);
	return 0;
}

static void pin(struct scene *it, const char *unit, uint8_t key, int64_t at_s)
{
	uint8_t bytes[STORE_KEY_BYTES] = {key};

	assert_int_equal(store_key_pin(it->store, unit, bytes, "", at_s), OK);
}

static bool is_good_key(struct scene *it, const char *unit, uint8_t key)
{
	uint8_t bytes[STORE_KEY_BYTES] = {key};
	struct unit_key found;

	assert_int_equal(store_key_find(it->store, unit, bytes, &found), OK);
	return found.revoked_s == 0;
}

static void give(struct scene *it, const char *unit, uint8_t token, int64_t at_s)
{
	struct token made = {.sha256 = {token}, .use = TOKEN_SEND, .made_s = at_s};

	(void)snprintf(made.unit, sizeof made.unit, "%s", unit);
	assert_int_equal(store_token_put(it->store, &made), OK);
}

static bool is_good_token(struct scene *it, uint8_t token)
{
	uint8_t sha256[STORE_SHA256_BYTES] = {token};
	struct token found;

	assert_int_equal(store_token_find(it->store, sha256, &found), OK);
	return found.revoked_s == 0;
}

static void a_key_is_revoked_when_another_was_in_its_place_for_so_long(void **state)
{
	struct scene *it = *state;
	int64_t limit = NOW - (int64_t)OLDEST_DAYS * DAY_S;

	pin(it, "q1", 1, limit - 100 * (int64_t)DAY_S);
	pin(it, "q1", 2, limit - 1);
	pin(it, "q1", 3, NOW - DAY_S);
	pin(it, "q2", 4, 1000); /* old, and the only one */
	pin(it, "q3", 5, limit - 1000);
	pin(it, "q3", 6, limit); /* not for so long yet */
	chore_old_keys(&it->call);
	assert_false(is_good_key(it, "q1", 1));
	assert_true(is_good_key(it, "q1", 2));
	assert_true(is_good_key(it, "q1", 3));
	assert_true(is_good_key(it, "q2", 4));
	assert_true(is_good_key(it, "q3", 5));
	it->call.now.wall_s += 1;
	chore_old_keys(&it->call);
	assert_false(is_good_key(it, "q3", 5));
	assert_true(is_good_key(it, "q3", 6));
}

static void an_enrolment_that_was_tried_twice_keeps_both_its_tokens(void **state)
{
	struct scene *it = *state;
	int64_t old = NOW - 50 * (int64_t)DAY_S;

	give(it, "q1", 1, old);
	give(it, "q1", 2, old);
	give(it, "q1", 3, old + 59);
	chore_old_keys(&it->call);
	for (uint8_t i = 1; i <= 3; i++)
		assert_true(is_good_token(it, i));
	give(it, "q1", 4, old + 10 * (int64_t)DAY_S);
	give(it, "q1", 5, NOW - DAY_S);
	chore_old_keys(&it->call);
	for (uint8_t i = 1; i <= 3; i++)
		assert_false(is_good_token(it, i));
	assert_true(is_good_token(it, 4)); /* replaced a day ago */
	assert_true(is_good_token(it, 5));
}

static void expect_refused(struct scene *it, const char *expected)
{
	struct buf text = BUF_INIT(64);
	enum err rc = store_setting_get(it->store, REFUSED_SETTING, &text);

	assert_true(rc == OK || rc == ERR_NOT_FOUND);
	assert_string_equal(buf_cstr(&text), expected);
	buf_deinit(&text);
}

static void refusals_of_schools_are_added_up_and_those_of_strangers_are_not(void **state)
{
	struct scene *it = *state;
	struct metrics *m = it->district.metrics;

	metrics_count(m, METRICS_SUMMARIES, "stored");
	metrics_count(m, METRICS_SUMMARIES, "credentials");
	metrics_count(m, METRICS_SUMMARIES, "rate");
	metrics_count(m, METRICS_NOMINATIONS, "json");
	chore_refused(&it->call);
	expect_refused(it, "");
	metrics_count(m, METRICS_SUMMARIES, "floor");
	metrics_count(m, METRICS_QUICK_REPORTS, "signature");
	chore_refused(&it->call);
	chore_refused(&it->call);
	expect_refused(it, "2");
	/* A new start counts on. */
	it->part.refused_written = 0;
	metrics_close(it->district.metrics);
	assert_int_equal(metrics_open(&it->district.metrics), OK);
	metrics_count(it->district.metrics, METRICS_SUMMARIES, "unsigned");
	chore_refused(&it->call);
	expect_refused(it, "3");
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_key_is_revoked_when_another_was_in_its_place_for_so_long),
	    T(an_enrolment_that_was_tried_twice_keeps_both_its_tokens),
	    T(refusals_of_schools_are_added_up_and_those_of_strangers_are_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
