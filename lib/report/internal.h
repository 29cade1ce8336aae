/* Inside report: the floor's decision, and building documents from it. */
#ifndef REPORT_INTERNAL_H
#define REPORT_INTERNAL_H

#include <jansson.h>

#include "report/report.h"

#define REPORT_MERGED          "merged"
#define REPORT_ALL             "all"
#define REPORT_OTHER           "other"
#define REPORT_SENSITIVE_OTHER "sensitive_other"

/* A row of the table: a tier, or the tiers that are too small together. */
struct floor_row {
	const char *tier; /* the word that is written */
	uint32_t tiers;   /* bit i: tier i of the totals */
	uint32_t population;
};

/* One day as the floor sees it. */
struct floor_day {
	const struct report_school *school;
	const struct tally_totals *totals;
	const struct report_counter *counter;
	const struct report_document *previous; /* or NULL */
	struct report_privacy privacy;          /* as applied */
	struct floor_row rows[TALLY_TIERS + 1];
	size_t row_count;
	uint64_t asked[TALLY_TIERS]; /* categories that the policy blocks, per tier */
};

/* The privacy parameters as they are applied: never below the floor. */
struct report_privacy report_privacy_applied(const struct report_privacy *asked);

void floor_begin(struct floor_day *day);
/* Fills records (room for REPORT_RECORDS) and the total. */
size_t floor_records(
    const struct floor_day *day, struct report_record *records, uint64_t *total);
size_t floor_week(const struct report_school *school, const struct report_week *week,
    const struct report_document *previous, struct report_record *records, uint64_t *total);

/* The record of tier (NULL in a weekly document) and category, or NULL. */
const struct report_record *report_find(
    const struct report_document *document, const char *tier, const char *category);
/* A record of numbers, rounded. */
struct report_record report_record_of(
    const char *tier, const char *category, struct tally_cell cell);

/* The object that `json` holds, the caller's to json_decref(); NULL, with *why, when it is longer
 * than max_bytes, too deep, doubled or no JSON. */
json_t *report_parse(struct slice json, size_t max_bytes, struct diag *why);
/* A UUID in lower case; a date-time of RFC 3339 with offset. */
bool report_is_uuid(const char *id);
bool report_is_time(const char *text);
/* A text as the canonical JSON has it, with its quotes. NULL: "". */
void report_put_text(struct buf *out, const char *text);

/* The band of reviews by its lower end, "10-19". */
const char *report_reviews_text(uint32_t from);

/* A copy of `text` (NULL: "") in the document's memory, made valid UTF-8; NULL without
 * memory. */
const char *document_text(struct report_document *document, const char *text);
MUST_CHECK enum err document_fill_common(struct report_document *out,
    const struct report_school *school, const struct tally_period *period);
MUST_CHECK enum err document_fill_failures(struct report_document *out,
    const struct tally_failure *failures, size_t count, int offset_min);
MUST_CHECK enum err document_take_records(
    struct report_document *out, const struct report_record *records, size_t count);

#endif
