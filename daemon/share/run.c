#include "share/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "kit/log.h"
#include "kit/resolve.h"
#include "kit/servers.h"
#include "kit/transport.h"
#include "kit/wall.h"
#include "share/lane.h"
#include "sharing/timing.h"

enum {
	FOLDER_MODE = 0750,
	LOCK_MODE = 0640
};

struct run {
	const struct config *config;
	enum run_mode mode;
	struct event_base *base;
	struct event *look;
	struct event *on_term;
	struct upstreams upstreams;
	struct resolver *resolver;
	struct outbox outbox;
	struct tell tell;
	struct lane_house house;
	struct lane lanes[RUN_RECIPIENTS_MAX];
	size_t count;
	char control_path[FILE_PATH_BYTES];
	char looked_path[FILE_PATH_BYTES];
	int64_t looked_s;
	bool clock_trusted;
	bool ending;
};

/* ---- the lock ---- */

enum err run_take_lock(struct run_lock *lock, const struct config *config, struct diag *why)
{
	char folder[FILE_PATH_BYTES], path[FILE_PATH_BYTES];

	lock->fd = -1;
	enum err rc =
	    path_join(folder, sizeof folder, config->server.state_dir.text, "sharing");
	if (rc == OK)
		rc = path_join(path, sizeof path, folder, ".lock");
	if (rc != OK) {
		diag_set(why, "state_dir: the path is too long");
		return rc;
	}
	if (mkdir(folder, FOLDER_MODE) == 0 || errno == EEXIST)
		lock->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, LOCK_MODE);
	if (lock->fd < 0) {
		diag_set(why, "%s: %s", path, strerror(errno));
		return ERR_IO;
	}
	if (flock(lock->fd, LOCK_EX | LOCK_NB) == 0)
		return OK;
	diag_set(why, "another lachan-share is at work");
	run_drop_lock(lock);
	return ERR_AGAIN;
}

void run_drop_lock(struct run_lock *lock)
{
	if (lock->fd >= 0)
		(void)close(lock->fd);
	lock->fd = -1;
}

/* ---- looking ---- */

static int64_t wall_s(void)
{
	return (int64_t)time(NULL);
}

/* In memory, gone with a reboot: whether somebody looked a moment ago. */
static bool was_off(const struct run *r)
{
	struct stat st;

	return stat(r->looked_path, &st) != 0 ||
	    wall_s() - (int64_t)st.st_mtim.tv_sec > SHARING_SOON_S;
}

static void note_look(const struct run *r)
{
	/* Without it the next run takes this for a start: a document may leave an hour late. */
	(void)!file_write_atomic(r->looked_path, SLICE_EMPTY, LOCK_MODE);
}

static bool is_busy(const struct run *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->lanes[i].posting != NULL)
			return true;
	return false;
}

static int64_t soonest(const struct run *r, int64_t now_s)
{
	int64_t first_s = 0;

	for (size_t i = 0; i < r->count; i++) {
		int64_t next_s = lane_next(&r->lanes[i], now_s);
		if (next_s != 0 && (first_s == 0 || next_s < first_s))
			first_s = next_s;
	}
	return first_s;
}

/* When nobody is at work: wait for what is near, or end. */
static void wait_or_end(struct run *r)
{
	int64_t now_s = wall_s();
	int64_t next_s = soonest(r, now_s);
	struct timeval pause = {.tv_sec = RUN_LOOK_S};

	if (r->ending || next_s == 0 || r->mode == RUN_BY_HAND ||
	    next_s - now_s > RUN_STAY_S) {
		(void)event_base_loopbreak(r->base);
		return;
	}
	if (next_s - now_s < pause.tv_sec)
		pause.tv_sec = next_s > now_s ? (time_t)(next_s - now_s) : 1;
	(void)event_add(r->look, &pause);
}

static void go(struct run *r)
{
	for (size_t i = 0; i < r->count && !r->ending; i++)
		lane_go(&r->lanes[i], wall_s());
	if (!is_busy(r))
		wait_or_end(r);
}

/* From within the end of a transfer: the next one begins from the loop. */
static void on_idle(void *context)
{
	static const struct timeval now = {0, 0};
	struct run *r = context;

	log_tick();
	(void)event_add(r->look, &now);
}

/* A backlog drains without reading the folder anew for each document. */
static bool wants_look(const struct run *r, int64_t now_s)
{
	int64_t next_s = soonest(r, now_s);

	return now_s < r->looked_s || now_s - r->looked_s >= RUN_LOOK_S || next_s == 0 ||
	    next_s > now_s;
}

static void on_look(evutil_socket_t fd, short what, void *context)
{
	struct run *r = context;
	int64_t now_s = wall_s();

	(void)fd;
	(void)what;
	if (!is_busy(r) && wants_look(r, now_s)) {
		note_look(r);
		r->looked_s = now_s;
		if (outbox_look(&r->outbox, now_s) != OK)
			log_error("share", "%s: %s", r->outbox.waiting, strerror(errno));
	}
	go(r);
}

static void on_term(evutil_socket_t number, short what, void *context)
{
	struct run *r = context;

	(void)number;
	(void)what;
	r->ending = true;
	(void)event_base_loopbreak(r->base);
}

