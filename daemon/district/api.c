#include "district/api.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "district/config.h"
#include "district/district.h"
#include "district/internal.h"
#include "district/unit_limits.h"
#include "kit/log.h"
#include "report/signed.h"

enum {
	STORE_RETRY_S = 60,
	CLOCK_RETRY_S = 600,
	TOKEN_MAX_BYTES = 256,
	LIMIT_WORD_BYTES = STORE_UNIT_BYTES + 16
};

/* ---- answers ---------------------------------------------------------------------------- */

bool api_refuse(
    const struct api *api, unsigned status, const char *why, const char *format, ...)
{
	char sentence[DIAG_TEXT_BYTES];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(sentence, sizeof sentence, format, arguments);
	va_end(arguments);
	metrics_count(api->call->district->metrics, api->endpoint, why);
	call_refuse(api->call, status, why, "%s", sentence);
	return false;
}

static void set_retry_after(struct call *c, unsigned seconds)
{
	char text[16];

	(void)snprintf(text, sizeof text, "%u", seconds);
	call_set_header(c, "Retry-After", text);
}

bool api_fail(const struct api *api, enum err rc)
{
	const char *why = store_why(api->call->store);

	log_warn("intake",
	    "the store could not take something: %s; whoever sent it asks again",
	    why[0] != 0 ? why : err_text(rc));
	set_retry_after(api->call, STORE_RETRY_S);
	return api_refuse(api, 503, "store", "the store cannot take it now; ask again");
}

void api_accept(
    const struct api *api, unsigned status, const char *result, const char *members)
{
	struct call *c = api->call;

	metrics_count(c->district->metrics, api->endpoint, result);
	buf_reset(&c->out);
	buf_printf(&c->out, "{\"result\":\"%s\"%s}\n", result, members);
	call_reply(c, status, "application/json");
}

void api_json_text(struct buf *out, const char *text)
{
	call_json_text(out, text);
}

/* ---- who ---------------------------------------------------------------------------------- */

void api_sha256(uint8_t out[STORE_SHA256_BYTES], struct slice bytes)
{
	/* Without memory the digest is of nothing and fits nobody. */
	if (EVP_Digest(bytes.ptr, bytes.len, out, NULL, EVP_sha256(), NULL) != 1)
		memset(out, 0, STORE_SHA256_BYTES);
}

void api_hex(char out[2 * STORE_SHA256_BYTES + 1], const uint8_t bytes[STORE_SHA256_BYTES])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < STORE_SHA256_BYTES; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * STORE_SHA256_BYTES] = 0;
}

static bool refuse_unknown(const struct api *api)
{
	call_set_header(api->call, "WWW-Authenticate", "Bearer realm=\"lachan\"");
	return api_refuse(api, 401, "credentials", "nobody is known by these credentials");
}

/* "Bearer TOKEN" (RFC 6750 section 2.1); empty for anything else. */
static struct slice bearer_of(struct call *c)
{
	struct slice value = slice_of(call_header(c, "authorization"));
	struct slice scheme = slice_cut(&value, ' ');

	if (!slice_equal_nocase(scheme, SLICE_LIT("bearer")) || value.len > TOKEN_MAX_BYTES)
		return SLICE_EMPTY;
	return slice_trim(value);
}

static bool find_by_token(const struct api *api, struct slice text, enum token_use use,
    char unit[STORE_UNIT_BYTES])
{
	struct call *c = api->call;
	uint8_t sha256[STORE_SHA256_BYTES];
	struct token token;

	api_sha256(sha256, text);
	enum err rc = store_token_find(c->store, sha256, &token);
	if (rc == ERR_NOT_FOUND)
		return refuse_unknown(api);
	if (rc != OK)
		return api_fail(api, rc);
	/* The store looked by the digest: how long that took tells of digests alone. */
	if (CRYPTO_memcmp(token.sha256, sha256, sizeof sha256) != 0 || token.use != use)
		return refuse_unknown(api);
	if (token.revoked_s != 0)
		return api_refuse(api, 403, "revoked", "this token was revoked");
	if (token.expires_s != 0 && token.expires_s <= c->now.wall_s)
		return api_refuse(api, 403, "expired", "this token has run out");
	(void)snprintf(unit, STORE_UNIT_BYTES, "%s", token.unit);
	return true;
}

/* By a clock that lost its battery every document is of the future, and a school sets aside
 * for good what is refused as that. */
bool api_trust_clock(const struct api *api)
{
	if (api->call->now.wall_trusted)
		return true;
	set_retry_after(api->call, CLOCK_RETRY_S);
	return api_refuse(
	    api, 503, "clock", "this collector's clock is wrong; ask again later");
}

bool api_find_sender(const struct api *api, enum token_use use, char unit[STORE_UNIT_BYTES])
{
	struct slice token = bearer_of(api->call);
	const char *subject = api->call->client_subject;

	if (!api_trust_clock(api))
		return false;
	if (token.len > 0)
		return find_by_token(api, token, use, unit);
	if (use != TOKEN_SEND || !report_is_unit(subject))
		return refuse_unknown(api);
	(void)snprintf(unit, STORE_UNIT_BYTES, "%s", subject);
	return true;
}

bool api_take_turn(const struct api *api, const char *unit)
{
	struct call *c = api->call;
	char word[LIMIT_WORD_BYTES];

	/* Summaries and quick reports of a unit share its hour; the others have their own. */
	const char *kind = api->endpoint == METRICS_NOMINATIONS ? "partner"
	    : api->endpoint == METRICS_ENROLMENTS               ? "enrol"
	                                                        : "unit";
	(void)snprintf(word, sizeof word, "%s:%s", kind, unit);
	unsigned wait_s = unit_limits_take(c->district->unit_limits, word,
	    c->config->limits.per_unit.per_hour, c->now.mono_ms);
	if (wait_s == 0)
		return true;
	set_retry_after(c, wait_s);
	return api_refuse(api, 429, "rate", "more than %u an hour; ask again in %u seconds",
	    (unsigned)c->config->limits.per_unit.per_hour, wait_s);
}

bool api_check_type(const struct api *api, const char *type)
{
	struct slice given = slice_of(call_header(api->call, "content-type"));

	struct slice word = slice_trim(slice_cut(&given, ';'));
	size_t stem = strlen(type) - strlen("json");

	/* The same packed, by the suffix of RFC 6839 section 3.2. */
	bool packed = word.len == stem + strlen("gzip") &&
	    slice_equal_nocase((struct slice){word.ptr, stem},
	        (struct slice){(const uint8_t *)type, stem}) &&
	    slice_equal_nocase((struct slice){word.ptr + stem, 4}, SLICE_LIT("gzip")) &&
	    type[stem - 1] == '+';
	if (packed || slice_equal_nocase(word, slice_of(type)))
		return true;
	return api_refuse(api, 415, "type", "the media type is %s", type);
}
