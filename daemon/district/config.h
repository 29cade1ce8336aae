/* config -- district.yaml as one immutable struct, or every mistake in it.
 *
 * Every key of the file has its member here, with defaults filled in. All memory belongs to
 * the config. One that is in force is shared by the main thread and by every call that began
 * under it: each holds it (district_config_hold) and lets it go, the last one frees it.
 * Threads: constant once loaded; holding and releasing by any thread.
 * Durations are milliseconds (…_ms), sizes bytes (…_bytes). No text is NULL; "" means "not
 * given". Paths are absolute. */
#ifndef DISTRICT_CONFIG_H
#define DISTRICT_CONFIG_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/diag.h"
#include "conf/rules_data.h"
#include "conf/values.h"
#include "district/words.h"
#include "kit/log.h"

enum district_store_kind {
	DISTRICT_SQLITE,    /* state_dir/district.db */
	DISTRICT_POSTGRESQL /* store.text is the connection URL */
};

enum district_event {
	DISTRICT_EVENT_SILENT,
	DISTRICT_EVENT_REFUSED,
	DISTRICT_EVENT_ENROLLED,
	DISTRICT_EVENT_NOMINATION
};

struct district_events {
	enum district_event *items; /* each once */
	size_t count;
	struct mark mark;
};

struct district_notify_target {
	struct config_notify_to to;
	struct conf_text address; /* of mail: whom; "" for all else */
	struct district_events events;
	struct conf_text password_file; /* absolute, or "" */
	struct conf_text ca_file;       /* absolute, or "" */
};

struct district_notify {
	struct district_notify_target *items;
	size_t count;
	struct mark mark;
};

/* A day of every year. */
struct district_month_day {
	uint8_t month; /* 1..12 */
	uint8_t day;   /* 1..31 */
};

/* Days since 1970-01-01, first and last included (conf/rules_data.h). */
struct district_dates {
	struct rules_date_range *items;
	size_t count;
	struct mark mark;
};

struct district_languages {
	enum language *items;
	size_t count;
	struct mark mark;
};

struct district_config {
	struct {
		struct conf_text name;
		struct district_languages
		    languages; /* not empty; the first is the fallback */
		struct conf_text time_zone;
	} department;
	struct {
		struct config_endpoints listen;
		struct config_endpoints listen_tls;
		struct config_certificate
		    certificate;            /* given when listen_tls is not empty */
		struct conf_text client_ca; /* PEM file, or "" */
		/* "https://host[:port]" as schools reach us, for enrolment files; "" unknown. */
		struct conf_text public_url;
		struct conf_text public_ca; /* PEM file they are to trust, or "" */
		struct config_clients trusted_proxies; /* prefixes and ranges */
		struct conf_text user;
		struct conf_text state_dir;
		struct config_endpoint metrics; /* family 0: none */
		struct {
			enum log_level level;
			enum log_target target;
		} log;
	} server;
	struct conf_text store; /* as written */
	enum district_store_kind store_kind;
	struct conf_text users_file; /* "": no accounts */
	struct {
		uint64_t document_bytes; /* compressed */
		struct {
			uint64_t per_hour;
		} per_unit;
		uint64_t oldest_ms;
	} limits;
	struct {
		uint64_t min_devices;
		uint64_t min_population;
	} privacy;
	struct {
		uint64_t daily_months;  /* 0: keep */
		uint64_t yearly_months; /* 0: keep */
	} retention;
	struct {
		struct district_dates terms;    /* empty: the whole year is school time */
		struct district_dates holidays; /* a silent school is not late on these */
	} calendar;
	struct {
		struct {
			struct district_month_day due;
			struct district_month_day from;
			struct district_month_day to;
		} annual;
		struct {
			struct district_month_day from;
			struct district_month_day to;
		} school_year;
		struct conf_texts legal;
		struct conf_texts recipients;   /* empty: the usual ones */
		struct conf_text place, signer; /* "": none; the usual one */
	} reports;
	struct district_notify notify;

	/* Private. */
	struct arena *arena;
	atomic_uint holders;
};

/* Reads FILE and checks all of it: every mistake is in *all, each with its place and what to
 * do. ERR_CONFIG, ERR_MEMORY. *out is held once. */
MUST_CHECK enum err district_config_load(
    const struct district_config **out, const char *path, struct diags *all);
const struct district_config *district_config_hold(const struct district_config *config);
void district_config_release(const struct district_config *config); /* NULL: nothing */

/* What store_open() is given. ERR_RANGE. */
MUST_CHECK enum err district_config_store_where(
    char *out, size_t size, const struct district_config *config);

/* The first key whose change needs a restart ("server.listen"); NULL: a reload will do. */
const char *district_config_needs_restart(
    const struct district_config *now, const struct district_config *next);

#endif
