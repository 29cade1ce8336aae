/* client_kit -- the files of rules/client-kit/ as a computer of the school wants them.
 *
 * A template is UTF-8 text. "{school}", "{portal_url}", "{fingerprint}" and "{thumbprint}"
 * stand for what the kit knows; a line that begins with "{ca}" is for kits with the school's
 * CA. Windows wants CRLF, and a mark at the beginning where it could mistake the letters:
 * .reg in UTF-16, .txt in UTF-8; .cmd without one, which its shell would take for a command.
 * Threads: pure functions. */
#ifndef LACHANCTL_CLIENT_KIT_H
#define LACHANCTL_CLIENT_KIT_H

#include "base/buf.h"

enum {
	CLIENT_KIT_FILE_BYTES = 64 * 1024
};

struct client_kit {
	const char *school;
	const char *portal_url;
	const char *fingerprint; /* of the CA, SHA-256, with colons; NULL: without a CA */
	const char *thumbprint;  /* SHA-1, without: how certutil names it */
};

/* Appends the file called `name` made of `text`. ERR_FORMAT: the template is not UTF-8, or
 * names something that no kit knows; ERR_FULL, ERR_MEMORY. */
MUST_CHECK enum err client_kit_write(
    struct buf *out, const struct client_kit *kit, const char *name, struct slice text);

#endif
