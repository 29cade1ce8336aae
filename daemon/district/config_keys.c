#include "district/config_keys.h"

#include "base/attr.h"
#include "base/words.h"
#include "district/config.h"

static const char *const LANGUAGE_WORDS[] = {"vi", "en", NULL};
static const char *const LOG_LEVELS[] = {"error", "warning", "info", "debug", NULL};
static const char *const LOG_TARGETS[] = {"auto", "stderr", "journal", NULL};
static const char *const EVENTS[] = {"silent", "refused", "enrolled", "nomination", NULL};

enum {
	DAY_MS = 24 * 60 * 60 * 1000,
	MONTHS_MAX = 1200,
	MONTHS_IN_YEAR = 12
};

/* ---- types of our own ------------------------------------------------------------------- */

static bool read_two_digits(const char *text, unsigned *out)
{
	uint64_t number;

	if (!slice_to_u64((struct slice){(const uint8_t *)text, 2}, 99, &number))
		return false;
	*out = (unsigned)number;
	return true;
}

/* "12-15". 02-29 is none: it is not in every year. */
static bool read_month_day(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	unsigned month = 0;
	unsigned day = 0;

	const char *text = schema_scalar(run, row, value);
	if (text == NULL)
		return false;
	bool sound = strlen(text) == 5 && text[2] == '-' && read_two_digits(text, &month) &&
	    read_two_digits(text + 3, &day) && month >= 1 && month <= MONTHS_IN_YEAR &&
	    day >= 1 && day <= days[month - 1];
	if (!sound) {
		schema_mistake(run, value->mark,
		    _("'%s' is no day of every year (write month and day, as 12-15)"),
		    text);
		return false;
	}
	*(struct district_month_day *)out =
	    (struct district_month_day){(uint8_t)month, (uint8_t)day};
	return true;
}

/* "24M", "2Y", "keep" (0). */
static bool read_months(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	const char *text = schema_scalar(run, row, value);
	uint64_t months = 0;

	if (text == NULL)
		return false;
	size_t len = strlen(text);
	bool keep = strcmp(text, "keep") == 0;
	char unit = (char)(len > 0 ? text[len - 1] : 0);
	bool sound = keep ||
	    (len > 1 && (unit == 'M' || unit == 'Y') &&
	        slice_to_u64(
	            (struct slice){(const uint8_t *)text, len - 1}, MONTHS_MAX, &months));
	months *= unit == 'Y' ? MONTHS_IN_YEAR : 1;
	if (!sound || (!keep && (months < row->min || months > MONTHS_MAX))) {
		schema_mistake(run, value->mark,
		    _("'%s' is no time to keep things (write months, as 24M, of %u or more; or "
		      "keep)"),
		    text, (unsigned)row->min);
		return false;
	}
	memcpy(out, &months, sizeof months);
	return true;
}

static const struct schema_type VALUE_MONTH_DAY = {
    "month and day", read_month_day, sizeof(struct district_month_day), false};
static const struct schema_type VALUE_MONTHS = {
    "months, or `keep`", read_months, sizeof(uint64_t), false};

/* ---- the keys --------------------------------------------------------------------------- */

#define AT(member) offsetof(struct district_config, department.member)
static const struct schema_row DEPARTMENT_ROWS[] = {
    {"name", &SCHEMA_TEXT, AT(name), "\"\"", .help = "shown on pages and reports",
        .max = 200},
    {"languages", &SCHEMA_LIST, AT(languages), "[vi, en]",
        .help = "of the web; the first is that of mails and reports",
        .flags = SCHEMA_NOT_EMPTY, .item = &SCHEMA_ENUM, .words = LANGUAGE_WORDS,
        .max_items = 2},
    {"time_zone", &VALUE_ZONE, AT(time_zone), "Asia/Ho_Chi_Minh",
        .help = "where a day of the department begins"},
    {.name = NULL}};
#undef AT

#define AT(member) offsetof(struct district_config, server.member)
static const struct schema_row CERTIFICATE_ROWS[] = {
    {"file", &SCHEMA_TEXT, AT(certificate.file), "\"\"",
        .help = "the certificate chain, PEM", .max = 500},
    {"key", &SCHEMA_TEXT, AT(certificate.key), "\"\"", .help = "its private key, PEM, 0600",
        .max = 500},
    {.name = NULL}};

static const struct schema_row LOG_ROWS[] = {
    {"level", &SCHEMA_ENUM, AT(log.level), "info", .help = "the least that is logged",
        .words = LOG_LEVELS},
    {"target", &SCHEMA_ENUM, AT(log.target), "auto",
        .help = "auto: the journal under systemd, else stderr", .words = LOG_TARGETS},
    {.name = NULL}};

