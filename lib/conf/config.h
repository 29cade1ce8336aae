/* config -- lachan.yaml as one immutable struct, or every mistake in it.
 *
 * Every key of the file has its member here, with defaults filled in. All memory belongs
 * to the config; config_free() ends it whole. Threads: any number may read one config.
 * Durations are milliseconds (…_ms), sizes bytes (…_bytes). `mark` says where a thing was
 * written; mark.line 0 means it is a default. No text is NULL; "" means "not given". */
#ifndef CONF_CONFIG_H
#define CONF_CONFIG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "conf/rules_data.h"
#include "conf/schema.h"
#include "conf/values.h"

enum config_language {
	LANGUAGE_VI,
	LANGUAGE_EN
};

struct config_languages {
	enum config_language *items;
	size_t count;
	struct mark mark;
};

struct config_school {
	struct conf_texts levels; /* not empty; each names an item of config.tiers */
	struct conf_text
	    unit; /* "" before enrolment; else [A-Za-z0-9._-]+, not first a dot */
	struct conf_text name;
	struct config_languages languages; /* not empty; the first is the fallback */
	struct conf_text time_zone;        /* exists in the zone database */
	struct {
		struct conf_text room;
		struct conf_text phone;
		struct conf_text email;
		struct conf_text zalo;
		struct conf_text facebook;
	} contact;
	struct conf_text hotline;
};

enum config_log_level {
	CONFIG_LOG_ERROR,
	CONFIG_LOG_WARNING,
	CONFIG_LOG_INFO,
	CONFIG_LOG_DEBUG
};

enum config_log_target {
	CONFIG_LOG_TO_AUTO,
	CONFIG_LOG_TO_JOURNAL,
	CONFIG_LOG_TO_STDERR
};

struct config_server {
	struct config_endpoints listen; /* never empty */
	uint64_t threads;               /* 0: auto, one per core */
	struct conf_text user;          /* "": stay who we are */
	struct config_clients allow;
	/* Prefixes and ranges: who may say for whom he asks. */
	struct config_clients trusted_forwarders;
	uint64_t max_udp_size_bytes;
	struct {
		uint64_t connections;
		uint64_t per_client;
		uint64_t idle_ms;
	} tcp;
	struct {
		uint64_t per_second; /* queries of one client; 0: no limit */
		uint64_t burst;      /* 0: five seconds' worth */
	} rate_limit;
	struct conf_text data_dir; /* resolved: never "" once loaded */
	struct conf_text state_dir;
	struct conf_text run_dir;
	struct config_endpoint metrics; /* family 0: none */
	struct {
		enum config_log_level level;
		enum config_log_target target;
	} log;
};

enum config_strategy {
	STRATEGY_FASTEST,
	STRATEGY_ORDERED
};

/* A record that we answer with by ourselves. */
struct config_record {
	struct dname owner; /* the whole name; a first label "*" is a wildcard (RFC 4592) */
	uint16_t type;
	uint32_t ttl_s;
	struct slice rdata; /* wire form, names uncompressed and lower-case */
	const char *text;   /* as written */
	struct mark mark;
};

struct config_records {
	struct config_record *items;
	size_t count;
};

/* Names that are answered by servers of their own, by ourselves, or both. With neither
 * servers nor records: names that may have private addresses, asked like all others. */
struct config_zone {
	struct config_name zone;
	struct config_upstream_servers servers;
	bool is_private; /* its answers may hold private addresses */
	struct config_records records;
	struct conf_texts record_texts; /* private: before they are read */
};

struct config_zones {
	struct config_zone *items;
	size_t count;
	struct mark mark;
};

struct config_upstream {
	struct config_upstream_servers servers; /* empty: the system's resolv.conf */
	struct config_upstream_servers fallback;
	enum config_strategy strategy;
	uint64_t timeout_ms;
	struct config_zones zones; /* each name once */
	bool rebind_protection;
};

struct config_cache {
	uint64_t size_bytes; /* 0: auto, a thirty-second of memory, 2 MiB to 64 MiB */
	uint64_t max_ttl_ms;
	uint64_t negative_ttl_ms;
	struct {
		uint64_t
		    keep_ms; /* after its end an answer may be given so long; 0: never */
		uint64_t wait_ms; /* upstreams are given this time first */
	} stale;
	bool prefetch;
};

enum config_feed_format {
	FEED_FORMAT_AUTO,
	FEED_FORMAT_DOMAINS,
	FEED_FORMAT_HOSTS,
	FEED_FORMAT_WILDCARD,
	FEED_FORMAT_ADBLOCK,
	FEED_FORMAT_DNSMASQ,
	FEED_FORMAT_UNBOUND,
	FEED_FORMAT_RPZ,
	FEED_FORMAT_REGEX,
	FEED_FORMAT_SQUIDGUARD,
	FEED_FORMAT_BUNDLE /* lib/bundle: a department's lists, and what it requires */
};

enum config_feed_match {
	FEED_MATCH_SUBTREE,
	FEED_MATCH_EXACT
};

