/* The second half of a plan: all versions together. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "district/units_planning.h"

static int by_version(const void *a, const void *b)
{
	const struct version *x = a, *y = b;
	int order = strcmp(x->unit.unit, y->unit.unit);

	if (order != 0)
		return order;
	return x->unit.from < y->unit.from ? -1 : x->unit.from > y->unit.from;
}

static struct version *find_versions(struct planning *p, const char *unit)
{
	size_t low = 0, high = p->version_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(p->versions[middle].unit.unit, unit) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < p->version_count && strcmp(p->versions[low].unit.unit, unit) == 0
	    ? &p->versions[low]
	    : NULL;
}

static bool is_same_unit(
    const struct planning *p, const struct version *v, const char *unit)
{
	return v < p->versions + p->version_count && strcmp(v->unit.unit, unit) == 0;
}

static struct version *find_at(struct planning *p, const char *unit, int32_t day)
{
	struct version *v = find_versions(p, unit);

	for (; v != NULL && is_same_unit(p, v, unit); v++)
		if (v->unit.from <= day && day < v->unit.until)
			return v;
	return NULL;
}

/* ---- gathering ---- */

static void add_known(struct planning *p)
{
	size_t said = p->version_count;

	for (size_t i = 0; i < p->known->count && !p->no_memory; i++) {
		const struct unit *unit = &p->known->items[i];
		const struct version wanted = {.unit = *unit};
		bool replaced = said > 0 &&
		    bsearch(&wanted, p->versions, said, sizeof *p->versions, by_version) !=
		        NULL;
		if (!replaced)
			planning_add_version(p, unit, NULL);
	}
}

/* What is known and stays, beside what the table says; each with its end. */
static void gather_versions(struct planning *p)
{
	if (p->version_count > 0)
		qsort(p->versions, p->version_count, sizeof *p->versions, by_version);
	add_known(p);
	if (p->no_memory || p->version_count == 0)
		return;
	qsort(p->versions, p->version_count, sizeof *p->versions, by_version);
	for (size_t i = 0; i < p->version_count; i++) {
		struct version *v = &p->versions[i];
		bool more =
		    i + 1 < p->version_count && strcmp(v[1].unit.unit, v->unit.unit) == 0;
		v->unit.until = more ? v[1].unit.from : planning_end_known(p, v->unit.unit);
	}
	for (size_t i = 0; i < p->plan->count; i++) {
		const struct unit_step *step = &p->plan->items[i];
		struct version *v = step->end == DAY_NONE
		    ? NULL
		    : find_at(p, step->after.unit, step->end - 1);
		if (v != NULL)
			v->unit.until = step->end;
	}
}

/* ---- checks ---- */

/* Whether `unit` is there on any day of [from, until). */
static bool is_there(struct planning *p, const char *unit, int32_t from, int32_t until)
{
	struct version *v = find_versions(p, unit);

	for (; v != NULL && is_same_unit(p, v, unit); v++)
		if (v->unit.from < until && from < v->unit.until)
			return true;
	return false;
}

static void check_parent(struct planning *p, const struct version *v)
{
	const char *parent = v->unit.parent;

	if (v->line == NULL || parent[0] == 0)
		return;
	if (find_versions(p, parent) == NULL)
		planning_mistake(p, v->line, UNIT_PARENT,
		    _("%s is above %s, and nobody knows it (a line of its own is missing)"),
		    parent, v->unit.unit);
	else if (!is_there(p, parent, v->unit.from, v->unit.until))
		planning_mistake(p, v->line, UNIT_PARENT,
		    _("%s is not there while it is above %s"), parent, v->unit.unit);
}

/* Walks up on the version's first day: every circle and every depth is met on the first day of
 * one of its versions. The line is the version's, or of one above it. */
static void check_walk(struct planning *p, const struct version *v)
{
	const struct unit_line *line = v->line;
	const struct version *at = v;

	for (unsigned depth = 1; at != NULL && at->unit.parent[0] != 0; depth++) {
		at = find_at(p, at->unit.parent, v->unit.from);
		if (line == NULL && at != NULL)
			line = at->line;
		if (at == NULL || depth < UNITS_DEPTH_MAX)
			continue;
		/* Without a line it is not the table's fault. */
		if (line != NULL)
			planning_mistake(p, line, UNIT_PARENT,
			    _("%s would stand below more than %d others, or below itself"),
			    v->unit.unit, UNITS_DEPTH_MAX - 1);
		return;
	}
}

/* Whether `unit` stands two or more below `top` on `day`: what is below `top` would move below
 * it, and so below itself. */
static bool is_deep_below(
    struct planning *p, const char *unit, const char *top, int32_t day)
{
	const struct version *at = find_at(p, unit, day);

