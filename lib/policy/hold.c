#include "policy/hold.h"

#include <string.h>

static void add_feeds_with_patterns(
    const struct ruledb *db, uint64_t feeds[RULEDB_FEED_WORDS])
{
	struct ruledb_feed feed;

	for (unsigned i = 0; i < RULEDB_FEEDS_MAX && ruledb_feed_at(db, i, &feed); i++) {
		if (feed.patterns > 0)
			feeds[i / 64] |= UINT64_C(1) << i % 64;
	}
}

/* What one database says about a name, under its own key: for anybody, of any type. A pattern
 * that was cut may match elsewhere, beside others: it counts as one that does, or a list could
 * hide a pattern behind those that use the limits up. */
static void feeds_covering(const struct ruledb *db, struct ruledb_scratch *scratch,
    struct dname name, uint64_t feeds[RULEDB_FEED_WORDS])
{
	struct name_hashes hashes;
	struct listing listing;
	struct ruledb_question question = {
	    .name = name, .hashes = &hashes, .whoever = true};

	memset(feeds, 0, RULEDB_FEED_WORDS * sizeof *feeds);
	name_hash_all(&hashes, name, ruledb_key(db));
	if (ruledb_match(db, scratch, &question, &listing))
		memcpy(feeds, listing.feeds, sizeof listing.feeds);
	if (listing.cut)
		add_feeds_with_patterns(db, feeds);
}

static bool has_feed(const uint64_t feeds[RULEDB_FEED_WORDS], unsigned feed)
{
	return (feeds[feed / 64] >> feed % 64 & 1) != 0;
}

/* The feed's number in another database, or -1. */
static int feed_number(const struct ruledb *db, const char *name)
{
	struct ruledb_feed feed;

	for (unsigned i = 0; ruledb_feed_at(db, i, &feed); i++) {
		if (strcmp(feed.name, name) == 0)
			return (int)i; /* < RULEDB_FEEDS_MAX */
	}
	return -1;
}

struct found {
	struct hold *out;
	size_t max;
	size_t count;
};

static void add_hold(struct found *found, unsigned feed, size_t name)
{
	if (found->count < found->max)
		found->out[found->count] = (struct hold){feed, name};
	found->count++;
}

size_t policy_hold(const struct hold_sides *sides, const struct config_names *names,
    struct hold *out, size_t max)
{
	const struct ruledb *fresh = sides->fresh, *old = sides->old;
	int in_old[RULEDB_FEEDS_MAX];
	struct ruledb_feed feed;
	unsigned feeds = 0;
	struct found found = {out, max, 0};

	for (; feeds < RULEDB_FEEDS_MAX && ruledb_feed_at(fresh, feeds, &feed); feeds++)
		in_old[feeds] = feed_number(old, feed.name);
	for (size_t i = 0; i < names->count; i++) {
		uint64_t now[RULEDB_FEED_WORDS];
		uint64_t before[RULEDB_FEED_WORDS];
		feeds_covering(fresh, sides->scratch, names->items[i].name, now);
		feeds_covering(old, sides->scratch, names->items[i].name, before);
		for (unsigned f = 0; f < feeds; f++) {
			if (has_feed(now, f) && in_old[f] >= 0 &&
			    !has_feed(before, (unsigned)in_old[f]))
				add_hold(&found, f, i);
		}
	}
	return found.count;
}
