#include "lachanctl/explain_words.h"

#include <stdbool.h>
#include <string.h>

#include "base/attr.h"
#include "base/words.h"

/* A word of the object and its sentence; `open`, where it differs for what is open. */
struct phrase {
	const char *word;
	const char *words;
	const char *open;
};

static const char *find_phrase(
    const struct phrase *all, size_t count, const char *word, bool open)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(all[i].word, word) == 0)
			return open && all[i].open != NULL ? _(all[i].open)
			                                   : _(all[i].words);
	}
	return word;
}

const char *explain_reason_words(const char *reason, bool open)
{
	static const struct phrase all[] = {
	    {"nothing", N_("no rule in force speaks of it"), NULL},
	    {"locked", N_("its category is locked: nobody at the school opens it"), NULL},
	    {"required",
	        N_("the education department requires that its category be closed"), NULL},
	    {"grant", N_("somebody blocked it for a while"),
	        N_("somebody opened it for a while")},
	    {"allow", N_("the tier's own list allows it"), NULL},
	    {"deny", N_("the tier's own list denies it"), NULL},
	    {"allow-only", N_("only what the school allows resolves now"), NULL},
	    {"never-block", N_("it is a never-block name: no content list blocks it"),
	        NULL},
	    {"category", N_("the tier blocks its category"),
	        N_("the timetable opens its category now")},
	    {"service", N_("the tier blocks this service"),
	        N_("the timetable opens this service now")},
	    {"safe-search", N_("this search engine has no safe address"), NULL},
	    {"bypass",
	        N_("devices ask by it whether they may go round the filter, and may not"),
	        NULL},
	    {"answer", N_("it leads to what the tier may not have"), NULL},
	    {"pause", N_("filtering is paused; it would be blocked"), NULL},
	    {"trial", N_("this is a trial; it would be blocked"), NULL},
	    {"portal", N_("it is the portal's own name"), NULL},
	    {"no-rules", N_("there are no usable rules, and without_rules says refuse"),
	        NULL},
	};

	return find_phrase(all, COUNT_OF(all), reason, open);
}

const char *explain_kind_words(const char *kind)
{
	static const struct phrase all[] = {
	    {"block", N_("blocks"), NULL},
	    {"exception", N_("exception"), NULL},
	    {"allow", N_("tier allows"), NULL},
	    {"deny", N_("tier denies"), NULL},
	    {"never-block", N_("never block"), NULL},
	    {"portal", N_("portal"), NULL},
	    {"pause", N_("pause"), NULL},
	    {"grant", N_("grant"), NULL},
	    {"window", N_("timetable"), NULL},
	    {"service", N_("service"), NULL},
	    {"allow-only", N_("only allowed"), NULL},
	    {"youtube", N_("YouTube"), NULL},
	    {"safe-search", N_("safe search"), NULL},
	    {"bypass", N_("way round"), NULL},
	    {"trial", N_("trial"), NULL},
	    {"department", N_("required by"), NULL},
	};

	return find_phrase(all, COUNT_OF(all), kind, false);
}

const char *explain_answer_words(const char *answer)
{
	static const struct phrase all[] = {
	    {"warning", N_("the address of the warning page"), NULL},
	    {"null", N_("an address that leads nowhere (0.0.0.0, ::)"), NULL},
	    {"nodata", N_("no address (NODATA)"), NULL},
	    {"nxdomain", N_("no such name (NXDOMAIN)"), NULL},
	    {"refused", N_("a refusal (REFUSED)"), NULL},
	};

	return find_phrase(all, COUNT_OF(all), answer, false);
}

const char *explain_local_words(const char *of, const char *answer)
{
	static const struct phrase school[] = {
	    {"records", N_("Answered here, by a record of the zone"), NULL},
	    {"alias", N_("Answered here, by a CNAME of the zone"), NULL},
	    {"nodata", N_("Answered here: the name has no such record in the zone"), NULL},
	    {"nxdomain", N_("Answered here: there is no such name in the zone"), NULL},
	    {"servers", N_("Asked of nobody but the servers of the zone"), NULL},
	    {"upstream",
	        N_("Asked of the upstream servers, with what is said for the zone"), NULL},
	};
	static const struct phrase reserved[] = {
	    {"records", N_("Answered here: it is reserved, with all of"), NULL},
	    {"nodata", N_("Answered here with nothing: it is reserved, with all of"), NULL},
	    {"nxdomain",
	        N_("Answered here, no such name: it is reserved and never leaves, with all of"),
	        NULL},
	    {"upstream", N_("Asked of the upstream servers, where it begins"), NULL},
	};

	return strcmp(of, "school") == 0
	    ? find_phrase(school, COUNT_OF(school), answer, false)
	    : find_phrase(reserved, COUNT_OF(reserved), answer, false);
}
