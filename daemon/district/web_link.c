#include "district/web_link.h"

#include "district/web.h"

enum {
	LINK_MAX = 2048,
	PATH_MAX_UNITS = 16,
	KEEP_MAX = 8
};

static const char *keep_text(struct call *c, struct buf *text, const char *otherwise)
{
	const char *kept =
	    buf_status(text) == OK ? arena_text(c->memory, buf_slice(text)) : NULL;

	buf_deinit(text);
	return kept == NULL ? otherwise : kept;
}

const char *web_link(struct call *c, const char *path, const struct web_pair *pairs)
{
	struct buf out = BUF_INIT(LINK_MAX);
	char separator = '?';

	buf_text(&out, path);
	for (; pairs != NULL && pairs->name != NULL; pairs++) {
		if (pairs->value == NULL || *pairs->value == 0)
			continue;
		buf_byte(&out, (uint8_t)separator);
		buf_text(&out, pairs->name);
		buf_byte(&out, '=');
		call_encode(&out, pairs->value);
		separator = '&';
	}
	return keep_text(c, &out, path);
}

const char *web_unit_link(struct call *c, const char *unit)
{
	struct buf out = BUF_INIT(LINK_MAX);

	buf_text(&out, "/units/");
	call_encode(&out, unit);
	return keep_text(c, &out, "/search");
}

/* ---- places ---- */

bool web_place_find(struct call *c, struct page *p, int32_t day, struct web_place *out)
{
	const char *unit = web_query(c, "unit");

	*out = (struct web_place){.node = TREE_NONE, .unit = ""};
	enum err rc = web_tree(c, day, &out->tree);
	if (rc != OK) {
		web_fail(c, p, rc);
		return false;
	}
	out->name = word_of(WORD_UNIT_WHOLE, p->language);
	if (*unit == 0)
		return true;
	out->node = tree_find(out->tree, unit);
	if (out->node == TREE_NONE) {
		web_refuse(c, p, 404, WORD_MISSING_TITLE, WORD_MISSING_UNIT);
		return false;
	}
	const struct tree_node *node = tree_node(out->tree, out->node);
	out->unit = node->unit;
	out->name = node->name;
	return true;
}

void web_place_leave(struct web_place *place)
{
	if (place->tree != NULL)
		tree_release(place->tree);
	place->tree = NULL;
}

static const char *link_to(
    struct call *c, const char *path, const char *unit, const struct web_pair *keep)
{
	struct web_pair pairs[KEEP_MAX + 2] = {{"unit", unit}};
	size_t count = 1;

	for (; keep != NULL && keep->name != NULL && count <= KEEP_MAX; keep++)
		pairs[count++] = *keep;
	return web_link(c, path, pairs);
}

void web_place_crumbs(struct call *c, struct page *p, const struct web_place *place,
    const char *path, const struct web_pair *keep)
{
	uint32_t nodes[PATH_MAX_UNITS];
	size_t count = place->node == TREE_NONE
	    ? 0
	    : tree_path(place->tree, place->node, nodes, PATH_MAX_UNITS);

	if (count > PATH_MAX_UNITS)
		count = PATH_MAX_UNITS;
	page_crumbs_open(p);
	page_crumb(p, count == 0 ? NULL : link_to(c, path, "", keep),
	    word_of(WORD_UNIT_WHOLE, p->language));
	for (size_t i = 0; i < count; i++) {
		const struct tree_node *node = tree_node(place->tree, nodes[i]);
		page_crumb(p, i + 1 == count ? NULL : link_to(c, path, node->unit, keep),
		    node->name);
	}
	page_crumbs_close(p);
}

uint32_t web_place_top(const struct web_place *place)
{
	uint32_t first, count;

	if (place->node != TREE_NONE)
		return place->node;
	tree_roots(place->tree, &first, &count);
	return count == 1 && !tree_node(place->tree, first)->sends ? first : TREE_NONE;
}

void web_place_children(const struct web_place *place, uint32_t *first, uint32_t *count)
{
	uint32_t top = web_place_top(place);

	if (top == TREE_NONE) {
		tree_roots(place->tree, first, count);
		return;
	}
	*first = tree_node(place->tree, top)->child_first;
	*count = tree_node(place->tree, top)->child_count;
}

static bool is_whole(const struct web_place *place)
{
	uint32_t first, count;

	tree_roots(place->tree, &first, &count);
	return place->node == TREE_NONE || (count == 1 && place->node == first);
}

enum err web_place_units(
    const struct web_place *place, struct tree_groups *groups, struct counts_units *out)
{
	*groups = TREE_GROUPS_NONE;
	*out = COUNTS_EVERYBODY;
	if (is_whole(place))
		return OK;
	enum err rc = tree_groups_subtree(place->tree, place->node, groups);
	if (rc == OK)
		*out = tree_units(groups);
	return rc;
}
