/* tell -- the record of what was shared: audit.log has one writer, the filter, which is told here.
 * Threads: one. */
#ifndef SHARE_TELL_H
#define SHARE_TELL_H

#include <stdbool.h>

struct tell {
	const char *control_path; /* run_dir/control.sock */
	bool silent; /* it did not answer in time: not asked again in this run */
};

struct tell_entry {
	const char *recipient;
	const char *report_id; /* "" when it is about no document */
	const char *sha256;    /* of the octets that were sent */
	unsigned status;
};

/* Waits two seconds at most. What could not be recorded was done all the same, and the log says
 * that the record lacks it. */
void tell_record(struct tell *t, const char *action, const struct tell_entry *entry);

#endif
