#include "tally/tally.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "tally/internal.h"

bool tally_period_allowed(const struct tally_period *period)
{
	const int offset_max = 24 * 60;
	const int64_t latest_s = (int64_t)1 << 40; /* differences cannot overflow */

	if (period->day == 0)
		return true;
	return period->day >= 19700101 && period->day <= 99991231 &&
	    period->start_s >= -latest_s && period->end_s <= latest_s &&
	    period->start_s < period->end_s &&
	    period->end_s - period->start_s <= TALLY_HOURS * (int64_t)3600 &&
	    period->start_offset_min >= -offset_max &&
	    period->start_offset_min <= offset_max &&
	    period->end_offset_min >= -offset_max && period->end_offset_min <= offset_max;
}

static bool is_power_of_two(uint32_t n)
{
	return n >= 16 && n <= (uint32_t)1 << 21 && (n & (n - 1)) == 0;
}

static bool limits_allowed(const struct tally_limits *limits)
{
	return is_power_of_two(limits->rows) && is_power_of_two(limits->collapse) &&
	    is_power_of_two(limits->name_pairs) && limits->names > 0 &&
	    limits->names <= 1 << 20 && limits->cap > 0 && limits->cap <= TALLY_CAP_MAX;
}

/* ---- what a start finds ---- */

/* The files of an earlier run. `run_lost` and `state_lost`: there was one, but torn. */
struct found {
	struct run_image run;       /* head NULL: none */
	struct tally_totals *state; /* period.day 0: none */
	bool run_lost;
	bool state_lost;
};

static void found_deinit(struct found *found)
{
	run_image_deinit(&found->run);
	free(found->state);
}

/* The state file, or the one before it when that is torn. */
static void read_state(struct found *found, const char *path)
{
	char previous[FILE_PATH_BYTES];

	enum err rc = tally_totals_read(path, found->state, NULL);
	if (rc == OK)
		return;
	found->state_lost = rc != ERR_NOT_FOUND;
	memset(found->state, 0, sizeof *found->state);
	int n = snprintf(previous, sizeof previous, "%s.prev", path);
	if (!found->state_lost || n <= 0 || (size_t)n >= sizeof previous ||
	    tally_totals_read(previous, found->state, NULL) != OK)
		memset(found->state, 0, sizeof *found->state);
}

static enum err find_files(struct found *found, const struct tally_setup *setup)
{
	*found = (struct found){.run = {.head = NULL}};
	found->state = calloc(1, sizeof *found->state);
	if (found->state == NULL)
		return ERR_MEMORY;
	if (setup->run_path != NULL) {
		enum err rc = run_read(&found->run, setup->run_path);
		if (rc == ERR_MEMORY)
			return rc;
		found->run_lost = rc != OK && rc != ERR_NOT_FOUND;
	}
	read_state(found, setup->state_path);
	return OK;
}

/* ---- making one ---- */

static enum err alloc_tables(struct tally *t, const struct tally_setup *setup)
{
	t->limits = setup->limits;
	t->process_key = setup->process_key;
	t->base = calloc(1, sizeof *t->base);
	t->hours = calloc(TALLY_HOURS, sizeof *t->hours);
	t->state_path = strdup(setup->state_path);
	t->run_path = setup->run_path == NULL ? NULL : strdup(setup->run_path);
	if (t->base == NULL || t->hours == NULL || t->state_path == NULL ||
	    (setup->run_path != NULL && t->run_path == NULL))
		return ERR_MEMORY;
	enum err rc = collapse_init(&t->collapse, setup->limits.collapse);
	if (rc == OK)
		rc = names_init(&t->names, setup->limits.names, setup->limits.name_pairs);
	return rc;
}

/* The labels of run and base at the same places: rows and base cells are counted by one
 * selection. */
static enum err align_labels(struct tally *t)
{
	struct tally_totals *aligned = calloc(1, sizeof *aligned);
	if (aligned == NULL)
		return ERR_MEMORY;

