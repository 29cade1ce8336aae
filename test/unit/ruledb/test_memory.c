/* What allocates, and what happens when memory is short. malloc and its kin are wrapped by the
 * linker (CMakeLists.txt). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/ruledb/fixture.h"

static size_t made;     /* allocations since the last reset */
static size_t fails_at; /* this one fails, and all behind it; 0: none */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);

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

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	return may_allocate() ? __real_reallocarray(old, count, size) : NULL;
}

static void reset(size_t fail)
{
	made = 0;
	fails_at = fail;
}

static const struct rule_terms ONLY_AAAA = {.type_count = 1, .types = {28}};
static const struct rule_terms UNDO = {.badfilter = true};
static const struct rule_terms CASINO = {.pattern = {(const uint8_t *)"casino", 6}};
static const struct rule_terms BROKEN = {.pattern = {(const uint8_t *)"(", 1}};
static const struct rule_terms NETWORK = {
    .network = {.family = 4, .bits = 8, .octets = {10}}};

static enum err add_rules(struct ruledb_builder *b)
{
	static const uint8_t a[] = {1, 'a', 2, 'v', 'n', 0}, c[] = {1, 'c', 2, 'v', 'n', 0};
	const struct rule rules[] = {
	    {.name = {a, sizeof a}, .terms = &ONLY_AAAA},
	    {.name = {a, sizeof a}, .kind = RULE_EXCEPTION},
	    {.name = {c, sizeof c}},
	    {.name = {c, sizeof c}, .terms = &UNDO},
	    {.subject = RULE_OF_PATTERN, .terms = &CASINO},
	    {.subject = RULE_OF_PATTERN, .terms = &BROKEN},
	    {.subject = RULE_OF_NETWORK, .terms = &NETWORK},
	};
	enum err rc = OK;

	for (size_t i = 0; i < COUNT_OF(rules) && rc == OK; i++)
		rc = ruledb_builder_add_rule(b, &rules[i]);
	return rc;
}

static enum err build(int fd)
{
	struct ruledb_builder_options options = {.key = FIXTURE_KEY, .max_bytes = 1 << 20};
	struct ruledb_builder *b = NULL;
	unsigned feed;

	enum err rc = ruledb_builder_new(&b, &options);
	if (rc == OK)
		rc = ruledb_builder_feed(b, "f", "adult", &feed);
	if (rc == OK)
		rc = ruledb_builder_refused(b, "why", 1);
	if (rc == OK)
		rc = add_rules(b);
	if (rc == OK)
		rc = ruledb_builder_write(b, fd);
	ruledb_builder_free(b);
	return rc;
}

/* Builds, opens and asks, the n-th allocation and all behind it failing. */
static enum err whole_life(size_t fail)
{
	struct ruledb_scratch *scratch = NULL;
	struct ruledb *db = NULL;
	int fd = memfd_create("rules", MFD_CLOEXEC);

	assert_true(fd >= 0);
	reset(fail);
	enum err rc = build(fd);
	if (rc == OK)
		rc = ruledb_open_fd(&db, fd, NULL);
	if (rc == OK)
		rc = ruledb_scratch_new(&scratch);
	reset(0);
	ruledb_scratch_free(scratch);
	ruledb_close(db);
	(void)close(fd);
	return rc;
}

static void any_failed_allocation_is_an_error_and_leaks_nothing(void **state)
{
	(void)state;
	size_t fail = 1;

	while (whole_life(fail) != OK) {
		assert_true(fail < 1000);
		fail++;
	}
	assert_true(fail > 10); /* it did allocate */
	assert_int_equal(whole_life(0), OK);
}

static void a_question_allocates_nothing(void **state)
{
	(void)state;
	static const char *const names[] = {
	    "a.vn", "www.a.vn", "casino.vn", "my-casino.a.vn", "casino.vn", "none.example"};
	struct ruledb_builder *b = fixture_builder();
	struct listing listing;
	unsigned feed;

	assert_int_equal(ruledb_builder_feed(b, "f", "adult", &feed), OK);
	assert_int_equal(add_rules(b), OK);
	struct ruledb *db = fixture_open(b);
	struct ruledb_scratch *scratch = fixture_scratch();
	assert_non_null(scratch);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		reset(0);
		(void)fixture_match(db, names[i], &listing);
		(void)fixture_match_address(db, "10.0.0.1", names[i], &listing);
		assert_int_equal(made, 0);
	}
	ruledb_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(any_failed_allocation_is_an_error_and_leaks_nothing),
	    cmocka_unit_test(a_question_allocates_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
