/* audit -- the hash-chained record of who changed what.
 *
 * One JSON object a line, in this order:
 *   {"n":2,"time":"2026-11-20T08:00:00Z","actor":"…","action":"…","name":"…",
 *    "scope":"…","detail":"…","previous":"HEX"}
 * "previous" is the SHA-256 of the line before without its line end; 64 zeros in the
 * first. A changed, removed or inserted line breaks the chain at the line behind it. Cutting off
 * the end cannot be seen from the file alone: keep audit_head() elsewhere to prove it.
 *
 * No line may hold a domain name together with one device: audit_append() refuses it.
 * Every append is one write and one fsync. Threads: one writer of a file. */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

#include <sys/types.h>

#include "base/bytes.h"
#include "base/diag.h"
#include "base/err.h"

enum {
	AUDIT_HASH_TEXT_BYTES = 65, /* hex, with the final NUL */
	AUDIT_LINE_MAX = 8192
};

struct audit;

/* Texts are UTF-8, borrowed, NULL means "". `name` is a domain name when the entry is
 * about one; `scope` the tier, group or room it is for. Each at most 1000 bytes. */
struct audit_entry {
	const char *actor;  /* "admin:lan", "lachand" */
	const char *action; /* "allow", "feeds-accept", "summary-approve" */
	const char *name;
	const char *scope;
	const char *detail;
};

/* Opens or makes the file (0640). A torn last line is cut off; audit_torn_bytes() says
 * how much that was. ERR_IO; ERR_FORMAT when the last whole line is no entry, with the
 * reason in *why: the record is then evidence and is not written to. */
MUST_CHECK enum err audit_open(struct audit **out, const char *path, struct diag *why);
void audit_close(struct audit *a);
size_t audit_torn_bytes(const struct audit *a);

/* Makes the open file that user's and group's, where it has no other name. By descriptor: in
 * a folder of somebody else the name may stand for another file by now. ERR_IO. */
MUST_CHECK enum err audit_give(struct audit *a, uid_t user, gid_t group);

/* Appends at time `at_s` (seconds since 1970 UTC). ERR_DENIED when the entry ties a name
 * to one device: `name` is given and some text holds an IP or MAC address (prefixes
 * wider than /32 or /64 are rooms, not devices). ERR_RANGE when a text is too long,
 * ERR_IO. */
MUST_CHECK enum err audit_append(
    struct audit *a, int64_t at_s, const struct audit_entry *entry);

/* Number of entries, and the hash of the last line, which the next will carry. */
uint64_t audit_count(const struct audit *a);
void audit_head(const struct audit *a, char out[AUDIT_HASH_TEXT_BYTES]);

/* Reads the whole chain. ERR_FORMAT: *bad_line is the first line (from 1) that does not
 * fit, *why says how. ERR_NOT_FOUND, ERR_IO. */
MUST_CHECK enum err audit_verify(const char *path, size_t *bad_line, struct diag *why);

#endif
