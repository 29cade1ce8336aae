/* Every key of `filter` in lachan.yaml, and those of rules/ that are alike: a row each. */
#include "conf/internal.h"

/* In the order of their enums. */
static const char *const ANSWERS[] = {
    "warning", "null", "nodata", "nxdomain", "refused", NULL};
static const char *const FORMATS[] = {"auto", "domains", "hosts", "wildcard", "adblock",
    "dnsmasq", "unbound", "rpz", "regex", "squidguard", NULL};
static const char *const LATER_FORMATS[] = {"bundle", NULL};
static const char *const MATCHES[] = {"subtree", "exact", NULL};
static const char *const WITHOUT_RULES[] = {"packaged", "refuse", "open", NULL};
static const char *const KEEP_SOURCES[] = {"gzip", "no", NULL};

enum {
	MINUTE_MS = 60 * 1000,
	CLIENTS_MAX = 4096,
	NAMES_MAX = 20000
};

static const struct schema_row ANSWER_ROWS[] = {
    {"ipv4", &VALUE_ANSWER, offsetof(struct config_filter, answer.ipv4), "auto",
        .help =
            "the warning page's address; auto: our own address that was asked; none: NODATA",
        .min = 4},
    {"ipv6", &VALUE_ANSWER, offsetof(struct config_filter, answer.ipv6), "none",
        .help = "likewise for AAAA", .min = 6},
    {"ttl", &SCHEMA_DURATION, offsetof(struct config_filter, answer.ttl_ms), "30s",
        .help = "how long a blocked answer is kept by clients", .min = 1000,
        .max = 5 * MINUTE_MS},
    {.name = NULL}};

static const struct schema_row CATEGORY_CHANGE_ROWS[] = {
    {"name", &VALUE_WORD, offsetof(struct category_change, name), "games",
        .help = "of rules/categories.yaml", .flags = SCHEMA_MANDATORY},
    {"answer", &SCHEMA_ENUM, offsetof(struct category_change, answer), "warning",
        .help = "how its names are answered", .flags = SCHEMA_MANDATORY, .words = ANSWERS},
    {.name = NULL}};

#define AT(member) offsetof(struct config_feed, member)
static const struct schema_row FEED_ROWS[] = {
    {"name", &VALUE_WORD, AT(name), "ut1-gambling", .help = "[a-z0-9-]+",
        .flags = SCHEMA_MANDATORY},
    {"category", &VALUE_WORD, AT(category), "gambling",
        .help = "or allow: exceptions for all content categories",
        .flags = SCHEMA_MANDATORY},
    {"url", &SCHEMA_LIST, AT(url), "[https://mirror.example/ut1/gambling/domains]",
        .help = "https, http, file; the first that answers",
        .flags = SCHEMA_MANDATORY | SCHEMA_NOT_EMPTY, .item = &VALUE_URL, .max_items = 8},
    {"format", &SCHEMA_ENUM, AT(format), "auto", .help = "how the list is written",
        .words = FORMATS, .unbuilt_words = LATER_FORMATS},
    {"match", &SCHEMA_ENUM, AT(match), "subtree", .help = "what a bare name means",
        .words = MATCHES},
    {"rewrite", &SCHEMA_BOOL, AT(rewrite), "off",
        .help = "on: its addresses and CNAMEs are used; off: they count as plain blocks"},
    {"refresh", &SCHEMA_DURATION, AT(refresh_ms), "24h", .help = "how often it is fetched",
        .min = MINUTE_MS, .max = (uint64_t)90 * 24 * 60 * MINUTE_MS},
    {"max_size", &SCHEMA_SIZE, AT(max_size_bytes), "256MiB", .help = "once decompressed",
        .min = 1024, .max = (uint64_t)4 << 30},
    {"min_entries", &SCHEMA_NUMBER, AT(min_entries), "1",
        .help = "fewer: refused, the last good one stays", .max = 100000000},
    {"max_shrink", &SCHEMA_NUMBER, AT(max_shrink_percent), "50",
        .help = "percent lost in one update: refused", .max = 100},
    {"sha256", &SCHEMA_TEXT, AT(sha256), "\"\"", .help = "pin", .max = 64},
    {"public_key", &SCHEMA_ANYTHING, 0, "\"\"", .help = "Ed25519, for bundles",
        .flags = SCHEMA_NOT_BUILT},
    {"enabled", &SCHEMA_BOOL, AT(enabled), "on", .help = "off: not pulled, not used"},
    {.name = NULL}};
#undef AT

static const struct schema_row GROUP_ROWS[] = {
    {"name", &VALUE_WORD, offsetof(struct config_group, name), "phong-tin-1",
        .help = "its word in tiers[].clients", .flags = SCHEMA_MANDATORY},
    {"clients", &SCHEMA_LIST, offsetof(struct config_group, clients),
        "[192.168.1.100-192.168.1.149]", .help = "prefixes and ranges",
        .flags = SCHEMA_MANDATORY, .item = &VALUE_CLIENT, .max_items = CLIENTS_MAX},
    {.name = NULL}};