	struct run_head *head = t->run.head;
	for (; aligned->tier_count < TALLY_TIERS; aligned->tier_count++) {
		const struct run_label *from = &head->tiers[aligned->tier_count];
		if (from->check == 0)
			break;
		memcpy(aligned->tiers[aligned->tier_count].text, from->text,
		    sizeof from->text);
	}
	for (; aligned->category_count < TALLY_CATEGORIES; aligned->category_count++) {
		const struct run_label *from = &head->categories[aligned->category_count];
		if (from->check == 0)
			break;
		memcpy(aligned->categories[aligned->category_count].text, from->text,
		    sizeof from->text);
	}
	tally_totals_merge(aligned, t->base);
	for (size_t i = 0; i < aligned->tier_count; i++)
		(void)run_label(head->tiers, TALLY_TIERS, aligned->tiers[i].text,
		    aligned->tiers[i].flags);
	for (size_t i = 0; i < aligned->category_count; i++)
		(void)run_label(head->categories, TALLY_CATEGORIES,
		    aligned->categories[i].text, aligned->categories[i].flags);
	free(t->base);
	t->base = aligned;
	return OK;
}

static void clear_hours_and_names(struct tally_totals *totals)
{
	memset(totals->hours, 0, sizeof totals->hours);
	memset(totals->names, 0, sizeof totals->names);
	totals->name_count = 0;
}

/* The base as the run file carries it: no name, no hour. */
static enum err make_run(struct tally *t, const char *path, const struct run_fixed *fixed,
    const struct run_head *old, const struct row *rows)
{
	struct buf base = BUF_INIT(TALLY_MAX_BYTES);
	enum err rc = OK;

	if (t->base->segments > 0 || t->base->lost > 0)
		rc = tally_encode(t->base, TALLY_PART_COUNTS, &base);
	if (rc == OK)
		rc = run_make(&t->run, path, fixed, buf_slice(&base), old, rows);
	if (rc == OK)
		rc = align_labels(t);
	buf_deinit(&base);
	return rc;
}

/* Goes on with the rows of the run file. Its base holds the counts; hours and names of
 * the day come from the state file, which may be a little older. */
static enum err resume(
    struct tally *t, const struct found *found, struct run_fixed fixed, const char *path)
{
	uint64_t lost = 0;

	if (found->run.base.len > 0 && tally_decode(t->base, found->run.base, NULL) != OK)
		lost++;
	clear_hours_and_names(t->base);
	enum err rc = make_run(t, path, &fixed, found->run.head, found->run.rows);
	if (rc != OK)
		return rc;
	if (fixed.day != 0 && found->state->period.day == fixed.day) {
		struct tally_totals *kept = found->state;
		/* Only hours and names: zero the counts before they would count again. */
		memset(kept->cells, 0, sizeof kept->cells);
		memset(kept->tier_devices, 0, sizeof kept->tier_devices);
		memset(kept->tier_default_devices, 0, sizeof kept->tier_default_devices);
		memset(kept->category_devices, 0, sizeof kept->category_devices);
		kept->low_devices = 0;
		kept->queries = kept->uptime_s = kept->unfiltered_s = kept->lost = 0;
		kept->failure_count = 0;
		kept->segments = 0;
		kept->partial = false;
		tally_totals_merge(t->base, kept);
		rc = align_labels(t);
	}
	run_add(&t->run.head->lost, lost);
	return rc;
}

/* A new segment on top of the totals saved for this day. */
static enum err begin(struct tally *t, const struct tally_setup *setup,
    const struct found *found, const char *path)
{
	struct run_fixed fixed = {.rows = setup->limits.rows,
	    .day = setup->period.day,
	    .start_s = setup->period.start_s,
	    .end_s = setup->period.end_s,
	    .start_offset_min = setup->period.start_offset_min,
	    .end_offset_min = setup->period.end_offset_min};

	memcpy(fixed.key, setup->device_key, sizeof fixed.key);
	if (fixed.day != 0 && found->state->period.day == fixed.day)
		memcpy(t->base, found->state, sizeof *t->base);
	return make_run(t, path, &fixed, NULL, NULL);
}

static enum err tally_new(struct tally **out, const struct tally_setup *setup)
{
	struct tally *t = calloc(1, sizeof *t);
	if (t == NULL)
		return ERR_MEMORY;

	enum err rc = alloc_tables(t, setup);
	if (rc != OK)
		tally_close(t);
	else
		*out = t;
	return rc;
}

