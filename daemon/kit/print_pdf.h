/* print_pdf -- a page of ours as PDF, by the browser that this machine has.
 *
 * For command lines alone: no daemon starts a browser. The browser runs as a child for at most
 * PRINT_PDF_SECONDS, in a folder of its own that is removed behind it, with every name
 * unresolvable and a proxy that is not there; started by root it runs as nobody and in a
 * network namespace without a way out. The page must need nothing but itself, and forbid
 * scripts in its own Content-Security-Policy.
 *
 * Threads: one; waits for its child. */
#ifndef KIT_PRINT_PDF_H
#define KIT_PRINT_PDF_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/err.h"

enum {
	PRINT_PDF_SECONDS = 120,
	PRINT_PDF_MAX_BYTES = 64 * 1024 * 1024
};

/* The browser that would print; NULL: none is installed. */
const char *print_pdf_browser(void);

/* Appends the PDF to `out`. ERR_NOT_FOUND: no browser, ERR_TIMEOUT, ERR_IO, ERR_FORMAT: what
 * came out is no PDF; *why says it. */
MUST_CHECK enum err print_pdf(struct slice html, struct buf *out, struct diag *why);

#endif
