#include "conf/yaml_tree.h"

#include <stdlib.h>
#include <strings.h>
#include <yaml.h>

#include "base/text.h"
#include "base/words.h"

enum {
	/* Twice the longest list anybody writes by hand; keeps the search for a key that
	 * stands twice, which compares each with each, far from a second. */
	MAX_KEYS_IN_MAP = 1000
};

/* The event interface, not the document's: documents forget anchors that nothing refers
 * to, and are built to the end before their depth can be seen. */
struct builder {
	yaml_parser_t parser;
	struct slice text;
	const char *file;
	struct yaml_arenas arenas;
	struct diags *all;
	unsigned depth;
	size_t mistakes;
};

struct children {
	struct yaml_node *keys;
	struct yaml_node *items;
	size_t count;
	size_t capacity;
};

static enum err build_node(
    struct builder *b, const yaml_event_t *event, struct yaml_node *out);

static struct mark mark_of(const struct builder *b, yaml_mark_t at)
{
	if (b->file == NULL)
		return (struct mark){"", 0, 0};
	return (struct mark){b->file, (unsigned)at.line + 1, (unsigned)at.column + 1};
}

static void mistake(struct builder *b, struct mark at, const char *sentence)
{
	b->mistakes++;
	diags_error(b->all, at.file, at.line, at.column, "%s", sentence);
}

/* Where byte `offset` stands; libyaml leaves the mark empty for bytes that are no text. */
static struct mark mark_of_offset(const struct builder *b, size_t offset)
{
	yaml_mark_t at = {0, 0, 0};

	for (size_t i = 0; i < offset && i < b->text.len; i++) {
		at.column++;
		if (b->text.ptr[i] == '\n') {
			at.line++;
			at.column = 0;
		}
	}
	return mark_of(b, at);
}

static enum err syntax_mistake(struct builder *b)
{
	const yaml_parser_t *p = &b->parser;
	char sentence[DIAG_TEXT_BYTES];
	struct mark at = mark_of(b, p->problem_mark);

	if (p->error == YAML_MEMORY_ERROR)
		return ERR_MEMORY;
	if (p->error == YAML_READER_ERROR)
		at = mark_of_offset(b, p->problem_offset);
	(void)snprintf(sentence, sizeof sentence,
	    _("this is not YAML: %s %s (mend this line or the one above; indent with "
	      "spaces, never with tabs)"),
	    p->problem != NULL ? p->problem : "", p->context != NULL ? p->context : "");
	mistake(b, at, sentence);
	return ERR_FORMAT;
}

static enum err next_event(struct builder *b, yaml_event_t *event)
{
	return yaml_parser_parse(&b->parser, event) == 1 ? OK : syntax_mistake(b);
}

static void refuse_anchor_and_tag(struct builder *b, const yaml_event_t *event,
    const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor != NULL)
		mistake(b, mark_of(b, event->start_mark),
		    _("anchors are not used here (write the value out where it is "
		      "needed)"));
	if (tag != NULL)
		mistake(b, mark_of(b, event->start_mark),
		    _("tags such as !!str are not used here (remove the tag)"));
}

static enum err build_scalar(
    struct builder *b, const yaml_event_t *event, struct yaml_node *out)
{
	struct slice text = {event->data.scalar.value, event->data.scalar.length};

	refuse_anchor_and_tag(b, event, event->data.scalar.anchor, event->data.scalar.tag);
	out->kind = TREE_SCALAR;
	out->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	if (text.len > 0 && memchr(text.ptr, 0, text.len) != NULL) {
		mistake(b, out->mark, _("a NUL stands in this text (remove it)"));
		text.len = 0;
	}
	out->text = arena_text(b->arenas.texts, text);
	return out->text != NULL ? OK : ERR_MEMORY;
}

