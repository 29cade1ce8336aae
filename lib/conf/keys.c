/* Every key of lachan.yaml outside `filter`: a row each. */
#include "conf/internal.h"

static const char *const LANGUAGES[] = {"vi", "en", NULL};
static const char *const LOG_LEVELS[] = {"error", "warning", "info", "debug", NULL};
static const char *const LOG_TARGETS[] = {"auto", "journal", "stderr", NULL};
static const char *const AUTO[] = {"auto", NULL};
static const char *const STRATEGIES[] = {"fastest", "ordered", NULL};
static const char *const MODES[] = {"aggregate", NULL};
static const char *const FORM[] = {"auto", "off", NULL};
static const char *const EVENTS[] = {
    "review", "report", "feed_stale", "disk_full", "unfiltered", "not_shared", NULL};
static const char *const SUMMARY_TIERS[] = {"pupils", "all", NULL};

enum {
	SECOND_MS = 1000,
	MINUTE_MS = 60 * SECOND_MS,
	HOUR_MS = 60 * MINUTE_MS,
	DAY_MS = 24 * HOUR_MS
};

#define AT(member) offsetof(struct config_school, member)
static const struct schema_row CONTACT_ROWS[] = {
    {"room", &SCHEMA_TEXT, AT(contact.room), "\"\"", .help = "where the team is found",
        .max = 200},
    {"phone", &SCHEMA_TEXT, AT(contact.phone), "\"\"", .help = "its telephone", .max = 60},
    {"email", &SCHEMA_TEXT, AT(contact.email), "\"\"", .help = "its e-mail address",
        .max = 200},
    {"zalo", &SCHEMA_TEXT, AT(contact.zalo), "\"\"", .help = "its Zalo", .max = 200},
    {"facebook", &SCHEMA_TEXT, AT(contact.facebook), "\"\"", .help = "its Facebook page",
        .max = 200},
    {.name = NULL}};

static const struct schema_row SCHOOL_ROWS[] = {
    {"levels", &SCHEMA_LIST, AT(levels), "[lower_secondary]",
        .help = "which tiers of pupils this school has",
        .flags = SCHEMA_MANDATORY | SCHEMA_NOT_EMPTY, .item = &VALUE_WORD, .max_items = 16},
    {"unit", &SCHEMA_TEXT, AT(unit), "\"\"",
        .help = "the unit's id, given at enrolment; needed to share", .max = 64},
    {"name", &SCHEMA_TEXT, AT(name), "\"\"", .help = "shown on pages", .max = 200},
    {"languages", &SCHEMA_LIST, AT(languages), "[vi, en]",
        .help =
            "pages: Accept-Language picks; the first is the fallback, and the language of "
            "lachanctl",
        .flags = SCHEMA_NOT_EMPTY, .item = &SCHEMA_ENUM, .words = LANGUAGES,
        .max_items = 2},
    {"time_zone", &VALUE_ZONE, AT(time_zone), "Asia/Ho_Chi_Minh",
        .help = "timetables, and where a counted day begins"},
    {"contact", &SCHEMA_MAP, 0, .help = "the counselling team, each optional",
        .rows = CONTACT_ROWS},
    {"hotline", &SCHEMA_TEXT, AT(hotline), "\"111\"", .help = "the children's help line",
        .flags = SCHEMA_NOT_EMPTY, .max = 60},
    {.name = NULL}};
#undef AT

/* A pair that several unbuilt keys hold. */
static const struct schema_row CERTIFICATE_ROWS[] = {
    {"file", &SCHEMA_ANYTHING, 0, "\"\"", .help = "the certificate chain, PEM",
        .flags = SCHEMA_NOT_BUILT},
    {"key", &SCHEMA_ANYTHING, 0, "\"\"", .help = "its private key, PEM",
        .flags = SCHEMA_NOT_BUILT},
    {.name = NULL}};

#define AT(member) offsetof(struct config_server, member)
static const struct schema_row TCP_ROWS[] = {
    {"connections", &SCHEMA_NUMBER, AT(tcp.connections), "512",
        .help = "open at once, in all", .min = 1, .max = 65536},
    {"per_client", &SCHEMA_NUMBER, AT(tcp.per_client), "20",
        .help = "open at once, of one address", .min = 1, .max = 65536},
    {"idle", &SCHEMA_DURATION, AT(tcp.idle_ms), "10s",
        .help = "a silent connection ends after this", .min = SECOND_MS, .max = HOUR_MS},
    {.name = NULL}};