static const struct schema_row SERVER_ROWS[] = {
    {"listen", &SCHEMA_LIST, AT(listen), "[\"127.0.0.1:8090\"]",
        .help = "plain http: on loopback, or for a proxy of trusted_proxies alone",
        .item = &VALUE_ENDPOINT, .max_items = 16},
    {"listen_tls", &SCHEMA_LIST, AT(listen_tls), "[]", .help = "https, TLS 1.2 or newer",
        .item = &VALUE_ENDPOINT, .max_items = 16, .example = "[\"0.0.0.0:443\"]"},
    {"certificate", &SCHEMA_MAP, 0, .help = "for listen_tls; read again by HUP",
        .rows = CERTIFICATE_ROWS},
    {"client_ca", &SCHEMA_TEXT, AT(client_ca), "\"\"",
        .help = "a school may show a certificate of this CA instead of a token; PEM",
        .max = 500},
    {"public_url", &SCHEMA_TEXT, AT(public_url), "\"\"",
        .help =
            "our address as schools reach it: https://HOST[:PORT]; enrolment files carry "
            "it. Empty: the first of listen_tls or listen that is no wildcard",
        .max = 250, .example = "https://lachan.example.vn"},
    {"public_ca", &SCHEMA_TEXT, AT(public_ca), "\"\"",
        .help =
            "the CA that signed our certificate, PEM, where schools' systems do not know "
            "it; enrolment files carry it",
        .max = 500},
    {"trusted_proxies", &SCHEMA_LIST, AT(trusted_proxies), "[]",
        .help = "addresses whose X-Forwarded-For and X-Forwarded-Proto are believed",
        .item = &VALUE_FORWARDER, .max_items = 64},
    {"user", &SCHEMA_TEXT, AT(user), "lachan-district",
        .help = "taken on once the ports are bound; \"\" = stay", .max = 32},
    {"state_dir", &SCHEMA_TEXT, AT(state_dir), "/var/lib/lachan-district",
        .help = "the store and the audit", .flags = SCHEMA_NOT_EMPTY, .max = 500},
    {"metrics", &VALUE_ENDPOINT_OR_NONE, AT(metrics), "\"\"",
        .help = "\"127.0.0.1:9154\": Prometheus text on /metrics of this address. This "
                "machine itself is answered on `listen`, too"},
    {"log", &SCHEMA_MAP, 0, .help = "what is logged, and where", .rows = LOG_ROWS},
    {.name = NULL}};
#undef AT

#define AT(member) offsetof(struct district_config, member)
static const struct schema_row PER_UNIT_ROWS[] = {
    {"per_hour", &SCHEMA_NUMBER, AT(limits.per_unit.per_hour), "60",
        .help = "documents of one unit; each collector counts by itself", .min = 1,
        .max = 100000},
    {.name = NULL}};

static const struct schema_row LIMITS_ROWS[] = {
    {"document", &SCHEMA_SIZE, AT(limits.document_bytes), "256KiB",
        .help = "one document, compressed; expanded it is at most 4MiB and 50 times that",
        .min = 4 << 10, .max = 4 << 20},
    {"per_unit", &SCHEMA_MAP, 0, .help = "how often", .rows = PER_UNIT_ROWS},
    {"oldest", &SCHEMA_DURATION, AT(limits.oldest_ms), "400d",
        .help = "documents of days before that are refused", .min = DAY_MS,
        .max = 3660 * (uint64_t)DAY_MS},
    {.name = NULL}};

static const struct schema_row PRIVACY_ROWS[] = {
    {"min_devices", &SCHEMA_NUMBER, AT(privacy.min_devices), "10",
        .help = "a document that shows a cell of fewer is refused; 5 is the floor",
        .min = 5, .max = 10000},
    {"min_population", &SCHEMA_NUMBER, AT(privacy.min_population), "20",
        .help = "likewise, of tiers", .min = 5, .max = 10000},
    {.name = NULL}};

static const struct schema_row RETENTION_ROWS[] = {
    {"daily", &VALUE_MONTHS, AT(retention.daily_months), "24M",
        .help = "documents and the counts of each day", .min = 1},
    {"yearly", &VALUE_MONTHS, AT(retention.yearly_months), "keep",
        .help = "sums, for comparisons with earlier years", .min = 13},
    {.name = NULL}};

static const struct schema_row CALENDAR_ROWS[] = {
    {"terms", &SCHEMA_LIST, AT(calendar.terms), "[]",
        .help = "days on which schools send; empty: the whole year", .item = &VALUE_DATES,
        .max_items = 400, .sample = "[]", .example = "[2026-09-05..2027-05-31]"},
    {"holidays", &SCHEMA_LIST, AT(calendar.holidays), "[]",
        .help = "days on which a silent school is not late", .item = &VALUE_DATES,
        .max_items = 400, .example = "[2027-02-04..2027-02-12]"},
    {.name = NULL}};

