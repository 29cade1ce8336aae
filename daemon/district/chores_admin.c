#include "district/chores_admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "district/config.h"
#include "district/day.h"
#include "district/metrics.h"
#include "district/papers.h"
#include "district/store.h"
#include "kit/local_time.h"
#include "kit/log.h"

enum {
	DAY_S = 24 * 60 * 60,
	APART_S =
	    60, /* what came within a minute is one enrolment, tried twice: both stay */
	STEPS_MAX = 100000, /* of one day's sweep; what is left waits for tomorrow */
	NUMBER_BYTES = 32,
	SILENT_DAYS_MAX = 400
};

static void warn(const struct chore_call *c, const char *what, enum err rc)
{
	const char *why = store_why(c->store);

	log_warn(
	    "chores", "%s: %s; once more tomorrow", what, why[0] != 0 ? why : err_text(rc));
}

/* ---- retention ---- */

/* So many months before `today`; 0: for ever. */
static int32_t months_before(int32_t today, uint64_t months)
{
	int year, month, day;

	if (months == 0)
		return DAY_NONE;
	day_split(today, &year, &month, &day);
	return day_make(year, month - (int)months, 1);
}

/* A clock that was set to the next century would remove all that is there, and for good refuse
 * what comes of those days. */
static bool may_forget(const struct chore_call *c, int32_t today)
{
	int32_t newest = DAY_NONE;
	enum err rc = store_newest_day(c->store, &newest);

	if (rc != OK)
		warn(c, "retention", rc);
	if (rc != OK || newest == DAY_NONE)
		return false;
	if (today - newest <= SILENT_DAYS_MAX)
		return true;
	log_warn("chores",
	    "nothing came for %d days, or the clock is wrong: nothing old is removed",
	    (int)(today - newest));
	return false;
}

void chore_retention(struct chore_call *c)
{
	int32_t today = day_at(c->now.wall_s, local_offset_s(NULL, c->now.wall_s));
	const struct retention keep = {
	    .documents_before = months_before(today, c->config->retention.daily_months),
	    .sums_before = months_before(today, c->config->retention.yearly_months)};
	bool more = true;
	enum err rc = store_prepare(c->store, today);

	if (rc == OK)
		more = may_forget(c, today);
	for (int i = 0; rc == OK && more && i < STEPS_MAX && !atomic_load(c->stopping); i++)
		rc = store_sweep(c->store, &keep, &more);
	if (rc != OK)
		warn(c, "retention", rc);
}

/* ---- keys and tokens that were replaced ---- */

struct key_list {
	struct unit_key *items;
	size_t count, capacity;
};

static bool on_key(void *context, const struct unit_key *key)
{
	struct key_list *list = context;

	if (key->revoked_s != 0)
		return true;
	if (list->count == list->capacity) {
		size_t capacity = list->capacity == 0 ? 256 : list->capacity * 2;
		struct unit_key *grown = reallocarray(list->items, capacity, sizeof *grown);
		if (grown == NULL)
			return false; /* those that were seen, today */
		list->items = grown;
		list->capacity = capacity;
	}
	list->items[list->count++] = *key;
	return true;
}

/* By unit, the oldest first. */
static int by_age(const void *a, const void *b)
{
	const struct unit_key *x = a, *y = b;
	int order = strcmp(x->unit, y->unit);

	if (order != 0)
		return order;
	return x->pinned_s < y->pinned_s ? -1 : x->pinned_s > y->pinned_s;
}

/* When another key took the place of items[i]; INT64_MAX: none did. */
static int64_t replaced_at(const struct key_list *list, size_t i)
{
	const struct unit_key *old = &list->items[i];

	for (size_t j = i + 1; j < list->count; j++) {
		const struct unit_key *next = &list->items[j];
		if (strcmp(old->unit, next->unit) != 0)
			break;
		if (next->pinned_s - old->pinned_s >= APART_S)
			return next->pinned_s;
	}
	return INT64_MAX;
}

