/* obtain -- where the answer to a name comes from: what was found in the cache with the
 * batch, what upstream has just brought, the cache once more, or upstream, for which the
 * asker waits. The name is the question's own, or one it is led to (filter/rewrite.h). */
#ifndef FILTER_OBTAIN_H
#define FILTER_OBTAIN_H

#include "filter/query.h"

/* What is remembered beside a cached answer: a judging serial (filter/snapshot.h), and what
 * was found out under it. */
enum memory_flag {
	MEMORY_PLAIN = 1,   /* nobody's rule speaks of what the answer leads to */
	MEMORY_UNLISTED = 2 /* no feed names the name itself */
};

static inline uint64_t memory_of(const struct worker *w, unsigned flags)
{
	return w->snapshot->judging_serial << 2 | flags;
}

static inline bool memory_says(
    const struct worker *w, uint64_t memory, enum memory_flag flag)
{
	return memory >> 2 == w->snapshot->judging_serial && (memory & flag) != 0;
}

struct obtained {
	struct stored stored; /* borrows the worker's memory, until the request ends */
	uint32_t age_s;
	bool plain;
	enum ede_code ede; /* of OBTAIN_FAILED */
};

enum obtain_result {
	OBTAIN_DONE,
	OBTAIN_WAITS, /* the asker is kept; nothing is to be sent now */
	OBTAIN_FAILED
};

/* The answer of the request's type to its own name, of which the verdict says `unlisted`. */
enum obtain_result obtain_own(
    struct worker *w, struct request *r, bool unlisted, struct obtained *out);
/* The same to another name. */
enum obtain_result obtain_other(
    struct worker *w, struct request *r, struct dname name, struct obtained *out);

/* Whether what upstream brought is about this name, and not about one that was waited for under
 * rules of a moment ago. */
bool obtain_is_about(const struct letter *letter, struct dname name);

/* Keeps beside the request's cached answer what was found out about it. */
void obtain_remember(
    struct worker *w, const struct request *r, const struct verdict *v, bool plain);

#endif
