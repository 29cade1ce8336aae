/* What a receiver can check without knowing the counts: docs/protocol.md has the list. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "report/internal.h"
#include "report/signed.h"

enum {
	CAP_MAX = 20, /* attempts of one device that count, CONTRACT.md */
	NAMES_MAX = 100,
	FAILURES_MAX = 64 /* ours has TALLY_FAILURES; another sender may tell more apart */
};

/* One judgement: the first fault stays. */
struct judge {
	const struct report_document *document;
	const struct report_floor *floor; /* or NULL */
	uint32_t min_devices;             /* the stricter of both sides */
	uint32_t min_population;
	enum report_fault fault;
	struct diag *why;
};

static void fault(struct judge *j, enum report_fault what, const char *format, ...)
    PRINTF_LIKE(3, 4);

static void fault(struct judge *j, enum report_fault what, const char *format, ...)
{
	char text[DIAG_TEXT_BYTES];
	va_list args;

	if (j->fault != REPORT_FINE)
		return;
	j->fault = what;
	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	diag_set(j->why, "%s", text);
}

const char *report_fault_word(enum report_fault what)
{
	static const char *const words[] = {
	    [REPORT_FINE] = "",
	    [REPORT_FAULT_FORM] = "form",
	    [REPORT_FAULT_PERIOD] = "period",
	    [REPORT_FAULT_FLOOR] = "floor",
	    [REPORT_FAULT_ROUND] = "rounding",
	    [REPORT_FAULT_TOTAL] = "total",
	};
	return words[what];
}

