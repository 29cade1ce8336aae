/* Documents made from a day and from a week. Everything they show is copied into their
 * own memory. */
#include <stdlib.h>
#include <string.h>

#include "report/internal.h"

enum {
	MEMORY_MAX = 4 * 1024 * 1024,
	TEXT_MAX = 1000
};

/* The length of the UTF-8 character at s[0], 0 when there is none (RFC 3629). */
static size_t utf8_length(const uint8_t *s, size_t left)
{
	size_t n = s[0] < 0x80             ? 1
	    : s[0] >= 0xc2 && s[0] <= 0xdf ? 2
	    : (s[0] & 0xf0) == 0xe0        ? 3
	    : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
	                                   : 0;

	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
	bool beyond = (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf4 && s[1] > 0x8f);
	return overlong || beyond ? 0 : n;
}

const char *document_text(struct report_document *document, const char *text)
{
	size_t len = text == NULL ? 0 : strnlen(text, TEXT_MAX);
	/* A broken octet becomes U+FFFD, three octets. */
	uint8_t *copy = arena_alloc(&document->memory, len * 3 + 1);
	size_t out = 0;

	if (copy == NULL)
		return NULL;
	for (size_t i = 0; i < len;) {
		size_t n = utf8_length((const uint8_t *)text + i, len - i);
		memcpy(copy + out, n > 0 ? text + i : "\xef\xbf\xbd", n > 0 ? n : 3);
		out += n > 0 ? n : 3;
		i += n > 0 ? n : 1;
	}
	return (const char *)copy;
}

/* Copies that may fail; the first failure is kept and checked once. */
struct copier {
	struct report_document *document;
	bool failed;
};

static const char *copy(struct copier *c, const char *text)
{
	const char *made = document_text(c->document, text);
	c->failed = c->failed || made == NULL;
	return made;
}

static void *copy_array(struct copier *c, size_t count, size_t size)
{
	void *made = arena_array(&c->document->memory, count + 1, size);
	c->failed = c->failed || made == NULL;
	return made;
}

static const char **copy_words(
    struct copier *c, const char *const *words, size_t max, size_t *count)
{
	size_t n = 0;
	while (words != NULL && n < max && words[n] != NULL)
		n++;
	const char **made = copy_array(c, n, sizeof *made);
	for (size_t i = 0; i < n && !c->failed; i++)
		made[i] = copy(c, words[i]);
	*count = n;
	return made;
}

static void fill_policy(struct copier *c, const struct report_school *school)
{
	struct report_document *out = c->document;

	out->policy_sha256 = copy(c, school->policy_sha256);
	out->enforce = school->enforce;
	out->tiers = copy_array(c, school->tier_count, sizeof *out->tiers);
	out->categories = copy_array(c, school->category_count, sizeof *out->categories);
	out->feeds = copy_array(c, school->feed_count, sizeof *out->feeds);
	if (c->failed)
		return;
	out->tier_count = school->tier_count;
	for (size_t i = 0; i < school->tier_count; i++) {
		out->tiers[i].tier = copy(c, school->tiers[i].tier);
		out->tiers[i].block = copy_words(c, school->tiers[i].block,
		    TALLY_CATEGORIES, &out->tiers[i].block_count);
		out->tiers[i].youtube = copy(c, school->tiers[i].youtube);
	}
	out->category_count = school->category_count;
	for (size_t i = 0; i < school->category_count; i++) {
		out->categories[i] = school->categories[i];
		out->categories[i].category = copy(c, school->categories[i].category);
	}
	out->feed_count =
	    school->feed_count < REPORT_FEEDS ? school->feed_count : REPORT_FEEDS;
	for (size_t i = 0; i < out->feed_count; i++) {
		out->feeds[i] = school->feeds[i];
		out->feeds[i].name = copy(c, school->feeds[i].name);
		out->feeds[i].sha256 = copy(c, school->feeds[i].sha256);
	}
}

