/* run -- one run of lachan-feeds: which feeds, fetch, compile, publish, tell. */
#ifndef FEEDS_RUN_H
#define FEEDS_RUN_H

#include "conf/config.h"
#include "feeds/credentials.h"
#include "feeds/store.h"

enum run_mode {
	RUN_FETCH,   /* all feeds, or the one of `only` */
	RUN_DUE,     /* those whose time has come; quietly nothing when there are none */
	RUN_OFFLINE, /* compile the copies that are there */
	/* What a person decided about the feed `only`; then as RUN_OFFLINE, but a text that
	 * is not kept is fetched. */
	RUN_ACCEPT, /* the body that is held */
	RUN_OFF,
	RUN_ON
};

struct run_options {
	const struct config *config;
	const struct credentials *credentials;
	enum run_mode mode;
	const char *only; /* a feed's name; NULL: all, where the mode allows that */
	/* Called for each feed that was tried or changed, once everything is done. */
	void (*on_feed)(void *context, const struct feed *feed);
	void *context;
};

/* True when nothing was refused or held, what a person decided was done, and the rules in force are those of the copies. Whatever
 * went wrong was logged. */
bool run_feeds(const struct run_options *options);

#endif
