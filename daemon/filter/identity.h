/* identity -- who asks: an address, a MAC where one is known, and what policy makes of them.
 *
 *	sender ──┬─ a trusted forwarder that names a device ──▶ that MAC, that address
 *	         ├─ on a link of ours ──▶ the MAC that the neighbour table has, or the kernel
 *	         └─ else ──▶ the address alone
 *
 * A worker remembers its latest clients, so that one who asks again costs one compare; what is
 * remembered ends with the snapshot, and with any change among the neighbours.
 *
 * A device on our link whose MAC is not known yet (the kernel has forgotten it, or it asked
 * first) is *guessed* by its address: it is looked for again a second later, gets short TTLs
 * where MACs decide, and is not counted for the first seconds, so that it is not counted twice.
 *
 * Threads: an identity table belongs to its worker. */
#ifndef FILTER_IDENTITY_H
#define FILTER_IDENTITY_H

#include "filter/neighbour_ask.h"
#include "filter/snapshot.h"

struct filter;
struct worker;
struct request;

enum {
	IDENTITIES_MAX = 2048,   /* a worker's; of two in one place the later stays */
	GUESS_ASKED_MS = 1000,   /* until a guessed device is looked for again */
	GUESS_SETTLES_MS = 5000, /* until it is taken for what its address says */
	GUESS_TTL_MS = 2000      /* of answers to guessed devices where MACs decide */
};

/* A client as it was when it asked last. One cache line. */
struct identity {
	struct addr client;  /* family 0: free. The port is 0 */
	uint32_t generation; /* of the snapshot */
	uint32_t version;    /* of the neighbours */
	struct mac mac;
	uint64_t device;   /* identity_hash() */
	uint32_t until_ms; /* of a guess: when to look again; of the clock's lower bits */
	uint32_t since_ms; /* when it was first guessed */
	uint16_t group;
	uint8_t tier;
	bool may_ask : 1;
	bool claimed : 1;
	bool forwarder : 1; /* server.trusted_forwarders has it */
	bool guessed : 1;
	bool settled : 1; /* it may be counted */
	bool seen : 1;    /* announced today, in this tier */
};

struct identities {
	struct neighbour_ask ask;
	_Alignas(64) struct identity slots[IDENTITIES_MAX];
};

MUST_CHECK enum err identities_new(struct identities **out);
void identities_free(struct identities *all); /* NULL is fine */
/* A new day: nobody has been announced. */
void identities_begin_day(struct identities *all);

/* Fills in who asks: client, mac, device, who and what stands beside them in the request. Its
 * message has been read; `client` is the sender. */
void identity_find(struct worker *w, struct request *r);
/* The same for one who has waited, by policy as it is now. What a forwarder said of him stands
 * in the request; else he is looked for once more. */
void identity_recall(struct worker *w, struct request *r);

/* The MAC behind an address, now; false: it has none, or it is not known. Any thread, with
 * its own `ask`. */
bool identity_find_mac(const struct filter *f, const struct snapshot *s,
    struct neighbour_ask *ask, const struct addr *address, uint64_t now_ms,
    struct mac *out);

/* Who that is for policy at this moment, leases included. */
struct policy_who identity_who(
    const struct snapshot *s, const struct addr *client, struct mac mac, struct moment now);

/* What tells devices apart while they are counted: the MAC, else IPv4, else the IPv6 /64; never
 * 0. Keyed. */
uint64_t identity_hash(const struct filter *f, const struct addr *client, struct mac mac);

#endif
