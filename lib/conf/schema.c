#include "conf/schema.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/words.h"

static enum err fill_map(struct schema_run *run, const struct schema_row *rows,
    const struct yaml_node *map, void *out);

PRINTF_LIKE(4, 0)
static void tell(struct schema_run *run, struct diag d, struct mark mark,
    const char *format, va_list args)
{
	d.line = mark.line;
	d.column = mark.column;
	(void)snprintf(d.file, sizeof d.file, "%s", mark.file == NULL ? "" : mark.file);
	(void)vsnprintf(d.text, sizeof d.text, format, args);
	diags_add(run->all, &d);
}

void schema_mistake(struct schema_run *run, struct mark mark, const char *format, ...)
{
	va_list args;

	run->mistakes++;
	va_start(args, format);
	tell(run, (struct diag){.level = DIAG_ERROR}, mark, format, args);
	va_end(args);
}

void schema_warning(struct schema_run *run, struct mark mark, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(run, (struct diag){.level = DIAG_WARNING}, mark, format, args);
	va_end(args);
}

/* "a, b, c" of a NULL-ended list, cut with "..." where it does not fit. */
static void join_words(char *out, size_t size, const char *const *words)
{
	struct writer w = writer_over((uint8_t *)out, size - 4);

	for (size_t i = 0; words[i] != NULL; i++) {
		struct writer before = w;
		if (i > 0)
			writer_bytes(&w, SLICE_LIT(", "));
		writer_bytes(&w, slice_of(words[i]));
		if (!w.bad)
			continue;
		w = before;
		w.cap += 3;
		writer_bytes(&w, SLICE_LIT("..."));
		break;
	}
	out[w.len] = 0;
}

void schema_mistake_word(struct schema_run *run, struct mark mark, const char *what,
    const char *word, const char *const *words)
{
	const char *near = text_nearest(word, words);
	char shown[100];
	char all[220];

	text_printable(shown, sizeof shown, slice_of(word));
	if (near != NULL) {
		schema_mistake(
		    run, mark, _("unknown %s '%s'; did you mean '%s'?"), what, shown, near);
		return;
	}
	join_words(all, sizeof all, words);
	schema_mistake(
	    run, mark, _("unknown %s '%s' (choose one of: %s)"), what, shown, all);
}

const char *schema_path(struct schema_run *run, const char *key)
{
	char path[256];

	if (run->path == NULL)
		return key;
	(void)snprintf(path, sizeof path, "%s.%s", run->path, key);
	const char *kept = arena_text(run->arena, slice_of(path));
	if (kept == NULL)
		run->no_memory = true;
	return kept != NULL ? kept : key;
}

const char *schema_scalar(
    struct schema_run *run, const struct schema_row *row, const struct yaml_node *value)
{
	if (value->kind == TREE_MAP) {
		schema_mistake(run, value->mark,
		    _("'%s' holds one value, not keys of its own (write %s: VALUE)"),
		    schema_path(run, row->name), row->name);
		return NULL;
	}
	if (value->kind == TREE_LIST) {
		schema_mistake(run, value->mark,
		    _("'%s' holds one value, not a list (remove the brackets or dashes)"),
		    schema_path(run, row->name));
		return NULL;
	}
	if (value->text[0] == 0 && !value->quoted) {
		schema_mistake(run, value->mark,
		    _("'%s' has no value (write one, or remove the line)"),
		    schema_path(run, row->name));
		return NULL;
	}
	return value->text;
}

/* ---- types ------------------------------------------------------------------------------ */

static bool read_bool(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	bool on;

	if (schema_scalar(run, row, value) == NULL)
		return false;
	if (!yaml_to_bool(value, &on)) {
		schema_mistake(run, value->mark, _("'%s' is a switch (write on or off)"),
		    schema_path(run, row->name));
		return false;
	}
	memcpy(out, &on, sizeof on);
	return true;
}

