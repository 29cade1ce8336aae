/* selftest -- questions that are answered as those of a given tier, for `lachanctl selftest`.
 *
 * A tier belongs to addresses that the gateway itself does not have. So that its whole path can
 * be tried (socket, parser, policy, answer) for every tier, main hands out a random word over
 * the control socket, good for half a minute; a query that carries it in an EDNS option of
 * local use (RFC 6891 section 9), with the tier's index behind it, is judged as of that tier,
 *
 *	+--------------+----------+---------------+-------+
 *	| option 65253 | length 9 | word (8 octets)| tier |
 *	+--------------+----------+---------------+-------+
 *
 * is counted nowhere, and is never sent upstream: what passes is SERVFAIL. Without a test under
 * way it costs a query one flag. Threads: selftest_takes of workers, the others of main. */
#ifndef FILTER_SELFTEST_H
#define FILTER_SELFTEST_H

#include "filter/query.h"

enum {
	SELFTEST_OPTION = 65253,
	SELFTEST_MS = 30 * 1000
};

/* Begins a test, or goes on with one; returns its word, never 0. */
uint64_t selftest_begin(struct filter *f);
/* Ends one whose time is over. */
void selftest_tidy(struct filter *f);

/* Is this query one of the test's? Then its asker is of the tier it names. */
bool selftest_takes(const struct worker *w, struct request *r);

#endif
