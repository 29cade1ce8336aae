#include "district/units_plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "district/units_planning.h"

const char *unit_change_word(enum unit_change change)
{
	static const char *const words[UNIT_CHANGES] = {
	    "new", "moved", "renamed", "changed", "closed", "merged"};

	return words[change];
}

void planning_mistake(struct planning *p, const struct unit_line *line,
    enum unit_column column, const char *format, ...)
{
	char text[DIAG_TEXT_BYTES];
	unsigned at = line->columns[column];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (at == 0) /* that column is not in the table */
		at = line->columns[UNIT_ID];
	diags_error(p->mistakes, p->table->file, line->line, at, "%s", text);
}

struct day_text planning_day(int32_t day)
{
	struct day_text out;

	day_write(out.text, day);
	return out;
}

/* ---- what is known ---- */

static size_t first_of(const struct units_known *known, const char *unit)
{
	size_t low = 0, high = known->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(known->items[middle].unit, unit) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_of(const struct units_known *known, size_t i, const char *unit)
{
	return i < known->count && strcmp(known->items[i].unit, unit) == 0;
}

const struct unit *units_known_at(
    const struct units_known *known, const char *unit, int32_t day)
{
	for (size_t i = first_of(known, unit); is_of(known, i, unit); i++)
		if (known->items[i].from <= day && day < known->items[i].until)
			return &known->items[i];
	return NULL;
}

/* ---- the lines of one unit ---- */

/* When the line's version begins. */
static int32_t begin_of(const struct planning *p, const struct unit_line *line)
{
	size_t first = first_of(p->known, line->unit);

	if (line->from != DAY_NONE)
		return line->from;
	if (!is_of(p->known, first, line->unit))
		return DAY_FIRST;
	if (line->to == DAY_NONE)
		return p->today;
	/* It ends something: that version itself. */
	const struct unit *ends = units_known_at(p->known, line->unit, line->to);
	return ends == NULL ? p->today : ends->from;
}

static int by_unit_and_begin(const void *a, const void *b)
{
	const struct unit_line *x = a, *y = b;
	int order = strcmp(x->unit, y->unit);

	if (order != 0)
		return order;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static bool is_given(const struct unit_line *line, enum unit_column column)
{
	return (line->given & UNIT_COLUMN_BIT(column)) != 0;
}

/* `base` with what the line says. */
static struct unit overlay(const struct unit *base, const struct unit_line *line)
{
	struct unit u = base != NULL ? *base
	                             : (struct unit){.name = "",
	                                   .level = "",
	                                   .code = "",
	                                   .parent = "",
	                                   .kinds = "",
	                                   .contact = ""};

	u.unit = line->unit;
	u.from = line->from;
	u.until = DAY_FOREVER;
	u.successor = "";
	u.number = 0;
	if (is_given(line, UNIT_PARENT))
		u.parent = line->parent;
	if (is_given(line, UNIT_LEVEL))
		u.level = line->level;
	if (is_given(line, UNIT_CODE))
		u.code = line->code;
	if (is_given(line, UNIT_NAME))
		u.name = line->name;
	if (is_given(line, UNIT_KINDS))
		u.kinds = line->kinds;
	if (is_given(line, UNIT_PUPILS))
		u.pupils = line->pupils;
	if (is_given(line, UNIT_CONTACT))
		u.contact = line->contact;
	if (is_given(line, UNIT_SENDS))
		u.sends = line->sends;
	else if (base == NULL) /* who has pupils has something to send */
		u.sends = u.kinds[0] != 0;
	return u;
}

static unsigned changes_of(const struct unit *before, const struct unit *after)
{
	unsigned changes = 0;

	if (before == NULL)
		return UNIT_CHANGE_BIT(UNIT_IS_NEW);
	if (strcmp(before->parent, after->parent) != 0)
		changes |= UNIT_CHANGE_BIT(UNIT_IS_MOVED);
	if (strcmp(before->name, after->name) != 0)
		changes |= UNIT_CHANGE_BIT(UNIT_IS_RENAMED);
	if (strcmp(before->level, after->level) != 0 ||
	    strcmp(before->code, after->code) != 0 ||
	    strcmp(before->kinds, after->kinds) != 0 ||
	    strcmp(before->contact, after->contact) != 0 ||
	    before->pupils != after->pupils || before->sends != after->sends)
		changes |= UNIT_CHANGE_BIT(UNIT_IS_CHANGED);
	return changes;
}

void planning_add_step(struct planning *p, const struct unit_step *step)
{
	struct units_plan *plan = p->plan;

	if (plan->count == p->capacity) {
		size_t capacity = p->capacity == 0 ? 64 : p->capacity * 2;
		struct unit_step *grown =
		    reallocarray(plan->items, capacity, sizeof *grown);
		if (grown == NULL) {
			p->no_memory = true;
			return;
		}
		plan->items = grown;
		p->capacity = capacity;
	}
	plan->items[plan->count++] = *step;
	for (unsigned i = 0; i < UNIT_CHANGES; i++)
		plan->counts[i] += (step->changes & UNIT_CHANGE_BIT(i)) != 0;
}

void planning_add_version(
    struct planning *p, const struct unit *unit, const struct unit_line *line)
{
	if (p->version_count == p->version_capacity) {
		size_t capacity = p->version_capacity == 0 ? 256 : p->version_capacity * 2;
		struct version *grown = reallocarray(p->versions, capacity, sizeof *grown);
		if (grown == NULL) {
			p->no_memory = true;
			return;
		}
		p->versions = grown;
		p->version_capacity = capacity;
	}
	p->versions[p->version_count++] = (struct version){*unit, line};
}

/* The day after which a closed unit does not come back; DAY_FOREVER: it goes on. */
int32_t planning_end_known(const struct planning *p, const char *unit)
{
	int32_t end = DAY_FOREVER;

	for (size_t i = first_of(p->known, unit); is_of(p->known, i, unit); i++)
		end = p->known->items[i].until;
	return end;
}

/* The version that begins next behind `from`: in the table or known; DAY_FOREVER: none. */
static int32_t next_begin(
    const struct planning *p, const struct unit_line *line, const struct unit_line *next)
{
	int32_t begin = next != NULL ? next->from : DAY_FOREVER;

	for (size_t i = first_of(p->known, line->unit); is_of(p->known, i, line->unit); i++)
		if (p->known->items[i].from > line->from && p->known->items[i].from < begin)
			begin = p->known->items[i].from;
	return begin;
}

static void plan_end(struct planning *p, const struct unit_line *line,
    const struct unit *after, int32_t next)
{
	int32_t known = planning_end_known(p, line->unit);
	bool merged = line->merged_into[0] != 0;

	if (line->to == DAY_NONE)
		return;
	if (next != DAY_FOREVER && next <= line->to) {
		planning_mistake(p, line, UNIT_TO,
		    _("its last day is %s, and another version of it begins on %s"),
		    planning_day(line->to).text, planning_day(next).text);
		return;
	}
	if (next == line->to + 1 && !merged)
		return; /* the next version takes over */
	if (next != DAY_FOREVER) {
		planning_mistake(p, line, UNIT_TO,
		    _("it ends on %s and begins again on %s; a unit that has ended does not "
		      "begin again (take a new id)"),
		    planning_day(line->to).text, planning_day(next).text);
		return;
	}
	const struct unit *last = units_known_at(p->known, line->unit, line->to);
	if (known == line->to + 1 && last != NULL &&
	    strcmp(last->successor, line->merged_into) == 0)
		return; /* known already */
	planning_add_step(p,
	    &(struct unit_step){
	        .changes = UNIT_CHANGE_BIT(merged ? UNIT_IS_MERGED : UNIT_IS_CLOSED),
	        .after = *after,
	        .before = last,
	        .end = line->to + 1,
	        .successor = line->merged_into,
	        .line = line->line});
}

/* One line, those of the same unit before it being in p->versions from `first` on. */
static void plan_line(struct planning *p, const struct unit_line *line,
    const struct unit_line *next, size_t first)
{
	const struct unit *before = units_known_at(p->known, line->unit, line->from);
	const struct unit *base = before;
	int32_t ended = planning_end_known(p, line->unit);

	if (ended != DAY_FOREVER && line->from >= ended) {
		planning_mistake(p, line, UNIT_ID,
		    _("%s ended on %s; a unit that has ended does not begin again (take a "
		      "new id, or give the valid-from of the version to correct)"),
		    line->unit, planning_day(ended - 1).text);
		return;
	}
	/* An earlier line of the table is nearer than what was known before it. */
	if (p->version_count > first) {
		const struct unit *above = &p->versions[p->version_count - 1].unit;
		if (base == NULL || above->from >= base->from)
			base = above;
	}
	if (base == NULL) {
		size_t i = first_of(p->known, line->unit);
		base = is_of(p->known, i, line->unit) ? &p->known->items[i] : NULL;
	}
	if (line->to != DAY_NONE && line->to < line->from) {
		planning_mistake(p, line, UNIT_TO,
		    _("%s is not there yet on its last day, %s"), line->unit,
		    planning_day(line->to).text);
		return;
	}
	struct unit after = overlay(base, line);
	if (after.name[0] == 0) {
		planning_mistake(
		    p, line, UNIT_NAME, _("%s is new and has no name"), line->unit);
		return;
	}
	unsigned changes = changes_of(before, &after);
	if (changes == 0 && changes_of(base, &after) != 0)
		changes = UNIT_CHANGE_BIT(UNIT_IS_CHANGED); /* back to what it was */
	if (changes != 0)
		planning_add_step(p,
		    &(struct unit_step){.changes = changes,
		        .after = after,
		        .before = before,
		        .end = DAY_NONE,
		        .successor = "",
		        .line = line->line});
	planning_add_version(p, changes != 0 || before == NULL ? &after : before, line);
	plan_end(p, line, &after, next_begin(p, line, next));
}

static const struct unit_line *next_line(
    const struct unit_line *line, const struct unit_line *end)
{
	const struct unit_line *next = line + 1;

	while (next < end && next->from == line->from)
		next++;
	return next < end ? next : NULL;
}

/* The lines [first, end) of the sorted table are one unit's. */
static void plan_unit(struct planning *p, size_t first, size_t end)
{
	const struct unit_line *items = p->table->items;
	size_t first_version = p->version_count;

	for (size_t i = first; i < end; i++) {
		if (i > first && items[i].from == items[i - 1].from)
			planning_mistake(p, &items[i], UNIT_ID,
			    _("%s stands in line %u already, from the same day on"),
			    items[i].unit, items[i - 1].line);
		else
			plan_line(
			    p, &items[i], next_line(&items[i], items + end), first_version);
	}
}

/* ---- */

static int ends_last(const void *a, const void *b)
{
	const struct unit_step *x = a, *y = b;
	bool x_ends = x->end != DAY_NONE, y_ends = y->end != DAY_NONE;

	if (x_ends != y_ends)
		return x_ends ? 1 : -1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return strcmp(x->after.unit, y->after.unit);
}

static void plan_units(struct planning *p)
{
	struct units_table *t = p->table;

	for (size_t i = 0; i < t->count; i++)
		t->items[i].from = begin_of(p, &t->items[i]);
	if (t->count > 0)
		qsort(t->items, t->count, sizeof *t->items, by_unit_and_begin);
	for (size_t first = 0, end; first < t->count; first = end) {
		for (end = first + 1; end < t->count &&
		     strcmp(t->items[end].unit, t->items[first].unit) == 0;
		     end++)
			;
		plan_unit(p, first, end);
	}
}

enum err units_plan_make(struct units_plan *out, struct units_table *table,
    const struct units_known *known, int32_t today, struct diags *mistakes)
{
	*out = (struct units_plan){.lines = table->count};
	struct planning p = {.table = table,
	    .known = known,
	    .today = today,
	    .mistakes = mistakes,
	    .plan = out};
	size_t before = mistakes->errors;

	plan_units(&p);
	if (!p.no_memory)
		planning_check(&p);
	if (out->count > 0)
		qsort(out->items, out->count, sizeof *out->items, ends_last);
	free(p.versions);
	if (p.no_memory)
		return ERR_MEMORY;
	return mistakes->errors == before ? OK : ERR_FORMAT;
}

void units_plan_deinit(struct units_plan *plan)
{
	free(plan->items);
	*plan = (struct units_plan){.items = NULL};
}
