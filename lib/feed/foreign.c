/* Rules of programs whose languages are not read here. They hold names, in lines that mean more
 * than names: read as a list they would block what they exempt, so all of it is refused. */
#include "base/words.h"
#include "feed/internal.h"

enum foreign {
	FOREIGN_CLASH,
	FOREIGN_SURGE,
	FOREIGN_QUANTUMULT,
	FOREIGN_HOSTS_DENY,
	FOREIGN_V2FLY,
	FOREIGN_LANGUAGES
};

static const char *const SENTENCES[FOREIGN_LANGUAGES] = {
    [FOREIGN_CLASH] = N_("these are rules for Clash (YAML), not a list of names"),
    [FOREIGN_SURGE] = N_("these are rules for Surge or Clash, not a list of names"),
    [FOREIGN_QUANTUMULT] = N_("these are rules for Quantumult, not a list of names"),
    [FOREIGN_HOSTS_DENY] =
        N_("this is a hosts.deny file for services, not a list of names"),
    [FOREIGN_V2FLY] =
        N_("this is a domain list of v2fly, whose includes and attributes are not read"),
};

static bool starts_with_one(struct slice line, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (slice_starts(line, slice_of(*words)))
			return true;
	}
	return false;
}

/* "name @attribute" */
static bool has_attribute(struct slice line)
{
	const uint8_t *at = memmem(line.ptr, line.len, " @", 2);
	return at != NULL && (size_t)(at - line.ptr) + 2 < line.len && line.ptr[0] != '@';
}

static bool is_of(enum foreign language, struct slice line)
{
	static const char *const clash[] = {
	    "payload:", "- '", "- \"", "- +.", "- DOMAIN", NULL};
	static const char *const surge[] = {"DOMAIN,", "DOMAIN-SUFFIX,", "DOMAIN-KEYWORD,",
	    "DOMAIN-SET,", "IP-CIDR,", "IP-CIDR6,", "USER-AGENT,", "URL-REGEX,", NULL};
	static const char *const quantumult[] = {
	    "HOST,", "HOST-SUFFIX,", "HOST-KEYWORD,", "host-suffix,", "host,", NULL};
	static const char *const deny[] = {"ALL:", "ALL :", "sshd:", "ALL EXCEPT", NULL};
	static const char *const v2fly[] = {
	    "include:", "full:", "domain:", "keyword:", "regexp:", NULL};
	static const char *const *const words[FOREIGN_LANGUAGES] = {[FOREIGN_CLASH] = clash,
	    [FOREIGN_SURGE] = surge,
	    [FOREIGN_QUANTUMULT] = quantumult,
	    [FOREIGN_HOSTS_DENY] = deny,
	    [FOREIGN_V2FLY] = v2fly};

	return starts_with_one(line, words[language]) ||
	    (language == FOREIGN_V2FLY && has_attribute(line));
}

/* Two marks that one line in a hundred bears give v2fly away, whose other lines are bare names;
 * of all others half the lines must be, and more than a stray one or two. */
static bool is_mostly(enum foreign language, uint64_t marked, uint64_t lines)
{
	if (language == FOREIGN_V2FLY)
		return marked >= 2 && marked * 100 >= lines;
	return marked >= 3 && marked * 2 >= lines;
}

const char *feed_foreign(struct slice head)
{
	uint64_t lines = 0, marked[FOREIGN_LANGUAGES] = {0};

	while (head.len > 0) {
		struct slice line = feed_next_line(&head);
		if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';' ||
		    line.ptr[0] == '!')
			continue;
		lines++;
		for (unsigned i = 0; i < FOREIGN_LANGUAGES; i++)
			marked[i] += is_of((enum foreign)i, line);
	}
	for (unsigned i = 0; lines > 0 && i < FOREIGN_LANGUAGES; i++) {
		if (is_mostly((enum foreign)i, marked[i], lines))
			return _(SENTENCES[i]);
	}
	return NULL;
}
