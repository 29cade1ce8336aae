#include "supervisor/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kit/log.h"
#include "supervisor/spawn.h"

static void drop_link(struct child *child)
{
	if (child->on_link != NULL)
		event_free(child->on_link);
	if (child->link_fd >= 0)
		(void)close(child->link_fd);
	child->on_link = NULL;
	child->link_fd = -1;
	child->unanswered = 0;
}

static void on_answer(struct child *child, enum link_word word, const char *why)
{
	if (child->unanswered > 0)
		child->unanswered--;
	child->events.on_answer(child->events.context, child, word, why);
}

static void on_link(evutil_socket_t fd, short what UNUSED, void *context)
{
	struct child *child = context;
	char why[LINK_MESSAGE_BYTES];

	enum link_word word = link_receive((int)fd, why, sizeof why);
	if (word != LINK_NOTHING && word != LINK_CLOSED) {
		child->silent_s = 0;
		child->idle_looks = 0;
	}
	switch (word) {
	case LINK_NOTHING:
	case LINK_ALIVE:
		break;
	case LINK_READY:
		if (child->state == CHILD_STARTING) {
			child->state = CHILD_READY;
			child->events.on_ready(child->events.context, child);
		}
		break;
	case LINK_OK:
		on_answer(child, LINK_OK, "");
		break;
	case LINK_REFUSED:
		on_answer(child, LINK_REFUSED, why);
		break;
	case LINK_CLOSED: /* its end is told by SIGCHLD */
		(void)event_del(child->on_link);
		break;
	case LINK_NOISE:
		log_warn(
		    "child", "%s: unknown message on the link, ignored", child->program);
		break;
	}
}

static void wait_for_next_start(struct child *child)
{
	const struct timeval delay = {.tv_sec = (time_t)(child->backoff_ms / 1000),
	    .tv_usec = (suseconds_t)(child->backoff_ms % 1000 * 1000)};

	child->state = CHILD_WAITING;
	(void)event_add(child->backoff_over, &delay);
	child->backoff_ms *= 2;
	if (child->backoff_ms > CHILD_BACKOFF_LAST_MS)
		child->backoff_ms = CHILD_BACKOFF_LAST_MS;
}

/* Process and link; false when something could not be had, with errno. */
static bool start_process(struct child *child)
{
	int pair[2];
	int config_fd = bundle_reopen(child->bundle);

	if (config_fd < 0)
		return false;
	if (link_make_pair(pair) != OK) {
		(void)close(config_fd);
		return false;
	}
	const struct spawn what = {.path = child->path,
	    .sockets = &child->sockets,
	    .link_fd = pair[1],
	    .config_fd = config_fd};
	enum err rc = spawn_program(&what, &child->pid);
	int kept = errno;
	(void)close(pair[1]);
	(void)close(config_fd);
	child->link_fd = pair[0];
	if (rc == OK)
		child->on_link =
		    event_new(child->base, pair[0], EV_READ | EV_PERSIST, on_link, child);
	if (child->on_link != NULL)
		(void)event_add(child->on_link, NULL);
	else
		drop_link(child);
	errno = kept;
	return rc == OK;
}

void child_start(struct child *child, uint64_t now_ms)
{
	child->started_at_ms = now_ms;
	child->silent_s = 0;
	child->idle_looks = 0;
	if (start_process(child)) {
		child->state = CHILD_STARTING;
		log_info(
		    "child", "%s started, process %ld", child->program, (long)child->pid);
		return;
	}
	child->pid = 0;
	log_error("child", "%s cannot be started: %s; trying again in %u ms",
	    child->program, strerror(errno), child->backoff_ms);
	wait_for_next_start(child);
}

static void on_backoff_over(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct child *child = context;
	struct timespec now;

	if (child->ending || clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return;
	child->restarts++;
	child_start(child, (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

void child_on_exit(struct child *child, int status, uint64_t now_ms)
{
	if (now_ms - child->started_at_ms >= CHILD_SETTLED_MS)
		child->backoff_ms = CHILD_BACKOFF_FIRST_MS;
	spawn_describe_end(child->last_end, sizeof child->last_end, status);
	child->pid = 0;
	child->took_next = false;
	drop_link(child);
	if (child->ending) {
		child->state = CHILD_IDLE;
		log_info("child", "%s ended: %s", child->program, child->last_end);
	} else {
		log_error("child", "%s ended by itself: %s; starting it again in %u ms",
		    child->program, child->last_end, child->backoff_ms);
		wait_for_next_start(child);
	}
	child->events.on_end(child->events.context, child);
}

enum err child_send_config(struct child *child, const struct bundle *bundle)
{
	if (child->pid == 0 || child->link_fd < 0)
		return ERR_CLOSED;
	int fd = bundle_reopen(bundle);
	if (fd < 0)
		return ERR_IO;
	enum err rc = link_send_config(child->link_fd, fd);
	(void)close(fd);
	if (rc == OK)
		child->unanswered++;
	return rc;
}

void child_signal(const struct child *child, int number)
{
	if (child->pid > 0)
		(void)kill(child->pid, number);
}

void child_end(struct child *child)
{
	child->ending = true;
	(void)event_del(child->backoff_over);
	if (child->pid > 0)
		child_signal(child, SIGTERM);
	else
		child->state = CHILD_IDLE;
}

enum err child_init(struct child *child, struct event_base *base, const char *program,
    const char *folder, const struct bundle *bundle)
{
	*child = (struct child){.program = program,
	    .bundle = bundle,
	    .base = base,
	    .link_fd = -1,
	    .backoff_ms = CHILD_BACKOFF_FIRST_MS};
	enum err rc = path_join(child->path, sizeof child->path, folder, program);
	if (rc != OK)
		return rc;
	child->backoff_over = evtimer_new(base, on_backoff_over, child);
	return child->backoff_over == NULL ? ERR_MEMORY : OK;
}

void child_deinit(struct child *child)
{
	drop_link(child);
	if (child->backoff_over != NULL)
		event_free(child->backoff_over);
	child->backoff_over = NULL;
	sockets_close(&child->sockets);
}

bool child_is_installed(const struct child *child)
{
	return access(child->path, X_OK) == 0;
}

const char *child_state_text(enum child_state state)
{
	switch (state) {
	case CHILD_IDLE:
		return "ended";
	case CHILD_STARTING:
		return "starting";
	case CHILD_READY:
		return "ready";
	case CHILD_WAITING:
		return "waiting";
	}
	return "unknown";
}
