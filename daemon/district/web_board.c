#include "district/web_board.h"

#include <stdlib.h>
#include <string.h>

#include "district/calendar.h"

static const char *const words[BOARD_LISTS] = {
    [BOARD_SCHOOLS] = "all",
    [BOARD_CONNECTED] = "connected",
    [BOARD_NEVER] = "never",
    [BOARD_SILENT] = "silent",
    [BOARD_STALE] = "stale",
    [BOARD_EMPTY] = "empty",
    [BOARD_TRIAL] = "trial",
    [BOARD_UNFILTERED] = "unfiltered",
    [BOARD_ERRORS] = "errors",
    [BOARD_SHARED] = "shared",
    [BOARD_PARTIAL] = "partial",
};

const char *board_word(enum board_list list)
{
	return words[list];
}

bool board_list_of(const char *word, enum board_list *out)
{
	for (unsigned i = 0; i < BOARD_LISTS; i++) {
		if (strcmp(words[i], word) == 0) {
			*out = (enum board_list)i;
			return true;
		}
	}
	return false;
}

static uint16_t flag_if(bool holds, enum board_list list)
{
	return (uint16_t)(holds ? 1U << (unsigned)list : 0);
}

static uint16_t state_flags(const struct coverage_state *state)
{
	return (
	    uint16_t)(flag_if(state->oldest_feed_hours > COUNTS_STALE_HOURS, BOARD_STALE) |
	    flag_if(state->empty_count > 0, BOARD_EMPTY) |
	    flag_if(!state->enforce, BOARD_TRIAL) |
	    flag_if(state->unfiltered_s > 0, BOARD_UNFILTERED) |
	    flag_if(state->failure_count > 0, BOARD_ERRORS) |
	    flag_if(state->shared_source || strcmp(state->placement, "forwarded") == 0,
	        BOARD_SHARED) |
	    flag_if(state->partial, BOARD_PARTIAL));
}

uint16_t board_flags(
    const struct district_config *config, int32_t as_of, const struct coverage_row *row)
{
	uint16_t flags = flag_if(true, BOARD_SCHOOLS);

	if (row == NULL)
		return (uint16_t)(flags | flag_if(true, BOARD_NEVER));
	flags = (uint16_t)(flags | flag_if(true, BOARD_CONNECTED) |
	    flag_if(calendar_is_silent(config, row->last_day, as_of), BOARD_SILENT));
	return row->state == NULL ? flags : (uint16_t)(flags | state_flags(row->state));
}

static void add(uint32_t to[BOARD_LISTS], const uint32_t from[BOARD_LISTS])
{
	for (unsigned i = 0; i < BOARD_LISTS; i++)
		to[i] += from[i];
}

/* A parent's index is below its children's: from the end, each node is whole when it is added to its parent. */
static void sum_up(struct board *board)
{
	for (size_t i = tree_count(board->tree); i-- > 0;) {
		const struct tree_node *node = tree_node(board->tree, (uint32_t)i);
		for (unsigned list = 0; list < BOARD_LISTS; list++)
			board->sums[i][list] += (unsigned)board->flags[i] >> list & 1U;
		add(node->parent == TREE_NONE ? board->whole : board->sums[node->parent],
		    board->sums[i]);
	}
}

enum err board_init(struct board *out, const struct tree *tree,
    const struct coverage *coverage, const struct district_config *config, int32_t as_of)
{
	size_t count = tree_count(tree);
	struct board board = {.tree = tree, .coverage = coverage};

	board.flags = calloc(count + 1, sizeof *board.flags);
	board.sums = calloc(count + 1, sizeof *board.sums);
	if (board.flags == NULL || board.sums == NULL) {
		board_deinit(&board);
		return ERR_MEMORY;
	}
	for (uint32_t i = 0; i < count; i++) {
		const struct tree_node *node = tree_node(tree, i);
		if (node->sends)
			board.flags[i] = board_flags(
			    config, as_of, coverage_find(coverage, node->number));
	}
	sum_up(&board);
	*out = board;
	return OK;
}

void board_deinit(struct board *board)
{
	free(board->flags);
	free(board->sums);
	*board = BOARD_NONE;
}

const uint32_t *board_sums(const struct board *board, uint32_t node)
{
	return node == TREE_NONE ? board->whole : board->sums[node];
}

struct pick {
	const struct board *board;
	enum board_list list;
	uint32_t *out;
	size_t skip, max, found;
};

static bool pick_one(void *context, uint32_t node)
{
	struct pick *pick = context;

	if (((unsigned)pick->board->flags[node] >> (unsigned)pick->list & 1U) == 0)
		return true;
	if (pick->found >= pick->skip && pick->found - pick->skip < pick->max)
		pick->out[pick->found - pick->skip] = node;
	pick->found++;
	return true;
}

size_t board_pick(const struct board *board, enum board_list list, uint32_t top,
    uint32_t *out, size_t skip, size_t max)
{
	struct pick pick = {
	    .board = board, .list = list, .out = out, .skip = skip, .max = max};

	tree_visit(board->tree, top, pick_one, &pick);
	return pick.found;
}
