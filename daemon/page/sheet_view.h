/* sheet_view -- a sheet as a page: what stands around each of the forms.
 *
 * A person and 111 come before every form that others on the Wi-Fi could read, and after
 * everything that went wrong. Threads: one request, one thread. */
#ifndef PAGE_SHEET_VIEW_H
#define PAGE_SHEET_VIEW_H

#include "page/sheet.h"

/* Is this form for the reader of `o` at all? The smallest have none of their own. */
bool sheet_is_offered(const struct sheet_form *form, const struct occasion *o);
/* May this page show the name to its reader? Staff's do once somebody has signed in. */
bool sheet_shows_name(const struct sheet *s, const struct occasion *o);

/* Appends the page; buf_status() says whether it fitted. */
void sheet_write(const struct sheet *s, const struct occasion *o, struct buf *out);
/* Of the HTTP answer. */
unsigned sheet_status(const struct sheet *s);

#endif
