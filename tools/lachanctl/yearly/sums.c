#include "lachanctl/yearly/sums.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void yearly_sums_deinit(struct yearly_sums *sums)
{
	free(sums->cells);
	*sums = YEARLY_SUMS_NONE;
}

static struct yearly_cell *find_cell(
    struct yearly_sums *sums, const char *tier, const char *category)
{
	for (size_t i = 0; i < sums->cell_count; i++) {
		struct yearly_cell *cell = &sums->cells[i];
		if (strcmp(cell->tier, tier) == 0 && strcmp(cell->category, category) == 0)
			return cell;
	}
	return NULL;
}

static struct yearly_cell *add_cell(
    struct yearly_sums *sums, const char *tier, const char *category)
{
	if (sums->cells == NULL)
		sums->cells = calloc(YEARLY_CELLS, sizeof *sums->cells);
	if (sums->cells == NULL || sums->cell_count == YEARLY_CELLS) {
		sums->incomplete = true;
		return NULL;
	}
	struct yearly_cell *cell = &sums->cells[sums->cell_count++];
	(void)snprintf(cell->tier, sizeof cell->tier, "%s", tier);
	(void)snprintf(cell->category, sizeof cell->category, "%s", category);
	return cell;
}

static void add_record(struct yearly_sums *sums, const struct report_record *record)
{
	const char *tier = record->tier != NULL ? record->tier : "all";
	struct yearly_cell *cell = find_cell(sums, tier, record->category);

	if (cell == NULL)
		cell = add_cell(sums, tier, record->category);
	if (cell == NULL)
		return;
	if (record->below) {
		cell->withheld++;
		sums->withheld++;
	} else {
		cell->attempts += record->attempts;
		cell->published++;
	}
}

/* The highest number of a band by its lowest; 0: it has none. */
static uint64_t band_end(uint32_t from)
{
	const struct {
		uint32_t from, end;
	} bands[] = {{0, 9}, {10, 19}, {20, 49}, {50, 99}};

	for (size_t i = 0; i < COUNT_OF(bands); i++)
		if (bands[i].from == from)
			return bands[i].end;
	return 0;
}

static void add_reviews(struct yearly_sums *sums, const struct report_document *document)
{
	uint64_t end = band_end(document->reviews_floor);

	sums->reviews_low += document->reviews_floor;
	sums->reviews_high += end;
	sums->reviews_open |= end == 0;
	/* The band 0-9 always says 100 percent, so that nothing shows of one request. */
	if (document->reviews_floor > 0) {
		sums->reviews_banded += document->reviews_floor;
		sums->reviews_answered +=
		    (uint64_t)document->reviews_floor * document->reviews_percent;
	}
}

static void add_failure(struct yearly_sums *sums, const struct report_failure *failure)
{
	size_t i = 0;

	while (
	    i < sums->failure_count && strcmp(sums->failures[i].type, failure->type) != 0)
		i++;
	if (i == YEARLY_FAILURES) {
		sums->incomplete = true;
		return;
	}
	if (i == sums->failure_count) {
		(void)snprintf(sums->failures[i].type, sizeof sums->failures[i].type, "%s",
		    failure->type);
		sums->failure_count++;
	}
	sums->failures[i].count += failure->count;
	sums->failures[i].days++;
}

static bool is_stale(const struct report_document *document)
{
	for (size_t i = 0; i < document->feed_count; i++)
		if (document->feeds[i].age_hours > YEARLY_STALE_HOURS)
			return true;
	return false;
}

void yearly_sums_add(struct yearly_sums *sums, const struct report_document *document)
{
	for (size_t i = 0; i < document->record_count; i++)
		add_record(sums, &document->records[i]);
	sums->published_total += document->published_total;
	if (document->cut == REPORT_WEEK_SENSITIVE) {
		sums->weeks++;
		return;
	}
	/* A weekly document repeats what its days have told of hours and failures. */
	sums->days++;
	sums->uptime_s += document->uptime_s;
	sums->unfiltered_s += document->unfiltered_s;
	sums->partial_days += document->partial ? 1 : 0;
	sums->trial_days += document->enforce ? 0 : 1;
	sums->stale_days += is_stale(document) ? 1 : 0;
	add_reviews(sums, document);
	for (size_t i = 0; i < document->failure_count; i++)
		add_failure(sums, &document->failures[i]);
}

struct yearly_cell yearly_sums_of(
    const struct yearly_sums *sums, const char *tier, const char *category)
{
	struct yearly_cell all = {.attempts = 0};

	for (size_t i = 0; i < sums->cell_count; i++) {
		const struct yearly_cell *cell = &sums->cells[i];
		if ((tier != NULL && strcmp(cell->tier, tier) != 0) ||
		    (category != NULL && strcmp(cell->category, category) != 0))
			continue;
		all.attempts += cell->attempts;
		all.published += cell->published;
		all.withheld += cell->withheld;
	}
	return all;
}

bool yearly_sums_has_tier(const struct yearly_sums *sums, const char *tier)
{
	for (size_t i = 0; i < sums->cell_count; i++)
		if (strcmp(sums->cells[i].tier, tier) == 0)
			return true;
	return false;
}
