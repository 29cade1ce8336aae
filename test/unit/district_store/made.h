/* made -- documents as schools might send them, from a seed, and the naive recount of them. */
#ifndef TEST_MADE_H
#define TEST_MADE_H

#include "base/hash.h"
#include "district/counts.h"

/* A small, quick generator: the same seed gives the same documents. */
struct made_random {
	uint64_t state;
};
uint32_t made_below(struct made_random *r, uint32_t limit);

struct made {
	struct report_document document; /* texts live in its memory */
	char unit[STORE_UNIT_BYTES];
	int32_t day;
	uint8_t sha256[STORE_SHA256_BYTES];
	struct buf gzip;
	bool counts; /* for who keeps them: the newest revision of its day and cut */
};

/* A document of the unit; everything in it is drawn. */
void made_document(struct made *out, struct made_random *r, const char *unit, int32_t day,
    enum report_cut cut, uint32_t revision);
void made_deinit(struct made *m);

struct document made_put(const struct made *m);
/* Puts it; fails the test unless the result is this one. */
void made_store(struct store *store, const struct made *m, enum document_result expected);

#endif
