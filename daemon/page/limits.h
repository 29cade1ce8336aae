/* limits -- how much one client, and all together, may ask of the page.
 *
 * Token buckets: requests (any method) and posts (forms), per address and in all. The table
 * of addresses is bounded; where it is full, the address that owes least is forgotten, so a
 * flood of addresses does not wash out the one that floods. An address that is new has a full
 * bucket: what many addresses do together meets the bucket of all.
 * A school behind one address (NAT) is one client here: the limits leave room for that.
 * Threads: one. Time is an argument. */
#ifndef PAGE_LIMITS_H
#define PAGE_LIMITS_H

#include "base/err.h"
#include "net/addr.h"

enum {
	LIMITS_REQUESTS_PER_S = 40, /* of one client */
	LIMITS_REQUESTS_BURST = 200,
	LIMITS_REQUESTS_ALL_PER_S = 2000,
	LIMITS_REQUESTS_ALL_BURST = 4000,
	LIMITS_POSTS_PER_MINUTE = 12,
	LIMITS_POSTS_BURST = 12,
	LIMITS_POSTS_ALL_PER_MINUTE = 120,
	LIMITS_POSTS_ALL_BURST = 120,
	LIMITS_CLIENTS = 1024
};

struct limits;

/* `key` is random: addresses are hashed under it. ERR_MEMORY. */
MUST_CHECK enum err limits_open(struct limits **out, struct hash_key key);
void limits_close(struct limits *limits);

/* 0: take it, it is counted. Else the seconds to wait (at least 1), for Retry-After; what is
 * refused is not counted. */
unsigned limits_take_request(
    struct limits *limits, const struct addr *client, uint64_t mono_ms);
unsigned limits_take_post(
    struct limits *limits, const struct addr *client, uint64_t mono_ms);

#endif
