/* confdoc_print -- a configuration's sample file and its manual page, from the rows that the
 * parser reads with: for small programs that print them. */
#ifndef CONF_CONFDOC_PRINT_H
#define CONF_CONFDOC_PRINT_H

#include "conf/schema.h"

struct confdoc {
	const struct schema_row *rows;
	const char *sample_head; /* comments, without the last line end */
	const char *manual_head; /* up to the table's head */
	const char *manual_tail;
};

/* `PROGRAM sample`, `PROGRAM manual`; the exit status. */
int confdoc_main(const struct confdoc *doc, int argc, char **argv);

#endif
