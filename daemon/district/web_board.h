/* web_board -- how every school stands: connected, silent, out of date, failing; and the same summed up along the tree.
 *
 * What a school said last is what it is. A list of schools behind each number is what the coverage page is made of. No
 * network, no clock; threads: a board belongs to one. */
#ifndef DISTRICT_WEB_BOARD_H
#define DISTRICT_WEB_BOARD_H

#include "district/counts.h"
#include "district/tree.h"

struct district_config; /* district/config.h */

enum board_list {
	BOARD_SCHOOLS,    /* all that are expected to send */
	BOARD_CONNECTED,  /* has sent */
	BOARD_NEVER,      /* has not */
	BOARD_SILENT,     /* had, and is late (calendar.h) */
	BOARD_STALE,      /* a list older than COUNTS_STALE_HOURS */
	BOARD_EMPTY,      /* blocks a category with 0 names */
	BOARD_TRIAL,      /* counts, and blocks nothing */
	BOARD_UNFILTERED, /* ran without filtering that day */
	BOARD_ERRORS,     /* a failure that day */
	BOARD_SHARED, /* one address hides many devices, or another server stands before it */
	BOARD_PARTIAL, /* counts of that day were lost in part */
	BOARD_LISTS
};

struct board {
	uint16_t *flags;                 /* by node: 1U << BOARD_… */
	uint32_t (*sums)[BOARD_LISTS];   /* by node: schools in its subtree */
	uint32_t whole[BOARD_LISTS];     /* of all nodes */
	const struct coverage *coverage; /* borrowed */
	const struct tree *tree;         /* borrowed */
};

#define BOARD_NONE ((struct board){.flags = NULL})

/* The word of a list in addresses: "silent". False leaves *out untouched. */
const char *board_word(enum board_list list);
bool board_list_of(const char *word, enum board_list *out);

/* What one school's row says on `as_of`; `row` NULL: it never sent. */
uint16_t board_flags(
    const struct district_config *config, int32_t as_of, const struct coverage_row *row);

/* Lives as long as tree and coverage; board_deinit() it. ERR_MEMORY. */
MUST_CHECK enum err board_init(struct board *out, const struct tree *tree,
    const struct coverage *coverage, const struct district_config *config, int32_t as_of);
void board_deinit(struct board *board);

/* Sums below `node`; TREE_NONE: of all. */
const uint32_t *board_sums(const struct board *board, uint32_t node);
/* The schools of a list below `top`, in the tree's order: skips `skip`, writes at most `max`, and returns how many there are
 * in all. */
size_t board_pick(const struct board *board, enum board_list list, uint32_t top,
    uint32_t *out, size_t skip, size_t max);

#endif
