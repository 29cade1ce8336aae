/* Sealing and opening:
 *
 *	 0  "LCSEAL" 0 1    8   the last byte is the version
 *	 8  purpose         1
 *	 9  0               3
 *	12  length          4   little-endian, of the padded text: 4096, 8192 or 16384
 *	16  commitment     32   to the message key
 *	48  body  length + 16   ChaCha20-Poly1305 of (u32 length of text, text, zeros)
 *	    recipients 88 n     to the end: key id 8, ephemeral key 32, message key 48
 *
 * ChaCha20-Poly1305 alone does not commit to its key: one body could be made to open as two
 * different texts for two counsellors. So the message key gives a commitment too. */
#include <string.h>

#include <openssl/crypto.h>

#include "seal/internal.h"

static const uint8_t MAGIC[PURPOSE_AT] = {'L', 'C', 'S', 'E', 'A', 'L', 0, 1};

enum {
	CONTEXT_MAX = 256
};

enum err message_keys_make(
    struct message_keys *out, const uint8_t message_key[SEAL_KEY_BYTES])
{
	uint8_t both[2 * SEAL_KEY_BYTES];
	enum err rc = hkdf_sha256((struct slice){message_key, SEAL_KEY_BYTES}, SLICE_EMPTY,
	    "lachan seal 1 body", both, sizeof both);

	if (rc == OK) {
		memcpy(out->body, both, SEAL_KEY_BYTES);
		memcpy(out->commitment, both + SEAL_KEY_BYTES, SEAL_KEY_BYTES);
	}
	seal_wipe(both, sizeof both);
	return rc;
}

static size_t padded_size(size_t text_bytes)
{
	size_t size = PADDED_MIN;

	while (size < text_bytes + LENGTH_PREFIX_BYTES)
		size *= 2;
	return size;
}

