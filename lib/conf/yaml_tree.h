/* yaml_tree -- a YAML (or JSON) text as a tree whose every node knows where it stands.
 *
 * Stricter than YAML: no anchors, aliases or tags, no key twice in one map, one document,
 * at most YAML_TREE_MAX_DEPTH deep and YAML_TREE_MAX_BYTES long. Nodes and texts live in
 * the caller's arena. Threads: a finished tree is never written again. */
#ifndef CONF_YAML_TREE_H
#define CONF_YAML_TREE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/diag.h"

enum {
	YAML_TREE_MAX_BYTES = 1 << 20,
	YAML_TREE_MAX_DEPTH = 32
};

/* A place in a file; line and column count from 1. line 0: nowhere, the thing was not
 * written by anybody (a default). `file` is "" then. */
struct mark {
	const char *file;
	unsigned line;
	unsigned column;
};

enum yaml_kind {
	TREE_SCALAR,
	TREE_LIST,
	TREE_MAP
};

struct yaml_node {
	enum yaml_kind kind;
	bool quoted; /* a scalar in quotes or in a block: never a null, number or switch */
	struct mark mark;
	/* A scalar's text, NUL-terminated, without NUL inside. NULL otherwise. */
	const char *text;
	/* The children: a list's items, or a map's values in the order of the file. */
	size_t count;
	const struct yaml_node *items;
	/* A map's keys, as many as items; NULL otherwise. */
	const struct yaml_node *keys;
};

/* Reads `text`; an empty one is an empty map. `file` is what mistakes name and must outlive
 * the tree (NULL: a text nobody wrote, all marks are nowhere). Mistakes are added to `all`:
 * ERR_CONFIG when the tree could be read all the same (a key stands twice, an anchor), with
 * *out filled in, so that later checks can go on; ERR_FORMAT when it could not, ERR_MEMORY
 * when the arena is full, *out untouched. */
MUST_CHECK enum err yaml_tree_parse(struct yaml_node *out, struct slice text,
    const char *file, struct arena *arena, struct diags *all);

/* Where a tree is made: what nobody looks at once it was read may end before its texts. */
struct yaml_arenas {
	struct arena *nodes;
	struct arena *texts;
};

/* The same, with nodes and texts apart. */
MUST_CHECK enum err yaml_tree_parse_apart(struct yaml_node *out, struct slice text,
    const char *file, struct yaml_arenas arenas, struct diags *all);

/* The value of `key` in a map; NULL when it is not there or `map` is NULL or no map. */
const struct yaml_node *yaml_find(const struct yaml_node *map, const char *key);
/* The scalar under `key`, or `otherwise`. */
const char *yaml_text(const struct yaml_node *map, const char *key, const char *otherwise);
/* A scalar that says nothing: empty, ~ or null, without quotes. */
bool yaml_is_null(const struct yaml_node *node);
/* on yes true / off no false, in any case of letters. False when it is neither. */
bool yaml_to_bool(const struct yaml_node *node, bool *out);

/* The same values, however written: maps in any order, on for yes, 60s for 1m. */
bool yaml_equal(const struct yaml_node *a, const struct yaml_node *b);

/* `over` laid upon `under`: maps are merged key by key; of two lists of maps with a `name`
 * the items of one name are merged and new ones follow; else `over` wins, and of `schedules`
 * always: windows make sense together, as one timetable. ERR_MEMORY. */
MUST_CHECK enum err yaml_merge(struct yaml_node *out, const struct yaml_node *under,
    const struct yaml_node *over, struct arena *arena);

#endif
