#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/words.h"
#include "feeds/fetch_easy.h"
#include "feeds/fetch_internal.h"
#include "kit/certificates.h"

enum {
	ADDRESS_LINE_BYTES = 1536,
	DISCARD_MAX_BYTES = 64 * 1024 /* of the body of an answer that is no 200 */
};

/* ---- ending ---- */

static void close_hop(struct job *job)
{
	if (job->resolution != NULL)
		resolve_cancel(job->resolution);
	job->resolution = NULL;
	if (job->easy != NULL) {
		transport_stop(job->fetcher->transport, job->easy);
		curl_easy_cleanup(job->easy);
	}
	job->easy = NULL;
	curl_slist_free_all(job->headers);
	job->headers = NULL;
	curl_slist_free_all(job->hosts);
	job->hosts = NULL;
}

void job_free(struct job *job)
{
	close_hop(job);
	free(job);
}

static void finish(struct job *job, enum err rc)
{
	close_hop(job);
	fetcher_forget(job->fetcher, job);
	job->request.sink->done(
	    job->request.context, rc, &job->failures, job->retry_after_s);
	job_free(job);
}

/* The address under way has failed because of `why`; on to the next one. */
static void give_up_address(struct job *job, const char *why)
{
	struct diag *all = &job->failures;
	char before[DIAG_TEXT_BYTES];

	if (job->request.url_count == 1) {
		diag_set(all, "%s", why);
	} else {
		/* Without what follows "?": there some lists want a key that was paid for, and
		 * this is read in logs. */
		const char *url = job->request.urls[job->url_index];
		(void)snprintf(before, sizeof before, "%s", all->text);
		diag_set(all, "%s%s%.*s: %s", before, before[0] != 0 ? "; " : "",
		    (int)strcspn(url, "?#"), url, why);
	}
	close_hop(job);
	job->url_index++;
	job_try_address(job);
}

/* ---- libcurl's callbacks; none may end the job ---- */

static size_t refuse_body(struct job *job, const char *why)
{
	diag_set(&job->refusal, "%s", why);
	return 0;
}

static bool ratio_is_sane(struct job *job)
{
	curl_off_t received = 0;

	if (job->decoded <= FETCH_RATIO_FREE_BYTES || job->url.scheme == URL_FILE)
		return true;
	(void)curl_easy_getinfo(job->easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
	return job->decoded / FETCH_RATIO_MAX <= (uint64_t)received;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): libcurl gives the type */
static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
	struct job *job = arg;
	size_t len = size * count;
	long status = 0;

	(void)curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &status);
	if (job->url.scheme != URL_FILE && status != 200) {
		job->discarded += len;
		return job->discarded <= DISCARD_MAX_BYTES ? len : 0;
	}
	if (job->request.max_bytes - job->decoded < len)
		return refuse_body(job, N_("larger than max_size once decompressed"));
	job->decoded += len;
	/* libcurl's own limits count what came over the wire: a bomb is small there. */
	if (!ratio_is_sane(job))
		return refuse_body(job, N_("decompresses to more than 100 times its size"));
	struct slice bytes = {(const uint8_t *)data, len};
	enum err rc = job->request.sink->write(job->request.context, bytes, &job->refusal);
	return rc == OK ? len : 0;
}

