/* members -- which files of an archive or a folder make up one list, and how they become one
 * text.
 *
 * UT1 and squidGuard keep a folder a category: `domains`, long ones in pieces (`domains.1`,
 * `domains.2`), `urls` and `expressions`. The text that is kept of a feed is these files one
 * after the other, each behind a comment line with its place, so that explain can quote it.
 * A path is compared and shown, and never names a file on this machine. */
#ifndef FEEDS_MEMBERS_H
#define FEEDS_MEMBERS_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/diag.h"
#include "base/err.h"

enum {
	MEMBERS_PATH_BYTES = 256
};

/* How the members of a feed are chosen. */
struct members {
	const char
	    *wanted;     /* behind # in the URL: the end of a folder's or file's path; "" */
	bool squidguard; /* `urls` and `expressions` are read, too */
	char comment;    /* the character that begins a comment in this format */
	uint64_t max_bytes; /* of the text */
};

/* Where the text goes. */
typedef enum err (*members_piece)(void *context, struct slice bytes, struct diag *why);

struct members_text {
	const struct members *members;
	members_piece piece;
	void *context;
	uint64_t bytes;
	bool in_line; /* the last piece did not end with a line feed */
	bool fresh;   /* nothing of this member has come yet */
	/* Without `wanted` all must lie in one folder: this one, once there is one. */
	char folder[MEMBERS_PATH_BYTES];
	bool any;
};

/* Is the file at `path` ("blacklists/gambling/domains") one of the list? With `wanted`
 * "gambling": what is named as a list in a folder of that name. With "gambling/domains", that
 * file. With "": what is named as a list. */
bool members_wants(const struct members *m, struct slice path);

/* A member begins: writes its comment line. ERR_FORMAT when nothing was `wanted` and it lies
 * in another folder than the one before: nobody can say which category is meant. */
MUST_CHECK enum err members_begin(
    struct members_text *t, struct slice path, struct diag *why);
/* ERR_FORMAT when the member begins as no list can (HTML, binary data), ERR_FULL beyond
 * max_bytes, or what `piece` returned. */
MUST_CHECK enum err members_write(
    struct members_text *t, struct slice bytes, struct diag *why);
/* All members have passed. ERR_FORMAT when there was none. */
MUST_CHECK enum err members_end(const struct members_text *t, struct diag *why);

#endif
