/* Any bytes as what a netlink socket brings. Not crashing is not enough: a line that is read is
 * one of an interface, with an address, and its MAC is a device's or none; a table that takes
 * them finds them again. */
#include <stdlib.h>
#include <string.h>

#include "filter/neighbour_wire.h"

#define HOLDS(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(struct neighbours *table, const struct neighbour *line)
{
	struct mac found = MAC_NONE;

	HOLDS(line->link > 0 && addr_size(&line->address) > 0);
	HOLDS(!mac_is_known(line->mac) || mac_is_device(line->mac));
	HOLDS(neighbours_put(table, line));
	HOLDS(neighbours_find(table, line->link, &line->address, &found) ==
	    mac_is_known(line->mac));
	HOLDS(mac_equal(found, line->mac));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct neighbours *table;
	struct neighbour_message m;

	if (table == NULL)
		HOLDS(neighbours_new(&table, (struct hash_key){1, 2}) == OK);
	/* On a boundary, and with nothing behind it that may be read. */
	uint8_t *bytes = malloc(size > 0 ? size : 1);
	HOLDS(bytes != NULL);
	if (size > 0)
		memcpy(bytes, data, size);
	struct slice rest = {bytes, size};
	neighbours_begin_round(table);
	while (neighbour_next(&rest, &m)) {
		if (m.said == NEIGHBOUR_LINE)
			check_line(table, &m.line);
	}
	HOLDS(rest.len <= size);
	/* Empty again for the next one. */
	neighbours_begin_round(table);
	neighbours_end_round(table);
	HOLDS(neighbours_count(table) == 0);
	free(bytes);
	return 0;
}
