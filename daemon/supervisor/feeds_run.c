#include "supervisor/feeds_run.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit/log.h"
#include "supervisor/spawn.h"

static enum err start(struct feeds_run *feeds, const char *option, const char *value)
{
	const struct timeval longest = {.tv_sec = FEEDS_LONGEST_S};
	struct spawn what = {.path = feeds->path,
	    .arguments = {option, value},
	    .link_fd = -1,
	    .config_fd = bundle_reopen(feeds->bundle)};

	if (what.config_fd < 0)
		return ERR_IO;
	enum err rc = spawn_program(&what, &feeds->pid);
	int kept = errno;
	(void)close(what.config_fd);
	errno = kept;
	if (rc == OK)
		(void)event_add(feeds->too_long, &longest);
	return rc;
}

static void on_due(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct feeds_run *feeds = context;
	/* Somebody's order is under way: its end is near. */
	const struct timeval next = {
	    .tv_sec = feeds->pid != 0 && feeds->order.on_done != NULL ? FEEDS_MAKE_UP_S
	                                                              : FEEDS_EVERY_S};

	if (feeds->ending)
		return;
	(void)event_add(feeds->due, &next);
	if (feeds->pid == 0 && start(feeds, "--due", NULL) != OK)
		log_error("feeds",
		    "lachan-feeds cannot be started: %s; trying again in %d s",
		    strerror(errno), FEEDS_EVERY_S);
}

static void on_too_long(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct feeds_run *feeds = context;

	if (feeds->pid == 0)
		return;
	log_error("feeds", "lachan-feeds has run for %d s, ending it", FEEDS_LONGEST_S);
	(void)kill(feeds->pid, SIGKILL);
}

enum err feeds_run_init(struct feeds_run *feeds, struct event_base *base,
    const char *folder, const struct bundle *bundle)
{
	*feeds = (struct feeds_run){.bundle = bundle, .last_status = -1};
	enum err rc = path_join(feeds->path, sizeof feeds->path, folder, "lachan-feeds");
	if (rc != OK)
		return rc;
	feeds->installed = access(feeds->path, X_OK) == 0;
	if (!feeds->installed)
		log_warn(
		    "feeds", "lachan-feeds is not beside lachand: lists stay as they are");
	feeds->due = evtimer_new(base, on_due, feeds);
	feeds->too_long = evtimer_new(base, on_too_long, feeds);
	return feeds->due == NULL || feeds->too_long == NULL ? ERR_MEMORY : OK;
}

void feeds_run_deinit(struct feeds_run *feeds)
{
	if (feeds->due != NULL)
		event_free(feeds->due);
	if (feeds->too_long != NULL)
		event_free(feeds->too_long);
	feeds->due = NULL;
	feeds->too_long = NULL;
}

void feeds_run_begin(struct feeds_run *feeds, unsigned delay_s)
{
	const struct timeval first = {.tv_sec = (time_t)delay_s};

	if (feeds->installed && !feeds->ending)
		(void)event_add(feeds->due, &first);
}

static enum err start_order(struct feeds_run *feeds, const struct feeds_order *order)
{
	enum err rc =
	    start(feeds, order->option, order->option != NULL ? order->name : NULL);

	if (rc == OK)
		feeds->order = *order;
	return rc;
}

enum err feeds_run_order(struct feeds_run *feeds, const struct feeds_order *order)
{
	if (!feeds->installed)
		return ERR_NOT_FOUND;
	if (feeds->ending || feeds->next.on_done != NULL)
		return ERR_AGAIN;
	if (feeds->pid == 0)
		return start_order(feeds, order);
	feeds->next = *order;
	/* Whatever it was doing, the next run finds a whole state. */
	if (order->urgent && feeds->order.on_done == NULL) {
		feeds->broken_off = true;
		(void)kill(feeds->pid, SIGTERM);
	}
	return OK;
}

static void log_end(const struct feeds_run *feeds, int status)
{
	char end[64];

	spawn_describe_end(end, sizeof end, status);
	if (feeds->broken_off)
		log_debug("feeds", "lachan-feeds was broken off for something urgent");
	else if (feeds->last_status == 0)
		log_debug("feeds", "lachan-feeds has finished");
	else if (feeds->last_status == 1)
		log_warn("feeds",
		    "a feed was refused or is held, its last good list stays (lachanctl "
		    "feeds)");
	else if (!feeds->ending)
		log_error(
		    "feeds", "lachan-feeds ended: %s; the lists stay as they are", end);
}

/* What waited begins; where it cannot, who asked is told. */
static void start_next(struct feeds_run *feeds)
{
	struct feeds_order next = feeds->next;

	feeds->next = (struct feeds_order){.on_done = NULL};
	if (next.on_done != NULL && (feeds->ending || start_order(feeds, &next) != OK))
		next.on_done(next.context, -1);
}

void feeds_run_on_exit(struct feeds_run *feeds, int status, uint64_t now_ms)
{
	struct feeds_order ended = feeds->order;

	feeds->pid = 0;
	feeds->order = (struct feeds_order){.on_done = NULL};
	feeds->finished_at_ms = now_ms;
	feeds->last_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	(void)event_del(feeds->too_long);
	log_end(feeds, status);
	if (feeds->broken_off)
		feeds_run_begin(feeds, FEEDS_MAKE_UP_S);
	feeds->broken_off = false;
	start_next(feeds);
	if (ended.on_done != NULL)
		ended.on_done(ended.context, feeds->last_status);
}

void feeds_run_end(struct feeds_run *feeds)
{
	feeds->ending = true;
	(void)event_del(feeds->due);
	if (feeds->pid > 0)
		(void)kill(feeds->pid, SIGTERM);
}
