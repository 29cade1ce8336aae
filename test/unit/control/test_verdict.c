#include "control/verdict.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct verdict_question some_question(void)
{
	struct verdict_question q = {
	    .id = 0xdeadbeef, .family = 4, .address = {10, 20, 0, 5}, .name_len = 12};

	memcpy(q.name, "\7example\2vn", 12);
	return q;
}

static struct verdict_answer some_answer(void)
{
	return (struct verdict_answer){
	    .id = 9,
	    .reason = VERDICT_BY_CATEGORY,
	    .blocked = true,
	    .sensitive = true,
	    .recorded = true,
	    .by_default = true,
	    .openable = true,
	    .opens_at_s = 1790000000,
	    .diagnosed_until_s = 1790000600,
	    .staff_until_s = 1790000700,
	    .paused_until_s = 1790000800,
	    .grant_until_s = 1790000900,
	    .tier = "lower_secondary",
	    .category = "gambling",
	    .group = "phong-tin-1",
	    .window = "giờ học",
	    .rule = "ut1-gambling: example.vn",
	};
}

static void a_question_survives_the_way(void **state)
{
	(void)state;
	struct verdict_question in = some_question();
	struct verdict_question out;
	uint8_t wire[VERDICT_MAX_BYTES];
	size_t len = 0;

	assert_int_equal(verdict_encode_question(&in, wire, &len), OK);
	assert_int_equal(verdict_decode_question((struct slice){wire, len}, &out), OK);
	assert_int_equal(out.id, in.id);
	assert_int_equal(out.family, 4);
	assert_memory_equal(out.address, in.address, 16);
	assert_int_equal(out.name_len, in.name_len);
	assert_memory_equal(out.name, in.name, in.name_len);
}

static void an_answer_survives_the_way(void **state)
{
	(void)state;
	struct verdict_answer in = some_answer();
	struct verdict_answer out;
	uint8_t wire[VERDICT_MAX_BYTES];
	size_t len = 0;

	assert_int_equal(verdict_encode_answer(&in, wire, &len), OK);
	assert_int_equal(verdict_decode_answer((struct slice){wire, len}, &out), OK);
	assert_int_equal(out.reason, VERDICT_BY_CATEGORY);
	assert_true(out.blocked && out.sensitive && !out.locked && !out.name_shown);
	assert_true(out.opens_at_s == in.opens_at_s);
	assert_true(out.recorded && out.diagnosed_until_s == in.diagnosed_until_s);
	assert_true(out.by_default && out.openable && !out.trial);
	assert_true(out.staff_until_s == in.staff_until_s);
	assert_true(out.paused_until_s == in.paused_until_s);
	assert_true(out.grant_until_s == in.grant_until_s);
	assert_string_equal(out.tier, in.tier);
	assert_string_equal(out.category, in.category);
	assert_string_equal(out.group, in.group);
	assert_string_equal(out.window, in.window);
	assert_string_equal(out.rule, in.rule);
}

static void the_longest_answer_fits(void **state)
{
	(void)state;
	struct verdict_answer a = some_answer();
	uint8_t wire[VERDICT_MAX_BYTES];
	size_t len = 0;

	memset(a.tier, 'a', sizeof a.tier - 1);
	memset(a.category, 'a', sizeof a.category - 1);
	memset(a.group, 'a', sizeof a.group - 1);
	memset(a.window, 'a', sizeof a.window - 1);
	memset(a.rule, 'a', sizeof a.rule - 1);
	assert_int_equal(verdict_encode_answer(&a, wire, &len), OK);
	assert_true(len <= VERDICT_MAX_BYTES);
}

static void every_cut_and_every_tail_is_refused(void **state)
{
	(void)state;
	struct verdict_answer a = some_answer();
	struct verdict_question q = some_question();
	uint8_t wire[VERDICT_MAX_BYTES + 1] = {0};
	size_t len = 0;

	assert_int_equal(verdict_encode_answer(&a, wire, &len), OK);
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(
		    verdict_decode_answer((struct slice){wire, cut}, &a), ERR_FORMAT);
	assert_int_equal(
	    verdict_decode_answer((struct slice){wire, len + 1}, &a), ERR_FORMAT);
	assert_int_equal(verdict_encode_question(&q, wire, &len), OK);
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(
		    verdict_decode_question((struct slice){wire, cut}, &q), ERR_FORMAT);
	assert_int_equal(verdict_decode_answer((struct slice){wire, len}, &a), ERR_FORMAT);
}

