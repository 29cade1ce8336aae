/* bundles_lists -- the names of a bundle's lists, from tables, from the file itself, from what was
 * nominated. Threads: one. */
#ifndef DISTRICT_BUNDLES_LISTS_H
#define DISTRICT_BUNDLES_LISTS_H

#include "bundle/bundle.h"
#include "conf/schema.h"
#include "district/subcommands.h"

/* An item of `lists` in bundle.yaml. */
struct list_entry {
	struct conf_text name;
	struct conf_text category;
	struct conf_text file; /* relative to bundle.yaml; "" */
	struct conf_texts names;
};

struct bundle_lists_how {
	const struct command *command;
	const char *beside; /* bundle.yaml */
	struct buf *out;    /* the text of all lists */
	struct diags *all;
};

/* Appends the list with its head, and counts its names in list->entries. What is no name is a
 * mistake with its place in `all`. A table has a name a row; what stands in the second cell goes
 * with it as a remark; rows that begin with # and a first row without a name are skipped.
 * ERR_FORMAT: a file cannot be read (told); ERR_MEMORY. */
MUST_CHECK enum err bundle_lists_add(struct bundle_list *list,
    const struct list_entry *entry, const struct bundle_lists_how *how);

#endif
