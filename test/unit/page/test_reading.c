/* Each warning page says, in the order it is read, what the texts say: every tier, category,
 * language, standing of the house, and time of opening. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "page/gzip.h"
#include "page/warning.h"
#include "plain.h"
#include "school.h"

enum {
	PAGE_GZIP_LIMIT = 30 * 1024
};

static const char *const tiers[] = {"preschool", "primary", "lower_secondary",
    "upper_secondary", "continuing_education", "guest", "staff", NULL};
static const char *const categories[] = {"adult", "gambling", "violence_weapons",
    "extremism", "drugs_alcohol_tobacco", "self_harm", "child_abuse", "malware",
    "phishing_scam", "social_network", "games", "streaming", "dating", "piracy",
    "proxy_vpn_doh", "illegal_vn", "custom", "", NULL};

/* One page, and how far it has been read. */
struct reading {
	const struct school *school;
	struct occasion occasion;
	struct verdict_answer answer;
	struct texts_tier tier;
	struct texts_category category;
	const struct yaml_node *page, *fallback;
	struct standing holds;
	char what[160], open_time[8];
	struct buf html, text;
	const char *at;
};

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static const struct yaml_node *ui(const struct reading *r, const char *key)
{
	return texts_pair(r->school->texts, "ui", key);
}

static const char *line_of(const struct reading *r, const struct yaml_node *pair)
{
	return texts_line(pair, (struct voice){r->occasion.language, r->tier.older});
}

/* What the page may fill in; "" for what it may not, or does not know. */
static const char *value_of(const struct reading *r, struct slice name)
{
	const struct config_school *school = &r->school->config.school;
	bool quiet = r->answer.sensitive || r->answer.locked;
	const struct {
		const char *name, *value;
	} known[] = {
	    {"school_name", school->name.text},
	    {"contact_room", school->contact.room.text},
	    {"contact_phone", school->contact.phone.text},
	    {"contact_email", school->contact.email.text},
	    {"minutes", "45"},
	    {"policy_version", r->school->config.version},
	    {"open_time", r->open_time},
	    {"group", r->answer.group},
	    {"domain", r->tier.show_domain ? r->occasion.domain : ""},
	    {"list_name", r->tier.staff && !quiet ? r->answer.rule : ""},
	    {"category",
	        r->answer.sensitive
	            ? ""
	            : line_of(
	                  r, r->tier.staff ? r->category.name : r->category.child_label)},
	};

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		if (slice_equal(slice_of(known[i].name), name))
			return known[i].value;
	}
	return "";
}

/* Codes and times differ from page to page: the line up to them is looked for. */
static bool is_of_the_moment(struct slice name)
{
	return slice_equal(name, slice_of("reference")) ||
	    slice_equal(name, slice_of("date_time"));
}

/* False: the line may not show, for it cannot be filled. */
static bool fill(const struct reading *r, const char *line, struct buf *out)
{
	struct slice rest = slice_of(line);

	if (*line == 0)
		return false;
	while (rest.ptr != NULL) {
		buf_append(out, slice_cut(&rest, '{'));
		if (rest.ptr == NULL)
			break;
		struct slice name = slice_cut(&rest, '}');
		if (is_of_the_moment(name))
			return true;
		if (*value_of(r, name) == 0)
			return false;
		buf_text(out, value_of(r, name));
	}
	return true;
}

/* The line comes next, after whatever; nothing is expected of one that cannot be filled. */
static void expect(struct reading *r, const struct yaml_node *pair)
{
	struct buf line = BUF_INIT(4096);

	if (pair != NULL && fill(r, line_of(r, pair), &line)) {
		const char *found = strstr(r->at, buf_cstr(&line));
		if (found == NULL)
			fail_msg("%s: \"%s\" is missing or too early in:\n%s", r->what,
			    buf_cstr(&line), buf_cstr(&r->text));
		r->at = found + line.len;
	}
	buf_deinit(&line);
}

static bool condition(
    const struct yaml_node *line, const char *key, struct standing holds, bool otherwise)
{
	const char *word = yaml_text(line, key, NULL);

	if (word == NULL)
		return otherwise;
	return is(word, "review") ? holds.review
	    : is(word, "report")  ? holds.report
	                          : holds.teacher;
}

static void expect_list(
    struct reading *r, const struct yaml_node *list, size_t from, struct standing holds)
{
	for (size_t i = from; list != NULL && i < list->count; i++) {
		const struct yaml_node *line = &list->items[i];
		const struct yaml_node *only = yaml_find(line, "only_for");
		if (!condition(line, "needs", holds, true) ||
		    condition(line, "unless", holds, false))
			continue;
		if (only != NULL && !is(only->items[0].text, r->answer.category))
			continue;
		expect(r, line);
	}
}

