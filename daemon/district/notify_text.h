/* notify_text -- what a receiver of `notify` is told, in the language of words_use(): schools by
 * name, counts of all else. Never anything about what pupils met. Pure. Threads: none. */
#ifndef DISTRICT_NOTIFY_TEXT_H
#define DISTRICT_NOTIFY_TEXT_H

#include "base/buf.h"
#include "district/notify_state.h"

enum {
	NOTIFY_TEXT_MAX = 8 * 1024, /* a mail of it is within MAIL_MAX_BYTES */
	NOTIFY_SCHOOLS = 30         /* that are named; the rest is counted */
};

struct notify_school {
	const char *unit, *name;
	int32_t last_day;
};

struct notify_words {
	const char *department;              /* "" unknown */
	const char *url;                     /* of the web; "" unknown */
	const struct notify_school *schools; /* silent ones, the longest silent first */
	size_t school_count;
	size_t never; /* schools that never sent anything */
};

/* Lines; the first alone is the subject of a mail. */
void notify_text_write(
    struct buf *out, const struct notify_due *due, const struct notify_words *words);
/* The same for `notify --try`. */
void notify_text_trial(struct buf *out, const struct notify_words *words);

#endif
