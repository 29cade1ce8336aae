/* Every key of the files of rules/ that nothing in lachan.yaml is like: a row each. */
#include "conf/internal.h"

enum {
	NAMES_MAX = 2000 /* of one service or engine */
};

/* In the order of their enums. */
const char *const RULES_ANSWER_WORDS[] = {
    "warning", "null", "nodata", "nxdomain", "refused", NULL};
static const char *const REACHES[] = {"exact", "subtree", NULL};

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
        .words = RULES_ANSWER_WORDS},
    {.name = NULL}};
#undef AT

const struct schema_row CATEGORIES_FILE_ROWS[] = {
    {"categories", &SCHEMA_LIST, offsetof(struct categories_file, categories), NULL,
        .help = "categories", .flags = SCHEMA_MANDATORY | SCHEMA_NOT_EMPTY,
        .item = &SCHEMA_MAP, .rows = CATEGORY_ROWS,
        .item_size = sizeof(struct rules_category), .max_items = RULES_CATEGORIES_MAX},
    {.name = NULL}};

#define AT(member) offsetof(struct rules_service, member)
static const struct schema_row SERVICE_ROWS[] = {
    {"name", &VALUE_WORD, AT(name), NULL, .help = "its word in block_services",
        .flags = SCHEMA_MANDATORY},
    {"title", &SCHEMA_TEXT, AT(title), NULL, .help = "for people",
        .flags = SCHEMA_MANDATORY | SCHEMA_NOT_EMPTY, .max = 100},
    {"category", &VALUE_WORD, AT(category_name), NULL, .help = "what it counts as",
        .flags = SCHEMA_MANDATORY},
    {"names", &SCHEMA_LIST, AT(names), NULL, .help = "its names, each with all below",
        .flags = SCHEMA_MANDATORY | SCHEMA_NOT_EMPTY, .item = &VALUE_NAME,
        .max_items = NAMES_MAX},
    {.name = NULL}};
#undef AT

const struct schema_row SERVICES_FILE_ROWS[] = {
    {"services", &SCHEMA_LIST, offsetof(struct services_file, services), NULL,
        .help = "services", .flags = SCHEMA_MANDATORY, .item = &SCHEMA_MAP,
        .rows = SERVICE_ROWS, .item_size = sizeof(struct rules_service),
        .max_items = RULES_SERVICES_MAX},
    {.name = NULL}};

#define AT(member) offsetof(struct rules_engine, member)
static const struct schema_row ENGINE_ROWS[] = {
    {"name", &VALUE_WORD, AT(name), NULL, .help = "its word", .flags = SCHEMA_MANDATORY},
    {"names", &SCHEMA_LIST, AT(names), NULL, .help = "exactly these qnames",
        .flags = SCHEMA_MANDATORY | SCHEMA_NOT_EMPTY, .item = &VALUE_NAME,
        .max_items = NAMES_MAX},
    {"safe", &VALUE_NAME, AT(safe), NULL, .help = "the safe address they lead to"},
    {"block", &SCHEMA_BOOL, AT(block), "off",
        .help = "on: it has no safe address, and is blocked under safe search"},
    {.name = NULL}};
#undef AT

#define AT(member) offsetof(struct rules_safe_search, member)
static const struct schema_row YOUTUBE_ROWS[] = {
    {"names", &SCHEMA_LIST, AT(youtube.names), NULL, .help = "exactly these qnames",
        .flags = SCHEMA_MANDATORY | SCHEMA_NOT_EMPTY, .item = &VALUE_NAME,
        .max_items = NAMES_MAX},
    {"moderate", &VALUE_NAME, AT(youtube.moderate), NULL, .help = "where they lead",
        .flags = SCHEMA_MANDATORY},
    {"strict", &VALUE_NAME, AT(youtube.strict), NULL, .help = "where they lead",
        .flags = SCHEMA_MANDATORY},
    {"domains", &SCHEMA_LIST, AT(youtube.domains), NULL,
        .help = "what YouTube consists of, with all below",
        .flags = SCHEMA_MANDATORY | SCHEMA_NOT_EMPTY, .item = &VALUE_NAME,
        .max_items = NAMES_MAX},
    {.name = NULL}};

const struct schema_row SAFE_SEARCH_FILE_ROWS[] = {
    {"engines", &SCHEMA_LIST, AT(engines), NULL, .help = "search engines",
        .flags = SCHEMA_MANDATORY, .item = &SCHEMA_MAP, .rows = ENGINE_ROWS,
        .item_size = sizeof(struct rules_engine), .max_items = 256},
    {"youtube", &SCHEMA_MAP, 0, .help = "its restricted modes", .rows = YOUTUBE_ROWS},
    {.name = NULL}};
#undef AT

#define AT(member) offsetof(struct rules_bypass_name, member)
static const struct schema_row BYPASS_ROWS[] = {
    {"name", &VALUE_NAME, AT(name), NULL, .help = "the name", .flags = SCHEMA_MANDATORY},
    {"reach", &SCHEMA_ENUM, AT(reach), "exact", .help = "subtree: with all below",
        .words = REACHES},
    {"answer", &SCHEMA_ENUM, AT(answer), "nxdomain", .help = "nxdomain or nodata",
        .words = RULES_ANSWER_WORDS},
    {.name = NULL}};
#undef AT

const struct schema_row BYPASS_FILE_ROWS[] = {
    {"names", &SCHEMA_LIST, offsetof(struct bypass_file, names), NULL, .help = "names",
        .flags = SCHEMA_MANDATORY, .item = &SCHEMA_MAP, .rows = BYPASS_ROWS,
        .item_size = sizeof(struct rules_bypass_name), .max_items = 1000},
    {.name = NULL}};
