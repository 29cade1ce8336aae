/* run -- one run of lachan-feeds: which feeds, fetch, compile, publish, tell. */
#ifndef FEEDS_RUN_H
#define FEEDS_RUN_H

#include "conf/config.h"
#include "feeds/store.h"

enum run_mode {
	RUN_FETCH,  /* all feeds, or the one of `only` */
	RUN_DUE,    /* those whose time has come; quietly nothing when there are none */
	RUN_OFFLINE /* compile the copies that are there */
};

struct run_options {
	const struct config *config;
	enum run_mode mode;
	const char *only; /* a feed's name, or NULL */
	/* Called for each feed that was tried, once everything is done. */
	void (*on_feed)(void *context, const struct feed *feed);
	void *context;
};

/* True when nothing was refused and the rules in force are those of the copies. Whatever
 * went wrong was logged. */
bool run_feeds(const struct run_options *options);

#endif
