/* lachan-filter: the DNS side of the gateway. main() makes the parts and waits; queries
 * begin in udp_server.c and tcp_server.c and run through query.c. */
#include <errno.h>
#include <event2/thread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "filter/clock.h"
#include "filter/descriptors.h"
#include "filter/diagnose.h"
#include "filter/neighbour_watch.h"
#include "filter/program.h"
#include "filter/selftest.h"
#include "filter/tcp_places.h"
#include "filter/watchdog.h"
#include "filter/worker.h"
#include "kit/json_memory.h"
#include "kit/log.h"
#include "kit/sandbox.h"
#include "kit/syscalls.h"
#include "kit/wall.h"

enum {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,
	STATUS_WRONG = 2,
	POLL_MS = 250,
	LINES_AGAIN_MS = 10000, /* what a full disk has kept from being opened */
	QUESTIONS_MAX = 8192,   /* outstanding at once, of all workers */
	WAITERS_MAX = 4096,     /* behind one of them */
	CACHE_SHARE = 32,       /* cache.size auto: this part of memory */
	CACHE_AUTO_MAX = 64 << 20,
};

static void random_key(struct hash_key *key)
{
	if (getrandom(key, sizeof *key, 0) != (ssize_t)sizeof *key)
		abort(); /* without entropy every table could be aimed at */
}

/* ---- the shared filter ---- */

static uint64_t cache_bytes(const struct config *config)
{
	struct sysinfo info;

	if (config->cache.size_bytes != 0)
		return config->cache.size_bytes;
	if (sysinfo(&info) != 0)
		return CACHE_MIN_BYTES;
	uint64_t part = (uint64_t)info.totalram * info.mem_unit / CACHE_SHARE;
	if (part < CACHE_MIN_BYTES)
		part = CACHE_MIN_BYTES;
	return part < CACHE_AUTO_MAX ? part : CACHE_AUTO_MAX;
}

static void filter_free(struct filter *f)
{
	if (f == NULL)
		return;
	tcp_places_free(f->tcp_places);
	neighbours_free(f->neighbours);
	inflight_free(f->inflight);
	cache_free(f->cache);
	free(f);
}

static enum err filter_new(struct filter **out, const struct config *config)
{
	const struct inflight_limits limits = {QUESTIONS_MAX, WAITERS_MAX};
	struct filter *f = calloc(1, sizeof *f);
	struct hash_key key;

	if (f == NULL)
		return ERR_MEMORY;
	random_key(&key);
	random_key(&f->client_key);
	f->cookie_clock_s = (uint32_t)((uint64_t)time(NULL) - clock_mono_ms() / 1000);
	atomic_store(&f->wall_trusted, wall_is_trusted(config));
	enum err rc = cache_new(&f->cache, cache_bytes(config), key);
	if (rc == OK)
		rc = inflight_new(&f->inflight, limits);
	if (rc == OK)
		rc = tcp_places_new(&f->tcp_places);
	if (rc == OK)
		rc = neighbours_new(&f->neighbours, f->client_key);
	if (rc != OK) {
		filter_free(f);
		return rc;
	}
	*out = f;
	return OK;
}

/* ---- sockets and workers ---- */

static unsigned worker_count(const struct config *config)
{
	uint64_t n = config->server.threads;

	if (n == 0) {
		long cores = sysconf(_SC_NPROCESSORS_ONLN);
		n = cores > 0 ? (uint64_t)cores : 1;
	}
	return (unsigned)(n < FILTER_WORKERS_MAX ? n : FILTER_WORKERS_MAX);
}

static enum err open_own_sockets(struct program *p, struct diag *why)
{
	const struct config *config = p->startup.config;

	return sockets_open_dns(
	    &p->startup.sockets, &config->server.listen, worker_count(config), why);
}

/* Sockets come worker by worker, in the order of the addresses (kit/sockets.h). */
static enum err make_workers(struct program *p, struct diag *why)
{
	struct sockets *from = &p->startup.sockets;
	unsigned count =
	    worker_count(p->startup.config != NULL ? p->startup.config
	                                           : publisher_now(p->publisher)->config);
	descriptors_divide(p->filter, publisher_now(p->publisher)->config, count);
	size_t udp_each = sockets_count(from, SOCKETS_DNS_UDP) / count;
	size_t tcp_each = sockets_count(from, SOCKETS_DNS_TCP) / count;
	enum err rc = OK;

