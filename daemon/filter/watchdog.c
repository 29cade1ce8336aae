#include "filter/watchdog.h"

#include <event2/event.h>
#include <stdlib.h>

#include "filter/worker.h"
#include "kit/log.h"
#include "kit/process.h"

struct watchdog {
	struct filter *filter;
	struct event *tick;
	struct {
		uint64_t rests;
		unsigned missed; /* ticks in a row */
	} seen[FILTER_WORKERS_MAX];
};

/* Whoever holds one thread of ours in a debugger may hold it as long as he likes, when main
 * is in his hands too; a tracer of one worker alone is no excuse. */
static bool we_are_debugged(void)
{
	return process_is_traced(0);
}

static void end_for(const struct worker *w)
{
	log_error("watchdog",
	    "worker %u has not turned for %d s: ending, to be started again", w->index,
	    WATCHDOG_TICKS);
	log_tick(); /* whatever was held back */
	abort();
}

static void look_at(struct watchdog *dog, unsigned i)
{
	struct worker *w = dog->filter->workers[i];
	uint64_t rests = atomic_load_explicit(&w->rests, memory_order_relaxed);
	bool turned = rests != dog->seen[i].rests;

	dog->seen[i].rests = rests;
	dog->seen[i].missed = turned ? 0 : dog->seen[i].missed + 1;
	if (turned)
		return;
	worker_poke(w); /* one with nothing to do rests for this */
	if (dog->seen[i].missed < WATCHDOG_TICKS)
		return;
	if (!we_are_debugged())
		end_for(w);
	dog->seen[i].missed = 0;
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
	struct watchdog *dog = context;

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < dog->filter->worker_count; i++)
		look_at(dog, i);
}

enum err watchdog_new(struct watchdog **out, struct event_base *base, struct filter *filter)
{
	const struct timeval second = {1, 0};
	struct watchdog *dog = calloc(1, sizeof *dog);

	if (dog == NULL)
		return ERR_MEMORY;
	dog->filter = filter;
	dog->tick = event_new(base, -1, EV_PERSIST, on_tick, dog);
	if (dog->tick == NULL || event_add(dog->tick, &second) != 0) {
		watchdog_free(dog);
		return ERR_MEMORY;
	}
	*out = dog;
	return OK;
}

void watchdog_free(struct watchdog *dog)
{
	if (dog == NULL)
		return;
	if (dog->tick != NULL)
		event_free(dog->tick);
	free(dog);
}
