/* packets -- building messages for tests, octet by octet, good ones and bad ones. */
#ifndef TEST_UNIT_DNS_PACKETS_H
#define TEST_UNIT_DNS_PACKETS_H

#include "dns/codes.h"
#include "dns/name.h"

enum {
	PACKET_BYTES = 65536
};

/* Static storage: one packet at a time is built, a second one in the other slot. */
struct packet {
	struct writer w;
};

/* Starts a message; the counts are raised by what follows. */
void packet_begin(struct packet *p, uint16_t id, uint16_t flags);
void packet_question(struct packet *p, const char *name, uint16_t type);
/* Offset of the next octet. */
size_t packet_at(const struct packet *p);

/* A record in section 0..2; `owner` as text. */
void packet_rr(struct packet *p, unsigned section, const char *owner, uint16_t type,
    uint32_t ttl_s, struct slice rdata);
void packet_a(struct packet *p, const char *owner, uint32_t ttl_s, uint8_t last);
void packet_cname(struct packet *p, const char *owner, uint32_t ttl_s, const char *target);
void packet_soa(struct packet *p, const char *owner, uint32_t ttl_s, uint32_t minimum_s);
void packet_rrsig(struct packet *p, unsigned section, const char *owner, uint16_t covered);
void packet_opt(struct packet *p, uint16_t size, uint32_t ttl, struct slice options);
struct slice packet_slice(const struct packet *p);

/* A name of good text; the test fails otherwise. */
struct name_buf name_made(const char *text);
/* The wire form of a name as RDATA; borrowed until the next call. */
struct slice name_rdata(const char *text);

#endif
