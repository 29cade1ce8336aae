/* store -- state_dir/feeds: the last good copy of each feed and what is known of it.
 * lachan-feeds is its only writer; a lock keeps two runs apart. */
#ifndef FEEDS_STORE_H
#define FEEDS_STORE_H

#include <stdbool.h>

#include "base/diag.h"
#include "base/err.h"
#include "base/file.h"
#include "conf/config.h"
#include "feeds/meta.h"

enum {
	STORE_DIGEST_BYTES = 65 /* SHA-256 in hex, with the NUL */
};

/* One feed of the configuration during a run. */
struct feed {
	const struct config_feed *config;
	char copy_path[FILE_PATH_BYTES];
	char held_path[FILE_PATH_BYTES]; /* NAME.held.gz: what meta.held speaks of */
	char meta_path[FILE_PATH_BYTES];
	struct meta meta;
	bool has_copy;  /* NAME.gz is there */
	bool refused;   /* in this run; meta.reason says why */
	bool held;      /* in this run: the body that came waits for a person */
	bool tried;     /* in this run */
	bool changed;   /* in this run, as a person asked: accepted, off, on */
	unsigned lists; /* of rules.db, as it was compiled last: 1, of a bundle its lists */
};

struct store {
	char folder[FILE_PATH_BYTES];
	int lock_fd;
	struct feed *feeds; /* the enabled ones, in the order of the configuration */
	size_t count;
	const struct config_feeds *configured; /* with those switched off */
};

#define STORE_NONE ((struct store){.lock_fd = -1})

/* What to do when another run holds the lock. */
enum store_wait {
	STORE_WAIT,
	STORE_GO_AWAY /* ERR_AGAIN */
};

/* Makes the folder, takes the lock, removes what a killed run left, reads every meta file,
 * and ends what a run killed in store_accept() began.
 * `feeds` must outlive the store. ERR_IO, ERR_MEMORY, ERR_RANGE with *why; ERR_AGAIN. */
MUST_CHECK enum err store_open(struct store *s, const char *state_folder,
    const struct config_feeds *feeds, enum store_wait wait, struct diag *why);
/* Also after a failed or no store_open() on STORE_NONE. */
void store_close(struct store *s);

MUST_CHECK enum err store_save_meta(const struct feed *feed);

/* A person said yes to the body that is held: it becomes the last good copy, and its digest
 * is remembered. Where its text is gone it is fetched again, whole, at the next due run.
 * Killed at any moment, the next store_open() ends it. ERR_NOT_FOUND when nothing is held,
 * ERR_IO with errno. */
MUST_CHECK enum err store_accept(struct feed *feed);
/* Nothing is held any more: a better body came. The caller saves the meta. */
void store_forget_held(struct feed *feed);

/* Removes copies and meta files of feeds that the configuration no longer has. */
void store_remove_strangers(const struct store *s);
/* Removes all copies (keep_sources: no) but those of bundles; meta files stay. */
void store_remove_copies(struct store *s);

/* The digest recorded with the last publication; "" when there is none. */
void store_read_inputs(const struct store *s, char out[STORE_DIGEST_BYTES]);
MUST_CHECK enum err store_write_inputs(const struct store *s, const char *digest);

#endif
