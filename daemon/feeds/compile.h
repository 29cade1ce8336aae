/* compile -- all last good copies into one rules.db, verified before it is published. */
#ifndef FEEDS_COMPILE_H
#define FEEDS_COMPILE_H

#include "conf/config.h"
#include "feeds/protect.h"
#include "feeds/store.h"
#include "kit/digest.h"

/* What to do when a copy turns out to be damaged. */
enum compile_damaged {
	COMPILE_NOT_WITHOUT, /* publish nothing: what is in force knows its names */
	COMPILE_WITHOUT      /* better than no rules */
};

struct compile_options {
	const struct config *config;
	const struct protect *protect;
	const char *rules_path; /* state_dir/rules.db */
	int64_t now_s;
	enum compile_damaged damaged;
};

struct compile_summary {
	uint64_t names; /* distinct, of all feeds */
	uint64_t rules;
	size_t feeds;
	size_t damaged; /* copies that could not be read; they are removed */
};

/* The digest of everything rules.db depends on. ERR_MEMORY. */
MUST_CHECK enum err compile_digest(const struct store *s,
    const struct compile_options *options, char out[DIGEST_TEXT_BYTES]);

/* Reads every copy, writes the database beside `rules_path`, verifies it and renames it
 * into place, the one before kept as ".prev". The counts of each feed go into its meta
 * (which the caller saves). ERR_AGAIN (COMPILE_NOT_WITHOUT and damaged copies: fetch them
 * anew), ERR_IO, ERR_MEMORY, ERR_FULL, ERR_FORMAT with *why; then nothing was published. */
MUST_CHECK enum err compile_publish(struct store *s, const struct compile_options *options,
    struct compile_summary *summary, struct diag *why);

#endif
