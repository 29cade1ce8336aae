/* doctor -- is anybody protected? What the checks of `lachanctl doctor` share.
 *
 * Each check looks at one thing that makes a filter useless although it seems to run, and
 * reports what it saw, what that means and what to do. With --json:
 *
 *	{"findings":[{"id","severity":"error|warning|hint","interface","detail","fix"}],
 *	 "checked":[ID],"skipped":[{"id","interface","reason"}]}
 *
 * interface: "" where it is about none. Ids are stable; detail, fix and reason are sentences
 * for people. A check that could look at one network and not at another stands in both lists.
 * The whole takes some five seconds: what waits for the network waits side by side.
 * Threads: one. */
#ifndef DOCTOR_DOCTOR_H
#define DOCTOR_DOCTOR_H

#include "lachanctl/ctl.h"
#include "lachanctl/doctor/packet.h"
#include "net/interfaces.h"

enum {
	DOCTOR_LANS_MAX = 16,
	DOCTOR_ADDRESSES_MAX = 8, /* of one LAN and family */
	DOCTOR_DETAIL_BYTES = 1024,
	DOCTOR_MAC_TEXT = 18
};

enum severity {
	SEVERITY_HINT,    /* worth knowing; by itself no reason to fail */
	SEVERITY_WARNING, /* somebody may be without protection */
	SEVERITY_ERROR    /* somebody is */
};

/* A network whose devices we serve. */
struct doctor_lan {
	char interface[INTERFACE_NAME_BYTES];
	uint32_t index;
	struct packet_sender sender;
	bool has_mac; /* an Ethernet-like card: frames can be sent and heard */
	struct addr v4[DOCTOR_ADDRESSES_MAX];
	size_t v4_count;
};

struct doctor {
	struct ctl *ctl;
	const struct config *config; /* never NULL */
	struct interfaces interfaces;
	struct doctor_lan lans[DOCTOR_LANS_MAX];
	size_t lan_count;
	json_t *status; /* of the filter; NULL: nobody answers, or we may not ask */
	bool running;   /* somebody holds the control socket */
	json_t *findings, *checked, *skipped;
	size_t worst_count; /* findings that are no hints */
};

/* ---- what a check reports (findings.c) ---- */

void doctor_checked(struct doctor *d, const char *id);
/* `reason` is a sentence in the language in use. */
void doctor_skip(
    struct doctor *d, const char *id, const char *interface, const char *reason);
/* "run as root: sudo lachanctl doctor" */
void doctor_skip_rootless(struct doctor *d, const char *id);

struct finding {
	const char *id;
	enum severity severity;
	const char *interface;            /* NULL or "": of none */
	char detail[DOCTOR_DETAIL_BYTES]; /* what was seen, and what it means */
	char fix[DOCTOR_DETAIL_BYTES];    /* what to do, in exact words */
};
void doctor_find(struct doctor *d, const struct finding *finding);
void finding_detail(struct finding *f, const char *format, ...) PRINTF_LIKE(2, 3);
void finding_fix(struct finding *f, const char *format, ...) PRINTF_LIKE(2, 3);
/* All that was found, for people. */
void doctor_say(const struct doctor *d);

void mac_to_text(char out[DOCTOR_MAC_TEXT], const uint8_t mac[PACKET_MAC_OCTETS]);

/* ---- this machine (lans.c) ---- */

void doctor_find_lans(struct doctor *d);
/* Would a question to this address reach the filter, by the configuration? */
bool doctor_serves(const struct doctor *d, const struct addr *server);
/* The address that devices on a LAN are to ask, as text; "" where we have none of this
 * family. */
void doctor_own_address(const struct doctor *d, const struct doctor_lan *lan,
    sa_family_t family, char out[ADDR_TEXT_MAX]);
/* Does the filter answer anybody over this family but this machine itself? */
bool doctor_listens(const struct doctor *d, sa_family_t family);

/* ---- what is heard on the LANs (listen.c, judge_lan.c) ---- */

enum {
	HEARD_MAX = 64 /* of one LAN; the same word twice counts once */
};

struct heard {
	struct packet items[HEARD_MAX];
	size_t count;
};

/* Asks on all LANs at once, and listens for some seconds: heard[i] is of LAN i. False: we
 * may not (no root). */
bool doctor_listen(struct doctor *d, struct heard *heard);
void doctor_judge_lan(
    struct doctor *d, const struct doctor_lan *lan, const struct heard *heard);

/* ---- the checks; each reports by itself ---- */

void check_lans(struct doctor *d);      /* ra-dns dhcp-dns dhcp-servers duplicate-address
                                            ipv6-unserved */
void check_devices(struct doctor *d);   /* silent-devices shared-source */
void check_lease(struct doctor *d);     /* own-address */
void check_claims(struct doctor *d);    /* bare-tiers */
void check_resolv(struct doctor *d);    /* resolv-conf */
void check_ports(struct doctor *d);     /* ports */
void check_upstreams(struct doctor *d); /* upstream */
void check_gateway(struct doctor *d);   /* running rules clock filtering feeds */
void check_folders(struct doctor *d);   /* folders */
void check_accounts(struct doctor *d);  /* accounts */
void check_firewall(struct doctor *d);  /* stray-dns */

#endif
