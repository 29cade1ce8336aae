/* A document as its receiver judges it: each rule broken alone, and told by its own word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/file.h"
#include "report/report.h"

#define GOLDEN TEST_SOURCE_DIR "/test/unit/report/golden/"
#define DAY    GOLDEN "day.json"
#define WEEK   GOLDEN "week.json"
/* The example of the contract, with words where it has dots. */
#define CONTRACT GOLDEN "contract.json"

/* The first `from` of `text` becomes `to`. */
static void change(struct buf *out, struct buf *text, const char *from, const char *to)
{
	const char *all = buf_cstr(text);
	const char *at = strstr(all, from);

	assert_non_null(at);
	buf_append(out, (struct slice){text->ptr, (size_t)(at - all)});
	buf_text(out, to);
	buf_text(out, at + strlen(from));
	assert_int_equal(buf_status(out), OK);
}

static enum report_fault judge(struct slice json, const struct report_floor *floor)
{
	struct report_document d;
	struct diag why = {.text = ""};

	assert_int_equal(report_decode(&d, json, &why), OK);
	enum report_fault fault = report_validate(&d, floor, &why);
	assert_int_equal(why.text[0] == 0, fault == REPORT_FINE);
	report_document_deinit(&d);
	return fault;
}

static enum report_fault judge_changed(const char *path, const char *from, const char *to)
{
	struct buf golden = BUF_INIT(REPORT_MAX_BYTES);
	struct buf changed = BUF_INIT(REPORT_MAX_BYTES);

	assert_int_equal(file_read(path, &golden), OK);
	change(&changed, &golden, from, to);
	enum report_fault fault = judge(buf_slice(&changed), NULL);
	buf_deinit(&golden);
	buf_deinit(&changed);
	return fault;
}

