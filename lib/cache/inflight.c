#include <assert.h>
#include <pthread.h>
#include <sys/mman.h>

#include "cache/inflight.h"

/* One outstanding question. */
struct question {
	struct question *next; /* of its bucket, or of the free ones */
	struct waiter *first;
	struct waiter *last;
	uint64_t hash;
	uint32_t waiters;
	uint16_t qtype;
	uint8_t flags;
	uint8_t name_len;
	uint8_t name[CACHE_NAME_MAX_BYTES];
};

/* Buckets are chains of questions; one lock guards the buckets of its stripe and all
 * questions and waiters in them. */
enum {
	STRIPES = 64,
	QUESTIONS_MAX = 1 << 20
};

struct stripe {
	pthread_mutex_t lock;
} __attribute__((aligned(64)));

/* Lock order: a stripe's, then the pool's. */
struct inflight {
	struct stripe stripes[STRIPES];
	struct {
		pthread_mutex_t
		    lock; /* guards this struct and the links of free questions */
		struct question *free;
		uint32_t fresh; /* pool[fresh..] was never used, nor its memory touched */
		uint32_t used;
	} pool;
	uint32_t questions_max;
	uint32_t waiters_max;
	uint32_t bucket_mask;
	size_t mapped_bytes;
	struct question **buckets; /* in the mapping, behind this struct */
	struct question *questions;
};

static size_t align_64(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

static void init_locks(struct inflight *table)
{
	static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

	for (size_t i = 0; i < STRIPES; i++)
		memcpy(&table->stripes[i].lock, &fresh, sizeof fresh);
	memcpy(&table->pool.lock, &fresh, sizeof fresh);
}

enum err inflight_new(struct inflight **out, struct inflight_limits limits)
{
	if (limits.questions == 0 || limits.questions > QUESTIONS_MAX)
		return ERR_RANGE;
	size_t buckets = STRIPES;
	while (buckets < limits.questions)
		buckets *= 2;
	size_t buckets_at = align_64(sizeof(struct inflight));
	size_t questions_at = buckets_at + align_64(buckets * sizeof(struct question *));
	size_t bytes = questions_at + limits.questions * sizeof(struct question);
	void *mapping = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mapping == MAP_FAILED)
		return ERR_MEMORY;

	(void)madvise(mapping, bytes, MADV_DONTDUMP); /* names that people asked for */
	struct inflight *table = (struct inflight *)mapping;
	table->questions_max = limits.questions;
	table->waiters_max = limits.waiters_per_question;
	table->bucket_mask = (uint32_t)(buckets - 1);
	table->mapped_bytes = bytes;
	table->buckets = (struct question **)(void *)((uint8_t *)mapping + buckets_at);
	table->questions = (struct question *)(void *)((uint8_t *)mapping + questions_at);
	init_locks(table);
	*out = table;
	return OK;
}

void inflight_free(struct inflight *table)
{
	if (table != NULL)
		(void)munmap(table, table->mapped_bytes);
}

/* ---- the pool --------------------------------------------------------------------------- */

static struct question *pool_take(struct inflight *table)
{
	struct question *q = NULL;

	pthread_mutex_lock(&table->pool.lock);
	if (table->pool.free != NULL) {
		q = table->pool.free;
		table->pool.free = q->next;
	} else if (table->pool.fresh < table->questions_max) {
		q = &table->questions[table->pool.fresh++];
	}
	if (q != NULL)
		table->pool.used++;
	pthread_mutex_unlock(&table->pool.lock);
	return q;
}

static void pool_give(struct inflight *table, struct question *q)
{
	pthread_mutex_lock(&table->pool.lock);
	q->next = table->pool.free;
	table->pool.free = q;
	table->pool.used--;
	pthread_mutex_unlock(&table->pool.lock);
}

uint32_t inflight_count(struct inflight *table)
{
	pthread_mutex_lock(&table->pool.lock);
	uint32_t used = table->pool.used;
	pthread_mutex_unlock(&table->pool.lock);
	return used;
}

/* ---- questions; the stripe's lock is held ----------------------------------------------- */

static pthread_mutex_t *lock_of(struct inflight *table, const struct cache_key *key)
{
	return &table->stripes[key->hash % STRIPES].lock; /* low bits of the bucket's */
}

