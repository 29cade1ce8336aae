#include "kit/send.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "conf/config.h"
#include "kit/certificates.h"
#include "kit/secret.h"

enum {
	URL_BYTES = 400,
	HEADER_BYTES = SECRET_BYTES + 64,
	ANSWER_MAX_BYTES = 64 * 1024
};

struct transfer {
	const struct send *what;
	CURL *easy;
	struct curl_slist *list; /* recipients, or headers */
	struct slice rest;       /* of the text */
	size_t answered;
	char error[CURL_ERROR_SIZE];
};

static size_t on_read(char *out, size_t size, size_t count, void *context)
{
	struct transfer *t = context;
	size_t len = size * count < t->rest.len ? size * count : t->rest.len;

	memcpy(out, t->rest.ptr, len);
	t->rest = (struct slice){t->rest.ptr + len, t->rest.len - len};
	return len;
}

/* Thrown away, and not for ever. */
static size_t on_answer(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *t = context;

	(void)bytes;
	t->answered += size * count;
	return t->answered <= ANSWER_MAX_BYTES ? size * count : 0;
}

static CURLcode on_tls(CURL *easy, void *ctx, void *context)
{
	const struct transfer *t = context;
	BIO *bio = BIO_new_mem_buf(t->what->anchor.ptr, (int)t->what->anchor.len);
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	X509 *one;
	int added = 0;

	(void)easy;
	while (bio != NULL &&
	    (one = PEM_read_bio_X509(bio, NULL, certificate_no_passphrase, NULL)) != NULL) {
		added += X509_STORE_add_cert(store, one) == 1 ? 1 : 0;
		X509_free(one);
	}
	ERR_clear_error(); /* the end of the file is one, too */
	BIO_free(bio);
	return added > 0 ? CURLE_OK : CURLE_SSL_CACERT_BADFILE;
}

static void set_common(struct transfer *t)
{
	CURL *easy = t->easy;

	(void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->error);
	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)SEND_CONNECT_S);
	(void)curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)SEND_LONGEST_S);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	(void)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	(void)curl_easy_setopt(easy, CURLOPT_RESOLVE, t->what->reach->resolved);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	if (t->what->anchor.len > 0) {
		(void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls);
		(void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, t);
	}
}

static bool keep(struct transfer *t, const char *line)
{
	struct curl_slist *longer = curl_slist_append(t->list, line);

	if (longer != NULL)
		t->list = longer;
	return longer != NULL;
}

/* ---- mail ---- */

static bool set_mail(struct transfer *t)
{
	const struct send *what = t->what;
	const struct config_notify_to *to = what->to;
	bool in_brackets = strchr(to->host, ':') != NULL;
	bool plain_will_do = what->reach->near && what->secret[0] == 0;
	char url[URL_BYTES];

	int n = snprintf(url, sizeof url, "%s://%s%s%s:%u",
	    to->kind == NOTIFY_SMTPS ? "smtps" : "smtp", in_brackets ? "[" : "", to->host,
	    in_brackets ? "]" : "", (unsigned)to->port);
	if (n < 0 || (size_t)n >= sizeof url || !keep(t, what->address))
		return false;
	(void)curl_easy_setopt(t->easy, CURLOPT_URL, url);
	(void)curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	(void)curl_easy_setopt(t->easy, CURLOPT_USE_SSL,
	    (long)(plain_will_do ? CURLUSESSL_TRY : CURLUSESSL_ALL));
	if (what->secret[0] != 0) {
		(void)curl_easy_setopt(t->easy, CURLOPT_USERNAME, to->user);
		(void)curl_easy_setopt(t->easy, CURLOPT_PASSWORD, what->secret);
	}
	(void)curl_easy_setopt(t->easy, CURLOPT_MAIL_FROM, what->from);
	(void)curl_easy_setopt(t->easy, CURLOPT_MAIL_RCPT, t->list);
	(void)curl_easy_setopt(t->easy, CURLOPT_UPLOAD, 1L);
	(void)curl_easy_setopt(t->easy, CURLOPT_READFUNCTION, on_read);
	(void)curl_easy_setopt(t->easy, CURLOPT_READDATA, t);
	return true;
}

/* ---- https ---- */

static bool set_hook(struct transfer *t)
{
	const struct send *what = t->what;
	char header[HEADER_BYTES];
	bool kept = keep(t, "Content-Type: application/json; charset=utf-8");

	if (what->secret[0] != 0) {
		(void)snprintf(
		    header, sizeof header, "Authorization: Bearer %s", what->secret);
		kept = kept && keep(t, header);
		OPENSSL_cleanse(header, sizeof header);
	}
	(void)curl_easy_setopt(t->easy, CURLOPT_URL, what->to->text);
	(void)curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "https");
	(void)curl_easy_setopt(t->easy, CURLOPT_USERAGENT, "lachan/" LACHAN_VERSION);
	(void)curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->list);
	(void)curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE, (long)what->text.len);
	(void)curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, what->text.ptr);
	return kept;
}

/* ---- */

static enum err judge(struct transfer *t, CURLcode code, struct diag *why)
{
	long status = 0;

	if (code != CURLE_OK) {
		diag_set(why, "%s", t->error[0] != 0 ? t->error : curl_easy_strerror(code));
		return ERR_IO;
	}
	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	/* Of mail it is the answer to the last line; libcurl has judged that. */
	if (t->what->to->kind != NOTIFY_HTTPS || (status >= 200 && status < 300))
		return OK;
	diag_set(why, "the server answered %ld", status);
	return ERR_IO;
}

enum err send_now(const struct send *what, struct diag *why)
{
	struct transfer t = {.what = what, .rest = what->text, .easy = curl_easy_init()};
	enum err rc = ERR_MEMORY;

	if (t.easy != NULL) {
		set_common(&t);
		bool ready = what->to->kind == NOTIFY_HTTPS ? set_hook(&t) : set_mail(&t);
		if (ready)
			rc = judge(&t, curl_easy_perform(t.easy), why);
	}
	if (rc == ERR_MEMORY)
		diag_set(why, "out of memory");
	curl_easy_cleanup(t.easy);
	curl_slist_free_all(t.list);
	return rc;
}
