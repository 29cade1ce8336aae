/* obtain -- where the answer to a name comes from: what was found in the cache with the
 * batch, what upstream has just brought, the cache once more, or upstream, for which the
 * asker waits. The name is the question's own, or one it is led to (filter/rewrite.h). */
#ifndef FILTER_OBTAIN_H
#define FILTER_OBTAIN_H

#include "filter/query.h"

/* What is remembered beside a cached answer:
 *
 *	44  the judging serial (filter/snapshot.h) under which the flags were found out
 *	16  the tag of the route that brought the answer: it holds whatever the serial is
 *	 4  flags */
enum memory_flag {
	MEMORY_PLAIN = 1,    /* nobody's rule speaks of what the answer leads to */
	MEMORY_UNLISTED = 2, /* no feed names the name itself */
	/* The name is not answered here, this is the answer of its own route, and every
	 * address in it may be given for it (filter/rebind.h). */
	MEMORY_SOUND = 4,
	/* Of a question on its way: its name may have private addresses. */
	MEMORY_AT_HOME = 8
};

static inline uint64_t memory_of(const struct worker *w, uint16_t route_tag, unsigned flags)
{
	return w->snapshot->judging_serial << 20 | (uint64_t)route_tag << 4 | flags;
}

/* The tag that a memory has. */
static inline uint16_t memory_route_tag(uint64_t memory)
{
	return (uint16_t)(memory >> 4);
}

static inline bool memory_says(
    const struct worker *w, uint64_t memory, enum memory_flag flag)
{
	return memory >> 20 == w->snapshot->judging_serial && (memory & flag) != 0;
}

struct obtained {
	struct stored stored; /* borrows the worker's memory, until the request ends */
	uint32_t age_s;
	bool plain;
	bool sound;        /* every address may be given; found out by the caller */
	bool stale;        /* expired: the answer says so (filter/stale.h) */
	enum ede_code ede; /* of OBTAIN_FAILED */
};

enum obtain_result {
	OBTAIN_DONE,
	OBTAIN_WAITS, /* the asker is kept; nothing is to be sent now */
	OBTAIN_FAILED
};

/* The answer of the request's type to its own name, of which the verdict says `unlisted`, and
 * which is not answered here. */
enum obtain_result obtain_own(
    struct worker *w, struct request *r, bool unlisted, struct obtained *out);
/* The same to another name, of which `found` is known. */
enum obtain_result obtain_other(struct worker *w, struct request *r, struct dname name,
    const struct local_found *found, struct obtained *out);

/* Whether what upstream brought is about this name, and not about one that was waited for under
 * rules of a moment ago. */
bool obtain_is_about(const struct letter *letter, struct dname name);

/* What was found out about an answer, kept beside it where it lies in the cache. */
struct finding {
	bool plain;
	bool sound;
};
void obtain_remember(struct worker *w, const struct request *r, const struct verdict *v,
    struct finding finding);

#endif
