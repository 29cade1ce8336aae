/* Loading a tree: the versions in force on a day, ordered by breadth. */
#include <stdlib.h>
#include <string.h>

#include "district/store/internal.h"
#include "district/store/tree_internal.h"

enum {
	MEMORY_MAX = 512 * 1024 * 1024,
	HOPS_MAX = 64, /* from successor to successor, from parent to parent */
	FOLDED_BYTES = 2 * STORE_TEXT_BYTES
};

/* A unit's last version that had begun by the day. */
struct loaded {
	struct unit unit; /* texts are the tree's */
	bool there;
	bool in_force;
	bool queued;
	uint32_t parent;      /* number, 0 none */
	uint32_t first_child; /* numbers, in lists */
	uint32_t next_sibling;
};

struct loading {
	struct tree *tree;
	struct loaded *units; /* by number */
	size_t count;
};

static const char *keep(struct loading *l, const char *text)
{
	return arena_text(&l->tree->memory, slice_of(text));
}

static enum err take_unit(struct loading *l, const struct sql_rows *rows)
{
	size_t number = (size_t)sql_get_number(rows, 0);
	struct loaded *u = number < l->count ? &l->units[number] : NULL;

	if (u == NULL)
		return OK;     /* it came while we were counting */
	bool again = u->there; /* a later version of the same unit */
	u->there = true;
	u->unit = (struct unit){.number = (uint32_t)number,
	    .unit = keep(l, sql_get_text(rows, 1)),
	    .from = (int32_t)sql_get_number(rows, 2),
	    .until = (int32_t)sql_get_number(rows, 3),
	    .name = keep(l, sql_get_text(rows, 4)),
	    .level = keep(l, sql_get_text(rows, 5)),
	    .parent = keep(l, sql_get_text(rows, 6)),
	    .kinds = keep(l, sql_get_text(rows, 7)),
	    .contact = keep(l, sql_get_text(rows, 8)),
	    .pupils = (uint32_t)sql_get_number(rows, 9),
	    .sends = sql_get_number(rows, 10) != 0,
	    .successor = keep(l, sql_get_text(rows, 11)),
	    .code = keep(l, sql_get_text(rows, 12))};
	u->in_force = u->unit.until > l->tree->day;
	if (u->unit.unit == NULL || u->unit.name == NULL || u->unit.level == NULL ||
	    u->unit.parent == NULL || u->unit.kinds == NULL || u->unit.contact == NULL ||
	    u->unit.successor == NULL || u->unit.code == NULL ||
	    (!again &&
	        text_map_put(&l->tree->numbers, u->unit.unit, (uint32_t)number) == NULL))
		return ERR_MEMORY;
	return OK;
}

/* The versions that had begun by the day; of each unit the last one stays. */
static enum err load_units(struct store *store, struct loading *l)
{
	struct sql_rows rows;
	int64_t highest = 0;

	enum err rc = sql_one_number(
	    store->sql, "SELECT MAX(number) FROM units", SQL_NO_ARGS, &highest);
	if (rc != OK)
		return rc;
	l->count = (size_t)highest + 1;
	l->units = calloc(l->count, sizeof *l->units);
	if (l->units == NULL)
		return ERR_MEMORY;
	sql_stream(store->sql, &rows,
	    "SELECT u.number, u.unit, v.day_from, v.day_until, v.name, v.level, v.parent, v.kinds,"
	    " v.contact, v.pupils, v.sends, v.successor, v.code FROM unit_versions v"
	    " JOIN units u ON u.number = v.unit WHERE v.day_from <= $1"
	    " ORDER BY v.unit, v.day_from",
	    SQL_ARGS(sql_number(l->tree->day)));
	while (sql_next(&rows)) {
		rc = take_unit(l, &rows);
		if (rc != OK)
			rows.rc = rc;
	}
	return sql_done(&rows);
}

static uint32_t number_of(const struct loading *l, const char *unit)
{
	uint32_t number = 0;
	(void)text_map_find(&l->tree->numbers, unit, &number);
	return number;
}

/* Who is there on the day for a unit: itself, or its successor's, or (ended without one) its
 * last parent's; 0 nobody. */
static uint32_t stands_for(const struct loading *l, uint32_t number)
{
	for (unsigned hops = 0; number != 0 && hops < HOPS_MAX; hops++) {
		const struct loaded *u = &l->units[number];
		if (!u->there)
			return 0;
		if (u->in_force)
			return number;
		number = number_of(
		    l, u->unit.successor[0] != 0 ? u->unit.successor : u->unit.parent);
	}
	return 0;
}

/* A parent that has merged: its successor; one that goes in a circle: the root. */
static uint32_t parent_of(const struct loading *l, uint32_t number)
{
	const struct loaded *u = &l->units[number];
	uint32_t parent = stands_for(l, number_of(l, u->unit.parent));
	uint32_t at = parent;

	for (unsigned hops = 0; at != 0; hops++) {
		if (at == number || hops == HOPS_MAX)
			return 0;
		at = stands_for(l, number_of(l, l->units[at].unit.parent));
	}
	return parent;
}

static int by_unit(const void *left, const void *right)
{
	const struct loaded *const *x = left;
	const struct loaded *const *y = right;
	return strcmp((*x)->unit.unit, (*y)->unit.unit);
}

