/* Every key of `filter` in lachan.yaml, and of the files of rules/ that are alike: a row each. */
#include "conf/internal.h"

/* In the order of their enums. */
static const char *const FORMATS[] = {"auto", "domains", "hosts", "wildcard", "adblock",
    "dnsmasq", "unbound", "rpz", "regex", "squidguard", "bundle", NULL};
static const char *const MATCHES[] = {"subtree", "exact", NULL};
static const char *const YOUTUBE[] = {"off", "moderate", "strict", NULL};
static const char *const DAYS[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};
static const char *const WITHOUT_RULES[] = {"packaged", "refuse", "open", NULL};
static const char *const KEEP_SOURCES[] = {"gzip", "no", NULL};

enum {
	MINUTE_MS = 60 * 1000,
	CLIENTS_MAX = 4096,
	NAMES_MAX = 20000,
	WORDS_MAX = RULES_CATEGORIES_MAX + RULES_SERVICES_MAX
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
        .help = "how its names are answered", .flags = SCHEMA_MANDATORY,
        .words = RULES_ANSWER_WORDS},
    {.name = NULL}};

#define AT_FEED(member) offsetof(struct config_feed, member)
/* Of filter.feeds and of the catalogue, which adds keys of its own. */
#define FEED_KEYS                                                                                                  \
	{"name", &VALUE_WORD, AT_FEED(name), "ut1-gambling", .help = "[a-z0-9-]+",                                 \
	    .flags = SCHEMA_MANDATORY},                                                                            \
	    {"category", &VALUE_WORD, AT_FEED(category), NULL,                                                     \
	        .help =                                                                                            \
	            "or allow: exceptions for all content categories; of a bundle none, its lists have their own", \
	        .sample = "gambling"},                                                                             \
	    {"url", &SCHEMA_LIST, AT_FEED(url),                                                                    \
	        "[https://mirror.example/ut1/gambling/domains]",                                                   \
	        .help = "https, http, file; the first that answers",                                               \
	        .flags = SCHEMA_MANDATORY | SCHEMA_NOT_EMPTY, .item = &VALUE_URL,                                  \
	        .max_items = 8},                                                                                   \
	    {"format", &SCHEMA_ENUM, AT_FEED(format), "auto",                                                      \
	        .help = "how the list is written", .words = FORMATS},                                              \
	    {"match", &SCHEMA_ENUM, AT_FEED(match), "subtree",                                                     \
	        .help = "what a bare name means", .words = MATCHES},                                               \
	    {"rewrite", &SCHEMA_BOOL, AT_FEED(rewrite), "off",                                                     \
	        .help =                                                                                            \
	            "on: its addresses and CNAMEs are used; off: they count as plain blocks"},                     \
	    {"refresh", &SCHEMA_DURATION, AT_FEED(refresh_ms), "24h",                                              \
	        .help = "how often it is fetched", .min = MINUTE_MS,                                               \
	        .max = (uint64_t)90 * 24 * 60 * MINUTE_MS},                                                        \
	    {"max_size", &SCHEMA_SIZE, AT_FEED(max_size_bytes), "256MiB",                                          \
	        .help = "once decompressed", .min = 1024, .max = (uint64_t)4 << 30},                               \
	    {"min_entries", &SCHEMA_NUMBER, AT_FEED(min_entries), "1",                                             \
	        .help = "fewer: refused, the last good one stays", .max = 100000000},                              \
	    {"max_shrink", &SCHEMA_NUMBER, AT_FEED(max_shrink_percent), "50",                                      \
	        .help = "percent lost in one update: refused", .max = 100},                                        \
	    {"sha256", &SCHEMA_TEXT, AT_FEED(sha256), "\"\"", .help = "pin", .max = 64},                           \
	    {"public_key", &SCHEMA_TEXT, AT_FEED(public_key), "\"\"",                                              \
	        .help = "Ed25519, for bundles: the department's, 44 characters",                                   \
	        .max = 44},                                                                                        \
	{                                                                                                          \
		"enabled", &SCHEMA_BOOL, AT_FEED(enabled), "on",                                                   \
		    .help = "off: not pulled, not used"                                                            \
	}
static const struct schema_row FEED_ROWS[] = {FEED_KEYS, {.name = NULL}};

static const struct schema_row GROUP_ROWS[] = {
    {"name", &VALUE_WORD, offsetof(struct config_group, name), "phong-tin-1",
        .help = "its word in tiers[].clients", .flags = SCHEMA_MANDATORY},
    {"clients", &SCHEMA_LIST, offsetof(struct config_group, clients),
        "[192.168.1.100-192.168.1.149]",
        .help = "prefixes, ranges, MAC addresses, or both together",
        .flags = SCHEMA_MANDATORY, .item = &VALUE_CLIENT, .max_items = CLIENTS_MAX},
    {.name = NULL}};