static const struct schema_row RATE_LIMIT_ROWS[] = {
    {"per_second", &SCHEMA_NUMBER, AT(rate_limit.per_second), "0",
        .help = "queries of one client; each thread counts by itself; 0 = no limit",
        .max = 1000000},
    {"burst", &SCHEMA_NUMBER, AT(rate_limit.burst), "0",
        .help = "allowed above that for a moment; 0 = five seconds' worth",
        .max = 10000000},
    {.name = NULL}};

static const struct schema_row LOG_ROWS[] = {
    {"level", &SCHEMA_ENUM, AT(log.level), "info", .help = "the least that is logged",
        .words = LOG_LEVELS},
    {"target", &SCHEMA_ENUM, AT(log.target), "auto",
        .help = "auto: the journal under systemd, else stderr", .words = LOG_TARGETS},
    {.name = NULL}};

static const struct schema_row SERVER_ROWS[] = {
    {"listen", &SCHEMA_LIST, AT(listen), "[\"0.0.0.0:53\", \"[::]:53\"]",
        .help = "UDP and TCP on each", .flags = SCHEMA_NOT_EMPTY, .item = &VALUE_ENDPOINT,
        .max_items = 64},
    {"listen_tls", &SCHEMA_ANYTHING, 0, "[]", .help = "DNS over TLS (853)",
        .flags = SCHEMA_NOT_BUILT},
    {"listen_https", &SCHEMA_ANYTHING, 0, "[]", .help = "DNS over HTTPS (/dns-query)",
        .flags = SCHEMA_NOT_BUILT},
    {"certificate", &SCHEMA_MAP, 0, .help = "for listen_tls and listen_https",
        .rows = CERTIFICATE_ROWS},
    {"threads", &SCHEMA_NUMBER, AT(threads), "auto", .help = "auto: one per core", .min = 1,
        .max = 256, .words = AUTO},
    {"user", &SCHEMA_TEXT, AT(user), "lachan",
        .help = "taken on once the ports are bound; \"\" = stay", .max = 32},
    {"allow", &SCHEMA_LIST, AT(allow),
        "[local, 127.0.0.0/8, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, \"::1/128\", "
        "\"fc00::/7\", \"fe80::/10\"]",
        .help =
            "who may ask, for DNS, page and portal alike; local: on-link prefixes of every "
            "interface but the default route's (of the only one, where there is one)",
        .item = &VALUE_ALLOW, .max_items = 1024},
    {"trusted_forwarders", &SCHEMA_LIST, AT(trusted_forwarders), "[]",
        .help = "addresses whose EDNS client option (65001 or 65073: MAC; ECS: address) is "
                "believed",
        .item = &VALUE_FORWARDER, .max_items = 256},
    {"max_udp_size", &SCHEMA_NUMBER, AT(max_udp_size_bytes), "1232",
        .help = "the largest answer by UDP, in bytes; larger ones are truncated",
        .min = 512, .max = 4096},
    {"tcp", &SCHEMA_MAP, 0, .help = "limits of TCP", .rows = TCP_ROWS},
    {"rate_limit", &SCHEMA_MAP, 0, .help = "per client", .rows = RATE_LIMIT_ROWS},
    {"data_dir", &SCHEMA_TEXT, AT(data_dir), "\"\"",
        .help =
            "rules/ as installed; \"\" = where the program was installed, or the build tree",
        .max = 500},
    {"state_dir", &SCHEMA_TEXT, AT(state_dir), "/var/lib/lachan",
        .help = "survives reboots", .flags = SCHEMA_NOT_EMPTY, .max = 500},
    {"run_dir", &SCHEMA_TEXT, AT(run_dir), "/run/lachan",
        .help = "memory only: sockets, today's tally, device key",
        .flags = SCHEMA_NOT_EMPTY, .max = 90},
    {"metrics", &VALUE_ENDPOINT_OR_NONE, AT(metrics), "\"\"",
        .help = "\"127.0.0.1:9153\": Prometheus text on /metrics; an address that others "
                "reach is open to server.allow"},
    {"log", &SCHEMA_MAP, 0, .help = "what is logged, and where", .rows = LOG_ROWS},
    {.name = NULL}};
#undef AT