void schema_number_text(
    char *out, size_t size, const struct schema_type *type, uint64_t number)
{
	static const struct {
		const struct schema_type *type;
		const char *unit;
		uint64_t factor;
	} UNITS[] = {{&SCHEMA_DURATION, "d", 86400000}, {&SCHEMA_DURATION, "h", 3600000},
	    {&SCHEMA_DURATION, "m", 60000}, {&SCHEMA_DURATION, "s", 1000},
	    {&SCHEMA_DURATION, "ms", 1}, {&SCHEMA_SIZE, "GiB", (uint64_t)1 << 30},
	    {&SCHEMA_SIZE, "MiB", (uint64_t)1 << 20},
	    {&SCHEMA_SIZE, "KiB", (uint64_t)1 << 10}, {&SCHEMA_SIZE, "B", 1}};

	for (size_t i = 0; i < COUNT_OF(UNITS) && number > 0; i++) {
		if (UNITS[i].type != type || number % UNITS[i].factor != 0)
			continue;
		(void)snprintf(out, size, "%llu%s",
		    (unsigned long long)(number / UNITS[i].factor), UNITS[i].unit);
		return;
	}
	(void)snprintf(out, size, "%llu", (unsigned long long)number);
}

static bool in_range(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, uint64_t number)
{
	char low[32];
	char high[32];

	if (number >= row->min && (row->max == 0 || number <= row->max))
		return true;
	schema_number_text(low, sizeof low, row->type, row->min);
	schema_number_text(high, sizeof high, row->type, row->max);
	if (row->max == 0)
		schema_mistake(run, value->mark, _("'%s' is out of range (at least %s)"),
		    schema_path(run, row->name), low);
	else
		schema_mistake(run, value->mark, _("'%s' is out of range (from %s to %s)"),
		    schema_path(run, row->name), low, high);
	return false;
}

/* What numbers, durations and sizes share: the word for 0, the range, the storing. */
static bool store_number(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, uint64_t number, void *out)
{
	if (!in_range(run, row, value, number))
		return false;
	memcpy(out, &number, sizeof number);
	return true;
}

static bool is_zero_word(const struct schema_row *row, const char *text)
{
	return row->words != NULL && strcmp(row->words[0], text) == 0;
}

static bool read_number(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	const uint64_t zero = 0;
	uint64_t number;

	const char *text = schema_scalar(run, row, value);
	if (text == NULL)
		return false;
	if (is_zero_word(row, text)) {
		memcpy(out, &zero, sizeof zero);
		return true;
	}
	if (!slice_to_u64(slice_of(text), UINT64_MAX, &number)) {
		if (row->words != NULL)
			schema_mistake(run, value->mark,
			    _("'%s' is a whole number (write it in digits, or %s)"),
			    schema_path(run, row->name), row->words[0]);
		else
			schema_mistake(run, value->mark,
			    _("'%s' is a whole number (write it in digits, without a unit)"),
			    schema_path(run, row->name));
		return false;
	}
	return store_number(run, row, value, number, out);
}

static bool read_duration(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	uint64_t number;

	const char *text = schema_scalar(run, row, value);
	if (text == NULL)
		return false;
	if (!text_to_duration_ms(slice_of(text), &number)) {
		schema_mistake(run, value->mark,
		    _("'%s' is a duration (write it as 500ms, 10s, 5m, 24h or 30d)"),
		    schema_path(run, row->name));
		return false;
	}
	return store_number(run, row, value, number, out);
}

static bool read_size(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	const uint64_t zero = 0;
	uint64_t number;

	const char *text = schema_scalar(run, row, value);
	if (text == NULL)
		return false;
	if (is_zero_word(row, text)) {
		memcpy(out, &zero, sizeof zero);
		return true;
	}
	if (!text_to_size_bytes(slice_of(text), &number)) {
		schema_mistake(run, value->mark,
		    _("'%s' is a size (write it as 64KiB, 32MiB or 1GiB)"),
		    schema_path(run, row->name));
		return false;
	}
	return store_number(run, row, value, number, out);
}

