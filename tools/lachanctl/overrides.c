#include "lachanctl/overrides.h"

#include <stdio.h>

#include "base/words.h"
#include "conf/yaml_tree.h"

enum {
	ARENA_BYTES = 64 << 20,
	STEP = 2
};

/* ---- writing ---- */

static void put_blanks(struct buf *out, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		buf_byte(out, ' ');
}

/* Letters, digits and what hides no meaning in YAML: anything else goes into quotes. */
static bool is_plain(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && text[0] != '-' && text[0] != ':' && text[len - 1] != ':' &&
	    strspn(text,
	        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+:-") ==
	    len;
}

static void put_scalar(struct buf *out, const struct yaml_node *node)
{
	if (yaml_is_null(node)) {
		buf_byte(out, '~');
		return;
	}
	if (!node->quoted && is_plain(node->text)) {
		buf_text(out, node->text);
		return;
	}
	buf_byte(out, '"');
	for (const char *c = node->text; *c != 0; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			buf_printf(out, "\\x%02x", (unsigned)(unsigned char)*c);
		else if (*c == '"' || *c == '\\')
			buf_printf(out, "\\%c", *c);
		else
			buf_byte(out, (uint8_t)*c);
	}
	buf_byte(out, '"');
}

static void put_value(struct buf *out, const struct yaml_node *node, unsigned indent);

/* Depth is bounded by YAML_TREE_MAX_DEPTH. NOLINTNEXTLINE(misc-no-recursion) */
static void put_children(struct buf *out, const struct yaml_node *node, unsigned indent)
{
	for (size_t i = 0; i < node->count; i++) {
		put_blanks(out, indent);
		if (node->kind == TREE_LIST) {
			buf_byte(out, '-');
		} else {
			put_scalar(out, &node->keys[i]);
			buf_byte(out, ':');
		}
		put_value(out, &node->items[i], indent + STEP);
	}
}

/* Behind "key:" or "-". NOLINTNEXTLINE(misc-no-recursion) */
static void put_value(struct buf *out, const struct yaml_node *node, unsigned indent)
{
	if (node->kind == TREE_SCALAR) {
		buf_byte(out, ' ');
		put_scalar(out, node);
		buf_byte(out, '\n');
	} else if (node->count == 0) {
		buf_text(out, node->kind == TREE_LIST ? " []\n" : " {}\n");
	} else {
		buf_byte(out, '\n');
		put_children(out, node, indent);
	}
}

/* ---- laying ---- */

static enum err parse(
    struct yaml_node *out, struct slice text, struct arena *memory, struct diag *why)
{
	struct diags all = DIAGS_NONE;

	enum err rc = yaml_tree_parse(out, text, "overrides.yaml", memory, &all);
	if (rc != OK && all.count > 0)
		diag_describe(why->text, sizeof why->text, &all.items[0]);
	diags_deinit(&all);
	if (rc == OK && out->kind != TREE_MAP && !yaml_is_null(out)) {
		diag_set(why, _("overrides.yaml holds no keys"));
		rc = ERR_FORMAT;
	}
	return rc == ERR_CONFIG ? ERR_FORMAT : rc;
}

static bool begins_block(struct slice text)
{
	while (text.len > 0) {
		struct slice line = slice_trim(slice_cut(&text, '\n'));
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		return line.ptr[0] != '{' && !slice_starts(line, SLICE_LIT("---"));
	}
	return true;
}

static bool shares_key(const struct yaml_node *a, const struct yaml_node *b)
{
	for (size_t i = 0; b->kind == TREE_MAP && i < b->count; i++)
		if (yaml_find(a, b->keys[i].text) != NULL)
			return true;
	return false;
}

static void append(struct buf *out, struct slice old, struct slice ours)
{
	buf_append(out, old);
	if (old.len > 0 && old.ptr[old.len - 1] != '\n')
		buf_byte(out, '\n');
	buf_append(out, ours);
}

/* What was written says what was meant, or it is not used. */
static enum err read_back(struct slice text, const struct yaml_node *meant,
    struct arena *memory, struct diag *why)
{
	struct yaml_node back;

	enum err rc = parse(&back, text, memory, why);
	if (rc == OK && !yaml_equal(&back, meant)) {
		diag_set(why, _("overrides.yaml cannot be rewritten (edit it by hand)"));
		rc = ERR_FORMAT;
	}
	return rc;
}

enum err overrides_lay(
    struct buf *out, struct slice old, struct slice ours, struct diag *why)
{
	struct arena memory = ARENA_INIT(ARENA_BYTES);
	struct yaml_node under, over, both;
	size_t before = out->len;

	enum err rc = parse(&under, old, &memory, why);
	if (rc == OK)
		rc = parse(&over, ours, &memory, why);
	if (rc == OK && yaml_is_null(&under))
		both = over;
	else if (rc == OK)
		rc = yaml_merge(&both, &under, &over, &memory);
	if (rc != OK)
		goto done;
	if (yaml_equal(&both, &under))
		buf_append(out, old);
	else if (begins_block(old) && !shares_key(&under, &over))
		append(out, old, ours);
	else
		put_children(out, &both, 0);
	rc = buf_status(out);
	if (rc == OK)
		rc = read_back((struct slice){out->ptr + before, out->len - before}, &both,
		    &memory, why);
done:
	arena_deinit(&memory);
	return rc;
}
