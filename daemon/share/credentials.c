#include "share/credentials.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/x509.h>

#include "base/file.h"
#include "kit/digest.h"

static void fail(struct credentials *c)
{
	c->broken = true;
}

static void read_anchor(struct credentials *c, const char *path)
{
	enum err rc = file_read(path, &c->anchor);

	if (rc == OK)
		return;
	diag_set(&c->why, "%s: %s", path, rc == ERR_IO ? strerror(errno) : err_text(rc));
	fail(c);
}

static void read_own(struct credentials *c, const struct config_certificate *files)
{
	bool bad_key = false;

	if (certificate_read(&c->own, files, &bad_key, &c->why) != OK)
		fail(c);
}

static void add_certificate(EVP_MD_CTX *sum, const X509 *certificate)
{
	unsigned char print[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (certificate != NULL && X509_digest(certificate, EVP_sha256(), print, &len) == 1)
		digest_add(sum, (struct slice){print, len});
}

static void sum_up(struct credentials *c, const char *unit, const struct sign_public *key)
{
	EVP_MD_CTX *sum = NULL;

	if (digest_begin(&sum) != OK)
		return; /* "" is another one than was noted: tried once more, no harm done */
	digest_add_text(sum, c->url);
	digest_add_text(sum, c->token);
	digest_add(sum, buf_slice(&c->anchor));
	add_certificate(sum, c->own.own);
	digest_add_text(sum, unit);
	digest_add(sum, (struct slice){key->bytes, sizeof key->bytes});
	digest_end(&sum, c->settings);
}

void credentials_read(struct credentials *out, const struct config_recipient *recipient,
    const char *unit, const struct sign_public *key)
{
	*out = (struct credentials){.url = recipient->url.text,
	    .host = recipient->url.host,
	    .port = recipient->url.port,
	    .tls = recipient->url.tls,
	    .anchor = BUF_INIT(CERTIFICATE_FILE_MAX_BYTES),
	    .own = CERTIFICATE_NONE};
	if (recipient->token_file.text[0] != 0 &&
	    secret_read(out->token, recipient->token_file.text, &out->why) != OK)
		fail(out);
	if (!out->broken && recipient->ca_file.text[0] != 0)
		read_anchor(out, recipient->ca_file.text);
	if (!out->broken && recipient->client_certificate.file.text[0] != 0)
		read_own(out, &recipient->client_certificate);
	sum_up(out, unit, key);
}

void credentials_wipe(struct credentials *c)
{
	OPENSSL_cleanse(c->token, sizeof c->token);
	certificate_deinit(&c->own);
	buf_deinit(&c->anchor);
}
