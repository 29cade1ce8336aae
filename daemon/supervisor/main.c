/* lachand: the order of the start, signals, and the end. */
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kit/json_memory.h"
#include "kit/judge.h"
#include "kit/log.h"
#include "kit/notify.h"
#include "kit/sandbox.h"
#include "kit/startup.h"
#include "kit/syscalls.h"
#include "supervisor/commands.h"
#include "supervisor/supervisor.h"
#include "supervisor/watch.h"

enum {
	TICK_S = 5,
	KILL_AFTER_S = 5,        /* of TERM */
	FEEDS_WAIT_S = 10,       /* for the filter, which resolves their names */
	SHARE_WAIT_S = 10,       /* likewise, and which keeps the record */
	DESCRIPTORS_MAX = 65536, /* soft limit we ask for */
	STATUS_FAILED = 1
};

#define FILTER "lachan-filter"
#define PAGE   "lachan-page"

/* In the order they are started and told about a new configuration. */
static const struct {
	const char *program;
	/* Else left out silently when it is not installed, and no reason to refuse a
	 * configuration when it dies over it. */
	bool needed;
} programs[] = {
    {FILTER, true},
    {PAGE, true},
    {"lachan-desk", false},
    {"lachan-console", false},
};

/* What belongs to the loop alone. */
struct loop {
	struct supervisor sv;
	struct event *on_signal[4];
	struct event *tick;
	struct event *watch;    /* of the children */
	struct event *watchdog; /* the service manager's, of us */
	struct event *kill_time;
};

