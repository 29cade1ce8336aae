/* Reading a document, and judging one as its receiver would. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "report/internal.h"

enum {
	MEMORY_MAX = 4 * 1024 * 1024
};

/* What was read goes into the document; the first thing that does not fit is kept. */
struct in {
	struct report_document *document;
	struct diag *why;
	bool bad;
};

static void refuse(struct in *in, const char *member, const char *what)
{
	if (!in->bad)
		diag_set(in->why, "\"%s\": %s", member, what);
	in->bad = true;
}

static const json_t *member(struct in *in, const json_t *object, const char *name)
{
	const json_t *found = json_object_get(object, name);
	if (found == NULL)
		refuse(in, name, "missing");
	return found;
}

static const char *get_text(struct in *in, const json_t *object, const char *name)
{
	const json_t *found = member(in, object, name);
	const char *text = json_string_value(found);

	if (text == NULL) {
		refuse(in, name, "not a text");
		return "";
	}
	const char *copy = document_text(in->document, text);
	if (copy == NULL)
		refuse(in, name, "no memory for it");
	else if (strcmp(copy, text) != 0)
		refuse(in, name, "too long");
	return copy;
}

static uint64_t get_number(struct in *in, const json_t *object, const char *name)
{
	const json_t *found = member(in, object, name);

	if (!json_is_integer(found) || json_integer_value(found) < 0) {
		refuse(in, name, "not a whole number");
		return 0;
	}
	return (uint64_t)json_integer_value(found);
}

static uint32_t get_u32(struct in *in, const json_t *object, const char *name)
{
	uint64_t n = get_number(in, object, name);
	if (n > UINT32_MAX)
		refuse(in, name, "too large");
	return (uint32_t)(n > UINT32_MAX ? 0 : n);
}

static bool get_truth(struct in *in, const json_t *object, const char *name)
{
	const json_t *found = member(in, object, name);
	if (!json_is_boolean(found))
		refuse(in, name, "neither true nor false");
	return json_is_true(found);
}

static const json_t *get_object(struct in *in, const json_t *object, const char *name)
{
	const json_t *found = member(in, object, name);
	if (!json_is_object(found))
		refuse(in, name, "not an object");
	return found;
}

/* An array of at most `max`, and room for its items in the document. */
static void *get_array(struct in *in, const json_t *object, const char *name, size_t size,
    const json_t **array)
{
	const size_t max = 4096;
	const json_t *found = member(in, object, name);

	if (!json_is_array(found) || json_array_size(found) > max)
		refuse(in, name, "not an array, or too long");
	*array = found;
	size_t count = in->bad ? 0 : json_array_size(found);
	void *made = arena_array(&in->document->memory, count + 1, size);
	if (made == NULL)
		refuse(in, name, "no memory for it");
	return made;
}

static const char **get_words(
    struct in *in, const json_t *object, const char *name, size_t *count)
{
	const json_t *array = NULL;
	const char **words = get_array(in, object, name, sizeof *words, &array);

	for (size_t i = 0; !in->bad && i < json_array_size(array); i++) {
		const char *text = json_string_value(json_array_get(array, i));
		words[i] = text == NULL ? NULL : document_text(in->document, text);
		if (words[i] == NULL)
			refuse(in, name, "holds something that is no text");
	}
	*count = in->bad ? 0 : json_array_size(array);
	return words;
}

static enum report_band get_band(struct in *in, const json_t *object)
{
	const char *text = json_string_value(json_object_get(object, "devices"));

	for (int b = REPORT_BAND_5; text != NULL && b <= REPORT_BAND_500; b++)
		if (strcmp(text, report_band_text((enum report_band)b)) == 0)
			return (enum report_band)b;
	refuse(in, "devices", "not one of the bands");
	return REPORT_BAND_NONE;
}

