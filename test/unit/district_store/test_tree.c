/* Trees as of a day: merges, cut branches, groups for sums; against a naive walk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "databases.h"
#include "district/store/tree_internal.h"
#include "made.h"

static void put(struct store *store, const char *unit, int32_t from, const char *parent)
{
	struct unit u = {.unit = unit,
	    .from = from,
	    .name = unit,
	    .level = "x",
	    .code = "",
	    .parent = parent,
	    .kinds = "",
	    .contact = "",
	    .sends = unit[0] == 's'};
	if (store_unit_put(store, &u) != OK)
		fail_msg("%s", store_why(store));
}

static struct tree *load(struct store *store, int32_t day)
{
	struct tree *tree = NULL;
	assert_int_equal(tree_load(store, day, &tree), OK);
	return tree;
}

/* "a(b(s1,s2),c)": the tree in one text. */
static void write_node(const struct tree *tree, uint32_t node, struct buf *out)
{
	const struct tree_node *n = tree_node(tree, node);

	buf_text(out, n->unit);
	for (uint32_t i = 0; i < n->child_count; i++) {
		buf_byte(out, i == 0 ? '(' : ',');
		write_node(tree, n->child_first + i, out);
	}
	if (n->child_count > 0)
		buf_byte(out, ')');
}

static void tree_is(struct store *store, int32_t day, const char *expected)
{
	struct tree *tree = load(store, day);
	struct buf out = BUF_INIT(10000);
	uint32_t first, count;

	tree_roots(tree, &first, &count);
	for (uint32_t i = 0; i < count; i++) {
		write_node(tree, first + i, &out);
		buf_byte(&out, ';');
	}
	assert_string_equal(buf_cstr(&out), expected);
	buf_deinit(&out);
	tree_release(tree);
}

/* As in 2025: districts end, communes merge and hang at the province. */
static struct store *make_reform(void)
{
	struct store *store = databases_open();

	put(store, "s1", 100, "c1"); /* children may come before their parents */
	put(store, "s2", 100, "c2");
	put(store, "s3", 100, "d");
	put(store, "p", 100, "");
	put(store, "d", 100, "p");
	put(store, "c1", 100, "d");
	put(store, "c2", 100, "d");
	put(store, "c1", 200, "p");
	assert_int_equal(store_unit_end(store, "c2", 200, "c1"), OK);
	put(store, "s3", 200, "p");
	assert_int_equal(store_unit_end(store, "d", 200, "p"), OK);
	assert_int_equal(store_unit_end(store, "s2", 300, "s1"), OK);
	return store;
}

static void a_tree_is_as_of_its_day(void **state)
{
	struct store *store = make_reform();
	(void)state;

	tree_is(store, 99, "");
	tree_is(store, 100, "p(d(c1(s1),c2(s2),s3));");
	tree_is(store, 199, "p(d(c1(s1),c2(s2),s3));");
	tree_is(store, 200, "p(c1(s1,s2),s3);"); /* s2 follows its commune */
	tree_is(store, 300, "p(c1(s1),s3);");
	tree_is(store, DAY_FOREVER - 1, "p(c1(s1),s3);");
	store_close(store);
}

static void merged_units_lead_to_their_successors(void **state)
{
	struct store *store = make_reform();
	struct tree *tree = load(store, 400);
	uint32_t path[8];
	(void)state;

	assert_string_equal(tree_node(tree, tree_find(tree, "s2"))->unit, "s1");
	assert_string_equal(tree_node(tree, tree_find(tree, "c2"))->unit, "c1");
	assert_string_equal(tree_node(tree, tree_find(tree, "d"))->unit, "p");
	assert_int_equal(tree_find(tree, "nobody"), TREE_NONE);
	uint32_t s1 = tree_find(tree, "s1");
	assert_int_equal(tree_path(tree, s1, path, 8), 3);
	assert_string_equal(tree_node(tree, path[0])->unit, "p");
	assert_int_equal(path[2], s1);
	assert_int_equal(tree_path(tree, s1, path, 2), 2); /* the deepest */
	assert_int_equal(path[1], s1);
	assert_true(tree_is_below(tree, s1, tree_find(tree, "c1")));
	assert_false(tree_is_below(tree, tree_find(tree, "s3"), tree_find(tree, "c1")));
	assert_int_equal(tree_node(tree, tree_find(tree, "p"))->schools, 2);
	tree_release(tree);
	store_close(store);
}

