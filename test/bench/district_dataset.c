/* district_dataset -- fills a department's store with years of plausible schools, through the
 * store's own functions: for measurements and for looking at pages with something on them.
 *
 *	district_dataset WHERE [SCHOOLS [DAYS [LAST-DAY [FROM-DAY]]]]
 *
 * WHERE as store_open() has it; 5000 schools, 730 days up to yesterday. FROM-DAY goes on where an
 * earlier run stopped. One province, a commune for each 38 schools, a document a school and day
 * and one a week; one school in a hundred merges with its neighbour in the middle of the time.
 * Numbers come from a fixed seed: the same arguments give the same documents. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "base/hash.h"
#include "district/store.h"

enum {
	GROUP = 1000, /* documents in one transaction */
	SCHOOLS_A_COMMUNE = 38,
	TIERS = 3,
	NAMES_POOL = 400,
	FEEDS = 8,
	JSON_MAX = 256 * 1024
};

static const char *const tier_words[TIERS] = {
    "primary", "lower_secondary", "upper_secondary"};

/* How many of a hundred devices meet it on a school day, and how often each. */
static const struct category {
	const char *word;
	bool sensitive;
	bool silent;
	unsigned percent, attempts;
} categories[] = {
    {"gambling", false, false, 9, 3},
    {"violence_weapons", false, false, 3, 2},
    {"malware", false, false, 4, 4},
    {"phishing_scam", false, false, 6, 2},
    {"social_network", false, false, 45, 9},
    {"games", false, false, 38, 7},
    {"streaming", false, false, 30, 5},
    {"piracy", false, false, 12, 3},
    {"proxy_vpn_doh", false, false, 8, 4},
    {"ads_tracking", false, true, 90, 15},
    {"illegal_vn", false, false, 1, 1},
    {"custom", false, false, 2, 2},
    {"adult", true, false, 6, 3},
    {"drugs_alcohol_tobacco", true, false, 2, 1},
    {"self_harm", true, false, 1, 1},
    {"dating", true, false, 3, 2},
};

struct school {
	char unit[STORE_UNIT_BYTES];
	char name[80];
	unsigned devices[TIERS];
	int32_t ends; /* merged away on that day */
};

struct bench {
	struct store *store;
	struct school *schools;
	unsigned count;
	int32_t first, last, from;
	uint64_t seed;
	struct buf json, gzip;
	z_stream z;
	char names[NAMES_POOL][32];
	uint64_t put, bytes;
	unsigned in_group;
};

static uint32_t draw(struct bench *b, uint32_t limit)
{
	b->seed += UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(hash_mix64(b->seed) % limit);
}

static void die(const char *what, const char *why)
{
	(void)fprintf(stderr, "district_dataset: %s: %s\n", what, why);
	exit(1);
}

