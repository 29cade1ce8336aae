#include "district/export.h"

#include <stdio.h>

#include "district/published_table.h"
#include "district/tree.h"
#include "district/web.h"

struct writing {
	struct published_table table;
	struct buf *out;
};

static bool on_row(void *context, const struct published_row *row)
{
	struct writing *w = context;

	published_row(&w->table, row);
	return buf_status(w->out) == OK && w->out->len <= EXPORT_MAX_BYTES;
}

/* Both days are given, and in order; `to` is the last one. */
static bool read_days(struct call *c, struct published_query *query)
{
	const char *from = call_query(c, "from");
	const char *to = call_query(c, "to");

	if (from == NULL || to == NULL || !day_read(slice_of(from), &query->from) ||
	    !day_read(slice_of(to), &query->to) || query->to < query->from ||
	    query->to - query->from >= EXPORT_DAYS_MAX) {
		call_refuse(c, 400, "period",
		    "wanted: ?from=2026-11-01&to=2026-11-30, at most %d days",
		    (int)EXPORT_DAYS_MAX);
		return false;
	}
	query->to++;
	return true;
}

static void fail(struct call *c, enum err rc)
{
	if (rc == ERR_RANGE)
		call_refuse(c, 400, "period", "%s", store_why(c->store));
	else
		call_refuse(c, 503, "store", "the store cannot say it now; ask again");
}

static void name_file(struct call *c, const struct published_query *query)
{
	char from[DAY_TEXT_BYTES], to[DAY_TEXT_BYTES], value[96];

	day_write(from, query->from);
	day_write(to, query->to - 1);
	(void)snprintf(
	    value, sizeof value, "attachment; filename=\"lachan-%s-%s.csv\"", from, to);
	call_set_header(c, "Content-Disposition", value);
}

static void write_table(struct call *c, const struct published_query *query)
{
	struct writing w = {.out = &c->out};

	buf_reset(&c->out);
	published_begin(&w.table, w.out, PUBLISHED_CSV);
	enum err rc = store_published(c->store, query, on_row, &w);
	if (rc != OK) {
		fail(c, rc);
		return;
	}
	if (buf_status(w.out) != OK || w.out->len > EXPORT_MAX_BYTES) {
		call_refuse(c, 413, "too-long",
		    "that is more than one answer holds: ask for fewer days, or for one unit");
		return;
	}
	name_file(c, query);
	call_reply(c, 200, "text/csv; charset=utf-8");
}

/* The unit with all below it; everybody without one. */
static bool choose_units(
    struct call *c, struct tree_groups *groups, struct published_query *query)
{
	const char *unit = call_query(c, "unit");
	struct tree *tree = NULL;

	query->units = COUNTS_EVERYBODY;
	if (unit == NULL || unit[0] == 0)
		return true;
	enum err rc = web_tree(c, query->to - 1, &tree);
	if (rc != OK) {
		fail(c, rc);
		return false;
	}
	uint32_t node = tree_find(tree, unit);
	if (node == TREE_NONE)
		call_refuse(c, 404, "unit", "no unit of this id on the last of these days");
	else if (tree_groups_subtree(tree, node, groups) != OK)
		call_refuse(c, 503, "store", "out of memory; ask again");
	else
		query->units = tree_units(groups);
	tree_release(tree);
	return groups->group_of != NULL;
}

void export_csv(struct call *c)
{
	struct tree_groups groups = TREE_GROUPS_NONE;
	struct published_query query;
	struct page p;

	if (!web_enter(c, SECTION_CATEGORIES, &p))
		return;
	if (read_days(c, &query) && choose_units(c, &groups, &query))
		write_table(c, &query);
	tree_groups_free(&groups);
}
