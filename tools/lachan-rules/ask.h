/* ask -- names put to a rule database, and the lines of the lists that decided. */
#ifndef LACHAN_RULES_ASK_H
#define LACHAN_RULES_ASK_H

#include "base/buf.h"
#include "ruledb/ruledb.h"

enum ask_verdict {
	ASK_NONE,
	ASK_BLOCK,
	ASK_ALLOW
};

enum {
	ASK_NAMES_MAX = 1000000, /* in one batch */
	ASK_RULE_BYTES = 1000
};

struct question {
	struct name_buf name;
	char type[16];
	char *bad_name; /* owned; what was asked is no name or type: nothing else counts */
	enum ask_verdict verdict;
	uint64_t categories; /* that list it */
	/* the rule that decided; feed -1 without one */
	int feed;
	unsigned depth;
	unsigned kind;
	uint64_t line; /* 0: the source is gone */
	char *rule;    /* the line, owned; NULL: the source is gone */
	size_t rule_len;
};

const char *ask_verdict_text(enum ask_verdict verdict);
/* Fills all but the name and the type. */
void ask_decide(const struct ruledb *db, struct question *q);
/* Fills line and rule of all questions; each list is read at most once. A list that is gone or
 * has changed leaves them as they were. ERR_MEMORY, ERR_FULL. */
MUST_CHECK enum err ask_find_lines(
    const struct ruledb *db, struct question *questions, size_t count);

#endif
