#include "report/quick.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "report/internal.h"
#include "report/signed.h"

/* ---- writing ---- */

static void put(struct buf *out, const char *before, const char *text)
{
	buf_text(out, before);
	report_put_text(out, text);
}

enum err report_quick_encode(const struct report_quick *q, struct buf *out)
{
	put(out, "{\"format\":", "lachan-quick-report");
	put(out, ",\"version\":", "1.0");
	put(out, ",\"report-id\":", q->report_id);
	put(out, ",\"organization\":{\"unit\":", q->unit);
	put(out, ",\"name\":", q->name);
	put(out, "},\"generator\":", q->generator);
	put(out, ",\"created\":", q->created);
	put(out, ",\"incident\":{\"kind\":", q->kind);
	put(out, ",\"tier\":", q->tier);
	put(out, ",\"date\":", q->date);
	put(out, ",\"measures\":", q->measures);
	put(out, ",\"referred-to\":", q->referred_to);
	put(out, ",\"decided-by\":", q->decided_by);
	buf_text(out, "}}");
	return buf_status(out);
}

/* ---- reading ---- */

struct in {
	struct report_quick *quick;
	struct diag *why;
	bool bad;
};

static void refuse(struct in *in, const char *member, const char *what)
{
	if (!in->bad)
		diag_set(in->why, "\"%s\": %s", member, what);
	in->bad = true;
}

static const char *get(struct in *in, const json_t *object, const char *name, size_t max)
{
	const json_t *found = json_object_get(object, name);
	const char *text = json_string_value(found);

	if (text == NULL) {
		refuse(in, name, "not a text");
		return "";
	}
	if (strlen(text) > max)
		refuse(in, name, "too long");
	const char *copy = arena_text(&in->quick->memory, slice_of(text));
	if (copy == NULL)
		refuse(in, name, "no memory for it");
	return copy == NULL ? "" : copy;
}

static const char *get_word(struct in *in, const json_t *object, const char *name)
{
	const char *text = get(in, object, name, TALLY_LABEL_BYTES);

	if (text[0] == 0 ||
	    strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") != strlen(text))
		refuse(in, name, "no word");
	return text;
}

static const char *get_needed(
    struct in *in, const json_t *object, const char *name, size_t max)
{
	const char *text = get(in, object, name, max);

	if (text[0] == 0)
		refuse(in, name, "empty");
	return text;
}

static const char *get_date(struct in *in, const json_t *object, const char *name)
{
	const char *text = get(in, object, name, 10);
	char midnight[REPORT_TIME_BYTES];

	(void)snprintf(midnight, sizeof midnight, "%sT00:00:00+00:00", text);
	if (!report_is_time(midnight))
		refuse(in, name, "no date");
	return text;
}

static void get_all(struct in *in, const json_t *root)
{
	struct report_quick *q = in->quick;
	const json_t *organization = json_object_get(root, "organization");
	const json_t *incident = json_object_get(root, "incident");
	const size_t text_max = 1000;

	if (strcmp(get(in, root, "format", text_max), "lachan-quick-report") != 0)
		refuse(in, "format", "not lachan-quick-report");
	if (strncmp(get(in, root, "version", text_max), "1.", 2) != 0)
		refuse(in, "version", "not 1");
	if (json_object_get(root, "signature") != NULL)
		refuse(in, "signature", "not cut off");
	q->report_id = get(in, root, "report-id", text_max);
	if (!report_is_uuid(q->report_id))
		refuse(in, "report-id", "no UUID");
	q->unit = get(in, organization, "unit", text_max);
	if (q->unit[0] != 0 && !report_is_unit(q->unit))
		refuse(in, "unit", "no id");
	q->name = get(in, organization, "name", text_max);
	q->generator = get(in, root, "generator", text_max);
	q->created = get_date(in, root, "created");
	q->kind = get_word(in, incident, "kind");
	q->tier = get_needed(in, incident, "tier", TALLY_LABEL_BYTES - 1);
	q->date = get_date(in, incident, "date");
	q->measures = get_needed(in, incident, "measures", REPORT_QUICK_LONG_BYTES);
	q->referred_to = get(in, incident, "referred-to", REPORT_QUICK_SHORT_BYTES);
	q->decided_by = get_needed(in, incident, "decided-by", REPORT_QUICK_SHORT_BYTES);
}

enum err report_quick_decode(struct report_quick *out, struct slice json, struct diag *why)
{
	struct report_quick made = {.memory = ARENA_INIT(REPORT_QUICK_MEMORY_BYTES)};
	struct in in = {&made, why, false};

	json_t *root = report_parse(json, REPORT_QUICK_MAX_BYTES, why);
	if (root == NULL)
		return ERR_FORMAT;
	get_all(&in, root);
	json_decref(root);
	if (in.bad) {
		report_quick_deinit(&made);
		return ERR_FORMAT;
	}
	*out = made;
	return OK;
}

void report_quick_deinit(struct report_quick *quick)
{
	arena_deinit(&quick->memory);
}