enum err document_fill_common(struct report_document *out,
    const struct report_school *school, const struct tally_period *period)
{
	struct copier c = {out, false};
	char time[REPORT_TIME_BYTES];

	out->unit = copy(&c, school->unit);
	out->name = copy(&c, school->name);
	out->kinds = copy_words(&c, school->kinds, REPORT_KINDS, &out->kind_count);
	out->contact = copy(&c, school->contact);
	out->generator = copy(&c, school->generator);
	report_time(time, period->start_s, period->start_offset_min);
	out->start = copy(&c, time);
	report_time(time, period->end_s, period->end_offset_min);
	out->end = copy(&c, time);
	fill_policy(&c, school);
	out->privacy = report_privacy_applied(&school->privacy);
	out->placement = copy(&c, school->placement);
	out->shared_source = school->shared_source;
	if (c.failed)
		return ERR_MEMORY;
	report_id(out->report_id, out->unit, period, out->cut, out->revision);
	return OK;
}

enum err document_fill_failures(struct report_document *out,
    const struct tally_failure *failures, size_t count, int offset_min)
{
	struct copier c = {out, false};
	char time[REPORT_TIME_BYTES];

	out->failures = copy_array(&c, count, sizeof *out->failures);
	for (size_t i = 0; i < count && !c.failed; i++) {
		struct report_failure *f = &out->failures[i];
		f->type = copy(&c, failures[i].type);
		f->count = failures[i].count;
		report_time(time, failures[i].first_s, offset_min);
		f->first = copy(&c, time);
		report_time(time, failures[i].last_s, offset_min);
		f->last = copy(&c, time);
	}
	out->failure_count = c.failed ? 0 : count;
	return c.failed ? ERR_MEMORY : OK;
}

enum err document_take_records(
    struct report_document *out, const struct report_record *records, size_t count)
{
	struct copier c = {out, false};

	out->records = copy_array(&c, count, sizeof *out->records);
	for (size_t i = 0; i < count && !c.failed; i++) {
		out->records[i] = records[i];
		out->records[i].category = copy(&c, records[i].category);
		if (records[i].tier != NULL)
			out->records[i].tier = copy(&c, records[i].tier);
	}
	out->record_count = c.failed ? 0 : count;
	return c.failed ? ERR_MEMORY : OK;
}

/* The words of all days' categories that bear this flag, in order of first sight. */
struct flagged {
	uint32_t flag;
	const char **words;
	size_t count;
};

static void add_flagged(
    struct copier *c, struct flagged *to, const struct tally_totals *day)
{
	for (size_t k = 0; k < day->category_count && !c->failed; k++) {
		const struct tally_label *label = &day->categories[k];
		bool known =
		    (label->flags & to->flag) == 0 || to->count == TALLY_CATEGORIES;
		for (size_t s = 0; s < to->count; s++)
			known = known || strcmp(to->words[s], label->text) == 0;
		if (!known)
			to->words[to->count++] = copy(c, label->text);
	}
}

static enum err fill_flagged(
    struct report_document *out, const struct tally_totals *const *days, size_t count)
{
	struct copier c = {out, false};
	struct flagged sensitive = {TALLY_SENSITIVE, NULL, 0};
	struct flagged silent = {TALLY_SILENT, NULL, 0};

	sensitive.words = copy_array(&c, TALLY_CATEGORIES, sizeof *sensitive.words);
	silent.words = copy_array(&c, TALLY_CATEGORIES, sizeof *silent.words);
	for (size_t i = 0; i < count; i++) {
		add_flagged(&c, &sensitive, days[i]);
		add_flagged(&c, &silent, days[i]);
	}
	out->sensitive = sensitive.words;
	out->sensitive_count = sensitive.count;
	out->silent = silent.words;
	out->silent_count = silent.count;
	out->silent_given = true;
	return c.failed ? ERR_MEMORY : OK;
}

/* ---- a day ---- */

static uint32_t round_percent(uint64_t part, uint64_t whole)
{
	uint64_t percent = whole == 0 ? 0 : part * 100 / whole;
	return (uint32_t)((percent > 100 ? 100 : percent) + 2) / 5 * 5;
}

static enum err fill_coverage(struct report_document *out, const struct floor_day *day)
{
	const struct tally_totals *totals = day->totals;
	struct copier c = {out, false};

