/* Rounding, bands, times and ids: what makes one number like its neighbours. */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "report/internal.h"

static const struct {
	uint32_t from;
	const char *text;
} bands[] = {
    [REPORT_BAND_NONE] = {0, ""},
    [REPORT_BAND_5] = {5, "5-9"},
    [REPORT_BAND_10] = {10, "10-19"},
    [REPORT_BAND_20] = {20, "20-49"},
    [REPORT_BAND_50] = {50, "50-99"},
    [REPORT_BAND_100] = {100, "100-249"},
    [REPORT_BAND_250] = {250, "250-499"},
    [REPORT_BAND_500] = {500, "500+"},
};

enum report_band report_band_of(uint32_t devices)
{
	size_t i = COUNT_OF(bands) - 1;
	while (devices < bands[i].from)
		i--;
	return (enum report_band)i;
}

const char *report_band_text(enum report_band band)
{
	return bands[band].text;
}

uint64_t report_round_two_digits(uint64_t n)
{
	uint64_t unit = 1;

	while (n / unit >= 100)
		unit *= 10;
	uint64_t rest = n % unit;
	/* Half rounds up; at the end of the range it rounds down. */
	bool up = rest >= unit - rest && unit > 1 && n <= UINT64_MAX - unit;
	return n - rest + (up ? unit : 0);
}

uint64_t report_round_attempts(uint64_t attempts)
{
	if (attempts >= 1000)
		return report_round_two_digits(attempts);
	return (attempts + 2) / 5 * 5;
}

/* Days since 1970-01-01 to a date of the Gregorian calendar. */
static void civil_of(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	unsigned of_era = (unsigned)(z - era * 146097);
	unsigned year_of_era =
	    (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned of_year =
	    of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned from_march = (5 * of_year + 2) / 153;

	*day = of_year - (153 * from_march + 2) / 5 + 1;
	*month = from_march < 10 ? from_march + 3 : from_march - 9;
	*year = (int64_t)year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

void report_time(char out[REPORT_TIME_BYTES], int64_t at_s, int offset_min)
{
	const int64_t first_s = -62167132800; /* a day inside the years 0 to 9999 */
	const int64_t last_s = 253402214400;
	int64_t at = at_s < first_s ? first_s : at_s > last_s ? last_s : at_s;
	int64_t local = at + (int64_t)offset_min * 60;
	int64_t days = local / 86400 - (local % 86400 < 0 ? 1 : 0);
	unsigned of_day = (unsigned)(local - days * 86400);
	unsigned east = (unsigned)(offset_min < 0 ? -offset_min : offset_min);
	int64_t year = 0;
	unsigned month = 0;
	unsigned day = 0;

	civil_of(days, &year, &month, &day);
	(void)snprintf(out, REPORT_TIME_BYTES, "%04u-%02u-%02uT%02u:%02u:%02u%c%02u:%02u",
	    (unsigned)(year < 0 || year > 9999 ? 0 : year), month, day, of_day / 3600,
	    of_day / 60 % 60, of_day % 60, offset_min < 0 ? '-' : '+', east / 60 % 100,
	    east % 60);
}

void report_id(char out[REPORT_ID_BYTES], const char *unit,
    const struct tally_period *period, enum report_cut cut, uint32_t revision)
{
	char text[256];
	uint8_t d[EVP_MAX_MD_SIZE] = {0};
	unsigned len = 0;

	/* One line, fields apart by a character that no unit holds. */
	(void)snprintf(text, sizeof text, "lachan-summary|%.64s|%08u|%lld|%lld|%s|%u", unit,
	    (unsigned)period->day, (long long)period->start_s, (long long)period->end_s,
	    cut == REPORT_DAY ? "day" : "week-sensitive", (unsigned)revision);
	/* SHA-256 of so little cannot fail but for memory; then the id is of zeros, and the
	 * outbox refuses the second such file. */
	(void)EVP_Digest(text, strlen(text), d, &len, EVP_sha256(), NULL);
	d[6] = (uint8_t)((d[6] & 0x0f) | 0x80);
	d[8] = (uint8_t)((d[8] & 0x3f) | 0x80);
	(void)snprintf(out, REPORT_ID_BYTES,
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", d[0],
	    d[1], d[2], d[3], d[4], d[5], d[6], d[7], d[8], d[9], d[10], d[11], d[12],
	    d[13], d[14], d[15]);
}
