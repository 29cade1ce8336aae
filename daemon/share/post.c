#include "share/post.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <curl/curl.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "base/text.h"
#include "kit/resolve.h"
#include "kit/transport.h"

enum {
	ADDRESS_LINE_BYTES = 1536,
	HEADER_BYTES = SECRET_BYTES + 64,
	WHY_BYTES = SHARING_WHY_BYTES
};

struct post {
	struct post_line line;
	struct post_request request;
	post_done done;
	void *context;
	struct resolution *resolution;
	CURL *easy;
	struct curl_slist *headers;
	struct curl_slist *hosts;
	bool is_literal;
	enum address_class literal; /* of an address that stands in the configuration */
	struct buf answer;
	struct diag refusal; /* ours, from within libcurl's callbacks */
	char error[CURL_ERROR_SIZE];
};

/* ---- the end ---- */

static void post_free(struct post *p)
{
	if (p->resolution != NULL)
		resolve_cancel(p->resolution);
	if (p->easy != NULL) {
		transport_stop(p->line.transport, p->easy);
		curl_easy_cleanup(p->easy);
	}
	/* The token stands in one of them. */
	for (struct curl_slist *at = p->headers; at != NULL; at = at->next)
		OPENSSL_cleanse(at->data, strlen(at->data));
	curl_slist_free_all(p->headers);
	curl_slist_free_all(p->hosts);
	buf_deinit(&p->answer);
	free(p);
}

void post_cancel(struct post *post)
{
	if (post != NULL)
		post_free(post);
}

static void finish(struct post *p, struct post_answer *answer, const char *why)
{
	char printable[WHY_BYTES];

	text_printable(printable, sizeof printable, slice_of(why));
	answer->why = printable;
	answer->body = buf_slice(&p->answer);
	p->done(p->context, answer);
	post_free(p);
}

static void fail(struct post *p, const char *why)
{
	struct post_answer answer = {.status = 0};

	finish(p, &answer, why);
}

/* ---- libcurl's callbacks; none may end the post ---- */

/* NOLINTNEXTLINE(readability-non-const-parameter): libcurl gives the type */
static size_t on_body(char *data, size_t size, size_t count, void *context)
{
	struct post *p = context;
	size_t len = size * count;

	buf_append(&p->answer, (struct slice){(const uint8_t *)data, len});
	if (buf_status(&p->answer) == OK)
		return len;
	diag_set(
	    &p->refusal, "its answer is longer than %d KiB", POST_ANSWER_MAX_BYTES / 1024);
	return 0;
}

static bool may_connect(const struct post *p, enum address_class class)
{
	if (class == ADDRESS_PUBLIC)
		return true;
	if (class == ADDRESS_SPECIAL)
		return false;
	if (p->is_literal)
		return class == p->literal;
	return class == ADDRESS_PRIVATE && p->request.who->anchor.len > 0;
}

/* The last look before anything leaves this machine. */
static curl_socket_t on_open_socket(
    void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct post *p = context;
	enum address_class class = address_classify_socket(&address->addr);

	(void)purpose;
	if (!may_connect(p, class)) {
		diag_set(&p->refusal,
		    "%s leads to %s: not connected (write the address itself, or give the "
		    "recipient's ca_file)",
		    p->request.who->host, address_class_text(class));
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Exactly the recipient's own anchors: with the system's beside them, any public CA could let
 * somebody else in between. */
static bool use_anchor(SSL_CTX *ctx, struct slice pem)
{
	X509_STORE *store = X509_STORE_new();
	BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	X509 *one;
	int added = 0;

	while (store != NULL && bio != NULL &&
	    (one = PEM_read_bio_X509(bio, NULL, certificate_no_passphrase, NULL)) != NULL) {
		added += X509_STORE_add_cert(store, one) == 1 ? 1 : 0;
		X509_free(one);
	}
	ERR_clear_error(); /* the end of the file is one, too */
	BIO_free(bio);
	if (added == 0) {
		X509_STORE_free(store);
		return false;
	}
	SSL_CTX_set_cert_store(ctx, store); /* takes it */
	return true;
}

static bool show_own(SSL_CTX *ctx, const struct certificate *own)
{
	return SSL_CTX_use_certificate(ctx, own->own) == 1 &&
	    SSL_CTX_use_PrivateKey(ctx, own->key) == 1 &&
	    (own->chain == NULL || SSL_CTX_set1_chain(ctx, own->chain) == 1);
}

static CURLcode on_tls(CURL *easy, void *ctx, void *context)
{
	const struct credentials *who = ((const struct post *)context)->request.who;

	(void)easy;
	if (who->anchor.len > 0 && !use_anchor(ctx, buf_slice(&who->anchor)))
		return CURLE_SSL_CACERT_BADFILE;
	if (who->own.own != NULL && !show_own(ctx, &who->own))
		return CURLE_SSL_CERTPROBLEM;
	return CURLE_OK;
}

/* ---- the answer ---- */

/* What the receiver says about a refusal: {"error":"sentence"}. */
static void read_error(char out[WHY_BYTES], const struct post *p, unsigned status)
{
	json_t *root = p->answer.len == 0
	    ? NULL
	    : json_loadb(
	          (const char *)p->answer.ptr, p->answer.len, JSON_REJECT_DUPLICATES, NULL);
	const char *said = json_string_value(json_object_get(root, "error"));

	if (said != NULL)
		(void)snprintf(out, WHY_BYTES, "it answered %u: %s", status, said);
	else
		(void)snprintf(out, WHY_BYTES, "it answered %u", status);
	json_decref(root);
}

static const char *failure(const struct post *p, CURLcode code)
{
	if (p->refusal.text[0] != 0)
		return p->refusal.text;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return "it did not answer in time";
	return p->error[0] != 0 ? p->error : curl_easy_strerror(code);
}

static void on_end(void *context, CURL *easy, CURLcode code)
{
	struct post *p = context;
	struct post_answer answer = {.status = 0};
	char why[WHY_BYTES];
	curl_off_t wait_s = 0;
	long status = 0;

	(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_OK || status < 100 || status > 999) {
		finish(p, &answer, code != CURLE_OK ? failure(p, code) : "no answer");
		return;
	}
	(void)curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &wait_s);
	answer.status = (unsigned)status;
	if (wait_s > 0)
		answer.retry_after_s = wait_s < UINT32_MAX ? (uint32_t)wait_s : UINT32_MAX;
	read_error(why, p, answer.status);
	if (status >= 300 && status < 400)
		(void)snprintf(why, sizeof why,
		    "it answered %ld and sends us elsewhere: not followed", status);
	finish(p, &answer, why);
}

/* ---- one transfer ---- */

static bool add_header(struct post *p, const char *line)
{
	struct curl_slist *longer = curl_slist_append(p->headers, line);

	if (longer != NULL)
		p->headers = longer;
	return longer != NULL;
}

static bool add_headers(struct post *p)
{
	const struct post_request *r = &p->request;
	char line[HEADER_BYTES];
	bool fine = add_header(p, "Expect:") && add_header(p, "Accept: application/json");

	(void)snprintf(line, sizeof line, "Content-Type: %s", r->type);
	fine = fine && add_header(p, line);
	if (r->encoding != NULL) {
		(void)snprintf(line, sizeof line, "Content-Encoding: %s", r->encoding);
		fine = fine && add_header(p, line);
	}
	if (r->who->token[0] != 0) {
		(void)snprintf(
		    line, sizeof line, "Authorization: Bearer %s", r->who->token);
		fine = fine && add_header(p, line);
		OPENSSL_cleanse(line, sizeof line);
	}
	return fine;
}

static void set_limits(struct post *p)
{
	CURL *easy = p->easy;

	(void)curl_easy_setopt(easy, CURLOPT_URL, p->request.url);
	(void)curl_easy_setopt(
	    easy, CURLOPT_PROTOCOLS_STR, p->request.who->tls ? "https" : "http");
	(void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_USERAGENT, "lachan/" LACHAN_VERSION);
	(void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	(void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)POST_CONNECT_S);
	(void)curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)POST_LONGEST_S);
	(void)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
}

