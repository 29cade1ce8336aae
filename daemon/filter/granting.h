/* granting -- what the commands that open and close names share: what may be granted at all, and
 * how it is recorded. Threads: main alone. */
#ifndef FILTER_GRANTING_H
#define FILTER_GRANTING_H

#include "filter/command.h"

struct moment granting_now(const struct command *c);
const struct snapshot *granting_snapshot(const struct command *c);

enum suffix_kind {
	SUFFIX_OF_REGISTRY, /* "vn", "edu.vn": everybody's names are below it */
	SUFFIX_OF_ANYBODY   /* and "blogspot.com": other people's sites are */
};

/* Whether it is a top-level domain or public suffix: a grant would reach every site below. */
bool granting_is_suffix(struct dname name, enum suffix_kind kind);
/* NULL: filter.groups has no such room. */
const struct config_group *granting_find_group(
    const struct config *config, const char *name);

/* Whether the department requires that the name be closed for the tier or the room of the
 * grant, so that it would open nothing. Of other scopes false: it may open something. */
bool granting_is_required(const struct command *c, const struct grant_record *g);

/* `reason` of the request, if it has one; false: it has failed. */
bool granting_read_reason(struct command *c, struct grant_record *g);

/* The sentence (a msgid) for what publisher_grant() or publisher_revoke() returned. */
const char *granting_failure(enum err rc);

/* What somebody did, into audit.log: the name and whom it was done for, never one device. */
struct granted {
	const char *actor;
	const char *action;
	const struct grant_record *grant;
};
void granting_record(struct command *c, const struct granted *what);
/* `scope`, words of tiers or rooms parted by commas, as it may stand beside a name: "one device"
 * where one of them is no more than that. Borrowed. */
const char *granting_scope(const struct config *config, const char *scope);

#endif
