/* sharing/documents -- what waits in outbox/ or stands in sent/: summaries and quick reports.
 *
 *	UNIT!YYYYMMDD!YYYYMMDD!REPORT-ID.json.gz     a summary (spool.h)
 *	UNIT!quick!YYYYMMDD!REPORT-ID.json.gz        a quick report
 *
 * Threads: no shared state. */
#ifndef SHARING_DOCUMENTS_H
#define SHARING_DOCUMENTS_H

#include <stdbool.h>

#include "base/err.h"
#include "spool/spool.h"

#define SHARING_UNENROLLED "unenrolled"

struct sharing_document {
	char name[SPOOL_NAME_BYTES];
	char unit[SPOOL_UNIT_BYTES]; /* SHARING_UNENROLLED before enrolment */
	char report_id[SPOOL_ID_BYTES];
	uint32_t begin_day; /* 20261120; of a quick report the day it was written, twice */
	uint32_t end_day;
	bool quick;
	uint64_t file_bytes;
};

/* The values of a file name; file_bytes is 0. False: it is none of ours. */
bool sharing_document_parse(struct sharing_document *out, const char *name);
/* The name of the same document with this unit and report-id. ERR_RANGE. */
MUST_CHECK enum err sharing_document_name(char out[SPOOL_NAME_BYTES],
    const struct sharing_document *document, const char *unit, const char *report_id);

/* All documents of a folder: quick reports first, since somebody waits for these, then the
 * oldest period first. *out is malloc()ed by the callee and free()d by the caller, NULL when
 * there are none. Above SPOOL_ENTRIES_MAX the rest is left out. A folder that is not there holds
 * nothing. ERR_IO, ERR_MEMORY. */
MUST_CHECK enum err sharing_documents(
    const char *folder, struct sharing_document **out, size_t *count);

#endif
