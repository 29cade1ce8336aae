/* Whatever the decoder of sealed messages accepts must hold: recipients can be taken out one by
 * one and the body stays; what opens fits its padding; nothing opens to an unknown key. */
#include <stdlib.h>

#include "seal/seal.h"

#define HOLDS(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_recipients(struct slice sealed, const struct seal_view *view)
{
	struct buf less = BUF_INIT(SEAL_FILE_MAX);
	struct slice first = seal_recipient(view, 0);
	struct slice last = seal_recipient(view, view->recipients - 1);

	HOLDS(view->recipients >= 1 && view->recipients <= SEAL_RECIPIENTS_MAX);
	HOLDS(last.ptr + last.len <= sealed.ptr + sealed.len);
	HOLDS(view->body.len + view->wraps.len == sealed.len);
	enum err rc = seal_drop(&less, sealed, first.ptr);
	HOLDS(rc == (view->recipients == 1 ? ERR_RANGE : OK));
	if (rc == OK) {
		HOLDS(seal_same_body(buf_slice(&less), sealed));
		HOLDS(less.len < sealed.len);
	}
	buf_deinit(&less);
}

static void check_openers(struct slice sealed)
{
	static struct seal_text text;
	static const struct seal_secret lan = {
	    .bytes = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	        1, 1, 1, 1, 1, 1, 1, 1, 1}};
	static const struct seal_secret stranger = {.bytes = {77}};
	struct seal_opener opener = {
	    .purpose = SEAL_REPORT, .context = SLICE_LIT("case 7"), .secret = &lan};

	enum err rc = seal_open(&text, sealed, &opener);
	HOLDS(rc == OK || text.len == 0);
	HOLDS(text.len <= SEAL_TEXT_MAX);
	opener.secret = &stranger;
	HOLDS(seal_open(&text, sealed, &opener) != OK);
}

/* A wrapped key that scrypt may be asked about cheaply; dear ones only cost time here. */
static void check_key(const uint8_t *data, size_t size)
{
	struct seal_secret secret;
	struct seal_public public;

	if (size != SEAL_WRAPPED_BYTES || data[4] > 10)
		return;
	enum err rc = seal_unwrap(&secret, &public, data, SLICE_LIT("m\u1eadt kh\u1ea9u"));
	HOLDS(rc == OK || rc == ERR_DENIED || rc == ERR_FORMAT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice sealed = {data, size};
	struct seal_view view;

	check_key(data, size);
	if (seal_look(&view, sealed) == OK)
		check_recipients(sealed, &view);
	check_openers(sealed);
	return 0;
}