static enum err revoke_old_keys(struct chore_call *c, struct key_list *list)
{
	int64_t limit_s = c->now.wall_s - (int64_t)(c->config->limits.oldest_ms / 1000);
	enum err rc = store_key_list(c->store, NULL, on_key, list);

	if (rc == OK && list->count > 1)
		qsort(list->items, list->count, sizeof *list->items, by_age);
	for (size_t i = 0; rc == OK && i < list->count; i++) {
		const struct unit_key *old = &list->items[i];
		if (replaced_at(list, i) >= limit_s)
			continue;
		rc = store_key_revoke(c->store, old->unit, old->key, c->now.wall_s);
		if (rc == OK)
			log_info("chores",
			    "an old key of %s was revoked: another has been in its place for "
			    "limits.oldest",
			    old->unit);
	}
	return rc;
}

struct token_list {
	struct token *items; /* good ones of senders: by unit, the oldest first */
	size_t count, capacity;
};

static bool on_token(void *context, const struct token *token)
{
	struct token_list *list = context;

	if (token->use != TOKEN_SEND || token->revoked_s != 0)
		return true;
	if (list->count == list->capacity) {
		size_t capacity = list->capacity == 0 ? 256 : list->capacity * 2;
		struct token *grown = reallocarray(list->items, capacity, sizeof *grown);
		if (grown == NULL)
			return false;
		list->items = grown;
		list->capacity = capacity;
	}
	list->items[list->count++] = *token;
	return true;
}

static bool is_replaced(const struct token_list *list, size_t i, int64_t limit_s)
{
	const struct token *old = &list->items[i];

	for (size_t j = i + 1; j < list->count; j++) {
		const struct token *next = &list->items[j];
		if (strcmp(old->unit, next->unit) != 0)
			return false;
		if (next->made_s - old->made_s >= APART_S)
			return next->made_s < limit_s;
	}
	return false;
}

static enum err revoke_old_tokens(struct chore_call *c, struct token_list *list)
{
	int64_t limit_s = c->now.wall_s - (int64_t)OLD_TOKEN_DAYS * DAY_S;
	enum err rc = store_token_list(c->store, NULL, on_token, list);

	for (size_t i = 0; rc == OK && i < list->count; i++)
		if (is_replaced(list, i, limit_s))
			rc = store_token_revoke(c->store, list->items[i].unit,
			    list->items[i].sha256, c->now.wall_s);
	return rc;
}

void chore_old_keys(struct chore_call *c)
{
	struct key_list keys = {.count = 0};
	struct token_list tokens = {.count = 0};

	enum err rc = revoke_old_keys(c, &keys);
	if (rc == OK)
		rc = revoke_old_tokens(c, &tokens);
	if (rc != OK)
		warn(c, "old keys", rc);
	free(keys.items);
	free(tokens.items);
}

/* ---- refused documents ---- */

static bool read_count(struct store *store, uint64_t *out)
{
	struct buf text = BUF_INIT(NUMBER_BYTES);
	enum err rc = store_setting_get(store, REFUSED_SETTING, &text);

	*out = 0;
	if (rc == OK)
		(void)slice_to_u64(buf_slice(&text), UINT64_MAX / 2, out);
	buf_deinit(&text);
	return rc == OK || rc == ERR_NOT_FOUND;
}

/* Since the program's start; what was not written when it ended is lost, and was in the log. */
void chore_refused(struct chore_call *c)
{
	struct admin_part *part = c->district->admin;
	uint64_t now = metrics_refused(c->district->metrics), total;
	char text[NUMBER_BYTES];

	if (part == NULL || now == part->refused_written || !read_count(c->store, &total))
		return;
	(void)snprintf(text, sizeof text, "%llu",
	    (unsigned long long)(total + now - part->refused_written));
	if (store_setting_put(c->store, REFUSED_SETTING, text) == OK)
		part->refused_written = now;
}
