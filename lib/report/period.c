/* Times of documents read back: RFC 3339 with offset, in the one form we write. */
#include <stdio.h>
#include <string.h>

#include "report/internal.h"

enum {
	DAY_S = 86400,
	TIME_LENGTH = 25,         /* 2026-11-20T00:00:00+07:00 */
	OFFSET_MAX_MIN = 14 * 60, /* of all places on earth */
	MONDAY = 3                /* days since 1970-01-01 of a Monday: 7 n - 3 */
};

/* One end of a period. */
struct stamp {
	int64_t local_s; /* as a clock on the wall counts */
	int offset_min;
	uint32_t day; /* 20261120 */
};

/* Days since 1970-01-01; the inverse of civil_of() in round.c. */
static int64_t days_of(uint64_t year, uint64_t month, uint64_t day)
{
	int64_t y = (int64_t)year - (month <= 2);
	int64_t era = y / 400;
	int64_t of_era = y - era * 400;
	int64_t from_march = (int64_t)(month + 9) % 12;
	int64_t of_year = (153 * from_march + 2) / 5 + (int64_t)day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static uint64_t digits(const char *text, size_t at, size_t count, bool *bad)
{
	uint64_t n = 0;
	struct slice s = {(const uint8_t *)text + at, count};

	if (!slice_to_u64(s, 9999, &n))
		*bad = true;
	return n;
}

static bool read_stamp(const char *text, struct stamp *out)
{
	char again[REPORT_TIME_BYTES];
	bool bad = false;

	if (strlen(text) != TIME_LENGTH)
		return false;
	uint64_t year = digits(text, 0, 4, &bad);
	uint64_t month = digits(text, 5, 2, &bad);
	uint64_t day = digits(text, 8, 2, &bad);
	uint64_t second = digits(text, 11, 2, &bad) * 3600 +
	    digits(text, 14, 2, &bad) * 60 + digits(text, 17, 2, &bad);
	int east = (int)(digits(text, 20, 2, &bad) * 60 + digits(text, 23, 2, &bad));
	if (bad || year < 1970 || month < 1 || month > 12 || east > OFFSET_MAX_MIN)
		return false;
	out->offset_min = text[19] == '-' ? -east : east;
	out->local_s = days_of(year, month, day) * DAY_S + (int64_t)second;
	out->day = (uint32_t)(year * 10000 + month * 100 + day);
	/* Commas for dashes, 31 February, 24:00 and -00:00 do not come back. */
	report_time(again, out->local_s - (int64_t)out->offset_min * 60, out->offset_min);
	return strcmp(again, text) == 0;
}

/* Our own form, and what else RFC 3339 has: parts of a second, and Z. */
bool report_is_time(const char *text)
{
	size_t seconds = strlen("2026-11-20T00:00:00");
	size_t len = strlen(text);
	char plain[REPORT_TIME_BYTES];
	struct stamp stamp;

	if (len <= seconds || len >= sizeof plain)
		return false;
	const char *offset = text + seconds;
	if (offset[0] == '.' && offset[1] >= '0' && offset[1] <= '9')
		offset += 1 + strspn(offset + 1, "0123456789");
	if (strcmp(offset, "Z") == 0)
		offset = "+00:00";
	(void)snprintf(plain, sizeof plain, "%.*s%s", (int)seconds, text, offset);
	return read_stamp(plain, &stamp);
}

bool report_id_follows(const struct report_document *d)
{
	struct tally_period period;
	struct diag why;
	char id[REPORT_ID_BYTES];

	if (report_period(d, &period, &why) != OK)
		return false;
	report_id(id, d->unit, &period, d->cut, d->revision);
	return strcmp(id, d->report_id) == 0;
}

bool report_is_uuid(const char *id)
{
	if (strlen(id) != REPORT_ID_BYTES - 1)
		return false;
	for (size_t i = 0; i < REPORT_ID_BYTES - 1; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		bool hex = (id[i] >= '0' && id[i] <= '9') || (id[i] >= 'a' && id[i] <= 'f');
		if (dash ? id[i] != '-' : !hex)
			return false;
	}
	return true;
}

enum err report_period(
    const struct report_document *d, struct tally_period *out, struct diag *why)
{
	struct stamp start;
	struct stamp end;
	bool weekly = d->cut == REPORT_WEEK_SENSITIVE;

	if (!read_stamp(d->start, &start) || !read_stamp(d->end, &end)) {
		diag_set(why, "a date-time is not of the form 2026-11-20T00:00:00+07:00");
		return ERR_FORMAT;
	}
	bool whole = start.local_s % DAY_S == 0 && end.local_s % DAY_S == 0 &&
	    end.local_s - start.local_s == (weekly ? 7 : 1) * DAY_S;
	if (!whole || (weekly && (start.local_s / DAY_S + MONDAY) % 7 != 0)) {
		diag_set(why,
		    weekly ? "the period is not a week from Monday to Sunday"
		           : "the period is not one local day");
		return ERR_FORMAT;
	}
	*out = (struct tally_period){
	    .day = start.day,
	    .start_s = start.local_s - (int64_t)start.offset_min * 60,
	    .end_s = end.local_s - (int64_t)end.offset_min * 60,
	    .start_offset_min = (int16_t)start.offset_min,
	    .end_offset_min = (int16_t)end.offset_min,
	};
	return OK;
}
