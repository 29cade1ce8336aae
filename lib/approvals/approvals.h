/* approvals -- whose yes documents have, and which ones are held back.
 *
 * One small file, state_dir/sharing/approvals, written by lachan-desk alone and read by whoever
 * sends or exports (docs/formats/approvals.md):
 *
 *	lachan-approvals 1
 *	first 1795107600 hieu-truong             the first yes of all; once, for good
 *	yes 41b1dd6f-… 1795107600 hieu-truong    this document
 *	held 48175226-… 1795107600 hieu-truong   this one must not leave
 *	end 0123456789abcdef                     checksum of all before
 *
 * A file that does not read back to the same text is refused whole; then nothing may leave.
 * Without a file nobody has said yes. Pure but for approvals_read() and approvals_save().
 * Threads: no shared state. */
#ifndef APPROVALS_APPROVALS_H
#define APPROVALS_APPROVALS_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/err.h"

/* In state_dir, 0600. In a folder, since lachan-share fences off all of state_dir but some
 * folders, and reads it again before each document. */
#define APPROVALS_FILE "sharing/approvals"

enum {
	APPROVALS_ID_BYTES = 37, /* a UUID, with the final NUL */
	APPROVALS_BY_BYTES = 40, /* an account's name, with the final NUL */
	APPROVALS_MAX = 4096,    /* more yeses push the oldest ones out */
	APPROVALS_FILE_MAX = 512 * 1024
};

enum approval_kind {
	APPROVAL_YES,
	APPROVAL_HELD
};

struct approval {
	char id[APPROVALS_ID_BYTES];
	char by[APPROVALS_BY_BYTES];
	enum approval_kind kind;
	int64_t at_s;
};

/* Zero-initialise, or APPROVALS_NONE. End it with approvals_deinit(). */
struct approvals {
	int64_t first_s; /* 0: nobody has said yes yet */
	char first_by[APPROVALS_BY_BYTES];
	struct approval *items; /* at most one of a kind and id; oldest first */
	size_t count;
};

#define APPROVALS_NONE ((struct approvals){.first_s = 0})

void approvals_deinit(struct approvals *a);

/* share.approve of the configuration. */
enum approvals_rule {
	APPROVALS_FIRST, /* the first yes of all opens the way for every document */
	APPROVALS_EACH,  /* each summary needs its own; quick reports the first one */
	APPROVALS_NEVER  /* nobody is asked */
};

enum approvals_subject {
	APPROVALS_SUMMARY,
	APPROVALS_QUICK /* the school wrote and sent it on purpose already */
};

enum approvals_word {
	APPROVALS_GO,
	APPROVALS_WAITS, /* for a yes */
	APPROVALS_STAYS  /* somebody holds it; above every rule and every yes */
};

/* May this document leave? */
enum approvals_word approvals_judge(const struct approvals *a, enum approvals_rule rule,
    enum approvals_subject subject, const char *id);

/* The entry of this kind and document, or NULL. */
const struct approval *approvals_find(
    const struct approvals *a, enum approval_kind kind, const char *id);

/* `by` says yes to the document: the first yes too, if there was none. A yes that stands is
 * kept as it is. It does not end a hold. ERR_RANGE for no UUID, a name with blanks or a time
 * before 1970; ERR_MEMORY. */
MUST_CHECK enum err approvals_yes(
    struct approvals *a, const char *id, const char *by, int64_t at_s);
/* The first yes, without a document. */
MUST_CHECK enum err approvals_yes_to_all(struct approvals *a, const char *by, int64_t at_s);
/* Holds the document. ERR_RANGE, ERR_MEMORY; ERR_FULL when APPROVALS_MAX are held: a hold
 * never pushes out another. */
MUST_CHECK enum err approvals_hold(
    struct approvals *a, const char *id, const char *by, int64_t at_s);
/* ERR_NOT_FOUND: it was not held. */
MUST_CHECK enum err approvals_release(struct approvals *a, const char *id);

MUST_CHECK enum err approvals_encode(const struct approvals *a, struct buf *out);
/* ERR_FORMAT with the reason; ERR_MEMORY. On success end *out with approvals_deinit(). */
MUST_CHECK enum err approvals_decode(
    struct approvals *out, struct slice text, struct diag *why);

/* The file at `path`; without one *out is empty. ERR_FORMAT: damaged, so nothing may leave;
 * ERR_IO, ERR_MEMORY. */
MUST_CHECK enum err approvals_read(
    struct approvals *out, const char *path, struct diag *why);
/* Whole or not at all, mode 0600; the file's folder is made if need be. ERR_IO, ERR_FULL, ERR_MEMORY. */
MUST_CHECK enum err approvals_save(const struct approvals *a, const char *path);

#endif
