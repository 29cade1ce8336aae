#include "kit/certificates.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/file.h"
#include "base/words.h"
#include "conf/config.h"

enum {
	SOON_S = 30 * 24 * 3600
};

/* ---- reading ---------------------------------------------------------------------------- */

/* A file's text in one piece of memory, which is wiped: it may be a key. */
struct pem {
	uint8_t bytes[CERTIFICATE_FILE_MAX_BYTES];
	size_t len;
};

static void wipe(struct pem *text)
{
	OPENSSL_clear_free(text, sizeof *text);
}

static enum err explain_unreadable(const char *path, struct diag *why)
{
	if (errno == EACCES || errno == EPERM) {
		diag_set(why,
		    _("%s: we may not read it (give it to who starts the gateway)"), path);
		return ERR_DENIED;
	}
	diag_set(why, _("%s: %s (name a file that is there)"), path, strerror(errno));
	return ERR_NOT_FOUND;
}

static enum err read_all(struct pem *text, int fd, const char *path, struct diag *why)
{
	ssize_t got;

	text->len = 0;
	while (
	    (got = read(fd, text->bytes + text->len, sizeof text->bytes - text->len)) > 0)
		text->len += (size_t)got;
	if (got < 0)
		return explain_unreadable(path, why);
	if (text->len < sizeof text->bytes)
		return OK;
	diag_set(why,
	    _("%s: longer than %d octets (name a PEM file that holds nothing else)"), path,
	    CERTIFICATE_FILE_MAX_BYTES);
	return ERR_FORMAT;
}

/* The caller wipes *out. */
static enum err read_pem(struct pem **out, const char *path, struct diag *why)
{
	int fd = file_open_to_read(path);

	if (fd < 0)
		return explain_unreadable(path, why);
	*out = OPENSSL_zalloc(sizeof **out);
	enum err rc = *out == NULL ? ERR_MEMORY : read_all(*out, fd, path, why);
	(void)close(fd);
	return rc;
}

int certificate_no_passphrase(
    char *out UNUSED, int size UNUSED, int writing UNUSED, void *context UNUSED)
{
	return -1;
}

static enum err read_chain(struct certificate *out, const char *path, struct diag *why)
{
	struct pem *text = NULL;
	BIO *bio = NULL;
	X509 *next = NULL;

	enum err rc = read_pem(&text, path, why);
	if (rc != OK)
		goto done;
	rc = ERR_MEMORY;
	bio = BIO_new_mem_buf(text->bytes, (int)text->len);
	out->chain = sk_X509_new_null();
	if (bio == NULL || out->chain == NULL)
		goto done;
	out->own = PEM_read_bio_X509(bio, NULL, certificate_no_passphrase, NULL);
	if (out->own == NULL) {
		diag_set(why,
		    _("%s: no certificate in PEM form (it begins with -----BEGIN "
		      "CERTIFICATE-----)"),
		    path);
		rc = ERR_FORMAT;
		goto done;
	}
	while (sk_X509_num(out->chain) < CERTIFICATE_CHAIN_MAX &&
	    (next = PEM_read_bio_X509(bio, NULL, certificate_no_passphrase, NULL)) != NULL)
		if (sk_X509_push(out->chain, next) == 0) {
			X509_free(next);
			goto done;
		}
	rc = OK;
done:
	ERR_clear_error(); /* the end of the file is one, too */
	BIO_free(bio);
	wipe(text);
	return rc;
}

/* Not PEM_read_bio_PrivateKey(), which leaves copies of the text in memory. */
static EVP_PKEY *parse_key(const struct pem *text)
{
	BIO *bio = BIO_new_mem_buf(text->bytes, (int)text->len);
	EVP_PKEY *key = NULL;
	char *name = NULL;
	char *header = NULL;
	unsigned char *data = NULL;
	long len = 0;

	while (key == NULL && bio != NULL &&
	    PEM_read_bio_ex(bio, &name, &header, &data, &len, PEM_FLAG_SECURE) == 1) {
		const unsigned char *at = data;
		/* "EC PARAMETERS" may stand before it; what is locked has a header. */
		if (header[0] == 0 && strstr(name, "PRIVATE KEY") != NULL &&
		    strstr(name, "ENCRYPTED") == NULL)
			key = d2i_AutoPrivateKey(NULL, &at, len);
		OPENSSL_secure_free(name);
		OPENSSL_secure_free(header);
		OPENSSL_secure_clear_free(data, (size_t)len);
	}
	BIO_free(bio);
	return key;
}

static enum err read_key(struct certificate *out, const char *path, struct diag *why)
{
	struct pem *text = NULL;

	enum err rc = read_pem(&text, path, why);
	if (rc == OK) {
		out->key = parse_key(text);
		if (out->key == NULL) {
			diag_set(why,
			    _("%s: no private key in PEM form, or a locked one (a gateway "
			      "starts alone: the key must have no passphrase)"),
			    path);
			rc = ERR_FORMAT;
		}
	}
	ERR_clear_error();
	wipe(text);
	return rc;
}

enum err certificate_read_chain(struct certificate *out, const char *path, struct diag *why)
{
	struct certificate made = CERTIFICATE_NONE;

	enum err rc = read_chain(&made, path, why);
	if (rc == OK)
		*out = made;
	else
		certificate_deinit(&made);
	return rc;
}

