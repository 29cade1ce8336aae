/* pull -- one feed: its body on the way to the disk, and whether it is believed. */
#ifndef FEEDS_PULL_H
#define FEEDS_PULL_H

#include "feeds/cover.h"
#include "feeds/credentials.h"
#include "feeds/fetch.h"
#include "feeds/protect.h"
#include "feeds/store.h"

struct pull;

enum pull_how {
	PULL_IF_CHANGED, /* with the validators of the last good copy */
	PULL_WHOLE       /* the body in any case */
};

struct pull_options {
	const struct credentials *credentials;
	struct feed *feed;
	const struct protect *protect;
	const struct watch *watch;
	const char *rules_path; /* rules.db in force, where there is one */
	enum pull_how how;
	int64_t now_s;
	uint64_t random;
};

/* Queues the fetch of a feed. When it has ended, feed->meta says how and was saved,
 * feed->tried is set, and a new copy was committed to feed->copy_path, or to feed->held_path
 * when it waits for a person. Logs once.
 * *out is the caller's; keep it until the fetcher has nothing pending. ERR_MEMORY. */
MUST_CHECK enum err pull_start(
    struct pull **out, struct fetcher *fetcher, const struct pull_options *options);
void pull_free(struct pull *p); /* NULL is fine */

#endif
