/* api -- what the endpoints for schools and partners have in common: who asks, how often, and
 * how a refusal is told and counted.
 *
 * Functions that return bool answer the call themselves when they return false.
 * Threads: those of calls. */
#ifndef DISTRICT_API_H
#define DISTRICT_API_H

#include "district/call.h"
#include "district/metrics.h"
#include "district/store.h"

struct api {
	struct call *call;
	enum metrics_endpoint endpoint;
};

/* As call_refuse(), and counted under `why`. Always false. */
bool api_refuse(const struct api *api, unsigned status, const char *why, const char *format,
    ...) PRINTF_LIKE(4, 5);
/* A failure of ours: of the store, of memory. 503 with Retry-After. Always false. */
bool api_fail(const struct api *api, enum err rc);
/* {"result":"stored", …}: `members` is what stands behind it, ",\"unit\":…" or "". */
void api_accept(
    const struct api *api, unsigned status, const char *result, const char *members);

void api_sha256(uint8_t out[STORE_SHA256_BYTES], struct slice bytes);
void api_hex(char out[2 * STORE_SHA256_BYTES + 1], const uint8_t bytes[STORE_SHA256_BYTES]);

/* False: answered with 503, since our clock is before the day on which we were built. */
bool api_trust_clock(const struct api *api);

/* Whose token (of this use) or, for TOKEN_SEND, client certificate it is: 401 when nobody is
 * known by what was shown, 403 when it was revoked or ran out. */
bool api_find_sender(
    const struct api *api, enum token_use use, char unit[STORE_UNIT_BYTES]);
/* limits.per_unit: 429 with Retry-After. `unit`: or another word for who asks, shorter than
 * STORE_UNIT_BYTES. */
bool api_take_turn(const struct api *api, const char *unit);

/* The media type of the request, without parameters: else 415. */
bool api_check_type(const struct api *api, const char *type);

/* Writes `text` as a JSON string. */
void api_json_text(struct buf *out, const char *text);

#endif
