/* Names that never leave the school. */
#include <stdio.h>

#include "local/internal.h"

/* Names of the IANA registry "Special-Use Domain Names" that a resolver answers itself. Not
 * here: test (RFC 6761 section 6.2 would have it), since laboratories and trials use it with
 * an upstream that knows it; example, which is delegated; ipv4only.arpa (RFC 8880), which a
 * resolver without NAT64 forwards; resolver.arpa, which the filter answers before. */
static const struct {
	const char *text;
	bool has_names;
	bool is_delegated;
} NAMES[] = {
    {"localhost", true, false},   /* RFC 6761 section 6.3; has records */
    {"invalid", false, false},    /* RFC 6761 section 6.4 */
    {"local", false, false},      /* RFC 6762 section 22.1: multicast DNS alone */
    {"onion", false, false},      /* RFC 7686 section 2 */
    {"alt", false, false},        /* RFC 9476 */
    {"internal", true, false},    /* ICANN's resolution 2024.07.29.06; our portal's */
    {"home.arpa", true, true},    /* RFC 8375 section 4 */
    {"service.arpa", true, true}, /* RFC 9665 section 9 */
};

/* Reverse zones of addresses that mean something inside only. "first" to "last" stand in
 * front of the rest, each its own zone; both 0 without `counted`. */
static const struct {
	const char *rest;
	bool counted;
	unsigned first;
	unsigned last;
} REVERSE[] = {
    {"in-addr.arpa", true, 10, 10}, /* RFC 1918, as are the next two */
    {"172.in-addr.arpa", true, 16, 31}, {"168.192.in-addr.arpa", false, 0, 0},
    {"100.in-addr.arpa", true, 64, 127}, /* RFC 7793 */
    {"in-addr.arpa", true, 0, 0},        /* RFC 6303 section 4.2 */
    {"in-addr.arpa", true, 127, 127}, {"254.169.in-addr.arpa", false, 0, 0},
    {"2.0.192.in-addr.arpa", false, 0, 0}, {"100.51.198.in-addr.arpa", false, 0, 0},
    {"113.0.203.in-addr.arpa", false, 0, 0}, {"255.255.255.255.in-addr.arpa", false, 0, 0},
#define TWENTY_FOUR_ZEROS "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
    {"0.0.0.0.0.0.0.0." TWENTY_FOUR_ZEROS "ip6.arpa", false, 0, 0}, /* section 4.3 */
    {"1.0.0.0.0.0.0.0." TWENTY_FOUR_ZEROS "ip6.arpa", false, 0, 0},
    {"c.f.ip6.arpa", false, 0, 0}, /* section 4.4: fc00::/7 */
    {"d.f.ip6.arpa", false, 0, 0},
    {"8.e.f.ip6.arpa", false, 0, 0}, /* section 4.5: fe80::/10 */
    {"9.e.f.ip6.arpa", false, 0, 0}, {"a.e.f.ip6.arpa", false, 0, 0},
    {"b.e.f.ip6.arpa", false, 0, 0},
    {"8.b.d.0.1.0.0.2.ip6.arpa", false, 0, 0}, /* section 4.6 */
};

static const char LOOPBACK6[] = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1";
static const char LOCALHOST[] = "\11localhost";

const struct special_record SPECIAL_RECORDS[] = {
    {"localhost", TYPE_A, "\177\0\0\1", 4},
    {"localhost", TYPE_AAAA, LOOPBACK6, 16},
    {"*.localhost", TYPE_A, "\177\0\0\1", 4},
    {"*.localhost", TYPE_AAAA, LOOPBACK6, 16},
    {"1.0.0.127.in-addr.arpa", TYPE_PTR, LOCALHOST, sizeof LOCALHOST},
    {"1.0.0.0.0.0.0.0." TWENTY_FOUR_ZEROS "ip6.arpa", TYPE_PTR, LOCALHOST,
        sizeof LOCALHOST},
};
const size_t SPECIAL_RECORDS_COUNT = COUNT_OF(SPECIAL_RECORDS);

static bool give(const char *text, struct special_zone zone,
    bool (*each)(void *context, const struct special_zone *zone), void *context)
{
	/* Constant names of ours: they are names. */
	return name_from_text(&zone.apex, slice_of(text), NULL) == OK &&
	    each(context, &zone);
}

bool special_zones(
    bool (*each)(void *context, const struct special_zone *zone), void *context)
{
	char text[96];

	for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
		const struct special_zone zone = {.origin = LOCAL_OF_SPECIAL,
		    .has_names = NAMES[i].has_names,
		    .is_delegated = NAMES[i].is_delegated};
		if (!give(NAMES[i].text, zone, each, context))
			return false;
	}
	for (size_t i = 0; i < COUNT_OF(REVERSE); i++) {
		for (unsigned n = REVERSE[i].first; n <= REVERSE[i].last; n++) {
			if (REVERSE[i].counted)
				(void)snprintf(
				    text, sizeof text, "%u.%s", n, REVERSE[i].rest);
			else
				(void)snprintf(text, sizeof text, "%s", REVERSE[i].rest);
			const struct special_zone zone = {
			    .origin = LOCAL_OF_REVERSE, .is_delegated = true};
			if (!give(text, zone, each, context))
				return false;
		}
	}
	return true;
}