#define AT(member) offsetof(struct schedule_entry, member)
static const struct schema_row SCHEDULE_ROWS[] = {
    {"name", &VALUE_WORD, AT(schedule.name), "lunch", .help = "its word, once in a tier",
        .flags = SCHEMA_MANDATORY},
    {"days", &SCHEMA_LIST, AT(days), NULL, .help = "on which it begins; absent: every day",
        .flags = SCHEMA_NOT_EMPTY, .item = &SCHEMA_ENUM, .words = DAYS, .max_items = 7,
        .sample = "[mon, tue, wed, thu, fri]"},
    {"dates", &SCHEMA_LIST, AT(dates), NULL,
        .help = "only on these days of the calendar, or within these ranges, ends included",
        .flags = SCHEMA_NOT_EMPTY, .item = &VALUE_DATES, .max_items = 400,
        .sample = "[2026-12-21..2026-12-26]"},
    {"from", &VALUE_TIME, AT(from), "00:00", .help = "begins", .sample = "11:30"},
    {"to", &VALUE_TIME, AT(to), "24:00", .help = "ends; before `from`: on the next day",
        .sample = "13:30"},
    {"unblock", &SCHEMA_LIST, AT(unblock), "[]",
        .help = "categories and services that open; no locked or security ones",
        .item = &VALUE_WORD, .max_items = WORDS_MAX, .sample = "[games]"},
    {"block", &SCHEMA_LIST, AT(block), "[]",
        .help = "categories and services that close; of windows open at once, block and "
                "allow_only beat unblock",
        .item = &VALUE_WORD, .max_items = WORDS_MAX, .sample = "[streaming]"},
    {"allow_only", &SCHEMA_BOOL, AT(schedule.allow_only), "off", .help = "as in the tier"},
    {.name = NULL}};
#undef AT

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
    {"clients", &SCHEMA_LIST, AT(tier.clients), NULL,
        .help = "prefixes, ranges, MAC addresses, groups, or address and MAC together",
        .item = &VALUE_CLIENT, .max_items = CLIENTS_MAX,
        .sample = "[10.20.0.0/16, phong-tin-1, \"192.168.1.5+3c:22:fb:01:02:03\"]"},
    {"block", &SCHEMA_LIST, AT(block), NULL, .help = "categories", .item = &VALUE_WORD,
        .max_items = RULES_CATEGORIES_MAX, .sample = "[adult, gambling, social_network]"},
    {"allow", &SCHEMA_LIST, AT(tier.allow), NULL,
        .help = "names, with all below; never those of a locked category",
        .item = &VALUE_NAME, .max_items = NAMES_MAX, .sample = "[]"},
    {"deny", &SCHEMA_LIST, AT(tier.deny), NULL, .help = "names, with all below",
        .item = &VALUE_NAME, .max_items = NAMES_MAX, .sample = "[]"},
    {"block_services", &SCHEMA_LIST, AT(block_services), NULL,
        .help = "services of rules/services.yaml, by name", .item = &VALUE_WORD,
        .max_items = RULES_SERVICES_MAX, .sample = "[tiktok, roblox]"},
    {"allow_only", &SCHEMA_BOOL, AT(tier.allow_only), "off",
        .help = "on: nothing but `allow` and never-block resolves"},
    {"safe_search", &SCHEMA_BOOL, AT(tier.safe_search), "off",
        .help = "search engines are led to their safe addresses (rules/safe_search.yaml)",
        .sample = "on"},
    {"youtube", &SCHEMA_ENUM, AT(tier.youtube), "off",
        .help = "its restricted mode; off: YouTube belongs to streaming", .words = YOUTUBE,
        .sample = "moderate"},
    {"schedules", &SCHEMA_LIST, AT(schedules), NULL,
        .help =
            "a window unblocks, blocks or sets allow_only; it may cross midnight; a list "
            "given replaces the one of rules/tiers.yaml",
        .item = &SCHEMA_MAP, .rows = SCHEDULE_ROWS,
        .item_size = sizeof(struct schedule_entry), .max_items = RULES_SCHEDULES_MAX},
    {.name = NULL}};
#undef AT

const struct schema_row TIERS_FILE_ROWS[] = {
    {"tiers", &SCHEMA_LIST, offsetof(struct tiers_file, tiers), NULL, .help = "tiers",
        .flags = SCHEMA_MANDATORY | SCHEMA_NOT_EMPTY, .item = &SCHEMA_MAP,
        .rows = TIER_ROWS, .item_size = sizeof(struct tier_entry), .max_items = 32},
    {.name = NULL}};

#define AT(member) offsetof(struct rules_feed, member)
static const struct schema_row CATALOGUE_ROWS[] = {FEED_KEYS,
    {"recommended", &SCHEMA_BOOL, AT(recommended), "off",
        .help = "pulled where filter.feeds names none"},
    {"licence", &SCHEMA_TEXT, AT(licence), NULL, .help = "SPDX identifier, or its words",
        .flags = SCHEMA_MANDATORY | SCHEMA_NOT_EMPTY, .max = 100},
    {"entries", &SCHEMA_NUMBER, AT(entries), "0", .help = "about how many names it has"},
    {"size", &SCHEMA_SIZE, AT(size_bytes), "0", .help = "about how large its text is"},
    {"notes", &SCHEMA_TEXT, AT(notes), "\"\"", .help = "what to know before using it",
        .max = 300},
    {.name = NULL}};
#undef AT

const struct schema_row FEEDS_FILE_ROWS[] = {
    {"feeds", &SCHEMA_LIST, offsetof(struct feeds_file, feeds), NULL, .help = "feeds",
        .flags = SCHEMA_MANDATORY, .item = &SCHEMA_MAP, .rows = CATALOGUE_ROWS,
        .item_size = sizeof(struct rules_feed), .max_items = 256},
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
        .help =
            "exactly these are pulled; none, or nothing but bundles: the recommended ones "
            "of rules/feeds.yaml, too",
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
