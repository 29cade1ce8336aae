/* change -- what a person decided about one feed: accept, off, on. */
#ifndef FEEDS_CHANGE_H
#define FEEDS_CHANGE_H

#include "feeds/run.h"
#include "feeds/store.h"

/* Does what options->mode (RUN_ACCEPT, RUN_OFF, RUN_ON) says to the feed called options->only,
 * and keeps it; the rules are the caller's. False, and logged, when nothing of it is held back
 * or nothing can be written. */
bool change_feed(struct store *s, const struct run_options *options);

#endif
