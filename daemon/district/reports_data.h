/* reports_data -- all numbers of one report, before they are tables. Threads: as store.h. */
#ifndef DISTRICT_REPORTS_DATA_H
#define DISTRICT_REPORTS_DATA_H

#include "district/counts.h"
#include "district/reports.h"
#include "district/reports_manual.h"

enum {
	REPORTS_GROUPS_MAX = 4096, /* children that get a row of their own */
	REPORTS_REGULAR_PERCENT = 90
};

/* Schools of a part of the tree, by what they sent in the period. */
struct reports_schools {
	uint64_t schools;
	uint64_t connected; /* sent a day at least */
	uint64_t regular;   /* on 90 % of their due days */
	uint64_t silent;    /* connected, and silent at the end of what could be sent */
	uint64_t pupils;    /* of connected ones, where the tree knows them */
	uint64_t pupils_unknown;
	uint64_t due_days, met_days;
};

struct reports_quick {
	uint64_t received;
	uint64_t in_time; /* written on the incident's day or the day behind it */
};

struct reports_data {
	const struct reports_request *request;
	int32_t from;
	int32_t until;       /* the day behind the last that can have been sent */
	int32_t before_from; /* the same days a year before */
	int32_t before_until;
	uint32_t rows_of;      /* `top`, or the only root below the department */
	uint32_t child_first;  /* its children: rows of their own */
	uint32_t child_count;  /* 0 when there are too many */
	struct counts *months; /* the whole scope by month */
	struct counts *before; /* a year before, by nothing */
	struct counts *parts;  /* each child, and what `top` sent itself; NULL without */
	uint64_t tree_revision;
	/* By node: what the school did (nodes that do not send: nothing), and the sums of all
	 * below it. */
	struct reports_schools *of_node;
	struct reports_schools *below;
	struct reports_quick quick;
	struct manual_sums manual;
	bool whole; /* the whole department: exact numbers of incidents */
};

MUST_CHECK enum err reports_data_read(
    const struct reports_request *request, struct reports_data *out);
void reports_data_free(struct reports_data *data);

/* Sums over schools of a subtree, or of those that have this kind of pupils ("primary"). */
struct reports_schools reports_schools_of(
    const struct reports_data *data, uint32_t top, const char *kind);

/* The sum of all cells of the scope and period that fit; NULL: any. Withheld documents are
 * counted in it. */
struct counts_cell reports_cell(
    const struct counts *counts, size_t period, const char *tier, const char *category);

#endif
