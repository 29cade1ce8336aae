/* diag -- sentences for people, each with the place it speaks of.
 *
 * lib/ returns an error code and fills a diag; daemon/ and tools/ decide who reads it.
 * A list keeps every mistake of a run, so that a teacher mends them all at once. */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include <stddef.h>
#include <stdio.h>

#include "base/attr.h"

enum {
	DIAG_TEXT_BYTES = 400,
	DIAG_FILE_BYTES = 256,
	DIAG_LINE_BYTES = DIAG_FILE_BYTES + DIAG_TEXT_BYTES + 64, /* place, level, text */
	DIAGS_MAX = 200
};

enum diag_level {
	DIAG_ERROR,
	DIAG_WARNING
};

/* line and column count from 1; 0 means "the whole file". file "" means no file. */
struct diag {
	char file[DIAG_FILE_BYTES];
	unsigned line;
	unsigned column;
	enum diag_level level;
	char text[DIAG_TEXT_BYTES];
};

/* Fills `*d` (may be NULL: then nothing) with an error without a place. */
void diag_set(struct diag *d, const char *format, ...) PRINTF_LIKE(2, 3);

/* At most DIAGS_MAX are kept; `dropped` counts the rest. Zero-initialise; the list owns
 * its items. */
struct diags {
	struct diag *items;
	size_t count;
	size_t capacity;
	size_t errors; /* with the dropped ones */
	size_t dropped;
};

#define DIAGS_NONE ((struct diags){NULL, 0, 0, 0, 0})

void diags_deinit(struct diags *all);
void diags_add(struct diags *all, const struct diag *one);
void diags_error(struct diags *all, const char *file, unsigned line, unsigned column,
    const char *format, ...) PRINTF_LIKE(5, 6);

/* "FILE:LINE:COLUMN: error: TEXT", the contract's form; DIAG_LINE_BYTES hold any. The
 * second prints it, and a line end. */
void diag_format(char *out, size_t size, const struct diag *d);
void diag_print(const struct diag *d, FILE *to);
void diags_print(const struct diags *all, FILE *to);
/* "FILE:LINE:COLUMN: TEXT" without the level, for logs and JSON; cut at `size`. */
void diag_describe(char *out, size_t size, const struct diag *d);

#endif