/* The last look before anything leaves this machine. */
static curl_socket_t on_open_socket(
    void *arg, curlsocktype purpose UNUSED, struct curl_sockaddr *address)
{
	struct job *job = arg;
	enum address_class class = address_classify_socket(&address->addr);

	bool allowed = job->fetcher->proxied ? class != ADDRESS_SPECIAL
	                                     : url_class_allowed(job->configured, class);
	if (!allowed) {
		diag_set(&job->refusal, N_("refused to connect to %s"),
		    address_class_text(class));
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static bool is_ours(const struct job *job)
{
	return job->url.scheme != URL_FILE && job->redirects == 0;
}

static bool show_own(SSL_CTX *ctx, const struct certificate *own)
{
	return SSL_CTX_use_certificate(ctx, own->own) == 1 &&
	    SSL_CTX_use_PrivateKey(ctx, own->key) == 1 &&
	    (own->chain == NULL || SSL_CTX_set1_chain(ctx, own->chain) == 1);
}

static CURLcode on_tls(CURL *easy UNUSED, void *ctx, void *arg)
{
	const struct job *job = arg;
	const char *more = job->fetcher->options.ca_file;
	bool alone = is_ours(job) && job->request.only_anchor.len > 0;

	if (more[0] != 0 && !alone && SSL_CTX_load_verify_locations(ctx, more, NULL) != 1)
		return CURLE_SSL_CACERT_BADFILE;
	if (is_ours(job) && job->request.own != NULL && !show_own(ctx, job->request.own))
		return CURLE_SSL_CERTPROBLEM;
	return CURLE_OK;
}

/* ---- one transfer ---- */

static void keep_header(CURL *easy, const char *name, char *out, size_t size)
{
	struct curl_header *header;

	out[0] = 0;
	if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK ||
	    strlen(header->value) >= size)
		return;
	(void)snprintf(out, size, "%s", header->value);
}

/* In HTTP/1 a body may end with the connection: then nobody can tell its end from a cut
 * (RFC 9112 section 6.3). */
static bool has_an_end(CURL *easy)
{
	struct curl_header *encoding;
	curl_off_t length = -1;
	long version = 0;

	(void)curl_easy_getinfo(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	(void)curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
	if (length >= 0 ||
	    (version != CURL_HTTP_VERSION_1_0 && version != CURL_HTTP_VERSION_1_1))
		return true;
	return curl_easy_header(
	           easy, "Transfer-Encoding", 0, CURLH_HEADER, -1, &encoding) == CURLHE_OK;
}

static void take_answer(struct job *job, bool not_modified)
{
	struct fetch_answer answer = {.url = job->request.urls[job->url_index],
	    .member = job->member,
	    .not_modified = not_modified};
	struct diag why = {.text = ""};

	if (job->easy != NULL) {
		keep_header(job->easy, "ETag", answer.etag, sizeof answer.etag);
		keep_header(job->easy, "Last-Modified", answer.last_modified,
		    sizeof answer.last_modified);
	}
	if (job->request.sink->end(job->request.context, &answer, &why) == OK) {
		finish(job, OK);
	} else {
		give_up_address(job, why.text);
	}
}

static void start_hop(struct job *job);

static void follow(struct job *job)
{
	char location[URL_BYTES];
	struct url next;
	struct diag why = {.text = ""};

	keep_header(job->easy, "Location", location, sizeof location);
	if (location[0] == 0) {
		give_up_address(job, N_("a redirect without a usable Location"));
	} else if (job->redirects == URL_REDIRECTS_MAX) {
		give_up_address(job, N_("more than 5 redirects"));
	} else if (url_redirect(&next, &job->url, location, &why) != OK) {
		give_up_address(job, why.text);
	} else {
		job->redirects++;
		job->url = next;
		close_hop(job);
		start_hop(job);
	}
}

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 ||
	    status == 308;
}

static void keep_retry_after(struct job *job, long status)
{
	curl_off_t wait_s = 0;

	if (status != 429 && status != 503)
		return;
	(void)curl_easy_getinfo(job->easy, CURLINFO_RETRY_AFTER, &wait_s);
	if (wait_s > 0)
		job->retry_after_s = wait_s < UINT32_MAX ? (uint32_t)wait_s : UINT32_MAX;
}

static void on_transfer_end(void *context, CURL *easy, CURLcode code)
{
	struct job *job = context;
	char why[DIAG_TEXT_BYTES];
	long status = 0;

	(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	bool http = job->url.scheme != URL_FILE && status != 0;
	if (http && is_redirect(status)) {
		follow(job);
	} else if (http && status == 304 && job->conditional && code == CURLE_OK) {
		take_answer(job, true);
	} else if (http && status != 200 && status != 0) {
		keep_retry_after(job, status);
		(void)snprintf(why, sizeof why, N_("the server answered %ld"), status);
		give_up_address(job, why);
	} else if (code != CURLE_OK) {
		(void)snprintf(why, sizeof why, "%s",
		    fetch_failure_text(code, job->refusal.text, job->curl_error));
		give_up_address(job, why);
	} else if (http && !has_an_end(easy)) {
		give_up_address(job, N_("the server does not say where the body ends"));
	} else {
		take_answer(job, false);
	}
}

static bool set_validators(struct job *job)
{
	const struct fetch_request *r = &job->request;

	job->conditional = false;
	if (job->url.scheme == URL_FILE || r->known_url == NULL ||
	    strcmp(r->known_url, r->urls[job->url_index]) != 0)
		return true;
	if (r->etag[0] != 0 && !fetch_add_header(&job->headers, "If-None-Match", r->etag))
		return false;
	if (r->last_modified[0] != 0 &&
	    !fetch_add_header(&job->headers, "If-Modified-Since", r->last_modified))
		return false;
	job->conditional = job->headers != NULL;
	return true;
}

/* What tells who we are is for the server that the configuration names, and nobody else. */
static bool set_credentials(struct job *job)
{
	const struct fetch_request *r = &job->request;
	char value[FETCH_VALIDATOR_BYTES + 16];

	if (!is_ours(job))
		return true;
	if (r->only_anchor.len > 0) {
		/* libcurl copies it. */
		struct curl_blob pem = {(void *)(uintptr_t)r->only_anchor.ptr,
		    r->only_anchor.len, CURL_BLOB_COPY};
		(void)curl_easy_setopt(job->easy, CURLOPT_CAINFO_BLOB, &pem);
		(void)curl_easy_setopt(job->easy, CURLOPT_CAPATH, NULL);
	}
	if (r->bearer == NULL || r->bearer[0] == 0)
		return true;
	(void)snprintf(value, sizeof value, "Bearer %s", r->bearer);
	return fetch_add_header(&job->headers, "Authorization", value);
}

static void set_callbacks(struct job *job)
{
	CURL *easy = job->easy;

	job->curl_error[0] = 0;
	(void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, job->curl_error);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, job);
	(void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	(void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, job);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, job);
}

static void start_transfer(struct job *job)
{
	struct fetcher *f = job->fetcher;
	struct diag why = {.text = ""};

	job->decoded = 0;
	job->discarded = 0;
	job->refusal.text[0] = 0;
	if (job->request.sink->begin(job->request.context, &why) != OK) {
		give_up_address(job, why.text);
		return;
	}
	job->easy = curl_easy_init();
	if (job->easy == NULL || !set_validators(job) || !set_credentials(job)) {
		give_up_address(job, N_("out of memory"));
		return;
	}
	fetch_set_limits(job->easy, &job->url);
	set_callbacks(job);
	(void)curl_easy_setopt(job->easy, CURLOPT_PROXY, f->proxied ? f->proxy.text : "");
	(void)curl_easy_setopt(job->easy, CURLOPT_HTTPHEADER, job->headers);
	(void)curl_easy_setopt(job->easy, CURLOPT_RESOLVE, job->hosts);
	if (transport_start(f->transport, job->easy, on_transfer_end, job) != OK)
		give_up_address(job, N_("out of memory"));
}

/* ---- where it goes ---- */

/* At the configured address we learn whose network we are in: public where any of its
 * addresses is, so that a name cannot lead us home by adding one of ours. */
static enum address_class class_of(const struct addresses *found)
{
	enum address_class class = ADDRESS_SPECIAL;

	for (size_t i = 0; i < found->count; i++) {
		if (found->items[i].class < class)
			class = found->items[i].class;
	}
	return class;
}

/* Hands `found` over as CURLOPT_RESOLVE; false when none of it may be used. */
static bool hand_over(
    struct job *job, const struct url *host, const struct addresses *found)
{
	char line[ADDRESS_LINE_BYTES];
	int at = snprintf(line, sizeof line, "%s:%u:", host->host, (unsigned)host->port);
	bool any = false;

	for (size_t i = 0; i < found->count; i++) {
		const struct address *a = &found->items[i];
		bool v6 = strchr(a->text, ':') != NULL;
		if (!job->fetcher->proxied && !url_class_allowed(job->configured, a->class))
			continue;
		at += snprintf(line + at, sizeof line - (size_t)at, "%s%s%s%s",
		    any ? "," : "", v6 ? "[" : "", a->text, v6 ? "]" : "");
		any = true;
	}
	if (any)
		job->hosts = curl_slist_append(NULL, line);
	return any && job->hosts != NULL;
}

static void on_resolved(
    void *context, const struct addresses *found, const struct diag *why)
{
	struct job *job = context;
	const struct fetcher *f = job->fetcher;
	char text[DIAG_TEXT_BYTES];

	job->resolution = NULL;
	if (found->count == 0) {
		give_up_address(job, why->text);
		return;
	}
	if (job->redirects == 0)
		job->configured = class_of(found);
	/* No mirror lives there under a name; somebody's DNS wants us to look. */
	if (job->configured == ADDRESS_LINK_LOCAL)
		job->configured = ADDRESS_PUBLIC;
	if (hand_over(job, f->proxied ? &f->proxy : &job->url, found)) {
		start_transfer(job);
		return;
	}
	(void)snprintf(text, sizeof text, N_("%s leads to %s"), job->url.host,
	    address_class_text(class_of(found)));
	give_up_address(job, text);
}

static bool literal_is_allowed(struct job *job)
{
	if (!job->url.literal)
		return true;
	if (job->redirects == 0)
		job->configured = job->url.class;
	return url_class_allowed(job->configured, job->url.class);
}

static void read_folder(struct job *job)
{
	const struct fetch_sink *sink = job->request.sink;
	struct diag why = {.text = ""};

	enum err rc = sink->begin(job->request.context, &why);
	if (rc == OK) {
		rc = sink->folder(job->request.context, job->url.path, job->member, &why);
	}
	if (rc == OK)
		take_answer(job, false);
	else
		give_up_address(job, why.text);
}

static void start_file(struct job *job)
{
	struct stat st;

	/* A pipe would hold up everything else; a device has no end. */
	if (stat(job->url.path, &st) != 0) {
		give_up_address(job, N_("there is no such file"));
	} else if (S_ISDIR(st.st_mode)) {
		read_folder(job);
	} else if (!S_ISREG(st.st_mode) || access(job->url.path, R_OK) != 0) {
		give_up_address(job, N_("not a file that can be read"));
	} else {
		start_transfer(job);
	}
}

/* One hop: the configured address, or where a redirect leads. */
static void start_hop(struct job *job)
{
	struct fetcher *f = job->fetcher;
	const struct url *ask = f->proxied ? &f->proxy : &job->url;
	char text[DIAG_TEXT_BYTES];

	if (job->url.scheme == URL_FILE) {
		start_file(job);
	} else if (!literal_is_allowed(job)) {
		(void)snprintf(text, sizeof text, N_("%s is itself %s"), job->url.host,
		    address_class_text(job->url.class));
		give_up_address(job, text);
	} else if (ask->literal) {
		start_transfer(job);
	} else {
		job->resolution =
		    resolve_start(f->options.resolver, ask->host, on_resolved, job);
		if (job->resolution == NULL)
			give_up_address(job, N_("out of memory"));
	}
}

/* Begins with the address whose turn it is, or ends the job when none is left. Recursion
 * with give_up_address() is bounded by FETCH_URLS_MAX. */
void job_try_address(struct job *job)
{
	struct diag why = {.text = ""};

	if (job->url_index >= job->request.url_count) {
		finish(job, ERR_IO);
		return;
	}
	job->redirects = 0;
	job->configured = ADDRESS_PUBLIC;
	if (url_parse(&job->url, job->request.urls[job->url_index],
	        job->fetcher->options.data_folder, &why) != OK) {
		give_up_address(job, why.text);
	} else {
		memcpy(job->member, job->url.member, sizeof job->member);
		start_hop(job);
	}
}
