/* err -- the error codes of all modules. A code is for programs; what a person reads
 * is a struct diag (diag.h). */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/attr.h"

#define ERR_MAP(X)                                         \
	X(OK, N_("no error"))                              \
	X(ERR_MEMORY, N_("out of memory"))                 \
	X(ERR_IO, N_("input or output failed"))            \
	X(ERR_FORMAT, N_("malformed data"))                \
	X(ERR_RANGE, N_("value out of range"))             \
	X(ERR_FULL, N_("a limit was reached"))             \
	X(ERR_NOT_FOUND, N_("not found"))                  \
	X(ERR_EXISTS, N_("exists already"))                \
	X(ERR_TIMEOUT, N_("timed out"))                    \
	X(ERR_DENIED, N_("not permitted"))                 \
	X(ERR_CONFIG, N_("mistakes in the configuration")) \
	X(ERR_UNSUPPORTED, N_("not supported"))            \
	X(ERR_CLOSED, N_("the other side has closed"))     \
	X(ERR_AGAIN, N_("not ready yet"))

enum err {
#define X(code, text) code,
	ERR_MAP(X)
#undef X
};

/* The short English text of a code; static storage. N_ marks it for base/words.h. */
const char *err_text(enum err code);

#endif
