/* What the privacy floor costs: how much of the true attempts schools of 60 to 2,000 devices
 * publish. Simulated pupils meet blocked names over a school week; the days are counted by
 * lib/tally and told by lib/report, as the filter does it. docs/privacy.md holds the table.
 *
 *	build/bench/privacy_schools [SEEDS]
 *
 * What the pupils do is invented: most meet little, a few much (a heavy tail), each category has
 * its own rate, and on Saturdays some rooms are open. The rates are of the order that summaries
 * of filters elsewhere show; change them below and the table says what follows. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"
#include "tally/tally.h"

enum {
	DAYS = 7,
	TIERS = 3,
	DEVICES_MAX = 2000,
	DOMAINS = 40, /* of a category; a few of them are most of it */
	SEEDS = 20,
	EVENTS_MAX = 200000, /* of a day */
	MIN_DEVICES = 10,
	MIN_POPULATION = 20,
	CAP = 20
};

/* Of every device on a school day, in the mean. */
static const struct kind {
	const char *word;
	double attempts;
	double reach; /* which part of the devices ever meets it */
	unsigned flags;
} kinds[] = {
    {"adult", 0.030, 0.25, TALLY_SENSITIVE},
    {"gambling", 0.050, 0.20, 0},
    {"violence_weapons", 0.010, 0.10, 0},
    {"extremism", 0.001, 0.01, TALLY_SENSITIVE},
    {"drugs_alcohol_tobacco", 0.010, 0.10, TALLY_SENSITIVE},
    {"self_harm", 0.004, 0.03, TALLY_SENSITIVE},
    {"child_abuse", 0.0002, 0.002, TALLY_SENSITIVE},
    {"malware", 0.008, 0.10, 0},
    {"phishing_scam", 0.020, 0.20, 0},
    {"social_network", 0.900, 0.60, 0},
    {"games", 0.600, 0.50, 0},
    {"streaming", 0.450, 0.50, 0},
    {"dating", 0.008, 0.05, TALLY_SENSITIVE},
    {"piracy", 0.060, 0.20, 0},
    {"proxy_vpn_doh", 0.080, 0.15, 0},
    {"ads_tracking", 8.000, 1.00, TALLY_SILENT},
    {"illegal_vn", 0.010, 0.05, 0},
};

enum {
	KINDS = sizeof kinds / sizeof *kinds
};

static const char *const tier_words[TIERS] = {
    "primary", "lower_secondary", "upper_secondary"};

struct device {
	int tier;
	double inclination[KINDS]; /* mean attempts a day */
};

/* Sums over the seeds. */
struct sums {
	uint64_t true_attempts; /* not sensitive, not silent */
	uint64_t in_cells;      /* published as tier x category ... */
	uint64_t in_categories; /* ... all x category */
	uint64_t in_other;      /* ... all x other */
	uint64_t met;           /* categories met on a day, not sensitive, not silent */
	uint64_t shown;         /* those of them with a number of their own */
	uint64_t sensitive_true, sensitive_published;
	uint64_t silent_days; /* days whose document holds no number above 0 */
	uint64_t days;
};

/* ---- chance, the same for everybody who runs this ---- */

static uint64_t state;

static double chance(void)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return ((double)(state >> 33) + 0.5) / 2147483648.0;
}

/* Knuth's way; the means are small. */
static unsigned poisson(double mean)
{
	double limit = exp(-(mean > 60 ? 60 : mean));
	double product = chance();
	unsigned n = 0;

	while (product > limit && n < 200) {
		product *= chance();
		n++;
	}
	return n;
}

/* ---- a school ---- */

static void make_devices(struct device *all, unsigned count, unsigned tiers)
{
	for (unsigned i = 0; i < count; i++) {
		/* Heavy tail: half of what is met is met by a tenth. */
		double weight =
		    exp(1.3 * sqrt(-2 * log(chance())) * cos(6.2831853 * chance())) /
		    exp(1.3 * 1.3 / 2);
		all[i].tier = tiers == 1 ? 1 : (int)(i % tiers);
		for (unsigned k = 0; k < KINDS; k++)
			all[i].inclination[k] = chance() < kinds[k].reach
			    ? kinds[k].attempts / kinds[k].reach * weight
			    : 0;
	}
}

/* How much of a school day this weekday is (Monday 0). */
static double presence(unsigned day)
{
	return day < 5 ? 0.9 : day == 5 ? 0.25 : 0.02;
}

