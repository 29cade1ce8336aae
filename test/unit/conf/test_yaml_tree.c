#include "conf/yaml_tree.h"

#include "school.h"

struct parsed {
	struct yaml_node tree;
	struct arena arena;
	struct diags all;
	enum err rc;
};

static struct parsed parse(const char *text)
{
	struct parsed p = {.arena = ARENA_INIT((size_t)64 << 20), .all = DIAGS_NONE};

	p.rc = yaml_tree_parse(&p.tree, slice_of(text), "a.yaml", &p.arena, &p.all);
	return p;
}

static void end(struct parsed *p)
{
	arena_deinit(&p->arena);
	diags_deinit(&p->all);
}

static void assert_told(const char *text, enum err rc, const char *told)
{
	struct parsed p = parse(text);

	assert_int_equal(p.rc, rc);
	char *found = mistakes_text(&p.all);
	assert_string_equal(found, told);
	free(found);
	end(&p);
}

static void nodes_know_where_they_stand(void **state)
{
	struct parsed p = parse("a: 1\nb:\n  c: [x, 'y']\n");

	(void)state;
	assert_int_equal(p.rc, OK);
	const struct yaml_node *c = yaml_find(yaml_find(&p.tree, "b"), "c");
	assert_non_null(c);
	assert_int_equal(c->kind, TREE_LIST);
	assert_int_equal(c->count, 2);
	assert_int_equal(c->mark.line, 3);
	assert_int_equal(c->mark.column, 6);
	assert_string_equal(c->mark.file, "a.yaml");
	assert_string_equal(c->items[1].text, "y");
	assert_true(c->items[1].quoted);
	assert_int_equal(c->items[1].mark.column, 10);
	end(&p);
}

static void columns_count_letters_and_not_bytes(void **state)
{
	struct parsed p = parse("{\"Trường\": Nguyễn, b: 2}");

	(void)state;
	assert_int_equal(p.rc, OK);
	assert_int_equal(yaml_find(&p.tree, "b")->mark.column, 23);
	end(&p);
}

static void json_is_yaml(void **state)
{
	struct parsed p =
	    parse("{\n\t\"a\": [1, true, null, \"\\u0111\\/\"],\n\t\"b\": {}\n}\n");

	(void)state;
	assert_int_equal(p.rc, OK);
	const struct yaml_node *a = yaml_find(&p.tree, "a");
	assert_int_equal(a->count, 4);
	assert_true(yaml_is_null(&a->items[2]));
	assert_string_equal(a->items[3].text, "đ/");
	end(&p);
}

static void times_and_hardware_addresses_need_no_quotes(void **state)
{
	struct parsed p = parse("from: 11:30\nclients: [3c:22:fb:01:02:03, 10.0.0.0/8]\n");

	(void)state;
	assert_int_equal(p.rc, OK);
	assert_string_equal(yaml_text(&p.tree, "from", ""), "11:30");
	assert_string_equal(
	    yaml_find(&p.tree, "clients")->items[0].text, "3c:22:fb:01:02:03");
	end(&p);
}

static void an_empty_text_is_an_empty_map(void **state)
{
	static const char *const EMPTY[] = {"", "\n\n", "# nothing\n"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(EMPTY); i++) {
		struct parsed p = parse(EMPTY[i]);
		assert_int_equal(p.rc, OK);
		assert_int_equal(p.tree.kind, TREE_MAP);
		assert_int_equal(p.tree.count, 0);
		end(&p);
	}
}

static void a_key_twice_is_told_with_both_places(void **state)
{
	(void)state;
	assert_told("a: 1\nb: 2\na: 3\n", ERR_CONFIG,
	    "3:1: key 'a' stands here twice (first in line 1; keep one)\n");
}

static void anchors_aliases_and_tags_are_told_in_one_run(void **state)
{
	(void)state;
	assert_told("a: &x 1\nb: *x\nc: !!str 2\nd: &unused [1]\n", ERR_CONFIG,
	    "1:4: anchors are not used here (write the value out where it is needed)\n"
	    "2:4: aliases such as *name are not used here (write the value out)\n"
	    "3:4: tags such as !!str are not used here (remove the tag)\n"
	    "4:4: anchors are not used here (write the value out where it is needed)\n");
}

static void broken_syntax_is_told_where_it_breaks(void **state)
{
	(void)state;
	assert_told("a: [1, 2\nb: 3\n", ERR_FORMAT,
	    "2:2: this is not YAML: did not find expected ',' or ']' while parsing a flow "
	    "sequence (mend this line or the one above; indent with spaces, never with "
	    "tabs)\n");
	assert_told("a:\n\tb: 1\n", ERR_FORMAT,
	    "2:1: this is not YAML: found character that cannot start any token while "
	    "scanning for the next token (mend this line or the one above; indent with "
	    "spaces, never with tabs)\n");
}

