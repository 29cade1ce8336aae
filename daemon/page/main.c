/* lachan-page -- the warning page and the portal, over HTTP. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>

#include <event2/event.h>

#include "base/file.h"
#include "conf/config.h"
#include "kit/certificates.h"
#include "kit/event_memory.h"
#include "kit/fence.h"
#include "kit/json_memory.h"
#include "kit/link.h"
#include "kit/log.h"
#include "kit/sandbox.h"
#include "kit/startup.h"
#include "kit/syscalls.h"
#include "page/entrance.h"
#include "page/metrics.h"
#include "page/pages.h"

enum {
	CONNECTIONS_MAX = 256,
	CONNECTIONS_PER_CLIENT = 32,
	REQUEST_MS = 5000,
	ANSWER_MS = 10000, /* a poor Wi-Fi takes its time over a page */
	PRIORITIES = 3,    /* of events: open connections, all else, new connections */
	NICE = 10,         /* names resolve first, pages second, however many want one */
	CARE_SECONDS = 10  /* between looks at the interfaces and held-back log lines */
};

struct program {
	struct startup startup;
	struct config *config;
	struct texts *texts;
	struct look look;
	struct pages pages;
	struct event_base *base;
	struct http_server *http;
	struct entrance *entrance; /* NULL: pages.listen_tls is empty */
	struct metrics *metrics;   /* NULL: server.metrics is empty */
	struct link *link;
	struct event *term, *interrupt, *hangup, *care;
};

static enum err load_texts(
    const struct config *config, struct texts **out, struct diag *why)
{
	char path[FILE_PATH_BYTES];
	struct diags all = DIAGS_NONE;
	enum err rc =
	    path_join(path, sizeof path, config->server.data_dir.text, "pages.yaml");

	if (rc == OK)
		rc = texts_load(out, path, &all);
	if (rc != OK && all.count > 0) {
		log_diags("page", &all);
		diag_set(why, "%s:%u: %s", all.items[0].file, all.items[0].line,
		    all.items[0].text);
	} else if (rc != OK) {
		diag_set(why, "%s: %s", path, err_text(rc));
	}
	diags_deinit(&all);
	return rc;
}

/* Takes `config`. Everything new is there before anything old goes. */
static enum err replace(struct program *p, struct config *config, struct diag *why)
{
	struct texts *texts = NULL;
	enum err rc = load_texts(config, &texts, why);

	if (rc != OK) {
		config_free(config);
		return rc;
	}
	p->pages.config = config;
	p->pages.texts = texts;
	if (p->metrics != NULL)
		metrics_use_config(p->metrics, config);
	if (p->entrance != NULL)
		entrance_use_config(p->entrance, config);
	config_free(p->config);
	texts_free(p->texts);
	p->config = config;
	p->texts = texts;
	startup_use_config("lachan-page", config);
	return OK;
}

static enum err on_config(void *context, int config_fd, struct diag *why)
{
	struct program *p = context;
	struct config *config = NULL;
	struct diags all = DIAGS_NONE;
	enum err rc = config_load_fd(&config, config_fd, &all);

	if (rc != OK) {
		diag_set(why, "%s", all.count > 0 ? all.items[0].text : err_text(rc));
	} else {
		rc = replace(p, config, why);
	}
	diags_deinit(&all);
	return rc;
}

static void on_end(evutil_socket_t signal_number, short what, void *context)
{
	(void)signal_number;
	(void)what;
	event_base_loopbreak(context);
}

static void on_hangup(evutil_socket_t signal_number, short what, void *context)
{
	struct program *p = context;
	struct config *config = NULL;
	struct diag why = {.text = ""};

	(void)signal_number;
	(void)what;
	enum err rc = startup_read_again(&p->startup, p->config, &config);
	if (rc == OK)
		rc = replace(p, config, &why);
	if (rc == OK) {
		log_info("page", "configuration and texts read again");
	} else if (rc != ERR_UNSUPPORTED) {
		log_error("page", "kept the old configuration: %s",
		    why.text[0] != 0 ? why.text : err_text(rc));
	}
}

static uint64_t mono_s(void)
{
	struct timespec now;

	return clock_gettime(CLOCK_MONOTONIC, &now) == 0 ? (uint64_t)now.tv_sec : 0;
}

static void on_care(evutil_socket_t fd, short what, void *context)
{
	struct program *p = context;

	(void)fd;
	(void)what;
	allow_read_local(&p->pages.local);
	if (p->entrance != NULL)
		entrance_care(p->entrance, mono_s());
	log_tick();
}