uint64_t supervisor_now_ms(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return 0;
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool anything_runs(const struct supervisor *sv)
{
	for (size_t i = 0; i < sv->child_count; i++)
		if (sv->children[i].pid != 0)
			return true;
	return sv->feeds.pid != 0 || sv->notices.pid != 0 || sv->share.pid != 0;
}

static void end_when_all_are_gone(struct supervisor *sv)
{
	if (sv->ending && !anything_runs(sv))
		(void)event_base_loopbreak(sv->base);
}

static void on_child_answer(
    void *context, struct child *child, enum link_word word, const char *why)
{
	reload_on_answer(context, child, word, why);
}

static void on_child_ready(void *context, struct child *child)
{
	struct supervisor *sv = context;

	log_info("child", "%s is ready", child->program);
	if (sv->said_ready || strcmp(child->program, FILTER) != 0)
		return;
	/* Names resolve: that is what the school waits for. */
	sv->said_ready = true;
	notify_send("READY=1\nSTATUS=serving");
	feeds_run_begin(&sv->feeds, 0);
	share_run_begin(&sv->share, 0);
}

static void on_child_end(void *context, struct child *child)
{
	reload_on_end(context, child);
	end_when_all_are_gone(context);
}

static void on_exit_of(struct supervisor *sv, pid_t pid, int status)
{
	uint64_t now_ms = supervisor_now_ms();

	for (size_t i = 0; i < sv->child_count; i++)
		if (sv->children[i].pid == pid) {
			child_on_exit(&sv->children[i], status, now_ms);
			return;
		}
	if (sv->feeds.pid == pid) {
		feeds_run_on_exit(&sv->feeds, status, now_ms);
		end_when_all_are_gone(sv);
	} else if (sv->notices.pid == pid) {
		notify_run_on_exit(&sv->notices, status);
		end_when_all_are_gone(sv);
	} else if (sv->share.pid == pid) {
		share_run_on_exit(&sv->share, status, now_ms);
		end_when_all_are_gone(sv);
	}
}

/* All that have ended: in a container we are process 1, and orphans are ours too. */
static void on_sigchld(evutil_socket_t number UNUSED, short what UNUSED, void *context)
{
	int status;

	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
		on_exit_of(context, pid, status);
}

static void on_sighup(evutil_socket_t number UNUSED, short what UNUSED, void *context)
{
	struct supervisor *sv = context;

	if (!sv->ending)
		reload_begin(sv, RECORD_SIGNAL);
}

static void on_kill_time(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct loop *loop = context;

	for (size_t i = 0; i < loop->sv.child_count; i++)
		if (loop->sv.children[i].pid != 0) {
			log_warn("child", "%s does not end, killing it",
			    loop->sv.children[i].program);
			child_signal(&loop->sv.children[i], SIGKILL);
		}
	if (loop->sv.feeds.pid > 0)
		(void)kill(loop->sv.feeds.pid, SIGKILL);
	if (loop->sv.notices.pid > 0)
		(void)kill(loop->sv.notices.pid, SIGKILL);
	if (loop->sv.share.pid > 0)
		(void)kill(loop->sv.share.pid, SIGKILL);
}

static void on_sigterm(evutil_socket_t number UNUSED, short what UNUSED, void *context)
{
	struct loop *loop = context;
	struct supervisor *sv = &loop->sv;
	const struct timeval patience = {.tv_sec = KILL_AFTER_S};

	if (sv->ending)
		return;
	sv->ending = true;
	log_info("lachand", "ending");
	notify_send("STOPPING=1");
	feeds_run_end(&sv->feeds);
	notify_run_end(&sv->notices);
	share_run_end(&sv->share);
	for (size_t i = 0; i < sv->child_count; i++)
		child_end(&sv->children[i]);
	(void)event_add(loop->kill_time, &patience);
	end_when_all_are_gone(sv);
}

static void on_tick(evutil_socket_t fd UNUSED, short what UNUSED, void *context UNUSED)
{
	log_tick();
}

static void on_watch(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct supervisor *sv = context;

	for (size_t i = 0; i < sv->child_count; i++)
		watch_child(&sv->children[i]);
}

static void on_watchdog(evutil_socket_t fd UNUSED, short what UNUSED, void *context UNUSED)
{
	notify_send("WATCHDOG=1");
}

/* Our programs stand beside us, wherever that is. */
static bool find_folder(char *out, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", out, size - 1);

	if (n <= 0)
		return false;
	out[n] = 0;
	char *slash = strrchr(out, '/');
	if (slash == NULL)
		return false;
	*slash = 0;
	return true;
}

static enum err open_sockets(
    struct child *child, const struct config *config, struct diag *why)
{
	if (strcmp(child->program, FILTER) == 0)
		return sockets_open_dns(&child->sockets, &config->server.listen,
		    sockets_workers(config->server.threads), why);
	if (strcmp(child->program, PAGE) == 0)
		return sockets_open_page(&child->sockets, config, why);
	return OK;
}

/* Every child's sockets, so that all taken ports are told in one run. */
static bool open_all_sockets(struct supervisor *sv)
{
	bool well = true;

	for (size_t i = 0; i < sv->child_count; i++) {
		struct diag why = {0};
		if (open_sockets(&sv->children[i], sv->now.config, &why) != OK) {
			log_error("sockets", "%s", why.text);
			well = false;
		}
	}
	return well;
}

static bool make_children(struct supervisor *sv)
{
	const struct child_events events = {.on_answer = on_child_answer,
	    .on_ready = on_child_ready,
	    .on_end = on_child_end,
	    .context = sv};

	for (size_t i = 0; i < COUNT_OF(programs); i++) {
		struct child *child = &sv->children[sv->child_count];
		if (child_init(
		        child, sv->base, programs[i].program, sv->folder, &sv->now) != OK)
			return false;
		child->events = events;
		child->optional = !programs[i].needed;
		if (child_is_installed(child)) {
			sv->child_count++;
			continue;
		}
		child_deinit(child);
		if (!programs[i].needed)
			continue;
		log_error("lachand", "%s is not in %s, where lachand is",
		    programs[i].program, sv->folder);
		return false;
	}
	return true;
}

/* server.user is the children's business; here a teacher is told what will happen. */
static bool check_user(const struct config *config)
{
	struct diag why = {0};
	struct sandbox_user user;
	const char *wanted = config->server.user.text;

	if (geteuid() == 0) {
		if (sandbox_find_user(wanted, &user, &why) == OK)
			return true;
		log_error("lachand", "%s", why.text);
		return false;
	}
	const struct passwd *me = getpwuid(geteuid());
	if (wanted[0] != 0 && (me == NULL || strcmp(me->pw_name, wanted) != 0))
		log_warn("lachand",
		    "server.user is %s, but only root can become another user: staying %s",
		    wanted, me == NULL ? "who we are" : me->pw_name);
	return true;
}

static bool make_folders(const struct config *config)
{
	struct diag why = {0};

	if (startup_make_folders(config, &why) == OK)
		return true;
	log_error("lachand", "%s", why.text);
	return false;
}

/* Children inherit it: many sockets, many clients. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur =
	    limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static struct event *arm(
    struct event_base *base, int number, event_callback_fn callback, void *context)
{
	struct event *event = evsignal_new(base, number, callback, context);

	if (event != NULL)
		(void)event_add(event, NULL);
	return event;
}

static bool arm_events(struct loop *loop)
{
	const struct timeval tick = {.tv_sec = TICK_S};
	const struct timeval second = {.tv_sec = 1};
	uint64_t every_ms = notify_watchdog_ms();
	const struct timeval watchdog = {.tv_sec = (time_t)(every_ms / 1000),
	    .tv_usec = (suseconds_t)(every_ms % 1000 * 1000)};
	struct supervisor *sv = &loop->sv;

	loop->on_signal[0] = arm(sv->base, SIGCHLD, on_sigchld, sv);
	loop->on_signal[1] = arm(sv->base, SIGHUP, on_sighup, sv);
	loop->on_signal[2] = arm(sv->base, SIGTERM, on_sigterm, loop);
	loop->on_signal[3] = arm(sv->base, SIGINT, on_sigterm, loop);
	loop->kill_time = evtimer_new(sv->base, on_kill_time, loop);
	loop->tick = event_new(sv->base, -1, EV_PERSIST, on_tick, loop);
	loop->watch = event_new(sv->base, -1, EV_PERSIST, on_watch, sv);
	loop->watchdog = event_new(sv->base, -1, EV_PERSIST, on_watchdog, loop);
	for (size_t i = 0; i < COUNT_OF(loop->on_signal); i++)
		if (loop->on_signal[i] == NULL)
			return false;
	if (loop->kill_time == NULL || loop->tick == NULL || loop->watch == NULL ||
	    loop->watchdog == NULL)
		return false;
	(void)event_add(loop->tick, &tick);
	(void)event_add(loop->watch, &second);
	if (every_ms > 0)
		(void)event_add(loop->watchdog, &watchdog);
	return true;
}

static void disarm(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

static void loop_deinit(struct loop *loop)
{
	struct supervisor *sv = &loop->sv;

	control_server_close(sv->control);
	reload_deinit(sv);
	records_deinit(&sv->records);
	feeds_run_deinit(&sv->feeds);
	notify_run_deinit(&sv->notices);
	share_run_deinit(&sv->share);
	for (size_t i = 0; i < sv->child_count; i++)
		child_deinit(&sv->children[i]);
	for (size_t i = 0; i < COUNT_OF(loop->on_signal); i++)
		disarm(loop->on_signal[i]);
	disarm(loop->tick);
	disarm(loop->watch);
	disarm(loop->watchdog);
	disarm(loop->kill_time);
	if (sv->base != NULL)
		event_base_free(sv->base);
	bundle_free(&sv->now);
}

/* The texts once more, as one reading: what we run by is what the children get. */
static bool seal_config(struct supervisor *sv)
{
	struct diags mistakes = DIAGS_NONE;

	enum err rc = bundle_load(&sv->now, sv->config_path, &mistakes);
	if (rc != OK) {
		log_diags("config", &mistakes);
		log_error("config", "%s: %s", sv->config_path, err_text(rc));
	}
	diags_deinit(&mistakes);
	return rc == OK;
}

/* Everything that can fail for reasons a person must hear of. */
static bool open_gateway(struct loop *loop)
{
	struct supervisor *sv = &loop->sv;
	struct diag why = {0};

	raise_descriptor_limit();
	sv->base = event_base_new();
	if (sv->base == NULL || !seal_config(sv) ||
	    !find_folder(sv->folder, sizeof sv->folder))
		return false;
	if (!make_children(sv) || !check_user(sv->now.config) || !open_all_sockets(sv) ||
	    !make_folders(sv->now.config))
		return false;
	if (feeds_run_init(&sv->feeds, sv->base, sv->folder, &sv->now) != OK ||
	    notify_run_init(&sv->notices, sv->base, sv->folder, &sv->now) != OK ||
	    share_run_init(&sv->share, sv->base, sv->folder, &sv->now) != OK ||
	    records_init(&sv->records, sv->base, sv->now.config->server.run_dir.text) !=
	        OK ||
	    reload_init(sv) != OK || !arm_events(loop))
		return false;
	if (commands_open(sv, &why) != OK || sandbox_keep_for_children(&why) != OK ||
	    syscalls_limit_or_warn(SYSCALLS_SUPERVISOR, &why) != OK) {
		log_error("lachand", "%s", why.text);
		return false;
	}
	return true;
}

static void run(struct loop *loop)
{
	struct supervisor *sv = &loop->sv;
	uint64_t now_ms = supervisor_now_ms();

	for (size_t i = 0; i < sv->child_count; i++)
		child_start(&sv->children[i], now_ms);
	feeds_run_begin(&sv->feeds, FEEDS_WAIT_S);
	share_run_begin(&sv->share, SHARE_WAIT_S);
	if (event_base_dispatch(sv->base) < 0) {
		log_error("lachand", "the event loop failed: %s", strerror(errno));
		sv->exit_status = STATUS_FAILED;
	}
}

int main(int argc, char **argv)
{
	static struct loop loop; /* large: every child's sockets */
	struct startup startup;
	int status;

	json_memory_begin();
	startup_use_judge(judge_files);
	if (!startup_begin(&startup, "lachand", argc, argv, &status))
		return status;
	notify_open();
	loop.sv.now = BUNDLE_NONE;
	loop.sv.config_path = startup.config_path;
	log_info("lachand", "%s starts with %s", LACHAN_VERSION, startup.config_path);
	if (open_gateway(&loop))
		run(&loop);
	else
		loop.sv.exit_status = STATUS_FAILED;
	status = loop.sv.exit_status;
	loop_deinit(&loop);
	startup_end(&startup);
	return status;
}
