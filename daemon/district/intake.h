/* intake -- the way of a packed, signed document up to where its kinds part:
 *
 *	who --> how often --> gzip, within limits --> signature by a pinned key --> bytes
 *
 * Nothing is parsed before its signature is good, and nothing of what is refused is kept.
 * Threads: those of calls. */
#ifndef DISTRICT_INTAKE_H
#define DISTRICT_INTAKE_H

#include "district/api.h"

struct intake {
	struct api api;
	char unit[STORE_UNIT_BYTES];
	struct buf received;                /* expanded, as it was signed and sent */
	struct buf unsigned_bytes;          /* what the signature is over */
	uint8_t sha256[STORE_SHA256_BYTES]; /* of `received` */
};

/* True: all of the above is done. Else the call is answered. End it with intake_end(). */
bool intake_begin(
    struct intake *in, struct call *c, enum metrics_endpoint endpoint, const char *type);
/* The same for a file that a person brought: nobody sent it, so `unit` is a claim and nothing
 * is limited; the signature by a key that is pinned for this unit says whose it is. */
bool intake_begin_file(struct intake *in, struct call *c, const char *unit);
void intake_end(struct intake *in);

/* 403 unless the document says that it is of the unit that sent it. */
bool intake_check_unit(const struct intake *in, const char *unit);

/* Answers with what the store said: 201, 200, 409 or 503. */
void intake_answer(const struct intake *in, enum err rc, enum document_result result,
    const char *report_id);

#endif
