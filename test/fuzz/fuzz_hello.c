/* Any octets a TLS client could begin with: a name that is found is one DNS could answer, what
 * is asked for comes nearer, and more octets behind a whole hello change nothing. */
#include <stdlib.h>

#include "page/hello.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_name(const struct name_buf *name)
{
	struct name_buf again;
	char text[NAME_TEXT_MAX];

	if (name->len == 0)
		return;
	name_to_text(text, name_of(name));
	require(name->len > 1 && strchr(text, '\\') == NULL);
	require(name_from_text(&again, slice_of(text), NULL) == OK);
	require(name_equal(name_of(name), name_of(&again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct name_buf name = {.len = 0};
	struct name_buf shorter = {.len = 0};
	size_t want = 0;

	enum err rc = hello_find_name((struct slice){data, size}, &name, &want);
	if (rc == ERR_AGAIN)
		require(want > size && want <= HELLO_MAX_BYTES && name.len == 0);
	else
		require(want == 0);
	if (rc == OK)
		check_name(&name);
	/* However it is cut, it is not decided otherwise, only later. */
	if (rc == OK && size > 0) {
		enum err before =
		    hello_find_name((struct slice){data, size - 1}, &shorter, &want);
		require(before == ERR_AGAIN ||
		    (before == OK && name_equal(name_of(&name), name_of(&shorter))));
	}
	return 0;
}