struct counted {
	struct tally *tally;
	int tier[TIERS];
	int kind[KINDS];
};

/* Device `number` meets a name of kind `k`. */
struct event {
	uint32_t at_ms;
	uint16_t number;
	uint8_t k;
	uint8_t domain;
};

struct events {
	struct event items[EVENTS_MAX];
	size_t count;
};

static int by_time(const void *a, const void *b)
{
	const struct event *x = a;
	const struct event *y = b;

	return x->at_ms < y->at_ms ? -1 : x->at_ms > y->at_ms;
}

static void add_events(struct events *to, const struct device *device, unsigned number)
{
	for (unsigned k = 0; k < KINDS; k++)
		for (unsigned n = poisson(device->inclination[k]); n > 0; n--) {
			/* Squared: some domains are met by everybody. */
			double where = chance();
			if (to->count == EVENTS_MAX)
				return;
			to->items[to->count++] = (struct event){
			    (uint32_t)(chance() * 8 * 3600e3), (uint16_t)number, (uint8_t)k,
			    (uint8_t)(where * where * DOMAINS)};
		}
}

static struct tally_device device_of(unsigned number)
{
	uint8_t address[4] = {10, 0, (uint8_t)(number >> 8), (uint8_t)number};

	return tally_device_ipv4(address);
}

static void meet(struct counted *c, const struct device *all, const struct event *e)
{
	char domain[64];

	(void)snprintf(
	    domain, sizeof domain, "d%u-%s.example", e->domain, kinds[e->k].word);
	const struct tally_attempt attempt = {.device = device_of(e->number),
	    .tier = c->tier[all[e->number].tier],
	    .category = c->kind[e->k],
	    .domain = slice_of(domain),
	    .name = slice_of(domain),
	    .now = {.mono_ms = e->at_ms}};
	(void)tally_attempt(c->tally, &attempt);
}

static void live_a_day(
    struct counted *c, const struct device *all, unsigned count, unsigned day)
{
	static struct events events;

	events.count = 0;
	for (unsigned i = 0; i < count; i++) {
		const struct tally_device seen = device_of(i);
		if (chance() >= presence(day))
			continue;
		tally_device_seen(c->tally, &seen, c->tier[all[i].tier], TALLY_CLAIMED);
		add_events(&events, &all[i], i);
	}
	qsort(events.items, events.count, sizeof *events.items, by_time);
	for (size_t i = 0; i < events.count; i++)
		meet(c, all, &events.items[i]);
}

static struct counted open_day(unsigned day, unsigned seed)
{
	struct counted c = {.tally = NULL};
	struct diag why = {.text = ""};
	int64_t start = 1794762000 + (int64_t)day * 86400; /* Monday 2026-11-16 */
	struct tally_setup setup = {.state_path = "",
	    .period = {20261116 + day, start, start + 86400, 420, 420},
	    .process_key = {seed, day},
	    .limits = TALLY_LIMITS_DEFAULT};

	setup.limits.rows = 1 << 17;
	setup.limits.collapse = 1 << 18;
	setup.limits.name_pairs = 1 << 18;
	memset(setup.device_key, (int)(day + 1), sizeof setup.device_key);
	if (tally_open(&c.tally, &setup, &why) != OK) {
		fprintf(stderr, "%s\n", why.text);
		exit(1);
	}
	for (unsigned t = 0; t < TIERS; t++)
		c.tier[t] = tally_tier(c.tally, tier_words[t], TALLY_PUPILS);
	for (unsigned k = 0; k < KINDS; k++)
		c.kind[k] = tally_category(c.tally, kinds[k].word, kinds[k].flags);
	return c;
}

/* ---- what is published of it ---- */

static struct tally_cell count_cells(void *context, const struct tally_selection *which)
{
	return tally_count(context, which);
}

static uint32_t count_devices(void *context, uint32_t tiers)
{
	return tally_population(context, tiers);
}

static const struct report_school school = {.generator = "privacy_schools",
    .names = true,
    .top_names = 20,
    .privacy = {MIN_DEVICES, MIN_POPULATION, CAP}};

static bool is_silent(const char *category)
{
	return strcmp(category, "ads_tracking") == 0;
}

