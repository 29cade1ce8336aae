#include "feeds/url.h"

#include <curl/curl.h>
#include <idn2.h>
#include <stdio.h>

#include "base/file.h"
#include "base/words.h"

/* A part of a parsed URL; NULL when absent. The caller frees it with curl_free(). */
static char *part(CURLU *u, CURLUPart what, unsigned flags)
{
	char *text = NULL;
	return curl_url_get(u, what, &text, flags) == CURLUE_OK ? text : NULL;
}

static bool copy_part(char *out, size_t size, CURLU *u, CURLUPart what, unsigned flags)
{
	char *text = part(u, what, flags);
	if (text == NULL)
		return false;
	int n = snprintf(out, size, "%s", text);
	curl_free(text);
	return n >= 0 && (size_t)n < size;
}

/* A host with other letters than ASCII becomes A-labels (RFC 5891): libcurl would convert
 * by the locale of this process, which nobody knows. */
static bool host_to_ascii(CURLU *u)
{
	char *host = part(u, CURLUPART_HOST, 0);
	char *ascii = NULL;
	bool fine = host != NULL;
	bool plain = true;

	for (const char *c = host; fine && *c != 0; c++)
		plain = plain && (unsigned char)*c < 0x80;
	if (fine && !plain) {
		fine = idn2_lookup_u8((const uint8_t *)host, (uint8_t **)&ascii,
		           IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) == IDN2_OK &&
		    curl_url_set(u, CURLUPART_HOST, ascii, 0) == CURLUE_OK;
	}
	idn2_free(ascii);
	curl_free(host);
	return fine;
}

static bool copy_host(struct url *out, CURLU *u)
{
	if (!copy_part(out->host, sizeof out->host, u, CURLUPART_HOST, 0))
		return false;
	size_t len = strlen(out->host);
	if (len >= 2 && out->host[0] == '[' && out->host[len - 1] == ']') {
		memmove(out->host, out->host + 1, len - 2);
		out->host[len - 2] = 0;
		len -= 2;
	}
	for (size_t i = 0; i < len; i++)
		out->host[i] = (char)byte_lower((uint8_t)out->host[i]);
	out->literal = address_literal_class(out->host, &out->class);
	return len > 0;
}

static bool copy_port(struct url *out, CURLU *u)
{
	char *text = part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	uint64_t port = 0;

	bool fine =
	    text != NULL && slice_to_u64(slice_of(text), UINT16_MAX, &port) && port > 0;
	curl_free(text);
	out->port = (uint16_t)port;
	return fine;
}

static bool scheme_of(CURLU *u, enum url_scheme *out)
{
	static const char *const names[] = {
	    [URL_HTTPS] = "https", [URL_HTTP] = "http", [URL_FILE] = "file"};
	char *text = part(u, CURLUPART_SCHEME, 0);
	bool found = false;

	for (size_t i = 0; text != NULL && i < COUNT_OF(names); i++) {
		if (strcmp(text, names[i]) == 0) {
			*out = (enum url_scheme)i;
			found = true;
		}
	}
	curl_free(text);
	return found;
}

/* What is behind # in `u`, which loses it. */
static bool take_fragment(struct url *out, CURLU *u)
{
	char *text = part(u, CURLUPART_FRAGMENT, 0);
	bool fine = text == NULL ||
	    copy_part(
	        out->member, sizeof out->member, u, CURLUPART_FRAGMENT, CURLU_URLDECODE);

	curl_free(text);
	return fine && curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK;
}

/* Fills *out from `u`; the flags of curl_url_set() have refused users already. */
static enum err fill(struct url *out, CURLU *u, struct diag *why)
{
	struct url fresh = {0};

	if (!scheme_of(u, &fresh.scheme)) {
		diag_set(why, N_("only https, http and file are fetched"));
		return ERR_FORMAT;
	}
	/* A fragment stays with the reader of a URL (RFC 9110 section 4.2.5). */
	bool fine = take_fragment(&fresh, u) &&
	    (fresh.scheme == URL_FILE || host_to_ascii(u)) &&
	    copy_part(fresh.text, sizeof fresh.text, u, CURLUPART_URL, 0);
	if (fine && fresh.scheme == URL_FILE) {
		fine = copy_part(
		    fresh.path, sizeof fresh.path, u, CURLUPART_PATH, CURLU_URLDECODE);
	} else if (fine) {
		fine = copy_host(&fresh, u) && copy_port(&fresh, u);
	}
	if (!fine) {
		diag_set(why, N_("the URL is malformed or too long"));
		return ERR_FORMAT;
	}
	*out = fresh;
	return OK;
}