/* A school that ended goes on counting where it was; a circle of parents hangs at the root. */
static void the_ended_and_the_circular_have_a_place(void **state)
{
	struct store *store = databases_open();
	(void)state;

	put(store, "p", 100, "");
	put(store, "s1", 100, "p");
	put(store, "s2", 100, "gone");
	put(store, "x", 100, "y");
	put(store, "y", 100, "x");
	assert_int_equal(store_unit_end(store, "s1", 200, ""), OK);
	struct tree *tree = load(store, 300);
	assert_int_equal(tree_count(tree), 4);
	assert_string_equal(tree_node(tree, tree_find(tree, "s1"))->unit, "p");
	assert_int_equal(tree_node(tree, tree_find(tree, "s2"))->parent, TREE_NONE);
	uint32_t roots, first;
	tree_roots(tree, &first, &roots);
	assert_true(roots >= 3);
	tree_release(tree);
	store_close(store);
}

/* ---- groups ---- */

static uint32_t group_of(
    struct store *store, const struct tree_groups *groups, const char *unit)
{
	uint32_t number = 0;
	assert_int_equal(store_unit_number(store, unit, &number), OK);
	return number < groups->unit_count ? groups->group_of[number] : COUNTS_SKIP;
}

static void groups_hold_what_merged_into_them(void **state)
{
	struct store *store = make_reform();
	struct tree *tree = load(store, 400);
	struct tree_groups groups;
	(void)state;

	uint32_t p = tree_find(tree, "p");
	assert_int_equal(tree_groups_children(tree, p, &groups), OK);
	assert_int_equal(groups.group_count, 3); /* c1, s3, p itself */
	assert_int_equal(group_of(store, &groups, "s1"), 0);
	assert_int_equal(group_of(store, &groups, "s2"), 0);
	assert_int_equal(group_of(store, &groups, "c2"), 0);
	assert_int_equal(group_of(store, &groups, "s3"), 1);
	assert_int_equal(group_of(store, &groups, "p"), 2);
	assert_int_equal(group_of(store, &groups, "d"), 2);
	tree_groups_free(&groups);
	assert_int_equal(tree_groups_subtree(tree, tree_find(tree, "c1"), &groups), OK);
	assert_int_equal(group_of(store, &groups, "s2"), 0);
	assert_int_equal(group_of(store, &groups, "s3"), COUNTS_SKIP);
	tree_groups_free(&groups);
	assert_int_equal(tree_groups_children(tree, TREE_NONE, &groups), OK);
	assert_int_equal(groups.group_count, 2);
	assert_int_equal(group_of(store, &groups, "s3"), 0);
	tree_groups_free(&groups);
	tree_release(tree);
	store_close(store);
}

/* What a merged school counted before stays in its commune's sum. */
static void sums_follow_a_merge(void **state)
{
	struct store *store = make_reform();
	struct made_random r = {3};
	struct made before, after;
	struct tree_groups groups;
	struct counts *c = NULL;
	(void)state;

	made_document(&before, &r, "s2", 250, REPORT_DAY, 1);
	made_document(&after, &r, "s1", 350, REPORT_DAY, 1);
	made_store(store, &before, DOCUMENT_NEW);
	made_store(store, &after, DOCUMENT_NEW);
	struct tree *tree = load(store, 400);
	assert_int_equal(tree_groups_subtree(tree, tree_find(tree, "s1"), &groups), OK);
	struct counts_query q = {tree_units(&groups), 0, 400, COUNTS_BY_NOTHING};
	assert_int_equal(store_counts(store, &q, &c), OK);
	assert_int_equal(counts_sum(c, 0, 0, SUM_DAYS), 2);
	assert_int_equal(counts_sum(c, 0, 0, SUM_PUBLISHED),
	    before.document.published_total + after.document.published_total);
	counts_free(c);
	tree_groups_free(&groups);
	tree_release(tree);
	made_deinit(&before);
	made_deinit(&after);
	store_close(store);
}

/* ---- searching ---- */

static void searching_needs_no_marks_and_no_case(void **state)
{
	struct store *store = databases_open();
	struct unit u = {.unit = "s-9",
	    .from = 100,
	    .name = "Trường THCS Đinh Tiên Hoàng",
	    .level = "school",
	    .parent = "",
	    .kinds = "",
	    .contact = ""};
	static const char *const found[] = {
	    "đinh tiên", "dinh tien hoang", "TRUONG", "S-9", " thcs ", "Đi"};
	uint32_t nodes[4];
	(void)state;

	assert_int_equal(store_unit_put(store, &u), OK);
	struct tree *tree = load(store, 200);
	for (size_t i = 0; i < COUNT_OF(found); i++)
		assert_int_equal(tree_search(tree, slice_of(found[i]), nodes, 4), 1);
	assert_int_equal(tree_search(tree, SLICE_LIT("tiểu học"), nodes, 4), 0);
	assert_int_equal(tree_search(tree, SLICE_LIT("  "), nodes, 4), 0);
	tree_release(tree);
	store_close(store);
}