/* Lists of children, by identifier: units are taken from the last, so lists run forwards. */
static enum err link_children(struct loading *l)
{
	size_t count = 0;
	struct loaded **all = calloc(l->count + 1, sizeof(struct loaded *));

	if (all == NULL)
		return ERR_MEMORY;
	for (size_t i = 1; i < l->count; i++)
		if (l->units[i].in_force)
			all[count++] = &l->units[i];
	qsort(all, count, sizeof *all, by_unit);
	l->tree->count = count;
	while (count-- > 0) {
		struct loaded *u = all[count];
		u->parent = parent_of(l, u->unit.number);
		u->next_sibling = l->units[u->parent].first_child;
		l->units[u->parent].first_child = u->unit.number;
	}
	free(all);
	return OK;
}

static uint32_t append_children(
    struct loading *l, uint32_t number, uint32_t node, uint32_t at)
{
	struct tree *tree = l->tree;

	for (uint32_t c = l->units[number].first_child; c != 0;
	     c = l->units[c].next_sibling) {
		const struct unit *u = &l->units[c].unit;
		tree->nodes[at] = (struct tree_node){.unit = u->unit,
		    .name = u->name,
		    .level = u->level,
		    .code = u->code,
		    .kinds = u->kinds,
		    .contact = u->contact,
		    .number = c,
		    .pupils = u->pupils,
		    .parent = node,
		    .depth = node == TREE_NONE ? 1 : tree->nodes[node].depth + 1,
		    .schools = u->sends,
		    .sends = u->sends};
		tree->node_of[c] = at++;
	}
	return at;
}

/* Breadth first: a node's children follow one another, and stand behind it. */
static void lay_out(struct loading *l)
{
	struct tree *tree = l->tree;
	uint32_t end = append_children(l, 0, TREE_NONE, 0);

	tree->root_count = end;
	for (uint32_t node = 0; node < end; node++) {
		tree->nodes[node].child_first = end;
		end = append_children(l, tree->nodes[node].number, node, end);
		tree->nodes[node].child_count = end - tree->nodes[node].child_first;
	}
	tree->count = end;
	for (uint32_t node = end; node-- > 0;)
		if (tree->nodes[node].parent != TREE_NONE)
			tree->nodes[tree->nodes[node].parent].schools +=
			    tree->nodes[node].schools;
}

static void point_the_ended(struct loading *l)
{
	struct tree *tree = l->tree;

	for (uint32_t i = 0; i < l->count; i++) {
		uint32_t stands = stands_for(l, i);
		tree->in_force[i] = stands == i && i != 0;
		if (stands == 0)
			tree->node_of[i] = TREE_NONE;
		else if (stands != i)
			tree->node_of[i] = tree->node_of[stands];
	}
}

static enum err fold_names(struct tree *tree)
{
	char folded[FOLDED_BYTES];

	for (size_t i = 0; i < tree->count; i++) {
		tree_fold(folded, sizeof folded, slice_of(tree->nodes[i].name));
		tree->folded[i] = arena_text(&tree->memory, slice_of(folded));
		if (tree->folded[i] == NULL)
			return ERR_MEMORY;
	}
	return OK;
}

static enum err build(struct loading *l)
{
	struct tree *tree = l->tree;

	enum err rc = link_children(l);
	if (rc != OK)
		return rc;
	tree->number_count = l->count;
	tree->nodes = arena_array(&tree->memory, tree->count + 1, sizeof *tree->nodes);
	tree->node_of = arena_array(&tree->memory, l->count, sizeof *tree->node_of);
	tree->in_force = arena_array(&tree->memory, l->count, sizeof *tree->in_force);
	tree->folded = arena_array(&tree->memory, tree->count + 1, sizeof(char *));
	if (tree->nodes == NULL || tree->node_of == NULL || tree->in_force == NULL ||
	    tree->folded == NULL)
		return ERR_MEMORY;
	lay_out(l);
	point_the_ended(l);
	return fold_names(tree);
}

static enum err load_step(struct store *store, void *context)
{
	struct loading *l = context;
	int64_t revision = 0;

	enum err rc = sql_one_number(store->sql,
	    "SELECT value FROM counters WHERE name = 'unit-revision'", SQL_NO_ARGS,
	    &revision);
	l->tree->revision = (uint64_t)revision;
	if (rc == OK)
		rc = load_units(store, l);
	if (rc == OK)
		rc = build(l);
	return rc;
}

enum err tree_load(struct store *store, int32_t day, struct tree **out)
{
	struct tree *tree = calloc(1, sizeof *tree);

	store_enter(store);
	if (tree == NULL)
		return ERR_MEMORY;
	atomic_init(&tree->references, 1);
	tree->memory = ARENA_INIT(MEMORY_MAX);
	tree->day = day;
	text_map_init(&tree->numbers, STORE_UNITS + 1, store->unit_numbers.key);
	struct loading l = {.tree = tree};
	enum err rc = store_read(store, load_step, &l);
	free(l.units);
	if (rc != OK) {
		tree_release(tree);
		return rc;
	}
	*out = tree;
	return OK;
}

void tree_release(struct tree *tree)
{
	if (tree == NULL ||
	    atomic_fetch_sub_explicit(&tree->references, 1, memory_order_acq_rel) != 1)
		return;
	text_map_deinit(&tree->numbers);
	arena_deinit(&tree->memory);
	free(tree);
}
