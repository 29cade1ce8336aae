/* pool -- the threads that run calls, a lane of them for each kind of work.
 *
 *	main thread                    a lane's thread              main thread
 *	pool_submit(job) --> queue --> job->run(job, store) --> done --> job->done(job)
 *
 * Each thread opens a store of its own. A lane with all threads busy lets jobs wait, up to
 * a ceiling; lanes never wait for each other. Threads: all functions are the main thread's;
 * a job is its lane's from submit to run's end, before and after it is the main thread's. */
#ifndef DISTRICT_POOL_H
#define DISTRICT_POOL_H

#include <sys/queue.h>

#include <event2/event.h>

#include "base/diag.h"
#include "base/err.h"
#include "district/routes.h"

struct store; /* district/store.h */
struct pool;

enum {
	POOL_LANES = 2, /* enum lane */
	POOL_THREADS_MAX = 8,
	POOL_WAITING_MAX = 1024 /* jobs of one lane that no thread has yet */
};

/* The first member of the submitter's own struct. */
struct pool_job {
	STAILQ_ENTRY(pool_job) entry; /* the pool's */
	void (*run)(struct pool_job *job, struct store *store);
	void (*done)(struct pool_job *job);
};

struct pool_needs {
	struct event_base *base;      /* the main thread's; outlives the pool */
	const char *store_where;      /* for store_open(); borrowed for pool_open() */
	unsigned threads[POOL_LANES]; /* each at least 1 */
};

/* Opens all stores, then starts the threads, with every signal blocked in them. Errors of
 * store_open(), with *why; ERR_MEMORY. */
MUST_CHECK enum err pool_open(
    struct pool **out, const struct pool_needs *needs, struct diag *why);

/* False: the lane is full; the job is still the caller's. */
bool pool_submit(struct pool *pool, enum lane lane, struct pool_job *job);

/* Jobs that are waiting or running. */
size_t pool_count(const struct pool *pool);

/* Lets every job that was submitted end, calls their done(), and ends the threads. After
 * `wait_ms` what still waits is given done() without run(); what runs is waited for. NULL:
 * nothing. */
void pool_close(struct pool *pool, unsigned wait_ms);

#endif
