/* What allocates, and what happens when memory is short. malloc and its kin are wrapped by the
 * linker (CMakeLists.txt). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "school.h"

/* ---- counting and failing ---------------------------------------------------------------------- */

static size_t made;     /* allocations since the last reset */
static size_t fails_at; /* this one fails, and all behind it; 0: none */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool may_allocate(void)
{
	made++;
	return fails_at == 0 || made < fails_at;
}

void *__wrap_malloc(size_t size)
{
	return may_allocate() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return may_allocate() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *old, size_t size)
{
	return may_allocate() ? __real_realloc(old, size) : NULL;
}

static void reset(size_t fail)
{
	made = 0;
	fails_at = fail;
}

/* ---- the school -------------------------------------------------------------------------------- */

static const char YAML[] =
    "school: {levels: [lower_secondary]}\n"
    "filter:\n"
    "  groups: [{name: phong-tin-1, clients: [10.1.0.0/24]}]\n"
    "  never_block: [kept.vn, cdn.kept.net]\n"
    "  tiers:\n"
    "    - name: lower_secondary\n"
    "      clients: [10.1.0.0/16, phong-tin-1, \"10.2.0.5-10.2.0.77\", \"fd00:1::/32\"]\n"
    "      block: [games, gambling, proxy_vpn_doh, streaming]\n"
    "      block_services: [tiktok, roblox]\n"
    "      allow: [lesson.vn]\n"
    "      deny: [shut.vn]\n"
    "      safe_search: on\n"
    "      youtube: off\n"
    "      schedules:\n"
    "        - {name: lunch, from: 00:00, to: 24:00, unblock: [games, roblox]}\n"
    "        - {name: exam, dates: [2026-12-21..2026-12-26], allow_only: on}\n";

static const char FEEDS[] = "g games game.vn\n"
                            "b gambling bet.vn\n"
                            "b gambling /^lucky[0-9]+\\./\n"
                            "c child_abuse bad.vn\n"
                            "n malware net:192.0.2.0/24\n";

static void open_it(struct school *s)
{
	school_open(s, YAML, FEEDS, 25200);
	school_grant(s, 1, false, "opened.vn", "group:phong-tin-1", INT64_MAX);
	school_grant(s, 2, true, "closed.vn", "10.1.0.0/24", INT64_MAX);
	school_set_clock(s, 1795399200, 0, true);
	school_publish_grants(s);
}

static void building_survives_the_loss_of_any_allocation(void **state)
{
	struct school s;
	size_t failures = 0;
	enum err rc = ERR_MEMORY;

	(void)state;
	open_it(&s);
	const struct policy_sources from = {.config = s.config, .rules = s.rules};
	for (size_t n = 1; rc != OK; n++) {
		struct diags all = DIAGS_NONE;
		struct policy *policy = NULL;
		reset(n);
		rc = policy_build(&policy, &from, &all);
		reset(0);
		diags_deinit(&all);
		assert_true(rc == OK || rc == ERR_MEMORY);
		assert_int_equal(policy != NULL, rc == OK);
		failures += rc == OK ? 0 : 1;
		policy_free(policy);
		assert_true(n < 10000);
	}
	assert_true(failures > 5);
	school_close(&s);
}

static void an_index_of_grants_survives_it_too(void **state)
{
	struct school s;
	size_t failures = 0;
	enum err rc = ERR_MEMORY;

	(void)state;
	open_it(&s);
	struct grant grant = s.granted[0].grant;
	grant.name = name_of(&s.granted[0].name);
	grant.subject = "phong-tin-1";
	for (size_t n = 1; rc != OK; n++) {
		struct grants *grants = NULL;
		reset(n);
		rc = grants_build(&grants, s.policy, &grant, 1);
		reset(0);
		assert_true(rc == OK || rc == ERR_MEMORY);
		failures += rc == OK ? 0 : 1;
		grants_free(grants);
	}
	assert_true(failures >= 2);
	school_close(&s);
}

/* Everything that a worker calls, for one name. */
static void ask_all(const struct school *s, const char *who, const char *name)
{
	static const uint8_t ADDRESS[] = {192, 0, 2, 9};
	struct school_question q, lead;
	struct policy_alias alias;

	school_ask(s, &q, slice_of(who), slice_of(name));
	school_ask(s, &lead, slice_of(who), SLICE_LIT("x.game.vn"));
	reset(0);
	struct verdict v = school_decide(s, &q);
	const struct policy_review review = {s->policy, &q.who, &s->state, &v, s->now};
	struct verdict by_name = policy_review(&review, &lead.asked);
	struct verdict by_address = policy_review_address(
	    &review, (struct slice){ADDRESS, sizeof ADDRESS}, &q.asked);
	bool leads = policy_rewrite(s->policy, &q.who, &q.asked, &v, &alias);
	bool matters = policy_targets_matter(s->policy, &s->state, &q.asked);
	assert_int_equal(made, 0);
	assert_true(by_name.action >= v.action && by_address.action >= v.action);
	(void)leads;
	(void)matters;
}

static void deciding_and_reviewing_touch_no_heap(void **state)
{
	static const char *const NAMES[] = {"game.vn", "x.bet.vn", "lucky77.example.net",
	    "bad.vn", "lesson.vn", "a.shut.vn", "opened.vn", "closed.vn", "www.tiktok.com",
	    "www.google.com", "www.youtube.com", "use-application-dns.net", "www.kept.vn",
	    "nobody.example.org", "lachan.internal"};
	struct school s;

	(void)state;
	open_it(&s);
	for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
		ask_all(&s, "lower_secondary/phong-tin-1/10.1.0.7", NAMES[i]);
		ask_all(&s, "staff", NAMES[i]);
	}
	school_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(building_survives_the_loss_of_any_allocation),
	    cmocka_unit_test(an_index_of_grants_survives_it_too),
	    cmocka_unit_test(deciding_and_reviewing_touch_no_heap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