static void refuse_word(struct schema_run *run, const struct schema_row *row,
    struct mark mark, const char *word)
{
	char built[220];

	for (size_t i = 0; row->unbuilt_words != NULL && row->unbuilt_words[i] != NULL;
	     i++) {
		if (strcmp(row->unbuilt_words[i], word) != 0)
			continue;
		join_words(built, sizeof built, row->words);
		schema_mistake(run, mark, _("%s: %s is not built yet (choose one of: %s)"),
		    schema_path(run, row->name), word, built);
		return;
	}
	schema_mistake_word(run, mark, _("word"), word, row->words);
}

static bool read_enum(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	bool on;

	const char *text = schema_scalar(run, row, value);
	if (text == NULL)
		return false;
	/* `no` is a word here and a switch there; "off" of a word list may be written no. */
	for (unsigned i = 0; row->words[i] != NULL; i++) {
		bool same = strcmp(row->words[i], text) == 0;
		bool off =
		    strcmp(row->words[i], "off") == 0 && yaml_to_bool(value, &on) && !on;
		if (!same && !off)
			continue;
		memcpy(out, &i, sizeof i);
		return true;
	}
	refuse_word(run, row, value->mark, text);
	return false;
}

static bool read_text(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	struct conf_text text = {.mark = value->mark};

	text.text = schema_scalar(run, row, value);
	if (text.text == NULL)
		return false;
	if ((row->flags & SCHEMA_NOT_EMPTY) && text.text[0] == 0) {
		schema_mistake(run, value->mark, _("'%s' is empty (write a value)"),
		    schema_path(run, row->name));
		return false;
	}
	if (row->max > 0 && strlen(text.text) > row->max) {
		schema_mistake(run, value->mark,
		    _("'%s' is longer than %llu bytes (shorten it)"),
		    schema_path(run, row->name), (unsigned long long)row->max);
		return false;
	}
	memcpy(out, &text, sizeof text);
	return true;
}

/* The defaults of a map that could not be read; its mistake is told already. */
static void fill_defaults_unheard(
    struct schema_run *run, const struct schema_row *row, void *out)
{
	const struct yaml_node empty = {.kind = TREE_MAP, .mark = {"", 0, 0}};
	struct diags unheard = DIAGS_NONE;
	struct schema_run quiet = {.arena = run->arena, .all = &unheard};

	if (fill_map(&quiet, row->rows, &empty, out) == ERR_MEMORY || quiet.no_memory)
		run->no_memory = true;
	diags_deinit(&unheard);
}

static bool read_map(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	const struct yaml_node empty = {.kind = TREE_MAP, .mark = value->mark};
	const char *outer = run->path;
	size_t before = run->mistakes;

	/* A key whose lines below are all comments has no value: nothing is changed. */
	if (yaml_is_null(value))
		value = &empty;
	if (value->kind != TREE_MAP) {
		schema_mistake(run, value->mark,
		    _("'%s' has keys of its own (write them below it, indented)"),
		    schema_path(run, row->name));
		fill_defaults_unheard(run, row, out);
		return false;
	}
	run->path = schema_path(run, row->name);
	enum err rc = fill_map(run, row->rows, value, out);
	run->path = outer;
	if (rc == ERR_MEMORY)
		run->no_memory = true;
	return rc == OK && run->mistakes == before;
}

static bool list_is_sound(
    struct schema_run *run, const struct schema_row *row, const struct yaml_node *value)
{
	if (value->kind != TREE_LIST) {
		schema_mistake(run, value->mark, _("'%s' is a list (write %s: [A, B])"),
		    schema_path(run, row->name), row->name);
		return false;
	}
	if (value->count == 0 && (row->flags & SCHEMA_NOT_EMPTY)) {
		schema_mistake(run, value->mark, _("'%s' is empty (name at least one)"),
		    schema_path(run, row->name));
		return false;
	}
	if (row->max_items > 0 && value->count > row->max_items) {
		schema_mistake(run, value->mark,
		    _("'%s' has more than %zu items (shorten it)"),
		    schema_path(run, row->name), row->max_items);
		return false;
	}
	return true;
}