/* Ours is a UUID; another sender may number as it likes. It becomes a file's name. */
static bool is_report_id(const char *id)
{
	size_t len = strlen(id);

	return len > 0 && len < REPORT_ID_BYTES && id[0] != '.' &&
	    strspn(id,
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

static void get_head(struct in *in, const json_t *root)
{
	struct report_document *d = in->document;
	const json_t *cut = json_object_get(root, "cut");

	if (strcmp(get_text(in, root, "format"), "lachan-summary") != 0)
		refuse(in, "format", "not lachan-summary");
	if (strncmp(get_text(in, root, "version"), "1.", 2) != 0)
		refuse(in, "version", "not 1");
	if (json_object_get(root, "signature") != NULL)
		refuse(in, "signature", "not cut off");
	if (in->bad)
		return;
	const char *id = get_text(in, root, "report-id");
	if (!is_report_id(id))
		refuse(in, "report-id", "not 1 to 36 letters, digits, dots or dashes");
	(void)snprintf(d->report_id, sizeof d->report_id, "%s", id);
	d->revision = get_u32(in, root, "revision");
	d->cut = cut == NULL ? REPORT_DAY : REPORT_WEEK_SENSITIVE;
	if (cut != NULL && strcmp(get_text(in, root, "cut"), "week-sensitive") != 0)
		refuse(in, "cut", "not week-sensitive");
	const json_t *organization = get_object(in, root, "organization");
	d->unit = get_text(in, organization, "unit");
	d->name = get_text(in, organization, "name");
	d->kinds = get_words(in, organization, "kind", &d->kind_count);
	d->contact = get_text(in, root, "contact-info");
	d->generator = get_text(in, root, "generator");
	const json_t *range = get_object(in, root, "date-range");
	d->start = get_text(in, range, "start-datetime");
	d->end = get_text(in, range, "end-datetime");
}

/* Older documents do not say which categories are silent: it was this one. */
static void get_silent(struct in *in, const json_t *privacy)
{
	struct report_document *d = in->document;

	d->silent_given = json_object_get(privacy, "silent") != NULL;
	if (d->silent_given) {
		d->silent = get_words(in, privacy, "silent", &d->silent_count);
		return;
	}
	d->silent = arena_array(&d->memory, 1, sizeof *d->silent);
	if (d->silent == NULL) {
		refuse(in, "silent", "no memory for it");
		return;
	}
	d->silent[0] = "ads_tracking";
	d->silent_count = 1;
}

static void get_policy(struct in *in, const json_t *root)
{
	struct report_document *d = in->document;
	const json_t *policy = get_object(in, root, "policy");
	const json_t *array = NULL;

	d->policy_sha256 = get_text(in, policy, "sha256");
	d->enforce = get_truth(in, policy, "enforce");
	d->tiers = get_array(in, policy, "tiers", sizeof *d->tiers, &array);
	for (size_t i = 0; !in->bad && i < json_array_size(array); i++) {
		const json_t *one = json_array_get(array, i);
		d->tiers[i].tier = get_text(in, one, "tier");
		d->tiers[i].block = get_words(in, one, "block", &d->tiers[i].block_count);
		d->tiers[i].youtube = get_text(in, one, "youtube");
		d->tier_count = i + 1;
	}
	d->categories = get_array(in, policy, "categories", sizeof *d->categories, &array);
	for (size_t i = 0; !in->bad && i < json_array_size(array); i++) {
		const json_t *one = json_array_get(array, i);
		d->categories[i].category = get_text(in, one, "category");
		d->categories[i].entries = get_number(in, one, "entries");
		d->category_count = i + 1;
	}
	d->feeds = get_array(in, policy, "feeds", sizeof *d->feeds, &array);
	for (size_t i = 0; !in->bad && i < json_array_size(array); i++) {
		const json_t *one = json_array_get(array, i);
		d->feeds[i].name = get_text(in, one, "name");
		d->feeds[i].entries = get_number(in, one, "entries");
		d->feeds[i].age_hours = get_number(in, one, "age-hours");
		d->feeds[i].sha256 = get_text(in, one, "sha256");
		d->feed_count = i + 1;
	}
	const json_t *privacy = get_object(in, policy, "privacy");
	d->privacy.min_devices = get_u32(in, privacy, "min-devices");
	d->privacy.min_population = get_u32(in, privacy, "min-population");
	d->privacy.cap = get_u32(in, privacy, "cap");
	if (get_number(in, privacy, "round") != 5)
		refuse(in, "round", "not 5");
	d->sensitive = get_words(in, privacy, "sensitive", &d->sensitive_count);
	get_silent(in, privacy);
}

static void get_coverage(struct in *in, const json_t *root)
{
	struct report_document *d = in->document;
	const json_t *coverage = get_object(in, root, "coverage");
	const json_t *array = NULL;

	d->uptime_s = get_number(in, coverage, "uptime-seconds");
	d->unfiltered_s = get_number(in, coverage, "unfiltered-seconds");
	d->partial = get_truth(in, coverage, "partial");
	d->placement = get_text(in, coverage, "placement");
	d->shared_source = get_truth(in, coverage, "shared-source");
	if (d->cut != REPORT_DAY)
		return;
	d->queries = get_number(in, coverage, "queries");
	d->coverage = get_array(in, coverage, "tiers", sizeof *d->coverage, &array);
	for (size_t i = 0; !in->bad && i < json_array_size(array); i++) {
		const json_t *one = json_array_get(array, i);
		d->coverage[i].tier = get_text(in, one, "tier");
		d->coverage[i].band = get_band(in, one);
		d->coverage[i].by_default_percent = get_u32(in, one, "by-default-percent");
		d->coverage_count = i + 1;
	}
}

/* A week has no tiers; who writes "all" says the same. */
static void note_tier(struct report_document *d, const json_t *tier)
{
	const char *text = json_string_value(tier);

	if (tier != NULL && (text == NULL || strcmp(text, REPORT_ALL) != 0))
		d->is_finer = true;
}

static void get_record(struct in *in, const json_t *one, struct report_record *r)
{
	const json_t *attempts = member(in, one, "attempts");

	if (in->document->cut == REPORT_DAY)
		r->tier = get_text(in, one, "tier");
	else
		note_tier(in->document, json_object_get(one, "tier"));
	r->category = get_text(in, one, "category");
	if (json_is_string(attempts)) {
		r->below = strcmp(json_string_value(attempts), "below") == 0;
		if (!r->below || json_object_get(one, "devices") != NULL)
			refuse(in, "attempts", "neither a number nor \"below\" alone");
		return;
	}
	r->attempts = get_number(in, one, "attempts");
	if (r->attempts > 0 || json_object_get(one, "devices") != NULL)
		r->band = get_band(in, one);
}

static void get_counts(struct in *in, const json_t *root)
{
	struct report_document *d = in->document;
	const json_t *array = NULL;

	d->records = get_array(in, root, "records", sizeof *d->records, &array);
	for (size_t i = 0; !in->bad && i < json_array_size(array); i++) {
		get_record(in, json_array_get(array, i), &d->records[i]);
		d->record_count = i + 1;
	}
	d->published_total = get_number(in, root, "published-total");
	if (d->cut != REPORT_DAY) {
		d->is_finer |= json_array_size(json_object_get(root, "names")) > 0;
		return;
	}
	d->names = get_array(in, root, "names", sizeof *d->names, &array);
	for (size_t i = 0; !in->bad && i < json_array_size(array); i++) {
		const json_t *one = json_array_get(array, i);
		d->names[i].category = get_text(in, one, "category");
		d->names[i].name = get_text(in, one, "name");
		d->names[i].band = get_band(in, one);
		d->name_count = i + 1;
	}
}

static void get_tail(struct in *in, const json_t *root)
{
	static const uint32_t floors[] = {0, 10, 20, 50, 100};
	struct report_document *d = in->document;
	const json_t *array = NULL;

	if (d->cut == REPORT_DAY) {
		const json_t *reviews = get_object(in, root, "reviews");
		const char *text = get_text(in, reviews, "requested");
		size_t i = 0;
		while (i < COUNT_OF(floors) && !in->bad &&
		    strcmp(text, report_reviews_text(floors[i])) != 0)
			i++;
		if (i == COUNT_OF(floors))
			refuse(in, "requested", "not one of the bands");
		d->reviews_floor = i < COUNT_OF(floors) ? floors[i] : 0;
		d->reviews_percent = get_u32(in, reviews, "answered-percent");
	}
	d->failures = get_array(in, root, "failures", sizeof *d->failures, &array);
	for (size_t i = 0; !in->bad && i < json_array_size(array); i++) {
		const json_t *one = json_array_get(array, i);
		d->failures[i].type = get_text(in, one, "type");
		d->failures[i].count = get_number(in, one, "count");
		d->failures[i].first = get_text(in, one, "first");
		d->failures[i].last = get_text(in, one, "last");
		d->failure_count = i + 1;
	}
}

/* jansson would go on to 2048. */
static bool is_shallow(struct slice json)
{
	const unsigned max = 8;
	unsigned depth = 0;
	bool in_text = false;

	for (size_t i = 0; i < json.len; i++) {
		uint8_t c = json.ptr[i];
		if (in_text && c == '\\')
			i++;
		else if (c == '"')
			in_text = !in_text;
		else if (!in_text && (c == '[' || c == '{') && ++depth > max)
			return false;
		else if (!in_text && (c == ']' || c == '}') && depth > 0)
			depth--;
	}
	return true;
}

json_t *report_parse(struct slice json, size_t max_bytes, struct diag *why)
{
	json_error_t error;

	if (json.len > max_bytes || !is_shallow(json)) {
		diag_set(why, "too long or too deep");
		return NULL;
	}
	json_t *root =
	    json_loadb((const char *)json.ptr, json.len, JSON_REJECT_DUPLICATES, &error);
	if (root == NULL)
		diag_set(why, "no JSON: %s", error.text);
	return root;
}

enum err report_decode(struct report_document *out, struct slice json, struct diag *why)
{
	struct report_document made = {.memory = ARENA_INIT(MEMORY_MAX)};
	struct in in = {&made, why, false};

	json_t *root = report_parse(json, REPORT_MAX_BYTES, why);
	if (root == NULL)
		return ERR_FORMAT;
	get_head(&in, root);
	if (!in.bad)
		get_policy(&in, root);
	if (!in.bad)
		get_coverage(&in, root);
	if (!in.bad)
		get_counts(&in, root);
	if (!in.bad)
		get_tail(&in, root);
	json_decref(root);
	if (in.bad) {
		report_document_deinit(&made);
		return ERR_FORMAT;
	}
	*out = made;
	return OK;
}