static const struct broken {
	const char *path;
	const char *from;
	const char *to;
	enum report_fault fault;
} broken[] = {
    /* Periods: half a day, two days, a day that never was, a week from Sunday. */
    {DAY, "2026-11-20T00", "2026-11-20T12", REPORT_FAULT_PERIOD},
    {DAY, "2026-11-21T00", "2026-11-22T00", REPORT_FAULT_PERIOD},
    {DAY, "2026-11-20T00:00:00+07", "2026-11-31T00:00:00+07", REPORT_FAULT_PERIOD},
    {DAY, "2026-11-20T00:00:00+07:00", "2026-11-20T00:00:00Z", REPORT_FAULT_PERIOD},
    {DAY, "2026-11-20T00:00:00+07:00", "2026-11-20 00:00:00+07:00", REPORT_FAULT_PERIOD},
    {DAY, "2026-11-20T00:00:00+07:00", "2026-11-20T00:00:00+19:00", REPORT_FAULT_PERIOD},
    {WEEK, "2026-11-16T", "2026-11-15T", REPORT_FAULT_PERIOD},
    {WEEK, "2026-11-23T", "2026-11-22T", REPORT_FAULT_PERIOD},
    {DAY, "\"revision\":1", "\"revision\":0", REPORT_FAULT_FORM},
    {DAY, "\"unit\":\"0d9e\"", "\"unit\":\"a' OR 1=1\"", REPORT_FAULT_FORM},
    /* The parameters. */
    {DAY, "\"min-devices\":10", "\"min-devices\":4", REPORT_FAULT_FLOOR},
    {DAY, "\"min-population\":20", "\"min-population\":9", REPORT_FAULT_FLOOR},
    {DAY, "\"cap\":20", "\"cap\":21", REPORT_FAULT_FLOOR},
    {DAY, "\"cap\":20", "\"cap\":0", REPORT_FAULT_FLOOR},
    /* Coverage. */
    {DAY, "\"devices\":\"100-249\"", "\"devices\":\"10-19\"", REPORT_FAULT_FLOOR},
    {DAY, "\"by-default-percent\":40", "\"by-default-percent\":41", REPORT_FAULT_ROUND},
    {DAY, "\"by-default-percent\":40", "\"by-default-percent\":105", REPORT_FAULT_ROUND},
    {DAY, "\"queries\":120000", "\"queries\":123000", REPORT_FAULT_ROUND},
    {DAY, "{\"tier\":\"upper_secondary\",\"devices\"",
        "{\"tier\":\"lower_secondary\",\"devices\"", REPORT_FAULT_FORM},
    {DAY, "\"requested\":\"20-49\"", "\"requested\":\"0-9\"", REPORT_FAULT_FLOOR},
    {DAY, "\"answered-percent\":85", "\"answered-percent\":87", REPORT_FAULT_ROUND},
    /* Cells. */
    {DAY, "\"attempts\":1200,\"devices\":\"50-99\"",
        "\"attempts\":1200,\"devices\":\"5-9\"", REPORT_FAULT_FLOOR},
    {DAY, "\"attempts\":1200", "\"attempts\":1234", REPORT_FAULT_ROUND},
    {DAY, "\"attempts\":1200", "\"attempts\":45", REPORT_FAULT_FLOOR},
    {DAY, "\"attempts\":20,", "\"attempts\":5,", REPORT_FAULT_FLOOR},
    {DAY, "\"attempts\":20,", "\"attempts\":21,", REPORT_FAULT_ROUND},
    {DAY, "\"tier\":\"lower_secondary\",\"category\":\"gambling\"",
        "\"tier\":\"lower_secondary\",\"category\":\"adult\"", REPORT_FAULT_FLOOR},
    {DAY, "\"tier\":\"lower_secondary\",\"category\":\"gambling\"",
        "\"tier\":\"primary\",\"category\":\"gambling\"", REPORT_FAULT_FLOOR},
    {DAY, "\"tier\":\"lower_secondary\",\"category\":\"gambling\"",
        "\"tier\":\"lower_secondary\",\"category\":\"other\"", REPORT_FAULT_FORM},
    {DAY, "\"category\":\"dating\",\"attempts\":\"below\"",
        "\"category\":\"gambling\",\"attempts\":\"below\"", REPORT_FAULT_FORM},
    /* Pools. */
    {DAY, "\"tier\":\"all\",\"category\":\"other\"",
        "\"tier\":\"all\",\"category\":\"drugs_of_none\"", REPORT_FAULT_FLOOR},
    {DAY, "\"category\":\"other\",\"attempts\":20,\"devices\":\"10-19\"",
        "\"category\":\"other\",\"attempts\":\"below\"", REPORT_FAULT_FORM},
    {DAY, "\"category\":\"other\",\"attempts\":20,\"devices\":\"10-19\"",
        "\"category\":\"other\",\"attempts\":0", REPORT_FAULT_FLOOR},
    /* The total. */
    {DAY, "\"published-total\":1240", "\"published-total\":1245", REPORT_FAULT_TOTAL},
    {DAY, "\"published-total\":1240", "\"published-total\":1235", REPORT_FAULT_TOTAL},
    {DAY, "\"silent\":[]", "\"silent\":[\"games\"]", REPORT_FAULT_TOTAL},
    /* Names. */
    {DAY, "\"alpha.example\",\"devices\":\"20-49\"",
        "\"alpha.example\",\"devices\":\"5-9\"", REPORT_FAULT_FLOOR},
    {DAY, "\"category\":\"gambling\",\"name\"", "\"category\":\"adult\",\"name\"",
        REPORT_FAULT_FLOOR},
    {DAY, "\"alpha.example\"", "\"alpha\"", REPORT_FAULT_FORM},
    {DAY, "\"alpha.example\"", "\"10.20.0.7\"", REPORT_FAULT_FORM},
    {DAY, "\"alpha.example\"", "\"alpha..example\"", REPORT_FAULT_FORM},
    {DAY, "\"alpha.example\"", "\"Alpha.example\"", REPORT_FAULT_FORM},
    /* The week: nothing that is not sensitive, no 0, no pool of one. */
    {WEEK, "\"category\":\"adult\",\"attempts\":100",
        "\"category\":\"games\",\"attempts\":100", REPORT_FAULT_FORM},
    {WEEK, "\"attempts\":100,\"devices\":\"20-49\"", "\"attempts\":0", REPORT_FAULT_FLOOR},
    {WEEK, "\"category\":\"sensitive_other\",\"attempts\":\"below\"",
        "\"category\":\"sensitive_other\",\"attempts\":10,\"devices\":\"10-19\"",
        REPORT_FAULT_FLOOR},
    {WEEK, "{\"category\":\"adult\"",
        "{\"tier\":\"lower_secondary\",\"category\":\"adult\"", REPORT_FAULT_FLOOR},
    {WEEK, "{\"category\":\"adult\"", "{\"tier\":\"all\",\"category\":\"adult\"",
        REPORT_FINE},
    {WEEK, "\"records\":[",
        "\"names\":[{\"category\":\"adult\",\"name\":\"a.example\",\"devices\":\"10-19\"}],"
        "\"records\":[",
        REPORT_FAULT_FLOOR},
    {DAY, "\"first\":\"2026-11-20T00:40:00+07:00\"", "\"first\":\"yesterday\"",
        REPORT_FAULT_FORM},
};

