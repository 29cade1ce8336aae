#include <stdlib.h>

#include "reviews/internal.h"

/* ---- looking ---- */

size_t reviews_count(const struct reviews *r)
{
	return r->count;
}

const struct review *reviews_at(const struct reviews *r, size_t i)
{
	return &r->items[i];
}

static struct review *find(const struct reviews *r, uint32_t id)
{
	for (size_t i = 0; i < r->count; i++) {
		if (r->items[i].id == id)
			return &r->items[i];
	}
	return NULL;
}

const struct review *reviews_find(const struct reviews *r, uint32_t id)
{
	return find(r, id);
}

const struct review *reviews_find_code(
    const struct reviews *r, const uint8_t code[REVIEW_CODE_BYTES])
{
	for (size_t i = 0; i < r->count; i++) {
		const struct review *v = &r->items[i];
		for (size_t k = 0; k < v->ask_count; k++) {
			if (memcmp(v->asks[k].code, code, REVIEW_CODE_BYTES) == 0)
				return v;
		}
	}
	return NULL;
}

static struct review *find_waiting(const struct reviews *r, const char *name)
{
	for (size_t i = 0; i < r->count; i++) {
		struct review *v = &r->items[i];
		if (v->state == REVIEW_WAITING && strcmp(v->name, name) == 0)
			return v;
	}
	return NULL;
}

size_t reviews_waiting(const struct reviews *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->count; i++)
		n += r->items[i].state == REVIEW_WAITING;
	return n;
}

size_t review_tiers(const struct review *v, struct review_tier out[REVIEW_TIERS])
{
	size_t count = 0;

	for (size_t i = 0; i < v->ask_count; i++) {
		size_t k = 0;
		while (k < count && strcmp(out[k].tier, v->asks[i].tier) != 0)
			k++;
		if (k == REVIEW_TIERS)
			continue;
		if (k == count)
			out[count++] = (struct review_tier){v->asks[i].tier, 0};
		out[k].asked++;
	}
	return count;
}

static size_t kept_reasons(const struct review *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->ask_count; i++)
		n += v->asks[i].reason != NULL;
	return n;
}

/* ---- lines into memory ---- */

void review_deinit(struct review *v)
{
	for (size_t i = 0; i < v->ask_count; i++)
		free(v->asks[i].reason);
	free(v->asks);
	free(v->note);
}

static enum err may_ask(const struct reviews *r, const struct line *line)
{
	const struct review *v = find(r, line->id);

	if (reviews_find_code(r, line->code) != NULL)
		return ERR_EXISTS;
	if (v != NULL && strcmp(v->name, line->name) != 0)
		return ERR_EXISTS;
	if (r->asks == REVIEWS_ASKS)
		return ERR_FULL;
	if (v == NULL && (r->count == REVIEWS_MAX || reviews_waiting(r) == REVIEWS_WAITING))
		return ERR_FULL;
	return v == NULL || v->state == REVIEW_WAITING ? OK : ERR_EXISTS;
}

static enum err may_answer(const struct reviews *r, const struct line *line)
{
	const struct review *v = find(r, line->id);

	if (v == NULL)
		return ERR_NOT_FOUND;
	return v->state == REVIEW_WAITING ||
	        (v->state == REVIEW_KEPT && line->state == REVIEW_OPENED)
	    ? OK
	    : ERR_EXISTS;
}

enum err reviews_may_take(const struct reviews *r, const struct line *line)
{
	return line->kind == LINE_ASKED ? may_ask(r, line) : may_answer(r, line);
}

static enum err grow_asks(struct review *v)
{
	if (v->ask_count < v->ask_room)
		return OK;
	size_t room = v->ask_room == 0 ? 4 : 2 * v->ask_room;
	struct review_ask *asks = reallocarray(v->asks, room, sizeof *asks);
	if (asks == NULL)
		return ERR_MEMORY;
	v->asks = asks;
	v->ask_room = room;
	return OK;
}

static enum err take_asked(struct reviews *r, const struct line *line)
{
	struct review *v = find(r, line->id);
	struct review fresh = {.id = line->id};
	struct review_ask ask = {.day = line->day};
	enum err rc = review_line_text(line->text, &ask.reason);

	if (rc == OK)
		rc = grow_asks(v != NULL ? v : &fresh);
	if (rc != OK) {
		free(ask.reason);
		return rc;
	}
	memcpy(ask.tier, line->tier, sizeof ask.tier);
	memcpy(ask.code, line->code, sizeof ask.code);
	if (v == NULL) {
		memcpy(fresh.name, line->name, sizeof fresh.name);
		v = &r->items[r->count++];
		*v = fresh;
	}
	v->asks[v->ask_count++] = ask;
	r->asks++;
	if (v->id >= r->next_id)
		r->next_id = v->id + 1;
	return OK;
}

