#include "base/err.h"

#include <stddef.h>

#include "base/words.h"

const char *err_text(enum err code)
{
	static const char *const TEXTS[] = {
#define X(code, text) [code] = (text),
	    ERR_MAP(X)
#undef X
	};
	if ((size_t)code >= COUNT_OF(TEXTS))
		return "unknown error";
	return TEXTS[code];
}
