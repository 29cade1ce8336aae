/* rules_data -- what rules/ says (categories, tiers, services, safe search, bypass), with the
 * school's changes in it.
 *
 * Order matters: a category's index is its rank when several list one name, behind
 * "locked first, sensitive next". Threads: constant once loaded. */
#ifndef CONF_RULES_DATA_H
#define CONF_RULES_DATA_H

#include "conf/values.h"

enum {
	RULES_CATEGORIES_MAX = 64, /* one bit each */
	RULES_SERVICES_MAX = 256,  /* likewise, in a rules_services_set */
	RULES_SERVICES_WORDS = RULES_SERVICES_MAX / 64,
	RULES_SCHEDULES_MAX = 64, /* of one tier */
	RULES_DAY_MIN = 24 * 60
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

/* ---- services --------------------------------------------------------------------------- */

struct rules_service {
	struct conf_text name;  /* "tiktok" */
	struct conf_text title; /* "TikTok" */
	struct conf_text category_name;
	size_t category;           /* what it counts as; index of config.categories */
	struct config_names names; /* each with all below; not empty */
};

struct rules_services {
	struct rules_service *items;
	size_t count; /* at most RULES_SERVICES_MAX */
	struct mark mark;
};

/* Bit i: config.services.items[i]. */
struct rules_services_set {
	uint64_t bits[RULES_SERVICES_WORDS];
};

static inline bool rules_services_has(const struct rules_services_set *set, size_t service)
{
	return (set->bits[service / 64] >> service % 64 & 1) != 0;
}

static inline void rules_services_add(struct rules_services_set *set, size_t service)
{
	set->bits[service / 64] |= UINT64_C(1) << service % 64;
}

/* ---- safe search ------------------------------------------------------------------------ */

struct rules_engine {
	struct conf_text name;
	struct config_names names; /* exactly these, nothing below them; not empty */
	bool block;                /* no safe address exists: blocked under safe_search */
	struct config_name safe;   /* where the names lead; name.wire NULL when block */
};

struct rules_engines {
	struct rules_engine *items;
	size_t count;
	struct mark mark;
};

struct rules_safe_search {
	struct rules_engines engines;
	struct {
		struct config_names names;   /* exactly these are led to: */
		struct config_name moderate; /* wire NULL: the file was not read */
		struct config_name strict;
		struct config_names domains; /* with all below: what YouTube consists of */
	} youtube;
};

/* ---- bypass ----------------------------------------------------------------------------- */

enum rules_reach {
	REACH_EXACT,
	REACH_SUBTREE
};

/* A name by which devices ask whether they may go round the filter, and the answer that
 * means "no", for tiers that block proxy_vpn_doh. */
struct rules_bypass_name {
	struct config_name name;
	enum rules_reach reach;
	enum rules_answer answer; /* RULES_ANSWER_NXDOMAIN or RULES_ANSWER_NODATA */
};

struct rules_bypass {
	struct rules_bypass_name *items;
	size_t count;
	struct mark mark;
};

/* ---- tiers ------------------------------------------------------------------------------ */

enum rules_youtube {
	YOUTUBE_OFF,
	YOUTUBE_MODERATE,
	YOUTUBE_STRICT
};

enum {
	RULES_EVERY_DAY = 0x7f
};

/* Days since 1970-01-01 of the local calendar, both ends included. */
struct rules_date_range {
	int32_t first;
	int32_t last;
};

/* A window of time, and what it changes. It opens on a day that `days` names and, where dates
 * are given, that lies within one of them; from from_min to to_min of the local day; to_min <
 * from_min: past midnight, and the day is that of the beginning. 0 to RULES_DAY_MIN: the
 * whole day. */
struct rules_schedule {
	struct conf_text name;          /* one of each name in a tier */
	uint8_t days;                   /* bit 0: Monday; never 0 */
	struct rules_date_range *dates; /* none: whatever the date */
	size_t date_count;
	uint16_t from_min; /* less than RULES_DAY_MIN */
	uint16_t to_min;   /* 1 to RULES_DAY_MIN, never from_min */
	uint64_t unblock;  /* categories; never a locked or security one */
	uint64_t block;
	struct rules_services_set unblock_services;
	struct rules_services_set block_services;
	bool allow_only;
	struct mark mark;
};

struct rules_schedules {
	struct rules_schedule *items;
	size_t count; /* at most RULES_SCHEDULES_MAX */
	struct mark mark;
};

struct rules_tier {
	struct conf_text name;
	struct conf_text name_vi;
	struct conf_text name_en;
	uint64_t strictness; /* the greater, the stricter; picks default_tier: auto */
	bool pupils;         /* counted in summaries of tiers: pupils */
	uint64_t block;      /* bit i: rules_categories.items[i] */
	bool
	    block_given; /* the school's own file says so, for this tier or for one it is like */
	const char *base; /* the tier of rules/tiers.yaml that it is, or began as */
	struct config_clients clients; /* no CLIENT_GROUP left */
	struct config_names allow;
	struct config_names deny;
	bool allow_only;  /* nothing but `allow` and never-block resolves */
	bool safe_search; /* config.safe_search.engines hold */
	enum rules_youtube youtube;
	struct rules_services_set services; /* blocked all day */
	struct rules_schedules schedules;   /* in the order written */
};

struct rules_tiers {
	struct rules_tier *items;
	size_t count;
	struct mark mark;
};

#endif
