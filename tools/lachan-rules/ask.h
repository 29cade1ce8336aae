/* ask -- questions put to a rule database, and the lines of the lists that decided. */
#ifndef LACHAN_RULES_ASK_H
#define LACHAN_RULES_ASK_H

#include "base/buf.h"
#include "ruledb/ruledb.h"

enum ask_verdict {
	ASK_NONE,
	ASK_BLOCK,
	ASK_ALLOW,
	ASK_REWRITE
};

enum {
	ASK_NAMES_MAX = 1000000, /* in one batch */
	ASK_RULE_BYTES = 1000,
	ASK_WORDS_MAX = 8 /* names or tags of one client */
};

struct question {
	struct name_buf name;
	char type[16];
	uint16_t qtype;
	struct asker *asker; /* owned; NULL: nobody in particular */
	char *bad_name;      /* owned; what was asked is no question: nothing else counts */
	enum ask_verdict verdict;
	uint64_t categories; /* that list it */
	/* the rule that decided; feed -1 without one */
	int feed;
	unsigned depth; /* labels of its name; 0: a pattern */
	unsigned kind;
	uint32_t rule_number; /* RULEDB_NO_RULE: a plain rule */
	uint32_t data;        /* the rule whose data answer; RULEDB_NO_RULE: none */
	uint64_t line;        /* 0: the source is gone */
	char *rule;           /* the line, owned; NULL: the source is gone */
	size_t rule_len;
};

/* "NAME [TYPE [CLIENT]]": CLIENT is an address, `name=…` (to the end of the line) and
 * `tags=a,b`, in this order, any of them. ERR_FORMAT or ERR_RANGE with *why: it is no question;
 * ERR_MEMORY. */
MUST_CHECK enum err ask_read(struct question *out, struct slice line, struct diag *why);
/* What is no question keeps its place, with its own words and no verdict. ERR_MEMORY. */
MUST_CHECK enum err ask_read_bad(struct question *out, struct slice line);
/* Frees what the question owns. */
void ask_deinit(struct question *q);

const char *ask_verdict_text(enum ask_verdict verdict);
/* Fills all but the question itself and the line. */
void ask_decide(
    const struct ruledb *db, struct ruledb_scratch *scratch, struct question *q);
/* Fills line and rule of all questions; each list is read at most once. A list that is gone or
 * has changed leaves them as they were. ERR_MEMORY, ERR_FULL. */
MUST_CHECK enum err ask_find_lines(
    const struct ruledb *db, struct question *questions, size_t count);

/* What answers instead: "A" and "192.0.2.1", "CNAME" and a name, "RCODE" and "NXDOMAIN", "DROP"
 * or "TCP-ONLY" and nothing. False when the verdict is not ASK_REWRITE. */
bool ask_rewrite(
    const struct ruledb *db, const struct question *q, char type[16], struct buf *data);

#endif
