/* reports_tables -- the tables, one function each. Threads: none of their own. */
#ifndef DISTRICT_REPORTS_TABLES_H
#define DISTRICT_REPORTS_TABLES_H

#include "district/reports_data.h"

void reports_fill_deployment(
    const struct reports_data *data, struct yearbook *book); /* B1 */
void reports_fill_operation(
    const struct reports_data *data, struct yearbook *book);                       /* B2 */
void reports_fill_blocked(const struct reports_data *data, struct yearbook *book); /* B3 */
void reports_fill_trend(const struct reports_data *data, struct yearbook *book);   /* B4 */
void reports_fill_leading(const struct reports_data *data, struct yearbook *book); /* B5 */
void reports_fill_by_hand(
    const struct reports_data *data, struct yearbook *book); /* B6-B12 */
/* Schools to look after, by name: the annex on coverage. */
void reports_fill_annex(const struct reports_data *data, struct yearbook *book);

/* Names of things, in the book's language. */
const char *reports_tier(const struct yearbook *book, const char *tier);
const char *reports_category(const struct yearbook *book, const char *category);
const char *reports_word(const struct yearbook *book, enum yearbook_word word);

#endif
