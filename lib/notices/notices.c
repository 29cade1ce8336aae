#include "notices/notices.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/hash.h"
#include "notices/internal.h"

#define HEAD "lachan-notices 1\n"

enum {
	NOTICE_NUMBERS = 3,
	TARGET_NUMBERS = 1 + NOTICE_KINDS
};

const char *notice_word(enum notice_kind kind)
{
	static const char *const words[NOTICE_KINDS] = {
	    "review", "report", "feed_stale", "disk_full", "unfiltered", "not_shared"};

	return words[kind];
}

/* ---- targets ---- */

uint64_t notices_target_id(const char *to, const char *address)
{
	/* For telling a few targets apart; nobody gains by making two alike. */
	const struct hash_key key = {siphash24((struct hash_key){0, 0}, slice_of(to)), 1};

	return siphash24(key, slice_of(address));
}

const struct notices_target *notices_find(const struct notices *n, uint64_t id)
{
	for (size_t i = 0; i < n->target_count; i++)
		if (n->targets[i].id == id)
			return &n->targets[i];
	return NULL;
}

/* It hears of states that hold, not of what was before. */
static struct notices_target new_target(
    const struct notices *n, uint64_t id, uint64_t now_s)
{
	struct notices_target target = {.id = id, .epoch_s = now_s};

	for (unsigned k = 0; k < NOTICE_KINDS; k++) {
		bool holds = !notice_is_message(k) && notice_holds(n, k);
		target.from[k] = n->kinds[k].steps - (holds ? 1 : 0);
	}
	return target;
}

bool notices_set_targets(
    struct notices *n, const uint64_t *ids, size_t count, uint64_t now_s)
{
	struct notices_target next[NOTICES_TARGETS_MAX];
	bool changed = count != n->target_count;

	for (size_t i = 0; i < count; i++) {
		const struct notices_target *old = notices_find(n, ids[i]);
		changed = changed || old != &n->targets[i];
		next[i] = old != NULL ? *old : new_target(n, ids[i], now_s);
	}
	if (count > 0)
		memcpy(n->targets, next, count * sizeof next[0]);
	n->target_count = count;
	return changed;
}

/* ---- states ---- */

bool notices_look(
    struct notices *n, enum notice_kind kind, bool holds, uint64_t now_s, uint64_t hold_s)
{
	struct notice *notice = &n->kinds[kind];

	if (holds == notice_holds(n, kind)) {
		bool changed = notice->since_s != 0;
		notice->since_s = 0;
		return changed;
	}
	if (hold_s > 0 && (notice->since_s == 0 || notice->since_s > now_s)) {
		notice->since_s = now_s;
		return true;
	}
	if (hold_s > 0 && now_s - notice->since_s < hold_s)
		return false;
	notice->steps++;
	notice->since_s = 0;
	return true;
}

bool notices_look_feeds(struct notices *n, uint64_t stale)
{
	struct notice *notice = &n->kinds[NOTICE_FEED_STALE];
	const struct notice before = *notice;

	if (notice_holds(n, NOTICE_FEED_STALE) && stale > notice->amount)
		notice->steps += 2; /* still odd, and news */
	else if (notice_holds(n, NOTICE_FEED_STALE) != (stale > 0))
		notice->steps++;
	notice->amount = stale;
	return before.steps != notice->steps || before.amount != notice->amount;
}

static struct notices_feed *find_feed(struct notices *n, const char *name)
{
	for (size_t i = 0; i < n->feed_count; i++)
		if (strcmp(n->feeds[i].name, name) == 0)
			return &n->feeds[i];
	return NULL;
}

uint64_t notices_feed_fails(
    struct notices *n, const char *name, uint64_t now_s, bool *changed)
{
	struct notices_feed *feed = find_feed(n, name);
	size_t len = strlen(name);

	if (feed == NULL) {
		if (n->feed_count == NOTICES_FEEDS_MAX || len >= NOTICES_FEED_BYTES)
			return 0;
		feed = &n->feeds[n->feed_count++];
		*feed = (struct notices_feed){.since_s = 0};
		memcpy(feed->name, name, len);
	}
	if (feed->since_s == 0 || feed->since_s > now_s) {
		feed->since_s = now_s;
		*changed = true;
	}
	return feed->since_s;
}

