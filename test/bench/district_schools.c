/* district_schools -- many schools that send one signed document each, on time: open loop.
 *
 *	district_schools prepare WHERE SCHOOLS FILE
 *	    units, tokens and pinned keys into the store WHERE (as store_open() has it), and one
 *	    signed, packed document of yesterday for each school into FILE
 *	district_schools send FILE PORT SECONDS [CA]
 *	    every document once, at its own random moment within SECONDS, each on a connection of its
 *	    own; over TLS that CA (PEM) vouches for, when one is given. One JSON line with the times
 *
 * A document's time runs from the moment it was due, not from when we got round to it, so a
 * collector that stalls pays for everybody it kept waiting (no coordinated omission). Moments are
 * drawn uniformly from a fixed seed, as schools with a random delay arrive. test/bench/schools.py
 * runs both halves with a collector between them. Everything stays on loopback. */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <zlib.h>

#include "base/attr.h"
#include "base/file.h"
#include "base/hash.h"
#include "district/store.h"
#include "report/report.h"
#include "report/signed.h"

enum {
	SCHOOLS_MAX = 100000,
	GROUP = 500, /* units in one transaction */
	FILE_MAX_BYTES = 1 << 30,
	JSON_MAX = 64 * 1024,
	TOKEN_BYTES = 32,
	ANSWER_S = 60,
	TICK_US = 500,
	KINDS = 14
};

static void die(const char *what, const char *why)
{
	(void)fprintf(stderr, "district_schools: %s: %s\n", what, why);
	exit(1);
}

static uint64_t mono_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---- documents ---- */

static const char *const CATEGORIES[KINDS] = {"gambling", "violence_weapons",
    "social_network", "games", "streaming", "piracy", "proxy_vpn_doh", "malware",
    "phishing_scam", "illegal_vn", "custom", "gambling", "games", "streaming"};
static const char *const TIERS[2] = {"lower_secondary", "upper_secondary"};

static uint64_t draw(uint64_t *seed)
{
	*seed += UINT64_C(0x9e3779b97f4a7c15);
	return hash_mix64(*seed);
}

static void fill_policy(struct report_document *d)
{
	static const char *block[11];
	static struct report_document_tier tiers[2];
	static struct report_category_entries entries[11];
	static struct report_feed feeds[6];
	static const char *sensitive[] = {"adult", "self_harm", "dating"};
	static const char *silent[] = {"ads_tracking"};
	static struct report_coverage_tier coverage[2];

	for (size_t i = 0; i < COUNT_OF(block); i++) {
		block[i] = CATEGORIES[i];
		entries[i] =
		    (struct report_category_entries){CATEGORIES[i], 1000 * (i + 1)};
	}
	for (size_t i = 0; i < 2; i++) {
		tiers[i] = (struct report_document_tier){TIERS[i], block, 11, "moderate"};
		coverage[i] = (struct report_coverage_tier){TIERS[i], REPORT_BAND_100, 40};
	}
	for (size_t i = 0; i < COUNT_OF(feeds); i++)
		feeds[i] = (struct report_feed){CATEGORIES[i], 5000 * i, 7 + i,
		    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"};
	d->tiers = tiers;
	d->tier_count = 2;
	d->categories = entries;
	d->category_count = 11;
	d->feeds = feeds;
	d->feed_count = 6;
	d->sensitive = sensitive;
	d->sensitive_count = 3;
	d->silent = silent;
	d->silent_count = 1;
	d->silent_given = true;
	d->coverage = coverage;
	d->coverage_count = 2;
	d->privacy = (struct report_privacy){10, 20, 20};
}

static void fill_records(struct report_document *d, uint64_t *seed)
{
	static struct report_record records[2 * 11];

	d->records = records;
	d->record_count = 0;
	d->published_total = 0;
	for (size_t t = 0; t < 2; t++)
		for (size_t c = 0; c < 11; c++) {
			struct report_record *r = &records[d->record_count++];
			*r = (struct report_record){
			    .tier = TIERS[t], .category = CATEGORIES[c]};
			r->below = draw(seed) % 3 == 0;
			if (r->below)
				continue;
			r->attempts = report_round_attempts(50 + draw(seed) % 3000);
			r->band = REPORT_BAND_20;
			d->published_total += r->attempts;
		}
}

/* Of yesterday, UTC+7. */
static void make_document(
    struct report_document *d, const char *unit, int64_t now_s, uint64_t *seed)
{
	static char start[REPORT_TIME_BYTES], end[REPORT_TIME_BYTES];
	static const char *kinds[] = {"lower_secondary", "upper_secondary"};
	const int64_t zone_s = 7 * 3600;
	int64_t today = (now_s + zone_s) / 86400 * 86400 - zone_s;
	struct tally_period period = {.start_s = today - 86400,
	    .end_s = today,
	    .start_offset_min = 420,
	    .end_offset_min = 420};
	int year, month, day;

	day_split(day_at(period.start_s, (int32_t)zone_s), &year, &month, &day);
	period.day = (uint32_t)(year * 10000 + month * 100 + day);
	report_time(start, period.start_s, 420);
	report_time(end, period.end_s, 420);
	*d = (struct report_document){.revision = 1,
	    .unit = unit,
	    .name = "Trường mô phỏng",
	    .kinds = kinds,
	    .kind_count = 2,
	    .contact = "",
	    .generator = "lachan bench",
	    .start = start,
	    .end = end,
	    .policy_sha256 =
	        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
	    .enforce = true,
	    .uptime_s = 86400,
	    .placement = "gateway",
	    .queries = report_round_two_digits(20000 + draw(seed) % 80000),
	    .reviews_percent = 100};
	report_id(d->report_id, unit, &period, REPORT_DAY, 1);
	fill_policy(d);
	fill_records(d, seed);
}

static void pack(struct buf *out, struct slice bytes)
{
	static uint8_t packed[JSON_MAX];
	z_stream z = {.next_in = (Bytef *)(uintptr_t)bytes.ptr};

	z.avail_in = (uInt)bytes.len;
	z.next_out = packed;
	z.avail_out = sizeof packed;
	if (deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) !=
	        Z_OK ||
	    deflate(&z, Z_FINISH) != Z_STREAM_END)
		die("gzip", "failed");
	(void)deflateEnd(&z);
	buf_append(out, (struct slice){packed, (size_t)z.total_out});
}

