/* Reads precedence.txt and asks what stands there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/file.h"
#include "school.h"

enum {
	FILE_MAX_BYTES = 1 << 20,
	HOUR_S = 3600,
	ZONE_S = 7 * HOUR_S,
	MONDAY = 20780, /* 2026-11-23 */
	PAUSES_MAX = 8
};

/* The school being read. */
struct reading {
	struct buf yaml;
	struct buf feeds;
	struct buf grants; /* lines, once the school is there */
	struct buf department;
	char paused[PAUSES_MAX][64];
	size_t pauses;
	bool is_open;
	struct school school;
	/* Where we are. */
	unsigned line;
	char text[256];
	unsigned cases;
};

static struct slice next_word(struct slice *rest)
{
	*rest = slice_trim(*rest);
	return slice_cut(rest, ' ');
}

static bool is_word(struct slice s, const char *word)
{
	return slice_equal(s, slice_of(word));
}

static void copy_text(char out[64], struct slice s)
{
	assert_true(s.len < 64);
	memcpy(out, s.ptr, s.len);
	out[s.len] = 0;
}

/* Told at once, so that one run tells all of them. */
static unsigned failures;

static void fail_at(const struct reading *r, const char *what)
{
	failures++;
	print_error("precedence.txt:%u: %s: %s\n", r->line, r->text, what);
}

/* ---- moments --------------------------------------------------------------------------------- */

static uint64_t number_of(struct slice s)
{
	uint64_t n = 0;
	assert_true(slice_to_u64(s, UINT32_MAX, &n));
	return n;
}

