/* Asking a tree. */
#include <stdlib.h>
#include <string.h>

#include "district/store/tree_internal.h"

int32_t tree_day(const struct tree *tree)
{
	return tree->day;
}

size_t tree_count(const struct tree *tree)
{
	return tree->count;
}

const struct tree_node *tree_node(const struct tree *tree, uint32_t node)
{
	return &tree->nodes[node];
}

void tree_roots(const struct tree *tree, uint32_t *first, uint32_t *count)
{
	*first = 0;
	*count = tree->root_count;
}

uint32_t tree_find_number(const struct tree *tree, uint32_t unit_number)
{
	return unit_number < tree->number_count && unit_number != 0
	    ? tree->node_of[unit_number]
	    : TREE_NONE;
}

uint32_t tree_find(const struct tree *tree, const char *unit)
{
	uint32_t number = 0;
	if (!text_map_find(&tree->numbers, unit, &number))
		return TREE_NONE;
	return tree_find_number(tree, number);
}

bool tree_is_below(const struct tree *tree, uint32_t node, uint32_t top)
{
	if (top == TREE_NONE)
		return true;
	while (node != TREE_NONE && node > top) /* parents stand before children */
		node = tree->nodes[node].parent;
	return node == top;
}

size_t tree_path(const struct tree *tree, uint32_t node, uint32_t *out, size_t max)
{
	size_t count = node == TREE_NONE ? 0 : tree->nodes[node].depth;
	size_t at = count < max ? count : max;

	for (; node != TREE_NONE && at > 0; node = tree->nodes[node].parent)
		out[--at] = node;
	return count < max ? count : max;
}

/* Breadth first, a subtree is one run of nodes on each level. */
void tree_visit(
    const struct tree *tree, uint32_t top, tree_visit_node *visit, void *context)
{
	uint32_t from = top == TREE_NONE ? 0 : top;
	uint32_t to = top == TREE_NONE ? tree->root_count : top + 1;

	while (from < to) {
		uint32_t next_to =
		    tree->nodes[to - 1].child_first + tree->nodes[to - 1].child_count;
		uint32_t next_from = tree->nodes[from].child_first;
		for (uint32_t node = from; node < to; node++)
			if (!visit(context, node))
				return;
		from = next_from;
		to = next_to;
	}
}

size_t tree_search(const struct tree *tree, struct slice text, uint32_t *out, size_t max)
{
	char wanted[256];
	size_t found = 0;

	tree_fold(wanted, sizeof wanted, slice_trim(text));
	if (wanted[0] == 0)
		return 0;
	for (uint32_t i = 0; i < tree->count && found < max; i++)
		if (strstr(tree->folded[i], wanted) != NULL ||
		    strcasestr(tree->nodes[i].unit, wanted) != NULL ||
		    strcasestr(tree->nodes[i].code, wanted) != NULL)
			out[found++] = i;
	return found;
}

/* ---- groups ---- */

/* The group of each node first, then of each unit that stands there. */
enum err tree_groups_by(const struct tree *tree, tree_group_of *group_of, void *context,
    size_t group_count, struct tree_groups *out)
{
	uint32_t *of_node = calloc(tree->count + 1, sizeof *of_node);
	uint32_t *of_unit = calloc(tree->number_count + 1, sizeof *of_unit);

	if (of_node == NULL || of_unit == NULL) {
		free(of_node);
		free(of_unit);
		return ERR_MEMORY;
	}
	for (uint32_t i = 0; i < tree->count; i++)
		of_node[i] = group_of(context, i);
	for (size_t u = 0; u < tree->number_count; u++)
		of_unit[u] = u == 0 || tree->node_of[u] == TREE_NONE
		    ? COUNTS_SKIP
		    : of_node[tree->node_of[u]];
	free(of_node);
	*out = (struct tree_groups){of_unit, tree->number_count, group_count};
	return OK;
}

struct grouping {
	const struct tree *tree;
	uint32_t top;
};

static uint32_t group_subtree(void *context, uint32_t node)
{
	const struct grouping *g = context;
	return tree_is_below(g->tree, node, g->top) ? 0 : COUNTS_SKIP;
}

enum err tree_groups_subtree(const struct tree *tree, uint32_t top, struct tree_groups *out)
{
	struct grouping g = {tree, top};
	return tree_groups_by(tree, group_subtree, &g, 1, out);
}

/* The child of the top that the node is below of; the top itself comes last. */
static uint32_t group_children(void *context, uint32_t node)
{
	const struct grouping *g = context;
	const struct tree *tree = g->tree;
	uint32_t first = g->top == TREE_NONE ? 0 : tree->nodes[g->top].child_first;
	uint32_t count =
	    g->top == TREE_NONE ? tree->root_count : tree->nodes[g->top].child_count;

	if (node == g->top)
		return count;
	while (node != TREE_NONE && tree->nodes[node].parent != g->top)
		node = tree->nodes[node].parent;
	return node == TREE_NONE ? COUNTS_SKIP : node - first;
}

enum err tree_groups_children(
    const struct tree *tree, uint32_t top, struct tree_groups *out)
{
	struct grouping g = {tree, top};
	size_t children =
	    top == TREE_NONE ? tree->root_count : tree->nodes[top].child_count;
	return tree_groups_by(tree, group_children, &g, children + 1, out);
}

void tree_groups_free(struct tree_groups *groups)
{
	free(groups->group_of);
	*groups = TREE_GROUPS_NONE;
}