/* Room for one child more; what it stood in before stays in the arena until the end. */
static enum err children_grow(struct builder *b, struct children *c, bool with_keys)
{
	if (c->count < c->capacity)
		return OK;
	struct children grown = {.count = c->count};
	grown.capacity = c->capacity == 0 ? 4 : c->capacity * 2;
	grown.items = arena_array(b->arenas.nodes, grown.capacity, sizeof *grown.items);
	if (with_keys)
		grown.keys =
		    arena_array(b->arenas.nodes, grown.capacity, sizeof *grown.keys);
	if (grown.items == NULL || (with_keys && grown.keys == NULL))
		return ERR_MEMORY;
	for (size_t i = 0; i < c->count; i++) {
		grown.items[i] = c->items[i];
		if (with_keys)
			grown.keys[i] = c->keys[i];
	}
	*c = grown;
	return OK;
}

static void refuse_key_twice(struct builder *b, const struct children *c)
{
	const struct yaml_node *last = &c->keys[c->count - 1];
	char sentence[DIAG_TEXT_BYTES];

	for (size_t i = 0; i + 1 < c->count; i++) {
		if (strcmp(c->keys[i].text, last->text) != 0)
			continue;
		(void)snprintf(sentence, sizeof sentence,
		    _("key '%s' stands here twice (first in line %u; keep one)"),
		    last->text, c->keys[i].mark.line);
		mistake(b, last->mark, sentence);
		return;
	}
}

/* The key that `event` begins. A key that is a list or a map ends the reading: what
 * follows it could not be told from values. */
static enum err build_key(
    struct builder *b, const yaml_event_t *event, struct yaml_node *out)
{
	if (event->type == YAML_SCALAR_EVENT)
		return build_node(b, event, out);
	mistake(
	    b, mark_of(b, event->start_mark), _("a key must be a word (write KEY: VALUE)"));
	return ERR_FORMAT;
}

static enum err build_pair(struct builder *b, const yaml_event_t *first, struct children *c)
{
	yaml_event_t event;

	enum err rc = build_key(b, first, &c->keys[c->count]);
	if (rc == OK)
		rc = next_event(b, &event);
	if (rc != OK)
		return rc;
	rc = build_node(b, &event, &c->items[c->count]);
	yaml_event_delete(&event);
	c->count++;
	if (rc == OK)
		refuse_key_twice(b, c);
	return rc;
}

static enum err build_child(
    struct builder *b, const yaml_event_t *event, struct children *c, bool is_map)
{
	enum err rc = children_grow(b, c, is_map);
	if (rc != OK)
		return rc;
	if (is_map && c->count == MAX_KEYS_IN_MAP) {
		mistake(b, mark_of(b, event->start_mark),
		    _("more than 1000 keys in one place (use a list)"));
		return ERR_FORMAT;
	}
	if (is_map)
		return build_pair(b, event, c);
	return build_node(b, event, &c->items[c->count++]);
}

static enum err build_children(struct builder *b, struct yaml_node *out)
{
	bool is_map = out->kind == TREE_MAP;
	yaml_event_type_t end = is_map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
	struct children c = {0};
	enum err rc = OK;

	for (bool ended = false; rc == OK && !ended;) {
		yaml_event_t event;
		rc = next_event(b, &event);
		if (rc != OK)
			break;
		ended = event.type == end;
		if (!ended)
			rc = build_child(b, &event, &c, is_map);
		yaml_event_delete(&event);
	}
	out->count = c.count;
	out->items = c.items;
	out->keys = c.keys;
	return rc;
}

static enum err build_collection(struct builder *b, struct yaml_node *out)
{
	char sentence[DIAG_TEXT_BYTES];

	if (b->depth == YAML_TREE_MAX_DEPTH) {
		(void)snprintf(sentence, sizeof sentence,
		    _("nested deeper than %d levels (nothing here needs more than five)"),
		    YAML_TREE_MAX_DEPTH);
		mistake(b, out->mark, sentence);
		return ERR_FORMAT;
	}
	b->depth++;
	enum err rc = build_children(b, out);
	b->depth--;
	return rc;
}