static enum err add_events(struct program *p)
{
	const struct timeval often = {CARE_SECONDS, 0};

	p->term = evsignal_new(p->base, SIGTERM, on_end, p->base);
	p->interrupt = evsignal_new(p->base, SIGINT, on_end, p->base);
	p->hangup = evsignal_new(p->base, SIGHUP, on_hangup, p);
	p->care = event_new(p->base, -1, EV_PERSIST, on_care, p);
	if (p->term == NULL || p->interrupt == NULL || p->hangup == NULL || p->care == NULL)
		return ERR_MEMORY;
	if (event_add(p->term, NULL) != 0 || event_add(p->interrupt, NULL) != 0 ||
	    event_add(p->hangup, NULL) != 0 || event_add(p->care, &often) != 0)
		return ERR_MEMORY;
	return OK;
}

static enum err open_metrics(struct program *p)
{
	int fd = sockets_take(&p->startup.sockets, SOCKETS_METRICS_HTTP);

	if (fd < 0)
		return OK;
	enum err rc = metrics_open(&p->metrics, p->base, p->config, &p->pages.local);
	return rc == OK ? metrics_listen_take(p->metrics, fd) : rc;
}

/* What TLS takes of memory and certificates is taken where it is wanted alone. */
static enum err open_https(struct program *p, struct diag *why)
{
	struct sockets *sockets = &p->startup.sockets;
	const struct entrance_needs needs = {
	    p->base, p->config, p->pages.ask, p->pages.desk, p->pages.limits, mono_s()};
	enum err rc = OK;

	if (sockets_count(sockets, SOCKETS_PAGE_HTTPS) > 0)
		rc = entrance_open(&p->entrance, &needs, why);
	while (rc == OK && sockets_count(sockets, SOCKETS_PAGE_HTTPS) > 0) {
		int fd = sockets_take(sockets, SOCKETS_PAGE_HTTPS);
		rc = http_listen_take(p->http, fd, entrance_door(p->entrance));
	}
	return rc;
}

static enum err listen_all(struct program *p, struct diag *why)
{
	struct sockets *sockets = &p->startup.sockets;
	enum err rc = OK;

	if (sockets_count(sockets, SOCKETS_PAGE_HTTP) == 0 &&
	    sockets_count(sockets, SOCKETS_PAGE_HTTPS) == 0 &&
	    sockets_count(sockets, SOCKETS_METRICS_HTTP) == 0)
		rc = sockets_open_page(sockets, p->config, why);
	while (rc == OK && sockets_count(sockets, SOCKETS_PAGE_HTTP) > 0) {
		int fd = sockets_take(sockets, SOCKETS_PAGE_HTTP);
		rc = http_listen_take(p->http, fd, NULL);
	}
	if (rc == OK)
		rc = open_https(p, why);
	if (rc == OK)
		rc = open_metrics(p);
	if (rc != OK && why->text[0] == 0)
		diag_set(why, "%s", err_text(rc));
	return rc;
}

static enum err open_ask(struct program *p, struct diag *why)
{
	char path[FILE_PATH_BYTES];
	enum err rc =
	    path_join(path, sizeof path, p->config->server.run_dir.text, "verdict.sock");

	if (rc == OK)
		rc = ask_open(&p->pages.ask, p->base, path);
	if (rc != OK)
		diag_set(why, "verdict.sock: %s", err_text(rc));
	return rc;
}

static enum err open_desk(struct program *p, struct diag *why)
{
	char path[FILE_PATH_BYTES];
	enum err rc =
	    path_join(path, sizeof path, p->config->server.run_dir.text, "forms.sock");

	if (rc == OK)
		rc = desk_open(&p->pages.desk, p->base, path);
	if (rc != OK)
		diag_set(why, "forms.sock: %s", err_text(rc));
	return rc;
}

/* A start without random octets must not end in tokens that anybody can make. */
static enum err open_limits(struct program *p)
{
	struct hash_key key;

	if (getrandom(&key, sizeof key, 0) != (ssize_t)sizeof key ||
	    getrandom(&p->pages.token_key, sizeof p->pages.token_key, 0) !=
	        (ssize_t)sizeof p->pages.token_key)
		return ERR_IO;
	return limits_open(&p->pages.limits, key);
}

static enum err open_http(struct program *p)
{
	const struct http_limits limits = {
	    CONNECTIONS_MAX, CONNECTIONS_PER_CLIENT, REQUEST_MS, ANSWER_MS};
	const struct http_handlers handlers = {.may_ask = pages_may_ask,
	    .on_post = pages_on_post,
	    .on_request = pages_on_request,
	    .context = &p->pages};

