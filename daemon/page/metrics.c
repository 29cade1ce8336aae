#include "page/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "control/frame.h"
#include "kit/feed_meta.h"
#include "kit/http.h"
#include "kit/log.h"
#include "kit/process.h"
#include "page/inquiry.h"
#include "page/metrics_text.h"

enum {
	CONNECTIONS_MAX = 16,
	CONNECTIONS_PER_CLIENT = 4,
	DEADLINE_MS = 5000,
	ANSWER_MS = 2000, /* of those whom we ask */
	KEEP_MS = 500,    /* a text: who asks in a loop does not busy the filter */
};

struct metrics {
	struct event_base *base;
	const struct config *config;
	const struct allow_local *local;
	struct http_server *http;
	char filter_path[FILE_PATH_BYTES];
	char lachand_path[FILE_PATH_BYTES];
	/* One round of questions, and who waits for it. */
	struct inquiry *of_filter;
	struct inquiry *of_lachand;
	json_t *filter; /* what they said; NULL: nothing */
	json_t *lachand;
	struct http_exchange *waiting[CONNECTIONS_MAX];
	size_t waiting_count;
	struct buf text;  /* the last one */
	uint64_t made_ms; /* 0: there is none */
};

/* ---- what is at hand without asking ---- */

/* {"NAME":"ok|unchanged|refused|held|never"} of the lists that are pulled. */
static json_t *read_results(const struct metrics *m)
{
	const struct config_feeds *feeds = &m->config->filter.feeds;
	json_t *results = json_object();

	for (size_t i = 0; i < feeds->count; i++) {
		if (!feeds->items[i].enabled)
			continue;
		json_t *meta = feed_meta_read(
		    m->config->server.state_dir.text, feeds->items[i].name.text);
		const char *result = json_string_value(json_object_get(meta, "result"));
		(void)json_object_set_new(results, feeds->items[i].name.text,
		    json_string(result == NULL ? "never" : result));
		json_decref(meta);
	}
	return results;
}

/* ---- a round ---- */

static void forget_round(struct metrics *m)
{
	inquiry_drop(m->of_filter);
	inquiry_drop(m->of_lachand);
	m->of_filter = NULL;
	m->of_lachand = NULL;
	json_decref(m->filter);
	json_decref(m->lachand);
	m->filter = NULL;
	m->lachand = NULL;
}

static void reply_all(struct metrics *m, const struct http_reply *reply)
{
	size_t count = m->waiting_count;

	m->waiting_count = 0;
	for (size_t i = 0; i < count; i++)
		http_reply(m->waiting[i], reply);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void reply_text(struct metrics *m)
{
	struct http_reply reply = {.status = 200,
	    .headers = "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
	               "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n",
	    .body = buf_slice(&m->text)};

	if (buf_status(&m->text) != OK)
		reply = (struct http_reply){.status = 503, .headers = ""};
	reply_all(m, &reply);
}

static void finish_round(struct metrics *m)
{
	json_t *results = read_results(m);
	const struct metrics_facts facts = {
	    .filter = m->filter,
	    .lachand = m->lachand,
	    .feed_results = results,
	    .page_memory_bytes = process_resident_bytes(),
	};

	buf_reset(&m->text);
	metrics_write(&m->text, &facts);
	m->made_ms = now_ms();
	reply_text(m);
	json_decref(results);
	forget_round(m);
}

static void look_whether_done(struct metrics *m)
{
	if (m->of_filter == NULL && m->of_lachand == NULL && m->waiting_count > 0)
		finish_round(m);
}

static json_t *copy_if_ok(const json_t *answer)
{
	return json_is_true(json_object_get(answer, "ok")) ? json_deep_copy(answer) : NULL;
}

static void on_filter(void *context, const json_t *answer)
{
	struct metrics *m = context;

	m->of_filter = NULL;
	m->filter = copy_if_ok(answer);
	look_whether_done(m);
}

static void on_lachand(void *context, const json_t *answer)
{
	struct metrics *m = context;

	m->of_lachand = NULL;
	m->lachand = copy_if_ok(answer);
	look_whether_done(m);
}

static void begin_round(struct metrics *m)
{
	const struct inquiry_question of_filter = {m->filter_path,
	    SLICE_LIT("{\"command\":\"metrics\"}"), ANSWER_MS, FRAME_MAX_BYTES};
	const struct inquiry_question of_lachand = {m->lachand_path,
	    SLICE_LIT("{\"command\":\"children\"}"), ANSWER_MS, FRAME_MAX_BYTES};

	m->of_filter = inquiry_begin(m->base, &of_filter, on_filter, m);
	m->of_lachand = inquiry_begin(m->base, &of_lachand, on_lachand, m);
	look_whether_done(m);
}

/* ---- HTTP ---- */

static bool may_ask(void *context, const struct addr *peer)
{
	const struct metrics *m = context;

	return addr_is_loopback(peer) ||
	    allow_has(&m->config->server.allow, m->local, peer);
}

static void on_request(void *context, struct http_exchange *x)
{
	struct metrics *m = context;

	if (!slice_equal(http_head(x)->path, SLICE_LIT("/metrics"))) {
		http_reply(x, &(struct http_reply){.status = 404, .headers = ""});
		return;
	}
	if (m->waiting_count == COUNT_OF(m->waiting)) { /* http's own cap is the same */
		http_reply(x, &(struct http_reply){.status = 503, .headers = ""});
		return;
	}
	m->waiting[m->waiting_count++] = x;
	if (m->waiting_count > 1)
		return; /* a round is under way */
	if (m->made_ms != 0 && now_ms() - m->made_ms < KEEP_MS) {
		reply_text(m);
	} else {
		begin_round(m);
	}
}

/* ---- life ---- */

enum err metrics_open(struct metrics **out, struct event_base *base,
    const struct config *config, const struct allow_local *local)
{
	const struct http_limits limits = {
	    CONNECTIONS_MAX, CONNECTIONS_PER_CLIENT, DEADLINE_MS, DEADLINE_MS};
	struct metrics *m = calloc(1, sizeof *m);
	const char *folder = config->server.run_dir.text;

	if (m == NULL)
		return ERR_MEMORY;
	m->base = base;
	m->config = config;
	m->local = local;
	m->text = BUF_INIT(HTTP_REPLY_MAX_BYTES);
	const struct http_handlers handlers = {
	    .may_ask = may_ask, .on_request = on_request, .context = m};
	enum err rc =
	    path_join(m->filter_path, sizeof m->filter_path, folder, "control.sock");
	if (rc == OK)
		rc = path_join(
		    m->lachand_path, sizeof m->lachand_path, folder, "lachand.sock");
	if (rc == OK)
		rc = http_open(&m->http, base, &limits, &handlers);
	if (rc != OK) {
		free(m);
		return rc;
	}
	*out = m;
	return OK;
}

enum err metrics_listen_take(struct metrics *m, int fd)
{
	return http_listen_take(m->http, fd, NULL);
}

void metrics_use_config(struct metrics *m, const struct config *config)
{
	m->config = config;
}

void metrics_close(struct metrics *m)
{
	if (m == NULL)
		return;
	forget_round(m);
	http_close(m->http);
	buf_deinit(&m->text);
	free(m);
}
