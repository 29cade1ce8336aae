/* What IT is told of: whether names are filtered, room on the disk, lists that grow old.
 * Summaries that wait too long are notices_share.c's. */
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#include "conf/config.h"
#include "desk/desk.h"
#include "desk/filter.h"
#include "desk/notices.h"
#include "kit/feed_meta.h"
#include "kit/log.h"

enum {
	FEEDS_EVERY_MS = 5 * 60 * 1000,
	SHARE_EVERY_MS = 5 * 60 * 1000,
	UNFILTERED_FOR_S = 60,
	REFRESHES = 3,
	REFUSED_FOR_S = 3 * 24 * 3600,
	MS = 1000,
	FULL_BYTES = 64 << 20, /* so little is nearly nothing, ... */
	FULL_PART = 20,        /* ... as is a twentieth of the whole, ... */
	ROOM_BYTES = 1 << 30,  /* ... unless so much is left */
	FULL_FILES = 100,      /* of those it may still hold */
	AGAIN = 2              /* it is over at so many times that */
};

static void note(struct desk *desk, enum notice_kind kind, bool changed)
{
	if (!changed)
		return;
	desk->notices->changed = true;
	if (desk->notices->n.kinds[kind].since_s == 0)
		log_info("notices", "%s: %s", notice_word(kind),
		    notice_holds(&desk->notices->n, kind) ? "begins" : "ends");
}

/* ---- the disk ---- */

static bool is_nearly_full(const struct statvfs *fs, unsigned times)
{
	uint64_t block = fs->f_frsize;
	uint64_t free_bytes = (uint64_t)fs->f_bavail * block;
	uint64_t whole = (uint64_t)fs->f_blocks * block;

	if ((fs->f_flag & ST_RDONLY) != 0)
		return true;
	if (fs->f_files > 0 && fs->f_favail < (fsfilcnt_t)FULL_FILES * times)
		return true;
	return free_bytes < (uint64_t)FULL_BYTES * times ||
	    (free_bytes < whole / FULL_PART * times &&
	        free_bytes < (uint64_t)ROOM_BYTES * times);
}

static void look_at_disk(struct desk *desk)
{
	struct desk_notices *s = desk->notices;
	struct statvfs fs;
	bool full = desk_mono_ms() < s->refused_until_ms;
	unsigned times = notice_holds(&s->n, NOTICE_DISK_FULL) ? AGAIN : 1;

	if (!full && statvfs(desk->config->server.state_dir.text, &fs) == 0)
		full = is_nearly_full(&fs, times);
	note(desk, NOTICE_DISK_FULL,
	    notices_look(&s->n, NOTICE_DISK_FULL, full, (uint64_t)desk_wall_s(), 0));
}

/* ---- the feeds ---- */

/* "2026-11-22T03:15:00Z"; 0 when there is none. */
static uint64_t time_of(const json_t *text)
{
	struct tm utc = {.tm_sec = 0};
	const char *end = json_is_string(text)
	    ? strptime(json_string_value(text), "%Y-%m-%dT%H:%M:%SZ", &utc)
	    : NULL;
	time_t at = end == NULL || *end != 0 ? 0 : timegm(&utc);

	return at > 0 ? (uint64_t)at : 0;
}

static bool is_well(const json_t *meta)
{
	const char *result = json_string_value(json_object_get(meta, "result"));

	return json_is_true(json_object_get(meta, "off")) ||
	    (result != NULL &&
	        (strcmp(result, "ok") == 0 || strcmp(result, "unchanged") == 0));
}

/* Good, and looked at lately: the meta file says when. Failing: since when we have seen it
 * fail, for the meta file does not. */
