/* schema -- one table row per key; parser, --check, sample file and manual come from it.
 *
 * A row names its key, type, place in the caller's struct, default, range and help.
 * schema_fill() reads a tree (yaml_tree.h) into the struct and reports every mistake of
 * the tree in one run, each with its place and what to do. Threads: tables are constant;
 * a run belongs to one thread. */
#ifndef CONF_SCHEMA_H
#define CONF_SCHEMA_H

#include "conf/yaml_tree.h"

/* A text with the place it was written. mark.line 0: a default. `text` is never NULL. */
struct conf_text {
	const char *text;
	struct mark mark;
};

/* What every list looks like; typed lists have the same three members, so that a row can
 * fill them. mark.line 0: the list is not in the file, which differs from an empty one. */
struct conf_list {
	void *items;
	size_t count;
	struct mark mark;
};

struct conf_texts {
	struct conf_text *items;
	size_t count;
	struct mark mark;
};

/* One filling of one struct. */
struct schema_run {
	struct arena *arena; /* what is filled in points here */
	struct diags *all;
	const char *path; /* of the map being read, "school.contact"; NULL at the top */
	size_t mistakes;
	bool no_memory;
};

struct schema_row;

/* Reads `value` into the member at `out`, or adds a mistake and returns false. */
typedef bool schema_read(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out);

struct schema_type {
	const char *word; /* for the manual: "duration", "list of names" */
	schema_read *read;
	size_t size;  /* of the member it fills; 0: its row's rows say it */
	bool is_text; /* it fills a struct conf_text */
};

enum schema_flags {
	SCHEMA_MANDATORY = 1 << 0,
	SCHEMA_NOT_BUILT = 1 << 1, /* refused unless it says what the default says */
	SCHEMA_NOT_EMPTY = 1 << 2  /* of texts and lists */
};

/* The end of a table is a row without a name. */
struct schema_row {
	const char *name;
	const struct schema_type *type;
	size_t offset;
	/* The default, written as in YAML. NULL: absent leaves the member zero, a text "".
	 * Of a mandatory key: what the sample file shows. */
	const char *otherwise;
	/* One line for the sample and the manual. */
	const char *help;
	unsigned flags;
	/* Numbers, durations (ms), sizes (bytes). max 0: the type's own limit. */
	uint64_t min;
	uint64_t max;
	/* Enumerations: the words in the order of the enum, NULL at the end. Numbers and
	 * sizes: one word that stands for 0. */
	const char *const *words;
	/* Enumerations: words of a later release, refused with those words; or NULL. */
	const char *const *unbuilt_words;
	/* Maps, and lists of maps: the keys inside. */
	const struct schema_row *rows;
	/* Lists: the items. */
	const struct schema_type *item;
	size_t item_size; /* of a list of maps; else item->size counts */
	size_t max_items; /* 0: no limit of its own */
	/* What the sample file shows where there is no default to show, or NULL. */
	const char *sample;
	/* Lines that stand as comments below the key in the sample file, or NULL. */
	const char *example;
};

/* Members they fill: bool · uint64_t · uint64_t (ms) · uint64_t (bytes) · an enum ·
 * struct conf_text · struct conf_list or alike · the struct's own members. */
extern const struct schema_type SCHEMA_BOOL;
extern const struct schema_type SCHEMA_NUMBER;
extern const struct schema_type SCHEMA_DURATION;
extern const struct schema_type SCHEMA_SIZE;
extern const struct schema_type SCHEMA_ENUM;
extern const struct schema_type SCHEMA_TEXT;
extern const struct schema_type SCHEMA_LIST;
extern const struct schema_type SCHEMA_MAP;
/* Of keys that are not built: nothing is filled in. */
extern const struct schema_type SCHEMA_ANYTHING;

/* Fills `*out` (zeroed by the caller) from `map`, defaults included. ERR_CONFIG when any
 * mistake was added to run->all, ERR_MEMORY. A value with a mistake leaves its default (a
 * mandatory text "", a mandatory list empty), a list's item with one is left out unless it
 * is a map, so that later checks can go on. ERR_FORMAT, with one mistake and *out untouched,
 * when `map` is a list or a text. */
MUST_CHECK enum err schema_fill(struct schema_run *run, const struct schema_row *rows,
    const struct yaml_node *map, void *out);

/* The scalar text of `value`; NULL, with a mistake added, for a list, a map or nothing. */
const char *schema_scalar(
    struct schema_run *run, const struct schema_row *row, const struct yaml_node *value);

/* A mistake at `mark`, "what (what to do)". */
void schema_mistake(struct schema_run *run, struct mark mark, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* The same, but a warning: the file is taken all the same. */
void schema_warning(struct schema_run *run, struct mark mark, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* "server.tcp.idle": the path of a row of the map being read. */
const char *schema_path(struct schema_run *run, const char *key);
/* A value that should have been a word of `words`, with the nearest of them. */
void schema_mistake_word(struct schema_run *run, struct mark mark, const char *what,
    const char *word, const char *const *words);

/* Numbers as a person writes them: "30d", "2MiB", "1232". */
void schema_number_text(
    char *out, size_t size, const struct schema_type *type, uint64_t number);

#endif
