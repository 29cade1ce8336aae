#include "district/server.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "district/district.h"
#include "district/entrance.h"
#include "district/forwarded.h"
#include "district/internal.h"
#include "district/metrics.h"
#include "kit/http.h"
#include "kit/log.h"

enum {
	CONNECTIONS_MAX = 512,
	PER_CLIENT_MAX = 64, /* a whole province may stand behind one address */
	REQUEST_MS = 30000,  /* a document over a poor line */
	ANSWER_MS = 120000,  /* an export over the same */
	BODY_MAX_BYTES = 32 << 20,
	PENDING_MAX_BYTES = 128 << 20,
	HEADERS_MAX_BYTES = 16 << 10,
	METRICS_CONNECTIONS_MAX = 8,
	METRICS_MS = 10000,
	METRICS_MAX_BYTES = 64 << 10,
	RETRY_AFTER_S = 5,
	CLOCK_SLACK_S = 60
};

struct server {
	struct server_needs needs; /* config: held */
	struct pool *pool;
	struct entrance *entrance;
	struct http_server *http;
	struct http_server *metrics;
	int64_t built_s; /* no true clock is before that; set before the first request */
};

/* One request on its way through the pool. */
struct request {
	struct pool_job job; /* first: the pool gives it back */
	struct server *server;
	struct http_exchange *exchange;
	const struct route *route;
	struct arena memory;
	struct call call;
	uint64_t began_us;
};