static void another_version_is_told_apart(void **state)
{
	(void)state;
	struct verdict_question q = some_question();
	uint8_t wire[VERDICT_MAX_BYTES];
	size_t len = 0;

	assert_int_equal(verdict_encode_question(&q, wire, &len), OK);
	wire[1] = VERDICT_VERSION + 1;
	assert_int_equal(
	    verdict_decode_question((struct slice){wire, len}, &q), ERR_UNSUPPORTED);
}

static void names_must_be_whole_and_in_lower_case(void **state)
{
	(void)state;
	struct verdict_question q = some_question();
	uint8_t wire[VERDICT_MAX_BYTES];
	size_t len = 0;

	q.name[1] = 'E';
	assert_int_equal(verdict_encode_question(&q, wire, &len), ERR_RANGE);
	q = some_question();
	q.name_len = 11;
	assert_int_equal(verdict_encode_question(&q, wire, &len), ERR_RANGE);
	q = some_question();
	q.name[0] = 64;
	assert_int_equal(verdict_encode_question(&q, wire, &len), ERR_RANGE);
	q = some_question();
	q.family = 4;
	q.address[7] = 1;
	assert_int_equal(verdict_encode_question(&q, wire, &len), ERR_RANGE);
}

static void texts_with_control_characters_do_not_travel(void **state)
{
	(void)state;
	struct verdict_answer a = some_answer();
	uint8_t wire[VERDICT_MAX_BYTES];
	size_t len = 0;

	a.rule[3] = '\x1b';
	assert_int_equal(verdict_encode_answer(&a, wire, &len), ERR_RANGE);
	a = some_answer();
	assert_int_equal(verdict_encode_answer(&a, wire, &len), OK);
	wire[len - 1] = '\n';
	assert_int_equal(verdict_decode_answer((struct slice){wire, len}, &a), ERR_FORMAT);
}

static void times_before_1970_and_unknown_flags_do_not_travel(void **state)
{
	(void)state;
	struct verdict_answer a = some_answer();
	uint8_t wire[VERDICT_MAX_BYTES];
	size_t len = 0;

	a.staff_until_s = -1;
	assert_int_equal(verdict_encode_answer(&a, wire, &len), ERR_RANGE);
	a = some_answer();
	assert_int_equal(verdict_encode_answer(&a, wire, &len), OK);
	wire[8] = 1; /* of the flags, behind kind, version, id and reason */
	assert_int_equal(verdict_decode_answer((struct slice){wire, len}, &a), ERR_FORMAT);
	wire[8] = 0;
	wire[18] = 0x80; /* the first time's highest octet */
	assert_int_equal(verdict_decode_answer((struct slice){wire, len}, &a), ERR_FORMAT);
	wire[18] = 0;
	assert_int_equal(verdict_decode_answer((struct slice){wire, len}, &a), OK);
}

static void every_reason_has_a_word(void **state)
{
	(void)state;
	for (unsigned i = 0; i < VERDICT_REASONS; i++)
		assert_string_not_equal(
		    verdict_reason_text((enum verdict_reason)i), "unknown");
	assert_string_equal(verdict_reason_text(VERDICT_REASONS), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_question_survives_the_way),
	    cmocka_unit_test(an_answer_survives_the_way),
	    cmocka_unit_test(the_longest_answer_fits),
	    cmocka_unit_test(every_cut_and_every_tail_is_refused),
	    cmocka_unit_test(another_version_is_told_apart),
	    cmocka_unit_test(names_must_be_whole_and_in_lower_case),
	    cmocka_unit_test(texts_with_control_characters_do_not_travel),
	    cmocka_unit_test(times_before_1970_and_unknown_flags_do_not_travel),
	    cmocka_unit_test(every_reason_has_a_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