/* ---- prepare ---- */

static void put_school(struct store *store, const char *unit, const char *token,
    int64_t now_s, const struct sign_key *key)
{
	struct token bearer = {.use = TOKEN_SEND, .made_s = now_s};
	const struct unit school = {.unit = unit,
	    .from = day_at(now_s, 0) - 400,
	    .until = DAY_FOREVER,
	    .name = "Trường mô phỏng",
	    .level = "school",
	    .code = "",
	    .parent = "",
	    .kinds = "lower_secondary",
	    .contact = "",
	    .pupils = 500,
	    .sends = true,
	    .successor = ""};

	(void)snprintf(bearer.unit, sizeof bearer.unit, "%s", unit);
	if (EVP_Digest(token, strlen(token), bearer.sha256, NULL, EVP_sha256(), NULL) !=
	        1 ||
	    store_unit_put(store, &school) != OK || store_token_put(store, &bearer) != OK ||
	    store_key_pin(store, unit, key->public.bytes, "bench", now_s) != OK)
		die(unit, store_why(store));
}

/* One entry of FILE: token (TOKEN_BYTES octets), length (u32, little-endian), document. */
static void put_entry(struct buf *file, const char *token, struct slice document)
{
	uint8_t length[4];
	struct writer w = writer_over(length, sizeof length);

	writer_le32(&w, (uint32_t)document.len);
	buf_append(file, (struct slice){(const uint8_t *)token, TOKEN_BYTES});
	buf_append(file, writer_slice(&w));
	buf_append(file, document);
}

static void prepare_one(
    struct store *store, unsigned i, int64_t now_s, struct buf *file, uint64_t *seed)
{
	struct buf json = BUF_INIT(JSON_MAX), text = BUF_INIT(JSON_MAX),
	           gzip = BUF_INIT(JSON_MAX);
	struct report_document document;
	uint8_t random[SIGN_KEY_BYTES] = {0};
	char unit[32], token[TOKEN_BYTES + 1];
	struct sign_key key;
	struct diag why = {.text = ""};

	(void)snprintf(unit, sizeof unit, "mo-phong-%05u", i);
	(void)snprintf(token, sizeof token, "bench-token-%020u", i);
	memcpy(random, &i, sizeof i);
	if (sign_key_make(&key, random) != OK)
		die("key", "no memory");
	put_school(store, unit, token, now_s, &key);
	make_document(&document, unit, now_s, seed);
	if (report_validate(&document, NULL, &why) != REPORT_FINE)
		die("the document", why.text);
	if (report_encode(&document, &json) != OK ||
	    report_sign(&text, buf_slice(&json), &key) != OK)
		die("the document", "cannot be signed");
	pack(&gzip, buf_slice(&text));
	put_entry(file, token, buf_slice(&gzip));
	buf_deinit(&json);
	buf_deinit(&text);
	buf_deinit(&gzip);
}