static const struct schema_row ANNUAL_ROWS[] = {
    {"due", &VALUE_MONTH_DAY, AT(reports.annual.due), "12-15", .help = "when it is due"},
    {"from", &VALUE_MONTH_DAY, AT(reports.annual.from), "12-16",
        .help = "of the year before, where it is after `to`"},
    {"to", &VALUE_MONTH_DAY, AT(reports.annual.to), "12-15", .help = "the last day"},
    {.name = NULL}};

static const struct schema_row SCHOOL_YEAR_ROWS[] = {
    {"from", &VALUE_MONTH_DAY, AT(reports.school_year.from), "09-01",
        .help = "the first day"},
    {"to", &VALUE_MONTH_DAY, AT(reports.school_year.to), "05-31", .help = "the last day"},
    {.name = NULL}};

static const struct schema_row REPORTS_ROWS[] = {
    {"annual", &SCHEMA_MAP, 0, .help = "the yearly report", .rows = ANNUAL_ROWS},
    {"school_year", &SCHEMA_MAP, 0, .help = "the report of a school year",
        .rows = SCHOOL_YEAR_ROWS},
    {"legal", &SCHEMA_LIST, AT(reports.legal), "[]",
        .help = "lines quoted at the head of reports", .item = &SCHEMA_TEXT,
        .max_items = 40},
    {"recipients", &SCHEMA_LIST, AT(reports.recipients), "[]",
        .help =
            "\"Nơi nhận\" at their foot; empty: the province, the ministry, the records",
        .item = &SCHEMA_TEXT, .max_items = 40},
    {"place", &SCHEMA_TEXT, AT(reports.place), "\"\"",
        .help = "where they are signed, before the date", .max = 100},
    {"signer", &SCHEMA_TEXT, AT(reports.signer), "\"\"",
        .help = "the office that signs; empty: the head of the department", .max = 100},
    {.name = NULL}};
#undef AT

#define AT(member) offsetof(struct district_notify_target, member)
static const struct schema_row NOTIFY_ROWS[] = {
    {"to", &VALUE_NOTIFY_TO, AT(to), "smtp://mail.example.vn",
        .help = "smtp://[USER@]HOST[:PORT], smtps://..., https://HOST/PATH, or the path of "
                "a command",
        .flags = SCHEMA_MANDATORY},
    {"address", &SCHEMA_TEXT, AT(address), "\"\"", .help = "whom; for mail", .max = 250},
    {"events", &SCHEMA_LIST, AT(events), "[silent, refused, enrolled, nomination]",
        .help = "of what", .flags = SCHEMA_NOT_EMPTY, .item = &SCHEMA_ENUM, .words = EVENTS,
        .max_items = 8},
    {"password_file", &SCHEMA_TEXT, AT(password_file), "\"\"",
        .help = "a file with one line: USER's password, or the token of https; 0600",
        .max = 500},
    {"ca_file", &SCHEMA_TEXT, AT(ca_file), "\"\"", .help = "extra trust anchor",
        .max = 500},
    {.name = NULL}};
#undef AT

#define PART(member) offsetof(struct district_config, member)
const struct schema_row DISTRICT_ROWS[] = {
    {"department", &SCHEMA_MAP, 0, .help = "who we are", .rows = DEPARTMENT_ROWS},
    {"server", &SCHEMA_MAP, 0, .help = "the collector itself", .rows = SERVER_ROWS},
    {"store", &SCHEMA_TEXT, PART(store), "sqlite",
        .help = "sqlite (state_dir/district.db), or postgresql://USER@HOST/DATABASE",
        .flags = SCHEMA_NOT_EMPTY, .max = 500},
    {"users_file", &SCHEMA_TEXT, PART(users_file), "\"\"",
        .help = "accounts, written by `lachan-district user`; \"\": nobody signs in, the "
                "web is open to this machine alone",
        .max = 500},
    {"limits", &SCHEMA_MAP, 0, .help = "of what schools send", .rows = LIMITS_ROWS},
    {"privacy", &SCHEMA_MAP, 0, .help = "the floor that every document is checked against",
        .rows = PRIVACY_ROWS},
    {"retention", &SCHEMA_MAP, 0, .help = "how long things are kept",
        .rows = RETENTION_ROWS},
    {"calendar", &SCHEMA_MAP, 0, .help = "when schools send", .rows = CALENDAR_ROWS},
    {"reports", &SCHEMA_MAP, 0, .help = "what is reported, and when", .rows = REPORTS_ROWS},
    {"notify", &SCHEMA_LIST, PART(notify), "[]", .help = "who is told", .item = &SCHEMA_MAP,
        .rows = NOTIFY_ROWS, .item_size = sizeof(struct district_notify_target),
        .max_items = 16},
    {.name = NULL}};