static double now_s(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- units ---- */

static void put_unit(struct bench *b, const struct unit *unit)
{
	if (store_unit_put(b->store, unit) != OK)
		die(unit->unit, store_why(b->store));
}

static void make_school(struct bench *b, unsigned i)
{
	static const char *const kinds[] = {"primary", "lower_secondary", "upper_secondary",
	    "primary,lower_secondary", "lower_secondary,upper_secondary"};
	static const char *const words[] = {
	    "Tiểu học", "THCS", "THPT", "TH và THCS", "THCS và THPT"};
	static const unsigned tiers[] = {1, 2, 4, 3, 6};
	struct school *s = &b->schools[i];
	unsigned kind = (unsigned[]){0, 0, 0, 0, 1, 1, 1, 2, 3, 4}[draw(b, 10)];
	unsigned size = 30 + draw(b, 120) + draw(b, 2) * draw(b, 500);
	char commune[32];

	(void)snprintf(s->unit, sizeof s->unit, "truong-%05u", i);
	(void)snprintf(s->name, sizeof s->name, "Trường %s số %u", words[kind], i);
	(void)snprintf(commune, sizeof commune, "xa-%03u", i / SCHOOLS_A_COMMUNE);
	for (unsigned t = 0; t < TIERS; t++)
		s->devices[t] = (tiers[kind] >> t & 1) != 0 ? size : 0;
	s->ends = i % 100 == 7 && i > 0 ? b->first + (b->last - b->first) / 2 : DAY_FOREVER;
	put_unit(b,
	    &(struct unit){.unit = s->unit,
	        .from = b->first,
	        .name = s->name,
	        .level = "school",
	        .code = "",
	        .parent = commune,
	        .kinds = kinds[kind],
	        .contact = "",
	        .pupils = size * 2,
	        .sends = true});
}

static void make_units(struct bench *b)
{
	char unit[32], name[80];

	if (store_begin(b->store) != OK)
		die("begin", store_why(b->store));
	put_unit(b,
	    &(struct unit){.unit = "tinh",
	        .from = b->first,
	        .name = "Tỉnh Mẫu",
	        .level = "province",
	        .code = "01",
	        .parent = "",
	        .kinds = "",
	        .contact = ""});
	for (unsigned c = 0; c * SCHOOLS_A_COMMUNE < b->count; c++) {
		(void)snprintf(unit, sizeof unit, "xa-%03u", c);
		(void)snprintf(name, sizeof name, "Xã số %u", c);
		put_unit(b,
		    &(struct unit){.unit = unit,
		        .from = b->first,
		        .name = name,
		        .level = "commune",
		        .code = "",
		        .parent = "tinh",
		        .kinds = "",
		        .contact = ""});
	}
	for (unsigned i = 0; i < b->count; i++)
		make_school(b, i);
	for (unsigned i = 1; i < b->count; i++)
		if (b->schools[i].ends != DAY_FOREVER &&
		    store_unit_end(b->store, b->schools[i].unit, b->schools[i].ends,
		        b->schools[i - 1].unit) != OK)
			die("merge", store_why(b->store));
	if (store_commit(b->store) != OK)
		die("commit", store_why(b->store));
}

/* ---- documents ---- */

static struct report_record record(
    struct bench *b, const char *tier, const struct category *c, unsigned devices)
{
	unsigned met = (devices * c->percent * (60 + draw(b, 80)) + 5000) / 10000;
	struct report_record r = {.tier = tier, .category = c->word};

	if (met >= 10) {
		r.attempts =
		    report_round_attempts((uint64_t)met * c->attempts + draw(b, 20));
		r.band = report_band_of(met);
	} else {
		r.below = c->sensitive || met > 0;
	}
	return r;
}

static void fill_records(
    struct bench *b, struct report_document *d, const struct school *s, unsigned share)
{
	bool weekly = d->cut == REPORT_WEEK_SENSITIVE;

	d->records =
	    arena_array(&d->memory, COUNT_OF(categories) * TIERS, sizeof *d->records);
	for (unsigned t = 0; t < TIERS; t++)
		for (size_t c = 0; c < COUNT_OF(categories); c++) {
			unsigned devices = weekly
			    ? s->devices[0] + s->devices[1] + s->devices[2]
			    : s->devices[t];
			if (categories[c].sensitive != weekly || devices == 0 ||
			    (weekly && t > 0))
				continue;
			struct report_record *r = &d->records[d->record_count++];
			*r = record(b, weekly ? NULL : tier_words[t], &categories[c],
			    devices * share / 100);
			if (!categories[c].silent)
				d->published_total += r->attempts;
		}
}

static void fill_day(struct bench *b, struct report_document *d, const struct school *s)
{
	d->queries = report_round_two_digits(
	    (uint64_t)(s->devices[0] + s->devices[1] + s->devices[2]) *
	    (200 + draw(b, 900)));
	d->coverage = arena_array(&d->memory, TIERS, sizeof *d->coverage);
	for (unsigned t = 0; t < TIERS; t++)
		if (s->devices[t] >= 20)
			d->coverage[d->coverage_count++] = (struct report_coverage_tier){
			    tier_words[t], report_band_of(s->devices[t]), 5 * draw(b, 9)};
	d->name_count = 10;
	d->names = arena_array(&d->memory, d->name_count, sizeof *d->names);
	for (size_t i = 0; i < d->name_count; i++) {
		uint32_t n = draw(b, 1 + draw(b, NAMES_POOL)); /* few are met by many */
		d->names[i] = (struct report_name){
		    categories[n % 9].word, b->names[n], report_band_of(10 + draw(b, 60))};
	}
	d->reviews_percent = 100;
	if (draw(b, 40) == 0) {
		d->failures = arena_array(&d->memory, 1, sizeof *d->failures);
		d->failures[0] = (struct report_failure){
		    "feed-refused", 1 + draw(b, 4), d->start, d->start};
		d->failure_count = 1;
	}
}

static void fill_policy(struct bench *b, struct report_document *d)
{
	static char hex[FEEDS][REPORT_SHA256_BYTES], feed_names[FEEDS][16];
	static const char *blocked[COUNT_OF(categories)];

	for (size_t i = 0; i < COUNT_OF(categories); i++)
		blocked[i] = categories[i].word;
	d->policy_sha256 = hex[0];
	d->enforce = draw(b, 50) != 0;
	d->tiers = arena_array(&d->memory, TIERS, sizeof *d->tiers);
	d->tier_count = TIERS;
	for (unsigned t = 0; t < TIERS; t++)
		d->tiers[t] = (struct report_document_tier){
		    tier_words[t], blocked, COUNT_OF(categories) - t, "moderate"};
	d->category_count = COUNT_OF(categories);
	d->categories = arena_array(&d->memory, d->category_count, sizeof *d->categories);
	for (size_t i = 0; i < d->category_count; i++)
		d->categories[i] = (struct report_category_entries){
		    categories[i].word, i == 11 && draw(b, 30) == 0 ? 0 : 1000 + i * 7000};
	d->feeds = arena_array(&d->memory, FEEDS, sizeof *d->feeds);
	d->feed_count = FEEDS;
	for (unsigned f = 0; f < FEEDS; f++) {
		for (unsigned i = 0; i < 4; i++) /* lists change each day */
			(void)snprintf(hex[f] + i * 16, 17, "%016llx",
			    (unsigned long long)hash_mix64(b->seed + f * 4 + i));
		(void)snprintf(feed_names[f], sizeof feed_names[f], "danh-sach-%u", f);
		d->feeds[f] = (struct report_feed){feed_names[f], 50000 + f * 1000,
		    draw(b, 200) == 0 ? 400 : draw(b, 30), hex[f]};
	}
	d->privacy = (struct report_privacy){10, 20, 20};
	static const char *withheld[] = {
	    "adult", "drugs_alcohol_tobacco", "self_harm", "dating"};
	d->sensitive = withheld;
	d->sensitive_count = COUNT_OF(withheld);
}

static const char *day_text(struct report_document *d, int32_t day)
{
	char on[DAY_TEXT_BYTES], text[40];

	day_write(on, day);
	(void)snprintf(text, sizeof text, "%sT00:00:00+07:00", on);
	return arena_text(&d->memory, slice_of(text));
}

static void make_document(
    struct bench *b, struct report_document *d, const struct school *s, int32_t day)
{
	int weekday = day_weekday(day);
	int32_t end = day + (d->cut == REPORT_DAY ? 1 : 7);
	struct tally_period period = {
	    0, (int64_t)day * 86400 - 25200, (int64_t)end * 86400 - 25200, 420, 420};

	d->memory = ARENA_INIT(1024 * 1024);
	d->revision = 1;
	report_id(d->report_id, s->unit, &period, d->cut, 1);
	d->unit = s->unit;
	d->name = s->name;
	d->contact = "mailto:tuvan@truong.example";
	d->generator = "lachan 0.1.0";
	d->start = day_text(d, day);
	d->end = day_text(d, end);
	d->uptime_s = draw(b, 20) == 0 ? 20000 + draw(b, 60000) : 86400;
	d->unfiltered_s = draw(b, 30) == 0 ? draw(b, 3600) : 0;
	d->partial = draw(b, 15) == 0;
	d->placement = "gateway";
	fill_policy(b, d);
	fill_records(b, d, s, d->cut == REPORT_DAY && weekday >= 5 ? 15 : 90);
	if (d->cut == REPORT_DAY)
		fill_day(b, d, s);
}

/* A signature's place is filled with what packs as badly as one. */
static void pack(struct bench *b, const struct report_document *d)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char base64[132];

	buf_reset(&b->json);
	buf_reset(&b->gzip);
	if (report_encode(d, &b->json) != OK)
		die("encode", "too long");
	for (size_t i = 0; i < sizeof base64; i++)
		base64[i] = digits[draw(b, 64)];
	b->json.len--; /* the last bracket */
	buf_printf(&b->json, ",\"signature\":{\"key\":\"%.43s=\",\"value\":\"%.86s==\"}}",
	    base64, base64 + 43);
	static uint8_t out[JSON_MAX];
	(void)deflateReset(&b->z);
	b->z.next_in = b->json.ptr;
	b->z.avail_in = (uInt)b->json.len;
	b->z.next_out = out;
	b->z.avail_out = sizeof out;
	if (deflate(&b->z, Z_FINISH) != Z_STREAM_END)
		die("gzip", "too long");
	buf_append(&b->gzip, (struct slice){out, sizeof out - b->z.avail_out});
}

