/* values -- the typed values of a configuration: addresses, clients, names, upstreams.
 *
 * Each keeps the text as written and its place, for mistakes found later. Texts, names and
 * items live as long as the config. Threads: constant once loaded. */
#ifndef CONF_VALUES_H
#define CONF_VALUES_H

#include "conf/schema.h"
#include "dns/name.h"
#include "net/addr.h"
#include "net/mac.h"

/* An address, with the port where one belongs. */
struct config_endpoint {
	struct addr addr;
	const char *text;
	struct mark mark;
};

struct config_endpoints {
	struct config_endpoint *items;
	size_t count;
	struct mark mark;
};

enum config_client_kind {
	CLIENT_LOCAL,  /* server.allow only: the on-link prefixes; found by the program */
	CLIENT_PREFIX, /* first/length; a single address has length 32 or 128 */
	CLIENT_RANGE,  /* first to last, both included, one family */
	CLIENT_MAC,    /* `mac`, whatever its address; tiers and groups only */
	CLIENT_PAIR,   /* `mac` while it has the address `first`; likewise */
	CLIENT_GROUP   /* in tiers, before groups are put in their place; never later */
};

/* Who asks: a prefix or range of addresses, or a device. Ports are 0. */
struct config_client {
	enum config_client_kind kind;
	struct addr first; /* of a prefix: its host bits are zero */
	struct addr last;
	unsigned length;
	struct mac mac;    /* mac_is_device(); of the other kinds MAC_NONE */
	const char *text;  /* as written */
	const char *group; /* the group it came from, or "" */
	struct mark mark;
};

struct config_clients {
	struct config_client *items;
	size_t count;
	struct mark mark;
};

/* A domain name that covers itself and all below it. */
struct config_name {
	struct dname name;
	const char *text;
	struct mark mark;
};

struct config_names {
	struct config_name *items;
	size_t count;
	struct mark mark;
};

enum config_transport {
	UPSTREAM_UDP, /* TCP when truncated */
	UPSTREAM_TCP,
	UPSTREAM_GATEWAY /* fallback only: the default route's address */
};

struct config_upstream_server {
	enum config_transport transport;
	struct addr addr; /* with its port; not of UPSTREAM_GATEWAY */
	const char *text;
	struct mark mark;
};

struct config_upstream_servers {
	struct config_upstream_server *items;
	size_t count;
	struct mark mark;
};

enum config_answer_kind {
	ANSWER_AUTO,   /* our own address that was asked */
	ANSWER_NONE,   /* NODATA */
	ANSWER_ADDRESS /* `addr` */
};

struct config_answer {
	enum config_answer_kind kind;
	struct addr addr;
};

enum config_notify_kind {
	NOTIFY_SMTP,  /* STARTTLS */
	NOTIFY_SMTPS, /* TLS from the first octet */
	NOTIFY_HTTPS,
	NOTIFY_COMMAND /* `text` is its path */
};

/* Where word of something goes. */
struct config_notify_to {
	enum config_notify_kind kind;
	const char *text; /* as written; NULL when it has a mistake */
	const char *user; /* of mail: who signs in, or "" */
	const char *host; /* a name, or an address without brackets; "" for a command */
	uint16_t port;
	struct mark mark;
};

/* Where summaries go: https, or http to ourselves. */
struct config_share_url {
	const char *text; /* as written; NULL when it has a mistake */
	const char *host; /* a name, or an address without brackets */
	uint16_t port;
	bool tls;
	struct mark mark;
};

/* Paths of two PEM files, absolute; both "" or neither. What is in them is judged by
 * kit/certificates.h, since children may not read them again. */
struct config_certificate {
	struct conf_text file;
	struct conf_text key;
};

/* The keys of one who is told, and what is wrong between them. */
struct notify_keys {
	const struct config_notify_to *to;
	const struct conf_text *address, *password_file, *ca_file;
};
void notify_check_keys(struct schema_run *run, const struct notify_keys *keys);

/* Rows for them in schema tables; each fills the struct in its name. */
extern const struct schema_type VALUE_ENDPOINT;         /* config_endpoint: "0.0.0.0:53" */
extern const struct schema_type VALUE_ENDPOINT_OR_NONE; /* the same, or "": family 0 */
extern const struct schema_type VALUE_ALLOW; /* config_client: local or a prefix */
/* config_client: prefix, range, MAC, address+MAC, group */
extern const struct schema_type VALUE_CLIENT;
extern const struct schema_type VALUE_FORWARDER; /* config_client: prefix or range */
extern const struct schema_type VALUE_NAME;      /* config_name: a domain name */
extern const struct schema_type VALUE_UPSTREAM;  /* config_upstream_server */
extern const struct schema_type VALUE_FALLBACK;  /* the same, or `gateway` */
extern const struct schema_type VALUE_ANSWER;    /* config_answer: auto, none, address */
extern const struct schema_type VALUE_ZONE;      /* conf_text: a time zone that exists */
extern const struct schema_type VALUE_URL;       /* conf_text: https, http, file */
extern const struct schema_type VALUE_NOTIFY_TO; /* config_notify_to */
extern const struct schema_type VALUE_SHARE_URL; /* config_share_url */
extern const struct schema_type
    VALUE_DATES; /* rules_date_range (rules_data.h): a date, A..B */
extern const struct schema_type VALUE_WORD; /* conf_text: [a-z0-9_-]+, at most 63 */

#endif