/* "mon-08:00", "2026-12-22-08:00" as seconds since 1970 UTC. */
static int64_t moment_of(struct slice text)
{
	static const char *const DAYS[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
	size_t len = text.len;
	int64_t day = -1;

	if (is_word(text, "-") || is_word(text, "unset"))
		return (int64_t)MONDAY * CALENDAR_DAY_S + 8 * HOUR_S - ZONE_S;
	assert_true(len > 6);
	struct slice date = {text.ptr, len - 6};
	struct slice minute = {text.ptr + len - 5, 5};
	struct slice hour = slice_cut(&minute, ':');
	for (int i = 0; i < 7; i++)
		if (is_word(date, DAYS[i]))
			day = MONDAY + i;
	if (day < 0)
		day = school_day(date);
	return day * CALENDAR_DAY_S + (int64_t)number_of(hour) * HOUR_S +
	    (int64_t)number_of(minute) * 60 - ZONE_S;
}

/* ---- a school -------------------------------------------------------------------------------- */

static void close_school(struct reading *r)
{
	if (r->is_open)
		school_close(&r->school);
	r->is_open = false;
}

static void begin_school(struct reading *r)
{
	close_school(r);
	buf_reset(&r->yaml);
	buf_reset(&r->feeds);
	buf_reset(&r->grants);
	buf_reset(&r->department);
	buf_text(
	    &r->yaml, "school: {levels: [lower_secondary, upper_secondary, primary]}\n");
	r->pauses = 0;
}

static void read_grant(struct reading *r, struct slice rest)
{
	char name[64], scope[64];
	uint32_t id = (uint32_t)number_of(next_word(&rest));
	struct slice word = next_word(&rest);

	copy_text(name, next_word(&rest));
	copy_text(scope, next_word(&rest));
	rest = slice_trim(rest);
	school_grant(&r->school, id, is_word(word, "deny"), name, scope,
	    is_word(rest, "always") ? INT64_MAX : moment_of(rest));
	if (is_word(word, "open"))
		school_grant_is_content_only(&r->school);
}

/* At the first question all that was said of the school becomes it. */
static void open_school(struct reading *r)
{
	struct slice rest;

	if (r->is_open)
		return;
	school_open_under(&r->school, buf_cstr(&r->yaml), buf_cstr(&r->feeds), ZONE_S,
	    buf_cstr(&r->department));
	rest = buf_slice(&r->grants);
	while (rest.len > 0)
		read_grant(r, slice_cut(&rest, '\n'));
	r->is_open = true;
}

static void set_moment(struct reading *r, struct slice when)
{
	struct school *s = &r->school;

	school_set_clock(s, moment_of(when), 0, !is_word(when, "unset"));
	school_publish_grants(s);
	for (size_t i = 0; i < r->pauses; i++) {
		uint8_t tier = 0;
		assert_true(policy_find_tier(s->policy, r->paused[i], &tier));
		s->state.tiers[tier].paused_until_ms =
		    s->now.mono_ms + (uint64_t)HOUR_S * 1000;
	}
}

/* ---- what is expected -------------------------------------------------------------------------- */

struct expected {
	struct slice action;
	struct slice reason;
	struct slice category;
	struct slice window;
	struct slice leads;
	uint64_t grant;
	uint64_t data;
	bool covers;
};

static const char *answer_word(enum rules_answer answer)
{
	static const char *const WORDS[] = {
	    "warning", "null", "nodata", "nxdomain", "refused"};
	return WORDS[answer];
}

static void check(const struct reading *r, bool holds, const char *what)
{
	if (!holds)
		fail_at(r, what);
}

static void check_until(
    const struct reading *r, const struct verdict *v, struct slice value)
{
	const struct moment *now = &r->school.now;
	int64_t wanted = is_word(value, "never") ? 0 : moment_of(value) - now->wall_s;
	uint64_t until_ms =
	    is_word(value, "never") ? UINT64_MAX : now->mono_ms + (uint64_t)wanted * 1000;

	check(r, v->valid_until_ms == until_ms, "until");
}

static void check_turn(
    const struct reading *r, uint8_t tier, const struct verdict *v, struct slice value)
{
	const struct school *s = &r->school;
	struct slice window = slice_cut(&value, '@');
	struct policy_opening turn = {0};
	bool found = v->action == POLICY_BLOCK
	    ? policy_opens_at(s->policy, tier, v, &s->state, s->now, &turn)
	    : policy_closes_at(s->policy, tier, v, &s->state, s->now, &turn);

	check(r, found, "it neither opens nor closes");
	check(r, is_word(window, policy_window_name(s->policy, tier, turn.window)),
	    "by another window");
	check(r, turn.wall_s == moment_of(value), "at another time");
	check(r, (turn.wall_s + ZONE_S) / 60 % 60 == turn.minute, "another minute");
	check(r, (turn.wall_s + ZONE_S) / 3600 % 24 == turn.hour, "another hour");
}

/* A "key=value" that is checked at once; false: it belongs to struct expected. */
static bool check_key(const struct reading *r, uint8_t tier, const struct verdict *v,
    struct slice key, struct slice value)
{
	if (is_word(key, "labels"))
		check(r, v->matched_labels == number_of(value), "labels");
	else if (is_word(key, "service"))
		check(r, is_word(value, policy_service_name(r->school.policy, v->service)),
		    "service");
	else if (is_word(key, "answer"))
		check(r, is_word(value, answer_word(v->answer)), "answer");
	else if (is_word(key, "until"))
		check_until(r, v, value);
	else if (is_word(key, "opens") || is_word(key, "closes"))
		check_turn(r, tier, v, value);
	else
		return false;
	return true;
}

static void take_word(struct reading *r, struct expected *e, uint8_t tier,
    const struct verdict *v, struct slice word)
{
	struct slice value = word;
	struct slice key = slice_cut(&value, '=');

	if (value.ptr == NULL && is_word(key, "covers"))
		e->covers = true;
	else if (value.ptr == NULL && e->category.ptr == NULL)
		e->category = key;
	else if (is_word(key, "window"))
		e->window = value;
	else if (is_word(key, "leads"))
		e->leads = value;
	else if (is_word(key, "grant"))
		e->grant = number_of(value);
	else if (is_word(key, "data"))
		e->data = number_of(value);
	else if (!check_key(r, tier, v, key, value))
		fail_at(r, "a word that nobody knows");
}

static const char *category_word(const struct school *s, const struct verdict *v)
{
	return v->category == POLICY_NO_CATEGORY
	    ? ""
	    : policy_category_at(s->policy, v->category)->name;
}

static void check_leads(const struct reading *r, const struct school_question *q,
    const struct verdict *v, struct slice leads)
{
	struct policy_alias alias = {.name = {NULL, 0}};
	char text[NAME_TEXT_MAX] = "";

	if (policy_rewrite(r->school.policy, &q->who, &q->asked, v, &alias))
		name_to_text(text, alias.name);
	check(r, is_word(leads, text), "it leads elsewhere");
}

static void check_verdict(struct reading *r, const struct school_question *q,
    const struct verdict *v, struct slice rest)
{
	const struct school *s = &r->school;
	struct expected e = {.action = next_word(&rest)};
	const char *action = v->action == POLICY_BLOCK ? "block" : "pass";

	e.reason = next_word(&rest);
	if (!is_word(e.action, action) ||
	    !is_word(e.reason, policy_reason_text(v->reason))) {
		char is[128];
		(void)snprintf(is, sizeof is, "it is %s %s %s", action,
		    policy_reason_text(v->reason), category_word(s, v));
		fail_at(r, is);
		return;
	}
	while (rest.len > 0) {
		struct slice word = next_word(&rest);
		take_word(r, &e, q->who.tier, v, word);
	}
	check(r, is_word(e.category, category_word(s, v)), category_word(s, v));
	check(r, is_word(e.window, policy_window_name(s->policy, q->who.tier, v->window)),
	    "window");
	check(r, v->grant == e.grant, "grant");
	check(r, v->data_count == e.data, "data");
	check(r, v->covers_answers == e.covers, "covers");
	check_leads(r, q, v, e.leads);
}

/* ---- asking -------------------------------------------------------------------------------------- */

static void review_target(struct reading *r, const struct school_question *q,
    struct slice who, struct slice target, struct verdict *v)
{
	const struct school *s = &r->school;
	const struct policy_review review = {s->policy, &q->who, &s->state, v, s->now};
	struct school_question lead;
	struct addr address;

	if (addr_from_text(&address, target, NULL) == OK) {
		*v = policy_review_address(&review, addr_slice(&address), &q->asked);
		return;
	}
	school_ask(s, &lead, who, target);
	struct verdict reviewed = policy_review(&review, &lead.asked);
	bool matters = policy_targets_matter(s->policy, &s->state, &lead.asked);
	check(r, matters || school_same_verdict(&reviewed, v),
	    "a target that matters to nobody changed the verdict");
	*v = reviewed;
}

static void check_explanation(
    const struct reading *r, const struct school_question *q, const struct verdict *v)
{
	static struct explanation e;
	size_t winners = 0;

	policy_explain(
	    r->school.policy, &q->who, &q->asked, &r->school.state, r->school.now, &e);
	check(r, school_same_verdict(&e.verdict, v), "explained otherwise");
	for (size_t i = 0; i < e.rule_count; i++)
		winners += e.rules[i].wins ? 1 : 0;
	check(r, (winners > 0) == (v->reason != REASON_NONE), "a verdict without a winner");
}

static void ask(struct reading *r, struct slice rest)
{
	struct slice who = next_word(&rest);
	struct slice when = next_word(&rest);
	struct slice target = next_word(&rest);
	struct slice name = slice_cut(&target, '>');
	struct school_question q;

	open_school(r);
	set_moment(r, when);
	if (!is_word(next_word(&rest), "->"))
		fail_at(r, "no arrow");
	school_ask(&r->school, &q, who, name);
	struct verdict v = school_decide(&r->school, &q);
	check_explanation(r, &q, &v);
	if (target.ptr != NULL)
		review_target(r, &q, who, target, &v);
	check_verdict(r, &q, &v, slice_trim(rest));
	r->cases++;
}

static void read_line(struct reading *r, struct slice line)
{
	struct slice rest = line;
	struct slice word = slice_cut(&rest, ' ');

	if (slice_starts(line, SLICE_LIT("    "))) {
		buf_append(&r->yaml, (struct slice){line.ptr + 4, line.len - 4});
		buf_byte(&r->yaml, '\n');
	} else if (is_word(word, "==")) {
		begin_school(r);
	} else if (is_word(word, "feed")) {
		buf_append(&r->feeds, rest);
		buf_byte(&r->feeds, '\n');
	} else if (is_word(word, "grant")) {
		buf_append(&r->grants, rest);
		buf_byte(&r->grants, '\n');
	} else if (is_word(word, "department")) {
		buf_append(&r->department, rest);
		buf_byte(&r->department, '\n');
	} else if (is_word(word, "pause")) {
		assert_true(r->pauses < PAUSES_MAX);
		copy_text(r->paused[r->pauses++], slice_trim(rest));
	} else if (is_word(word, "ask")) {
		ask(r, rest);
	} else if (line.len > 0 && line.ptr[0] != '#') {
		fail_at(r, "what is this?");
	}
}

static void every_case_of_the_table_is_judged_so(void **state)
{
	static struct reading r;
	struct buf file = BUF_INIT(FILE_MAX_BYTES);
	struct slice rest;

	(void)state;
	r.yaml = BUF_INIT(FILE_MAX_BYTES);
	r.feeds = BUF_INIT(FILE_MAX_BYTES);
	r.grants = BUF_INIT(FILE_MAX_BYTES);
	r.department = BUF_INIT(FILE_MAX_BYTES);
	assert_int_equal(
	    file_read(TEST_SOURCE_DIR "/test/unit/policy/precedence.txt", &file), OK);
	rest = buf_slice(&file);
	while (rest.len > 0) {
		struct slice line = slice_cut(&rest, '\n');
		r.line++;
		(void)snprintf(
		    r.text, sizeof r.text, "%.*s", (int)line.len, (const char *)line.ptr);
		read_line(&r, line);
	}
	close_school(&r);
	print_message("%u cases\n", r.cases);
	assert_int_equal(failures, 0);
	assert_true(r.cases >= 60);
	buf_deinit(&file);
	buf_deinit(&r.yaml);
	buf_deinit(&r.feeds);
	buf_deinit(&r.grants);
	buf_deinit(&r.department);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_case_of_the_table_is_judged_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