	out->coverage = copy_array(&c, day->row_count, sizeof *out->coverage);
	for (size_t i = 0; i < day->row_count && !c.failed; i++) {
		const struct floor_row *row = &day->rows[i];
		uint64_t by_default = 0;
		for (size_t t = 0; t < totals->tier_count; t++)
			if (row->tiers >> t & 1)
				by_default += totals->tier_default_devices[t];
		out->coverage[i] = (struct report_coverage_tier){copy(&c, row->tier),
		    report_band_of(row->population),
		    round_percent(by_default, row->population)};
	}
	out->coverage_count = c.failed ? 0 : day->row_count;
	return c.failed ? ERR_MEMORY : OK;
}

static int compare_names(const void *a, const void *b)
{
	const struct report_name *x = a;
	const struct report_name *y = b;

	if (x->band != y->band)
		return x->band > y->band ? -1 : 1;
	int by_category = strcmp(x->category, y->category);
	return by_category != 0 ? by_category : strcmp(x->name, y->name);
}

/* Pupils' devices of tiers that stand in no row. Beside cells of 0 a name that only they met
 * would speak of them; so a name needs that many devices more. */
static uint32_t hidden_devices(const struct floor_day *day)
{
	const struct tally_totals *totals = day->totals;
	uint32_t shown = 0;
	uint32_t hidden = 0;

	for (size_t i = 0; i < day->row_count; i++)
		shown |= day->rows[i].tiers;
	for (size_t t = 0; t < totals->tier_count; t++)
		if ((totals->tiers[t].flags & TALLY_PUPILS) != 0 && (shown >> t & 1) == 0)
			hidden += totals->tier_devices[t];
	return hidden;
}

/* Bands before letters: an order by the exact number would tell more than the bands. */
static enum err fill_names(struct report_document *out, const struct floor_day *day)
{
	const struct tally_totals *totals = day->totals;
	struct copier c = {out, false};
	uint64_t least = (uint64_t)day->privacy.min_devices + hidden_devices(day);
	uint32_t pupils = 0;

	for (size_t t = 0; t < totals->tier_count; t++)
		if (totals->tiers[t].flags & TALLY_PUPILS)
			pupils |= 1u << t;
	out->names = copy_array(&c, totals->name_count, sizeof *out->names);
	/* A correction shows no name anew; so it keeps none. */
	bool silent = !day->school->names || day->previous != NULL ||
	    day->counter->population(day->counter->context, pupils) <
	        day->privacy.min_population;
	for (size_t i = 0; i < totals->name_count && !silent && !c.failed; i++) {
		const struct tally_top_name *n = &totals->names[i];
		const struct tally_label *label = &totals->categories[n->category];
		if (n->devices < least ||
		    (label->flags & (TALLY_SENSITIVE | TALLY_SILENT)) != 0)
			continue;
		out->names[out->name_count++] = (struct report_name){
		    copy(&c, label->text), copy(&c, n->text), report_band_of(n->devices)};
	}
	if (c.failed) {
		out->name_count = 0;
		return ERR_MEMORY;
	}
	if (out->name_count > 1)
		qsort(out->names, out->name_count, sizeof *out->names, compare_names);
	if (out->name_count > day->school->top_names)
		out->name_count = day->school->top_names;
	return OK;
}

/* Staff's queries are in that number too, so all devices count; of a handful of people it
 * would tell how long they sat there. */
static uint64_t queries_shown(const struct floor_day *day)
{
	const struct report_counter *counter = day->counter;
	uint32_t present = counter->population(counter->context, UINT32_MAX);

	return present < day->privacy.min_population
	    ? 0
	    : report_round_two_digits(day->totals->queries);
}

static void fill_reviews(struct report_document *out, const struct report_school *school)
{
	static const uint32_t floors[] = {100, 50, 20, 10, 0};
	size_t i = 0;

	while (school->reviews_requested < floors[i])
		i++;
	out->reviews_floor = floors[i];
	/* Of fewer than 10 a percentage would tell their number. */
	out->reviews_percent = floors[i] == 0
	    ? 100
	    : round_percent(school->reviews_answered, school->reviews_requested);
}

