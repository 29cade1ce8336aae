/* leases -- devices that are staff's for a while, since somebody of the staff has signed in at
 * them: an index for workers.
 *
 * A lease knows a device by its MAC where the kernel told it, and by the address it signed in
 * from. Of a device whose MAC is known, another IPv4 address is another device behind the same
 * MAC (a repeater, a router), and not meant; of its IPv6 addresses, and of the other family's,
 * any is, since a device has many of them and changes them. Without a MAC the address alone
 * counts, all of it. As an allow grant, a lease counts under a trusted clock only, and ends by
 * the calendar or by the monotonic clock, whichever comes first, when it is used.
 *
 * Threads: an index never changes; any number may read it. */
#ifndef POLICY_LEASES_H
#define POLICY_LEASES_H

#include "policy/policy.h"

enum {
	LEASES_MAX = 256
};

struct lease {
	struct mac mac;         /* or MAC_NONE */
	struct addr address;    /* its port is not looked at */
	int64_t until_wall_s;   /* the first second in which it is over */
	uint64_t until_mono_ms; /* it is over then too */
	int64_t made_wall_s;
};

struct leases;

/* Copies at most LEASES_MAX items; a policy without the tier "staff" has no use for them. On
 * success *out is the caller's; end it with leases_free(). ERR_MEMORY. */
MUST_CHECK enum err leases_build(struct leases **out, const struct policy *policy,
    const struct lease *items, size_t count);
void leases_free(struct leases *leases); /* NULL is fine */

bool lease_is_live(const struct lease *lease, struct moment now);
/* mono_ms at which it ends by itself. */
uint64_t lease_end_ms(const struct lease *lease, struct moment now);
/* Whether it means this device. `client` may be ADDR_NONE: not known. */
bool lease_is_of(const struct lease *lease, const struct addr *client, struct mac mac);

/* The live lease of this device, or NULL. `leases` may be NULL. */
const struct lease *leases_find(const struct leases *leases, const struct addr *client,
    struct mac mac, struct moment now);
/* Makes *who one of the staff where a lease says so; its room stays. One probe, none where
 * `leases` is NULL. */
void leases_apply(const struct leases *leases, const struct addr *client, struct mac mac,
    struct moment now, struct policy_who *who);

#endif
