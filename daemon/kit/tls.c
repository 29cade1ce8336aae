#include "kit/tls.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>

enum {
	RECORD_BYTES = 4096,
	HELLO_MAX_BYTES = 8192 /* what is read of a hello that is refused */
};

/* Of TLS 1.2; those of 1.3 are all good. */
static const char CIPHERS[] = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!eNULL:!PSK:!SRP";
/* Not const: OpenSSL's macro takes its pointer without the word, and clang minds. */
static char GROUPS[] = "X25519:P-256:P-384";

/* What we would speak stands in `in` (RFC 7301): a client that can only do something else
 * would not understand us. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned in_len, void *context)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *chosen;

	(void)ssl;
	(void)context;
	if (SSL_select_next_proto(&chosen, out_len, ours, sizeof ours - 1, in, in_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

SSL_CTX *tls_context(void)
{
	SSL_CTX *made = SSL_CTX_new(TLS_server_method());

	if (made == NULL)
		return NULL;
	(void)SSL_CTX_set_options(made,
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
	        SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
	        SSL_OP_IGNORE_UNEXPECTED_EOF);
	/* Connections that wait hold no buffers of 16 KiB each, those that write small ones. */
	(void)SSL_CTX_set_mode(made, SSL_MODE_RELEASE_BUFFERS);
	(void)SSL_CTX_set_max_send_fragment(made, RECORD_BYTES);
	(void)SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_alpn_select_cb(made, choose_protocol, NULL);
	if (SSL_CTX_set_min_proto_version(made, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(made, CIPHERS) != 1 ||
	    SSL_CTX_set1_groups_list(made, GROUPS) != 1 ||
	    SSL_CTX_set_num_tickets(made, 0) != 1) {
		SSL_CTX_free(made);
		made = NULL;
	}
	ERR_clear_error();
	return made;
}

struct bufferevent *tls_accept(SSL_CTX *context, struct event_base *base, int fd,
    const struct certificate *certificate)
{
	static const int on = 1;
	SSL *ssl = SSL_new(context);
	struct bufferevent *stream = NULL;

	/* An answer is several records; none shall wait for the peer to acknowledge another. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);

	if (ssl != NULL &&
	    SSL_use_cert_and_key(
	        ssl, certificate->own, certificate->key, certificate->chain, 1) == 1)
		/* Takes `ssl` when it succeeds. */
		stream = bufferevent_openssl_socket_new(
		    base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (stream == NULL)
		SSL_free(ssl);
	else
		bufferevent_openssl_set_allow_dirty_shutdown(stream, 1);
	ERR_clear_error();
	return stream;
}

void tls_finish(struct bufferevent *stream)
{
	SSL *ssl = bufferevent_openssl_get_ssl(stream);

	/* It goes out at once or not at all: the answer before it has left already. */
	if (ssl != NULL && SSL_is_init_finished(ssl))
		(void)SSL_shutdown(ssl);
	ERR_clear_error();
	(void)shutdown(bufferevent_getfd(stream), SHUT_WR);
}

void tls_refuse_close(int fd)
{
	static const uint8_t alert[] = {21, 3, 3, 0, 2, 2 /* fatal */, 112};
	uint8_t hello[HELLO_MAX_BYTES];

	/* What is not read when we close makes the kernel say RST, which can overtake the
	 * alert on its way. */
	(void)recv(fd, hello, sizeof hello, MSG_DONTWAIT);
	(void)send(fd, alert, sizeof alert, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)shutdown(fd, SHUT_WR);
	(void)close(fd);
}