static void put_document(struct bench *b, const struct report_document *d, int32_t day)
{
	struct document put = {.unit = d->unit,
	    .document = d,
	    .received_s = (int64_t)day * 86400 + 66000 + draw(b, 14400)};
	enum document_result result;
	uint64_t sum;

	pack(b, d);
	put.gzip = buf_slice(&b->gzip);
	for (size_t i = 0; i < sizeof put.sha256 / sizeof sum; i++) {
		sum = checksum64(i, buf_slice(&b->json));
		memcpy(put.sha256 + i * sizeof sum, &sum, sizeof sum);
	}
	if (b->in_group == 0 && store_begin(b->store) != OK)
		die("begin", store_why(b->store));
	if (store_document_put(b->store, &put, &result) != OK)
		die("put", store_why(b->store));
	b->put++;
	b->bytes += b->gzip.len;
	if (++b->in_group < GROUP)
		return;
	b->in_group = 0;
	if (store_commit(b->store) != OK)
		die("commit", store_why(b->store));
}

static void one_document(
    struct bench *b, const struct school *s, int32_t day, enum report_cut cut)
{
	struct report_document d = {.cut = cut};

	/* From day, school and cut alone, so that going on gives the same as one run. */
	b->seed = hash_mix64((uint64_t)(s - b->schools) << 32 | (uint64_t)day << 1 |
	    (uint64_t)(cut != REPORT_DAY));
	make_document(b, &d, s, day);
	put_document(b, &d, day);
	report_document_deinit(&d);
}

