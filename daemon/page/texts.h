/* texts -- the words of rules/pages.yaml, checked once and then only read.
 *
 * A line is a map with `vi` and `en` (and `vi_older` where older pupils and staff read
 * another one); `needs:` and `unless:` say when it may show. Loading refuses what could go
 * wrong in front of a child: a language missing, a placeholder nobody fills, a hotline
 * that an empty setting could remove, a phrase that shames or threatens.
 * Threads: any number may read. */
#ifndef PAGE_TEXTS_H
#define PAGE_TEXTS_H

#include "conf/config.h"
#include "conf/yaml_tree.h"
#include "page/standing.h"

struct texts;

/* ERR_CONFIG with every mistake in `all`, each with its place; ERR_IO, ERR_NOT_FOUND,
 * ERR_MEMORY with one. On success *out is the caller's (texts_free). */
MUST_CHECK enum err texts_load(struct texts **out, const char *path, struct diags *all);
/* The same from memory; `file` is what mistakes name and must outlive the texts. */
MUST_CHECK enum err texts_parse(
    struct texts **out, struct slice text, const char *file, struct diags *all);
void texts_free(struct texts *texts); /* NULL is fine */

/* Who reads, and in which language. */
struct voice {
	enum config_language language;
	bool older; /* reads vi_older where it stands */
};

/* The line of a pair in this voice; "" for a pair that is not there or says nothing. */
const char *texts_line(const struct yaml_node *pair, struct voice voice);

/* The top-level part `section` ("ui", "portal"); NULL when it is not there. */
const struct yaml_node *texts_section(const struct texts *texts, const char *section);
/* The pair section.key. */
const struct yaml_node *texts_pair(
    const struct texts *texts, const char *section, const char *key);

/* May this line show? A line with `needs:` while that holds, one with `unless:` while it does
 * not: `review`, `report` and `teacher_open` of `holds`. */
bool texts_may_show(const struct yaml_node *line, struct standing holds);
/* Likewise for a button, by rules.button_needs. */
bool texts_button_shows(
    const struct texts *texts, const char *button, struct standing holds);

struct texts_tier {
	const struct yaml_node *name;  /* pair */
	const struct yaml_node *pages; /* map of variants; of `pages_of` where given */
	const struct yaml_node *own;   /* variants that stand before those; or NULL */
	bool show_domain;
	bool older;
	bool staff;
	bool calm; /* rules.no_red_alarm_for */
};

/* False for a tier the file does not know. */
bool texts_find_tier(const struct texts *texts, const char *tier, struct texts_tier *out);
/* The tier's page of this variant; NULL when it has none. */
const struct yaml_node *texts_page(const struct texts_tier *tier, const char *variant);

struct texts_category {
	const struct yaml_node *name;        /* pair, for staff */
	const struct yaml_node *child_label; /* pair, for everybody else */
	const char *page; /* the variant: "default", "self_harm", …, "none" */
	bool sensitive;
};

bool texts_find_category(
    const struct texts *texts, const char *category, struct texts_category *out);

#endif
