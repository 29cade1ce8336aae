#include "page/limits.h"

#include <stdlib.h>

enum {
	WAYS = 8, /* places an address may stand in */
	SETS = LIMITS_CLIENTS / WAYS
};

/* How fast a bucket fills, and how much it holds. */
struct rate {
	uint32_t per_minute;
	uint32_t burst;
};

static const struct rate request_rate = {LIMITS_REQUESTS_PER_S * 60, LIMITS_REQUESTS_BURST};
static const struct rate request_all_rate = {
    LIMITS_REQUESTS_ALL_PER_S * 60, LIMITS_REQUESTS_ALL_BURST};
static const struct rate post_rate = {LIMITS_POSTS_PER_MINUTE, LIMITS_POSTS_BURST};
static const struct rate post_all_rate = {
    LIMITS_POSTS_ALL_PER_MINUTE, LIMITS_POSTS_ALL_BURST};

/* What was taken, in sixty-thousandths of one (a minute has as many milliseconds): it falls
 * by per_minute each millisecond, exactly. 0 is a full bucket, so zeroed memory is new. */
enum {
	ONE = 60000
};

struct bucket {
	uint64_t taken;
	uint64_t at_ms;
};

struct client {
	struct addr addr;
	struct bucket requests;
	struct bucket posts;
};

struct limits {
	struct hash_key key;
	struct bucket requests;
	struct bucket posts;
	struct client clients[SETS][WAYS];
};

enum err limits_open(struct limits **out, struct hash_key key)
{
	struct limits *limits = calloc(1, sizeof *limits);

	if (limits == NULL)
		return ERR_MEMORY;
	limits->key = key;
	*out = limits;
	return OK;
}

void limits_close(struct limits *limits)
{
	free(limits);
}

static void refill(struct bucket *b, const struct rate *rate, uint64_t mono_ms)
{
	uint64_t passed = mono_ms > b->at_ms ? mono_ms - b->at_ms : 0;

	/* Compared by division: the product of a long time overflows. */
	if (passed > b->taken / rate->per_minute) {
		b->taken = 0;
	} else {
		b->taken -= passed * rate->per_minute;
	}
	if (mono_ms > b->at_ms)
		b->at_ms = mono_ms;
}

/* Milliseconds until one can be taken; 0: now. */
static uint64_t wait_of(const struct bucket *b, const struct rate *rate)
{
	uint64_t limit = (uint64_t)(rate->burst - 1) * ONE;

	if (b->taken <= limit)
		return 0;
	return (b->taken - limit + rate->per_minute - 1) / rate->per_minute;
}

/* What `c` owes, comparable between requests and posts: parts of a bucket. */
static uint64_t debt_of(const struct client *c)
{
	return c->requests.taken / LIMITS_REQUESTS_BURST +
	    c->posts.taken / LIMITS_POSTS_BURST;
}

static struct client *find_client(
    struct limits *limits, const struct addr *addr, uint64_t mono_ms)
{
	struct client *set = limits->clients[addr_hash(addr, limits->key) % SETS];
	struct client *least = NULL;

	for (size_t i = 0; i < WAYS; i++) {
		refill(&set[i].requests, &request_rate, mono_ms);
		refill(&set[i].posts, &post_rate, mono_ms);
		if (addr_equal(&set[i].addr, addr))
			return &set[i];
		if (least == NULL || debt_of(&set[i]) < debt_of(least))
			least = &set[i];
	}
	*least = (struct client){
	    .addr = *addr, .requests = {.at_ms = mono_ms}, .posts = {.at_ms = mono_ms}};
	return least;
}

/* From both or from neither. */
static unsigned take(struct bucket *own, const struct rate *own_rate, struct bucket *all,
    const struct rate *all_rate)
{
	uint64_t wait = wait_of(own, own_rate);
	uint64_t wait_all = wait_of(all, all_rate);

	if (wait_all > wait)
		wait = wait_all;
	if (wait > 0)
		return (unsigned)((wait + 999) / 1000);
	own->taken += ONE;
	all->taken += ONE;
	return 0;
}

unsigned limits_take_request(
    struct limits *limits, const struct addr *client, uint64_t mono_ms)
{
	struct client *c = find_client(limits, client, mono_ms);

	refill(&limits->requests, &request_all_rate, mono_ms);
	return take(&c->requests, &request_rate, &limits->requests, &request_all_rate);
}

unsigned limits_take_post(
    struct limits *limits, const struct addr *client, uint64_t mono_ms)
{
	struct client *c = find_client(limits, client, mono_ms);

	refill(&limits->posts, &post_all_rate, mono_ms);
	return take(&c->posts, &post_rate, &limits->posts, &post_all_rate);
}
