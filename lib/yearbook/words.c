#include <string.h>

#include "yearbook/yearbook.h"

static const char *const words[YEARBOOK_WORDS][2] = {
#define X(id, english, vietnamese) [YB_##id] = {vietnamese, english},
#include "yearbook/words.def"
#undef X
};

const char *yearbook_word(enum yearbook_language language, enum yearbook_word word)
{
	return words[word][language == YEARBOOK_EN ? 1 : 0];
}

static const struct {
	const char *id;
	enum yearbook_word word;
} terms[] = {
    {"off", YB_YOUTUBE_OFF},
    {"moderate", YB_YOUTUBE_MODERATE},
    {"strict", YB_YOUTUBE_STRICT},
    {"feed-refused", YB_FEED_REFUSED},
    {"feed-held", YB_FEED_HELD},
    {"list-stale", YB_LIST_STALE},
    {"list-invalid", YB_LIST_INVALID},
    {"upstream-failed", YB_UPSTREAM_FAILED},
    {"fail-open", YB_FAIL_OPEN},
    {"clock-skew", YB_CLOCK_SKEW},
    {"config-error", YB_CONFIG_ERROR},
    {"storage-lost", YB_STORAGE_LOST},
    {"ring-full", YB_RING_FULL},
    {"unfiltered", YB_UNFILTERED_FAILURE},
};

const char *yearbook_term(enum yearbook_language language, const char *id)
{
	for (size_t i = 0; i < COUNT_OF(terms); i++)
		if (strcmp(terms[i].id, id) == 0)
			return yearbook_word(language, terms[i].word);
	return id;
}
