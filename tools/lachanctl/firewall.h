/* firewall -- what a packet filter must know to keep devices with the gateway, and the rule
 * sets of three kinds made of it.
 *
 * Each sends stray port-53 traffic to the gateway, closes 853 (DNS over TLS and QUIC) and
 * port 443 of known DNS-over-HTTPS addresses, for everybody on the network alike: a packet
 * filter knows no tiers. Threads: one. */
#ifndef LACHANCTL_FIREWALL_H
#define LACHANCTL_FIREWALL_H

#include "base/buf.h"
#include "lachanctl/ctl.h"
#include "net/prefix.h"

enum {
	FIREWALL_BYTES = 512 * 1024,
	FIREWALL_DOH_MAX = 4096,
	FIREWALL_LANS_MAX = 16,
	FIREWALL_CLIENTS_MAX = 512
};

/* How one family's stray queries reach the gateway. */
enum firewall_reach {
	REACH_NOBODY, /* it does not listen on this family: refused, so that devices try the other */
	REACH_HERE,   /* it listens on all addresses: to whichever the packet came in on */
	REACH_ADDRESS /* it listens on one */
};

struct firewall_family {
	enum firewall_reach reach;
	uint16_t port;
	struct addr gateway; /* the LAN's way to us; ADDR_NONE when this machine has none */
	struct prefix link;  /* its own network */
	bool link_guessed;   /* nobody here knows the mask */
};

struct firewall_doh {
	struct prefix address;
	char who[48]; /* letters, figures, blanks and .,()- alone */
};

struct firewall {
	struct firewall_family v4, v6;
	/* Interfaces of the LAN; none when this machine stands beside the line, not in it. */
	char lans[FIREWALL_LANS_MAX][16];
	size_t lan_count;
	/* Who may ask us: whose stray queries are ours. */
	struct prefix clients[FIREWALL_CLIENTS_MAX];
	size_t client_count;
	struct firewall_doh *doh;
	size_t doh_count;
};

/* From the configuration, this machine's interfaces and data_dir/doh-addresses.txt. On
 * failure says why. End it with firewall_deinit(), also then. */
enum ctl_status firewall_gather(const struct ctl *c, struct firewall *out);
void firewall_deinit(struct firewall *f);

/* Append a whole rule set, comments in the language in use. */
void firewall_write_nft(struct buf *out, const struct firewall *f);
void firewall_write_uci(struct buf *out, const struct firewall *f);
void firewall_write_routeros(struct buf *out, const struct firewall *f);

/* One paragraph as lines that begin with `mark` ("# "), broken between words. */
void firewall_comment(struct buf *out, const char *mark, const char *text);
/* "8.8.8.8" for a single address, "45.90.28.0/24" for more. */
void firewall_prefix_text(char out[PREFIX_TEXT_MAX], const struct prefix *p);
/* The paragraphs that every kind begins with. */
void firewall_preamble(struct buf *out);

#endif