static const struct schema_row SCHEDULE_ROWS[] = {
    {"name", &SCHEMA_ANYTHING, 0, "lunch", .help = "its word", .flags = SCHEMA_NOT_BUILT},
    {"days", &SCHEMA_ANYTHING, 0, "[mon, tue, wed, thu, fri]", .help = "weekdays",
        .flags = SCHEMA_NOT_BUILT},
    {"dates", &SCHEMA_ANYTHING, 0, "[2026-12-21..2026-12-26]",
        .help = "or days of the calendar", .flags = SCHEMA_NOT_BUILT},
    {"from", &SCHEMA_ANYTHING, 0, "11:30", .help = "begins", .flags = SCHEMA_NOT_BUILT},
    {"to", &SCHEMA_ANYTHING, 0, "13:30", .help = "ends", .flags = SCHEMA_NOT_BUILT},
    {"unblock", &SCHEMA_ANYTHING, 0, "[games]", .help = "categories opened",
        .flags = SCHEMA_NOT_BUILT},
    {"block", &SCHEMA_ANYTHING, 0, "[streaming]", .help = "categories blocked",
        .flags = SCHEMA_NOT_BUILT},
    {"allow_only", &SCHEMA_ANYTHING, 0, "on", .help = "as in the tier",
        .flags = SCHEMA_NOT_BUILT},
    {.name = NULL}};

#define AT(member) offsetof(struct tier_entry, member)
static const struct schema_row TIER_NAMES_ROWS[] = {
    {"vi", &SCHEMA_TEXT, AT(tier.name_vi), "\"\"", .help = "in Vietnamese", .max = 100},
    {"en", &SCHEMA_TEXT, AT(tier.name_en), "\"\"", .help = "in English", .max = 100},
    {.name = NULL}};

static const struct schema_row TIER_ROWS[] = {
    {"name", &VALUE_WORD, AT(tier.name), "lower_secondary",
        .help =
            "preschool primary lower_secondary upper_secondary continuing_education guest "
            "staff, or new with `like:`",
        .flags = SCHEMA_MANDATORY},
    {"names", &SCHEMA_MAP, 0, .help = "what people read", .rows = TIER_NAMES_ROWS},
    {"strictness", &SCHEMA_NUMBER, AT(tier.strictness), NULL,
        .help = "the greater, the stricter; picks default_tier: auto", .max = 1000,
        .sample = "50"},
    {"pupils", &SCHEMA_BOOL, AT(tier.pupils), NULL,
        .help = "counted in summaries of tiers: pupils", .sample = "yes"},
    {"like", &VALUE_WORD, AT(like), NULL, .help = "a tier to start from"},
    {"clients", &SCHEMA_LIST, AT(tier.clients), NULL, .help = "prefixes, ranges and groups",
        .item = &VALUE_CLIENT, .max_items = CLIENTS_MAX,
        .sample = "[10.20.0.0/16, phong-tin-1]"},
    {"block", &SCHEMA_LIST, AT(block), NULL, .help = "categories", .item = &VALUE_WORD,
        .max_items = RULES_CATEGORIES_MAX, .sample = "[adult, gambling, social_network]"},
    {"allow", &SCHEMA_LIST, AT(tier.allow), NULL,
        .help = "names, with all below; never those of a locked category",
        .item = &VALUE_NAME, .max_items = NAMES_MAX, .sample = "[]"},
    {"deny", &SCHEMA_LIST, AT(tier.deny), NULL, .help = "names, with all below",
        .item = &VALUE_NAME, .max_items = NAMES_MAX, .sample = "[]"},
    {"block_services", &SCHEMA_ANYTHING, 0, "[]", .help = "services by name",
        .flags = SCHEMA_NOT_BUILT},
    {"allow_only", &SCHEMA_ANYTHING, 0, "off",
        .help = "on: nothing but `allow` and never-block resolves",
        .flags = SCHEMA_NOT_BUILT},
    {"safe_search", &SCHEMA_ANYTHING, 0, NULL, .help = "search engines' safe names",
        .flags = SCHEMA_CALLER_REFUSES, .sample = "on"},
    {"youtube", &SCHEMA_ANYTHING, 0, NULL, .help = "off, moderate or strict",
        .flags = SCHEMA_CALLER_REFUSES, .sample = "moderate"},
    {"schedules", &SCHEMA_ANYTHING, 0, "[]",
        .help = "a window unblocks, blocks or sets allow_only; it may cross midnight",
        .flags = SCHEMA_NOT_BUILT, .rows = SCHEDULE_ROWS},
    {.name = NULL}};
#undef AT

const struct schema_row TIERS_FILE_ROWS[] = {
    {"tiers", &SCHEMA_LIST, offsetof(struct tiers_file, tiers), NULL, .help = "tiers",
        .flags = SCHEMA_MANDATORY | SCHEMA_NOT_EMPTY, .item = &SCHEMA_MAP,
        .rows = TIER_ROWS, .item_size = sizeof(struct tier_entry), .max_items = 32},
    {.name = NULL}};

