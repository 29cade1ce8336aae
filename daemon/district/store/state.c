/* The last word of a unit, as lines of text: what the coverage page shows.
 *
 *	enforce 1              partial 0          shared 0
 *	uptime 31200           unfiltered 0       queries 120000
 *	placement TEXT         generator TEXT     policy TEXT      name TEXT    contact TEXT
 *	feed ENTRIES AGE-HOURS NAME
 *	empty CATEGORY
 *	failure COUNT TYPE
 *	tier DEVICES-FROM BY-DEFAULT-PERCENT TIER
 *
 * Unknown lines are passed over. */
#include <string.h>

#include "district/store/internal.h"

uint64_t state_band_from(enum report_band band)
{
	static const uint64_t from[] = {0, 5, 10, 20, 50, 100, 250, 500};
	return (size_t)band < COUNT_OF(from) ? from[band] : 0;
}

uint64_t state_oldest_feed(const struct report_document *document)
{
	uint64_t oldest = 0;
	for (size_t i = 0; i < document->feed_count; i++)
		if (document->feeds[i].age_hours > oldest)
			oldest = document->feeds[i].age_hours;
	return oldest;
}

static bool is_blocked(const struct report_document *document, const char *category)
{
	for (size_t t = 0; t < document->tier_count; t++)
		for (size_t b = 0; b < document->tiers[t].block_count; b++)
			if (strcmp(document->tiers[t].block[b], category) == 0)
				return true;
	return false;
}

bool state_is_empty_category(const struct report_document *document, size_t category)
{
	const struct report_category_entries *one = &document->categories[category];
	return one->entries == 0 && is_blocked(document, one->category);
}

static void put_number(struct buf *out, const char *key, uint64_t number)
{
	buf_printf(out, "%s %llu\n", key, (unsigned long long)number);
}

/* A line each: control characters would make two of one. */
static void put_text(struct buf *out, const char *text)
{
	for (const char *s = text == NULL ? "" : text; *s != 0; s++)
		buf_byte(out, (uint8_t)((uint8_t)*s < 0x20 || *s == 0x7f ? ' ' : *s));
	buf_byte(out, '\n');
}

static void put_line(struct buf *out, const char *key, const char *text)
{
	buf_printf(out, "%s ", key);
	put_text(out, text);
}

static void put_pair(struct buf *out, const char *key, uint64_t a, uint64_t b)
{
	buf_printf(out, "%s %llu %llu ", key, (unsigned long long)a, (unsigned long long)b);
}

enum err state_write(const struct report_document *d, struct buf *out)
{
	put_number(out, "enforce", d->enforce);
	put_number(out, "partial", d->partial);
	put_number(out, "shared", d->shared_source);
	put_number(out, "uptime", d->uptime_s);
	put_number(out, "unfiltered", d->unfiltered_s);
	put_number(out, "queries", d->queries);
	put_line(out, "placement", d->placement);
	put_line(out, "generator", d->generator);
	put_line(out, "policy", d->policy_sha256);
	put_line(out, "name", d->name);
	put_line(out, "contact", d->contact);
	for (size_t i = 0; i < d->feed_count; i++) {
		put_pair(out, "feed", d->feeds[i].entries, d->feeds[i].age_hours);
		put_text(out, d->feeds[i].name);
	}
	for (size_t i = 0; i < d->category_count; i++)
		if (state_is_empty_category(d, i))
			put_line(out, "empty", d->categories[i].category);
	for (size_t i = 0; i < d->failure_count; i++) {
		buf_printf(out, "failure %llu ", (unsigned long long)d->failures[i].count);
		put_text(out, d->failures[i].type);
	}
	for (size_t i = 0; i < d->coverage_count; i++) {
		put_pair(out, "tier", state_band_from(d->coverage[i].band),
		    d->coverage[i].by_default_percent);
		put_text(out, d->coverage[i].tier);
	}
	return buf_status(out);
}

/* ---- and back ---- */

static uint64_t cut_number(struct slice *line)
{
	uint64_t n = 0;
	(void)slice_to_u64(slice_cut(line, ' '), UINT64_MAX, &n);
	return n;
}

/* How many lines begin with each of the keys that come several times. */
struct line_counts {
	size_t feeds, empty, failures, tiers;
};

static struct line_counts count_lines(struct slice text)
{
	struct line_counts n = {0};

