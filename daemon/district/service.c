#include "district/service.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <event2/event.h>

#include "base/file.h"
#include "district/chores.h"
#include "district/district.h"
#include "district/entrance.h"
#include "district/metrics.h"
#include "district/pool.h"
#include "district/server.h"
#include "district/unit_limits.h"
#include "kit/event_memory.h"
#include "kit/fence.h"
#include "kit/log.h"
#include "kit/notify.h"
#include "kit/sandbox.h"
#include "kit/sockets.h"
#include "kit/syscalls.h"

enum {
	PRIORITIES = 3, /* of events: open connections, all else, new connections */
	READERS = 2,
	CARE_S = 10,
	END_LOOK_MS = 20,
	END_MAX_MS = 10000, /* for what is under way when TERM comes */
	DRAIN_MS = 1000     /* of that for answers that are slowly read */
};

struct service {
	const struct district_config *config; /* held */
	const char *config_path;
	char store_where[FILE_PATH_BYTES];
	struct district district;
	struct event_base *base;
	struct sockets sockets;
	struct server *server;
	struct pool *pool;
	struct chores *chores;
	size_t parts_begun;
	struct event *term, *interrupt, *hangup, *care, *end_look;
	uint64_t end_at_ms;   /* 0: nobody has told us to end */
	uint64_t drain_at_ms; /* 0: some call is under way */
};

static const struct district_part *const PARTS[] = {
    &PART_WEB, &PART_REPORTS, &PART_ADMIN, &PART_BUNDLES};