static bool fits(const struct reading *r, const struct yaml_node *pair)
{
	struct buf line = BUF_INIT(4096);
	bool fitted = pair != NULL && fill(r, line_of(r, pair), &line);

	buf_deinit(&line);
	return fitted;
}

static void expect_body(struct reading *r)
{
	const struct yaml_node *body = yaml_find(r->page, "body"), *first = &body->items[0];
	const struct yaml_node *careful = yaml_find(r->page, "body_sensitive");
	bool timed = r->page == texts_page(&r->tier, "time_limited");
	bool ours =
	    is(r->answer.category, "custom") || (timed && is(r->answer.category, ""));
	bool until = strstr(line_of(r, first), "{open_time}") != NULL;
	const char *own = ours ? timed && until ? "own_list_until" : "own_list"
	    : is(r->answer.category, "illegal_vn")    ? "by_law"
	    : r->answer.reason == VERDICT_BY_REQUIRED ? "by_department"
	                                              : NULL;

	if (r->answer.sensitive) {
		if (careful != NULL)
			expect_list(r, careful, 0, r->holds);
		else
			expect(r, first);
	} else if (own != NULL && !r->tier.staff &&
	    strstr(line_of(r, first), "{category}") != NULL) {
		expect(r, ui(r, own));
	} else if (fits(r, first)) {
		expect(r, first);
	} else {
		expect_list(r,
		    careful != NULL ? careful : yaml_find(r->fallback, "body_sensitive"), 0,
		    r->holds);
	}
	expect_list(r, body, 1, r->holds);
}

static bool button_holds(const struct reading *r, const char *button)
{
	if (is(button, "btn_review") || is(button, "btn_false_positive"))
		return r->holds.review;
	if (is(button, "btn_report"))
		return r->holds.report;
	return !is(button, "btn_override") || r->holds.teacher;
}

/* Those that hold are read in order; the others are nowhere a line of their own. */
static void expect_buttons(struct reading *r)
{
	const struct yaml_node *buttons = yaml_find(r->page, "buttons");

	for (size_t i = 0; buttons != NULL && i < buttons->count; i++) {
		const char *button = buttons->items[i].text;
		char alone[128];
		(void)snprintf(alone, sizeof alone, "\n%s\n", line_of(r, ui(r, button)));
		if (button_holds(r, button))
			expect(r, ui(r, button));
		else if (strstr(buf_cstr(&r->text), alone) != NULL)
			fail_msg("%s: %s leads to nobody", r->what, button);
	}
}

static bool hands_over(const struct reading *r)
{
	const struct yaml_node *buttons = yaml_find(r->page, "buttons");

	for (size_t i = 0; buttons != NULL && i < buttons->count; i++) {
		if (is(buttons->items[i].text, "btn_ask_teacher") ||
		    (is(buttons->items[i].text, "btn_tell_someone") && !r->holds.report))
			return true;
	}
	return false;
}

static void expect_contacts(struct reading *r)
{
	expect(r, ui(r, "contact_room"));
	expect(r, ui(r, "contact_phone"));
	if (!r->tier.calm)
		expect(r, ui(r, "contact_email"));
}

static void expect_help(struct reading *r, bool support)
{
	if (yaml_find(r->page, "adult_note") != NULL) {
		expect(r, yaml_find(r->page, "adult_note"));
		expect(r, yaml_find(r->page, "adult_help"));
		return;
	}
	expect(r, ui(r, "help_title"));
	expect(r, yaml_find(r->page, "help"));
	expect(r, ui(r, "call_111"));
	if (!r->tier.staff && !support)
		expect_contacts(r);
}

static void expect_hand_over(struct reading *r)
{
	const struct yaml_node *hand = texts_section(r->school->texts, "hand_over");

	expect(r, yaml_find(hand, "title"));
	expect_list(r, yaml_find(hand, "to_pupil"), 0, r->occasion.standing);
	expect(r, yaml_find(hand, "teacher_title"));
	expect_list(r, yaml_find(hand, "to_teacher"), 0, r->occasion.standing);
	expect(r, yaml_find(hand, "close"));
}

static void choose_page(struct reading *r)
{
	bool opens = r->open_time[0] != 0;
	bool quiet = r->answer.sensitive || r->answer.locked;
	const char *variant = r->category.page != NULL ? r->category.page : "default";

	if (is(variant, "time_limited") && !opens)
		variant = "default";
	if (is(variant, "default") && opens && !quiet)
		variant = "time_limited";
	r->fallback = texts_page(&r->tier, "default");
	r->page = texts_page(&r->tier, variant);
	if (r->page == NULL)
		r->page = r->fallback;
	r->holds = r->occasion.standing;
	r->holds.review = r->holds.review && !r->answer.locked;
	r->holds.teacher = r->holds.teacher && r->answer.openable;
}