static uint64_t clock_us(clockid_t which)
{
	struct timespec now = {0, 0};

	(void)clock_gettime(which, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---- what is refused without a handler -------------------------------------------------- */

struct refusal {
	unsigned status;
	const char *body;
};

static const struct refusal REFUSALS[] = {
    {400, "{\"error\":\"this is no request we understand\",\"why\":\"request\"}\n"},
    {404, "{\"error\":\"there is nothing here\",\"why\":\"path\"}\n"},
    {405, "{\"error\":\"this path has another method\",\"why\":\"method\"}\n"},
    {411, "{\"error\":\"a body wants its Content-Length\",\"why\":\"length\"}\n"},
    {413, "{\"error\":\"the body is too long\",\"why\":\"size\"}\n"},
    {415, "{\"error\":\"this path takes no packed body\",\"why\":\"encoding\"}\n"},
    {431, "{\"error\":\"the headers are too long\",\"why\":\"headers\"}\n"},
    {503, "{\"error\":\"too busy now; ask again\",\"why\":\"busy\"}\n"}};

static void on_refusal(void *context, unsigned status, struct http_reply *reply)
{
	struct server *server = context;

	metrics_count_refusal(server->needs.district->metrics, status);
	reply->headers =
	    "Content-Type: application/json\r\n"
	    "Cache-Control: no-store\r\n"
	    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "X-Frame-Options: DENY\r\n"
	    "Referrer-Policy: same-origin\r\n";
	for (size_t i = 0; i < sizeof REFUSALS / sizeof REFUSALS[0]; i++)
		if (REFUSALS[i].status == status)
			reply->body = slice_of(REFUSALS[i].body);
}

static void refuse(struct server *server, struct http_exchange *x, unsigned status)
{
	struct http_reply reply = {.status = status, .headers = ""};

	on_refusal(server, status, &reply);
	http_reply(x, &reply);
}

/* ---- before a body ---------------------------------------------------------------------- */

static bool may_ask(void *context, const struct addr *peer)
{
	(void)context;
	return peer->family != 0;
}

static bool is_proxy(const void *entrance, const struct addr *peer)
{
	return entrance_is_proxy(entrance, peer);
}

static bool is_shared(void *context, const struct addr *peer)
{
	struct server *server = context;

	return entrance_is_proxy(server->entrance, peer);
}

static unsigned find_route(
    const struct route **out, enum call_method method, const char *path)
{
	if (path == NULL)
		return 400;
	switch (routes_find(out, method, slice_of(path))) {
	case ROUTE_FOUND:
		return 0;
	case ROUTE_OTHER_METHOD:
		return 405;
	default:
		return 404;
	}
}

static size_t body_limit(const struct server *server, const struct route *route)
{
	return route->max_body_bytes == ROUTE_BODY_DOCUMENT
	    ? server->needs.config->limits.document_bytes
	    : route->max_body_bytes;
}

/* Only what schools send comes packed. */
static unsigned on_post(void *context, const struct http_exchange *x)
{
	const struct server *server = context;
	const struct head *head = http_head(x);
	struct arena memory = ARENA_INIT(CALL_ARENA_MAX_BYTES);
	const struct route *route = NULL;

	unsigned status = find_route(
	    &route, CALL_POST, call_decode(&memory, head->path, CALL_PLUS_IS_PLUS));
	arena_deinit(&memory);
	if (status != 0)
		return status;
	if (head->body_bytes > body_limit(server, route))
		return 413;
	return head->is_packed && route->max_body_bytes != ROUTE_BODY_DOCUMENT ? 415 : 0;
}

/* ---- a call on its way ------------------------------------------------------------------ */

/* A password as it was typed, a session's cookie, the token of a school that has just joined. */
static void wipe(struct buf *b)
{
	if (b->ptr != NULL)
		explicit_bzero(b->ptr, b->cap);
	buf_deinit(b);
}

static void request_free(struct request *r)
{
	wipe(&r->call.out);
	wipe(&r->call.headers);
	arena_wipe(&r->memory);
	district_config_release(r->call.config);
	free(r);
}

/* On a thread of the pool. */
static void run(struct pool_job *job, struct store *store)
{
	struct request *r = (struct request *)job;
	struct call *c = &r->call;

	c->store = store;
	c->now = (struct moment){.mono_ms = clock_us(CLOCK_MONOTONIC) / 1000,
	    .wall_s = (int64_t)(clock_us(CLOCK_REALTIME) / 1000000),
	    .wall_trusted = false};
	c->now.wall_trusted = c->now.wall_s + CLOCK_SLACK_S >= r->server->built_s;
	r->route->handler(c);
}

static void answer(struct request *r)
{
	struct call *c = &r->call;
	struct buf headers = BUF_INIT(HEADERS_MAX_BYTES);

	if (c->status == 0 || buf_status(&c->out) != OK)
		call_refuse(c, 500, "internal", "this could not be answered");
	call_write_headers(c, &headers);
	bool sound = buf_status(&headers) == OK;
	const struct http_reply reply = {.status = sound ? c->status : 500,
	    .headers = sound ? buf_cstr(&headers) : "",
	    .body = sound ? buf_slice(&c->out) : SLICE_EMPTY};
	http_reply(r->exchange, &reply);
	wipe(&headers);
}

/* On the main thread again. Without a status: no thread took it before the end. */
static void done(struct pool_job *job)
{
	struct request *r = (struct request *)job;

	metrics_time(r->server->needs.district->metrics, (unsigned)r->route->lane,
	    clock_us(CLOCK_MONOTONIC) - r->began_us);
	if (r->call.store == NULL)
		refuse(r->server, r->exchange, 503);
	else
		answer(r);
	request_free(r);
}

static struct request *request_new(struct server *server, struct http_exchange *x)
{
	struct request *r = calloc(1, sizeof *r);

	if (r == NULL)
		return NULL;
	r->server = server;
	r->exchange = x;
	r->job = (struct pool_job){.run = run, .done = done};
	r->memory = ARENA_INIT(CALL_ARENA_MAX_BYTES);
	r->began_us = clock_us(CLOCK_MONOTONIC);
	r->call = (struct call){.district = server->needs.district,
	    .config = district_config_hold(server->needs.config),
	    .client_subject = "",
	    .path_rest = "",
	    .out = BUF_INIT(CALL_OUT_MAX_BYTES),
	    .headers = BUF_INIT(CALL_HEADERS_MAX_BYTES)};
	r->call.memory = &r->memory;
	return r;
}

/* 0, or the status to refuse it with. */
static unsigned fill(struct request *r)
{
	struct http_exchange *x = r->exchange;
	const struct head *head = http_head(x);
	struct call *c = &r->call;
	struct forwarded who = {.peer = *http_peer(x)};

	c->method = head->method == HEAD_POST ? CALL_POST : CALL_GET;
	c->path = call_decode(c->memory, head->path, CALL_PLUS_IS_PLUS);
	unsigned status = find_route(&r->route, c->method, c->path);
	if (status != 0)
		return status;
	size_t len = strlen(r->route->path);
	if (r->route->path[len - 1] == '*')
		c->path_rest = c->path + len - 1;
	c->head = http_header_lines(x);
	c->raw_query = head->query;
	c->body = http_body(x);
	forwarded_read(&who, c->head, is_proxy, r->server->entrance);
	c->peer = who.peer;
	c->forwarded = who.there;
	c->tls = http_is_secure(x) || who.tls;
	c->client_subject = entrance_client(c->memory, x);
	enum err rc = call_prepare(c);
	return rc == OK ? 0 : rc == ERR_FORMAT ? 400 : 503;
}

static void on_metrics(void *context, struct http_exchange *x);

/* Who watches this machine from itself needs no listener of its own. */
static bool is_local_watch(struct server *server, const struct http_exchange *x)
{
	struct forwarded who = {.peer = *http_peer(x)};

	if (!slice_equal(http_head(x)->path, SLICE_LIT("/metrics")) ||
	    http_head(x)->method == HEAD_POST || !addr_is_loopback(&who.peer) ||
	    entrance_is_proxy(server->entrance, &who.peer))
		return false;
	forwarded_read(&who, http_header_lines(x), is_proxy, server->entrance);
	return !who.there;
}

static void on_request(void *context, struct http_exchange *x)
{
	struct server *server = context;

	if (is_local_watch(server, x)) {
		on_metrics(server, x);
		return;
	}
	struct request *r = request_new(server, x);

	if (r == NULL) {
		refuse(server, x, 503);
		return;
	}
	unsigned status = fill(r);
	if (status == 0 && !pool_submit(server->pool, r->route->lane, &r->job))
		status = 503;
	if (status == 0)
		return;
	refuse(server, x, status);
	request_free(r);
}

/* ---- /metrics, on a listener of its own and for this machine ------------------------------------------------- */

static uint64_t resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	char line[128] = "";
	uint64_t pages = 0;

	if (f == NULL)
		return 0;
	if (fgets(line, sizeof line, f) != NULL) {
		struct slice rest = slice_of(line);
		(void)slice_cut(&rest, ' ');
		(void)slice_to_u64(slice_cut(&rest, ' '), UINT32_MAX, &pages);
	}
	(void)fclose(f);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void on_metrics(void *context, struct http_exchange *x)
{
	struct server *server = context;
	struct buf text = BUF_INIT(METRICS_MAX_BYTES);
	const struct metrics_now now = {http_connection_count(server->http),
	    server->pool != NULL ? pool_count(server->pool) : 0, resident_bytes()};

	if (!slice_equal(http_head(x)->path, SLICE_LIT("/metrics"))) {
		http_reply(x, &(struct http_reply){.status = 404, .headers = ""});
		return;
	}
	metrics_write(server->needs.district->metrics, &now, &text);
	http_reply(x,
	    &(struct http_reply){.status = 200,
	        .headers = "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
	                   "Cache-Control: no-store\r\n"
	                   "X-Content-Type-Options: nosniff\r\n",
	        .body = buf_slice(&text)});
	buf_deinit(&text);
}

/* ---- life ------------------------------------------------------------------------------- */

static enum err open_http(struct server *server)
{
	const struct http_limits limits = {
	    CONNECTIONS_MAX, PER_CLIENT_MAX, REQUEST_MS, ANSWER_MS};
	const struct http_handlers handlers = {.may_ask = may_ask,
	    .on_post = on_post,
	    .on_request = on_request,
	    .on_refusal = on_refusal,
	    .is_shared = is_shared,
	    .context = server,
	    .body_max_bytes = BODY_MAX_BYTES,
	    .pending_max_bytes = PENDING_MAX_BYTES,
	    .takes_packed = true};
	const struct http_limits few = {
	    METRICS_CONNECTIONS_MAX, METRICS_CONNECTIONS_MAX, METRICS_MS, METRICS_MS};
	const struct http_handlers numbers = {
	    .may_ask = may_ask, .on_request = on_metrics, .context = server};
	enum err rc = http_open(&server->http, server->needs.base, &limits, &handlers);

	if (rc == OK)
		rc = http_open(&server->metrics, server->needs.base, &few, &numbers);
	return rc;
}

static int64_t find_built(void)
{
	struct stat st;
	int64_t now_s = (int64_t)time(NULL);

	if (stat("/proc/self/exe", &st) != 0)
		return 0;
	if (now_s + CLOCK_SLACK_S < (int64_t)st.st_mtim.tv_sec)
		log_error("district",
		    "the clock is wrong: it says a day before this program was made; nothing "
		    "is taken until it is set");
	return (int64_t)st.st_mtim.tv_sec;
}

enum err server_open(
    struct server **out, const struct server_needs *needs, struct diag *why)
{
	struct server *server = calloc(1, sizeof *server);

	if (server == NULL)
		return ERR_MEMORY;
	server->needs = *needs;
	server->built_s = find_built();
	(void)district_config_hold(needs->config);
	enum err rc = entrance_open(&server->entrance, needs->base, needs->config, why);
	if (rc == OK)
		rc = open_http(server);
	if (rc == OK)
		*out = server;
	else
		server_close(server);
	return rc;
}

static enum err listen_all(struct http_server *http, struct sockets *sockets,
    const char *name, const struct http_door *door)
{
	enum err rc = OK;

	while (rc == OK && sockets_count(sockets, name) > 0)
		rc = http_listen_take(http, sockets_take(sockets, name), door);
	return rc;
}

enum err server_begin(struct server *server, struct sockets *sockets, struct pool *pool)
{
	server->pool = pool;
	enum err rc = listen_all(
	    server->http, sockets, SERVER_SOCKETS_PLAIN, entrance_plain(server->entrance));
	if (rc == OK)
		rc = listen_all(server->http, sockets, SERVER_SOCKETS_TLS,
		    entrance_tls(server->entrance));
	if (rc == OK)
		rc = listen_all(server->metrics, sockets, SERVER_SOCKETS_METRICS, NULL);
	return rc;
}

enum err server_use_config(
    struct server *server, const struct district_config *config, struct diag *why)
{
	enum err rc = entrance_use_config(server->entrance, config, why);

	/* A service that gave up root may not read its key again: the old one serves on. */
	if (rc == ERR_MEMORY)
		return rc;
	district_config_release(server->needs.config);
	server->needs.config = district_config_hold(config);
	return OK;
}

void server_stop_listening(struct server *server)
{
	http_stop_listening(server->http);
	http_stop_listening(server->metrics);
}

bool server_is_quiet(const struct server *server)
{
	return http_answering_count(server->http) == 0;
}

void server_close(struct server *server)
{
	if (server == NULL)
		return;
	http_close(server->http);
	http_close(server->metrics);
	entrance_close(server->entrance);
	district_config_release(server->needs.config);
	free(server);
}
