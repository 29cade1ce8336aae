/* The bytes that leave: golden vectors, reading them back, refusing bad ones.
 * `LACHAN_WRITE_GOLDEN=1 test_report_document` writes the vectors anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/file.h"
#include "report/report.h"

#define GOLDEN TEST_SOURCE_DIR "/test/unit/report/golden/"

static const char *const blocked[] = {"adult", "gambling", "games", NULL};
static const struct report_tier_policy policies[] = {
    {"lower_secondary", blocked, "moderate"}, {"upper_secondary", blocked, "off"}};
static const struct report_category_entries entries[] = {{"gambling", 52000}};
static const struct report_feed feeds[] = {{"ut1-gambling", 52000, 7, "ab12"}};

static const struct report_school school = {.unit = "0d9e",
    .name = "Trường THCS \"Kim Đồng\"\n\x80",
    .kinds = {"lower_secondary", "upper_secondary"},
    .contact = "mailto:tuvan@truong.example",
    .generator = "lachan 0.1.0",
    .policy_sha256 = "00ff",
    .enforce = true,
    .names = true,
    .top_names = 2,
    .tiers = policies,
    .tier_count = 2,
    .categories = entries,
    .category_count = 1,
    .feeds = feeds,
    .feed_count = 1,
    .placement = "gateway",
    .reviews_requested = 23,
    .reviews_answered = 20,
    .privacy = {.min_devices = 10, .min_population = 20, .cap = 20}};

static void add_name(
    struct tally_totals *t, uint8_t category, const char *text, uint32_t devices)
{
	struct tally_top_name *n = &t->names[t->name_count++];

	n->category = category;
	n->devices = devices;
	(void)snprintf(n->text, sizeof n->text, "%s", text);
}

static struct tally_totals *sample(void)
{
	struct tally_totals *t = calloc(1, sizeof *t);
	assert_non_null(t);
	t->period = (struct tally_period){20261120, 1795107600, 1795194000, 420, 420};
	t->tier_count = 3;
	t->category_count = 4;
	static const char *const tiers[] = {"lower_secondary", "upper_secondary", "staff"};
	static const char *const categories[] = {"gambling", "games", "dating", "adult"};
	for (unsigned i = 0; i < 3; i++) {
		(void)snprintf(t->tiers[i].text, TALLY_LABEL_BYTES, "%s", tiers[i]);
		t->tiers[i].flags = i < 2 ? TALLY_PUPILS : 0;
	}
	for (unsigned i = 0; i < 4; i++)
		(void)snprintf(
		    t->categories[i].text, TALLY_LABEL_BYTES, "%s", categories[i]);
	t->categories[3].flags = TALLY_SENSITIVE;
	t->tier_devices[0] = 148;
	t->tier_default_devices[0] = 60;
	t->tier_devices[1] = 31;
	t->tier_devices[2] = 12;
	t->queries = 123456;
	t->uptime_s = 31200;
	t->segments = 1;
	t->cells[0][0] = (struct tally_cell){1234, 87};
	t->cells[1][0] = (struct tally_cell){4, 2};
	t->cells[0][2] = (struct tally_cell){9, 6};
	t->cells[1][1] = (struct tally_cell){20, 11};
	t->cells[0][3] = (struct tally_cell){99, 40};
	t->cells[2][1] = (struct tally_cell){500, 12};
	t->category_devices[3] = 40;
	add_name(t, 0, "bet.example", 22);
	add_name(t, 0, "alpha.example", 40);
	add_name(t, 0, "few.example", 9);
	add_name(t, 3, "secret.example", 40);
	add_name(t, 1, "third.example", 12);
	tally_totals_fail(t, "feed-refused", 1795110000);
	return t;
}

static struct tally_cell count(void *context, const struct tally_selection *which)
{
	struct tally_cell cell = tally_totals_count(context, which);
	/* The two withheld cells together: nobody met both. */
	if (which->categories[0] == 4 && which->categories[1] == 1)
		cell.devices = 12;
	return cell;
}

static uint32_t population(void *context, uint32_t tiers)
{
	return tally_totals_population(context, tiers);
}

