/* json -- what the JSON output of the commands shares. */
#ifndef LACHAN_RULES_JSON_H
#define LACHAN_RULES_JSON_H

#include <jansson.h>

#include "ruledb/ruledb.h"

/* A string of bytes from a list: whatever is not UTF-8 becomes '?'. NULL without memory. */
json_t *json_text(struct slice bytes);
/* The category of a feed by name; "allow" for allow feeds. */
const char *json_category_name(const struct ruledb *db, unsigned category);
/* The names of the categories whose bits are set. */
json_t *json_category_names(const struct ruledb *db, uint64_t categories);
/* {"feed","category","format",…} of feed i; NULL without memory. */
json_t *json_feed(const struct ruledb *db, unsigned i);
/* [{"name","names"}] of all categories; "others" are patterns and networks, where there are. */
json_t *json_categories(const struct ruledb *db);
/* One line to standard output; takes the reference. Returns the exit status. */
int json_print(json_t *value_take);

#endif