static int prepare(const char *where, const char *count_text, const char *path)
{
	struct store *store = NULL;
	struct diag why = {.text = ""};
	struct buf file = BUF_INIT(FILE_MAX_BYTES);
	uint64_t count = 0, seed = 20261122;
	const int64_t now_s = time(NULL);

	if (!slice_to_u64(slice_of(count_text), SCHOOLS_MAX, &count))
		die(count_text, "no number of schools");
	if (store_open(&store, where, &why) != OK)
		die(where, why.text);
	if (store_prepare(store, day_at(now_s, 7 * 3600)) != OK)
		die("prepare", store_why(store));
	for (unsigned i = 0; i < count; i++) {
		if (i % GROUP == 0 && store_begin(store) != OK)
			die("begin", store_why(store));
		prepare_one(store, i, now_s, &file, &seed);
		if ((i % GROUP == GROUP - 1 || i + 1 == count) && store_commit(store) != OK)
			die("commit", store_why(store));
	}
	store_close(store);
	if (buf_status(&file) != OK ||
	    file_write_atomic(path, buf_slice(&file), 0600) != OK)
		die(path, strerror(errno));
	(void)printf("{\"schools\":%" PRIu64 ",\"bytes\":%zu}\n", count, file.len);
	buf_deinit(&file);
	return 0;
}

/* ---- send ---- */

struct sending {
	struct slice token, document;
	uint64_t due_us;
	uint64_t took_us;
	unsigned status; /* 0: no answer */
	struct bufferevent *stream;
	struct load *load;
};

struct load {
	struct event_base *base;
	struct event *tick;
	struct sockaddr_in to;
	SSL_CTX *tls; /* NULL: plain */
	struct sending *all;
	size_t count, next, ended;
	uint64_t began_us;
	size_t most_open;
};

static void end_one(struct sending *s)
{
	s->took_us = mono_us() - s->load->began_us - s->due_us;
	bufferevent_free(s->stream);
	s->stream = NULL;
	if (++s->load->ended == s->load->count)
		event_base_loopbreak(s->load->base);
}

static void on_readable(struct bufferevent *stream, void *context)
{
	struct sending *s = context;
	struct evbuffer *in = bufferevent_get_input(stream);
	char head[13] = "";

	/* "HTTP/1.1 201"; the collector closes behind its answer. */
	if (s->status == 0 && evbuffer_get_length(in) >= 12 &&
	    evbuffer_copyout(in, head, 12) == 12)
		s->status = (unsigned)strtoul(head + 9, NULL, 10);
}

static void on_event(struct bufferevent *stream, short what, void *context)
{
	struct sending *s = context;

	if ((what & BEV_EVENT_CONNECTED) != 0)
		return;
	on_readable(stream, s);
	end_one(s);
}

static struct bufferevent *open_stream(struct load *load)
{
	SSL *ssl;

