#include "share/enrol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>
#include <event2/event.h>
#include <jansson.h>
#include <openssl/crypto.h>

#include "base/buf.h"
#include "base/file.h"
#include "kit/json_memory.h"
#include "kit/resolve.h"
#include "kit/servers.h"
#include "kit/transport.h"
#include "share/post.h"

#define PATH "/v1/enrolments"

enum {
	INPUT_MAX_BYTES = 64 * 1024,
	URL_BYTES = 600,
	HOST_BYTES = 256
};

struct enrol {
	struct credentials who;
	char url[URL_BYTES];
	char host[HOST_BYTES];
	char *body; /* {"token","public-key"} */
	struct event_base *base;
	bool answered;
};

/* ---- what is asked ---- */

static bool is_here(const char *host)
{
	enum address_class class;

	return strcmp(host, "localhost") == 0 ||
	    (address_literal_class(host, &class) && class == ADDRESS_LOOPBACK);
}

static bool read_part(CURLU *url, CURLUPart part, char *out, size_t size)
{
	char *text = NULL;
	bool fine = curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) == CURLUE_OK &&
	    strlen(text) < size;

	if (fine)
		(void)snprintf(out, size, "%s", text);
	curl_free(text);
	return fine;
}

/* "https://HOST[:PORT]", nothing behind it but a slash. */
static bool read_place(struct enrol *e, const char *text)
{
	char scheme[16], port[16], path[16], user[16];
	uint64_t number;
	size_t len = strlen(text);
	CURLU *url = curl_url();

	bool fine = url != NULL && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
	    read_part(url, CURLUPART_SCHEME, scheme, sizeof scheme) &&
	    read_part(url, CURLUPART_HOST, e->host, sizeof e->host) &&
	    read_part(url, CURLUPART_PORT, port, sizeof port) &&
	    read_part(url, CURLUPART_PATH, path, sizeof path) && strcmp(path, "/") == 0 &&
	    !read_part(url, CURLUPART_USER, user, sizeof user) &&
	    slice_to_u64(slice_of(port), UINT16_MAX, &number);
	curl_url_cleanup(url);
	if (!fine)
		return false;
	size_t host = strlen(e->host);
	if (host > 2 && e->host[0] == '[') {
		memmove(e->host, e->host + 1, host - 2);
		e->host[host - 2] = 0;
	}
	e->who.port = (uint16_t)number;
	e->who.tls = strcmp(scheme, "https") == 0;
	if (!e->who.tls && (strcmp(scheme, "http") != 0 || !is_here(e->host)))
		return false;
	int n = snprintf(e->url, sizeof e->url, "%.*s" PATH,
	    (int)(len > 0 && text[len - 1] == '/' ? len - 1 : len), text);
	return n > 0 && (size_t)n < sizeof e->url;
}

static enum err read_input(struct buf *out)
{
	char chunk[4096];
	ssize_t got;

	while ((got = read(STDIN_FILENO, chunk, sizeof chunk)) > 0)
		buf_append(out, (struct slice){(uint8_t *)chunk, (size_t)got});
	OPENSSL_cleanse(chunk, sizeof chunk);
	return got < 0 ? ERR_IO : buf_status(out);
}

static bool read_members(struct enrol *e, const json_t *root)
{
	const char *url = json_string_value(json_object_get(root, "url"));
	const char *ca = json_string_value(json_object_get(root, "ca"));
	const char *token = json_string_value(json_object_get(root, "token"));
	const char *key = json_string_value(json_object_get(root, "public-key"));

	if (url == NULL || ca == NULL || token == NULL || key == NULL ||
	    !read_place(e, url))
		return false;
	buf_text(&e->who.anchor, ca);
	json_t *body = json_pack("{s:s,s:s}", "token", token, "public-key", key);
	e->body = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
	json_decref(body);
	return e->body != NULL && buf_status(&e->who.anchor) == OK;
}

enum err enrol_read(struct enrol **out, struct diag *why)
{
	struct buf input = BUF_INIT(INPUT_MAX_BYTES);
	struct enrol *e = calloc(1, sizeof *e);
	enum err rc = ERR_MEMORY;

	if (e != NULL) {
		e->who.anchor = BUF_INIT(CERTIFICATE_FILE_MAX_BYTES);
		rc = read_input(&input);
	}
	if (rc == OK) {
		json_t *root = json_loadb((const char *)input.ptr, input.len, 0, NULL);
		rc = read_members(e, root) ? OK : ERR_FORMAT;
		json_decref(root);
	}
	if (input.ptr != NULL)
		OPENSSL_cleanse(input.ptr, input.cap);
	buf_deinit(&input);
	if (rc == OK) {
		e->who.host = e->host;
		e->who.url = e->url;
		*out = e;
		return OK;
	}
	diag_set(why, "the enrolment's address cannot be used");
	enrol_free(e);
	return rc;
}

void enrol_free(struct enrol *e)
{
	if (e == NULL)
		return;
	if (e->body != NULL)
		OPENSSL_cleanse(e->body, strlen(e->body));
	json_memory_free(e->body);
	credentials_wipe(&e->who);
	free(e);
}

/* ---- the answer ---- */

static void print(json_t *object)
{
	if (object != NULL && json_dumpf(object, stdout, JSON_COMPACT) == 0)
		(void)putchar('\n');
	json_decref(object);
	(void)fflush(stdout);
}

static void on_answer(void *context, const struct post_answer *answer)
{
	struct enrol *e = context;
	json_t *body = answer->body.len == 0
	    ? NULL
	    : json_loadb((const char *)answer->body.ptr, answer->body.len, 0, NULL);

	e->answered = answer->status != 0;
	if (!e->answered)
		print(json_pack("{s:s}", "error", answer->why));
	else
		print(json_pack("{s:i,s:o,s:s}", "status", (int)answer->status, "answer",
		    body != NULL ? json_incref(body) : json_null(), "why", answer->why));
	json_decref(body);
	(void)event_base_loopbreak(e->base);
}

enum err enrol_ask(struct enrol *e, const struct config *config)
{
	char control[FILE_PATH_BYTES];
	struct upstreams upstreams;
	struct event_base *base = e->base = event_base_new();
	struct post_line line = {.resolver = NULL};
	struct post *post = NULL;
	const struct resolver_options how = {.control_path = control,
	    .upstreams = &upstreams,
	    .timeout_ms = (unsigned)config->upstream.timeout_ms};
	const struct post_request request = {.who = &e->who,
	    .url = e->url,
	    .type = "application/json",
	    .encoding = NULL,
	    .body = slice_of(e->body)};

	servers_find(&upstreams, &config->upstream, "/etc/resolv.conf");
	enum err rc =
	    path_join(control, sizeof control, config->server.run_dir.text, "control.sock");
	if (rc == OK)
		rc = base == NULL ? ERR_MEMORY : resolver_new(&line.resolver, base, &how);
	if (rc == OK)
		rc = transport_new(&line.transport, base);
	if (rc == OK)
		rc = post_start(&post, &line, &request, on_answer, e);
	if (rc == OK && event_base_dispatch(base) < 0)
		rc = ERR_IO;
	if (rc != OK)
		print(json_pack("{s:s}", "error", err_text(rc)));
	else if (!e->answered)
		rc = ERR_IO;
	transport_free(line.transport);
	resolver_free(line.resolver);
	if (base != NULL)
		event_base_free(base);
	return rc;
}
