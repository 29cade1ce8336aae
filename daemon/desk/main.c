/* lachan-desk -- where forms are handed in, and where those who answer them are known. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#ifdef __GLIBC__
#	include <malloc.h>
#endif

#include <event2/event.h>

#include "conf/config.h"
#include "desk/dispatch.h"
#include "desk/filter.h"
#include "desk/leaf.h"
#include "kit/certificates.h"
#include "kit/event_memory.h"
#include "kit/json_memory.h"
#include "kit/link.h"
#include "kit/log.h"
#include "kit/sandbox.h"
#include "kit/startup.h"
#include "kit/syscalls.h"

enum {
	CARE_EVERY = 10, /* seconds between looks at held-back log lines */
	NICE = 10,       /* passwords cost time, and DNS comes first */
	MAPPED_FROM_BYTES = 128 << 10
};

struct program {
	struct startup startup;
	struct desk desk;
	struct link *link;
	struct event *term, *interrupt, *hangup, *second;
	unsigned seconds;
};

uint64_t desk_mono_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int64_t desk_wall_s(void)
{
	return (int64_t)time(NULL);
}

/* Takes `config`. */
static void replace(struct program *p, struct config *config)
{
	struct config *before = p->desk.config;

	p->desk.config = config;
	startup_use_config("lachan-desk", config);
	dispatch_use_config(&p->desk);
	config_free(before);
}

static enum err on_config(void *context, int config_fd, struct diag *why)
{
	struct program *p = context;
	struct config *config = NULL;
	struct diags all = DIAGS_NONE;
	enum err rc = config_load_fd(&config, config_fd, &all);

	if (rc != OK)
		diag_set(why, "%s", all.count > 0 ? all.items[0].text : err_text(rc));
	else
		replace(p, config);
	diags_deinit(&all);
	return rc;
}

static void on_end(evutil_socket_t number UNUSED, short what UNUSED, void *context)
{
	(void)event_base_loopbreak(context);
}

static void on_hangup(evutil_socket_t number UNUSED, short what UNUSED, void *context)
{
	struct program *p = context;
	struct config *config = NULL;

	if (startup_read_again(&p->startup, p->desk.config, &config) == OK) {
		replace(p, config);
		log_info("desk", "configuration read again");
	}
}

static void on_second(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct program *p = context;

	dispatch_second(&p->desk);
	if (++p->seconds % CARE_EVERY == 0)
		log_tick();
}

static enum err add_events(struct program *p)
{
	static const struct timeval second = {.tv_sec = 1};
	struct event_base *base = p->desk.base;

	p->term = evsignal_new(base, SIGTERM, on_end, base);
	p->interrupt = evsignal_new(base, SIGINT, on_end, base);
	p->hangup = evsignal_new(base, SIGHUP, on_hangup, p);
	p->second = event_new(base, -1, EV_PERSIST, on_second, p);
	if (p->term == NULL || p->interrupt == NULL || p->hangup == NULL ||
	    p->second == NULL)
		return ERR_MEMORY;
	if (event_add(p->term, NULL) != 0 || event_add(p->interrupt, NULL) != 0 ||
	    event_add(p->hangup, NULL) != 0 || event_add(p->second, &second) != 0)
		return ERR_MEMORY;
	return OK;
}

static enum err open_link(struct program *p)
{
	const struct link_handlers handlers = {.on_config = on_config, .context = p};

	if (p->startup.link_fd < 0)
		return OK;
	enum err rc = link_open(&p->link, p->desk.base, p->startup.link_fd, &handlers);
	if (rc == OK)
		p->startup.link_fd = -1;
	return rc;
}

/* A password takes 16 MiB for a moment. Left alone, glibc learns from the first one to keep
 * such blocks. */
static void keep_memory_small(void)
{
#ifdef __GLIBC__
	(void)mallopt(M_MMAP_THRESHOLD, MAPPED_FROM_BYTES);
#endif
}

/* What reading the configuration took. */
static void give_back_memory(void)
{
#ifdef __GLIBC__
	(void)malloc_trim(0);
#endif
}

static enum err begin(struct program *p, struct diag *why)
{
	struct desk *desk = &p->desk;
	enum err rc = OK;

	if (!p->startup.supervised)
		rc = startup_make_folders(p->startup.config, why);
	if (setpriority(PRIO_PROCESS, 0, NICE) != 0)
		log_warn("desk", "cannot lower our priority: %s", strerror(errno));
	desk->config = startup_take_config(&p->startup);
	leaf_read_ca(desk);
	if (rc == OK)
		rc = sandbox_enter(desk->config->server.user.text, why);
	if (rc == OK)
		rc = syscalls_limit_or_warn(SYSCALLS_DESK, why);
	if (rc != OK)
		return rc;
	desk->base = event_base_new();
	rc = desk->base == NULL ? ERR_MEMORY : OK;
	if (rc == OK)
		rc = filter_open(&desk->filter, desk->base,
		    desk->config->server.run_dir.text, "control.sock");
	if (rc == OK)
		rc = dispatch_open(desk, why);
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
	struct desk *desk = &p->desk;

	link_close(p->link);
	free_event(p->term);
	free_event(p->interrupt);
	free_event(p->hangup);
	free_event(p->second);
	filter_close(
	    desk->filter); /* those who wait end their calls, with the parts there */
	desk->filter = NULL;
	dispatch_close(desk);
	leaf_forget_ca(desk);
	if (desk->base != NULL)
		event_base_free(desk->base);
	config_free(desk->config);
	startup_end(&p->startup);
}

int main(int argc, char **argv)
{
	static struct program p;
	struct diag why = {.text = ""};
	int status;

	json_memory_begin();
	event_memory_wipe();
	startup_use_judge(certificates_judge);
	keep_memory_small();
	if (!startup_begin(&p.startup, "lachan-desk", argc, argv, &status))
		return status;
	enum err rc = begin(&p, &why);
	if (rc == OK) {
		give_back_memory();
		log_info("desk", "open");
		link_say_ready(p.link);
		(void)event_base_dispatch(p.desk.base);
	} else {
		log_error(
		    "desk", "cannot start: %s", why.text[0] != 0 ? why.text : err_text(rc));
	}
	end(&p);
	return rc == OK ? 0 : rc == ERR_CONFIG ? 2 : 1;
}
