/* The files of lachan-share, and names in the outbox: what is accepted is written the same. */
#include <stdlib.h>
#include <string.h>

#include "sharing/documents.h"
#include "sharing/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(struct slice text, struct buf *again)
{
	if (buf_status(again) != OK || !slice_equal(text, buf_slice(again)))
		abort();
	buf_deinit(again);
}

static void check_name(const uint8_t *data, size_t size)
{
	char name[512], again[SPOOL_NAME_BYTES];
	struct sharing_document d;

	if (size >= sizeof name)
		return;
	memcpy(name, data, size);
	name[size] = 0;
	if (!sharing_document_parse(&d, name))
		return;
	if (strchr(name, '/') != NULL || name[0] == '.')
		abort();
	if (sharing_document_name(again, &d, d.unit, d.report_id) != OK ||
	    strcmp(again, name) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice text = {data, size};
	struct sharing_leaving all = SHARING_LEAVING_NONE;
	struct buf again = BUF_INIT(1 << 20);
	struct sharing_state state;

	if (sharing_state_read(&state, text) == OK) {
		sharing_state_write(&again, &state);
		check_same(text, &again);
	}
	if (sharing_leaving_read(&all, text) == OK) {
		sharing_leaving_write(&again, &all);
		check_same(text, &again);
		sharing_leaving_deinit(&all);
	}
	check_name(data, size);
	buf_deinit(&again);
	return 0;
}
