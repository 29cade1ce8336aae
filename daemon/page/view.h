/* view -- one page for one reader: who reads, in which voice, and the HTML so far.
 *
 * The pieces below write whole elements or nothing: a line that may not show, or whose
 * placeholders have no value, leaves no empty shell. Threads: one request, one thread. */
#ifndef PAGE_VIEW_H
#define PAGE_VIEW_H

#include "control/verdict.h"
#include "page/facts.h"
#include "page/look.h"
#include "page/texts.h"

enum {
	VIEW_MAX_BYTES = 200 * 1024,
	VIEW_CLOCK_BYTES = 8
};

/* What is known of a request when its page is made. All borrowed. */
struct occasion {
	const struct texts *texts;
	const struct look *look;
	const struct config *config;
	const struct verdict_answer *answer; /* NULL: the filter did not say */
	const char *domain; /* the name asked for, as text; "" when unsound */
	enum config_language language;
	bool language_chosen; /* by ?lang=, so links carry it on */
	bool by_name;         /* reached through a name, which our DNS answered */
	int64_t now_s;        /* seconds since 1970 UTC */
	uint32_t random;
	struct standing standing; /* of the house: what forms somebody answers */
};

struct view {
	const struct occasion *occasion;
	const struct texts *texts;
	struct texts_tier tier;
	const char *page_class; /* more words for the class of <body>; or NULL */
	const char *tier_id;    /* of the pages: a tier the texts know */
	struct voice voice;
	struct facts facts;
	struct standing
	    holds; /* of this page: the house's, less what its category forbids */
	struct buf *out;
	char reference[16];
	char date_time[32];
	char minutes[24];
	const struct yaml_node *privacy; /* the promise of this page; NULL: that of all */
	const char *about; /* a name that the language switch carries on; NULL: none */
};

/* Finds the tier (the answer's, else the strictest of the school) and the facts that every
 * page has. Facts of the verdict are added by the warning page alone. */
void view_begin(struct view *v, const struct occasion *occasion, struct buf *out);

/* The index, in config.tiers, of the tier to speak to. */
size_t view_tier_index(const struct occasion *occasion);
/* Pupils of any tier but staff; guests too. */
bool view_is_student(const struct view *v);
/* Preschool and primary. */
bool view_is_young(const struct view *v);

const char *view_line(const struct view *v, const struct yaml_node *pair);
const struct yaml_node *view_pair(
    const struct view *v, const char *section, const char *key);
/* The line can show: its conditions hold and its placeholders have values. */
bool view_shows(const struct view *v, const struct yaml_node *pair);

void view_raw(struct view *v, const char *html);
void view_escaped(struct view *v, const char *text);
/* `open` LINE `close`; false when the line does not show. `open` and `close` are HTML. */
bool view_element(
    struct view *v, const char *open, const struct yaml_node *pair, const char *close);
/* One element for each line of a list; NULL is an empty list. How many were written. */
size_t view_elements(
    struct view *v, const char *open, const struct yaml_node *list, const char *close);
/* "13:30" when `at_s` (seconds since 1970 UTC) lies ahead of us on this very day, by local
 * time; else "". */
void view_clock_today(const struct view *v, int64_t at_s, char out[VIEW_CLOCK_BYTES]);
/* How many lines of a list would show. */
size_t view_count(const struct view *v, const struct yaml_node *list);
/* ATTRIBUTE="PATH" with the chosen language carried on. */
void view_link(struct view *v, const char *attribute, const char *path);
/* The same for href. */
void view_href(struct view *v, const char *path);

#endif
