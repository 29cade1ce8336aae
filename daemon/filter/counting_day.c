#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "filter/counting_internal.h"
#include "kit/log.h"
#include "reviews/reviews.h"
#include "spool/spool.h"

enum {
	SCHOOL_BYTES = 1 << 20, /* ceiling of what a document says of the school */
};

/* A day's end this long after the one before looks like a clock that was wrong. */
#define PRUNE_GAP_MS ((uint64_t)31 * 86400 * 1000)

/* ---- the calendar ---- */

static uint32_t day_number(const struct tm *t)
{
	return (uint32_t)(t->tm_year + 1900) * 10000 + (uint32_t)(t->tm_mon + 1) * 100 +
	    (uint32_t)t->tm_mday;
}

/* Midnight of the local day `days` after that of `t`, by the zone's own rules. */
static int64_t midnight(const struct tm *t, int days, int16_t *offset_min)
{
	struct tm day = {
	    .tm_year = t->tm_year,
	    .tm_mon = t->tm_mon,
	    .tm_mday = t->tm_mday + days,
	    .tm_isdst = -1,
	};
	time_t at = mktime(&day);

	if (offset_min != NULL)
		*offset_min = (int16_t)(day.tm_gmtoff / 60);
	return (int64_t)at;
}

struct tally_period counting_period(int64_t at_s)
{
	struct tally_period period = {.day = 0};
	time_t at = (time_t)at_s;
	struct tm local;

	if (localtime_r(&at, &local) == NULL)
		return period;
	period.day = day_number(&local);
	period.start_s = midnight(&local, 0, &period.start_offset_min);
	period.end_s = midnight(&local, 1, &period.end_offset_min);
	return period;
}

static struct tm tm_of_day(uint32_t day)
{
	struct tm t = {
	    .tm_year = (int)(day / 10000) - 1900,
	    .tm_mon = (int)(day / 100 % 100) - 1,
	    .tm_mday = (int)(day % 100),
	    .tm_hour = 12, /* no zone skips noon */
	    .tm_isdst = -1,
	};
	(void)mktime(&t); /* fills tm_wday */
	return t;
}

/* The week that holds `day`, Monday to Sunday (ISO 8601). */
static struct tally_period week_of(uint32_t day)
{
	struct tm t = tm_of_day(day);
	int since_monday = (t.tm_wday + 6) % 7;
	struct tally_period week = {.day = day};

	week.start_s = midnight(&t, -since_monday, &week.start_offset_min);
	week.end_s = midnight(&t, 7 - since_monday, &week.end_offset_min);
	week.day = counting_period(week.start_s).day;
	return week;
}

static uint32_t days_before(uint32_t day, uint64_t ms)
{
	struct tm t = tm_of_day(day);
	int64_t at = midnight(&t, 0, NULL) - (int64_t)(ms / 1000);
	return counting_period(at).day;
}

/* ---- documents ---- */

static const struct snapshot *snapshot_of(const struct counting *c)
{
	return atomic_load_explicit(&c->filter->snapshot, memory_order_acquire);
}

static struct tally_cell count_live(void *context, const struct tally_selection *which)
{
	return tally_count(context, which);
}

static uint32_t population_live(void *context, uint32_t tiers)
{
	return tally_population(context, tiers);
}

/* What pupils asked to have opened that day. The desk keeps them in a file of its own, so no
 * count travels: neither of us can lose one or count it twice, whoever is killed when. */
static void count_reviews(struct report_school *out, const struct snapshot *s, uint32_t day)
{
	struct reviews_day found = {0, 0};
	char path[FILE_PATH_BYTES];

	enum err rc =
	    path_join(path, sizeof path, s->config->server.state_dir.text, "reviews");
	if (rc == OK)
		rc = reviews_read_day(path, day, &found);
	if (rc != OK)
		log_warn(
		    "counting", "requests for a review are not counted: %s", err_text(rc));
	out->reviews_requested = found.requested;
	out->reviews_answered = found.answered;
}

enum err counting_document(struct counting *c, struct tally *t, struct report_document *out)
{
	struct arena memory = ARENA_INIT(SCHOOL_BYTES);
	struct report_school school;
	const struct report_counter counter = {t, count_live, population_live};
	struct tally_totals *totals = calloc(1, sizeof *totals);

	enum err rc = totals == NULL
	    ? ERR_MEMORY
	    : counting_school(&school, &memory, snapshot_of(c), c->sources);
	if (rc == OK) {
		tally_totals(t, totals);
		count_reviews(&school, snapshot_of(c), totals->period.day);
		rc = report_make(out, &school, totals, &counter, NULL);
	}
	free(totals);
	arena_deinit(&memory);
	return rc;
}