#define AT(member) offsetof(struct config_zone, member)
static const struct schema_row ZONE_ROWS[] = {
    {"zone", &VALUE_NAME, AT(zone), "truong.lan", .help = "the name, with all below it",
        .flags = SCHEMA_MANDATORY},
    {"servers", &SCHEMA_LIST, AT(servers), "[]",
        .help = "who is asked for it; nobody else is, even when they fail",
        .item = &VALUE_UPSTREAM, .max_items = 16, .sample = "[udp://10.0.0.1]"},
    {"private", &SCHEMA_BOOL, AT(is_private), "on",
        .help = "its answers may hold private addresses; no content feed blocks it"},
    {"records", &SCHEMA_LIST, AT(record_texts), "[]",
        .help = "answered by ourselves: NAME [TTL] TYPE DATA, as in a zone file",
        .item = &SCHEMA_TEXT, .max_items = 4096, .sample = "[\"may-chu 300 A 10.0.0.5\"]"},
    {.name = NULL}};
#undef AT

#define AT(member) offsetof(struct config_upstream, member)
static const struct schema_row UPSTREAM_ROWS[] = {
    {"servers", &SCHEMA_LIST, AT(servers), "[]",
        .help = "empty: the system's resolv.conf without ourselves",
        .item = &VALUE_UPSTREAM, .max_items = 32,
        .example = "- udp://1.1.1.2        (TCP when truncated)\n"
                   "- tcp://10.0.0.1:53"},
    {"fallback", &SCHEMA_LIST, AT(fallback), "[gateway, udp://1.1.1.2, udp://9.9.9.9]",
        .help = "when nothing else is known; gateway: the default route's address",
        .item = &VALUE_FALLBACK, .max_items = 32},
    {"ca_file", &SCHEMA_ANYTHING, 0, "\"\"",
        .help = "extra trust anchor for tls:// and https://", .flags = SCHEMA_NOT_BUILT},
    {"strategy", &SCHEMA_ENUM, AT(strategy), "fastest",
        .help = "which server is asked first", .words = STRATEGIES},
    {"timeout", &SCHEMA_DURATION, AT(timeout_ms), "2s",
        .help = "one try; SERVFAIL counts as a failure", .min = 100, .max = 10 * SECOND_MS},
    {"mode", &SCHEMA_ANYTHING, 0, "forward", .help = "forward or recursive",
        .flags = SCHEMA_NOT_BUILT},
    {"dnssec", &SCHEMA_ANYTHING, 0, "off",
        .help = "validate; bogus becomes SERVFAIL with EDE 6", .flags = SCHEMA_NOT_BUILT},
    {"zones", &SCHEMA_LIST, AT(zones), "[]",
        .help = "names answered by servers of their own, or by ourselves",
        .item = &SCHEMA_MAP, .rows = ZONE_ROWS, .item_size = sizeof(struct config_zone),
        .max_items = 256},
    {"rebind_protection", &SCHEMA_BOOL, AT(rebind_protection), "on",
        .help = "private addresses in answers for public names are withheld"},
    {.name = NULL}};
#undef AT

#define AT(member) offsetof(struct config_cache, member)
static const struct schema_row STALE_ROWS[] = {
    {"keep", &SCHEMA_DURATION, AT(stale.keep_ms), "24h",
        .help = "how long an expired answer is kept; 0s: never given",
        .max = 7 * (uint64_t)DAY_MS},
    {"wait", &SCHEMA_DURATION, AT(stale.wait_ms), "1800ms",
        .help = "how long upstreams are given first", .max = 2500},
    {.name = NULL}};

static const struct schema_row CACHE_ROWS[] = {
    {"size", &SCHEMA_SIZE, AT(size_bytes), "auto",
        .help = "auto: a thirty-second of memory, 2MiB to 64MiB", .min = 64 << 10,
        .max = (uint64_t)16 << 30, .words = AUTO},
    {"max_ttl", &SCHEMA_DURATION, AT(max_ttl_ms), "24h", .help = "no answer is kept longer",
        .min = SECOND_MS, .max = 7 * (uint64_t)DAY_MS},
    {"negative_ttl", &SCHEMA_DURATION, AT(negative_ttl_ms), "1h",
        .help = "no NXDOMAIN or NODATA is kept longer", .min = SECOND_MS, .max = DAY_MS},
    {"stale", &SCHEMA_MAP, 0, .help = "expired answers while upstreams fail (RFC 8767)",
        .rows = STALE_ROWS},
    {"prefetch", &SCHEMA_BOOL, AT(prefetch), "on",
        .help = "asked for names are renewed before they expire"},
    {.name = NULL}};
