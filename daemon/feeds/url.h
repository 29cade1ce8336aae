/* url -- a feed's address taken apart, and where a redirect may lead.
 * Pure: no network, no clock. */
#ifndef FEEDS_URL_H
#define FEEDS_URL_H

#include <stdint.h>

#include "base/diag.h"
#include "base/err.h"
#include "kit/address_class.h"

enum {
	URL_BYTES = 2048,
	URL_HOST_BYTES = 256,
	URL_MEMBER_BYTES = 256,
	URL_REDIRECTS_MAX = 5
};

enum url_scheme {
	URL_HTTPS,
	URL_HTTP,
	URL_FILE
};

/* `text` is normalised. `host` is lower-case A-labels, or a literal address without
 * brackets; empty for files, whose place in the file system is `path`. `member` is what stood
 * behind #: which part of an archive is meant; no server is told. */
struct url {
	enum url_scheme scheme;
	char text[URL_BYTES];
	char host[URL_HOST_BYTES];
	char path[URL_BYTES];
	char member[URL_MEMBER_BYTES];
	uint16_t port;
	bool literal;             /* the host is an address */
	enum address_class class; /* of a literal host */
};

/* Takes `text` apart. "file:lists/x.txt" without a leading slash is taken relative to
 * `data_folder` and may not climb out of it. ERR_FORMAT with *why (which never repeats a
 * password) when it is no URL of https, http or file, or carries a user or password. */
MUST_CHECK enum err url_parse(
    struct url *out, const char *text, const char *data_folder, struct diag *why);

/* Takes apart what a Location header said, relative to `from`. Only https and http;
 * ERR_DENIED with *why for any other scheme and for https -> http. */
MUST_CHECK enum err url_redirect(
    struct url *out, const struct url *from, const char *location, struct diag *why);

/* May a transfer that began at an address of class `configured` end at one of `class`?
 * Public addresses always; others only where the configured one was of that class (a
 * school's own mirror); special ones never. */
bool url_class_allowed(enum address_class configured, enum address_class class);

#endif
