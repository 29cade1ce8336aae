/* tree -- all units as of a day, in memory: parents, children, and who goes on with whom.
 *
 * A tree never changes once made. Nodes are indices 0 … tree_count()-1, in order of depth,
 * so that a parent's index is below its children's. A unit is in the tree when it has a
 * version in force on that day; a unit whose parent is not in force hangs at the root. The
 * root itself is no unit: TREE_NONE.
 *
 * Threads: any number may read one tree; `struct trees` may be used by all threads (its
 * mutex is inside), each with its own store. */
#ifndef DISTRICT_TREE_H
#define DISTRICT_TREE_H

#include "district/counts.h"

#define TREE_NONE UINT32_MAX

struct tree;
struct trees;

/* Keeps the few trees that are asked for; they are loaded again after units changed. */
MUST_CHECK enum err trees_new(struct trees **out);
void trees_free(struct trees *trees);
/* The tree as of `day`. The caller gives it back by tree_release(); it outlives `trees`. */
MUST_CHECK enum err trees_at(
    struct trees *trees, struct store *store, int32_t day, struct tree **out);
/* The same, without the shared shelf: for tools. */
MUST_CHECK enum err tree_load(struct store *store, int32_t day, struct tree **out);
void tree_release(struct tree *tree);

int32_t tree_day(const struct tree *tree);
size_t tree_count(const struct tree *tree);

struct tree_node {
	const char *unit;
	const char *name;
	const char *level;
	const char *code;
	const char *kinds;
	const char *contact;
	uint32_t number; /* of the unit, as in struct unit */
	uint32_t pupils;
	uint32_t parent;      /* TREE_NONE at the root */
	uint32_t depth;       /* 1 at the root */
	uint32_t schools;     /* nodes with `sends` in its subtree, itself too */
	uint32_t child_first; /* children are child_first … child_first + child_count - 1 */
	uint32_t child_count;
	bool sends;
};
/* `node` < tree_count(). */
const struct tree_node *tree_node(const struct tree *tree, uint32_t node);
/* The children of the root. */
void tree_roots(const struct tree *tree, uint32_t *first, uint32_t *count);

/* The node, or TREE_NONE; a unit that was merged gives its successor's node. */
uint32_t tree_find(const struct tree *tree, const char *unit);
uint32_t tree_find_number(const struct tree *tree, uint32_t unit_number);
/* Whether `node` is `top` or below it; top TREE_NONE: yes. */
bool tree_is_below(const struct tree *tree, uint32_t node, uint32_t top);
/* The nodes from the root to `node` itself; returns how many, at most `max` are written
 * (the deepest). */
size_t tree_path(const struct tree *tree, uint32_t node, uint32_t *out, size_t max);
/* Calls for the node's whole subtree, itself first, parents before children; top TREE_NONE:
 * all. */
typedef bool tree_visit_node(void *context, uint32_t node);
void tree_visit(
    const struct tree *tree, uint32_t top, tree_visit_node *visit, void *context);
/* Nodes whose name, unit or code holds `text` (case of letters and Vietnamese marks aside),
 * schools and others, at most `max`; returns how many. */
size_t tree_search(const struct tree *tree, struct slice text, uint32_t *out, size_t max);

/* ---- for counts.h: merged units in their successor's group ---- */

/* An array for counts_units, made by the functions below; tree_groups_free(). */
struct tree_groups {
	uint32_t *group_of;
	size_t unit_count;
	size_t group_count;
};
#define TREE_GROUPS_NONE ((struct tree_groups){NULL, 0, 0})
static inline struct counts_units tree_units(const struct tree_groups *groups)
{
	return (struct counts_units){
	    groups->group_of, groups->unit_count, groups->group_count};
}
/* The subtree of `top` as group 0. */
MUST_CHECK enum err tree_groups_subtree(
    const struct tree *tree, uint32_t top, struct tree_groups *out);
/* Each child of `top` (TREE_NONE: of the root) with its subtree is a group, in the order of
 * the children, and behind them `top` itself: child_count + 1 groups. */
MUST_CHECK enum err tree_groups_children(
    const struct tree *tree, uint32_t top, struct tree_groups *out);
/* Group of each node by `group_of(context, node)`, COUNTS_SKIP leaves it out. */
typedef uint32_t tree_group_of(void *context, uint32_t node);
MUST_CHECK enum err tree_groups_by(const struct tree *tree, tree_group_of *group_of,
    void *context, size_t group_count, struct tree_groups *out);
void tree_groups_free(struct tree_groups *groups);

#endif
