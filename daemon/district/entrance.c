#include "district/entrance.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/attr.h"
#include "base/words.h"
#include "kit/certificates.h"
#include "kit/secret.h"
#include "kit/tls.h"

enum {
	PROXIES_MAX = 64,
	CLIENT_NAME_BYTES = 65 /* RFC 5280: a common name has 64 characters at most */
};

struct entrance {
	struct event_base *base;
	struct http_door plain;
	struct http_door tls;
	SSL_CTX *context; /* NULL: nobody listens for TLS */
	struct certificate certificate;
	struct config_client proxies[PROXIES_MAX]; /* their texts are not looked at */
	size_t proxy_count;
};

/* ---- plain ------------------------------------------------------------------------------ */

bool entrance_is_proxy(const struct entrance *e, const struct addr *peer)
{
	for (size_t i = 0; i < e->proxy_count; i++) {
		const struct config_client *p = &e->proxies[i];
		bool within = p->first.family == peer->family &&
		    memcmp(peer->bytes, p->first.bytes, addr_size(peer)) >= 0 &&
		    memcmp(peer->bytes, p->last.bytes, addr_size(peer)) <= 0;
		if (within)
			return true;
	}
	return false;
}

static void plain_enter(void *context, struct http_exchange *x, int fd)
{
	struct entrance *e = context;
	const struct addr *peer = http_peer(x);
	struct bufferevent *stream = NULL;

	if (addr_is_loopback(peer) || entrance_is_proxy(e, peer))
		stream = bufferevent_socket_new(e->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (stream != NULL) {
		http_begin(x, stream);
		return;
	}
	(void)close(fd);
	http_drop(x);
}

/* Both doors begin when they are entered: nobody is ever left at them. */
static void abandon(void *context, struct http_exchange *x)
{
	(void)context;
	(void)x;
}

static void plain_finish(void *context, struct bufferevent *stream)
{
	(void)context;
	(void)shutdown(bufferevent_getfd(stream), SHUT_WR);
}

/* ---- TLS -------------------------------------------------------------------------------- */

static void tls_enter(void *context, struct http_exchange *x, int fd)
{
	struct entrance *e = context;
	struct bufferevent *stream = tls_accept(e->context, e->base, fd, &e->certificate);

	if (stream != NULL) {
		http_begin(x, stream);
		return;
	}
	(void)close(fd);
	http_drop(x);
}

static void tls_end(void *context, struct bufferevent *stream)
{
	(void)context;
	tls_finish(stream);
}

const char *entrance_client(struct arena *memory, const struct http_exchange *x)
{
	struct bufferevent *stream = http_is_secure(x) ? http_stream(x) : NULL;
	SSL *ssl = stream != NULL ? bufferevent_openssl_get_ssl(stream) : NULL;
	char name[CLIENT_NAME_BYTES] = "";

	if (ssl == NULL || SSL_get_verify_result(ssl) != X509_V_OK)
		return "";
	X509 *own = SSL_get0_peer_certificate(ssl);
	if (own == NULL)
		return "";
	/* An embedded NUL shows as a length that is not the text's. */
	int len = X509_NAME_get_text_by_NID(
	    X509_get_subject_name(own), NID_commonName, name, sizeof name);
	if (len <= 0 || strlen(name) != (size_t)len)
		return "";
	const char *kept = arena_text(memory, slice_of(name));
	return kept != NULL ? kept : "";
}

/* A client without a certificate comes in, too (with a token); one whose certificate is not
 * of client_ca does not. */
static bool use_client_ca(SSL_CTX *context, const char *path)
{
	if (path[0] == 0)
		return true;
	STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path);
	if (names == NULL)
		return false;
	SSL_CTX_set_client_CA_list(context, names);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	return SSL_CTX_load_verify_file(context, path) == 1;
}

static enum err make_context(
    SSL_CTX **out, const struct district_config *config, struct diag *why)
{
	const char *path = config->server.client_ca.text;
	SSL_CTX *context = tls_context();

	if (context == NULL)
		return ERR_MEMORY;
	if (!use_client_ca(context, path)) {
		ERR_clear_error();
		SSL_CTX_free(context);
		diag_set(why,
		    _("%s: no certificates in it (name a PEM file that we may read)"),
		    path);
		return ERR_FORMAT;
	}
	*out = context;
	return OK;
}

