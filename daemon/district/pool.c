#include "district/pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "district/store.h"

STAILQ_HEAD(jobs, pool_job);

struct worker {
	struct pool *pool;
	struct lane_queue *queue;
	struct store *store; /* the thread's; before and after it the main thread's */
	pthread_t thread;
	bool started;
};

struct lane_queue {
	struct jobs waiting;   /* under pool->lock */
	size_t waiting_count;  /* under pool->lock */
	pthread_cond_t filled; /* with pool->lock */
};

struct pool {
	pthread_mutex_t lock;
	struct lane_queue lanes[POOL_LANES];
	struct jobs ended; /* under lock: run, not yet told to the main thread */
	bool closing;      /* under lock: no thread waits for more */
	size_t count;      /* the main thread's: submitted, done() not yet called */
	struct worker workers[POOL_THREADS_MAX];
	size_t worker_count;
	int wake_fd; /* written by workers, read by the main thread */
	struct event *wake;
};

/* ---- in a worker's thread --------------------------------------------------------------- */

static struct pool_job *take(struct worker *w)
{
	struct lane_queue *queue = w->queue;
	struct pool_job *job;

	(void)pthread_mutex_lock(&w->pool->lock);
	while (STAILQ_EMPTY(&queue->waiting) && !w->pool->closing)
		(void)pthread_cond_wait(&queue->filled, &w->pool->lock);
	job = STAILQ_FIRST(&queue->waiting);
	if (job != NULL) {
		STAILQ_REMOVE_HEAD(&queue->waiting, entry);
		queue->waiting_count--;
	}
	(void)pthread_mutex_unlock(&w->pool->lock);
	return job;
}

static void give_back(struct pool *pool, struct pool_job *job)
{
	const uint64_t one = 1;

	(void)pthread_mutex_lock(&pool->lock);
	STAILQ_INSERT_TAIL(&pool->ended, job, entry);
	(void)pthread_mutex_unlock(&pool->lock);
	/* Full means that the main thread is woken already. */
	if (write(pool->wake_fd, &one, sizeof one) < 0)
		return;
}

static void *work(void *context)
{
	struct worker *w = context;
	struct pool_job *job;

	while ((job = take(w)) != NULL) {
		job->run(job, w->store);
		give_back(w->pool, job);
	}
	return NULL;
}

/* ---- in the main thread ----------------------------------------------------------------- */

static void tell_ended(struct pool *pool)
{
	for (;;) {
		(void)pthread_mutex_lock(&pool->lock);
		struct pool_job *job = STAILQ_FIRST(&pool->ended);
		if (job != NULL)
			STAILQ_REMOVE_HEAD(&pool->ended, entry);
		(void)pthread_mutex_unlock(&pool->lock);
		if (job == NULL)
			return;
		pool->count--;
		job->done(job);
	}
}

static void on_wake(evutil_socket_t fd, short what, void *context)
{
	uint64_t count;

	(void)what;
	if (read(fd, &count, sizeof count) < 0 && errno != EAGAIN)
		return;
	tell_ended(context);
}

bool pool_submit(struct pool *pool, enum lane lane, struct pool_job *job)
{
	struct lane_queue *queue = &pool->lanes[lane];
	bool fits;

	(void)pthread_mutex_lock(&pool->lock);
	fits = queue->waiting_count < POOL_WAITING_MAX;
	if (fits) {
		STAILQ_INSERT_TAIL(&queue->waiting, job, entry);
		queue->waiting_count++;
		(void)pthread_cond_signal(&queue->filled);
	}
	(void)pthread_mutex_unlock(&pool->lock);
	if (fits)
		pool->count++;
	return fits;
}

size_t pool_count(const struct pool *pool)
{
	return pool->count;
}

/* ---- life ------------------------------------------------------------------------------- */