static void each_broken_rule_has_its_word(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(broken); i++) {
		const struct broken *b = &broken[i];
		enum report_fault fault = judge_changed(b->path, b->from, b->to);
		if (fault != b->fault)
			print_error(
			    "%s -> %s: \"%s\"\n", b->from, b->to, report_fault_word(fault));
		assert_int_equal(fault, b->fault);
	}
}

/* What an outsider may write who knows the contract alone. */
static const struct broken welcome[] = {
    {CONTRACT, "", "", REPORT_FINE},
    {CONTRACT, "{\"tier\":\"all\"", "{\"ext\":[1.5,null],\"tier\":\"all\"", REPORT_FINE},
    {CONTRACT, "\"revision\":1", "\"revision\":2", REPORT_FINE},
    {CONTRACT, "\"contract-example\"", "\"7F2C.x_1\"", REPORT_FINE},
    {CONTRACT, "2026-11-20T08:00:00+07:00", "2026-11-20T01:00:00Z", REPORT_FINE},
    {CONTRACT, "2026-11-20T08:00:00+07:00", "2026-11-20T01:00:00.25-01:00", REPORT_FINE},
    {CONTRACT, "\"names\":[",
        "\"names\":[{\"category\":\"gambling\",\"name\":\"z.example\","
        "\"devices\":\"10-19\"},",
        REPORT_FINE},
    {CONTRACT, "\"names\":[",
        "\"names\":[{\"category\":\"gambling\",\"name\":\"bet.example\","
        "\"devices\":\"10-19\"},",
        REPORT_FAULT_FORM},
    {CONTRACT, "2026-11-20T08:00:00+07:00", "2026-11-20T08:00:00.+07:00",
        REPORT_FAULT_FORM},
    {CONTRACT, "2026-11-20T08:00:00+07:00", "2026-11-20T08:00:00", REPORT_FAULT_FORM},
};

static void the_contracts_example_is_welcome(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(welcome); i++) {
		const struct broken *w = &welcome[i];
		enum report_fault fault = judge_changed(w->path, w->from, w->to);
		if (fault != w->fault)
			print_error(
			    "%s -> %s: \"%s\"\n", w->from, w->to, report_fault_word(fault));
		assert_int_equal(fault, w->fault);
	}
}

/* `count` items behind the bracket that `from` ends with. */
static enum report_fault judge_many(const char *from, const char *item, size_t count)
{
	struct buf golden = BUF_INIT(REPORT_MAX_BYTES);
	struct buf to = BUF_INIT(REPORT_MAX_BYTES);
	struct buf changed = BUF_INIT(REPORT_MAX_BYTES);