static bool read_list(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	struct conf_list list = {.mark = value->mark};
	struct schema_row item = *row;
	size_t size = row->item_size > 0 ? row->item_size : row->item->size;
	size_t before = run->mistakes;

	if (!list_is_sound(run, row, value))
		return false;
	item.type = row->item;
	item.flags = 0;
	list.items = arena_array(run->arena, value->count + 1, size);
	if (list.items == NULL) {
		run->no_memory = true;
		return false;
	}
	for (size_t i = 0; i < value->count; i++) {
		uint8_t *at = (uint8_t *)list.items + list.count * size;
		bool sound = row->item->read(run, &item, &value->items[i], at);
		/* A thing with a mistake is still there: others may speak of it by name. */
		bool kept = row->item == &SCHEMA_MAP && value->items[i].kind == TREE_MAP;
		if (sound || kept)
			list.count++;
		else
			memset(at, 0, size);
	}
	memcpy(out, &list, sizeof list);
	return run->mistakes == before;
}

static bool read_anything(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	(void)run;
	(void)row;
	(void)value;
	(void)out;
	return true;
}

const struct schema_type SCHEMA_BOOL = {"on, off", read_bool, sizeof(bool), false};
const struct schema_type SCHEMA_NUMBER = {"number", read_number, sizeof(uint64_t), false};
const struct schema_type SCHEMA_DURATION = {
    "duration", read_duration, sizeof(uint64_t), false};
const struct schema_type SCHEMA_SIZE = {"size", read_size, sizeof(uint64_t), false};
const struct schema_type SCHEMA_ENUM = {"word", read_enum, sizeof(unsigned), false};
const struct schema_type SCHEMA_TEXT = {"text", read_text, sizeof(struct conf_text), true};
const struct schema_type SCHEMA_LIST = {"list", read_list, sizeof(struct conf_list), false};
const struct schema_type SCHEMA_MAP = {"keys", read_map, 0, false};
const struct schema_type SCHEMA_ANYTHING = {"", read_anything, 0, false};

/* ---- filling ------------------------------------------------------------------------------ */

static const struct schema_row *find_row(const struct schema_row *rows, const char *key)
{
	for (; rows->name != NULL; rows++)
		if (strcmp(rows->name, key) == 0)
			return rows;
	return NULL;
}

static void refuse_unknown_keys(
    struct schema_run *run, const struct schema_row *rows, const struct yaml_node *map)
{
	enum {
		ROWS_MAX = 64
	};
	const char *words[ROWS_MAX + 1];
	size_t count = 0;

	for (; rows[count].name != NULL && count < ROWS_MAX; count++)
		words[count] = rows[count].name;
	words[count] = NULL;
	for (size_t i = 0; i < map->count; i++)
		if (find_row(rows, map->keys[i].text) == NULL)
			schema_mistake_word(
			    run, map->keys[i].mark, _("key"), map->keys[i].text, words);
}

/* A default as a tree that was written nowhere. */
static enum err parse_default(
    struct schema_run *run, const char *text, struct yaml_node *out)
{
	/* The commonest ones; a map of every item of a list has some. */
	if (strcmp(text, "[]") == 0 || strcmp(text, "\"\"") == 0) {
		bool is_list = text[0] == '[';
		*out = (struct yaml_node){.kind = is_list ? TREE_LIST : TREE_SCALAR,
		    .quoted = !is_list,
		    .text = is_list ? NULL : "",
		    .mark = {"", 0, 0}};
		return OK;
	}
	if (text[0] == '[' || text[0] == '{' || text[0] == '"')
		return yaml_tree_parse(out, slice_of(text), NULL, run->arena, run->all);
	*out = (struct yaml_node){.kind = TREE_SCALAR, .text = text, .mark = {"", 0, 0}};
	return OK;
}

