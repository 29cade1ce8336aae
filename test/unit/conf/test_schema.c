#include "conf/schema.h"

#include "school.h"

enum shape {
	ROUND,
	SQUARE
};

struct lamp {
	bool lit;
	uint64_t watts;
	uint64_t fades_ms;
	uint64_t memory_bytes;
	enum shape shape;
	struct conf_text label;
	struct conf_texts tags;
};

static const char *const SHAPES[] = {"round", "square", NULL};
static const char *const LATER[] = {"oval", NULL};
static const char *const AUTO[] = {"auto", NULL};

#define AT(member) offsetof(struct lamp, member)
static const struct schema_row LAMP_ROWS[] = {
    {"lit", &SCHEMA_BOOL, AT(lit), "on", .help = ""},
    {"watts", &SCHEMA_NUMBER, AT(watts), "40", .help = "", .min = 5, .max = 100,
        .words = AUTO},
    {"fades", &SCHEMA_DURATION, AT(fades_ms), "2s", .help = "", .max = 60000},
    {"memory", &SCHEMA_SIZE, AT(memory_bytes), "64KiB", .help = "", .min = 1024},
    {"shape", &SCHEMA_ENUM, AT(shape), "square", .help = "", .words = SHAPES,
        .unbuilt_words = LATER},
    {"label", &SCHEMA_TEXT, AT(label), "\"\"", .help = "", .max = 8},
    {"tags", &SCHEMA_LIST, AT(tags), "[a, b]", .help = "", .item = &SCHEMA_TEXT,
        .max_items = 3},
    {"remote", &SCHEMA_ANYTHING, 0, "60s", .help = "", .flags = SCHEMA_NOT_BUILT},
    {.name = NULL},
};

struct filled {
	struct lamp lamp;
	struct arena arena;
	struct diags all;
	enum err rc;
};

static struct filled fill(const char *text)
{
	struct filled f = {.arena = ARENA_INIT(1 << 20), .all = DIAGS_NONE};
	struct schema_run run = {.arena = &f.arena, .all = &f.all};
	struct yaml_node tree;

	f.rc = yaml_tree_parse(&tree, slice_of(text), "lamp.yaml", &f.arena, &f.all);
	assert_int_equal(f.rc, OK);
	f.rc = schema_fill(&run, LAMP_ROWS, &tree, &f.lamp);
	return f;
}

static void end(struct filled *f)
{
	arena_deinit(&f->arena);
	diags_deinit(&f->all);
}

static void assert_told(const char *text, const char *told)
{
	struct filled f = fill(text);

	assert_int_equal(f.rc, ERR_CONFIG);
	char *found = mistakes_text(&f.all);
	assert_string_equal(found, told);
	free(found);
	end(&f);
}

static void defaults_fill_what_is_absent(void **state)
{
	struct filled f = fill("");

	(void)state;
	assert_int_equal(f.rc, OK);
	assert_true(f.lamp.lit);
	assert_int_equal(f.lamp.watts, 40);
	assert_int_equal(f.lamp.fades_ms, 2000);
	assert_int_equal(f.lamp.memory_bytes, 65536);
	assert_int_equal(f.lamp.shape, SQUARE);
	assert_string_equal(f.lamp.label.text, "");
	assert_int_equal(f.lamp.tags.count, 2);
	assert_string_equal(f.lamp.tags.items[1].text, "b");
	end(&f);
}

static void absent_differs_from_what_says_the_same(void **state)
{
	struct filled absent = fill("");
	struct filled same = fill("tags: [a, b]\nlabel: ''\n");

	(void)state;
	assert_int_equal(absent.lamp.tags.mark.line, 0);
	assert_int_equal(absent.lamp.label.mark.line, 0);
	assert_int_equal(same.lamp.tags.mark.line, 1);
	assert_int_equal(same.lamp.label.mark.line, 2);
	assert_int_equal(same.lamp.label.mark.column, 8);
	end(&absent);
	end(&same);
}