static enum err set_and_fill(struct url *out, CURLU *u, const char *text, struct diag *why)
{
	CURLUcode code = curl_url_set(u, CURLUPART_URL, text, CURLU_DISALLOW_USER);

	if (code == CURLUE_USER_NOT_ALLOWED) {
		diag_set(why, N_("a URL may not carry a user or password"));
		return ERR_FORMAT;
	}
	if (code == CURLUE_UNSUPPORTED_SCHEME) {
		diag_set(why, N_("only https, http and file are fetched"));
		return ERR_FORMAT;
	}
	if (code != CURLUE_OK) {
		diag_set(why, N_("not a URL"));
		return ERR_FORMAT;
	}
	return fill(out, u, why);
}

static bool climbs(const char *path)
{
	struct slice rest = slice_of(path);

	while (rest.ptr != NULL) {
		if (slice_equal(slice_cut(&rest, '/'), SLICE_LIT("..")))
			return true;
	}
	return false;
}

/* The file: URL of a path, with what a URL may not hold escaped. */
static bool file_text(struct url *out)
{
	CURLU *u = curl_url();
	bool fine = u != NULL &&
	    curl_url_set(u, CURLUPART_SCHEME, "file", 0) == CURLUE_OK &&
	    curl_url_set(u, CURLUPART_PATH, out->path, CURLU_URLENCODE) == CURLUE_OK &&
	    copy_part(out->text, sizeof out->text, u, CURLUPART_URL, 0);

	curl_url_cleanup(u);
	return fine;
}

/* "file:lists/x.txt": the packaged lists, wherever the program was installed. */
static enum err parse_packaged(
    struct url *out, const char *path, const char *data_folder, struct diag *why)
{
	struct url fresh = {.scheme = URL_FILE};
	const char *hash = strchrnul(path, '#');
	struct slice plain = {(const uint8_t *)path, (size_t)(hash - path)};
	char file[URL_BYTES];

	(void)snprintf(file, sizeof file, "%.*s", (int)plain.len, path);
	(void)snprintf(fresh.member, sizeof fresh.member, "%s", *hash != 0 ? hash + 1 : "");
	if (climbs(file)) {
		diag_set(why, N_("a relative file may not leave the data folder"));
		return ERR_FORMAT;
	}
	if (path_join(fresh.path, sizeof fresh.path, data_folder, file) != OK ||
	    !file_text(&fresh)) {
		diag_set(why, N_("not a usable path"));
		return ERR_FORMAT;
	}
	*out = fresh;
	return OK;
}

enum err url_parse(
    struct url *out, const char *text, const char *data_folder, struct diag *why)
{
	struct slice all = slice_of(text);

	if (slice_starts(all, SLICE_LIT("file:")) &&
	    !slice_starts(all, SLICE_LIT("file:/")))
		return parse_packaged(out, text + strlen("file:"), data_folder, why);

	CURLU *u = curl_url();
	if (u == NULL)
		return ERR_MEMORY;
	enum err rc = set_and_fill(out, u, text, why);
	curl_url_cleanup(u);
	return rc;
}

enum err url_redirect(
    struct url *out, const struct url *from, const char *location, struct diag *why)
{
	struct url fresh;
	CURLU *u = curl_url();

	if (u == NULL)
		return ERR_MEMORY;
	enum err rc = ERR_FORMAT;
	if (curl_url_set(u, CURLUPART_URL, from->text, 0) == CURLUE_OK)
		rc = set_and_fill(&fresh, u, location, why);
	curl_url_cleanup(u);
	if (rc != OK) {
		diag_set(why, N_("a redirect leads to no https or http address"));
		return ERR_DENIED;
	}
	if (fresh.scheme == URL_FILE) {
		diag_set(why, N_("a redirect leads to a file"));
		return ERR_DENIED;
	}
	if (from->scheme == URL_HTTPS && fresh.scheme != URL_HTTPS) {
		diag_set(why, N_("a redirect leads from https to http"));
		return ERR_DENIED;
	}
	*out = fresh;
	return OK;
}

bool url_class_allowed(enum address_class configured, enum address_class class)
{
	if (class == ADDRESS_SPECIAL)
		return false;
	return class == ADDRESS_PUBLIC || class == configured;
}
