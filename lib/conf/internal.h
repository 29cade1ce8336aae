/* internal -- what the parts of conf know of each other. */
#ifndef CONF_INTERNAL_H
#define CONF_INTERNAL_H

#include "conf/config.h"

/* The tables of keys.c, keys_filter.c and share.c. */
extern const struct schema_row CONFIG_ROWS[];
extern const struct schema_row FILTER_ROWS[];
extern const struct schema_row SHARE_ROWS[];
/* The files of rules/. */
extern const struct schema_row CATEGORIES_FILE_ROWS[];
extern const struct schema_row TIERS_FILE_ROWS[];
extern const struct schema_row FEEDS_FILE_ROWS[];
extern const struct schema_row SERVICES_FILE_ROWS[];
extern const struct schema_row SAFE_SEARCH_FILE_ROWS[];
extern const struct schema_row BYPASS_FILE_ROWS[];
/* The words of enum rules_answer. */
extern const char *const RULES_ANSWER_WORDS[];

/* values.c */

/* A diag of another module as a mistake at `value`: its own sentence, our place. */
void value_mistake_of(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, const struct diag *why);
/* Whether `text` has only a-z, 0-9 and what is in `extra`. */
bool value_only_of(const char *text, const char *extra);
/* Whether `text` has no blanks, control characters or octets above ASCII. */
bool value_is_printable(const char *text);
/* "HOST", "HOST:PORT", an address with or without its port. *host is kept in the arena, an
 * address without brackets; *port stays where the text names none. */
bool value_read_host(
    struct schema_run *run, struct slice text, const char **host, uint16_t *port);

/* calendar.c */
struct conf_time {
	uint16_t minute; /* of the day; 24:00 is RULES_DAY_MIN */
	struct mark mark;
};
extern const struct schema_type VALUE_TIME; /* conf_time: 07:30 */

struct category_change {
	struct conf_text name;
	enum rules_answer answer;
};

/* A window as it is written, words not yet looked up. */
struct schedule_entry {
	struct rules_schedule schedule;
	struct conf_list days;  /* of unsigned: 0 is Monday */
	struct conf_list dates; /* of struct rules_date_range */
	struct conf_time from;
	struct conf_time to;
	struct conf_texts unblock;
	struct conf_texts block;
};

/* A tier while it is put together. */
struct tier_entry {
	struct rules_tier tier;
	struct conf_text like;
	struct conf_texts block;
	struct conf_texts block_services;
	struct conf_list schedules; /* of struct schedule_entry */
};

struct categories_file {
	struct rules_categories categories;
};

struct tiers_file {
	struct conf_list tiers; /* of struct tier_entry */
};

struct feeds_file {
	struct rules_feeds feeds;
};

struct services_file {
	struct rules_services services;
};

struct bypass_file {
	struct rules_bypass names;
};

/* bundle.c: what config_bundle_seal() wrote; ERR_FORMAT when it is something else. */
MUST_CHECK enum err config_bundle_open(struct config_bundle *bundle, int fd);

/* One reading of a bundle. */
struct loader {
	struct schema_run run;
	const struct config_bundle *bundle;
	struct config *config;
	struct arena nodes; /* of the trees; ends with the reading, their texts stay */
	struct yaml_node trees[BUNDLE_PARTS]; /* only of parts that were parsed */
	bool parsed[BUNDLE_PARTS];
	struct yaml_node merged; /* lachan.yaml with its overrides upon it */
};

/* rules_data.c: config->categories, never_block, popular and filter.feeds from the files of
 * rules/ and what lachan.yaml changes in them. Mistakes go to l->run; errors are of memory. */
MUST_CHECK enum err rules_data_merge(struct loader *l);
/* services.c: config->services, safe_search and bypass. After the categories. */
MUST_CHECK enum err services_merge(struct loader *l);
/* A file of rules/ into its struct; mistakes in it are mistakes of the configuration. A file
 * that is no YAML or no map counts as not parsed: it has been complained about. */
MUST_CHECK enum err rules_fill_file(
    struct loader *l, enum bundle_part part, const struct schema_row *rows, void *out);
/* zones.c: the records of upstream.zones, read where they stand, and what is wrong between
 * zones. Before never_block is merged. */
MUST_CHECK enum err zones_resolve(struct loader *l);
/* tiers.c: config->tiers and default_tier, groups put in place of their names. */
MUST_CHECK enum err tiers_merge(struct loader *l);
/* schedules.c: the windows of a tier. `is_sound`: every key of it could be read. */
MUST_CHECK enum err schedules_resolve(struct loader *l, const struct tier_entry *entry,
    bool is_sound, struct rules_schedules *out);
/* notify.c: what is wrong between the keys of a target; its files' places. */
void notify_check(struct loader *l);
MUST_CHECK enum err notify_make_paths_absolute(struct loader *l);
/* share.c: likewise for those who get the summaries. */
void share_check(struct loader *l);
MUST_CHECK enum err share_make_paths_absolute(struct loader *l);
/* checks.c: two files that are nothing without each other. */
void config_check_pair(struct loader *l, const struct config_certificate *pair,
    const char *file_key, const char *key_key);
/* checks.c: what only the whole configuration can tell. */
MUST_CHECK enum err config_check(struct loader *l);

/* The names of `count` structs that begin with a struct conf_text, NULL at the end; NULL
 * when the arena is full. */
const char *const *loader_names(
    struct loader *l, const void *items, size_t count, size_t item_size);
/* The index of such a struct by name; `count` when there is none. */
size_t loader_find(const void *items, size_t count, size_t item_size, const char *name);
/* One mistake for every item whose name an earlier one has. `what`: "feed". */
void loader_refuse_twice(
    struct loader *l, const void *items, size_t count, size_t item_size, const char *what);
/* Whether a mistake at this place was told: what is inherited is read more than once. */
bool loader_is_told(const struct loader *l, struct mark mark);
/* An absolute path or "file:" address for a relative one; NULL when the arena is full. */
const char *loader_absolute(struct loader *l, const char *folder, const char *path);

#endif