/* No text is NULL, whatever was wrong with it. */
static void set_empty_text(const struct schema_row *row, void *member)
{
	const struct conf_text none = {.text = "", .mark = {"", 0, 0}};

	if (row->type->is_text)
		memcpy(member, &none, sizeof none);
}

static enum err fill_default(
    struct schema_run *run, const struct schema_row *row, struct mark at, void *member)
{
	const struct yaml_node empty = {.kind = TREE_MAP, .mark = at};
	struct yaml_node value;

	set_empty_text(row, member);
	if (row->flags & SCHEMA_MANDATORY) {
		schema_mistake(run, at,
		    _("'%s' is missing (add it; docs/configuration.md "
		      "says what it means)"),
		    schema_path(run, row->name));
		return OK;
	}
	if (row->type == &SCHEMA_MAP) {
		(void)read_map(run, row, &empty, member);
		return OK;
	}
	if (row->otherwise == NULL || row->type == &SCHEMA_ANYTHING)
		return OK;
	enum err rc = parse_default(run, row->otherwise, &value);
	if (rc != OK)
		return rc;
	(void)row->type->read(run, row, &value, member);
	return OK;
}

/* A key whose feature does not exist is refused unless it changes nothing. */
static bool changes_what_is_not_built(
    struct schema_run *run, const struct schema_row *row, const struct yaml_node *value)
{
	struct yaml_node otherwise;

	if (!(row->flags & SCHEMA_NOT_BUILT))
		return false;
	if (row->otherwise == NULL) {
		schema_mistake(run, value->mark,
		    _("'%s' is not built yet; remove the line"),
		    schema_path(run, row->name));
		return true;
	}
	if (parse_default(run, row->otherwise, &otherwise) == OK &&
	    yaml_equal(value, &otherwise))
		return false;
	schema_mistake(run, value->mark,
	    _("'%s' is not built yet; remove the line (default: %s)"),
	    schema_path(run, row->name), row->otherwise);
	return true;
}

static enum err fill_row(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *map, uint8_t *out)
{
	const struct yaml_node *value = yaml_find(map, row->name);
	uint8_t *member = out + row->offset;

	if (value != NULL && !changes_what_is_not_built(run, row, value) &&
	    row->type->read(run, row, value, member))
		return OK;
	if (value == NULL)
		return fill_default(run, row, map->mark, member);
	/* The mistake is told; the default stands in for the sake of later checks. A map
	 * has filled what it could, and a list has kept its good items. */
	set_empty_text(row, member);
	if ((row->flags & SCHEMA_MANDATORY) || row->type == &SCHEMA_MAP ||
	    (row->type == &SCHEMA_LIST && value->kind == TREE_LIST && value->count > 0))
		return OK;
	return fill_default(run, row, map->mark, member);
}

static enum err fill_map(struct schema_run *run, const struct schema_row *rows,
    const struct yaml_node *map, void *out)
{
	refuse_unknown_keys(run, rows, map);
	for (; rows->name != NULL; rows++) {
		enum err rc = fill_row(run, rows, map, out);
		if (rc != OK)
			return rc;
	}
	return OK;
}

enum err schema_fill(struct schema_run *run, const struct schema_row *rows,
    const struct yaml_node *map, void *out)
{
	const struct yaml_node empty = {.kind = TREE_MAP, .mark = map->mark};
	size_t before = run->mistakes;

	if (yaml_is_null(map))
		map = &empty;
	if (map->kind != TREE_MAP) {
		schema_mistake(run, map->mark,
		    _("the file holds keys (write KEY: VALUE, one a line)"));
		return ERR_FORMAT;
	}
	enum err rc = fill_map(run, rows, map, out);
	if (rc == OK && run->no_memory)
		rc = ERR_MEMORY;
	if (rc == OK && run->mistakes > before)
		rc = ERR_CONFIG;
	return rc;
}
