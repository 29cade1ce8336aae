#include "feeds/meta.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const words[] = {
    [META_NEVER] = "never",
    [META_OK] = "ok",
    [META_UNCHANGED] = "unchanged",
    [META_REFUSED] = "refused",
    [META_HELD] = "held",
};

const char *meta_result_word(enum meta_result result)
{
	return (size_t)result < COUNT_OF(words) ? words[result] : "never";
}

static json_t *json_time(int64_t at_s)
{
	time_t at = (time_t)at_s;
	struct tm parts;
	char text[32];

	if (at_s <= 0 || gmtime_r(&at, &parts) == NULL ||
	    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		return json_null();
	return json_string(text);
}

/* "" and null read as never; so does what is no time. */
static int64_t time_of(const json_t *value)
{
	const char *text = json_string_value(value);
	struct tm parts;

	if (text == NULL)
		return 0;
	memset(&parts, 0, sizeof parts);
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &parts);
	if (end == NULL || *end != 0)
		return 0;
	time_t at = timegm(&parts);
	return at > 0 ? (int64_t)at : 0;
}

/* Servers may put octets into headers that are no UTF-8; those are not worth keeping. */
static json_t *json_text(const char *text)
{
	json_t *value = json_string(text);
	return value != NULL ? value : json_string("");
}

static json_t *json_refused(const struct meta *m)
{
	json_t *refused = json_object();

	for (size_t i = 0; refused != NULL && i < m->refused_count; i++) {
		(void)json_object_set_new(refused, m->refused[i].reason,
		    json_integer((json_int_t)m->refused[i].lines));
	}
	return refused;
}

static json_t *json_held(const struct meta_held *held)
{
	if (held->since_s == 0)
		return json_null();
	json_t *covers = json_array();
	for (size_t i = 0; i < held->kept; i++)
		(void)json_array_append_new(covers, json_text(held->covers[i]));
	return json_pack("{s:o, s:s, s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:I}", "since",
	    json_time(held->since_s), "sha256", held->sha256, "body_sha256",
	    held->body_sha256, "bytes", (json_int_t)held->bytes, "rules",
	    (json_int_t)held->rules, "url", json_text(held->url), "etag",
	    json_text(held->etag), "last_modified", json_text(held->last_modified),
	    "covers", covers, "covers_count", (json_int_t)held->covers_count);
}

static json_t *to_json(const struct meta *m)
{
	return json_pack("{s:s, s:i, s:b, s:s, s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:o,"
	                 " s:o, s:I, s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:o}",
	    "kind", "lachan-feed", "version", 1, "off", m->off, "result",
	    meta_result_word(m->result), "reason", json_text(m->reason), "checked",
	    json_time(m->checked_s), "next_try", json_time(m->next_try_s), "failures",
	    (int)m->failures, "url", json_text(m->url), "etag", json_text(m->etag),
	    "last_modified", json_text(m->last_modified), "sha256", json_text(m->sha256),
	    "body_sha256", json_text(m->body_sha256), "fetched", json_time(m->fetched_s),
	    "bytes", (json_int_t)m->bytes, "category", json_text(m->category), "format",
	    json_text(m->format), "entries", (json_int_t)m->entries, "patterns",
	    (json_int_t)m->patterns, "rules", (json_int_t)m->rules, "protected",
	    (json_int_t)m->protected_names, "refused", json_refused(m), "held",
	    json_held(&m->held), "accepted", json_text(m->accepted));
}

static int append(const char *text, size_t len, void *out)
{
	buf_append(out, (struct slice){(const uint8_t *)text, len});
	return 0;
}

enum err meta_encode(const struct meta *m, struct buf *out)
{
	json_t *root = to_json(m);

	if (root == NULL)
		return ERR_MEMORY;
	int failed = json_dump_callback(root, append, out, JSON_INDENT(1));
	json_decref(root);
	buf_text(out, "\n");
	return failed != 0 ? ERR_MEMORY : buf_status(out);
}

static void take_text(char *out, size_t size, const json_t *root, const char *key)
{
	const char *text = json_string_value(json_object_get(root, key));

	if (text != NULL && strlen(text) < size)
		(void)snprintf(out, size, "%s", text);
}

static uint64_t take_count(const json_t *root, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(root, key));
	return n > 0 ? (uint64_t)n : 0;
}

