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
	const struct timeval next = {.tv_sec = FEEDS_EVERY_S};

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

enum err feeds_run_now(struct feeds_run *feeds, const char *only,
    void (*on_done)(void *context, int exit_status), void *context)
{
	if (!feeds->installed)
		return ERR_NOT_FOUND;
	if (feeds->pid != 0 || feeds->ending)
		return ERR_AGAIN;
	enum err rc = start(feeds, only == NULL ? NULL : "--only", only);
	if (rc == OK) {
		feeds->on_done = on_done;
		feeds->context = context;
	}
	return rc;
}

void feeds_run_on_exit(struct feeds_run *feeds, int status, uint64_t now_ms)
{
	char end[64];

	feeds->pid = 0;
	feeds->finished_at_ms = now_ms;
	feeds->last_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	(void)event_del(feeds->too_long);
	spawn_describe_end(end, sizeof end, status);
	if (feeds->last_status == 0)
		log_debug("feeds", "lachan-feeds has finished");
	else if (feeds->last_status == 1)
		log_warn("feeds",
		    "a feed was refused, its last good list stays (lachanctl feeds)");
	else if (!feeds->ending)
		log_error(
		    "feeds", "lachan-feeds ended: %s; the lists stay as they are", end);
	if (feeds->on_done != NULL)
		feeds->on_done(feeds->context, feeds->last_status);
	feeds->on_done = NULL;
}

void feeds_run_end(struct feeds_run *feeds)
{
	feeds->ending = true;
	(void)event_del(feeds->due);
	if (feeds->pid > 0)
		(void)kill(feeds->pid, SIGTERM);
}
