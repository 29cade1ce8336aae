/* say -- figures and times as people say them, in the language in use. */
#ifndef LACHANCTL_SAY_H
#define LACHANCTL_SAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SAY_BYTES = 64
};

/* "3 minutes", "2 hours 5 minutes", "4 days": the two greatest units. */
void say_duration(char out[SAY_BYTES], int64_t seconds);
/* "1,234,567", with the separator of the language. */
void say_count(char out[SAY_BYTES], int64_t count);
/* "1.5 MiB". */
void say_size(char out[SAY_BYTES], int64_t bytes);
/* RFC 3339 "2026-11-20T13:30:00+07:00" as "13:30" today or "13:30 20/11/2026"; anything
 * else as it is. `now_s`: seconds since 1970 UTC. */
void say_time(char out[SAY_BYTES], const char *rfc3339, int64_t now_s);
/* The day "2026-11-22" as people write it, "22/11/2026"; anything else as it is. */
void say_day(char out[SAY_BYTES], const char *day);
/* RFC 3339 to seconds since 1970 UTC; false when it is none. */
bool say_parse_time(const char *rfc3339, int64_t *out_s);

/* A moment as a person writes it: "11:30" (today), "2026-12-21 09:00", both in local time, or
 * RFC 3339; false when it is none of them. */
bool say_read_moment(const char *text, int64_t now_s, int64_t *out_s);

#endif
