/* words -- what the department's pages and reports say, in Vietnamese and English.
 *
 * A sentence is a row of words.def; a name of something that documents mention by an id (a category, a tier, a kind of
 * failure) is a row of terms.def. The language is an argument, since one process answers in both at once; that is why
 * gettext does not serve here. {1} to {9} are places for values. Threads: any. */
#ifndef DISTRICT_WORDS_H
#define DISTRICT_WORDS_H

#include <stdbool.h>

#include "base/buf.h"

enum language {
	LANGUAGE_VI,
	LANGUAGE_EN,
	LANGUAGES
};

enum word {
#define W(id, en, vi) WORD_##id,
#include "district/words.def"
#undef W
	WORDS
};

const char *language_code(enum language language); /* "vi", "en" */
/* False for another language; then *out is untouched. */
bool language_of(struct slice code, enum language *out);
/* The first of Accept-Language's that we speak, else `otherwise`. Weights (q=) are taken for their order, as every
 * browser writes them; the text is a stranger's. */
enum language language_choose(struct slice accept_language, enum language otherwise);

const char *word_of(enum word word, enum language language);
/* The same by its id ("NAV_COVERAGE"), for tests. */
const char *word_key(enum word word);

/* Appends `text` with {1}… replaced by values[0]…; `values` ends with NULL and may be NULL. A place without a value
 * stays empty. Plain text: the value is copied as it is. */
void words_fill(struct buf *out, const char *text, const char *const *values);
/* The same for HTML: text and values are escaped. */
void words_fill_html(struct buf *out, const char *text, const char *const *values);

/* ---- names of things ---- */

enum term_kind {
	TERM_CATEGORY,
	TERM_TIER,
	TERM_FAILURE,
	TERM_INCIDENT, /* quick_report_form.kinds of rules/pages.yaml */
	TERM_LEVEL,    /* of the tree of units */
	TERM_ROLE,
	TERM_PLACEMENT,
	TERM_KINDS
};

struct term {
	enum term_kind kind;
	const char *id;
	const char *text[LANGUAGES];
};

/* "games" is "Trò chơi điện tử"; an id that is not ours stays itself, borrowed from the caller. */
const char *term_of(enum term_kind kind, const char *id, enum language language);
/* All terms, those of one kind side by side and in the order in which people read them. */
const struct term *terms_all(size_t *count);

/* Published weekly only and without tiers; never beside a tier on a page. Also of "sensitive_other". */
bool category_is_sensitive(const char *id);
/* Answered without a page, so no attempt of a person: outside every total. */
bool category_is_silent(const char *id);

#endif
