/* The table of formats: a new one is a row. */
#include "feed/internal.h"

/* When two look equally likely, the first is taken. */
static const struct feed_format FORMATS[] = {
    {"adblock", FEED_JUDGED_BY_RANK, feed_probe_adblock, feed_read_adblock},
    {"hosts", FEED_JUDGED_BY_RANK, feed_probe_hosts, feed_read_plain},
    {"wildcard", FEED_JUDGED_BY_RANK, feed_probe_wildcard, feed_read_plain},
    {"domains", FEED_JUDGED_BY_RANK, feed_probe_domains, feed_read_plain},
    {"dnsmasq", FEED_JUDGED_LONGEST, feed_probe_dnsmasq, feed_read_dnsmasq},
    {"unbound", FEED_JUDGED_LONGEST, feed_probe_unbound, feed_read_unbound},
    {"rpz", FEED_JUDGED_LONGEST, feed_probe_rpz, feed_read_rpz},
    {"regex", FEED_JUDGED_BY_RANK, feed_probe_regex, feed_read_regex},
    {"squidguard", FEED_JUDGED_BY_RANK, feed_probe_squidguard, feed_read_squidguard},
    {"bundle", FEED_JUDGED_BY_RANK, feed_probe_bundle, feed_read_bundle},
};

const struct feed_format *feed_format_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(FORMATS); i++) {
		if (strcmp(FORMATS[i].name, name) == 0)
			return &FORMATS[i];
	}
	return NULL;
}

const char *feed_format_name(const struct feed_format *format)
{
	return format->name;
}

enum feed_judging feed_format_judging(const struct feed_format *format)
{
	return format->judging;
}

const char *const *feed_format_names(void)
{
	static const char *const names[] = {"domains", "hosts", "wildcard", "adblock",
	    "dnsmasq", "unbound", "rpz", "regex", "squidguard", "bundle", NULL};
	return names;
}

struct slice feed_next_line(struct slice *rest)
{
	size_t n = 0;
	while (n < rest->len && rest->ptr[n] != '\n' && rest->ptr[n] != '\r')
		n++;
	struct slice line = {rest->ptr, n};
	size_t used = n < rest->len ? n + 1 : n;
	*rest = (struct slice){rest->ptr + used, rest->len - used};
	return slice_trim(line);
}

const struct feed_format *feed_format_guess(struct slice head)
{
	uint64_t votes[COUNT_OF(FORMATS)] = {0};

	while (head.len > 0) {
		struct slice line = feed_next_line(&head);
		for (size_t i = 0; line.len > 0 && i < COUNT_OF(FORMATS); i++)
			votes[i] += FORMATS[i].probe(line);
	}
	size_t best = 0;
	for (size_t i = 1; i < COUNT_OF(FORMATS); i++) {
		if (votes[i] > votes[best])
			best = i;
	}
	return votes[best] > 0 ? &FORMATS[best] : NULL;
}
