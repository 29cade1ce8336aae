#include "dns/cookie.h"

#include "dns/codes.h"

enum {
	VERSION = 1,
	OPTION_HEAD_BYTES = 4,
	TIMESTAMP_AT = 12,
	HASH_AT = 16, /* what is before it is hashed, then the address */
	ADDRESS_BYTES_MAX = 16
};

/* Of who sent it: that our answers reach him. */
enum proof {
	NOT_PROVEN,
	PROVEN,
	PROVEN_AGEING /* and it is time for another cookie */
};

static uint64_t load_le64(const uint8_t *p)
{
	uint64_t v = 0;

	for (size_t i = 8; i > 0; i--)
		v = v << 8 | p[i - 1];
	return v;
}

static void store_le64(uint8_t *p, uint64_t v)
{
	for (size_t i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

struct hash_key cookie_secret(const uint8_t octets[COOKIE_SECRET_BYTES])
{
	return (struct hash_key){load_le64(octets), load_le64(octets + 8)};
}

void cookie_secrets_renew(
    struct cookie_secrets *secrets, const uint8_t octets[COOKIE_SECRET_BYTES])
{
	secrets->before = secrets->now;
	secrets->now = cookie_secret(octets);
}

static uint64_t hash_of(
    const uint8_t *cookie, struct slice address, const struct hash_key *secret)
{
	uint8_t input[HASH_AT + ADDRESS_BYTES_MAX];
	size_t len = address.len < ADDRESS_BYTES_MAX ? address.len : ADDRESS_BYTES_MAX;

	memcpy(input, cookie, HASH_AT);
	if (len > 0)
		memcpy(input + HASH_AT, address.ptr, len);
	return siphash24(*secret, (struct slice){input, HASH_AT + len});
}

static bool is_by(
    const uint8_t *cookie, struct slice address, const struct hash_key *secret)
{
	return hash_of(cookie, address, secret) == load_le64(cookie + HASH_AT);
}

/* The reserved octets are hashed as they came: another maker's may use them (RFC 9018
 * section 4.2). */
static enum proof judge(struct slice sent, struct slice address,
    const struct cookie_secrets *secrets, uint32_t now_s)
{
	if (sent.len != COOKIE_BYTES || sent.ptr[COOKIE_CLIENT_BYTES] != VERSION)
		return NOT_PROVEN;
	uint32_t age_s = now_s - load_u32(sent.ptr + TIMESTAMP_AT);
	bool ahead = 0 - age_s <= COOKIE_AHEAD_MAX_S; /* serial numbers, RFC 1982 */
	if (age_s > COOKIE_AGE_MAX_S && !ahead)
		return NOT_PROVEN;
	if (is_by(sent.ptr, address, &secrets->now))
		return ahead || age_s <= COOKIE_RENEW_S ? PROVEN : PROVEN_AGEING;
	return is_by(sent.ptr, address, &secrets->before) ? PROVEN_AGEING : NOT_PROVEN;
}

bool cookie_answer(uint8_t out[COOKIE_OPTION_BYTES], struct slice sent,
    struct slice address, const struct cookie_secrets *secrets, uint32_t now_s)
{
	uint8_t *cookie = out + OPTION_HEAD_BYTES;
	enum proof proof = judge(sent, address, secrets, now_s);

	store_u16(out, EDNS_COOKIE);
	store_u16(out + 2, COOKIE_BYTES);
	if (proof == PROVEN) {
		memcpy(cookie, sent.ptr, COOKIE_BYTES);
		return true;
	}
	memset(cookie, 0, COOKIE_BYTES);
	memcpy(cookie, sent.ptr, COOKIE_CLIENT_BYTES);
	cookie[COOKIE_CLIENT_BYTES] = VERSION;
	store_u32(cookie + TIMESTAMP_AT, now_s);
	store_le64(cookie + HASH_AT, hash_of(cookie, address, &secrets->now));
	return proof == PROVEN_AGEING;
}