	buf_text(&to, from);
	for (size_t i = 0; i < count; i++)
		buf_text(&to, item);
	assert_int_equal(file_read(DAY, &golden), OK);
	change(&changed, &golden, from, buf_cstr(&to));
	enum report_fault fault = judge(buf_slice(&changed), NULL);
	buf_deinit(&golden);
	buf_deinit(&to);
	buf_deinit(&changed);
	return fault;
}

/* A receiver compares some of these lists with each other: a megabyte of them costs minutes. */
static void lists_longer_than_any_schools_are_refused(void **state)
{
	static const struct {
		const char *from, *item;
		size_t count;
	} lists[] = {
	    {"\"kind\":[", "\"primary\",", REPORT_KINDS},
	    {"\"block\":[", "\"games\",", TALLY_CATEGORIES},
	    {"\"tiers\":[", "{\"tier\":\"a\",\"block\":[],\"youtube\":\"\"},",
	        TALLY_TIERS + 1},
	    {"\"categories\":[", "{\"category\":\"a\",\"entries\":0},", TALLY_CATEGORIES},
	    {"\"failures\":[",
	        "{\"type\":\"a\",\"count\":1,\"first\":\"2026-11-20T00:40:00+07:00\","
	        "\"last\":\"2026-11-20T00:40:00+07:00\"},",
	        64},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		assert_int_equal(judge_many(lists[i].from, lists[i].item, 1), REPORT_FINE);
		assert_int_equal(judge_many(lists[i].from, lists[i].item, lists[i].count),
		    REPORT_FAULT_FORM);
	}
}

static void an_id_may_be_the_senders_own(void **state)
{
	static const char *const paths[] = {DAY, WEEK, CONTRACT};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		struct buf text = BUF_INIT(REPORT_MAX_BYTES);
		struct report_document d;
		struct diag why = {.text = ""};
		assert_int_equal(file_read(paths[i], &text), OK);
		assert_int_equal(report_decode(&d, buf_slice(&text), &why), OK);
		assert_int_equal(report_id_follows(&d), i < 2);
		report_document_deinit(&d);
		buf_deinit(&text);
	}
}

static void the_receivers_own_floor_counts_too(void **state)
{
	static const char *const sensitive[] = {"gambling", NULL};
	static const struct {
		struct report_floor floor;
		enum report_fault fault;
	} cases[] = {
	    {{10, 20, NULL}, REPORT_FINE},
	    {{5, 5, NULL}, REPORT_FINE},
	    {{11, 20, NULL}, REPORT_FAULT_FLOOR},
	    {{10, 21, NULL}, REPORT_FAULT_FLOOR},
	    {{10, 20, sensitive}, REPORT_FAULT_FLOOR},
	};
	struct buf golden = BUF_INIT(REPORT_MAX_BYTES);

	(void)state;
	assert_int_equal(file_read(DAY, &golden), OK);
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(
		    judge(buf_slice(&golden), &cases[i].floor), cases[i].fault);
	buf_deinit(&golden);
}

static void a_stricter_school_is_welcome(void **state)
{
	static const struct report_floor floor = {10, 20, NULL};
	struct buf golden = BUF_INIT(REPORT_MAX_BYTES);
	struct buf changed = BUF_INIT(REPORT_MAX_BYTES);

	(void)state;
	/* Its own 20 makes the band 10-19 too low, whatever we ask for. */
	assert_int_equal(file_read(DAY, &golden), OK);
	change(&changed, &golden, "\"min-devices\":10", "\"min-devices\":20");
	assert_int_equal(judge(buf_slice(&changed), &floor), REPORT_FAULT_FLOOR);
	buf_deinit(&golden);
	buf_reset(&changed);
	assert_int_equal(file_read(WEEK, &golden), OK);
	change(&changed, &golden, "\"min-devices\":10", "\"min-devices\":20");
	assert_int_equal(judge(buf_slice(&changed), &floor), REPORT_FINE);
	buf_deinit(&golden);
	buf_deinit(&changed);
}

