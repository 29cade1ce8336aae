/* rules_data -- the categories and tiers of rules/, and what the school changes in them.
 *
 * Order matters: a category's index is its rank when several list one name, behind
 * "locked first, sensitive next". Threads: constant once loaded. */
#ifndef CONF_RULES_DATA_H
#define CONF_RULES_DATA_H

#include "conf/values.h"

enum {
	RULES_CATEGORIES_MAX = 64 /* one bit each */
};

enum rules_answer {
	RULES_ANSWER_WARNING,
	RULES_ANSWER_NULL,
	RULES_ANSWER_NODATA,
	RULES_ANSWER_NXDOMAIN,
	RULES_ANSWER_REFUSED
};

struct rules_category {
	struct conf_text name;
	struct conf_text name_vi;
	struct conf_text name_en;
	bool sensitive; /* never named on a pupil's screen nor counted for a small group */
	bool locked;    /* nobody at the school opens it; blocked for every tier */
	bool security;  /* judged by exact names even below a never-block name */
	enum rules_answer answer;
};

struct rules_categories {
	struct rules_category *items;
	size_t count;
	struct mark mark;
};

enum rules_youtube {
	YOUTUBE_OFF,
	YOUTUBE_MODERATE,
	YOUTUBE_STRICT
};

struct rules_tier {
	struct conf_text name;
	struct conf_text name_vi;
	struct conf_text name_en;
	uint64_t strictness; /* the greater, the stricter; picks default_tier: auto */
	bool pupils;         /* counted in summaries of tiers: pupils */
	uint64_t block;      /* bit i: rules_categories.items[i] */
	struct config_clients clients; /* prefixes and ranges; no CLIENT_GROUP left */
	struct config_names allow;
	struct config_names deny;
};

struct rules_tiers {
	struct rules_tier *items;
	size_t count;
	struct mark mark;
};

#endif