static void what_is_written_is_read(void **state)
{
	struct filled f = fill("lit: No\nwatts: auto\nfades: 1m\nmemory: 1MiB\n"
	                       "shape: round\nlabel: Đèn\ntags: []\n");

	(void)state;
	assert_int_equal(f.rc, OK);
	assert_false(f.lamp.lit);
	assert_int_equal(f.lamp.watts, 0);
	assert_int_equal(f.lamp.fades_ms, 60000);
	assert_int_equal(f.lamp.memory_bytes, 1 << 20);
	assert_int_equal(f.lamp.shape, ROUND);
	assert_string_equal(f.lamp.label.text, "Đèn");
	assert_int_equal(f.lamp.tags.count, 0);
	end(&f);
}

static void every_mistake_is_told_in_one_run(void **state)
{
	(void)state;
	assert_told("lit: maybe\nwatts: 4\nfades: 2\nmemory: 64MB\nshape: squar\n"
	            "label: far too long\ntags: x\nlite: on\n",
	    "8:1: unknown key 'lite'; did you mean 'lit'?\n"
	    "1:6: 'lit' is a switch (write on or off)\n"
	    "2:8: 'watts' is out of range (from 5 to 100)\n"
	    "3:8: 'fades' is a duration (write it as 500ms, 10s, 5m, 24h or 30d)\n"
	    "4:9: 'memory' is a size (write it as 64KiB, 32MiB or 1GiB)\n"
	    "5:8: unknown word 'squar'; did you mean 'square'?\n"
	    "6:8: 'label' is longer than 8 bytes (shorten it)\n"
	    "7:7: 'tags' is a list (write tags: [A, B])\n");
}

static void ranges_are_told_in_their_unit(void **state)
{
	(void)state;
	assert_told("fades: 2m\n", "1:8: 'fades' is out of range (from 0 to 1m)\n");
	assert_told("memory: 1B\n", "1:9: 'memory' is out of range (at least 1KiB)\n");
	assert_told("watts: 4x\n",
	    "1:8: 'watts' is a whole number (write it in digits, or auto)\n");
}

static void a_value_of_the_wrong_form_is_told(void **state)
{
	(void)state;
	assert_told("watts: [1]\n",
	    "1:8: 'watts' holds one value, not a list (remove the brackets or dashes)\n");
	assert_told("watts: {a: 1}\n",
	    "1:8: 'watts' holds one value, not keys of its own "
	    "(write watts: VALUE)\n");
	assert_told("watts:\nlabel: x\n",
	    "1:7: 'watts' has no value (write one, or remove the line)\n");
	assert_told(
	    "tags: [a, b, c, d]\n", "1:7: 'tags' has more than 3 items (shorten it)\n");
}

static void a_file_without_keys_is_told(void **state)
{
	struct filled f = fill("- a\n");

	(void)state;
	assert_int_equal(f.rc, ERR_FORMAT);
	assert_int_equal(f.all.count, 1);
	assert_string_equal(
	    f.all.items[0].text, "the file holds keys (write KEY: VALUE, one a line)");
	end(&f);
}

static void unbuilt_keys_and_words_are_refused_but_for_the_default(void **state)
{
	struct filled f = fill("remote: 1m\n"); /* the default is written 60s */

	(void)state;
	assert_int_equal(f.rc, OK);
	end(&f);
	assert_told("remote: 2m\n",
	    "1:9: 'remote' is not built yet; remove the line (default: 60s)\n");
	assert_told("shape: oval\n",
	    "1:8: shape: oval is not built yet (choose one of: round, square)\n");
}

static void a_good_item_survives_a_bad_neighbour(void **state)
{
	struct filled f = fill("tags: [a, {b: 1}, c]\n");

	(void)state;
	assert_int_equal(f.rc, ERR_CONFIG);
	assert_int_equal(f.lamp.tags.count, 2);
	assert_string_equal(f.lamp.tags.items[1].text, "c");
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults_fill_what_is_absent),
	    cmocka_unit_test(absent_differs_from_what_says_the_same),
	    cmocka_unit_test(what_is_written_is_read),
	    cmocka_unit_test(every_mistake_is_told_in_one_run),
	    cmocka_unit_test(ranges_are_told_in_their_unit),
	    cmocka_unit_test(a_value_of_the_wrong_form_is_told),
	    cmocka_unit_test(a_file_without_keys_is_told),
	    cmocka_unit_test(unbuilt_keys_and_words_are_refused_but_for_the_default),
	    cmocka_unit_test(a_good_item_survives_a_bad_neighbour),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