static void make_day(struct report_document *out)
{
	struct tally_totals *t = sample();
	t->cells[1][0] = (struct tally_cell){12, 6};
	struct report_counter counter = {t, count, population};
	assert_int_equal(report_make(out, &school, t, &counter, NULL), OK);
	free(t);
}

static void compare(const struct report_document *document, const char *path)
{
	struct buf bytes = BUF_INIT(REPORT_MAX_BYTES);
	struct buf golden = BUF_INIT(REPORT_MAX_BYTES);

	assert_int_equal(report_encode(document, &bytes), OK);
	if (getenv("LACHAN_WRITE_GOLDEN") != NULL)
		assert_int_equal(file_write_atomic(path, buf_slice(&bytes), 0644), OK);
	assert_int_equal(file_read(path, &golden), OK);
	assert_string_equal(buf_cstr(&bytes), buf_cstr(&golden));
	buf_deinit(&bytes);
	buf_deinit(&golden);
}

static void a_day_has_the_golden_bytes(void **state)
{
	struct report_document d;
	struct diag why;
	(void)state;

	make_day(&d);
	assert_int_equal(report_validate(&d, NULL, &why), REPORT_FINE);
	compare(&d, GOLDEN "day.json");
	report_document_deinit(&d);
}

static void a_small_unenrolled_school_has_the_golden_bytes(void **state)
{
	struct report_school small = {
	    .generator = "lachan 0.1.0", .placement = "gateway", .privacy = school.privacy};
	struct tally_totals *t = sample();
	struct report_document d;
	(void)state;

	for (size_t i = 0; i < 3; i++)
		t->tier_devices[i] = 9;
	struct report_counter counter = report_counter_of_totals(t);
	assert_int_equal(report_make(&d, &small, t, &counter, NULL), OK);
	compare(&d, GOLDEN "small-school.json");
	assert_int_equal(d.record_count, 0);
	assert_int_equal(d.name_count, 0);
	report_document_deinit(&d);
	free(t);
}

static void a_week_has_the_golden_bytes(void **state)
{
	struct tally_totals *t = sample();
	const struct tally_totals *days[] = {t};
	struct report_week week = {.period = {20261116, 1794762000, 1795366800, 420, 420},
	    .days = days,
	    .day_count = 1};
	struct report_document d;
	struct diag why;
	(void)state;

	assert_int_equal(report_make_week(&d, &school, &week, NULL), OK);
	assert_int_equal(report_validate(&d, NULL, &why), REPORT_FINE);
	compare(&d, GOLDEN "week.json");
	report_document_deinit(&d);
	free(t);
}

static void what_was_written_reads_back_to_the_same_bytes(void **state)
{
	static const char *const paths[] = {
	    GOLDEN "day.json", GOLDEN "small-school.json", GOLDEN "week.json"};
	(void)state;

	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		struct buf golden = BUF_INIT(REPORT_MAX_BYTES);
		struct report_document d;
		struct diag why = {.text = ""};
		assert_int_equal(file_read(paths[i], &golden), OK);
		assert_int_equal(report_decode(&d, buf_slice(&golden), &why), OK);
		assert_int_equal(report_validate(&d, NULL, &why), REPORT_FINE);
		compare(&d, paths[i]);
		report_document_deinit(&d);
		buf_deinit(&golden);
	}
}

static void torn_documents_are_refused(void **state)
{
	struct buf golden = BUF_INIT(REPORT_MAX_BYTES);
	(void)state;

	assert_int_equal(file_read(GOLDEN "day.json", &golden), OK);
	for (size_t len = 0; len < golden.len; len++) {
		struct report_document d;
		struct diag why;
		struct slice torn = {golden.ptr, len};
		assert_int_equal(report_decode(&d, torn, &why), ERR_FORMAT);
	}
	buf_deinit(&golden);
}

static void deep_documents_are_refused(void **state)
{
	char deep[64];
	struct report_document d;
	struct diag why;
	(void)state;

	memset(deep, '[', sizeof deep);
	struct slice json = {(const uint8_t *)deep, sizeof deep};
	assert_int_equal(report_decode(&d, json, &why), ERR_FORMAT);
}

