/* bundle/internal -- what the files of bundle share. */
#ifndef BUNDLE_INTERNAL_H
#define BUNDLE_INTERNAL_H

#include "bundle/bundle.h"

/* The first line, its end included. */
#define BUNDLE_MAGIC "lachan-bundle 1\n"

/* Cuts one line, without its LF, off *rest; false when no LF is left. */
bool bundle_next_line(struct slice *rest, struct slice *line);
/* Cuts the next word off *rest; words are parted by one space. False: there is none. */
bool bundle_next_word(struct slice *rest, struct slice *word);
/* UTF-8 (RFC 3629) without control characters. */
bool bundle_is_plain(struct slice text);
/* 64 lower-case hexadecimal digits. */
bool bundle_is_digest(struct slice text);
void bundle_hex(char out[BUNDLE_DIGEST_BYTES], const uint8_t digest[32]);

#endif