static enum err check_setup(const struct tally_setup *setup, struct diag *why)
{
	if (limits_allowed(&setup->limits) && tally_period_allowed(&setup->period))
		return OK;
	diag_set(why, "the tally's limits or day are out of range");
	return ERR_RANGE;
}

/* The run file's day is not known, or it is today's, or today is not known. */
static bool is_of_today(const struct run_image *run, uint32_t today)
{
	if (run->head == NULL)
		return false;
	uint32_t day = run->head->fixed.day;
	return day == today || day == 0 || today == 0;
}

enum err tally_open(struct tally **out, const struct tally_setup *setup, struct diag *why)
{
	struct found found = {.state = NULL};
	struct tally *t = NULL;

	enum err rc = check_setup(setup, why);
	if (rc == OK)
		rc = find_files(&found, setup);
	if (rc == OK)
		rc = tally_new(&t, setup);
	if (rc != OK)
		goto done;

	if (is_of_today(&found.run, setup->period.day)) {
		struct run_fixed fixed = found.run.head->fixed;
		fixed.rows = setup->limits.rows;
		rc = resume(t, &found, fixed, setup->run_path);
		explicit_bzero(&fixed, sizeof fixed);
		if (rc == OK && tally_day(t).day == 0 && setup->period.day != 0)
			rc = tally_begin_day(t, &setup->period);
	} else {
		rc = begin(t, setup, &found, setup->run_path);
	}
	if (rc == OK && found.run_lost)
		tally_lost(t, 1);
	if (rc == OK && found.state_lost)
		tally_lost(t, 1);
done:
	found_deinit(&found);
	if (rc == OK)
		*out = t;
	else
		tally_close(t);
	return rc;
}

enum err tally_rebase(struct tally *t, const struct run_fixed *fixed)
{
	struct found found = {.state = calloc(1, sizeof(struct tally_totals))};
	struct run old = t->run;

	if (found.state == NULL)
		return ERR_MEMORY;
	read_state(&found, t->state_path);
	if (found.state->period.day == fixed->day)
		tally_totals_merge(t->base, found.state);
	enum err rc = make_run(t, t->run_path, fixed, old.head, old.rows);
	if (rc == OK) {
		/* Its file, if it had one, was just replaced. */
		run_wipe(&old);
		run_deinit(&old);
	} else {
		t->run = old;
	}
	if (rc == OK && found.state_lost)
		tally_lost(t, 1);
	free(found.state);
	return rc;
}

enum err tally_open_left(
    struct tally **out, const struct tally_setup *setup, struct diag *why)
{
	struct found found = {.state = NULL};
	struct tally *t = NULL;

	enum err rc = check_setup(setup, why);
	if (rc == OK)
		rc = find_files(&found, setup);
	if (rc != OK)
		goto done;
	uint32_t today = setup->period.day;
	bool run_left = found.run.head != NULL && found.run.head->fixed.day != 0 &&
	    found.run.head->fixed.day != today;
	bool state_left = found.state->period.day != 0 && found.state->period.day != today;
	rc = ERR_NOT_FOUND;
	if (today == 0 || (!run_left && !state_left))
		goto done;
	rc = tally_new(&t, setup);
	if (rc != OK)
		goto done;

	/* In the heap: the files stay as they are until tally_end(). */
	if (run_left) {
		struct run_fixed fixed = found.run.head->fixed;
		rc = resume(t, &found, fixed, NULL);
		explicit_bzero(&fixed, sizeof fixed);
	} else {
		struct tally_setup left = *setup;
		left.period = found.state->period;
		rc = begin(t, &left, &found, NULL);
		/* Nothing is counted any more: the empty segment on top is none. */
		explicit_bzero(&left, sizeof left);
	}
done:
	found_deinit(&found);
	if (rc == OK)
		*out = t;
	else
		tally_close(t);
	return rc;
}

void tally_close(struct tally *t)
{
	if (t == NULL)
		return;
	run_deinit(&t->run);
	collapse_deinit(&t->collapse);
	names_deinit(&t->names);
	free(t->base);
	free(t->hours);
	free(t->run_path);
	free(t->state_path);
	free(t);
}