/* Into the outbox, once: the same document made again is already there. */
static enum err put_away(const struct counting *c, const struct report_document *document,
    uint32_t begin_day, uint32_t end_day)
{
	struct buf json = BUF_INIT(REPORT_MAX_BYTES);
	char name[SPOOL_NAME_BYTES];

	enum err rc = report_encode(document, &json);
	if (rc == OK) {
		rc = spool_name(
		    name, document->unit, begin_day, end_day, document->report_id);
	}
	if (rc == OK)
		rc = spool_add(c->outbox, name, buf_slice(&json));
	if (rc == ERR_EXISTS)
		rc = OK;
	buf_deinit(&json);
	return rc;
}

static enum err publish_day(struct counting *c, struct tally *t)
{
	struct tally_period day = tally_day(t);
	struct report_document document;

	enum err rc = counting_document(c, t, &document);
	if (rc != OK)
		return rc;
	rc = put_away(c, &document, day.day, counting_period(day.end_s).day);
	report_document_deinit(&document);
	return rc;
}

/* The days of the week that were counted, from the kept tables. */
static size_t read_week(const struct counting *c, const struct tally_period *week,
    struct tally_totals *days[REPORT_DAYS])
{
	struct tm monday = tm_of_day(week->day);
	size_t n = 0;

	for (int i = 0; i < REPORT_DAYS; i++) {
		uint32_t day = counting_period(midnight(&monday, i, NULL)).day;
		struct tally_totals *totals = calloc(1, sizeof *totals);
		struct diag why;
		if (totals != NULL &&
		    tally_day_read(c->tally_folder, day, totals, &why) == OK) {
			days[n++] = totals;
		} else {
			free(totals);
		}
	}
	return n;
}

static enum err publish_week(struct counting *c, uint32_t day)
{
	struct arena memory = ARENA_INIT(SCHOOL_BYTES);
	struct tally_totals *days[REPORT_DAYS] = {NULL};
	struct report_document document;
	struct report_school school;
	struct report_week week = {.period = week_of(day)};

	week.day_count = read_week(c, &week.period, days);
	week.days = (const struct tally_totals *const *)days;
	enum err rc = counting_school(&school, &memory, snapshot_of(c), c->sources);
	if (rc == OK)
		rc = report_make_week(&document, &school, &week, NULL);
	if (rc == OK) {
		rc = put_away(
		    c, &document, week.period.day, counting_period(week.period.end_s).day);
		report_document_deinit(&document);
	}
	for (size_t i = 0; i < week.day_count; i++)
		free(days[i]);
	arena_deinit(&memory);
	return rc;
}

/* ---- closing ---- */

static void prune(const struct counting *c, uint32_t today)
{
	const struct config *config = snapshot_of(c)->config;
	size_t removed = 0;

	if (tally_day_prune(c->tally_folder,
	        days_before(today, config->monitor.keep.hourly_ms),
	        days_before(today, config->monitor.keep.daily_ms)) != OK) {
		log_warn(
		    "counting", "old tables could not be removed: %s", strerror(errno));
	}
	if (spool_prune(c->outbox, days_before(today, config->share.keep_unsent_ms),
	        &removed) != OK) {
		log_warn(
		    "counting", "old summaries could not be removed: %s", strerror(errno));
	}
	if (removed > 0) {
		log_warn(
		    "counting", "%zu summaries waited too long and were removed", removed);
	}
}

/* The tables first: the week's document is made of them. */
static bool keep_tables(struct counting *c, struct tally *t, bool *was_up)
{
	struct tally_totals *totals = calloc(1, sizeof *totals);
	enum err rc = ERR_MEMORY;

	*was_up = false;
	if (totals != NULL) {
		tally_totals(t, totals);
		*was_up = totals->uptime_s > 0;
		rc = *was_up ? tally_day_write(c->tally_folder, totals) : OK;
	}
	free(totals);
	if (rc != OK)
		log_error("counting", "the day's tables are not kept: %s", strerror(errno));
	return rc == OK;
}

bool counting_close_day(struct counting *c, struct tally *t, uint32_t today)
{
	struct tally_period day = tally_day(t);
	bool was_up;

	if (day.day == 0)
		return true;
	bool kept = keep_tables(c, t, &was_up);
	if (was_up) {
		enum err rc = publish_day(c, t);
		kept = kept && rc == OK;
		if (rc != OK)
			log_error(
			    "counting", "no summary of %u: %s", day.day, err_text(rc));
		else
			log_info(
			    "counting", "the summary of %u waits in the outbox", day.day);
	}
	if (week_of(day.day).day != week_of(today).day && publish_week(c, day.day) != OK) {
		log_error("counting", "no weekly summary of the week of %u", day.day);
		kept = false;
	}
	/* A clock that jumped ahead by a year must not make everything old; where the
	 * machine was off for so long, the day after next will do. */
	if (days_before(today, PRUNE_GAP_MS) <= day.day)
		prune(c, today);
	return kept;
}