static bool is_among(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

static bool is_sensitive(const struct judge *j, const char *category)
{
	const struct report_document *d = j->document;
	const char *const *own = j->floor == NULL ? NULL : j->floor->sensitive;

	for (; own != NULL && *own != NULL; own++)
		if (strcmp(*own, category) == 0)
			return true;
	return is_among(category, d->sensitive, d->sensitive_count) ||
	    strcmp(category, REPORT_SENSITIVE_OTHER) == 0;
}

static bool is_silent(const struct judge *j, const char *category)
{
	return is_among(category, j->document->silent, j->document->silent_count);
}

/* A word of a tier or a category: short, and nothing that breaks a line. */
static bool is_word(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if ((uint8_t)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	return len > 0 && len < TALLY_LABEL_BYTES;
}

/* ---- the head ---- */

static void judge_privacy(struct judge *j)
{
	const struct report_document *d = j->document;
	uint32_t devices = j->floor == NULL ? 0 : j->floor->min_devices;
	uint32_t population = j->floor == NULL ? 0 : j->floor->min_population;

	devices = devices < REPORT_FLOOR_DEVICES ? REPORT_FLOOR_DEVICES : devices;
	population = population < devices ? devices : population;
	if (d->privacy.min_devices < devices)
		fault(j, REPORT_FAULT_FLOOR, "min-devices below %u", (unsigned)devices);
	else if (d->privacy.min_population < population ||
	    d->privacy.min_population < d->privacy.min_devices)
		fault(
		    j, REPORT_FAULT_FLOOR, "min-population below %u", (unsigned)population);
	else if (d->privacy.cap == 0 || d->privacy.cap > CAP_MAX)
		fault(j, REPORT_FAULT_FLOOR, "cap is not 1 to %d", CAP_MAX);
	j->min_devices = d->privacy.min_devices;
	j->min_population = d->privacy.min_population;
}

/* More of anything than a school has: receivers compare lists with lists. */
static bool has_too_many(const struct report_document *d)
{
	for (size_t i = 0; i < d->tier_count; i++)
		if (d->tiers[i].block_count > TALLY_CATEGORIES)
			return true;
	return d->record_count > REPORT_RECORDS || d->name_count > NAMES_MAX ||
	    d->coverage_count > TALLY_TIERS + 1 || d->feed_count > REPORT_FEEDS ||
	    d->sensitive_count > TALLY_CATEGORIES || d->silent_count > TALLY_CATEGORIES ||
	    d->tier_count > TALLY_TIERS + 1 || d->category_count > TALLY_CATEGORIES ||
	    d->kind_count > REPORT_KINDS || d->failure_count > FAILURES_MAX;
}

static void judge_head(struct judge *j)
{
	const struct report_document *d = j->document;
	struct tally_period period;

	if (d->revision == 0)
		fault(j, REPORT_FAULT_FORM, "revision 0");
	else if (d->unit[0] != 0 && !report_is_unit(d->unit))
		fault(j, REPORT_FAULT_FORM, "unit is no id");
	else if (has_too_many(d))
		fault(j, REPORT_FAULT_FORM, "too many of something");
	else if (d->is_finer)
		fault(j, REPORT_FAULT_FLOOR, "a weekly document with tiers or names");
	else if (report_period(d, &period, j->why) != OK)
		j->fault = REPORT_FAULT_PERIOD;
	if (j->fault != REPORT_FINE)
		return;
	judge_privacy(j);
}

/* The band that the least number stands in is the lowest one that may be shown. */
static bool band_may_show(enum report_band band, uint32_t least)
{
	return band != REPORT_BAND_NONE && band >= report_band_of(least);
}

static void judge_coverage(struct judge *j)
{
	const struct report_document *d = j->document;

	for (size_t i = 0; i < d->coverage_count; i++) {
		const struct report_coverage_tier *t = &d->coverage[i];
		if (!is_word(t->tier) || strcmp(t->tier, REPORT_ALL) == 0)
			fault(j, REPORT_FAULT_FORM, "no word of a tier in coverage");
		else if (!band_may_show(t->band, j->min_population))
			fault(j, REPORT_FAULT_FLOOR, "tier \"%s\" has too few devices",
			    t->tier);
		else if (t->by_default_percent > 100 || t->by_default_percent % 5 != 0)
			fault(
			    j, REPORT_FAULT_ROUND, "a percentage of tier \"%s\"", t->tier);
		for (size_t k = 0; k < i; k++)
			if (strcmp(d->coverage[k].tier, t->tier) == 0)
				fault(j, REPORT_FAULT_FORM, "tier \"%s\" stands twice",
				    t->tier);
	}
	if (report_round_two_digits(d->queries) != d->queries)
		fault(j, REPORT_FAULT_ROUND, "queries");
	if (d->reviews_percent > 100 || d->reviews_percent % 5 != 0)
		fault(j, REPORT_FAULT_ROUND, "answered-percent");
	if (d->cut == REPORT_DAY && d->reviews_floor == 0 && d->reviews_percent != 100)
		fault(j, REPORT_FAULT_FLOOR, "answered-percent of too few reviews");
}

static void judge_failures(struct judge *j)
{
	const struct report_document *d = j->document;

	for (size_t i = 0; i < d->failure_count; i++)
		if (!is_word(d->failures[i].type) ||
		    !report_is_time(d->failures[i].first) ||
		    !report_is_time(d->failures[i].last))
			fault(j, REPORT_FAULT_FORM, "a failure's type or times");
}

/* ---- records ---- */

static bool is_covered(const struct report_document *d, const char *tier)
{
	for (size_t i = 0; i < d->coverage_count; i++)
		if (strcmp(d->coverage[i].tier, tier) == 0)
			return true;
	return false;
}

/* How many withheld cells a pool of this category may be made of. */
static size_t pooled_cells(const struct judge *j, const char *category)
{
	const struct report_document *d = j->document;
	bool every = strcmp(category, REPORT_OTHER) == 0 ||
	    strcmp(category, REPORT_SENSITIVE_OTHER) == 0;
	size_t count = 0;

	for (size_t i = 0; i < d->record_count; i++) {
		const struct report_record *r = &d->records[i];
		if (!r->below || (r->tier != NULL && strcmp(r->tier, REPORT_ALL) == 0))
			continue;
		/* Cells with a pool of their own are not in `other`. */
		count += every ? !is_silent(j, r->category) &&
		        report_find(d, REPORT_ALL, r->category) == NULL
		               : strcmp(r->category, category) == 0;
	}
	return count;
}

static bool is_pool(const struct report_record *r)
{
	return r->tier == NULL ? strcmp(r->category, REPORT_SENSITIVE_OTHER) == 0
	                       : strcmp(r->tier, REPORT_ALL) == 0;
}

static void judge_place(struct judge *j, const struct report_record *r)
{
	const struct report_document *d = j->document;
	bool weekly = d->cut == REPORT_WEEK_SENSITIVE;
	bool other = strcmp(r->category, REPORT_OTHER) == 0;

	if (!is_word(r->category) || (r->tier != NULL && !is_word(r->tier)))
		fault(j, REPORT_FAULT_FORM, "no word of a tier or category");
	else if (is_sensitive(j, r->category) != weekly)
		fault(j, weekly ? REPORT_FAULT_FORM : REPORT_FAULT_FLOOR,
		    "\"%s\" does not belong in this cut", r->category);
	else if (report_find(d, r->tier, r->category) != r)
		fault(
		    j, REPORT_FAULT_FORM, "\"%s\" stands twice for one tier", r->category);
	else if (!weekly && !is_pool(r) && !is_covered(d, r->tier))
		fault(j, REPORT_FAULT_FLOOR, "tier \"%s\" is not in coverage", r->tier);
	else if (other && !is_pool(r))
		fault(j, REPORT_FAULT_FORM, "\"other\" of one tier");
	else if (!weekly && is_pool(r) && r->below)
		fault(j, REPORT_FAULT_FORM, "a pool that is below the floor");
}

static void judge_number(struct judge *j, const struct report_record *r)
{
	static const uint32_t lowest[] = {0, 5, 10, 20, 50, 100, 250, 500};
	bool weekly = j->document->cut == REPORT_WEEK_SENSITIVE;

	if (r->attempts == 0 && r->band == REPORT_BAND_NONE && !weekly && !is_pool(r))
		return;
	if (!band_may_show(r->band, j->min_devices)) {
		fault(j, REPORT_FAULT_FLOOR, "\"%s\" shows too few devices", r->category);
		return;
	}
	uint32_t devices =
	    lowest[r->band] < j->min_devices ? j->min_devices : lowest[r->band];
	if (report_round_attempts(r->attempts) != r->attempts)
		fault(j, REPORT_FAULT_ROUND, "\"%s\" is not rounded", r->category);
	/* Each device met it once at least. */
	else if (r->attempts < report_round_attempts(devices))
		fault(j, REPORT_FAULT_FLOOR, "\"%s\": fewer attempts than devices",
		    r->category);
	/* One cell alone would not have been withheld; others may be of rows that are not shown. */
	else if (is_pool(r) && pooled_cells(j, r->category) == 0)
		fault(j, REPORT_FAULT_FLOOR, "the pool \"%s\" is of no withheld cell",
		    r->category);
}

static void judge_records(struct judge *j)
{
	const struct report_document *d = j->document;
	uint64_t total = 0;

	for (size_t i = 0; i < d->record_count && j->fault == REPORT_FINE; i++) {
		const struct report_record *r = &d->records[i];
		judge_place(j, r);
		if (j->fault != REPORT_FINE || r->below)
			continue;
		judge_number(j, r);
		if (!is_silent(j, r->category) && r->attempts <= UINT32_MAX)
			total += r->attempts;
	}
	if (d->published_total != total)
		fault(
		    j, REPORT_FAULT_TOTAL, "published-total is not the sum of the records");
}

/* ---- names ---- */

/* A domain name of two labels or more, lower-case, in A-labels; no address. */
static bool is_name(const char *name)
{
	size_t len = strlen(name);
	const char *last = strrchr(name, '.');

	if (len > 253 || last == NULL || last[1] == '\0' ||
	    strspn(last + 1, "0123456789") == strlen(last + 1) ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != len)
		return false;
	for (const char *label = name; label != NULL;) {
		size_t n = strcspn(label, ".");
		if (n == 0 || n > 63)
			return false;
		label = label[n] == '.' ? label + n + 1 : NULL;
	}
	return true;
}

static bool stands_before(const struct report_document *d, size_t at)
{
	const struct report_name *n = &d->names[at];

	for (size_t i = 0; i < at; i++)
		if (strcmp(d->names[i].name, n->name) == 0 &&
		    strcmp(d->names[i].category, n->category) == 0)
			return true;
	return false;
}

static void judge_names(struct judge *j)
{
	const struct report_document *d = j->document;

	if (d->name_count > 0 && d->coverage_count == 0)
		fault(j, REPORT_FAULT_FLOOR, "names of too few devices");
	for (size_t i = 0; i < d->name_count && j->fault == REPORT_FINE; i++) {
		const struct report_name *n = &d->names[i];
		if (!is_word(n->category) || !is_name(n->name))
			fault(j, REPORT_FAULT_FORM, "an entry of names is no name");
		else if (!band_may_show(n->band, j->min_devices) ||
		    is_sensitive(j, n->category) || is_silent(j, n->category))
			fault(j, REPORT_FAULT_FLOOR, "a name that must not be shown");
		else if (stands_before(d, i))
			fault(j, REPORT_FAULT_FORM, "a name stands twice");
	}
}

enum report_fault report_validate(const struct report_document *document,
    const struct report_floor *floor, struct diag *why)
{
	struct judge j = {.document = document, .floor = floor, .why = why};

	judge_head(&j);
	if (j.fault == REPORT_FINE)
		judge_coverage(&j);
	if (j.fault == REPORT_FINE)
		judge_records(&j);
	if (j.fault == REPORT_FINE)
		judge_names(&j);
	if (j.fault == REPORT_FINE)
		judge_failures(&j);
	return j.fault;
}