	while (text.len > 0) {
		struct slice line = slice_cut(&text, '\n');
		n.feeds += slice_starts(line, SLICE_LIT("feed "));
		n.empty += slice_starts(line, SLICE_LIT("empty "));
		n.failures += slice_starts(line, SLICE_LIT("failure "));
		n.tiers += slice_starts(line, SLICE_LIT("tier "));
	}
	return n;
}

struct state_lists {
	struct coverage_feed *feeds;
	const char **empty;
	struct counts_failure *failures;
	struct counts_tier *tiers;
};

static const char *keep(struct arena *memory, struct slice text, bool *bad)
{
	const char *copy = arena_text(memory, text);
	if (copy == NULL)
		*bad = true;
	return copy;
}

static bool read_item(struct coverage_state *out, struct state_lists *lists,
    struct slice key, struct slice rest, struct arena *memory)
{
	bool bad = false;

	if (slice_equal(key, SLICE_LIT("feed"))) {
		struct coverage_feed *feed = &lists->feeds[out->feed_count++];
		feed->entries = cut_number(&rest);
		feed->age_hours = cut_number(&rest);
		feed->name = keep(memory, rest, &bad);
		if (feed->age_hours > out->oldest_feed_hours)
			out->oldest_feed_hours = feed->age_hours;
	} else if (slice_equal(key, SLICE_LIT("empty"))) {
		lists->empty[out->empty_count++] = keep(memory, rest, &bad);
	} else if (slice_equal(key, SLICE_LIT("failure"))) {
		struct counts_failure *failure = &lists->failures[out->failure_count++];
		failure->count = cut_number(&rest);
		failure->days = 1;
		failure->type = keep(memory, rest, &bad);
	} else if (slice_equal(key, SLICE_LIT("tier"))) {
		struct counts_tier *tier = &lists->tiers[out->tier_count++];
		tier->device_days = cut_number(&rest);
		tier->by_default_percent = cut_number(&rest);
		tier->days = 1;
		tier->tier = keep(memory, rest, &bad);
	}
	return !bad;
}

static bool read_single(
    struct coverage_state *out, struct slice key, struct slice rest, struct arena *memory)
{
	const struct {
		const char *key;
		bool *truth;
		uint64_t *number;
		const char **text;
	} members[] = {
	    {"enforce", &out->enforce, NULL, NULL},
	    {"partial", &out->partial, NULL, NULL},
	    {"shared", &out->shared_source, NULL, NULL},
	    {"uptime", NULL, &out->uptime_s, NULL},
	    {"unfiltered", NULL, &out->unfiltered_s, NULL},
	    {"queries", NULL, &out->queries, NULL},
	    {"placement", NULL, NULL, &out->placement},
	    {"generator", NULL, NULL, &out->generator},
	    {"policy", NULL, NULL, &out->policy_sha256},
	    {"name", NULL, NULL, &out->name},
	    {"contact", NULL, NULL, &out->contact},
	};
	bool bad = false;

	for (size_t i = 0; i < COUNT_OF(members); i++) {
		if (!slice_equal(key, slice_of(members[i].key)))
			continue;
		if (members[i].text != NULL)
			*members[i].text = keep(memory, rest, &bad);
		else if (members[i].number != NULL)
			*members[i].number = cut_number(&rest);
		else
			*members[i].truth = slice_equal(rest, SLICE_LIT("1"));
	}
	return !bad;
}

enum err state_read(struct coverage_state *out, struct slice text, struct arena *memory)
{
	struct line_counts n = count_lines(text);
	struct state_lists lists = {
	    .feeds = arena_array(memory, n.feeds + 1, sizeof *lists.feeds),
	    .empty = arena_array(memory, n.empty + 1, sizeof *lists.empty),
	    .failures = arena_array(memory, n.failures + 1, sizeof *lists.failures),
	    .tiers = arena_array(memory, n.tiers + 1, sizeof *lists.tiers),
	};

	if (lists.feeds == NULL || lists.empty == NULL || lists.failures == NULL ||
	    lists.tiers == NULL)
		return ERR_MEMORY;
	*out = (struct coverage_state){.placement = "",
	    .generator = "",
	    .policy_sha256 = "",
	    .name = "",
	    .contact = "",
	    .feeds = lists.feeds,
	    .empty = lists.empty,
	    .failures = lists.failures,
	    .tiers = lists.tiers};
	while (text.len > 0) {
		struct slice rest = slice_cut(&text, '\n');
		struct slice key = slice_cut(&rest, ' ');
		if (!read_single(out, key, rest, memory) ||
		    !read_item(out, &lists, key, rest, memory))
			return ERR_MEMORY;
	}
	return OK;
}