static void put_le32(uint8_t *at, size_t value)
{
	for (size_t i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static size_t get_le32(const uint8_t *at)
{
	struct reader r = reader_over((struct slice){at, 4});
	return reader_le32(&r);
}

static bool same_key_twice(const struct seal_request *request)
{
	for (size_t i = 0; i < request->to_count; i++) {
		for (size_t k = 0; k < i; k++) {
			if (memcmp(&request->to[i], &request->to[k],
			        sizeof request->to[i]) == 0)
				return true;
		}
	}
	return false;
}

static bool request_allowed(const struct seal_request *request)
{
	bool purpose = request->purpose == SEAL_REPORT || request->purpose == SEAL_REPLY;
	return purpose && request->text.len <= SEAL_TEXT_MAX &&
	    request->context.len <= CONTEXT_MAX && request->to_count >= 1 &&
	    request->to_count <= SEAL_RECIPIENTS_MAX && !same_key_twice(request);
}

static void header_write(uint8_t *out, const struct seal_request *request,
    const struct message_keys *keys, size_t padded)
{
	memset(out, 0, HEADER_BYTES);
	memcpy(out, MAGIC, sizeof MAGIC);
	out[PURPOSE_AT] = (uint8_t)request->purpose;
	put_le32(out + LENGTH_AT, padded);
	memcpy(out + COMMIT_AT, keys->commitment, SEAL_KEY_BYTES);
}

/* The whole message into `at`, which holds its size. */
static enum err message_write(
    uint8_t *at, uint8_t *scratch, size_t padded, const struct seal_request *request)
{
	const uint8_t *message_key = request->random;
	struct message_keys keys;

	enum err rc = message_keys_make(&keys, message_key);
	if (rc != OK)
		return rc;
	header_write(at, request, &keys, padded);
	put_le32(scratch, request->text.len);
	if (request->text.len > 0)
		memcpy(scratch + LENGTH_PREFIX_BYTES, request->text.ptr, request->text.len);
	struct aead with = {
	    .key = keys.body, .header = {at, HEADER_BYTES}, .context = request->context};
	rc = aead_seal(at + HEADER_BYTES, &with, (struct slice){scratch, padded});
	uint8_t *wrap = at + HEADER_BYTES + padded + TAG_BYTES;
	for (size_t i = 0; rc == OK && i < request->to_count; i++)
		rc = wrap_write(wrap + i * WRAP_BYTES, at, message_key, &request->to[i],
		    request->random + (i + 1) * SEAL_KEY_BYTES);
	seal_wipe(&keys, sizeof keys);
	return rc;
}

enum err seal_message(struct buf *out, const struct seal_request *request)
{
	if (!request_allowed(request))
		return ERR_RANGE;

	size_t padded = padded_size(request->text.len);
	size_t size = HEADER_BYTES + padded + TAG_BYTES + request->to_count * WRAP_BYTES;
	uint8_t *made = OPENSSL_zalloc(size);
	uint8_t *scratch = OPENSSL_zalloc(padded);
	enum err rc = made == NULL || scratch == NULL
	    ? ERR_MEMORY
	    : message_write(made, scratch, padded, request);

	if (rc == OK) {
		buf_append(out, (struct slice){made, size});
		rc = buf_status(out);
	}
	OPENSSL_free(made);
	OPENSSL_clear_free(scratch, padded);
	return rc;
}

enum err seal_look(struct seal_view *out, struct slice sealed)
{
	if (sealed.len < HEADER_BYTES || sealed.len > SEAL_FILE_MAX ||
	    memcmp(sealed.ptr, MAGIC, sizeof MAGIC) != 0)
		return ERR_FORMAT;

	uint8_t purpose = sealed.ptr[PURPOSE_AT];
	size_t padded = get_le32(sealed.ptr + LENGTH_AT);
	size_t body = HEADER_BYTES + padded + TAG_BYTES;
	bool reserved_clear =
	    sealed.ptr[9] == 0 && sealed.ptr[10] == 0 && sealed.ptr[11] == 0;

	if (padded > PADDED_MAX || padded < PADDED_MIN ||
	    padded != padded_size(padded - 4) || sealed.len <= body || !reserved_clear ||
	    (purpose != SEAL_REPORT && purpose != SEAL_REPLY))
		return ERR_FORMAT;

	size_t wraps = sealed.len - body;
	if (wraps % WRAP_BYTES != 0 || wraps / WRAP_BYTES > SEAL_RECIPIENTS_MAX)
		return ERR_FORMAT;
	*out = (struct seal_view){
	    .purpose = (enum seal_purpose)purpose,
	    .body = {sealed.ptr, body},
	    .wraps = {sealed.ptr + body, wraps},
	    .recipients = wraps / WRAP_BYTES,
	};
	return OK;
}

/* What stands inside the padding; everything behind the text must be zero. */
static enum err text_take(struct seal_text *out, const uint8_t *padded, size_t size)
{
	size_t len = get_le32(padded);

	if (len > size - LENGTH_PREFIX_BYTES || padded_size(len) != size)
		return ERR_DENIED;
	for (size_t i = LENGTH_PREFIX_BYTES + len; i < size; i++) {
		if (padded[i] != 0)
			return ERR_DENIED;
	}
	memcpy(out->bytes, padded + LENGTH_PREFIX_BYTES, len);
	out->len = len;
	return OK;
}

static enum err body_open(struct seal_text *out, const struct seal_view *view,
    const uint8_t message_key[SEAL_KEY_BYTES], struct slice context)
{
	struct message_keys keys;
	size_t padded = view->body.len - HEADER_BYTES - TAG_BYTES;
	uint8_t *scratch = OPENSSL_malloc(padded);

	enum err rc = scratch == NULL ? ERR_MEMORY : message_keys_make(&keys, message_key);
	if (rc != OK)
		goto done;
	struct aead with = {
	    .key = keys.body, .header = {view->body.ptr, HEADER_BYTES}, .context = context};
	struct slice sealed = {
	    view->body.ptr + HEADER_BYTES, view->body.len - HEADER_BYTES};
	rc = CRYPTO_memcmp(keys.commitment, view->body.ptr + COMMIT_AT, SEAL_KEY_BYTES) == 0
	    ? aead_open(scratch, &with, sealed)
	    : ERR_DENIED;
	if (rc == OK)
		rc = text_take(out, scratch, padded);
	seal_wipe(&keys, sizeof keys);
done:
	OPENSSL_clear_free(scratch, padded);
	return rc;
}

enum err seal_open(
    struct seal_text *out, struct slice sealed, const struct seal_opener *opener)
{
	uint8_t message_key[SEAL_KEY_BYTES];
	struct seal_view view;

	out->len = 0;
	enum err rc = seal_look(&view, sealed);
	if (rc != OK)
		return rc;
	if (view.purpose != opener->purpose)
		return ERR_DENIED;
	rc = wrap_find(message_key, &view, opener->secret);
	if (rc == OK)
		rc = body_open(out, &view, message_key, opener->context);
	seal_wipe(message_key, sizeof message_key);
	return rc;
}
