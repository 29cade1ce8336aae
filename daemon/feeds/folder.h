/* folder -- the lists in a folder on this machine (a mirror of UT1), as one text. */
#ifndef FEEDS_FOLDER_H
#define FEEDS_FOLDER_H

#include "feeds/members.h"

enum {
	FOLDER_FILES_MAX = 256
};

/* Hands the text of the chosen files of the folder at `path`, or of the folder in it that is
 * wanted, to `piece`, `domains.2` before `domains.10`. ERR_FORMAT (none is chosen), ERR_IO, ERR_FULL, ERR_MEMORY with *why, or the
 * first error of `piece`. */
MUST_CHECK enum err folder_read_lists(const char *path, const struct members *members,
    members_piece piece, void *context, struct diag *why);

#endif