	for (unsigned depth = 0; at != NULL && depth < UNITS_DEPTH_MAX; depth++) {
		if (depth > 0 && strcmp(at->unit.parent, top) == 0)
			return true;
		at = find_at(p, at->unit.parent, day);
	}
	return false;
}

static const struct unit_line *line_of(
    const struct planning *p, const struct unit_step *step)
{
	for (size_t i = 0; i < p->table->count; i++)
		if (p->table->items[i].line == step->line &&
		    strcmp(p->table->items[i].unit, step->after.unit) == 0)
			return &p->table->items[i];
	return &p->table->items[0];
}

static void check_successor(struct planning *p, const struct unit_step *step)
{
	const char *successor = step->successor;

	if (find_versions(p, successor) == NULL)
		planning_mistake(p, line_of(p, step), UNIT_MERGED_INTO,
		    _("%s is no unit that is known"), successor);
	else if (find_at(p, successor, step->end) == NULL)
		planning_mistake(p, line_of(p, step), UNIT_MERGED_INTO,
		    _("%s is not there on %s, when it should go on for %s"), successor,
		    planning_day(step->end).text, step->after.unit);
	else if (is_deep_below(p, successor, step->after.unit, step->end - 1))
		planning_mistake(p, line_of(p, step), UNIT_MERGED_INTO,
		    _("%s stands far below %s: move it up first"), successor,
		    step->after.unit);
}

static void check_all(struct planning *p)
{
	for (size_t i = 0; i < p->version_count; i++) {
		check_parent(p, &p->versions[i]);
		check_walk(p, &p->versions[i]);
	}
	for (size_t i = 0; i < p->plan->count; i++)
		if (p->plan->items[i].end != DAY_NONE &&
		    p->plan->items[i].successor[0] != 0)
			check_successor(p, &p->plan->items[i]);
}

/* ---- what follows from an end ---- */

static void warn_orphan(
    struct planning *p, const struct version *v, const struct unit_step *end)
{
	struct diag d = {.line = end->line, .column = 1, .level = DIAG_WARNING};

	(void)snprintf(d.file, sizeof d.file, "%s", p->table->file);
	(void)snprintf(d.text, sizeof d.text,
	    _("%s stands below %s, which ends, and would stand below nobody"), v->unit.unit,
	    end->after.unit);
	diags_add(p->mistakes, &d);
}

/* One that stands below a unit when that unit ends, or would later. */
static void follow(struct planning *p, const struct version *v, const struct unit_step *end)
{
	struct unit after = v->unit;

	if (v->unit.until <= end->end)
		return;
	if (end->successor[0] == 0) {
		warn_orphan(p, v, end);
		return;
	}
	/* Who goes on with it may have stood below it: then it takes its place. */
	bool takes_place = strcmp(v->unit.unit, end->successor) == 0;
	after.parent = takes_place ? end->after.parent : end->successor;
	after.from = v->unit.from > end->end ? v->unit.from : end->end;
	after.until = DAY_FOREVER;
	after.number = 0;
	planning_add_step(p,
	    &(struct unit_step){.changes = UNIT_CHANGE_BIT(UNIT_IS_MOVED),
	        .after = after,
	        .before = units_known_at(p->known, v->unit.unit, after.from),
	        .end = DAY_NONE,
	        .successor = "",
	        .line = end->line});
}

static int by_parent(const void *a, const void *b)
{
	const struct version *const *x = a, *const *y = b;

	return strcmp((*x)->unit.parent, (*y)->unit.parent);
}

static size_t first_below(struct version *const *index, size_t count, const char *parent)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(index[middle]->unit.parent, parent) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Thousands may end in one table (districts in 2025), each with its children: an index. */
static void follow_ends(struct planning *p)
{
	size_t steps = p->plan->count, count = p->version_count;
	struct version **index = calloc(count + 1, sizeof(struct version *));

	if (index == NULL) {
		p->no_memory = true;
		return;
	}
	for (size_t i = 0; i < count; i++)
		index[i] = &p->versions[i];
	qsort(index, count, sizeof(struct version *), by_parent);
	for (size_t i = 0; i < steps; i++) {
		/* Copied: steps that are added may move the plan's. */
		const struct unit_step end = p->plan->items[i];
		size_t at =
		    end.end == DAY_NONE ? count : first_below(index, count, end.after.unit);
		for (; at < count && strcmp(index[at]->unit.parent, end.after.unit) == 0;
		     at++)
			follow(p, index[at], &end);
	}
	free(index);
}

void planning_check(struct planning *p)
{
	size_t before = p->mistakes->errors;

	gather_versions(p);
	if (p->no_memory)
		return;
	check_all(p);
	/* Steps of a table with mistakes are not carried out, nor what would follow. */
	if (p->mistakes->errors == before)
		follow_ends(p);
}