static enum meta_result result_of(const json_t *root)
{
	const char *word = json_string_value(json_object_get(root, "result"));

	for (size_t i = 0; word != NULL && i < COUNT_OF(words); i++) {
		if (strcmp(word, words[i]) == 0)
			return (enum meta_result)i;
	}
	return META_NEVER;
}

static void take_refused(struct meta *m, json_t *refused)
{
	const char *reason;
	json_t *lines;

	json_object_foreach(refused, reason, lines)
	{
		json_int_t n = json_integer_value(lines);
		if (n > 0)
			meta_refuse(m, reason, (uint64_t)n);
	}
}

static void take_held(struct meta_held *held, const json_t *root)
{
	const json_t *name;
	size_t i;

	held->since_s = time_of(json_object_get(root, "since"));
	if (held->since_s == 0)
		return;
	take_text(held->url, sizeof held->url, root, "url");
	take_text(held->etag, sizeof held->etag, root, "etag");
	take_text(held->last_modified, sizeof held->last_modified, root, "last_modified");
	take_text(held->sha256, sizeof held->sha256, root, "sha256");
	take_text(held->body_sha256, sizeof held->body_sha256, root, "body_sha256");
	held->bytes = take_count(root, "bytes");
	held->rules = take_count(root, "rules");
	json_array_foreach(json_object_get(root, "covers"), i, name)
	{
		if (json_is_string(name))
			meta_hold_name(held, json_string_value(name));
	}
	held->covers_count = take_count(root, "covers_count");
}

static void from_json(struct meta *m, const json_t *root)
{
	m->off = json_is_true(json_object_get(root, "off"));
	m->result = result_of(root);
	take_text(m->reason, sizeof m->reason, root, "reason");
	m->checked_s = time_of(json_object_get(root, "checked"));
	m->next_try_s = time_of(json_object_get(root, "next_try"));
	uint64_t failures = take_count(root, "failures");
	m->failures = failures < 1000 ? (uint32_t)failures : 1000;
	take_text(m->url, sizeof m->url, root, "url");
	take_text(m->etag, sizeof m->etag, root, "etag");
	take_text(m->last_modified, sizeof m->last_modified, root, "last_modified");
	take_text(m->sha256, sizeof m->sha256, root, "sha256");
	take_text(m->body_sha256, sizeof m->body_sha256, root, "body_sha256");
	m->fetched_s = time_of(json_object_get(root, "fetched"));
	m->bytes = take_count(root, "bytes");
	take_text(m->category, sizeof m->category, root, "category");
	take_text(m->format, sizeof m->format, root, "format");
	m->entries = take_count(root, "entries");
	m->patterns = take_count(root, "patterns");
	m->rules = take_count(root, "rules");
	m->protected_names = take_count(root, "protected");
	take_refused(m, json_object_get(root, "refused"));
	take_held(&m->held, json_object_get(root, "held"));
	take_text(m->accepted, sizeof m->accepted, root, "accepted");
}

enum err meta_decode(struct meta *out, struct slice text)
{
	json_t *root =
	    json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
	const char *kind = json_string_value(json_object_get(root, "kind"));
	enum err rc = ERR_FORMAT;

	if (kind != NULL && strcmp(kind, "lachan-feed") == 0) {
		struct meta fresh = META_INIT;
		from_json(&fresh, root);
		*out = fresh;
		rc = OK;
	}
	json_decref(root);
	return rc;
}

void meta_hold_name(struct meta_held *held, const char *name)
{
	held->covers_count++;
	if (held->kept == META_COVERS_MAX)
		return;
	(void)snprintf(held->covers[held->kept], META_NAME_BYTES, "%s", name);
	held->kept++;
}

void meta_refuse(struct meta *m, const char *reason, uint64_t lines)
{
	size_t i = 0;

	while (i < m->refused_count && strcmp(m->refused[i].reason, reason) != 0)
		i++;
	if (i == META_REFUSED_MAX)
		i--;
	if (i == m->refused_count) {
		m->refused_count++;
		(void)snprintf(
		    m->refused[i].reason, sizeof m->refused[i].reason, "%s", reason);
		m->refused[i].lines = 0;
	}
	m->refused[i].lines += lines;
}
