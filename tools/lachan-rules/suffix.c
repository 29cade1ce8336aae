#include "suffix.h"

#include <libpsl.h>

#include "feed/suffix.h"

/* Lower-case wire form to text; names of feeds hold nothing that needs escapes. */
static void text_of(char out[NAME_OCTETS_MAX], struct dname name)
{
	size_t at = 0, used = 0;

	while (name.wire[at] != 0) {
		size_t len = name.wire[at];
		if (used > 0)
			out[used++] = '.';
		memcpy(out + used, name.wire + at + 1, len);
		used += len;
		at += len + 1;
	}
	out[used] = '\0';
}

bool suffix_covers(const struct feed_rule *rule, bool of_allow_feed)
{
	char text[NAME_OCTETS_MAX];

	if (rule->rule.subject != RULE_OF_NAME ||
	    ((rule->rule.kind & RULE_EXCEPTION) != 0 && !of_allow_feed))
		return false;
	if (!feed_may_be_public_suffix(rule->rule.name))
		return false;
	text_of(text, rule->rule.name);
	return psl_is_public_suffix2(
	           psl_builtin(), text, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) == 1;
}