#undef AT

#define AT(member) offsetof(struct config_pages, member)
static const struct schema_row CA_ROWS[] = {
    {"certificate", &SCHEMA_TEXT, AT(ca.file), "\"\"",
        .help = "made by `lachanctl ca make`; PEM", .max = 500},
    {"key", &SCHEMA_TEXT, AT(ca.key), "\"\"",
        .help = "leaves are minted for blocked names only; PEM, 0600", .max = 500},
    {.name = NULL}};

static const struct schema_row PORTAL_CERTIFICATE_ROWS[] = {
    {"file", &SCHEMA_TEXT, AT(portal.certificate.file), "\"\"",
        .help = "the certificate chain, PEM", .max = 500},
    {"key", &SCHEMA_TEXT, AT(portal.certificate.key), "\"\"",
        .help = "its private key, PEM", .max = 500},
    {.name = NULL}};

static const struct schema_row PORTAL_ROWS[] = {
    {"name", &VALUE_NAME, AT(portal.name), "lachan.internal",
        .help = "answered with our own address"},
    {"certificate", &SCHEMA_MAP, 0, .help = "for https", .rows = PORTAL_CERTIFICATE_ROWS},
    {.name = NULL}};

static const struct schema_row PAGES_ROWS[] = {
    {"listen", &SCHEMA_LIST, AT(listen), "[\"0.0.0.0:80\", \"[::]:80\"]",
        .help = "plain http; empty: no page", .item = &VALUE_ENDPOINT, .max_items = 64},
    {"listen_tls", &SCHEMA_LIST, AT(listen_tls), "[]",
        .help = "https, for school-owned devices that trust the school's own CA; empty: "
                "closed",
        .item = &VALUE_ENDPOINT, .max_items = 64},
    {"ca", &SCHEMA_MAP, 0, .help = "the school's own CA", .rows = CA_ROWS},
    {"portal", &SCHEMA_MAP, 0, .help = "where pupils and teachers find us",
        .rows = PORTAL_ROWS},
    {"review", &SCHEMA_ENUM, AT(review), "auto",
        .help =
            "the \"ask for a review\" form, shown while somebody who answers has signed in",
        .words = FORM},
    {"report", &SCHEMA_ENUM, AT(report), "auto",
        .help = "the form to the counselling team, likewise", .words = FORM},
    {"answer_within", &SCHEMA_DURATION, AT(answer_within_ms), "3d",
        .help = "... within this time; else the page offers 111 and a person",
        .min = HOUR_MS, .max = 31 * (uint64_t)DAY_MS},
    {"teacher_open", &SCHEMA_DURATION, AT(teacher_open_ms), "45m",
        .help = "how long a signed-in teacher opens a name for a room", .min = MINUTE_MS,
        .max = DAY_MS},
    {.name = NULL}};
#undef AT

#define AT(member) offsetof(struct config_console, member)
static const struct schema_row CONSOLE_ROWS[] = {
    {"listen", &SCHEMA_ANYTHING, 0, "[\"127.0.0.1:8053\"]",
        .help = "plain http on loopback only", .flags = SCHEMA_NOT_BUILT},
    {"listen_tls", &SCHEMA_ANYTHING, 0, "[]", .help = "for other machines",
        .flags = SCHEMA_NOT_BUILT},
    {"certificate", &SCHEMA_MAP, 0,
        .help = "empty: one of its own is made and its print shown",
        .rows = CERTIFICATE_ROWS},
    {"users_file", &SCHEMA_TEXT, AT(users_file), "\"\"",
        .help = "\"\" = state_dir/users; written by `lachanctl user`", .max = 500},
    {.name = NULL}};
#undef AT

#define AT(member) offsetof(struct config_notify_target, member)
static const struct schema_row NOTIFY_ROWS[] = {
    {"to", &VALUE_NOTIFY_TO, AT(to), "smtp://mail.truong.lan",
        .help =
            "smtp://[USER@]HOST[:PORT], smtps://..., https://HOST/PATH, or the path of a command",
        .flags = SCHEMA_MANDATORY},
    {"address", &SCHEMA_TEXT, AT(address), "\"\"", .help = "whom; for mail", .max = 250},
    {"events", &SCHEMA_LIST, AT(events),
        "[review, report, feed_stale, disk_full, unfiltered, not_shared]",
        .help = "of what", .flags = SCHEMA_NOT_EMPTY, .item = &SCHEMA_ENUM, .words = EVENTS,
        .max_items = 16},
    {"password_file", &SCHEMA_TEXT, AT(password_file), "\"\"",
        .help = "a file with one line: USER's password, or the token of https; 0600",
        .max = 500},
    {"ca_file", &SCHEMA_TEXT, AT(ca_file), "\"\"", .help = "extra trust anchor",
        .max = 500},
    {.name = NULL}};