static enum err build_node(
    struct builder *b, const yaml_event_t *event, struct yaml_node *out)
{
	*out = (struct yaml_node){.mark = mark_of(b, event->start_mark)};
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return build_scalar(b, event, out);
	case YAML_SEQUENCE_START_EVENT:
		refuse_anchor_and_tag(b, event, event->data.sequence_start.anchor,
		    event->data.sequence_start.tag);
		out->kind = TREE_LIST;
		return build_collection(b, out);
	case YAML_MAPPING_START_EVENT:
		refuse_anchor_and_tag(b, event, event->data.mapping_start.anchor,
		    event->data.mapping_start.tag);
		out->kind = TREE_MAP;
		return build_collection(b, out);
	default:
		break;
	}
	mistake(b, out->mark,
	    _("aliases such as *name are not used here (write the value out)"));
	out->kind = TREE_SCALAR;
	out->text = "";
	return OK;
}

/* `event` is what follows the stream's start: a document, or the end of an empty text. */
static enum err build_document(struct builder *b, struct yaml_node *out)
{
	yaml_event_t event;

	enum err rc = next_event(b, &event);
	if (rc != OK)
		return rc;
	rc = build_node(b, &event, out);
	yaml_event_delete(&event);
	if (rc == OK)
		rc = next_event(b, &event);
	if (rc != OK)
		return rc;
	yaml_event_delete(&event); /* the document's end */
	rc = next_event(b, &event);
	if (rc != OK)
		return rc;
	if (event.type != YAML_STREAM_END_EVENT)
		mistake(b, mark_of(b, event.start_mark),
		    _("a second document begins here (one file, one document: remove "
		      "'---')"));
	yaml_event_delete(&event);
	return OK;
}

static enum err build_stream(struct builder *b, struct yaml_node *out)
{
	yaml_event_t event;

	*out = (struct yaml_node){.kind = TREE_MAP, .mark = {b->file, 1, 1}};
	if (b->file == NULL)
		out->mark = (struct mark){"", 0, 0};
	enum err rc = next_event(b, &event);
	if (rc != OK)
		return rc;
	yaml_event_delete(&event); /* the stream's start */
	rc = next_event(b, &event);
	if (rc != OK)
		return rc;
	bool empty = event.type == YAML_STREAM_END_EVENT;
	yaml_event_delete(&event);
	return empty ? OK : build_document(b, out);
}

enum err yaml_tree_parse_apart(struct yaml_node *out, struct slice text, const char *file,
    struct yaml_arenas arenas, struct diags *all)
{
	struct builder b = {.text = text, .file = file, .arenas = arenas, .all = all};
	struct yaml_node tree;

	if (text.len > YAML_TREE_MAX_BYTES) {
		diags_error(all, file, 0, 0,
		    _("larger than 1 MiB (a configuration is a few kilobytes)"));
		return ERR_FORMAT;
	}
	if (yaml_parser_initialize(&b.parser) != 1)
		return ERR_MEMORY;
	yaml_parser_set_input_string(
	    &b.parser, text.ptr != NULL ? text.ptr : (const uint8_t *)"", text.len);
	enum err rc = build_stream(&b, &tree);
	yaml_parser_delete(&b.parser);
	if (rc != OK)
		return rc;
	*out = tree;
	return b.mistakes > 0 ? ERR_CONFIG : OK;
}

enum err yaml_tree_parse(struct yaml_node *out, struct slice text, const char *file,
    struct arena *arena, struct diags *all)
{
	return yaml_tree_parse_apart(
	    out, text, file, (struct yaml_arenas){arena, arena}, all);
}

const struct yaml_node *yaml_find(const struct yaml_node *map, const char *key)
{
	if (map == NULL || map->kind != TREE_MAP)
		return NULL;
	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->keys[i].text, key) == 0)
			return &map->items[i];
	return NULL;
}

const char *yaml_text(const struct yaml_node *map, const char *key, const char *otherwise)
{
	const struct yaml_node *value = yaml_find(map, key);
	return value != NULL && value->kind == TREE_SCALAR ? value->text : otherwise;
}

bool yaml_is_null(const struct yaml_node *node)
{
	if (node->kind != TREE_SCALAR || node->quoted)
		return false;
	return node->text[0] == 0 || strcmp(node->text, "~") == 0 ||
	    strcasecmp(node->text, "null") == 0;
}