static void bytes_that_are_no_text_are_told_where_they_stand(void **state)
{
	(void)state;
	struct parsed p = parse("a: 1\nb: \xff\xfe\n");
	assert_int_equal(p.rc, ERR_FORMAT);
	assert_int_equal(p.all.count, 1);
	assert_int_equal(p.all.items[0].line, 2);
	assert_int_equal(p.all.items[0].column, 4);
	end(&p);
}

static void a_second_document_is_refused(void **state)
{
	(void)state;
	assert_told("a: 1\n---\nb: 2\n", ERR_CONFIG,
	    "2:1: a second document begins here (one file, one document: remove '---')\n");
}

static void a_key_must_be_a_word(void **state)
{
	(void)state;
	assert_told("? [a, b]\n: 1\n", ERR_FORMAT,
	    "1:3: a key must be a word (write KEY: VALUE)\n");
}

static void a_nul_in_a_text_is_refused(void **state)
{
	(void)state;
	assert_told(
	    "a: \"x\\0y\"\n", ERR_CONFIG, "1:4: a NUL stands in this text (remove it)\n");
}

static void nesting_is_bounded(void **state)
{
	enum {
		DEEP = 20000
	};
	static char deep[DEEP + 1];

	(void)state;
	memset(deep, '[', DEEP);
	assert_told(deep, ERR_FORMAT,
	    "1:33: nested deeper than 32 levels (nothing here needs more than five)\n");
}

static void size_is_bounded(void **state)
{
	static char big[YAML_TREE_MAX_BYTES + 2];

	(void)state;
	memset(big, ' ', sizeof big - 1);
	assert_told(big, ERR_FORMAT,
	    "0:0: larger than 1 MiB (a configuration is a few kilobytes)\n");
}

static void a_full_arena_is_told_as_memory(void **state)
{
	struct arena small = ARENA_INIT(200);
	struct diags all = DIAGS_NONE;
	struct yaml_node tree;

	(void)state;
	assert_int_equal(
	    yaml_tree_parse(
	        &tree, SLICE_LIT("a: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"), "x", &small, &all),
	    ERR_MEMORY);
	arena_deinit(&small);
	diags_deinit(&all);
}

static void merging_goes_key_by_key_and_name_by_name(void **state)
{
	struct parsed under = parse("a: {x: 1, y: 2}\nl: [1, 2]\n"
	                            "t: [{name: p, v: 1, w: 2}, {name: q, v: 3}]\n");
	struct parsed over = parse("a: {y: 9, z: 3}\nl: [7]\n"
	                           "t: [{name: q, v: 8}, {name: r, v: 5}]\nn: 1\n");
	struct parsed want = parse("a: {x: 1, y: 9, z: 3}\nl: [7]\nn: 1\n"
	                           "t: [{name: p, v: 1, w: 2}, {name: q, v: 8}, "
	                           "{name: r, v: 5}]\n");
	struct yaml_node merged;

	(void)state;
	assert_int_equal(yaml_merge(&merged, &under.tree, &over.tree, &under.arena), OK);
	assert_true(yaml_equal(&merged, &want.tree));
	assert_false(yaml_equal(&under.tree, &want.tree));
	end(&under);
	end(&over);
	end(&want);
}

static void values_are_equal_however_they_are_written(void **state)
{
	struct parsed a = parse("{s: on, d: 60s, z: 1024KiB, l: [a]}");
	struct parsed b = parse("l: [a]\nd: 1m\nz: 1MiB\ns: yes\n");
	struct parsed c = parse("l: [a]\nd: 1m\nz: 1MiB\ns: no\n");

	(void)state;
	assert_true(yaml_equal(&a.tree, &b.tree));
	assert_false(yaml_equal(&a.tree, &c.tree));
	end(&a);
	end(&b);
	end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nodes_know_where_they_stand),
	    cmocka_unit_test(columns_count_letters_and_not_bytes),
	    cmocka_unit_test(json_is_yaml),
	    cmocka_unit_test(times_and_hardware_addresses_need_no_quotes),
	    cmocka_unit_test(an_empty_text_is_an_empty_map),
	    cmocka_unit_test(a_key_twice_is_told_with_both_places),
	    cmocka_unit_test(anchors_aliases_and_tags_are_told_in_one_run),
	    cmocka_unit_test(broken_syntax_is_told_where_it_breaks),
	    cmocka_unit_test(bytes_that_are_no_text_are_told_where_they_stand),
	    cmocka_unit_test(a_second_document_is_refused),
	    cmocka_unit_test(a_key_must_be_a_word),
	    cmocka_unit_test(a_nul_in_a_text_is_refused),
	    cmocka_unit_test(nesting_is_bounded),
	    cmocka_unit_test(size_is_bounded),
	    cmocka_unit_test(a_full_arena_is_told_as_memory),
	    cmocka_unit_test(merging_goes_key_by_key_and_name_by_name),
	    cmocka_unit_test(values_are_equal_however_they_are_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
