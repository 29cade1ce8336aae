/* Whether the conditions of a rule hold for a question. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "rule/rule.h"

static struct name_buf name_buf_of(const char *text)
{
	struct name_buf name;
	assert_int_equal(name_from_text(&name, slice_of(text), NULL), OK);
	return name;
}

static struct rule_network network(uint8_t family, uint8_t bits, const uint8_t *octets)
{
	struct rule_network n = {.family = family, .bits = bits};
	memcpy(n.octets, octets, family == 4 ? 4 : 16);
	return n;
}

static struct rule_question asking(const struct name_buf *name, uint16_t qtype)
{
	return (struct rule_question){.name = name_of(name), .qtype = qtype};
}

static void a_rule_without_terms_of_its_own_always_holds(void **state)
{
	(void)state;
	struct name_buf name = name_buf_of("a.vn");
	struct rule_question q = asking(&name, 1);
	assert_true(rule_terms_hold(&(struct rule_terms){.action = RULE_PLAIN}, &q));
}

static void record_types_are_those_named_or_all_but_those(void **state)
{
	(void)state;
	struct name_buf name = name_buf_of("a.vn");
	struct rule_terms terms = {.type_count = 2, .types = {1, 28}};
	struct rule_question a = asking(&name, 1), https = asking(&name, 65);

	assert_true(rule_terms_hold(&terms, &a));
	assert_false(rule_terms_hold(&terms, &https));
	terms.types_negated = true;
	assert_false(rule_terms_hold(&terms, &a));
	assert_true(rule_terms_hold(&terms, &https));
	assert_true(rule_terms_ask_who(&terms));
}

static void denyallow_excepts_its_names_and_all_below(void **state)
{
	(void)state;
	struct name_buf first = name_buf_of("ok.a.vn"), second = name_buf_of("b.vn");
	uint8_t list[64];
	memcpy(list, first.wire, first.len);
	memcpy(list + first.len, second.wire, second.len);
	struct rule_terms terms = {.denyallow = {list, (size_t)first.len + second.len}};

	static const struct {
		const char *name;
		bool holds;
	} cases[] = {{"a.vn", true}, {"ok.a.vn", false}, {"x.ok.a.vn", false},
	    {"notok.a.vn", true}, {"x.b.vn", false}, {"vn", true}};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct name_buf name = name_buf_of(cases[i].name);
		struct rule_question q = asking(&name, 1);
		assert_int_equal(rule_terms_hold(&terms, &q), cases[i].holds);
	}
}

struct client_case {
	uint8_t octets[4];
	const char *name;
	bool holds;
};

static void check_clients(struct slice list, const struct client_case *cases, size_t count)
{
	struct name_buf name = name_buf_of("a.vn");
	struct rule_terms terms = {.clients = list};

	for (size_t i = 0; i < count; i++) {
		const char *const names[] = {cases[i].name, NULL};
		struct rule_question q = asking(&name, 1);
		q.client_names = cases[i].name != NULL ? names : NULL;
		q.client = cases[i].octets[0] == 0 ? SLICE_EMPTY
		                                   : (struct slice){cases[i].octets, 4};
		assert_int_equal(rule_terms_hold(&terms, &q), cases[i].holds);
	}
}

static void a_client_is_met_by_network_or_by_name(void **state)
{
	(void)state;
	struct buf list = BUF_INIT(1000);
	struct rule_network net = network(4, 20, (const uint8_t[]){10, 1, 16, 0});
	static const struct client_case cases[] = {{{10, 1, 31, 255}, NULL, true},
	    {{10, 1, 32, 0}, NULL, false}, {{10, 1, 32, 0}, "LAB", true},
	    {{0}, NULL, false}, {{0}, "lab", true}, {{0}, "labs", false}};

	rule_list_client(&list, false, &net, SLICE_EMPTY);
	rule_list_client(&list, false, &(struct rule_network){0}, SLICE_LIT("lab"));
	check_clients(buf_slice(&list), cases, COUNT_OF(cases));
	buf_deinit(&list);
}

static void a_negated_client_acts_on_all_others_even_unknown(void **state)
{
	(void)state;
	struct buf list = BUF_INIT(1000);
	struct rule_network net = network(4, 32, (const uint8_t[]){10, 0, 0, 1});
	static const struct client_case cases[] = {
	    {{10, 0, 0, 1}, NULL, false}, {{10, 0, 0, 2}, NULL, true}, {{0}, NULL, true}};

	rule_list_client(&list, true, &net, SLICE_EMPTY);
	check_clients(buf_slice(&list), cases, COUNT_OF(cases));
	buf_deinit(&list);
}

static void a_negated_client_wins_over_one_that_is_named(void **state)
{
	(void)state;
	struct buf list = BUF_INIT(1000);
	struct rule_network all = network(4, 8, (const uint8_t[]){10, 0, 0, 0});
	struct rule_network one = network(4, 32, (const uint8_t[]){10, 0, 0, 1});
	static const struct client_case cases[] = {{{10, 0, 0, 1}, NULL, false},
	    {{10, 0, 0, 2}, NULL, true}, {{11, 0, 0, 2}, NULL, false}, {{0}, NULL, false}};

	rule_list_client(&list, false, &all, SLICE_EMPTY);
	rule_list_client(&list, true, &one, SLICE_EMPTY);
	check_clients(buf_slice(&list), cases, COUNT_OF(cases));
	buf_deinit(&list);
}

static void tags_hold_like_clients(void **state)
{
	(void)state;
	struct buf list = BUF_INIT(1000);
	struct name_buf name = name_buf_of("a.vn");
	struct rule_question q = asking(&name, 1);
	static const char *const phone[] = {"device_phone", NULL};
	static const char *const child_phone[] = {"user_child", "device_phone", NULL};

	assert_true(rule_list_word(&list, true, SLICE_LIT("device_phone")));
	struct rule_terms terms = {.tags = buf_slice(&list)};
	assert_true(rule_terms_hold(&terms, &q));
	q.tags = phone;
	assert_false(rule_terms_hold(&terms, &q));
	assert_true(rule_list_word(&list, false, SLICE_LIT("user_child")));
	terms.tags = buf_slice(&list);
	q.tags = child_phone;
	assert_false(rule_terms_hold(&terms, &q));
	q.tags = child_phone + 1;
	assert_false(rule_terms_hold(&terms, &q));
	q.tags = NULL;
	assert_false(rule_terms_hold(&terms, &q));
	buf_deinit(&list);
}

static void a_network_holds_its_addresses_and_no_other_family(void **state)
{
	(void)state;
	static const uint8_t octets[16] = {192, 0, 2, 128};
	static const uint8_t inside[4] = {192, 0, 2, 130}, outside[4] = {192, 0, 2, 127};
	struct rule_network n = network(4, 25, octets);
	struct rule_network all = {.family = 6};

	assert_true(rule_network_holds(&n, (struct slice){inside, 4}));
	assert_false(rule_network_holds(&n, (struct slice){outside, 4}));
	assert_false(rule_network_holds(&n, (struct slice){octets, 16}));
	assert_false(rule_network_holds(&n, SLICE_EMPTY));
	assert_true(rule_network_holds(&all, (struct slice){octets, 16}));
	assert_false(rule_network_holds(&all, (struct slice){octets, 4}));
	assert_false(
	    rule_network_holds(&(struct rule_network){0}, (struct slice){octets, 4}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_rule_without_terms_of_its_own_always_holds),
	    cmocka_unit_test(record_types_are_those_named_or_all_but_those),
	    cmocka_unit_test(denyallow_excepts_its_names_and_all_below),
	    cmocka_unit_test(a_client_is_met_by_network_or_by_name),
	    cmocka_unit_test(a_negated_client_acts_on_all_others_even_unknown),
	    cmocka_unit_test(a_negated_client_wins_over_one_that_is_named),
	    cmocka_unit_test(tags_hold_like_clients),
	    cmocka_unit_test(a_network_holds_its_addresses_and_no_other_family),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
