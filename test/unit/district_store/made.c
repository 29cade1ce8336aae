#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "made.h"

static const char *const tiers[] = {
    "primary", "lower_secondary", "upper_secondary", "merged", "all"};
static const char *const categories[] = {
    "gambling", "games", "violence_weapons", "social_network", "streaming", "other"};
static const char *const sensitive[] = {"adult", "self_harm", "sensitive_other"};
static const char *const failures[] = {"feed-refused", "upstream-failed", "clock-skew"};

uint32_t made_below(struct made_random *r, uint32_t limit)
{
	r->state = r->state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((r->state >> 33) % limit);
}

static const char *text(struct made *m, const char *format, uint32_t n)
{
	char out[64];
	(void)snprintf(out, sizeof out, "%s%u", format, n);
	return arena_text(&m->document.memory, slice_of(out));
}

static enum report_band band(struct made_random *r)
{
	return (enum report_band)(REPORT_BAND_10 + (int)made_below(r, 6));
}

static void make_records(struct made *m, struct made_random *r)
{
	struct report_document *d = &m->document;
	bool weekly = d->cut == REPORT_WEEK_SENSITIVE;
	size_t rows = weekly ? 1 : COUNT_OF(tiers);
	size_t columns = weekly ? COUNT_OF(sensitive) : COUNT_OF(categories);

	d->records = arena_array(&d->memory, rows * columns, sizeof *d->records);
	for (size_t i = 0; i < rows * columns; i++) {
		if (made_below(r, 3) == 0)
			continue;
		struct report_record *one = &d->records[d->record_count++];
		one->tier = weekly ? NULL : tiers[i / columns];
		one->category = weekly ? sensitive[i % columns] : categories[i % columns];
		one->below = made_below(r, 4) == 0;
		if (one->below || made_below(r, 5) == 0)
			continue;
		one->attempts = 10 + 5 * made_below(r, 100);
		one->band = band(r);
		d->published_total += one->attempts;
	}
}

static void make_daily(struct made *m, struct made_random *r)
{
	struct report_document *d = &m->document;

	d->queries = 1000 * made_below(r, 90);
	d->coverage = arena_array(&d->memory, 2, sizeof *d->coverage);
	d->coverage_count = made_below(r, 3);
	for (size_t i = 0; i < d->coverage_count; i++)
		d->coverage[i] =
		    (struct report_coverage_tier){tiers[i], band(r), 5 * made_below(r, 21)};
	d->names = arena_array(&d->memory, 8, sizeof *d->names);
	d->name_count = made_below(r, 8);
	for (size_t i = 0; i < d->name_count; i++)
		d->names[i] = (struct report_name){categories[made_below(r, 3)],
		    text(m, "name-", made_below(r, 40)), band(r)};
	for (size_t i = 0; i < d->name_count; i++) {
		char dotted[64];
		(void)snprintf(dotted, sizeof dotted, "%s.example", d->names[i].name);
		d->names[i].name = arena_text(&d->memory, slice_of(dotted));
	}
	d->reviews_floor = made_below(r, 2) * 10;
	d->reviews_percent = 5 * made_below(r, 21);
	d->failures = arena_array(&d->memory, 3, sizeof *d->failures);
	d->failure_count = made_below(r, 3);
	for (size_t i = 0; i < d->failure_count; i++)
		d->failures[i] = (struct report_failure){
		    failures[i], 1 + made_below(r, 9), d->start, d->start};
}

