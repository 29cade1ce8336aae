/* Who can open a message: one wrapped message key each, with an ephemeral key of its own, so
 * that adding somebody later needs no secret of the first sealing. */
#include <string.h>

#include "seal/internal.h"

/* The key that wraps the message key between these two. */
static enum err wrap_key(uint8_t out[SEAL_KEY_BYTES], const uint8_t shared[SEAL_KEY_BYTES],
    const uint8_t *ephemeral, const uint8_t *recipient)
{
	uint8_t salt[2 * SEAL_KEY_BYTES];

	memcpy(salt, ephemeral, SEAL_KEY_BYTES);
	memcpy(salt + SEAL_KEY_BYTES, recipient, SEAL_KEY_BYTES);
	return hkdf_sha256((struct slice){shared, SEAL_KEY_BYTES},
	    (struct slice){salt, sizeof salt}, "lachan seal 1 wrap", out, SEAL_KEY_BYTES);
}

enum err wrap_write(uint8_t out[WRAP_BYTES], const uint8_t header[HEADER_BYTES],
    const uint8_t message_key[SEAL_KEY_BYTES], const struct seal_public *to,
    const uint8_t random[SEAL_KEY_BYTES])
{
	uint8_t shared[SEAL_KEY_BYTES];
	uint8_t key[SEAL_KEY_BYTES];

	enum err rc = seal_key_id(out, to);
	if (rc == OK)
		rc = x25519_public(out + EPHEMERAL_AT, random);
	if (rc == OK)
		rc = x25519_shared(shared, random, to->bytes);
	if (rc == OK)
		rc = wrap_key(key, shared, out + EPHEMERAL_AT, to->bytes);
	if (rc == OK) {
		struct aead with = {.key = key, .header = {header, HEADER_BYTES}};
		rc = aead_seal(
		    out + ENVELOPE_AT, &with, (struct slice){message_key, SEAL_KEY_BYTES});
	}
	seal_wipe(shared, sizeof shared);
	seal_wipe(key, sizeof key);
	return rc;
}

struct slice seal_recipient(const struct seal_view *view, size_t i)
{
	return (struct slice){view->wraps.ptr + i * WRAP_BYTES, SEAL_KEY_ID_BYTES};
}

/* Number of the recipient, or view->recipients when there is none such. */
static size_t recipient_find(const struct seal_view *view, const uint8_t *key_id)
{
	size_t i = 0;

	while (i < view->recipients &&
	    memcmp(seal_recipient(view, i).ptr, key_id, SEAL_KEY_ID_BYTES) != 0)
		i++;
	return i;
}

static enum err wrap_open(uint8_t message_key[SEAL_KEY_BYTES], const uint8_t *wrap,
    const struct seal_view *view, const struct seal_secret *secret)
{
	uint8_t public[SEAL_KEY_BYTES];
	uint8_t shared[SEAL_KEY_BYTES];
	uint8_t key[SEAL_KEY_BYTES];

	enum err rc = x25519_public(public, secret->bytes);
	if (rc == OK)
		rc = x25519_shared(shared, secret->bytes, wrap + EPHEMERAL_AT);
	if (rc == OK)
		rc = wrap_key(key, shared, wrap + EPHEMERAL_AT, public);
	if (rc == OK) {
		struct aead with = {.key = key, .header = {view->body.ptr, HEADER_BYTES}};
		rc = aead_open(
		    message_key, &with, (struct slice){wrap + ENVELOPE_AT, ENVELOPE_BYTES});
	}
	seal_wipe(shared, sizeof shared);
	seal_wipe(key, sizeof key);
	return rc == ERR_RANGE ? ERR_DENIED : rc;
}

enum err wrap_find(uint8_t message_key[SEAL_KEY_BYTES], const struct seal_view *view,
    const struct seal_secret *secret)
{
	uint8_t key_id[SEAL_KEY_ID_BYTES];
	struct seal_public public;

	enum err rc = x25519_public(public.bytes, secret->bytes);
	if (rc == OK)
		rc = seal_key_id(key_id, &public);
	if (rc != OK)
		return rc;
	size_t i = recipient_find(view, key_id);
	if (i == view->recipients)
		return ERR_NOT_FOUND;
	return wrap_open(message_key, view->wraps.ptr + i * WRAP_BYTES, view, secret);
}

enum err seal_share(struct buf *out, struct slice sealed, const struct seal_opener *opener,
    const struct seal_public *to, const uint8_t random[SEAL_KEY_BYTES])
{
	uint8_t message_key[SEAL_KEY_BYTES];
	uint8_t key_id[SEAL_KEY_ID_BYTES];
	uint8_t wrap[WRAP_BYTES];
	struct seal_view view;

	enum err rc = seal_look(&view, sealed);
	if (rc == OK)
		rc = seal_key_id(key_id, to);
	if (rc != OK)
		return rc;
	if (view.purpose != opener->purpose)
		return ERR_DENIED;
	if (recipient_find(&view, key_id) < view.recipients)
		return ERR_EXISTS;
	if (view.recipients == SEAL_RECIPIENTS_MAX)
		return ERR_RANGE;
	rc = wrap_find(message_key, &view, opener->secret);
	if (rc == OK)
		rc = wrap_write(wrap, view.body.ptr, message_key, to, random);
	if (rc == OK) {
		buf_append(out, sealed);
		buf_append(out, (struct slice){wrap, sizeof wrap});
		rc = buf_status(out);
	}
	seal_wipe(message_key, sizeof message_key);
	return rc;
}

enum err seal_drop(
    struct buf *out, struct slice sealed, const uint8_t key_id[SEAL_KEY_ID_BYTES])
{
	struct seal_view view;

	enum err rc = seal_look(&view, sealed);
	if (rc != OK)
		return rc;
	size_t gone = recipient_find(&view, key_id);
	if (gone == view.recipients)
		return ERR_NOT_FOUND;
	if (view.recipients == 1)
		return ERR_RANGE;
	size_t before = view.body.len + gone * WRAP_BYTES;
	buf_append(out, (struct slice){sealed.ptr, before});
	buf_append(out,
	    (struct slice){
	        sealed.ptr + before + WRAP_BYTES, sealed.len - before - WRAP_BYTES});
	return buf_status(out);
}

bool seal_same_body(struct slice a, struct slice b)
{
	struct seal_view one;
	struct seal_view other;

	return seal_look(&one, a) == OK && seal_look(&other, b) == OK &&
	    slice_equal(one.body, other.body);
}
