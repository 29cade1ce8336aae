/* overrides.yaml with an enrolment laid upon it: nothing that stood there is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attr.h"
#include "lachanctl/overrides.h"

#define OURS                                              \
	"school:\n  unit: \"thcs-01\"\n"                  \
	"share:\n  recipients:\n"                         \
	"    - name: \"so-gddt\"\n"                       \
	"      url: \"https://thu.so.vn/v1/summaries\"\n" \
	"      token_file: \"secrets/so-gddt.token\"\n"

static void assert_laid(const char *old, const char *ours, const char *expected)
{
	struct buf out = BUF_INIT(OVERRIDES_MAX_BYTES);
	struct diag why = {.text = ""};

	enum err rc = overrides_lay(&out, slice_of(old), slice_of(ours), &why);
	assert_string_equal(why.text, "");
	assert_int_equal(rc, OK);
	assert_string_equal(buf_cstr(&out), expected);
	buf_deinit(&out);
}

static void a_new_file_is_ours(void **state)
{
	(void)state;
	assert_laid("", OURS, OURS);
	assert_laid("# nothing yet\n", OURS, "# nothing yet\n" OURS);
}

static void other_keys_stay_with_their_comments(void **state)
{
	(void)state;
	assert_laid("# by hand\nfilter: {strip_ech: off} # why\n", OURS,
	    "# by hand\nfilter: {strip_ech: off} # why\n" OURS);
	assert_laid("filter: {strip_ech: off}", OURS, "filter: {strip_ech: off}\n" OURS);
}

static void the_same_again_changes_nothing(void **state)
{
	(void)state;
	assert_laid("# x\n" OURS, OURS, "# x\n" OURS);
}

static void values_of_the_same_keys_are_merged(void **state)
{
	(void)state;
	assert_laid(
	    "school: {name: \"Trường \\\"A\\\" # 1\", unit: old}\n"
	    "filter:\n  never_block: [a.vn, b.vn]\n  enforce: off\n"
	    "share: {hold: 12h, recipients: [{name: ca, url: \"https://ca.vn/v1/x\",\n"
	    "  token_file: /etc/t}, {name: so-gddt, role: ict, url: \"https://old/x\"}]}\n"
	    "notify: []\n",
	    OURS,
	    "school:\n"
	    "  name: \"Trường \\\"A\\\" # 1\"\n"
	    "  unit: \"thcs-01\"\n"
	    "filter:\n"
	    "  never_block:\n"
	    "    - a.vn\n"
	    "    - b.vn\n"
	    "  enforce: off\n"
	    "share:\n"
	    "  hold: 12h\n"
	    "  recipients:\n"
	    "    -\n"
	    "      name: ca\n"
	    "      url: \"https://ca.vn/v1/x\"\n"
	    "      token_file: /etc/t\n"
	    "    -\n"
	    "      name: \"so-gddt\"\n"
	    "      role: ict\n"
	    "      url: \"https://thu.so.vn/v1/summaries\"\n"
	    "      token_file: \"secrets/so-gddt.token\"\n"
	    "notify: []\n");
}

static void words_that_look_like_yaml_keep_their_meaning(void **state)
{
	(void)state;
	assert_laid("{a: \"on\", b: on, c: ~, d: \"\", e: \"a: b\", f: \"- x\", g: 11:30,\n"
	            " h: \"0123\", i: {}, j: \"*.x\", k: \"tab\\there\", school: {}}\n",
	    OURS,
	    "a: \"on\"\nb: on\nc: ~\nd: \"\"\ne: \"a: b\"\nf: \"- x\"\ng: 11:30\n"
	    "h: \"0123\"\ni: {}\nj: \"*.x\"\nk: \"tab\\x09here\"\n"
	    "school:\n  unit: \"thcs-01\"\n"
	    "share:\n  recipients:\n    -\n      name: \"so-gddt\"\n"
	    "      url: \"https://thu.so.vn/v1/summaries\"\n"
	    "      token_file: \"secrets/so-gddt.token\"\n");
}

static void what_is_no_map_is_left_alone(void **state)
{
	static const char *const BAD[] = {"[a, b]\n", "text\n", "a: b: c\n", "a: {\n"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(BAD); i++) {
		struct buf out = BUF_INIT(OVERRIDES_MAX_BYTES);
		struct diag why = {.text = ""};
		assert_int_equal(
		    overrides_lay(&out, slice_of(BAD[i]), slice_of(OURS), &why),
		    ERR_FORMAT);
		assert_true(why.text[0] != 0);
		buf_deinit(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_new_file_is_ours),
	    cmocka_unit_test(other_keys_stay_with_their_comments),
	    cmocka_unit_test(the_same_again_changes_nothing),
	    cmocka_unit_test(values_of_the_same_keys_are_merged),
	    cmocka_unit_test(words_that_look_like_yaml_keep_their_meaning),
	    cmocka_unit_test(what_is_no_map_is_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