static enum err open_workers(
    struct pool *pool, const struct pool_needs *needs, struct diag *why)
{
	for (size_t lane = 0; lane < POOL_LANES; lane++) {
		for (unsigned i = 0; i < needs->threads[lane]; i++) {
			if (pool->worker_count == POOL_THREADS_MAX)
				return ERR_RANGE;
			struct worker *w = &pool->workers[pool->worker_count];
			w->pool = pool;
			w->queue = &pool->lanes[lane];
			enum err rc = store_open(&w->store, needs->store_where, why);
			if (rc != OK)
				return rc;
			pool->worker_count++;
		}
	}
	return OK;
}

/* Signals are the main thread's: libevent reads them there. */
static enum err start_workers(struct pool *pool)
{
	sigset_t all;
	sigset_t before;
	enum err rc = OK;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	for (size_t i = 0; rc == OK && i < pool->worker_count; i++) {
		struct worker *w = &pool->workers[i];
		w->started = pthread_create(&w->thread, NULL, work, w) == 0;
		rc = w->started ? OK : ERR_MEMORY;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static struct pool *pool_new(struct event_base *base)
{
	struct pool *pool = calloc(1, sizeof *pool);

	if (pool == NULL)
		return NULL;
	(void)pthread_mutex_init(&pool->lock, NULL);
	STAILQ_INIT(&pool->ended);
	for (size_t lane = 0; lane < POOL_LANES; lane++) {
		STAILQ_INIT(&pool->lanes[lane].waiting);
		(void)pthread_cond_init(&pool->lanes[lane].filled, NULL);
	}
	pool->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (pool->wake_fd >= 0)
		pool->wake =
		    event_new(base, pool->wake_fd, EV_READ | EV_PERSIST, on_wake, pool);
	if (pool->wake != NULL && event_add(pool->wake, NULL) == 0)
		return pool;
	pool_close(pool, 0);
	return NULL;
}

enum err pool_open(struct pool **out, const struct pool_needs *needs, struct diag *why)
{
	struct pool *pool = pool_new(needs->base);

	if (pool == NULL)
		return ERR_MEMORY;
	enum err rc = open_workers(pool, needs, why);
	if (rc == OK)
		rc = start_workers(pool);
	if (rc == OK)
		*out = pool;
	else
		pool_close(pool, 0);
	return rc;
}

static uint64_t mono_ms(void)
{
	struct timespec now = {0, 0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* What no thread has taken is taken by nobody any more. */
static void drop_waiting(struct pool *pool)
{
	(void)pthread_mutex_lock(&pool->lock);
	for (size_t lane = 0; lane < POOL_LANES; lane++) {
		STAILQ_CONCAT(&pool->ended, &pool->lanes[lane].waiting);
		pool->lanes[lane].waiting_count = 0;
	}
	(void)pthread_mutex_unlock(&pool->lock);
}

static void wait_for_jobs(struct pool *pool, unsigned wait_ms)
{
	const struct timespec pause = {0, 5 * 1000 * 1000};
	uint64_t until = mono_ms() + wait_ms;

	tell_ended(pool);
	while (pool->count > 0 && mono_ms() < until) {
		(void)nanosleep(&pause, NULL);
		tell_ended(pool);
	}
}

void pool_close(struct pool *pool, unsigned wait_ms)
{
	if (pool == NULL)
		return;
	wait_for_jobs(pool, wait_ms);
	drop_waiting(pool);
	(void)pthread_mutex_lock(&pool->lock);
	pool->closing = true;
	for (size_t lane = 0; lane < POOL_LANES; lane++)
		(void)pthread_cond_broadcast(&pool->lanes[lane].filled);
	(void)pthread_mutex_unlock(&pool->lock);
	for (size_t i = 0; i < pool->worker_count; i++) {
		if (pool->workers[i].started)
			(void)pthread_join(pool->workers[i].thread, NULL);
		store_close(pool->workers[i].store);
	}
	tell_ended(pool);
	if (pool->wake != NULL)
		event_free(pool->wake);
	if (pool->wake_fd >= 0)
		(void)close(pool->wake_fd);
	for (size_t lane = 0; lane < POOL_LANES; lane++)
		(void)pthread_cond_destroy(&pool->lanes[lane].filled);
	(void)pthread_mutex_destroy(&pool->lock);
	free(pool);
}