	if (udp_each > WORKER_LISTENERS_MAX || tcp_each > WORKER_LISTENERS_MAX) {
		diag_set(
		    why, "more than %d addresses in server.listen", WORKER_LISTENERS_MAX);
		return ERR_RANGE;
	}
	for (unsigned i = 0; i < count && rc == OK; i++) {
		struct worker_sockets s = {.udp_count = udp_each, .tcp_count = tcp_each};
		for (size_t k = 0; k < udp_each; k++)
			s.udp[k] = sockets_take(from, SOCKETS_DNS_UDP);
		for (size_t k = 0; k < tcp_each; k++)
			s.tcp[k] = sockets_take(from, SOCKETS_DNS_TCP);
		rc = worker_new(&p->filter->workers[i], p->filter, i, &s, why);
		if (rc == OK)
			p->filter->worker_count++;
	}
	return rc;
}

static enum err start_workers(struct program *p)
{
	enum err rc = OK;
	for (unsigned i = 0; i < p->filter->worker_count && rc == OK; i++)
		rc = worker_start(p->filter->workers[i]);
	return rc;
}

static void stop_workers(struct filter *f)
{
	for (unsigned i = 0; i < f->worker_count; i++)
		worker_stop(f->workers[i]);
}

static void free_workers(struct filter *f)
{
	for (unsigned i = 0; i < f->worker_count; i++)
		worker_free(f->workers[i]);
	f->worker_count = 0;
}

/* ---- changes while running ---- */

enum err program_reload(struct program *p, struct config *config, struct diags *all)
{
	const char *key = config_needs_restart(publisher_now(p->publisher)->config, config);

	if (key != NULL) {
		diags_error(all, NULL, 0, 0, "%s cannot change without a restart", key);
		return ERR_CONFIG;
	}
	counting_drain(p->counting);
	enum err rc = publisher_set_config(p->publisher, config, all);
	if (rc == OK) {
		counting_follow(p->counting, publisher_now(p->publisher));
		p->configured_ms = clock_mono_ms();
	}
	return rc;
}

static enum err on_new_config(void *context, int fd, struct diag *why)
{
	struct program *p = context;
	struct diags all = DIAGS_NONE;
	struct config *config = NULL;

	enum err rc = config_load_fd(&config, fd, &all);
	if (rc == OK)
		rc = program_reload(p, config, &all);
	if (rc != OK) {
		config_free(config);
		diag_set(why, "%s", all.count > 0 ? all.items[0].text : err_text(rc));
	}
	diags_deinit(&all);
	return rc;
}

/* HUP, for a filter run by hand. */
static void on_hup(evutil_socket_t number, short what, void *context)
{
	struct program *p = context;
	struct diags all = DIAGS_NONE;
	struct config *config = NULL;

	(void)number;
	(void)what;
	enum err rc =
	    startup_read_again(&p->startup, publisher_now(p->publisher)->config, &config);
	if (rc == OK)
		rc = program_reload(p, config, &all);
	if (rc == OK) {
		log_info("main", "the new configuration is in force");
	} else if (rc != ERR_UNSUPPORTED) {
		config_free(config);
		log_diags("main", &all);
		log_error("main", "the configuration was not taken; the one before stays");
	}
	diags_deinit(&all);
}

static void on_end(evutil_socket_t number, short what, void *context)
{
	struct program *p = context;

	(void)what;
	log_info("main", "signal %d: ending", (int)number);
	(void)event_base_loopbreak(p->base);
}

static void look_at_trust(struct program *p)
{
	bool before = atomic_load(&p->filter->wall_trusted);
	bool now = wall_is_trusted(publisher_now(p->publisher)->config);

	if (before == now)
		return;
	atomic_store(&p->filter->wall_trusted, now);
	if (now) {
		log_info("clock", "the clock is trusted now");
	} else {
		log_warn("clock",
		    "the clock is behind our own files and not trusted: no window opens "
		    "anything, no allow grant counts, until it is set");
	}
}

