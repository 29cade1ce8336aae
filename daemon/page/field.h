/* field -- the parts of a form as elements: labels, boxes to write in, choices, mistakes.
 *
 * Every part has a label of its own, its mistake stands beside it and is read with it, and
 * what was typed is kept, escaped; a password never is. Ids are made from names: "f-NAME"
 * for the field, "e-NAME" for its mistake. Threads: one request, one thread. */
#ifndef PAGE_FIELD_H
#define PAGE_FIELD_H

#include "page/view.h"

struct field {
	const char *name; /* of the parameter; a word */
	const struct yaml_node *label;
	const struct yaml_node *error; /* NULL: none */
	struct slice value;            /* as typed so far; not escaped yet */
	const char *attributes; /* more of them, HTML with a blank in front; or NULL */
	unsigned max_chars;     /* 0: no limit told */
	bool required;
};

/* "<form …>" that posts to `path`, with what every form carries hidden. */
void field_begin_form(struct view *v, const char *path, const char *token);
/* "</form>" behind its one button, which says `label`. */
void field_end_form(struct view *v, const struct yaml_node *label);

void field_hidden(struct view *v, const char *name, struct slice value);
/* `type`: "text", "date". */
void field_line(struct view *v, const struct field *f, const char *type);
void field_password(struct view *v, const struct field *f);
void field_area(struct view *v, const struct field *f);
/* One box to tick; its value is "yes". */
void field_tick(struct view *v, const struct field *f);

/* A choice: `label` is its legend; items between begin and end. */
void field_begin_choice(struct view *v, const struct field *f);
void field_choice(struct view *v, const struct field *f, const char *value,
    const struct yaml_node *label);
void field_end_choice(struct view *v);

/* A list to pick from; `none` is what stands there before (a pair). */
void field_begin_list(struct view *v, const struct field *f, const struct yaml_node *none);
/* `label` as text. */
void field_item(
    struct view *v, const struct field *f, const char *value, const char *label);
void field_end_list(struct view *v);

#endif
