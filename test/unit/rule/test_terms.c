/* Terms as bytes: what is written reads back, and nothing else is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "rule/rule.h"

static const uint8_t NAMES[] = {2, 'o', 'k', 1, 'a', 2, 'v', 'n', 0, 1, 'b', 0};

/* One of everything; `lists` owns the two lists' bytes. */
static struct rule_terms full_terms(struct buf *clients, struct buf *tags)
{
	struct rule_network net = {.family = 6, .bits = 33, .octets = {0x20, 1, 0xd, 0xb8}};

	rule_list_client(clients, true, &net, SLICE_EMPTY);
	rule_list_client(clients, false, &(struct rule_network){0}, SLICE_LIT("lab 2"));
	(void)rule_list_word(tags, false, SLICE_LIT("user_child"));
	return (struct rule_terms){
	    .action = RULE_RECORD,
	    .badfilter = true,
	    .types_negated = true,
	    .type_count = 2,
	    .types = {65, 1},
	    .pattern = SLICE_LIT("^ads[0-9]+\\."),
	    .network = {.family = 4, .bits = 9, .octets = {10, 128}},
	    .denyallow = {NAMES, sizeof NAMES},
	    .clients = buf_slice(clients),
	    .tags = buf_slice(tags),
	    .data_type = 1,
	    .data = {NULL, 4}, /* the caller puts in its own */
	};
}

static void what_is_written_reads_back(void **state)
{
	(void)state;
	struct buf clients = BUF_INIT(1000), tags = BUF_INIT(1000), out = BUF_INIT(10000);
	struct buf again = BUF_INIT(10000);
	static const uint8_t data[] = {192, 0, 2, 1};
	struct rule_terms terms = full_terms(&clients, &tags), read = {.action = RULE_DROP};
	terms.data.ptr = data;

	rule_terms_write(&out, &terms);
	assert_int_equal(buf_status(&out), OK);
	assert_int_equal(rule_terms_read(&read, buf_slice(&out)), OK);
	assert_int_equal(read.action, RULE_RECORD);
	assert_true(read.badfilter && read.types_negated);
	assert_int_equal(read.type_count, 2);
	assert_int_equal(read.types[0], 65);
	assert_true(slice_equal(read.pattern, terms.pattern));
	assert_memory_equal(&read.network, &terms.network, sizeof read.network);
	assert_true(slice_equal(read.denyallow, terms.denyallow));
	assert_true(slice_equal(read.data, terms.data));
	rule_terms_write(&again, &read);
	assert_true(slice_equal(buf_slice(&out), buf_slice(&again)));
	buf_deinit(&clients);
	buf_deinit(&tags);
	buf_deinit(&out);
	buf_deinit(&again);
}

/* Cut anywhere, or with any octet changed, the bytes are refused or read as terms that write
 * the same bytes again: there is one encoding. */
static void damage_is_refused_or_is_other_terms(void **state)
{
	(void)state;
	struct buf clients = BUF_INIT(1000), tags = BUF_INIT(1000), out = BUF_INIT(10000);
	static const uint8_t data[] = {192, 0, 2, 1};
	struct rule_terms terms = full_terms(&clients, &tags), read;
	terms.data.ptr = data;

	rule_terms_write(&out, &terms);
	for (size_t len = 0; len < out.len; len++) {
		assert_int_equal(
		    rule_terms_read(&read, (struct slice){out.ptr, len}), ERR_FORMAT);
	}
	for (size_t at = 0; at < out.len; at++) {
		uint8_t kept = out.ptr[at];
		for (unsigned v = 0; v < 256; v++) {
			struct buf again = BUF_INIT(10000);
			out.ptr[at] = (uint8_t)v;
			if (rule_terms_read(&read, buf_slice(&out)) == OK) {
				rule_terms_write(&again, &read);
				assert_true(
				    slice_equal(buf_slice(&out), buf_slice(&again)));
			}
			buf_deinit(&again);
		}
		out.ptr[at] = kept;
	}
	buf_deinit(&clients);
	buf_deinit(&tags);
	buf_deinit(&out);
}

static void refuses(const struct rule_terms *terms)
{
	struct buf out = BUF_INIT(10000);
	struct rule_terms read;

	rule_terms_write(&out, terms);
	assert_int_equal(buf_status(&out), OK);
	assert_int_equal(rule_terms_read(&read, buf_slice(&out)), ERR_FORMAT);
	buf_deinit(&out);
}

static void what_an_answer_could_not_hold_is_refused(void **state)
{
	(void)state;
	static const uint8_t upper[] = {1, 'A', 0}, cut[] = {3, 'a', 0};
	static const uint8_t network_bits[16] = {10, 1};

	refuses(&(struct rule_terms){
	    .action = RULE_RECORD, .data_type = 1, .data = SLICE_LIT("abc")});
	refuses(&(struct rule_terms){
	    .action = RULE_RECORD, .data_type = 28, .data = SLICE_LIT("abcd")});
	refuses(&(struct rule_terms){
	    .action = RULE_RECORD, .data_type = 5, .data = {upper, sizeof upper}});
	refuses(&(struct rule_terms){
	    .action = RULE_RECORD, .data_type = 5, .data = {cut, sizeof cut}});
	refuses(&(struct rule_terms){
	    .action = RULE_RECORD, .data_type = 16, .data = SLICE_LIT("\5abcd")});
	refuses(&(struct rule_terms){.action = RULE_RECORD, .data = SLICE_LIT("abcd")});
	refuses(&(struct rule_terms){.action = RULE_NXDOMAIN, .data = SLICE_LIT("abcd")});
	refuses(&(struct rule_terms){.denyallow = {cut, sizeof cut}});
	refuses(&(struct rule_terms){.clients = SLICE_LIT("\1")});
	refuses(&(struct rule_terms){.tags = SLICE_LIT("\0\0")});
	struct rule_terms beyond = {.network = {.family = 4, .bits = 8}};
	memcpy(beyond.network.octets, network_bits, sizeof network_bits);
	refuses(&beyond);
	struct rule_terms wide = {.network = {.family = 4, .bits = 33}};
	refuses(&wide);
}

static void terms_beyond_the_ceiling_are_not_written(void **state)
{
	(void)state;
	static const uint8_t zeros[RULE_TERMS_MAX_BYTES] = {0};
	struct buf out = BUF_INIT(100000);

	rule_terms_write(&out, &(struct rule_terms){.data = {zeros, sizeof zeros}});
	assert_int_equal(buf_status(&out), ERR_FULL);
	buf_deinit(&out);
}

static void words_too_long_for_a_list_are_left_out(void **state)
{
	(void)state;
	static const uint8_t word[256] = {'a'};
	struct buf list = BUF_INIT(10000);

	assert_false(rule_list_word(&list, false, (struct slice){word, sizeof word}));
	rule_list_client(
	    &list, false, &(struct rule_network){0}, (struct slice){word, sizeof word});
	assert_int_equal(list.len, 0);
	buf_deinit(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_written_reads_back),
	    cmocka_unit_test(damage_is_refused_or_is_other_terms),
	    cmocka_unit_test(what_an_answer_could_not_hold_is_refused),
	    cmocka_unit_test(terms_beyond_the_ceiling_are_not_written),
	    cmocka_unit_test(words_too_long_for_a_list_are_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