/* The poll would do, but a quarter of a second late. */
static void wait_for_border(struct program *p)
{
	uint64_t now_ms = clock_mono_ms();
	uint64_t at_ms = publisher_wakes_at_ms(p->publisher);
	uint64_t left_ms = at_ms > now_ms ? at_ms - now_ms : 0;

	if (left_ms >= POLL_MS)
		return;
	/* A little after it: both clocks are read in whole milliseconds. */
	const struct timeval left = {0, (suseconds_t)(left_ms + 2) * 1000};
	(void)evtimer_add(p->border, &left); /* without it: the poll */
}

/* Without it the gateway serves all the same: the log says that changes go unrecorded. */
static void open_audit(struct program *p)
{
	const char *folder = publisher_now(p->publisher)->config->server.state_dir.text;
	char path[FILE_PATH_BYTES];
	struct diag why = {.text = ""};

	if (path_join(path, sizeof path, folder, "audit.log") != OK ||
	    audit_open(&p->audit, path, &why) != OK) {
		p->audit = NULL;
		log_error("audit", "%s: %s; changes will not be recorded", path, why.text);
	} else if (audit_torn_bytes(p->audit) > 0) {
		log_warn("audit", "a torn last line of %zu bytes was cut off",
		    audit_torn_bytes(p->audit));
	}
}

/* The sockets of lachanctl and of the page. A full disk below run_dir must not cost the
 * names: without a socket we serve, say so, and try again. */
static enum err open_lines(struct program *p, struct diag *why)
{
	enum err rc = p->control == NULL ? control_open(p, why) : OK;
	if (rc == ERR_IO)
		log_error("control", "%s; names are answered, lachanctl is not", why->text);
	if (rc != OK && rc != ERR_IO)
		return rc;
	rc = p->verdicts == NULL ? verdict_server_open(&p->verdicts, p, why) : OK;
	if (rc == ERR_IO)
		log_error("verdicts", "%s; the page cannot ask why", why->text);
	return rc == ERR_IO ? OK : rc;
}

static void open_lines_again(struct program *p)
{
	struct diag why;

	if ((p->control != NULL && p->verdicts != NULL && p->audit != NULL) ||
	    clock_mono_ms() - p->lines_tried_ms < LINES_AGAIN_MS)
		return;
	p->lines_tried_ms = clock_mono_ms();
	if (p->audit == NULL)
		open_audit(p);
	if (open_lines(p, &why) != OK)
		log_error("control", "%s", why.text);
}

void program_look_around(struct program *p)
{
	look_at_trust(p);
	if (publisher_poll(p->publisher))
		counting_follow(p->counting, publisher_now(p->publisher));
}

/* Of the poll, and of the timer for the border that comes before the next one. */
static void on_poll(evutil_socket_t fd, short what, void *context)
{
	struct program *p = context;

	(void)fd;
	(void)what;
	program_look_around(p);
	publisher_reap(p->publisher);
	selftest_tidy(p->filter);
	open_lines_again(p);
	wait_for_border(p);
	log_tick();
}

static void on_drain(evutil_socket_t fd, short what, void *context)
{
	struct program *p = context;

	(void)fd;
	(void)what;
	counting_drain(p->counting);
}

static void on_addresses(void *context)
{
	struct program *p = context;

	publisher_look_at_network_soon(p->publisher);
}

/* ---- start and end ---- */

static enum err watch_events(struct program *p)
{
	const struct timeval interval = {0, POLL_MS * 1000};

	p->signals[0] = evsignal_new(p->base, SIGTERM, on_end, p);
	p->signals[1] = evsignal_new(p->base, SIGINT, on_end, p);
	p->signals[2] = evsignal_new(p->base, SIGHUP, on_hup, p);
	p->poll = event_new(p->base, -1, EV_PERSIST, on_poll, p);
	p->border = evtimer_new(p->base, on_poll, p);
	if (p->border == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < COUNT_OF(p->signals); i++) {
		if (p->signals[i] == NULL || event_add(p->signals[i], NULL) != 0)
			return ERR_MEMORY;
	}
	if (p->poll == NULL || event_add(p->poll, &interval) != 0)
		return ERR_MEMORY;
	return OK;
}

static enum err begin_as_root(struct program *p, struct diag *why)
{
	descriptors_raise_limit();
	enum err rc = OK;
	if (!p->startup.supervised)
		rc = startup_make_folders(p->startup.config, why);
	if (rc == OK && sockets_count(&p->startup.sockets, SOCKETS_DNS_UDP) == 0)
		rc = open_own_sockets(p, why);
	if (rc == OK)
		rc = sandbox_enter(p->startup.config->server.user.text, why);
	return rc;
}

