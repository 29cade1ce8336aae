#include "kit/grants_text.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/hash.h"
#include "dns/text.h"
#include "kit/json_memory.h"
#include "net/prefix.h"

enum {
	SUM_DIGITS = 16,
	FORMAT_VERSION = 1
};

static const char FORMAT[] = "lachan-grants";

static const char *const SCOPE_WORDS[] = {
    [SCOPE_ALL] = "all",
    [SCOPE_TIER] = "tier",
    [SCOPE_GROUP] = "group",
    [SCOPE_CLIENTS] = "clients",
};

const char *grant_scope_word(enum grant_scope scope)
{
	return (size_t)scope < COUNT_OF(SCOPE_WORDS) ? SCOPE_WORDS[scope] : "all";
}

bool grant_text_is_sound(const char *text, size_t size)
{
	if (strlen(text) >= size)
		return false;
	for (const char *p = text; *p != 0; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	}
	json_t *checked = json_string(text); /* NULL for what is no UTF-8 */
	json_decref(checked);
	return checked != NULL;
}

bool grant_of_record(struct grant *out, const struct grant_record *record)
{
	*out = (struct grant){
	    .id = record->id,
	    .deny = record->deny,
	    .content_only = record->content_only,
	    .scope = record->scope,
	    .name = name_of(&record->name),
	    .subject = record->scope == SCOPE_CLIENTS ? "" : record->who,
	    .always = record->until_s == 0,
	    .until_wall_s = record->until_s,
	    .until_mono_ms = record->until_mono_ms,
	    .made_wall_s = record->made_s,
	    .by = record->by,
	    .reason = record->reason,
	};
	return record->scope != SCOPE_CLIENTS ||
	    prefix_from_text(&out->clients, slice_of(record->who), NULL) == OK;
}

/* ---- writing ---- */

static enum err write_line(struct buf *out, json_t *object)
{
	char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);

	json_decref(object);
	if (text == NULL)
		return ERR_MEMORY;
	buf_printf(
	    out, "%016llx %s\n", (unsigned long long)checksum64(0, slice_of(text)), text);
	json_memory_free(text);
	return buf_status(out);
}

enum err grants_text_write_head(struct buf *out, uint32_t next_id)
{
	return write_line(out,
	    json_pack("{s:s, s:i, s:I}", "format", FORMAT, "version", FORMAT_VERSION,
	        "next_id", (json_int_t)next_id));
}

enum err grants_text_write(struct buf *out, const struct grant_record *g)
{
	char name[NAME_TEXT_MAX];

	name_to_text(name, name_of(&g->name));
	json_t *object = json_pack("{s:I, s:s, s:b, s:s, s:s, s:I, s:I, s:s, s:s}", "id",
	    (json_int_t)g->id, "name", name, "deny", g->deny ? 1 : 0, "scope",
	    grant_scope_word(g->scope), "who", g->who, "made", (json_int_t)g->made_s,
	    "until", (json_int_t)g->until_s, "by", g->by, "reason", g->reason);
	if (g->content_only)
		(void)json_object_set_new(object, "content_only", json_true());
	return write_line(out, object);
}

/* ---- reading ---- */

static bool read_sum(struct slice digits, uint64_t *out)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < digits.len; i++) {
		uint8_t c = digits.ptr[i];
		unsigned value = c >= '0' && c <= '9' ? (unsigned)(c - '0')
		    : c >= 'a' && c <= 'f'            ? (unsigned)(c - 'a') + 10
		                                      : 16;
		if (value > 15)
			return false;
		sum = sum << 4 | value;
	}
	*out = sum;
	return true;
}

/* The object of a line whose checksum fits; NULL otherwise. The caller's. */
static json_t *read_line(struct slice line)
{
	uint64_t sum;

	if (line.len < SUM_DIGITS + 3 || line.len > GRANT_LINE_MAX ||
	    line.ptr[SUM_DIGITS] != ' ' ||
	    !read_sum((struct slice){line.ptr, SUM_DIGITS}, &sum))
		return NULL;
	struct slice text = {line.ptr + SUM_DIGITS + 1, line.len - SUM_DIGITS - 1};
	if (checksum64(0, text) != sum)
		return NULL;
	json_t *object =
	    json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(object)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

/* A number of 32 bits that is not 0. */
static bool take_id(const json_t *object, const char *key, uint32_t *out)
{
	json_int_t n = json_integer_value(json_object_get(object, key));

	if (n < 1 || n > UINT32_MAX)
		return false;
	*out = (uint32_t)n;
	return true;
}

enum err grants_text_read_head(struct slice line, uint32_t *next_id)
{
	json_t *object = read_line(line);
	const char *format = json_string_value(json_object_get(object, "format"));
	bool good = format != NULL && strcmp(format, FORMAT) == 0 &&
	    json_integer_value(json_object_get(object, "version")) == FORMAT_VERSION &&
	    take_id(object, "next_id", next_id);

	json_decref(object);
	return good ? OK : ERR_FORMAT;
}

static bool take_text(const json_t *object, const char *key, char *out, size_t size)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (text == NULL || !grant_text_is_sound(text, size))
		return false;
	(void)snprintf(out, size, "%s", text);
	return true;
}

static bool take_time(const json_t *object, const char *key, int64_t *out)
{
	const json_t *value = json_object_get(object, key);

	/* To the year 9999: sums of times cannot overflow. */
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    json_integer_value(value) > 253402300799)
		return false;
	*out = json_integer_value(value);
	return true;
}

static bool take_scope(const json_t *object, struct grant_record *g)
{
	const char *word = json_string_value(json_object_get(object, "scope"));
	struct prefix prefix;
	size_t i = 0;

	while (
	    word != NULL && i < COUNT_OF(SCOPE_WORDS) && strcmp(word, SCOPE_WORDS[i]) != 0)
		i++;
	if (word == NULL || i == COUNT_OF(SCOPE_WORDS) ||
	    !take_text(object, "who", g->who, sizeof g->who))
		return false;
	g->scope = (enum grant_scope)i;
	if ((g->scope == SCOPE_ALL) != (g->who[0] == 0))
		return false;
	return g->scope != SCOPE_CLIENTS ||
	    prefix_from_text(&prefix, slice_of(g->who), NULL) == OK;
}

static bool take_name(const json_t *object, struct name_buf *out)
{
	const char *text = json_string_value(json_object_get(object, "name"));

	return text != NULL && name_from_text(out, slice_of(text), NULL) == OK &&
	    name_label_count(name_of(out)) >= 2;
}

static bool take_content_only(const json_t *object, struct grant_record *g)
{
	const json_t *value = json_object_get(object, "content_only");

	g->content_only = value != NULL;
	return value == NULL || (json_is_true(value) && !g->deny);
}

enum err grants_text_read(struct slice line, struct grant_record *out)
{
	json_t *object = read_line(line);
	struct grant_record g = {.deny = json_is_true(json_object_get(object, "deny"))};
	bool good = json_is_boolean(json_object_get(object, "deny")) &&
	    take_content_only(object, &g) && take_id(object, "id", &g.id) &&
	    take_name(object, &g.name) && take_scope(object, &g) &&
	    take_time(object, "made", &g.made_s) &&
	    take_time(object, "until", &g.until_s) &&
	    take_text(object, "by", g.by, sizeof g.by) &&
	    take_text(object, "reason", g.reason, sizeof g.reason);

	json_decref(object);
	if (!good)
		return ERR_FORMAT;
	*out = g;
	return OK;
}