bool yaml_to_bool(const struct yaml_node *node, bool *out)
{
	static const char *const ON[] = {"on", "yes", "true"};
	static const char *const OFF[] = {"off", "no", "false"};

	if (node->kind != TREE_SCALAR)
		return false;
	for (size_t i = 0; i < COUNT_OF(ON); i++) {
		bool on = strcasecmp(node->text, ON[i]) == 0;
		if (!on && strcasecmp(node->text, OFF[i]) != 0)
			continue;
		*out = on;
		return true;
	}
	return false;
}

static bool scalars_equal(const struct yaml_node *a, const struct yaml_node *b)
{
	bool x;
	bool y;
	uint64_t m;
	uint64_t n;

	if (strcmp(a->text, b->text) == 0)
		return true;
	if (yaml_to_bool(a, &x) && yaml_to_bool(b, &y))
		return x == y;
	struct slice s = slice_of(a->text);
	struct slice t = slice_of(b->text);
	if (text_to_duration_ms(s, &m) && text_to_duration_ms(t, &n))
		return m == n;
	return text_to_size_bytes(s, &m) && text_to_size_bytes(t, &n) && m == n;
}

bool yaml_equal(const struct yaml_node *a, const struct yaml_node *b)
{
	if (a->kind != b->kind || a->count != b->count)
		return false;
	if (a->kind == TREE_SCALAR)
		return scalars_equal(a, b);
	for (size_t i = 0; i < a->count; i++) {
		const struct yaml_node *other =
		    a->kind == TREE_MAP ? yaml_find(b, a->keys[i].text) : &b->items[i];
		if (other == NULL || !yaml_equal(&a->items[i], other))
			return false;
	}
	return true;
}

/* The index of the map in `list` whose name is that of `item`; list->count if none. */
static size_t find_named(const struct yaml_node *list, const struct yaml_node *item)
{
	const char *name = yaml_text(item, "name", NULL);
	size_t i = 0;

	if (name == NULL)
		return list->count;
	for (; i < list->count; i++) {
		const char *other = yaml_text(&list->items[i], "name", NULL);
		if (other != NULL && strcmp(other, name) == 0)
			break;
	}
	return i;
}

static size_t find_key(const struct yaml_node *map, const char *key)
{
	size_t i = 0;
	while (i < map->count && strcmp(map->keys[i].text, key) != 0)
		i++;
	return i;
}

static bool is_named_list(const struct yaml_node *list)
{
	return list->kind == TREE_LIST && list->count > 0 &&
	    yaml_find(&list->items[0], "name") != NULL;
}

static bool is_one_thing(const char *key)
{
	return strcmp(key, "schedules") == 0;
}

static enum err merge_children(struct yaml_node *out, const struct yaml_node *under,
    const struct yaml_node *over, struct arena *arena)
{
	bool is_map = under->kind == TREE_MAP;
	size_t most = under->count + over->count;
	struct yaml_node *items = arena_array(arena, most + 1, sizeof *items);
	struct yaml_node *keys = arena_array(arena, most + 1, sizeof *keys);
	struct yaml_node all = {.kind = under->kind, .mark = over->mark};

	if (items == NULL || keys == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < under->count; i++) {
		items[i] = under->items[i];
		if (is_map)
			keys[i] = under->keys[i];
	}
	all.count = under->count;
	all.items = items;
	all.keys = is_map ? keys : NULL;
	for (size_t i = 0; i < over->count; i++) {
		const struct yaml_node *mine = &over->items[i];
		size_t at =
		    is_map ? find_key(under, over->keys[i].text) : find_named(under, mine);
		bool fresh = at == under->count;
		if (fresh)
			at = all.count++;
		if (is_map && fresh)
			keys[at] = over->keys[i];
		bool whole = fresh || (is_map && is_one_thing(keys[at].text));
		enum err rc = whole ? OK : yaml_merge(&items[at], &items[at], mine, arena);
		if (rc != OK)
			return rc;
		if (whole)
			items[at] = *mine;
	}
	*out = all;
	return OK;
}

enum err yaml_merge(struct yaml_node *out, const struct yaml_node *under,
    const struct yaml_node *over, struct arena *arena)
{
	bool maps = under->kind == TREE_MAP && over->kind == TREE_MAP;

	if (maps || (is_named_list(under) && is_named_list(over)))
		return merge_children(out, under, over, arena);
	*out = *over;
	return OK;
}
