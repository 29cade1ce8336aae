#include "page/facts.h"

#include "base/html.h"

void facts_add(struct facts *facts, const char *name, const char *value)
{
	if (value == NULL || *value == 0 || facts->count == FACTS_MAX)
		return;
	facts->items[facts->count].name = name;
	facts->items[facts->count].value = value;
	facts->count++;
}

const char *facts_find(const struct facts *facts, struct slice name)
{
	for (size_t i = 0; i < facts->count; i++) {
		if (slice_equal(slice_of(facts->items[i].name), name))
			return facts->items[i].value;
	}
	return "";
}

/* One piece of a line: text, then perhaps a placeholder's name (ptr NULL: none). */
struct piece {
	struct slice text;
	struct slice name;
};

static bool next_piece(struct slice *rest, struct piece *out)
{
	if (rest->ptr == NULL)
		return false;
	out->text = slice_cut(rest, '{');
	out->name = SLICE_EMPTY;
	if (rest->ptr != NULL)
		out->name = slice_cut(rest, '}');
	return true;
}

bool facts_cover(const struct facts *facts, const char *line)
{
	struct slice rest = slice_of(line);
	struct piece piece;

	if (*line == 0)
		return false;
	while (next_piece(&rest, &piece)) {
		if (piece.name.ptr != NULL && *facts_find(facts, piece.name) == 0)
			return false;
	}
	return true;
}

bool facts_fill(struct buf *out, const struct facts *facts, const char *line)
{
	struct slice rest = slice_of(line);
	struct piece piece;

	if (!facts_cover(facts, line))
		return false;
	while (next_piece(&rest, &piece)) {
		html_escape(out, piece.text);
		if (piece.name.ptr != NULL)
			html_escape(out, slice_of(facts_find(facts, piece.name)));
	}
	return true;
}
