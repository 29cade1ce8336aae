/* totals -- one day's counts as plain numbers: what is saved, kept and reported.
 *
 * Nothing here can hold a device: no address, no tag, no key. A name stands here only
 * once `min_devices` different devices met it.
 *
 *   file "today"          counts, hours and names, written every monitor.save
 *   file YYYYMMDD.day     counts and names of a closed day, kept monitor.keep.daily
 *   file YYYYMMDD.hours   hours of a closed day, kept monitor.keep.hourly
 *
 * Format: "LCHTOTAL", version, parts, day, body, checksum64; little-endian throughout
 * (codec.c). Threads: none of its own; one caller at a time. */
#ifndef TALLY_TOTALS_H
#define TALLY_TOTALS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/diag.h"
#include "base/err.h"

enum {
	TALLY_TIERS = 32,
	TALLY_CATEGORIES = 64,
	TALLY_LABEL_BYTES = 40, /* with the final NUL */
	TALLY_FAILURES = 16,
	TALLY_HOURS = 25, /* a day that ends summer time has 25 */
	TALLY_NAMES = 64,
	TALLY_NAME_BYTES = 254,      /* with the final NUL */
	TALLY_MAX_BYTES = 512 * 1024 /* of an encoded file */
};

/* One local day, half-open: [start_s, end_s) in seconds since 1970 UTC. */
struct tally_period {
	uint32_t day; /* 20261120; 0: not known yet, the clock is not trusted */
	int64_t start_s;
	int64_t end_s;
	int16_t start_offset_min; /* east of UTC */
	int16_t end_offset_min;
};

enum tally_label_flag {
	TALLY_PUPILS = 1, /* a tier of pupils: its counts may leave the school */
	TALLY_SENSITIVE =
	    2,            /* a category that is published weekly only, never by the hour */
	TALLY_SILENT = 4, /* a category answered `null`: not in names and published-total */
};

/* A tier or category by the word the configuration uses. Flags only ever gain bits
 * within a day: what was sensitive for an hour is so for the day. */
struct tally_label {
	char text[TALLY_LABEL_BYTES];
	uint32_t flags;
};

struct tally_cell {
	uint32_t attempts;
	uint32_t devices; /* distinct; of the largest segment */
};

/* type: "feed-refused", "ring-full", "storage-lost", "unfiltered" … */
struct tally_failure {
	char type[TALLY_LABEL_BYTES];
	uint32_t count;
	int64_t first_s;
	int64_t last_s;
};

struct tally_top_name {
	char text[TALLY_NAME_BYTES]; /* registrable domain of a public feed's listed name */
	uint8_t category;
	uint32_t devices;
};

/* About 150 KB: keep it on the heap. */
struct tally_totals {
	struct tally_period period;
	struct tally_label tiers[TALLY_TIERS];
	struct tally_label categories[TALLY_CATEGORIES];
	uint8_t tier_count;
	uint8_t category_count;

	uint64_t queries;
	uint64_t uptime_s;
	uint64_t unfiltered_s;
	uint64_t lost;     /* events a limit, a full ring or a torn file took */
	uint32_t segments; /* how often the device key was lost and made anew, plus one */
	bool partial;      /* something was lost, or there is more than one segment */

	uint32_t tier_devices[TALLY_TIERS]; /* seen at all: coverage */
	uint32_t
	    tier_default_devices[TALLY_TIERS]; /* that got the tier as nobody's claim */
	struct tally_cell cells[TALLY_TIERS][TALLY_CATEGORIES];
	/* Distinct over all pupils' tiers together. */
	uint32_t category_devices[TALLY_CATEGORIES];
	/* Distinct over the sensitive categories of `low_categories`, all pupils' tiers
	 * together: those with fewer than min_devices devices that day. */
	uint64_t low_categories;
	uint32_t low_devices;

	struct tally_failure failures[TALLY_FAILURES];
	uint8_t failure_count;

	struct tally_top_name names[TALLY_NAMES];
	uint8_t name_count;

	/* Attempts by local hour; of sensitive categories always 0. */
	uint16_t hours[TALLY_HOURS][TALLY_TIERS][TALLY_CATEGORIES];
};

/* Adds another segment of the same day: attempts, queries, seconds and failures add up,
 * devices are the larger of the two. Labels are matched by their text; one that finds
 * no place costs its cells, counted in `lost`. */
void tally_totals_merge(struct tally_totals *into, const struct tally_totals *from);

/* Which cells to pool: for each tier a mask of categories. */
struct tally_selection {
	uint64_t categories[TALLY_TIERS];
};

/* Over all selected cells: the attempts, and a lower bound of the distinct devices (the
 * best that totals alone can tell), so that a floor errs towards silence. */
struct tally_cell tally_totals_count(
    const struct tally_totals *totals, const struct tally_selection *which);
/* Distinct devices seen in any of the tiers (bit i is tier i); a lower bound likewise. */
uint32_t tally_totals_population(const struct tally_totals *totals, uint32_t tiers);

/* A failure of `type` at `at_s`; beyond TALLY_FAILURES types it counts as "other". */
void tally_totals_fail(struct tally_totals *totals, const char *type, int64_t at_s);

enum tally_part {
	TALLY_PART_COUNTS = 1,
	TALLY_PART_HOURS = 2,
	TALLY_PART_NAMES = 4,
	TALLY_PART_ALL = 7
};

/* Appends the encoded parts (bits of enum tally_part) to `out`. ERR_FULL. */
MUST_CHECK enum err tally_encode(
    const struct tally_totals *totals, unsigned parts, struct buf *out);
/* Replaces *totals by what `bytes` hold. ERR_FORMAT for anything torn, altered or out of
 * range; then *totals is all zero. */
MUST_CHECK enum err tally_decode(
    struct tally_totals *totals, struct slice bytes, struct diag *why);

/* Writes FOLDER/YYYYMMDD.day and .hours of totals->period.day, atomically. */
MUST_CHECK enum err tally_day_write(const char *folder, const struct tally_totals *totals);
/* Reads the .day file. ERR_NOT_FOUND, ERR_IO, ERR_FORMAT. */
MUST_CHECK enum err tally_day_read(
    const char *folder, uint32_t day, struct tally_totals *totals, struct diag *why);
/* Removes .hours files of days before `hours_from` and .day files of days before
 * `days_from` (both as 20261120). Other files are left alone. ERR_IO. */
MUST_CHECK enum err tally_day_prune(
    const char *folder, uint32_t hours_from, uint32_t days_from);

#endif
