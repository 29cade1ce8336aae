/* Documents as a receiver reads them: what is accepted writes to JSON that reads back to
 * the same bytes, and validation gives the same answer both times. */
#include <stdlib.h>

#include "report/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct report_document first;
	struct report_document second;
	struct buf a = BUF_INIT(8 * REPORT_MAX_BYTES);
	struct buf b = BUF_INIT(8 * REPORT_MAX_BYTES);
	struct diag why;

	if (report_decode(&first, (struct slice){data, size}, &why) != OK)
		return 0;
	check(report_encode(&first, &a) == OK);
	if (a.len <= REPORT_MAX_BYTES) {
		check(report_decode(&second, buf_slice(&a), &why) == OK);
		check(report_encode(&second, &b) == OK);
		check(slice_equal(buf_slice(&a), buf_slice(&b)));
		check(report_validate(&first, NULL, &why) ==
		    report_validate(&second, NULL, &why));
		report_document_deinit(&second);
	}
	report_document_deinit(&first);
	buf_deinit(&a);
	buf_deinit(&b);
	return 0;
}
