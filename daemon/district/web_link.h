/* web_link -- addresses of our own pages with their queries, encoded. Threads: as call.h. */
#ifndef DISTRICT_WEB_LINK_H
#define DISTRICT_WEB_LINK_H

#include "district/call.h"
#include "district/page.h"
#include "district/tree.h"

struct web_pair {
	const char *name;
	const char *value; /* NULL or "": left out */
};

/* "/coverage?list=silent&unit=a%20b" in the call's memory; pairs end with a name that is NULL. */
const char *web_link(struct call *c, const char *path, const struct web_pair *pairs);
/* "/units/ID" */
const char *web_unit_link(struct call *c, const char *unit);

/* Which unit a page is about: ?unit= or nothing. */
struct web_place {
	struct tree *tree;
	uint32_t node;    /* TREE_NONE: the whole department */
	const char *unit; /* "" then */
	const char *name; /* for people, in any case */
};
/* Loads the tree as of `day` and finds ?unit= in it. False: answered (404, 503). web_place_leave() afterwards, in any
 * case. */
MUST_CHECK bool web_place_find(
    struct call *c, struct page *p, int32_t day, struct web_place *out);
void web_place_leave(struct web_place *place);
/* From the whole department to the place, each with a link to `path` (its ?unit= set, `keep` behind it). */
void web_place_crumbs(struct call *c, struct page *p, const struct web_place *place,
    const char *path, const struct web_pair *keep);
/* The node whose children are shown below a place: its own, or the only root of the tree when that is no school; TREE_NONE
 * where there are several. */
uint32_t web_place_top(const struct web_place *place);
/* Whom sums over the place are over. The whole department, and the only root of its tree, are everybody: the store has that
 * summed already. *groups is the caller's, tree_groups_free(); it holds what *out borrows. ERR_MEMORY. */
MUST_CHECK enum err web_place_units(
    const struct web_place *place, struct tree_groups *groups, struct counts_units *out);
/* Those children: [*first, *first + *count). */
void web_place_children(const struct web_place *place, uint32_t *first, uint32_t *count);

#endif