struct config_feed {
	struct conf_text name;     /* [a-z0-9-]+, at most 63, one feed each */
	struct conf_text category; /* of config.categories, or "allow"; of a bundle "" */
	struct conf_texts url; /* not empty; https, http or file with an absolute path */
	enum config_feed_format format;
	enum config_feed_match match;
	bool rewrite; /* its own data answer; off: its rules with data are plain blocks */
	uint64_t refresh_ms;
	uint64_t max_size_bytes;
	uint64_t min_entries;
	uint64_t max_shrink_percent;
	struct conf_text sha256;     /* "" or 64 hexadecimal digits */
	struct conf_text public_key; /* of a bundle: Ed25519, base64; else "" */
	bool enabled;
};

struct config_feeds {
	struct config_feed *items;
	size_t count;
	struct mark mark;
};

/* A feed of rules/feeds.yaml: the catalogue of what a school may choose from. */
struct rules_feed {
	struct config_feed feed;
	bool recommended; /* pulled where filter.feeds names none */
	struct conf_text licence;
	uint64_t entries; /* about; 0: not known */
	uint64_t size_bytes;
	struct conf_text notes;
};

struct rules_feeds {
	struct rules_feed *items;
	size_t count;
	struct mark mark;
};

struct config_group {
	struct conf_text name;
	struct config_clients clients;
};

struct config_groups {
	struct config_group *items;
	size_t count;
	struct mark mark;
};

enum config_without_rules {
	WITHOUT_RULES_PACKAGED,
	WITHOUT_RULES_REFUSE,
	WITHOUT_RULES_OPEN
};

enum config_keep_sources {
	KEEP_SOURCES_GZIP,
	KEEP_SOURCES_NO
};

struct config_filter {
	bool enforce; /* false, a trial: only locked and security categories block */
	struct {
		struct config_answer ipv4;
		struct config_answer ipv6;
		uint64_t ttl_ms;
	} answer;
	/* filter.categories and filter.tiers are merged: see config.categories, .tiers. */
	/* What is pulled. Where none but bundles are given, the recommended ones, too. */
	struct config_feeds feeds;
	struct conf_text feed_proxy;
	struct conf_text ca_file;
	enum config_keep_sources keep_sources;
	struct config_names never_block; /* of this file alone */
	bool strip_ech;                  /* no ech= for tiers that block proxy_vpn_doh */
	enum config_without_rules without_rules;
	struct config_groups groups;
	struct conf_text default_tier; /* as written; see config.default_tier */
	/* Private: what the file changes in rules/, before it is merged. */
	struct conf_list category_changes;
	struct conf_list tier_changes;
};

enum config_form {
	FORM_AUTO,
	FORM_OFF
};

struct config_pages {
	struct config_endpoints listen;
	/* Not empty: `ca` or portal.certificate is there. Empty: https is closed. */
	struct config_endpoints listen_tls;
	struct config_certificate ca;
	struct {
		struct config_name name;
		struct config_certificate certificate;
	} portal;
	enum config_form review;
	enum config_form report;
	uint64_t answer_within_ms;
	uint64_t teacher_open_ms;
};

struct config_console {
	struct conf_text users_file; /* "" stands for state_dir/users */
};

/* What somebody may be told of, in the order of lib/notices. */
enum config_event {
	EVENT_REVIEW,
	EVENT_REPORT,
	EVENT_FEED_STALE,
	EVENT_DISK_FULL,
	EVENT_UNFILTERED,
	EVENT_NOT_SHARED
};

struct config_events {
	enum config_event *items; /* each once */
	size_t count;
	struct mark mark;
};

struct config_notify_target {
	struct config_notify_to to;
	struct conf_text address; /* of mail: whom; "" for all else */
	struct config_events events;
	struct conf_text password_file; /* absolute, or ""; a password or a token */
	struct conf_text ca_file;       /* trusted besides the system's; absolute, or "" */
};

struct config_notify {
	struct config_notify_target *items;
	size_t count;
	struct mark mark;
};

enum config_summary_tiers {
	SUMMARY_PUPILS,
	SUMMARY_ALL
};

enum config_monitor_mode {
	MONITOR_AGGREGATE /* the only one there is */
};

struct config_monitor {
	enum config_monitor_mode mode;
	uint64_t save_ms;
	struct {
		uint64_t hourly_ms;
		uint64_t daily_ms;
	} keep;
	struct {
		enum config_summary_tiers tiers;
		uint64_t min_devices;
		uint64_t min_population;
		bool names;
		uint64_t top_names;
	} summary;
};

/* Whom a recipient is for its country's law (CONTRACT.md); the bytes are the same for all. */
enum config_role {
	ROLE_EDUCATION,
	ROLE_ICT,
	ROLE_POLICE,
	ROLE_CHILD_AFFAIRS,
	ROLE_YOUTH_UNION
};

struct config_recipient {
	struct conf_text name; /* [a-z0-9_-]+, at most 63, one recipient each */
	enum config_role role;
	struct config_share_url url;
	struct conf_text token_file; /* absolute, or "": a bearer token */
	struct conf_text ca_file;    /* absolute; "": the system's anchors are trusted */
	struct config_certificate client_certificate;
};

