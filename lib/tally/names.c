/* Distinct devices of each listed name, in the heap only. That a device met a name is
 * one keyed hash of both; neither can be taken out of it again. */
#include <stdlib.h>
#include <string.h>

#include "tally/internal.h"

static uint32_t power_of_two(uint32_t at_least)
{
	uint32_t n = 16;
	while (n < at_least && n < (uint32_t)1 << 30)
		n *= 2;
	return n;
}

enum err names_init(struct names *n, uint32_t names, uint32_t pairs)
{
	n->entry_max = names;
	n->entry_slots = power_of_two(names * 2);
	n->pair_slots = power_of_two(pairs);
	n->entries = calloc(n->entry_slots, sizeof *n->entries);
	n->pairs = calloc(n->pair_slots, sizeof *n->pairs);
	return n->entries == NULL || n->pairs == NULL ? ERR_MEMORY : OK;
}

void names_deinit(struct names *n)
{
	for (uint32_t i = 0; n->entries != NULL && i < n->entry_slots; i++)
		free(n->entries[i].text);
	free(n->entries);
	free(n->pairs);
	n->entries = NULL;
	n->pairs = NULL;
}

static uint64_t *find_pair(struct names *n, uint64_t pair)
{
	uint32_t mask = n->pair_slots - 1;
	uint32_t at = (uint32_t)pair & mask;

	while (n->pairs[at] != 0 && n->pairs[at] != pair)
		at = (at + 1) & mask;
	return &n->pairs[at];
}

static struct name_entry *find_entry(
    struct names *n, const struct tally_top_name *name, uint64_t hash)
{
	uint32_t mask = n->entry_slots - 1;
	uint32_t at = (uint32_t)hash & mask;

	for (; n->entries[at].text != NULL; at = (at + 1) & mask)
		if (n->entries[at].category == name->category &&
		    strcmp(n->entries[at].text, name->text) == 0)
			break;
	return &n->entries[at];
}

bool names_add(struct names *n, const struct tally_top_name *name,
    enum tally_device_kind kind, uint64_t pair, uint64_t hash)
{
	uint64_t *met = find_pair(n, pair);
	if (*met != 0)
		return true;
	struct name_entry *entry = find_entry(n, name, hash);
	if (n->pair_count >= n->pair_slots / 4 * 3 ||
	    (entry->text == NULL && n->entry_count >= n->entry_max))
		return false;
	if (entry->text == NULL) {
		char *text = strdup(name->text);
		if (text == NULL)
			return false;
		*entry = (struct name_entry){.text = text, .category = name->category};
		n->entry_count++;
	}
	*met = pair;
	n->pair_count++;
	entry->devices[kind]++;
	return true;
}

void names_export(const struct names *n, uint32_t min_devices, struct tally_totals *out)
{
	for (uint32_t i = 0; i < n->entry_slots; i++) {
		const struct name_entry *e = &n->entries[i];
		if (e->text == NULL)
			continue;
		struct kinds kinds;
		memcpy(kinds.by, e->devices, sizeof kinds.by);
		struct tally_top_name name = {
		    .category = e->category, .devices = kinds_devices(&kinds)};
		if (name.devices < min_devices)
			continue;
		memcpy(name.text, e->text, strlen(e->text) + 1);
		tally_totals_add_name(out, &name);
	}
}