static bool is_stale(struct desk *desk, const struct config_feed *feed, const json_t *meta)
{
	struct desk_notices *s = desk->notices;
	uint64_t now_s = (uint64_t)desk_wall_s();
	uint64_t longest_s = REFRESHES * (feed->refresh_ms / MS);

	if (is_well(meta)) {
		uint64_t checked_s = time_of(json_object_get(meta, "checked"));
		if (notices_feed_is_fine(&s->n, feed->name.text))
			s->changed = true;
		return !json_is_true(json_object_get(meta, "off")) && checked_s > 0 &&
		    now_s > checked_s + longest_s;
	}
	uint64_t since_s = notices_feed_fails(&s->n, feed->name.text, now_s, &s->changed);
	if (longest_s > REFUSED_FOR_S)
		longest_s = REFUSED_FOR_S;
	return since_s != 0 && now_s - since_s > longest_s;
}

/* Lines of feeds that are configured no more. */
static void forget_the_gone(struct desk *desk)
{
	const struct config_feeds *feeds = &desk->config->filter.feeds;
	struct notices *n = &desk->notices->n;

	for (size_t i = n->feed_count; i-- > 0;) {
		bool here = false;
		for (size_t f = 0; f < feeds->count && !here; f++)
			here = feeds->items[f].enabled &&
			    strcmp(feeds->items[f].name.text, n->feeds[i].name) == 0;
		if (!here && notices_feed_is_fine(n, n->feeds[i].name))
			desk->notices->changed = true;
	}
}

static void look_at_feeds(struct desk *desk)
{
	const struct config_feeds *feeds = &desk->config->filter.feeds;
	uint64_t stale = 0;

	if (desk_mono_ms() < desk->notices->next_feeds_ms)
		return;
	desk->notices->next_feeds_ms = desk_mono_ms() + FEEDS_EVERY_MS;
	forget_the_gone(desk);
	for (size_t i = 0; i < feeds->count; i++) {
		if (!feeds->items[i].enabled)
			continue;
		json_t *meta = feed_meta_read(
		    desk->config->server.state_dir.text, feeds->items[i].name.text);
		stale += is_stale(desk, &feeds->items[i], meta) ? 1 : 0;
		json_decref(meta);
	}
	if (notices_look_feeds(&desk->notices->n, stale)) {
		desk->notices->changed = true;
		log_info("notices", "feed_stale: %llu", (unsigned long long)stale);
	}
}

/* ---- sharing ---- */

static void look_at_sharing(struct desk *desk)
{
	struct desk_notices *s = desk->notices;

	if (desk_mono_ms() < s->next_share_ms)
		return;
	s->next_share_ms = desk_mono_ms() + SHARE_EVERY_MS;
	note(desk, NOTICE_NOT_SHARED,
	    notices_look(&s->n, NOTICE_NOT_SHARED, notices_is_not_shared(desk),
	        (uint64_t)desk_wall_s(), 0));
}

/* ---- the filter ---- */

static bool is_unfiltered(const json_t *status)
{
	const json_t *rules = json_object_get(status, "rules");
	const char *source = json_string_value(json_object_get(rules, "source"));

	return !filter_agreed(status) ||
	    json_array_size(json_object_get(status, "paused")) > 0 ||
	    json_is_false(json_object_get(status, "enforce")) || source == NULL ||
	    strcmp(source, "none") == 0;
}

static void on_status(void *context, const json_t *status)
{
	struct desk *desk = context;

	/* The desk is about to end. */
	if (desk->filter == NULL || desk->notices == NULL)
		return;
	desk->notices->filter_asked = false;
	note(desk, NOTICE_UNFILTERED,
	    notices_look(&desk->notices->n, NOTICE_UNFILTERED, is_unfiltered(status),
	        (uint64_t)desk_wall_s(), UNFILTERED_FOR_S));
	/* A router that woke without a clock knows no age. */
	if (json_is_true(json_object_get(status, "clock_trusted"))) {
		look_at_feeds(desk);
		look_at_sharing(desk);
	}
	notices_keep(desk);
}

static void look_at_filter(struct desk *desk)
{
	struct desk_notices *s = desk->notices;

	if (!s->filter_asked)
		s->filter_asked =
		    filter_ask(desk->filter, json_pack("{s:s}", "command", "status"),
		        on_status, desk) == OK;
}

void notices_look_around(struct desk *desk)
{
	look_at_filter(desk);
	look_at_disk(desk);
}
