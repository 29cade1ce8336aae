/* err -- the error codes of all modules. A code is for programs; what a person reads
 * is a struct diag (diag.h). */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/attr.h"

#define ERR_MAP(X)                                     \
	X(OK, "no error")                              \
	X(ERR_MEMORY, "out of memory")                 \
	X(ERR_IO, "input or output failed")            \
	X(ERR_FORMAT, "malformed data")                \
	X(ERR_RANGE, "value out of range")             \
	X(ERR_FULL, "a limit was reached")             \
	X(ERR_NOT_FOUND, "not found")                  \
	X(ERR_EXISTS, "exists already")                \
	X(ERR_TIMEOUT, "timed out")                    \
	X(ERR_DENIED, "not permitted")                 \
	X(ERR_CONFIG, "mistakes in the configuration") \
	X(ERR_UNSUPPORTED, "not supported")            \
	X(ERR_CLOSED, "the other side has closed")     \
	X(ERR_AGAIN, "not ready yet")

enum err {
#define X(code, text) code,
	ERR_MAP(X)
#undef X
};

/* The short English text of a code; static storage. */
const char *err_text(enum err code);

#endif