static void read_page(struct reading *r)
{
	const struct yaml_node *self_harm = texts_page(&r->tier, "self_harm");
	bool support = r->page == self_harm;

	warning_write(&r->html, &r->occasion);
	assert_int_equal(buf_status(&r->html), OK);
	plain_text(&r->text, buf_cstr(&r->html));
	r->at = buf_cstr(&r->text);
	expect(r, yaml_find(r->page, "title"));
	expect(r, yaml_find(r->page, "heading"));
	expect_body(r);
	expect_list(r, yaml_find(r->page, "steps"), 0, r->holds);
	if (support)
		expect_contacts(r);
	expect_buttons(r);
	expect_help(r, support);
	if (hands_over(r))
		expect_hand_over(r);
	else
		assert_null(strstr(buf_cstr(&r->html), "hand-over"));
	expect(r, ui(r, "footer"));
	expect(r, ui(r, "privacy_aggregate"));
}

static void check(const struct school *s, const char *tier, const char *category,
    unsigned standing, bool english, bool opens)
{
	struct reading r = {.school = s,
	    .html = BUF_INIT(VIEW_MAX_BYTES),
	    .text = BUF_INIT(VIEW_MAX_BYTES)};

	(void)snprintf(r.what, sizeof r.what, "%s %s standing %u%s%s", tier, category,
	    standing, english ? " en" : "", opens ? " opens" : "");
	r.occasion = school_occasion(
	    s, &r.answer, tier, category, english ? LANGUAGE_EN : LANGUAGE_VI);
	r.occasion.standing = (struct standing){
	    .review = (standing & 1) != 0,
	    .report = (standing & 2) != 0,
	    .teacher = (standing & 4) != 0,
	};
	(void)snprintf(r.answer.group, sizeof r.answer.group, "phong-tin-1");
	(void)texts_find_category(s->texts, category, &r.category);
	assert_true(texts_find_tier(s->texts, tier, &r.tier));
	if (opens) {
		r.answer.opens_at_s = r.occasion.now_s + 60;
		time_t then = (time_t)r.answer.opens_at_s;
		struct tm local;
		assert_non_null(localtime_r(&then, &local));
		(void)strftime(r.open_time, sizeof r.open_time, "%H:%M", &local);
	}
	choose_page(&r);
	read_page(&r);
	if (standing == 7) { /* the fullest page */
		(void)snprintf(r.what, sizeof r.what, "full-%s-%s-%s-%s.html", tier,
		    *category != 0 ? category : "unlisted", english ? "en" : "vi",
		    opens ? "opens" : "closed");
		school_dump(r.what, buf_slice(&r.html));
		struct buf packed = BUF_INIT(1 << 20);
		assert_int_equal(gzip_append(&packed, buf_slice(&r.html)), OK);
		assert_true(packed.len < PAGE_GZIP_LIMIT);
		buf_deinit(&packed);
	}
	buf_deinit(&r.html);
	buf_deinit(&r.text);
}

static void every_page_reads_as_the_texts_say(void **state)
{
	for (size_t t = 0; tiers[t] != NULL; t++)
		for (size_t c = 0; categories[c] != NULL; c++)
			for (unsigned standing = 0; standing < 8; standing++)
				for (unsigned how = 0; how < 4; how++)
					check(*state, tiers[t], categories[c], standing,
					    (how & 1) != 0, (how & 2) != 0);
}

static void a_plain_text_is_what_is_read(void **state)
{
	struct buf out = BUF_INIT(4096);

	(void)state;
	plain_text(&out,
	    "<html><style>p{}</style><body class=\"x\"><svg><path d=\"M0\"/></svg><h1>Em "
	    "&amp;\n\tbạn</h1><p></p><ul><li>một</li><li><b>hai</b> ba</li></ul></body>");
	assert_string_equal(buf_cstr(&out), "Em & bạn\nmột\nhai ba\n");
	buf_deinit(&out);
}

static int open_all(void **state)
{
	static struct school school;

	school_open(&school);
	*state = &school;
	return 0;
}

static int close_all(void **state)
{
	school_close(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_plain_text_is_what_is_read),
	    cmocka_unit_test(every_page_reads_as_the_texts_say),
	};
	return cmocka_run_group_tests(tests, open_all, close_all);
}