enum err certificate_read(struct certificate *out, const struct config_certificate *files,
    bool *bad_key, struct diag *why)
{
	struct certificate made = CERTIFICATE_NONE;

	*bad_key = false;
	enum err rc = read_chain(&made, files->file.text, why);
	if (rc == OK) {
		*bad_key = true;
		rc = read_key(&made, files->key.text, why);
	}
	if (rc == OK && X509_check_private_key(made.own, made.key) != 1) {
		ERR_clear_error();
		diag_set(why,
		    _("%s is not the key of %s (name the two that belong together)"),
		    files->key.text, files->file.text);
		rc = ERR_FORMAT;
	}
	if (rc != OK) {
		certificate_deinit(&made);
		return rc;
	}
	*bad_key = false;
	*out = made;
	return OK;
}

void certificate_deinit(struct certificate *c)
{
	X509_free(c->own);
	sk_X509_pop_free(c->chain, X509_free);
	EVP_PKEY_free(c->key); /* which wipes it */
	*c = CERTIFICATE_NONE;
}

/* ---- judging ---------------------------------------------------------------------------- */

static void tell(struct diags *all, enum diag_level level, const struct conf_text *where,
    const char *text)
{
	struct diag one = {
	    .line = where->mark.line, .column = where->mark.column, .level = level};

	(void)snprintf(one.file, sizeof one.file, "%s",
	    where->mark.file == NULL ? "" : where->mark.file);
	(void)snprintf(one.text, sizeof one.text, "%s", text);
	diags_add(all, &one);
}

static void judge_time(struct diags *all, const struct conf_text *where, const X509 *own)
{
	struct diag said = {.text = ""};
	time_t soon = time(NULL) + SOON_S;

	if (X509_cmp_current_time(X509_get0_notAfter(own)) < 0)
		diag_set(&said, _("%s has run out (browsers refuse it: make a new one)"),
		    where->text);
	else if (X509_cmp_time(X509_get0_notAfter(own), &soon) < 0)
		diag_set(
		    &said, _("%s runs out within 30 days (make a new one)"), where->text);
	else if (X509_cmp_current_time(X509_get0_notBefore(own)) > 0)
		diag_set(&said, _("%s is not valid yet (look at this machine's clock)"),
		    where->text);
	if (said.text[0] != 0)
		tell(all, DIAG_WARNING, where, said.text);
}

/* Root's files in a root's folder may be as they are; what others can read is no secret. */
static void judge_mode(struct diags *all, const struct conf_text *where, mode_t refused)
{
	struct diag said = {.text = ""};
	struct stat st;

	if (stat(where->text, &st) != 0 || (st.st_mode & refused) == 0)
		return;
	diag_set(&said, _("others may read the key %s (chmod %s %s)"), where->text,
	    (refused & S_IRWXG) != 0 ? "600" : "640", where->text);
	tell(all, DIAG_ERROR, where, said.text);
}

static bool judge_pair(struct diags *all, const struct config_certificate *files,
    mode_t refused, struct certificate *out)
{
	struct diag why = {.text = ""};
	bool bad_key;

	if (files->file.text[0] == 0)
		return false;
	enum err rc = certificate_read(out, files, &bad_key, &why);
	if (rc != OK) {
		tell(all, DIAG_ERROR, bad_key ? &files->key : &files->file,
		    why.text[0] != 0 ? why.text : err_text(rc));
		return false;
	}
	judge_mode(all, &files->key, refused);
	judge_time(all, &files->file, out->own);
	return true;
}

static void judge_ca(struct diags *all, const struct config_certificate *files)
{
	struct certificate ca = CERTIFICATE_NONE;
	struct diag said = {.text = ""};

	if (judge_pair(all, files, S_IRWXG | S_IRWXO, &ca) &&
	    (X509_check_ca(ca.own) != 1 ||
	        (X509_get_key_usage(ca.own) & KU_KEY_CERT_SIGN) == 0)) {
		diag_set(&said,
		    _("%s is not a CA's certificate (make one: lachanctl ca make)"),
		    files->file.text);
		tell(all, DIAG_ERROR, &files->file, said.text);
	}
	certificate_deinit(&ca);
}

static void judge_portal(struct diags *all, const struct config_pages *pages)
{
	const struct config_certificate *files = &pages->portal.certificate;
	struct certificate portal = CERTIFICATE_NONE;
	struct diag said = {.text = ""};
	char name[NAME_TEXT_MAX];

	name_to_text(name, pages->portal.name.name);
	if (judge_pair(all, files, S_IRWXO, &portal) &&
	    X509_check_host(portal.own, name, 0, 0, NULL) != 1) {
		diag_set(&said,
		    _("%s is not for the name %s (have it made for that name, or change "
		      "pages.portal.name)"),
		    files->file.text, name);
		tell(all, DIAG_ERROR, &files->file, said.text);
	}
	certificate_deinit(&portal);
}

/* What we show to who gets the summaries. */
static void judge_client(struct diags *all, const struct config_certificate *files)
{
	struct certificate own = CERTIFICATE_NONE;

	(void)judge_pair(all, files, S_IRWXG | S_IRWXO, &own);
	certificate_deinit(&own);
}

void certificates_judge(const struct config *config, struct diags *all)
{
	judge_ca(all, &config->pages.ca);
	judge_portal(all, &config->pages);
	for (size_t i = 0; i < config->share.recipients.count; i++)
		judge_client(all, &config->share.recipients.items[i].client_certificate);
	ERR_clear_error();
}
