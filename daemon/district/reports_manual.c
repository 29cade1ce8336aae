/* Entries as papers: one JSON object each, {"by","values":{field:number|text}}. */
#include "district/reports_manual.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "district/papers.h"

enum {
	ENTRY_MEMORY = 1024 * 1024
};

void manual_period_text(char out[MANUAL_PERIOD_BYTES], const struct period *period)
{
	(void)snprintf(out, MANUAL_PERIOD_BYTES, "%04u-%02u-%02u..%04u-%02u-%02u",
	    period->from / 10000 % 10000, period->from / 100 % 100, period->from % 100,
	    period->to / 10000 % 10000, period->to / 100 % 100, period->to % 100);
}

void manual_entry_init(struct manual_entry *entry)
{
	*entry = (struct manual_entry){.memory = ARENA_INIT(ENTRY_MEMORY), .by = ""};
}

void manual_entry_deinit(struct manual_entry *entry)
{
	arena_deinit(&entry->memory);
	*entry = (struct manual_entry){.by = ""};
}

static enum err set_text(
    struct manual_entry *entry, size_t field, const char *written, struct diag *why)
{
	if (strlen(written) > MANUAL_TEXT_MAX) {
		diag_set(why, _("at most %d bytes"), MANUAL_TEXT_MAX);
		return ERR_FORMAT;
	}
	const char *copy = arena_text(&entry->memory, slice_of(written));
	if (copy == NULL) {
		diag_set(why, "%s", err_text(ERR_MEMORY));
		return ERR_MEMORY;
	}
	entry->values[field] = (struct manual_value){.has = true, .text = copy};
	return OK;
}

enum err manual_entry_set(
    struct manual_entry *entry, size_t field, const char *written, struct diag *why)
{
	size_t count;
	const struct manual_field *fields = manual_fields(&count);
	struct slice trimmed = slice_trim(slice_of(written));
	uint64_t number;

	entry->values[field] = (struct manual_value){.has = false};
	if (trimmed.len == 0)
		return OK;
	if (fields[field].kind == MANUAL_TEXT)
		return set_text(entry, field, written, why);
	if (!slice_to_u64(trimmed, MANUAL_NUMBER_MAX, &number)) {
		diag_set(why, _("not a whole number up to %d"), MANUAL_NUMBER_MAX);
		return ERR_FORMAT;
	}
	entry->values[field] = (struct manual_value){.has = true, .number = number};
	return OK;
}

/* ---- JSON ---- */

static json_t *encode(const struct manual_save *save, const struct manual_entry *entry)
{
	size_t count;
	const struct manual_field *fields = manual_fields(&count);
	json_t *values = json_object();

	for (size_t i = 0; i < count; i++) {
		const struct manual_value *value = &entry->values[i];
		if (!value->has)
			continue;
		json_t *one = fields[i].kind == MANUAL_TEXT
		    ? json_string(value->text)
		    : json_integer((json_int_t)value->number);
		if (json_object_set_new(values, fields[i].id, one) != 0) {
			json_decref(values);
			return NULL;
		}
	}
	return json_pack("{s:s, s:o}", "by", save->by, "values", values);
}