/* ---- the run ---- */

static enum err find_paths(struct run *r)
{
	const char *run_dir = r->config->server.run_dir.text;

	enum err rc =
	    path_join(r->control_path, sizeof r->control_path, run_dir, "control.sock");
	if (rc == OK)
		rc = path_join(
		    r->looked_path, sizeof r->looked_path, run_dir, "share.looked");
	return rc;
}

static enum err open_line(struct run *r)
{
	const struct resolver_options how = {.control_path = r->control_path,
	    .upstreams = &r->upstreams,
	    .timeout_ms = (unsigned)r->config->upstream.timeout_ms};

	servers_find(&r->upstreams, &r->config->upstream, "/etc/resolv.conf");
	r->base = event_base_new();
	if (r->base == NULL)
		return ERR_MEMORY;
	r->look = evtimer_new(r->base, on_look, r);
	r->on_term = evsignal_new(r->base, SIGTERM, on_term, r);
	if (r->look == NULL || r->on_term == NULL || event_add(r->on_term, NULL) != 0)
		return ERR_MEMORY;
	enum err rc = resolver_new(&r->resolver, r->base, &how);
	if (rc == OK)
		rc = transport_new(&r->house.line.transport, r->base);
	r->house.line.resolver = r->resolver;
	return rc;
}

static void open_lanes(struct run *r, const struct credentials *credentials)
{
	const struct config_recipients *all = &r->config->share.recipients;

	r->house.config = r->config;
	r->house.outbox = &r->outbox;
	r->house.tell = &r->tell;
	r->house.on_idle = on_idle;
	r->house.context = r;
	for (; r->count < all->count && r->count < RUN_RECIPIENTS_MAX; r->count++) {
		struct lane *lane = &r->lanes[r->count];
		lane_open(lane, &r->house, r->count, &credentials[r->count]);
		lane_begin(lane, r->mode == RUN_DUE ? LANE_AS_DUE : LANE_BY_PERSON);
	}
}

static enum err share(struct run *r, struct diag *why)
{
	enum err rc = outbox_look(&r->outbox, wall_s());

	if (rc != OK) {
		diag_set(why, "%s: %s", r->outbox.waiting,
		    rc == ERR_IO ? strerror(errno) : err_text(rc));
		return rc;
	}
	note_look(r);
	r->looked_s = wall_s();
	outbox_prune(&r->outbox, wall_s());
	if (r->outbox.key == NULL || r->count == 0)
		return OK;
	go(r);
	/* wait_or_end() may have ended what has not begun: then there is nothing to wait for. */
	if ((is_busy(r) || event_pending(r->look, EV_TIMEOUT, NULL) != 0) &&
	    event_base_dispatch(r->base) < 0) {
		diag_set(why, "the event loop failed: %s", strerror(errno));
		return ERR_IO;
	}
	return OK;
}

static void report(const struct run *r, struct run_result *out)
{
	out->count = r->count;
	out->clock_trusted = r->clock_trusted;
	for (size_t i = 0; i < r->count; i++) {
		const struct lane *lane = &r->lanes[i];
		out->recipients[i].name = lane->name;
		out->recipients[i].sent = lane->sent;
		out->recipients[i].refused = lane->refused;
		for (size_t d = 0; d < r->outbox.count; d++)
			if ((r->outbox.entries[d].done & UINT32_C(1) << i) == 0)
				out->recipients[i].waiting++;
		(void)snprintf(out->recipients[i].failure,
		    sizeof out->recipients[i].failure, "%s", lane->failure);
		out->failed = out->failed || lane->failure[0] != 0;
		if (lane->sent > 0)
			log_info("share", "%s has %zu more summaries, %zu wait", lane->name,
			    lane->sent, out->recipients[i].waiting);
	}
}

static void run_close(struct run *r)
{
	for (size_t i = 0; i < r->count; i++)
		lane_close(&r->lanes[i]);
	transport_free(r->house.line.transport);
	resolver_free(r->resolver);
	if (r->look != NULL)
		event_free(r->look);
	if (r->on_term != NULL)
		event_free(r->on_term);
	if (r->base != NULL)
		event_base_free(r->base);
	outbox_close(&r->outbox);
}

enum err run_share(struct run_result *out, const struct config *config,
    const struct credentials *credentials, const struct sign_key *key, enum run_mode mode,
    struct diag *why)
{
	struct run *r = calloc(1, sizeof *r);

	if (r == NULL)
		return ERR_MEMORY;
	*out = (struct run_result){.enrolled = key != NULL};
	r->config = config;
	r->mode = mode;
	r->clock_trusted = wall_is_trusted(config);
	r->tell.control_path = r->control_path;
	enum err rc = find_paths(r);
	if (rc == OK)
		rc = outbox_open(&r->outbox, config, key, why);
	if (rc == OK)
		rc = open_line(r);
	if (rc == OK && r->clock_trusted) {
		r->outbox.started = was_off(r);
		r->outbox.forced = mode != RUN_DUE;
		open_lanes(r, credentials);
		rc = share(r, why);
	}
	report(r, out);
	run_close(r);
	free(r);
	return rc;
}