struct config_recipients {
	struct config_recipient *items;
	size_t count;
	struct mark mark;
};

enum config_approve {
	APPROVE_FIRST, /* one yes, then all leave */
	APPROVE_EACH,
	APPROVE_NEVER
};

struct config_share {
	struct config_recipients recipients; /* not empty: school.unit is there */
	enum config_approve approve;
	uint64_t hold_ms;
	uint64_t delay_ms;
	struct conf_text signing_key; /* resolved: never "" once loaded */
	uint64_t keep_unsent_ms;
};

struct config {
	struct config_school school;
	struct config_server server;
	struct config_upstream upstream;
	struct config_cache cache;
	struct config_filter filter;
	struct config_pages pages;
	struct config_console console;
	struct config_notify notify;
	struct config_monitor monitor;
	struct config_share share;

	/* The files of rules/ with the file's changes merged in: what is in force. */
	struct rules_categories categories; /* in the order of rules/categories.yaml */
	struct rules_tiers tiers;           /* with groups put in place of their names */
	struct rules_feeds catalogue;       /* all of rules/feeds.yaml */
	struct rules_services services;
	struct rules_safe_search safe_search;
	struct rules_bypass bypass;
	/* rules/never-block.txt, then the file's own, then its private zones that are answered
	 * here or by servers of their own: no feed takes a school's own servers away. */
	struct config_names never_block;
	size_t never_block_packaged; /* how many of them, the first ones, are of rules/ */
	struct config_names
	    popular;         /* rules/popular.txt: no feed newly covers one unasked */
	size_t default_tier; /* index into tiers; "auto" is resolved */
	/* Eight hexadecimal digits that change with any of the texts it was made of, so that
	 * a person can tell which policy a page or a program speaks of. No proof of anything. */
	char version[9];

	struct arena *arena; /* private */
};

/* The texts a configuration is made of, so that a child reads exactly what lachand
 * accepted, whatever has happened to the files since. */
enum bundle_part {
	BUNDLE_MAIN,       /* lachan.yaml */
	BUNDLE_OVERRIDES,  /* lachan.d/overrides.yaml beside it; absent: no text */
	BUNDLE_CATEGORIES, /* data_dir/categories.yaml */
	BUNDLE_TIERS,
	BUNDLE_FEEDS,
	BUNDLE_SERVICES,
	BUNDLE_SAFE_SEARCH,
	BUNDLE_BYPASS,
	BUNDLE_NEVER_BLOCK, /* from here on: a name a line */
	BUNDLE_POPULAR,
	BUNDLE_PARTS
};

struct config_bundle {
	struct {
		char *file;      /* as mistakes name it; NULL: there is no such file */
		struct buf text; /* empty then */
	} parts[BUNDLE_PARTS];
	char *folder;   /* of lachan.yaml, absolute: where relative paths begin */
	char *data_dir; /* of the rules' data, absolute */
};

/* From files: `path` is lachan.yaml; its overrides and the rules' data are found from it.
 * On failure *out is NULL and `all` holds every mistake (ERR_CONFIG), or the one reason
 * (ERR_NOT_FOUND, ERR_IO, ERR_MEMORY). Warnings may be added on success too. */
MUST_CHECK enum err config_load(struct config **out, const char *path, struct diags *all);
/* From a sealed descriptor made by config_bundle_seal(); `fd` stays the caller's. */
MUST_CHECK enum err config_load_fd(struct config **out, int fd, struct diags *all);
/* What a child does: LACHAN_CONFIG_FD in the environment wins, else `path` (may be NULL:
 * then ERR_NOT_FOUND). */
MUST_CHECK enum err config_load_child(
    struct config **out, const char *path, struct diags *all);
/* From texts in memory. */
MUST_CHECK enum err config_load_bundle(
    struct config **out, const struct config_bundle *bundle, struct diags *all);
void config_free(struct config *config);

/* Reads the files of a configuration without judging them. The bundle is the caller's;
 * zero-initialise before, deinit after, also on failure. */
MUST_CHECK enum err config_bundle_read(
    struct config_bundle *bundle, const char *path, struct diags *all);
void config_bundle_deinit(struct config_bundle *bundle);
/* A sealed memfd that config_load_fd() reads; close-on-exec; -1 with errno set. */
int config_bundle_seal(const struct config_bundle *bundle);

/* The name of the first key that cannot change without a restart ("server.listen"), or
 * NULL when `next` may replace `now` while running. */
const char *config_needs_restart(const struct config *now, const struct config *next);

/* Where rules/ is when server.data_dir is "": LACHAN's build tree when the program runs
 * from one (…/bin/../share/lachan), else where CMake installed it. */
MUST_CHECK enum err config_data_dir(char *out, size_t size);

/* The index of a tier, category or service by name; false when there is none. */
bool config_find_tier(const struct config *config, const char *name, size_t *out);
bool config_find_category(const struct config *config, const char *name, size_t *out);
bool config_find_service(const struct config *config, const char *name, size_t *out);

#endif
