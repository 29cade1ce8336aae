#include "tally/totals.h"

#include <stdio.h>
#include <string.h>

#include "tally/internal.h"

bool tally_label_allowed(const char *text)
{
	size_t n = strnlen(text, TALLY_LABEL_BYTES);

	if (n == 0 || n == TALLY_LABEL_BYTES)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = text[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
		        c == '-'))
			return false;
	}
	return true;
}

int tally_label_find(const struct tally_label *labels, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(labels[i].text, text) == 0)
			return (int)i;
	return -1;
}

/* The place of `label` in `labels`, made when there is room; -1 otherwise. */
static int label_place(
    struct tally_label *labels, uint8_t *count, size_t max, const struct tally_label *label)
{
	int at = tally_label_find(labels, *count, label->text);
	if (at < 0 && *count < max) {
		at = (*count)++;
		labels[at] = (struct tally_label){.flags = 0};
		memcpy(labels[at].text, label->text, sizeof label->text);
	}
	if (at >= 0)
		labels[at].flags |= label->flags;
	return at;
}

static uint32_t add_u32(uint32_t a, uint32_t b)
{
	return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

static uint64_t add_u64(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static struct tally_failure *failure_place(struct tally_totals *totals, const char *type)
{
	for (size_t i = 0; i < totals->failure_count; i++)
		if (strcmp(totals->failures[i].type, type) == 0)
			return &totals->failures[i];
	/* The last place is for "other", so that a flood of types still counts. */
	bool last = totals->failure_count >= TALLY_FAILURES - 1;
	if (last && strcmp(type, "other") != 0)
		return failure_place(totals, "other");
	if (totals->failure_count == TALLY_FAILURES) /* read back full, without "other" */
		return &totals->failures[TALLY_FAILURES - 1];
	struct tally_failure *f = &totals->failures[totals->failure_count++];
	*f = (struct tally_failure){.count = 0};
	(void)snprintf(f->type, sizeof f->type, "%s", type);
	return f;
}

static void fail_many(struct tally_totals *totals, const struct tally_failure *more)
{
	struct tally_failure *f = failure_place(totals, more->type);

	if (f->count == 0 || more->first_s < f->first_s)
		f->first_s = more->first_s;
	if (f->count == 0 || more->last_s > f->last_s)
		f->last_s = more->last_s;
	f->count = add_u32(f->count, more->count);
}

void tally_totals_fail(struct tally_totals *totals, const char *type, int64_t at_s)
{
	struct tally_failure one = {.count = 1, .first_s = at_s, .last_s = at_s};

	(void)snprintf(
	    one.type, sizeof one.type, "%s", tally_label_allowed(type) ? type : "other");
	fail_many(totals, &one);
}

void tally_totals_add_name(struct tally_totals *totals, const struct tally_top_name *name)
{
	struct tally_top_name *least = NULL;

	for (size_t i = 0; i < totals->name_count; i++) {
		struct tally_top_name *n = &totals->names[i];
		if (n->category == name->category && strcmp(n->text, name->text) == 0) {
			n->devices = larger(n->devices, name->devices);
			return;
		}
		if (least == NULL || n->devices < least->devices)
			least = n;
	}
	if (totals->name_count < TALLY_NAMES)
		totals->names[totals->name_count++] = *name;
	else if (least != NULL && name->devices > least->devices)
		*least = *name;
}

struct places {
	int tiers[TALLY_TIERS];
	int categories[TALLY_CATEGORIES];
};

static void places_find(
    struct places *places, struct tally_totals *into, const struct tally_totals *from)
{
	for (size_t i = 0; i < from->tier_count; i++)
		places->tiers[i] = label_place(
		    into->tiers, &into->tier_count, TALLY_TIERS, &from->tiers[i]);
	for (size_t i = 0; i < from->category_count; i++)
		places->categories[i] = label_place(into->categories, &into->category_count,
		    TALLY_CATEGORIES, &from->categories[i]);
}

static void merge_tier(struct tally_totals *into, const struct tally_totals *from,
    const struct places *places, size_t tier)
{
	int t = places->tiers[tier];

	for (size_t category = 0; category < from->category_count; category++) {
		const struct tally_cell *cell = &from->cells[tier][category];
		int c = places->categories[category];
		if (t < 0 || c < 0) {
			into->lost = add_u64(into->lost, cell->attempts);
			continue;
		}
		struct tally_cell *mine = &into->cells[t][c];
		mine->attempts = add_u32(mine->attempts, cell->attempts);
		mine->devices = larger(mine->devices, cell->devices);
		for (size_t hour = 0; hour < TALLY_HOURS; hour++) {
			uint16_t *h = &into->hours[hour][t][c];
			unsigned sum = (unsigned)*h + from->hours[hour][tier][category];
			*h = (uint16_t)(sum > UINT16_MAX ? UINT16_MAX : sum);
		}
	}
	if (t < 0)
		return;
	into->tier_devices[t] = larger(into->tier_devices[t], from->tier_devices[tier]);
	into->tier_default_devices[t] =
	    larger(into->tier_default_devices[t], from->tier_default_devices[tier]);
}

/* The set of categories is part of the number: the larger number wins with its set. */
static void merge_low(
    struct tally_totals *into, const struct tally_totals *from, const struct places *places)
{
	uint64_t mask = 0;

	if (from->low_devices <= into->low_devices)
		return;
	for (size_t c = 0; c < from->category_count; c++) {
		if ((from->low_categories >> c & 1) == 0)
			continue;
		if (places->categories[c] < 0)
			return;
		mask |= (uint64_t)1 << places->categories[c];
	}
	into->low_devices = from->low_devices;
	into->low_categories = mask;
}

void tally_totals_merge(struct tally_totals *into, const struct tally_totals *from)
{
	struct places places = {{0}, {0}};

	places_find(&places, into, from);
	for (size_t tier = 0; tier < from->tier_count; tier++)
		merge_tier(into, from, &places, tier);
	for (size_t c = 0; c < from->category_count; c++)
		if (places.categories[c] >= 0) {
			uint32_t *mine = &into->category_devices[places.categories[c]];
			*mine = larger(*mine, from->category_devices[c]);
		}
	merge_low(into, from, &places);
	for (size_t i = 0; i < from->name_count; i++) {
		struct tally_top_name name = from->names[i];
		if (places.categories[name.category] < 0)
			continue;
		name.category = (uint8_t)places.categories[name.category];
		tally_totals_add_name(into, &name);
	}
	for (size_t i = 0; i < from->failure_count; i++)
		fail_many(into, &from->failures[i]);
	into->queries = add_u64(into->queries, from->queries);
	into->uptime_s = add_u64(into->uptime_s, from->uptime_s);
	into->unfiltered_s = add_u64(into->unfiltered_s, from->unfiltered_s);
	into->lost = add_u64(into->lost, from->lost);
	into->segments = add_u32(into->segments, from->segments);
	into->partial =
	    into->partial || from->partial || into->lost > 0 || into->segments > 1;
}
