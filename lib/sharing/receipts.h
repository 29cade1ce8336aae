/* sharing/receipts -- state_dir/sent/RECIPIENT/: what each recipient has taken or refused, one
 * small JSON file a document, whole or absent.
 *
 *	NAME.json             it has the document (200, 201, 202)
 *	NAME.refused.json     it never will (400, 409, 413, 422)
 *
 * NAME is the document's file name without ".json.gz". lachan-share is the writer.
 * Threads: no shared state. */
#ifndef SHARING_RECEIPTS_H
#define SHARING_RECEIPTS_H

#include "base/buf.h"
#include "base/err.h"
#include "sharing/state.h"

enum {
	SHARING_RECEIPT_MAX_BYTES = 4096
};

enum sharing_word {
	SHARING_WAITS, /* neither */
	SHARING_WAS_TAKEN,
	SHARING_WAS_REFUSED
};

struct sharing_receipt {
	const char *recipient;
	const char *report_id;
	const char *sha256; /* of the bytes that were sent, in hex */
	uint64_t bytes;
	unsigned status;
	int64_t at_s;      /* when the answer came */
	const char *error; /* what a refusal said, printable; "" */
};

/* Appends the JSON, one line. ERR_FULL, ERR_MEMORY by buf_status(). */
void sharing_receipt_write(struct buf *out, const struct sharing_receipt *receipt);
/* "STATE_DIR/sent/RECIPIENT/NAME.json" or "….refused.json". ERR_RANGE. */
MUST_CHECK enum err sharing_receipt_path(char *out, size_t size, const char *state_dir,
    const char *recipient, const char *document_name, enum sharing_word word);

/* How far one document has come with one recipient. */
struct sharing_standing {
	enum sharing_word word;
	unsigned status; /* of the answer; 0: not known */
	int64_t at_s;    /* when; 0: not known */
	char sha256[SHARING_SETTINGS_BYTES];
	char error[SHARING_WHY_BYTES]; /* what it said to a refusal; "" */
};

/* Looks: cheap when it waits (two files that are not there). A receipt that cannot be read still
 * counts. `document_name` as in outbox/ or sent/. ERR_RANGE: no such name. */
MUST_CHECK enum err sharing_look(struct sharing_standing *out, const char *state_dir,
    const char *recipient, const char *document_name);

/* The state of one recipient; ERR_NOT_FOUND: never tried. ERR_IO, ERR_FORMAT. */
MUST_CHECK enum err sharing_look_recipient(
    struct sharing_state *out, const char *state_dir, const char *recipient);

#endif