static uint64_t mono_ms(void)
{
	struct timespec now = {0, 0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- signals ---------------------------------------------------------------------------- */

/* What is under way is answered; a connection that has asked nothing yet is not waited for. */
static void on_end_look(evutil_socket_t fd, short what, void *context)
{
	struct service *s = context;
	const struct timeval again = {0, END_LOOK_MS * 1000};
	uint64_t now = mono_ms();

	(void)fd;
	(void)what;
	if (pool_count(s->pool) == 0 && s->drain_at_ms == 0)
		s->drain_at_ms = now + DRAIN_MS;
	bool drained =
	    s->drain_at_ms != 0 && (now >= s->drain_at_ms || server_is_quiet(s->server));
	if (drained || now >= s->end_at_ms)
		event_base_loopbreak(s->base);
	else
		(void)event_add(s->end_look, &again);
}

static void on_end(evutil_socket_t signal_number, short what, void *context)
{
	struct service *s = context;

	(void)signal_number;
	(void)what;
	if (s->end_at_ms != 0)
		return;
	notify_send("STOPPING=1");
	log_info("district", "ending: no new connections, %zu requests under way",
	    pool_count(s->pool));
	s->end_at_ms = mono_ms() + END_MAX_MS;
	server_stop_listening(s->server);
	on_end_look(-1, 0, s);
}

static const struct district_config *read_again(struct service *s)
{
	const struct district_config *next = NULL;
	struct diags all = DIAGS_NONE;

	enum err rc = district_config_load(&next, s->config_path, &all);
	log_diags("config", &all);
	diags_deinit(&all);
	if (rc != OK) {
		log_error(
		    "config", "%s: not taken, the old configuration stays", s->config_path);
		return NULL;
	}
	const char *key = district_config_needs_restart(s->config, next);
	if (key == NULL)
		return next;
	log_error("config",
	    "%s: %s was changed, which needs a restart; the old configuration stays",
	    s->config_path, key);
	district_config_release(next);
	return NULL;
}

static void on_hangup(evutil_socket_t signal_number, short what, void *context)
{
	struct service *s = context;
	struct diag why = {.text = ""};

	(void)signal_number;
	(void)what;
	const struct district_config *next = read_again(s);
	if (next == NULL)
		return;
	if (server_use_config(s->server, next, &why) != OK) {
		log_error("config", "%s: not taken: no memory", s->config_path);
		district_config_release(next);
		return;
	}
	if (why.text[0] != 0)
		log_warn("config", "%s; the certificate that was read before serves on",
		    why.text);
	chores_use_config(s->chores, next);
	log_set_level(next->server.log.level);
	district_config_release(s->config);
	s->config = next;
	log_info("config", "%s read again", s->config_path);
}

static void on_care(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
	log_tick();
}

static enum err add_events(struct service *s)
{
	const struct timeval often = {CARE_S, 0};

	s->term = evsignal_new(s->base, SIGTERM, on_end, s);
	s->interrupt = evsignal_new(s->base, SIGINT, on_end, s);
	s->hangup = evsignal_new(s->base, SIGHUP, on_hangup, s);
	s->care = event_new(s->base, -1, EV_PERSIST, on_care, s);
	s->end_look = evtimer_new(s->base, on_end_look, s);
	if (s->term == NULL || s->interrupt == NULL || s->hangup == NULL ||
	    s->care == NULL || s->end_look == NULL)
		return ERR_MEMORY;
	return event_add(s->term, NULL) == 0 && event_add(s->interrupt, NULL) == 0 &&
	        event_add(s->hangup, NULL) == 0 && event_add(s->care, &often) == 0
	    ? OK
	    : ERR_MEMORY;
}

/* ---- beginning -------------------------------------------------------------------------- */

static enum err open_sockets(struct service *s, struct diag *why)
{
	const struct district_config *c = s->config;
	struct config_endpoint metrics = c->server.metrics;
	const struct config_endpoints one = {&metrics, 1, metrics.mark};
	enum err rc = sockets_take_over(&s->sockets, why);

	if (rc != OK || s->sockets.count > 0)
		return rc;
	rc = sockets_open_tcp(&s->sockets, SERVER_SOCKETS_PLAIN, &c->server.listen, why);
	if (rc == OK)
		rc = sockets_open_tcp(
		    &s->sockets, SERVER_SOCKETS_TLS, &c->server.listen_tls, why);
	if (rc == OK && metrics.addr.family != 0)
		rc = sockets_open_tcp(&s->sockets, SERVER_SOCKETS_METRICS, &one, why);
	return rc;
}

static enum err open_shared(struct service *s)
{
	struct hash_key key;

	if (getrandom(&key, sizeof key, 0) != (ssize_t)sizeof key)
		return ERR_IO;
	s->district.state_dir = s->config->server.state_dir.text;
	enum err rc = metrics_open(&s->district.metrics);
	return rc == OK ? unit_limits_open(&s->district.unit_limits, key) : rc;
}

/* Where a gateway stands on the same machine its files are none of our business, whoever we
 * run as. */
static enum err fence(struct diag *why)
{
	static const char *const gateway[] = {"/var/lib/lachan", "/run/lachan"};

	enum err rc = fence_off(gateway, 2, NULL, why);
	if (rc != ERR_UNSUPPORTED)
		return rc;
	log_info("district",
	    "this kernel has no Landlock: a gateway's files are not fenced "
	    "off");
	return OK;
}

static enum err begin_parts(struct service *s, struct diag *why)
{
	enum err rc = OK;

	for (size_t i = 0; rc == OK && i < COUNT_OF(PARTS); i++) {
		if (PARTS[i]->begin != NULL)
			rc = PARTS[i]->begin(&s->district, s->config, why);
		if (rc == OK)
			s->parts_begun = i + 1;
	}
	return rc;
}

/* SQLite has one writer at a time: a second thread would only wait for it. */
static enum err open_pool(struct service *s, struct diag *why)
{
	const struct pool_needs needs = {.base = s->base,
	    .store_where = s->store_where,
	    .threads = {[LANE_INTAKE] = s->config->store_kind == DISTRICT_SQLITE ? 1 : 2,
	        [LANE_READ] = READERS}};

	return pool_open(&s->pool, &needs, why);
}

/* With whatever rights we were started with. */
static enum err begin_as_caller(struct service *s, struct diag *why)
{
	const struct server_needs needs = {s->base, &s->district, s->config};
	struct sandbox_user user;

	notify_open();
	enum err rc = open_sockets(s, why);

	if (rc == OK)
		rc = sandbox_find_user(
		    geteuid() == 0 ? s->config->server.user.text : "", &user, why);
	if (rc == OK)
		rc = sandbox_make_folder(s->config->server.state_dir.text, 0750, user, why);
	if (rc == OK)
		rc = open_shared(s);
	if (rc == OK)
		rc = server_open(&s->server, &needs, why);
	return rc;
}

/* As server.user; the list of system calls comes last, when all threads are there. */
static enum err begin_as_user(struct service *s, struct diag *why)
{
	enum err rc = sandbox_enter(s->config->server.user.text, why);

	if (rc == OK)
		rc = fence(why);
	if (rc == OK)
		rc = begin_parts(s, why);
	if (rc == OK)
		rc = open_pool(s, why);
	if (rc == OK)
		rc = chores_open(&s->chores, &s->district, s->config, s->store_where, why);
	if (rc == OK)
		rc = syscalls_limit_or_warn(SYSCALLS_DISTRICT, why);
	if (rc == OK)
		rc = add_events(s);
	return rc == OK ? server_begin(s->server, &s->sockets, s->pool) : rc;
}

static enum err begin(struct service *s, struct diag *why)
{
	event_memory_wipe();
	s->base = event_base_new();
	if (s->base == NULL || event_base_priority_init(s->base, PRIORITIES) != 0)
		return ERR_MEMORY;
	enum err rc =
	    district_config_store_where(s->store_where, sizeof s->store_where, s->config);
	if (rc == OK)
		rc = begin_as_caller(s, why);
	return rc == OK ? begin_as_user(s, why) : rc;
}

/* ---- the end ---------------------------------------------------------------------------- */

static void free_event(struct event *e)
{
	if (e != NULL)
		event_free(e);
}

static void end(struct service *s)
{
	chores_close(s->chores);
	pool_close(s->pool, 0);
	server_close(s->server);
	while (s->parts_begun > 0) {
		const struct district_part *part = PARTS[--s->parts_begun];
		if (part->end != NULL)
			part->end(&s->district);
	}
	unit_limits_close(s->district.unit_limits);
	metrics_close(s->district.metrics);
	free_event(s->term);
	free_event(s->interrupt);
	free_event(s->hangup);
	free_event(s->care);
	free_event(s->end_look);
	if (s->base != NULL)
		event_base_free(s->base);
	sockets_close(&s->sockets);
	district_config_release(s->config);
}

enum err service_run(
    const struct district_config *config, const char *config_path, struct diag *why)
{
	static struct service s;

	s.config = config;
	s.config_path = config_path;
	enum err rc = begin(&s, why);
	if (rc == OK) {
		log_info("district", "collecting; the store is %s",
		    config->store_kind == DISTRICT_SQLITE ? "SQLite" : "PostgreSQL");
		notify_send("READY=1");
		event_base_dispatch(s.base);
		log_info("district", "ended");
	}
	end(&s);
	return rc;
}
