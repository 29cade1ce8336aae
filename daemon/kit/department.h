/* department -- the bundles that are in force here (lib/bundle), as lachan-feeds keeps them:
 * state_dir/feeds/NAME.gz, and its manifest once more as NAME.manifest.
 *
 * Whoever reads them looks at the signature again, so that what decides is what the department
 * signed, whoever may have written to the folder since. Threads: no shared state. */
#ifndef KIT_DEPARTMENT_H
#define KIT_DEPARTMENT_H

#include <jansson.h>

#include "base/file.h"
#include "bundle/bundle.h"
#include "conf/config.h"
#include "policy/policy.h"

struct department_bundle {
	const struct config_feed *feed; /* of the configuration, which lives longer */
	bool in_force;                  /* then `bundle` is there */
	struct bundle bundle;
	struct diag why; /* not in force: why; "" : it was never fetched */
};

struct department {
	struct department_bundle *items; /* one for each enabled feed of format bundle */
	size_t count;
	struct policy_department policy; /* what they ask, all together */
	/* Private: its storage. */
	struct policy_demand *demands;
	struct policy_kept_name *kept;
};

/* Reads all of them. What cannot be read or believed is not in force, and no error.
 * Zero-initialise; department_deinit() ends it. ERR_MEMORY. */
MUST_CHECK enum err department_read(struct department *out, const struct config *config);
void department_deinit(struct department *d);

/* To the log: bundles that ought to be in force and are not, words that are unknown here, and
 * those that have expired at `now_s`. */
void department_log(const struct department *d, const struct config *config, int64_t now_s);

/* What that makes of a tier (an index of config.tiers): categories (bit i: category i) that are
 * mandatory, and all that it blocks, mandatory ones included. As lib/policy reads it. */
struct department_tier {
	uint64_t required;
	uint64_t block;
};
struct department_tier department_tier(
    const struct department *d, const struct config *config, size_t tier);

/* For programs, as `status` and `lachanctl feeds --json` say it; new, the caller's:
 *	{"feed","in_force":false,"why"}, or
 *	{"feed","in_force":true,"name","title","serial","created","expires","expired",
 *	 "mandatory":[{"tier","categories"}],"block":[…],"never_block":COUNT,
 *	 "lists":[{"name","category","entries"}],"feeds":[{"name","category","required","url"}]} */
json_t *department_to_json(const struct department_bundle *one, int64_t now_s);

/* The manifest at the beginning of `path`, gzip or plain, if `feed` believes it. On success *out
 * is the caller's, to be ended by bundle_deinit(). ERR_NOT_FOUND, ERR_IO, ERR_FORMAT, ERR_DENIED
 * (signed by somebody else), ERR_MEMORY, with *why. */
MUST_CHECK enum err department_read_manifest(
    struct bundle *out, const char *path, const struct config_feed *feed, struct diag *why);

/* state_dir/feeds/NAME and what its end says (".gz"); ERR_RANGE. */
MUST_CHECK enum err department_path(char out[FILE_PATH_BYTES], const struct config *config,
    const char *feed, const char *end);

/* How a list of a bundle is called in the rules: "so-gddt/tinh-khac"; and a list that the
 * bundle requires to be pulled: "so-gddt+tinh-khac". No feed of a file is called so. */
#define DEPARTMENT_LIST '/'
#define DEPARTMENT_FEED '+'
enum {
	DEPARTMENT_NAME_BYTES = 2 * BUNDLE_NAME_MAX + 2
};
void department_name(
    char out[DEPARTMENT_NAME_BYTES], const char *feed, char between, const char *name);

#endif
