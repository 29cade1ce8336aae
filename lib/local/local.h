/* local -- names that are answered at the school itself: the zones of upstream.zones, the
 * reverse zones of private addresses (RFC 6303, RFC 7793) and special-use names (RFC 6761).
 *
 * The table is made once per configuration and never changes. A name's zone is the longest
 * one at or above it. Looking up allocates nothing and costs O(labels), and a name that has
 * nothing to do with any of it a few bit tests.
 * Threads: any number may read one table. */
#ifndef LOCAL_LOCAL_H
#define LOCAL_LOCAL_H

#include "conf/config.h"
#include "dns/answer.h"

enum {
	LOCAL_CHAIN_MAX = 8, /* CNAMEs of ours in a row; conf refuses more */
	LOCAL_NO_ZONE = UINT32_MAX
};

enum local_origin {
	LOCAL_OF_SCHOOL,  /* upstream.zones */
	LOCAL_OF_SPECIAL, /* a special-use name */
	LOCAL_OF_REVERSE  /* the reverse zone of private addresses */
};

struct local_zone {
	struct dname apex;
	enum local_origin origin;
	/* Of LOCAL_OF_SCHOOL: its place in config.upstream.zones. */
	unsigned index;
	/* 1 for the first zone with servers, and so on; 0: none. */
	unsigned route;
	/* What it does not have is asked elsewhere: of its own servers, or, where it has none
	 * (route 0), of the upstreams for everything. Else it does not exist. */
	bool asks_on;
	bool is_private;   /* answers for its names may hold private addresses */
	bool apex_exists;  /* its own name is there, unlike "onion" */
	bool is_delegated; /* in the world too, unsigned: home.arpa, 10.in-addr.arpa */
};

enum local_kind {
	LOCAL_ELSEWHERE, /* not answered here; `zone` may say who is asked */
	LOCAL_RECORDS,   /* an RRset of the type asked for */
	LOCAL_ALIAS,     /* a CNAME, which is its one record */
	LOCAL_NODATA,
	LOCAL_NXDOMAIN
};

/* Borrows the table. */
struct local_found {
	enum local_kind kind;
	const struct local_zone *zone; /* NULL: none; then LOCAL_ELSEWHERE */
	const struct answer_record *records;
	size_t record_count;
	uint32_t ttl_s;
	bool is_wildcard;    /* the records are those of a "*" */
	bool is_synthesised; /* a PTR that follows from an address */
};

struct local;

/* The table of `zones`, which it borrows, under the key that its askers hash names with. On
 * success *out is the caller's. ERR_MEMORY. */
MUST_CHECK enum err local_new(
    struct local **out, const struct config_zones *zones, struct hash_key key);
/* NULL is fine. */
void local_free(struct local *local);

/* What `name` is for a question of `qtype`; `hashes` are its own under the table's key. */
void local_find(struct local_found *out, const struct local *local, struct dname name,
    const struct name_hashes *hashes, uint16_t qtype);

#endif
