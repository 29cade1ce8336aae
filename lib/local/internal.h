/* internal -- what the files of this module share among themselves. */
#ifndef LOCAL_INTERNAL_H
#define LOCAL_INTERNAL_H

#include "base/arena.h"
#include "local/local.h"

enum {
	NODE_NONE = UINT32_MAX,
	NEAR_WORDS = 8, /* one line of the processor's cache */
	NEAR_DEPTH = 3  /* labels that the first look goes by */
};

/* The records of one type at one name. */
struct rrset {
	uint16_t type;
	bool is_synthesised;
	uint32_t ttl_s;
	uint32_t count;
	const struct answer_record *records;
};

/* A name that has records, or lies between such a name and its zone, or is a zone. */
struct node {
	struct dname name;
	uint64_t hash;
	uint32_t zone;
	uint32_t wildcard; /* the node "*" below this one, or NODE_NONE */
	uint32_t rrset_count;
	const struct rrset *rrsets;
};

struct local {
	/* A bit for each zone's last NEAR_DEPTH labels: a name without any is nobody's. */
	uint64_t near[NEAR_WORDS];
	struct hash_key key;
	struct local_zone *zones;
	size_t zone_count;
	struct node *nodes;
	size_t node_count;
	uint32_t *slots; /* open addressing; NODE_NONE: free */
	size_t slot_mask;
	struct arena arena;
};

/* find.c */
static inline bool near_has(const struct local *local, uint64_t hash)
{
	return (local->near[hash >> 61] >> (hash >> 55 & 63) & 1) != 0;
}
/* The node of exactly this name, or NODE_NONE. */
uint32_t local_node(const struct local *local, struct dname name, uint64_t hash);

/* special.c: the zones that no zone of the school stands at or above. */
struct special_zone {
	struct name_buf apex;
	enum local_origin origin;
	bool has_names;    /* there are names below it at every school */
	bool is_delegated; /* local_zone */
};
/* Calls `each` for all of them until it is false; false then. */
bool special_zones(
    bool (*each)(void *context, const struct special_zone *zone), void *context);

/* What localhost and the loopback addresses are answered with. */
struct special_record {
	const char *owner; /* text */
	uint16_t type;
	const char *rdata; /* octets */
	size_t rdata_len;
};
extern const struct special_record SPECIAL_RECORDS[];
extern const size_t SPECIAL_RECORDS_COUNT;
enum {
	SPECIAL_TTL_S = 3600
};

#endif
