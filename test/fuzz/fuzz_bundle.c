/* Whatever is read of a bundle must hold: the manifest is written again octet by octet, pieces
 * of other sizes read alike, and what was seen of it reads back. */
#include <stdlib.h>

#include "bundle/bundle.h"

#define HOLDS(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_manifest(const struct bundle *b, struct slice text)
{
	static const uint8_t seed[SIGN_KEY_BYTES] = {1};
	struct buf again = BUF_INIT(BUNDLE_MANIFEST_MAX);
	struct sign_key key;

	HOLDS(b->serial > 0 && b->expires_s > b->created_s);
	HOLDS(b->signed_bytes < b->manifest_bytes && b->manifest_bytes <= text.len);
	HOLDS(sign_key_make(&key, seed) == OK);
	if (bundle_write(b, &key, &again, NULL) == OK) {
		HOLDS(again.len >= b->signed_bytes);
		HOLDS(memcmp(again.ptr, text.ptr, b->signed_bytes) == 0);
	} else {
		HOLDS(b->manifest_bytes + 200 > BUNDLE_MANIFEST_MAX);
	}
	buf_deinit(&again);
}

static void check_seen(const struct bundle *b)
{
	struct bundle_seen seen = {.key = b->key, .serial = b->serial}, back;
	char text[BUNDLE_SEEN_BYTES];
	size_t length = strlen(b->name);

	memcpy(seen.name, b->name, length);
	memcpy(seen.sha256, b->lists_sha256, sizeof seen.sha256);
	bundle_seen_write(text, &seen);
	HOLDS(bundle_seen_read(&back, slice_of(text)) == OK);
	HOLDS(back.serial == seen.serial);
	HOLDS(bundle_judge(b, seen.sha256, &seen, b->created_s, NULL) == OK);
	HOLDS(bundle_judge(b, seen.sha256, &seen, b->expires_s, NULL) == ERR_DENIED);
}

static enum err read_in(const uint8_t *data, size_t size, size_t step, bool check)
{
	struct bundle_reader *r;
	struct diag why;
	enum err rc = OK;

	HOLDS(bundle_reader_new(&r) == OK);
	for (size_t at = 0; rc == OK && at < size; at += step) {
		size_t n = size - at < step ? size - at : step;
		rc = bundle_reader_push(r, (struct slice){data + at, n}, &why);
	}
	if (rc == OK)
		rc = bundle_reader_finish(r, &why);
	if (rc == OK && check) {
		const struct bundle *b = bundle_reader_manifest(r);
		HOLDS(b != NULL && b->manifest_bytes + b->lists_bytes == size);
		check_manifest(b, bundle_reader_text(r));
		check_seen(b);
	}
	bundle_reader_free(r);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bundle_seen seen;
	struct bundle b;

	enum err whole = read_in(data, size, size + 1, true);
	HOLDS(read_in(data, size, 5, false) == whole);
	if (bundle_read(&b, (struct slice){data, size}, NULL) == OK) {
		check_manifest(&b, (struct slice){data, size});
		bundle_deinit(&b);
	}
	(void)!bundle_seen_read(&seen, (struct slice){data, size});
	return 0;
}
