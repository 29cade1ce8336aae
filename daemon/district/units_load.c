#include "district/units_load.h"

#include <stdlib.h>
#include <string.h>

enum {
	MEMORY_MAX = 512 << 20 /* of texts: 200,000 units with several versions each */
};

struct loading {
	struct units_loaded *out;
	bool no_memory;
};

static const char *copy(struct loading *l, const char *text)
{
	if (text == NULL || text[0] == 0)
		return "";
	const char *made = arena_text(&l->out->memory, slice_of(text));
	l->no_memory = l->no_memory || made == NULL;
	return made == NULL ? "" : made;
}

static bool make_room(struct units_loaded *out)
{
	if (out->known.count < out->capacity)
		return true;
	size_t capacity = out->capacity == 0 ? 256 : out->capacity * 2;
	struct unit *grown = reallocarray(out->items, capacity, sizeof *grown);
	if (grown == NULL)
		return false;
	out->items = grown;
	out->capacity = capacity;
	return true;
}

static bool on_unit(void *context, const struct unit *unit)
{
	struct loading *l = context;

	if (!make_room(l->out)) {
		l->no_memory = true;
		return false;
	}
	struct unit *made = &l->out->items[l->out->known.count++];
	*made = *unit;
	made->unit = copy(l, unit->unit);
	made->name = copy(l, unit->name);
	made->level = copy(l, unit->level);
	made->code = copy(l, unit->code);
	made->parent = copy(l, unit->parent);
	made->kinds = copy(l, unit->kinds);
	made->contact = copy(l, unit->contact);
	made->successor = copy(l, unit->successor);
	return !l->no_memory;
}

/* A server may order letters otherwise than strcmp(). */
static int by_unit_and_day(const void *a, const void *b)
{
	const struct unit *x = a, *y = b;
	int order = strcmp(x->unit, y->unit);

	if (order != 0)
		return order;
	return x->from < y->from ? -1 : x->from > y->from;
}

enum err units_load(struct units_loaded *out, struct store *store)
{
	struct loading l = {.out = out};

	*out = (struct units_loaded){.memory = ARENA_INIT(MEMORY_MAX)};
	enum err rc = store_unit_revision(store, &out->revision);
	if (rc == OK)
		rc = store_unit_list(store, NULL, on_unit, &l);
	if (rc == OK && l.no_memory)
		rc = ERR_MEMORY;
	if (out->known.count > 0)
		qsort(out->items, out->known.count, sizeof *out->items, by_unit_and_day);
	out->known.items = out->items;
	return rc;
}

void units_unload(struct units_loaded *loaded)
{
	free(loaded->items);
	arena_deinit(&loaded->memory);
	*loaded = (struct units_loaded){.items = NULL};
}

/* In the group that changes them. */
static enum err check_revision(struct store *store, uint64_t revision)
{
	uint64_t now = 0;
	enum err rc = store_unit_revision(store, &now);

	return rc == OK && now != revision ? ERR_EXISTS : rc;
}

enum err units_apply(struct store *store, const struct units_plan *plan, uint64_t revision)
{
	enum err rc = store_begin(store);

	if (rc != OK)
		return rc;
	rc = check_revision(store, revision);
	for (size_t i = 0; rc == OK && i < plan->count; i++) {
		const struct unit_step *s = &plan->items[i];
		rc = s->end == DAY_NONE
		    ? store_unit_put(store, &s->after)
		    : store_unit_end(store, s->after.unit, s->end, s->successor);
	}
	if (rc == OK)
		return store_commit(store);
	store_rollback(store);
	return rc;
}