bool notices_feed_is_fine(struct notices *n, const char *name)
{
	struct notices_feed *feed = find_feed(n, name);

	if (feed == NULL)
		return false;
	*feed = n->feeds[--n->feed_count];
	return true;
}

/* ---- the file ---- */

void notices_write(struct buf *out, const struct notices *n)
{
	buf_text(out, HEAD);
	for (unsigned k = 0; k < NOTICE_KINDS; k++) {
		const struct notice *notice = &n->kinds[k];
		buf_printf(out, "%s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", notice_word(k),
		    notice->steps, notice->amount, notice->since_s);
	}
	for (size_t i = 0; i < n->feed_count; i++)
		buf_printf(
		    out, "feed %s %" PRIu64 "\n", n->feeds[i].name, n->feeds[i].since_s);
	for (size_t i = 0; i < n->target_count; i++) {
		const struct notices_target *target = &n->targets[i];
		buf_printf(
		    out, "target %016" PRIx64 " %" PRIu64, target->id, target->epoch_s);
		for (unsigned k = 0; k < NOTICE_KINDS; k++)
			buf_printf(out, " %" PRIu64, target->from[k]);
		buf_byte(out, '\n');
	}
	buf_text(out, NOTICES_END);
}

static bool read_notice(struct notice *out, struct slice line, enum notice_kind kind)
{
	uint64_t numbers[NOTICE_NUMBERS];

	if (!slice_equal(slice_cut(&line, ' '), slice_of(notice_word(kind))) ||
	    !notices_numbers(numbers, NOTICE_NUMBERS, line))
		return false;
	*out = (struct notice){numbers[0], numbers[1], numbers[2]};
	return true;
}

static bool is_feed_name(struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.ptr[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' &&
		    c != '_')
			return false;
	}
	return name.len > 0 && name.len < NOTICES_FEED_BYTES;
}

static bool read_feed(struct notices *n, struct slice line)
{
	struct notices_feed feed = {.since_s = 0};
	struct slice name = slice_cut(&line, ' ');

	if (n->feed_count == NOTICES_FEEDS_MAX || !is_feed_name(name) ||
	    !notices_numbers(&feed.since_s, 1, line))
		return false;
	memcpy(feed.name, name.ptr, name.len);
	if (find_feed(n, feed.name) != NULL)
		return false;
	n->feeds[n->feed_count++] = feed;
	return true;
}

static bool read_target(struct notices *n, struct slice line)
{
	struct notices_target target;
	uint64_t numbers[TARGET_NUMBERS];

	if (n->target_count == NOTICES_TARGETS_MAX ||
	    !notices_id(&target.id, slice_cut(&line, ' ')) ||
	    !notices_numbers(numbers, TARGET_NUMBERS, line) ||
	    notices_find(n, target.id) != NULL)
		return false;
	target.epoch_s = numbers[0];
	memcpy(target.from, numbers + 1, sizeof target.from);
	for (unsigned k = 0; k < NOTICE_KINDS; k++)
		if (target.from[k] > n->kinds[k].steps)
			return false;
	n->targets[n->target_count++] = target;
	return true;
}

/* Feeds stand before targets. */
static bool read_line(struct notices *n, struct slice line)
{
	struct slice word = slice_cut(&line, ' ');

	if (slice_equal(word, slice_of("feed")))
		return n->target_count == 0 && read_feed(n, line);
	return slice_equal(word, slice_of("target")) && read_target(n, line);
}

enum err notices_read(struct notices *out, struct slice text)
{
	struct notices n = {.feed_count = 0};
	struct slice rest;

	enum err rc = notices_body(&rest, text, HEAD);
	if (rc != OK)
		return rc;
	for (unsigned k = 0; k < NOTICE_KINDS; k++)
		if (rest.len == 0 || !read_notice(&n.kinds[k], slice_cut(&rest, '\n'), k))
			return ERR_FORMAT;
	while (rest.len > 0)
		if (!read_line(&n, slice_cut(&rest, '\n')))
			return ERR_FORMAT;
	*out = n;
	return OK;
}
