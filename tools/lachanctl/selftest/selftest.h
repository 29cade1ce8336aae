/* selftest -- one known name per tier and category, asked of the running gateway.
 *
 *	names.c     which name is known to be listed in which category
 *	question.c  a query over UDP or TCP, and what its answer says
 *	page.c      the warning page
 *	selftest.c  which cells there are, and what became of each
 *	say.c       the same for people
 *
 * With --json:
 *
 *	{"passed",
 *	 "cells":[{"tier","category","name","expected":"block|open",
 *	           "got":"blocked|open|open-now|unfilled|unknown|wrong","answer","why"}],
 *	 "checks":[{"id":"dns-udp|dns-tcp|page|allowed","address","ok","why"}]}
 *
 * open-now: it would be blocked but for a window, a grant, a pause, a trial, or a name of the
 * school's own; why says which. unfilled: no list has a name of the category. unknown: lists
 * have, but none could be found to try. wrong: what came back is not what it should be.
 * Threads: one. */
#ifndef SELFTEST_SELFTEST_H
#define SELFTEST_SELFTEST_H

#include "lachanctl/ctl.h"
#include "net/addr.h"
#include "net/interfaces.h"

enum {
	SELFTEST_WHY_BYTES = 256
};

enum outcome {
	OUTCOME_BLOCKED,
	OUTCOME_OPEN,
	OUTCOME_OPEN_NOW,
	OUTCOME_UNFILLED,
	OUTCOME_UNKNOWN,
	OUTCOME_WRONG
};
enum {
	OUTCOMES = OUTCOME_WRONG + 1
};
/* Its word in JSON. */
const char *outcome_word(enum outcome outcome);

/* A tier and a category. */
struct cell {
	size_t tier, category; /* of the configuration */
	int index;             /* of the tier, as the filter numbers it */
	bool expected;         /* the configuration has the tier block the category */
	const json_t *said;    /* what the filter says of the name; NULL: none is known */
	enum outcome outcome;
	char why[SELFTEST_WHY_BYTES];
};

/* Something that is tried once. */
struct check {
	const char *id;
	char address[ADDR_TEXT_MAX];
	bool ok;
	char why[SELFTEST_WHY_BYTES];
};

enum {
	SELFTEST_CHECKS_MAX = 160
};

struct selftest {
	struct ctl *ctl;
	const struct config *config; /* never NULL */
	struct interfaces interfaces;
	json_t *reply; /* of the filter */
	json_t *more;  /* of the filter, about names from the lists; or NULL */
	json_t *status;
	uint64_t token;
	uint16_t option;
	struct cell *cells; /* config->tiers.count * config->categories.count, by tier */
	struct check checks[SELFTEST_CHECKS_MAX];
	size_t check_count;
};

static inline struct cell *cell_at(const struct selftest *t, size_t tier, size_t category)
{
	return &t->cells[tier * t->config->categories.count + category];
}

/* ---- names.c: arrays of {"category","name"}; the caller's ---- */

/* The names that ship for trying: CATEGORY.thu.lachan.example. */
json_t *names_for_trying(const struct config *config);
/* A few names of each category i with wanted[i], from the lists' stored copies. */
json_t *names_of_lists(const struct config *config, const bool *wanted);

/* ---- question.c ---- */

enum transport_kind {
	OVER_UDP,
	OVER_TCP
};

struct question {
	struct addr server; /* with its port */
	enum transport_kind transport;
	const char *name;
	uint16_t qtype;
	/* Of a test: the option, its word, the tier's index; option 0: as ourselves. */
	uint16_t option;
	uint64_t token;
	int index;
};

struct reply {
	bool came;
	unsigned rcode;
	size_t answers;      /* records of the answer section */
	struct addr address; /* of the first A or AAAA there; family 0: none */
	unsigned ede;        /* EDE_NONE: none */
};

/* Waits at most two seconds; a lost datagram is sent again. */
struct reply question_ask(const struct question *question);

/* ---- page.c ---- */

/* The status of GET / for `host` at `page`; 0: nobody answers. */
unsigned page_get(const struct addr *page, const char *host);

/* ---- say.c ---- */

void selftest_say(const struct selftest *t, bool passed);

#endif