static void make_policy(struct made *m, struct made_random *r)
{
	struct report_document *d = &m->document;
	static const char *blocked[] = {"gambling", "games"};

	d->policy_sha256 = "00ff";
	d->enforce = made_below(r, 5) != 0;
	d->tiers = arena_array(&d->memory, 1, sizeof *d->tiers);
	d->tiers[0] = (struct report_document_tier){"primary", blocked, 2, "off"};
	d->tier_count = 1;
	d->categories = arena_array(&d->memory, 2, sizeof *d->categories);
	d->categories[0] =
	    (struct report_category_entries){"gambling", made_below(r, 3) * 1000};
	d->categories[1] = (struct report_category_entries){"streaming", 0};
	d->category_count = 2;
	d->feeds = arena_array(&d->memory, 2, sizeof *d->feeds);
	d->feeds[0] = (struct report_feed){"ut1 gambling", 52000, made_below(r, 300), "ab"};
	d->feeds[1] = (struct report_feed){"other", 7, 3, "ab"};
	d->feed_count = 2;
	d->privacy = (struct report_privacy){10, 20, 20};
	static const char *withheld[] = {"adult", "self_harm"};
	d->sensitive = withheld;
	d->sensitive_count = 2;
}

static void pack(struct made *m)
{
	struct buf json = BUF_INIT(REPORT_MAX_BYTES);
	uint8_t out[65536];
	z_stream z = {0};

	assert_int_equal(report_encode(&m->document, &json), OK);
	assert_int_equal(
	    deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = json.ptr;
	z.avail_in = (uInt)json.len;
	z.next_out = out;
	z.avail_out = sizeof out;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	buf_append(&m->gzip, (struct slice){out, sizeof out - z.avail_out});
	deflateEnd(&z);
	uint64_t sum = checksum64(0, buf_slice(&json));
	memcpy(m->sha256, &sum, sizeof sum);
	buf_deinit(&json);
}

void made_document(struct made *m, struct made_random *r, const char *unit, int32_t day,
    enum report_cut cut, uint32_t revision)
{
	struct report_document *d = &m->document;
	char when[64], on[DAY_TEXT_BYTES];

	*m = (struct made){.day = day, .gzip = BUF_INIT(65536)};
	d->memory = ARENA_INIT(1024 * 1024);
	(void)snprintf(m->unit, sizeof m->unit, "%s", unit);
	(void)snprintf(d->report_id, sizeof d->report_id, "%08x-%04x-8000-8000-%012x",
	    (unsigned)checksum64(0, slice_of(unit)), (unsigned)cut,
	    (unsigned)(day * 100) + revision);
	d->revision = revision;
	d->cut = cut;
	d->unit = m->unit;
	d->name = text(m, "Trường số ", made_below(r, 1000));
	d->contact = "mailto:x@y.example";
	d->generator = "lachan 0.1.0";
	day_write(on, day);
	(void)snprintf(when, sizeof when, "%sT00:00:00+07:00", on);
	d->start = arena_text(&d->memory, slice_of(when));
	day_write(on, day + (cut == REPORT_DAY ? 1 : 7));
	(void)snprintf(when, sizeof when, "%sT00:00:00+07:00", on);
	d->end = arena_text(&d->memory, slice_of(when));
	d->uptime_s = made_below(r, 86400);
	d->unfiltered_s = made_below(r, 2) * made_below(r, 900);
	d->partial = made_below(r, 4) == 0;
	d->shared_source = made_below(r, 6) == 0;
	d->placement = made_below(r, 5) == 0 ? "forwarded" : "gateway";
	make_policy(m, r);
	make_records(m, r);
	if (cut == REPORT_DAY)
		make_daily(m, r);
	pack(m);
}

void made_deinit(struct made *m)
{
	report_document_deinit(&m->document);
	buf_deinit(&m->gzip);
}

struct document made_put(const struct made *m)
{
	struct document put = {.unit = m->unit,
	    .document = &m->document,
	    .gzip = buf_slice(&m->gzip),
	    .received_s = (int64_t)m->day * 86400 + 90000};
	memcpy(put.sha256, m->sha256, sizeof put.sha256);
	return put;
}

void made_store(struct store *store, const struct made *m, enum document_result expected)
{
	struct document put = made_put(m);
	enum document_result result;

	enum err rc = store_document_put(store, &put, &result);
	if (rc != OK)
		fail_msg("%s: %s", err_text(rc), store_why(store));
	assert_int_equal(result, expected);
}
