/* bundles_source -- what a person edits (docs/district.md): bundle.yaml and the tables beside it,
 * as a bundle that has still to be numbered and signed.
 *
 *	name: lam-dong                      # once for all; schools know it by this
 *	title: Sở Giáo dục và Đào tạo
 *	expires: 90d                        # from the day of publication
 *	mandatory: [{tier: primary, categories: [gambling]}]
 *	block: [{tier: primary, categories: [games]}]
 *	never_block: [ioe.vn]
 *	feeds: [{name: x, category: adult, url: https://…, format: domains, match: subtree,
 *	         sha256: …, required: on}]
 *	lists: [{name: tinh, category: gambling, file: tinh.csv, names: [a.example]}]
 *
 * Threads: one. */
#ifndef DISTRICT_BUNDLES_SOURCE_H
#define DISTRICT_BUNDLES_SOURCE_H

#include "bundle/bundle.h"
#include "district/store.h"
#include "district/subcommands.h"

/* Zero-initialise; bundle_source_deinit() ends it, also after a failure. */
struct bundle_source {
	struct bundle bundle; /* name, title, policy, feeds, lists; texts in the arena */
	uint64_t expires_ms;
	struct buf lists; /* the text of all lists */
	struct arena arena;
	/* Of names that were nominated: ids of papers to be marked. */
	struct bundle_nominated *nominated;
	size_t nominated_count;
	size_t nominations_left_out; /* accepted or published ones, where nobody asked */
};

struct bundle_nominated {
	const char *id;
	const char *name;
	const char *category;
	const char *note;
	const char *state;
	int64_t changed_s;
};

/* `path`: bundle.yaml, or its folder; files are read as the person. Every mistake stands in
 * `all` (ERR_CONFIG). ERR_MEMORY. */
MUST_CHECK enum err bundle_source_read(struct bundle_source *out, const struct command *c,
    const char *path, struct diags *all);
/* Adds what people have accepted of the nominations, a list for each category; `with` false:
 * only counts them. Errors of the store. */
MUST_CHECK enum err bundle_source_nominations(
    struct bundle_source *s, struct store *store, bool with, struct diags *all);
void bundle_source_deinit(struct bundle_source *s);

#endif