#define AT(member) offsetof(struct rules_category, member)
static const struct schema_row CATEGORY_NAMES_ROWS[] = {
    {"vi", &SCHEMA_TEXT, AT(name_vi), NULL, .help = "in Vietnamese",
        .flags = SCHEMA_MANDATORY},
    {"en", &SCHEMA_TEXT, AT(name_en), NULL, .help = "in English",
        .flags = SCHEMA_MANDATORY},
    {.name = NULL}};

static const struct schema_row CATEGORY_ROWS[] = {
    {"name", &VALUE_WORD, AT(name), NULL, .help = "its word", .flags = SCHEMA_MANDATORY},
    {"names", &SCHEMA_MAP, 0, .help = "for people", .rows = CATEGORY_NAMES_ROWS},
    {"sensitive", &SCHEMA_BOOL, AT(sensitive), "off",
        .help = "never named on a pupil's screen nor counted for a small group"},
    {"locked", &SCHEMA_BOOL, AT(locked), "off", .help = "nobody at the school opens it"},
    {"security", &SCHEMA_BOOL, AT(security), "off",
        .help = "exact names count even below a never-block name"},
    {"answer", &SCHEMA_ENUM, AT(answer), "warning", .help = "how its names are answered",
        .words = ANSWERS},
    {.name = NULL}};
#undef AT

const struct schema_row CATEGORIES_FILE_ROWS[] = {
    {"categories", &SCHEMA_LIST, offsetof(struct categories_file, categories), NULL,
        .help = "categories", .flags = SCHEMA_MANDATORY | SCHEMA_NOT_EMPTY,
        .item = &SCHEMA_MAP, .rows = CATEGORY_ROWS,
        .item_size = sizeof(struct rules_category), .max_items = RULES_CATEGORIES_MAX},
    {.name = NULL}};

const struct schema_row FEEDS_FILE_ROWS[] = {
    {"feeds", &SCHEMA_LIST, offsetof(struct feeds_file, feeds), NULL, .help = "feeds",
        .flags = SCHEMA_MANDATORY, .item = &SCHEMA_MAP, .rows = FEED_ROWS,
        .item_size = sizeof(struct config_feed), .max_items = 256},
    {.name = NULL}};

#define AT(member) offsetof(struct config_filter, member)
const struct schema_row FILTER_ROWS[] = {
    {"enforce", &SCHEMA_BOOL, AT(enforce), "on",
        .help =
            "off: a trial. Only locked and security categories block; all else is counted as "
            "it would be"},
    {"answer", &SCHEMA_MAP, 0, .help = "of blocked names", .rows = ANSWER_ROWS},
    {"categories", &SCHEMA_LIST, AT(category_changes), "[]",
        .help = "changes to rules/categories.yaml", .item = &SCHEMA_MAP,
        .rows = CATEGORY_CHANGE_ROWS, .item_size = sizeof(struct category_change),
        .max_items = RULES_CATEGORIES_MAX},
    {"feeds", &SCHEMA_LIST, AT(feeds), "[]",
        .help = "exactly these are pulled; empty: the recommended ones of rules/feeds.yaml",
        .item = &SCHEMA_MAP, .rows = FEED_ROWS, .item_size = sizeof(struct config_feed),
        .max_items = 256},
    {"feed_proxy", &SCHEMA_TEXT, AT(feed_proxy), "\"\"",
        .help = "http://HOST:PORT through which feeds are fetched", .max = 300},
    {"ca_file", &SCHEMA_TEXT, AT(ca_file), "\"\"", .help = "extra trust anchor for feeds",
        .max = 500},
    {"keep_sources", &SCHEMA_ENUM, AT(keep_sources), "gzip",
        .help = "copies of feeds, from which explain quotes the line",
        .words = KEEP_SOURCES},
    {"never_block", &SCHEMA_LIST, AT(never_block), "[]",
        .help = "names, with all below, that no content feed may block (adds to "
                "rules/never-block.txt)",
        .item = &VALUE_NAME, .max_items = NAMES_MAX},
    {"strip_ech", &SCHEMA_BOOL, AT(strip_ech), "on",
        .help = "tiers that block proxy_vpn_doh get no ech= in HTTPS records"},
    {"without_rules", &SCHEMA_ENUM, AT(without_rules), "packaged",
        .help =
            "no usable rules.db: packaged (those that ship), refuse or open; the principal's "
            "choice",
        .words = WITHOUT_RULES},
    {"groups", &SCHEMA_LIST, AT(groups), "[]", .help = "rooms and trolleys",
        .item = &SCHEMA_MAP, .rows = GROUP_ROWS, .item_size = sizeof(struct config_group),
        .max_items = 1024},
    {"default_tier", &VALUE_WORD, AT(default_tier), "auto",
        .help = "a client nobody claims; auto: the strictest of school.levels"},
    {"tiers", &SCHEMA_LIST, AT(tier_changes), "[]",
        .help =
            "changes to rules/tiers.yaml, by name; keys that are not given keep that file's "
            "value",
        .item = &SCHEMA_MAP, .rows = TIER_ROWS, .item_size = sizeof(struct tier_entry),
        .max_items = 32},
    {.name = NULL}};
