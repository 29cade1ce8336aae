#include "page/token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum {
	HOUR_MS = 3600 * 1000,
	MAC_BYTES = 32,
	MESSAGE_MAX_BYTES = 256,
	PATH_MAX_BYTES = 128
};

/* Every part has a fixed length or stands behind its length: two messages are never one. */
static struct slice write_message(uint8_t storage[MESSAGE_MAX_BYTES], struct slice path,
    const struct addr *client, uint64_t hour)
{
	struct writer w = writer_over(storage, MESSAGE_MAX_BYTES);

	writer_bytes(&w, SLICE_LIT("lachan form 1"));
	writer_le64(&w, hour);
	writer_u16(&w, (uint16_t)client->family);
	writer_u32(&w, client->scope_id);
	writer_bytes(&w, (struct slice){client->bytes, sizeof client->bytes});
	writer_u16(&w, (uint16_t)path.len);
	writer_bytes(&w, path);
	return writer_slice(&w);
}

static enum err make_at(char out[TOKEN_TEXT_BYTES], const struct token_key *key,
    struct slice path, const struct addr *client, uint64_t hour)
{
	uint8_t message[MESSAGE_MAX_BYTES], mac[EVP_MAX_MD_SIZE];
	unsigned char text[4 * (MAC_BYTES + 2) / 3 + 1];
	unsigned mac_len = 0;

	out[0] = 0;
	if (path.len > PATH_MAX_BYTES)
		return ERR_RANGE;
	struct slice m = write_message(message, path, client, hour);
	if (HMAC(EVP_sha256(), key->bytes, TOKEN_KEY_BYTES, m.ptr, m.len, mac, &mac_len) ==
	        NULL ||
	    mac_len != MAC_BYTES)
		return ERR_MEMORY;
	(void)EVP_EncodeBlock(text, mac, MAC_BYTES);
	for (size_t i = 0; i < TOKEN_TEXT_BYTES - 1; i++) { /* base64url, without its '=' */
		unsigned char c = text[i];
		out[i] = (char)(c == '+' ? '-' : c == '/' ? '_' : c);
	}
	out[TOKEN_TEXT_BYTES - 1] = 0;
	return OK;
}

enum err token_make(char out[TOKEN_TEXT_BYTES], const struct token_key *key,
    struct slice path, const struct addr *client, uint64_t mono_ms)
{
	return make_at(out, key, path, client, mono_ms / HOUR_MS);
}

static bool holds_at(const struct token_key *key, struct slice token, struct slice path,
    const struct addr *client, uint64_t hour)
{
	char expected[TOKEN_TEXT_BYTES];

	return make_at(expected, key, path, client, hour) == OK &&
	    token.len == TOKEN_TEXT_BYTES - 1 &&
	    CRYPTO_memcmp(token.ptr, expected, TOKEN_TEXT_BYTES - 1) == 0;
}

bool token_holds(const struct token_key *key, struct slice token, struct slice path,
    const struct addr *client, uint64_t mono_ms)
{
	uint64_t hour = mono_ms / HOUR_MS;
	bool now = holds_at(key, token, path, client, hour);
	bool before = hour > 0 && holds_at(key, token, path, client, hour - 1);

	return now || before;
}

static bool is_own_origin(struct slice origin, const struct head *head, const char *scheme)
{
	struct slice rest = origin;
	struct slice word = slice_cut(&rest, ':');

	return rest.ptr != NULL && head->authority.len > 0 &&
	    slice_equal_nocase(word, slice_of(scheme)) &&
	    slice_starts(rest, SLICE_LIT("//")) &&
	    slice_equal_nocase((struct slice){rest.ptr + 2, rest.len - 2}, head->authority);
}

bool token_same_site(const struct head *head, const char *scheme)
{
	struct slice site = head->sec_fetch_site;

	if (site.ptr != NULL && !slice_equal_nocase(site, SLICE_LIT("same-origin")) &&
	    !slice_equal_nocase(site, SLICE_LIT("none")))
		return false;
	return head->origin.ptr == NULL || is_own_origin(head->origin, head, scheme);
}