/* As they come: a day after the other, weeks when they are over. */
static void make_documents(struct bench *b)
{
	double begun = now_s(), told = begun;

	for (int32_t day = b->from; day <= b->last; day++) {
		for (unsigned i = 0; i < b->count; i++) {
			if (day >= b->schools[i].ends)
				continue;
			one_document(b, &b->schools[i], day, REPORT_DAY);
			if (day_weekday(day) == 6 && day - 6 >= b->first)
				one_document(
				    b, &b->schools[i], day - 6, REPORT_WEEK_SENSITIVE);
		}
		if (now_s() - told < 10 && day != b->last)
			continue;
		told = now_s();
		char on[DAY_TEXT_BYTES];
		day_write(on, day);
		(void)printf("%s: %llu documents, %.0f a second, %.0f bytes each\n", on,
		    (unsigned long long)b->put, (double)b->put / (told - begun),
		    (double)b->bytes / (double)b->put);
		(void)fflush(stdout);
	}
	if (b->in_group > 0 && store_commit(b->store) != OK)
		die("commit", store_why(b->store));
}

static unsigned number_or(char **argv, int argc, int at, unsigned otherwise)
{
	uint64_t n = otherwise;
	if (at < argc && !slice_to_u64(slice_of(argv[at]), 1000000, &n))
		die(argv[at], "not a number");
	return (unsigned)n;
}

static int32_t day_or(char **argv, int argc, int at, int32_t otherwise)
{
	int32_t day = otherwise;
	if (at < argc && !day_read(slice_of(argv[at]), &day))
		die(argv[at], "not a day");
	return day;
}

int main(int argc, char **argv)
{
	static struct bench b;
	struct diag why = {0};

	if (argc < 2 || argc > 6) {
		(void)fprintf(stderr,
		    "usage: district_dataset WHERE [SCHOOLS [DAYS [LAST-DAY [FROM-DAY]]]]\n");
		return 2;
	}
	b.count = number_or(argv, argc, 2, 5000);
	b.last = day_or(argv, argc, 4, day_at(time(NULL), 25200) - 1);
	b.first = b.last - (int32_t)number_or(argv, argc, 3, 730) + 1;
	b.from = day_or(argv, argc, 5, b.first);
	b.json = BUF_INIT(JSON_MAX);
	b.gzip = BUF_INIT(JSON_MAX);
	b.schools = calloc(b.count, sizeof *b.schools);
	if (b.schools == NULL ||
	    deflateInit2(&b.z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		die("memory", "none");
	for (unsigned i = 0; i < NAMES_POOL; i++)
		(void)snprintf(b.names[i], sizeof b.names[i], "trang-%03u.example", i);
	if (store_open(&b.store, argv[1], &why) != OK)
		die(argv[1], why.text);
	make_units(&b);
	make_documents(&b);
	store_close(b.store);
	deflateEnd(&b.z);
	buf_deinit(&b.json);
	buf_deinit(&b.gzip);
	free(b.schools);
	return 0;
}
