/* outbox -- the documents that wait: made ours, dated, and put away when everybody is done.
 *
 *	unsigned, of no unit yet ──outbox_look()──▶ ours, signed, with the moment it leaves
 *	                                                  │  each recipient: a receipt
 *	                                            outbox_done() ──▶ sent/
 *
 * docs/formats/sharing.md draws the files. A crash between any two steps is mended by the next
 * outbox_look(). Threads: one, of the program that holds the lock. */
#ifndef SHARE_OUTBOX_H
#define SHARE_OUTBOX_H

#include "base/diag.h"
#include "base/file.h"
#include "sharing/documents.h"
#include "sharing/receipts.h"
#include "sign/sign.h"

struct config;

struct outbox_entry {
	struct sharing_document document;
	bool ready;      /* ours and signed */
	int64_t leave_s; /* not before */
	/* Recipients that are done with it, by their place in the configuration. */
	uint32_t done;
};

struct outbox {
	const struct config *config;
	const struct sign_key *key; /* NULL: not enrolled, nothing is ever ready */
	uint64_t (*draw)(void);     /* a random number */
	/* The gateway was off: what should have left meanwhile draws anew. The next look ends it. */
	bool started;
	bool forced; /* a person asked: the delay is passed over, the hold is not */
	char waiting[FILE_PATH_BYTES];
	char sent[FILE_PATH_BYTES];
	char leaving_path[FILE_PATH_BYTES];
	char approvals_path[FILE_PATH_BYTES];
	struct outbox_entry *entries; /* in the order they are sent */
	size_t count;
	struct sharing_leaving leaving;
};

/* Makes the folders, reads the drawn moments. ERR_IO, ERR_RANGE with *why; end it with
 * outbox_close() whatever came of it. */
MUST_CHECK enum err outbox_open(struct outbox *o, const struct config *config,
    const struct sign_key *key, struct diag *why);
void outbox_close(struct outbox *o);

/* Lists what waits, makes ours what is not, draws moments, puts away what everybody is done with.
 * What goes wrong with one document is logged and costs that document. ERR_IO, ERR_MEMORY: the
 * folder cannot be listed; then there are no entries. */
MUST_CHECK enum err outbox_look(struct outbox *o, int64_t now_s);

/* Recipient number `index` is done with the entry; in sent/ when it was the last one. The file
 * may be gone then, the entry stays until the next look. */
void outbox_done(struct outbox *o, struct outbox_entry *entry, size_t index);

/* Appends the file's octets. ERR_NOT_FOUND: somebody removed it. ERR_IO, ERR_FULL. */
MUST_CHECK enum err outbox_read(
    const struct outbox *o, const struct outbox_entry *entry, struct buf *out);

/* Removes what was sent 24 months ago and more, with its receipts, and quick reports that nobody
 * took for share.keep_unsent. Only under a clock that is trusted. */
void outbox_prune(struct outbox *o, int64_t now_s);

#endif
