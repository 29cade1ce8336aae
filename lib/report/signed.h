/* report/signed -- a document's signature, and the unit it speaks for.
 *
 * S is the canonical bytes of a document, `{…}`. Signed, its last `}` is replaced by
 *
 *	,"signature":{"key":"44 CHARACTERS","value":"88 CHARACTERS"}}
 *
 * and `value` is the Ed25519 signature over S. So a signed document ends in the same 167
 * octets but for the two texts, and a receiver cuts these off what it received: it never
 * writes a document anew to check it. Quick reports are signed the same way.
 *
 * Threads: no shared state. */
#ifndef REPORT_SIGNED_H
#define REPORT_SIGNED_H

#include "base/buf.h"
#include "base/diag.h"
#include "sign/sign.h"

enum {
	REPORT_SIGNATURE_BYTES = 166 /* by which a signed document is longer than S */
};

/* Appends the signed form of `unsigned_bytes` (S) to `out`. ERR_FORMAT when these do not
 * look like `{…}` or are signed already; ERR_FULL, ERR_MEMORY. */
MUST_CHECK enum err report_sign(
    struct buf *out, struct slice unsigned_bytes, const struct sign_key *key);

struct report_signature {
	struct sign_public key;  /* what the document claims: compare with the pinned one */
	struct sign_value value; /* not verified yet */
};

/* Cuts a received document: appends S to `unsigned_bytes` and fills *signature. It does not
 * verify: who signed is for the caller to know,
 *
 *	sign_verify(&pinned, buf_slice(&unsigned_bytes), &signature.value)
 *
 * ERR_NOT_FOUND: it is not signed. ERR_FORMAT: it ends in something like a signature.
 * ERR_FULL, ERR_MEMORY. On failure `unsigned_bytes` and *signature are as before. */
MUST_CHECK enum err report_split(struct slice received, struct buf *unsigned_bytes,
    struct report_signature *signature, struct diag *why);

/* Appends the same unsigned document (a summary or a quick report) of another unit: `unit`,
 * `name` (NULL: as it was), and the report-id that follows from them; a quick report keeps
 * its id. For documents made before enrolment. ERR_FORMAT when the bytes are not what this
 * version would write (then they must not be touched), ERR_RANGE for no unit id. */
MUST_CHECK enum err report_rename(struct buf *out, struct slice unsigned_bytes,
    const char *unit, const char *name, struct diag *why);

/* A unit's id as the contract has it: [A-Za-z0-9._-], 1 to 64. */
bool report_is_unit(const char *unit);

#endif