static void folding_never_grows_and_survives_any_octets(void **state)
{
	struct made_random r = {77};
	char out[64];
	uint8_t in[40];
	(void)state;

	for (unsigned round = 0; round < 5000; round++) {
		size_t len = made_below(&r, sizeof in);
		for (size_t i = 0; i < len; i++)
			in[i] = (uint8_t)(1 + made_below(&r, 255));
		tree_fold(out, 1 + made_below(&r, 20), (struct slice){in, len});
		assert_true(strlen(out) < 20);
	}
	tree_fold(out, sizeof out, SLICE_LIT("ỲỸẶỞ ưỡn e\xcc\x81 中"));
	assert_string_equal(out, "yyao uon e 中");
}

/* ---- the shelf ---- */

static void the_shelf_gives_a_new_tree_after_a_change(void **state)
{
	struct store *store = make_reform();
	struct trees *trees = NULL;
	struct tree *first = NULL, *again = NULL, *later = NULL;
	(void)state;

	assert_int_equal(trees_new(&trees), OK);
	assert_int_equal(trees_at(trees, store, 400, &first), OK);
	assert_int_equal(trees_at(trees, store, 400, &again), OK);
	assert_ptr_equal(first, again);
	put(store, "s9", 350, "c1");
	assert_int_equal(trees_at(trees, store, 400, &later), OK);
	assert_ptr_not_equal(first, later);
	assert_int_equal(tree_find(first, "s9"), TREE_NONE);
	assert_int_not_equal(tree_find(later, "s9"), TREE_NONE);
	for (int32_t day = 0; day < 20; day++) { /* more than the shelf holds */
		struct tree *other = NULL;
		assert_int_equal(trees_at(trees, store, day, &other), OK);
		tree_release(other);
	}
	trees_free(trees);
	assert_int_equal(tree_day(later), 400); /* they outlive it */
	tree_release(first);
	tree_release(again);
	tree_release(later);
	store_close(store);
}

/* ---- many ---- */

static bool count_visited(void *context, uint32_t node)
{
	(void)node;
	++*(uint32_t *)context;
	return true;
}

/* Random parents: a subtree by tree_visit() has as many nodes as those that are below. */
static void subtrees_agree_with_a_naive_walk(void **state)
{
	enum {
		UNITS = 300
	};
	struct store *store = databases_open();
	struct made_random r = {9};
	char unit[16], parent[16];
	(void)state;

	assert_int_equal(store_begin(store), OK);
	for (unsigned i = 0; i < UNITS; i++) {
		(void)snprintf(unit, sizeof unit, "u%u", i);
		(void)snprintf(
		    parent, sizeof parent, "u%u", i == 0 ? 0 : made_below(&r, i));
		put(store, unit, 100, i % 50 == 0 ? "" : parent);
	}
	assert_int_equal(store_commit(store), OK);
	struct tree *tree = load(store, 200);
	assert_int_equal(tree_count(tree), UNITS);
	for (uint32_t top = 0; top < UNITS; top++) {
		uint32_t visited = 0, below = 0;
		tree_visit(tree, top, count_visited, &visited);
		for (uint32_t node = 0; node < UNITS; node++)
			below += tree_is_below(tree, node, top);
		assert_int_equal(visited, below);
		uint32_t above = tree_node(tree, top)->parent;
		assert_true(above == TREE_NONE || above < top);
	}
	uint32_t all = 0;
	tree_visit(tree, TREE_NONE, count_visited, &all);
	assert_int_equal(all, UNITS);
	tree_release(tree);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_tree_is_as_of_its_day),
	    cmocka_unit_test(merged_units_lead_to_their_successors),
	    cmocka_unit_test(the_ended_and_the_circular_have_a_place),
	    cmocka_unit_test(groups_hold_what_merged_into_them),
	    cmocka_unit_test(sums_follow_a_merge),
	    cmocka_unit_test(searching_needs_no_marks_and_no_case),
	    cmocka_unit_test(folding_never_grows_and_survives_any_octets),
	    cmocka_unit_test(the_shelf_gives_a_new_tree_after_a_change),
	    cmocka_unit_test(subtrees_agree_with_a_naive_walk),
	};

	return databases_run(tests, COUNT_OF(tests));
}