static void set_callbacks(struct post *p)
{
	CURL *easy = p->easy;

	(void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, p->error);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, p);
	(void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	(void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, p);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, p);
	(void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
	(void)curl_easy_setopt(
	    easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)p->request.body.len);
	(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, p->request.body.ptr);
	(void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, p->headers);
	(void)curl_easy_setopt(easy, CURLOPT_RESOLVE, p->hosts);
}

static void start_transfer(struct post *p)
{
	p->easy = curl_easy_init();
	if (p->easy == NULL || !add_headers(p)) {
		fail(p, "out of memory");
		return;
	}
	set_limits(p);
	set_callbacks(p);
	if (transport_start(p->line.transport, p->easy, on_end, p) != OK)
		fail(p, "out of memory");
}

/* "HOST:PORT:A,B", so that libcurl asks nobody. */
static bool pin(struct post *p, const struct addresses *found)
{
	char line[ADDRESS_LINE_BYTES];
	size_t used = 0;

	for (size_t i = 0; i < found->count; i++) {
		int n = i == 0
		    ? snprintf(line, sizeof line, "%s:%u:%s", p->request.who->host,
		          (unsigned)p->request.who->port, found->items[i].text)
		    : snprintf(
		          line + used, sizeof line - used, ",%s", found->items[i].text);
		if (n < 0 || (size_t)n >= sizeof line - used)
			break;
		used += (size_t)n;
	}
	line[used] = 0;
	p->hosts = curl_slist_append(NULL, line);
	return p->hosts != NULL;
}

static bool is_address(const struct post *p)
{
	return p->is_literal && strcmp(p->request.who->host, "localhost") != 0;
}

static void on_resolved(
    void *context, const struct addresses *found, const struct diag *why)
{
	struct post *p = context;

	p->resolution = NULL;
	if (found->count == 0)
		fail(p, why->text);
	else if (!is_address(p) && !pin(p, found))
		fail(p, "out of memory");
	else
		start_transfer(p);
}

/* "localhost" is as literal as 127.0.0.1 (RFC 6761 section 6.3). */
static void judge_host(struct post *p)
{
	const char *host = p->request.who->host;

	p->literal = ADDRESS_LOOPBACK;
	p->is_literal =
	    strcmp(host, "localhost") == 0 || address_literal_class(host, &p->literal);
}

enum err post_start(struct post **out, const struct post_line *line,
    const struct post_request *request, post_done done, void *context)
{
	struct post *p = calloc(1, sizeof *p);

	if (p == NULL)
		return ERR_MEMORY;
	p->line = *line;
	p->request = *request;
	p->done = done;
	p->context = context;
	p->answer = BUF_INIT(POST_ANSWER_MAX_BYTES);
	judge_host(p);
	p->resolution = resolve_start(line->resolver, request->who->host, on_resolved, p);
	if (p->resolution == NULL) {
		free(p);
		return ERR_MEMORY;
	}
	*out = p;
	return OK;
}