/* The golden day with one text in it changed; it must read, and not pass. */
static void assert_refused(const char *from, const char *to)
{
	struct buf golden = BUF_INIT(REPORT_MAX_BYTES);
	struct buf changed = BUF_INIT(REPORT_MAX_BYTES);
	struct report_document d;
	struct diag why = {.text = ""};

	assert_int_equal(file_read(GOLDEN "day.json", &golden), OK);
	const char *all = buf_cstr(&golden);
	const char *at = strstr(all, from);
	assert_non_null(at);
	buf_append(&changed, (struct slice){golden.ptr, (size_t)(at - all)});
	buf_text(&changed, to);
	buf_text(&changed, at + strlen(from));
	enum err rc = report_decode(&d, buf_slice(&changed), &why);
	if (rc == OK) {
		rc = report_validate(&d, NULL, &why) == REPORT_FINE ? OK : ERR_FORMAT;
		report_document_deinit(&d);
	}
	assert_int_equal(rc, ERR_FORMAT);
	assert_true(why.text[0] != 0);
	buf_deinit(&golden);
	buf_deinit(&changed);
}

static void a_document_that_shows_too_much_is_refused(void **state)
{
	(void)state;
	assert_refused("\"attempts\":1200,\"devices\":\"50-99\"",
	    "\"attempts\":1200,\"devices\":\"5-9\"");
	assert_refused("\"attempts\":1200", "\"attempts\":1234");
	assert_refused("\"attempts\":1200,\"devices\":\"50-99\"", "\"attempts\":1200");
	assert_refused("\"attempts\":20,", "\"attempts\":5,");
	assert_refused("\"min-devices\":10", "\"min-devices\":4");
	assert_refused("{\"tier\":\"lower_secondary\",\"category\":\"gambling\"",
	    "{\"tier\":\"lower_secondary\",\"category\":\"adult\"");
	assert_refused("\"published-total\":", "\"published-total\":9");
	assert_refused("\"name\":\"alpha.example\",\"devices\":\"20-49\"",
	    "\"name\":\"alpha.example\",\"devices\":\"5-9\"");
	assert_refused("\"category\":\"dating\",\"attempts\":\"below\"",
	    "\"category\":\"gambling\",\"attempts\":\"below\"");
}

/* 15 pupils of another tier are too few to be shown: a name that they alone may have met would
 * say what they did. */
static void names_do_not_speak_of_tiers_that_are_not_shown(void **state)
{
	struct tally_totals *t = sample();
	struct report_counter counter = {t, count, population};
	struct report_document d;
	(void)state;

	t->tier_devices[1] = 15;
	assert_int_equal(report_make(&d, &school, t, &counter, NULL), OK);
	assert_int_equal(d.coverage_count, 1);
	/* Met by 40, 22 and 12: only the first was met by ten others for sure. */
	assert_int_equal(d.name_count, 1);
	assert_string_equal(d.names[0].name, "alpha.example");
	report_document_deinit(&d);
	free(t);
}

static void names_stand_in_the_order_of_their_bands(void **state)
{
	struct report_document d;
	(void)state;

	make_day(&d);
	assert_int_equal(d.name_count, 2);
	assert_string_equal(d.names[0].name, "alpha.example");
	assert_string_equal(d.names[1].name, "bet.example");
	report_document_deinit(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_day_has_the_golden_bytes),
	    cmocka_unit_test(a_small_unenrolled_school_has_the_golden_bytes),
	    cmocka_unit_test(a_week_has_the_golden_bytes),
	    cmocka_unit_test(what_was_written_reads_back_to_the_same_bytes),
	    cmocka_unit_test(torn_documents_are_refused),
	    cmocka_unit_test(deep_documents_are_refused),
	    cmocka_unit_test(a_document_that_shows_too_much_is_refused),
	    cmocka_unit_test(names_do_not_speak_of_tiers_that_are_not_shown),
	    cmocka_unit_test(names_stand_in_the_order_of_their_bands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
