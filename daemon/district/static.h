/* static -- what browsers load beside a page: style, script, charts. Compiled in from static/; nothing comes from
 * elsewhere. Threads: any, constant. */
#ifndef DISTRICT_STATIC_H
#define DISTRICT_STATIC_H

#include <stdbool.h>

#include "base/bytes.h"

struct static_file {
	const char *name; /* "district.css" */
	const char *type; /* media type */
	const char *
	    hash; /* the first 16 hexadecimal digits of its SHA-256, taken when it was compiled in */
	struct slice content;
};

/* NULL: none of this name. */
const struct static_file *static_find(const char *name);
const struct static_file *static_all(size_t *count);

#endif