/* Before silent categories were named, ads_tracking was the one. */
static void a_document_without_silent_categories_still_reads(void **state)
{
	struct buf golden = BUF_INIT(REPORT_MAX_BYTES);
	struct buf older = BUF_INIT(REPORT_MAX_BYTES);
	struct buf again = BUF_INIT(REPORT_MAX_BYTES);
	struct report_document d;
	struct diag why;

	(void)state;
	assert_int_equal(file_read(DAY, &golden), OK);
	change(&older, &golden, ",\"silent\":[]", "");
	assert_int_equal(report_decode(&d, buf_slice(&older), &why), OK);
	assert_int_equal(report_validate(&d, NULL, &why), REPORT_FINE);
	assert_int_equal(report_encode(&d, &again), OK);
	assert_true(slice_equal(buf_slice(&again), buf_slice(&older)));
	report_document_deinit(&d);
	buf_deinit(&golden);
	buf_deinit(&older);
	buf_deinit(&again);
}

static void what_is_no_document_is_not_read(void **state)
{
	static const struct {
		const char *from;
		const char *to;
	} odd[] = {
	    {"\"attempts\":1200", "\"attempts\":1200.0"},
	    {"\"attempts\":1200", "\"attempts\":-5"},
	    {"\"attempts\":1200", "\"attempts\":1e3"},
	    {"\"attempts\":1200", "\"attempts\":99999999999999999999"},
	    {"\"attempts\":1200", "\"attempts\":\"above\""},
	    {"\"attempts\":1200", "\"attempts\":null"},
	    {"\"revision\":1", "\"revision\":1,\"revision\":1"},
	    {"\"revision\":1", "\"revision\":4294967296"},
	    {"\"devices\":\"10-19\"", "\"devices\":\"11-19\""},
	    {"\"report-id\":\"41b1", "\"report-id\":\"/1b1"},
	    {"\"report-id\":\"41b1", "\"report-id\":\".1b1"},
	    {"\"report-id\":\"41b1", "\"report-id\":\"41b1x"},
	    {"\"format\":\"lachan-summary\"", "\"format\":\"lachan\""},
	    {"\"version\":\"1.0\"", "\"version\":\"2.0\""},
	    {"\"failures\":[", "\"failures\":7,\"x\":["},
	    {"\"failures\":[", "\"signature\":{},\"failures\":["},
	    {"\"round\":5", "\"round\":1"},
	    {"{\"format\"", "[{\"format\""},
	};
	struct buf golden = BUF_INIT(REPORT_MAX_BYTES);
	struct buf changed = BUF_INIT(REPORT_MAX_BYTES);

	(void)state;
	assert_int_equal(file_read(DAY, &golden), OK);
	for (size_t i = 0; i < COUNT_OF(odd); i++) {
		struct report_document d;
		struct diag why = {.text = ""};
		buf_reset(&changed);
		change(&changed, &golden, odd[i].from, odd[i].to);
		assert_int_equal(report_decode(&d, buf_slice(&changed), &why), ERR_FORMAT);
		assert_true(why.text[0] != 0);
	}
	buf_deinit(&golden);
	buf_deinit(&changed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_broken_rule_has_its_word),
	    cmocka_unit_test(the_contracts_example_is_welcome),
	    cmocka_unit_test(lists_longer_than_any_schools_are_refused),
	    cmocka_unit_test(an_id_may_be_the_senders_own),
	    cmocka_unit_test(the_receivers_own_floor_counts_too),
	    cmocka_unit_test(a_stricter_school_is_welcome),
	    cmocka_unit_test(a_document_without_silent_categories_still_reads),
	    cmocka_unit_test(what_is_no_document_is_not_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