/* ---- life ------------------------------------------------------------------------------- */

static void use_proxies(struct entrance *e, const struct config_clients *proxies)
{
	e->proxy_count = 0;
	for (size_t i = 0; i < proxies->count && i < PROXIES_MAX; i++)
		e->proxies[e->proxy_count++] = proxies->items[i];
}

enum err entrance_use_config(
    struct entrance *e, const struct district_config *config, struct diag *why)
{
	struct certificate certificate = CERTIFICATE_NONE;
	SSL_CTX *context = NULL;
	bool bad_key;

	use_proxies(e, &config->server.trusted_proxies);
	if (config->server.listen_tls.count > 0) {
		enum err rc = certificate_read(
		    &certificate, &config->server.certificate, &bad_key, why);
		if (rc == OK)
			rc = make_context(&context, config, why);
		if (rc != OK) {
			certificate_deinit(&certificate);
			return rc;
		}
		certificate_deinit(&e->certificate);
		SSL_CTX_free(e->context); /* sessions under way hold it themselves */
		e->certificate = certificate;
		e->context = context;
	}
	return OK;
}

enum err entrance_open(struct entrance **out, struct event_base *base,
    const struct district_config *config, struct diag *why)
{
	struct entrance *e = calloc(1, sizeof *e);

	if (e == NULL)
		return ERR_MEMORY;
	e->base = base;
	e->certificate = CERTIFICATE_NONE;
	e->plain = (struct http_door){
	    .enter = plain_enter, .abandon = abandon, .finish = plain_finish, .context = e};
	e->tls = (struct http_door){.enter = tls_enter,
	    .abandon = abandon,
	    .finish = tls_end,
	    .context = e,
	    .is_secure = true};
	enum err rc = entrance_use_config(e, config, why);
	if (rc == OK)
		*out = e;
	else
		entrance_close(e);
	return rc;
}

void entrance_close(struct entrance *e)
{
	if (e == NULL)
		return;
	certificate_deinit(&e->certificate);
	SSL_CTX_free(e->context);
	free(e);
}

const struct http_door *entrance_plain(struct entrance *e)
{
	return &e->plain;
}

const struct http_door *entrance_tls(struct entrance *e)
{
	return &e->tls;
}

/* ---- the files, before anything starts -------------------------------------------------- */

static void tell(struct diags *all, struct mark mark, const struct diag *why)
{
	diags_error(all, mark.file, mark.line, mark.column, "%s", why->text);
}

static void judge_pair(const struct district_config *config, struct diags *all)
{
	const struct config_certificate *pair = &config->server.certificate;
	struct certificate read = CERTIFICATE_NONE;
	struct diag why = {.text = ""};
	bool bad_key = false;

	if (certificate_read(&read, pair, &bad_key, &why) != OK)
		tell(all, bad_key ? pair->key.mark : pair->file.mark, &why);
	certificate_deinit(&read);
}

static void judge_client_ca(const struct district_config *config, struct diags *all)
{
	struct diag why = {.text = ""};
	SSL_CTX *context = NULL;

	enum err rc = make_context(&context, config, &why);
	if (rc == ERR_FORMAT)
		tell(all, config->server.client_ca.mark, &why);
	SSL_CTX_free(context);
}

static void judge_secrets(const struct district_config *config, struct diags *all)
{
	for (size_t i = 0; i < config->notify.count; i++) {
		const struct conf_text *file = &config->notify.items[i].password_file;
		struct diag why = {.text = ""};
		char secret[SECRET_BYTES];
		if (file->text[0] == 0)
			continue;
		if (secret_read(secret, file->text, &why) != OK)
			tell(all, file->mark, &why);
		explicit_bzero(secret, sizeof secret);
	}
}

void entrance_judge(const struct district_config *config, struct diags *all)
{
	if (config->server.listen_tls.count > 0)
		judge_pair(config, all);
	if (config->server.client_ca.text[0] != 0)
		judge_client_ca(config, all);
	judge_secrets(config, all);
}
