#include "district/chores.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/attr.h"
#include "district/config.h"
#include "district/store.h"
#include "kit/log.h"

enum {
	FIRST_S = 5,   /* after the start, so that a start is not slower for them */
	LATEST_S = 600 /* the clock of the world may jump: look again */
};

static const struct chore *const TABLES[] = {
    CHORES_WEB, CHORES_REPORTS, CHORES_ADMIN, CHORES_BUNDLES};

enum {
	CHORES_MAX = 32
};

struct chores {
	const struct district *district;
	struct store *store; /* the thread's */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;               /* with lock; waits on CLOCK_MONOTONIC */
	const struct district_config *config; /* under lock; held */
	atomic_bool stopping;                 /* set under lock, read anywhere */
	const struct chore *all[CHORES_MAX];
	uint64_t due_s[CHORES_MAX]; /* the thread's; CLOCK_MONOTONIC */
	size_t count;
};

static uint64_t clock_s(clockid_t which)
{
	struct timespec now = {0, 0};

	(void)clock_gettime(which, &now);
	return (uint64_t)now.tv_sec;
}

static void run_one(struct chores *c, const struct chore *chore)
{
	(void)pthread_mutex_lock(&c->lock);
	const struct district_config *config = district_config_hold(c->config);
	(void)pthread_mutex_unlock(&c->lock);
	struct chore_call call = {.district = c->district,
	    .config = config,
	    .store = c->store,
	    .now = {.mono_ms = clock_s(CLOCK_MONOTONIC) * 1000,
	        .wall_s = (int64_t)clock_s(CLOCK_REALTIME),
	        .wall_trusted = true},
	    .stopping = &c->stopping};
	log_debug("chores", "%s", chore->name);
	chore->run(&call);
	district_config_release(config);
}

/* Runs what is due; when the next one is. */
static uint64_t run_due(struct chores *c)
{
	uint64_t next = clock_s(CLOCK_MONOTONIC) + LATEST_S;

	for (size_t i = 0; i < c->count && !atomic_load(&c->stopping); i++) {
		if (c->due_s[i] <= clock_s(CLOCK_MONOTONIC)) {
			run_one(c, c->all[i]);
			c->due_s[i] = clock_s(CLOCK_MONOTONIC) + c->all[i]->every_s;
		}
		if (c->due_s[i] < next)
			next = c->due_s[i];
	}
	return next;
}

static void *work(void *context)
{
	struct chores *c = context;
	struct timespec until = {.tv_sec = (time_t)(clock_s(CLOCK_MONOTONIC) + FIRST_S)};

	(void)pthread_mutex_lock(&c->lock);
	while (!atomic_load(&c->stopping)) {
		(void)pthread_cond_timedwait(&c->changed, &c->lock, &until);
		if (clock_s(CLOCK_MONOTONIC) < (uint64_t)until.tv_sec)
			continue;
		(void)pthread_mutex_unlock(&c->lock);
		until.tv_sec = (time_t)run_due(c);
		(void)pthread_mutex_lock(&c->lock);
	}
	(void)pthread_mutex_unlock(&c->lock);
	return NULL;
}

static void gather(struct chores *c)
{
	for (size_t t = 0; t < COUNT_OF(TABLES); t++)
		for (const struct chore *row = TABLES[t];
		     row->name != NULL && c->count < CHORES_MAX; row++)
			c->all[c->count++] = row;
}

static enum err start(struct chores *c)
{
	sigset_t all;
	sigset_t before;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	bool started = pthread_create(&c->thread, NULL, work, c) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started ? OK : ERR_MEMORY;
}

static void free_all(struct chores *c)
{
	store_close(c->store);
	district_config_release(c->config);
	(void)pthread_cond_destroy(&c->changed);
	(void)pthread_mutex_destroy(&c->lock);
	free(c);
}

enum err chores_open(struct chores **out, const struct district *district,
    const struct district_config *config, const char *store_where, struct diag *why)
{
	struct chores *c = calloc(1, sizeof *c);
	pthread_condattr_t steady;

	if (c == NULL)
		return ERR_MEMORY;
	c->district = district;
	c->config = district_config_hold(config);
	(void)pthread_mutex_init(&c->lock, NULL);
	(void)pthread_condattr_init(&steady);
	(void)pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&c->changed, &steady);
	(void)pthread_condattr_destroy(&steady);
	gather(c);
	enum err rc = store_open(&c->store, store_where, why);
	if (rc == OK)
		rc = start(c);
	if (rc == OK)
		*out = c;
	else
		free_all(c);
	return rc;
}

void chores_use_config(struct chores *c, const struct district_config *config)
{
	(void)pthread_mutex_lock(&c->lock);
	district_config_release(c->config);
	c->config = district_config_hold(config);
	(void)pthread_mutex_unlock(&c->lock);
}

void chores_close(struct chores *c)
{
	if (c == NULL)
		return;
	(void)pthread_mutex_lock(&c->lock);
	atomic_store(&c->stopping, true);
	(void)pthread_cond_signal(&c->changed);
	(void)pthread_mutex_unlock(&c->lock);
	(void)pthread_join(c->thread, NULL);
	free_all(c);
}
