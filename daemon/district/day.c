#include "district/day.h"

/* Days and dates by the algorithm for eras of 400 years; March is a year's first month, so
 * that the leap day is its last. */
int32_t day_make(int year, int month, int day_of_month)
{
	int months = year * 12 + month - 1;
	int y = months >= 0 ? months / 12 : -((11 - months) / 12);
	int m = months - y * 12 + 1;

	y -= m <= 2;
	int era = (y >= 0 ? y : y - 399) / 400;
	int year_of_era = y - era * 400;
	int day_of_year = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + day_of_month - 1;
	int day_of_era =
	    year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

void day_split(int32_t day, int *year, int *month, int *day_of_month)
{
	int z = day + 719468;
	int era = (z >= 0 ? z : z - 146096) / 146097;
	int day_of_era = z - era * 146097;
	int year_of_era =
	    (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) /
	    365;
	int day_of_year =
	    day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int month_from_march = (5 * day_of_year + 2) / 153;

	*day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
	*month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
	*year = year_of_era + era * 400 + (*month <= 2);
}

int day_weekday(int32_t day)
{
	int from_thursday = day % 7; /* 1970-01-01 was one */
	return (from_thursday + 7 + 3) % 7;
}

int32_t day_month_first(int32_t day)
{
	int year, month, of_month;
	day_split(day, &year, &month, &of_month);
	return day_make(year, month, 1);
}

int32_t day_month_next(int32_t day)
{
	int year, month, of_month;
	day_split(day, &year, &month, &of_month);
	return day_make(year, month + 1, 1);
}

static int digits(const uint8_t *p, int count)
{
	int n = 0;
	for (int i = 0; i < count; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		n = n * 10 + (p[i] - '0');
	}
	return n;
}

bool day_read(struct slice text, int32_t *out)
{
	if (text.len < DAY_TEXT_BYTES - 1 || text.ptr[4] != '-' || text.ptr[7] != '-')
		return false;
	int year = digits(text.ptr, 4);
	int month = digits(text.ptr + 5, 2);
	int of_month = digits(text.ptr + 8, 2);
	if (year < 1900 || month < 1 || month > 12 || of_month < 1)
		return false;
	int32_t day = day_make(year, month, of_month);
	if (day >= day_make(year, month + 1, 1))
		return false;
	*out = day;
	return true;
}

static void write_digits(char *out, int n, int count)
{
	for (int i = count - 1; i >= 0; i--, n /= 10)
		out[i] = (char)('0' + n % 10);
}

void day_write(char out[DAY_TEXT_BYTES], int32_t day)
{
	int year, month, of_month;

	day = day < DAY_FIRST ? DAY_FIRST : day > DAY_FOREVER ? DAY_FOREVER : day;
	day_split(day, &year, &month, &of_month);
	write_digits(out, year, 4);
	out[4] = '-';
	write_digits(out + 5, month, 2);
	out[7] = '-';
	write_digits(out + 8, of_month, 2);
	out[10] = 0;
}

int32_t day_at(int64_t at_s, int32_t offset_s)
{
	int64_t local = at_s + offset_s;
	int64_t day = local >= 0 ? local / 86400 : -((86399 - local) / 86400);
	return day < DAY_FIRST ? DAY_FIRST : day > DAY_FOREVER ? DAY_FOREVER : (int32_t)day;
}

int32_t day_half(int32_t day)
{
	int year, month, of_month;
	day_split(day, &year, &month, &of_month);
	return ((year - 1970) * 12 + month - 1) * 2 + (of_month >= 16);
}

int32_t day_half_first(int32_t half)
{
	int months = half >= 0 ? half / 2 : -((1 - half) / 2);
	return day_make(1970, months + 1, half - months * 2 == 0 ? 1 : 16);
}
