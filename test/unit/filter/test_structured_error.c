/* What blocked answers say to programs, against the words of the tree's rules/. */
#include "filter/structured_error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/file.h"
#include "unit/policy/school.h"

static struct verdict verdict_of(const struct school *s, const char *category)
{
	struct verdict v = {.action = POLICY_BLOCK, .category = POLICY_NO_CATEGORY};

	for (size_t i = 0; i < policy_category_count(s->policy); i++) {
		if (strcmp(policy_category_at(s->policy, i)->name, category) == 0)
			v.category = (uint8_t)i;
	}
	return v;
}

static json_t *said_of(const struct school *s, const char *category)
{
	struct structured_errors *errors = NULL;
	const struct verdict v = verdict_of(s, category);

	assert_int_equal(structured_errors_new(&errors, s->config, s->policy), OK);
	struct slice text = structured_error_text(errors, &v);
	assert_true(text.len > 0 && text.len <= STRUCTURED_ERROR_MAX);
	json_t *said =
	    json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(said);
	structured_errors_free(errors);
	return said;
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void every_category_says_who_why_and_in_which_language(void **state)
{
	(void)state;
	static struct school s;
	json_t *said;

	school_open(&s,
	    "school: {levels: [primary], languages: [vi, en], name: THCS Thử, contact: "
	    "{phone: 024 3869.1234, email: it@truong.edu.vn}}\n",
	    "", 0);
	said = said_of(&s, "gambling");
	assert_string_equal(text_of(said, "j"),
	    "Bị chặn theo chính sách mạng của trường: Cờ bạc, cá cược. Cần giúp đỡ: 111");
	assert_string_equal(text_of(said, "o"), "THCS Thử");
	assert_string_equal(text_of(said, "l"), "vi");
	assert_int_equal(json_integer_value(json_object_get(said, "s")), 5);
	const json_t *contacts = json_object_get(said, "c");
	assert_int_equal(json_array_size(contacts), 3);
	assert_string_equal(json_string_value(json_array_get(contacts, 0)),
	    "http://lachan.internal/lachan/why");
	assert_string_equal(
	    json_string_value(json_array_get(contacts, 1)), "mailto:it@truong.edu.vn");
	assert_string_equal(
	    json_string_value(json_array_get(contacts, 2)), "tel:02438691234");
	json_decref(said);
	said = said_of(&s, "malware");
	assert_int_equal(json_integer_value(json_object_get(said, "s")), 1);
	json_decref(said);
	said = said_of(&s, "phishing_scam");
	assert_int_equal(json_integer_value(json_object_get(said, "s")), 2);
	json_decref(said);
	school_close(&s);
}

static void what_is_sensitive_or_locked_is_not_named(void **state)
{
	(void)state;
	static struct school s;

	school_open(&s, "school: {levels: [primary], languages: [en]}\n", "", 0);
	json_t *plain = said_of(&s, "none");
	const char *words = text_of(plain, "j");

	assert_string_equal(words, "Blocked by school network policy. Help: 111");
	assert_null(json_object_get(plain, "o"));
	for (size_t i = 0; i < policy_category_count(s.policy); i++) {
		const struct policy_category *c = policy_category_at(s.policy, i);
		json_t *said = said_of(&s, c->name);
		bool named = strcmp(text_of(said, "j"), words) != 0;
		assert_true(named == !(c->sensitive || c->locked));
		assert_true((json_object_get(said, "s") == NULL) == c->locked);
		assert_string_equal(text_of(said, "l"), "en");
		json_decref(said);
	}
	json_decref(plain);
	school_close(&s);
}

static void a_long_name_is_left_out(void **state)
{
	(void)state;
	static struct school s;
	struct buf yaml = BUF_INIT(4096);

	buf_printf(&yaml,
	    "school: {levels: [primary], languages: [vi], contact: {email: "
	    "%060d@%060d.edu.vn}, name: \"%0190d\"}\n"
	    "pages: {portal: {name: a%060d.b%060d.internal}}\n",
	    1, 2, 3, 4, 5);
	school_open(&s, buf_cstr(&yaml), "", 0);
	json_t *said = said_of(&s, "gambling");
	assert_null(json_object_get(said, "o"));
	assert_non_null(text_of(said, "j"));
	assert_int_equal(json_array_size(json_object_get(said, "c")), 2);
	json_decref(said);
	school_close(&s);
	buf_deinit(&yaml);
}

static void its_words_are_those_of_the_texts(void **state)
{
	(void)state;
	struct buf file = BUF_INIT(1 << 20);
	static struct school s;

	assert_int_equal(file_read(TEST_SOURCE_DIR "/rules/pages.yaml", &file), OK);
	for (int i = 0; i < 2; i++) {
		school_open(&s,
		    i == 0 ? "school: {levels: [primary], languages: [vi]}\n"
		           : "school: {levels: [primary], languages: [en]}\n",
		    "", 0);
		json_t *said = said_of(&s, "none");
		assert_non_null(strstr(buf_cstr(&file), text_of(said, "j")));
		json_decref(said);
		school_close(&s);
	}
	buf_deinit(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_category_says_who_why_and_in_which_language),
	    cmocka_unit_test(what_is_sensitive_or_locked_is_not_named),
	    cmocka_unit_test(a_long_name_is_left_out),
	    cmocka_unit_test(its_words_are_those_of_the_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
