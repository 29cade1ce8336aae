/* The record of approvals: what is read writes back to the same bytes, and a hold in it holds. */
#include <stdlib.h>

#include "approvals/approvals.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct approvals a;
	struct buf again = BUF_INIT(APPROVALS_FILE_MAX);
	struct diag why;

	if (approvals_decode(&a, (struct slice){data, size}, &why) != OK)
		return 0;
	check(approvals_encode(&a, &again) == OK);
	check(slice_equal(buf_slice(&again), (struct slice){data, size}));
	for (size_t i = 0; i < a.count; i++) {
		enum approvals_word word =
		    approvals_judge(&a, APPROVALS_NEVER, APPROVALS_SUMMARY, a.items[i].id);
		check(a.items[i].kind != APPROVAL_HELD || word == APPROVALS_STAYS);
	}
	approvals_deinit(&a);
	buf_deinit(&again);
	return 0;
}