static enum err fill_records(struct report_document *out, const struct floor_day *day)
{
	struct report_record *records = calloc(REPORT_RECORDS, sizeof *records);
	if (records == NULL)
		return ERR_MEMORY;
	size_t count = floor_records(day, records, &out->published_total);
	enum err rc = document_take_records(out, records, count);
	free(records);
	return rc;
}

static bool is_same_period(
    const struct report_document *previous, const struct tally_period *period)
{
	char start[REPORT_TIME_BYTES];
	char end[REPORT_TIME_BYTES];

	report_time(start, period->start_s, period->start_offset_min);
	report_time(end, period->end_s, period->end_offset_min);
	return strcmp(previous->start, start) == 0 && strcmp(previous->end, end) == 0 &&
	    previous->revision < UINT32_MAX;
}

enum err report_make(struct report_document *out, const struct report_school *school,
    const struct tally_totals *totals, const struct report_counter *counter,
    const struct report_document *previous)
{
	struct report_document made = {.memory = ARENA_INIT(MEMORY_MAX)};
	struct floor_day day = {
	    .school = school, .totals = totals, .counter = counter, .previous = previous};

	if (previous != NULL &&
	    (previous->cut != REPORT_DAY || !is_same_period(previous, &totals->period)))
		return ERR_RANGE;
	made.cut = REPORT_DAY;
	made.revision = previous == NULL ? 1 : previous->revision + 1;
	floor_begin(&day);
	enum err rc = document_fill_common(&made, school, &totals->period);
	if (rc == OK)
		rc = fill_flagged(&made, &totals, 1);
	if (rc == OK)
		rc = fill_coverage(&made, &day);
	if (rc == OK)
		rc = fill_records(&made, &day);
	if (rc == OK)
		rc = fill_names(&made, &day);
	if (rc == OK)
		rc = document_fill_failures(&made, totals->failures, totals->failure_count,
		    totals->period.start_offset_min);
	if (rc != OK) {
		arena_deinit(&made.memory);
		return rc;
	}
	fill_reviews(&made, school);
	made.uptime_s = totals->uptime_s;
	made.unfiltered_s = totals->unfiltered_s;
	made.partial = totals->partial;
	made.queries = queries_shown(&day);
	*out = made;
	return OK;
}

/* ---- a week ---- */

static enum err fill_week(struct report_document *out, const struct report_school *school,
    const struct report_week *week, const struct report_document *previous)
{
	struct report_record records[TALLY_CATEGORIES + 1];

	for (size_t i = 0; i < week->day_count; i++) {
		const struct tally_totals *day = week->days[i];
		out->uptime_s += day->uptime_s;
		out->unfiltered_s += day->unfiltered_s;
		out->partial = out->partial || day->partial;
	}
	size_t count = floor_week(school, week, previous, records, &out->published_total);
	return document_take_records(out, records, count);
}

enum err report_make_week(struct report_document *out, const struct report_school *school,
    const struct report_week *week, const struct report_document *previous)
{
	struct report_document made = {.memory = ARENA_INIT(MEMORY_MAX)};

	if (week->day_count > REPORT_DAYS ||
	    (previous != NULL &&
	        (previous->cut != REPORT_WEEK_SENSITIVE ||
	            !is_same_period(previous, &week->period))))
		return ERR_RANGE;
	made.cut = REPORT_WEEK_SENSITIVE;
	made.revision = previous == NULL ? 1 : previous->revision + 1;
	enum err rc = document_fill_common(&made, school, &week->period);
	if (rc == OK)
		rc = fill_flagged(&made, week->days, week->day_count);
	if (rc == OK)
		rc = fill_week(&made, school, week, previous);
	if (rc != OK) {
		arena_deinit(&made.memory);
		return rc;
	}
	*out = made;
	return OK;
}

void report_document_deinit(struct report_document *document)
{
	arena_deinit(&document->memory);
}

/* ---- counting over totals alone ---- */

static struct tally_cell count_totals(void *context, const struct tally_selection *which)
{
	return tally_totals_count(context, which);
}

static uint32_t population_totals(void *context, uint32_t tiers)
{
	return tally_totals_population(context, tiers);
}

struct report_counter report_counter_of_totals(struct tally_totals *totals)
{
	return (struct report_counter){totals, count_totals, population_totals};
}
