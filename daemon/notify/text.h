/* text -- a notice in words: how many messages wait, what the gateway needs. Never what a
 * message says, nor which kind it is. In the language of words_use(). Threads: none. */
#ifndef NOTIFY_TEXT_H
#define NOTIFY_TEXT_H

#include "base/buf.h"
#include "notices/sent.h"

enum {
	TEXT_MAX_BYTES = 4096
};

/* One sentence a line. The first one alone is the subject of a mail. */
void text_write(struct buf *out, const struct due *due);

#endif
