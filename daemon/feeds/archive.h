/* archive -- the lists inside a .tar.gz, .tar.xz or .gz body, as one text.
 *
 * Nothing is unpacked to the disk: members pass through in pieces. Only tar and single files
 * are understood, with gzip or xz around them: the less there is to attack, the better. */
#ifndef FEEDS_ARCHIVE_H
#define FEEDS_ARCHIVE_H

#include "feeds/members.h"

enum {
	ARCHIVE_HEAD_BYTES = 264, /* that archive_is_one() looks at */
	ARCHIVE_RATIO_MAX = 100,  /* unpacked over packed, above ARCHIVE_RATIO_FREE_BYTES */
	ARCHIVE_RATIO_FREE_BYTES = 1 << 20,
	ARCHIVE_ENTRIES_MAX = 100 * 1000
};

/* Does a body that begins so need unpacking? */
bool archive_is_one(struct slice head);

/* Reads the archive behind `fd` (from its present position; stays the caller's) and hands the
 * text of the members chosen by `members` to `piece`. A single compressed file is taken
 * whatever its name. ERR_FORMAT (damaged, cut short, a bomb, no such member), ERR_FULL,
 * ERR_MEMORY with *why, or the first error of `piece`. */
MUST_CHECK enum err archive_read_lists(int fd, const struct members *members,
    members_piece piece, void *context, struct diag *why);

#endif
