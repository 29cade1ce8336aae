#include "district/nomination.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/attr.h"
#include "district/internal.h"
#include "district/words.h"
#include "dns/idn.h"

/* ---- reading ---------------------------------------------------------------------------- */

/* A text of at most `size` - 1 octets without control characters; false for anything else. */
static bool copy_text(char *out, size_t size, const json_t *value)
{
	const char *text = json_string_value(value);
	size_t len = text != NULL ? json_string_length(value) : 0;

	if (text == NULL || len >= size || strlen(text) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)text[i] < ' ' && text[i] != '\n' && text[i] != '\t')
			return false;
	memcpy(out, text, len + 1);
	return true;
}

static bool is_address(const char *name)
{
	size_t n = strlen(name);
	const char *last = strrchr(name, '.');

	/* No top-level name is a number (RFC 3696 section 2), every IPv4 address ends in one. */
	return n == 0 || last == NULL || strspn(last + 1, "0123456789") == strlen(last + 1);
}

static const char *read_name(struct nomination *out, const json_t *value, struct diag *why)
{
	const char *text = json_string_value(value);
	struct name_buf name;
	char shown[NAME_TEXT_MAX];

	if (text == NULL || strlen(text) != json_string_length(value)) {
		diag_set(why, "name is a text");
		return "form";
	}
	if (name_from_people(&name, slice_of(text), why) != OK)
		return "name";
	name_to_text(shown, name_of(&name));
	size_t len = strlen(shown);
	if (len > 1 && shown[len - 1] == '.')
		shown[--len] = 0;
	/* What needs escapes in text is no name of a site. */
	if (len >= sizeof out->name || strchr(shown, '\\') != NULL || is_address(shown)) {
		diag_set(why, "this is no name of a site (two labels or more, no address)");
		return "name";
	}
	memcpy(out->name, shown, len + 1);
	return NULL;
}

/* Those that a list can have; pools and the school's own are none. */
static const char *read_category(
    struct nomination *out, const json_t *value, struct diag *why)
{
	static const char *const none[] = {"other", "sensitive_other", "custom"};
	size_t count = 0;
	const struct term *all = terms_all(&count);
	bool known = false;

	if (!copy_text(out->category, sizeof out->category, value)) {
		diag_set(why, "category is a word");
		return "form";
	}
	for (size_t i = 0; i < count; i++)
		known = known ||
		    (all[i].kind == TERM_CATEGORY && strcmp(all[i].id, out->category) == 0);
	for (size_t i = 0; i < COUNT_OF(none); i++)
		known = known && strcmp(none[i], out->category) != 0;
	if (!known)
		diag_set(why, "this category is not known");
	return known ? NULL : "category";
}

/* http or https, a host, and nothing that a page or a header could stumble over. */
static bool is_url(const char *text)
{
	size_t scheme = strncmp(text, "https://", 8) == 0 ? 8
	    : strncmp(text, "http://", 7) == 0            ? 7
	                                                  : 0;

	if (scheme == 0 || strcspn(text + scheme, "/?#") == 0)
		return false;
	for (const uint8_t *at = (const uint8_t *)text; *at != 0; at++)
		if (*at <= ' ' || *at == 0x7f || strchr("\"<>\\^`{|}", *at) != NULL)
			return false;
	size_t host = strcspn(text + scheme, "/?#");
	return memchr(text + scheme, '@', host) == NULL;
}

static const char *read_evidence(
    struct nomination *out, const json_t *value, struct diag *why)
{
	size_t count = json_array_size(value);

	if (!json_is_array(value) || count == 0 || count > NOMINATION_EVIDENCE) {
		diag_set(why, "evidence is a list of one to %u addresses",
		    (unsigned)NOMINATION_EVIDENCE);
		return "url";
	}
	for (size_t i = 0; i < count; i++) {
		char *to = out->evidence[out->evidence_count];
		if (!copy_text(to, NOMINATION_URL_BYTES, json_array_get(value, i)) ||
		    !is_url(to)) {
			diag_set(why, "evidence is an address with http or https");
			return "url";
		}
		out->evidence_count++;
	}
	return NULL;
}

static const char *read_members(
    struct nomination *out, const json_t *root, struct diag *why)
{
	const json_t *note = json_object_get(root, "note");

	if (!json_is_object(root)) {
		diag_set(why, "a nomination is an object");
		return "form";
	}
	const char *fault = read_name(out, json_object_get(root, "name"), why);
	if (fault == NULL)
		fault = read_category(out, json_object_get(root, "category"), why);
	if (fault == NULL)
		fault = read_evidence(out, json_object_get(root, "evidence"), why);
	if (fault == NULL && note != NULL &&
	    !copy_text(out->note, sizeof out->note, note)) {
		diag_set(why, "note is a text of at most %u bytes",
		    (unsigned)NOMINATION_NOTE_BYTES - 1);
		fault = "form";
	}
	return fault;
}

const char *nomination_read(struct nomination *out, struct slice json, struct diag *why)
{
	json_error_t error;
	json_t *root = NULL;

	*out = (struct nomination){.evidence_count = 0};
	if (json.len <= NOMINATION_MAX_BYTES)
		root = json_loadb(
		    (const char *)json.ptr, json.len, JSON_REJECT_DUPLICATES, &error);
	if (root == NULL) {
		diag_set(why, "this is no JSON object that we read");
		return "json";
	}
	const char *fault = read_members(out, root, why);
	json_decref(root);
	return fault;
}

/* ---- writing ---------------------------------------------------------------------------- */

void nomination_write(
    const struct nomination *nomination, const char *partner, struct buf *out)
{
	buf_text(out, "{\"name\":");
	call_json_text(out, nomination->name);
	buf_text(out, ",\"category\":");
	call_json_text(out, nomination->category);
	buf_text(out, ",\"evidence\":[");
	for (size_t i = 0; i < nomination->evidence_count; i++) {
		buf_text(out, i > 0 ? "," : "");
		call_json_text(out, nomination->evidence[i]);
	}
	buf_text(out, "],\"note\":");
	call_json_text(out, nomination->note);
	buf_text(out, ",\"partner\":");
	call_json_text(out, partner);
	buf_text(out, "}");
}
