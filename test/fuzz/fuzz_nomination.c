/* What a partner proposes: whatever is taken can be shown, stored and listed. */
#include <stdlib.h>
#include <string.h>

#include "district/nomination.h"
#include "dns/name.h"

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool is_plain(const char *text, const char *never)
{
	for (; *text != 0; text++)
		if ((uint8_t)*text <= ' ' || (uint8_t)*text == 0x7f ||
		    strchr(never, *text) != NULL)
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nomination one;
	struct nomination again;
	struct diag why = {.text = ""};
	struct buf text = BUF_INIT(64 * 1024);
	struct name_buf name;

	if (nomination_read(&one, (struct slice){data, size}, &why) != NULL)
		return 0;
	require(name_from_text(&name, slice_of(one.name), NULL) == OK);
	require(is_plain(one.name, "\\\"'<>&=+@") && strchr(one.name, '.') != NULL);
	require(one.evidence_count >= 1 && one.evidence_count <= NOMINATION_EVIDENCE);
	for (size_t i = 0; i < one.evidence_count; i++)
		require(is_plain(one.evidence[i], "\"<>") &&
		    strncmp(one.evidence[i], "http", 4) == 0);
	/* Its own form is a nomination, and the same one. */
	nomination_write(&one, "partner", &text);
	require(buf_status(&text) == OK);
	if (text.len <= NOMINATION_MAX_BYTES) {
		require(nomination_read(&again, buf_slice(&text), &why) == NULL);
		require(
		    strcmp(one.name, again.name) == 0 && strcmp(one.note, again.note) == 0);
	}
	buf_deinit(&text);
	return 0;
}
