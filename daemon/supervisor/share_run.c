#include "supervisor/share_run.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit/log.h"
#include "supervisor/spawn.h"

static void wait_for(struct share_run *run, unsigned delay_s)
{
	const struct timeval next = {.tv_sec = (time_t)delay_s};

	if (run->installed && !run->ending)
		(void)event_add(run->due, &next);
}

static void start(struct share_run *run)
{
	const struct timeval longest = {.tv_sec = SHARE_LONGEST_S};
	struct spawn what = {.path = run->path,
	    .arguments = {run->why == SHARE_BY_PERSON ? "--now" : "--due"},
	    .link_fd = -1,
	    .config_fd = bundle_reopen(run->bundle)};

	run->again = false;
	run->why = SHARE_BY_CLOCK;
	if (what.config_fd < 0 || spawn_program(&what, &run->pid) != OK)
		log_error("share", "lachan-share cannot be started: %s; again in %d s",
		    strerror(errno), SHARE_EVERY_S);
	if (what.config_fd >= 0)
		(void)close(what.config_fd);
	if (run->pid != 0)
		(void)event_add(run->too_long, &longest);
}

static void on_due(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct share_run *run = context;

	wait_for(run, SHARE_EVERY_S);
	if (run->pid == 0 && !run->ending)
		start(run);
}

static void on_too_long(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct share_run *run = context;

	if (run->pid == 0)
		return;
	log_warn(
	    "share", "lachan-share has run for %d s: a new run goes on", SHARE_LONGEST_S);
	run->again = true;
	(void)kill(run->pid, SIGKILL);
}

enum err share_run_init(struct share_run *run, struct event_base *base, const char *folder,
    const struct bundle *bundle)
{
	*run = (struct share_run){.bundle = bundle, .last_status = -1};
	enum err rc = path_join(run->path, sizeof run->path, folder, "lachan-share");
	if (rc != OK)
		return rc;
	run->installed = access(run->path, X_OK) == 0;
	run->due = evtimer_new(base, on_due, run);
	run->too_long = evtimer_new(base, on_too_long, run);
	return run->due == NULL || run->too_long == NULL ? ERR_MEMORY : OK;
}

void share_run_deinit(struct share_run *run)
{
	if (run->due != NULL)
		event_free(run->due);
	if (run->too_long != NULL)
		event_free(run->too_long);
	run->due = NULL;
	run->too_long = NULL;
}

void share_run_begin(struct share_run *run, unsigned delay_s)
{
	wait_for(run, delay_s);
}

enum err share_run_ask(struct share_run *run, enum share_why why)
{
	if (!run->installed)
		return ERR_NOT_FOUND;
	if (run->ending)
		return ERR_CLOSED;
	if (why == SHARE_BY_PERSON)
		run->why = why;
	if (run->pid != 0) {
		run->again = true;
		(void)kill(run->pid, SIGTERM);
	} else {
		wait_for(run, SHARE_PAUSE_S);
	}
	return OK;
}

void share_run_on_exit(struct share_run *run, int status, uint64_t now_ms)
{
	char end[64];

	run->pid = 0;
	run->finished_at_ms = now_ms;
	run->last_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	(void)event_del(run->too_long);
	if (run->ending)
		return;
	spawn_describe_end(end, sizeof end, status);
	/* Status 1 has said in the log who could not be told. */
	if (!run->again && (!WIFEXITED(status) || WEXITSTATUS(status) > 1))
		log_error("share", "lachan-share ended: %s", end);
	wait_for(run, run->again ? SHARE_PAUSE_S : SHARE_EVERY_S);
}

void share_run_end(struct share_run *run)
{
	run->ending = true;
	if (run->due != NULL)
		(void)event_del(run->due);
	if (run->pid > 0)
		(void)kill(run->pid, SIGTERM);
}
