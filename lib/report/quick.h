/* report/quick -- a quick report (báo cáo nhanh) as bytes: one incident, told by a person,
 * with nobody's identity (docs/protocol.md "Quick reports").
 *
 * Threads: no shared state. */
#ifndef REPORT_QUICK_H
#define REPORT_QUICK_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"

enum {
	REPORT_QUICK_MAX_BYTES = 32 * 1024, /* of JSON */
	REPORT_QUICK_LONG_BYTES = 4000,     /* of `measures` */
	REPORT_QUICK_SHORT_BYTES = 800,     /* of `referred_to` and `decided_by` */
	REPORT_QUICK_MEMORY_BYTES = 128 * 1024
};

/* Texts are borrowed when it is written, and live in `memory` when it was read. */
struct report_quick {
	struct arena memory;
	const char *report_id; /* a UUID */
	const char *unit;      /* "" before enrolment */
	const char *name;
	const char *generator;
	const char *created; /* 2026-11-22 */
	const char *kind;
	const char *tier;
	const char *date; /* of the incident */
	const char *measures;
	const char *referred_to; /* may be "" */
	const char *decided_by;
};

/* Appends the canonical bytes: one line, members in the order of docs/protocol.md. */
MUST_CHECK enum err report_quick_encode(const struct report_quick *quick, struct buf *out);

/* Reads the unsigned bytes, and checks all that can be checked without a calendar: ids,
 * dates, lengths. Unknown members are ignored. On success end *out with
 * report_quick_deinit(). ERR_FORMAT with the reason. */
MUST_CHECK enum err report_quick_decode(
    struct report_quick *out, struct slice json, struct diag *why);
void report_quick_deinit(struct report_quick *quick);

#endif
