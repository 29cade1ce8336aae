#include "kit/lockout.h"

#include <string.h>

enum {
	MINUTE_MS = 60 * 1000
};

/* Never 0. */
static uint64_t key_of_user(const struct lockout *l, const char *user)
{
	return siphash13(l->key, slice_of(user)) | 1;
}

static uint64_t key_of_place(const struct lockout *l, const struct lockout_who *who)
{
	const struct hash_key key = {l->key.k0 ^ key_of_user(l, who->user), l->key.k1};

	return siphash13(key, slice_of(who->client)) | 1;
}

struct table {
	struct lockout_count *items;
	size_t count;
};

static struct table table_of_users(struct lockout *l, bool known)
{
	if (known)
		return (struct table){l->known, COUNT_OF(l->known)};
	return (struct table){l->strangers, COUNT_OF(l->strangers)};
}

static const struct lockout_count *find(
    const struct lockout_count *items, size_t count, uint64_t key)
{
	for (size_t i = 0; i < count; i++)
		if (items[i].key == key)
			return &items[i];
	return NULL;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Until when it matters. */
static uint64_t ends(const struct lockout_count *c)
{
	uint64_t counted = c->wrong == 0 ? 0 : c->first_ms + LOCKOUT_WINDOW_MS;

	return later(counted, later(c->locked_until_ms, c->good_until_ms));
}

/* The one of `key`, or another's place: the one that stops to matter first. */
static struct lockout_count *take(struct table t, uint64_t key)
{
	struct lockout_count *least = &t.items[0];

	for (size_t i = 0; i < t.count; i++) {
		if (t.items[i].key == key)
			return &t.items[i];
		if (ends(&t.items[i]) < ends(least))
			least = &t.items[i];
	}
	*least = (struct lockout_count){.key = key};
	return least;
}

/* True: that was one too many. */
static bool count_wrong(struct lockout_count *c, uint64_t now_ms, unsigned most)
{
	if (c->wrong == 0 || now_ms - c->first_ms >= LOCKOUT_WINDOW_MS) {
		c->wrong = 0;
		c->first_ms = now_ms;
	}
	if (++c->wrong < most)
		return false;
	c->wrong = 0;
	c->locked_until_ms = now_ms + LOCKOUT_MS;
	return true;
}

static uint64_t left_of(const struct lockout_count *c, uint64_t now_ms)
{
	return c == NULL || c->locked_until_ms <= now_ms ? 0 : c->locked_until_ms - now_ms;
}

unsigned lockout_minutes(
    const struct lockout *l, uint64_t now_ms, const struct lockout_who *who)
{
	const uint64_t user = key_of_user(l, who->user);
	const struct lockout_count *here =
	    find(l->places, COUNT_OF(l->places), key_of_place(l, who));
	const struct lockout_count *everywhere = who->known
	    ? find(l->known, COUNT_OF(l->known), user)
	    : find(l->strangers, COUNT_OF(l->strangers), user);
	bool good = here != NULL && here->good_until_ms > now_ms;
	uint64_t left_ms = left_of(here, now_ms);

	if (!good)
		left_ms = later(left_ms, left_of(everywhere, now_ms));
	return (unsigned)((left_ms + MINUTE_MS - 1) / MINUTE_MS);
}

enum lockout_news lockout_wrong(
    struct lockout *l, uint64_t now_ms, const struct lockout_who *who)
{
	const struct table places = {l->places, COUNT_OF(l->places)};
	struct lockout_count *here = take(places, key_of_place(l, who));
	struct lockout_count *everywhere =
	    take(table_of_users(l, who->known), key_of_user(l, who->user));
	bool locked_here = count_wrong(here, now_ms, LOCKOUT_HERE);

	if (count_wrong(everywhere, now_ms, LOCKOUT_EVERYWHERE))
		return LOCKOUT_BEGAN_EVERYWHERE;
	return locked_here ? LOCKOUT_BEGAN_HERE : LOCKOUT_NOTHING;
}

void lockout_right(struct lockout *l, uint64_t now_ms, const struct lockout_who *who)
{
	const struct table places = {l->places, COUNT_OF(l->places)};
	struct lockout_count *here = take(places, key_of_place(l, who));

	here->wrong = 0;
	here->good_until_ms = now_ms + LOCKOUT_GOOD_MS;
}