static void add_truth(
    struct sums *s, const struct tally_totals *totals, const struct report_document *d)
{
	for (unsigned k = 0; k < KINDS; k++) {
		uint64_t attempts = 0;
		bool own = false;
		for (unsigned t = 0; t < TIERS; t++)
			attempts += totals->cells[t][k].attempts;
		if (kinds[k].flags & TALLY_SENSITIVE) {
			s->sensitive_true += attempts;
			continue;
		}
		if (kinds[k].flags & TALLY_SILENT)
			continue;
		for (size_t i = 0; i < d->record_count; i++)
			own = own ||
			    (strcmp(d->records[i].category, kinds[k].word) == 0 &&
			        d->records[i].attempts > 0);
		s->true_attempts += attempts;
		s->met += attempts > 0;
		s->shown += own;
	}
}

static void add_day(struct sums *s, struct counted *c, struct tally_totals *totals)
{
	const struct report_counter counter = {c->tally, count_cells, count_devices};
	struct report_document d;
	uint64_t before = s->in_cells + s->in_categories + s->in_other;

	tally_totals(c->tally, totals);
	if (report_make(&d, &school, totals, &counter, NULL) != OK)
		exit(1);
	for (size_t i = 0; i < d.record_count; i++) {
		const struct report_record *r = &d.records[i];
		if (r->below || is_silent(r->category))
			continue;
		if (strcmp(r->tier, "all") != 0)
			s->in_cells += r->attempts;
		else if (strcmp(r->category, "other") != 0)
			s->in_categories += r->attempts;
		else
			s->in_other += r->attempts;
	}
	add_truth(s, totals, &d);
	s->silent_days += s->in_cells + s->in_categories + s->in_other == before;
	s->days++;
	report_document_deinit(&d);
}

static void add_week(struct sums *s, struct tally_totals *const days[DAYS])
{
	const struct tally_totals *borrowed[DAYS];
	struct report_week week = {
	    .period = {20261116, 1794762000, 1795366800, 420, 420}, .day_count = DAYS};
	struct report_document d;

	for (unsigned i = 0; i < DAYS; i++)
		borrowed[i] = days[i];
	week.days = borrowed;
	if (report_make_week(&d, &school, &week, NULL) != OK)
		exit(1);
	for (size_t i = 0; i < d.record_count; i++)
		s->sensitive_published += d.records[i].attempts;
	report_document_deinit(&d);
}

static void live_a_week(struct sums *s, unsigned count, unsigned tiers, unsigned seed)
{
	static struct device devices[DEVICES_MAX];
	struct tally_totals *days[DAYS];

	state = seed * 1000003u + count * 7u + tiers;
	make_devices(devices, count, tiers);
	for (unsigned day = 0; day < DAYS; day++) {
		struct counted c = open_day(day, seed);
		days[day] = calloc(1, sizeof *days[day]);
		if (days[day] == NULL)
			exit(1);
		live_a_day(&c, devices, count, day);
		add_day(s, &c, days[day]);
		tally_close(c.tally);
	}
	add_week(s, days);
	for (unsigned day = 0; day < DAYS; day++)
		free(days[day]);
}

static unsigned percent(uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 : (unsigned)((part * 200 / whole + 1) / 2);
}

int main(int argc, char **argv)
{
	static const unsigned sizes[] = {60, 120, 250, 500, 1000, 2000};
	uint64_t seeds = SEEDS;

	if (argc > 1 && (!slice_to_u64(slice_of(argv[1]), 1000, &seeds) || seeds == 0))
		return 2;
	puts(
	    "| devices | tiers | attempts a week | published | tier x category | all x category | "
	    "all x other | categories with a number of their own | school days without a number | "
	    "sensitive attempts a week | published |");
	puts("|---|---|---|---|---|---|---|---|---|---|---|");
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (unsigned tiers = 1; tiers <= TIERS; tiers += 2) {
			struct sums s = {.days = 0};
			for (unsigned seed = 1; seed <= seeds; seed++)
				live_a_week(&s, sizes[i], tiers, seed);
			uint64_t published = s.in_cells + s.in_categories + s.in_other;
			printf(
			    "| %u | %u | %llu | %u %% | %u %% | %u %% | %u %% | %u %% | %u %% "
			    "| %llu | %u %% |\n",
			    sizes[i], tiers, (unsigned long long)(s.true_attempts / seeds),
			    percent(published, s.true_attempts),
			    percent(s.in_cells, s.true_attempts),
			    percent(s.in_categories, s.true_attempts),
			    percent(s.in_other, s.true_attempts), percent(s.shown, s.met),
			    percent(s.silent_days, s.days),
			    (unsigned long long)(s.sensitive_true / seeds),
			    percent(s.sensitive_published, s.sensitive_true));
		}
	return 0;
}