static enum err make_snapshot(struct program *p, struct diag *why)
{
	struct diags all = DIAGS_NONE;
	struct config *config = startup_take_config(&p->startup);

	enum err rc = publisher_new(&p->publisher, p->filter, config, &all);
	if (rc != OK) {
		config_free(config);
		log_diags("main", &all);
		diag_set(why, "%s",
		    all.count > 0 ? "the configuration was not taken" : err_text(rc));
	}
	diags_deinit(&all);
	return rc;
}

static enum err build(struct program *p, struct diag *why)
{
	const struct link_handlers link = {on_new_config, NULL, p};

	enum err rc = filter_new(&p->filter, p->startup.config);
	if (rc == OK)
		rc = ruledb_scratch_new(&p->scratch);
	if (rc == OK)
		rc = make_snapshot(p, why);
	if (rc != OK)
		return rc;
	p->filter->drain = event_new(p->base, -1, EV_PERSIST, on_drain, p);
	if (p->filter->drain == NULL)
		return ERR_MEMORY;
	neighbour_ask_open(&p->ask);
	rc = neighbour_watch_open(
	    &p->neighbours, p->base, p->filter->neighbours, on_addresses, p);
	if (rc == OK)
		rc = make_workers(p, why);
	if (rc == OK)
		rc = syscalls_limit_or_warn(SYSCALLS_FILTER, why);
	if (rc == OK) {
		rc =
		    start_workers(p); /* names are answered before anything else is ready */
	}
	if (rc == OK)
		rc = watchdog_new(&p->watchdog, p->base, p->filter);
	if (rc == OK)
		rc = counting_new(&p->counting, p->base, p->filter, why);
	if (rc == OK)
		rc = diagnose_new(&p->diagnose, p, why);
	if (rc == OK) {
		open_audit(p);
		rc = open_lines(p, why);
	}
	if (rc == OK && p->startup.link_fd >= 0)
		rc = link_open(&p->link, p->base, p->startup.link_fd, &link);
	if (rc == OK)
		rc = watch_events(p);
	return rc;
}

static void end(struct program *p)
{
	for (size_t i = 0; i < COUNT_OF(p->signals); i++) {
		if (p->signals[i] != NULL)
			event_free(p->signals[i]);
	}
	if (p->poll != NULL)
		event_free(p->poll);
	if (p->border != NULL)
		event_free(p->border);
	neighbour_watch_close(p->neighbours);
	neighbour_ask_close(&p->ask);
	link_close(p->link);
	watchdog_free(p->watchdog);
	verdict_server_close(p->verdicts);
	control_server_close(p->control);
	diagnose_free(p->diagnose);
	if (p->filter != NULL) {
		stop_workers(p->filter);
		counting_free(p->counting); /* takes what the rings still hold */
		free_workers(p->filter);
		if (p->filter->drain != NULL)
			event_free(p->filter->drain);
	}
	audit_close(p->audit);
	publisher_free(p->publisher);
	ruledb_scratch_free(p->scratch);
	filter_free(p->filter);
	if (p->base != NULL)
		event_base_free(p->base);
	startup_end(&p->startup);
}

int main(int argc, char **argv)
{
	static struct program p; /* zeroed; main's for the whole run */
	struct diag why = {.text = ""};
	int status = STATUS_DONE;

	json_memory_begin();
	if (!startup_begin(&p.startup, "lachan-filter", argc, argv, &status))
		return status;
	p.started_ms = clock_mono_ms();
	p.configured_ms = p.started_ms;
	enum err rc = begin_as_root(&p, &why);
	if (rc == OK && evthread_use_pthreads() == 0)
		p.base = event_base_new();
	if (rc == OK && p.base == NULL)
		rc = ERR_MEMORY;
	if (rc == OK)
		rc = build(&p, &why);
	if (rc == OK) {
		log_info("main", "serving with %u workers", p.filter->worker_count);
		link_say_ready(p.link);
		(void)event_base_dispatch(p.base);
	} else {
		log_error("main", "%s", why.text[0] != 0 ? why.text : err_text(rc));
		status = rc == ERR_CONFIG ? STATUS_WRONG : STATUS_FAILED;
	}
	end(&p);
	return status;
}