static bool is_question(const struct question *q, const struct cache_key *key)
{
	return q->hash == key->hash && q->qtype == key->qtype && q->flags == key->flags &&
	    q->name_len == key->name.len &&
	    memcmp(q->name, key->name.ptr, q->name_len) == 0;
}

/* The link that points to the question, or the NULL at the end of its chain. */
static struct question **find_link(struct inflight *table, const struct cache_key *key)
{
	struct question **link = &table->buckets[key->hash & table->bucket_mask];

	while (*link != NULL && !is_question(*link, key))
		link = &(*link)->next;
	return link;
}

static enum inflight_role lead(
    struct inflight *table, const struct cache_key *key, struct question **link)
{
	if (key->name.len > CACHE_NAME_MAX_BYTES)
		return INFLIGHT_FULL;
	struct question *q = pool_take(table);
	if (q == NULL)
		return INFLIGHT_FULL;
	q->next = NULL;
	q->first = NULL;
	q->last = NULL;
	q->waiters = 0;
	q->hash = key->hash;
	q->qtype = key->qtype;
	q->flags = key->flags;
	q->name_len = (uint8_t)key->name.len;
	memcpy(q->name, key->name.ptr, key->name.len);
	*link = q;
	return INFLIGHT_LEADER;
}

static enum inflight_role park(
    const struct inflight *table, struct question *q, struct waiter *waiter)
{
	if (q->waiters >= table->waiters_max)
		return INFLIGHT_FULL;
	waiter->next = NULL;
	if (q->last == NULL)
		q->first = waiter;
	else
		q->last->next = waiter;
	q->last = waiter;
	q->waiters++;
	return INFLIGHT_JOINED;
}

static bool unpark(struct question *q, struct waiter *waiter)
{
	struct waiter *before = NULL;
	struct waiter *at = q->first;

	for (; at != NULL && at != waiter; at = at->next)
		before = at;
	if (at == NULL)
		return false;
	if (before == NULL)
		q->first = waiter->next;
	else
		before->next = waiter->next;
	if (q->last == waiter)
		q->last = before;
	q->waiters--;
	waiter->next = NULL;
	return true;
}

/* ---- what others call ------------------------------------------------------------------- */

enum inflight_role inflight_join(
    struct inflight *table, const struct cache_key *key, struct waiter *waiter)
{
	pthread_mutex_t *lock = lock_of(table, key);

	pthread_mutex_lock(lock);
	struct question **link = find_link(table, key);
	enum inflight_role role =
	    *link == NULL ? lead(table, key, link) : park(table, *link, waiter);
	pthread_mutex_unlock(lock);
	return role;
}

bool inflight_lead(struct inflight *table, const struct cache_key *key)
{
	pthread_mutex_t *lock = lock_of(table, key);

	pthread_mutex_lock(lock);
	struct question **link = find_link(table, key);
	bool leads = *link == NULL && lead(table, key, link) == INFLIGHT_LEADER;
	pthread_mutex_unlock(lock);
	return leads;
}

struct waiter *inflight_take(struct inflight *table, const struct cache_key *key)
{
	pthread_mutex_t *lock = lock_of(table, key);
	struct waiter *waiters = NULL;

	pthread_mutex_lock(lock);
	struct question *q = *find_link(table, key);
	assert(q != NULL); /* the leader takes before it settles */
	if (q != NULL) {
		waiters = q->first;
		q->first = NULL;
		q->last = NULL;
		q->waiters = 0;
	}
	pthread_mutex_unlock(lock);
	return waiters;
}

struct waiter *inflight_settle(struct inflight *table, const struct cache_key *key)
{
	pthread_mutex_t *lock = lock_of(table, key);

	pthread_mutex_lock(lock);
	struct question **link = find_link(table, key);
	struct question *q = *link;
	struct waiter *waiters = NULL;
	assert(q != NULL); /* the leader settles once */
	if (q != NULL) {
		waiters = q->first;
		*link = q->next;
		pool_give(table, q);
	}
	pthread_mutex_unlock(lock);
	return waiters;
}

bool inflight_leave(
    struct inflight *table, const struct cache_key *key, struct waiter *waiter)
{
	pthread_mutex_t *lock = lock_of(table, key);

	pthread_mutex_lock(lock);
	struct question *q = *find_link(table, key);
	bool left = q != NULL && unpark(q, waiter);
	pthread_mutex_unlock(lock);
	return left;
}