	return http_open(&p->http, p->base, &limits, &handlers);
}

static enum err open_link(struct program *p)
{
	const struct link_handlers handlers = {.on_config = on_config, .context = p};

	if (p->startup.link_fd < 0)
		return OK;
	enum err rc = link_open(&p->link, p->base, p->startup.link_fd, &handlers);
	if (rc == OK)
		p->startup.link_fd = -1;
	return rc;
}

/* What is nobody's business who talks to strangers: the school's CA, accounts, what people have
 * handed in, today's devices (of run_dir it needs the sockets alone, which are no files to open). By hand the configuration is read again from its file, which may stand among
 * them. */
static enum err fence(struct program *p, struct diag *why)
{
	char secrets[FILE_PATH_BYTES];
	char feeds[FILE_PATH_BYTES]; /* what became of the lists, for /metrics */
	const char *folders[] = {
	    p->config->server.state_dir.text, p->config->server.run_dir.text, secrets};

	(void)snprintf(secrets, sizeof secrets, "%s", p->config->pages.ca.key.text);
	char *slash = strrchr(secrets, '/');
	if (slash != NULL)
		*slash = 0;
	if (!p->startup.supervised)
		return OK;
	enum err rc =
	    path_join(feeds, sizeof feeds, p->config->server.state_dir.text, "feeds");
	if (rc == OK)
		rc = fence_off(
		    folders, COUNT_OF(folders), (const char *const[]){feeds, NULL}, why);
	if (rc != ERR_UNSUPPORTED)
		return rc;
	log_info(
	    "page", "this kernel has no Landlock: files of our user are not fenced off");
	return OK;
}

static enum err begin(struct program *p, struct diag *why)
{
	json_memory_begin();
	event_memory_wipe();
	if (setpriority(PRIO_PROCESS, 0, NICE) != 0)
		log_debug("page", "no lower priority: %s", strerror(errno));
	p->config = startup_take_config(&p->startup);
	p->base = event_base_new();
	enum err rc = p->base == NULL || event_base_priority_init(p->base, PRIORITIES) != 0
	    ? ERR_MEMORY
	    : look_init(&p->look);
	if (rc == OK)
		rc = load_texts(p->config, &p->texts, why);
	if (rc == OK)
		rc = open_ask(p, why);
	if (rc == OK)
		rc = open_desk(p, why);
	p->pages.config = p->config;
	p->pages.texts = p->texts;
	p->pages.look = &p->look;
	allow_read_local(&p->pages.local);
	if (rc == OK)
		rc = open_limits(p);
	if (rc == OK)
		rc = open_http(p);
	if (rc == OK)
		rc = listen_all(p, why);
	if (rc == OK)
		rc = sandbox_enter(p->config->server.user.text, why);
	if (rc == OK)
		rc = fence(p, why);
	if (rc == OK)
		rc = syscalls_limit_or_warn(SYSCALLS_PAGE, why);
	if (rc == OK)
		rc = add_events(p);
	return rc == OK ? open_link(p) : rc;
}

static void free_event(struct event *e)
{
	if (e != NULL)
		event_free(e);
}

static void end(struct program *p)
{
	link_close(p->link);
	ask_give_up(p->pages.ask); /* these answer who waits: before http_close() */
	ask_close(p->pages.ask);
	entrance_stop(p->entrance);
	desk_close(p->pages.desk);
	http_close(p->http);
	entrance_close(p->entrance);
	limits_close(p->pages.limits);
	metrics_close(p->metrics);
	free_event(p->term);
	free_event(p->interrupt);
	free_event(p->hangup);
	free_event(p->care);
	if (p->base != NULL)
		event_base_free(p->base);
	texts_free(p->texts);
	config_free(p->config);
	startup_end(&p->startup);
}

int main(int argc, char **argv)
{
	static struct program p;
	struct diag why = {.text = ""};
	int status;

	startup_use_judge(certificates_judge);
	if (!startup_begin(&p.startup, "lachan-page", argc, argv, &status))
		return status;
	enum err rc = begin(&p, &why);
	if (rc == OK) {
		log_info("page", "serving the warning page and http://%s/",
		    p.config->pages.portal.name.text);
		link_say_ready(p.link);
		event_base_dispatch(p.base);
	} else {
		log_error(
		    "page", "cannot start: %s", why.text[0] != 0 ? why.text : err_text(rc));
	}
	end(&p);
	return rc == OK ? 0 : rc == ERR_CONFIG ? 2 : 1;
}
