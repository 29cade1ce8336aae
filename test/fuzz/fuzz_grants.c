/* Whatever a line of the grants' file holds: what is accepted is written again, and what was
 * written reads back the same. */
#include <stdlib.h>

#include "base/hash.h"
#include "kit/grants_text.h"

#define HOLDS(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct slice without_end(const struct buf *b)
{
	HOLDS(b->len > 0 && b->ptr[b->len - 1] == '\n');
	return (struct slice){b->ptr, b->len - 1};
}

static void check_grant(const struct grant_record *g)
{
	struct buf again = BUF_INIT(GRANT_LINE_MAX);
	struct grant_record back;
	struct grant made;

	HOLDS(g->id != 0 && g->made_s >= 0 && g->until_s >= 0);
	HOLDS((g->scope == SCOPE_ALL) == (g->who[0] == 0));
	HOLDS(name_label_count(name_of(&g->name)) >= 2);
	HOLDS(grant_of_record(&made, g));
	HOLDS(grants_text_write(&again, g) == OK);
	HOLDS(grants_text_read(without_end(&again), &back) == OK);
	HOLDS(back.id == g->id && back.deny == g->deny && back.scope == g->scope);
	HOLDS(back.content_only == g->content_only && !(g->deny && g->content_only));
	HOLDS(name_equal(name_of(&back.name), name_of(&g->name)));
	HOLDS(back.made_s == g->made_s && back.until_s == g->until_s);
	HOLDS(strcmp(back.who, g->who) == 0 && strcmp(back.by, g->by) == 0);
	HOLDS(strcmp(back.reason, g->reason) == 0);
	buf_deinit(&again);
}

static void check_line(struct slice line)
{
	struct grant_record g;
	uint32_t next_id = 0;

	if (grants_text_read(line, &g) == OK)
		check_grant(&g);
	if (grants_text_read_head(line, &next_id) == OK)
		HOLDS(next_id != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice all = {data, size};
	struct buf summed = BUF_INIT(1 << 20);

	check_line(all);
	/* And with a right checksum in front, which chance does not find. */
	buf_printf(&summed, "%016llx ", (unsigned long long)checksum64(0, all));
	buf_append(&summed, all);
	if (buf_status(&summed) == OK)
		check_line(buf_slice(&summed));
	buf_deinit(&summed);
	return 0;
}