	if (load->tls == NULL)
		return bufferevent_socket_new(load->base, -1, BEV_OPT_CLOSE_ON_FREE);
	ssl = SSL_new(load->tls);
	if (ssl == NULL)
		return NULL;
	struct bufferevent *stream = bufferevent_openssl_socket_new(
	    load->base, -1, ssl, BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
	if (stream != NULL)
		bufferevent_openssl_set_allow_dirty_shutdown(stream, 1);
	return stream;
}

static void begin_one(struct load *load, struct sending *s)
{
	const struct timeval patience = {ANSWER_S, 0};
	static const int on = 1;
	struct bufferevent *stream = open_stream(load);

	if (stream == NULL)
		die("a connection", "no memory");
	s->stream = stream;
	bufferevent_setcb(stream, on_readable, NULL, on_event, s);
	(void)bufferevent_set_timeouts(stream, &patience, &patience);
	(void)bufferevent_enable(stream, EV_READ | EV_WRITE);
	evbuffer_add_printf(bufferevent_get_output(stream),
	    "POST /v1/summaries HTTP/1.1\r\nHost: 127.0.0.1\r\n"
	    "Content-Type: application/vnd.lachan.summary+json\r\nContent-Encoding: gzip\r\n"
	    "Authorization: Bearer %.*s\r\nContent-Length: %zu\r\n\r\n",
	    (int)s->token.len, (const char *)s->token.ptr, s->document.len);
	(void)bufferevent_write(stream, s->document.ptr, s->document.len);
	/* A refusal at once ends it through on_event(). */
	if (bufferevent_socket_connect(
	        stream, (struct sockaddr *)&load->to, sizeof load->to) != 0)
		die("connect", strerror(errno));
	/* As curl does: else the request waits behind the handshake's last words for an ACK. */
	(void)setsockopt(
	    bufferevent_getfd(stream), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
	struct load *load = context;
	uint64_t now = mono_us() - load->began_us;

	(void)fd;
	(void)what;
	while (load->next < load->count && load->all[load->next].due_us <= now)
		begin_one(load, &load->all[load->next++]);
	if (load->next - load->ended > load->most_open)
		load->most_open = load->next - load->ended;
}

static int by_due(const void *a, const void *b)
{
	const struct sending *x = a, *y = b;

	return x->due_us < y->due_us ? -1 : x->due_us > y->due_us;
}

static int by_time(const void *a, const void *b)
{
	const struct sending *x = a, *y = b;

	return x->took_us < y->took_us ? -1 : x->took_us > y->took_us;
}

static void read_entries(struct load *load, struct slice file, uint64_t span_us)
{
	struct reader r = reader_over(file);
	uint64_t seed = 7;

	load->all = calloc(SCHOOLS_MAX, sizeof *load->all);
	if (load->all == NULL)
		die("documents", "no memory");
	while (r.left > 0 && !r.bad && load->count < SCHOOLS_MAX) {
		struct sending *s = &load->all[load->count++];
		s->load = load;
		s->token = reader_bytes(&r, TOKEN_BYTES);
		s->document = reader_bytes(&r, reader_le32(&r));
		s->due_us = draw(&seed) % span_us;
	}
	if (r.bad || load->count == 0)
		die("documents", "damaged");
	qsort(load->all, load->count, sizeof *load->all, by_due);
}

static double percentile_ms(const struct load *load, double share)
{
	size_t at = (size_t)((double)(load->count - 1) * share + 0.5);

	return (double)load->all[at].took_us / 1000;
}

static int tell(struct load *load, uint64_t seconds)
{
	size_t stored = 0, same = 0, refused = 0, silent = 0;

	for (size_t i = 0; i < load->count; i++) {
		unsigned status = load->all[i].status;
		stored += status == 201;
		same += status == 200;
		silent += status == 0;
		refused += status != 201 && status != 200 && status != 0;
	}
	qsort(load->all, load->count, sizeof *load->all, by_time);
	(void)printf("{\"documents\":%zu,\"seconds\":%" PRIu64
	             ",\"took_s\":%.1f,\"tls\":%s,"
	             "\"stored\":%zu,\"same\":%zu,\"refused\":%zu,\"no_answer\":%zu,"
	             "\"p50_ms\":%.2f,\"p90_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f,"
	             "\"most_open\":%zu}\n",
	    load->count, seconds, (double)(mono_us() - load->began_us) / 1e6,
	    load->tls != NULL ? "true" : "false", stored, same, refused, silent,
	    percentile_ms(load, 0.5), percentile_ms(load, 0.9), percentile_ms(load, 0.99),
	    percentile_ms(load, 1), load->most_open);
	return refused + silent == 0 ? 0 : 1;
}

static void use_tls(struct load *load, const char *ca)
{
	load->tls = SSL_CTX_new(TLS_client_method());
	if (load->tls == NULL || SSL_CTX_load_verify_file(load->tls, ca) != 1)
		die(ca, "no certificate");
	SSL_CTX_set_verify(load->tls, SSL_VERIFY_PEER, NULL);
}

static int send_all(char **words)
{
	struct load load = {.to = {.sin_family = AF_INET}};
	struct buf file = BUF_INIT(FILE_MAX_BYTES);
	const struct timeval tick = {0, TICK_US};
	uint64_t port = 0, seconds = 0;

	if (!slice_to_u64(slice_of(words[1]), UINT16_MAX, &port) ||
	    !slice_to_u64(slice_of(words[2]), 7200, &seconds) || seconds == 0)
		die("PORT SECONDS", "no numbers");
	if (file_read(words[0], &file) != OK)
		die(words[0], strerror(errno));
	load.to.sin_port = htons((uint16_t)port);
	load.to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (words[3] != NULL)
		use_tls(&load, words[3]);
	read_entries(&load, buf_slice(&file), seconds * 1000000);
	load.base = event_base_new();
	load.tick =
	    load.base != NULL ? event_new(load.base, -1, EV_PERSIST, on_tick, &load) : NULL;
	if (load.tick == NULL || event_add(load.tick, &tick) != 0)
		die("events", "no memory");
	load.began_us = mono_us();
	event_base_dispatch(load.base);
	int status = tell(&load, seconds);
	event_free(load.tick);
	event_base_free(load.base);
	SSL_CTX_free(load.tls);
	free(load.all);
	buf_deinit(&file);
	return status;
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "prepare") == 0)
		return prepare(argv[2], argv[3], argv[4]);
	if ((argc == 5 || argc == 6) && strcmp(argv[1], "send") == 0)
		return send_all(argv + 2);
	(void)fputs("usage: district_schools prepare WHERE SCHOOLS FILE\n"
	            "       district_schools send FILE PORT SECONDS [CA]\n",
	    stderr);
	return 2;
}
