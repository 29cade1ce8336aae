#include "district/words.h"

#include <string.h>

#include "base/attr.h"

static const struct term terms[] = {
#define T(kind, id, en, vi) {TERM_##kind, id, {[LANGUAGE_VI] = (vi), [LANGUAGE_EN] = (en)}},
#include "district/terms.def"
#undef T
};

const char *term_of(enum term_kind kind, const char *id, enum language language)
{
	for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++)
		if (terms[i].kind == kind && strcmp(terms[i].id, id) == 0)
			return terms[i].text[language];
	return id;
}

const struct term *terms_all(size_t *count)
{
	*count = sizeof terms / sizeof terms[0];
	return terms;
}

bool category_is_sensitive(const char *id)
{
	static const char *const sensitive[] = {"adult", "extremism",
	    "drugs_alcohol_tobacco", "self_harm", "child_abuse", "dating",
	    "sensitive_other"};

	for (size_t i = 0; i < sizeof sensitive / sizeof sensitive[0]; i++)
		if (strcmp(sensitive[i], id) == 0)
			return true;
	return false;
}

bool category_is_silent(const char *id)
{
	return strcmp(id, "ads_tracking") == 0;
}
