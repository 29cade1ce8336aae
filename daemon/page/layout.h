/* layout -- what stands around every page: head, name of the program, language switch,
 * help, the hand-over view, footer. */
#ifndef PAGE_LAYOUT_H
#define PAGE_LAYOUT_H

#include "page/view.h"

/* The drawing for this reader where the page has none of its own. */
enum scene layout_scene(const struct view *v);
/* Up to the place of the text; `title` is the first of these pairs that shows. */
void layout_open(struct view *v, const struct yaml_node *title, enum scene scene);
/* After it: ends the card. */
void layout_end_card(struct view *v);
/* "When you need help": the page's own line (may be NULL), 111 always, and the school's
 * counselling team unless `contacts_shown` says that it stands above already. */
void layout_help(struct view *v, const struct yaml_node *help, bool contacts_shown);
/* The view that a pupil hands to a teacher; shown by the link to #hand-over alone. */
void layout_hand_over(struct view *v);
/* `reference` (may be NULL) is the line with the code of this page. */
void layout_close(struct view *v, const struct yaml_node *reference);

/* The school's counselling team as a list, on every student page but preschool's. */
void layout_contacts(struct view *v);

#endif
