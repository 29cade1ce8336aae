/* gather -- the documents a school has published, from outbox/ (not all sent yet) and sent/.
 *
 * The newest revision of each period counts, once, wherever it lies. Works with every daemon
 * stopped. Threads: one. */
#ifndef LACHANCTL_YEARLY_GATHER_H
#define LACHANCTL_YEARLY_GATHER_H

#include "report/report.h"

typedef void gather_document(void *context, const struct report_document *document);

struct gathered {
	size_t documents;
	size_t unreadable; /* torn or no document: left out */
};

/* Calls for every period that begins in [from, to] (days as 20261120), oldest first. The
 * document is borrowed for the call. ERR_IO, ERR_MEMORY: a folder that cannot be read, with
 * *why; folders that are not there hold nothing. */
MUST_CHECK enum err gather_documents(const char *state_dir, const uint32_t from_to[2],
    gather_document *each, void *context, struct gathered *out, struct diag *why);

#endif
