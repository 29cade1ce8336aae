/* standing -- which forms hold at this moment. A form is a promise that somebody reads it, so
 * one is shown only while somebody who answers was here not long ago.
 *
 *	standing {}  ->  {"review","report","teacher"}
 *
 *	review   pages.review is auto, and an admin, an approver, a teacher or the operator was
 *	         here within pages.answer_within
 *	report   pages.report is auto, there is a counsellor, and one was here within that
 *	teacher  somebody could sign in
 */
#ifndef DESK_STANDING_H
#define DESK_STANDING_H

#include <stdbool.h>

#include "desk/part.h"

extern const struct part standing_part;

/* Whoever takes a form in asks once more: the page may be behind. */
bool standing_review(const struct desk *desk);
bool standing_report(const struct desk *desk);
bool standing_teacher(const struct desk *desk);

#endif
