/* buttons -- where each button of the texts leads. See rules.button_actions.
 *
 * A button is a link: there is no script, so none could do more. One whose condition does
 * not hold is not drawn. Threads: one request, one thread. */
#ifndef PAGE_BUTTONS_H
#define PAGE_BUTTONS_H

#include "page/view.h"

/* Does this button lead somewhere in this program? */
bool buttons_know(const char *button);

/* Writes those of `buttons` (a list of names; NULL: none) that show now. */
void buttons_write(struct view *v, const struct yaml_node *buttons);

/* Does one of them open the hand-over view of this page? */
bool buttons_hand_over(const struct view *v, const struct yaml_node *buttons);

#endif
