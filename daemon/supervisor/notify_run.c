#include "supervisor/notify_run.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit/log.h"
#include "supervisor/spawn.h"

static void start(struct notify_run *run)
{
	const struct timeval longest = {.tv_sec = NOTIFY_LONGEST_S};
	struct spawn what = {
	    .path = run->path, .link_fd = -1, .config_fd = bundle_reopen(run->bundle)};

	run->again = false;
	if (what.config_fd < 0 || spawn_program(&what, &run->pid) != OK)
		log_error("notify", "lachan-notify cannot be started: %s", strerror(errno));
	if (what.config_fd >= 0)
		(void)close(what.config_fd);
	if (run->pid != 0)
		(void)event_add(run->too_long, &longest);
}

static void on_due(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct notify_run *run = context;

	if (run->again && !run->ending && run->pid == 0)
		start(run);
}

static void on_too_long(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct notify_run *run = context;

	if (run->pid == 0)
		return;
	log_error("notify", "lachan-notify has run for %d s, ending it", NOTIFY_LONGEST_S);
	(void)kill(run->pid, SIGKILL);
}

enum err notify_run_init(struct notify_run *run, struct event_base *base,
    const char *folder, const struct bundle *bundle)
{
	*run = (struct notify_run){.bundle = bundle};
	enum err rc = path_join(run->path, sizeof run->path, folder, "lachan-notify");
	if (rc != OK)
		return rc;
	run->installed = access(run->path, X_OK) == 0;
	run->due = evtimer_new(base, on_due, run);
	run->too_long = evtimer_new(base, on_too_long, run);
	return run->due == NULL || run->too_long == NULL ? ERR_MEMORY : OK;
}

void notify_run_deinit(struct notify_run *run)
{
	if (run->due != NULL)
		event_free(run->due);
	if (run->too_long != NULL)
		event_free(run->too_long);
	run->due = NULL;
	run->too_long = NULL;
}

enum err notify_run_ask(struct notify_run *run)
{
	if (!run->installed)
		return ERR_NOT_FOUND;
	run->again = true;
	if (run->pid == 0 && !run->ending && event_pending(run->due, EV_TIMEOUT, NULL) == 0)
		start(run);
	return OK;
}

void notify_run_on_exit(struct notify_run *run, int status)
{
	const struct timeval pause = {.tv_sec = NOTIFY_PAUSE_S};
	char end[64];

	run->pid = 0;
	(void)event_del(run->too_long);
	if (run->ending)
		return;
	spawn_describe_end(end, sizeof end, status);
	/* Status 1 has said in the log who could not be told. */
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
		log_error("notify", "lachan-notify ended: %s", end);
	(void)event_add(run->due, &pause);
}

void notify_run_end(struct notify_run *run)
{
	run->ending = true;
	if (run->due != NULL)
		(void)event_del(run->due);
	if (run->pid > 0)
		(void)kill(run->pid, SIGTERM);
}