static enum err take_answered(struct reviews *r, const struct line *line)
{
	struct review *v = find(r, line->id);
	char *note;
	enum err rc = review_line_text(line->text, &note);

	if (rc != OK)
		return rc;
	free(v->note);
	v->note = note;
	v->state = line->state;
	v->answer_day = line->day;
	v->until_s = line->until_s;
	return OK;
}

enum err reviews_take(struct reviews *r, const struct line *line)
{
	enum err rc = reviews_may_take(r, line);

	if (rc != OK)
		return rc;
	rc = line->kind == LINE_ASKED ? take_asked(r, line) : take_answered(r, line);
	if (rc == OK && line->day > r->day)
		r->day = line->day;
	return rc;
}

/* ---- changes: first the file, then memory ---- */

static enum err change(
    struct reviews *r, struct line *line, const char *text, size_t max_bytes)
{
	struct buf written = BUF_INIT(LINE_MAX_BYTES + LINE_SUM_BYTES + 1);
	enum err rc = reviews_may_take(r, line);

	/* From here on the text is escaped, as in a line that is read. */
	if (rc == OK)
		rc = review_line_write(&written, line, text);
	if (rc == OK &&
	    !review_line_read((struct slice){written.ptr, written.len - 1}, line))
		rc = ERR_RANGE;
	if (rc == OK)
		rc = reviews_store_append(r, line->day, buf_slice(&written), max_bytes);
	if (rc == OK) {
		rc = reviews_take(r, line);
		if (rc != OK) /* no memory; else it would come back with the next start */
			(void)reviews_store_cut(r, r->file_bytes - written.len);
	}
	buf_deinit(&written);
	return rc;
}

enum err reviews_ask(struct reviews *r, const struct review_request *q, uint32_t *id)
{
	const struct review *v = find_waiting(r, q->name);
	struct line line = {.kind = LINE_ASKED, .day = q->day};
	bool keeps = v == NULL || kept_reasons(v) < REVIEW_REASONS;

	if (!review_name_is_sound(q->name) || !review_tier_is_sound(q->tier) ||
	    !review_day_is_sound(q->day) || !review_text_is_sound(q->reason))
		return ERR_RANGE;
	if (v == NULL && r->next_id == UINT32_MAX)
		return ERR_RANGE;
	line.id = v != NULL ? v->id : r->next_id;
	memcpy(line.tier, q->tier, strlen(q->tier));
	memcpy(line.name, q->name, strlen(q->name));
	memcpy(line.code, q->code, sizeof line.code);
	enum err rc = change(r, &line, keeps ? q->reason : "", REVIEWS_ASKED_BYTES);
	if (rc == OK)
		*id = line.id;
	return rc;
}

enum err reviews_answer(struct reviews *r, uint32_t id, const struct review_answer *answer)
{
	struct line line = {.kind = LINE_ANSWERED,
	    .id = id,
	    .day = answer->day,
	    .state = answer->state,
	    .until_s = answer->until_s};

	if (answer->state == REVIEW_WAITING || answer->until_s < 0 ||
	    !review_day_is_sound(answer->day) || !review_text_is_sound(answer->note))
		return ERR_RANGE;
	return change(r, &line, answer->note, REVIEWS_FILE_BYTES);
}

enum err reviews_expire(
    struct reviews *r, uint32_t answered_before, uint32_t asked_before, size_t *removed)
{
	bool leaves[REVIEWS_MAX] = {false};
	size_t kept = 0;

	*removed = 0;
	for (size_t i = 0; i < r->count; i++) {
		const struct review *v = &r->items[i];
		leaves[i] = v->state == REVIEW_WAITING
		    ? v->asks[v->ask_count - 1].day < asked_before
		    : v->answer_day < answered_before;
		*removed += leaves[i];
	}
	if (*removed == 0 && r->damaged == 0)
		return OK;
	enum err rc = reviews_store_replace(r, leaves);
	if (rc != OK) {
		*removed = 0;
		return rc;
	}
	for (size_t i = 0; i < r->count; i++) {
		if (leaves[i]) {
			r->asks -= r->items[i].ask_count;
			review_deinit(&r->items[i]);
		} else {
			r->items[kept++] = r->items[i];
		}
	}
	r->count = kept;
	r->damaged = 0;
	return OK;
}