/* A field that this program does not know (any more) is passed over. */
static void decode(struct manual_entry *out, struct slice body)
{
	size_t count;
	const struct manual_field *fields = manual_fields(&count);
	json_t *root =
	    json_loadb((const char *)body.ptr, body.len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *values = json_object_get(root, "values");
	const char *by = json_string_value(json_object_get(root, "by"));

	out->by = by != NULL ? arena_text(&out->memory, slice_of(by)) : "";
	out->by = out->by != NULL ? out->by : "";
	for (size_t i = 0; i < count; i++) {
		const json_t *value = json_object_get(values, fields[i].id);
		const char *text = json_string_value(value);
		if (fields[i].kind == MANUAL_TEXT && text != NULL) {
			(void)set_text(out, i, text, NULL);
		} else if (fields[i].kind != MANUAL_TEXT && json_is_integer(value) &&
		    json_integer_value(value) >= 0) {
			out->values[i].has = true;
			out->values[i].number = (uint64_t)json_integer_value(value);
		}
	}
	json_decref(root);
}

/* ---- the store ---- */

struct reading {
	struct manual_entry *out;
	bool found;
};

/* Newest first; what was saved within one second is ordered by its number in the store. */
static bool take_entry(void *context, const struct paper *paper)
{
	struct reading *reading = context;

	decode(reading->out, paper->body);
	reading->out->made_s = paper->made_s;
	(void)snprintf(reading->out->id, sizeof reading->out->id, "%s", paper->id);
	reading->found = true;
	return false;
}

static struct paper_query query_of(const char *unit, const char *period)
{
	return (struct paper_query){
	    .kind = PAPER_MANUAL_ENTRY, .unit = unit, .category = period, .bodies = true};
}

enum err manual_entry_read(struct store *store, const char *unit,
    const struct period *period, struct manual_entry *out)
{
	char text[MANUAL_PERIOD_BYTES];
	struct reading reading = {.out = out};

	manual_period_text(text, period);
	struct paper_query query = query_of(unit, text);
	query.limit = 1;
	return store_paper_list(store, &query, take_entry, &reading);
}

/* 32 hexadecimal digits of its place and of the save it follows: of two that follow the same
 * one the second meets the first's id, also where several collectors share a database. */
static void make_id(
    char out[MANUAL_ID_BYTES], const struct manual_save *save, const char *period)
{
	uint8_t digest[EVP_MAX_MD_SIZE] = {0};
	unsigned len = 0;
	char text[256];

	(void)snprintf(text, sizeof text, "%s|%s|%s", save->unit, period, save->seen);
	/* Without memory all ids are alike, and the second is refused. */
	(void)EVP_Digest(text, strlen(text), digest, &len, EVP_sha256(), NULL);
	for (size_t i = 0; i < 16; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* Everything in one transaction, so that "nobody saved meanwhile" holds when it is kept. */
static enum err put_if_unseen(
    struct store *store, const struct manual_save *save, const struct paper *paper)
{
	struct manual_entry newest;
	enum document_result result = DOCUMENT_NEW;

	enum err rc = store_begin(store);
	if (rc != OK)
		return rc;
	manual_entry_init(&newest);
	rc = manual_entry_read(store, save->unit, save->period, &newest);
	if (rc == OK && strcmp(newest.id, save->seen) != 0)
		rc = ERR_EXISTS;
	if (rc == OK)
		rc = store_paper_put(store, paper, &result);
	if (rc == OK && result == DOCUMENT_CONFLICT)
		rc = ERR_EXISTS;
	if (rc == OK)
		rc = store_commit(store);
	else
		store_rollback(store);
	manual_entry_deinit(&newest);
	return rc;
}

enum err manual_entry_save(
    struct store *store, const struct manual_save *save, const struct manual_entry *entry)
{
	char period[MANUAL_PERIOD_BYTES];
	char id[MANUAL_ID_BYTES];
	unsigned len = 0;
	struct paper paper = {.kind = PAPER_MANUAL_ENTRY,
	    .unit = save->unit,
	    .state = "saved",
	    .title = save->by,
	    .category = period,
	    .day = period_day_number(save->period->to),
	    .made_s = save->now_s,
	    .note = ""};

	manual_period_text(period, save->period);
	json_t *root = encode(save, entry);
	char *body = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
	json_decref(root);
	if (body == NULL)
		return ERR_MEMORY;
	paper.body = slice_of(body);
	(void)EVP_Digest(
	    paper.body.ptr, paper.body.len, paper.sha256, &len, EVP_sha256(), NULL);
	make_id(id, save, period);
	paper.id = id;
	enum err rc = put_if_unseen(store, save, &paper);
	free(body);
	return rc;
}

struct telling {
	manual_saved_row *row;
	void *context;
};

static bool tell_saved(void *context, const struct paper *paper)
{
	const struct telling *telling = context;
	const struct manual_saved saved = {
	    paper->unit, paper->category, paper->title, paper->made_s};

	return telling->row(telling->context, &saved);
}

enum err manual_history(struct store *store, const char *unit, const struct period *period,
    manual_saved_row *row, void *context)
{
	char text[MANUAL_PERIOD_BYTES];
	struct telling telling = {row, context};

	if (period != NULL)
		manual_period_text(text, period);
	struct paper_query query = query_of(unit, period != NULL ? text : NULL);
	query.bodies = false;
	query.limit = 200;
	return store_paper_list(store, &query, tell_saved, &telling);
}

/* ---- sums over the tree ---- */

/* Where each node's own values stand; slot count() is the department itself. */
struct summing {
	const struct tree *tree;
	struct manual_entry **own;
	struct manual_sums *out;
	size_t slots;
	enum err rc;
};

/* Papers come newest first: the first of a unit is the one that counts. */
static bool take_newest(void *context, const struct paper *paper)
{
	struct summing *s = context;
	size_t slot = s->slots - 1;

	if (*paper->unit != 0) {
		uint32_t node = tree_find(s->tree, paper->unit);
		/* A merged unit's entry is its successor's to make anew. */
		if (node == TREE_NONE ||
		    strcmp(tree_node(s->tree, node)->unit, paper->unit) != 0)
			return true;
		slot = node;
	}
	if (s->own[slot] != NULL)
		return true;
	s->own[slot] = calloc(1, sizeof *s->own[slot]);
	if (s->own[slot] == NULL) {
		s->rc = ERR_MEMORY;
		return false;
	}
	manual_entry_init(s->own[slot]);
	decode(s->own[slot], paper->body);
	return true;
}

struct partial {
	uint64_t number;
	uint32_t with; /* children with a value */
	bool has, of_parts;
};

/* One number over the subtree: children come behind their parents, so from the last node to
 * the first every node is done before its parent. */
static struct partial sum_number(
    const struct summing *s, uint32_t top, size_t field, struct partial *sums)
{
	size_t count = s->slots - 1;
	size_t top_slot = top == TREE_NONE ? count : top;

	memset(sums, 0, s->slots * sizeof *sums);
	for (size_t k = s->slots; k-- > 0;) {
		/* The department's slot is the last in the array and the first in the tree. */
		size_t slot = k == 0 ? count : k - 1;
		const struct manual_entry *own = s->own[slot];
		const struct tree_node *node =
		    slot < count ? tree_node(s->tree, (uint32_t)slot) : NULL;
		struct partial *sum = &sums[slot];
		uint32_t first = 0;
		uint32_t roots = 0;
		tree_roots(s->tree, &first, &roots);
		uint32_t children = node != NULL ? node->child_count : roots;
		if (own != NULL && own->values[field].has)
			*sum = (struct partial){
			    .number = own->values[field].number, .has = true};
		else
			sum->of_parts |= sum->has && sum->with < children;
		if (slot == top_slot)
			return *sum;
		size_t up =
		    node == NULL || node->parent == TREE_NONE ? count : node->parent;
		if (sum->has) {
			sums[up].number += sum->number;
			sums[up].has = true;
			sums[up].with++;
			sums[up].of_parts |= sum->of_parts;
		}
	}
	return (struct partial){.has = false};
}

static enum err sum_fields(struct summing *s, uint32_t top)
{
	size_t count;
	const struct manual_field *fields = manual_fields(&count);
	const struct manual_entry *own = s->own[top == TREE_NONE ? s->slots - 1 : top];
	struct partial *sums = calloc(s->slots, sizeof *sums);

	if (sums == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < count; i++) {
		struct manual_sum *out = &s->out->values[i];
		if (fields[i].kind == MANUAL_NUMBER) {
			struct partial sum = sum_number(s, top, i, sums);
			*out = (struct manual_sum){
			    .has = sum.has, .of_parts = sum.of_parts, .number = sum.number};
		} else if (own != NULL && own->values[i].has) {
			out->has = true;
			out->number = own->values[i].number;
			if (fields[i].kind == MANUAL_TEXT)
				out->text = arena_text(
				    &s->out->memory, slice_of(own->values[i].text));
			if (fields[i].kind == MANUAL_TEXT && out->text == NULL)
				s->rc = ERR_MEMORY;
		}
	}
	free(sums);
	return s->rc;
}

enum err manual_sums_read(struct store *store, const struct tree *tree, uint32_t top,
    const struct period *period, struct manual_sums *out)
{
	char text[MANUAL_PERIOD_BYTES];
	struct summing s = {.tree = tree, .out = out, .slots = tree_count(tree) + 1};

	*out = (struct manual_sums){.memory = ARENA_INIT(ENTRY_MEMORY)};
	manual_period_text(text, period);
	s.own = calloc(s.slots, sizeof(struct manual_entry *));
	if (s.own == NULL)
		return ERR_MEMORY;
	struct paper_query query = query_of(NULL, text);
	enum err rc = store_paper_list(store, &query, take_newest, &s);
	if (rc == OK)
		rc = s.rc;
	if (rc == OK)
		rc = sum_fields(&s, top);
	for (size_t i = 0; i < s.slots; i++) {
		if (s.own[i] != NULL)
			manual_entry_deinit(s.own[i]);
		free(s.own[i]);
	}
	free(s.own);
	return rc;
}

void manual_sums_deinit(struct manual_sums *sums)
{
	arena_deinit(&sums->memory);
	*sums = (struct manual_sums){.memory = ARENA_INIT(0)};
}