#undef AT

#define AT(member) offsetof(struct config_monitor, member)
static const struct schema_row KEEP_ROWS[] = {
    {"hourly", &SCHEMA_DURATION, AT(keep.hourly_ms), "7d", .help = "counts by the hour",
        .min = HOUR_MS, .max = 31 * (uint64_t)DAY_MS},
    {"daily", &SCHEMA_DURATION, AT(keep.daily_ms), "400d", .help = "counts by the day",
        .min = DAY_MS, .max = 3660 * (uint64_t)DAY_MS},
    {.name = NULL}};

static const struct schema_row SUMMARY_ROWS[] = {
    {"tiers", &SCHEMA_ENUM, AT(summary.tiers), "pupils", .help = "whose counts leave",
        .words = SUMMARY_TIERS},
    {"min_devices", &SCHEMA_NUMBER, AT(summary.min_devices), "10",
        .help = "cells with fewer distinct devices are withheld; 5 is the floor", .min = 5,
        .max = 10000},
    {"min_population", &SCHEMA_NUMBER, AT(summary.min_population), "20",
        .help = "tiers with fewer devices that day are merged or withheld", .min = 5,
        .max = 10000},
    {"names", &SCHEMA_BOOL, AT(summary.names), "on",
        .help =
            "most blocked listed names, of public feeds and categories not sensitive, by "
            "min_devices or more"},
    {"top_names", &SCHEMA_NUMBER, AT(summary.top_names), "20", .help = "at most this many",
        .max = 100},
    {.name = NULL}};

static const struct schema_row MONITOR_ROWS[] = {
    {"mode", &SCHEMA_ENUM, AT(mode), "aggregate", .help = "no query log, no client on disk",
        .words = MODES},
    {"save", &SCHEMA_DURATION, AT(save_ms), "15m",
        .help =
            "the tally lives in run_dir (kill -9 loses nothing) and is saved this often "
            "(power cut)",
        .min = SECOND_MS, .max = DAY_MS},
    {"keep", &SCHEMA_MAP, 0, .help = "how long counts stay at the school",
        .rows = KEEP_ROWS},
    {"summary", &SCHEMA_MAP, 0, .help = "the day's document", .rows = SUMMARY_ROWS},
    {.name = NULL}};
#undef AT

#define PART(member) offsetof(struct config, member)
const struct schema_row CONFIG_ROWS[] = {
    {"school", &SCHEMA_MAP, PART(school), .help = "who we are", .rows = SCHOOL_ROWS},
    {"server", &SCHEMA_MAP, PART(server), .help = "the gateway itself",
        .rows = SERVER_ROWS},
    {"upstream", &SCHEMA_MAP, PART(upstream), .help = "who answers what is not blocked",
        .rows = UPSTREAM_ROWS},
    {"cache", &SCHEMA_MAP, PART(cache), .help = "answers that are remembered",
        .rows = CACHE_ROWS},
    {"filter", &SCHEMA_MAP, PART(filter), .help = "what is blocked, for whom",
        .rows = FILTER_ROWS},
    {"pages", &SCHEMA_MAP, PART(pages), .help = "the warning page and the portal",
        .rows = PAGES_ROWS},
    {"console", &SCHEMA_MAP, PART(console), .help = "the school's web console",
        .rows = CONSOLE_ROWS},
    {"notify", &SCHEMA_LIST, PART(notify), "[]",
        .help = "who is told; no content, only \"1 new message\"", .item = &SCHEMA_MAP,
        .rows = NOTIFY_ROWS, .item_size = sizeof(struct config_notify_target),
        .max_items = 16},
    {"monitor", &SCHEMA_MAP, PART(monitor), .help = "what is counted",
        .rows = MONITOR_ROWS},
    {"share", &SCHEMA_MAP, PART(share), .help = "to the education department",
        .rows = SHARE_ROWS},
    {.name = NULL}};
