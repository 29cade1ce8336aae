/* grants -- names that somebody opened or closed for a while, as an index for workers.
 *
 * The program keeps the list (and its file) and makes a new index whenever the list or the
 * policy changes: names are hashed under the policy's key, tiers and groups are its indices.
 * A grant ends by itself, when it is used, not when somebody looks: an index may hold ended
 * ones. Allow grants need a trusted clock; deny grants do not.
 *
 * Of the live grants that speak of a name for somebody the narrower scope wins: the longer
 * client prefix, then the room, then the tier, then everybody; within one scope the longer
 * name; of one name the later grant (the greater id).
 *
 * Threads: an index never changes; any number may read it. */
#ifndef POLICY_GRANTS_H
#define POLICY_GRANTS_H

#include "net/prefix.h"
#include "policy/policy.h"

enum grant_scope {
	SCOPE_ALL,
	SCOPE_TIER,  /* `subject` is its name */
	SCOPE_GROUP, /* likewise */
	SCOPE_CLIENTS
};

struct grant {
	uint32_t id; /* never 0 */
	bool deny;
	/* A teacher's opening: it opens content alone. A name that a category in force lists
	 * which is sensitive, of security, or leads past the filter stays closed below it,
	 * and so does what its answers lead to; safe search stays. Never of `deny`. */
	bool content_only;
	enum grant_scope scope;
	struct dname name;     /* with all below it; not the root */
	const char *subject;   /* "" where the scope has none */
	struct prefix clients; /* of SCOPE_CLIENTS */
	bool always;
	int64_t until_wall_s; /* the first second in which it is over; not of `always` */
	/* It is over then too, whatever the calendar says: a clock that was put back does
	 * not make it longer. UINT64_MAX: not known. */
	uint64_t until_mono_ms;
	int64_t made_wall_s;
	const char *by;
	const char *reason;
};

/* Copies the items. On success *out is the caller's; end it with grants_free(). Grants for
 * a tier or room that the policy does not have, and those of the root, are left out.
 * ERR_MEMORY. */
MUST_CHECK enum err grants_build(struct grants **out, const struct policy *policy,
    const struct grant *items, size_t count);
/* NULL is fine. */
void grants_free(struct grants *grants);

size_t grants_count(const struct grants *grants);
/* Those that apply somewhere, in the order given; i below grants_count(). */
const struct grant *grants_at(const struct grants *grants, size_t i);

/* The grant that decides for this question, or NULL. `grants` may be NULL. O(labels);
 * allocates nothing. */
const struct grant *grants_find(const struct grants *grants, const struct policy_who *who,
    const struct policy_question *question, struct moment now);

/* The same, as if there were no grants of content alone. */
const struct grant *grants_find_firm(const struct grants *grants,
    const struct policy_who *who, const struct policy_question *question,
    struct moment now);

/* mono_ms at which it ends by itself; UINT64_MAX for `always`. */
uint64_t grant_end_ms(const struct grant *grant, struct moment now);
bool grant_is_live(const struct grant *grant, struct moment now);

#endif
