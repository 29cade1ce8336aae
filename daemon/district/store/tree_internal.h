/* tree_internal -- how a tree lies in memory. */
#ifndef DISTRICT_STORE_TREE_INTERNAL_H
#define DISTRICT_STORE_TREE_INTERNAL_H

#include <stdatomic.h>

#include "district/store/text_map.h"
#include "district/tree.h"

struct tree {
	atomic_uint references; /* the last to release frees */
	struct arena memory;
	int32_t day;
	uint64_t revision; /* of the units, when it was loaded */
	struct tree_node *nodes;
	size_t count;
	uint32_t root_count; /* nodes 0 … root_count - 1 */
	uint32_t *node_of; /* by unit number: its node, or that of whom its counts go to */
	bool *in_force;    /* by unit number: it is a node itself */
	size_t number_count;
	struct text_map numbers; /* unit to number, of all units ever */
	char **folded;           /* by node: what tree_search() looks in */
};

/* Letters without case and Vietnamese marks ("Trường" is "truong"), for searching. The
 * result is never longer than the text. */
void tree_fold(char *out, size_t size, struct slice text);

#endif
