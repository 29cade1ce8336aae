/* prepare -- makes one document of the outbox ours: unit, report-id, signature.
 * Threads: as outbox.h. */
#ifndef SHARE_PREPARE_H
#define SHARE_PREPARE_H

#include "base/diag.h"
#include "sharing/documents.h"
#include "sign/sign.h"

struct prepare {
	const char *waiting; /* folders */
	const char *sent;
	const char *unit;
	const char *name; /* of the school */
	const struct sign_key *key;
	/* Nobody has answered for it and nobody holds it: it may be signed anew. */
	bool may_change;
};

/* On OK the folder holds the document signed, under *document's name, which is another one when
 * unit or report-id had to change. ERR_EXISTS: the same document was made before; this copy is
 * gone. ERR_DENIED: it is not ours and may not be changed. ERR_FORMAT, ERR_IO (disk full), …
 * with *why: it stays as it is. */
MUST_CHECK enum err prepare_document(
    const struct prepare *how, struct sharing_document *document, struct diag *why);

#endif
