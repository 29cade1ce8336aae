/* What one document adds to the sums. */
#include <string.h>

#include "district/store/internal.h"

enum {
	TIER_MAX = 64,
	FAILURES_MAX = 64
};

/* No school has more in a week; sums of millions of documents still fit in 64 bits. */
#define NUMBER_MAX (UINT64_C(1) << 36)

void contribution_deinit(struct contribution *c)
{
	sums_deinit(&c->counts);
	sums_deinit(&c->names);
}

static enum err refuse_number(struct store *store, const char *what)
{
	return store_refuse(store, ERR_FORMAT, "\"%s\": no such number can be", what);
}

enum err contribution_days(
    struct store *store, const struct report_document *document, struct contribution *out)
{
	int32_t first, end;

	if (!day_read(slice_of(document->start), &first) ||
	    !day_read(slice_of(document->end), &end))
		return store_refuse(store, ERR_FORMAT, "the period has no days");
	int32_t most = document->cut == REPORT_DAY ? 1 : REPORT_DAYS;
	if (end <= first || end - first > most)
		return store_refuse(
		    store, ERR_FORMAT, "the period is not one day, or a week");
	out->day = first;
	out->days = end - first;
	return OK;
}

static enum err add_total(struct contribution *c, enum counts_sum which, uint64_t number)
{
	struct sums_item item = {
	    .key = sums_key(SUMS_TOTAL, 0, (uint32_t)which), .n = {number}};
	return sums_add_item(&c->counts, &item);
}

static bool has_empty_category(const struct report_document *d)
{
	for (size_t i = 0; i < d->category_count; i++)
		if (state_is_empty_category(d, i))
			return true;
	return false;
}

static enum err add_totals(
    struct store *store, const struct report_document *d, struct contribution *c)
{
	bool daily = d->cut == REPORT_DAY;
	uint64_t reviews = d->reviews_floor;
	const uint64_t totals[SUMS] = {
	    [SUM_DAYS] = daily,
	    [SUM_WEEKS] = !daily,
	    [SUM_UPTIME_S] = d->uptime_s,
	    [SUM_UNFILTERED_S] = d->unfiltered_s,
	    [SUM_UNFILTERED_DAYS] = d->unfiltered_s > 0,
	    [SUM_QUERIES] = d->queries,
	    [SUM_PUBLISHED] = d->published_total,
	    [SUM_PARTIAL_DAYS] = d->partial,
	    [SUM_TRIAL_DAYS] = !d->enforce,
	    [SUM_SHARED_DAYS] = d->shared_source,
	    [SUM_FORWARDED_DAYS] = strcmp(d->placement, "forwarded") == 0,
	    [SUM_STALE_DAYS] = state_oldest_feed(d) > COUNTS_STALE_HOURS,
	    [SUM_EMPTY_DAYS] = has_empty_category(d),
	    [SUM_REVIEWS] = reviews,
	    [SUM_REVIEWS_ANSWERED] = reviews * d->reviews_percent / 100,
	    [SUM_FAILURE_DAYS] = d->failure_count > 0,
	};

	for (unsigned i = 0; i < SUMS; i++) {
		/* A week's document repeats what its days have told. */
		if (!daily && i != SUM_WEEKS && i != SUM_PUBLISHED)
			continue;
		if (totals[i] > NUMBER_MAX)
			return refuse_number(store, "coverage");
		enum err rc = add_total(c, (enum counts_sum)i, totals[i]);
		if (rc != OK)
			return rc;
	}
	return OK;
}

static enum err add_record(
    struct store *store, const struct report_record *r, struct contribution *c)
{
	uint32_t tier, category;

	if (r->attempts > NUMBER_MAX)
		return refuse_number(store, "attempts");
	enum err rc = word_id(store, r->tier == NULL ? "all" : r->tier, &tier);
	if (rc == OK)
		rc = word_id(store, r->category, &category);
	if (rc != OK)
		return rc;
	struct sums_item item = {.key = sums_key(SUMS_CELL, category, tier),
	    .n = {r->below ? 0 : r->attempts, r->below ? 0 : state_band_from(r->band),
	        !r->below, r->below}};
	return sums_add_item(&c->counts, &item);
}

static enum err add_tiers(
    struct store *store, const struct report_document *d, struct contribution *c)
{
	uint32_t tier;

	if (d->coverage_count > TIER_MAX)
		return store_refuse(store, ERR_FORMAT, "more than %d tiers", TIER_MAX);
	for (size_t i = 0; i < d->coverage_count; i++) {
		const struct report_coverage_tier *t = &d->coverage[i];
		enum err rc = word_id(store, t->tier, &tier);
		struct sums_item item = {
		    .n = {state_band_from(t->band), 1,
		        t->by_default_percent > 100 ? 100 : t->by_default_percent}};
		if (rc == OK) {
			item.key = sums_key(SUMS_TIER, 0, tier);
			rc = sums_add_item(&c->counts, &item);
		}
		if (rc != OK)
			return rc;
	}
	return OK;
}

static enum err add_failures(
    struct store *store, const struct report_document *d, struct contribution *c)
{
	uint32_t type;

	if (d->failure_count > FAILURES_MAX)
		return store_refuse(
		    store, ERR_FORMAT, "more than %d failures", FAILURES_MAX);
	for (size_t i = 0; i < d->failure_count; i++) {
		if (d->failures[i].count > NUMBER_MAX)
			return refuse_number(store, "failures");
		enum err rc = word_id(store, d->failures[i].type, &type);
		struct sums_item item = {.n = {d->failures[i].count, 1}};
		if (rc == OK) {
			item.key = sums_key(SUMS_FAILURE, 0, type);
			rc = sums_add_item(&c->counts, &item);
		}
		if (rc != OK)
			return rc;
	}
	return OK;
}

static enum err add_names(
    struct store *store, const struct report_document *d, struct contribution *c)
{
	uint32_t category, name;

	if (d->name_count > STORE_DOCUMENT_NAMES)
		return store_refuse(
		    store, ERR_FORMAT, "more than %d names", STORE_DOCUMENT_NAMES);
	for (size_t i = 0; i < d->name_count; i++) {
		enum err rc = word_id(store, d->names[i].category, &category);
		if (rc == OK)
			rc = name_id(store, d->names[i].name, &name);
		if (rc != OK)
			return rc;
		struct sums_item item = {.key = sums_key(SUMS_NAME, category, name),
		    .n = {state_band_from(d->names[i].band), 1}};
		rc = sums_add_item(&c->names, &item);
		if (rc != OK)
			return rc;
	}
	return OK;
}

static enum err fill(
    struct store *store, const struct report_document *d, struct contribution *c)
{
	enum err rc = contribution_days(store, d, c);
	if (rc == OK)
		rc = add_totals(store, d, c);
	for (size_t i = 0; rc == OK && i < d->record_count; i++)
		rc = add_record(store, &d->records[i], c);
	if (rc != OK || d->cut != REPORT_DAY)
		return rc;
	rc = add_tiers(store, d, c);
	if (rc == OK)
		rc = add_failures(store, d, c);
	if (rc == OK)
		rc = add_names(store, d, c);
	return rc;
}

enum err contribution_make(
    struct store *store, const struct report_document *document, struct contribution *out)
{
	*out = (struct contribution){.counts = SUMS_NONE, .names = SUMS_NONE};
	enum err rc = fill(store, document, out);
	if (rc != OK)
		contribution_deinit(out);
	return rc;
}
